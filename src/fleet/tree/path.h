/* path.h - parts of a path of the tree: relative, '/' between them. */
#ifndef FLEET_PATH_H
#define FLEET_PATH_H

struct arena;

const char *path_base(const char *path); /* what stands after the last '/'; points into path */
const char *path_folder(struct arena *arena, const char *path); /* what stands before it, "" at the top; in the arena */

#endif
