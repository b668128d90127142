/* One thread that sleeps until a poll or a held-back publication is due, and for ever when nothing is. */
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/jobs.h"
#include "base/mem.h"
#include "estate/inside.h"
#include "estate/kind.h"

enum { RETRY_FIRST_MS = 1000, RETRY_LAST_MS = 60000, REFUSED_LAST_MS = 300000, QUICK_MS = 20, SLACK_MS = 2 };

static const int64_t ms = 1000000;

struct run { /* a list or a watch under way */
	struct job job;
	struct feed *feed;
	int watch, ended;
	struct run *next; /* of those one worker does one after another */
};

struct errand { /* takes from estate->quick until nothing is left */
	struct job job;
	struct estate *estate;
	int ran;
};

static void unref_locked(struct feed *feed)
{
	struct estate *estate = feed->estate;

	if (--feed->refs)
		return;
	pthread_mutex_unlock(&estate->lock);
	feed_free(feed);
	pthread_mutex_lock(&estate->lock);
}

void feed_unref(struct feed *feed)
{
	struct estate *estate = feed->estate;

	pthread_mutex_lock(&estate->lock);
	unref_locked(feed);
	pthread_mutex_unlock(&estate->lock);
}

/* Errors that another attempt in the same way will not mend. */
static int is_refusal(enum error_code code)
{
	return code == ERR_FORBIDDEN || code == ERR_NOT_FOUND || code == ERR_INVALID;
}

static int64_t retry_ms(const struct feed *feed)
{
	int64_t wait = RETRY_FIRST_MS;

	for (int i = 1; i < feed->failures && wait < RETRY_LAST_MS; i++)
		wait *= 2;
	return wait < RETRY_LAST_MS ? wait : RETRY_LAST_MS;
}

/* No right, no such thing: soon in case it was made just now, then ever more seldom. A person who knows better asks again. */
static int64_t refused_ms(const struct feed *feed)
{
	int64_t wait = feed_interval_ms(feed);

	for (int i = 0; i < feed->failures && wait < REFUSED_LAST_MS; i++)
		wait *= 2;
	return wait < REFUSED_LAST_MS || wait == feed_interval_ms(feed) ? wait : REFUSED_LAST_MS;
}

/* Those with the same interval fall due together, and whole minutes when the clock on the screen moves on: one wake-up for all. */
static int64_t next_of(int64_t interval_ms, int64_t now)
{
	int64_t interval = interval_ms * ms;

	if (interval <= 0)
		return now;
	int64_t left = interval - (clock_now_ns() % interval + interval) % interval;

	/* What came a moment before its time is not due again at once. */
	return now + left + (left < interval / 8 ? interval : 0);
}

static int64_t next_due_ns(const struct feed *feed, int64_t now)
{
	return next_of(feed_interval_ms(feed), now);
}

/* After a list or watch: when is the next? With estate->lock held. */
static void plan_next(struct feed *feed, int watched, int failed, enum error_code code)
{
	int64_t wait = feed_interval_ms(feed);

	feed->failures = failed ? feed->failures + 1 : 0;
	if (failed && watched && is_refusal(code))
		atomic_store(&feed->polls, 1); /* at once, by listing */
	if (failed && !(watched && feed->polls) && retry_ms(feed) > wait)
		wait = retry_ms(feed);
	else if (failed && watched)
		wait = feed->polls ? 0 : retry_ms(feed);
	if (failed && !watched && is_refusal(code))
		wait = refused_ms(feed);
	int64_t now = clock_monotonic_ns();

	feed->poll_due_ns = failed ? now + wait * ms : next_due_ns(feed, now);
}

void schedule_wake(struct estate *estate, int64_t due_ns)
{
	if (due_ns < estate->asleep_until_ns) /* else it looks in time anyhow */
		pthread_cond_signal(&estate->due);
}

static void end_run(struct run *run, int failed, enum error_code code)
{
	struct feed *feed = run->feed;
	struct estate *estate = feed->estate;

	pthread_mutex_lock(&estate->lock);
	run->ended = feed->listed = 1;
	feed->running = 0;
	plan_next(feed, run->watch, failed, code);
	int64_t feed_due_ns = feed->poll_due_ns;

	unref_locked(feed);
	estate->running--;
	pthread_cond_broadcast(&estate->idle);
	schedule_wake(estate, feed_due_ns);
	pthread_mutex_unlock(&estate->lock);
}

static void feed_set_listing(struct feed *feed, int listing)
{
	pthread_mutex_lock(&feed->work);
	feed->listing = listing;
	pthread_mutex_unlock(&feed->work);
}

static void tell(struct estate *estate)
{
	if (estate->options.on_news)
		estate->options.on_news(estate->options.arg);
}

/* Returns whether there is news of it that is left to the caller to tell: with `hold`. */
static int run_feed(struct run *run, int hold)
{
	struct feed *feed = run->feed;
	struct provider *provider = NULL;
	struct error err = { 0 };
	int failed = 0, untold;
	int64_t began = clock_monotonic_ns();

	if (!feed_cancelled(feed)) {
		provider = estate_provider(feed->estate, feed->kind->provider, NULL, &err);
		feed_set_listing(feed, !run->watch);
		failed = !provider || (run->watch ? feed->ops->watch : feed->ops->list)(provider,
					      feed->kind, &feed->selection, feed, &err);
		feed_set_listing(feed, 0);
	}
	untold = feed_untold(feed);
	if (failed && !feed_cancelled(feed))
		feed_fail(feed, &err);
	if (!hold && (accounts_look(feed->estate) || untold))
		tell(feed->estate);
	feed->quick = !failed && clock_monotonic_ns() - began < QUICK_MS * ms; /* read when it is due again */
	end_run(run, failed, err.code);
	return untold && hold;
}

static void run_one(struct job *job)
{
	run_feed((struct run *)job, 0);
}

/* On the collecting thread; a job that was never run ends here. */
static void run_done(struct job *job)
{
	struct run *run = (struct run *)job;

	if (!run->ended)
		end_run(run, 1, ERR_CANCELLED);
	free(run);
}

/* --- lists that take a moment: one worker does all that are due --- */

static void add_quick(struct estate *estate, struct run *run)
{
	struct run **end = &estate->quick;

	while (*end)
		end = &(*end)->next;
	*end = run;
	estate->quick_is_new = 1;
}

/* The estate stays until nothing is under way. */
static void errand_ended(struct estate *estate)
{
	pthread_mutex_lock(&estate->lock);
	estate->running--;
	pthread_cond_broadcast(&estate->idle);
	pthread_mutex_unlock(&estate->lock);
}

static struct run *take_quick(struct estate *estate)
{
	pthread_mutex_lock(&estate->lock);
	struct run *run = estate->quick;

	if (run)
		estate->quick = run->next;
	pthread_mutex_unlock(&estate->lock);
	return run;
}

/* Their news is told once. Where one of them hangs, those after it wait until others are due: then another worker takes them. */
static void run_errand(struct job *job)
{
	struct errand *errand = (struct errand *)job;
	struct estate *estate = errand->estate;
	int64_t told = clock_monotonic_ns();
	struct run *run;
	int untold = 0;

	errand->ran = 1;
	while ((run = take_quick(estate))) {
		untold |= run_feed(run, 1);
		free(run);
		if (!untold || clock_monotonic_ns() - told < QUICK_MS * ms)
			continue;
		tell(estate);
		told = clock_monotonic_ns();
		untold = 0;
	}
	if (accounts_look(estate) || untold)
		tell(estate);
	errand_ended(estate);
}

static void errand_done(struct job *job)
{
	struct errand *errand = (struct errand *)job;
	struct run *run;

	while (!errand->ran && (run = take_quick(errand->estate)))
		run_done(&run->job);
	if (!errand->ran)
		errand_ended(errand->estate);
	free(errand);
}

/* With estate->lock held, which is let go meanwhile. Returns 1 when there was something to send. */
static int send_errand(struct estate *estate)
{
	struct errand *errand;

	if (!estate->quick_is_new)
		return 0;
	estate->quick_is_new = 0;
	estate->running++;
	errand = mem_zero(1, sizeof(*errand));
	errand->job = (struct job){ .run = run_errand, .done = errand_done };
	errand->estate = estate;
	pthread_mutex_unlock(&estate->lock);
	jobs_submit(estate->options.jobs, &errand->job);
	pthread_mutex_lock(&estate->lock);
	return 1;
}

/* With estate->lock held, which is let go meanwhile. */
static void start_run(struct feed *feed)
{
	struct estate *estate = feed->estate;
	struct run *run = mem_zero(1, sizeof(*run));

	run->job.run = run_one;
	run->job.done = run_done;
	run->feed = feed;
	feed->expected_ns = 0;
	run->watch = feed->kind->watchable && feed->ops->watch && !feed->polls;
	feed->running = 1;
	feed->poll_due_ns = 0;
	if (!run->watch)
		feed->expected_ns = next_due_ns(feed, clock_monotonic_ns());
	/* A list judges all its rows anew; watched ones that do not change must be looked at. */
	feed->judge_due_ns = run->watch && feed->ages.count ? next_of(JUDGE_EVERY_MS, clock_monotonic_ns()) : 0;
	feed->refs++;
	estate->running++;
	if (!run->watch && feed->quick) {
		add_quick(estate, run);
		return;
	}
	pthread_mutex_unlock(&estate->lock);
	if (!run->watch || jobs_spawn(estate->options.jobs, &run->job)) {
		if (run->watch) /* too many watches: this one is listed */
			atomic_store(&feed->polls, 1);
		run->watch = 0;
		jobs_submit(estate->options.jobs, &run->job);
	}
	pthread_mutex_lock(&estate->lock);
}

/* With estate->lock held, which is let go meanwhile. */
static void work_on(struct feed *feed, void (*work)(struct feed *feed))
{
	struct estate *estate = feed->estate;

	feed->refs++;
	pthread_mutex_unlock(&estate->lock);
	work(feed);
	pthread_mutex_lock(&estate->lock);
	unref_locked(feed);
}

static int is_due(int64_t due_ns, int64_t now, int64_t *earliest)
{
	if (!due_ns)
		return 0;
	if (due_ns <= now)
		return 1;
	if (!*earliest || due_ns < *earliest)
		*earliest = due_ns;
	return 0;
}

/* Does one thing that is due and returns 1 (the list may have changed meanwhile); else says what comes first. */
static int work_once(struct estate *estate, int64_t *earliest)
{
	int64_t now = clock_monotonic_ns() + SLACK_MS * ms; /* what is due in a moment is done with what is due now */

	*earliest = 0;
	for (struct feed *feed = estate->feeds; feed; feed = feed->next) {
		if (feed->wants_cache) { /* before it is listed */
			feed->wants_cache = 0;
			work_on(feed, feed_load_cache);
			return 1;
		}
	}
	for (struct feed *feed = estate->feeds; feed; feed = feed->next) {
		if (is_due(feed->publish_due_ns, now, earliest)) {
			feed->publish_due_ns = 0;
			work_on(feed, feed_publish_due);
			return 1;
		}
		if (is_due(feed->judge_due_ns, now, earliest)) {
			feed->judge_due_ns = next_of(JUDGE_EVERY_MS, now);
			work_on(feed, feed_judge_due);
			return 1;
		}
		if (!feed->running && is_due(feed->poll_due_ns, now, earliest)) {
			start_run(feed);
			return 1;
		}
		/* A list under way will be due again then: its end need not tell. */
		if (feed->running && feed->expected_ns > now)
			is_due(feed->expected_ns, now, earliest);
	}
	return 0;
}

/* With estate->lock held, which is let go meanwhile. */
static int look_at_accounts(struct estate *estate)
{
	if (!estate->accounts_due)
		return 0;
	estate->accounts_due = 0;
	pthread_mutex_unlock(&estate->lock);
	if (accounts_look(estate))
		tell(estate);
	pthread_mutex_lock(&estate->lock);
	return 1;
}

static void *schedule_main(void *arg)
{
	struct estate *estate = arg;
	int64_t earliest;

	prctl(PR_SET_NAME, "ph-schedule");

	pthread_mutex_lock(&estate->lock);
	while (!estate->stopping) {
		if (work_once(estate, &earliest) || send_errand(estate) || look_at_accounts(estate))
			continue;
		estate->asleep_until_ns = earliest ? earliest : INT64_MAX;
		if (earliest) {
			struct timespec until = {
				.tv_sec = (time_t)(earliest / CLOCK_SECOND_NS),
				.tv_nsec = (long)(earliest % CLOCK_SECOND_NS),
			};
			pthread_cond_timedwait(&estate->due, &estate->lock, &until);
		} else {
			pthread_cond_wait(&estate->due, &estate->lock);
		}
		estate->asleep_until_ns = 0;
	}
	send_errand(estate); /* what was begun has an end */
	pthread_mutex_unlock(&estate->lock);
	return NULL;
}

/* With estate->lock held. */
int schedule_start(struct estate *estate)
{
	sigset_t all, before;

	if (estate->thread_runs || estate->stopping || !estate->options.jobs)
		return 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before); /* signals belong to the main thread */
	estate->thread_runs = !pthread_create(&estate->thread, NULL, schedule_main, estate);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return estate->thread_runs ? 0 : -1;
}

void schedule_halt(struct estate *estate)
{
	pthread_mutex_lock(&estate->lock);
	int runs = estate->thread_runs;

	estate->stopping = 1;
	estate->thread_runs = 0;
	pthread_cond_broadcast(&estate->due);
	pthread_mutex_unlock(&estate->lock);
	if (runs)
		pthread_join(estate->thread, NULL);
}

void schedule_stop(struct estate *estate)
{
	schedule_halt(estate);
	pthread_mutex_lock(&estate->lock);
	while (estate->running)
		pthread_cond_wait(&estate->idle, &estate->lock);
	pthread_mutex_unlock(&estate->lock);
}

/* The next list was planned for eyes. One that failed is tried again as planned. */
void schedule_seldom(struct feed *feed)
{
	if (feed->poll_due_ns && !feed->running && !feed->failures && feed->listed)
		feed->poll_due_ns = next_due_ns(feed, clock_monotonic_ns());
}

void schedule_publish(struct feed *feed, int64_t due_ns)
{
	struct estate *estate = feed->estate;

	pthread_mutex_lock(&estate->lock);
	feed->publish_due_ns = due_ns;
	schedule_wake(estate, due_ns);
	pthread_mutex_unlock(&estate->lock);
}

void schedule_poll_now(struct feed *feed)
{
	struct estate *estate = feed->estate;

	pthread_mutex_lock(&estate->lock);
	feed->poll_due_ns = clock_monotonic_ns();
	schedule_wake(estate, feed->poll_due_ns);
	pthread_mutex_unlock(&estate->lock);
}

void schedule_accounts(struct estate *estate)
{
	pthread_mutex_lock(&estate->lock);
	estate->accounts_due = estate->thread_runs;
	pthread_cond_signal(&estate->due);
	pthread_mutex_unlock(&estate->lock);
}
