"""measure - what a full-screen program costs, seen from outside: CPU, bytes, wake-ups, memory. Used by bench/run."""
import os, signal, statistics, sys, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'tests', 'screen'))
from screenpty import Gone, Terminal, key_bytes

TICK_MS = 1000.0 / os.sysconf('SC_CLK_TCK')


def threads(pid):
    try:
        return os.listdir('/proc/%d/task' % pid)
    except OSError:
        return []


def cpu_ms(pid):
    """All threads, to the nanosecond where the kernel says so, and children that ended."""
    total = 0.0
    for tid in threads(pid):
        try:
            total += int(open('/proc/%d/task/%s/schedstat' % (pid, tid)).read().split()[0]) / 1e6
        except (OSError, IndexError):
            pass
    try:
        fields = open('/proc/%d/stat' % pid).read().rsplit(')', 1)[1].split()
        total += (int(fields[13]) + int(fields[14])) * TICK_MS
    except OSError:
        pass
    return total


def switches(pid):
    """Times a thread went to sleep: each is a wake-up."""
    total = 0
    for tid in threads(pid):
        try:
            for line in open('/proc/%d/task/%s/status' % (pid, tid)):
                if line.startswith('voluntary'):
                    total += int(line.split()[1])
        except OSError:
            pass
    return total


def memory_mb(pid, field='VmRSS'):
    for line in open('/proc/%d/status' % pid):
        if line.startswith(field + ':'):
            return int(line.split()[1]) / 1024
    return 0.0


class Program(Terminal):
    def __init__(self, argv, columns=200, rows=50, env=None, until=None, seconds=20):
        self.started = time.monotonic()
        super().__init__(argv, columns, rows, env=dict(os.environ, TERM='xterm-256color', **(env or {})))
        if until is not None:
            self.wait_for(until, seconds)
        self.paint_ms = (time.monotonic() - self.started) * 1000
        self.paint_cpu_ms = cpu_ms(self.pid)
        self.paint_bytes = self.bytes

    def rest(self, quiet=0.3, seconds=5):
        self.settle(quiet, seconds)

    def keys(self, key, count, quiet=0.03):
        """Median (CPU ms, bytes, ms to the last byte) of single presses."""
        cpus, sizes, waits = [], [], []
        for _ in range(count):
            before, had, start = cpu_ms(self.pid), self.bytes, time.monotonic()
            self.send_bytes(key_bytes(key))
            last = start
            while True:
                try:
                    if not self.read(quiet):
                        break
                except Gone:
                    break
                last = time.monotonic()
            cpus.append(cpu_ms(self.pid) - before)
            sizes.append(self.bytes - had)
            waits.append((last - start) * 1000)
        return statistics.median(cpus), statistics.median(sizes), statistics.median(waits)

    def idle(self, seconds):
        """(CPU % of one core, wake-ups/s, bytes/s)"""
        before, woke, had, start = cpu_ms(self.pid), switches(self.pid), self.bytes, time.monotonic()
        end = start + seconds
        while time.monotonic() < end:
            try:
                self.read(end - time.monotonic())
            except Gone:
                break
        took = time.monotonic() - start
        return (cpu_ms(self.pid) - before) / took / 10, (switches(self.pid) - woke) / took, (self.bytes - had) / took

    def watched(self, seconds):
        """(CPU % of one core, paints/s, bytes/s, bytes a paint) while it shows what changes. What comes within 5 ms is one paint."""
        before, had, start, last, paints = cpu_ms(self.pid), self.bytes, time.monotonic(), 0.0, 0
        while time.monotonic() < start + seconds:
            try:
                if not self.read(start + seconds - time.monotonic()):
                    continue
            except Gone:
                break
            now = time.monotonic()
            paints += now - last > 0.005
            last = now
        took, sent = time.monotonic() - start, self.bytes - had
        return (cpu_ms(self.pid) - before) / took / 10, paints / took, sent / took, sent / paints if paints else 0.0

    def resized(self, columns, rows, quiet=0.15, seconds=2):
        """(CPU ms, ms to the last byte). A program that draws at its own beat is stopped at `seconds`."""
        before, start = cpu_ms(self.pid), time.monotonic()
        self.resize(columns, rows)
        last = start
        try:
            while last - start < seconds and self.read(quiet):
                last = time.monotonic()
        except Gone:
            pass
        return cpu_ms(self.pid) - before, (last - start) * 1000

    def end(self, how=signal.SIGTERM, keys=None):
        """ms until the process is gone; whether the terminal is whole."""
        start = time.monotonic()
        if keys:
            self.send(keys)
        else:
            os.kill(self.pid, how)
        while True:
            try:
                self.read(0.0005)
            except (Gone, OSError):
                pass
            pid, _ = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() - start > 5:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                break
        took = (time.monotonic() - start) * 1000
        whole = not self.screen.alternate and self.screen.cursor_shown
        for fd in (self.master, self.slave):
            os.close(fd)
        return took, whole
