#include "sim/build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "sim/live.h"
#include "sim/resources.h"
#include "sim/tree.h"
#include "sim/world.h"

enum { LATE_S = 5 };

#define DEFAULT_AGE_NS (30 * 86400 * CLOCK_SECOND_NS)
#define FORGET_NS (60 * CLOCK_SECOND_NS)

static int64_t age_of(const struct json *row)
{
	int64_t age_ns;

	return !clock_parse_window(json_text_or(json_get(row, "age"), ""), &age_ns) ? age_ns : DEFAULT_AGE_NS;
}

static struct json *named(const char *kind, const char *namespace_, const char *name)
{
	struct json *json = json_set_text(json_object(), "kind", kind);

	tree_put_text(json, "metadata.name", name);
	if (namespace_)
		tree_put_text(json, "metadata.namespace", namespace_);
	return json;
}

/* Adds it as made so long ago. */
static struct object *add(struct world *world, const char *resource, struct json *json, int64_t age_ns)
{
	tree_put_time(json, "metadata.creationTimestamp", world->now_ns - age_ns);
	return world_add(world, resource_named(resource), json);
}

static void need_namespace(struct world *world, const char *name)
{
	if (world_find(world, resource_namespaces, "", name))
		return;
	struct json *json = named("Namespace", NULL, name);

	tree_put_text(json, "status.phase", "Active");
	json_set(json_get(json, "metadata"), "labels", json_set_text(json_object(), "kubernetes.io/metadata.name", name));
	add(world, "namespaces", json, DEFAULT_AGE_NS * 3);
}

/* --- nodes --- */

static void copy_quantity(struct json *node, const char *name, const struct json *value)
{
	char path[64], text[32];

	snprintf(text, sizeof(text), "%lld", (long long)json_int(value, 0));
	snprintf(path, sizeof(path), "status.capacity.%s", name);
	tree_put_text(node, path, json_text_or(value, text));
	snprintf(path, sizeof(path), "status.allocatable.%s", name);
	tree_put_text(node, path, json_text_or(value, text));
}

static void add_node(struct world *world, const struct json *row, int number)
{
	struct json *json = named("Node", NULL, json_text_or(json_get(row, "name"), "")), *address = json_object();
	char *ip = mem_format("10.%d.200.%d", world->name[0] & 63, number + 11);
	struct json *labels = json_copy(json_get(row, "labels"));

	json_set(json_get(json, "metadata"), "labels", labels ? labels : json_object());
	json_set_text(json_at(json, "metadata.labels"), "kubernetes.io/hostname", json_text_or(json_get(row, "name"), ""));
	json_set_text(json_at(json, "metadata.labels"), "kubernetes.io/os", "linux");
	copy_quantity(json, "cpu", json_get(row, "cpu"));
	copy_quantity(json, "memory", json_get(row, "memory"));
	copy_quantity(json, "pods", json_get(row, "pods"));
	json_set_text(address, "type", "InternalIP");
	json_set_text(address, "address", ip);
	tree_put(json, "status.addresses", json_add(json_array(), address));
	tree_put_text(json, "status.nodeInfo.kubeletVersion", json_text_or(json_get(world->cluster, "version"), "v1.34.0"));
	tree_put_text(json, "status.nodeInfo.osImage", "Debian GNU/Linux 13 (trixie)");
	tree_put_text(json, "status.nodeInfo.kernelVersion", "6.12.48-amd64");
	tree_put_text(json, "status.nodeInfo.containerRuntimeVersion", "containerd://2.1.4");
	tree_put(json, "spec", json_object());
	add(world, "nodes", json, DEFAULT_AGE_NS * 2);
	free(ip);
}

/* --- workloads --- */

static void put_amount(struct json *container, const char *kind, const char *name, const struct json *row)
{
	char path[64];

	snprintf(path, sizeof(path), "resources.%s.%s", kind, name);
	if (json_text(json_get(row, name)))
		tree_put_text(container, path, json_text(json_get(row, name)));
}

static struct json *container_of(const struct json *row)
{
	struct json *container = json_object();

	json_set_text(container, "name", json_text_or(json_get(row, "name"), ""));
	json_set_text(container, "image", json_text_or(json_get(row, "image"), ""));
	put_amount(container, "requests", "cpu", row);
	put_amount(container, "requests", "memory", row);
	put_amount(container, "limits", "memory", row);
	if (json_get(row, "port")) {
		struct json *port = json_set_int(json_object(), "containerPort", json_int(json_get(row, "port"), 0));

		json_set(container, "ports", json_add(json_array(), port));
	}
	return container;
}

static struct json *template_of(const struct json *row)
{
	struct json *template = json_object();
	const char *secret = json_text(json_get(row, "pull_secret"));

	tree_put_text(template, "metadata.labels.app", json_text_or(json_get(row, "name"), ""));
	tree_put(template, "spec.containers", json_add(json_array(), container_of(row)));
	if (json_get(row, "selector"))
		tree_put(template, "spec.nodeSelector", json_copy(json_get(row, "selector")));
	if (secret)
		tree_put(template, "spec.imagePullSecrets", json_add(json_array(), json_set_text(json_object(), "name", secret)));
	return template;
}

static void add_service(struct world *world, const char *namespace_, const char *name, const struct json *row)
{
	struct json *service = named("Service", namespace_, name), *slice = named("EndpointSlice", namespace_, name), *port = json_object();
	char *address = mem_format("10.96.%d.%d", (int)world_random(world, 250), (int)world_random(world, 250) + 2);

	json_set_text(port, "name", "http");
	json_set_int(port, "port", json_int(json_get(row, "port"), 80));
	json_set_text(port, "protocol", "TCP");
	tree_put_text(service, "spec.type", "ClusterIP");
	tree_put_text(service, "spec.clusterIP", address);
	tree_put_text(service, "spec.selector.app", name);
	json_set_text(slice, "addressType", "IPv4");
	json_set(slice, "ports", json_add(json_array(), json_copy(port)));
	json_set(json_get(slice, "metadata"), "labels", json_set_text(json_object(), "kubernetes.io/service-name", name));
	tree_put(service, "spec.ports", json_add(json_array(), port));
	add(world, "services", service, age_of(row));
	add(world, "endpointslices", slice, age_of(row));
	free(address);
}

static void add_budget(struct world *world, const char *namespace_, const char *name, const struct json *row)
{
	struct json *budget = named("PodDisruptionBudget", namespace_, name);

	tree_put_int(budget, "spec.minAvailable", json_int(json_get(row, "budget"), 1));
	tree_put_text(budget, "spec.selector.matchLabels.app", name);
	add(world, "poddisruptionbudgets", budget, age_of(row));
}

static struct json *cpu_metric(const char *which, int64_t percent)
{
	struct json *metric = json_set_text(json_object(), "type", "Resource");
	char path[64];

	snprintf(path, sizeof(path), "resource.%s.averageUtilization", which);
	tree_put_text(metric, "resource.name", "cpu");
	tree_put_int(metric, path, percent);
	return metric;
}

static void add_scaler(struct world *world, const char *namespace_, const char *name, const struct json *row)
{
	const struct json *wish = json_get(row, "scaler");
	struct json *scaler = named("HorizontalPodAutoscaler", namespace_, name);

	tree_put_text(scaler, "spec.scaleTargetRef.kind", "Deployment");
	tree_put_text(scaler, "spec.scaleTargetRef.name", name);
	tree_put_int(scaler, "spec.minReplicas", json_int(json_get(wish, "min"), 1));
	tree_put_int(scaler, "spec.maxReplicas", json_int(json_get(wish, "max"), 1));
	tree_put(scaler, "spec.metrics", json_add(json_array(), cpu_metric("target", json_int(json_get(wish, "target"), 70))));
	tree_put(scaler, "status.currentMetrics", json_add(json_array(), cpu_metric("current", json_int(json_get(wish, "now"), 40))));
	add(world, "horizontalpodautoscalers", scaler, age_of(row));
}

static void add_workload(struct world *world, const struct json *row)
{
	const char *kind = json_text_or(json_get(row, "kind"), "Deployment"), *name = json_text_or(json_get(row, "name"), "");
	const char *namespace_ = json_text_or(json_get(row, "namespace"), "default");
	struct json *manifest = named(kind, namespace_, name);

	need_namespace(world, namespace_);
	json_set(json_get(manifest, "metadata"), "labels", json_set_text(json_object(), "app", name));
	if (strcmp(kind, "DaemonSet") != 0)
		tree_put_int(manifest, "spec.replicas", json_int(json_get(row, "replicas"), 1));
	tree_put_text(manifest, "spec.selector.matchLabels.app", name);
	tree_put(manifest, "spec.template", template_of(row));
	if (!strcmp(kind, "Deployment")) {
		tree_put_text(manifest, "spec.strategy.type", "RollingUpdate");
		tree_put_text(manifest, "spec.strategy.rollingUpdate.maxSurge", "25%");
		tree_put_text(manifest, "spec.strategy.rollingUpdate.maxUnavailable", "25%");
		tree_put_int(manifest, "spec.progressDeadlineSeconds", 600);
	}
	workload_add(world, manifest, age_of(row), (long)json_int(json_get(row, "revision"), 1));
	if (json_get(row, "port"))
		add_service(world, namespace_, name, row);
	if (json_get(row, "budget"))
		add_budget(world, namespace_, name, row);
	if (json_get(row, "scaler"))
		add_scaler(world, namespace_, name, row);
}

const struct json *build_row(const struct world *world, const char *namespace_, const char *name)
{
	for (const struct json *row = json_first(json_get(world->cluster, "workloads")); row; row = json_next(row))
		if (!strcmp(json_text_or(json_get(row, "name"), ""), name) && !strcmp(json_text_or(json_get(row, "namespace"), "default"), namespace_))
			return row;
	return NULL;
}

static void add_object(struct world *world, const struct json *manifest)
{
	const char *kind = json_text_or(json_get(manifest, "kind"), ""), *namespace_ = json_text(json_at(manifest, "metadata.namespace"));
	struct json *json = json_copy(manifest);

	if (namespace_)
		need_namespace(world, namespace_);
	for (size_t i = 0; i < resource_type_count; i++)
		if (!strcmp(resource_types[i].kind, kind)) {
			add(world, resource_types[i].name, json, DEFAULT_AGE_NS);
			return;
		}
	json_free(json); /* lint says so */
}

void build_cluster(struct world *world)
{
	int number = 0;

	need_namespace(world, "default");
	need_namespace(world, "kube-system");
	for (const struct json *row = json_first(json_get(world->cluster, "nodes")); row; row = json_next(row))
		add_node(world, row, number++);
	nodes_step(world);
	for (const struct json *row = json_first(json_get(world->cluster, "workloads")); row; row = json_next(row))
		add_workload(world, row);
	for (const struct json *row = json_first(json_get(world->cluster, "objects")); row; row = json_next(row))
		add_object(world, row);
	for (struct object *event = world_begin(world, resource_events); event; event = world_next(event, resource_events))
		world_remove(world, event); /* of the making: long forgotten */
	world_sweep(world);
	counts_step(world);
}

/* --- what happens --- */

int build_when(const struct json *step, int64_t *offset_ns)
{
	const char *text = json_text_or(json_get(step, "at"), "");
	int before = *text == '-';

	if (clock_parse_window(text + before, offset_ns))
		return -1;
	if (before)
		*offset_ns = -*offset_ns;
	return 0;
}

struct object *build_object(struct world *world, const struct json *step)
{
	const struct resource_type *type = resource_named(json_text_or(json_get(step, "kind"), ""));
	const char *place = json_text_or(json_get(step, "name"), ""), *slash = strchr(place, '/');
	char *namespace_ = mem_text_n(place, slash ? (size_t)(slash - place) : 0);
	struct object *object = type ? world_find(world, type, namespace_, slash ? slash + 1 : place) : NULL;

	free(namespace_);
	return object;
}

/* What of it people and programs write: the rest is the server's own. */
static struct json *written_fields(const struct json *before, const struct json *after)
{
	static const char *const parts[] = { "spec", "data", "metadata.labels", "metadata.annotations", NULL };
	struct json *fields = json_object();

	for (size_t i = 0; parts[i]; i++) {
		struct json *part = json_at(after, parts[i]) ? tree_fields(json_at(before, parts[i]), json_at(after, parts[i])) : NULL;
		const char *dot = strchr(parts[i], '.');
		char path[64];

		snprintf(path, sizeof(path), "f:%.*s%s%s", (int)strcspn(parts[i], "."), parts[i], dot ? ".f:" : "", dot ? dot + 1 : "");
		if (part)
			tree_put(fields, path, part);
	}
	return fields;
}

/* Their entries stay, of the writer's own only the fields written before. Takes fields. */
static struct json *managed_fields(const struct world *world, const struct object *object, const char *by, struct json *fields)
{
	struct json *list = json_array(), *entry = json_object();

	for (const struct json *item = json_first(json_at(object->json, "metadata.managedFields")); item; item = json_next(item))
		if (strcmp(json_text_or(json_get(item, "manager"), ""), by) != 0) {
			json_add(list, json_copy(item));
		} else {
			struct json *all = json_copy(json_get(item, "fieldsV1"));

			tree_merge(all, fields, 0);
			json_free(fields);
			fields = all;
		}
	json_set_text(entry, "manager", by);
	json_set_text(entry, "operation", "Update");
	json_set_text(entry, "apiVersion", resource_api(object->type));
	tree_put_time(entry, "time", world->now_ns);
	json_set_text(entry, "fieldsType", "FieldsV1");
	return json_add(list, json_set(entry, "fieldsV1", fields));
}

void build_written(struct world *world, struct object *object, const struct json *before, const char *by)
{
	struct json *fields = written_fields(before, object->json);

	if (before && json_get(fields, "f:spec"))
		tree_put_int(object->json, "metadata.generation", json_int(json_at(object->json, "metadata.generation"), 1) + 1);
	tree_put(object->json, "metadata.managedFields", managed_fields(world, object, by, fields));
	world_touch(world, object);
}

static void happen(struct world *world, const struct json *step)
{
	struct object *object = build_object(world, step);
	struct json *before;

	if (!object)
		return; /* lint says so */
	before = json_copy(object->json);
	tree_merge(object->json, json_get(step, "patch"), 1);
	build_written(world, object, before, json_text_or(json_get(step, "by"), "kubectl"));
	json_free(before);
	if (json_text(json_get(step, "event")))
		world_event(world, object, "Normal", json_text(json_get(step, "event")), json_text_or(json_get(step, "by"), "kubectl"),
			json_text_or(json_get(step, "message"), ""));
}

/* What lies between the last step and this one. */
static void take_timeline(struct world *world, int64_t before_ns, int64_t now_ns, int64_t zero_ns)
{
	int64_t offset_ns;

	for (const struct json *step = json_first(json_get(world->scenario, "timeline")); step; step = json_next(step))
		if (!strcmp(json_text_or(json_get(step, "cluster"), ""), world->name) && !build_when(step, &offset_ns) && zero_ns + offset_ns > before_ns &&
			zero_ns + offset_ns <= now_ns)
			happen(world, step);
}

/* Where nothing changed there is nothing for controllers to do, but for what is late. */
static void control(struct world *world)
{
	if (world->version == world->settled && world->now_ns < world->settled_ns + LATE_S * CLOCK_SECOND_NS)
		return;
	world->settled = world->version;
	world->settled_ns = world->now_ns;
	workloads_step(world);
}

void build_step(struct world *world, int64_t now_ns, int64_t zero_ns)
{
	int64_t before_ns = world->now_ns;

	world->now_ns = now_ns;
	take_timeline(world, before_ns, now_ns, zero_ns);
	nodes_step(world);
	control(world);
	pods_step(world);
	counts_step(world);
	if (now_ns / FORGET_NS != before_ns / FORGET_NS)
		world_forget_events(world);
	world_sweep(world);
}
