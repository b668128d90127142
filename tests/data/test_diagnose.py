#!/usr/bin/env python3
"""`diagnose`: each thing broken on purpose, its cause in words, its fix, and the exit status."""
import email.utils, fcntl, importlib.util, json, os, pty, shutil, sqlite3, struct, subprocess, sys, tempfile, termios, time
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'screen'))
import screenpty
from screenpty import Skip


def load_index():
    spec = importlib.util.spec_from_file_location('index_of_registry', os.path.join(ROOT, 'tests', 'data', 'test_registry.py'))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Index


Index = load_index()


class Home:
    def __init__(self, public=None, **variables):
        self.folder = tempfile.mkdtemp(prefix='pilothouse-diagnose-')
        self.variables = variables
        if public:
            self.variables.update(PILOTHOUSE_REGISTRY_PYPI=public.url(), PILOTHOUSE_REGISTRY_NPM=public.url('/npm'))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), 'w') as file:
            file.write(text)
        os.chmod(self.path(name), 0o600)
        return self.path(name)

    def env(self):
        kept = {k: v for k, v in os.environ.items() if k in ('PATH', 'ASAN_OPTIONS', 'UBSAN_OPTIONS', 'TSAN_OPTIONS', 'LSAN_OPTIONS')}
        return dict(kept, PILOTHOUSE_HOME=self.folder, PILOTHOUSE_DATA=ROOT, HOME=self.folder, LANG='C.UTF-8', **self.variables)

    def run(self, *args):
        return subprocess.run([screenpty.PROGRAM, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env(), timeout=120)

    def rows(self, *args):
        done = self.run('diagnose', '-o', 'json', '--timeout', '5', *args)
        assert done.stdout, done.stderr
        report = json.loads(done.stdout)
        assert done.returncode == (0 if report['ok'] else 1), (done.returncode, report)
        assert report['ok'] == all(row['state'] != 'fail' for row in report['checks'])
        for row in report['checks']:
            assert set(row) == {'name', 'state', 'cause', 'fix', 'ms'} and row['cause'], row
            assert row['fix'] or row['state'] in ('ok', 'skip'), row
        return report['checks']

    def row(self, name, *args):
        found = [row for row in self.rows(*args) if row['name'].startswith(name)]
        assert found, (name, self.rows(*args))
        return sorted(found, key=lambda row: ['fail', 'warn', 'ok', 'skip'].index(row['state']))[0]


def ck(row, state, *words):
    assert row['state'] == state and all(word in row['cause'] + ' ' + row['fix'] for word in words), row


def test_all_is_well():
    with Index({'pip': {'1': None}}) as public, Home(public) as home:
        rows = {row['name']: row['state'] for row in home.rows()}
        assert rows['config'] == 'ok' and rows['clock'] == 'ok' and rows['database'] == 'skip' and rows['index %s/' % public.url()] == 'ok', rows
        assert any(name.startswith('host ') and state == 'ok' for name, state in rows.items()), rows
        text = home.run('diagnose', '--timeout', '5').stdout.decode()
        assert ' 0 failed' in text and 'config' in text, text


def test_an_index_that_does_not_know_us():
    for status, words in ((401, 'credentials'), (403, 'not allow'), (407, 'proxy'), (503, 'out of order')):
        with Index(trouble=status) as private, Index() as public, Home(public, PIP_INDEX_URL=private.url(user='me:pass-word@')) as home:
            row = home.row('index %s' % private.url())
            ck(row, 'fail', str(status), words, 'PIP_INDEX_URL')
            assert 'pass-word' not in json.dumps(home.rows()) and b'pass-word' not in home.run('diagnose').stdout


def test_an_index_that_is_slow_or_gone():
    with Index(trouble='slow') as private, Index() as public, Home(public, PIP_INDEX_URL=private.url()) as home:
        ck(home.row('index %s' % private.url(), '--timeout', '1'), 'fail')
        home.variables['PIP_INDEX_URL'] = 'http://127.0.0.1:1/simple'
        ck(home.row('index http://127.0.0.1:1/'), 'fail', 'refused')
        home.variables['PIP_INDEX_URL'] = 'http://no-such-host.invalid/simple'
        ck(home.row('dns no-such-host.invalid'), 'fail', 'no address is known', 'resolv.conf')


def test_tls_of_somebody_else():
    with Home() as home:
        key, cert = home.path('key'), home.path('cert')
        made = subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert, '-days', '1', '-subj',
                               '/O=Reading Along/CN=Middle Box CA', '-addext', 'subjectAltName=IP:127.0.0.1'], capture_output=True) if shutil.which('openssl') else None
        if not made or made.returncode:
            raise Skip('openssl makes no certificate here')
        with Index(certificate=(cert, key)) as private, Index() as public:
            home.variables.update(PILOTHOUSE_REGISTRY_PYPI=public.url(), PILOTHOUSE_REGISTRY_NPM=public.url('/npm'), PIP_INDEX_URL=private.url())
            ck(home.row('tls 127.0.0.1'), 'fail', 'Middle Box CA', 'does not trust', 'SSL_CERT_FILE')
            ck(home.row('index %s' % private.url()), 'fail', 'certificate', 'PIP_CERT')
            home.variables['PIP_CERT'] = cert
            ck(home.row('tls 127.0.0.1'), 'ok', 'Middle Box CA')


def test_a_clock_that_is_wrong():
    class Late(Index):
        def answer(self, path, headers):
            return 404, 'text/plain', b'', {'Date': email.utils.formatdate(time.time() - 3600, usegmt=True)}

    with Late() as public, Home(public) as home:
        import http.server
        kept = http.server.BaseHTTPRequestHandler.date_time_string
        http.server.BaseHTTPRequestHandler.date_time_string = lambda self, at=None: email.utils.formatdate(time.time() - 3600, usegmt=True)
        try:
            ck(home.row('clock'), 'fail', '36', 'ahead of', 'set the clock')
        finally:
            http.server.BaseHTTPRequestHandler.date_time_string = kept


def test_a_proxy_that_is_gone():
    with Index() as public, Home(public, HTTPS_PROXY='http://user:pass-word@127.0.0.1:1') as home:
        ck(home.row('proxy'), 'fail', 'HTTPS_PROXY', 'refused')
        assert 'pass-word' not in json.dumps(home.rows())


def test_a_wrong_configuration():
    with Index() as public, Home(public, OPENAI_API_KEYS='') as home:
        home.write('config.yaml', 'ui:\n  themme: dark\n')
        ck(home.row('config'), 'fail', 'config.yaml:2:', 'themme')


def test_a_folder_others_can_write():
    with Index() as public, Home(public) as home:
        os.chmod(home.folder, 0o777)
        ck(home.row('disk'), 'fail', 'others', 'chmod')


def test_a_damaged_database_is_told_and_left_alone():
    with Index() as public, Home(public) as home:
        home.run('audit')
        before = home.path('pilothouse.db')
        ck(home.row('database'), 'ok', 'sound', 'schema')
        ck(home.row('audit'), 'ok', 'whole')
        for path in os.listdir(home.folder):
            if path.startswith('pilothouse.db-'):
                os.unlink(home.path(path))
        with open(before, 'r+b') as file:
            file.seek(4096)
            file.write(b'\xa5' * 20000)
        kept = open(before, 'rb').read()
        ck(home.row('database'), 'fail', 'copy a sound one back')
        assert open(before, 'rb').read() == kept and not [name for name in os.listdir(home.folder) if 'corrupt' in name], os.listdir(home.folder)
        home.write('pilothouse.db', 'this is no database, but long enough to be looked at ' * 100)
        ck(home.row('database'), 'fail', 'not a database')


def test_a_log_that_was_changed():
    with Index() as public, Home(public) as home:
        home.run('act', 'processes', str(os.getpid()), 'signal', 'signal=CONT')  # planned, not approved: logged, not done
        ck(home.row('audit'), 'ok', 'whole')
        ck(home.row('audit anchor'), 'ok', 'anchored')
        with sqlite3.connect(home.path('pilothouse.db')) as database:
            for trigger, in database.execute("select name from sqlite_master where type = 'trigger' and tbl_name = 'audit'").fetchall():
                database.execute('drop trigger "%s"' % trigger)
            assert database.execute("update audit set body = replace(body, 'waiting', 'finished')").rowcount > 0, 'nothing was logged'
        ck(home.row('audit'), 'fail', 'does not verify', 'audit verify')


def test_another_programs_database():
    with Index() as public, Home(public) as home:
        with sqlite3.connect(home.path('pilothouse.db')) as database:
            database.execute('create table theirs (x)')
        ck(home.row('database'), 'fail', 'another program')


def test_a_cluster_that_is_gone_or_does_not_know_us():
    kubeconfig = ('apiVersion: v1\nkind: Config\ncurrent-context: gone\nclusters:\n- {name: a, cluster: {server: "http://127.0.0.1:1"}}\n- {name: b, cluster: {server: "%s"}}\n'
                  'contexts:\n- {name: gone, context: {cluster: a, user: u}}\n- {name: stranger, context: {cluster: b, user: u}}\nusers:\n- {name: u, user: {token: word-of-mine}}\n')
    with Index(trouble=401) as cluster, Index() as public, Home(public) as home:
        home.variables['KUBECONFIG'] = home.write('kubeconfig', kubeconfig % cluster.url(''))
        ck(home.row('kubernetes gone'), 'fail', 'refused', 'VPN')
        ck(home.row('kubernetes stranger'), 'fail', 'log in to the cluster again')
        assert 'word-of-mine' not in json.dumps(home.rows())


def test_model_endpoints():
    with Index(trouble=401) as model, Index() as public, Home(public) as home:
        ck(home.row('model'), 'skip', 'none is configured')
        home.variables.update(OPENAI_API_KEY='key-of-mine-1234', OPENAI_BASE_URL=model.url('/v1'))
        ck(home.row('model OpenAI'), 'ok', 'no key was sent')
        assert model.heads and not any('key-of-mine' in str(head) for head in model.heads), model.heads
        ck(home.row('model OpenAI', '--with-keys'), 'fail', '401', 'OPENAI_API_KEY', 'new key')
        assert any('key-of-mine' in str(head) for head in model.heads)
        assert 'key-of-mine' not in json.dumps(home.rows('--with-keys'))
        home.variables['OPENAI_BASE_URL'] = 'http://127.0.0.1:1/v1'
        ck(home.row('model OpenAI'), 'fail', 'refused')


def on_terminal(home, columns, lines, **variables):
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', lines, columns, 0, 0))
    with subprocess.Popen([screenpty.PROGRAM, 'diagnose', '--no-color', '--timeout', '5'], stdin=subprocess.DEVNULL, stdout=slave, stderr=subprocess.DEVNULL, env=dict(home.env(), **variables)) as child:
        os.close(slave)
        text = b''
        try:
            while True:
                piece = os.read(master, 65536)
                if not piece:
                    break
                text += piece
        except OSError:
            pass
        child.wait()
    os.close(master)
    return [line for line in text.decode().replace('\r', '').split('\n') if line[6:].startswith('terminal')]


def test_terminals():
    with Index() as public, Home(public) as home:
        assert on_terminal(home, 80, 24, TERM='dumb')[0].startswith('fail')
        assert on_terminal(home, 80, 24, TERM='no-such-terminal')[0].startswith('fail')
        assert on_terminal(home, 40, 10, TERM='xterm')[0].startswith('warn')
        assert '100 columns and 30 lines' in on_terminal(home, 100, 30, TERM='xterm')[0]


def test_usage():
    with Home() as home:
        assert home.run('diagnose', 'everything').returncode == 3
        assert home.run('diagnose', '--timeout', '0').returncode == 3


if __name__ == '__main__':
    screenpty.run_tests(globals())
