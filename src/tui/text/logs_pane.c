/* logs_pane.c - the log of one or several things as it comes: a ring of bounded size, what was dropped is counted and said. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"
#include "estate/estate.h"
#include "tui/console.h"
#include "tui/pane.h"
#include "tui/screen/format.h"
#include "tui/text/log_ring.h"
#include "tui/text/logs_private.h"
#include "tui/text/text_view.h"

enum { RING_BYTES = 8 << 20, VIEW_FACTOR = 3, NARROW = 100, SOURCE_NARROW = 22, SOURCE_WIDE = 120 };
#define LATE_NS (2 * CLOCK_SECOND_NS)

static struct logs *of(struct pane *pane)
{
	return (struct logs *)pane;
}

static void close_logs(struct pane *pane)
{
	struct logs *logs = of(pane);

	logs_stop(logs);
	log_ring_free(logs->ring);
	text_view_release(&logs->view);
	free(logs);
}

/* --- lines to the view --- */

static const enum style source_styles[] = { STYLE_ACCENT, STYLE_OK, STYLE_HEADER, STYLE_MARKED, STYLE_LOW, STYLE_TITLE };

/* The same source has the same colour, also after a restart. */
static enum style style_of_source(const char *source)
{
	unsigned hash = 5381;

	for (; *source; source++)
		hash = hash * 33 + (unsigned char)*source;
	return source_styles[hash % (sizeof(source_styles) / sizeof(*source_styles))];
}

static void add_time(struct logs *logs, int64_t at_ns)
{
	time_t at = (time_t)(at_ns / CLOCK_SECOND_NS);
	struct tm local;
	char text[16] = "--:--:--";

	if (at_ns) {
		localtime_r(&at, &local);
		strftime(text, sizeof(text), "%H:%M:%S", &local);
	}
	text_view_addf(&logs->view, STYLE_DIM, "%s ", text);
}

/* On a narrow screen the line has the room: pods of one workload differ at the end of their names. */
static void add_source(struct logs *logs, const char *source)
{
	int columns = screen_size().columns < NARROW ? SOURCE_NARROW : SOURCE_WIDE;
	char cut[2 * SOURCE_WIDE];

	format_cut(source, strlen(source), columns, columns / 4, cut, sizeof(cut));
	text_view_addf(&logs->view, style_of_source(source), "%s ", cut);
}

static void show_line(void *arg, const struct log_line *line)
{
	struct logs *logs = arg;
	enum style style = log_line_is_error(line->text) ? STYLE_HIGH : STYLE_TEXT;

	if (logs->errors_only && style == STYLE_TEXT)
		return;
	if (logs->filter.length && !strcasestr(line->text, logs->filter.text))
		return;
	if (logs->with_times)
		add_time(logs, line->at_ns);
	if (logs->with_source && *line->source)
		add_source(logs, line->source);
	text_view_add(&logs->view, style, line->text);
	text_view_end(&logs->view, -1);
}

static void rebuild(struct logs *logs)
{
	text_view_clear(&logs->view);
	log_ring_each(logs->ring, show_line, logs);
	logs->pane.dirty = 1;
}

static void take_line(void *arg, const struct log_line *line)
{
	struct logs *logs = arg;

	log_ring_add(logs->ring, line->at_ns, line->source, line->text, strlen(line->text));
	show_line(logs, line);
}

/* A second container speaks: from now on it is said which one does. */
static void note_source(void *arg, const struct log_line *line)
{
	struct logs *logs = arg;

	if (!*logs->source)
		snprintf(logs->source, sizeof(logs->source), "%s", line->source);
	else if (!logs->source_chosen && !logs->with_source && strncmp(logs->source, line->source, sizeof(logs->source) - 1) != 0)
		logs->with_source = 1;
}

/* What a second source kept comes after what the first one did, and is older: then all of it is put in order. Moments do not matter. */
struct late {
	int64_t after_ns;
	int is_there;
};

static void note_late(void *arg, const struct log_line *line)
{
	struct late *late = arg;

	late->is_there |= line->at_ns && line->at_ns < late->after_ns;
}

static void take(struct logs *logs)
{
	struct inbox *inbox = logs->inbox;

	if (!inbox)
		return;
	pthread_mutex_lock(&inbox->lock);
	struct log_ring *came = inbox->ring;

	inbox->ring = log_ring_new(INBOX_BYTES);
	logs->running = inbox->running;
	if (inbox->ended_count)
		snprintf(logs->problem, sizeof(logs->problem), "%s", inbox->ended[inbox->ended_count - 1]);
	pthread_mutex_unlock(&inbox->lock);
	logs->lost += log_ring_dropped(came);
	if (logs->ref_count > 1)
		log_ring_sort(came);
	struct late late = { .after_ns = log_ring_newest(logs->ring) - LATE_NS };

	log_ring_each(came, note_late, &late);
	int had_source = logs->with_source;

	log_ring_each(came, note_source, logs);
	log_ring_each(came, take_line, logs);
	log_ring_free(came);
	if (logs->ref_count > 1 && late.is_there)
		log_ring_sort(logs->ring);
	if ((logs->ref_count > 1 && late.is_there) || logs->with_source != had_source)
		rebuild(logs);
}

static int has_news(struct logs *logs)
{
	struct inbox *inbox = logs->inbox;

	pthread_mutex_lock(&inbox->lock);
	int news = log_ring_count(inbox->ring) || inbox->running != logs->running;
	pthread_mutex_unlock(&inbox->lock);
	return news;
}

static int recalc(struct pane *pane)
{
	struct logs *logs = of(pane);

	if (!logs->inbox && console_estate(pane->console))
		logs_start(logs);
	if (!logs->inbox || !has_news(logs))
		return 0;
	take(logs);
	return 1;
}

static void draw_note(const struct logs *logs, struct rect area)
{
	const char *text = *logs->problem ? logs->problem : logs->running ? "no line yet" : "the log has no lines";

	if (logs->view.count && !*logs->problem)
		return;
	int y = logs->view.count ? area.rows - 1 : 0;

	screen_put_n(area, y, 1, area.columns - 1, *logs->problem ? STYLE_WARNING : STYLE_DIM, text, strlen(text));
}

static void draw(struct pane *pane, struct rect area)
{
	struct logs *logs = of(pane);
	int note = *logs->problem && logs->view.count;
	struct rect body = area;

	body.rows -= note + (logs->is_filtering != 0);
	text_view_draw(&logs->view, pane, body);
	draw_note(logs, (struct rect){ .y = area.y, .x = area.x, .rows = body.rows + note, .columns = area.columns });
	if (!logs->is_filtering)
		return;
	screen_clear_line(area, area.rows - 1, 0);
	screen_put(area, area.rows - 1, 0, STYLE_KEY, "&");
	input_draw(&logs->filter, area, area.rows - 1, 1, area.columns - 2, STYLE_TEXT, 1, 0);
}

/* --- commands --- */

static void toggle_follow(struct logs *logs)
{
	logs->view.follow = !logs->view.follow;
	if (logs->view.follow)
		text_view_to_end(&logs->view);
}

static void toggle_errors(struct logs *logs)
{
	logs->errors_only = !logs->errors_only;
	rebuild(logs);
}

static void toggle_times(struct logs *logs)
{
	logs->with_times = !logs->with_times;
	rebuild(logs);
}

static void toggle_source(struct logs *logs)
{
	logs->source_chosen = 1;
	logs->with_source = !logs->with_source;
	rebuild(logs);
}

static void toggle_previous(struct logs *logs)
{
	logs->previous = !logs->previous;
	logs_start(logs);
}

static void next_window(struct logs *logs)
{
	if (logs_window(++logs->window, NULL) < 0)
		logs->window = 0;
	logs_start(logs);
}

static void begin_filter(struct logs *logs)
{
	logs->is_filtering = 1;
	logs->pane.mode = "palette"; /* typing: "line" is the search of the view */
}

static const struct {
	const char *name;
	void (*run)(struct logs *logs);
} rows[] = {
	{ "global.refresh", logs_start },
	{ "logs.errors", toggle_errors },
	{ "logs.filter", begin_filter },
	{ "logs.follow", toggle_follow },
	{ "logs.previous", toggle_previous },
	{ "logs.since", next_window },
	{ "logs.source", toggle_source },
	{ "logs.times", toggle_times },
};

static int filter_command(struct logs *logs, const char *name)
{
	if (!strcmp(name, "dialog.cancel"))
		input_set(&logs->filter, "");
	else if (strcmp(name, "dialog.accept") != 0)
		return 1;
	logs->is_filtering = 0;
	logs->pane.mode = NULL;
	screen_cursor(screen_size(), -1, 0);
	rebuild(logs);
	return 1;
}

static int command(struct pane *pane, const struct command *what)
{
	struct logs *logs = of(pane);

	pane->dirty |= 1;
	if (logs->is_filtering)
		return filter_command(logs, what->name);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows) && !pane->mode; i++) {
		if (strcmp(rows[i].name, what->name) != 0)
			continue;
		rows[i].run(logs);
		return 1;
	}
	if (!strcmp(what->name, "text.bottom"))
		logs->view.follow = 1;
	if (!strcmp(what->name, "global.back") && logs->filter.length && !pane->mode)
		return filter_command(logs, "dialog.cancel");
	return text_view_command(&logs->view, pane, what);
}

static int key(struct pane *pane, int pressed)
{
	struct logs *logs = of(pane);
	int changed;

	if (!logs->is_filtering)
		return text_view_key(&logs->view, pane, pressed);
	if (input_key(&logs->filter, pressed, &changed) && changed)
		rebuild(logs);
	pane->dirty |= 1;
	return 1;
}

static void title(struct pane *pane, char *out, size_t size)
{
	const struct logs *logs = of(pane);
	const struct ref *ref = &logs->refs[0];
	char of_many[32] = "";

	if (logs->ref_count > 1)
		snprintf(of_many, sizeof(of_many), "of %zu: ", logs->ref_count);
	snprintf(out, size, "%slog %s%s%s%s%s%s%s", logs->previous ? "previous " : "", of_many, ref->namespace_, *ref->namespace_ ? "/" : "", ref->name,
		logs->ref_count > 1 ? " and others" : "", *logs->container ? " " : "", logs->container);
}

/* "312 lines  following  since 1 h"; when what is kept comes to its end: "  6.1Mi of 8Mi, 312 lines dropped" */
static void status(struct pane *pane, char *out, size_t size)
{
	const struct logs *logs = of(pane);
	char used[32], kept[96] = "", filter[80] = "", search[80] = "", count[32];
	size_t gone = log_ring_dropped(logs->ring) + logs->lost;
	const char *window;

	logs_window(logs->window, &window);
	format_bytes((double)log_ring_bytes(logs->ring), used, sizeof(used));
	if (gone)
		snprintf(kept, sizeof(kept), "  %s of 8Mi, %zu lines dropped", used, gone);
	else if (log_ring_bytes(logs->ring) > RING_BYTES / 2)
		snprintf(kept, sizeof(kept), "  %s of 8Mi", used);
	if (logs->filter.length)
		snprintf(filter, sizeof(filter), "&%.40s  ", logs->filter.text);
	if (logs->view.search.length)
		snprintf(search, sizeof(search), "/%.30s%s  ", logs->view.search.text, logs->view.missed ? " no match" : "");
	format_count(logs->view.count, count, sizeof(count));
	snprintf(out, size, "%s%s%s%s line%s  %s%s%s%s", filter, logs->errors_only ? "errors  " : "", search, count, logs->view.count == 1 ? "" : "s",
		!logs->running ? "ended" : logs->view.follow ? "following" : "paused", logs->window ? "  since " : "", logs->window ? window : "", kept);
}

static int target(struct pane *pane, struct ref *ref)
{
	*ref = of(pane)->refs[0];
	return 1;
}

static const struct pane_ops ops = {
	.name = "logs",
	.context = "logs",
	.close = close_logs,
	.recalc = recalc,
	.draw = draw,
	.command = command,
	.key = key,
	.mouse = text_view_pane_mouse,
	.title = title,
	.status = status,
	.target = target,
	.dump = text_view_pane_dump,
};

static struct logs *make(struct console *console, const struct ref *refs, size_t count)
{
	struct logs *logs = mem_zero(1, sizeof(*logs));

	logs->pane = (struct pane){ .ops = &ops, .console = console, .text = &logs->view };
	logs->ref_count = count < SOURCES_MAX ? count : SOURCES_MAX;
	memcpy(logs->refs, refs, logs->ref_count * sizeof(*refs));
	logs->ring = log_ring_new(RING_BYTES);
	logs->with_source = count > 1 || (!strcmp(refs->provider, "kubernetes") && strcmp(refs->kind, "pods") != 0);
	text_view_init(&logs->view, (size_t)RING_BYTES * VIEW_FACTOR, 1);
	logs->view.follow = 1;
	return logs;
}

struct pane *logs_new(struct console *console, const struct ref *refs, size_t count, int previous)
{
	struct logs *logs = make(console, refs, count);

	logs->previous = previous;
	logs_start(logs);
	if (count > SOURCES_MAX && !*logs->problem)
		snprintf(logs->problem, sizeof(logs->problem), "of %zu the first %d are followed: that many at once can be read", count, SOURCES_MAX);
	return &logs->pane;
}

struct pane *logs_of_container(struct console *console, const struct ref *ref, const char *container)
{
	struct logs *logs = make(console, ref, 1);

	snprintf(logs->container, sizeof(logs->container), "%s", container);
	logs_start(logs);
	return &logs->pane;
}
