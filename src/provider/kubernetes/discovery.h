/* discovery.h - what an API server offers, its custom resources too: two requests. */
#ifndef PROVIDER_KUBERNETES_DISCOVERY_H
#define PROVIDER_KUBERNETES_DISCOVERY_H

#include <stddef.h>

struct account;
struct discovery;
struct error;
struct json;
struct kind;
struct provider;

struct discovered {
	const char *api;      /* "v1", "apps/v1": the version the group prefers */
	const char *group;    /* "" core */
	const char *name, *singular, *type; /* "deployments", "deployment", "Deployment" */
	const char *const *shorts; /* NULL-terminated */
	int namespaced, scalable, watchable, listable;
};

/* Parses the two answers; each an APIGroupDiscoveryList (apidiscovery.k8s.io/v2). Pure. */
struct discovery *discovery_parse(const struct json *core, const struct json *groups, struct error *err);
void discovery_free(struct discovery *discovery); /* NULL is fine */
size_t discovery_count(const struct discovery *discovery);
const struct discovered *discovery_at(const struct discovery *discovery, size_t i);
/* By plural, singular, short name, type, or plural.group; case-blind. NULL: none. */
const struct discovered *discovery_find(const struct discovery *discovery, const char *name);

/* Asked once an account and kept; asked again by fresh. Valid until the provider closes (old ones are kept too). */
const struct discovery *discovery_of(struct account *account, int fresh, struct error *err);

/* provider_ops.resolve: a kind made from what the server says of itself, its columns from its table. */
const struct kind *kube_resolve(struct provider *provider, const char *name, struct error *err);
/* discovery_old.c. An answer of /api or /apis without aggregation becomes one with it, by asking for each version; another is given back
 * as it is. Takes answer. */
struct json *discovery_from_old(struct account *account, struct json *answer);
/* An APIResourceList as one version of a group. Pure. */
struct json *discovery_version(const char *version, const struct json *list);

#endif
