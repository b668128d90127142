/* fleet.h - the row of the audits in the table of providers: agents and findings as resources, read from the evidence lake and never from the files
 * audited. An account is the folder that was audited. */
#ifndef FLEET_FLEET_H
#define FLEET_FLEET_H

#include <stddef.h>

#include "estate/provider.h"

extern const struct provider_ops fleet_provider;

/* The folder an account means: "" or "*" that of fleet.path, else the current one. You own it; NULL: there is no such folder. Any thread. */
char *fleet_root(const struct config *config, const char *account, struct error *err);
/* The account a folder is; -1: its path is longer than an account's name may be. */
int fleet_account(const char *root, char *out, size_t size, struct error *err);

#endif
