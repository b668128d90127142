#include "fleet/tree/workers.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"

enum { TICK_MS = 100 };

struct shared {
	const struct workers_request *request;
	atomic_size_t next;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	int running;
};

static void work(struct shared *shared)
{
	const struct workers_request *request = shared->request;
	void *own = request->begin ? request->begin(request->arg) : NULL;

	for (size_t i; (i = atomic_fetch_add(&shared->next, 1)) < request->items;) {
		if (request->cancelled && atomic_load(request->cancelled))
			break;
		request->item(request->arg, own, i);
	}
	if (request->end)
		request->end(request->arg, own);
}

static void *thread_main(void *arg)
{
	struct shared *shared = arg;

	work(shared);
	pthread_mutex_lock(&shared->lock);
	shared->running--;
	pthread_cond_signal(&shared->ended);
	pthread_mutex_unlock(&shared->lock);
	return NULL;
}

static void wait_for_all(struct shared *shared)
{
	pthread_mutex_lock(&shared->lock);
	while (shared->running) {
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += TICK_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		pthread_cond_timedwait(&shared->ended, &shared->lock, &until);
		if (!shared->request->tick)
			continue;
		pthread_mutex_unlock(&shared->lock);
		shared->request->tick(shared->request->arg);
		pthread_mutex_lock(&shared->lock);
	}
	pthread_mutex_unlock(&shared->lock);
}

void workers_run(const struct workers_request *request)
{
	struct shared shared = { .request = request, .lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER };
	size_t wanted = request->items < (size_t)request->threads ? request->items : (size_t)request->threads, started = 0;
	pthread_t *threads = mem_zero(wanted + 1, sizeof(*threads));
	sigset_t all, before;

	sigfillset(&all); /* signals stay with the thread that waits */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	shared.running = (int)wanted;
	while (started < wanted && !pthread_create(&threads[started], NULL, thread_main, &shared))
		started++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_mutex_lock(&shared.lock);
	shared.running -= (int)(wanted - started);
	pthread_mutex_unlock(&shared.lock);
	if (!started)
		work(&shared); /* no thread is to be had */
	wait_for_all(&shared);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	free(threads);
}
