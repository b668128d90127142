/* lake_read.h - what a lake says, for those who look: its index, an entry's counts, one finding, the states an agent was seen in. Text of whoever wrote
 * the lake. Blocks: for workers. */
#ifndef FLEET_LAKE_READ_H
#define FLEET_LAKE_READ_H

#include <stddef.h>

#include "fleet/finding/check.h"

struct error;
struct json;

struct lake_read_counts { /* of one entry (latest.json, or one of its history) */
	size_t open[CLASS_COUNT], one_click, suppressed;
	int worst; /* severity of the open ones; SEVERITY_COUNT none */
};

/* index.json of the lake below root; NULL: none, or not readable. Yours. */
struct json *lake_read_index(const char *root);
int lake_read_has_index(const char *root);
/* latest.json of a row of the index; NULL: none. Yours. */
struct json *lake_read_entry(const char *root, const struct json *row);
int lake_read_is_open(const struct json *finding);
void lake_read_count(const struct json *entry, struct lake_read_counts *counts);
/* "agents/a", "." for the root, "(none)" for files that belong to none. Valid as long as the entry. */
const char *lake_read_agent(const struct json *entry);
/* The entry that holds this finding, *finding within it. NULL: none. Yours. */
struct json *lake_read_find(const char *root, const char *fingerprint, const struct json **finding, struct error *err);
/* Each state an agent was seen in, the oldest first: [{"observed_at","observed_ns","score","secret","architecture","policy","worst","content"}]. NULL: the
 * index has no such agent. Yours. */
struct json *lake_read_history(const char *root, const char *agent, struct error *err);

#endif
