#!/usr/bin/env python3
"""Every kind of the host on this machine: a value is changed at the source, and what `get` says must change, and agree with a
tool nobody here wrote (ps, ss, df, lsblk, ip, dmesg, openssl). What a machine does not have or allow is a skip with its name."""
import contextlib, datetime, json, os, pty, re, select, shutil, signal, socket, ssl, struct, subprocess, sys, tempfile, threading, time, uuid

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import hostile
from hostile import Home, Skip, check

WAIT_S = 30
SLEEPER = [sys.executable, '-c', 'import sys, time; sys.stdout.write("up"); sys.stdout.flush(); time.sleep(1000)']


def tool(*argv, **more):
    if not shutil.which(argv[0]):
        raise Skip('no %s' % argv[0])
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, env=dict(os.environ, LC_ALL='C'), **more).stdout


def need_root(what):
    if os.geteuid() != 0:
        raise Skip('%s needs root' % what)


def rows(home, kind, *more, env=None):
    done = home.run('get', kind, '-o', 'json', *more, env=env)
    check(done.code == 0, done)
    return {row['name']: row for row in done.json()['rows']}


def await_(condition, what):
    until = time.monotonic() + WAIT_S
    while True:
        found = condition()
        if found:
            return found
        check(time.monotonic() < until, 'waited for', what)
        time.sleep(0.02)


@contextlib.contextmanager
def child(argv, **more):
    """A process that is there until the block ends; it says "up" when it is."""
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, **more)
    try:
        check(process.stdout.read(2) == b'up', argv)
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


# --- host, process ---

def test_host():
    with Home() as home:
        (name, row), = rows(home, 'hosts').items()
        cells = row['cells']
        check(name == socket.gethostname().split('.')[0] or name == socket.gethostname(), name)
        check(cells['cores'] == int(tool('nproc', '--all')) and cells['kernel'] == tool('uname', '-r').strip(), cells)
        memory = tool('free', '-b').splitlines()[1].split()
        check(cells['mem_total'] == int(memory[1]), cells, memory)
        held = 'import sys, time; a = b"x" * (512 << 20); sys.stdout.write("up"); sys.stdout.flush(); time.sleep(1000)'
        with child([sys.executable, '-c', held]) as process:
            with open('/proc/%d/statm' % process.pid) as f:
                check(int(f.read().split()[1]) * 4096 > 512 << 20)
            # others take and give memory meanwhile: most of it must be seen
            await_(lambda: list(rows(home, 'hosts').values())[0]['cells']['mem_used'] - cells['mem_used'] > 300 << 20, 'memory to be seen as used')


def test_process_begins_changes_ends():
    with Home() as home:
        with child(SLEEPER) as process:
            row = rows(home, 'processes', str(process.pid))[str(process.pid)]['cells']
            said = tool('ps', '-o', 'user:32=,ppid=,ni=,nlwp=,rss=', '-p', str(process.pid)).split()
            check([row['user'], row['parent'], row['nice'], row['threads']] == [said[0], int(said[1]), int(said[2]), int(said[3])], row, said)
            check(abs(row['rss'] - int(said[4]) * 1024) < 1 << 20, row, said)
            os.setpriority(os.PRIO_PROCESS, process.pid, 7)
            os.kill(process.pid, signal.SIGSTOP)
            await_(lambda: tool('ps', '-o', 'state=', '-p', str(process.pid)).strip() == 'T', 'it to stop')
            row = rows(home, 'processes', str(process.pid))[str(process.pid)]['cells']
            check(row['nice'] == 7 and row['state'] == 'stopped', row)
        done = home.run('get', 'processes', str(process.pid), '-o', 'json')
        check(done.code == 1 and not done.out and 'no process named %d' % process.pid in done.talk, done)


def test_every_process_of_ps_is_there():
    with Home() as home, child(SLEEPER) as process:
        theirs = {int(line.split()[0]): line.split()[1] for line in tool('ps', '-eo', 'pid=,lstart=').splitlines()}
        ours = {int(name) for name in rows(home, 'processes')}
        still = {int(pid) for pid in os.listdir('/proc') if pid.isdigit()}
        check(process.pid in ours and not (set(theirs) & still) - ours, (set(theirs) & still) - ours)


# --- filesystem, disk ---

@contextlib.contextmanager
def tmpfs(options):
    need_root('a mount')
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(['mount', '-t', 'tmpfs', '-o', options, 'pilothouse-test', folder], capture_output=True, text=True)
        if done.returncode:
            raise Skip('mount: %s' % done.stderr.strip())
        try:
            yield folder
        finally:
            subprocess.run(['umount', '-l', folder])


def test_filesystem_fills_up_in_bytes():
    with Home() as home, tmpfs('size=8m') as folder:
        row = rows(home, 'filesystems', folder)[folder]
        check(row['cells']['size'] == 8 << 20 and row['cells']['use'] == 0 and not row['severity'] in ('high', 'critical'), row)
        for kb, severity in ((6 * 1024 + 700, 'medium'), (7 * 1024 + 512, 'high'), (8 * 1024 - 8, 'critical')):
            with open(os.path.join(folder, 'fill'), 'wb') as f:
                f.write(b'x' * (kb << 10))
            row = rows(home, 'filesystems', folder)[folder]
            size, used, free = [int(n) for n in tool('df', '-B1', '--output=size,used,avail', folder).split()[-3:]]
            check([row['cells'][c] for c in ('size', 'used', 'free')] == [size, used, free], row, size, used, free)
            check(row['severity'] == severity and abs(row['cells']['use'] - 100 * used / (used + free)) <= 0.1, row)
        check('full' in row['why'], row)
        check('full' in home.run().text and folder in home.run().text, home.run())
    with Home() as home:
        check(folder not in rows(home, 'filesystems'))


def test_filesystem_runs_out_of_inodes():
    with Home() as home, tmpfs('size=64m,nr_inodes=100') as folder:
        check(not rows(home, 'filesystems', folder)[folder]['severity'] in ('high', 'critical'))
        for i in range(98):
            open(os.path.join(folder, str(i)), 'w').close()
        row = rows(home, 'filesystems', folder)[folder]
        total, used = [int(n) for n in tool('df', '--output=itotal,iused', folder).split()[-2:]]
        check((row['cells']['inodes'], row['cells']['inodes_used']) == (total, used), row, total, used)
        check(row['severity'] == 'critical' and 'inodes' in row['why'] and row['cells']['use'] == 0, row)


def test_mounts_are_those_of_df():
    with Home() as home:
        theirs = {line.split(None, 2)[2]: line.split()[:2] for line in tool('df', '-B1', '--output=size,used,target').splitlines()[1:]}
        ours = rows(home, 'filesystems')
        for target, (size, _) in theirs.items():
            if size not in ('0', '-') and target in ours:
                check(ours[target]['cells']['size'] == int(size), target, size, ours[target])
        check('/' in ours, list(ours))


def test_disk():
    with Home() as home:
        theirs = {d['name']: d for d in json.loads(tool('lsblk', '-b', '-d', '-J', '-o', 'NAME,SIZE,ROTA,MODEL'))['blockdevices']}
        ours = rows(home, 'disks')
        check(ours or not theirs, 'no disks here, but lsblk has', theirs)
        for name, row in ours.items():
            if name in theirs:
                check(row['cells']['size'] == int(theirs[name]['size']), row, theirs[name])


def test_rates_are_there_at_once():
    """What takes two readings is read twice by one command."""
    with Home() as home:
        for kind, columns in (('disks', ('busy', 'read', 'write')), ('interfaces', ('receive', 'send'))):
            for name, row in rows(home, kind).items():
                check(all(row['cells'][c] is not None for c in columns), kind, name, row)
            for row in rows(home, kind, next(iter(rows(home, kind)), 'none')).values():
                check(all(row['cells'][c] is not None for c in columns), kind, row)


def test_disk_is_written_to():
    """What is written shows as written, once two readings can be compared."""
    with Home() as home:
        where = os.stat(home.path).st_dev
        name = '%d:%d' % (os.major(where), os.minor(where))
        if not os.path.exists('/sys/dev/block/' + name):
            raise Skip('the temporary folder lies on no block device')
        watch = home.start('get', 'disks', '--watch', '-o', 'jsonl', stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        seen = b''
        try:
            until = time.monotonic() + WAIT_S
            while time.monotonic() < until and not re.search(rb'"write":\s*[1-9]', seen):
                with open(os.path.join(home.top, 'written'), 'wb') as f:
                    f.write(os.urandom(4 << 20))
                    f.flush()
                    os.fsync(f.fileno())
                if select.select([watch.stdout], [], [], 0.5)[0]:
                    seen += os.read(watch.stdout.fileno(), 1 << 20)
            check(re.search(rb'"write":\s*[1-9]', seen), seen[-2000:])
        finally:
            watch.kill()
            watch.wait()
            watch.stdout.close()


# --- interface, socket ---

def test_interfaces_are_those_of_ip():
    with Home() as home:
        ours = rows(home, 'interfaces')
        for one in json.loads(tool('ip', '-j', '-s', 'address')):
            row = ours[one['ifname']]['cells']
            addresses = [a['local'] for a in one['addr_info']]
            check(row['mtu'] == one['mtu'] and sorted((row['addresses'] or '').split()) == sorted(addresses), row, one)
            # bytes only grow: ip was asked after us
            check(0 <= row['received'] <= one['stats64']['rx']['bytes'], row, one['stats64'])


def test_interface_gets_an_address_and_bytes():
    need_root('an address')
    with Home() as home:
        before = rows(home, 'interfaces')['lo']['cells']
        tool('ip', 'address', 'add', '127.0.0.77/32', 'dev', 'lo')
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                one.bind(('127.0.0.77', 0))
                for _ in range(100):
                    one.sendto(b'x' * 30000, one.getsockname())
            after = rows(home, 'interfaces')['lo']['cells']
            check('127.0.0.77' in after['addresses'].split() and '127.0.0.77' not in (before['addresses'] or '').split(), before, after)
            check(after['received'] - before['received'] >= 100 * 30000, before, after)
        finally:
            tool('ip', 'address', 'del', '127.0.0.77/32', 'dev', 'lo')
        check('127.0.0.77' not in rows(home, 'interfaces')['lo']['cells']['addresses'].split())


def of_ss(protocol, port):
    """(address, pid, process) as ss has it."""
    for line in tool('ss', '-H', '-n', '-l', '-p', '--' + protocol, 'sport = :%d' % port).splitlines():
        found = re.search(r'(\S+):%d\s.*\("([^"]+)",pid=(\d+)' % port, line)
        if found:
            return found.group(1).strip('[]'), int(found.group(3)), found.group(2)
    return None


def test_socket_listens_and_is_gone():
    code = 'import socket, sys, time; s = socket.socket(socket.%s, socket.%s); s.bind(("%s", 0)); %s; sys.stdout.write("up%%6d" %% s.getsockname()[1]); sys.stdout.flush(); time.sleep(1000)'
    for family, kind, address, protocol in (('AF_INET', 'SOCK_STREAM', '127.0.0.1', 'tcp'), ('AF_INET6', 'SOCK_STREAM', '::1', 'tcp'),
                                            ('AF_INET', 'SOCK_STREAM', '0.0.0.0', 'tcp'), ('AF_INET', 'SOCK_DGRAM', '127.0.0.1', 'udp')):
        with Home() as home:
            with child([sys.executable, '-c', code % (family, kind, address, 's.listen(7)' if kind == 'SOCK_STREAM' else 'pass')]) as process:
                port = int(process.stdout.read(6))
                found = [r for r in rows(home, 'sockets').values() if r['cells']['port'] == port and r['cells']['protocol'].startswith(protocol)]
                check(len(found) == 1, found)
                cells = found[0]['cells']
                check((cells['address'], cells['pid'], cells['process']) == of_ss(protocol, port) == (address, process.pid, cells['process']), cells, of_ss(protocol, port))
                check(cells['reach'] == ('all' if address == '0.0.0.0' else 'local'), cells)
            check(not [r for r in rows(home, 'sockets').values() if r['cells']['port'] == port and r['cells']['pid'] == process.pid])


# --- session, timer, container, kernel ---

def test_session_on_a_terminal():
    if os.path.exists('/run/utmp'):
        raise Skip('this machine keeps login records: a terminal alone is no session (tests/peers/test_systemd.py logs in)')
    with Home() as home:
        pid, terminal = pty.fork()
        if not pid:
            os.execvp('sleep', ['sleep', '1000'])
        try:
            await_(lambda: tool('ps', '-o', 'comm=', '-p', str(pid)).strip() == 'sleep', 'the session to begin')
            name = tool('ps', '-o', 'tty=', '-p', str(pid)).strip()
            row = rows(home, 'sessions')[name]
            check(row['cells']['pid'] == pid and row['cells']['program'] == 'sleep', row)
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(terminal)
        check(name not in rows(home, 'sessions') or rows(home, 'sessions')[name]['cells']['pid'] != pid)


@contextlib.contextmanager
def other_root(home):
    """A folder that stands for /, with this machine's /proc and /sys in it."""
    root = os.path.join(home.top, 'root')
    os.makedirs(os.path.join(root, 'etc/cron.d'))
    for name in ('proc', 'sys'):
        os.symlink('/' + name, os.path.join(root, name))
    home.write('config.yaml', 'host:\n  root: %s\n' % root)
    yield root


def test_timer_of_cron():
    with Home() as home, other_root(home) as root:
        check(not rows(home, 'timers'))
        table = os.path.join(root, 'etc/cron.d/backup')
        with open(table, 'w') as f:
            f.write('# nightly\nPATH=/bin\n17 3 * * 1 backup /usr/bin/true --password hunter2secret\n')
        (name, row), = rows(home, 'timers').items()
        check(name == '/etc/cron.d/backup:3' and row['cells']['schedule'] == '17 3 * * 1' and row['cells']['user'] == 'backup', row)
        check('hunter2secret' not in json.dumps(row), row)
        os.unlink(table)
        check(not rows(home, 'timers'))
        changes = home.run('changes', '-o', 'json').json()['changes']
        check([c['kind'] for c in changes].count('timers') == 2, changes)


def group_folder():
    """Where a control group of docker's would be: version 2 in one tree, version 1 in that of memory."""
    top = '/sys/fs/cgroup' if os.path.exists('/sys/fs/cgroup/cgroup.controllers') else '/sys/fs/cgroup/memory'
    parent = os.path.join(top, 'docker-pilothouse-test')
    try:
        os.mkdir(parent)
    except OSError as why:
        raise Skip('no control group can be made here: %s' % why)
    return parent


def test_container_is_its_control_group():
    need_root('a control group')
    parent = group_folder()
    one = os.path.join(parent, uuid.uuid4().hex * 2)
    name = os.path.basename(one)[:12]
    try:
        os.mkdir(one)
        with Home() as home, child(SLEEPER) as process:
            limit = os.path.join(one, 'memory.limit_in_bytes')
            if os.path.exists(limit):
                with open(limit, 'w') as f:
                    f.write(str(256 << 20))
            with open(os.path.join(one, 'cgroup.procs'), 'w') as f:
                f.write(str(process.pid))
            row = rows(home, 'containers')[name]
            check(row['cells']['runtime'] == 'docker', row)
            if os.path.exists(limit):
                with open(os.path.join(one, 'memory.usage_in_bytes')) as f:
                    usage = int(f.read())
                check(row['cells']['limit'] == 256 << 20 and abs(row['cells']['memory'] - usage) < 8 << 20, row, usage)
        with Home() as home:
            process.wait()
            await_(lambda: not remove(one), 'the group to be empty')
            check(name not in rows(home, 'containers'))
    finally:
        remove(one)
        remove(parent)


def remove(folder):
    try:
        os.rmdir(folder)
    except FileNotFoundError:
        return 0
    except OSError:
        return -1
    return 0


def test_kernel_message():
    need_root('a message of the kernel')
    mark = 'pilothouse-test %s \x1b[31m' % uuid.uuid4().hex
    try:
        with open('/dev/kmsg', 'w') as f:
            f.write('<3>' + mark + '\n')  # without an end it would wait for the next one
    except OSError as why:
        raise Skip('/dev/kmsg: %s' % why)
    with Home() as home:
        done = home.run('get', 'kernel', '-o', 'json', '--filter', mark.split()[1])
        check(done.code == 0 and not hostile.harm_in(done.out), done)
        row, = done.json()['rows']
        check(row['cells']['level'] in ('error', 'err') and row['cells']['message'].startswith('pilothouse-test'), row)
        line, = [line for line in tool('dmesg', '--time-format', 'iso').splitlines() if mark.split()[1] in line]
        theirs = datetime.datetime.fromisoformat(line.split()[0].replace(',', '.'))
        ours = datetime.datetime.fromisoformat(row['cells']['at'].replace('Z', '+00:00'))
        check(abs((theirs - ours).total_seconds()) < 2, row, line)


# --- logs ---

def test_log_files():
    with Home() as home:
        folder = os.path.join(home.top, 'log')
        os.makedirs(os.path.join(folder, 'shop'))
        home.write('config.yaml', 'host:\n  log_folder: %s\n' % folder)
        check(not [n for n in rows(home, 'logs') if n != 'journal'])
        with open(os.path.join(folder, 'syslog'), 'w') as f:
            f.write('Nov 29 10:00:00 vm shop: one\nNov 29 10:00:01 vm shop: t\x1b[31mwo\n')
        with open(os.path.join(folder, 'shop/shop.log'), 'w') as f:
            f.write('x' * 1000)
        with open(os.path.join(folder, 'shop/shop.log.1'), 'w') as f:
            f.write('x' * 500)
        found = rows(home, 'logs')
        check(found['syslog']['cells']['type'] == 'syslog' and found['syslog']['cells']['size'] == os.path.getsize(os.path.join(folder, 'syslog')), found)
        shop = found['shop/shop.log']['cells']
        check((shop['size'], shop['rotated'], shop['rotated_size'], shop['total']) == (1000, 1, 500, 1500), shop)
        done = home.run('logs', 'logs', 'syslog')
        check(done.code == 0 and done.text.count('\n') == 2 and 'one' in done.text and not hostile.harm_in(done.out), done)


def test_log_is_followed_over_rotation():
    with Home() as home:
        path = os.path.join(home.top, 'app.log')
        with open(path, 'w') as f:
            f.write('old\n')
        home.write('config.yaml', 'host:\n  logs: [%s]\n' % path)
        follow = home.start('logs', 'logs', path, '--follow', stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        seen = b''

        def wait_for(what):
            nonlocal seen
            until = time.monotonic() + WAIT_S
            while what not in seen and time.monotonic() < until and select.select([follow.stdout], [], [], WAIT_S)[0]:
                seen += os.read(follow.stdout.fileno(), 65536)
            check(what in seen, what, seen)
        try:
            wait_for(b'old\n')
            with open(path, 'a') as f:
                f.write('second\n')
            wait_for(b'second\n')
            os.rename(path, path + '.1')
            with open(path, 'w') as f:
                f.write('third\n')
            wait_for(b'third\n')
            with open(path, 'w') as f:
                f.write('4th\n')
            wait_for(b'4th\n')
        finally:
            follow.send_signal(signal.SIGINT)
            follow.wait(WAIT_S)
            follow.stdout.close()


# --- TLS endpoints ---

class Authority:
    """A root and an intermediate by openssl, and certificates of theirs."""

    def __init__(self, folder):
        self.folder = folder
        self.run('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '3650', '-subj', '/CN=Test root', '-keyout', 'root.key', '-out', 'root.pem',
                 '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=keyCertSign')
        self.make('middle', 'root', 3000, 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n')

    def run(self, *args):
        if not shutil.which('openssl'):
            raise Skip('no openssl')
        done = subprocess.run(['openssl'] + list(args), cwd=self.folder, capture_output=True, text=True)
        check(done.returncode == 0, args, done.stderr)
        return done.stdout

    def make(self, name, by, days, extensions):
        with open(os.path.join(self.folder, name + '.ext'), 'w') as f:
            f.write(extensions)
        self.run('req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=' + name, '-keyout', name + '.key', '-out', name + '.csr')
        self.run('x509', '-req', '-in', name + '.csr', '-CA', by + '.pem', '-CAkey', by + '.key', '-CAcreateserial', '-days', str(days), '-extfile', name + '.ext',
                 '-out', name + '.pem')
        return os.path.join(self.folder, name)

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name)) as f:
            return f.read()


class TlsServer:
    def __init__(self, chain, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(chain, key)
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            try:
                with self.context.wrap_socket(connection, server_side=True) as tls:
                    tls.recv(1)
            except (OSError, ssl.SSLError):
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


FOR_US = 'subjectAltName=DNS:localhost,IP:127.0.0.1\n'
CASES = [  # what it is, days, extensions, chain, state, severity, words of CHAIN or why
    ('valid', 400, FOR_US, 'full', 'valid', None, 'ok'),
    ('ends-in-20-days', 20, FOR_US, 'full', 'valid', 'medium', 'ends in 19 d'),
    ('ends-in-10-days', 10, FOR_US, 'full', 'valid', 'high', 'ends in 9 d'),
    ('ends-in-2-days', 2, FOR_US, 'full', 'valid', 'critical', 'ends in 1 d'),
    ('ended', -1, FOR_US, 'full', 'expired', 'critical', 'ended'),
    ('wrong-name', 400, 'subjectAltName=DNS:shop.example\n', 'full', 'wrong name', 'high', 'another name'),
    ('incomplete-chain', 400, FOR_US, 'leaf', 'untrusted', 'medium', 'unable to get local issuer certificate'),
    ('self-signed', 400, FOR_US, 'self', 'untrusted', 'medium', 'self-signed certificate'),
]


def serve_case(authority, case):
    name, days, extensions, chain = case[:4]
    if chain == 'self':
        authority.run('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', str(days), '-subj', '/CN=' + name, '-addext', extensions.strip(), '-keyout', name + '.key', '-out', name + '.pem')
    else:
        authority.make(name, 'middle', days, extensions)
    with open(authority.path(name + '.chain'), 'w') as f:
        f.write(authority.read(name + '.pem') + (authority.read('middle.pem') if chain == 'full' else ''))
    return TlsServer(authority.path(name + '.chain'), authority.path(name + '.key'))


def test_tls_endpoints():
    """What openssl s_client says of the same endpoint decides."""
    with Home() as home, contextlib.ExitStack() as stack:
        authority = Authority(home.top)
        servers = {case[0]: stack.enter_context(serve_case(authority, case)) for case in CASES}
        home.write('config.yaml', 'host:\n  tls: [%s]\n' % ', '.join('"localhost:%d"' % s.port for s in servers.values()))
        found = rows(home, 'certificates', env={'SSL_CERT_FILE': authority.path('root.pem'), 'SSL_CERT_DIR': '/nonexistent'})
        for name, days, _, _, state, severity, words in CASES:
            row = found['localhost:%d' % servers[name].port]
            check(row['state'] == state and (row['severity'] or 'info') == (severity or 'info'), name, row)
            check(words in row['cells']['chain'] or words in (row['why'] or ''), name, row)
            said = tool('openssl', 'x509', '-in', authority.path(name + '.pem'), '-noout', '-enddate')
            end = time.strftime('%Y-%m-%dT%H:%M:%S', time.strptime(said.strip().split('=')[1], '%b %d %H:%M:%S %Y %Z'))
            check(row['cells']['expires'][:19] == end, name, row, said)
            verify = tool('openssl', 's_client', '-connect', 'localhost:%d' % servers[name].port, '-servername', 'localhost', '-verify_hostname', 'localhost', '-CAfile', authority.path('root.pem'),
                          '-no-CApath', '-no-CAstore', stdin=subprocess.DEVNULL)
            code = int(re.search(r'Verify return code: (\d+)', verify).group(1))
            check((code == 0) == (state == 'valid'), name, code, row)
        first = home.run(env={'SSL_CERT_FILE': authority.path('root.pem'), 'SSL_CERT_DIR': '/nonexistent'})
        check('certificate ended' in first.text, first)


def test_tls_endpoint_that_is_away_or_speaks_no_tls():
    with Home() as home, socket.create_server(('127.0.0.1', 0)) as plain, socket.create_server(('127.0.0.1', 0)) as away:
        ports = plain.getsockname()[1], away.getsockname()[1]
        away.close()

        def answer():
            while True:
                try:
                    plain.accept()[0].sendall(b'220 mail \x1b[31mhere\r\n')
                except OSError:
                    return
        threading.Thread(target=answer, daemon=True).start()
        home.write('config.yaml', 'host:\n  tls: ["127.0.0.1:%d", "127.0.0.1:%d"]\n' % ports)
        done = home.run('get', 'certificates', '-o', 'json')
        for port in ports:
            row = [r for r in done.json()['rows'] if r['name'] == '127.0.0.1:%d' % port][0]
            check(row['state'] == 'unreachable' and row['severity'] == 'high', row)
        check(not hostile.harm_in(done.out) and len(done.json()['errors']) == 2, done)


def test_certificate_files():
    with Home() as home:
        check('config set host.tls' in home.run('get', 'certificates').err.decode(), 'it is not said what to set')
        authority = Authority(home.top)
        authority.make('web', 'middle', 5, FOR_US)
        folder = os.path.join(home.top, 'certs')
        os.mkdir(folder)
        home.write('config.yaml', 'host:\n  certificates: [%s]\n' % folder)
        check(not rows(home, 'certificates'))
        shutil.copy(authority.path('web.pem'), os.path.join(folder, 'web.pem'))
        (name, row), = rows(home, 'certificates').items()
        check(name == os.path.join(folder, 'web.pem') and row['cells']['days'] == 4 and row['severity'] == 'high', row)
        authority.make('web', 'middle', 90, FOR_US)
        shutil.copy(authority.path('web.pem'), os.path.join(folder, 'web.pem'))
        (name, row), = rows(home, 'certificates').items()
        check(row['cells']['days'] == 89 and row['severity'] not in ('high', 'critical', 'medium'), row)


# --- what the machine has on record of changes ---

def login_record(kind, line, user, host, at):
    """utmp(5), as glibc has it on this kind of machine."""
    return struct.pack('hi32s4s32s256shhiii4i20s', kind, 4711, line.encode(), b'', user.encode(), host.encode(), 0, 0, 0, int(at), 0, 0, 0, 0, 0, b'')


def changes_of(home, *more):
    done = home.run('changes', '-o', 'json', *more)
    check(done.code == 0 and not hostile.harm_in(done.out), done)
    return done.json()['changes']


def test_changes_on_record():
    now = int(time.time())

    def local(ago, form='%Y-%m-%d %H:%M:%S'):
        return time.strftime(form, time.localtime(now - ago))
    with Home() as home, other_root(home) as root:
        os.makedirs(os.path.join(root, 'var/log/apt'))
        os.makedirs(os.path.join(root, 'etc/shop'))
        with open(os.path.join(root, 'var/log/dpkg.log'), 'w') as f:
            f.write('%s install old:amd64 <none> 1.0\n' % local(7200))
            f.write('%s startup archives unpack\n' % local(600))
            f.write('%s upgrade nginx:amd64 1.22.0 1.22.1\n%s status installed nginx:amd64 1.22.1\n' % (local(600), local(600)))
            f.write('%s install evil\x1b[31m:all <none> 2.0\n' % local(300))
            f.write('%s remove telnet:amd64 0.17 <none>\n%s purge telnet:amd64 <none> <none>\n' % (local(200), local(200)))
        with open(os.path.join(root, 'var/log/apt/history.log'), 'w') as f:
            f.write('\nStart-Date: %s\nCommandline: apt upgrade\nRequested-By: ana (1000)\nUpgrade: nginx:amd64 (1.22.0, 1.22.1)\nEnd-Date: %s\n' % (local(601, '%Y-%m-%d  %H:%M:%S'), local(599, '%Y-%m-%d  %H:%M:%S')))
        with open(os.path.join(root, 'var/log/wtmp'), 'wb') as f:
            f.write(login_record(2, '~', 'reboot', '6.1.0', now - 1000) + login_record(7, 'pts/3', 'ben', '192.0.2.7', now - 900) + login_record(8, 'pts/3', '', '', now - 800))
            f.write(login_record(8, 'tty1', '', '', now - 700))
        with open(os.path.join(root, 'etc/shop/shop.conf'), 'w') as f:
            f.write('port 80\n')
        with open(os.path.join(root, 'etc/shop/old.conf'), 'w') as f:
            f.write('x')
        os.utime(os.path.join(root, 'etc/shop/old.conf'), (now - 9000, now - 9000))
        found = changes_of(home)
        check([c['at'] for c in found] == sorted((c['at'] for c in found), reverse=True), found)
        told = {(c['kind'], c['id'].split('/', 2)[2], c['field'], c['old'], c['new'], c['by']) for c in found}
        host = rows(home, 'hosts').popitem()[0]
        for want in (('packages', 'nginx', 'version', '1.22.0', '1.22.1', 'ana'), ('packages', 'telnet', 'version', '0.17', None, ''),
                     ('sessions', 'pts%2F3', 'login', None, 'ben from 192.0.2.7', 'ben'), ('sessions', 'pts%2F3', 'login', 'ben', None, ''),
                     ('files', '/etc/shop/shop.conf', 'modified', None, '8 bytes', '')):
            check(want in told, want, told)
        check(any(c[0] == 'packages' and c[1].startswith('evil') for c in told) and any(c[0] == 'hosts' and c[1] == host and c[2] == 'boot' for c in told), told)
        check(not any(c[1] in ('old', '/etc/shop/old.conf', 'tty1') for c in told), told)
        check({c['kind'] for c in changes_of(home, '--kind', 'packages')} == {'packages'})
        check(len(changes_of(home, '--limit', '2')) == 2 and changes_of(home, '--since', '10s', '--kind', 'packages') == [])
        # what changes later is seen by the next run
        with open(os.path.join(root, 'var/log/dpkg.log'), 'a') as f:
            f.write('%s upgrade nginx:amd64 1.22.1 1.22.2\n' % local(1))
        check(changes_of(home, '--kind', 'packages')[0]['new'] == '1.22.2', changes_of(home))
        first = home.run()
        check('nginx' in first.text, first)


sys.exit(hostile.main([test for name, test in globals().items() if name.startswith('test_')]))
