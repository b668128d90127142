/* gate_private.h - what the files of the gate share; nobody outside includes it. */
#ifndef GATE_GATE_PRIVATE_H
#define GATE_GATE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "gate/gate.h"

struct kind;
struct kind_verb;
struct sqlite3;

struct gate {
	struct gate_options options;
	struct audit *audit;
	struct policy *policy;
	pthread_mutex_t loading;     /* of the playbooks: a pane, a conversation and a key may all be the first to want them */
	_Atomic(struct playbooks *) playbooks; /* loaded at first use, by gate_playbooks() */
	struct user user;
	atomic_int read_only;
	atomic_uint version;
	_Atomic(const struct act_terminal *) terminal;
	atomic_uint_least64_t entries_seen; /* of the log, at the last look outside */
	char policy_problem[256];
};

void gate_news(struct gate *gate); /* version + on_news */

/* --- plans under way --- */
/* A plan with asked_by, policy version filled in. */
struct plan *gate_plan_begin(struct gate *gate);
/* Adds one write on ref: validates params against the verb's table (defaults, types, required), observes, previews, asks the policy. The plan
 * takes nothing of the caller's. Denied by policy is no error. ERR_INVALID: no such verb or parameter. */
int gate_plan_add_act(struct gate *gate, struct plan *plan, const char *id, const struct ref *ref, const char *verb, const struct json *params,
	const char *because, struct error *err);
/* Adds one read step (playbooks): action "kubernetes.list", target in words. Policy is asked too. */
struct plan_step *gate_plan_add_read(struct gate *gate, struct plan *plan, const char *id, const char *action, const char *target,
	const struct json *params, struct error *err);
/* Expiry, summary (when empty), hash; stores and audits it ("plan"). */
int gate_plan_finish(struct gate *gate, struct plan *plan, struct error *err);

/* Who said yes, of those who count: {"plan_hash","approvals":[{"by","role","how"}]}, for the entries of the run; NULL: nobody was asked. approval.c */
struct json *gate_approvals_told(struct gate *gate, const struct plan *plan);
/* Answers a step's policy question into the step. */
void gate_decide(struct gate *gate, struct plan *plan, struct plan_step *step);
/* "deployment payments/web in prod-eu" */
void gate_ref_words(struct gate *gate, const struct ref *ref, char *out, size_t size);

/* Asks the policy about every step again, for the one at the helm and the hour it is. 0; ERR_DENIED; ERR_CONFLICT: it asks for more than was planned. */
int gate_policy_holds(struct gate *gate, const struct plan *plan, struct error *err);
/* {"step","target","was","is"} when step i no longer finds its target as planned; NULL when it does, or when it cannot be looked at (err). */
struct json *gate_drift_step(struct gate *gate, const struct plan *plan, size_t i, struct error *err);
void gate_drift_error(const struct json *drift, struct error *err); /* says which fields, ERR_CONFLICT */

/* --- reads for plans and playbooks (evidence.c): runs "provider.what" or "estate.what" with params; result {"items":[…]} or an object. --- */
/* A kind of this provider before one of that name elsewhere. Worker threads. */
const struct kind *gate_kind(struct gate *gate, const char *provider, const char *name, struct error *err);
/* gate_read within a time: past it ERR_TIMEOUT, and what was asked is given up. timeout_ms <= 0: no limit of its own. */
int gate_read_within(struct gate *gate, const char *action, const struct json *params, int timeout_ms, const atomic_int *cancelled, struct json **result,
	struct error *err);
int gate_read(struct gate *gate, const char *action, const struct json *params, const atomic_int *cancelled, struct json **result, struct error *err);

#endif
