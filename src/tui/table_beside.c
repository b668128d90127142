/* table_beside.c - columns of another kind beside a table's own: what pods and nodes use, where the cluster measures it. They are looked up for
 * the rows that are drawn, so that the list itself costs nothing more. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "estate/snapshot.h"
#include "estate/view.h"
#include "tui/console_private.h"
#include "tui/format.h"
#include "tui/table_private.h"

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
static long row_of(const struct table_pane *table, size_t row)
{
	const struct beside *beside = &table->beside;
	const struct snapshot *own = view_snapshot(table->view);

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
	long other = row_of(table, row);
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
}

void beside_close(struct table_pane *table)
{
	struct beside *beside = &table->beside;

	if (beside->feed)
		estate_close(console_estate(table->pane.console), beside->feed);
	snapshot_unref(beside->snapshot);
	free(beside->rows);
	*beside = (struct beside){ 0 };
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

	if (beside->wanted && !beside->feed && beside->kind && table->is_visible && table->has_rows) /* the rows themselves come first */
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
