/* runs.c - what ran, is running, ended badly or nobody knows how; u undoes what can be undone. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "gate/gate.h"
#include "tui/asking.h"
#include "tui/console.h"
#include "tui/text/plan_text.h"
#include "tui/text/run_text.h"
#include "tui/views/list_pane.h"

enum { RUNS_MAX = 1000 };

static const struct list_column columns[] = {
	{ .name = "", .max = 2 },
	{ .name = "STATUS", .max = 12 },
	{ .name = "WHAT", .least = 36 },
	{ .name = "STEPS", .max = 7, .right = 1, .leave = 3 },
	{ .name = "TOOK", .max = 12, .right = 1, .leave = 2 },
	{ .name = "AGO", .max = 7, .right = 1 },
	{ .name = "BY", .max = 14, .leave = 1 },
	{ .name = "UNDO", .max = 6, .leave = 4 },
};

static void steps_text(const struct json *run, char *out, size_t size)
{
	size_t count = 0, done = 0;

	for (const struct json *step = json_first(json_get(run, "steps")); step; step = json_next(step), count++)
		done += !strcmp(json_text_or(json_get(step, "status"), ""), "done");
	snprintf(out, size, "%zu/%zu", done, count);
}

static void add(struct list_pane *list, const struct json *run, size_t number)
{
	const char *status = json_text_or(json_get(run, "status"), "unknown");
	struct list_row *row = list_view_add(&list->view, json_text_or(json_get(run, "run_id"), ""), number);
	char text[64], deed[DEED_MAX];

	if (!row)
		return;
	list_row_set(row, 0, run_style(status), run_glyph(status));
	list_row_set(row, 1, run_style(status), status);
	list_row_set(row, 2, STYLE_TEXT, plan_deed(json_text_or(json_get(run, "summary"), "plan not known any more"), deed, sizeof(deed)));
	steps_text(run, text, sizeof(text));
	list_row_set(row, 3, STYLE_DIM, text);
	run_elapsed(run_took_ns(run), text, sizeof(text));
	list_row_set(row, 4, STYLE_TEXT, text);
	list_pane_age(list, row, 5, STYLE_TEXT, json_text(json_get(run, "started_at")));
	list_row_set(row, 6, STYLE_DIM, json_text_or(json_get(run, "user"), ""));
	list_row_set(row, 7, STYLE_DIM, !strcmp(status, "rolled_back") ? "undone" : run_can_undo(run) ? "u" : "no");
	if (!strcmp(status, "running"))
		list_pane_note(list, CLOCK_SECOND_NS);
}

static void ask(struct asking *asking)
{
	asking->json = gate_runs(asking->gate, RUNS_MAX, &asking->err);
}

static struct pane *open_run(struct list_pane *list, const struct list_row *row, const struct json *run)
{
	(void)run;
	return run_new(list->pane.console, row->id);
}

static void undo(struct list_pane *list, const struct list_row *row, const struct json *run)
{
	(void)run;
	console_undo_run(list->pane.console, row->id);
}

static const struct list_command commands_here[] = {
	{ "runs.undo", undo, 1 },
	{ 0 },
};

static const struct list_pane_ops ops = {
	.name = "runs",
	.columns = columns,
	.column_count = sizeof(columns) / sizeof(*columns),
	.empty = "nothing has run yet: a on a row shows what can be done with it",
	.ask = ask,
	.add = add,
	.open = open_run,
	.commands = commands_here,
};

struct pane *runs_new(struct console *console)
{
	struct list_pane *list = list_pane_new(console, &ops, sizeof(*list));

	list_pane_look(list);
	return &list->pane;
}
