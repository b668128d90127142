/* data.c - from feeds and the gate to the lines of the dashboard. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "estate/snapshot.h"
#include "gate/gate.h"
#include "tui/console_private.h"
#include "tui/dashboard/private.h"
#include "tui/text/plan_text.h"

/* --- items --- */

struct item *dashboard_add_item(struct dashboard *dashboard, size_t widget)
{
	if (dashboard->item_count == ITEMS_MAX)
		return NULL;
	dashboard->items = mem_grow(dashboard->items, dashboard->item_count + 1, sizeof(*dashboard->items));
	struct item *item = &dashboard->items[dashboard->item_count++];

	*item = (struct item){ .widget = widget, .mark = "" };
	return item;
}

/* --- runs --- */

static int64_t time_of(const struct json *json, const char *key)
{
	int64_t at = 0;

	clock_parse(json_text_or(json_get(json, key), ""), &at);
	return at;
}

static void add_plan(struct dashboard *dashboard, size_t widget, const struct json *plan)
{
	struct item *item;

	if (strcmp(json_text_or(json_get(plan, "status"), ""), "waiting") != 0 || !(item = dashboard_add_item(dashboard, widget)))
		return;
	item->mark = screen_glyph(GLYPH_WAIT);
	item->style = STYLE_WARNING;
	plan_deed(json_text_or(json_get(plan, "summary"), "a plan"), item->what, sizeof(item->what));
	snprintf(item->why, sizeof(item->why), "waits");
	snprintf(item->open, sizeof(item->open), "plan %.60s", json_text_or(json_get(plan, "plan_id"), ""));
}

static const struct {
	const char *status;
	enum glyph glyph;
	enum style style;
} run_looks[] = {
	{ "done", GLYPH_CHECK, STYLE_OK },
	{ "failed", GLYPH_CROSS, STYLE_CRITICAL },
	{ "cancelled", GLYPH_CROSS, STYLE_WARNING },
	{ "running", GLYPH_WAIT, STYLE_ACCENT },
	{ "unknown", GLYPH_CROSS, STYLE_CRITICAL },
};

static void add_run(struct dashboard *dashboard, size_t widget, const struct json *run)
{
	struct item *item = dashboard_add_item(dashboard, widget);
	const char *status = json_text_or(json_get(run, "status"), "unknown");

	if (!item)
		return;
	item->mark = screen_glyph(GLYPH_CIRCLE);
	for (size_t i = 0; i < sizeof(run_looks) / sizeof(*run_looks); i++) {
		if (strcmp(run_looks[i].status, status) != 0)
			continue;
		item->mark = screen_glyph(run_looks[i].glyph);
		item->style = run_looks[i].style;
	}
	plan_deed(json_text_or(json_get(run, "summary"), "a run"), item->what, sizeof(item->what));
	snprintf(item->why, sizeof(item->why), "%s", !strcmp(status, "done") ? "" : !strcmp(status, "rolled_back") ? "undone" : status);
	item->at_ns = time_of(run, "finished_at") ? time_of(run, "finished_at") : time_of(run, "started_at");
	snprintf(item->open, sizeof(item->open), "run %.60s", json_text_or(json_get(run, "run_id"), ""));
}

static void add_runs(struct dashboard *dashboard, size_t widget)
{
	for (const struct json *plan = json_first(dashboard->looked.plans); plan; plan = json_next(plan))
		add_plan(dashboard, widget, plan);
	for (const struct json *run = json_first(dashboard->looked.runs); run; run = json_next(run))
		add_run(dashboard, widget, run);
}

/* --- all of it --- */

static void add_audit(struct dashboard *dashboard, size_t widget)
{
	(void)dashboard;
	(void)widget; /* one line without rows, drawn as it is */
}

static void (*const adders[WIDGET_TYPES])(struct dashboard *dashboard, size_t widget) = {
	[WIDGET_WRONG] = dashboard_add_wrong,
	[WIDGET_KIND] = dashboard_add_kind,
	[WIDGET_CHANGES] = dashboard_add_changes,
	[WIDGET_SATURATION] = dashboard_add_gauges,
	[WIDGET_RUNS] = add_runs,
	[WIDGET_AUDIT] = add_audit,
};

/* Where the cursor's line is now; the same widget's first when it is gone. */
static void keep_cursor(struct dashboard *dashboard, const struct item *had)
{
	if (!had)
		return;
	for (size_t i = 0; i < dashboard->item_count; i++) {
		const struct item *item = &dashboard->items[i];

		if (item->widget != had->widget || strcmp(item->what, had->what) != 0 || item->at_ns != had->at_ns)
			continue;
		dashboard->cursor = i;
		return;
	}
	if (dashboard->cursor >= dashboard->item_count)
		dashboard->cursor = dashboard->item_count ? dashboard->item_count - 1 : 0;
}

int dashboard_shows(const struct dashboard *dashboard, const struct widget *widget)
{
	return dashboard->rows >= widget->tall;
}

void dashboard_make_items(struct dashboard *dashboard)
{
	struct item had = { 0 };
	int has = dashboard->cursor > 0 && dashboard->cursor < dashboard->item_count;

	if (has)
		had = dashboard->items[dashboard->cursor];
	dashboard->item_count = 0;
	for (size_t i = 0; i < dashboard->widget_count; i++)
		if (dashboard_shows(dashboard, &dashboard->widgets[i]))
			adders[dashboard->widgets[i].type](dashboard, i);
	keep_cursor(dashboard, has ? &had : NULL);
}

static void note_time(struct dashboard *dashboard)
{
	struct feed_status status;
	struct snapshot *snapshot;

	dashboard->observed_ns = 0;
	dashboard->interval_ms = 0;
	for (size_t i = 0; i < dashboard->source_count; i++) {
		feed_status(dashboard->sources[i].feed, &status);
		dashboard->sources[i].settled = status.state != FEED_LOADING && status.state != FEED_CACHED;
		dashboard->sources[i].answered = dashboard->sources[i].settled;
		dashboard->sources[i].is_cached = status.state == FEED_CACHED;
		dashboard->sources[i].was_whole = dashboard->sources[i].is_whole;
		dashboard->sources[i].is_whole |= status.state == FEED_LIVE || status.state == FEED_POLLED;
		/* A first page is an answer too: the rest is shown when it comes. */
		if (!dashboard->sources[i].answered && (snapshot = feed_snapshot(dashboard->sources[i].feed))) {
			dashboard->sources[i].answered = snapshot_time(snapshot) >= dashboard->sources[i].opened_ns;
			snapshot_unref(snapshot);
		}
		/* Watched ones are as new as they can be; of the others the one asked most often says how fresh the screen is. */
		if (status.state == FEED_LIVE)
			continue;
		if (status.observed_ns > dashboard->observed_ns)
			dashboard->observed_ns = status.observed_ns;
		if (!dashboard->interval_ms || dashboard->sources[i].kind->poll_ms < dashboard->interval_ms)
			dashboard->interval_ms = dashboard->sources[i].kind->poll_ms;
	}
}

int dashboard_take(struct dashboard *dashboard)
{
	struct gate *gate = dashboard->pane.console->gate;
	struct estate *estate = dashboard->pane.console->estate;
	int changed = 0;

	dashboard_open_sources(dashboard);
	for (size_t i = 0; i < dashboard->source_count; i++) {
		struct source *source = &dashboard->sources[i];
		unsigned version = feed_version(source->feed);

		if (version == source->version)
			continue;
		source->version = version;
		dashboard_sample(dashboard, source);
		changed = 1;
	}
	if ((gate && gate_version(gate) != dashboard->gate_version) || !dashboard->looked_ns ||
		(estate && estate_changes_version(estate) != dashboard->changes_version))
		dashboard->news = 1;
	if (changed) {
		note_time(dashboard);
		dashboard_make_items(dashboard);
	}
	if (dashboard->news)
		dashboard_look(dashboard);
	return changed;
}
