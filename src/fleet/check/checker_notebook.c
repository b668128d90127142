/* The code cells of a notebook as one file of Python, each line of which knows where it stands in the notebook's text. */
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "fleet/check/checker_parts.h"

enum { NOTEBOOK_MAX = 8 << 20, LINES_MAX = 200000 };

struct notebook {
	struct unit *unit;
	struct text code;
	size_t cursor; /* in the notebook's text: lines are in its order */
};

/* %pip install, !ls and ?help are no Python; the line stays, empty. */
static int is_magic(const char *line, size_t length)
{
	size_t blank = 0;

	while (blank < length && (line[blank] == ' ' || line[blank] == '\t'))
		blank++;
	return blank < length && strchr("%!?", line[blank]);
}

static void add_line(struct notebook *notebook, const char *line, size_t length)
{
	struct unit *unit = notebook->unit;
	const char *text = unit->text, *found = length ? memmem(text + notebook->cursor, unit->length - notebook->cursor, line, length) : NULL;

	if (found && unit->piece_count < LINES_MAX) {
		if (!unit->pieces)
			unit->pieces = arena_alloc(unit->arena, LINES_MAX * sizeof(*unit->pieces));
		unit->pieces[unit->piece_count++] = (struct unit_piece){ notebook->code.length, (size_t)(found - text) };
		notebook->cursor = (size_t)(found - text) + length;
		if (!is_magic(line, length))
			text_add_n(&notebook->code, line, length);
	}
	text_add_char(&notebook->code, '\n');
}

static void add_lines(struct notebook *notebook, const char *source)
{
	while (*source) {
		size_t length = strcspn(source, "\n");

		add_line(notebook, source, length);
		source += length + (source[length] == '\n');
	}
}

static void add_cell(struct notebook *notebook, const struct json *cell)
{
	const struct json *source = json_get(cell, "source");

	if (strcmp(json_text_or(json_get(cell, "cell_type"), ""), "code"))
		return;
	if (json_text(source))
		add_lines(notebook, json_text(source));
	for (const struct json *line = json_is(source, JSON_ARRAY) ? json_first(source) : NULL; line; line = json_next(line))
		if (json_text(line))
			add_lines(notebook, json_text(line));
}

int notebook_read(struct unit *unit, const char *bytes, size_t length)
{
	struct notebook notebook = { .unit = unit };
	struct json *tree = length < NOTEBOOK_MAX ? json_parse(bytes, length, NULL) : NULL;
	const char *language = json_text_or(json_at(tree, "metadata.kernelspec.language"), "python");

	if (!tree || strcmp(language, "python")) {
		json_free(tree);
		return 0;
	}
	text_init(&notebook.code, NOTEBOOK_MAX);
	for (const struct json *cell = json_first(json_get(tree, "cells")); cell; cell = json_next(cell))
		add_cell(&notebook, cell);
	json_free(tree);
	unit->text = arena_text_n(unit->arena, notebook.code.data, notebook.code.length);
	unit->length = notebook.code.length;
	text_release(&notebook.code);
	return unit->length > 0;
}
