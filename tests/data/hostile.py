"""hostile.py - what the hostility tests share: the program run under limits, a Kubernetes API that says what a test wants, and
what no output may hold. Python's standard library only."""
import contextlib, json, os, re, shutil, socket, ssl, subprocess, sys, tempfile, threading, time, traceback, urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.abspath(os.environ.get('PILOTHOUSE', os.path.join(ROOT, 'pilothouse')))

sys.path.insert(0, os.path.join(ROOT, 'tests/screen'))
from screenpty import built_with, under_faketime

# --- what must never reach a terminal ---

# As src/base/safe.c has it: controls, bidi, invisible characters, tags.
HARMFUL = re.compile('[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]')
# Everything at once: colours, OSC 52 (writes the clipboard), bidi override and isolate, zero width, BOM, 8-bit CSI, line separator, DEL, a tag.
EVIL = 'e\x1b[31mv\x1b]52;c;ZXZpbA==\x07i\u202el\u2066z\u200bw\ufeffx\x9b31my\u2028l\x7fd\U000e0041t\rq\x08'
EVIL_BYTES = b'e\xff\xc0\xaf\xed\xa0\x80v\xf4\x90\x80\x80'  # no UTF-8 at all: overlong, surrogate, past the end


def harm_in(data, csv=False):
    """What is wrong with bytes the program wrote: '' when nothing is."""
    try:
        text = data.decode('utf-8')
    except UnicodeDecodeError as e:
        return 'not UTF-8: %r' % data[max(0, e.start - 20):e.start + 20]
    found = HARMFUL.search(text.replace('\r\n', '\n') if csv else text)
    return '%r in %r' % (found.group(), text[max(0, found.start() - 40):found.start() + 40]) if found else ''


# --- running the program ---

# Bounds of memory hold for the program alone: a sanitizer keeps books beside each byte.
MEMORY_TIMES = 4 if built_with('tsan') or built_with('asan') else 1


class Done:
    def __init__(self, code, out, err, seconds, rss_kb, argv):
        self.code, self.out, self.err, self.seconds, self.rss_kb, self.argv = code, out, err, seconds, rss_kb, argv
        self.text, self.talk = out.decode(errors='replace'), err.decode(errors='replace')

    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return '%s -> exit %s, %.1f s, %d KB\nstdout: %s\nstderr: %s' % (' '.join(self.argv), self.code, self.seconds, self.rss_kb, self.text[:1500], self.talk[:1500])


def memory_kb(pid):
    """The most a process has held. Not ru_maxrss: that of a child begins with its parent's."""
    try:
        with open('/proc/%d/status' % pid) as f:
            found = re.search(r'Name:\tpilothouse(?s:.*)VmHWM:\s*(\d+)', f.read())
        return int(found.group(1)) if found else 0
    except OSError:
        return 0


class Home:
    """A PILOTHOUSE_HOME of its own, and an environment that knows nothing else."""

    def __init__(self, **env):
        self.top = tempfile.mkdtemp(prefix='pilothouse-hostile-')
        self.path = os.path.join(self.top, 'home')
        os.mkdir(self.path, 0o700)
        self.env = {'PATH': os.environ['PATH'], 'PILOTHOUSE_HOME': self.path, 'PILOTHOUSE_DATA': ROOT, 'HOME': self.top, 'LC_ALL': 'C.UTF-8',
                    'KUBECONFIG': '/nonexistent/kubeconfig', 'NO_PROXY': '*'}
        for name in ('ASAN_OPTIONS', 'UBSAN_OPTIONS', 'TSAN_OPTIONS'):
            if name in os.environ:
                self.env[name] = os.environ[name]
        self.env.update(env)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(['chmod', '-R', 'u+rwX', self.top], stderr=subprocess.DEVNULL)
        shutil.rmtree(self.top, ignore_errors=True)

    def write(self, name, data):
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as f:
            f.write(data if isinstance(data, bytes) else data.encode())
        return path

    def start(self, *args, env=None, before=None, **more):
        more.setdefault('stdin', subprocess.DEVNULL)
        more.setdefault('cwd', self.top)
        return subprocess.Popen([PROGRAM] + list(args), env=dict(self.env, **(env or {})), preexec_fn=before, **more)

    def run(self, *args, timeout=60, env=None, before=None, **more):
        """Runs to the end; over the time it is killed and the code is 'timeout'."""
        out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        begun = time.monotonic()
        more.setdefault('stdout', out)
        child = self.start(*args, env=env, before=before, stderr=err, **more)
        code, status, peak = None, None, 0
        while code is None:
            peak = max(peak, memory_kb(child.pid))
            pid, status, _ = os.wait4(child.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
            elif time.monotonic() - begun > timeout:
                child.kill()
                _, _, _ = os.wait4(child.pid, 0)
                code = 'timeout'
            else:
                time.sleep(0.005)
        child.returncode = -1
        seconds = time.monotonic() - begun
        out.seek(0), err.seek(0)
        return Done(code, out.read(), err.read(), seconds, peak, ['pilothouse'] + list(args))


@contextlib.contextmanager
def process():
    child = subprocess.Popen(['sleep', '1000'])
    if os.geteuid() == 0:
        os.setpriority(os.PRIO_PROCESS, child.pid, 0)  # the tests may run nicely themselves
    try:
        yield str(child.pid)
    finally:
        child.kill()
        child.wait()


# --- a Kubernetes API that says what a test wants ---

def table(columns, rows, version='7', **more):
    """A meta.k8s.io Table without objects: rows are lists of cells."""
    return {'kind': 'Table', 'apiVersion': 'meta.k8s.io/v1', 'metadata': dict({'resourceVersion': version}, **more),
            'columnDefinitions': [{'name': c, 'type': 'string', 'format': 'name' if c == 'Name' else '', 'description': '', 'priority': 0} for c in columns],
            'rows': [{'cells': r, 'object': None} for r in rows]}


def status(code, message, reason='Failure', **more):
    return dict({'kind': 'Status', 'apiVersion': 'v1', 'metadata': {}, 'status': 'Failure', 'message': message, 'reason': reason, 'code': code}, **more)


class Answer:
    def __init__(self, body=b'', code=200, headers=(), raw=None):
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.code, self.headers, self.raw = code, list(headers), raw


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        parts = urllib.parse.urlsplit(target)
        self.path, self.query = parts.path, urllib.parse.parse_qs(parts.query)

    @property
    def dry(self):
        return 'All' in self.query.get('dryRun', []) or b'"dryRun":["All"]' in self.body

    @property
    def is_write(self):
        return self.method in ('PUT', 'POST', 'PATCH', 'DELETE') and not self.dry and 'selfsubject' not in self.path


class Api:
    """Listens on loopback; answer(request) -> Answer. answer.raw(connection) takes the connection over."""

    def __init__(self, answer, certificate=None):
        self.answer, self.requests, self.lock = answer, [], threading.Lock()
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.tls = None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(*certificate)
        self.url = '%s://127.0.0.1:%d' % ('https' if certificate else 'http', self.port)
        self.open = True
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.open = False
        self.listener.close()

    def writes(self):
        with self.lock:
            return [r for r in self.requests if r.is_write]

    def _accept(self):
        while self.open:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            stream = connection.makefile('rb')
            while self.open and self._one(connection, stream):
                pass
        except (OSError, ssl.SSLError, ValueError):
            pass
        finally:
            try:
                connection.close()
            except OSError:
                pass

    def _one(self, connection, stream):
        first = stream.readline().decode('latin-1').split()
        if len(first) != 3:
            return False
        headers = {}
        for line in iter(stream.readline, b'\r\n'):
            if not line:
                return False
            name, _, value = line.decode('latin-1').partition(':')
            headers[name.strip().lower()] = value.strip()
        request = Request(first[0], first[1], headers, stream.read(int(headers.get('content-length', 0))))
        with self.lock:
            self.requests.append(request)
        answer = self.answer(request)
        if answer.raw:
            answer.raw(connection)
            return False
        head = ['HTTP/1.1 %d X' % answer.code, 'Content-Type: application/json', 'Content-Length: %d' % len(answer.body)]
        connection.sendall('\r\n'.join(head).encode() + b''.join(b'\r\n' + (h if isinstance(h, bytes) else h.encode()) for h in answer.headers) + b'\r\n\r\n')
        connection.sendall(answer.body)
        return True


def kubeconfig(home, url, user=None, cluster=None, name='evil'):
    text = {'apiVersion': 'v1', 'kind': 'Config', 'current-context': name,
            'clusters': [{'name': 'c', 'cluster': dict({'server': url}, **(cluster or {}))}],
            'users': [{'name': 'u', 'user': user or {'token': 'tok-0'}}],
            'contexts': [{'name': name, 'context': {'cluster': 'c', 'user': 'u', 'namespace': 'default'}}]}
    home.env['KUBECONFIG'] = home.write('kubeconfig', json.dumps(text))
    os.chmod(home.env['KUBECONFIG'], 0o600)


# --- the tests of a file ---

class Skip(Exception):
    pass


def main(tests, only=None):
    """Runs functions; exit 0, 1, or 77 when all were skipped."""
    if not os.access(PROGRAM, os.X_OK):
        print('skipped: %s is not built' % PROGRAM)
        return 77
    if MEMORY_TIMES > 1:
        print('scaled: bounds of memory are %d times as high with a sanitizer' % MEMORY_TIMES)
    counts = {'passed': 0, 'failed': 0, 'skipped': 0}
    for test in tests:
        if len(sys.argv) > 1 and not any(word in test.__name__ for word in sys.argv[1:]):
            continue
        begun = time.monotonic()
        try:
            test()
            counts['passed'] += 1
            if os.environ.get('VERBOSE'):
                print("ok   %s (%.1f s)" % (test.__name__, time.monotonic() - begun), flush=True)
        except Skip as why:
            counts['skipped'] += 1
            print('skipped %s: %s' % (test.__name__, why), flush=True)
        except Exception as e:
            counts['failed'] += 1
            where = traceback.extract_tb(e.__traceback__)
            print('FAILED %s: %s: %s (%s)' % (test.__name__, type(e).__name__, e, ' < '.join('line %d' % f.lineno for f in reversed(where))), flush=True)
    print('%(passed)d passed, %(failed)d failed, %(skipped)d skipped' % counts)
    return 1 if counts['failed'] else 77 if not counts['passed'] else 0


def check(truth, *what):
    if not truth:
        raise AssertionError(' '.join(str(w) for w in what))
