/* table_draw.c - only the cells that are seen, straight from the snapshot. */
#include <string.h>

#include "base/clock.h"
#include "base/safe.h"
#include "base/text.h"
#include "estate/snapshot.h"
#include "estate/view.h"
#include "tui/format.h"
#include "tui/table_private.h"

enum { SAMPLE_ROWS = 200, TEXT_ROWS = 10000, GAP = 2, MARGIN = 3, WIDTH_MAX = 60, NARROW_MIN = 10, DUMP_ROWS_MAX = 200000 };

size_t table_cell(const struct table_pane *table, size_t row, int column, int64_t now_ns, char out[CELL_MAX], int64_t *age_step_ns)
{
	size_t length;
	const char *cell = snapshot_cell(view_snapshot(table->view), row, column, &length);

	return format_cell(table->kind->columns[column].type, cell, length, now_ns, out, CELL_MAX, age_step_ns);
}

/* --- widths --- */

static int visible_columns(const struct table_pane *table)
{
	return (int)(table->kind->visible_count < COLUMNS_MAX ? table->kind->visible_count : COLUMNS_MAX);
}

static void widen(struct table_pane *table, size_t row, int64_t now_ns)
{
	char cell[CELL_MAX];
	int64_t step;

	for (int i = 0; i < visible_columns(table); i++) {
		int width = (int)utf8_columns(cell, table_cell(table, row, i, now_ns, cell, &step));

		if (width > WIDTH_MAX)
			width = WIDTH_MAX;
		if (width > table->widths[i])
			table->widths[i] = width;
	}
}

/* Of many rows only the text cells that have more bytes than their column has columns are worth a look. */
static void widen_text(struct table_pane *table, size_t row, int64_t now_ns)
{
	struct snapshot *snapshot = view_snapshot(table->view);
	size_t length;

	for (int i = 0; i < visible_columns(table); i++) {
		if (table->kind->columns[i].type != COLUMN_TEXT || table->widths[i] >= WIDTH_MAX)
			continue;
		snapshot_cell(snapshot, row, i, &length);
		if (length > (size_t)table->widths[i]) {
			widen(table, row, now_ns);
			return;
		}
	}
}

/* Headers, all kinds of cells of some rows, and the texts of many: a long name among thousands is not cut where there is room for it. */
void table_measure(struct table_pane *table)
{
	size_t count = view_count(table->view), step = count / SAMPLE_ROWS + 1, row;
	int64_t now = clock_now_ns();

	for (int i = 0; i < visible_columns(table); i++) {
		const struct kind_column *column = &table->kind->columns[i];
		int width = (int)utf8_columns(column->name, strlen(column->name));

		table->widths[i] = column->width > width ? column->width : width;
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

/* One namespace chosen: the column would say the same in every row. */
static int is_wanted(const struct table_pane *table, int column, int with_wide)
{
	const struct kind_column *row = &table->kind->columns[column];

	if (row->wide && !with_wide)
		return 0;
	if (row->role == ROLE_NAMESPACE && *table->namespace_ && strcmp(table->namespace_, "*") != 0)
		return 0;
	return 1;
}

static int total_width(const struct table_pane *table, int with_wide)
{
	int total = MARGIN;

	for (int i = 0; i < visible_columns(table); i++)
		if (is_wanted(table, i, with_wide))
			total += table->widths[i] + GAP;
	return total - GAP;
}

static void choose_columns(struct table_pane *table, int with_wide)
{
	int name = table->kind->role[ROLE_NAME], skipped = 0;

	table->shown_count = 0;
	for (int i = 0; i < visible_columns(table); i++) {
		if (!is_wanted(table, i, with_wide))
			continue;
		/* Moving to the right leaves the name where it is. */
		if (i != name && skipped < table->first_column) {
			skipped++;
			continue;
		}
		table->shown[table->shown_count++] = (struct shown_column){ .column = i, .width = table->widths[i] };
	}
	table->first_column = skipped;
}

static int shown_width(const struct table_pane *table)
{
	int total = MARGIN - GAP;

	for (int i = 0; i < table->shown_count; i++)
		total += table->shown[i].width + GAP;
	return total;
}

/* The widest text column gives way first, down to a width one can still tell names apart by. */
static int narrow_one(struct table_pane *table)
{
	struct shown_column *widest = NULL;

	for (int i = 0; i < table->shown_count; i++) {
		struct shown_column *shown = &table->shown[i];
		int header = (int)strlen(table->kind->columns[shown->column].name);
		int least = header > NARROW_MIN ? header : NARROW_MIN;

		if (is_right_aligned(table->kind->columns[shown->column].type) || shown->width <= 2 * least)
			continue;
		if (!widest || shown->width > widest->width)
			widest = shown;
	}
	if (widest)
		widest->width--;
	return widest != NULL;
}

static void lay_out(struct table_pane *table, int columns)
{
	int with_wide = table->wide || total_width(table, 1) <= columns, x = MARGIN;

	choose_columns(table, with_wide);
	while (shown_width(table) > columns && narrow_one(table))
		;
	table->cut_columns = 0;
	/* What still does not fit is left out from the right, and that is said; the last one may be cut when most of it fits. */
	while (table->shown_count > 1 && shown_width(table) > columns) {
		struct shown_column *last = &table->shown[table->shown_count - 1];
		int over = shown_width(table) - columns;

		if (!is_right_aligned(table->kind->columns[last->column].type) && last->width - over >= NARROW_MIN) {
			last->width -= over;
			break;
		}
		table->shown_count--;
		table->cut_columns++;
	}
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

/* --- drawing --- */

static void draw_header(const struct table_pane *table, struct rect area)
{
	int descending, sorted = view_sort_column(table->view, &descending);

	screen_clear_line(area, 0, 0);
	for (int i = 0; i < table->shown_count; i++) {
		const struct shown_column *shown = &table->shown[i];
		const struct kind_column *column = &table->kind->columns[shown->column];
		enum style style = shown->column == sorted ? STYLE_ACCENT : STYLE_HEADER;
		size_t length = strlen(column->name);

		if (is_right_aligned(column->type))
			screen_put_right(area, 0, shown->x, shown->width, style, column->name, length);
		else
			screen_put_n(area, 0, shown->x, shown->width, style, column->name, length);
		if (shown->column == sorted)
			screen_put(area, 0, shown->x + (is_right_aligned(column->type) ? shown->width : (int)utf8_columns(column->name, length)), STYLE_ACCENT,
				screen_glyph(descending ? GLYPH_DOWN : GLYPH_UP));
	}
}

struct row_look {
	enum style plain, name, state;
	int selected;
};

static struct row_look look_of(const struct table_pane *table, size_t row, int selected)
{
	struct snapshot *snapshot = view_snapshot(table->view);
	size_t length;
	const char *text = snapshot_role(snapshot, row, ROLE_SEVERITY, &length);
	char severity[16] = "";

	if (length && length < sizeof(severity))
		memcpy(severity, text, length);
	text = snapshot_role(snapshot, row, ROLE_ID, &length);
	int marked = marks_has(&table->marks, text, length);
	struct row_look look = { .state = style_of_severity(severity), .selected = selected };

	look.plain = marked ? STYLE_MARKED : STYLE_TEXT;
	look.name = table->kind->role[ROLE_STATE] < 0 && !marked ? look.state : look.plain;
	if (selected && screen_cursor_look() == CURSOR_NAME)
		look.name = STYLE_SELECTED;
	if (selected && screen_cursor_look() == CURSOR_BAR)
		look.plain = look.name = look.state = STYLE_SELECTED;
	return look;
}

static enum style style_of_cell(const struct table_pane *table, const struct row_look *look, int column)
{
	if (column == table->kind->role[ROLE_NAME])
		return look->name;
	return column == table->kind->role[ROLE_STATE] ? look->state : look->plain;
}

static void draw_row(struct table_pane *table, struct rect area, int y, size_t place, int64_t now_ns)
{
	int selected = place == table->cursor;
	char cell[CELL_MAX];
	size_t row;
	int64_t step;

	if (!table_row_at(table, place, &row)) {
		screen_clear_line(area, y, 0);
		return;
	}
	struct row_look look = look_of(table, row, selected);
	int bar = selected && screen_cursor_look() == CURSOR_BAR;

	if (bar)
		screen_put_n(area, y, 0, area.columns, STYLE_SELECTED, "", 0);
	else
		screen_clear_line(area, y, 0);
	if (selected)
		screen_put(area, y, 1, bar ? STYLE_SELECTED : STYLE_ACCENT, screen_glyph(GLYPH_CURSOR));
	else if (look.plain == STYLE_MARKED)
		screen_put(area, y, 1, STYLE_MARKED, "*");
	for (int i = 0; i < table->shown_count; i++) {
		const struct shown_column *shown = &table->shown[i];
		size_t length = table_cell(table, row, shown->column, now_ns, cell, &step);
		enum style style = style_of_cell(table, &look, shown->column);

		if (step && (!table->next_age_ns || step < table->next_age_ns))
			table->next_age_ns = step;
		if (is_right_aligned(table->kind->columns[shown->column].type))
			screen_put_right(area, y, shown->x, shown->width, style, cell, length);
		else if (style == STYLE_SELECTED && !bar && (int)utf8_columns(cell, length) < shown->width)
			screen_put(area, y, shown->x, style, cell); /* the name itself, not the blanks after it */
		else
			screen_put_n(area, y, shown->x, shown->width, style, cell, length);
	}
}

/* Broken at spaces, so that what to do next, which stands at its end, is on the screen. Returns the line below it. */
static int put_wrapped(struct rect area, int y, enum style style, const char *text)
{
	int room = area.columns - 2 * MARGIN;

	while (*text && y < area.rows && room > 0) {
		size_t length = strlen(text), fits = length;

		while (fits > 1 && (int)utf8_columns(text, fits) > room)
			fits--;
		if (fits < length)
			for (size_t at = fits; at > fits / 2; at--)
				if (text[at] == ' ') {
					fits = at;
					break;
				}
		screen_put_n(area, y++, MARGIN, room, style, text, fits);
		text += fits + (text[fits] == ' ');
	}
	return y;
}

static void draw_nothing(const struct table_pane *table, struct rect area)
{
	struct feed_status status = { 0 };

	if (table->feed)
		feed_status(table->feed, &status);
	if (*status.error) {
		int y = put_wrapped(area, 2, status.refused ? STYLE_WARNING : STYLE_CRITICAL, status.error);

		screen_put(area, y, MARGIN, STYLE_DIM,
			status.refused && table->kind->namespaced ? "n chooses a namespace, x another account; r tries again"
								  : "r tries again, x chooses another account");
	} else if (!table->has_rows || status.state == FEED_LOADING) {
		screen_put(area, 2, MARGIN, STYLE_DIM, "asking …");
	} else if (*view_filter(table->view)) {
		screen_put(area, 2, MARGIN, STYLE_DIM, "nothing matches the filter; Esc clears it");
	} else {
		screen_put(area, 2, MARGIN, STYLE_DIM, "there are none");
		put_wrapped(area, 3, STYLE_DIM, table->kind->empty);
	}
}

static void draw_filter_line(const struct table_pane *table, struct rect area)
{
	int y = area.rows - 1;

	screen_clear_line(area, y, 0);
	screen_put(area, y, 1, STYLE_ACCENT, "/");
	input_draw(&table->filter, area, y, 2, area.columns / 2, STYLE_TEXT, 1, 0);
	/* "filter, character 12: …": that it is of the filter is seen. */
	const char *problem = strncmp(table->filter_problem, "filter, ", 8) != 0 ? table->filter_problem : table->filter_problem + 8;

	screen_put(area, y, area.columns / 2 + 3, *problem ? STYLE_WARNING : STYLE_DIM, *problem ? problem : "words  !word  restarts > 5");
}

static void keep_cursor(struct table_pane *table)
{
	size_t count = view_count(table->view), page = table->page > 0 ? (size_t)table->page : 1;

	if (table->cursor >= count)
		table->cursor = count ? count - 1 : 0;
	if (table->cursor < table->top)
		table->top = table->cursor;
	if (table->cursor >= table->top + page)
		table->top = table->cursor - page + 1;
	if (table->top + page > count)
		table->top = count > page ? count - page : 0;
}

static void draw_all(struct table_pane *table, struct rect area, int64_t now_ns)
{
	table->next_age_ns = 0;
	draw_header(table, area);
	for (int y = 0; y < table->page; y++)
		draw_row(table, area, y + 1, table->top + (size_t)y, now_ns);
	if (!view_count(table->view))
		draw_nothing(table, area);
}

/* The rows between the old and the new place of the cursor keep their text; after a scroll only the new ones are drawn. */
static void draw_step(struct table_pane *table, struct rect area, int64_t now_ns)
{
	long by = (long)table->top - (long)table->drawn_top, old = (long)table->drawn_cursor - (long)table->top;
	int from = by > 0 ? table->page - (int)by : 0, to = by > 0 ? table->page : (int)-by;

	if (by)
		screen_scroll(area, 1, table->page, (int)by);
	for (int y = from; y < to; y++)
		draw_row(table, area, y + 1, table->top + (size_t)y, now_ns);
	if (old >= 0 && old < table->page)
		draw_row(table, area, (int)old + 1, table->top + (size_t)old, now_ns);
	draw_row(table, area, (int)(table->cursor - table->top) + 1, table->cursor, now_ns);
}

static int same_rect(struct rect a, struct rect b)
{
	return a.y == b.y && a.x == b.x && a.rows == b.rows && a.columns == b.columns;
}

static int can_step(const struct table_pane *table, struct rect area)
{
	long by = (long)table->top - (long)table->drawn_top;

	if (table->pane.dirty >= PANE_DIRTY_ALL || table->stamp != table->drawn_stamp || !same_rect(area, table->drawn_area))
		return 0;
	/* A half of a split screen cannot scroll by the terminal. */
	return !by || (area.columns == screen_size().columns && by < table->page / 2 && -by < table->page / 2);
}

void table_draw(struct pane *pane, struct rect area)
{
	struct table_pane *table = (struct table_pane *)pane;
	int typing = pane->mode != NULL;
	int64_t now = clock_now_ns();

	if (area.rows < 2)
		return;
	table->page = area.rows - 1 - typing;
	keep_cursor(table);
	if (!table->measured)
		table_measure(table);
	if (can_step(table, area)) {
		draw_step(table, area, now);
	} else {
		lay_out(table, area.columns);
		draw_all(table, area, now);
	}
	if (typing)
		draw_filter_line(table, area);
	table->drawn_area = area;
	table->drawn_top = table->top;
	table->drawn_cursor = table->cursor;
	table->drawn_stamp = table->stamp;
}

/* --- as text --- */

static void dump_cells(const struct table_pane *table, struct text *out, size_t row, int64_t now_ns, int is_header)
{
	char cell[CELL_MAX];
	int64_t step;

	for (int i = 0; i < visible_columns(table); i++) {
		const struct kind_column *column = &table->kind->columns[i];
		size_t length = is_header ? strlen(column->name) : table_cell(table, row, i, now_ns, cell, &step);
		const char *text = is_header ? column->name : cell;
		int pad = table->widths[i] - (int)utf8_columns(text, length), right = is_right_aligned(column->type);

		text_format(out, "%s%*s", i ? "  " : "", right && pad > 0 ? pad : 0, "");
		text_add_n(out, text, length);
		if (!right && i + 1 < visible_columns(table))
			text_format(out, "%*s", pad > 0 ? pad : 0, "");
	}
	text_add_char(out, '\n');
}

void table_dump(struct pane *pane, struct text *out)
{
	struct table_pane *table = (struct table_pane *)pane;
	size_t count = view_count(table->view), row;
	int64_t now = clock_now_ns();

	table_measure(table);
	dump_cells(table, out, 0, now, 1);
	for (size_t place = 0; place < count && place < DUMP_ROWS_MAX; place++)
		if (table_row_at(table, place, &row))
			dump_cells(table, out, row, now, 0);
	if (count > DUMP_ROWS_MAX)
		text_format(out, "… and %zu more\n", count - DUMP_ROWS_MAX);
}
