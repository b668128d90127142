#include "base/jobs.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "base/mem.h"

enum { SPAWNED_MAX = 64, STACK_BYTES = 1 << 20 };

/* A thread: of the pool for ever, or spawned for one job. */
struct worker {
	struct jobs *jobs;
	pthread_t thread;
	struct job *job; /* what it runs now */
	char name[16];
	enum { FREE, RUNNING, ENDED } state;
};

struct queue {
	struct job *first, **end;
};

struct jobs {
	pthread_mutex_t lock; /* over everything below */
	pthread_cond_t submitted;
	struct queue waiting, finished;
	size_t pending;
	int stopping;
	int pool_count;
	struct worker *pool;
	struct worker spawned[SPAWNED_MAX];
	void (*on_result)(void *arg); /* set before the first thread starts */
	void *arg;
};

static void queue_init(struct queue *queue)
{
	queue->first = NULL;
	queue->end = &queue->first;
}

static void queue_add(struct queue *queue, struct job *job)
{
	job->next = NULL;
	*queue->end = job;
	queue->end = &job->next;
}

static struct job *queue_take(struct queue *queue)
{
	struct job *job = queue->first;

	if (!job)
		return NULL;
	queue->first = job->next;
	if (!queue->first)
		queue->end = &queue->first;
	return job;
}

/* Runs one job of a worker whose `job` is set; called and returns with the lock held. */
static void run_one(struct jobs *jobs, struct worker *worker)
{
	struct job *job = worker->job;

	pthread_mutex_unlock(&jobs->lock);
	job->run(job);
	pthread_mutex_lock(&jobs->lock);
	worker->job = NULL;
	queue_add(&jobs->finished, job);
	if (!jobs->on_result)
		return;
	pthread_mutex_unlock(&jobs->lock);
	jobs->on_result(jobs->arg);
	pthread_mutex_lock(&jobs->lock);
}

static void *pool_main(void *arg)
{
	struct worker *worker = arg;
	struct jobs *jobs = worker->jobs;

	prctl(PR_SET_NAME, worker->name); /* itself: of another thread it is a write to a file */
	pthread_mutex_lock(&jobs->lock);
	while (!jobs->stopping) {
		worker->job = queue_take(&jobs->waiting);
		if (worker->job)
			run_one(jobs, worker);
		else
			pthread_cond_wait(&jobs->submitted, &jobs->lock);
	}
	pthread_mutex_unlock(&jobs->lock);
	return NULL;
}

static void *spawned_main(void *arg)
{
	struct worker *worker = arg;
	struct jobs *jobs = worker->jobs;

	prctl(PR_SET_NAME, worker->name);
	pthread_mutex_lock(&jobs->lock);
	run_one(jobs, worker);
	worker->state = ENDED; /* join_ended() takes it from here */
	pthread_mutex_unlock(&jobs->lock);
	return NULL;
}

static int start(struct worker *worker, void *(*run)(void *), unsigned number)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int failed;

	snprintf(worker->name, sizeof(worker->name), "ph-job-%u", number % 1000);
	sigfillset(&all);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	pthread_sigmask(SIG_SETMASK, &all, &before); /* signals belong to the main thread */
	failed = pthread_create(&worker->thread, &attributes, run, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return failed ? -1 : 0;
}

struct jobs *jobs_new(int threads, void (*on_result)(void *arg), void *arg)
{
	struct jobs *jobs = mem_zero(1, sizeof(*jobs));

	pthread_mutex_init(&jobs->lock, NULL);
	pthread_cond_init(&jobs->submitted, NULL);
	queue_init(&jobs->waiting);
	queue_init(&jobs->finished);
	jobs->on_result = on_result;
	jobs->arg = arg;
	jobs->pool = mem_zero((size_t)threads, sizeof(*jobs->pool));
	for (int i = 0; i < threads; i++) {
		struct worker *worker = &jobs->pool[jobs->pool_count];

		worker->jobs = jobs;
		if (!start(worker, pool_main, (unsigned)i))
			jobs->pool_count++;
	}
	if (!jobs->pool_count) {
		fputs("pilothouse: cannot start a thread\n", stderr);
		abort();
	}
	return jobs;
}

void jobs_submit(struct jobs *jobs, struct job *job)
{
	pthread_mutex_lock(&jobs->lock);
	jobs->pending++;
	if (jobs->stopping) { /* never run; done() still frees it */
		atomic_store(&job->cancelled, 1);
		queue_add(&jobs->finished, job);
	} else {
		queue_add(&jobs->waiting, job);
	}
	pthread_mutex_unlock(&jobs->lock);
	pthread_cond_signal(&jobs->submitted); /* with the lock it would wake only to wait for that */
}

/* Joins spawned threads whose job is over. They hold the lock no more, or let go of it at once. */
static void join_ended(struct jobs *jobs)
{
	for (int i = 0; i < SPAWNED_MAX; i++) {
		struct worker *worker = &jobs->spawned[i];

		pthread_mutex_lock(&jobs->lock);
		int ended = worker->state == ENDED;
		if (ended)
			worker->state = RUNNING; /* ours alone while joining */
		pthread_mutex_unlock(&jobs->lock);
		if (!ended)
			continue;
		pthread_join(worker->thread, NULL);
		pthread_mutex_lock(&jobs->lock);
		worker->state = FREE;
		pthread_mutex_unlock(&jobs->lock);
	}
}

static struct worker *free_worker(struct jobs *jobs)
{
	if (jobs->stopping)
		return NULL;
	for (int i = 0; i < SPAWNED_MAX; i++)
		if (jobs->spawned[i].state == FREE)
			return &jobs->spawned[i];
	return NULL;
}

int jobs_spawn(struct jobs *jobs, struct job *job)
{
	struct worker *worker;
	int failed = -1;

	join_ended(jobs);
	pthread_mutex_lock(&jobs->lock);
	worker = free_worker(jobs);
	if (worker) {
		worker->jobs = jobs;
		worker->job = job;
		failed = start(worker, spawned_main, (unsigned)(worker - jobs->spawned) + 100);
		if (failed) {
			worker->job = NULL;
		} else {
			worker->state = RUNNING;
			jobs->pending++;
		}
	}
	pthread_mutex_unlock(&jobs->lock);
	return failed;
}

size_t jobs_collect(struct jobs *jobs)
{
	struct job *job;
	size_t count = 0;
	struct queue finished;

	join_ended(jobs);
	pthread_mutex_lock(&jobs->lock);
	finished.first = jobs->finished.first;
	queue_init(&jobs->finished);
	pthread_mutex_unlock(&jobs->lock);
	while ((job = finished.first)) {
		finished.first = job->next;
		if (job->done)
			job->done(job);
		else
			free(job);
		count++;
	}
	pthread_mutex_lock(&jobs->lock);
	jobs->pending -= count;
	pthread_mutex_unlock(&jobs->lock);
	return count;
}

size_t jobs_pending(const struct jobs *jobs)
{
	/* The lock is no part of what the caller sees as constant. */
	pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&jobs->lock;
	size_t pending;

	pthread_mutex_lock(lock);
	pending = jobs->pending;
	pthread_mutex_unlock(lock);
	return pending;
}

static void cancel_worker(struct worker *worker)
{
	if (worker->job)
		atomic_store(&worker->job->cancelled, 1);
}

static void cancel_all(struct jobs *jobs)
{
	struct job *job;

	pthread_mutex_lock(&jobs->lock);
	jobs->stopping = 1;
	while ((job = queue_take(&jobs->waiting))) {
		atomic_store(&job->cancelled, 1);
		queue_add(&jobs->finished, job);
	}
	for (int i = 0; i < jobs->pool_count; i++)
		cancel_worker(&jobs->pool[i]);
	for (int i = 0; i < SPAWNED_MAX; i++)
		cancel_worker(&jobs->spawned[i]);
	pthread_cond_broadcast(&jobs->submitted);
	pthread_mutex_unlock(&jobs->lock);
}

/* Waits for a spawned thread, if one is there. Only the collecting thread makes and joins them. */
static void join_spawned(struct jobs *jobs, struct worker *worker)
{
	pthread_mutex_lock(&jobs->lock);
	int used = worker->state != FREE;
	pthread_mutex_unlock(&jobs->lock);
	if (!used)
		return;
	pthread_join(worker->thread, NULL);
	worker->state = FREE;
}

void jobs_free(struct jobs *jobs)
{
	if (!jobs)
		return;
	cancel_all(jobs);
	for (int i = 0; i < jobs->pool_count; i++)
		pthread_join(jobs->pool[i].thread, NULL);
	for (int i = 0; i < SPAWNED_MAX; i++)
		join_spawned(jobs, &jobs->spawned[i]);
	while (jobs_pending(jobs)) /* a done() may have submitted more */
		jobs_collect(jobs);
	pthread_cond_destroy(&jobs->submitted);
	pthread_mutex_destroy(&jobs->lock);
	free(jobs->pool);
	free(jobs);
}
