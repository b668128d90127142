/* select.h - what -n, -A, --account, --scope … choose, for every command that names resources. */
#ifndef CLI_SELECT_H
#define CLI_SELECT_H

#include "estate/provider.h"

struct cli;
struct error;
struct kind;
struct snapshot;

#define CLI_SELECT_FLAGS                                                                                                                  \
	{ "namespace", 'n', "NAME", "namespace" }, { "all-namespaces", 'A', NULL, "all namespaces" },                                     \
		{ "account", 0, "NAME", "account: a kubeconfig context, a host; * for all" }, { "region", 0, "NAME", "region" }

void cli_selection(const struct cli *cli, struct selection *selection);
/* Adds to what was not found by its name where it was looked for: it may be elsewhere. */
void cli_say_where(const struct cli *cli, const struct kind *kind, struct error *err);
/* Whether a row is of the --region that was asked for. */
int cli_in_region(const struct cli *cli, const struct snapshot *snapshot, size_t row);
/* argument i names a kind. NULL with err. */
const struct kind *cli_kind(struct cli *cli, size_t i, struct error *err);
/* arguments i and i + 1: KIND NAME. */
int cli_find(struct cli *cli, size_t i, const struct kind **kind, struct ref *ref, struct error *err);
/* The same of a kind that is known, NAME being argument i, and its row: *snapshot yours. */
int cli_find_row(struct cli *cli, size_t i, const struct kind *kind, struct ref *ref, struct snapshot **snapshot, size_t *row, struct error *err);

#endif
