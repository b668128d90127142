/* words_table.h - how the vocabulary lies in memory: words, a tree of phrases, entries. Private to words*.c. */
#ifndef COPILOT_WORDS_TABLE_H
#define COPILOT_WORDS_TABLE_H

#include <stddef.h>

#include "copilot/fold.h"
#include "copilot/words.h"

struct arena;
struct json;

enum {
	WORDS_TABLE = 1 << 15, /* slots of both hash tables; the most phrases is checked against them */
	WORDS_FIRST = 256,     /* lists of words by their first byte, for slips */
	WORDS_SLIP_MIN = 4,
};

struct word {
	const char *text;
	unsigned short length;
	unsigned languages; /* bits of languages it occurs in */
	unsigned telling;   /* languages in which it is a phrase by itself */
	int slips;          /* may be what a misspelt word meant */
	int idle;           /* by itself it says nothing: never what was meant */
	unsigned next;      /* with the same first byte */
	unsigned slot_next; /* same hash */
};

struct node {
	unsigned parent, word;
	unsigned slot_next;
	unsigned entry, gap; /* first of each, 0 none */
};

struct listed {
	struct words_entry entry;
	unsigned next;
};

struct words {
	struct arena *arena;
	char language[WORDS_LANGUAGES][8];
	const char *letters[WORDS_LANGUAGES]; /* that it has beside a to z, or NULL */
	unsigned languages;
	struct word *words;
	size_t word_count;
	struct node *nodes;
	size_t node_count;
	struct listed *entries;
	size_t entry_count;
	struct words_gap *gaps;
	size_t gap_count;
	size_t phrases;
	unsigned first[WORDS_FIRST];
	unsigned word_slot[WORDS_TABLE], node_slot[WORDS_TABLE];
	void *image;      /* from the cache: one block that holds every list; NULL when read from files */
	struct fold fold; /* while loading */
	const struct json *endings; /* while loading: of the file being read; NULL none */
};

extern const char *const concept_names[CONCEPTS];

unsigned words_hash(const char *text, size_t length);
unsigned words_hash_pair(unsigned node, unsigned word);

#endif
