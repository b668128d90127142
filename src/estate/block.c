#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "estate/block_inside.h"
#include "estate/kind.h"

struct block *block_ref(struct block *block)
{
	atomic_fetch_add_explicit(&block->refs, 1, memory_order_relaxed);
	return block;
}

void block_unref(struct block *block)
{
	if (block && atomic_fetch_sub_explicit(&block->refs, 1, memory_order_acq_rel) == 1)
		free(block);
}

unsigned block_count(const struct block *block)
{
	return block->count;
}

/* An entry and the cell it goes on with, put together. */
static const char *join(const struct block *block, const struct part *part, unsigned row, const char *head, size_t *length)
{
	enum { PLACES = 4 };
	static _Thread_local char places[PLACES][BLOCK_ID_MAX + BLOCK_SLACK];
	static _Thread_local unsigned turn;
	char *out = places[turn++ % PLACES];
	size_t tail_length;
	const char *tail = block_cell(block, part->then, row, &tail_length);

	memcpy(out, head, *length);
	memcpy(out + *length, tail, tail_length);
	*length += tail_length;
	out[*length] = '\0';
	return out;
}

const char *block_cell(const struct block *block, int column, unsigned row, size_t *length)
{
	const struct part *part = &block->parts[column];
	const char *cell = part_entry(block, part, part_entry_of(block, part, row), length);

	return part->then < 0 ? cell : join(block, part, row, cell, length);
}

int block_cell_is(const struct block *block, int column, unsigned row, const char *text, size_t length)
{
	const struct part *part = &block->parts[column];
	size_t own;
	const char *cell = part_entry(block, part, part_entry_of(block, part, row), &own);

	if (part->then < 0)
		return own == length && !memcmp(cell, text, length);
	return own <= length && !memcmp(cell, text, own) &&
	       block_cell_is(block, part->then, row, text + own, length - own);
}

void block_row(const struct block *block, unsigned row, const struct kind *kind, struct text *out)
{
	for (size_t i = 0; i < block->columns; i++) {
		size_t length;
		const char *cell = block_cell(block, (int)i, row, &length);

		if (i)
			text_add_char(out, i == kind->visible_count ? '\x1e' : '\x1f');
		text_add_n(out, cell, length);
	}
}

/* --- entries --- */

unsigned block_entries(const struct block *block, int column)
{
	return block->parts[column].entries;
}

unsigned block_entry_of(const struct block *block, int column, unsigned row)
{
	return part_entry_of(block, &block->parts[column], row);
}

const char *block_entry(const struct block *block, int column, unsigned entry, size_t *length)
{
	return part_entry(block, &block->parts[column], entry, length);
}

int block_then(const struct block *block, int column)
{
	return block->parts[column].then;
}

const char *block_text(const struct block *block, int column, size_t *length)
{
	const struct part *part = &block->parts[column];

	*length = part_offset(block, part, part->entries);
	return block_bytes(block) + part->text;
}

/* Steps grow while they stay before the offset: a near entry is found at once, a far one soon. */
unsigned block_entry_at(const struct block *block, int column, size_t offset, unsigned hint, const char **next)
{
	const struct part *part = &block->parts[column];
	unsigned low = hint, step = 1, high = hint + 1;
	uint32_t end = part_offset(block, part, high);

	while (end <= offset) {
		low = high;
		high = high + step < part->entries ? high + step : part->entries;
		step *= 2;
		end = part_offset(block, part, high);
	}
	while (high - low > 1) {
		unsigned middle = low + (high - low) / 2;
		uint32_t begin = part_offset(block, part, middle);

		if (begin <= offset) {
			low = middle;
		} else {
			high = middle;
			end = begin;
		}
	}
	*next = block_bytes(block) + part->text + end;
	return low;
}

/* Bits of a word at a time, and the usual ways numbers lie told apart outside the loop. */
static uint64_t spread_word(const unsigned char *marked, const unsigned char *index, unsigned count)
{
	uint64_t word = 0;

	for (unsigned i = 0; i < count; i++)
		word |= (uint64_t)marked[index ? index[i] : i] << i;
	return word;
}

void block_spread(const struct block *block, int column, const unsigned char *marked, uint64_t *bits)
{
	const struct part *part = &block->parts[column];
	const unsigned char *index = (const unsigned char *)block_bytes(block) + part->index;

	for (unsigned row = 0; row < block->count; row += 64) {
		unsigned count = block->count - row < 64 ? block->count - row : 64;

		if (part->index_width == 1)
			bits[row / 64] |= spread_word(marked, index + row, count);
		else if (!part->index_width && part->entries > 1)
			bits[row / 64] |= spread_word(marked + row, NULL, count);
		else
			for (unsigned i = 0; i < count; i++)
				bits[row / 64] |= (uint64_t)marked[part_entry_of(block, part, row + i)] << i;
	}
}
