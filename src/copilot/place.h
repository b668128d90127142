/* place.h - places a name stands in. Private to the grammar. */
#ifndef COPILOT_PLACE_H
#define COPILOT_PLACE_H

#include <stddef.h>

struct reading;

int place_may_be_name(const struct reading *reading, size_t token, int scoped); /* by what else it means */
/* How much its place speaks for a name: 4 beside a noun, 3 behind an act, 2 where something is told of it, 1 in a place; 0 not. */
int place_weight(const struct reading *reading, size_t token, int scoped);
int place_ails(const struct reading *reading, size_t token); /* "triage is crashlooping": first of a clause, and a trouble follows */
int place_behind_noun(const struct reading *reading, size_t token);              /* "namespace inventory" */
int place_before_noun(const struct reading *reading, size_t token);              /* "the audit deployment" */
int place_asked_besides(const struct reading *reading, size_t token);            /* "is logs db up": without it, too, something is asked */
int place_is_thing(const struct reading *reading, size_t token);                 /* "errors", "storage": no quality */
int place_after_act(const struct reading *reading, size_t token, int scoped);    /* "restart audit" */
int place_in_a_place(const struct reading *reading, size_t token);               /* "logs of audit" */
int place_changes_something(const struct reading *reading);                      /* an act of ours is said */

/* place_words.c */
int place_is_one_of(const char *text, const char *const *words, size_t count);
int place_is_article(const char *text);
int place_is_general(const char *text);       /* nothing is called so */
int place_is_general_thing(const char *text); /* only behind a noun: "deployment update" */
int place_is_guarded(const struct reading *reading, size_t token); /* what an attack wants to get past */

#endif
