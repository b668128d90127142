/* framework.h - the libraries an agent is known by (checks/frameworks.yaml). */
#ifndef FLEET_FRAMEWORK_H
#define FLEET_FRAMEWORK_H

#include <stddef.h>

#include "fleet/tree/source.h"

struct arena;
struct error;
struct frameworks;
struct projects;

struct framework {
	const char *name;
	const char *const *marks; /* "StateGraph(", NULL-terminated */
	int rank;                 /* of its row: smaller goes before */
};

/* What a file says of itself; texts point into the file's. */
struct framework_match {
	const struct framework *framework; /* NULL: none is imported */
	const char *module, *mark;         /* mark: NULL, none is there; not NUL-terminated: module_length */
	size_t module_length;
	int module_line, mark_line;
};

struct frameworks *frameworks_load(struct error *err); /* NULL: names file and line */
void frameworks_free(struct frameworks *frameworks);
/* Modules of the file's own project (projects_own) count for nothing. Both NULL: nothing is known of the tree. */
struct framework_file {
	const struct projects *projects;
	const char *path;
};

/* The best row of a file: by its imports, of a JSON file by the node types it names. */
struct framework_match framework_of(
	const struct frameworks *frameworks, const struct framework_file *file, enum source_kind kind, const char *text, size_t length);
/* Whether a package of that name is one of the libraries themselves, or a part of one ("langchain_openai", not "langchain_bot"). */
int framework_is(const struct frameworks *frameworks, const char *package);
/* The same of the code cells of a notebook, not of its prose and outputs: line numbers are those of the code. match->module is in the arena.
 * -1: it is no JSON, cut short say. */
int framework_of_notebook(const struct frameworks *frameworks, const struct framework_file *file, const char *bytes, size_t length, struct arena *arena, struct framework_match *match);

#endif
