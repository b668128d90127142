#!/usr/bin/env python3
"""The console from outside: first screen, keys, filter, palette, help, menus, themes, split, signals, poor terminals."""
import os, re, shutil, signal, subprocess, sys, tempfile, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from screenpty import *


def first(**options):
    console = Console(**options)
    console.wait_for('Saturation')
    console.wait_for(re.compile(r'cpu +\d+ %'))
    return console


def open_table(console, name='processes', needs='PROGRAM'):
    console.send(':' + name + '<Enter>')
    console.wait_for(needs)
    console.wait_for(re.compile(r'^ ' + name, re.M))


def test_first_screen_says_who_where_and_what():
    with first() as c:
        top = c.screen.lines()[0]
        assert re.search(r'pilothouse +\S+@\S+', top), top
        assert 'ro off' in top and 'link' in top and re.search(r'\d\d:\d\d', top), top
        for part in ('Wrong now', 'Changed', 'Runs and approvals', 'age '):
            assert part in c.dump(), c.dump()
        assert '? keys' in c.screen.lines()[-1]
        assert not c.screen.unknown, c.screen.unknown


def test_table_moves_filters_sorts():
    with first() as c:
        open_table(c)
        c.wait_for(re.compile(r'▸ \d+'))
        before = c.line_of('▸')
        c.send('jj')
        c.wait_for(lambda text: c.line_of('▸') == before + 2)
        c.send('<Up>')
        c.wait_for(lambda text: c.line_of('▸') == before + 1)
        c.send('/pid == %d' % c.pid) # this console itself: others may run beside it
        c.wait_for('words  !word')
        c.wait_for(re.compile(r' 1 of \d+'))
        c.send('<Enter>')
        c.wait_for('words  !word', absent=True)
        c.wait_for('/pid ==')
        rows = lambda: [l for l in c.screen.lines()[3:-1] if l.strip()]
        c.wait_for(lambda text: rows() and all('pilothouse' in r for r in rows()))
        c.send('<Esc>')
        c.wait_for('/pid ==', absent=True)
        c.send('S')
        c.wait_for('Sort by')
        c.send('prog<Enter>')
        c.wait_for('PROGRAM↑')
        c.send('q')
        c.wait_for('Wrong now')


def test_filter_that_cannot_be_says_where():
    with first() as c:
        open_table(c)
        c.send('/cpu > ')
        c.settle()
        c.wait_for('a value is missi')
        c.send('<Enter>')
        c.wait_for('Enter open')
        assert 'of' not in c.screen.lines()[1], c.dump()


def test_palette_help_menu_theme():
    with first() as c:
        c.send(':fil')
        c.wait_for('filesystems')
        c.send('<Esc>')
        c.wait_for('go to', absent=True)
        c.send('?')
        c.wait_for('keys')
        c.send('/split')
        c.wait_for('split the screen')
        c.send('<Enter><Esc>')
        c.send('q')
        c.wait_for('Wrong now')
        c.send('T')
        c.wait_for('high-contrast')
        c.send('mono<Enter>')
        c.wait_for('Themes', absent=True)
        c.settle()
        assert not any(s.startswith(('fg', 'bg')) for row in c.screen.cells for _, style in row for s in style)


def test_palette_opens_what_is_named_not_what_resembles_it():
    """The row under the cursor stands in the palette too: all letters of "describe processes 1" are in its "describe processes 2031"."""
    sleepers = []
    try:
        while not sleepers or '1' not in str(sleepers[-1].pid): # pids count upwards: twenty at most
            sleepers.append(subprocess.Popen(['sleep', '60']))
        pid = sleepers[-1].pid
        with first() as c:
            open_table(c)
            c.send('/pid == %d' % pid)
            c.wait_for(re.compile(r' 1 of \d+'))
            c.send('<Enter>')
            c.wait_for('words  !word', absent=True)
            c.send(':describe processes 1')
            c.wait_for('what is under the cursor')
            c.send('<Enter>')
            c.wait_for('› processes 1 ')
            c.send('q')
            c.wait_for(re.compile(r' 1 of \d+'))
            c.send(':describe processes 1<Down><Enter>') # chosen, it is the row
            c.wait_for('› processes %d ' % pid)
    finally:
        for sleeper in sleepers:
            sleeper.kill()
            sleeper.wait()


def test_what_the_database_has_to_say_is_said():
    with first(files={'pilothouse.db': 'no database at all, ' * 400}) as c:
        c.wait_for('The database was damaged')


def test_actions_of_a_kind_need_no_change_to_be_seen():
    with first() as c:
        open_table(c)
        c.wait_for(re.compile(r'▸ \d+'))
        c.send('a')
        c.wait_for('write')
        c.send('<Esc>')
        c.wait_for('write', absent=True)


def test_split_zoom_and_join():
    with first(columns=140, rows=30) as c:
        open_table(c)
        c.wait_for(re.compile(r'▸ \d+'))
        c.send('v')
        c.wait_for('│')
        c.send('z')
        c.wait_for('│', absent=True)
        c.send('z')
        c.wait_for('│')
        c.send('v')
        c.wait_for('│', absent=True)


def test_a_wide_screen_shows_what_is_under_the_cursor():
    with first(columns=200, rows=50) as c:
        open_table(c)
        c.wait_for(re.compile(r'▸ \d+'))
        beside = lambda: re.search(r'│ processes (\d+) ', c.dump())
        under = lambda: (re.search(r'▸ (\d+)', c.dump()) or (0, ''))[1]  # half a frame has none
        c.wait_for(lambda text: beside() and beside()[1] == under())
        c.wait_for(re.compile(r'│.*Program'))
        c.send('j')
        c.wait_for(lambda text: beside() and beside()[1] == under())
        c.send('|')
        c.wait_for('│', absent=True)
        c.send('|')
        c.wait_for('│ processes')
        c.resize(120, 40)
        c.wait_for('│', absent=True)
        c.resize(200, 50)
        c.wait_for('│ processes')
        c.send('<Tab>')
        c.settle()
        assert re.search(r'/ search', c.screen.lines()[-1]), c.dump() # it has the keys now
        c.send('q')
        c.wait_for('/ filter')


def test_numbers_over_time():
    """A load made here is seen in the chart; what was before it was looked at is blank; the time shown can be changed."""
    burn = subprocess.Popen([sys.executable, '-c', 'while 1: pass'])
    try:
        with first() as c:
            c.send(':processes /pid==%d<Enter>' % burn.pid)
            c.wait_for(re.compile(r'▸ %d' % burn.pid))
            c.send('%')
            c.wait_for('chart of processes %d' % burn.pid)
            c.wait_for(re.compile(r'▸ cpu +[1-9]\d[\d.]* % .*[1-9]\d* samples'))
            top = c.line_of('▸ cpu') + 1
            plot = c.screen.lines()[top]
            assert re.search('[\u2801-\u28ff]', '\n'.join(c.screen.lines()[top:top + 4])), c.dump()
            assert not re.search('[\u2801-\u28ff]', plot[:40]), plot # five minutes ago nobody looked
            c.wait_for('5 min')
            c.send('-')
            c.wait_for('15 min')
            c.send('++')
            c.wait_for('1 min ')
            c.send('h')
            c.wait_for(re.compile(r'1 min until \d\d:\d\d'))
            c.send('G')
            c.wait_for('until', absent=True)
            c.send('D')
            c.wait_for('written to')
            c.send('q')
            c.wait_for(re.compile(r'▸ %d' % burn.pid))
    finally:
        burn.kill()
        burn.wait()


def test_the_trend_of_an_earlier_console_is_shown_with_its_gap():
    why_not, beside = under_faketime()
    if why_not:
        raise Skip(why_not)
    home = tempfile.mkdtemp(prefix='pilothouse-screen-')
    try:
        with Console('-f', '-40m', PROGRAM, home=home, env=beside, program=shutil.which('faketime')) as c:
            c.wait_for(re.compile(r'Saturation +now +5 min'))
            c.wait_for(re.compile(r'memory +\d+ %'))
            c.send('H')  # what was asked of the store before has been answered when this is
            c.wait_for('the log is empty')
            c.send('Q')
            c.wait_end()
        with first(home=home) as c:
            c.wait_for(re.compile(r'Saturation +now +1 h'))
            c.send('G<Enter>')  # the last gauge
            c.wait_for('blank: not looked at')
            c.send('--')
            c.wait_for(re.compile(r'saturation +1 h'))
            dots = '[\u2801-\u28ff]'  # forty minutes back is in the left half, then nothing for a while
            c.wait_for(lambda text: any(re.search(dots + r'\s{6,}' + dots, l) and re.search(dots, l[:40]) for l in text.splitlines()))
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_saturation_opens_as_charts():
    with first() as c:
        c.send('j' * 30) # past what is wrong, wherever saturation stands
        c.send(':saturation<Enter>')
        c.wait_for(re.compile(r'^ saturation', re.M))
        c.wait_for(re.compile(r'disk +\d+ %'))
        assert not c.screen.unknown


def test_the_co_pilot_goes_on_from_what_was_said():
    with first() as c:
        c.send('c')
        c.wait_for('Ask in plain words')
        c.send('what is wrong on this host<Enter>')
        c.wait_for(re.compile(r'plan +\d+ read steps'))
        c.wait_for(re.compile(r'next +\['))
        assert re.search(r'\[e\d+\]', c.dump()), c.dump()
        c.send('<Tab>')
        c.send('<C-o>')
        c.wait_for(re.compile(r'co-pilot › '))
        c.send('q')
        c.wait_for(re.compile(r'next +\['))
        word = re.search(r'next +\[([^\]]+)', c.dump())[1]
        c.send('<Esc>')
        c.settle()
        c.send('<Esc>')
        c.wait_for('Saturation')
        c.send('c')
        c.wait_for('› what is wrong on this host')
        c.send('<Up>')
        c.wait_for(lambda text: 'what is wrong on this host' in c.screen.lines()[-2])
        c.send('<C-a>so, <C-e>?')
        c.wait_for(lambda text: 'so, what is wrong on this host?' in c.screen.lines()[-2])
        c.send('<C-a><C-k>%s<Enter>' % word)
        c.wait_for(lambda text: 'Ask' not in text and ('co-pilot › ' in text or word in c.screen.lines()[-2]))


def test_readline_reads_the_inputrc():
    with first(files={'.inputrc': '"\\C-t": "from my own inputrc"\n'}) as c:
        c.send('c')
        c.wait_for('Ask in plain words')
        c.send('<C-t>')
        c.wait_for('from my own inputrc')


def command(c, *args):
    env = dict(os.environ, PILOTHOUSE_HOME=c.home, PILOTHOUSE_DATA=ROOT, HOME=c.home, TZ='UTC', KUBECONFIG=os.path.join(c.home, 'none'))
    return subprocess.run([PROGRAM, *args], env=env, cwd=c.home, capture_output=True, text=True, timeout=60)


def test_what_another_process_does_is_seen():
    """And the chain is checked, again when there is more of it."""
    sleeper = subprocess.Popen(['sleep', '60'])
    try:
        with first(files={'config.yaml': 'scopes:\n  dev: ["*"]\n'}) as c:
            c.wait_for('0 entries, chain ok')
            assert command(c, 'act', 'processes', str(sleeper.pid), 'renice', 'nice=3').returncode == 5
            c.wait_for(re.compile(r'renice process.*waits'))
            assert command(c, 'act', 'processes', str(sleeper.pid), 'renice', 'nice=4', '--approve').returncode == 0
            c.wait_for(re.compile(r'✓ renice process'))
            c.send('H')
            c.wait_for('run.step')
            assert command(c, 'act', 'processes', str(sleeper.pid), 'renice', 'nice=5', '--approve').returncode == 0
            c.wait_for(lambda text: text.count('run.step') >= 4)
    finally:
        sleeper.kill()
        sleeper.wait()


def test_a_broken_chain_is_said_on_the_first_screen():
    import sqlite3
    sleeper = subprocess.Popen(['sleep', '60'])
    home = tempfile.mkdtemp(prefix='pilothouse-chain-')
    try:
        with Console('version', home=home) as c:
            c.wait_end()
            assert command(c, 'act', 'processes', str(sleeper.pid), 'renice', 'nice=3', '--approve').returncode == 0
        with sqlite3.connect(os.path.join(home, 'pilothouse.db')) as db:
            for (name,) in db.execute("select name from sqlite_master where type = 'trigger' and tbl_name = 'audit'").fetchall():
                db.execute('drop trigger "%s"' % name)
            db.execute("update audit set body = replace(body, 'renice', 'rename') where seq = 2")
        with first(home=home) as c:
            c.wait_for('CHAIN BROKEN')
    finally:
        sleeper.kill()
        sleeper.wait()
        shutil.rmtree(home, ignore_errors=True)


def test_resize_keeps_all_lines():
    with first() as c:
        for size in ((120, 40), (60, 12), (80, 24), (200, 50)):
            c.resize(*size)
            c.wait_for('? keys' if size[0] >= 80 else 'pilothouse')
            c.settle()
            assert '? keys' in c.screen.lines()[size[1] - 1] or size[0] < 80, c.dump()
        c.resize(10, 3)
        c.settle()
        c.resize(80, 24)
        c.wait_for('Saturation')


def certificate(folder, days):
    path = os.path.join(folder, 'shop.pem')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', os.path.join(folder, 'key'), '-out', path,
                    '-days', str(days), '-subj', '/CN=shop.example.net'], check=True, capture_output=True)
    return path


def test_trouble_that_begins_is_seen_with_its_age_and_goes():
    """A certificate that is replaced by one that ends soon, and by a good one again."""
    folder = tempfile.mkdtemp(prefix='pilothouse-tls-')
    try:
        path = certificate(folder, 300)
        with first(columns=140, rows=44, files={'config.yaml': 'host: {certificates: ["%s"]}\n' % path}) as c:
            c.wait_for('Certificates')
            c.send(':certificates<Enter>')
            c.wait_for(re.compile(r'shop.* 29\d '))
            c.send('q')
            c.wait_for('Saturation')
            assert 'certificate ends' not in c.dump(), c.dump()
            certificate(folder, 8)
            c.send('r')
            c.wait_for(re.compile(r'Wrong now.*● high +certificate .*shop.*certificate ends in [78] d +<1m.*Certificates', re.S))
            certificate(folder, 300)
            c.send('r')
            c.wait_for('certificate ends', absent=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_slow_line_chooses_its_own_theme():
    import termios
    with first(speed=termios.B9600) as c:
        c.send('T')
        c.wait_for(re.compile(r'▸ ?low-bandwidth'))
    with first() as c:
        c.send('T')
        c.wait_for(re.compile(r'▸ ?dark'))


def test_the_scope_is_never_cut_off():
    """A long name of a cluster gives way, and our own; at 40 columns too."""
    name = 'arn:aws:eks:eu-central-1:123456789012:cluster/payments-prod-blue'
    config = ('apiVersion: v1\nkind: Config\ncurrent-context: %s\nclusters: [{name: c, cluster: {server: "http://127.0.0.1:9"}}]\n'
              'contexts: [{name: "%s", context: {cluster: c, user: u}}]\nusers: [{name: u, user: {}}]\n' % (name, name))
    home = tempfile.mkdtemp(prefix='pilothouse-scope-')
    try:
        with open(os.path.join(home, 'kube'), 'w') as f:
            f.write(config)
        for columns in (80, 50, 120):
            with Console(home=home, columns=columns, env={'KUBECONFIG': os.path.join(home, 'kube')}, files={'config.yaml': 'scopes:\n  prod: ["*"]\n'}) as c:
                c.wait_for('PROD')
                c.wait_for('blue')
                assert 'PROD' in c.screen.lines()[0] and 'ro off' in c.screen.lines()[0], c.dump()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_the_first_screen_takes_the_mouse():
    with first() as c:
        row = c.line_of('disk ')
        click(c, row, 6)
        c.wait_for(lambda text: '▸' in c.screen.lines()[row])
        click(c, row, 6)
        c.wait_for(re.compile(r'^ saturation', re.M))


def test_theme_is_reloaded_live():
    theme = 'cursor: name\nstyles:\n  title: {fg: %s}\n'
    with first(files={'themes/mine.yaml': theme % 'red', 'config.yaml': 'ui: {theme: mine}\n'}) as c:
        assert 'fg1' in c.styles_of('pilothouse')
        with open(os.path.join(c.home, 'themes/mine.yaml'), 'w') as f:
            f.write(theme % 'green')
        c.wait_for(lambda text: 'fg2' in c.styles_of('pilothouse'))
        with open(os.path.join(c.home, 'themes/mine.yaml'), 'w') as f:
            f.write('styles: {title: {fg: nonsense}}\n')
        c.wait_for('mine.yaml:1')
        assert 'fg2' in c.styles_of('pilothouse')


def test_prod_has_its_own_frame():
    with first(files={'config.yaml': 'profiles: {}\n'}) as c:
        assert 'PROD' not in c.screen.lines()[0]
    with Console('--scope', 'prod') as c:
        c.wait_for('PROD')
        assert 'bg' in ' '.join(c.styles_of('PROD')) and 'bold' in c.styles_of('PROD')


def test_keys_are_rebound():
    with first(files={'config.yaml': 'ui:\n  keys: {global.help: "Z", table.down: "x j", global.nothing: y}\n'}) as c:
        assert 'Z keys' in c.screen.lines()[-1] or 'ui.keys' in c.screen.lines()[-1]
        c.send('Z')
        c.wait_for('rebind in config.yaml')
        c.wait_for('x, j')


def test_poor_terminals():
    for options in (dict(term='vt100'), dict(env={'LANG': 'C', 'LC_ALL': 'C'}), dict(term='linux'), dict(env={'NO_COLOR': '1'})):
        with first(**options) as c:
            ascii_only = 'NO_COLOR' not in options.get('env', {})
            text = c.dump()
            if ascii_only:
                assert text.isascii(), text
            if options.get('term') != 'linux' and 'LC_ALL' not in options.get('env', {}):
                assert not any(s.startswith(('fg', 'bg')) for row in c.screen.cells for _, style in row for s in style)
            c.send('c')
            c.wait_for('offline grammar')
            c.wait_for('Saturation', absent=True) # half a frame: an Esc now and a ? at once would be one key
            assert not ascii_only or ('offline grammar - 0 tokens' in c.dump() and c.dump().isascii()), c.dump()
            c.send('<Esc>')
            c.wait_for('Saturation')
            c.send('?')
            c.wait_for('rebind')


def test_what_the_configuration_says_of_the_look():
    with first(files={'config.yaml': 'ui: {ascii: true, color: "none", confirm_quit: true}\n'}) as c:
        assert c.dump().isascii(), c.dump()
        assert not any(s.startswith(('fg', 'bg')) for row in c.screen.cells for _, style in row for s in style)
        c.send('q')
        c.wait_for('Leave pilothouse?')
        c.send('<Enter>')
        c.wait_for('Leave', absent=True)
        assert 'Wrong now' in c.dump()
        c.send('qlea<Enter>')
        assert c.wait_end() == 0


def click(console, y, x, button=0):
    console.send_bytes(b'\x1b[<%d;%d;%dM\x1b[<%d;%d;%dm' % (button, x + 1, y + 1, button, x + 1, y + 1))


def test_mouse_moves_sorts_and_opens():
    with first() as c:
        assert c.screen.mouse
        open_table(c)
        c.wait_for(re.compile(r'▸ \d+'))
        header = c.line_of('PROGRAM')
        click(c, header + 3, 10)
        c.wait_for(lambda text: c.line_of('▸') == header + 3)
        click(c, header + 3, 10, 65)
        c.wait_for(lambda text: c.line_of('▸') == header + 6)
        click(c, header + 3, 10, 64)
        c.wait_for(lambda text: c.line_of('▸') == header + 3)
        click(c, header, c.screen.lines()[header].index('PROGRAM'))
        c.wait_for(re.compile('PROGRAM[↑↓]'))
        at = c.line_of('▸')
        click(c, at, 10)
        c.wait_for('› processes ')


def end_of(console, what):
    what(console)
    code = console.wait_end()
    whole, faults = console.is_whole()
    assert whole, faults
    return code


def test_the_terminal_is_whole_after_any_end():
    assert end_of(first(), lambda c: c.send('q')) == 0
    assert end_of(first(), lambda c: c.send('Q')) == 0
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        end_of(first(), lambda c: c.signal(number))
    # Where a sanitizer is built in, a fatal signal is its own; here the program's own handler is what is asked about.
    ours = {name: os.environ.get(name, '') + ':handle_segv=0:handle_abort=0' for name in ('ASAN_OPTIONS', 'TSAN_OPTIONS')}
    for number in (signal.SIGSEGV, signal.SIGABRT):
        with first(env=ours) as c:
            c.signal(number)
            c.wait_end()
            whole, faults = c.is_whole()
            assert whole, (number, faults)


def test_stopped_and_continued():
    with first() as c:
        c.send('<C-z>')
        c.wait_for(lambda text: not c.screen.alternate or 'Saturation' in text)
        c.signal(signal.SIGCONT)
        c.wait_for('Saturation')
        c.send('?')
        c.wait_for('rebind')


def test_a_lost_terminal_ends_it():
    c = first()
    os.close(c.slave)
    os.close(c.master)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        done, _ = os.waitpid(c.pid, os.WNOHANG)
        if done:
            break
        time.sleep(0.02)
    else:
        os.kill(c.pid, signal.SIGKILL)
        raise AssertionError('it lives on without a terminal')
    c.status = 0
    c.master, c.slave = os.openpty()
    c.close()


def test_dump_writes_the_pane():
    with first() as c:
        open_table(c)
        c.wait_for(re.compile(r'▸ \d+'))
        c.send('D')
        c.wait_for('written to')
        folder = os.path.join(c.home, 'dumps')
        name = os.listdir(folder)[0]
        with open(os.path.join(folder, name)) as f:
            text = f.read()
        assert text.startswith('PID') and text.count('\n') > 5, text[:200]


def test_held_keys_are_all_taken():
    program = os.path.join(os.path.dirname(PROGRAM), 'bench/console_rows')
    if not os.access(program, os.X_OK):
        raise Skip('bench/console_rows is not built (make bench/console_rows)')
    with Console(program=program, columns=120, rows=40) as c:
        c.wait_for('row-000010')
        c.settle(0.4)
        before = c.bytes
        c.send_bytes(b'j' * 2000)
        c.wait_for(re.compile(r'▸ row-002000'))
        assert c.bytes - before < 2000 * 240


def test_escape_sequences_in_names_stay_text():
    evil = '\x1b]0;owned\x07\x1b[31mred\u202egpj'
    with first() as c:
        pid = os.fork()
        if not pid:
            os.execvp(sys.executable, ['evil' + evil, '-c', 'import time; time.sleep(60)'])
        try:
            open_table(c)
            c.send('/evil')
            c.wait_for(re.compile(r'1 of \d+'))
            c.resize(200, 24)
            c.settle()
            assert '\u202e' not in c.dump() and b'\x1b]0;owned' not in c.raw, c.dump()
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


if __name__ == '__main__':
    run_tests(globals())
