/* block.h - some thousand rows of one kind, column by column, each distinct cell of a column once. Immutable and
 * reference-counted: the table and all snapshots that have these rows share it. Inside src/estate.
 *
 * The distinct cells of a column are its entries: they lie one behind the other, each followed by '\x1f'. An id that ends with
 * the row's name is kept without it: `then` of its column says which column it goes on with. */
#ifndef ESTATE_BLOCK_H
#define ESTATE_BLOCK_H

#include <stddef.h>
#include <stdint.h>

struct block;
struct kind;
struct text;

enum { BLOCK_ROWS = 4096, BLOCK_SLACK = 64, BLOCK_ID_MAX = 1024 };

struct block_row { /* where a row of a new block comes from */
	const struct block *block; /* its row `row`; or NULL: */
	uint32_t row;
	const char *cells; /* joined as in snapshot.h, '\n' behind them */
};

/* rows are used up. 1 to BLOCK_ROWS of them; one reference is yours. */
struct block *block_make(const struct kind *kind, struct block_row *rows, unsigned count);
struct block *block_ref(struct block *block);
void block_unref(struct block *block); /* NULL is fine */
unsigned block_count(const struct block *block);

/* Not NUL-terminated, but followed by a byte below 0x20. An id that goes on in another column stands in one of four places this
 * thread has for such: valid until it asks for a fourth one after. All else lives as long as the block. */
const char *block_cell(const struct block *block, int column, unsigned row, size_t *length);
int block_cell_is(const struct block *block, int column, unsigned row, const char *text, size_t length);
void block_row(const struct block *block, unsigned row, const struct kind *kind, struct text *out); /* appends the joined cells */

unsigned block_entries(const struct block *block, int column);
unsigned block_entry_of(const struct block *block, int column, unsigned row);
const char *block_entry(const struct block *block, int column, unsigned entry, size_t *length);
int block_then(const struct block *block, int column); /* -1: an entry is the whole cell */
/* All entries; at least BLOCK_SLACK bytes more may be read. */
const char *block_text(const struct block *block, int column, size_t *length);
/* Which holds the byte of the text, and where the next one begins; it is not before hint. */
unsigned block_entry_at(const struct block *block, int column, size_t offset, unsigned hint, const char **next);
/* The bit of each row whose entry is marked; bits[] has one for each of BLOCK_ROWS. Adds to what is set. */
void block_spread(const struct block *block, int column, const unsigned char *marked, uint64_t *bits);

/* For the cache. NULL: damaged, or not of this kind. *used: bytes taken. */
void block_to_bytes(const struct block *block, struct text *out);
struct block *block_from_bytes(const struct kind *kind, const char *bytes, size_t length, size_t *used);

#endif
