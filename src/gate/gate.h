/* gate.h - the one way to act: words → intent → plan → policy → approval → run → audit. Blocking: worker threads or the command line;
 * the console calls it inside jobs and watches runs by run_watch. */
#ifndef GATE_GATE_H
#define GATE_GATE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "gate/audit.h"
#include "gate/plan.h"
#include "gate/playbook.h"
#include "gate/policy.h"
#include "gate/user.h"

struct act_terminal;
struct estate;
struct gate;
struct net;

struct gate_options {
	struct store *store;
	struct estate *estate;
	struct net *net;
	const struct config *config;
	int read_only;      /* nothing but reads: every write is denied with rule "read-only", before anything else */
	int dry_run;        /* plans and previews, never runs */
	const char *scope;  /* --scope, or NULL */
	void (*on_news)(void *arg); /* any thread: plans, approvals, runs changed */
	void *arg;
};
struct gate *gate_new(const struct gate_options *options, struct error *err); /* reconciles runs a crash left open in the background: gate_reconcile */
void gate_free(struct gate *gate);
struct audit *gate_audit(struct gate *gate);
struct playbooks *gate_playbooks(struct gate *gate); /* any thread; reads files the first time */
struct playbooks *gate_known_playbooks(const struct gate *gate); /* NULL: nobody has asked for them yet. Waits for nothing */
const struct user *gate_user(const struct gate *gate);
int gate_read_only(const struct gate *gate);
void gate_set_read_only(struct gate *gate, int read_only); /* also net_set_read_only */
/* The terminal of whoever sits there, lent to acts that need a person; NULL: nobody. It must outlive every run. */
void gate_set_terminal(struct gate *gate, const struct act_terminal *terminal);
unsigned gate_version(const struct gate *gate); /* grows with each change a pane may show */
void gate_look_outside(struct gate *gate); /* it grows too when another process wrote to the log since the last look. Reads; worker threads */

/* --- plans: made, decided, stored, audited. *plan yours. ERR_DENIED is not an error here: see plan_decision. --- */
int gate_plan_act(struct gate *gate, const struct ref *ref, const char *verb, const struct json *params, const char *because, struct plan **plan, struct error *err);
/* Several acts as one plan, in order; nothing is kept when one of them cannot be planned. summary NULL: made of them. At most 500. */
struct gate_act {
	const struct ref *ref;
	const char *verb;
	const struct json *params;
	const char *because; /* or NULL */
};
int gate_plan_acts(struct gate *gate, const struct gate_act *acts, size_t count, const char *summary, struct plan **plan, struct error *err);
/* ERR_NOT_FOUND: no playbook matches (the text lists near ones). read steps are not run here. */
int gate_plan_intent(struct gate *gate, const struct intent *intent, struct plan **plan, struct error *err);
/* run_id NULL: the newest run of this user of which something was done, that is no undo itself and is not undone. ERR_NOT_FOUND: there is none. */
int gate_plan_undo(struct gate *gate, const char *run_id, struct plan **plan, struct error *err);
struct plan *gate_plan_load(struct gate *gate, const char *plan_id, struct error *err); /* id or unique prefix of 6+ */
/* As gate_plan_load, but only one that may still be approved or run: what a person denied is ERR_DENIED, what is void or has run ERR_CONFLICT, and
 * no yes brings it back. One the policy denies is loaded: what is said of it is the policy's. */
struct plan *gate_plan_load_open(struct gate *gate, const char *plan_id, struct error *err);
/* "waiting" "approved" "denied" "expired" "drifted" "run" … , who approved; newest first: array for the approvals pane. */
struct json *gate_plans(struct gate *gate, size_t limit, struct error *err);

/* --- approval: bound to plan->hash. how: "flag" (--approve), "typed" (the target's name typed), "key", "cli". --- */
/* ERR_DENIED: may not (role, self-approval, flag not accepted here); ERR_CONFLICT: drifted or expired, text says what changed. */
int gate_approve(struct gate *gate, const char *plan_id, const char *how, struct error *err);
int gate_deny(struct gate *gate, const char *plan_id, const char *why, struct error *err);
/* 1 enough and valid now, 0 not yet (missing tells who is still needed), -1 void (err says why: expired, drifted). Looks at the target's present state. */
int gate_approved(struct gate *gate, const struct plan *plan, char missing[256], struct error *err);
/* {"was","is"} of what drifted, or NULL. */
struct json *gate_drift(struct gate *gate, const struct plan *plan, struct error *err);

/* --- runs --- */
struct gate_progress {
	const char *run_id, *step, *status, *line; /* line: NULL or one line of output, safe */
	int64_t elapsed_ns;
};
typedef void (*gate_on_progress)(const struct gate_progress *progress, void *arg);
/* Runs the plan: each write's entry is durable before its request. *result: INTERFACE's `run` shape. ERR_APPROVAL when approval is needed and not given,
 * ERR_DENIED by policy. cancelled may be NULL. Stops at the first failure; steps done so far stay recorded for undo. */
int gate_run(struct gate *gate, const struct plan *plan, const atomic_int *cancelled, gate_on_progress on_progress, void *arg, struct json **result, struct error *err);
struct json *gate_runs(struct gate *gate, size_t limit, struct error *err); /* newest first */
struct json *gate_run_load(struct gate *gate, const char *run_id, struct error *err); /* id or prefix; "last" */
/* Runs left open by a crash: asks the provider what happened, records it. How many were settled / stay unknown. */
int gate_reconcile(struct gate *gate, size_t *settled, size_t *unknown, struct error *err);

/* --- investigation: runs the plan's read steps side by side, evaluates findings, writes the summary; writes are proposed, not run. --- */
/* *out: INTERFACE's `investigate` shape; its "plan" holds proposed writes with their plan_id when findings call for one. */
int gate_investigate(struct gate *gate, const struct intent *intent, const atomic_int *cancelled, gate_on_progress on_progress, void *arg, struct json **out, struct error *err);

#endif
