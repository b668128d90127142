/* history.h - secrets in the past of a git repository: what any commit of any branch brought, each blob read once. */
#ifndef FLEET_SECRETS_HISTORY_H
#define FLEET_SECRETS_HISTORY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct findings;
struct secret_scanner;
struct walk;

struct secrets_history {
	size_t commits, blobs, skipped; /* skipped: larger than SOURCE_WHOLE_BYTES, or past the most that are looked at */
	int64_t bytes;
};

/* Adds a finding for each value that `findings` does not hold yet (by secret_hash): path and place are those of the commit that brought it first, which
 * symbol names ("commit 1a2b3c4d5e6f"). Git is run so that nothing of the repository's own configuration runs a program or opens a connection.
 * What the rules of walk exclude now is not looked at in the past either; NULL: everything is. cancelled may be NULL. 0; -1: ERR_NOT_FOUND (no git), ERR_INVALID (no repository, or one that git refuses), ERR_CANCELLED. */
int secrets_history(struct secret_scanner *scanner, const char *root, const struct walk *walk, struct findings *findings, const atomic_int *cancelled, struct secrets_history *seen, struct error *err);

#endif
