/* REL004 to REL015: calls of models that hang, loop, block or pile up. REL001 to REL003 are in check_retry.c. */
#include <stdlib.h>
#include <string.h>

#include "fleet/check/checker_parts.h"

enum { BACK_MAX = 500, NEAR = 3000 /* tokens */, LOOPS = 1 << BLOCK_FOR | 1 << BLOCK_WHILE };

static const struct code_call *call_at(const struct unit *unit, int i)
{
	return code_call_at(unit->code, i);
}

static int ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), n = strlen(end);

	return length >= n && !strcmp(text + length - n, end);
}

int is_stream(struct unit *unit, int i)
{
	const struct code_call *call = call_at(unit, i);

	return argument_is(unit, call, "stream", "True") || ends_with(call->written, "stream") || strstr(call->written, "_stream") || ends_with(call->written, "streamText");
}

int has_side_effects(const struct unit *unit, int function)
{
	const struct code_function *it = code_function_at(unit->code, function);

	for (int i = it ? code_call_from(unit->code, it->body) : code_call_count(unit->code); i < code_call_count(unit->code) && call_at(unit, i)->open < it->end; i++)
		if (role(unit, i) & (ROLE(DESTROY) | ROLE(WRITE)) && !(role(unit, i) & ANY_RUN))
			return 1;
	return 0;
}

/* --- REL004, REL006, REL014: loops --- */

static int is_endless(struct unit *unit, const struct code_block *block)
{
	int head = block->head;

	if (block->kind == BLOCK_WHILE)
		return code_is(unit->code, head, "True") || code_is(unit->code, head, "true") || (code_is(unit->code, head, "1") && block->head_end == head + 1);
	if (block->kind != BLOCK_FOR)
		return 0;
	if (unit->kind == SOURCE_SCRIPT)
		return code_is(unit->code, head, ";") && code_is(unit->code, head + 1, ";");
	return range_has_word(unit, head, block->head_end, "count", 0) && code_is(unit->code, block->head_end - 1, ")");
}

static int calls_in(struct unit *unit, int from, int to, uint64_t roles)
{
	for (int i = code_call_from(unit->code, from); i < code_call_count(unit->code) && call_at(unit, i)->open < to; i++)
		if (role(unit, i) & roles)
			return i;
	return -1;
}

static int leaves(struct unit *unit, int from, int to)
{
	for (int i = from; i < to; i++)
		if (code_is(unit->code, i, "break") || code_is(unit->code, i, "return") || code_is(unit->code, i, "raise") || code_is(unit->code, i, "throw"))
			return 1;
	return 0;
}

static int compares(struct unit *unit, int from, int to)
{
	for (int i = from; i < to; i++)
		if (code_is(unit->code, i, ">") || code_is(unit->code, i, ">=") || code_is(unit->code, i, "<") || code_is(unit->code, i, "<=") || code_is(unit->code, i, "==") ||
			code_is(unit->code, i, "==="))
			return 1;
	return 0;
}

/* A counter that grows in the loop stands in the range. */
static int counts(struct unit *unit, const struct code_block *loop, int from, int to)
{
	for (int i = code_assign_from(unit->code, loop->body); i < code_assign_count(unit->code) && code_assign_at(unit->code, i)->token < loop->end; i++) {
		const struct code_assign *assign = code_assign_at(unit->code, i);
		const char *name = assign->target;

		if (assign->kind == ASSIGN_ADD)
			for (int k = from; k < to; k++)
				if (code_is(unit->code, k, strrchr(name, '.') ? strrchr(name, '.') + 1 : name))
					return 1;
	}
	return 0;
}

/* if turns >= limit: break … anywhere in the loop, or a call that checks a budget and raises. */
static int is_bounded(struct unit *unit, const struct code_block *loop)
{
	for (int i = code_block_from(unit->code, loop->body); i < code_block_count(unit->code) && code_block_at(unit->code, i)->at < loop->end; i++) {
		const struct code_block *block = code_block_at(unit->code, i);

		if (block->kind != BLOCK_IF || !leaves(unit, block->body, block->end))
			continue;
		if (compares(unit, block->head, block->head_end) && (range_says(unit, block->head, block->head_end, WORD_BOUND) || range_says(unit, block->head, block->head_end, WORD_BUDGET)))
			return 1;
		if (counts(unit, loop, block->head, block->head_end))
			return 1;
	}
	for (int i = code_call_from(unit->code, loop->body); i < code_call_count(unit->code) && call_at(unit, i)->open < loop->end; i++) {
		const char *name = call_at(unit, i)->written;

		if ((strstr(name, "budget") || strstr(name, "deadline") || strstr(name, "limit")) && !(role(unit, i) & ANY_RUN))
			return 1;
	}
	return block_of_kind(unit, loop->parent, 1 << BLOCK_WITH) >= 0 &&
		range_says(unit, code_block_at(unit->code, block_of_kind(unit, loop->parent, 1 << BLOCK_WITH))->head,
			code_block_at(unit->code, block_of_kind(unit, loop->parent, 1 << BLOCK_WITH))->head_end, WORD_DEADLINE);
}

static void endless_loop(struct unit *unit, const struct code_block *loop)
{
	if (!is_endless(unit, loop) || calls_in(unit, loop->body, loop->end, ANY_RUN | ROLE_REACHES) < 0)
		return;
	if (is_bounded(unit, loop) || is_paced(unit, loop))
		return;
	flag(unit, "REL004", loop->at, loop->head_end, "the loop calls a model and nothing bounds its turns, time or cost");
}

static void unlimited_rate(struct unit *unit)
{
	for (int i = 0; i < code_call_count(unit->code); i++) {
		const struct code_call *call = call_at(unit, i);
		int handler = 0, loop = block_of_kind(unit, call->block, LOOPS) >= 0;

		for (int f = call->function; f >= 0; f = code_function_at(unit->code, f)->parent)
			handler |= (unit->functions[f] & IS_HANDLER) != 0;
		if (!(role(unit, i) & (ANY_RUN | ROLE_REACHES)) || (!handler && !(loop && role(unit, i) & ANY_RUN && !is_paced(unit, code_block_at(unit->code, block_of_kind(unit, call->block, LOOPS))))))
			continue;
		if (unit->checker->whole.words & (uint64_t)1 << WORD_LIMITER)
			return;
		flag_call(unit, "REL006", call, "%s is called from %s and nothing in the agent limits the rate", call->written, handler ? "a request's handler" : "a loop");
		return; /* once a file */
	}
}

static void no_breaker(struct unit *unit, int i)
{
	const struct code_call *call = call_at(unit, i);

	if (!(role(unit, i) & ROLE(A2A)) || block_of_kind(unit, call->block, LOOPS) < 0 || function_says(unit, call->function, WORD_BREAKER) || has_listed(unit, call, LIST_TIMEOUTS))
		return;
	flag_call(unit, "REL014", call, "%s is called in a loop without a timeout and without counting failures", call->written);
}

/* --- REL005 --- */

static const struct {
	const char *call, *wanted[5], *says;
} limits[] = {
	{ "langgraph.*.compile().*invoke", { "recursion_limit" }, "recursion_limit" },
	{ "langgraph.*.compile().*stream", { "recursion_limit" }, "recursion_limit" },
	{ "langgraph.prebuilt.create_react_agent().*invoke", { "recursion_limit" }, "recursion_limit" },
	{ "langgraph.prebuilt.create_react_agent().*stream", { "recursion_limit" }, "recursion_limit" },
	{ "langchain.agents.create_agent().*invoke", { "recursion_limit" }, "recursion_limit" },
	{ "@langchain/langgraph*.invoke", { "recursionLimit" }, "recursionLimit" },
	{ "crewai.Agent", { "max_iter" }, "max_iter" },
	{ "agents.Runner.run*", { "max_turns" }, "max_turns" },
	{ "@openai/agents.run", { "maxTurns" }, "maxTurns" },
	{ "autogen.*.initiate_chat", { "max_turns", "max_consecutive_auto_reply" }, "max_turns" },
	{ "autogen_agentchat.teams.*GroupChat", { "max_turns", "termination_condition" }, "max_turns" },
	{ "langchain.agents.AgentExecutor", { "max_iterations", "max_execution_time" }, "max_iterations" },
	{ "langchain.agents.AgentExecutor.from_agent_and_tools", { "max_iterations" }, "max_iterations" },
	{ "smolagents.*Agent", { "max_steps" }, "max_steps" },
};

static void turn_limit(struct unit *unit, int i)
{
	const struct code_call *call = call_at(unit, i);

	for (size_t k = 0; call->resolved && k < sizeof(limits) / sizeof(*limits); k++) {
		int given = has_unpacked(unit, call);

		if (!lexicon_glob(limits[k].call, call->resolved))
			continue;
		for (int w = 0; limits[k].wanted[w] && !given; w++)
			given = range_has_word(unit, call->name, call->close, limits[k].wanted[w], 3);
		/* graph.with_config(recursion_limit=…) may have been said before. */
		for (int t = 0; !given && strstr(call->resolved, "with_config") && t < code_token_count(unit->code); t++)
			given = code_is(unit->code, t, limits[k].says) || (code_token_at(unit->code, t)->kind == CODE_STRING && strstr(code_text(unit->code, t, t + 1), limits[k].says));
		/* autogen: the agents may have the limit themselves. */
		for (int t = 0; !given && !strncmp(limits[k].call, "autogen", 7) && t < code_token_count(unit->code); t++)
			given = code_is(unit->code, t, "max_consecutive_auto_reply");
		if (!given)
			flag_call(unit, "REL005", call, "%s does not set %s", call->written, limits[k].says);
		return;
	}
}

/* --- REL007 --- */

/* except body: pass, continue, return of a constant, and nothing else. */
static int is_swallowed(struct unit *unit, const struct code_block *except)
{
	int statements = 0;

	for (int i = except->body; i < except->end; i++) {
		enum code_token_kind kind = code_token_at(unit->code, i)->kind;

		if (kind == CODE_NAME) {
			static const char *const harmless[] = { "pass", "continue", "return", "None", "True", "False", "null", "true", "false", "undefined" };
			size_t k = 0;

			while (k < sizeof(harmless) / sizeof(*harmless) && !code_is(unit->code, i, harmless[k]))
				k++;
			if (k == sizeof(harmless) / sizeof(*harmless))
				return 0;
			statements += k < 3;
		} else if (kind == CODE_OP && strchr("([{", *code_text(unit->code, i, i + 1)) && code_match(unit->code, i) != i + 1 && unit->kind == SOURCE_PYTHON) {
			return 0;
		}
	}
	return statements > 0 || unit->kind == SOURCE_SCRIPT || range_has_word(unit, except->body, except->end, "...", 0);
}

static int catches_all(struct unit *unit, const struct code_block *except)
{
	if (unit->kind == SOURCE_SCRIPT || except->head >= except->head_end)
		return 1;
	for (int i = except->head; i < except->head_end; i++)
		if (code_is(unit->code, i, "Exception") || code_is(unit->code, i, "BaseException"))
			return 1;
	return 0;
}

static void swallowed(struct unit *unit, int index)
{
	const struct code_block *except = code_block_at(unit->code, index), *try = NULL;

	if (except->kind != BLOCK_EXCEPT || !catches_all(unit, except) || !is_swallowed(unit, except))
		return;
	for (int i = index - 1; i >= 0 && i > index - BACK_MAX && !try; i--) {
		const struct code_block *block = code_block_at(unit->code, i);

		if (block->kind == BLOCK_TRY && block->parent == except->parent && block->function == except->function)
			try = block;
	}
	if (try && calls_in(unit, try->body, try->end, ANY_RUN | ROLE_REACHES | ROLE(TOOL)) >= 0)
		flag(unit, "REL007", except->at, except->head_end > except->at ? except->head_end : except->at + 1, "the failure of a model or tool call is passed over in silence");
}

/* --- REL009, REL010, REL013, REL015 --- */

static void blocking(struct unit *unit, int i)
{
	const struct code_call *call = call_at(unit, i);
	const struct code_function *function = code_function_at(unit->code, call->function);
	int model, sync;

	if (!function || !function->is_async || call->awaited || unit->kind != SOURCE_PYTHON || !call->resolved)
		return;
	for (int outer = call->outer; outer >= 0; outer = call_at(unit, outer)->outer)
		if (ends_with(call_at(unit, outer)->written, "to_thread") || ends_with(call_at(unit, outer)->written, "run_in_executor") || ends_with(call_at(unit, outer)->written, "run_sync"))
			return;
	model = (role(unit, i) & ROLE(MODEL)) && call->outer < 0;
	sync = model && !strstr(call->resolved, "Async") && !strstr(call->resolved, ".aio.") && !strstr(call->resolved, "acompletion") && !strstr(call->resolved, "ainvoke") &&
		!strstr(call->resolved, "astream") && !strstr(call->resolved, "_async") && !ends_with(call->written, "stream");
	if (sync) /* async for chunk in …, await elsewhere */
		for (int k = call->name - 1; k >= 0 && k > call->name - 4; k--)
			sync &= !code_is(unit->code, k, "in") && !code_is(unit->code, k, "await");
	if (!(role(unit, i) & ROLE(BLOCKING)) && !sync)
		return;
	flag_call(unit, "REL009", call, "%s blocks the event loop in async def %s", call->written, function->name);
}

static void retried_side_effects(struct unit *unit, int f)
{
	const struct code_function *function = code_function_at(unit->code, f);
	int effects;

	if (!(unit->functions[f] & HAS_RETRY) || !function->decorator_count)
		return;
	effects = has_side_effects(unit, f) || says(unit, WORD_DESTRUCTIVE_NAME, function->name);
	if (effects && !function_says(unit, f, WORD_IDEMPOTENT))
		flag(unit, "REL010", function->def, function->def + 2 + function->is_async, "%s is retried and changes something outside, without a key that makes it happen once", function->name);
}

static void fan_out(struct unit *unit, int i)
{
	const struct code_call *call = call_at(unit, i);
	int over = 0;

	if (!(role(unit, i) & ROLE(GATHER)) || calls_in(unit, call->open, call->close, ANY_RUN | ROLE_REACHES) < 0)
		return;
	for (int k = call->open; k < call->close; k++)
		over |= code_is(unit->code, k, "for") || code_is(unit->code, k, "map");
	if (over && !file_says(unit, WORD_SEMAPHORE))
		flag_call(unit, "REL013", call, "as many model calls at once as there are items");
}

static void stream_without_deadline(struct unit *unit, int i)
{
	const struct code_call *call = call_at(unit, i);
	int iterated = 0;

	if (!(role(unit, i) & ANY_RUN) || !is_stream(unit, i) || function_says(unit, call->function, WORD_DEADLINE))
		return;
	for (int k = code_block_from(unit->code, call->name - NEAR); k < code_block_count(unit->code) && code_block_at(unit->code, k)->at < call->name + NEAR && !iterated; k++) {
		const struct code_block *block = code_block_at(unit->code, k);

		iterated = block->kind == BLOCK_FOR && block->function == call->function && block->body > call->name;
	}
	if (iterated)
		flag_call(unit, "REL015", call, "the stream is read without a deadline for the next piece");
}

void check_reliability(struct unit *unit)
{
	check_retry(unit);
	for (int i = 0; i < code_call_count(unit->code); i++) {
		turn_limit(unit, i);
		blocking(unit, i);
		fan_out(unit, i);
		no_breaker(unit, i);
		stream_without_deadline(unit, i);
	}
	for (int i = 0; i < code_block_count(unit->code); i++) {
		endless_loop(unit, code_block_at(unit->code, i));
		swallowed(unit, i);
	}
	for (int i = 0; i < code_function_count(unit->code); i++)
		retried_side_effects(unit, i);
	unlimited_rate(unit);
}
