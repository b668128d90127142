/* layout.c - which columns a table shows, and how wide: as wide as what stands in them, never narrower than they were, all of the
 * room used. */
#include <string.h>

#include "base/clock.h"
#include "base/safe.h"
#include "estate/snapshot.h"
#include "estate/view.h"
#include "tui/screen/format.h"
#include "tui/table/private.h"

enum { SAMPLE_ROWS = 200, TEXT_ROWS = 10000, GAP = 2, MARGIN = 3, WIDTH_MAX = 60, TEXT_WIDTH_MAX = 300, NARROW_MIN = 10, NAME_LEAST = 20,
	NAMESPACE_LEAST = 12, STATE_LEAST = 20, TEXT_LEAST = 20, BESIDE_LEAST = 7, AGE_LEAST = 5 };

/* --- widths --- */

int table_visible_columns(const struct table_pane *table)
{
	return (int)(table->kind->visible_count < COLUMNS_MAX ? table->kind->visible_count : COLUMNS_MAX);
}

int table_account_column(const struct table_pane *table)
{
	int column = table->kind->role[ROLE_ACCOUNT];

	return !strcmp(table->account, "*") && column >= table_visible_columns(table) && column < COLUMNS_MAX ? column : -1;
}

static void widen_one(struct table_pane *table, size_t row, int column, int64_t now_ns)
{
	char cell[CELL_MAX];
	int64_t step;
	int width = (int)utf8_columns(cell, table_cell(table, row, column, now_ns, cell, &step));

	if (width > TEXT_WIDTH_MAX)
		width = TEXT_WIDTH_MAX;
	if (width > table->widths[column])
		table->widths[column] = width;
}

static void widen(struct table_pane *table, size_t row, int64_t now_ns)
{
	for (int i = 0; i < table_visible_columns(table); i++)
		widen_one(table, row, i, now_ns);
	if (table_account_column(table) >= 0)
		widen_one(table, row, table_account_column(table), now_ns);
}

/* Of many rows only the text cells that have more bytes than their column has columns are worth a look. */
static void widen_text(struct table_pane *table, size_t row, int64_t now_ns)
{
	struct snapshot *snapshot = view_snapshot(table->view);
	size_t length;

	for (int i = 0; i < table_visible_columns(table); i++) {
		if (table->kind->columns[i].type != COLUMN_TEXT || table->widths[i] >= TEXT_WIDTH_MAX)
			continue;
		snapshot_cell(snapshot, row, i, &length);
		if (length > (size_t)table->widths[i]) {
			widen(table, row, now_ns);
			return;
		}
	}
}

/* Headers, all kinds of cells of some rows, and the texts of many: a long name among thousands is not cut where there is room for it. Widths
 * only grow: rows that come, go or are filtered away do not move the columns under the eye. But where something had to be cut for it, they are
 * those of the rows there are now; not while a filter is typed. */
void table_measure(struct table_pane *table)
{
	size_t count = view_count(table->view), step = count / SAMPLE_ROWS + 1, row;
	int64_t now = clock_now_ns();

	int order[ALL_COLUMNS], columns = table_order(table, order);

	if (table->is_tight && !table->pane.mode)
		memset(table->widths, 0, sizeof(table->widths));
	for (int i = 0; i < columns; i++) {
		const char *name = table_column(table, order[i])->name;
		int width = (int)utf8_columns(name, strlen(name));

		int least = order[i] >= BESIDE ? BESIDE_LEAST : table_column(table, order[i])->type == COLUMN_AGE ? AGE_LEAST : 0;

		if (width < least) /* its numbers come later; an age of four columns has five in a moment */
			width = least;
		if (width > table->widths[order[i]])
			table->widths[order[i]] = width;
	}
	for (size_t place = 0; place < count; place += step)
		if (table_row_at(table, place, &row))
			widen(table, row, now);
	step = count / TEXT_ROWS + 1;
	for (size_t place = 0; place < count; place += step)
		if (table_row_at(table, place, &row))
			widen_text(table, row, now);
	table->measured = count;
}

/* --- which ones --- */

const struct kind_column *table_column(const struct table_pane *table, int column)
{
	static const struct kind_column account = { .name = "ACCOUNT", .role = ROLE_ACCOUNT, .path = "" };

	if (column == table_account_column(table))
		return &account;
	return column >= BESIDE ? &table->beside.heads[column - BESIDE] : &table->kind->columns[column];
}

/* What stands beside comes after the last of the kind's own, before its wide ones. */
int table_order(const struct table_pane *table, int order[ALL_COLUMNS])
{
	int count = 0, last = -1;

	if (table_account_column(table) >= 0)
		order[count++] = table_account_column(table);
	for (int i = 0; i < table_visible_columns(table); i++)
		if (!table->kind->columns[i].wide)
			last = i;
	for (int i = 0; i < table_visible_columns(table); i++) {
		order[count++] = i;
		for (int beside = 0; i == last && beside < table->beside.count; beside++)
			order[count++] = BESIDE + beside;
	}
	return count;
}

static int is_wide(const struct table_pane *table, int column)
{
	return column >= BESIDE || table->kind->columns[column].wide;
}

/* One namespace chosen: the column would say the same in every row. */
static int is_told_above(const struct table_pane *table, int column)
{
	static const char one[] = "namespace == ";
	int is_one = (*table->namespace_ && strcmp(table->namespace_, "*") != 0) || (*table->about && !strncmp(table->base, one, sizeof(one) - 1));

	return is_one && column < BESIDE && table->kind->columns[column].role == ROLE_NAMESPACE;
}

enum fit { AS_SUGGESTED, AS_MEASURED }; /* what the kind suggests, so that numbers may grow in their place; without it when that is too much */

static int full_width(const struct table_pane *table, int column, enum fit fit)
{
	int suggested = fit == AS_SUGGESTED ? table_column(table, column)->width : 0;

	return table->widths[column] > suggested ? table->widths[column] : suggested;
}

/* A long message does not push the columns after it off the screen; it gets what they leave. */
static int width_of(const struct table_pane *table, int column, enum fit fit)
{
	int width = full_width(table, column, fit);

	return width < WIDTH_MAX ? width : WIDTH_MAX;
}

/* Rows stand in its order, or are chosen by it: it is seen. */
static int is_asked_for(const struct table_pane *table, int column)
{
	return column == table_sort_column(table, NULL) || (column >= BESIDE && view_uses_beside(table->view, (size_t)(column - BESIDE)));
}

/* Those of the kind, and as many of its wide ones, in their order, as there is room for when nothing is cut: is_wanted == 1 for those. */
static enum fit want(struct table_pane *table, const int *order, int count, int columns, char is_wanted[ALL_COLUMNS])
{
	int total = MARGIN - GAP;

	for (int i = 0; i < count; i++) {
		is_wanted[i] = !is_told_above(table, order[i]) && (table->wide || is_asked_for(table, order[i]) || !is_wide(table, order[i]));
		total += is_wanted[i] ? full_width(table, order[i], AS_SUGGESTED) + GAP : 0;
	}
	if (total > columns)
		return AS_MEASURED;
	for (int i = 0; i < count; i++) {
		int more = full_width(table, order[i], AS_SUGGESTED) + GAP;

		if (is_wanted[i] || is_told_above(table, order[i]) || total + more > columns)
			continue;
		table->beside.wanted |= order[i] >= BESIDE;
		if (order[i] >= BESIDE && beside_failed(table)) /* the status says so: the room is for others */
			continue;
		is_wanted[i] = 1;
		total += more;
	}
	return AS_SUGGESTED;
}

static void choose_columns(struct table_pane *table, int columns)
{
	int name = table->kind->role[ROLE_NAME], skipped = 0, order[ALL_COLUMNS], count = table_order(table, order);
	char is_wanted[ALL_COLUMNS];

	table->beside.wanted = 0;
	enum fit fit = want(table, order, count, columns, is_wanted);

	table->shown_count = 0;
	for (int i = 0; i < count; i++) {
		if (!is_wanted[i])
			continue;
		/* Moving to the right leaves the name where it is. */
		if (order[i] != name && skipped < table->first_column) {
			skipped++;
			continue;
		}
		table->beside.wanted |= order[i] >= BESIDE;
		table->shown[table->shown_count++] = (struct shown_column){ .column = order[i], .width = width_of(table, order[i], fit) };
	}
	table->first_column = skipped;
}

/* --- how wide --- */

static int shown_width(const struct table_pane *table)
{
	int total = MARGIN - GAP;

	for (int i = 0; i < table->shown_count; i++)
		total += table->shown[i].width + GAP;
	return total;
}

/* What one can still tell names apart by, and read a state in. */
static int least_width(const struct table_pane *table, const struct shown_column *shown)
{
	const struct kind_column *column = table_column(table, shown->column);
	int header = (int)strlen(column->name), least = header > TEXT_LEAST ? header : TEXT_LEAST;

	if (is_right_aligned(column->type))
		return shown->width;
	least = column->role == ROLE_NAMESPACE ? NAMESPACE_LEAST : column->role == ROLE_NAME ? NAME_LEAST : column->role == ROLE_STATE ? STATE_LEAST : least;
	return shown->width < least ? shown->width : least;
}

static int least_total(const struct table_pane *table)
{
	int total = MARGIN - GAP;

	for (int i = 0; i < table->shown_count; i++)
		total += least_width(table, &table->shown[i]) + GAP;
	return total;
}

/* From the right; what it is called and how it is stay longest. */
static int victim_of(const struct table_pane *table)
{
	for (int i = table->shown_count - 1; i > 0; i--) {
		int column = table->shown[i].column;

		if (column != table->kind->role[ROLE_NAME] && column != table->kind->role[ROLE_STATE] && !is_asked_for(table, column))
			return i;
	}
	return table->shown[0].column == table->kind->role[ROLE_NAMESPACE] ? 0 : table->shown_count - 1;
}

static void drop(struct table_pane *table, int victim)
{
	table->shown_count--;
	table->cut_columns++;
	memmove(table->shown + victim, table->shown + victim + 1, (size_t)(table->shown_count - victim) * sizeof(*table->shown));
}

/* What does not fit however narrow it is made is left out, and that is said; the last one may be cut when most of it fits. */
static void leave_out(struct table_pane *table, int columns)
{
	table->cut_columns = 0;
	while (table->shown_count > 1 && least_total(table) > columns) {
		struct shown_column *last = &table->shown[table->shown_count - 1];
		int left = least_width(table, last) - (least_total(table) - columns);

		if (!is_right_aligned(table_column(table, last->column)->type) && left >= NARROW_MIN) {
			last->width = left;
			break;
		}
		drop(table, victim_of(table));
	}
}

/* The widest text column gives way first. */
static int narrow_one(struct table_pane *table)
{
	struct shown_column *widest = NULL;

	for (int i = 0; i < table->shown_count; i++) {
		struct shown_column *shown = &table->shown[i];

		if (shown->width > least_width(table, shown) && (!widest || shown->width > widest->width))
			widest = shown;
	}
	if (widest)
		widest->width--;
	return widest != NULL;
}

/* Room that is left goes to texts that are cut, the first first. */
static void give_room(struct table_pane *table, int left)
{
	for (int i = 0; i < table->shown_count && left > 0; i++) {
		struct shown_column *shown = &table->shown[i];
		int more = table->widths[shown->column] - shown->width;

		more = more < left ? more : left;
		if (more > 0 && !is_right_aligned(table_column(table, shown->column)->type)) {
			shown->width += more;
			left -= more;
		}
	}
}

void table_lay_out(struct table_pane *table, int columns)
{
	int x = MARGIN;

	choose_columns(table, columns);
	table->is_tight = shown_width(table) > columns;
	leave_out(table, columns);
	while (shown_width(table) > columns && narrow_one(table))
		;
	give_room(table, columns - shown_width(table));
	for (int i = 0; i < table->shown_count; i++) {
		table->shown[i].x = x;
		x += table->shown[i].width + GAP;
	}
}

int table_column_at(const struct table_pane *table, int x)
{
	for (int i = 0; i < table->shown_count; i++)
		if (x >= table->shown[i].x && x < table->shown[i].x + table->shown[i].width + GAP)
			return table->shown[i].column;
	return -1;
}
