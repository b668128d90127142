"""fakecluster.py - a small Kubernetes server of a screen test's own: two pods, a shell in them, usage where it is asked for. What a shell says after
the handshake are bytes of RFC 6455. Python's own library only."""
import base64, hashlib, json, os, re, shutil, struct, subprocess, sys, tempfile
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'data'))
from hostile import Answer, Api, status, table
from screenpty import PROGRAM, ROOT, Console

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

    usage = []
    how = {}  # further members of the cluster in the kubeconfig

    def __init__(self, **options):
        self.api = Api(self.answer)
        self.shells = []
        home = tempfile.mkdtemp(prefix='pilothouse-shell-')
        text = {'apiVersion': 'v1', 'kind': 'Config', 'current-context': 'here', 'clusters': [{'name': 'c', 'cluster': dict(self.how, server=self.api.url)}],
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
        if path.endswith('/log'):
            name = request.query['container'][0]
            return Answer(b''.join(b'2026-01-01T00:00:0%dZ line %d of %s\n' % (i, i, name.encode()) for i in range(3)))
        if path.endswith('/selfsubjectrulesreviews'):
            return Answer({'kind': 'SelfSubjectRulesReview', 'apiVersion': 'authorization.k8s.io/v1', 'metadata': {}, 'spec': {},
                           'status': {'resourceRules': self.rules, 'nonResourceRules': [], 'incomplete': False}}, 201)
        if path.startswith('/apis/metrics.k8s.io/v1beta1/') and self.usage:
            return Answer({'kind': 'PodMetricsList', 'apiVersion': 'metrics.k8s.io/v1beta1', 'metadata': {},
                           'items': [{'metadata': {'name': n, 'namespace': 'default'}, 'window': '15s', 'timestamp': BORN,
                                      'containers': [{'name': 'web', 'usage': {'cpu': cpu, 'memory': memory}}]} for n, cpu, memory in self.usage]})
        if path == '/api/v1/namespaces/default/services' and 'watch' not in request.query:
            return Answer(table(['Name', 'Type', 'Cluster-IP', 'External-IP', 'Port(s)', 'Age', 'Selector'],
                                [['bare', 'ClusterIP', '10.0.0.8', '', '80/TCP', BORN, '<none>'], ['shop', 'ClusterIP', '10.0.0.9', '', '80/TCP', BORN, 'app=two']]))
        if path == '/api/v1/namespaces':
            return Answer(table(['Name', 'Status', 'Age'], [['default', 'Active', BORN]]))
        if path.endswith('/pods') and 'metrics' not in path and 'watch' not in request.query:
            return Answer(table(PODS, [[n, '1/1', 'Running', '0', BORN, '10.0.0.1', 'n1', '', ''] for n in ('one', 'two')
                                       if request.query.get('labelSelector', ['app=' + n]) == ['app=' + n]]))
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
