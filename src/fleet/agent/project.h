/* project.h - which packages of a tree are written in it: what its manifests call themselves, and Python package folders. A library's own modules
 * import it, and are no agent for that. */
#ifndef FLEET_PROJECT_H
#define FLEET_PROJECT_H

#include <stddef.h>

struct projects;
struct walk;

/* Reads the manifests of the walk, which must outlive it. Never NULL. */
struct projects *projects_read(const struct walk *walk);
void projects_free(struct projects *projects);
/* What the manifest in this folder calls the package, as a module would be ("my_bot", "@acme/bot"); NULL: there is none, or it says nothing. */
const char *projects_name(const struct projects *projects, const char *folder);
/* Whether a module imported by the file is one of the file's own project. script: JavaScript, TypeScript. */
int projects_own(const struct projects *projects, const char *path, const char *module, size_t length, int script);
/* Name of the package whose code the file is: the nearest manifest's above, when the file lies in a Python package folder of that name. NULL: of none. */
const char *projects_package(const struct projects *projects, const char *path);

#endif
