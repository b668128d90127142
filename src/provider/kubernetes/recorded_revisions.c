/* Revisions of workloads and events of scaling: from which images to which, from how many to how many. */
#include "provider/kubernetes/recorded_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/url.h"
#include "provider/kubernetes/account.h"
#include "provider/kubernetes/get.h"
#include "provider/kubernetes/resource.h"
#include "provider/kubernetes/table_json.h"

#define REVISION "deployment.kubernetes.io/revision"

/* --- whose write a revision or a scaling follows --- */

static int wrote_image(const struct recorded_write *write)
{
	return write->is_image;
}

static int wrote_template(const struct recorded_write *write)
{
	return write->is_template;
}

static int wrote_replicas(const struct recorded_write *write)
{
	return !strcmp(write->subresource, "scale") || !strcmp(write->field, "replicas") ||
	       !strcmp(write->field, "spec");
}

/* --- revisions --- */

static struct revision *new_revision(struct recorded *recorded)
{
	recorded->revisions = mem_grow(
		recorded->revisions, recorded->revision_count + 1, sizeof(*recorded->revisions));
	return &recorded->revisions[recorded->revision_count++];
}

void recorded_take_replicaset(struct recorded *recorded, const struct table_row *row)
{
	struct json *object = json_parse(row->object, row->object_length, NULL);
	const struct json *owner = json_at(object, "metadata.ownerReferences.0");
	const char *number = json_text(json_get(json_at(object, "metadata.annotations"), REVISION));
	int cell = recorded->images_cell;

	if (number && cell >= 0 && (size_t)cell < row->count &&
		!strcmp(json_text_or(json_get(owner, "kind"), ""), "Deployment")) {
		struct arena *texts = recorded->texts;

		*new_revision(recorded) = (struct revision){
			.kind = "deployments",
			.namespace_ = arena_text(texts, row->namespace_),
			.owner = arena_text(texts, json_text_or(json_get(owner, "name"), "")),
			.images = arena_text(texts, row->cells[cell]),
			.name = arena_text(texts, row->name),
			.number = strtoll(number, NULL, 10),
			.at_ns = recorded_time(row->created),
		};
	}
	json_free(object);
}

/* Stateful and daemon sets keep theirs as ControllerRevisions, each with the template in it. */
static void take_controller_revision(struct recorded *recorded, const struct json *item)
{
	const struct json *owner = json_at(item, "metadata.ownerReferences.0");
	const char *type = json_text_or(json_get(owner, "kind"), "");
	const char *kind = !strcmp(type, "StatefulSet") ? "statefulsets" : !strcmp(type, "DaemonSet") ? "daemonsets" : NULL;
	struct arena *texts = recorded->texts;
	struct text images;

	if (!kind)
		return;
	text_init(&images, 4096);
	for (const struct json *container = json_first(json_at(item, "data.spec.template.spec.containers")); container;
		container = json_next(container))
		text_format(&images, "%s%s", images.length ? "," : "", json_text_or(json_get(container, "image"), ""));
	*new_revision(recorded) = (struct revision){
		.kind = kind,
		.namespace_ = arena_text(texts, json_text_or(json_at(item, "metadata.namespace"), "")),
		.owner = arena_text(texts, json_text_or(json_get(owner, "name"), "")),
		.images = arena_text(texts, images.data),
		.name = arena_text(texts, json_text_or(json_at(item, "metadata.name"), "")),
		.number = json_int(json_get(item, "revision"), 0),
		.at_ns = recorded_time(json_text_or(json_at(item, "metadata.creationTimestamp"), "")),
	};
	text_release(&images);
}

static int read_controller_revisions(struct recorded *recorded, const char *namespace_, struct error *err)
{
	struct resource resource = { .api = "apps/v1", .name = "controllerrevisions", .namespaced = 1 };
	struct text path;

	text_init(&path, RESOURCE_PATH_MAX);
	resource_path(&path, &resource, namespace_, NULL, NULL);
	url_query(&path, "limit", "1000");
	struct json *answer = get_path(recorded->account, path.data, err);

	for (const struct json *item = json_first(json_get(answer, "items")); item; item = json_next(item))
		take_controller_revision(recorded, item);
	text_release(&path);
	json_free(answer);
	return answer ? 0 : -1;
}

static int compare_owner(const struct revision *a, const char *kind, const char *namespace_, const char *owner)
{
	int order = strcmp(a->kind, kind);

	order = order ? order : strcmp(a->namespace_, namespace_);
	return order ? order : strcmp(a->owner, owner);
}

static int by_owner(const void *a, const void *b)
{
	const struct revision *x = a, *y = b;
	int order = compare_owner(x, y->kind, y->namespace_, y->owner);

	return order ? order : x->number < y->number ? -1 : x->number > y->number;
}

/* The first of that workload; NULL none. */
static const struct revision *find_revisions(const struct recorded *recorded, const struct table_row *row)
{
	size_t low = 0, high = recorded->revision_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_owner(&recorded->revisions[middle], recorded->kind, row->namespace_, row->name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == recorded->revision_count ||
		compare_owner(&recorded->revisions[low], recorded->kind, row->namespace_, row->name))
		return NULL;
	return &recorded->revisions[low];
}

/* A set that came back (a rollback) is older than its number says: when that was is not recorded. */
void recorded_tell_revisions(struct recorded *recorded, const struct table_row *row, struct writes *writes)
{
	const struct revision *end = recorded->revisions + recorded->revision_count;
	const struct revision *now = find_revisions(recorded, row);

	for (; now && now + 1 < end && !compare_owner(now + 1, recorded->kind, row->namespace_, row->name); now++) {
		const struct revision *next = now + 1;
		int images = strcmp(now->images, next->images) != 0;
		char from[24], to[24];

		if (next->at_ns < recorded->since_ns || next->at_ns < now->at_ns)
			continue;
		snprintf(from, sizeof(from), "%lld", (long long)now->number);
		snprintf(to, sizeof(to), "%lld", (long long)next->number);
		if (images)
			recorded_tell(recorded, row, next->at_ns, "images", now->images, next->images,
				recorded_writer(writes, next->at_ns, wrote_image));
		else
			recorded_tell(recorded, row, next->at_ns, "revision", from, to,
				recorded_writer(writes, next->at_ns, wrote_template));
	}
}

/* --- scaling --- */

static void take_event(struct recorded *recorded, const struct json *event)
{
	const struct json *object = json_get(event, "involvedObject");
	const char *at = json_text_or(json_get(event, "lastTimestamp"), json_text(json_get(event, "eventTime")));
	struct scaling scaling = { .at_ns = recorded_time(at ? at : "") };
	char set[254];

	if (scaling.at_ns < recorded->since_ns ||
		!recorded_scaling_read(json_text_or(json_get(event, "message"), ""), set, &scaling.from, &scaling.to))
		return;
	scaling.namespace_ = arena_text(recorded->texts, json_text_or(json_get(object, "namespace"), ""));
	scaling.name = arena_text(recorded->texts, json_text_or(json_get(object, "name"), ""));
	scaling.set = arena_text(recorded->texts, set);
	recorded->scalings = mem_grow(
		recorded->scalings, recorded->scaling_count + 1, sizeof(*recorded->scalings));
	recorded->scalings[recorded->scaling_count++] = scaling;
}

static int read_events(struct recorded *recorded, const char *namespace_, struct error *err)
{
	struct resource resource = { .api = "v1", .name = "events", .namespaced = 1 };
	struct text path;

	text_init(&path, RESOURCE_PATH_MAX);
	resource_path(&path, &resource, namespace_, NULL, NULL);
	url_query(&path, "limit", "500");
	url_query(&path, "fieldSelector", "reason=ScalingReplicaSet,involvedObject.kind=Deployment");
	struct call call = { .path = path.data, .cancelled = recorded->cancelled };
	struct json *answer = call_json(recorded->account, &call, err);

	for (const struct json *event = json_first(json_get(answer, "items")); event; event = json_next(event))
		take_event(recorded, event);
	text_release(&path);
	json_free(answer);
	return answer ? 0 : -1;
}

/* The newest revision; NULL none. */
static const struct revision *newest_revision(const struct recorded *recorded, const struct table_row *row)
{
	const struct revision *end = recorded->revisions + recorded->revision_count;
	const struct revision *at = find_revisions(recorded, row);

	while (at && at + 1 < end && !compare_owner(at + 1, recorded->kind, row->namespace_, row->name))
		at++;
	return at;
}

static int is_of(const struct scaling *scaling, const struct table_row *row)
{
	return !strcmp(scaling->name, row->name) && !strcmp(scaling->namespace_, row->namespace_);
}

/* While a deployment rolls out its sets grow and shrink: that is the rollout, told once. Scaled is the newest set when no other
 * moved after it; its growth out of nothing is its birth. */
static int is_scaled(const struct recorded *recorded, const struct table_row *row,
	const struct scaling *scaling, const struct revision *newest)
{
	if (!newest || strcmp(scaling->set, newest->name) != 0 ||
		(!scaling->from && newest->at_ns >= recorded->since_ns))
		return 0;
	for (size_t i = 0; i < recorded->scaling_count; i++)
		if (is_of(&recorded->scalings[i], row) && strcmp(recorded->scalings[i].set, scaling->set) != 0 &&
			recorded->scalings[i].at_ns >= scaling->at_ns)
			return 0;
	return 1;
}

void recorded_tell_scalings(struct recorded *recorded, const struct table_row *row, struct writes *writes)
{
	const struct revision *newest = newest_revision(recorded, row);

	for (size_t i = 0; i < recorded->scaling_count; i++) {
		const struct scaling *scaling = &recorded->scalings[i];
		char from[24], to[24];

		if (!is_of(scaling, row) || !is_scaled(recorded, row, scaling, newest))
			continue;
		snprintf(from, sizeof(from), "%ld", scaling->from);
		snprintf(to, sizeof(to), "%ld", scaling->to);
		recorded_tell(recorded, row, scaling->at_ns, "replicas", from, to,
			recorded_writer(writes, scaling->at_ns, wrote_replicas));
	}
}

/* Cluster-wide, else in our own namespace. */
static void read_one(struct recorded *recorded, int (*read)(struct recorded *, const char *, struct error *))
{
	struct error why = { 0 };

	if (read(recorded, NULL, &why) && why.code == ERR_FORBIDDEN)
		read(recorded, account_namespace(recorded->account), NULL);
}

void recorded_read_revisions(struct recorded *recorded)
{
	read_one(recorded, read_events);
	read_one(recorded, read_controller_revisions);
}

void recorded_sort_revisions(struct recorded *recorded)
{
	if (recorded->revision_count)
		qsort(recorded->revisions, recorded->revision_count, sizeof(*recorded->revisions), by_owner);
}
