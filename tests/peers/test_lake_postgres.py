#!/usr/bin/env python3
# peers: protocols postgres
"""`lake push` to a real PostgreSQL: tables made when they are missing, nothing said twice, several senders at once, errors in words."""
import json, os, shutil, subprocess, sys, urllib.parse, uuid
sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'data'))
from test_lake import Lake
from test_lake_push import output
from test_report import CLEAN_AGENT, Tree, github_token
import screenpty
from screenpty import Skip

URL = os.environ.get('PILOTHOUSE_POSTGRES_URL')
PSQL = shutil.which('psql') or next((p for p in ('/usr/lib/postgresql/%d/bin/psql' % v for v in range(30, 11, -1)) if os.path.exists(p)), None)


def sql(text, url=None):
    done = subprocess.run([PSQL, '-X', '-q', '-A', '-t', '-F', '|', '-v', 'ON_ERROR_STOP=1', url or URL], input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [tuple(line.split('|')) for line in done.stdout.splitlines() if line]


class Database:
    """One of its own on the peer, with its URL."""

    def __enter__(self):
        if not URL or not PSQL:
            raise Skip('no PostgreSQL server' if not URL else 'no psql to look into the database')
        self.name = 'evidence_' + uuid.uuid4().hex[:12]
        sql('CREATE DATABASE %s' % self.name)
        self.url = urllib.parse.urlunsplit(urllib.parse.urlsplit(URL)._replace(path='/' + self.name))
        return self

    def __exit__(self, *_):
        sql('DROP DATABASE %s WITH (FORCE)' % self.name)

    def rows(self, text):
        return sql(text, self.url)


def push(lake, url, *args, code=0, env=None):
    return lake.lake('push', url, '--tree', 'one', '--approve', '-o', 'json', *args, code=code, env=env)


def check_whole(lake, database, tree='one'):
    """Every state and every finding of it, as they lie in the lake."""
    states, agents = {}, {}
    for folder, _, names in os.walk(lake.path('evidence_lake')):
        for name in names:
            if name == 'index.json':
                continue
            entry = json.load(open(os.path.join(folder, name)))
            key = (entry['agent']['hash'], entry['content'])
            if key not in states or states[key]['observed_ns'] < entry['observed_ns']:
                states[key] = entry
            if name == 'latest.json':
                agents[entry['agent']['hash']] = entry
    told = database.rows("SELECT agent, content, observed_ns, score FROM evidence_lake.runs WHERE tree = '%s'" % tree)
    assert sorted(told) == sorted((a, c, str(e['observed_ns']), str(e['agent']['score'])) for (a, c), e in states.items()), told
    told = database.rows("SELECT hash, path, content, score FROM evidence_lake.agents WHERE tree = '%s'" % tree)
    assert sorted(told) == sorted((h, e['agent']['path'], e['content'], str(e['agent']['score'])) for h, e in agents.items()), told
    told = database.rows("SELECT agent, content, rule, severity, class, state, path, line FROM evidence_lake.findings WHERE tree = '%s'" % tree)
    wanted = [(a, c, f['rule'], f['severity'], f['class'], f['state'], f['path'], str(f['line'])) for (a, c), e in states.items() for f in e['findings']]
    assert sorted(told) == sorted(wanted) and wanted, (told, wanted)


def test_all_is_said_once():
    with Database() as database, Lake() as lake:
        assert output(push(lake, database.url))['sent'] >= 4
        check_whole(lake, database)
        assert not [r for r in database.rows('SELECT * FROM evidence_lake.findings') if github_token() in '|'.join(r)]
        assert output(push(lake, database.url))['sent'] == 0
        lake.write('bots/a/agent.py', CLEAN_AGENT)
        lake.run()
        assert output(push(lake, database.url))['sent'] > 0
        check_whole(lake, database)


def test_trees_lie_side_by_side():
    with Database() as database, Lake() as lake, Lake() as other:
        push(lake, database.url)
        other.write('bots/a/agent.py', CLEAN_AGENT + '# another\n')
        other.run()
        other.lake('push', database.url, '--tree', "it's two", '--approve')
        check_whole(lake, database)
        check_whole(other, database, "it''s two")  # quoted for SQL


def test_a_dry_run_makes_nothing():
    with Database() as database, Lake() as lake:
        dry = lake.lake('push', database.url, '--dry-run')
        assert '0 of' in dry.stdout and 'bots/a' in dry.stdout, dry.stdout
        assert not database.rows("SELECT 1 FROM pg_namespace WHERE nspname = 'evidence_lake'")


def test_senders_at_once_lose_nothing():
    lakes = []
    try:
        for i in range(5):
            lake = Tree({'own%d_%d/agent.py' % (i, k): CLEAN_AGENT for k in range(4)})
            lake.write('all/agent.py', CLEAN_AGENT + 'X = %d\nT = "%s"\n' % (i, github_token()))
            lake.run()
            lakes.append(lake)
        with Database() as database:
            running = [subprocess.Popen([screenpty.PROGRAM, 'lake', 'push', database.url, '--tree', 'one', '--approve'], cwd=lake.root, env=lake.env(), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE) for lake in lakes]
            for process in running:
                out, err = process.communicate(timeout=120)
                assert process.returncode == 0, (out, err)
            newest = max((json.load(open(lake.path('evidence_lake/%s/latest.json' % h))) for lake in lakes
                          for h in [a['hash'] for a in json.load(open(lake.path('evidence_lake/index.json')))['agents'] if a['path'] == 'all']), key=lambda e: e['observed_ns'])
            assert database.rows("SELECT content FROM evidence_lake.agents WHERE path = 'all'") == [(newest['content'],)]
            assert database.rows("SELECT count(*) FROM evidence_lake.runs r JOIN evidence_lake.agents a ON a.hash = r.agent WHERE a.path = 'all'") == [('5',)]
            assert database.rows('SELECT count(*) FROM evidence_lake.agents') == [('21',)]
            assert database.rows("SELECT count(*) FROM evidence_lake.findings WHERE class = 'secret'") == [('5',)]
    finally:
        for lake in lakes:
            shutil.rmtree(lake.base)


def test_a_state_the_database_cannot_take_is_named():
    with Database() as database, Lake() as lake:
        path = lake.folder('bots/a') + '/latest.json'
        entry = json.load(open(path))
        entry['observed_ns'] += 1
        entry['findings'][0]['line'] = 10 ** 30
        json.dump(entry, open(path, 'w'))
        done = push(lake, database.url)
        assert [p['file'].split('/')[-1] for p in output(done)['passed_over']] == ['latest.json'], done
        assert len(database.rows('SELECT 1 FROM evidence_lake.agents')) == 2
        assert len(database.rows('SELECT 1 FROM evidence_lake.runs')) == len([1 for f, _, names in os.walk(lake.path('evidence_lake')) for n in names if '/history' in f])


def test_errors_are_told_in_words():
    with Database() as database, Lake() as lake:
        parts = urllib.parse.urlsplit(URL)
        at = parts.netloc.split('@')[-1]
        done = push(lake, 'postgres://nobody_here@%s/postgres' % at, code=6)
        assert 'nobody_here' in done.stderr and 'PGPASSWORD' in done.stderr, done.stderr
        assert 'no_such_database' in push(lake, urllib.parse.urlunsplit(parts._replace(path='/no_such_database')), code=6).stderr
        done = push(lake, 'postgres://ana:hunter2@127.0.0.1:1/x', code=6)
        assert 'hunter2' not in done.stderr and 'refused' in done.stderr, done.stderr
        role = 'reader_' + uuid.uuid4().hex[:8]
        push(lake, database.url)
        sql('CREATE ROLE %s LOGIN' % role)
        try:
            database.rows('GRANT USAGE ON SCHEMA evidence_lake TO %s; GRANT SELECT ON ALL TABLES IN SCHEMA evidence_lake TO %s' % (role, role))
            lake.write('bots/a/agent.py', CLEAN_AGENT)
            lake.run()
            done = push(lake, 'postgres://%s@%s/%s' % (role, at, database.name), code=1)
            assert 'permission denied' in done.stderr, done.stderr
        finally:
            database.rows('DROP OWNED BY %s; DROP ROLE %s' % (role, role))


if __name__ == '__main__':
    screenpty.run_tests(globals())
