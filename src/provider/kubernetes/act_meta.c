/* Labels, annotations, and nodes closed to new pods: merge patches of one field. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "estate/kind.h"
#include "provider/kubernetes/act.h"

/* Every patch names the uid it means: another object of that name is refused (409). */
static struct json *patch_of(const struct json *live)
{
	struct json *patch = json_object(), *meta = json_object();

	json_set_text(meta, "uid", json_text(json_at(live, "metadata.uid")));
	return json_set(patch, "metadata", meta);
}

static const char *map_of(const struct action *action)
{
	return !strcmp(action->request->verb->name, "label") ? "labels" : "annotations";
}

int build_meta(const struct action *action, const struct json *live, struct change *change,
	struct error *err)
{
	const char *key = param_text(action, "key"), *value = param_text(action, "value");
	struct json *map = json_object();

	if (!key) {
		json_free(map);
		return error_set(err, ERR_INVALID, "which %.5s? give key=", map_of(action));
	}
	json_set(map, key, value ? json_string(value) : json_null());
	change->method = "PATCH";
	change->type = PATCH_MERGE;
	change->body = patch_of(live);
	json_set(json_get(change->body, "metadata"), map_of(action), map);
	return 0;
}

/* The one that is set: what others do to the rest is no drift, and whether it happened can be told in spite of it. */
void resolve_meta(const struct action *action, const struct json *live, struct json *state)
{
	const char *key = param_text(action, "key");
	const struct json *was =
		json_get(json_get(json_get(live, "metadata"), map_of(action)), key ? key : "");
	char path[400];

	snprintf(path, sizeof(path), "metadata.%s.%.320s", map_of(action), key ? key : "");
	json_set(state, path, was ? json_copy(was) : json_null());
}

void undo_meta(const struct action *action, const struct json *live, struct act_preview *preview)
{
	const char *key = param_text(action, "key"), *was;
	struct json *params = json_object();

	was = json_text(json_get(json_get(json_get(live, "metadata"), map_of(action)), key));
	json_set_text(params, "key", key);
	if (was)
		json_set_text(params, "value", was);
	set_undo(action, preview, action->request->verb->name, params);
	if (was)
		snprintf(preview->undo_text, sizeof(preview->undo_text), "set %.90s back to %.90s",
			key, was);
	else
		snprintf(
			preview->undo_text, sizeof(preview->undo_text), "remove %.120s again", key);
}

static int wants_cordon(const struct action *action)
{
	return !strcmp(action->request->verb->name, "cordon");
}

int build_cordon(const struct action *action, const struct json *live, struct change *change,
	struct error *err)
{
	struct json *spec = json_object();

	(void)err;
	json_set(spec, "unschedulable", wants_cordon(action) ? json_boolean(1) : json_null());
	change->method = "PATCH";
	change->type = PATCH_MERGE;
	change->body = json_set(patch_of(live), "spec", spec);
	return 0;
}

void undo_cordon(const struct action *action, const struct json *live, struct act_preview *preview)
{
	int was = json_bool(json_at(live, "spec.unschedulable"), 0);

	if (was == wants_cordon(action)) {
		snprintf(preview->undo_text, sizeof(preview->undo_text),
			"nothing to undo: it is so already");
		return;
	}
	set_undo(action, preview, was ? "cordon" : "uncordon", NULL);
	snprintf(preview->undo_text, sizeof(preview->undo_text), "%s it again",
		was ? "cordon" : "uncordon");
}
