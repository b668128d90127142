#include "fleet/code/imports.h"

#include <ctype.h>
#include <string.h>

enum { NAMES_MAX = 4096 };

struct reader {
	imports_on on;
	const char *text_end;
	void *arg;
	int line;
	char open; /* Python: the quote of a string over several lines; JavaScript: '*' in a comment, '`' in a template */
	long typing_indent;    /* Python: of the `if TYPE_CHECKING:` the line is in; -1: none */
	const char *statement; /* JavaScript: the last `import` or `export` */
};

static int is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || (c & 0x80);
}

static size_t name_length(const char *at, const char *end)
{
	size_t length = 0;

	while (at + length < end && is_name(at[length]))
		length++;
	return length;
}

static const char *past_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\f'))
		at++;
	return at;
}

static int begins(const char *at, const char *end, const char *word)
{
	size_t length = strlen(word);

	return (size_t)(end - at) > length && !memcmp(at, word, length) && (at[length] == ' ' || at[length] == '\t');
}

/* --- Python --- */

/* Whether what stands after a module ends it: prose ("import openai is not needed") goes on with another word. */
static int ends_module(const char *at, const char *end)
{
	at = past_blanks(at, end);
	return at == end || *at == ',' || *at == '\r' || *at == '\\' || begins(at, end, "as");
}

/* `import a.b as c, d`: each of them. */
static void python_import(struct reader *reader, const char *at, const char *end)
{
	while ((at = past_blanks(at, end)) < end) {
		size_t length = name_length(at, end);
		const char *comma = memchr(at, ',', (size_t)(end - at));

		if (!length || !ends_module(at + length, end))
			return;
		reader->on(reader->arg, at, length, "", 0, reader->line);
		if (!comma)
			return;
		at = comma + 1;
	}
}

/* `from module import a, b` and `from module import (a,` with the rest on the lines below. */
static void python_from(struct reader *reader, const char *at, const char *end)
{
	const char *module = past_blanks(at, end), *stop = end;
	size_t length = name_length(module, end);
	const char *word = past_blanks(module + length, end);

	if (!length || end - word < 7 || memcmp(word, "import", 6) || is_name(word[6]))
		return;
	word = past_blanks(word + 6, end);
	if (word < end && *word == '(') {
		size_t most = (size_t)(reader->text_end - word);

		stop = memchr(word, ')', most < NAMES_MAX ? most : NAMES_MAX);
		stop = stop ? stop : end;
	}
	reader->on(reader->arg, module, length, word, (size_t)(stop - word), reader->line);
}

/* The end of the statement at a place: a `;`, or the `:` of what may have its body on the same line, or a comment, none of them in a string. open, in and
 * out: the quote of a string that goes on after the line. */
static const char *python_statement(const char *at, const char *end, char *open)
{
	for (char single = 0; at < end; at++) {
		if (*at == '\\' && (*open || single)) {
			at++;
			continue;
		}
		int triple = end - at >= 3 && (*at == '"' || *at == '\'') && at[1] == *at && at[2] == *at;

		if (*open) {
			if (triple && *at == *open)
				*open = 0, at += 2;
		} else if (single) {
			single = *at == single ? 0 : single;
		} else if (triple) {
			*open = *at, at += 2;
		} else if (*at == '"' || *at == '\'') {
			single = *at;
		} else if (*at == '#' || *at == ';' || *at == ':') {
			return at;
		}
	}
	return end;
}

/* `if TYPE_CHECKING:`, `if typing.TYPE_CHECKING:`: what is imported there is for types only and never loaded. */
static int is_typing(const char *at, const char *stop, const char *end)
{
	static const char name[] = "TYPE_CHECKING";

	if (stop == end || *stop != ':' || !begins(at, stop, "if"))
		return 0;
	at = past_blanks(at + 2, stop);
	size_t length = name_length(at, stop);

	return past_blanks(at + length, stop) == stop && length >= sizeof(name) - 1 && !memcmp(at + length - (sizeof(name) - 1), name, sizeof(name) - 1);
}

/* Whether the line stands below an `if TYPE_CHECKING:`; one that is no deeper ends it. */
static int in_typing(struct reader *reader, const char *line, const char *end)
{
	const char *at = past_blanks(line, end);

	if (reader->typing_indent < 0 || at == end || *at == '#' || *at == '\r')
		return 0;
	if (at - line <= reader->typing_indent)
		reader->typing_indent = -1;
	return reader->typing_indent >= 0;
}

static void python_line(struct reader *reader, const char *line, const char *end)
{
	const char *first = line;
	int typing = !reader->open && in_typing(reader, line, end);

	for (const char *stop; line < end; line = stop + 1) {
		char open = reader->open;
		const char *at = past_blanks(line, end);

		stop = python_statement(line, end, &reader->open);
		if (!open && line == first && is_typing(at, stop, end)) {
			reader->typing_indent = at - line;
			typing = 1;
		}
		if (!open && !typing && begins(at, stop, "import"))
			python_import(reader, at + 6, stop);
		else if (!open && !typing && begins(at, stop, "from"))
			python_from(reader, at + 4, stop);
		if (stop < end && *stop == '#')
			return;
	}
}

/* --- JavaScript, TypeScript --- */

/* Whether what stands before a string makes it a module: from "x", import "x", require("x"), import("x"). */
static int names_module(const char *line, const char *quote)
{
	static const char *const words[] = { "from", "import", "require" };
	const char *end = quote;

	while (end > line && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '('))
		end--;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t length = strlen(words[i]);

		if ((size_t)(end - line) >= length && !memcmp(end - length, words[i], length))
			return (size_t)(end - line) == length || !is_name(end[-(long)length - 1]);
	}
	return 0;
}

/* `import type { A } from`, `export type { A } from`, `import { type A, type B } from`: gone once compiled. at: behind the keyword. */
static int is_type_only(const char *at, const char *end)
{
	const char *close;

	while (at < end && isspace((unsigned char)*at))
		at++;
	if (begins(at, end, "type")) {
		at = past_blanks(at + 4, end);
		return at < end && *at != ',' && (end - at < 5 || memcmp(at, "from", 4) != 0 || is_name(at[4]));
	}
	close = at < end && *at == '{' ? memchr(at, '}', (size_t)(end - at)) : NULL;
	for (at++; close && at < close; at++) {
		while (at < close && isspace((unsigned char)*at))
			at++;
		if (at == close)
			break;
		if (!begins(at, close, "type"))
			return 0;
		at = memchr(at, ',', (size_t)(close - at));
		at = at ? at : close;
	}
	return close != NULL;
}

/* Whether the module named before this quote is loaded when the program runs. */
static int is_loaded(const struct reader *reader, const char *quote)
{
	return !reader->statement || quote - reader->statement > NAMES_MAX || !is_type_only(reader->statement, quote);
}

/* Remembers the `import` or `export` that begins here. Returns its length, 0: none does. */
static size_t statement_begins(struct reader *reader, const char *line, const char *at, const char *end)
{
	static const char *const words[] = { "import", "export" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (*at == *words[i] && end - at >= 6 && !memcmp(at, words[i], 6) && (end - at == 6 || !is_name(at[6])) && (at == line || !is_name(at[-1]))) {
			reader->statement = at + 6;
			return 6;
		}
	return 0;
}

static void script_line(struct reader *reader, const char *line, const char *end)
{
	for (const char *at = line; at < end; at++) {
		if (reader->open == '*') {
			if (*at == '*' && at + 1 < end && at[1] == '/')
				reader->open = 0, at++;
		} else if (reader->open == '`') {
			if (*at == '\\')
				at++;
			else if (*at == '`')
				reader->open = 0;
		} else if (*at == '/' && at + 1 < end && at[1] == '/') {
			return;
		} else if (*at == '/' && at + 1 < end && at[1] == '*') {
			reader->open = '*', at++;
		} else if (*at == '`') {
			reader->open = '`';
		} else if (*at == '"' || *at == '\'') {
			const char *close = memchr(at + 1, *at, (size_t)(end - at - 1));

			if (!close)
				return;
			if (names_module(line, at) && is_loaded(reader, at))
				reader->on(reader->arg, at + 1, (size_t)(close - at - 1), "", 0, reader->line);
			reader->statement = NULL;
			at = close;
		} else if (*at == ';') {
			reader->statement = NULL;
		} else {
			at += statement_begins(reader, line, at, end) ? 5 : 0;
		}
	}
}

void imports_each(enum source_kind kind, const char *text, size_t length, imports_on on, void *arg)
{
	struct reader reader = { .on = on, .arg = arg, .text_end = text + length, .typing_indent = -1 };
	const char *end = text + length;

	if (kind != SOURCE_PYTHON && kind != SOURCE_SCRIPT && kind != SOURCE_NOTEBOOK)
		return;
	if (length >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		text += 3;
	for (const char *line = text; line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		stop = stop ? stop : end;
		reader.line++;
		if (kind == SOURCE_SCRIPT)
			script_line(&reader, line, stop);
		else
			python_line(&reader, line, stop);
		line = stop + 1;
	}
}
