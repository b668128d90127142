#include "tui/views/chart_pane.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"
#include "estate/estate.h"
#include "estate/snapshot.h"
#include "tui/console_private.h"
#include "tui/screen/chart.h"
#include "tui/screen/format.h"
#include "tui/views/series.h"

enum { MOVE_S = 10, LINES_MAX = 8, AXIS = 8, LEAST_ROWS = 4, MOST_ROWS = 14, SLOTS_MAX = 1024, DUMP_COLUMNS = 72, DUMP_ROWS = 4, VALUE_TEXT = 32 };

static const struct {
	const char *name;
	int seconds;
} windows[] = { { "1 min", 60 }, { "5 min", 300 }, { "15 min", 900 }, { "1 h", 3600 }, { "6 h", 6 * 3600 }, { "24 h", 24 * 3600 } };

enum { WINDOW_COUNT = sizeof(windows) / sizeof(*windows), WINDOW_FIRST = 1 };

struct shown {
	struct chart_line line;
	const struct kind *kind; /* NULL: not known here */
	struct feed *feed;       /* shared by equal kinds of the estate itself */
	unsigned version;
	char worst[64];
};

struct chart_pane {
	struct pane pane;
	char title[160];
	struct shown lines[LINES_MAX];
	size_t count, at, top;
	int alone, is_open, is_visible;
	size_t window;
	int64_t back_ns; /* how far the right end lies before now */
};

static struct chart_pane *of(struct pane *pane)
{
	return (struct chart_pane *)pane;
}

/* --- samples --- */

struct series *chart_series(struct series_book *book, const struct chart_line *line)
{
	char key[1200];

	snprintf(key, sizeof(key), "%s/%s/%s/%s", line->account, line->kind, line->column, line->id);
	return series_of(book, key);
}

static long row_of(const struct chart_line *line, const struct snapshot *snapshot, int column)
{
	size_t count = snapshot_count(snapshot);
	double most = (double)NAN;
	long found = -1;

	if (*line->id)
		return snapshot_find(snapshot, line->id);
	for (size_t row = 0; row < count; row++) {
		double value = snapshot_number(snapshot, row, column);

		if (isnan(value) || (!isnan(most) && value <= most))
			continue;
		most = value;
		found = (long)row;
	}
	return found;
}

double chart_sample(struct series_book *book, const struct chart_line *line, const struct kind *kind, struct snapshot *snapshot, char *name, size_t size)
{
	int column = kind ? kind_column_find(kind, line->column) : -1;
	long row = snapshot && column >= 0 ? row_of(line, snapshot, column) : -1;
	struct series *series = chart_series(book, line);
	size_t length;

	if (size)
		*name = 0;
	if (row < 0)
		return (double)NAN;
	double value = snapshot_number(snapshot, (size_t)row, column);

	if (series)
		series_add(series, snapshot_time(snapshot), value);
	if (size && !*line->id) {
		const char *text = snapshot_role(snapshot, (size_t)row, ROLE_NAME, &length);

		safe_copy(name, size, text, length);
	}
	return value;
}

static void take(struct chart_pane *chart, struct shown *shown)
{
	struct snapshot *snapshot = feed_snapshot(shown->feed);

	shown->version = feed_version(shown->feed);
	chart_sample(chart->pane.console->series, &shown->line, shown->kind, snapshot, shown->worst, sizeof(shown->worst));
	snapshot_unref(snapshot);
}

static void open_feeds(struct chart_pane *chart)
{
	struct estate *estate = console_estate(chart->pane.console);
	struct ref ref;

	if (!estate || chart->is_open)
		return;
	chart->is_open = 1;
	for (size_t i = 0; i < chart->count; i++) {
		struct shown *shown = &chart->lines[i];
		struct selection selection = { .account = *shown->line.account ? shown->line.account : NULL };

		shown->kind = kinds_find(estate_kinds(estate), shown->line.kind);
		if (!shown->kind)
			continue;
		if (shown->kind->namespaced)
			selection.namespace_ = *shown->line.id && !ref_parse(shown->line.id, &ref) ? ref.namespace_ : "*";
		shown->feed = estate_open(estate, shown->kind, &selection);
		feed_set_visible(shown->feed, chart->is_visible);
		take(chart, shown);
	}
}

static int recalc(struct pane *pane)
{
	struct chart_pane *chart = of(pane);
	int changed = 0;

	open_feeds(chart);
	for (size_t i = 0; i < chart->count; i++) {
		if (!chart->lines[i].feed || feed_version(chart->lines[i].feed) == chart->lines[i].version)
			continue;
		take(chart, &chart->lines[i]);
		changed = 1;
	}
	return changed;
}

static void set_visible(struct pane *pane, int visible)
{
	struct chart_pane *chart = of(pane);

	chart->is_visible = visible;
	for (size_t i = 0; i < chart->count; i++)
		if (chart->lines[i].feed)
			feed_set_visible(chart->lines[i].feed, visible);
	if (visible)
		recalc(pane);
}

static void close_chart(struct pane *pane)
{
	struct chart_pane *chart = of(pane);

	for (size_t i = 0; i < chart->count; i++)
		if (chart->lines[i].feed)
			estate_close(console_estate(pane->console), chart->lines[i].feed);
	free(chart);
}

/* --- drawing --- */

static int64_t window_ns(const struct chart_pane *chart)
{
	return windows[chart->window].seconds * CLOCK_SECOND_NS;
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
	int64_t dot = window_ns(chart) / (2 * (int64_t)screen_size().columns), least = MOVE_S * CLOCK_SECOND_NS;

	return dot > least ? dot : least;
}

/* Its right edge is the end of the move under way, so that what comes meanwhile has its place. */
static struct span span_of(const struct chart_pane *chart)
{
	int64_t move = move_ns(chart), to = (clock_now_ns() / move + 1) * move - chart->back_ns;

	return (struct span){ to - window_ns(chart), to };
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

static void draw(struct pane *pane, struct rect area)
{
	struct chart_pane *chart = of(pane);
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

static int64_t next_change(struct pane *pane)
{
	struct chart_pane *chart = of(pane);
	int64_t move = move_ns(chart);

	return chart->back_ns ? 0 : move - clock_now_ns() % move;
}

/* --- commands --- */

static void zoom(struct chart_pane *chart, int by)
{
	if (by < 0 ? chart->window > 0 : chart->window + 1 < WINDOW_COUNT)
		chart->window = (size_t)((int)chart->window + by);
}

static void pan(struct chart_pane *chart, int by)
{
	chart->back_ns += by * window_ns(chart) / 4;
	if (chart->back_ns < 0)
		chart->back_ns = 0;
	if (chart->back_ns > 24 * 3600 * CLOCK_SECOND_NS)
		chart->back_ns = 24 * 3600 * CLOCK_SECOND_NS;
}

static void open_table(struct chart_pane *chart)
{
	const struct shown *shown = &chart->lines[chart->at];
	struct selection selection = { .account = *shown->line.account ? shown->line.account : NULL };
	struct ref ref;

	if (*shown->line.id && !ref_parse(shown->line.id, &ref))
		console_push(chart->pane.console, detail_new(chart->pane.console, &ref));
	else if (shown->kind)
		console_open_kind(chart->pane.console, shown->kind, &selection, NULL);
}

static void down(struct chart_pane *chart)
{
	chart->at += chart->at + 1 < chart->count;
}

static void up(struct chart_pane *chart)
{
	chart->at -= chart->at > 0;
}

static void closer(struct chart_pane *chart)
{
	zoom(chart, -1);
}

static void wider(struct chart_pane *chart)
{
	zoom(chart, 1);
}

static void earlier(struct chart_pane *chart)
{
	pan(chart, 1);
}

static void later(struct chart_pane *chart)
{
	pan(chart, -1);
}

static void to_now(struct chart_pane *chart)
{
	chart->back_ns = 0;
}

static void one_or_all(struct chart_pane *chart)
{
	chart->alone = !chart->alone;
}

static const struct {
	const char *name;
	void (*run)(struct chart_pane *chart);
} rows_of[] = {
	{ "chart.alone", one_or_all },
	{ "chart.closer", closer },
	{ "chart.down", down },
	{ "chart.earlier", earlier },
	{ "chart.later", later },
	{ "chart.now", to_now },
	{ "chart.open", open_table },
	{ "chart.up", up },
	{ "chart.wider", wider },
};

static int command(struct pane *pane, const struct command *what)
{
	struct chart_pane *chart = of(pane);

	for (size_t i = 0; i < sizeof(rows_of) / sizeof(*rows_of); i++) {
		if (strcmp(rows_of[i].name, what->name) != 0)
			continue;
		if (chart->count)
			rows_of[i].run(chart);
		pane->dirty |= 1;
		console_dirty(pane->console);
		return 1;
	}
	return 0;
}

enum { WHEEL_UP = 4, WHEEL_DOWN = 5 };

static void mouse(struct pane *pane, struct rect area, int y, int x, int button)
{
	(void)area;
	(void)y;
	(void)x;
	if (button == WHEEL_UP || button == WHEEL_DOWN)
		zoom(of(pane), button == WHEEL_UP ? -1 : 1);
	pane->dirty |= 1;
	console_dirty(pane->console);
}

static void title(struct pane *pane, char *out, size_t size)
{
	snprintf(out, size, "%s", of(pane)->title);
}

static void status(struct pane *pane, char *out, size_t size)
{
	const struct chart_pane *chart = of(pane);
	struct span span = span_of(chart);
	char until[16];

	time_text(span.to, 0, until);
	snprintf(out, size, "%s%s%s  blank: not looked at", windows[chart->window].name, chart->back_ns ? " until " : "", chart->back_ns ? until : "");
}

static int target(struct pane *pane, struct ref *ref)
{
	const struct chart_pane *chart = of(pane);

	return chart->at < chart->count && *chart->lines[chart->at].line.id && !ref_parse(chart->lines[chart->at].line.id, ref);
}

static void dump(struct pane *pane, struct text *out)
{
	const struct chart_pane *chart = of(pane);
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

static const struct pane_ops ops = {
	.name = "chart",
	.context = "chart",
	.close = close_chart,
	.recalc = recalc,
	.draw = draw,
	.command = command,
	.mouse = mouse,
	.title = title,
	.status = status,
	.target = target,
	.next_change = next_change,
	.dump = dump,
	.visible = set_visible,
};

struct pane *chart_new(struct console *console, const char *heading, const struct chart_line *lines, size_t count, size_t at)
{
	struct chart_pane *chart = mem_zero(1, sizeof(*chart));

	chart->pane = (struct pane){ .ops = &ops, .console = console };
	snprintf(chart->title, sizeof(chart->title), "%s", heading);
	chart->count = count < LINES_MAX ? count : LINES_MAX;
	for (size_t i = 0; i < chart->count; i++)
		chart->lines[i].line = lines[i];
	chart->at = at < chart->count ? at : 0;
	chart->window = WINDOW_FIRST;
	open_feeds(chart);
	return &chart->pane;
}

/* --- of a resource --- */

static int is_number(enum column_type type)
{
	return type == COLUMN_NUMBER || type == COLUMN_BYTES || type == COLUMN_PERCENT || type == COLUMN_MILLICORES;
}

/* Those that change all the time first; of a kind that has none, whatever numbers it has. */
static size_t add_columns(struct chart_line *lines, size_t count, const struct kind *kind, const struct ref *ref, int is_volatile)
{
	for (size_t i = 0; i < kind->visible_count && count < LINES_MAX; i++) {
		const struct kind_column *column = &kind->columns[i];
		struct chart_line *line = &lines[count];

		if (!is_number(column->type) || (column->is_volatile != 0) != is_volatile)
			continue;
		*line = (struct chart_line){ 0 };
		snprintf(line->label, sizeof(line->label), "%.23s", column->name);
		for (char *at = line->label; *at; at++)
			*at = *at >= 'A' && *at <= 'Z' ? (char)(*at + 32) : *at;
		snprintf(line->kind, sizeof(line->kind), "%.63s", kind->name);
		snprintf(line->account, sizeof(line->account), "%s", ref->account);
		snprintf(line->column, sizeof(line->column), "%.63s", column->name);
		ref_format(ref, line->id, sizeof(line->id));
		count++;
	}
	return count;
}

struct pane *chart_of(struct console *console, const struct ref *ref)
{
	const struct kind *kind = console->estate ? kinds_of(estate_kinds(console->estate), ref) : NULL;
	struct chart_line lines[LINES_MAX];
	char heading[700];
	size_t count = kind ? add_columns(lines, 0, kind, ref, 1) : 0;

	if (kind && !count)
		count = add_columns(lines, 0, kind, ref, 0);
	if (!count) {
		console_say(console, STYLE_WARNING, "%s have no numbers to chart", ref->kind);
		return NULL;
	}
	snprintf(heading, sizeof(heading), "chart of %s %s", ref->kind, ref->name);
	return chart_new(console, heading, lines, count, 0);
}
