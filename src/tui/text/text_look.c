/* text_look.c - where in its lines a text view stands, what is searched there, how they are drawn, what keys do. */
#include <stdio.h>
#include <string.h>

#include "base/safe.h"
#include "tui/pane.h"
#include "tui/text/text_private.h"
#include "tui/text/text_view.h"

/* --- where the screen stands --- */

static int margin(const struct text_view *view)
{
	return view->with_cursor ? 2 : 1;
}

static int rows_of(const struct text_view *view, size_t i)
{
	const struct text_view_line *line = text_view_at(view, i);
	int width = view->columns - margin(view);

	if (!line || !view->wrap || width < 1)
		return 1;
	int columns = text_columns_of(line->text, line->length);

	return columns > width ? (columns + width - 1) / width : 1;
}

/* The place at which the last line stands at the bottom. */
static void end_place(const struct text_view *view, size_t *top, int *sub)
{
	int rows = 0;

	*top = *sub = 0;
	for (size_t i = view->count; i > 0; i--) {
		rows += rows_of(view, i - 1);
		if (rows < view->rows)
			continue;
		*top = i - 1;
		*sub = rows - view->rows;
		return;
	}
}

static void bound(struct text_view *view)
{
	size_t top;
	int sub;

	end_place(view, &top, &sub);
	if (view->follow || view->top > top || (view->top == top && view->sub > sub)) {
		view->top = top;
		view->sub = sub;
	}
	if (view->cursor >= view->count)
		view->cursor = view->count ? view->count - 1 : 0;
	if (view->sub >= rows_of(view, view->top))
		view->sub = rows_of(view, view->top) - 1;
}

void text_view_go(struct text_view *view, size_t line)
{
	enum { ABOVE = 5 };

	line = line < view->count ? line : view->count ? view->count - 1 : 0;
	view->top = line > ABOVE ? line - ABOVE : 0;
	view->sub = 0;
	view->cursor = line;
}

void text_view_to_end(struct text_view *view)
{
	end_place(view, &view->top, &view->sub);
	view->cursor = view->count ? view->count - 1 : 0;
}

static void scroll(struct text_view *view, long by)
{
	for (; by > 0; by--) {
		if (++view->sub < rows_of(view, view->top))
			continue;
		view->sub = 0;
		view->top++;
	}
	for (; by < 0 && (view->top || view->sub); by++) {
		if (view->sub-- > 0)
			continue;
		view->top--;
		view->sub = rows_of(view, view->top) - 1;
	}
	bound(view);
}

static void show_line(struct text_view *view, size_t i)
{
	if (i < view->top || view->wrap) {
		if (i < view->top || i >= view->top + (size_t)view->rows) {
			view->top = i;
			view->sub = 0;
		}
	} else if (i >= view->top + (size_t)view->rows) {
		view->top = i - (size_t)view->rows + 1;
	}
	bound(view);
}

static void move(struct text_view *view, long by)
{
	if (by < 0)
		view->follow = 0;
	if (!view->with_cursor) {
		scroll(view, by);
		return;
	}
	long at = (long)view->cursor + by;

	view->cursor = at < 0 ? 0 : (size_t)at;
	if (view->cursor >= view->count)
		view->cursor = view->count ? view->count - 1 : 0;
	show_line(view, view->cursor);
}

/* --- searching: letters as typed, either case --- */

static const char *find_in(const char *text, const char *pattern)
{
	size_t length = strlen(pattern);

	for (; *pattern && *text; text++)
		if (!strncasecmp(text, pattern, length))
			return text;
	return NULL;
}

static int matches(const struct text_view *view, size_t i)
{
	char plain[PLAIN_MAX];

	text_view_plain(&view->lines[view->first + i], plain, sizeof(plain));
	return find_in(plain, view->search.text) != NULL;
}

static size_t place_of(const struct text_view *view)
{
	return view->with_cursor ? view->cursor : view->top;
}

static void place_at_top(struct text_view *view, size_t i)
{
	view->follow = 0;
	view->top = view->cursor = i;
	view->sub = 0;
	bound(view);
}

static void go_match(struct text_view *view, long from, int by)
{
	view->missed = 0;
	if (!view->search.length)
		return;
	for (size_t tried = 0; tried < view->count; tried++, from += by) {
		size_t i = (size_t)((from % (long)view->count + (long)view->count) % (long)view->count);

		if (!matches(view, i))
			continue;
		place_at_top(view, i);
		return;
	}
	view->missed = 1;
}

static void mark_matches(const struct text_view *view, struct rect area, int y, const struct text_view_line *line, int from, int width)
{
	char plain[PLAIN_MAX];
	size_t pattern = view->search.length;

	text_view_plain(line, plain, sizeof(plain));
	for (const char *at = find_in(plain, view->search.text); at; at = find_in(at + pattern, view->search.text)) {
		int start = (int)utf8_columns(plain, (size_t)(at - plain)) - from, columns = (int)utf8_columns(at, pattern);

		if (start < 0) {
			columns += start;
			start = 0;
		}
		if (start + columns > width)
			columns = width - start;
		if (columns > 0)
			screen_restyle(area, y, margin(view) + start, columns, STYLE_MATCH);
	}
}

/* --- drawing --- */

struct piece {
	struct rect area;
	int y, x, start; /* x: column on the screen the run begins at */
	enum style style;
	const char *text;
	size_t length;
};

static void put_piece(struct piece *piece)
{
	if (piece->length && piece->x > piece->start)
		screen_put_n(piece->area, piece->y, piece->start, piece->x - piece->start, piece->style, piece->text, piece->length);
	piece->length = 0;
}

/* Columns from..from+width of a line. Returns 1 when more follows on the right. */
static int draw_line(struct rect area, int y, int x, const struct text_view_line *line, int from, int width)
{
	struct piece piece = { .area = area, .y = y, .x = x, .start = x, .style = STYLE_TEXT };
	int column = 0, more = 0;

	for (size_t i = 0; i < line->length && !more;) {
		unsigned codepoint;

		if (line->text[i] == SWITCH) {
			put_piece(&piece);
			piece.style = (enum style)(line->text[i + 1] - FIRST_LETTER);
			i += 2;
			continue;
		}
		int used = utf8_decode(line->text + i, line->length - i, &codepoint), wide = used ? utf8_width(codepoint) : 1;

		used = used ? used : 1;
		more = column + wide > from + width;
		if (column >= from && !more) {
			if (!piece.length) {
				piece.text = line->text + i;
				piece.start = piece.x;
			}
			piece.length += (size_t)used;
			piece.x += wide;
		}
		column += wide;
		i += (size_t)used;
	}
	put_piece(&piece);
	screen_clear_line(area, y, piece.x);
	return more;
}

static void draw_row(struct text_view *view, struct rect area, int y, size_t i, int sub)
{
	const struct text_view_line *line = text_view_at(view, i);
	int width = area.columns - margin(view), from = view->wrap ? sub * width : view->left;

	if (!line) {
		screen_clear_line(area, y, 0);
		return;
	}
	screen_put(area, y, 0, STYLE_ACCENT, view->with_cursor && i == view->cursor && !sub ? screen_glyph(GLYPH_CURSOR) : " ");
	if (view->with_cursor)
		screen_put(area, y, 1, STYLE_TEXT, " ");
	int more = draw_line(area, y, margin(view), line, from, width);

	if (view->search.length)
		mark_matches(view, area, y, line, from, width);
	if (more && !view->wrap)
		screen_put(area, y, area.columns - 1, STYLE_DIM, screen_glyph(GLYPH_ELLIPSIS));
}

static int is_typing(const struct pane *pane);

void text_view_draw(struct text_view *view, struct pane *pane, struct rect area)
{
	int typing = pane && is_typing(pane), rows = area.rows - typing;

	view->rows = rows;
	view->columns = area.columns;
	if (pane)
		pane->is_searched = view->search.length > 0;
	bound(view);
	size_t i = view->top;
	int sub = view->sub;

	for (int y = 0; y < rows; y++) {
		draw_row(view, area, y, i, sub);
		if (++sub >= rows_of(view, i)) {
			sub = 0;
			i++;
		}
	}
	if (!typing)
		return;
	screen_clear_line(area, rows, 0);
	screen_put(area, rows, 0, STYLE_KEY, "/");
	input_draw(&view->search, area, rows, 1, area.columns - 2, STYLE_TEXT, 1, 0);
}

/* --- commands --- */

static int is_typing(const struct pane *pane)
{
	return pane->mode && !strcmp(pane->mode, "line");
}

static void end_search(struct text_view *view, struct pane *pane, int keep)
{
	pane->mode = NULL;
	if (!keep)
		input_set(&view->search, "");
	screen_cursor(screen_size(), -1, 0);
}

static int move_by_name(struct text_view *view, const char *name)
{
	long page = view->rows > 1 ? view->rows - 1 : 1;
	const struct {
		const char *name;
		long by;
	} moves[] = { { "text.down", 1 }, { "text.up", -1 }, { "text.page_down", page }, { "text.page_up", -page }, { "text.half_down", page / 2 },
		{ "text.half_up", -page / 2 } };

	for (size_t i = 0; i < sizeof(moves) / sizeof(*moves); i++) {
		if (strcmp(moves[i].name, name) != 0)
			continue;
		move(view, moves[i].by);
		return 1;
	}
	if (!strcmp(name, "text.top"))
		place_at_top(view, 0);
	else if (!strcmp(name, "text.bottom"))
		text_view_to_end(view);
	else
		return 0;
	return 1;
}

static void toggle_wrap(struct text_view *view)
{
	view->wrap = !view->wrap;
	view->left = view->sub = 0;
}

static int look_by_name(struct text_view *view, struct pane *pane, const char *name)
{
	if (!strcmp(name, "text.search"))
		pane->mode = "line";
	else if (!strcmp(name, "text.next"))
		go_match(view, (long)place_of(view) + 1, 1);
	else if (!strcmp(name, "text.previous"))
		go_match(view, (long)place_of(view) - 1, -1);
	else if (!strcmp(name, "text.wrap"))
		toggle_wrap(view);
	else if (!strcmp(name, "text.right"))
		view->left += view->wrap ? 0 : view->columns / 2;
	else if (!strcmp(name, "text.left"))
		view->left = view->left > view->columns / 2 ? view->left - view->columns / 2 : 0;
	else if (!strcmp(name, "global.back") && view->search.length)
		input_set(&view->search, "");
	else
		return 0;
	return 1;
}

int text_view_command(struct text_view *view, struct pane *pane, const struct command *command)
{
	if (is_typing(pane)) {
		int keep = !strcmp(command->name, "dialog.accept");

		if (!keep && strcmp(command->name, "dialog.cancel") != 0)
			return 0;
		end_search(view, pane, keep);
	} else if (!move_by_name(view, command->name) && !look_by_name(view, pane, command->name)) {
		return 0;
	}
	pane->dirty |= 1;
	return 1;
}

int text_view_key(struct text_view *view, struct pane *pane, int key)
{
	int changed;

	if (!is_typing(pane) || !input_key(&view->search, key, &changed))
		return 0;
	if (changed)
		go_match(view, (long)place_of(view), 1);
	pane->dirty |= 1;
	return 1;
}

enum { WHEEL_UP = 4, WHEEL_DOWN = 5, WHEEL_ROWS = 3 };

void text_view_mouse(struct text_view *view, struct pane *pane, int y, int button)
{
	if (button == WHEEL_UP || button == WHEEL_DOWN) {
		move(view, button == WHEEL_UP ? -WHEEL_ROWS : WHEEL_ROWS);
	} else if (view->with_cursor && view->top + (size_t)y < view->count) {
		view->cursor = view->top + (size_t)y;
	}
	pane->dirty |= 1;
}

int text_view_pane_key(struct pane *pane, int key)
{
	return text_view_key(pane->text, pane, key);
}

void text_view_pane_mouse(struct pane *pane, struct rect area, int y, int x, int button)
{
	(void)area;
	(void)x;
	text_view_mouse(pane->text, pane, y, button);
}

void text_view_pane_dump(struct pane *pane, struct text *out)
{
	text_view_dump(pane->text, out);
}

void text_view_status(const struct text_view *view, char *out, size_t size)
{
	size_t last = view->top + (size_t)view->rows;
	int used = 0;

	*out = 0;
	if (view->search.length)
		used = snprintf(out, size, "/%.40s  %s", view->search.text, view->missed ? "no match  " : "");
	if (!view->rows) /* not drawn yet */
		return;
	if (view->top < view->count && (size_t)used < size)
		used += snprintf(out + used, size - (size_t)used, "%zu-%zu of %zu", view->top + 1, last < view->count ? last : view->count, view->count);
	if (view->cut && (size_t)used < size)
		snprintf(out + used, size - (size_t)used, "  cut");
}
