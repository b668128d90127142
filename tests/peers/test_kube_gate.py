#!/usr/bin/env python3
"""What a plan says before it is approved, and what is left of a run that did not come to its end, on a real cluster: budgets, blast
radius, rights that end at a namespace, a drain that is interrupted, an undo somebody else was faster than."""
import json, os, signal, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'screen'))
from screenpty import Skip, run_tests

PROGRAM = os.environ.get('PILOTHOUSE', os.path.join(ROOT, 'pilothouse'))
SERVER, CA = os.environ.get('PILOTHOUSE_PEER_KUBE_SERVER', ''), os.environ.get('PILOTHOUSE_PEER_KUBE_CA', '')
ADMIN = os.environ.get('PILOTHOUSE_PEER_KUBE_ADMIN_TOKEN', '')
NAMESPACE = 'ph-gate-%d' % os.getpid()
NODE = NAMESPACE + '-node'
LABELS = {'app': 'held'}
RBAC = {'apiVersion': 'rbac.authorization.k8s.io/v1'}


def api(method, path, body=None, kind='application/json'):
    """Straight to the server: what the tests set up, and what they look at."""
    command = ['curl', '-sS', '--cacert', CA, '-X', method, '-H', 'Authorization: Bearer ' + ADMIN, '-H', 'Content-Type: ' + kind, SERVER + path]
    done = subprocess.run(command + (['-d', json.dumps(body)] if body is not None else []), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def until(truth, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if truth():
            return
        time.sleep(0.2)
    raise AssertionError('never came true')


class Home:
    def __init__(self, token=ADMIN):
        self.folder = tempfile.TemporaryDirectory()
        config = {'apiVersion': 'v1', 'kind': 'Config', 'current-context': 'here', 'clusters': [{'name': 'c', 'cluster': {'server': SERVER, 'certificate-authority': CA}}],
                  'users': [{'name': 'u', 'user': {'token': token}}], 'contexts': [{'name': 'here', 'context': {'cluster': 'c', 'user': 'u', 'namespace': NAMESPACE}}]}
        with open(os.path.join(self.folder.name, 'kubeconfig'), 'w') as out:
            json.dump(config, out)
        self.env = {'PATH': os.environ['PATH'], 'PILOTHOUSE_HOME': self.folder.name, 'PILOTHOUSE_DATA': ROOT, 'HOME': self.folder.name, 'KUBECONFIG': out.name}

    def start(self, *words):
        return subprocess.Popen([PROGRAM, *words], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, *words, code=0):
        child = self.start(*words)
        said, _ = child.communicate(timeout=120)
        assert child.returncode == code, (child.returncode, said)
        return said

    def json(self, *words):
        done = subprocess.run([PROGRAM, '-o', 'json', *words], env=self.env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, (done.stdout, done.stderr)
        return json.loads(done.stdout)

    def plan(self, *words):
        """The one step of what would be done."""
        return self.json('act', *words, '--dry-run')['steps'][0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.cleanup()


def touched(step):
    return {(item['relation'], item['name']) for item in step['blast_radius']}


def deployment(name, replicas, **spec):
    return {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'metadata': {'name': name, 'namespace': NAMESPACE},
            'spec': {'replicas': replicas, 'selector': {'matchLabels': LABELS},
                     'template': {'metadata': {'labels': LABELS}, 'spec': dict({'containers': [{'name': 'c', 'image': 'registry.invalid/held:1'}]}, **spec)}}}


def setup():
    """A node of its own with three pods on it, of which a budget lets one go at a time."""
    if not SERVER or not ADMIN:
        raise Skip('PILOTHOUSE_PEER_KUBE_SERVER and PILOTHOUSE_PEER_KUBE_ADMIN_TOKEN are not set')
    like = next(n for n in api('GET', '/api/v1/nodes?limit=50')['items'] if 'kwok.x-k8s.io/node' in n['metadata'].get('annotations', {}))
    api('POST', '/api/v1/namespaces', {'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': NAMESPACE}})
    api('POST', '/api/v1/nodes', {'apiVersion': 'v1', 'kind': 'Node', 'metadata': {'name': NODE, 'labels': {'type': 'kwok', 'of': NAMESPACE}, 'annotations': {'kwok.x-k8s.io/node': 'fake'}},
                                  'spec': {'taints': [{'key': 'of', 'value': NAMESPACE, 'effect': 'NoSchedule'}]},
                                  'status': {k: like['status'][k] for k in ('allocatable', 'capacity')}})
    api('POST', '/apis/policy/v1/namespaces/%s/poddisruptionbudgets' % NAMESPACE,
        {'apiVersion': 'policy/v1', 'kind': 'PodDisruptionBudget', 'metadata': {'name': 'budget'},
         'spec': {'minAvailable': 2, 'selector': {'matchExpressions': [{'key': 'app', 'operator': 'In', 'values': ['held']}]}}})
    api('POST', '/apis/apps/v1/namespaces/%s/deployments' % NAMESPACE,
        deployment('held', 3, nodeSelector={'of': NAMESPACE}, serviceAccountName='runner', tolerations=[{'key': 'of', 'operator': 'Exists'}]))
    api('POST', '/api/v1/namespaces/%s/serviceaccounts' % NAMESPACE, {'apiVersion': 'v1', 'kind': 'ServiceAccount', 'metadata': {'name': 'runner'}})
    api('POST', '/apis/rbac.authorization.k8s.io/v1/namespaces/%s/roles' % NAMESPACE,
        dict(RBAC, kind='Role', metadata={'name': 'some'}, rules=[{'apiGroups': ['', 'apps'], 'resources': ['pods', 'deployments', 'deployments/scale'], 'verbs': ['get', 'list', 'patch']}]))
    api('POST', '/apis/rbac.authorization.k8s.io/v1/namespaces/%s/rolebindings' % NAMESPACE,
        dict(RBAC, kind='RoleBinding', metadata={'name': 'bound'}, roleRef={'apiGroup': 'rbac.authorization.k8s.io', 'kind': 'Role', 'name': 'some'},
             subjects=[{'kind': 'ServiceAccount', 'name': 'runner', 'namespace': NAMESPACE}]))
    until(lambda: api('GET', '/apis/apps/v1/namespaces/%s/deployments/held' % NAMESPACE)['status'].get('availableReplicas') == 3)
    until(lambda: api('GET', '/apis/policy/v1/namespaces/%s/poddisruptionbudgets/budget' % NAMESPACE)['status'].get('disruptionsAllowed') == 1)


def teardown():
    if SERVER and ADMIN:
        api('DELETE', '/api/v1/namespaces/' + NAMESPACE)
        api('DELETE', '/api/v1/nodes/' + NODE)


def unschedulable():
    return api('GET', '/api/v1/nodes/' + NODE)['spec'].get('unschedulable', False)


def test_the_plan_of_a_drain_knows_its_budgets():
    with Home() as home:
        said = home.run('act', 'nodes', NODE, 'drain', '--dry-run')
        assert 'budget %s/budget lets 1 of 3 go at once: the others wait' % NAMESPACE in said, said


def test_a_drain_that_is_interrupted_is_taken_back():
    with Home() as home:
        child = home.start('act', 'nodes', NODE, 'drain', '--approve')
        until(unschedulable)
        child.send_signal(signal.SIGINT)
        said, _ = child.communicate(timeout=60)
        run = home.json('runs')['runs'][0]
        assert run['status'] == 'cancelled', (run, said)
        assert unschedulable()
        home.run('undo', '--approve')
        assert not unschedulable()
        home.run('audit', 'verify')


def test_a_drain_that_is_killed_is_taken_back():
    with Home() as home:
        child = home.start('act', 'nodes', NODE, 'drain', '--approve')
        until(unschedulable)
        child.kill()
        child.communicate(timeout=60)
        run = home.json('runs')['runs'][0]
        assert run['status'] == 'failed', run
        home.run('undo', '--approve')
        assert not unschedulable()
        home.run('audit', 'verify')


def test_an_undo_says_what_it_would_overwrite():
    with Home() as home:
        home.run('act', 'deployments', 'held', 'scale', 'replicas=4', '--approve')
        api('PATCH', '/apis/apps/v1/namespaces/%s/deployments/held' % NAMESPACE, {'spec': {'replicas': 5}}, 'application/merge-patch+json')
        said = home.run('undo', code=5)
        assert 'changed since that run, and overwritten by this: replicas 4 → 5' in said, said
        home.run('undo', '--approve')
        assert api('GET', '/apis/apps/v1/namespaces/%s/deployments/held' % NAMESPACE)['spec']['replicas'] == 3


def test_what_goes_with_a_namespace_and_an_account_is_named():
    with Home() as home:
        seen = touched(home.plan('namespaces', NAMESPACE, 'delete'))
        assert ('deleted with it, deployments', 'held') in seen, seen
        seen = touched(home.plan('serviceaccounts', 'runner', 'delete'))
        assert ('gives it rights', 'bound') in seen and any(relation == 'runs as it' for relation, _ in seen), seen
        assert ('grants it', 'bound') in touched(home.plan('roles', 'some', 'delete'))
        assert ('limits disruption', 'budget') in touched(home.plan('deployments', 'held', 'restart'))


def test_what_may_not_be_read_is_not_told_as_nothing():
    token = api('POST', '/api/v1/namespaces/%s/serviceaccounts/runner/token' % NAMESPACE, {'apiVersion': 'authentication.k8s.io/v1', 'kind': 'TokenRequest', 'spec': {}})['status']['token']
    with Home(token) as home:
        seen = touched(home.plan('deployments', 'held', 'scale', 'replicas=4'))
        assert ('not known', 'poddisruptionbudgets (may not be read)') in seen, seen
        assert any(relation == 'runs it' for relation, _ in seen), seen


def test_what_is_shown_is_what_would_be():
    api('POST', '/api/v1/namespaces/%s/pods' % NAMESPACE, {'apiVersion': 'v1', 'kind': 'Pod', 'metadata': {'name': 'bare'}, 'spec': {'containers': [{'name': 'c', 'image': 'registry.invalid/bare:1'}]}})
    with Home() as home:
        assert '+ replicas: 0' in home.run('act', 'deployments', 'held', 'scale', 'replicas=0', '--dry-run')
        step = home.plan('pods', 'bare', 'evict')
        assert not step['reversible'] and step['undo'] == 'cannot be undone: the pod is gone; nothing owns it, so nothing makes another', step
        owned = next(name for relation, name in touched(home.plan('deployments', 'held', 'restart')) if relation == 'runs it')
        assert 'its owner, ReplicaSet held-' in home.plan('pods', owned, 'delete')['undo']


def test_a_file_of_several_manifests_is_one_plan():
    many = '\n---\n'.join(json.dumps({'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'many-%d' % i}, 'data': {'k': str(i)}}) for i in range(3))
    path = '/api/v1/namespaces/%s/configmaps/many-%%d' % NAMESPACE
    with Home() as home:
        file = os.path.join(home.folder.name, 'many.yaml')
        with open(file, 'w') as out:
            out.write(many + '\n---\n# nothing here\n')
        home.run('act', 'configmaps', 'many-0', 'apply', 'manifest=@' + file, '--approve')
        assert [api('GET', path % i)['data']['k'] for i in range(3)] == ['0', '1', '2']
        home.run('undo', '--approve')
        assert [api('GET', path % i)['reason'] for i in range(3)] == ['NotFound'] * 3
        assert 'none of the 3 manifests' in home.run('act', 'configmaps', 'other', 'apply', 'manifest=@' + file, code=3)
        with open(file, 'w') as out: # beside a namespace one that says none of its own: it is not guessed
            out.write(json.dumps({'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': NAMESPACE}}) + '\n---\n' + many)
        assert 'metadata.namespace' in home.run('act', 'namespaces', NAMESPACE, 'apply', 'manifest=@' + file, '--dry-run', code=3)


def test_labels_of_others_are_no_drift():
    api('POST', '/api/v1/namespaces/%s/configmaps' % NAMESPACE, {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'marked'}})
    path = '/api/v1/namespaces/%s/configmaps/marked' % NAMESPACE
    mark = lambda **labels: api('PATCH', path, {'metadata': {'labels': labels}}, 'application/merge-patch+json')
    with Home() as home:
        plan = lambda: json.loads(subprocess.run([PROGRAM, '-o', 'json', 'act', 'configmaps', 'marked', 'label', 'key=team', 'value=blue'], env=home.env, capture_output=True, text=True).stdout)['plan_id']
        first = plan()
        home.run('approve', first)
        mark(other='red')
        home.run('run', first)
        mark(team=None)
        second = plan()
        home.run('approve', second)
        mark(team='green')
        assert 'metadata.labels.team' in home.run('run', second, code=1)
        assert api('GET', path)['metadata']['labels'] == {'other': 'red', 'team': 'green'}


def test_what_is_made_is_made_where_it_was_approved():
    with Home() as home:
        file, config = os.path.join(home.folder.name, 'new.json'), home.env['KUBECONFIG']
        with open(file, 'w') as out:
            json.dump({'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'elsewhere'}}, out)
        plan = subprocess.run([PROGRAM, '-o', 'json', 'act', 'configmaps', 'elsewhere', 'apply', 'manifest=@' + file], env=home.env, capture_output=True, text=True)
        plan = json.loads(plan.stdout)['plan_id']
        home.run('approve', plan)
        with open(config) as text:
            moved = text.read().replace('127.0.0.1', 'localhost')
        with open(config, 'w') as out:
            out.write(moved.replace('"server"', '"tls-server-name": "127.0.0.1", "server"'))
        said = home.run('run', plan, code=1)
        assert 'changed since the plan was made (server ' in said, said
        assert api('GET', '/api/v1/namespaces/%s/configmaps/elsewhere' % NAMESPACE)['reason'] == 'NotFound'


def test_an_edit_that_changes_nothing_says_so():
    with Home() as home:
        live = api('GET', '/apis/policy/v1/namespaces/%s/poddisruptionbudgets/budget' % NAMESPACE)
        path = os.path.join(home.folder.name, 'edited.json')
        with open(path, 'w') as out:
            json.dump(live, out)
        assert 'nothing changes' in home.run('act', 'poddisruptionbudgets', 'budget', 'edit', 'manifest=@' + path, 'force=true', '--dry-run')


if __name__ == '__main__':
    try:
        setup()
        run_tests(globals())
    except Skip as why:
        print('skipped: %s' % why)
        sys.exit(77)
    finally:
        teardown()
