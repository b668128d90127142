#include "provider/kubernetes/revisions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/url.h"
#include "provider/kubernetes/account.h"
#include "provider/kubernetes/get.h"
#include "provider/kubernetes/resource.h"
#include "provider/kubernetes/selector.h"

/* deployment_util.RevisionAnnotation; kubernetes.io/change-cause is kubectl's. */
#define REVISION "deployment.kubernetes.io/revision"
#define CAUSE "kubernetes.io/change-cause"

static int is_owned(const struct json *object, const char *uid)
{
	for (const struct json *owner = json_first(json_at(object, "metadata.ownerReferences"));
		owner; owner = json_next(owner))
		if (!strcmp(json_text_or(json_get(owner, "uid"), ""), uid))
			return 1;
	return 0;
}

static struct json *images_of(const struct json *template)
{
	struct json *images = json_array();

	for (const struct json *item = json_first(json_at(template, "spec.containers")); item;
		item = json_next(item))
		json_add(images, json_string(json_text(json_get(item, "image"))));
	return images;
}

static struct json *common(const struct json *object, int64_t revision, const struct json *template)
{
	struct json *out = json_object();
	const struct json *annotations = json_at(object, "metadata.annotations");

	json_set_int(out, "revision", revision);
	json_set_text(out, "name", json_text(json_at(object, "metadata.name")));
	json_set_text(out, "created", json_text(json_at(object, "metadata.creationTimestamp")));
	json_set(out, "images", images_of(template));
	json_set_text(out, "change_cause", json_text_or(json_get(annotations, CAUSE), ""));
	return out;
}

static struct json *of_replicaset(const struct json *object)
{
	const char *number = json_text(json_get(json_at(object, "metadata.annotations"), REVISION));
	struct json *template = json_copy(json_at(object, "spec.template"));
	struct json *out = common(object, number ? strtoll(number, NULL, 10) : 0, template);

	/* The controller's own; it makes a new one. */
	json_remove(json_at(template, "metadata.labels"), "pod-template-hash");
	json_set_int(out, "replicas", json_int(json_at(object, "status.replicas"), 0));
	json_set_int(out, "ready", json_int(json_at(object, "status.readyReplicas"), 0));
	return json_set(out, "template", template);
}

static struct json *of_controller_revision(const struct json *object)
{
	const struct json *data = json_get(object, "data");
	struct json *out = common(
		object, json_int(json_get(object, "revision"), 0), json_at(data, "spec.template"));

	return json_set(out, "patch", json_copy(data));
}

static int newest_first(const void *a, const void *b)
{
	int64_t x = json_int(json_get(*(struct json *const *)a, "revision"), 0);
	int64_t y = json_int(json_get(*(struct json *const *)b, "revision"), 0);

	return x < y ? 1 : x > y ? -1 : 0;
}

static struct json *sorted(const struct json *objects, const char *uid, int controller_revisions)
{
	size_t count = 0, max = json_count(objects);
	struct json **items = mem_zero(max + 1, sizeof(*items)), *list = json_array();

	for (const struct json *object = json_first(objects); object; object = json_next(object))
		if (is_owned(object, uid))
			items[count++] = controller_revisions ? of_controller_revision(object)
							      : of_replicaset(object);
	qsort(items, count, sizeof(*items), newest_first);
	for (size_t i = 0; i < count; i++)
		json_add(list, items[i]);
	free(items);
	return list;
}

struct json *revisions_of(struct account *account, const struct resource *resource,
	const struct json *live, struct error *err)
{
	int is_deployment = !strcmp(resource->type, "Deployment");
	struct resource kept = { .api = "apps/v1",
		.name = is_deployment ? "replicasets" : "controllerrevisions",
		.namespaced = 1 };
	char *selector = selector_text(json_at(live, "spec.selector"));
	struct json *answer, *list = NULL;
	struct text path;

	text_init(&path, RESOURCE_PATH_MAX);
	resource_path(&path, &kept, json_text(json_at(live, "metadata.namespace")), NULL, NULL);
	if (selector)
		url_query(&path, "labelSelector", selector);
	answer = get_path(account, path.data, err);
	if (answer)
		list = sorted(json_get(answer, "items"),
			json_text_or(json_at(live, "metadata.uid"), ""), !is_deployment);
	json_free(answer);
	text_release(&path);
	free(selector);
	return list;
}

const struct json *revisions_find(const struct json *revisions, long revision, struct error *err)
{
	const struct json *found = NULL;

	if (!revision)
		found = json_item(revisions, 1);
	for (const struct json *item = json_first(revisions); item && revision;
		item = json_next(item))
		if (json_int(json_get(item, "revision"), 0) == revision)
			found = item;
	if (!found && revision)
		error_set(err, ERR_NOT_FOUND, "there is no revision %ld any more", revision);
	else if (!found)
		error_set(err, ERR_NOT_FOUND, "there is no revision before this one");
	return found;
}
