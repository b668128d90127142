/* query.h - measurements and states for playbooks. Inside this folder; the shapes are documented at the top of query.c. */
#ifndef PROVIDER_KUBERNETES_QUERY_H
#define PROVIDER_KUBERNETES_QUERY_H

#include <stddef.h>

struct account;
struct error;
struct json;
struct provider;
struct table_row;

/* provider_ops.query. */
int kube_query(struct provider *provider, const char *name, const struct json *params, struct json **out, struct error *err);

struct query {
	struct provider *provider;
	struct account *account;
	const struct json *params;
	char namespace_[254];  /* "": cluster-wide */
	char name[512], kind[64]; /* "" any */
	size_t limit;
};

/* The answer so far: {"items": […]}. */
struct json *query_items(struct json *out);
void query_id(const struct query *query, const char *kind, const char *namespace_, const char *name, struct json *item);

/* query_pods.c */
int query_pods_state(struct query *query, struct json *out, struct error *err);
/* Each row of the pods' table, namespace by namespace; column numbers are those of the server's pod table. */
enum { POD_NAME, POD_READY, POD_STATUS, POD_RESTARTS, POD_AGE, POD_IP, POD_NODE };
typedef void (*query_pod_fn)(void *arg, const char *namespace_, const struct table_row *row);
int query_scan_pods(struct query *query, const char *selector, query_pod_fn on_row, void *arg, struct error *err);
/* {"workload","workload_kind"} of a pod by its owners' names ("api" of replica set "api-7d9f"). */
void query_workload(const struct json *pod, struct json *item);

#endif
