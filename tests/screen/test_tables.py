#!/usr/bin/env python3
"""Tables of a cluster, as somebody uses them who knows k9s: Enter goes down, the log is one key away, back is where one was."""
import os, re, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from screenpty import *
from fakecluster import Cluster


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


if __name__ == '__main__':
    run_tests(globals())
