/* What there is: aggregated (apidiscovery.k8s.io) where the caller knows it, and plain. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "sim/api.h"
#include "sim/peer.h"
#include "sim/resources.h"

enum { ACCEPT_MAX = 1024 };

static struct json *verbs(void)
{
	static const char *const names[] = { "create", "delete", "get", "list", "patch", "watch", NULL };
	struct json *list = json_array();

	for (size_t i = 0; names[i]; i++)
		json_add(list, json_string(names[i]));
	return list;
}

static struct json *shorts_of(const struct resource_type *type)
{
	struct json *list = json_array();

	if (*type->shorts)
		json_add(list, json_string(type->shorts));
	return list;
}

/* The English of the API: the kind in small letters. */
static void put_singular(struct json *item, const char *member, const char *kind)
{
	char singular[64];
	size_t i = 0;

	for (; kind[i] && i < sizeof(singular) - 1; i++)
		singular[i] = (char)(kind[i] >= 'A' && kind[i] <= 'Z' ? kind[i] + 32 : kind[i]);
	singular[i] = '\0';
	json_set_text(item, member, singular);
}

static struct json *kind_of(const struct resource_type *type)
{
	struct json *kind = json_set_text(json_object(), "group", type->group);

	json_set_text(kind, "version", type->version);
	return json_set_text(kind, "kind", type->kind);
}

static struct json *aggregated_resource(const struct resource_type *type)
{
	struct json *item = json_set_text(json_object(), "resource", type->name), *subs = json_array();

	json_set(item, "responseKind", kind_of(type));
	json_set_text(item, "scope", type->namespaced ? "Namespaced" : "Cluster");
	put_singular(item, "singularResource", type->kind);
	json_set(item, "verbs", verbs());
	json_set(item, "shortNames", shorts_of(type));
	if (type->scalable)
		json_add(subs, json_set_text(json_object(), "subresource", "scale"));
	return json_set(item, "subresources", subs);
}

static int is_first_of_group(size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(resource_types[k].group, resource_types[i].group))
			return 0;
	return 1;
}

static struct json *aggregated_group(const char *group, const char *version)
{
	struct json *item = json_object(), *resources = json_array(), *entry = json_set_text(json_object(), "version", version);

	for (size_t i = 0; i < resource_type_count; i++)
		if (!strcmp(resource_types[i].group, group))
			json_add(resources, aggregated_resource(&resource_types[i]));
	json_set(entry, "resources", resources);
	json_set_text(entry, "freshness", "Current");
	json_set(item, "metadata", json_set_text(json_object(), "name", group));
	return json_set(item, "versions", json_add(json_array(), entry));
}

static struct json *aggregated(int core)
{
	struct json *list = json_set_text(json_object(), "kind", "APIGroupDiscoveryList"), *items = json_array();

	for (size_t i = 0; i < resource_type_count; i++)
		if (core == (*resource_types[i].group == 0) && is_first_of_group(i))
			json_add(items, aggregated_group(resource_types[i].group, resource_types[i].version));
	json_set_text(list, "apiVersion", "apidiscovery.k8s.io/v2");
	json_set(list, "metadata", json_object());
	return json_set(list, "items", items);
}

static struct json *plain_groups(void)
{
	struct json *list = json_set_text(json_object(), "kind", "APIGroupList"), *groups = json_array();

	for (size_t i = 0; i < resource_type_count; i++) {
		const struct resource_type *type = &resource_types[i];
		struct json *group, *version;

		if (!*type->group || !is_first_of_group(i))
			continue;
		group = json_set_text(json_object(), "name", type->group);
		version = json_set_text(json_object(), "groupVersion", resource_api(type));
		json_set_text(version, "version", type->version);
		json_set(group, "preferredVersion", json_copy(version));
		json_set(group, "versions", json_add(json_array(), version));
		json_add(groups, group);
	}
	json_set_text(list, "apiVersion", "v1");
	return json_set(list, "groups", groups);
}

static struct json *plain_core(void)
{
	struct json *list = json_set_text(json_object(), "kind", "APIVersions");

	return json_set(list, "versions", json_add(json_array(), json_string("v1")));
}

/* "/api/v1", "/apis/apps/v1". NULL: no such group. */
static struct json *plain_resources(const char *path)
{
	struct json *list = json_set_text(json_object(), "kind", "APIResourceList"), *resources = json_array();
	const char *api = !strncmp(path, "/apis/", 6) ? path + 6 : path + 5;

	for (size_t i = 0; i < resource_type_count; i++) {
		const struct resource_type *type = &resource_types[i];
		struct json *item;

		if (strcmp(resource_api(type), api))
			continue;
		item = json_set_text(json_object(), "name", type->name);
		put_singular(item, "singularName", type->kind);
		json_set(item, "namespaced", json_boolean(type->namespaced));
		json_set_text(item, "kind", type->kind);
		json_set(item, "verbs", verbs());
		json_add(resources, json_set(item, "shortNames", shorts_of(type)));
	}
	json_set_text(list, "apiVersion", "v1");
	json_set_text(list, "groupVersion", api);
	json_set(list, "resources", resources);
	if (json_count(resources))
		return list;
	json_free(list);
	return NULL;
}

int api_discovery(struct api_call *call, const char *path)
{
	char accept[ACCEPT_MAX] = "";
	struct json *resources;

	peer_header(call->peer, "Accept", accept, sizeof(accept));
	int knows = strstr(accept, "as=APIGroupDiscoveryList") != NULL;

	if (!strcmp(path, "/api"))
		return api_reply(call->peer, 200, knows ? aggregated(1) : plain_core());
	if (!strcmp(path, "/apis"))
		return api_reply(call->peer, 200, knows ? aggregated(0) : plain_groups());
	if (strncmp(path, "/api/", 5) != 0 && strncmp(path, "/apis/", 6) != 0)
		return -1;
	resources = plain_resources(path);
	return resources ? api_reply(call->peer, 200, resources) : -1;
}
