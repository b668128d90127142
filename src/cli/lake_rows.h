/* lake_rows.h - what the subcommands of `lake` share. */
#ifndef CLI_LAKE_ROWS_H
#define CLI_LAKE_ROWS_H

#include <stddef.h>

#include "fleet/check.h"

struct cli;
struct evidence;
struct evidence_list;
struct json;

/* Findings of an entry that count. */
struct lake_counts {
	size_t classes[CLASS_COUNT], severities[SEVERITY_COUNT];
};
void lake_count(const struct evidence *entry, struct lake_counts *counts);
/* How an agent is called in a table: "." is the root, "(none)" what belongs to no agent. Valid as long as the entry. */
const char *lake_agent_name(const struct evidence *entry);
/* One agent by its path, its hash or the beginning of either. NULL: cli_fail was told, *status is the exit status. */
const struct evidence *lake_find(struct cli *cli, const struct evidence_list *latest, const char *name, int *status);
/* What was passed over: a line each to stderr; added to the document when there is one. */
void lake_tell_damaged(const struct evidence_list *list, struct json *document);
/* Exit status. */
int lake_query(struct cli *cli, const struct evidence_list *latest);

#endif
