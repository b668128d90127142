#!/usr/bin/env python3
"""test_kube_cli.py - what a person reads of clusters on the command line, in the simulated estate: whose a row is, which of two kinds
of one name is meant, what depends on what."""
import json, os, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hostile import *

SCENARIO = 'registry-login'  # two clusters, prod-eu and one more


def demo(*args):
    with Home() as home:
        return home.run('demo', SCENARIO, '--', *args)


def text(done):
    return done.out.decode() + done.talk


def test_rows_of_several_clusters_say_whose_they_are():
    done = demo('get', 'deployments', '-A', '--account', '*')
    lines = done.out.decode().splitlines()
    check(done.code == 0 and lines[0].startswith('ACCOUNT '), repr(done))
    check(len({line.split()[0] for line in lines[1:]}) > 1, 'one cluster only: %r' % done)
    csv = demo('get', 'deployments', '-A', '--account', '*', '-o', 'csv')
    check(csv.out.startswith(b'ACCOUNT,NAMESPACE,'), repr(csv))


def test_rows_of_one_cluster_do_not():
    done = demo('get', 'deployments', '-A')
    check(done.code == 0 and b'ACCOUNT' not in done.out, repr(done))


def test_services_of_a_namespace_are_those_of_the_cluster():
    for args in (['-n', 'payments'], ['--account', 'prod-eu', '-A']):
        done = demo('get', 'services', *args)
        check(done.code == 0 and b'CLUSTER-IP' in done.out and b'checkout' in done.out, repr(done))


def test_a_service_of_a_cluster_can_be_changed():
    for kind, more in (('kubernetes/services', []), ('svc', []), ('services', ['--account', 'prod-eu'])):
        done = demo('act', kind, 'checkout', 'label', 'key=a', 'value=b', '-n', 'payments', '--dry-run', *more)
        check(done.code == 0 and 'label service payments/checkout on prod-eu' in text(done), repr(done))
        check('stands behind it: 6' in text(done), repr(done))


def test_describe_says_what_depends_on_it():
    done = demo('describe', 'deployments', 'checkout', '-n', 'payments', '--account', 'prod-eu')
    check(done.code == 0, repr(done))
    for line in ('runs it            6 (checkout-', 'selects its pods   1 (checkout)', 'scales it          1 (checkout)'):
        check(line in text(done), line, repr(done))


def test_a_watch_tells_what_is_gone():
    sleeper = subprocess.Popen(['sleep', '300'])
    with Home() as home:
        watch = home.start('get', 'processes', '--filter', 'pid == %d' % sleeper.pid, '--watch', '-o', 'jsonl', stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        row = json.loads(watch.stdout.readline())
        sleeper.kill()
        sleeper.wait()
        while not row.get('gone'):
            row = json.loads(watch.stdout.readline())
        check(row['cells']['pid'] in (sleeper.pid, str(sleeper.pid)), row)
        watch.terminate()
        watch.wait(timeout=10)
        watch.stdout.close()


if __name__ == '__main__':
    sys.exit(main([f for name, f in list(globals().items()) if name.startswith('test_')]))
