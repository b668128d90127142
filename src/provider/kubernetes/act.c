/* One table of verbs; observing, previewing, acting and reconciling read its rows. */
#include "provider/kubernetes/act.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "estate/kind.h"
#include "provider/kubernetes/account.h"
#include "provider/kubernetes/cluster.h"
#include "provider/kubernetes/get.h"

static const char *const scale_fields[] = { "spec.replicas", NULL };
static const char *const restart_fields[] = { "spec.template.metadata.annotations", NULL };
static const char *const pause_fields[] = { "spec.paused", "spec.suspend", NULL };
static const char *const image_fields[] = { "spec.template.spec.containers", NULL };
static const char *const node_fields[] = { "spec.unschedulable", NULL };

static const struct verb verbs[] = {
	/* ordered by name: looked up with bsearch */
	{ .name = "annotate", .build = build_meta, .undo = undo_meta, .resolve = resolve_meta },
	{ .name = "apply", .build = build_manifest, .undo = undo_manifest, .content = 1 },
	{ .name = "cordon", .build = build_cordon, .undo = undo_cordon, .fields = node_fields },
	{ .name = "delete",
		.build = build_delete,
		.undo = undo_delete,
		.outcome = outcome_delete,
		.right = "delete" },
	{ .name = "drain",
		.preview = preview_drain,
		.act = act_drain,
		.outcome = outcome_drain,
		.fields = node_fields },
	{ .name = "edit", .build = build_manifest, .undo = undo_manifest, .content = 1 },
	{ .name = "evict",
		.build = build_evict,
		.undo = undo_pod,
		.outcome = outcome_delete,
		.right = "create",
		.sub = "eviction" },
	{ .name = "exec",
		.preview = preview_exec,
		.act = act_exec,
		.outcome = outcome_exec,
		.right = "create",
		.sub = "exec" },
	{ .name = "label", .build = build_meta, .undo = undo_meta, .resolve = resolve_meta },
	{ .name = "pause", .build = build_pause, .undo = undo_pause, .fields = pause_fields },
	{ .name = "restart",
		.build = build_restart,
		.outcome = outcome_restart,
		.fields = restart_fields },
	{ .name = "resume", .build = build_pause, .undo = undo_pause, .fields = pause_fields },
	{ .name = "rollback",
		.build = build_rollback,
		.undo = undo_rollback,
		.fields = image_fields,
		.resolve = resolve_rollback },
	{ .name = "scale",
		.build = build_scale,
		.undo = undo_scale,
		.fields = scale_fields,
		.sub = "scale" },
	{ .name = "set_image", .build = build_image, .undo = undo_image, .fields = image_fields },
	{ .name = "shell",
		.preview = preview_shell,
		.act = act_shell,
		.outcome = outcome_exec,
		.right = "create",
		.sub = "exec" },
	{ .name = "uncordon", .build = build_cordon, .undo = undo_cordon, .fields = node_fields },
};

static int compare_name(const void *key, const void *row)
{
	return strcmp(key, ((const struct verb *)row)->name);
}

const struct verb *verb_find(const char *name)
{
	return bsearch(
		name, verbs, sizeof(verbs) / sizeof(*verbs), sizeof(*verbs), compare_name);
}

const char *param_text(const struct action *action, const char *name)
{
	const char *text = json_text(json_get(action->request->params, name));

	return text && *text ? text : NULL;
}

long param_int(const struct action *action, const char *name, long otherwise)
{
	const struct json *value = json_get(action->request->params, name);
	const char *text = json_text(value);
	char *end;

	if (!text)
		return (long)json_int(value, otherwise);
	long number = strtol(text, &end, 10);

	return end == text || *end ? otherwise : number;
}

int param_bool(const struct action *action, const char *name)
{
	const struct json *value = json_get(action->request->params, name);
	const char *text = json_text(value);

	return text ? !strcmp(text, "true") || !strcmp(text, "1") || !strcmp(text, "yes")
		    : json_bool(value, 0);
}

void set_undo(const struct action *action, struct act_preview *preview, const char *verb,
	struct json *params)
{
	preview->undo = json_object();
	json_set_text(preview->undo, "verb", verb);
	json_set_text(preview->undo, "kind", action->request->kind->name);
	json_set(preview->undo, "params", params ? params : json_object());
}

static const struct verb *begin(struct provider *provider, const struct act_request *request,
	struct action *action, struct error *err)
{
	const struct verb *verb = verb_find(request->verb->name);

	if (!verb) {
		error_set(err, ERR_INVALID, "%s does not know how to %s", request->kind->name,
			request->verb->name);
		return NULL;
	}
	*action = (struct action){ .provider = provider, .request = request };
	if (get_target(provider, request->ref, &action->account, &action->resource, err))
		return NULL;
	return verb;
}

/* The live object. Only `apply` may go on without one: then *live is NULL and 0 is returned. */
static int find_live(const struct action *action, struct json **live, struct error *err)
{
	struct error own = { 0 };

	*live = get_live(action->account, &action->resource, action->request->ref, &own);
	if (*live || (own.code == ERR_NOT_FOUND && !strcmp(action->request->verb->name, "apply")))
		return 0;
	if (err)
		*err = own;
	return -1;
}

/* What its owners wrote, as a digest: status and bookkeeping left out. */
static void content_digest(const struct json *live, char out[SHA256_HEX_MAX])
{
	struct json *manifest = manifest_of(live);
	struct text bytes;

	text_init(&bytes, 16 << 20);
	json_canonical(manifest, &bytes);
	sha256_hex(bytes.data, bytes.length, out);
	text_release(&bytes);
	json_free(manifest);
}

/* Only names and images of containers count. */
static struct json *field_value(const struct json *value, const char *path)
{
	struct json *list;

	if (strcmp(path, "spec.template.spec.containers") != 0)
		return json_copy(value);
	list = json_array();
	for (const struct json *item = json_first(value); item; item = json_next(item)) {
		struct json *container = json_object();

		json_set_text(container, "name", json_text(json_get(item, "name")));
		json_set_text(container, "image", json_text(json_get(item, "image")));
		json_add(list, container);
	}
	return list;
}

static struct json *state_of(
	const struct verb *verb, const struct action *action, const struct json *live)
{
	struct json *state = json_object();
	const struct json *generation = json_at(live, "metadata.generation");
	char digest[SHA256_HEX_MAX];

	json_set_text(state, "uid", json_text_or(json_at(live, "metadata.uid"), ""));
	if (generation)
		json_set(state, "generation", json_copy(generation));
	for (size_t i = 0; verb->fields && verb->fields[i]; i++) {
		const struct json *value = json_at(live, verb->fields[i]);

		json_set(state, verb->fields[i],
			value ? field_value(value, verb->fields[i]) : json_null());
	}
	if (!live) /* nothing there tells one cluster from another, should the context lead elsewhere by then */
		json_set_text(state, "server", cluster_server(action->account->cluster));
	if (verb->content && live) {
		content_digest(live, digest);
		json_set_text(state, "content", digest);
	}
	if (verb->resolve && live)
		verb->resolve(action, live, state);
	return state;
}

static int kube_observe(struct provider *provider, const struct act_request *request,
	struct json **state, struct error *err)
{
	struct action action;
	struct json *live;
	const struct verb *verb = begin(provider, request, &action, err);

	if (!verb || find_live(&action, &live, err))
		return -1;
	*state = state_of(verb, &action, live);
	json_free(live);
	return 0;
}

/* --- preview --- */

static void fill_estimate(const struct act_request *request, struct act_preview *preview)
{
	preview->seconds = request->verb->seconds ? request->verb->seconds : -1;
	if (!preview->undo && !*preview->undo_text)
		snprintf(preview->undo_text, sizeof(preview->undo_text), "%s",
			request->verb->inverse);
}

static void tell_dry_run(struct act_preview *preview, const struct answer *answer)
{
	preview->dry_run = 1;
	snprintf(preview->dry_run_text, sizeof(preview->dry_run_text),
		"dry run by the server: accepted%s%.190s", *answer->warnings ? "; it warns: " : "",
		answer->warnings);
}

static void add_note(struct act_preview *preview, const char *note)
{
	size_t at = strlen(preview->dry_run_text);

	snprintf(preview->dry_run_text + at, sizeof(preview->dry_run_text) - at, "; %s", note);
}

/* Server-side apply drops only what we own: a line taken out in the editor may stay, and then that
 * is said. */
static void tell_kept(
	struct act_preview *preview, const struct answer *answer, const struct change *change)
{
	char kept[100], note[180];

	manifest_kept(answer->object, change->body, kept, sizeof(kept));
	if (!*kept)
		return;
	snprintf(note, sizeof(note), "%s was taken out but stays, as another manager owns it", kept);
	add_note(preview, note);
}

static int dry_run(const struct action *action, const struct json *live,
	const struct change *change, struct act_preview *preview, struct error *err)
{
	struct answer answer;
	int gone = !strcmp(change->method, "DELETE") ||
		   (change->sub && !strcmp(change->sub, "eviction"));

	if (change_send(action, change, 1, &answer, err))
		return error_wrap(err, "dry run");
	tell_dry_run(preview, &answer);
	if (gone) {
		preview->before = diff_summary(live);
	} else if (change->sub && !strcmp(change->sub, "scale")) {
		preview->before = json_set(
			json_object(), "replicas", json_copy(json_at(live, "spec.replicas")));
		/* none is the one number that is left out */
		preview->after = json_set_int(json_object(), "replicas",
			json_int(json_at(answer.object, "spec.replicas"), 0));
	} else {
		diff_objects(live, answer.object, &preview->before, &preview->after);
	}
	if (!gone && live && !json_count(preview->before) && !json_count(preview->after))
		add_note(preview, "nothing changes");
	if (live && !strcmp(action->request->verb->name, "edit") &&
		strcmp(action->resource.type, "Secret") != 0)
		tell_kept(preview, &answer, change);
	answer_release(&answer);
	return 0;
}

static int preview_change(const struct verb *verb, const struct action *action,
	const struct json *live, struct act_preview *preview, struct error *err)
{
	struct change change = { 0 };
	int failed = verb->build(action, live, &change, err) ||
		     dry_run(action, live, &change, preview, err);

	change_release(&change);
	if (!failed && verb->undo)
		verb->undo(action, live, preview);
	return failed ? -1 : 0;
}

static int kube_preview(struct provider *provider, const struct act_request *request,
	struct act_preview *preview, struct error *err)
{
	struct action action;
	struct json *live;
	const struct verb *verb = begin(provider, request, &action, err);
	int failed;

	*preview = (struct act_preview){ .seconds = -1 };
	if (!verb || find_live(&action, &live, err))
		return -1;
	failed = verb->preview ? verb->preview(&action, live, preview, err)
			       : preview_change(verb, &action, live, preview, err);
	/* What cannot be found out about its surroundings is no reason to hide the rest. */
	if (!failed && live && !preview->blast &&
		kube_dependents(provider, request->ref, &preview->blast, NULL))
		preview->blast = json_array();
	json_free(live);
	if (failed)
		act_preview_release(preview);
	else
		fill_estimate(request, preview);
	return failed;
}

/* --- act --- */

static struct json *small_output(const struct json *object, const struct answer *answer)
{
	static const char *const shown[] = { "metadata.name", "metadata.namespace",
		"metadata.generation", "metadata.resourceVersion", "spec.replicas", "status",
		"reason" };
	struct json *output = json_object();

	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++) {
		const struct json *value = json_at(object, shown[i]);
		const char *dot = strrchr(shown[i], '.');

		if (value && !json_is(value, JSON_OBJECT))
			json_set(output, dot ? dot + 1 : shown[i], json_copy(value));
	}
	if (*answer->warnings)
		json_set_text(output, "warnings", answer->warnings);
	return output;
}

static int act_change(const struct verb *verb, const struct action *action, const struct json *live,
	struct act_result *result, struct error *err)
{
	struct change change = { 0 };
	struct answer answer = { 0 };
	int failed = verb->build(action, live, &change, err) ||
		     change_send(action, &change, 0, &answer, err);

	snprintf(result->remote_id, sizeof(result->remote_id), "%s", answer.audit_id);
	if (!failed)
		result->output = small_output(answer.object, &answer);
	answer_release(&answer);
	change_release(&change);
	return failed ? -1 : 0;
}

static int kube_act(struct provider *provider, const struct act_request *request,
	struct act_result *result, struct error *err)
{
	struct action action;
	struct json *live;
	const struct verb *verb = begin(provider, request, &action, err);
	const char *uid = json_text_or(json_get(request->state, "uid"), "");

	*result = (struct act_result){ 0 };
	if (!verb || find_live(&action, &live, err))
		return -1;
	int failed = -1;

	/* The approval is for the object that was shown: another one of the same name is not it. */
	if (live && *uid && strcmp(uid, json_text_or(json_at(live, "metadata.uid"), "")) != 0)
		error_set(err, ERR_CONFLICT, "%s was deleted and made anew meanwhile",
			request->ref->name);
	else
		failed = verb->act ? verb->act(&action, live, result, err)
				   : act_change(verb, &action, live, result, err);
	json_free(live);
	return failed;
}

/* --- reconcile --- */

/* Not as wanted: when nothing that was observed has changed either, it did not happen. */
static enum act_outcome judge(
	const struct verb *verb, const struct action *action, const struct json *live)
{
	struct change change = { 0 };
	struct json *now = state_of(verb, action, live);
	enum act_outcome outcome = ACT_UNKNOWN;

	if (live && !verb->build(action, live, &change, NULL) && diff_satisfied(live, &change))
		outcome = ACT_DONE;
	else if (json_equal(now, action->request->state))
		outcome = ACT_NOT_DONE;
	change_release(&change);
	json_free(now);
	return outcome;
}

static int kube_reconcile(struct provider *provider, const struct act_request *request,
	enum act_outcome *outcome, struct error *err)
{
	struct action action;
	struct json *live = NULL;
	struct error own = { 0 };
	const struct verb *verb = begin(provider, request, &action, err);

	*outcome = ACT_UNKNOWN;
	if (!verb)
		return -1;
	if (find_live(&action, &live, &own) && own.code != ERR_NOT_FOUND) {
		if (err)
			*err = own;
		return -1;
	}
	*outcome = verb->outcome ? verb->outcome(&action, live) : judge(verb, &action, live);
	json_free(live);
	return 0;
}

const struct act_ops kubernetes_act = {
	.observe = kube_observe,
	.preview = kube_preview,
	.act = kube_act,
	.reconcile = kube_reconcile,
};
