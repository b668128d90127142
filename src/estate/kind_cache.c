#include "estate/kind_cache.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"

enum { CACHE_BYTES_MAX = 16 << 20 };

struct kind_cache {
	char *path;
	struct json *old;  /* {"program", "files": {path: {"stamp", "documents"}}} */
	struct json *made; /* the same for what was read anew; NULL: nothing */
};

/* Another program may read the files otherwise. */
static struct json *read_old(const char *path)
{
	size_t length;
	char *bytes = file_load(path, CACHE_BYTES_MAX, &length, NULL);
	struct json *tree = bytes ? json_parse(bytes, length, NULL) : NULL;

	free(bytes);
	if (strcmp(json_text_or(json_get(tree, "program"), ""), PACKAGE_VERSION)) {
		json_free(tree);
		return NULL;
	}
	return tree;
}

struct kind_cache *kind_cache_open(void)
{
	struct kind_cache *cache = mem_zero(1, sizeof(*cache));
	const char *folder = file_cache_folder();

	if (folder && *folder) {
		cache->path = mem_format("%s/kinds.json", folder);
		cache->old = read_old(cache->path);
	}
	return cache;
}

/* "size inode seconds.nanoseconds" of the file as it is now; NULL when it cannot be asked. Yours. */
static char *stamp_of(const char *path)
{
	struct stat now;

	if (stat(path, &now))
		return NULL;
	return mem_format("%lld %llu %lld.%09ld", (long long)now.st_size, (unsigned long long)now.st_ino, (long long)now.st_mtim.tv_sec,
		now.st_mtim.tv_nsec);
}

const struct json *kind_cache_find(const struct kind_cache *cache, const char *path)
{
	const struct json *entry = json_get(json_get(cache->old, "files"), path);
	char *stamp = entry ? stamp_of(path) : NULL;
	int same = stamp && !strcmp(stamp, json_text_or(json_get(entry, "stamp"), ""));

	free(stamp);
	return same ? json_get(entry, "documents") : NULL;
}

void kind_cache_put(struct kind_cache *cache, const char *path, const struct json *documents)
{
	char *stamp = stamp_of(path);
	struct json *entry = json_object();

	if (!cache->made)
		cache->made = json_object();
	json_set_text(entry, "stamp", stamp ? stamp : "");
	json_set(entry, "documents", json_copy(documents));
	json_set(cache->made, path, entry);
	free(stamp);
}

/* What was found stays beside what is new, but for files that are gone: each folder a program once ran from would stay for good. */
static void save(struct kind_cache *cache)
{
	struct json *tree = json_object();
	struct json *files = json_object();

	for (const struct json *entry = json_first(json_get(cache->old, "files")); entry; entry = json_next(entry))
		if (!access(json_key(entry), F_OK))
			json_set(files, json_key(entry), json_copy(entry));
	for (const struct json *entry = json_first(cache->made); entry; entry = json_next(entry))
		json_set(files, json_key(entry), json_copy(entry));
	json_set_text(tree, "program", PACKAGE_VERSION);
	json_set(tree, "files", files);
	char *text = json_format(tree);
	file_save(cache->path, text, strlen(text), 0600, NULL); /* a folder that cannot be written costs time only */
	free(text);
	json_free(tree);
}

struct json *kind_cache_close(struct kind_cache *cache, int good)
{
	struct json *tree = cache->old;

	if (good && cache->made && cache->path)
		save(cache);
	json_free(cache->made);
	free(cache->path);
	free(cache);
	return tree;
}
