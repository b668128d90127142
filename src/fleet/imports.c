#include "fleet/imports.h"

#include <ctype.h>
#include <string.h>

enum { NAMES_MAX = 4096 };

struct reader {
	imports_on on;
	const char *text_end;
	void *arg;
	int line;
	char open; /* Python: the quote of a string over several lines; JavaScript: '*' in a comment, '`' in a template */
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

static void python_line(struct reader *reader, const char *line, const char *end)
{
	for (const char *stop; line < end; line = stop + 1) {
		char open = reader->open;
		const char *at = past_blanks(line, end);

		stop = python_statement(line, end, &reader->open);
		if (!open && begins(at, stop, "import"))
			python_import(reader, at + 6, stop);
		else if (!open && begins(at, stop, "from"))
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
			if (names_module(line, at))
				reader->on(reader->arg, at + 1, (size_t)(close - at - 1), "", 0, reader->line);
			at = close;
		}
	}
}

void imports_each(enum source_kind kind, const char *text, size_t length, imports_on on, void *arg)
{
	struct reader reader = { .on = on, .arg = arg, .text_end = text + length };
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
