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
struct kind_column;
struct snapshot;

/* Numbers that stand beside a snapshot's own columns and come from elsewhere: what a pod uses, beside the pod. */
enum { COLUMN_BESIDE = 1000 }; /* column of the first of them, in a filter and in an order */
struct filter_beside {
	const struct kind_column *heads; /* "CPU USED" may be written cpu_used */
	size_t count;
	double (*number)(void *arg, const struct snapshot *snapshot, size_t row, size_t nth); /* NAN: not known */
	void *arg;
};

/* kind may be NULL for plain words. Empty text: NULL without an error = everything. ERR_INVALID says where. */
struct filter *filter_parse(const char *text, const struct kind *kind, struct error *err);
/* The same where columns stand beside; beside is yours and outlives the filter. A row whose number is not known matches no comparison but !=. */
struct filter *filter_parse_beside(const char *text, const struct kind *kind, const struct filter_beside *beside, struct error *err);
int filter_uses_beside(const struct filter *filter, size_t nth); /* NULL filter: 0 */
/* What also says must be so too in filter_scan; it is yours and outlives the filter. NULL takes it away. */
void filter_set_also(struct filter *filter, const struct filter *also);
void filter_free(struct filter *filter);
/* 1 when row matches. */
int filter_match(const struct filter *filter, const struct snapshot *snapshot, size_t row);
/* The same over loose cells (severity rules, before a row is stored). */
int filter_match_cells(const struct filter *filter, const struct kind *kind, const char *const *cells, const size_t *lengths);
/* Appends the numbers of matching rows, ascending; NULL filter: all. out has room for all rows. In slices of some thousand rows:
 * begins with block *cursor (0 at first), which it moves on; 0 when there is more to do. */
int filter_scan(const struct filter *filter, const struct snapshot *snapshot, size_t *cursor, unsigned *out, size_t *out_count);

#endif
