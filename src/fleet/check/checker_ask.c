/* Questions the checks ask of a file of code. */
#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "fleet/check/checker_parts.h"

enum { RANGE_MAX = 200000, LITERAL_NAMES = 4, NAMED_MAX = 32 };

int says(const struct unit *unit, enum word word, const char *text)
{
	return text && lexicon_says(unit->checker->lexicon, word, text, strlen(text));
}

int range_says(struct unit *unit, int from, int to, enum word word)
{
	struct text text;
	int found, point = 1;

	text_init(&text, RANGE_MAX);
	for (int i = from; i < to && i < code_token_count(unit->code) && !text.cut; i++) {
		const struct code_token *token = code_token_at(unit->code, i);

		if (token->kind != CODE_NAME && token->kind != CODE_STRING && token->kind != CODE_OP)
			continue;
		/* Chains stay together, else a blank between. */
		if (!point && !code_is(unit->code, i, "."))
			text_add_char(&text, ' ');
		text_add_n(&text, unit->text + token->offset, token->length);
		point = code_is(unit->code, i, ".");
	}
	found = lexicon_says(unit->checker->lexicon, word, text.data, text.length);
	text_release(&text);
	return found;
}

int function_says(struct unit *unit, int function, enum word word)
{
	const struct code_function *it = code_function_at(unit->code, function);
	const struct code_decorator *decorator = it ? code_decorator_at(unit->code, it->decorator_count ? it->decorators : -1) : NULL;

	if (!it)
		return file_says(unit, word);
	return range_says(unit, decorator ? decorator->at : it->def, it->end, word);
}

int file_says(const struct unit *unit, enum word word)
{
	return lexicon_says(unit->checker->lexicon, word, unit->vocabulary, unit->vocabulary_length);
}

uint64_t role(const struct unit *unit, int call)
{
	return call >= 0 ? unit->roles[call] : 0;
}

int block_of_kind(const struct unit *unit, int block, int kinds)
{
	while (block >= 0 && !(kinds & 1 << code_block_at(unit->code, block)->kind))
		block = code_block_at(unit->code, block)->parent;
	return block;
}

void value_of(struct unit *unit, int *from, int *to)
{
	for (int i = 0; i < LITERAL_NAMES; i++) {
		const char *name = code_chain(unit->code, *from, *to);
		int function = code_function_around(unit->code, *from), found = -1;

		if (!name || strpbrk(name, "(["))
			return;
		int named[NAMED_MAX], count = code_assigns_named(unit->code, name, named, NAMED_MAX);

		for (int k = count - 1; k >= 0; k--) {
			const struct code_assign *assign = code_assign_at(unit->code, named[k]);

			if (assign->kind == ASSIGN_SET && (assign->function == function || assign->function < 0 || !strncmp(name, "self.", 5)) && assign->value != *from &&
				(assign->value < *from || assign->function != function) && (found < 0 || assign->function == function))
				found = named[k];
		}
		if (found < 0)
			return;
		*from = code_assign_at(unit->code, found)->value;
		*to = code_assign_at(unit->code, found)->end;
	}
}

const char *literal(struct unit *unit, int from, int to, int *fields)
{
	value_of(unit, &from, &to);
	return code_string(unit->code, from, to, fields);
}

int argument_is(struct unit *unit, const struct code_call *call, const char *keyword, const char *value)
{
	const struct code_argument *argument = code_keyword(unit->code, call, keyword);
	int from, to;

	if (!argument)
		return 0;
	from = argument->value;
	to = argument->end;
	value_of(unit, &from, &to);
	if (to - from != 1)
		return 0;
	if (!strcmp(value, "True"))
		return code_is(unit->code, from, "True") || code_is(unit->code, from, "true");
	if (!strcmp(value, "False"))
		return code_is(unit->code, from, "False") || code_is(unit->code, from, "false");
	const char *text = code_string(unit->code, from, to, NULL);

	return text ? !strcmp(text, value) : code_is(unit->code, from, value);
}

int has_unpacked(struct unit *unit, const struct code_call *call)
{
	return code_keyword(unit->code, call, "**") != NULL;
}

int range_has_word(struct unit *unit, int from, int to, const char *name, int depth)
{
	for (int i = from; i < to && i < code_token_count(unit->code); i++) {
		const struct code_token *token = code_token_at(unit->code, i);
		int inner = i, inner_end = i + 1;

		if (token->kind == CODE_STRING && memmem(unit->text + token->offset, token->length, name, strlen(name)))
			return 1;
		if (token->kind != CODE_NAME)
			continue;
		if (code_is(unit->code, i, name))
			return 1;
		if (depth > 0 && !code_is(unit->code, i - 1, ".")) {
			value_of(unit, &inner, &inner_end);
			if (inner != i && range_has_word(unit, inner, inner_end, name, depth - 1))
				return 1;
		}
	}
	return 0;
}

int has_listed(struct unit *unit, const struct code_call *call, enum word_list list)
{
	for (int i = 0; i < call->argument_count; i++) {
		const struct code_argument *argument = code_argument_at(unit->code, call->arguments + i);
		int from = argument->value, to = argument->end;

		if (argument->keyword && (!strcmp(argument->keyword, "**") || lexicon_lists(unit->checker->lexicon, list, argument->keyword)))
			return 1;
		value_of(unit, &from, &to);
		/* config=GenerateContentConfig(max_output_tokens=…), {"maxTokens": …} */
		for (int k = from; k < to; k++) {
			const struct code_token *token = code_token_at(unit->code, k);
			char *word = token->kind == CODE_NAME && (code_is(unit->code, k + 1, "=") || code_is(unit->code, k + 1, ":")) ? code_text(unit->code, k, k + 1) : NULL;

			if (token->kind == CODE_STRING && code_is(unit->code, k + 1, ":"))
				word = arena_text(unit->arena, code_string(unit->code, k, k + 1, NULL));
			if (word && lexicon_lists(unit->checker->lexicon, list, word))
				return 1;
		}
	}
	return 0;
}

/* The name or field a chain begins with ("client", "self.client"), as long as an assignment to it may be. */
static const char *base_of(struct unit *unit, const char *written)
{
	size_t length = strcspn(written, ".([");

	if ((length == 4 && (!strncmp(written, "self", 4) || !strncmp(written, "this", 4))) && written[4] == '.')
		length += 1 + strcspn(written + 5, ".([");
	return arena_text_n(unit->arena, written, length);
}

int constructor_of(struct unit *unit, const struct code_call *call)
{
	const char *base = base_of(unit, call->written);

	for (int depth = 0; depth < 4; depth++) {
		int found = -1, named[NAMED_MAX], count = code_assigns_named(unit->code, base, named, NAMED_MAX);

		for (int i = count - 1; i >= 0; i--) {
			const struct code_assign *assign = code_assign_at(unit->code, named[i]);

			if (assign->token < call->name || assign->function != call->function)
				found = named[i];
		}
		if (found < 0)
			break;
		const struct code_assign *assign = code_assign_at(unit->code, found);

		for (int i = code_call_from(unit->code, assign->value); i < code_call_count(unit->code) && code_call_at(unit->code, i)->open < assign->end; i++)
			if (role(unit, i) & ROLE(CLIENT))
				return i;
		const char *chain = code_chain(unit->code, assign->value, assign->end);

		if (!chain)
			break;
		base = base_of(unit, chain);
	}
	/* OpenAI().chat.completions.create( */
	for (int i = code_call_from(unit->code, call->name); i < code_call_count(unit->code) && code_call_at(unit->code, i)->open < call->open; i++)
		if (code_call_at(unit->code, i)->name == call->name && role(unit, i) & ROLE(CLIENT))
			return i;
	return -1;
}

int is_paced(struct unit *unit, const struct code_block *loop)
{
	static const char *const names[] = { "input", "prompt", "receive_text", "receive_json", "receive", "recv", "poll", "question", "ask", "consume", "get_message", "blpop" };

	/* to_thread(input, "> ") */
	for (int i = loop->body; i < loop->end; i++)
		if (code_is(unit->code, i, "input") && code_token_at(unit->code, i)->kind == CODE_NAME && !code_is(unit->code, i - 1, ".") && code_is(unit->code, i + 1, ","))
			return 1;
	for (int i = code_call_from(unit->code, loop->body); i < code_call_count(unit->code) && code_call_at(unit->code, i)->open < loop->end; i++) {
		const char *written = code_call_at(unit->code, i)->written, *point = strrchr(written, '.');

		written = point ? point + 1 : written;
		if (!strncmp(written, "input", 5) || !strncmp(written, "read_user", 9))
			return 1;
		for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++)
			if (!strcmp(written, names[k]) && !(role(unit, i) & (ANY_RUN | ROLE_REACHES)))
				return 1;
	}
	return 0;
}

int is_literal(struct unit *unit, int from, int to)
{
	int fields = 0;

	value_of(unit, &from, &to);
	if (code_string(unit->code, from, to, &fields))
		return !fields;
	/* Lists and tuples of literals. */
	for (int i = from; i < to; i++)
		if (code_token_at(unit->code, i)->kind == CODE_NAME && !code_is(unit->code, i, "None") && !code_is(unit->code, i, "True") && !code_is(unit->code, i, "False"))
			return 0;
	for (int i = from; i < to; i++)
		if (code_token_at(unit->code, i)->kind == CODE_STRING && (!code_string(unit->code, i, i + 1, &fields) || fields))
			return 0;
	return 1;
}
