/* A block as bytes for the cache. What comes back may be damaged, so every number in it is looked at before it is used. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "estate/block_inside.h"
#include "estate/kind.h"

struct head {
	uint32_t count, columns, size;
};

void block_to_bytes(const struct block *block, struct text *out)
{
	struct head head = { block->count, block->columns, block->size };

	text_add_n(out, (const char *)&head, sizeof(head));
	text_add_n(out, block_bytes(block), block->size);
}

static int fits(const struct block *block, uint32_t at, uint64_t bytes)
{
	return at <= block->size && bytes <= block->size - at;
}

/* Entries follow one another, none has a byte below 0x20, and each is followed by the one that ends it. */
static int entries_are_whole(const struct block *block, const struct part *part)
{
	uint32_t end = part_offset(block, part, part->entries), next = 0;
	const unsigned char *text = (const unsigned char *)block_bytes(block) + part->text;

	if (part_offset(block, part, 0) || !fits(block, part->text, end))
		return 0;
	for (uint32_t entry = 0, at = 0; entry < part->entries; entry++) {
		next = part_offset(block, part, entry + 1);
		if (next <= at || next > end)
			return 0;
		for (; at + 1 < next; at++)
			if (text[at] < 0x20)
				return 0;
		if (text[at++] != 0x1f)
			return 0;
	}
	return 1;
}

static int index_is_whole(const struct block *block, const struct part *part)
{
	if (!part->index_width)
		return part->entries == 1 || part->entries == block->count;
	if (part->index_width > 2 || !fits(block, part->index, (uint64_t)block->count * part->index_width))
		return 0;
	for (uint32_t row = 0; row < block->count; row++)
		if (part_entry_of(block, part, row) >= part->entries)
			return 0;
	return 1;
}

static int then_is_right(const struct block *block, const struct kind *kind, int column)
{
	int then = block->parts[column].then;

	if (then < 0)
		return 1;
	if (column != kind->role[ROLE_ID] || then != kind->role[ROLE_NAME] || then >= column || block->parts[then].then >= 0)
		return 0;
	for (uint32_t row = 0; row < block->count; row++) {
		size_t head, tail;

		part_entry(block, &block->parts[column], block_entry_of(block, column, row), &head);
		part_entry(block, &block->parts[then], block_entry_of(block, then, row), &tail);
		if (head + tail >= BLOCK_ID_MAX)
			return 0;
	}
	return 1;
}

static int is_whole(const struct block *block, const struct kind *kind)
{
	for (uint32_t i = 0; i < block->columns; i++) {
		const struct part *part = &block->parts[i];

		if ((part->offset_width != 2 && part->offset_width != 4) || !part->entries || part->entries > block->count ||
			!fits(block, part->offsets, (part->entries + UINT64_C(1)) * part->offset_width) ||
			!entries_are_whole(block, part) || !index_is_whole(block, part) || !then_is_right(block, kind, (int)i))
			return 0;
	}
	return 1;
}

struct block *block_from_bytes(const struct kind *kind, const char *bytes, size_t length, size_t *used)
{
	struct head head;
	struct block *block;

	if (length < sizeof(head))
		return NULL;
	memcpy(&head, bytes, sizeof(head));
	if (head.columns != kind->column_count || !head.count || head.count > BLOCK_ROWS || head.size > length - sizeof(head) ||
		head.size < head.columns * sizeof(struct part))
		return NULL;
	block = mem_alloc(sizeof(*block) + head.size + BLOCK_SLACK);
	atomic_init(&block->refs, 1);
	block->count = head.count;
	block->columns = head.columns;
	block->size = head.size;
	memcpy(block->parts, bytes + sizeof(head), head.size);
	memset((char *)block->parts + head.size, 0, BLOCK_SLACK);
	*used = sizeof(head) + head.size;
	if (is_whole(block, kind))
		return block;
	block_unref(block);
	return NULL;
}
