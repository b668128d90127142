/* lake_rows.h - what the subcommands of `lake` share. */
#ifndef CLI_LAKE_ROWS_H
#define CLI_LAKE_ROWS_H

#include <stddef.h>

#include "fleet/finding/check.h"

struct cli;
struct cli_table;
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
void lake_format_change(int from, int to, char out[16]); /* "+5" "-3" "=" */
void lake_number_cell(struct cli_table *table, size_t number); /* "-" for none */
struct json *lake_about(const struct evidence *entry); /* path, hash, brain, framework, score, observed_at */
void lake_counts_into(struct json *row, const struct lake_counts *counts);
/* A document of rows, or with -o jsonl the rows alone. Takes rows. */
int lake_print_rows(struct cli *cli, const char *key, struct json *rows, const struct evidence_list *list);

/* The subcommands. Each returns the exit status. */
int lake_list(struct cli *cli, const char *folder, const struct evidence_list *latest);
int lake_query(struct cli *cli, const char *folder, const struct evidence_list *latest);
int lake_trend(struct cli *cli, const char *folder, const struct evidence_list *latest);
int lake_trend_of(struct cli *cli, const char *folder, const struct evidence *entry);
int lake_push(struct cli *cli, const char *folder);
int lake_prune(struct cli *cli, const char *folder);

#endif
