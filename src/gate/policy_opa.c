#include "gate/policy_opa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/net.h"
#include "net/url.h"

enum { ANSWER_MAX_BYTES = 1 << 20, APPROVAL_DEFAULT_MIN = 15 };

static void deny(struct policy_answer *answer, const char *why)
{
	*answer = (struct policy_answer){ .decision = DECIDE_DENY };
	snprintf(answer->rule, sizeof(answer->rule), "opa");
	snprintf(answer->why, sizeof(answer->why), "%.250s", why);
}

/* A field of the wrong type would be read as its default, which asks for less. */
static int approval_unclear(const struct json *result)
{
	static const struct { const char *name; enum json_type type; } fields[] = {
		{ "by", JSON_NUMBER }, { "who", JSON_STRING }, { "not_self", JSON_BOOL }, { "flag", JSON_BOOL },
	};
	const char *who = json_text_or(json_get(result, "who"), "");

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (json_get(result, fields[i].name) && !json_is(json_get(result, fields[i].name), fields[i].type))
			return 1;
	return *who && strncmp(who, "role:", 5) && strncmp(who, "user:", 5);
}

static void read_object(const struct json *result, struct policy_answer *answer)
{
	const char *decision = json_text(json_get(result, "decision"));
	const char *why = json_text(json_get(result, "why"));
	const char *who = json_text(json_get(result, "who"));

	if (!decision && json_is(json_get(result, "allow"), JSON_BOOL))
		decision = json_bool(json_get(result, "allow"), 0) ? "allow" : "deny";
	if (json_is(json_get(result, "allow"), JSON_BOOL) && !json_bool(json_get(result, "allow"), 0))
		decision = "deny"; /* whatever else it says */
	if (decision && !strcmp(decision, "allow"))
		answer->decision = DECIDE_ALLOW;
	else if (decision && !strcmp(decision, "approve"))
		answer->decision = DECIDE_APPROVE;
	else if (!decision || strcmp(decision, "deny"))
		snprintf(answer->why, sizeof(answer->why), "the policy engine's result names no decision");
	if (why)
		snprintf(answer->why, sizeof(answer->why), "%.250s", why);
	if (answer->decision == DECIDE_APPROVE && approval_unclear(result)) {
		deny(answer, "the policy engine's result says unclearly who must approve: denied");
		return;
	}
	int64_t by = json_int(json_get(result, "by"), 1);
	answer->by = answer->decision == DECIDE_APPROVE ? (int)(by < 1 ? 1 : by > 20 ? 20 : by) : 0;
	snprintf(answer->who, sizeof(answer->who), "%.120s", who ? who : "");
	answer->not_self = json_bool(json_get(result, "not_self"), 0);
	answer->approve_flag = json_bool(json_get(result, "flag"), 1);
}

void policy_opa_read(const struct json *body, struct policy_answer *answer)
{
	const struct json *result = json_get(body, "result");

	deny(answer, "the policy engine denies it");
	answer->expires_ns = APPROVAL_DEFAULT_MIN * 60 * CLOCK_SECOND_NS;
	if (json_is(result, JSON_OBJECT))
		read_object(result, answer);
	else if (json_is(result, JSON_BOOL) && json_bool(result, 0))
		answer->decision = DECIDE_ALLOW;
	else if (!json_is(result, JSON_BOOL))
		deny(answer, "the policy engine gave no result for this question: denied");
}

/* A bare host gets the rule's usual path. */
static char *full_url(const char *url)
{
	const char *path = strstr(url, "://");

	path = path ? strchr(path + 3, '/') : NULL;
	if (path && path[1])
		return mem_text(url);
	struct text text;
	text_init(&text, 4096);
	url_join(&text, url, "v1/data/pilothouse/decision");
	return text_take(&text);
}

static char *body_of(const struct policy_question *question)
{
	struct json *document = json_object();

	json_set(document, "input", policy_input(question));
	char *body = json_format(document);
	json_free(document);
	return body;
}

static void read_response(const struct net_response *response, struct policy_answer *answer)
{
	struct error err = { 0 };
	char why[128];

	if (response->status != 200) {
		snprintf(why, sizeof(why), "the policy engine answered %d: denied", response->status);
		deny(answer, why);
		return;
	}
	struct json *body = json_parse(response->body, response->body_length, &err);
	if (!body)
		deny(answer, "the policy engine's answer is no JSON: denied");
	else
		policy_opa_read(body, answer);
	json_free(body);
}

void policy_opa_ask(struct net *net, const char *url, const struct policy_question *question, int timeout_ms, struct policy_answer *answer)
{
	static const struct net_header json_type_header = { .name = "Content-Type", .value = "application/json" };
	char *full = full_url(url), *body = body_of(question);
	struct net_request request = {
		.method = "POST", .url = full, .headers = &json_type_header, .header_count = 1, .body = body, .body_length = strlen(body),
		.timeout_ms = timeout_ms, .max_bytes = ANSWER_MAX_BYTES, .harmless = 1,
	};
	struct net_response response = { 0 };
	struct error err = { 0 };

	if (!net)
		deny(answer, "the policy engine cannot be asked from here: denied");
	else if (net_fetch(net, &request, &response, &err)) {
		char why[300];

		snprintf(why, sizeof(why), "the policy engine could not be asked: %s", err.text);
		deny(answer, why);
	} else {
		read_response(&response, answer);
	}
	net_response_release(&response);
	free(body);
	free(full);
}
