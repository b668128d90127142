#include "tui/acts/live_run.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/safe.h"
#include "gate/gate.h"
#include "tui/console_private.h"
#include "tui/text/plan_text.h"

enum { STEPS_MAX = 500, LINES_MAX = 500 };

struct work {
	struct job job;
	struct live_run *live;
	struct json *result;
	struct error err;
};

struct live_run {
	struct live_run *next;
	struct console *console;
	struct gate *gate;
	struct plan *plan;
	struct loop *loop;
	int refs;              /* main thread */
	int ended;             /* main thread */
	struct work *work;     /* NULL once ended */
	struct json *result;
	struct error err;
	int64_t began_ns, ended_ns;
	pthread_mutex_t lock;  /* what follows */
	char run_id[40];
	struct live_step steps[STEPS_MAX];
	size_t step_count;
	char *lines[LINES_MAX];
	size_t line_count;
};

/* --- told by the worker --- */

static struct live_step *step_of(struct live_run *live, const char *id)
{
	for (size_t i = 0; i < live->step_count; i++)
		if (!strcmp(live->steps[i].id, id))
			return &live->steps[i];
	if (live->step_count == STEPS_MAX)
		return NULL;
	struct live_step *step = &live->steps[live->step_count++];

	snprintf(step->id, sizeof(step->id), "%s", id);
	return step;
}

static void keep_line(struct live_run *live, const char *text)
{
	char *line = mem_text(text);

	if (live->line_count == LINES_MAX) {
		free(live->lines[0]);
		memmove(live->lines, live->lines + 1, (LINES_MAX - 1) * sizeof(*live->lines));
		live->line_count--;
	}
	live->lines[live->line_count++] = line;
}

static void on_progress(const struct gate_progress *progress, void *arg)
{
	struct live_run *live = arg;

	pthread_mutex_lock(&live->lock);
	snprintf(live->run_id, sizeof(live->run_id), "%s", progress->run_id ? progress->run_id : "");
	struct live_step *step = progress->step && *progress->step ? step_of(live, progress->step) : NULL;

	if (step && !*step->status)
		step->began_ns = progress->elapsed_ns;
	if (step && progress->status)
		snprintf(step->status, sizeof(step->status), "%s", progress->status);
	if (step && strcmp(step->status, "started") != 0 && strcmp(step->status, "running") != 0)
		step->ended_ns = progress->elapsed_ns;
	if (step && progress->line)
		safe_copy(step->line, sizeof(step->line), progress->line, strlen(progress->line));
	if (progress->line)
		keep_line(live, progress->line);
	pthread_mutex_unlock(&live->lock);
	loop_wake(live->loop);
}

static void run(struct job *job)
{
	struct work *work = (struct work *)job;

	gate_run(work->live->gate, work->live->plan, &job->cancelled, on_progress, work->live, &work->result, &work->err);
}

/* --- main thread --- */

static void take_out(struct live_run *live)
{
	struct live_run **at = &live->console->live_runs;

	while (*at && *at != live)
		at = &(*at)->next;
	if (*at)
		*at = live->next;
}

/* Of the step that did not go well: what is of use then. */
static const char *trouble(const struct json *result)
{
	for (const struct json *step = json_first(json_get(result, "steps")); step; step = json_next(step))
		if (*json_text_or(json_get(step, "error"), ""))
			return json_text(json_get(step, "error"));
	return NULL;
}

static void tell_end(struct live_run *live)
{
	const char *status = json_text_or(json_get(live->result, "status"), "failed"), *why = trouble(live->result);
	char deed[DEED_MAX];

	if (live->console->ended)
		return;
	if (!live->result)
		console_say_error(live->console, &live->err);
	else
		console_say(live->console, !strcmp(status, "done") ? STYLE_OK : STYLE_WARNING, "%s: %.300s", status, why ? why : plan_deed(live->plan->summary, deed, sizeof(deed)));
}

static void done(struct job *job)
{
	struct work *work = (struct work *)job;
	struct live_run *live = work->live;

	live->result = work->result;
	live->err = work->err;
	live->ended = 1;
	live->ended_ns = clock_monotonic_ns();
	live->work = NULL;
	free(work);
	tell_end(live);
	if (live->result && !live->console->ended)
		console_after_run(live->console, live->plan, live->result);
	take_out(live);
	live_run_unref(live);
}

struct live_run *live_run_start(struct console *console, struct plan *plan, struct error *err)
{
	struct live_run *live = mem_zero(1, sizeof(*live));
	struct work *work = mem_zero(1, sizeof(*work));

	*live = (struct live_run){ .console = console, .gate = console_gate(console), .plan = plan, .loop = console_loop(console), .refs = 1, .work = work };
	pthread_mutex_init(&live->lock, NULL);
	live->began_ns = clock_monotonic_ns();
	work->job = (struct job){ .run = run, .done = done };
	work->live = live;
	if (console_spawn(console, &work->job)) {
		free(work);
		live->work = NULL;
		live_run_unref(live);
		error_set(err, ERR_LIMIT, "too much is under way: nothing was run; close logs or wait, then approve again");
		return NULL;
	}
	live->next = console->live_runs;
	console->live_runs = live;
	return live_run_ref(live);
}

struct live_run *live_run_ref(struct live_run *live)
{
	live->refs++;
	return live;
}

void live_run_unref(struct live_run *live)
{
	if (!live || --live->refs)
		return;
	for (size_t i = 0; i < live->line_count; i++)
		free(live->lines[i]);
	plan_free(live->plan);
	json_free(live->result);
	pthread_mutex_destroy(&live->lock);
	free(live);
}

struct live_run *live_run_find(struct console *console, const char *run_id)
{
	for (struct live_run *live = console->live_runs; live; live = live->next) {
		pthread_mutex_lock(&live->lock);
		int same = *live->run_id && !strcmp(live->run_id, run_id);
		pthread_mutex_unlock(&live->lock);

		if (same)
			return live_run_ref(live);
	}
	return NULL;
}

void live_run_cancel(struct live_run *live)
{
	if (live->work)
		atomic_store(&live->work->job.cancelled, 1);
}

const struct plan *live_run_plan(const struct live_run *live)
{
	return live->plan;
}

int64_t live_run_elapsed_ns(const struct live_run *live)
{
	return (live->ended ? live->ended_ns : clock_monotonic_ns()) - live->began_ns;
}

size_t live_run_look(struct live_run *live, struct live_step *steps, size_t max, char *run_id)
{
	pthread_mutex_lock(&live->lock);
	size_t count = live->step_count;

	memcpy(steps, live->steps, (count < max ? count : max) * sizeof(*steps));
	memcpy(run_id, live->run_id, sizeof(live->run_id));
	pthread_mutex_unlock(&live->lock);
	return count;
}

void live_run_lines(struct live_run *live, void (*on_line)(void *arg, const char *line), void *arg)
{
	pthread_mutex_lock(&live->lock);
	for (size_t i = 0; i < live->line_count; i++)
		on_line(arg, live->lines[i]);
	pthread_mutex_unlock(&live->lock);
}

int live_run_ended(const struct live_run *live, const struct json **result, struct error *err)
{
	*result = live->result;
	*err = live->err;
	return live->ended;
}
