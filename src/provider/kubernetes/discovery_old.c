/* Discovery of servers before 1.26, and of those that switch the aggregated one off: /api and /apis name groups, each group's version
 * has a list of its own. They become the aggregated document, which one reader takes. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "net/url.h"
#include "provider/kubernetes/discovery.h"
#include "provider/kubernetes/get.h"

enum { GROUPS_MAX = 300 };

static const char *text(const struct json *object, const char *key)
{
	return json_text_or(json_get(object, key), "");
}

/* "deployments/scale" belongs to "deployments". */
static struct json *subresources_of(const struct json *resources, const char *name)
{
	struct json *list = json_array();
	size_t length = strlen(name);

	for (const struct json *item = json_first(resources); item; item = json_next(item)) {
		const char *other = text(item, "name");

		if (!strncmp(other, name, length) && other[length] == '/')
			json_add(list, json_set_text(json_object(), "subresource", other + length + 1));
	}
	return list;
}

static struct json *resource_from(const struct json *resources, const struct json *item)
{
	struct json *out = json_object();
	const struct json *verbs = json_get(item, "verbs"), *shorts = json_get(item, "shortNames");

	json_set_text(out, "resource", text(item, "name"));
	json_set_text(out, "singularResource", text(item, "singularName"));
	json_set(out, "responseKind", json_set_text(json_object(), "kind", text(item, "kind")));
	json_set_text(out, "scope", json_bool(json_get(item, "namespaced"), 0) ? "Namespaced" : "Cluster");
	json_set(out, "verbs", verbs ? json_copy(verbs) : json_array());
	json_set(out, "shortNames", shorts ? json_copy(shorts) : json_array());
	return json_set(out, "subresources", subresources_of(resources, text(item, "name")));
}

struct json *discovery_version(const char *version, const struct json *list)
{
	struct json *out = json_set_text(json_object(), "version", version), *resources = json_array();
	const struct json *given = json_get(list, "resources");

	for (const struct json *item = json_first(given); item; item = json_next(item))
		if (*text(item, "name") && !strchr(text(item, "name"), '/'))
			json_add(resources, resource_from(given, item));
	return json_set(out, "resources", resources);
}

/* A version that does not answer (an aggregated API that is down) must not hide the others: it is left out. */
static void add_version(struct account *account, struct json *versions, const char *root, const char *group_version, const char *version)
{
	struct text path;
	struct json *list;

	text_init(&path, 1024);
	text_format(&path, "%s/", root);
	for (const char *at = group_version; *at;) { /* "apps/v1": parts */
		size_t length = strcspn(at, "/");
		char part[256];

		snprintf(part, sizeof(part), "%.*s", (int)length, at);
		url_encode(&path, part);
		at += length + (at[length] == '/');
		if (*at)
			text_add(&path, "/");
	}
	list = path.cut ? NULL : get_path(account, path.data, NULL);
	if (list)
		json_add(versions, discovery_version(version, list));
	json_free(list);
	text_release(&path);
}

static struct json *document(struct json *groups)
{
	return json_set(json_set_text(json_object(), "kind", "APIGroupDiscoveryList"), "items", groups);
}

static struct json *new_group(const char *name, struct json *versions)
{
	return json_set(json_set(json_object(), "metadata", json_set_text(json_object(), "name", name)), "versions", versions);
}

static struct json *old_core(struct account *account, const struct json *answer)
{
	struct json *versions = json_array();

	for (const struct json *item = json_first(json_get(answer, "versions")); item; item = json_next(item))
		add_version(account, versions, "/api", json_text_or(item, ""), json_text_or(item, ""));
	return document(json_add(json_array(), new_group("", versions)));
}

/* The preferred version first: a later one brings only what the former has not. */
static struct json *old_groups(struct account *account, const struct json *answer)
{
	struct json *groups = json_array();
	size_t count = 0;

	for (const struct json *group = json_first(json_get(answer, "groups")); group && count++ < GROUPS_MAX; group = json_next(group)) {
		struct json *versions = json_array();
		const struct json *preferred = json_get(group, "preferredVersion");

		add_version(account, versions, "/apis", text(preferred, "groupVersion"), text(preferred, "version"));
		for (const struct json *item = json_first(json_get(group, "versions")); item; item = json_next(item))
			if (strcmp(text(item, "groupVersion"), text(preferred, "groupVersion")) != 0)
				add_version(account, versions, "/apis", text(item, "groupVersion"), text(item, "version"));
		json_add(groups, new_group(text(group, "name"), versions));
	}
	return document(groups);
}

struct json *discovery_from_old(struct account *account, struct json *answer)
{
	const char *kind = text(answer, "kind");
	struct json *out = answer;

	if (!strcmp(kind, "APIVersions"))
		out = old_core(account, answer);
	else if (!strcmp(kind, "APIGroupList"))
		out = old_groups(account, answer);
	if (out != answer)
		json_free(answer);
	return out;
}
