/* What the findings come to: what is new, what counts, scores. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "fleet/agent/agent.h"
#include "fleet/check/suppress.h"
#include "fleet/report/private.h"

#define THRESHOLD_CHECK "GOV003" /* follows from the score, so it is no part of it */
enum { BASELINE_MAX_BYTES = 256 << 20, SCORE_FULL = 100 };

/* Points a check costs an agent, once however often it is found. */
static const int points[SEVERITY_COUNT] = { [SEVERITY_CRITICAL] = 20, [SEVERITY_HIGH] = 10, [SEVERITY_MEDIUM] = 4, [SEVERITY_LOW] = 1 };

/* --- baseline --- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void mark_known(struct report *report, const char **known, size_t count)
{
	for (size_t i = 0; i < findings_count(report->findings); i++) {
		struct finding *finding = findings_at(report->findings, i);

		if (finding->state == FINDING_OPEN && bsearch(&finding->fingerprint, known, count, sizeof(*known), by_text)) {
			finding->state = FINDING_BASELINE;
			finding->why = "in the baseline";
		}
	}
}

static int apply_baseline(struct report *report, struct error *err)
{
	size_t length, count = 0;
	char *bytes = file_load(report->options.baseline, BASELINE_MAX_BYTES, &length, err);
	struct json *json = bytes ? json_parse(bytes, length, err) : NULL;
	const struct json *rows = json_get(json, "findings");

	free(bytes);
	if (json && !json_is(rows, JSON_ARRAY))
		error_set(err, ERR_FORMAT, "no `findings` in it; make it with report --format json");
	if (!json_is(rows, JSON_ARRAY)) {
		json_free(json);
		return error_wrap(err, "baseline %s", report->options.baseline);
	}
	const char **known = mem_zero(json_count(rows) + 1, sizeof(*known));
	for (const struct json *row = json_first(rows); row; row = json_next(row))
		if (json_text(json_get(row, "fingerprint")))
			known[count++] = json_text(json_get(row, "fingerprint"));
	if (count) {
		qsort(known, count, sizeof(*known), by_text);
		mark_known(report, known, count);
	}
	free(known);
	json_free(json);
	return 0;
}

/* --- counts and scores --- */

static struct report_unit *unit_of(struct report *report, const char *agent)
{
	size_t low = 0, high = report->unit_count && !report->units[report->unit_count - 1].agent ? report->unit_count - 1 : report->unit_count;

	if (!agent)
		return high < report->unit_count ? &report->units[high] : NULL;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(report->units[middle].path, agent);

		if (!order)
			return &report->units[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static void count(struct report_unit *unit, const struct finding *finding)
{
	unit->suppressed += finding->state == FINDING_SUPPRESSED;
	unit->known += finding->state == FINDING_BASELINE;
	if (finding->state != FINDING_OPEN)
		return;
	unit->open[finding->check->class]++;
	unit->by_severity[finding->severity]++;
}

void report_score(struct report *report)
{
	size_t checks = checks_count(report->checks);
	unsigned char *seen = mem_zero(report->unit_count * checks + 1, 1);
	const struct check *first = checks_at(report->checks, 0);

	for (size_t u = 0; u < report->unit_count; u++)
		report->units[u].score = SCORE_FULL;
	for (size_t i = 0; i < findings_count(report->findings); i++) {
		const struct finding *finding = findings_at(report->findings, i);
		struct report_unit *unit = unit_of(report, finding->agent);

		if (!unit || !strcmp(finding->check->id, THRESHOLD_CHECK))
			continue;
		size_t at = (size_t)(unit - report->units) * checks + (size_t)(finding->check - first);
		if (finding->state != FINDING_SUPPRESSED && !seen[at])
			unit->score -= points[finding->severity];
		seen[at] |= finding->state != FINDING_SUPPRESSED;
	}
	for (size_t u = 0; u < report->unit_count; u++)
		report->units[u].score = report->units[u].score > 0 ? report->units[u].score : 0;
	free(seen);
}

/* GOV003: the score is under what the agent's cockpit.yaml asks for. */
static void judge_threshold(struct report *report, struct report_unit *unit)
{
	const struct check *check = checks_find(report->checks, THRESHOLD_CHECK);
	size_t from = findings_count(report->findings);
	char path[4096], message[120];

	if (!check || !unit->agent || unit->agent->threshold <= unit->score)
		return;
	snprintf(path, sizeof(path), "%s%scockpit.yaml", unit->path, *unit->path ? "/" : "");
	snprintf(message, sizeof(message), "score %d is under the threshold of %g", unit->score, unit->agent->threshold);
	findings_add(report->findings, &(struct finding){ .check = check, .rule = check->id, .message = message, .path = path, .agent = unit->path,
		.place = { .line = json_line(json_get(unit->agent->config, "threshold")), .column = 1 }, .severity = check->severity,
		.fixability = check->fixability, .anchor = "threshold" });
	suppress_by_config(unit->agent, report->findings, from, report->begun_ns);
}

int report_judge(struct report *report, struct error *err)
{
	for (size_t u = 0; u < report->unit_count; u++)
		judge_threshold(report, &report->units[u]);
	findings_finish(report->findings);
	if (report->options.baseline && apply_baseline(report, err))
		return -1;
	for (size_t i = 0; i < findings_count(report->findings); i++) {
		const struct finding *finding = findings_at(report->findings, i);
		struct report_unit *unit = unit_of(report, finding->agent);

		if (unit)
			count(unit, finding);
	}
	return 0;
}

int report_exit(const struct report *report)
{
	int status = 0;

	for (size_t i = 0; i < findings_count(report->findings); i++) {
		const struct finding *finding = findings_at(report->findings, i);

		if (finding->state != FINDING_OPEN)
			continue;
		if (finding->check->class == CLASS_SECRET)
			return 1;
		if (finding->severity < SEVERITY_LOW)
			status = 2;
	}
	for (size_t i = 0; i < report->note_count && !status; i++)
		status = report->notes[i].failed ? REPORT_ERROR_EXIT : 0;
	return status;
}
