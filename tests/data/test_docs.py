#!/usr/bin/env python3
"""The documents say what the program does: commands, options, keys, screens, manual, completions. And settings SECURITY.md relies on."""
import os, re, shutil, subprocess, sys, tempfile
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'screen'))
import screenpty
from screenpty import Skip
import importlib.machinery, importlib.util
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader('screens', os.path.join(ROOT, 'tests', 'screens'))
screens = importlib.util.module_from_spec(importlib.util.spec_from_loader('screens', loader))
loader.exec_module(screens)

DOCUMENTS = ('README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs/data.md', 'docs/failures.md', 'docs/lake.md', 'docs/registry.md', 'docs/report.md')


def text_of(name):
    with open(os.path.join(ROOT, name)) as file:
        return file.read()


def ph(*args, home=None, cwd=ROOT, env=None):
    own = home or tempfile.mkdtemp(prefix='pilothouse-docs-')
    settings = {k: v for k, v in os.environ.items() if k in ('PATH', 'ASAN_OPTIONS', 'UBSAN_OPTIONS', 'TSAN_OPTIONS', 'LSAN_OPTIONS')}
    settings.update(PILOTHOUSE_HOME=own, PILOTHOUSE_DATA=ROOT, HOME=own, LANG='C.UTF-8', KUBECONFIG=os.path.join(own, 'none'), **(env or {}))
    try:
        return subprocess.run([screenpty.PROGRAM, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd, env=settings, text=True, timeout=60)
    finally:
        if not home:
            shutil.rmtree(own)


def help_of(command=None):
    done = ph(*([command] if command else []), '--help')
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


def commands():
    listed = help_of().split('Commands\n')[1].split('\nOptions')[0]
    return [line.split()[0] for line in listed.splitlines() if line.strip()]


def options(text):
    """{'-n', '--namespace', …} of the part Options."""
    found = set()
    for letter, name in re.findall(r'^  (?:-(\w), |    )--([\w-]+)', text.split('\nOptions\n')[-1], re.M):
        found |= {'--' + name} | ({'-' + letter} if letter else set())
    return found


def told(name):
    """Every `pilothouse …` of a document's code: [(command or None, [words])]"""
    text = text_of(name)
    pieces = re.findall(r'^```sh\n(.*?)^```', text, re.M | re.S)
    pieces += ['%s\n' % code for code in re.findall(r'(?<!`)`([^`\n]+)`(?!`)', re.sub(r'^```.*?^```', '', text, flags=re.M | re.S))]
    pieces += re.findall(r'^<!-- output: (.*?) -->', text, re.M)
    for line in '\n'.join(pieces).splitlines():
        found = re.search(r'(?:^|[;&] |\s)(?:\./)?(?:pilothouse|ph) (\S.*)', line) or re.match(r'(?:\./)?pilothouse (\S.*)', line)
        if found:
            yield re.sub(r'\s(#|\||2>&1).*', '', re.sub(r'"[^"]*"|\'[^\']*\'', 'WORDS', found[1])).split()


def test_every_command_and_option_told_exists():
    known, general, count = commands(), options(help_of()), 0
    for name in DOCUMENTS:
        for words in told(name):
            names = [w for w in words if w in known]
            assert names, '%s tells of a command that is not there: %s' % (name, ' '.join(words))
            its = options(help_of(names[0])) | general
            for word in words:
                if re.match(r'--?[A-Za-z]', word) and not word.startswith('-rss'):
                    assert word.split('=')[0] in its, '%s: %s has no %s' % (name, names[0], word)
            count += 1
    assert count > 20, count


def test_commands_not_there_yet_are_not_told():
    missing = [c for c in 'demo incident cost forecast budget threat migrate agents report diagnose serve mcp client'.split() if c not in commands()]
    for name in DOCUMENTS:
        for command in missing:
            assert not re.search(r'pilothouse %s\b' % command, text_of(name)), (name, command)


def test_dev_and_files_told_exist():
    usage = subprocess.run([os.path.join(ROOT, 'dev')], stdout=subprocess.PIPE, text=True).stdout
    known = set(re.findall(r'^\./dev ([\w-]+)', usage, re.M))
    for name in DOCUMENTS:
        for command in re.findall(r'\./dev ([\w-]+)', text_of(name)):
            assert command in known, (name, command)
        folder = os.path.dirname(os.path.join(ROOT, name))
        for link in re.findall(r'\]\(([^)#]+)(?:#[^)]*)?\)', text_of(name)):
            assert os.path.exists(os.path.join(folder, link)), (name, link)
        for path in re.findall(r'`((?:src|tests|kinds|docs|fuzz|themes|widgets|policies)/[\w./-]+\.(?:h|c|py|yaml|md|am))`', text_of(name)):
            assert 'resourcequotas' in path or os.path.exists(os.path.join(ROOT, path)), (name, path)


def test_every_failure_has_its_test():
    rows = [line for line in text_of('docs/failures.md').splitlines() if line.startswith('| ') and not line.startswith('| what')]
    assert len(rows) > 25, len(rows)
    for row in rows:
        what, tests = row.strip('| ').split(' | ')
        named = re.findall(r'`(tests/\S+)` ([^;`]+)', tests)
        assert named, what
        for path, names in named:
            text = text_of(path)
            for name in names.replace(',', ' ').split():
                assert re.search(r'(def %s\(|START_TEST\(%s\))' % (name, name), text), (what, path, name)


def test_settings_told_exist():
    keys = set(re.findall(r'^(\S+)', ph('config', 'list').stdout, re.M))
    for name in ('README.md', 'SECURITY.md'):
        for key in re.findall(r'`((?:ui|audit|policy|store|kubernetes|user|log|host)\.[a-z_]+)`', text_of(name)):
            assert key in keys, (name, key)


def test_key_table_is_the_programs():
    part = re.search(r'^<!-- keys -->\n(.*?)^<!-- end -->', text_of('README.md'), re.M | re.S)
    assert part and part[1] == screens.keys(None), 'run ./dev screens'


def test_screens_look_as_the_program_does_now():
    parts = re.findall(r'^<!-- screen: (.*?) -->\n```text\n(.*?)^```\n<!-- end -->', text_of('README.md'), re.M | re.S)
    assert len(parts) >= 3, 'run ./dev screens'
    for what, text in parts:
        lines = text.splitlines()
        assert len(lines) == 24, (what, len(lines))
        assert all(sum(screenpty.width(c) for c in line) <= 80 for line in lines), what
    now = screens.screen(parts[0][0]).splitlines()
    then = parts[0][1].splitlines()
    heads = lambda lines: [re.split(r'  +', l.strip())[0] for l in lines[1:-1] if re.match(r' [A-Z]', l)]
    assert heads(now) == heads(then), (heads(now), heads(then))
    ends = lambda lines: [re.split(r'  +', lines[-1].strip())[i] for i in (0, -1)] # between them: what does something to what is under the cursor then
    assert ends(now) == ends(then), (now[-1], then[-1])
    table = set(re.findall(r'`([^`]+)`', screens.keys(None)))
    for hint in re.split(r'  +', then[-1].strip()):
        assert hint.split()[0] in table, hint
    assert now[0].split()[0] == then[0].split()[0]


def test_examples_of_data_are_good():
    text = text_of('README.md')
    with tempfile.TemporaryDirectory() as home:
        for area, first in (('kinds/kubernetes', 'kind: '), ('playbooks', 'name: ')):
            example = re.search(r'^```yaml\n(%s.*?)^```' % first, text, re.M | re.S)[1]
            os.makedirs(os.path.join(home, area))
            with open(os.path.join(home, area, 'example.yaml'), 'w') as file:
                file.write(example)
            done = ph('lint', os.path.join(home, area, 'example.yaml'), home=home)
            assert done.returncode == 0 and not done.stdout, done.stdout
        assert 'resourcequotas' in ph('kinds', home=home).stdout
        assert 'host-big-process' in ph('playbook', 'list', home=home).stdout


# --- manual, completions ---

def test_manual_names_every_command_and_key():
    page = ph('man').stdout
    for command in commands():
        assert re.search(r'^\.SS %s\b' % command, page, re.M), command
    rows = screens.key_rows()
    assert len(rows) > 60 and any(key.split()[0] == '/' and 'rows that match' in does for _, key, does in rows)


def test_manual_has_no_warnings():
    if not shutil.which('groff'):
        raise Skip('no groff here')
    done = subprocess.run(['groff', '-man', '-Tutf8', '-ww'], input=ph('man').stdout, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert re.search(r'\^D\s+is\s+Control', re.sub(r'\x1b\[[0-9;]*m|.\x08', '', done.stdout)), 'a caret became something else'


def parses(shell):
    if not shutil.which(shell):
        raise Skip('no %s here' % shell)
    with tempfile.NamedTemporaryFile('w', suffix='.' + shell) as file:
        file.write(ph('completion', shell).stdout)
        file.flush()
        done = subprocess.run([shell, '-n', file.name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 0 and not done.stdout, done.stdout


def test_completion_of_zsh_parses():
    parses('zsh')


def test_completion_of_fish_parses():
    parses('fish')


def test_completion_of_fish_completes():
    if not shutil.which('fish'):
        raise Skip('no fish here')
    with tempfile.TemporaryDirectory() as home:
        script = ph('completion', 'fish').stdout + '\ncomplete -C "pilothouse aud"\ncomplete -C "pilothouse get --fil"\n'
        done = subprocess.run(['fish', '--no-config', '-c', script], stdout=subprocess.PIPE, text=True, env={'PATH': os.environ['PATH'], 'HOME': home})
    assert re.search(r'^audit\t', done.stdout, re.M) and re.search(r'^--filter', done.stdout, re.M), done.stdout


def test_completion_of_bash_completes():
    parses('bash')
    cases = (('pilothouse au', 'audit'), ('pilothouse --scope prod ge', 'get'), ('pilothouse --scope = prod pol', 'policy'), ('pilothouse get files', 'files filesystems'),
             ('pilothouse audit ver', 'verify'), ('pilothouse get pods --fi', '--filter'), ('pilothouse --scope s', 'staging'), ('pilothouse act --read', '--read-only'),
             ('pilothouse demo mem', 'memory-pressure'), ('pilothouse report --format h', 'html'), ('pilothouse -o w', 'wide'), ('pilothouse report tes', 'tests'))
    folder = os.path.dirname(os.path.abspath(screenpty.PROGRAM))
    with tempfile.TemporaryDirectory() as home:
        script = ph('completion', 'bash').stdout + '\nt() { COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); COMPREPLY=(); _pilothouse; echo "${COMPREPLY[*]}"; }\n'
        script += ''.join('t %s\n' % line for line, _ in cases)
        env = {'PATH': folder + ':' + os.environ['PATH'], 'PILOTHOUSE_HOME': home, 'PILOTHOUSE_DATA': ROOT, 'HOME': home,
               **{k: v for k, v in os.environ.items() if k.endswith('SAN_OPTIONS')}}
        said = subprocess.run(['bash', '--norc', '-c', script], stdout=subprocess.PIPE, text=True, env=env, cwd=ROOT).stdout.splitlines()
    assert said == [wanted for _, wanted in cases], said


# --- what SECURITY.md relies on ---

def test_read_only_of_the_configuration_holds():
    victim = subprocess.Popen(['sleep', '60'])
    try:
        with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as here:
            with open(os.path.join(home, 'config.yaml'), 'w') as file:
                file.write('read_only: true\n')
            with open(os.path.join(here, '.env'), 'w') as file:
                file.write('PILOTHOUSE_READ_ONLY=false\nOPA_ENDPOINT=http://127.0.0.1:1\nPILOTHOUSE_UI_THEME=light\n')
            done = ph('act', 'processes', str(victim.pid), 'renice', 'nice=5', '--approve', home=home, cwd=here)
            assert done.returncode == 2 and 'read-only' in done.stderr, done.stderr
            assert os.getpriority(os.PRIO_PROCESS, victim.pid) == os.getpriority(os.PRIO_PROCESS, 0)
            settings = ph('config', 'list', home=home, cwd=here).stdout
            assert re.search(r'^read_only +true', settings, re.M) and re.search(r'^policy.opa +unset', settings, re.M), settings
            assert re.search(r'^ui.theme +light', settings, re.M), settings
    finally:
        victim.kill()
        victim.wait()


def test_an_engine_that_cannot_be_asked_denies():
    done = ph('policy', 'explain', 'risk=write', 'scope=dev', env={'OPA_ENDPOINT': 'http://127.0.0.1:1'})
    assert done.stdout.startswith('deny by opa'), done.stdout


screenpty.run_tests(globals())
