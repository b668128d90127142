/* live.h - what makes a simulated cluster live: controllers, scheduler and nodes, and what ails them by the scenario.
 * All want the world locked. A step at world->now_ns does what is due by then. */
#ifndef SIM_LIVE_H
#define SIM_LIVE_H

#include <stdint.h>

struct json;
struct object;
struct world;

/* pods.c: scheduler and kubelet. */
struct object *pod_make(struct world *world, struct object *owner, const struct json *template, const char *name, const char *node /* NULL: the scheduler's choice */);
void pod_settle(struct world *world, struct object *pod, int64_t age_ns); /* as if it had run that long */
void pod_end(struct world *world, struct object *pod); /* deleted, within its grace */
void pod_evict(struct world *world, struct object *pod, const char *message); /* by its node */
int pod_is_ready(const struct object *pod);
int pod_counts(const struct object *pod); /* neither ending nor failed */
void pods_step(struct world *world);

/* workloads.c: deployments, replica sets, stateful sets, daemon sets; and what is counted from pods. */
struct object *workload_add(struct world *world, struct json *manifest, int64_t age_ns, long revision); /* settled: its pods run already. Takes manifest */
void workloads_step(struct world *world);
void workload_remove(struct world *world, struct object *object); /* with what it owns */

/* counts.c: budgets, endpoints, scalers. */
void counts_step(struct world *world);

/* nodes.c */
void nodes_step(struct world *world);
int node_is_ready(struct world *world, const char *name);
int node_takes_pods(const struct object *node, const struct json *selector);

/* troubles.c: the scenario's, as data (docs/data.md). */
const struct json *trouble_of_pod(struct world *world, const struct object *pod); /* NULL: it is well */
int trouble_on_node(struct world *world, const struct json *trouble, const struct object *node);
const struct json *trouble_first(const struct world *world); /* each of this cluster */
const struct json *trouble_next(const struct world *world, const struct json *trouble);
int64_t trouble_ns(const struct json *trouble, const char *member, int64_t otherwise); /* "4s" */

#endif
