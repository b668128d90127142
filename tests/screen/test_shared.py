#!/usr/bin/env python3
"""Two consoles on one database: what one asks for the other sees, approves or drifts from; nothing is done twice, the log stays one."""
import json, os, re, shutil, signal, sys, tempfile
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from screenpty import *
from test_writes import DEV, Target, ask_renice, open_target, ph, start


class Home:
    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix='pilothouse-shared-')
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


def is_proven(console):
    done = ph(console, 'audit', 'verify', '-o', 'json')
    assert done.returncode == 0 and json.loads(done.stdout)['ok'], done.stdout


def test_what_waits_in_one_is_approved_in_the_other():
    with Home() as home, Target() as target, start(files={'config.yaml': DEV}, home=home) as one, start(home=home) as other:
        open_target(one, target)
        ask_renice(one, 5)
        one.send('<Esc>')
        one.wait_for('the plan waits in the approvals')
        target.check('a plan that waits')
        other.send(':approvals<Enter>')
        other.wait_for(re.compile(r'renice process %d' % target.pid))
        other.send('<Enter>')
        other.wait_for('+ nice: 5')
        other.send('p')
        other.wait_for(re.compile(r'\^Y  approve|\[ Cancel \]'))
        other.send('<C-y>')
        other.wait_for('✓ done')
        assert target.nice() == 5, target.nice()
        one.send(':runs<Enter>')
        one.wait_for(re.compile(r'renice process %d' % target.pid))
        is_proven(one)
        for c in (one, other):
            c.signal(signal.SIGHUP)
            c.wait_end()
            assert c.is_whole()[0], c.is_whole()


def test_both_ask_at_once_and_one_is_told_it_drifted():
    with Home() as home, Target() as target, start(files={'config.yaml': DEV}, home=home) as one, start(home=home) as other:
        for c, nice in ((one, 5), (other, 9)):
            open_target(c, target)
            ask_renice(c, nice)
            c.wait_for('^Y  approve')
        one.send('<C-y>')
        one.wait_for('✓ done')
        assert target.nice() == 5, target.nice()
        other.send('<C-y>')  # it was approved for a process whose niceness is 0
        other.wait_for('Since the plan was made')
        assert target.nice() == 5, target.nice()
        is_proven(one)


if __name__ == '__main__':
    run_tests({name: test for name, test in globals().items() if getattr(test, '__module__', '') == '__main__'})
