/* second.h - a second look: what was asked back may be clear once a word of the vocabulary is taken for a name by its place:
 * "restart audit in prod", "pods in namespace inventory". Private to the grammar. */
#ifndef COPILOT_SECOND_H
#define COPILOT_SECOND_H

#include <stddef.h>

#include "copilot/grammar.h"

struct reading;

enum { SECOND_MAX = 4 };

/* The words worth reading again as a name, likeliest first, at most SECOND_MAX; how many. */
size_t second_names(const struct reading *reading, const struct grammar_answer *first, size_t tokens[SECOND_MAX]);
/* The sentence is clear now, and the word its name or its namespace. */
int second_holds(const struct reading *reading, const struct grammar_answer *again, size_t token);

#endif
