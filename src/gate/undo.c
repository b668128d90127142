#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/safe.h"
#include "base/text.h"
#include "gate/gate_private.h"
#include "gate/gate_store.h"
#include "gate/owner.h"

enum { MOVED_SHOWN = 3 };

static const struct plan_step *step_of(const struct plan *plan, const struct json *done)
{
	int64_t number = json_int(json_get(done, "number"), -1);

	return number >= 0 && (size_t)number < plan->count ? &plan->steps[number] : NULL;
}

static int is_open(const struct json *step)
{
	const char *status = json_text_or(json_get(step, "status"), "");

	return !strcmp(status, "started") || !strcmp(status, "unknown");
}

static int was_done(const struct json *step)
{
	const char *status = json_text_or(json_get(step, "status"), "");

	return !strcmp(status, "done") || !strcmp(status, "unverified") || !strcmp(status, "partial");
}

/* "undo-ID" of an earlier undo of this run that got so far: it is not undone a second time. */
static int undone_before(const struct json *undos, const char *step_id)
{
	for (const struct json *run = json_first(undos); run; run = json_next(run))
		for (const struct json *step = json_first(json_get(run, "steps")); step; step = json_next(step)) {
			const char *id = json_text_or(json_get(step, "id"), "");

			if (!strncmp(id, "undo-", 5) && !strncmp(id + 5, step_id, 70) && was_done(step))
				return 1;
		}
	return 0;
}

/* What the run left and what stands there now, where both say something of the same thing. */
static void add_moved(struct text *out, const struct json *left, const struct json *now, const char *path, int *told)
{
	char key[200];

	for (const struct json *item = json_first(left); item; item = json_next(item)) {
		const struct json *other = json_get(now, json_key(item));

		if (!other || json_equal(item, other))
			continue;
		snprintf(key, sizeof(key), "%s%s%s", path, *path ? "." : "", json_key(item));
		if (json_is(item, JSON_OBJECT)) {
			add_moved(out, item, other, key, told);
			continue;
		}
		if ((*told)++ >= MOVED_SHOWN)
			continue;
		char *was = json_format(item), *is = json_format(other);

		text_format(out, "%s%s %.60s → %.60s", out->length ? ", " : "", key, was, is);
		free(was);
		free(is);
	}
}

/* The inverse is of what the run did. Somebody may have acted since: that is overwritten too, and whoever approves it reads so. */
static void tell_moved(struct plan *undo, const struct plan_step *step)
{
	struct plan_step *inverse = &undo->steps[undo->count - 1];
	struct text moved;
	char clean[1024];
	int told = 0;

	text_init(&moved, 1024);
	if (!step->after && inverse->before)
		text_add(&moved, "it was made again");
	else
		add_moved(&moved, step->after, inverse->before, "", &told);
	if (told > MOVED_SHOWN)
		text_format(&moved, " and %d more", told - MOVED_SHOWN);
	safe_copy(clean, sizeof(clean), moved.data, moved.length); /* keys are the source's words */
	if (moved.length)
		inverse->because = arena_format(undo->arena, "changed since that run, and overwritten by this: %s", clean);
	text_release(&moved);
}

/* An inverse names its verb and may name another kind or name (a deleted object is made again). */
static int add_inverse(struct gate *gate, struct plan *undo, const struct plan_step *step, const struct json *inverse, struct error *err)
{
	struct ref ref = step->ref;
	const char *kind = json_text(json_get(inverse, "kind")), *name = json_text(json_get(inverse, "name"));
	char id[80];

	if (kind)
		snprintf(ref.kind, sizeof(ref.kind), "%s", kind);
	if (name)
		snprintf(ref.name, sizeof(ref.name), "%s", name);
	ref.uid[0] = 0;
	snprintf(id, sizeof(id), "undo-%.70s", step->id);
	return gate_plan_add_act(gate, undo, id, &ref, json_text_or(json_get(inverse, "verb"), ""), json_get(inverse, "params"), "", err);
}

/* Its target is gone, is somebody else's now, or may not be touched: that is one step's trouble, and the others can still be taken back. */
static int is_of_one_step(enum error_code code)
{
	return code == ERR_NOT_FOUND || code == ERR_CONFLICT || code == ERR_FORBIDDEN;
}

/* why: of the last one that could not be undone, where its target stood in the way. */
static int add_inverses(struct gate *gate, struct plan *undo, const struct plan *plan, const struct json *run, struct text *left, struct error *why, struct error *err)
{
	const struct json *steps = json_get(run, "steps");
	struct json *undos = gate_store_undos(gate, json_text_or(json_get(run, "run_id"), ""), err);
	int failed = undos ? 0 : -1;

	for (size_t i = json_count(steps); i-- > 0 && !failed;) {
		const struct json *done = json_item(steps, i);
		const struct plan_step *step = step_of(plan, done);

		if (!step || step->risk == RISK_READ || undone_before(undos, step->id))
			continue;
		if (is_open(done))
			text_format(left, "%s%s (its outcome is not known)", left->length ? ", " : "", step->action);
		if (!was_done(done))
			continue;
		const struct json *inverse = json_get(done, "undo");
		if (json_type(inverse) == JSON_NULL)
			text_format(left, "%s%s (%s)", left->length ? ", " : "", step->action, step->undo_text);
		else if (!add_inverse(gate, undo, step, inverse, why))
			tell_moved(undo, step);
		else if (is_of_one_step(why->code))
			text_format(left, "%s%s (%s)", left->length ? ", " : "", step->action, why->text);
		else
			failed = error_set(err, why->code, "undoing %s: %s", step->id, why->text);
	}
	json_free(undos);
	return failed;
}

int gate_plan_undo(struct gate *gate, const char *run_id, struct plan **out, struct error *err)
{
	struct json *run = run_id ? gate_store_run(gate, run_id, err) : gate_store_run_to_undo(gate, err);
	struct plan *plan = run ? gate_plan_load(gate, json_text_or(json_get(run, "plan_id"), ""), err) : NULL;
	struct plan *undo = plan ? gate_plan_begin(gate) : NULL;
	struct text left;
	struct error why = { 0 };
	int failed = undo ? 0 : -1;

	text_init(&left, 1024);
	if (undo && !strcmp(json_text_or(json_get(run, "status"), ""), "rolled_back"))
		failed = error_set(err, ERR_CONFLICT, "run %.13s… is already undone", json_text(json_get(run, "run_id")));
	else if (undo && !strcmp(json_text_or(json_get(run, "status"), ""), "running") && owner_alive(json_text_or(json_get(run, "owner"), "")))
		failed = error_set(err, ERR_CONFLICT, "run %.13s… is still running: cancel it first", json_text(json_get(run, "run_id")));
	if (!failed) {
		undo->undo_of = arena_text(undo->arena, json_text(json_get(run, "run_id")));
		failed = add_inverses(gate, undo, plan, run, &left, &why, err);
	}
	if (!failed && !undo->count)
		failed = error_set(err, why.code ? why.code : ERR_INVALID, "nothing of run %.13s… can be undone%s%s", json_text(json_get(run, "run_id")), left.length ? ": " : "", left.data);
	if (!failed && left.length)
		undo->summary = arena_format(undo->arena, "undo %zu step%s of run %.13s…; cannot be undone: %s", undo->count, undo->count == 1 ? "" : "s", undo->undo_of, left.data);
	if (!failed)
		failed = gate_plan_finish(gate, undo, err);
	text_release(&left);
	json_free(run);
	plan_free(plan);
	if (failed) {
		plan_free(undo);
		return -1;
	}
	*out = undo;
	return 0;
}
