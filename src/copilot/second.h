/* second.h - a second look: what was asked back may be clear once a word of the vocabulary is taken for a name by its place
 * ("restart audit in prod"), or one nobody knows for a slip ("pleae restart web"). Private to the grammar. */
#ifndef COPILOT_SECOND_H
#define COPILOT_SECOND_H

#include <stddef.h>

#include "copilot/grammar.h"
#include "copilot/marks.h"

struct reading;

enum {
	SECOND_MAX = 4,
	SECOND_WORDS = 64, /* longer sentences are read once */
};

struct second_guesses {
	struct marks_guess guess[SECOND_MAX]; /* likeliest first */
	size_t count;
};

void second_names(const struct reading *reading, const struct grammar_answer *first, struct second_guesses *out);
void second_slips(const struct reading *reading, const struct grammar_answer *first, struct second_guesses *out);
int second_left_open(const struct reading *reading); /* forbidden, supposed or with a choice: it stays so, however it is read */
/* The sentence is clear now, and the word guessed to be a name is its name or its namespace. */
int second_holds(const struct reading *reading, const struct grammar_answer *again, struct marks_guess guess);

#endif
