#!/usr/bin/env python3
"""packaging/: the lines a GitHub step, a GitLab job and a commit hook run, run here as they run there, on a tree with a secret and on one without."""
import json, os, re, subprocess, sys, textwrap
import xml.etree.ElementTree as ElementTree
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from agenttree import *
from screenpty import Skip

PACKAGING = os.path.join(ROOT, 'packaging')
CLEAN = {'notes.txt': 'all is well\n'}
LEAK = {'agent.py': 'from openai import OpenAI\nKEY = "%s"\n' % github_token(5)}


def text_of(name):
    with open(os.path.join(PACKAGING, name)) as file:
        return file.read()


def blocks(text, key):
    """The literal blocks (`key |`) of a YAML text, in order."""
    found = re.findall(r'^( *)(?:%s) \|\n((?:\1 +.*\n|\n)+)' % re.escape(key), text, re.M)
    return [textwrap.dedent(body) for _, body in found]


class Place(Tree):
    """A tree, and a PATH on which pilothouse is the one under test."""

    def __init__(self, files, program=True):
        super().__init__(files)
        self.bin = os.path.join(self.base, 'bin')
        os.mkdir(self.bin)
        if program:
            os.symlink(screenpty.PROGRAM, os.path.join(self.bin, 'pilothouse'))

    def shell(self, script, shell=('bash', '--noprofile', '--norc', '-eo', 'pipefail'), **env):
        env = dict(self.env(), PATH=self.bin + ':/usr/local/bin:/usr/bin:/bin', **env)
        return subprocess.run([*shell, '-c', script], cwd=self.root, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)


# --- GitHub ---

def github(place, **inputs):
    """The steps of the action but the upload. Returns (exit status, what the steps said, outputs)."""
    program, report, verdict = blocks(text_of('github/action.yml'), 'run:')
    outputs = os.path.join(place.base, 'outputs')
    paths = os.path.join(place.base, 'paths')
    for name in (outputs, paths):
        open(name, 'w').close()
    settings = {'REPORT_PATH': '.', 'REPORT_BASELINE': '', 'REPORT_LAKE': '', 'REPORT_SARIF': 'pilothouse.sarif', 'GITHUB_OUTPUT': outputs, 'GITHUB_PATH': paths,
                'GITHUB_ACTION_PATH': os.path.join(PACKAGING, 'github')}
    settings.update(inputs)
    said = b''
    for script in (program, report):
        done = place.shell(script, **settings)
        said += done.stdout
        assert done.returncode == 0, (done.returncode, said)
    with open(outputs) as file:
        told = dict(line.rstrip('\n').split('=', 1) for line in file)
    done = place.shell(verdict, STATUS=told['status'], **settings)
    return done.returncode, (said + done.stdout).decode(), told


def sarif_of(place, name='pilothouse.sarif'):
    with open(place.path(name)) as file:
        return json.load(file)


def test_github_passes():
    with Place(CLEAN) as place:
        status, said, told = github(place)
        assert status == 0 and told == {'status': '0'} and 'passed' in said, (status, said)
        assert sarif_of(place)['version'] == '2.1.0' and not sarif_of(place)['runs'][0]['results']
        assert not os.path.exists(place.path('evidence_lake')), 'nothing is left in the checkout'


def test_github_stops_at_a_secret():
    with Place(LEAK) as place:
        status, said, _ = github(place)
        assert status == 1 and '::error::a secret was found' in said, (status, said)
        assert any(r['ruleId'].startswith('SEC001') for r in sarif_of(place)['runs'][0]['results'])
        assert github_token(5)[4:] not in said + json.dumps(sarif_of(place))


def test_github_architecture_and_failure():
    with Place({'Dockerfile': 'FROM python:3.11.9\nCMD ["python"]\n', 'agent.py': 'from openai import OpenAI\nc = OpenAI()\n'}) as place:
        status, said, _ = github(place)
        assert status == 2 and 'architecture' in said, (status, said)
        status, said, _ = github(place, REPORT_PATH='none')
        assert status == 3 and 'no whole report' in said, (status, said)


def test_github_inputs_are_no_commands():
    with Place(CLEAN) as place:
        evil = '$(touch bad) `touch bad`; touch bad'
        status, said, _ = github(place, REPORT_PATH=evil, REPORT_BASELINE=evil)
        assert status == 3 and not os.path.exists(place.path('bad')), (status, said)
        status, said, _ = github(place, REPORT_PATH='--heal')
        assert status == 3, (status, said)
    for script in blocks(text_of('github/action.yml'), 'run:'):
        assert '${{' not in script, script


def test_github_baseline_and_lake():
    with Place(LEAK) as place:
        with open(os.path.join(place.base, 'before.json'), 'wb') as file:
            file.write(place.run('report', '--no-lake', '-o', 'json').stdout)
        status, said, _ = github(place, REPORT_BASELINE=os.path.join(place.base, 'before.json'), REPORT_LAKE=os.path.join(place.base, 'lake'))
        assert status == 0, (status, said)
        assert os.path.exists(os.path.join(place.base, 'lake', 'index.json'))


def test_github_builds_where_the_program_is_missing():
    """By the `dev` beside it; here one that stands for it."""
    with Place(CLEAN, program=False) as place:
        source = os.path.join(place.base, 'source')
        os.makedirs(os.path.join(source, 'packaging/github'))
        with open(os.path.join(source, 'dev'), 'w') as file:
            file.write('#!/bin/sh\n[ "$1" = build ] && ln -s "%s" "%s/pilothouse"\n' % (screenpty.PROGRAM, source))
        os.chmod(os.path.join(source, 'dev'), 0o755)
        paths = os.path.join(place.base, 'paths')
        done = place.shell(blocks(text_of('github/action.yml'), 'run:')[0], GITHUB_ACTION_PATH=os.path.join(source, 'packaging/github'), GITHUB_PATH=paths)
        assert done.returncode == 0, done.stdout
        with open(paths) as file:
            added = file.read().strip()
        assert os.path.realpath(os.path.join(added, 'pilothouse')) == os.path.realpath(screenpty.PROGRAM), added
    assert os.path.exists(os.path.join(PACKAGING, 'github', '../../dev')), 'where the action looks for it'


# --- GitLab ---

def gitlab(place, **variables):
    script, = blocks(text_of('gitlab/pilothouse.gitlab-ci.yml'), '-')
    settings = {'PILOTHOUSE_PATH': '.', 'PILOTHOUSE_BASELINE': ''}
    settings.update(variables)
    return place.shell(script, shell=('sh', '-e'), **settings)


def test_gitlab():
    for files, status in ((CLEAN, 0), (LEAK, 1)):
        with Place(files) as place:
            for _ in range(2):  # the second out of the lake
                done = gitlab(place)
                assert done.returncode == status, done
                results = sarif_of(place, '.pilothouse/report.sarif')['runs'][0]['results']
                assert bool(results) == bool(status), results
                assert int(ElementTree.parse(place.path('.pilothouse/junit.xml')).getroot().get('failures') or 0) == 0 or status
                assert os.path.getsize(place.path('.pilothouse/report.html')) > 500
            assert github_token(5)[4:].encode() not in done.stdout


def test_gitlab_says_what_is_missing():
    with Place(CLEAN, program=False) as place:
        done = gitlab(place)
        assert done.returncode == 3 and b'image' in done.stdout, done
    with Place(CLEAN) as place:
        assert gitlab(place, PILOTHOUSE_PATH='none').returncode == 3


# --- a commit ---

def repository(place):
    if subprocess.run(['git', '--version'], stdout=subprocess.DEVNULL).returncode:
        raise Skip('no git here')
    hook = os.path.join(PACKAGING, 'pre-commit', 'pilothouse-report')
    done = place.shell('git init -q . && git config user.name t && git config user.email t@example.com && ln -s "%s" .git/hooks/pre-commit && git add -A' % hook)
    assert done.returncode == 0, done.stdout


def commit(place, script=''):
    return place.shell(script + '\ngit commit -q -m "one more"')


def test_a_commit_without_a_secret_passes():
    with Place(CLEAN) as place:
        repository(place)
        done = commit(place)
        assert done.returncode == 0 and not done.stdout, done.stdout
        assert os.path.exists(place.path('.git/pilothouse-lake')) and not os.path.exists(place.path('evidence_lake'))


def test_a_commit_with_a_secret_is_stopped():
    with Place(dict(CLEAN, **LEAK)) as place:
        repository(place)
        done = commit(place)
        assert done.returncode and b'SEC001/github-token' in done.stdout and b'agent.py:2' in done.stdout, done.stdout
        assert github_token(5)[4:].encode() not in done.stdout
        assert place.shell('git log').returncode, 'nothing was committed'


def test_only_what_is_staged_counts():
    with Place(CLEAN) as place:
        repository(place)
        place.write('.env', 'KEY=%s\n' % github_token(6))
        assert commit(place).returncode == 0, 'a file that is not staged'
        place.write('agent.py', LEAK['agent.py'])
        done = commit(place, 'git add agent.py; echo clean >agent.py')
        assert done.returncode and b'SEC001/github-token' in done.stdout, 'staged, and cleaned since: %s' % done.stdout


def test_a_commit_without_the_program_is_stopped():
    with Place(CLEAN, program=False) as place:
        repository(place)
        done = commit(place)
        assert done.returncode and b'not in PATH' in done.stdout, done.stdout


def test_pre_commit_finds_its_manifest():
    """It looks at the root of a repository only."""
    with open(os.path.join(ROOT, '.pre-commit-hooks.yaml')) as file:
        text = file.read()
    assert text == text_of('pre-commit/.pre-commit-hooks.yaml')
    entry = re.search(r'^  entry: (\S+)$', text, re.M)[1]
    assert os.access(os.path.join(ROOT, entry), os.X_OK), entry


# --- all ---

def test_all_of_it_is_in_the_tarball():
    with open(os.path.join(ROOT, 'Makefile.am')) as file:
        listed = file.read()
    for folder, _, names in os.walk(PACKAGING):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), ROOT)
            assert path in listed, path
    assert ' .pre-commit-hooks.yaml' in listed


# --- make install ---

def test_what_is_installed_runs_wherever_it_was_put():
    if not os.path.exists(os.path.join(ROOT, 'Makefile')):
        raise Skip('built elsewhere')
    with Place({}, program=False) as place:
        staged, moved = os.path.join(place.base, 'put here'), os.path.join(place.base, 'moved')
        made = subprocess.run(['make', '-s', '-C', ROOT, 'install', 'DESTDIR=' + staged], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
        assert made.returncode == 0, made.stdout.decode()[-2000:]
        os.rename(staged, moved)
        [bin_] = [folder for folder, _, names in os.walk(moved) if 'pilothouse' in names and os.path.basename(folder) == 'bin']
        link = os.path.join(place.base, 'link')
        os.symlink(os.path.join(bin_, 'ph'), link)
        env = {k: v for k, v in place.env().items() if k != 'PILOTHOUSE_DATA'}
        for program in (os.path.join(bin_, 'pilothouse'), os.path.join(bin_, 'ph'), link):
            for words in (['kinds', 'list'], ['lint'], ['get', 'hosts'], ['policy', 'list'], ['parse', 'why is the disk full on this host']):
                done = subprocess.run([program, *words], env=env, cwd='/', stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
                assert done.returncode == 0, (program, words, done.stdout)
        rules = json.loads(subprocess.run([link, 'policy', 'list', '-o', 'json'], env=env, cwd='/', stdout=subprocess.PIPE, timeout=60).stdout)['rules']
        assert all(rule['file'].startswith(moved) for rule in rules), rules
        files = [os.path.relpath(os.path.join(folder, name), moved) for folder, _, names in os.walk(moved) for name in names]
        for ending in ('man1/pilothouse.1', 'completions/pilothouse', 'site-functions/_pilothouse', 'pilothouse.fish'):
            assert any(name.endswith(ending) for name in files), ending


screenpty.run_tests(globals())
