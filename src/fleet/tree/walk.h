/* walk.h - the files of a tree, in order, without following a link or opening anything but folders. What .cockpitignore or an exclude of
 * cockpit.yaml takes out is never opened: folders are pruned where they stand. */
#ifndef FLEET_WALK_H
#define FLEET_WALK_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct json;
struct walk;

struct walk_file {
	const char *path; /* from the root, '/' between */
	int64_t size_bytes, changed_ns, status_ns; /* as stat says: st_size, st_mtim, st_ctim */
	uint64_t inode;
	int link; /* a symbolic link: named, not followed */
};
/* Told of everything that could not be looked at: unreadable folder, socket, FIFO, device, name too long. */
struct walk_skip {
	const char *path, *why;
	int failed; /* 1: should have been read and could not be; 0: not ours to read */
};

/* A cockpit.yaml. Its `exclude` (patterns as in .cockpitignore) and `targets` (paths; nothing else below the folder is looked at) hold for the walk. */
struct walk_config {
	const char *folder;       /* "" the root */
	const struct json *tree;  /* a mapping; valid until walk_free */
};

/* Whole tree below root. NULL: root is no folder that can be read. excludes: patterns as in .cockpitignore, or NULL. Not thread-safe. */
struct walk *walk_tree(const char *root, const char *excludes, struct error *err);
void walk_free(struct walk *walk);
/* Whether the rules of the tree as it is now would keep a file of that path (from the root, there or not) from being opened. */
int walk_excludes(const struct walk *walk, const char *path);
int walk_root_fd(const struct walk *walk); /* open while the walk lives: for openat */
size_t walk_count(const struct walk *walk); /* ordered by path, bytewise with '/' first, so that a folder's files stand together */
const struct walk_file *walk_at(const struct walk *walk, size_t i);
size_t walk_skips(const struct walk *walk);
const struct walk_skip *walk_skip_at(const struct walk *walk, size_t i);
size_t walk_configs(const struct walk *walk); /* ordered by folder */
const struct walk_config *walk_config_at(const struct walk *walk, size_t i);
size_t walk_pruned(const struct walk *walk); /* folders and files that an ignore file, an exclude or targets took out */

#endif
