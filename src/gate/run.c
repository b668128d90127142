/* Durable before done: a step's audit entry and its row are on disk before its request leaves; the result follows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"
#include "base/uuid.h"
#include "estate/act.h"
#include "estate/estate.h"
#include "gate/gate_private.h"
#include "gate/gate_store.h"
#include "gate/owner.h"
#include "gate/playbook.h"
#include "gate/verify.h"

struct running {
	struct gate *gate;
	const struct plan *plan;
	const atomic_int *cancelled;
	gate_on_progress on_progress;
	void *arg;
	char run_id[GATE_ID_MAX];
	int64_t began_ns;     /* monotonic */
	const char *step;     /* under way, for progress lines */
	struct json *approval; /* for the log: {"plan_hash","approvals":[{"by","role","how"}]}; NULL: nobody was asked */
};

static void tell(struct running *run, const char *step, const char *status, const char *line)
{
	struct gate_progress progress = { run->run_id, step, status, line, clock_monotonic_ns() - run->began_ns };

	if (run->on_progress)
		run->on_progress(&progress, run->arg);
}

static void on_line(void *arg, const char *line)
{
	struct running *run = arg;

	tell(run, run->step, "running", line);
}

static int is_cancelled(const struct running *run)
{
	return run->cancelled && atomic_load(run->cancelled);
}

/* What is about to be sent, as far as a plan knows it: the digest in the audit entry. */
static void digest_of(const struct plan_step *step, char out[SHA256_HEX_MAX])
{
	struct json *request = json_object();
	struct text bytes;

	json_set_text(request, "action", step->action);
	json_set_text(request, "target", step->target);
	json_set(request, "params", step->params ? json_copy(step->params) : json_null());
	json_set(request, "state", step->state ? json_copy(step->state) : json_null());
	text_init(&bytes, 32 << 20);
	json_canonical(request, &bytes);
	sha256_hex(bytes.data, bytes.length, out);
	text_release(&bytes);
	json_free(request);
}

static struct json *rollback_of(const struct plan_step *step, const struct json *undo)
{
	struct json *rollback = json_object();

	json_set(rollback, "possible", json_boolean(undo != NULL));
	json_set_text(rollback, "how", step->undo_text);
	json_set(rollback, "step", undo ? json_copy(undo) : json_null());
	return rollback;
}

struct outcome {
	const char *status;
	int64_t started_ns, finished_ns, duration_ns;
	struct act_result result;
	struct error err;
};

static struct json *detail_of(const struct running *run, const struct outcome *outcome)
{
	struct json *detail = json_object();

	if (*run->plan->undo_of)
		json_set_text(detail, "undo_of", run->plan->undo_of);
	if (*outcome->result.remote_id)
		json_set_text(detail, "remote_id", outcome->result.remote_id);
	return detail;
}

/* The audit entry and the step's row, in one durable commit. */
static int write_step(struct running *run, const struct plan_step *step, int number, const struct outcome *outcome, struct error *err)
{
	char digest[SHA256_HEX_MAX];
	const struct json *undo = outcome->result.undo ? outcome->result.undo : step->undo;
	struct json *rollback = rollback_of(step, undo), *detail = detail_of(run, outcome);
	struct gate_write_step row = {
		.run_id = run->run_id, .step_id = step->id, .status = outcome->status, .number = number, .started_ns = outcome->started_ns,
		.finished_ns = outcome->finished_ns, .error = outcome->err.code ? outcome->err.text : NULL, .output = outcome->result.output,
		.undo = undo, .remote_id = *outcome->result.remote_id ? outcome->result.remote_id : NULL,
	};
	digest_of(step, digest);
	struct audit_event event = {
		.user = &run->gate->user, .name = "run.step", .intent = run->plan->intent, .plan_id = run->plan->id, .run_id = run->run_id, .step = step->action,
		.target = step->target, .risk = risk_name(step->risk), .request_digest = digest, .status = outcome->status, .cost_usd = step->cost,
		.duration_ns = outcome->finished_ns ? outcome->duration_ns : -1, .error = outcome->err.code ? outcome->err.text : "", .detail = detail,
		.approval = run->approval, .rollback = rollback,
	};
	int failed = audit_append_with(run->gate->audit, &event, gate_store_step_in, &row, NULL, err);
	json_free(rollback);
	json_free(detail);
	return failed;
}

/* The source said no: nothing happened. After anything else (no answer, half an answer, one that cannot be read) bytes may have left, and
 * whether it happened is asked of the provider, never assumed. */
static int outcome_unknown(enum error_code code)
{
	static const enum error_code refused[] = { ERR_INVALID, ERR_NOT_FOUND, ERR_CONFLICT, ERR_UNAUTHORIZED, ERR_FORBIDDEN, ERR_DENIED, ERR_APPROVAL };

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if (refused[i] == code)
			return 0;
	return 1;
}

static const char *status_after(const struct act_ops *ops, struct provider *provider, const struct act_request *sent, struct error *err)
{
	enum act_outcome outcome = ACT_UNKNOWN;
	struct error asked = { 0 };
	struct act_request looking = *sent, *request = &looking;

	looking.cancelled = NULL; /* who cancels wants to know all the more */

	if (!outcome_unknown(err->code))
		return "failed";
	if (!ops->reconcile || ops->reconcile(provider, request, &outcome, &asked))
		return "unknown";
	if (outcome == ACT_DONE) {
		error_clear(err);
		return "done";
	}
	if (outcome == ACT_PARTIAL)
		return "partial";
	return outcome == ACT_NOT_DONE ? (err->code == ERR_CANCELLED ? "cancelled" : "failed") : "unknown";
}

static int fill_request(struct running *run, const struct plan_step *step, struct act_request *request, struct provider **provider, const struct act_ops **acts,
	struct error *err)
{
	const struct provider_ops *ops;
	const struct kind *kind = estate_kind_of(run->gate->options.estate, &step->ref, err);

	*provider = kind ? estate_provider(run->gate->options.estate, kind->provider, &ops, err) : NULL;
	if (!*provider)
		return -1;
	*acts = ops->act;
	*request = (struct act_request){ .ref = &step->ref, .kind = kind, .verb = kind_verb_find(kind, step->verb), .params = step->params, .state = step->state,
		.cancelled = run->cancelled, .progress = on_line, .arg = run, .terminal = atomic_load(&run->gate->terminal) };
	return *acts && request->verb ? 0 : error_set(err, ERR_INVALID, "%s cannot be done here any more", step->action);
}

/* The steps before this one took time: its target may have moved meanwhile, and the approval was for the state that was shown. The very
 * first was looked at a moment ago. */
static int check_drift(struct running *run, int number, struct error *err)
{
	if (number == 0)
		return 0;
	struct json *drift = gate_drift_step(run->gate, run->plan, (size_t)number, err);
	if (!drift)
		return err->code ? -1 : 0;
	gate_drift_error(drift, err);
	json_free(drift);
	return -1;
}

/* Ends a step: its result on disk. Returns its status as it is on disk: "started" when the result could not be written, and is asked for later. */
static const char *finish_step(struct running *run, const struct plan_step *step, int number, struct outcome *outcome, int64_t from_ns)
{
	struct error lost = { 0 };

	outcome->finished_ns = clock_now_ns();
	outcome->duration_ns = clock_monotonic_ns() - from_ns;
	if (write_step(run, step, number, outcome, &lost)) {
		tell(run, step->id, "unknown", lost.text);
		return step->risk == RISK_READ ? "failed" : "unknown";
	}
	tell(run, step->id, outcome->status, outcome->err.code ? outcome->err.text : NULL);
	return outcome->status;
}

/* Done, but not as planned afterwards: "unverified", which can be undone like what is done. */
static void verify(struct running *run, const struct plan_step *step, struct outcome *outcome)
{
	if (step->verify && verify_wait(run->gate, step, run->cancelled, on_line, run, &outcome->err))
		outcome->status = "unverified";
}

/* Returns the step's status; the run goes on after "done". */
static const char *run_write(struct running *run, const struct plan_step *step, int number)
{
	struct outcome outcome = { .status = "started", .started_ns = clock_now_ns() };
	struct act_request request;
	struct provider *provider = NULL;
	const struct act_ops *ops = NULL;
	int64_t from_ns = clock_monotonic_ns();

	run->step = step->id;
	if (fill_request(run, step, &request, &provider, &ops, &outcome.err) || check_drift(run, number, &outcome.err)) {
		outcome.status = "failed";
		finish_step(run, step, number, &outcome, from_ns);
		return "failed";
	}
	if (write_step(run, step, number, &outcome, &outcome.err)) {
		tell(run, step->id, "failed", outcome.err.text); /* not on disk: nothing is sent */
		return "failed";
	}
	tell(run, step->id, "started", NULL);
	outcome.status = "done";
	if (ops->act(provider, &request, &outcome.result, &outcome.err))
		outcome.status = outcome.result.partial ? "partial" : status_after(ops, provider, &request, &outcome.err);
	if (!strcmp(outcome.status, "done"))
		verify(run, step, &outcome);
	const char *status = finish_step(run, step, number, &outcome, from_ns);
	act_result_release(&outcome.result);
	return status;
}

/* As the playbook has it; of a step that is in none, as any playbook's. */
static int read_timeout_ms(const struct running *run, const struct plan_step *step)
{
	const struct playbook *book = *run->plan->playbook ? playbooks_find(gate_playbooks(run->gate), run->plan->playbook) : NULL;

	for (size_t i = 0; book && i < book->step_count; i++)
		if (!strcmp(book->steps[i].id, step->id))
			return book->steps[i].timeout_ms;
	return PLAYBOOK_TIMEOUT_MS;
}

static const char *run_read(struct running *run, const struct plan_step *step, int number)
{
	struct outcome outcome = { .status = "done", .started_ns = clock_now_ns() };

	run->step = step->id;
	tell(run, step->id, "started", NULL);
	int64_t from_ns = clock_monotonic_ns();
	if (gate_read_within(run->gate, step->action, step->params, read_timeout_ms(run, step), run->cancelled, &outcome.result.output, &outcome.err))
		outcome.status = outcome.err.code == ERR_CANCELLED ? "cancelled" : "failed";
	const char *status = finish_step(run, step, number, &outcome, from_ns);
	act_result_release(&outcome.result);
	return status;
}

static void skip_rest(struct running *run, size_t from, const char *status)
{
	for (size_t i = from; i < run->plan->count; i++) {
		struct outcome outcome = { .status = status };

		write_step(run, &run->plan->steps[i], (int)i, &outcome, NULL);
		tell(run, run->plan->steps[i].id, status, NULL);
	}
}

static const char *run_steps(struct running *run)
{
	for (size_t i = 0; i < run->plan->count; i++) {
		const struct plan_step *step = &run->plan->steps[i];

		if (is_cancelled(run)) {
			skip_rest(run, i, "cancelled");
			return "cancelled";
		}
		const char *status = step->risk == RISK_READ ? run_read(run, step, (int)i) : run_write(run, step, (int)i);
		if (!strcmp(status, "done"))
			continue;
		skip_rest(run, i + 1, "skipped");
		return !strcmp(status, "unknown") ? "unknown" : is_cancelled(run) ? "cancelled" : "failed";
	}
	return "done";
}

static int audit_run(struct running *run, const char *name, const char *status, int (*also)(struct sqlite3 *, void *, struct error *), void *arg,
	struct error *err)
{
	struct json *detail = json_object();
	struct audit_event event = {
		.user = &run->gate->user, .name = name, .intent = run->plan->intent, .plan_id = run->plan->id, .run_id = run->run_id, .step = "",
		.target = run->plan->count ? run->plan->steps[run->plan->count - 1].target : "", .risk = risk_name(plan_risk(run->plan)),
		.request_digest = run->plan->hash, .status = status, .cost_usd = "", .duration_ns = clock_monotonic_ns() - run->began_ns, .error = "", .detail = detail,
		.approval = run->approval,
	};

	json_set_text(detail, "summary", run->plan->summary);
	if (*run->plan->undo_of)
		json_set_text(detail, "undo_of", run->plan->undo_of);
	int failed = audit_append_with(run->gate->audit, &event, also, arg, NULL, err);
	json_free(detail);
	return failed;
}

static void audit_refusal(struct gate *gate, const struct plan *plan, const char *why)
{
	const struct plan_step *step = plan->count ? &plan->steps[plan->count - 1] : NULL;
	struct audit_event event = {
		.user = &gate->user, .name = "run", .intent = plan->intent, .plan_id = plan->id, .step = "", .target = step ? step->target : "",
		.risk = risk_name(plan_risk(plan)), .request_digest = plan->hash, .status = "denied", .cost_usd = "", .duration_ns = -1, .error = why,
	};

	audit_append(gate->audit, &event, NULL, NULL);
}

static int check_allowed(struct gate *gate, const struct plan *plan, struct error *err)
{
	char missing[256];
	struct error now = { 0 };

	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].decision == DECIDE_DENY) {
			error_set(err, ERR_DENIED, "%s: denied by %s: %s", plan->steps[i].action, plan->steps[i].rule, plan->steps[i].why);
			audit_refusal(gate, plan, plan->steps[i].why);
			return -1;
		}
	if (plan_writes(plan) && (gate_read_only(gate) || gate->options.dry_run)) {
		audit_refusal(gate, plan, gate->options.dry_run ? "dry run" : "read-only");
		return error_set(err, ERR_DENIED, "%s: nothing was run", gate->options.dry_run ? "this is a dry run" : "this session is read-only");
	}
	if (gate_policy_holds(gate, plan, &now)) {
		audit_refusal(gate, plan, now.text);
		if (err)
			*err = now;
		return -1;
	}
	int approved = gate_approved(gate, plan, missing, &now);
	if (approved < 0) {
		audit_refusal(gate, plan, now.text);
		if (err)
			*err = now;
		return -1;
	}
	if (!approved) {
		audit_refusal(gate, plan, missing);
		return error_set(err, ERR_APPROVAL, "approval needed: %s; pilothouse approve %s", missing, plan->id);
	}
	return 0;
}

static struct json *result_of(struct running *run, const char *status)
{
	struct json *result = gate_store_run(run->gate, run->run_id, NULL);

	if (!result) {
		result = json_object();
		json_set_text(result, "run_id", run->run_id);
		json_set_text(result, "plan_id", run->plan->id);
		json_set(result, "steps", json_array());
	}
	json_set_text(result, "status", status);
	return result;
}

/* A plan that undoes marks the run it undid. */
static void mark_undone(struct running *run, const char *status)
{
	struct gate_write_run_end end = { run->plan->undo_of, "rolled_back", clock_now_ns() };

	if (*run->plan->undo_of && !strcmp(status, "done"))
		audit_run(run, "undo", "done", gate_store_end_run_in, &end, NULL);
}

int gate_run(struct gate *gate, const struct plan *plan, const atomic_int *cancelled, gate_on_progress on_progress, void *arg, struct json **result,
	struct error *err)
{
	struct running run = { .gate = gate, .plan = plan, .cancelled = cancelled, .on_progress = on_progress, .arg = arg, .began_ns = clock_monotonic_ns() };
	char owner[OWNER_MAX];

	if (check_allowed(gate, plan, err))
		return -1;
	uuid_v7(run.run_id);
	owner_self(owner);
	struct gate_write_run begin = { run.run_id, plan->id, plan->hash, gate->user.id, owner, clock_now_ns() };
	run.approval = gate_approvals_told(gate, plan);
	if (audit_run(&run, "run", "started", gate_store_begin_run_in, &begin, err)) {
		json_free(run.approval);
		return -1;
	}
	gate_news(gate);
	const char *status = run_steps(&run);
	struct gate_write_run_end end = { run.run_id, status, clock_now_ns() };
	audit_run(&run, "run", status, gate_store_end_run_in, &end, NULL);
	mark_undone(&run, status);
	*result = result_of(&run, status);
	json_free(run.approval);
	gate_news(gate);
	return 0;
}

struct json *gate_runs(struct gate *gate, size_t limit, struct error *err)
{
	return gate_store_runs(gate, limit, 0, err);
}

struct json *gate_run_load(struct gate *gate, const char *run_id, struct error *err)
{
	return gate_store_run(gate, run_id, err);
}
