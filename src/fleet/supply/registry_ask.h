/* registry_ask.h - for registry.c, registry_packages.c and registry_told.c: what is known of each package. */
#ifndef FLEET_REGISTRY_ASK_H
#define FLEET_REGISTRY_ASK_H

#include <stdint.h>

#include "fleet/supply/registry_private.h"

struct package {
	enum ecosystem ecosystem;
	const char *name;
	int known_public;
	struct index *index;     /* that has it */
	struct json *answer;     /* what it said; NULL: none has it */
	struct json *advisories; /* {version: [{"id","alias","fixed","summary"}]}, of versions an index could tell about */
	uint64_t asked, missing, failed; /* bits of indices */
	int held, uncached;      /* not told to the public mirror; offline and not kept */
};

struct registry {
	const struct deps *deps;
	struct registry_options options;
	struct arena *arena;
	struct index_list indices; /* the public ones first */
	struct package *packages;  /* ordered by ecosystem and name */
	size_t count;
	int64_t deadline_ns;
};

struct package *registry_package(const struct registry *registry, enum ecosystem ecosystem, const char *name);
/* 1: packages like this are asked for there. */
int registry_is_of(const struct registry *registry, const struct index *index, const struct package *package);

/* Those of the dependencies that an index may have, ordered; then which of them are public anyhow. */
void registry_add_packages(struct registry *registry);
void registry_mark_public(struct registry *registry);
char *registry_package_url(const struct index *index, const struct package *package); /* yours */
/* Index number step of it: private ones in their order, then public ones, the mirror last. NULL: no more. */
struct index *registry_chain_at(struct registry *registry, const struct package *package, size_t step);
uint64_t registry_bit_of(const struct registry *registry, const struct index *index);
/* What registry.h says at its head. */
int registry_may_go_public(const struct registry *registry, const struct package *package);

/* Asks each registry of npm that had something about the versions in use. */
void registry_ask_npm(struct registry *registry, int timeout_ms);

#endif
