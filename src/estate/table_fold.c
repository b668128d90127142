/* Blocks are made anew where rows were put or removed; snapshots take them as they are. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "estate/snapshot.h"
#include "estate/table_inside.h"

static int is_place(uint32_t place, void *arg)
{
	return place == *(const uint32_t *)arg;
}

/* Rows of the slab that are there still. */
static void gather(const struct table *table, const struct slab *slab, struct block_row *rows, struct slab *out)
{
	for (unsigned row = 0; row < slab->count; row++) {
		uint32_t state = slab_state(slab, row);
		size_t length;

		if (state == REMOVED)
			continue;
		rows[out->count] = (struct block_row){ .block = slab->block, .row = row };
		if (state >= FRESH)
			rows[out->count] = (struct block_row){ .cells = table_fresh_row(table, state, &length) };
		slab_set_mark(out, out->count, slab_mark(slab, row));
		out->count++;
	}
}

/* Rows behind a removed one moved up. */
static void move_places(struct table *table, size_t slab, const struct slab *before, const struct block *block)
{
	unsigned to = 0;

	for (unsigned row = 0; row < before->count; row++) {
		uint32_t place = (uint32_t)(slab << SLAB_SHIFT | row);
		size_t length;
		const char *id;
		long slot;

		if (slab_state(before, row) == REMOVED)
			continue;
		if (row != to) {
			id = block_cell(block, table->kind->role[ROLE_ID], to, &length);
			slot = hash_index_find(&table->index, bytes_hash(id, length), is_place, &place);
			if (slot != HASH_NONE)
				hash_index_set(&table->index, slot, (uint32_t)(slab << SLAB_SHIFT | to));
		}
		to++;
	}
}

static void fold_slab(struct table *table, size_t i)
{
	struct slab before = table->slabs[i];
	struct block_row *rows = mem_alloc((before.count + 1) * sizeof(*rows));
	struct slab after = { .count = 0 };

	gather(table, &before, rows, &after);
	if (after.count)
		after.block = block_make(table->kind, rows, after.count);
	if (before.removed && after.block)
		move_places(table, i, &before, after.block);
	table->slabs[i] = after;
	slab_release(&before);
	free(rows);
}

void table_fold(struct table *table)
{
	for (size_t i = 0; i < table->slab_count; i++)
		if (table->slabs[i].changed)
			fold_slab(table, i);
	table->fresh_length = 0;
	free(table->fresh);
	table->fresh = NULL;
	table->fresh_room = 0;
}

/* Blocks of few rows become full ones. All is folded. */
static void compact(struct table *table)
{
	struct slab *old = table->slabs;
	size_t old_count = table->slab_count;
	struct block_row *rows = mem_alloc(BLOCK_ROWS * sizeof(*rows));
	struct slab *slab = NULL;

	table->slabs = NULL;
	table->slab_count = 0;
	for (size_t i = 0; i < old_count; i++)
		for (unsigned row = 0; row < old[i].count; row++) {
			if (!slab)
				slab = table_add_slab(table);
			rows[slab->count] = (struct block_row){ .block = old[i].block, .row = row };
			slab_set_mark(slab, slab->count, slab_mark(&old[i], row));
			if (++slab->count < BLOCK_ROWS)
				continue;
			slab->block = block_make(table->kind, rows, slab->count);
			slab = NULL;
		}
	if (slab)
		slab->block = block_make(table->kind, rows, slab->count);
	for (size_t i = 0; i < old_count; i++)
		slab_release(&old[i]);
	free(old);
	free(rows);
	table_index_again(table);
}

/* --- snapshots --- */

struct snapshot *table_snapshot(struct table *table)
{
	if (table->last && !table->dirty)
		return snapshot_ref(table->last);
	table_fold(table);
	if (table->slab_count > 4 + 2 * (table->count / BLOCK_ROWS))
		compact(table);
	snapshot_unref(table->last);
	table->last = snapshot_new(table->kind);
	for (size_t i = 0; i < table->slab_count; i++)
		if (table->slabs[i].block)
			snapshot_add_block(table->last, block_ref(table->slabs[i].block));
	snapshot_freeze(table->last);
	snapshot_set_time(table->last, clock_now_ns());
	if (table->total > table->count)
		snapshot_set_cut(table->last, table->total);
	table->dirty = 0;
	return snapshot_ref(table->last);
}

/* A row without a name, or twice, is left out of the next snapshot. */
static void load_row(struct table *table, struct slab *slab, unsigned row)
{
	size_t length;
	const char *id = block_cell(slab->block, table->kind->role[ROLE_ID], row, &length);

	slab_set_mark(slab, row, table->mark);
	slab->count++;
	if (!length || table_find(table, id, length) != HASH_NONE) {
		slab_note(slab, row, REMOVED);
		slab->removed++;
		table->dirty = 1;
		return;
	}
	table->count++;
	hash_index_add(&table->index, bytes_hash(id, length), (uint32_t)((table->slab_count - 1) << SLAB_SHIFT | row));
}

void table_load(struct table *table, struct snapshot *snapshot)
{
	if (table->slab_count)
		return;
	snapshot_unref(table->last); /* of the empty table, when it was asked for */
	table->last = snapshot_ref(snapshot);
	hash_index_clear(&table->index, snapshot_count(snapshot));
	for (size_t i = 0; i < snapshot_blocks(snapshot); i++) {
		size_t first;
		struct block *block = block_ref(snapshot_block(snapshot, i, &first));
		struct slab *slab = table_add_slab(table);

		slab->block = block;
		for (unsigned row = 0; row < block_count(block); row++)
			load_row(table, slab, row);
	}
}
