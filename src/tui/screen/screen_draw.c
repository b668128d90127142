/* screen_draw.c - putting harmless text into cells, clipped to a rect. */
#include <stdlib.h>
#include <string.h>
#include <limits.h>
#include <wchar.h>

#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"
#include "tui/screen/screen_private.h"

enum { CELLS_MAX = 1024, DUMP_MAX = 4 * 1024 * 1024, NAME_COLUMNS_MIN = 12 };

struct cells {
	cchar_t cell[CELLS_MAX]; /* an opaque type of curses; one a character, wide ones take two columns */
	int count, columns;
};

static cchar_t cell_of(enum style style, const wchar_t *characters)
{
	cchar_t cell;

	setcchar(&cell, characters, screen.attributes[style], 0, &screen.pairs[style]);
	return cell;
}

/* Marks of a sentence that have a form in ASCII; a letter has none and stands as "?". */
static wchar_t in_ascii(unsigned codepoint)
{
	static const struct {
		unsigned codepoint;
		wchar_t ascii;
	} rows[] = { { 0xb7, L'-' }, { 0xd7, L'x' }, { 0x2013, L'-' }, { 0x2014, L'-' }, { 0x2018, L'\'' }, { 0x2019, L'\'' }, { 0x201c, L'"' }, { 0x201d, L'"' },
		{ 0x2022, L'*' }, { 0x2026, L'~' }, { 0x203a, L'>' }, { 0x2192, L'>' } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].codepoint == codepoint)
			return rows[i].ascii;
	return L'?';
}

/* One character with the combining ones after it; returns bytes used, 0 when it has no room. */
static size_t add_character(struct cells *line, int room, enum style style, const char *text, size_t length)
{
	wchar_t characters[CCHARW_MAX + 1] = { L'?' };
	unsigned codepoint;
	int used = utf8_decode(text, length, &codepoint), width = used ? utf8_width(codepoint) : 1, count = 1;
	size_t at = (size_t)(used ? used : 1);

	if (width > room)
		return 0;
	if (!width) /* a combining character with nothing to stand on */
		return at;
	if (used && (screen.unicode || codepoint < 0x80))
		characters[0] = (wchar_t)codepoint;
	else if (used)
		characters[0] = in_ascii(codepoint);
	while (at < length && (text[at] & 0x80)) {
		used = utf8_decode(text + at, length - at, &codepoint);
		if (!used || utf8_width(codepoint))
			break;
		if (screen.unicode && safe_codepoint(codepoint) && count < CCHARW_MAX - 1)
			characters[count++] = (wchar_t)codepoint;
		at += (size_t)used;
	}
	/* In ASCII, and where curses thinks of another width than we do, a "?" for each column keeps the rest in its place. */
	if (wcwidth(characters[0]) != width) {
		for (int i = 0; i < width; i++)
			line->cell[line->count++] = cell_of(style, L"?");
	} else {
		line->cell[line->count++] = cell_of(style, characters);
	}
	line->columns += width;
	return at;
}

static int is_ascii(char c)
{
	return c >= 0x20 && c < 0x7f;
}

/* Fills line with at most columns; returns the bytes of text that found room. */
static size_t fill(struct cells *line, int columns, enum style style, const char *text, size_t length)
{
	cchar_t plain = cell_of(style, L"x");
	size_t at = 0;

	if (columns > CELLS_MAX)
		columns = CELLS_MAX;
	while (at < length && line->columns < columns) {
		if (is_ascii(text[at]) && (at + 1 == length || !(text[at + 1] & 0x80))) {
			plain.chars[0] = text[at++];
			line->cell[line->count++] = plain;
			line->columns++;
			continue;
		}
		size_t used = add_character(line, columns - line->columns, style, text + at, length - at);

		if (!used)
			break;
		at += used;
	}
	return at;
}

static void pad(struct cells *line, int columns, enum style style)
{
	cchar_t blank = cell_of(style, L" ");

	while (line->columns < columns && line->count < CELLS_MAX) {
		line->cell[line->count++] = blank;
		line->columns++;
	}
}

static void send(struct rect area, int y, int x, const struct cells *line)
{
	if (line->count)
		mvwadd_wchnstr(stdscr, area.y + y, area.x + x, line->cell, line->count);
	screen.drawn = 1;
}

/* How many columns remain at y, x; 0 outside. */
static int room_at(struct rect area, int y, int x)
{
	if (y < 0 || y >= area.rows || x < 0 || x >= area.columns || area.y + y >= LINES || area.x + x >= COLS)
		return 0;
	int room = area.columns - x, edge = COLS - area.x - x;

	return room < edge ? room : edge;
}

static struct cells line;

int screen_put(struct rect area, int y, int x, enum style style, const char *text)
{
	int room = room_at(area, y, x);

	if (!room)
		return 0;
	line.count = line.columns = 0;
	fill(&line, room, style, text, strlen(text));
	send(area, y, x, &line);
	return line.columns;
}

/* The end of text, at most columns wide, from the beginning of a character. */
static const char *tail_of(const char *text, size_t length, int columns)
{
	const char *end = text + length, *at = end;

	while (at > text) {
		const char *before = at - 1;

		while (before > text && (*before & 0xc0) == 0x80)
			before--;
		if ((int)utf8_columns(before, (size_t)(end - before)) > columns)
			break;
		at = before;
	}
	return at;
}

/* Where a word begins that goes on to the end of text and holds the place where it would be cut: a path, an id, the name of a pod. Such
 * words differ at their ends; sentences do not. NULL: no such word, or it begins too late to keep both of its ends. */
static const char *last_word(const char *text, size_t length, size_t cut, int columns)
{
	const char *word = text + cut;

	if (columns < NAME_COLUMNS_MIN || memchr(word, ' ', length - cut))
		return NULL;
	while (word > text && word[-1] != ' ')
		word--;
	return (int)utf8_columns(text, (size_t)(word - text)) <= columns / 2 ? word : NULL;
}

static int fill_around(int columns, enum style style, const char *text, size_t length, size_t cut)
{
	const char *word = last_word(text, length, cut, columns), *more = screen_glyph(GLYPH_ELLIPSIS);
	int before, room;

	if (!word)
		return 0;
	before = (int)utf8_columns(text, (size_t)(word - text));
	room = columns - before - 1;
	const char *tail = tail_of(word, length - (size_t)(word - text), room - room * 2 / 5);
	int tail_columns = (int)utf8_columns(tail, length - (size_t)(tail - text));

	line.count = line.columns = 0;
	fill(&line, columns - 1 - tail_columns, style, text, length);
	fill(&line, columns - tail_columns, style, more, strlen(more));
	fill(&line, columns, style, tail, length - (size_t)(tail - text));
	return 1;
}

/* Puts an ellipsis where something did not fit: at the end, or within the last word. */
static void fill_cut(int columns, enum style style, const char *text, size_t length)
{
	line.count = line.columns = 0;
	size_t fitted = fill(&line, columns, style, text, length);

	if (fitted == length || columns < 1 || fill_around(columns, style, text, length, fitted))
		return;
	line.count = line.columns = 0;
	fill(&line, columns - 1, style, text, length);
	pad(&line, columns - 1, style); /* a wide character may have left one */
	const char *more = screen_glyph(GLYPH_ELLIPSIS);

	fill(&line, columns, style, more, strlen(more));
}

int screen_put_n(struct rect area, int y, int x, int columns, enum style style, const char *text, size_t length)
{
	int room = room_at(area, y, x);

	if (columns > room)
		columns = room;
	if (columns < 1)
		return 0;
	fill_cut(columns, style, text, length);
	pad(&line, columns, style);
	send(area, y, x, &line);
	return columns;
}

int screen_put_right(struct rect area, int y, int x, int columns, enum style style, const char *text, size_t length)
{
	int room = room_at(area, y, x), used;

	if (columns > room)
		columns = room;
	if (columns < 1)
		return 0;
	used = (int)utf8_columns(text, length);
	line.count = line.columns = 0;
	if (used < columns)
		pad(&line, columns - used, style);
	int before = line.columns;

	if (used <= columns)
		fill(&line, columns, style, text, length);
	else
		fill_cut(columns, style, text, length);
	if (line.columns < before)
		pad(&line, columns, style);
	send(area, y, x, &line);
	return columns;
}

void screen_clear_line(struct rect area, int y, int from_x)
{
	int room = room_at(area, y, from_x);

	if (!room)
		return;
	if (area.x + from_x + room == COLS) {
		wmove(stdscr, area.y + y, area.x + from_x);
		wclrtoeol(stdscr);
		screen.drawn = 1;
		return;
	}
	line.count = line.columns = 0;
	pad(&line, room, STYLE_TEXT);
	send(area, y, from_x, &line);
}

void screen_clear(struct rect area)
{
	for (int y = 0; y < area.rows; y++)
		screen_clear_line(area, y, 0);
}

/* Only a hint: with whole lines curses may scroll by the terminal; else what is drawn next differs in many cells. */
void screen_scroll(struct rect area, int top, int rows, int by)
{
	if (area.x || area.columns < COLS || rows < 2 || area.y + top + rows > LINES)
		return;
	scrollok(stdscr, TRUE);
	wsetscrreg(stdscr, area.y + top, area.y + top + rows - 1);
	wscrl(stdscr, by);
	wsetscrreg(stdscr, 0, LINES - 1);
	scrollok(stdscr, FALSE);
	screen.drawn = 1;
}

void screen_restyle(struct rect area, int y, int x, int columns, enum style style)
{
	int room = room_at(area, y, x);

	if (columns > room)
		columns = room;
	if (columns < 1)
		return;
	mvwchgat(stdscr, area.y + y, area.x + x, columns, screen.attributes[style], 0, &screen.pairs[style]);
	screen.drawn = 1;
}

void screen_cursor(struct rect area, int y, int x)
{
	screen.cursor_y = y < 0 || !room_at(area, y, x) ? -1 : area.y + y;
	screen.cursor_x = area.x + x;
	screen.drawn = 1;
}

/* --- lines and frames --- */

enum { LINE_FLAT, LINE_TALL, LINE_TOP_LEFT, LINE_TOP_RIGHT, LINE_BOTTOM_LEFT, LINE_BOTTOM_RIGHT };

static const char *line_part(int part)
{
	static const char *const nice[] = { "─", "│", "┌", "┐", "└", "┘" };
	static const char *const ascii[] = { "-", "|", "+", "+", "+", "+" };

	return screen.unicode ? nice[part] : ascii[part];
}

void screen_hline(struct rect area, int y, int x, int columns, enum style style)
{
	int room = room_at(area, y, x);
	const char *part = line_part(LINE_FLAT);

	if (columns > room)
		columns = room;
	line.count = line.columns = 0;
	for (int i = 0; i < columns; i++)
		fill(&line, columns, style, part, strlen(part));
	send(area, y, x, &line);
}

void screen_frame(struct rect area, enum style style, const char *title)
{
	int right = area.columns - 1, bottom = area.rows - 1;

	if (right < 1 || bottom < 1)
		return;
	screen_hline(area, 0, 1, right - 1, style);
	screen_hline(area, bottom, 1, right - 1, style);
	for (int y = 1; y < bottom; y++) {
		screen_put(area, y, 0, style, line_part(LINE_TALL));
		screen_put(area, y, right, style, line_part(LINE_TALL));
	}
	screen_put(area, 0, 0, style, line_part(LINE_TOP_LEFT));
	screen_put(area, 0, right, style, line_part(LINE_TOP_RIGHT));
	screen_put(area, bottom, 0, style, line_part(LINE_BOTTOM_LEFT));
	screen_put(area, bottom, right, style, line_part(LINE_BOTTOM_RIGHT));
	if (title && *title && right > 6) {
		struct rect head = { .y = area.y, .x = area.x + 2, .rows = 1, .columns = right - 3 };
		int used = screen_put(head, 0, 0, style, " ");

		used += screen_put(head, 0, used, style, title);
		screen_put(head, 0, used, style, " ");
	}
}

/* --- as text --- */

static void dump_row(struct text *out, int y)
{
	size_t start = out->length;

	for (int x = 0; x < COLS;) {
		cchar_t cell;
		wchar_t characters[CCHARW_MAX + 1] = { 0 };
		attr_t attributes;
		short pair;
		char bytes[MB_LEN_MAX * (CCHARW_MAX + 1)];

		mvwin_wch(stdscr, y, x, &cell);
		getcchar(&cell, characters, &attributes, &pair, NULL);
		size_t length = wcstombs(bytes, characters, sizeof(bytes));

		text_add_n(out, length == (size_t)-1 ? "?" : bytes, length == (size_t)-1 ? 1 : length);
		int width = wcwidth(characters[0]);

		x += width > 1 ? width : 1;
	}
	while (out->length > start && out->data[out->length - 1] == ' ')
		out->data[--out->length] = 0;
	text_add_char(out, '\n');
}

char *screen_dump(void)
{
	struct text out;

	text_init(&out, DUMP_MAX);
	for (int y = 0; y < LINES; y++)
		dump_row(&out, y);
	return text_take(&out);
}

/* --- wrapped --- */

/* Bytes of the next line, without the blank it is broken at. */
static size_t fitting(const char *text, int columns)
{
	size_t length = strlen(text), fits = length;

	while (fits > 1 && (int)utf8_columns(text, fits) > columns)
		fits--;
	for (size_t at = fits; fits < length && at > fits / 2; at--)
		if (text[at] == ' ')
			return at;
	return fits;
}

int screen_wrapped_rows(int columns, const char *text)
{
	int rows = 0;

	for (; *text && columns > 0; rows++) {
		text += fitting(text, columns);
		text += *text == ' ';
	}
	return rows;
}

int screen_put_wrapped(struct rect area, int y, int x, enum style style, const char *text)
{
	int room = area.columns - 2 * x;

	while (*text && y < area.rows && room > 0) {
		size_t fits = fitting(text, room);

		screen_put_n(area, y++, x, room, style, text, fits);
		text += fits + (text[fits] == ' ');
	}
	return y;
}
