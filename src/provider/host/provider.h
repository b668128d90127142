/* provider.h - the open provider, and the parts of it that live in files of their own. */
#ifndef PROVIDER_HOST_PROVIDER_H
#define PROVIDER_HOST_PROVIDER_H

#include "estate/provider.h"
#include "provider/host/machine.h"

struct records_kept;

struct provider {
	struct machine machine;
	pthread_mutex_t kept_lock;
	struct records_kept *kept; /* changes on record, as read last */
};

/* Adds {"id","relation","name"} of what depends on ref; nothing when nothing is known to. */
void host_dependents(struct machine *machine, const struct ref *ref, struct json *out);

/* {"items":[…]} of host.pressure, host.top {sort, limit}, host.disk_usage {path, limit, seconds}, host.oom {since},
 * host.port {port}. ERR_NOT_FOUND for another name. */
int host_query(struct machine *machine, const char *name, const struct json *params, struct json **out, struct error *err);

#endif
