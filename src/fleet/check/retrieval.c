/* RAG001, RAG004, RAG005, COST005: what is looked up, and for whom. */
#include <stdlib.h>
#include <string.h>

#include "fleet/check/checker_parts.h"

enum { MANY = 20 };

static int ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), n = strlen(end);

	return length >= n && !strcmp(text + length - n, end);
}

/* The call that looks up, not the handling of what it found. */
static int looks_up(const struct unit *unit, int i)
{
	const char *name = code_call_at(unit->code, i)->written;

	return (role(unit, i) & ROLE(RETRIEVE)) && !ends_with(name, ".invoke") && !ends_with(name, ".ainvoke") && !ends_with(name, "get_relevant_documents");
}

static void no_tenant_filter(struct unit *unit, int i)
{
	static const char *const filters[] = { "filter", "where", "namespace", "filters", "expr", "query_filter", "search_filter", "tenant", "tenant_id", "partition_names" };
	const struct code_call *call = code_call_at(unit->code, i);

	if (!looks_up(unit, i) || !(unit->checker->whole.words & (uint64_t)1 << WORD_TENANT) || has_unpacked(unit, call))
		return;
	for (size_t k = 0; k < sizeof(filters) / sizeof(*filters); k++)
		if (code_keyword(unit->code, call, filters[k]) || range_has_word(unit, call->open + 1, call->close, filters[k], 2))
			return;
	flag_call(unit, "RAG001", call, "%s looks through the texts of every tenant", call->written);
}

static void too_many(struct unit *unit, int i)
{
	static const char *const names[] = { "k", "top_k", "similarity_top_k", "n_results", "limit", "topK" };
	const struct code_call *call = code_call_at(unit->code, i);

	if (!(role(unit, i) & ROLE(RETRIEVE)) && !ends_with(call->written, "as_query_engine"))
		return;
	for (int t = call->open + 1; t < call->close; t++)
		for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++) {
			const char *text = code_token_at(unit->code, t)->kind == CODE_STRING ? code_string(unit->code, t, t + 1, NULL) : NULL;
			int value = t + 2, end = t + 3;

			if (!code_is(unit->code, t, names[k]) && (!text || strcmp(text, names[k])))
				continue;
			if (!code_is(unit->code, t + 1, "=") && !code_is(unit->code, t + 1, ":"))
				continue;
			value_of(unit, &value, &end);
			if (code_token_at(unit->code, value)->kind == CODE_NUMBER && atoi(code_text(unit->code, value, value + 1)) > MANY)
				flag(unit, "COST005", t, t + 3, "%s=%s: more than %d passages are looked up", names[k], code_text(unit->code, value, value + 1), MANY);
		}
}

static void no_score(struct unit *unit, int i)
{
	const struct code_call *call = code_call_at(unit->code, i);

	if (!looks_up(unit, i) || strstr(call->written, "score") || function_says(unit, call->function, WORD_SCORES) || range_has_word(unit, call->open, call->close, "score_threshold", 2))
		return;
	flag_call(unit, "RAG005", call, "what %s finds is used however far it is from the question", call->written);
}

/* The source of a loader is a parameter, or came from outside. */
static int is_parameter(struct unit *unit, int function, int from, int to)
{
	for (; function >= 0; function = code_function_at(unit->code, function)->parent) {
		const struct code_function *it = code_function_at(unit->code, function);

		for (int k = 0; k < it->parameter_count; k++)
			if (strcmp(code_parameter_at(unit->code, it->parameters + k)->name, "self") && range_has_word(unit, from, to, code_parameter_at(unit->code, it->parameters + k)->name, 0))
				return 1;
	}
	return 0;
}

static void loads_anything(struct unit *unit, int i)
{
	const struct code_call *call = code_call_at(unit->code, i);

	if (!(role(unit, i) & ROLE(LOADER)) || call->argument_count == 0)
		return;
	if (!is_parameter(unit, call->function, call->open + 1, call->close) && !(taint_of(unit, call->open + 1, call->close) & FROM_OUTSIDE))
		return;
	if (!function_says(unit, call->function, WORD_ALLOWLIST) && !function_says(unit, call->function, WORD_CONFINED))
		flag_call(unit, "RAG004", call, "%s takes in whatever it is pointed at", call->written);
}

void check_retrieval(struct unit *unit)
{
	for (int i = 0; i < code_call_count(unit->code); i++) {
		no_tenant_filter(unit, i);
		too_many(unit, i);
		no_score(unit, i);
		loads_anything(unit, i);
	}
}
