#include "gate/policy_rule.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fnmatch.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"

enum { BY_MAX = 20, APPROVAL_DEFAULT_MIN = 15, APPROVAL_MAX_DAYS = 7 };

static const char *value_risk(const struct policy_question *q) { return risk_name(q->risk); }
static const char *value_scope(const struct policy_question *q) { return q->scope; }
static const char *value_user(const struct policy_question *q) { return q->user; }
static const char *value_role(const struct policy_question *q) { return q->role; }
static const char *value_action(const struct policy_question *q) { return q->action; }
static const char *value_provider(const struct policy_question *q) { return q->provider; }
static const char *value_verb(const struct policy_question *q) { return q->verb; }
static const char *value_kind(const struct policy_question *q) { return q->kind; }
static const char *value_account(const struct policy_question *q) { return q->account; }
static const char *value_namespace(const struct policy_question *q) { return q->namespace_; }
static const char *value_name(const struct policy_question *q) { return q->name; }

/* Fields a rule may match on as text; hours, days, targets and labels are matched by their own rows below. */
static const struct { const char *name; const char *(*value)(const struct policy_question *q); } fields[] = {
	{ "risk", value_risk }, { "scope", value_scope }, { "user", value_user }, { "role", value_role }, { "action", value_action },
	{ "provider", value_provider }, { "verb", value_verb }, { "kind", value_kind }, { "account", value_account },
	{ "namespace", value_namespace }, { "name", value_name },
};

/* A value is a glob ("payments-*"), or a regular expression after "~". */
static int text_matches(const char *pattern, const char *value)
{
	if (*pattern != '~')
		return !fnmatch(pattern, value, 0);
	int number;
	PCRE2_SIZE offset;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)(pattern + 1), PCRE2_ZERO_TERMINATED, PCRE2_UTF, &number, &offset, NULL);
	if (!code)
		return 0;
	pcre2_match_data *data = pcre2_match_data_create_from_pattern(code, NULL);
	int found = pcre2_match(code, (PCRE2_SPTR)value, strlen(value), 0, 0, data, NULL) >= 0;
	pcre2_match_data_free(data);
	pcre2_code_free(code);
	return found;
}

static int any_matches(const struct json *wanted, const char *value)
{
	if (json_text(wanted))
		return text_matches(json_text(wanted), value ? value : "");
	for (const struct json *item = json_first(wanted); item; item = json_next(item))
		if (json_text(item) && text_matches(json_text(item), value ? value : ""))
			return 1;
	return 0;
}

/* hours: "09:00-17:00" UTC, over midnight too. */
static int hours_match(const struct json *wanted, const struct policy_question *q)
{
	int from_h, from_m, to_h, to_m;
	time_t seconds = (time_t)(q->at_ns / CLOCK_SECOND_NS);
	struct tm utc;

	if (sscanf(json_text_or(wanted, ""), "%2d:%2d-%2d:%2d", &from_h, &from_m, &to_h, &to_m) != 4)
		return 0;
	gmtime_r(&seconds, &utc);
	int now = utc.tm_hour * 60 + utc.tm_min, from = from_h * 60 + from_m, to = to_h * 60 + to_m;
	return from <= to ? now >= from && now < to : now >= from || now < to;
}

static int days_match(const struct json *wanted, const struct policy_question *q)
{
	static const char *const names[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };
	time_t seconds = (time_t)(q->at_ns / CLOCK_SECOND_NS);
	struct tm utc;

	gmtime_r(&seconds, &utc);
	return any_matches(wanted, names[utc.tm_wday]);
}

static int targets_match(const struct json *wanted, const struct policy_question *q)
{
	return (int64_t)q->targets >= json_int(wanted, INT64_MAX);
}

static int labels_match(const struct json *wanted, const struct policy_question *q)
{
	for (const struct json *label = json_first(wanted); label; label = json_next(label))
		if (!any_matches(label, json_text(json_get(q->labels, json_key(label)))))
			return 0;
	return 1;
}

static const struct { const char *name; int (*matches)(const struct json *wanted, const struct policy_question *q); } tests[] = {
	{ "hours", hours_match }, { "days", days_match }, { "targets_at_least", targets_match }, { "labels", labels_match },
};

/* 1 matches, 0 not, -1: no such field. */
static int field_matches(const struct json *wanted, const struct policy_question *q)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (!strcmp(fields[i].name, json_key(wanted)))
			return any_matches(wanted, q ? fields[i].value(q) : "");
	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
		if (!strcmp(tests[i].name, json_key(wanted)))
			return q ? tests[i].matches(wanted, q) : 0;
	return -1;
}

int policy_rule_differs(const struct policy_rule *rule, const struct policy_question *question, char *why, size_t size)
{
	for (const struct json *wanted = json_first(rule->match); wanted; wanted = json_next(wanted)) {
		if (field_matches(wanted, question) > 0)
			continue;
		if (why) {
			char *shown = json_format(wanted);

			snprintf(why, size, "%s is not %s", json_key(wanted), shown);
			free(shown);
		}
		return 1;
	}
	return 0;
}

static int read_decision(struct policy_rule *rule, const struct json *entry, struct error *err)
{
	static const char *const names[] = { "deny", "approve", "allow" };
	const char *decide = json_text_or(json_get(entry, "decide"), "");

	for (int i = 0; i < 3; i++) {
		if (!strcmp(names[i], decide)) {
			rule->decision = (enum decision)i;
			return 0;
		}
	}
	return error_set(err, ERR_INVALID, "%s:%d: decide '%.40s': allow, approve or deny", rule->file, rule->line, decide);
}

static int check_regexes(const struct policy_rule *rule, const struct json *value, struct error *err)
{
	const char *pattern = json_text(value);
	int number;
	PCRE2_SIZE offset;

	for (const struct json *item = json_is(value, JSON_ARRAY) || json_is(value, JSON_OBJECT) ? json_first(value) : NULL; item; item = json_next(item))
		if (check_regexes(rule, item, err))
			return -1;
	if (!pattern || *pattern != '~')
		return 0;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)(pattern + 1), PCRE2_ZERO_TERMINATED, PCRE2_UTF, &number, &offset, NULL);
	if (!code)
		return error_set(err, ERR_INVALID, "%s:%d: '%.60s' is no regular expression", rule->file, rule->line, pattern);
	pcre2_code_free(code);
	return 0;
}

/* A risk or scope that does not exist would never match, and what it was meant to deny would pass. */
static int check_words(const struct policy_rule *rule, const char *key, const char *allowed, struct error *err)
{
	const struct json *wanted = json_get(rule->match, key);
	const struct json *item = json_is(wanted, JSON_ARRAY) ? json_first(wanted) : wanted;

	for (; item; item = json_is(wanted, JSON_ARRAY) ? json_next(item) : NULL) {
		const char *word = json_text_or(item, "?");
		char framed[80];

		snprintf(framed, sizeof(framed), "|%.60s|", word);
		if (!strpbrk(word, "~*") && !strstr(allowed, framed))
			return error_set(err, ERR_INVALID, "%s:%d: %s '%.40s' does not exist", rule->file, rule->line, key, word);
	}
	return 0;
}

static int read_match(struct policy_rule *rule, const struct json *entry, struct error *err)
{
	const struct json *match = json_get(entry, "match");

	if (match && !json_is(match, JSON_OBJECT))
		return error_set(err, ERR_INVALID, "%s:%d: match is a mapping of fields", rule->file, rule->line);
	rule->match = match ? json_copy(match) : json_object();
	for (const struct json *wanted = json_first(rule->match); wanted; wanted = json_next(wanted)) {
		if (field_matches(wanted, NULL) < 0)
			return error_set(err, ERR_INVALID, "%s:%d: no field '%.40s' to match on", rule->file, rule->line, json_key(wanted));
		if (check_regexes(rule, wanted, err))
			return -1;
	}
	if (check_words(rule, "risk", "|read|write|delete|", err))
		return -1;
	return check_words(rule, "scope", "|prod|staging|dev||", err);
}

static int check_keys(const struct policy_rule *rule, const struct json *entry, struct error *err)
{
	static const char *const known[] = { "id", "match", "decide", "by", "who", "expires", "why", "not_self", "flag", NULL };

	for (const struct json *member = json_first(entry); member; member = json_next(member)) {
		const char *const *key = known;

		while (*key && strcmp(*key, json_key(member)))
			key++;
		if (!*key)
			return error_set(err, ERR_INVALID, "%s:%d: a rule has no '%.40s'", rule->file, json_line(member), json_key(member));
	}
	return 0;
}

static int read_approval(struct policy_rule *rule, const struct json *entry, struct error *err)
{
	const char *expires = json_text(json_get(entry, "expires"));
	int64_t by = json_int(json_get(entry, "by"), 1);

	if (by < 1 || by > BY_MAX)
		return error_set(err, ERR_INVALID, "%s:%d: by is 1 to %d approvers", rule->file, rule->line, BY_MAX);
	rule->by = (int)by;
	rule->expires_ns = APPROVAL_DEFAULT_MIN * 60 * CLOCK_SECOND_NS;
	if (expires && (clock_parse_window(expires, &rule->expires_ns) || rule->expires_ns > APPROVAL_MAX_DAYS * 86400 * CLOCK_SECOND_NS))
		return error_set(err, ERR_INVALID, "%s:%d: expires '%.20s': a time such as 15m, at most %d d", rule->file, rule->line, expires,
			APPROVAL_MAX_DAYS);
	rule->who = mem_text(json_text_or(json_get(entry, "who"), ""));
	if (*rule->who && strncmp(rule->who, "role:", 5) && strncmp(rule->who, "user:", 5))
		return error_set(err, ERR_INVALID, "%s:%d: who '%.40s': role:NAME or user:NAME", rule->file, rule->line, rule->who);
	rule->not_self = json_bool(json_get(entry, "not_self"), 0);
	rule->flag = json_bool(json_get(entry, "flag"), 1);
	return 0;
}

static int read_all(struct policy_rule *rule, const struct json *entry, struct error *err)
{
	if (!json_is(entry, JSON_OBJECT))
		return error_set(err, ERR_INVALID, "%s:%d: a rule is a mapping", rule->file, rule->line);
	if (check_keys(rule, entry, err) || read_decision(rule, entry, err) || read_match(rule, entry, err))
		return -1;
	return read_approval(rule, entry, err);
}

int policy_rule_read(struct policy_rule *rule, const struct json *entry, const char *file, size_t number, struct error *err)
{
	const char *id = json_text(json_get(entry, "id"));

	*rule = (struct policy_rule){ .file = mem_text(file), .line = json_line(entry) };
	rule->id = id ? mem_text(id) : mem_format("rule-%zu", number + 1);
	rule->why = mem_text(json_text_or(json_get(entry, "why"), ""));
	if (read_all(rule, entry, err)) {
		policy_rule_release(rule);
		return -1;
	}
	return 0;
}

void policy_rule_release(struct policy_rule *rule)
{
	free(rule->id);
	free(rule->file);
	free(rule->who);
	free(rule->why);
	json_free(rule->match);
	*rule = (struct policy_rule){ 0 };
}

/* The file as people know it: "policies/default.yaml". */
static const char *short_file(const char *file)
{
	const char *folder = strstr(file, "policies/");

	for (const char *next = folder; next; next = strstr(next + 1, "policies/"))
		folder = next;
	return folder ? folder : file;
}

void policy_rule_answer(const struct policy_rule *rule, struct policy_answer *answer)
{
	*answer = (struct policy_answer){
		.decision = rule->decision,
		.by = rule->decision == DECIDE_APPROVE ? rule->by : 0,
		.expires_ns = rule->expires_ns,
		.not_self = rule->not_self,
		.approve_flag = rule->flag,
	};
	snprintf(answer->who, sizeof(answer->who), "%s", rule->who);
	snprintf(answer->rule, sizeof(answer->rule), "%.100s (%.150s:%d)", rule->id, short_file(rule->file), rule->line);
	snprintf(answer->why, sizeof(answer->why), "%.250s", *rule->why ? rule->why : rule->id);
}

struct json *policy_rule_to_json(const struct policy_rule *rule)
{
	static const char *const names[] = { "deny", "approve", "allow" };
	struct json *row = json_object();

	json_set_text(row, "id", rule->id);
	json_set_text(row, "file", rule->file);
	json_set_int(row, "line", rule->line);
	json_set(row, "match", json_copy(rule->match));
	json_set_text(row, "decide", names[rule->decision]);
	json_set_text(row, "why", rule->why);
	if (rule->decision == DECIDE_APPROVE) {
		json_set_int(row, "by", rule->by);
		json_set_text(row, "who", rule->who);
		json_set_int(row, "expires_seconds", rule->expires_ns / CLOCK_SECOND_NS);
		json_set(row, "not_self", json_boolean(rule->not_self));
		json_set(row, "flag", json_boolean(rule->flag));
	}
	return row;
}
