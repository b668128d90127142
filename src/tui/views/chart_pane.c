/* chart_pane.c - the samples a chart is of, and what its keys do; how it looks is in chart_look.c. */
#include "tui/views/chart_pane.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/safe.h"
#include "estate/estate.h"
#include "estate/snapshot.h"
#include "tui/console_private.h"
#include "tui/views/chart_private.h"
#include "tui/views/series.h"

enum { WINDOW_FIRST = 1 };

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

/* --- commands --- */

static void zoom(struct chart_pane *chart, int by)
{
	size_t window = chart->window + (size_t)by;

	if (chart_window_ns(window) >= 0)
		chart->window = window;
}

static void pan(struct chart_pane *chart, int by)
{
	chart->back_ns += by * chart_window_ns(chart->window) / 4;
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

static int target(struct pane *pane, struct ref *ref)
{
	const struct chart_pane *chart = of(pane);

	return chart->at < chart->count && *chart->lines[chart->at].line.id && !ref_parse(chart->lines[chart->at].line.id, ref);
}

static const struct pane_ops ops = {
	.name = "chart",
	.context = "chart",
	.close = close_chart,
	.recalc = recalc,
	.draw = chart_pane_draw,
	.command = command,
	.mouse = mouse,
	.title = title,
	.status = chart_pane_status,
	.target = target,
	.next_change = chart_pane_next_change,
	.dump = chart_pane_dump,
	.visible = set_visible,
};

struct pane *chart_new(struct console *console, const char *heading, const struct chart_line *lines, size_t count, size_t at)
{
	struct chart_pane *chart = mem_zero(1, sizeof(*chart));

	chart->pane = (struct pane){ .ops = &ops, .console = console };
	snprintf(chart->title, sizeof(chart->title), "%s", heading);
	chart->count = count < CHART_LINES_MAX ? count : CHART_LINES_MAX;
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
	for (size_t i = 0; i < kind->visible_count && count < CHART_LINES_MAX; i++) {
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
	struct chart_line lines[CHART_LINES_MAX];
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
