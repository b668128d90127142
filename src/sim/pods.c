/* Scheduler and kubelet: where a pod goes, when its container starts, is ready, ends, and how long until it is tried again. */
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

enum { READY_S = 5, DIED_S = 3, GRACE_S = 2, PULL_SHOWN_S = 4, KEPT_S = 900, RETRY_S = 20, SUFFIX = 5 };

#define BACKOFF_FIRST_NS (10 * CLOCK_SECOND_NS) /* kubelet: doubled each time up to five minutes, less where the scenario says so */
#define BACKOFF_MAX_NS (300 * CLOCK_SECOND_NS)

int pod_is_ready(const struct object *pod)
{
	return pod->life.state == LIFE_READY;
}

int pod_counts(const struct object *pod)
{
	return pod->life.state != LIFE_ENDING && pod->life.state != LIFE_FAILED;
}

/* --- as the API shows it --- */

static struct json *terminated(const struct life_run *run)
{
	struct json *state = json_object();

	json_set_int(state, "exitCode", run->exit);
	json_set_text(state, "reason", run->reason);
	tree_put_time(state, "startedAt", run->started_ns);
	tree_put_time(state, "finishedAt", run->finished_ns);
	return json_set(json_object(), "terminated", state);
}

static struct json *waiting(const char *reason, const char *message)
{
	struct json *state = json_set_text(json_object(), "reason", reason);

	if (*message)
		json_set_text(state, "message", message);
	return json_set(json_object(), "waiting", state);
}

static struct json *running(int64_t since_ns)
{
	struct json *state = json_object();

	tree_put_time(state, "running.startedAt", since_ns);
	return state;
}

static int is_first_try(const struct life *life)
{
	return life->next_ns - life->since_ns <= PULL_SHOWN_S * CLOCK_SECOND_NS;
}

static struct json *container_state(const struct object *pod)
{
	const struct life *life = &pod->life;

	switch (life->state) {
	case LIFE_PENDING:
	case LIFE_CREATING:
		return waiting("ContainerCreating", "");
	case LIFE_PULLING:
		return waiting(is_first_try(life) ? "ErrImagePull" : "ImagePullBackOff", life->message);
	case LIFE_DIED:
	case LIFE_FAILED:
		return terminated(&life->last);
	case LIFE_BACKOFF:
		return waiting("CrashLoopBackOff", life->message);
	case LIFE_RUNNING:
	case LIFE_READY:
	case LIFE_ENDING:
		break;
	}
	return running(life->started_ns);
}

static struct json *container_status(const struct object *pod, const struct json *container)
{
	const struct life *life = &pod->life;
	struct json *status = json_object();

	json_set_text(status, "name", json_text(json_get(container, "name")));
	json_set_text(status, "image", json_text(json_get(container, "image")));
	json_set(status, "ready", json_boolean(life->state == LIFE_READY));
	json_set(status, "started", json_boolean(life->state == LIFE_READY || life->state == LIFE_RUNNING));
	json_set_int(status, "restartCount", life->restarts);
	json_set(status, "state", container_state(pod));
	const struct life_run *last = life->state == LIFE_DIED ? &life->before : &life->last;

	json_set(status, "lastState", last->finished_ns ? terminated(last) : json_object());
	return status;
}

static const char *phase_of(enum life_state state)
{
	return state == LIFE_PENDING || state == LIFE_CREATING || state == LIFE_PULLING ? "Pending" : state == LIFE_FAILED ? "Failed" : "Running";
}

static void put_condition(struct json *list, const char *type, int holds, const char *reason, const char *message)
{
	struct json *item = json_set_text(json_object(), "type", type);

	json_set_text(item, "status", holds ? "True" : "False");
	if (!holds && *reason)
		json_set_text(item, "reason", reason);
	if (!holds && *message)
		json_set_text(item, "message", message);
	json_add(list, item);
}

static void show(struct world *world, struct object *pod)
{
	const struct life *life = &pod->life;
	struct json *conditions = json_array(), *statuses = json_array();
	int placed = life->state != LIFE_PENDING;

	put_condition(conditions, "PodScheduled", placed, "Unschedulable", life->message);
	put_condition(conditions, "Initialized", placed, "", "");
	put_condition(conditions, "ContainersReady", life->state == LIFE_READY, "ContainersNotReady", "");
	put_condition(conditions, "Ready", life->state == LIFE_READY, "ContainersNotReady", "");
	tree_put(pod->json, "status.conditions", conditions);
	tree_put_text(pod->json, "status.phase", phase_of(life->state));
	if (life->state == LIFE_FAILED) {
		tree_put_text(pod->json, "status.reason", "Evicted");
		tree_put_text(pod->json, "status.message", life->message);
	}
	for (const struct json *container = json_first(json_at(pod->json, "spec.containers")); container && placed && life->state != LIFE_FAILED;
		container = json_next(container))
		json_add(statuses, container_status(pod, container));
	tree_put(pod->json, "status.containerStatuses", statuses);
	world_touch(world, pod);
}

static void enter(struct world *world, struct object *pod, enum life_state state, int64_t for_ns)
{
	pod->life.state = state;
	pod->life.since_ns = world->now_ns;
	pod->life.next_ns = world->now_ns + for_ns;
	show(world, pod);
}

/* --- its node --- */

static size_t pods_on(struct world *world, const char *node)
{
	size_t count = 0;

	for (const struct object *pod = world_begin(world, resource_pods); pod; pod = world_next(pod, resource_pods))
		count += pod_counts(pod) && !strcmp(json_text_or(json_at(pod->json, "spec.nodeName"), ""), node);
	return count;
}

static const struct object *emptiest_node(struct world *world, const struct object *pod)
{
	const struct object *best = NULL;
	size_t least = 0;

	for (const struct object *node = world_begin(world, resource_nodes); node; node = world_next(node, resource_nodes)) {
		size_t count = pods_on(world, object_name(node));

		if (node_takes_pods(node, json_at(pod->json, "spec.nodeSelector")) && (!best || count < least)) {
			best = node;
			least = count;
		}
	}
	return best;
}

static void bind(struct world *world, struct object *pod, const char *node)
{
	const struct object *machine = world_find(world, resource_nodes, "", node);
	char *message = mem_format("Successfully assigned %s/%s to %s", object_namespace(pod), object_name(pod), node);
	char *address = mem_format("10.%d.%d.%d", world->name[0] & 63, (int)world_random(world, 8), (int)world_random(world, 250) + 2);

	*pod->life.message = '\0';
	tree_put_text(pod->json, "spec.nodeName", node);
	tree_put_text(pod->json, "status.podIP", address);
	tree_put_text(pod->json, "status.hostIP", machine ? json_text_or(json_at(machine->json, "status.addresses.0.address"), "") : "");
	tree_put_time(pod->json, "status.startTime", world->now_ns);
	world_event(world, pod, "Normal", "Scheduled", "default-scheduler", message);
	enter(world, pod, LIFE_CREATING, (1 + (int64_t)world_random(world, 3)) * CLOCK_SECOND_NS);
	free(message);
	free(address);
}

static void schedule(struct world *world, struct object *pod)
{
	const struct object *node = emptiest_node(world, pod);
	size_t nodes = 0;

	if (node) {
		bind(world, pod, object_name(node));
		return;
	}
	for (const struct object *other = world_begin(world, resource_nodes); other; other = world_next(other, resource_nodes))
		nodes++;
	snprintf(pod->life.message, sizeof(pod->life.message), "0/%zu nodes are available: none matches its selector, is ready and takes pods", nodes);
	world_event(world, pod, "Warning", "FailedScheduling", "default-scheduler", pod->life.message);
	enter(world, pod, LIFE_PENDING, RETRY_S * CLOCK_SECOND_NS);
}

/* --- its container --- */

static const char *container_name(const struct object *pod)
{
	return json_text_or(json_at(pod->json, "spec.containers.0.name"), "");
}

static int64_t back_off_ns(const struct object *pod)
{
	int64_t most = trouble_ns(pod->life.last_trouble, "backoff", BACKOFF_MAX_NS), wait = BACKOFF_FIRST_NS;

	for (int i = 1; i < pod->life.failures && wait < most; i++)
		wait *= 2;
	return wait < most ? wait : most;
}

static int is_trouble(const struct json *trouble, const char *what)
{
	return !strcmp(json_text_or(json_get(trouble, "pod"), ""), what);
}

static void start(struct world *world, struct object *pod)
{
	char *message = mem_format("Started container %s", container_name(pod));

	pod->life.started_ns = world->now_ns;
	pod->life.trouble = trouble_of_pod(world, pod);
	*pod->life.message = '\0';
	world_event(world, pod, "Normal", "Started", "kubelet", message);
	enter(world, pod, LIFE_RUNNING, READY_S * CLOCK_SECOND_NS);
	free(message);
}

static void fail_pull(struct world *world, struct object *pod, const struct json *trouble)
{
	const char *image = json_text_or(json_at(pod->json, "spec.containers.0.image"), "");
	char *message = mem_format("Failed to pull image \"%s\": %s", image, json_text_or(json_get(trouble, "message"), "not found"));

	pod->life.failures++;
	pod->life.last_trouble = trouble;
	snprintf(pod->life.message, sizeof(pod->life.message), "%s", message);
	world_event(world, pod, "Warning", "Failed", "kubelet", message);
	enter(world, pod, LIFE_PULLING, PULL_SHOWN_S * CLOCK_SECOND_NS);
	free(message);
}

static void pull(struct world *world, struct object *pod)
{
	const struct json *trouble = trouble_of_pod(world, pod);

	if (is_trouble(trouble, "pull")) {
		fail_pull(world, pod, trouble);
		return;
	}
	pod->life.failures = 0;
	start(world, pod);
}

/* After the error was shown for a moment comes the back-off; after that, another try. */
static void pull_again(struct world *world, struct object *pod)
{
	if (!is_first_try(&pod->life)) {
		pull(world, pod);
		return;
	}
	char *message = mem_format("Back-off pulling image \"%s\"", json_text_or(json_at(pod->json, "spec.containers.0.image"), ""));

	world_event(world, pod, "Normal", "BackOff", "kubelet", message);
	free(message);
	enter(world, pod, LIFE_PULLING, PULL_SHOWN_S * CLOCK_SECOND_NS + back_off_ns(pod));
}

static void die(struct world *world, struct object *pod, const struct json *trouble)
{
	struct life *life = &pod->life;
	int oom = is_trouble(trouble, "oom");

	life->last_trouble = trouble;
	life->before = life->last;
	life->last = (struct life_run){ .started_ns = life->started_ns,
		.finished_ns = world->now_ns,
		.exit = oom ? 137 : (int)json_int(json_get(trouble, "exit"), 1),
		.trouble = trouble };
	snprintf(life->last.reason, sizeof(life->last.reason), "%s", oom ? "OOMKilled" : "Error");
	life->failures++;
	enter(world, pod, LIFE_DIED, DIED_S * CLOCK_SECOND_NS);
}

static void back_off(struct world *world, struct object *pod)
{
	int64_t wait_ns = back_off_ns(pod);
	char *message = mem_format("Back-off restarting failed container %s in pod %s_%s(%s)", container_name(pod), object_name(pod), object_namespace(pod),
		json_text_or(json_at(pod->json, "metadata.uid"), ""));

	snprintf(pod->life.message, sizeof(pod->life.message), "back-off %llds restarting failed container=%s", (long long)(wait_ns / CLOCK_SECOND_NS),
		container_name(pod));
	world_event(world, pod, "Warning", "BackOff", "kubelet", message);
	enter(world, pod, LIFE_BACKOFF, wait_ns);
	free(message);
}

/* The node controller takes the pods of a node that is not ready out of service, and gives them back. */
static int is_cut_off(struct world *world, struct object *pod)
{
	if (node_is_ready(world, json_text_or(json_at(pod->json, "spec.nodeName"), "")))
		return 0;
	if (pod->life.state == LIFE_READY)
		enter(world, pod, LIFE_RUNNING, 0);
	return 1;
}

static void run(struct world *world, struct object *pod)
{
	struct life *life = &pod->life;
	const struct json *trouble = trouble_of_pod(world, pod);
	int kills = is_trouble(trouble, "crash") || is_trouble(trouble, "oom");

	life->trouble = kills ? trouble : NULL;
	if (kills && world->now_ns >= life->started_ns + trouble_ns(trouble, "after", 4 * CLOCK_SECOND_NS)) {
		die(world, pod, trouble);
	} else if (!is_cut_off(world, pod) && !kills && life->state == LIFE_RUNNING && world->now_ns >= life->next_ns) {
		life->failures = 0;
		enter(world, pod, LIFE_READY, 0);
	}
}

static void restart(struct world *world, struct object *pod)
{
	pod->life.restarts++;
	start(world, pod);
}

static void step(struct world *world, struct object *pod)
{
	int due = world->now_ns >= pod->life.next_ns;

	switch (pod->life.state) {
	case LIFE_RUNNING:
	case LIFE_READY:
		run(world, pod);
		return;
	case LIFE_PENDING:
		if (due)
			schedule(world, pod);
		return;
	case LIFE_CREATING:
		if (due)
			pull(world, pod);
		return;
	case LIFE_PULLING:
		if (due)
			pull_again(world, pod);
		return;
	case LIFE_DIED:
		if (due)
			back_off(world, pod);
		return;
	case LIFE_BACKOFF:
		if (due)
			restart(world, pod);
		return;
	case LIFE_ENDING:
	case LIFE_FAILED:
		if (due)
			world_remove(world, pod);
		return;
	}
}

void pods_step(struct world *world)
{
	for (struct object *pod = world_begin(world, resource_pods); pod; pod = world_next(pod, resource_pods))
		step(world, pod);
}

/* --- from outside --- */

void pod_end(struct world *world, struct object *pod)
{
	if (pod->life.state == LIFE_ENDING)
		return;
	tree_put_time(pod->json, "metadata.deletionTimestamp", world->now_ns + GRACE_S * CLOCK_SECOND_NS);
	tree_put_int(pod->json, "metadata.deletionGracePeriodSeconds", GRACE_S);
	enter(world, pod, LIFE_ENDING, pod->life.state == LIFE_FAILED ? 0 : GRACE_S * CLOCK_SECOND_NS);
}

void pod_evict(struct world *world, struct object *pod, const char *message)
{
	snprintf(pod->life.message, sizeof(pod->life.message), "%s", message);
	world_event(world, pod, "Warning", "Evicted", "kubelet", message);
	enter(world, pod, LIFE_FAILED, KEPT_S * CLOCK_SECOND_NS);
}

struct object *pod_make(struct world *world, struct object *owner, const struct json *template, const char *name, const char *node)
{
	struct json *json = json_object(), *reference = json_object(), *spec = json_copy(json_get(template, "spec"));
	char suffix[SUFFIX + 1], *made;
	struct object *pod;

	world_suffix(world, suffix, SUFFIX);
	made = name ? mem_text(name) : mem_format("%s-%s", object_name(owner), suffix);
	json_set(json, "metadata", json_copy(json_get(template, "metadata")));
	tree_put_text(json, "metadata.name", made);
	tree_put_text(json, "metadata.namespace", object_namespace(owner));
	json_set_text(reference, "apiVersion", resource_api(owner->type));
	json_set_text(reference, "kind", owner->type->kind);
	json_set_text(reference, "name", object_name(owner));
	json_set_text(reference, "uid", json_text_or(json_at(owner->json, "metadata.uid"), ""));
	json_set(reference, "controller", json_boolean(1));
	tree_put(json, "metadata.ownerReferences", json_add(json_array(), reference));
	json_set(json, "spec", spec ? spec : json_object());
	tree_put_text(json, "status.phase", "Pending");
	free(made);
	pod = world_add(world, resource_pods, json);
	pod->owner = owner;
	pod->life.since_ns = pod->life.next_ns = world->now_ns;
	if (node)
		bind(world, pod, node);
	else
		schedule(world, pod);
	return pod;
}

void pod_settle(struct world *world, struct object *pod, int64_t age_ns)
{
	if (pod->life.state == LIFE_PENDING)
		return;
	tree_put_time(pod->json, "metadata.creationTimestamp", world->now_ns - age_ns);
	tree_put_time(pod->json, "status.startTime", world->now_ns - age_ns);
	pod->life.started_ns = world->now_ns - age_ns + 2 * CLOCK_SECOND_NS;
	enter(world, pod, LIFE_READY, 0);
}
