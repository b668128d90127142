#!/usr/bin/env python3
"""`report --heal` on random agents: the result parses (CPython compiles it, nothing of it is run), healing again changes nothing, everything else
stays byte for byte, undo gives the bytes back, and no secret is in the plan, the log or the diff."""
import os, random, re, shutil, subprocess, sys
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'screen'))
import screenpty
import importlib.machinery, importlib.util
sys.dont_write_bytecode = True
source = open(os.path.join(ROOT, 'tests', 'data', 'test_report.py')).read().rsplit("if __name__ == '__main__'", 1)[0]
helpers = {'__file__': os.path.abspath(__file__), '__name__': 'helpers'}
exec(compile(source, 'test_report.py', 'exec'), helpers)
Tree, github_token = helpers['Tree'], helpers['github_token']

HEADS = ['"""An agent: does things.\n\nimport nothing\n"""\n', '', '#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\n', "'''Doc.'''\n", '# only a comment\n\n']
FUTURES = ['from __future__ import annotations\n', '']
IMPORTS = ['from openai import OpenAI\n', 'import openai\nfrom openai import OpenAI as OpenAI\n', 'import json, os\nfrom openai import (\n    OpenAI,\n)\n']
ALIASES = ['import tenacity as tn\n', 'import os as system\n', 'import logging\n', 'import asyncio as aio\n', '', '', '']
CLIENTS = ['client = OpenAI()\n', 'client = OpenAI(api_key=None)\n', 'client = OpenAI(\n    api_key=None,\n    organization="x",  # why\n)\n', 'client = OpenAI(\n    api_key=None\n)\n']
CALLS = ['client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": %s}])',
         'client.chat.completions.create(\n        model="gpt-4o",\n        messages=[{"role": "user", "content": %s}],\n    )',
         'client.chat.completions.create(\n        model="gpt-4o",\n        messages=[{"role": "user", "content": %s}]\n    )',
         'client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": %s}],)',
         'client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": %s}]  # a comment\n    )',
         'client.chat.completions.create(**{"model": "gpt-4o"}, messages=[{"role": "user", "content": %s}])']
DECORATORS = ['', '', '@traced\n', '@traced\n@traced  # twice\n', '@traced\n# a comment between\n']


def function(r, n):
    call = r.choice(CALLS) % 'question'
    kind = r.randrange(9)
    head = r.choice(DECORATORS)
    if kind == 0:
        return head + 'def ask_%d(question):\n    reply = %s\n    return reply\n\n\n' % (n, call)
    if kind == 1:
        return head + 'async def ask_%d(question: str) -> str:\n    """Asks."""\n    time.sleep(%d)\n    return str(%s)\n\n\n' % (n, n % 5, call)
    if kind == 2:
        return head + 'def stream_%d(question):\n    for part in %s:\n        yield part\n\n\n' % (n, call)
    if kind == 3:
        return 'class Agent%d:\n    limit = 3\n\n    %sdef ask(self, question):\n        return %s\n\n\n' % (n, head.replace('\n', '\n    '), call.replace('\n', '\n    '))
    if kind == 4:
        return 'answer_%d = lambda question: %s\n\n\n' % (n, call.replace('\n    ', '\n'))
    if kind == 5:
        return head + 'def outer_%d(question):\n    def inner(question):\n        return %s\n    return inner(question)\n\n\n' % (n, call.replace('\n', '\n    '))
    if kind == 6:
        return head + 'def read_%d(path):\n    return yaml.load(open(path), Loader=yaml.Loader)\n\n\n' % n
    if kind == 7:
        return head + 'def fetch_%d(url):\n    return requests.get(url, verify=False, timeout=%d)\n\n\n' % (n, n)
    return head + 'async def all_%d(questions):\n    return await asyncio.gather(*[ask(q, client.chat.completions.create(model="gpt-4o", messages=q)) for q in questions])\n\n\n' % n


def module(seed):
    r = random.Random(seed)
    text = r.choice(HEADS) + r.choice(FUTURES) + r.choice(IMPORTS) + r.choice(ALIASES) + 'import asyncio\nimport time\nimport requests\nimport yaml\n\n'
    text += 'def traced(f):\n    return f\n\n\n' + r.choice(CLIENTS) + 'PROMPT = %s\n\n\n' % r.choice(['"You are a helpful agent for invoices of our shop."', "'''You are a helpful agent\nfor invoices of our shop.'''",
                                                                                            'f"You are a helpful agent for {1 + 1} shops of ours."'])
    text += ''.join(function(r, n) for n in range(5))
    if r.randrange(3) == 0:
        text += 'TOKEN = "%s"\n' % github_token(seed)
    if r.randrange(4) == 0:
        text = text.replace('    ', '\t')
    if r.randrange(3) == 0:
        text = text.rstrip('\n')
    if r.randrange(4) == 0:
        text = text.replace('\n', '\r\n')
    if r.randrange(5) == 0:
        text = text.replace('An agent', 'Ein Agént – ✓')
    compile(text, 'generated', 'exec', dont_inherit=True)
    return text


def files_of(tree):
    found = {}
    for folder, folders, names in os.walk(tree.root):
        folders[:] = [f for f in folders if f != 'evidence_lake']
        for name in names:
            with open(os.path.join(folder, name), 'rb') as file:
                found[os.path.relpath(os.path.join(folder, name), tree.root)] = file.read()
    return found


def ph(tree, *args):
    return subprocess.run([screenpty.PROGRAM, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=tree.env(), timeout=300)


def lines_kept(before, after):
    """Every line of before that is not in after was edited; what is left stands in the same order."""
    rest = iter(after.split(b'\n'))
    return sum(1 for line in before.split(b'\n') if not any(line == other for other in rest))


AGENTS = 180 # with .env.example, .gitignore and requirements.txt of each, under the 500 steps a plan may have


def test_random_heals():
    with Tree({'agents/a%d/agent.py' % i: module(i) for i in range(AGENTS)}) as tree:
        before = files_of(tree)
        dry = ph(tree, 'report', tree.root, '--heal', '--dry-run', '-o', 'json', '--max-files', '2000')
        shown = helpers['json'].loads(dry.stdout)
        mended = [f for f in shown['fixes'] if f['safe']]
        assert files_of(tree) == before, 'a dry run touched the tree'
        assert len(mended) >= 1000, len(mended)
        assert all(f['refused'] for f in shown['fixes'] if not f['safe'])
        done = ph(tree, 'report', tree.root, '--heal', '--approve', '--max-files', '2000')
        assert done.returncode in (1, 2), (done.returncode, done.stderr[-2000:])
        after = files_of(tree)
        assert after != before, done.stderr[-1500:]
        for name, text in after.items():
            if not name.endswith('.py'):
                continue
            compile(text, name, 'exec', dont_inherit=True)
            assert (b'\r\n' in before[name]) == (b'\r\n' in text) and text.replace(b'\r\n', b'').count(b'\n') == before[name].replace(b'\r\n', b'').count(b'\n') * (b'\r\n' in text) + \
                (text.count(b'\n') if b'\r\n' not in text else 0), 'line ends of ' + name
            assert before[name].endswith(b'\n') == text.endswith(b'\n'), name
        for i in range(AGENTS):
            text = after['agents/a%d/agent.py' % i].decode()
            assert not re.search(r'retry\([^\n]*\n\s*def stream_', text), 'a generator was wrapped'
        again = ph(tree, 'report', tree.root, '--heal', '--dry-run', '-o', 'json', '--max-files', '2000')
        left = [f for f in helpers['json'].loads(again.stdout)['fixes'] if f['safe']]
        assert not left, left[:5]
        kept = subprocess.run(['grep', '-r', '-l', '-a', github_token(3)[8:30], tree.home], stdout=subprocess.PIPE, text=True).stdout.split()
        assert all('/undo/' in name for name in kept), kept
        undone = ph(tree, 'undo', '--approve')
        assert undone.returncode == 0, undone.stderr[-2000:]
        assert files_of(tree) == before, [n for n, t in files_of(tree).items() if before.get(n) != t][:5]
        assert ph(tree, 'audit', 'verify').returncode == 0


def test_without_approval_nothing_is_written():
    with Tree({'a/agent.py': module(1)}) as tree:
        before = files_of(tree)
        for more, status in (([], 5), (['--read-only'], 2)):
            done = ph(tree, 'report', tree.root, '--heal', *more)
            assert done.returncode == status, (more, done.returncode, done.stderr)
            assert files_of(tree) == before


def test_an_approval_is_for_the_bytes_it_showed():
    with Tree({'a/agent.py': module(2)}) as tree:
        plan = re.search(rb'pilothouse approve (\S+),', ph(tree, 'report', tree.root, '--heal').stderr)[1].decode()
        assert ph(tree, 'approve', plan).returncode == 0
        tree.write('a/agent.py', module(2) + '\n# somebody was here\n')
        changed = files_of(tree)
        done = ph(tree, 'run', plan)
        assert done.returncode == 1 and b'sha256' in done.stderr + done.stdout, done
        assert files_of(tree) == changed


def test_secrets_move_to_the_environment():
    token = github_token(9)
    with Tree({'a/agent.py': 'import os\nfrom openai import OpenAI\nGITHUB_TOKEN = "%s"\n' % token, 'a/.env': 'GITHUB_TOKEN=%s\n' % token}) as tree:
        done = ph(tree, 'report', tree.root, '--heal', '--approve')
        text = files_of(tree)
        assert text['a/agent.py'].startswith(b'import os\nfrom openai import OpenAI\nGITHUB_TOKEN = os.environ["GITHUB_TOKEN"]\n'), text['a/agent.py']
        assert text['a/.env.example'] == b'GITHUB_TOKEN=\n' and text['a/.gitignore'] == b'.env\n' and token.encode() in text['a/.env']
        assert token[8:30].encode() not in done.stdout + done.stderr
        assert ph(tree, 'undo', '--approve').returncode == 0
        assert sorted(files_of(tree)) == ['a/.env', 'a/agent.py'] and token.encode() in files_of(tree)['a/agent.py']


def test_a_default_beside_a_read_goes_and_patterns_stay():
    t = [github_token(n) for n in range(20, 30)]
    text = ('import os\nfrom openai import OpenAI\nA = os.getenv("A_TOKEN", "%s")\nB = os.environ.get("B_TOKEN") or "%s"\nC = os.environ.get(\n    "C_TOKEN",\n    "%s",\n)\n'
            'def f(x):\n    match x:\n        case "%s":\n            return 1\n        case {"k": "%s"}: pass\n        case 3: y = "%s"\n') % tuple(t[:6])
    page = ('import OpenAI from "openai";\nconst a = process.env.A_KEY || "%s";\nconst b = process.env.B_KEY ?? "%s";\ntype K = "%s";\n'
            'export const c = <Chat token="%s" />;\n') % tuple(t[6:])
    with Tree({'a/agent.py': text, 'b/index.tsx': page}) as tree:
        ph(tree, 'report', tree.root, '--heal', '--approve')
        after = files_of(tree)
        python, script = after['a/agent.py'].decode(), after['b/index.tsx'].decode()
        compile(python, 'agent.py', 'exec')
        assert 'A = os.getenv("A_TOKEN")\nB = os.environ.get("B_TOKEN")\nC = os.environ.get(\n    "C_TOKEN",\n)\n' in python, python
        assert 'case "%s":' % t[3] in python and '{"k": "%s"}' % t[4] in python and 'case 3: y = os.environ["Y"]' in python, python
        assert 'const a = process.env.A_KEY;\nconst b = process.env.B_KEY;\ntype K = "%s";' % t[8] in script and 'token="%s" />' % t[9] in script, script
        assert {b'A_TOKEN=', b'B_TOKEN=', b'C_TOKEN=', b'Y='} == set(after['a/.env.example'].split()), after['a/.env.example']


def in_terminal(tree, columns, *args):
    """What the program writes to a terminal of so many columns."""
    import fcntl, pty, struct, termios
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
    program = subprocess.Popen([screenpty.PROGRAM, *args], stdin=subprocess.DEVNULL, stdout=side, stderr=subprocess.DEVNULL, env=dict(tree.env(), TERM='xterm'))
    os.close(side)
    out = b''
    try:
        while True:
            out += os.read(main, 1 << 16)
    except OSError: # all of it was read, and the other side is closed
        pass
    program.wait()
    os.close(main)
    return out.decode().replace('\r\n', '\n')


def test_the_dashboard_fits_the_terminal():
    text = 'from openai import OpenAI\nclient = OpenAI()\ndef ask(q):\n    return client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": q}])\n'
    with Tree({'agents/a/agent.py': text}) as tree:
        plain = ph(tree, 'report', tree.root, '--heal', '--dry-run', '--no-lake').stdout.decode()
        for columns in (80, 200):
            shown = in_terminal(tree, columns, 'report', tree.root, '--heal', '--dry-run', '--no-lake')
            assert '\x1b[31m' in shown and '\u241b' not in shown, shown
            bare = re.sub(r'\x1b\[[0-9;]*m', '', shown)
            assert max(map(len, bare.split('\n'))) <= columns, bare
            assert re.sub(r'\s+', '', bare) == re.sub(r'\s+', '', plain), bare
        for part in ('agents/a/agent.py  4 findings\n', '  line 2  module  REL002  ', '    safe: ', '      2 - client = OpenAI()\n      2 + client = OpenAI(timeout=30)\n', 'agents/a/requirements.txt  new, for edits of other files\n',
                     '4 would be mended in 2 files, 1 another time, 0 left to a person\nnothing was touched\n'):
            assert part in plain, (part, plain)
        assert '\u241b' not in in_terminal(tree, 80, 'report', tree.root, '--no-lake')


def test_no_model_is_written_that_is_gone():
    """What a repair writes is neither retired nor a name that moves."""
    def block(path, name, pattern):
        with open(os.path.join(ROOT, 'checks', path)) as file:
            text = file.read()
        return re.findall(pattern, re.split(r'\n(?=[a-z])', text[text.index('\n%s:' % name) + 1:])[0])
    gone = set(block('lexicon.yaml', 'retired', r'\{id: ([^,]+),')) | set(block('lexicon.yaml', 'moving', r'\{id: ([^,]+),'))
    small = block('heal.yaml', 'small_models', r'(?m)^  \S+: (\S+)$')
    assert len(gone) > 30 and len(small) > 8, (len(gone), len(small))
    assert not set(small) & gone, set(small) & gone


def test_a_decorator_that_is_not_closed_is_left_alone():
    with Tree({'a/agent.py': 'import openai\nfrom tenacity import retry as again)\n@again(\ndef:'}) as tree:
        done = ph(tree, 'report', tree.root, '--heal', '--dry-run', '--no-lake')
        assert done.returncode in (0, 2) and b'nothing was touched' in done.stdout, done


def test_one_repair_that_breaks_a_file_costs_no_other():
    broken = b'from transformers import AutoModel\nimport requests\nAutoModel.from_pretrained("org/name", re\xf6ime", e)\n\n\ndef get(u):\n    return requests.get(u, verify=False, timeout=3)\n'
    with Tree({'a/agent.py': broken}) as tree:
        done = ph(tree, 'report', tree.root, '--heal', '--dry-run', '--no-lake').stdout.decode(errors='replace')
        assert '+     return requests.get(u, timeout=3)' in done, done
        assert 'MOD006  the file would no longer read as before' in done and '1 would be mended' in done, done


def test_what_is_never_wrapped():
    body = 'from openai import OpenAI\nc = OpenAI(timeout=3)\n\n\n'
    call = 'c.chat.completions.create(model="gpt-4o-2024-11-20", max_completion_tokens=3, messages=q)'
    wrapped = {'plain': 'def plain(q):\n    return %s\n' % call, 'kept': '@tool\ndef kept(q):\n    """Says."""\n    q = list(q)\n    m = []\n    m.append(1)\n    return %s\n' % call,
               'noted': 'def noted(self, q):\n    r = %s\n    self.history.append(r)\n    return r\n' % call}
    never = {'saves': 'def saves(q, db):\n    r = %s\n    db.execute("INSERT INTO t VALUES (?)", (r,))\n' % call,
             'mails': 'def mails(q, box):\n    box.sendmail("a", "b", %s)\n' % call,
             'pays': 'def pays(q):\n    stripe.Refund.create(amount=%s)\n' % call,
             'streams': 'def streams(q):\n    for x in %s:\n        yield x\n' % call,
             'retried': '@backoff.on_exception(backoff.expo, Exception)\ndef retried(q):\n    return %s\n' % call,
             'looped': 'def looped(q):\n    for attempt in range(3):\n        try:\n            return %s\n        except Exception:\n            time.sleep(2 ** attempt)\n' % call}
    never['doubles'] = 'def doubles(self, q):\n    self.history.append(q)\n    return %s\n' % call
    never['counts'] = 'def counts(self, q):\n    self.asked += 1\n    return %s\n' % call
    text = body + 'import backoff\nimport stripe\nimport time\n\n\ndef tool(f):\n    return f\n\n\n' + '\n\n'.join(list(wrapped.values()) + list(never.values()))
    with Tree({'a/agent.py': text}) as tree:
        ph(tree, 'report', tree.root, '--heal', '--approve')
        after = files_of(tree)['a/agent.py'].decode()
        for name in wrapped:
            assert re.search(r'@tenacity\.retry\([^\n]*\ndef %s\(' % name, after), (name, after)
        assert '@tool\n@tenacity.retry' in after
        for name in never:
            assert not re.search(r'@tenacity\.retry\([^\n]*\ndef %s\(' % name, after), (name, after)


screenpty.run_tests(globals())
