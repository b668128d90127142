/* resource.h - where a kind lies in the API: /api/v1/namespaces/NS/pods/NAME. */
#ifndef PROVIDER_KUBERNETES_RESOURCE_H
#define PROVIDER_KUBERNETES_RESOURCE_H

struct error;
struct json;
struct kind;
struct text;

/* From a kind's spec: {api: apps/v1, resource: deployments, type: Deployment, object: true}. Texts are the kind's. */
struct resource {
	const char *api;     /* "v1", "apps/v1" */
	const char *name;    /* plural, as in paths */
	const char *type;    /* "Deployment": its `kind` in objects */
	int namespaced;
	int whole;           /* columns read the object itself: rows are fetched with it (few and small: nodes) */
};

int resource_of(const struct kind *kind, struct resource *resource, struct error *err);
/* namespace_ NULL or "": the cluster-wide path; name, sub NULL: the collection, no subresource. Appends. */
void resource_path(struct text *path, const struct resource *resource, const char *namespace_,
	const char *name, const char *sub);

enum { RESOURCE_PATH_MAX = 8192 }; /* for text_init: a page's token takes up to 4 KiB of it */

#endif
