/* COST001 to COST007: what is spent without a limit, or twice. */
#include <string.h>

#include "base/arena.h"
#include "fleet/check/checker_parts.h"

enum { LOOPS = 1 << BLOCK_FOR | 1 << BLOCK_WHILE, SMALL_OUTPUT = 256 };

static const struct code_call *call_at(const struct unit *unit, int i)
{
	return code_call_at(unit->code, i);
}

static int ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), n = strlen(end);

	return length >= n && !strcmp(text + length - n, end);
}

static void no_output_limit(struct unit *unit, int i)
{
	const struct code_call *call = call_at(unit, i), *constructor = code_call_at(unit->code, constructor_of(unit, call));

	if (!(role(unit, i) & ANY_MODEL) || has_listed(unit, call, LIST_OUTPUT_LIMITS) || (constructor && has_listed(unit, constructor, LIST_OUTPUT_LIMITS)))
		return;
	/* ChatOpenAI(max_tokens=…).bind_tools(…) and the like: anywhere in the chain, or in its product's making. */
	for (int k = code_call_from(unit->code, call->name); k < code_call_count(unit->code) && call_at(unit, k)->open < call->open; k++)
		if (has_listed(unit, call_at(unit, k), LIST_OUTPUT_LIMITS))
			return;
	/* Made in another file: not known. */
	if (!constructor && call->resolved && strncmp(call->resolved, "litellm", 7) && strstr(call->resolved, "langchain") && strstr(call->resolved, "()"))
		for (struct unit *other = unit->checker->units; other; other = other->next)
			for (int k = 0; k < code_call_count(other->code); k++)
				if (role(other, k) & ROLE(CLIENT) && has_listed(other, code_call_at(other->code, k), LIST_OUTPUT_LIMITS))
					return;
	struct finding *finding = flag_call(unit, "COST001", call, "%s sets no limit on the tokens of the reply", call->written);

	if (finding && !(role(unit, i) & ROLE(MODEL)))
		finding->severity = SEVERITY_LOW;
}

static int runs_model(struct unit *unit, int from, int to)
{
	for (int i = code_call_from(unit->code, from); i < code_call_count(unit->code) && call_at(unit, i)->open < to; i++)
		if (role(unit, i) & (ANY_RUN | ROLE_REACHES))
			return 1;
	return 0;
}

/* The agent's own loop: while …, or for over a range of turns. */
static int is_run_loop(struct unit *unit, const struct code_block *block)
{
	if (block->kind == BLOCK_WHILE)
		return runs_model(unit, block->body, block->end);
	return block->kind == BLOCK_FOR && range_has_word(unit, block->head, block->head_end, "range", 0) && runs_model(unit, block->body, block->end) &&
		(range_has_word(unit, block->body, block->end, "messages", 0) || range_has_word(unit, block->body, block->end, "tool_calls", 0));
}

/* A for whose try is around the call repeats it, it does not run turns. */
static int is_retry(struct unit *unit, const struct code_block *loop)
{
	for (int i = code_block_from(unit->code, loop->body); loop->kind == BLOCK_FOR && i < code_block_count(unit->code) && code_block_at(unit->code, i)->at < loop->end; i++)
		if (code_block_at(unit->code, i)->kind == BLOCK_EXCEPT && !range_has_word(unit, loop->body, loop->end, "tool_calls", 0))
			return 1;
	return 0;
}

static void no_budget(struct unit *unit, int index)
{
	const struct code_block *block = code_block_at(unit->code, index);

	if (block_of_kind(unit, block->parent, LOOPS) >= 0 || !is_run_loop(unit, block) || is_retry(unit, block) || is_paced(unit, block))
		return;
	if (!function_says(unit, block->function, WORD_BUDGET))
		flag(unit, "COST002", block->at, block->head_end, "the run loop compares no use of tokens or money with a limit");
}

static void premium_model(struct unit *unit, int i)
{
	static const char *const names[] = { "model", "model_name", "modelId", "model_id" };
	const struct code_call *call = call_at(unit, i);
	const struct code_function *function = code_function_at(unit->code, call->function);

	if (!(role(unit, i) & ANY_MODEL) || !function || !says(unit, WORD_SIMPLE_STEP, function->name))
		return;
	for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++) {
		const struct code_argument *argument = code_keyword(unit->code, call, names[k]);
		const char *model = argument ? literal(unit, argument->value, argument->end, NULL) : NULL;

		if (model && says(unit, WORD_PREMIUM, model))
			flag(unit, "COST003", argument->token, argument->end, "%s for %s, which a small model does", model, function->name);
	}
}

/* The list that a call makes longer: "messages" of messages.append, "turns" of self.turns.push; NULL: it does not. */
static const char *grown(const struct code_call *call, size_t *length)
{
	static const char *const methods[] = { ".append", ".push", ".extend" };
	const char *written = call->written, *end = NULL, *name;

	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		if (ends_with(written, methods[i]))
			end = written + strlen(written) - strlen(methods[i]);
	if (!end || end == written)
		return NULL;
	for (name = end; name > written && name[-1] != '.' && name[-1] != ')' && name[-1] != ']'; name--)
		;
	*length = (size_t)(end - name);
	return *length ? name : NULL;
}

/* Whether a model call of the loop is given the list. */
static int is_sent(struct unit *unit, const struct code_block *loop, const char *name)
{
	for (int i = code_call_from(unit->code, loop->body); i < code_call_count(unit->code) && call_at(unit, i)->open < loop->end; i++)
		if (role(unit, i) & (ANY_RUN | ROLE_REACHES) && range_has_word(unit, call_at(unit, i)->open + 1, call_at(unit, i)->close, name, 1))
			return 1;
	return 0;
}

/* turns[-20:], turns.slice(-20): only the end is kept or sent. */
static int is_cut(struct unit *unit, const struct code_block *loop, const char *name)
{
	for (int i = loop->body; i < loop->end; i++)
		if (code_is(unit->code, i, name) && ((code_is(unit->code, i + 1, "[") && code_is(unit->code, i + 2, "-")) || (code_is(unit->code, i + 1, ".") && code_is(unit->code, i + 2, "slice"))))
			return 1;
	return 0;
}

static int is_history(const char *name)
{
	return !strcmp(name, "messages") || !strcmp(name, "history") || !strcmp(name, "conversation");
}

static int grows_without_end(struct unit *unit, int loop, const char *name, int function)
{
	const struct code_block *block = loop < 0 ? NULL : code_block_at(unit->code, loop);

	if (!block || function_says(unit, function, WORD_TRIM) || is_cut(unit, block, name))
		return 0;
	return is_sent(unit, block, name) || (is_history(name) && runs_model(unit, block->body, block->end));
}

static void growing_history(struct unit *unit, int i)
{
	const struct code_call *call = call_at(unit, i);
	int loop = block_of_kind(unit, call->block, 1 << BLOCK_WHILE);
	size_t length = 0;
	const char *at = grown(call, &length), *name;

	if (!at || loop < 0)
		return;
	name = arena_text_n(unit->arena, at, length);
	if (!grows_without_end(unit, loop, name, call->function))
		return;
	/* Once a loop. */
	for (int k = i - 1; k >= 0 && call_at(unit, k)->open > code_block_at(unit->code, loop)->body; k--)
		if (grown(call_at(unit, k), &length) && is_sent(unit, code_block_at(unit->code, loop), arena_text_n(unit->arena, grown(call_at(unit, k), &length), length)))
			return;
	flag_call(unit, "COST006", call, "%s grows with every turn and nothing shortens it", is_history(name) ? "the history" : name);
}

/* turns += [reply], turns = turns + [reply], turns = [...turns, reply] */
static void growing_by_assignment(struct unit *unit, int i)
{
	const struct code_assign *assign = code_assign_at(unit->code, i);
	int loop = block_of_kind(unit, assign->block, 1 << BLOCK_WHILE);
	const char *point = strrchr(assign->target, '.'), *name = point ? point + 1 : assign->target;
	int list = code_is(unit->code, assign->value, "[") || (assign->end > assign->value && code_is(unit->code, assign->end - 1, "]"));

	if (loop < 0 || !list || (assign->kind != ASSIGN_ADD && (assign->kind != ASSIGN_SET || !range_has_word(unit, assign->value, assign->end, name, 0))))
		return;
	if (is_sent(unit, code_block_at(unit->code, loop), name) && grows_without_end(unit, loop, name, assign->function))
		flag(unit, "COST006", assign->token, assign->end, "%s grows with every turn and nothing shortens it", is_history(name) ? "the history" : name);
}

static void embeds_again(struct unit *unit, int i)
{
	const struct code_call *call = call_at(unit, i);
	int request = call->function < 0 && block_of_kind(unit, call->block, 1 << BLOCK_IF) < 0;

	for (int f = call->function; f >= 0; f = code_function_at(unit->code, f)->parent)
		request |= (unit->functions[f] & IS_HANDLER) != 0;
	if (role(unit, i) & ROLE(EMBED) && request && !file_says(unit, WORD_CACHE))
		flag_call(unit, "COST007", call, "embeddings are computed again %s", call->function < 0 ? "each time the module is loaded" : "for each request");
}

void check_cost(struct unit *unit)
{
	for (int i = 0; i < code_call_count(unit->code); i++) {
		no_output_limit(unit, i);
		premium_model(unit, i);
		growing_history(unit, i);
		embeds_again(unit, i);
	}
	for (int i = 0; i < code_assign_count(unit->code); i++)
		growing_by_assignment(unit, i);
	for (int i = 0; i < code_block_count(unit->code); i++)
		no_budget(unit, i);
}
