#!/usr/bin/env python3
"""docs/report.schema.json against what `report --format json` really prints, and docs/report.md against the program."""
import copy, json, os, re, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from agenttree import *
from smallschema import problems
from screenpty import Skip


def document(name):
    with open(os.path.join(ROOT, 'docs', name)) as file:
        return file.read()


SCHEMA = json.loads(document('report.schema.json'))


def files():
    all_of_it = fleet(4, 2)
    all_of_it['agents/a00/Dockerfile'] = 'FROM python:latest\nCMD ["python"]\n'
    all_of_it['agents/a01/cockpit.yaml'] = 'entry_point: agent.py\nthreshold: 99\nowner: team-a\nignores:\n  - {rule: REL, reason: "known", until: 2199-01-01}\n'
    all_of_it['agents/a02/pair.py'] = ('# cockpit-ignore: SEC owner=ana reason="fixture" until=2199-01-01\n' 'TOKEN = "%s"\n' % github_token(40))
    all_of_it['agents/a03/requirements.txt'] = 'openai\nrequests==2.31.0\n'
    all_of_it['ops/token.txt'] = 'token %s\n' % github_token(41)
    return all_of_it


def report(tree, *args):
    done = tree.run('report', '--format', 'json', *args)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def check(value):
    found = list(problems(value, SCHEMA))
    assert not found, found[:20]


def test_what_is_printed_is_what_the_schema_says():
    with Tree(files()) as tree:
        first = report(tree)
        assert first['agents'] and first['findings'] and first['suppressed'] and first['exit'] == 1, first['summary']
        check(first)
        again = report(tree)
        assert any(agent['unchanged'] for agent in again['agents']), 'out of the lake'
        check(again)
        with open(os.path.join(tree.base, 'baseline.json'), 'w') as file:
            json.dump(first, file)
        known = report(tree, '--baseline', os.path.join(tree.base, 'baseline.json'))
        assert known['exit'] == 0 and any(f['state'] == 'baseline' for f in known['suppressed']), known
        check(known)
        check(report(tree, '--dependencies', '--no-lake'))


def test_an_empty_folder_and_what_cannot_be_read():
    with Tree() as tree:
        check(report(tree))
        os.mkfifo(tree.path('fifo'))
        check(report(tree))
        tree.write('cockpit.yaml', 'a: [')
        bad = report(tree)
        assert bad['exit'] == 3 and any(note['failed'] for note in bad['summary']['notes']), bad
        check(bad)


def test_history_too():
    with Tree({'a.txt': 'token %s\n' % github_token(50)}) as tree:
        for args in (['init', '-q', '.'], ['add', '-A'], ['-c', 'user.name=t', '-c', 'user.email=t@example.com', 'commit', '-qm', 'x']):
            if subprocess.run(['git', *args], cwd=tree.root, stdout=subprocess.DEVNULL).returncode:
                raise Skip('no git here')
        tree.write('a.txt', 'clean\n')
        found = report(tree, '--history')
        assert found['findings'], found
        check(found)


def test_the_schema_can_fail():
    """A field left out, a wrong word, a new field: each is noticed."""
    with Tree(files()) as tree:
        good = report(tree)
    for path, value in ((('exit',), 4), (('findings', 0, 'severity'), 'bad'), (('findings', 0, 'class'), 1), (('findings', 0, 'new'), ''), (('agents', 0, 'score'), 101),
                        (('agents', 0, 'hash'), 'x'), (('summary', 'started_at'), 'now'), (('summary', 'by_severity', 'worst'), 1), (('findings', 0, 'line'), None)):
        bad = copy.deepcopy(good)
        at = bad
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = value
        assert list(problems(bad, SCHEMA)), path
    for name in SCHEMA['required']:
        bad = {k: v for k, v in good.items() if k != name}
        assert list(problems(bad, SCHEMA)), name


def test_a_validator_of_others_agrees():
    try:
        import jsonschema
    except ImportError:
        raise Skip('no python3-jsonschema here')
    if not hasattr(jsonschema, 'Draft202012Validator'):
        raise Skip('this jsonschema knows no 2020-12')
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    with Tree(files()) as tree:
        jsonschema.Draft202012Validator(SCHEMA).validate(report(tree))


def test_the_document_names_every_option():
    said = subprocess.run([screenpty.PROGRAM, 'report', '--help'], env=dict(os.environ, PILOTHOUSE_DATA=ROOT), capture_output=True, text=True).stdout
    text = document('report.md') + document('registry.md')
    for option in re.findall(r'^ +(--[a-z-]+)', said, re.M):
        assert option in text, option


def test_settings_of_the_document_do_what_it_says():
    """The cockpit.yaml shown there, on a tree: every key of it is read."""
    text = document('report.md')
    top = re.search(r'```yaml\n(# cockpit\.yaml\n.*?)```', text, re.S)[1]
    config = re.search(r'```yaml\n(# agents/billing/cockpit\.yaml\n.*?)```', text, re.S)[1].replace('2027-', '2199-')
    agent = 'from openai import OpenAI\nclient = OpenAI()\ndef run(q):\n    return client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": q}])\n'
    tree_files = {'cockpit.yaml': top, 'third_party/key.py': 'K = "%s"\n' % github_token(72), 'agents/billing/cockpit.yaml': config, 'agents/billing/src/main.py': agent, 'agents/billing/prompts/a.txt': 'be kind\n',
                  'agents/billing/fixtures/key.py': 'K = "%s"\n' % github_token(70), 'agents/billing/other/key.py': 'K = "%s"\n' % github_token(71)}
    with Tree(tree_files) as tree:
        found = report(tree)
        assert [a['path'] for a in found['agents']] == ['agents/billing'] and found['agents'][0]['brain'] == 'agents/billing/src/main.py', found['agents']
        assert found['agents'][0]['threshold'] == 80, found['agents']
        paths = {f['path'] for f in found['findings'] + found['suppressed']}
        assert not any('fixtures' in p or 'other' in p or 'third_party' in p for p in paths), 'excluded, and no target: %s' % paths
        assert not any(f['id'] == 'GOV001' for f in found['findings']), 'it has an owner'
        assert any(f['why'].endswith('cockpit.yaml') or 'cockpit.yaml' in f['why'] for f in found['suppressed']), found['suppressed']
        for key in ('entry_point', 'targets', 'exclude', 'threshold', 'max_fix_files', 'exclude_checks', 'ignores', 'owner', 'regions'):
            assert re.search(r'^%s:' % key, top + config, re.M) and '`%s`' % key in text, key


screenpty.run_tests(globals())
