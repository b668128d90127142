#include "estate/snapshot.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "estate/block.h"

enum { BUILT_MOST = 1 << 20 };

struct snapshot {
	atomic_int refs;
	const struct kind *kind;
	struct block **blocks;
	size_t *firsts; /* row of each block's first */
	size_t block_count, count;
	int64_t observed_ns;
	size_t total;
	struct text built; /* rows that are in no block yet, each with its '\n' */
	unsigned built_count;
};

/* --- building --- */

struct snapshot *snapshot_new(const struct kind *kind)
{
	struct snapshot *snapshot = mem_zero(1, sizeof(*snapshot));

	atomic_init(&snapshot->refs, 1);
	snapshot->kind = kind;
	text_init(&snapshot->built, SIZE_MAX / 2);
	return snapshot;
}

void snapshot_add_block(struct snapshot *snapshot, struct block *block)
{
	size_t i = snapshot->block_count++;

	snapshot->blocks = mem_grow(snapshot->blocks, i + 1, sizeof(*snapshot->blocks));
	snapshot->firsts = mem_grow(snapshot->firsts, i + 1, sizeof(*snapshot->firsts));
	snapshot->blocks[i] = block;
	snapshot->firsts[i] = snapshot->count;
	snapshot->count += block_count(block);
}

static void end_block(struct snapshot *snapshot)
{
	struct block_row *rows = mem_zero(snapshot->built_count, sizeof(*rows));
	const char *at = snapshot->built.data;

	for (unsigned i = 0; i < snapshot->built_count; i++) {
		rows[i].cells = at;
		at = strchr(at, '\n') + 1;
	}
	snapshot_add_block(snapshot, block_make(snapshot->kind, rows, snapshot->built_count));
	free(rows);
	text_clear(&snapshot->built);
	snapshot->built_count = 0;
}

void snapshot_add_row(struct snapshot *snapshot, const char *row, size_t length)
{
	text_add_n(&snapshot->built, row, length);
	text_add_char(&snapshot->built, '\n');
	if (++snapshot->built_count == BLOCK_ROWS || snapshot->built.length > BUILT_MOST)
		end_block(snapshot);
}

void snapshot_freeze(struct snapshot *snapshot)
{
	if (snapshot->built_count)
		end_block(snapshot);
	text_release(&snapshot->built);
	text_init(&snapshot->built, 0);
}

void snapshot_set_time(struct snapshot *snapshot, int64_t observed_ns)
{
	snapshot->observed_ns = observed_ns;
}

void snapshot_set_cut(struct snapshot *snapshot, size_t total)
{
	snapshot->total = total;
}

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
	atomic_fetch_add_explicit(&snapshot->refs, 1, memory_order_relaxed);
	return snapshot;
}

void snapshot_unref(struct snapshot *snapshot)
{
	if (!snapshot || atomic_fetch_sub_explicit(&snapshot->refs, 1, memory_order_acq_rel) > 1)
		return;
	for (size_t i = 0; i < snapshot->block_count; i++)
		block_unref(snapshot->blocks[i]);
	free(snapshot->blocks);
	free(snapshot->firsts);
	text_release(&snapshot->built);
	free(snapshot);
}

const struct kind *snapshot_kind(const struct snapshot *snapshot)
{
	return snapshot->kind;
}

size_t snapshot_count(const struct snapshot *snapshot)
{
	return snapshot->count;
}

int64_t snapshot_time(const struct snapshot *snapshot)
{
	return snapshot->observed_ns;
}

size_t snapshot_total(const struct snapshot *snapshot)
{
	return snapshot->total > snapshot->count ? snapshot->total : snapshot->count;
}

size_t snapshot_blocks(const struct snapshot *snapshot)
{
	return snapshot->block_count;
}

struct block *snapshot_block(const struct snapshot *snapshot, size_t i, size_t *first_row)
{
	*first_row = snapshot->firsts[i];
	return snapshot->blocks[i];
}

static int holds(const struct snapshot *snapshot, size_t block, size_t row)
{
	return block < snapshot->block_count && snapshot->firsts[block] <= row &&
	       row - snapshot->firsts[block] < block_count(snapshot->blocks[block]);
}

/* Most blocks are full, so a guess is right most times. *row becomes the one within the block. */
static const struct block *block_of(const struct snapshot *snapshot, size_t *row)
{
	size_t low = *row / BLOCK_ROWS, high = snapshot->block_count;

	assert(*row < snapshot->count && !snapshot->built_count);
	if (!holds(snapshot, low, *row)) {
		while (high - low > 1) {
			size_t middle = low + (high - low) / 2;

			if (snapshot->firsts[middle] <= *row)
				low = middle;
			else
				high = middle;
		}
	}
	*row -= snapshot->firsts[low];
	return snapshot->blocks[low];
}

void snapshot_row(const struct snapshot *snapshot, size_t row, struct text *out)
{
	const struct block *block = block_of(snapshot, &row);

	block_row(block, (unsigned)row, snapshot->kind, out);
}

int snapshot_same_row(const struct snapshot *a, size_t row, const struct snapshot *b, size_t other)
{
	for (size_t i = 0; i < a->kind->column_count; i++) {
		size_t length;
		const char *cell = snapshot_cell(a, row, (int)i, &length);
		size_t at = other;
		const struct block *block = block_of(b, &at);

		if (!block_cell_is(block, (int)i, (unsigned)at, cell, length))
			return 0;
	}
	return 1;
}

const char *row_cell(const char *row, size_t length, int column, size_t *cell_length)
{
	const char *end = row + length, *at = row;

	*cell_length = 0;
	if (column < 0)
		return "";
	for (; column; column--, at++) {
		while (at < end && *at != '\x1f' && *at != '\x1e')
			at++;
		if (at == end)
			return "";
	}
	for (row = at; at < end && *at != '\x1f' && *at != '\x1e';)
		at++;
	*cell_length = (size_t)(at - row);
	return row;
}

const char *snapshot_cell(const struct snapshot *snapshot, size_t row, int column, size_t *length)
{
	*length = 0;
	if (column < 0)
		return "";
	const struct block *block = block_of(snapshot, &row);

	return block_cell(block, column, (unsigned)row, length);
}

const char *snapshot_role(const struct snapshot *snapshot, size_t row, enum column_role role,
	size_t *length)
{
	return snapshot_cell(snapshot, row, snapshot->kind->role[role], length);
}

char *snapshot_role_text(const struct snapshot *snapshot, size_t row, enum column_role role)
{
	size_t length;
	const char *cell = snapshot_role(snapshot, row, role, &length);

	return mem_text_n(cell, length);
}

static double plain_number(const char *cell, size_t length)
{
	char copy[48];
	char *end;
	double number;
	size_t i = 0;
	int64_t whole = 0;

	/* Most are short integers. */
	for (; i < length && i < 15 && cell[i] >= '0' && cell[i] <= '9'; i++)
		whole = whole * 10 + (cell[i] - '0');
	if (i && (i == length || cell[i] == ' '))
		return (double)whole;
	if (!length || length >= sizeof(copy))
		return NAN;
	memcpy(copy, cell, length);
	copy[length] = '\0';
	if (*copy != '-' && *copy != '.' && (*copy < '0' || *copy > '9'))
		return NAN; /* strtod would take "nan", "inf" and blanks */
	number = strtod(copy, &end);
	return end == copy || (*end && *end != ' ') || !isfinite(number) ? NAN : number;
}

static double moment_number(const char *cell, size_t length)
{
	char copy[48];
	int64_t at;

	if (!length || length >= sizeof(copy))
		return NAN;
	memcpy(copy, cell, length);
	copy[length] = '\0';
	return clock_parse(copy, &at) ? NAN : (double)at;
}

double cell_number(enum column_type type, const char *cell, size_t length)
{
	if (type == COLUMN_AGE)
		return moment_number(cell, length);
	if (type == COLUMN_BOOL)
		return length == 4 && !memcmp(cell, "true", 4)  ? 1
		       : length == 5 && !memcmp(cell, "false", 5) ? 0
								   : NAN;
	return plain_number(cell, length);
}

double snapshot_number(const struct snapshot *snapshot, size_t row, int column)
{
	size_t length;
	const char *cell = snapshot_cell(snapshot, row, column, &length);

	return column < 0 ? NAN : cell_number(snapshot->kind->columns[column].type, cell, length);
}

long snapshot_find(const struct snapshot *snapshot, const char *id)
{
	size_t length = strlen(id);

	for (size_t i = 0; i < snapshot->block_count; i++)
		for (unsigned row = 0; row < block_count(snapshot->blocks[i]); row++)
			if (block_cell_is(snapshot->blocks[i], snapshot->kind->role[ROLE_ID], row, id, length))
				return (long)(snapshot->firsts[i] + row);
	return -1;
}
