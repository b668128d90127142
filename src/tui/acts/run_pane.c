/* run_pane.c - one run: its steps as they go, how long they take, what they say; afterwards how it ended and how it is undone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "gate/gate.h"
#include "tui/acts/live_run.h"
#include "tui/asking.h"
#include "tui/console.h"
#include "tui/pane.h"
#include "tui/text/plan_text.h"
#include "tui/text/run_text.h"
#include "tui/text/text_view.h"

enum { BODY_MAX = 4 << 20, STEPS_SHOWN = 100, WORDS_COLUMNS_MAX = 110, LABEL = 10 };

struct run_pane {
	struct pane pane;
	char id[64];
	struct live_run *live; /* while it is one of this console */
	struct json *run;      /* as stored; NULL not loaded */
	struct text_view view;
	struct asking *asking;
	struct error err;
	int built_columns, ended;
	unsigned version;
};

static struct run_pane *of(struct pane *pane)
{
	return (struct run_pane *)pane;
}

static void close_run(struct pane *pane)
{
	struct run_pane *run = of(pane);

	asking_stop(&run->asking);
	live_run_unref(run->live);
	json_free(run->run);
	text_view_release(&run->view);
	free(run);
}

/* --- what is stored --- */

static void ask(struct asking *asking)
{
	size_t settled, unknown;

	if (asking->number)
		gate_reconcile(asking->gate, &settled, &unknown, NULL);
	asking->json = gate_run_load(asking->gate, asking->text, &asking->err);
}

static void answered(void *pane, struct asking *asking)
{
	struct run_pane *run = pane;

	if (asking->json) {
		json_free(run->run);
		run->run = asking->json;
		asking->json = NULL;
		snprintf(run->id, sizeof(run->id), "%s", json_text_or(json_get(run->run, "run_id"), run->id));
	}
	run->err = asking->err;
	run->built_columns = 0;
	run->pane.dirty = 1;
}

static void look(struct run_pane *run, int reconcile)
{
	struct gate *gate = console_gate(run->pane.console);

	if (!gate || !*run->id)
		return;
	struct asking *asking = asking_new(run->pane.console, &run->asking, run, ask, answered);

	run->version = gate_version(gate);
	asking->number = reconcile;
	snprintf(asking->text, sizeof(asking->text), "%s", run->id);
	asking_send(asking);
}

static void look_live(struct run_pane *run)
{
	const struct json *result;
	char id[40];
	struct live_step none;

	live_run_look(run->live, &none, 0, id);
	if (*id)
		snprintf(run->id, sizeof(run->id), "%s", id);
	run->built_columns = 0;
	if (run->ended || !live_run_ended(run->live, &result, &run->err))
		return;
	run->ended = 1;
	json_free(run->run);
	run->run = json_copy(result);
	if (run->run)
		look(run, 0); /* with what only the store knows: times, who */
}

static int recalc(struct pane *pane)
{
	struct run_pane *run = of(pane);
	struct gate *gate = console_gate(pane->console);

	if (run->live && !run->ended) {
		look_live(run);
		return 1;
	}
	if (gate && (gate_version(gate) != run->version || (!run->run && !run->err.code && !run->asking)))
		look(run, 0);
	return 0;
}

/* --- drawing --- */

static void add_line(void *arg, const char *line)
{
	struct text_view *view = arg;

	text_view_add(view, STYLE_DIM, "  ");
	text_view_line(view, STYLE_DIM, line);
}

static void build_live(struct run_pane *run, int columns)
{
	static struct live_step steps[STEPS_SHOWN]; /* main thread; too large for the stack */
	char id[40], elapsed[32], deed[DEED_MAX];
	size_t count = live_run_look(run->live, steps, STEPS_SHOWN, id);
	struct text_view *view = &run->view;

	text_view_words(view, STYLE_BOLD, 0, columns, plan_deed(live_run_plan(run->live)->summary, deed, sizeof(deed)), -1);
	run_elapsed(live_run_elapsed_ns(run->live), elapsed, sizeof(elapsed));
	text_view_addf(view, STYLE_ACCENT, "%s running  %s", screen_glyph(GLYPH_WAIT), elapsed);
	text_view_end(view, -1);
	text_view_end(view, -1);
	for (size_t i = 0; i < count && i < STEPS_SHOWN; i++) {
		int64_t end = steps[i].ended_ns ? steps[i].ended_ns : live_run_elapsed_ns(run->live);

		run_text_step(view, live_run_plan(run->live), steps[i].id, steps[i].status, end - steps[i].began_ns, columns);
	}
	text_view_end(view, -1);
	live_run_lines(run->live, add_line, view);
}

static void build(struct run_pane *run, int columns)
{
	if (run->built_columns == columns)
		return;
	run->built_columns = columns;
	text_view_clear(&run->view);
	if (run->live && !run->ended) {
		build_live(run, columns);
		return;
	}
	if (run->run)
		run_text(&run->view, run->run, columns);
	else
		text_view_words(&run->view, run->err.code ? STYLE_WARNING : STYLE_DIM, 0, columns, run->err.code ? run->err.text : "loading …", -1);
	if (run->live) {
		text_view_end(&run->view, -1);
		live_run_lines(run->live, add_line, &run->view);
	}
}

static int is_running(const struct run_pane *run)
{
	return (run->live && !run->ended) || !strcmp(json_text_or(json_get(run->run, "status"), ""), "running");
}

static void draw(struct pane *pane, struct rect area)
{
	struct run_pane *run = of(pane);

	if (is_running(run))
		run->built_columns = 0;
	build(run, area.columns - 3 < WORDS_COLUMNS_MAX ? area.columns - 3 : WORDS_COLUMNS_MAX);
	text_view_draw(&run->view, pane, area);
}

static int64_t next_change(struct pane *pane)
{
	return is_running(of(pane)) ? CLOCK_SECOND_NS : 0;
}

/* --- commands --- */

static void cancel(struct run_pane *run)
{
	if (run->live && !run->ended) {
		live_run_cancel(run->live);
		console_say(run->pane.console, STYLE_WARNING, "stopping: the step under way may still end as it began");
	} else if (is_running(run)) {
		console_say(run->pane.console, STYLE_WARNING, "another console runs it: stop it there");
	} else {
		console_say(run->pane.console, STYLE_DIM, "it has ended");
	}
}

static void undo(struct run_pane *run)
{
	if (is_running(run))
		console_say(run->pane.console, STYLE_WARNING, "it is still running: X stops it");
	else if (*run->id)
		console_undo_run(run->pane.console, run->id);
}

static void open_plan(struct run_pane *run)
{
	const char *id = run->live ? live_run_plan(run->live)->id : json_text(json_get(run->run, "plan_id"));

	if (id)
		console_push(run->pane.console, plan_new_pane(run->pane.console, id));
}

static int command(struct pane *pane, const struct command *what)
{
	struct run_pane *run = of(pane);

	if (!strcmp(what->name, "run.cancel"))
		cancel(run);
	else if (!strcmp(what->name, "run.undo"))
		undo(run);
	else if (!strcmp(what->name, "run.plan"))
		open_plan(run);
	else if (!strcmp(what->name, "global.refresh") && !is_running(run))
		look(run, 1);
	else
		return text_view_command(&run->view, pane, what);
	return 1;
}

static void title(struct pane *pane, char *out, size_t size)
{
	snprintf(out, size, "run %.13s", *of(pane)->id ? of(pane)->id : "…");
}

static void status(struct pane *pane, char *out, size_t size)
{
	struct run_pane *run = of(pane);

	if (run->live && !run->ended)
		snprintf(out, size, "running");
	else
		snprintf(out, size, "%s", json_text_or(json_get(run->run, "status"), ""));
}

static int target(struct pane *pane, struct ref *ref)
{
	const struct plan_step *step = of(pane)->live ? plan_main_write(live_run_plan(of(pane)->live)) : NULL;

	if (step)
		*ref = step->ref;
	return step != NULL;
}

static const struct pane_ops ops = {
	.name = "run",
	.context = "run",
	.close = close_run,
	.recalc = recalc,
	.draw = draw,
	.command = command,
	.key = text_view_pane_key,
	.mouse = text_view_pane_mouse,
	.title = title,
	.status = status,
	.target = target,
	.next_change = next_change,
	.dump = text_view_pane_dump,
};

static struct run_pane *make(struct console *console)
{
	struct run_pane *run = mem_zero(1, sizeof(*run));

	run->pane = (struct pane){ .ops = &ops, .console = console, .text = &run->view };
	text_view_init(&run->view, BODY_MAX, 0);
	return run;
}

struct pane *run_new(struct console *console, const char *run_id)
{
	struct run_pane *run = make(console);

	snprintf(run->id, sizeof(run->id), "%s", run_id);
	run->live = live_run_find(console, run_id);
	if (!run->live)
		look(run, 0);
	return &run->pane;
}

struct pane *run_new_live(struct console *console, struct live_run *live)
{
	struct run_pane *run = make(console);

	run->live = live;
	return &run->pane;
}
