#!/usr/bin/env python3
"""Audits in the console: the lake's agents at once, an audit by a key, findings, the line in its file, the trend, healing through the gate and back."""
import json, os, re, subprocess, sys, time
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), 'data')]
from screenpty import *

from agenttree import Tree, fleet, github_token

AGENT = 'agents/a00/agent.py'


def start(tree, *args, **options):
    console = Console(*args, files={'config.yaml': 'fleet: {path: "%s"}\n' % tree.root}, **options)
    console.wait_for('link ok')
    return console


def audit_first(tree):
    done = tree.run('report')
    assert done.returncode == 1, (done.returncode, done.stderr)


def line(console, text):
    return console.screen.lines()[console.line_of(text)]


def shows_no_secret(console, *tokens):
    shown = console.dump()
    for token in tokens:
        for at in range(4, len(token) - 6):
            assert token[at:at + 6] not in shown, shown


def test_an_audit_by_a_key():
    with Tree(fleet(3, 1)) as tree, start(tree) as console:
        console.send('F')
        console.wait_for('no audit of')
        console.send('r')
        console.wait_for('3 agents in')
        console.wait_for('agents/a00')
        assert 'langgraph' in line(console, 'agents/a00') and 'critical' in line(console, 'agents/a00'), console.dump()
        assert os.path.exists(tree.path('evidence_lake/index.json'))
        assert re.search(r' {2}ro off', console.screen.lines()[0]), console.screen.lines()[0]  # a long path does not touch it


def test_the_lake_is_shown_without_an_audit():
    with Tree(fleet(3, 1)) as tree:
        audit_first(tree)
        before = os.stat(tree.path('evidence_lake/index.json')).st_mtime_ns
        with start(tree) as console:
            console.send(':', 'fleet', '<Enter>')
            console.wait_for('agents/a02')
            console.wait_for('age')
        assert os.stat(tree.path('evidence_lake/index.json')).st_mtime_ns == before


def test_down_to_the_line():
    with Tree(fleet(3, 1)) as tree:
        audit_first(tree)
        with start(tree) as console:
            console.send('F')
            console.wait_for('agents/a00')
            console.send('<Enter>')
            console.wait_for('SEC001/github')
            console.wait_for('findings of agent agents/a00')
            console.send('/', 'class == secret', '<Enter>')
            console.wait_for('1 of ')
            console.send('<Enter>')
            console.wait_for('TOKEN = "••••"')
            assert line(console, 'TOKEN').lstrip().startswith('>'), console.dump()
            console.wait_for('SecOps, 1-Click; fix:')
            console.wait_for(AGENT + ':4')
            shows_no_secret(console, github_token(0))


def test_filters_of_the_matrix():
    with Tree(fleet(3, 2)) as tree:
        audit_first(tree)
        rows = json.loads(tree.run('get', 'findings', '-o', 'json').stdout)['rows']
        for key in ('persona', 'severity', 'class', 'fixability', 'source'):
            value = rows[0]['cells'][key].split()[0]
            count = sum(value in r['cells'][key] for r in rows)
            with start(tree) as console:
                console.send(':', 'findings /%s ~ "%s"' % (key, value), '<Enter>')
                console.wait_for('%d of %d' % (count, len(rows)) if count < len(rows) else '%s ~' % key)
                console.wait_for(' %d ' % len(rows))


def test_a_wide_screen_shows_the_file_beside():
    with Tree(fleet(3, 1)) as tree:
        audit_first(tree)
        with start(tree, columns=200, rows=50) as console:
            console.send(':', 'findings', '<Enter>')
            console.wait_for('TOKEN = "••••"')
            shows_no_secret(console, github_token(0))


def test_another_folder():
    with Tree(fleet(2, 1)) as tree, Tree(fleet(5, 0)) as other, start(tree) as console:
        console.send(':', 'report ' + other.root, '<Enter>')
        console.wait_for('5 agents in')
        console.wait_for('agents/a04')
        console.send(':', 'report ' + other.path('none'), '<Enter>')
        console.wait_for('No such file')


def test_rows_of_one_folder_are_none_of_another():
    """The last known rows are kept by folder: where no audit is, nothing is shown for one."""
    with Tree(fleet(3, 1)) as tree, Tree(fleet(2, 0)) as other:
        audit_first(tree)
        with start(tree) as console:
            console.send('F')
            console.wait_for('agents/a02')
            home = console.home
            with Console(home=home, env={'PILOTHOUSE_FLEET_PATH': other.root}) as second:
                second.wait_for('link ok')
                second.send(':', 'agents', '<Enter>')
                second.wait_for('no audit of')
                assert 'agents/a0' not in second.dump(), second.dump()


def test_a_lake_is_no_link_of_the_console():
    with Tree(fleet(1, 1)) as tree:
        audit_first(tree)
        with start(tree) as console:
            console.wait_for('Saturation')
            assert tree.root not in console.screen.lines()[0], console.dump()
            console.send('F')
            console.wait_for('agents/a00')
            assert 'link ok' in console.screen.lines()[0], console.dump()


def test_trend():
    with Tree(fleet(1, 1)) as tree:
        audit_first(tree)
        tree.write(AGENT, fleet(1, 0)[AGENT])
        tree.run('report')
        history = [n for n in os.listdir(tree.path('evidence_lake')) if os.path.isdir(tree.path('evidence_lake/%s/history' % n))
                   and len(os.listdir(tree.path('evidence_lake/%s/history' % n))) == 2]
        assert history, 'two states of one agent'
        with start(tree) as console:
            console.send('F')
            console.wait_for('agents/a00')
            console.send('t')
            console.wait_for('each state it was seen in')
            rows = [line for line in console.screen.lines() if re.match(r'\s*20\d\d-', line)]
            assert len(rows) == 2 and ' 0 ' in rows[0] and 'critical' in rows[1], console.dump()


def open_finding(console, word):
    console.send(':', 'findings /%s' % word, '<Enter>')
    console.wait_for(' 1 of ')
    console.send('h')
    console.wait_for('0 of 1 approvals')


def test_heal_asks_first():
    with Tree(fleet(1, 1)) as tree:
        audit_first(tree)
        before = tree.read(AGENT)
        with start(tree) as console:
            open_finding(console, 'class == secret')
            shows_no_secret(console, github_token(0))
            console.send('<Enter>')
            console.wait_for('Approve', absent=True)
            assert tree.read(AGENT) == before
            assert not os.path.exists(tree.path('agents/a00/.env.example'))


def test_heal_and_undo():
    with Tree(fleet(1, 1)) as tree:
        audit_first(tree)
        before = tree.read(AGENT)
        with start(tree) as console:
            open_finding(console, 'class == secret')
            console.send('<C-y>')
            console.wait_for('done')
            healed = tree.read(AGENT)
            assert healed != before and github_token(0).encode() not in healed and b'os.environ' in healed, healed
            compile(healed, AGENT, 'exec')
            console.send('<Esc>')
            console.wait_for('nothing matches the filter')  # the folder was audited again, without a key
            console.send('u')
            console.wait_for('0 of 1 approvals')
            console.send('<C-y>')
            deadline = time.monotonic() + 30
            while tree.read(AGENT) != before and time.monotonic() < deadline:
                console.read(0.05)
            assert tree.read(AGENT) == before, console.dump()
            console.send('<Esc>')
            console.wait_for(' 1 of ')


def test_an_audit_is_stopped_by_a_key():
    with Tree(fleet(300, 100)) as tree, start(tree) as console:
        console.send('F')
        console.wait_for('r audits it now')
        console.send('rX')
        console.wait_for(re.compile('cancelled|stopped'))
        assert not os.path.exists(tree.path('evidence_lake/index.json')), 'what was stopped is no audit'
        console.send('X')
        console.wait_for('no audit is under way')
        console.send('r')
        console.wait_for('300 agents in')


def test_a_file_that_changed_is_healed_anew_only():
    """The edits are places in the file as it was: neither approved nor planned again for the file of now, and nothing of it is shown."""
    with Tree(fleet(1, 1)) as tree:
        audit_first(tree)
        with start(tree) as console:
            open_finding(console, 'class == secret')
            new = github_token(80)
            tree.write(AGENT, 'OTHER = "%s"\n' % new + tree.read(AGENT).decode())
            before = tree.read(AGENT)
            console.send('<C-y>')
            console.wait_for('changed')
            shows_no_secret(console, new, github_token(0))
            console.send('<C-r>')
            console.wait_for('ask for it again')
            console.send('<C-y>')
            console.settle()
            shows_no_secret(console, new, github_token(0))
            assert tree.read(AGENT) == before


def test_what_is_structural_is_told():
    """A finding that is gone, or that no edit mends, makes no plan."""
    with Tree(fleet(1, 1)) as tree:
        audit_first(tree)
        with start(tree) as console:
            console.send(':', 'findings /class == secret', '<Enter>')
            console.wait_for(' 1 of ')
            tree.write(AGENT, fleet(1, 0)[AGENT])
            console.send('h')
            console.wait_for('nothing here can be mended')


def test_read_only_heals_nothing():
    with Tree(fleet(1, 1)) as tree:
        audit_first(tree)
        before = tree.read(AGENT)
        with start(tree, '--read-only') as console:
            console.send(':', 'findings /class == secret', '<Enter>')
            console.wait_for(' 1 of ')
            console.send('h')
            console.wait_for('planning', absent=True)
            console.send('<C-y>')
            console.settle()
            assert tree.read(AGENT) == before


run_tests(globals())
