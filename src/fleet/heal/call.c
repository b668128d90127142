/* Edits of calls that several repairs share, in Python and in JavaScript: arguments are found, added, changed and taken out. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "fleet/heal/private.h"

int ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), n = strlen(end);

	return length >= n && !strcmp(text + length - n, end);
}

int is_python(const struct site *site)
{
	return site->code && code_language(site->code) == CODE_PYTHON;
}

int is_script(const struct site *site)
{
	return site->code && code_language(site->code) == CODE_SCRIPT;
}

const char *only_python(struct site *site)
{
	return refuse(site, is_script(site) ? "how it is done in JavaScript depends on the framework" : "only code is edited for it");
}

const char *no_call(struct site *site)
{
	return refuse(site, site->code ? "the call is not found again" : "it stands in no code");
}

/* --- finding --- */

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

const struct code_call *site_call_around(const struct site *site)
{
	size_t from = site->finding->place.offset, to = from + site->finding->place.length;
	const struct code_call *best = NULL;

	for (int i = 0; site->code && i < code_call_count(site->code); i++) {
		const struct code_call *call = code_call_at(site->code, i);

		if (call->close > call->open && token_offset(site, call->open) <= from && token_end(site, call->close) >= to)
			best = call;
	}
	return best;
}

const struct code_call *call_that_made(const struct site *site, const struct code_call *call)
{
	const char *end = call && call->resolved ? strstr(call->resolved, "()") : NULL;
	const struct code_call *found = NULL;

	for (int i = 0; end && i < code_call_count(site->code); i++) {
		const struct code_call *it = code_call_at(site->code, i);

		if (!it->resolved || strlen(it->resolved) != (size_t)(end - call->resolved) || strncmp(it->resolved, call->resolved, (size_t)(end - call->resolved)))
			continue;
		if (found)
			return NULL;
		found = it;
	}
	return found;
}

const struct code_function *site_function(const struct site *site)
{
	size_t offset = site->finding->place.offset;
	const struct code_function *best = NULL;

	for (int i = 0; i < code_function_count(site->code); i++) {
		const struct code_function *function = code_function_at(site->code, i);

		if (function->def >= 0 && token_offset(site, function->def) <= offset && function->end > 0 && token_end(site, function->end - 1) >= offset)
			best = function;
	}
	return best;
}

const char *file_indent(struct site *site)
{
	for (int t = 0; t < code_token_count(site->code); t++)
		if (code_token_at(site->code, t)->kind == CODE_INDENT)
			return indent_at(site, token_end(site, t));
	return "    ";
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

/* --- what stands between brackets, with commas between --- */

static int is_blank(const struct site *site, int token)
{
	enum code_token_kind kind = code_token_at(site->code, token)->kind;

	return kind == CODE_NL || kind == CODE_COMMENT || kind == CODE_NEWLINE || kind == CODE_INDENT || kind == CODE_DEDENT;
}

int last_real(const struct site *site, int before)
{
	while (before > 0 && is_blank(site, --before))
		;
	return before;
}

int next_real(const struct site *site, int token)
{
	while (token < code_token_count(site->code) - 1 && is_blank(site, ++token))
		;
	return token;
}

static int edited_at(const struct site *site, size_t offset)
{
	for (size_t i = 0; i < site->file->count; i++)
		if (site->file->edits[i].offset == offset && !site->file->edits[i].length)
			return 1;
	return 0;
}

/* The end of the line's comment behind a token, or of the token. */
static size_t end_with_comment(const struct site *site, int token)
{
	const struct code_token *next = code_token_at(site->code, token + 1), *it = code_token_at(site->code, token);

	if (!next || next->kind != CODE_COMMENT || next->line != it->end_line || next->end_line != it->end_line)
		return token_end(site, token);
	return token_end(site, token + 1) - (site->text[token_end(site, token + 1) - 1] == '\r');
}

/* The closing bracket stands on a line of its own, as formatters lay out long calls: so does what is added. */
static void add_line(struct site *site, int last, const char *item)
{
	size_t at = token_end(site, last), tail = end_with_comment(site, last);
	const char *indent = indent_at(site, token_offset(site, last));

	if (code_is(site->code, last, ",") && line_end_at(site, tail) == tail && tail < site->length) {
		edit(site, EDIT_PLAIN, tail + strcspn(site->text + tail, "\n") + 1, 0, "%s%s,\n", indent, item);
	} else if (code_is(site->code, last, ",")) {
		edit(site, EDIT_PLAIN, tail, 0, "\n%s%s,", indent, item);
	} else if (tail == at) {
		edit(site, EDIT_PLAIN, at, 0, ",\n%s%s", indent, item);
	} else {
		int more = edited_at(site, tail);

		edit(site, EDIT_PLAIN, at, 0, ",");
		edit(site, EDIT_PLAIN, tail, 0, "%s\n%s%s", more ? "," : "", indent, item);
	}
}

static int line_of(const struct site *site, int token)
{
	return code_token_at(site->code, token)->line;
}

void add_item(struct site *site, int open, int close, const char *item)
{
	int last = last_real(site, close), below = line_of(site, close) > code_token_at(site->code, last)->end_line;
	size_t at = token_end(site, last);
	const char *blank = code_is(site->code, open, "{") ? " " : "";

	if (last == open && edited_at(site, at))
		edit(site, EDIT_PLAIN, at, 0, ",%s%s", *blank ? "" : " ", item);
	else if (last == open)
		edit(site, EDIT_PLAIN, at, 0, "%s%s%s", blank, item, token_offset(site, close) == at ? blank : "");
	else if (below && (code_is(site->code, last, ",") || line_of(site, last) > line_of(site, open)))
		add_line(site, last, item);
	else if (code_is(site->code, last, ","))
		edit(site, EDIT_PLAIN, at, 0, " %s,", item);
	else
		edit(site, EDIT_PLAIN, at, 0, ", %s", item);
}

static int has_comment(const struct site *site, int from, int end)
{
	while (from < end && code_token_at(site->code, from)->kind != CODE_COMMENT)
		from++;
	return from < end;
}

/* The white space before a token, with the end of the line before when nothing else stands on its own. */
static size_t with_blanks_before(const struct site *site, int token)
{
	size_t at = token_offset(site, token);

	while (at && (site->text[at - 1] == ' ' || site->text[at - 1] == '\t'))
		at--;
	if (at && site->text[at - 1] == '\n')
		at--;
	return at && site->text[at] == '\n' && site->text[at - 1] == '\r' ? at - 1 : at;
}

/* Behind a comment on the line before: that stays. */
static void remove_below_comment(struct site *site, int before, int first, int end)
{
	size_t from = with_blanks_before(site, first);

	if (code_is(site->code, end, ",")) {
		/* Its own comment keeps its line. */
		int kept = end_with_comment(site, end) != token_end(site, end);
		size_t to = kept ? token_offset(site, end + 1) : token_end(site, end);

		from = kept ? token_offset(site, first) : from;
		edit(site, EDIT_PLAIN, from, to - from, "%s", "");
		return;
	}
	if (code_is(site->code, before, ","))
		edit(site, EDIT_PLAIN, token_offset(site, before), 1, "%s", "");
	edit(site, EDIT_PLAIN, from, token_end(site, last_real(site, end)) - from, "%s", "");
}

void remove_item(struct site *site, int first, int end)
{
	int before = last_real(site, first), next = end + 1;
	size_t from = token_offset(site, first), to = token_end(site, last_real(site, end));

	if (has_comment(site, before + 1, first)) {
		remove_below_comment(site, before, first, end);
		return;
	}
	if (code_is(site->code, before, ",")) {
		from = token_offset(site, before);
	} else if (code_is(site->code, end, ",")) {
		while (next < code_token_count(site->code) - 1 && is_blank(site, next) && code_token_at(site->code, next)->kind != CODE_COMMENT)
			next++;
		to = token_offset(site, next);
	} else if (code_match(site->code, before) == end && line_of(site, before) == line_of(site, end)) {
		from = token_end(site, before);
		to = token_offset(site, end);
	}
	edit(site, EDIT_PLAIN, from, to - from, "%s", "");
}

/* --- arguments --- */

static const char *why_closed(const struct site *site, const struct code_call *call)
{
	if (call->close <= call->open)
		return "its brackets are not closed";
	for (int i = 0; i < call->argument_count; i++) {
		const struct code_argument *given = code_argument_at(site->code, call->arguments + i);

		if (given->keyword && !strcmp(given->keyword, "**"))
			return "the call takes ** arguments: what is missing may be in them";
		if (given->value < given->end && code_is(site->code, given->end, "for"))
			return "the call is given a bare generator: it takes no second argument";
	}
	return NULL;
}

const char *add_argument(struct site *site, const struct code_call *call, const char *argument)
{
	const char *why = why_closed(site, call);

	if (!why)
		add_item(site, call->open, call->close, argument);
	return why;
}

/* Argument i by position; an object literal has the keyword "". */
static const struct code_argument *script_argument(const struct site *site, const struct code_call *call, int i, int *count)
{
	const struct code_argument *found = NULL;

	*count = 0;
	for (int k = 0; k < call->argument_count; k++) {
		const struct code_argument *it = code_argument_at(site->code, call->arguments + k);

		if (it->keyword && *it->keyword)
			continue;
		if ((*count)++ == i)
			found = it;
	}
	return found;
}

/* { ...other } may have the key already. */
static int has_spread(const struct site *site, int open, int close)
{
	for (int t = open + 1; t < close; t++) {
		if (code_is(site->code, t, "..."))
			return 1;
		if (code_match(site->code, t) > t)
			t = code_match(site->code, t);
	}
	return 0;
}

const char *add_option(struct site *site, const struct code_call *call, int position, const char *option)
{
	int count;
	const struct code_argument *given = script_argument(site, call, position, &count);

	if (call->close <= call->open)
		return "its brackets are not closed";
	for (int t = call->open + 1; t < call->close; t = code_match(site->code, t) > t ? code_match(site->code, t) + 1 : t + 1)
		if (code_is(site->code, t, "..."))
			return "its arguments are spread: what is missing may be in them";
	if (!given && count < position)
		return "the arguments before the options are not given";
	if (!given) {
		add_item(site, call->open, call->close, arena_format(heal_arena(site), "{ %s }", option));
		return NULL;
	}
	if (!code_is(site->code, given->value, "{") || code_match(site->code, given->value) != last_real(site, given->end))
		return "its options are made elsewhere: add it there";
	if (has_spread(site, given->value, last_real(site, given->end)))
		return "its options take in others: what is missing may be in them";
	add_item(site, given->value, last_real(site, given->end), option);
	return NULL;
}

/* --- repairs that are one argument --- */

/* Before "=" or ":". */
static char *name_of(struct site *site, const char *argument)
{
	return arena_text_n(heal_arena(site), argument, strcspn(argument, "=:"));
}

const char *argument_to(struct site *site, const struct code_call *call, const char *argument, const char *safe)
{
	const char *why;

	if (!call)
		return no_call(site);
	if (code_keyword(site->code, call, name_of(site, argument)))
		return refuse(site, "%s is given already", name_of(site, argument));
	why = add_argument(site, call, argument);
	return why ? refuse(site, "%s", why) : safe;
}

const char *with_argument(struct site *site, const char *argument, const char *safe)
{
	return is_python(site) ? argument_to(site, site_call(site), argument, safe) : only_python(site);
}

const char *option_to(struct site *site, const struct code_call *call, int position, const char *option, const char *safe)
{
	const char *why;

	if (!call)
		return no_call(site);
	if (code_keyword(site->code, call, name_of(site, option)))
		return refuse(site, "%s is given already", name_of(site, option));
	why = add_option(site, call, position, option);
	return why ? refuse(site, "%s", why) : safe;
}

const struct code_argument *first_named(struct site *site, const char *const *names)
{
	const struct code_call *call = site_call(site);
	const struct code_argument *argument = NULL;

	for (; call && *names && !argument; names++)
		argument = code_keyword(site->code, call, *names);
	if (!argument)
		call ? refuse(site, "the argument is not given by name") : no_call(site);
	return argument;
}

void replace_range(struct site *site, int from, int end, const char *text)
{
	edit(site, EDIT_PLAIN, token_offset(site, from), token_end(site, last_real(site, end)) - token_offset(site, from), "%s", text);
}

const char *replace_value(struct site *site, const char *const *names, const char *text, const char *safe)
{
	const struct code_argument *argument = first_named(site, names);

	if (!argument)
		return NULL;
	replace_range(site, argument->value, argument->end, text);
	return safe;
}

const char *remove_named(struct site *site, const char *const *names, const char *safe)
{
	const struct code_argument *argument = first_named(site, names);

	if (!argument)
		return NULL;
	remove_item(site, argument->token, argument->end);
	return safe;
}
