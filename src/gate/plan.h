/* plan.h - ordered steps with the decision, diff, undo and blast radius of each, before anyone runs them.
 * Immutable once stored: its hash is what an approval is bound to. One thread at a time. */
#ifndef GATE_PLAN_H
#define GATE_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "estate/kind.h"
#include "estate/provider.h"

struct error;
struct intent;
struct json;

enum decision { DECIDE_DENY, DECIDE_APPROVE, DECIDE_ALLOW };

#define PLAN_CURRENCY "USD" /* ISO 4217: as cost_usd of the audit log */

struct plan_step {
	const char *id;         /* "scale" */
	const char *action;     /* "kubernetes.scale", "kubernetes.list", "estate.changes" */
	const char *provider;
	struct ref ref;         /* target; empty for reads over many */
	char target[900];       /* ref_format, or what is read, in words */
	enum risk risk;         /* from the kind, never from a playbook */
	int reversible;
	const char *verb;       /* kind's verb for writes; NULL for reads */
	const struct json *params;
	/* of writes */
	const struct json *state;         /* observed target state, part of the hash */
	const struct json *before, *after;
	const struct json *blast;
	const struct json *undo;          /* {"verb","kind","params"} or NULL */
	const char *undo_text, *dry_run_text;
	int dry_run;
	int estimate_seconds;             /* -1 unknown */
	const char *cost;                 /* "" unknown */
	/* policy */
	enum decision decision;
	const char *rule, *why, *approver;/* rule: "prod-write-needs-one policies/default.yaml:9"; approver: "role:sre" */
	int approvals_needed;
	int64_t approval_ns;              /* how long an approval is good */
	int not_self, approve_flag;       /* the asker may not approve; --approve may stand for one */
	const char *scope;                /* of the target: prod staging dev or "" */
	const char *const *needs;         /* ids, NULL-terminated */
	const char *because;              /* evidence cited, or "" */
	const struct json *verify;        /* {"action","until","timeout"} or NULL */
};

struct plan {
	char id[37];
	char hash[65];          /* SHA-256 hex over plan, parameters, target states, policy version, expiry */
	struct arena *arena;
	struct json *intent;    /* or NULL for a direct act */
	const char *playbook;   /* name, or "" */
	const char *summary;    /* can be read aloud */
	const char *asked_by;   /* user id */
	const char *undo_of;    /* run id, or "" */
	int64_t made_ns, expires_ns;
	const char *policy_version; /* digest of the rules in force */
	struct plan_step *steps;
	size_t count;
};

struct plan *plan_new(void);
void plan_free(struct plan *plan);
struct plan_step *plan_add(struct plan *plan); /* zeroed; valid until the next plan_add */
enum decision plan_decision(const struct plan *plan); /* the strictest of its steps */
int plan_writes(const struct plan *plan);             /* how many steps are writes */
enum risk plan_risk(const struct plan *plan);         /* the highest, by rank */
void plan_seal(struct plan *plan);                    /* computes hash; call when complete */
struct json *plan_to_json(const struct plan *plan);   /* INTERFACE's `plan` shape, complete enough to load again */
struct plan *plan_from_json(const struct json *json, struct error *err);
/* Unified diff of before/after as lines "- image: v42" "+ image: v41" " replicas: 6"; you own it. */
char *plan_step_diff(const struct plan_step *step);

#endif
