/* code_parts.h - what the parts of code.h share: the file as it is read. Private to code*.c, python*.c and script*.c. */
#ifndef FLEET_CODE_PARTS_H
#define FLEET_CODE_PARTS_H

#include <stddef.h>

#include "fleet/code/code.h"

struct arena;

/* A growing row in the arena; what is outgrown stays there until the arena goes. */
struct code_row {
	void *items;
	int count, room;
};

struct code {
	struct arena *arena;
	enum code_language language;
	const char *text;
	size_t length;
	struct code_token *tokens;
	int token_count, token_room;
	int *matches; /* of each token: its other bracket */
	struct code_row imports, functions, classes, blocks, assigns, calls, arguments, parameters, decorators, returns;
	struct code_names *names; /* bindings by name, for resolving */
	int steps; /* left for resolving, so that names that stand for each other end */
};

/* Room for one more item of that size at the end of the row; zeroed, and counted. */
void *code_row_add(struct arena *arena, struct code_row *row, size_t size_bytes);
struct code_token *code_token_add(struct code *code);
char *code_token_text(struct code *code, int token); /* in the arena */
int code_char(const struct code *code, int token);   /* the first byte of a token; 0 past the end */
int code_keyword_is(const struct code *code, int token); /* a word of the language that begins no chain: if, return, lambda … */
/* Fills calls and arguments over the whole file; functions, classes and blocks are known. */
void code_scan_calls(struct code *code);
void code_resolve_all(struct code *code);

void python_lex(struct code *code);
void python_scan(struct code *code);
void script_lex(struct code *code);
void script_scan(struct code *code);
/* \w of CPython's re and str.isidentifier's first character, for code points from 0x80. */
int python_word(unsigned codepoint);
int python_word_first(unsigned codepoint);

#endif
