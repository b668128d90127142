#include "fleet/agent/project.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/toml.h"
#include "fleet/tree/path.h"
#include "fleet/tree/walk.h"

enum { MANIFEST_MAX_BYTES = 256 << 10 };

struct project {
	const char *folder, *name; /* "-" and "." of Python's are "_" */
	int script;
	struct json *wants; /* package.json: who wants itself from an index is not it; NULL otherwise */
};

struct projects {
	const struct walk *walk;
	struct arena *arena;
	struct project *rows; /* ordered by folder */
	size_t count;
	const char **packages; /* folders with an __init__.py, ordered */
	size_t package_count;
};

static const char *module_name(struct arena *arena, const char *name)
{
	char *copy = arena_text(arena, name);

	for (char *c = copy; *c; c++)
		*c = *c == '-' || *c == '.' ? '_' : (char)tolower((unsigned char)*c);
	return copy;
}

/* --- manifests --- */

static char *read_manifest(const struct walk *walk, const char *path, size_t *length)
{
	struct stat about;
	int fd = openat(walk_root_fd(walk), path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	char *bytes = NULL;

	*length = 0;
	if (fd < 0)
		return NULL;
	if (!fstat(fd, &about) && S_ISREG(about.st_mode)) {
		bytes = mem_zero(1, MANIFEST_MAX_BYTES + 1);
		for (ssize_t got; *length < MANIFEST_MAX_BYTES && (got = read(fd, bytes + *length, MANIFEST_MAX_BYTES - *length)) > 0;)
			*length += (size_t)got;
	}
	close(fd);
	return bytes;
}

static void add(struct projects *projects, const char *path, const char *name, int script, struct json *wants)
{
	struct arena *arena = projects->arena;

	if (!name || !*name) {
		json_free(wants);
		return;
	}
	projects->rows = mem_grow(projects->rows, projects->count + 1, sizeof(*projects->rows));
	projects->rows[projects->count++] =
		(struct project){ path_folder(arena, path), script ? arena_text(arena, name) : module_name(arena, name), script, wants };
}

static void read_pyproject(struct projects *projects, const char *path, const char *bytes, size_t length)
{
	struct json *tree = toml_parse(bytes, length, NULL);
	const char *name = json_text(json_get(json_get(tree, "project"), "name"));

	add(projects, path, name ? name : json_text(json_get(json_get(json_get(tree, "tool"), "poetry"), "name")), 0, NULL);
	json_free(tree);
}

static void read_package_json(struct projects *projects, const char *path, const char *bytes, size_t length)
{
	struct json *tree = json_parse(bytes, length, NULL);

	add(projects, path, json_text(json_get(tree, "name")), 1, tree);
}

/* name="x" of setup.py, name = x of setup.cfg: the first one. */
static void read_setup(struct projects *projects, const char *path, const char *bytes, size_t length)
{
	const char *at = bytes, *end = bytes + length;

	while ((at = memmem(at, (size_t)(end - at), "name", 4))) {
		const char *value = at + 4;
		size_t n = 0;
		int whole = at == bytes || (!isalnum((unsigned char)at[-1]) && at[-1] != '_');

		at = value;
		while (*value == ' ')
			value++;
		if (!whole || *value++ != '=')
			continue;
		value += strspn(value, " \"'");
		while (isalnum((unsigned char)value[n]) || (value[n] && strchr("-_.", value[n])))
			n++;
		add(projects, path, arena_text_n(projects->arena, value, n), 0, NULL);
		return;
	}
}

static const struct {
	const char *name;
	void (*read)(struct projects *projects, const char *path, const char *bytes, size_t length);
} manifests[] = {
	{ "pyproject.toml", read_pyproject },
	{ "package.json", read_package_json },
	{ "setup.py", read_setup },
	{ "setup.cfg", read_setup },
};

static void read_file(struct projects *projects, const char *path)
{
	for (size_t i = 0; i < sizeof(manifests) / sizeof(*manifests); i++) {
		size_t length;
		char *bytes;

		if (strcmp(path_base(path), manifests[i].name) != 0 || !(bytes = read_manifest(projects->walk, path, &length)))
			continue;
		manifests[i].read(projects, path, bytes, length);
		free(bytes);
	}
}

static int by_folder(const void *a, const void *b)
{
	return strcmp(((const struct project *)a)->folder, ((const struct project *)b)->folder);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct projects *projects_read(const struct walk *walk)
{
	struct projects *projects = mem_zero(1, sizeof(*projects));

	projects->walk = walk;
	projects->arena = arena_new();
	for (size_t i = 0; i < walk_count(walk); i++) {
		const char *path = walk_at(walk, i)->path;

		if (walk_at(walk, i)->link)
			continue;
		read_file(projects, path);
		if (strcmp(path_base(path), "__init__.py") != 0)
			continue;
		projects->packages = mem_grow(projects->packages, projects->package_count + 1, sizeof(*projects->packages));
		projects->packages[projects->package_count++] = path_folder(projects->arena, path);
	}
	if (projects->count)
		qsort(projects->rows, projects->count, sizeof(*projects->rows), by_folder);
	if (projects->package_count)
		qsort(projects->packages, projects->package_count, sizeof(*projects->packages), by_text);
	return projects;
}

void projects_free(struct projects *projects)
{
	if (!projects)
		return;
	for (size_t i = 0; i < projects->count; i++)
		json_free(projects->rows[i].wants);
	free(projects->rows);
	free(projects->packages);
	arena_free(projects->arena);
	free(projects);
}

/* --- asking --- */

/* A manifest of that folder that is of this language (-1: of any). */
static const struct project *project_at(const struct projects *projects, const char *folder, int script)
{
	struct project key = { .folder = folder };
	const struct project *row = projects->count ? bsearch(&key, projects->rows, projects->count, sizeof(key), by_folder) : NULL;

	while (row && row > projects->rows && !strcmp(row[-1].folder, folder))
		row--;
	for (; row && row < projects->rows + projects->count && !strcmp(row->folder, folder); row++)
		if (script < 0 || row->script == script)
			return row;
	return NULL;
}

/* The nearest manifest above the path. */
static const struct project *project_of(const struct projects *projects, const char *path, int script)
{
	char *folder = mem_text(path);
	const struct project *found = NULL;

	while (*folder && !found) {
		char *slash = strrchr(folder, '/');

		*(slash ? slash : folder) = 0;
		found = project_at(projects, folder, script);
	}
	free(folder);
	return found;
}

static int is_package(const struct projects *projects, const char *folder)
{
	return projects->package_count && bsearch(&folder, projects->packages, projects->package_count, sizeof(folder), by_text) != NULL;
}

static int same(const char *name, const char *module, size_t length)
{
	return strlen(name) == length && !memcmp(name, module, length);
}

static int holds_file(const struct projects *projects, const char *folder, const char *const *names)
{
	struct stat about;
	int found = 0;

	for (; *names && !found; names++) {
		char *path = mem_format("%s/%s", folder, *names);

		found = !fstatat(walk_root_fd(projects->walk), path, &about, AT_SYMLINK_NOFOLLOW) && S_ISREG(about.st_mode);
		free(path);
	}
	return found;
}

/* A package that no other holds is what the module is, unless it is an agent's folder that has a library's name: agents/openai/agent.py. */
static int is_top_package(const struct projects *projects, const char *folder)
{
	static const char *const entries[] = { "agent.py", "main.py", "app.py", NULL };
	const char *slash = strrchr(folder, '/');
	char *above = mem_text_n(folder, slash ? (size_t)(slash - folder) : 0);
	int top = is_package(projects, folder) && (!*above || !is_package(projects, above)) && !holds_file(projects, folder, entries);

	free(above);
	return top;
}

static int in_package(const struct projects *projects, const char *path, const char *module, size_t length)
{
	char *folder = mem_text(path);
	int found = 0;

	for (char *slash; !found && (slash = strrchr(folder, '/'));) {
		*slash = 0;
		found = same(path_base(folder), module, length) && is_top_package(projects, folder);
	}
	free(folder);
	return found;
}

/* "langgraph-prebuilt" brings langgraph/prebuilt: a part of a namespace. */
static int is_part_of(const char *name, const char *module, size_t length)
{
	return same(name, module, length) || (!strncmp(name, module, length) && name[length] == '_');
}

static int has_folder(const char *path, const char *module, size_t length)
{
	for (const char *at = path; at; at = strchr(at, '/') ? strchr(at, '/') + 1 : NULL)
		if (!strncmp(at, module, length) && at[length] == '/')
			return 1;
	return 0;
}

static int wants(const struct project *project, const char *module, size_t length)
{
	char *name = mem_text_n(module, length);
	int wanted = json_get(json_get(project->wants, "dependencies"), name) != NULL;

	free(name);
	return wanted;
}

int projects_own(const struct projects *projects, const char *path, const char *module, size_t length, int script)
{
	const struct project *project = project_of(projects, path, script);
	size_t top = length;

	if (script)
		return project && length >= strlen(project->name) && !strncmp(module, project->name, strlen(project->name)) &&
			(length == strlen(project->name) || module[strlen(project->name)] == '/') && !wants(project, module, strlen(project->name));
	if (memchr(module, '.', length))
		top = (size_t)((const char *)memchr(module, '.', length) - module);
	if (project && (same(project->name, module, top) || (is_part_of(project->name, module, top) && has_folder(path, module, top))))
		return 1;
	return in_package(projects, path, module, top);
}

const char *projects_name(const struct projects *projects, const char *folder)
{
	const struct project *project = project_at(projects, folder, -1);

	return project ? project->name : NULL;
}

const char *projects_package(const struct projects *projects, const char *path)
{
	const struct project *project = project_of(projects, path, 0);

	return project && has_folder(path, project->name, strlen(project->name)) ? project->name : NULL;
}
