/* logs.h - logs of containers: one pod or several, merged by time; followed across broken connections without a gap or a repeat.
 * Blocks the calling worker; lines come on it. Memory is bounded however slow the reader is: the server is made to wait. */
#ifndef PROVIDER_KUBERNETES_LOGS_H
#define PROVIDER_KUBERNETES_LOGS_H

#include "estate/provider.h"

struct cluster;

enum { KUBERNETES_LOGS_MAX = 50, KUBERNETES_LOG_LINE_MAX = 64 << 10 };

/* request->container NULL: all of the pod's. Lines have no timestamp in them (at_ns is it); source is "pod/container". One longer than
 * KUBERNETES_LOG_LINE_MAX is cut and says so. Of several logs one that cannot be had gives a line "no log: why"; when none can: -1.
 * 0: at the end, or stopped by on_line; ERR_CANCELLED, ERR_LIMIT (more than KUBERNETES_LOGS_MAX logs). */
int kubernetes_logs(struct cluster *cluster, const char *namespace_, const char *pod, const struct log_request *request,
	log_line_fn on_line, void *arg, struct error *err);
/* Of all pods a label selector names: "app=api,tier=front". */
int kubernetes_logs_selected(struct cluster *cluster, const char *namespace_, const char *selector, const struct log_request *request,
	log_line_fn on_line, void *arg, struct error *err);

#endif
