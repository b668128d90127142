/* filter.h - which rows: what stands after `/`, in --filter, in a kind's severity rules.
 *   crash            rows whose visible text holds it (case-blind); several words: all of them; !word: none of it
 *   restarts > 5 and status ~ "crash|error"    comparisons == != < <= > >= ~ !~ (PCRE2, case-blind), and or not ( )
 * numbers take units of the column: 1Gi 500Mi 2k 90% 10m (age, seconds). An expression is recognised by a comparison operator after a word. */
#ifndef ESTATE_FILTER_H
#define ESTATE_FILTER_H

#include <stddef.h>

struct error;
struct filter;
struct kind;
struct snapshot;

/* kind may be NULL for plain words. Empty text: NULL without an error = everything. ERR_INVALID says where. */
struct filter *filter_parse(const char *text, const struct kind *kind, struct error *err);
void filter_free(struct filter *filter);
int filter_is_plain(const struct filter *filter); /* only words: the fast scan serves it */
/* 1 when row matches. */
int filter_match(const struct filter *filter, const struct snapshot *snapshot, size_t row);
/* The same over loose cells (severity rules, before a row is stored). */
int filter_match_cells(const struct filter *filter, const struct kind *kind, const char *const *cells, const size_t *lengths);
/* 1 when every row that `narrower` lets through, `wider` does too (typing one more letter). */
int filter_narrows(const struct filter *narrower, const struct filter *wider);
/* Appends the numbers of matching rows, ascending, out of candidates (NULL: all rows), for plain filters by one pass over the text.
 * out has room for all. Works in slices: begins at *cursor, stops after max_rows looked at, 0 when there is more to do. */
int filter_scan(const struct filter *filter, const struct snapshot *snapshot, const unsigned *candidates, size_t candidate_count,
	size_t *cursor, size_t max_rows, unsigned *out, size_t *out_count);

#endif
