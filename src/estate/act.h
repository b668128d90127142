/* act.h - what a provider can change. Only providers define it and only src/gate includes and calls it:
 * `make check` proves that by looking at the includes. */
#ifndef ESTATE_ACT_H
#define ESTATE_ACT_H

#include "estate/provider.h"

struct act_terminal;
struct kind_verb;

struct act_request {
	const struct ref *ref;
	const struct kind *kind;
	const struct kind_verb *verb;
	const struct json *params;    /* validated against the verb's table, defaults filled in */
	const struct json *state;     /* as observe() gave it when the plan was made; NULL at planning time */
	const void *cancelled;        /* const atomic_int* */
	void (*progress)(void *arg, const char *line); /* NULL, or told of each sub-step (a drain's evictions); safe text */
	void *arg;
	const struct act_terminal *terminal; /* of whoever sits there; NULL: nobody */
};

struct act_preview {
	struct json *before, *after;  /* what changes, small: shown as a diff. before NULL: created */
	struct json *blast;           /* array of {"id","relation","name"} */
	struct json *undo;            /* {"verb","kind","params"} on the same ref, or NULL: cannot be undone */
	char undo_text[256];          /* "scale back to 4", or why it cannot be undone */
	int dry_run;                  /* 1: the source itself checked it ("dry run by the server: accepted"); 0: computed here */
	char dry_run_text[256];       /* what the source said (warnings too) */
	int seconds;                  /* estimate; -1 unknown */
	char cost[24];                /* "0" free, "" unknown */
};
void act_preview_release(struct act_preview *preview); /* in estate/act.c */

struct act_result {
	struct json *output;          /* what the source answered, small and redacted */
	struct json *undo;            /* inverse with values known only now; NULL: that of the preview stands */
	char remote_id[128];          /* Audit-Id or request id of the source; "" none */
	int partial;                  /* of an act that failed: a part of it is done for certain, and undo takes that back */
};
void act_result_release(struct act_result *result);

enum act_outcome { ACT_UNKNOWN, ACT_DONE, ACT_NOT_DONE, ACT_PARTIAL };

struct act_ops {
	/* The target's state as far as it matters to this verb (uid, resourceVersion or generation, replicas, image …):
	 * hashed into the approval; drift voids it. ERR_NOT_FOUND when it is gone. */
	int (*observe)(struct provider *provider, const struct act_request *request, struct json **state, struct error *err);
	int (*preview)(struct provider *provider, const struct act_request *request, struct act_preview *preview, struct error *err);
	/* The one write. Called only after its audit entry is on disk. ERR_UNREACHABLE/ERR_TIMEOUT after bytes left: outcome unknown. */
	int (*act)(struct provider *provider, const struct act_request *request, struct act_result *result, struct error *err);
	/* After a crash or a lost answer: did it happen? Reads only. */
	int (*reconcile)(struct provider *provider, const struct act_request *request, enum act_outcome *outcome, struct error *err);
};

#endif
