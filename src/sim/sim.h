/* sim.h - a simulated estate that lives: one API server on loopback for each of its clusters, in the wire format of Kubernetes.
 * It has threads of its own: not to be forked afterwards. */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <stddef.h>

struct error;
struct scenario;
struct sim;
struct text;

/* scenario outlives it. Its past is lived through here, in a moment. */
struct sim *sim_new(const struct scenario *scenario, struct error *err);
void sim_free(struct sim *sim); /* NULL is fine */
/* A kubeconfig with a context a cluster, the first one current. */
void sim_kubeconfig(const struct sim *sim, struct text *out);
size_t sim_clusters(const struct sim *sim);
const char *sim_name(const struct sim *sim, size_t i);
const char *sim_url(const struct sim *sim, size_t i); /* valid until sim_free */
const char *sim_token(const struct sim *sim);         /* what it wants as bearer */

#endif
