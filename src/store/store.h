/* store.h - the embedded database (SQLite, WAL): one writer thread, readers of their own.
 * Writes are functions run on the writer thread inside a transaction; several waiting ones share a commit
 * (at 100 items or 20 ms). Durable ones commit with synchronous=FULL before store_write returns. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stddef.h>

struct error;
struct sqlite3;
struct store;

enum store_durability { STORE_GROUPED, STORE_DURABLE };
typedef int (*store_fn)(struct sqlite3 *db, void *arg, struct error *err);

/* path NULL: pilothouse.db in the state folder, mode 0600. Creates, migrates (with a copy beside it before a
 * migration of an old file). NULL and a clear text when the file is newer than this program (ERR_CONFLICT), or locked for 5 s.
 * Another program's database is left alone (ERR_CONFLICT). A corrupt file is moved aside (name.corrupt-TIME) and a new one begun; a read-only one is opened for reading;
 * where none can be made, an empty one in memory is read: all three are told by store_notice(). */
struct store *store_open(const char *path, struct error *err);
void store_close(struct store *store); /* writes what is queued; NULL is fine */
/* "" when all is well; else one sentence for the screen. Valid until this thread asks again. */
const char *store_notice(const struct store *store);
int store_read_only(const struct store *store);
const char *store_path(const struct store *store);
/* on_commit: from a thread of the store's, after other processes wrote something; once for several. NULL: no more, from then on.
 * -1: they cannot be heard here. */
int store_listen(struct store *store, void (*on_commit)(void *arg), void *arg);

/* Runs fn on the writer thread in a transaction and waits for its commit. -1: fn failed (its part is rolled back by savepoint),
 * or the commit did (disk full). ERR_IO, ERR_LIMIT. */
int store_write(struct store *store, enum store_durability durability, store_fn fn, void *arg, struct error *err);
/* The same without waiting; arg is freed by release (may be NULL) afterwards. Failures are logged and counted in store_notice. */
void store_post(struct store *store, store_fn fn, void *arg, void (*release)(void *arg));
/* Waits until all posted before is committed. */
int store_flush(struct store *store, struct error *err);
/* Runs fn on a read-only connection that belongs to the calling thread's turn (a small pool, never the writer). */
int store_read(struct store *store, store_fn fn, void *arg, struct error *err);

/* A thin statement helper, so that SQL is short where it stands. bind formats: i int64, t text, b bytes (ptr,size_t), d double, n null.
 * store_exec runs to the end; store_query calls on_row for each row (non-zero stops). */
int store_exec(struct sqlite3 *db, struct error *err, const char *sql, const char *format, ...);
struct sqlite3_stmt;
int store_query(struct sqlite3 *db, struct error *err, int (*on_row)(struct sqlite3_stmt *row, void *arg), void *arg,
	const char *sql, const char *format, ...);

#endif
