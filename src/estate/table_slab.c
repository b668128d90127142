/* The rows of a slab one by one, and how they are found. */
#include "estate/table_inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "estate/snapshot.h"

void slab_release(struct slab *slab)
{
	block_unref(slab->block);
	free(slab->marks);
	free(slab->changed);
}

struct slab *table_add_slab(struct table *table)
{
	table->slabs = mem_grow(table->slabs, table->slab_count + 1, sizeof(*table->slabs));
	table->slabs[table->slab_count] = (struct slab){ .block = NULL };
	return &table->slabs[table->slab_count++];
}

/* Room to say of each row what became of it. */
void slab_note(struct slab *slab, unsigned row, uint32_t state)
{
	if (!slab->changed)
		slab->changed = mem_zero(BLOCK_ROWS, sizeof(*slab->changed));
	slab->changed[row] = state;
}

void slab_set_mark(struct slab *slab, unsigned row, uint32_t mark)
{
	if (!slab->count)
		slab->mark = mark; /* the first row of all */
	if (slab_mark(slab, row) == mark)
		return;
	if (!slab->marks) {
		slab->marks = mem_alloc(BLOCK_ROWS * sizeof(*slab->marks));
		for (unsigned i = 0; i < BLOCK_ROWS; i++)
			slab->marks[i] = slab->mark;
	}
	slab->marks[row] = mark;
}

/* A list that came to its end saw all of most slabs. */
void slab_settle_marks(struct slab *slab)
{
	for (unsigned row = 1; slab->marks && row < slab->count; row++)
		if (slab->marks[row] != slab->marks[0])
			return;
	if (slab->marks && slab->count)
		slab->mark = slab->marks[0];
	free(slab->marks);
	slab->marks = NULL;
}

const char *table_fresh_row(const struct table *table, uint32_t state, size_t *length)
{
	const char *at = table->fresh + (state - FRESH);
	uint32_t stored;

	memcpy(&stored, at, FRESH_HEAD);
	*length = stored;
	return at + FRESH_HEAD;
}

/* Joined; valid until the next call or change. */
const char *table_row(struct table *table, const struct slab *slab, unsigned row, size_t *length)
{
	uint32_t state = slab_state(slab, row);

	if (state >= FRESH)
		return table_fresh_row(table, state, length);
	text_clear(&table->old);
	block_row(slab->block, row, table->kind, &table->old);
	*length = table->old.length;
	return table->old.data;
}

const char *table_id(const struct table *table, const struct slab *slab, unsigned row, size_t *length)
{
	uint32_t state = slab_state(slab, row);
	size_t row_length;
	const char *text;

	if (state < FRESH)
		return block_cell(slab->block, table->kind->role[ROLE_ID], row, length);
	text = table_fresh_row(table, state, &row_length);
	return row_cell(text, row_length, table->kind->role[ROLE_ID], length);
}

struct wanted {
	const struct table *table;
	const char *id;
	size_t length;
	uint32_t place; /* or just this one */
};

static int has_id(uint32_t place, void *arg)
{
	const struct wanted *wanted = arg;
	const struct slab *slab = table_slab(wanted->table, place);
	size_t length;
	const char *id;

	if (slab_state(slab, row_of(place)) < FRESH)
		return block_cell_is(slab->block, wanted->table->kind->role[ROLE_ID], row_of(place), wanted->id, wanted->length);
	id = table_id(wanted->table, slab, row_of(place), &length);
	return length == wanted->length && !memcmp(id, wanted->id, length);
}

long table_find(const struct table *table, const char *id, size_t length)
{
	struct wanted wanted = { .table = table, .id = id, .length = length };

	return hash_index_find(&table->index, bytes_hash(id, length), has_id, &wanted);
}

/* --- the index --- */

void table_index_again(struct table *table)
{
	hash_index_clear(&table->index, table->count);
	for (size_t i = 0; i < table->slab_count; i++)
		for (unsigned row = 0; row < table->slabs[i].count; row++) {
			size_t length;
			const char *id;

			if (slab_state(&table->slabs[i], row) == REMOVED)
				continue;
			id = table_id(table, &table->slabs[i], row, &length);
			hash_index_add(&table->index, bytes_hash(id, length), (uint32_t)(i << SLAB_SHIFT | row));
		}
}

void table_index_add(struct table *table, const char *id, size_t length, uint32_t place)
{
	if (!table->index.count || hash_index_is_full(&table->index))
		table_index_again(table); /* the place is among them: it was counted */
	else
		hash_index_add(&table->index, bytes_hash(id, length), place);
}
