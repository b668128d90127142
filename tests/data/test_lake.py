#!/usr/bin/env python3
"""`lake` as its users call it, on lakes that `report` wrote: listed, shown, asked, followed, with files that are damaged."""
import json, os, subprocess, sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_report import CLEAN_AGENT, Tree, github_token
import screenpty


class Lake(Tree):
    """A tree of two agents, one with a secret, that was audited three times."""

    def __init__(self):
        super().__init__({'bots/a/agent.py': CLEAN_AGENT, 'bots/b/agent.py': CLEAN_AGENT})
        self.run()
        self.write('bots/a/agent.py', CLEAN_AGENT + 'T = "%s"\n' % github_token())
        self.run()
        self.write('bots/a/agent.py', CLEAN_AGENT + 'T = "%s"\nU = "%s"  # cockpit-ignore: SEC owner=ana reason="rotated" until=2199-01-01\n' %
                   (github_token(), github_token(2)))
        self.run()

    def lake(self, *args, code=0, env=None):
        done = subprocess.run([screenpty.PROGRAM, 'lake', *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.root,
                              env=dict(self.env(), **(env or {})), text=True, timeout=120)
        assert done.returncode == code, (args, done)
        return done

    def rows(self, *args):
        return json.loads(self.lake(*args, '-o', 'json').stdout)

    def folder(self, path):
        agents = json.load(open(self.path('evidence_lake/index.json')))['agents']
        return self.path('evidence_lake/' + [a['hash'] for a in agents if a['path'] == path][0])


def test_list_says_what_report_says():
    with Lake() as lake:
        agents = {a['path']: a for a in lake.rows('list')['agents']}
        told = {a['path']: a for a in lake.json()['agents']}
        a = agents['bots/a']
        assert a['secret'] == 1 and a['architecture'] == 0 and a['score'] == told['bots/a']['score'] < 100, a
        assert a['score_before'] == a['score'] and agents['bots/b']['score_before'] is None, agents
        lines = lake.lake().stdout.splitlines()
        assert lines[0].split()[:5] == ['AGENT', 'FRAMEWORK', 'SCORE', 'TREND', 'SECRETS'], lines
        row = [line.split() for line in lines if line.startswith('bots/a ')][0]
        assert row[2:5] == [str(a['score']), '=', '1'], row


def test_show_gives_the_entry_as_it_lies_there():
    with Lake() as lake:
        entry = json.load(open(lake.folder('bots/a') + '/latest.json'))
        for name in ('bots/a', entry['agent']['hash'], entry['agent']['hash'][:9]):
            assert lake.rows('show', name) == entry, name
        text = lake.lake('show', 'bots/a').stdout
        assert 'bots/a/agent.py:3' in text and '; suppressed' in text and github_token() not in text, text
        assert 'several agents' in lake.lake('show', 'bots', code=3).stderr
        assert 'lake list' in lake.lake('show', 'nothing', code=1).stderr


def test_query_by_flags_and_by_expression():
    with Lake() as lake:
        one = lake.rows('query')['findings']
        assert [(f['agent'], f['line'], f['class']) for f in one if f['class'] == 'secret'] == [('bots/a', 3, 'secret')], one
        assert [f['line'] for f in lake.rows('query', '--all', '--class', 'secret')['findings']] == [3, 4]
        assert lake.rows('query', '--rule', 'SEC', '--agent', 'bots/a', '--severity', 'high,critical')['findings'][0]['line'] == 3
        assert lake.rows('query', '--agent', 'bots/b', '--class', 'secret')['findings'] == []
        assert lake.rows('query', '--rule', 'REL')['findings'] == [f for f in one if f['rule'].startswith('REL')]
        assert [f['line'] for f in lake.rows('query', 'line > 3 and class == secret', '--all')['findings']] == [4]
        assert lake.rows('query', 'agent ~ "b$"', '--class', 'secret')['findings'] == []
        assert lake.rows('query', '--since', '1h', '--class', 'secret')['findings'] and not lake.rows('query', '--since', '2199-01-01')['findings']
        csv = lake.lake('query', '--class', 'secret', '-o', 'csv').stdout
        assert csv.splitlines()[0].startswith('SEVERITY,RULE,AGENT') and 'bots/a/agent.py:3' in csv, csv
        lines = lake.lake('query', '--all', '--class', 'secret', '-o', 'jsonl').stdout.splitlines()
        assert [json.loads(line)['line'] for line in lines] == [3, 4], lines


def test_a_question_that_cannot_be_answered_says_so():
    with Lake() as lake:
        assert 'critical, high, medium, low or info' in lake.lake('query', '--severity', 'bad', code=3).stderr
        assert 'secret, architecture or policy' in lake.lake('query', '--class', 'secret,bad', code=3).stderr
        assert 'no column "nothing"' in lake.lake('query', 'nothing > 3', code=3).stderr
        assert 'one expression' in lake.lake('query', 'a', 'b', code=3).stderr
        assert "no 'nothing'" in lake.lake('nothing', code=3).stderr
        done = lake.lake('--lake', 'elsewhere', code=1)
        assert 'no evidence lake at elsewhere' in done.stderr and 'report' in done.stderr, done


def test_trend_follows_the_score():
    with Lake() as lake:
        states = lake.rows('trend', 'bots/a')['states']
        assert [s['secret'] for s in states] == [0, 1, 1] and states[0]['score'] > states[1]['score'] == states[2]['score'], states
        assert [s['observed_at'] for s in states] == sorted(s['observed_at'] for s in states)
        assert lake.rows('show', 'bots/a', '--history')['states'] == states
        fleet = {a['path']: a for a in lake.rows('trend')['agents']}
        assert (fleet['bots/a']['states'], fleet['bots/a']['first_score']) == (3, states[0]['score']) and fleet['bots/b']['states'] == 1, fleet
        change = '%+d' % (states[2]['score'] - states[0]['score'])
        assert change in lake.lake('trend').stdout, change


def test_what_is_damaged_is_named_and_passed_over():
    with Lake() as lake:
        a, b = lake.folder('bots/a'), lake.folder('bots/b')
        whole = open(a + '/latest.json').read()
        harms = [('{', 'no JSON'), ('[]', 'schema'), (whole.replace('"schema":1', '"schema":2'), 'schema'), (whole[:-30], 'JSON'), ('', 'JSON'),
                 (open(b + '/latest.json').read(), 'another agent'), (whole.replace('"observed_ns":', '"x":'), 'when'), (whole.replace('"score":', '"score":-'), 'score'),
                 ('[' * 100000, ''), (whole.replace('"findings":[', '"findings":{"a":[') + '}', '')]
        for text, why in harms:
            with open(a + '/latest.json', 'w') as file:
                file.write(text)
            done = lake.lake('list')
            assert 'bots/b' in done.stdout and 'bots/a' not in done.stdout, (text[:40], done)
            assert os.path.basename(a) + '/latest.json' in done.stderr and why in done.stderr, (text[:40], done.stderr)
            rows = lake.rows('query')
            assert len(rows['passed_over']) == 1, rows
        os.unlink(a + '/latest.json')
        os.mkfifo(a + '/latest.json')  # opening it would hang
        assert 'plain file' in lake.lake('list').stderr
        os.unlink(a + '/latest.json')
        os.symlink('/etc/passwd', a + '/latest.json')
        assert 'plain file' in lake.lake('list').stderr
        os.unlink(a + '/latest.json')
        os.symlink('/', lake.path('evidence_lake/' + 'e' * 32))
        assert lake.lake('list').stderr.count('passed over') == 2


def test_hostile_names_and_words_reach_no_terminal():
    with Lake() as lake:
        path = lake.folder('bots/a') + '/latest.json'
        entry = json.load(open(path))
        entry['agent']['path'] = 'a\x1b[31m\u202e\nb'
        entry['findings'][0]['message'] = '\x1b]0;owned\x07'
        json.dump(entry, open(path, 'w'))
        for args in (['list'], ['query', '--all'], ['show', entry['agent']['hash']], ['trend']):
            text = lake.lake(*args).stdout
            assert '\x1b' not in text and '\u202e' not in text and '\x07' not in text, (args, text)


if __name__ == '__main__':
    screenpty.run_tests(globals())
