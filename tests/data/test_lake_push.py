#!/usr/bin/env python3
"""`lake push` to a store that checks signatures and fails as told, several senders at once, and what the gate makes of it; `lake prune`."""
import json, os, shutil, signal, subprocess, sys, tempfile, time
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_lake import Lake
from s3_server import KEY, SECRET, Store, first, http_date, says
from test_report import CLEAN_AGENT, Tree
import screenpty

TARGET = 's3://evidence/trees/one'


def push(lake, store, *args, code=0, target=TARGET, env=None, approve=True):
    return lake.lake('push', target, *(['--approve'] if approve else []), *args, code=code, env=dict(store.env(), **(env or {})))


def output(done):
    """What the run says of its only step."""
    return json.loads(done.stdout)['steps'][0]['output']


def local(lake, prefix='trees/one/'):
    found = {}
    for folder, _, names in os.walk(lake.path('evidence_lake')):
        for name in names:
            path = os.path.join(folder, name)
            found[prefix + os.path.relpath(path, lake.path('evidence_lake'))] = open(path, 'rb').read()
    return found


def check_whole(lake, store):
    """All files are there as they are here, and the index tells of each agent."""
    wanted = local(lake)
    index = wanted.pop('trees/one/index.json')
    assert {k: v for k, v in store.objects.items() if not k.endswith('/index.json')} == wanted
    hashes = {a['hash'] for a in json.loads(index)['agents'] if 'trees/one/%s/latest.json' % a['hash'] in wanted}
    assert {a['hash'] for a in json.loads(store.objects['trees/one/index.json'])['agents']} == hashes


# --- what is sent ---

def test_all_is_sent_once_and_signed():
    with Lake() as lake, Store() as store:
        done = output(push(lake, store, '-o', 'json'))
        check_whole(lake, store)
        assert done['sent'] == len(store.objects) - 1 and not store.blind and done['passed_over'] == [], done
        store.asked.clear()
        done = output(push(lake, store, '-o', 'json'))
        assert done['sent'] == 0 and done['already_there'] == len(store.objects) - 1, done
        assert not [a for a in store.asked if a[0] == 'PUT'], store.asked
        store.asked.clear()
        lake.write('bots/b/agent.py', CLEAN_AGENT + '# more\n')
        lake.run()
        done = output(push(lake, store, '-o', 'json'))
        sent = [p for m, p in store.asked if m == 'PUT']
        assert len([p for p in sent if '/history/' in p]) == 1 and sent[-1].endswith('/index.json') and done['sent'] == len(sent) - 1, (sent, done)
        check_whole(lake, store)


def test_names_and_pages_and_etags_of_other_stores():
    with Lake() as lake, Store(page=2, md5=False) as store:
        target = 's3://evidence/a b/ü+%'
        assert output(push(lake, store, '-o', 'json', target=target))['sent'] == 6
        assert all(name.startswith('a b/ü+%/') for name in store.objects), list(store.objects)
        done = output(push(lake, store, '-o', 'json', target=target))
        assert done['sent'] == 0 and done['already_there'] == 6, done


def test_what_was_seen_later_stays():
    with Lake() as lake, Store() as store:
        push(lake, store)
        name = [n for n in store.objects if n.endswith('latest.json')][0]
        newer = json.loads(store.objects[name])
        newer['observed_ns'] += 10 ** 18
        store.objects[name] = json.dumps(newer).encode()
        done = output(push(lake, store, '-o', 'json'))
        assert done['newer_there'] == 1 and json.loads(store.objects[name]) == newer, done
        store.objects[name] = b'{damaged'
        assert output(push(lake, store, '-o', 'json'))['sent'] == 1
        check_whole(lake, store)


def test_what_is_damaged_is_named_and_not_sent():
    with Lake() as lake, Store() as store:
        path = lake.folder('bots/a') + '/latest.json'
        with open(path, 'w') as file:
            file.write('{"half')
        done = push(lake, store, '-o', 'json')
        assert output(done)['passed_over'][0]['file'].endswith('/latest.json'), done.stdout
        assert 'passed over' in done.stderr and not [n for n in store.objects if n.endswith(os.path.basename(os.path.dirname(path)) + '/latest.json')]


# --- several at once ---

def test_senders_at_once_lose_nothing():
    """Each has agents of its own and one that all have, in states of their own; one store, one prefix."""
    lakes = []
    try:
        for i in range(6):
            lake = Tree({'all/agent.py': CLEAN_AGENT + 'X = %d\n' % i, **{'own%d_%d/agent.py' % (i, k): CLEAN_AGENT for k in range(5)}})
            lake.run()
            lakes.append(lake)
        with Store() as store:
            running = [subprocess.Popen([screenpty.PROGRAM, 'lake', 'push', TARGET, '--approve'], cwd=lake.root, env=dict(lake.env(), **store.env()),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for lake in lakes]
            for process in running:
                out, err = process.communicate(timeout=120)
                assert process.returncode == 0, (out, err)
            wanted, newest = {}, {}
            for lake in lakes:
                for name, data in local(lake).items():
                    if '/history/' in name:
                        wanted[name] = data
                    elif name.endswith('/latest.json'):
                        seen = json.loads(data)['observed_ns']
                        newest[name] = max(newest.get(name, (0, b'')), (seen, data))
            wanted.update({name: data for name, (_, data) in newest.items()})
            index = json.loads(store.objects['trees/one/index.json'])['agents']
            assert {k: v for k, v in store.objects.items() if not k.endswith('index.json')} == wanted
            assert sorted(a['path'] for a in index) == sorted(['all'] + ['own%d_%d' % (i, k) for i in range(6) for k in range(5)]), index
            assert not store.blind
    finally:
        for lake in lakes:
            shutil.rmtree(lake.base)


def test_a_sender_that_is_killed_is_made_good_by_the_next():
    with Lake() as lake:
        for stop_after in (1, 3, 5):
            with Store() as store:
                seen = []

                def hang(method, path):
                    if method != 'PUT':
                        return None
                    seen.append(path)
                    return (lambda handler: os.kill(running.pid, signal.SIGKILL)) if len(seen) > stop_after else None
                store.fault = hang
                running = subprocess.Popen([screenpty.PROGRAM, 'lake', 'push', TARGET, '--approve'], cwd=lake.root, env=dict(lake.env(), **store.env()),
                                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                running.communicate(timeout=60)
                assert running.returncode == -signal.SIGKILL, running.returncode
                store.fault = None
                push(lake, store)
                check_whole(lake, store)


# --- faults that pass ---

def test_what_passes_by_itself_is_tried_again():
    faults = [says(503, 'SlowDown'), says(500, 'InternalError'), says(429, 'TooManyRequests'), says(400, 'RequestTimeout'), lambda h: h.answer(502, b'<html>no gateway</html>'),
              lambda h: h.connection.shutdown(2)]
    with Lake() as lake:
        for fault in faults:
            with Store(fault=first(2, fault)) as store:
                push(lake, store)
                check_whole(lake, store)
    with Lake() as lake, Store() as store:
        counted = []

        def slow(method, path):
            counted.append(path)
            return says(503, 'SlowDown') if method == 'PUT' and len(counted) % 2 else None
        store.fault = slow
        done = push(lake, store, '-o', 'json')
        told = [line for line in done.stderr.splitlines() if ' agents; ' in line]
        assert output(done)['retries'] > 0 and 'slow or away' in told[-1] and len(told) == len(set(told)), done.stderr
        check_whole(lake, store)


def test_an_answer_that_is_lost_does_no_harm():
    with Lake() as lake, Store() as store:
        lost = set()

        def lose(method, path):
            if method != 'PUT' or path in lost:
                return None
            lost.add(path)
            return 'lose the answer'
        store.fault = lose
        push(lake, store)
        check_whole(lake, store)
        assert sorted(store.written) == sorted(set(store.written)), 'written twice'
        assert output(push(lake, store, '-o', 'json'))['sent'] == 0


# --- faults that do not, in words ---

def test_errors_are_told_in_words():
    with Lake() as lake:
        for fault, code, words in [
                (says(403, 'AccessDenied'), 1, ['may not', '403', 's3:PutObject']),
                (says(403, 'RequestTimeTooSkewed', [('Date', http_date(3630 - 60))]), 6, ['clock is 59 minutes behind']),
                (says(403, 'RequestTimeTooSkewed', [('Date', http_date(-7230))]), 6, ['clock is 120 minutes ahead']),
                (says(403, 'RequestTimeTooSkewed', [('Date', 'x')]), 6, ['clock', '15 minutes']),
                (says(403, 'ExpiredToken'), 6, ['has ended']),
                (says(301, 'PermanentRedirect', [('x-amz-bucket-region', 'ap-south-1')]), 3, ['ap-south-1', 'AWS_REGION']),
                (says(400, 'AuthorizationHeaderMalformed', [], '<Region>sa-east-1</Region>'), 3, ['AWS_REGION=sa-east-1']),
                (says(418, 'Strange\x1b[31m'), 3, ['418', 'as told']),
                (lambda h: h.answer(200, b'<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken></ListBucketResult>'), 1,
                 ['again and again']),
                (lambda h: h.answer(200, b'<html>hello</html>'), 1, ['AWS_ENDPOINT_URL'])]:
            with Store(fault=first(10 ** 6, fault)) as store:
                done = push(lake, store, code=code)
                for word in words:
                    assert word in done.stderr, (word, done.stderr)
                assert '\x1b' not in done.stderr and SECRET not in done.stderr and not store.objects
        with Store() as store:
            assert 'no bucket other' in push(lake, store, code=1, target='s3://other/x').stderr
            assert 'does not accept the signature' in push(lake, store, code=6, env={'AWS_SECRET_ACCESS_KEY': 'wrong'}).stderr
            assert 'does not know key' in push(lake, store, code=6, env={'AWS_ACCESS_KEY_ID': 'AKIDNOBODY'}).stderr
            assert 'set AWS_ACCESS_KEY_ID' in push(lake, store, code=6, env={'AWS_ACCESS_KEY_ID': '', 'AWS_SECRET_ACCESS_KEY': ''}).stderr
            assert 'pairs' in push(lake, store, code=6, env={'AWS_SECRET_ACCESS_KEY': ''}).stderr
            for target in ('s3://', 's3://a', 's3://evidence/../x', 's3://evidence//x', 'ftp://x/y', 'evidence', 's3://u@evidence/x'):
                assert push(lake, store, code=3, target=target).stderr, target
            assert not store.objects
        with Store() as store:  # conditions it does not know: nothing is written over others
            store.fault = lambda method, path: says(501, 'NotImplemented') if method == 'PUT' else None
            assert 'conditional writes' in push(lake, store, code=1).stderr


def test_a_store_that_is_not_there():
    with Lake() as lake, Store() as store:
        dead = 'http://127.0.0.1:1'
        done = push(lake, store, code=6, env={'AWS_ENDPOINT_URL': dead})
        assert '127.0.0.1:1' in done.stderr or 'refused' in done.stderr, done.stderr
        assert 'AWS_ENDPOINT_URL' in push(lake, store, code=3, env={'AWS_ENDPOINT_URL': 'nonsense'}).stderr


# --- who ---

def test_profiles_and_tokens():
    with Lake() as lake:
        aws = os.path.join(lake.home, '.aws')
        os.mkdir(aws)
        with open(aws + '/credentials', 'w') as file:
            file.write('# comment\n[default]\naws_access_key_id = no\naws_secret_access_key = no\n[work]\naws_access_key_id = %s\n aws_x=1\naws_secret_access_key=%s\n'
                       'aws_session_token = tok/en+1=\n' % (KEY, SECRET))
        with Store(token='tok/en+1=') as store:
            with open(aws + '/config', 'w') as file:
                file.write('[profile work]\nregion = eu-west-1\ns3 =\n  endpoint_url = http://nowhere\nendpoint_url = %s/\n[profile sso]\nsso_session = x\n' % store.url)
            env = {'AWS_ENDPOINT_URL': '', 'AWS_ACCESS_KEY_ID': '', 'AWS_SECRET_ACCESS_KEY': '', 'AWS_REGION': '', 'AWS_PROFILE': 'work'}
            done = push(lake, store, env=env)
            check_whole(lake, store)
            assert 'tok/en' not in done.stdout + done.stderr
            assert 'sso_session' in push(lake, store, code=6, env=dict(env, AWS_PROFILE='sso')).stderr
            assert 'profile none' in push(lake, store, code=6, env=dict(env, AWS_PROFILE='none')).stderr
            assert SECRET.encode() not in b''.join(open(os.path.join(lake.home, n), 'rb').read() for n in os.listdir(lake.home) if os.path.isfile(os.path.join(lake.home, n)))


# --- the gate ---

def test_it_passes_the_gate():
    with Lake() as lake, Store() as store:
        dry = push(lake, store, '--dry-run', approve=False)
        assert TARGET in dry.stdout and 'latest.json' in dry.stdout and '6 to send' in dry.stdout and 'cannot be undone' in dry.stdout, dry.stdout
        assert not store.objects
        waiting = json.loads(push(lake, store, '-o', 'json', approve=False, code=5).stdout)
        assert not store.objects and waiting['steps'][0]['action'] == 'lake.push', waiting
        denied = push(lake, store, '--read-only', code=2)
        assert not store.objects and 'read-only' in denied.stderr, denied.stderr
        os.mkdir(os.path.join(lake.home, 'policies'))
        with open(os.path.join(lake.home, 'policies', 'own.yaml'), 'w') as file:
            file.write('- id: evidence-stays-here\n  match: {action: lake.push}\n  decide: deny\n  why: evidence stays here\n')
        assert 'evidence stays here' in push(lake, store, code=2).stderr and not store.objects
        os.unlink(os.path.join(lake.home, 'policies', 'own.yaml'))
        run = json.loads(push(lake, store, '-o', 'json').stdout)
        audit = subprocess.run([screenpty.PROGRAM, 'audit', '-o', 'jsonl'], env=lake.env(), stdout=subprocess.PIPE, text=True, timeout=60).stdout
        assert run['run_id'] in audit and 'lake.push' in audit and SECRET not in audit
        assert subprocess.run([screenpty.PROGRAM, 'audit', 'verify'], env=lake.env(), stdout=subprocess.DEVNULL, timeout=60).returncode == 0


def test_a_plan_is_for_what_was_shown():
    with Lake() as lake, Store() as store:
        plan = json.loads(push(lake, store, '-o', 'json', approve=False, code=5).stdout)['plan_id']
        lake.write('bots/b/agent.py', CLEAN_AGENT + '# more\n')
        lake.run()
        env = dict(lake.env(), **store.env())
        subprocess.run([screenpty.PROGRAM, 'approve', plan], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        done = subprocess.run([screenpty.PROGRAM, 'run', plan], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        assert done.returncode != 0 and not store.objects, done


def test_a_password_is_kept_nowhere():
    with Lake() as lake:
        done = lake.lake('push', 'postgres://ana:hunter%402@127.0.0.1:1/evidence?password=other', '--approve', code=6)
        assert 'PGPASSWORD' in done.stderr, done.stderr
        kept = b''.join(open(os.path.join(f, n), 'rb').read() for f, _, names in os.walk(lake.home) for n in names)
        for word in ('hunter', 'password=other'):
            assert word not in done.stderr + done.stdout and word.encode() not in kept, word
        path = lake.path('evidence_lake')
        done = subprocess.run([screenpty.PROGRAM, 'act', 'lakes', path, 'push', 'target=postgres://ana:hunter2@h/d'], env=lake.env(), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        kept = b''.join(open(os.path.join(f, n), 'rb').read() for f, _, names in os.walk(lake.home) for n in names)
        assert done.returncode == 3 and 'PGPASSWORD' in done.stderr and b'hunter2' not in kept, done


# --- prune ---

def test_prune_keeps_the_newest_and_the_latest():
    with Lake() as lake:
        before = lake.rows('trend', 'bots/a')['states']
        assert len(before) == 3
        assert 'lake prune --keep N' in lake.lake('prune', code=3).stderr
        dry = lake.lake('prune', '--keep', '1', '--dry-run')
        assert 'deleted' in dry.stdout and len(lake.rows('trend', 'bots/a')['states']) == 3, dry.stdout
        lake.lake('prune', '--keep', '1', code=5)
        lake.lake('prune', '--keep', '2', '--approve')
        assert lake.rows('trend', 'bots/a')['states'] == before[1:]
        lake.lake('prune', '--keep', '0', '--approve')
        assert lake.rows('trend', 'bots/a')['states'] == before[2:]  # the latest is of it
        report = lake.json()
        assert report['summary']['agents'] == 2, report['summary']


if __name__ == '__main__':
    screenpty.run_tests(globals())
