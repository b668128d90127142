#!/usr/bin/env python3
"""test_hostile_kube.py - a Kubernetes server that fails, lies and attacks: the program says what, to what and what next, in bounded
time and memory, and no byte of an escape, bidi or invisible character reaches stdout or stderr in any format."""
import os, signal, socket, subprocess, sys, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hostile import *

FORMATS = ['table', 'wide', 'json', 'jsonl', 'yaml', 'csv']
BORN = '2024-01-01T00:00:00Z'
PODS = ['Name', 'Ready', 'Status', 'Restarts', 'Age', 'IP', 'Node', 'Nominated Node', 'Readiness Gates']
EVENTS = ['Last Seen', 'Type', 'Reason', 'Object', 'Subobject', 'Source', 'Message', 'First Seen', 'Count', 'Name']


def pod(name='p1', text='calm'):
    return {'kind': 'Pod', 'apiVersion': 'v1',
            'metadata': {'name': name, 'namespace': 'default', 'uid': 'u1', 'resourceVersion': '5', 'creationTimestamp': BORN,
                         'labels': {'app': text, text: 'x'}, 'annotations': {text: text}},
            'spec': {'nodeName': text, 'containers': [{'name': 'c', 'image': text, 'command': [text]}]},
            'status': {'phase': 'Running', 'message': text, 'reason': text,
                       'containerStatuses': [{'name': 'c', 'ready': True, 'restartCount': 0, 'image': text, 'imageID': text}]}}


def world(text='calm', headers=(), log=b'a line\n'):
    """A small cluster; text stands in every string of it but the name p1."""
    def answer(r):
        if r.path == '/api/v1/namespaces':
            return Answer(table(['Name', 'Status', 'Age'], [['default', 'Active', BORN], ['ns-' + text, text, BORN]]), headers=headers)
        if r.path.endswith('/pods'):
            return Answer(table(PODS, [['p1', '1/1', text, text, BORN, text, text, text, text], ['p-' + text, text, 'Running', '0', text, text, text, text, text]]), headers=headers)
        if r.path.endswith('/events'):
            return Answer(table(EVENTS, [['1s', text, text, 'pod/p1', text, text, text, '1s', '1', 'e1']]), headers=headers)
        if r.path.endswith('/pods/p1/log'):
            return Answer(log, headers=headers)
        if r.path.endswith('/pods/p1'):
            return Answer(pod(text=text), headers=headers)
        if r.path.endswith('/services') or r.path.endswith('/poddisruptionbudgets'):
            return Answer({'kind': 'List', 'items': [{'metadata': {'name': text, 'namespace': 'default'}, 'spec': {'selector': {'app': text}}}]}, headers=headers)
        return Answer(status(404, 'no such thing: ' + text, reason=text), 404, headers=headers)
    return answer


def always(answer):
    return lambda request: answer


def refused(done, code, *words, within=20, rss_mb=100):
    """Ended in time and memory, with that exit status, one harmless line that says all the words."""
    check(done.code == code, 'exit status is not %s: %r' % (code, done))
    for word in words:
        check(word in done.talk, 'stderr does not say %r: %r' % (word, done))
    check(not done.out or done.argv[-1] in FORMATS, 'something on stdout: %r' % done)
    harmless(done)
    check(done.seconds < within, 'took %.1f s: %r' % (done.seconds, done))
    check(done.rss_kb < rss_mb * 1024 * MEMORY_TIMES, 'took %d KB: %r' % (done.rss_kb, done))


def harmless(done, csv=False):
    csv = csv or 'csv' in done.argv  # its lines end in CR LF
    check(not harm_in(done.out, csv), 'stdout of %s: %s' % (' '.join(done.argv), harm_in(done.out, csv)))
    check(not harm_in(done.err), 'stderr of %s: %s' % (' '.join(done.argv), harm_in(done.err)))


def ask(answer, *args, tls=None, user=None, cluster=None, **options):
    with Api(answer, tls) as api, Home() as home:
        kubeconfig(home, api.url, user, cluster)
        return home.run(*(args or ('get', 'pods')), **options)


# --- the connection ---

def test_refused():
    with socket.create_server(('127.0.0.1', 0)) as s:
        port = s.getsockname()[1]
    with Home() as home:
        kubeconfig(home, 'http://127.0.0.1:%d' % port)
        refused(home.run('get', 'pods'), 6, 'evil', 'connection refused', 'is the server')


def test_unreachable_name():
    with Home() as home:
        kubeconfig(home, 'https://nowhere.invalid:6443')
        refused(home.run('get', 'pods'), 6, 'evil', 'nowhere.invalid')


def test_unreachable_address():
    with Home() as home:  # TEST-NET-1 (RFC 5737): nobody answers, or the network says there is no way
        kubeconfig(home, 'https://192.0.2.1:6443')
        refused(home.run('get', 'pods', timeout=90), 6, 'evil', '192.0.2.1', within=60)


def test_listens_and_never_answers():
    def hold(connection):
        time.sleep(90)
    done = ask(always(Answer(raw=hold)), timeout=100)
    refused(done, 6, 'evil', within=80)


def test_one_byte_a_second():
    def drip(connection):
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n')
        for _ in range(100):
            connection.sendall(b'{')
            time.sleep(1)
    done = ask(always(Answer(raw=drip)), timeout=100)
    refused(done, 6, 'evil', within=70)


def test_interrupted_while_slow():
    def drip(connection):
        for _ in range(100):
            connection.sendall(b'H')
            time.sleep(1)
    with Api(always(Answer(raw=drip))) as api, Home() as home:
        kubeconfig(home, api.url)
        child = home.start('get', 'pods', stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while not api.requests:
            time.sleep(0.02)
        begun = time.monotonic()
        child.send_signal(signal.SIGINT)
        child.wait(timeout=10)
        child.stdout.close(), child.stderr.close()
        check(child.returncode != 0 and time.monotonic() - begun < 3, 'did not end on SIGINT at once: %s' % child.returncode)


def test_half_closed():
    def half(connection):
        connection.shutdown(socket.SHUT_WR)
        time.sleep(1)
    refused(ask(always(Answer(raw=half))), 6, 'evil', 'closed')


def test_reset_in_the_middle():
    def reset(connection):
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"kind":')
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
    refused(ask(always(Answer(raw=reset))), 6, 'evil')


def test_no_http():
    def shell(connection):
        connection.sendall(b'\x1b]0;owned\x07SSH-2.0-OpenSSH\r\n\x1b[2J')
    done = ask(always(Answer(raw=shell)))
    check(done.code in (1, 6), repr(done))
    harmless(done)


def certificate(home, *more, name='/CN=127.0.0.1'):
    key, pem = os.path.join(home.top, 'key.pem'), os.path.join(home.top, 'cert.pem')
    made = subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', pem, '-subj', name, '-days', '2', *more],
                          capture_output=True)
    if made.returncode:
        raise Skip('openssl cannot make certificates here')
    return pem, key


def test_bad_tls():
    san = ('-addext', 'subjectAltName=IP:127.0.0.1')
    with Home() as home:
        pair = certificate(home, *san)
        with Api(world(), pair) as api:
            kubeconfig(home, api.url)
            refused(home.run('get', 'pods'), 6, 'evil', 'certificate', 'check certificate-authority')
            kubeconfig(home, api.url, cluster={'certificate-authority': pair[0]})
            check(home.run('get', 'pods').code == 0, 'its own CA is not trusted')
            kubeconfig(home, api.url, cluster={'certificate-authority': pair[0], 'tls-server-name': 'other.example'})
            refused(home.run('get', 'pods'), 6, 'evil', 'tls-server-name')
    with Home() as home:  # the name in the certificate is written by the attacker
        pair = certificate(home, name='/CN=e\x1b[31mvil\x1b]52;c;eA==\x07')
        with Api(world(), pair) as api:
            kubeconfig(home, api.url, cluster={'certificate-authority': pair[0]})
            refused(home.run('get', 'pods'), 6, 'evil')


def test_plain_text_where_tls_is_wanted():
    with Api(world()) as api, Home() as home:
        kubeconfig(home, api.url.replace('http:', 'https:'))
        refused(home.run('get', 'pods'), 6, 'evil')


# --- what the server answers ---

def test_401_then_new_credentials():
    seen = []
    with Home() as home:
        token = home.write('token', 'tok-old')

        def answer(r):
            seen.append(r.headers.get('authorization'))
            if seen[-1] == 'Bearer tok-new':
                return world()(r)
            home.write('token', 'tok-new\n')  # rotated, as a projected service account token is
            return Answer(status(401, 'Unauthorized'), 401)
        with Api(answer) as api:
            kubeconfig(home, api.url, {'tokenFile': token})
            done = home.run('get', 'pods')
            check(done.code == 0 and 'p1' in done.text, repr(done))
            check(seen[:2] == ['Bearer tok-old', 'Bearer tok-new'], seen)


def test_401_for_good():
    count = []

    def answer(r):
        count.append(r)
        return Answer(status(401, 'Unauthorized ' + EVIL), 401)
    refused(ask(answer), 6, 'evil', '401')
    check(len(count) <= 2, 'asked %d times with a login that was refused' % len(count))


def test_403_on_namespaces():
    def answer(r):
        if r.path == '/api/v1/namespaces' or '/namespaces/' not in r.path:
            return Answer(status(403, 'forbidden: User "u" cannot list resource ' + EVIL, reason='Forbidden'), 403)
        return world()(r)
    done = ask(answer, 'get', 'pods', '-A')
    harmless(done)
    check(done.code == 0 and 'p1' in done.text, 'the own namespace is not shown: %r' % done)
    check('only namespace default is shown' in done.talk, 'it does not say what is missing: %r' % done)


def test_403_everywhere():
    refused(ask(always(Answer(status(403, 'no ' + EVIL, reason='Forbidden'), 403))), 1, 'evil', '403', 'ask for the right')


def test_404():
    refused(ask(always(Answer(status(404, 'page not found'), 404))), 1, 'evil', '404')


def writing(refuse, *more):
    """act … label on a calm cluster whose real PATCH is answered by refuse(request)."""
    def answer(r):
        return refuse(r) if r.is_write else world()(r)
    with Api(answer) as api, Home() as home:
        kubeconfig(home, api.url)
        done = home.run('act', 'pods', 'p1', 'label', 'key=k', 'value=v', '--approve', *more)
        return done, api.writes(), home.run('audit', 'verify'), home.run('runs', '-o', 'json')


def test_409_on_write():
    done, writes, verify, _ = writing(lambda r: Answer(status(409, 'the object has been modified ' + EVIL, 'Conflict'), 409))
    harmless(done)
    check(done.code == 1 and len(writes) == 1, repr(done), len(writes))
    check('modified' in done.talk and verify.code == 0, repr(done), repr(verify))


def test_409_with_hostile_causes():
    causes = {'causes': [{'field': 'a' + EVIL, 'message': 'owned by ' + EVIL, 'reason': EVIL}] * 50}
    for output in FORMATS:
        done, _, _, runs = writing(lambda r: Answer(status(409, EVIL, EVIL, details=causes), 409), '-o', output)
        harmless(done)
        harmless(runs)


def test_429_on_write_is_not_repeated():
    done, writes, _, _ = writing(lambda r: Answer(status(429, 'slow ' + EVIL), 429, ['Retry-After: 1']))
    harmless(done)
    check(done.code == 1 and len(writes) == 1, repr(done), len(writes))


def test_500_on_write_is_unknown_not_repeated():
    done, writes, verify, runs = writing(lambda r: Answer(status(500, 'etcd ' + EVIL), 500))
    harmless(done)
    check(len(writes) == 1, len(writes))
    check(done.code in (1, 6) and verify.code == 0, repr(done), repr(verify))


def broken_write(takes_effect, reachable_after):
    """The PATCH is taken, and no answer comes."""
    labels, patched = {'app': 'calm'}, []

    def answer(r):
        if r.is_write:
            patched.append(r)
            if takes_effect:
                labels['k'] = 'v'
            return Answer(raw=lambda connection: None)
        if patched and not reachable_after:
            return Answer(raw=lambda connection: None)
        if r.path.endswith('/pods/p1'):
            found = pod()
            found['metadata']['labels'] = labels
            return Answer(found)
        return world()(r)
    with Api(answer) as api, Home() as home:
        kubeconfig(home, api.url)
        done = home.run('act', 'pods', 'p1', 'label', 'key=k', 'value=v', '--approve')
        check(len(patched) == 1, 'sent %d times' % len(patched))
        state = home.run('runs', '-o', 'json').json()['runs'][0]['status']
        check(len(patched) == 1, 'sent again by runs')
        check(home.run('audit', 'verify').code == 0, 'the log does not verify')
        harmless(done)
        return done, state


def test_write_without_an_answer_is_looked_up():
    done, state = broken_write(takes_effect=True, reachable_after=True)
    check(done.code == 0 and state == 'done', repr(done), state)
    done, state = broken_write(takes_effect=False, reachable_after=True)
    check(done.code == 1 and state == 'failed', repr(done), state)


def test_a_write_that_takes_long_is_waited_for():
    """A webhook may hold it up for half a minute: who hangs up then finds nothing, and it happens after all."""
    def slowly(r):
        time.sleep(33)
        return Answer(pod())
    done, writes, _, _ = writing(slowly)
    check(done.code == 0 and len(writes) == 1, repr(done), len(writes))


def test_write_without_an_answer_stays_unknown():
    done, state = broken_write(takes_effect=True, reachable_after=False)
    check(done.code == 6 and state == 'unknown', repr(done), state)


def test_410_on_continue():
    asked = []

    def answer(r):
        if not r.path.endswith('/pods'):
            return world()(r)
        asked.append(r.query.get('continue', [''])[0])
        if asked[-1]:
            if asked.count('t1') == 1:
                return Answer(status(410, 'too old', 'Expired'), 410)
            return Answer(table(PODS, [['p2', '1/1', 'Running', '0', BORN]]))
        return Answer(table(PODS, [['p1', '1/1', 'Running', '0', BORN]], **{'continue': 't1', 'remainingItemCount': 1}))
    done = ask(answer)
    check(done.code == 0 and done.text.count('p1') == 1 and 'p2' in done.text, repr(done))


def test_410_for_ever():
    def answer(r):
        if r.query.get('continue'):
            return Answer(status(410, 'too old ' + EVIL, 'Expired'), 410)
        return Answer(table(PODS, [['p1', '1/1', 'Running', '0', BORN]], **{'continue': 't1'}))
    refused(ask(answer), 1, 'evil', '410', 'list again')


def test_pages_without_end():
    def answer(r):
        return Answer(table(PODS, [['p%d' % i, '1/1', 'Running', '0', BORN] for i in range(500)], **{'continue': 'again'}))
    done = ask(answer, 'get', 'pods', timeout=120)
    check(done.code in (0, 1) and done.seconds < 90 and done.rss_kb < 400 * 1024 * MEMORY_TIMES, repr(done)[:600])


def test_pages_without_rows_and_without_end():
    count = []

    def answer(r):
        count.append(r)
        return Answer(table(PODS, [], **{'continue': 'again'}))
    done = ask(answer, 'get', 'pods', timeout=60)
    check(done.code != 'timeout', 'asked %d empty pages and went on' % len(count))
    harmless(done)


def test_429_with_retry_after():
    times = []

    def answer(r):
        times.append(time.monotonic())
        return Answer(status(429, 'slow down'), 429, ['Retry-After: 1']) if len(times) < 3 else world()(r)
    done = ask(answer)
    check(done.code == 0, repr(done))
    check(all(b - a >= 0.95 for a, b in zip(times[:2], times[1:3])), 'came back too early: %s' % times)


def test_429_for_an_hour():
    refused(ask(always(Answer(status(429, 'slow'), 429, ['Retry-After: 3600']))), 6, 'evil', '429', 'retry', within=5)


def test_500():
    refused(ask(always(Answer(b'<html>\x1b[31moops\x1b]52;c;eA==\x07</html>', 500))), 6, 'evil', '500')


def test_truncated_json():
    whole = json.dumps(table(PODS, [['p1', '1/1', 'Running', '0', BORN]])).encode()
    for cut in (1, len(whole) // 2, len(whole) - 1):
        refused(ask(always(Answer(whole[:cut]))), 1, 'evil')


def test_truncated_body():
    def cut(connection):
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{"kind":"Table"')
    refused(ask(always(Answer(raw=cut))), 1, 'evil', 'cut off')


def test_no_json_at_all():
    for body in (b'', b'null', b'[]', b'"x"', b'{}', b'{"kind":"Table"}', b'{"kind":"Table","rows":{}}', b'\0\0\0', EVIL_BYTES, EVIL.encode(), b'{"kind":"' + EVIL_BYTES + b'"}'):
        done = ask(always(Answer(body)))
        check(done.code in (0, 1), repr(body), repr(done))
        harmless(done)


def test_200_mb():
    def flood(connection):
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 209715200\r\n\r\n{"kind":"Table","x":"')
        for _ in range(200):
            connection.sendall(b'a' * (1 << 20))
    refused(ask(always(Answer(raw=flood)), timeout=90), 1, 'evil', within=60, rss_mb=160)


def test_200_mb_compressed():
    import zlib
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = packer.compress(b'{"kind":"Table","x":"') + b''.join(packer.compress(b'a' * (1 << 20)) for _ in range(200)) + packer.flush()
    refused(ask(always(Answer(bomb, headers=['Content-Encoding: gzip'])), timeout=90), 1, 'evil', within=60, rss_mb=200)  # not asked for on loopback: stays packed


def test_deeply_nested_json():
    for open_, close in ((b'[', b']'), (b'{"a":', b'}')):
        deep = open_ * 100000 + b'1' + close * 100000
        for body in (deep, b'{"kind":"Table","metadata":' + deep + b'}', b'{"kind":"Table","rows":[{"cells":[' + deep + b']}],"columnDefinitions":[{"name":"Name"}]}'):
            done = ask(always(Answer(body)))
            check(done.code in (0, 1), repr(done))
            harmless(done)

    def answer(r):
        return Answer(b'{"kind":"Pod","metadata":{"name":"p1","x":' + b'[' * 100000 + b']' * 100000 + b'}}') if r.path.endswith('/p1') else world()(r)
    done = ask(answer, 'describe', 'pods', 'p1')
    check(done.code in (0, 1), repr(done))


def test_endless_headers():
    def flood(connection):
        connection.sendall(b'HTTP/1.1 200 OK\r\n')
        for i in range(200000):
            connection.sendall(b'X-H-%d: ' % i + b'h' * 1000 + b'\r\n')
    done = ask(always(Answer(raw=flood)), timeout=60)
    check(done.code in (1, 6) and done.rss_kb < 200 * 1024 * MEMORY_TIMES, repr(done))


def test_redirect_does_not_take_the_token_along():
    seen = []

    def thief(r):
        seen.append(r.headers.get('authorization'))
        return world()(r)
    with Api(thief) as other:
        done = ask(lambda r: Answer(b'', 302, ['Location: http://localhost:%d%s' % (other.port, r.target)]))
        check(not any(seen), 'the token went to another host: %s' % seen)
        check(done.code != 'timeout', repr(done))
        harmless(done)


def test_64_kb_names():
    name = 'n' * 65536
    def answer(r):
        if r.path == '/api/v1/namespaces':
            return Answer(table(['Name', 'Status', 'Age'], [[name, 'Active', BORN], ['default', 'Active', BORN]]))
        if r.path.endswith('/pods'):
            return Answer(table([name] + PODS, [[name, name, name, '1/1', 'Running', '0', BORN]]))
        return world()(r)
    for args in (('get', 'pods'), ('get', 'pods', '-A'), ('get', 'namespaces'), ('describe', 'pods', name), ('act', 'pods', name, 'delete'), ('get', 'pods', '-n', name)):
        for output in ('table', 'json', 'csv'):
            done = ask(answer, *args, '-o', output)
            check(isinstance(done.code, int) and done.code in (0, 1, 3, 5, 6), repr(done)[:800])
            harmless(done, output == 'csv')
            check(len(done.err) < 4096, 'a message of %d bytes' % len(done.err))


# --- remote text ---

COMMANDS = [('get', 'pods'), ('get', 'pods', '-A'), ('get', 'namespaces'), ('get', 'events'), ('get', 'pods', 'p1'), ('describe', 'pods', 'p1'),
            ('logs', 'pods', 'p1'), ('act', 'pods', 'p1', 'label', 'key=k', 'value=v', '--dry-run'), ('act', 'pods', 'p1', 'delete'),
            ('act', 'pods', 'p1', 'label', 'key=k', 'value=v', '--approve'), ('get', 'pods', 'no-such'), ('get', 'configmaps'), ('changes',), ('runs',),
            ('runs', 'last'), ('undo',), ('audit',), ('audit', 'export'), ('plan', 'restart the deployment api in staging'),
            ('investigate', 'why is the cpu high in staging on kubernetes'), ()]


def each_format(answer, user=None, commands=COMMANDS, environment=None):
    with Api(answer) as api, Home() as home:
        kubeconfig(home, api.url, user)
        for output in FORMATS:
            for command in commands:
                done = home.run(*command, '-v', '-o', output, env=dict({'LOG_LEVEL': 'debug'}, **(environment or {})))
                check(isinstance(done.code, int) and 0 <= done.code <= 7, repr(done))
                harmless(done, csv=output == 'csv')
                if output == 'json' and command[:1] in (('get',), ('describe',)) and done.code == 0:
                    no_control_in(done.json(), command)
    return api


def no_control_in(value, where):
    """A reader of the JSON may print what it finds: rows hold marks, not the characters."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key != 'object':  # the object is the server's own, told as it is (escaped in the file)
                no_control_in(key, where), no_control_in(item, where)
    elif isinstance(value, list):
        for item in value:
            no_control_in(item, where)
    elif isinstance(value, str):
        check(not HARMFUL.search(value), 'a cell of %s: %r' % (where, value))


def test_escapes_in_every_remote_string():
    each_format(world(EVIL, headers=['Warning: 299 - "w \x1b[31m\x9b1m"'.encode('latin-1'), 'Audit-Id: \u202e'.encode()], log=(EVIL + '\n').encode() * 5))


def test_invalid_utf8_in_every_remote_string():
    marker = 'MARKER'

    def answer(r):
        found = world(marker, log=EVIL_BYTES + b'\n' + EVIL.encode() + b'\n')(r)
        found.body = found.body.replace(marker.encode(), EVIL_BYTES)
        found.headers = [b'Warning: 299 - "' + EVIL_BYTES + b'"']
        return found
    each_format(answer)


def test_raw_controls_in_json_strings():
    def answer(r):  # no JSON by RFC 8259, but some servers send it and some parsers take it
        found = world('MARKER')(r)
        found.body = found.body.replace(b'MARKER', b'\x1b]52;c;eA==\x07\x9b\x7f')
        return found
    each_format(answer)


def test_escapes_in_refusals():
    for code in (400, 401, 403, 404, 409, 410, 418, 422, 429, 500, 503):
        for body in (status(code, EVIL, EVIL, details={'name': EVIL, 'causes': [{'message': EVIL, 'field': EVIL}]}), EVIL.encode(), EVIL_BYTES):
            each_format(always(Answer(body, code, ['Retry-After: 100'])), commands=[('get', 'pods'), ('logs', 'pods', 'p1')])


def test_escapes_from_an_exec_plugin():
    with Home() as place:
        plugin = place.write('plugin', '#!/bin/sh\nprintf "\\033[31mlog in \\033]52;c;eA==\\007 \\342\\200\\256 \\377\\302\\233 tok-SECRET" >&2\nexit 1\n')
        os.chmod(plugin, 0o755)
        user = {'exec': {'apiVersion': 'client.authentication.k8s.io/v1', 'command': plugin, 'interactiveMode': 'Never', 'installHint': EVIL}}
        each_format(world(), user, [('get', 'pods'), ('describe', 'pods', 'p1'), ()])
        user['exec']['command'] = '/nonexistent/plugin'
        each_format(world(), user, [('get', 'pods'), ()])


def test_escapes_in_the_kubeconfig():
    with Api(world()) as api, Home() as home:
        for output in FORMATS:
            kubeconfig(home, api.url, name='ctx' + EVIL)
            for command in (('get', 'pods'), ('init',), ('act', 'pods', 'p1', 'delete'), ()):
                done = home.run(*command, '-o', output)
                harmless(done, csv=output == 'csv')
            kubeconfig(home, 'http://' + EVIL)
            for command in (('get', 'pods'), ('init',), ()):
                harmless(home.run(*command, '-o', output), csv=output == 'csv')


def test_escapes_in_arguments():
    with Api(world()) as api, Home() as home:
        kubeconfig(home, api.url)
        evil = EVIL.replace('\0', '')
        for command in ((evil,), ('get', evil), ('get', 'pods', evil), ('get', 'pods', '--filter', evil), ('get', 'pods', '--sort', evil), ('--' + evil,), ('parse', evil),
                        ('act', 'pods', 'p1', evil), ('act', 'pods', 'p1', 'label', 'key=' + evil, 'value=' + evil), ('run', evil), ('undo', evil), ('config', 'get', evil),
                        ('config', 'set', evil, evil), ('audit', '--last', evil), ('policy', evil), ('playbook', 'show', evil), ('lint', evil), ('kinds', 'show', evil), ('-' + evil,)):
            harmless(home.run(*command))


def test_watch_of_hostile_rows():
    with Api(world(EVIL)) as api, Home() as home:
        kubeconfig(home, api.url)
        for output in FORMATS:
            out = open(os.path.join(home.top, 'watch'), 'w+b')
            child = home.start('get', 'pods', '--watch', '-o', output, stdout=out, stderr=subprocess.STDOUT)
            begun = time.monotonic()
            while not os.fstat(out.fileno()).st_size and time.monotonic() - begun < 15:
                time.sleep(0.05)
            child.send_signal(signal.SIGINT)
            child.wait(timeout=10)
            out.seek(0)
            data = out.read()
            out.close()
            check(b'p1' in data, '-o %s: %r' % (output, data[:300]))
            check(not harm_in(data, output == 'csv'), '-o %s: %s' % (output, harm_in(data, output == 'csv')))


# --- a chaotic server: whatever it does, the program ends with a status of the table ---

def test_chaos():
    import random
    dice = random.Random(7)
    calm = world(EVIL)

    def answer(r):
        found = calm(r)
        body = bytearray(found.body)
        for _ in range(dice.randrange(6)):
            at = dice.randrange(len(body) or 1)
            body[at:at + dice.randrange(20)] = dice.choice([b'', b'"', b'{', b'[' * 50, b'\x1b', b'1e999', b'-', b'\\u0000', b'\\ud800', b'null', EVIL_BYTES])
        found.body, found.code = bytes(body), dice.choice([200] * 9 + [404])
        return found
    with Api(answer) as api, Home() as home:
        kubeconfig(home, api.url)
        for i in range(120):
            command = dice.choice(COMMANDS[:10])
            done = home.run(*command, '-o', FORMATS[i % 6])
            check(isinstance(done.code, int) and 0 <= done.code <= 7, repr(done))
            harmless(done, csv=i % 6 == 5)
        check(home.run('audit', 'verify').code == 0, 'the log does not verify')


if __name__ == '__main__':
    sys.exit(main([f for name, f in list(globals().items()) if name.startswith('test_')]))
