/* intent.h - what somebody wants, in the words every part shares: a type, a target, filters.
 * Words (grammar, model, API, MCP) become an intent; playbooks match on it. It never names a request. */
#ifndef GATE_INTENT_H
#define GATE_INTENT_H

#include <stddef.h>

struct error;
struct json;

/* Accepted at or above this; below it the question goes back (DESIGN, "Intent"). */
#define INTENT_ACCEPT 0.8

struct intent {
	char type[24];       /* "investigate": a row of intent_types */
	char resource[16];   /* "kubernetes": a row of intent_resources */
	char scope[12];      /* "prod" "staging" "dev"; "" none said */
	struct json *filters; /* owned; an object, never NULL after intent_init */
	char goal[32];       /* "root_cause": a hint; a playbook may match it */
	double confidence;   /* 0 to 1 */
};

void intent_init(struct intent *intent);
void intent_release(struct intent *intent);
void intent_copy(struct intent *to, const struct intent *from); /* to: not initialised, or released */

/* {"intent_type","target":{"resource_type","scope","filters"},"goal","confidence"}. Aliases become the present names; an
 * absent goal gets the usual one, an absent confidence is 1. *intent is initialised by this call, also on failure.
 * Errors: ERR_INVALID names the field: "target.scope: ...". */
int intent_from_json(struct intent *intent, const struct json *json, struct error *err);
struct json *intent_to_json(const struct intent *intent); /* the same shape; scope null when none; yours */

/* A text filter, or NULL; a list of names gives its first. Valid until the filters change. */
const char *intent_filter(const struct intent *intent, const char *key);

struct intent_word {
	const char *name;  /* "kubernetes" */
	const char *alias; /* older names, space separated: "kubernetes_cluster deployment"; "" none */
	const char *help;
	const char *goal;  /* of types: the usual goal */
	int write;         /* of types: asks for a change */
};
/* Each ends with a row without a name. */
extern const struct intent_word intent_types[], intent_resources[], intent_scopes[], intent_filter_keys[];
/* The row a name or an older name means, NULL when none: (intent_types, "remediate") is the row "investigate". */
const struct intent_word *intent_word_find(const struct intent_word *table, const char *name);

#endif
