/* draw.c - only the cells that are seen, straight from the snapshot. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/safe.h"
#include "base/text.h"
#include "estate/snapshot.h"
#include "estate/view.h"
#include "tui/screen/format.h"
#include "tui/table/private.h"

enum { MARGIN = 3, DUMP_ROWS_MAX = 200000, NOTE_ROWS = 6 /* with fewer all of them are for the rows */ };

size_t table_cell(const struct table_pane *table, size_t row, int column, int64_t now_ns, char out[CELL_MAX], int64_t *age_step_ns)
{
	size_t length;

	if (column >= BESIDE)
		return beside_cell(table, row, column, now_ns, out, age_step_ns);
	const char *cell = snapshot_cell(view_snapshot(table->view), row, column, &length);

	return format_cell(table->kind->columns[column].type, cell, length, now_ns, out, CELL_MAX, age_step_ns);
}

/* --- drawing --- */

static void draw_header(const struct table_pane *table, struct rect area)
{
	int descending, sorted = table_sort_column(table, &descending);

	screen_clear_line(area, 0, 0);
	for (int i = 0; i < table->shown_count; i++) {
		const struct shown_column *shown = &table->shown[i];
		const struct kind_column *column = table_column(table, shown->column);
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

		length = table_cut_name(shown, cell, length);
		if (step && (!table->next_age_ns || step < table->next_age_ns))
			table->next_age_ns = step;
		if (is_right_aligned(table_column(table, shown->column)->type))
			screen_put_right(area, y, shown->x, shown->width, style, cell, length);
		else if (style == STYLE_SELECTED && !bar && (int)utf8_columns(cell, length) < shown->width)
			screen_put(area, y, shown->x, style, cell); /* the name itself, not the blanks after it */
		else
			screen_put_n(area, y, shown->x, shown->width, style, cell, length);
	}
}

static void draw_nothing(const struct table_pane *table, struct rect area)
{
	struct feed_status status = { 0 };

	if (table->feed)
		feed_status(table->feed, &status);
	if (*status.error) {
		int y = screen_put_wrapped(area, 2, MARGIN, status.refused || table->pane.context ? STYLE_WARNING : STYLE_CRITICAL, status.error);

		if (table->pane.context) /* its keys are its own, and the error says which */
			return;
		screen_put(area, y, MARGIN, STYLE_DIM,
			status.refused && table->kind->namespaced ? "n chooses a namespace, x another account; r tries again"
								  : "r tries again, x chooses another account");
	} else if (!table->has_rows || status.state == FEED_LOADING) {
		screen_put(area, 2, MARGIN, STYLE_DIM, "asking …");
	} else if (*view_filter(table->view)) {
		screen_put(area, 2, MARGIN, STYLE_DIM, "nothing matches the filter; Esc clears it");
	} else if (*table->base) {
		screen_put(area, 2, MARGIN, STYLE_DIM, "there are none any more; Esc goes back");
	} else {
		screen_put(area, 2, MARGIN, STYLE_DIM, "there are none");
		screen_put_wrapped(area, 3, MARGIN, STYLE_DIM, table->kind->empty);
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

/* Rows are there, and something failed all the same: a cluster of several, a namespace, or they are old. Which and why stands below them. */
static int find_note(const struct table_pane *table, struct feed_status *status)
{
	*status = (struct feed_status){ 0 };
	if (table->feed && view_count(table->view))
		feed_status(table->feed, status);
	return *status->error != 0;
}

/* "also prod-us and 2 more: ": who else failed, before what the first says. */
static void add_others(const struct table_pane *table, char *out, size_t size)
{
	struct json *errors = feed_errors(table->feed);
	size_t others = json_count(errors);

	if (others > 1 && others <= 2)
		snprintf(out, size, "also %.60s: ", json_text_or(json_get(json_item(errors, 1), "source"), ""));
	else if (others > 2)
		snprintf(out, size, "also %.60s and %zu more: ", json_text_or(json_get(json_item(errors, 1), "source"), ""), others - 2);
	json_free(errors);
}

static void draw_note(const struct table_pane *table, struct rect area, const struct feed_status *status)
{
	char also[128] = "", text[400];
	int y = area.rows - 1;

	add_others(table, also, sizeof(also));
	snprintf(text, sizeof(text), "%s%s", also, status->error);
	screen_clear_line(area, y, 0);
	screen_put_n(area, y, 1, area.columns - 2, status->refused ? STYLE_DIM : STYLE_WARNING, text, strlen(text));
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
	table_choose_cuts(table);
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

	if (table->pane.dirty >= PANE_DIRTY_ALL || table->page != table->drawn_page || table->stamp != table->drawn_stamp || !same_rect(area, table->drawn_area))
		return 0;
	/* A half of a split screen cannot scroll by the terminal. */
	return !by || (area.columns == screen_size().columns && by < table->page / 2 && -by < table->page / 2);
}

void table_draw(struct pane *pane, struct rect area)
{
	struct table_pane *table = (struct table_pane *)pane;
	struct feed_status status;
	int typing = pane->mode != NULL, note = !typing && area.rows > NOTE_ROWS && find_note(table, &status);
	int64_t now = clock_now_ns();

	if (area.rows < 2)
		return;
	table->page = area.rows - 1 - typing - note;
	keep_cursor(table);
	if (!table->measured)
		table_measure(table);
	/* After a scroll, unless what came looks like what stands there. */
	if (can_step(table, area) && (table->top == table->drawn_top || !table_choose_cuts(table))) {
		draw_step(table, area, now);
	} else {
		table_lay_out(table, area.columns);
		draw_all(table, area, now);
		if (note)
			draw_note(table, area, &status);
	}
	if (typing)
		draw_filter_line(table, area);
	table->drawn_area = area;
	table->drawn_page = table->page;
	table->drawn_top = table->top;
	table->drawn_cursor = table->cursor;
	table->drawn_stamp = table->stamp;
}

/* --- as text --- */

static void dump_cells(const struct table_pane *table, struct text *out, size_t row, int64_t now_ns, int is_header)
{
	char cell[CELL_MAX];
	int64_t step;
	int order[ALL_COLUMNS], count = table_order(table, order);

	for (int i = 0; i < count; i++) {
		const struct kind_column *column = table_column(table, order[i]);
		size_t length = is_header ? strlen(column->name) : table_cell(table, row, order[i], now_ns, cell, &step);
		const char *text = is_header ? column->name : cell;
		int pad = table->widths[order[i]] - (int)utf8_columns(text, length), right = is_right_aligned(column->type);

		text_format(out, "%s%*s", i ? "  " : "", right && pad > 0 ? pad : 0, "");
		text_add_n(out, text, length);
		if (!right && i + 1 < count)
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
