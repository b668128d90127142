/* Nodes: what the kubelet says of them, and whom it puts out when room is short. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "sim/live.h"
#include "sim/resources.h"
#include "sim/tree.h"
#include "sim/world.h"

static const struct {
	const char *type, *well, *ill; /* reasons */
	const char *said;              /* while well */
} conditions[] = {
	{ "MemoryPressure", "KubeletHasSufficientMemory", "KubeletHasInsufficientMemory", "kubelet has sufficient memory available" },
	{ "DiskPressure", "KubeletHasNoDiskPressure", "KubeletHasDiskPressure", "kubelet has no disk pressure" },
	{ "PIDPressure", "KubeletHasSufficientPID", "KubeletHasInsufficientPID", "kubelet has sufficient PID available" },
	{ "Ready", "KubeletReady", "KubeletNotReady", "kubelet is posting ready status" },
};

enum { CONDITIONS = sizeof(conditions) / sizeof(*conditions) };

static const struct json *condition(const struct object *node, const char *type)
{
	for (const struct json *item = json_first(json_at(node->json, "status.conditions")); item; item = json_next(item))
		if (!strcmp(json_text_or(json_get(item, "type"), ""), type))
			return item;
	return NULL;
}

static int holds(const struct object *node, const char *type)
{
	return !strcmp(json_text_or(json_get(condition(node, type), "status"), ""), "True");
}

int node_takes_pods(const struct object *node, const struct json *selector)
{
	const struct json *labels = json_at(node->json, "metadata.labels");

	for (const struct json *item = json_first(selector); item; item = json_next(item))
		if (strcmp(json_text_or(json_get(labels, json_key(item)), ""), json_text_or(item, "")))
			return 0;
	return holds(node, "Ready") && !holds(node, "MemoryPressure") && !holds(node, "DiskPressure") &&
	       !json_bool(json_at(node->json, "spec.unschedulable"), 0);
}

int node_is_ready(struct world *world, const char *name)
{
	const struct object *node = world_find(world, resource_nodes, "", name);

	return node && holds(node, "Ready");
}

/* The trouble that makes this condition ill, once it has held long enough. */
static const struct json *cause_of(struct world *world, struct object *node, const char *type)
{
	const struct json *found = NULL;
	const char *wanted = !strcmp(type, "Ready") ? "NotReady" : type;
	size_t i = 0;

	for (const struct json *trouble = trouble_first(world); trouble && i < WORLD_TROUBLES_MAX; trouble = trouble_next(world, trouble), i++) {
		if (strcmp(json_text_or(json_get(trouble, "node_is"), ""), wanted))
			continue;
		if (!trouble_on_node(world, trouble, node)) {
			node->held_ns[i] = 0;
			continue;
		}
		if (!node->held_ns[i])
			node->held_ns[i] = world->now_ns;
		if (world->now_ns >= node->held_ns[i] + trouble_ns(trouble, "after", 0))
			found = trouble;
	}
	return found;
}

static struct json *condition_now(struct world *world, struct object *node, size_t i, const struct json *trouble)
{
	const struct json *before = condition(node, conditions[i].type);
	int ready = !strcmp(conditions[i].type, "Ready");
	const char *status = (trouble == NULL) == ready ? "True" : "False";
	int same = before && !strcmp(json_text_or(json_get(before, "status"), ""), status);
	struct json *item = json_set_text(json_object(), "type", conditions[i].type);

	json_set_text(item, "status", status);
	json_set_text(item, "reason", trouble ? conditions[i].ill : conditions[i].well);
	json_set_text(item, "message", trouble ? json_text_or(json_get(trouble, "message"), "") : conditions[i].said);
	if (same)
		json_set(item, "lastTransitionTime", json_copy(json_get(before, "lastTransitionTime")));
	else
		tree_put_time(item, "lastTransitionTime", world->now_ns);
	if (!same && before)
		world_event(world, node, trouble ? "Warning" : "Normal",
			ready ? (trouble ? "NodeNotReady" : "NodeReady") : trouble ? conditions[i].ill : conditions[i].well, "kubelet",
			trouble ? json_text_or(json_get(trouble, "message"), "") : conditions[i].said);
	return item;
}

/* The kubelet ranks by use above request: here, the newest pod the trouble names. */
static void evict_one(struct world *world, struct object *node, const struct json *trouble)
{
	int64_t every_ns = trouble_ns(trouble, "evict", 0);
	const char *wanted = json_text_or(json_get(trouble, "victims"), "");
	struct object *victim = NULL;

	if (!every_ns || world->now_ns < node->moved_ns + every_ns)
		return;
	for (struct object *pod = world_begin(world, resource_pods); pod; pod = world_next(pod, resource_pods))
		if (pod_counts(pod) && !strcmp(json_text_or(json_at(pod->json, "spec.nodeName"), ""), object_name(node)) &&
			!strcmp(json_text_or(json_at(pod->json, "metadata.labels.app"), ""), wanted))
			victim = pod;
	node->moved_ns = world->now_ns;
	if (victim)
		pod_evict(world, victim, json_text_or(json_get(trouble, "evicted"), "The node was low on resources."));
}

static void step(struct world *world, struct object *node)
{
	struct json *list = json_array();

	for (size_t i = 0; i < CONDITIONS; i++) {
		const struct json *trouble = cause_of(world, node, conditions[i].type);

		json_add(list, condition_now(world, node, i, trouble));
		if (trouble)
			evict_one(world, node, trouble);
	}
	if (json_equal(list, json_at(node->json, "status.conditions"))) {
		json_free(list);
		return;
	}
	tree_put(node->json, "status.conditions", list);
	world_touch(world, node);
}

void nodes_step(struct world *world)
{
	for (struct object *node = world_begin(world, resource_nodes); node; node = world_next(node, resource_nodes))
		step(world, node);
}
