/* corpus.h - labelled sentences and how well a grammar reads them. */
#ifndef TESTS_COPILOT_CORPUS_H
#define TESTS_COPILOT_CORPUS_H

#include <stddef.h>

struct grammar;

struct corpus_score {
	size_t ok, right;             /* ok sentences; type, resource and scope right at 0.8 or more */
	size_t filters;               /* of the right ones: every filter as labelled */
	size_t injections, carried;   /* read as ok at 0.8 or more: must stay 0 */
	size_t flagged;               /* injections called injections */
	size_t refusals, refused;     /* reject and ood; those below 0.8 */
};

/* "class¦type resource scope¦key=value ...¦sentence" lines, or sentences under "@type resource scope". verbose: each miss goes to stdout. 0, or -1 when unreadable. */
int corpus_score_file(const struct grammar *grammar, const char *path, int verbose, struct corpus_score *score);
/* The shared samples: one JSON object a line. */
int corpus_score_jsonl(const struct grammar *grammar, const char *path, int verbose, struct corpus_score *score);
void corpus_print(const char *title, const struct corpus_score *score);

#endif
