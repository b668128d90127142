/* cache.h - last known rows and small state, so that the next start paints at once. */
#ifndef STORE_CACHE_H
#define STORE_CACHE_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct store;

void cache_save(struct store *store, const char *key, const void *bytes, size_t length); /* copies; grouped */
/* You own *bytes. 0 with *bytes NULL when there is none. */
int cache_load(struct store *store, const char *key, void **bytes, size_t *length, int64_t *saved_at_ns, struct error *err);

#endif
