#!/usr/bin/env python3
"""`report --dependencies`: what manifests want and lock files settled on, as the program tells it."""
import importlib.util, json, os, sys
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'screen'))
import screenpty

CLEAN_AGENT = 'import os\nfrom openai import OpenAI\n'


def load_tree():
    """The tree of test_report.py, whose tests must not run here."""
    spec = importlib.util.spec_from_file_location('tree_of_report', os.path.join(ROOT, 'tests', 'data', 'test_report.py'))
    module = importlib.util.module_from_spec(spec)
    kept, screenpty.run_tests = screenpty.run_tests, lambda *_: None
    try:
        spec.loader.exec_module(module)
    finally:
        screenpty.run_tests = kept
    return module.Tree


Tree = load_tree()
AGENT = {'agents/a/agent.py': CLEAN_AGENT,
         'agents/a/pyproject.toml': '[project]\nname = "a"\ndependencies = [\n  "openai>=1",\n  "langgraph",\n]\n',
         'agents/a/uv.lock': 'version = 1\n[[package]]\nname = "openai"\nversion = "1.55.0"\nsource = { registry = "https://me:word@index.example/simple" }\n'}


def test_what_is_wanted_and_what_is_settled_on():
    with Tree(AGENT) as tree:
        rows = {row['name']: row for row in tree.json('--dependencies')['dependencies']}
        openai, langgraph = rows['openai'], rows['langgraph']
        assert (openai['wanted'], openai['version'], openai['line'], openai['lock'], openai['agent']) == ('>=1', '1.55.0', 4, 'agents/a/uv.lock', 'agents/a'), openai
        assert openai['source'] == 'https://index.example/simple', openai
        assert langgraph['wanted'] == '' and langgraph['version'] is None and langgraph['lock'] is None, langgraph
        assert 'word' not in tree.run('--dependencies', '--format', 'json').stdout.decode()
        text = tree.run('--dependencies').stdout.decode()
        assert '1.55.0' in text and 'unknown' in text, text


def test_nothing_of_it_when_not_asked():
    with Tree(AGENT) as tree:
        assert 'dependencies' not in tree.json()


def test_what_is_excluded_is_not_included_either():
    with Tree(dict(AGENT, **{'agents/a/requirements.txt': '-r hidden/base.txt\nhttpx\n', 'agents/a/hidden/base.txt': 'forbidden-name\n', '.cockpitignore': 'hidden/\n'})) as tree:
        report = tree.json('--dependencies')
        assert 'forbidden-name' not in json.dumps(report), report
        assert any('excluded' in note['text'] for note in report['summary']['notes']), report['summary']['notes']


if __name__ == '__main__':
    screenpty.run_tests(globals())
