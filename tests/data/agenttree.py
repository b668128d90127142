"""A small tree of agents for tests, with secrets that are assembled here: none stands whole in a file of ours."""
import binascii, os, random, shutil, string, subprocess, sys, tempfile
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'screen'))
import screenpty

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
FRAMEWORKS = ['from langgraph.graph import StateGraph\ngraph = StateGraph(dict)\n', 'from crewai import Agent\nagent = Agent(role="a", goal="b", backstory="c")\n',
              'from openai import OpenAI\nclient = OpenAI()\n']


def github_token(seed=1):
    source = random.Random(seed)
    body = ''.join(source.choice(string.ascii_letters + string.digits) for _ in range(30))
    number, tail = binascii.crc32(body.encode()), ''
    for _ in range(6):
        number, digit = divmod(number, 62)
        tail = BASE62[digit] + tail
    return 'gh' + 'p_' + body + tail


class Tree:
    """A folder of files and a home of its own."""

    def __init__(self, files=None):
        self.base = tempfile.mkdtemp(prefix='pilothouse-fleet-')
        self.root, self.home = os.path.join(os.path.realpath(self.base), 'tree'), os.path.join(self.base, 'home')
        os.mkdir(self.root)
        os.mkdir(self.home)
        for name, text in (files or {}).items():
            self.write(name, text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.base, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.root, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), 'wb') as file:
            file.write(text if isinstance(text, bytes) else text.encode())

    def read(self, name):
        with open(self.path(name), 'rb') as file:
            return file.read()

    def env(self):
        kept = {k: v for k, v in os.environ.items() if k in ('PATH', 'ASAN_OPTIONS', 'UBSAN_OPTIONS', 'TSAN_OPTIONS', 'LSAN_OPTIONS')}
        return dict(kept, PILOTHOUSE_HOME=self.home, PILOTHOUSE_DATA=ROOT, HOME=self.home, LANG='C.UTF-8', KUBECONFIG=os.path.join(self.home, 'none'))

    def run(self, *args, cwd=None, timeout=120):
        return subprocess.run([screenpty.PROGRAM, *args], cwd=cwd or self.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=self.env(), timeout=timeout)


def fleet(agents=3, leaks=1):
    """Files of so many agents; the first `leaks` of them hold a token each, in line 4."""
    files = {}
    for i in range(agents):
        text = FRAMEWORKS[i % len(FRAMEWORKS)] + 'import os\n'
        text += 'TOKEN = "%s"\n' % github_token(i) if i < leaks else 'TOKEN = os.environ["TOKEN"]\n'
        files['agents/a%02d/agent.py' % i] = text + 'print(len(TOKEN))\n'
    return files
