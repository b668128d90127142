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


def test_verbs_without_a_right_say_so():
    with start('peer-viewer') as c:
        c.wait_for('link ok')
        c.send(':deployments<Enter>')
        c.wait_for('live')
        c.send('a')
        c.wait_for(re.compile(r'Scale to N replicas +no right to patch deployments/scale in '))
        assert re.search(r'Delete +no right to delete deployments', c.dump()), c.dump()
        c.send('<Enter>')  # it can be tried all the same: the server's answer is the truth
        c.wait_for('replicas')
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
            c.wait_for(re.compile(r'ph-recorded/(web|db) +image (web:v41 → v42|db:v1 → v2) +by kubectl-set'))


if __name__ == '__main__':
    if not os.environ.get('PILOTHOUSE_PEER_KUBE_SERVER'):
        print('no Kubernetes peer (../shared/peers/kubernetes.sh)')
        sys.exit(77)
    run_tests(globals())
