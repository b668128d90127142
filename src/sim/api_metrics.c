/* metrics.k8s.io: what pods and nodes use, from the data and from what ails them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "sim/api.h"
#include "sim/build.h"
#include "sim/live.h"
#include "sim/peer.h"
#include "sim/resources.h"
#include "sim/tree.h"
#include "sim/world.h"

#define MIB 1048576.0

enum { SYSTEM_MILLICORES = 180, SYSTEM_MIB = 900, WINDOW_S = 15 };

struct use {
	double millicores, mib;
};

/* "120m" "2" "310Mi" "2Gi": the notations of the data. */
static double amount(const char *text)
{
	char *end;
	double number = text ? strtod(text, &end) : 0;

	if (!text || end == text)
		return 0;
	return !strcmp(end, "m") || !strcmp(end, "Mi") ? number : !strcmp(end, "Gi") ? number * 1024 : number * 1000;
}

/* A little up and down, each pod its own. */
static double sway(const struct world *world, const struct object *pod)
{
	return 1 + 0.08 * sin((double)(world->now_ns / CLOCK_SECOND_NS) / 40.0 + object_name(pod)[strlen(object_name(pod)) - 1]);
}

static struct use pod_use(struct world *world, const struct object *pod)
{
	const struct json *row = build_row(world, object_namespace(pod), json_text_or(json_at(pod->json, "metadata.labels.app"), ""));
	const struct json *trouble = pod->life.trouble;
	struct use use = { amount(json_text(json_at(row, "uses.cpu"))) * sway(world, pod), amount(json_text(json_at(row, "uses.memory"))) * sway(world, pod) };

	if (!strcmp(json_text_or(json_get(trouble, "pod"), ""), "oom")) /* it grows until it is killed */
		use.mib = amount(json_text(json_at(pod->json, "spec.containers.0.resources.limits.memory"))) * 0.97;
	return use;
}

static int is_running(const struct object *pod)
{
	return pod->life.state == LIFE_RUNNING || pod->life.state == LIFE_READY;
}

static struct json *usage(struct use use)
{
	struct json *json = json_object();
	char text[32];

	snprintf(text, sizeof(text), "%.0fm", use.millicores);
	json_set_text(json, "cpu", text);
	snprintf(text, sizeof(text), "%.0fKi", use.mib * 1024);
	return json_set_text(json, "memory", text);
}

static struct json *item(const struct world *world, const char *kind, const struct object *object)
{
	struct json *json = json_set_text(json_object(), "kind", kind);

	tree_put_text(json, "metadata.name", object_name(object));
	if (*object_namespace(object))
		tree_put_text(json, "metadata.namespace", object_namespace(object));
	tree_put_time(json, "timestamp", world->now_ns - world->now_ns % (WINDOW_S * CLOCK_SECOND_NS));
	return json_set_text(json, "window", "15s");
}

static struct json *pod_metrics(struct api_call *call)
{
	struct json *items = json_array();

	call->type = resource_pods;
	for (const struct object *pod = world_begin(call->world, resource_pods); pod; pod = world_next(pod, resource_pods)) {
		struct json *metric, *container;

		if (!is_running(pod) || !api_selects(call, resource_pods, pod->json))
			continue;
		metric = item(call->world, "PodMetrics", pod);
		container = json_set_text(json_object(), "name", json_text(json_at(pod->json, "spec.containers.0.name")));
		json_set(container, "usage", usage(pod_use(call->world, pod)));
		json_add(items, json_set(metric, "containers", json_add(json_array(), container)));
	}
	return items;
}

static int has(const struct object *node, const char *type)
{
	for (const struct json *condition = json_first(json_at(node->json, "status.conditions")); condition; condition = json_next(condition))
		if (!strcmp(json_text_or(json_get(condition, "type"), ""), type))
			return !strcmp(json_text_or(json_get(condition, "status"), ""), "True");
	return 0;
}

static struct json *node_metrics(struct api_call *call)
{
	struct json *items = json_array();

	for (const struct object *node = world_begin(call->world, resource_nodes); node; node = world_next(node, resource_nodes)) {
		struct use sum = { SYSTEM_MILLICORES, SYSTEM_MIB };
		double all_mib = amount(json_text(json_at(node->json, "status.allocatable.memory")));

		for (const struct object *pod = world_begin(call->world, resource_pods); pod; pod = world_next(pod, resource_pods))
			if (is_running(pod) && !strcmp(json_text_or(json_at(pod->json, "spec.nodeName"), ""), object_name(node))) {
				struct use use = pod_use(call->world, pod);

				sum.millicores += use.millicores;
				sum.mib += use.mib;
			}
		if (has(node, "MemoryPressure") && sum.mib < all_mib * 0.97)
			sum.mib = all_mib * 0.97;
		json_add(items, json_set(item(call->world, "NodeMetrics", node), "usage", usage(sum)));
	}
	return items;
}

int api_metrics(struct api_call *call, const char *path)
{
	static const char root[] = "/apis/metrics.k8s.io/v1beta1/";
	struct json *list;
	int nodes;

	if (strncmp(path, root, strlen(root)) != 0)
		return -1;
	path += strlen(root);
	if (!strncmp(path, "namespaces/", 11)) {
		snprintf(call->namespace_, sizeof(call->namespace_), "%.*s", (int)strcspn(path + 11, "/"), path + 11);
		path += 11 + strcspn(path + 11, "/");
		path += *path == '/';
	}
	nodes = !strcmp(path, "nodes");
	if (!nodes && strcmp(path, "pods") != 0)
		return -1;
	list = json_set_text(json_object(), "kind", nodes ? "NodeMetricsList" : "PodMetricsList");
	json_set_text(list, "apiVersion", "metrics.k8s.io/v1beta1");
	json_set(list, "metadata", json_object());
	world_lock(call->world);
	json_set(list, "items", nodes ? node_metrics(call) : pod_metrics(call));
	world_unlock(call->world);
	return api_reply(call->peer, 200, list);
}
