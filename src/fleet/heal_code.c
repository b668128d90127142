/* Repairs of Python code: each finds its place again in the tokens, and refuses where it is not sure. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "fleet/heal_private.h"

static int ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), n = strlen(end);

	return length >= n && !strcmp(text + length - n, end);
}

static const char *only_python(struct site *site)
{
	return refuse(site, "only Python is edited from here so far");
}

static const char *no_call(struct site *site)
{
	return refuse(site, "the call is not found again");
}

/* --- arguments added, changed, taken out --- */

static const char *with_argument(struct site *site, const char *argument, const char *safe)
{
	const struct code_call *call = site_call(site);
	char keyword[80];

	if (!is_python(site))
		return only_python(site);
	if (!call)
		return no_call(site);
	snprintf(keyword, sizeof(keyword), "%.*s", (int)strcspn(argument, "="), argument);
	if (code_keyword(site->code, call, keyword))
		return refuse(site, "%s is given already", keyword);
	const char *why = add_argument(site, call, argument);
	return why ? refuse(site, "%s", why) : safe;
}

static const char *timeout(struct site *site)
{
	return with_argument(site, value(site, "timeout"), "one keyword argument is added; a request that took longer fails instead of hanging");
}

static const char *turn_limit(struct site *site)
{
	const struct code_call *call = site_call(site);

	if (!is_python(site))
		return only_python(site);
	for (const struct json *row = call ? json_first(table(site, "turn_limits")) : NULL; row; row = json_next(row)) {
		const char *name = json_text_or(json_get(row, "call"), ""), *keyword = json_text_or(json_get(row, "keyword"), "");

		if (!ends_with(call->written, name))
			continue;
		if (code_keyword(site->code, call, keyword) || (!strcmp(keyword, "config") && call->argument_count > 1))
			return refuse(site, "%s is given already and does not set the limit: add it there", keyword);
		return with_argument(site, json_text_or(json_get(row, "argument"), ""), "one argument is added; a run that does not end fails instead of going on");
	}
	return call ? refuse(site, "no limit is known for %.60s", call->written) : no_call(site);
}

static const char *output_limit(struct site *site)
{
	const struct code_call *call = site_call(site);
	const char *resolved = call && call->resolved ? call->resolved : "";

	if (!is_python(site))
		return only_python(site);
	if (strstr(resolved, "google.") || strstr(resolved, "vertexai") || strstr(resolved, "boto3"))
		return refuse(site, "this client takes the limit in its own configuration object");
	for (const struct json *row = call ? json_first(table(site, "output_limits")) : NULL; row; row = json_next(row)) {
		const char *begins = json_text_or(json_get(row, "begins"), ""), *ends = json_text_or(json_get(row, "ends"), "");

		if (!strncmp(resolved, begins, strlen(begins)) && ends_with(call->written, ends))
			return with_argument(site, arena_format(heal_arena(site), "%s=%s", json_text_or(json_get(row, "argument"), ""), value(site, "output_limit")),
				"one keyword argument is added; longer replies are cut by the vendor, not by chance");
	}
	return no_call(site);
}

static const char *revision(struct site *site)
{
	const char *os = is_python(site) ? need_module(site, "os") : NULL;
	const char *safe = with_argument(site, arena_format(heal_arena(site), "revision=%s.environ[\"MODEL_REVISION\"]", os ? os : "os"),
		"one keyword argument is added; which commit it is, the environment says (MODEL_REVISION in .env.example)");

	if (safe)
		append_line(site, path_of_agent(site, ".env.example"), "MODEL_REVISION=");
	return safe;
}

/* The first of the names that the call gives a value; NULL: refused, and said why. */
static const struct code_argument *first_named(struct site *site, const char *const *names)
{
	const struct code_call *call = site_call(site);
	const struct code_argument *argument = NULL;

	for (; is_python(site) && call && *names && !argument; names++)
		argument = code_keyword(site->code, call, *names);
	if (!is_python(site))
		only_python(site);
	else if (!argument)
		call ? refuse(site, "the argument is not given by name") : no_call(site);
	return argument;
}

/* The argument whose value decided: NAME=VALUE becomes NAME=TEXT. */
static const char *replace_value(struct site *site, const char *const *names, const char *text, const char *safe)
{
	const struct code_argument *argument = first_named(site, names);

	if (!argument)
		return NULL;
	size_t from = token_offset(site, argument->value);

	edit(site, EDIT_PLAIN, from, token_end(site, argument->end - 1) - from, "%s", text);
	return safe;
}

static const char *temperature(struct site *site)
{
	return replace_value(site, (const char *const[]){ "temperature", NULL }, value(site, "temperature"), "one number is changed; the same question leads to the same tool");
}

static const char *weights_only(struct site *site)
{
	const struct code_call *call = site_call(site);

	if (call && !ends_with(call->written, "load"))
		return refuse(site, "what it loads must be known first");
	if (call && code_keyword(site->code, call, "weights_only"))
		return replace_value(site, (const char *const[]){ "weights_only", NULL }, "True", "one value is changed; only tensors are read");
	if (call && strstr(call->resolved ? call->resolved : "", "torch"))
		return with_argument(site, "weights_only=True", "one keyword argument is added; only tensors are read");
	return refuse(site, "only torch.load has a mode that runs no code");
}

static const char *remove_named(struct site *site, const char *const *names, const char *safe)
{
	const struct code_argument *argument = first_named(site, names);

	if (!argument)
		return NULL;
	remove_argument(site, site_call(site), argument);
	return safe;
}

static const char *remote_code(struct site *site)
{
	return remove_named(site, (const char *const[]){ "trust_remote_code", NULL }, "one argument is taken out; the library's own code reads the model, or says that it cannot");
}

static const char *tls_check(struct site *site)
{
	if (!is_python(site) || !site_call(site))
		return refuse(site, "only an argument of a Python call is taken out from here");
	return remove_named(site, (const char *const[]){ "verify", "ssl", "verify_ssl", "ssl_verify", NULL },
		"one argument is taken out; certificates are checked against the system's authorities");
}

static const char *origins(struct site *site)
{
	const char *os = is_python(site) ? need_module(site, "os") : "os";
	const char *safe = replace_value(site, (const char *const[]){ "allow_origins", NULL },
		arena_format(heal_arena(site), "%s.environ.get(\"ALLOWED_ORIGINS\", \"\").split(\",\")", os),
		"one value is changed; no site but those the environment lists (ALLOWED_ORIGINS in .env.example)");

	if (safe)
		append_line(site, path_of_agent(site, ".env.example"), "ALLOWED_ORIGINS=");
	return safe;
}

static const char *debug_server(struct site *site)
{
	const struct code_call *call = site_call(site);
	const char *const names[] = { "debug", "reload", NULL };

	if (!is_python(site) || !call)
		return refuse(site, "only an argument of a Python call is changed from here");
	const char *os = need_module(site, "os");
	return replace_value(site, names, arena_format(heal_arena(site), "%s.environ.get(\"DEBUG\") == \"1\"", os), "one value is changed; debugging is on only where the environment says DEBUG=1");
}

static const char *bypass(struct site *site)
{
	static const struct { const char *name, *to; } rows[] = { { "auto_approve", "False" }, { "require_approval", "\"always\"" }, { "human_input_mode", "\"ALWAYS\"" } };
	const struct code_call *call = site_call(site);

	for (size_t i = 0; is_python(site) && call && i < sizeof(rows) / sizeof(*rows); i++)
		if (code_keyword(site->code, call, rows[i].name))
			return replace_value(site, (const char *const[]){ rows[i].name, NULL }, rows[i].to, "one value is changed; a person is asked first");
	return NULL;
}

static const char *false_argument(struct site *site, const char *const *names, const char *safe)
{
	return replace_value(site, names, "False", safe);
}

static const char *delegation(struct site *site)
{
	return false_argument(site, (const char *const[]){ "allow_delegation", NULL }, "one value is changed; work stays with the agent it was given to");
}

static const char *trace_content(struct site *site)
{
	return false_argument(site, (const char *const[]){ "trace_include_sensitive_data", "enable_content_recording", "capture_message_content", "enable_sensitive_data", NULL },
		"one value is changed; traces keep their shape and lose what people wrote");
}

static const char *safe_load(struct site *site)
{
	const struct code_call *call = site_call(site);

	if (!is_python(site))
		return only_python(site);
	if (!call || !call->resolved || (strcmp(call->resolved, "yaml.load") && strcmp(call->resolved, "yaml.unsafe_load")))
		return refuse(site, "only yaml.load has a safe twin that reads the same files");
	int name = call->open - 1;
	const struct code_argument *loader = code_keyword(site->code, call, "Loader");
	if (!code_is(site->code, name, "load") && !code_is(site->code, name, "unsafe_load"))
		return refuse(site, "yaml.load is called by another name here");
	if (!strchr(call->written, '.'))
		return refuse(site, "load was imported by name: import safe_load instead");
	if (!loader && code_positional(site->code, call, 1))
		return refuse(site, "the loader is given by position");
	edit(site, EDIT_PLAIN, token_offset(site, name), token_end(site, name) - token_offset(site, name), "safe_load");
	if (loader)
		remove_argument(site, call, loader);
	return "the safe loader reads the same files and makes no objects of its own";
}

/* `k = 50` as tokens k, =, 50. */
static const char *passages(struct site *site)
{
	for (int t = 0; site->code && t + 2 < code_token_count(site->code); t++) {
		const struct code_token *number = code_token_at(site->code, t + 2);

		if (token_offset(site, t) != site->finding->place.offset || number->kind != CODE_NUMBER)
			continue;
		edit(site, EDIT_PLAIN, number->offset, number->length, "%s", value(site, "passages"));
		return "one number is changed; fewer passages are sent to the model";
	}
	return refuse(site, "the number is not found again");
}

static const char *score_floor(struct site *site)
{
	const struct code_call *call = site_call(site);

	if (!is_python(site) || !call || !ends_with(call->written, "as_retriever") || call->argument_count)
		return refuse(site, "what is done with the passages decides where a floor goes; only a plain as_retriever() is changed from here");
	return with_argument(site, arena_format(heal_arena(site), "search_type=\"similarity_score_threshold\", search_kwargs={\"score_threshold\": %s}", value(site, "score_floor")),
		"two arguments are added; passages far from the question are left out");
}

/* The region that cockpit.yaml asks for, as this client's argument. */
static const char *region(struct site *site)
{
	static const struct { const char *call, *argument; } rows[] = { { "boto3.client", "region_name" }, { "boto3.resource", "region_name" }, { "vertexai.init", "location" },
		{ "google.genai.Client", "location" }, { "boto3.Session", "region_name" } };
	static const char *const names[] = { "region", "data_residency", "location", "residency" };
	const struct code_call *call = site_call(site);
	const char *wanted = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && !wanted; i++)
		wanted = json_text(json_get(heal_config(site), names[i]));
	if (!wanted)
		wanted = json_text(json_item(json_get(heal_config(site), "regions"), 0));
	for (size_t i = 0; call && call->resolved && wanted && i < sizeof(rows) / sizeof(*rows); i++)
		if (!strcmp(call->resolved, rows[i].call))
			return with_argument(site, arena_format(heal_arena(site), "%s=\"%s\"", rows[i].argument, wanted), "one argument is added; it is the region cockpit.yaml asks for");
	return refuse(site, wanted ? "which argument of this client takes the region is not known" : "cockpit.yaml names no single region");
}

/* --- names of models --- */

static const char *swap_text(struct site *site, const char *from, const char *to, const char *safe)
{
	size_t begin = site->finding->place.offset, end = begin + site->finding->place.length;

	if (!site->finding->place.length)
		begin = line_begin(site, begin), end = line_end_at(site, begin);
	const char *at = memmem(site->text + begin, end - begin, from, strlen(from));

	if (!at)
		return refuse(site, "%.60s is not written out here", from);
	edit(site, EDIT_PLAIN, (size_t)(at - site->text), strlen(from), "%s", to);
	return safe;
}

/* The check said "OLD is retired since …; NEW follows it" or "OLD moves; NEW stays". */
static const char *successor(struct site *site)
{
	const char *said = site->finding->message, *semicolon = strstr(said, "; ");
	const char *verb = semicolon ? strstr(semicolon, " follows it") : NULL;

	if (semicolon && !verb)
		verb = strstr(semicolon, " stays");
	if (!verb)
		return refuse(site, "no dated name is known for it");
	char *from = arena_text_n(heal_arena(site), said, strcspn(said, " "));
	char *to = arena_text_n(heal_arena(site), semicolon + 2, (size_t)(verb - semicolon - 2));
	return swap_text(site, from, to, "one model id is changed to the one its vendor names as successor");
}

static const char *small_model(struct site *site)
{
	const char *said = site->finding->message;
	char *from = arena_text_n(heal_arena(site), said, strcspn(said, " "));
	const struct json *best = NULL;

	for (const struct json *row = json_first(table(site, "small_models")); row; row = json_next(row))
		if (!strncmp(from, json_key(row), strlen(json_key(row))) && (!best || strlen(json_key(row)) > strlen(json_key(best))))
			best = row;
	if (!best || !json_text(best))
		return refuse(site, "no smaller model is known for %.60s", from);
	return swap_text(site, from, json_text(best), "one model id is changed to a smaller one of the same vendor");
}

static const char *https(struct site *site)
{
	return swap_text(site, "http://", "https://", "the same address over TLS; an endpoint without it says so at once");
}

/* --- decorators and loops --- */

static const struct code_function *site_function(const struct site *site)
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

static const char *retry_text(struct site *site, const char *module)
{
	const char *stop = value(site, "retry_stop"), *wait = value(site, "retry_wait");

	return arena_format(heal_arena(site), "@%s.retry(stop=%s.%s, wait=%s.%s, reraise=True)", module, module, stop, module, wait);
}

static int is_effect(const struct site *site, const char *written)
{
	const char *dot = strrchr(written, '.'), *last = dot ? dot + 1 : written;

	for (const struct json *row = json_first(table(site, "effects")); row; row = json_next(row)) {
		const char *name = json_text_or(row, "");
		size_t length = strlen(name);

		if (*name == '*' ? ends_with(written, name + 1) : length && name[length - 1] == '*' ? !strncmp(last, name, length - 1) : !strcmp(last, name))
			return 1;
	}
	return 0;
}

/* What the function changes outside besides asking a model, or NULL. */
static const char *effect_in(const struct site *site, const struct code_function *function)
{
	for (int i = 0; i < code_call_count(site->code); i++) {
		const struct code_call *call = code_call_at(site->code, i);

		if (call->name >= function->body && call->close <= function->end && token_offset(site, call->name) != site->finding->place.offset &&
			is_effect(site, call->written))
			return call->written;
	}
	return NULL;
}

/* Inside existing decorators, so that those of a framework stay outermost. */
static const char *retry(struct site *site)
{
	if (!is_python(site))
		return only_python(site);
	const struct code_function *function = site_function(site);
	if (!function || !*function->name || code_token_at(site->code, function->def)->kind != CODE_NAME)
		return refuse(site, "the call stands in no function: put it into one");
	if (code_is(site->code, function->def, "lambda"))
		return refuse(site, "the call stands in a lambda");
	if (function->is_generator)
		return refuse(site, "a generator may have given items before it fails: retry inside it, before the first");
	const char *effect = effect_in(site, function);
	if (effect)
		return refuse(site, "it also does %.60s, which a retry would do again: put the model call into a function of its own", effect);
	size_t at = line_begin(site, token_offset(site, function->def));
	if (strspn(site->text + at, " \t") != token_offset(site, function->def) - at)
		return refuse(site, "the function begins in the middle of a line");
	const char *module = need_module(site, "tenacity");

	edit(site, EDIT_DECORATOR, at, 0, "%s%s\n", indent_at(site, at), retry_text(site, module));
	append_line(site, path_of_agent(site, "requirements.txt"), value(site, "retry_requirement"));
	return "a decorator is added inside those that are there; the last failure is still raised, and nothing but the call is repeated";
}

/* @retry(stop=…) without an exponential wait. */
static const char *retry_wait(struct site *site)
{
	if (!is_python(site))
		return only_python(site);
	for (int i = 0; i < code_call_count(site->code); i++) {
		const struct code_call *call = code_call_at(site->code, i);
		size_t at = token_offset(site, call->name), from = site->finding->place.offset;

		if (!call->decorates || at < from || at > from + site->finding->place.length || !call->resolved || !ends_with(call->resolved, "tenacity.retry"))
			continue;
		const char *module = need_module(site, "tenacity");
		const struct code_argument *wait = code_keyword(site->code, call, "wait");
		const char *text = arena_format(heal_arena(site), "%s.%s", module, value(site, "retry_wait"));

		if (wait) {
			size_t begin = token_offset(site, wait->value);

			edit(site, EDIT_PLAIN, begin, token_end(site, wait->end - 1) - begin, "%s", text);
			return "one value is changed; the wait grows and is spread";
		}
		const char *why = add_argument(site, call, arena_format(heal_arena(site), "wait=%s", text));
		return why ? refuse(site, "%s", why) : "one argument is added; the wait grows and is spread";
	}
	return refuse(site, "the loop is the program's own: let its wait grow there");
}

static const char *async_sleep(struct site *site)
{
	const struct code_call *call = site_call(site);

	if (!is_python(site))
		return only_python(site);
	if (!call || !call->resolved || strcmp(call->resolved, "time.sleep"))
		return refuse(site, "which client to await instead is for a person to choose");
	if (call->awaited)
		return refuse(site, "it is awaited already");
	const char *asyncio = need_module(site, "asyncio");
	size_t from = token_offset(site, call->name);

	edit(site, EDIT_PLAIN, from, token_end(site, call->open - 1) - from, "await %s.sleep", asyncio);
	return "the same wait, and other work goes on meanwhile";
}

/* gather(*(f(x) for x in xs)): each f(x) waits for a place. */
static const char *bounded(struct site *site)
{
	const struct code_call *call = site_call(site);
	const struct code_argument *first = call ? code_positional(site->code, call, 0) : NULL;
	int open = call ? call->open + 1 : 0, end;

	if (!is_python(site))
		return only_python(site);
	if (!call || call->argument_count < 1)
		return no_call(site);
	while (open < call->close && !code_is(site->code, open, "(") && !code_is(site->code, open, "["))
		open++;
	end = open + 1;
	for (int depth = 0; end < call->close && !(depth == 0 && code_is(site->code, end, "for")); end++) {
		const struct code_token *token = code_token_at(site->code, end);

		if (token->kind == CODE_OP && token->length == 1 && strchr("([{", site->text[token->offset]))
			depth++;
		if (token->kind == CODE_OP && token->length == 1 && strchr(")]}", site->text[token->offset]))
			depth--;
	}
	if (end >= call->close || end == open + 1 || (first && !code_is(site->code, call->open + 1, "*")))
		return refuse(site, "what is gathered is no comprehension written here");
	const char *asyncio = need_module(site, "asyncio");
	int place = code_import_place(site->code);
	for (int i = 0; i < code_import_count(site->code); i++)
		if (code_import_at(site->code, i)->function < 0 && code_import_at(site->code, i)->token >= place)
			place = code_import_at(site->code, i)->token;
	int last = place;
	while (last < code_token_count(site->code) - 1 && code_token_at(site->code, last)->kind != CODE_NEWLINE)
		last++;
	edit(site, EDIT_HELPER, token_end(site, last), 0, "\n_model_calls = %s.Semaphore(%s)\n\n\nasync def _bounded(call):\n    async with _model_calls:\n        return await call\n\n", asyncio,
		value(site, "parallel"));
	edit(site, EDIT_PLAIN, token_offset(site, open + 1), 0, "_bounded(");
	edit(site, EDIT_PLAIN, token_end(site, end - 1), 0, ")");
	return "the same calls with the same results in the same order, a few at a time";
}

/* --- applications, tools, logs --- */

static const char *health(struct site *site)
{
	const struct code_call *call = site_call(site);
	const struct code_assign *assign = NULL;

	if (!is_python(site))
		return only_python(site);
	for (int i = 0; call && i < code_assign_count(site->code); i++) {
		const struct code_assign *it = code_assign_at(site->code, i);

		if (it->value == call->name && it->kind == ASSIGN_SET && it->function < 0 && !strchr(it->target, '.'))
			assign = it;
	}
	if (!assign || code_function_named(site->code, "health") >= 0)
		return refuse(site, assign ? "a function named health is there already" : "the application is not made at the top of the file");
	int flask = call->resolved && strstr(call->resolved, "lask") != NULL, last = assign->end;
	while (last < code_token_count(site->code) - 1 && code_token_at(site->code, last)->kind != CODE_NEWLINE)
		last++;
	edit(site, EDIT_HELPER, token_end(site, last), 0, "\n\n@%s.%s(\"/health\")\ndef health():\n    return {\"status\": \"ok\"}\n\n", assign->target, flask ? "route" : "get");
	return "one route is added; it reads nothing and says that the process answers";
}

static const char *docstring(struct site *site)
{
	const struct code_function *function = is_python(site) ? site_function(site) : NULL;
	char words[120];

	if (!function)
		return only_python(site);
	if (function->docstring >= 0 || !strstr(site->finding->message, "description"))
		return refuse(site, "which types it takes is for its author to say");
	if (strstr(site->finding->message, "types"))
		return refuse(site, "it lacks types too, and which they are is for its author to say");
	int body = function->body;
	while (body < function->end && (code_token_at(site->code, body)->kind == CODE_NEWLINE || code_token_at(site->code, body)->kind == CODE_NL ||
				       code_token_at(site->code, body)->kind == CODE_INDENT || code_token_at(site->code, body)->kind == CODE_COMMENT))
		body++;
	if (code_token_at(site->code, body)->line == code_token_at(site->code, function->def)->line)
		return refuse(site, "the function stands on one line");
	snprintf(words, sizeof(words), "%s", function->name);
	for (char *c = words; *c; c++)
		*c = *c == '_' ? ' ' : *c;
	*words = (char)toupper((unsigned char)*words);
	size_t at = line_begin(site, token_offset(site, body));
	edit(site, EDIT_PLAIN, at, 0, "%s\"\"\"%s.\"\"\"\n", indent_at(site, at), words);
	return "a first line is added from the function's name, for its author to better; what it does is unchanged";
}

/* Arguments of print as those of a logger, "%s %s", a, b. NULL: they cannot be. */
static const char *as_log_arguments(struct site *site, const struct code_call *call)
{
	char marks[64] = "";

	if (!call->argument_count || call->argument_count > 8)
		return NULL;
	for (int i = 0; i < call->argument_count; i++) {
		if (code_argument_at(site->code, call->arguments + i)->keyword)
			return NULL;
		strcat(marks, i ? " %s" : "%s");
	}
	return arena_format(heal_arena(site), "\"%s\", ", marks);
}

static const char *print_to_log(struct site *site, const char *level, const char *safe)
{
	const struct code_call *call = site_call(site);
	const char *arguments = call && code_is(site->code, call->name, "print") ? as_log_arguments(site, call) : NULL;

	if (!arguments)
		return refuse(site, "what it prints cannot be given to a logger as it is");
	const char *logging = need_module(site, "logging");
	size_t from = token_offset(site, call->name);

	edit(site, EDIT_PLAIN, from, token_end(site, call->open) - from, "%s.getLogger(__name__).%s(%s", logging, level, arguments);
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
	const struct code_call *call = site_call(site);
	int name = call ? call->open - 1 : -1;

	if (!is_python(site))
		return only_python(site);
	if (!call)
		return no_call(site);
	if (code_is(site->code, name, "print"))
		return print_to_log(site, "debug", "the same text is written only where debugging is switched on");
	if (!code_is(site->code, name, "info") && !code_is(site->code, name, "warning") && !code_is(site->code, name, "error"))
		return refuse(site, "it is no call of a logger whose level can be lowered");
	edit(site, EDIT_PLAIN, token_offset(site, name), token_end(site, name) - token_offset(site, name), "debug");
	return "the same text is written only where debugging is switched on";
}

/* --- prompts --- */

static const char *guard(struct site *site)
{
	int last = -1;

	if (!site->code) { /* a prompt file */
		size_t end = site->length;

		edit(site, EDIT_PLAIN, end, 0, "%s\n%s\n", end && site->text[end - 1] != '\n' ? "\n" : "", value(site, "guard"));
		return "a sentence is added at the end of the prompt; the rest stays as it was tested";
	}
	for (int t = 0; t < code_token_count(site->code); t++) {
		const struct code_token *token = code_token_at(site->code, t);

		if (token->kind == CODE_STRING && token->offset >= site->finding->place.offset && token->offset + token->length <= site->finding->place.offset + site->finding->place.length)
			last = t;
	}
	if (last < 0 || !is_python(site))
		return refuse(site, "the prompt is no literal of Python");
	const struct code_token *token = code_token_at(site->code, last);
	const char *text = site->text + token->offset;
	size_t prefix = strcspn(text, "\"'"), quotes = !strncmp(text + prefix, "\"\"\"", 3) || !strncmp(text + prefix, "'''", 3) ? 3 : 1;
	if (token->length < prefix + 2 * quotes || memchr(text, 'b', prefix))
		return refuse(site, "the prompt is no plain string");
	if (token->length == prefix + 2 * quotes)
		return refuse(site, "the prompt ends with an empty string");
	edit(site, EDIT_PLAIN, token->offset + token->length - quotes, 0, " %s", value(site, "guard"));
	return "a sentence is added at the end of the prompt; the rest stays as it was tested";
}

const struct heal_row heal_code_rows[] = {
	{ "AGY008", delegation }, { "AGY012", docstring }, { "COST001", output_limit }, { "COST003", small_model }, { "COST005", passages }, { "INJ002", guard },
	{ "INJ007", safe_load }, { "MOD001", successor }, { "MOD002", successor }, { "MOD003", temperature }, { "MOD004", remote_code }, { "MOD005", weights_only },
	{ "MOD006", revision }, { "NET001", tls_check }, { "NET002", https }, { "NET003", origins }, { "NET004", debug_server }, { "OBS003", print_in_service },
	{ "PRV003", quiet_log }, { "PRV007", region }, { "RAG005", score_floor }, { "REL001", retry }, { "REL002", timeout }, { "REL003", retry_wait }, { "REL005", turn_limit },
	{ "REL009", async_sleep }, { "REL011", health }, { "REL013", bounded }, { NULL, NULL },
};

const char *heal_code_bypass(struct site *site)
{
	return bypass(site);
}

const char *heal_code_trace(struct site *site)
{
	return trace_content(site);
}
