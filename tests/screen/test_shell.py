#!/usr/bin/env python3
"""A shell in a container, from the key to the end: the container is chosen, the gate asked, the terminal handed over with its size, and whole
again however the shell ends. The cluster is a server of this test's own; what it says after the handshake are bytes of RFC 6455."""
import base64, hashlib, json, os, re, signal, struct, subprocess, sys, tempfile
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'data'))
import hostile
from hostile import Answer, Api, status, table
from screenpty import *

BORN = '2024-01-01T00:00:00Z'
PODS = ['Name', 'Ready', 'Status', 'Restarts', 'Age', 'IP', 'Node', 'Nominated Node', 'Readiness Gates']


def pod(name):
    names = ['web', 'sidecar'] if name == 'two' else ['web']
    return {'kind': 'Pod', 'apiVersion': 'v1', 'metadata': {'name': name, 'namespace': 'default', 'uid': 'u-' + name, 'resourceVersion': '5',
            'creationTimestamp': BORN}, 'spec': {'nodeName': 'n1', 'containers': [{'name': n, 'image': 'x/%s:1' % n} for n in names]},
            'status': {'phase': 'Running'}}


class Far:
    """The far end of one shell: a prompt, an echo, and a few words that do something."""
    def __init__(self, connection, request):
        self.connection, self.buffer = connection, b''
        accept = base64.b64encode(hashlib.sha1((request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').encode()).digest())
        connection.sendall(b'HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n'
                           b'Sec-WebSocket-Accept: ' + accept + b'\r\n\r\n')

    def message(self, channel, data, code=2):
        body = bytes([channel]) + data
        head = bytes([0x80 | code, len(body)]) if len(body) < 126 else bytes([0x80 | code, 126]) + struct.pack('>H', len(body))
        self.connection.sendall(head + body)

    def take(self, count):
        while len(self.buffer) < count:
            more = self.connection.recv(65536)
            if not more:
                raise OSError('gone')
            self.buffer += more
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def frame(self):
        code, length = self.take(2)
        length &= 127
        if length == 126:
            length = struct.unpack('>H', self.take(2))[0]
        mask = self.take(4)
        return code & 15, bytes(b ^ mask[i % 4] for i, b in enumerate(self.take(length)))

    def run(self, container):
        self.message(1, b'\x1b[?1049h\x1b[2Jfake:%s$ ' % container.encode())
        line = b''
        while True:
            code, body = self.frame()
            if code == 8:
                return
            if body[:1] == b'\x04':
                size = json.loads(body[1:])
                self.message(1, b'size %dx%d\r\n' % (size['Width'], size['Height']))
            elif body[:1] == b'\x00':
                for key in body[1:]:
                    if key == 13:
                        if self.word(line.decode(errors='replace')):
                            return
                        line = b''
                    else:
                        line += bytes([key])
                        self.message(1, b'^C' if key == 3 else bytes([key]))

    def word(self, line):
        if line == 'exit':
            self.message(3, json.dumps({'metadata': {}, 'status': 'Success'}).encode())
            self.connection.sendall(b'\x88\x02\x03\xe8')
            return 1
        if line == 'drop':  # no goodbye, and the terminal left as a full-screen program has it
            self.message(1, b'\x1b[?1000h\x1b[?25l\x1b[5;10r')
            return 1
        self.message(1, b'\r\n')
        return 0


class Cluster:
    rules = [{'verbs': ['*'], 'apiGroups': ['*'], 'resources': ['*']}]

    def __init__(self, **options):
        self.api = Api(self.answer)
        self.shells = []
        home = tempfile.mkdtemp(prefix='pilothouse-shell-')
        text = {'apiVersion': 'v1', 'kind': 'Config', 'current-context': 'here', 'clusters': [{'name': 'c', 'cluster': {'server': self.api.url}}],
                'users': [{'name': 'u', 'user': {'token': 'tok-0'}}], 'contexts': [{'name': 'here', 'context': {'cluster': 'c', 'user': 'u', 'namespace': 'default'}}]}
        config = os.path.join(home, 'kubeconfig')
        with open(config, 'w') as out:
            json.dump(text, out)
        os.chmod(config, 0o600)
        self.home, self.options, self.config = home, options, config

    def answer(self, request):
        path = request.path
        if path.endswith('/exec'):
            self.shells.append(request)
            return Answer(raw=lambda connection: Far(connection, request).run(request.query['container'][0]))
        if path.endswith('/selfsubjectrulesreviews'):
            return Answer({'kind': 'SelfSubjectRulesReview', 'apiVersion': 'authorization.k8s.io/v1', 'metadata': {}, 'spec': {},
                           'status': {'resourceRules': self.rules, 'nonResourceRules': [], 'incomplete': False}}, 201)
        if path == '/api/v1/namespaces':
            return Answer(table(['Name', 'Status', 'Age'], [['default', 'Active', BORN]]))
        if path.endswith('/pods') and 'watch' not in request.query:
            return Answer(table(PODS, [[n, '1/1', 'Running', '0', BORN, '10.0.0.1', 'n1', '', ''] for n in ('one', 'two')]))
        if path.endswith('/pods/one') or path.endswith('/pods/two'):
            return Answer(pod(path.rsplit('/', 1)[1]))
        return Answer(status(404, 'no such thing', 'NotFound'), 404)

    def __enter__(self):
        # Its name is not one of prod, and what asks by a rule asks a person: writes of other places are asked for by the built-in policy.
        args = self.options.pop('args', [])
        self.console = Console(*args, home=self.home, env={'KUBECONFIG': self.config}, **self.options)
        self.console.wait_for('Saturation')
        self.console.send(':pods<Enter>')
        self.console.wait_for(re.compile(r'▸ one|one +1/1'))
        return self

    def __exit__(self, *_):
        self.console.close()
        self.api.__exit__()
        shutil.rmtree(self.home, ignore_errors=True)

    def audit(self):
        env = dict(os.environ, PILOTHOUSE_HOME=self.home, PILOTHOUSE_DATA=ROOT, KUBECONFIG=self.config)
        out = subprocess.run([PROGRAM, 'audit', '-o', 'jsonl'], env=env, capture_output=True, text=True, timeout=60)
        return [json.loads(line) for line in out.stdout.splitlines()]

    def sit_down(self, pod='one', container='web'):
        c = self.console
        c.send('/name == %s<Enter>' % pod)
        c.wait_for(re.compile(r'▸ (default +)?%s' % pod))
        c.send('s')
        if pod == 'two':
            c.wait_for('container of two')
            c.send(container + '<Enter>')
        c.wait_for('shell: bash, or sh where there is none')
        c.wait_for('container: ' + container)
        c.send('<C-y>')
        c.wait_for('fake:%s$' % container)
        c.wait_for('size 80x24')


def came_back(cluster, says):
    c = cluster.console
    c.wait_for(re.compile(r'^ pods › here', re.M))
    c.wait_for(says)
    assert not c.screen.mouse or c.screen.alternate
    assert (c.screen.top, c.screen.bottom) == (0, c.screen.rows - 1), 'the scrolling region is left as it was there'
    c.send('?')
    c.wait_for('rebind in config.yaml')
    c.send('<Esc>')
    c.wait_for('rebind in config.yaml', absent=True)


def test_the_container_is_chosen_and_the_shell_has_the_terminal():
    with Cluster() as cluster:
        cluster.sit_down('two', 'sidecar')
        c = cluster.console
        c.send('echo hi')
        c.send_bytes(b'\x03')
        c.wait_for('echo hi^C')
        c.resize(100, 30)
        c.wait_for('size 100x30')
        c.resize(80, 24)
        c.wait_for('size 80x24')
        c.send('<Enter>exit<Enter>')
        came_back(cluster, 'done: ')
        assert cluster.shells[0].query['tty'] == ['true'] and cluster.shells[0].query['stdin'] == ['true'], cluster.shells[0].target
        steps = [e for e in cluster.audit() if e['action'].get('step') == 'kubernetes.shell']
        assert steps and steps[0]['result']['status'] in ('started', 'done'), steps


def test_a_connection_that_breaks_gives_the_terminal_back():
    with Cluster() as cluster:
        cluster.sit_down()
        cluster.console.send('drop<Enter>')
        came_back(cluster, re.compile(r'unknown: |failed: '))


def test_what_hangs_is_left_by_a_key():
    with Cluster() as cluster:
        cluster.sit_down()
        cluster.console.send_bytes(b'\x1d')
        came_back(cluster, 'done: ')


def test_the_terminal_is_whole_when_the_console_ends_under_a_shell():
    for number in (signal.SIGTERM, signal.SIGHUP):
        with Cluster() as cluster:
            cluster.sit_down()
            cluster.console.signal(number)
            cluster.console.wait_end()
            whole, faults = cluster.console.is_whole()
            assert whole, (number, faults)


def test_read_only_opens_no_shell():
    with Cluster(args=['--read-only']) as cluster:
        c = cluster.console
        c.send('s')
        c.wait_for(re.compile(r'read-only'))
        c.settle()
        c.send('<C-y>')
        c.settle()
        assert not cluster.shells, [r.target for r in cluster.shells]


def test_help_dims_what_would_be_refused():
    class Viewer(Cluster):
        rules = [{'verbs': ['get', 'list', 'watch'], 'apiGroups': ['*'], 'resources': ['*']}]
    with Viewer(rows=50, columns=140) as cluster:
        c = cluster.console
        c.send('?')
        c.wait_for(re.compile(r's +Open a shell in a container: .*(may not|right|allow)'))
        c.wait_for(re.compile(r'a D +Delete: '))
        assert c.styles_of('Open a shell') == c.styles_of('Delete: ') != c.styles_of('show only rows that match'), c.dump()
        c.send('<Esc>')
        c.wait_for('rebind in config.yaml', absent=True)
        c.send('s')
        c.wait_for('shell: bash, or sh where there is none')
        assert not cluster.shells


def test_help_says_by_which_keys_a_verb_is_reached():
    with Cluster(rows=50) as cluster:
        c = cluster.console
        c.send('?')
        c.wait_for(re.compile(r'^ +s +Open a shell in a container', re.M))
        c.wait_for(re.compile(r'^ +e +Edit the manifest', re.M))
        c.wait_for(re.compile(r'^ +a D +Delete', re.M))  # D alone writes the view to a file


def test_the_simulated_estate_says_why_there_is_none():
    folder = tempfile.mkdtemp(prefix='demo-shell-')
    try:
        with Console('demo', env={'TMPDIR': folder}) as c:
            c.wait_for(re.compile(r'● high +3 pods'))
            c.send(':pods<Enter>')
            c.wait_for(' live')
            c.send('/name ~ redis-0<Enter>')
            c.wait_for(re.compile(r'▸ \S+ +redis-0'))
            c.send('s')
            c.wait_for(re.compile(r'the container is simulated|Type redis-0'))
            if 'Type redis-0' in c.dump():
                c.send('redis-0<C-y>')
            c.wait_for('the container is simulated')
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == '__main__':
    run_tests(globals())
