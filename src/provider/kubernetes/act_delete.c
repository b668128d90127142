#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "estate/kind.h"
#include "provider/kubernetes/act.h"

/* The uid the approval was given for; at planning time that of the object as it is. */
static const char *approved_uid(const struct action *action, const struct json *live)
{
	const char *uid = json_text(json_get(action->request->state, "uid"));

	return uid && *uid ? uid : json_text_or(json_at(live, "metadata.uid"), "");
}

int build_delete(const struct action *action, const struct json *live, struct change *change,
	struct error *err)
{
	const char *propagation = param_text(action, "propagation");

	(void)err;
	change->method = "DELETE";
	change->type = "application/json";
	change->body = delete_options(approved_uid(action, live),
		propagation ? propagation : "Background", param_int(action, "grace", -1), 0);
	return 0;
}

/* A pod: its owner makes another, where it has one. */
void undo_pod(const struct action *action, const struct json *live, struct act_preview *preview)
{
	const struct json *owner = controller_of(live);

	(void)action;
	if (!owner)
		snprintf(preview->undo_text, sizeof(preview->undo_text), "the pod is gone; nothing owns it, so nothing makes another");
	else
		snprintf(preview->undo_text, sizeof(preview->undo_text), "the pod is gone; its owner, %.60s %.100s, makes another",
			json_text_or(json_get(owner, "kind"), "?"), json_text_or(json_get(owner, "name"), "?"));
}

void undo_delete(const struct action *action, const struct json *live, struct act_preview *preview)
{
	struct json *manifest, *params;

	if (!strcmp(action->resource.type, "Pod"))
		undo_pod(action, live, preview);
	if (!action->request->verb->reversible || json_at(live, "metadata.deletionTimestamp"))
		return;
	manifest = manifest_of(live);
	params = json_object();
	char *text = json_format(manifest);

	json_set_text(params, "manifest", text);
	set_undo(action, preview, "apply", params);
	snprintf(preview->undo_text, sizeof(preview->undo_text),
		"make it again from its manifest as recorded now (what ran in it starts anew)");
	free(text);
	json_free(manifest);
}

struct json *eviction_body(
	const char *namespace_, const char *name, const char *uid, long grace, int dry)
{
	struct json *body = json_object(), *meta = json_object();

	json_set_text(body, "apiVersion", "policy/v1");
	json_set_text(body, "kind", "Eviction");
	json_set_text(meta, "name", name);
	json_set_text(meta, "namespace", namespace_);
	json_set(body, "metadata", meta);
	json_set(body, "deleteOptions", delete_options(uid, NULL, grace, dry));
	return body;
}

int build_evict(const struct action *action, const struct json *live, struct change *change,
	struct error *err)
{
	const struct ref *ref = action->request->ref;

	(void)err;
	change->method = "POST";
	change->type = "application/json";
	change->sub = "eviction";
	change->body = eviction_body(ref->namespace_, ref->name, approved_uid(action, live),
		param_int(action, "grace", -1), 0);
	return 0;
}

enum act_outcome outcome_delete(const struct action *action, const struct json *live)
{
	const char *uid = json_text_or(json_at(live, "metadata.uid"), "");

	if (!live || strcmp(uid, json_text_or(json_get(action->request->state, "uid"), uid)) != 0)
		return ACT_DONE;
	return json_at(live, "metadata.deletionTimestamp") ? ACT_DONE : ACT_NOT_DONE;
}
