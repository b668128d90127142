/* view.h - a snapshot filtered and sorted for one pane: order of row numbers. Big jobs go in slices
 * so that no frame waits. Main thread. */
#ifndef ESTATE_VIEW_H
#define ESTATE_VIEW_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct filter_beside;
struct snapshot;
struct view;

struct view *view_new(void);
void view_free(struct view *view);
void view_set_snapshot(struct view *view, struct snapshot *snapshot); /* takes a reference of its own */
int view_set_filter(struct view *view, const char *text, struct error *err); /* keeps the old one on error */
int view_set_base(struct view *view, const char *text, struct error *err); /* a filter that stays below the other; rows match both */
void view_set_sort(struct view *view, int column /* -1: as listed; from COLUMN_BESIDE on beside */, int descending);
/* Columns beside (filter.h); copies, its heads are valid as long as the view. NULL takes them away, and an order and a filter by them. */
void view_set_beside(struct view *view, const struct filter_beside *beside);
void view_beside_changed(struct view *view); /* its numbers are others: what depends on them is worked on again */
int view_uses_beside(const struct view *view, size_t nth); /* the order or the filter */
/* Works until done or budget_us passed; 1 done, 0 more to do (call again next turn). view_count/at are valid all the time. */
int view_work(struct view *view, int64_t budget_us);
size_t view_count(const struct view *view);
size_t view_at(const struct view *view, size_t i); /* row of the snapshot */
long view_find(const struct view *view, const char *id); /* place in the view, or -1 */
struct snapshot *view_snapshot(const struct view *view);  /* borrowed */
const char *view_filter(const struct view *view);
int view_sort_column(const struct view *view, int *descending);

#endif
