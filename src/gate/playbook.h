/* playbook.h - playbooks/NAME.yaml: rules match an intent, steps are a DAG, findings rank hypotheses. Data only. */
#ifndef GATE_PLAYBOOK_H
#define GATE_PLAYBOOK_H

#include <stddef.h>

struct error;
struct intent;
struct json;
struct playbooks;
struct kinds;

enum { PLAYBOOK_TIMEOUT_MS = 30000 }; /* of a step that says none */

struct playbook_step {
	const char *id, *action;
	const char *const *needs; /* NULL-terminated */
	const char *when, *foreach; /* jq, or NULL */
	const struct json *with;    /* templates; playbook_step_with fills them in */
	int retry, timeout_ms;
	const struct json *verify, *undo;
	const char *define;         /* the playbook's */
	int line;
};
struct playbook_finding {
	const char *when, *class, *target, *cause; /* cause: template, a sentence; target: jq */
	const char *each;           /* jq giving a list: one finding an item, which is .item in when, target, cause, weight */
	double weight;
	const char *weight_expr;    /* or a jq expression */
	const char *const *cites;   /* step ids */
	int line;
};
struct playbook {
	const char *name, *title, *file;
	const struct json *match, *params;
	struct playbook_step *steps;
	size_t step_count;
	struct playbook_finding *findings;
	size_t finding_count;
	const char *define;         /* jq definitions for all its expressions, those it uses first; "" none */
	const char *const *next;    /* suggested next verbs/keys */
};

struct playbooks *playbooks_load(struct json *problems, struct error *err);
/* One file, for lint and tests. Never NULL. */
struct playbooks *playbooks_load_file(const char *path, struct json *problems);
void playbooks_free(struct playbooks *playbooks);
size_t playbooks_count(const struct playbooks *playbooks);
const struct playbook *playbooks_at(const struct playbooks *playbooks, size_t i);
const struct playbook *playbooks_find(const struct playbooks *playbooks, const char *name);
/* The most specific that matches (most filter keys, then the operator's, then file order). NULL: none. why: array of reasons. */
const struct playbook *playbooks_match(const struct playbooks *playbooks, const struct intent *intent, struct json *why);
/* Unknown actions, cycles, jq that does not compile, unknown classes, missing cites: array of {"file","line","message"}. */
int playbook_lint(const char *path, const struct kinds *kinds, struct json *problems);
/* Runs findings and conditions on recorded evidence (playbooks/tests/NAME.yaml: evidence by step id, expected classes). */
int playbook_test(const struct playbooks *playbooks, const char *name_or_null, struct json **report, struct error *err);

/* What a step is called with, its templates filled in from {"params","steps","item"}: an object, empty when it says nothing. Yours; NULL on error. */
struct json *playbook_step_with(const struct playbook_step *step, const struct json *input, struct error *err);
/* Parameters of a playbook for an intent: {from: "target.scope"} (a path in the intent), {default: …}. You own it. */
struct json *playbook_params(const struct playbook *playbook, const struct json *intent);
/* Findings over evidence {"steps": {id: result}, "params": …}: INTERFACE's findings array, ranked; class none when nothing holds. A finding whose
 * expression fails on this evidence is left out and told in *err; NULL when none is left then. */
struct json *playbook_findings(const struct playbook *playbook, const struct json *evidence, struct error *err);

#endif
