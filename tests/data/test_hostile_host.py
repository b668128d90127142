#!/usr/bin/env python3
"""Whatever anybody on this machine can name: processes, files, users, mounts, logins, logs, cron tables, packages, certificates, control
groups. Escape sequences, OSC 52, bidi, and bytes that are no UTF-8 in each of them, asked for in every format."""
import contextlib, json, os, shutil, signal, socket, struct, subprocess, sys, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import hostile
from hostile import EVIL, EVIL_BYTES, HARMFUL, Home, Skip, check

FORMATS = ('table', 'wide', 'json', 'jsonl', 'yaml', 'csv')
KINDS = ('hosts processes services filesystems disks interfaces sockets sessions timers containers kernel logs certificates').split()
NAME = EVIL.encode().replace(b'/', b'').replace(b'\n', b'') + EVIL_BYTES   # as a name of a file: anything but these two
COMM = b'v\x1b[31m\xff\xc2\x9bq'                                              # 15 bytes are kept


def harmless(done, csv=False):
    check(not hostile.harm_in(done.out, csv) and not hostile.harm_in(done.err), hostile.harm_in(done.out, csv) or hostile.harm_in(done.err), done)


def no_control_in(value, where):
    if isinstance(value, dict):
        for key, item in value.items():
            no_control_in(key, where), no_control_in(item, where)
    elif isinstance(value, list):
        for item in value:
            no_control_in(item, where)
    elif isinstance(value, str):
        check(not HARMFUL.search(value), 'a text of %s: %r' % (where, value))


@contextlib.contextmanager
def evil_process(folder):
    """Its program, its arguments and the port it listens on are an enemy's."""
    path = os.path.join(os.fsencode(folder), COMM)
    shutil.copy(os.path.realpath(shutil.which('sleep')), path)
    child = subprocess.Popen([path, b'1000'])
    listener = subprocess.Popen([b'listen' + NAME, '-c', 'import socket, sys, time; s = socket.create_server(("127.0.0.1", 0)); sys.stdout.write("up"); sys.stdout.flush(); time.sleep(1000)'],
                                executable=sys.executable, stdout=subprocess.PIPE)
    check(listener.stdout.read(2) == b'up')
    try:
        yield child.pid
    finally:
        for one in (child, listener):
            one.kill()
            one.wait()
        listener.stdout.close()


def login(kind, line, user, host, pid):
    return struct.pack('hi32s4s32s256shhiii4i20s', kind, pid, line, b'', user, host, 0, 0, 0, int(time.time()) - 60, 0, 0, 0, 0, 0, b'')


def put(root, name, data):
    path = os.path.join(os.fsencode(root), name if isinstance(name, bytes) else name.encode())
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as f:
        f.write(data)
    return path


def evil_root(home, pid):
    root = os.path.join(home.top, 'root')
    os.makedirs(root)
    for name in ('proc', 'sys'):
        os.symlink('/' + name, os.path.join(root, name))
    stamp = time.strftime('%Y-%m-%d %H:%M:%S').encode()
    text = EVIL.encode().replace(b'\r', b'') + EVIL_BYTES
    put(root, 'etc/passwd', b'%s:x:0:0:%s:/root:/bin/sh\n' % (text.replace(b':', b''), text))
    put(root, 'etc/os-release', b'PRETTY_NAME="%s"\n' % text)
    put(root, b'etc/cron.d/table', b'1 2 3 4 5 %s /bin/%s\n* * * * * root %s\n' % (text.replace(b' ', b''), text, text))
    put(root, b'var/spool/cron/crontabs/' + NAME, b'1 1 1 1 1 ' + text + b'\n')
    put(root, b'etc/init.d/daemon', b'#!/bin/sh\n### BEGIN INIT INFO\n# Provides: %s\n# Short-Description: %s\n### END INIT INFO\n' % (text, text))
    put(root, b'etc/init.d/' + NAME, b'#!/bin/sh\n')
    put(root, b'var/log/' + NAME + b'.log', text + b'\n' + text + b'\n')
    put(root, b'var/log/plain.log', text + b'\n')
    put(root, b'var/log/dpkg.log', b'%s install %s:all <none> %s\n' % (stamp, text.replace(b' ', b''), text.replace(b' ', b'')))
    put(root, b'var/log/apt/history.log', b'Start-Date: %s\nRequested-By: %s (1)\nEnd-Date: %s\n' % (stamp, text.replace(b' ', b''), stamp))
    put(root, b'etc/' + NAME, b'x')
    put(root, 'var/log/wtmp', login(7, text[:31], text[:31], text[:255], pid) + login(8, text[:31], b'', b'', pid))
    put(root, 'run/utmp', login(7, text[:31], text[:31], text[:255], pid))
    return root


def certificate(folder):
    if not shutil.which('openssl'):
        return
    for name in (b'plain.pem', NAME + b'.pem'):
        done = subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '9', '-utf8', '-subj', '/CN=' + EVIL.replace('/', ''), '-addext', 'subjectAltName=DNS:a\x1b[31mb.example',
                               '-keyout', '/dev/null', '-out', os.path.join(os.fsencode(folder), name)], capture_output=True)
        check(done.returncode == 0, done.stderr)


@contextlib.contextmanager
def evil_mount(home):
    folder = os.path.join(os.fsencode(home.top), b'mount' + NAME)
    os.mkdir(folder)
    mounted = os.geteuid() == 0 and not subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=1m', b'source' + NAME, folder], capture_output=True).returncode
    try:
        yield
    finally:
        if mounted:
            subprocess.run(['umount', '-l', folder])


@contextlib.contextmanager
def evil_group():
    top = b'/sys/fs/cgroup' if os.path.exists('/sys/fs/cgroup/cgroup.controllers') else b'/sys/fs/cgroup/memory'
    path = os.path.join(top, b'lxc.payload.' + NAME)
    try:
        os.mkdir(path)
    except OSError:
        path = None
    try:
        yield
    finally:
        if path:
            os.rmdir(path)


def evil_kernel_message():
    try:
        with open('/dev/kmsg', 'wb') as f:
            f.write(b'<2>' + EVIL.encode().replace(b'\r', b'') + EVIL_BYTES + b'\n')
    except OSError:
        pass


def ask_all(home, pid):
    found = {}
    for output in FORMATS:
        commands = [('get', kind) for kind in KINDS] + [('changes',), (), ('describe', 'processes', str(pid)), ('logs', 'logs', 'plain.log'),
                    ('act', 'processes', str(pid), 'renice', 'nice=3'), ('act', 'processes', str(pid), 'renice', 'nice=3', '--approve'), ('runs',), ('audit',),
                    ('investigate', 'why is the disk full on this host'), ('get', 'processes', EVIL), ('get', EVIL), ('logs', 'logs', EVIL)]
        for command in commands:
            done = home.run(*command, '-v', '-o', output)
            check(isinstance(done.code, int) and 0 <= done.code <= 7, repr(done)[:600])
            harmless(done, output == 'csv')
            if output == 'json' and command[:1] == ('get',) and done.code == 0:
                no_control_in(done.json(), command)
                found[command[1]] = done.json()['rows']
    return found


def test_evil_names_of_everything():
    with Home() as home, evil_process(home.top) as pid, evil_mount(home), evil_group():
        root = evil_root(home, pid)
        certs = os.path.join(home.top, 'certs')
        os.mkdir(certs)
        certificate(certs)
        evil_kernel_message()
        home.write('config.yaml', 'host:\n  root: %s\n  certificates: [%s]\n' % (root, certs))
        found = ask_all(home, pid)
        # It was there to be seen: what is left out is not made harmless.
        for kind in ('processes', 'sockets', 'timers', 'logs', 'sessions'):
            check(any('[31m' in json.dumps(row) for row in found[kind]), kind, 'does not show it', found[kind][:3])
        for row in found['logs']:
            done = home.run('logs', 'logs', row['name'])
            harmless(done)
        for kind in ('timers', 'sessions', 'certificates', 'filesystems'):
            for row in found[kind]:
                for output in ('table', 'json'):
                    harmless(home.run('describe', kind, row['name'], '-o', output))
                    harmless(home.run('describe', kind, row['id'], '-o', output))


def test_evil_names_on_this_machine_itself():
    """Without a folder in place of /: the tools of the machine are asked."""
    with Home() as home, evil_process(home.top) as pid, evil_mount(home), evil_group():
        log = os.path.join(home.top, 'log')
        put(log, NAME + b'.log', EVIL.encode() + b'\n')
        put(log, b'plain.log', EVIL.encode() + EVIL_BYTES + b'\n')
        home.write('config.yaml', 'host:\n  log_folder: %s\n' % log)
        found = ask_all(home, pid)
        check(any('[31m' in json.dumps(row) for row in found['processes']), found['processes'][:3])
        if os.geteuid() == 0:
            check(any('[31m' in json.dumps(row) for row in found['filesystems']), found['filesystems'])


def test_64_kb_names():
    """Arguments as long as the kernel takes them, and a line of a log."""
    with Home() as home:
        child = subprocess.Popen([b'n' * 65536 + b'\x1b[31m', '1000'], executable=shutil.which('sleep'))
        try:
            log = os.path.join(home.top, 'log')
            put(log, b'long.log', b'x' * (1 << 20) + b'\x1b[31m\n')
            home.write('config.yaml', 'host:\n  log_folder: %s\n' % log)
            for output in FORMATS:
                done = home.run('get', 'processes', '-o', output)
                check(done.code == 0, repr(done)[:300])
                harmless(done, output == 'csv')
                done = home.run('logs', 'logs', 'long.log', '-o', output)
                check(done.code == 0 and done.rss_kb < (100 << 10) * hostile.MEMORY_TIMES, repr(done)[:300])
                harmless(done, output == 'csv')
        finally:
            child.kill()
            child.wait()


sys.exit(hostile.main([test for name, test in globals().items() if name.startswith('test_')]))
