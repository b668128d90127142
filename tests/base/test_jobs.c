#include "base/jobs.h"
#include "base/mem.h"
#include "check_main.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>

struct task {
	struct job job;
	int number, squared;
	int *done_count, *cancelled_count;
	sem_t *started;
};

static sem_t results;

static void post_result(void *arg)
{
	sem_post(arg);
}

static void square(struct job *job)
{
	struct task *task = (struct task *)job;

	task->squared = task->number * task->number;
}

static void until_cancelled(struct job *job)
{
	struct task *task = (struct task *)job;

	sem_post(task->started);
	while (!atomic_load(&job->cancelled))
		sched_yield();
}

static void count_done(struct job *job)
{
	struct task *task = (struct task *)job;

	ck_assert(task->job.run != square || task->squared == task->number * task->number ||
		  atomic_load(&job->cancelled));
	++*task->done_count;
	*task->cancelled_count += atomic_load(&job->cancelled);
	free(task);
}

static struct task *task_new(void (*run)(struct job *), int number, int *done_count,
	int *cancelled_count, sem_t *started)
{
	struct task *task = mem_zero(1, sizeof(*task));

	*task = (struct task){ .job = { .run = run, .done = count_done },
		.number = number,
		.done_count = done_count,
		.cancelled_count = cancelled_count,
		.started = started };
	return task;
}

START_TEST(gives_every_result_once)
{
	int done = 0, cancelled = 0;

	sem_init(&results, 0, 0);
	struct jobs *jobs = jobs_new(3, post_result, &results);
	for (int i = 0; i < 500; i++)
		jobs_submit(jobs, &task_new(square, i, &done, &cancelled, NULL)->job);
	for (int i = 0; i < 500; i++)
		sem_wait(&results);
	ck_assert_uint_eq(jobs_pending(jobs), 500);
	ck_assert_uint_eq(jobs_collect(jobs), 500);
	ck_assert_int_eq(done, 500);
	ck_assert_int_eq(cancelled, 0);
	ck_assert_uint_eq(jobs_pending(jobs), 0);
	ck_assert_uint_eq(jobs_collect(jobs), 0);
	jobs_free(jobs);
}
END_TEST

START_TEST(cancels_at_the_end)
{
	int done = 0, cancelled = 0;
	sem_t started;

	sem_init(&started, 0, 0);
	struct jobs *jobs = jobs_new(1, NULL, NULL);
	jobs_submit(jobs, &task_new(until_cancelled, 0, &done, &cancelled, &started)->job);
	ck_assert_int_eq(
		jobs_spawn(jobs, &task_new(until_cancelled, 0, &done, &cancelled, &started)->job),
		0);
	sem_wait(&started);
	sem_wait(&started);
	for (int i = 0; i < 10; i++) /* never get a thread */
		jobs_submit(jobs, &task_new(square, i + 1, &done, &cancelled, NULL)->job);
	jobs_free(jobs);
	ck_assert_int_eq(done, 12);
	ck_assert_int_eq(cancelled, 12);
}
END_TEST

START_TEST(bounds_spawned_threads)
{
	int done = 0, cancelled = 0;
	sem_t started;
	struct task *last;

	sem_init(&started, 0, 0);
	sem_init(&results, 0, 0);
	struct jobs *jobs = jobs_new(1, post_result, &results);
	struct task *tasks[64];
	for (int i = 0; i < 64; i++) {
		tasks[i] = task_new(until_cancelled, 0, &done, &cancelled, &started);
		ck_assert_int_eq(jobs_spawn(jobs, &tasks[i]->job), 0);
	}
	last = task_new(square, 5, &done, &cancelled, NULL);
	ck_assert_int_eq(jobs_spawn(jobs, &last->job), -1);
	jobs_submit(jobs, &last->job); /* not taken: still ours to give */
	sem_wait(&results);
	ck_assert_uint_eq(jobs_collect(jobs), 1);
	atomic_store(&tasks[0]->job.cancelled, 1);
	sem_wait(&results);
	while (jobs_collect(jobs) == 0)
		sched_yield();
	/* its place is free once its thread has ended */
	struct task *again = task_new(until_cancelled, 0, &done, &cancelled, &started);
	while (jobs_spawn(jobs, &again->job))
		sched_yield();
	jobs_free(jobs);
	ck_assert_int_eq(done, 66);
	ck_assert_int_eq(cancelled, 65);
}
END_TEST

static void look_at_mask(struct job *job)
{
	struct task *task = (struct task *)job;
	sigset_t mask;

	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	task->number = sigismember(&mask, SIGINT) && sigismember(&mask, SIGWINCH);
}

static void keep_mask(struct job *job)
{
	*((struct task *)job)->done_count = ((struct task *)job)->number;
	free(job);
}

START_TEST(workers_take_no_signals)
{
	int blocked = 0;

	sem_init(&results, 0, 0);
	struct jobs *jobs = jobs_new(1, post_result, &results);
	struct task *task = task_new(look_at_mask, 0, &blocked, NULL, NULL);
	task->job.done = keep_mask;
	jobs_submit(jobs, &task->job);
	sem_wait(&results);
	jobs_collect(jobs);
	ck_assert_int_eq(blocked, 1);
	jobs_free(jobs);
	jobs_free(NULL);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, gives_every_result_once);
	tcase_add_test(tc, cancels_at_the_end);
	tcase_add_test(tc, bounds_spawned_threads);
	tcase_add_test(tc, workers_take_no_signals);
}

TEST_MAIN("base/jobs")
