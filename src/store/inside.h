/* inside.h - for src/store only: what the files of the store share. */
#ifndef STORE_INSIDE_H
#define STORE_INSIDE_H

#include <pthread.h>
#include <stddef.h>

struct bell;
struct error;
struct sqlite3;
struct store_item;

enum { STORE_BUSY_MS = 5000, STORE_READERS_MAX = 8, STORE_NOTICE_MAX = 256 };

struct store {
	char *path;
	int read_only;
	int nowhere; /* no file can be made: an empty one in memory stands for it, only read */
	int lock_fd; /* PATH.lock, shared by all who have the database open; -1 none */
	struct bell *bell; /* in that file; NULL none */
	struct sqlite3 *writer;
	int writer_is_full; /* synchronous=FULL is set */
	int found_damage;   /* while opening */
	pthread_t thread;
	int thread_runs;
	pthread_mutex_t lock; /* for all below */
	pthread_cond_t work, done;
	struct store_item *first, **last;
	size_t queued, waiting; /* waiting: callers, who are reason enough not to linger */
	int stop;
	int behind; /* the -wal holds what the file has not */
	size_t lost; /* posts that could not be written */
	char notice[STORE_NOTICE_MAX];
	struct sqlite3 *idle[STORE_READERS_MAX];
	size_t idle_count;
};

/* open.c: finds, checks, locks and migrates the database; store->writer is ready after. */
int open_database(struct store *store, struct error *err);
void open_release(struct store *store);
struct sqlite3 *open_reader(struct store *store, struct error *err);
int open_is_damaged(struct sqlite3 *db); /* by its last error */
/* Has the next start check the file, and says so. */
void open_mark_damaged(struct store *store);
/* The text stays until another replaces it. */
void store_notify(struct store *store, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* statement.c: what SQLite says went wrong, in our words; -1 */
int store_failed(struct sqlite3 *db, struct error *err);

/* writer.c */
int writer_start(struct store *store, struct error *err);
void writer_stop(struct store *store); /* writes what is queued */

#endif
