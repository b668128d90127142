#!/usr/bin/env python3
"""A shell in a container, from the key to the end: the container is chosen, the gate asked, the terminal handed over with its size, and whole
again however the shell ends."""
import os, re, shutil, signal, sys, tempfile
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from screenpty import *
from fakecluster import Cluster

class Sitting(Cluster):
    def sit_down(self, pod='one', container='web'):
        c = self.console
        c.send('/name == %s<Enter>' % pod)
        c.wait_for(re.compile(r'▸ (default +)?%s' % pod))
        c.send('s')
        if pod == 'two':
            c.wait_for('container of two')
            c.send(container + '<Enter>')
        c.wait_for('shell: bash, or sh where there is none')
        c.wait_for('container: ' + container)
        c.send('<C-y>')
        c.wait_for('fake:%s$' % container)
        c.wait_for('size 80x24')


def came_back(cluster, says):
    c = cluster.console
    c.wait_for(re.compile(r'^ pods › here', re.M))
    c.wait_for(says)
    assert not c.screen.mouse or c.screen.alternate
    assert (c.screen.top, c.screen.bottom) == (0, c.screen.rows - 1), 'the scrolling region is left as it was there'
    c.send('?')
    c.wait_for('rebind in config.yaml')
    c.send('<Esc>')
    c.wait_for('rebind in config.yaml', absent=True)


def test_the_container_is_chosen_and_the_shell_has_the_terminal():
    with Sitting() as cluster:
        cluster.sit_down('two', 'sidecar')
        c = cluster.console
        c.send('echo hi')
        c.send_bytes(b'\x03')
        c.wait_for('echo hi^C')
        c.resize(100, 30)
        c.wait_for('size 100x30')
        c.resize(80, 24)
        c.wait_for('size 80x24')
        c.send('<Enter>exit<Enter>')
        came_back(cluster, 'done: ')
        assert cluster.shells[0].query['tty'] == ['true'] and cluster.shells[0].query['stdin'] == ['true'], cluster.shells[0].target
        steps = [e for e in cluster.audit() if e['action'].get('step') == 'kubernetes.shell']
        assert steps and steps[0]['result']['status'] in ('started', 'done'), steps


def test_a_connection_that_breaks_gives_the_terminal_back():
    with Sitting() as cluster:
        cluster.sit_down()
        cluster.console.send('drop<Enter>')
        came_back(cluster, re.compile(r'unknown: |failed: '))


def test_what_hangs_is_left_by_a_key():
    with Sitting() as cluster:
        cluster.sit_down()
        cluster.console.send_bytes(b'\x1d')
        came_back(cluster, 'done: ')


def test_the_terminal_is_whole_when_the_console_ends_under_a_shell():
    for number in (signal.SIGTERM, signal.SIGHUP):
        with Sitting() as cluster:
            cluster.sit_down()
            cluster.console.signal(number)
            cluster.console.wait_end()
            whole, faults = cluster.console.is_whole()
            assert whole, (number, faults)


def test_read_only_opens_no_shell():
    with Sitting(args=['--read-only']) as cluster:
        c = cluster.console
        c.send('s')
        c.wait_for(re.compile(r'read-only'))
        c.settle()
        c.send('<C-y>')
        c.settle()
        assert not cluster.shells, [r.target for r in cluster.shells]


def test_help_dims_what_would_be_refused():
    class Viewer(Sitting):
        rules = [{'verbs': ['get', 'list', 'watch'], 'apiGroups': ['*'], 'resources': ['*']}]
    with Viewer(rows=50, columns=140) as cluster:
        c = cluster.console
        c.send('?')
        c.wait_for(re.compile(r's +Open a shell in a container: .*(may not|right|allow)'))
        c.wait_for(re.compile(r'a D +Delete: '))
        assert c.styles_of('Open a shell') == c.styles_of('Delete: ') != c.styles_of('show only rows that match'), c.dump()
        c.send('<Esc>')
        c.wait_for('rebind in config.yaml', absent=True)
        c.send('s')
        c.wait_for('shell: bash, or sh where there is none')
        assert not cluster.shells


def test_help_says_by_which_keys_a_verb_is_reached():
    with Sitting(rows=50) as cluster:
        c = cluster.console
        c.send('?')
        c.wait_for(re.compile(r'^ +s +Open a shell in a container', re.M))
        c.wait_for(re.compile(r'^ +e +Edit the manifest', re.M))
        c.wait_for(re.compile(r'^ +a D +Delete', re.M))  # D alone writes the view to a file


def test_the_simulated_estate_says_why_there_is_none():
    folder = tempfile.mkdtemp(prefix='demo-shell-')
    try:
        with Console('demo', env={'TMPDIR': folder}) as c:
            c.wait_for(re.compile(r'● high +3 pods'))
            c.send(':pods<Enter>')
            c.wait_for(' live')
            c.send('/name ~ redis-0<Enter>')
            c.wait_for(re.compile(r'▸ \S+ +redis-0'))
            c.send('s')
            c.wait_for(re.compile(r'the container is simulated|Type redis-0'))
            if 'Type redis-0' in c.dump():
                c.send('redis-0<C-y>')
            c.wait_for('the container is simulated')
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == '__main__':
    run_tests(globals())
