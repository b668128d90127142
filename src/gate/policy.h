/* policy.h - may this step be done? policies/NAME.yaml: first match wins, deny when nothing matches or an engine cannot be asked. */
#ifndef GATE_POLICY_H
#define GATE_POLICY_H

#include <stddef.h>
#include <stdint.h>

#include "gate/plan.h"

struct config;
struct net;
struct policy;
struct user;

/* The operator's policies/ before the built-in ones. A rule that cannot be read makes the whole set unusable: everything but
 * reads is denied with that reason (never skipped silently). */
/* problems: array of {file,line,message}, or NULL. */
struct policy *policy_load(const struct config *config, struct net *net, struct json *problems, struct error *err);
void policy_free(struct policy *policy);
const char *policy_version(const struct policy *policy); /* SHA-256 hex over all rules and engines */

/* Whether an answer may hang on the target's labels: they are then to be read first. */
int policy_wants_labels(const struct policy *policy);

struct policy_question {
	const char *user, *role;
	const char *action, *provider, *verb, *kind;
	enum risk risk;
	const char *scope, *account, *namespace_, *name;
	const struct json *labels, *params;
	int64_t at_ns;
	size_t targets; /* blast radius size */
};
struct policy_answer {
	enum decision decision;
	int by;              /* approvers needed */
	char who[128];       /* "role:sre", "user:ana", "" anyone */
	int64_t expires_ns;  /* duration */
	char rule[300];      /* "prod-write-needs-one (policies/default.yaml:9)" */
	char why[256];
	int not_self;        /* the asker may not approve */
	int approve_flag;    /* --approve may stand for one approver (default; a rule says `flag: false` to refuse it) */
};
/* Worker threads (OPA over HTTP may be asked). Never fails open: on any error DECIDE_DENY with the cause in why. */
void policy_decide(const struct policy *policy, const struct policy_question *question, struct policy_answer *answer);
/* The document OPA gets as `input`; also shown by `policy explain`. */
struct json *policy_input(const struct policy_question *question);
struct json *policy_list(const struct policy *policy);      /* INTERFACE's `policy list` */
/* Every rule in order: did it match, and if not which field differs. */
struct json *policy_explain(const struct policy *policy, const struct policy_question *question);
int policy_question_from_json(const struct json *input, struct policy_question *out, struct error *err);

#endif
