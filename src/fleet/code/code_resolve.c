/* What names stand for: imports, assignments, parameters with types, followed from scope to scope. A value that may be one of several, and a chain of
 * parts joined by `|` (LangChain's), stand as "(A|B)". */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "fleet/code/code_parts.h"

enum { STEPS_EACH = 60, STEPS_ALL = 200000, DEPTH_MAX = 10, RESOLVED_MAX = 600, VISITS_MAX = 500, RANGE_MAX = 2000, PARTS_MAX = 6 };

enum binding_kind { BIND_IMPORT, BIND_ASSIGN, BIND_PARAMETER, BIND_FUNCTION, BIND_CLASS };

struct binding {
	const char *name;
	enum binding_kind kind;
	int index, function, class, token;
	int next; /* of the same bucket */
};

struct code_names {
	int *buckets;
	uint32_t mask;
	struct code_row bindings;
};

static uint32_t hash(const char *name)
{
	uint32_t value = 2166136261u;

	while (*name)
		value = (value ^ (unsigned char)*name++) * 16777619u;
	return value;
}

static void bind(struct code *code, const char *name, enum binding_kind kind, int index, int function, int class, int token)
{
	struct code_names *names = code->names;
	struct binding *binding = code_row_add(code->arena, &names->bindings, sizeof(*binding));
	int *bucket = &names->buckets[hash(name) & names->mask];

	*binding = (struct binding){ .name = name, .kind = kind, .index = index, .function = function, .class = class, .token = token, .next = *bucket };
	*bucket = names->bindings.count;
}

static void bind_all(struct code *code)
{
	for (int i = 0; i < code->imports.count; i++) {
		const struct code_import *import = code_import_at(code, i);

		bind(code, import->alias, BIND_IMPORT, i, import->function, -1, import->token);
	}
	for (int i = 0; i < code->classes.count; i++) {
		const struct code_class *class = code_class_at(code, i);

		bind(code, class->name, BIND_CLASS, i, class->function, class->class, class->def);
	}
	for (int i = 0; i < code->functions.count; i++) {
		const struct code_function *function = code_function_at(code, i);

		if (*function->name)
			bind(code, function->name, BIND_FUNCTION, i, function->parent, function->class, function->def);
		for (int k = 0; k < function->parameter_count; k++) {
			const struct code_parameter *parameter = code_parameter_at(code, function->parameters + k);

			bind(code, parameter->name, BIND_PARAMETER, function->parameters + k, i, -1, parameter->token);
		}
	}
	for (int i = 0; i < code->assigns.count; i++) {
		const struct code_assign *assign = code_assign_at(code, i);

		if (assign->kind != ASSIGN_ADD && assign->kind != ASSIGN_ITEM)
			bind(code, assign->target, BIND_ASSIGN, i, assign->function, assign->class, assign->token);
	}
}

/* The last binding before the place, else the first after it, in one scope. Names of a class body are not seen from its methods. */
static const struct binding *bound_in(const struct code *code, const char *name, int function, int place)
{
	const struct code_names *names = code->names;
	const struct binding *all = names->bindings.items, *best = NULL;

	for (int i = names->buckets[hash(name) & names->mask], left = VISITS_MAX; i && left--; i = all[i - 1].next) {
		const struct binding *it = &all[i - 1];

		if (it->function != function || strcmp(it->name, name) || (it->class >= 0 && it->function < 0 && it->kind != BIND_CLASS))
			continue;
		if (!best || (it->token < place && (best->token >= place || it->token > best->token)) || (it->token >= place && best->token >= place && it->token < best->token))
			best = it;
	}
	return best;
}

static const struct binding *bound(const struct code *code, const char *name, int function, int place)
{
	for (;; function = code_function_at(code, function)->parent) {
		const struct binding *it = bound_in(code, name, function, place);

		if (it || function < 0)
			return it;
	}
}

/* "self.client" or a name of the class body, in the class if it has it, else anywhere in the file. */
static const struct binding *field(const struct code *code, const char *name, int class)
{
	const struct code_names *names = code->names;
	const struct binding *all = names->bindings.items, *best = NULL;
	const char *keys[2] = { name, strchr(name, '.') + 1 };

	for (int k = 0; k < 2 && !best; k++)
		for (int i = names->buckets[hash(keys[k]) & names->mask], left = VISITS_MAX; i && left--; i = all[i - 1].next) {
			const struct binding *it = &all[i - 1];

			if (it->kind != BIND_ASSIGN || strcmp(it->name, keys[k]) || (k && (it->class < 0 || it->function >= 0)))
				continue;
			if (!best || (it->class == class && best->class != class))
				best = it;
		}
	return best;
}

/* --- resolving --- */

static const char *resolve_range(struct code *code, int from, int to, int function, int class, int depth);
static const char *resolve_chain(struct code *code, const char *chain, int function, int class, int place, int depth);

static const char *const builtins[] = { "print", "eval", "exec", "compile", "open", "input", "getattr", "setattr", "__import__", "super", "isinstance", "len", "str",
	"int", "float", "repr", "format", "range", "sorted", "sum", "map", "filter", "zip", "iter", "next", "dict", "list", "set", "tuple", "type", "min", "max",
	"enumerate", "os", NULL };
static const char *const globals[] = { "console", "process", "require", "fetch", "eval", "Function", "document", "window", "JSON", "Promise", "setTimeout",
	"setInterval", "globalThis", "Math", "Object", "Array", "Buffer", "Deno", "Bun", "URL", "AbortSignal", NULL };

static int is_builtin(const struct code *code, const char *name)
{
	const char *const *words = code->language == CODE_PYTHON ? builtins : globals;

	for (; *words; words++)
		if (!strcmp(*words, name))
			return 1;
	return 0;
}

/* The type in an annotation: X, Optional[X], X | None. */
static const char *resolve_type(struct code *code, int from, int to, int function, int class, int depth)
{
	int open = from;

	while (open < to && code_char(code, open) != '[' && code_char(code, open) != '|')
		open++;
	if (open < to && code_char(code, open) == '[' && (code_is(code, from, "Optional") || code_is(code, open - 1, "Optional") || code_is(code, open - 1, "Annotated")))
		return resolve_type(code, open + 1, code_match(code, open) > 0 ? code_match(code, open) : to, function, class, depth);
	for (int comma = from; comma < open; comma++)
		if (code_char(code, comma) == ',')
			open = comma;
	const char *chain = code_chain(code, from, open), *resolved = chain ? resolve_chain(code, chain, function, class, from, depth - 1) : NULL;

	return resolved ? arena_format(code->arena, "%s()", resolved) : NULL;
}

static const char *resolve_import(struct code *code, const struct code_import *import, const char **rest)
{
	const char *module = import->module;

	if (import->name)
		return arena_format(code->arena, "%s.%s", module, import->name);
	/* `import a.b` binds a: what follows it names the module itself. */
	if (strncmp(module, import->alias, strlen(import->alias)) || (module[strlen(import->alias)] && module[strlen(import->alias)] != '.'))
		return module;
	(void)rest;
	return import->alias;
}

/* A function of this file that is called: what it gives back. */
static const char *resolve_result(struct code *code, int function, const char **rest, int depth)
{
	const struct code_return *returns = code->returns.items;
	int low = 0, high = code->returns.count;
	const char *value = NULL;

	if (strncmp(*rest, "()", 2))
		return NULL;
	while (low < high) {
		int middle = (low + high) / 2;

		if (returns[middle].token < code_function_at(code, function)->body)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < code->returns.count && returns[low].token < code_function_at(code, function)->end && !value; low++)
		if (returns[low].function == function)
			value = resolve_range(code, returns[low].value, returns[low].end, function, code_function_at(code, function)->class, depth - 2);
	if (value)
		*rest += 2;
	return value;
}

static const char *resolve_binding(struct code *code, const struct binding *binding, const char **rest, int depth)
{
	const struct code_assign *assign;
	const struct code_parameter *parameter;

	switch (binding->kind) {
	case BIND_IMPORT:
		return resolve_import(code, code_import_at(code, binding->index), rest);
	case BIND_ASSIGN:
		assign = code_assign_at(code, binding->index);
		if (assign->kind == ASSIGN_SET || assign->kind == ASSIGN_WITH) {
			const char *value = resolve_range(code, assign->value, assign->end, assign->function, assign->class, depth - 1);

			if (value || assign->annotation < 0)
				return value;
			return resolve_type(code, assign->annotation, assign->annotation_end, assign->function, assign->class, depth);
		}
		return NULL;
	case BIND_PARAMETER:
		parameter = code_parameter_at(code, binding->index);
		if (parameter->annotation < 0 && parameter->value >= 0)
			return resolve_range(code, parameter->value, parameter->value_end, -1, -1, depth - 1);
		return parameter->annotation < 0 ? NULL : resolve_type(code, parameter->annotation, parameter->annotation_end, binding->function, binding->class, depth);
	case BIND_FUNCTION:
		return resolve_result(code, binding->index, rest, depth);
	case BIND_CLASS:
		break;
	}
	return NULL;
}

static int is_self(const char *name, size_t length)
{
	return (length == 4 && (!memcmp(name, "self", 4) || !memcmp(name, "this", 4))) || (length == 3 && !memcmp(name, "cls", 3));
}

static const char *join(struct code *code, const char *base, const char *rest)
{
	if (!base || strlen(base) + strlen(rest) > RESOLVED_MAX)
		return NULL;
	return *rest ? arena_format(code->arena, "%s%s", base, rest) : base;
}

static const char *resolve_chain(struct code *code, const char *chain, int function, int class, int place, int depth)
{
	size_t length = strcspn(chain, ".([");
	const char *name = arena_text_n(code->arena, chain, length), *rest = chain + length;
	const struct binding *binding;

	if (depth <= 0 || code->steps-- <= 0 || !length)
		return NULL;
	if (is_self(name, length) && *rest == '.') {
		size_t more = strcspn(rest + 1, ".([");

		binding = field(code, arena_format(code->arena, "%s.%.*s", code->language == CODE_PYTHON ? "self" : "this", (int)more, rest + 1), class);
		rest += 1 + more;
	} else {
		binding = bound(code, name, function, place);
		if (!binding && !strcmp(name, "''"))
			return chain;
		if (!binding)
			return is_builtin(code, name) ? chain : NULL;
	}
	if (!binding || binding->token == place)
		return NULL;
	const char *base = resolve_binding(code, binding, &rest, depth);

	return join(code, base, rest);
}

/* The next place outside of brackets where alternatives are parted, or `to`. */
static int next_part(const struct code *code, int at, int to)
{
	for (; at < to; at = code_match(code, at) > at ? code_match(code, at) + 1 : at + 1)
		if (code_is(code, at, "or") || code_is(code, at, "and") || code_is(code, at, "if") || code_is(code, at, "else") || code_is(code, at, "|") || code_is(code, at, "||") ||
			code_is(code, at, "??"))
			return at;
	return to;
}

static const char *resolve_range(struct code *code, int from, int to, int function, int class, int depth)
{
	const char *chain, *parts[PARTS_MAX];
	struct text text;
	int count = 0;

	if (depth <= 0 || from >= to)
		return NULL;
	chain = code_chain(code, from, to);
	if (chain)
		return resolve_chain(code, chain, function, class, from, depth);
	if (to - from > RANGE_MAX)
		return NULL;
	for (int at = from, end; at < to && count < PARTS_MAX; at = end + 1) {
		end = next_part(code, at, to);
		if (end == to && at == from)
			return NULL;
		chain = code_chain(code, at, end);
		parts[count] = chain ? resolve_chain(code, chain, function, class, at, depth - 1) : NULL;
		count += parts[count] && strlen(parts[count]) < RESOLVED_MAX / PARTS_MAX;
		if (end < to && code_is(code, end, "if"))
			end = next_part(code, end + 1, to); /* the condition */
	}
	if (count < 2)
		return count ? parts[0] : NULL;
	text_init(&text, RESOLVED_MAX);
	for (int i = 0; i < count; i++)
		text_format(&text, "%s%s", i ? "|" : "(", parts[i]);
	text_add(&text, ")");
	chain = text.cut ? NULL : arena_text_n(code->arena, text.data, text.length);
	text_release(&text);
	return chain;
}

static int function_at(const struct code *code, int token, int *class)
{
	const struct code_function *functions = code->functions.items;
	const struct code_class *classes = code->classes.items;
	int low = 0, high = code->functions.count;

	while (low < high) {
		int middle = (low + high) / 2;

		if (functions[middle].body <= token)
			low = middle + 1;
		else
			high = middle;
	}
	for (*class = code->classes.count - 1; *class >= 0 && classes[*class].body > token; (*class)--)
		;
	while (*class >= 0 && token >= classes[*class].end)
		*class = classes[*class].class;
	for (low--; low >= 0 && token >= functions[low].end; low = functions[low].parent)
		;
	return low;
}

const char *code_resolve(struct code *code, int from, int to)
{
	int class, function = function_at(code, from, &class);

	code->steps = STEPS_EACH;
	return resolve_range(code, from, to, function, class, DEPTH_MAX);
}

int code_assigns_named(const struct code *code, const char *target, int *assigns, int max)
{
	const struct code_names *names = code->names;
	const struct binding *all = names->bindings.items;
	int count = 0;

	for (int i = names->buckets[hash(target) & names->mask], left = VISITS_MAX; i && left-- && count < max; i = all[i - 1].next)
		if (all[i - 1].kind == BIND_ASSIGN && !strcmp(all[i - 1].name, target))
			assigns[count++] = all[i - 1].index;
	return count;
}

int code_function_named(const struct code *code, const char *name)
{
	const struct code_names *names = code->names;
	const struct binding *all = names->bindings.items;
	int found = -1;

	for (int i = names->buckets[hash(name) & names->mask], left = VISITS_MAX; i && left--; i = all[i - 1].next)
		if (all[i - 1].kind == BIND_FUNCTION && !strcmp(all[i - 1].name, name))
			found = all[i - 1].index;
	return found;
}

const char *code_exported(struct code *code, const char *chain)
{
	code->steps = STEPS_EACH;
	return resolve_chain(code, chain, -1, -1, code->token_count, DEPTH_MAX);
}

int code_function_around(const struct code *code, int token)
{
	int class;

	return function_at(code, token, &class);
}

void code_resolve_all(struct code *code)
{
	int left = STEPS_ALL, room = 64;
	struct code_names *names = arena_alloc(code->arena, sizeof(*names));

	while (room < code->imports.count + code->assigns.count + code->functions.count + code->parameters.count)
		room *= 2;
	names->mask = (uint32_t)room - 1;
	names->buckets = arena_alloc(code->arena, (size_t)room * sizeof(int));
	code->names = names;
	bind_all(code);
	for (int i = 0; i < code->calls.count && left > 0; i++) {
		struct code_call *call = (struct code_call *)code->calls.items + i;

		code->steps = STEPS_EACH;
		if (*call->written)
			call->resolved = resolve_chain(code, call->written, call->function, call->class, call->name, DEPTH_MAX);
		left -= STEPS_EACH - code->steps;
	}
	for (int i = 0; i < code->decorators.count; i++) {
		struct code_decorator *decorator = (struct code_decorator *)code->decorators.items + i;

		code->steps = STEPS_EACH;
		if (*decorator->written)
			decorator->resolved = resolve_chain(code, decorator->written, decorator->function, decorator->class, decorator->at + 1, DEPTH_MAX);
	}
	/* Both are in the order of the text. */
	for (int i = 0, k = 0; i < code->calls.count && k < code->decorators.count; i++) {
		struct code_decorator *decorators = code->decorators.items;
		const struct code_call *call = (struct code_call *)code->calls.items + i;

		while (call->decorates && k < code->decorators.count && decorators[k].at + 1 < call->name)
			k++;
		if (call->decorates && k < code->decorators.count && decorators[k].at + 1 == call->name)
			decorators[k].call = i;
	}
}
