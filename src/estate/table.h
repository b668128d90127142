/* table.h - the rows a feed keeps, by id, changing; gives out snapshots, which share what did not change. One thread at a time. */
#ifndef ESTATE_TABLE_H
#define ESTATE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "estate/kind.h"

struct snapshot;
struct table;

struct table_change {
	const char *id, *old_row, *new_row; /* joined cells; NULL: appeared / vanished. Valid during the call */
	size_t old_length, new_length;
	int significant;                    /* a non-volatile cell differs */
};
typedef void (*table_on_change)(const struct table_change *change, void *arg);

struct table *table_new(const struct kind *kind);
void table_free(struct table *table);
void table_watch(struct table *table, table_on_change on_change, void *arg); /* called for put/remove of changed rows; NULL: off */
/* cells/lengths for all columns of the kind, from the provider, made harmless and bounded (4 KiB a cell) here; severity and why
 * columns are filled by the kind's rules when the provider left them empty. Returns 1 when something changed. */
int table_put(struct table *table, const char *const *cells, const size_t *lengths);
int table_remove(struct table *table, const char *id);
/* Mark and sweep for lists: rows of `source` (prefix of the id; NULL all) not put between begin and sweep are removed. */
void table_begin(struct table *table);
size_t table_sweep(struct table *table, const char *id_prefix);
/* The same for several lists under way at once (one a cluster): the mark of a table_begin, given to table_sweep_marked later. */
unsigned table_mark(const struct table *table);
size_t table_sweep_marked(struct table *table, unsigned mark, const char *id_prefix);
/* Rows for which it says 1 are spared by sweeps (their source did not answer). NULL: none. */
typedef int (*table_spare)(const char *row, size_t length, void *arg);
void table_set_spare(struct table *table, table_spare spare, void *arg);
void table_set_total(struct table *table, size_t total); /* more exist than are put: for its snapshots */
/* Filling an empty table from a snapshot (the cache) without copying its rows or telling changes. */
void table_load(struct table *table, struct snapshot *snapshot);
size_t table_count(const struct table *table);
int table_dirty(const struct table *table); /* changed since the last snapshot */
struct snapshot *table_snapshot(struct table *table); /* you own one reference; the same one again while nothing changed */

#endif
