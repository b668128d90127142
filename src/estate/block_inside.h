/* block_inside.h - how a block lies in memory. For block*.c only. */
#ifndef ESTATE_BLOCK_INSIDE_H
#define ESTATE_BLOCK_INSIDE_H

#include <stdatomic.h>
#include <string.h>

#include "estate/block.h"

struct part { /* of one column */
	uint32_t index, offsets, text; /* where in the bytes: the entry of each row, where each entry begins, the entries */
	uint32_t entries;
	int16_t then;
	/* Bytes a number. No index: one entry for all rows, or an entry for each. */
	uint8_t index_width, offset_width;
};

struct block {
	atomic_uint refs;
	uint32_t count, columns;
	uint32_t size;       /* of the bytes, without the slack behind them */
	struct part parts[]; /* the bytes begin with these */
};

static inline const char *block_bytes(const struct block *block)
{
	return (const char *)block->parts;
}

static inline uint32_t number_at(const char *numbers, unsigned width, uint32_t i)
{
	uint16_t two;
	uint32_t four;

	if (width == 1)
		return (unsigned char)numbers[i];
	if (width == 2) {
		memcpy(&two, numbers + (size_t)i * 2, 2);
		return two;
	}
	memcpy(&four, numbers + (size_t)i * 4, 4);
	return four;
}

static inline uint32_t part_entry_of(const struct block *block, const struct part *part, uint32_t row)
{
	if (part->index_width)
		return number_at(block_bytes(block) + part->index, part->index_width, row);
	return part->entries == 1 ? 0 : row;
}

static inline uint32_t part_offset(const struct block *block, const struct part *part, uint32_t entry)
{
	return number_at(block_bytes(block) + part->offsets, part->offset_width, entry);
}

static inline const char *part_entry(const struct block *block, const struct part *part, uint32_t entry, size_t *length)
{
	uint32_t begin = part_offset(block, part, entry);

	*length = part_offset(block, part, entry + 1) - begin - 1;
	return block_bytes(block) + part->text + begin;
}

#endif
