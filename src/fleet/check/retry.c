/* REL001 to REL003: calls of models without a retry or a timeout, retries that do not back off. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "fleet/check/checker_parts.h"

enum { LOOPS = 1 << BLOCK_FOR | 1 << BLOCK_WHILE };

static const struct code_call *call_at(const struct unit *unit, int i)
{
	return code_call_at(unit->code, i);
}

/* A guess counts less. */
static void weigh(const struct unit *unit, int call, struct finding *finding)
{
	if (finding && !(role(unit, call) & (ROLE(MODEL) | ROLE(AGENT_RUN))) && finding->severity < SEVERITY_LOW)
		finding->severity = SEVERITY_LOW;
}

static int zero(struct unit *unit, const struct code_argument *argument)
{
	return code_is(unit->code, argument->value, "0") && argument->end == argument->value + 1;
}

/* max_retries=3, config=Config(retries=…), .with_retry() */
static int client_retries(struct unit *unit, const struct code_call *call)
{
	int constructor = constructor_of(unit, call);

	if (strstr(call->written, "with_retry") || strstr(call->written, "withRetry") || strstr(call->written, "with_fallbacks") ||
		(call->resolved && (strstr(call->resolved, "with_retry") || strstr(call->resolved, "withRetry"))))
		return 1;
	for (int k = 0; k < 2; k++) {
		const struct code_call *it = k ? call_at(unit, constructor) : call;

		for (int a = 0; it && a < it->argument_count; a++) {
			const struct code_argument *argument = code_argument_at(unit->code, it->arguments + a);

			if (!argument->keyword)
				continue;
			if (lexicon_lists(unit->checker->lexicon, LIST_RETRIES, argument->keyword) && !zero(unit, argument) && strcmp(argument->keyword, "http_options"))
				return 1;
			if (range_has_word(unit, argument->value, argument->end, "retries", 2) || range_has_word(unit, argument->value, argument->end, "retry_options", 2) ||
				range_has_word(unit, argument->value, argument->end, "max_attempts", 2))
				return 1;
			if (!strcmp(argument->keyword, "**"))
				return 1;
		}
	}
	return strstr(call->written, "with_options()") && range_has_word(unit, call->name, call->open, "max_retries", 1);
}

static int retry_loop(struct unit *unit, const struct code_call *call)
{
	int try = block_of_kind(unit, call->block, 1 << BLOCK_TRY), with = block_of_kind(unit, call->block, 1 << BLOCK_WITH);
	int loop = block_of_kind(unit, call->block, LOOPS);

	if (try >= 0 && block_of_kind(unit, try, LOOPS) >= 0) {
		/* A while True around it is the agent's own loop unless an attempt is counted. */
		const struct code_block *around = code_block_at(unit->code, block_of_kind(unit, try, LOOPS));

		if (around->kind == BLOCK_FOR || range_says(unit, around->head, around->head_end, WORD_BOUND) ||
			range_has_word(unit, around->body, around->end, "sleep", 0))
			return 1;
	}
	/* for attempt in Retrying(): with attempt: */
	return with >= 0 && loop >= 0 && range_says(unit, code_block_at(unit->code, loop)->head, code_block_at(unit->code, loop)->head_end, WORD_BOUND) ? 1 :
		loop >= 0 && range_has_word(unit, code_block_at(unit->code, loop)->head, code_block_at(unit->code, loop)->head_end, "Retrying", 1);
}

static int in_retried(const struct unit *unit, int function)
{
	for (; function >= 0; function = code_function_at(unit->code, function)->parent)
		if (unit->functions[function] & HAS_RETRY)
			return 1;
	return 0;
}

/* Every call of the function in this file stands in one that is retried. */
static int callers_retry(const struct unit *unit, int function)
{
	return function >= 0 && unit->callers[function] && unit->callers[function] == unit->retried_callers[function];
}

/* retry(lambda: client.create(…)), pRetry(() => …) */
static int in_retrying_call(const struct unit *unit, const struct code_call *call)
{
	for (int outer = call->outer; outer >= 0; outer = call_at(unit, outer)->outer)
		if (role(unit, outer) & ROLE(RETRY))
			return 1;
	return 0;
}

static void count_callers(struct unit *unit)
{
	size_t count = (size_t)code_function_count(unit->code) + 1;

	unit->callers = arena_alloc(unit->arena, count * sizeof(int));
	unit->retried_callers = arena_alloc(unit->arena, count * sizeof(int));
	for (int i = 0; i < code_call_count(unit->code); i++)
		if (unit->called[i] >= 0) {
			unit->callers[unit->called[i]]++;
			unit->retried_callers[unit->called[i]] += in_retried(unit, call_at(unit, i)->function);
		}
}

static void model_without_retry(struct unit *unit, int i)
{
	const struct code_call *call = call_at(unit, i);
	const struct code_function *function = code_function_at(unit->code, call->function);
	struct finding *finding;

	if (!(role(unit, i) & ANY_MODEL) || in_retried(unit, call->function) || client_retries(unit, call) || retry_loop(unit, call) || in_retrying_call(unit, call) ||
		callers_retry(unit, call->function))
		return;
	finding = flag_call(unit, "REL001", call, "%s is called without a retry%s%s", call->written, function && *function->name ? " in " : "",
		function ? function->name : "");
	weigh(unit, i, finding);
	if (finding && (!function || !*function->name || function->is_generator || is_stream(unit, i) || has_side_effects(unit, call->function)))
		finding->fixability = FIX_STRUCTURAL;
}

/* A constructor whose every call says its own timeout needs none. */
static int calls_have_timeouts(struct unit *unit)
{
	int count = 0;

	for (int i = 0; i < code_call_count(unit->code); i++) {
		if (!(role(unit, i) & ANY_MODEL))
			continue;
		if (!has_listed(unit, call_at(unit, i), LIST_TIMEOUTS) && !strstr(call_at(unit, i)->written, "with_options()"))
			return 0;
		count++;
	}
	return count > 0;
}

static void client_without_timeout(struct unit *unit, int i)
{
	const struct code_call *call = call_at(unit, i);
	int is_client = (role(unit, i) & ROLE(CLIENT)) != 0, direct = call->resolved && (!strncmp(call->resolved, "litellm.", 8));

	if (!is_client && !(direct && role(unit, i) & ROLE(MODEL)))
		return;
	if (has_listed(unit, call, LIST_TIMEOUTS) || (is_client && calls_have_timeouts(unit)))
		return;
	flag_call(unit, "REL002", call, "%s has no timeout, nor have the calls made with it", call->written);
}

static int says_exponential(struct unit *unit, int from, int to)
{
	static const char *const words[] = { "wait_exponential", "wait_random_exponential", "wait_exponential_jitter", "expo", "full_jitter", "wait_chain", "exponential", "Exponential",
		"fibo", "wait_exponential_multiplier", "factor", "backoff_factor", "minTimeout", "wait_incrementing" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (range_has_word(unit, from, to, words[i], 2))
			return 1;
	return 0;
}

static void fixed_retry(struct unit *unit)
{
	for (int f = 0; f < code_function_count(unit->code); f++) {
		const struct code_function *function = code_function_at(unit->code, f);

		for (int k = 0; k < function->decorator_count; k++) {
			const struct code_decorator *decorator = code_decorator_at(unit->code, function->decorators + k);
			const char *name = decorator->resolved ? decorator->resolved : "";

			if (strcmp(name, "tenacity.retry") && strncmp(name, "backoff.on_", 11) && strcmp(name, "retrying.retry") && strcmp(name, "retry.retry"))
				continue;
			if (!says_exponential(unit, decorator->at, decorator->end))
				flag(unit, "REL003", decorator->at, decorator->end, "%s retries %s at once or after a fixed time", decorator->written, function->name);
		}
	}
}

/* sleep(2) in an except branch of a loop that calls out. */
static void fixed_sleep(struct unit *unit, int i)
{
	const struct code_call *call = call_at(unit, i);
	const struct code_argument *time = code_positional(unit->code, call, 0);
	int except = block_of_kind(unit, call->block, 1 << BLOCK_EXCEPT), loop = except >= 0 ? block_of_kind(unit, except, LOOPS) : -1, calls_out = 0;
	const struct code_block *block = code_block_at(unit->code, loop);

	if (!block || !call->resolved || (strcmp(call->resolved, "time.sleep") && strcmp(call->resolved, "asyncio.sleep")) || !time ||
		time->end != time->value + 1 || code_token_at(unit->code, time->value)->kind != CODE_NUMBER)
		return;
	for (int k = code_call_from(unit->code, block->body); k < code_call_count(unit->code) && call_at(unit, k)->open < block->end; k++)
		calls_out |= (role(unit, k) & (ANY_RUN | ROLE_REACHES | ROLE(HTTP) | ROLE(EMBED))) != 0;
	if (calls_out)
		flag_call(unit, "REL003", call, "the retry waits the same time after every failure");
}

void check_retry(struct unit *unit)
{
	count_callers(unit);
	for (int i = 0; i < code_call_count(unit->code); i++) {
		model_without_retry(unit, i);
		client_without_timeout(unit, i);
		fixed_sleep(unit, i);
	}
	fixed_retry(unit);
}
