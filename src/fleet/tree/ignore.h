/* ignore.h - .cockpitignore with the semantics of gitignore(5): last match wins, `!` re-includes unless a parent folder is excluded, `/` anchors,
 * a trailing one means folders, `**`, classes, `\#`, `\!`; nested files apply from their folder down. */
#ifndef FLEET_IGNORE_H
#define FLEET_IGNORE_H

#include <stddef.h>

struct ignore;

/* A chain: the files from the root down to a folder. parent NULL: the root. `base` is the folder the patterns are relative to ("" or "a/b").
 * The child keeps a pointer to its parent, which must outlive it. Unusable patterns are passed over, as git does. */
struct ignore *ignore_new(const struct ignore *parent, const char *base, const char *bytes, size_t length);
void ignore_free(struct ignore *ignore); /* this link only; NULL is fine */
/* Whether the path (from the root, no leading or trailing '/') is excluded by the chain; parents are known to be included. NULL ignore: 0. */
int ignore_matches(const struct ignore *ignore, const char *path, int is_folder);

#endif
