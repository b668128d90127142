#include "fleet/report/page.h"

#include <string.h>

#include "base/clock.h"
#include "base/safe.h"
#include "base/text.h"
#include "fleet/agent/agent.h"
#include "fleet/report/report.h"

enum { VALUE_MAX = 64 << 10 };

/* Harmless text with what XML and HTML give a meaning to as entities. */
static void add_escaped(struct text *out, const char *value)
{
	struct text safe;

	text_init(&safe, VALUE_MAX);
	safe_add(&safe, value ? value : "", value ? strlen(value) : 0);
	for (const char *c = safe.data; *c; c++)
		switch (*c) {
		case '<': text_add(out, "&lt;"); break;
		case '>': text_add(out, "&gt;"); break;
		case '&': text_add(out, "&amp;"); break;
		case '"': text_add(out, "&quot;"); break;
		case '\'': text_add(out, "&#39;"); break;
		default: text_add_char(out, *c);
		}
	text_release(&safe);
}

/* Parts of markup and values in turn, the values escaped; ends with NULL in place of markup. */
static void add_parts(struct text *out, const char *const *parts)
{
	for (size_t i = 0; parts[i]; i++)
		if (i % 2)
			add_escaped(out, parts[i]);
		else
			text_add(out, parts[i]);
}

static const char *name_of(const struct report_unit *unit)
{
	return !unit->agent ? "files of no agent" : *unit->path ? unit->path : ".";
}

static int is_of(const struct finding *finding, const struct report_unit *unit)
{
	return unit->agent ? finding->agent && !strcmp(finding->agent, unit->path) : !finding->agent;
}

static const char *fix_of(const struct finding *finding)
{
	return finding->fix ? finding->fix : finding->check->fix;
}

/* --- HTML --- */

static const char head[] =
	"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	"<title>Pilothouse report</title><style>\n"
	":root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
	"table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #8884;vertical-align:top}"
	"td.n,th.n{text-align:right}code{font:13px/1.4 ui-monospace,monospace;overflow-wrap:anywhere}"
	".critical{color:#c2185b;font-weight:600}.high{color:#d84315;font-weight:600}.medium{color:#9a6a00}.low,.info{color:#777}"
	"small{color:#777}details{margin:.2rem 0}\n</style></head><body>\n";

static void html_agents(const struct report *report, struct text *out)
{
	text_add(out, "<h2>Agents</h2>\n<table><tr><th>Agent<th>Framework<th class=n>Score<th class=n>Secrets<th class=n>Architecture<th class=n>Policy</tr>\n");
	for (size_t i = 0; i < report_units(report); i++) {
		const struct report_unit *unit = report_unit_at(report, i);

		if (!unit->agent)
			continue;
		add_parts(out, (const char *const[]){ "<tr><td><code>", name_of(unit), "</code><td>", unit->agent->framework, "<td class=n>", NULL });
		text_format(out, "%d<td class=n>%zu<td class=n>%zu<td class=n>%zu</tr>\n", unit->score, unit->open[CLASS_SECRET], unit->open[CLASS_ARCHITECTURE],
			unit->open[CLASS_POLICY]);
	}
	text_add(out, "</table>\n");
}

static void html_finding(const struct finding *finding, struct text *out)
{
	const char *severity = severity_name(finding->severity);

	text_format(out, "<tr><td class=\"%s\">%s<td>", severity, severity);
	add_parts(out, (const char *const[]){ "<b>", finding->check->title, "</b> <small>", finding->rule, " · ", finding->check->persona, " · ",
		fixability_name(finding->fixability), "</small><br>", finding->message, " <code>", finding->redacted ? finding->redacted : "",
		"</code><br><small>", fix_of(finding), finding->unfixable ? "; by hand: " : "", finding->unfixable ? finding->unfixable : "", "</small><td><code>", finding->path, NULL });
	text_format(out, ":%d</code></tr>\n", finding->place.line);
}

static void html_findings(const struct report *report, struct text *out)
{
	const struct findings *findings = report_findings(report);

	text_add(out, "<h2>Findings</h2>\n<table><tr><th>Severity<th>What<th>Where</tr>\n");
	for (int severity = 0; severity < SEVERITY_COUNT; severity++)
		for (size_t i = 0; i < findings_count(findings); i++)
			if (findings_at(findings, i)->state == FINDING_OPEN && (int)findings_at(findings, i)->severity == severity)
				html_finding(findings_at(findings, i), out);
	text_add(out, "</table>\n");
}

static void html_notes(const struct report *report, struct text *out)
{
	if (!report_notes(report))
		return;
	text_add(out, "<h2>Not looked at</h2>\n<ul>\n");
	for (size_t i = 0; i < report_notes(report); i++)
		add_parts(out, (const char *const[]){ "<li><code>", report_note_at(report, i)->path, "</code> ", report_note_at(report, i)->text, "\n", NULL });
	text_add(out, "</ul>\n");
}

void report_to_html(const struct report *report, struct text *out)
{
	char at[CLOCK_RFC3339_MAX];

	clock_format(report_begun_ns(report), at);
	text_add(out, head);
	add_parts(out, (const char *const[]){ "<h1>Pilothouse report</h1>\n<p><code>", report_root(report), "</code><br><small>", at, NULL });
	text_format(out, " · %zu files · %.1f MB · exit status %d</small>\n", report_files(report), (double)report_bytes(report) / 1e6, report_exit(report));
	html_agents(report, out);
	html_findings(report, out);
	html_notes(report, out);
	text_add(out, "</body></html>\n");
}

/* --- JUnit --- */

static void junit_case(const struct finding *finding, const struct report_unit *unit, struct text *out)
{
	char line[24];
	struct text number;

	text_init(&number, sizeof(line));
	text_format(&number, "%d", finding->place.line);
	add_parts(out, (const char *const[]){ "<testcase classname=\"", name_of(unit), "\" name=\"", finding->rule, " ", finding->path, ":", number.data,
		"\"><failure type=\"", severity_name(finding->severity), "\" message=\"", finding->check->title, "\">", finding->message, " ",
		finding->redacted ? finding->redacted : "", "\n", fix_of(finding), "</failure></testcase>\n", NULL });
	text_release(&number);
}

void report_to_junit(const struct report *report, struct text *out)
{
	const struct findings *findings = report_findings(report);

	text_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"pilothouse report\">\n");
	for (size_t u = 0; u < report_units(report); u++) {
		const struct report_unit *unit = report_unit_at(report, u);
		size_t failures = unit->open[CLASS_SECRET] + unit->open[CLASS_ARCHITECTURE] + unit->open[CLASS_POLICY];

		if (!unit->agent && !failures)
			continue;
		add_parts(out, (const char *const[]){ "<testsuite name=\"", name_of(unit), "\"", NULL });
		text_format(out, " tests=\"%zu\" failures=\"%zu\">\n", failures ? failures : 1, failures);
		if (!failures)
			add_parts(out, (const char *const[]){ "<testcase classname=\"", name_of(unit), "\" name=\"audit\"/>\n", NULL });
		for (size_t i = 0; i < findings_count(findings); i++)
			if (findings_at(findings, i)->state == FINDING_OPEN && is_of(findings_at(findings, i), unit))
				junit_case(findings_at(findings, i), unit, out);
		text_add(out, "</testsuite>\n");
	}
	text_add(out, "</testsuites>\n");
}
