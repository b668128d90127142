/* table_pane.c - any kind as a table: feed, view, cursor, marks, head line. */
#include "tui/table/table_pane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/clock.h"
#include "estate/snapshot.h"
#include "estate/view.h"
#include "tui/console_private.h"
#include "tui/screen/format.h"
#include "tui/screen/keys.h"
#include "tui/table/private.h"

enum { SLICE_US = 4000 }; /* of filtering and sorting, before the screen gets its turn */

static const struct pane_ops table_ops;

int table_is(const struct pane *pane)
{
	return pane && pane->ops == &table_ops;
}

struct table_pane *table_of(struct pane *pane)
{
	return (struct table_pane *)pane;
}

int table_row_at(const struct table_pane *table, size_t place, size_t *row)
{
	if (place >= view_count(table->view))
		return 0;
	*row = view_at(table->view, place);
	return 1;
}

/* More than the cursor moved: all rows are drawn again. */
void table_changed(struct table_pane *table)
{
	table->stamp++;
	table->pane.dirty |= 1;
}

char *table_id_under_cursor(const struct table_pane *table)
{
	size_t row;

	return table_row_at(table, table->cursor, &row) ? snapshot_role_text(view_snapshot(table->view), row, ROLE_ID) : NULL;
}

/* --- filtering and sorting in slices --- */

static void work(struct table_pane *table);

static void on_work(void *arg)
{
	struct table_pane *table = arg;

	table->work_timer = 0;
	work(table);
}

static void work(struct table_pane *table)
{
	int done = view_work(table->view, SLICE_US);

	table_changed(table);
	if (!done && !table->work_timer)
		table->work_timer = loop_add_timer(console_loop(table->pane.console), 0, on_work, table);
}

/* The cursor stays on its row through a new snapshot, filter or order. */
void table_work_keeping(struct table_pane *table, const char *id)
{
	work(table);
	long place = id ? view_find(table->view, id) : -1;

	if (place >= 0) {
		long shift = place - (long)table->cursor;

		/* And at its line of the screen, when rows came or went above it. */
		if (shift && (long)table->top + shift >= 0)
			table->top = (size_t)((long)table->top + shift);
		table->cursor = (size_t)place;
	}
}

static void take_snapshot(struct table_pane *table)
{
	struct snapshot *snapshot = feed_snapshot(table->feed);

	if (!snapshot)
		return;
	char *id = table->has_rows && table->cursor ? table_id_under_cursor(table) : NULL;

	view_set_snapshot(table->view, snapshot);
	snapshot_unref(snapshot);
	table_work_keeping(table, id);
	free(id);
	/* The first page of many is no measure of them all; later ones seldom change it. */
	if (!table->has_rows || view_count(table->view) < 1000 || view_count(table->view) >= 2 * table->measured)
		table->measured = 0;
	table->has_rows = 1;
}

static int recalc(struct pane *pane)
{
	struct table_pane *table = table_of(pane);
	unsigned version;

	if (!table->feed)
		return 0;
	int beside = beside_recalc(table);

	version = feed_version(table->feed);
	if (version == table->version)
		return beside;
	table->version = version;
	struct snapshot *had = view_snapshot(table->view), *now = feed_snapshot(table->feed);
	int same = now && now == had;

	snapshot_unref(now);
	if (!same)
		take_snapshot(table);
	table_changed(table);
	return 1;
}

/* --- feed --- */

static void open_feed(struct table_pane *table)
{
	struct estate *estate = console_estate(table->pane.console);

	if (!estate)
		return;
	table->feed = estate_open(estate, table->kind, &table->selection);
	feed_set_visible(table->feed, table->is_visible);
	table->version = feed_version(table->feed) - 1;
	beside_open(table);
	recalc(&table->pane);
}

static void close_feed(struct table_pane *table)
{
	if (table->feed)
		estate_close(console_estate(table->pane.console), table->feed);
	table->feed = NULL;
	beside_close(table);
}

static void set_visible(struct pane *pane, int visible)
{
	struct table_pane *table = table_of(pane);

	table->is_visible = visible;
	if (table->feed)
		feed_set_visible(table->feed, visible);
	beside_visible(table, visible);
	if (visible)
		recalc(pane);
}

static void close_table(struct pane *pane)
{
	struct table_pane *table = table_of(pane);

	if (table->work_timer)
		loop_remove_timer(console_loop(pane->console), table->work_timer);
	close_feed(table);
	view_free(table->view);
	marks_clear(&table->marks);
	free(table);
	screen_cursor(screen_size(), -1, 0);
}

static void set_selection(struct table_pane *table, const struct selection *selection)
{
	snprintf(table->account, sizeof(table->account), "%s", selection && selection->account ? selection->account : "");
	snprintf(table->namespace_, sizeof(table->namespace_), "%s", selection && selection->namespace_ ? selection->namespace_ : "");
	snprintf(table->labels, sizeof(table->labels), "%s", selection && selection->labels ? selection->labels : "");
	table->selection = (struct selection){ .since_ns = selection ? selection->since_ns : 0, .limit = selection ? selection->limit : 0 };
	table->selection.account = *table->account ? table->account : NULL;
	table->selection.namespace_ = *table->namespace_ ? table->namespace_ : NULL;
	table->selection.labels = *table->labels ? table->labels : NULL;
}

void table_pane_reopen(struct pane *pane, const char *account, const char *namespace_)
{
	struct table_pane *table = table_of(pane);

	if (!table_is(pane))
		return;
	if (account)
		snprintf(table->account, sizeof(table->account), "%s", account);
	if (namespace_)
		snprintf(table->namespace_, sizeof(table->namespace_), "%s", namespace_);
	table->selection.account = *table->account ? table->account : NULL;
	table->selection.namespace_ = *table->namespace_ ? table->namespace_ : NULL;
	close_feed(table);
	marks_clear(&table->marks);
	view_set_base(table->view, "", NULL); /* who chooses where to look leaves what it was opened for */
	*table->base = *table->about = 0;
	table->cursor = table->top = 0;
	table->has_rows = table->measured = 0;
	memset(table->widths, 0, sizeof(table->widths));
	open_feed(table);
	pane->dirty = 1;
}

/* --- what is under the cursor --- */

int table_target_at(const struct table_pane *table, size_t place, struct ref *ref)
{
	size_t row;

	if (!table_row_at(table, place, &row))
		return 0;
	char *id = snapshot_role_text(view_snapshot(table->view), row, ROLE_ID);
	int failed = !id || ref_parse(id, ref);

	free(id);
	return !failed;
}

static int target(struct pane *pane, struct ref *ref)
{
	return table_target_at(table_of(pane), table_of(pane)->cursor, ref);
}

static int offers(const struct pane *pane, const struct command *what)
{
	const struct table_pane *table = (const struct table_pane *)pane;

	return strcmp(what->name, "table.open") != 0 || view_count(table->view) > 0;
}

/* --- marks --- */

static void mark_at(struct table_pane *table, size_t place, int on)
{
	size_t row, length;

	if (!table_row_at(table, place, &row))
		return;
	const char *id = snapshot_role(view_snapshot(table->view), row, ROLE_ID, &length);

	marks_set(&table->marks, id, length, on < 0 ? !marks_has(&table->marks, id, length) : on);
	table_changed(table);
}

static void mark(struct table_pane *table)
{
	mark_at(table, table->cursor, -1);
	if (table->cursor + 1 < view_count(table->view))
		table->cursor++;
}

static void mark_all(struct table_pane *table)
{
	size_t count = view_count(table->view);
	int on = table->marks.count < count;

	marks_clear(&table->marks);
	for (size_t place = 0; on && place < count; place++)
		mark_at(table, place, 1);
	table_changed(table);
}

size_t table_pane_marked(struct pane *pane, struct ref **refs)
{
	struct table_pane *table = table_of(pane);
	size_t count = 0, row, length;

	*refs = NULL;
	if (!table_is(pane) || !table->marks.count)
		return 0;
	for (size_t place = 0; table_row_at(table, place, &row); place++) {
		const char *id = snapshot_role(view_snapshot(table->view), row, ROLE_ID, &length);

		if (!marks_has(&table->marks, id, length))
			continue;
		*refs = mem_grow(*refs, count + 1, sizeof(**refs));
		count += (size_t)table_target_at(table, place, *refs + count);
	}
	return count;
}

void table_pane_rows(struct pane *pane, size_t max, void (*on_row)(void *arg, const struct snapshot *snapshot, size_t row, int is_selected), void *arg)
{
	size_t row;

	if (!table_is(pane))
		return;
	for (size_t place = 0; place < max && table_row_at(table_of(pane), place, &row); place++)
		on_row(arg, view_snapshot(table_of(pane)->view), row, place == table_of(pane)->cursor);
	if (table_of(pane)->cursor >= max && table_row_at(table_of(pane), table_of(pane)->cursor, &row))
		on_row(arg, view_snapshot(table_of(pane)->view), row, 1);
}

/* --- moving --- */

static void go(struct table_pane *table, long place)
{
	long last = (long)view_count(table->view) - 1;

	table->cursor = (size_t)(place < 0 || last < 0 ? 0 : place > last ? last : place);
	table->pane.dirty |= 1;
}

static int move(struct table_pane *table, const char *command)
{
	long at = (long)table->cursor, page = table->page > 1 ? table->page - 1 : 1, end = (long)view_count(table->view) - 1;
	const struct {
		const char *name;
		long to;
	} moves[] = { { "table.down", at + 1 }, { "table.up", at - 1 }, { "table.page_down", at + page }, { "table.page_up", at - page },
		{ "table.half_down", at + page / 2 }, { "table.half_up", at - page / 2 }, { "table.top", 0 }, { "table.bottom", end } };

	for (size_t i = 0; i < sizeof(moves) / sizeof(*moves); i++) {
		if (strcmp(moves[i].name, command) != 0)
			continue;
		go(table, moves[i].to);
		return 1;
	}
	return 0;
}

/* Esc takes away what was put on, the latest first; the console closes the pane when there is nothing left. */
static int take_back(struct table_pane *table)
{
	if (table->marks.count) {
		marks_clear(&table->marks);
	} else if (table->filter.length) {
		input_set(&table->filter, "");
		table_apply_filter(table);
	} else {
		return 0;
	}
	table_changed(table);
	return 1;
}

static void shift_columns(struct table_pane *table, int by)
{
	int to = table->first_column + by;

	table->first_column = to < 0 ? 0 : to;
	table_changed(table);
}

static void toggle_wide(struct table_pane *table)
{
	table->wide = !table->wide;
	table_changed(table);
}

static void shift_left(struct table_pane *table)
{
	shift_columns(table, -1);
}

static void shift_right(struct table_pane *table)
{
	if (table->cut_columns)
		shift_columns(table, 1);
}

static void refresh(struct table_pane *table)
{
	if (table->feed)
		feed_refresh(table->feed);
	else
		open_feed(table);
	console_say(table->pane.console, STYLE_DIM, "asking again");
}

static const struct {
	const char *name;
	void (*run)(struct table_pane *table);
} rows_of_commands[] = {
	{ "global.refresh", refresh },
	{ "table.all_namespaces", table_toggle_namespaces },
	{ "table.filter", table_begin_filter },
	{ "table.left", shift_left },
	{ "table.links", table_choose_link },
	{ "table.mark", mark },
	{ "table.mark_all", mark_all },
	{ "table.open", table_open_row },
	{ "table.reverse", table_reverse },
	{ "table.right", shift_right },
	{ "table.sort", table_choose_sort },
	{ "table.wide", toggle_wide },
};

static int command(struct pane *pane, const struct command *what)
{
	struct table_pane *table = table_of(pane);

	if (pane->mode) {
		int keep = !strcmp(what->name, "dialog.accept");

		if (!keep && strcmp(what->name, "dialog.cancel") != 0)
			return move(table, !strcmp(what->name, "dialog.down") ? "table.down" : !strcmp(what->name, "dialog.up") ? "table.up" : "");
		table_end_filter(table, keep);
		return 1;
	}
	if (!strcmp(what->name, "global.back"))
		return take_back(table);
	if (move(table, what->name))
		return 1;
	for (size_t i = 0; i < sizeof(rows_of_commands) / sizeof(*rows_of_commands); i++) {
		if (strcmp(rows_of_commands[i].name, what->name) != 0)
			continue;
		rows_of_commands[i].run(table);
		return 1;
	}
	return 0;
}

enum { WHEEL_UP = 4, WHEEL_DOWN = 5, WHEEL_ROWS = 3 };

static void mouse(struct pane *pane, struct rect area, int y, int x, int button)
{
	struct table_pane *table = table_of(pane);
	size_t place = table->top + (size_t)(y > 0 ? y - 1 : 0);

	(void)area;
	if (button == WHEEL_UP || button == WHEEL_DOWN) {
		go(table, (long)table->cursor + (button == WHEEL_UP ? -WHEEL_ROWS : WHEEL_ROWS));
	} else if (y == 0) {
		int column = table_column_at(table, x);

		if (column >= 0)
			table_sort_by(table, column);
	} else if (place < view_count(table->view)) {
		int again = place == table->cursor && button == 1;

		go(table, (long)place);
		if (again) /* a click on the row that has the cursor opens it */
			table_open_row(table);
	}
}

static const struct pane_ops table_ops = {
	.name = "table",
	.context = "table",
	.close = close_table,
	.recalc = recalc,
	.draw = table_draw,
	.command = command,
	.key = table_typed,
	.mouse = mouse,
	.title = table_title,
	.status = table_status,
	.target = target,
	.offers = offers,
	.preview = console_preview_target,
	.next_change = table_next_change,
	.dump = table_dump,
	.visible = set_visible,
};

struct pane *table_pane_new(struct console *console, const struct kind *kind, const struct selection *selection, const char *filter)
{
	struct table_pane *table = mem_zero(1, sizeof(*table));

	table->pane = (struct pane){ .ops = &table_ops, .console = console };
	table->kind = kind;
	if (!strcmp(key_context_parent(kind->provider), "table"))
		table->pane.context = kind->provider;
	table->view = view_new();
	set_selection(table, selection);
	/* No rows yet, but the kind: a filter may name its columns. */
	struct snapshot *none = snapshot_new(kind);

	view_set_snapshot(table->view, none);
	snapshot_unref(none);
	beside_open(table);
	table_initial_sort(table);
	if (filter && *filter) {
		input_set(&table->filter, filter);
		table_apply_filter(table);
	}
	open_feed(table);
	return &table->pane;
}

struct pane *table_pane_within(struct console *console, const struct kind *kind, const struct selection *selection, const char *filter, const char *about)
{
	struct pane *pane = table_pane_new(console, kind, selection, NULL);
	struct table_pane *table = table_of(pane);
	struct error err = { 0 };

	snprintf(table->base, sizeof(table->base), "%s", filter ? filter : "");
	snprintf(table->about, sizeof(table->about), "%s", about ? about : "");
	if (view_set_base(table->view, table->base, &err))
		snprintf(table->filter_problem, sizeof(table->filter_problem), "%.199s", err.text);
	table_work_keeping(table, NULL);
	beside_recalc(table);
	return pane;
}
