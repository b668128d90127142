#!/usr/bin/env python3
"""Nothing is written without a person's yes: every view, every key that asks for a change, in each state in which none may happen.
The target is a child of this test, its niceness is what would change; the audit log must hold no step that began."""
import concurrent.futures, json, os, re, subprocess, sys, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from screenpty import *

HOST = os.uname().nodename.split('.')[0]
PROD = 'scopes:\n  prod: ["*"]\n'
DEV = 'scopes:\n  dev: ["*"]\n'
SHORT = '- id: short\n  match: {risk: write}\n  decide: approve\n  by: 1\n  expires: 1s\n'
TWO = '- id: two\n  match: {risk: write}\n  decide: approve\n  by: 2\n  expires: 10m\n'


class Target:
    """A process to be reniced; how it was is what must stay."""
    def __enter__(self):
        self.process = subprocess.Popen(['sleep', '3600'])
        self.pid = self.process.pid
        self.expected = 0
        if os.geteuid() == 0:
            os.setpriority(os.PRIO_PROCESS, self.pid, 0)  # the tests may run nicely themselves
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def nice(self):
        assert self.process.poll() is None, 'the target was ended'
        return os.getpriority(os.PRIO_PROCESS, self.pid)

    def drift(self):
        """Only root may lower it again; others run out of levels, and then nothing is tried. 1 when it drifted."""
        if os.geteuid() != 0 and self.expected >= 18:
            return 0
        self.expected = 1 if os.geteuid() == 0 and self.expected > 1 else self.expected + 1
        os.setpriority(os.PRIO_PROCESS, self.pid, self.expected)
        return 1

    def check(self, what):
        assert self.nice() == self.expected, '%s wrote: niceness is %d, was %d' % (what, self.nice(), self.expected)


def ph(console, *args):
    env = {'PATH': os.environ['PATH'], 'PILOTHOUSE_HOME': console.home, 'PILOTHOUSE_DATA': ROOT, 'HOME': console.home, 'TZ': 'UTC',
           'KUBECONFIG': os.path.join(console.home, 'none'), **{k: v for k, v in os.environ.items() if k.endswith('SAN_OPTIONS')}}
    return subprocess.run([PROGRAM, *args], env=env, cwd=console.home, capture_output=True, text=True, timeout=60)


def steps_begun(console):
    """Every step whose request may have left is in the log before it left."""
    out = ph(console, 'audit', '-o', 'jsonl')
    entries = [json.loads(line) for line in out.stdout.splitlines() if line.startswith('{')]
    return sum(e['action']['name'] == 'run.step' for e in entries)


def start(*args, files=None, **options):
    console = Console(*args, files=files, **options)
    console.wait_for('link ok')
    console.wait_for('Saturation')
    return console


def go_home(c):
    for _ in range(4):
        if 'Saturation' in c.dump():
            return
        c.send('<Esc>')
        c.settle(0.1)
    c.send(':home<Enter>')
    c.wait_for('Saturation')


def open_target(c, target):
    go_home(c)
    c.send(':processes /pid == %d<Enter>' % target.pid)  # a short number is in many rows
    c.wait_for(re.compile(r'▸ %d' % target.pid))


def ask_renice(c, nice):
    """From wherever the target is under the cursor: the menu of actions, the form, the plan."""
    c.send('a')
    c.wait_for('Change its niceness')
    c.send('renice<Enter>')
    c.wait_for('from -20')
    c.send('%d<Enter>' % nice)
    c.wait_for(re.compile(r'\[ (Cancel|Close) \]'))


def shut_dialog(c):
    for _ in range(3):
        if not re.search(r'\[ (Cancel|Close) \]|┌', c.dump()):
            return
        c.send('<Esc>')
        c.settle(0.2)
    c.wait_for('┌', absent=True)


# --- the dialog itself ---

def test_cancel_has_the_focus():
    with Target() as target, start(files={'config.yaml': DEV}) as c:
        open_target(c, target)
        ask_renice(c, 5)
        c.wait_for('^Y  approve')
        assert 'reverse' in c.styles_of('[ Cancel ]') or any(s.startswith('bg') for s in c.styles_of('[ Cancel ]')), c.styles_of('[ Cancel ]')
        c.send('<Enter>')
        c.wait_for('not run: the plan waits')
        target.check('Enter on a fresh dialog')
        assert steps_begun(c) == 0


def test_it_says_what_where_touches_undo_policy():
    with Target() as target, start(files={'config.yaml': DEV}) as c:
        open_target(c, target)
        ask_renice(c, 5)
        c.wait_for('^Y  approve')
        text = c.dump()
        for part in ('- nice: 0', '+ nice: 5', 'Where', 'Dry run', 'Touches', 'Undo      renice back to 0', 'Policy', 'default.yaml:', 'you: role sre', 'Estimate',
                     'expires'):
            assert part in text, '%r is not in\n%s' % (part, text)


def test_approved_runs_and_is_undone():
    with Target() as target, start(files={'config.yaml': DEV}) as c:
        open_target(c, target)
        ask_renice(c, 5)
        c.wait_for('^Y  approve')
        c.send('<C-y>')
        c.wait_for('✓ done')
        assert target.nice() == 5, target.nice()
        if os.geteuid() != 0:
            return  # only root may lower it again
        c.send('u')
        c.wait_for('+ nice: 0')
        c.wait_for('^Y  approve')
        assert target.nice() == 5, 'undo asked, and already done'
        c.send('<C-y>')
        c.wait_for('Undoes')
        assert target.nice() == 0, target.nice()
        assert steps_begun(c) == 4, steps_begun(c)  # two steps, begun and ended


def test_protected_needs_the_name():
    with Target() as target, start(files={'config.yaml': PROD}) as c:
        open_target(c, target)
        assert 'PROD' in c.screen.lines()[0]
        ask_renice(c, 5)
        c.wait_for('Type %d' % target.pid)
        assert '─ PROD ─' in c.dump()
        c.send('<C-y>')
        c.wait_for('name first')
        c.send('1<C-y>')
        c.settle()
        target.check('a wrong name')
        c.send('<BS>' + str(target.pid))
        c.settle()
        c.send('<Enter>')  # Cancel still has the focus
        c.wait_for('not run: the plan waits')
        target.check('Enter after the name')
        ask_renice(c, 5)
        c.wait_for('Type %d' % target.pid)
        c.send(str(target.pid) + '<C-y>')
        c.wait_for('✓ done')
        assert target.nice() == 5


def test_the_key_that_asked_does_not_approve():
    files = {'config.yaml': DEV + 'ui:\n  keys:\n    global.undo: "^Y"\n    approve.confirm: "^Y"\n    runs.undo: "^Y"\n    run.undo: "^Y"\n'}
    with Target() as target, start(files=files) as c:
        target.expected = 0
        open_target(c, target)
        assert ph(c, 'act', 'processes', str(target.pid), 'renice', 'nice=3', '--approve').returncode == 0
        target.expected = 3
        c.send('<C-y>')
        c.wait_for('+ nice: 0')
        c.wait_for('^Y  approve')
        c.send('<C-y>')
        c.wait_for('does not approve')
        target.check('the key that asked')


def test_two_approvers_wait():
    with Target() as target, start(files={'config.yaml': DEV, 'policies/two.yaml': TWO}) as c:
        open_target(c, target)
        ask_renice(c, 5)
        c.wait_for('0 of 2')
        c.send('<C-y>')
        c.wait_for('1 of 2')
        target.check('one of two')
        c.send('<C-y>')
        c.settle()
        c.wait_for(lambda text: 'approving' not in text)  # closed before, it says so instead
        c.send('<Enter>')
        c.wait_for(re.compile(r'waits in the approvals'))
        c.send('A')
        c.wait_for(re.compile(r'approved|waiting'))
        c.wait_for('1 of 2')
        target.check('one of two')
        assert steps_begun(c) == 0


def test_drifted_says_what_changed_and_offers_a_new_plan():
    with Target() as target, start(files={'config.yaml': DEV}) as c:
        open_target(c, target)
        ask_renice(c, 9)
        c.wait_for('^Y  approve')
        target.drift()
        c.send('<C-y>')
        c.wait_for('Since the plan was made')
        c.wait_for(re.compile(r'- nice: 0\b'))
        c.wait_for(re.compile(r'\+ nice: 1\b'))
        c.send('<C-y>')
        c.settle()
        target.check('a drifted plan')
        c.send('<C-r>')
        c.wait_for('^Y  approve')
        assert 'Since the plan was made' not in c.dump()
        target.check('a new plan')
        c.send('<C-y>')
        c.wait_for('✓ done')
        assert target.nice() == 9


def test_expired_is_said():
    with Target() as target, start(files={'config.yaml': DEV, 'policies/short.yaml': SHORT}) as c:
        open_target(c, target)
        ask_renice(c, 5)
        c.wait_for('has expired')
        c.wait_for('make a new plan')
        c.send('<C-y>')
        c.settle()
        target.check('an expired plan')
        assert steps_begun(c) == 0


# --- every view x every write key x every state ---

def view_dashboard(c, target):
    go_home(c)


def view_table(c, target):
    open_target(c, target)


def view_detail(c, target):
    open_target(c, target)
    c.send('d')
    c.wait_for('Depends on this')


def view_yaml(c, target):
    open_target(c, target)
    c.send('y')
    c.wait_for('cpu_seconds')


def view_logs(c, target):
    open_target(c, target)
    c.send('l')
    c.wait_for(re.compile(r'› .*log %d' % target.pid))


def view_of(key, title):
    def view(c, target):
        open_target(c, target)
        c.send(key)
        c.wait_for(re.compile(r'(› |^ )' + title, re.M))
        c.settle(0.2)
    return view


def view_run(c, target):
    open_target(c, target)
    c.send('R')
    c.wait_for(re.compile(r'✓  done +renice process'))  # the runs' row, not the dashboard's
    c.send('<Enter>')
    c.wait_for(re.compile(r'› run '))
    c.wait_for('u shows it')


def view_plan(c, target):
    open_target(c, target)
    c.send('R')
    c.wait_for(re.compile(r'✓  done +renice process'))  # the runs' row, not the dashboard's
    c.send('<Enter>')
    c.wait_for(re.compile(r'› run '))
    c.wait_for('u shows it')
    c.send('<Enter>')
    c.wait_for(re.compile(r'› plan '))
    c.settle(0.2)


VIEWS = {'dashboard': view_dashboard, 'table': view_table, 'detail': view_detail, 'yaml': view_yaml, 'logs': view_logs, 'changes': view_of('!', 'changes'),
         'approvals': view_of('A', 'approvals'), 'runs': view_of('R', 'runs'), 'run': view_run, 'plan': view_plan, 'audit': view_of('H', 'audit'),
         'playbooks': view_of('P', 'playbooks'), 'chart': view_of('%', 'chart of'), 'chat': view_of('c', 'co-pilot'), 'help': view_of('?', 'keys')}
# Contexts of the key table that are no views: what others build on, tables of a kind the target is not of (test_fleet.py), and what lies over a view. Those are opened by the keys pressed below.
NO_VIEWS = {'everywhere', 'fleet', 'text', 'dialog', 'form', 'menu', 'palette', 'approve'}


def unroff(text):
    return re.sub(r'\\&', '', re.sub(r'\\f[BIRP]', '', text)).replace('\\-', '-').replace('\\e', '\\').replace('\\(ha', '^')


def typed(key):
    """'^A' -> '<C-a>', 'M-y' -> '<M-y>', 'Enter' -> '<Enter>'"""
    if len(key) == 1:
        return key
    return '<C-%s>' % key[1].lower() if key[0] == '^' else '<%s>' % key


def key_table():
    """The program's own table: contexts, and the keys that ask for a change; with those of the target's kind."""
    page = subprocess.run([PROGRAM, 'man'], env=dict(os.environ, PILOTHOUSE_DATA=ROOT), capture_output=True, text=True, timeout=60).stdout
    part = page[page.index('.SH KEYS'):page.index('.SH ENVIRONMENT')].splitlines()
    contexts = {unroff(line[4:]) for line in part if line.startswith('.SS ')}
    keys = []
    for term, row, does in zip(part, part[1:], part[2:]):
        if term == '.TP' and does.endswith('(asks for a change)'):
            keys += [typed(key) for key in unroff(row).split()]
    kind = json.loads(subprocess.run([PROGRAM, 'kinds', 'show', 'processes', '-o', 'json'], env=dict(os.environ, PILOTHOUSE_DATA=ROOT), capture_output=True,
                                     text=True, timeout=60).stdout)
    keys += [typed(verb['key']) for verb in kind['verbs'] if verb['risk'] != 'read' and verb.get('key')]
    assert len(keys) > 5, part
    return contexts, list(dict.fromkeys(keys))


def test_every_view_of_the_key_table_is_tried():
    contexts, keys = key_table()
    assert contexts <= set(VIEWS) | NO_VIEWS, 'no view of this test: %s' % (contexts - set(VIEWS) - NO_VIEWS)
    assert 'u' in keys and '<C-y>' in keys, keys


def press(c, key):
    if key != 'ACT':
        c.send(key)
        c.settle(0.12)
        return
    c.send('a')
    c.settle(0.12)
    if 'Change its niceness' in c.dump():
        c.send('renice<Enter>')
        c.settle(0.1)
        c.send('7<Enter>')
        c.settle(0.25)


def shows(c, view):
    """What is on the screen is that view, at the target, with nothing over it."""
    text = c.dump()
    return view not in ('chat', 'dashboard') and SIGN[view].search(text) and not re.search(r'┌|words  !word', text)


def try_read_only(c, target):
    c.send('<C-y>')
    c.settle(0.1)


def try_protected(c, target):
    c.send('<C-y>', 'x<C-y>')
    c.settle(0.1)


def try_unapproved(c, target):
    c.send('y', 'Y', '<C-a>')
    c.settle(0.1)


def try_expired(c, target):
    if 'has expired' not in c.dump():
        c.wait_for('expired')
    c.send('<C-y>')
    c.settle(0.1)


def try_drifted(c, target):
    c.wait_for(lambda text: 'looking whether' not in text)
    if target.drift():
        c.send('<C-y>')
        c.wait_for(lambda text: 'approving' not in text)
        c.settle(0.1)


STATES = {
    'read-only': (['--read-only'], {'config.yaml': DEV}, try_read_only, 'READ-ONLY'),
    'protected': ([], {'config.yaml': PROD}, try_protected, 'PROD'),
    'unapproved': ([], {'config.yaml': DEV}, try_unapproved, 'approve'),
    'expired': ([], {'config.yaml': DEV, 'policies/short.yaml': SHORT}, try_expired, 'expired'),
    'drifted': ([], {'config.yaml': DEV}, try_drifted, 'make a new plan'),
}


# How a view is known while it stays open from one key to the next.
SIGN = {view: re.compile(r'^ .*› .*%s' % title, re.M) for view, title in
        {'detail': r'processes \d+ ', 'yaml': 'yaml', 'logs': 'log', 'changes': 'changes', 'approvals': 'approvals', 'runs': 'runs', 'run': 'run ', 'plan': 'plan ',
         'audit': 'audit', 'playbooks': 'playbooks', 'chart': 'chart of', 'help': 'keys'}.items()}
SIGN['table'] = re.compile(r'^ processes ›[^›]*$', re.M)


def try_key(c, target, attempt, says, key):
    """Presses it, does what the state allows nobody to do, and closes what came. 1 when a dialog said why not."""
    said = 0
    press(c, key)
    if re.search(r'\[ (Cancel|Close) \]', c.dump()):
        attempt(c, target)
        said = says in c.dump()
        c.send('<Enter>')
        c.settle(0.1)
    c.send('<Esc>')
    c.settle(0.05)
    shut_dialog(c)
    return said


def one_state(name):
    args, files, attempt, says = STATES[name]
    keys = key_table()[1] + ['<Enter>', 'ACT']  # Enter reviews a plan that waits; ACT is the menu of actions
    seen, tried = 0, set()
    with Target() as target:
        home = tempfile.mkdtemp(prefix='pilothouse-writes-')
        try:
            # A run to undo and a plan to look at; in a plain home, whose rules then change.
            with Console('version', home=home, files={'config.yaml': DEV}) as before:
                assert ph(before, 'act', 'processes', str(target.pid), 'renice', 'nice=1', '--approve').returncode == 0
                target.expected = 1
            with start(*args, home=home, files=files, env={'EDITOR': 'true', 'VISUAL': 'true'}) as c:
                began = steps_begun(c)
                for view, open_view in VIEWS.items():
                    for key in keys:
                        if not shows(c, view):
                            open_view(c, target)
                        seen += try_key(c, target, attempt, says, key)
                        tried.add((view, key))
                        target.check('%s, %s in %s' % (name, key, view))
                assert steps_begun(c) == began, '%s: a step began' % name
                assert len(tried) == len(VIEWS) * len(keys)
                assert seen >= 3, 'the dialog came %d times only: the test did not test' % seen
        finally:
            shutil.rmtree(home, ignore_errors=True)


STARTED = {}


def state(name):
    """They wait more than they work: all run beside each other from the first one on."""
    if not STARTED:
        pool = concurrent.futures.ThreadPoolExecutor(len(STATES))
        STARTED.update((each, pool.submit(one_state, each)) for each in STATES if all(word in 'test_every_view_' + each.replace('-', '_') for word in sys.argv[1:]))
    STARTED[name].result()


def test_every_view_read_only():
    state('read-only')


def test_every_view_protected():
    state('protected')


def test_every_view_unapproved():
    state('unapproved')


def test_every_view_expired():
    state('expired')


def test_every_view_drifted():
    state('drifted')


if __name__ == '__main__':
    run_tests(globals())
