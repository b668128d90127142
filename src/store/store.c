#include "store/store.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/bell.h"
#include "store/inside.h"

static struct store *make(const char *path)
{
	struct store *store = mem_zero(1, sizeof(*store));
	pthread_condattr_t attributes;

	store->path = path ? mem_text(path) : mem_format("%s/pilothouse.db", file_state_folder());
	store->lock_fd = -1;
	store->last = &store->first;
	pthread_mutex_init(&store->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&store->work, &attributes);
	pthread_cond_init(&store->done, &attributes);
	pthread_condattr_destroy(&attributes);
	return store;
}

struct store *store_open(const char *path, struct error *err)
{
	struct store *store = make(path);

	if (!open_database(store, err) && (store->read_only || !writer_start(store, err)))
		return store;
	error_wrap(err, "database %s", store->path);
	store_close(store);
	return NULL;
}

/* The writer's connection goes last: SQLite then empties and removes the -wal, by which the next
 * start knows that this one ended well. */
void store_close(struct store *store)
{
	if (!store)
		return;
	writer_stop(store);
	while (store->idle_count)
		sqlite3_close(store->idle[--store->idle_count]);
	bell_free(store->bell);
	open_release(store);
	pthread_mutex_destroy(&store->lock);
	pthread_cond_destroy(&store->work);
	pthread_cond_destroy(&store->done);
	free(store->path);
	free(store);
}

void store_notify(struct store *store, const char *format, ...)
{
	va_list args;

	pthread_mutex_lock(&store->lock);
	va_start(args, format);
	vsnprintf(store->notice, sizeof(store->notice), format, args);
	va_end(args);
	pthread_mutex_unlock(&store->lock);
}

/* The writer may change it any time, so each thread reads a copy. */
const char *store_notice(const struct store *store)
{
	static _Thread_local char copy[STORE_NOTICE_MAX];
	union {
		const struct store *shown;
		struct store *owned;
	} same = { .shown = store };

	pthread_mutex_lock(&same.owned->lock);
	memcpy(copy, store->notice, sizeof(copy));
	pthread_mutex_unlock(&same.owned->lock);
	return copy;
}

int store_read_only(const struct store *store)
{
	return store->read_only;
}

int store_listen(struct store *store, void (*on_commit)(void *arg), void *arg)
{
	return store->bell ? bell_listen(store->bell, on_commit, arg) : -1;
}

const char *store_path(const struct store *store)
{
	return store->path;
}

static sqlite3 *take_reader(struct store *store, struct error *err)
{
	sqlite3 *db = NULL;

	pthread_mutex_lock(&store->lock);
	if (store->idle_count)
		db = store->idle[--store->idle_count];
	pthread_mutex_unlock(&store->lock);
	return db ? db : open_reader(store, err);
}

static void give_reader(struct store *store, sqlite3 *db)
{
	sqlite3_db_release_memory(db);
	pthread_mutex_lock(&store->lock);
	if (store->idle_count < STORE_READERS_MAX) {
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

	if (failed && open_is_damaged(db) && !store->read_only)
		open_mark_damaged(store);
	give_reader(store, db);
	return failed;
}
