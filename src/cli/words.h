/* words.h - a sentence on the command line made an intent. */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include "copilot/grammar.h"

struct cli;
struct error;

/* All arguments from i joined are the sentence. *answer is filled and must be released. -1 with err. */
int words_parse(struct cli *cli, size_t i, struct grammar_answer *answer, struct error *err);
/* The same, but below the threshold ERR_UNCLEAR with the question. --scope stands in where none is said. */
int words_intent(struct cli *cli, size_t i, struct grammar_answer *answer, struct error *err);

#endif
