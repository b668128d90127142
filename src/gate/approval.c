/* Approvals are bound to a plan's hash: they count for exactly these steps, parameters, target states and rules, until the plan expires. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "estate/act.h"
#include "estate/estate.h"
#include "gate/gate_private.h"
#include "gate/gate_store.h"

enum { NAME_SHOWN = 44, NAME_BYTES = 68 };

struct plan *gate_plan_load(struct gate *gate, const char *plan_id, struct error *err)
{
	struct gate_plan_row row;

	if (gate_store_find_plan(gate, plan_id, &row, err))
		return NULL;
	struct plan *plan = plan_from_json(row.document, err);
	json_free(row.document);
	return plan;
}

struct json *gate_plans(struct gate *gate, size_t limit, struct error *err)
{
	return gate_store_plans(gate, limit, err);
}

/* The hash is computed again: a plan edited in the database is not the one that was shown. */
static int check_hash(const struct plan *plan, struct error *err)
{
	char stored[sizeof(plan->hash)];
	union { const struct plan *shown; struct plan *sealed; } same = { .shown = plan };

	memcpy(stored, plan->hash, sizeof(stored));
	plan_seal(same.sealed);
	int differs = strcmp(stored, plan->hash) != 0;
	memcpy(same.sealed->hash, stored, sizeof(stored));
	return differs ? error_set(err, ERR_CONFLICT, "plan %.13s… is not the one that was made: its stored text was changed; make a new one", plan->id) : 0;
}

static int check_time(const struct plan *plan, struct error *err)
{
	char expired[CLOCK_RFC3339_MAX];

	if (clock_now_ns() < plan->expires_ns && clock_now_ns() + 60 * CLOCK_SECOND_NS > plan->made_ns)
		return 0;
	clock_format(plan->expires_ns, expired);
	return error_set(err, ERR_CONFLICT, "plan %.13s… expired at %s: make a new one", plan->id, expired);
}

static int check_policy(struct gate *gate, const struct plan *plan, struct error *err)
{
	if (!strcmp(plan->policy_version, policy_version(gate->policy)))
		return 0;
	return error_set(err, ERR_CONFLICT, "the policies changed since plan %.13s… was made: make a new one", plan->id);
}

static struct json *drift_of(const struct plan_step *step, const struct json *is)
{
	struct json *drift = json_object();

	json_set_text(drift, "step", step->id);
	json_set_text(drift, "target", step->target);
	json_set(drift, "was", json_copy(step->state));
	json_set(drift, "is", is ? json_copy(is) : json_null());
	return drift;
}

static int seen_before(const struct plan *plan, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (plan->steps[j].risk != RISK_READ && !strcmp(plan->steps[j].target, plan->steps[i].target))
			return 1;
	return 0;
}

static int observe(struct gate *gate, const struct plan_step *step, struct json **state, struct error *err)
{
	const struct provider_ops *ops;
	const struct kind *kind = estate_kind_of(gate->options.estate, &step->ref, err);
	struct provider *provider = kind ? estate_provider(gate->options.estate, kind->provider, &ops, err) : NULL;

	if (!provider)
		return -1;
	if (!ops->act)
		return error_set(err, ERR_INVALID, "provider %s only observes", kind->provider);
	struct act_request request = { .ref = &step->ref, .kind = kind, .verb = kind_verb_find(kind, step->verb), .params = step->params };
	return ops->act->observe(provider, &request, state, err);
}

/* A target that an earlier step of this plan changes has moved by our own hand. */
struct json *gate_drift_step(struct gate *gate, const struct plan *plan, size_t i, struct error *err)
{
	const struct plan_step *step = &plan->steps[i];
	struct json *is = NULL, *drift = NULL;
	struct error looked = { 0 };

	if (step->risk == RISK_READ || seen_before(plan, i))
		return NULL;
	int failed = observe(gate, step, &is, &looked);
	if (failed && looked.code != ERR_NOT_FOUND) {
		if (err)
			*err = looked;
		return NULL;
	}
	if (failed || !json_equal(is, step->state))
		drift = drift_of(step, is);
	json_free(is);
	return drift;
}

struct json *gate_drift(struct gate *gate, const struct plan *plan, struct error *err)
{
	struct json *drift = NULL;
	struct error each = { 0 };

	for (size_t i = 0; i < plan->count && !drift && !each.code; i++)
		drift = gate_drift_step(gate, plan, i, &each);
	if (each.code && err)
		*err = each;
	return drift;
}

/* "processes 4711": which of a plan's targets it is; of a long name both ends. */
static void name_of(const char *target, char out[NAME_BYTES])
{
	struct ref ref = { 0 };

	if (ref_parse(target, &ref)) {
		snprintf(out, NAME_BYTES, "the target");
		return;
	}
	size_t length = strlen(ref.name), head = 20;
	const char *tail = length > NAME_SHOWN ? ref.name + length - 20 : "";

	while ((*tail & 0xc0) == 0x80) /* from the beginning of a character, and up to the end of one */
		tail++;
	while (head && (ref.name[head] & 0xc0) == 0x80)
		head--;
	if (*tail)
		snprintf(out, NAME_BYTES, "%.14s %.*s…%s", ref.kind, (int)head, ref.name, tail);
	else
		snprintf(out, NAME_BYTES, "%.14s %.44s", ref.kind, ref.name);
}

void gate_drift_error(const struct json *drift, struct error *err)
{
	const struct json *was = json_get(drift, "was"), *is = json_get(drift, "is");
	struct text what;

	char name[NAME_BYTES];

	name_of(json_text_or(json_get(drift, "target"), ""), name);
	text_init(&what, 120);
	for (const struct json *field = json_first(was); field; field = json_next(field)) {
		const struct json *now = json_get(is, json_key(field));
		char *before = json_format(field), *after = now ? json_format(now) : NULL;

		if (!now || !json_equal(field, now))
			text_format(&what, "%s%s %s → %s", what.length ? ", " : "", json_key(field), before, after ? after : "gone");
		free(before);
		free(after);
	}
	for (const struct json *field = json_first(is); field; field = json_next(field))
		if (!json_get(was, json_key(field)))
			text_format(&what, "%s%s is new", what.length ? ", " : "", json_key(field));
	error_set(err, ERR_CONFLICT, "%s changed since the plan was made (%s): make a new one", name, what.length ? what.data : "it is gone");
	text_release(&what);
}

static int may_approve(const struct gate_approval *a, const struct plan *plan, const struct plan_step *step)
{
	if (step->not_self && !strcmp(a->user, plan->asked_by))
		return 0;
	if (!strcmp(a->how, "flag") && !step->approve_flag)
		return 0;
	if (!strcmp(a->how, "key") && !strcmp(step->scope, "prod"))
		return 0; /* a protected target is approved by typing its name */
	if (!strncmp(step->approver, "role:", 5))
		return !strcmp(step->approver + 5, a->role);
	if (!strncmp(step->approver, "user:", 5))
		return !strcmp(step->approver + 5, a->user);
	return 1;
}

/* Different people count, and one flag at the most. */
static int approvers_of(const struct plan *plan, const struct plan_step *step, const struct gate_approval *list, size_t count)
{
	int have = 0, flags = 0;

	for (size_t i = 0; i < count; i++) {
		int flag = !strcmp(list[i].how, "flag");

		if (!may_approve(&list[i], plan, step) || (flag && flags))
			continue;
		flags += flag;
		have++;
	}
	return have;
}

static void still_missing(const struct plan *plan, const struct gate_approval *list, size_t count, char missing[256])
{
	missing[0] = 0;
	for (size_t i = 0; i < plan->count && !*missing; i++) {
		const struct plan_step *step = &plan->steps[i];
		int have = step->decision == DECIDE_APPROVE ? approvers_of(plan, step, list, count) : 0;

		/* A step that asks for approval asks for one at the least. */
		if (step->decision == DECIDE_APPROVE && (have < step->approvals_needed || !have))
			snprintf(missing, 256, "%d of %d approvals%s%s (%s)", have, step->approvals_needed, *step->approver ? " by " : "", step->approver, step->rule);
	}
}

/* Whether it is enough with mine too. */
static int enough_with(struct gate *gate, const struct plan *plan, const struct gate_approval *mine)
{
	struct gate_approval *list = NULL;
	size_t count = 0, kept = 0;
	char missing[256];

	if (gate_store_approvals(gate, plan->id, plan->hash, &list, &count, NULL))
		return 0;
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].user, mine->user))
			list[kept++] = list[i];
	list = mem_grow(list, kept + 1, sizeof(*list));
	list[kept++] = *mine;
	still_missing(plan, list, kept, missing);
	free(list);
	return !*missing;
}

static int counts_somewhere(const struct gate_approval *a, const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].decision == DECIDE_APPROVE && may_approve(a, plan, &plan->steps[i]))
			return 1;
	return 0;
}

struct json *gate_approvals_told(struct gate *gate, const struct plan *plan)
{
	struct gate_approval *list = NULL;
	size_t count = 0;
	struct json *told = json_array();

	if (gate_store_approvals(gate, plan->id, plan->hash, &list, &count, NULL))
		count = 0;
	for (size_t i = 0; i < count; i++)
		if (counts_somewhere(&list[i], plan))
			json_add(told, json_set_text(json_set_text(json_set_text(json_object(), "by", list[i].user), "role", list[i].role), "how", list[i].how));
	free(list);
	if (json_count(told))
		return json_set(json_set_text(json_object(), "plan_hash", plan->hash), "approvals", told);
	json_free(told);
	return NULL;
}

int gate_approved(struct gate *gate, const struct plan *plan, char missing[256], struct error *err)
{
	struct gate_approval *list = NULL;
	size_t count = 0;
	struct error looked = { 0 };

	missing[0] = 0;
	if (check_hash(plan, err) || check_policy(gate, plan, err) || check_time(plan, err))
		return -1;
	struct json *drift = gate_drift(gate, plan, &looked);
	if (drift || looked.code) {
		if (drift)
			gate_drift_error(drift, err);
		else if (err)
			*err = looked;
		json_free(drift);
		return -1;
	}
	if (gate_store_approvals(gate, plan->id, plan->hash, &list, &count, err))
		return -1;
	still_missing(plan, list, count, missing);
	free(list);
	return !*missing;
}

/* Why this person's yes would count for no step; NULL when it counts. */
static const char *refused(const struct gate_approval *mine, const struct plan *plan)
{
	const char *why = "nothing in this plan needs approval";

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_step *step = &plan->steps[i];

		if (step->decision != DECIDE_APPROVE)
			continue;
		if (may_approve(mine, plan, step))
			return NULL;
		if (!strcmp(step->scope, "prod") && !strcmp(mine->how, "key"))
			why = "a protected target is approved by typing its name";
		else if (step->not_self && !strcmp(mine->user, plan->asked_by))
			why = "the one who asked may not approve";
		else if (!strcmp(mine->how, "flag") && !step->approve_flag)
			why = "the policy does not take --approve";
		else
			why = "the policy wants another role";
	}
	return why;
}

static struct json *approval_detail(const struct gate_approval *mine, const struct plan *plan)
{
	struct json *approval = json_object();

	json_set_text(approval, "by", mine->user);
	json_set_text(approval, "role", mine->role);
	json_set_text(approval, "how", mine->how);
	json_set_text(approval, "plan_hash", plan->hash);
	return approval;
}

static const struct plan_step *first_write(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].risk != RISK_READ)
			return &plan->steps[i];
	return plan->count ? &plan->steps[0] : NULL;
}

static int record(struct gate *gate, const struct plan *plan, const struct gate_approval *mine, const char *name, const char *status, const char *plan_status,
	const char *why, struct error *err)
{
	const struct plan_step *step = first_write(plan);
	struct json *approval = approval_detail(mine, plan);
	struct gate_write_approval write = { .plan_id = plan->id, .status = plan_status, .approval = *mine };
	struct audit_event event = {
		.user = &gate->user, .name = name, .intent = plan->intent, .plan_id = plan->id, .step = step ? step->id : "", .target = step ? step->target : "",
		.risk = risk_name(plan_risk(plan)), .request_digest = plan->hash, .status = status, .cost_usd = "", .duration_ns = -1, .error = why,
		.approval = approval,
	};

	if (strcmp(status, "done"))
		*write.approval.user = 0; /* told in the log, counted nowhere */
	int failed = audit_append_with(gate->audit, &event, gate_store_approve_in, &write, NULL, err);
	json_free(approval);
	gate_news(gate);
	return failed;
}

static int void_plan(struct gate *gate, const struct plan *plan, const struct gate_approval *mine, const struct error *why)
{
	const char *status = clock_now_ns() >= plan->expires_ns ? "expired" : "drifted";

	record(gate, plan, mine, "approve", "failed", why->code == ERR_CONFLICT ? status : NULL, why->text, NULL);
	return -1;
}

struct plan *gate_plan_load_open(struct gate *gate, const char *plan_id, struct error *err)
{
	struct gate_plan_row row;

	if (gate_store_find_plan(gate, plan_id, &row, err))
		return NULL;
	int open = !strcmp(row.status, "waiting") || !strcmp(row.status, "planned") || !strcmp(row.status, "approved");
	/* "denied" is also said of one the policy denied, which is told below in its own words. */
	struct plan *plan = plan_from_json(row.document, err);
	json_free(row.document);
	if (!plan || open || plan_decision(plan) == DECIDE_DENY)
		return plan;
	if (!strcmp(row.status, "denied"))
		error_set(err, ERR_DENIED, "plan %.13s… was denied (pilothouse audit --plan %s says by whom): make a new one", plan->id, plan->id);
	else
		error_set(err, ERR_CONFLICT, "plan %.13s… is %s: make a new one", plan->id, !strcmp(row.status, "run") ? "already run" : row.status);
	plan_free(plan);
	return NULL;
}

/* Why this session decides nothing; NULL when it may. */
static const char *only_looks(const struct gate *gate)
{
	return gate_read_only(gate) ? "this session is read-only" : gate->options.dry_run ? "this is a dry run" : NULL;
}

int gate_approve(struct gate *gate, const char *plan_id, const char *how, struct error *err)
{
	struct error failed = { 0 };
	char missing[256];
	struct plan *plan = gate_plan_load_open(gate, plan_id, err);

	if (!plan)
		return -1;
	struct gate_approval mine = { .at_ns = clock_now_ns() };
	snprintf(mine.user, sizeof(mine.user), "%s", gate->user.id);
	snprintf(mine.role, sizeof(mine.role), "%s", gate->user.role);
	snprintf(mine.how, sizeof(mine.how), "%s", how);
	memcpy(mine.hash, plan->hash, sizeof(mine.hash));
	const char *why = only_looks(gate) ? only_looks(gate) : plan_decision(plan) == DECIDE_DENY ? "the policy denies this plan" : refused(&mine, plan);
	int result = 0;
	if (gate_approved(gate, plan, missing, &failed) < 0)
		result = void_plan(gate, plan, &mine, &failed);
	else if (why) {
		record(gate, plan, &mine, "approve", "denied", NULL, why, NULL);
		result = error_set(&failed, ERR_DENIED, "not approved: %s", why);
	} else {
		result = record(gate, plan, &mine, "approve", "done", enough_with(gate, plan, &mine) ? "approved" : NULL, "", &failed);
	}
	if (result && err)
		*err = failed;
	plan_free(plan);
	return result;
}

int gate_deny(struct gate *gate, const char *plan_id, const char *why, struct error *err)
{
	if (only_looks(gate))
		return error_set(err, ERR_DENIED, "not denied: %s", only_looks(gate));
	struct plan *plan = gate_plan_load_open(gate, plan_id, err);

	if (!plan)
		return -1;
	struct gate_approval mine = { .at_ns = clock_now_ns() };
	snprintf(mine.user, sizeof(mine.user), "%s", gate->user.id);
	snprintf(mine.role, sizeof(mine.role), "%s", gate->user.role);
	snprintf(mine.how, sizeof(mine.how), "deny");
	int failed = record(gate, plan, &mine, "deny", "denied", "denied", why ? why : "", err);
	plan_free(plan);
	return failed;
}
