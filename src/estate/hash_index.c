/* Linear probing; a slot whose number was removed stays taken until the index is made anew. */
#include "estate/hash_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* FNV-1a over words. */
uint32_t bytes_hash(const char *bytes, size_t length)
{
	uint64_t hash = 0xcbf29ce484222325 ^ length, word;

	for (; length >= 8; bytes += 8, length -= 8) {
		memcpy(&word, bytes, 8);
		hash = (hash ^ word) * 0x100000001b3;
		hash ^= hash >> 29;
	}
	for (; length; bytes++, length--)
		hash = (hash ^ (unsigned char)*bytes) * 0x100000001b3;
	hash *= 0x9e3779b97f4a7c15; /* the upper bits choose the slot */
	return (uint32_t)(hash >> 32);
}

void hash_index_release(struct hash_index *index)
{
	free(index->slots);
	free(index->tags);
	*index = (struct hash_index){ .slots = NULL };
}

void hash_index_clear(struct hash_index *index, size_t numbers)
{
	size_t count = numbers + numbers / 2 + 16;

	hash_index_release(index);
	index->slots = mem_zero(count, sizeof(*index->slots));
	index->tags = mem_zero(count, sizeof(*index->tags));
	index->count = count;
}

int hash_index_is_full(const struct hash_index *index)
{
	return index->used + 1 >= index->count - index->count / 6;
}

static size_t home(const struct hash_index *index, uint32_t hash)
{
	return (size_t)((uint64_t)hash * index->count >> 32);
}

static size_t after(const struct hash_index *index, size_t at)
{
	return at + 1 == index->count ? 0 : at + 1;
}

void hash_index_add(struct hash_index *index, uint32_t hash, uint32_t number)
{
	size_t at = home(index, hash);

	while (index->slots[at])
		at = after(index, at);
	index->slots[at] = number + 1;
	index->tags[at] = (uint8_t)hash;
	index->used++;
}

long hash_index_find(const struct hash_index *index, uint32_t hash, int (*is)(uint32_t number, void *arg), void *arg)
{
	if (!index->count)
		return HASH_NONE;
	for (size_t at = home(index, hash); index->slots[at]; at = after(index, at))
		if (index->tags[at] == (uint8_t)hash && index->slots[at] != UINT32_MAX && is(index->slots[at] - 1, arg))
			return (long)at;
	return HASH_NONE;
}

uint32_t hash_index_at(const struct hash_index *index, long slot)
{
	return index->slots[slot] - 1;
}

void hash_index_set(struct hash_index *index, long slot, uint32_t number)
{
	index->slots[slot] = number + 1;
}

void hash_index_remove(struct hash_index *index, long slot)
{
	index->slots[slot] = UINT32_MAX;
}
