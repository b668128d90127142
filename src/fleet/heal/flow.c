/* Repairs of how Python runs: decorators that retry, waits, work that is done side by side. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "fleet/heal/private.h"

static const char *retry_text(struct site *site, const char *module)
{
	const char *stop = value(site, "retry_stop"), *wait = value(site, "retry_wait");

	return arena_format(heal_arena(site), "%s.retry(stop=%s.%s, wait=%s.%s, reraise=True)", module, module, stop, module, wait);
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

static int is_parameter(const struct site *site, const struct code_function *function, const char *name, size_t length)
{
	for (int k = 0; k < function->parameter_count; k++) {
		const char *it = code_parameter_at(site->code, function->parameters + k)->name;

		if (strlen(it) == length && !strncmp(it, name, length))
			return 1;
	}
	return 0;
}

/* The name a chain begins with is one the function made itself. */
static int is_local(const struct site *site, const struct code_function *function, const char *chain)
{
	size_t length = strcspn(chain, ".[(");

	if (is_parameter(site, function, chain, length))
		return 0;
	for (int i = 0; i < code_assign_count(site->code); i++) {
		const struct code_assign *assign = code_assign_at(site->code, i);

		if (assign->token >= function->body && assign->token < function->end && strlen(assign->target) == length && !strncmp(assign->target, chain, length))
			return 1;
	}
	return 0;
}

static int in_same_loop(const struct site *site, int token, int other)
{
	for (int i = 0; i < code_block_count(site->code); i++) {
		const struct code_block *block = code_block_at(site->code, i);

		if ((block->kind == BLOCK_FOR || block->kind == BLOCK_WHILE) && block->body <= token && token < block->end && block->body <= other && other < block->end)
			return 1;
	}
	return 0;
}

/* What is kept outside of the function and changes before the call, so that a second try would find it changed twice: self.history.append(q),
 * self.count += 1. NULL: nothing. */
static const char *changed_before(const struct site *site, const struct code_function *function, const struct code_call *call)
{
	static const char *const changes[] = { ".append", ".extend", ".insert", ".add", ".pop", ".popleft", ".appendleft", ".clear", ".remove", ".update", ".setdefault", ".put_nowait" };

	for (int i = 0; i < code_call_count(site->code); i++) {
		const struct code_call *it = code_call_at(site->code, i);

		if (it->open < function->body || it->open >= function->end || (it->open > call->open && !in_same_loop(site, it->open, call->open)))
			continue;
		for (size_t k = 0; k < sizeof(changes) / sizeof(*changes); k++)
			if (ends_with(it->written, changes[k]) && !is_local(site, function, it->written))
				return it->written;
	}
	for (int i = 0; i < code_assign_count(site->code); i++) {
		const struct code_assign *it = code_assign_at(site->code, i);

		if (it->kind == ASSIGN_ADD && it->token >= function->body && it->token < function->end && strchr(it->target, '.') && !is_local(site, function, it->target) &&
			(it->token < call->open || in_same_loop(site, it->token, call->open)))
			return it->target;
	}
	return NULL;
}

/* Why the function cannot be called again as a whole; NULL: it can. */
static const char *why_once(struct site *site, const struct code_function *function)
{
	const struct code_call *call = site_call(site);
	const char *effect;

	if (!function || !*function->name || code_token_at(site->code, function->def)->kind != CODE_NAME)
		return "the call stands in no function: put it into one";
	if (code_is(site->code, function->def, "lambda"))
		return "the call stands in a lambda";
	if (function->is_generator)
		return "a generator may have given items before it fails: retry inside it, before the first";
	if (call && (ends_with(call->written, "stream") || (code_keyword(site->code, call, "stream") && !code_is(site->code, code_keyword(site->code, call, "stream")->value, "False"))))
		return "a stream fails while it is read, after the function has returned: retry where it is read";
	effect = effect_in(site, function);
	if (effect)
		return arena_format(heal_arena(site), "it also does %.60s, which a retry would do again: put the model call into a function of its own", effect);
	effect = call ? changed_before(site, function, call) : NULL;
	if (effect)
		return arena_format(heal_arena(site), "%.60s changes before the call, and would a second time: put the model call into a function of its own", effect);
	return NULL;
}

/* Inside existing decorators, so that those of a framework stay outermost. */
static const char *decorate(struct site *site)
{
	const struct code_function *function = site_function(site);
	const char *why = why_once(site, function);

	if (why)
		return refuse(site, "%s", why);
	size_t at = line_begin(site, token_offset(site, function->def));
	if (strspn(site->text + at, " \t") != token_offset(site, function->def) - at)
		return refuse(site, "the function begins in the middle of a line");
	const char *module = need_module(site, "tenacity");

	edit(site, EDIT_DECORATOR, at, 0, "%s@%s\n", indent_at(site, at), retry_text(site, module));
	need_package(site, "tenacity", value(site, "retry_version"));
	return "a decorator is added inside those that are there; the last failure is still raised, and nothing but the call is repeated";
}

static const char *retry(struct site *site)
{
	if (is_script(site))
		return argument_by_row(site, "retries", "one option is added to the client, which waits longer after each failure and gives up");
	return is_python(site) ? decorate(site) : only_python(site);
}

/* --- REL003 --- */

static const char *const grown = "the wait grows after each failure and is spread";

static const char *tenacity_wait(struct site *site, const struct code_call *call)
{
	const char *module = need_module(site, "tenacity"), *text = arena_format(heal_arena(site), "%s.%s", module, value(site, "retry_wait"));
	const struct code_argument *wait = code_keyword(site->code, call, "wait");

	if (!wait)
		return argument_to(site, call, arena_format(heal_arena(site), "wait=%s", text), grown);
	replace_range(site, wait->value, wait->end, text);
	return grown;
}

/* backoff.on_exception(backoff.constant, …): its expo takes other options than interval. */
static const char *backoff_wait(struct site *site, const struct code_call *call)
{
	const struct code_argument *wait = code_positional(site->code, call, 0);

	if (!wait || code_keyword(site->code, call, "interval") || !code_is(site->code, wait->end - 1, "constant"))
		return refuse(site, "which generator of waits it uses is for a person to change");
	replace_range(site, wait->end - 1, wait->end, "expo");
	return grown;
}

static const char *retrying_wait(struct site *site, const struct code_call *call)
{
	const struct code_argument *wait = code_keyword(site->code, call, "wait_fixed");

	if (!wait)
		return argument_to(site, call, "wait_exponential_multiplier=1000, wait_exponential_max=20000", grown);
	replace_range(site, wait->token, wait->end, "wait_exponential_multiplier=1000, wait_exponential_max=20000");
	return grown;
}

/* @retry, without brackets. */
static const char *bare_retry(struct site *site, const struct code_decorator *decorator)
{
	const char *module = need_module(site, "tenacity");
	int last = decorator->end - 1;

	while (last > decorator->at && code_token_at(site->code, last)->kind != CODE_NAME)
		last--;
	edit(site, EDIT_PLAIN, token_end(site, last), 0, "%s", strchr(retry_text(site, module), '('));
	return grown;
}

static const char *decorator_wait(struct site *site, const struct code_decorator *decorator)
{
	const struct code_call *call = decorator->call >= 0 ? code_call_at(site->code, decorator->call) : NULL;
	const char *name = decorator->resolved ? decorator->resolved : "";

	if (!strcmp(name, "tenacity.retry"))
		return call ? tenacity_wait(site, call) : bare_retry(site, decorator);
	if (call && !strncmp(name, "backoff.on_", 11))
		return backoff_wait(site, call);
	if (call && !strcmp(name, "retrying.retry"))
		return retrying_wait(site, call);
	return refuse(site, "%.60s has no wait that grows and is spread", decorator->written);
}

/* `for attempt in range(…)` around the place, and nothing else that is looped over in between. */
static const char *attempt_around(const struct site *site)
{
	size_t offset = site->finding->place.offset;
	const struct code_block *loop = NULL;

	for (int i = 0; i < code_block_count(site->code); i++) {
		const struct code_block *block = code_block_at(site->code, i);

		if ((block->kind == BLOCK_FOR || block->kind == BLOCK_WHILE) && token_offset(site, block->at) < offset && block->end > 0 && token_end(site, block->end - 1) > offset)
			loop = block;
	}
	if (!loop || loop->kind != BLOCK_FOR || !code_is(site->code, loop->head, "range") || !code_is(site->code, loop->head - 1, "in"))
		return NULL;
	for (int i = 0; i < code_assign_count(site->code); i++)
		if (code_assign_at(site->code, i)->kind == ASSIGN_FOR && code_assign_at(site->code, i)->token == loop->head - 2)
			return code_assign_at(site->code, i)->target;
	return NULL;
}

/* sleep(2) as sleep(random.uniform(0, min(20, 2 * 2 ** attempt))). */
static const char *growing_sleep(struct site *site)
{
	const struct code_call *call = site_call(site);
	const struct code_argument *time = call ? code_positional(site->code, call, 0) : NULL;
	const char *attempt = time ? attempt_around(site) : NULL;

	if (!attempt || strchr(attempt, '.') || !strcmp(attempt, "_"))
		return refuse(site, "the loop counts no attempts by name, from which the wait could grow");
	const char *random = need_module(site, "random"), *first = arena_text_n(heal_arena(site), site->text + token_offset(site, time->value), code_token_at(site->code, time->value)->length);

	replace_range(site, time->value, time->end, arena_format(heal_arena(site), "%s.uniform(0, min(20, %s * 2 ** %s))", random, first, attempt));
	return "the same wait at first; it doubles with each attempt up to 20 seconds, and is spread";
}

static const char *retry_wait(struct site *site)
{
	size_t from = site->finding->place.offset;

	if (!is_python(site))
		return only_python(site);
	for (int f = 0; f < code_function_count(site->code); f++) {
		const struct code_function *function = code_function_at(site->code, f);

		for (int k = 0; k < function->decorator_count; k++)
			if (token_offset(site, code_decorator_at(site->code, function->decorators + k)->at) == from)
				return decorator_wait(site, code_decorator_at(site->code, function->decorators + k));
	}
	return growing_sleep(site);
}

/* --- REL009 --- */

/* (f(x) for x in xs): an await in it would make another kind of generator of it. */
static int is_in_generator(const struct site *site, const struct code_call *call)
{
	for (int t = call->name - 1; t >= 0; t--) {
		int close = code_match(site->code, t);

		if (close >= 0 && close < t) {
			t = close;
			continue;
		}
		if (close < call->close || !code_is(site->code, t, "("))
			continue;
		for (int k = t + 1; k < close; k = code_match(site->code, k) > k ? code_match(site->code, k) + 1 : k + 1)
			if (code_is(site->code, k, "for"))
				return 1;
	}
	return 0;
}

static const char *to_thread(struct site *site, const struct code_call *call)
{
	int next = call->close + 1, close = code_is(site->code, next, ".") || code_is(site->code, next, "[") || code_is(site->code, next, "(") || code_is(site->code, next, "**");
	const struct code_function *function = site_function(site);

	if (!call->resolved || (strncmp(call->resolved, "requests.", 9) && strncmp(call->resolved, "httpx.", 6) && strncmp(call->resolved, "subprocess.", 11) &&
				       strncmp(call->resolved, "urllib.", 7)))
		return refuse(site, "its client has an async twin: which one to await is for a person to choose");
	if (!function || !function->is_async || is_in_generator(site, call) || !code_chain(site->code, call->name, call->open))
		return refuse(site, "an await cannot stand there");
	const char *asyncio = need_module(site, "asyncio"), *name = code_text(site->code, call->name, call->open);

	edit(site, EDIT_PLAIN, token_offset(site, call->name), token_end(site, call->open) - token_offset(site, call->name), "%sawait %s.to_thread(%s%s", close ? "(" : "", asyncio, name,
		call->open + 1 == call->close ? "" : ", ");
	if (close)
		edit(site, EDIT_PLAIN, token_end(site, call->close), 0, ")");
	return "the same call in a thread of its own; other work goes on meanwhile";
}

static const char *blocking(struct site *site)
{
	const struct code_call *call = site_call(site);

	if (!is_python(site) || !call)
		return no_call(site);
	if (call->awaited)
		return refuse(site, "it is awaited already");
	if (!call->resolved || strcmp(call->resolved, "time.sleep"))
		return to_thread(site, call);
	if (is_in_generator(site, call))
		return refuse(site, "an await cannot stand there");
	const char *asyncio = need_module(site, "asyncio");
	size_t from = token_offset(site, call->name);

	edit(site, EDIT_PLAIN, from, token_end(site, call->open - 1) - from, "await %s.sleep", asyncio);
	return "the same wait, and other work goes on meanwhile";
}

/* --- REL013 --- */

/* The element of the comprehension a call is given behind "*": its tokens, from and to "for". 0: there is none, or no plain one. */
static int gathered(const struct site *site, const struct code_call *call, int *from, int *end)
{
	int open = call->open + 1;

	while (open < call->close && !code_is(site->code, open, "(") && !code_is(site->code, open, "["))
		open++;
	if (open >= call->close || !code_is(site->code, last_real(site, open), "*") || last_real(site, last_real(site, open)) != call->open)
		return 0;
	*from = next_real(site, open);
	*end = *from;
	while (*end < code_match(site->code, open) && !code_is(site->code, *end, "for"))
		*end = code_match(site->code, *end) > *end ? code_match(site->code, *end) + 1 : *end + 1;
	if (*end >= code_match(site->code, open) || *end == *from)
		return 0;
	*end = last_real(site, *end) + 1;
	return !code_is(site->code, *end - 1, "async");
}

/* Behind the last import that stands outside of blocks: the NEWLINE of its statement. */
static int behind_imports(const struct site *site)
{
	int last = code_import_place(site->code);

	for (int i = 0; i < code_import_count(site->code); i++) {
		const struct code_import *import = code_import_at(site->code, i);

		if (import->function < 0 && !code_token_at(site->code, import->token)->column && import->token >= last)
			last = import->token;
	}
	while (last < code_token_count(site->code) - 1 && code_token_at(site->code, last)->kind != CODE_NEWLINE)
		last++;
	return last;
}

static int is_used(const struct site *site, const char *name)
{
	for (int t = 0; t < code_token_count(site->code); t++)
		if (code_is(site->code, t, name))
			return 1;
	return 0;
}

/* gather(*(f(x) for x in xs)): each f(x) waits for a place. */
static const char *bounded(struct site *site)
{
	const struct code_call *call = site_call(site);
	int from, end;

	if (!is_python(site) || !call)
		return only_python(site);
	if (!gathered(site, call, &from, &end))
		return refuse(site, "what is gathered is no comprehension written here");
	for (int t = from; t < end; t++)
		if (code_is(site->code, t, "create_task") || code_is(site->code, t, "ensure_future"))
			return refuse(site, "its tasks run from where they are made: bound them there");
	if (is_used(site, "_bounded") || is_used(site, "_model_calls"))
		return refuse(site, "the names the semaphore would have are used already");
	const char *asyncio = need_module(site, "asyncio"), *indent = file_indent(site);

	edit(site, EDIT_HELPER, token_end(site, behind_imports(site)), 0, "\n_model_calls = %s.Semaphore(%s)\n\n\nasync def _bounded(call):\n%sasync with _model_calls:\n%s%sreturn await call\n\n",
		asyncio, value(site, "parallel"), indent, indent, indent);
	edit(site, EDIT_PLAIN, token_offset(site, from), 0, "_bounded(");
	edit(site, EDIT_PLAIN, token_end(site, end - 1), 0, ")");
	return "the same calls with the same results in the same order, a few at a time";
}

const struct heal_row heal_flow_rows[] = {
	{ "REL001", retry }, { "REL003", retry_wait }, { "REL009", blocking }, { "REL013", bounded }, { NULL, NULL },
};
