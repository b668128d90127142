/* text_view.c - lines as they are written and read; how they are shown is in text_look.c. */
#include "tui/text/text_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/safe.h"
#include "tui/text/text_private.h"

enum { LINE_MAX_BYTES = 64 * 1024 };

void text_view_init(struct text_view *view, size_t max_bytes, int ring)
{
	*view = (struct text_view){ .max_bytes = max_bytes, .ring = ring };
	text_init(&view->line, LINE_MAX_BYTES);
}

void text_view_clear(struct text_view *view)
{
	for (size_t i = 0; i < view->count; i++)
		free(view->lines[view->first + i].text);
	view->first = view->count = view->bytes = view->dropped = 0;
	view->cut = 0;
	text_clear(&view->line);
	view->style = STYLE_TEXT;
}

void text_view_release(struct text_view *view)
{
	text_view_clear(view);
	free(view->lines);
	text_release(&view->line);
	view->lines = NULL;
}

/* --- writing --- */

void text_view_add_n(struct text_view *view, enum style style, const char *text, size_t length)
{
	if (style != view->style) {
		text_add_char(&view->line, SWITCH);
		text_add_char(&view->line, (char)(FIRST_LETTER + (int)style));
		view->style = style;
	}
	safe_add(&view->line, text, length);
}

void text_view_add(struct text_view *view, enum style style, const char *text)
{
	text_view_add_n(view, style, text, strlen(text));
}

void text_view_addf(struct text_view *view, enum style style, const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	text_view_add(view, style, text);
}

size_t text_plain_of(const char *text, size_t length, char *out, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < length && used + 1 < size; i++) {
		if (text[i] == SWITCH)
			i++;
		else
			out[used++] = text[i];
	}
	out[used] = 0;
	return used;
}

int text_columns_of(const char *text, size_t length)
{
	int columns = 0;

	for (size_t i = 0; i < length;) {
		unsigned codepoint;
		int used;

		if (text[i] == SWITCH) {
			i += 2;
			continue;
		}
		used = utf8_decode(text + i, length - i, &codepoint);
		columns += used ? utf8_width(codepoint) : 1;
		i += used ? (size_t)used : 1;
	}
	return columns;
}

int text_view_column(const struct text_view *view)
{
	return text_columns_of(view->line.data, view->line.length);
}

void text_view_pad(struct text_view *view, int column)
{
	int now = text_view_column(view);

	do
		text_view_add_n(view, STYLE_TEXT, " ", 1);
	while (++now < column);
}

static void drop_oldest(struct text_view *view)
{
	struct text_view_line *oldest = &view->lines[view->first];

	view->bytes -= oldest->length + sizeof(*oldest);
	free(oldest->text);
	view->first++;
	view->count--;
	view->dropped++;
	if (view->top)
		view->top--;
	if (view->cursor)
		view->cursor--;
	if (view->first > 1024 && view->first > view->count) {
		memmove(view->lines, view->lines + view->first, view->count * sizeof(*view->lines));
		view->first = 0;
	}
}

void text_view_end(struct text_view *view, int link)
{
	size_t cost = view->line.length + sizeof(struct text_view_line);

	while (view->ring && view->count && view->bytes + cost > view->max_bytes)
		drop_oldest(view);
	if (!view->ring && view->bytes + cost > view->max_bytes) {
		view->cut = 1;
	} else {
		view->lines = mem_grow(view->lines, view->first + view->count + 1, sizeof(*view->lines));
		view->lines[view->first + view->count++] = (struct text_view_line){
			.text = mem_text_n(view->line.data, view->line.length), .length = (unsigned)view->line.length, .link = link };
		view->bytes += cost;
	}
	text_clear(&view->line);
	view->style = STYLE_TEXT;
}

void text_view_line(struct text_view *view, enum style style, const char *text)
{
	text_view_add(view, style, text);
	text_view_end(view, -1);
}

static void add_blanks(struct text_view *view, int count)
{
	while (count-- > 0)
		text_view_add_n(view, STYLE_TEXT, " ", 1);
}

/* A word longer than a whole line is cut into lines: an identifier stays readable, nothing is lost. */
static int add_long_word(struct text_view *view, enum style style, int indent, int columns, int at, const char *word, size_t length, int link)
{
	for (size_t i = 0; i < length;) {
		unsigned codepoint;
		int used = utf8_decode(word + i, length - i, &codepoint), width = used ? utf8_width(codepoint) : 1;

		if (at + width > columns) {
			text_view_end(view, link);
			add_blanks(view, indent);
			at = indent;
		}
		text_view_add_n(view, style, word + i, used ? (size_t)used : 1);
		at += width;
		i += used ? (size_t)used : 1;
	}
	return at;
}

void text_view_words(struct text_view *view, enum style style, int indent, int columns, const char *text, int link)
{
	int at = text_columns_of(view->line.data, view->line.length), fresh = 1;

	if (columns < indent + 8)
		columns = indent + 8;
	while (*text) {
		size_t length = strcspn(text, " \n");
		int width = (int)utf8_columns(text, length);

		if (length && !fresh && at + 1 + width > columns) {
			text_view_end(view, link);
			add_blanks(view, indent);
			at = indent;
			fresh = 1;
		}
		if (length && !fresh) {
			text_view_add_n(view, style, " ", 1);
			at++;
		}
		if (length) {
			at = add_long_word(view, style, indent, columns, at, text, length, link);
			fresh = 0;
		}
		text += length;
		if (*text == '\n' && text[1]) {
			text_view_end(view, link);
			add_blanks(view, indent);
			at = indent;
			fresh = 1;
		}
		text += *text != 0;
	}
	text_view_end(view, link);
}

void text_view_field(struct text_view *view, const char *label, int label_columns, int columns, enum style style, const char *text)
{
	text_view_add(view, STYLE_DIM, label);
	text_view_pad(view, label_columns);
	text_view_words(view, style, label_columns, columns, text, -1);
}

/* --- YAML in colour --- */

static size_t key_length(const char *line, size_t length)
{
	size_t at = strspn(line, " -");

	if (at >= length || line[at] == '#')
		return 0;
	if (line[at] == '"') {
		const char *end = memchr(line + at + 1, '"', length - at - 1);

		at = end ? (size_t)(end - line) + 1 : length;
	}
	while (at < length && line[at] != ':' && line[at] != ' ')
		at++;
	return at < length && line[at] == ':' && (at + 1 == length || line[at + 1] == ' ') ? at : 0;
}

static void yaml_line(struct text_view *view, const char *line, size_t length)
{
	char copy[512];
	size_t blanks = 0, key;

	snprintf(copy, sizeof(copy), "%.*s", (int)(length < sizeof(copy) - 1 ? length : sizeof(copy) - 1), line);
	key = key_length(copy, strlen(copy));
	blanks = strspn(copy, " ");
	if (copy[blanks] == '#') {
		text_view_add_n(view, STYLE_DIM, line, length);
	} else {
		text_view_add_n(view, STYLE_ACCENT, line, key);
		text_view_add_n(view, STYLE_TEXT, line + key, length - key);
	}
	text_view_end(view, -1);
}

void text_view_yaml(struct text_view *view, const char *text, size_t length)
{
	while (length && !view->cut) {
		const char *end = memchr(text, '\n', length);
		size_t line = end ? (size_t)(end - text) : length;

		yaml_line(view, text, line);
		line += end != NULL;
		text += line;
		length -= line;
	}
}

/* --- reading --- */

const struct text_view_line *text_view_at(const struct text_view *view, size_t i)
{
	return i < view->count ? &view->lines[view->first + i] : NULL;
}

size_t text_view_plain(const struct text_view_line *line, char *out, size_t size)
{
	return text_plain_of(line->text, line->length, out, size);
}

int text_view_link(const struct text_view *view)
{
	const struct text_view_line *line = text_view_at(view, view->cursor);

	return line && view->with_cursor ? line->link : -1;
}

void text_view_dump(const struct text_view *view, struct text *out)
{
	char plain[PLAIN_MAX];

	if (view->dropped)
		text_format(out, "[%zu older lines were dropped]\n", view->dropped);
	for (size_t i = 0; i < view->count; i++) {
		text_view_plain(&view->lines[view->first + i], plain, sizeof(plain));
		text_format(out, "%s\n", plain);
	}
	if (view->cut)
		text_add(out, "[cut here]\n");
}
