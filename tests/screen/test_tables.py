#!/usr/bin/env python3
"""Tables of a cluster, as somebody uses them who knows k9s: Enter goes down, the log is one key away, back is where one was."""
import json, os, re, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from screenpty import *
from fakecluster import BORN, PODS, Answer, Cluster, table


def test_enter_on_a_pod_opens_it_with_its_containers_and_back_is_where_one_was():
    with Cluster() as cluster:
        c = cluster.console
        c.send('/o<Enter>j')
        c.wait_for('▸ two')
        c.send('<Enter>')
        c.wait_for('› pods default/two')
        c.wait_for('▸ web')        # the first container has the cursor
        c.wait_for('sidecar')
        assert 'Nominated' not in c.dump(), c.dump()
        c.wait_for(re.compile(r'Enter open.*l logs'))
        c.send('k')
        c.wait_for('▸ web', absent=True)
        c.wait_for('Enter open', absent=True)
        c.send('j<Enter>')
        c.wait_for('› log default/two web')
        c.send('<Esc>')
        c.wait_for('▸ web')
        c.send('<Esc>')
        c.wait_for('▸ two')
        assert '/o' in c.screen.lines()[1], c.dump()


def test_where_else_a_row_leads_is_a_key_away():
    with Cluster() as cluster:
        c = cluster.console
        c.send('o')
        c.wait_for('everything about it')
        assert 'Events' in c.dump() and 'Node' in c.dump(), c.dump()
        assert 'Tab' not in c.screen.lines()[-1], c.dump()
        c.send('<Esc>')
        c.wait_for('everything about it', absent=True)


def test_the_bottom_line_is_of_what_has_the_keys():
    with Cluster() as cluster:
        c = cluster.console
        c.send('/')
        c.wait_for('Enter keep  Esc cancel')
        c.send('<Esc>?')
        c.wait_for('rebind in config.yaml')
        bottom = c.screen.lines()[-1]
        assert '/ filter' in bottom and '? close' in bottom and 'open' not in bottom and 'approvals' not in bottom, c.dump()


def test_help_begins_with_what_comes_next():
    with Cluster() as cluster:
        c = cluster.console
        c.send('?')
        c.wait_for('what comes next here')
        text = c.dump()
        order = [text.index(word) for word in ('go down to what belongs', 'show only rows', 'everything known about it', 'its log', 'what can be done with')]
        assert order == sorted(order), text
        c.wait_for(re.compile(r'^ Pods', re.M))


def test_one_key_back_from_where_one_went_down():
    with Cluster() as cluster:
        c = cluster.console
        c.send(':namespaces<Enter>')
        c.wait_for('▸ default')
        c.send('<Enter>')
        c.wait_for('pods of namespace default')
        c.wait_for('▸ one')
        assert 'NAMESPACE' not in c.dump(), c.dump()
        c.send('/two<Enter>')      # within those
        c.wait_for(re.compile('/two +1 of 2'))
        c.send('<Esc>')
        c.wait_for('/two', absent=True)
        c.wait_for('▸ two')
        assert 'pods of namespace default' in c.dump(), c.dump()
        c.send('<Esc>')
        c.wait_for('▸ default')
        c.send('<Enter>')
        c.wait_for('pods of namespace default')
        c.send('0')
        c.wait_for('pods › here › all namespaces')


def test_of_several_containers_it_is_said_which_one_speaks():
    with Cluster() as cluster:
        c = cluster.console
        c.send('l')
        c.wait_for(re.compile(r'^ ?line 0 of web', re.M))
        c.send('<Esc>')
        c.wait_for('▸ one')
        c.send('jl')
        c.wait_for(re.compile(r'two/web line 2 of web'))
        c.wait_for(re.compile(r'two/sidecar line 2 of sidecar'))
        c.send('s')
        c.wait_for('two/web', absent=True)
        c.send('<Esc>')
        c.wait_for('▸ two')
        c.send('<Enter>')
        c.wait_for('▸ web')
        c.send('<Enter>')
        c.wait_for(re.compile(r'^ ?line 0 of web', re.M))
        assert 'sidecar' not in c.dump(), c.dump()


def test_enter_on_a_service_shows_the_pods_it_selects():
    with Cluster() as cluster:
        c = cluster.console
        c.send(':services<Enter>')
        c.wait_for('▸ bare')
        c.send('<Enter>')
        c.wait_for('pods are not selected by it: bare')
        c.send('j<Enter>')
        c.wait_for('pods of service default/shop')
        c.wait_for('▸ two')
        assert rows(c) == ['two'], c.dump()


class Alike(Cluster):
    """Long names that begin and end alike, as those of workloads do."""
    names = ['payments-checkout-frontend-%s-eu-west-1-7d9f8' % n for n in ('canary', 'stable', 'shadow')]

    def answer(self, request):
        if request.path.endswith('/pods') and 'watch' not in request.query:
            return Answer(table(PODS, [[n, '1/1', 'Running', '0', BORN, '10.0.0.1', 'n1', '', ''] for n in ['one'] + self.names]))
        return super().answer(request)


def test_names_that_differ_look_different_when_they_are_cut():
    with Alike(columns=60) as cluster:
        c = cluster.console
        c.wait_for('…')
        names = rows(c)
        assert len(set(names)) == 4, c.dump()


class Used(Cluster):
    """Two pods, of which one is measured."""
    usage = [('two', '750m', '64Mi')]


def rows(c):
    return [re.sub('^[▸ *]+', '', line).split()[0] for line in c.screen.lines()[3:-1] if line.strip()]


def test_rows_are_ordered_by_usage_in_place():
    with Used() as cluster:
        c = cluster.console
        assert rows(c) == ['one', 'two'], c.dump()
        c.send('>cpu<Enter>')
        c.wait_for('CPU↓')
        c.wait_for('750m')
        c.wait_for(lambda text: rows(c) == ['two', 'one'])
        assert c.screen.lines()[1].startswith(' pods'), c.dump()
        assert '1 not measured' in c.screen.lines()[1], c.dump()
        c.send('I')
        c.wait_for('CPU↑')
        assert rows(c) == ['two', 'one'], c.dump() # what is not known is last either way


def test_rows_are_chosen_by_usage_in_place():
    with Used() as cluster:
        c = cluster.console
        c.send('/cpu>500<Enter>')
        c.wait_for(re.compile('1 of 2.*1 not measured'))
        assert rows(c) == ['two'], c.dump()
        c.send('<Esc>/cpu < 500<Enter>')
        c.wait_for('0 of 2')       # the other one is not known to use less
        c.send('<Esc>/cpu > much')
        c.wait_for('"cpu" is a number')
        c.send('<Esc>:pods /memory>1M<Enter>')
        c.wait_for(re.compile('/memory>1M +1 of 2'))


def test_without_a_metrics_server_that_is_said():
    with Cluster() as cluster:
        c = cluster.console
        c.send('/cpu>500<Enter>')
        c.wait_for(re.compile('0 of 2 .*no metrics server'))


def test_of_two_kinds_with_one_name_the_one_looked_at_opens_and_the_other_is_offered():
    with Cluster() as cluster:
        c = cluster.console
        c.send(':services')
        c.wait_for(re.compile(r'▸ services +kubernetes'))
        c.wait_for(re.compile(r'  services +host'))
        c.send('<Enter>')
        c.wait_for(re.compile(r'^ pods.* services › here', re.M))
        c.send(':host/services<Enter>')
        c.wait_for(re.compile(r'services › (?!here)'))
        c.send(':services<Enter>') # where one looks at the machine's, those are meant
        c.wait_for(':kubernetes/services')


# --- several clusters ---

class WithADeadOne(Cluster):
    def __init__(self, **options):
        super().__init__(**options)
        with open(self.config) as file:
            text = json.load(file)
        text['clusters'].append({'name': 'd', 'cluster': {'server': 'http://127.0.0.1:1'}})
        text['contexts'].append({'name': 'dead', 'context': {'cluster': 'd', 'user': 'u', 'namespace': 'default'}})
        with open(self.config, 'w') as out:
            json.dump(text, out)

    def answer(self, request):
        return Answer(b'') if 'watch' in request.query else super().answer(request)


def test_one_table_of_several_clusters_says_whose_rows_and_what_failed():
    with WithADeadOne() as cluster:
        c = cluster.console
        c.send('x')
        c.wait_for('the 2 of them in one table')
        c.send('all<Enter>')
        c.wait_for(re.compile(r'ACCOUNT +NAME'))
        c.wait_for(re.compile(r'here +one'))
        c.wait_for('dead: 127.0.0.1:1: connection refused')


if __name__ == '__main__':
    run_tests(globals())
