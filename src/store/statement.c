#include <sqlite3.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "store/inside.h"
#include "store/store.h"

int store_failed(struct sqlite3 *db, struct error *err)
{
	int code = sqlite3_errcode(db) & 0xff;

	if (code == SQLITE_FULL)
		return error_set(err, ERR_IO, "the disk is full: nothing was written");
	if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		return error_set(err, ERR_CONFLICT, "the database is locked by another program");
	if (code == SQLITE_READONLY)
		return error_set(err, ERR_IO, "the database is read-only: nothing was written");
	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		return error_set(err, ERR_IO, "the database is damaged: %s", sqlite3_errmsg(db));
	return error_set(err, ERR_IO, "database: %s", sqlite3_errmsg(db));
}

/* i int64, t text (NULL: null), b bytes + size_t, d double, n null */
static int bind_all(sqlite3_stmt *statement, const char *format, va_list args)
{
	int failed = 0;

	for (int i = 1; *format && !failed; format++, i++) {
		const void *bytes;

		switch (*format) {
		case 'i':
			failed = sqlite3_bind_int64(statement, i, va_arg(args, int64_t));
			break;
		case 't':
			failed = sqlite3_bind_text(
				statement, i, va_arg(args, const char *), -1, SQLITE_STATIC);
			break;
		case 'b':
			bytes = va_arg(args, const void *);
			failed = sqlite3_bind_blob64(
				statement, i, bytes, va_arg(args, size_t), SQLITE_STATIC);
			break;
		case 'd':
			failed = sqlite3_bind_double(statement, i, va_arg(args, double));
			break;
		default:
			failed = sqlite3_bind_null(statement, i);
		}
	}
	return failed;
}

static int each_row(
	sqlite3_stmt *statement, int (*on_row)(struct sqlite3_stmt *row, void *arg), void *arg)
{
	int code = sqlite3_step(statement);

	while (code == SQLITE_ROW) {
		if (on_row && on_row(statement, arg))
			return SQLITE_DONE;
		code = sqlite3_step(statement);
	}
	return code;
}

static int run(struct sqlite3 *db, struct error *err,
	int (*on_row)(struct sqlite3_stmt *row, void *arg), void *arg, const char *sql,
	const char *format, va_list args)
{
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL))
		return store_failed(db, err);
	int failed = bind_all(statement, format, args) ||
		     each_row(statement, on_row, arg) != SQLITE_DONE;
	if (failed)
		store_failed(db, err);
	sqlite3_finalize(statement);
	return failed ? -1 : 0;
}

int store_exec(struct sqlite3 *db, struct error *err, const char *sql, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int failed = run(db, err, NULL, NULL, sql, format, args);
	va_end(args);
	return failed;
}

int store_query(struct sqlite3 *db, struct error *err,
	int (*on_row)(struct sqlite3_stmt *row, void *arg), void *arg, const char *sql,
	const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int failed = run(db, err, on_row, arg, sql, format, args);
	va_end(args);
	return failed;
}
