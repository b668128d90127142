#include "fleet/report/sarif.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"
#include "fleet/agent/agent.h"
#include "fleet/report/report.h"

enum { RESULTS_MAX = 25000, URI_MAX = 64 << 10 };

/* As code scanning orders them ("security-severity", CVSS-like). */
static const char *const scores[SEVERITY_COUNT] = { "9.5", "8.0", "5.5", "2.0", "0.0" };
static const char *const levels[SEVERITY_COUNT] = { "error", "error", "warning", "note", "note" };


struct writing {
	const struct report *report;
	const struct finding **rows;
	size_t count, cut;
	const struct check **rules; /* distinct ones among the findings; a result's ruleId adds the detail (SARIF 3.52.4) */
	size_t rule_count;
};

/* --- small parts --- */

static struct json *text_of(const char *text)
{
	struct json *json = json_object();

	json_set_text(json, "text", text);
	json_make_safe(json);
	return json;
}

/* {"text": …} ends as a sentence does. */
static struct json *sentence_of(const char *text)
{
	size_t length = strlen(text);
	char *ended = mem_format("%s%s", text, length && strchr(".!?", text[length - 1]) ? "" : ".");
	struct json *json = text_of(ended);

	free(ended);
	return json;
}

/* RFC 3986 2.3: everything but unreserved characters and '/' is percent-encoded, byte by byte. */
static struct json *uri_of(const char *path)
{
	struct text uri;

	text_init(&uri, URI_MAX);
	for (const unsigned char *c = (const unsigned char *)path; *c; c++)
		if ((*c | 32) >= 'a' && (*c | 32) <= 'z')
			text_add_char(&uri, (char)*c);
		else if (strchr("0123456789-._~/", *c))
			text_add_char(&uri, (char)*c);
		else
			text_format(&uri, "%%%02X", *c);
	struct json *json = json_string(uri.data);

	text_release(&uri);
	return json;
}

/* --- rules --- */

static int by_rule(const void *a, const void *b)
{
	return strcmp((*(const struct check *const *)a)->id, (*(const struct check *const *)b)->id);
}

static void collect_rules(struct writing *writing)
{
	size_t kept = 0;

	writing->rules = mem_zero(writing->count + 1, sizeof(*writing->rules));
	for (size_t i = 0; i < writing->count; i++)
		writing->rules[i] = writing->rows[i]->check;
	if (writing->count)
		qsort(writing->rules, writing->count, sizeof(*writing->rules), by_rule);
	for (size_t i = 0; i < writing->count; i++)
		if (!kept || writing->rules[kept - 1] != writing->rules[i])
			writing->rules[kept++] = writing->rules[i];
	writing->rule_count = kept;
}

static size_t rule_index(const struct writing *writing, const struct check *check)
{
	const struct check **rule = bsearch(&check, writing->rules, writing->rule_count, sizeof(check), by_rule);

	return rule ? (size_t)(rule - writing->rules) : 0;
}

/* A name for people without spaces, as validators want it: "CloudKeyPairInSource". */
static struct json *name_of(const struct check *check)
{
	struct text name;
	int upper = 1;

	text_init(&name, 200);
	for (const char *c = check->title; *c; c++) {
		int letter = (*c | 32) >= 'a' && (*c | 32) <= 'z', digit = *c >= '0' && *c <= '9';

		if (letter || digit)
			text_add_char(&name, upper && *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c);
		upper = !letter && !digit;
	}
	struct json *json = json_string(name.data);

	text_release(&name);
	return json;
}

static struct json *tags_of(const struct check *check)
{
	struct json *tags = json_array();

	if (check->class != CLASS_ARCHITECTURE)
		json_add(tags, json_string("security"));
	json_add(tags, json_string(check_class_name(check->class)));
	json_add(tags, json_string(check->persona));
	for (const char *const *source = check->sources; *source; source++)
		json_add(tags, json_string(*source));
	return tags;
}

static struct json *rule_to_json(const struct check *check)
{
	struct json *json = json_object(), *properties = json_object(), *defaults = json_object();

	json_set_text(defaults, "level", levels[check->severity]);
	json_set(properties, "tags", tags_of(check));
	json_set_text(properties, "security-severity", scores[check->severity]);
	json_set_text(properties, "precision", "high");
	json_set_text(properties, "fixability", fixability_name(check->fixability));
	json_set_text(properties, "persona", check->persona);
	json_set_text(json, "id", check->id);
	json_set(json, "name", name_of(check));
	json_set(json, "shortDescription", sentence_of(check->title));
	json_set(json, "fullDescription", sentence_of(*check->detect ? check->detect : check->title));
	json_set(json, "help", sentence_of(check->fix));
	json_set(json, "defaultConfiguration", defaults);
	return json_set(json, "properties", properties);
}

/* --- results --- */

static struct json *region_of(const struct place *place)
{
	struct json *json = json_object();

	json_set_int(json, "startLine", place->line > 0 ? place->line : 1);
	if (place->column > 0)
		json_set_int(json, "startColumn", place->column);
	if (place->length && place->end_line >= place->line && place->end_column > 0) {
		json_set_int(json, "endLine", place->end_line);
		json_set_int(json, "endColumn", place->end_column);
	}
	return json;
}

static struct json *location_of(const struct finding *finding, const struct place *place, int id)
{
	struct json *location = json_object(), *physical = json_object(), *artifact = json_object();

	json_set(artifact, "uri", uri_of(finding->path));
	json_set_text(artifact, "uriBaseId", "%SRCROOT%");
	json_set(physical, "artifactLocation", artifact);
	json_set(physical, "region", region_of(place));
	if (id)
		json_set_int(location, "id", id);
	return json_set(location, "physicalLocation", physical);
}

static struct json *list_of(struct json *item)
{
	return json_add(json_array(), item);
}

static struct json *message_of(const struct finding *finding)
{
	char *text = mem_format("%s%s%s. Fix: %s", finding->message && *finding->message ? finding->message : finding->check->title,
		finding->redacted ? " " : "", finding->redacted ? finding->redacted : "", finding->fix ? finding->fix : finding->check->fix);
	struct json *json = sentence_of(text);

	free(text);
	return json;
}

static struct json *suppressions_of(const struct finding *finding)
{
	struct json *json = json_object();

	json_set_text(json, "kind", finding->state == FINDING_SUPPRESSED ? "inSource" : "external");
	json_set_text(json, "status", "accepted");
	json_set_text(json, "justification", finding->why ? finding->why : "");
	json_make_safe(json);
	return list_of(json);
}

static struct json *result_to_json(const struct writing *writing, const struct finding *finding)
{
	struct json *json = json_object(), *prints = json_object(), *properties = json_object();

	json_set_text(prints, "primaryLocationLineHash", finding->fingerprint);
	json_set_text(properties, "security-severity", scores[finding->severity]);
	json_set_text(properties, "fixability", fixability_name(finding->fixability));
	json_set_text(properties, "class", check_class_name(finding->check->class));
	if (finding->agent)
		json_set_text(properties, "agent", *finding->agent ? finding->agent : ".");
	json_make_safe(properties);
	json_set_text(json, "ruleId", finding->rule);
	json_set_int(json, "ruleIndex", (int64_t)rule_index(writing, finding->check));
	json_set_text(json, "level", levels[finding->severity]);
	json_set(json, "message", message_of(finding));
	json_set(json, "locations", list_of(location_of(finding, &finding->place, 0)));
	if (finding->also)
		json_set(json, "relatedLocations", list_of(location_of(finding, finding->also, 1)));
	json_set(json, "partialFingerprints", prints);
	if (finding->state != FINDING_OPEN)
		json_set(json, "suppressions", suppressions_of(finding));
	return json_set(json, "properties", properties);
}

static int by_weight(const void *a, const void *b)
{
	const struct finding *x = *(const struct finding *const *)a, *y = *(const struct finding *const *)b;
	int order = (int)x->state - (int)y->state;

	if (!order)
		order = (int)x->severity - (int)y->severity;
	if (!order)
		order = strcmp(x->path, y->path);
	return order ? order : (x->place.offset > y->place.offset) - (x->place.offset < y->place.offset);
}

static void collect(struct writing *writing)
{
	const struct findings *findings = report_findings(writing->report);
	size_t all = findings_count(findings);

	writing->rows = mem_zero(all + 1, sizeof(*writing->rows));
	for (size_t i = 0; i < all; i++)
		writing->rows[i] = findings_at(findings, i);
	if (all)
		qsort(writing->rows, all, sizeof(*writing->rows), by_weight);
	writing->count = all < RESULTS_MAX ? all : RESULTS_MAX;
	writing->cut = all - writing->count + findings_cut(findings);
}

/* --- the run --- */

static struct json *notification_of(const char *level, const char *text, const char *path)
{
	struct json *json = json_object();

	json_set_text(json, "level", level);
	json_set(json, "message", sentence_of(text));
	if (path) {
		struct json *location = json_object(), *physical = json_object(), *artifact = json_object();

		json_set(artifact, "uri", uri_of(path));
		json_set_text(artifact, "uriBaseId", "%SRCROOT%");
		json_set(physical, "artifactLocation", artifact);
		json_set(json, "locations", list_of(json_set(location, "physicalLocation", physical)));
	}
	return json;
}

static struct json *invocation_of(const struct writing *writing)
{
	const struct report *report = writing->report;
	struct json *json = json_object(), *notes = json_array();
	char begun[CLOCK_RFC3339_MAX], ended[CLOCK_RFC3339_MAX], cut[120];

	clock_format(report_begun_ns(report), begun);
	clock_format(report_begun_ns(report) + report_duration_ns(report), ended);
	for (size_t i = 0; i < report_notes(report); i++) {
		const struct report_note *note = report_note_at(report, i);

		json_add(notes, notification_of(note->failed ? "error" : "note", note->text, *note->path == '/' ? NULL : note->path));
	}
	if (writing->cut) {
		snprintf(cut, sizeof(cut), "%zu findings of least severity are not in this file", writing->cut);
		json_add(notes, notification_of("warning", cut, NULL));
	}
	json_set(json, "executionSuccessful", json_boolean(report_exit(report) != REPORT_ERROR_EXIT));
	json_set_text(json, "startTimeUtc", begun);
	json_set_text(json, "endTimeUtc", ended);
	return json_set(json, "toolExecutionNotifications", notes);
}

static struct json *driver_of(const struct writing *writing)
{
	struct json *driver = json_object(), *rules = json_array();

	for (size_t i = 0; i < writing->rule_count; i++)
		json_add(rules, rule_to_json(writing->rules[i]));
	json_set_text(driver, "name", "pilothouse");
	json_set_text(driver, "version", PACKAGE_VERSION);
	json_set_text(driver, "semanticVersion", PACKAGE_VERSION);
	json_set_text(driver, "informationUri", "urn:pilothouse:report"); /* it has no page of its own to name */
	return json_set(driver, "rules", rules);
}

static struct json *run_of(const struct writing *writing)
{
	struct json *json = json_object(), *tool = json_object(), *details = json_object(), *bases = json_object(), *base = json_object();
	struct json *results = json_array();

	for (size_t i = 0; i < writing->count; i++)
		json_add(results, result_to_json(writing, writing->rows[i]));
	json_set(tool, "driver", driver_of(writing));
	json_set_text(details, "id", "pilothouse-report/");
	json_set(base, "description", text_of("The root of the audited tree."));
	json_set(bases, "%SRCROOT%", base);
	json_set(json, "tool", tool);
	json_set(json, "automationDetails", details);
	json_set(json, "originalUriBaseIds", bases);
	json_set(json, "invocations", list_of(invocation_of(writing)));
	json_set_text(json, "columnKind", "unicodeCodePoints");
	return json_set(json, "results", results);
}

struct json *report_to_sarif(const struct report *report)
{
	struct writing writing = { .report = report };
	struct json *json = json_object();

	collect(&writing);
	collect_rules(&writing);
	json_set_text(json, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	json_set_text(json, "version", "2.1.0");
	json_set(json, "runs", list_of(run_of(&writing)));
	free(writing.rows);
	free(writing.rules);
	return json;
}
