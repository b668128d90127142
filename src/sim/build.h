/* build.h - a cluster from the data of its estate, its past lived through, and what happens to it by the scenario. */
#ifndef SIM_BUILD_H
#define SIM_BUILD_H

#include <stdint.h>

struct error;
struct json;
struct object;
struct resource_type;
struct world;

/* world->cluster says what there is; made as of world->now_ns. */
void build_cluster(struct world *world);
/* Everything due by now_ns, the scenario's timeline (of times relative to zero_ns) among it. */
void build_step(struct world *world, int64_t now_ns, int64_t zero_ns);
/* The row of a workload in the data ("payments", "checkout"); NULL: it is not from there. */
const struct json *build_row(const struct world *world, const char *namespace_, const char *name);
/* "-4m" "30s" of a timeline. 0, or -1. */
int build_when(const struct json *step, int64_t *offset_ns);
/* The object a timeline's step names by kind and name ("payments/limits"). */
struct object *build_object(struct world *world, const struct json *step);
/* What a writer leaves behind: generation, and managedFields that say which fields were written, by whom and when. before: the object as it
 * was, NULL: it was made. Takes nothing. */
void build_written(struct world *world, struct object *object, const struct json *before, const char *by);

#endif
