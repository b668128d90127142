#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/bell.h"
#include "store/inside.h"
#include "store/schema.h"
#include "store/store.h"

enum { LOCK_LOOK_MS = 20 };

/* --- connections --- */

static int fail_open(sqlite3 *db, const char *path, struct error *err)
{
	int code = (db ? sqlite3_errcode(db) : SQLITE_NOMEM) & 0xff;

	if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		return error_set(err, ERR_CONFLICT,
			"%s is locked by another program since over %d s: end that one, or set "
			"PILOTHOUSE_HOME",
			path, STORE_BUSY_MS / 1000);
	if (code == SQLITE_FULL)
		return error_set(err, ERR_IO, "the disk that holds %s is full", path);
	return error_set(
		err, ERR_IO, "opening %s: %s", path, db ? sqlite3_errmsg(db) : "no memory");
}

int open_is_damaged(sqlite3 *db)
{
	int code = sqlite3_errcode(db) & 0xff;

	return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

static int connect_to(const char *path, int flags, sqlite3 **db, struct error *err)
{
	if (sqlite3_open_v2(path, db, flags | SQLITE_OPEN_NOMUTEX, NULL))
		return fail_open(*db, path, err);
	sqlite3_extended_result_codes(*db, 1);
	sqlite3_busy_timeout(*db, STORE_BUSY_MS);
	sqlite3_db_config(*db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return 0;
}

static int run(struct store *store, const char *sql, struct error *err)
{
	return sqlite3_exec(store->writer, sql, NULL, NULL, NULL)
		       ? fail_open(store->writer, store->path, err)
		       : 0;
}

static void drop_writer(struct store *store)
{
	sqlite3_close(store->writer);
	store->writer = NULL;
}

/* Where the folder cannot be written, or the disk is full, SQLite can make no -shm: then the file is read as it lies,
 * and what a dead program left in the -wal is not seen. */
static char *immutable_uri(const char *path)
{
	return strpbrk(path, "?#%") ? NULL : mem_format("file:%s?immutable=1", path);
}

static int on_any(sqlite3_stmt *row, void *arg)
{
	(void)row;
	(void)arg;
	return 1;
}

static int can_read(sqlite3 *db)
{
	return !store_query(db, NULL, on_any, NULL, "SELECT 1 FROM sqlite_schema", "");
}

static int connect_reading(const char *path, sqlite3 **db, struct error *err)
{
	if (connect_to(path, SQLITE_OPEN_READONLY, db, err))
		return -1;
	if (can_read(*db))
		return 0;
	int code = sqlite3_errcode(*db) & 0xff;

	if (code != SQLITE_CANTOPEN && code != SQLITE_READONLY && code != SQLITE_IOERR && code != SQLITE_FULL)
		return fail_open(*db, path, err);
	char *uri = immutable_uri(path);

	if (!uri)
		return fail_open(*db, path, err);
	sqlite3_close(*db);
	int failed = connect_to(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, db, err);

	free(uri);
	return failed || can_read(*db) ? failed : fail_open(*db, path, err);
}

/* In memory, shared by the connections of this process: sqlite.org/src/file/src/memdb.c, names with a slash. */
static int connect_nowhere(const struct store *store, int flags, sqlite3 **db, struct error *err)
{
	char uri[80];

	snprintf(uri, sizeof(uri), "file:/pilothouse-%p?vfs=memdb", (const void *)store);
	return connect_to(uri, flags | SQLITE_OPEN_URI, db, err);
}

struct sqlite3 *open_reader(struct store *store, struct error *err)
{
	sqlite3 *db = NULL;
	int failed = store->nowhere ? connect_nowhere(store, SQLITE_OPEN_READONLY, &db, err)
		     : store->read_only ? connect_reading(store->path, &db, err)
				      : connect_to(store->path, SQLITE_OPEN_READONLY, &db, err);

	if (!failed)
		return db;
	sqlite3_close(db);
	return NULL;
}

/* --- names beside the file --- */

static char *beside(const struct store *store, const char *ending)
{
	return mem_format("%s%s", store->path, ending);
}

static int exists_beside(const struct store *store, const char *ending)
{
	char *path = beside(store, ending);
	struct stat info;
	int found = !stat(path, &info) && info.st_size > 0;

	free(path);
	return found;
}

static void remove_beside(const struct store *store, const char *ending)
{
	char *path = beside(store, ending);

	unlink(path);
	free(path);
}

void open_mark_damaged(struct store *store)
{
	static const char why[] = "damage was seen: to be checked at the next start\n";
	char *path = beside(store, ".check");

	file_save(path, why, sizeof(why) - 1, 0600, NULL);
	free(path);
	store_notify(store, "The database is damaged: end all consoles; the next start sets it "
			    "aside and begins a new one.");
}

/* --- who else has it open --- */

/* The lock is held exclusively while opening, so that one at a time creates, migrates or sets
 * aside, and shared afterwards. *alone: nobody else has the database open. */
static int take_lock(struct store *store, int *alone, struct error *err)
{
	char *path = beside(store, ".lock");
	int64_t deadline = clock_monotonic_ns() + STORE_BUSY_MS * (CLOCK_SECOND_NS / 1000);

	store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (store->lock_fd < 0)
		error_errno(err, "making %s", path);
	free(path);
	if (store->lock_fd < 0)
		return -1;
	*alone = !flock(store->lock_fd, LOCK_EX | LOCK_NB);
	while (!*alone && flock(store->lock_fd, LOCK_SH | LOCK_NB)) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return 0; /* no locks on this file system: SQLite's own must do */
		if (clock_monotonic_ns() > deadline)
			return error_set(err, ERR_CONFLICT,
				"%s is being opened by another program since over %d s",
				store->path, STORE_BUSY_MS / 1000);
		poll(NULL, 0, LOCK_LOOK_MS);
	}
	return 0;
}

/* --- damage --- */

static int on_check(sqlite3_stmt *row, void *arg)
{
	const unsigned char *said = sqlite3_column_text(row, 0);

	*(int *)arg = said && !strcmp((const char *)said, "ok");
	return 1;
}

/* Reads the whole file, so only after a run that did not end well. Nobody else has it open. */
static int is_sound(struct store *store)
{
	int sound = 0;

	if (!exists_beside(store, "-wal") && !exists_beside(store, ".check"))
		return 1;
	store_query(store->writer, NULL, on_check, &sound, "PRAGMA quick_check(1)", "");
	return sound;
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
	store_notify(store,
		"The database was damaged; it is kept as %.120s.corrupt-%s and a new one was "
		"begun.",
		store->path, stamp);
	return 0;
}

/* --- opening --- */

static int version_of(sqlite3 *db)
{
	sqlite3_stmt *statement = NULL;
	int version = 0;

	if (!sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &statement, NULL) &&
		sqlite3_step(statement) == SQLITE_ROW)
		version = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return version;
}

/* A copy beside it, before an older file is changed: a failed migration can be gone back on by
 * hand. */
static int keep_old(struct store *store, struct error *err)
{
	int version = version_of(store->writer), failed = 0;

	if (version == 0 || version >= schema_newest())
		return 0;
	char *copy = mem_format("%s.version-%d", store->path, version);

	if (access(copy, F_OK)) {
		int fd = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

		if (fd >= 0)
			close(fd);
		failed = store_exec(store->writer, err, "VACUUM INTO ?", "t", copy);
		if (failed)
			unlink(copy);
	}
	free(copy);
	return failed ? error_wrap(err, "keeping a copy before the update") : 0;
}

/* SQLite gives -wal and -shm the mode of the file. */
static int make_file(const struct store *store, struct error *err)
{
	char *folder = mem_text(store->path);
	char *slash = strrchr(folder, '/');
	int failed = 0;

	if (slash && slash != folder) {
		*slash = 0;
		failed = file_make_folder(folder, 0700, err);
	}
	free(folder);
	if (failed)
		return -1;
	int fd = open(store->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno == EEXIST ? 0 : error_errno(err, "making %s", store->path);
	close(fd);
	return 0;
}

/* -1 with store->writer kept when what is in the way is damage: open_is_damaged() tells. */
static int open_writing(struct store *store, int alone, struct error *err)
{
	if (connect_to(store->path, SQLITE_OPEN_READWRITE, &store->writer, err))
		return -1;
	if (schema_check(store->writer, err))
		return -1;
	if (alone && !is_sound(store)) {
		store->found_damage = 1;
		return error_set(err, ERR_IO, "%s is damaged", store->path);
	}
	if (run(store,
		    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY; "
		    "PRAGMA journal_size_limit=8388608;"
		    "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF",
		    err))
		return -1;
	return keep_old(store, err) || schema_migrate(store->writer, err);
}

/* What is there now can be shown without a place to write; nothing can be recorded, so nothing is changed. */
static int open_nowhere(struct store *store, const struct error *why, struct error *err)
{
	store->read_only = store->nowhere = 1;
	if (connect_nowhere(store, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &store->writer, err) ||
		schema_migrate(store->writer, err))
		return -1;
	store_notify(store, "Nothing is recorded, so nothing can be changed from here: %.150s", why->text);
	return 0;
}

static int on_count(sqlite3_stmt *row, void *arg)
{
	*(int *)arg = sqlite3_column_int(row, 0);
	return 0;
}

/* It can be read, and no table came to be in it. */
static int is_empty(const struct store *store)
{
	int tables = 1;

	return store->writer && !store_query(store->writer, NULL, on_count, &tables, "SELECT count(*) FROM sqlite_schema", "") && !tables;
}

static int open_reading(struct store *store, struct error *err)
{
	store->read_only = 1;
	if (connect_reading(store->path, &store->writer, err))
		return -1;
	if (schema_check(store->writer, err))
		return -1;
	if (is_empty(store)) {
		struct error why = { 0 };

		error_set(&why, ERR_IO, "%s was never begun, and cannot be written (no right, or no space left)", store->path);
		drop_writer(store);
		return open_nowhere(store, &why, err);
	}
	if (version_of(store->writer) < schema_newest())
		return error_set(err, ERR_CONFLICT,
			"it was written by an older pilothouse and cannot be updated, for it can "
			"only be read");
	store_notify(store,
		"%.130s can only be read (no right, or no space left): nothing is recorded, so nothing can be changed from "
		"here.",
		store->path);
	return 0;
}

static int is_writable(const char *path)
{
	char *folder = mem_text(path);
	char *slash = strrchr(folder, '/');

	if (slash)
		slash[slash == folder] = 0;
	int yes = !access(slash ? folder : ".", W_OK) && (!access(path, W_OK) || errno == ENOENT);

	free(folder);
	return yes;
}

/* The disk is full: not even the -shm can be made. */
static int has_no_room(sqlite3 *db)
{
	int code = db ? sqlite3_errcode(db) & 0xff : SQLITE_OK;

	return code == SQLITE_IOERR || code == SQLITE_FULL;
}

int open_database(struct store *store, struct error *err)
{
	int alone = 0;

	if (!access(store->path, R_OK) && !is_writable(store->path))
		return open_reading(store, err);
	struct error own = { 0 };

	if (make_file(store, &own))
		return open_nowhere(store, &own, err);
	if (take_lock(store, &alone, &own)) {
		if (own.code != ERR_CONFLICT)
			return open_reading(store, err);
		if (err)
			*err = own;
		return -1;
	}
	int failed = open_writing(store, alone, &own);

	if (failed && (store->found_damage || (store->writer && open_is_damaged(store->writer)))) {
		sqlite3_db_config(store->writer, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
			NULL); /* the -wal is evidence too */
		drop_writer(store);
		if (!alone)
			return error_set(err, ERR_IO,
				"%s is damaged: end the other consoles that have it open, then "
				"start again",
				store->path);
		failed = set_aside(store, &own) || make_file(store, &own) ||
			 open_writing(store, 0, &own);
	}
	if (failed && own.code == ERR_IO && is_empty(store)) { /* just begun, and no room to go on: there is nothing to read yet */
		drop_writer(store);
		return open_nowhere(store, &own, err);
	}
	if (failed && has_no_room(store->writer)) {
		drop_writer(store);
		return open_reading(store, err);
	}
	if (failed) {
		if (err)
			*err = own;
		return -1;
	}
	remove_beside(store, ".check");
	flock(store->lock_fd, LOCK_SH);
	store->bell = bell_new(store->lock_fd);
	return 0;
}

void open_release(struct store *store)
{
	drop_writer(store);
	if (store->lock_fd >= 0)
		close(store->lock_fd);
}
