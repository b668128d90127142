#!/usr/bin/env python3
"""The console on a real cluster, as a person drives it: what few rights show, and the verbs an operator uses, each looked at from the
other side with kubectl."""
import json, os, re, subprocess, sys, tempfile, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'screen'))
from screenpty import *

KUBECONFIG = os.environ.get('KUBECONFIG', '')


def start(context, columns=120, rows=30, config='', **options):
    return Console(columns=columns, rows=rows, files={'config.yaml': 'kubernetes: {context: %s}\n%s' % (context, config)},
                   env=dict({'KUBECONFIG': KUBECONFIG}, **options.pop('env', {})), **options)


def kubectl(*words, check=True):
    done = subprocess.run(['kubectl', '--context', 'peer-admin', *words], capture_output=True, text=True, timeout=120)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_few_rights_are_one_calm_line():
    with start('peer-dev') as c:
        c.wait_for(re.compile(r'unseen +peer-dev +no right to list nodes; \d+ kinds seen in part'))
        assert c.dump().count('unseen') == 1, c.dump()
        while not re.search(r'▸ . unseen', c.dump()):
            c.send('j')
            c.settle(0.1)
        c.send('<Enter>')
        c.wait_for('What peer-dev does not let us see')
        c.wait_for(re.compile(r'pods +only namespace payments-prod is shown'))


class Person:
    """A kubeconfig of somebody who may look into the namespaces given, and list namespaces or not."""
    def __init__(self, name, namespaces, lists=False):
        self.name, self.namespaces, self.lists = name, namespaces, lists

    def __enter__(self):
        self.__exit__()
        if self.lists:
            kubectl('create', 'clusterrole', self.name, '--verb=list,get', '--resource=namespaces')
            kubectl('create', 'clusterrolebinding', self.name, '--clusterrole=' + self.name, '--user=' + self.name)
        for namespace in self.namespaces:
            kubectl('-n', namespace, 'create', 'rolebinding', self.name, '--clusterrole=pilothouse-view', '--user=' + self.name)
        self.folder = tempfile.TemporaryDirectory()
        self.config = os.path.join(self.folder.name, 'kubeconfig')
        with open(self.config, 'w') as out:
            out.write("apiVersion: v1\nkind: Config\ncurrent-context: mine\nclusters: [{name: c, cluster: {server: '%s', certificate-authority: '%s'}}]\n"
                      "users: [{name: u, user: {token: %s, as: %s}}]\ncontexts: [{name: mine, context: {cluster: c, user: u}}]\n" % (
                          os.environ['PILOTHOUSE_PEER_KUBE_SERVER'], os.environ['PILOTHOUSE_PEER_KUBE_CA'], os.environ['PILOTHOUSE_PEER_KUBE_ADMIN_TOKEN'], self.name))
        return self

    def __exit__(self, *_):
        if self.lists:
            kubectl('delete', 'clusterrole', self.name, '--ignore-not-found', check=False)
            kubectl('delete', 'clusterrolebinding', self.name, '--ignore-not-found', check=False)
        for namespace in self.namespaces:
            kubectl('-n', namespace, 'delete', 'rolebinding', self.name, '--ignore-not-found', check=False)


def test_one_namespace_is_enough_though_no_context_names_it():
    with Person('ph-screen-one', ['search-dev']) as person, start('mine', columns=80, rows=24, env={'KUBECONFIG': person.config}) as c:
        c.wait_for(re.compile(r'unseen +mine +no right to list'))
        c.send(':pods<Enter>')
        c.wait_for('n chooses a namespace')  # what to do next is on the screen, however narrow
        c.send('n')
        c.wait_for('another …')
        c.send('<Down><Enter>')
        c.wait_for('Namespace')
        c.send('search-dev<Enter>')
        c.wait_for(re.compile(r'200 +live'))


def test_permitted_namespaces_live_in_one_table():
    with Person('ph-screen-two', ['search-dev', 'search-perf'], lists=True) as person, start('mine', env={'KUBECONFIG': person.config}) as c:
        c.wait_for(re.compile(r'unseen +mine +no right to list nodes'))
        c.send(':configmaps /ph-two<Enter>')
        c.wait_for('in part')
        for namespace in ('search-dev', 'search-perf', 'payments-prod'):
            kubectl('-n', namespace, 'delete', 'configmap', 'ph-two', '--ignore-not-found')
            kubectl('-n', namespace, 'create', 'configmap', 'ph-two', '--from-literal=a=1')
        try:
            c.wait_for(re.compile('search-dev +ph-two'))
            c.wait_for(re.compile('search-perf +ph-two'))
            assert 'payments-prod' not in c.dump()
        finally:
            for namespace in ('search-dev', 'search-perf', 'payments-prod'):
                kubectl('-n', namespace, 'delete', 'configmap', 'ph-two', check=False)
        c.wait_for(re.compile('search-dev +ph-two'), absent=True)


def test_verbs_without_a_right_say_so():
    with start('peer-viewer') as c:
        c.wait_for('link ok')
        c.send(':deployments<Enter>')
        c.wait_for('live')
        c.send('a')
        c.wait_for(re.compile(r'Scale to N replicas +no right to patch deployments/scale in '))
        c.wait_for(re.compile(r'Delete +no right to delete deployments')) # each verb is asked for by itself
        c.send('<Enter>')  # it can be tried all the same: the server's answer is the truth
        c.wait_for('replicas')
        c.wait_for('scale: no right to patch deployments/scale in ')
        c.send('3<Enter>')
        c.wait_for(re.compile('cannot patch resource .?"deployments/scale|forbidden'))


class Namespace:
    """One of our own, with a deployment of two pods; gone afterwards."""
    def __init__(self, name, image='shop/web:v41', replicas=2):
        self.name, self.image, self.replicas = name, image, replicas

    def __enter__(self):
        kubectl('delete', 'namespace', self.name, '--ignore-not-found', '--wait=true')
        kubectl('create', 'namespace', self.name)
        kubectl('-n', self.name, 'create', 'deployment', 'web', '--image=' + self.image)
        kubectl('-n', self.name, 'scale', 'deployment', 'web', '--replicas=%d' % self.replicas)
        self.rolled_out()
        return self

    def __exit__(self, *_):
        kubectl('delete', 'namespace', self.name, '--wait=false', check=False)

    def rolled_out(self):
        kubectl('-n', self.name, 'rollout', 'status', 'deployment/web', '--timeout=60s')


def cli(*words, config='kubernetes: {context: peer-admin}\n', code=0):
    with tempfile.TemporaryDirectory() as home:
        with open(os.path.join(home, 'config.yaml'), 'w') as out:
            out.write(config)
        env = {'PATH': os.environ['PATH'], 'PILOTHOUSE_HOME': home, 'PILOTHOUSE_DATA': ROOT, 'HOME': home, 'TZ': 'UTC', 'KUBECONFIG': KUBECONFIG}
        done = subprocess.run([PROGRAM, *words], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, (done.returncode, done.stderr)
    return done.stdout


def test_changes_from_before_this_program_ran():
    with Namespace('ph-recorded') as n:
        kubectl('-n', n.name, 'set', 'image', 'deployment/web', 'web=shop/web:v42')
        n.rolled_out()
        kubectl('-n', n.name, 'create', 'configmap', 'limits', '--from-literal=a=1')
        manifest = ('{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"db"},"spec":{"serviceName":"db","replicas":1,"selector":{"matchLabels":{"app":"db"}},'
                    '"template":{"metadata":{"labels":{"app":"db"}},"spec":{"containers":[{"name":"c","image":"shop/db:v1"}]}}}}')
        subprocess.run(['kubectl', '--context', 'peer-admin', '-n', n.name, 'apply', '-f', '-'], input=manifest, text=True, check=True, capture_output=True)
        kubectl('-n', n.name, 'rollout', 'status', 'statefulset/db', '--timeout=60s')
        kubectl('-n', n.name, 'set', 'image', 'statefulset/db', 'c=shop/db:v2')
        time.sleep(2)  # times at the source are whole seconds: a write in the same one as the birth is the birth
        kubectl('-n', n.name, 'patch', 'configmap', 'limits', '-p', '{"data":{"a":"2"}}')
        changes = [c for c in json.loads(cli('changes', '--since', '1h', '-o', 'json'))['changes'] if '/%s/' % n.name in c['id']]
        image = [c for c in changes if c['field'] == 'images']
        assert {(c['old'], c['new'], c['by'], c['kind']) for c in image} == {
            ('shop/web:v41', 'shop/web:v42', 'kubectl-set', 'deployments'), ('shop/db:v1', 'shop/db:v2', 'kubectl-set', 'statefulsets')}, changes
        assert any(c['kind'] == 'configmaps' and c['field'] == 'data.a' and c['by'] == 'kubectl-patch' and c['old'] is None for c in changes), changes
        assert any(c['kind'] == 'deployments' and c['field'] == '' and c['new'] == 'web' for c in changes), changes
        with start('peer-admin') as c:  # a first start: nothing of this was seen by us
            c.wait_for(re.compile(r'ph-recorded/(web|db) +image (v41 → v42|v1 → v2) +by kubectl-set'))


def open_deployment(c, namespace):
    c.wait_for('link ok')
    c.send(':deployments /%s<Enter>' % namespace)
    c.wait_for(re.compile(r'▸ %s +web ' % namespace))


def image(namespace):
    return kubectl('-n', namespace, 'get', 'deployment', 'web', '-o', 'jsonpath={.spec.template.spec.containers[0].image}')


def replicas(namespace):
    return kubectl('-n', namespace, 'get', 'deployment', 'web', '-o', 'jsonpath={.spec.replicas}')


def approve(c):
    c.wait_for('^Y  approve')
    c.send('<C-y>')
    c.wait_for(re.compile('done|✓'))


def test_detail_has_events_and_what_depends():
    with Namespace('ph-detail') as n, start('peer-admin', rows=40) as c:
        open_deployment(c, n.name)
        c.send('d')
        c.wait_for('ScalingReplicaSet')
        c.wait_for(re.compile('runs it +web-'))
        assert 'Scaled up replica set web-' in c.dump()


def test_logs_of_a_workload_are_merged():
    with Namespace('ph-logs') as n, start('peer-admin') as c:
        pods = kubectl('-n', n.name, 'get', 'pods', '-o', 'jsonpath={.items[*].metadata.name}').split()
        assert len(pods) == 2
        open_deployment(c, n.name)
        c.send('l')
        c.wait_for('following')
        for pod in pods:
            c.wait_for(pod + '/web')
        c.wait_for(re.compile('GET /healthz'))
        c.settle(0.5)
        lines = [line for line in c.dump().splitlines() if '/web ' in line and 'log ph-logs' not in line]
        # By time: the first line of either stands before the second of any.
        assert {line.split('/')[0].strip() for line in lines[:2]} == set(pods), lines
        c.send('p')
        c.wait_for(re.compile('previous'))


def test_a_scale_is_seen_before_it_happens_and_undone():
    with Namespace('ph-scale') as n, start('peer-admin') as c:
        open_deployment(c, n.name)
        c.send('s')
        c.wait_for('replicas')
        c.send('5<Enter>')
        c.wait_for('by the server: accepted')
        c.wait_for('+ replicas: 5')
        assert replicas(n.name) == '2'  # a dry run changes nothing
        approve(c)
        assert replicas(n.name) == '5'
        c.send('<Esc>')
        c.settle(0.3)
        c.send(':undo<Enter>')
        c.wait_for('+ replicas: 2')
        assert replicas(n.name) == '5'
        approve(c)
        assert replicas(n.name) == '2'


def editor(folder, script):
    path = os.path.join(folder, 'editor')
    with open(path, 'w') as out:
        out.write('#!/bin/sh\n%s "$1"\n' % script)
    os.chmod(path, 0o755)
    return path


def test_edit_applies_what_the_editor_saved():
    with Namespace('ph-edit') as n, tempfile.TemporaryDirectory() as folder:
        with start('peer-admin', env={'EDITOR': editor(folder, "sed -i 's/^  labels:$/  labels:\\n    team: blue/'")}) as c:
            open_deployment(c, n.name)
            c.send('e')
            c.wait_for('team: blue')
            assert kubectl('-n', n.name, 'get', 'deployment', 'web', '-o', 'jsonpath={.metadata.labels.team}') == ''
            approve(c)
            assert kubectl('-n', n.name, 'get', 'deployment', 'web', '-o', 'jsonpath={.metadata.labels.team}') == 'blue'


def test_edit_of_what_others_manage_is_asked_again():
    with Namespace('ph-held') as n, tempfile.TemporaryDirectory() as folder:
        with start('peer-admin', env={'EDITOR': editor(folder, "sed -i 's/replicas: 2/replicas: 3/'")}) as c:
            open_deployment(c, n.name)
            c.send('e')
            c.wait_for('others manage what you changed')
            c.wait_for('.spec.replicas')
            c.send('<Enter>')  # Leave it has the cursor
            c.settle(0.3)
            assert replicas(n.name) == '2'
            c.send('e')
            c.wait_for('others manage what you changed')
            c.send('<Down><Enter>')
            c.wait_for('+ spec.replicas: 3')
            assert replicas(n.name) == '2'
            approve(c)
            assert replicas(n.name) == '3'


def test_rollout_pauses_resumes_and_goes_back():
    with Namespace('ph-rollout') as n:
        kubectl('-n', n.name, 'set', 'image', 'deployment/web', 'web=shop/web:v42')
        n.rolled_out()
        act = lambda *words: json.loads(cli('--approve', 'act', 'deployments', 'web', *words, '-n', n.name, '-o', 'json'))
        act('pause')
        paused = lambda: kubectl('-n', n.name, 'get', 'deployment', 'web', '-o', 'jsonpath={.spec.paused}')
        assert paused() == 'true'
        act('resume')
        assert paused() == ''
        cli('act', 'deployments', 'web', 'rollback', '-n', n.name, '--dry-run')
        assert image(n.name) == 'shop/web:v42'
        assert act('rollback')['status'] == 'done'
        assert image(n.name) == 'shop/web:v41'
        act('label', 'key=team', 'value=red')
        act('annotate', 'key=note', 'value=hello')
        meta = json.loads(kubectl('-n', n.name, 'get', 'deployment', 'web', '-o', 'json'))['metadata']
        assert meta['labels']['team'] == 'red' and meta['annotations']['note'] == 'hello'


def test_apply_of_a_file_creates_and_changes():
    with Namespace('ph-apply') as n, tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'limits.yaml')
        for value in ('1', '2'):
            with open(path, 'w') as out:
                out.write('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: limits, namespace: %s}\ndata: {a: "%s"}\n' % (n.name, value))
            cli('act', 'configmaps', 'limits', 'apply', 'manifest=@' + path, '-n', n.name, '--dry-run')
            seen = kubectl('-n', n.name, 'get', 'configmap', 'limits', '-o', 'jsonpath={.data.a}', '--ignore-not-found')
            assert seen == ('' if value == '1' else '1')
            cli('--approve', 'act', 'configmaps', 'limits', 'apply', 'manifest=@' + path, '-n', n.name)
            assert kubectl('-n', n.name, 'get', 'configmap', 'limits', '-o', 'jsonpath={.data.a}') == value


def test_exec_runs_where_it_was_said():
    with Namespace('ph-exec') as n:
        pod = kubectl('-n', n.name, 'get', 'pods', '-o', 'jsonpath={.items[0].metadata.name}')
        assert 'from inside' in cli('--approve', 'act', 'kubernetes/pods', pod, 'exec', "command=echo 'from inside'", '-n', n.name, '-o', 'json')


if __name__ == '__main__':
    if not os.environ.get('PILOTHOUSE_PEER_KUBE_SERVER'):
        print('no Kubernetes peer (../shared/peers/kubernetes.sh)')
        sys.exit(77)
    run_tests(globals())
