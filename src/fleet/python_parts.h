/* python_parts.h - what the parts of python.h share: the file as it is read. Private to python*.c. */
#ifndef FLEET_PYTHON_PARTS_H
#define FLEET_PYTHON_PARTS_H

#include <stddef.h>

#include "fleet/python.h"

struct arena;

/* A growing row in the arena; what is outgrown stays there until the arena goes. */
struct python_row {
	void *items;
	size_t count, room;
};

struct python {
	struct arena *arena;
	const char *text;
	size_t length;
	struct python_token *tokens;
	size_t token_count, token_room;
};

/* Room for one more item of that size at the end of the row; zeroed, and counted. */
void *python_row_add(struct arena *arena, struct python_row *row, size_t size_bytes);
void python_lex(struct python *python);
/* \w of CPython's re and str.isidentifier's first character, for code points from 0x80. */
int python_word(unsigned codepoint);
int python_word_first(unsigned codepoint);

#endif
