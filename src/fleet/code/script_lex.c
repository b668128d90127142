/* The tokens of JavaScript and TypeScript, as far as checks need them: names, strings, templates as one token, regular expressions told from division by
 * what stands before (ECMA-262 12.1), comments. */
#include <string.h>

#include "base/safe.h"
#include "fleet/code/code_parts.h"

/* Bytes read in vain, behind quotes and slashes that begin nothing, after which such signs are only signs. */
enum { TEMPLATE_DEPTH = 8, WASTE_MAX = 64 << 20 };

struct lexer {
	struct code *code;
	const char *text;
	size_t end, pos;
	size_t counted; /* columns are counted up to here */
	int line, column;
	size_t waste;
};

static char at(const struct lexer *lexer, size_t pos)
{
	return pos < lexer->end ? lexer->text[pos] : 0;
}

/* Line and column of a place behind the last one asked for. */
static void count_to(struct lexer *lexer, size_t pos)
{
	while (lexer->counted < pos) {
		unsigned char c = (unsigned char)lexer->text[lexer->counted++];

		if (c == '\n') {
			lexer->line++;
			lexer->column = 0;
		} else if ((c & 0xc0) != 0x80) {
			lexer->column++;
		}
	}
}

static void emit(struct lexer *lexer, enum code_token_kind kind, size_t from, size_t to)
{
	struct code_token *token = code_token_add(lexer->code);

	count_to(lexer, from);
	*token = (struct code_token){ .offset = (unsigned)from, .length = (unsigned)(to - from), .kind = kind, .line = lexer->line, .column = lexer->column };
	count_to(lexer, to);
	token->end_line = lexer->line;
	token->end_column = lexer->column;
	lexer->pos = to;
}

static int is_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || c == '#' || (c & 0x80);
}

static int is_part(char c)
{
	return is_start(c) || (c >= '0' && c <= '9');
}

/* The end of a quoted string; 0: its line ends first. */
static size_t quoted_end(struct lexer *lexer, size_t pos, char quote)
{
	size_t begin = pos;

	if (lexer->waste > WASTE_MAX)
		return 0;
	for (; pos < lexer->end && lexer->text[pos] != '\n'; pos++) {
		if (lexer->text[pos] == quote)
			return pos + 1;
		if (lexer->text[pos] == '\\' && pos + 1 < lexer->end)
			pos += at(lexer, pos + 1) == '\r' && at(lexer, pos + 2) == '\n' ? 2 : 1;
	}
	lexer->waste += pos - begin;
	return 0;
}

/* The end of a template from inside it, fields and the templates in them included. */
static size_t template_end(struct lexer *lexer, size_t pos, int depth)
{
	int braces = 0;

	for (; pos < lexer->end; pos++) {
		char c = lexer->text[pos];

		if (c == '\\') {
			pos++;
		} else if (!braces && c == '`') {
			return pos + 1;
		} else if (!braces && c == '$' && at(lexer, pos + 1) == '{') {
			braces = 1;
			pos++;
		} else if (braces && c == '{') {
			braces++;
		} else if (braces && c == '}') {
			braces--;
		} else if (braces && (c == '"' || c == '\'')) {
			size_t end = quoted_end(lexer, pos + 1, c);

			pos = end ? end - 1 : pos;
		} else if (braces && c == '`' && depth < TEMPLATE_DEPTH) {
			pos = template_end(lexer, pos + 1, depth + 1) - 1;
		}
	}
	return lexer->end;
}

/* A regular expression may stand here: after an operator, a word such as return, or nothing. */
static int regex_may_stand(const struct lexer *lexer)
{
	static const char *const words[] = { "return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else", "do", "await", "yield" };
	const struct code *code = lexer->code;
	int last = code->token_count - 1, c;

	while (last >= 0 && code->tokens[last].kind == CODE_COMMENT)
		last--;
	c = code_char(code, last);
	if (last < 0)
		return 1;
	for (size_t i = 0; code->tokens[last].kind == CODE_NAME && i < sizeof(words) / sizeof(*words); i++)
		if (code_is(code, last, words[i]))
			return 1;
	return code->tokens[last].kind == CODE_OP && c != ')' && c != ']' && c != '}';
}

static size_t regex_end(struct lexer *lexer, size_t pos)
{
	size_t begin = pos;
	int in_class = 0;

	if (lexer->waste > WASTE_MAX)
		return 0;
	for (pos++; pos < lexer->end && lexer->text[pos] != '\n'; pos++) {
		char c = lexer->text[pos];

		if (c == '\\') {
			pos++;
		} else if (c == '[') {
			in_class = 1;
		} else if (c == ']') {
			in_class = 0;
		} else if (c == '/' && !in_class) {
			for (pos++; pos < lexer->end && is_part(lexer->text[pos]);)
				pos++;
			return pos;
		}
	}
	lexer->waste += pos - begin;
	return 0;
}

static size_t operator_end(const struct lexer *lexer, size_t pos)
{
	static const char *const operators[] = { "...", "===", "!==", "**=", "&&=", "||=", "?\?=", "=>", "==", "!=", "<=", ">=", "&&", "||", "??", "**", "++", "--", "+=",
		"-=", "*=", "/=", "%=", "&=", "|=", "^=" };

	if (lexer->text[pos] == '?' && at(lexer, pos + 1) == '.' && !(at(lexer, pos + 2) >= '0' && at(lexer, pos + 2) <= '9'))
		return pos + 2;
	for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++) {
		size_t length = strlen(operators[i]);

		if (lexer->end - pos >= length && !memcmp(lexer->text + pos, operators[i], length))
			return pos + length;
	}
	return pos + 1;
}

static void lex_slash(struct lexer *lexer, size_t pos)
{
	char next = at(lexer, pos + 1);
	const char *close;
	size_t end;

	if (next == '/') {
		close = memchr(lexer->text + pos, '\n', lexer->end - pos);
		emit(lexer, CODE_COMMENT, pos, close ? (size_t)(close - lexer->text) : lexer->end);
	} else if (next == '*') {
		for (end = pos + 2; end + 1 < lexer->end && (lexer->text[end] != '*' || lexer->text[end + 1] != '/');)
			end++;
		emit(lexer, CODE_COMMENT, pos, end + 1 < lexer->end ? end + 2 : lexer->end);
	} else if (regex_may_stand(lexer) && (end = regex_end(lexer, pos))) {
		emit(lexer, CODE_REGEX, pos, end);
	} else {
		emit(lexer, CODE_OP, pos, operator_end(lexer, pos));
	}
}

static size_t name_end(const struct lexer *lexer, size_t pos)
{
	while (pos < lexer->end && is_part(lexer->text[pos]))
		pos++;
	return pos;
}

static void lex_token(struct lexer *lexer)
{
	size_t pos = lexer->pos, end;
	char c = lexer->text[pos];

	if (c == '"' || c == '\'') {
		end = quoted_end(lexer, pos + 1, c);
		emit(lexer, end ? CODE_STRING : CODE_ERROR, pos, end ? end : pos + 1);
	} else if (c == '`') {
		emit(lexer, CODE_STRING, pos, template_end(lexer, pos + 1, 0));
	} else if (c >= '0' && c <= '9') {
		end = name_end(lexer, pos);
		if (at(lexer, end) == '.' && at(lexer, end + 1) != '.')
			end = name_end(lexer, end + 1);
		emit(lexer, CODE_NUMBER, pos, end);
	} else if (is_start(c)) {
		emit(lexer, CODE_NAME, pos, name_end(lexer, pos));
	} else if (c == '/') {
		lex_slash(lexer, pos);
	} else {
		emit(lexer, c == '\\' || (unsigned char)c < ' ' ? CODE_ERROR : CODE_OP, pos, operator_end(lexer, pos));
	}
}

void script_lex(struct code *code)
{
	struct lexer lexer = { .code = code, .text = code->text, .end = code->length, .line = 1 };

	if (code->length >= 3 && !memcmp(code->text, "\xef\xbb\xbf", 3))
		lexer.pos = lexer.counted = 3;
	else if (at(&lexer, 0) == '#' && at(&lexer, 1) == '!')
		while (lexer.pos < lexer.end && lexer.text[lexer.pos] != '\n')
			lexer.pos++;
	while (lexer.pos < lexer.end) {
		char c = lexer.text[lexer.pos];

		if (c == ' ' || (c >= '\t' && c <= '\r'))
			lexer.pos++;
		else
			lex_token(&lexer);
	}
	emit(&lexer, CODE_ENDMARKER, lexer.end, lexer.end);
}
