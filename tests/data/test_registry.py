#!/usr/bin/env python3
"""`report --registry` against indices of our own on loopback: a private one that misbehaves, and a public mirror whose log of requests proves that no name
that may exist inside only ever reached it."""
import base64, http.server, importlib.util, json, os, shutil, ssl, subprocess, sys, threading, urllib.parse
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'screen'))
import screenpty
from screenpty import Skip


def load_tree():
    """The tree of test_report.py, whose tests must not run here."""
    spec = importlib.util.spec_from_file_location('tree_of_report', os.path.join(ROOT, 'tests', 'data', 'test_report.py'))
    module = importlib.util.module_from_spec(spec)
    kept, screenpty.run_tests = screenpty.run_tests, lambda *_: None
    try:
        spec.loader.exec_module(module)
    finally:
        screenpty.run_tests = kept
    return module.Tree


class Tree(load_tree()):
    def __init__(self, files=None, **variables):
        super().__init__(dict({'agents/a/agent.py': 'from openai import OpenAI\n'}, **(files or {})))
        self.variables = variables

    def env(self):
        return dict(super().env(), **self.variables)


class Index:
    """packages: {'pypi': {name: {version: None or why it was yanked}}, 'npm': {…}}; trouble: a status, 'slow', or None."""

    def __init__(self, pypi=None, npm=None, trouble=None, html=False, auth=None, certificate=None, advisories=None, redirect=None):
        self.pypi, self.npm, self.trouble, self.html, self.auth, self.log, self.heads = pypi or {}, npm or {}, trouble, html, auth, [], []
        self.advisories, self.redirect, self.release, self.posted = advisories or {}, redirect, threading.Event(), []
        index = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_GET(self):
                index.log.append(urllib.parse.unquote(self.path))
                index.heads.append(dict(self.headers))
                status, kind, body, more = index.answer(urllib.parse.unquote(self.path), self.headers)
                self.send_response(status)
                for name, value in dict({'Content-Type': kind, 'Content-Length': str(len(body))}, **more).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                index.log.append(urllib.parse.unquote(self.path))
                index.posted.append(json.loads(self.rfile.read(int(self.headers['Content-Length']))))
                body = json.dumps({name: index.advisories[name] for name in index.posted[-1] if name in index.advisories}).encode()
                self.send_response(200)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.server.handle_error = lambda *_: None  # who hangs up early is no news
        self.server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.scheme = 'https' if certificate else 'http'
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def answer(self, path, headers):
        if self.trouble == 'slow':
            self.release.wait(30)
            return 200, 'text/plain', b'', {}
        if self.redirect:
            return 302, 'text/plain', b'', {'Location': self.redirect + path}
        if isinstance(self.trouble, int):
            return self.trouble, 'text/plain', b'no', {}
        if self.auth and headers.get('Authorization') != self.auth:
            return 401, 'text/plain', b'who?', {}
        parts = [p for p in path.split('/') if p]
        if parts[:1] == ['simple'] and parts[-1] in self.pypi:
            return self.simple(parts[-1])
        if parts[:1] == ['pypi'] and parts[1] in self.pypi:
            return 200, 'application/json', json.dumps({'vulnerabilities': self.advisories.get(parts[1], [])}).encode(), {}
        if parts[:1] == ['npm'] and '/'.join(parts[1:]) in self.npm:
            rows = self.npm['/'.join(parts[1:])]
            return 200, 'application/json', json.dumps({'versions': {v: {'deprecated': why} if why else {} for v, why in rows.items()},
                                                        'dist-tags': {'latest': list(rows)[-1]}}).encode(), {}
        return 404, 'text/plain', b'none', {}

    def simple(self, name):
        files = [('%s-%s-py3-none-any.whl' % (name.replace('-', '_'), v), why) for v, why in self.pypi[name].items()]
        if self.html:
            page = ''.join('<a href="x"%s>%s</a>\n' % (' data-yanked="%s"' % why if why else '', file) for file, why in files)
            return 200, 'text/html', ('<html><body>%s</body></html>' % page).encode(), {}
        rows = [{'filename': file, 'yanked': why or False, 'url': 'x'} for file, why in files]
        return 200, 'application/vnd.pypi.simple.v1+json', json.dumps({'name': name, 'files': rows}).encode(), {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.release.set()
        self.server.shutdown()
        self.server.server_close()

    def url(self, path='/simple', user=''):
        return '%s://%s127.0.0.1:%d%s' % (self.scheme, user, self.server.server_port, path)

    def names(self):
        return {p.strip('/').split('/')[1] for p in self.log if p.count('/') > 1}


PUBLIC = {'openai': {'1.0.0': None, '1.55.0': None, '2.0.0rc1': None}, 'httpx': {'0.27.0': None, '0.28.0': 'broken on Tuesdays'}}
WANTS = 'openai==1.55.0\nacme-internal==1.0\n'


def mirror(index, npm=None):
    return {'PILOTHOUSE_REGISTRY_PYPI': index.url(), 'PILOTHOUSE_REGISTRY_NPM': (npm or index).url('/npm')}


def rows_of(report):
    return {row['name']: row['registry'] for row in report['dependencies']}


def rules_of(report):
    return sorted(f['rule'] for f in report['findings'] if f['rule'].startswith('SUP00') and f['rule'][5] in '678')


def manifest(text):
    return {'agents/a/requirements.txt': text}


# --- no network without being asked ---

def test_no_index_is_asked_unasked():
    with Index(PUBLIC) as public, Tree(manifest(WANTS), **mirror(public)) as tree:
        tree.json('--dependencies')
        assert not public.log, public.log


# --- what an index says ---

def test_versions_against_the_index():
    with Index(PUBLIC) as public, Tree(manifest('openai==1.55\nhttpx==0.28.0\nopenai-none==1\n'), **mirror(public)) as tree:
        report = tree.json('--registry')
        rows = rows_of(report)
        assert rows['openai']['state'] == 'known' and rows['openai']['has_version'] is True and rows['openai']['latest'] == '1.55.0', rows
        assert rows['httpx']['yanked'] == 'broken on Tuesdays' and rows['httpx']['latest'] == '0.27.0', rows
        assert rows['openai-none']['state'] == 'absent', rows
        assert rules_of(report) == ['SUP007/unknown-name', 'SUP007/yanked'], report['findings']
        assert report['exit'] == 2


def test_what_people_see():
    with Index(trouble=403) as private, Index(PUBLIC) as public, Tree(manifest(WANTS), PIP_INDEX_URL=private.url(), **mirror(public)) as tree:
        text = tree.run('--registry', '--dependencies').stdout.decode()
        rows = {line.split()[0]: line for line in text.splitlines() if 'requirements.txt:' in line and line[0] != ' '}
        assert ' 1.55.0 ' in rows['openai'] and ' known ' in rows['openai'] and ' not sent ' in rows['acme-internal'] and ' unknown ' in rows['acme-internal'], text
        assert '(PIP_INDEX_URL): has 0 of the packages, 0 not; failed: 403' in text and 'has 1 of the packages' in text, text


def test_a_version_that_is_not_there():
    for html in (False, True):
        with Index(PUBLIC, html=html) as public, Tree(manifest('openai==9.9\nhttpx==0.28.0\n'), **mirror(public)) as tree:
            report = tree.json('--registry')
            assert rules_of(report) == ['SUP007/absent', 'SUP007/yanked'], report['findings']
            absent = [f for f in report['findings'] if f['rule'] == 'SUP007/absent'][0]
            assert absent['path'] == 'agents/a/requirements.txt' and absent['line'] == 1 and '1.55.0' in absent['message'], absent


def test_advisories_of_the_version_in_use():
    told = {'httpx': [{'id': 'PYSEC-1', 'aliases': ['CVE-2026-1'], 'fixed_in': ['0.27.1'], 'summary': 's', 'withdrawn': None}, {'id': 'PYSEC-2', 'withdrawn': '2026-01-01'}]}
    with Index(PUBLIC, advisories=told) as public, Tree(manifest('openai==1.0.0\nhttpx==0.27.0\n'), **mirror(public)) as tree:
        report = tree.json('--registry')
        assert rules_of(report) == ['SUP008'], report['findings']
        assert [a['id'] for a in rows_of(report)['httpx']['advisories']] == ['PYSEC-1'] and rows_of(report)['openai']['advisories'] == [], report['dependencies']


def test_npm_and_its_scopes():
    files = {'agents/a/package.json': json.dumps({'dependencies': {'zod': '3.0.0', '@acme/tools': '1.0.0', 'left': '1.0.0'}})}
    with Index(npm={'@acme/tools': {'1.0.0': None}}, auth='Bearer word-of-scope') as private, \
            Index(npm={'zod': {'3.0.0': None}, 'left': {'1.0.0': 'use right'}}) as public, Tree(files, TOKEN='word-of-scope', **mirror(public)) as tree:
        with open(os.path.join(tree.home, '.npmrc'), 'w') as file:
            file.write('@acme:registry=%s\n//127.0.0.1:%d/npm/:_authToken=${TOKEN}\n' % (private.url('/npm/'), private.server.server_port))
        report = tree.json('--registry')
        assert {k: v['state'] for k, v in rows_of(report).items()} == {'zod': 'known', '@acme/tools': 'known', 'left': 'known'}, report['dependencies']
        assert rules_of(report) == ['SUP007/deprecated'], report['findings']
        assert not any('acme' in path for path in public.log), public.log
        assert private.log == ['/npm/@acme/tools', '/npm/-/npm/v1/security/advisories/bulk'], private.log
        assert private.posted == [{'@acme/tools': ['1.0.0']}] and public.posted == [{'left': ['1.0.0'], 'zod': ['3.0.0']}], (private.posted, public.posted)
        assert 'word-of-scope' not in json.dumps(report)


def test_advisories_of_npm():
    told = {'zod': [{'url': 'https://github.example/advisories/GHSA-1', 'title': 't', 'vulnerable_versions': '<3.22.3'}, {'url': 'x/GHSA-2', 'vulnerable_versions': '>=3.22.3'}]}
    with Index(npm={'zod': {'3.22.0': None, '3.22.3': None}}, advisories=told) as public, \
            Tree({'agents/a/package.json': '{"dependencies": {"zod": "3.22.0"}}'}, **mirror(public)) as tree:
        report = tree.json('--registry')
        assert rules_of(report) == ['SUP008'] and [a['id'] for a in rows_of(report)['zod']['advisories']] == ['GHSA-1'], report['dependencies']
        assert rules_of(tree.json('--offline')) == ['SUP008'] and len(public.posted) == 1, public.posted


# --- fail-over ---

def fails_over(trouble, detail, **options):
    with Index({}, trouble=trouble, **options) as private, Index(PUBLIC) as public, \
            Tree(manifest(WANTS), PIP_INDEX_URL=private.url(user='me:pass-word@'), **mirror(public)) as tree:
        report = tree.json('--registry', '--registry-timeout', '3')
        text = tree.run('--offline', '--format', 'sarif').stdout.decode() + json.dumps(report)
        rows = rows_of(report)
        assert rows['openai']['state'] == 'known' and rows['openai']['index'] == public.url() + '/', rows
        assert rows['acme-internal']['state'] == 'not sent', rows
        assert public.names() == {'openai'}, public.log
        assert rules_of(report) == ['SUP006/' + detail], report['findings']
        finding = [f for f in report['findings'] if f['rule'].startswith('SUP006')][0]
        assert finding['severity'] == 'info' and 'pass-word' not in text and 'PIP_INDEX_URL' in finding['message'], finding
        assert report['exit'] == 0


def test_401_fails_over():
    fails_over(401, '401')


def test_403_fails_over():
    fails_over(403, '403')


def test_404_fails_over():
    fails_over(404, '404')


def test_407_fails_over():
    fails_over(407, '407')


def test_5xx_fails_over():
    fails_over(503, '5xx')


def test_a_slow_index_fails_over():
    with Index({}, trouble='slow') as private, Index(PUBLIC) as public, Tree(manifest(WANTS), UV_INDEX_URL=private.url(), **mirror(public)) as tree:
        report = tree.json('--registry', '--registry-timeout', '4')
        assert rows_of(report)['openai']['state'] == 'known', report['indices']
        assert rules_of(report) == ['SUP006/timeout'] and public.names() == {'openai'}, (report['findings'], public.log)


def test_a_name_that_holds_407_is_no_proxy_that_asks_who():
    """A port may hold it as well: 40787."""
    with Index(PUBLIC) as public, Tree(manifest(WANTS), UV_INDEX_URL='http://index407.invalid/simple/', **mirror(public)) as tree:
        report = tree.json('--registry', '--registry-timeout', '4')
        assert rules_of(report) == ['SUP006/unreachable'], report['findings']


def test_an_index_that_is_gone_fails_over():
    with Index({}) as gone, Index(PUBLIC) as public:
        url = gone.url()
        gone.__exit__()
        with Tree(manifest(WANTS), PIP_INDEX_URL=url, **mirror(public)) as tree:
            assert rules_of(tree.json('--registry')) == ['SUP006/unreachable'] and public.names() == {'openai'}, public.log


def test_bad_tls_fails_over():
    with Tree() as place:
        key, cert = os.path.join(place.base, 'key'), os.path.join(place.base, 'cert')
        made = subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert, '-days', '1',
                               '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'], capture_output=True) if shutil.which('openssl') else None
        if not made or made.returncode:
            raise Skip('openssl makes no certificate here')
        fails_over(None, 'tls', certificate=(cert, key))
        with Index({'acme-internal': {'1.0': None}, 'openai': {'1.55.0': None}}, certificate=(cert, key)) as private, Index(PUBLIC) as public, \
                Tree(manifest(WANTS), PIP_INDEX_URL=private.url(), PIP_CERT=cert, **mirror(public)) as tree:
            assert rows_of(tree.json('--registry'))['acme-internal']['state'] == 'known' and not public.log, public.log


def test_a_redirect_elsewhere_is_not_followed():
    with Index(PUBLIC) as public, Index({}, redirect=public.url('')) as private, Tree(manifest(WANTS), PIP_INDEX_URL=private.url(), **mirror(public)) as tree:
        report = tree.json('--registry')
        assert rules_of(report) == ['SUP006/redirect'] and public.names() == {'openai'}, (report['findings'], public.log)


# --- names that exist inside only ---

def test_what_the_private_index_has_is_asked_nowhere_else():
    with Index({'acme-internal': {'1.0': None}, 'openai': {'1.55.0': None}}, auth='Basic ' + base64.b64encode(b'me:pass').decode()) as private, \
            Index(PUBLIC) as public, Tree(manifest(WANTS), PIP_INDEX_URL=private.url(user='me:pass@'), **mirror(public)) as tree:
        report = tree.json('--registry')
        assert {row['state'] for row in rows_of(report).values()} == {'known'} and not public.log, public.log
        assert not rules_of(report)


def test_credentials_from_netrc():
    with Index({'acme-internal': {'1.0': None}, 'openai': {'1.55.0': None}}, auth='Basic ' + base64.b64encode(b'robot:s3').decode()) as private, \
            Index(PUBLIC) as public, Tree(manifest(WANTS), **mirror(public)) as tree:
        with open(os.path.join(tree.home, '.netrc'), 'w') as file:
            file.write('machine other login x password y\nmachine 127.0.0.1\n  login robot\n  password s3\n')
        os.makedirs(os.path.join(tree.home, '.config/pip'))
        with open(os.path.join(tree.home, '.config/pip/pip.conf'), 'w') as file:
            file.write('[global]\nindex_url = %s\n' % private.url())
        report = tree.json('--registry')
        assert {row['state'] for row in rows_of(report).values()} == {'known'} and not public.log, (report['indices'], public.log)


def test_a_name_the_private_index_lacks_goes_on_when_it_answers_for_others():
    with Index({'acme-internal': {'1.0': None}}) as private, Index(dict(PUBLIC, **{'odd-name': {'1': None}})) as public, \
            Tree(manifest('acme-internal==1.0\nodd-name==1\n'), PIP_INDEX_URL='https://127.0.0.1:1/simple', PIP_EXTRA_INDEX_URL=private.url(), **mirror(public)) as tree:
        tree.variables['PIP_INDEX_URL'] = public.url()
        report = tree.json('--registry')
        assert rows_of(report)['odd-name']['index'] == public.url() + '/' and public.names() == {'odd-name'}, public.log


def test_a_lock_from_a_public_address_makes_a_name_public():
    lock = {'agents/a/uv.lock': '[[package]]\nname = "odd-name"\nversion = "1"\nsource = { registry = "https://pypi.org/simple" }\n'}
    with Index(trouble=401) as private, Index({'odd-name': {'1': None}}) as public, \
            Tree(dict(manifest('odd-name\nacme-internal\n'), **lock), PIP_INDEX_URL=private.url(), **mirror(public)) as tree:
        assert rows_of(tree.json('--registry'))['odd-name']['state'] == 'known' and public.names() == {'odd-name'}, public.log


def test_allowed_names_go():
    with Index(trouble=401) as private, Index(PUBLIC) as public, Tree(manifest(WANTS), PIP_INDEX_URL=private.url(), **mirror(public)) as tree:
        report = tree.json('--registry', '--allow-public-lookup')
        assert public.names() == {'openai', 'acme-internal'}, public.log
        assert rows_of(report)['acme-internal']['state'] == 'not reached', report['dependencies']


def test_own_packages_are_asked_nowhere():
    files = {'agents/a/pyproject.toml': '[project]\nname = "own-app"\ndependencies = ["own-lib", "openai", "by-path @ file:///x"]\n', 'libs/pyproject.toml': '[project]\nname = "Own.Lib"\n'}
    with Index(PUBLIC) as public, Tree(files, **mirror(public)) as tree:
        assert rows_of(tree.json('--registry'))['own-lib']['state'] == 'not asked' and public.names() == {'openai'}, public.log


def test_an_index_only_the_tree_names_is_not_asked():
    with Index({'acme-internal': {'1.0': None}}) as named, Index(PUBLIC) as public, \
            Tree(manifest('--extra-index-url %s\n%s' % (named.url(user='u:tree-word@'), WANTS)), **mirror(public)) as tree:
        report = tree.json('--registry')
        assert not named.log and public.names() == {'openai'}, (named.log, public.log)
        assert rules_of(report) == ['SUP006/tree'] and 'tree-word' not in json.dumps(report), report['findings']


# --- SUP001 is healed by what locks and indices say ---

def healed(tree, *args):
    done = subprocess.run([screenpty.PROGRAM, 'report', tree.root, '--heal', '--approve', '--owner', 'team', *args], stdin=subprocess.DEVNULL, capture_output=True, env=tree.env(), timeout=120)
    assert done.returncode in (0, 2), done
    return lambda name: open(tree.path(name)).read()


def test_a_version_is_pinned_to_what_the_locks_say():
    files = {'agents/a/requirements.txt': '# ours\nopenai  # the client\nanthropic[bedrock]\nhttpx\n', 'agents/b/agent.py': 'from openai import OpenAI\n',
             'agents/b/poetry.lock': '[[package]]\nname = "openai"\nversion = "1.55.0"\n\n[[package]]\nname = "anthropic"\nversion = "0.40.0"\n',
             'agents/c/agent.py': 'from openai import OpenAI\n', 'agents/c/pyproject.toml': '[project]\nname = "c"\ndependencies = ["openai", "rich"]\n',
             'agents/d/index.js': 'import OpenAI from "openai";\nconst c = new OpenAI();\n', 'agents/d/package.json': '{"dependencies": {"openai": "*"}}\n',
             'agents/e/agent.py': 'from openai import OpenAI\n', 'agents/e/package-lock.json': '{"packages": {"node_modules/openai": {"version": "4.70.0"}}}'}
    with Tree(files) as tree:
        text = healed(tree)
        assert text('agents/a/requirements.txt').startswith('# ours\nopenai==1.55.0  # the client\nanthropic[bedrock]==0.40.0\nhttpx\n'), text('agents/a/requirements.txt')
        assert '"openai==1.55.0", "rich"' in text('agents/c/pyproject.toml'), text('agents/c/pyproject.toml')
        assert text('agents/d/package.json') == '{"dependencies": {"openai": "4.70.0"}}\n', text('agents/d/package.json')
        kept = text('agents/a/requirements.txt')
        assert healed(tree)('agents/a/requirements.txt') == kept


def test_a_version_no_lock_has_is_the_latest_of_the_index():
    with Index(PUBLIC) as public, Tree(manifest('openai\n'), **mirror(public)) as tree:
        assert healed(tree)('agents/a/requirements.txt').startswith('openai\n')
        assert healed(tree, '--registry')('agents/a/requirements.txt').startswith('openai==1.55.0\n')


def test_a_server_of_an_mcp_client_is_pinned_to_the_latest_of_the_index():
    text = '{"mcpServers": {"a": {"command": "npx", "args": ["-y", "@acme/mcp-a"]}, "b": {"command": "uvx", "args": ["--from", "openai[cli]", "x"]}, "c": {"command": "npx", "args": ["d@1.0.0"]}}}\n'
    with Index(PUBLIC, npm={'@acme/mcp-a': {'1.2.0': None}, 'd': {'1.0.0': None}}) as public, Tree({'a/mcp.json': text, 'a/cockpit.yaml': 'owner: x\n'}, **mirror(public)) as tree:
        assert healed(tree)('a/mcp.json') == text
        rows = rows_of(tree.json('--registry'))
        assert {name: row['state'] for name, row in rows.items()} == {'@acme/mcp-a': 'known', 'openai': 'known', 'd': 'known'}, rows
        pinned = healed(tree, '--registry')('a/mcp.json')
        assert pinned == text.replace('mcp-a"', 'mcp-a@1.2.0"').replace('openai[cli]', 'openai[cli]==1.55.0'), pinned


# --- the cache ---

def test_offline_uses_only_what_is_kept():
    with Index(PUBLIC) as public, Tree(manifest('openai==1.55.0\n'), **mirror(public)) as tree:
        assert rows_of(tree.json('--offline'))['openai']['state'] == 'not cached' and not public.log, public.log
        tree.json('--registry')
        asked = len(public.log)
        assert asked > 0 and rows_of(tree.json('--offline'))['openai']['state'] == 'known'
        assert rows_of(tree.json('--registry'))['openai']['state'] == 'known' and len(public.log) == asked, public.log
        for name in os.listdir(os.path.join(tree.home, 'registry')):
            path = os.path.join(tree.home, 'registry', name)
            kept = json.load(open(path))
            assert os.stat(path).st_mode & 0o77 == 0
            kept['at'] = 1
            json.dump(kept, open(path, 'w'))
        assert rows_of(tree.json('--offline'))['openai']['state'] == 'known' and len(public.log) == asked
        tree.json('--registry')
        assert len(public.log) == 2 * asked, public.log


def test_hostile_answers():
    class Hostile(Index):
        def answer(self, path, headers):
            return 200, 'application/json', next(bodies), {}

    for body in (b'', b'[' * 100000, b'{"files": 3}', b'{"files": [{"filename": 7}, null, {"filename": "openai-\\u001b[2J-x.whl", "yanked": "\\u001b[2J"}]}', b'\xff\xfe' * 50):
        bodies = iter([body] * 100)
        with Hostile() as public, Tree(manifest('openai==1.55.0\n'), **mirror(public)) as tree:
            done = tree.run('--registry', '--format', 'json')
            assert done.returncode in (0, 2) and b'\x1b' not in done.stdout and b'\\u001b' not in done.stdout, (body[:40], done)


if __name__ == '__main__':
    screenpty.run_tests(globals())
