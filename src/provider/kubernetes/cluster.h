/* cluster.h - one context's connection: address, trust, credentials (refreshed on 401 and expiry), impersonation.
 * A switch of context makes a new one: nothing of the old leaks. Any thread. */
#ifndef PROVIDER_KUBERNETES_CLUSTER_H
#define PROVIDER_KUBERNETES_CLUSTER_H

#include <stddef.h>

#include "net/net.h"

struct cluster;
struct error;
struct kubeconfig;
struct text;

struct cluster *cluster_new(struct net *net, const struct kubeconfig *kubeconfig, const char *context, struct error *err); /* no network yet */
void cluster_free(struct cluster *cluster);
const char *cluster_name(const struct cluster *cluster);      /* context */
const char *cluster_server(const struct cluster *cluster);
const char *cluster_namespace(const struct cluster *cluster); /* the context's, "default" when unset */
int cluster_insecure(const struct cluster *cluster);
int cluster_loopback(const struct cluster *cluster);          /* gzip not worth asking for */

/* One call: path as in the API ("/api/v1/…", query included). request carries method, headers, body, limits, on_data; url, tls,
 * proxy, credentials are filled in here. Obtains credentials first (exec plug-in, token file, OIDC refresh), retries once with new ones
 * after a 401. 2xx: 0. Else -1 with the Status' reason in words: 401 ERR_UNAUTHORIZED, 403 ERR_FORBIDDEN, 404 ERR_NOT_FOUND,
 * 409/412 ERR_CONFLICT, 410 ERR_CONFLICT with status 410, 422/400 ERR_INVALID, 429/503/504 ERR_UNREACHABLE; response stays filled in
 * (release it in any case) so that status and details can be read. */
int cluster_fetch(struct cluster *cluster, const struct net_request *request, const char *path, struct net_response *response, struct error *err);
/* For batches and WebSockets: a request completed with url, tls, proxy, credentials. Free with cluster_request_free after use. */
struct cluster_request;
struct cluster_request *cluster_request_new(struct cluster *cluster, const struct net_request *request, const char *path, struct error *err);
const struct net_request *cluster_request_net(const struct cluster_request *request);
void cluster_request_free(struct cluster_request *request);
/* After a 401 on that request: forgets the credentials; 1 when trying again makes sense (once a request). Of many refused at once only the
 * first makes a plug-in run again. */
int cluster_request_refused(struct cluster *cluster, const struct cluster_request *request);
/* Turns a non-2xx answer into *err as above. Returns -1. */
int cluster_error(const struct cluster *cluster, const struct net_response *response, struct error *err);
/* Puts the context and what to do next into an error of net_fetch, net_batch_next or net_ws_open. Returns -1. */
int cluster_explain(const struct cluster *cluster, struct error *err);
struct net *cluster_net(const struct cluster *cluster);

#endif
