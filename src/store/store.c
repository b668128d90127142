#include "store/store.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/schema.h"

enum { BUSY_MS = 5000, GROUP_ITEMS = 100, GROUP_MS = 20, READERS_MAX = 8, WRITER_STACK = 256 << 10 };

struct item {
	store_fn fn;
	void *arg;
	void (*release)(void *arg);
	enum store_durability durability;
	int waited;          /* a caller waits; else the item frees itself */
	int done, failed;
	struct error err;
	struct item *next;
};

struct store {
	char *path;
	char notice[256];
	int read_only;
	sqlite3 *writer;
	pthread_t thread;
	int thread_runs;
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	struct item *first, **last;
	size_t queued;
	int stop, waiting; /* callers that wait: no reason to linger for more */
	sqlite3 *idle[READERS_MAX];
	size_t idle_count;
};

/* --- opening --- */

static int fail_open(sqlite3 *db, const char *path, struct error *err)
{
	int code = (db ? sqlite3_errcode(db) : SQLITE_NOMEM) & 0xff;

	if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		return error_set(err, ERR_CONFLICT, "%s is locked by another program since over %d s: end that one, or set PILOTHOUSE_HOME", path,
			BUSY_MS / 1000);
	return error_set(err, ERR_IO, "opening %s: %s", path, db ? sqlite3_errmsg(db) : "no memory");
}

static int damaged(sqlite3 *db)
{
	int code = sqlite3_errcode(db) & 0xff;

	return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

static int connect_to(const char *path, int flags, sqlite3 **db, struct error *err)
{
	if (sqlite3_open_v2(path, db, flags | SQLITE_OPEN_NOMUTEX, NULL))
		return fail_open(*db, path, err);
	sqlite3_extended_result_codes(*db, 1);
	sqlite3_busy_timeout(*db, BUSY_MS);
	sqlite3_db_config(*db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return 0;
}

/* A copy beside it, before an older file is changed: a failed migration can be gone back on by hand. */
static int keep_old(sqlite3 *db, const char *path, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int version = 0;

	if (!sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &statement, NULL) && sqlite3_step(statement) == SQLITE_ROW)
		version = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	if (version == 0 || version >= schema_newest())
		return 0;
	char *copy = mem_format("%s.version-%d", path, version);
	int failed = 0;
	if (access(copy, F_OK))
		failed = store_exec(db, err, "VACUUM INTO ?", "t", copy);
	chmod(copy, 0600);
	free(copy);
	return failed;
}

static int open_writer(struct store *store, struct error *err)
{
	mode_t old = umask(077);
	int failed = connect_to(store->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &store->writer, err);

	if (!failed && sqlite3_exec(store->writer, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;"
						   "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF", NULL, NULL, NULL))
		failed = fail_open(store->writer, store->path, err);
	if (!failed)
		failed = keep_old(store->writer, store->path, err) || schema_migrate(store->writer, err);
	umask(old);
	return failed;
}

static void drop_writer(struct store *store)
{
	sqlite3_close(store->writer);
	store->writer = NULL;
}

/* The evidence is kept: nothing is repaired in place. */
static int set_aside(struct store *store, struct error *err)
{
	static const char *const parts[] = { "", "-wal", "-shm" };
	char stamp[32];
	time_t now = (time_t)(clock_now_ns() / CLOCK_SECOND_NS);
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &utc);
	for (size_t i = 0; i < 3; i++) {
		char *from = mem_format("%s%s", store->path, parts[i]);
		char *to = mem_format("%s.corrupt-%s%s", store->path, stamp, parts[i]);
		int failed = rename(from, to) && errno != ENOENT;

		if (failed)
			error_errno(err, "moving the damaged %s aside", from);
		free(from);
		free(to);
		if (failed)
			return -1;
	}
	snprintf(store->notice, sizeof(store->notice), "The database was damaged; it is kept as %.120s.corrupt-%s and a new one was begun.", store->path, stamp);
	return 0;
}

static int open_read_only(struct store *store, struct error *err)
{
	drop_writer(store);
	store->read_only = 1;
	if (connect_to(store->path, SQLITE_OPEN_READONLY, &store->writer, err))
		return -1;
	snprintf(store->notice, sizeof(store->notice), "%.150s can only be read: nothing is recorded, so nothing can be changed from here.", store->path);
	return 0;
}

static int writable(const char *path)
{
	char *folder = mem_text(path);
	char *slash = strrchr(folder, '/');

	if (slash)
		*slash = 0;
	int yes = access(path, F_OK) ? !access(slash ? folder : ".", W_OK) : !access(path, W_OK) && !access(slash ? folder : ".", W_OK);
	free(folder);
	return yes;
}

static int begin(struct store *store, struct error *err)
{
	if (!writable(store->path) && !access(store->path, R_OK))
		return open_read_only(store, err);
	if (!open_writer(store, err))
		return 0;
	if (!store->writer || !damaged(store->writer))
		return -1;
	drop_writer(store);
	if (set_aside(store, err))
		return -1;
	return open_writer(store, err);
}

/* --- the writer --- */

static void finish_item(struct store *store, struct item *item, const struct error *err)
{
	if (err) {
		item->failed = -1;
		item->err = *err;
	}
	item->done = 1;
	if (item->waited)
		return;
	if (item->failed) {
		log_write(LOG_ERROR, "store", "%s", item->err.text);
		snprintf(store->notice, sizeof(store->notice), "Not recorded: %.200s", item->err.text);
	}
	if (item->release)
		item->release(item->arg);
	free(item);
}

static int exec(sqlite3 *db, const char *sql, struct error *err)
{
	return store_exec(db, err, sql, "");
}

/* Each item in a savepoint of its own: one that fails takes only its own part back. */
static void run_items(struct store *store, struct item *items)
{
	for (struct item *item = items; item; item = item->next) {
		if (exec(store->writer, "SAVEPOINT one", &item->err)) {
			item->failed = -1;
			continue;
		}
		item->failed = item->fn(store->writer, item->arg, &item->err);
		if (item->failed)
			exec(store->writer, "ROLLBACK TO one", NULL);
		exec(store->writer, "RELEASE one", NULL);
	}
}

static int commit_items(struct store *store, struct item *items, struct error *err)
{
	int durable = 0;

	for (struct item *item = items; item; item = item->next)
		durable |= item->durability == STORE_DURABLE;
	if (exec(store->writer, durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL", err) || exec(store->writer, "BEGIN IMMEDIATE", err))
		return -1;
	run_items(store, items);
	if (!exec(store->writer, "COMMIT", err))
		return 0;
	exec(store->writer, "ROLLBACK", NULL);
	return -1;
}

static void write_group(struct store *store, struct item *items)
{
	struct error err = { 0 };
	int failed = commit_items(store, items, &err);

	pthread_mutex_lock(&store->lock);
	while (items) {
		struct item *next = items->next;

		finish_item(store, items, failed ? &err : NULL);
		items = next;
	}
	pthread_cond_broadcast(&store->done);
	pthread_mutex_unlock(&store->lock);
}

/* A little patience lets posts share a commit; nobody waits for it. */
static void linger(struct store *store)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += GROUP_MS * 1000000L;
	until.tv_sec += until.tv_nsec / CLOCK_SECOND_NS;
	until.tv_nsec %= CLOCK_SECOND_NS;
	while (!store->stop && !store->waiting && store->queued < GROUP_ITEMS)
		if (pthread_cond_timedwait(&store->work, &store->lock, &until))
			break;
}

static void *writer_main(void *arg)
{
	struct store *store = arg;

	pthread_mutex_lock(&store->lock);
	while (store->first || !store->stop) {
		if (!store->first) {
			pthread_cond_wait(&store->work, &store->lock);
			continue;
		}
		linger(store);
		struct item *items = store->first;
		store->first = NULL;
		store->last = &store->first;
		store->queued = 0;
		pthread_mutex_unlock(&store->lock);
		write_group(store, items);
		pthread_mutex_lock(&store->lock);
	}
	pthread_mutex_unlock(&store->lock);
	return NULL;
}

static int start_writer(struct store *store, struct error *err)
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
	return failed ? error_set(err, ERR_IO, "starting the store's writer: %s", strerror(failed)) : 0;
}

struct store *store_open(const char *path, struct error *err)
{
	struct store *store = mem_zero(1, sizeof(*store));

	store->path = path ? mem_text(path) : mem_format("%s/pilothouse.db", file_state_folder());
	store->last = &store->first;
	pthread_mutex_init(&store->lock, NULL);
	pthread_cond_init(&store->work, NULL);
	pthread_cond_init(&store->done, NULL);
	if (!begin(store, err) && (store->read_only || !start_writer(store, err)))
		return store;
	error_wrap(err, "database %s", store->path);
	store_close(store);
	return NULL;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	pthread_mutex_lock(&store->lock);
	store->stop = 1;
	pthread_cond_broadcast(&store->work);
	pthread_mutex_unlock(&store->lock);
	if (store->thread_runs)
		pthread_join(store->thread, NULL);
	while (store->idle_count)
		sqlite3_close(store->idle[--store->idle_count]);
	sqlite3_close(store->writer);
	pthread_mutex_destroy(&store->lock);
	pthread_cond_destroy(&store->work);
	pthread_cond_destroy(&store->done);
	free(store->path);
	free(store);
}

const char *store_notice(const struct store *store)
{
	return store->notice;
}

int store_read_only(const struct store *store)
{
	return store->read_only;
}

const char *store_path(const struct store *store)
{
	return store->path;
}

/* --- callers --- */

static void enqueue(struct store *store, struct item *item)
{
	*store->last = item;
	store->last = &item->next;
	store->queued++;
	store->waiting += item->waited;
	/* A post wakes the writer once; the next ones join while it lingers. */
	if (item->waited || store->queued == 1 || store->queued >= GROUP_ITEMS)
		pthread_cond_signal(&store->work);
}

static int refuse(const struct store *store, struct error *err)
{
	return error_set(err, ERR_IO, "%s can only be read: nothing was recorded", store->path);
}

int store_write(struct store *store, enum store_durability durability, store_fn fn, void *arg, struct error *err)
{
	struct item item = { .fn = fn, .arg = arg, .durability = durability, .waited = 1 };

	if (store->read_only)
		return refuse(store, err);
	pthread_mutex_lock(&store->lock);
	enqueue(store, &item);
	while (!item.done)
		pthread_cond_wait(&store->done, &store->lock);
	store->waiting--;
	pthread_mutex_unlock(&store->lock);
	if (item.failed && err)
		*err = item.err;
	return item.failed ? -1 : 0;
}

void store_post(struct store *store, store_fn fn, void *arg, void (*release)(void *arg))
{
	if (store->read_only) {
		if (release)
			release(arg);
		return;
	}
	struct item *item = mem_zero(1, sizeof(*item));
	*item = (struct item){ .fn = fn, .arg = arg, .release = release };
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

static sqlite3 *take_reader(struct store *store, struct error *err)
{
	sqlite3 *db = NULL;

	pthread_mutex_lock(&store->lock);
	if (store->idle_count)
		db = store->idle[--store->idle_count];
	pthread_mutex_unlock(&store->lock);
	if (db)
		return db;
	if (!connect_to(store->path, SQLITE_OPEN_READONLY, &db, err))
		return db;
	sqlite3_close(db);
	return NULL;
}

static void give_reader(struct store *store, sqlite3 *db)
{
	pthread_mutex_lock(&store->lock);
	if (store->idle_count < READERS_MAX) {
		store->idle[store->idle_count++] = db;
		db = NULL;
	}
	pthread_mutex_unlock(&store->lock);
	sqlite3_close(db);
}

int store_read(struct store *store, store_fn fn, void *arg, struct error *err)
{
	sqlite3 *db = take_reader(store, err);

	if (!db)
		return -1;
	int failed = fn(db, arg, err);
	give_reader(store, db);
	return failed;
}
