/* gauges.c - how full everything is, with its trend: each gauge is a line of a chart too. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "estate/snapshot.h"
#include "tui/console_private.h"
#include "tui/dashboard/private.h"
#include "tui/views/series.h"

static const struct source *source_named(const struct dashboard *dashboard, const char *kind)
{
	for (size_t i = 0; i < dashboard->source_count; i++)
		if (!strcmp(dashboard->sources[i].kind->name, kind))
			return &dashboard->sources[i];
	return NULL;
}

/* Every row says that it has none of it. */
static int is_none(const struct gauge *gauge, const struct kind *kind, const struct snapshot *snapshot)
{
	int column = *gauge->of ? kind_column_find(kind, gauge->of) : -1;
	size_t count = snapshot && column >= 0 ? snapshot_count(snapshot) : 0;

	for (size_t row = 0; row < count; row++)
		if (snapshot_number(snapshot, row, column) != 0)
			return 0;
	return count > 0;
}

/* One sample for each new list of the gauge's own source. */
static void sample(struct dashboard *dashboard, struct gauge *gauge)
{
	const struct source *source = source_named(dashboard, gauge->line.kind);
	struct snapshot *snapshot = source ? feed_snapshot(source->feed) : NULL;

	if (!source)
		return;
	snprintf(gauge->line.account, sizeof(gauge->line.account), "%s", source->account);
	gauge->now = chart_sample(dashboard->pane.console->series, &gauge->line, source->kind, snapshot, gauge->name, sizeof(gauge->name));
	gauge->is_none = isnan(gauge->now) && is_none(gauge, source->kind, snapshot);
	snapshot_unref(snapshot);
}

void dashboard_sample(struct dashboard *dashboard, const struct source *changed)
{
	for (size_t i = 0; i < dashboard->widget_count; i++)
		for (size_t g = 0; g < dashboard->widgets[i].gauge_count; g++)
			if (!strcmp(dashboard->widgets[i].gauges[g].line.kind, changed->kind->name))
				sample(dashboard, &dashboard->widgets[i].gauges[g]);
}

static enum style style_of_use(double percent)
{
	return isnan(percent) ? STYLE_DIM : percent >= 98 ? STYLE_CRITICAL : percent >= 90 ? STYLE_HIGH : percent >= 80 ? STYLE_MEDIUM : STYLE_TEXT;
}

void dashboard_add_gauges(struct dashboard *dashboard, size_t widget)
{
	struct widget *row = &dashboard->widgets[widget];

	for (size_t g = 0; g < row->gauge_count; g++) {
		struct gauge *gauge = &row->gauges[g];
		struct item *item = dashboard_add_item(dashboard, widget);

		if (!item)
			return;
		item->gauge = gauge;
		item->style = style_of_use(gauge->now);
		snprintf(item->what, sizeof(item->what), "%s", gauge->line.label);
		snprintf(item->why, sizeof(item->why), "%s", gauge->name);
	}
}

int64_t dashboard_trend_ns(const struct dashboard *dashboard, const struct widget *widget, const char **name)
{
	static const struct {
		const char *name;
		int minutes;
	} steps[] = { { "5 min", 5 }, { "15 min", 15 }, { "1 h", 60 } };
	int64_t first = 0, now = clock_now_ns();
	size_t step = 0;

	for (size_t g = 0; g < widget->gauge_count; g++) {
		struct series *series = chart_series(dashboard->pane.console->series, &widget->gauges[g].line);
		int64_t at = series ? series_first_ns(series) : 0;

		first = at && (!first || at < first) ? at : first;
	}
	while (step + 1 < sizeof(steps) / sizeof(*steps) && first && now - first > steps[step].minutes * 60 * CLOCK_SECOND_NS)
		step++;
	*name = steps[step].name;
	return steps[step].minutes * 60 * CLOCK_SECOND_NS;
}

static size_t collect(const struct dashboard *dashboard, const struct gauge *at, struct chart_line *lines, size_t max, size_t *which)
{
	size_t count = 0;

	for (size_t i = 0; i < dashboard->widget_count; i++)
		for (size_t g = 0; g < dashboard->widgets[i].gauge_count && count < max; g++) {
			if (&dashboard->widgets[i].gauges[g] == at)
				*which = count;
			lines[count++] = dashboard->widgets[i].gauges[g].line;
		}
	return count;
}

struct pane *dashboard_charts(struct dashboard *dashboard, const struct gauge *at)
{
	struct chart_line lines[GAUGES_MAX];
	size_t which = 0, count = collect(dashboard, at, lines, GAUGES_MAX, &which);

	return chart_new(dashboard->pane.console, "saturation", lines, count, which);
}

/* Those of the first screen, whether it is on top or not. */
struct pane *saturation_new(struct console *console)
{
	for (size_t i = 0; i < console->stacks[0].count; i++)
		if (!strcmp(console->stacks[0].panes[i]->ops->name, "dashboard"))
			return dashboard_charts((struct dashboard *)console->stacks[0].panes[i], NULL);
	console_say(console, STYLE_WARNING, "the first screen has no gauges");
	return NULL;
}
