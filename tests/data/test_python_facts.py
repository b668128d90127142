#!/usr/bin/env python3
"""test_python_facts.py - what the scanner sees of a Python file's statements equals what CPython's own parser sees, on its standard library.

Compared: imports (module, name, alias), functions (place, name, async, generator, docstring, parameters), classes, loops, try and with (place and last line),
calls (place and arguments: positional, keyword, unpacked). Calls inside f-strings are left out on both sides. TOKENS_OF=FOLDER takes another folder."""
import ast, os, subprocess, sys, warnings
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_python_tokens import BUILD, PRINTER, library

warnings.simplefilter('ignore')


class Facts(ast.NodeVisitor):
    def __init__(self, text):
        self.text, self.lines, self.found = text, text.split('\n'), []

    def column(self, line, byte):
        return len(self.lines[line - 1].encode()[:byte].decode())

    def add(self, kind, node, *words):
        self.found.append(' '.join([kind, str(node.lineno), str(self.column(node.lineno, node.col_offset)), *map(str, words)]))

    def visit_Import(self, node):
        for a in node.names:
            self.add('import', node, a.name, '-', a.asname or a.name.split('.')[0])

    def visit_ImportFrom(self, node):
        for a in node.names:
            self.add('import', node, '.' * node.level + (node.module or ''), a.name, a.asname or a.name)

    def visit_FunctionDef(self, node):
        own, yields = list(node.body), False
        while own:
            n = own.pop()
            yields |= isinstance(n, (ast.Yield, ast.YieldFrom))
            if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.JoinedStr)):
                continue
            own.extend(ast.iter_child_nodes(n))
        a = node.args
        names = [*a.posonlyargs, *a.args, *([a.vararg] if a.vararg else []), *a.kwonlyargs, *([a.kwarg] if a.kwarg else [])]
        first = node.body[0]
        text = isinstance(first, ast.Expr) and isinstance(first.value, (ast.Constant, ast.JoinedStr)) and isinstance(getattr(first.value, 'value', ''), (str, bytes))
        self.add('function', node, node.name, int(isinstance(node, ast.AsyncFunctionDef)), int(yields), int(text), *(n.arg for n in names))
        self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node):
        self.add('class', node, node.name)
        self.generic_visit(node)

    def block(self, node, end):
        self.add('block', node, end)
        self.generic_visit(node)

    def visit_While(self, node):
        self.block(node, node.body[-1].end_lineno)

    visit_For = visit_AsyncFor = visit_With = visit_AsyncWith = visit_Try = visit_TryStar = visit_While

    def visit_Call(self, node):
        places = [((a.lineno, a.col_offset), '*' if isinstance(a, ast.Starred) else '-') for a in node.args]
        places += [((k.value.lineno, k.value.col_offset), k.arg or '**') for k in node.keywords]
        self.add('call', node, *(word for _, word in sorted(places)))
        self.generic_visit(node)

    def visit_JoinedStr(self, node):
        pass


def main():
    if sys.version_info[:2] != (3, 11):
        print('skip: this is Python %d.%d, whose parser is another than that of 3.11' % sys.version_info[:2])
        return 77
    subprocess.run(['make', '-s', '-C', BUILD, 'tests/fleet/python_tokens'], check=True, stdout=sys.stderr)
    passed = failed = facts = 0
    for path in library():
        with open(path, 'rb') as f:
            data = f.read()
        try:
            tree = ast.parse(data)
            theirs = Facts(data.decode().removeprefix('\ufeff'))
            theirs.visit(tree)
        except (SyntaxError, ValueError, RecursionError):
            continue
        out = subprocess.run([PRINTER, 'facts'], input=path + '\n', stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()[:-1]
        if any(line.startswith('block') for line in out):
            pass
        want, got = sorted(theirs.found), sorted(line.rstrip() for line in out)
        facts += len(want)
        if want == got:
            passed += 1
            continue
        failed += 1
        missing, more = sorted(set(want) - set(got)), sorted(set(got) - set(want))
        print('%s: missing %r, too many %r' % (path, missing[:4], more[:4]))
    print('%d facts' % facts)
    print('%d passed, %d failed' % (passed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
