/* One column after the other: its distinct cells are collected, then written with or without an index, whichever is less. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "estate/block_inside.h"
#include "estate/hash_index.h"
#include "estate/kind.h"

enum { SLOTS = BLOCK_ROWS * 2 };

/* 96 columns of 4 KiB in each row come to less. */
static const size_t bytes_max = UINT32_MAX;

struct maker { /* of one column */
	struct text text;  /* its entries */
	unsigned entries;
	uint32_t offsets[BLOCK_ROWS + 1];
	uint16_t index[BLOCK_ROWS]; /* entry of each row */
	uint16_t slots[SLOTS];      /* entry + 1; 0 free */
	/* Entry + 1 of the entries of the block the last row came from: one look instead of a search. */
	const struct block *mapped;
	uint16_t map[BLOCK_ROWS];
};

static int entry_is(const struct maker *maker, unsigned entry, const char *cell, size_t length)
{
	uint32_t begin = maker->offsets[entry];

	return maker->offsets[entry + 1] - begin - 1 == length && !memcmp(maker->text.data + begin, cell, length);
}

static unsigned add_cell(struct maker *maker, const char *cell, size_t length)
{
	unsigned at = bytes_hash(cell, length) % SLOTS;

	for (; maker->slots[at]; at = (at + 1) % SLOTS)
		if (entry_is(maker, maker->slots[at] - 1u, cell, length))
			return maker->slots[at] - 1u;
	text_add_n(&maker->text, cell, length);
	text_add_char(&maker->text, '\x1f');
	maker->offsets[maker->entries + 1] = (uint32_t)maker->text.length;
	maker->slots[at] = (uint16_t)++maker->entries;
	return maker->entries - 1;
}

static void begin_column(struct maker *maker)
{
	text_clear(&maker->text);
	maker->entries = 0;
	maker->offsets[0] = 0;
	memset(maker->slots, 0, sizeof(maker->slots));
	maker->mapped = NULL;
}

/* --- where cells come from --- */

static size_t cell_length(const char *cell)
{
	const char *end = cell;

	while ((unsigned char)*end >= 0x20)
		end++;
	return (size_t)(end - cell);
}

static const char *cell_of(const struct block_row *row, int column, size_t *length)
{
	if (row->block)
		return block_cell(row->block, column, row->row, length);
	*length = cell_length(row->cells);
	return row->cells;
}

/* To the next column; behind the last one it stays, where cells are empty. */
static void pass_column(struct block_row *rows, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (rows[i].block)
			continue;
		rows[i].cells += cell_length(rows[i].cells);
		rows[i].cells += *rows[i].cells == '\x1f' || *rows[i].cells == '\x1e';
	}
}

/* --- writing --- */

struct build {
	struct text bytes;
	struct part *parts;
};

static uint32_t add_numbers(struct text *out, const void *numbers, unsigned from_width, unsigned width, unsigned count)
{
	uint32_t at = (uint32_t)out->length;

	for (unsigned i = 0; i < count; i++) {
		uint32_t four = number_at(numbers, from_width, i);
		uint16_t two = (uint16_t)four;
		uint8_t one = (uint8_t)four;

		text_add_n(out, width == 4 ? (const char *)&four : width == 2 ? (const char *)&two : (const char *)&one, width);
	}
	return at;
}

static unsigned width_of_offsets(size_t text_length)
{
	return text_length <= UINT16_MAX ? 2 : 4;
}

/* An entry for each row, in their order. */
static void write_rows(struct build *build, struct part *part, const struct maker *maker, unsigned count, size_t text_length)
{
	uint32_t *offsets = mem_alloc((count + 1) * sizeof(*offsets));
	size_t at = 0;

	part->text = (uint32_t)build->bytes.length;
	for (unsigned i = 0; i < count; i++) {
		uint32_t begin = maker->offsets[maker->index[i]], length = maker->offsets[maker->index[i] + 1] - begin;

		offsets[i] = (uint32_t)at;
		at += length;
		text_add_n(&build->bytes, maker->text.data + begin, length);
	}
	offsets[count] = (uint32_t)at;
	part->entries = count;
	part->offset_width = (uint8_t)width_of_offsets(text_length);
	part->offsets = add_numbers(&build->bytes, offsets, 4, part->offset_width, count + 1);
	free(offsets);
}

static void write_distinct(struct build *build, struct part *part, const struct maker *maker, unsigned count)
{
	part->text = (uint32_t)build->bytes.length;
	text_add_n(&build->bytes, maker->text.data, maker->text.length);
	part->entries = maker->entries;
	part->offset_width = (uint8_t)width_of_offsets(maker->text.length);
	part->offsets = add_numbers(&build->bytes, maker->offsets, 4, part->offset_width, maker->entries + 1);
	if (maker->entries == 1)
		return;
	part->index_width = maker->entries <= 256 ? 1 : 2;
	part->index = add_numbers(&build->bytes, maker->index, 2, part->index_width, count);
}

static void write_column(struct build *build, struct part *part, const struct maker *maker, unsigned count)
{
	size_t length = 0, each, distinct;

	for (unsigned i = 0; i < count; i++)
		length += maker->offsets[maker->index[i] + 1] - maker->offsets[maker->index[i]];
	each = length + width_of_offsets(length) * (count + 1);
	distinct = maker->text.length + width_of_offsets(maker->text.length) * (maker->entries + 1) +
		   (maker->entries == 1 ? 0 : maker->entries <= 256 ? count : 2 * (size_t)count);
	if (each < distinct)
		write_rows(build, part, maker, count, length);
	else
		write_distinct(build, part, maker, count);
}

/* --- ids that end with the name --- */

static const char *written_cell(const struct build *build, const struct part *part, unsigned row, size_t *length)
{
	const char *bytes = build->bytes.data;
	uint32_t entry = part->index_width	 ? number_at(bytes + part->index, part->index_width, row)
			 : part->entries == 1 ? 0
					      : row;
	uint32_t begin = number_at(bytes + part->offsets, part->offset_width, entry);

	*length = number_at(bytes + part->offsets, part->offset_width, entry + 1) - begin - 1;
	return bytes + part->text + begin;
}

static int ends_with_name(const struct build *build, const struct block_row *row, int column, const struct part *name, unsigned i)
{
	size_t length, name_length;
	const char *cell, *tail;

	if (row->block && row->block->parts[column].then >= 0)
		return 1;
	cell = cell_of(row, column, &length);
	tail = written_cell(build, name, i, &name_length);
	return length < BLOCK_ID_MAX && length >= name_length && !memcmp(cell + length - name_length, tail, name_length);
}

/* The column of names, written before, when all ids go on there; or -1. */
static int then_of(const struct build *build, const struct kind *kind, int column, const struct block_row *rows, unsigned count)
{
	int name = kind->role[ROLE_NAME];

	if (column != kind->role[ROLE_ID] || name < 0 || name >= column)
		return -1;
	for (unsigned i = 0; i < count; i++)
		if (!ends_with_name(build, &rows[i], column, &build->parts[name], i))
			return -1;
	return name;
}

/* --- all --- */

static unsigned collect_cell(struct maker *maker, const struct build *build, const struct block_row *row, int column, int then,
	unsigned i)
{
	const struct part *from = row->block ? &row->block->parts[column] : NULL;
	size_t length, name_length;
	const char *cell;

	if (from && then >= 0 && from->then >= 0) {
		cell = part_entry(row->block, from, part_entry_of(row->block, from, row->row), &length);
	} else {
		cell = cell_of(row, column, &length);
		if (then >= 0) {
			written_cell(build, &build->parts[then], i, &name_length);
			length -= name_length;
		}
	}
	return add_cell(maker, cell, length);
}

static void collect(struct maker *maker, const struct build *build, const struct block_row *rows, unsigned count, int column, int then)
{
	for (unsigned i = 0; i < count; i++) {
		const struct block *block = rows[i].block;
		uint16_t *mapped = NULL;

		/* Whole ids, and what is left of them, are no function of the entry. */
		if (block && block->parts[column].then < 0 && then < 0) {
			if (block != maker->mapped)
				memset(maker->map, 0, sizeof(maker->map));
			maker->mapped = block;
			mapped = &maker->map[part_entry_of(block, &block->parts[column], rows[i].row)];
		}
		if (mapped && *mapped) {
			maker->index[i] = (uint16_t)(*mapped - 1);
			continue;
		}
		maker->index[i] = (uint16_t)collect_cell(maker, build, &rows[i], column, then, i);
		if (mapped)
			*mapped = (uint16_t)(maker->index[i] + 1);
	}
}

static struct block *finish(struct build *build, unsigned count, size_t columns)
{
	struct block *block = mem_alloc(sizeof(*block) + build->bytes.length + BLOCK_SLACK);

	atomic_init(&block->refs, 1);
	block->count = count;
	block->columns = (uint32_t)columns;
	block->size = (uint32_t)build->bytes.length;
	memcpy(block->parts, build->bytes.data, build->bytes.length);
	memcpy(block->parts, build->parts, columns * sizeof(*build->parts));
	memset((char *)block->parts + block->size, 0, BLOCK_SLACK);
	return block;
}

struct block *block_make(const struct kind *kind, struct block_row *rows, unsigned count)
{
	size_t columns = kind->column_count;
	struct build build = { .parts = mem_zero(columns, sizeof(*build.parts)) };
	struct maker *maker = mem_alloc(sizeof(*maker));
	struct block *block;

	text_init(&build.bytes, bytes_max);
	text_init(&maker->text, bytes_max);
	text_add_n(&build.bytes, (const char *)build.parts, columns * sizeof(*build.parts));
	for (size_t i = 0; i < columns; i++) {
		struct part *part = &build.parts[i];

		part->then = (int16_t)then_of(&build, kind, (int)i, rows, count);
		begin_column(maker);
		collect(maker, &build, rows, count, (int)i, part->then);
		write_column(&build, part, maker, count);
		pass_column(rows, count);
	}
	block = finish(&build, count, columns);
	text_release(&maker->text);
	text_release(&build.bytes);
	free(maker);
	free(build.parts);
	return block;
}
