/* All rows are sorted once a snapshot and sort column; a filter then only says which of them are shown, so typing never
 * sorts again. */
#include "estate/view.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "estate/filter.h"
#include "estate/snapshot.h"
#include "estate/sort.h"

enum { SLICE_ROWS = 65536 };

enum phase { PHASE_DONE, PHASE_SORT, PHASE_FILTER, PHASE_ORDER };

struct shown { /* what view_count and view_at speak of */
	struct snapshot *snapshot;
	unsigned *rows; /* NULL: all in their order */
	size_t count;
};

struct view {
	struct shown shown;
	struct snapshot *snapshot; /* the one worked on; may be newer than what is shown */
	char *text;                /* of the filter */
	struct filter *filter;
	char *base_text;           /* of the one below it */
	struct filter *base;
	struct filter_beside beside; /* count 0 none */
	int column, descending;    /* -1: as listed */
	enum phase phase;
	unsigned *sorted;          /* all rows in order; NULL as listed */
	size_t sorted_count;
	struct sort *sort;         /* under way */
	unsigned *found;           /* rows the filter let through so far */
	size_t found_count, cursor;
	uint64_t *bits;            /* PHASE_ORDER: which rows were found */
};

struct view *view_new(void)
{
	struct view *view = mem_zero(1, sizeof(*view));

	view->column = -1;
	view->text = mem_text("");
	view->base_text = mem_text("");
	return view;
}

static void drop_work(struct view *view)
{
	sort_free(view->sort);
	view->sort = NULL;
	free(view->found);
	view->found = NULL;
	free(view->bits);
	view->bits = NULL;
	view->found_count = view->cursor = 0;
}

void view_free(struct view *view)
{
	if (!view)
		return;
	drop_work(view);
	filter_free(view->filter);
	filter_free(view->base);
	free(view->base_text);
	snapshot_unref(view->shown.snapshot);
	snapshot_unref(view->snapshot);
	free(view->shown.rows);
	free(view->sorted);
	free(view->text);
	free(view);
}

/* --- what is to be done --- */

static void begin_filter(struct view *view)
{
	drop_work(view);
	view->phase = PHASE_FILTER;
}

static void begin_sort(struct view *view)
{
	drop_work(view);
	view->phase = PHASE_SORT;
}

static void join(struct view *view)
{
	if (view->filter)
		filter_set_also(view->filter, view->base);
}

/* Names are bound to a kind and to what stands beside it. */
static void parse_again(struct view *view)
{
	filter_free(view->filter);
	filter_free(view->base);
	view->filter = filter_parse_beside(view->text, snapshot_kind(view->snapshot), &view->beside, NULL);
	view->base = filter_parse_beside(view->base_text, snapshot_kind(view->snapshot), &view->beside, NULL);
	join(view);
}

static const struct filter *whole(const struct view *view)
{
	return view->filter ? view->filter : view->base;
}

void view_set_snapshot(struct view *view, struct snapshot *snapshot)
{
	const struct kind *kind = view->snapshot ? snapshot_kind(view->snapshot) : NULL;

	if (snapshot == view->snapshot)
		return;
	snapshot_ref(snapshot);
	snapshot_unref(view->snapshot);
	view->snapshot = snapshot;
	if (snapshot_kind(snapshot) != kind)
		parse_again(view);
	begin_sort(view);
}

int view_set_filter(struct view *view, const char *text, struct error *err)
{
	struct error why = { 0 };
	struct filter *filter =
		filter_parse_beside(text, view->snapshot ? snapshot_kind(view->snapshot) : NULL, &view->beside, &why);

	if (why.code)
		return error_set(err, why.code, "%s", why.text);
	if (!strcmp(text, view->text)) {
		filter_free(filter);
		return 0;
	}
	filter_free(view->filter);
	view->filter = filter;
	join(view);
	free(view->text);
	view->text = mem_text(text);
	if (view->snapshot && view->phase != PHASE_SORT)
		begin_filter(view);
	return 0;
}

int view_set_base(struct view *view, const char *text, struct error *err)
{
	struct error why = { 0 };
	struct filter *base = filter_parse_beside(text, view->snapshot ? snapshot_kind(view->snapshot) : NULL, &view->beside, &why);

	if (why.code)
		return error_set(err, why.code, "%s", why.text);
	filter_free(view->base);
	view->base = base;
	join(view);
	free(view->base_text);
	view->base_text = mem_text(text);
	if (view->snapshot && view->phase != PHASE_SORT)
		begin_filter(view);
	return 0;
}

void view_set_sort(struct view *view, int column, int descending)
{
	if (column == view->column && !descending == !view->descending)
		return;
	view->column = column;
	view->descending = descending;
	free(view->sorted);
	view->sorted = NULL;
	view->sorted_count = 0;
	if (view->snapshot)
		begin_sort(view);
}

void view_set_beside(struct view *view, const struct filter_beside *beside)
{
	view->beside = beside ? *beside : (struct filter_beside){ 0 };
	if (!beside && view->column >= COLUMN_BESIDE)
		view_set_sort(view, -1, 0);
	if (!view->snapshot)
		return;
	parse_again(view);
	if (view->phase != PHASE_SORT)
		begin_filter(view);
}

int view_uses_beside(const struct view *view, size_t nth)
{
	return view->column == COLUMN_BESIDE + (int)nth || filter_uses_beside(view->filter, nth) || filter_uses_beside(view->base, nth);
}

void view_beside_changed(struct view *view)
{
	int is_filtered = 0;

	for (size_t i = 0; i < view->beside.count; i++)
		is_filtered |= filter_uses_beside(view->filter, i) || filter_uses_beside(view->base, i);
	if (view->snapshot && view->column >= COLUMN_BESIDE)
		begin_sort(view);
	else if (view->snapshot && is_filtered && view->phase != PHASE_SORT)
		begin_filter(view);
}

/* --- doing it --- */

/* Rows of the order before come first in the new one's input: rows seldom move, so little is left to sort. */
static int work_sort(struct view *view, int64_t deadline_ns)
{
	if (view->column < 0) {
		free(view->sorted);
		view->sorted = NULL;
	} else {
		if (!view->sort)
			view->sort = sort_new(view->snapshot, view->column, view->descending, &view->beside,
				view->sorted, view->sorted_count);
		if (!sort_work(view->sort, deadline_ns))
			return 0;
		free(view->sorted);
		view->sorted = sort_take(view->sort);
	}
	view->sorted_count = snapshot_count(view->snapshot);
	begin_filter(view);
	return 1;
}

static int work_filter(struct view *view, int64_t deadline_ns)
{
	if (!view->found)
		view->found = mem_alloc((snapshot_count(view->snapshot) + 1) * sizeof(*view->found));
	while (!filter_scan(whole(view), view->snapshot, &view->cursor, view->found, &view->found_count))
		if (clock_monotonic_ns() >= deadline_ns)
			return 0;
	view->phase = PHASE_ORDER;
	view->cursor = 0;
	return 1;
}

static void mark_found(struct view *view)
{
	view->bits = mem_zero(snapshot_count(view->snapshot) / 64 + 1, sizeof(*view->bits));
	for (size_t i = 0; i < view->found_count; i++)
		view->bits[view->found[i] / 64] |= UINT64_C(1) << view->found[i] % 64;
	view->found_count = 0;
}

/* Rows found come in the order of the text: brings them into the sorted one. */
static int work_order(struct view *view, int64_t deadline_ns)
{
	if (!view->sorted)
		return 1;
	if (!view->bits)
		mark_found(view);
	while (view->cursor < view->sorted_count) {
		size_t end = view->cursor + SLICE_ROWS;

		if (end > view->sorted_count)
			end = view->sorted_count;
		for (; view->cursor < end; view->cursor++) {
			unsigned row = view->sorted[view->cursor];

			if (view->bits[row / 64] >> row % 64 & 1)
				view->found[view->found_count++] = row;
		}
		if (clock_monotonic_ns() >= deadline_ns && end < view->sorted_count)
			return 0;
	}
	return 1;
}

static void show(struct view *view)
{
	free(view->shown.rows);
	if (view->shown.snapshot != view->snapshot) {
		snapshot_unref(view->shown.snapshot);
		view->shown.snapshot = snapshot_ref(view->snapshot);
	}
	view->shown.rows = mem_resize(view->found, (view->found_count + 1) * sizeof(*view->found));
	view->shown.count = view->found_count;
	view->found = NULL;
	view->phase = PHASE_DONE;
	drop_work(view);
}

/* Everything in its own order needs no list of numbers. */
static int show_all(struct view *view)
{
	if (whole(view) || view->sorted)
		return 0;
	view->found = mem_alloc(sizeof(*view->found));
	show(view);
	free(view->shown.rows);
	view->shown.rows = NULL;
	view->shown.count = snapshot_count(view->snapshot);
	return 1;
}

int view_work(struct view *view, int64_t budget_us)
{
	int64_t deadline_ns = clock_monotonic_ns() + budget_us * 1000;

	if (view->phase == PHASE_SORT && !work_sort(view, deadline_ns))
		return 0;
	if (view->phase == PHASE_FILTER && show_all(view))
		return 1;
	if (view->phase == PHASE_FILTER && !work_filter(view, deadline_ns))
		return 0;
	if (view->phase == PHASE_ORDER) {
		if (!work_order(view, deadline_ns))
			return 0;
		show(view);
	}
	return 1;
}

/* --- what is shown --- */

size_t view_count(const struct view *view)
{
	return view->shown.count;
}

size_t view_at(const struct view *view, size_t i)
{
	return view->shown.rows ? view->shown.rows[i] : i;
}

long view_find(const struct view *view, const char *id)
{
	long row = view->shown.snapshot ? snapshot_find(view->shown.snapshot, id) : -1;

	if (row < 0 || !view->shown.rows)
		return row;
	for (size_t i = 0; i < view->shown.count; i++)
		if (view->shown.rows[i] == (unsigned)row)
			return (long)i;
	return -1;
}

struct snapshot *view_snapshot(const struct view *view)
{
	return view->shown.snapshot;
}

const char *view_filter(const struct view *view)
{
	return view->text;
}

int view_sort_column(const struct view *view, int *descending)
{
	if (descending)
		*descending = view->descending;
	return view->column;
}
