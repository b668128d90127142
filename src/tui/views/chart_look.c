/* chart_look.c - numbers over time as they are drawn: each its own scale, all the same time. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "estate/snapshot.h"
#include "tui/console_private.h"
#include "tui/screen/chart.h"
#include "tui/screen/format.h"
#include "tui/views/chart_private.h"
#include "tui/views/series.h"

enum { MOVE_S = 10, AXIS = 8, LEAST_ROWS = 4, MOST_ROWS = 14, SLOTS_MAX = 1024, DUMP_COLUMNS = 72, DUMP_ROWS = 4, VALUE_TEXT = 32 };

static const struct {
	const char *name;
	int seconds;
} windows[] = { { "1 min", 60 }, { "5 min", 300 }, { "15 min", 900 }, { "1 h", 3600 }, { "6 h", 6 * 3600 }, { "24 h", 24 * 3600 } };

int64_t chart_window_ns(size_t window)
{
	return window < sizeof(windows) / sizeof(*windows) ? windows[window].seconds * CLOCK_SECOND_NS : -1;
}

static enum column_type type_of(const struct shown *shown)
{
	int column = shown->kind ? kind_column_find(shown->kind, shown->line.column) : -1;

	return column >= 0 ? shown->kind->columns[column].type : COLUMN_NUMBER;
}

static void value_text(const struct shown *shown, double value, char out[VALUE_TEXT])
{
	if (isnan(value))
		snprintf(out, VALUE_TEXT, "%s", screen_glyph(GLYPH_DASH));
	else if (type_of(shown) == COLUMN_BYTES)
		format_bytes(value, out, VALUE_TEXT);
	else
		snprintf(out, VALUE_TEXT, "%.*f%s", value < 10 && value != floor(value) ? 1 : 0, value, type_of(shown) == COLUMN_PERCENT ? " %" : "");
}

/* Percent of a hundred; anything else of a round number above the highest. */
static double scale_of(const struct shown *shown, double high)
{
	double step = 1;

	if (type_of(shown) == COLUMN_PERCENT && high <= 100)
		return 100;
	while (high > step * 10)
		step *= 10;
	return high > 0 ? ceil(high / step) * step : 1;
}

/* Three of the interval it is asked at while seen: what is longer is a time nobody looked. */
static int64_t gap_of(const struct shown *shown)
{
	int64_t poll = shown->kind && shown->kind->poll_ms > 0 ? shown->kind->poll_ms : 5000;

	return 3 * poll * 1000000;
}

struct span {
	int64_t from, to;
};

/* The picture moves on by itself by this much at a time: a dot, and ten seconds at least, for each move changes nearly all of it. */
static int64_t move_ns(const struct chart_pane *chart)
{
	int64_t dot = chart_window_ns(chart->window) / (2 * (int64_t)screen_size().columns), least = MOVE_S * CLOCK_SECOND_NS;

	return dot > least ? dot : least;
}

/* Its right edge is the end of the move under way, so that what comes meanwhile has its place. */
static struct span span_of(const struct chart_pane *chart)
{
	int64_t move = move_ns(chart), to = (clock_now_ns() / move + 1) * move - chart->back_ns;

	return (struct span){ to - chart_window_ns(chart->window), to };
}

static void head_text(const struct shown *shown, const struct series_sum *sum, char *out, size_t size)
{
	char now[VALUE_TEXT], low[VALUE_TEXT], high[VALUE_TEXT];

	value_text(shown, sum->now, now);
	value_text(shown, sum->low, low);
	value_text(shown, sum->high, high);
	if (sum->count)
		snprintf(out, size, "%-8s %s   low %s  high %s  %zu sample%s%s%s", shown->line.label, now, low, high, sum->count, sum->count == 1 ? "" : "s", *shown->worst ? "   " : "",
			shown->worst);
	else
		snprintf(out, size, "%-8s no sample in this time", shown->line.label);
}

static void draw_line(const struct chart_pane *chart, const struct shown *shown, struct rect area, int selected)
{
	struct series *series = chart_series(chart->pane.console->series, &shown->line);
	struct span span = span_of(chart);
	struct rect plot = { .y = area.y + 1, .x = area.x + AXIS + 1, .rows = area.rows - 1, .columns = area.columns - AXIS - 2 };
	char text[300], most[VALUE_TEXT];
	double values[SLOTS_MAX];

	screen_clear(area);
	if (!series || plot.columns < 2 || plot.rows < 1)
		return;
	struct series_sum sum = series_sum(series, span.from, span.to);
	size_t slots = (size_t)plot.columns * 2 < SLOTS_MAX ? (size_t)plot.columns * 2 : SLOTS_MAX;
	double scale = scale_of(shown, sum.high);

	head_text(shown, &sum, text, sizeof(text));
	screen_put(area, 0, 1, STYLE_ACCENT, selected ? screen_glyph(GLYPH_CURSOR) : " ");
	screen_put_n(area, 0, 3, area.columns - 4, selected ? STYLE_SELECTED : sum.count ? STYLE_TEXT : STYLE_DIM, text, strlen(text));
	value_text(shown, scale, most);
	screen_put_right(area, 1, 0, AXIS, STYLE_DIM, most, strlen(most));
	if (plot.rows > 1)
		screen_put_right(area, area.rows - 1, 0, AXIS, STYLE_DIM, "0", 1);
	series_slots(series, span.from, span.to, gap_of(shown), values, slots);
	chart_draw(plot, values, slots, scale, STYLE_ACCENT);
}

static void time_text(int64_t at_ns, int with_seconds, char out[16])
{
	time_t seconds = (time_t)(at_ns / CLOCK_SECOND_NS);
	struct tm local;

	localtime_r(&seconds, &local);
	strftime(out, 16, with_seconds ? "%H:%M:%S" : "%H:%M", &local);
}

static void draw_times(const struct chart_pane *chart, struct rect area, int y)
{
	struct span span = span_of(chart);
	int with_seconds = windows[chart->window].seconds < 900, width = with_seconds ? 8 : 5, plot = area.columns - AXIS - 2;
	char text[16];

	screen_clear_line(area, y, 0);
	for (int part = 0; part < 3 && plot > 4 * width; part++) {
		time_text(span.from + (span.to - span.from) * part / 2, with_seconds, text);
		screen_put(area, y, AXIS + 1 + (part == 2 ? plot - width : part * (plot / 2) - (part ? width / 2 : 0)), STYLE_DIM, text);
	}
}

void chart_pane_draw(struct pane *pane, struct rect area)
{
	struct chart_pane *chart = (struct chart_pane *)pane;
	size_t wanted = chart->alone ? 1 : chart->count;
	int room = area.rows - 1, rows = wanted ? room / (int)wanted : room, y = 0;

	rows = rows < LEAST_ROWS ? LEAST_ROWS : !chart->alone && rows > MOST_ROWS ? MOST_ROWS : rows;
	size_t fits = room >= rows ? (size_t)(room / rows) : 1;

	if (chart->at < chart->top)
		chart->top = chart->at;
	if (chart->at >= chart->top + fits)
		chart->top = chart->at - fits + 1;
	if (chart->alone)
		chart->top = chart->at;
	else if (chart->top + fits > chart->count)
		chart->top = chart->count > fits ? chart->count - fits : 0;
	for (size_t i = 0; i < fits && i < wanted && chart->top + i < chart->count; i++, y += rows)
		draw_line(chart, &chart->lines[chart->top + i],
			(struct rect){ .y = area.y + y, .x = area.x, .rows = rows < room ? rows : room, .columns = area.columns }, chart->top + i == chart->at);
	if (y < area.rows)
		draw_times(chart, area, y++);
	for (; y < area.rows; y++)
		screen_clear_line(area, y, 0);
}

int64_t chart_pane_next_change(struct pane *pane)
{
	struct chart_pane *chart = (struct chart_pane *)pane;
	int64_t move = move_ns(chart);

	return chart->back_ns ? 0 : move - clock_now_ns() % move;
}

void chart_pane_status(struct pane *pane, char *out, size_t size)
{
	const struct chart_pane *chart = (const struct chart_pane *)pane;
	struct span span = span_of(chart);
	char until[16];

	time_text(span.to, 0, until);
	snprintf(out, size, "%s%s%s  blank: not looked at", windows[chart->window].name, chart->back_ns ? " until " : "", chart->back_ns ? until : "");
}

void chart_pane_dump(struct pane *pane, struct text *out)
{
	const struct chart_pane *chart = (const struct chart_pane *)pane;
	struct span span = span_of(chart);
	double values[2 * DUMP_COLUMNS];
	char text[1024];

	for (size_t i = 0; i < chart->count; i++) {
		const struct shown *shown = &chart->lines[i];
		struct series *series = chart_series(chart->pane.console->series, &shown->line);

		if (!series)
			continue;
		struct series_sum sum = series_sum(series, span.from, span.to);

		head_text(shown, &sum, text, sizeof(text));
		text_format(out, "%s%s\n", i ? "\n" : "", text);
		series_slots(series, span.from, span.to, gap_of(shown), values, 2 * DUMP_COLUMNS);
		for (int row = 0; row < DUMP_ROWS; row++) {
			chart_row(values, 2 * DUMP_COLUMNS, scale_of(shown, sum.high), DUMP_COLUMNS, DUMP_ROWS, row, text, sizeof(text));
			text_format(out, "  %s\n", text);
		}
	}
}
