#!/usr/bin/env python3
"""The command line on a real cluster, beside what the server itself says: the same rows in the same order each time, the values of one
object, and a round trip of acts that leaves everything as it was."""
import json, os, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'screen'))
from screenpty import run_tests

PROGRAM = os.environ.get('PILOTHOUSE', os.path.join(ROOT, 'pilothouse'))
SERVER, CA = os.environ.get('PILOTHOUSE_PEER_KUBE_SERVER', ''), os.environ.get('PILOTHOUSE_PEER_KUBE_CA', '')
ADMIN = os.environ.get('PILOTHOUSE_PEER_KUBE_ADMIN_TOKEN', '')
NAMESPACE = 'ph-cli-%d' % os.getpid()


def api(method, path, body=None):
    command = ['curl', '-sS', '--cacert', CA, '-X', method, '-H', 'Authorization: Bearer ' + ADMIN, '-H', 'Content-Type: application/json', SERVER + path]
    done = subprocess.run(command + (['-d', json.dumps(body)] if body is not None else []), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


class Home:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        config = {'apiVersion': 'v1', 'kind': 'Config', 'current-context': 'here', 'clusters': [{'name': 'c', 'cluster': {'server': SERVER, 'certificate-authority': CA}}],
                  'users': [{'name': 'u', 'user': {'token': ADMIN}}, {'name': 'x', 'user': {'token': 'nobody'}}],
                  'contexts': [{'name': 'here', 'context': {'cluster': 'c', 'user': 'u', 'namespace': NAMESPACE}}, {'name': 'nobody', 'context': {'cluster': 'c', 'user': 'x'}}]}
        with open(os.path.join(self.folder.name, 'kubeconfig'), 'w') as out:
            json.dump(config, out)
        self.env = {'PATH': os.environ['PATH'], 'PILOTHOUSE_HOME': self.folder.name, 'PILOTHOUSE_DATA': ROOT, 'HOME': self.folder.name, 'KUBECONFIG': out.name}

    def run(self, *words):
        return subprocess.run([PROGRAM, *words], env=self.env, capture_output=True, text=True, timeout=120)

    def json(self, *words, code=0):
        done = self.run(*words, '-o', 'json')
        assert done.returncode == code, (words, done.returncode, done.stdout[:500], done.stderr)
        return json.loads(done.stdout)


def deployment(name):
    return {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'metadata': {'name': name}, 'spec': {'replicas': 1, 'selector': {'matchLabels': {'app': name}}, 'template': {
        'metadata': {'labels': {'app': name}}, 'spec': {'containers': [{'name': 'c', 'image': 'x'}]}}}}


class Space:
    def __enter__(self):
        api('POST', '/api/v1/namespaces', {'metadata': {'name': NAMESPACE}})
        api('POST', '/apis/apps/v1/namespaces/%s/deployments' % NAMESPACE, deployment('web'))
        return Home()

    def __exit__(self, *_):
        api('DELETE', '/api/v1/namespaces/' + NAMESPACE)


def the_deployment():
    return api('GET', '/apis/apps/v1/namespaces/%s/deployments/web' % NAMESPACE)


def test_rows_are_those_of_the_server_in_its_order():
    home = Home()
    kinds = {k['kind']: k for k in home.json('kinds', 'list')['kinds'] if k['provider'] == 'kubernetes'}
    for kind, path in (('namespaces', '/api/v1/namespaces'), ('services', '/api/v1/services'), ('deployments', '/apis/apps/v1/deployments'), ('pods', '/api/v1/pods')):
        wanted = [(item['metadata'].get('namespace', ''), item['metadata']['name']) for item in api('GET', path)['items']]
        found = home.json('get', 'kubernetes/' + kind, '-A')
        rows = [(row['namespace'], row['name']) for row in found['rows']]
        steady = [row for row in wanted if not row[0].startswith('ph-')]  # other tests come and go
        assert [row for row in rows if row in set(steady)] == [row for row in steady if row in set(rows)] and len(set(steady) - set(rows)) < 50, kind
        assert found['columns'] == kinds[kind]['columns'] and found['total'] == len(rows) == len(set(row['id'] for row in found['rows']))
        again = home.run('get', 'kubernetes/' + kind, '-A', '--limit', '20', '-o', 'csv').stdout
        assert [line.split(',')[1 if kinds[kind]['columns'][0]['name'] == 'NAMESPACE' else 0] for line in again.splitlines()[1:]] == [name for _, name in rows[:20]], again


def test_acts_go_there_and_back():
    with Space() as home:
        assert home.json('act', 'deployments', 'web', 'scale', 'replicas=3', code=5)['approval']['needed'] and the_deployment()['spec']['replicas'] == 1
        for words, changed in ((('scale', 'replicas=3'), lambda d: d['spec']['replicas'] == 3),
                               (('label', 'key=team', 'value=shop'), lambda d: d['metadata'].get('labels', {}).get('team') == 'shop'),
                               (('set_image', 'image=y'), lambda d: d['spec']['template']['spec']['containers'][0]['image'] == 'y')):
            plan = home.json('act', 'deployments', 'web', *words, '--dry-run')
            assert plan['steps'][0]['diff'] and plan['steps'][0]['reversible'] and not changed(the_deployment()), plan
            run = home.json('act', 'deployments', 'web', *words, '--approve')
            assert run['status'] == 'done' and changed(the_deployment()), run
            undone = home.json('undo', run['run_id'], '--approve')
            assert undone['status'] == 'done' and not changed(the_deployment()), undone
        denied = home.run('--scope', 'prod', 'act', 'deployments', 'web', 'delete', '--approve')
        assert denied.returncode == 2 and the_deployment()['metadata']['name'] == 'web', denied
        assert home.run('act', 'deployments', 'web', 'scale', 'replicas=2', '--approve', '--account', 'nobody').returncode == 6
        assert home.run('act', 'deployments', 'web', 'scale', 'replicas=2', '--approve', '--account', 'nosuch').returncode == 3
        assert home.run('act', 'deployments', 'nosuch', 'scale', 'replicas=2', '--approve').returncode == 1
        assert the_deployment()['spec']['replicas'] == 1 and home.run('audit', 'verify').returncode == 0


if not SERVER:
    print('no Kubernetes peer')
    sys.exit(77)
run_tests(globals())
