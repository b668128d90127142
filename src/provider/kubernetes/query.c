/* What playbooks ask for beyond rows. Parameters, all optional: "account" (context), "namespace"
 * ("*" or absent: all that may be read), "name", "kind" (plural), "id" (of a row: stands for
 * account, namespace, kind and name), "selector" (labels), "limit". Every answer is {"items": […]};
 * a field that is not known is absent, never 0. Times are RFC 3339.
 *
 * kubernetes.metrics      kind pods (default) or nodes; sort cpu (default) or memory. Needs
 * metrics.k8s.io; else ERR_NOT_FOUND.
 *   {"id","name","namespace","cpu_millicores","memory_bytes","at"}, and of the first `limit` (20):
 *   pods:
 * "workload","workload_kind","cpu_limit_millicores","memory_limit_bytes","cpu_ratio","memory_ratio"
 *   nodes: "cpu_limit_millicores","memory_limit_bytes" (allocatable),"cpu_ratio","memory_ratio"
 * kubernetes.events       warnings, newest first: {"id","namespace","object"
 * ("pods/api-1"),"object_id","reason","message", "count","first","last","source"}
 * kubernetes.scheduling   events FailedScheduling in the same shape
 * kubernetes.pods_state   pods that are not as they should be (all: true for all of a name or
 * selector), worst first; of the first `limit` (50):
 * {"id","name","namespace","status","phase","reason","message","node","created","workload",
 *   "workload_kind","restarts","ready"
 * ("0/1"),"waiting_reason","last_reason","last_exit_code","oom_killed",
 *   "scheduled","scheduling_message","containers":[{"name","image","state","reason","message","exit_code","restarts",
 *   "last_reason","last_exit_code","last_finished","memory_limit_bytes","cpu_limit_millicores","memory_request_bytes",
 *   "cpu_request_millicores"}]}; "total": how many there are
 * kubernetes.rollout      of one deployment, stateful set or daemon set: items are its revisions,
 * newest first:
 *   {"revision","name","images","created","change_cause","replicas","ready","current"}; beside them
 * "id","desired","updated", "available","unavailable","paused","progressing"
 * (true/false),"progressing_reason","progressing_message","failed" kubernetes.nodes_state
 * {"id","name","ready","ready_reason","ready_message","ready_since","conditions" (those that hold,
 * without
 *   Ready),"unschedulable","taints":[{"key","value","effect"}],"cpu_millicores","memory_bytes","pods_max","pods"}
 */
#include "provider/kubernetes/query.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "estate/kind.h"
#include "estate/provider.h"
#include "net/url.h"
#include "provider/kubernetes/account.h"
#include "provider/kubernetes/get.h"
#include "provider/kubernetes/resource.h"
#include "provider/kubernetes/revisions.h"
#include "provider/kubernetes/rows.h"
#include "provider/kubernetes/table_json.h"

enum { EVENTS_MAX = 2000, LIMIT_EVENTS = 50, LIMIT_TOP = 20, LIMIT_MOST = 500 };

struct json *query_items(struct json *out)
{
	return json_get(out, "items");
}

void query_id(const struct query *query, const char *kind, const char *namespace_, const char *name,
	struct json *item)
{
	struct ref ref = { .provider = "kubernetes" };
	char id[1200];

	snprintf(ref.account, sizeof(ref.account), "%s", query->account->name);
	snprintf(ref.namespace_, sizeof(ref.namespace_), "%s", namespace_ ? namespace_ : "");
	snprintf(ref.kind, sizeof(ref.kind), "%s", kind);
	snprintf(ref.name, sizeof(ref.name), "%s", name ? name : "");
	ref_format(&ref, id, sizeof(id));
	json_set_text(item, "id", id);
	json_set_text(item, "name", ref.name);
	if (*ref.namespace_)
		json_set_text(item, "namespace", ref.namespace_);
}

static void copy_text(struct json *item, const char *name, const struct json *value)
{
	if (json_text(value) && *json_text(value))
		json_set_text(item, name, json_text(value));
}

static struct json *fetch(const struct query *query, const char *api, const char *name,
	const char *parameter, const char *value, struct error *err)
{
	struct resource resource = { .api = api, .name = name, .namespaced = 1 };
	struct text path;
	struct json *answer;
	char limit[16];

	text_init(&path, RESOURCE_PATH_MAX);
	resource_path(&path, &resource, query->namespace_, NULL, NULL);
	if (parameter && *value)
		url_query(&path, parameter, value);
	snprintf(limit, sizeof(limit), "%d", EVENTS_MAX);
	url_query(&path, "limit", limit);
	answer = get_path(query->account, path.data, err);
	text_release(&path);
	return answer;
}

/* --- sorted answers --- */

struct ranked {
	struct json *item;
	double number;
	const char *text;
};

static int highest_first(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->text && y->text)
		return strcmp(y->text, x->text);
	return x->number < y->number ? 1 : x->number > y->number ? -1 : 0;
}

/* Adds the items to the answer by a member of theirs, highest or newest first, at most max. Takes
 * them. */
static void add_sorted(
	struct json *out, struct ranked *list, size_t count, const char *member, size_t max)
{
	for (size_t i = 0; i < count; i++) {
		list[i].number = json_number(json_get(list[i].item, member), -1);
		list[i].text = json_text(json_get(list[i].item, member));
	}
	qsort(list, count, sizeof(*list), highest_first);
	for (size_t i = 0; i < count; i++)
		if (i < max)
			json_add(query_items(out), list[i].item);
		else
			json_free(list[i].item);
	free(list);
}

/* --- events --- */

/* Plural of an involvedObject's kind, as the registry has it. */
static void plural(const struct query *query, const char *type, char out[64])
{
	const struct kind *kind = get_kind(query->provider, type);

	snprintf(out, 64, "%s", kind ? kind->name : type);
	for (char *c = out; *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
}

static const char *last_seen(const struct json *event)
{
	static const char *const times[] = { "series.lastObservedTime", "lastTimestamp",
		"eventTime", "metadata.creationTimestamp" };

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
		if (json_text(json_at(event, times[i])))
			return json_text(json_at(event, times[i]));
	return "";
}

static struct json *event_item(const struct query *query, const struct json *event)
{
	const struct json *object = json_get(event, "involvedObject");
	const char *namespace_ = json_text(json_at(event, "metadata.namespace"));
	const char *name = json_text_or(json_get(object, "name"), "");
	struct json *item = json_object(), *target = json_object();
	char kind[64], shown[640];

	plural(query, json_text_or(json_get(object, "kind"), ""), kind);
	query_id(query, "events", namespace_, json_text(json_at(event, "metadata.name")), item);
	query_id(query, kind, json_text(json_get(object, "namespace")), name, target);
	snprintf(shown, sizeof(shown), "%s/%s", kind, name);
	json_set_text(item, "object", shown);
	json_set_text(item, "object_id", json_text(json_get(target, "id")));
	json_free(target);
	copy_text(item, "reason", json_get(event, "reason"));
	copy_text(item, "message", json_get(event, "message"));
	json_set_int(item, "count",
		json_int(json_at(event, "series.count"), json_int(json_get(event, "count"), 1)));
	copy_text(item, "first", json_get(event, "firstTimestamp"));
	json_set_text(item, "last", last_seen(event));
	copy_text(item, "source",
		json_at(event, "source.component") ? json_at(event, "source.component")
						   : json_get(event, "reportingComponent"));
	return item;
}

/* "pods" -> "Pod", for involvedObject.kind. */
static const char *type_of(const struct query *query)
{
	const struct kind *kind = *query->kind ? get_kind(query->provider, query->kind) : NULL;

	return kind ? json_text(json_get(kind->spec, "type")) : NULL;
}

static int collect_events(
	struct query *query, const char *condition, struct json *out, struct error *err)
{
	const char *type = type_of(query);
	struct text field;
	struct json *answer;
	struct ranked *list;
	size_t count = 0;

	text_init(&field, 2048);
	text_add(&field, condition);
	if (*query->name)
		text_format(&field, ",involvedObject.name=%s", query->name);
	if (type)
		text_format(&field, ",involvedObject.kind=%s", type);
	answer = fetch(query, "v1", "events", "fieldSelector", field.data, err);
	text_release(&field);
	if (!answer)
		return -1;
	list = mem_zero(json_count(json_get(answer, "items")) + 1, sizeof(*list));
	for (const struct json *event = json_first(json_get(answer, "items")); event;
		event = json_next(event))
		list[count++].item = event_item(query, event);
	add_sorted(out, list, count, "last", query->limit ? query->limit : LIMIT_EVENTS);
	json_free(answer);
	return 0;
}

static int query_events(struct query *query, struct json *out, struct error *err)
{
	return collect_events(query, "type=Warning", out, err);
}

static int query_scheduling(struct query *query, struct json *out, struct error *err)
{
	return collect_events(query, "reason=FailedScheduling", out, err);
}

/* --- metrics --- */

static double sum_of(const struct json *containers, const char *path)
{
	double sum = 0;

	for (const struct json *item = json_first(containers); item; item = json_next(item)) {
		double one = rows_parse_quantity(json_text(json_at(item, path)));

		if (isnan(one))
			return NAN; /* one without a limit: the pod has none */
		sum += one;
	}
	return json_count(containers) ? sum : NAN;
}

static void set_ratio(struct json *item, double cpu_limit, double memory_limit)
{
	double cpu = json_number(json_get(item, "cpu_millicores"), NAN);
	double memory = json_number(json_get(item, "memory_bytes"), NAN);

	if (!isnan(cpu_limit) && cpu_limit > 0) {
		json_set_int(item, "cpu_limit_millicores", (int64_t)(cpu_limit * 1000));
		json_set(item, "cpu_ratio", json_double(cpu / (cpu_limit * 1000)));
	}
	if (!isnan(memory_limit) && memory_limit > 0) {
		json_set_int(item, "memory_limit_bytes", (int64_t)memory_limit);
		json_set(item, "memory_ratio", json_double(memory / memory_limit));
	}
}

static struct json *metric_item(const struct query *query, const struct json *metric, int nodes)
{
	struct json *item = json_object();
	double cpu = nodes ? rows_parse_quantity(json_text(json_at(metric, "usage.cpu")))
			   : sum_of(json_get(metric, "containers"), "usage.cpu");
	double memory = nodes ? rows_parse_quantity(json_text(json_at(metric, "usage.memory")))
			      : sum_of(json_get(metric, "containers"), "usage.memory");

	query_id(query, nodes ? "nodes" : "pods", json_text(json_at(metric, "metadata.namespace")),
		json_text(json_at(metric, "metadata.name")), item);
	if (!isnan(cpu))
		json_set_int(item, "cpu_millicores", (int64_t)ceil(cpu * 1000));
	if (!isnan(memory))
		json_set_int(item, "memory_bytes", (int64_t)memory);
	copy_text(item, "at", json_get(metric, "timestamp"));
	return item;
}

/* Limits stand in the object: read for those that are shown only. */
static void add_limits(const struct query *query, struct json *item, int nodes)
{
	struct resource resource = {
		.api = "v1", .name = nodes ? "nodes" : "pods", .namespaced = !nodes
	};
	struct ref ref = { 0 };
	struct json *live;

	snprintf(ref.namespace_, sizeof(ref.namespace_), "%s",
		json_text_or(json_get(item, "namespace"), ""));
	snprintf(ref.name, sizeof(ref.name), "%s", json_text_or(json_get(item, "name"), ""));
	live = get_live(query->account, &resource, &ref, NULL);
	if (live && nodes)
		set_ratio(item,
			rows_parse_quantity(json_text(json_at(live, "status.allocatable.cpu"))),
			rows_parse_quantity(json_text(json_at(live, "status.allocatable.memory"))));
	if (live && !nodes) {
		query_workload(live, item);
		set_ratio(item, sum_of(json_at(live, "spec.containers"), "resources.limits.cpu"),
			sum_of(json_at(live, "spec.containers"), "resources.limits.memory"));
	}
	json_free(live);
}

static int query_metrics(struct query *query, struct json *out, struct error *err)
{
	int nodes = !strcasecmp(query->kind, "nodes") || !strcasecmp(query->kind, "node");
	const char *sort = json_text_or(json_get(query->params, "sort"), "cpu");
	const char *selector = json_text_or(json_get(query->params, "selector"), "");
	struct error own = { 0 };
	struct json *answer;
	struct ranked *list;
	size_t count = 0;

	if (nodes)
		*query->namespace_ = '\0';
	answer = fetch(query, "metrics.k8s.io/v1beta1", nodes ? "nodes" : "pods", "labelSelector",
		selector, &own);
	if (!answer && own.code == ERR_NOT_FOUND)
		return error_set(err, ERR_NOT_FOUND,
			"no metrics API: the cluster of %s runs no metrics server",
			query->account->name);
	if (!answer) {
		if (err)
			*err = own;
		return -1;
	}
	list = mem_zero(json_count(json_get(answer, "items")) + 1, sizeof(*list));
	for (const struct json *metric = json_first(json_get(answer, "items")); metric;
		metric = json_next(metric))
		if (!*query->name ||
			!strcmp(json_text_or(json_at(metric, "metadata.name"), ""), query->name))
			list[count++].item = metric_item(query, metric, nodes);
	add_sorted(out, list, count, !strcmp(sort, "memory") ? "memory_bytes" : "cpu_millicores",
		query->limit ? query->limit : LIMIT_TOP);
	for (struct json *item = json_first(query_items(out)); item; item = json_next(item))
		add_limits(query, item, nodes);
	json_free(answer);
	return 0;
}

/* --- rollout --- */

static const struct json *condition_of(const struct json *live, const char *type)
{
	for (const struct json *item = json_first(json_at(live, "status.conditions")); item;
		item = json_next(item))
		if (!strcmp(json_text_or(json_get(item, "type"), ""), type))
			return item;
	return NULL;
}

static void copy_number(struct json *out, const char *name, const struct json *value)
{
	if (json_is(value, JSON_NUMBER))
		json_set(out, name, json_copy(value));
}

static void describe_rollout(struct json *out, const struct json *live)
{
	const struct json *progressing = condition_of(live, "Progressing");
	const char *reason = json_text_or(json_get(progressing, "reason"), "");

	copy_number(out, "desired", json_at(live, "spec.replicas"));
	copy_number(out, "updated", json_at(live, "status.updatedReplicas"));
	copy_number(out, "available", json_at(live, "status.availableReplicas"));
	copy_number(out, "unavailable", json_at(live, "status.unavailableReplicas"));
	json_set(out, "paused", json_boolean(json_bool(json_at(live, "spec.paused"), 0)));
	if (!progressing)
		return;
	json_set(out, "progressing",
		json_boolean(!strcmp(json_text_or(json_get(progressing, "status"), ""), "True")));
	copy_text(out, "progressing_reason", json_get(progressing, "reason"));
	copy_text(out, "progressing_message", json_get(progressing, "message"));
	json_set(out, "failed", json_boolean(!strcmp(reason, "ProgressDeadlineExceeded")));
}

static void add_revisions(struct json *out, const struct json *revisions)
{
	for (const struct json *revision = json_first(revisions); revision;
		revision = json_next(revision)) {
		struct json *item = json_copy(revision);

		json_remove(item, "template");
		json_remove(item, "patch");
		json_set(item, "current", json_boolean(revision == json_first(revisions)));
		json_add(query_items(out), item);
	}
}

static int query_rollout(struct query *query, struct json *out, struct error *err)
{
	struct ref ref = { .provider = "kubernetes" };
	struct account *account;
	struct resource resource;
	struct json *live, *revisions;

	if (!*query->name)
		return error_set(err, ERR_INVALID, "a rollout needs the name of a workload");
	snprintf(ref.account, sizeof(ref.account), "%s", query->account->name);
	snprintf(ref.namespace_, sizeof(ref.namespace_), "%s",
		*query->namespace_ ? query->namespace_ : account_namespace(query->account));
	snprintf(ref.kind, sizeof(ref.kind), "%s", *query->kind ? query->kind : "deployments");
	snprintf(ref.name, sizeof(ref.name), "%s", query->name);
	if (get_target(query->provider, &ref, &account, &resource, err))
		return -1;
	live = get_live(account, &resource, &ref, err);
	revisions = live ? revisions_of(account, &resource, live, err) : NULL;
	if (revisions) {
		query_id(query, ref.kind, ref.namespace_, ref.name, out);
		describe_rollout(out, live);
		add_revisions(out, revisions);
	}
	json_free(live);
	json_free(revisions);
	return revisions ? 0 : -1;
}

/* --- nodes --- */

static void add_quantity(
	struct json *item, const char *name, const struct json *value, double scale)
{
	double number = rows_parse_quantity(json_text(value));

	if (!isnan(number))
		json_set_int(item, name, (int64_t)(number * scale));
}

static struct json *conditions_of(const struct json *node)
{
	struct json *list = json_array();

	for (const struct json *item = json_first(json_at(node, "status.conditions")); item;
		item = json_next(item)) {
		const char *type = json_text_or(json_get(item, "type"), "");

		if (strcmp(type, "Ready") != 0 &&
			!strcmp(json_text_or(json_get(item, "status"), ""), "True"))
			json_add(list, json_string(type));
	}
	return list;
}

static struct json *node_item(const struct query *query, const struct json *node)
{
	const struct json *ready = condition_of(node, "Ready");
	struct json *item = json_object();

	query_id(query, "nodes", NULL, json_text(json_at(node, "metadata.name")), item);
	if (ready) {
		json_set(item, "ready",
			json_boolean(!strcmp(json_text_or(json_get(ready, "status"), ""), "True")));
		copy_text(item, "ready_reason", json_get(ready, "reason"));
		copy_text(item, "ready_message", json_get(ready, "message"));
		copy_text(item, "ready_since", json_get(ready, "lastTransitionTime"));
	}
	json_set(item, "conditions", conditions_of(node));
	json_set(item, "unschedulable",
		json_boolean(json_bool(json_at(node, "spec.unschedulable"), 0)));
	json_set(item, "taints",
		json_at(node, "spec.taints") ? json_copy(json_at(node, "spec.taints"))
					     : json_array());
	add_quantity(item, "cpu_millicores", json_at(node, "status.allocatable.cpu"), 1000);
	add_quantity(item, "memory_bytes", json_at(node, "status.allocatable.memory"), 1);
	add_quantity(item, "pods_max", json_at(node, "status.allocatable.pods"), 1);
	return item;
}

static void count_on_node(void *arg, const char *namespace_, const struct table_row *row)
{
	struct json *counts = arg;

	(void)namespace_;
	if (row->count > POD_NODE && *row->cells[POD_NODE])
		json_set_int(counts, row->cells[POD_NODE],
			json_int(json_get(counts, row->cells[POD_NODE]), 0) + 1);
}

static int query_nodes(struct query *query, struct json *out, struct error *err)
{
	struct json *answer, *counts = json_object();
	int counted;

	*query->namespace_ = '\0';
	answer = fetch(query, "v1", "nodes", "labelSelector",
		json_text_or(json_get(query->params, "selector"), ""), err);
	counted = answer && !query_scan_pods(query, NULL, count_on_node, counts, NULL);
	for (const struct json *node = json_first(json_get(answer, "items")); node;
		node = json_next(node)) {
		const char *name = json_text_or(json_at(node, "metadata.name"), "");
		struct json *item;

		if (*query->name && strcmp(query->name, name) != 0)
			continue;
		item = node_item(query, node);
		if (counted)
			json_set_int(item, "pods", json_int(json_get(counts, name), 0));
		json_add(query_items(out), item);
	}
	json_free(counts);
	json_free(answer);
	return answer ? 0 : -1;
}

/* --- one table of questions --- */

static const struct {
	const char *name;
	int (*run)(struct query *query, struct json *out, struct error *err);
} queries[] = {
	{ "kubernetes.events", query_events },
	{ "kubernetes.metrics", query_metrics },
	{ "kubernetes.nodes_state", query_nodes },
	{ "kubernetes.pods_state", query_pods_state },
	{ "kubernetes.rollout", query_rollout },
	{ "kubernetes.scheduling", query_scheduling },
};

static void copy_param(const struct json *params, const char *name, char *out, size_t size)
{
	snprintf(out, size, "%s", json_text_or(json_get(params, name), ""));
}

static int read_params(struct provider *provider, const struct json *params, struct query *query,
	struct error *err)
{
	const char *id = json_text(json_get(params, "id"));
	const char *account = json_text(json_get(params, "account"));
	struct ref ref = { 0 };

	*query = (struct query){ .provider = provider, .params = params };
	copy_param(params, "namespace", query->namespace_, sizeof(query->namespace_));
	copy_param(params, "name", query->name, sizeof(query->name));
	copy_param(params, "kind", query->kind, sizeof(query->kind));
	if (id && !ref_parse(id, &ref)) {
		account = ref.account;
		memcpy(query->namespace_, ref.namespace_, sizeof(ref.namespace_));
		memcpy(query->name, ref.name, sizeof(ref.name));
		memcpy(query->kind, ref.kind, sizeof(ref.kind));
	}
	if (!strcmp(query->namespace_, "*"))
		*query->namespace_ = '\0';
	query->limit = (size_t)json_int(json_get(params, "limit"), 0);
	if (query->limit > LIMIT_MOST)
		query->limit = LIMIT_MOST;
	query->account = account_find(provider, account, err);
	return query->account ? 0 : -1;
}

int kube_query(struct provider *provider, const char *name, const struct json *params,
	struct json **out, struct error *err)
{
	struct query query;
	size_t i = 0;

	while (i < sizeof(queries) / sizeof(*queries) && strcmp(queries[i].name, name) != 0)
		i++;
	if (i == sizeof(queries) / sizeof(*queries))
		return error_set(err, ERR_NOT_FOUND, "there is no measurement called %.80s", name);
	if (read_params(provider, params, &query, err))
		return -1;
	*out = json_set(json_object(), "items", json_array());
	if (!queries[i].run(&query, *out, err))
		return 0;
	json_free(*out);
	*out = NULL;
	return -1;
}
