/* Rows lie in blocks that snapshots share. What was put since lies joined in `fresh`, and each slab (the rows of one block, or of
 * one to come) says which of its rows are changed; making a snapshot, or much that is fresh, makes these blocks anew. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "estate/snapshot.h"
#include "estate/table_inside.h"

enum { FRESH_MOST = 1 << 20 };

struct table *table_new(const struct kind *kind)
{
	struct table *table = mem_zero(1, sizeof(*table));

	table->kind = kind;
	row_maker_init(&table->maker, kind);
	text_init(&table->old, SIZE_MAX / 2);
	return table;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->slab_count; i++)
		slab_release(&table->slabs[i]);
	free(table->slabs);
	hash_index_release(&table->index);
	free(table->fresh);
	snapshot_unref(table->last);
	row_maker_release(&table->maker);
	text_release(&table->old);
	free(table);
}

void table_watch(struct table *table, table_on_change on_change, void *arg)
{
	table->on_change = on_change;
	table->arg = arg;
}

void table_set_spare(struct table *table, table_spare spare, void *arg)
{
	table->spare = spare;
	table->spare_arg = arg;
}

void table_set_total(struct table *table, size_t total)
{
	if (table->total != total)
		table->dirty = 1;
	table->total = total;
}

size_t table_count(const struct table *table)
{
	return table->count;
}

int table_dirty(const struct table *table)
{
	return table->dirty;
}

/* --- changing --- */

/* Is what the maker holds what is there already? */
static int is_same(const struct table *table, const struct slab *slab, unsigned row)
{
	const struct row_maker *maker = &table->maker;
	uint32_t state = slab_state(slab, row);
	const char *text = NULL, *end = NULL;
	size_t length;

	if (state >= FRESH) {
		text = table_fresh_row(table, state, &length);
		end = text + length;
	}
	for (size_t i = 0; i < table->kind->column_count; i++) {
		if (!text) {
			if (!block_cell_is(slab->block, (int)i, row, maker->safe[i], maker->lengths[i]))
				return 0;
			continue;
		}
		row_cell(text, (size_t)(end - text), 0, &length);
		if (length != maker->lengths[i] || memcmp(text, maker->safe[i], length))
			return 0;
		text += length + (text + length < end);
	}
	return 1;
}

static void tell(struct table *table, const char *id, const char *old_row, size_t old_length,
	const char *new_row, size_t new_length)
{
	struct table_change change = {
		.id = id,
		.old_row = old_row,
		.new_row = new_row,
		.old_length = old_length,
		.new_length = new_length,
		.significant = 1,
	};

	if (old_row && new_row)
		change.significant = row_differs(table->kind, old_row, old_length, new_row, new_length);
	table->on_change(&change, table->arg);
}

/* Keeps what the maker joined. */
static uint32_t keep_fresh(struct table *table)
{
	const struct text *row = &table->maker.row;
	size_t at = table->fresh_length, need = at + FRESH_HEAD + row->length;
	uint32_t length = (uint32_t)row->length - 1; /* without its '\n' */

	if (need > table->fresh_room) {
		table->fresh_room = need + need / 2 + 4096;
		table->fresh = mem_resize(table->fresh, table->fresh_room);
	}
	memcpy(table->fresh + at, &length, FRESH_HEAD);
	memcpy(table->fresh + at + FRESH_HEAD, row->data, row->length);
	table->fresh_length = need;
	return (uint32_t)at + FRESH;
}

static void tell_put(struct table *table, const struct slab *slab, unsigned row, const char *id, size_t id_length)
{
	char *id_text = mem_text_n(id, id_length);
	size_t old_length = 0;
	const char *old_row = slab ? table_row(table, slab, row, &old_length) : NULL;

	tell(table, id_text, old_row, old_length, table->maker.row.data, table->maker.row.length - 1);
	free(id_text);
}

static void append(struct table *table, const char *id, size_t id_length)
{
	struct slab *slab = table->slab_count ? &table->slabs[table->slab_count - 1] : NULL;

	if (!slab || slab->count == BLOCK_ROWS)
		slab = table_add_slab(table);
	slab_note(slab, slab->count, keep_fresh(table));
	slab_set_mark(slab, slab->count, table->mark);
	slab->count++;
	table->count++;
	table_index_add(table, id, id_length, (uint32_t)((table->slab_count - 1) << SLAB_SHIFT | (slab->count - 1)));
}

int table_put(struct table *table, const char *const *cells, const size_t *lengths)
{
	int id_column = table->kind->role[ROLE_ID];
	struct slab *slab = NULL;
	unsigned row = 0;
	const char *id;
	size_t id_length;
	long slot;

	row_make(&table->maker, cells, lengths);
	id = table->maker.safe[id_column];
	id_length = table->maker.lengths[id_column];
	if (!id_length)
		return 0; /* nothing could ever name it */
	if (table->fresh_length > FRESH_MOST)
		table_fold(table); /* rows put again and again leave their old texts behind */
	slot = table_find(table, id, id_length);
	if (slot != HASH_NONE) {
		uint32_t place = hash_index_at(&table->index, slot);

		slab = table_slab(table, place);
		row = row_of(place);
		slab_set_mark(slab, row, table->mark);
		if (is_same(table, slab, row))
			return 0;
	}
	row_join(&table->maker);
	if (table->on_change)
		tell_put(table, slab, row, id, id_length);
	if (slab)
		slab_note(slab, row, keep_fresh(table));
	else
		append(table, id, id_length);
	table->dirty = 1;
	return 1;
}

static void bury(struct table *table, long slot)
{
	uint32_t place = hash_index_at(&table->index, slot);
	struct slab *slab = table_slab(table, place);

	if (table->on_change) {
		size_t length, id_length;
		const char *row = table_row(table, slab, row_of(place), &length);
		const char *id = table_id(table, slab, row_of(place), &id_length);
		char *id_text = mem_text_n(id, id_length);

		tell(table, id_text, row, length, NULL, 0);
		free(id_text);
	}
	hash_index_remove(&table->index, slot);
	slab_note(slab, row_of(place), REMOVED);
	slab->removed++;
	table->count--;
	table->dirty = 1;
}

int table_remove(struct table *table, const char *id)
{
	long slot = table_find(table, id, strlen(id));

	if (slot == HASH_NONE)
		return 0;
	bury(table, slot);
	return 1;
}

/* --- lists --- */

void table_begin(struct table *table)
{
	table->mark++;
}

unsigned table_mark(const struct table *table)
{
	return table->mark;
}

static int is_swept(struct table *table, const struct slab *slab, unsigned row, const char *prefix)
{
	size_t prefix_length = prefix ? strlen(prefix) : 0, length;
	const char *text = table_id(table, slab, row, &length);

	if (length < prefix_length || (prefix_length && memcmp(text, prefix, prefix_length)))
		return 0;
	if (!table->spare)
		return 1;
	text = table_row(table, slab, row, &length);
	return !table->spare(text, length, table->spare_arg);
}

static size_t sweep_slab(struct table *table, const struct slab *slab, unsigned mark, const char *id_prefix)
{
	size_t swept = 0;

	for (unsigned row = 0; row < slab->count; row++) {
		size_t length;
		const char *id;

		/* The difference, so that marks may wrap around. */
		if ((int32_t)(slab_mark(slab, row) - mark) >= 0) {
			if (!slab->marks)
				return swept; /* all were seen */
			continue;
		}
		if (slab_state(slab, row) == REMOVED || !is_swept(table, slab, row, id_prefix))
			continue;
		id = table_id(table, slab, row, &length);
		bury(table, table_find(table, id, length));
		swept++;
	}
	return swept;
}

size_t table_sweep_marked(struct table *table, unsigned mark, const char *id_prefix)
{
	size_t swept = 0;

	for (size_t i = 0; i < table->slab_count; i++) {
		slab_settle_marks(&table->slabs[i]);
		swept += sweep_slab(table, &table->slabs[i], mark, id_prefix);
	}
	return swept;
}

size_t table_sweep(struct table *table, const char *id_prefix)
{
	return table_sweep_marked(table, table->mark, id_prefix);
}
