#!/usr/bin/env python3
"""score.py TRUTH.json FINDINGS.jsonl [-v] - recall and precision of a scan, by place: a report counts for the secret whose lines it touches.
A report that touches none is false; several for one secret count once."""
import collections, json, sys


def score(truth, found):
    by_path = collections.defaultdict(list)
    for row in truth['secrets']:
        by_path[row['path']].append(row)
    hit, false = set(), []
    for f in found:
        touched = [row for row in by_path[f['path']] if row['line'] <= f.get('end_line', f['line']) and f['line'] <= row['end_line']]
        also = f.get('also') or 0 # a line, or a place
        also = also['line'] if isinstance(also, dict) else also
        touched += [row for row in by_path[f['path']] if row['line'] <= also <= row['end_line']]
        hit.update(id(row) for row in touched)
        if not touched:
            false.append(f)
    missed = [row for row in truth['secrets'] if id(row) not in hit]
    places = {(f['path'], f['line']) for f in false}
    return {'recall': len(hit) / max(1, len(truth['secrets'])), 'precision': len(hit) / max(1, len(hit) + len(places)), 'missed': missed, 'false': false}


def false_kinds(truth, false):
    refused = {(row['path'], row['line']): row['kind'] for row in truth['negatives']}
    return collections.Counter(refused.get((f['path'], f['line']), 'elsewhere') for f in false)


if __name__ == '__main__':
    truth = json.load(open(sys.argv[1]))
    found = [json.loads(line) for line in open(sys.argv[2])]
    s = score(truth, found)
    print('recall %.4f precision %.4f' % (s['recall'], s['precision']))
    print('missed', dict(collections.Counter(row['kind'] for row in s['missed'])))
    print('false', dict(false_kinds(truth, s['false'])))
    if '-v' in sys.argv:
        for row in s['missed']:
            print('MISSED', row['kind'], row['path'], row['line'])
        for f in s['false']:
            print('FALSE', f['path'], f['line'], f.get('rule'), f.get('redacted'))
