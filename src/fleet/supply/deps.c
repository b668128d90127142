#include "fleet/supply/deps.h"

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
#include "fleet/supply/deps_private.h"
#include "fleet/tree/path.h"
#include "fleet/tree/source.h"
#include "fleet/tree/walk.h"

enum { MISSES_MAX = 64, PROBLEMS_MAX = 1000, NAMED_MAX = 200, SHOWN_MAX = 1 << 16 };

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

static void (*reader_of(const char *path))(struct reading *reading)
{
	for (size_t i = 0; i < sizeof(file_kinds) / sizeof(*file_kinds); i++)
		if (!strcmp(path_base(path), file_kinds[i].name))
			return file_kinds[i].read;
	return NULL;
}

/* Each file is read once, whoever includes it: a circle of includes ends. */
int deps_reads(const char *path)
{
	return reader_of(path) != NULL;
}

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
		add_file(deps, i, !strncmp(path_base(file->path), "constraints", 11));
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
	int folder = (int)(path_base(reading->path) - reading->path);

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
	deps_settle(deps, agents);
	return deps;
}

struct deps *deps_of_bytes(const char *path, const char *bytes, size_t length)
{
	struct deps *deps = mem_zero(1, sizeof(*deps));
	struct reading reading = { .deps = deps, .path = path, .bytes = bytes, .length = length };
	void (*read)(struct reading *reading) = reader_of(path);

	deps->arena = arena_new();
	(read ? read : deps_requirements)(&reading);
	deps_settle(deps, NULL);
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
