/* agent.h - which folders of a tree are agents: by cockpit.yaml first, else by the usual files and an import of a model, agent or tool library.
 * A plain main.py is none. */
#ifndef FLEET_AGENT_H
#define FLEET_AGENT_H

#include <stddef.h>

struct agents;
struct error;
struct json;
struct walk;

struct agent {
	const char *path;      /* folder from the root of the report, "" the root itself */
	const char *brain;     /* file that holds the loop or the model call, from the root */
	const char *brain_why; /* "imports langgraph.graph, calls StateGraph (line 12)" */
	const char *framework; /* "langgraph", "crewai", … or "sdk:openai"; "unknown" when only cockpit.yaml says it is one */
	const struct json *config; /* its cockpit.yaml, or NULL */
	double threshold;      /* score it must reach; 0: none set */
	size_t first_file, file_count; /* of the walk: all files below the folder (those of agents nested in it belong to them: agents_of) */
};

/* Reads the sources of the walk as far as it must (the first 256 KiB of each). NULL: checks/frameworks.yaml cannot be read. */
struct agents *agents_discover(const struct walk *walk, struct error *err);
void agents_free(struct agents *agents);
size_t agents_count(const struct agents *agents); /* ordered by path */
const struct agent *agents_at(const struct agents *agents, size_t i);
/* The agent a file belongs to: the deepest folder above it. NULL: none. */
const struct agent *agents_of(const struct agents *agents, const char *path);

#endif
