/* draw.c - the widgets on the screen: which stand where, with how many lines. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/safe.h"
#include "base/text.h"
#include "estate/kind.h"
#include "estate/snapshot.h"
#include "tui/console_private.h"
#include "tui/dashboard/private.h"
#include "tui/screen/format.h"

enum { WRONG_AHEAD = 4, ROOMY_ROWS = 20, RIGHT_COLUMNS = 30, GAUGE_ROWS_MAX = 5 };

static size_t items_of(const struct dashboard *dashboard, size_t widget, size_t *first)
{
	size_t count = 0;

	for (size_t i = 0; i < dashboard->item_count; i++) {
		if (dashboard->items[i].widget != widget)
			continue;
		if (!count++)
			*first = i;
	}
	return count;
}

/* --- lines without an item --- */

/* None are severe; or there are none at all, and the kind may say what to do then. */
static const char *none_of(const struct dashboard *dashboard, const char *name)
{
	const struct kind *kind = NULL;

	for (size_t i = 0; i < dashboard->source_count; i++) {
		const struct source *source = &dashboard->sources[i];

		if (strcmp(source->kind->name, name) != 0)
			continue;
		struct snapshot *snapshot = feed_snapshot(source->feed);
		size_t count = snapshot ? snapshot_count(snapshot) : 0;

		snapshot_unref(snapshot);
		if (count)
			return "nothing";
		kind = source->kind;
	}
	return kind && *kind->empty ? kind->empty : "nothing";
}

static const char *nothing_text(const struct dashboard *dashboard, const struct widget *widget)
{
	const struct console *console = dashboard->pane.console;
	size_t waiting = 0, last_known = 0;

	if (!console->estate)
		return *console->problem ? "not known" : "opening …";
	for (size_t i = 0; i < dashboard->source_count; i++) {
		waiting += !dashboard->sources[i].answered && !dashboard->sources[i].is_cached;
		last_known += !dashboard->sources[i].answered && dashboard->sources[i].is_cached;
	}
	switch (widget->type) {
	case WIDGET_WRONG:
	case WIDGET_KIND:
		return !dashboard->source_count ? "nothing is watched: no account is configured" : waiting ? "asking …" :
		       last_known ? "nothing, by what was last known" : widget->type == WIDGET_KIND ? none_of(dashboard, widget->kind) : "nothing";
	case WIDGET_CHANGES:
		return !dashboard->looked.is_known ? "asking …" : *dashboard->looked.problem ? dashboard->looked.problem :
		       dashboard_asks(dashboard) ? "nothing seen to change yet, asking the sources …" : "nothing seen to change";
	default:
		return !dashboard->looked.is_known ? "asking …" : dashboard->looked.had_gate ? "none yet" : "not known";
	}
}

static void draw_audit(struct dashboard *dashboard, struct rect area)
{
	const struct looked *looked = &dashboard->looked;
	char line[200], count[32], at[8] = "";
	time_t seconds = (time_t)(looked->anchored_ns / CLOCK_SECOND_NS);
	struct tm local;

	screen_clear_line(area, 0, 0);
	if (!looked->had_gate)
		return;
	format_count((uint64_t)looked->entries, count, sizeof(count));
	localtime_r(&seconds, &local);
	strftime(at, sizeof(at), "%H:%M", &local);
	int64_t since = looked->entries - dashboard->checked_entries;
	char more[48] = "";

	if (dashboard->chain_ok > 0 && since > 0)
		snprintf(more, sizeof(more), " up to the last %lld", (long long)since);
	snprintf(line, sizeof(line), "audit  %s entr%s, %s%s, %s%s", count, looked->entries == 1 ? "y" : "ies",
		dashboard->chain_ok > 0 ? "chain ok" : dashboard->chain_ok == 0 ? "CHAIN BROKEN: H, then V says where" : "chain not checked yet", more,
		looked->anchored_ns ? "anchored " : "not anchored yet", looked->anchored_ns ? at : "");
	screen_put(area, 0, 1, dashboard->chain_ok == 0 ? STYLE_CRITICAL : STYLE_DIM, line);
}

static void draw_heading(struct dashboard *dashboard, const struct widget *widget, struct rect area, size_t shown, size_t count)
{
	char right[64] = "", age[24];
	int64_t step = 0;

	screen_clear_line(area, 0, 0);
	screen_put(area, 0, 1, STYLE_HEADER, widget->title);
	if (count > shown)
		snprintf(right, sizeof(right), "%zu of %zu%s", shown, count, dashboard->left_out && widget->type == WIDGET_WRONG ? " and more" : "");
	if (widget->type == WIDGET_SATURATION) {
		const char *span;

		dashboard_trend_ns(dashboard, widget, &span);
		screen_put(area, 0, 15, STYLE_DIM, "now");
		screen_put(area, 0, 20, STYLE_DIM, span);
	}
	if (widget == dashboard->widgets && dashboard->observed_ns) {
		format_data_age(dashboard->observed_ns, clock_now_ns(), dashboard->interval_ms, age, sizeof(age), &step);
		dashboard_note_age(dashboard, step);
		snprintf(right + strlen(right), sizeof(right) - strlen(right), "%sage %s", *right ? "   " : "", age);
	}
	screen_put(area, 0, area.columns - (int)utf8_columns(right, strlen(right)) - 1, STYLE_DIM, right);
}

static void (*const drawers[WIDGET_TYPES])(struct dashboard *dashboard, const struct item *item, struct rect line, int selected) = {
	[WIDGET_WRONG] = dashboard_draw_wrong,
	[WIDGET_KIND] = dashboard_draw_wrong,
	[WIDGET_CHANGES] = dashboard_draw_change,
	[WIDGET_SATURATION] = dashboard_draw_gauge,
	[WIDGET_RUNS] = dashboard_draw_run,
};

/* A gauge that has room is a small chart. */
static int lines_each(const struct widget *widget, size_t count, size_t room)
{
	size_t each = widget->type == WIDGET_SATURATION && count ? room / count : 1;

	return each < 1 ? 1 : each > GAUGE_ROWS_MAX ? GAUGE_ROWS_MAX : (int)each;
}

static void draw_widget(struct dashboard *dashboard, size_t nth, struct rect area)
{
	const struct widget *widget = &dashboard->widgets[nth];
	size_t first = 0, count = items_of(dashboard, nth, &first), room = area.rows > 1 ? (size_t)area.rows - 1 : 0, from = 0;

	if (widget->type == WIDGET_AUDIT) {
		draw_audit(dashboard, area);
		return;
	}
	if (dashboard->cursor >= first && dashboard->cursor < first + count && dashboard->cursor - first >= room)
		from = dashboard->cursor - first - room + 1;
	size_t seen = count - from < room ? count - from : room; /* what is not on the screen takes no room of what is */

	if (widget->type == WIDGET_WRONG || widget->type == WIDGET_KIND)
		dashboard_measure_wrong(dashboard, first + from, seen, area.columns);
	if (widget->type == WIDGET_CHANGES)
		dashboard_measure_changes(dashboard, first + from, seen, area.columns);
	draw_heading(dashboard, widget, area, count < room ? count : room, count);
	int each = lines_each(widget, count, room);

	for (size_t i = 0; i * (size_t)each < room; i++) {
		struct rect line = { .y = area.y + 1 + (int)i * each, .x = area.x, .rows = each, .columns = area.columns };
		int selected = first + from + i == dashboard->cursor && i + from < count;

		if (!count) {
			screen_clear((struct rect){ .y = line.y, .x = line.x, .rows = area.y + area.rows - line.y, .columns = line.columns });
			screen_put_wrapped(area, 1, 3, STYLE_DIM, nothing_text(dashboard, widget));
			return;
		}
		if (line.y + line.rows > area.y + area.rows)
			line.rows = area.y + area.rows - line.y;
		screen_clear(line);
		if (from + i < count) {
			dashboard->items[first + from + i].place = line;
			drawers[widget->type](dashboard, &dashboard->items[first + from + i], line, selected);
			screen_put(line, 0, 1, STYLE_ACCENT, selected ? screen_glyph(GLYPH_CURSOR) : " ");
		}
	}
}

/* --- places --- */

struct band { /* widgets side by side, or one over the whole width */
	size_t left, right;
	int has_right;
	int rows; /* with the heading */
};

static int wanted_rows(const struct dashboard *dashboard, size_t nth)
{
	size_t first;
	const struct widget *widget = &dashboard->widgets[nth];
	int count = (int)items_of(dashboard, nth, &first);

	if (widget->type == WIDGET_AUDIT)
		return 1;
	if (!count && widget->place == PLACE_FULL) /* what is to be done then is read to its end */
		count = screen_wrapped_rows(dashboard->columns - 6, nothing_text(dashboard, widget));
	return 1 + (count < 1 ? 1 : count > widget->rows ? widget->rows : count);
}

static size_t make_bands(const struct dashboard *dashboard, struct band *bands)
{
	size_t count = 0;

	for (size_t i = 0; i < dashboard->widget_count; i++) {
		struct band band = { .left = i, .rows = wanted_rows(dashboard, i) };

		if (!dashboard_shows(dashboard, &dashboard->widgets[i]))
			continue;

		if (dashboard->widgets[i].place == PLACE_LEFT && i + 1 < dashboard->widget_count && dashboard->widgets[i + 1].place == PLACE_RIGHT) {
			int right = wanted_rows(dashboard, ++i);

			band.has_right = 1;
			band.right = i;
			band.rows = right > band.rows ? right : band.rows;
		}
		bands[count++] = band;
	}
	return count;
}

static int least_rows(const struct dashboard *dashboard, const struct band *band)
{
	return dashboard->widgets[band->left].type == WIDGET_AUDIT ? 1 : 2;
}

/* What is wrong gives way last. */
static int weight(const struct dashboard *dashboard, const struct band *band)
{
	return dashboard->widgets[band->left].type == WIDGET_WRONG ? band->rows - WRONG_AHEAD : band->rows;
}

/* What nothing else wants. */
static void grow_gauges(const struct dashboard *dashboard, struct band *bands, size_t count, int left)
{
	for (size_t i = 0; i < count; i++) {
		size_t first;
		int gauges = (int)items_of(dashboard, bands[i].left, &first), each;

		if (dashboard->widgets[bands[i].left].type != WIDGET_SATURATION || !gauges || bands[i].rows < 1 + gauges)
			continue;
		each = (bands[i].rows - 1 + left) / gauges;
		each = each > GAUGE_ROWS_MAX ? GAUGE_ROWS_MAX : each;
		if (each > 1) {
			left -= 1 + each * gauges - bands[i].rows;
			bands[i].rows = 1 + each * gauges;
		}
	}
}

/* Two rows more for each gauge, where that leaves some for what else has more to show. */
static int rows_for_charts(const struct dashboard *dashboard, const struct band *bands, size_t count, int left)
{
	for (size_t i = 0; i < count; i++) {
		size_t first;
		int gauges = (int)items_of(dashboard, bands[i].left, &first);

		if (dashboard->widgets[bands[i].left].type == WIDGET_SATURATION)
			return left >= 3 * gauges ? 2 * gauges : 0;
	}
	return 0;
}

/* Too little room takes from the tallest; what is left goes to those that have more to show. */
static int fit(const struct dashboard *dashboard, struct band *bands, size_t count, int rows)
{
	int total = 0, gap = 1;

	for (size_t i = 0; i < count; i++)
		total += bands[i].rows;
	if (total + (int)count - 1 > rows)
		gap = total > rows && rows < ROOMY_ROWS ? 0 : gap; /* a small screen has no lines to leave empty */
	while (total + gap * ((int)count - 1) > rows) {
		struct band *tallest = NULL;

		for (size_t i = 0; i < count; i++)
			if (bands[i].rows > least_rows(dashboard, &bands[i]) &&
				(!tallest || weight(dashboard, &bands[i]) > weight(dashboard, tallest)))
				tallest = &bands[i];
		if (!tallest)
			break;
		tallest->rows--;
		total--;
	}
	int charts = rows_for_charts(dashboard, bands, count, rows - total - gap * ((int)count - 1));

	for (size_t i = 0; i < count; i++) {
		size_t first;
		int kept = dashboard->widgets[bands[i].left].type == WIDGET_WRONG ? 0 : charts;
		int more = 1 + (int)items_of(dashboard, bands[i].left, &first) - bands[i].rows, left = rows - total - gap * ((int)count - 1) - kept;

		if (more > 0 && left > 0) {
			more = more < left ? more : left;
			bands[i].rows += more;
			total += more;
		}
	}
	grow_gauges(dashboard, bands, count, rows - total - gap * ((int)count - 1));
	return gap;
}

void dashboard_draw(struct pane *pane, struct rect area)
{
	struct dashboard *dashboard = (struct dashboard *)pane;
	struct band bands[WIDGETS_MAX];

	dashboard->columns = area.columns;
	if (dashboard->rows != area.rows) {
		dashboard->rows = area.rows;
		dashboard_make_items(dashboard);
	}
	size_t count = make_bands(dashboard, bands);
	int gap = fit(dashboard, bands, count, area.rows), y = 0;

	dashboard->next_age_ns = 0;
	for (size_t i = 0; i < dashboard->item_count; i++)
		dashboard->items[i].place.rows = 0;
	for (size_t i = 0; i < count && y < area.rows; i++) {
		struct rect whole = { .y = area.y + y, .x = area.x, .rows = bands[i].rows, .columns = area.columns };

		if (whole.rows > area.rows - y)
			whole.rows = area.rows - y;
		if (bands[i].has_right) {
			int right = area.columns > 3 * RIGHT_COLUMNS ? area.columns / 2 : area.columns * 2 / 5;
			struct rect half = whole;

			half.columns = area.columns - right - 2;
			draw_widget(dashboard, bands[i].left, half);
			half.x = area.x + area.columns - right;
			screen_clear((struct rect){ .y = whole.y, .x = half.x - 2, .rows = whole.rows, .columns = 2 });
			half.columns = right;
			draw_widget(dashboard, bands[i].right, half);
		} else {
			draw_widget(dashboard, bands[i].left, whole);
		}
		y += whole.rows;
		for (int blank = 0; blank < gap && y < area.rows; blank++)
			screen_clear_line(area, y++, 0);
	}
	for (; y < area.rows; y++)
		screen_clear_line(area, y, 0);
}

/* --- as text --- */

void dashboard_dump(struct pane *pane, struct text *out)
{
	const struct dashboard *dashboard = (const struct dashboard *)pane;
	char at[CLOCK_RFC3339_MAX];

	for (size_t widget = 0; widget < dashboard->widget_count; widget++) {
		if (*dashboard->widgets[widget].title)
			text_format(out, "%s%s\n", widget ? "\n" : "", dashboard->widgets[widget].title);
		for (size_t i = 0; i < dashboard->item_count; i++) {
			const struct item *item = &dashboard->items[i];

			if (item->widget != widget)
				continue;
			if (item->gauge && !isnan(item->gauge->now))
				text_format(out, "  %-10s %5.1f %%  %s\n", item->what, item->gauge->now, item->why);
			else if (item->gauge)
				text_format(out, "  %-10s %s\n", item->what, item->gauge->is_none ? "none" : "unknown");
			else if (item->at_ns) {
				clock_format(item->at_ns, at);
				text_format(out, "  %s  %-12s %s  %s  %s\n", at, item->kind, item->what, item->why, item->scope);
			} else {
				text_format(out, "  %-9s %-12s %s  %s  %s\n", item->severity, item->kind, item->what, item->why, item->scope);
			}
		}
	}
}
