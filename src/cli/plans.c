#include "cli/plans.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "cli/cli.h"
#include "estate/terminal.h"
#include "gate/gate.h"
#include "gate/session.h"
#include "gate/user.h"

enum { BLAST_NAMED = 4 }; /* names a line holds; the JSON has all */

static void show_lines(FILE *out, const char *before, const char *lines)
{
	while (*lines) {
		int length = (int)strcspn(lines, "\n");

		cli_write(out, "%s%.*s\n", before, length, lines);
		lines += length + (lines[length] == '\n');
	}
}

static const char *relation_of(const struct json *item)
{
	return json_text_or(json_get(item, "relation"), "depends on it");
}

/* Whether an item before this one has its relation: it was told there. */
static int told(const struct json *blast, const struct json *item)
{
	for (const struct json *each = json_first(blast); each != item; each = json_next(each))
		if (!strcmp(relation_of(each), relation_of(item)))
			return 1;
	return 0;
}

/* One line a relation: "runs it: 18 (api-1, api-2, api-3, …)". */
static void show_relation(FILE *out, const struct json *first)
{
	size_t count = 0;

	for (const struct json *each = first; each; each = json_next(each))
		count += !strcmp(relation_of(each), relation_of(first));
	cli_write(out, "   touches   %s: %zu (", relation_of(first), count);
	size_t shown = 0;
	for (const struct json *each = first; each && shown < BLAST_NAMED; each = json_next(each))
		if (!strcmp(relation_of(each), relation_of(first)))
			cli_write(out, "%s%s", shown++ ? ", " : "", json_text_or(json_get(each, "name"), json_text_or(json_get(each, "id"), "?")));
	cli_write(out, count > shown ? ", …)\n" : ")\n");
}

static void show_blast(FILE *out, const struct json *blast)
{
	for (const struct json *item = json_first(blast); item; item = json_next(item))
		if (!told(blast, item))
			show_relation(out, item);
}

static void show_decision(FILE *out, const struct plan_step *step)
{
	static const char *const words[] = { "denied", "needs approval", "allowed" };

	cli_write(out, "   policy    %s by %s", words[step->decision], step->rule);
	if (step->decision == DECIDE_APPROVE)
		cli_write(out, ": %d%s%s", step->approvals_needed, *step->approver ? " of " : "", step->approver);
	cli_write(out, "%s%s\n", *step->why ? "; " : "", step->why);
}

static void show_write(FILE *out, const struct plan_step *step)
{
	char *diff = plan_step_diff(step);

	show_lines(out, "   ", diff);
	free(diff);
	if (*step->because)
		cli_write(out, "   because   %s\n", step->because);
	if (*step->dry_run_text)
		cli_write(out, "   dry run   %s\n", step->dry_run_text);
	show_blast(out, step->blast);
	cli_write(out, "   undo      %s\n", *step->undo_text ? step->undo_text : "cannot be undone");
	if (step->estimate_seconds >= 0)
		cli_write(out, "   takes     about %d s, cost %s\n", step->estimate_seconds, *step->cost ? step->cost : "unknown");
	show_decision(out, step);
}

/* Who could approve it here, and why the playbook was taken. */
static void show_foot(struct cli *cli, FILE *out, const struct plan *plan)
{
	struct gate *gate = plan_decision(plan) == DECIDE_APPROVE ? session_gate(cli_session(cli), NULL) : NULL;
	char role[64];

	if (!gate)
		return;
	user_role_text(gate_user(gate), role);
	cli_write(out, "   you       %s, role %s%s\n", gate_user(gate)->id, role,
		gate_user(gate)->role_is_default ? ": the configuration names no users" : "");
}

void plans_explain(struct cli *cli, const struct plan *plan)
{
	if (!cli_explain(cli))
		return;
	cli_say(cli, "why: %s%s", *plan->playbook ? "playbook " : "no playbook: one action", plan->playbook);
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_step *step = &plan->steps[i];

		cli_say(cli, "why: step %s (%s, %s%s%s): %s by %s%s%s", step->id, step->action, risk_name(step->risk), *step->scope ? ", " : "", step->scope,
			step->decision == DECIDE_DENY ? "denied" : step->decision == DECIDE_APPROVE ? "needs approval" : "allowed", step->rule,
			*step->why ? "; " : "", step->why);
	}
}

void plans_show(struct cli *cli, const struct plan *plan, int to_stderr)
{
	FILE *out = to_stderr ? stderr : cli_out(cli);
	char until[CLOCK_RFC3339_MAX];

	clock_format(plan->expires_ns, until);
	cli_write(out, "plan %s  (good until %s)\n%s\n", plan->id, until, plan->summary);
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_step *step = &plan->steps[i];

		cli_write(out, "\n%zu. %s  %s  %s%s%s\n", i + 1, step->action, step->target, risk_name(step->risk), *step->scope ? ", " : "", step->scope);
		if (step->risk != RISK_READ)
			show_write(out, step);
		else if (step->decision == DECIDE_DENY)
			show_decision(out, step);
	}
	show_foot(cli, out, plan);
}

void plans_print(struct cli *cli, const struct plan *plan)
{
	cli_print_with_rows(cli, plan_to_json(plan), "steps");
}

int plans_exit(const char *status)
{
	if (!strcmp(status, "done") || !strcmp(status, "rolled_back"))
		return 0;
	if (!strcmp(status, "denied"))
		return error_exit_status(ERR_DENIED);
	return strcmp(status, "unknown") ? 1 : error_exit_status(ERR_UNREACHABLE);
}

/* --- running --- */

static atomic_int cancelled;

static void on_interrupt(int number)
{
	(void)number;
	atomic_store(&cancelled, 1);
}

static void on_progress(const struct gate_progress *progress, void *arg)
{
	const struct cli *cli = arg;

	if (progress->line && !strcmp(progress->status, "running"))
		cli_say(cli, "  %s: %s", progress->step, progress->line);
	else
		cli_say(cli, "  %s %s  %.1f s%s%s", progress->step, progress->status, (double)progress->elapsed_ns / 1e9, progress->line ? "  " : "",
			progress->line ? progress->line : "");
}

static int take_terminal(void *arg, int *in, int *out, struct error *err)
{
	(void)arg;
	(void)err;
	*in = STDIN_FILENO;
	*out = STDOUT_FILENO;
	return 0;
}

static void give_back_terminal(void *arg)
{
	(void)arg;
}

void plans_lend_terminal(struct gate *gate)
{
	static const struct act_terminal terminal = { .take = take_terminal, .give_back = give_back_terminal };

	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		gate_set_terminal(gate, &terminal);
}

int plans_run(struct cli *cli, struct gate *gate, const struct plan *plan)
{
	struct error err = { 0 };
	struct json *result = NULL;

	plans_lend_terminal(gate);
	signal(SIGINT, on_interrupt);
	signal(SIGTERM, on_interrupt);
	if (gate_run(gate, plan, &cancelled, on_progress, cli, &result, &err))
		return cli_fail(cli, &err);
	const char *status = json_text_or(json_get(result, "status"), "failed");
	int code = plans_exit(status);
	if (cli_data(cli)) {
		cli_print_with_rows(cli, result, "steps");
		return code;
	}
	cli_write(cli_out(cli), "run %s %s\n", json_text_or(json_get(result, "run_id"), "?"), status);
	for (const struct json *step = json_first(json_get(result, "steps")); step; step = json_next(step))
		if (json_text(json_get(step, "error")))
			cli_write(stderr, "pilothouse: %s: %s\n", json_text_or(json_get(step, "id"), "?"), json_text(json_get(step, "error")));
	json_free(result);
	return code;
}

static int refuse(struct cli *cli, const struct plan *plan)
{
	struct error err = { 0 };

	if (cli_data(cli))
		plans_print(cli, plan);
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].decision == DECIDE_DENY) {
			error_set(&err, ERR_DENIED, "%s %s: denied by %s: %s", plan->steps[i].action, plan->steps[i].target, plan->steps[i].rule, plan->steps[i].why);
			return cli_fail(cli, &err);
		}
	return error_exit_status(ERR_DENIED);
}

/* Cancel is what an empty answer means; a protected target is named, not nodded at. */
static const char *ask(const struct plan *plan)
{
	const struct plan_step *step = NULL;
	char answer[600];

	for (size_t i = 0; i < plan->count && !step; i++)
		if (plan->steps[i].decision == DECIDE_APPROVE)
			step = &plan->steps[i];
	int by_name = step && (!strcmp(step->scope, "prod") || step->risk == RISK_DELETE);
	cli_write(stderr, by_name ? "\nType %s to approve (anything else cancels): " : "\nApprove %s? Type yes (anything else cancels): ", step ? step->ref.name : "this plan");
	fflush(stderr);
	if (!fgets(answer, sizeof(answer), stdin))
		return NULL;
	answer[strcspn(answer, "\r\n")] = 0;
	if (by_name)
		return strcmp(answer, step->ref.name) ? NULL : "typed";
	return strcmp(answer, "yes") ? NULL : "cli";
}

static int not_given(struct cli *cli, const struct plan *plan, const char *missing)
{
	struct error err = { 0 };

	if (cli_data(cli))
		plans_print(cli, plan);
	error_set(&err, ERR_APPROVAL, "approval needed: %.120s; pilothouse approve %s, then pilothouse run %s", missing, plan->id, plan->id);
	return cli_fail(cli, &err);
}

static int approve_and_run(struct cli *cli, struct gate *gate, const struct plan *plan)
{
	struct error err = { 0 };
	char missing[256];
	const char *how = NULL;

	int approved = gate_approved(gate, plan, missing, &err);
	if (approved < 0)
		return cli_fail(cli, &err);
	if (!approved && cli_approve(cli))
		how = "flag";
	else if (!approved && cli_interactive(cli)) {
		plans_show(cli, plan, 1);
		how = ask(plan);
		if (!how)
			cli_say(cli, "cancelled: nothing was changed");
	}
	if (!approved && !how && !cli_data(cli) && !cli_interactive(cli))
		plans_show(cli, plan, 1);
	if (how && gate_approve(gate, plan->id, how, &err))
		return err.code == ERR_DENIED ? not_given(cli, plan, err.text) : cli_fail(cli, &err);
	if (how)
		approved = gate_approved(gate, plan, missing, &err);
	if (approved < 0)
		return cli_fail(cli, &err);
	return approved ? plans_run(cli, gate, plan) : not_given(cli, plan, missing);
}

int plans_carry_out(struct cli *cli, struct gate *gate, struct plan *plan)
{
	int status;

	plans_explain(cli, plan);
	if (cli_dry_run(cli)) {
		if (cli_data(cli))
			plans_print(cli, plan);
		else
			plans_show(cli, plan, 0);
		status = plan_decision(plan) == DECIDE_DENY ? error_exit_status(ERR_DENIED) : 0;
	} else if (plan_decision(plan) == DECIDE_DENY) {
		status = refuse(cli, plan);
	} else {
		status = approve_and_run(cli, gate, plan);
	}
	plan_free(plan);
	return status;
}
