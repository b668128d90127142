/* Controllers: a deployment's replica sets and their rolling update (as pkg/controller/deployment/rolling.go reckons),
 * replica sets, stateful sets and daemon sets. */
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

enum { DEADLINE_S = 600, HASH = 9, PODS_MAX = 500 /* of a cluster: its quota */, TOLD_S = 30 };

#define REVISION "deployment.kubernetes.io/revision"
#define CAUSE "kubernetes.io/change-cause"
#define HASH_LABEL "pod-template-hash"

struct tally {
	long count, ready;
};

static struct tally tally_of(struct world *world, const struct object *owner)
{
	struct tally tally = { 0 };

	for (const struct object *pod = world_begin(world, resource_pods); pod; pod = world_next(pod, resource_pods))
		if (pod->owner == owner && pod_counts(pod)) {
			tally.count++;
			tally.ready += pod_is_ready(pod);
		}
	return tally;
}

static long wanted_of(const struct object *object)
{
	return (long)json_int(json_at(object->json, "spec.replicas"), 1);
}

/* Zero is absent, as the API leaves it out. 1 when it changed. */
static int put_count(struct object *object, const char *path, long count)
{
	const struct json *before = json_at(object->json, path);

	if (json_int(before, 0) == count && (before != NULL) == (count != 0))
		return 0;
	if (count)
		tree_put_int(object->json, path, count);
	else
		json_remove(json_get(object->json, "status"), strrchr(path, '.') + 1);
	return 1;
}

static int put_observed(struct object *object)
{
	int64_t generation = json_int(json_at(object->json, "metadata.generation"), 1);

	if (json_int(json_at(object->json, "status.observedGeneration"), 0) == generation)
		return 0;
	tree_put_int(object->json, "status.observedGeneration", generation);
	return 1;
}

/* --- replica sets --- */

/* Of those that are too many: not ready before ready, newest first. */
static struct object *dispensable(struct world *world, const struct object *owner)
{
	struct object *chosen = NULL;

	for (struct object *pod = world_begin(world, resource_pods); pod; pod = world_next(pod, resource_pods))
		if (pod->owner == owner && pod_counts(pod) && (!chosen || !pod_is_ready(pod) || pod_is_ready(chosen)))
			chosen = pod;
	return chosen;
}

static void make_pod(struct world *world, struct object *set, const char *name, const char *node)
{
	struct object *pod = pod_make(world, set, json_at(set->json, "spec.template"), name, node);
	char *message = mem_format("Created pod: %s", object_name(pod));

	world_event(world, set, "Normal", "SuccessfulCreate", "replicaset-controller", message);
	free(message);
}

static void drop_pod(struct world *world, struct object *set, struct object *pod)
{
	char *message = mem_format("Deleted pod: %s", object_name(pod));

	world_event(world, set, "Normal", "SuccessfulDelete", "replicaset-controller", message);
	free(message);
	pod_end(world, pod);
}

static int has_quota(struct world *world, struct object *set)
{
	char message[160];
	int pods = 0;

	for (const struct object *pod = world_begin(world, resource_pods); pod; pod = world_next(pod, resource_pods))
		pods++;
	if (pods < PODS_MAX)
		return 1;
	if (set->moved_ns && world->now_ns < set->moved_ns + TOLD_S * CLOCK_SECOND_NS)
		return 0;
	set->moved_ns = world->now_ns;
	snprintf(message, sizeof(message), "Error creating: pods is forbidden: exceeded quota: pods, requested: pods=1, used: pods=%d, limited: pods=%d", pods, PODS_MAX);
	world_event(world, set, "Warning", "FailedCreate", "replicaset-controller", message);
	return 0;
}

static void sync_set(struct world *world, struct object *set)
{
	struct tally tally = tally_of(world, set);
	long wanted = wanted_of(set);

	for (; tally.count < wanted && has_quota(world, set); tally.count++)
		make_pod(world, set, NULL, NULL);
	for (; tally.count > wanted; tally.count--)
		drop_pod(world, set, dispensable(world, set));
	tally = tally_of(world, set);
	if (put_count(set, "status.replicas", tally.count) | put_count(set, "status.readyReplicas", tally.ready) |
		put_count(set, "status.availableReplicas", tally.ready) | put_observed(set))
		world_touch(world, set);
}

/* --- deployments --- */

static struct json *plain_template(const struct object *set)
{
	struct json *template = json_copy(json_at(set->json, "spec.template"));

	json_remove(json_at(template, "metadata.labels"), HASH_LABEL);
	return template;
}

static long revision_of(const struct object *object)
{
	return strtol(json_text_or(json_get(json_at(object->json, "metadata.annotations"), REVISION), "0"), NULL, 10);
}

static void put_revision(struct object *object, long revision)
{
	struct json *annotations = json_at(object->json, "metadata.annotations");
	char text[24];

	if (!annotations) {
		tree_put(object->json, "metadata.annotations", json_object());
		annotations = json_at(object->json, "metadata.annotations");
	}
	snprintf(text, sizeof(text), "%ld", revision);
	json_set_text(annotations, REVISION, text);
}

static struct object *next_set(const struct object *deployment, struct object *set)
{
	while (set && set->owner != deployment)
		set = world_next(set, resource_replicasets);
	return set;
}

#define each_set(world, deployment, set)                                                                                                    \
	(struct object *set = next_set(deployment, world_begin(world, resource_replicasets)); set;                                          \
		set = next_set(deployment, world_next(set, resource_replicasets)))

static struct object *set_of_template(struct world *world, const struct object *deployment)
{
	const struct json *wanted = json_at(deployment->json, "spec.template");

	for each_set (world, deployment, set) {
		struct json *template = plain_template(set);
		int same = json_equal(template, wanted);

		json_free(template);
		if (same)
			return set;
	}
	return NULL;
}

static long newest_revision(struct world *world, const struct object *deployment)
{
	long newest = 0;

	for each_set (world, deployment, set)
		newest = revision_of(set) > newest ? revision_of(set) : newest;
	return newest;
}

static struct object *make_set(struct world *world, struct object *deployment, const struct json *template, long revision)
{
	struct json *json = json_object(), *reference = json_object();
	const char *cause = json_text(json_get(json_at(deployment->json, "metadata.annotations"), CAUSE));
	char hash[HASH + 1], *name;
	struct object *set;

	world_suffix(world, hash, HASH);
	name = mem_format("%s-%s", object_name(deployment), hash);
	tree_put_text(json, "metadata.name", name);
	tree_put_text(json, "metadata.namespace", object_namespace(deployment));
	json_set_text(reference, "apiVersion", "apps/v1");
	json_set_text(reference, "kind", "Deployment");
	json_set_text(reference, "name", object_name(deployment));
	json_set_text(reference, "uid", json_text(json_at(deployment->json, "metadata.uid")));
	json_set(reference, "controller", json_boolean(1));
	tree_put(json, "metadata.ownerReferences", json_add(json_array(), reference));
	tree_put_int(json, "spec.replicas", 0);
	tree_put(json, "spec.selector", json_copy(json_at(deployment->json, "spec.selector")));
	tree_put(json, "spec.template", json_copy(template));
	tree_put_text(json, "spec.template.metadata.labels." HASH_LABEL, hash);
	tree_put_text(json, "spec.selector.matchLabels." HASH_LABEL, hash);
	tree_put(json, "metadata.labels", json_copy(json_at(json, "spec.template.metadata.labels")));
	set = world_add(world, resource_replicasets, json);
	set->owner = deployment;
	put_revision(set, revision);
	if (cause)
		json_set_text(json_at(set->json, "metadata.annotations"), CAUSE, cause);
	free(name);
	return set;
}

/* The replica set of the template as it is now, made or dug out; its revision is the newest. */
static struct object *current_set(struct world *world, struct object *deployment)
{
	struct object *set = set_of_template(world, deployment);
	long newest = newest_revision(world, deployment);

	if (set && revision_of(set) == newest)
		return set;
	if (set)
		put_revision(set, newest + 1);
	else
		set = make_set(world, deployment, json_at(deployment->json, "spec.template"), newest + 1);
	put_revision(deployment, newest + 1);
	world_touch(world, set);
	world_touch(world, deployment);
	deployment->moved_ns = world->now_ns;
	return set;
}

static struct object *newest_set(struct world *world, const struct object *deployment)
{
	long newest = newest_revision(world, deployment);

	for each_set (world, deployment, set)
		if (revision_of(set) == newest)
			return set;
	return NULL;
}

/* "25%" or a number. */
static long share(const struct object *deployment, const char *path, long of, int up)
{
	const struct json *value = json_at(deployment->json, path);
	long percent = json_text(value) ? strtol(json_text(value), NULL, 10) : 25;

	return json_is(value, JSON_NUMBER) ? (long)json_int(value, 1) : (of * percent + (up ? 99 : 0)) / 100;
}

static void scale(struct world *world, struct object *deployment, struct object *set, long wanted)
{
	long before = wanted_of(set);
	char *message;

	if (before == wanted)
		return;
	message = mem_format("Scaled %s replica set %s from %ld to %ld", wanted > before ? "up" : "down", object_name(set), before, wanted);
	world_event(world, deployment, "Normal", "ScalingReplicaSet", "deployment-controller", message);
	free(message);
	tree_put_int(set->json, "spec.replicas", wanted);
	world_touch(world, set);
}

static long at_most(long a, long b)
{
	return a < b ? a : b;
}

static void roll(struct world *world, struct object *deployment, struct object *current)
{
	long wanted = wanted_of(deployment), total = 0, ready = 0;
	struct tally new = tally_of(world, current);
	long least = wanted - share(deployment, "spec.strategy.rollingUpdate.maxUnavailable", wanted, 0);
	long most = wanted + share(deployment, "spec.strategy.rollingUpdate.maxSurge", wanted, 1);

	for each_set (world, deployment, set) {
		struct tally tally = tally_of(world, set);

		total += tally.count;
		ready += tally.ready;
	}
	if (new.count > wanted || total < most)
		scale(world, deployment, current, new.count > wanted ? wanted : at_most(wanted, new.count + most - total));
	long spare = total - least - (new.count - new.ready), spare_ready = ready - least;

	for each_set (world, deployment, set) {
		struct tally tally = tally_of(world, set);
		long sick = tally.count - tally.ready, drop;

		if (set == current || !tally.count || spare <= 0)
			continue;
		drop = at_most(sick, spare);
		if (spare_ready > 0)
			drop += at_most(at_most(tally.ready, spare - drop), spare_ready);
		spare -= drop;
		spare_ready -= drop - at_most(sick, drop);
		scale(world, deployment, set, tally.count - drop);
	}
}

static struct json *condition(const struct object *deployment, const struct world *world, const char *type, int holds, const char *reason, const char *message)
{
	struct json *item = json_set_text(json_object(), "type", type);

	json_set_text(item, "status", holds ? "True" : "False");
	json_set_text(item, "reason", reason);
	json_set_text(item, "message", message);
	for (const struct json *before = json_first(json_at(deployment->json, "status.conditions")); before; before = json_next(before))
		if (!strcmp(json_text_or(json_get(before, "type"), ""), type) &&
			!strcmp(json_text_or(json_get(before, "status"), ""), holds ? "True" : "False"))
			json_set(item, "lastTransitionTime", json_copy(json_get(before, "lastTransitionTime")));
	if (!json_get(item, "lastTransitionTime"))
		tree_put_time(item, "lastTransitionTime", world->now_ns);
	return item;
}

static int put_conditions(struct world *world, struct object *deployment, const struct object *current, int complete, int available)
{
	int64_t deadline_s = json_int(json_at(deployment->json, "spec.progressDeadlineSeconds"), DEADLINE_S);
	int late = !complete && world->now_ns > deployment->moved_ns + deadline_s * CLOCK_SECOND_NS;
	char *message = mem_format("ReplicaSet \"%s\" %s.", object_name(current),
		late ? "has timed out progressing" : complete ? "has successfully progressed" : "is progressing");
	struct json *list = json_array();
	int same;

	json_add(list, condition(deployment, world, "Available", available, available ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
			       available ? "Deployment has minimum availability." : "Deployment does not have minimum availability."));
	json_add(list, condition(deployment, world, "Progressing", !late,
			       late ? "ProgressDeadlineExceeded" : complete ? "NewReplicaSetAvailable" : "ReplicaSetUpdated", message));
	free(message);
	same = json_equal(list, json_at(deployment->json, "status.conditions"));
	if (same)
		json_free(list);
	else
		tree_put(deployment->json, "status.conditions", list);
	return !same;
}

static void tell_status(struct world *world, struct object *deployment, const struct object *current)
{
	long wanted = wanted_of(deployment), total = 0, ready = 0;
	struct tally new = tally_of(world, current);
	int changed;

	for each_set (world, deployment, set) {
		struct tally tally = tally_of(world, set);

		total += tally.count;
		ready += tally.ready;
	}
	changed = put_count(deployment, "status.updatedReplicas", new.count) | put_count(deployment, "status.readyReplicas", ready);
	if (changed)
		deployment->moved_ns = world->now_ns;
	changed |= put_count(deployment, "status.replicas", total) | put_count(deployment, "status.availableReplicas", ready) |
		   put_count(deployment, "status.unavailableReplicas", wanted > total ? wanted - ready : total - ready) | put_observed(deployment);
	long least = wanted - share(deployment, "spec.strategy.rollingUpdate.maxUnavailable", wanted, 0);

	changed |= put_conditions(world, deployment, current, new.ready == wanted && total == wanted, ready >= least);
	if (changed)
		world_touch(world, deployment);
}

static void sync_deployment(struct world *world, struct object *deployment)
{
	int paused = json_bool(json_at(deployment->json, "spec.paused"), 0);
	struct object *current = paused ? newest_set(world, deployment) : current_set(world, deployment);

	if (!current)
		return;
	roll(world, deployment, current);
	for each_set (world, deployment, set)
		sync_set(world, set);
	tell_status(world, deployment, current);
}

/* --- stateful sets, daemon sets: a pod a place --- */

static int same_image(const struct object *set, const struct object *pod)
{
	return !strcmp(json_text_or(json_at(set->json, "spec.template.spec.containers.0.image"), ""),
		json_text_or(json_at(pod->json, "spec.containers.0.image"), ""));
}

static struct object *pod_at(struct world *world, const struct object *set, const char *name, const char *node)
{
	for (struct object *pod = world_begin(world, resource_pods); pod; pod = world_next(pod, resource_pods))
		if (pod->owner == set && pod->life.state != LIFE_FAILED && (!name || !strcmp(object_name(pod), name)) &&
			(!node || !strcmp(json_text_or(json_at(pod->json, "spec.nodeName"), ""), node)))
			return pod;
	return NULL;
}

static void sync_place(struct world *world, struct object *set, const char *name, const char *node)
{
	struct object *pod = pod_at(world, set, name, node);

	if (!pod)
		make_pod(world, set, name, node);
	else if (!same_image(set, pod) && pod_counts(pod))
		drop_pod(world, set, pod);
}

static void sync_stateful(struct world *world, struct object *set)
{
	long wanted = wanted_of(set);

	for (long i = 0; i < wanted && (i < PODS_MAX || has_quota(world, set)); i++) {
		char *name = mem_format("%s-%ld", object_name(set), i);

		sync_place(world, set, name, NULL);
		free(name);
	}
	for (struct object *pod = world_begin(world, resource_pods); pod; pod = world_next(pod, resource_pods))
		if (pod->owner == set && pod_counts(pod) && strtol(strrchr(object_name(pod), '-') + 1, NULL, 10) >= wanted)
			drop_pod(world, set, pod);
	struct tally tally = tally_of(world, set);

	if (put_count(set, "status.replicas", tally.count) | put_count(set, "status.readyReplicas", tally.ready) |
		put_count(set, "status.availableReplicas", tally.ready) | put_observed(set))
		world_touch(world, set);
}

static void sync_daemon(struct world *world, struct object *set)
{
	long nodes = 0;

	for (struct object *node = world_begin(world, resource_nodes); node; node = world_next(node, resource_nodes), nodes++)
		sync_place(world, set, NULL, object_name(node));
	struct tally tally = tally_of(world, set);

	if (put_count(set, "status.desiredNumberScheduled", nodes) | put_count(set, "status.currentNumberScheduled", tally.count) |
		put_count(set, "status.numberReady", tally.ready) | put_count(set, "status.updatedNumberScheduled", tally.count) |
		put_count(set, "status.numberAvailable", tally.ready) | put_observed(set))
		world_touch(world, set);
}

static const struct {
	const struct resource_type *const *type;
	void (*sync)(struct world *world, struct object *object);
} controllers[] = {
	{ &resource_deployments, sync_deployment },
	{ &resource_statefulsets, sync_stateful },
	{ &resource_daemonsets, sync_daemon },
};

void workloads_step(struct world *world)
{
	for (size_t i = 0; i < sizeof(controllers) / sizeof(*controllers); i++)
		for (struct object *object = world_begin(world, *controllers[i].type); object; object = world_next(object, *controllers[i].type))
			controllers[i].sync(world, object);
}

void workload_remove(struct world *world, struct object *object)
{
	for (struct object *other = world_begin(world, NULL); other; other = world_next(other, NULL)) {
		if (other->owner != object)
			continue;
		if (other->type == resource_pods)
			pod_end(world, other);
		else
			workload_remove(world, other);
	}
	world_remove(world, object);
}

/* --- the past --- */

static void settle(struct world *world, const struct object *owner, int64_t age_ns)
{
	int64_t part = 0;

	for (struct object *pod = world_begin(world, resource_pods); pod; pod = world_next(pod, resource_pods))
		if (pod->owner == owner)
			pod_settle(world, pod, age_ns - age_ns / 11 * (part++ % 3));
}

struct object *workload_add(struct world *world, struct json *manifest, int64_t age_ns, long revision)
{
	const char *kind = json_text_or(json_get(manifest, "kind"), "");
	const struct resource_type *type = !strcmp(kind, "DaemonSet") ? resource_daemonsets : !strcmp(kind, "StatefulSet") ? resource_statefulsets : resource_deployments;
	int64_t now = world->now_ns;
	struct object *object, *set;

	world->now_ns = now - age_ns; /* made then */
	object = world_add(world, type, manifest);
	object->moved_ns = world->now_ns;
	set = type == resource_deployments ? make_set(world, object, json_at(manifest, "spec.template"), revision) : NULL;
	world->now_ns = now;
	if (set) {
		put_revision(object, revision);
		tree_put_int(set->json, "spec.replicas", wanted_of(object));
		sync_set(world, set);
	} else {
		(type == resource_daemonsets ? sync_daemon : sync_stateful)(world, object);
	}
	settle(world, set ? set : object, age_ns);
	return object;
}
