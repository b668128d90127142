/* select.h - what -n, -A, --account, --scope … choose, for every command that names resources. */
#ifndef CLI_SELECT_H
#define CLI_SELECT_H

#include "estate/provider.h"

struct cli;
struct error;
struct kind;

#define CLI_SELECT_FLAGS                                                                                                                  \
	{ "namespace", 'n', "NAME", "namespace" }, { "all-namespaces", 'A', NULL, "all namespaces" },                                     \
		{ "account", 0, "NAME", "account: a kubeconfig context, a host; * for all" }, { "region", 0, "NAME", "region" }

void cli_selection(const struct cli *cli, struct selection *selection);
/* argument i names a kind. NULL with err. */
const struct kind *cli_kind(struct cli *cli, size_t i, struct error *err);
/* arguments i and i + 1: KIND NAME. */
int cli_find(struct cli *cli, size_t i, const struct kind **kind, struct ref *ref, struct error *err);

#endif
