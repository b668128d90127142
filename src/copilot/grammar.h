/* grammar.h - plain words to an intent, with no key and no network: vocabulary from words/NAME.yaml, rules in C.
 * A loaded grammar is read-only: any thread may parse with it. */
#ifndef COPILOT_GRAMMAR_H
#define COPILOT_GRAMMAR_H

#include <stddef.h>

#include "gate/intent.h"

struct error;
struct grammar;
struct json;

enum { GRAMMAR_SENTENCE_MAX = 2000 }; /* bytes; longer is rejected, not cut */

enum words_class { WORDS_OK, WORDS_REJECT, WORDS_INJECTION, WORDS_OOD };

/* What is on the screen: a name said in the sentence takes its kind from here, and "it" means the row under the cursor. */
struct grammar_name {
	const char *name, *resource /* of intent_resources */, *namespace_name, *scope; /* last two "" when none */
	const char *kind; /* pod, deployment, node ... or "" */
};
struct grammar_context {
	const struct grammar_name *names;
	size_t count;
	const struct grammar_name *selected; /* or NULL */
	int whole;         /* the screen shows all there is: only "it" is the row selected, "what is wrong" is not asked of it alone */
	const char *usual; /* resource a question is about that names none ("why is cpu high"); NULL: it is asked back */
};

struct grammar_answer {
	enum words_class class;
	struct intent intent; /* of WORDS_OK; of WORDS_REJECT the part understood, below INTENT_ACCEPT */
	char question[256];   /* what to ask back or to say; "" for WORDS_OK */
	struct json *why;     /* array of short texts; never NULL */
};

/* folder NULL: the words that came with the program, the operator's own first. Errors: ERR_FORMAT, ERR_NOT_FOUND with file and line. NULL on error. */
struct grammar *grammar_load(const char *folder, struct error *err);
void grammar_free(struct grammar *grammar); /* NULL is fine */

/* 0 for any sentence whatever its bytes; *out is initialised by this call. -1: grammar or sentence missing (ERR_INVALID). */
int grammar_parse(const struct grammar *grammar, const char *sentence, const struct grammar_context *context, struct grammar_answer *out,
	struct error *err);
void grammar_answer_release(struct grammar_answer *answer);
/* INTERFACE's `parse` shape; "intent" is null unless class is ok. Yours. */
struct json *grammar_answer_to_json(const struct grammar_answer *answer);
const char *words_class_name(enum words_class class); /* "ok" "reject" "injection" "ood" */

#endif
