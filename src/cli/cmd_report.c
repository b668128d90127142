#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/heal.h"
#include "fleet/agent/agent.h"
#include "fleet/heal/heal.h"
#include "fleet/report/json.h"
#include "fleet/report/page.h"
#include "fleet/report/report.h"
#include "fleet/report/sarif.h"
#include "fleet/supply/deps.h"
#include "fleet/supply/registry.h"
#include "gate/session.h"

extern const struct cli_command cmd_report;

enum { PAGE_MAX_BYTES = 512 << 20 };

static const struct cli_flag flags[] = {
	{ "workspace", 0, NULL, "a monorepo: also one row an agent" },
	{ "format", 0, "text|json|sarif|html|junit", "how the report is written" },
	{ "heal", 0, NULL, "mend what can be mended mechanically, through the gate; with --dry-run only show it" },
	{ "owner", 0, "NAME", "with --heal: who owns agents that have no owner" },
	{ "max-files", 0, "N", "with --heal: files at most; default max_fix_files of cockpit.yaml, else 200" },
	{ "baseline", 0, "FILE", "an earlier report as JSON: only what is new counts" },
	{ "lake", 0, "DIR", "folder of kept results; default evidence_lake in PATH" },
	{ "no-lake", 0, NULL, "keep no results, look at everything again" },
	{ "afresh", 0, NULL, "look at unchanged agents again" },
	{ "archives", 0, NULL, "also secrets in files inside zip, tar and gzip archives" },
	{ "history", 0, NULL, "also secrets that any commit of the git repository brought" },
	{ "dependencies", 0, NULL, "what manifests want and lock files settled on, by agent" },
	{ "registry", 0, NULL, "ask the package indices: versions, yanks, advisories" },
	{ "offline", 0, NULL, "the same from what is kept of earlier answers; no network" },
	{ "allow-public-lookup", 0, NULL, "names a private index did not tell about may go to the public one" },
	{ "registry-timeout", 0, "SECONDS", "for all indices together; default 60" },
	{ "threads", 0, "N", "threads; default one a processor" },
	{ "no-vectorscan", 0, NULL, "scan by the slower engine: the same findings" },
	{ 0 },
};

static void progress(void *arg, const struct report_progress *at)
{
	enum { BAR = 24 };
	char bar[BAR + 1];
	double seconds = (double)at->elapsed_ns / CLOCK_SECOND_NS;
	size_t done = at->files_total ? at->files * BAR / at->files_total : BAR;

	memset(bar, '.', BAR);
	memset(bar, '#', done < BAR ? done : BAR);
	bar[BAR] = 0;
	cli_progress(arg, "%s %zu of %zu files  %.0f MB/s", bar, at->files, at->files_total, seconds > 0 ? (double)at->bytes / 1e6 / seconds : 0);
}

static atomic_int stopped;

static void stop(int signal_number)
{
	(void)signal_number;
	atomic_store(&stopped, 1);
}

/* --- text --- */

static int by_weight(const void *a, const void *b)
{
	const struct finding *x = *(const struct finding *const *)a, *y = *(const struct finding *const *)b;

	if (x->severity != y->severity)
		return (int)x->severity - (int)y->severity;
	int order = strcmp(x->path, y->path);

	return order ? order : (x->place.offset > y->place.offset) - (x->place.offset < y->place.offset);
}

static void print_findings(struct cli *cli, const struct findings *findings)
{
	const struct finding **rows = mem_zero(findings_count(findings) + 1, sizeof(*rows));
	size_t count = 0;

	for (size_t i = 0; i < findings_count(findings); i++)
		if (findings_at(findings, i)->state == FINDING_OPEN)
			rows[count++] = findings_at(findings, i);
	if (count)
		qsort(rows, count, sizeof(*rows), by_weight);
	for (size_t i = 0; i < count; i++) {
		const struct finding *finding = rows[i];
		const char *name = severity_name(finding->severity);

		cli_write_in(cli, name, "%-8s", name);
		cli_write(cli_out(cli), "  %s%s%s\n",
			finding->message && *finding->message ? finding->message : finding->check->title, finding->redacted ? "  " : "",
			finding->redacted ? finding->redacted : "");
		cli_write(cli_out(cli), "          %s:%d  %s  %s, %s\n", finding->path, finding->place.line, finding->rule, finding->check->persona,
			fixability_name(finding->fixability));
		cli_write(cli_out(cli), "          fix: %s\n", finding->fix ? finding->fix : finding->check->fix);
		if (finding->unfixable)
			cli_write(cli_out(cli), "          by hand: %s\n", finding->unfixable);
	}
	free(rows);
}

static void count_cell(struct cli_table *table, size_t count)
{
	char text[24];

	snprintf(text, sizeof(text), "%zu", count);
	cli_table_cell(table, count ? text : "-");
}

static void print_agents(struct cli *cli, const struct report *report)
{
	static const char *const columns[] = { "SCORE", "SECRETS", "ARCHITECTURE", "POLICY" };
	struct cli_table *table = cli_table_new(cli);
	char score[16];

	cli_table_column(table, "AGENT", 'l');
	cli_table_column(table, "FRAMEWORK", 'l');
	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
		cli_table_column(table, columns[i], 'r');
	for (size_t i = 0; i < report_units(report); i++) {
		const struct report_unit *unit = report_unit_at(report, i);

		if (!unit->agent)
			continue;
		snprintf(score, sizeof(score), "%d", unit->score);
		cli_table_cell(table, *unit->path ? unit->path : ".");
		cli_table_cell(table, unit->agent->framework);
		cli_table_cell(table, score);
		for (int class = 0; class < CLASS_COUNT; class++)
			count_cell(table, unit->open[class]);
	}
	cli_table_show(table, 1);
	cli_write(cli_out(cli), "\n");
}

/* What manifests want; what only lock files name is counted. registry NULL: no index was asked. */
static void print_dependencies(struct cli *cli, const struct deps *deps, const struct registry *registry)
{
	static const char *const columns[] = { "PACKAGE", "WANTED", "VERSION", "FROM", "LATEST", "INDEX", "PLACE" };
	struct cli_table *table = cli_table_new(cli);
	char place[4200];
	size_t others = 0;

	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
		if (registry || (i != 4 && i != 5))
			cli_table_column(table, columns[i], 'l');
	for (size_t i = 0; i < deps_count(deps); i++) {
		const struct dependency *row = deps_at(deps, i);
		const char *latest = registry ? registry_latest(registry, row->ecosystem, row->name) : NULL;

		others += !row->wanted;
		if (!row->wanted)
			continue;
		snprintf(place, sizeof(place), "%s:%d", row->path, row->line);
		cli_table_cell(table, row->name);
		cli_table_cell(table, *row->wanted ? row->wanted : "any");
		cli_table_cell(table, row->version ? row->version : "unknown");
		cli_table_cell(table, row->lock ? row->lock : row->version ? "exact" : "no lock");
		if (registry) {
			cli_table_cell(table, latest ? latest : "unknown");
			cli_table_cell(table, registry_state_name(registry_state(registry, row)));
		}
		cli_table_cell(table, place);
	}
	cli_table_show(table, 1);
	cli_write(cli_out(cli), "%zu more in lock files\n\n", others);
}

/* Which index told about how many names. */
static void print_indices(struct cli *cli, const struct registry *registry)
{
	for (size_t i = 0; i < registry_indices(registry); i++) {
		const struct registry_index *index = registry_index_at(registry, i);

		if (index->asked || index->answered || index->missing)
			cli_write(cli_out(cli), "index  %s (%s): has %zu of the packages, %zu not%s%s\n", index->url, index->from, index->answered, index->missing, index->cause ? "; failed: " : "",
				index->cause ? index->cause : "");
	}
}

static void print_summary(struct cli *cli, const struct report *report)
{
	size_t open[CLASS_COUNT] = { 0 }, agents = 0, unchanged = 0, hidden = 0, known = 0;

	for (size_t i = 0; i < report_units(report); i++) {
		const struct report_unit *unit = report_unit_at(report, i);

		for (int class = 0; class < CLASS_COUNT; class++)
			open[class] += unit->open[class];
		agents += unit->agent != NULL;
		unchanged += unit->agent && unit->kept != KEPT_NOT;
		hidden += unit->suppressed;
		known += unit->known;
	}
	if (report_registry(report))
		print_indices(cli, report_registry(report));
	for (size_t i = 0; i < report_notes(report); i++)
		cli_write(cli_out(cli), "%s  %s: %s\n", report_note_at(report, i)->failed ? "unread" : "note  ", report_note_at(report, i)->path,
			report_note_at(report, i)->text);
	cli_write(cli_out(cli), "%zu agents (%zu unchanged), %zu files, %.1f MB in %.1f s\n", agents, unchanged, report_files(report),
		(double)report_bytes(report) / 1e6, (double)report_duration_ns(report) / CLOCK_SECOND_NS);
	cli_write(cli_out(cli), "%zu secrets, %zu architecture, %zu policy", open[CLASS_SECRET], open[CLASS_ARCHITECTURE], open[CLASS_POLICY]);
	if (hidden || known)
		cli_write(cli_out(cli), "; %zu suppressed, %zu in the baseline", hidden, known);
	if (findings_cut(report_findings(report)))
		cli_write(cli_out(cli), "; %zu more were only counted", findings_cut(report_findings(report)));
	cli_write(cli_out(cli), "\n");
}

static int print_text(struct cli *cli, const struct report *report)
{
	if (cli_flag(cli, "workspace"))
		print_agents(cli, report);
	if (cli_flag(cli, "dependencies"))
		print_dependencies(cli, report_deps(report), report_registry(report));
	print_findings(cli, report_findings(report));
	print_summary(cli, report);
	return 0;
}

static int print_json(struct cli *cli, const struct report *report)
{
	if (cli_format(cli) != FORMAT_JSON && cli_data(cli))
		return cli_print_with_rows(cli, report_to_json(report), "findings");
	report_write_json(report, cli_out(cli));
	return 0;
}

static int print_sarif(struct cli *cli, const struct report *report)
{
	struct json *document = report_to_sarif(report);
	char *text = json_format_pretty(document); /* SARIF is JSON, whatever -o says */

	fputs(text, cli_out(cli));
	free(text);
	json_free(document);
	return 0;
}

static int print_page(struct cli *cli, const struct report *report, void (*write)(const struct report *report, struct text *out))
{
	struct text page;

	text_init(&page, PAGE_MAX_BYTES);
	write(report, &page);
	size_t written = fwrite(page.data, 1, page.length, cli_out(cli));
	int failed = written != page.length || page.cut;

	text_release(&page);
	return failed;
}

static int print_html(struct cli *cli, const struct report *report)
{
	return print_page(cli, report, report_to_html);
}

static int print_junit(struct cli *cli, const struct report *report)
{
	return print_page(cli, report, report_to_junit);
}

/* --- formats --- */

static const struct format {
	const char *name;
	int (*print)(struct cli *cli, const struct report *report);
} formats[] = {
	{ "text", print_text },
	{ "json", print_json },
	{ "sarif", print_sarif },
	{ "html", print_html },
	{ "junit", print_junit },
};

/* --format, else -o json. NULL: no such format. */
static const struct format *wanted_format(struct cli *cli)
{
	const char *name = cli_flag(cli, "format");

	if (!name)
		name = cli_data(cli) ? "json" : "text";
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (!strcmp(formats[i].name, name))
			return &formats[i];
	return NULL;
}

/* NULL with err->code ERR_NONE: nobody wants it. */
static const struct registry_options *registry_wanted(struct cli *cli, struct registry_options *options, struct error *err)
{
	static const char *const keys[ECOSYSTEM_COUNT] = { "registry.pypi", "registry.npm" };

	if (!cli_flag(cli, "registry") && !cli_flag(cli, "offline"))
		return NULL;
	*options = (struct registry_options){ .offline = cli_flag(cli, "offline") != NULL, .allow_public_lookup = cli_flag(cli, "allow-public-lookup") != NULL,
		.timeout_ms = (int)cli_flag_number(cli, "registry-timeout", 0) * 1000, .cancelled = &stopped };
	for (size_t i = 0; i < ECOSYSTEM_COUNT; i++)
		options->public_index[i] = config_get(session_config(cli_session(cli)), keys[i]);
	if (!options->offline)
		options->net = session_net(cli_session(cli), err);
	return options;
}

static struct report *make_report(struct cli *cli, struct error *err)
{
	struct registry_options registry;
	struct report_options options = {
		.path = cli_arg(cli, 0) ? cli_arg(cli, 0) : ".",
		.lake = cli_flag(cli, "no-lake") || cli_dry_run(cli) ? "" : cli_flag(cli, "lake"),
		.baseline = cli_flag(cli, "baseline"),
		.threads = (int)cli_flag_number(cli, "threads", 0),
		.afresh = cli_flag(cli, "afresh") != NULL,
		.archives = cli_flag(cli, "archives") != NULL,
		.history = cli_flag(cli, "history") != NULL,
		.dependencies = cli_flag(cli, "dependencies") != NULL,
		.registry = registry_wanted(cli, &registry, err),
		.no_vectorscan = cli_flag(cli, "no-vectorscan") != NULL,
		.cancelled = &stopped,
		.progress = progress,
		.arg = cli,
	};
	struct report *report = err->code ? NULL : report_run(&options, err);

	cli_progress(cli, NULL);
	return report;
}

/* What is left is looked for again: the exit status is that of the tree as it is afterwards. */
static int exit_afterwards(struct cli *cli)
{
	struct error err = { 0 };
	struct report *report = make_report(cli, &err);

	if (!report) {
		cli_fail(cli, &err);
		return REPORT_ERROR_EXIT;
	}
	if (!cli_data(cli))
		print_summary(cli, report);
	int status = report_exit(report);
	report_free(report);
	return status;
}

static int mend(struct cli *cli, struct report *report)
{
	struct heal *heal = heal_new(report, &(struct heal_options){ .max_files = (size_t)cli_flag_number(cli, "max-files", 0), .owner = cli_flag(cli, "owner") });
	int status, ran = 0;

	if (cli_dry_run(cli)) {
		heal_show(cli, heal);
		status = report_exit(report);
	} else {
		status = heal_carry_out(cli, heal, &ran);
		if (!status)
			status = ran ? exit_afterwards(cli) : report_exit(report);
	}
	heal_free(heal);
	return status;
}

static int run(struct cli *cli)
{
	struct error err = { 0 };
	const struct format *format = wanted_format(cli);

	if (!format)
		return cli_usage(cli, "report --format %.40s: text, json, sarif, html or junit", cli_flag(cli, "format"));
	signal(SIGINT, stop);
	signal(SIGTERM, stop);
	struct report *report = make_report(cli, &err);
	if (!report) {
		cli_fail(cli, &err);
		return REPORT_ERROR_EXIT;
	}
	int status = cli_flag(cli, "heal") ? mend(cli, report) : format->print(cli, report) ? REPORT_ERROR_EXIT : report_exit(report);
	report_free(report);
	return status;
}

const struct cli_command cmd_report = {
	.name = "report", .most = 1,
	.usage = "[PATH]",
	.help = "audit a tree of AI agents: leaked credentials, architecture, policy",
	.more = "Exit status: 0 passed, 1 a secret was found, 2 an architecture or policy violation, 3 no report could be made or something could not be "
		"read; the lowest that applies. Findings of severity low are shown and do not count. What .cockpitignore and cockpit.yaml exclude is never "
		"opened; nothing of the tree is ever executed.\n\nA finding is suppressed by a comment on its line, on the line before or, for the whole file, in "
		"its first ten lines: cockpit-ignore: RULE owner=NAME reason=\"WHY\" until=2027-01-31.",
	.flags = flags,
	.run = run,
};
