#include "fleet/code/code.h"

#include <string.h>

#include "base/arena.h"
#include "fleet/code/code_parts.h"

enum { TEXT_MAX = 16 << 20, DEPTH_MAX = 1000 };

void *code_row_add(struct arena *arena, struct code_row *row, size_t size_bytes)
{
	if (row->count == row->room) {
		int room = row->room ? row->room * 2 : 16;
		void *items = arena_alloc(arena, (size_t)room * size_bytes);

		if (row->count)
			memcpy(items, row->items, (size_t)row->count * size_bytes);
		row->items = items;
		row->room = room;
	}
	return (char *)row->items + (size_t)row->count++ * size_bytes;
}

struct code_token *code_token_add(struct code *code)
{
	if (code->token_count == code->token_room) {
		int room = code->token_room ? code->token_room * 2 : (int)(code->length / 4) + 64;
		struct code_token *tokens = arena_alloc(code->arena, (size_t)room * sizeof(*tokens));

		if (code->token_count)
			memcpy(tokens, code->tokens, (size_t)code->token_count * sizeof(*tokens));
		code->tokens = tokens;
		code->token_room = room;
	}
	return &code->tokens[code->token_count++];
}

int code_char(const struct code *code, int token)
{
	if (token < 0 || token >= code->token_count || !code->tokens[token].length)
		return 0;
	return (unsigned char)code->text[code->tokens[token].offset];
}

/* Which bracket belongs to which; those without a partner have -1. */
static void match_brackets(struct code *code)
{
	static const char partner[128] = { [')'] = '(', [']'] = '[', ['}'] = '{' };
	int open[DEPTH_MAX], depth = 0;

	code->matches = arena_alloc(code->arena, (size_t)code->token_count * sizeof(int));
	for (int i = 0; i < code->token_count; i++) {
		int c = code->tokens[i].kind == CODE_OP ? code_char(code, i) : 0;

		code->matches[i] = -1;
		if (c == '(' || c == '[' || c == '{') {
			if (depth < DEPTH_MAX)
				open[depth++] = i;
		} else if (c && c < 128 && partner[c]) {
			int at = depth - 1;

			while (at >= 0 && at > depth - 4 && code_char(code, open[at]) != partner[c])
				at--;
			if (at < 0 || code_char(code, open[at]) != partner[c])
				continue;
			code->matches[i] = open[at];
			code->matches[open[at]] = i;
			depth = at;
		}
	}
}

struct code *code_parse(struct arena *arena, enum code_language language, const char *text, size_t length)
{
	struct code *code = arena_alloc(arena, sizeof(*code));

	code->arena = arena;
	code->language = language;
	code->text = text;
	code->length = length < TEXT_MAX ? length : TEXT_MAX;
	if (language == CODE_PYTHON)
		python_lex(code);
	else
		script_lex(code);
	match_brackets(code);
	if (language == CODE_PYTHON)
		python_scan(code);
	else
		script_scan(code);
	code_scan_calls(code);
	code_resolve_all(code);
	return code;
}

enum code_language code_language(const struct code *code)
{
	return code->language;
}

int code_token_count(const struct code *code)
{
	return code->token_count;
}

const struct code_token *code_token_at(const struct code *code, int i)
{
	return i >= 0 && i < code->token_count ? &code->tokens[i] : NULL;
}

static const void *at(const struct code_row *row, int i, size_t size_bytes)
{
	return i >= 0 && i < row->count ? (const char *)row->items + (size_t)i * size_bytes : NULL;
}

int code_import_count(const struct code *code)
{
	return code->imports.count;
}

const struct code_import *code_import_at(const struct code *code, int i)
{
	return at(&code->imports, i, sizeof(struct code_import));
}

int code_function_count(const struct code *code)
{
	return code->functions.count;
}

const struct code_function *code_function_at(const struct code *code, int i)
{
	return at(&code->functions, i, sizeof(struct code_function));
}

int code_class_count(const struct code *code)
{
	return code->classes.count;
}

const struct code_class *code_class_at(const struct code *code, int i)
{
	return at(&code->classes, i, sizeof(struct code_class));
}

int code_block_count(const struct code *code)
{
	return code->blocks.count;
}

const struct code_block *code_block_at(const struct code *code, int i)
{
	return at(&code->blocks, i, sizeof(struct code_block));
}

int code_assign_count(const struct code *code)
{
	return code->assigns.count;
}

const struct code_assign *code_assign_at(const struct code *code, int i)
{
	return at(&code->assigns, i, sizeof(struct code_assign));
}

int code_call_count(const struct code *code)
{
	return code->calls.count;
}

const struct code_call *code_call_at(const struct code *code, int i)
{
	return at(&code->calls, i, sizeof(struct code_call));
}

const struct code_argument *code_argument_at(const struct code *code, int i)
{
	return at(&code->arguments, i, sizeof(struct code_argument));
}

const struct code_parameter *code_parameter_at(const struct code *code, int i)
{
	return at(&code->parameters, i, sizeof(struct code_parameter));
}

const struct code_decorator *code_decorator_at(const struct code *code, int i)
{
	return at(&code->decorators, i, sizeof(struct code_decorator));
}

int code_return_count(const struct code *code)
{
	return code->returns.count;
}

const struct code_return *code_return_at(const struct code *code, int i)
{
	return at(&code->returns, i, sizeof(struct code_return));
}

void code_set_resolved(struct code *code, int call, const char *resolved)
{
	((struct code_call *)code->calls.items)[call].resolved = resolved;
}

int code_call_from(const struct code *code, int token)
{
	const struct code_call *calls = code->calls.items;
	int low = 0, high = code->calls.count;

	while (low < high) {
		int middle = (low + high) / 2;

		if (calls[middle].open < token)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int code_block_from(const struct code *code, int token)
{
	const struct code_block *blocks = code->blocks.items;
	int low = 0, high = code->blocks.count;

	while (low < high) {
		int middle = (low + high) / 2;

		if (blocks[middle].at < token)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int code_assign_from(const struct code *code, int token)
{
	const struct code_assign *assigns = code->assigns.items;
	int low = 0, high = code->assigns.count;

	while (low < high) {
		int middle = (low + high) / 2;

		if (assigns[middle].token < token)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int code_assign_around(const struct code *code, int token)
{
	enum { NESTED = 16 };
	const struct code_assign *assigns = code->assigns.items;
	int i = code_assign_from(code, token) - 1;

	for (int left = NESTED; i >= 0 && left--; i--)
		if (assigns[i].value <= token && token < assigns[i].end)
			return i;
	return -1;
}

const struct code_argument *code_keyword(const struct code *code, const struct code_call *call, const char *keyword)
{
	const struct code_argument *arguments = code->arguments.items;

	for (int i = call->arguments; i < call->arguments + call->argument_count; i++)
		if (arguments[i].keyword && !strcmp(arguments[i].keyword, keyword))
			return &arguments[i];
	return NULL;
}

const struct code_argument *code_positional(const struct code *code, const struct code_call *call, int i)
{
	const struct code_argument *arguments = code->arguments.items;

	for (int k = call->arguments; k < call->arguments + call->argument_count; k++)
		if ((!arguments[k].keyword || !*arguments[k].keyword) && i-- == 0)
			return &arguments[k];
	return NULL;
}

int code_is(const struct code *code, int token, const char *text)
{
	size_t length = strlen(text);

	return token >= 0 && token < code->token_count && code->tokens[token].length == length && !memcmp(code->text + code->tokens[token].offset, text, length);
}

char *code_token_text(struct code *code, int token)
{
	return arena_text_n(code->arena, code->text + code->tokens[token].offset, code->tokens[token].length);
}

char *code_text(struct code *code, int from, int to)
{
	const struct code_token *first = code_token_at(code, from), *last = code_token_at(code, to - 1);

	if (!first || !last || to <= from)
		return arena_text(code->arena, "");
	return arena_text_n(code->arena, code->text + first->offset, last->offset + last->length - first->offset);
}

int code_match(const struct code *code, int token)
{
	return token >= 0 && token < code->token_count ? code->matches[token] : -1;
}
