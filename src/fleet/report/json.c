#include "fleet/report/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "fleet/agent/agent.h"
#include "fleet/report/finding_json.h"
#include "fleet/report/report.h"
#include "fleet/supply/deps.h"
#include "fleet/supply/registry.h"

static struct json *classes_of(const struct report_unit *unit)
{
	struct json *json = json_object();

	for (int class = 0; class < CLASS_COUNT; class++)
		json_set_int(json, check_class_name((enum check_class)class), (int64_t)unit->open[class]);
	return json;
}

static struct json *severities_of(const struct report_unit *unit)
{
	struct json *json = json_object();

	for (int severity = 0; severity < SEVERITY_COUNT; severity++)
		json_set_int(json, severity_name((enum check_severity)severity), (int64_t)unit->by_severity[severity]);
	return json;
}

static struct json *agent_of(const struct report_unit *unit)
{
	struct json *json = json_object();
	char at[CLOCK_RFC3339_MAX];

	clock_format(unit->observed_ns, at);
	json_set_text(json, "path", *unit->path ? unit->path : ".");
	json_set_text(json, "hash", unit->hash);
	json_set_text(json, "brain", unit->agent->brain);
	json_set_text(json, "brain_why", unit->agent->brain_why);
	json_set_text(json, "framework", unit->agent->framework);
	json_set_int(json, "score", unit->score);
	json_set_int(json, "threshold", (int64_t)unit->agent->threshold);
	json_set_int(json, "files", (int64_t)unit->files);
	json_set_int(json, "bytes", unit->bytes);
	json_set(json, "findings", classes_of(unit));
	json_set(json, "by_severity", severities_of(unit));
	json_set_text(json, "content", unit->content);
	json_set_text(json, "observed_at", at);
	json_set(json, "unchanged", json_boolean(unit->kept != KEPT_NOT));
	json_make_safe(json);
	return json;
}

static struct json *notes_of(const struct report *report)
{
	struct json *list = json_array();

	for (size_t i = 0; i < report_notes(report); i++) {
		const struct report_note *note = report_note_at(report, i);
		struct json *json = json_object();

		json_set_text(json, "path", note->path);
		json_set_text(json, "text", note->text);
		json_set(json, "failed", json_boolean(note->failed));
		json_make_safe(json);
		json_add(list, json);
	}
	return list;
}

static struct json *summary_of(const struct report *report)
{
	struct json *json = json_object();
	struct report_unit all = { 0 };
	char at[CLOCK_RFC3339_MAX];
	size_t agents = 0, unchanged = 0;

	for (size_t i = 0; i < report_units(report); i++) {
		const struct report_unit *unit = report_unit_at(report, i);

		agents += unit->agent != NULL;
		unchanged += unit->agent && unit->kept != KEPT_NOT;
		for (int class = 0; class < CLASS_COUNT; class++)
			all.open[class] += unit->open[class];
		for (int severity = 0; severity < SEVERITY_COUNT; severity++)
			all.by_severity[severity] += unit->by_severity[severity];
		all.suppressed += unit->suppressed;
		all.known += unit->known;
	}
	clock_format(report_begun_ns(report), at);
	json_set_text(json, "root", report_root(report));
	json_make_safe(json);
	json_set_text(json, "started_at", at);
	json_set_int(json, "duration_ms", report_duration_ns(report) / (CLOCK_SECOND_NS / 1000));
	json_set_int(json, "agents", (int64_t)agents);
	json_set_int(json, "unchanged", (int64_t)unchanged);
	json_set_int(json, "files", (int64_t)report_files(report));
	json_set_int(json, "bytes", report_bytes(report));
	json_set(json, "by_class", classes_of(&all));
	json_set(json, "by_severity", severities_of(&all));
	json_set_int(json, "suppressed", (int64_t)all.suppressed);
	json_set_int(json, "baseline", (int64_t)all.known);
	json_set_int(json, "cut", (int64_t)findings_cut(report_findings(report)));
	json_set_text(json, "engine", report_engine(report));
	json_set_text(json, "checks", checks_version(report_checks(report)));
	return json_set(json, "notes", notes_of(report));
}

static struct json *dependencies_of(const struct report *report)
{
	struct json *list = deps_to_json(report_deps(report)), *row = json_first(list);

	for (size_t i = 0; row && report_registry(report); i++, row = json_next(row))
		json_set(row, "registry", registry_row_to_json(report_registry(report), deps_at(report_deps(report), i)));
	return list;
}

/* All but the findings. */
static struct json *head_of(const struct report *report)
{
	struct json *json = json_object(), *agents = json_array();

	for (size_t i = 0; i < report_units(report); i++)
		if (report_unit_at(report, i)->agent)
			json_add(agents, agent_of(report_unit_at(report, i)));
	json_set(json, "agents", agents);
	if (report_deps(report))
		json_set(json, "dependencies", dependencies_of(report));
	if (report_registry(report))
		json_set(json, "indices", registry_indices_to_json(report_registry(report)));
	json_set(json, "summary", summary_of(report));
	return json_set_int(json, "exit", report_exit(report));
}

struct json *report_to_json(const struct report *report)
{
	struct json *json = head_of(report), *counted = json_array(), *others = json_array();
	const struct findings *findings = report_findings(report);

	for (size_t i = 0; i < findings_count(findings); i++)
		json_add(findings_at(findings, i)->state == FINDING_OPEN ? counted : others, finding_to_json(findings_at(findings, i)));
	json_set(json, "findings", counted);
	return json_set(json, "suppressed", others);
}

static void write_findings(const struct findings *findings, const char *name, int open, FILE *out)
{
	const char *between = "\n";

	fprintf(out, ",\n  \"%s\": [", name);
	for (size_t i = 0; i < findings_count(findings); i++) {
		const struct finding *finding = findings_at(findings, i);

		if ((finding->state == FINDING_OPEN) != open)
			continue;
		struct json *json = finding_to_json(finding);
		char *text = json_format(json);

		fprintf(out, "%s    %s", between, text);
		between = ",\n";
		free(text);
		json_free(json);
	}
	fprintf(out, *between == ',' ? "\n  ]" : "]");
}

void report_write_json(const struct report *report, FILE *out)
{
	struct json *json = head_of(report);
	char *text = json_format_pretty(json), *end = strrchr(text, '}');

	while (end > text && (end[-1] == '\n' || end[-1] == ' '))
		end--;
	fwrite(text, 1, (size_t)(end - text), out);
	write_findings(report_findings(report), "findings", 1, out);
	write_findings(report_findings(report), "suppressed", 0, out);
	fputs("\n}\n", out);
	free(text);
	json_free(json);
}
