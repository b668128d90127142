/* Runs that a crash left open: what each begun step did is asked of the provider and recorded, never repeated. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "estate/act.h"
#include "estate/estate.h"
#include "gate/gate_private.h"
#include "gate/gate_store.h"
#include "gate/owner.h"

enum { OPEN_RUNS_MAX = 1000 };

static enum act_outcome ask(struct gate *gate, const struct plan_step *step, struct error *err)
{
	const struct provider_ops *ops;
	enum act_outcome outcome = ACT_UNKNOWN;
	const struct kind *kind = estate_kind_of(gate->options.estate, &step->ref, err);
	struct provider *provider = kind ? estate_provider(gate->options.estate, kind->provider, &ops, err) : NULL;

	if (!provider || !ops->act || !ops->act->reconcile)
		return ACT_UNKNOWN;
	struct act_request request = { .ref = &step->ref, .kind = kind, .verb = kind_verb_find(kind, step->verb), .params = step->params, .state = step->state };
	return ops->act->reconcile(provider, &request, &outcome, err) ? ACT_UNKNOWN : outcome;
}

static int record(struct gate *gate, const struct plan *plan, const char *run_id, const struct plan_step *step, int number, const char *status,
	const struct error *why)
{
	struct gate_write_step row = { .run_id = run_id, .step_id = step->id, .status = status, .number = number, .finished_ns = clock_now_ns(),
		.error = why->code ? why->text : NULL, .undo = step->undo };
	struct audit_event event = {
		.user = &gate->user, .name = "reconcile", .intent = plan->intent, .plan_id = plan->id, .run_id = run_id, .step = step->action, .target = step->target,
		.risk = risk_name(step->risk), .request_digest = plan->hash, .status = status, .cost_usd = "", .duration_ns = -1, .error = why->text,
	};

	return audit_append_with(gate->audit, &event, gate_store_step_in, &row, NULL, NULL);
}

static const char *status_of(enum act_outcome outcome)
{
	static const char *const words[] = { [ACT_UNKNOWN] = "unknown", [ACT_DONE] = "done", [ACT_NOT_DONE] = "failed", [ACT_PARTIAL] = "partial" };

	return words[outcome];
}

static int is_open(const char *status)
{
	return !strcmp(status, "started") || !strcmp(status, "unknown");
}

/* What the run's steps say together; the rest of its steps were never begun. */
static const char *settle_steps(struct gate *gate, const struct plan *plan, const struct json *run, size_t *settled, size_t *unknown)
{
	const struct json *steps = json_get(run, "steps");
	const char *run_id = json_text(json_get(run, "run_id"));
	size_t done = 0, open = 0;

	for (const struct json *row = json_first(steps); row; row = json_next(row)) {
		int64_t number = json_int(json_get(row, "number"), -1);
		const char *status = json_text_or(json_get(row, "status"), "");
		struct error err = { 0 };

		if (number < 0 || (size_t)number >= plan->count)
			continue;
		done += !strcmp(status, "done");
		if (!is_open(status))
			continue;
		const struct plan_step *step = &plan->steps[number];
		enum act_outcome outcome = step->risk == RISK_READ ? ACT_NOT_DONE : ask(gate, step, &err);
		const char *now = status_of(outcome);
		if (strcmp(now, status))
			record(gate, plan, run_id, step, (int)number, now, &err);
		done += outcome == ACT_DONE;
		open += outcome == ACT_UNKNOWN;
		*settled += outcome != ACT_UNKNOWN;
		*unknown += outcome == ACT_UNKNOWN;
	}
	return open ? "unknown" : done == plan->count ? "done" : "failed";
}

/* As the run would have done at its end. */
static void mark_undone(struct gate *gate, const struct plan *plan)
{
	struct gate_write_run_end end = { plan->undo_of, "rolled_back", clock_now_ns() };
	struct audit_event event = {
		.user = &gate->user, .name = "undo", .intent = plan->intent, .plan_id = plan->id, .run_id = plan->undo_of, .step = "", .target = "",
		.risk = risk_name(plan_risk(plan)), .request_digest = plan->hash, .status = "done", .cost_usd = "", .duration_ns = -1, .error = "",
	};

	audit_append_with(gate->audit, &event, gate_store_end_run_in, &end, NULL, NULL);
}

static void settle_run(struct gate *gate, const struct json *run, size_t *settled, size_t *unknown)
{
	const char *run_id = json_text_or(json_get(run, "run_id"), ""), *before = json_text_or(json_get(run, "status"), "");
	struct plan *plan = gate_plan_load(gate, json_text_or(json_get(run, "plan_id"), ""), NULL);

	if (!plan)
		return;
	const char *status = settle_steps(gate, plan, run, settled, unknown);
	struct gate_write_run_end end = { run_id, status, clock_now_ns() };
	struct audit_event event = {
		.user = &gate->user, .name = "reconcile", .intent = plan->intent, .plan_id = plan->id, .run_id = run_id, .step = "", .target = "",
		.risk = risk_name(plan_risk(plan)), .request_digest = plan->hash, .status = status, .cost_usd = "", .duration_ns = -1,
		.error = strcmp(before, "running") ? "it came to its end, and its result was not known" : "the process that ran it ended before its result was known",
	};
	if (strcmp(status, before))
		audit_append_with(gate->audit, &event, gate_store_end_run_in, &end, NULL, NULL);
	if (!strcmp(status, "done") && *plan->undo_of)
		mark_undone(gate, plan);
	plan_free(plan);
}

/* One whose process lives may still be going on; one that came to its end with an unknown outcome does not, whoever ran it: the console that
 * lost an answer may ask for it itself. */
static int has_ended(const struct json *run)
{
	return strcmp(json_text_or(json_get(run, "status"), ""), "running") != 0 || !owner_alive(json_text_or(json_get(run, "owner"), ""));
}

int gate_reconcile(struct gate *gate, size_t *settled, size_t *unknown, struct error *err)
{
	*settled = *unknown = 0;
	if (gate_read_only(gate) && gate->options.read_only)
		return 0; /* looking changes nothing, recording would */
	struct json *runs = gate_store_runs(gate, OPEN_RUNS_MAX, 1, err);
	if (!runs)
		return -1;
	for (const struct json *run = json_first(runs); run; run = json_next(run))
		if (has_ended(run))
			settle_run(gate, run, settled, unknown);
	json_free(runs);
	if (*settled || *unknown)
		gate_news(gate);
	return 0;
}
