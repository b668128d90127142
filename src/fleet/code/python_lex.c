/* The tokens of a Python file, as Lib/tokenize.py of CPython 3.11 gives them; names of rules below are those of its patterns. Where it raises,
 * there is a CODE_ERROR token and what follows is read on. */
#include <string.h>

#include "base/arena.h"
#include "base/safe.h"
#include "fleet/code/python_lexer.h"

enum { C_OTHER, C_WORD, C_DIGIT, C_SPACE, C_QUOTE, C_OP, C_END, C_HIGH };
static const unsigned char classes[256] = {
	[' '] = C_SPACE, ['\t'] = C_SPACE, ['\f'] = C_SPACE, ['\n'] = C_END, ['\r'] = C_END, ['_'] = C_WORD, ['0' ... '9'] = C_DIGIT, ['a' ... 'z'] = C_WORD,
	['A' ... 'Z'] = C_WORD, ['"'] = C_QUOTE, ['\''] = C_QUOTE, ['!'] = C_OP, ['%'] = C_OP, ['&'] = C_OP, ['('] = C_OP, [')'] = C_OP, ['*'] = C_OP,
	['+'] = C_OP, [','] = C_OP, ['-'] = C_OP, ['.'] = C_OP, ['/'] = C_OP, [':'] = C_OP, [';'] = C_OP, ['<'] = C_OP, ['='] = C_OP, ['>'] = C_OP,
	['@'] = C_OP, ['['] = C_OP, [']'] = C_OP, ['^'] = C_OP, ['{'] = C_OP, ['|'] = C_OP, ['}'] = C_OP, ['~'] = C_OP, [0x80 ... 0xff] = C_HIGH,
};

static int class_of(char c)
{
	return classes[(unsigned char)c];
}

/* Characters in a range; a byte that is no UTF-8 counts as one. */
static int characters(const char *bytes, size_t length)
{
	int count = 0;

	for (size_t i = 0; i < length; count++) {
		unsigned codepoint;
		int size = (unsigned char)bytes[i] < 0x80 ? 1 : utf8_decode(bytes + i, length - i, &codepoint);

		i += size ? (size_t)size : 1;
	}
	return count;
}

static int column(struct lexer *lexer, size_t offset)
{
	if (!lexer->wide)
		return (int)(offset - lexer->line_start);
	if (offset < lexer->mark)
		return characters(lexer->text + lexer->line_start, offset - lexer->line_start);
	lexer->mark_column += characters(lexer->text + lexer->mark, offset - lexer->mark);
	lexer->mark = offset;
	return lexer->mark_column;
}

static struct code_token *add(struct lexer *lexer)
{
	return code_token_add(lexer->code);
}

static void emit(struct lexer *lexer, enum code_token_kind kind, size_t from, size_t to)
{
	int begin = column(lexer, from);

	*add(lexer) = (struct code_token){ .offset = (unsigned)from, .length = (unsigned)(to - from), .kind = kind, .line = lexer->line, .column = begin,
		.end_line = lexer->line, .end_column = column(lexer, to) };
}

static void emit_at(struct lexer *lexer, enum code_token_kind kind, size_t offset, int line, int begin, int end)
{
	*add(lexer) = (struct code_token){ .offset = (unsigned)offset, .kind = kind, .line = line, .column = begin, .end_line = line, .end_column = end };
}

static int has_high(const char *bytes, size_t length)
{
	unsigned long long any = 0, eight;
	size_t i = 0;

	for (; i + 8 <= length; i += 8) {
		memcpy(&eight, bytes + i, 8);
		any |= eight;
	}
	for (; i < length; i++)
		any |= (unsigned long long)(unsigned char)bytes[i];
	return (any & 0x8080808080808080ULL) != 0;
}

/* The next line, which is empty at the end of the text. */
static void next_line(struct lexer *lexer)
{
	const char *newline;

	lexer->last_start = lexer->line_start;
	lexer->last_end = lexer->max;
	lexer->line_start = lexer->pos = lexer->mark = lexer->max;
	lexer->mark_column = 0;
	newline = lexer->max < lexer->end ? memchr(lexer->text + lexer->max, '\n', lexer->end - lexer->max) : NULL;
	lexer->max = newline ? (size_t)(newline - lexer->text) + 1 : lexer->end;
	lexer->wide = has_high(lexer->text + lexer->line_start, lexer->max - lexer->line_start);
	lexer->line++;
}

/* \\\r?\n at the offset: its length, or 0. */
static size_t continuation(const struct lexer *lexer, size_t at)
{
	const char *text = lexer->text;

	if (at + 1 < lexer->max && text[at + 1] == '\n')
		return 2;
	return at + 2 < lexer->max && text[at + 1] == '\r' && text[at + 2] == '\n' ? 3 : 0;
}

/* The end of the string behind its last quote, seen from inside it; 0: not on this line. */
static size_t string_end(const struct lexer *lexer, size_t at, char quote, int triple)
{
	const char *text = lexer->text;

	for (; at < lexer->max; at++) {
		if (text[at] == '\\') {
			if (at + 1 >= lexer->max || text[at + 1] == '\n')
				return 0;
			at++;
		} else if (text[at] == quote) {
			if (!triple)
				return at + 1;
			if (at + 2 < lexer->max && text[at + 1] == quote && text[at + 2] == quote)
				return at + 3;
		}
	}
	return 0;
}

static void string_emit(struct lexer *lexer, enum code_token_kind kind, size_t to)
{
	struct code_token *token = add(lexer);

	*token = lexer->string;
	token->kind = kind;
	token->length = (unsigned)(to - token->offset);
	token->end_line = lexer->line;
	token->end_column = column(lexer, to);
	lexer->in_string = 0;
}

/* 1: the string ended on this line and the rest of it is to be read. */
static int string_go_on(struct lexer *lexer)
{
	const char *text = lexer->text;
	size_t end = string_end(lexer, lexer->line_start, lexer->quote, lexer->triple), length = lexer->max - lexer->line_start;

	if (end) {
		string_emit(lexer, CODE_STRING, end);
		lexer->needs_continuation = 0;
		lexer->pos = end;
		return 1;
	}
	if (lexer->needs_continuation && !(length >= 2 && text[lexer->max - 1] == '\n' && text[lexer->max - 2] == '\\') &&
		!(length >= 3 && text[lexer->max - 1] == '\n' && text[lexer->max - 2] == '\r' && text[lexer->max - 3] == '\\'))
		string_emit(lexer, CODE_ERROR, lexer->max);
	return 0;
}

static void string_begin(struct lexer *lexer, size_t from, char quote, int triple)
{
	lexer->in_string = 1;
	lexer->quote = quote;
	lexer->triple = triple;
	lexer->string = (struct code_token){ .offset = (unsigned)from, .line = lexer->line, .column = column(lexer, from) };
}

/* A string whose first quote is at `quote`, prefix before it from `from`. 1: something was read. */
static int lex_string(struct lexer *lexer, size_t from, size_t quote)
{
	const char *text = lexer->text;
	char q = text[quote];
	size_t end;

	if (quote + 2 < lexer->max && text[quote + 1] == q && text[quote + 2] == q) {
		end = string_end(lexer, quote + 3, q, 1);
		if (end)
			emit(lexer, CODE_STRING, from, end);
		else
			string_begin(lexer, from, q, 1);
		lexer->pos = end ? end : lexer->max;
		return 1;
	}
	end = quote + 1;
	for (size_t at = end; at < lexer->max && text[at] != '\n' && lexer->waste < WASTE_MAX; at++) {
		end = at;
		if (text[at] == q) {
			emit(lexer, CODE_STRING, from, at + 1);
			lexer->pos = at + 1;
			return 1;
		}
		if (text[at] != '\\')
			continue;
		if (continuation(lexer, at)) {
			string_begin(lexer, from, q, 0);
			lexer->needs_continuation = 1;
			lexer->pos = lexer->max;
			return 1;
		}
		at++;
	}
	lexer->waste += end - quote;
	return 0;
}

static int is_prefix(const char *text, size_t length)
{
	char a = (char)(text[0] | 0x20), b = length > 1 ? (char)(text[1] | 0x20) : 0;

	if (length == 1)
		return a == 'r' || a == 'b' || a == 'f' || a == 'u';
	return length == 2 && ((a == 'r' && (b == 'b' || b == 'f')) || (b == 'r' && (a == 'b' || a == 'f')));
}

/* The end of \w+ from `at`; *first: whether an identifier may begin so. */
static size_t word_end(const struct lexer *lexer, size_t at, int *first)
{
	const char *text = lexer->text;
	size_t begin = at;

	*first = 1;
	for (; at < lexer->max;) {
		int class = class_of(text[at]);

		if (class == C_WORD || class == C_DIGIT) {
			at++;
		} else if (class == C_HIGH) {
			unsigned codepoint = 0;
			int size = utf8_decode(text + at, lexer->max - at, &codepoint);

			/* No UTF-8: a letter of some older encoding. */
			if (size && !python_word(codepoint))
				break;
			if (at == begin)
				*first = !size || python_word_first(codepoint);
			at += size ? (size_t)size : 1;
		} else {
			break;
		}
	}
	return at;
}

static int lex_word(struct lexer *lexer, size_t at)
{
	int first;
	size_t end = word_end(lexer, at, &first);

	if (end == at)
		return 0;
	if (end - at <= 2 && end < lexer->max && class_of(lexer->text[end]) == C_QUOTE && is_prefix(lexer->text + at, end - at) && lex_string(lexer, at, end))
		return 1;
	emit(lexer, first ? CODE_NAME : CODE_OP, at, end);
	lexer->pos = end;
	return 1;
}

/* Special: the longest operator. */
static size_t operator_length(const struct lexer *lexer, size_t at)
{
	const char *text = lexer->text;
	char a = text[at], b = at + 1 < lexer->max ? text[at + 1] : 0, c = at + 2 < lexer->max ? text[at + 2] : 0;

	switch (a) {
	case '(': case ')': case '[': case ']': case '{': case '}': case ',': case ';': case '~':
		return 1;
	case '!':
		return b == '=' ? 2 : 0;
	case '.':
		return b == '.' && c == '.' ? 3 : 1;
	case '-':
		return b == '>' || b == '=' ? 2 : 1;
	case '*': case '/': case '<': case '>':
		return b == a ? (c == '=' ? 3 : 2) : b == '=' ? 2 : 1;
	default: /* % & + : = @ ^ | */
		return b == '=' ? 2 : 1;
	}
}

static int lex_operator(struct lexer *lexer, size_t at)
{
	char c = lexer->text[at];
	size_t length;

	if (c == '.' && python_digit(lexer, at + 1)) {
		lexer->pos = python_number_end(lexer, at);
		emit(lexer, CODE_NUMBER, at, lexer->pos);
		return 1;
	}
	length = operator_length(lexer, at);
	if (!length)
		return 0;
	if (c == '(' || c == '[' || c == '{')
		lexer->parens++;
	else if (c == ')' || c == ']' || c == '}')
		lexer->parens--;
	lexer->pos = at + length;
	emit(lexer, CODE_OP, at, lexer->pos);
	return 1;
}

static int lex_end(struct lexer *lexer, size_t at)
{
	size_t end = lexer->text[at] == '\n' ? at + 1 : at + 1 < lexer->max && lexer->text[at + 1] == '\n' ? at + 2 : 0;

	if (!end)
		return 0;
	emit(lexer, lexer->parens > 0 ? CODE_NL : CODE_NEWLINE, at, end);
	lexer->pos = end;
	return 1;
}

static int lex_other(struct lexer *lexer, size_t at)
{
	const char *text = lexer->text;
	size_t end = at;

	if (text[at] == '\\' && continuation(lexer, at)) {
		lexer->continued = 1;
		lexer->pos = lexer->max;
		return 1;
	}
	if (text[at] != '#')
		return 0;
	while (end < lexer->max && class_of(text[end]) != C_END)
		end++;
	emit(lexer, CODE_COMMENT, at, end);
	lexer->pos = end;
	return 1;
}

/* PseudoToken at the position: one token, or an error of one character, which is white space where the trouble comes after it. */
static void lex_token(struct lexer *lexer)
{
	static int (*const by_class[])(struct lexer *, size_t) = { [C_OTHER] = lex_other, [C_WORD] = lex_word, [C_HIGH] = lex_word, [C_OP] = lex_operator,
		[C_END] = lex_end };
	size_t at = lexer->pos;
	int class = C_END, done;

	while (at < lexer->max && (class = class_of(lexer->text[at])) == C_SPACE)
		at++;
	if (at == lexer->max) {
		lexer->pos = at;
		return;
	}
	if (class == C_QUOTE) {
		done = lex_string(lexer, at, at);
	} else if (class == C_DIGIT) {
		lexer->pos = python_number_end(lexer, at);
		emit(lexer, CODE_NUMBER, at, lexer->pos);
		done = 1;
	} else {
		done = by_class[class](lexer, at);
	}
	if (!done) {
		unsigned codepoint;
		int size = utf8_decode(lexer->text + lexer->pos, lexer->max - lexer->pos, &codepoint);

		at = lexer->pos;
		lexer->pos += size ? (size_t)size : 1;
		emit(lexer, CODE_ERROR, at, lexer->pos);
	}
}

/* White space before a statement, measured; the position is behind it. */
static int measure(struct lexer *lexer)
{
	int width = 0;

	for (; lexer->pos < lexer->max; lexer->pos++) {
		char c = lexer->text[lexer->pos];

		if (c == ' ')
			width++;
		else if (c == '\t')
			width = (width / TAB_STOP + 1) * TAB_STOP;
		else if (c == '\f')
			width = 0;
		else
			break;
	}
	return width;
}

static void blank_line(struct lexer *lexer)
{
	const char *text = lexer->text;
	size_t end = lexer->max;

	if (text[lexer->pos] == '#') {
		while (end > lexer->pos && (text[end - 1] == '\n' || text[end - 1] == '\r'))
			end--;
		emit(lexer, CODE_COMMENT, lexer->pos, end);
		lexer->pos = end;
	}
	emit(lexer, CODE_NL, lexer->pos, lexer->max);
	lexer->pos = lexer->max;
}

static void indent(struct lexer *lexer, int width)
{
	if (width > lexer->indents[lexer->indent_count - 1] && lexer->indent_count < INDENT_MAX) {
		lexer->indents[lexer->indent_count++] = width;
		emit(lexer, CODE_INDENT, lexer->line_start, lexer->pos);
	}
	while (width < lexer->indents[lexer->indent_count - 1]) {
		int known = 0;

		for (int i = 0; i < lexer->indent_count; i++)
			known |= lexer->indents[i] == width;
		if (!known) {
			emit(lexer, CODE_ERROR, lexer->pos, lexer->pos);
			if (width > lexer->indents[lexer->indent_count - 2]) {
				lexer->indents[lexer->indent_count - 1] = width;
				return;
			}
		}
		lexer->indent_count--;
		emit(lexer, CODE_DEDENT, lexer->pos, lexer->pos);
	}
}

/* What comes before the first token of a statement. 0: a last line of white space only, which ends the file. */
static int begin_statement(struct lexer *lexer)
{
	int width = measure(lexer);

	if (lexer->pos == lexer->max)
		return 0;
	if (class_of(lexer->text[lexer->pos]) == C_END || lexer->text[lexer->pos] == '#')
		blank_line(lexer);
	else
		indent(lexer, width);
	return 1;
}

/* A line. 0: the file ends here. */
static int lex_line(struct lexer *lexer)
{
	next_line(lexer);
	if (lexer->in_string) {
		if (lexer->line_start == lexer->max) {
			lexer->needs_continuation = 0;
			string_emit(lexer, CODE_ERROR, lexer->max);
			return 0;
		}
		if (!string_go_on(lexer))
			return 1;
	} else if (!lexer->parens && !lexer->continued) {
		if (lexer->line_start == lexer->max || !begin_statement(lexer))
			return 0;
	} else {
		if (lexer->line_start == lexer->max) {
			emit(lexer, CODE_ERROR, lexer->pos, lexer->pos);
			return 0;
		}
		lexer->continued = 0;
	}
	while (lexer->pos < lexer->max)
		lex_token(lexer);
	return 1;
}

static int is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

/* NEWLINE where the last line has none, unless it is a comment; then what is still open. */
static void finish(struct lexer *lexer)
{
	const char *text = lexer->text;
	size_t start = lexer->last_start, end = lexer->last_end, first = start;

	while (first < end && is_blank(text[first]))
		first++;
	if (end > start && text[end - 1] != '\n' && text[end - 1] != '\r' && (first == end || text[first] != '#')) {
		int width = characters(text + start, end - start);

		emit_at(lexer, CODE_NEWLINE, end, lexer->line - 1, width, width + 1);
	}
	for (; lexer->indent_count > 1; lexer->indent_count--)
		emit_at(lexer, CODE_DEDENT, lexer->end, lexer->line, 0, 0);
	emit_at(lexer, CODE_ENDMARKER, lexer->end, lexer->line, 0, 0);
}

void python_lex(struct code *code)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct lexer lexer = { .code = code, .text = code->text, .end = code->length, .indent_count = 1 };

	if (code->length >= 3 && !memcmp(code->text, bom, 3))
		lexer.line_start = lexer.max = 3;
	while (lex_line(&lexer))
		;
	finish(&lexer);
}
