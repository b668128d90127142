#include "gate/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/problem.h"
#include "base/text.h"
#include "base/yaml.h"
#include "gate/policy_opa.h"
#include "gate/policy_rule.h"

enum { FILE_MAX_BYTES = 1 << 20, OPA_TIMEOUT_MS = 2000, OPA_TIMEOUT_MAX_MS = 60000 };

struct policy {
	struct policy_rule *rules;
	size_t count;
	char version[SHA256_HEX_MAX];
	char broken[256];   /* a rule file that cannot be read: everything but reads is denied */
	char *opa_url;      /* NULL: no engine beside the rules */
	int opa_timeout_ms;
	struct net *net;
};

static void add_rule(struct policy *policy, const struct policy_rule *rule)
{
	policy->rules = mem_grow(policy->rules, policy->count + 1, sizeof(*policy->rules));
	policy->rules[policy->count++] = *rule;
}

/* A file is a list of rules; one that cannot be understood makes the set unusable, for a rule passed over might have been the one that denies. */
static int load_file(struct policy *policy, const char *path, struct text *bytes, struct json *problems, struct error *err)
{
	size_t length;
	char *text = file_load(path, FILE_MAX_BYTES, &length, err);

	if (!text) {
		problem_add(problems, path, 0, err->text);
		return -1;
	}
	text_add_n(bytes, text, length);
	struct json *list = yaml_parse(text, length, err);
	free(text);
	if (!list) {
		problem_add(problems, path, 0, err->text);
		return error_wrap(err, "policy file %s", path);
	}
	int failed = 0;
	if (!json_is(list, JSON_ARRAY) && json_type(list) != JSON_NULL)
		failed = error_set(err, ERR_INVALID, "%s: a policy file is a list of rules", path);
	if (failed)
		problem_add(problems, path, 1, err->text);
	for (const struct json *entry = json_first(list); entry && !failed; entry = json_next(entry)) {
		struct policy_rule rule;

		failed = policy_rule_read(&rule, entry, path, policy->count, err);
		if (!failed)
			add_rule(policy, &rule);
		else
			problem_add(problems, path, json_line(entry), err->text);
	}
	json_free(list);
	return failed;
}

/* A time without end would hold up every write, none would deny all of them. */
static int opa_timeout(const struct config *config)
{
	long ms = config ? config_get_int(config, "policy.opa_timeout_ms", OPA_TIMEOUT_MS) : OPA_TIMEOUT_MS;

	return (int)(ms < 1 ? 1 : ms > OPA_TIMEOUT_MAX_MS ? OPA_TIMEOUT_MAX_MS : ms);
}

struct policy *policy_load(const struct config *config, struct net *net, struct json *problems, struct error *err)
{
	struct policy *policy = mem_zero(1, sizeof(*policy));
	struct error first = { 0 }, each = { 0 };
	char **paths = file_list_data("policies");
	struct text bytes;

	text_init(&bytes, 64 << 20);
	for (char **path = paths; paths && *path; path++)
		if (load_file(policy, *path, &bytes, problems, &each) && !first.code)
			first = each;
	file_free_list(paths);
	if (first.code)
		snprintf(policy->broken, sizeof(policy->broken), "%.250s", first.text);
	const char *url = config ? config_get(config, "policy.opa") : NULL;
	policy->opa_url = url && *url ? mem_text(url) : NULL;
	policy->opa_timeout_ms = opa_timeout(config);
	policy->net = net;
	if (policy->opa_url)
		text_add(&bytes, policy->opa_url);
	sha256_hex(bytes.data, bytes.length, policy->version);
	text_release(&bytes);
	(void)err;
	return policy;
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	for (size_t i = 0; i < policy->count; i++)
		policy_rule_release(&policy->rules[i]);
	free(policy->rules);
	free(policy->opa_url);
	free(policy);
}

int policy_wants_labels(const struct policy *policy)
{
	for (size_t i = 0; i < policy->count; i++)
		if (policy_rule_wants_labels(&policy->rules[i]))
			return 1;
	return policy->opa_url != NULL;
}

const char *policy_version(const struct policy *policy)
{
	return policy->version;
}

static void deny(struct policy_answer *answer, const char *rule, const char *why)
{
	*answer = (struct policy_answer){ .decision = DECIDE_DENY };
	snprintf(answer->rule, sizeof(answer->rule), "%s", rule);
	snprintf(answer->why, sizeof(answer->why), "%.250s", why);
}

static int64_t sooner(int64_t a_ns, int64_t b_ns)
{
	return !a_ns || (b_ns && b_ns < a_ns) ? b_ns : a_ns;
}

/* Both want approval: what either asks for is asked for. */
static void join(struct policy_answer *answer, const struct policy_answer *other)
{
	if (*answer->who && *other->who && strcmp(answer->who, other->who)) {
		deny(answer, "opa", "the rule and the policy engine name different approvers: denied");
		return;
	}
	if (!*answer->who)
		memcpy(answer->who, other->who, sizeof(answer->who));
	if (other->by > answer->by)
		answer->by = other->by;
	answer->not_self |= other->not_self;
	answer->approve_flag &= other->approve_flag;
	answer->expires_ns = sooner(answer->expires_ns, other->expires_ns);
}

/* The stricter of both answers counts; an engine that cannot be asked denies. */
static void ask_engine(const struct policy *policy, const struct policy_question *question, struct policy_answer *answer)
{
	struct policy_answer other;

	policy_opa_ask(policy->net, policy->opa_url, question, policy->opa_timeout_ms, &other);
	if (other.decision < answer->decision)
		*answer = other;
	else if (other.decision == DECIDE_APPROVE && answer->decision == DECIDE_APPROVE)
		join(answer, &other);
}

/* First match. A rule nobody can evaluate may be the one that denies: it does. */
static void ask_rules(const struct policy *policy, const struct policy_question *question, struct policy_answer *answer)
{
	deny(answer, "no-rule", "no policy rule allows it");
	for (size_t i = 0; i < policy->count; i++) {
		int differs = policy_rule_differs(&policy->rules[i], question, NULL, 0);

		if (differs > 0)
			continue;
		policy_rule_answer(&policy->rules[i], answer);
		if (differs < 0) {
			char rule[sizeof(answer->rule)];

			memcpy(rule, answer->rule, sizeof(rule));
			deny(answer, rule, "the rule's expression went past its limits: denied");
		}
		return;
	}
}

void policy_decide(const struct policy *policy, const struct policy_question *question, struct policy_answer *answer)
{
	if (*policy->broken && question->risk != RISK_READ) {
		deny(answer, "policy-unreadable", policy->broken);
		return;
	}
	ask_rules(policy, question, answer);
	if (policy->opa_url && answer->decision != DECIDE_DENY)
		ask_engine(policy, question, answer);
}

struct json *policy_list(const struct policy *policy)
{
	struct json *document = json_object();
	struct json *rules = json_array();

	for (size_t i = 0; i < policy->count; i++)
		json_add(rules, policy_rule_to_json(&policy->rules[i]));
	json_set(document, "rules", rules);
	json_set_text(document, "version", policy->version);
	if (*policy->broken)
		json_set_text(document, "broken", policy->broken);
	if (policy->opa_url)
		json_set_text(document, "engine", policy->opa_url);
	return document;
}

struct json *policy_explain(const struct policy *policy, const struct policy_question *question)
{
	struct json *document = json_object();
	struct json *rules = json_array();
	struct policy_answer answer;
	char first[160] = "first match: decides";
	int decided = 0;

	policy_decide(policy, question, &answer);
	for (size_t i = 0; i < policy->count; i++) {
		char differs[200] = "";
		int no = policy_rule_differs(&policy->rules[i], question, differs, sizeof(differs));
		struct json *row = policy_rule_to_json(&policy->rules[i]);

		json_set(row, "matches", json_boolean(no <= 0));
		const char *id = policy->rules[i].id;

		if (!no && !decided && strncmp(answer.rule, id, strlen(id)) != 0) /* an engine, or a file that cannot be read */
			snprintf(first, sizeof(first), "first match, overruled by %.100s", answer.rule);
		json_set_text(row, "because", no ? differs : decided ? "an earlier rule decided" : first);
		decided |= no <= 0;
		json_add(rules, row);
	}
	static const char *const names[] = { "deny", "approve", "allow" };
	json_set_text(document, "decision", names[answer.decision]);
	json_set_text(document, "rule", answer.rule);
	json_set_text(document, "why", answer.why);
	json_set_int(document, "by", answer.by);
	json_set_text(document, "who", answer.who);
	json_set(document, "rules", rules);
	json_set(document, "input", policy_input(question));
	return document;
}

static void set_known(struct json *object, const char *key, const char *text)
{
	json_set_text(object, key, text ? text : "");
}

struct json *policy_input(const struct policy_question *question)
{
	char at[CLOCK_RFC3339_MAX];
	struct json *input = json_object(), *user = json_object(), *target = json_object();

	clock_format(question->at_ns, at);
	set_known(user, "id", question->user);
	set_known(user, "role", question->role);
	set_known(target, "kind", question->kind);
	set_known(target, "scope", question->scope);
	set_known(target, "account", question->account);
	set_known(target, "namespace", question->namespace_);
	set_known(target, "name", question->name);
	json_set(target, "labels", question->labels ? json_copy(question->labels) : json_object());
	json_set(input, "user", user);
	set_known(input, "action", question->action);
	set_known(input, "provider", question->provider);
	set_known(input, "verb", question->verb);
	json_set_text(input, "risk", risk_name(question->risk));
	set_known(input, "scope", question->scope);
	json_set(input, "target", target);
	json_set(input, "params", question->params ? json_copy(question->params) : json_object());
	json_set_text(input, "time", at);
	json_set_int(input, "targets", (int64_t)question->targets);
	return input;
}

static const char *input_text(const struct json *input, const char *path, const char *shorter)
{
	const char *text = json_text(json_at(input, path));

	return text ? text : json_text_or(json_get(input, shorter), "");
}

/* A misspelt word would ask another question than the one that was meant. */
static int check_words(const struct json *input, struct error *err)
{
	static const char words[] = " user role action provider verb risk scope target kind account namespace name labels params targets time ";

	for (const struct json *member = json_first(input); member; member = json_next(member)) {
		char word[48];

		snprintf(word, sizeof(word), " %.40s ", json_key(member));
		if (!strstr(words, word))
			return error_set(err, ERR_INVALID, "'%.40s' is not asked of a policy:%s", json_key(member), words);
	}
	return 0;
}

static int check_scope(const char *scope, struct error *err)
{
	if (!*scope || !strcmp(scope, "prod") || !strcmp(scope, "staging") || !strcmp(scope, "dev"))
		return 0;
	return error_set(err, ERR_INVALID, "scope '%.20s': prod, staging, dev, or nothing where it is not known", scope);
}

/* A number, also where it came as a word of a command line. */
static int read_targets(const struct json *value, size_t *out, struct error *err)
{
	const char *text = json_text(value);
	char *end = NULL;
	long long count = text ? strtoll(text, &end, 10) : (long long)json_int(value, value ? -1 : 0);

	if (count < 0 || (text && (end == text || *end)))
		return error_set(err, ERR_INVALID, "targets '%.20s': a whole number of 0 or more", text ? text : "");
	*out = (size_t)count;
	return 0;
}

static int check_labels(const struct json *labels, struct error *err)
{
	if (!labels || json_is(labels, JSON_OBJECT) || json_is(labels, JSON_NULL))
		return 0;
	return error_set(err, ERR_INVALID, "labels are texts by name, as in {team: payments}");
}

int policy_question_from_json(const struct json *input, struct policy_question *out, struct error *err)
{
	const char *risk = json_text_or(json_get(input, "risk"), "");

	if (check_words(input, err))
		return -1;
	if (strcmp(risk, "read") && strcmp(risk, "write") && strcmp(risk, "delete"))
		return error_set(err, ERR_INVALID, *risk ? "risk '%.20s': read, write or delete" : "risk%.20s is missing: read, write or delete", risk);
	*out = (struct policy_question){
		.user = input_text(input, "user.id", "user"),
		.role = input_text(input, "user.role", "role"),
		.action = input_text(input, "action", "action"),
		.provider = input_text(input, "provider", "provider"),
		.verb = input_text(input, "verb", "verb"),
		.kind = input_text(input, "target.kind", "kind"),
		.scope = input_text(input, "target.scope", "scope"),
		.account = input_text(input, "target.account", "account"),
		.namespace_ = input_text(input, "target.namespace", "namespace"),
		.name = input_text(input, "target.name", "name"),
		.labels = json_at(input, "target.labels") ? json_at(input, "target.labels") : json_get(input, "labels"),
		.params = json_get(input, "params"),
		.at_ns = clock_now_ns(),
	};
	if (check_scope(out->scope, err) || read_targets(json_get(input, "targets"), &out->targets, err) || check_labels(out->labels, err))
		return -1;
	out->risk = *risk == 'r' ? RISK_READ : *risk == 'w' ? RISK_WRITE : RISK_DELETE;
	const char *at = json_text(json_get(input, "time"));
	if (at && clock_parse(at, &out->at_ns))
		return error_set(err, ERR_INVALID, "time '%.40s' is not RFC 3339", at);
	return 0;
}
