/* INJ002, COST004, COST008, MOD008, PRV001: what stands in prompts. */
#include <stdlib.h>
#include <string.h>

#include "fleet/check/checker_parts.h"

enum { PROMPTS_MAX = 128, GUARD_MIN = 40, LONG_CACHED = 4000, LONG_IN_CODE = 500, STRING_MIN = 12 };

struct prompts {
	int at[PROMPTS_MAX];
	int count;
};

static int ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), n = strlen(end);

	return length >= n && !strcmp(text + length - n, end);
}

static int seen(struct prompts *prompts, int token)
{
	for (int i = 0; i < prompts->count; i++)
		if (prompts->at[i] == token)
			return 1;
	if (prompts->count == PROMPTS_MAX)
		return 1;
	prompts->at[prompts->count++] = token;
	return 0;
}

static int is_guarded(const struct unit *unit, const char *text)
{
	return says(unit, WORD_GUARD_DATA, text) || says(unit, WORD_GUARD_SECRET, text);
}

struct parts {
	struct unit *unit;
	int guarded;
};

/* A name in a prompt: what it stands for may be the guard; where that is another file's, its own name tells. */
static int guard_in(const char *name, const char *chain, int token, void *data)
{
	struct parts *parts = data;
	struct unit *unit = parts->unit;
	int named[4], count = code_assigns_named(unit->code, name, named, 4);

	(void)chain;
	(void)token;
	for (int i = 0; i < count; i++) {
		const struct code_assign *assign = code_assign_at(unit->code, named[i]);
		const char *text = assign->value < assign->end ? code_string(unit->code, assign->value, assign->end, NULL) : NULL;

		parts->guarded |= text && is_guarded(unit, text);
	}
	/* A constant of another file: not known. */
	parts->guarded |= !count && name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")] == 0;
	parts->guarded |= strstr(name, "GUARD") || strstr(name, "guard") || strstr(name, "SAFETY") || strstr(name, "safety") || strstr(name, "RULES") || strstr(name, "POLICY");
	return parts->guarded;
}

/* A system prompt, whole or with fields. */
static void system_prompt(struct unit *unit, struct prompts *prompts, int from, int to)
{
	int begin = from, end = to, fields = 0;
	struct parts parts = { unit, 0 };
	const char *text;

	value_of(unit, &begin, &end);
	text = code_string(unit->code, begin, end, &fields);
	if (!text || strlen(text) < STRING_MIN || seen(prompts, begin))
		return;
	unit->checker->whole.prompts++;
	unit->checker->whole.cites |= says(unit, WORD_CITE, text);
	if (fields)
		code_names(unit->code, begin, end, guard_in, &parts);
	if (strlen(text) >= GUARD_MIN && !parts.guarded && !is_guarded(unit, text))
		flag(unit, "INJ002", begin, end, "the system prompt says nothing of untrusted text, of refusing, or of keeping itself to itself");
	if (strlen(text) > LONG_CACHED && !fields && !file_says(unit, WORD_PROMPT_CACHE))
		flag(unit, "COST004", begin, end, "%zu characters of fixed prompt are sent each time without caching", strlen(text));
	if (strlen(text) > LONG_IN_CODE)
		flag(unit, "MOD008", begin, end, "a system prompt of %zu characters stands in the code", strlen(text));
}

static void any_prompt(struct unit *unit, struct prompts *prompts, int from, int to)
{
	int begin = from, end = to;
	const char *text, *what = NULL;
	size_t at;

	value_of(unit, &begin, &end);
	text = code_string(unit->code, begin, end, NULL);
	if (!text || strlen(text) < STRING_MIN || seen(prompts, begin))
		return;
	if (personal_data(text, strlen(text), &what, &at))
		flag(unit, "PRV001", begin, end, "the prompt holds %s", what);
	if (says(unit, WORD_ARITHMETIC, text))
		flag(unit, "COST008", begin, end, "the prompt asks a model for what code computes exactly");
}

static const char *last_name(const char *chain)
{
	const char *point = strrchr(chain, '.');

	return point ? point + 1 : chain;
}

static int is_system_keyword(const char *keyword)
{
	static const char *const names[] = { "system", "instructions", "system_prompt", "system_instruction", "system_message", "systemPrompt", "systemInstruction", "backstory",
		"state_modifier" };

	for (size_t i = 0; keyword && i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(keyword, names[i]))
			return 1;
	return 0;
}

/* The value of "content" in the dictionary around a "role": "system". */
static void message_content(struct unit *unit, struct prompts *system, struct prompts *all, int role_token, int is_system)
{
	int open = role_token, close;

	while (open > 0 && open > role_token - 40 && (code_match(unit->code, open) < role_token || !code_is(unit->code, open, "{")))
		open--;
	close = code_match(unit->code, open);
	for (int k = open; close > role_token && k < close; k++) {
		int end = k + 2;

		if (!(code_is(unit->code, k, "\"content\"") || code_is(unit->code, k, "'content'") || code_is(unit->code, k, "content")) || !code_is(unit->code, k + 1, ":"))
			continue;
		while (end < close && !code_is(unit->code, end, ","))
			end = code_match(unit->code, end) > end ? code_match(unit->code, end) + 1 : end + 1;
		if (is_system)
			system_prompt(unit, system, k + 2, end);
		any_prompt(unit, all, k + 2, end);
	}
}

void check_prompts(struct unit *unit)
{
	struct prompts system = { .count = 0 }, all = { .count = 0 };

	for (int i = 0; i < code_call_count(unit->code); i++) {
		const struct code_call *call = code_call_at(unit->code, i);

		for (int k = 0; k < call->argument_count; k++) {
			const struct code_argument *argument = code_argument_at(unit->code, call->arguments + k);
			int prompt = argument->keyword && (!strcmp(argument->keyword, "prompt") || !strcmp(argument->keyword, "contents") || !strcmp(argument->keyword, "input"));

			if (is_system_keyword(argument->keyword))
				system_prompt(unit, &system, argument->value, argument->end);
			if ((prompt && role(unit, i) & ANY_RUN) || is_system_keyword(argument->keyword) || (role(unit, i) & (ANY_RUN | ROLE(TEMPLATE)) && !argument->keyword))
				any_prompt(unit, &all, argument->value, argument->end);
		}
		if (ends_with(call->written, "SystemMessage") && call->argument_count)
			system_prompt(unit, &system, code_argument_at(unit->code, call->arguments)->value, code_argument_at(unit->code, call->arguments)->end);
	}
	for (int i = 0; i < code_assign_count(unit->code); i++) {
		const struct code_assign *assign = code_assign_at(unit->code, i);
		const char *name = last_name(assign->target);

		if (assign->value >= assign->end || code_token_at(unit->code, assign->value)->kind == CODE_NAME)
			continue;
		if (says(unit, WORD_SYSTEM_NAME, name))
			system_prompt(unit, &system, assign->value, assign->end);
		if (says(unit, WORD_PROMPT_NAME, name))
			any_prompt(unit, &all, assign->value, assign->end);
	}
	for (int i = 0; i + 2 < code_token_count(unit->code); i++) {
		const char *text;

		if (code_token_at(unit->code, i)->kind != CODE_STRING || code_token_at(unit->code, i)->length > 14 || !code_is(unit->code, i - 1, ":"))
			continue;
		text = code_string(unit->code, i, i + 1, NULL);
		if (text && (!strcmp(text, "system") || !strcmp(text, "user") || !strcmp(text, "developer")) && range_has_word(unit, i - 2 > 0 ? i - 2 : 0, i, "role", 0))
			message_content(unit, &system, &all, i, *text != 'u');
	}
}
