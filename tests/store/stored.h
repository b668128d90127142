/* stored.h - what the tests of src/store share: a folder of their own with a database in it. */
#ifndef TESTS_STORE_STORED_H
#define TESTS_STORE_STORED_H

#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "check_main.h"
#include "store/store.h"

static char folder[64], path[96];
static struct store *store;
static struct error err;

static inline int remove_one(const char *name, const struct stat *info, int kind, struct FTW *at)
{
	(void)info;
	(void)kind;
	(void)at;
	return remove(name);
}

static inline void make_folder(void)
{
	const char *base = getenv("TMPDIR");

	snprintf(folder, sizeof(folder), "%.40s/store.XXXXXX", base ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/test.db", folder);
}

static inline void drop_folder(void)
{
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void open_store(void)
{
	error_clear(&err);
	store = store_open(path, &err);
	ck_assert_msg(store != NULL, "%s", err.text);
}

static inline void close_store(void)
{
	store_close(store);
	store = NULL;
}

static inline void set_up(void)
{
	make_folder();
	open_store();
}

static inline void tear_down(void)
{
	close_store();
	drop_folder();
}

/* Ready to be passed as a store_fn: arg is SQL. */
static inline int run_sql(struct sqlite3 *db, void *arg, struct error *error)
{
	return store_exec(db, error, arg, "");
}

static inline int take_number(struct sqlite3_stmt *row, void *arg)
{
	*(long *)arg = (long)sqlite3_column_int64(row, 0);
	return 1;
}

struct question {
	const char *sql;
	long number;
};

static inline int ask_number(struct sqlite3 *db, void *arg, struct error *error)
{
	struct question *question = arg;

	return store_query(db, error, take_number, &question->number, question->sql, "");
}

static inline long number_of(const char *sql)
{
	struct question question = { .sql = sql, .number = -1 };

	ck_assert_msg(!store_read(store, ask_number, &question, &err), "%s", err.text);
	return question.number;
}

static inline int write_sql(enum store_durability durability, const char *sql)
{
	char copy[300];

	snprintf(copy, sizeof(copy), "%s", sql);
	error_clear(&err);
	return store_write(store, durability, run_sql, copy, &err);
}

#endif
