#include "fleet/check/suppress.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/safe.h"
#include "fleet/agent/agent.h"
#include "fleet/finding/finding.h"
#include "fleet/tree/source.h"
#include "fleet/tree/wildmatch.h"

enum { WHOLE_FILE_LINES = 10, PRAGMAS_MAX = 1000, PRAGMA_MAX_BYTES = 4096, VALUE_MAX = 200, RULE_MAX = 80, RULES_MAX = 8 };

static const char sign[] = "cockpit-ignore";

/* What a pragma or a row of `ignores` says. */
struct ignore_rule {
	char rules[RULES_MAX][RULE_MAX];
	size_t count;
	char owner[VALUE_MAX], reason[VALUE_MAX], until[VALUE_MAX];
};

static int covers(const struct ignore_rule *ignore, const char *rule)
{
	for (size_t i = 0; i < ignore->count; i++)
		if (!strcmp(ignore->rules[i], "*") || !strncmp(ignore->rules[i], rule, strlen(ignore->rules[i])))
			return 1;
	return 0;
}

/* 1 over, 0 not, -1 no time. A day ends with it. */
static int has_ended(const char *until, int64_t now_ns)
{
	int64_t at_ns;
	char day[VALUE_MAX + 16];

	snprintf(day, sizeof(day), strlen(until) == 10 ? "%sT23:59:59Z" : "%s", until);
	return clock_parse(day, &at_ns) ? -1 : now_ns > at_ns;
}

static void suppress(struct findings *findings, struct finding *finding, const struct ignore_rule *ignore, const char *where, int64_t now_ns)
{
	struct arena *arena = findings_arena(findings);

	if (!covers(ignore, finding->rule) || finding->state != FINDING_OPEN)
		return;
	if (*ignore->until && has_ended(ignore->until, now_ns)) {
		finding->why = arena_format(arena, "suppression of %s ended or has no date: until=%s", where, ignore->until);
		return;
	}
	finding->state = FINDING_SUPPRESSED;
	finding->why = arena_format(arena, "%s%s%s%s%s (%s)", *ignore->reason ? ignore->reason : "no reason given", *ignore->owner ? ", owner " : "",
		ignore->owner, *ignore->until ? ", until " : "", ignore->until, where);
}

/* --- pragmas --- */

struct pragma {
	struct ignore_rule ignore;
	size_t offset, length; /* of the text */
	int line, alone;
};

static void read_value(const char **at, const char *end, char *out)
{
	const char *begin = *at, *stop;
	char quote = begin < end && (*begin == '"' || *begin == '\'') ? *begin : 0;

	begin += quote != 0;
	for (stop = begin; stop < end && (quote ? *stop != quote : !isspace((unsigned char)*stop) && *stop != ','); stop++)
		;
	safe_copy(out, VALUE_MAX, begin, (size_t)(stop - begin));
	*at = stop + (quote && stop < end);
}

static char *value_of(struct ignore_rule *ignore, const char *name, size_t length)
{
	static const struct { const char *name; size_t at; } keys[] = {
		{ "owner", offsetof(struct ignore_rule, owner) }, { "reason", offsetof(struct ignore_rule, reason) }, { "until", offsetof(struct ignore_rule, until) },
		{ "expires", offsetof(struct ignore_rule, until) }, { "expiry", offsetof(struct ignore_rule, until) },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (strlen(keys[i].name) == length && !strncmp(keys[i].name, name, length))
			return (char *)ignore + keys[i].at;
	return NULL;
}

static int is_rule_char(char c)
{
	return isalnum((unsigned char)c) || strchr("_-/*", c) != NULL;
}

static void add_rule(struct ignore_rule *ignore, const char *text, size_t length)
{
	if (ignore->count < RULES_MAX && length < RULE_MAX && (isupper((unsigned char)*text) || *text == '*'))
		snprintf(ignore->rules[ignore->count++], RULE_MAX, "%.*s", (int)length, text);
}

/* What stands behind the sign, up to the end of the line. */
static void read_rules(struct ignore_rule *ignore, const char *at, const char *end)
{
	while (at < end) {
		const char *word = at;

		while (at < end && *at && is_rule_char(*at))
			at++;
		char *value = at < end && *at == '=' ? value_of(ignore, word, (size_t)(at - word)) : NULL;
		if (value) {
			at++;
			read_value(&at, end, value);
		} else if (at > word) {
			add_rule(ignore, word, (size_t)(at - word));
		} else {
			at++;
		}
	}
}

/* In a comment, not in a string that speaks of one: something that begins a comment stands before it. */
static int in_comment(const char *line, const char *at, int *alone)
{
	static const char *const marks[] = { "#", "//", "/*", "--", "<!--", ";", "*" };

	while (at > line && (at[-1] == ' ' || at[-1] == '\t'))
		at--;
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		size_t length = strlen(marks[i]);

		if ((size_t)(at - line) < length || memcmp(at - length, marks[i], length))
			continue;
		const char *before = line;
		while (before < at - length && isspace((unsigned char)*before))
			before++;
		*alone = before == at - length;
		return 1;
	}
	return 0;
}

static int read_pragma(struct source *source, const char *found, struct pragma *pragma)
{
	size_t length, offset = (size_t)(found - source->text);
	const char *line = source_line(source, offset, &length);
	struct place place = source_place(source, offset, sizeof(sign) - 1);

	*pragma = (struct pragma){ .offset = offset, .length = sizeof(sign) - 1, .line = place.line };
	const char *end = line + length, *rest = found + sizeof(sign) - 1;
	end = end - rest > PRAGMA_MAX_BYTES ? rest + PRAGMA_MAX_BYTES : end;
	int said = rest < end && *rest == ':';

	/* Without the colon it is one when nothing else follows: somebody thought that enough. */
	while (!said && rest < end && (isspace((unsigned char)*rest) || strchr("*/->", *rest)))
		rest++;
	if (!in_comment(line, found, &pragma->alone) || (!said && rest < end))
		return 0;
	pragma->length += (size_t)said;
	read_rules(&pragma->ignore, found + pragma->length, end);
	return 1;
}

static int applies(const struct pragma *pragma, const struct finding *finding)
{
	int line = finding->place.line;

	return line == pragma->line || (pragma->alone && (line == pragma->line + 1 || pragma->line <= WHOLE_FILE_LINES));
}

static void report_incomplete(const struct checks *checks, struct source *source, struct findings *findings, const struct pragma *pragma)
{
	const struct check *check = checks_find(checks, "GOV002");
	const struct ignore_rule *ignore = &pragma->ignore;
	char message[160];

	if (!check || (ignore->count && *ignore->reason && *ignore->until && has_ended(ignore->until, 0) == 0))
		return;
	snprintf(message, sizeof(message), "cockpit-ignore lacks%s%s%s", ignore->count ? "" : " a rule id", *ignore->reason ? "" : " a reason",
		*ignore->until && has_ended(ignore->until, 0) == 0 ? "" : " an end (until=2027-01-31)");
	findings_add(findings, &(struct finding){ .check = check, .rule = check->id, .message = message, .path = source->path,
		.place = source_place(source, pragma->offset, pragma->length), .severity = check->severity, .fixability = check->fixability, .anchor = message });
}

/* --- cockpit.yaml --- */

static const char *text_of(const struct json *row, const char *const *names)
{
	const char *text = NULL;

	for (; *names && !text; names++)
		text = json_text(json_get(row, *names));
	return text ? text : "";
}

static void read_row(const struct json *row, struct ignore_rule *ignore)
{
	const char *rule = json_text(row) ? json_text(row) : text_of(row, (const char *const[]){ "rule", "id", "check", NULL });

	add_rule(ignore, rule, strlen(rule));
	snprintf(ignore->owner, sizeof(ignore->owner), "%s", text_of(row, (const char *const[]){ "owner", NULL }));
	snprintf(ignore->reason, sizeof(ignore->reason), "%s", text_of(row, (const char *const[]){ "reason", "why", NULL }));
	snprintf(ignore->until, sizeof(ignore->until), "%s", text_of(row, (const char *const[]){ "until", "expires", "expiry", NULL }));
}

/* A row's `path` is a pattern relative to the agent's folder. */
static int is_in_row(const struct json *row, const struct agent *agent, const char *path)
{
	const char *pattern = text_of(row, (const char *const[]){ "path", "file", NULL });
	size_t folder = strlen(agent->path) + (*agent->path != 0);

	return !*pattern || (strlen(path) >= folder && wildmatch(pattern, path + folder, 1));
}

void suppress_by_config(const struct agent *agent, struct findings *findings, size_t from, int64_t now_ns)
{
	static const char *const lists[] = { "exclude_checks", "ignores" };

	for (size_t l = 0; agent && agent->config && l < sizeof(lists) / sizeof(*lists); l++)
		for (const struct json *row = json_first(json_get(agent->config, lists[l])); row; row = json_next(row)) {
			struct ignore_rule ignore = { 0 };

			read_row(row, &ignore);
			if (!l && !*ignore.reason)
				snprintf(ignore.reason, sizeof(ignore.reason), "excluded");
			for (size_t i = from; ignore.count && i < findings_count(findings); i++)
				if (is_in_row(row, agent, findings_at(findings, i)->path))
					suppress(findings, findings_at(findings, i), &ignore, "cockpit.yaml", now_ns);
		}
}

void suppress_apply(const struct checks *checks, const struct agent *agent, struct source *source, struct findings *findings, size_t from, int64_t now_ns)
{
	const char *at = source->text, *end = source->text + source->length;
	size_t count = findings_count(findings), pragmas = 0;

	for (; pragmas < PRAGMAS_MAX && (at = memmem(at, (size_t)(end - at), sign, sizeof(sign) - 1)); at += sizeof(sign) - 1, pragmas++) {
		struct pragma pragma;

		if (!read_pragma(source, at, &pragma))
			continue;
		for (size_t i = from; i < count; i++)
			if (applies(&pragma, findings_at(findings, i)))
				suppress(findings, findings_at(findings, i), &pragma.ignore, "pragma", now_ns);
		report_incomplete(checks, source, findings, &pragma);
	}
	suppress_by_config(agent, findings, from, now_ns);
}
