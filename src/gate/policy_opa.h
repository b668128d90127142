/* policy_opa.h - an external engine behind the same question: Open Policy Agent's Data API (POST /v1/data/PATH {"input": …}). */
#ifndef GATE_POLICY_OPA_H
#define GATE_POLICY_OPA_H

#include "gate/policy.h"

struct net;

/* url: "http://127.0.0.1:8181" (then /v1/data/pilothouse/decision) or a full one ending in the rule's path. Worker threads.
 * result true | {"decision"|"allow", "by", "who", "why"}; a missing, null or odd result, any HTTP failure: DECIDE_DENY with the cause. */
void policy_opa_ask(struct net *net, const char *url, const struct policy_question *question, int timeout_ms, struct policy_answer *answer);
/* The answer's body to an answer: for tests. */
void policy_opa_read(const struct json *body, struct policy_answer *answer);

#endif
