/* marks.h - what the vocabulary makes of one sentence: spans of words with their concepts, the language, and the words left over
 * (names, numbers, ids). Lives on the stack of one parse. */
#ifndef COPILOT_MARKS_H
#define COPILOT_MARKS_H

#include <stddef.h>

#include "copilot/fold.h"
#include "copilot/words.h"

enum {
	MARKS_MAX = 512,
	MARKS_GAP_MAX = 12, /* words between the parts of a phrase */
};

struct mark {
	enum concept concept;
	const char *value;        /* NULL none; "*" the words as written */
	unsigned short from, to;  /* tokens [from, to) */
};

/* How to read a sentence again; each one more than a token, 0 none. */
struct marks_guess {
	size_t name;  /* is a name, whatever it means */
	size_t slip;  /* is misspelt, whatever was meant */
};

struct marks {
	const struct words *words;
	struct fold fold;
	unsigned language;        /* index into the vocabulary's */
	struct marks_guess guess;
	unsigned languages;       /* bits allowed in this sentence */
	unsigned word[FOLD_TOKENS_MAX];   /* vocabulary number, 0 unknown */
	unsigned char slip[FOLD_TOKENS_MAX];  /* word is a corrected one */
	unsigned char taken[FOLD_TOKENS_MAX]; /* 1: explained by a mark */
	struct mark marks[MARKS_MAX];
	size_t count;
	unsigned char seen[CONCEPTS];     /* how many marks of each concept, up to 255 */
};

/* sentence must outlive marks. keep(arg, token) says which words are names on the screen, never corrected; NULL allowed. */
void marks_find(struct marks *marks, const struct words *words, const char *sentence, size_t length, struct marks_guess guess,
	int (*keep)(const void *arg, const struct token *token), const void *arg);
int marks_given_name(const struct marks *marks, size_t token); /* in quotes, or guessed to be one */
/* Private to marks*.c. */
void marks_put(struct marks *marks, const struct words_entry *entry, size_t from, size_t to);
int marks_means(const struct words_entry *entry, const enum concept *list, size_t count);
void marks_find_compounds(struct marks *marks);
const struct words_entry *marks_alone(const struct marks *marks, unsigned word); /* what the word means by itself; NULL nothing */
/* marks_slips.c */
void marks_correct_slips(struct marks *marks, int (*keep)(const void *, const struct token *), const void *arg);
void marks_correct_guess(struct marks *marks, size_t token);
/* marks_language.c: sets language and languages from the words; private to marks*.c. */
void marks_choose_language(struct marks *marks);
const struct mark *marks_first(const struct marks *marks, enum concept concept); /* NULL none */
const struct mark *marks_next(const struct marks *marks, const struct mark *mark); /* of the same concept */
const struct mark *marks_at(const struct marks *marks, size_t token, enum concept concept); /* covering token; NULL none */
int marks_near(const struct marks *marks, enum concept a, enum concept b, size_t distance); /* within so many words, either order */

#endif
