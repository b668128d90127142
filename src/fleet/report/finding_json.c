#include "fleet/report/finding_json.h"

#include <string.h>

#include "base/json.h"
#include "base/safe.h"
#include "base/text.h"
#include "fleet/finding/finding.h"

enum { TEXT_MAX = 64 << 10 };

/* Names of files may hold any byte; what is no harmless UTF-8 shows as U+FFFD. */
static void set_safe(struct json *object, const char *key, const char *value)
{
	struct text text;

	if (!value)
		return;
	text_init(&text, TEXT_MAX);
	safe_add(&text, value, strlen(value));
	json_set_text(object, key, text.data);
	text_release(&text);
}

static void set_place(struct json *object, const struct place *place)
{
	json_set_int(object, "line", place->line);
	json_set_int(object, "column", place->column);
	json_set_int(object, "end_line", place->end_line);
	json_set_int(object, "end_column", place->end_column);
	json_set_int(object, "offset", (int64_t)place->offset);
	json_set_int(object, "length", (int64_t)place->length);
}

static struct place place_of(const struct json *json)
{
	return (struct place){ .offset = (size_t)json_int(json_get(json, "offset"), 0), .length = (size_t)json_int(json_get(json, "length"), 0),
		.line = (int)json_int(json_get(json, "line"), 0), .column = (int)json_int(json_get(json, "column"), 0),
		.end_line = (int)json_int(json_get(json, "end_line"), 0), .end_column = (int)json_int(json_get(json, "end_column"), 0) };
}

static struct json *sources_of(const struct check *check)
{
	struct json *list = json_array();

	for (const char *const *source = check->sources; *source; source++)
		json_add(list, json_string(*source));
	return list;
}

static const char *const states[] = { [FINDING_OPEN] = "open", [FINDING_SUPPRESSED] = "suppressed", [FINDING_BASELINE] = "baseline" };

struct json *finding_to_json(const struct finding *finding)
{
	struct json *json = json_object();

	json_set_text(json, "id", finding->check->id);
	json_set_text(json, "rule", finding->rule);
	json_set_text(json, "title", finding->check->title);
	json_set_text(json, "severity", severity_name(finding->severity));
	json_set_text(json, "class", check_class_name(finding->check->class));
	json_set_text(json, "fixability", fixability_name(finding->fixability));
	set_safe(json, "unfixable", finding->unfixable);
	json_set_text(json, "persona", finding->check->persona);
	set_safe(json, "path", finding->path);
	set_place(json, &finding->place);
	set_safe(json, "message", finding->message);
	set_safe(json, "symbol", finding->symbol);
	set_safe(json, "agent", finding->agent);
	json_set(json, "redacted", json_string(finding->redacted));
	if (finding->secret_hash)
		json_set_text(json, "secret_hash", finding->secret_hash);
	json_set(json, "fingerprint", json_string(finding->fingerprint));
	if (finding->anchor_hash)
		json_set_text(json, "anchor", finding->anchor_hash);
	set_safe(json, "fix", finding->fix ? finding->fix : finding->check->fix);
	json_set(json, "source", sources_of(finding->check));
	json_set_text(json, "state", states[finding->state]);
	set_safe(json, "why", finding->why);
	if (finding->also) {
		struct json *also = json_object();

		set_place(also, finding->also);
		json_set(json, "also", also);
	}
	return json;
}

static int index_of(const char *word, const char *(*name)(int), int count)
{
	for (int i = 0; word && i < count; i++)
		if (!strcmp(name(i), word))
			return i;
	return -1;
}

static const char *severity_at(int i)
{
	return severity_name((enum check_severity)i);
}

static const char *fixability_at(int i)
{
	return fixability_name((enum check_fixability)i);
}

static const char *state_at(int i)
{
	return states[i];
}

/* Kept results lie in the tree that is judged, where anybody may have written: repairs go by these places. */
static int is_place(const struct json *json)
{
	static const char *const keys[] = { "offset", "length", "line", "column", "end_line", "end_column" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		int64_t number = json_int(json_get(json, keys[i]), 0);

		if (number < 0 || number > INT32_MAX)
			return 0;
	}
	return 1;
}

/* Below the root of the report: relative, without "..". */
static int is_inside(const char *path)
{
	if (!path || *path == '/')
		return 0;
	for (const char *at = path; at; at = strchr(at, '/'), at = at ? at + 1 : NULL)
		if (!strncmp(at, "..", 2) && (!at[2] || at[2] == '/'))
			return 0;
	return 1;
}

int finding_from_json(const struct json *json, const struct checks *checks, struct findings *findings)
{
	const char *rule = json_text(json_get(json, "rule")), *path = json_text(json_get(json, "path"));
	const struct check *check = rule ? checks_find(checks, rule) : NULL;
	int severity = index_of(json_text(json_get(json, "severity")), severity_at, SEVERITY_COUNT);
	int fixability = index_of(json_text(json_get(json, "fixability")), fixability_at, 2);
	int state = index_of(json_text_or(json_get(json, "state"), "open"), state_at, 3);
	struct place also = place_of(json_get(json, "also"));

	if (!check || !is_inside(path) || !json_text(json_get(json, "message")) || severity < 0 || fixability < 0 || state < 0 || !is_place(json) || !is_place(json_get(json, "also")))
		return -1;
	findings_add(findings, &(struct finding){ .check = check, .rule = rule, .message = json_text(json_get(json, "message")), .path = path,
		.place = place_of(json), .also = json_get(json, "also") ? &also : NULL, .symbol = json_text(json_get(json, "symbol")),
		.agent = json_text(json_get(json, "agent")), .redacted = json_text(json_get(json, "redacted")),
		.secret_hash = json_text(json_get(json, "secret_hash")), .fix = json_text(json_get(json, "fix")),
		.severity = (enum check_severity)severity, .fixability = (enum check_fixability)fixability, .state = (enum finding_state)state,
		.unfixable = json_text(json_get(json, "unfixable")), .why = json_text(json_get(json, "why")), .anchor_hash = json_text(json_get(json, "anchor")) });
	return 0;
}
