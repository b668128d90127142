/* fleet.h - the folders that are audited, and what they are called where an account is asked for. */
#ifndef FLEET_FLEET_H
#define FLEET_FLEET_H

#include <stddef.h>

struct config;
struct error;

/* The folder an account means: "" or "*" that of fleet.path, else the current one. You own it; NULL: there is no such folder. Any thread. */
char *fleet_root(const struct config *config, const char *account, struct error *err);
/* The account a folder is; -1: its path is longer than an account's name may be. */
int fleet_account(const char *root, char *out, size_t size, struct error *err);

#endif
