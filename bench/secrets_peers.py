"""secrets_peers.py - the secret scan beside the scanners of others on one generated tree: recall, precision, megabytes a second of CPU, memory.
A scanner is taken from BENCH_PEERS (a folder of programs) or PATH; one that is not there is named."""
import json, os, shutil, subprocess, sys, tempfile
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'fleet'))
import score


def tool(name):
    own = os.path.join(os.environ.get('BENCH_PEERS', ''), name)
    return own if os.environ.get('BENCH_PEERS') and os.access(own, os.X_OK) else shutil.which(name)


def measured(argv, cwd, timeout=300):
    """(CPU seconds, peak MB, stdout). The child is the only one that runs."""
    with tempfile.TemporaryFile() as out:
        pid = subprocess.Popen(argv, cwd=cwd, stdout=out, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        try:
            _, _, used = os.wait4(pid.pid, 0)
        finally:
            pid.returncode = 0
        out.seek(0)
        return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, out.read().decode(errors='replace')


def inside(path, root):
    path = path if os.path.isabs(path) else os.path.join(os.path.dirname(root), path)
    return os.path.relpath(path, root)


def of_gitleaks(text, report, root):
    return [{'path': inside(f['File'], root), 'line': f['StartLine'], 'end_line': f['EndLine']} for f in json.load(open(report))]


def of_betterleaks(text, report, root):
    rows = json.load(open(report))
    rows = rows.get('findings', rows) if isinstance(rows, dict) else rows
    found = []
    for f in rows:
        at = f.get('location', f)
        lower = {k.lower().replace('_', ''): v for k, v in {**f, **(at if isinstance(at, dict) else {})}.items()}
        path = lower.get('file') or lower.get('path') or (lower.get('attributes') or {}).get('path')
        found.append({'path': inside(path, root), 'line': lower['startline'], 'end_line': lower.get('endline', lower['startline'])})
    return found


def of_kingfisher(text, report, root):
    rows = [json.loads(line) for line in open(report)]
    return [{'path': inside(f['finding']['path'], root), 'line': f['finding']['line']} for f in rows if 'finding' in f]


def of_detect_secrets(text, report, root):
    return [{'path': inside(path, root), 'line': f['line_number']} for path, rows in json.loads(text)['results'].items() for f in rows]


PEERS = {
    'gitleaks': (lambda p, tree, out: [p, 'dir', tree, '-f', 'json', '-r', out, '--no-banner', '--log-level', 'error', '--exit-code', '0'], of_gitleaks),
    'kingfisher': (lambda p, tree, out: [p, 'scan', tree, '--no-validate', '--format', 'jsonl', '-o', out], of_kingfisher),
    'betterleaks': (lambda p, tree, out: [p, tree, '-o', out, '--no-color', '-l', 'error'], of_betterleaks),
    'detect-secrets': (lambda p, tree, out: [p, 'scan', '--all-files', tree], of_detect_secrets),
}


def run_peer(name, tree, folder):
    make, read = PEERS[name]
    report = os.path.join(folder, name + '.json')
    cpu, memory, text = measured(make(tool(name), tree, report), os.path.dirname(tree))
    return cpu, memory, read(text, report, tree)


def run_own(scanner, tree, *options):
    cpu, memory, text = measured([scanner, *options, tree], os.path.dirname(tree))
    return cpu, memory, [json.loads(line) for line in text.splitlines()]


def tree_bytes(root):
    return sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(root) for name in names)


def bench(show, skip, heading, scanner, seed=None, agents=24, filler=1800):
    """Prints all through the three functions of bench/run."""
    with tempfile.TemporaryDirectory(prefix='pilothouse-bench-') as folder:
        tree = os.path.join(folder, 'tree')
        # By a program of its own: a child's peak counts what its parent held when it began.
        seed = seed if seed is not None else int.from_bytes(os.urandom(3), 'big')
        subprocess.run([sys.executable, os.path.join(ROOT, 'tests/fleet/maketree.py'), tree, '--seed', str(seed), '--agents', str(agents), '--filler', str(filler)], check=True,
                       stdout=subprocess.DEVNULL)
        truth = json.load(open(tree + '.truth.json'))
        size = tree_bytes(tree) / 1e6
        heading('secrets: %.0f MB, %d planted, seed %d' % (size, len(truth['secrets']), truth['seed']))
        run_own(scanner, tree) # warm files, and the compiled database
        cpu, memory, found = run_own(scanner, tree)
        s = score.score(truth, found)
        show('recall', s['recall'], '', least=.97)
        show('precision', s['precision'], '', least=.98)
        show('speed', size / cpu, 'MB/CPU s')
        show('peak memory', memory, 'MB', 100)
        slow, _, same = run_own(scanner, tree, '-n')
        show('without Vectorscan%s' % ('' if same == found else ', NOT THE SAME FINDINGS'), size / slow, 'MB/CPU s')
        for name, times in (('gitleaks', 20), ('kingfisher', 5), ('betterleaks', None), ('detect-secrets', None)):
            if not tool(name):
                skip(name, name + ' is not on PATH or in BENCH_PEERS')
                continue
            theirs, peak, rows = run_peer(name, tree, folder)
            t = score.score(truth, rows)
            show('%s: recall %.3f, precision %.3f, %.0f MB; its speed' % (name, t['recall'], t['precision'], peak), size / theirs, 'MB/CPU s')
            show('times as fast as %s' % name, theirs / cpu, 'times', least=times) if times else show('times as fast as %s' % name, theirs / cpu, 'times')
