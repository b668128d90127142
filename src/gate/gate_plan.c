#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"
#include "estate/act.h"
#include "estate/estate.h"
#include "gate/gate_private.h"
#include "gate/gate_store.h"
#include "gate/params.h"

enum { PLAN_GOOD_FOR_MIN = 60 }; /* a plan nobody must approve is still not run next week */

struct plan *gate_plan_begin(struct gate *gate)
{
	struct plan *plan = plan_new();

	plan->asked_by = arena_text(plan->arena, gate->user.id);
	plan->policy_version = arena_text(plan->arena, policy_version(gate->policy));
	return plan;
}

void gate_ref_words(struct gate *gate, const struct ref *ref, char *out, size_t size)
{
	const struct kind *kind = kinds_of(estate_kinds(gate->options.estate), ref);
	const char *slash = *ref->namespace_ ? "/" : "";

	snprintf(out, size, "%s %s%s%.200s on %s", kind ? kind->singular : ref->kind, ref->namespace_, slash, ref->name, ref->account);
}

/* --- one write, step by step: kind and verb, parameters, state, preview, policy --- */

struct writing {
	struct gate *gate;
	struct plan *plan;
	const struct kind *kind;
	const struct kind_verb *verb;
	struct provider *provider;
	const struct act_ops *ops;
	struct act_request request;
};

static int find_verb(struct writing *w, const struct ref *ref, const char *verb, struct error *err)
{
	const struct provider_ops *ops;

	w->kind = estate_kind_of(w->gate->options.estate, ref, err);
	if (!w->kind)
		return -1;
	w->verb = kind_verb_find(w->kind, verb);
	if (!w->verb)
		return error_set(err, ERR_INVALID, "%s have no verb '%.40s'; see pilothouse kinds show %s", w->kind->name, verb, w->kind->name);
	w->provider = estate_provider(w->gate->options.estate, w->kind->provider, &ops, err);
	if (!w->provider)
		return -1;
	w->ops = ops->act;
	if (!w->ops)
		return error_set(err, ERR_INVALID, "provider %s only observes", w->kind->provider);
	return 0;
}

/* --scope stands in only where the target itself says none. */
static const char *scope_of(struct gate *gate, struct plan *plan, const struct ref *ref)
{
	char scope[12] = "";

	estate_scope(gate->options.estate, ref->namespace_, ref->account, scope);
	if (!*scope && !strcmp(ref->kind, "namespaces"))
		estate_scope(gate->options.estate, ref->name, ref->account, scope);
	if (!*scope && gate->options.scope)
		return arena_text(plan->arena, gate->options.scope);
	return arena_text(plan->arena, scope);
}

static struct plan_step *new_step(struct writing *w, const char *id, const struct ref *ref, struct json *params, const char *because, struct error *err)
{
	struct plan_step *step = plan_add(w->plan);

	if (!step) {
		json_free(params);
		error_set(err, ERR_LIMIT, "a plan has at most 500 steps");
		return NULL;
	}
	step->id = arena_text(w->plan->arena, id);
	step->action = arena_format(w->plan->arena, "%s.%s", w->kind->provider, w->verb->name);
	step->provider = arena_text(w->plan->arena, w->kind->provider);
	step->verb = arena_text(w->plan->arena, w->verb->name);
	step->ref = *ref;
	ref_format(ref, step->target, sizeof(step->target));
	step->risk = w->verb->risk;
	step->params = params;
	step->estimate_seconds = w->verb->seconds ? w->verb->seconds : -1;
	step->because = arena_text(w->plan->arena, because ? because : "");
	step->scope = scope_of(w->gate, w->plan, ref);
	return step;
}

/* One harmless line: it may quote the source, and must not look like two lines of a plan. */
static const char *keep_line(struct writing *w, const char *line)
{
	char clean[1024];

	safe_copy(clean, sizeof(clean), line, strlen(line));
	return arena_text(w->plan->arena, clean);
}

static int begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Where nothing undoes it, that is said first, and then why. */
static const char *undo_words(struct writing *w, const struct act_preview *preview)
{
	const char *text = keep_line(w, preview->undo_text);

	if (preview->undo || begins(text, "cannot be undone") || begins(text, "nothing to undo"))
		return text;
	return *text ? arena_format(w->plan->arena, "cannot be undone: %s", text) : "cannot be undone";
}

static void keep_preview(struct writing *w, struct plan_step *step, struct act_preview *preview)
{
	step->before = preview->before;
	step->after = preview->after;
	json_make_safe(preview->blast);
	step->blast = preview->blast;
	step->undo = preview->undo;
	step->undo_text = undo_words(w, preview);
	step->dry_run = preview->dry_run;
	step->dry_run_text = keep_line(w, preview->dry_run_text);
	step->reversible = preview->undo != NULL;
	step->cost = arena_text(w->plan->arena, preview->cost);
	if (preview->seconds >= 0)
		step->estimate_seconds = preview->seconds;
	*preview = (struct act_preview){ 0 }; /* the trees are the step's now */
}

static int look(struct writing *w, struct plan_step *step, struct error *err)
{
	struct act_preview preview = { .seconds = -1 };
	struct json *state = NULL;

	w->request = (struct act_request){ .ref = &step->ref, .kind = w->kind, .verb = w->verb, .params = step->params,
		.terminal = atomic_load(&w->gate->terminal) };
	if (w->ops->observe(w->provider, &w->request, &state, err))
		return -1;
	step->state = state;
	w->request.state = state;
	const char *uid = json_text(json_get(state, "uid"));
	if (uid && !*step->ref.uid)
		snprintf(step->ref.uid, sizeof(step->ref.uid), "%s", uid);
	/* A read-only session denies it anyhow, and a server's dry run is a PATCH that may not leave this process. */
	if (gate_read_only(w->gate)) {
		step->dry_run_text = "not looked at: this session is read-only";
		return 0;
	}
	if (w->ops->preview(w->provider, &w->request, &preview, err)) {
		act_preview_release(&preview);
		json_free(state);
		step->state = NULL;
		return error_wrap(err, "%s %s", w->verb->name, step->target);
	}
	keep_preview(w, step, &preview);
	return 0;
}

static void decide_read_only(struct plan_step *step)
{
	step->decision = DECIDE_DENY;
	step->rule = "read-only";
	step->why = "this session is read-only: nothing is written";
}

/* Of a write, when a rule may hang on them: Kubernetes has them in the metadata, others at the top. Nothing there yet: none. */
static int labels_of(struct gate *gate, const struct plan_step *step, struct json **labels, struct error *err)
{
	struct json *object = NULL;
	struct error looked = { 0 };

	*labels = NULL;
	if (step->risk == RISK_READ || !policy_wants_labels(gate->policy))
		return 0;
	if (estate_get(gate->options.estate, &step->ref, &object, &looked)) {
		if (looked.code == ERR_NOT_FOUND)
			return 0;
		if (err)
			*err = looked;
		return error_wrap(err, "a policy asks for the labels of %.80s", step->target);
	}
	const struct json *found = json_at(object, "metadata.labels");
	*labels = json_copy(found ? found : json_get(object, "labels"));
	json_free(object);
	return 0;
}

/* What stands without an id says what is not known, and is nobody's target. */
static size_t touched(const struct plan_step *step)
{
	size_t count = 0;

	for (const struct json *item = json_first(step->blast); item; item = json_next(item))
		count += *json_text_or(json_get(item, "id"), "") != 0;
	return count;
}

/* A rule about many targets is about all the plan changes and touches: ten acts of one target each are ten. */
static size_t targets_of(const struct plan *plan, const struct plan_step *step)
{
	size_t count = 0;

	if (step->risk == RISK_READ)
		return 1;
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].risk != RISK_READ)
			count += 1 + touched(&plan->steps[i]);
	return count;
}

/* The policy's answer for the person at the helm now. What cannot be asked is denied. */
static void ask_policy(struct gate *gate, const struct plan *plan, const struct plan_step *step, int64_t at_ns, struct policy_answer *answer)
{
	struct json *labels = NULL;
	struct error err = { 0 };

	if (labels_of(gate, step, &labels, &err)) {
		*answer = (struct policy_answer){ .decision = DECIDE_DENY, .rule = "labels" };
		snprintf(answer->why, sizeof(answer->why), "%s", err.text);
		return;
	}
	struct policy_question question = {
		.user = gate->user.id, .role = gate->user.role, .action = step->action, .provider = step->provider,
		.verb = step->verb ? step->verb : "", .kind = step->ref.kind, .risk = step->risk, .scope = step->scope,
		.account = step->ref.account, .namespace_ = step->ref.namespace_, .name = step->ref.name,
		.params = step->params, .labels = labels, .at_ns = at_ns, .targets = targets_of(plan, step),
	};
	policy_decide(gate->policy, &question, answer);
	json_free(labels);
}

static int same_scope(struct gate *gate, const struct plan_step *step)
{
	char scope[12] = "";

	estate_scope(gate->options.estate, step->ref.namespace_, step->ref.account, scope);
	return step->risk == RISK_READ || !*scope || !strcmp(scope, step->scope);
}

static int asks_for_more(const struct policy_answer *answer, const struct plan_step *step)
{
	if (answer->decision != step->decision)
		return answer->decision < step->decision;
	return answer->decision == DECIDE_APPROVE && (answer->by > step->approvals_needed || (answer->not_self && !step->not_self) ||
						       (!answer->approve_flag && step->approve_flag) || strcmp(answer->who, step->approver));
}

/* A plan was decided when it was made, for the one who asked. It is run by whom, and at an hour, the rules may treat otherwise; and what is stored could
 * have been changed by hand. So everything is asked again. */
int gate_policy_holds(struct gate *gate, const struct plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_step *step = &plan->steps[i];
		const struct kind *kind = step->verb ? estate_kind_of(gate->options.estate, &step->ref, err) : NULL;
		const struct kind_verb *verb = kind ? kind_verb_find(kind, step->verb) : NULL;
		struct policy_answer answer;

		if (step->verb && (!verb || verb->risk != step->risk || !same_scope(gate, step)))
			return error_set(err, ERR_CONFLICT, "%s is not what it was when the plan was made: make a new one", step->action);
		ask_policy(gate, plan, step, clock_now_ns(), &answer);
		if (answer.decision == DECIDE_DENY)
			return error_set(err, ERR_DENIED, "%s: denied by %s: %s", step->action, answer.rule, answer.why);
		if (asks_for_more(&answer, step))
			return error_set(err, ERR_CONFLICT, "the policy asks for more now (%s) than when the plan was made: make a new one", answer.rule);
	}
	return 0;
}

void gate_decide(struct gate *gate, struct plan *plan, struct plan_step *step)
{
	struct policy_answer answer;

	if (step->risk != RISK_READ && gate_read_only(gate)) {
		decide_read_only(step);
		return;
	}
	ask_policy(gate, plan, step, plan->made_ns, &answer);
	step->decision = answer.decision;
	step->rule = arena_text(plan->arena, answer.rule);
	step->why = arena_text(plan->arena, answer.why);
	step->approver = arena_text(plan->arena, answer.who);
	step->approvals_needed = answer.by;
	step->approval_ns = answer.expires_ns;
	step->not_self = answer.not_self;
	step->approve_flag = answer.approve_flag;
}

/* An undo that the policy will refuse is no undo: what was created in prod is not deleted from here. Where it is of the same risk, the answer is
 * that of the step itself. */
static void decide_undo(struct gate *gate, struct plan *plan, struct plan_step *step)
{
	struct plan_step inverse = *step;
	const struct kind *kind = step->undo ? estate_kind_of(gate->options.estate, &step->ref, NULL) : NULL;
	const struct kind_verb *verb = kind ? kind_verb_find(kind, json_text_or(json_get(step->undo, "verb"), "")) : NULL;
	struct policy_answer answer;
	char action[80];

	if (!verb || verb->risk == step->risk || gate_read_only(gate))
		return;
	snprintf(action, sizeof(action), "%s.%s", step->provider, verb->name);
	inverse.action = action;
	inverse.verb = verb->name;
	inverse.risk = verb->risk;
	inverse.params = json_get(step->undo, "params");
	ask_policy(gate, plan, &inverse, plan->made_ns, &answer);
	if (answer.decision != DECIDE_DENY)
		return;
	step->undo_text = arena_format(plan->arena, "%s, which the policy denies (%s)", step->undo_text, answer.rule);
	step->reversible = 0;
}

int gate_plan_add_act(struct gate *gate, struct plan *plan, const char *id, const struct ref *ref, const char *verb, const struct json *params,
	const char *because, struct error *err)
{
	struct writing w = { .gate = gate, .plan = plan };

	if (find_verb(&w, ref, verb, err))
		return -1;
	struct json *checked = params_check(w.verb, params, err);
	if (!checked)
		return error_wrap(err, "%s", w.verb->name);
	struct plan_step *step = new_step(&w, id, ref, checked, because, err);
	if (!step)
		return -1;
	if (look(&w, step, err)) {
		plan->count--; /* nothing has changed */
		json_free(checked);
		return -1;
	}
	gate_decide(gate, plan, step);
	decide_undo(gate, plan, step);
	return 0;
}

struct plan_step *gate_plan_add_read(struct gate *gate, struct plan *plan, const char *id, const char *action, const char *target,
	const struct json *params, struct error *err)
{
	struct plan_step *step = plan_add(plan);

	if (!step) {
		error_set(err, ERR_LIMIT, "a plan has at most 500 steps");
		return NULL;
	}
	step->id = arena_text(plan->arena, id);
	step->action = arena_text(plan->arena, action);
	step->provider = arena_text_n(plan->arena, action, strcspn(action, "."));
	snprintf(step->target, sizeof(step->target), "%s", target);
	step->params = params ? json_copy(params) : NULL;
	step->undo_text = "reads only";
	step->cost = "0";
	gate_decide(gate, plan, step);
	return step;
}

/* --- finishing --- */

static void summarize(struct gate *gate, struct plan *plan)
{
	char words[512];
	struct text text;
	int shown = 0, writes = plan_writes(plan);

	text_init(&text, 4096);
	if (*plan->undo_of)
		text_format(&text, "undo of run %.13s…: ", plan->undo_of);
	for (size_t i = 0; i < plan->count && shown < 3; i++) {
		const struct plan_step *step = &plan->steps[i];

		if (step->risk == RISK_READ)
			continue;
		gate_ref_words(gate, &step->ref, words, sizeof(words));
		text_format(&text, "%s%s %s", shown++ ? "; then " : "", step->verb, words);
		if (*step->undo_text)
			text_format(&text, " (%s%s)", step->undo ? "undo: " : "", step->undo_text);
	}
	if (writes > shown)
		text_format(&text, "; and %d more", writes - shown);
	if (!writes)
		text_format(&text, "%zu read step%s, nothing is changed", plan->count, plan->count == 1 ? "" : "s");
	plan->summary = arena_text(plan->arena, text.data);
	text_release(&text);
}

/* The shortest approval of its steps is the plan's. */
static void set_expiry(struct plan *plan)
{
	int64_t shortest_ns = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_step *step = &plan->steps[i];

		if (step->decision == DECIDE_APPROVE && step->approval_ns && (!shortest_ns || step->approval_ns < shortest_ns))
			shortest_ns = step->approval_ns;
	}
	plan->expires_ns = plan->made_ns + (shortest_ns ? shortest_ns : PLAN_GOOD_FOR_MIN * 60 * CLOCK_SECOND_NS);
}

static const char *decision_word(enum decision decision)
{
	return decision == DECIDE_DENY ? "denied" : decision == DECIDE_APPROVE ? "waiting" : "planned";
}

/* The plan and its entry are on disk together, or neither is. */
static int audit_plan(struct gate *gate, const struct plan *plan, struct error *err)
{
	struct gate_write_plan *write = gate_store_plan_new(plan);
	const struct plan_step *first = plan->count ? &plan->steps[0] : NULL;
	struct json *detail = json_object();

	for (size_t i = 0; i < plan->count; i++) /* a denial speaks for the plan */
		if (plan->steps[i].decision == DECIDE_DENY || (first->risk == RISK_READ && plan->steps[i].risk != RISK_READ))
			first = &plan->steps[i];
	json_set_text(detail, "summary", plan->summary);
	json_set_int(detail, "steps", (int64_t)plan->count);
	json_set_int(detail, "writes", plan_writes(plan));
	if (first)
		json_set_text(detail, "rule", first->rule);
	struct audit_event event = {
		.user = &gate->user, .name = "plan", .intent = plan->intent, .plan_id = plan->id, .target = first ? first->target : "",
		.step = first && first->verb ? first->verb : "", .risk = risk_name(plan_risk(plan)), .request_digest = plan->hash,
		.status = decision_word(plan_decision(plan)), .cost_usd = "", .duration_ns = -1,
		.error = plan_decision(plan) == DECIDE_DENY && first ? first->why : "", .detail = detail,
	};
	int failed = audit_append_with(gate->audit, &event, gate_store_plan_in, write, NULL, err);
	json_free(detail);
	gate_store_plan_free(write);
	return failed ? error_wrap(err, "storing the plan") : 0;
}

/* A step was decided when those after it were not known yet. */
static void decide_again(struct gate *gate, struct plan *plan)
{
	for (size_t i = 0; i < plan->count && plan_writes(plan) > 1; i++)
		if (plan->steps[i].risk != RISK_READ)
			gate_decide(gate, plan, &plan->steps[i]);
}

int gate_plan_finish(struct gate *gate, struct plan *plan, struct error *err)
{
	decide_again(gate, plan);
	set_expiry(plan);
	if (!*plan->summary)
		summarize(gate, plan);
	plan_seal(plan);
	struct error own = { 0 };
	int failed = audit_plan(gate, plan, &own);

	/* A full disk is looked into from the machine that has it: what changes nothing is answered, though nobody can write down that it was asked. */
	if (failed && own.code == ERR_IO && !plan_writes(plan))
		log_write(LOG_INFO, "gate", "%s", own.text);
	else if (failed) {
		if (err)
			*err = own;
		return -1;
	}
	gate_news(gate);
	return 0;
}

int gate_plan_acts(struct gate *gate, const struct gate_act *acts, size_t count, const char *summary, struct plan **out, struct error *err)
{
	struct plan *plan = gate_plan_begin(gate);
	int failed = 0;
	char id[32];

	plan->summary = arena_text(plan->arena, summary ? summary : "");
	for (size_t i = 0; i < count && !failed; i++) {
		snprintf(id, sizeof(id), "%s-%zu", acts[i].verb, i + 1);
		failed = gate_plan_add_act(gate, plan, count == 1 ? acts[i].verb : id, acts[i].ref, acts[i].verb, acts[i].params, acts[i].because, err);
	}
	if (failed || gate_plan_finish(gate, plan, err)) {
		plan_free(plan);
		return -1;
	}
	*out = plan;
	return 0;
}

int gate_plan_act(struct gate *gate, const struct ref *ref, const char *verb, const struct json *params, const char *because, struct plan **out,
	struct error *err)
{
	return gate_plan_acts(gate, &(struct gate_act){ ref, verb, params, because }, 1, NULL, out, err);
}
