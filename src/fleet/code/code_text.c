/* Texts in a file: what a string literal says, which names stand in an expression. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "fleet/code/code_parts.h"

enum { STRING_MAX = 4 << 20, NAME_BYTES = 300 };

/* A literal taken apart: prefix, quotes, inside. */
struct literal {
	const char *inside;
	size_t length;
	int raw, formatted, bytes, template;
};

static int literal_of(const struct code *code, int token, struct literal *literal)
{
	const struct code_token *it = code_token_at(code, token);
	const char *text = code->text + it->offset;
	size_t prefix = 0, quotes;

	*literal = (struct literal){ 0 };
	for (; prefix < 3 && prefix < it->length && !strchr("'\"`", text[prefix]); prefix++) {
		char c = (char)(text[prefix] | 0x20);

		literal->raw |= c == 'r';
		literal->formatted |= c == 'f';
		literal->bytes |= c == 'b';
	}
	if (prefix >= it->length)
		return 0;
	literal->template = text[prefix] == '`';
	quotes = code->language == CODE_PYTHON && it->length >= prefix + 6 && text[prefix + 1] == text[prefix] && text[prefix + 2] == text[prefix] ? 3 : 1;
	if (it->length < prefix + 2 * quotes)
		return 0;
	literal->inside = text + prefix + quotes;
	literal->length = it->length - prefix - 2 * quotes;
	return 1;
}

static void add_codepoint(struct text *text, unsigned long c)
{
	if (c < 0x80) {
		text_add_char(text, (char)c);
	} else if (c < 0x800) {
		text_add_char(text, (char)(0xc0 | c >> 6));
		text_add_char(text, (char)(0x80 | (c & 63)));
	} else if (c < 0x10000) {
		text_add_char(text, (char)(0xe0 | c >> 12));
		text_add_char(text, (char)(0x80 | (c >> 6 & 63)));
		text_add_char(text, (char)(0x80 | (c & 63)));
	} else if (c < 0x110000) {
		text_add_char(text, (char)(0xf0 | c >> 18));
		text_add_char(text, (char)(0x80 | (c >> 12 & 63)));
		text_add_char(text, (char)(0x80 | (c >> 6 & 63)));
		text_add_char(text, (char)(0x80 | (c & 63)));
	}
}

/* The escape at `at`, which is behind the backslash; how many bytes it takes. */
static size_t add_escape(struct text *text, const char *at, size_t left)
{
	static const char from[] = "ntrabfv0\\'\"`", to[] = "\n\t\r\a\b\f\v\0\\'\"`";
	const char *known = *at ? strchr(from, *at) : NULL;
	size_t digits = *at == 'x' ? 2 : *at == 'u' ? 4 : *at == 'U' ? 8 : 0;
	char number[9] = "";

	if (*at == '\n')
		return 1;
	if (*at == '\r')
		return left > 1 && at[1] == '\n' ? 2 : 1;
	if (known) {
		text_add_char(text, to[known - from] ? to[known - from] : ' ');
		return 1;
	}
	if (digits && left > digits) {
		memcpy(number, at + 1, digits);
		if (strspn(number, "0123456789abcdefABCDEF") == digits) {
			add_codepoint(text, strtoul(number, NULL, 16));
			return digits + 1;
		}
	}
	text_add_char(text, '\\');
	text_add_char(text, *at);
	return 1;
}

/* The end of the field that begins behind its bracket, at its closing one. */
static size_t field_end(const char *text, size_t at, size_t length)
{
	int depth = 0;

	for (; at < length; at++) {
		char c = text[at];

		if (c == '\'' || c == '"' || c == '`') {
			const char *close = memchr(text + at + 1, c, length - at - 1);

			if (!close)
				return length;
			at = (size_t)(close - text);
		} else if (c == '{' || c == '(' || c == '[') {
			depth++;
		} else if (c == '}' && depth == 0) {
			return at;
		} else if (c == '}' || c == ')' || c == ']') {
			depth--;
		}
	}
	return length;
}

static void add_literal(struct text *text, const struct literal *literal, int *fields)
{
	const char *in = literal->inside;

	for (size_t i = 0; i < literal->length;) {
		char c = in[i], next = i + 1 < literal->length ? in[i + 1] : 0;

		if (c == '\\' && !literal->raw && i + 1 < literal->length) {
			i += 1 + add_escape(text, in + i + 1, literal->length - i - 1);
		} else if (literal->formatted && (c == '{' || c == '}') && next == c) {
			text_add_char(text, c);
			i += 2;
		} else if ((literal->formatted && c == '{') || (literal->template && c == '$' && next == '{')) {
			size_t begin = i + (c == '$' ? 2 : 1), end = field_end(in, begin, literal->length);

			text_add_char(text, '{');
			text_add_n(text, in + begin, end - begin);
			text_add_char(text, '}');
			(*fields)++;
			i = end + 1;
		} else {
			text_add_char(text, c ? c : ' ');
			i++;
		}
	}
}

static int is_gap(const struct code *code, int token)
{
	enum code_token_kind kind = code->tokens[token].kind;

	return kind == CODE_NL || kind == CODE_COMMENT || (kind == CODE_OP && (code_is(code, token, "+") || code_is(code, token, "(") || code_is(code, token, ")")));
}

const char *code_string(struct code *code, int from, int to, int *fields)
{
	struct text text;
	struct literal literal;
	const char *result = NULL;
	int count = 0, strings = 0, i;

	text_init(&text, STRING_MAX);
	for (i = from; i < to && i < code->token_count; i++) {
		if (code->tokens[i].kind == CODE_STRING && literal_of(code, i, &literal)) {
			add_literal(&text, &literal, &count);
			strings++;
		} else if (!is_gap(code, i)) {
			break;
		}
	}
	if (i == to && strings)
		result = arena_text_n(code->arena, text.data, text.length);
	text_release(&text);
	if (fields)
		*fields = count;
	return result;
}

int code_has_fields(const struct code *code, int token)
{
	const struct code_token *it = code_token_at(code, token);
	const char *text = code->text + it->offset;

	if (it->kind != CODE_STRING)
		return 0;
	if (code->language == CODE_SCRIPT)
		return *text == '`' && memmem(text, it->length, "${", 2);
	return ((text[0] | 0x20) == 'f' || (it->length > 1 && (text[1] | 0x20) == 'f')) && memchr(text, '{', it->length);
}

/* --- names --- */

struct names {
	struct code *code;
	int (*each)(const char *name, const char *chain, int token, void *data);
	void *data;
	int token;
};

static int is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);
}

static int is_letter_or_digit(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9');
}

/* Names in the source of a field, whose own strings are passed over. */
static int names_in_text(struct names *names, const char *text, size_t length)
{
	for (size_t i = 0; i < length;) {
		size_t begin = i;

		if (text[i] == '\'' || text[i] == '"') {
			const char *close = memchr(text + i + 1, text[i], length - i - 1);

			i = close ? (size_t)(close - text) + 1 : length;
			continue;
		}
		if (!is_letter(text[i]) || (i && (text[i - 1] == '.' || text[i - 1] == '!' || is_letter_or_digit(text[i - 1])))) {
			i++;
			continue;
		}
		while (i < length && is_letter_or_digit(text[i]))
			i++;
		const char *name = arena_text_n(names->code->arena, text + begin, i - begin);

		while (i < length && (is_letter_or_digit(text[i]) || (text[i] == '.' && i + 1 < length && is_letter(text[i + 1]))))
			i++;
		int stop = names->each(name, arena_text_n(names->code->arena, text + begin, i - begin), names->token, names->data);

		if (stop)
			return stop;
	}
	return 0;
}

static int names_in_string(struct names *names, int token)
{
	struct literal literal;

	if (!literal_of(names->code, token, &literal) || (!literal.formatted && !literal.template))
		return 0;
	for (size_t i = 0; i < literal.length; i++) {
		const char *in = literal.inside;
		int opens = literal.template ? in[i] == '$' && i + 1 < literal.length && in[i + 1] == '{' : in[i] == '{';
		size_t begin = i + (literal.template ? 2 : 1), end;

		if (!opens)
			continue;
		if (literal.formatted && begin < literal.length && in[begin] == '{') {
			i++;
			continue;
		}
		end = field_end(in, begin, literal.length);
		int stop = names_in_text(names, in + begin, end - begin);

		if (stop)
			return stop;
		i = end;
	}
	return 0;
}

static int is_constant(const struct code *code, int token)
{
	return code_is(code, token, "None") || code_is(code, token, "True") || code_is(code, token, "False");
}

static const char *chain_at(struct code *code, int token, int to)
{
	struct text text;
	const char *chain;

	text_init(&text, NAME_BYTES);
	text_add_n(&text, code->text + code->tokens[token].offset, code->tokens[token].length);
	while (token + 2 < to && (code_is(code, token + 1, ".") || code_is(code, token + 1, "?.")) && code->tokens[token + 2].kind == CODE_NAME) {
		token += 2;
		text_add_char(&text, '.');
		text_add_n(&text, code->text + code->tokens[token].offset, code->tokens[token].length);
	}
	chain = arena_text_n(code->arena, text.data, text.length);
	text_release(&text);
	return chain;
}

int code_names(struct code *code, int from, int to, int (*each)(const char *name, const char *chain, int token, void *data), void *data)
{
	struct names names = { .code = code, .each = each, .data = data };
	int stop = 0;

	for (int i = from; i < to && i < code->token_count && !stop; i++) {
		names.token = i;
		if (code->tokens[i].kind == CODE_STRING) {
			stop = names_in_string(&names, i);
		} else if (code->tokens[i].kind == CODE_NAME && !code_keyword_is(code, i) && !is_constant(code, i) && !code_is(code, i - 1, ".") && !code_is(code, i - 1, "?.") &&
			!(i + 1 < to && code_is(code, i + 1, "=") && code->language == CODE_PYTHON && i > from)) {
			stop = each(code_token_text(code, i), chain_at(code, i, to), i, data);
		}
	}
	return stop;
}

/* Behind the comment the file begins with: "#!", the encoding, whose it is. */
static int behind_head(const struct code *code)
{
	int i = 0, line = 1;

	for (; i < code->token_count && code->tokens[i].kind == CODE_COMMENT && code->tokens[i].line == line; line++) {
		i++;
		while (i < code->token_count && code->tokens[i].kind == CODE_NL && code->tokens[i].line == line)
			i++;
	}
	return i;
}

int code_import_place(const struct code *code)
{
	int place = behind_head(code), first = 1;

	for (int i = 0; i < code->token_count; i++) {
		enum code_token_kind kind = code->tokens[i].kind;

		if (kind == CODE_NL || kind == CODE_COMMENT || kind == CODE_NEWLINE)
			continue;
		if (!(first && kind == CODE_STRING) && !(code_is(code, i, "from") && code_is(code, i + 1, "__future__")))
			break;
		while (i < code->token_count && code->tokens[i].kind != CODE_NEWLINE)
			i++;
		place = i + 1;
		first = 0;
	}
	return place < code->token_count ? place : code->token_count - 1;
}
