#!/usr/bin/env python3
"""test_secrets.py - the secret scan on values made at run time: every rule of checks/secrets.yaml finds what its own pattern describes, in several
forms of assignment; generated trees with ground truth hold the bars; both engines find the same; nothing is said of the interpreter's library.

SEEDS="7 8" takes other seeds."""
import gzip, io, json, os, re, shutil, subprocess, sys, sysconfig, tarfile, tempfile, warnings, zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.dirname(os.environ.get('PILOTHOUSE', os.path.join(ROOT, 'pilothouse')))
SCANNER = os.path.join(BUILD, 'tests/fleet/secretscan')
sys.path.insert(0, os.path.join(ROOT, 'tests/fleet'))
import maketree, score
warnings.simplefilter('ignore')
import re._parser as sre, re._constants as op # the parser of patterns that Python itself uses

SEEDS = [int(s) for s in os.environ.get('SEEDS', '101 102').split()]
results = {'passed': 0, 'failed': 0}


def check(name, good, why=''):
    results['passed' if good else 'failed'] += 1
    if not good:
        print('FAIL %s: %s' % (name, why))


def scan(folder, *options):
    env = dict(os.environ, PILOTHOUSE_DATA=ROOT)
    done = subprocess.run([SCANNER, *options, folder], capture_output=True, text=True, env=env)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


# --- a text that a pattern matches ---

CLASSES = {op.CATEGORY_DIGIT: '0123456789', op.CATEGORY_WORD: maketree.ALNUM + '_', op.CATEGORY_SPACE: ' ', op.CATEGORY_NOT_SPACE: maketree.ALNUM}


def members(items, r):
    if items[0][0] is op.NEGATE:
        return maketree.ALNUM
    out = ''
    for what, value in items:
        if what is op.LITERAL:
            out += chr(value)
        elif what is op.RANGE:
            out += ''.join(map(chr, range(value[0], value[1] + 1)))
        elif what is op.CATEGORY:
            out += CLASSES[value]
    # Ends of a token are letters and digits, so that what stands around it is no part of it.
    return out


def text_of(pattern, r):
    out = ''
    for what, value in pattern:
        if what is op.LITERAL:
            out += chr(value)
        elif what is op.IN:
            out += r.choice(members(value, r))
        elif what is op.ANY:
            out += r.choice(maketree.ALNUM)
        elif what in (op.MAX_REPEAT, op.MIN_REPEAT):
            low, high, inner = value
            high = min(high, low + 6)
            if value[1] == 1 and low == 0:
                out += text_of(inner, r) if r.random() < .5 else ''
                continue
            out += ''.join(text_of(inner, r) for _ in range(r.randint(low, high)))
        elif what is op.SUBPATTERN:
            out += text_of(value[3], r)
        elif what is op.BRANCH:
            out += text_of(r.choice(value[1]), r)
        elif what in (op.ASSERT, op.ASSERT_NOT, op.AT):
            continue
        else:
            raise ValueError(what)
    return out


def read_rules():
    rules = []
    for line in open(os.path.join(ROOT, 'checks/secrets.yaml')):
        m = re.match(r"  - \{id: (SEC\d+)/([\w-]+)", line)
        if not m:
            continue
        pattern = re.search(r"pattern: '((?:[^']|'')*)'", line).group(1).replace("''", "'")
        names = re.search(r'names: \[([^\]]*)\]', line)
        entropy = re.search(r'entropy: ([\d.]+)', line)
        rules.append({'check': m.group(1), 'name': m.group(2), 'pattern': pattern, 'names': names and [n.strip(" '") for n in names.group(1).split(',')],
                      'keywords': 'keywords:' in line, 'public': 'public: true' in line, 'checksum': (re.search(r'checksum: ([\w-]+)', line) or [None, ''])[1],
                      'entropy': float(entropy.group(1)) if entropy else 0})
    return rules


def bits(text):
    import collections, math
    counts = collections.Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())


def value_for(rule, m):
    """A value that the rule describes and that chance did not make look like a placeholder."""
    if rule['checksum'] == 'crc32-base62':
        return m.crc(re.match(r'[a-z]+_', text_of(sre.parse(rule['pattern']), m.r)).group(0))
    if rule['checksum'] == 'jwt':
        return m.jwt()
    if rule['checksum'] == 'base64-json':
        import base64
        return base64.b64encode(json.dumps({'k': m.of(maketree.ALNUM, 32), 'n': 'agent', 'id': 7}, separators=(',', ':')).encode()).decode()
    for _ in range(20000):
        value = text_of(sre.parse(rule['pattern']), m.r)
        group = re.match(rule['pattern'], value)
        inner = group.group(1) if group and group.groups() and group.group(1) else value
        if group and group.group(0) == value and bits(inner) >= rule['entropy'] + .1 and value[-1] in maketree.ALNUM + '=' and re.search(r'\w', value[:1]):
            return value
    raise ValueError('no value for ' + rule['name'] + ' like ' + value)


OWN = {'aws-key-pair', 'private-key', 'gcp-service-account', 'url-password', 'generic-secret', 'generic-password', 'basic-auth', 'putty-key', 'jwk-private-key', 'curl-user', 'basic-auth-arguments', 'sql-password', 'sshpass-password'}
FORMS = ['%s = "%s"', '%s: \'%s\'', 'x = {"%s": "%s"}', 'os.environ["%s"] = "%s"']


def test_every_rule(folder):
    m = maketree.Make(5)
    rules = read_rules()
    check('at least 120 rules', len([r for r in rules if not r['public']]) >= 120, str(len(rules)))
    expected = {}
    for rule in rules:
        if rule['name'] in OWN:
            continue
        path = '%s.py' % rule['name']
        with open(os.path.join(folder, path), 'w') as out:
            for i in range(8):
                name = (rule['names'][i % len(rule['names'])].replace('-', '_') + '_api_key') if rule['names'] else m.pick('thing', 'value_1', 'token', 'url')
                if rule['names'] and rule['check'] == 'SEC002' and 'secret' in rule['names'][0]:
                    name = 'aws_secret_access_key'
                value = value_for(rule, m)
                value = 'https://' + value if '/' in rule['pattern'][:45] and '\\.com/' in rule['pattern'] else value
                if 'sig=' in rule['pattern']:
                    value = 'https://x.blob.core.windows.net/c?sv=1&' + value
                out.write('a = 1\n' * 7 + FORMS[i % 4] % (name, value.replace('"', '\\"') if not value.startswith('"') else value) + '\n')
                expected.setdefault(path, []).append(8 * (i + 1))
    found = {}
    for f in scan(folder):
        found.setdefault(f['path'], {})[f['line']] = f['rule']
    for rule in rules:
        if rule['name'] in OWN:
            continue
        got = found.get(rule['name'] + '.py', {})
        if rule['public']:
            check('public %s is not reported' % rule['name'], not got, str(got))
            continue
        missed = [line for line in expected[rule['name'] + '.py'] if line not in got]
        check('rule %s' % rule['name'], not missed, '%d of 8 missed' % len(missed))


def test_trees(folder):
    for seed in SEEDS:
        root = os.path.join(folder, 'tree%d' % seed)
        truth = maketree.build(root, seed)
        found = scan(root)
        s = score.score(truth, found)
        check('seed %d: recall >= .97' % seed, s['recall'] >= .97, '%.4f %s' % (s['recall'], [r['kind'] for r in s['missed']]))
        check('seed %d: precision >= .98' % seed, s['precision'] >= .98, '%.4f %s' % (s['precision'], dict(score.false_kinds(truth, s['false']))))
        generic = ('generic_', 'aws_secret', 'basic_', 'bearer_')
        check('seed %d: provider forms all found' % seed, not [r for r in s['missed'] if not r['kind'].startswith(generic)], str([r['kind'] for r in s['missed']]))
        check('seed %d: both engines find the same' % seed, found == scan(root, '-n'))
        values = [f['redacted'] for f in found if f.get('redacted')]
        check('seed %d: no value is shown' % seed, all(len(v.split('\u2026')[0]) <= 4 for v in values))


def test_checksums(folder):
    m = maketree.Make(9)
    with open(os.path.join(folder, 'a.py'), 'w') as out:
        for _ in range(300):
            out.write('TOKEN = "%s"\n' % m.crc(m.pick('gh' + 'p_', 'npm' + '_', 'gh' + 'o_', 'gh' + 's_'), wrong=True))
    check('300 wrong checksums', not scan(folder), 'reported')


def test_nothing(folder):
    """Lines that look a little like secrets and are none."""
    shutil.copy(os.path.join(ROOT, 'tests/fleet/no_secrets.py'), os.path.join(folder, 'a.py'))
    m = maketree.Make(3)
    with open(os.path.join(folder, 'sealed.yaml'), 'w') as out:
        out.write('kind: SealedSecret\nspec:\n  encryptedData:\n    password: AgB%s==\n' % m.of(maketree.B64, 400))
    with open(os.path.join(folder, 'de.json'), 'w') as out:
        json.dump({'password': 'Kennwort \u00e4ndern!', 'api_key': 'API-Schl\u00fcssel', 'token': '\u5bc6\u7801Abc1!'}, out)
    found = scan(folder)
    check('lines that are none', not found, str([(f['path'], f['line'], f['rule']) for f in found]))


def test_archives(folder):
    """A file of each archive holds a token; broken and hostile ones are said, and end."""
    m = maketree.Make(4)
    texts = {name: 'x = 1\nTOKEN = "%s"\n' % m.crc('gh' + 'p_') for name in ('zip', 'stored', 'tar', 'tgz', 'gz', 'long')}
    at = lambda name: os.path.join(folder, name)
    with zipfile.ZipFile(at('a.zip'), 'w', zipfile.ZIP_DEFLATED) as z:
        z.writestr('sub/k.py', texts['zip'])
        z.writestr('big.txt', b'0' * (40 << 20)) # more than is unpacked of one file
    with zipfile.ZipFile(at('b.whl'), 'w') as z:
        z.writestr('k.py', texts['stored'])
    for name, mode, key in (('c.tar', 'w', 'tar'), ('d.tar.gz', 'w:gz', 'tgz')):
        with tarfile.open(at(name), mode) as t:
            for inner, text in (('first.txt', 'nothing'), ('sub/k.py', texts[key]), ('n/' * 80 + 'k.py', texts['long'])):
                info = tarfile.TarInfo(inner)
                info.size = len(text)
                t.addfile(info, io.BytesIO(text.encode()))
    with gzip.open(at('e.env.gz'), 'wb') as g:
        g.write(texts['gz'].encode())
    found = {f['path']: f for f in scan(folder, '-a') if f['rule'].endswith('/github-token')}
    wanted = ['a.zip!/sub/k.py', 'b.whl!/k.py', 'c.tar!/sub/k.py', 'd.tar.gz!/sub/k.py', 'e.env.gz!/e.env', 'c.tar!/' + 'n/' * 80 + 'k.py', 'd.tar.gz!/' + 'n/' * 80 + 'k.py']
    check('archives', sorted(found) == sorted(wanted), str(sorted(set(wanted) ^ set(found))))
    check('lines inside archives', all(f['line'] == 2 for f in found.values()), str(found))
    for name in ('a.zip', 'b.whl', 'c.tar', 'd.tar.gz', 'e.env.gz'):
        data = bytearray(open(at(name), 'rb').read())
        for i in range(60):
            broken = bytearray(data)
            for _ in range(m.r.randrange(1, 8)):
                broken[m.r.randrange(len(broken))] = m.r.randrange(256)
            with open(at('x%d-%s' % (i, name)), 'wb') as out:
                out.write(broken[:m.r.randrange(len(broken))] if i % 3 == 0 else broken)
    scan(folder, '-a', '-q') # raises when it crashes


def test_archives_in_archives(folder):
    """One level in; what is packed deeper, and a bomb, is counted as not looked at. A Zip64 is a zip."""
    m = maketree.Make(5)
    texts = [('TOKEN = "%s"\n' % m.crc('gh' + 'p_')).encode() for _ in range(4)]

    def zipped(files):
        out = io.BytesIO()
        with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as z:
            for name, data in files.items():
                z.writestr(name, data)
        return out.getvalue()

    def tarred(files):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode='w:gz') as t:
            for name, data in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                t.addfile(info, io.BytesIO(data))
        return out.getvalue()

    inner = zipped({'k.py': texts[0]})
    bomb = gzip.compress(b'0' * (15 << 20))
    limits, zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = (zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT), 1, 0
    try:
        with zipfile.ZipFile(os.path.join(folder, 'large.zip'), 'w', zipfile.ZIP_DEFLATED, allowZip64=True) as z:
            z.writestr('a/k.py', texts[1])
            z.writestr('b.txt', b'nothing')
    finally:
        zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = limits
    for name, data in (('a.zip', zipped({'lib/in.whl': inner, 'deep.zip': zipped({'deeper.zip': zipped({'k.py': texts[2]})})})), ('b.tar.gz', tarred({'in.tgz': tarred({'x/k.py': texts[3]})})),
                       ('bomb.zip', zipped({'%d.gz' % i: bomb for i in range(120)})), ('broken.zip', zipped({'in.zip': inner[:60]}))):
        with open(os.path.join(folder, name), 'wb') as out:
            out.write(data)
    found = sorted(f['path'] for f in scan(folder, '-a') if f['rule'].endswith('/github-token'))
    check('archives in archives', found == ['a.zip!/lib/in.whl!/k.py', 'b.tar.gz!/in.tgz!/x/k.py', 'large.zip!/a/k.py'], str(found))


def test_library():
    folder = sysconfig.get_paths()['stdlib']
    found = [f for f in scan(folder) if not re.search(r'(^|/)(tests?|idlelib|site-packages|dist-packages)(/|$)', f['path'])]
    check('nothing in the standard library', not found, str([(f['path'], f['line'], f['rule']) for f in found]))


def in_folder(test):
    with tempfile.TemporaryDirectory() as folder:
        test(folder)


def main():
    if subprocess.run(['make', '-s', '-C', BUILD, 'tests/fleet/secretscan'], stdout=sys.stderr).returncode:
        return 1
    home = tempfile.mkdtemp()
    os.environ['PILOTHOUSE_HOME'] = home
    try:
        for test in (test_every_rule, test_trees, test_checksums, test_nothing, test_archives, test_archives_in_archives):
            in_folder(test)
        test_library()
    finally:
        shutil.rmtree(home)
    print('%d passed, %d failed, 0 skipped' % (results['passed'], results['failed']))
    return results['failed'] != 0


if __name__ == '__main__':
    sys.exit(main())
