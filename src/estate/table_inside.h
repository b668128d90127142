/* table_inside.h - how a table is made of slabs. For table*.c only. */
#ifndef ESTATE_TABLE_INSIDE_H
#define ESTATE_TABLE_INSIDE_H

#include "base/text.h"
#include "estate/block.h"
#include "estate/hash_index.h"
#include "estate/table.h"
#include "estate/table_row.h"

enum { SLAB_SHIFT = 12, FRESH_HEAD = sizeof(uint32_t) };

_Static_assert(BLOCK_ROWS == 1 << SLAB_SHIFT, "a place is a slab and a row of it");

/* What is known of a row beside its block: as there, removed, or where in `fresh` it stands, plus two. */
enum { AS_IN_BLOCK, REMOVED, FRESH };

struct slab {
	struct block *block; /* NULL: all are fresh */
	unsigned count;      /* rows, also removed ones */
	unsigned removed;
	uint32_t mark;       /* of the list that saw all of them last, */
	uint32_t *marks;     /* or of each, when they differ */
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

/* --- one row --- */

static inline struct slab *table_slab(const struct table *table, uint32_t place)
{
	return &table->slabs[place >> SLAB_SHIFT];
}

static inline unsigned row_of(uint32_t place)
{
	return place % BLOCK_ROWS;
}

static inline uint32_t slab_state(const struct slab *slab, unsigned row)
{
	return slab->changed ? slab->changed[row] : AS_IN_BLOCK;
}

static inline uint32_t slab_mark(const struct slab *slab, unsigned row)
{
	return slab->marks ? slab->marks[row] : slab->mark;
}

/* table_slab.c */
void slab_release(struct slab *slab);
void slab_set_mark(struct slab *slab, unsigned row, uint32_t mark); /* also of the row behind the last, before it is counted */
void slab_settle_marks(struct slab *slab);
void slab_note(struct slab *slab, unsigned row, uint32_t state);
struct slab *table_add_slab(struct table *table);
const char *table_fresh_row(const struct table *table, uint32_t state, size_t *length);
const char *table_row(struct table *table, const struct slab *slab, unsigned row, size_t *length); /* joined; valid until the next call or change */
const char *table_id(const struct table *table, const struct slab *slab, unsigned row, size_t *length);
long table_find(const struct table *table, const char *id, size_t length); /* slot of the index, or HASH_NONE */
void table_index_again(struct table *table);
void table_index_add(struct table *table, const char *id, size_t length, uint32_t place); /* of a row that is counted already */

/* table_fold.c: what is fresh or removed goes into blocks. */
void table_fold(struct table *table);

#endif
