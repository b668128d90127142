#!/usr/bin/env python3
"""The main thread owns the screen and waits for no disk and no network: after the first frame it opens, reads and writes nothing but the terminal, pipes and
what wakes it, through a whole tour. Seen from outside, by strace, which without -f follows that thread alone."""
import os, re, sqlite3, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from screenpty import *

CALLS = '%file,%desc,%network'
# What it may have to do with: the terminal, wake-ups (pipes, eventfd, inotify, the pair of sockets curl is woken by), memory.
OWN = re.compile(r'/dev/(pts/\d+|tty|ptmx)|pipe:|anon_inode:|UNIX|socket:')


def why_not():
    if not shutil.which('strace'):
        return 'strace is not installed: apt-get install strace'
    if built_with('asan') or built_with('tsan'):
        return 'a sanitizer reads files of its own, and finds no leaks under strace'
    if subprocess.run(['strace', '-o', os.devnull, 'true'], stderr=subprocess.DEVNULL).returncode:
        return 'this machine lets nobody trace'
    return None


class Traced(Console):
    """A console under strace."""
    def __init__(self, *args, env=None, **options):
        why = why_not()
        if why:
            raise Skip(why)
        self.tmp = tempfile.mkdtemp(prefix='traced-')
        self.trace = os.path.join(self.tmp, 'trace')
        super().__init__('-yy', '-s', '300', '-e', 'trace=' + CALLS, '-o', self.trace, PROGRAM, *args, program='strace', env={'TMPDIR': self.tmp, **(env or {})},
                         **options)

    def close(self):
        if self.status is None:
            for pid in open('/proc/%d/task/%d/children' % (self.pid, self.pid)).read().split():
                os.kill(int(pid), signal.SIGKILL)
        super().close()
        shutil.rmtree(self.tmp, ignore_errors=True)

    def calls(self):
        """Between the first frame and the end of the screen, without those that came back with nothing done."""
        lines = open(self.trace, errors='replace').read().splitlines()
        drawn = [i for i, line in enumerate(lines) if re.match(r'write\(1<.*= \d{3,}$', line)]
        ended = [i for i, line in enumerate(lines) if line.startswith('write(1<') and '[?1049l' in line]
        assert drawn and ended and drawn[0] < ended[-1], 'no frame, or no end of the screen, in the trace:\n' + '\n'.join(lines[-20:])
        return lines[drawn[0]:ended[-1]]

    def foreign(self):
        """Calls on a path, or on a descriptor that is not its own."""
        found = []
        for line in self.calls():
            text = re.sub(r'"(\\.|[^"\\])*"', '""', line)  # what it writes to the terminal may look like anything
            descriptors = re.findall(r'\b\d+<((?:[^<>]|->|<[^<>]*>)*)>', text.split(') = ')[0])
            if not descriptors and re.match(r'(poll|mmap|munmap|close)\(', text) or (descriptors and all(OWN.match(d) for d in descriptors)):
                continue
            if not line.startswith(('---', '+++')):
                found.append(line)
        return found


def leave(c):
    c.send('Q')
    assert c.wait_end() == 0, c.status
    foreign = c.foreign()
    assert not foreign, '%d calls of the main thread after the first frame:\n%s' % (len(foreign), '\n'.join(foreign[:40]))


def look(c, keys, wait):
    c.send(keys)
    c.wait_for(wait)
    c.settle(0.05)


def approve(c, name):
    c.wait_for('Type %s' % name)
    c.send(name)
    c.send('<C-y>')
    c.wait_for('✓ done')


LIVE = re.compile(r'pods ›.*live')


def test_a_tour_of_tables_and_views():
    with Traced('demo', files={'.inputrc': 'set editing-mode emacs\n'}) as c:
        c.wait_for('press c and ask')
        look(c, ':pods<Enter>', LIVE)
        look(c, '/check', 'checkout')
        look(c, '<Esc>', LIVE)
        for keys, wait in (('d', 'Depends on this'), ('y', 'apiVersion'), ('l', 'following'), ('a', 'Evict'), ('%', 'pods'), ('?', 'keys'), ('K', 'Kinds'), ('n', 'Namespaces'),
                           ('x', 'Accounts'), ('S', 'AGE'), (':', 'go'), ('T', 'Themes')):
            look(c, keys, wait)
            look(c, '<Esc>', LIVE)
        look(c, 'D', 'written to')
        look(c, 'r', LIVE)
        look(c, 'vv', LIVE)
        for view, wait in (('changes', 'changes'), ('audit', 'unwitnessed'), ('runs', 'runs'), ('approvals', 'approvals'), ('playbooks', 'cert-check'), ('report', 'agents'),
                           ('report %s' % c.tmp, 'agents'), ('playbook cert-check', 'steps'), ('processes', 'PROGRAM'), ('events', 'events'), ('home', 'Changed, last hour')):
            look(c, ':%s<Enter>' % view, wait)
        look(c, ':pods<Enter>', LIVE)
        for theme in ('light', 'mono'):
            look(c, ':theme %s<Enter>' % theme, LIVE)
        leave(c)


def test_a_tour_of_the_co_pilot_an_approval_a_run_and_its_undo():
    with Traced('demo') as c:
        c.wait_for('press c and ask')
        look(c, 'c', 'co-pilot')
        look(c, 'why is checkout crashing in prod<Enter>', '[review]')
        look(c, 'roll back checkout in prod<Enter>', 'by the server: accepted')
        approve(c, 'checkout')
        look(c, ':<Esc>', '✓ done')
        c.send('u')
        approve(c, 'checkout')
        look(c, '<Esc><Esc>', re.compile('Changed, last hour|co-pilot'))
        look(c, ':audit<Enter>', 'unwitnessed')
        look(c, 'V', 'verifies')
        leave(c)


def test_an_edit_is_fetched_saved_and_read_back_elsewhere():
    with Traced('demo', env={'EDITOR': 'true'}) as c:
        c.wait_for('press c and ask')
        look(c, ':pods<Enter>', LIVE)
        look(c, 'e', 'nothing was changed')
        leave(c)


# --- what is typed while the rooms are opened waits for them; who leaves does not ---

class Held:
    """A home whose database somebody writes to, and does not end."""
    def __enter__(self):
        self.home = tempfile.mkdtemp(prefix='held-')
        env = {'PATH': os.environ['PATH'], 'PILOTHOUSE_HOME': self.home, 'PILOTHOUSE_DATA': ROOT, 'HOME': self.home, 'KUBECONFIG': os.path.join(self.home, 'none')}
        subprocess.run([PROGRAM, 'audit'], env=env, stdout=subprocess.DEVNULL, check=True, timeout=60)
        self.database = sqlite3.connect(os.path.join(self.home, 'pilothouse.db'), isolation_level=None)
        self.database.execute('PRAGMA locking_mode=EXCLUSIVE')
        self.database.execute('BEGIN EXCLUSIVE')
        return self

    def let_go(self):
        self.database.close()

    def __exit__(self, *_):
        self.let_go()
        shutil.rmtree(self.home, ignore_errors=True)


def test_keys_typed_while_the_database_is_held_are_taken_when_it_opens():
    with Held() as held, Console(home=held.home) as c:
        c.wait_for('Saturation')
        c.wait_for('opening the database')
        c.send(':audit<Enter>')
        c.settle()
        assert 'unwitnessed' not in c.dump()
        held.let_go()
        c.wait_for('unwitnessed')
        assert 'opening the database' not in c.dump()


def test_one_leaves_while_the_database_is_held():
    with Held() as held, Console(home=held.home) as c:
        c.wait_for('opening the database')
        c.send('q')
        assert c.wait_end() == 0, c.status
        whole, faults = c.is_whole()
        assert whole, faults


if __name__ == '__main__':
    run_tests(globals())
