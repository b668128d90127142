#include "gate/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"
#include "base/uuid.h"

enum { STEPS_MAX = 500 /* nobody reads further before approving */, PLAN_MAX_BYTES = 32 << 20 };

struct plan *plan_new(void)
{
	struct plan *plan = mem_zero(1, sizeof(*plan));

	plan->arena = arena_new();
	uuid_v7(plan->id);
	plan->playbook = plan->summary = plan->asked_by = plan->undo_of = plan->policy_version = "";
	plan->made_ns = clock_now_ns();
	return plan;
}

/* Trees in a step are owned by the plan, though handed out as const. */
static void drop(const struct json *tree)
{
	union { const struct json *shown; struct json *owned; } tree_ = { .shown = tree };

	json_free(tree_.owned);
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_step *step = &plan->steps[i];

		drop(step->params);
		drop(step->state);
		drop(step->before);
		drop(step->after);
		drop(step->blast);
		drop(step->undo);
		drop(step->verify);
	}
	free(plan->steps);
	json_free(plan->intent);
	arena_free(plan->arena);
	free(plan);
}

struct plan_step *plan_add(struct plan *plan)
{
	static const char *const nothing[] = { NULL };

	if (plan->count == STEPS_MAX)
		return NULL;
	plan->steps = mem_grow(plan->steps, plan->count + 1, sizeof(*plan->steps));
	struct plan_step *step = &plan->steps[plan->count++];
	*step = (struct plan_step){
		.id = "", .action = "", .provider = "", .undo_text = "", .dry_run_text = "", .estimate_seconds = -1, .cost = "",
		.rule = "", .why = "", .approver = "", .scope = "", .needs = nothing, .because = "",
	};
	return step;
}

enum decision plan_decision(const struct plan *plan)
{
	enum decision strictest = DECIDE_ALLOW;

	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].decision < strictest)
			strictest = plan->steps[i].decision;
	return strictest;
}

int plan_writes(const struct plan *plan)
{
	int writes = 0;

	for (size_t i = 0; i < plan->count; i++)
		writes += plan->steps[i].risk != RISK_READ;
	return writes;
}

enum risk plan_risk(const struct plan *plan)
{
	enum risk highest = RISK_READ;

	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].risk > highest)
			highest = plan->steps[i].risk;
	return highest;
}

/* --- JSON: what INTERFACE promises, and what loading again needs --- */

static const char *const decisions[] = { "deny", "approve", "allow" };

static void set_tree(struct json *object, const char *key, const struct json *tree)
{
	json_set(object, key, tree ? json_copy(tree) : json_null());
}

static struct json *estimate_to_json(const struct plan_step *step)
{
	struct json *estimate = json_object();

	json_set(estimate, "seconds", step->estimate_seconds < 0 ? json_null() : json_integer(step->estimate_seconds));
	json_set(estimate, "cost", *step->cost ? json_string(step->cost) : json_null());
	json_set(estimate, "currency", *step->cost ? json_string(PLAN_CURRENCY) : json_null());
	return estimate;
}

static struct json *decision_to_json(const struct plan_step *step)
{
	struct json *policy = json_object();

	json_set_text(policy, "decision", decisions[step->decision]);
	json_set_text(policy, "rule", step->rule);
	json_set_text(policy, "why", step->why);
	json_set_text(policy, "approver", step->approver);
	json_set_int(policy, "approvals_needed", step->approvals_needed);
	json_set_int(policy, "approval_seconds", step->approval_ns / CLOCK_SECOND_NS);
	json_set(policy, "not_self", json_boolean(step->not_self));
	json_set(policy, "flag", json_boolean(step->approve_flag));
	return policy;
}

static struct json *ref_to_json(const struct ref *ref)
{
	struct json *object = json_object();

	json_set_text(object, "provider", ref->provider);
	json_set_text(object, "account", ref->account);
	json_set_text(object, "namespace", ref->namespace_);
	json_set_text(object, "kind", ref->kind);
	json_set_text(object, "name", ref->name);
	json_set_text(object, "uid", ref->uid);
	return object;
}

static struct json *step_to_json(const struct plan_step *step)
{
	struct json *object = json_object();
	struct json *needs = json_array();

	json_set_text(object, "id", step->id);
	json_set_text(object, "action", step->action);
	json_set_text(object, "provider", step->provider);
	json_set_text(object, "target", step->target);
	json_set(object, "ref", *step->ref.kind ? ref_to_json(&step->ref) : json_null());
	json_set_text(object, "scope", step->scope);
	json_set_text(object, "risk", risk_name(step->risk));
	json_set(object, "reversible", json_boolean(step->reversible));
	json_set(object, "verb", step->verb ? json_string(step->verb) : json_null());
	set_tree(object, "params", step->params);
	set_tree(object, "state", step->state);
	set_tree(object, "before", step->before);
	set_tree(object, "after", step->after);
	set_tree(object, "undo_step", step->undo);
	json_set_text(object, "undo", step->undo_text);
	json_set(object, "dry_run", json_boolean(step->dry_run));
	json_set_text(object, "dry_run_text", step->dry_run_text);
	json_set(object, "estimate", estimate_to_json(step));
	json_set(object, "policy", decision_to_json(step));
	char *diff = step->risk == RISK_READ ? NULL : plan_step_diff(step);
	json_set(object, "diff", json_string(diff));
	free(diff);
	json_set(object, "blast_radius", step->blast ? json_copy(step->blast) : json_array());
	for (size_t i = 0; step->needs[i]; i++)
		json_add(needs, json_string(step->needs[i]));
	json_set(object, "needs", needs);
	json_set_text(object, "because", step->because);
	set_tree(object, "verify", step->verify);
	return object;
}

/* The step that needs most approvers speaks for the plan. */
static const struct plan_step *strictest(const struct plan *plan)
{
	const struct plan_step *worst = NULL;

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_step *step = &plan->steps[i];

		if (step->decision == DECIDE_APPROVE && (!worst || step->approvals_needed > worst->approvals_needed))
			worst = step;
	}
	return worst;
}

static void set_time(struct json *object, const char *key, int64_t at_ns)
{
	char text[CLOCK_RFC3339_MAX] = "";

	if (at_ns)
		clock_format(at_ns, text);
	json_set(object, key, at_ns ? json_string(text) : json_null());
}

static struct json *approval_to_json(const struct plan *plan)
{
	const struct plan_step *step = strictest(plan);
	struct json *approval = json_object();

	json_set(approval, "needed", json_boolean(step != NULL));
	json_set_int(approval, "by", step ? step->approvals_needed : 0);
	json_set_text(approval, "who", step ? step->approver : "");
	set_time(approval, "expires", step ? plan->expires_ns : 0);
	return approval;
}

struct json *plan_to_json(const struct plan *plan)
{
	struct json *object = json_object();
	struct json *steps = json_array();

	json_set_text(object, "plan_id", plan->id);
	json_set_text(object, "hash", plan->hash);
	set_tree(object, "intent", plan->intent);
	json_set_text(object, "playbook", plan->playbook);
	json_set_text(object, "asked_by", plan->asked_by);
	json_set_text(object, "undo_of", plan->undo_of);
	set_time(object, "made_at", plan->made_ns);
	set_time(object, "expires_at", plan->expires_ns);
	json_set_text(object, "policy_version", plan->policy_version);
	for (size_t i = 0; i < plan->count; i++)
		json_add(steps, step_to_json(&plan->steps[i]));
	json_set(object, "steps", steps);
	json_set(object, "approval", approval_to_json(plan));
	json_set_text(object, "summary", plan->summary);
	return object;
}

/* The hash covers everything but itself, in canonical bytes. */
void plan_seal(struct plan *plan)
{
	struct text bytes;

	plan->hash[0] = 0;
	struct json *object = plan_to_json(plan);
	text_init(&bytes, PLAN_MAX_BYTES);
	json_remove(object, "hash");
	json_canonical(object, &bytes);
	sha256_hex(bytes.data, bytes.length, plan->hash);
	text_release(&bytes);
	json_free(object);
}

static const char *kept_text(struct plan *plan, const struct json *object, const char *key)
{
	return arena_text(plan->arena, json_text_or(json_get(object, key), ""));
}

static const struct json *kept_tree(const struct json *object, const char *key)
{
	const struct json *tree = json_get(object, key);

	return json_type(tree) == JSON_NULL ? NULL : json_copy(tree);
}

static int64_t kept_time(const struct json *object, const char *key)
{
	int64_t at_ns = 0;

	return clock_parse(json_text_or(json_get(object, key), ""), &at_ns) ? 0 : at_ns;
}

static void copy_field(char *out, size_t size, const struct json *object, const char *key)
{
	const char *text = json_text_or(json_get(object, key), "");
	size_t length = strlen(text) < size ? strlen(text) : size - 1;

	memcpy(out, text, length);
	out[length] = 0;
}

static void ref_from_json(struct ref *ref, const struct json *object)
{
	copy_field(ref->provider, sizeof(ref->provider), object, "provider");
	copy_field(ref->account, sizeof(ref->account), object, "account");
	copy_field(ref->namespace_, sizeof(ref->namespace_), object, "namespace");
	copy_field(ref->kind, sizeof(ref->kind), object, "kind");
	copy_field(ref->name, sizeof(ref->name), object, "name");
	copy_field(ref->uid, sizeof(ref->uid), object, "uid");
}

static const char *const *needs_from_json(struct plan *plan, const struct json *needs)
{
	size_t count = json_count(needs);
	const char **list = arena_alloc(plan->arena, (count + 1) * sizeof(*list));

	for (size_t i = 0; i < count; i++)
		list[i] = arena_text(plan->arena, json_text_or(json_item(needs, i), ""));
	return list;
}

static void policy_from_json(struct plan *plan, struct plan_step *step, const struct json *policy)
{
	const char *decision = json_text_or(json_get(policy, "decision"), "deny");

	step->decision = DECIDE_DENY; /* what cannot be read is denied */
	for (size_t i = 0; i < sizeof(decisions) / sizeof(*decisions); i++)
		if (!strcmp(decisions[i], decision))
			step->decision = (enum decision)i;
	step->rule = kept_text(plan, policy, "rule");
	step->why = kept_text(plan, policy, "why");
	step->approver = kept_text(plan, policy, "approver");
	step->approvals_needed = (int)json_int(json_get(policy, "approvals_needed"), 0);
	step->approval_ns = json_int(json_get(policy, "approval_seconds"), 0) * CLOCK_SECOND_NS;
	step->not_self = json_bool(json_get(policy, "not_self"), 1);
	step->approve_flag = json_bool(json_get(policy, "flag"), 0);
}

static enum risk risk_from_json(const struct json *risk)
{
	const char *name = json_text_or(risk, "delete");

	return !strcmp(name, "read") ? RISK_READ : !strcmp(name, "write") ? RISK_WRITE : RISK_DELETE;
}

static void step_from_json(struct plan *plan, struct plan_step *step, const struct json *object)
{
	const struct json *verb = json_get(object, "verb");

	step->id = kept_text(plan, object, "id");
	step->action = kept_text(plan, object, "action");
	step->provider = kept_text(plan, object, "provider");
	copy_field(step->target, sizeof(step->target), object, "target");
	ref_from_json(&step->ref, json_get(object, "ref"));
	step->scope = kept_text(plan, object, "scope");
	step->risk = risk_from_json(json_get(object, "risk"));
	step->reversible = json_bool(json_get(object, "reversible"), 0);
	step->verb = json_text(verb) ? arena_text(plan->arena, json_text(verb)) : NULL;
	step->params = kept_tree(object, "params");
	step->state = kept_tree(object, "state");
	step->before = kept_tree(object, "before");
	step->after = kept_tree(object, "after");
	step->undo = kept_tree(object, "undo_step");
	step->blast = kept_tree(object, "blast_radius");
	step->verify = kept_tree(object, "verify");
	step->undo_text = kept_text(plan, object, "undo");
	step->dry_run = json_bool(json_get(object, "dry_run"), 0);
	step->dry_run_text = kept_text(plan, object, "dry_run_text");
	step->estimate_seconds = (int)json_int(json_at(object, "estimate.seconds"), -1);
	step->cost = arena_text(plan->arena, json_text_or(json_at(object, "estimate.cost"), ""));
	step->because = kept_text(plan, object, "because");
	step->needs = needs_from_json(plan, json_get(object, "needs"));
	policy_from_json(plan, step, json_get(object, "policy"));
}

struct plan *plan_from_json(const struct json *json, struct error *err)
{
	const char *id = json_text(json_get(json, "plan_id"));
	const struct json *steps = json_get(json, "steps");

	if (!id || strlen(id) >= sizeof(((struct plan *)0)->id) || !json_is(steps, JSON_ARRAY)) {
		error_set(err, ERR_FORMAT, "this is no plan: plan_id or steps are missing");
		return NULL;
	}
	struct plan *plan = plan_new();
	copy_field(plan->id, sizeof(plan->id), json, "plan_id");
	copy_field(plan->hash, sizeof(plan->hash), json, "hash");
	plan->intent = json_type(json_get(json, "intent")) == JSON_NULL ? NULL : json_copy(json_get(json, "intent"));
	plan->playbook = kept_text(plan, json, "playbook");
	plan->summary = kept_text(plan, json, "summary");
	plan->asked_by = kept_text(plan, json, "asked_by");
	plan->undo_of = kept_text(plan, json, "undo_of");
	plan->policy_version = kept_text(plan, json, "policy_version");
	plan->made_ns = kept_time(json, "made_at");
	plan->expires_ns = kept_time(json, "expires_at");
	for (const struct json *object = json_first(steps); object; object = json_next(object)) {
		struct plan_step *step = plan_add(plan);

		if (!step)
			break;
		step_from_json(plan, step, object);
	}
	return plan;
}

/* --- diff --- */

/* Harmless, and every line of a value under its mark: a value must not look like further lines of the diff. */
static void add_line(struct text *out, const char *mark, const char *path, const struct json *value)
{
	char *shown = json_text(value) ? NULL : json_format(value);
	const char *rest = shown ? shown : json_text(value);

	text_format(out, "%s ", mark);
	safe_add(out, *path ? path : ".", *path ? strlen(path) : 1);
	text_add(out, ": ");
	for (;;) {
		size_t length = strcspn(rest, "\n");

		safe_add(out, rest, length);
		text_add_char(out, '\n');
		rest += length;
		if (!*rest++ || !*rest)
			break;
		text_format(out, "%s | ", mark);
	}
	free(shown);
}

static void diff_value(struct text *out, const char *path, const struct json *before, const struct json *after);

static void diff_member(struct text *out, const char *path, const char *key, const struct json *before, const struct json *after)
{
	char *inner = *path ? mem_format("%s.%s", path, key) : mem_text(key);

	diff_value(out, inner, before, after);
	free(inner);
}

static void diff_objects(struct text *out, const char *path, const struct json *before, const struct json *after)
{
	for (const struct json *member = json_first(before); member; member = json_next(member))
		diff_member(out, path, json_key(member), member, json_get(after, json_key(member)));
	for (const struct json *member = json_first(after); member; member = json_next(member))
		if (!json_get(before, json_key(member)))
			diff_member(out, path, json_key(member), NULL, member);
}

/* Only leaves that differ, and one line of context for those that do not at the top. */
static int all_objects(const struct json *list)
{
	for (const struct json *item = json_first(list); item; item = json_next(item))
		if (!json_is(item, JSON_OBJECT))
			return 0;
	return json_count(list) > 0;
}

/* Things of which there are as many as before are compared one by one: "containers.0.image", not the whole list twice. */
static int diff_items(struct text *out, const char *path, const struct json *before, const struct json *after)
{
	size_t number = 0;

	if (!json_is(before, JSON_ARRAY) || !json_is(after, JSON_ARRAY) || json_count(before) != json_count(after) || json_equal(before, after) ||
		!all_objects(before) || !all_objects(after))
		return 0;
	after = json_first(after);
	for (before = json_first(before); before; before = json_next(before), after = json_next(after)) {
		char key[24];

		snprintf(key, sizeof(key), "%zu", number++);
		if (!json_equal(before, after))
			diff_member(out, path, key, before, after);
	}
	return 1;
}

static void diff_value(struct text *out, const char *path, const struct json *before, const struct json *after)
{
	if (diff_items(out, path, before, after))
		return;
	if (json_is(before, JSON_OBJECT) && (json_is(after, JSON_OBJECT) || !after)) {
		if (after || json_count(before)) {
			diff_objects(out, path, before, after);
			return;
		}
	}
	if (!before && json_is(after, JSON_OBJECT) && json_count(after)) {
		diff_objects(out, path, NULL, after);
		return;
	}
	if (before && after && json_equal(before, after)) {
		if (!strchr(path, '.'))
			add_line(out, " ", path, after);
		return;
	}
	if (before)
		add_line(out, "-", path, before);
	if (after)
		add_line(out, "+", path, after);
}

char *plan_step_diff(const struct plan_step *step)
{
	struct text out;

	text_init(&out, 1 << 20);
	diff_value(&out, "", step->before, step->after);
	return text_take(&out);
}
