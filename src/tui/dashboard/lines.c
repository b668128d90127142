/* lines.c - one line of a widget: what is wrong, a change, a gauge, a run. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/safe.h"
#include "tui/console_private.h"
#include "tui/dashboard/private.h"
#include "tui/screen/chart.h"
#include "tui/screen/format.h"
#include "tui/views/series.h"

enum { SPARK_MAX = 40, NARROW_COLUMNS = 100, NARROW_SCOPE = 5, WHY_LEAST = 12, KIND_MAX = 12, BY_MAX = 17 };
#define TREND_GAP_NS (INT64_C(60) * CLOCK_SECOND_NS)

void dashboard_note_age(struct dashboard *dashboard, int64_t step)
{
	if (step > 0 && (!dashboard->next_age_ns || step < dashboard->next_age_ns))
		dashboard->next_age_ns = step;
}

static enum style selected_style(int selected, enum style otherwise)
{
	return selected && screen_cursor_look() != CURSOR_MARK ? STYLE_SELECTED : otherwise;
}

static void put_name(struct rect line, int x, int columns, int selected, const char *text)
{
	enum style style = selected_style(selected, STYLE_TEXT);
	int used = (int)utf8_columns(text, strlen(text));

	if (style == STYLE_SELECTED && used < columns)
		screen_put(line, 0, x, style, text);
	else
		screen_put_n(line, 0, x, columns, style, text, strlen(text));
}

/* Whole minutes, hours or days, and when it reads otherwise: seconds would be news every second. */
static int64_t coarse(int64_t age, int64_t *step)
{
	int64_t minute = 60 * CLOCK_SECOND_NS, hour = 60 * minute, unit = age < 3 * hour ? minute : age < 48 * hour ? hour : 24 * hour;

	*step = unit - age % unit;
	return age / unit * unit;
}

/* "4m"; "<4m" when it may be younger, ">4m" when it may be older. */
static int since_text(struct dashboard *dashboard, const struct item *item, char *out, size_t size)
{
	static const char *const marks[] = { [SINCE_EXACT] = "", [SINCE_MOST] = "<", [SINCE_LEAST] = ">" };
	int64_t minute = 60 * CLOCK_SECOND_NS, age = clock_now_ns() - item->at_ns, step = 0;
	char text[CLOCK_AGE_MAX];

	*out = 0;
	if (!item->at_ns)
		return 0;
	if (age < minute) {
		dashboard_note_age(dashboard, minute - age);
		return item->since == SINCE_LEAST ? 0 : snprintf(out, size, "<1m");
	}
	clock_format_age(coarse(age, &step), text);
	dashboard_note_age(dashboard, step);
	return snprintf(out, size, "%s%s", marks[item->since], text);
}

static int columns_of(const char *text)
{
	return (int)utf8_columns(text, strlen(text));
}

static void at_least(int *columns, int those)
{
	if (those > *columns)
		*columns = those;
}

static const char *name_of(const struct dashboard *dashboard, const struct item *item)
{
	return item->what + (dashboard->widths.without_kind ? item->kind_bytes : 0);
}

static void measure(struct dashboard *dashboard, size_t first, size_t count)
{
	struct widths *widths = &dashboard->widths;
	int without_kind = widths->without_kind;
	char since[32];

	*widths = (struct widths){ .without_kind = without_kind };
	for (size_t i = first; i < first + count; i++) {
		const struct item *item = &dashboard->items[i];

		at_least(&widths->what, columns_of(name_of(dashboard, item)));
		if (item->is_failure) /* its reason has the room of what stands at the right of others */
			continue;
		at_least(&widths->severity, columns_of(item->severity));
		at_least(&widths->kind, columns_of(item->kind));
		at_least(&widths->why, columns_of(item->why));
		at_least(&widths->scope, (int)strlen(item->scope));
		at_least(&widths->since, since_text(dashboard, item, since, sizeof(since)));
	}
}

static int columns_of_by(const struct widths *widths, int columns)
{
	int by = widths->severity ? widths->severity + 5 : 0;

	return by > BY_MAX && columns < NARROW_COLUMNS ? BY_MAX : by;
}

static int room_for_why(const struct widths *widths, int columns)
{
	return columns - 5 - widths->severity - 1 - widths->what - 2 - (widths->scope ? widths->scope + 2 : 0) - (widths->since ? widths->since + 2 : 0) - 1;
}

/* As wide as what stands there. Where that is too much the kind is left out before a name, which says enough with its reason; then the
 * name and its reason share what there is. */
void dashboard_measure_wrong(struct dashboard *dashboard, size_t first, size_t count, int columns)
{
	struct widths *widths = &dashboard->widths;
	int most = columns * 9 / 20;

	widths->without_kind = 0;
	measure(dashboard, first, count);
	if (columns < NARROW_COLUMNS && room_for_why(widths, columns) < widths->why) {
		widths->without_kind = 1;
		measure(dashboard, first, count);
	}
	for (size_t i = first; i < first + count; i++) /* "unseen" stands where severities do */
		at_least(&widths->severity, columns_of(dashboard->items[i].severity));
	if (widths->what > most && room_for_why(widths, columns) < widths->why)
		widths->what = most;
}

void dashboard_measure_changes(struct dashboard *dashboard, size_t first, size_t count, int columns)
{
	dashboard->widths.without_kind = 0;
	measure(dashboard, first, count);
	dashboard->widths.why = 0;
	for (size_t i = first; i < first + count; i++) {
		const struct item *item = &dashboard->items[i];

		at_least(&dashboard->widths.why, columns_of(item->why) - (*item->severity ? 0 : columns_of_by(&dashboard->widths, columns)));
	}
	if (dashboard->widths.kind > KIND_MAX)
		dashboard->widths.kind = KIND_MAX;
}

void dashboard_draw_wrong(struct dashboard *dashboard, const struct item *item, struct rect line, int selected)
{
	const struct widths *widths = &dashboard->widths;
	char since[32];
	int x = 5, length = since_text(dashboard, item, since, sizeof(since));
	int at_since = line.columns - 1 - widths->since, at_scope = at_since - (widths->since ? 2 : 0) - widths->scope;
	int end = at_scope - (widths->scope ? 2 : 0);

	screen_put(line, 0, 3, item->style, item->mark);
	screen_put_n(line, 0, x, widths->severity, item->style, item->severity, strlen(item->severity));
	x += widths->severity + 1;
	put_name(line, x, widths->what, selected, name_of(dashboard, item));
	x += widths->what + 2;
	/* Nothing to say at the right: the reason has the room. */
	if (item->is_failure)
		end = line.columns - 1;
	screen_put_n(line, 0, x, end - x, STYLE_TEXT, item->why, strlen(item->why));
	if (item->is_failure)
		return;
	screen_put_n(line, 0, at_scope, widths->scope, STYLE_DIM, item->scope, strlen(item->scope));
	screen_put_right(line, 0, at_since, widths->since, STYLE_DIM, since, (size_t)length);
}

/* Its name has what the longest of what is said leaves, and never less than its share. */
static int columns_of_name(const struct widths *widths, int columns, int room)
{
	int least = columns < NARROW_COLUMNS ? columns / 4 : columns / 3;
	int most = room - widths->why - 1 > least ? room - widths->why - 1 : least;

	return widths->what < most ? widths->what : most;
}

void dashboard_draw_change(struct dashboard *dashboard, const struct item *item, struct rect line, int selected)
{
	const struct widths *widths = &dashboard->widths;
	char at[8] = "";
	time_t seconds = (time_t)(item->at_ns / CLOCK_SECOND_NS);
	struct tm local;
	int x = 3, by = columns_of_by(widths, line.columns), scope = widths->scope ? widths->scope + 2 : 0;

	if (widths->scope > NARROW_SCOPE && line.columns - (x + 7 + widths->kind + 2 + widths->what + 2) - scope - by < widths->why)
		scope = NARROW_SCOPE + 2;
	int name = columns_of_name(widths, line.columns, line.columns - (x + 7 + widths->kind + 2) - scope - by - 1);

	if (line.columns - (x + 7 + widths->kind + 2 + name + 1) - scope - by < WHY_LEAST)
		by = 0; /* what is said before who did it */
	localtime_r(&seconds, &local);
	strftime(at, sizeof(at), "%H:%M", &local);
	screen_put(line, 0, x, STYLE_DIM, at);
	x += 7;
	screen_put_n(line, 0, x, widths->kind, STYLE_DIM, item->kind, strlen(item->kind));
	x += widths->kind + 2;
	put_name(line, x, name, selected, item->what);
	x += name + 2;
	/* Where nobody is named what is said has their room. */
	screen_put_n(line, 0, x, line.columns - x - scope - (*item->severity ? by : 0) - 1, STYLE_TEXT, item->why, strlen(item->why));
	if (by && *item->severity) {
		char text[24];

		snprintf(text, sizeof(text), "by %s", item->severity);
		screen_put_n(line, 0, line.columns - scope - by + 1, by - 2, STYLE_DIM, text, strlen(text));
	}
	if (scope)
		screen_put_n(line, 0, line.columns - scope + 1, scope - 2, STYLE_DIM, item->scope, strlen(item->scope));
}

void dashboard_draw_gauge(struct dashboard *dashboard, const struct item *item, struct rect line, int selected)
{
	const struct gauge *gauge = item->gauge;
	struct series *series = chart_series(dashboard->pane.console->series, &gauge->line);
	char now[16], spark[SPARK_MAX * 4 + 1];
	int columns = line.columns - 26 < SPARK_MAX ? line.columns - 26 : SPARK_MAX;
	const char *name;
	double values[SPARK_MAX];

	put_name(line, 3, 9, selected, item->what);
	if (isnan(gauge->now) || !series) {
		const char *text = gauge->is_none ? "none" : screen_glyph(GLYPH_DASH);

		screen_put_right(line, 0, 12, 6, STYLE_DIM, text, strlen(text));
		return;
	}
	snprintf(now, sizeof(now), "%.0f %%", gauge->now);
	screen_put_right(line, 0, 12, 6, item->style, now, strlen(now));
	if (columns < 8)
		return;
	int trend = columns > 20 ? columns - 12 : columns > 16 ? columns - 6 : columns;
	int64_t span = dashboard_trend_ns(dashboard, &dashboard->widgets[item->widget], &name), slot = span / (2 * trend);
	/* At whole parts of the time: the picture moves on by a dot or stands still. */
	int64_t end = (clock_now_ns() / slot + 1) * slot;

	if (line.rows > 1) {
		double dots[2 * SPARK_MAX];

		series_slots(series, end - span, end, TREND_GAP_NS, dots, 2 * (size_t)trend);
		chart_draw((struct rect){ .y = line.y, .x = line.x + 20, .rows = line.rows - (line.rows > 2), .columns = trend }, dots, 2 * (size_t)trend, 100, STYLE_ACCENT);
		screen_put_n(line, 0, 21 + trend, line.columns - 22 - trend, STYLE_DIM, gauge->name, strlen(gauge->name));
		return;
	}
	series_slots(series, end - span, end, TREND_GAP_NS, values, (size_t)trend);
	screen_spark(values, (size_t)trend, 100, trend, spark, sizeof(spark));
	screen_put(line, 0, 20, STYLE_DIM, spark);
	screen_put_n(line, 0, 21 + trend, line.columns - 22 - trend, STYLE_DIM, gauge->name, strlen(gauge->name));
}

void dashboard_draw_run(struct dashboard *dashboard, const struct item *item, struct rect line, int selected)
{
	char end[24];
	int64_t step = 0;
	size_t length = (size_t)snprintf(end, sizeof(end), "%.16s", item->why);

	if (!length && item->at_ns) {
		char age[16];

		format_age(clock_now_ns() - item->at_ns, age, sizeof(age), &step);
		length = (size_t)snprintf(end, sizeof(end), "%s ago", age);
	}
	dashboard_note_age(dashboard, step);
	screen_put(line, 0, 3, item->style, item->mark);
	put_name(line, 5, line.columns - 6 - (int)length - 1, selected, item->what);
	screen_put_right(line, 0, line.columns - (int)length, (int)length, STYLE_DIM, end, length);
}
