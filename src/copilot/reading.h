/* reading.h - one sentence being understood: marks, then entities and names, then type, resource, filters. Private to the grammar. */
#ifndef COPILOT_READING_H
#define COPILOT_READING_H

#include "copilot/marks.h"
#include "gate/intent.h"

struct grammar_context;
struct json;

enum { NAMES_MAX = 16 };

enum entity {
	ENTITY_NONE, ENTITY_NUMBER, ENTITY_TIMES, ENTITY_WINDOW, ENTITY_VERSION, ENTITY_CIDR, ENTITY_IP, ENTITY_LABEL, ENTITY_REGION, ENTITY_SIZE,
	ENTITY_MACHINE_ID, ENTITY_GROUP_ID, ENTITY_DOMAIN, ENTITY_DASHED, ENTITY_WORD
};

struct reading {
	const char *sentence;
	size_t length;
	struct marks marks;
	unsigned char entity[FOLD_TOKENS_MAX];
	unsigned char used[FOLD_TOKENS_MAX]; /* part of a filter already */
	unsigned short name[NAMES_MAX];      /* tokens, best first */
	size_t names;
	int points;                          /* how sure the best is */
	size_t unknown;                      /* words nothing explains, names not counted */
	const struct grammar_context *context;
	const struct grammar_name *seen;     /* the name said that is on the screen, or NULL */
	struct intent *intent;
	struct json *why;
	int write;                           /* the type asks for a change */
	int namespace_alone;                 /* the namespace itself is to be deleted: no other name counts */
	int weak;                            /* type or resource rests on little */
	int told;                            /* the noun of an act, and what became of it: "the restart of web went well" */
	int rules_alone;                     /* refused as an attack, but for a word of rules or the audit beside a change only */
	int assumed;                         /* nothing is named: the resource is the context's usual one */
};

#define HAS(reading, concept) ((reading)->marks.seen[concept])

/* entity.c */
enum entity entity_of(const struct token *token);
int entity_region(const char *text);

/* names.c: picks the names; run after filters claimed their words. */
void names_find(struct reading *reading);
/* rescue.c: a word of the vocabulary that is a name by its place; after names_find. */
void names_rescue(struct reading *reading);
/* daemon.c: the daemon and the machine it runs on, where both are said. */
void names_daemon(struct reading *reading);
int names_everyday(const struct reading *reading, size_t token); /* an act or a cue a team may also call a service */
void names_to_filter(struct reading *reading);
const struct token *names_token(const struct reading *reading, size_t i);
/* names_stray.c. points: what speaks for the word being a name. */
int names_stray(const struct reading *reading, size_t token, int points);
int names_in_reason(const struct reading *reading, size_t token); /* behind an act and why it is asked for */

/* danger.c: why the sentence is an attack, or NULL. rules_alone: all that accuses it is a word for rules or the audit beside a change. */
const char *danger_find(const struct marks *marks, const char *sentence, size_t length, int *rules_alone);

/* rules.c and resource.c: 0; or -1 when nothing fits. */
int rules_type(struct reading *reading);
int rules_resource(struct reading *reading);
enum named { ANY_NAME, NAMED, UNNAMED };
/* Marks a row of a table needs and avoids, and whether a name. Lists end early with 0. */
int rules_fit(const struct reading *reading, const unsigned char *need, size_t needs, const unsigned char *avoid, size_t avoids,
	enum named named);
void rules_set_type(struct reading *reading, const char *type);
int rules_has_entity(const struct reading *reading, enum entity entity);
int rules_has_noun(const struct reading *reading); /* a word for a kind of resource is said */
int rules_plural(const struct reading *reading);   /* and in the plural */

/* doubt.c. */
int doubt_holds(const struct reading *reading); /* it may be about something else */
int doubt_shaped_name(const struct reading *reading);  /* "web-3": the name stands on more than a word nobody knows */
int doubt_typical_name(const struct reading *reading); /* "gateway": a word services are called */

/* implied.c: 0; or -1 when no type is implied either. */
int implied_type(struct reading *reading);
int implied_records(const struct reading *reading);         /* several dns records */
int implied_leaves_balancer(const struct reading *reading); /* "remove api-6 from the load balancer" */
size_t implied_engine(const struct reading *reading);       /* the token of the engine something is set to, 0 none */
int implied_switch(const struct reading *reading);          /* "... in dev: off" -1, "on" 1, neither 0 */

/* asked.c. */
void rules_drop_asking(struct reading *reading);
size_t rules_first_word(const struct reading *reading); /* behind a greeting or a place: "hey, is web up" */

/* told.c. */
struct clause_span {
	size_t from, to; /* tokens, both inside */
};
void rules_drop_told(struct reading *reading); /* before the type is known: acts told, not asked for, no longer count */
int rules_told(const struct reading *reading, const struct mark *mark); /* "before the reboot" */
int rules_is_change(const struct mark *mark); /* an act that changes something */
int rules_clause_ends(const struct reading *reading, size_t token);
struct clause_span rules_clause(const struct reading *reading, size_t token); /* the one it is in */
int rules_acts_near(const struct reading *reading, size_t token);  /* an act stands in its clause */
int rules_acts_later(const struct reading *reading, size_t token); /* in a clause after it */

void rules_say_nothing(struct reading *reading, struct mark *mark); /* it means nothing from here on */

/* remark.c. */
int rules_is_remark(const struct reading *reading, size_t token); /* its clause asks for nothing, another does */
size_t rules_remark_strays(const struct reading *reading, size_t token); /* words nobody need know there */
void rules_drop_remarks(struct reading *reading); /* beside a change they choose no type */

/* cover.c: why a part of the sentence is not explained by what is asked, or NULL. After type and resource are known. */
const char *cover_missing(const struct reading *reading);

/* refuse.c. Why the sentence must be asked back, with the question; NULL when it may pass. */
const char *rules_reject(const struct reading *reading, const char **question);

/* claims.c: words that are part of a filter whatever is asked, before names are picked. */
void filters_claim(struct reading *reading);
void filters_set(struct reading *reading, const char *key, size_t token); /* to the token as written; claims it */
long filters_number(const struct reading *reading, size_t token);         /* said there, in digits or words; -1 none */

/* filters.c: the rest, after type and resource are known. */
void filters_fill(struct reading *reading);

#endif
