/* kind_cache.h - the kind files as they parsed last time, in the cache folder: a tenth of the work of reading YAML at each start.
 * An entry counts only while path, size and time of its file are the same. It is a cache: without it everything is read anew. */
#ifndef ESTATE_KIND_CACHE_H
#define ESTATE_KIND_CACHE_H

struct json;
struct kind_cache;

struct kind_cache *kind_cache_open(void); /* never NULL */
/* The file's documents, or NULL: read the file. They live until the tree of kind_cache_close is freed. */
const struct json *kind_cache_find(const struct kind_cache *cache, const char *path);
/* Remembers what was read; copies. */
void kind_cache_put(struct kind_cache *cache, const char *path, const struct json *documents);
/* Saves when something was put and `good`. Returns the tree the found documents stand in: the caller keeps and frees it. */
struct json *kind_cache_close(struct kind_cache *cache, int good);

#endif
