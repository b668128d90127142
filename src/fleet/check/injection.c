/* INJ001 to INJ012: text from outside that becomes an instruction, a command, a query, a path or code. */
#include <stdlib.h>
#include <string.h>

#include "fleet/check/checker_parts.h"

enum { SHORT_MAX = 16, NEAR = 2000 /* tokens behind an assignment */ };

static int ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), n = strlen(end);

	return length >= n && !strcmp(text + length - n, end);
}

static const char *origin(unsigned flags)
{
	return flags & FROM_REPLY ? "a model's reply" : flags & FROM_TOOL ? "a tool's argument" : flags & FROM_USER ? "a request" : flags & FROM_RETRIEVED ? "retrieved text" : "outside";
}

static int in_tool(const struct unit *unit, int function)
{
	for (; function >= 0; function = code_function_at(unit->code, function)->parent)
		if (unit->functions[function] & IS_TOOL)
			return 1;
	return 0;
}

/* An expression that puts something into a text: f-string, +, %, format. */
static int is_built(struct unit *unit, int from, int to)
{
	int fields = 0, strings = 0;

	for (int i = from; i < to; i++) {
		if (code_token_at(unit->code, i)->kind == CODE_STRING) {
			fields = code_has_fields(unit->code, i);
			strings++;
			if (fields)
				return 1;
		}
		if (strings && (code_is(unit->code, i, "+") || code_is(unit->code, i, "%") || code_is(unit->code, i, "format") || code_is(unit->code, i, "concat")))
			return 1;
	}
	return 0;
}

/* --- INJ001: what a system prompt is made of --- */

static int is_system_keyword(const char *keyword)
{
	static const char *const names[] = { "system", "instructions", "system_prompt", "system_instruction", "system_message", "systemPrompt", "systemInstruction", "developer_prompt",
		"backstory", "state_modifier", "prompt_prefix" };

	for (size_t i = 0; keyword && i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(keyword, names[i]))
			return 1;
	return 0;
}

static void system_text(struct unit *unit, int from, int to)
{
	int begin = from, end = to;
	unsigned flags;

	value_of(unit, &begin, &end);
	if (begin >= end || !is_built(unit, begin, end))
		return;
	flags = taint_of(unit, begin, end);
	if (flags & (FROM_USER | FROM_TOOL))
		flag(unit, "INJ001", begin, end, "text of %s becomes part of the system prompt", origin(flags & (FROM_USER | FROM_TOOL)));
}

/* {"role": "system", "content": …}, ("system", …): the value behind. */
static void system_messages(struct unit *unit)
{
	for (int i = 0; i + 4 < code_token_count(unit->code); i++) {
		const struct code_token *token = code_token_at(unit->code, i);
		const char *text = token->kind == CODE_STRING && token->length <= SHORT_MAX ? code_string(unit->code, i, i + 1, NULL) : NULL;
		int open = i, close;

		if (!text || (strcmp(text, "system") && strcmp(text, "developer")))
			continue;
		while (open > 0 && open > i - 40 && code_match(unit->code, open) < i)
			open--;
		close = code_match(unit->code, open);
		if (close < i)
			continue;
		if (code_is(unit->code, open, "{")) {
			for (int k = open; k < close; k++)
				if ((code_is(unit->code, k, "\"content\"") || code_is(unit->code, k, "'content'") || code_is(unit->code, k, "content")) && code_is(unit->code, k + 1, ":")) {
					int end = k + 2;

					while (end < close && !code_is(unit->code, end, ","))
						end = code_match(unit->code, end) > end ? code_match(unit->code, end) + 1 : end + 1;
					system_text(unit, k + 2, end);
				}
		} else if (code_is(unit->code, open, "(") && open == i - 1 && code_is(unit->code, i + 1, ",") && (code_is(unit->code, open - 1, "[") || code_is(unit->code, open - 1, ","))) {
			/* ("system", text) of a chat template: a plain string's fields are filled later. */
			system_text(unit, i + 2, close);
		}
	}
}

static void system_arguments(struct unit *unit, int i)
{
	const struct code_call *call = code_call_at(unit->code, i);
	const struct code_argument *first;

	for (int k = 0; k < call->argument_count; k++) {
		const struct code_argument *argument = code_argument_at(unit->code, call->arguments + k);

		if (is_system_keyword(argument->keyword))
			system_text(unit, argument->value, argument->end);
	}
	if (!ends_with(call->written, "SystemMessage"))
		return;
	first = code_keyword(unit->code, call, "content");
	first = first ? first : code_positional(unit->code, call, 0);
	if (first)
		system_text(unit, first->value, first->end);
}

/* --- INJ003, INJ004, INJ005, INJ006 --- */

static const struct code_argument *first_argument(struct unit *unit, const struct code_call *call)
{
	return code_positional(unit->code, call, 0);
}

static void evaluates(struct unit *unit, int i)
{
	const struct code_call *call = code_call_at(unit->code, i);
	const struct code_argument *code = first_argument(unit, call);
	unsigned flags;

	if (!(role(unit, i) & ROLE(EVALUATE)) || !code || is_literal(unit, code->value, code->end))
		return;
	if (!call->resolved && strchr(call->written, '.'))
		return;
	flags = taint_of(unit, call->open + 1, call->close) & FROM_OUTSIDE;
	if (flags || in_tool(unit, call->function) || range_says(unit, code->value, code->end, WORD_CONTENT))
		flag_call(unit, "INJ003", call, "%s runs %s as code", call->written, flags ? origin(flags) : "what a model wrote");
}

static int uses_shell(struct unit *unit, const struct code_call *call)
{
	if (!call->resolved)
		return 0;
	if (strncmp(call->resolved, "subprocess.", 11) || ends_with(call->resolved, "getoutput") || ends_with(call->resolved, "getstatusoutput"))
		return 1;
	return argument_is(unit, call, "shell", "True");
}

static void shell(struct unit *unit, int i)
{
	const struct code_call *call = code_call_at(unit->code, i);
	const struct code_argument *command = first_argument(unit, call);
	unsigned flags;

	command = command ? command : code_keyword(unit->code, call, "args");
	if (!(role(unit, i) & ROLE(SHELL)) || !command || !uses_shell(unit, call) || is_literal(unit, command->value, command->end))
		return;
	flags = taint_of(unit, command->value, command->end) & FROM_OUTSIDE;
	if (flags || in_tool(unit, call->function) || range_says(unit, command->value, command->end, WORD_CONTENT))
		flag_call(unit, "INJ004", call, "%s gives a shell a command that comes from %s", call->written, flags ? origin(flags) : "a model");
}

static void sql(struct unit *unit, int i)
{
	const struct code_call *call = code_call_at(unit->code, i);
	const struct code_argument *query = first_argument(unit, call);
	int from, to;
	unsigned flags;

	if (!(role(unit, i) & ROLE(SQL)) || !query)
		return;
	from = query->value;
	to = query->end;
	value_of(unit, &from, &to);
	flags = taint_of(unit, query->value, query->end) & (FROM_REPLY | FROM_TOOL | FROM_USER);
	if (!flags)
		return;
	/* The query itself, or a text with such a part. */
	int whole = query->end == query->value + 1 && code_token_at(unit->code, query->value)->kind == CODE_NAME && !is_built(unit, from, to);

	if (is_built(unit, from, to) && (range_has_word(unit, from, to, "SELECT", 0) || range_has_word(unit, from, to, "INSERT", 0) || range_has_word(unit, from, to, "UPDATE", 0) ||
		range_has_word(unit, from, to, "DELETE", 0) || range_has_word(unit, from, to, "select", 0) || range_has_word(unit, from, to, "FROM", 0) ||
		range_has_word(unit, from, to, "WHERE", 0)))
		flag_call(unit, "INJ005", call, "the query is put together with text of %s", origin(flags));
	else if (whole && (ends_with(call->written, ".execute") || ends_with(call->written, ".executescript")) && (flags & (FROM_REPLY | FROM_TOOL)))
		flag_call(unit, "INJ005", call, "%s runs a query that is %s", call->written, origin(flags));
}

static void raw_html_call(struct unit *unit, int i)
{
	const struct code_call *call = code_call_at(unit->code, i);
	const struct code_argument *html = first_argument(unit, call);
	int marks = ends_with(call->written, "Markup") || ends_with(call->written, "mark_safe") || ends_with(call->written, "insertAdjacentHTML") || ends_with(call->written, "document.write") ||
		argument_is(unit, call, "unsafe_allow_html", "True");
	unsigned flags;

	if (!html && ends_with(call->written, "HTMLResponse")) {
		html = code_keyword(unit->code, call, "content");
		marks = 1;
	}
	marks |= ends_with(call->written, "HTMLResponse");
	if (!marks || !html || is_literal(unit, html->value, html->end))
		return;
	flags = taint_of(unit, html->value, call->close) & FROM_OUTSIDE;
	if (flags || range_says(unit, html->value, html->end, WORD_CONTENT))
		flag_call(unit, "INJ006", call, "%s shows %s as HTML", call->written, flags ? origin(flags) : "a reply");
}

static void raw_html_script(struct unit *unit)
{
	for (int i = 0; i < code_assign_count(unit->code); i++) {
		const struct code_assign *assign = code_assign_at(unit->code, i);

		if ((ends_with(assign->target, ".innerHTML") || ends_with(assign->target, ".outerHTML")) && !is_literal(unit, assign->value, assign->end) &&
			!range_has_word(unit, assign->value, assign->end, "sanitize", 0))
			flag(unit, "INJ006", assign->token, assign->end, "%s is given text that is not escaped", assign->target);
	}
	for (int i = 0; i + 1 < code_token_count(unit->code); i++)
		if (code_is(unit->code, i, "dangerouslySetInnerHTML") || (code_is(unit->code, i, "v") && code_is(unit->code, i + 1, "-") && code_is(unit->code, i + 2, "html"))) {
			int open = i + 1;

			while (open < i + 4 && code_match(unit->code, open) < open)
				open++;
			if (!range_has_word(unit, i, code_match(unit->code, open), "sanitize", 0))
				flag(unit, "INJ006", i, i + 1, "dangerouslySetInnerHTML is given text that is not escaped");
		}
}

/* --- INJ008, INJ009: tools --- */

struct first {
	struct unit *unit;
	unsigned flags;
};

static int first_name(const char *name, const char *chain, int token, void *data)
{
	struct first *first = data;
	int function = code_function_around(first->unit->code, token);

	(void)chain;
	first->flags = taint_of_name(first->unit, name, function);
	return 1;
}

static unsigned first_field_taint(struct unit *unit, int from, int to)
{
	struct first first = { unit, 0 };

	code_names(unit->code, from, to, first_name, &first);
	return first.flags;
}

/* The tainted name is all of it, or its beginning: the rest cannot fix where it leads. */
static int leads(struct unit *unit, const struct code_argument *argument, unsigned wanted)
{
	int from = argument->value, to = argument->end, fields = 0;
	const char *text;

	if (!(taint_of(unit, from, to) & wanted))
		return 0;
	value_of(unit, &from, &to);
	text = code_string(unit->code, from, to, &fields);
	if (text)
		return fields && *text == '{' && first_field_taint(unit, from, to) & wanted;
	if (code_token_at(unit->code, from)->kind == CODE_STRING)
		return 0;
	/* BASE + path */
	return taint_of(unit, from, from + 1) & wanted || code_chain(unit->code, from, to) != NULL;
}

static void fetches(struct unit *unit, int i)
{
	const struct code_call *call = code_call_at(unit->code, i);
	const struct code_argument *url = code_keyword(unit->code, call, "url");
	int second = call->resolved && (ends_with(call->resolved, ".request") || ends_with(call->resolved, ".stream"));

	url = url ? url : code_positional(unit->code, call, second);
	if (!(role(unit, i) & ROLE(HTTP)) || !url || !in_tool(unit, call->function) || !leads(unit, url, FROM_TOOL))
		return;
	if (!function_says(unit, call->function, WORD_ALLOWLIST))
		flag_call(unit, "INJ008", call, "the tool fetches whatever address it is given");
}

static void opens(struct unit *unit, int i)
{
	const struct code_call *call = code_call_at(unit->code, i);
	const struct code_argument *path = first_argument(unit, call);

	int parts = call->resolved && !strcmp(call->resolved, "pathlib.Path"); /* each argument is a part of the path */

	if (!(role(unit, i) & ROLE(FILE)) || !path || !in_tool(unit, call->function) || !(taint_of(unit, path->value, parts ? call->close : path->end) & FROM_TOOL))
		return;
	if (call->resolved && !strcmp(call->resolved, "pathlib.Path") && code_is(unit->code, call->close + 1, ".") &&
		(code_is(unit->code, call->close + 2, "name") || code_is(unit->code, call->close + 2, "suffix") || code_is(unit->code, call->close + 2, "stem")))
		return;
	if (!function_says(unit, call->function, WORD_CONFINED))
		flag_call(unit, "INJ009", call, "the tool opens whatever path it is given");
}

/* --- INJ010, INJ011, INJ012 --- */

static int is_indexed(struct unit *unit, const struct code_call *call)
{
	int end = call->close;

	if (code_is(unit->code, end + 1, "[") || (unit->kind == SOURCE_SCRIPT && code_is(unit->code, end + 1, ".")))
		return 1;
	const struct code_assign *assign = code_assign_at(unit->code, code_assign_around(unit->code, call->name));

	if (!assign || assign->end <= call->close || assign->kind != ASSIGN_SET)
		return 0;
	for (int k = assign->end; k + 1 < code_token_count(unit->code) && k < assign->end + NEAR; k++)
		if (code_is(unit->code, k, assign->target) && (code_is(unit->code, k + 1, "[") || (unit->kind == SOURCE_SCRIPT && code_is(unit->code, k + 1, "."))) &&
			code_function_around(unit->code, k) == call->function)
			return 1;
	return 0;
}

static void unchecked_reply(struct unit *unit, int i)
{
	const struct code_call *call = code_call_at(unit->code, i);
	const struct code_argument *text = first_argument(unit, call);

	if (!(role(unit, i) & ROLE(JSON_LOADS)) || !text || !(taint_of(unit, text->value, text->end) & FROM_REPLY) || block_of_kind(unit, call->block, 1 << BLOCK_TRY) >= 0)
		return;
	if (is_indexed(unit, call) && !function_says(unit, call->function, WORD_SCHEMA))
		flag_call(unit, "INJ010", call, "the reply is taken apart without a schema and without a way out when it is not JSON");
}

static int has_delimiter(const char *text)
{
	static const char *const marks[] = { "<", "```", "\"\"\"", "---", "###", "[[", "===", "'''", "BEGIN" };

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (strstr(text, marks[i]))
			return 1;
	return 0;
}

static void unmarked_retrieval(struct unit *unit)
{
	for (int i = 0; i < code_token_count(unit->code); i++) {
		const struct code_token *token = code_token_at(unit->code, i);
		int fields = 0, end = i + 1;
		const char *text;

		if (token->kind != CODE_STRING || (i && code_token_at(unit->code, i - 1)->kind == CODE_STRING) || !unit->taint->any)
			continue;
		while (end < code_token_count(unit->code) && (code_token_at(unit->code, end)->kind == CODE_STRING || code_token_at(unit->code, end)->kind == CODE_NL))
			fields |= code_has_fields(unit->code, end++);
		text = fields || code_has_fields(unit->code, i) ? code_string(unit->code, i, end, &fields) : NULL;
		if (text && fields && !has_delimiter(text) && strlen(text) > 20 && (taint_of(unit, i, end) & FROM_RETRIEVED) && !range_says(unit, i - 6 > 0 ? i - 6 : 0, i, WORD_AUDIT))
			flag(unit, "INJ011", i, end, "retrieved text goes into the prompt without marks that say it is data");
		i = end - 1;
	}
}

/* ctx + "\n" + question as (a part of) what a model call is given. */
static void unmarked_sum(struct unit *unit, int i)
{
	const struct code_call *call = code_call_at(unit->code, i);

	for (int k = 0; role(unit, i) & ANY_RUN && k < call->argument_count; k++) {
		const struct code_argument *argument = code_argument_at(unit->code, call->arguments + k);
		int sums = 0, marked = 0;

		for (int t = argument->value; t < argument->end; t++) {
			const char *text = code_token_at(unit->code, t)->kind == CODE_STRING ? code_string(unit->code, t, t + 1, NULL) : NULL;

			sums |= code_is(unit->code, t, "+");
			marked |= (text && has_delimiter(text)) || code_has_fields(unit->code, t);
		}
		if (sums && !marked && taint_of(unit, argument->value, argument->end) & FROM_RETRIEVED)
			flag(unit, "INJ011", argument->value, argument->end, "retrieved text goes into the prompt without marks that say it is data");
	}
}

static void compiled_template(struct unit *unit, int i)
{
	const struct code_call *call = code_call_at(unit->code, i);
	const struct code_argument *template = code_keyword(unit->code, call, "template");
	int from, to;
	unsigned flags;

	template = template ? template : first_argument(unit, call);
	if (!(role(unit, i) & ROLE(TEMPLATE)) || !template)
		return;
	from = template->value;
	to = template->end;
	value_of(unit, &from, &to);
	flags = taint_of(unit, from, to) & (FROM_USER | FROM_TOOL | FROM_REPLY | FROM_RETRIEVED);
	if (flags && !is_literal(unit, from, to))
		flag_call(unit, "INJ012", call, "%s compiles text of %s as a template", call->written, origin(flags));
}

void check_injection(struct unit *unit)
{
	for (int i = 0; i < code_call_count(unit->code); i++) {
		system_arguments(unit, i);
		evaluates(unit, i);
		shell(unit, i);
		sql(unit, i);
		raw_html_call(unit, i);
		fetches(unit, i);
		opens(unit, i);
		unmarked_sum(unit, i);
		unchecked_reply(unit, i);
		compiled_template(unit, i);
	}
	system_messages(unit);
	if (unit->kind == SOURCE_SCRIPT)
		raw_html_script(unit);
	unmarked_retrieval(unit);
}
