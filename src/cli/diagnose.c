#include "cli/diagnose.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"
#include "base/within.h"

enum { TEXT_MAX = 1000, TASKS_MAX = 256, GRACE_MS = 500 };

/* A check on its way. Its thread owns rows and arena until done is set under the lock. */
struct task {
	struct diagnosis *diagnosis;
	struct arena *arena;
	const char *name, *argument;
	size_t number;
	void (*run)(struct task *task);
	struct check_row *rows;
	size_t count;
	int64_t begun_ns;
	pthread_t thread;
	int started, done; /* done: under the lock */
};

struct diagnosis {
	struct surroundings surroundings;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	struct task *tasks[TASKS_MAX];
	size_t task_count;
	struct check_row *rows;
	size_t count;
	int left_behind;
};

struct diagnosis *diagnosis_new(const struct surroundings *surroundings)
{
	struct diagnosis *diagnosis = mem_zero(1, sizeof(*diagnosis));
	pthread_condattr_t attributes;

	diagnosis->surroundings = *surroundings;
	pthread_mutex_init(&diagnosis->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&diagnosis->ended, &attributes);
	pthread_condattr_destroy(&attributes);
	return diagnosis;
}

void diagnosis_add(struct diagnosis *diagnosis, const char *name, const char *argument, size_t number, void (*run)(struct task *task))
{
	struct task *task;

	if (diagnosis->task_count == TASKS_MAX)
		return;
	task = mem_zero(1, sizeof(*task));
	task->diagnosis = diagnosis;
	task->arena = arena_new();
	task->name = arena_text(task->arena, name);
	task->argument = arena_text(task->arena, argument);
	task->number = number;
	task->run = run;
	diagnosis->tasks[diagnosis->task_count++] = task;
}

/* --- a check's thread --- */

const struct surroundings *task_surroundings(const struct task *task)
{
	return &task->diagnosis->surroundings;
}

const char *task_name(const struct task *task)
{
	return task->name;
}

const char *task_argument(const struct task *task)
{
	return task->argument;
}

size_t task_number(const struct task *task)
{
	return task->number;
}

static const char *harmless(struct arena *arena, const char *text)
{
	struct text safe;

	text_init(&safe, TEXT_MAX);
	safe_add(&safe, text, strlen(text));
	const char *kept = arena_text(arena, safe.data);
	text_release(&safe);
	return kept;
}

void task_tell(struct task *task, const char *name, enum check_state state, const char *fix, const char *format, ...)
{
	struct text cause;
	va_list args;

	text_init(&cause, TEXT_MAX);
	va_start(args, format);
	text_vformat(&cause, format, args);
	va_end(args);
	task->rows = mem_grow(task->rows, task->count + 1, sizeof(*task->rows));
	task->rows[task->count++] = (struct check_row){ .name = harmless(task->arena, name ? name : task->name), .state = state, .cause = harmless(task->arena, cause.data),
		.fix = harmless(task->arena, fix ? fix : ""), .ms = (int)((clock_monotonic_ns() - task->begun_ns) / (CLOCK_SECOND_NS / 1000)) };
	text_release(&cause);
}

static void *run_task(void *arg)
{
	struct task *task = arg;
	struct within before = within_enter(NULL, task->diagnosis->surroundings.timeout_ms);

	task->run(task);
	within_leave(&before);
	pthread_mutex_lock(&task->diagnosis->lock);
	task->done = 1;
	pthread_cond_signal(&task->diagnosis->ended);
	pthread_mutex_unlock(&task->diagnosis->lock);
	return NULL;
}

/* --- all of them --- */

static int all_done(const struct diagnosis *diagnosis)
{
	for (size_t i = 0; i < diagnosis->task_count; i++)
		if (diagnosis->tasks[i]->started && !diagnosis->tasks[i]->done)
			return 0;
	return 1;
}

static void start_all(struct diagnosis *diagnosis)
{
	for (size_t i = 0; i < diagnosis->task_count; i++) {
		struct task *task = diagnosis->tasks[i];

		task->begun_ns = clock_monotonic_ns();
		task->started = !pthread_create(&task->thread, NULL, run_task, task);
	}
}

/* Under the lock: until all are done, or time is over. */
static void wait_for_all(struct diagnosis *diagnosis)
{
	int64_t until_ns = clock_monotonic_ns() + (int64_t)(diagnosis->surroundings.timeout_ms + GRACE_MS) * (CLOCK_SECOND_NS / 1000);
	struct timespec until = { .tv_sec = until_ns / CLOCK_SECOND_NS, .tv_nsec = until_ns % CLOCK_SECOND_NS };

	while (!all_done(diagnosis) && clock_monotonic_ns() < until_ns)
		pthread_cond_timedwait(&diagnosis->ended, &diagnosis->lock, &until);
}

static void add_row(struct diagnosis *diagnosis, const struct check_row *row)
{
	diagnosis->rows = mem_grow(diagnosis->rows, diagnosis->count + 1, sizeof(*diagnosis->rows));
	diagnosis->rows[diagnosis->count++] = *row;
}

static void collect(struct diagnosis *diagnosis, struct task *task)
{
	if (task->done || !task->started) {
		if (task->started)
			pthread_join(task->thread, NULL);
		else
			task_tell(task, NULL, CHECK_FAIL, "close other programs, or raise the limit of processes (ulimit -u)", "no thread can be started for it");
		for (size_t i = 0; i < task->count; i++)
			add_row(diagnosis, &task->rows[i]);
		return;
	}
	pthread_detach(task->thread);
	diagnosis->left_behind++;
	add_row(diagnosis, &(struct check_row){ .name = task->name, .state = CHECK_FAIL, .cause = "it did not come back in time",
		.fix = "look at what it waits for: name servers, a proxy, a mounted folder; --timeout gives it longer", .ms = diagnosis->surroundings.timeout_ms });
}

void diagnosis_run(struct diagnosis *diagnosis)
{
	start_all(diagnosis);
	pthread_mutex_lock(&diagnosis->lock);
	wait_for_all(diagnosis);
	for (size_t i = 0; i < diagnosis->task_count; i++) /* a thread that is done has left the lock, so joining it waits for nothing */
		collect(diagnosis, diagnosis->tasks[i]);
	pthread_mutex_unlock(&diagnosis->lock);
}

size_t diagnosis_count(const struct diagnosis *diagnosis)
{
	return diagnosis->count;
}

const struct check_row *diagnosis_at(const struct diagnosis *diagnosis, size_t i)
{
	return i < diagnosis->count ? &diagnosis->rows[i] : NULL;
}

int diagnosis_left_behind(const struct diagnosis *diagnosis)
{
	return diagnosis->left_behind;
}

void diagnosis_free(struct diagnosis *diagnosis)
{
	for (size_t i = 0; i < diagnosis->task_count; i++) {
		arena_free(diagnosis->tasks[i]->arena);
		free(diagnosis->tasks[i]->rows);
		free(diagnosis->tasks[i]);
	}
	free(diagnosis->rows);
	pthread_mutex_destroy(&diagnosis->lock);
	pthread_cond_destroy(&diagnosis->ended);
	free(diagnosis);
}
