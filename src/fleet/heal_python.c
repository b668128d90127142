/* Edits of Python that several repairs share: arguments, imports. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "fleet/heal_private.h"

int is_python(const struct site *site)
{
	return site->code && code_language(site->code) == CODE_PYTHON;
}

const struct code_call *site_call(const struct site *site)
{
	size_t offset = site->finding->place.offset;
	const struct code_call *best = NULL;

	for (int i = 0; site->code && i < code_call_count(site->code); i++) {
		const struct code_call *call = code_call_at(site->code, i);

		if (token_offset(site, call->name) == offset && call->close > call->open &&
			token_end(site, call->close) == offset + site->finding->place.length)
			best = call;
	}
	return best;
}

size_t token_offset(const struct site *site, int token)
{
	return code_token_at(site->code, token)->offset;
}

size_t token_end(const struct site *site, int token)
{
	const struct code_token *it = code_token_at(site->code, token);

	return it->offset + it->length;
}

/* --- arguments --- */

static int is_blank(const struct site *site, int token)
{
	enum code_token_kind kind = code_token_at(site->code, token)->kind;

	return kind == CODE_NL || kind == CODE_COMMENT || kind == CODE_NEWLINE || kind == CODE_INDENT || kind == CODE_DEDENT;
}

static int last_real(const struct site *site, int before)
{
	while (before > 0 && is_blank(site, --before))
		;
	return before;
}

static int edited_at(const struct site *site, size_t offset)
{
	for (size_t i = 0; i < site->file->count; i++)
		if (site->file->edits[i].offset == offset && !site->file->edits[i].length)
			return 1;
	return 0;
}

/* Whether ")" stands on a line of its own, as black and ruff lay out long calls. */
static int closes_below(const struct site *site, const struct code_call *call, int last)
{
	return code_token_at(site->code, call->close)->line > code_token_at(site->code, last)->end_line;
}

const char *add_argument(struct site *site, const struct code_call *call, const char *argument)
{
	int last = last_real(site, call->close);
	size_t at = token_end(site, last);

	for (int i = 0; i < call->argument_count; i++) {
		const struct code_argument *given = code_argument_at(site->code, call->arguments + i);

		if (given->keyword && !strcmp(given->keyword, "**"))
			return "the call takes ** arguments: what is missing may be in them";
		if (given->value < given->end && code_is(site->code, given->end, "for"))
			return "the call is given a bare generator: it takes no second argument";
	}
	if (last == call->open)
		edit(site, EDIT_PLAIN, at, 0, edited_at(site, at) ? ", %s" : "%s", argument);
	else if (code_is(site->code, last, ",") && closes_below(site, call, last))
		edit(site, EDIT_PLAIN, at, 0, "\n%s%s,", indent_at(site, token_offset(site, last)), argument);
	else if (code_is(site->code, last, ","))
		edit(site, EDIT_PLAIN, at, 0, " %s,", argument);
	else if (closes_below(site, call, last) && code_token_at(site->code, last)->line > code_token_at(site->code, call->open)->line)
		edit(site, EDIT_PLAIN, at, 0, ",\n%s%s", indent_at(site, token_offset(site, last)), argument);
	else
		edit(site, EDIT_PLAIN, at, 0, ", %s", argument);
	return NULL;
}

/* With the comma and blanks that belong to it. */
void remove_argument(struct site *site, const struct code_call *call, const struct code_argument *argument)
{
	int first = argument->token, end = argument->end, before = last_real(site, first);
	size_t from = token_offset(site, first), to = token_end(site, end - 1);

	if (code_is(site->code, end, ",") && before == call->open) {
		int next = end + 1;

		while (next < call->close && is_blank(site, next))
			next++;
		to = token_offset(site, next);
	} else if (code_is(site->code, before, ",")) {
		from = token_offset(site, before);
	}
	edit(site, EDIT_PLAIN, from, to - from, "%s", "");
}

/* --- imports --- */

/* The name `import MODULE` or `import MODULE as X` bound at the top of the file; NULL: none. */
static const char *module_name(const struct site *site, const char *module)
{
	for (int i = 0; i < code_import_count(site->code); i++) {
		const struct code_import *import = code_import_at(site->code, i);

		if (!import->name && !strcmp(import->module, module) && import->function < 0)
			return import->alias;
	}
	return NULL;
}

/* A name the file uses for something of its own. */
static int is_taken(const struct site *site, const char *name)
{
	for (int i = 0; i < code_function_count(site->code); i++)
		if (!strcmp(code_function_at(site->code, i)->name, name))
			return 1;
	for (int i = 0; i < code_import_count(site->code); i++)
		if (code_import_at(site->code, i)->alias && !strcmp(code_import_at(site->code, i)->alias, name))
			return 1;
	for (int i = 0; i < code_assign_count(site->code); i++)
		if (!strcmp(code_assign_at(site->code, i)->target, name))
			return 1;
	return 0;
}

const char *need_module(struct site *site, const char *module)
{
	const char *bound = module_name(site, module), *name = module;

	if (bound)
		return bound;
	int token = code_import_place(site->code);
	const struct code_token *at = code_token_at(site->code, token);
	size_t offset = at->kind == CODE_ENDMARKER ? site->length : line_begin(site, at->offset);

	/* Comments above the first statement belong to it, a "#!" line stays first. */
	if (is_taken(site, module)) {
		name = arena_format(heal_arena(site), "_%s", module);
		edit(site, EDIT_IMPORT, offset, 0, "import %s as %s\n", module, name);
	} else {
		edit(site, EDIT_IMPORT, offset, 0, "import %s\n", module);
	}
	return name;
}
