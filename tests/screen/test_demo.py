#!/usr/bin/env python3
"""`pilothouse demo` as a person meets it: the incident is seen, asked about, mended through the gate and brought back; and nothing of it stays."""
import json, os, re, signal, socket, subprocess, sys, tempfile, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from screenpty import *

HEAL_S = 60


def environment(folder):
    return {'PATH': os.environ['PATH'], 'PILOTHOUSE_HOME': os.path.join(folder, 'own'), 'PILOTHOUSE_DATA': ROOT, 'HOME': folder, 'TMPDIR': folder, 'TZ': 'UTC',
            'LANG': 'C.UTF-8', **{k: v for k, v in os.environ.items() if k.endswith('SAN_OPTIONS')}}


def ph(*args, folder=None):
    with tempfile.TemporaryDirectory() as own:
        return subprocess.run([PROGRAM, *args], env=environment(folder or own), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


def until(condition, what):
    end = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def child_of(pid):
    """The process of the simulated estate, or None."""
    for name in os.listdir('/proc'):
        try:
            with open('/proc/%s/stat' % name) as file:
                head, rest = file.read().rsplit(')', 1)
        except (OSError, ValueError):
            continue
        if head.endswith('(pilothouse-demo') and int(rest.split()[1]) == pid:
            return int(name)
    return None


def is_alive(pid):
    try:
        with open('/proc/%d/stat' % pid) as file:
            return file.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except OSError:
        return False


def left_in(folder):
    return [name for name in os.listdir(folder) if name.startswith('pilothouse-demo-')]


def ports_of(folder):
    with open(os.path.join(folder, left_in(folder)[0], 'kubeconfig')) as file:
        return [int(port) for port in re.findall(r'127\.0\.0\.1:(\d+)', file.read())]


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(('127.0.0.1', port)) == 0


class Demo(Console):
    def __init__(self, *args, **options):
        self.tmp = tempfile.mkdtemp(prefix='demo-test-')
        super().__init__('demo', *args, env={'TMPDIR': self.tmp}, **options)

    def close(self):
        super().close()
        shutil.rmtree(self.tmp, ignore_errors=True)


def approve(c, name):
    c.wait_for('Type %s' % name)
    c.send(name)
    c.send('<C-y>')
    c.wait_for('✓ done')


# --- the whole story, at 80x24 ---

def test_an_incident_is_seen_asked_about_mended_and_undone():
    with Demo() as c:
        c.wait_for('DEMO, simulated')
        c.wait_for(re.compile(r'● high +3 pods'))
        c.wait_for(re.compile(r'CrashLoop|Error'))
        c.wait_for('press c and ask: why is checkout crashing in prod')
        assert 'prod-eu' in c.screen.lines()[0] and 'PROD' in c.screen.lines()[0]
        c.send('c')
        c.wait_for('co-pilot')
        c.send('why is checkout crashing in prod<Enter>')
        c.wait_for(re.compile(r'1 +deployment_regression'))
        c.wait_for(re.compile(r'came \d min ago over\s+revision\s+41'))
        c.wait_for('[review]')
        c.send('<Tab><Enter>')  # the first step is to the plan that waits
        c.wait_for('by the server: accepted')
        c.send('<Esc>')
        c.wait_for('[review]')
        c.send('roll back checkout in prod<Enter>')
        c.wait_for('by the server: accepted')
        c.wait_for('forward again to revision 42')
        c.wait_for(lambda text: re.search(r'checkout:v42\W', text) and re.search(r'checkout:v41\W', text))  # both images to their end, at 80 columns
        approve(c, 'checkout')
        c.send('<Esc>')
        c.wait_for(re.compile(r'✓ done \d\d:\d\d \[run\]'))  # the conversation says what became of its plan
        c.send('<Esc>')
        c.wait_for('Wrong now')
        c.send(':pods<Enter>')
        c.wait_for(re.compile(r'live'))
        c.send('/namespace == payments and name ~ checkout<Enter>')
        c.wait_for(lambda text: len(re.findall(r'checkout-\w+-\w+ +1/1 +Running', text)) == 6 and 'CrashLoop' not in text)
        c.send('u')
        approve(c, 'checkout')
        c.send('<Esc>')
        c.wait_for(re.compile(r'checkout-\w+-\w+ +0/1 +(Error|CrashLoopBackOff)'))
        c.send('c')
        c.wait_for(re.compile(r'undone \d\d:\d\d \[run\]'))


def test_a_conversation_opens_again_at_its_end():
    with Demo(rows=14) as c:
        c.wait_for('Wrong now')
        c.send('c')
        c.wait_for('Ask in plain words')
        c.send('why is checkout crashing in prod<Enter>')
        c.wait_for(re.compile(r'^ +next +\[', re.M))
        c.wait_for('› why is checkout', absent=True)  # it is longer than the screen
        c.settle()
        c.send('<Esc>')
        c.wait_for('Wrong now')
        c.send('c')
        c.wait_for(re.compile(r'^ +next +\[', re.M))


def test_the_log_of_several_leaves_room_for_what_they_say():
    with Demo() as c:
        c.wait_for(re.compile(r'● high +3 pods'))
        c.send('<Enter>')
        c.wait_for(re.compile(r'3 of \d+'))
        c.send('*l')
        c.wait_for(re.compile(r'^ ?check…\S+/checkout level=error msg="query failed" error="column', re.M))
        assert len({line.split()[0] for line in c.screen.lines()[2:-1] if 'level=' in line}) == 3, c.dump()


def test_restarts_grow_while_one_watches():
    with Demo() as c:
        c.wait_for('press c and ask')
        c.send(':pods<Enter>')
        c.wait_for(re.compile(r'live'))
        c.send('/restarts > 0<Enter>')
        rows = re.compile(r'checkout-\w+-(\w+) +0/1 +\S+ +(\d+)')
        c.wait_for(rows)
        before = sum(int(number) for _, number in rows.findall(c.dump()))
        c.wait_for(lambda text: sum(int(number) for _, number in rows.findall(text)) > before, seconds=HEAL_S)


# --- each scenario ---

def scenarios():
    out = ph('demo', '--list', '-o', 'json')
    assert out.returncode == 0, out.stderr
    return json.loads(out.stdout)['scenarios']


def test_there_are_scenarios_with_the_right_answer():
    assert len(scenarios()) >= 4
    for scenario in scenarios():
        out = ph('demo', scenario['name'], '--', 'investigate', scenario['ask'], '-o', 'json')
        assert out.stdout.startswith('{'), '%s: %s' % (scenario['name'], out.stderr)
        report = json.loads(out.stdout)
        found = [finding['class'] for finding in report['findings']]
        assert found and found[0] == scenario['class'], '%s: %s' % (scenario['name'], report['findings'])
        out = ph('demo', scenario['name'], '--', *scenario['heal'].split(), '--approve', '-o', 'json')
        assert out.returncode == 0 and json.loads(out.stdout)['status'] == 'done', (scenario['name'], out.stdout, out.stderr)


def test_the_files_pass_the_linter():
    for name in sorted(os.listdir(os.path.join(ROOT, 'scenarios'))):
        out = ph('lint', os.path.join(ROOT, 'scenarios', name))
        assert out.returncode == 0 and not out.stdout, out.stdout


def test_the_linter_finds_what_is_wrong():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'scenarios', 'mine.yaml')
        os.makedirs(os.path.dirname(path))
        with open(path, 'w') as file:
            file.write('name: mine\ntitle: t\nabout: a\non: shop\nask: q\nclass: none\nfix: f\ntimeline:\n- {at: soon, cluster: prod-eu, kind: deployments, name: shop/none, patch: {}}\n'
                       'troubles:\n- {cluster: mars, pod: sulk, colour: red}\n')
        out = ph('lint', path).stdout
        for part in ('mine.yaml:9: at is a time', 'no deployments "shop/none"', 'no cluster "mars"', 'pod is crash, oom or pull', 'has no "colour"'):
            assert part in out, '%r is not in\n%s' % (part, out)


def test_ones_own_scenario_goes_before():
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(ROOT, 'scenarios', 'bad-rollout.yaml')) as file:
            text = file.read()
        path = os.path.join(folder, 'own', 'scenarios', 'bad-rollout.yaml')
        os.makedirs(os.path.dirname(path))
        with open(path, 'w') as file:
            file.write(text.replace('checkout v42 went', 'my own v42 went'))
        assert 'my own v42 went' in ph('demo', '--list', folder=folder).stdout


# --- from the command line ---

def test_without_a_terminal_it_prints_the_first_screen():
    out = ph('demo')
    assert out.returncode == 0, out.stderr
    for part in ('DEMO, simulated', 'Wrong now', 'prod-eu', '3 pods', 'image v41'):
        assert part in out.stdout, out.stdout
    assert '\x1b' not in out.stdout


def test_an_unknown_scenario_says_which_there_are():
    out = ph('demo', 'nothing')
    assert out.returncode == 3 and 'no scenario is called "nothing"' in out.stderr and 'bad-rollout' in out.stderr, out.stderr
    out = ph('demo', 'bad-rollout', 'nonsense')
    assert out.returncode == 3 and '--' in out.stderr, out.stderr


def test_any_command_runs_there_and_exits_as_it_would():
    out = ph('demo', '--', 'get', 'nodes', '-o', 'json')
    names = [row['name'] for row in json.loads(out.stdout)['rows']]
    assert {'n11', 'n16'} <= set(names), names
    assert ph('demo', '--', 'get', 'nothing-like-that').returncode != 0
    assert ph('demo', '--', 'logs', 'pods', 'web', '-n', 'shop').returncode in (0, 1, 3)


def test_a_write_still_needs_approval_and_shows_its_dry_run():
    out = ph('demo', '--', 'act', 'deployments', 'checkout', 'rollback', '-n', 'payments')
    assert out.returncode == 5, (out.returncode, out.stderr)
    assert 'dry run by the server: accepted' in out.stdout + out.stderr


# --- what is left behind ---

def test_nothing_real_is_touched():
    with tempfile.TemporaryDirectory() as folder:
        own = os.path.join(folder, 'own')
        os.makedirs(own)
        with open(os.path.join(own, 'config.yaml'), 'w') as file:
            file.write('scope: prod\n')
        before = sorted(os.listdir(own))
        out = ph('demo', '--', 'act', 'deployments', 'checkout', 'rollback', '-n', 'payments', '--approve', folder=folder)
        assert out.returncode == 0, out.stderr + out.stdout
        assert sorted(os.listdir(own)) == before, os.listdir(own)
        assert not left_in(folder), os.listdir(folder)


def test_no_variable_or_option_leads_out_of_it():
    with tempfile.TemporaryDirectory() as folder:
        real = os.path.join(folder, 'real.db')
        env = dict(environment(folder), PILOTHOUSE_STORE_PATH=real, DB_PATH=real, PILOTHOUSE_KUBERNETES_KUBECONFIG='/nowhere', PILOTHOUSE_UI_BANNER='production',
                   PILOTHOUSE_HOST_ENABLED='true', http_proxy='http://127.0.0.1:9')
        out = subprocess.run([PROGRAM, 'demo'], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        assert out.returncode == 0 and 'DEMO, simulated' in out.stdout and '3 pods' in out.stdout, out.stdout + out.stderr
        assert not os.path.exists(real)
        for words in (['--config', 'mine.yaml', 'demo'], ['demo', '--profile', 'x'], ['demo', '--', 'get', 'pods', '--config=mine.yaml']):
            out = subprocess.run([PROGRAM, *words], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
            assert out.returncode == 3 and 'a configuration of its own' in out.stderr, (words, out.stderr)


def ends_clean(how):
    with Demo() as c:
        c.wait_for('press c and ask')
        child, ports = child_of(c.pid), ports_of(c.tmp)
        assert child and ports and all(is_open(port) for port in ports)
        how(c)
        until(lambda: not is_alive(child), 'the simulated estate lives on')
        until(lambda: not left_in(c.tmp), 'its folder is still there: %s' % os.listdir(c.tmp))
        assert not any(is_open(port) for port in ports)


def test_it_ends_with_the_console():
    ends_clean(lambda c: c.send('q'))


def test_it_ends_on_sigterm():
    ends_clean(lambda c: os.kill(c.pid, signal.SIGTERM))


def test_it_ends_on_sigkill():
    ends_clean(lambda c: os.kill(c.pid, signal.SIGKILL))


def test_it_ends_when_the_terminal_goes():
    ends_clean(lambda c: os.kill(c.pid, signal.SIGHUP))


run_tests(globals())
