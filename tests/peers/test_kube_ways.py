#!/usr/bin/env python3
"""Ways to a real cluster: an OIDC token refreshed at an issuer, through a proxy, under another name. Issuer and proxy are small ones
of this test on loopback; the cluster behind them is the peer."""
import base64, http.server, json, os, re, socket, ssl, subprocess, sys, tempfile, threading, time, urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'screen'))
from screenpty import Skip, run_tests

PROGRAM = os.environ.get('PILOTHOUSE', os.path.join(ROOT, 'pilothouse'))
SERVER, CA = os.environ.get('PILOTHOUSE_PEER_KUBE_SERVER', ''), os.environ.get('PILOTHOUSE_PEER_KUBE_CA', '')
TOKEN, ADMIN = os.environ.get('PILOTHOUSE_PEER_KUBE_TOKEN', ''), os.environ.get('PILOTHOUSE_PEER_KUBE_ADMIN_TOKEN', '')


class Home:
    """A home with a kubeconfig of one context."""
    def __init__(self, cluster='', user=''):
        self.folder = tempfile.TemporaryDirectory()
        self.config = os.path.join(self.folder.name, 'kubeconfig')
        self.write(cluster, user)

    def write(self, cluster, user):
        with open(self.config, 'w') as out:
            out.write("apiVersion: v1\nkind: Config\ncurrent-context: here\nclusters:\n- name: c\n  cluster: {server: '%s', certificate-authority: '%s'%s}\n"
                      "users:\n- name: u\n  user: {%s}\ncontexts:\n- {name: here, context: {cluster: c, user: u}}\n" % (SERVER, CA, cluster, user))

    def text(self):
        with open(self.config) as file:
            return file.read()

    def run(self, *words, code=0, **env):
        settings = dict({'PATH': os.environ['PATH'], 'PILOTHOUSE_HOME': self.folder.name, 'PILOTHOUSE_DATA': ROOT, 'HOME': self.folder.name,
                         'KUBECONFIG': self.config}, **env)
        done = subprocess.run([PROGRAM, *words], env=settings, capture_output=True, text=True, timeout=120)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done.stdout + (done.stderr if code else '')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.cleanup()


def names(output):
    return [row['name'] for row in json.loads(output)['rows']]


# --- OIDC ---

def jwt(expires):
    part = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip('=')
    return '.'.join([part({'alg': 'none'}), part({'exp': expires, 'sub': 'ana'}), 'c2ln'])


class Issuer(threading.Thread):
    """Speaks discovery and refresh over TLS of its own; what it gives is a token the cluster knows."""
    def __init__(self, folder, refuse=False):
        super().__init__(daemon=True)
        self.asked, self.refuse = [], refuse
        self.certificate, key = os.path.join(folder, 'idp.crt'), os.path.join(folder, 'idp.key')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', self.certificate,
                        '-days', '2', '-subj', '/CN=issuer', '-addext', 'subjectAltName=IP:127.0.0.1'], check=True, capture_output=True)
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def answer(self, status, document):
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header('Content-Type', 'application/json')
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                issuer.asked.append('GET ' + self.path)
                self.answer(200, {'issuer': issuer.url, 'token_endpoint': issuer.url + '/token'})

            def do_POST(self):
                form = urllib.parse.parse_qs(self.rfile.read(int(self.headers['Content-Length'])).decode())
                issuer.asked.append((self.path, {k: v[0] for k, v in form.items()}, self.headers.get('Authorization')))
                if issuer.refuse:
                    self.answer(400, {'error': 'invalid_grant', 'error_description': 'the refresh token was revoked'})
                else:
                    self.answer(200, {'token_type': 'Bearer', 'id_token': TOKEN, 'refresh_token': 'second-refresh', 'expires_in': 600})

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = 'https://127.0.0.1:%d' % self.server.server_address[1]
        self.start()

    def run(self):
        self.server.serve_forever()

    def user(self, token):
        return ("auth-provider: {name: oidc, config: {idp-issuer-url: '%s', idp-certificate-authority: '%s', client-id: ph, client-secret: shh, id-token: %s, "
                "refresh-token: first-refresh}}" % (self.url, self.certificate, token))


def test_an_old_id_token_is_refreshed_at_the_issuer():
    with Home() as home:
        issuer = Issuer(home.folder.name)
        home.write('', issuer.user(jwt(int(time.time()) - 3600)))
        assert 'payments-prod' in names(home.run('get', 'namespaces', '-o', 'json'))
        posts = [a for a in issuer.asked if a[0] == '/token']
        assert len(posts) == 1, issuer.asked
        assert posts[0][1]['grant_type'] == 'refresh_token' and posts[0][1]['refresh_token'] == 'first-refresh', posts
        text = home.text()
        assert 'second-refresh' in text and 'first-refresh' not in text and TOKEN in text, text
        home.run('get', 'namespaces', '-o', 'json')  # what was written back is good for the next start
        assert len([a for a in issuer.asked if a[0] == '/token']) == 1, issuer.asked


def test_an_id_token_the_cluster_refuses_is_refreshed_once():
    with Home() as home:
        issuer = Issuer(home.folder.name)
        # Not old, but the cluster does not know it.
        home.write('', issuer.user(jwt(int(time.time()) + 3600)))
        assert 'payments-prod' in names(home.run('get', 'namespaces', '-o', 'json'))
        assert len([a for a in issuer.asked if a[0] == '/token']) == 1, issuer.asked


def test_a_revoked_refresh_token_is_said():
    with Home() as home:
        issuer = Issuer(home.folder.name, refuse=True)
        home.write('', issuer.user(jwt(int(time.time()) - 3600)))
        before = home.text()
        said = home.run('get', 'namespaces', code=6)
        assert 'invalid_grant' in said, said
        assert 'first-refresh' not in said and 'shh' not in said, said
        assert home.text() == before


# --- a proxy ---

class Proxy(threading.Thread):
    """CONNECT, and bytes both ways."""
    def __init__(self, password=None):
        super().__init__(daemon=True)
        self.connects, self.refused, self.password = [], 0, password
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        head = b''
        while b'\r\n\r\n' not in head:
            more = client.recv(4096)
            if not more:
                return
            head += more
        lines = head.decode().split('\r\n')
        method, target = lines[0].split()[:2]
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(':') for line in lines[1:])}
        wanted = 'Basic ' + base64.b64encode(self.password.encode()).decode() if self.password else None
        if method != 'CONNECT' or (wanted and headers.get('proxy-authorization') != wanted):
            self.refused += 1
            client.sendall(b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="p"\r\nContent-Length: 0\r\n\r\n')
            client.close()
            return
        self.connects.append(target)
        host, port = target.rsplit(':', 1)
        server = socket.create_connection((host, int(port)))
        client.sendall(b'HTTP/1.1 200 Connection established\r\n\r\n')
        for a, b in ((client, server), (server, client)):
            threading.Thread(target=self.pump, args=(a, b), daemon=True).start()

    @staticmethod
    def pump(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
        except OSError:
            pass
        for end in (a, b):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def test_everything_goes_through_the_proxy():
    proxy = Proxy()
    with Home(", proxy-url: 'http://127.0.0.1:%d'" % proxy.port, 'token: ' + ADMIN) as home:
        pods = json.loads(home.run('get', 'kubernetes/pods', '-n', 'payments-prod', '-o', 'json'))['rows']
        assert len(pods) > 100
        assert proxy.connects and set(proxy.connects) == {SERVER.split('//')[1]}, proxy.connects
        running = next(p['name'] for p in pods if p['state'] == 'Running')
        before = len(proxy.connects)
        assert home.run('logs', 'kubernetes/pods', running, '-n', 'payments-prod').strip()
        assert len(proxy.connects) > before
        # A WebSocket is a connection of its own.
        before = len(proxy.connects)
        said = home.run('--approve', 'act', 'kubernetes/pods', running, 'exec', 'command=echo through', '-n', 'payments-prod', '-o', 'json')
        assert 'through' in said and len(proxy.connects) > before, said


def test_a_proxy_with_a_password():
    proxy = Proxy('ana:s3cret')
    with Home(", proxy-url: 'http://ana:s3cret@127.0.0.1:%d'" % proxy.port, 'token: ' + TOKEN) as home:
        assert 'payments-prod' in names(home.run('get', 'namespaces', '-o', 'json'))
    with Home(", proxy-url: 'http://ana:wr0ng@127.0.0.1:%d'" % proxy.port, 'token: ' + TOKEN) as home:
        said = home.run('get', 'namespaces', code=6)
        assert '407' in said and 'wr0ng' not in said, said


def test_a_dead_proxy_is_said():
    with socket.create_server(('127.0.0.1', 0)) as closed:
        port = closed.getsockname()[1]
    with Home(", proxy-url: 'http://127.0.0.1:%d'" % port, 'token: ' + TOKEN) as home:
        assert re.search('proxy|refused', home.run('get', 'namespaces', code=6))


# --- the name of the server ---

def test_the_certificate_is_held_against_the_name_given():
    with Home(', tls-server-name: kubernetes.default.svc', 'token: ' + TOKEN) as home:
        assert 'payments-prod' in names(home.run('get', 'namespaces', '-o', 'json'))
    with Home(', tls-server-name: bank.example', 'token: ' + TOKEN) as home:
        assert 'tls-server-name' in home.run('get', 'namespaces', code=6)


if __name__ == '__main__':
    if not SERVER:
        print('no Kubernetes peer (../shared/peers/kubernetes.sh)')
        sys.exit(77)
    run_tests(globals())
