#!/usr/bin/env python3
"""Agents and findings of an audit as kinds: `get agents`, `get findings`, one finding with its lines. What is shown comes out of the lake, and the lake may
be anybody's: it leads to no file outside the tree, and no byte of a secret is shown."""
import json, os, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from agenttree import *


def table(tree, kind, *args, cwd=None):
    done = tree.run('get', kind, '-o', 'json', *args, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return [dict(row['cells'], name=row['name'], account=row['account']) for row in json.loads(done.stdout)['rows']]


def entries(tree):
    """latest.json of each agent, and its path."""
    lake = tree.path('evidence_lake')
    for name in os.listdir(lake):
        path = os.path.join(lake, name, 'latest.json')
        if os.path.exists(path):
            with open(path) as file:
                yield path, json.load(file)


def rewrite(path, entry):
    with open(path, 'w') as file:
        json.dump(entry, file)


def test_without_an_audit_it_says_how_to_make_one():
    with Tree(fleet()) as tree:
        done = tree.run('get', 'agents')
        assert done.returncode and not done.stdout and b'pilothouse report' in done.stderr, done


def test_agents_of_the_last_audit():
    with Tree(fleet(3, 1)) as tree:
        report = json.loads(tree.run('report', '-o', 'json').stdout)
        agents = {a['name']: a for a in table(tree, 'agents')}
        assert {a['path']: a['framework'] for a in report['agents']} == {n: a['framework'] for n, a in agents.items()}
        for told in report['agents']:
            shown = agents[told['path']]
            assert shown['score'] == told['score'] and shown['brain'] == told['brain'], (shown, told)
            for column, name in (('secret', 'secret'), ('arch', 'architecture'), ('policy', 'policy')):
                assert shown[column] == told['findings'][name], (shown, told)
        assert agents['agents/a00']['worst'] == 'critical' and agents['agents/a00']['account'] == tree.root, agents


def test_findings_and_their_matrix():
    with Tree(fleet(3, 2)) as tree:
        report = json.loads(tree.run('report', '-o', 'json').stdout)
        rows = {r['fingerprint']: r for r in table(tree, 'findings')}
        assert set(rows) == {f['fingerprint'] for f in report['findings']} and rows
        for finding in report['findings']:
            row = rows[finding['fingerprint']]
            assert row['where'] == '%s:%d' % (finding['path'], finding['line']), row
            for key in ('severity', 'rule', 'persona', 'fixability', 'class'):
                assert row[key] == finding[key], (key, row, finding)
            assert row['source'].split() == finding['source'], row
        for key, value in (('persona', 'SecOps'), ('severity', 'critical'), ('class', 'secret'), ('fixability', '1-Click'), ('source', 'OWASP-LLM02')):
            shown = {r['fingerprint'] for r in table(tree, 'findings', '--filter', '%s ~ "%s"' % (key, value))}
            assert shown == {f['fingerprint'] for f in report['findings'] if value in f[key]}, (key, shown)


def test_suppressed_ones_are_counted_and_not_listed():
    files = fleet(1, 1)
    files['agents/a00/agent.py'] = files['agents/a00/agent.py'].replace('TOKEN = "', '# cockpit-ignore: SEC001 owner=ana reason="revoked" until=2199-01-01\nTOKEN = "')
    with Tree(files) as tree:
        tree.run('report')
        agent = table(tree, 'agents')[0]
        assert agent['suppressed'] == 1 and agent['secret'] == 0, agent
        assert not [r for r in table(tree, 'findings') if r['class'] == 'secret']


def test_files_of_no_agent_have_a_row():
    with Tree(dict(fleet(1, 0), **{'ops/notes.txt': 'token %s\n' % github_token(7)})) as tree:
        tree.run('report')
        rows = {a['name']: a for a in table(tree, 'agents')}
        assert rows['(none)']['secret'] == 1 and rows['(none)']['score'] is None, rows
        assert [f['agent'] for f in table(tree, 'findings') if f['class'] == 'secret'] == ['(none)']


def test_fleet_path_and_account():
    with Tree(fleet()) as tree:
        tree.run('report')
        assert len(table(tree, 'fleet', '--account', tree.root, cwd=tree.home)) == 3
        assert tree.run('config', 'set', 'fleet.path', tree.root).returncode == 0
        assert len(table(tree, 'agents', cwd=tree.home)) == 3
        done = tree.run('get', 'agents', '--account', tree.path('none'))
        assert done.returncode and b'none' in done.stderr, done


def describe(tree, finding):
    done = tree.run('describe', 'findings', finding, '-o', 'json')
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def test_lines_in_context_hide_every_secret():
    other = github_token(50)
    files = fleet(1, 1)
    files['agents/a00/agent.py'] += 'SECOND = "%s"\n' % other
    with Tree(files) as tree:
        tree.run('report')
        finding = [f for f in table(tree, 'findings') if f['class'] == 'secret'][0]
        shown = describe(tree, finding['fingerprint'])
        assert 'TOKEN = \\"••••\\"' in shown and 'SECOND = \\"••••\\"' in shown and 'import os' in shown, shown
        for token in (github_token(0), other):
            for at in range(4, len(token) - 6):
                assert token[at:at + 6] not in shown, (token[at:at + 6], shown)


def test_secrets_that_came_after_the_audit_are_hidden():
    with Tree(fleet(1, 1)) as tree:
        tree.run('report')
        finding = [f for f in table(tree, 'findings') if f['class'] == 'secret'][0]
        token = github_token(60)
        tree.write('agents/a00/agent.py', 'NEW = "%s"\n' % token + tree.read('agents/a00/agent.py').decode())
        shown = describe(tree, finding['fingerprint'])
        assert 'NEW = ' in shown and token[4:12] not in shown and github_token(0)[4:12] not in shown, shown


def test_utf16_is_shown_as_text_and_hidden():
    with Tree(dict(fleet(1, 0), **{'agents/a00/notes.txt': ('first\ntoken %s\nlast\n' % github_token(3)).encode('utf-16')})) as tree:
        tree.run('report')
        finding = [f for f in table(tree, 'findings') if f['class'] == 'secret'][0]
        shown = describe(tree, finding['fingerprint'])
        assert 'first' in shown and 'last' in shown and '••••' in shown and github_token(3)[4:12] not in shown, shown


def test_a_lake_leads_nowhere_else():
    """Its path is text of whoever wrote it: no way out of the tree, and no link."""
    with Tree(fleet(1, 1)) as tree:
        tree.run('report')
        outside = os.path.join(tree.base, 'outside')
        with open(outside, 'w') as file:
            file.write('nothing of this is shown\n')
        os.symlink(outside, tree.path('agents/a00/link.py'))
        os.symlink(tree.base, tree.path('agents/folder'))
        finding = [f for f in table(tree, 'findings') if f['class'] == 'secret'][0]['fingerprint']
        path, entry = next((p, e) for p, e in entries(tree) if e['findings'])
        for bad in ('../outside', outside, 'agents/a00/link.py', 'agents/folder/outside', 'agents/../../outside', '', '..', 'agents', 'agents/a00/none.py'):
            for row in entry['findings']:
                row['path'] = bad
            rewrite(path, entry)
            assert 'nothing of this' not in describe(tree, finding), bad


def test_a_lake_that_means_harm():
    """Escapes in its texts reach no terminal; a pipe in place of a file does not hold anybody up."""
    with Tree(fleet(2, 1)) as tree:
        tree.run('report')
        path, entry = next((p, e) for p, e in entries(tree) if e['findings'])
        entry['agent']['brain'] = entry['agent']['framework'] = '\x1b[2Jbad\u202e'
        for row in entry['findings']:
            row['message'] = row['rule'] = row['path'] = row['redacted'] = '\x1b]0;bad\x07\u202e'
        rewrite(path, entry)
        for args in (('get', 'agents', '-o', 'wide'), ('get', 'findings', '-o', 'wide'), ('get', 'findings', '-o', 'json'),
                     ('describe', 'findings', entry['findings'][0]['fingerprint'])):
            done = tree.run(*args)
            assert b'bad' in done.stdout and b'\x1b' not in done.stdout and '\u202e'.encode() not in done.stdout, (args, done.stdout)
        index = tree.path('evidence_lake/index.json')
        os.unlink(index)
        os.mkfifo(index)
        assert tree.run('get', 'agents', timeout=20).returncode
        os.unlink(path)
        os.mkfifo(path)
        assert tree.run('describe', 'agents', 'agents/a00', timeout=20).returncode


def test_a_broken_lake_is_told():
    with Tree(fleet(3, 1)) as tree:
        tree.run('report')
        path, _ = next(entries(tree))
        with open(path, 'w') as file:
            file.write('{')
        done = tree.run('get', 'agents')
        assert b'lake' in done.stderr and b'audit again' in done.stderr, done
        with open(tree.path('evidence_lake/index.json'), 'w') as file:
            file.write('[')
        done = tree.run('get', 'agents')
        assert done.returncode and b'pilothouse report' in done.stderr, done


screenpty.run_tests(globals())
