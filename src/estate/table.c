/* Rows lie in blocks that snapshots share. What was put since lies joined in `fresh`, and each slab (the rows of one block, or of
 * one to come) says which of its rows are changed; making a snapshot, or much that is fresh, makes these blocks anew. */
#include "estate/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "estate/block.h"
#include "estate/hash_index.h"
#include "estate/snapshot.h"
#include "estate/table_row.h"

enum { FRESH_MOST = 1 << 20, SLAB_SHIFT = 12, FRESH_HEAD = sizeof(uint32_t) };

_Static_assert(BLOCK_ROWS == 1 << SLAB_SHIFT, "a place is a slab and a row of it");

/* What is known of a row beside its block: as there, removed, or where in `fresh` it stands, plus two. */
enum { AS_IN_BLOCK, REMOVED, FRESH };

struct slab {
	struct block *block; /* NULL: all are fresh */
	unsigned count;      /* rows, also removed ones */
	unsigned removed;
	uint32_t *marks;     /* of the list that saw each last */
	uint32_t *changed;   /* of each; NULL: all as in the block */
};

struct table {
	const struct kind *kind;
	struct slab *slabs;
	size_t slab_count, count;
	struct hash_index index; /* places by id; removed rows are not there */
	char *fresh;             /* each with its length before, '\n' behind */
	size_t fresh_length, fresh_room;
	struct snapshot *last;
	uint32_t mark;
	int dirty;
	size_t total;
	table_on_change on_change;
	void *arg;
	table_spare spare;
	void *spare_arg;
	struct row_maker maker;
	struct text old; /* a row put together out of its block */
};

struct table *table_new(const struct kind *kind)
{
	struct table *table = mem_zero(1, sizeof(*table));

	table->kind = kind;
	row_maker_init(&table->maker, kind);
	text_init(&table->old, SIZE_MAX / 2);
	return table;
}

static void slab_release(struct slab *slab)
{
	block_unref(slab->block);
	free(slab->marks);
	free(slab->changed);
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

/* --- one row --- */

static struct slab *slab_of(const struct table *table, uint32_t place)
{
	return &table->slabs[place >> SLAB_SHIFT];
}

static unsigned row_of(uint32_t place)
{
	return place % BLOCK_ROWS;
}

static uint32_t state_of(const struct slab *slab, unsigned row)
{
	return slab->changed ? slab->changed[row] : AS_IN_BLOCK;
}

static const char *fresh_row(const struct table *table, uint32_t state, size_t *length)
{
	const char *at = table->fresh + (state - FRESH);
	uint32_t stored;

	memcpy(&stored, at, FRESH_HEAD);
	*length = stored;
	return at + FRESH_HEAD;
}

/* Joined; valid until the next call or change. */
static const char *joined_row(struct table *table, const struct slab *slab, unsigned row, size_t *length)
{
	uint32_t state = state_of(slab, row);

	if (state >= FRESH)
		return fresh_row(table, state, length);
	text_clear(&table->old);
	block_row(slab->block, row, table->kind, &table->old);
	*length = table->old.length;
	return table->old.data;
}

static const char *id_of(const struct table *table, const struct slab *slab, unsigned row, size_t *length)
{
	uint32_t state = state_of(slab, row);
	size_t row_length;
	const char *text;

	if (state < FRESH)
		return block_cell(slab->block, table->kind->role[ROLE_ID], row, length);
	text = fresh_row(table, state, &row_length);
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
	const struct slab *slab = slab_of(wanted->table, place);
	size_t length;
	const char *id;

	if (state_of(slab, row_of(place)) < FRESH)
		return block_cell_is(slab->block, wanted->table->kind->role[ROLE_ID], row_of(place), wanted->id, wanted->length);
	id = id_of(wanted->table, slab, row_of(place), &length);
	return length == wanted->length && !memcmp(id, wanted->id, length);
}

static long find(const struct table *table, const char *id, size_t length)
{
	struct wanted wanted = { .table = table, .id = id, .length = length };

	return hash_index_find(&table->index, bytes_hash(id, length), has_id, &wanted);
}

static int is_place(uint32_t place, void *arg)
{
	return place == *(const uint32_t *)arg;
}

/* Is what the maker holds what is there already? */
static int is_same(const struct table *table, const struct slab *slab, unsigned row)
{
	const struct row_maker *maker = &table->maker;
	uint32_t state = state_of(slab, row);
	const char *text = NULL, *end = NULL;
	size_t length;

	if (state >= FRESH) {
		text = fresh_row(table, state, &length);
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

/* --- the index --- */

static void index_again(struct table *table)
{
	hash_index_clear(&table->index, table->count);
	for (size_t i = 0; i < table->slab_count; i++)
		for (unsigned row = 0; row < table->slabs[i].count; row++) {
			size_t length;
			const char *id;

			if (state_of(&table->slabs[i], row) == REMOVED)
				continue;
			id = id_of(table, &table->slabs[i], row, &length);
			hash_index_add(&table->index, bytes_hash(id, length), (uint32_t)(i << SLAB_SHIFT | row));
		}
}

static void index_add(struct table *table, const char *id, size_t length, uint32_t place)
{
	if (!table->index.count || hash_index_is_full(&table->index))
		index_again(table); /* the place is among them: it was counted */
	else
		hash_index_add(&table->index, bytes_hash(id, length), place);
}

/* --- making blocks anew --- */

/* Rows of the slab that are there still. */
static unsigned gather(const struct table *table, const struct slab *slab, struct block_row *rows, uint32_t *marks)
{
	unsigned count = 0;

	for (unsigned row = 0; row < slab->count; row++) {
		uint32_t state = state_of(slab, row);
		size_t length;

		if (state == REMOVED)
			continue;
		rows[count] = (struct block_row){ .block = slab->block, .row = row };
		if (state >= FRESH)
			rows[count] = (struct block_row){ .cells = fresh_row(table, state, &length) };
		marks[count++] = slab->marks[row];
	}
	return count;
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

		if (state_of(before, row) == REMOVED)
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
	struct slab after = { .marks = mem_grow(NULL, before.count + 1, sizeof(*after.marks)) };

	after.count = gather(table, &before, rows, after.marks);
	if (after.count)
		after.block = block_make(table->kind, rows, after.count);
	if (before.removed && after.block)
		move_places(table, i, &before, after.block);
	table->slabs[i] = after;
	slab_release(&before);
	free(rows);
}

static void fold(struct table *table)
{
	for (size_t i = 0; i < table->slab_count; i++)
		if (table->slabs[i].changed)
			fold_slab(table, i);
	table->fresh_length = 0;
	free(table->fresh);
	table->fresh = NULL;
	table->fresh_room = 0;
}

static struct slab *add_slab(struct table *table)
{
	table->slabs = mem_grow(table->slabs, table->slab_count + 1, sizeof(*table->slabs));
	table->slabs[table->slab_count] = (struct slab){ .block = NULL };
	return &table->slabs[table->slab_count++];
}

static void add_mark(struct slab *slab, uint32_t mark)
{
	slab->marks = mem_grow(slab->marks, slab->count + 1, sizeof(*slab->marks));
	slab->marks[slab->count++] = mark;
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
				slab = add_slab(table);
			rows[slab->count] = (struct block_row){ .block = old[i].block, .row = row };
			add_mark(slab, old[i].marks[row]);
			if (slab->count < BLOCK_ROWS)
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
	index_again(table);
}

/* --- changing --- */

/* Room to say of each row what became of it. */
static void note_state(struct slab *slab, unsigned row, uint32_t state)
{
	if (!slab->changed)
		slab->changed = mem_zero(BLOCK_ROWS, sizeof(*slab->changed));
	slab->changed[row] = state;
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
	const char *old_row = slab ? joined_row(table, slab, row, &old_length) : NULL;

	tell(table, id_text, old_row, old_length, table->maker.row.data, table->maker.row.length - 1);
	free(id_text);
}

static void append(struct table *table, const char *id, size_t id_length)
{
	struct slab *slab = table->slab_count ? &table->slabs[table->slab_count - 1] : NULL;

	if (!slab || slab->count == BLOCK_ROWS)
		slab = add_slab(table);
	note_state(slab, slab->count, keep_fresh(table));
	add_mark(slab, table->mark);
	table->count++;
	index_add(table, id, id_length, (uint32_t)((table->slab_count - 1) << SLAB_SHIFT | (slab->count - 1)));
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
		fold(table); /* rows put again and again leave their old texts behind */
	slot = find(table, id, id_length);
	if (slot != HASH_NONE) {
		uint32_t place = hash_index_at(&table->index, slot);

		slab = slab_of(table, place);
		row = row_of(place);
		slab->marks[row] = table->mark;
		if (is_same(table, slab, row))
			return 0;
	}
	row_join(&table->maker);
	if (table->on_change)
		tell_put(table, slab, row, id, id_length);
	if (slab)
		note_state(slab, row, keep_fresh(table));
	else
		append(table, id, id_length);
	table->dirty = 1;
	return 1;
}

static void bury(struct table *table, long slot)
{
	uint32_t place = hash_index_at(&table->index, slot);
	struct slab *slab = slab_of(table, place);

	if (table->on_change) {
		size_t length, id_length;
		const char *row = joined_row(table, slab, row_of(place), &length);
		const char *id = id_of(table, slab, row_of(place), &id_length);
		char *id_text = mem_text_n(id, id_length);

		tell(table, id_text, row, length, NULL, 0);
		free(id_text);
	}
	hash_index_remove(&table->index, slot);
	note_state(slab, row_of(place), REMOVED);
	slab->removed++;
	table->count--;
	table->dirty = 1;
}

int table_remove(struct table *table, const char *id)
{
	long slot = find(table, id, strlen(id));

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
	const char *text = id_of(table, slab, row, &length);

	if (length < prefix_length || (prefix_length && memcmp(text, prefix, prefix_length)))
		return 0;
	if (!table->spare)
		return 1;
	text = joined_row(table, slab, row, &length);
	return !table->spare(text, length, table->spare_arg);
}

size_t table_sweep_marked(struct table *table, unsigned mark, const char *id_prefix)
{
	size_t swept = 0;

	for (size_t i = 0; i < table->slab_count; i++)
		for (unsigned row = 0; row < table->slabs[i].count; row++) {
			const struct slab *slab = &table->slabs[i];
			size_t length;
			const char *id;

			/* The difference, so that marks may wrap around. */
			if ((int32_t)(slab->marks[row] - mark) >= 0 || state_of(slab, row) == REMOVED ||
				!is_swept(table, slab, row, id_prefix))
				continue;
			id = id_of(table, slab, row, &length);
			bury(table, find(table, id, length));
			swept++;
		}
	return swept;
}

size_t table_sweep(struct table *table, const char *id_prefix)
{
	return table_sweep_marked(table, table->mark, id_prefix);
}

/* --- snapshots --- */

struct snapshot *table_snapshot(struct table *table)
{
	if (table->last && !table->dirty)
		return snapshot_ref(table->last);
	fold(table);
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

	add_mark(slab, table->mark);
	if (!length || find(table, id, length) != HASH_NONE) {
		note_state(slab, row, REMOVED);
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
	table->last = snapshot_ref(snapshot);
	hash_index_clear(&table->index, snapshot_count(snapshot));
	for (size_t i = 0; i < snapshot_blocks(snapshot); i++) {
		size_t first;
		struct block *block = block_ref(snapshot_block(snapshot, i, &first));
		struct slab *slab = add_slab(table);

		slab->block = block;
		for (unsigned row = 0; row < block_count(block); row++)
			load_row(table, slab, row);
	}
}
