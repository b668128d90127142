#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/plans.h"
#include "cli/words.h"
#include "gate/gate.h"
#include "gate/session.h"

static atomic_int cancelled;

static void on_interrupt(int number)
{
	(void)number;
	atomic_store(&cancelled, 1);
}

struct progress {
	const struct cli *cli;
	size_t begun, ended;
};

/* A step that failed is said; that others begin and end only with -v, else how far it is. */
static void on_progress(const struct gate_progress *at, void *arg)
{
	struct progress *progress = arg;
	const struct cli *cli = progress->cli;
	int has_begun = !strcmp(at->status, "started"), has_failed = !strcmp(at->status, "failed");

	progress->begun += (size_t)has_begun;
	progress->ended += has_failed || !strcmp(at->status, "done");
	if (has_failed || cli_verbose(cli)) {
		cli_progress(cli, NULL);
		cli_say(cli, "  %-20s %-8s %.1f s%s%s", at->step, at->status, (double)at->elapsed_ns / 1e9, at->line ? "  " : "", at->line ? at->line : "");
	} else {
		cli_progress(cli, "reading: %zu of %zu steps begun are done, %.1f s", progress->ended, progress->begun, (double)at->elapsed_ns / 1e9);
	}
}

static void print_cites(FILE *out, const struct json *cites)
{
	for (const struct json *cite = json_first(cites); cite; cite = json_next(cite))
		cli_write(out, " [%s]", json_text_or(cite, "?"));
}

static void print_intent(FILE *out, const struct json *intent)
{
	const struct json *target = json_get(intent, "target");
	const char *scope = json_text(json_get(target, "scope"));

	cli_write(out, "intent   %s %s%s%s  confidence %.2f\n", json_text_or(json_get(intent, "intent_type"), "?"),
		json_text_or(json_get(target, "resource_type"), "?"), scope ? ", " : "", scope ? scope : "", json_number(json_get(intent, "confidence"), 0));
}

static void print_report(struct cli *cli, const struct json *report)
{
	FILE *out = cli_out(cli);

	print_intent(out, json_get(report, "intent"));
	cli_write(out, "playbook %s  %s in %.1f s\n\n", json_text_or(json_get(report, "playbook"), "?"), json_text_or(json_get(report, "status"), "?"),
		(double)json_int(json_get(report, "duration_ms"), 0) / 1000);
	for (const struct json *row = json_first(json_get(report, "evidence")); row; row = json_next(row))
		cli_write(out, "%-4s %-16s %s\n", json_text_or(json_get(row, "id"), ""), json_text_or(json_get(row, "step"), ""), json_text_or(json_get(row, "summary"), ""));
	fputc('\n', out);
	for (const struct json *finding = json_first(json_get(report, "findings")); finding; finding = json_next(finding)) {
		cli_write(out, "%lld  %-24s %s", (long long)json_int(json_get(finding, "rank"), 0), json_text_or(json_get(finding, "class"), ""),
			json_text_or(json_get(finding, "cause"), ""));
		print_cites(out, json_get(finding, "cites"));
		fputc('\n', out);
	}
	for (const struct json *why = json_first(json_get(report, "not_proposed")); why; why = json_next(why))
		cli_write(out, "\nnot proposed: %s\n", json_text_or(why, ""));
}

/* Writes the findings call for are asked about, never begun by themselves. */
static int carry_out(struct cli *cli, struct gate *gate, const struct json *report)
{
	struct error err = { 0 };
	const char *proposal = json_text(json_get(report, "proposal"));

	if (!proposal)
		return 0;
	struct plan *plan = gate_plan_load(gate, proposal, &err);
	if (!plan)
		return cli_fail(cli, &err);
	if (cli_interactive(cli) || cli_approve(cli))
		return plans_carry_out(cli, gate, plan);
	plans_show(cli, plan, 1);
	cli_say(cli, "\nproposed, not run: pilothouse approve %s, then pilothouse run %s", plan->id, plan->id);
	plan_free(plan);
	return 0;
}

static int investigate(struct cli *cli, struct gate *gate, const struct intent *intent)
{
	struct error err = { 0 };
	struct progress progress = { .cli = cli };
	struct json *report = NULL;

	signal(SIGINT, on_interrupt);
	int failed = gate_investigate(gate, intent, &cancelled, on_progress, &progress, &report, &err);

	cli_progress(cli, NULL);
	if (failed)
		return cli_fail(cli, &err);
	if (cli_explain(cli))
		cli_say(cli, "why: playbook %s; %zu pieces of evidence, %zu findings", json_text_or(json_get(report, "playbook"), "none"),
			json_count(json_get(report, "evidence")), json_count(json_get(report, "findings")));
	if (cli_data(cli)) {
		cli_print_with_rows(cli, report, "findings");
		return 0;
	}
	print_report(cli, report);
	int status = cli_dry_run(cli) ? 0 : carry_out(cli, gate, report);
	json_free(report);
	return status;
}

static int is_change(const struct intent *intent)
{
	const struct intent_word *word = intent_word_find(intent_types, intent->type);

	return word && word->write;
}

int words_carry_out(struct cli *cli, const struct intent *intent)
{
	struct error err = { 0 };
	struct plan *plan = NULL;
	struct gate *gate = session_gate(cli_session(cli), &err);

	if (!gate)
		return cli_fail(cli, &err);
	if (!is_change(intent))
		return investigate(cli, gate, intent);
	return gate_plan_intent(gate, intent, &plan, &err) ? cli_fail(cli, &err) : plans_carry_out(cli, gate, plan);
}

static int run(struct cli *cli)
{
	struct error err = { 0 };
	struct grammar_answer answer;

	if (words_intent(cli, 0, &answer, &err))
		return cli_fail(cli, &err);
	int status = words_carry_out(cli, &answer.intent);
	grammar_answer_release(&answer);
	return status;
}

const struct cli_command cmd_investigate = {
	.name = "investigate", .most = CLI_MANY, .usage = "\"WORDS\"", .help = "from a plain sentence to evidence, findings and a summary; writes are asked about", .run = run,
};
