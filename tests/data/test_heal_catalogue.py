#!/usr/bin/env python3
"""Every check of the catalogue that is 1-Click, on a file it flags: the repair is made, the next report does not find it any more, the file still parses, healing
again changes nothing, every line the dry run did not show is as it was, and undo gives back the bytes. A finding that is not mended must have said
before that it is Structural, and why."""
import ast, difflib, importlib.machinery, json, os, re, shutil, subprocess, sys, tempfile, tomllib
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'screen'))
import screenpty
from screenpty import Skip
sys.dont_write_bytecode = True
helpers = {'__file__': os.path.abspath(__file__), '__name__': 'helpers'}
exec(compile(open(os.path.join(ROOT, 'tests', 'data', 'test_report.py')).read().rsplit("if __name__ == '__main__'", 1)[0], 'test_report.py', 'exec'), helpers)
exec(compile(open(os.path.join(ROOT, 'tests', 'data', 'heal_cases.py')).read(), 'heal_cases.py', 'exec'), helpers)
Tree, CASES = helpers['Tree'], helpers['CASES']


def one_click():
    """Ids of the catalogue that are 1-Click."""
    text = open(os.path.join(ROOT, 'checks', 'catalogue.yaml')).read()
    return [m[1] for m in re.finditer(r'(?m)^\s*- \{?id: ([A-Z]+\d+)(.*(?:\n(?!\s*- \{?id:).*)*)', text) if re.search(r'fixability: ["\']?1-Click', m[2])]


def of_checks():
    """The files tests/fleet/checks.txt has for these checks."""
    wanted = set(one_click())
    for part in re.split(r'(?m)^=== ', open(os.path.join(ROOT, 'tests', 'fleet', 'checks.txt')).read())[1:]:
        head, _, body = part.partition('\n')
        check, want, path = head.split(' ', 2)
        chunks = re.split(r'(?m)^--- (.*)\n', body)
        if check in wanted and want == 'flag':
            yield check, dict({path: chunks[0]}, **dict(zip(chunks[1::2], chunks[2::2]))), None


def all_cases():
    return list(of_checks()) + CASES


def build(cases):
    files = dict(helpers['ELSEWHERE'])
    for n, (check, own, _) in enumerate(cases):
        own = dict(own)
        own.setdefault('cockpit.yaml', 'owner: somebody\n' if check != 'GOV001' else 'threshold: 0\n')
        files.update({'c%03d/%s' % (n, name): text for name, text in own.items()})
    return files


def ph(tree, *args):
    return subprocess.run([screenpty.PROGRAM, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=tree.env(), timeout=300)


def files_of(tree):
    found = {}
    for folder, folders, names in os.walk(tree.root):
        folders[:] = [f for f in folders if f != 'evidence_lake']
        for name in names:
            with open(os.path.join(folder, name), 'rb') as file:
                found[os.path.relpath(os.path.join(folder, name), tree.root)] = file.read()
    return found


def report(tree):
    return json.loads(ph(tree, 'report', tree.root, '-o', 'json', '--no-lake').stdout)


def fixes(tree, *more):
    done = ph(tree, 'report', tree.root, '--heal', '--dry-run', '-o', 'json', '--no-lake', '--owner', 'team-a', '--max-files', '3000', *more)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def heal(tree):
    return ph(tree, 'report', tree.root, '--heal', '--approve', '--no-lake', '--owner', 'team-a', '--max-files', '3000')


def run_of(done):
    found = re.search(rb'run (\S+) done', done.stdout + done.stderr)
    assert found, done.stderr[-2000:]
    return found[1].decode()


# --- parsers: CPython, Node, the readers of Python's own library, and small ones of ours ---

DOCKER = 'FROM RUN CMD LABEL EXPOSE ENV ADD COPY ENTRYPOINT VOLUME USER WORKDIR ARG ONBUILD STOPSIGNAL HEALTHCHECK SHELL MAINTAINER'.split()


def dockerfile(text):
    lines = [l for l in re.sub(r'\\\r?\n', ' ', text).splitlines() if l.strip() and not l.strip().startswith('#')]
    for line in lines:
        word, _, rest = line.strip().partition(' ')
        assert word.upper() in DOCKER and rest.strip(), line
        if word.upper() in ('CMD', 'ENTRYPOINT') and rest.strip().startswith('['):
            json.loads(rest)


def node(name, text):
    if not shutil.which('node') or not name.endswith(('.js', '.mjs', '.cjs')):
        return
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'x.mjs')
        open(path, 'w').write(text)
        done = subprocess.run(['node', '--check', path], stderr=subprocess.PIPE)
        assert done.returncode == 0, (name, done.stderr[-600:], text)


def yaml_reads(text):
    try:
        import yaml
    except ImportError:
        return
    list(yaml.safe_load_all(text))


def shell(text):
    done = subprocess.run(['sh', '-n'], input=text.encode(), stderr=subprocess.PIPE)
    assert done.returncode == 0, (done.stderr, text)


def code_of_notebook(text):
    book = json.loads(text)
    return ''.join(''.join(c['source']).rstrip('\n') + '\n' for c in book['cells'] if c['cell_type'] == 'code')


def parse(name, data):
    text, base = data.decode('utf-8-sig'), os.path.basename(name)
    if name.endswith('.py'):
        compile(data, name, 'exec', dont_inherit=True)
    elif name.endswith('.ipynb'):
        ast.parse(re.sub(r'(?m)^\s*[%!?].*$', '', code_of_notebook(text)))
    elif name.endswith('.json'):
        json.loads(re.sub(r'(?m)^\s*//.*$', '', text))
    elif name.endswith('.toml'):
        tomllib.loads(text)
    elif name.endswith(('.yaml', '.yml')):
        yaml_reads(text)
    elif 'Dockerfile' in base:
        dockerfile(text)
    elif name.endswith('.sh'):
        shell(text)
    node(name, text)


# --- the whole catalogue ---

def judge_case(n, case, before, first, shown, after, second, problems):
    check, own, want = case
    folder = 'c%03d' % n
    mine = [f for f in first['findings'] if (f['path'] + '/').startswith(folder + '/') and f['id'] == check]
    if not mine:
        problems.append((folder, check, 'was not found', list(own)))
        return 'none'
    click = [f for f in mine if f['fixability'] == '1-Click']
    plans = {f['fingerprint']: f for f in shown['fixes']}
    for f in click:
        fix = plans.get(f['fingerprint'])
        if not fix or not (fix['safe'] or fix['later']):
            problems.append((folder, check, '1-Click was promised', fix and fix['refused'], f['message']))
    for f in mine:
        if f['fixability'] == 'Structural' and not f.get('unfixable'):
            problems.append((folder, check, 'Structural without a reason', f['message']))
    if want is not None:
        reasons = ' '.join(f.get('unfixable', '') for f in mine)
        if click or want not in reasons:
            problems.append((folder, check, 'should have been refused with', want, reasons or 'it was mended'))
        return 'refused'
    left = [f for f in second['findings'] if (f['path'] + '/').startswith(folder + '/') and f['id'] == check and f['fixability'] == '1-Click']
    if left and click:
        problems.append((folder, check, 'is found again', left[0]['message'], after.get(left[0]['path'])))
    return 'held' if click and not left else 'refused'


def as_shown(line):
    """What is shown is made harmless: tabs, invisible characters."""
    return re.sub(r'[^!-~]+', '', line)


def lines_shown(shown):
    """What the dry run says goes away, by file."""
    return {f['path']: [m[1] for m in re.finditer(r'(?m)^\d+ - (.*)$', f['diff'])] for f in shown['files']}


def test_every_1_click_check_is_mended_or_said_to_be_structural():
    cases, problems, held = all_cases(), [], {}
    with Tree(build(cases)) as tree:
        before, first, shown = files_of(tree), report(tree), fixes(tree)
        assert files_of(tree) == before, 'a dry run touched the tree'
        done = heal(tree)
        after = files_of(tree)
        assert after != before, done.stderr[-3000:]
        for name in after:
            try:
                if before.get(name) != after[name]:
                    parse(name, after[name])
            except Exception as e:
                problems.append((name, 'does not parse', repr(e)[:300], after[name].decode(errors='replace')))
        gone = lines_shown(shown)
        for name, data in before.items():
            old, new = data.decode('utf-8-sig', 'replace').splitlines(), after[name].decode('utf-8-sig', 'replace').splitlines()
            for tag, i, j, _, _ in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
                for line in old[i:j] if tag in ('replace', 'delete') else []:
                    if as_shown(line) not in map(as_shown, gone.get(name, [])) and not helpers['has_secret'](line) and not name.endswith('.ipynb'):
                        problems.append((name, 'changed a line the dry run did not show', line))
            if data[:3] == b'\xef\xbb\xbf' and after[name][:3] != data[:3]:
                problems.append((name, 'lost its byte-order mark'))
        runs = [run_of(done)]
        while any(f['safe'] for f in fixes(tree)['fixes']) and len(runs) < 4: # what another repair had to go before
            runs.append(run_of(heal(tree)))
        second = report(tree)
        for n, case in enumerate(cases):
            state = judge_case(n, case, before, first, shown, after, second, problems)
            held.setdefault(case[0], []).append(state)
        again = [f for f in fixes(tree)['fixes'] if f['safe']]
        assert not again, again[:3]
        for run in reversed(runs):
            undone = ph(tree, 'undo', run, '--approve')
            assert undone.returncode == 0, undone.stderr[-2000:]
        assert files_of(tree) == before, [n for n, t in files_of(tree).items() if before.get(n) != t][:5]
    if os.environ.get('HEAL_TABLE'):
        for check in one_click():
            print('| %s | %s |' % (check, ', '.join('%d %s' % (held.get(check, []).count(s), s) for s in ('held', 'refused') if s in held.get(check, []))))
    for check in one_click():
        if 'held' not in held.get(check, []):
            problems.append((check, 'no case of it is mended', held.get(check)))
    assert not problems, '%d problems:\n%s' % (len(problems), '\n'.join(map(repr, problems[:40])))
    assert len(one_click()) == 46, len(one_click())


def test_each_client_takes_its_own_argument():
    with Tree({'c%d/agent.py' % n: text for n, text in enumerate(helpers['CLIENTS'])}) as tree:
        heal(tree)
        after = files_of(tree)
        for n, wanted in enumerate(helpers['CLIENTS'].values()):
            assert 'c = %s\n' % wanted in after['c%d/agent.py' % n].decode(), after['c%d/agent.py' % n].decode()
        assert not [f for f in report(tree)['findings'] if f['id'] == 'REL002']


def test_a_package_is_named_where_packages_are():
    """(files before, the file that is to name it, its text afterwards)"""
    ask = 'from openai import OpenAI\nclient = OpenAI(timeout=3)\ndef ask(q):\n    return %s\n' % helpers['ASK']
    cases = [
        ({}, 'requirements.txt', 'tenacity>=8.2,<10\n'),
        ({'requirements.txt': 'openai==1.99.1'}, 'requirements.txt', 'openai==1.99.1\ntenacity>=8.2,<10\n'),
        ({'requirements.txt': 'openai==1.99.1\nTenacity == 9.0.0\n'}, 'requirements.txt', 'openai==1.99.1\nTenacity == 9.0.0\n'),
        ({'requirements.txt': '# tenacity\ntenacity-extras==1\n'}, 'requirements.txt', '# tenacity\ntenacity-extras==1\ntenacity>=8.2,<10\n'),
        ({'pyproject.toml': '[project]\nname = "a"\nversion = "1"\ndependencies = ["openai==1.99.1"]\n'}, 'pyproject.toml',
         '[project]\nname = "a"\nversion = "1"\ndependencies = ["tenacity>=8.2,<10", "openai==1.99.1"]\n'),
        ({'pyproject.toml': '[project]\nname = "a"\nversion = "1"\ndependencies = [\r\n  # ours\r\n  "openai[x]==1.99.1", # y ]\r\n]\n'}, 'pyproject.toml',
         '[project]\nname = "a"\nversion = "1"\ndependencies = [\r\n  "tenacity>=8.2,<10",\n  # ours\r\n  "openai[x]==1.99.1", # y ]\r\n]\n'),
        ({'pyproject.toml': '[project]\nname = "a"\nversion = "1"\ndependencies = []\n[tool.x]\n'}, 'pyproject.toml', '[project]\nname = "a"\nversion = "1"\ndependencies = ["tenacity>=8.2,<10"]\n[tool.x]\n'),
        ({'pyproject.toml': '[tool.poetry.dependencies]\npython = "^3.12"\n'}, 'pyproject.toml', '[tool.poetry.dependencies]\ntenacity = ">=8.2,<10"\npython = "^3.12"\n'),
        ({'pyproject.toml': '[tool.ruff]\nline-length = 100\n'}, 'requirements.txt', 'tenacity>=8.2,<10\n'),
    ]
    with Tree({'c%d/%s' % (n, name): text for n, (own, _, _) in enumerate(cases) for name, text in dict(own, **{'agent.py': ask}).items()}) as tree:
        before = files_of(tree)
        done = heal(tree)
        after = files_of(tree)
        for n, (own, name, wanted) in enumerate(cases):
            assert after['c%d/%s' % (n, name)].decode() == wanted, (n, after['c%d/%s' % (n, name)].decode())
            assert len([f for f in after if f.startswith('c%d/' % n)]) == len(set(own) | {name, 'agent.py', 'cockpit.yaml'}), n
            parse(name, after['c%d/%s' % (n, name)])
        assert ph(tree, 'undo', run_of(done), '--approve').returncode == 0 and files_of(tree) == before
    with Tree({'pyproject.toml': '[project]\nname = "all"\nversion = "1"\ndependencies = []\n', 'agents/a/agent.py': ask, 'agents/b/agent.py': ask}) as tree:
        heal(tree)
        assert '["tenacity>=8.2,<10"]' in files_of(tree)['pyproject.toml'].decode() and 'agents/a/requirements.txt' not in files_of(tree)


def test_two_secrets_never_share_a_variable():
    a, b, c = helpers['TOKENS'][30:33]
    with Tree({'a/agent.py': helpers['OPENAI'] + 'H = "Bearer %s"\nI = "token %s"\nJ = "Bearer %s"\nTOKEN = "%s"\n' % (a, b, a, c), 'a/tools.py': 'TOKEN = "%s"\n' % b}) as tree:
        heal(tree)
        after = files_of(tree)
        text = after['a/agent.py'].decode()
        assert "H = f\"Bearer {os.environ['GITHUB_TOKEN']}\"\nI = f\"token {os.environ['GITHUB_TOKEN_2']}\"\nJ = f\"Bearer {os.environ['GITHUB_TOKEN']}\"\nTOKEN = os.environ[\"TOKEN\"]\n" in text, text
        assert after['a/tools.py'].decode().endswith('TOKEN = os.environ["TOKEN_2"]\n'), after['a/tools.py']
        assert sorted(after['a/.env.example'].split()) == [b'GITHUB_TOKEN=', b'GITHUB_TOKEN_2=', b'TOKEN=', b'TOKEN_2='], after['a/.env.example']


def test_an_environment_file_git_leaves_alone():
    """SEC008 is over when a .gitignore takes the file out and the index has it not."""
    with Tree({'a/agent.py': helpers['OPENAI'], 'a/.env': 'T=%s\n' % helpers['TOKENS'][35]}) as tree:
        git = lambda *args: subprocess.run(['git', '-C', tree.root, '-c', 'user.name=a', '-c', 'user.email=a@b', *args], check=True, stdout=subprocess.DEVNULL)
        git('init', '-q')
        for version in ('2', '4'):
            git('config', 'index.version', version)
            git('add', '-f', 'a/.env', 'a/agent.py')
            git('update-index', '--force-write-index', '--index-version', version)
            found = {f['state'] for f in report(tree)['findings'] if f['id'] == 'SEC008'}
            assert found == {'open'}, (version, found)
            heal(tree)
            again = [f for f in report(tree)['findings'] if f['id'] == 'SEC008']
            assert again and again[0]['fixability'] == 'Structural' and 'git rm --cached' in again[0]['unfixable'], again
            git('rm', '-q', '--cached', 'a/.env')
            after = report(tree)
            assert not [f for f in after['findings'] if f['id'] == 'SEC008'], version
            assert [f['why'] for f in after['suppressed'] if f['id'] == 'SEC008'] == ['a .gitignore takes the file out, and git does not have it']
            os.unlink(tree.path('a/.gitignore'))


screenpty.run_tests(globals())
