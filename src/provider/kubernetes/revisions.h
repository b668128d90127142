/* revisions.h - the revisions a workload keeps of itself. Inside this folder. */
#ifndef PROVIDER_KUBERNETES_REVISIONS_H
#define PROVIDER_KUBERNETES_REVISIONS_H

struct account;
struct error;
struct json;
struct resource;

/* Newest first: [{"revision": n, "name": replica set or controller revision, "created": time, "images": […], "replicas": n,
 * "ready": n, "change_cause": text, and "template": {…} (deployments) or "patch": {…} (stateful sets, daemon sets)}]. */
struct json *revisions_of(struct account *account, const struct resource *resource, const struct json *live, struct error *err);
/* 0: the one before the newest. */
const struct json *revisions_find(const struct json *revisions, long revision, struct error *err);

#endif
