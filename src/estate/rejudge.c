/* Severities that time alone changes ("pending for more than two minutes"). A watched row that does not change is put once, so those
 * whose age passed a threshold of the kind's rules since the last look are put again: the rules then say what holds now. */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "estate/filter.h"
#include "estate/filter_node.h"
#include "estate/inside.h"
#include "estate/kind.h"
#include "estate/snapshot.h"
#include "estate/table.h"

enum { COLUMNS_MOST = 96 };

static void add_ages(struct ages *ages, const struct filter *filter)
{
	for (size_t i = 0; filter && i < filter->node_count; i++) {
		const struct node *node = &filter->nodes[i];

		if (node->type != NODE_COMPARE || node->column_type != COLUMN_AGE || node->is_moment || isnan(node->number) ||
			ages->count == AGES_MAX)
			continue;
		ages->list[ages->count++] = (struct age_mark){ .column = node->column, .seconds = node->number };
	}
}

void ages_of(const struct kind *kind, struct ages *ages)
{
	*ages = (struct ages){ 0 };
	if (kind->role[ROLE_SEVERITY] < 0 || *kind->columns[kind->role[ROLE_SEVERITY]].path)
		return; /* the source says it, not the rules */
	for (size_t i = 0; i < kind->rule_count; i++)
		add_ages(ages, kind->rules[i].when);
}

/* Did it pass a threshold between the two looks? */
static int has_passed(const struct ages *ages, const struct snapshot *snapshot, size_t row, int64_t last_ns, int64_t now_ns)
{
	for (size_t i = 0; i < ages->count; i++) {
		double passes = snapshot_number(snapshot, row, ages->list[i].column) +
				ages->list[i].seconds * (double)CLOCK_SECOND_NS;

		/* A second more: the rule says "more than", and times at the source are whole seconds. */
		if (passes + (double)CLOCK_SECOND_NS >= (double)last_ns && passes <= (double)now_ns)
			return 1;
	}
	return 0;
}

static int put_again(struct feed *feed, const struct snapshot *snapshot, size_t row)
{
	const struct kind *kind = feed->kind;
	const char *cells[COLUMNS_MOST];
	size_t lengths[COLUMNS_MOST];

	for (size_t i = 0; i < kind->column_count; i++)
		cells[i] = snapshot_cell(snapshot, row, (int)i, &lengths[i]);
	lengths[kind->role[ROLE_SEVERITY]] = 0;
	if (kind->role[ROLE_WHY] >= 0)
		lengths[kind->role[ROLE_WHY]] = 0;
	return table_put(feed->table, cells, lengths);
}

/* With feed->work held, and no list under way: what is put counts as seen by it. 1 when something changed. */
int rejudge(struct feed *feed)
{
	struct snapshot *snapshot;
	int64_t now = clock_now_ns(), last = feed->judged_ns;
	int changed = 0;

	if (feed->part_count || feed->kind->column_count > COLUMNS_MOST)
		return 0;
	snapshot = table_snapshot(feed->table);
	for (size_t row = 0; row < snapshot_count(snapshot); row++)
		if (has_passed(&feed->ages, snapshot, row, last, now))
			changed |= put_again(feed, snapshot, row);
	snapshot_unref(snapshot);
	feed->judged_ns = now;
	return changed;
}
