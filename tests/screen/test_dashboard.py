#!/usr/bin/env python3
"""The first screen: what it says of this machine is read, not counted line by line."""
import os, re, shutil, sys, tempfile, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from screenpty import *


class Machine(Console):
    """A folder in place of this machine, with files of our own under /proc and /var/log."""
    def __init__(self, files, **options):
        self.root = tempfile.mkdtemp(prefix='pilothouse-root-')
        for name, text in files.items():
            path = os.path.join(self.root, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'w') as out:
                out.write(text)
        super().__init__(files={'config.yaml': 'host: {root: "%s"}\n' % self.root}, **options)

    def close(self):
        super().close()
        shutil.rmtree(self.root, ignore_errors=True)


def proc(swap_kb):
    return {'proc/stat': 'cpu  100 0 100 10000 0 0 0 0 0 0\ncpu0 100 0 100 10000 0 0 0 0 0 0\nbtime 1700000000\n', 'proc/uptime': '1000.00 900.00\n',
            'proc/loadavg': '0.10 0.10 0.10 1/100 1\n',
            'proc/meminfo': 'MemTotal: 1000000 kB\nMemFree: 500000 kB\nMemAvailable: 600000 kB\nSwapTotal: %d kB\nSwapFree: %d kB\n' % (swap_kb, swap_kb)}


def test_many_packages_at_once_are_one_line_that_opens_the_list():
    stamp = time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(time.time() - 600))
    names = ['pkg-%c' % c for c in 'abcdefghij']
    logs = {'var/log/dpkg.log': ''.join('%s install %s:amd64 <none> 1.%d\n' % (stamp, n, i) for i, n in enumerate(names)) +
            '%s upgrade tzdata:all 2024a 2024b\n' % stamp,
            'var/log/apt/history.log': 'Start-Date: %s\nCommandline: apt-get install x\nEnd-Date: %s\n' % (stamp.replace(' ', '  '), stamp.replace(' ', '  '))}
    with Machine(dict(proc(0), **logs)) as c:
        c.wait_for(re.compile(r'packages +10 packages +installed: pkg-\w, pkg-.*by apt'))
        c.wait_for(re.compile(r'packages +tzdata +version 2024a → 2024b +by apt')) # another change than those
        assert len([l for l in c.screen.lines() if 'packages ' in l]) == 2, c.dump()
        c.wait_for('mountinfo')   # what is wrong stands, so that the part after it is the changes
        c.send(']')
        c.wait_for(re.compile(r'▸ +\d\d:\d\d +packages +10'))
        c.send('<Enter>')
        c.wait_for(re.compile(r'changes, last 1 h.*/packages.*11'))
        c.wait_for(re.compile(r'pkg-a .*1\.0'))


def test_no_swap_is_said_and_is_not_unknown():
    with Machine(proc(0)) as c:
        c.wait_for(re.compile(r'swap +none'))
    with Machine(proc(1000)) as c:
        c.wait_for(re.compile(r'swap +0 %'))


if __name__ == '__main__':
    run_tests(globals())
