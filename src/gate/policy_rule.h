/* policy_rule.h - one rule of a policy file: {id, match, decide, by, who, expires, why, not_self, flag}. */
#ifndef GATE_POLICY_RULE_H
#define GATE_POLICY_RULE_H

#include "gate/policy.h"

struct policy_rule {
	char *id, *file;
	int line;
	struct json *match;  /* field: value, list of values, or "~regex" */
	enum decision decision;
	int by;
	char *who, *why;
	int64_t expires_ns;
	int not_self, flag;
};

/* From one YAML entry; unknown fields, values and decisions are ERR_INVALID with the line (a misspelt field must not widen a rule). */
int policy_rule_read(struct policy_rule *rule, const struct json *entry, const char *file, size_t number, struct error *err);
void policy_rule_release(struct policy_rule *rule);
/* 0: it matches; 1: it does not, and why (may be NULL) says which field differs; -1: an expression went past its limits, nobody can say. */
int policy_rule_differs(const struct policy_rule *rule, const struct policy_question *question, char *why, size_t size);
int policy_rule_wants_labels(const struct policy_rule *rule);
void policy_rule_answer(const struct policy_rule *rule, struct policy_answer *answer);
struct json *policy_rule_to_json(const struct policy_rule *rule);

#endif
