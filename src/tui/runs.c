/* runs.c - what ran, is running, ended badly or nobody knows how; u undoes what can be undone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "gate/gate.h"
#include "tui/asking.h"
#include "tui/console.h"
#include "tui/format.h"
#include "tui/list_view.h"
#include "tui/pane.h"
#include "tui/run_text.h"

enum { RUNS_MAX = 1000 };

struct runs {
	struct pane pane;
	struct list_view list;
	struct asking *asking;
	struct json *rows;
	char problem[256];
	unsigned version;
	int running;
	int64_t step_ns;
};

static const struct list_column columns[] = {
	{ .name = "", .max = 2 },
	{ .name = "STATUS", .max = 12 },
	{ .name = "WHAT" },
	{ .name = "STEPS", .max = 7, .right = 1, .leave = 3 },
	{ .name = "TOOK", .max = 12, .right = 1, .leave = 2 },
	{ .name = "AGO", .max = 7, .right = 1 },
	{ .name = "BY", .max = 14, .leave = 1 },
	{ .name = "UNDO", .max = 6, .leave = 4 },
};

static struct runs *of(struct pane *pane)
{
	return (struct runs *)pane;
}

static void close_runs(struct pane *pane)
{
	struct runs *runs = of(pane);

	asking_stop(&runs->asking);
	list_view_release(&runs->list);
	json_free(runs->rows);
	free(runs);
}

static void steps_text(const struct json *run, char *out, size_t size)
{
	size_t count = 0, done = 0;

	for (const struct json *step = json_first(json_get(run, "steps")); step; step = json_next(step), count++)
		done += !strcmp(json_text_or(json_get(step, "status"), ""), "done");
	snprintf(out, size, "%zu/%zu", done, count);
}

static void add(struct runs *runs, const struct json *run, size_t number)
{
	const char *status = json_text_or(json_get(run, "status"), "unknown");
	struct list_row *row = list_view_add(&runs->list, json_text_or(json_get(run, "run_id"), ""), number);
	int64_t started = 0, step = 0;
	char text[64];

	if (!row)
		return;
	list_row_set(row, 0, run_style(status), run_glyph(status));
	list_row_set(row, 1, run_style(status), status);
	list_row_set(row, 2, STYLE_TEXT, json_text_or(json_get(run, "summary"), "plan not known any more"));
	steps_text(run, text, sizeof(text));
	list_row_set(row, 3, STYLE_DIM, text);
	run_elapsed(run_took_ns(run), text, sizeof(text));
	list_row_set(row, 4, STYLE_TEXT, text);
	if (!clock_parse(json_text_or(json_get(run, "started_at"), ""), &started))
		format_age(clock_now_ns() - started, text, sizeof(text), &step);
	else
		snprintf(text, sizeof(text), "–");
	list_row_set(row, 5, STYLE_TEXT, text);
	list_row_set(row, 6, STYLE_DIM, json_text_or(json_get(run, "user"), ""));
	list_row_set(row, 7, STYLE_DIM, !strcmp(status, "rolled_back") ? "undone" : run_can_undo(run) ? "u" : "no");
	runs->running |= !strcmp(status, "running");
	if (step && (!runs->step_ns || step < runs->step_ns))
		runs->step_ns = step;
}

static void fill(struct runs *runs)
{
	size_t number = 0;

	runs->running = 0;
	runs->step_ns = 0;
	list_view_begin(&runs->list);
	for (const struct json *run = json_first(runs->rows); run; run = json_next(run))
		add(runs, run, number++);
	list_view_end(&runs->list);
}

static void ask(struct asking *asking)
{
	asking->json = gate_runs(asking->gate, RUNS_MAX, &asking->err);
}

static void answered(void *pane, struct asking *asking)
{
	struct runs *runs = pane;

	if (asking->json) {
		json_free(runs->rows);
		runs->rows = asking->json;
		asking->json = NULL;
	}
	snprintf(runs->problem, sizeof(runs->problem), "%s", asking->err.text);
	runs->list.empty = *runs->problem ? runs->problem : "nothing has run yet: a on a row shows what can be done with it";
	fill(runs);
	runs->pane.dirty = 1;
}

static void look(struct runs *runs)
{
	struct gate *gate = console_gate(runs->pane.console);

	if (!gate)
		return;
	runs->version = gate_version(gate);
	asking_send(asking_new(runs->pane.console, &runs->asking, runs, ask, answered));
}

static int recalc(struct pane *pane)
{
	struct runs *runs = of(pane);
	struct gate *gate = console_gate(pane->console);

	if (gate && (gate_version(gate) != runs->version || (!runs->rows && !*runs->problem && !runs->asking)))
		look(runs);
	return 0;
}

static void draw(struct pane *pane, struct rect area)
{
	struct runs *runs = of(pane);

	if (runs->running || runs->step_ns)
		fill(runs); /* ages and elapsed times */
	list_view_draw(&runs->list, pane, area);
}

static int64_t next_change(struct pane *pane)
{
	return of(pane)->running ? CLOCK_SECOND_NS : of(pane)->step_ns;
}

static int command(struct pane *pane, const struct command *what)
{
	struct runs *runs = of(pane);
	const struct list_row *row = list_view_at_cursor(&runs->list);

	if (list_view_command(&runs->list, pane, what))
		return 1;
	if (!strcmp(what->name, "table.open") && row)
		console_push(pane->console, run_new(pane->console, row->id));
	else if (!strcmp(what->name, "runs.undo") && row)
		console_undo_run(pane->console, row->id);
	else if (!strcmp(what->name, "global.refresh"))
		look(runs);
	else
		return !strcmp(what->name, "runs.undo"); /* with no row there is nothing to undo */
	return 1;
}

static int key(struct pane *pane, int pressed)
{
	return list_view_key(&of(pane)->list, pane, pressed);
}

static void mouse(struct pane *pane, struct rect area, int y, int x, int button)
{
	const struct list_row *row = NULL;

	(void)area;
	(void)x;
	if (list_view_mouse(&of(pane)->list, pane, y, button))
		row = list_view_at_cursor(&of(pane)->list);
	if (row)
		console_push(pane->console, run_new(pane->console, row->id));
}

static void title(struct pane *pane, char *out, size_t size)
{
	(void)pane;
	snprintf(out, size, "runs");
}

static void status(struct pane *pane, char *out, size_t size)
{
	list_view_status(&of(pane)->list, out, size);
}

static void dump(struct pane *pane, struct text *out)
{
	list_view_dump(&of(pane)->list, out);
}

static const struct pane_ops ops = {
	.name = "runs",
	.context = "runs",
	.close = close_runs,
	.recalc = recalc,
	.draw = draw,
	.command = command,
	.key = key,
	.mouse = mouse,
	.title = title,
	.status = status,
	.next_change = next_change,
	.dump = dump,
};

struct pane *runs_new(struct console *console)
{
	struct runs *runs = mem_zero(1, sizeof(*runs));

	runs->pane = (struct pane){ .ops = &ops, .console = console };
	list_view_init(&runs->list, columns, sizeof(columns) / sizeof(*columns), "loading …");
	look(runs);
	return &runs->pane;
}
