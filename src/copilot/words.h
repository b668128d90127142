/* words.h - the vocabulary: words/NAME.yaml, one file a language, each phrase standing for one or more marks. A mark is a concept,
 * with a value where the key says so ("metric=cpu"). A phrase is words with at most two gaps: "shut _ down". Read-only once loaded. */
#ifndef COPILOT_WORDS_H
#define COPILOT_WORDS_H

#include <stddef.h>

struct error;
struct fold;
struct words;

enum { WORDS_MARKS = 4, WORDS_LANGUAGES = 8 };

/* What a phrase may mean; the names in words/NAME.yaml are those of concept_names in words.c, in this order. */
enum concept {
	C_NONE,
	/* acts: the first are intent types */
	C_INVESTIGATE, C_LIST, C_EXPLAIN_COST, C_AUDIT, C_SCALE, C_RESTART, C_STOP, C_START, C_TERMINATE, C_ROLLBACK, C_CORDON, C_DRAIN,
	C_FORECAST, C_MIGRATE, C_STATUS,
	/* cues */
	C_WHY, C_SYMPTOM, C_COST, C_EXPOSED, C_FUTURE, C_RUNOUT, C_WHEN, C_ASK, C_WHICH, C_ANOMALY, C_OPEN, C_UP, C_DOWN, C_MANY, C_CHECK,
	C_VALID, C_REMOVE,
	/* resources */
	C_KUBERNETES, C_EC2, C_VM, C_SG, C_DB, C_LB, C_LOG, C_HOST, C_DNS, C_CERT, C_RISKY, C_MACHINE, C_APP,
	/* filters: with a value */
	C_SCOPE, C_PROVIDER, C_TIME, C_METRIC, C_STATE, C_STATUS_CODE, C_LEVEL, C_KIND, C_SERVICE, C_BILLED, C_CIDR, C_PORT, C_VERSION,
	C_CONSTRAINT, C_NUMBER, C_UNIT, C_NAMESPACE, C_TO, C_REGION,
	/* filters: nouns before or after a value */
	C_REPLICAS, C_PORT_NOUN, C_LABEL, C_REVISION, C_CALLED, C_CLUSTER, C_INTO, C_FROM, C_ON, C_LAST, C_NODE,
	/* against acting */
	C_DONT, C_NOT, C_OR, C_AND, C_ALL, C_IT, C_IF, C_VAGUE, C_IMPOSSIBLE, C_MAYBE,
	/* against us */
	C_INJECTION, C_OVERRIDE, C_RULES, C_SECRET, C_REVEAL, C_SHELL, C_FETCH, C_APPROVED, C_HARMLESS,
	/* neither */
	C_FILL, C_OOD, C_PLAIN,
	C_OTHER,   /* an act there is no intent for: create, renew, open */
	C_TYPICAL, /* a word services are called: never a slip, still free to be the name */
	C_ADDRESS, /* speaks to or about the assistant or its speaker */
	C_REASON,  /* "because": the clause says why, and asks for nothing */
	C_TELLER,  /* "we", "they": who begins a clause so states something, and asks for nothing */
	C_EVENT,   /* what an act waits for or follows: "before the upgrade" */
	C_POWER,   /* an act of machines only: "power off", "reboot" */
	C_HERE,    /* the machine this runs on */
	C_TALK,    /* what trouble is told with: "complain", "since the deploy". Explained where something is asked, never in a change */
	C_CHANGED, /* asks what changed */
	C_SUSPECT, /* of no request of ours: what is refused for another reason is named an attack with it */
	CONCEPTS
};

struct words_entry {
	unsigned char language;      /* index; 0 is shared by all */
	unsigned char marks;
	unsigned char concept[WORDS_MARKS];
	const char *value[WORDS_MARKS]; /* NULL: none; "*": the words as written */
};

struct words *words_load(const char *folder, struct error *err);
void words_free(struct words *words); /* NULL is fine */
const char *words_language(const struct words *words, unsigned language); /* "de"; NULL past the end */
const char *words_letters(const struct words *words, unsigned language); /* beside a to z, two bytes each in UTF-8; "" when none */

/* The number of a single word, 0 when no phrase has it. */
unsigned words_find(const struct words *words, const char *text, size_t length);
/* The nearest word one or two slips away, 0 when none or when a word that short should stay as it is.
 * whatever: also words that say nothing by themselves, one letter moved, doubled or left out. */
unsigned words_nearest(const struct words *words, const char *text, size_t length, unsigned languages, int whatever);
unsigned words_languages(const struct words *words, unsigned word); /* bits of the languages whose phrases begin or go on with it */
int words_telling(const struct words *words, unsigned word, unsigned language); /* 1: the word alone is a phrase of that language only */
int words_joins(const struct words *words, unsigned word, unsigned language); /* 1: of that language only, and joins others: "der", "por" */

int words_doer(const struct words *words, unsigned word); /* ends in -er or -or */

/* Walks phrases word by word: start at 0, 0 is also "no such phrase". */
unsigned words_step(const struct words *words, unsigned node, unsigned word);
/* The best entry ending at node among languages (bits): that of prefer, then shared, then any. NULL when none ends here. */
const struct words_entry *words_entry(const struct words *words, unsigned node, unsigned languages, unsigned prefer);

/* Phrases with gaps: the tail that must follow a phrase ending at node. */
struct words_gap {
	unsigned parts;       /* 1 or 2 further parts */
	unsigned word[2][4];  /* their words, 0-terminated when shorter */
	struct words_entry entry;
	unsigned next;        /* index of the next gap of the same head, 0 none */
};
const struct words_gap *words_gap_first(const struct words *words, unsigned node);
const struct words_gap *words_gap_next(const struct words *words, const struct words_gap *gap);

#endif
