#include "provider/kubernetes/discovery.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "estate/kind.h"
#include "net/net.h"
#include "provider/kubernetes/account.h"
#include "provider/kubernetes/get.h"
#include "provider/kubernetes/objects.h"
#include "provider/kubernetes/resource.h"
#include "provider/kubernetes/table_json.h"

enum { RESOURCES_MAX = 5000, SHORTS_MAX = 16 };

#define ACCEPT_DISCOVERY                                                                           \
	"application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"                    \
	"application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/"   \
	"json"

struct discovery {
	struct arena *texts;
	struct discovered *items;
	size_t count;
	struct discovery *older; /* what was handed out stays */
};

void discovery_free(struct discovery *discovery)
{
	while (discovery) {
		struct discovery *older = discovery->older;

		arena_free(discovery->texts);
		free(discovery->items);
		free(discovery);
		discovery = older;
	}
}

size_t discovery_count(const struct discovery *discovery)
{
	return discovery->count;
}

const struct discovered *discovery_at(const struct discovery *discovery, size_t i)
{
	return i < discovery->count ? &discovery->items[i] : NULL;
}

static int has(const struct json *list, const char *text)
{
	for (const struct json *item = json_first(list); item; item = json_next(item))
		if (!strcmp(json_text_or(item, ""), text))
			return 1;
	return 0;
}

static int has_subresource(const struct json *list, const char *name)
{
	for (const struct json *item = json_first(list); item; item = json_next(item))
		if (!strcmp(json_text_or(json_get(item, "subresource"), ""), name))
			return 1;
	return 0;
}

static const char *const *copy_shorts(struct arena *texts, const struct json *list)
{
	const char **shorts = arena_alloc(texts, (SHORTS_MAX + 1) * sizeof(*shorts));
	size_t count = 0;

	for (const struct json *item = json_first(list); item && count < SHORTS_MAX;
		item = json_next(item))
		if (json_text(item))
			shorts[count++] = arena_text(texts, json_text(item));
	return shorts;
}

static int known(const struct discovery *discovery, const char *group, const char *name)
{
	for (size_t i = 0; i < discovery->count; i++)
		if (!strcmp(discovery->items[i].name, name) &&
			!strcmp(discovery->items[i].group, group))
			return 1;
	return 0;
}

static void add_resource(struct discovery *discovery, const char *group, const char *version,
	const struct json *resource)
{
	struct arena *texts = discovery->texts;
	const struct json *verbs = json_get(resource, "verbs");
	const char *name = json_text(json_get(resource, "resource"));

	/* Versions come preferred first: a later one brings only what the former has not. */
	if (!name || discovery->count == RESOURCES_MAX || known(discovery, group, name))
		return;
	discovery->items =
		mem_grow(discovery->items, discovery->count + 1, sizeof(*discovery->items));
	discovery->items[discovery->count++] = (struct discovered){
		.api = *group ? arena_format(texts, "%s/%s", group, version)
			      : arena_text(texts, version),
		.group = arena_text(texts, group),
		.name = arena_text(texts, name),
		.singular =
			arena_text(texts, json_text_or(json_get(resource, "singularResource"), "")),
		.type = arena_text(texts, json_text_or(json_at(resource, "responseKind.kind"), "")),
		.shorts = copy_shorts(texts, json_get(resource, "shortNames")),
		.namespaced = !strcmp(json_text_or(json_get(resource, "scope"), ""), "Namespaced"),
		.scalable = has_subresource(json_get(resource, "subresources"), "scale"),
		.watchable = has(verbs, "watch"),
		.listable = has(verbs, "list"),
	};
}

static int add_groups(struct discovery *discovery, const struct json *list, struct error *err)
{
	if (strcmp(json_text_or(json_get(list, "kind"), ""), "APIGroupDiscoveryList"))
		return error_set(err, ERR_FORMAT,
			"the server does not say what resources it has (it sent: %.60s)",
			json_text_or(json_get(list, "kind"), "nameless answer"));
	for (const struct json *group = json_first(json_get(list, "items")); group;
		group = json_next(group))
		for (const struct json *version = json_first(json_get(group, "versions")); version;
			version = json_next(version))
			for (const struct json *resource =
					json_first(json_get(version, "resources"));
				resource; resource = json_next(resource))
				add_resource(discovery,
					json_text_or(json_at(group, "metadata.name"), ""),
					json_text_or(json_get(version, "version"), ""), resource);
	return 0;
}

struct discovery *discovery_parse(
	const struct json *core, const struct json *groups, struct error *err)
{
	struct discovery *discovery = mem_zero(1, sizeof(*discovery));

	discovery->texts = arena_new();
	if (!add_groups(discovery, core, err) && !add_groups(discovery, groups, err))
		return discovery;
	discovery_free(discovery);
	return NULL;
}

static int is_called(const struct discovered *item, const char *name)
{
	size_t length = strlen(item->name);

	if (!strcasecmp(item->name, name) || !strcasecmp(item->singular, name) ||
		!strcasecmp(item->type, name))
		return 1;
	if (!strncasecmp(item->name, name, length) && name[length] == '.' &&
		!strcasecmp(item->group, name + length + 1))
		return 1;
	for (size_t i = 0; item->shorts[i]; i++)
		if (!strcasecmp(item->shorts[i], name))
			return 1;
	return 0;
}

const struct discovered *discovery_find(const struct discovery *discovery, const char *name)
{
	for (size_t i = 0; *name && i < discovery->count; i++)
		if (discovery->items[i].listable && is_called(&discovery->items[i], name))
			return &discovery->items[i];
	return NULL;
}

static struct discovery *fetch(struct account *account, struct error *err)
{
	struct call core_call = { .path = "/api", .accept = ACCEPT_DISCOVERY };
	struct call groups_call = { .path = "/apis", .accept = ACCEPT_DISCOVERY };
	struct json *core = call_json(account, &core_call, err);
	struct json *groups = core ? call_json(account, &groups_call, err) : NULL;

	if (groups) {
		core = discovery_from_old(account, core);
		groups = discovery_from_old(account, groups);
	}
	struct discovery *discovery = groups ? discovery_parse(core, groups, err) : NULL;

	json_free(core);
	json_free(groups);
	return discovery;
}

const struct discovery *discovery_of(struct account *account, int fresh, struct error *err)
{
	pthread_mutex_lock(&account->lock);
	struct discovery *kept = account->discovery;

	pthread_mutex_unlock(&account->lock);
	if (kept && !fresh)
		return kept;
	struct discovery *fetched = fetch(account, err); /* without the lock: it takes a network */

	if (!fetched)
		return NULL;
	pthread_mutex_lock(&account->lock);
	fetched->older = account->discovery;
	account->discovery = fetched;
	pthread_mutex_unlock(&account->lock);
	return fetched;
}

/* --- a kind from it --- */

/* "Last Seen" -> "LAST_SEEN": one word, so that filters can name it. */
static void column_name(const char *name, char out[64])
{
	size_t i = 0;

	for (; name[i] && i < 63; i++)
		out[i] = isalnum((unsigned char)name[i]) || name[i] == '-'
				 ? (char)toupper((unsigned char)name[i])
				 : '_';
	out[i] = '\0';
}

/* OpenAPI types of columnDefinitions (CustomResourceColumnDefinition.type). */
static const char *column_type(const struct table_column *column)
{
	if (!strcmp(column->type, "integer") || !strcmp(column->type, "number"))
		return "number";
	if (!strcmp(column->type, "boolean"))
		return "bool";
	if (!strcmp(column->type, "date") || !strcasecmp(column->name, "Age"))
		return "age";
	return "text";
}

static void add_column(struct json *columns, const struct table_column *column)
{
	struct json *item = json_object();
	char name[64];

	column_name(column->name, name);
	json_set_text(item, "name", name);
	json_set_text(item, "path", column->name);
	json_set_text(item, "type", column_type(column));
	if (!strcmp(name, "NAME"))
		json_set_text(item, "role", "name");
	if (!strcmp(name, "STATUS") || !strcmp(name, "PHASE"))
		json_set_text(item, "role", "state");
	if (column->priority > 0)
		json_set(item, "wide", json_boolean(1));
	if (!strcmp(column_type(column), "age"))
		json_set(item, "volatile", json_boolean(1));
	json_add(columns, item);
}

/* Columns may share a name or a role, in a hostile server's table: the first one keeps it. */
static int is_taken(const struct table_head *head, size_t i)
{
	char name[64], other[64];

	column_name(head->columns[i].name, name);
	if (!*name || !strcmp(name, "NAMESPACE"))
		return 1;
	for (size_t k = 0; k < i; k++) {
		column_name(head->columns[k].name, other);
		if (!strcasecmp(name, other) ||
			(!strcmp(name, "PHASE") && !strcmp(other, "STATUS")) ||
			(!strcmp(name, "STATUS") && !strcmp(other, "PHASE")))
			return 1;
	}
	return 0;
}

static struct json *columns_of(const struct discovered *item, const struct table_head *head)
{
	struct json *columns = json_array();

	if (item->namespaced)
		json_add(columns, json_set_text(json_set_text(json_object(), "name", "NAMESPACE"),
					  "role", "namespace"));
	for (size_t i = 0; i < head->column_count; i++)
		if (!is_taken(head, i))
			add_column(columns, &head->columns[i]);
	return columns;
}

static struct json *params_of(const struct kind_verb *verb)
{
	struct json *params = json_array();

	for (size_t i = 0; i < verb->param_count; i++) {
		const struct kind_param *param = &verb->params[i];
		struct json *item = json_object();

		json_set_text(item, "name", param->name);
		json_set_text(item, "type", param->type);
		json_set(item, "required", json_boolean(param->required));
		json_set_text(item, "help", param->help);
		if (param->initial)
			json_set_text(item, "default", param->initial);
		if (param->values)
			json_set_text(item, "values", param->values);
		json_add(params, item);
	}
	return params;
}

static void borrow_verb(struct json *verbs, const struct kind_verb *verb)
{
	struct json *item = json_object();

	json_set_text(item, "name", verb->name);
	json_set_text(item, "title", verb->title);
	json_set_text(item, "risk", risk_name(verb->risk));
	json_set(item, "reversible", json_boolean(verb->reversible));
	json_set_text(item, "inverse", verb->inverse);
	json_set_int(item, "seconds", verb->seconds);
	if (verb->key)
		json_set_text(item, "key", verb->key);
	json_set(item, "params", params_of(verb));
	json_add(verbs, item);
}

/* Verbs any object has are those of config maps; where the server can scale, stateful sets say how.
 */
static struct json *verbs_of(const struct provider *provider, const struct discovered *item)
{
	const struct kind *model = kinds_find(provider->kinds, "kubernetes/configmaps");
	const struct kind *workload = kinds_find(provider->kinds, "kubernetes/statefulsets");
	const struct kind_verb *scale =
		workload && item->scalable ? kind_verb_find(workload, "scale") : NULL;
	struct json *verbs = json_array();

	if (scale)
		borrow_verb(verbs, scale);
	for (size_t i = 0; model && i < model->verb_count; i++)
		borrow_verb(verbs, &model->verbs[i]);
	return verbs;
}

static struct json *definition_of(const struct provider *provider, const struct discovered *item,
	const char *name, const struct table_head *head)
{
	struct json *definition = json_object(), *spec = json_object(), *aliases = json_array();

	json_set_text(definition, "kind", name);
	json_set_text(definition, "provider", "kubernetes");
	json_set_text(definition, "title", item->type);
	json_set_text(definition, "singular", *item->singular ? item->singular : name);
	for (size_t i = 0; item->shorts[i]; i++)
		json_add(aliases, json_string(item->shorts[i]));
	if (*item->group) {
		char full[320];

		snprintf(full, sizeof(full), "%s.%s", item->name, item->group);
		json_add(aliases, json_string(full));
	}
	json_set(definition, "aliases", aliases);
	json_set(definition, "namespaced", json_boolean(item->namespaced));
	json_set(definition, "watch", json_boolean(item->watchable));
	json_set_text(definition, "poll", "10s");
	json_set_text(spec, "api", item->api);
	json_set_text(spec, "resource", item->name);
	json_set_text(spec, "type", item->type);
	json_set(definition, "spec", spec);
	json_set(definition, "columns", columns_of(item, head));
	json_set(definition, "verbs", verbs_of(provider, item));
	return definition;
}

static int fetch_columns(struct account *account, const struct discovered *item,
	struct net_response *response, struct table_head *head, struct error *err)
{
	struct resource resource = {
		.api = item->api, .name = item->name, .namespaced = item->namespaced
	};
	struct text path;

	text_init(&path, RESOURCE_PATH_MAX);
	resource_path(&path, &resource, NULL, NULL, NULL);
	text_add(&path, "?limit=1&includeObject=None");
	struct call call = { .path = path.data, .accept = ACCEPT_TABLE };
	int failed = call_fetch(account, &call, response, err);

	if (failed && response->status == 403 && item->namespaced) {
		net_response_release(response);
		text_clear(&path);
		resource_path(&path, &resource, account_namespace(account), NULL, NULL);
		text_add(&path, "?limit=1&includeObject=None");
		call.path = path.data;
		failed = call_fetch(account, &call, response, err);
	}
	text_release(&path);
	if (failed || table_json_open(response->body, response->body_length, head, err))
		return -1;
	if (objects_is_list(head->kind)) { /* no tables there: what every object has */
		snprintf(head->columns[0].name, sizeof(head->columns->name), "Name");
		snprintf(head->columns[1].name, sizeof(head->columns->name), "Age");
		head->column_count = 2;
	}
	if (!head->column_count)
		return error_set(err, ERR_FORMAT, "the server gives no columns of %s", item->name);
	return 0;
}

static const struct kind *make_kind(struct provider *provider, struct account *account,
	const struct discovered *item, struct error *err)
{
	struct net_response response = { 0 };
	struct table_head head;
	const struct kind *kind = NULL;
	char name[320];

	if (!fetch_columns(account, item, &response, &head, err)) {
		int taken = get_kind(provider, item->name) && *item->group;

		snprintf(name, sizeof(name), "%s%s%s", item->name, taken ? "." : "",
			taken ? item->group : "");
		struct json *definition = definition_of(provider, item, name, &head);

		kind = kinds_add(provider->kinds, definition, account->name, err);
		json_free(definition);
		if (!kind) /* another thread was quicker */
			kind = get_kind(provider, name);
	}
	net_response_release(&response);
	return kind;
}

const struct kind *kube_resolve(struct provider *provider, const char *name, struct error *err)
{
	struct account *account = account_find(provider, NULL, err);
	const struct discovery *discovery = account ? discovery_of(account, 0, err) : NULL;
	const struct discovered *item = discovery ? discovery_find(discovery, name) : NULL;

	if (discovery && !item) { /* a CRD may be younger than what we know */
		discovery = discovery_of(account, 1, err);
		item = discovery ? discovery_find(discovery, name) : NULL;
	}
	if (!discovery)
		return NULL;
	if (!item) {
		error_set(err, ERR_NOT_FOUND, "the server of %s has no resource called \"%.100s\"",
			account->name, name);
		return NULL;
	}
	return make_kind(provider, account, item, err);
}
