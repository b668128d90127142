#include "store/store.h"

#include <malloc.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/bell.h"
#include "store/inside.h"

enum { GROUP_ITEMS = 100, GROUP_MS = 20, REST_MS = 1000, LONG_WAL_PAGES = 256 /* a megabyte */, WRITER_STACK = 256 << 10 };

struct store_item {
	store_fn fn;
	void *arg;
	void (*release)(void *arg);
	enum store_durability durability;
	int waited; /* a caller waits and owns the item; else it is freed when done */
	int done, failed;
	struct error err;
	struct store_item *next;
};

/* --- on the writer thread --- */

static int exec(sqlite3 *db, const char *sql, struct error *err)
{
	return store_exec(db, err, sql, "");
}

static int run_item(struct store *store, struct store_item *item)
{
	if (exec(store->writer, "SAVEPOINT one", &item->err))
		return -1;
	int failed = item->fn(store->writer, item->arg, &item->err);

	if (failed && open_is_damaged(store->writer))
		open_mark_damaged(store);
	if (sqlite3_get_autocommit(store->writer))
		return -1; /* SQLite took back the whole transaction: disk full, I/O error */
	if (failed)
		exec(store->writer, "ROLLBACK TO one", NULL);
	exec(store->writer, "RELEASE one", NULL);
	return failed ? -1 : 0;
}

/* Each item in a savepoint of its own: one that fails takes only its own part back. */
static int run_items(struct store *store, struct store_item *items, struct error *err)
{
	for (struct store_item *item = items; item; item = item->next) {
		item->failed = run_item(store, item);
		if (!sqlite3_get_autocommit(store->writer))
			continue;
		if (item->err.code) {
			if (err)
				*err = item->err;
			return -1;
		}
		return error_set(err, ERR_IO, "the database took the whole transaction back");
	}
	return 0;
}

static int set_synchronous(struct store *store, int full, struct error *err)
{
	if (store->writer_is_full == full)
		return 0;
	if (exec(store->writer, full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL",
		    err))
		return -1;
	store->writer_is_full = full;
	return 0;
}

static int commit_items(struct store *store, struct store_item *items, struct error *err)
{
	int durable = 0;

	for (struct store_item *item = items; item; item = item->next)
		durable |= item->durability == STORE_DURABLE;
	if (set_synchronous(store, durable, err) || exec(store->writer, "BEGIN IMMEDIATE", err))
		return -1;
	if (!run_items(store, items, err) && !exec(store->writer, "COMMIT", err))
		return 0;
	if (!sqlite3_get_autocommit(store->writer))
		exec(store->writer, "ROLLBACK", NULL);
	return -1;
}

/* Under the lock. */
static void count_lost(struct store *store, const struct store_item *item)
{
	store->lost++;
	snprintf(store->notice, sizeof(store->notice), "%zu record%s not written: %.180s",
		store->lost, store->lost == 1 ? "" : "s", item->err.text);
}

/* What nobody waits for is freed; outside the lock, release() may be anything. */
static void finish_posted(struct store_item *items)
{
	for (struct store_item *next; items; items = next) {
		next = items->next;
		if (items->failed)
			log_write(LOG_ERROR, "store", "%s", items->err.text);
		if (items->release)
			items->release(items->arg);
		free(items);
	}
}

static void write_group(struct store *store, struct store_item *items)
{
	struct error err = { 0 };
	struct store_item *posted = NULL, **last = &posted;
	int failed = commit_items(store, items, &err);

	if (!failed)
		bell_ring(store->bell);

	pthread_mutex_lock(&store->lock);
	for (struct store_item *item = items, *next; item; item = next) {
		next = item->next;
		if (failed && !item->err.code)
			item->err = err;
		item->failed |= failed;
		item->done = 1; /* a waited one may be gone from here on */
		if (item->waited)
			continue;
		if (item->failed)
			count_lost(store, item);
		item->next = NULL;
		*last = item;
		last = &item->next;
	}
	pthread_cond_broadcast(&store->done);
	pthread_mutex_unlock(&store->lock);
	finish_posted(posted);
}

static struct timespec in_ms(int64_t ms)
{
	int64_t at = clock_monotonic_ns() + ms * (CLOCK_SECOND_NS / 1000);

	return (struct timespec){ .tv_sec = (time_t)(at / CLOCK_SECOND_NS), .tv_nsec = (long)(at % CLOCK_SECOND_NS) };
}

/* What stands in the -wal is brought into the file; a long -wal is cut, unless somebody reads in it: to let go of so many blocks takes the
 * disk longer than the end of the program may. */
static void tidy(sqlite3 *db)
{
	int frames = 0, moved = 0;

	if (sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, &frames, &moved) || frames < LONG_WAL_PAGES || moved < frames)
		return;
	sqlite3_busy_timeout(db, 0);
	sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_busy_timeout(db, STORE_BUSY_MS);
}

/* When nothing was written for a while: then the end of the program, where somebody waits, has nothing of that left to do. Under the lock,
 * which is let go meanwhile. */
static void rest(struct store *store)
{
	struct timespec until = in_ms(REST_MS);

	while (!store->first && !store->stop)
		if (pthread_cond_timedwait(&store->work, &store->lock, &until))
			break;
	if (store->first || store->stop)
		return;
	store->behind = 0;
	pthread_mutex_unlock(&store->lock);
	tidy(store->writer);
	sqlite3_db_release_memory(store->writer); /* megabytes of pages, which the kernel has too */
	malloc_trim(0);
	pthread_mutex_lock(&store->lock);
}

/* A little patience lets posts share a commit; nobody waits for them. */
static void linger(struct store *store)
{
	struct timespec until = in_ms(GROUP_MS);

	while (!store->stop && !store->waiting && store->queued < GROUP_ITEMS)
		if (pthread_cond_timedwait(&store->work, &store->lock, &until))
			break;
}

static void *writer_main(void *arg)
{
	struct store *store = arg;

	prctl(PR_SET_NAME, "ph-store");

	pthread_mutex_lock(&store->lock);
	while (store->first || !store->stop) {
		if (!store->first) {
			if (store->behind)
				rest(store);
			else
				pthread_cond_wait(&store->work, &store->lock);
			continue;
		}
		linger(store);
		struct store_item *items = store->first;

		store->first = NULL;
		store->last = &store->first;
		store->queued = 0;
		store->behind = 1;
		pthread_mutex_unlock(&store->lock);
		write_group(store, items);
		pthread_mutex_lock(&store->lock);
	}
	pthread_mutex_unlock(&store->lock);
	return NULL;
}

int writer_start(struct store *store, struct error *err)
{
	pthread_attr_t attributes;
	sigset_t all, old;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, WRITER_STACK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int failed = pthread_create(&store->thread, &attributes, writer_main, store);

	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attributes);
	store->thread_runs = !failed;
	return failed ? error_set(err, ERR_IO, "starting the store's writer: %s", strerror(failed))
		      : 0;
}

void writer_stop(struct store *store)
{
	pthread_mutex_lock(&store->lock);
	store->stop = 1;
	pthread_cond_broadcast(&store->work);
	pthread_mutex_unlock(&store->lock);
	if (store->thread_runs)
		pthread_join(store->thread, NULL);
}

/* --- callers --- */

static void enqueue(struct store *store, struct store_item *item)
{
	*store->last = item;
	store->last = &item->next;
	store->queued++;
	store->waiting += (size_t)item->waited;
	/* A post wakes the writer once; the next ones join while it lingers. */
	if (item->waited || store->queued == 1 || store->queued >= GROUP_ITEMS)
		pthread_cond_signal(&store->work);
}

int store_write(struct store *store, enum store_durability durability, store_fn fn, void *arg,
	struct error *err)
{
	struct store_item item = { .fn = fn, .arg = arg, .durability = durability, .waited = 1 };

	if (store->read_only)
		return error_set(
			err, ERR_IO, "%s can only be read: nothing was recorded", store->path);
	pthread_mutex_lock(&store->lock);
	enqueue(store, &item);
	while (!item.done)
		pthread_cond_wait(&store->done, &store->lock);
	store->waiting--;
	pthread_mutex_unlock(&store->lock);
	if (!item.failed)
		return 0;
	if (err)
		*err = item.err;
	return -1;
}

void store_post(struct store *store, store_fn fn, void *arg, void (*release)(void *arg))
{
	if (store->read_only) {
		if (release)
			release(arg);
		return;
	}
	struct store_item *item = mem_zero(1, sizeof(*item));

	*item = (struct store_item){ .fn = fn, .arg = arg, .release = release };
	pthread_mutex_lock(&store->lock);
	enqueue(store, item);
	pthread_mutex_unlock(&store->lock);
}

static int nothing(struct sqlite3 *db, void *arg, struct error *err)
{
	(void)db;
	(void)arg;
	(void)err;
	return 0;
}

int store_flush(struct store *store, struct error *err)
{
	return store->read_only ? 0 : store_write(store, STORE_GROUPED, nothing, NULL, err);
}
