/* deps_settle.c - which version of what manifests want was settled on: lock files and exact requirements joined to the rows, and asked later. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fleet/agent/agent.h"
#include "fleet/supply/deps_private.h"
#include "fleet/tree/path.h"
#include "fleet/tree/source.h"

static int by_name(const void *a, const void *b)
{
	const struct locked *x = a, *y = b;
	int order = x->ecosystem != y->ecosystem ? (int)x->ecosystem - (int)y->ecosystem : strcmp(x->name, y->name);

	if (!order)
		order = strcmp(x->path, y->path);
	return order ? order : x->line - y->line;
}

/* The rows of a name: *first of count. */
static size_t locked_rows(const struct deps *deps, enum ecosystem ecosystem, const char *name, size_t *first)
{
	struct locked key = { .ecosystem = ecosystem, .name = name, .path = "" };
	size_t low = 0, high = deps->locked_count, count = 0;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (by_name(&deps->locked[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + count < deps->locked_count && deps->locked[low + count].ecosystem == ecosystem && !strcmp(deps->locked[low + count].name, name))
		count++;
	*first = low;
	return count;
}

static int is_folder_above(const struct locked *row, const char *path, size_t length)
{
	return !row->folder || (row->folder <= length && !memcmp(row->path, path, row->folder) && (length == row->folder || path[row->folder] == '/'));
}

/* The row that settles it for a folder: the nearest; a lock file before a mere ==. *several: it has other versions too. */
static struct locked *nearest(const struct deps *deps, const char *path, size_t folder, enum ecosystem ecosystem, const char *name, int *several)
{
	struct locked *best = NULL;
	size_t first, count = locked_rows(deps, ecosystem, name, &first);

	*several = 0;
	for (size_t i = first; i < first + count; i++) {
		struct locked *row = &deps->locked[i];

		if (!is_folder_above(row, path, folder))
			continue;
		if (!best || row->folder > best->folder || (row->folder == best->folder && row->is_lock > best->is_lock)) {
			best = row;
			*several = 0;
		} else if (row->folder == best->folder && row->is_lock == best->is_lock && strcmp(row->version, best->version)) {
			*several = 1;
		}
	}
	return best;
}

/* What settles a row; equal questions that follow each other are answered once, so that a file of one name a million times costs no more. */
struct settling {
	const struct dependency *last;
	struct locked *locked;
};

static void settle(struct deps *deps, struct settling *settling, struct dependency *row)
{
	const struct dependency *last = settling->last;
	size_t folder = (size_t)(path_base(row->path) - row->path);
	int several = 0;

	if (!last || last->path != row->path || last->ecosystem != row->ecosystem || strcmp(last->name, row->name) != 0) {
		settling->locked = nearest(deps, row->path, folder ? folder - 1 : 0, row->ecosystem, row->name, &several);
		settling->locked = several ? NULL : settling->locked;
		settling->last = row;
	}
	struct locked *locked = settling->locked;
	if (!locked || row->origin != ORIGIN_INDEX)
		return;
	locked->used = 1;
	row->origin = locked->origin;
	row->version = locked->version;
	row->source = locked->source ? locked->source : row->source;
	row->lock = locked->path;
	row->lock_line = locked->line;
}

/* What only a lock file names: what others need in turn. */
static void add_unwanted(struct deps *deps)
{
	for (size_t i = 0; i < deps->locked_count && deps->count < DEPS_ROWS_MAX; i++) {
		const struct locked *row = &deps->locked[i];

		if (row->used || !row->is_lock)
			continue;
		deps->rows = mem_grow(deps->rows, deps->count + 1, sizeof(*deps->rows));
		deps->rows[deps->count++] = (struct dependency){ .ecosystem = row->ecosystem, .origin = row->origin, .name = row->name, .version = row->version,
			.source = row->source, .path = row->path, .line = row->line, .lock = row->path, .lock_line = row->line };
	}
}

static int by_own(const void *a, const void *b)
{
	const struct deps_own *x = a, *y = b;

	return x->ecosystem != y->ecosystem ? (int)x->ecosystem - (int)y->ecosystem : strcmp(x->name, y->name);
}

/* Rows of one name in one folder stand together. */
static int by_wanted(const void *a, const void *b)
{
	const struct dependency *x = a, *y = b;
	int order = x->ecosystem != y->ecosystem ? (int)x->ecosystem - (int)y->ecosystem : strcmp(x->name, y->name);

	return order ? order : strcmp(x->path, y->path);
}

static int by_place(const void *a, const void *b)
{
	const struct dependency *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	if (!order)
		order = x->line - y->line;
	return order ? order : strcmp(x->name, y->name);
}

void deps_settle(struct deps *deps, const struct agents *agents)
{
	struct settling settling = { 0 };

	if (deps->locked_count)
		qsort(deps->locked, deps->locked_count, sizeof(*deps->locked), by_name);
	if (deps->own_count)
		qsort(deps->own, deps->own_count, sizeof(*deps->own), by_own);
	if (deps->count)
		qsort(deps->rows, deps->count, sizeof(*deps->rows), by_wanted);
	for (size_t i = 0; i < deps->count; i++)
		settle(deps, &settling, &deps->rows[i]);
	add_unwanted(deps);
	if (deps->count)
		qsort(deps->rows, deps->count, sizeof(*deps->rows), by_place);
	for (size_t i = 0; i < deps->count; i++) {
		struct dependency *row = &deps->rows[i];
		const struct agent *agent = NULL;

		if (i && deps->rows[i - 1].path == row->path)
			row->agent = deps->rows[i - 1].agent;
		else
			row->agent = agents && (agent = agents_of(agents, row->path)) ? agent->path : NULL;
	}
}

/* --- asking --- */

int deps_is_own(const struct deps *deps, enum ecosystem ecosystem, const char *name)
{
	struct deps_own key = { ecosystem, name };

	return deps->own_count && bsearch(&key, deps->own, deps->own_count, sizeof(key), by_own);
}

static void normal_of(enum ecosystem ecosystem, const char *name, char normal[DEPS_NAME_MAX])
{
	if (ecosystem == ECOSYSTEM_PYPI)
		deps_normal_name(name, strlen(name), normal, DEPS_NAME_MAX);
	else
		snprintf(normal, DEPS_NAME_MAX, "%s", name);
}

const char *deps_agreed_version(const struct deps *deps, enum ecosystem ecosystem, const char *name)
{
	char normal[DEPS_NAME_MAX];
	const char *version = NULL;
	size_t first;

	normal_of(ecosystem, name, normal);
	size_t count = locked_rows(deps, ecosystem, normal, &first);
	for (size_t i = first; i < first + count; i++) {
		const struct locked *row = &deps->locked[i];

		if (!row->is_lock || row->origin != ORIGIN_INDEX)
			continue;
		if (version && strcmp(version, row->version) != 0)
			return NULL;
		version = row->version;
	}
	return version;
}

const char *deps_locked_version(const struct deps *deps, const char *path, enum ecosystem ecosystem, const char *name)
{
	char normal[DEPS_NAME_MAX];
	size_t folder = strlen(path);
	int several = 0;

	normal_of(ecosystem, name, normal);
	if (deps_reads(path) || source_kind_of(path, "", 0) == SOURCE_REQUIREMENTS) {
		folder = (size_t)(path_base(path) - path);
		folder -= folder > 0;
	}
	const struct locked *row = nearest(deps, path, folder, ecosystem, normal, &several);

	return row && !several && row->origin == ORIGIN_INDEX ? row->version : NULL;
}
