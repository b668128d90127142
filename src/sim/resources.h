/* resources.h - what the simulated server serves, one row each, and how it prints it as a Table. */
#ifndef SIM_RESOURCES_H
#define SIM_RESOURCES_H

#include <stddef.h>
#include <stdint.h>

struct json;

struct resource_column {
	const char *name, *type; /* OpenAPI: "string" "integer" */
	int priority;            /* > 0: wide */
	const char *path;        /* "spec.type" in the object, or "@word": reckoned */
};

struct resource_type {
	const char *group, *version, *name, *kind, *shorts; /* shorts: "po" or "deploy dep", "" none */
	int namespaced, scalable;
	const struct resource_column *columns; /* ends with .name NULL */
};

extern const struct resource_type resource_types[];
extern const size_t resource_type_count;
extern const struct resource_type *const resource_pods, *const resource_nodes, *const resource_namespaces, *const resource_events, *const resource_services,
	*const resource_deployments, *const resource_replicasets, *const resource_statefulsets, *const resource_daemonsets, *const resource_budgets,
	*const resource_scalers, *const resource_slices;

const struct resource_type *resource_find(const char *group, const char *version, const char *name); /* version NULL: any; NULL: none */
const struct resource_type *resource_named(const char *name); /* "pods", "deployments", in whatever group */
const char *resource_api(const struct resource_type *type); /* "v1", "apps/v1" */
/* Cells of one row, as the server's printers write them; age and "ago" are of now_ns. */
struct json *resource_cells(const struct resource_type *type, const struct json *object, int64_t now_ns);
struct json *resource_columns(const struct resource_type *type); /* columnDefinitions */

#endif
