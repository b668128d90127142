#include "fleet/deps.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"
#include "fleet/agent.h"
#include "fleet/deps_private.h"
#include "fleet/source.h"
#include "fleet/walk.h"

enum { MISSES_MAX = 64, PROBLEMS_MAX = 1000, NAMED_MAX = 200, SHOWN_MAX = 1 << 16 };

struct deps {
	struct arena *arena;
	const struct walk *walk;
	struct dependency *rows;
	size_t count;
	struct locked *locked; /* ordered by ecosystem and name once all is read */
	size_t locked_count;
	struct deps_own *own;
	size_t own_count;
	struct deps_index *indices;
	size_t index_count;
	struct deps_problem *problems;
	size_t problem_count;
	struct listed {
		size_t at; /* of the walk */
		int constraints;
	} *files; /* to be read; grows by includes */
	size_t file_count;
	size_t *by_path;        /* files of the walk in order of path; made when first asked for */
	unsigned char *listed;  /* of each file of the walk: it is in files */
};

const char *ecosystem_name(enum ecosystem ecosystem)
{
	static const char *const names[ECOSYSTEM_COUNT] = { "pypi", "npm" };

	return names[ecosystem];
}

void deps_normal_name(const char *name, size_t length, char *out, size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i < length && count + 1 < size; i++) {
		int is_dash = name[i] == '-' || name[i] == '_' || name[i] == '.';

		if (!is_dash)
			out[count++] = (char)tolower((unsigned char)name[i]);
		else if (!count || out[count - 1] != '-')
			out[count++] = '-';
	}
	out[count] = 0;
}

struct arena *deps_arena(struct deps *deps)
{
	return deps->arena;
}

/* --- texts --- */

/* Of a hostile file: bounded and harmless. */
static const char *keep(struct deps *deps, const char *text)
{
	struct text safe;
	size_t length = text ? strnlen(text, DEPS_TEXT_MAX) : 0;

	if (!text)
		return NULL;
	if (safe_is(text, length))
		return arena_text_n(deps->arena, text, length);
	text_init(&safe, SHOWN_MAX);
	safe_add(&safe, text, length);
	const char *kept = arena_text(deps->arena, safe.data);
	text_release(&safe);
	return kept;
}

const char *deps_url(struct deps *deps, const char *url)
{
	const char *host = url ? strstr(url, "://") : NULL, *at, *end;

	if (!host)
		return keep(deps, url);
	host += 3;
	end = host + strcspn(host, "/?#");
	at = memrchr(host, '@', (size_t)(end - host));
	if (!at)
		return keep(deps, url);
	char *bare = mem_format("%.*s%s", (int)(host - url), url, at + 1);
	const char *kept = keep(deps, bare);

	free(bare);
	return kept;
}

static const char *kept_name(struct deps *deps, enum ecosystem ecosystem, const char *name)
{
	char normal[DEPS_NAME_MAX];

	if (ecosystem != ECOSYSTEM_PYPI)
		return keep(deps, name);
	deps_normal_name(name, strlen(name), normal, sizeof(normal));
	return keep(deps, normal);
}

/* A key that is written otherwise (with escapes) is not found, and the whole rest was looked at: not for ever. */
int deps_line_of(struct reading *reading, const char *needle, size_t *offset, int *line)
{
	const char *found = NULL;

	if (*offset < reading->length && reading->misses < MISSES_MAX)
		found = memmem(reading->bytes + *offset, reading->length - *offset, needle, strlen(needle));
	reading->misses += !found;
	if (!found)
		return 0;
	for (const char *at = reading->bytes + *offset; at < found; at++)
		*line += *at == '\n';
	*offset = (size_t)(found - reading->bytes);
	return *line;
}

/* --- rows --- */

void deps_want(struct reading *reading, const struct dependency *row)
{
	struct deps *deps = reading->deps;

	if (!*row->name || strlen(row->name) >= DEPS_NAME_MAX || deps->count == DEPS_ROWS_MAX)
		return;
	deps->rows = mem_grow(deps->rows, deps->count + 1, sizeof(*deps->rows));
	deps->rows[deps->count++] = (struct dependency){
		.ecosystem = row->ecosystem, .origin = row->origin, .name = kept_name(deps, row->ecosystem, row->name), .wanted = keep(deps, row->wanted),
		.version = keep(deps, row->version), .extras = keep(deps, row->extras), .marker = keep(deps, row->marker), .source = deps_url(deps, row->source),
		.path = reading->path, .line = row->line, .development = row->development
	};
}

void deps_lock(struct reading *reading, const struct locked *row)
{
	struct deps *deps = reading->deps;
	const char *slash = strrchr(reading->path, '/');

	if (!row->name || !*row->name || strlen(row->name) >= DEPS_NAME_MAX || !row->version || deps->locked_count == DEPS_ROWS_MAX)
		return;
	deps->locked = mem_grow(deps->locked, deps->locked_count + 1, sizeof(*deps->locked));
	deps->locked[deps->locked_count++] = (struct locked){
		.ecosystem = row->ecosystem, .origin = row->origin, .name = kept_name(deps, row->ecosystem, row->name), .version = keep(deps, row->version),
		.source = deps_url(deps, row->source), .path = reading->path, .folder = slash ? (size_t)(slash - reading->path) : 0, .line = row->line,
		.is_lock = row->is_lock
	};
}

void deps_own(struct reading *reading, enum ecosystem ecosystem, const char *name)
{
	struct deps *deps = reading->deps;

	if (!name || !*name || strlen(name) >= DEPS_NAME_MAX)
		return;
	deps->own = mem_grow(deps->own, deps->own_count + 1, sizeof(*deps->own));
	deps->own[deps->own_count++] = (struct deps_own){ ecosystem, kept_name(deps, ecosystem, name) };
}

void deps_name_index(struct reading *reading, enum ecosystem ecosystem, const char *url, const char *scope, int line)
{
	struct deps *deps = reading->deps;

	if (!url || !strstr(url, "://") || deps->index_count == NAMED_MAX)
		return;
	deps->indices = mem_grow(deps->indices, deps->index_count + 1, sizeof(*deps->indices));
	deps->indices[deps->index_count++] = (struct deps_index){ ecosystem, deps_url(deps, url), keep(deps, scope), reading->path, line };
}

void deps_problem(struct reading *reading, int line, const char *text)
{
	struct deps *deps = reading->deps;

	if (deps->problem_count == PROBLEMS_MAX)
		return;
	deps->problems = mem_grow(deps->problems, deps->problem_count + 1, sizeof(*deps->problems));
	deps->problems[deps->problem_count++] = (struct deps_problem){ .path = reading->path, .text = keep(deps, text), .line = line };
}

/* --- files --- */

static const struct file_kind {
	const char *name; /* of the file, with * */
	void (*read)(struct reading *reading);
} file_kinds[] = {
	{ "pyproject.toml", deps_pyproject },
	{ "Pipfile", deps_pipfile },
	{ "Pipfile.lock", deps_pipfile_lock },
	{ "poetry.lock", deps_python_lock },
	{ "uv.lock", deps_python_lock },
	{ "pdm.lock", deps_python_lock },
	{ "package.json", deps_package_json },
	{ ".npmrc", deps_npmrc },
	{ "pip.conf", deps_pip_conf },
	{ "uv.toml", deps_uv_toml },
	{ "package-lock.json", deps_npm_lock },
	{ "npm-shrinkwrap.json", deps_npm_lock },
	{ "yarn.lock", deps_yarn_lock },
	{ "pnpm-lock.yaml", deps_pnpm_lock },
	{ "mcp.json", deps_mcp },
	{ ".mcp.json", deps_mcp },
	{ "mcp-config.json", deps_mcp },
	{ "mcp_config.json", deps_mcp },
	{ "claude_desktop_config.json", deps_mcp },
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void (*reader_of(const char *path))(struct reading *reading)
{
	for (size_t i = 0; i < sizeof(file_kinds) / sizeof(*file_kinds); i++)
		if (!strcmp(base_name(path), file_kinds[i].name))
			return file_kinds[i].read;
	return NULL;
}

/* Each file is read once, whoever includes it: a circle of includes ends. */
static void add_file(struct deps *deps, size_t at, int constraints)
{
	if (deps->listed[at])
		return;
	deps->listed[at] = 1;
	deps->files = mem_grow(deps->files, deps->file_count + 1, sizeof(*deps->files));
	deps->files[deps->file_count++] = (struct listed){ at, constraints };
}

static void find_files(struct deps *deps)
{
	for (size_t i = 0; i < walk_count(deps->walk); i++) {
		const struct walk_file *file = walk_at(deps->walk, i);

		if (file->link || (!reader_of(file->path) && source_kind_of(file->path, "", 0) != SOURCE_REQUIREMENTS))
			continue;
		add_file(deps, i, !strncmp(base_name(file->path), "constraints", 11));
	}
}

/* "a/b/../c" and "./c" as the walk writes them. 0, or -1: above the root. */
static int plain_path(char *path)
{
	char *parts[256], *rest = path, *part;
	size_t count = 0;
	struct text out;

	text_init(&out, DEPS_TEXT_MAX * 2);
	while ((part = strsep(&rest, "/")) && count < sizeof(parts) / sizeof(*parts)) {
		if (!*part || !strcmp(part, "."))
			continue;
		if (!strcmp(part, "..") && !count) {
			text_release(&out);
			return -1;
		}
		if (!strcmp(part, ".."))
			count--;
		else
			parts[count++] = part;
	}
	for (size_t i = 0; i < count; i++)
		text_format(&out, "%s%s", i ? "/" : "", parts[i]);
	memcpy(path, out.data, out.length + 1);
	text_release(&out);
	return 0;
}

static int by_walk_path(const void *a, const void *b, void *walk)
{
	return strcmp(walk_at(walk, *(const size_t *)a)->path, walk_at(walk, *(const size_t *)b)->path);
}

static int find_path(struct deps *deps, const char *path, size_t *at)
{
	size_t low = 0, high = walk_count(deps->walk);

	if (!deps->by_path) {
		union {
			const struct walk *walk;
			void *arg;
		} same = { .walk = deps->walk };

		deps->by_path = mem_alloc((high + 1) * sizeof(*deps->by_path));
		for (size_t i = 0; i < high; i++)
			deps->by_path[i] = i;
		qsort_r(deps->by_path, high, sizeof(*deps->by_path), by_walk_path, same.arg);
	}
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(walk_at(deps->walk, deps->by_path[middle])->path, path);

		if (!order) {
			*at = deps->by_path[middle];
			return !walk_at(deps->walk, *at)->link;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

void deps_include(struct reading *reading, int line, const char *target, size_t length, int constraints)
{
	struct deps *deps = reading->deps;
	char path[DEPS_TEXT_MAX * 2];
	size_t at;
	int folder = (int)(base_name(reading->path) - reading->path);

	if (length >= DEPS_TEXT_MAX || folder >= DEPS_TEXT_MAX || !length || *target == '/' || memmem(target, length, "://", 3)) {
		deps_problem(reading, line, "the included file is outside the tree and is not read");
		return;
	}
	snprintf(path, sizeof(path), "%.*s%.*s", folder, reading->path, (int)length, target);
	if (deps->walk && !plain_path(path) && find_path(deps, path, &at))
		add_file(deps, at, constraints);
	else
		deps_problem(reading, line, "the included file is not there, or is excluded");
}

static void read_file(struct deps *deps, struct source *source, struct listed file)
{
	const char *path = walk_at(deps->walk, file.at)->path;
	struct reading reading = { .deps = deps, .path = path, .constraints = file.constraints };
	void (*read)(struct reading *reading) = reader_of(path);
	struct error err = { 0 };

	if (source_load(source, walk_root_fd(deps->walk), path, path, 0, &err)) {
		deps_problem(&reading, 0, err.text);
		return;
	}
	if (source->file_bytes > SOURCE_WHOLE_BYTES) {
		deps_problem(&reading, 0, "larger than 16 MiB; its dependencies are not read");
		return;
	}
	reading.bytes = source->text;
	reading.length = source->length;
	(read ? read : deps_requirements)(&reading);
}

/* --- joining --- */

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
	size_t folder = (size_t)(base_name(row->path) - row->path);
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

static void join(struct deps *deps, const struct agents *agents)
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

struct deps *deps_read(const struct walk *walk, const struct agents *agents)
{
	struct deps *deps = mem_zero(1, sizeof(*deps));
	struct source source = { 0 };

	deps->arena = arena_new();
	deps->walk = walk;
	deps->listed = mem_zero(walk_count(walk) + 1, 1);
	find_files(deps);
	for (size_t i = 0; i < deps->file_count; i++)
		read_file(deps, &source, deps->files[i]);
	source_release(&source);
	join(deps, agents);
	return deps;
}

struct deps *deps_of_bytes(const char *path, const char *bytes, size_t length)
{
	struct deps *deps = mem_zero(1, sizeof(*deps));
	struct reading reading = { .deps = deps, .path = path, .bytes = bytes, .length = length };
	void (*read)(struct reading *reading) = reader_of(path);

	deps->arena = arena_new();
	(read ? read : deps_requirements)(&reading);
	join(deps, NULL);
	return deps;
}

void deps_free(struct deps *deps)
{
	if (!deps)
		return;
	free(deps->rows);
	free(deps->locked);
	free(deps->own);
	free(deps->indices);
	free(deps->problems);
	free(deps->files);
	free(deps->by_path);
	free(deps->listed);
	arena_free(deps->arena);
	free(deps);
}

/* --- reading it --- */

size_t deps_count(const struct deps *deps)
{
	return deps->count;
}

const struct dependency *deps_at(const struct deps *deps, size_t i)
{
	return i < deps->count ? &deps->rows[i] : NULL;
}

size_t deps_problems(const struct deps *deps)
{
	return deps->problem_count;
}

const struct deps_problem *deps_problem_at(const struct deps *deps, size_t i)
{
	return i < deps->problem_count ? &deps->problems[i] : NULL;
}

size_t deps_indices(const struct deps *deps)
{
	return deps->index_count;
}

const struct deps_index *deps_index_at(const struct deps *deps, size_t i)
{
	return i < deps->index_count ? &deps->indices[i] : NULL;
}

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
	if (reader_of(path) || source_kind_of(path, "", 0) == SOURCE_REQUIREMENTS) {
		folder = (size_t)(base_name(path) - path);
		folder -= folder > 0;
	}
	const struct locked *row = nearest(deps, path, folder, ecosystem, normal, &several);

	return row && !several && row->origin == ORIGIN_INDEX ? row->version : NULL;
}

/* What only a lock names is told in short: there may be hundreds of thousands of them. */
static struct json *row_to_json(const struct dependency *row)
{
	static const char *const origins[] = { "index", "url", "local" };
	struct json *json = json_object();

	json_set_text(json, "ecosystem", ecosystem_name(row->ecosystem));
	json_set_text(json, "name", row->name);
	json_set_text(json, "version", row->version);
	json_set_text(json, "path", row->path);
	json_set_int(json, "line", row->line);
	json_set(json, "direct", json_boolean(row->wanted != NULL));
	if (row->wanted) {
		json_set_text(json, "wanted", row->wanted);
		json_set_text(json, "lock", row->lock);
		json_set(json, "lock_line", row->lock ? json_integer(row->lock_line) : json_null());
		json_set(json, "development", json_boolean(row->development));
		json_set_text(json, "origin", origins[row->origin]);
		json_set_text(json, "source", row->source);
		json_set_text(json, "extras", row->extras);
		json_set_text(json, "marker", row->marker);
		json_set_text(json, "agent", row->agent && !*row->agent ? "." : row->agent);
	}
	json_make_safe(json);
	return json;
}

struct json *deps_to_json(const struct deps *deps)
{
	struct json *list = json_array();

	for (size_t i = 0; i < deps->count; i++)
		json_add(list, row_to_json(&deps->rows[i]));
	return list;
}
