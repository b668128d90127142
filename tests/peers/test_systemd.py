#!/usr/bin/env python3
"""The program on a machine that systemd runs: a small Debian, booted by systemd-nspawn with systemd as PID 1, its journal, its
timers, its logins. Needs root, and debootstrap and systemd-container (installed when apt-get can). Kept in PEERS_DIR."""
import json, os, pty, re, select, shutil, signal, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'data'))
import hostile
from hostile import Skip, check

CACHE = os.environ.get('PEERS_DIR') or os.path.join(os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache'), 'pilothouse-peers')
HERE = '/run/ph'  # where the program and its data stand inside
BOOT_S, WAIT_S = 120, 30
UNITS = {
    'bell.service': '[Unit]\nDescription=A bell\n[Service]\nExecStart=/bin/sh -c "echo rung; exec sleep 100000"\nExecReload=/bin/sh -c "echo reloaded"\n',
    'tower.service': '[Unit]\nDescription=Needs the bell\nRequires=bell.service\nAfter=bell.service\n[Service]\nExecStart=/bin/sleep 100000\n',
    'crack.service': '[Unit]\nDescription=A crack\n[Service]\nExecStart=/bin/sh -c "echo going down; exit 3"\n',
    'nginx.service': '[Unit]\nDescription=A web server\n[Service]\nExecStart=/bin/sh -c "echo \'[emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)\'; exit 1"\n',
    'sshd.service': '[Service]\nExecStart=/bin/sh -c "exit 2"\n',
    'tick.service': '[Service]\nType=oneshot\nExecStart=/bin/true\n',
    'tick.timer': '[Timer]\nOnCalendar=*-*-* 03:00:00\n',
}


# --- the machine ---

def wanted_packages():
    """What the program is linked with, by the package that brings it."""
    names = {'systemd', 'systemd-sysv', 'libpam-systemd', 'dbus', 'login', 'bsdutils', 'procps', 'ncurses-term'}
    for path in re.findall(r'(/\S+\.so\S*)', subprocess.run(['ldd', hostile.PROGRAM], capture_output=True, text=True).stdout):
        for one in (path, '/usr' + path, path.removeprefix('/usr')):
            found = subprocess.run(['dpkg-query', '-S', one], capture_output=True, text=True)
            if found.returncode == 0:
                names.add(found.stdout.split(':')[0])
                break
    return sorted(names)


def os_release():
    with open('/etc/os-release') as f:
        return dict(line.rstrip().replace('"', '').split('=', 1) for line in f if '=' in line)


def need_tools():
    if os.geteuid() != 0:
        raise Skip('a booted systemd needs root')
    if not all(shutil.which(tool) for tool in ('systemd-nspawn', 'debootstrap')):
        if not shutil.which('apt-get'):
            raise Skip('no systemd-nspawn and debootstrap')
        subprocess.run(['apt-get', 'install', '-y', '-qq', '--no-install-recommends', 'systemd-container', 'debootstrap'],
                       env=dict(os.environ, DEBIAN_FRONTEND='noninteractive'), capture_output=True)
    for tool in ('systemd-nspawn', 'debootstrap', 'nsenter'):
        if not shutil.which(tool):
            raise Skip('%s is not here and could not be installed' % tool)


def root_folder():
    """A Debian with systemd, made once."""
    suite = os_release().get('VERSION_CODENAME', '')
    folder = os.path.join(CACHE, 'systemd-%s-%s' % (suite or 'none', os.uname().machine))
    if os.path.isdir(folder):
        return folder
    if os_release().get('ID') != 'debian':
        raise Skip('the booted machine is made from Debian packages, and this is no Debian')
    os.makedirs(CACHE, exist_ok=True)
    made = tempfile.mkdtemp(prefix='systemd-', dir=CACHE)
    done = subprocess.run(['debootstrap', '--variant=minbase', '--include=' + ','.join(wanted_packages()), suite, made],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1000)
    if done.returncode:
        shutil.rmtree(made, ignore_errors=True)
        raise Skip('debootstrap of %s: %s' % (suite, done.stdout.strip().splitlines()[-1:]))
    os.chmod(made, 0o755)
    os.rename(made, folder)
    return folder


class Machine:
    def __init__(self):
        need_tools()
        root = root_folder()
        self.log = tempfile.TemporaryFile()
        # Changes go to memory: the folder stays as it was made. All control groups in one tree, as systems have it now.
        self.nspawn = subprocess.Popen(
            ['systemd-nspawn', '--boot', '--quiet', '--directory=' + root, '--volatile=overlay', '--register=no', '--keep-unit', '--private-network',
             '--machine=ph-%d' % os.getpid(), '--hostname=belltower', '--bind-ro=%s:%s' % (hostile.ROOT, HERE), '--console=pipe'],
            env=dict(os.environ, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY='1'), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True)
        self.program = os.path.join(HERE, os.path.relpath(hostile.PROGRAM, hostile.ROOT))
        try:
            self.leader = self.await_(self.find_leader, 'systemd to start')
            self.await_(lambda: self.raw('systemctl', 'is-system-running').stdout.strip() in ('running', 'degraded'), 'systemd to have booted', BOOT_S)
            for name, text in UNITS.items():
                self.raw('tee', '/etc/systemd/system/' + name, input=text)
            self.raw('systemctl', 'daemon-reload')
        except BaseException:
            self.end()
            raise

    def said(self):
        self.log.seek(0)
        return self.log.read().decode(errors='replace')[-600:]

    def find_leader(self):
        if self.nspawn.poll() is not None:
            raise Skip('systemd-nspawn cannot boot here: %s' % self.said())
        try:
            with open('/proc/%d/task/%d/children' % (self.nspawn.pid, self.nspawn.pid)) as f:
                for pid in f.read().split():
                    with open('/proc/%s/comm' % pid) as name:
                        if name.read().strip() in ('systemd', 'init'):
                            return int(pid)
        except OSError:
            pass
        return None

    def await_(self, condition, what, within=WAIT_S):
        until = time.monotonic() + within
        while True:
            found = condition()
            if found:
                return found
            if time.monotonic() > until:
                raise AssertionError('waited %d s for %s: %s' % (within, what, self.said()))
            time.sleep(0.05)

    def argv(self, *args):
        return ['nsenter', '-t', str(self.leader), '-a', 'env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'LC_ALL=C.UTF-8', 'TERM=xterm',
                'PILOTHOUSE_HOME=/var/tmp/ph', 'PILOTHOUSE_DATA=' + HERE] + list(args)

    def raw(self, *args, **more):
        return subprocess.run(self.argv(*args), capture_output=True, text=True, timeout=WAIT_S * 2, **more)

    def ph(self, *args, code=0):
        done = self.raw(self.program, *args)
        check(done.returncode == code, args, 'exit', done.returncode, done.stdout[-500:], done.stderr[-500:])
        return done

    def rows(self, kind, **more):
        return {row['name']: row for row in json.loads(self.ph('get', kind, '-o', 'json', **more).stdout)['rows']}

    def act(self, name, verb, code=0):
        return json.loads(self.ph('act', 'services', name, verb, '--approve', '-o', 'json', code=code).stdout)

    def is_active(self, unit):
        return self.raw('systemctl', 'is-active', unit).stdout.strip()

    def end(self):
        if self.nspawn.poll() is None:
            self.nspawn.terminate()
            try:
                self.nspawn.wait(30)
            except subprocess.TimeoutExpired:
                self.nspawn.kill()
                self.nspawn.wait()


M = None


# --- services ---

def test_services_are_what_systemctl_says():
    rows = M.rows('services')
    loaded = {}
    for block in M.raw('systemctl', 'show', '*.service', '--property=Id,LoadState,ActiveState,SubState,MainPID').stdout.split('\n\n'):
        unit = dict(line.split('=', 1) for line in block.splitlines())
        if unit.get('LoadState') != 'not-found':
            loaded[unit['Id'].removesuffix('.service')] = unit
    check(len(loaded) > 10, loaded)
    for name, unit in loaded.items():
        check(name in rows, name, 'is missing')
        check(rows[name]['state'] == unit['ActiveState'] and rows[name]['cells']['detail'] == unit['SubState'], name, rows[name], unit)
        check((rows[name]['cells']['pid'] or 0) == int(unit['MainPID']), name, rows[name]['cells'], unit)


def test_installed_and_not_loaded_is_listed():
    M.raw('systemctl', 'stop', 'tower', 'bell')
    bell = M.rows('services')['bell']
    check(bell['state'] == 'inactive' and bell['cells']['start'] == 'static', bell)
    files = {line.split()[0]: line.split()[1] for line in M.raw('systemctl', 'list-unit-files', '--type=service', '--no-legend', '--plain').stdout.splitlines()}
    rows = M.rows('services')
    for unit, state in files.items():
        name = unit.removesuffix('.service')
        check(state == 'alias' or name.endswith('@') or name in rows, unit, state, 'is missing')


def test_start_and_undo():
    M.raw('systemctl', 'stop', 'tower', 'bell')
    plan = json.loads(M.ph('act', 'services', 'bell', 'start', '-o', 'json', code=5).stdout)
    check(plan['steps'][0]['undo'] and plan['steps'][0]['risk'] == 'write', plan)
    check(M.is_active('bell') == 'inactive', 'a plan alone started it')
    run = M.act('bell', 'start')
    check(run['status'] == 'done' and M.is_active('bell') == 'active', run)
    check(M.rows('services')['bell']['state'] == 'active')
    undone = json.loads(M.ph('undo', run['run_id'], '--approve', '-o', 'json').stdout)
    check(undone['status'] == 'done' and M.is_active('bell') == 'inactive', undone)


def test_stop_names_what_needs_it():
    M.raw('systemctl', 'start', 'tower')
    plan = json.loads(M.ph('act', 'services', 'bell', 'stop', '-o', 'json', code=5).stdout)
    check('tower' in json.dumps(plan['steps'][0]['blast_radius']), plan['steps'][0]['blast_radius'])
    run = M.act('bell', 'stop')
    check(run['status'] == 'done' and M.is_active('bell') == 'inactive' and M.is_active('tower') == 'inactive', run)
    M.ph('undo', run['run_id'], '--approve')
    check(M.is_active('bell') == 'active')


def test_restart_and_reload():
    M.raw('systemctl', 'start', 'bell')
    before = M.rows('services')['bell']['cells']['pid']
    check(M.act('bell', 'reload')['status'] == 'done')
    check(M.rows('services')['bell']['cells']['pid'] == before, 'reload made a new process')
    check('reloaded' in M.ph('logs', 'services', 'bell').stdout)
    check(M.act('bell', 'restart')['status'] == 'done')
    after = M.rows('services')['bell']['cells']['pid']
    check(after and after != before and str(after) == M.raw('systemctl', 'show', '-P', 'MainPID', 'bell').stdout.strip(), before, after)


def test_reload_of_what_stands_is_refused():
    M.raw('systemctl', 'stop', 'bell')
    done = M.raw(M.program, 'act', 'services', 'bell', 'reload', '--approve')
    check(done.returncode == 1 and 'only what runs can reload' in done.stderr, done)


def test_failed_is_wrong():
    run = M.act('crack', 'start', code=1)
    check(run['status'] == 'failed' and 'crack is failed' in run['steps'][0]['error'], run)
    crack = M.rows('services')['crack']
    check(crack['state'] == 'failed' and crack['severity'] == 'high' and crack['cells']['result'] == 'exit-code', crack)
    first = M.ph().stdout
    check(re.search(r'high +service crack +failed', first), first)
    M.raw('systemctl', 'reset-failed', 'crack')
    check(M.rows('services')['crack']['severity'] in (None, '', 'info'), M.rows('services')['crack'])


def test_why_it_is_down_is_found_in_its_journal():
    M.raw('systemctl', 'start', 'nginx')
    M.await_(lambda: M.is_active('nginx') == 'failed', 'nginx to fail')
    found = json.loads(M.ph('investigate', 'why is nginx down on this host', '-o', 'json').stdout)
    top = found['findings'][0]
    check(top['class'] == 'configuration_drift' and top['target'].endswith('services/nginx') and 'Address already in use' in top['cause'], found['findings'])
    M.raw('systemctl', 'reset-failed', 'nginx')


def test_what_systemd_says_of_an_exit_is_no_cause():
    """"status=2/INVALIDARGUMENT" is only the name of an exit code: nothing is known of a bad configuration."""
    M.raw('systemctl', 'start', 'sshd')
    M.await_(lambda: M.is_active('sshd') == 'failed', 'sshd to fail')
    M.await_(lambda: 'INVALIDARGUMENT' in M.raw('journalctl', '-u', 'sshd', '--no-pager').stdout, 'systemd to say so')
    found = json.loads(M.ph('investigate', 'why is sshd down on this host', '-o', 'json').stdout)
    check(found['findings'][0]['class'] == 'availability_loss', found['findings'])
    M.raw('systemctl', 'reset-failed', 'sshd')


def test_a_change_outside_is_seen():
    M.raw('systemctl', 'start', 'bell')
    M.rows('services')
    M.raw('systemctl', 'stop', 'bell')
    M.rows('services')
    changes = json.loads(M.ph('changes', '--since', '1m', '-o', 'json').stdout)['changes']
    check(any(c['id'].endswith('services/bell') and c['field'] == 'state' and (c['old'], c['new']) == ('active', 'inactive') for c in changes), changes)


def test_what_nobody_watched_is_on_record():
    """No listing between the two: the journal has them. What both know is told once."""
    M.raw('systemctl', 'restart', 'bell')
    M.rows('services')
    M.raw('systemctl', 'stop', 'bell')
    M.raw('systemctl', 'start', 'crack')
    M.await_(lambda: M.is_active('crack') == 'failed', 'crack to fail')
    M.await_(lambda: "Failed with result 'exit-code'" in M.raw('journalctl', '-u', 'crack', '-n', '3', '--no-pager').stdout, 'the journal to have it')
    M.rows('services')

    def told():
        return json.loads(M.ph('changes', '--since', '1m', '--kind', 'services', '-o', 'json').stdout)['changes']
    newest = {}
    for change in told():
        newest.setdefault((change['id'].split('/')[-1], change['field']), change)
    check(newest['bell', 'state']['new'] == 'inactive' and newest['bell', 'state']['old'] == 'active', newest)
    check(newest['crack', 'state']['new'] == 'failed', newest)
    # as often as the journal has it, though the tables saw it too
    theirs = M.raw('journalctl', '-q', '--since=-1m', 'MESSAGE_ID=d9b373ed55a64feb8242e02dbe79a49c', 'UNIT=crack.service', '-o', 'cat', '--no-pager').stdout.splitlines()
    ours = [c for c in told() if c['id'].endswith('/crack') and (c['field'], c['new']) == ('state', 'failed')]
    check(len(ours) == len(theirs), ours, theirs)
    M.raw('systemctl', 'reset-failed', 'crack')


# --- the journal ---

def test_log_of_a_service():
    M.raw('systemctl', 'restart', 'bell')
    M.await_(lambda: 'rung' in M.raw('journalctl', '-u', 'bell', '-n', '5', '--no-pager').stdout, 'the journal to have the line')
    ours = [line for line in M.ph('logs', 'services', 'bell', '--tail', '20').stdout.splitlines()]
    theirs = M.raw('journalctl', '-u', 'bell', '-n', '20', '-o', 'cat', '--no-pager').stdout.splitlines()
    check(ours[-len(theirs):] == theirs, ours, theirs)


def test_log_lines_are_harmless():
    M.raw('systemd-cat', '-t', 'evil', 'printf', '%s\\n', hostile.EVIL)
    M.await_(lambda: 'evil' in M.raw('journalctl', '-t', 'evil', '-o', 'json', '--no-pager').stdout, 'the journal to have the line')
    done = subprocess.run(M.argv(M.program, 'logs', 'logs', 'journal', '--tail', '50'), capture_output=True, timeout=60)
    check(done.returncode == 0 and not hostile.harm_in(done.stdout), hostile.harm_in(done.stdout))


def test_journal_is_followed():
    follow = subprocess.Popen(M.argv(M.program, 'logs', 'services', 'bell', '--follow', '--tail', '0'), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    seen = b''
    try:
        until = time.monotonic() + WAIT_S
        while b'rung' not in seen and time.monotonic() < until:
            M.raw('systemctl', 'restart', 'bell')  # again until the follower listens
            if select.select([follow.stdout], [], [], 1)[0]:
                seen += os.read(follow.stdout.fileno(), 65536)
        check(b'rung' in seen, seen)
    finally:
        subprocess.run(['nsenter', '-t', str(M.leader), '-a', 'pkill', '-INT', '-x', 'pilothouse'])  # inside: there is only ours
        follow.wait(WAIT_S)


def test_journal_is_vacuumed():
    M.raw('sh', '-c', 'head -c 40000000 /dev/urandom | base64 -w 40000 | systemd-cat -t fill; journalctl --rotate')

    def size():
        return M.rows('logs')['journal']['cells']['size']
    M.await_(lambda: size() > 24 << 20, 'the journal to grow')
    before = size()
    done = json.loads(M.ph('act', 'logs', 'journal', 'vacuum', 'keep=16M', '--approve', '-o', 'json').stdout)
    check(done['status'] == 'done', done)
    check(size() < before and size() <= (17 << 20) + (8 << 20), before, size())
    said = M.raw('journalctl', '--disk-usage').stdout
    check('take up' in said, said)


# --- timers, sessions, control groups ---

def test_timers_are_what_systemctl_says():
    M.raw('systemctl', 'start', 'tick.timer')
    rows = M.rows('timers')
    for timer in json.loads(M.raw('systemctl', 'list-timers', '--all', '--output=json').stdout):
        row = rows[timer['unit']]
        check(row['cells']['runs'] == timer['activates'], row, timer)
        at = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(timer['next'] // 1000000)) if timer['next'] else ''
        check((row['cells']['next'] or '')[:19] == at, row, timer)
    check(rows['tick.timer']['cells']['schedule'] == '*-*-* 03:00:00', rows['tick.timer'])
    M.raw('systemctl', 'stop', 'tick.timer')
    check('tick.timer' not in M.rows('timers'))


def test_a_login_is_a_session():
    check(not M.rows('sessions'), M.rows('sessions'))
    pid, terminal = pty.fork()
    if not pid:
        # in the machine's own /dev/pts, as a login has it
        os.execvp('nsenter', M.argv('script', '-qc', 'login -f root', '/dev/null'))
    try:
        rows = M.await_(lambda: M.rows('sessions'), 'the session to be listed')
        who = M.raw('who').stdout.split()
        row = list(rows.values())[0]
        check([row['cells']['user'], row['name']] == who[:2], rows, who)
        changes = json.loads(M.ph('changes', '--since', '5m', '-o', 'json').stdout)['changes']
        check(any('/sessions/' in c['id'] for c in changes), changes)
    finally:
        os.write(terminal, b'exit\n')
        M.await_(lambda: os.waitpid(pid, os.WNOHANG)[0] or drain(terminal), 'the login to end')
        os.close(terminal)
    M.await_(lambda: not M.rows('sessions'), 'the session to be gone')


def drain(fd):
    try:
        while select.select([fd], [], [], 0)[0] and os.read(fd, 4096):
            pass
    except OSError:
        pass


def test_a_container_is_its_control_group():
    if not os.path.exists('/proc/%d/root/sys/fs/cgroup/cgroup.controllers' % M.leader):
        raise Skip('its control groups are not in one tree')
    name = 'docker-' + '0123456789abcdef' * 4 + '.scope'
    scope = subprocess.Popen(M.argv('systemd-run', '--quiet', '--scope', '--unit=' + name, 'sleep', '1000'), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        row = M.await_(lambda: M.rows('containers'), 'the container to be listed')['0123456789ab']
        check(row['cells']['runtime'] == 'docker' and row['cells']['group'].endswith(name), row)
    finally:
        M.raw('systemctl', 'stop', name)
        scope.wait(WAIT_S)
    check(not M.rows('containers'))


def test_all_of_it_is_in_the_log():
    verified = json.loads(M.ph('audit', 'verify', '-o', 'json').stdout)
    check(verified['ok'] and verified['entries'] > 20, verified)


def main():
    global M
    try:
        M = Machine()
    except Skip as why:
        print('skipped: %s' % why)
        return 77
    try:
        return hostile.main([test for name, test in globals().items() if name.startswith('test_')])
    finally:
        M.end()


sys.exit(main())
