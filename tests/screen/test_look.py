#!/usr/bin/env python3
"""What a person sees at a glance, in the simulated estate: columns that use the room there is and stay where they are, the first screen's lines,
the logs of what is marked."""
import os, re, shutil, sys, tempfile
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from screenpty import *
from fakecluster import Cluster


class Demo(Console):
    def __init__(self, *args, **options):
        self.tmp = tempfile.mkdtemp(prefix='demo-look-')
        super().__init__('demo', *args, env={'TMPDIR': self.tmp}, **options)
        self.wait_for('DEMO, simulated')
        self.wait_for(re.compile(r'● high +3 pods'))

    def close(self):
        super().close()
        shutil.rmtree(self.tmp, ignore_errors=True)

    def table(self, name, header):
        self.send(':' + name + '<Enter>')
        self.wait_for(re.compile(r'\b%s\b' % header))
        self.wait_for(re.compile(r' live'))

    def header(self):
        return self.screen.lines()[2]


# --- the top line ---

class Unverified(Cluster):
    how = {'insecure-skip-tls-verify': True}


def test_tls_that_is_not_verified_is_red():
    with Unverified() as cluster:
        c = cluster.console
        c.wait_for('INSECURE TLS')
        told, bar, link = (c.styles_of(text) for text in ('INSECURE TLS', 'pilothouse', 'link ok'))
        assert told != bar and link == bar, (told, bar, link)


# --- tables ---

def test_what_an_event_says_is_on_the_screen_and_the_newest_is_first():
    with Demo() as c:
        c.table('events', 'REASON')
        assert 'MESSAGE' in c.header(), c.dump()
        assert 'LAST↓' in c.header(), c.dump()


def test_room_that_is_left_shows_more_columns():
    with Demo(columns=120) as c:
        c.table('pods', 'RESTARTS')
        assert 'NODE' in c.header(), c.dump()


def test_columns_stay_where_they_are_while_a_filter_is_typed():
    with Demo() as c:
        c.table('pods', 'RESTARTS')
        before = c.header()
        c.send('/name ~ redis')
        c.wait_for(re.compile(r' \d+ of \d+ '))
        c.wait_for('postgres-', absent=True)
        assert c.header() == before, c.dump()


def test_what_is_left_out_is_counted_in_words_that_fit():
    with Demo() as c:
        c.table('pods', 'RESTARTS')
        c.send('w')
        c.wait_for(re.compile(r'\+\d+ columns? →'))
        assert '+1 columns' not in c.dump(), c.dump()


def test_a_narrow_half_keeps_name_and_state():
    with Demo() as c:
        c.table('pods', 'RESTARTS')
        c.send('v')
        c.wait_for(re.compile(r'NAME +STATUS'))


# --- what pods use, beside them ---

class Measured(Cluster):
    usage = [('one', '250m', '64Mi'), ('two', '1', '2Gi')]


def test_what_pods_use_stands_beside_them():
    with Measured(columns=110) as cluster:
        c = cluster.console
        c.wait_for(re.compile(r'CPU +MEMORY'))
        c.wait_for(re.compile(r'one .* 250m +64Mi'))
        c.wait_for(re.compile(r'two .* 1000m +2(\.0)?Gi'))
        c.send('S')
        c.send('memory<Enter>')
        c.wait_for('MEMORY↓')
        c.wait_for(re.compile(r'two .*\n.*one ', re.S))


def test_without_a_metrics_server_that_is_said_once():
    with Cluster(columns=110) as cluster:
        c = cluster.console
        c.wait_for('no metrics server')
        c.wait_for(re.compile(r'NODE +IP'))
        assert 'MEMORY' not in c.dump(), c.dump()


# --- the first screen ---

def test_a_change_is_read_to_its_end():
    with Demo() as c:
        c.wait_for(re.compile(r'payments/checkout +image v41 → v42 +by ci-bot +prod'))
        c.wait_for(re.compile(r'payments/checkout +image v41 → v42 +by ci-bot +stag'))
        c.wait_for(re.compile(r'payments/checkout +1 of 6 pods are not ready +prod'))


def test_several_with_one_cause_are_looked_into_by_their_worst():
    with Demo() as c:
        c.send('d')
        c.wait_for('3 pods of payments/checkout: Enter lists them')
        c.send('i')
        c.wait_for('co-pilot')
        c.wait_for(re.compile(r'› investigate pods checkout-'))
        c.wait_for(re.compile(r'1 +deployment_regression'))


# --- doing something ---

def test_an_approval_is_read_at_one_glance():
    with Demo() as c:
        c.table('pods', 'RESTARTS')
        c.send('/crash<Enter>')
        c.wait_for('/crash  ')
        c.wait_for(re.compile(r' 3 of \d+ '))
        c.send('s')
        c.wait_for('Type checkout-')
        assert 'more line' not in c.dump() and '(undo' not in c.dump() and '(cannot' not in c.dump(), c.dump()
        c.send('<Esc>')
        c.table('deployments', 'UP-TO-DATE')
        c.send('/checkout<Enter>')
        c.wait_for(re.compile(r' 1 of \d+ '))
        c.send('au')
        c.wait_for('0: the one before')
        c.wait_for('Enter go on')
        c.send('<Enter>')
        c.wait_for(re.compile(r'- …[\w.]*containers.0.image: registry.shop.example/checkout:v42 '))
        c.wait_for(re.compile(r'\+ …[\w.]*containers.0.image: registry.shop.example/checkout:v41 '))
        c.send('checkout<C-y>')
        c.wait_for('✓ done')
        c.wait_for(re.compile(r'Undo +forward again to revision 42: u shows it'))


def test_a_form_begins_with_what_is_there_now():
    with Demo() as c:
        c.table('deployments', 'UP-TO-DATE')
        c.send('/checkout<Enter>')
        c.wait_for(re.compile(r' 1 of \d+ '))
        c.send('s')
        c.wait_for(re.compile(r'replicas \* +6'))
        c.send('5<Enter>')  # it takes the place of what was offered
        c.wait_for('+ replicas: 5')
        c.wait_for(re.compile(r'Dry run +by the server: accepted'))
        c.wait_for(re.compile(r'Touches +runs it: \d+ pods, as checkout-'))
        assert 'more line' not in c.dump(), c.dump()
        c.send('checkout<C-y>')
        c.wait_for('✓ done')
        c.wait_for(re.compile(r'^ +replicas 5$', re.M))
        c.send('<Esc>H')
        c.wait_for(re.compile(r'\d\d:\d\d:\d\d +\w+ +run +done +payments/checkout, dep'))


# --- everything about one ---

def test_a_pod_says_how_its_containers_are_and_how_they_ended():
    with Demo(rows=50) as c:
        c.table('pods', 'RESTARTS')
        c.send('/name ~ checkout and restarts > 0<Enter>')
        c.wait_for(re.compile(r' 3 of \d+ '))
        c.send('d')
        c.wait_for(re.compile(r'^▸ checkout +(waiting: CrashLoopBackOff|ended: Error|running)', re.M))
        c.wait_for(re.compile(r'before that it ended .* ago: Error, exit 1'))
        c.wait_for(re.compile(r'image \S+/checkout:v42, \d+ restarts'))
        c.wait_for('limits memory 512Mi')


# --- going somewhere ---

def test_the_palette_offers_first_what_there_is_to_look_at():
    with Console() as c:
        c.wait_for(re.compile(r'cpu +\d+ %'))
        c.send(':')
        c.wait_for('go to')
        offered = [l for l in c.screen.lines() if re.search(r'│[▸ ] ?[a-z]', l)]
        assert len(offered) > 5 and all('kubernetes' not in l for l in offered), c.dump()


# --- the co-pilot ---

def test_a_finding_names_its_target_whole_and_a_colon_leads_away():
    with Demo() as c:
        c.send('c')
        c.wait_for('offline grammar')
        c.send('why is checkout crashing in prod<Enter>')
        c.wait_for(re.compile(r'1 +deployment_regression +0\.\d\d .*payments/checkout$', re.M))
        c.send(':')
        c.wait_for('go to')
        c.send('<Esc>')
        c.wait_for('go to', absent=True)
        c.send('a:b')
        c.wait_for('› a:b')


# --- logs ---

def test_the_logs_of_what_is_marked_are_merged():
    with Demo() as c:
        c.table('pods', 'RESTARTS')
        c.send('/name ~ checkout<Enter>')
        c.wait_for(re.compile(r' \d+ of \d+ '))
        c.send('  ')
        c.wait_for('2 marked')
        c.send('l')
        c.wait_for(re.compile(r'^ log of 2: payments/checkout', re.M))
        c.wait_for(lambda text: len(set(re.findall(r'^ ?(check\S+)', text, re.M))) == 2)


def test_what_a_menu_learns_while_one_chooses_leaves_the_cursor_where_it_is():
    with Console() as c:
        c.wait_for('Changed, last hour')
        c.settle()
        with open(os.path.join(ROOT, 'themes', 'mono.yaml')) as mono:
            text = mono.read()
        os.makedirs(os.path.join(c.home, 'themes'))
        with open(os.path.join(c.home, 'themes', 'a-new-one.yaml'), 'w') as out:
            out.write(text)
        c.send('T<End>')  # at once: the answer comes after both
        c.wait_for('a-new-one')
        c.settle()
        assert re.search('▸ *mono', c.dump()), c.dump()
        c.send('<Enter>')
        c.wait_for('Themes', absent=True)


def test_what_is_hinted_at_does_something_there():
    with Demo(columns=120) as c:
        c.wait_for('Changed, last hour')
        c.send(':approvals<Enter>')
        c.wait_for('no plan waits')
        assert 'deny' not in c.screen.lines()[-1] and 'Enter' not in c.screen.lines()[-1], c.dump()
        c.send(':runs<Enter>')
        c.wait_for('nothing has run yet')
        assert 'undo' not in c.screen.lines()[-1] and 'Enter' not in c.screen.lines()[-1], c.dump()
        c.send('?')
        c.wait_for('what comes next here')
        first = c.dump().split('what comes next here')[1]
        assert 'its log' not in first.split('ask the co-pilot')[0], c.dump()
        c.send('<Esc>:pods<Enter>')
        c.wait_for('live')
        c.wait_for('Enter open')
        c.send('d')
        c.wait_for('Depends on this')
        assert 'next match' not in c.screen.lines()[-1], c.dump()
        c.send('/Name<Enter>')
        c.wait_for('n next match')
        c.send('<Esc><Esc>c')
        c.wait_for('Enter ask')
        assert 'source' not in c.screen.lines()[-1], c.dump()
        c.send('why is checkout crashing in prod<Enter>')
        c.wait_for('Tab next source')


if __name__ == '__main__':
    run_tests(globals())
