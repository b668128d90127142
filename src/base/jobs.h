/* jobs.h - a fixed thread pool. A job owns its input; its result comes back through done(), which runs on
 * the thread that calls jobs_collect() (the main loop). Locks live inside the queue only. */
#ifndef BASE_JOBS_H
#define BASE_JOBS_H

#include <stdatomic.h>
#include <stddef.h>

struct jobs;

struct job {
	void (*run)(struct job *job);  /* on a worker; looks at job->cancelled at every wait */
	void (*done)(struct job *job); /* on the collecting thread; frees the job. NULL: freed by free() */
	atomic_int cancelled;          /* also set for all jobs by jobs_stop */
	struct job *next;              /* private */
};                                     /* embed as the first member of your own struct */

/* threads > 0; each has signals blocked and a name. on_result (may be NULL) is called on a worker when
 * something is to be collected: loop_wake. */
struct jobs *jobs_new(int threads, void (*on_result)(void *arg), void *arg);
void jobs_free(struct jobs *jobs);  /* cancels, joins, frees what was not run through done() */
void jobs_submit(struct jobs *jobs, struct job *job); /* takes job */
/* For work that may block long (a watch, a follow): a thread of its own, at most 64; same life cycle; called on the
 * collecting thread. -1 at the limit (job not taken). */
int jobs_spawn(struct jobs *jobs, struct job *job);
size_t jobs_collect(struct jobs *jobs); /* runs done() of all finished jobs; how many */
size_t jobs_pending(const struct jobs *jobs);

#endif
