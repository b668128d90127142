#!/usr/bin/env python3
"""test_python_tokens.py - our tokens of Python equal those of CPython's own tokenize, on every file of its standard library and on odd ones.

Compared for each token: kind, text, first and last line, first and last column. ENCODING is left out, for we are given text. A file in another
encoding than UTF-8 is compared as its text in UTF-8. Where tokenize raises, what it gave before must be equal, and ours goes on with an error token.
TOKENS_OF=FOLDER compares another folder."""
import io, os, random, subprocess, sys, tempfile, tokenize

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.dirname(os.environ.get('PILOTHOUSE', os.path.join(ROOT, 'pilothouse')))
PRINTER = os.path.join(BUILD, 'tests/fleet/python_tokens')

ODD = {
    'empty': b'', 'blank': b'\n', 'blanks': b'   ', 'blanks after': b'x = 1\n   ', 'no end': b'x = 1', 'comment without end': b'x\n# a',
    'only a comment': b'# a', 'blank before comment': b'  # a', 'crlf': b'if x:\r\n\ty = 1\r\n\r\nz\r\n', 'lone cr': b'x\ry\n', 'cr in comment': b'# a\rb\n x\n',
    'cr end': b'x\r', 'tabs': b'if a:\n\tif b:\n\t    c\n\td\ne\n', 'tab is eight': b'if a:\n\tb\n        c\n', 'form feed': b'if a:\n    b\n\f\n\fc\n  \fd\n',
    'bom': b'\xef\xbb\xbfx = "\xc3\xa9"; y\n', 'only bom': b'\xef\xbb\xbf', 'cookie': b'# -*- coding: latin-1 -*-\nx = "\xe9\xe8"; y = 1\n',
    'cookie koi8': b'#!/bin/x\n# coding: koi8-r\n\xc9\xc1 = 1; b\n', 'wide names': 'été = "ü" + x; ª = 1\nx² = ²\n١ = 2; ℘\n'.encode(),
    'combining': 'e\u0301 = 1\n'.encode(), 'astral': '𝒳 = "😀"; y = "😀" \'a\'\n'.encode(), 'continued': b'x = 1 + \\\n  2\ny = \\\r\n 3\n',
    'continued to the end': b'x = \\\n', 'continued then blank': b'x = \\\n\ny\n', 'backslash': b'x = \\ 1\n', 'backslash at end': b'x\\',
    'strings': b'a = \'\' "" \'a\\\'b\' r"\\"" Rb\'x\' bR"""a\n"b""\\"""" f"{x!r:>{w}}" u\'y\' ur\'z\'\n',
    'string over lines': b'x = "a\\\nb\\\r\nc" + 1\n', 'string not closed': b'x = "abc\ny = \'a\n', 'string over lines not closed': b'x = "abc\\\ndef\ny = 1\n"""a\nb"""\n',
    'triple not closed': b'x = """abc\ndef\n', 'triple': b'x = """a""b\\"""\n" "" """ + y\n', 'triple after broken': b'x = "a\\\nb\nx = """c\nd"""\n',
    'paren not closed': b'x = (1,\n  2\n', 'paren too many': b'x = 1)\ny\n', 'dollar': b'a  $ b ? c ! d != e\n', 'nul': b'a\0b\n',
    'numbers': b'0 00 012 0x1F 0b10 0o17 0x 0b2 1_000 1__0 1_ 0_0 0_1 1.5 1. .5 1.e5 1e5 1e 1e+ 1.5e-3j 1j 0777j 1.__a 1..b 1.5.6 1_0.0_1e1_0j 1if 0xfor 08.5 09e1\n',
    'operators': b'a:=b->c**=d//=e>>=f<<=g...h..i@=j<>k~l^=m|=n&=o%=p==q=r!=s;t:u,v\n', 'nested': b'f(a[1:{2: (3)}])\n', 'bad dedent': b'if a:\n    b\n  c\nd\n',
    'deep': b''.join(b' ' * i + b'if a:\n' for i in range(90)) + b' ' * 90 + b'b\n', 'bad utf8': b'x = 1\ny = "\xff"\n', 'vertical tab': b'x\x0by\n',
    'comment in parens': b'(\n# a\n  b, # c\n\n)\n', 'blank with form feed end': b'x\n\f', 'space and dollar': b'x =  \t$\n',
}


def theirs(data):
    """(tokens, whether it raised, the text ours is given); None: no text at all."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        if encoding not in ('utf-8', 'utf-8-sig'):
            data = data.decode(encoding).encode()
            tokens, source = [], tokenize.generate_tokens(io.StringIO(data.decode(), newline='\n').readline)
        else:
            tokens, source = [], tokenize.tokenize(io.BytesIO(data).readline)
    except (SyntaxError, UnicodeDecodeError):
        return None
    failed = None
    try:
        for t in source:
            if t.type != tokenize.ENCODING:
                tokens.append((tokenize.tok_name[t.type], *t.start, *t.end, t.string))
    except (tokenize.TokenError, IndentationError, UnicodeDecodeError) as error:
        failed = error
    return tokens, failed, data


def ours(data):
    """Gives the lines of the printer for one file after the other."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'x.py')
        with open(path, 'wb') as f:
            f.write(data)
        lines = subprocess.run([PRINTER], input=path + '\n', stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
    tokens = []
    for line in lines[:-1]:
        kind, *numbers = line.split()
        l, c, el, ec, offset, length = map(int, numbers)
        tokens.append((kind, l, c, el, ec, data[offset:offset + length].decode(errors='replace')))
    return tokens


def difference(data):
    """What differs, or None; and how many tokens were equal."""
    known = theirs(data)
    if known is None:
        ours(data)  # it must not fall
        return None, 0
    expected, failed, text = known
    got = ours(text)
    if failed:
        n = len(expected)
        if got[:n] != expected:
            i = next(i for i in range(n) if got[i:i + 1] != expected[i:i + 1])
            return 'before %r, token %d: %r, ours %r' % (failed, i, expected[i], got[i:i + 1]), 0
        if not isinstance(failed, UnicodeDecodeError) and not any(t[0] == 'ERRORTOKEN' for t in got[n:n + 1]):
            return 'no error where tokenize raises %r: %r' % (failed, got[n:n + 3]), 0
        return None, n
    if got != expected:
        i = next(i for i in range(max(len(got), len(expected))) if got[i:i + 1] != expected[i:i + 1])
        return 'token %d: %r, ours %r' % (i, expected[i:i + 1], got[i:i + 1]), 0
    return None, len(expected)


def library():
    folder = os.environ.get('TOKENS_OF') or os.path.dirname(os.__file__)
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if f not in ('site-packages', 'dist-packages', '__pycache__'))
        for name in sorted(names):
            if name.endswith('.py') and not os.path.islink(os.path.join(root, name)):
                yield os.path.join(root, name)


def mutations(count):
    """Odd files put together and damaged, the same ones each time."""
    chance, parts = random.Random(11), list(ODD.values())
    for i in range(count):
        data = bytearray(b''.join(chance.choice(parts) for _ in range(3)))
        for _ in range(chance.randrange(6)):
            at = chance.randrange(len(data) + 1)
            data[at:at + chance.randrange(3)] = chance.choice([b'"', b"'", b'"""', b'\\', b'\n', b'\r\n', b'(', b')', b' ', b'\t', b'#', b'0', b'_', b'e', b'.', b'rb'])
        yield 'mutation %d' % i, bytes(data)


def main():
    if sys.version_info[:2] != (3, 11):
        print('skip: this is Python %d.%d, whose tokenize is another than that of 3.11' % sys.version_info[:2])
        return 77
    subprocess.run(['make', '-s', '-C', BUILD, 'tests/fleet/python_tokens'], check=True, stdout=sys.stderr)
    passed = failed = tokens = size = 0
    for name, data in list(ODD.items()) + list(mutations(300)):
        wrong, count = difference(data)
        passed, failed = passed + (not wrong), failed + bool(wrong)
        if wrong:
            print('%s: %s\n    %r' % (name, wrong, data[:200]))
    files = 0
    for path in library():
        with open(path, 'rb') as f:
            data = f.read()
        wrong, count = difference(data)
        files, tokens, size = files + 1, tokens + count, size + len(data)
        passed, failed = passed + (not wrong), failed + bool(wrong)
        if wrong:
            print('%s: %s' % (path, wrong))
    print('%d files of the standard library, %.1f MB, %d tokens equal' % (files, size / 1e6, tokens))
    print('%d passed, %d failed' % (passed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
