/* What is counted from pods: disruption budgets, endpoints, what scalers see. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "sim/live.h"
#include "sim/resources.h"
#include "sim/tree.h"
#include "sim/world.h"

static int selects(const struct json *labels, const struct object *pod)
{
	const struct json *own = json_at(pod->json, "metadata.labels");

	for (const struct json *item = json_first(labels); item; item = json_next(item))
		if (strcmp(json_text_or(json_get(own, json_key(item)), ""), json_text_or(item, "")))
			return 0;
	return json_count(labels) > 0;
}

static struct object *next_ready(struct world *world, struct object *pod, const struct object *by, const struct json *labels)
{
	(void)world;
	while (pod && !(pod_is_ready(pod) && !strcmp(object_namespace(pod), object_namespace(by)) && selects(labels, pod)))
		pod = world_next(pod, resource_pods);
	return pod;
}

static long count_ready(struct world *world, const struct object *by, const struct json *labels)
{
	long count = 0;

	for (struct object *pod = next_ready(world, world_begin(world, resource_pods), by, labels); pod;
		pod = next_ready(world, world_next(pod, resource_pods), by, labels))
		count++;
	return count;
}

static void put_number(struct world *world, struct object *object, const char *path, int64_t number)
{
	if (json_int(json_at(object->json, path), -1) == number)
		return;
	tree_put_int(object->json, path, number);
	world_touch(world, object);
}

static void count_budget(struct world *world, struct object *budget)
{
	long ready = count_ready(world, budget, json_at(budget->json, "spec.selector.matchLabels"));
	long least = (long)json_int(json_at(budget->json, "spec.minAvailable"), 0);

	put_number(world, budget, "status.currentHealthy", ready);
	put_number(world, budget, "status.desiredHealthy", least);
	put_number(world, budget, "status.disruptionsAllowed", ready > least ? ready - least : 0);
}

static void count_scaler(struct world *world, struct object *scaler)
{
	const struct object *target = world_find(world, resource_deployments, object_namespace(scaler), json_text_or(json_at(scaler->json, "spec.scaleTargetRef.name"), ""));

	put_number(world, scaler, "status.currentReplicas", target ? json_int(json_at(target->json, "status.replicas"), 0) : 0);
	put_number(world, scaler, "status.desiredReplicas", target ? json_int(json_at(target->json, "spec.replicas"), 0) : 0);
}

static struct json *endpoint_of(const struct object *pod)
{
	struct json *endpoint = json_object();

	json_set(endpoint, "addresses", json_add(json_array(), json_string(json_text_or(json_at(pod->json, "status.podIP"), ""))));
	tree_put(endpoint, "conditions.ready", json_boolean(1));
	tree_put_text(endpoint, "targetRef.kind", "Pod");
	tree_put_text(endpoint, "targetRef.name", object_name(pod));
	return json_set_text(endpoint, "nodeName", json_text_or(json_at(pod->json, "spec.nodeName"), ""));
}

static void fill_slice(struct world *world, struct object *slice)
{
	const struct object *service = world_find(world, resource_services, object_namespace(slice), object_name(slice));
	const struct json *labels = service ? json_at(service->json, "spec.selector") : NULL;
	struct json *list = json_array();

	for (struct object *pod = next_ready(world, world_begin(world, resource_pods), slice, labels); pod;
		pod = next_ready(world, world_next(pod, resource_pods), slice, labels))
		json_add(list, endpoint_of(pod));
	if (json_equal(list, json_get(slice->json, "endpoints"))) {
		json_free(list);
		return;
	}
	json_set(slice->json, "endpoints", list);
	world_touch(world, slice);
}

static const struct {
	const struct resource_type *const *type;
	void (*count)(struct world *world, struct object *object);
} counted[] = {
	{ &resource_budgets, count_budget },
	{ &resource_scalers, count_scaler },
	{ &resource_slices, fill_slice },
};

void counts_step(struct world *world)
{
	if (!world->unsettled)
		return;
	world->unsettled = 0;
	for (size_t i = 0; i < sizeof(counted) / sizeof(*counted); i++)
		for (struct object *object = world_begin(world, *counted[i].type); object; object = world_next(object, *counted[i].type))
			counted[i].count(world, object);
}
