#!/usr/bin/env python3
"""test_hostile_files.py - files that attack, disks that are full, databases that are broken, deaths at any moment, and secrets that
must not be found anywhere."""
import base64, contextlib, glob, os, random, resource, signal, sqlite3, stat, subprocess, sys, threading, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hostile import *

FORMATS = ['table', 'json', 'yaml', 'csv']
ROOT_USER = os.geteuid() == 0
BORN = '2024-01-01T00:00:00Z'


def harmless(done, csv=False):
    check(not harm_in(done.out, csv), 'stdout of %s: %s' % (' '.join(done.argv), harm_in(done.out, csv)))
    check(not harm_in(done.err), 'stderr of %s: %s' % (' '.join(done.argv), harm_in(done.err)))
    check(isinstance(done.code, int) and 0 <= done.code <= 7, repr(done))
    check(done.rss_kb < 200 * 1024 * MEMORY_TIMES, 'took %d KB: %r' % (done.rss_kb, done))


class Cluster:
    """One pod whose labels can be set; every PATCH that is no dry run is counted by the value it sets."""

    def __init__(self, pause_s=0):
        self.labels, self.patched, self.pause_s, self.tokens = {'app': 'calm'}, [], pause_s, []

    def __call__(self, r):
        self.tokens.append(r.headers.get('authorization'))
        if r.is_write and r.method == 'PATCH':
            labels = json.loads(r.body)['metadata']['labels']
            time.sleep(self.pause_s)
            self.patched.append(labels)
            for key, value in labels.items():
                self.labels.pop(key, None) if value is None else self.labels.__setitem__(key, value)
        if r.path.endswith('/pods'):
            return Answer(table(['Name', 'Ready', 'Status', 'Restarts', 'Age'], [['p1', '1/1', 'Running', '0', BORN]]))
        if r.path.endswith('/pods/p1'):
            return Answer({'kind': 'Pod', 'apiVersion': 'v1', 'spec': {'containers': [{'name': 'c'}]}, 'status': {'phase': 'Running'},
                           'metadata': {'name': 'p1', 'namespace': 'default', 'uid': 'u1', 'resourceVersion': '5', 'labels': dict(self.labels)}})
        if r.path.endswith('/log'):
            return Answer(b'a line\n')
        return Answer(status(404, 'not here'), 404)


def label(key, value, *more):
    return ('act', 'pods', 'p1', 'label', 'key=%s' % key, 'value=%s' % value, *more)


def clusters(test):
    """Gives the test an API, its cluster and a home that knows it."""
    def run():
        cluster = Cluster()
        with Api(cluster) as api, Home() as home:
            kubeconfig(home, api.url)
            test(api, cluster, home)
    run.__name__ = test.__name__
    return run


# --- files that attack ---

BILLION_LAUGHS = 'a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n' + ''.join(
    'a%d: &a%d [%s]\n' % (i, i, ', '.join(['*a%d' % (i - 1)] * 9)) for i in range(1, 12))
HOSTILE_YAML = {
    'laughs': BILLION_LAUGHS,
    'laughs-merge': 'a: &a {x: 1}\n' + ''.join('b%d: &b%d {<<: [%s]}\n' % (i, i, ', '.join(['*a'] * 50)) for i in range(200)),
    'itself': 'a: &a [*a]\n',
    'deep': '[' * 100000 + ']' * 100000,
    'deep-block': ''.join(' ' * i + 'a:\n' for i in range(3000)),
    'deep-dash': '- ' * 50000 + 'x\n',
    'binary': bytes(range(256)) * 40,
    'bad-utf8': b'name: \xff\xfe\xc0\xaf\nkind: x\n',
    'nul': b'name: a\0b\n',
    'tag': 'a: !!python/object/apply:os.system ["touch /tmp/owned"]\n',
    'escape': 'name: "\\e[31mevil\\e]52;c;eA==\\a\\u202e\\u200b"\n"\\e[2J": 1\n',
    'raw-escape': b'name: \x1b[31mevil\n',
    'tab': '\tname: x\n',
    'two': 'a: 1\na: 2\n',
    'docs': '---\n' * 20000,
    'long-key': 'k' * 2000000 + ': 1\n',
    'anchor': 'a: *nobody\n',
    'empty': '',
    'scalar': '42\n',
    'list': '[1, 2, 3]\n',
    'null': 'null\n',
    'no-words': 'name: x\nmatch: {intent: "", resource: ""}\nsteps: [{id: "", action: "", "": 1}]\nfindings: [{when: "", class: "", target: "", weight: 1, cite: ""}]\n',
    'number': 'kind: 1e999999\nname: {}\ncolumns: 3\nrules: true\nsteps: "x"\n',
}
FOLDERS = {'kinds/evil.yaml': ('kinds',), 'playbooks/evil.yaml': ('playbook', 'list'), 'policies/evil.yaml': ('policy', 'list'), 'themes/evil.yaml': ()}


def test_hostile_yaml_in_every_folder():
    for name, data in HOSTILE_YAML.items():
        for path, command in FOLDERS.items():
            with Home() as home:
                home.write(path, data)
                for args in (command, ('get', 'processes', '--limit', '1'), ('lint', os.path.join(home.path, path))):
                    done = home.run(*args, timeout=20)
                    check(done.code != 'timeout', '%s in %s: hangs: %r' % (name, path, done))
                    os.environ.get('SLOW') and done.seconds > 0.5 and print(name, done.argv, done.seconds)
                    harmless(done)
                if path.startswith(('kinds', 'playbooks')) and name in ('laughs', 'deep', 'itself', 'binary', 'bad-utf8', 'tab'):
                    done = home.run(*command)
                    check('evil.yaml' in done.talk, '%s in %s is not named: %r' % (name, path, done))


def test_a_bad_kind_or_playbook_or_theme_leaves_the_others():
    for path in ('kinds/evil.yaml', 'playbooks/evil.yaml', 'themes/evil.yaml'):
        with Home() as home:
            home.write(path, 'kind: [\n')
            done = home.run('get', 'processes', '--limit', '1')
            check(done.code == 0 and len(done.text.splitlines()) == 2, path, repr(done))


def test_a_broken_policy_denies_writes():
    for data in ('- {match: {risk: write}, decide: perhaps}\n', '- [\n', BILLION_LAUGHS, '- {match: {risky: read}, decide: allow}\n', b'\xff\n', '{}x'):
        cluster = Cluster()
        with Api(cluster) as api, Home() as home:
            kubeconfig(home, api.url)
            home.write('policies/evil.yaml', data)
            done = home.run(*label('k', 'v', '--approve'))
            check(done.code != 0 and not cluster.patched, 'a write went through a broken policy: %r' % done)
            check('evil.yaml' in done.talk, 'the file is not named: %r' % done)
            check(re.search(r'evil\.yaml:\d+', done.talk) or isinstance(data, bytes), 'the line is not named: %r' % done)
            check(home.run('get', 'pods').code == 0, 'reading stopped as well')
            check(home.run('audit', 'verify').code == 0, 'the log does not verify')


def test_hostile_config():
    for name, data in HOSTILE_YAML.items():
        with Home() as home:
            home.write('config.yaml', data)
            for args in (('config', 'validate'), ('config', 'list'), ('get', 'processes', '--limit', '1')):
                done = home.run(*args, timeout=20)
                check(done.code != 'timeout', '%s: hangs: %r' % (name, done))
                harmless(done)
                if name in ('laughs', 'deep', 'tab', 'anchor'):
                    check(done.code == 3 and 'config.yaml' in done.talk, '%s: %r' % (name, done))


def test_hostile_dotenv():
    with Home() as home:
        for data in (b'\0' * 1000, b'A=' + b'x' * 3000000, EVIL.encode() + b'=' + EVIL.encode(), b'=\n=\n', b'LOG_LEVEL="unfinished\n', b'A=$(touch /tmp/owned)\nB=`id`\n'):
            home.write('.env', data)
            harmless(home.run('config', 'list'))
        check(not os.path.exists('/tmp/owned'), 'a file of settings ran a command')


def test_hostile_kubeconfig():
    with Home() as home:
        home.env['KUBECONFIG'] = os.path.join(home.path, 'kubeconfig')
        for name, data in HOSTILE_YAML.items():
            home.write('kubeconfig', data)
            done = home.run('get', 'pods', timeout=20)
            check(done.code not in (0, 'timeout'), '%s: %r' % (name, done))
            harmless(done)
            check(home.run('get', 'processes', '--limit', '1').code == 0, 'the machine itself is not shown any more: %s' % name)


def test_fifo_and_devices_as_files():
    for path in ('config.yaml', 'policies/x.yaml', 'kinds/x.yaml', 'playbooks/x.yaml', 'themes/x.yaml', '.env'):
        with Home() as home:
            full = home.write(path, '')
            os.unlink(full)
            os.mkfifo(full)
            done = home.run('get', 'processes', '--limit', '1', timeout=10)
            check(done.code != 'timeout', 'waits for a writer of %s' % path)
            os.unlink(full)
            os.symlink('/dev/zero', full)
            done = home.run('get', 'processes', '--limit', '1', timeout=10)
            check(done.code != 'timeout', 'reads /dev/zero as %s' % path)
            harmless(done)


# --- the home ---

def full_disk(size_kb):
    folder = tempfile.mkdtemp(prefix='pilothouse-full-')
    if not ROOT_USER or subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=%dk,mode=700' % size_kb, 'tmpfs', folder], capture_output=True).returncode:
        os.rmdir(folder)
        raise Skip('no right to mount a small tmpfs here; the file size limit is tested')
    return folder


def test_full_disk():
    folder = full_disk(1024)
    try:
        cluster = Cluster()
        with Api(cluster) as api, Home() as home:
            kubeconfig(home, api.url)
            env = {'PILOTHOUSE_HOME': folder}
            check(home.run(*label('k', 'v', '--approve'), env=env).code == 0, 'does not work in 1 MB')
            filler = os.open(os.path.join(folder, 'filler'), os.O_WRONLY | os.O_CREAT)
            try:
                while True:
                    os.write(filler, b'x' * 1024)
            except OSError:
                os.close(filler)
            before = len(cluster.patched)
            failed = 0
            for i in range(30):
                done = home.run(*label('k%d' % i, 'v', '--approve'), env=env)
                harmless(done)
                failed += done.code != 0
                check(len(cluster.patched) <= before + i + 1, 'a write was repeated')
                if done.code:
                    check(done.talk.strip(), 'failed without a word')
            check(failed, 'a full disk is not noticed')
            done = home.run(*label('last', 'v', '--approve'), env=env)
            check(done.code and not any('last' in p for p in cluster.patched), 'a write left without its entry on disk: %r' % done)
            check('full' in done.talk or 'no space' in done.talk, 'it does not say that the disk is full: %r' % done)
            done = home.run('get', 'pods', env=env)
            check(done.code == 0, 'reading stopped as well: %r' % done)
            part = os.path.join(folder, 'part.jsonl')
            done = home.run('audit', 'export', part, env=env)
            check(done.code == 1 and not os.path.exists(part), 'half an export is left in the way: %r' % done)
            os.unlink(os.path.join(folder, 'filler'))
            check(home.run('audit', 'verify', env=env).code == 0, 'the log does not verify')
            done = home.run(*label('after', 'v', '--approve'), env=env)
            check(done.code == 0, 'does not recover: %r' % done)
    finally:
        subprocess.run(['umount', folder])
        os.rmdir(folder)


def test_what_changes_nothing_works_on_a_full_disk():
    """The disk that is full is the one the program itself lies on: that is when it is asked why."""
    for size_kb in (64, 1024):  # no room for a database; one that is there and full
        folder = full_disk(size_kb)
        try:
            with Home() as home, process() as pid:
                env = {'PILOTHOUSE_HOME': os.path.join(folder, 'home')}
                begun = home.run('act', 'processes', pid, 'renice', 'nice=1', '--approve', env=env).code == 0
                with contextlib.suppress(OSError), open(os.path.join(folder, 'filler'), 'wb', buffering=0) as filler:
                    while True:
                        filler.write(b'x' * 1024)
                found = home.run('investigate', 'why is the disk full on this host', '-o', 'json', env=env)
                check(found.code == 0 and found.json()['findings'][0]['class'] == 'resource_saturation' and folder in found.json()['findings'][0]['cause'], found)
                for args in (('get', 'filesystems'), ('audit', 'verify'), ('audit',), ('runs',), ('changes',), ('describe', 'filesystems', '/'), ('plan', 'why is the disk full on this host')):
                    done = home.run(*args, env=env)
                    check(done.code == 0, done)
                check('not known' not in home.run(env=env).text.split('Runs')[0])
                refused = home.run('act', 'processes', pid, 'renice', 'nice=2', '--approve', env=env)
                check(refused.code == 1 and os.getpriority(os.PRIO_PROCESS, int(pid)) == (1 if begun else 0), refused)
                check(begun == (size_kb > 64), begun)
        finally:
            subprocess.run(['umount', folder])
            os.rmdir(folder)


@clusters
def test_file_size_limit(api, cluster, home):
    check(home.run(*label('k', 'v', '--approve')).code == 0, 'does not work')
    size = max(os.path.getsize(f) for f in glob.glob(home.path + '/pilothouse.db*')) + 8192

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    sent = 0
    for i in range(40):
        done = home.run(*label('a%d' % i, 'v', '--approve'), before=limit)
        harmless(done)
        if done.code:
            break
    check(done.code, 'the limit is not noticed')
    check(home.run('audit', 'verify').code == 0, 'the log does not verify')
    for p in set(json.dumps(p) for p in cluster.patched):
        check(sum(json.dumps(q) == p for q in cluster.patched) == 1, 'repeated: %s' % p)


def test_full_disk_behind_stdout():
    with Home() as home, open('/dev/full', 'w') as full:
        for output in FORMATS:
            done = home.run('get', 'processes', '-o', output, stdout=full)
            check(done.code == 1 and 'writing the result failed' in done.talk, output, repr(done))


def as_nobody(home):
    """Runs as another user when we are root: root may write anywhere."""
    if not ROOT_USER:
        return None
    os.chmod(home.top, 0o755)

    def drop():
        os.setgid(65534)
        os.setuid(65534)
    return drop


def test_read_only_home():
    cluster = Cluster()
    with Api(cluster) as api, Home() as home:
        kubeconfig(home, api.url)
        os.chmod(home.env['KUBECONFIG'], 0o644)
        os.chmod(home.path, 0o555)
        drop = as_nobody(home)
        check(home.run('get', 'pods', before=drop).code == 0, 'reading needs a place to write: %r' % home.run('get', 'pods', before=drop))
        done = home.run(*label('k', 'v', '--approve'), before=drop)
        check(done.code not in (0, 'timeout') and not cluster.patched, 'a write that cannot be logged went out: %r' % done)
        check(home.path in done.talk, 'it does not say where: %r' % done)
        harmless(done)


def test_home_of_another_user():
    if not ROOT_USER:
        raise Skip('needs root to make a folder of another user')
    cluster = Cluster()
    with Api(cluster) as api, Home() as home:
        kubeconfig(home, api.url)
        check(home.run(*label('k', 'v', '--approve')).code == 0, 'does not work')
        os.chmod(home.env['KUBECONFIG'], 0o644)
        os.chmod(home.path, 0o755)
        done = home.run(*label('k2', 'v', '--approve'), before=as_nobody(home))
        check(done.code not in (0, 'timeout') and len(cluster.patched) == 1, 'wrote with another one\'s log: %r' % done)
        harmless(done)


def test_missing_home():
    with Home() as home:
        for env in ({'HOME': os.path.join(home.top, 'nowhere/at/all')}, {'HOME': ''}, {}):  # its parent is not ours to make folders in
            bare = {k: v for k, v in home.env.items() if k not in ('HOME', 'PILOTHOUSE_HOME')}
            bare.update(env)
            done = subprocess.run([PROGRAM, 'get', 'processes', '--limit', '1'], env=bare, capture_output=True, stdin=subprocess.DEVNULL, timeout=30,
                                  preexec_fn=as_nobody(home))
            check(done.returncode == 0 and done.stdout.count(b'\n') == 2, env, done)
            done = subprocess.run([PROGRAM, 'runs'], env=bare, capture_output=True, stdin=subprocess.DEVNULL, timeout=30, preexec_fn=as_nobody(home))
            check(done.returncode in (0, 1, 3) and (done.returncode == 0 or done.stderr), env, done)


def test_database_is_private():
    with Home() as home:
        old = os.umask(0)
        try:
            home.run('runs')
        finally:
            os.umask(old)
        for name in glob.glob(home.path + '/pilothouse.db*'):
            check(stat.S_IMODE(os.stat(name).st_mode) == 0o600, '%s has mode %o' % (name, os.stat(name).st_mode))


# --- the database ---

def with_history(test):
    """A home with a few acts behind it."""
    def run():
        cluster = Cluster()
        with Api(cluster) as api, Home() as home:
            kubeconfig(home, api.url)
            for i in range(3):
                check(home.run(*label('k%d' % i, 'v', '--approve')).code == 0, 'does not work')
            test(cluster, home, os.path.join(home.path, 'pilothouse.db'))
    run.__name__ = test.__name__
    return run


def check_broken(home, what):
    """The damaged file is kept as evidence and named, a new one is begun, and what is there now is still shown."""
    done = home.run('runs')
    harmless(done)
    check('damaged' in done.talk and 'pilothouse.db.corrupt-' in done.talk, '%s: the damage is not told: %r' % (what, done))
    kept = glob.glob(home.path + '/pilothouse.db.corrupt-*')
    check(kept, '%s: the evidence is gone' % what)
    check(home.run('get', 'processes', '--limit', '1').code == 0, '%s: nothing is shown any more' % what)
    check(home.run(*label('after', 'v', '--approve')).code == 0, '%s: does not go on' % what)
    check(home.run('audit', 'verify').code == 0, '%s: the new log does not verify' % what)
    for path in kept:
        if not path.endswith(('-wal', '-shm')):
            done = home.run('audit', 'verify', path)
            harmless(done)
            check(done.code in (1, 7), '%s: the damaged log verifies: %r' % (what, done))


def bare(path):
    """Only the file itself, as it is after all ended well."""
    with sqlite3.connect(path) as db:
        db.execute('pragma wal_checkpoint(truncate)')
    db.close()
    for rest in ('-wal', '-shm'):
        if os.path.exists(path + rest):
            os.unlink(path + rest)
    with open(path, 'rb') as f:
        return f.read()


def put(path, data):
    with open(path, 'wb') as f:
        f.write(data)


@with_history
def test_no_database_at_all(cluster, home, path):
    bare(path)
    put(path, b'this is no database\n' * 1000)
    check_broken(home, 'no database')


@with_history
def test_corrupt_database(cluster, home, path):
    data = bare(path)
    put(path, data[:100] + os.urandom(len(data) - 100))
    check_broken(home, 'random pages')


@with_history
def test_truncated_database(cluster, home, path):
    data = bare(path)
    put(path, data[:len(data) // 2])
    check_broken(home, 'half a database')


@with_history
def test_empty_database(cluster, home, path):
    bare(path)
    put(path, b'')
    done = home.run('audit', 'verify')
    check(done.code == 7 and 'an anchor covers' in done.text, 'an emptied log verifies: %r' % done)
    check(home.run(*label('after', 'v', '--approve')).code == 0, 'does not go on')


@with_history
def test_database_of_a_newer_program(cluster, home, path):
    with sqlite3.connect(path) as db:
        db.execute('pragma user_version = 9999')
    db.close()
    before = len(cluster.patched)
    done = home.run(*label('newer', 'v', '--approve'))
    check(done.code != 0 and len(cluster.patched) == before, repr(done))
    check('newer' in done.talk and 'pilothouse.db' in done.talk, repr(done))


@with_history
def test_locked_database(cluster, home, path):
    db = sqlite3.connect(path, isolation_level=None)
    db.execute('begin exclusive')
    before = len(cluster.patched)
    done = home.run(*label('locked', 'v', '--approve'), timeout=60)
    check(done.code not in (0, 'timeout') and len(cluster.patched) == before, repr(done))
    check('lock' in done.talk or 'busy' in done.talk or 'in use' in done.talk or 'another' in done.talk, 'it does not say that it is locked: %r' % done)
    db.execute('rollback')
    db.close()
    check(home.run(*label('free', 'v', '--approve')).code == 0, 'does not recover')


@with_history
def test_edited_log_is_found(cluster, home, path):
    check(home.run('audit', 'verify').code == 0, 'does not verify')
    with sqlite3.connect(path) as db:
        tables = [r[0] for r in db.execute("select name from sqlite_master where type='table' and name like '%audit%'")]
        for (name,) in db.execute("select name from sqlite_master where type='trigger'").fetchall():
            db.execute('drop trigger "%s"' % name)
        changed = 0
        for name in tables:
            for column in [c[1] for c in db.execute('pragma table_info("%s")' % name)]:
                changed += db.execute('update "%s" set "%s" = replace("%s", \'"done"\', \'"nope"\') where "%s" like \'%%"done"%%\'' % ((name,) + (column,) * 3)).rowcount
    db.close()
    check(changed > 0, 'nothing was found to edit')
    check(home.run('audit', 'verify').code == 7, 'an edited entry verifies')


@clusters
def test_many_programs_on_one_database(api, cluster, home):
    results, lock = [], threading.Lock()

    def worker(n):
        for i in range(6):
            done = home.run(*label('w%d-%d' % (n, i), 'v', '--approve'), timeout=60)
            with lock:
                results.append(done)
    threads = [threading.Thread(target=worker, args=(n,)) for n in range(6)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    # Labels change under each other's hands: an act may find its target drifted, and says so; nothing else may fail.
    for done in results:
        check(done.code == 0 or 'drift' in done.talk or 'changed' in done.talk, repr(done))
    check(sum(d.code == 0 for d in results) == len(cluster.patched), 'patched %d, done %d' % (len(cluster.patched), sum(d.code == 0 for d in results)))
    verify = home.run('audit', 'verify', '-o', 'json')
    check(verify.code == 0 and verify.json()['ok'], repr(verify))
    runs = home.run('runs', '-o', 'json', '--limit', '100').json()['runs']
    check(sum(r['status'] == 'done' for r in runs) == len(cluster.patched), [r['status'] for r in runs])


# --- deaths ---

def entries(home):
    return [json.loads(l) for l in home.run('audit', '-o', 'jsonl', '--limit', '100000').text.splitlines()]


def test_an_anchor_cut_short_is_no_alarm():
    """A process killed within its write leaves a part of a line; the log has that checkpoint, and the next anchor stands on a line of its own."""
    cluster = Cluster()
    with Api(cluster) as api, Home() as home:
        kubeconfig(home, api.url)
        check(home.run(*label('k', 'v', '--approve')).code == 0, 'does not work')
        check(home.run('audit', 'anchor').code == 0, 'no anchor')
        path = os.path.join(home.path, 'anchors', 'audit.jsonl')
        with open(path, 'rb+') as file:
            whole = file.read()
            file.truncate(len(whole) - 40)
        check(home.run('audit', 'verify').code == 0, 'a line that is being written is an alarm')
        check(home.run(*label('k2', 'v', '--approve')).code == 0 and home.run('audit', 'anchor').code == 0, 'no further anchor')
        done = home.run('audit', 'verify')
        check(done.code == 0, repr(done))
        with open(path, 'rb') as file:
            check(all(json.loads(line) for line in file.read().splitlines()), 'a part of a line is left')


def test_killed_a_hundred_times():
    cluster = Cluster(pause_s=0.002)
    dice = random.Random(11)
    with Api(cluster) as api, Home() as home:
        kubeconfig(home, api.url)
        begun = time.monotonic()
        check(home.run(*label('first', 'v', '--approve')).code == 0, 'does not work')
        whole = time.monotonic() - begun
        for i in range(100):
            child = home.start(*label('n%d' % i, 'v', '--approve'), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(dice.uniform(0, whole * 1.2))
            child.kill()
            child.wait()
        time.sleep(0.2)
        sent = [k for p in cluster.patched for k in p]
        check(len(sent) == len(set(sent)), 'repeated within one run')
        check(20 < len(sent), 'only %d of 100 got as far as the server: the moments are badly chosen' % len(sent))
        done = home.run('runs', '-o', 'json', '--limit', '200')
        check(done.code == 0, repr(done))
        runs = done.json()['runs']
        check(all(r['status'] not in ('started', 'running') for r in runs), 'left open: %s' % [r['status'] for r in runs])
        after = [k for p in cluster.patched for k in p]
        check(after == sent, 'runs sent something again')
        verify = home.run('audit', 'verify')
        check(verify.code == 0, repr(verify))
        # Durable before done: everything the server saw has an entry that was there before.
        begun = json.dumps([e for e in entries(home) if e['result']['status'] == 'started'])
        for key in sent:
            check('"%s"' % key in begun or key in begun or len([e for e in entries(home) if e['result']['status'] == 'started']) >= len(sent), 'sent without an entry: %s' % key)
        started = [e for e in entries(home) if e['result']['status'] == 'started' and e['action'].get('step')]
        check(len(started) >= len(sent), '%d started, %d sent' % (len(started), len(sent)))
        # What reached the server is never said to have failed.
        done = sum(r['status'] == 'done' for r in runs)
        failed = sum(r['status'] == 'failed' for r in runs)
        check(done >= len(sent) - sum(r['status'] == 'unknown' for r in runs), 'sent %d, done %d, failed %d' % (len(sent), done, failed))


def test_signals_during_a_run():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        cluster = Cluster(pause_s=1.0)
        with Api(cluster) as api, Home() as home:
            kubeconfig(home, api.url)
            plan = home.run(*label('k', 'v', '--dry-run', '-o', 'json')).json()['plan_id']
            check(home.run('approve', plan).code == 0, 'not approved')
            child = home.start('run', plan, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            while not api.writes():
                time.sleep(0.01)
            child.send_signal(number)
            out, err = child.communicate(timeout=30)
            time.sleep(1.2)
            check(len(cluster.patched) == 1, 'sent %d times' % len(cluster.patched))
            runs = home.run('runs', '-o', 'json').json()['runs']
            check(runs and runs[0]['status'] in ('done', 'cancelled', 'unknown'), number, runs, err)
            check(home.run('audit', 'verify').code == 0, 'the log does not verify')
            check(len(cluster.patched) == 1, 'sent again by runs')


def test_closed_stdout():
    with Home() as home:
        for args in (('get', 'processes'), ('kinds',), ('get', 'processes', '-o', 'json'), ('--help',)):
            child = home.start(*args, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            child.stdout.close()
            _, err = child.communicate(timeout=30)[0], child.stderr
            check(child.returncode in (0, 1), 'ended by %s' % child.returncode)
        child = home.start('get', 'processes', before=lambda: (os.close(0), os.close(1), os.close(2)))
        child.wait(timeout=30)
        check(child.returncode in (0, 1), 'without descriptors: %s' % child.returncode)


@clusters
def test_closed_descriptors_do_not_become_the_database(api, cluster, home):
    """With 0, 1 and 2 closed the first files opened get these numbers: talk must not go into the database."""
    for i in range(5):
        child = home.start(*label('k%d' % i, 'v', '--approve', '-v'), env={'LOG_LEVEL': 'debug'}, before=lambda: (os.close(0), os.close(1), os.close(2)))
        child.wait(timeout=30)
    check(home.run('audit', 'verify').code == 0, 'the log does not verify')
    check(home.run(*label('last', 'v', '--approve')).code == 0, 'the database is broken')


@clusters
def test_closed_stdout_during_an_act(api, cluster, home):
    for i in range(10):
        child = home.start(*label('k%d' % i, 'v', '--approve'), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        child.stdout.close(), child.stderr.close()
        child.wait(timeout=30)
    check(len(cluster.patched) == 10, 'a closed pipe stopped %d acts half way' % (10 - len(cluster.patched)))
    check(home.run('audit', 'verify').code == 0, 'the log does not verify')
    check(all(r['status'] == 'done' for r in home.run('runs', '-o', 'json').json()['runs']), 'left open')


def test_clock_jumps():
    why_not, beside = under_faketime()
    if why_not:
        raise Skip(why_not)
    cluster = Cluster()
    with Api(cluster) as api, Home() as home:
        kubeconfig(home, api.url)
        for offset in ('+0', '+400d', '-400d', '+1h', '-1s', '+0'):
            done = subprocess.run(['faketime', '-f', offset, PROGRAM, *label('k%d' % len(cluster.patched), 'v', '--approve')], env=dict(home.env, **beside), capture_output=True, timeout=60)
            check(done.returncode == 0, offset, done)
            check(home.run('audit', 'verify').code == 0, 'the log does not verify after %s' % offset)


# --- secrets ---

SECRETS = {'token': 'tok-example-S3cr3tBearer12345', 'password': 'pw-example-S3cr3tPass98765', 'key': 'exec-example-S3cr3tToken555'}


def test_secrets_are_nowhere():
    seen = []
    cluster = Cluster()

    def answer(r):
        if 'refuse' in cluster.labels:
            return Answer(status(403, '%s is not good; you said: %s' % ((r.headers.get('authorization', '').split() or [''])[-1], r.headers.get('authorization'))), 403)
        return cluster(r)
    with Api(answer) as api, Home() as place, Home() as home:
        plugin = place.write('plugin', '#!/bin/sh\ntr "\\0" " " </proc/$PPID/cmdline >>%s/cmdlines\ntr "\\0" "\\n" </proc/$$/cmdline >>%s/cmdlines\n'
                             'printf "token=%s\\n" >&2\n'
                             'printf \'{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}\'\n'
                             % (place.path, place.path, SECRETS['key'], SECRETS['key']))
        os.chmod(plugin, 0o755)
        users = [{'token': SECRETS['token']}, {'username': 'u', 'password': SECRETS['password']},
                 {'exec': {'apiVersion': 'client.authentication.k8s.io/v1', 'command': plugin, 'interactiveMode': 'Never'}}]
        wanted = list(SECRETS.values()) + [base64.b64encode(('u:' + SECRETS['password']).encode()).decode()]
        said = b''
        for number, user in enumerate(users):
            kubeconfig(place, api.url, user)
            env = {'KUBECONFIG': place.env['KUBECONFIG'], 'LOG_LEVEL': 'debug'}
            for refuse in (False, True):
                cluster.labels.pop('refuse', None)
                if refuse:
                    cluster.labels['refuse'] = '1'
                for form in ('text', 'json'):
                    for args in (('get', 'pods', '-v'), ('describe', 'pods', 'p1', '-v'), label('k%d' % number, form, '--approve', '-v'), ('logs', 'pods', 'p1', '-v'), ('init', '-v'),
                                 ('config', 'list'), ('audit', 'export'), ('audit', '-o', 'json'), ('runs', '-o', 'json'), ('get', 'pods', '-o', 'json', '-v'), ()):
                        done = home.run(*args, env=dict(env, LOG_FORMAT=form))
                        said += done.out + done.err
        check(any(t and SECRETS['token'] in t for t in cluster.tokens) and any(t and SECRETS['key'] in t for t in cluster.tokens), 'the logins were not used')
        files = {name: open(name, 'rb').read() for name in glob.glob(home.path + '/**', recursive=True) if os.path.isfile(name)}
        files['cmdlines'] = open(os.path.join(place.path, 'cmdlines'), 'rb').read()
        for secret in wanted:
            check(secret.encode() not in said, 'said: %s' % [l for l in said.splitlines() if secret.encode() in l][:3])
            for name, data in files.items():
                check(secret.encode() not in data, 'in %s' % name)


def test_no_core_and_no_debugger():
    def hold(connection):
        time.sleep(20)
    with Api(lambda r: Answer(raw=hold)) as api, Home() as home:
        kubeconfig(home, api.url)
        resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
        # Where a sanitizer is built in, a fatal signal is its own; here the program's own end is what is asked about.
        ours = {name: home.env.get(name, '') + ':handle_segv=0' for name in ('ASAN_OPTIONS', 'TSAN_OPTIONS')}
        child = home.start('get', 'pods', stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ours)
        while not api.requests:
            time.sleep(0.02)
        with open('/proc/%d/limits' % child.pid) as f:
            core = [l.split()[4:6] for l in f if l.startswith('Max core')]
        check(core == [['0', '0']], 'core files may be made: %s' % core)
        check(os.stat('/proc/%d/mem' % child.pid).st_uid == 0, 'its memory may be read by its user')
        child.send_signal(signal.SIGSEGV)
        child.wait(timeout=10)
        check(not glob.glob(home.top + '/core*'), 'a core file was made')


def test_children_get_no_secrets():
    """A child of the program (a plug-in) sees no other descriptor than its three."""
    with Home() as home:
        plugin = home.write('plugin', '#!/bin/sh\nls -l /proc/$$/fd >%s/fds 2>&1\nexit 1\n' % home.path)
        os.chmod(plugin, 0o755)
        with Api(Cluster()) as api:
            kubeconfig(home, api.url, {'exec': {'apiVersion': 'client.authentication.k8s.io/v1', 'command': plugin, 'interactiveMode': 'Never'}})
            home.run('runs')
            home.run('get', 'pods')
        with open(os.path.join(home.path, 'fds')) as f:
            fds = f.read()
        check('pilothouse.db' not in fds and 'kubeconfig' not in fds, fds)


if __name__ == '__main__':
    sys.exit(main([f for name, f in list(globals().items()) if name.startswith('test_')]))
