#include "fleet/tree/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/yaml.h"
#include "fleet/tree/ignore.h"

enum { DEPTH_MAX = 200, FILES_MAX = 2000000, ENTRIES_MAX = 500000, RULE_FILE_MAX = 1 << 20, PATH_BYTES_MAX = 16 << 10 };

/* What other programs made and can make again. The lowest rules of all: `!node_modules/` in a .cockpitignore takes them back in. */
static const char made_again[] = ".hg/\n.svn/\nnode_modules/\n.venv/\n__pycache__/\n.tox/\n.nox/\n.mypy_cache/\n.pytest_cache/\n"
				 ".ruff_cache/\nsite-packages/\n.terraform/\n.next/\n.ipynb_checkpoints/\nevidence_lake/\n";

struct walk {
	struct arena *arena;
	struct walk_file *files;
	size_t count;
	struct walk_skip *skips;
	struct walk_config *configs;
	struct json **trees; /* of the configs, owned */
	size_t skip_count, config_count, pruned;
	struct rules **rules; /* of folders that have some, in the order they were entered; the first is what was asked; kept for walk_excludes */
	size_t rules_count;
	struct ignore *lowest;
	int root;
};

struct entry {
	char *name;
	unsigned char type;
};

/* --- notes --- */

static void skip(struct walk *walk, const char *path, int failed, const char *why)
{
	walk->skips = mem_grow(walk->skips, walk->skip_count + 1, sizeof(*walk->skips));
	walk->skips[walk->skip_count++] = (struct walk_skip){ arena_text(walk->arena, path), arena_text(walk->arena, why), failed };
}

static char *joined(const char *folder, const char *name)
{
	return *folder ? mem_format("%s/%s", folder, name) : mem_text(name);
}

/* --- one folder --- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

/* Entries in order of name; takes fd. Owned: names and array. */
static struct entry *read_folder(struct walk *walk, int fd, const char *path, size_t *count)
{
	struct entry *entries = NULL;
	DIR *folder = fdopendir(fd);

	*count = 0;
	if (!folder) {
		close(fd);
		skip(walk, path, 1, strerror(errno));
		return NULL;
	}
	for (struct dirent *at; (errno = 0, at = readdir(folder));) {
		if (!strcmp(at->d_name, ".") || !strcmp(at->d_name, "..") || !strcmp(at->d_name, ".git"))
			continue; /* git's own is never part of the tree, as for git */
		if (*count == ENTRIES_MAX) {
			skip(walk, path, 1, "more than 500,000 entries; the rest was not looked at");
			break;
		}
		entries = mem_grow(entries, *count + 1, sizeof(*entries));
		entries[(*count)++] = (struct entry){ mem_text(at->d_name), at->d_type };
	}
	if (errno)
		skip(walk, path, 1, strerror(errno));
	closedir(folder);
	if (*count)
		qsort(entries, *count, sizeof(*entries), by_name);
	return entries;
}

/* --- what a folder says of itself: .cockpitignore and cockpit.yaml --- */

/* Rules that hold from a folder down. */
struct rules {
	const struct rules *above;
	const struct ignore *ignore; /* the chain */
	struct ignore *own;
	const char *folder;
	const struct json *targets; /* list of paths, or NULL: all */
};

/* A small plain file, owned; NULL: there is none, or it is noted why it cannot be used. */
static char *read_rule_file(struct walk *walk, int folder, const char *path, const char *name, size_t *length)
{
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat about;
	char *bytes = NULL, *full;
	ssize_t got = -1;

	if (fd < 0 && errno == ENOENT)
		return NULL;
	if (fd >= 0 && !fstat(fd, &about) && S_ISREG(about.st_mode) && about.st_size <= RULE_FILE_MAX) {
		bytes = mem_alloc((size_t)about.st_size + 1);
		got = pread(fd, bytes, (size_t)about.st_size, 0);
	}
	if (fd >= 0)
		close(fd);
	if (got >= 0) {
		*length = (size_t)got;
		return bytes;
	}
	full = joined(path, name);
	skip(walk, full, 1, "cannot be read as a plain file of at most 1 MiB; its rules are not applied");
	free(full);
	free(bytes);
	return NULL;
}

static const struct json *own_config(struct walk *walk, int folder, const char *path)
{
	size_t length;
	struct error err = { 0 };
	char *bytes = read_rule_file(walk, folder, path, "cockpit.yaml", &length);
	struct json *tree = bytes ? yaml_parse(bytes, length, &err) : NULL;

	if (bytes && !json_is(tree, JSON_OBJECT)) {
		char *name = joined(path, "cockpit.yaml"), *why = mem_format("%s; its rules are not applied", tree ? "not a mapping of settings" : err.text);

		skip(walk, name, 1, why);
		free(name);
		free(why);
		json_free(tree);
		tree = NULL;
	}
	free(bytes);
	if (!tree)
		return NULL;
	walk->configs = mem_grow(walk->configs, walk->config_count + 1, sizeof(*walk->configs));
	walk->trees = mem_grow(walk->trees, walk->config_count + 1, sizeof(struct json *));
	walk->trees[walk->config_count] = tree;
	walk->configs[walk->config_count++] = (struct walk_config){ arena_text(walk->arena, path), tree };
	return tree;
}

static const struct rules *keep_rules(struct walk *walk, const struct rules *rules)
{
	struct rules *kept = arena_alloc(walk->arena, sizeof(*kept));

	*kept = *rules;
	kept->folder = arena_text(walk->arena, rules->folder);
	walk->rules = mem_grow(walk->rules, walk->rules_count + 1, sizeof(*walk->rules));
	walk->rules[walk->rules_count++] = kept;
	return kept;
}

/* Those of the folder, or what holds above it where it has none. */
static const struct rules *own_rules(struct walk *walk, int folder, const char *path, const struct rules *above)
{
	struct rules rules = { .above = above, .folder = path, .ignore = above->ignore };
	const struct json *config = own_config(walk, folder, path);
	const struct json *excludes = json_get(config, "exclude");
	size_t length = 0;
	char *bytes = read_rule_file(walk, folder, path, ".cockpitignore", &length);
	struct text all;

	rules.targets = json_count(json_get(config, "targets")) ? json_get(config, "targets") : NULL;
	if (!bytes && !json_count(excludes))
		return rules.targets ? keep_rules(walk, &rules) : above;
	text_init(&all, 2 * RULE_FILE_MAX);
	for (const struct json *item = json_first(excludes); item; item = json_next(item))
		if (json_text(item))
			text_add(&all, json_text(item)), text_add_char(&all, '\n');
	text_add_n(&all, bytes ? bytes : "", length);
	rules.own = ignore_new(above->ignore, path, all.data, all.length);
	rules.ignore = rules.own;
	text_release(&all);
	free(bytes);
	return keep_rules(walk, &rules);
}

/* Whether one is above, below or the same as the other. */
static int on_the_way(const char *a, const char *b)
{
	size_t i = 0;

	while (a[i] && a[i] == b[i])
		i++;
	return (!a[i] && (!b[i] || b[i] == '/')) || (!b[i] && a[i] == '/');
}

static int is_target(const struct rules *rules, const char *path)
{
	for (; rules; rules = rules->above) {
		const char *below = path + strlen(rules->folder) + (*rules->folder != 0);
		int named = !rules->targets || !strcmp(below, "cockpit.yaml");

		for (const struct json *item = json_first(rules->targets); item && !named; item = json_next(item)) {
			const char *target = json_text_or(item, "");

			target += strncmp(target, "./", 2) ? 0 : 2;
			size_t length = strlen(target);
			char *bare = mem_text_n(target, length && target[length - 1] == '/' ? length - 1 : length);

			named = !strcmp(bare, ".") || on_the_way(bare, below);
			free(bare);
		}
		if (!named)
			return 0;
	}
	return 1;
}

/* --- files and folders --- */

static void add_file(struct walk *walk, int folder, const struct entry *entry, const char *path)
{
	struct stat about;

	if (fstatat(folder, entry->name, &about, AT_SYMLINK_NOFOLLOW)) {
		if (errno != ENOENT) /* it went away meanwhile: nothing is there to be read */
			skip(walk, path, 1, strerror(errno));
		return;
	}
	if (!S_ISREG(about.st_mode) && !S_ISLNK(about.st_mode)) {
		skip(walk, path, 0, S_ISFIFO(about.st_mode) ? "a FIFO, not opened" : S_ISSOCK(about.st_mode) ? "a socket, not opened" : "a device, not opened");
		return;
	}
	if (walk->count == FILES_MAX) {
		skip(walk, path, 1, "more than 2,000,000 files; this one and the rest were not looked at");
		walk->count++; /* said once */
	}
	if (walk->count > FILES_MAX)
		return;
	walk->files = mem_grow(walk->files, walk->count + 1, sizeof(*walk->files));
	walk->files[walk->count++] = (struct walk_file){
		.path = arena_text(walk->arena, path),
		.size_bytes = about.st_size,
		.changed_ns = (int64_t)about.st_mtim.tv_sec * CLOCK_SECOND_NS + about.st_mtim.tv_nsec,
		.status_ns = (int64_t)about.st_ctim.tv_sec * CLOCK_SECOND_NS + about.st_ctim.tv_nsec,
		.inode = about.st_ino,
		.link = S_ISLNK(about.st_mode) != 0,
	};
}

static void walk_folder(struct walk *walk, int fd, const char *path, const struct rules *above, int depth);

static void enter(struct walk *walk, int folder, const struct entry *entry, const char *path, const struct rules *rules, int depth)
{
	if (depth == DEPTH_MAX || strlen(path) > PATH_BYTES_MAX) {
		skip(walk, path, 1, "nested too deep; not looked at");
		return;
	}
	int fd = openat(folder, entry->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		walk_folder(walk, fd, path, rules, depth + 1);
	else if (errno != ENOENT)
		skip(walk, path, 1, strerror(errno));
}

/* The file system may not tell types with the names. */
static int is_folder(int folder, const struct entry *entry)
{
	struct stat about;

	if (entry->type != DT_UNKNOWN)
		return entry->type == DT_DIR;
	return !fstatat(folder, entry->name, &about, AT_SYMLINK_NOFOLLOW) && S_ISDIR(about.st_mode);
}

/* Takes fd. */
static void walk_folder(struct walk *walk, int fd, const char *path, const struct rules *above, int depth)
{
	int at = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	size_t count;
	struct entry *entries = read_folder(walk, fd, path, &count);
	const struct rules *rules = at >= 0 ? own_rules(walk, at, path, above) : above;

	if (at < 0)
		skip(walk, path, 1, strerror(errno));
	for (size_t i = 0; i < count; i++) {
		char *name = joined(path, entries[i].name);
		int folder = at >= 0 && is_folder(at, &entries[i]);

		if (at < 0 || ignore_matches(rules->ignore, name, folder) || !is_target(rules, name))
			walk->pruned++;
		else if (folder)
			enter(walk, at, &entries[i], name, rules, depth);
		else
			add_file(walk, at, &entries[i], name);
		free(name);
		free(entries[i].name);
	}
	free(entries);
	if (at >= 0)
		close(at);
}

struct walk *walk_tree(const char *root, const char *excludes, struct error *err)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		error_errno(err, "%s", root);
		return NULL;
	}
	struct walk *walk = mem_zero(1, sizeof(*walk));
	struct rules asked = { .folder = "" };

	walk->arena = arena_new();
	walk->lowest = ignore_new(NULL, "", made_again, sizeof(made_again) - 1);
	asked.own = ignore_new(walk->lowest, "", excludes ? excludes : "", excludes ? strlen(excludes) : 0);
	asked.ignore = asked.own;
	walk->root = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	walk_folder(walk, fd, "", keep_rules(walk, &asked), 0);
	if (walk->count > FILES_MAX)
		walk->count = FILES_MAX;
	return walk;
}

/* The rules that hold in a folder, given those above it. */
static const struct rules *rules_in(const struct walk *walk, const char *folder, const struct rules *above)
{
	for (size_t i = 1; i < walk->rules_count; i++)
		if (!strcmp(walk->rules[i]->folder, folder))
			return walk->rules[i];
	return above;
}

int walk_excludes(const struct walk *walk, const char *path)
{
	const struct rules *rules = rules_in(walk, "", walk->rules[0]);
	char *part = mem_text(path);
	int excluded = 0;

	for (const char *slash = strchr(path, '/'); slash && !excluded; slash = strchr(slash + 1, '/')) {
		part[slash - path] = '\0';
		excluded = ignore_matches(rules->ignore, part, 1) || !is_target(rules, part);
		rules = rules_in(walk, part, rules);
		part[slash - path] = '/';
	}
	excluded = excluded || ignore_matches(rules->ignore, path, 0) || !is_target(rules, path);
	free(part);
	return excluded;
}

void walk_free(struct walk *walk)
{
	if (!walk)
		return;
	if (walk->root >= 0)
		close(walk->root);
	free(walk->files);
	free(walk->skips);
	for (size_t i = 0; i < walk->config_count; i++)
		json_free(walk->trees[i]);
	free(walk->trees);
	free(walk->configs);
	for (size_t i = 0; i < walk->rules_count; i++)
		ignore_free(walk->rules[i]->own);
	free(walk->rules);
	ignore_free(walk->lowest);
	arena_free(walk->arena);
	free(walk);
}

int walk_root_fd(const struct walk *walk)
{
	return walk->root;
}

size_t walk_count(const struct walk *walk)
{
	return walk->count;
}

const struct walk_file *walk_at(const struct walk *walk, size_t i)
{
	return i < walk->count ? &walk->files[i] : NULL;
}

size_t walk_skips(const struct walk *walk)
{
	return walk->skip_count;
}

const struct walk_skip *walk_skip_at(const struct walk *walk, size_t i)
{
	return i < walk->skip_count ? &walk->skips[i] : NULL;
}

size_t walk_configs(const struct walk *walk)
{
	return walk->config_count;
}

const struct walk_config *walk_config_at(const struct walk *walk, size_t i)
{
	return i < walk->config_count ? &walk->configs[i] : NULL;
}

size_t walk_pruned(const struct walk *walk)
{
	return walk->pruned;
}
