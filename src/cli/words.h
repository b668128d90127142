/* words.h - a sentence on the command line made an intent. */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include "copilot/grammar.h"

struct cli;
struct error;
struct text;

/* All arguments from i, with a blank between them, appended. */
void words_join(const struct cli *cli, size_t i, struct text *sentence);
/* All arguments from i joined are the sentence. *answer is filled and must be released. -1 with err. */
int words_parse(struct cli *cli, size_t i, struct grammar_answer *answer, struct error *err);
/* One sentence; a question that names nothing is about the cluster, or without one about this machine. As grammar_parse. */
int words_read(struct cli *cli, const struct grammar *grammar, const char *sentence, struct grammar_answer *answer, struct error *err);
/* As both, but below the threshold ERR_UNCLEAR with the question. --scope stands in where none is said. */
int words_intent(struct cli *cli, size_t i, struct grammar_answer *answer, struct error *err);
/* An answer as far as it was understood: 0, or -1 with ERR_UNCLEAR and the question. */
int words_accept(struct cli *cli, struct grammar_answer *answer, struct error *err);
/* What a sentence asks for: reads are investigated and printed, changes planned, approved, run. Returns the exit status. */
int words_carry_out(struct cli *cli, const struct intent *intent);

#endif
