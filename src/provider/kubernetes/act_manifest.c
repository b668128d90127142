/* Server-side apply of a manifest: what an editor saved, or a file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/yaml.h"
#include "estate/kind.h"
#include "provider/kubernetes/act.h"

/* Set by the server, of no meaning in a manifest. */
static void strip(struct json *object)
{
	static const char *const own[] = { "managedFields", "resourceVersion", "generation",
		"creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink",
		"uid" };
	struct json *meta = json_get(object, "metadata");

	json_remove(object, "status");
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		json_remove(meta, own[i]);
	json_remove(json_get(meta, "annotations"), "deployment.kubernetes.io/revision");
}

/* A job's selector and labels hold its old uid: the server makes new ones. */
static void strip_job(struct json *object)
{
	static const char *const labels[] = { "controller-uid",
		"batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name" };

	json_remove(json_get(object, "spec"), "selector");
	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++) {
		json_remove(json_at(object, "metadata.labels"), labels[i]);
		json_remove(json_at(object, "spec.template.metadata.labels"), labels[i]);
	}
}

struct json *manifest_of(const struct json *live)
{
	struct json *copy = json_copy(live);

	strip(copy);
	if (!strcmp(json_text_or(json_get(copy, "kind"), ""), "Job"))
		strip_job(copy);
	return copy;
}

/* It must be the object the plan names, and no other. */
static int check_names(const struct action *action, const struct json *object, struct error *err)
{
	const struct ref *ref = action->request->ref;
	const char *name = json_text_or(json_at(object, "metadata.name"), "");
	const char *namespace_ =
		json_text_or(json_at(object, "metadata.namespace"), ref->namespace_);

	if (strcmp(json_text_or(json_get(object, "kind"), ""), action->resource.type) != 0)
		return error_set(err, ERR_INVALID, "the manifest is of a %.60s, not a %s",
			json_text_or(json_get(object, "kind"), "nameless kind"),
			action->resource.type);
	if (strcmp(json_text_or(json_get(object, "apiVersion"), ""), action->resource.api) != 0)
		return error_set(err, ERR_INVALID, "the manifest is of %.60s, not %s",
			json_text_or(json_get(object, "apiVersion"), "no apiVersion"),
			action->resource.api);
	if (strcmp(name, ref->name) != 0 || strcmp(namespace_, ref->namespace_) != 0)
		return error_set(err, ERR_INVALID, "the manifest names %.80s/%.80s, not %.80s",
			namespace_, name, ref->name);
	return 0;
}

static struct json *parse_manifest(const struct action *action, struct error *err)
{
	const struct json *given = json_get(action->request->params, "manifest");
	const char *text = json_text(given);
	struct json *object;

	if (json_is(given, JSON_OBJECT))
		object = json_copy(given);
	else if (text)
		object = yaml_parse(text, strlen(text), err);
	else
		return error_set(err, ERR_INVALID, "which manifest? give manifest="), NULL;
	if (object && check_names(action, object, err)) {
		json_free(object);
		object = NULL;
	}
	return object;
}

/* A Secret comes to the editor with its values hidden: what still is must stay as it was. */
static void keep_hidden(struct json *object, const char *shown)
{
	static const char *const maps[] = { "data", "stringData" };

	for (size_t i = 0; i < 2; i++) {
		struct json *map = json_get(object, maps[i]);

		for (struct json *item = json_first(map); item;) {
			char key[256];
			int hidden = !strcmp(json_text_or(item, ""), shown);

			snprintf(key, sizeof(key), "%s", json_key(item));
			item = json_next(item);
			if (hidden)
				json_remove(map, key);
		}
	}
}

int build_manifest(const struct action *action, const struct json *live, struct change *change,
	struct error *err)
{
	struct json *object = parse_manifest(action, err);

	if (!object)
		return -1;
	strip(object);
	keep_hidden(object, "\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2");
	if (live) /* no other object of that name */
		json_set_text(json_get(object, "metadata"), "uid",
			json_text(json_at(live, "metadata.uid")));
	change->method = "PATCH";
	change->type = PATCH_APPLY;
	change->body = object;
	change->force = param_bool(action, "force");
	change->may_create = 1;
	return 0;
}

static int find_kept(const struct json *result, const struct json *wanted, struct text *path);

/* Items of a list are known by their name, or are what they say. */
static const struct json *twin_of(const struct json *item, const struct json *wanted)
{
	const char *name = json_text(json_get(item, "name"));

	for (const struct json *other = json_first(wanted); other; other = json_next(other))
		if (name ? !strcmp(json_text_or(json_get(other, "name"), "\x01"), name) : json_equal(item, other))
			return other;
	return NULL;
}

static int find_kept_item(const struct json *result, const struct json *wanted, struct text *path)
{
	size_t length = path->length;

	for (const struct json *item = json_first(result); item; item = json_next(item)) {
		const char *name = json_text_or(json_get(item, "name"), json_text_or(item, ""));
		const struct json *twin = twin_of(item, wanted);

		if (!*name) /* neither named nor a word: one changed is not told from one taken out, but fewer are */
			return json_count(result) > json_count(wanted);
		text_format(path, "[%.60s]", name);
		if (!twin || (json_is(item, JSON_OBJECT) && find_kept(item, twin, path)))
			return 1;
		while (path->length > length)
			path->data[--path->length] = '\0';
	}
	return 0;
}

static int find_kept(const struct json *result, const struct json *wanted, struct text *path)
{
	size_t length = path->length;

	for (const struct json *item = json_first(result); item; item = json_next(item)) {
		const struct json *other = json_get(wanted, json_key(item));

		text_format(path, "%s%s", length ? "." : "", json_key(item));
		if (!other || (json_is(item, JSON_OBJECT) && find_kept(item, other, path)) ||
			(json_is(item, JSON_ARRAY) && find_kept_item(item, other, path)))
			return 1;
		while (path->length > length)
			path->data[--path->length] = '\0';
	}
	return 0;
}

void manifest_kept(const struct json *result, const struct json *wanted, char *out, size_t size)
{
	struct json *manifest = manifest_of(result);
	struct text path;

	text_init(&path, size - 1);
	snprintf(out, size, "%s", find_kept(manifest, wanted, &path) ? path.data : "");
	text_release(&path);
	json_free(manifest);
}

void undo_manifest(
	const struct action *action, const struct json *live, struct act_preview *preview)
{
	struct json *params = json_object(), *manifest;
	char *text;

	if (!live) {
		set_undo(action, preview, "delete", params);
		snprintf(preview->undo_text, sizeof(preview->undo_text), "delete what was created");
		return;
	}
	if (!strcmp(action->resource.type, "Secret")) {
		json_free(params);
		snprintf(preview->undo_text, sizeof(preview->undo_text),
			"the former values of a secret are not kept");
		return;
	}
	manifest = manifest_of(live);
	text = json_format(manifest);
	json_set_text(params, "manifest", text);
	json_set(params, "force", json_boolean(1));
	set_undo(action, preview, "apply", params);
	snprintf(preview->undo_text, sizeof(preview->undo_text), "apply the manifest as it is now");
	free(text);
	json_free(manifest);
}
