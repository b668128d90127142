/* head.c - the head line of a table: what it shows of what, how many, how old, what is cut or not to be had. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "estate/snapshot.h"
#include "estate/view.h"
#include "tui/screen/format.h"
#include "tui/table/private.h"

void table_title(struct pane *pane, char *out, size_t size)
{
	struct table_pane *table = table_of(pane);
	const char *where = *table->namespace_ && strcmp(table->namespace_, "*") != 0 ? table->namespace_ :
			    !strcmp(table->namespace_, "*") && table->kind->namespaced ? "all namespaces" : "";
	const char *crumb = screen_glyph(GLYPH_CRUMB);
	/* An account that is a folder: the line above has its whole path. */
	const char *account = *table->account == '/' && table->account[1] ? strrchr(table->account, '/') + 1 : table->account;
	int has_account = *table->account && strcmp(table->account, "*") != 0;
	size_t used;

	if (*table->about)
		used = (size_t)snprintf(out, size, "%s of %s", table->kind->name, table->about);
	else
		used = (size_t)snprintf(out, size, "%s%s%s%s%s%s%s%s%s", table->kind->name, has_account ? " " : "", has_account ? crumb : "",
			has_account ? " " : "", has_account ? account : "", *where ? " " : "", *where ? crumb : "", *where ? " " : "", where);
	if (*table->base && !*table->about && used < size)
		used += (size_t)snprintf(out + used, size - used, "  /%s", table->base);
	if (table->filter.length && !pane->mode && used < size)
		snprintf(out + used, size - used, "  /%s", table->filter.text);
}

static size_t count_text(const struct table_pane *table, char *out, size_t size)
{
	struct snapshot *snapshot = view_snapshot(table->view);
	char shown[32], all[32];
	size_t total = snapshot ? snapshot_count(snapshot) : 0;

	if (!table->has_rows)
		return (size_t)snprintf(out, size, "%s", "");
	format_count(view_count(table->view), shown, sizeof(shown));
	format_count(total, all, sizeof(all));
	if (view_count(table->view) == total)
		return (size_t)snprintf(out, size, "%s", all);
	return (size_t)snprintf(out, size, "%s of %s", shown, all);
}

void table_status(struct pane *pane, char *out, size_t size)
{
	struct table_pane *table = table_of(pane);
	struct feed_status now = { 0 };
	struct snapshot *snapshot = view_snapshot(table->view);
	char count[80], age[32] = "", cut[64] = "", more[48] = "", marked[32] = "", total[32], beside[48] = "";
	int64_t step = 0;

	count_text(table, count, sizeof(count));
	if (table->feed)
		feed_status(table->feed, &now);
	if (now.observed_ns && (now.state != FEED_LIVE || now.stale))
		format_data_age(now.observed_ns, clock_now_ns(), table->kind->poll_ms, age, sizeof(age), &step);
	if (snapshot && now.total > snapshot_count(snapshot)) {
		format_count(now.total, total, sizeof(total));
		snprintf(cut, sizeof(cut), "  cut: %s exist", total);
	}
	strcpy(beside, "  ");
	beside_status(table, beside + 2, sizeof(beside) - 2);
	if (table->cut_columns)
		snprintf(more, sizeof(more), "  +%d column%s %s", table->cut_columns, table->cut_columns == 1 ? "" : "s", screen_glyph(GLYPH_ARROW));
	const char *state = now.refused && now.state != FEED_FAILED ? "in part" : *now.error ? "failed" : now.stale ? "stale" : now.state == FEED_CACHED ? "last known" : now.state == FEED_LOADING ? "loading" :
			    now.state == FEED_LIVE ? "live" : "";

	if (table->marks.count)
		snprintf(marked, sizeof(marked), "  %zu marked", table->marks.count);
	snprintf(out, size, "%s%s%s%s%s  %s%s%s%s", count, cut, more, beside[2] ? beside : "", marked, state, *age && *state ? " " : "", *age ? "age " : "", age);
}

int64_t table_next_change(struct pane *pane)
{
	struct table_pane *table = table_of(pane);
	struct feed_status now = { 0 };
	int64_t step = table->next_age_ns, data = 0;
	char age[32];

	if (table->feed)
		feed_status(table->feed, &now);
	if (now.observed_ns && (now.state != FEED_LIVE || now.stale))
		format_data_age(now.observed_ns, clock_now_ns(), table->kind->poll_ms, age, sizeof(age), &data);
	return data && (!step || data < step) ? data : step;
}
