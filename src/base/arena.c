#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { BLOCK_FIRST = 1024, BLOCK_MAX = 64 * 1024 };

struct block {
	struct block *next;
	size_t size, used;
	alignas(max_align_t) char bytes[];
};

struct arena {
	struct block *blocks; /* the first has the room */
	size_t size_bytes;
};

struct arena *arena_new(void)
{
	return mem_zero(1, sizeof(struct arena));
}

void arena_free(struct arena *arena)
{
	struct block *next;

	if (!arena)
		return;
	for (struct block *block = arena->blocks; block; block = next) {
		next = block->next;
		free(block);
	}
	free(arena);
}

static struct block *block_new(struct arena *arena, size_t size)
{
	struct block *block = mem_zero(1, sizeof(*block) + size);

	block->size = size;
	arena->size_bytes += sizeof(*block) + size;
	return block;
}

/* A large piece gets a block of its own behind the first, so that the first's room is not lost. */
static void *alloc_alone(struct arena *arena, size_t size)
{
	struct block *block = block_new(arena, size);

	block->used = size;
	if (arena->blocks) {
		block->next = arena->blocks->next;
		arena->blocks->next = block;
	} else {
		arena->blocks = block;
	}
	return block->bytes;
}

static void *take(struct arena *arena, size_t size, size_t alignment)
{
	struct block *block = arena->blocks;
	size_t start = block ? (block->used + alignment - 1) & ~(alignment - 1) : 0;

	if (!block || start > block->size || size > block->size - start) {
		if (size > BLOCK_MAX / 4)
			return alloc_alone(arena, size);
		size_t room = block && block->size >= BLOCK_FIRST ? block->size * 2 : BLOCK_FIRST;

		if (room > BLOCK_MAX)
			room = BLOCK_MAX;
		while (room < size)
			room *= 2;
		block = block_new(arena, room);
		block->next = arena->blocks;
		arena->blocks = block;
		start = 0;
	}
	block->used = start + size;
	return block->bytes + start;
}

void *arena_alloc(struct arena *arena, size_t size_bytes)
{
	return take(arena, size_bytes ? size_bytes : 1, alignof(max_align_t));
}

char *arena_text(struct arena *arena, const char *text)
{
	return text ? arena_text_n(arena, text, strlen(text)) : NULL;
}

char *arena_text_n(struct arena *arena, const char *text, size_t length)
{
	char *copy = take(arena, length + 1, 1);

	if (length)
		memcpy(copy, text, length);
	copy[length] = 0;
	return copy;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
	char small[256], *text;
	va_list args, again;
	int length;

	va_start(args, format);
	va_copy(again, args);
	length = vsnprintf(small, sizeof(small), format, args);
	va_end(args);
	if (length < 0)
		length = 0, *small = 0;
	text = take(arena, (size_t)length + 1, 1);
	if ((size_t)length < sizeof(small))
		memcpy(text, small, (size_t)length + 1);
	else
		vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	return text;
}

size_t arena_size_bytes(const struct arena *arena)
{
	return arena->size_bytes;
}
