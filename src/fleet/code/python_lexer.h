/* python_lexer.h - what python_lex.c and python_number.c share. Private to them. */
#ifndef FLEET_PYTHON_LEXER_H
#define FLEET_PYTHON_LEXER_H

#include "fleet/code/code_parts.h"

/* WASTE_MAX: bytes read in vain behind quotes that begin no string, after which a quote is only an error. */
enum { TAB_STOP = 8, INDENT_MAX = 200, WASTE_MAX = 64 << 20 };

struct lexer {
	struct code *code;
	const char *text;
	size_t end;             /* of the text */
	size_t line_start, max; /* of the line, its end included */
	size_t last_start, last_end; /* the line before */
	size_t pos;
	int line;
	int wide; /* the line has bytes that are not ASCII */
	size_t mark; /* columns are counted up to here … */
	int mark_column; /* … and this many */
	int parens, continued;
	int indents[INDENT_MAX], indent_count;
	/* A string that goes on over lines. */
	int in_string, needs_continuation;
	char quote;
	int triple;
	struct code_token string;
	size_t waste;
};

/* The end of the number at `at`, which is a digit, or a point before one. */
size_t python_number_end(const struct lexer *lexer, size_t at);
int python_digit(const struct lexer *lexer, size_t at);

#endif
