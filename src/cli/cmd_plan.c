/* plan, run, approve, deny, undo, runs: the gate by hand. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/plans.h"
#include "cli/words.h"
#include "gate/gate.h"
#include "gate/session.h"

enum { WHY_MAX = 500 };

extern const struct cli_command cmd_plan, cmd_run, cmd_approve, cmd_deny, cmd_undo, cmd_runs;

static int show(struct cli *cli, struct plan *plan)
{
	int status = plan_decision(plan) == DECIDE_DENY ? error_exit_status(ERR_DENIED) : 0;

	plans_explain(cli, plan);
	if (cli_data(cli))
		plans_print(cli, plan);
	else
		plans_show(cli, plan, 0);
	plan_free(plan);
	return status;
}

static int run_plan(struct cli *cli)
{
	struct error err = { 0 };
	struct grammar_answer answer;
	struct plan *plan = NULL;

	if (words_intent(cli, 0, &answer, &err))
		return cli_fail(cli, &err);
	struct gate *gate = session_gate(cli_session(cli), &err);
	int failed = !gate || gate_plan_intent(gate, &answer.intent, &plan, &err);
	grammar_answer_release(&answer);
	return failed ? cli_fail(cli, &err) : show(cli, plan);
}

const struct cli_command cmd_plan = {
	.name = "plan", .most = CLI_MANY, .usage = "\"WORDS\"", .help = "the plan for a plain sentence, with diff, blast radius, undo and policy; nothing is run", .run = run_plan,
};

static struct plan *load(struct cli *cli, struct gate **gate, struct error *err)
{
	if (!cli_arg(cli, 0) || !*cli_arg(cli, 0)) {
		error_set(err, ERR_INVALID, "PLAN is missing: its id, or the beginning of it that no other plan has");
		return NULL;
	}
	*gate = session_gate(cli_session(cli), err);
	return *gate ? gate_plan_load_open(*gate, cli_arg(cli, 0), err) : NULL;
}

static int run_run(struct cli *cli)
{
	struct error err = { 0 };
	struct gate *gate;
	struct plan *plan = load(cli, &gate, &err);

	return plan ? plans_carry_out(cli, gate, plan) : cli_fail(cli, &err);
}

const struct cli_command cmd_run = {
	.name = "run", .most = 1, .usage = "PLAN", .help = "run an approved plan", .run = run_run,
	.more = "Each write's audit entry is on disk before its request leaves. Ctrl-C cancels between and during steps.",
};

/* What a decision would be about: nothing is decided. Takes plan. */
static int only_show(struct cli *cli, struct plan *plan, const char *what)
{
	if (cli_data(cli))
		plans_print(cli, plan);
	else
		plans_show(cli, plan, 0);
	cli_say(cli, "dry run: plan %s would be %s", plan->id, what);
	plan_free(plan);
	return 0;
}

static int run_approve(struct cli *cli)
{
	struct error err = { 0 };
	char missing[256];
	struct gate *gate;
	struct plan *plan = load(cli, &gate, &err);

	if (!plan)
		return cli_fail(cli, &err);
	if (cli_dry_run(cli))
		return only_show(cli, plan, "approved");
	int failed = gate_approve(gate, plan->id, "cli", &err);
	int enough = failed ? 0 : gate_approved(gate, plan, missing, &err);
	if (!failed && cli_data(cli)) {
		struct json *document = json_object();

		json_set_text(document, "plan_id", plan->id);
		json_set(document, "approved", json_boolean(enough > 0));
		json_set_text(document, "missing", enough > 0 ? "" : missing);
		cli_print(cli, document);
	} else if (!failed) {
		cli_say(cli, enough > 0 ? "approved: pilothouse run %s" : "approved by you; still needed: %s", enough > 0 ? plan->id : missing);
	}
	plan_free(plan);
	return failed ? cli_fail(cli, &err) : 0;
}

const struct cli_command cmd_approve = {
	.name = "approve", .most = 1, .usage = "PLAN", .help = "approve a plan as it was shown; a drift of its target voids it", .run = run_approve,
};

static int run_deny(struct cli *cli)
{
	struct error err = { 0 };
	struct gate *gate;
	struct plan *plan = load(cli, &gate, &err);

	if (!plan)
		return cli_fail(cli, &err);
	if (cli_dry_run(cli))
		return only_show(cli, plan, "denied");
	struct text why;

	text_init(&why, WHY_MAX);
	words_join(cli, 1, &why);
	int failed = gate_deny(gate, plan->id, why.data, &err);
	text_release(&why);
	plan_free(plan);
	return failed ? cli_fail(cli, &err) : 0;
}

const struct cli_command cmd_deny = {
	.name = "deny", .most = CLI_MANY, .usage = "PLAN [WHY]", .help = "deny a plan: it can no longer be run", .run = run_deny,
};

static int run_undo(struct cli *cli)
{
	struct error err = { 0 };
	struct plan *plan = NULL;
	struct gate *gate = session_gate(cli_session(cli), &err);
	const char *run_id = cli_arg(cli, 0);

	if (run_id && !*run_id) /* a variable of a script that is unset: not the last run */
		return cli_usage(cli, "RUN is empty: leave it out for your last run");
	if (!gate || gate_plan_undo(gate, run_id, &plan, &err))
		return cli_fail(cli, &err);
	return plans_carry_out(cli, gate, plan);
}

const struct cli_command cmd_undo = {
	.name = "undo", .most = 1, .usage = "[RUN]", .help = "run the recorded inverses of a run, last step first; default your last one that is not undone", .run = run_undo,
};

static void runs_table(struct cli *cli, const struct json *runs)
{
	static const char *const columns[] = { "started_at", "run_id", "status", "user", "summary" };
	struct cli_table *table = cli_table_new(cli);

	for (size_t i = 0; i < 5; i++)
		cli_table_column(table, (const char *[]){ "STARTED", "RUN", "STATUS", "USER", "WHAT" }[i], 'l');
	for (const struct json *run = json_first(runs); run; run = json_next(run))
		for (size_t i = 0; i < 5; i++)
			cli_table_cell(table, json_text_or(json_get(run, columns[i]), ""));
	cli_table_print(table);
}

static int run_runs(struct cli *cli)
{
	struct error err = { 0 };
	size_t settled, unknown;
	struct gate *gate = session_gate(cli_session(cli), &err);
	const char *run_id = cli_arg(cli, 0);

	if (run_id && !*run_id)
		return cli_usage(cli, "RUN is empty: leave it out for all of them");
	if (!gate || gate_reconcile(gate, &settled, &unknown, &err))
		return cli_fail(cli, &err);
	if (settled || unknown)
		cli_say(cli, "pilothouse: %zu steps of runs that ended early were settled, %zu are still unknown", settled, unknown);
	struct json *rows = run_id ? gate_run_load(gate, run_id, &err) : gate_runs(gate, (size_t)cli_flag_number(cli, "limit", 50), &err);
	if (!rows)
		return cli_fail(cli, &err);
	if (cli_json(cli) || run_id) {
		return run_id ? cli_print_with_rows(cli, rows, "steps") : cli_print_list(cli, json_set(json_object(), "runs", rows), "runs");
	}
	runs_table(cli, rows);
	json_free(rows);
	return 0;
}

static const struct cli_flag runs_flags[] = { { "limit", 0, "N", "at most N runs (50)" }, { 0 } };

const struct cli_command cmd_runs = {
	.name = "runs", .most = 1, .usage = "[RUN]", .help = "runs, newest first; settles those a crash left open", .flags = runs_flags, .run = run_runs,
};
