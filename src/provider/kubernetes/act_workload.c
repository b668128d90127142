/* Deployments and their like: how many, which image, which revision. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "estate/kind.h"
#include "net/url.h"
#include "provider/kubernetes/account.h"
#include "provider/kubernetes/act.h"
#include "provider/kubernetes/get.h"
#include "provider/kubernetes/revisions.h"

enum { REPLICAS_MAX = 100000 };

#define RESTARTED_AT "kubectl.kubernetes.io/restartedAt"

static struct json *with_uid(const struct json *live)
{
	struct json *meta =
		json_set_text(json_object(), "uid", json_text(json_at(live, "metadata.uid")));

	return json_set(json_object(), "metadata", meta);
}

static void patch(struct change *change, const char *type, struct json *body)
{
	change->method = "PATCH";
	change->type = type;
	change->body = body;
}

int build_scale(const struct action *action, const struct json *live, struct change *change,
	struct error *err)
{
	long replicas = param_int(action, "replicas", -1);

	if (replicas < 0 || replicas > REPLICAS_MAX)
		return error_set(
			err, ERR_INVALID, "replicas is a number from 0 to %d", REPLICAS_MAX);
	patch(change, PATCH_MERGE, with_uid(live));
	json_set(change->body, "spec", json_set_int(json_object(), "replicas", replicas));
	change->sub = "scale";
	return 0;
}

void undo_scale(const struct action *action, const struct json *live, struct act_preview *preview)
{
	int64_t was = json_int(json_at(live, "spec.replicas"), -1);

	if (was < 0) {
		snprintf(preview->undo_text, sizeof(preview->undo_text),
			"the object does not say how many there were");
		return;
	}
	set_undo(action, preview, "scale", json_set_int(json_object(), "replicas", was));
	snprintf(preview->undo_text, sizeof(preview->undo_text), "scale back to %lld",
		(long long)was);
}

static int check_not_paused(const struct json *live, struct error *err)
{
	if (json_bool(json_at(live, "spec.paused"), 0))
		return error_set(err, ERR_CONFLICT, "its rollout is paused: resume it first");
	return 0;
}

int build_restart(const struct action *action, const struct json *live, struct change *change,
	struct error *err)
{
	char now[CLOCK_RFC3339_MAX];
	struct json *annotations = json_object();

	(void)action;
	if (check_not_paused(live, err)) {
		json_free(annotations);
		return -1;
	}
	clock_format(clock_now_ns(), now);
	json_set_text(annotations, RESTARTED_AT, now);
	patch(change, PATCH_STRATEGIC, with_uid(live));
	json_set(change->body, "spec",
		json_set(json_object(), "template",
			json_set(json_object(), "metadata",
				json_set(json_object(), "annotations", annotations))));
	return 0;
}

enum act_outcome outcome_restart(const struct action *action, const struct json *live)
{
	const struct json *state = action->request->state;
	const struct json *before = json_get(state, "spec.template.metadata.annotations");
	const char *was = json_text_or(json_get(before, RESTARTED_AT), "");
	const struct json *annotations = json_at(live, "spec.template.metadata.annotations");

	if (strcmp(json_text_or(json_get(annotations, RESTARTED_AT), ""), was) != 0)
		return ACT_DONE;
	return live ? ACT_NOT_DONE : ACT_UNKNOWN;
}

/* --- pause, resume --- */

static const char *pause_field(const struct action *action)
{
	return !strcmp(action->resource.type, "Deployment") ? "paused" : "suspend";
}

int build_pause(const struct action *action, const struct json *live, struct change *change,
	struct error *err)
{
	int pause = !strcmp(action->request->verb->name, "pause");

	(void)err;
	patch(change, PATCH_MERGE, with_uid(live));
	json_set(change->body, "spec",
		json_set(json_object(), pause_field(action), json_boolean(pause)));
	return 0;
}

void undo_pause(const struct action *action, const struct json *live, struct act_preview *preview)
{
	int was = json_bool(json_get(json_get(live, "spec"), pause_field(action)), 0);

	if (was == !strcmp(action->request->verb->name, "pause")) {
		snprintf(preview->undo_text, sizeof(preview->undo_text),
			"nothing to undo: it is so already");
		return;
	}
	set_undo(action, preview, was ? "pause" : "resume", NULL);
	snprintf(preview->undo_text, sizeof(preview->undo_text), "%s it", was ? "pause" : "resume");
}

/* --- image --- */

/* The container meant: named, or the only one. */
static const struct json *container_of(
	const struct action *action, const struct json *live, struct error *err)
{
	const struct json *list = json_at(live, "spec.template.spec.containers");
	const char *wanted = param_text(action, "container");

	if (!wanted && json_count(list) == 1)
		return json_first(list);
	for (const struct json *item = json_first(list); item && wanted; item = json_next(item))
		if (!strcmp(json_text_or(json_get(item, "name"), ""), wanted))
			return item;
	if (wanted)
		error_set(err, ERR_NOT_FOUND, "it has no container called %.80s", wanted);
	else
		error_set(err, ERR_INVALID,
			"it has %zu containers: say which with container=", json_count(list));
	return NULL;
}

int build_image(const struct action *action, const struct json *live, struct change *change,
	struct error *err)
{
	const struct json *container = container_of(action, live, err);
	const char *image = param_text(action, "image");
	struct json *item;

	if (!container)
		return -1;
	if (!image)
		return error_set(err, ERR_INVALID, "which image? give image=");
	item = json_set_text(json_object(), "name", json_text(json_get(container, "name")));
	json_set_text(item, "image", image);
	patch(change, PATCH_STRATEGIC, with_uid(live));
	json_set(change->body, "spec",
		json_set(json_object(), "template",
			json_set(json_object(), "spec",
				json_set(json_object(), "containers",
					json_add(json_array(), item)))));
	return 0;
}

void undo_image(const struct action *action, const struct json *live, struct act_preview *preview)
{
	const struct json *container = container_of(action, live, NULL);
	const char *image = json_text_or(json_get(container, "image"), "");
	struct json *params = json_object();

	json_set_text(params, "image", image);
	json_set_text(params, "container", json_text(json_get(container, "name")));
	set_undo(action, preview, "set_image", params);
	snprintf(preview->undo_text, sizeof(preview->undo_text), "set the image back to %.200s",
		image);
}

/* --- revisions --- */

/* The revision meant: by the name it had when the plan was made, for numbers move with each
 * rollback. */
static const struct json *wanted_revision(
	const struct action *action, const struct json *revisions, struct error *err)
{
	const char *name = json_text(json_get(action->request->state, "to"));

	for (const struct json *item = json_first(revisions); item && name; item = json_next(item))
		if (!strcmp(json_text_or(json_get(item, "name"), ""), name))
			return item;
	if (name)
		return error_set(err, ERR_NOT_FOUND, "revision %.120s is not kept any more", name),
		       NULL;
	return revisions_find(revisions, param_int(action, "revision", 0), err);
}

void resolve_rollback(const struct action *action, const struct json *live, struct json *state)
{
	struct json *revisions = revisions_of(action->account, &action->resource, live, NULL);
	const struct json *wanted =
		revisions_find(revisions, param_int(action, "revision", 0), NULL);

	if (wanted)
		json_set_text(state, "to", json_text(json_get(wanted, "name")));
	json_free(revisions);
}

int build_rollback(const struct action *action, const struct json *live, struct change *change,
	struct error *err)
{
	struct json *revisions = NULL;
	const struct json *wanted;
	int failed = -1;

	if (check_not_paused(live, err))
		return -1;
	revisions = revisions_of(action->account, &action->resource, live, err);
	wanted = revisions ? wanted_revision(action, revisions, err) : NULL;
	if (wanted && json_get(wanted, "patch")) { /* stateful sets, daemon sets: a strategic patch
						      is what they keep */
		patch(change, PATCH_STRATEGIC, json_copy(json_get(wanted, "patch")));
		failed = 0;
	} else if (wanted) {
		struct json *step = json_set_text(json_object(), "op", "replace");

		json_set_text(step, "path", "/spec/template");
		json_set(step, "value", json_copy(json_get(wanted, "template")));
		patch(change, PATCH_JSON, json_add(json_array(), step));
		failed = 0;
	}
	json_free(revisions);
	return failed;
}

void undo_rollback(
	const struct action *action, const struct json *live, struct act_preview *preview)
{
	struct json *revisions = revisions_of(action->account, &action->resource, live, NULL);
	int64_t current = json_int(json_get(json_first(revisions), "revision"), 0);

	if (current > 0) {
		set_undo(action, preview, "rollback",
			json_set_int(json_object(), "revision", current));
		snprintf(preview->undo_text, sizeof(preview->undo_text),
			"forward again to revision %lld", (long long)current);
	}
	json_free(revisions);
}
