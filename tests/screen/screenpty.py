#!/usr/bin/env python3
"""screenpty - drives a full-screen program as a person would: a pseudo-terminal, keys in, a screen of text out.
Python's own library only. (Not called pty.py: that would hide the library's module of that name.)

    console = Console(keys_before=..., columns=80, rows=24)      # ./pilothouse with a home of its own
    console.wait_for('Wrong now'); console.send('j', '<Enter>'); print(console.dump()); console.close()

Keys: plain text is typed; '<Enter> <Esc> <Tab> <Up> <PgDn> <F1> <C-d> <Space> …' are keys.
A test file defines functions test_*(…) and ends with screenpty.run_tests(globals())."""
import fcntl, os, re, select, shutil, signal, struct, sys, tempfile, termios, time, traceback, unicodedata

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get('PILOTHOUSE', os.path.join(ROOT, 'pilothouse'))
TIMEOUT_S = float(os.environ.get('SCREEN_TIMEOUT', '20'))
KEYS = {'Enter': '\r', 'Esc': '\x1b', 'Tab': '\t', 'BackTab': '\x1b[Z', 'BS': '\x7f', 'Space': ' ', 'Up': '\x1bOA', 'Down': '\x1bOB', 'Right': '\x1bOC',
        'Left': '\x1bOD', 'Home': '\x1bOH', 'End': '\x1bOF', 'PgUp': '\x1b[5~', 'PgDn': '\x1b[6~', 'Del': '\x1b[3~', 'F1': '\x1bOP', 'F2': '\x1bOQ',
        'F5': '\x1b[15~'}


def key_bytes(text):
    """'/crash<Enter>' -> bytes"""
    def one(match):
        name = match[1]
        if name in KEYS:
            return KEYS[name]
        if name.startswith('C-'):
            return chr(ord(name[2].upper()) & 31)
        if name.startswith('M-'):
            return '\x1b' + name[2:]
        return match[0]
    return re.sub(r'<([A-Za-z0-9-]+)>', one, text).encode()


def width(char):
    if unicodedata.combining(char) or unicodedata.category(char) in ('Mn', 'Me', 'Cf'):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ('W', 'F') else 1


def built_with(sanitizer):
    """Whether the program was built with it: 'asan', 'tsan'."""
    try:
        with open(PROGRAM, 'rb') as f:
            return b'__%s_init' % sanitizer.encode() in f.read()
    except OSError:
        return False


def under_faketime():
    """(None, what the environment needs beside) for the program under faketime; (why it cannot be, None)."""
    if not shutil.which('faketime'):
        return 'faketime is not installed: apt-get install faketime', None
    if built_with('tsan'):
        return 'faketime stands before TSan in pthread_cond_timedwait, which then sees no lock given up', None
    return None, {'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0'}  # faketime is preloaded


class Screen:
    """As much of an xterm as ncurses uses."""
    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.reset()
        self.pending = b''
        self.alternate = self.mouse = self.bracketed = False
        self.cursor_shown = True
        self.unknown = []

    def reset(self):
        self.cells = [[(' ', ())] * self.columns for _ in range(self.rows)]
        self.y = self.x = 0
        self.top, self.bottom = 0, self.rows - 1
        self.style = ()
        self.wrap_next = False
        self.saved = (0, 0)
        self.last = ' '

    def resize(self, columns, rows):
        old = self.cells
        self.columns, self.rows = columns, rows
        self.cells = [[(' ', ())] * columns for _ in range(rows)]
        for y in range(min(rows, len(old))):
            for x in range(min(columns, len(old[y]))):
                self.cells[y][x] = old[y][x]
        self.top, self.bottom = 0, rows - 1
        self.y, self.x = min(self.y, rows - 1), min(self.x, columns - 1)

    def lines(self):
        return [''.join(c for c, _ in row).rstrip() for row in self.cells]

    def feed(self, data):
        text = self.pending + data
        at = 0
        while at < len(text):
            used = self.step(text, at)
            if not used:
                break
            at += used
        self.pending = text[at:]

    def step(self, text, at):
        c = text[at]
        if c == 0x1b:
            return self.escape(text, at)
        if c < 0x20 or c == 0x7f:
            self.control(c)
            return 1
        n = 1 if c < 0x80 else 2 if c < 0xe0 else 3 if c < 0xf0 else 4
        if at + n > len(text):
            return 0
        self.put(text[at:at + n].decode(errors='replace'))
        return n

    def control(self, c):
        if c == 8:
            self.x = max(0, self.x - 1)
        elif c == 9:
            self.x = min(self.columns - 1, (self.x // 8 + 1) * 8)
        elif c in (10, 11, 12):
            self.line_feed()
        elif c == 13:
            self.x = 0
        self.wrap_next = False

    def line_feed(self):
        if self.y == self.bottom:
            self.scroll(1)
        elif self.y < self.rows - 1:
            self.y += 1

    def blank(self):
        return (' ', tuple(s for s in self.style if s.startswith('bg')))

    def scroll(self, by, top=None):
        # What a program wrote before it heard of a smaller screen may name lines that are gone.
        self.bottom = min(self.bottom, self.rows - 1)
        top = min(self.top if top is None else top, self.bottom)
        for _ in range(abs(by)):
            row = [self.blank() for _ in range(self.columns)]
            if by > 0:
                del self.cells[top]
                self.cells.insert(self.bottom, row)
            else:
                del self.cells[self.bottom]
                self.cells.insert(top, row)

    def put(self, char):
        w = width(char)
        self.y, self.x = min(self.y, self.rows - 1), min(self.x, self.columns - 1) # what was written for a larger screen
        if w == 0:
            x = max(0, self.x - (0 if self.wrap_next else 1))
            old, style = self.cells[self.y][x]
            self.cells[self.y][x] = (old + char, style)
            return
        if self.wrap_next or self.x + w > self.columns:
            self.x = 0
            self.line_feed()
            self.wrap_next = False
        self.last = char
        self.cells[self.y][self.x] = (char, self.style)
        if w == 2 and self.x + 1 < self.columns:
            self.cells[self.y][self.x + 1] = ('', self.style)
        self.x += w
        if self.x >= self.columns:
            self.x, self.wrap_next = self.columns - 1, True

    def escape(self, text, at):
        if at + 1 >= len(text):
            return 0
        kind = chr(text[at + 1])
        if kind == '[':
            m = re.compile(rb'\x1b\[([0-9;:?>=!]*)([ -/]*)([@-~])').match(text, at)
            if not m:
                return 0
            self.csi(m[1].decode(), m[3].decode())
            return m.end() - at
        if kind == ']':
            end = re.compile(rb'\x07|\x1b\\').search(text, at)
            return end.end() - at if end else 0
        if kind in '()*+':
            return 3 if at + 2 < len(text) else 0
        if kind == '7':
            self.saved = (self.y, self.x)
        elif kind == '8':
            self.y, self.x = self.saved
        elif kind == 'M':
            if self.y == self.top:
                self.scroll(-1)
            else:
                self.y = max(0, self.y - 1)
        elif kind == 'D':
            self.line_feed()
        elif kind == 'c':
            self.reset()
        elif kind not in '=>':
            self.unknown.append('ESC ' + kind)
        return 2

    def csi(self, params, final):
        private = params[:1] == '?'
        numbers = [int(p) if p.isdigit() else 0 for p in re.split('[;:]', params.lstrip('?>=!'))] if params else []
        n = numbers[0] if numbers and numbers[0] else 1
        first = numbers[0] if numbers else 0
        self.y, self.x = min(self.y, self.rows - 1), min(self.x, self.columns - 1)
        row = self.cells[self.y]
        if final not in 'm':
            self.wrap_next = False
        if final == 'm' and not params.startswith('>'):
            self.sgr(numbers or [0])
        elif final in 'Hf':
            self.y = min(self.rows - 1, n - 1)
            self.x = min(self.columns - 1, (numbers[1] if len(numbers) > 1 and numbers[1] else 1) - 1)
        elif final == 'A':
            self.y = max(0, self.y - n)
        elif final == 'B':
            self.y = min(self.rows - 1, self.y + n)
        elif final == 'C':
            self.x = min(self.columns - 1, self.x + n)
        elif final == 'D':
            self.x = max(0, self.x - n)
        elif final == 'G':
            self.x = min(self.columns - 1, n - 1)
        elif final == 'd':
            self.y = min(self.rows - 1, n - 1)
        elif final == 'K':
            a, b = ((self.x, self.columns), (0, self.x + 1), (0, self.columns))[first]
            for x in range(a, min(b, self.columns)):
                row[x] = self.blank()
        elif final == 'J':
            if first in (0, 1):
                self.csi(str(first), 'K')
            for y in range(*((self.y + 1, self.rows), (0, self.y), (0, self.rows))[min(first, 2)]):
                self.cells[y] = [self.blank() for _ in range(self.columns)]
        elif final == 'X':
            for x in range(self.x, min(self.columns, self.x + n)):
                row[x] = self.blank()
        elif final == 'P':
            del row[self.x:self.x + n]
            row += [self.blank() for _ in range(self.columns - len(row))]
        elif final == '@':
            row[self.x:self.x] = [self.blank() for _ in range(n)]
            del row[self.columns:]
        elif final == 'L':
            self.scroll(-n, self.y)
        elif final == 'M':
            self.scroll(n, self.y)
        elif final == 'S':
            self.scroll(n)
        elif final == 'T':
            self.scroll(-n)
        elif final == 'b':
            for _ in range(n):
                self.put(self.last)
        elif final == 'r':
            self.top = n - 1
            self.bottom = min(self.rows, numbers[1] if len(numbers) > 1 and numbers[1] else self.rows) - 1
            self.y = self.x = 0
        elif final in 'hl':
            self.mode(numbers, private, final == 'h')
        elif final not in 'tcnqpu':
            self.unknown.append('CSI ' + params + final)

    def mode(self, numbers, private, on):
        for number in numbers if private else ():
            if number in (1049, 47, 1047):
                self.alternate = on
                if on:
                    self.cells = [[(' ', ())] * self.columns for _ in range(self.rows)]
            elif number == 25:
                self.cursor_shown = on
            elif number in (1000, 1002, 1003, 1006):
                self.mouse = on
            elif number == 2004:
                self.bracketed = on

    def sgr(self, numbers):
        style, i = set(self.style), 0
        names = {1: 'bold', 2: 'dim', 3: 'italic', 4: 'underline', 7: 'reverse'}
        off = {22: ('bold', 'dim'), 23: ('italic',), 24: ('underline',), 27: ('reverse',)}
        while i < len(numbers):
            n = numbers[i]
            if n == 0:
                style = set()
            elif n in names:
                style.add(names[n])
            elif n in off:
                style -= set(off[n])
            elif n in (38, 48):
                ground = 'fg' if n == 38 else 'bg'
                style = {s for s in style if not s.startswith(ground)}
                used = 3 if numbers[i + 1:i + 2] == [5] else 5
                style.add(ground + ','.join(map(str, numbers[i + 2:i + used])))
                i += used - 1
            elif 30 <= n <= 39 or 90 <= n <= 97:
                style = {s for s in style if not s.startswith('fg')}
                if n != 39:
                    style.add('fg%d' % (n - 30 if n < 90 else n - 82))
            elif 40 <= n <= 49 or 100 <= n <= 107:
                style = {s for s in style if not s.startswith('bg')}
                if n != 49:
                    style.add('bg%d' % (n - 40 if n < 100 else n - 92))
            i += 1
        self.style = tuple(sorted(style))


class Gone(Exception):
    pass


class Terminal:
    """A program on a pseudo-terminal."""
    def __init__(self, argv, columns=80, rows=24, env=None, cwd=None, speed=None):
        self.screen = Screen(columns, rows)
        self.bytes = 0
        self.raw = b''
        self.status = None
        self.master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
        self.slave = slave
        if speed: # of the line, as a serial port says it: termios.B9600
            attributes = termios.tcgetattr(slave)
            attributes[4] = attributes[5] = speed
            termios.tcsetattr(slave, termios.TCSANOW, attributes)
        self.before = termios.tcgetattr(slave)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(self.master)
                os.setsid()
                fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
                for fd in range(3):
                    os.dup2(slave, fd)
                if slave > 2:
                    os.close(slave)
                if cwd:
                    os.chdir(cwd)
                os.execvpe(argv[0], argv, env or dict(os.environ))
            finally:
                os._exit(127)

    def read(self, seconds):
        """Takes in what comes within that time; returns how many bytes."""
        ready, _, _ = select.select([self.master], [], [], max(0, seconds))
        if not ready:
            return 0
        try:
            data = os.read(self.master, 65536)
        except OSError:
            data = b''
        if not data:
            raise Gone('the program closed its terminal')
        self.bytes += len(data)
        self.raw += data
        self.screen.feed(data)
        return len(data)

    def settle(self, quiet=0.15, seconds=TIMEOUT_S):
        """Until nothing came for `quiet` seconds."""
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end and self.read(quiet):
                pass
        except Gone:
            pass

    def wait_for(self, what, seconds=TIMEOUT_S, absent=False):
        """Until text (or a compiled pattern, or a function of the screen's text) is on the screen (or has gone from it)."""
        end = time.monotonic() + seconds
        def there():
            text = self.dump()
            found = what(text) if callable(what) else bool(what.search(text)) if hasattr(what, 'search') else what in text
            return bool(found) != absent
        while not there():
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError('%s%r did not %s the screen:\n%s' % ('' if not absent else 'still ', what, 'come on' if not absent else 'leave', self.dump()))
            try:
                self.read(min(left, 0.5))
            except Gone:
                if there():
                    return
                raise AssertionError('the program ended; %r was not seen:\n%s' % (what, self.dump()))
        self.whole_frame()

    def whole_frame(self):
        """What is on its way of the frame that was just seen to begin: a terminal gives it in pieces."""
        try:
            for _ in range(20):
                if not self.read(0.02):
                    return
        except Gone:
            pass

    def send(self, *keys):
        for key in keys:
            os.write(self.master, key_bytes(key))

    def send_bytes(self, data):
        os.write(self.master, data)

    def resize(self, columns, rows):
        self.screen.resize(columns, rows)
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))

    def signal(self, number):
        os.kill(self.pid, number)

    def dump(self):
        return '\n'.join(self.screen.lines()) + '\n'

    def line_of(self, text):
        for y, line in enumerate(self.screen.lines()):
            if text in line:
                return y
        return -1

    def styles_of(self, text):
        """Styles of the first cell of text."""
        y = self.line_of(text)
        assert y >= 0, '%r is not on the screen:\n%s' % (text, self.dump())
        joined = ''
        for x, (char, style) in enumerate(self.screen.cells[y]):
            if ''.join(c for c, _ in self.screen.cells[y][x:]).startswith(text):
                return style
            joined += char
        return ()

    def wait_end(self, seconds=TIMEOUT_S):
        """Exit status (or -signal)."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                self.read(0.05)
            except Gone:
                time.sleep(0.01)
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                while select.select([self.master], [], [], 0)[0]:
                    try:
                        if not self.read(0):
                            break
                    except Gone:
                        break
                self.status = os.waitstatus_to_exitcode(status)
                return self.status
        raise AssertionError('the program did not end:\n' + self.dump())

    def is_whole(self):
        """The terminal was given back: modes as before, normal screen, cursor shown, no mouse."""
        now = termios.tcgetattr(self.slave)
        faults = [name for name, bad in (('termios', now[:4] != self.before[:4]), ('alternate screen', self.screen.alternate),
                  ('cursor', not self.screen.cursor_shown), ('mouse', self.screen.mouse), ('bracketed paste', self.screen.bracketed)) if bad]
        return not faults, ', '.join(faults)

    def close(self):
        if self.status is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
            self.status = -9
        for fd in (self.master, self.slave):
            try:
                os.close(fd)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Console(Terminal):
    """./pilothouse on a home of its own (a dictionary of files may be put there first), in UTF-8 and without the caller's clusters."""
    def __init__(self, *args, columns=80, rows=24, files=None, env=None, home=None, term='xterm-256color', program=None, speed=None):
        self.own_home = home is None
        self.home = home or tempfile.mkdtemp(prefix='pilothouse-screen-')
        for name, text in (files or {}).items():
            path = os.path.join(self.home, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'w') as out:
                out.write(text)
        settings = {k: v for k, v in os.environ.items() if k in ('PATH', 'ASAN_OPTIONS', 'UBSAN_OPTIONS', 'TSAN_OPTIONS', 'LSAN_OPTIONS')}
        settings.update(PILOTHOUSE_HOME=self.home, PILOTHOUSE_DATA=ROOT, HOME=self.home, TERM=term, LANG='C.UTF-8', TZ='UTC', KUBECONFIG=os.path.join(self.home, 'none'))
        settings.update(env or {})
        super().__init__([program or PROGRAM, *args], columns, rows, settings, cwd=self.home, speed=speed)

    def close(self):
        super().close()
        if self.own_home:
            shutil.rmtree(self.home, ignore_errors=True)


class Skip(Exception):
    pass


def run_tests(names):
    """Runs the functions test_* (those whose name holds an argument, if given) and prints "N passed, N failed, N skipped"."""
    passed = failed = skipped = 0
    for name, test in list(names.items()):
        if not name.startswith('test_') or not callable(test) or not all(a in name for a in sys.argv[1:]):
            continue
        try:
            test()
            passed += 1
        except Skip as why:
            skipped += 1
            print('skip %s: %s' % (name, why))
        except Exception:
            failed += 1
            print('FAIL ' + name)
            traceback.print_exc(file=sys.stdout)
    print('%d passed, %d failed, %d skipped' % (passed, failed, skipped))
    sys.exit(1 if failed else 77 if skipped and not passed else 0)


if __name__ == '__main__':
    import argparse
    p = argparse.ArgumentParser(description='prints the screen of a program after some keys')
    p.add_argument('--keys', default='', help="'j<Enter>'")
    p.add_argument('--size', default='80x24')
    p.add_argument('--wait', default='', help='text to wait for first')
    p.add_argument('command', nargs='*')
    o = p.parse_args()
    columns, rows = map(int, o.size.split('x'))
    with (Terminal(o.command, columns, rows) if o.command else Console(columns=columns, rows=rows)) as t:
        if o.wait:
            t.wait_for(o.wait)
        t.settle(0.5)
        if o.keys:
            t.send(o.keys)
            t.settle(0.5)
        print(t.dump(), end='')
