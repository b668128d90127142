/* Why pods do not run: the table says which ones, and only those few are read whole. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "estate/provider.h"
#include "net/net.h"
#include "net/url.h"
#include "provider/kubernetes/account.h"
#include "provider/kubernetes/get.h"
#include "provider/kubernetes/list.h"
#include "provider/kubernetes/query.h"
#include "provider/kubernetes/resource.h"
#include "provider/kubernetes/rows.h"
#include "provider/kubernetes/table_json.h"

enum { LIMIT_DEFAULT = 50, PAGE = 500, SUSPECTS_MAX = 20000 };

static const struct resource pods = { .api = "v1", .name = "pods", .type = "Pod", .namespaced = 1 };

/* --- the table --- */

static int scan_page(struct account *account, struct text *path, const char *namespace_,
	query_pod_fn on_row, void *arg, char *token, size_t token_size, struct error *err)
{
	struct call call = { .path = path->data, .accept = ACCEPT_TABLE };
	struct net_response response = { 0 };
	struct table_head head;
	struct table_row row;
	int more = -1;

	*token = '\0';
	table_row_init(&row);
	if (!call_fetch(account, &call, &response, err) &&
		!table_json_open(response.body, response.body_length, &head, err)) {
		while ((more = table_json_next(&head, &row, err)) > 0)
			on_row(arg, *row.namespace_ ? row.namespace_ : namespace_, &row);
		snprintf(token, token_size, "%.*s", (int)head.token_length,
			head.token_length ? head.token : "");
	}
	table_row_release(&row);
	net_response_release(&response);
	return more;
}

static int scan_namespace(struct account *account, const char *namespace_, const char *selector,
	query_pod_fn on_row, void *arg, struct error *err)
{
	char token[4096] = "", limit[16];
	int failed;

	do {
		struct text path;

		text_init(&path, RESOURCE_PATH_MAX);
		resource_path(&path, &pods, namespace_, NULL, NULL);
		snprintf(limit, sizeof(limit), "%d", PAGE);
		url_query(&path, "limit", limit);
		url_query(&path, "includeObject", *namespace_ ? "None" : "Metadata");
		if (selector && *selector)
			url_query(&path, "labelSelector", selector);
		if (*token)
			url_query(&path, "continue", token);
		failed = scan_page(
			account, &path, namespace_, on_row, arg, token, sizeof(token), err);
		text_release(&path);
	} while (!failed && *token);
	return failed;
}

int query_scan_pods(struct query *query, const char *selector, query_pod_fn on_row, void *arg,
	struct error *err)
{
	struct json *namespaces;
	struct error own = { 0 };
	int failed = 0;

	if (*query->namespace_)
		return scan_namespace(
			query->account, query->namespace_, selector, on_row, arg, err);
	namespaces = list_namespaces(query->account, NULL, &own);
	if (!namespaces && own.code == ERR_FORBIDDEN &&
		!scan_namespace(query->account, "", selector, on_row, arg, &own))
		return 0;
	if (!namespaces && own.code == ERR_FORBIDDEN)
		return scan_namespace(query->account, account_namespace(query->account), selector,
			on_row, arg, err);
	if (!namespaces) {
		if (err)
			*err = own;
		return -1;
	}
	for (const struct json *item = json_first(namespaces); item && !failed;
		item = json_next(item)) {
		failed = scan_namespace(
			query->account, json_text_or(item, ""), selector, on_row, arg, &own);
		if (failed && own.code == ERR_FORBIDDEN)
			failed = 0; /* a namespace that is not ours */
		if (failed && err)
			*err = own;
	}
	json_free(namespaces);
	return failed;
}

/* --- suspects --- */

struct suspect {
	char *namespace_, *name, *status, *ready;
	long restarts;
	int rank;
};

struct suspects {
	const struct query *query;
	int all;
	struct suspect *list;
	size_t count, total;
};

/* 0: as it should be. */
static int rank_of(const char *status, const char *ready, long restarts)
{
	char *end;
	long up = strtol(ready, &end, 10), wanted = *end == '/' ? strtol(end + 1, NULL, 10) : up;

	if (!strcmp(status, "Completed") || !strcmp(status, "Succeeded"))
		return 0;
	if (strcmp(status, "Running") != 0)
		return strcmp(status, "Terminating") ? 3 : 1;
	return up < wanted ? 2 : restarts > 0 ? 1 : 0;
}

static void take(void *arg, const char *namespace_, const struct table_row *row)
{
	struct suspects *suspects = arg;
	const char *name = row->count > POD_RESTARTS ? row->cells[POD_NAME] : "";
	int rank;

	if (!*name || (*suspects->query->name && strcmp(suspects->query->name, name) != 0))
		return;
	rank = rank_of(row->cells[POD_STATUS], row->cells[POD_READY],
		strtol(row->cells[POD_RESTARTS], NULL, 10));
	if (!rank && !suspects->all)
		return;
	suspects->total++;
	if (suspects->count == SUSPECTS_MAX)
		return;
	suspects->list = mem_grow(suspects->list, suspects->count + 1, sizeof(*suspects->list));
	suspects->list[suspects->count++] = (struct suspect){
		.namespace_ = mem_text(namespace_),
		.name = mem_text(name),
		.status = mem_text(row->cells[POD_STATUS]),
		.ready = mem_text(row->cells[POD_READY]),
		.restarts = strtol(row->cells[POD_RESTARTS], NULL, 10),
		.rank = rank,
	};
}

static int worst_first(const void *a, const void *b)
{
	const struct suspect *x = a, *y = b;

	if (x->rank != y->rank)
		return y->rank - x->rank;
	if (x->restarts != y->restarts)
		return x->restarts < y->restarts ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void release(struct suspects *suspects)
{
	for (size_t i = 0; i < suspects->count; i++) {
		free(suspects->list[i].namespace_);
		free(suspects->list[i].name);
		free(suspects->list[i].status);
		free(suspects->list[i].ready);
	}
	free(suspects->list);
}

/* --- one pod read whole --- */

static void copy_text(struct json *item, const char *name, const struct json *value)
{
	if (json_text(value) && *json_text(value))
		json_set_text(item, name, json_text(value));
}

static void copy_quantity(
	struct json *item, const char *name, const struct json *value, double scale)
{
	double number = rows_parse_quantity(json_text(value));

	if (!isnan(number))
		json_set_int(item, name, (int64_t)(number * scale));
}

/* "api-7d9f6c" less its last part. */
static void cut_last(char *name)
{
	char *dash = strrchr(name, '-');

	if (dash)
		*dash = '\0';
}

void query_workload(const struct json *pod, struct json *item)
{
	const struct json *owner = json_item(json_at(pod, "metadata.ownerReferences"), 0);
	const char *type = json_text_or(json_get(owner, "kind"), "");
	char name[260];
	/* Replica sets are named DEPLOYMENT-HASH; the hash stands in the pod's labels too. */
	int by_deployment = !strcmp(type, "ReplicaSet") &&
			    json_get(json_at(pod, "metadata.labels"), "pod-template-hash");

	if (!owner)
		return;
	snprintf(name, sizeof(name), "%s", json_text_or(json_get(owner, "name"), ""));
	if (by_deployment)
		cut_last(name);
	json_set_text(item, "workload", name);
	json_set_text(item, "workload_kind", by_deployment ? "Deployment" : type);
}

static const struct json *named(const struct json *list, const char *name)
{
	for (const struct json *item = json_first(list); item; item = json_next(item))
		if (!strcmp(json_text_or(json_get(item, "name"), ""), name))
			return item;
	return NULL;
}

static struct json *container_item(const struct json *status, const struct json *spec)
{
	const struct json *state = json_first(json_get(status, "state"));
	const struct json *last = json_at(status, "lastState.terminated");
	struct json *item = json_object();

	copy_text(item, "name", json_get(status, "name"));
	copy_text(item, "image", json_get(status, "image"));
	if (state)
		json_set_text(item, "state", json_key(state));
	copy_text(item, "reason", json_get(state, "reason"));
	copy_text(item, "message", json_get(state, "message"));
	if (json_get(state, "exitCode"))
		json_set_int(item, "exit_code", json_int(json_get(state, "exitCode"), 0));
	json_set_int(item, "restarts", json_int(json_get(status, "restartCount"), 0));
	copy_text(item, "last_reason", json_get(last, "reason"));
	if (json_get(last, "exitCode"))
		json_set_int(item, "last_exit_code", json_int(json_get(last, "exitCode"), 0));
	copy_text(item, "last_finished", json_get(last, "finishedAt"));
	copy_quantity(item, "memory_limit_bytes", json_at(spec, "resources.limits.memory"), 1);
	copy_quantity(item, "cpu_limit_millicores", json_at(spec, "resources.limits.cpu"), 1000);
	copy_quantity(item, "memory_request_bytes", json_at(spec, "resources.requests.memory"), 1);
	copy_quantity(
		item, "cpu_request_millicores", json_at(spec, "resources.requests.cpu"), 1000);
	return item;
}

static int is_oom(const struct json *container)
{
	return !strcmp(json_text_or(json_get(container, "reason"), ""), "OOMKilled") ||
	       !strcmp(json_text_or(json_get(container, "last_reason"), ""), "OOMKilled");
}

/* The first container that has it speaks for the pod. */
static void lift(
	struct json *item, const char *name, const struct json *container, const char *member)
{
	const struct json *value = json_get(container, member);

	if (value && !json_get(item, name))
		json_set(item, name, json_copy(value));
}

static void add_containers(
	struct json *item, const struct json *pod, const char *statuses, const char *specs)
{
	struct json *list = json_get(item, "containers");

	for (const struct json *status = json_first(json_at(pod, statuses)); status;
		status = json_next(status)) {
		const char *name = json_text_or(json_get(status, "name"), "");
		struct json *container = container_item(status, named(json_at(pod, specs), name));

		if (!strcmp(json_text_or(json_get(container, "state"), ""), "waiting"))
			lift(item, "waiting_reason", container, "reason");
		lift(item, "last_reason", container, "last_reason");
		lift(item, "last_exit_code", container, "last_exit_code");
		if (!strcmp(json_text_or(json_get(container, "state"), ""), "terminated")) {
			lift(item, "last_reason", container, "reason");
			lift(item, "last_exit_code", container, "exit_code");
		}
		if (is_oom(container))
			json_set(item, "oom_killed", json_boolean(1));
		json_add(list, container);
	}
}

static void add_scheduling(struct json *item, const struct json *pod)
{
	for (const struct json *condition = json_first(json_at(pod, "status.conditions"));
		condition; condition = json_next(condition)) {
		if (strcmp(json_text_or(json_get(condition, "type"), ""), "PodScheduled") != 0)
			continue;
		json_set(item, "scheduled",
			json_boolean(
				!strcmp(json_text_or(json_get(condition, "status"), ""), "True")));
		copy_text(item, "scheduling_message", json_get(condition, "message"));
	}
}

static struct json *pod_item(
	const struct query *query, const struct suspect *suspect, const struct json *pod)
{
	struct json *item = json_object();

	query_id(query, "pods", suspect->namespace_, suspect->name, item);
	json_set_text(item, "status", suspect->status);
	json_set_text(item, "ready", suspect->ready);
	json_set_int(item, "restarts", suspect->restarts);
	copy_text(item, "phase", json_at(pod, "status.phase"));
	copy_text(item, "reason", json_at(pod, "status.reason"));
	copy_text(item, "message", json_at(pod, "status.message"));
	copy_text(item, "node", json_at(pod, "spec.nodeName"));
	copy_text(item, "created", json_at(pod, "metadata.creationTimestamp"));
	query_workload(pod, item);
	add_scheduling(item, pod);
	json_set(item, "oom_killed", json_boolean(0));
	json_set(item, "containers", json_array());
	add_containers(item, pod, "status.initContainerStatuses", "spec.initContainers");
	add_containers(item, pod, "status.containerStatuses", "spec.containers");
	return item;
}

static void read_whole(const struct query *query, const struct suspects *suspects, struct json *out)
{
	size_t limit = query->limit ? query->limit : LIMIT_DEFAULT;

	for (size_t i = 0; i < suspects->count && i < limit; i++) {
		const struct suspect *suspect = &suspects->list[i];
		struct ref ref = { 0 };
		struct json *pod;

		snprintf(ref.namespace_, sizeof(ref.namespace_), "%s", suspect->namespace_);
		snprintf(ref.name, sizeof(ref.name), "%s", suspect->name);
		pod = get_live(query->account, &pods, &ref, NULL);
		if (pod) /* else it went meanwhile */
			json_add(query_items(out), pod_item(query, suspect, pod));
		json_free(pod);
	}
}

int query_pods_state(struct query *query, struct json *out, struct error *err)
{
	struct suspects suspects = { .query = query,
		.all = json_bool(json_get(query->params, "all"), 0) || *query->name };
	const char *selector = json_text(json_get(query->params, "selector"));
	int failed = query_scan_pods(query, selector, take, &suspects, err);

	if (!failed) {
		qsort(suspects.list, suspects.count, sizeof(*suspects.list), worst_first);
		read_whole(query, &suspects, out);
		json_set_int(out, "total", (int64_t)suspects.total);
	}
	release(&suspects);
	return failed;
}
