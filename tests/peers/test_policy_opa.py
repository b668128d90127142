#!/usr/bin/env python3
# peers: protocols opa
"""The same question to a real Open Policy Agent: its decision counts, a rule that is not there denies, an engine that went away denies."""
import json
import os
import subprocess
import sys
import tempfile
import urllib.request

OPA = os.environ.get('PILOTHOUSE_OPA_URL')
BINARY = os.environ.get('PILOTHOUSE', './pilothouse')

RULES = '''package pilothouse

import rego.v1

default decision := {"decision": "deny", "why": "nothing allows it"}

decision := {"decision": "allow"} if input.risk == "read"
decision := {"decision": "approve", "by": 2, "who": "role:sre", "why": "two in staging"} if {
	input.risk == "write"
	input.scope == "staging"
}
'''


def put(path, text, kind='text/plain'):
    request = urllib.request.Request(OPA + path, data=text.encode(), method='PUT', headers={'Content-Type': kind})
    urllib.request.urlopen(request, timeout=10).read()


def explain(url, **question):
    with tempfile.TemporaryDirectory() as home:
        with open(os.path.join(home, 'config.yaml'), 'w') as config:
            config.write('policy:\n  opa: %s\n' % url)
        done = subprocess.run([BINARY, 'policy', 'explain', '-o', 'json'] + ['%s=%s' % pair for pair in question.items()],
                              capture_output=True, text=True, env=dict(os.environ, PILOTHOUSE_HOME=home), timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def test_its_decision_counts():
    answer = explain(OPA, risk='write', scope='staging')
    assert (answer['decision'], answer['by'], answer['who']) == ('approve', 2, 'role:sre'), answer


def test_the_stricter_of_both_counts():
    assert explain(OPA, risk='write', scope='dev')['decision'] == 'deny'      # OPA denies what our rules ask about
    assert explain(OPA, risk='delete', scope='prod')['decision'] == 'deny'    # and our rules deny by themselves


def test_reads_pass_both():
    assert explain(OPA, risk='read', scope='prod')['decision'] == 'allow'


def test_a_rule_that_is_not_there_denies():
    answer = explain(OPA + '/v1/data/pilothouse/nothing_here', risk='write', scope='staging')
    assert answer['decision'] == 'deny' and 'no result' in answer['why'], answer


def test_an_engine_that_is_away_denies():
    answer = explain('http://127.0.0.1:1', risk='write', scope='staging')
    assert answer['decision'] == 'deny' and 'could not be asked' in answer['why'], answer


def main():
    if not OPA:
        print('skipped: no OPA (PILOTHOUSE_OPA_URL is not set)')
        return 77
    put('/v1/policies/pilothouse', RULES)
    passed = failed = 0
    for name, test in sorted(globals().items()):
        if not name.startswith('test_'):
            continue
        try:
            test()
            passed += 1
        except Exception as error:
            failed += 1
            print('FAILED %s: %r' % (name, error))
    print('%d passed, %d failed, 0 skipped' % (passed, failed))
    return 1 if failed else 0


sys.exit(main())
