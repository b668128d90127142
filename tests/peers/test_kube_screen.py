#!/usr/bin/env python3
"""The console on a real cluster, as a person drives it: what few rights show, and the verbs an operator uses, each looked at from the
other side with kubectl."""
import os, re, subprocess, sys, time
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


if __name__ == '__main__':
    if not os.environ.get('PILOTHOUSE_PEER_KUBE_SERVER'):
        print('no Kubernetes peer (../shared/peers/kubernetes.sh)')
        sys.exit(77)
    run_tests(globals())
