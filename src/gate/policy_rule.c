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

enum { BY_MAX = 20, WHO_MAX = 120, APPROVAL_DEFAULT_MIN = 15, APPROVAL_MAX_DAYS = 7, UNDECIDED = -1 };

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

static pcre2_code *compile(const char *expression)
{
	int number;
	PCRE2_SIZE offset;

	return pcre2_compile((PCRE2_SPTR)expression, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &number, &offset, NULL);
}

/* A value is a glob ("payments-*"), or a regular expression after "~". 1, 0, or UNDECIDED: the expression went past its limits. */
static int text_matches(const char *pattern, const char *value)
{
	if (*pattern != '~')
		return !fnmatch(pattern, value, 0);
	pcre2_code *code = compile(pattern + 1);
	if (!code)
		return UNDECIDED;
	pcre2_match_data *data = pcre2_match_data_create_from_pattern(code, NULL);
	int found = pcre2_match(code, (PCRE2_SPTR)value, strlen(value), 0, 0, data, NULL);
	pcre2_match_data_free(data);
	pcre2_code_free(code);
	return found >= 0 ? 1 : found == PCRE2_ERROR_NOMATCH ? 0 : UNDECIDED;
}

static int any_matches(const struct json *wanted, const char *value)
{
	int undecided = 0;

	if (json_text(wanted))
		return text_matches(json_text(wanted), value ? value : "");
	for (const struct json *item = json_first(wanted); item; item = json_next(item)) {
		int matches = text_matches(json_text_or(item, ""), value ? value : "");

		if (matches == 1)
			return 1;
		undecided |= matches == UNDECIDED;
	}
	return undecided ? UNDECIDED : 0;
}

/* "09:00-17:00" in minutes of the day; 24:00 is the end of it. 0, or -1. */
static int read_hours(const char *text, int *from, int *to)
{
	int from_h, from_m, to_h, to_m, end = 0;

	if (sscanf(text, "%2d:%2d-%2d:%2d%n", &from_h, &from_m, &to_h, &to_m, &end) != 4 || text[end])
		return -1;
	*from = from_h * 60 + from_m;
	*to = to_h * 60 + to_m;
	if (from_h < 0 || to_h < 0 || from_m < 0 || to_m < 0 || from_m > 59 || to_m > 59)
		return -1;
	return *from >= 24 * 60 || *to > 24 * 60 || *from == *to ? -1 : 0;
}

/* hours: "09:00-17:00" UTC, over midnight too. */
static int hours_match(const struct json *wanted, const struct policy_question *q)
{
	int from, to;
	time_t seconds = (time_t)(q->at_ns / CLOCK_SECOND_NS);
	struct tm utc;

	if (read_hours(json_text_or(wanted, ""), &from, &to))
		return UNDECIDED;
	gmtime_r(&seconds, &utc);
	int now = utc.tm_hour * 60 + utc.tm_min;
	return from <= to ? now >= from && now < to : now >= from || now < to;
}

static const char *const day_names[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };

static int days_match(const struct json *wanted, const struct policy_question *q)
{
	time_t seconds = (time_t)(q->at_ns / CLOCK_SECOND_NS);
	struct tm utc;

	gmtime_r(&seconds, &utc);
	return any_matches(wanted, day_names[utc.tm_wday]);
}

static int targets_match(const struct json *wanted, const struct policy_question *q)
{
	return (int64_t)q->targets >= json_int(wanted, INT64_MAX);
}

static int labels_match(const struct json *wanted, const struct policy_question *q)
{
	int undecided = 0;

	for (const struct json *label = json_first(wanted); label; label = json_next(label)) {
		int matches = any_matches(label, json_text(json_get(q->labels, json_key(label))));

		if (!matches)
			return 0;
		undecided |= matches == UNDECIDED;
	}
	return undecided ? UNDECIDED : 1;
}

/* --- what a field may be set to: a value that could never match would pass over what it was meant to deny --- */

static int is_texts(const struct json *wanted)
{
	if (json_text(wanted))
		return 1;
	if (!json_is(wanted, JSON_ARRAY) || !json_count(wanted))
		return 0;
	for (const struct json *item = json_first(wanted); item; item = json_next(item))
		if (!json_text(item))
			return 0;
	return 1;
}

static int is_hours(const struct json *wanted)
{
	int from, to;

	return json_text(wanted) && !read_hours(json_text(wanted), &from, &to);
}

static int is_day(const char *name)
{
	for (size_t i = 0; i < sizeof(day_names) / sizeof(*day_names); i++)
		if (!strcmp(day_names[i], name))
			return 1;
	return 0;
}

static int is_days(const struct json *wanted)
{
	if (!is_texts(wanted))
		return 0;
	if (json_text(wanted))
		return is_day(json_text(wanted));
	for (const struct json *item = json_first(wanted); item; item = json_next(item))
		if (!is_day(json_text(item)))
			return 0;
	return 1;
}

static int is_count(const struct json *wanted)
{
	return json_is(wanted, JSON_NUMBER) && json_int(wanted, 0) >= 1;
}

static int is_labels(const struct json *wanted)
{
	if (!json_is(wanted, JSON_OBJECT) || !json_count(wanted))
		return 0;
	for (const struct json *label = json_first(wanted); label; label = json_next(label))
		if (!is_texts(label))
			return 0;
	return 1;
}

static const struct {
	const char *name, *takes;
	int (*matches)(const struct json *wanted, const struct policy_question *q);
	int (*is)(const struct json *wanted);
} tests[] = {
	{ "hours", "hours such as 09:00-17:00", hours_match, is_hours }, { "days", "days: mon tue wed thu fri sat sun", days_match, is_days },
	{ "targets_at_least", "a whole number of 1 or more", targets_match, is_count }, { "labels", "labels: texts by name", labels_match, is_labels },
};

/* 1 matches, 0 not, UNDECIDED. The rule was checked when it was read: the field exists. */
static int field_matches(const struct json *wanted, const struct policy_question *q)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (!strcmp(fields[i].name, json_key(wanted)))
			return any_matches(wanted, fields[i].value(q));
	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
		if (!strcmp(tests[i].name, json_key(wanted)))
			return tests[i].matches(wanted, q);
	return UNDECIDED;
}

static int check_field(const struct policy_rule *rule, const struct json *wanted, struct error *err)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (!strcmp(fields[i].name, json_key(wanted)))
			return is_texts(wanted) ? 0 : error_set(err, ERR_INVALID, "%s:%d: %s takes a text or a list of texts", rule->file, rule->line, json_key(wanted));
	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
		if (!strcmp(tests[i].name, json_key(wanted)))
			return tests[i].is(wanted) ? 0 : error_set(err, ERR_INVALID, "%s:%d: %s takes %s", rule->file, rule->line, json_key(wanted), tests[i].takes);
	return error_set(err, ERR_INVALID, "%s:%d: no field '%.40s' to match on", rule->file, rule->line, json_key(wanted));
}

int policy_rule_differs(const struct policy_rule *rule, const struct policy_question *question, char *why, size_t size)
{
	int undecided = 0;

	for (const struct json *wanted = json_first(rule->match); wanted; wanted = json_next(wanted)) {
		int matches = field_matches(wanted, question);

		undecided |= matches == UNDECIDED;
		if (matches)
			continue;
		if (why) {
			char *shown = json_format(wanted);

			snprintf(why, size, "%s is not %s", json_key(wanted), shown);
			free(shown);
		}
		return 1;
	}
	if (undecided && why)
		snprintf(why, size, "it could not be evaluated");
	return undecided ? UNDECIDED : 0;
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

	for (const struct json *item = json_is(value, JSON_ARRAY) || json_is(value, JSON_OBJECT) ? json_first(value) : NULL; item; item = json_next(item))
		if (check_regexes(rule, item, err))
			return -1;
	if (!pattern || *pattern != '~')
		return 0;
	pcre2_code *code = compile(pattern + 1);
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
		if (check_field(rule, wanted, err) || check_regexes(rule, wanted, err))
			return -1;
	}
	if (check_words(rule, "risk", "|read|write|delete|", err))
		return -1;
	return check_words(rule, "scope", "|prod|staging|dev||", err);
}

/* A value of the wrong type would be read as its default, and `not_self: "yes"` or `who: [role:dba]` would then widen the rule. */
static const struct { const char *name, *takes; enum json_type type; } members[] = {
	{ "id", "a text", JSON_STRING }, { "match", "a mapping of fields", JSON_OBJECT }, { "decide", "allow, approve or deny", JSON_STRING },
	{ "by", "a number of approvers", JSON_NUMBER }, { "who", "role:NAME or user:NAME", JSON_STRING }, { "expires", "a time such as 15m", JSON_STRING },
	{ "why", "a text", JSON_STRING }, { "not_self", "true or false", JSON_BOOL }, { "flag", "true or false", JSON_BOOL },
};

static int check_member(const struct policy_rule *rule, const struct json *member, struct error *err)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		if (!strcmp(members[i].name, json_key(member)))
			return json_is(member, members[i].type) ? 0 : error_set(err, ERR_INVALID, "%s:%d: %s takes %s", rule->file, json_line(member), members[i].name,
										members[i].takes);
	return error_set(err, ERR_INVALID, "%s:%d: a rule has no '%.40s'", rule->file, json_line(member), json_key(member));
}

static int check_keys(const struct policy_rule *rule, const struct json *entry, struct error *err)
{
	for (const struct json *member = json_first(entry); member; member = json_next(member))
		if (check_member(rule, member, err))
			return -1;
	return 0;
}

static int read_approval(struct policy_rule *rule, const struct json *entry, struct error *err)
{
	const char *expires = json_text(json_get(entry, "expires"));
	int64_t by = json_int(json_get(entry, "by"), 1);

	if (by < 1 || by > BY_MAX || (json_get(entry, "by") && json_number(json_get(entry, "by"), 0) != (double)by))
		return error_set(err, ERR_INVALID, "%s:%d: by is 1 to %d approvers", rule->file, rule->line, BY_MAX);
	rule->by = (int)by;
	rule->expires_ns = APPROVAL_DEFAULT_MIN * 60 * CLOCK_SECOND_NS;
	if (expires && (clock_parse_window(expires, &rule->expires_ns) || rule->expires_ns <= 0 || rule->expires_ns > APPROVAL_MAX_DAYS * 86400 * CLOCK_SECOND_NS))
		return error_set(err, ERR_INVALID, "%s:%d: expires '%.20s': a time such as 15m, at most %d d", rule->file, rule->line, expires,
			APPROVAL_MAX_DAYS);
	rule->who = mem_text(json_text_or(json_get(entry, "who"), ""));
	if (*rule->who && ((strncmp(rule->who, "role:", 5) && strncmp(rule->who, "user:", 5)) || !rule->who[5] || strlen(rule->who) > WHO_MAX))
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

int policy_rule_wants_labels(const struct policy_rule *rule)
{
	return json_get(rule->match, "labels") != NULL;
}
