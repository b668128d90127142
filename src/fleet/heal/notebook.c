/* Notebooks as code that can be edited: the code of their cells, each byte of which knows its place in the file's JSON. An edit becomes one of a string of
 * that JSON; white space, order and everything else of the file stay. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "fleet/heal/private.h"
#include "fleet/tree/source_private.h"

enum { NOTEBOOK_MAX = 4 << 20, DEPTH_MAX = 64 };

struct heal_notebook {
	const char *bytes;
	size_t length;
	char *code;
	size_t *at; /* of each byte of the code and of its end: where its character begins in the file; ends of cells stand behind their last string */
	size_t code_length, room;
	size_t end;      /* of the last string of code: its closing quote */
	size_t cursor;   /* of the reader */
	int failed, depth;
};

/* --- reading --- */

static int peek(struct heal_notebook *n)
{
	while (n->cursor < n->length && isspace((unsigned char)n->bytes[n->cursor]))
		n->cursor++;
	return n->cursor < n->length ? (unsigned char)n->bytes[n->cursor] : -1;
}

static int take(struct heal_notebook *n, char c)
{
	if (peek(n) != c)
		return 0;
	n->cursor++;
	return 1;
}

static void put(struct heal_notebook *n, const char *text, size_t length, size_t at)
{
	if (n->code_length + length + 1 >= n->room) {
		n->failed = 1;
		return;
	}
	for (size_t i = 0; i < length; i++) {
		n->code[n->code_length] = text[i];
		n->at[n->code_length++] = at;
	}
}

/* The character an escape stands for; how many bytes of the file it took. */
static size_t escaped(const char *from, size_t left, char out[4], size_t *length)
{
	static const char letters[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	const char *letter = left > 1 && from[1] ? strchr(letters, from[1]) : NULL;
	unsigned c = 0, low = 0;

	*length = 1;
	if (letter) {
		*out = means[letter - letters];
		return 2;
	}
	if (left < 6 || from[1] != 'u' || sscanf(from + 2, "%4x", &c) != 1)
		return 0;
	if (c >= 0xd800 && c < 0xdc00 && left >= 12 && from[6] == '\\' && from[7] == 'u' && sscanf(from + 8, "%4x", &low) == 1 && low >= 0xdc00 && low < 0xe000) {
		*length = source_utf8(0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00), out);
		return 12;
	}
	*length = source_utf8(c >= 0xd800 && c < 0xe000 ? 0xfffd : c, out);
	return 6;
}

/* A string; its text is added to the code when that is wanted. */
static void take_string(struct heal_notebook *n, int wanted)
{
	if (!take(n, '"')) {
		n->failed = 1;
		return;
	}
	while (!n->failed && n->cursor < n->length && n->bytes[n->cursor] != '"') {
		size_t used = 1, length = 1;
		char out[4] = { n->bytes[n->cursor] };

		if (n->bytes[n->cursor] == '\\')
			used = escaped(n->bytes + n->cursor, n->length - n->cursor, out, &length);
		if (wanted)
			put(n, out, length, n->cursor);
		n->failed = n->failed || !used;
		n->cursor += used;
	}
	if (!take(n, '"'))
		n->failed = 1;
}

static void skip_value(struct heal_notebook *n);

static void skip_list(struct heal_notebook *n, char close, int keys)
{
	n->cursor++;
	if (take(n, close))
		return;
	do {
		if (keys) {
			take_string(n, 0);
			n->failed = n->failed || !take(n, ':');
		}
		skip_value(n);
	} while (!n->failed && take(n, ','));
	n->failed = n->failed || !take(n, close);
}

static void skip_value(struct heal_notebook *n)
{
	int c = peek(n);

	if (n->failed || c < 0 || ++n->depth > DEPTH_MAX) {
		n->failed = 1;
		return;
	}
	if (c == '"')
		take_string(n, 0);
	else if (c == '{' || c == '[')
		skip_list(n, c == '{' ? '}' : ']', c == '{');
	else
		while (n->cursor < n->length && !strchr(",]} \t\r\n", n->bytes[n->cursor]))
			n->cursor++;
	n->depth--;
}

/* The key at the reader, and past its colon. 1: it is this one. */
static int take_key(struct heal_notebook *n, const char *key)
{
	size_t from, length = strlen(key);

	peek(n);
	from = n->cursor;
	take_string(n, 0);
	n->failed = n->failed || !take(n, ':');
	return !n->failed && from + length + 2 <= n->length && !strncmp(n->bytes + from + 1, key, length) && n->bytes[from + 1 + length] == '"';
}

/* "source": one string, or a list of them. The line that ends the cell is ours. */
static void take_source(struct heal_notebook *n)
{
	if (peek(n) == '[') {
		n->cursor++;
		if (take(n, ']'))
			return;
		do {
			peek(n);
			take_string(n, 1);
			n->end = n->cursor - 1;
		} while (!n->failed && take(n, ','));
		n->failed = n->failed || !take(n, ']');
	} else {
		take_string(n, 1);
		n->end = n->cursor - 1;
	}
	if (!n->failed && n->code_length && n->code[n->code_length - 1] != '\n')
		put(n, "\n", 1, n->end);
}

/* Where the value of a key of the object at the reader begins; 0: it has none. The reader is behind the object. */
static size_t find_key(struct heal_notebook *n, const char *key)
{
	size_t found = 0;

	if (peek(n) != '{') {
		skip_value(n);
		return 0;
	}
	n->cursor++;
	if (take(n, '}'))
		return 0;
	do {
		int is = take_key(n, key);

		peek(n);
		found = is ? n->cursor : found;
		skip_value(n);
	} while (!n->failed && take(n, ','));
	n->failed = n->failed || !take(n, '}');
	return n->failed ? 0 : found;
}

static void take_cell(struct heal_notebook *n)
{
	size_t begin, end, type, source;

	peek(n);
	begin = n->cursor;
	type = find_key(n, "cell_type");
	end = n->cursor;
	n->cursor = begin;
	source = find_key(n, "source");
	if (n->failed || !type || !source || strncmp(n->bytes + type, "\"code\"", 6))
		return;
	n->cursor = source;
	take_source(n);
	n->cursor = end;
}

/* %pip install, !ls and ?help are no Python: as blanks. */
static void blank_magic(struct heal_notebook *n)
{
	char *line = n->code, *end = n->code + n->code_length;

	while (line < end) {
		char *stop = memchr(line, '\n', (size_t)(end - line));
		char *first = line;

		stop = stop ? stop : end;
		while (first < stop && (*first == ' ' || *first == '\t'))
			first++;
		if (first < stop && strchr("%!?", *first))
			memset(line, ' ', (size_t)(stop - line));
		line = stop + 1;
	}
}

struct heal_notebook *notebook_map(struct arena *arena, const char *bytes, size_t length)
{
	struct heal_notebook *n = arena_alloc(arena, sizeof(*n));
	size_t cells;

	if (length > NOTEBOOK_MAX)
		return NULL;
	*n = (struct heal_notebook){ .bytes = bytes, .length = length, .room = length + 2 };
	n->code = arena_alloc(arena, n->room);
	n->at = arena_alloc(arena, n->room * sizeof(*n->at));
	n->cursor = length >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3) ? 3 : 0;
	cells = find_key(n, "cells");
	if (n->failed || !cells || bytes[cells] != '[')
		return NULL;
	n->cursor = cells + 1;
	if (!take(n, ']'))
		do
			take_cell(n);
		while (!n->failed && take(n, ','));
	if (n->failed || !n->code_length)
		return NULL;
	n->code[n->code_length] = 0;
	n->at[n->code_length] = n->end;
	blank_magic(n);
	return n;
}

const char *notebook_code(const struct heal_notebook *notebook, size_t *length)
{
	*length = notebook->code_length;
	return notebook->code;
}

/* --- places --- */

static size_t find(const struct heal_notebook *n, size_t offset)
{
	size_t low = 0, high = n->code_length;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (n->at[middle] < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int notebook_find(const struct heal_notebook *n, size_t offset, size_t length, size_t *at, size_t *end)
{
	size_t from = find(n, offset), to = length ? find(n, offset + length - 1) : from;

	if (from >= n->code_length || n->at[from] != offset || to >= n->code_length || n->at[to] > offset + length)
		return -1;
	while (length && to < n->code_length && n->at[to] < offset + length)
		to++;
	*at = from;
	*end = to;
	return 0;
}

/* --- edits --- */

static void add_escaped(struct text *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n')
			text_add(out, "\\n");
		else if (text[i] == '\t')
			text_add(out, "\\t");
		else if (text[i] == '"' || text[i] == '\\')
			text_format(out, "\\%c", text[i]);
		else
			text_add_char(out, text[i]);
	}
}

/* Whole lines put before the first character of a string of a list are strings of their own, laid out as that one is. */
static int as_strings(const struct heal_notebook *n, const char *text, size_t quote, struct text *out)
{
	size_t before = quote, length = strlen(text);

	while (before && isspace((unsigned char)n->bytes[before - 1]))
		before--;
	if (!length || text[length - 1] != '\n' || !before || (n->bytes[before - 1] != ',' && n->bytes[before - 1] != '['))
		return 0;
	while (*text) {
		size_t line = strcspn(text, "\n") + 1;

		text_add_char(out, '"');
		add_escaped(out, text, line);
		text_add(out, "\",");
		text_add_n(out, n->bytes + before, quote - before);
		text += line;
	}
	return 1;
}

static size_t end_of_character(const struct heal_notebook *n, size_t i)
{
	size_t at = n->at[i], length;
	char out[4];

	return at + (n->bytes[at] == '\\' ? escaped(n->bytes + at, n->length - at, out, &length) : 1);
}

void notebook_place(const struct heal_notebook *n, struct arena *arena, const struct heal_edit *edit, struct heal_edit *out)
{
	size_t from = n->at[edit->offset], to = edit->length ? end_of_character(n, edit->offset + edit->length - 1) : from;
	struct text text;

	*out = *edit;
	text_init(&text, NOTEBOOK_MAX);
	if (!edit->length && from && n->bytes[from - 1] == '"' && as_strings(n, edit->text, from - 1, &text))
		from--, to--;
	else
		add_escaped(&text, edit->text, strlen(edit->text));
	out->offset = from;
	out->length = to - from;
	out->text = arena_text(arena, text.data);
	text_release(&text);
}
