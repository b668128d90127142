/* fuzz_code.c - any bytes as Python or as a script (the first byte chooses): tokens in order and within the text, every range and index within its row,
 * and everything that checks ask of them ends. */
#include "folder.h"

#include "base/arena.h"
#include "fleet/code/code.h"

static struct code *code;
static int tokens;

/* A range, or none of one. */
static void see_range(int from, int to)
{
	assert(from >= -1 && from <= tokens && to <= tokens && to >= -1);
}

static void see_tokens(size_t length)
{
	size_t end = 0;

	for (int i = 0; i < tokens; i++) {
		const struct code_token *token = code_token_at(code, i);

		assert(token->offset >= end && token->offset + (size_t)token->length <= length);
		assert(token->line >= 1 && token->column >= 0 && token->end_line >= token->line);
		assert(code_match(code, i) >= -1 && code_match(code, i) < tokens);
		end = token->offset + (size_t)token->length;
	}
}

static int see_name(const char *name, const char *chain, int token, void *data)
{
	(void)data;
	assert(*name && *chain && token >= 0 && token < tokens);
	return 0;
}

static void ask_of(int from, int to)
{
	see_range(from, to);
	if (from < 0 || to < from)
		return;
	code_string(code, from, to, &(int){ 0 });
	code_resolve(code, from, to);
	code_chain(code, from, to);
	code_text(code, from, to);
	code_names(code, from, to, see_name, NULL);
}

static void see_calls(void)
{
	for (int i = 0; i < code_call_count(code); i++) {
		const struct code_call *call = code_call_at(code, i);

		assert(call->name >= 0 && call->open >= call->name && call->open < tokens && call->close <= tokens);
		assert(call->function < code_function_count(code) && call->class < code_class_count(code) && call->block < code_block_count(code));
		assert(call->outer < code_call_count(code) && call->written);
		assert(call->argument_count >= 0 && (!call->argument_count || code_argument_at(code, call->arguments + call->argument_count - 1)));
		for (int k = 0; k < call->argument_count && k < 20; k++)
			ask_of(code_argument_at(code, call->arguments + k)->value, code_argument_at(code, call->arguments + k)->end);
		code_keyword(code, call, "timeout");
		code_positional(code, call, 0);
	}
}

static void see_functions(void)
{
	for (int i = 0; i < code_function_count(code); i++) {
		const struct code_function *function = code_function_at(code, i);

		see_range(function->body, function->end);
		assert(function->name && function->parent < i && function->class < code_class_count(code));
		assert(!function->parameter_count || code_parameter_at(code, function->parameters + function->parameter_count - 1));
		assert(!function->decorator_count || code_decorator_at(code, function->decorators + function->decorator_count - 1));
		for (int k = 0; k < function->parameter_count; k++)
			see_range(code_parameter_at(code, function->parameters + k)->value, code_parameter_at(code, function->parameters + k)->value_end);
	}
	for (int i = 0; i < code_class_count(code); i++)
		see_range(code_class_at(code, i)->body, code_class_at(code, i)->end);
}

static void see_rest(void)
{
	int found[16];

	for (int i = 0; i < code_block_count(code); i++) {
		see_range(code_block_at(code, i)->head, code_block_at(code, i)->head_end);
		see_range(code_block_at(code, i)->body, code_block_at(code, i)->end);
		assert(code_block_at(code, i)->parent < code_block_count(code));
	}
	for (int i = 0; i < code_assign_count(code); i++) {
		const struct code_assign *assign = code_assign_at(code, i);

		assert(assign->target);
		if (i < 200) {
			ask_of(assign->value, assign->end);
			assert(code_assigns_named(code, assign->target, found, 16) <= 16);
			code_exported(code, assign->target);
		}
	}
	for (int i = 0; i < code_return_count(code); i++)
		see_range(code_return_at(code, i)->value, code_return_at(code, i)->end);
	for (int i = 0; i < code_import_count(code); i++)
		assert(code_import_at(code, i)->module && code_import_at(code, i)->token >= 0 && code_import_at(code, i)->token < tokens);
	assert(code_import_place(code) >= 0 && code_import_place(code) <= tokens);
	for (int i = 0; i < tokens && i < 400; i++) {
		assert(code_function_around(code, i) < code_function_count(code));
		code_call_from(code, i);
		code_has_fields(code, i);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	struct arena *arena = arena_new();
	char *text = malloc(size); /* exact, with an end */

	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = 0;
	code = code_parse(arena, data[0] % 2 ? CODE_SCRIPT : CODE_PYTHON, text, size - 1);
	tokens = code_token_count(code);
	see_tokens(size - 1);
	see_calls();
	see_functions();
	see_rest();
	arena_free(arena);
	free(text);
	return 0;
}
