#!/usr/bin/env python3
# peers: cloud moto ministack microburst
"""`lake push` to S3 servers nobody here wrote: one that checks signatures and rights, another, and one behind a proxy that fails."""
import json, os, re, subprocess, sys, urllib.error, urllib.request, uuid
sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'data'))
from test_lake import Lake
from test_lake_push import check_whole, local, output
from test_report import CLEAN_AGENT, Tree
import screenpty
from screenpty import Skip

MOTO, MINISTACK, FAULTS = (os.environ.get('PILOTHOUSE_PEER_' + n) for n in ('MOTO', 'MINISTACK', 'AWS_FAULTS'))
TARGET = 's3://evidence/trees/one'


def ask(url, method='GET', body=None, service='s3', headers=None):
    """Unsigned but for the service's name, by which these servers tell services apart."""
    made = {'Authorization': 'AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/%s/aws4_request, SignedHeaders=host, Signature=0' % service, 'Content-Type': 'application/octet-stream'}
    request = urllib.request.Request(url, data=body, method=method, headers=dict(made, **(headers or {})))
    return urllib.request.urlopen(request, timeout=30).read().decode()


def iam(action, **parameters):
    body = '&'.join('%s=%s' % (k, urllib.request.quote(str(v), safe='')) for k, v in dict(parameters, Action=action, Version='2010-05-08').items())
    return ask(MOTO + '/', 'POST', body.encode(), 'iam', {'Content-Type': 'application/x-www-form-urlencoded'})


class Bucket:
    """Looks like a store of the scripted server, as far as its objects go."""

    def __init__(self, url):
        if not url:
            raise Skip('that S3 server did not start')
        self.url = url
        for name in self.names():
            ask('%s/evidence/%s' % (url, name), 'DELETE')
        try:
            ask(url + '/evidence', 'PUT', b'')
        except urllib.error.HTTPError as error:
            assert error.code == 409, error  # it is there

    def names(self):
        try:
            return re.findall('<Key>([^<]*)</Key>', ask(self.url + '/evidence?list-type=2'))
        except urllib.error.HTTPError:
            return []

    @property
    def objects(self):
        return {name: ask('%s/evidence/%s' % (self.url, name)).encode() for name in self.names()}


def env(url, key='testing', secret='testing'):
    return {'AWS_ENDPOINT_URL': url, 'AWS_ACCESS_KEY_ID': key, 'AWS_SECRET_ACCESS_KEY': secret, 'AWS_REGION': 'us-east-1'}


def push(lake, code=0, **of):
    return lake.lake('push', TARGET, '--approve', '-o', 'json', code=code, env=env(**of))


def check_store(url):
    bucket = Bucket(url)
    with Lake() as lake:
        assert output(push(lake, url=url))['sent'] == 6
        check_whole(lake, bucket)
        assert output(push(lake, url=url))['sent'] == 0
        lake.write('bots/b/agent.py', CLEAN_AGENT + '# more\n')
        lake.run()
        assert output(push(lake, url=url))['sent'] in (2, 3)
        check_whole(lake, bucket)
        name = [n for n in bucket.names() if n.endswith('latest.json')][0]
        newer = json.loads(bucket.objects[name])
        newer['observed_ns'] += 10 ** 18
        ask('%s/evidence/%s' % (url, name), 'PUT', json.dumps(newer).encode())
        assert output(push(lake, url=url))['newer_there'] == 1
        assert json.loads(bucket.objects[name]) == newer


def test_moto():
    check_store(MOTO)


def test_ministack():
    check_store(MINISTACK)


def test_several_at_once():
    """States have names of their own, so that none is lost even here, where a condition and its write are two steps; a last push settles the index."""
    bucket = Bucket(MOTO)
    lakes = [Tree({'own%d_%d/agent.py' % (i, k): CLEAN_AGENT for k in range(4)}) for i in range(4)]
    for lake in lakes:
        lake.run()
    running = [subprocess.Popen([screenpty.PROGRAM, 'lake', 'push', TARGET, '--approve'], cwd=lake.root, env=dict(lake.env(), **env(MOTO)), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE) for lake in lakes]
    for process in running:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, (out, err)
    wanted = {}
    for lake in lakes:
        wanted.update(local(lake))
        lake.__exit__()
    wanted.pop('trees/one/index.json')
    objects = bucket.objects
    index = json.loads(objects.pop('trees/one/index.json'))
    assert objects == wanted and index['agents'], sorted(set(objects) ^ set(wanted))


def test_signatures_and_rights_are_checked():
    bucket = Bucket(MOTO)
    keys = {}
    for user, policy in (('sender', '["s3:ListBucket","s3:GetObject","s3:PutObject"]'), ('reader', '["s3:ListBucket","s3:GetObject"]')):
        name = '%s-%s' % (user, uuid.uuid4().hex[:8])
        iam('CreateUser', UserName=name)
        made = iam('CreateAccessKey', UserName=name)
        keys[user] = {'key': re.search('<AccessKeyId>(.*)</AccessKeyId>', made)[1], 'secret': re.search('<SecretAccessKey>(.*)</SecretAccessKey>', made)[1].replace('&#x2F;', '/')}
        iam('PutUserPolicy', UserName=name, PolicyName='p', PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":%s,"Resource":"*"}]}' % policy)
    ask(MOTO + '/moto-api/reset-auth', 'POST', b'0')
    try:
        with Lake() as lake:
            assert output(push(lake, url=MOTO, **keys['sender']))['sent'] == 6
            assert output(push(lake, url=MOTO, **keys['sender']))['sent'] == 0
            lake.write('bots/b/agent.py', CLEAN_AGENT + '# more\n')
            lake.run()
            done = push(lake, url=MOTO, code=1, **keys['reader'])
            assert 'may not' in done.stderr and 's3:PutObject' in done.stderr, done.stderr
            done = push(lake, url=MOTO, code=6, key=keys['sender']['key'], secret='wrong')
            assert 'does not accept the signature' in done.stderr, done.stderr
            done = push(lake, url=MOTO, code=6, key='AKIDNOBODY', secret='wrong')
            assert 'does not know key' in done.stderr, done.stderr
            assert output(push(lake, url=MOTO, **keys['sender']))['sent'] in (2, 3)
            ask(MOTO + '/moto-api/reset-auth', 'POST', b'inf')
            check_whole(lake, bucket)
    finally:
        ask(MOTO + '/moto-api/reset-auth', 'POST', b'inf')


def test_a_proxy_that_fails():
    bucket = Bucket(MOTO)
    if not FAULTS:
        raise Skip('microburst did not start')
    rules = [{'service': 's3', 'probability': 0.2, 'error': {'code': 'SlowDown'}}]
    ask(FAULTS + '/_microburst/rules', 'POST', json.dumps(rules).encode(), headers={'Content-Type': 'application/json'})
    try:
        with Lake() as lake:
            retries = 0
            for i in range(20):
                lake.write('bots/b/agent.py', CLEAN_AGENT + '# %d\n' % i)
                lake.run()
                retries += output(push(lake, url=FAULTS))['retries']
                if retries:
                    break
            assert retries, 'the proxy never failed'
            check_whole(lake, bucket)
    finally:
        ask(FAULTS + '/_microburst/rules', 'POST', b'[]', headers={'Content-Type': 'application/json'})


if __name__ == '__main__':
    screenpty.run_tests(globals())
