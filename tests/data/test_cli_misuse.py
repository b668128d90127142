#!/usr/bin/env python3
"""What a careful user types wrong, and every command in every format: a word too many, an option without a value, an empty name, a
misspelt word is a clear usage error, never something else done; and what says it is JSON, CSV or YAML is."""
import csv, getpass, io, json, os, re, subprocess, sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import hostile
from hostile import Home, check, process



def usage(home, *args, said='', **more):
    done = home.run(*args, **more)
    check(done.code == 3 and not done.out and done.talk.startswith('pilothouse: ') and said in done.talk, done)
    return done


# --- words ---

def test_a_word_too_many_is_refused():
    with Home() as home:
        for args in (('version', 'x'), ('init', 'x'), ('man', 'x'), ('chat', 'x'), ('changes', 'x'), ('completion', 'bash', 'x'), ('kinds', 'list', 'x'),
                     ('kinds', 'show', 'hosts', 'x'), ('get', 'hosts', 'vm', 'x'), ('describe', 'hosts', 'vm', 'x'), ('logs', 'logs', 'dpkg.log', 'x'),
                     ('audit', 'list', 'x'), ('audit', 'verify', 'a', 'x'), ('audit', 'export', 'a', 'x'), ('audit', 'anchor', 'x'), ('config', 'list', 'x'),
                     ('config', 'get', 'scope', 'x'), ('config', 'set', 'store.keep', '1d', 'x'), ('config', 'validate', 'x'), ('config', 'path', 'x'),
                     ('playbook', 'list', 'x'), ('playbook', 'show', 'host-disk', 'x'), ('policy', 'list', 'x'), ('policy', 'test', 'a', 'x'),
                     ('run', 'a', 'x'), ('approve', 'a', 'x'), ('undo', 'a', 'x'), ('runs', 'a', 'x'), ('report', '.', 'x'), ('diagnose', 'x'), ('lake', 'list', 'x')):
            usage(home, *args, said="'x' is one word too many")
        check(os.listdir(home.top) == ['home'], os.listdir(home.top))
        check(home.run('get', 'hosts', 'vm', 'x', '--help').code == 0)


def test_an_empty_word_is_no_name():
    with Home() as home, process() as pid:
        check(home.run('act', 'processes', pid, 'renice', 'nice=5', '--approve').code == 0)
        for args in (('get', ''), ('get', 'hosts', ''), ('describe', 'hosts', ''), ('logs', 'logs', ''), ('act', 'processes', '', 'renice', 'nice=1'),
                     ('undo', ''), ('runs', ''), ('run', ''), ('approve', ''), ('deny', ''), ('parse', ''), ('plan', ''), ('investigate', ''), ('config', 'get', ''),
                     ('--profile', '', 'get', 'hosts'), ('--config', '', 'get', 'hosts'), ('--scope', '', 'get', 'hosts'), ('-o', '', 'get', 'hosts')):
            usage(home, *args)
        check(os.getpriority(os.PRIO_PROCESS, int(pid)) == 5, 'an empty RUN was the last one')


def test_options():
    with Home() as home:
        for args in (('get', 'hosts', '--nope'), ('get', 'hosts', '-z'), ('get', 'hosts', '--lim', '1'), ('get', 'hosts', '--limit'), ('get', 'hosts', '--limit='),
                     ('get', 'hosts', '--limit', '-1'), ('get', 'hosts', '--limit', '1.5'), ('get', 'hosts', '--limit', '9' * 30), ('get', 'hosts', '-o'),
                     ('get', 'hosts', '--read-only=yes'), ('audit', '--last', ''), ('changes', '--since', 'x'), ('get', 'hosts', '--at', ''), ('get', 'hosts', '--at', '2199-01-01'),
                     ('get', 'hosts', '--at', '1m', '--watch'), ('--config',)):
            usage(home, *args)
        for args in (('get', 'hosts', '-o', 'json'), ('get', 'hosts', '-ojson'), ('get', 'hosts', '-o=json'), ('get', 'hosts', '--output=json'), ('-o', 'json', 'get', '--', 'hosts'),
                     ('get', 'hosts', '-o', 'yaml', '-o', 'json')):
            check(home.run(*args).json()['total'] == 1, args)
        check(home.run('get', 'hosts', '--', '--limit').code == 1)
        check(home.run('help').text == home.run('--help').text and home.run('help', 'get').text == home.run('get', '--help').text)
        usage(home, 'help', 'nosuch')
        for word in (b'\xff\xfe', 'x' * 100000):
            for args in (('get', word), ('get', 'hosts', word), ('describe', 'hosts', word), ('kinds', 'show', word), (word,), ('run', word), ('--scope', word, 'get', 'hosts')):
                done = home.run(*args)
                check(done.code in (1, 3) and not done.out and not hostile.harm_in(done.out + done.err), done)
                check(len(done.err) < 1000, len(done.err))


def test_what_is_not_there_yet_is_not_listed():
    with Home() as home:
        listed = home.run('--help').text + home.run('man').text + ''.join(home.run('completion', shell).text for shell in ('bash', 'zsh', 'fish'))
        for name in ('cost', 'forecast', 'budget', 'threat', 'migrate', 'agents', 'serve', 'mcp', 'client', 'incident'):
            if name + ' ' not in home.run('--help').text:
                usage(home, name, said="no command '%s'" % name)
                check("-a %s -d" % name not in listed and '.SS %s' % name not in listed, name)


def test_parameters():
    with Home() as home, process() as pid:
        usage(home, 'act', 'processes', pid, 'renice', 'nice=5', 'nice=6', said='nice= is given twice')
        usage(home, 'act', 'processes', pid, 'renice', 'nicety=5', said='it takes nice')
        usage(home, 'act', 'processes', pid, 'renice', 'nice=x', said='from -20')
        usage(home, 'act', 'processes', pid, 'renice', 'nice=20', said='from -20')
        if os.geteuid() == 0:  # what it was may be less than 0 too: the way back goes there
            check(home.run('act', 'processes', pid, 'renice', 'nice=-5', '--approve').code == 0 and os.getpriority(os.PRIO_PROCESS, int(pid)) == -5)
            check(home.run('act', 'processes', pid, 'renice', 'nice=5', '--approve').code == 0 and os.getpriority(os.PRIO_PROCESS, int(pid)) == 5)
            check(home.run('undo', '--approve').code == 0 and os.getpriority(os.PRIO_PROCESS, int(pid)) == -5)


def test_what_is_chosen_is_not_ignored():
    with Home() as home:
        name = home.run('get', 'hosts', '-o', 'json').json()['rows'][0]['name']
        nowhere = home.run('get', 'hosts', '--region', 'eu', '-o', 'json')
        check(nowhere.code == 0 and not nowhere.json()['rows'] and nowhere.json()['total'] == 0, nowhere)
        usage(home, 'get', 'hosts', '--account', 'another', said='is called "another"')
        usage(home, 'get', 'processes', '--filter', 'rss > abc', said='a size such as 100M')
        check(home.run('get', 'hosts', '--account', name).code == 0 and home.run('get', 'hosts', '--account', '*').code == 0)
        check('no hosts in region eu' in home.run('get', 'hosts', '--region', 'eu').talk)
        done = home.run('describe', 'hosts', name, '--region', 'eu')
        check(done.code == 1 and 'is not in region eu' in done.talk, done)
        check('there is no kind "nosuch"' in home.run('changes', '--kind', 'nosuch').talk)
        check(home.run('changes', '--kind', 'process').code == 0)


def test_questions_of_a_policy():
    with Home() as home:
        usage(home, 'policy', 'explain', said='risk is missing')
        usage(home, 'policy', 'explain', 'risk=write', 'bogus=1', said='bogus')
        usage(home, 'policy', 'explain', 'risk=write', 'scope=moon', said='moon')
        usage(home, 'policy', 'test', home.write('no-list.yaml', 'a: 1\n'), said='no list of cases')
        cases = home.write('cases.yaml', '- {name: one, input: {risk: delete, scope: prod}, expect: deny, rule: prod-delete-never}\n'
                           '- {name: two, input: {risk: read}, expect: deny}\n- {name: three, input: {risk: read, skope: prod}, expect: allow}\n- {name: four, input: {risk: read}, expect: perhaps}\n')
        done = home.run('policy', 'test', cases, '-o', 'json')
        found = done.json()
        check(done.code == 1 and [case['ok'] for case in found['cases']] == [True, False, False, False] and found['passed'] == 1 and found['failed'] == 3, done)
        check('skope' in found['cases'][2]['detail'] and 'perhaps' in found['cases'][3]['detail'] and 'expected deny' in found['cases'][1]['detail'], done)


def test_a_plan_that_was_denied_or_has_run():
    with Home() as home, process() as pid:
        plan = home.run('act', 'processes', pid, 'renice', 'nice=6', '-o', 'json').json()['plan_id']
        check(home.run('deny', plan, 'change', 'freeze').code == 0)
        for again in (('run', plan), ('run', plan, '--approve'), ('approve', plan)):
            done = home.run(*again)
            check(done.code == 2 and 'was denied' in done.talk and os.getpriority(os.PRIO_PROCESS, int(pid)) == 0, done)
        entry = json.loads(home.run('audit', '--plan', plan, '--action', 'deny', '-o', 'jsonl').text)
        check(entry['result']['error'] == 'change freeze', entry)
        other = home.run('act', 'processes', pid, 'renice', 'nice=6', '-o', 'json').json()['plan_id']
        check(home.run('run', other, '--approve').code == 0)
        twice = home.run('run', other, '--approve')
        check(twice.code == 1 and 'already run' in twice.talk, twice)


# --- --dry-run ---

def test_a_dry_run_changes_nothing():
    with Home() as home, process() as pid:
        tree = os.path.join(home.top, 'tree')
        os.mkdir(tree)
        with open(os.path.join(tree, 'agent.py'), 'w') as f:
            f.write('import openai\n')
        check(home.run('act', 'processes', pid, 'renice', 'nice=1', '--approve').code == 0)
        plan = home.run('act', 'processes', pid, 'renice', 'nice=2', '-o', 'json').json()['plan_id']
        entries = home.run('audit', '-o', 'jsonl').text
        for args, said in ((('approve', plan), 'would be approved'), (('deny', plan), 'would be denied'), (('config', 'set', 'store.keep', '1d'), 'would be set'), (('init',), 'would be written'),
                           (('audit', 'anchor', '--to', 'file:%s/anchor' % home.top), 'would be anchored'), (('audit', 'export', 'export.jsonl'), 'would be written'), (('report', tree), '')):
            done = home.run('--dry-run', *args)
            check(done.code == 0 and said in done.talk, done)
        usage(home, '--dry-run', 'config', 'set', 'store.keep', 'x')
        check(home.run('audit', '-o', 'jsonl').text == entries)
        check(not os.path.exists(os.path.join(home.path, 'config.yaml')) and os.listdir(tree) == ['agent.py'] and sorted(os.listdir(home.top)) == ['home', 'tree'], os.listdir(home.top))
        check(home.run('run', plan).code == 5)  # nobody approved it, nobody denied it
        for words in (('approve', plan), ('deny', plan)):
            check(home.run('--read-only', *words).code == 2)
        check(home.run('run', plan, '--approve').code == 0)
        check(home.run('deny', plan).code == 1)  # it has run


# --- where the result goes ---

def test_a_closed_descriptor_is_no_file_of_ours():
    """What is opened first would take its number, and the result be written into it."""
    with Home() as home, process() as pid:
        for closed in ((1,), (1, 2), (0, 1, 2), (2,), (0,)):
            for args in (('get', 'hosts'), ('audit', '-o', 'jsonl'), ('act', 'processes', pid, 'renice', 'nice=1', '--approve'), ('version',), ('config', 'set', 'store.keep', '3d')):
                done = home.run(*args, before=lambda: [os.close(fd) for fd in closed])
                check(done.code == (1 if 1 in closed and args[0] not in ('config', 'audit') else 0) or args[0] == 'audit', closed, done)
                if 1 in closed and 2 not in closed and args[0] == 'get':
                    check('writing the result failed' in done.talk, done)
        for folder, _, names in os.walk(home.path):
            for name in names:
                with open(os.path.join(folder, name), 'rb') as f:
                    data = f.read()
                check(b'CORES' not in data and b'pilothouse 0.' not in data or name == 'kinds.json', name, data[:200])
        check(home.run('audit', 'verify').code == 0)


def test_who_follows_ends_when_nobody_reads():
    """Also while there is nothing to write, which would fail."""
    with Home() as home:
        os.makedirs(os.path.join(home.top, 'log'))
        with open(os.path.join(home.top, 'log', 'quiet.log'), 'w') as f:
            f.write('one\n')
        home.write('config.yaml', 'host:\n  log_folder: %s/log\n' % home.top)
        for args in (('logs', 'logs', 'quiet.log', '-f'), ('logs', 'logs', 'quiet.log', '-f', '-o', 'jsonl'), ('get', 'logs', '--watch')):
            child = home.start(*args, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            check(child.stdout.readline())
            child.stdout.close()
            check(child.wait(30) == 0, args, child.returncode)


# --- what is set up wrongly ---

def test_a_configuration_that_is_not_understood():
    """Nobody goes on with a setting that was not understood: who wrote readonly relies on it."""
    with Home() as home, process() as pid:
        act = ('act', 'processes', pid, 'renice', 'nice=9', '--approve')
        for text, line, said in (('read_only: perhaps\n', 1, "read_only takes true or false, not 'perhaps'"), ('# x\nreadonly: true\n', 2, 'it is called read_only'),
                                 ('Read-Only: true\n', 1, 'it is called read_only'), ('log: {level: loud}\n', 1, 'log.level'), ('a: [\n', 2, 'expected'),
                                 ('kubernetes: {contexts: 5}\n', 1, 'a list'), ('scopes:\n  prd: [vm]\n', 2, "not 'prd'"), ('scopes: {prod: {vm: 1}}\n', 1, 'takes names'),
                                 ('users: {root: {rol: viewer}}\n', 1, 'takes a role'), ('users: {root: 5}\n', 1, 'takes a role'), ('profiles: {a: {store: {keep: x}}}\n', 1, 'store.keep')):
            path = home.write('config.yaml', text)
            usage(home, *act, said=said)
            found = home.run('config', 'validate', '-o', 'json')
            check(found.code == 3 and found.json()['ok'] is False and found.json()['problems'][0]['line'] == line and said in found.json()['problems'][0]['message'], found)
            check('%s:%d: ' % (path, line) in home.run('config', 'validate').talk)
            check(home.run('config', 'path').text == path + '\n')
        home.write('config.yaml', 'read_only: perhaps\n')
        check(home.run('config', 'set', 'read_only', 'true').code == 0 and home.run(*act).code == 2)  # it can be mended with what is there
        home.write('config.yaml', 'users: {nobody-here: {role: sre}}\n')  # who is not named has no role
        prod = home.run('--scope', 'prod', *act)
        check(prod.code == 5 and 'another role' in prod.talk, prod)
        home.write('config.yaml', 'scopes: {prod: ["*"], dev: other}\nusers: {%s: sre}\n' % getpass.getuser())
        check(home.run('config', 'validate').code == 0)
        home.write('config.yaml', 'later_part: {x: 1}\n')  # of another version: told, no more
        done = home.run('get', 'hosts')
        check(done.code == 0 and 'config.yaml:1: unknown key later_part' in done.talk, done)
        os.unlink(os.path.join(home.path, 'config.yaml'))
        usage(home, *act, said='PILOTHOUSE_READ_ONLY takes true or false', env={'PILOTHOUSE_READ_ONLY': 'ture'})
        check(home.run(*act, env={'PILOTHOUSE_READ_ONLY': 'true'}).code == 2)
        for level in ('WARNING', 'critical', 'Info'):  # names of the systems before this one
            check(home.run('config', 'validate', env={'LOG_LEVEL': level}).code == 0, level)
        check(home.run('config', 'validate', env={'LOG_LEVEL': 'loud'}).code == 3 and home.run('get', 'hosts', env={'LOG_LEVEL': 'loud'}).code == 0)
        env = home.write('.env', 'no pair\n=x\nLOG_LEVEL="warn\n# fine\nexport LOG_FORMAT=json\n')
        talk = home.run('config', 'validate').talk
        check(all('%s:%d: ' % (env, n) in talk for n in (1, 2, 3)) and env + ':4' not in talk and env + ':5' not in talk, talk)
        home.write('.env', 'PILOTHOUSE_READ_ONLY=true\n')
        check(home.run(*act).code == 2)
        os.chmod(env, 0o666)
        check('it is passed over' in home.run('get', 'hosts').talk and os.getpriority(os.PRIO_PROCESS, int(pid)) == 0)


def test_a_kubeconfig_that_is_wrong_is_seen():
    broken = {'a: [b\n': 'line 2', 'apiVersion: v1\nkind: Config\ncurrent-context: nope\ncontexts: []\n': 'nope',
              'apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts:\n- {name: a, context: {cluster: gone, user: u}}\n': 'gone'}
    with Home() as home:
        for text, said in broken.items():
            env = {'KUBECONFIG': home.write('kubeconfig', text)}
            for args in (('get', 'pods'), ('get', 'pods', '-o', 'json'), ('describe', 'pods', 'x'), ('logs', 'pods', 'x'), ('act', 'pods', 'x', 'delete')):
                usage(home, *args, said=said, env=env)
            check(home.run('get', 'hosts', env=env).code == 0)
            screen = home.run(env=env)
            check(screen.code == 0 and 'unseen' in screen.text and 'kubernetes' in screen.text, screen)
            check(said in home.run('init', env=env).text and any(said in a['why'] for a in home.run('init', '-o', 'json', env=env).json()['accounts']), said)
        good = home.write('kubeconfig', 'apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters:\n- {name: c, cluster: {server: "https://127.0.0.1:1"}}\n'
                          'contexts:\n- {name: a, context: {cluster: c, user: u}}\nusers:\n- {name: u, user: {token: x}}\n')
        usage(home, 'get', 'pods', '--account', 'b', said='is called "b"', env={'KUBECONFIG': good})
        check(home.run('get', 'pods', env={'KUBECONFIG': good}).code == 6)
        named = home.write('kubeconfig', open(good).read().replace('contexts:\n', 'contexts:\n- {name: configuration, context: {cluster: c, user: u}}\n'))
        check(home.run('get', 'pods', '--account', 'configuration', env={'KUBECONFIG': named}).code == 6, 'a context of that name is one like any other')
        for none in ('/nonexistent/kubeconfig', '/dev/null'):  # none is no mistake until a cluster is asked for
            usage(home, 'get', 'pods', said='no kubeconfig', env={'KUBECONFIG': none})
            check('unseen' not in home.run(env={'KUBECONFIG': none}).text and 'kubernetes' not in home.run('init', env={'KUBECONFIG': none}).text)


# --- the log ---

def test_the_log():
    with Home() as home, process() as pid:
        usage(home, 'audit', 'anchor', '--to', 'bogus', said='file:PATH, syslog or command:PROGRAM')
        for nice in ('1', '2', '3'):
            check(home.run('act', 'processes', pid, 'renice', 'nice=' + nice, '--approve').code == 0)
        usage(home, 'audit', 'anchor', '--to', 'bogus', said='bogus')
        check(not os.path.exists(os.path.join(home.top, 'bogus')))
        every = [json.loads(line)['audit_id'] for line in home.run('audit', '-o', 'jsonl').text.splitlines()]
        for limit in (0, 1, 2, 1000):  # the newest ones, in the order they happened
            wanted = every[-limit:] if limit else []
            check([e['audit_id'] for e in home.run('audit', '--limit', str(limit), '-o', 'json').json()['entries']] == wanted, limit)
            check([json.loads(line)['audit_id'] for line in home.run('audit', '--limit', str(limit), '-o', 'jsonl').text.splitlines()] == wanted, limit)
        check(home.run('audit', 'export', 'log.jsonl').code == 0)
        export = os.path.join(home.top, 'log.jsonl')
        check(os.stat(export).st_mode & 0o777 == 0o600 and home.run('audit', 'export', 'log.jsonl').code == 1)
        check(home.run('audit', 'verify', export).code == 0)
        with open(export) as f:
            lines = f.read().splitlines(True)
        for gone in range(len(lines)):  # any one line, the first and the last too
            report = home.run('audit', 'verify', home.write('cut.jsonl', ''.join(lines[:gone] + lines[gone + 1:])), '-o', 'json')
            check(report.code == 7 and report.json()['problems'], gone, report)
        check(home.run('audit', 'verify', home.top).code == 1 and home.run('audit', 'verify', '/etc/passwd').code == 7)


# --- formats ---

def table_of(text):
    rows = list(csv.reader(io.StringIO(text)))
    check(rows and all(len(row) == len(rows[0]) for row in rows), text)
    return rows


def test_every_command_in_every_format():
    with Home() as home, process() as pid:
        check(home.run('act', 'processes', pid, 'renice', 'nice=5', '--approve').code == 0)
        plan = home.run('act', 'processes', pid, 'renice', 'nice=6', '-o', 'json').json()['plan_id']
        log = home.write('root/var/log/some.log', 'one\ntwo\n')
        home.write('config.yaml', 'host:\n  logs: [%s]\n' % log)
        lists = {  # what -o jsonl says line by line, by the member of -o json it comes from
            ('kinds', 'list'): 'kinds', ('get', 'filesystems'): 'rows', ('changes',): 'changes', ('policy', 'list'): 'rules', ('playbook', 'list'): 'playbooks',
            ('config', 'list'): 'settings', ('runs',): 'runs', ('audit',): 'entries', ('playbook', 'test', 'host-disk'): 'cases', ('demo', '--list'): 'scenarios',
            ('logs', 'logs', log): 'lines', ('init',): 'accounts'}
        wholes = (('version',), ('--version',), ('kinds', 'show', 'hosts'), ('describe', 'processes', pid), ('parse', 'why is the disk full on this host'), ('audit', 'verify'),
                  ('plan', 'why is the disk full on this host'), ('investigate', 'why is the disk full on this host'), ('config', 'get', 'store.keep'), ('config', 'path'),
                  ('config', 'validate'), ('playbook', 'show', 'host-disk'), ('policy', 'explain', 'risk=read'), ('--dry-run', 'act', 'processes', pid, 'renice', 'nice=7'),
                  ('run', plan, '--dry-run'), ('config', 'set', 'store.keep', '7d'), ('audit', 'anchor'))
        for args in list(lists) + list(wholes):
            whole = home.run(*args, '-o', 'json')
            check(whole.code == 0 and isinstance(whole.json(), dict), whole)
            lines = [json.loads(line) for line in home.run(*args, '-o', 'jsonl').text.splitlines()]
            check(len(lines) == (len(whole.json()[lists[args]]) if args in lists else 1) or args == ('audit',), args, lines)
            yaml = home.run(*args, '-o', 'yaml')
            check(yaml.code == 0 and not yaml.text.startswith('{') and ': ' in yaml.text, yaml)
            if args != ('changes',):
                table_of(home.run(*args, '-o', 'csv').text)
            for people in ('table', 'wide'):
                done = home.run(*args, '-o', people)
                check(done.code == 0 and (not done.text.startswith('{') or args[0] == 'parse'), done)


def test_no_line_ends_in_blanks():
    with Home() as home:
        for kind in ('interfaces', 'disks', 'services'):
            for wide in ('table', 'wide'):
                text = home.run('get', kind, '-o', wide).text
                check(text and not re.search('[ \t]+$', text, re.M), kind, repr(text[:300]))
        rows = table_of(home.run('get', 'interfaces', '-o', 'csv').text)
        check(len(rows) > 1, rows)


def test_text_is_not_called_data():
    with Home() as home:
        for data in ('json', 'jsonl', 'yaml', 'csv'):
            for args in ((), ('man',), ('completion', 'bash')):
                usage(home, '-o', data, *args, said='-o %s' % data)
        check(home.run('--help', '-o', 'json').code == 0)


def test_mistakes_of_files_are_told_once_and_where():
    with Home() as home:
        for name, data, line, said in (('policies/a.yaml', '- {match: {risk: write}, decide: perhaps}\n', 1, "decide 'perhaps'"), ('policies/b.yaml', '- {match: {risk: read}, decide: allow}\n- [a\n', 3, 'expected'),
                                       ('kinds/c.yaml', 'kind: x\nprovider: host\ncolumns: 5\n', 1, 'columns'), ('playbooks/d.yaml', 'name: x\nmatch: {intent: investigate}\nsteps: [{id: 1}]\n', 2, 'resource'),
                                       ('themes/e.yaml', 'styles: {title: {fg: [}}\n', 1, ''), ('scenarios/f.yaml', 'name: [\n', 2, ''),
                                       ('widgets/g.yaml', 'type: runs\nplaice: left\n', 2, 'plaice'), ('widgets/h.yaml', 'type: clock\n', 1, 'type'), ('checks/i.yaml', 'x: [\n', 2, ''), ('checks/j.yaml', '- id: MINE001\n', 1, 'a list'),
                                       ('checks/k.yaml', '# mine\nchekcs:\n  - {id: MINE001}\n', 2, 'chekcs')):
            path = home.write(name, data)
            for command in (('lint',), ('playbook', 'lint')) if name.startswith('playbooks') else (('lint',),):
                done = home.run(*command, path, '-o', 'json')
                problems = done.json()['problems']
                check(done.code == 1 and problems and problems[0]['file'] == path and problems[0]['line'] == line and said in problems[0]['message'], done)
                check(path not in problems[0]['message'] and not problems[0]['message'].startswith('line '), problems)
                text = home.run(*command, path).text.splitlines()[0]
                check(text == '%s:%d: %s' % (path, line, problems[0]['message']), text)
            os.unlink(path)
        missing = home.run('lint', '/nonexistent/x.yaml')
        check(missing.code == 1 and missing.text == '/nonexistent/x.yaml: there is no such file\n', missing)


sys.exit(hostile.main([test for name, test in globals().items() if name.startswith('test_')]))
