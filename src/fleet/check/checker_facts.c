/* What the functions of a file are (tools, handlers of requests), what its calls are, which reach a model; and names across the files of an agent. */
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "fleet/agent/agent.h"
#include "fleet/check/checker_parts.h"

enum { VOCABULARY_MAX = 256 << 10, STRING_MAX = 200, ROUNDS = 4, KNOWN = 512, STEMS = 1024, NAME_BYTES = 300 };

/* --- vocabulary --- */

static unsigned hash(const char *text, size_t length)
{
	unsigned value = 2166136261u;

	for (size_t i = 0; i < length; i++)
		value = (value ^ (unsigned char)text[i]) * 16777619u;
	return value;
}

void facts_vocabulary(struct unit *unit)
{
	enum { SEEN = 8192 };
	unsigned *seen = arena_alloc(unit->arena, SEEN * sizeof(*seen));
	struct text text;

	text_init(&text, VOCABULARY_MAX);
	for (int i = 0; i < code_token_count(unit->code); i++) {
		const struct code_token *token = code_token_at(unit->code, i);
		const char *at = unit->text + token->offset;
		unsigned key;

		if ((token->kind != CODE_NAME && token->kind != CODE_STRING) || token->length > (token->kind == CODE_NAME ? NAME_BYTES : 20 * STRING_MAX))
			continue;
		key = hash(at, token->length) | 1;
		/* A table that forgets: a name said twice only costs time. */
		if (seen[key % SEEN] == key)
			continue;
		seen[key % SEEN] = key;
		text_add_n(&text, at, token->length);
		text_add_char(&text, '\n');
	}
	unit->vocabulary = arena_text_n(unit->arena, text.data, text.length);
	unit->vocabulary_length = text.length;
	text_release(&text);
}

/* --- roles --- */

static uint64_t roles_of(struct unit *unit, const struct code_call *call)
{
	const struct lexicon *lexicon = unit->checker->lexicon;
	uint64_t roles = 0;

	if (call->resolved)
		roles = lexicon_roles(lexicon, call->resolved);
	if (*call->written && !(roles & ANY_RUN)) {
		/* By shape alone only what patterns that begin with * say. */
		uint64_t shape = lexicon_roles(lexicon, call->written) & (ROLE(MODEL_GUESS) | ROLE(RETRIEVE) | ROLE(MEMORY_WRITE) | ROLE(SQL) | ROLE(RETRY) | ROLE(DESTROY) | ROLE(A2A) |
			ROLE(TOOL_HOLDER) | ROLE(TOOL) | ROLE(LOG) | ROLE(WRITE));

		if (call->resolved)
			shape &= ~ROLE(MODEL_GUESS);
		roles |= shape;
	}
	if (!(roles & ROLE(LOG)) && (!strncmp(call->written, "logger.", 7) || !strncmp(call->written, "log.", 4) || !strncmp(call->written, "self.logger.", 12) ||
		!strncmp(call->written, "this.logger.", 12) || !strncmp(call->written, "LOGGER.", 7) || !strncmp(call->written, "_logger.", 8)))
		roles |= ROLE(LOG);
	return roles;
}

/* Names are called again and again. */
struct known {
	const char *resolved, *written;
	uint64_t roles;
};

static int same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static void find_roles(struct unit *unit)
{
	struct known known[KNOWN] = { { .roles = 0 } };

	unit->roles = arena_alloc(unit->arena, ((size_t)code_call_count(unit->code) + 1) * sizeof(*unit->roles));
	for (int i = 0; i < code_call_count(unit->code); i++) {
		const struct code_call *call = code_call_at(unit->code, i);
		struct known *it = &known[hash(call->written, strlen(call->written)) % KNOWN];

		if (!it->written || !same(it->written, call->written) || !same(it->resolved, call->resolved))
			*it = (struct known){ call->resolved, call->written, roles_of(unit, call) };
		unit->roles[i] = it->roles;
	}
}

/* --- functions --- */

static int has_role(const struct unit *unit, const struct code_decorator *decorator, uint64_t wanted)
{
	const struct lexicon *lexicon = unit->checker->lexicon;
	uint64_t roles = decorator->resolved ? lexicon_roles(lexicon, decorator->resolved) : 0;

	if (!decorator->resolved)
		roles = lexicon_roles(lexicon, decorator->written);
	return (roles & wanted) != 0;
}

/* @app.post, @router.post with an app of another file, @mcp.tool: by their shape where the name is not known. */
static int ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), n = strlen(end);

	return length >= n && !strcmp(text + length - n, end);
}

static unsigned decorator_flags(struct unit *unit, const struct code_decorator *decorator)
{
	static const char *const methods[] = { ".post", ".get", ".put", ".delete", ".route", ".websocket", ".api_route", ".patch" };
	const char *written = decorator->written;
	unsigned flags = 0;

	if (has_role(unit, decorator, ROLE(TOOL)) || (!decorator->resolved && (ends_with(written, ".tool") || !strcmp(written, "tool") || ends_with(written, "function_tool"))))
		flags |= IS_TOOL;
	if (has_role(unit, decorator, ROLE(RETRY)))
		flags |= HAS_RETRY;
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		if (ends_with(written, methods[i]) && decorator->call >= 0 && !(flags & IS_TOOL)) {
			const struct code_call *call = code_call_at(unit->code, decorator->call);
			const struct code_argument *path = code_positional(unit->code, call, 0);
			const char *text = path ? code_string(unit->code, path->value, path->end, NULL) : NULL;

			if (!text || *text != '/')
				continue;
			flags |= IS_HANDLER;
			if (i == 0 || i == 2 || i == 5)
				flags |= IS_POST;
			for (int k = decorator->at; strstr(methods[i], "route") && k < decorator->end; k++)
				if (code_token_at(unit->code, k)->kind == CODE_STRING && (strstr(code_text(unit->code, k, k + 1), "POST")))
					flags |= IS_POST;
		}
	if (lexicon_says(unit->checker->lexicon, WORD_AUTH, written, strlen(written)))
		flags |= HAS_AUTH;
	return flags;
}

/* A decorator of the agent's own that repeats: it calls what retries, or tries in a loop. */
static int repeats(const struct unit *unit, int f)
{
	const struct code_function *function = code_function_at(unit->code, f);

	for (int i = code_call_from(unit->code, function->body); i < code_call_count(unit->code) && code_call_at(unit->code, i)->open < function->end; i++)
		if (unit->roles[i] & ROLE(RETRY))
			return 1;
	for (int i = code_block_from(unit->code, function->body); i < code_block_count(unit->code) && code_block_at(unit->code, i)->at < function->end; i++)
		if (code_block_at(unit->code, i)->kind == BLOCK_TRY && block_of_kind(unit, i, 1 << BLOCK_FOR | 1 << BLOCK_WHILE) >= 0)
			return 1;
	return 0;
}

/* Functions that bear a decorator of this name are retried. */
static void mark_decorated(struct unit *unit, const char *name)
{
	for (int f = 0; f < code_function_count(unit->code); f++) {
		const struct code_function *function = code_function_at(unit->code, f);

		for (int k = 0; k < function->decorator_count; k++)
			if (!strcmp(code_decorator_at(unit->code, function->decorators + k)->written, name))
				unit->functions[f] |= HAS_RETRY;
	}
}

static void mark_own_decorators(struct unit *unit)
{
	for (int f = 0; f < code_function_count(unit->code); f++) {
		const struct code_function *function = code_function_at(unit->code, f);

		for (int k = 0; k < function->decorator_count; k++) {
			int decorator = code_function_named(unit->code, code_decorator_at(unit->code, function->decorators + k)->written);

			if (decorator >= 0 && decorator != f && repeats(unit, decorator))
				unit->functions[f] |= HAS_RETRY;
		}
	}
}

/* Functions named in tools=[…], in Tool(func=f), given to a maker of tools. */
static void mark_tools_in(struct unit *unit, int from, int to)
{
	for (int i = from; i < to; i++) {
		int function = code_token_at(unit->code, i)->kind == CODE_NAME && !code_is(unit->code, i - 1, ".") ? code_function_named(unit->code, code_text(unit->code, i, i + 1)) : -1;

		if (function >= 0)
			unit->functions[function] |= IS_TOOL;
	}
}

static void mark_tools_of(struct unit *unit, int i)
{
	static const char *const keywords[] = { "tools", "functions", "func", "coroutine", "fn", "execute" };
	const struct code_call *call = code_call_at(unit->code, i);

	if (!(unit->roles[i] & (ROLE(TOOL_HOLDER) | ROLE(TOOL))) || call->decorates)
		return;
	for (int k = 0; k < call->argument_count; k++) {
		const struct code_argument *argument = code_argument_at(unit->code, call->arguments + k);
		int from = argument->value, to = argument->end, wanted = !argument->keyword && ((unit->roles[i] & ROLE(TOOL)) || k < 2);

		for (size_t n = 0; argument->keyword && n < sizeof(keywords) / sizeof(*keywords); n++)
			wanted |= !strcmp(argument->keyword, keywords[n]);
		if (!wanted)
			continue;
		value_of(unit, &from, &to);
		mark_tools_in(unit, from, to);
		/* execute: async (args) => …, tool(async (args) => …) */
		for (int f = 0; unit->kind == SOURCE_SCRIPT && (unit->roles[i] & ROLE(TOOL)) && f < code_function_count(unit->code); f++) {
			const struct code_function *function = code_function_at(unit->code, f);

			if (function->def >= argument->token && function->end <= to + 1)
				unit->functions[f] |= IS_TOOL;
		}
	}
}

/* _run of a class that is a tool by its base. */
static void mark_methods(struct unit *unit)
{
	for (int i = 0; i < code_function_count(unit->code); i++) {
		const struct code_function *function = code_function_at(unit->code, i);
		const struct code_class *class = code_class_at(unit->code, function->class);

		if (!class || class->bases < 0 || (strcmp(function->name, "_run") && strcmp(function->name, "_arun") && strcmp(function->name, "forward")))
			continue;
		for (int k = class->bases; k < class->bases_end; k++)
			if (code_is(unit->code, k, "BaseTool") || code_is(unit->code, k, "Tool") || code_is(unit->code, k, "StructuredTool"))
				unit->functions[i] |= IS_TOOL;
	}
}

static void mark_routes(struct unit *unit)
{
	/* app.post("/x", handler) of JavaScript. */
	for (int i = 0; i < code_call_count(unit->code); i++) {
		const struct code_call *call = code_call_at(unit->code, i);
		int post = ends_with(call->written, ".post") || ends_with(call->written, ".put"), get = ends_with(call->written, ".get");
		const struct code_argument *path = code_positional(unit->code, call, 0);
		const char *text = path ? code_string(unit->code, path->value, path->end, NULL) : NULL;

		if (unit->kind != SOURCE_SCRIPT || (!post && !get) || !text || *text != '/' || call->argument_count < 2)
			continue;
		for (int f = 0; f < code_function_count(unit->code); f++) {
			const struct code_function *function = code_function_at(unit->code, f);

			if (function->def > call->open && function->end <= call->close && code_function_at(unit->code, f)->parent == call->function) {
				unit->functions[f] |= IS_HANDLER | (post ? IS_POST : 0);
				if (call->argument_count > 2 || range_says(unit, call->open, function->def, WORD_AUTH))
					unit->functions[f] |= HAS_AUTH;
			}
		}
	}
}

static int called_function(const struct unit *unit, const struct code_call *call)
{
	const char *name = call->written;

	if (!strncmp(name, "self.", 5) || !strncmp(name, "this.", 5))
		name += 5;
	return strpbrk(name, ".([") ? -1 : code_function_named(unit->code, name);
}

static void find_reach(struct unit *unit)
{
	int *called = unit->called = arena_alloc(unit->arena, ((size_t)code_call_count(unit->code) + 1) * sizeof(*called));

	for (int i = 0; i < code_call_count(unit->code); i++) {
		called[i] = called_function(unit, code_call_at(unit->code, i));
		if (unit->roles[i] & ANY_RUN)
			unit->roles[i] |= ROLE_REACHES;
	}
	for (int round = 0, changed = 1; round < ROUNDS && changed; round++) {
		changed = 0;
		for (int i = 0; i < code_call_count(unit->code); i++) {
			int function = code_call_at(unit->code, i)->function;

			if (called[i] >= 0 && unit->functions[called[i]] & REACHES_MODEL)
				unit->roles[i] |= ROLE_REACHES;
			for (; unit->roles[i] & ROLE_REACHES && function >= 0; function = code_function_at(unit->code, function)->parent) {
				changed |= !(unit->functions[function] & REACHES_MODEL);
				unit->functions[function] |= REACHES_MODEL;
			}
		}
	}
}

/* Names handed to a wrapper that retries: retry(f), Retrying()(f). */
static void mark_wrapped(struct unit *unit, int i)
{
	const struct code_call *call = code_call_at(unit->code, i);

	if (!(unit->roles[i] & ROLE(RETRY)) || call->decorates)
		return;
	for (int k = call->open; k < call->close; k++) {
		int function = code_token_at(unit->code, k)->kind == CODE_NAME ? code_function_named(unit->code, code_text(unit->code, k, k + 1)) : -1;

		if (function >= 0)
			unit->functions[function] |= HAS_RETRY;
	}
}

void facts_find(struct unit *unit)
{
	const struct code *code = unit->code;

	find_roles(unit);
	unit->functions = arena_alloc(unit->arena, ((size_t)code_function_count(code) + 1) * sizeof(*unit->functions));
	for (int i = 0; i < code_function_count(code); i++) {
		const struct code_function *function = code_function_at(code, i);

		for (int k = 0; k < function->decorator_count; k++)
			unit->functions[i] |= decorator_flags(unit, code_decorator_at(code, function->decorators + k));
		unit->is_service |= (unit->functions[i] & IS_HANDLER) != 0;
	}
	for (int i = 0; i < code_call_count(code); i++) {
		mark_tools_of(unit, i);
		mark_wrapped(unit, i);
		unit->is_service |= (unit->roles[i] & ROLE(APP)) != 0;
	}
	mark_methods(unit);
	mark_own_decorators(unit);
	mark_routes(unit);
	find_reach(unit);
}

/* --- across files --- */

/* Without the ending; a package is its folder. */
static size_t stem_length(const char *path)
{
	const char *point = strrchr(path, '.');
	size_t stem = point ? (size_t)(point - path) : strlen(path);

	return stem >= 9 && !strncmp(path + stem - 9, "/__init__", 9) ? stem - 9 : stem;
}

static void index_units(struct checker *checker)
{
	checker->stems = arena_alloc(checker->arena, STEMS * sizeof(*checker->stems));
	for (struct unit *unit = checker->units; unit; unit = unit->next) {
		size_t end = stem_length(unit->path), begin = end;
		struct unit **bucket;

		while (begin > 0 && unit->path[begin - 1] != '/')
			begin--;
		bucket = &checker->stems[hash(unit->path + begin, end - begin) % STEMS];
		unit->same_stem = *bucket;
		*bucket = unit;
	}
}

/* The file of the agent a module names, seen from another: "llm", ".llm", "pkg.llm", "./llm.js". */
static struct unit *unit_of_module(struct checker *checker, const struct unit *from, const char *module)
{
	char path[NAME_BYTES];
	const char *slash, *last;
	size_t length = 0;

	while (*module == '.' || *module == '/')
		module++;
	for (; *module && length + 1 < sizeof(path); module++)
		path[length++] = from->kind == SOURCE_PYTHON && *module == '.' ? '/' : *module;
	path[length] = 0;
	if (from->kind == SOURCE_SCRIPT && length > 3 && (!strcmp(path + length - 3, ".js") || !strcmp(path + length - 3, ".ts")))
		path[length -= 3] = 0;
	if (!length)
		return NULL;
	slash = strrchr(path, '/');
	last = slash ? slash + 1 : path;
	for (struct unit *unit = checker->stems[hash(last, strlen(last)) % STEMS]; unit; unit = unit->same_stem) {
		size_t stem = stem_length(unit->path);

		if (unit != from && unit->kind == from->kind && stem >= length && !strncmp(unit->path + stem - length, path, length) &&
			(stem == length || unit->path[stem - length - 1] == '/'))
			return unit;
	}
	return NULL;
}

/* One import of a unit: calls on what it binds are known by the other file. */
static void link_import(struct checker *checker, struct unit *unit, const struct code_import *import)
{
	struct unit *other = unit_of_module(checker, unit, import->module);
	const char *prefix = import->name ? arena_format(unit->arena, "%s.%s", import->module, import->name) : import->module;
	int whole = !import->name;

	if (!other && import->name) {
		other = unit_of_module(checker, unit, arena_format(unit->arena, "%s.%s", import->module, import->name));
		whole = 1;
	}
	if (!other)
		return;
	for (int i = 0; i < code_call_count(unit->code); i++) {
		const struct code_call *call = code_call_at(unit->code, i);
		size_t length = strlen(prefix);
		const char *rest, *known;
		int function;

		if (!call->resolved || strncmp(call->resolved, prefix, length) || !strchr(".(", call->resolved[length]))
			continue;
		rest = whole ? call->resolved + length : call->resolved + length - strlen(import->name);
		rest += *rest == '.';
		known = code_exported(other->code, rest);
		if (known) {
			code_set_resolved(unit->code, i, arena_text(unit->arena, known));
			unit->roles[i] = roles_of(unit, code_call_at(unit->code, i));
		}
		function = code_function_named(other->code, arena_text_n(unit->arena, rest, strcspn(rest, ".([")));
		if (function >= 0 && !strpbrk(rest, ".([") && other->functions[function] & REACHES_MODEL)
			unit->roles[i] |= ROLE_REACHES;
	}
	if (import->name && code_function_named(other->code, import->name) >= 0 && repeats(other, code_function_named(other->code, import->name)))
		mark_decorated(unit, import->alias);
	/* A function of the other file that is handed to an agent here is a tool. */
	for (int i = 0; i < code_call_count(unit->code); i++) {
		const struct code_call *call = code_call_at(unit->code, i);
		const struct code_argument *tools = unit->roles[i] & ROLE(TOOL_HOLDER) ? code_keyword(unit->code, call, "tools") : NULL;
		int from, to;

		if (!tools || !import->name)
			continue;
		from = tools->value;
		to = tools->end;
		value_of(unit, &from, &to);
		for (int k = from; k < to; k++)
			if (code_is(unit->code, k, import->alias) && code_function_named(other->code, import->name) >= 0)
				other->functions[code_function_named(other->code, import->name)] |= IS_TOOL;
	}
}

void link_units(struct checker *checker)
{
	index_units(checker);
	for (int round = 0; round < 2; round++)
		for (struct unit *unit = checker->units; unit; unit = unit->next) {
			for (int i = 0; i < code_import_count(unit->code) && i < NAME_BYTES; i++)
				link_import(checker, unit, code_import_at(unit->code, i));
			find_reach(unit);
		}
}
