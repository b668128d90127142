/* PATCH, DELETE, eviction; dryRun=All goes all the way but the last step. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "sim/api.h"
#include "sim/build.h"
#include "sim/live.h"
#include "sim/peer.h"
#include "sim/resources.h"
#include "sim/tree.h"
#include "sim/world.h"

static int wants_all(const struct json *list)
{
	return !strcmp(json_text_or(json_item(list, 0), ""), "All");
}

static int refuse_absent(struct api_call *call)
{
	return api_refuse(call->peer, 404, "NotFound", "%s%s%s \"%s\" not found", call->type->name, *call->type->group ? "." : "", call->type->group, call->name);
}

/* The uid a caller insists on is the object's, or none is named. */
static int is_meant(const struct object *object, const struct json *uid)
{
	return !json_text(uid) || !strcmp(json_text(uid), json_text_or(json_at(object->json, "metadata.uid"), ""));
}

static int refuse_other(struct api_call *call, const struct json *uid)
{
	return api_refuse(call->peer, 409, "Conflict",
		"Operation cannot be fulfilled on %s \"%s\": Precondition failed: UID in precondition: %s is another object's", call->type->name, call->name,
		json_text_or(uid, ""));
}

/* --- patches --- */

struct patch {
	struct json *body;
	int json, strategic, apply;
};

static int read_patch(struct api_call *call, struct patch *patch, struct error *err)
{
	char type[128] = "";

	peer_header(call->peer, "Content-Type", type, sizeof(type));
	patch->apply = strstr(type, "apply-patch") != NULL;
	patch->json = strstr(type, "json-patch") != NULL;
	patch->strategic = patch->apply || strstr(type, "strategic") != NULL;
	patch->body = patch->apply ? yaml_parse(call->peer->body.data, call->peer->body.length, err)
				   : json_parse(call->peer->body.data, call->peer->body.length, err);
	if (!patch->body)
		return -1;
	if (json_is(patch->body, patch->json ? JSON_ARRAY : JSON_OBJECT))
		return 0;
	json_free(patch->body);
	return error_set(err, ERR_INVALID, "the body is no %s", patch->json ? "list of operations" : "object");
}

static int apply_patch(struct json *target, const struct patch *patch, struct error *err)
{
	if (patch->json)
		return tree_json_patch(target, patch->body, err);
	tree_merge(target, patch->body, patch->strategic);
	return 0;
}

/* What a patch cannot change: who the object is, and its status. */
static void keep_identity(struct json *changed, const struct json *before)
{
	static const char *const kept[] = { "uid", "name", "namespace", "resourceVersion", "creationTimestamp", "generation", "managedFields", "ownerReferences",
		"deletionTimestamp", NULL };
	const struct json *meta = json_get(before, "metadata");

	for (size_t i = 0; kept[i]; i++)
		if (json_get(meta, kept[i]))
			json_set(json_get(changed, "metadata"), kept[i], json_copy(json_get(meta, kept[i])));
		else
			json_remove(json_get(changed, "metadata"), kept[i]);
	if (json_get(before, "status"))
		json_set(changed, "status", json_copy(json_get(before, "status")));
}

static int64_t replicas_of(const struct json *object)
{
	return json_int(json_at(object, "spec.replicas"), 0);
}

/* autoscaling/v1 Scale. */
static struct json *scale_of(const struct json *object)
{
	struct json *scale = json_set_text(json_object(), "kind", "Scale");

	json_set_text(scale, "apiVersion", "autoscaling/v1");
	json_set(scale, "metadata", json_copy(json_get(object, "metadata")));
	tree_put_int(scale, "spec.replicas", replicas_of(object));
	tree_put_int(scale, "status.replicas", json_int(json_at(object, "status.replicas"), 0));
	return scale;
}

static struct json *shown(const struct api_call *call, const struct json *object)
{
	return !strcmp(call->sub, "scale") ? scale_of(object) : json_copy(object);
}

/* Takes changed. */
static struct json *store(struct api_call *call, struct object *object, struct json *changed)
{
	char by[64] = "unknown";
	struct json *before = object->json, *out;

	if (call->dry) {
		if (json_get(changed, "spec") && !json_equal(json_get(before, "spec"), json_get(changed, "spec")))
			tree_put_int(changed, "metadata.generation", json_int(json_at(changed, "metadata.generation"), 1) + 1);
		out = shown(call, changed);
		json_free(changed);
	} else {
		peer_option_text(call->peer, "fieldManager", by, sizeof(by));
		object->json = changed;
		build_written(call->world, object, before, by);
		json_free(before);
		out = shown(call, changed);
	}
	return out;
}

/* What the rest relies on is still there after the patch. */
static int is_whole(const struct json *changed, const struct json *before)
{
	static const char *const parts[] = { "metadata", "metadata.labels", "metadata.annotations", "spec", "spec.template", "spec.template.metadata",
		"spec.template.metadata.labels", "spec.template.spec", "status", NULL };

	for (size_t i = 0; parts[i]; i++) {
		const struct json *part = json_at(changed, parts[i]);
		int may_go = strstr(parts[i], "labels") || strstr(parts[i], "annotations");

		if (part ? !json_is(part, JSON_OBJECT) : json_at(before, parts[i]) && !may_go)
			return 0;
	}
	return 1;
}

static int change(struct api_call *call, struct object *object, const struct patch *patch)
{
	const struct json *uid = patch->json ? NULL : json_at(patch->body, "metadata.uid");
	struct json *changed;
	struct error err = { 0 };

	if (!is_meant(object, uid))
		return refuse_other(call, uid);
	changed = json_copy(object->json);
	if (apply_patch(changed, patch, &err)) {
		json_free(changed);
		return api_refuse(call->peer, 422, "Invalid", "%s", err.text);
	}
	if (!is_whole(changed, object->json)) {
		json_free(changed);
		return api_refuse(call->peer, 422, "Invalid", "%s \"%s\" is invalid: metadata, spec and spec.template stay mappings", call->type->kind, call->name);
	}
	keep_identity(changed, object->json);
	if (replicas_of(changed) < 0) {
		json_free(changed);
		return api_refuse(call->peer, 422, "Invalid", "%s.%s \"%s\" is invalid: spec.replicas: Invalid value: must be greater than or equal to 0",
			call->type->kind, call->type->group, call->name);
	}
	return api_reply(call->peer, 200, store(call, object, changed));
}

/* Server-side apply makes what is absent. */
static int create(struct api_call *call, const struct patch *patch)
{
	struct json *json = json_copy(patch->body), *out;
	const char *kind = json_text_or(json_get(json, "kind"), "");

	tree_put_text(json, "metadata.name", call->name);
	if (call->type->namespaced)
		tree_put_text(json, "metadata.namespace", call->namespace_);
	if (call->type == resource_pods || strcmp(kind, call->type->kind) != 0) {
		json_free(json);
		return api_refuse(call->peer, 422, "Invalid", "the simulated server makes no single pods, and no %s at this path", kind);
	}
	out = json_copy(json);
	if (call->dry)
		json_free(json);
	else
		build_written(call->world, world_add(call->world, call->type, json), NULL, "pilothouse");
	return api_reply(call->peer, 201, out);
}

static int patch_object(struct api_call *call)
{
	struct patch patch = { 0 };
	struct error err = { 0 };
	struct object *object;
	int again;

	if (*call->sub && strcmp(call->sub, "scale") != 0)
		return api_refuse_sub(call);
	if (read_patch(call, &patch, &err))
		return api_refuse(call->peer, 400, "BadRequest", "%s", err.text);
	world_lock(call->world);
	object = world_find(call->world, call->type, call->namespace_, call->name);
	again = object ? change(call, object, &patch) : patch.apply ? create(call, &patch) : refuse_absent(call);
	world_unlock(call->world);
	json_free(patch.body);
	return again;
}

/* --- deletion --- */

static int drop(struct api_call *call, struct object *object, const struct json *options)
{
	const struct json *uid = json_at(options, "preconditions.uid");
	struct json *out;

	if (!is_meant(object, uid))
		return refuse_other(call, uid);
	out = json_copy(object->json);
	if (!call->dry && object->type == resource_pods)
		pod_end(call->world, object);
	else if (!call->dry)
		workload_remove(call->world, object);
	return api_reply(call->peer, 200, out);
}

static int delete_object(struct api_call *call)
{
	struct json *options = json_parse(call->peer->body.data, call->peer->body.length, NULL);
	struct object *object;
	int again;

	/* As the real one: with a body, its dryRun counts and not the query's. */
	if (options)
		call->dry = wants_all(json_get(options, "dryRun"));
	world_lock(call->world);
	object = world_find(call->world, call->type, call->namespace_, call->name);
	again = object ? drop(call, object, options) : refuse_absent(call);
	world_unlock(call->world);
	json_free(options);
	return again;
}

/* --- eviction --- */

static const struct object *budget_of(struct api_call *call, const struct object *pod)
{
	const char *app = json_text_or(json_at(pod->json, "metadata.labels.app"), "");

	for (const struct object *budget = world_begin(call->world, resource_budgets); budget; budget = world_next(budget, resource_budgets))
		if (!strcmp(object_namespace(budget), object_namespace(pod)) &&
			!strcmp(json_text_or(json_at(budget->json, "spec.selector.matchLabels.app"), ""), app))
			return budget;
	return NULL;
}

static int evict(struct api_call *call, struct object *pod, const struct json *options)
{
	const struct object *budget = pod_is_ready(pod) ? budget_of(call, pod) : NULL;
	const struct json *uid = json_at(options, "preconditions.uid");
	struct json *status;

	if (!is_meant(pod, uid))
		return refuse_other(call, uid);
	if (budget && json_int(json_at(budget->json, "status.disruptionsAllowed"), 0) <= 0)
		return api_refuse(call->peer, 429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget: %s", object_name(budget));
	if (!call->dry) {
		pod_end(call->world, pod);
		counts_step(call->world);
	}
	status = json_set_text(json_object(), "kind", "Status");
	json_set_text(status, "apiVersion", "v1");
	return api_reply(call->peer, 201, json_set_text(status, "status", "Success"));
}

static int evict_pod(struct api_call *call)
{
	struct json *body = json_parse(call->peer->body.data, call->peer->body.length, NULL);
	const struct json *options = json_get(body, "deleteOptions");
	struct object *pod;
	int again;

	call->dry |= wants_all(json_get(options, "dryRun"));
	world_lock(call->world);
	pod = world_find(call->world, call->type, call->namespace_, call->name);
	again = pod ? evict(call, pod, options) : refuse_absent(call);
	world_unlock(call->world);
	json_free(body);
	return again;
}

int api_write(struct api_call *call)
{
	char dry[16] = "";
	const char *method = call->peer->method;

	call->dry = peer_option_text(call->peer, "dryRun", dry, sizeof(dry)) && !strcmp(dry, "All");
	if (!strcmp(method, "PATCH") && *call->name)
		return patch_object(call);
	if (!strcmp(method, "DELETE") && *call->name && !*call->sub)
		return delete_object(call);
	if (!strcmp(method, "POST") && call->type == resource_pods && !strcmp(call->sub, "eviction"))
		return evict_pod(call);
	if (*call->sub && strcmp(call->sub, "scale") != 0)
		return api_refuse_sub(call);
	return api_refuse(call->peer, 405, "MethodNotAllowed", "the simulated server does not do %s here", method);
}
