/* Keys are taken out of the text once; then a natural merge sort: what is in order already is one run, and merging
 * a few runs is cheap. Cells that are no number come last in either direction. Equal rows keep the order they are listed in. */
#include "estate/sort.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "estate/filter.h"
#include "estate/filter_node.h"
#include "estate/snapshot.h"

enum { SLICE = 4096 };

struct item {
	uint64_t key; /* ordered as the value is; for text 8 bytes after what all have in common */
	unsigned row;
};

struct sort {
	const struct snapshot *snapshot;
	const struct filter_beside *beside;
	int column, descending, is_text;
	struct item *items, *spare;
	size_t count, placed, filled;
	char *first;                /* what all cells begin with, the first `common` bytes of it */
	size_t common;
	size_t *runs, *merged;      /* where each begins; count behind the last */
	size_t run_count, merged_count;
	size_t looked;              /* items looked at for runs */
	size_t pair, left, right, at; /* the merge under way */
	int merging;
};

/* --- keys --- */

/* Doubles as integers of the same order; NAN last. */
static uint64_t number_key(double number, int descending)
{
	uint64_t bits;

	if (isnan(number))
		return UINT64_MAX;
	if (number == 0)
		number = 0; /* -0 */
	memcpy(&bits, &number, sizeof(bits));
	bits = bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
	return descending ? ~bits - 1 : bits;
}

/* A cell ends at the byte that parts it from the next, which sorts before all others. */
static unsigned char folded_at(const char *cell, size_t i)
{
	unsigned char c = (unsigned char)cell[i];

	return c < 0x20 ? 0 : fold(c);
}

static uint64_t text_key(const char *cell)
{
	uint64_t key = 0;
	size_t i = 0;

	for (; i < 8 && (unsigned char)cell[i] >= 0x20; i++)
		key = key << 8 | fold((unsigned char)cell[i]);
	return i ? key << (8 - i) * 8 : 0;
}

static uint64_t key_of(const struct sort *sort, const struct item *item)
{
	uint64_t key;
	size_t length;

	if (sort->column >= COLUMN_BESIDE)
		return number_key(sort->beside->number(sort->beside->arg, sort->snapshot, item->row, (size_t)(sort->column - COLUMN_BESIDE)),
			sort->descending);
	if (!sort->is_text)
		return number_key(snapshot_number(sort->snapshot, item->row, sort->column),
			sort->descending);
	key = text_key(snapshot_cell(sort->snapshot, item->row, sort->column, &length) + sort->common);
	return sort->descending ? ~key : key;
}

/* Keys are equal, so either both cells ended within them or neither. */
static int compare_rest(const struct sort *sort, const struct item *a, const struct item *b)
{
	size_t i = 8, length;
	int difference;

	if (!((sort->descending ? ~a->key : a->key) & 0xff))
		return 0;
	const char *a_cell = snapshot_cell(sort->snapshot, a->row, sort->column, &length) + sort->common;
	const char *b_cell = snapshot_cell(sort->snapshot, b->row, sort->column, &length) + sort->common;

	while (!(difference = folded_at(a_cell, i) - folded_at(b_cell, i)) && folded_at(a_cell, i))
		i++;
	return sort->descending ? -difference : difference;
}

static int in_order(const struct sort *sort, const struct item *a, const struct item *b)
{
	int difference = 0;

	if (a->key != b->key)
		return a->key < b->key;
	if (sort->is_text)
		difference = compare_rest(sort, a, b);
	return difference ? difference < 0 : a->row <= b->row;
}

/* --- steps --- */

/* The order before, without rows that are no more, then rows that are new. */
static void begin_with(struct sort *sort, const unsigned *before, size_t before_count)
{
	uint64_t *seen = mem_zero(sort->count / 64 + 1, sizeof(*seen));
	size_t at = 0;

	for (size_t i = 0; before && i < before_count; i++) {
		unsigned row = before[i];

		if (row >= sort->count || (seen[row / 64] >> row % 64 & 1))
			continue;
		seen[row / 64] |= UINT64_C(1) << row % 64;
		sort->items[at++].row = row;
	}
	for (size_t row = 0; row < sort->count; row++)
		if (!(seen[row / 64] >> row % 64 & 1))
			sort->items[at++].row = (unsigned)row;
	free(seen);
}

struct sort *sort_new(const struct snapshot *snapshot, int column, int descending, const struct filter_beside *beside,
	const unsigned *before, size_t before_count)
{
	struct sort *sort = mem_zero(1, sizeof(*sort));

	sort->snapshot = snapshot;
	sort->beside = beside;
	sort->column = column;
	sort->descending = descending;
	sort->is_text = column < COLUMN_BESIDE && snapshot_kind(snapshot)->columns[column].type == COLUMN_TEXT;
	sort->count = snapshot_count(snapshot);
	sort->items = mem_alloc((sort->count + 1) * sizeof(*sort->items));
	begin_with(sort, before, before_count);
	return sort;
}

void sort_free(struct sort *sort)
{
	if (!sort)
		return;
	free(sort->first);
	free(sort->items);
	free(sort->spare);
	free(sort->runs);
	free(sort->merged);
	free(sort);
}

static int is_late(int64_t deadline_ns)
{
	return clock_monotonic_ns() >= deadline_ns;
}

static void look_at_cell(struct sort *sort, const struct item *item)
{
	size_t length, i = 0;
	const char *cell = snapshot_cell(sort->snapshot, item->row, sort->column, &length);

	if (item == sort->items) {
		sort->common = length;
		sort->first = mem_text_n(cell, length);
		return;
	}
	while (i < sort->common && i < length &&
		fold((unsigned char)cell[i]) == fold((unsigned char)sort->first[i]))
		i++;
	sort->common = i;
}

/* What all cells begin with: names that all begin with "workload-" differ only after it. */
static int work_cells(struct sort *sort, int64_t deadline_ns)
{
	while (sort->is_text && sort->placed < sort->count) {
		size_t end = sort->count - sort->placed > SLICE ? sort->placed + SLICE : sort->count;

		for (; sort->placed < end; sort->placed++)
			look_at_cell(sort, &sort->items[sort->placed]);
		if (sort->placed < sort->count && is_late(deadline_ns))
			return 0;
	}
	return 1;
}

static int work_keys(struct sort *sort, int64_t deadline_ns)
{
	while (sort->filled < sort->count) {
		size_t end = sort->count - sort->filled > SLICE ? sort->filled + SLICE : sort->count;

		for (; sort->filled < end; sort->filled++)
			sort->items[sort->filled].key = key_of(sort, &sort->items[sort->filled]);
		if (sort->filled < sort->count && is_late(deadline_ns))
			return 0;
	}
	return 1;
}

static void add_run(size_t **runs, size_t *count, size_t begin)
{
	*runs = mem_grow(*runs, *count + 1, sizeof(**runs));
	(*runs)[(*count)++] = begin;
}

static void reverse(struct item *items, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct item item = items[i];

		items[i] = items[count - 1 - i];
		items[count - 1 - i] = item;
	}
}

/* One run: as far as it goes up, or down and then turned round. Order is total, so turning keeps it right. */
static size_t take_run(struct sort *sort, size_t begin)
{
	struct item *items = sort->items;
	size_t end = begin + 1;

	if (end == sort->count)
		return end;
	if (in_order(sort, &items[begin], &items[end])) {
		while (end < sort->count && in_order(sort, &items[end - 1], &items[end]))
			end++;
	} else {
		while (end < sort->count && !in_order(sort, &items[end - 1], &items[end]))
			end++;
		reverse(items + begin, end - begin);
	}
	return end;
}

/* Short runs are brought to this length by insertion: fewer passes over everything. */
enum { RUN_LEAST = 16 };

static size_t lengthen(struct sort *sort, size_t begin, size_t end)
{
	struct item *items = sort->items;
	size_t least = begin + RUN_LEAST < sort->count ? begin + RUN_LEAST : sort->count;

	for (; end < least; end++) {
		struct item item = items[end];
		size_t at = end;

		while (at > begin && !in_order(sort, &items[at - 1], &item)) {
			items[at] = items[at - 1];
			at--;
		}
		items[at] = item;
	}
	return end;
}

static int work_runs(struct sort *sort, int64_t deadline_ns)
{
	size_t checked = sort->looked;

	while (sort->looked < sort->count) {
		add_run(&sort->runs, &sort->run_count, sort->looked);
		sort->looked = lengthen(sort, sort->looked, take_run(sort, sort->looked));
		if (sort->looked - checked >= SLICE) {
			checked = sort->looked;
			if (is_late(deadline_ns))
				return sort->looked == sort->count;
		}
	}
	return 1;
}

static size_t run_end(const struct sort *sort, size_t run)
{
	return run + 1 < sort->run_count ? sort->runs[run + 1] : sort->count;
}

/* Goes on with the pair of runs under way; 1 when it is merged into spare. */
static int merge_pair(struct sort *sort, int64_t deadline_ns)
{
	size_t left_end = run_end(sort, sort->pair);
	size_t right_end = sort->pair + 1 < sort->run_count ? run_end(sort, sort->pair + 1) : left_end;
	size_t left = sort->left, right = sort->right, at = sort->at;
	struct item *items = sort->items, *spare = sort->spare;

	while (left < left_end && right < right_end) {
		spare[at++] = in_order(sort, &items[left], &items[right]) ? items[left++]
									  : items[right++];
		if (at % SLICE == 0 && is_late(deadline_ns)) {
			sort->left = left;
			sort->right = right;
			sort->at = at;
			return 0;
		}
	}
	memcpy(spare + at, items + left, (left_end - left) * sizeof(*items));
	at += left_end - left;
	memcpy(spare + at, items + right, (right_end - right) * sizeof(*items));
	return 1;
}

static void begin_pair(struct sort *sort, size_t pair)
{
	sort->pair = pair;
	sort->merging = 1;
	sort->left = sort->at = sort->runs[pair];
	sort->right = run_end(sort, pair);
	add_run(&sort->merged, &sort->merged_count, sort->left);
}

static void end_pass(struct sort *sort)
{
	struct item *items = sort->items;
	size_t *runs = sort->runs;

	sort->items = sort->spare;
	sort->spare = items;
	sort->runs = sort->merged;
	sort->run_count = sort->merged_count;
	sort->merged = runs;
	sort->merged_count = 0;
	free(sort->merged);
	sort->merged = NULL;
	sort->pair = 0;
}

static int work_merge(struct sort *sort, int64_t deadline_ns)
{
	if (sort->run_count > 1 && !sort->spare)
		sort->spare = mem_alloc(sort->count * sizeof(*sort->spare));
	while (sort->run_count > 1) {
		while (sort->merging || sort->pair < sort->run_count) {
			if (!sort->merging)
				begin_pair(sort, sort->pair);
			if (!merge_pair(sort, deadline_ns))
				return 0;
			sort->merging = 0;
			sort->pair += 2;
			if (is_late(deadline_ns))
				return 0;
		}
		end_pass(sort);
	}
	return 1;
}

int sort_work(struct sort *sort, int64_t deadline_ns)
{
	return work_cells(sort, deadline_ns) && work_keys(sort, deadline_ns) &&
	       work_runs(sort, deadline_ns) &&
	       work_merge(sort, deadline_ns);
}

unsigned *sort_take(struct sort *sort)
{
	unsigned *rows = mem_alloc((sort->count + 1) * sizeof(*rows));

	for (size_t i = 0; i < sort->count; i++)
		rows[i] = sort->items[i].row;
	return rows;
}
