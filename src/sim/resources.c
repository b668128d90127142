#include "sim/resources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "sim/tree.h"

enum { CELL_MAX = 1024 };

#define NAME { "Name", "string", 0, "metadata.name" }
#define AGE { "Age", "string", 0, "@age" }
#define CREATED { "Created At", "string", 0, "metadata.creationTimestamp" }
#define TEMPLATE { "Containers", "string", 1, "@containers" }, { "Images", "string", 1, "@images" }, { "Selector", "string", 1, "@selector" }
#define COLUMNS(...) (const struct resource_column[]) { __VA_ARGS__, { 0 } }

/* Columns as pkg/printers/internalversion of Kubernetes has them. */
const struct resource_type resource_types[] = {
	{ "", "v1", "pods", "Pod", "po", 1, 0,
		COLUMNS(NAME, { "Ready", "string", 0, "@pod-ready" }, { "Status", "string", 0, "@pod-status" }, { "Restarts", "string", 0, "@pod-restarts" }, AGE,
			{ "IP", "string", 1, "status.podIP" }, { "Node", "string", 1, "spec.nodeName" }, { "Nominated Node", "string", 1, "status.nominatedNodeName" },
			{ "Readiness Gates", "string", 1, "@none" }) },
	{ "", "v1", "nodes", "Node", "no", 0, 0,
		COLUMNS(NAME, { "Status", "string", 0, "@node-status" }, { "Roles", "string", 0, "@node-roles" }, AGE,
			{ "Version", "string", 0, "status.nodeInfo.kubeletVersion" }, { "Internal-IP", "string", 1, "status.addresses.0.address" },
			{ "External-IP", "string", 1, "@none" }, { "OS-Image", "string", 1, "status.nodeInfo.osImage" },
			{ "Kernel-Version", "string", 1, "status.nodeInfo.kernelVersion" },
			{ "Container-Runtime", "string", 1, "status.nodeInfo.containerRuntimeVersion" }) },
	{ "", "v1", "namespaces", "Namespace", "ns", 0, 0, COLUMNS(NAME, { "Status", "string", 0, "status.phase" }, AGE) },
	{ "", "v1", "events", "Event", "ev", 1, 0,
		COLUMNS({ "Last Seen", "string", 0, "@last-seen" }, { "Type", "string", 0, "type" }, { "Reason", "string", 0, "reason" },
			{ "Object", "string", 0, "@event-object" }, { "Subobject", "string", 1, "@none" }, { "Source", "string", 1, "source.component" },
			{ "Message", "string", 0, "message" }, { "First Seen", "string", 1, "@first-seen" }, { "Count", "string", 1, "count" },
			{ "Name", "string", 1, "metadata.name" }) },
	{ "", "v1", "services", "Service", "svc", 1, 0,
		COLUMNS(NAME, { "Type", "string", 0, "spec.type" }, { "Cluster-IP", "string", 0, "spec.clusterIP" }, { "External-IP", "string", 0, "@none" },
			{ "Port(s)", "string", 0, "@ports" }, AGE, { "Selector", "string", 1, "@selector" }) },
	{ "apps", "v1", "deployments", "Deployment", "deploy", 1, 1,
		COLUMNS(NAME, { "Ready", "string", 0, "@ready" }, { "Up-to-date", "string", 0, "status.updatedReplicas" },
			{ "Available", "string", 0, "status.availableReplicas" }, AGE, TEMPLATE) },
	{ "apps", "v1", "replicasets", "ReplicaSet", "rs", 1, 1,
		COLUMNS(NAME, { "Desired", "integer", 0, "spec.replicas" }, { "Current", "integer", 0, "status.replicas" },
			{ "Ready", "integer", 0, "status.readyReplicas" }, AGE, TEMPLATE) },
	{ "apps", "v1", "statefulsets", "StatefulSet", "sts", 1, 1,
		COLUMNS(NAME, { "Ready", "string", 0, "@ready" }, AGE, { "Containers", "string", 1, "@containers" }, { "Images", "string", 1, "@images" }) },
	{ "apps", "v1", "daemonsets", "DaemonSet", "ds", 1, 0,
		COLUMNS(NAME, { "Desired", "integer", 0, "status.desiredNumberScheduled" }, { "Current", "integer", 0, "status.currentNumberScheduled" },
			{ "Ready", "integer", 0, "status.numberReady" }, { "Up-to-date", "integer", 0, "status.updatedNumberScheduled" },
			{ "Available", "integer", 0, "status.numberAvailable" }, { "Node Selector", "string", 0, "@none" }, AGE, TEMPLATE) },
	{ "policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", "pdb", 1, 0,
		COLUMNS(NAME, { "Min Available", "string", 0, "spec.minAvailable" }, { "Max Unavailable", "string", 0, "spec.maxUnavailable" },
			{ "Allowed Disruptions", "integer", 0, "status.disruptionsAllowed" }, AGE) },
	{ "autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", "hpa", 1, 0,
		COLUMNS(NAME, { "Reference", "string", 0, "@reference" }, { "Targets", "string", 0, "@targets" }, { "MinPods", "string", 0, "spec.minReplicas" },
			{ "MaxPods", "string", 0, "spec.maxReplicas" }, { "Replicas", "string", 0, "status.currentReplicas" }, AGE) },
	{ "discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", "", 1, 0,
		COLUMNS(NAME, { "AddressType", "string", 0, "addressType" }, { "Ports", "string", 0, "ports.0.port" },
			{ "Endpoints", "string", 0, "@addresses" }, AGE) },
	{ "", "v1", "configmaps", "ConfigMap", "cm", 1, 0, COLUMNS(NAME, { "Data", "string", 0, "@data" }, AGE) },
	{ "", "v1", "secrets", "Secret", "", 1, 0, COLUMNS(NAME, { "Type", "string", 0, "type" }, { "Data", "string", 0, "@data" }, AGE) },
	{ "", "v1", "serviceaccounts", "ServiceAccount", "sa", 1, 0, COLUMNS(NAME, { "Secrets", "string", 0, "@none" }, AGE) },
	{ "", "v1", "endpoints", "Endpoints", "ep", 1, 0, COLUMNS(NAME, { "Endpoints", "string", 0, "@none" }, AGE) },
	{ "", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", "pvc", 1, 0,
		COLUMNS(NAME, { "Status", "string", 0, "status.phase" }, { "Volume", "string", 0, "spec.volumeName" },
			{ "Capacity", "string", 0, "status.capacity.storage" }, { "Access Modes", "string", 0, "spec.accessModes.0" },
			{ "StorageClass", "string", 0, "spec.storageClassName" }, AGE, { "VolumeMode", "string", 1, "spec.volumeMode" }) },
	{ "", "v1", "persistentvolumes", "PersistentVolume", "pv", 0, 0,
		COLUMNS(NAME, { "Capacity", "string", 0, "spec.capacity.storage" }, { "Status", "string", 0, "status.phase" }, AGE) },
	{ "apps", "v1", "controllerrevisions", "ControllerRevision", "", 1, 0, COLUMNS(NAME, { "Revision", "string", 0, "revision" }, AGE) },
	{ "batch", "v1", "jobs", "Job", "", 1, 0,
		COLUMNS(NAME, { "Status", "string", 0, "@none" }, { "Completions", "string", 0, "@none" }, { "Duration", "string", 0, "@none" }, AGE) },
	{ "batch", "v1", "cronjobs", "CronJob", "cj", 1, 0, COLUMNS(NAME, { "Schedule", "string", 0, "spec.schedule" }, AGE) },
	{ "networking.k8s.io", "v1", "ingresses", "Ingress", "ing", 1, 0,
		COLUMNS(NAME, { "Class", "string", 0, "spec.ingressClassName" }, { "Hosts", "string", 0, "spec.rules.0.host" },
			{ "Address", "string", 0, "status.loadBalancer.ingress.0.ip" }, { "Ports", "string", 0, "@web-ports" }, AGE) },
	{ "networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", "netpol", 1, 0, COLUMNS(NAME, { "Pod-Selector", "string", 0, "@none" }, AGE) },
	{ "storage.k8s.io", "v1", "storageclasses", "StorageClass", "sc", 0, 0,
		COLUMNS(NAME, { "Provisioner", "string", 0, "provisioner" }, { "ReclaimPolicy", "string", 0, "reclaimPolicy" },
			{ "VolumeBindingMode", "string", 0, "volumeBindingMode" }, AGE) },
	{ "rbac.authorization.k8s.io", "v1", "roles", "Role", "", 1, 0, COLUMNS(NAME, CREATED) },
	{ "rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", "", 1, 0, COLUMNS(NAME, { "Role", "string", 0, "@none" }, AGE) },
	{ "rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", "", 0, 0, COLUMNS(NAME, CREATED) },
	{ "rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", "", 0, 0, COLUMNS(NAME, { "Role", "string", 0, "@none" }, AGE) },
	{ "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", "crd", 0, 0, COLUMNS(NAME, CREATED) },
};
const size_t resource_type_count = sizeof(resource_types) / sizeof(*resource_types);

const struct resource_type *const resource_pods = &resource_types[0], *const resource_nodes = &resource_types[1],
				  *const resource_namespaces = &resource_types[2], *const resource_events = &resource_types[3],
				  *const resource_services = &resource_types[4], *const resource_deployments = &resource_types[5],
				  *const resource_replicasets = &resource_types[6], *const resource_statefulsets = &resource_types[7],
				  *const resource_daemonsets = &resource_types[8], *const resource_budgets = &resource_types[9],
				  *const resource_scalers = &resource_types[10], *const resource_slices = &resource_types[11];

const struct resource_type *resource_find(const char *group, const char *version, const char *name)
{
	for (size_t i = 0; i < resource_type_count; i++)
		if (!strcmp(resource_types[i].name, name) && (!group || !strcmp(resource_types[i].group, group)) &&
			(!version || !strcmp(resource_types[i].version, version)))
			return &resource_types[i];
	return NULL;
}

const struct resource_type *resource_named(const char *name)
{
	return resource_find(NULL, NULL, name);
}

const char *resource_api(const struct resource_type *type)
{
	static _Thread_local char api[96];

	snprintf(api, sizeof(api), "%s%s%s", type->group, *type->group ? "/" : "", type->version);
	return api;
}

struct json *resource_columns(const struct resource_type *type)
{
	struct json *list = json_array();

	for (const struct resource_column *column = type->columns; column->name; column++) {
		struct json *item = json_set_text(json_object(), "name", column->name);

		json_set_text(item, "type", column->type);
		json_set_text(item, "format", strcmp(column->name, "Name") ? "" : "name");
		json_set_text(item, "description", "");
		json_add(list, json_set_int(item, "priority", column->priority));
	}
	return list;
}

/* --- cells that are reckoned --- */

struct cell {
	struct text text;
	const struct json *object;
	int64_t now_ns;
};

static void put_age(struct cell *cell, const char *path)
{
	int64_t at_ns = tree_time(json_at(cell->object, path), -1);
	char age[CLOCK_AGE_MAX];

	if (at_ns < 0) {
		text_add(&cell->text, "<unknown>");
		return;
	}
	clock_format_age(cell->now_ns > at_ns ? cell->now_ns - at_ns : 0, age);
	text_add(&cell->text, age);
}

static void put_created(struct cell *cell)
{
	put_age(cell, "metadata.creationTimestamp");
}

static void put_last_seen(struct cell *cell)
{
	put_age(cell, "lastTimestamp");
}

static void put_first_seen(struct cell *cell)
{
	put_age(cell, "firstTimestamp");
}

static void put_none(struct cell *cell)
{
	text_add(&cell->text, "<none>");
}

static const struct json *container_statuses(const struct cell *cell)
{
	return json_at(cell->object, "status.containerStatuses");
}

static void put_pod_ready(struct cell *cell)
{
	size_t ready = 0;

	for (const struct json *item = json_first(container_statuses(cell)); item; item = json_next(item))
		ready += json_bool(json_get(item, "ready"), 0) != 0;
	text_format(&cell->text, "%zu/%zu", ready, json_count(json_at(cell->object, "spec.containers")));
}

/* As printPod: the pod's own reason, then what its containers wait for or ended with. */
static void put_pod_status(struct cell *cell)
{
	const char *status = json_text_or(json_at(cell->object, "status.reason"), json_text_or(json_at(cell->object, "status.phase"), "Unknown"));

	for (const struct json *item = json_first(container_statuses(cell)); item; item = json_next(item)) {
		const char *waiting = json_text(json_at(item, "state.waiting.reason")), *ended = json_text(json_at(item, "state.terminated.reason"));

		status = waiting ? waiting : ended ? ended : status;
	}
	if (json_at(cell->object, "metadata.deletionTimestamp"))
		status = "Terminating";
	text_add(&cell->text, status);
}

static void put_pod_restarts(struct cell *cell)
{
	int64_t restarts = 0, last_ns = -1;
	char age[CLOCK_AGE_MAX];

	for (const struct json *item = json_first(container_statuses(cell)); item; item = json_next(item)) {
		int64_t at_ns = tree_time(json_at(item, "lastState.terminated.finishedAt"), -1);

		restarts += json_int(json_get(item, "restartCount"), 0);
		last_ns = at_ns > last_ns ? at_ns : last_ns;
	}
	text_format(&cell->text, "%lld", (long long)restarts);
	if (!restarts || last_ns < 0)
		return;
	clock_format_age(cell->now_ns > last_ns ? cell->now_ns - last_ns : 0, age);
	text_format(&cell->text, " (%s ago)", age);
}

static void put_node_status(struct cell *cell)
{
	const char *ready = "Unknown";

	for (const struct json *item = json_first(json_at(cell->object, "status.conditions")); item; item = json_next(item))
		if (!strcmp(json_text_or(json_get(item, "type"), ""), "Ready"))
			ready = !strcmp(json_text_or(json_get(item, "status"), ""), "True") ? "Ready" : "NotReady";
	text_add(&cell->text, ready);
	if (json_bool(json_at(cell->object, "spec.unschedulable"), 0))
		text_add(&cell->text, ",SchedulingDisabled");
}

static void put_node_roles(struct cell *cell)
{
	static const char role[] = "node-role.kubernetes.io/";
	size_t before = cell->text.length;

	for (const struct json *item = json_first(json_at(cell->object, "metadata.labels")); item; item = json_next(item))
		if (!strncmp(json_key(item), role, strlen(role)))
			text_format(&cell->text, "%s%s", cell->text.length > before ? "," : "", json_key(item) + strlen(role));
	if (cell->text.length == before)
		text_add(&cell->text, "<none>");
}

static void put_event_object(struct cell *cell)
{
	const char *kind = json_text_or(json_at(cell->object, "involvedObject.kind"), "");

	for (; *kind; kind++)
		text_add_char(&cell->text, (char)(*kind >= 'A' && *kind <= 'Z' ? *kind + 32 : *kind));
	text_format(&cell->text, "/%s", json_text_or(json_at(cell->object, "involvedObject.name"), ""));
}

static void put_ports(struct cell *cell)
{
	for (const struct json *item = json_first(json_at(cell->object, "spec.ports")); item; item = json_next(item))
		text_format(&cell->text, "%s%lld/%s", cell->text.length ? "," : "", (long long)json_int(json_get(item, "port"), 0),
			json_text_or(json_get(item, "protocol"), "TCP"));
}

static void put_web_ports(struct cell *cell)
{
	text_add(&cell->text, json_count(json_at(cell->object, "spec.tls")) ? "80, 443" : "80");
}

static void put_ready(struct cell *cell)
{
	text_format(&cell->text, "%lld/%lld", (long long)json_int(json_at(cell->object, "status.readyReplicas"), 0),
		(long long)json_int(json_at(cell->object, "spec.replicas"), 0));
}

static void put_each(struct cell *cell, const char *list, const char *member)
{
	for (const struct json *item = json_first(json_at(cell->object, list)); item; item = json_next(item))
		text_format(&cell->text, "%s%s", item == json_first(json_at(cell->object, list)) ? "" : ",", json_text_or(json_at(item, member), ""));
}

static void put_containers(struct cell *cell)
{
	put_each(cell, "spec.template.spec.containers", "name");
}

static void put_images(struct cell *cell)
{
	put_each(cell, "spec.template.spec.containers", "image");
}

static void put_addresses(struct cell *cell)
{
	put_each(cell, "endpoints", "addresses.0");
}

static void put_selector(struct cell *cell)
{
	const struct json *labels = json_at(cell->object, "spec.selector");

	if (json_get(labels, "matchLabels"))
		labels = json_get(labels, "matchLabels");
	for (const struct json *item = json_first(labels); item; item = json_next(item))
		text_format(&cell->text, "%s%s=%s", item == json_first(labels) ? "" : ",", json_key(item), json_text_or(item, ""));
}

static void put_data(struct cell *cell)
{
	text_format(&cell->text, "%zu", json_count(json_get(cell->object, "data")));
}

static void put_reference(struct cell *cell)
{
	text_format(&cell->text, "%s/%s", json_text_or(json_at(cell->object, "spec.scaleTargetRef.kind"), ""),
		json_text_or(json_at(cell->object, "spec.scaleTargetRef.name"), ""));
}

static void put_targets(struct cell *cell)
{
	text_format(&cell->text, "cpu: %lld%%/%lld%%",
		(long long)json_int(json_at(cell->object, "status.currentMetrics.0.resource.current.averageUtilization"), 0),
		(long long)json_int(json_at(cell->object, "spec.metrics.0.resource.target.averageUtilization"), 0));
}

static const struct {
	const char *word;
	void (*put)(struct cell *cell);
} reckoned[] = {
	{ "@addresses", put_addresses },
	{ "@age", put_created },
	{ "@containers", put_containers },
	{ "@data", put_data },
	{ "@event-object", put_event_object },
	{ "@first-seen", put_first_seen },
	{ "@images", put_images },
	{ "@last-seen", put_last_seen },
	{ "@node-roles", put_node_roles },
	{ "@node-status", put_node_status },
	{ "@none", put_none },
	{ "@pod-ready", put_pod_ready },
	{ "@pod-restarts", put_pod_restarts },
	{ "@pod-status", put_pod_status },
	{ "@ports", put_ports },
	{ "@ready", put_ready },
	{ "@reference", put_reference },
	{ "@selector", put_selector },
	{ "@targets", put_targets },
	{ "@web-ports", put_web_ports },
};

static struct json *cell_of(const struct resource_column *column, struct cell *cell)
{
	const struct json *value = *column->path == '@' ? NULL : json_at(cell->object, column->path);

	if (value)
		return json_copy(value);
	if (*column->path != '@')
		return !strcmp(column->type, "integer") ? json_integer(0) : json_string(strstr(column->path, "eplicas") ? "0" : "<none>");
	text_clear(&cell->text);
	for (size_t i = 0; i < sizeof(reckoned) / sizeof(*reckoned); i++)
		if (!strcmp(reckoned[i].word, column->path))
			reckoned[i].put(cell);
	return json_string(cell->text.length ? cell->text.data : "<none>");
}

struct json *resource_cells(const struct resource_type *type, const struct json *object, int64_t now_ns)
{
	struct cell cell = { .object = object, .now_ns = now_ns };
	struct json *cells = json_array();

	text_init(&cell.text, CELL_MAX);
	for (const struct resource_column *column = type->columns; column->name; column++)
		json_add(cells, cell_of(column, &cell));
	text_release(&cell.text);
	return cells;
}
