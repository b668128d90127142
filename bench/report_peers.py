"""report_peers.py - a whole audit of 400 agents: CPU seconds, memory, and the second run that finds nothing changed; beside scanners that do less with it."""
import json, os, subprocess, sys, tempfile
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
import secrets_peers

# What other programs made and can make again: nobody wants it scanned, and peers do.
JUNK = ('node_modules/left-pad', '.venv/lib/python3.12/site-packages/requests', '__pycache__')
JUNK_LINE = 'module.exports = function pad(text, length) { return text.length < length ? " " + pad(text, length - 1) : text }\n'


def add_junk(tree, agents, bytes_each):
    for name in sorted(os.listdir(os.path.join(tree, 'agents')))[:agents]:
        for folder in JUNK:
            path = os.path.join(tree, 'agents', name, folder)
            os.makedirs(path, exist_ok=True)
            with open(os.path.join(path, 'index.js'), 'w') as file:
                file.write(JUNK_LINE * (bytes_each // len(JUNK_LINE)))


def audit(program, tree, *options):
    cpu, memory, text = secrets_peers.measured([program, 'report', tree, '--format', 'json', *options], os.path.dirname(tree))
    return cpu, memory, json.loads(text)


def peer(name, tree, folder):
    make, _ = secrets_peers.PEERS[name]
    cpu, memory, _ = secrets_peers.measured(make(secrets_peers.tool(name), tree, os.path.join(folder, name + '.json')), os.path.dirname(tree), 900)
    return cpu, memory


def bench(show, skip, heading, program, agents=400, filler=700):
    with tempfile.TemporaryDirectory(prefix='pilothouse-bench-') as folder:
        tree = os.path.join(folder, 'tree')
        subprocess.run([sys.executable, os.path.join(ROOT, 'tests/fleet/maketree.py'), tree, '--seed', '9', '--agents', str(agents), '--each', '1', '--filler', str(filler)],
                       check=True, stdout=subprocess.DEVNULL)
        size = secrets_peers.tree_bytes(tree) / 1e6
        add_junk(tree, agents // 4, 200000)
        heading('report: %d agents, %.0f MB, and %.0f MB of junk' % (agents, size, secrets_peers.tree_bytes(tree) / 1e6 - size))
        audit(program, tree, '--no-lake')  # warm files, and the compiled database
        cpu, memory, first = audit(program, tree)
        show('audit, everything on', cpu, 'CPU s', 10)
        show('its peak memory', memory, 'MB', 100)
        show('its speed', size / cpu, 'MB/CPU s')
        again, _, second = audit(program, tree)
        same = [f['fingerprint'] for f in first['findings']] == [f['fingerprint'] for f in second['findings']]
        unchanged = second['summary']['unchanged'] == second['summary']['agents'] == first['summary']['agents']
        show('second run%s%s' % ('' if unchanged else ', NOT ALL UNCHANGED', '' if same else ', NOT THE SAME FINDINGS'), again, 'CPU s', 1)
        for name in ('gitleaks', 'kingfisher'):
            if not secrets_peers.tool(name):
                skip('report beside ' + name, name + ' is not on PATH or in BENCH_PEERS')
                continue
            theirs, peak = peer(name, tree, folder)
            show('%s, secrets only, %.0f MB; its CPU' % (name, peak), theirs, 'CPU s')
            show('the whole audit, times as fast as %s' % name, theirs / cpu, 'times')
