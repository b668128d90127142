/* What a change would touch: owners above, pods below, and what points at them by selector or by
 * name. A part that cannot be read (a 403) is told as not known; what was found is still true. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "estate/provider.h"
#include "net/url.h"
#include "provider/kubernetes/account.h"
#include "provider/kubernetes/dependents.h"
#include "provider/kubernetes/get.h"
#include "provider/kubernetes/resource.h"
#include "provider/kubernetes/selector.h"

enum { LIST_MAX = 500, FOUND_MAX = 1000 };

/* Names and labels are enough, and no secret is fetched for them (API concepts, "Metadata-only requests"). */
#define METADATA "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"

void dependents_found(struct search *search, const char *kind, const char *namespace_, const char *name,
	const char *relation)
{
	struct ref ref = { .provider = "kubernetes" };
	struct json *item;
	char id[1200];

	if (!name)
		return;
	if (json_count(search->out) >= FOUND_MAX) {
		search->left_out++;
		return;
	}
	snprintf(ref.account, sizeof(ref.account), "%s", search->account->name);
	snprintf(ref.namespace_, sizeof(ref.namespace_), "%s", namespace_ ? namespace_ : "");
	snprintf(ref.kind, sizeof(ref.kind), "%s", kind);
	snprintf(ref.name, sizeof(ref.name), "%s", name);
	ref_format(&ref, id, sizeof(id));
	item = json_set_text(json_object(), "id", id);
	json_set_text(item, "relation", relation);
	json_add(search->out, json_set_text(item, "name", name));
}

/* Told once, though each service of several asks for the same. */
static void not_known(struct search *search, const char *before, const char *name, const char *after)
{
	struct json *item = json_set_text(json_object(), "id", "");
	char *what = mem_format("%s%s%s", before, name, after);

	json_set_text(json_set_text(item, "relation", "not known"), "name", what);
	free(what);
	for (const struct json *told = json_first(search->out); told; told = json_next(told))
		if (json_equal(told, item)) {
			json_free(item);
			return;
		}
	json_add(search->out, item);
}

void dependents_end(struct search *search)
{
	char count[32];

	snprintf(count, sizeof(count), "%zu", search->left_out);
	if (search->left_out)
		not_known(search, "", count, " more");
}

struct json *dependents_fetch(struct search *search, const char *api, const char *name,
	const char *parameter, const char *value)
{
	struct resource resource = { .api = api, .name = name, .namespaced = 1 };
	struct call call = { .accept = search->metadata ? METADATA : NULL };
	struct error err = { 0 };
	struct text path;
	char limit[16];

	text_init(&path, RESOURCE_PATH_MAX);
	resource_path(&path, &resource, search->namespace_, NULL, NULL);
	if (parameter)
		url_query(&path, parameter, value);
	snprintf(limit, sizeof(limit), "%d", LIST_MAX);
	url_query(&path, "limit", limit);
	call.path = path.data;
	struct json *answer = call_json(search->account, &call, &err);
	if (!answer && err.code != ERR_NOT_FOUND) /* no such API: none are there */
		not_known(search, "", name, " (may not be read)");
	else if (*json_text_or(json_at(answer, "metadata.continue"), ""))
		not_known(search, "further ", name, "");
	text_release(&path);
	return answer;
}

const char *dependents_name(const struct json *object)
{
	return json_text(json_at(object, "metadata.name"));
}

const char *dependents_namespace(const struct json *object)
{
	return json_text(json_at(object, "metadata.namespace"));
}

/* --- services and what leads to them --- */

static int backend_is(const struct json *backend, const char *service)
{
	return !strcmp(json_text_or(json_at(backend, "service.name"), ""), service);
}

static int ingress_leads_to(const struct json *ingress, const char *service)
{
	if (backend_is(json_at(ingress, "spec.defaultBackend"), service))
		return 1;
	for (const struct json *rule = json_first(json_at(ingress, "spec.rules")); rule;
		rule = json_next(rule))
		for (const struct json *path = json_first(json_at(rule, "http.paths")); path;
			path = json_next(path))
			if (backend_is(json_get(path, "backend"), service))
				return 1;
	return 0;
}

static void add_behind_service(struct search *search, const char *service)
{
	struct json *slices = dependents_fetch(search, "discovery.k8s.io/v1", "endpointslices", NULL, NULL);
	struct json *ingresses = dependents_fetch(search, "networking.k8s.io/v1", "ingresses", NULL, NULL);

	for (const struct json *item = json_first(json_get(slices, "items")); item;
		item = json_next(item)) {
		const struct json *labels = json_at(item, "metadata.labels");

		if (!strcmp(json_text_or(json_get(labels, "kubernetes.io/service-name"), ""),
			    service))
			dependents_found(search, "endpointslices", dependents_namespace(item), dependents_name(item),
				"endpoints");
	}
	for (const struct json *item = json_first(json_get(ingresses, "items")); item;
		item = json_next(item))
		if (ingress_leads_to(item, service))
			dependents_found(search, "ingresses", dependents_namespace(item), dependents_name(item),
				"routes to it");
	json_free(slices);
	json_free(ingresses);
}

static void add_selecting(struct search *search, const struct json *labels)
{
	struct json *services = dependents_fetch(search, "v1", "services", NULL, NULL);
	struct json *budgets = dependents_fetch(search, "policy/v1", "poddisruptionbudgets", NULL, NULL);

	for (const struct json *item = json_first(json_get(services, "items")); item;
		item = json_next(item)) {
		if (!selector_map_takes(json_at(item, "spec.selector"), labels))
			continue;
		dependents_found(search, "services", dependents_namespace(item), dependents_name(item), "selects its pods");
		add_behind_service(search, dependents_name(item));
	}
	for (const struct json *item = json_first(json_get(budgets, "items")); item;
		item = json_next(item))
		if (selector_takes(json_at(item, "spec.selector"), labels))
			dependents_found(search, "poddisruptionbudgets", dependents_namespace(item), dependents_name(item),
				"limits disruption");
	json_free(services);
	json_free(budgets);
}

static void add_scalers(struct search *search, const char *type, const char *name)
{
	struct json *scalers =
		dependents_fetch(search, "autoscaling/v2", "horizontalpodautoscalers", NULL, NULL);

	for (const struct json *item = json_first(json_get(scalers, "items")); item;
		item = json_next(item)) {
		const struct json *target = json_at(item, "spec.scaleTargetRef");

		if (!strcmp(json_text_or(json_get(target, "kind"), ""), type) &&
			!strcmp(json_text_or(json_get(target, "name"), ""), name))
			dependents_found(search, "horizontalpodautoscalers", dependents_namespace(item), dependents_name(item),
				"scales it");
	}
	json_free(scalers);
}

/* --- up and down --- */

static const struct {
	const char *type, *kind, *api;
} owners[] = {
	{ "ReplicaSet", "replicasets", "apps/v1" },
	{ "Deployment", "deployments", "apps/v1" },
	{ "StatefulSet", "statefulsets", "apps/v1" },
	{ "DaemonSet", "daemonsets", "apps/v1" },
	{ "Job", "jobs", "batch/v1" },
	{ "CronJob", "cronjobs", "batch/v1" },
};

static void add_owners(struct search *search, const struct json *object, int depth)
{
	for (const struct json *owner = json_first(json_at(object, "metadata.ownerReferences"));
		owner && depth; owner = json_next(owner)) {
		const char *type = json_text_or(json_get(owner, "kind"), "");
		size_t i = 0;

		while (i < sizeof(owners) / sizeof(*owners) && strcmp(owners[i].type, type) != 0)
			i++;
		if (i == sizeof(owners) / sizeof(*owners))
			continue;
		dependents_found(search, owners[i].kind, search->namespace_,
			json_text(json_get(owner, "name")), "owns it");
		struct resource resource = {
			.api = owners[i].api, .name = owners[i].kind, .namespaced = 1
		};
		struct ref ref = { 0 };

		snprintf(ref.namespace_, sizeof(ref.namespace_), "%s", search->namespace_);
		snprintf(ref.name, sizeof(ref.name), "%s",
			json_text_or(json_get(owner, "name"), ""));
		struct json *above = get_live(search->account, &resource, &ref, NULL);

		add_owners(search, above, depth - 1);
		json_free(above);
	}
}

static void add_pods(
	struct search *search, const char *parameter, const char *value, const char *relation)
{
	struct json *pods = dependents_fetch(search, "v1", "pods", parameter, value);

	for (const struct json *item = json_first(json_get(pods, "items")); item;
		item = json_next(item))
		dependents_found(search, "pods", dependents_namespace(item), dependents_name(item), relation);
	json_free(pods);
}

static void of_pod(struct search *search, const struct json *pod)
{
	add_owners(search, pod, 3);
	add_selecting(search, json_at(pod, "metadata.labels"));
	dependents_found(search, "nodes", NULL, json_text(json_at(pod, "spec.nodeName")), "runs it");
}

static void of_workload(struct search *search, const struct json *live)
{
	char *selector = selector_text(json_at(live, "spec.selector"));

	add_owners(search, live, 3);
	if (selector)
		add_pods(search, "labelSelector", selector, "runs it");
	free(selector);
	add_scalers(search, json_text_or(json_get(live, "kind"), ""), dependents_name(live));
	add_selecting(search, json_at(live, "spec.template.metadata.labels"));
}

static void of_service(struct search *search, const struct json *live)
{
	char *selector = selector_text(json_at(live, "spec.selector"));

	if (selector)
		add_pods(search, "labelSelector", selector, "stands behind it");
	free(selector);
	add_behind_service(search, dependents_name(live));
}

static void of_node(struct search *search, const struct json *live)
{
	char field[600];

	snprintf(field, sizeof(field), "spec.nodeName=%s", dependents_name(live));
	search->namespace_ = "";
	add_pods(search, "fieldSelector", field, "runs on it");
}

/* Pods that mount it or read it: the name stands in their spec beside the word for it. */
static int uses(const struct json *value, const char *word, const char *name)
{
	static const char *const keys[] = { "name", "secretName", "claimName", NULL };

	for (const struct json *item = json_first(value); item; item = json_next(item)) {
		if (json_key(item) && !strcmp(json_key(item), word))
			for (size_t i = 0; keys[i]; i++)
				if (!strcmp(json_text_or(json_get(item, keys[i]), ""), name))
					return 1;
		if (uses(item, word, name))
			return 1;
	}
	return 0;
}

static void of_mounted(struct search *search, const char *name, const char *const *words)
{
	struct json *pods = dependents_fetch(search, "v1", "pods", NULL, NULL);

	for (const struct json *pod = json_first(json_get(pods, "items")); pod;
		pod = json_next(pod))
		for (size_t i = 0; words[i]; i++)
			if (uses(json_get(pod, "spec"), words[i], name)) {
				dependents_found(search, "pods", dependents_namespace(pod), dependents_name(pod), "uses it");
				break;
			}
	json_free(pods);
}

static void of_configmap(struct search *search, const struct json *live)
{
	of_mounted(search, dependents_name(live),
		(const char *const[]){ "configMap", "configMapRef", "configMapKeyRef", NULL });
}

static void of_secret(struct search *search, const struct json *live)
{
	of_mounted(search, dependents_name(live),
		(const char *const[]){ "secret", "secretRef", "secretKeyRef", NULL });
}

static void of_claim(struct search *search, const struct json *live)
{
	of_mounted(search, dependents_name(live), (const char *const[]){ "persistentVolumeClaim", NULL });
}

/* --- what points at others: who feels its change --- */

static void of_budget(struct search *search, const struct json *live)
{
	char *selector = selector_text(json_at(live, "spec.selector"));

	if (selector)
		add_pods(search, "labelSelector", selector, "is protected by it");
	free(selector);
}

static void of_scaler(struct search *search, const struct json *live)
{
	const struct json *target = json_at(live, "spec.scaleTargetRef");
	const char *type = json_text_or(json_get(target, "kind"), "");

	for (size_t i = 0; i < sizeof(owners) / sizeof(*owners); i++)
		if (!strcmp(owners[i].type, type))
			dependents_found(search, owners[i].kind, search->namespace_, json_text(json_get(target, "name")), "is scaled by it");
}

static int stands_there(const struct search *search, const char *name)
{
	for (const struct json *item = json_first(search->out); item; item = json_next(item))
		if (!strcmp(json_text_or(json_get(item, "name"), ""), name))
			return 1;
	return 0;
}

static void add_backend(struct search *search, const struct json *backend)
{
	const char *service = json_text(json_at(backend, "service.name"));

	if (service && !stands_there(search, service))
		dependents_found(search, "services", search->namespace_, service, "is reached by it");
}

static void of_ingress(struct search *search, const struct json *live)
{
	add_backend(search, json_at(live, "spec.defaultBackend"));
	for (const struct json *rule = json_first(json_at(live, "spec.rules")); rule; rule = json_next(rule))
		for (const struct json *path = json_first(json_at(rule, "http.paths")); path; path = json_next(path))
			add_backend(search, json_get(path, "backend"));
}

static void of_cronjob(struct search *search, const struct json *live)
{
	struct json *jobs = dependents_fetch(search, "batch/v1", "jobs", NULL, NULL);
	const char *uid = json_text_or(json_at(live, "metadata.uid"), "\x01");

	for (const struct json *item = json_first(json_get(jobs, "items")); item; item = json_next(item))
		if (!strcmp(json_text_or(json_at(item, "metadata.ownerReferences.0.uid"), ""), uid))
			dependents_found(search, "jobs", dependents_namespace(item), dependents_name(item), "was started by it");
	json_free(jobs);
}

static const struct {
	const char *type;
	void (*look)(struct search *search, const struct json *live);
} looks[] = {
	{ "Pod", of_pod },
	{ "Deployment", of_workload },
	{ "ReplicaSet", of_workload },
	{ "StatefulSet", of_workload },
	{ "DaemonSet", of_workload },
	{ "Job", of_workload },
	{ "Service", of_service },
	{ "Node", of_node },
	{ "ConfigMap", of_configmap },
	{ "Secret", of_secret },
	{ "PersistentVolumeClaim", of_claim },
	{ "PodDisruptionBudget", of_budget },
	{ "HorizontalPodAutoscaler", of_scaler },
	{ "Ingress", of_ingress },
	{ "CronJob", of_cronjob },
};

int kube_dependents(
	struct provider *provider, const struct ref *ref, struct json **out, struct error *err)
{
	struct search search = { .namespace_ = ref->namespace_ };
	struct resource resource;
	struct json *live;

	if (get_target(provider, ref, &search.account, &resource, err))
		return -1;
	live = get_live(search.account, &resource, ref, err);
	if (!live)
		return -1;
	search.out = json_array();
	for (size_t i = 0; i < sizeof(looks) / sizeof(*looks); i++)
		if (!strcmp(looks[i].type, resource.type))
			looks[i].look(&search, live);
	dependents_named(&search, resource.type, live);
	dependents_end(&search);
	json_free(live);
	*out = search.out;
	return 0;
}
