/* hash_index.h - numbers found again by the hash of what they stand for; five bytes a slot. Inside src/estate. */
#ifndef ESTATE_HASH_INDEX_H
#define ESTATE_HASH_INDEX_H

#include <stddef.h>
#include <stdint.h>

uint32_t bytes_hash(const char *bytes, size_t length); /* spreads; nothing is secured by it */

struct hash_index {
	uint32_t *slots; /* number + 1; 0 free, UINT32_MAX was taken */
	uint8_t *tags;   /* of the hash */
	size_t count, used;
};
enum { HASH_NONE = -1 };

void hash_index_release(struct hash_index *index);
void hash_index_clear(struct hash_index *index, size_t numbers); /* empty, with room for so many and a few more */
int hash_index_is_full(const struct hash_index *index);          /* make a larger one before adding */
void hash_index_add(struct hash_index *index, uint32_t hash, uint32_t number);
/* The slot of the number with this hash for which is() says 1; HASH_NONE. */
long hash_index_find(const struct hash_index *index, uint32_t hash, int (*is)(uint32_t number, void *arg), void *arg);
uint32_t hash_index_at(const struct hash_index *index, long slot);
void hash_index_set(struct hash_index *index, long slot, uint32_t number); /* the same thing has another number now */
void hash_index_remove(struct hash_index *index, long slot);

#endif
