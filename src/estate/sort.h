/* sort.h - rows of a snapshot in the order of one column, in slices. Inside src/estate. */
#ifndef ESTATE_SORT_H
#define ESTATE_SORT_H

#include <stddef.h>
#include <stdint.h>

struct filter_beside;
struct snapshot;
struct sort;

/* column: of the snapshot, or from COLUMN_BESIDE on one of beside (NULL: there are none), which is borrowed too. before: an order of an earlier
 * snapshot to begin with (its row numbers may not fit any more), or NULL. Borrows snapshot. */
struct sort *sort_new(const struct snapshot *snapshot, int column, int descending, const struct filter_beside *beside,
	const unsigned *before, size_t before_count);
void sort_free(struct sort *sort);
int sort_work(struct sort *sort, int64_t deadline_ns); /* 1: done */
unsigned *sort_take(struct sort *sort);                /* after that: all row numbers in order, yours */

#endif
