/* Repairs of services: routes, descriptions of tools, what is printed and logged. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "fleet/heal/private.h"

/* --- REL011 --- */

/* The assignment of the application the finding points at, outside of functions. */
static const struct code_assign *application(const struct site *site)
{
	const struct code_call *call = site_call(site);

	for (int i = 0; call && i < code_assign_count(site->code); i++) {
		const struct code_assign *it = code_assign_at(site->code, i);

		if (it->value == call->name && it->kind == ASSIGN_SET && it->function < 0 && it->block < 0 && !strchr(it->target, '.'))
			return it;
	}
	return NULL;
}

static const char *health(struct site *site)
{
	const struct code_assign *assign = application(site);
	const char *resolved = site_call(site) && site_call(site)->resolved ? site_call(site)->resolved : "";

	if (!is_python(site))
		return only_python(site);
	if (!assign || code_function_named(site->code, "health") >= 0)
		return refuse(site, assign ? "a function named health is there already" : "the application is not made at the top of the file");
	if (!strstr(resolved, "lask") && !strstr(resolved, "fastapi"))
		return refuse(site, "how %.60s is given a route is not known", resolved);
	int last = assign->end;
	while (last < code_token_count(site->code) - 1 && code_token_at(site->code, last)->kind != CODE_NEWLINE)
		last++;
	int ends = code_token_at(site->code, last)->length > 0; /* the file's last line may not */
	edit(site, EDIT_HELPER, token_end(site, last), 0, "%s\n\n@%s.%s(\"/health\")\ndef health():\n%sreturn {\"status\": \"ok\"}%s", ends ? "" : "\n", assign->target,
		strstr(resolved, "lask") ? "route" : "get", file_indent(site), ends ? "\n\n" : "");
	return "one route is added; it reads nothing and says that the process answers";
}

/* --- AGY012 --- */

/* The type of a default that is a literal; NULL: its author knows. */
static const char *type_of(const struct site *site, const struct code_parameter *parameter)
{
	const struct code_token *it = parameter->value >= 0 && parameter->value_end == parameter->value + 1 ? code_token_at(site->code, parameter->value) : NULL;
	const char *text = it ? site->text + it->offset : "";

	if (!it || it->kind == CODE_STRING)
		return it && (*text == '"' || *text == '\'') ? "str" : NULL;
	if (code_is(site->code, parameter->value, "True") || code_is(site->code, parameter->value, "False"))
		return "bool";
	return it->kind == CODE_NUMBER ? strcspn(text, ".eEjJ") < it->length ? "float" : "int" : NULL;
}

static int is_self(const struct code_parameter *parameter)
{
	return !strcmp(parameter->name, "self") || !strcmp(parameter->name, "cls");
}

/* Types of defaults behind the names. 0: some parameter has none to tell. */
static int add_types(struct site *site, const struct code_function *function)
{
	for (int k = 0; k < function->parameter_count; k++) {
		const struct code_parameter *it = code_parameter_at(site->code, function->parameters + k);

		if (it->annotation >= 0 || it->stars || is_self(it))
			continue;
		if (!type_of(site, it))
			return 0;
	}
	for (int k = 0; k < function->parameter_count; k++) {
		const struct code_parameter *it = code_parameter_at(site->code, function->parameters + k);

		if (it->annotation < 0 && !it->stars && !is_self(it))
			edit(site, EDIT_PLAIN, token_end(site, it->token), 0, ": %s", type_of(site, it));
	}
	return 1;
}

/* The first token of the body; -1: it stands on the line of `def`. */
static int first_statement(const struct site *site, const struct code_function *function)
{
	int body = function->body;

	while (body < function->end && (code_token_at(site->code, body)->kind == CODE_NEWLINE || code_token_at(site->code, body)->kind == CODE_NL ||
				       code_token_at(site->code, body)->kind == CODE_INDENT || code_token_at(site->code, body)->kind == CODE_COMMENT))
		body++;
	size_t begin = line_begin(site, token_offset(site, body));

	return strspn(site->text + begin, " \t") == token_offset(site, body) - begin ? body : -1;
}

static const char *description(struct site *site)
{
	const struct code_function *function = is_python(site) ? site_function(site) : NULL;
	char words[120];

	if (!function)
		return only_python(site);
	if (strstr(site->finding->message, "types") && !add_types(site, function))
		return refuse(site, "which types it takes is for its author to say");
	if (function->docstring >= 0 || !strstr(site->finding->message, "description"))
		return "types are added that the defaults have; what it does is unchanged";
	int body = first_statement(site, function);
	if (body < 0)
		return refuse(site, "the function stands on one line");
	snprintf(words, sizeof(words), "%s", function->name);
	for (char *c = words; *c; c++)
		*c = *c == '_' ? ' ' : *c;
	*words = (char)toupper((unsigned char)*words);
	size_t at = line_begin(site, token_offset(site, body));
	edit(site, EDIT_PLAIN, at, 0, "%s\"\"\"%s.\"\"\"\n", indent_at(site, at), words);
	return "a first line is added from the function's name, for its author to better; what it does is unchanged";
}

/* --- OBS003, PRV003: print as a logger's call --- */

/* A plain string literal's text as it is written; NULL: it is none. */
static char *plain_literal(struct site *site, const struct code_argument *argument)
{
	const struct code_token *it = code_token_at(site->code, argument->value);
	const char *text = site->text + it->offset;

	if (argument->end != argument->value + 1 || it->kind != CODE_STRING || (*text != '"' && *text != '\'') || it->length < 2 || (it->length > 2 && text[1] == *text))
		return NULL;
	return arena_text_n(heal_arena(site), text + 1, it->length - 2);
}

/* What print is told besides what it prints. */
struct print_options {
	const char *between; /* as in a string literal */
	const char *level;   /* of where it goes, or NULL */
};

static const char *read_option(struct site *site, const struct code_argument *option, struct print_options *options)
{
	const char *text = plain_literal(site, option);

	if (!strcmp(option->keyword, "flush"))
		return NULL;
	if (!strcmp(option->keyword, "sep") && text && !strpbrk(text, "%\"'"))
		options->between = text;
	else if (!strcmp(option->keyword, "end") && text && !strncmp(text, "\\n", 2))
		return NULL;
	else if (!strcmp(option->keyword, "end"))
		return "it prints parts of a line, and a logger writes whole ones";
	else if (!strcmp(option->keyword, "file") && ends_with(code_text(site->code, option->value, option->end), "stderr"))
		options->level = "warning";
	else if (strcmp(option->keyword, "file") || !ends_with(code_text(site->code, option->value, option->end), "stdout"))
		return !strcmp(option->keyword, "file") ? "it writes to a file of its own, which is no log" : "what it prints cannot be given to a logger as it is";
	return NULL;
}

/* "%s %s", for several; nothing for one, which a logger takes as it is. NULL: refused. */
static const char *format_for(struct site *site, const struct code_call *call, struct print_options *options)
{
	int values = 0;
	const char *why = NULL;

	for (int i = 0; i < call->argument_count && !why; i++) {
		const struct code_argument *it = code_argument_at(site->code, call->arguments + i);

		if (!it->keyword)
			values++;
		else
			why = read_option(site, it, options);
	}
	if (why || values > 20)
		return refuse(site, "%s", why ? why : "it prints more values than are read");
	if (!values)
		return "\"\"";
	if (values == 1)
		return "";
	char *format = arena_text(heal_arena(site), "\"%s");
	for (int i = 1; i < values; i++)
		format = arena_format(heal_arena(site), "%s%s%%s", format, options->between);
	return arena_format(heal_arena(site), "%s\", ", format);
}

static const char *print_to_log(struct site *site, const char *level, const char *safe)
{
	const struct code_call *call = site_call(site);
	struct print_options options = { " ", NULL };

	if (!call || !code_is(site->code, call->name, "print") || call->name != call->open - 1)
		return refuse(site, "what it prints cannot be given to a logger as it is");
	const char *format = format_for(site, call, &options), *logging;
	if (!format)
		return NULL;
	if (options.level && strcmp(level, "debug"))
		level = options.level;
	logging = need_module(site, "logging");
	edit(site, EDIT_PLAIN, token_offset(site, call->name), token_end(site, call->open) - token_offset(site, call->name), "%s.getLogger(__name__).%s(%s", logging, level, format);
	for (int i = 0; i < call->argument_count; i++) {
		const struct code_argument *it = code_argument_at(site->code, call->arguments + i);

		if (it->keyword)
			remove_item(site, it->token, it->end);
	}
	return safe;
}

static const char *print_in_service(struct site *site)
{
	if (!is_python(site))
		return only_python(site);
	return print_to_log(site, "info", "the same text goes to the logger of the module, which the service already places");
}

static const char *quiet_log(struct site *site)
{
	static const char *const levels[] = { "info", "warning", "warn", "error", "log", "critical", "notice" };
	const struct code_call *call = site_call(site);
	int name = call ? call->open - 1 : -1;

	if (!call)
		return no_call(site);
	if (is_python(site) && code_is(site->code, name, "print"))
		return print_to_log(site, "debug", "the same text is written only where debugging is switched on");
	if (code_is(site->code, name, "log") && is_python(site))
		return refuse(site, "its level is an argument: lower it there");
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		if (code_is(site->code, name, levels[i])) {
			replace_range(site, name, name + 1, "debug");
			return "the same text is written only where debugging is switched on";
		}
	return refuse(site, "it is no call of a logger whose level can be lowered");
}

const struct heal_row heal_service_rows[] = {
	{ "AGY012", description }, { "OBS003", print_in_service }, { "PRV003", quiet_log }, { "REL011", health }, { NULL, NULL },
};
