/* variants.h - labelled sentences changed in ways that keep their meaning, and everyday sentences that ask for nothing. Deterministic: the same corpus
 * gives the same variants. */
#ifndef TESTS_COPILOT_VARIANTS_H
#define TESTS_COPILOT_VARIANTS_H

#include <stddef.h>

struct grammar;
struct words;

enum variant {
	VARIANT_NAME,   /* the name is a word of the vocabulary */
	VARIANT_FRAME,  /* a polite frame around an imperative */
	VARIANT_INQUIRY, /* what is to be read, asked for indirectly */
	VARIANT_PASSIVE, /* what is to happen to it */
	VARIANT_TERSE,   /* its words in any order */
	VARIANT_REMARK, /* something said before or behind that asks for nothing */
	VARIANT_ORDER,  /* the place said first, last or in brackets; the act as a noun or at the end */
	VARIANT_SLIP,   /* one letter of a verb or of a type noun dropped, doubled or swapped */
	VARIANT_ATTACK,  /* an attack in a frame or with a remark: never taken */
	VARIANT_REFUSAL, /* what is asked back, with a remark: neither */
	VARIANT_WORLD,  /* acts of the everyday world: must not be taken */
	VARIANTS
};

struct variants_run {
	const struct grammar *grammar;
	const struct words *words; /* to know what is a verb and which language is spoken */
	int verbose;               /* prints what goes wrong of this class (as an enum variant), -1 nothing */
	size_t made[VARIANTS], right[VARIANTS];
};

/* Changes every "ok" line of a corpus that is read right as it stands. 0, or -1 when unreadable. */
int variants_of_corpus(struct variants_run *run, const char *path);
/* Those made of tables: names in their places, frames, noun style, everyday sentences. */
void variants_of_tables(struct variants_run *run);
const char *variant_name(enum variant variant);

/* Private to variants*.c. */
struct variant_gold {
	const char *type, *resource, *scope; /* scope "" none */
};
void variants_try(struct variants_run *run, enum variant variant, const struct variant_gold *gold, const char *text);

#endif
