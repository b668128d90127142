#!/usr/bin/env python3
"""fuzz/seeds.py TARGET FOLDER - seeds for targets that read an agent's files: the examples of tests/fleet/checks.txt, each file behind the byte that
chooses its name in fuzz/TARGET.c. Nothing for other targets."""
import os, re, sys
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def names_of(target):
    found = re.search(r'names\[\] = \{(.*?)\};', open(os.path.join(ROOT, 'fuzz', target + '.c')).read(), re.S)
    return re.findall(r'"([^"]+)"', found[1]) if found else []


def examples():
    for section in re.split(r'^=== ', open(os.path.join(ROOT, 'tests/fleet/checks.txt')).read(), flags=re.M)[1:]:
        head, _, rest = section.partition('\n')
        parts = re.split(r'^--- (.*)\n', rest, flags=re.M)
        yield [(head.split()[-1], parts[0])] + list(zip(parts[1::2], parts[2::2]))


def index_of(names, wanted):
    base = os.path.basename(wanted)
    for alike in (lambda n: os.path.basename(n) == base, lambda n: os.path.splitext(n)[1] == os.path.splitext(base)[1]):
        for i, name in enumerate(names):
            if alike(name):
                return i
    return 0


target, folder = sys.argv[1:]
if target in ('fuzz_checker', 'fuzz_heal', 'fuzz_secrets', 'fuzz_source'):
    names = names_of(target)
    for n, files in enumerate(examples()):
        seed = b'\xff'.join(bytes([index_of(names, name)]) + text.encode() for name, text in files)
        with open(os.path.join(folder, 'example%d' % n), 'wb') as out:
            out.write(seed)
elif target == 'fuzz_code':
    for n, files in enumerate(examples()):
        for k, (name, text) in enumerate(files):
            if name.endswith(('.py', '.ts', '.js')):
                with open(os.path.join(folder, 'example%d-%d' % (n, k)), 'wb') as out:
                    out.write(bytes([not name.endswith('.py')]) + text.encode())
