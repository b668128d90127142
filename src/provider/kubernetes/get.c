#include "provider/kubernetes/get.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "estate/kind.h"
#include "estate/provider.h"
#include "provider/kubernetes/account.h"
#include "provider/kubernetes/resource.h"

/* kubectl apply keeps the whole object in it, a Secret's values too. */
#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

static void hide_values(struct json *map)
{
	for (struct json *item = json_first(map); item;) {
		char key[256];

		snprintf(key, sizeof(key), "%s", json_key(item));
		item = json_next(item); /* before the old one goes */
		json_set_text(map, key, SECRET_SHOWN);
	}
}

static void redact_secret(struct json *object)
{
	struct json *annotations = json_at(object, "metadata.annotations");

	hide_values(json_get(object, "data"));
	hide_values(json_get(object, "stringData"));
	if (json_get(annotations, LAST_APPLIED))
		json_set_text(annotations, LAST_APPLIED, SECRET_SHOWN);
}

void get_redact(struct json *object)
{
	json_remove(json_get(object, "metadata"), "managedFields");
	if (!strcmp(json_text_or(json_get(object, "kind"), ""), "Secret"))
		redact_secret(object);
}

const struct kind *get_kind(const struct provider *provider, const char *name)
{
	char qualified[320];

	/* Other providers have services too. */
	snprintf(qualified, sizeof(qualified), "kubernetes/%s", name);
	return kinds_find(provider->kinds, qualified);
}

int get_target(struct provider *provider, const struct ref *ref, struct account **account,
	struct resource *resource, struct error *err)
{
	const struct kind *kind = get_kind(provider, ref->kind);

	if (!kind)
		return error_set(err, ERR_NOT_FOUND, "no kind is called \"%.60s\"", ref->kind);
	*account = account_find(provider, ref->account, err);
	if (!*account)
		return -1;
	return resource_of(kind, resource, err);
}

struct json *get_path(struct account *account, const char *path, struct error *err)
{
	struct call call = { .path = path };

	return call_json(account, &call, err);
}

struct json *get_live(struct account *account, const struct resource *resource,
	const struct ref *ref, struct error *err)
{
	struct text path;

	text_init(&path, RESOURCE_PATH_MAX);
	resource_path(&path, resource, ref->namespace_, ref->name, NULL);
	struct json *object = get_path(account, path.data, err);

	text_release(&path);
	return object;
}

int kube_get(
	struct provider *provider, const struct ref *ref, struct json **object, struct error *err)
{
	struct account *account;
	struct resource resource;

	if (get_target(provider, ref, &account, &resource, err))
		return -1;
	*object = get_live(account, &resource, ref, err);
	if (!*object)
		return -1;
	get_redact(*object);
	return 0;
}
