#include "tui/views/list_view.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"
#include "tui/pane.h"
#include "tui/screen/format.h"

enum { GAP = 2, MARGIN = 3, CELL_MAX = 2048, FILL_MIN = 12 };

void list_view_init(struct list_view *list, const struct list_column *columns, size_t count, const char *empty)
{
	*list = (struct list_view){ .columns = columns, .column_count = count, .empty = empty };
}

static void clear(struct list_view *list)
{
	for (size_t i = 0; i < list->row_count; i++) {
		free(list->rows[i].id);
		for (size_t c = 0; c < LIST_COLUMNS_MAX; c++)
			free(list->rows[i].cells[c]);
	}
	list->row_count = list->shown_count = 0;
	list->cut = 0;
}

void list_view_release(struct list_view *list)
{
	clear(list);
	free(list->rows);
	free(list->shown);
	free(list->under);
}

const struct list_row *list_view_at_cursor(const struct list_view *list)
{
	return list->cursor < list->shown_count ? &list->rows[list->shown[list->cursor]] : NULL;
}

/* --- rows --- */

void list_view_begin(struct list_view *list)
{
	const struct list_row *row = list_view_at_cursor(list);

	free(list->under);
	list->under = row && list->cursor ? mem_text(row->id) : NULL; /* at the top one stays at the top: what is new is seen */
	clear(list);
}

struct list_row *list_view_add(struct list_view *list, const char *id, size_t number)
{
	if (list->row_count == LIST_ROWS_MAX) {
		list->cut = 1;
		return NULL;
	}
	list->rows = mem_grow(list->rows, list->row_count + 1, sizeof(*list->rows));
	struct list_row *row = &list->rows[list->row_count++];

	*row = (struct list_row){ .id = mem_text(id), .number = number };
	return row;
}

void list_row_set(struct list_row *row, size_t column, enum style style, const char *text)
{
	char safe[CELL_MAX];

	if (!row)
		return;
	safe_copy(safe, sizeof(safe), text ? text : "", text ? strlen(text) : 0);
	free(row->cells[column]);
	row->cells[column] = mem_text(safe);
	row->styles[column] = style;
}

void list_row_setf(struct list_row *row, size_t column, enum style style, const char *format, ...)
{
	char text[CELL_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	list_row_set(row, column, style, text);
}

static const char *cell_of(const struct list_row *row, size_t column)
{
	return row->cells[column] ? row->cells[column] : "";
}

/* --- filter: every word must be in some cell; !word in none --- */

static int has(const char *text, const char *word, size_t length)
{
	for (; *text; text++)
		if (!strncasecmp(text, word, length))
			return 1;
	return 0;
}

static int any_has(const struct list_view *list, const struct list_row *row, const char *word, size_t length)
{
	for (size_t c = 0; c < list->column_count; c++)
		if (has(cell_of(row, c), word, length))
			return 1;
	return 0;
}

static int passes(const struct list_view *list, const struct list_row *row)
{
	const char *at = list->filter.text;

	while (*at) {
		size_t length;
		int not = 0;

		at += strspn(at, " ");
		not = *at == '!';
		at += not;
		length = strcspn(at, " ");
		if (length && any_has(list, row, at, length) == not)
			return 0;
		at += length;
	}
	return 1;
}

static void measure(struct list_view *list)
{
	for (size_t c = 0; c < list->column_count; c++) {
		int width = (int)utf8_columns(list->columns[c].name, strlen(list->columns[c].name));

		for (size_t i = 0; i < list->shown_count; i++) {
			const char *cell = cell_of(&list->rows[list->shown[i]], c);
			int columns = (int)utf8_columns(cell, strlen(cell));

			width = columns > width ? columns : width;
		}
		list->widths[c] = list->columns[c].max && width > list->columns[c].max ? list->columns[c].max : width;
	}
}

static void filter(struct list_view *list, const char *under)
{
	list->shown_count = 0;
	for (size_t i = 0; i < list->row_count; i++) {
		if (!passes(list, &list->rows[i]))
			continue;
		list->shown = mem_grow(list->shown, list->shown_count + 1, sizeof(*list->shown));
		if (under && !strcmp(list->rows[i].id, under))
			list->cursor = list->shown_count;
		list->shown[list->shown_count++] = i;
	}
	if (list->cursor >= list->shown_count)
		list->cursor = list->shown_count ? list->shown_count - 1 : 0;
	measure(list);
}

void list_view_end(struct list_view *list)
{
	filter(list, list->under);
}

/* --- drawing --- */

static int is_typing(const struct pane *pane)
{
	return pane->mode && !strcmp(pane->mode, "line");
}

struct layout {
	int widths[LIST_COLUMNS_MAX]; /* -1 left out */
};

/* How narrow it may be made; 0: it is not. */
static int least_of(const struct list_column *column)
{
	return column->least ? column->least : column->max ? 0 : FILL_MIN;
}

static int total_of(const struct list_view *list, const struct layout *layout, int least)
{
	int total = MARGIN - GAP;

	for (size_t c = 0; c < list->column_count; c++) {
		int to = least_of(&list->columns[c]);

		if (layout->widths[c] >= 0)
			total += GAP + (least && to && layout->widths[c] > to ? to : layout->widths[c]);
	}
	return total;
}

static int leave_one(const struct list_view *list, struct layout *layout)
{
	int which = -1;

	for (size_t c = 0; c < list->column_count; c++)
		if (layout->widths[c] >= 0 && list->columns[c].leave && (which < 0 || list->columns[c].leave > list->columns[which].leave))
			which = (int)c;
	if (which >= 0)
		layout->widths[which] = -1;
	return which >= 0;
}

static struct layout lay_out(const struct list_view *list, int columns)
{
	struct layout layout;
	int widest;

	memcpy(layout.widths, list->widths, sizeof(layout.widths));
	while (total_of(list, &layout, 1) > columns && leave_one(list, &layout))
		;
	while (total_of(list, &layout, 0) > columns) {
		widest = -1;
		for (size_t c = 0; c < list->column_count; c++)
			if (least_of(&list->columns[c]) && layout.widths[c] > least_of(&list->columns[c]) && (widest < 0 || layout.widths[c] > layout.widths[widest]))
				widest = (int)c;
		if (widest < 0)
			break;
		layout.widths[widest]--;
	}
	return layout;
}

static void draw_row(const struct list_view *list, const struct layout *layout, struct rect area, int y, size_t place)
{
	const struct list_row *row = &list->rows[list->shown[place]];
	int x = MARGIN, selected = place == list->cursor;

	screen_clear_line(area, y, 0);
	if (selected)
		screen_put(area, y, 1, STYLE_ACCENT, screen_glyph(GLYPH_CURSOR));
	for (size_t c = 0; c < list->column_count; c++) {
		const char *cell = cell_of(row, c);
		int width = layout->widths[c];
		enum style style = selected && row->styles[c] == STYLE_TEXT ? STYLE_SELECTED : row->styles[c];

		if (width < 0 || x >= area.columns)
			continue;
		if (x + width > area.columns)
			width = area.columns - x;
		if (list->columns[c].right)
			screen_put_right(area, y, x, width, style, cell, strlen(cell));
		else
			screen_put_n(area, y, x, width, style, cell, strlen(cell));
		x += width + GAP;
	}
}

static void draw_header(const struct list_view *list, const struct layout *layout, struct rect area)
{
	int x = MARGIN;

	screen_clear_line(area, 0, 0);
	for (size_t c = 0; c < list->column_count; c++) {
		const char *name = list->columns[c].name;
		int width = layout->widths[c];

		if (width < 0 || x >= area.columns)
			continue;
		if (x + width > area.columns)
			width = area.columns - x;
		if (list->columns[c].right)
			screen_put_right(area, 0, x, width, STYLE_HEADER, name, strlen(name));
		else
			screen_put_n(area, 0, x, width, STYLE_HEADER, name, strlen(name));
		x += width + GAP;
	}
}

static void draw_empty(const struct list_view *list, struct rect area)
{
	const char *text = list->row_count ? "nothing matches the filter" : list->empty ? list->empty : "";

	screen_put_n(area, 1, MARGIN, area.columns - MARGIN, STYLE_DIM, text, strlen(text));
}

static void keep_in_sight(struct list_view *list)
{
	size_t page = list->page > 0 ? (size_t)list->page : 1;

	if (list->cursor < list->top)
		list->top = list->cursor;
	if (list->cursor >= list->top + page)
		list->top = list->cursor - page + 1;
	if (list->top + page > list->shown_count)
		list->top = list->shown_count > page ? list->shown_count - page : 0;
}

void list_view_draw(struct list_view *list, struct pane *pane, struct rect area)
{
	int typing = is_typing(pane), rows = area.rows - typing;
	struct layout layout = lay_out(list, area.columns);

	list->page = rows - 1;
	keep_in_sight(list);
	draw_header(list, &layout, area);
	for (int y = 1; y < rows; y++) {
		size_t place = list->top + (size_t)y - 1;

		if (place < list->shown_count)
			draw_row(list, &layout, area, y, place);
		else
			screen_clear_line(area, y, 0);
	}
	if (!list->shown_count)
		draw_empty(list, area);
	if (!typing)
		return;
	screen_clear_line(area, rows, 0);
	screen_put(area, rows, 0, STYLE_KEY, "/");
	input_draw(&list->filter, area, rows, 1, area.columns - 2, STYLE_TEXT, 1, 0);
}

/* --- commands --- */

static void go(struct list_view *list, long place)
{
	long last = (long)list->shown_count - 1;

	list->cursor = (size_t)(place < 0 || last < 0 ? 0 : place > last ? last : place);
}

static int move(struct list_view *list, const char *name)
{
	long at = (long)list->cursor, page = list->page > 1 ? list->page - 1 : 1;
	const struct {
		const char *name;
		long to;
	} moves[] = { { "table.down", at + 1 }, { "table.up", at - 1 }, { "table.page_down", at + page }, { "table.page_up", at - page },
		{ "table.half_down", at + page / 2 }, { "table.half_up", at - page / 2 }, { "table.top", 0 },
		{ "table.bottom", (long)list->shown_count - 1 }, { "dialog.down", at + 1 }, { "dialog.up", at - 1 } };

	for (size_t i = 0; i < sizeof(moves) / sizeof(*moves); i++) {
		if (strcmp(moves[i].name, name) != 0)
			continue;
		go(list, moves[i].to);
		return 1;
	}
	return 0;
}

static int end_filter(struct list_view *list, struct pane *pane, const char *name)
{
	int keep = !strcmp(name, "dialog.accept");

	if (!keep && strcmp(name, "dialog.cancel") != 0)
		return 0;
	pane->mode = NULL;
	screen_cursor(screen_size(), -1, 0);
	if (!keep) {
		input_set(&list->filter, "");
		filter(list, NULL);
	}
	return 1;
}

int list_view_command(struct list_view *list, struct pane *pane, const struct command *command)
{
	int handled = move(list, command->name);

	if (is_typing(pane)) {
		handled |= end_filter(list, pane, command->name);
	} else if (!strcmp(command->name, "table.filter")) {
		pane->mode = "line";
		handled = 1;
	} else if (!strcmp(command->name, "global.back") && list->filter.length) {
		input_set(&list->filter, "");
		filter(list, NULL);
		handled = 1;
	}
	if (handled)
		pane->dirty |= 1;
	return handled;
}

int list_view_key(struct list_view *list, struct pane *pane, int key)
{
	int changed;

	if (!is_typing(pane) || !input_key(&list->filter, key, &changed))
		return 0;
	if (changed) {
		list->cursor = 0;
		filter(list, NULL);
	}
	pane->dirty |= 1;
	return 1;
}

enum { WHEEL_UP = 4, WHEEL_DOWN = 5, WHEEL_ROWS = 3 };

int list_view_mouse(struct list_view *list, struct pane *pane, int y, int button)
{
	size_t place = list->top + (size_t)(y > 0 ? y - 1 : 0);
	int again = 0;

	if (button == WHEEL_UP || button == WHEEL_DOWN) {
		go(list, (long)list->cursor + (button == WHEEL_UP ? -WHEEL_ROWS : WHEEL_ROWS));
	} else if (y > 0 && place < list->shown_count) {
		again = place == list->cursor && button == 1;
		list->cursor = place;
	}
	pane->dirty |= 1;
	return again;
}

void list_view_status(const struct list_view *list, char *out, size_t size)
{
	char shown[32], all[32];

	format_count(list->shown_count, shown, sizeof(shown));
	format_count(list->row_count, all, sizeof(all));
	if (list->filter.length)
		snprintf(out, size, "/%.40s  %s of %s%s", list->filter.text, shown, all, list->cut ? ", cut" : "");
	else
		snprintf(out, size, "%s%s", all, list->cut ? ", cut" : "");
}

void list_view_dump(const struct list_view *list, struct text *out)
{
	for (size_t i = 0; i <= list->shown_count; i++) {
		for (size_t c = 0; c < list->column_count; c++) {
			const char *cell = i ? cell_of(&list->rows[list->shown[i - 1]], c) : list->columns[c].name;
			int blanks = list->widths[c] - (int)utf8_columns(cell, strlen(cell));

			text_add(out, cell);
			for (int b = -GAP; c + 1 < list->column_count && b < blanks; b++)
				text_add_char(out, ' ');
		}
		text_add_char(out, '\n');
	}
}
