/* live_run.h - a run of this console while it is under way: the worker tells, panes look. It goes on when its pane is closed. */
#ifndef TUI_LIVE_RUN_H
#define TUI_LIVE_RUN_H

#include <stddef.h>
#include <stdint.h>

struct console;
struct error;
struct json;
struct live_run;
struct pane;
struct plan;

struct live_step {
	char id[64], status[16], line[256]; /* line: the newest of its output, or its error */
	int64_t began_ns, ended_ns;         /* since the run began; ended_ns 0: not yet */
};

/* Takes plan. NULL with err when too much runs already; the plan is freed then. */
struct live_run *live_run_start(struct console *console, struct plan *plan, struct error *err);
/* One of this console that is under way; a reference is yours. NULL none. */
struct live_run *live_run_find(struct console *console, const char *run_id);
struct live_run *live_run_ref(struct live_run *live);
void live_run_unref(struct live_run *live);
/* Stops between steps, or during one that can be stopped. */
void live_run_cancel(struct live_run *live);
const struct plan *live_run_plan(const struct live_run *live);
int64_t live_run_elapsed_ns(const struct live_run *live);
/* Copies up to max steps; how many there are. run_id (at least 40 bytes) "" until the gate has begun. */
size_t live_run_look(struct live_run *live, struct live_step *steps, size_t max, char *run_id);
/* The newest lines of output, oldest first, through on_line. */
void live_run_lines(struct live_run *live, void (*on_line)(void *arg, const char *line), void *arg);
/* 1 when it has ended: *result (borrowed, NULL when refused) and *err say how. */
int live_run_ended(const struct live_run *live, const struct json **result, struct error *err);

/* A pane on it. Takes the reference. */
struct pane *run_new_live(struct console *console, struct live_run *live);

#endif
