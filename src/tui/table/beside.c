/* beside.c - columns of another kind beside a table's own: what pods and nodes use, where the cluster measures it. They are looked up for
 * the rows that are drawn, so that the list itself costs nothing more; for all rows only where they are ordered or filtered by it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "estate/snapshot.h"
#include "estate/view.h"
#include "tui/console_private.h"
#include "tui/screen/format.h"
#include "tui/table/private.h"

static const enum column_role keys[] = { ROLE_ACCOUNT, ROLE_NAMESPACE, ROLE_NAME };
enum { KEYS = sizeof(keys) / sizeof(*keys) };

static size_t hash_of(const struct snapshot *snapshot, size_t row)
{
	size_t hash = 5381, length;

	for (int i = 0; i < KEYS; i++) {
		const char *text = snapshot_role(snapshot, row, keys[i], &length);

		for (size_t at = 0; at < length; at++)
			hash = hash * 33 + (unsigned char)text[at];
		hash = hash * 33 + '/';
	}
	return hash;
}

static int is_same(const struct snapshot *a, size_t row_a, const struct snapshot *b, size_t row_b)
{
	for (int i = 0; i < KEYS; i++) {
		size_t length_a, length_b;
		const char *text_a = snapshot_role(a, row_a, keys[i], &length_a), *text_b = snapshot_role(b, row_b, keys[i], &length_b);

		if (length_a != length_b || memcmp(text_a, text_b, length_a) != 0)
			return 0;
	}
	return 1;
}

static void index_rows(struct beside *beside)
{
	size_t count = snapshot_count(beside->snapshot);

	free(beside->rows);
	for (beside->room = 64; beside->room < 2 * count;)
		beside->room *= 2;
	beside->rows = mem_zero(beside->room, sizeof(*beside->rows));
	for (size_t row = 0; row < count; row++) {
		size_t at = hash_of(beside->snapshot, row) & (beside->room - 1);

		while (beside->rows[at])
			at = (at + 1) & (beside->room - 1);
		beside->rows[at] = (unsigned)row + 1;
	}
}

/* Of the other kind for this row of ours; -1 none. */
static long row_of(const struct beside *beside, const struct snapshot *own, size_t row)
{
	if (!beside->snapshot)
		return -1;
	for (size_t at = hash_of(own, row) & (beside->room - 1); beside->rows[at]; at = (at + 1) & (beside->room - 1))
		if (is_same(own, row, beside->snapshot, beside->rows[at] - 1))
			return (long)beside->rows[at] - 1;
	return -1;
}

size_t beside_cell(const struct table_pane *table, size_t row, int column, int64_t now_ns, char out[CELL_MAX], int64_t *age_step_ns)
{
	const struct beside *beside = &table->beside;
	const char *unknown = screen_glyph(GLYPH_DASH);
	long other = row_of(beside, view_snapshot(table->view), row);
	size_t length;

	*age_step_ns = 0;
	if (other < 0) {
		length = strlen(unknown);
		memcpy(out, unknown, length + 1);
		return length;
	}
	const char *cell = snapshot_cell(beside->snapshot, (size_t)other, beside->columns[column - BESIDE], &length);

	return format_cell(beside->heads[column - BESIDE].type, cell, length, now_ns, out, CELL_MAX, age_step_ns);
}

/* --- an order or a filter by it --- */

static void forget_rows(struct beside *beside)
{
	snapshot_unref(beside->of);
	free(beside->of_rows);
	beside->of = NULL;
	beside->of_rows = NULL;
	beside->unknown = 0;
}

/* Each row of ours is looked up once, for a snapshot of ours and one of the other kind. */
static void look_up_rows(struct beside *beside, const struct snapshot *own)
{
	size_t count = snapshot_count(own);

	forget_rows(beside);
	beside->of = snapshot_ref((struct snapshot *)(uintptr_t)own);
	beside->of_rows = mem_zero(count + 1, sizeof(*beside->of_rows));
	for (size_t row = 0; row < count; row++) {
		beside->of_rows[row] = (unsigned)(row_of(beside, own, row) + 1);
		beside->unknown += !beside->of_rows[row];
	}
}

static double number_of(void *arg, const struct snapshot *own, size_t row, size_t nth)
{
	struct beside *beside = &((struct table_pane *)arg)->beside;

	if (!beside->snapshot)
		return NAN;
	if (beside->of != own)
		look_up_rows(beside, own);
	return beside->of_rows[row] ? snapshot_number(beside->snapshot, beside->of_rows[row] - 1, beside->columns[nth]) : NAN;
}

int beside_is_used(const struct table_pane *table)
{
	for (int i = 0; i < table->beside.count; i++)
		if (view_uses_beside(table->view, (size_t)i))
			return 1;
	return 0;
}

void beside_status(const struct table_pane *table, char *out, size_t size)
{
	const struct beside *beside = &table->beside;
	char count[32];

	*out = 0;
	if (beside_failed(table) && *table->kind->beside.absent && (beside->wanted || beside_is_used(table))) {
		snprintf(out, size, "%.40s", table->kind->beside.absent);
	} else if (beside_is_used(table) && !beside->snapshot) {
		snprintf(out, size, "asking for %.20s", beside->heads[0].name);
	} else if (beside_is_used(table) && beside->unknown) {
		format_count(beside->unknown, count, sizeof(count));
		snprintf(out, size, "%s not measured", count);
	}
}

/* --- its rows --- */

void beside_open(struct table_pane *table)
{
	const struct kind_beside *wanted = &table->kind->beside;
	struct beside *beside = &table->beside;
	struct estate *estate = console_estate(table->pane.console);

	beside->kind = wanted->kind && estate ? kinds_find(estate_kinds(estate), wanted->kind) : NULL;
	beside->count = 0;
	for (size_t i = 0; beside->kind && i < wanted->count; i++) {
		int column = kind_column_find(beside->kind, wanted->columns[i].of);

		if (column < 0)
			continue;
		beside->columns[beside->count] = column;
		beside->heads[beside->count] = beside->kind->columns[column];
		beside->heads[beside->count++].name = wanted->columns[i].name;
	}
	view_set_beside(table->view,
		&(struct filter_beside){ .heads = beside->heads, .count = (size_t)beside->count, .number = number_of, .arg = table });
}

void beside_close(struct table_pane *table)
{
	struct beside *beside = &table->beside;

	if (beside->feed)
		estate_close(console_estate(table->pane.console), beside->feed);
	snapshot_unref(beside->snapshot);
	free(beside->rows);
	beside->snapshot = NULL;
	forget_rows(beside);
	view_beside_changed(table->view);
	beside->feed = NULL;
	beside->rows = NULL;
	beside->room = 0;
}

void beside_visible(struct table_pane *table, int visible)
{
	if (table->beside.feed)
		feed_set_visible(table->beside.feed, visible);
}

static void ask(struct table_pane *table)
{
	struct beside *beside = &table->beside;

	beside->feed = estate_open(console_estate(table->pane.console), beside->kind, &table->selection);
	feed_set_visible(beside->feed, table->is_visible);
	beside->version = feed_version(beside->feed) - 1;
}

int beside_recalc(struct table_pane *table)
{
	struct beside *beside = &table->beside;

	if ((beside->wanted || beside_is_used(table)) && !beside->feed && beside->kind && table->is_visible && table->has_rows) /* the rows themselves come first */
		ask(table);
	if (!beside->feed || beside->version == feed_version(beside->feed))
		return 0;
	beside->version = feed_version(beside->feed);
	struct snapshot *snapshot = feed_snapshot(beside->feed);

	table_changed(table);
	if (snapshot == beside->snapshot) {
		snapshot_unref(snapshot);
		return 1;
	}
	snapshot_unref(beside->snapshot);
	beside->snapshot = snapshot;
	index_rows(beside);
	forget_rows(beside);
	if (!beside_is_used(table))
		return 1;
	char *id = table->cursor ? table_id_under_cursor(table) : NULL;

	view_beside_changed(table->view);
	table_work_keeping(table, id);
	free(id);
	return 1;
}

int beside_failed(const struct table_pane *table)
{
	struct feed_status status = { 0 };

	if (!table->beside.feed)
		return 0;
	feed_status(table->beside.feed, &status);
	return *status.error != 0;
}
