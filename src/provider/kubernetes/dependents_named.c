/* Dependents that are found by a name: what lives in a namespace, runs as an account, is granted by a role, is of a class or a kind. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "provider/kubernetes/dependents.h"

static const struct {
	const char *api, *name;
} lives_in[] = {
	{ "apps/v1", "deployments" },
	{ "apps/v1", "statefulsets" },
	{ "apps/v1", "daemonsets" },
	{ "batch/v1", "cronjobs" },
	{ "batch/v1", "jobs" },
	{ "v1", "pods" },
	{ "v1", "services" },
	{ "networking.k8s.io/v1", "ingresses" },
	{ "v1", "persistentvolumeclaims" },
	{ "v1", "configmaps" },
	{ "v1", "secrets" },
};

/* Every namespace has it: the controller manager makes it. */
static int is_of_every_namespace(const char *kind, const char *name)
{
	return !strcmp(kind, "configmaps") && !strcmp(name, "kube-root-ca.crt");
}

static void of_namespace(struct search *search, const struct json *live)
{
	search->namespace_ = dependents_name(live);
	search->metadata = 1;
	for (size_t i = 0; i < sizeof(lives_in) / sizeof(*lives_in); i++) {
		struct json *list = dependents_fetch(search, lives_in[i].api, lives_in[i].name, NULL, NULL);
		char relation[60];

		snprintf(relation, sizeof(relation), "deleted with it, %s", lives_in[i].name);
		for (const struct json *item = json_first(json_get(list, "items")); item; item = json_next(item)) {
			const char *name = dependents_name(item);

			if (name && !is_of_every_namespace(lives_in[i].name, name))
				dependents_found(search, lives_in[i].name, dependents_namespace(item), name, relation);
		}
		json_free(list);
	}
}

/* --- rights --- */

static int is_subject(const struct json *binding, const char *namespace_, const char *name)
{
	for (const struct json *item = json_first(json_get(binding, "subjects")); item; item = json_next(item))
		if (!strcmp(json_text_or(json_get(item, "kind"), ""), "ServiceAccount") &&
			!strcmp(json_text_or(json_get(item, "name"), ""), name) &&
			!strcmp(json_text_or(json_get(item, "namespace"), ""), namespace_))
			return 1;
	return 0;
}

static int is_role(const struct json *binding, const char *type, const char *name)
{
	return !strcmp(json_text_or(json_at(binding, "roleRef.kind"), ""), type) && !strcmp(json_text_or(json_at(binding, "roleRef.name"), ""), name);
}

static void add_bindings(struct search *search, const char *kind, const struct json *live, const char *type, const char *relation)
{
	struct json *list = dependents_fetch(search, "rbac.authorization.k8s.io/v1", kind, NULL, NULL);
	const char *name = dependents_name(live), *namespace_ = dependents_namespace(live);

	for (const struct json *item = json_first(json_get(list, "items")); item; item = json_next(item))
		if (type ? is_role(item, type, name) : is_subject(item, namespace_ ? namespace_ : "", name))
			dependents_found(search, kind, dependents_namespace(item), dependents_name(item), relation);
	json_free(list);
}

static void of_service_account(struct search *search, const struct json *live)
{
	struct json *pods = dependents_fetch(search, "v1", "pods", NULL, NULL);

	for (const struct json *pod = json_first(json_get(pods, "items")); pod; pod = json_next(pod))
		if (!strcmp(json_text_or(json_at(pod, "spec.serviceAccountName"), "default"), dependents_name(live)))
			dependents_found(search, "pods", dependents_namespace(pod), dependents_name(pod), "runs as it");
	json_free(pods);
	add_bindings(search, "rolebindings", live, NULL, "gives it rights");
	search->namespace_ = "";
	add_bindings(search, "clusterrolebindings", live, NULL, "gives it rights");
}

static void of_role(struct search *search, const struct json *live)
{
	add_bindings(search, "rolebindings", live, "Role", "grants it");
}

static void of_cluster_role(struct search *search, const struct json *live)
{
	search->namespace_ = "";
	add_bindings(search, "clusterrolebindings", live, "ClusterRole", "grants it");
	add_bindings(search, "rolebindings", live, "ClusterRole", "grants it");
}

/* --- storage --- */

static void of_storage_class(struct search *search, const struct json *live)
{
	search->namespace_ = "";
	struct json *claims = dependents_fetch(search, "v1", "persistentvolumeclaims", NULL, NULL);

	for (const struct json *item = json_first(json_get(claims, "items")); item; item = json_next(item))
		if (!strcmp(json_text_or(json_at(item, "spec.storageClassName"), ""), dependents_name(live)))
			dependents_found(search, "persistentvolumeclaims", dependents_namespace(item), dependents_name(item), "is of it");
	json_free(claims);
}

static void of_volume(struct search *search, const struct json *live)
{
	const struct json *claim = json_at(live, "spec.claimRef");

	dependents_found(search, "persistentvolumeclaims", json_text(json_get(claim, "namespace")), json_text(json_get(claim, "name")), "is bound to it");
}

/* --- kinds of their own --- */

static const char *served_version(const struct json *definition)
{
	for (const struct json *item = json_first(json_at(definition, "spec.versions")); item; item = json_next(item))
		if (json_bool(json_get(item, "served"), 0))
			return json_text_or(json_get(item, "name"), "");
	return "";
}

static void of_definition(struct search *search, const struct json *live)
{
	const char *plural = json_text_or(json_at(live, "spec.names.plural"), "");
	char api[300];

	snprintf(api, sizeof(api), "%.200s/%.80s", json_text_or(json_at(live, "spec.group"), ""), served_version(live));
	search->namespace_ = "";
	search->metadata = 1;
	struct json *list = dependents_fetch(search, api, plural, NULL, NULL);

	for (const struct json *item = json_first(json_get(list, "items")); item; item = json_next(item))
		dependents_found(search, plural, dependents_namespace(item), dependents_name(item), "deleted with it");
	json_free(list);
}

static const struct {
	const char *type;
	void (*look)(struct search *search, const struct json *live);
} looks[] = {
	{ "ClusterRole", of_cluster_role },
	{ "CustomResourceDefinition", of_definition },
	{ "Namespace", of_namespace },
	{ "PersistentVolume", of_volume },
	{ "Role", of_role },
	{ "ServiceAccount", of_service_account },
	{ "StorageClass", of_storage_class },
};

void dependents_named(struct search *search, const char *type, const struct json *live)
{
	for (size_t i = 0; i < sizeof(looks) / sizeof(*looks); i++)
		if (!strcmp(looks[i].type, type))
			looks[i].look(search, live);
}
