/* recorded.h - what the cluster itself recorded of changes: revisions of workloads, who wrote which fields when, events of scaling. */
#ifndef PROVIDER_KUBERNETES_RECORDED_H
#define PROVIDER_KUBERNETES_RECORDED_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct json;
struct provider;

/* provider_ops.recorded. */
int kube_recorded(struct provider *provider, const char *account, int64_t since_ns, const void *cancelled, struct json *out, struct error *err);

/* One entry of metadata.managedFields: a manager's last write. */
struct recorded_write {
	const char *manager, *subresource; /* the entry's texts; subresource "" none */
	int64_t at_ns;
	size_t leaves;       /* fields it holds; one at least was written then */
	char field[120];     /* that one when it holds no other ("replicas", "data.limits"); else the part they lie in ("spec") */
	int is_template, is_image;
};
/* 0; -1: no time, of the cluster's own components, or status and bookkeeping only. Pure. */
int recorded_write_read(const struct json *entry, struct recorded_write *write);
/* "Scaled up replica set api-5d8 from 18 to 20": 1 with all three, else 0. Pure. */
int recorded_scaling_read(const char *message, char set[254], long *from, long *to);

#endif
