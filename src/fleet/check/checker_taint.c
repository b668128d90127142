/* Where values come from: a model's reply, a request, a tool's arguments (which a model wrote), retrieved text, a secret. Followed through assignments and
 * into functions of the same file that are called with them. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "fleet/check/checker_parts.h"

enum { ROUNDS = 3, BUCKETS = TAINT_BUCKETS, NAMES_MAX = 20000 };

struct tainted {
	const char *name;
	int function;
	unsigned flags;
	struct tainted *next;
};

static unsigned bucket_of(const char *name, int function)
{
	unsigned value = 5381 + (unsigned)function * 2654435761u;

	while (*name)
		value = value * 33 + (unsigned char)*name++;
	return value % BUCKETS;
}

static struct tainted *find(struct unit *unit, const char *name, int function)
{
	struct tainted *it = unit->taint->buckets[bucket_of(name, function)];

	while (it && (it->function != function || strcmp(it->name, name)))
		it = it->next;
	return it;
}

static int mark(struct unit *unit, const char *name, int function, unsigned flags)
{
	struct tainted *it = find(unit, name, function);

	if (!it && unit->taint->count < NAMES_MAX) {
		struct tainted **bucket = &unit->taint->buckets[bucket_of(name, function)];

		it = arena_alloc(unit->arena, sizeof(*it));
		*it = (struct tainted){ .name = name, .function = function, .next = *bucket };
		*bucket = it;
		unit->taint->count++;
	}
	if (!it || (it->flags & flags) == flags)
		return 0;
	it->flags |= flags;
	return 1;
}

unsigned taint_of_name(struct unit *unit, const char *name, int function)
{
	for (;; function = code_function_at(unit->code, function)->parent) {
		const struct tainted *it = find(unit, name, function);

		if (it)
			return it->flags;
		if (function < 0)
			return 0;
	}
}

struct question {
	struct unit *unit;
	unsigned flags;
};

static int is_field(const char *chain)
{
	return !strncmp(chain, "self.", 5) || !strncmp(chain, "this.", 5);
}

static int ask_name(const char *name, const char *chain, int token, void *data)
{
	struct question *question = data;
	struct unit *unit = question->unit;
	int function = code_function_around(unit->code, token);

	if (is_field(chain)) {
		size_t length = 5 + strcspn(chain + 5, ".");
		const struct tainted *it = find(unit, arena_text_n(unit->arena, chain, length), -1);

		question->flags |= it ? it->flags : 0;
		return 0;
	}
	question->flags |= taint_of_name(unit, name, function);
	return 0;
}

static unsigned flags_of_call(struct unit *unit, int i)
{
	const struct code_call *call = code_call_at(unit->code, i);
	unsigned flags = 0;

	if (role(unit, i) & ANY_RUN)
		flags |= FROM_REPLY;
	if (role(unit, i) & ROLE(RETRIEVE))
		flags |= FROM_RETRIEVED;
	if (!strcmp(call->written, "input"))
		flags |= FROM_USER;
	if (unit->called[i] >= 0)
		flags |= unit->returned[unit->called[i]];
	else if (role(unit, i) & ROLE_REACHES) /* a function of another file of the agent */
		flags |= FROM_REPLY;
	if (role(unit, i) & ROLE(SECRET_READ)) {
		const struct code_argument *name = code_positional(unit->code, call, 0);
		const char *text = name ? code_string(unit->code, name->value, name->end, NULL) : NULL;

		flags |= text && says(unit, WORD_SECRET_NAME, text) ? FROM_SECRET : 0;
	}
	return flags;
}

static int is_single_call(const struct unit *unit, int from, int to, int call)
{
	const struct code_call *it = code_call_at(unit->code, call);

	return it && it->close == to - 1 && (it->name == from || it->name == from + 1);
}

/* Where a call stands in [from,to): the last whose closing bracket ends it. */
static int outermost_call(const struct unit *unit, int from, int to)
{
	for (int i = code_call_from(unit->code, from); i < code_call_count(unit->code) && code_call_at(unit->code, i)->open < to; i++)
		if (is_single_call(unit, from, to, i))
			return i;
	return -1;
}

unsigned taint_of(struct unit *unit, int from, int to)
{
	struct question question = { unit, 0 };
	int outer;

	if (!unit->taint->any)
		return 0;
	outer = outermost_call(unit, from, to);
	if (outer >= 0 && role(unit, outer) & ROLE(SANITIZE))
		return 0;
	code_names(unit->code, from, to, ask_name, &question);
	for (int i = code_call_from(unit->code, from); i < code_call_count(unit->code) && code_call_at(unit->code, i)->open < to; i++)
		question.flags |= flags_of_call(unit, i);
	/* os.environ["API_KEY"] */
	for (int i = from; i + 3 < to; i++)
		if (code_is(unit->code, i, "environ") && code_is(unit->code, i + 1, "[") && code_token_at(unit->code, i + 2)->kind == CODE_STRING &&
			says(unit, WORD_SECRET_NAME, code_string(unit->code, i + 2, i + 3, NULL)))
			question.flags |= FROM_SECRET;
	return question.flags;
}

static int mark_parameters(struct unit *unit)
{
	int changed = 0;

	for (int i = 0; i < code_function_count(unit->code); i++) {
		const struct code_function *function = code_function_at(unit->code, i);

		for (int k = 0; k < function->parameter_count; k++) {
			const struct code_parameter *parameter = code_parameter_at(unit->code, function->parameters + k);
			unsigned flags = 0;

			if (!strcmp(parameter->name, "self") || !strcmp(parameter->name, "cls") || !strcmp(parameter->name, "ctx") || !strcmp(parameter->name, "context"))
				continue;
			if (unit->functions[i] & IS_TOOL)
				flags |= FROM_TOOL;
			if ((unit->functions[i] & IS_HANDLER && !range_says(unit, parameter->value, parameter->value_end, WORD_AUTH)) || says(unit, WORD_ASKED, parameter->name))
				flags |= FROM_USER;
			if (flags)
				changed |= mark(unit, parameter->name, i, flags);
		}
	}
	return changed;
}

/* `from flask import request`: what somebody sends, under a name of the module. */
static int mark_requests(struct unit *unit)
{
	static const char *const modules[] = { "flask", "quart", "bottle", "sanic" };
	int changed = 0;

	for (int i = 0; i < code_import_count(unit->code); i++) {
		const struct code_import *import = code_import_at(unit->code, i);

		for (size_t k = 0; import->name && !strcmp(import->name, "request") && k < sizeof(modules) / sizeof(*modules); k++)
			if (!strcmp(import->module, modules[k]))
				changed |= mark(unit, import->alias, -1, FROM_USER);
	}
	return changed;
}

static int follow_assigns(struct unit *unit)
{
	int changed = 0;

	for (int i = 0; i < code_assign_count(unit->code); i++) {
		const struct code_assign *assign = code_assign_at(unit->code, i);
		unsigned flags = assign->value < assign->end ? taint_of(unit, assign->value, assign->end) : 0;
		const struct code_call *call = code_call_at(unit->code, flags & FROM_SECRET ? outermost_call(unit, assign->value, assign->end) : -1);

		/* What is made with a secret is none. */
		if (call && !(flags_of_call(unit, outermost_call(unit, assign->value, assign->end)) & FROM_SECRET) && !(taint_of(unit, call->name, call->open) & FROM_SECRET))
			flags &= ~(unsigned)FROM_SECRET;

		if (flags)
			changed |= mark(unit, assign->target, is_field(assign->target) ? -1 : assign->function, flags);
	}
	return changed;
}

static int follow_calls(struct unit *unit)
{
	int changed = 0;

	for (int i = 0; i < code_call_count(unit->code); i++) {
		const struct code_call *call = code_call_at(unit->code, i);
		const char *name = is_field(call->written) ? call->written + 5 : call->written;
		int function = strpbrk(name, ".([") ? -1 : code_function_named(unit->code, name);
		const struct code_function *it = code_function_at(unit->code, function);
		int first;

		if (!it || (unit->functions[function] & (IS_TOOL | IS_HANDLER)))
			continue;
		first = it->class >= 0 && unit->kind == SOURCE_PYTHON;
		for (int k = 0; k < call->argument_count; k++) {
			const struct code_argument *argument = code_argument_at(unit->code, call->arguments + k);
			unsigned flags = taint_of(unit, argument->value, argument->end) & FROM_OUTSIDE;

			for (int p = 0; flags && p < it->parameter_count; p++) {
				const struct code_parameter *parameter = code_parameter_at(unit->code, it->parameters + p);

				if (argument->keyword ? !strcmp(parameter->name, argument->keyword) : p == first + k)
					changed |= mark(unit, parameter->name, function, flags);
			}
		}
	}
	return changed;
}

/* Something in the file that values could come from. */
static int has_origin(struct unit *unit)
{
	for (int i = 0; i < code_call_count(unit->code); i++)
		if (role(unit, i) & (ANY_RUN | ROLE_REACHES | ROLE(RETRIEVE) | ROLE(SECRET_READ)) || !strcmp(code_call_at(unit->code, i)->written, "input"))
			return 1;
	return memmem(unit->vocabulary, unit->vocabulary_length, "environ", 7) != NULL;
}

static int follow_returns(struct unit *unit)
{
	int changed = 0;

	for (int i = 0; i < code_return_count(unit->code); i++) {
		const struct code_return *it = code_return_at(unit->code, i);
		unsigned flags = it->function >= 0 && it->value < it->end ? taint_of(unit, it->value, it->end) & (FROM_REPLY | FROM_RETRIEVED) : 0;

		if (!flags || (unit->returned[it->function] & flags) == flags)
			continue;
		unit->returned[it->function] |= flags;
		changed = 1;
	}
	return changed;
}

void taint_find(struct unit *unit)
{
	unit->returned = arena_alloc(unit->arena, ((size_t)code_function_count(unit->code) + 1) * sizeof(*unit->returned));
	unit->taint = arena_alloc(unit->arena, sizeof(*unit->taint));
	unit->taint->any = mark_requests(unit) | mark_parameters(unit) || has_origin(unit);
	if (!unit->taint->any)
		return;
	for (int round = 0, changed = 1; round < ROUNDS && changed; round++) {
		changed = follow_assigns(unit);
		changed |= follow_calls(unit);
		changed |= follow_returns(unit);
	}
}
