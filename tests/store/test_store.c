#include "stored.h"

#include <poll.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/mem.h"

enum { THREADS = 4, EACH = 50 };

static const char make_table[] = "CREATE TABLE t(x INTEGER PRIMARY KEY, y)";

static void with_table(void)
{
	set_up();
	ck_assert_int_eq(write_sql(STORE_DURABLE, make_table), 0);
}

START_TEST(what_was_written_is_read)
{
	ck_assert_int_eq(write_sql(STORE_GROUPED, "INSERT INTO t VALUES(1, 'one')"), 0);
	ck_assert_int_eq(number_of("SELECT count(*) FROM t"), 1);
	close_store();
	open_store();
	ck_assert_str_eq(store_notice(store), "");
	ck_assert_str_eq(store_path(store), path);
	ck_assert_int_eq(store_read_only(store), 0);
	ck_assert_int_eq(number_of("SELECT count(*) FROM t"), 1);
}
END_TEST

/* Rows in the file itself, without its -wal; -1: none can be read. */
static int rows_in_file(void)
{
	char *uri = mem_format("file:%s?immutable=1", path);
	sqlite3 *db = NULL;
	sqlite3_stmt *statement = NULL;
	int count = -1;

	if (!sqlite3_open_v2(uri, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) &&
		!sqlite3_prepare_v2(db, "SELECT count(*) FROM t", -1, &statement, NULL) && sqlite3_step(statement) == SQLITE_ROW)
		count = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	free(uri);
	return count;
}

/* So that closing, which somebody waits for, finds nothing of that left to do. */
START_TEST(a_rest_brings_the_wal_into_the_file)
{
	ck_assert_int_eq(write_sql(STORE_GROUPED, "INSERT INTO t VALUES(1, 'one')"), 0);
	while (rows_in_file() != 1)
		poll(NULL, 0, 10);
	ck_assert_int_eq(write_sql(STORE_GROUPED, "INSERT INTO t VALUES(2, 'two')"), 0);
	ck_assert_int_eq(number_of("SELECT count(*) FROM t"), 2);
	while (rows_in_file() != 2)
		poll(NULL, 0, 10);
}
END_TEST

static off_t wal_bytes(void)
{
	char *wal = mem_format("%s-wal", path);
	struct stat about;
	off_t bytes = stat(wal, &about) ? -1 : about.st_size;

	free(wal);
	return bytes;
}

/* To take megabytes off the disk at the end took longer than all the rest of it. */
START_TEST(a_rest_cuts_a_long_wal)
{
	ck_assert_int_eq(write_sql(STORE_GROUPED, "INSERT INTO t VALUES(1, zeroblob(3000000))"), 0);
	ck_assert_int_gt(wal_bytes(), 3000000);
	while (wal_bytes() != 0)
		poll(NULL, 0, 10);
	ck_assert_int_eq(number_of("SELECT count(*) FROM t"), 1);
}
END_TEST

START_TEST(a_reader_cannot_write)
{
	char sql[] = "INSERT INTO t VALUES(1, 1)";

	ck_assert_int_eq(store_read(store, run_sql, sql, &err), -1);
	ck_assert_int_eq(err.code, ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.text, "read-only"));
}
END_TEST

static int write_then_fail(struct sqlite3 *db, void *arg, struct error *error)
{
	(void)arg;
	ck_assert_int_eq(store_exec(db, error, "INSERT INTO t VALUES(7, 7)", ""), 0);
	return error_set(error, ERR_DENIED, "changed my mind");
}

START_TEST(what_fails_takes_only_its_own_part_back)
{
	char sql[] = "INSERT INTO t VALUES(1, 1)";

	store_post(store, run_sql, sql, NULL);
	ck_assert_int_eq(store_write(store, STORE_DURABLE, write_then_fail, NULL, &err), -1);
	ck_assert_int_eq(err.code, ERR_DENIED);
	ck_assert_int_eq(number_of("SELECT count(*) FROM t WHERE x = 1"), 1);
	ck_assert_int_eq(number_of("SELECT count(*) FROM t WHERE x = 7"), 0);
}
END_TEST

static void *write_many(void *arg)
{
	char sql[64];

	for (int i = 0; i < EACH; i++) {
		struct error mine = { 0 };

		snprintf(sql, sizeof(sql), "INSERT INTO t(y) VALUES(%d)", i);
		if (store_write(store, i % 2 ? STORE_DURABLE : STORE_GROUPED, run_sql, sql, &mine))
			return arg;
		if (number_of("SELECT count(*) FROM t") < 1)
			return arg;
		store_notice(store);
	}
	return NULL;
}

START_TEST(many_threads_write_and_read)
{
	pthread_t threads[THREADS];
	void *failed;

	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, write_many, folder), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &failed);
		ck_assert_ptr_null(failed);
	}
	ck_assert_int_eq(number_of("SELECT count(*) FROM t"), THREADS * EACH);
}
END_TEST

static atomic_int released;

static void on_release(void *arg)
{
	(void)arg;
	atomic_fetch_add(&released, 1);
}

START_TEST(posts_are_written_in_order_and_released)
{
	static char sql[] = "INSERT INTO t(y) VALUES((SELECT count(*) FROM t))";

	atomic_store(&released, 0);
	for (int i = 0; i < 250; i++)
		store_post(store, run_sql, sql, on_release);
	ck_assert_int_eq(store_flush(store, &err), 0);
	ck_assert_int_eq(number_of("SELECT count(*) FROM t WHERE y = x - 1"), 250);
	store_post(store, run_sql, sql, on_release);
	close_store(); /* writes what is queued */
	ck_assert_int_eq(atomic_load(&released), 251);
	open_store();
	ck_assert_int_eq(number_of("SELECT count(*) FROM t"), 251);
}
END_TEST

START_TEST(lost_posts_are_counted)
{
	static char sql[] = "INSERT INTO nowhere VALUES(1)";

	store_post(store, run_sql, sql, NULL);
	store_post(store, run_sql, sql, NULL);
	ck_assert_int_eq(store_flush(store, &err), 0);
	ck_assert_msg(!strncmp(store_notice(store), "2 records not written: ", 23), "%s",
		store_notice(store));
}
END_TEST

struct commits {
	int count;
};

static int on_commit(void *arg)
{
	((struct commits *)arg)->count++;
	return 0;
}

static int watch_commits(struct sqlite3 *db, void *arg, struct error *error)
{
	(void)error;
	sqlite3_commit_hook(db, on_commit, arg);
	return 0;
}

START_TEST(posts_share_a_commit)
{
	static char sql[] = "INSERT INTO t(y) VALUES(1)";
	struct commits commits = { 0 };

	ck_assert_int_eq(store_write(store, STORE_GROUPED, watch_commits, &commits, &err), 0);
	for (int i = 0; i < 300; i++)
		store_post(store, run_sql, sql, NULL);
	ck_assert_int_eq(store_flush(store, &err), 0);
	ck_assert_int_ge(commits.count, 2);
	ck_assert_int_le(commits.count, 20);
}
END_TEST

/* The database may grow by no page any more: what SQLite sees of a full disk. */
START_TEST(a_full_disk_is_told_in_clear_words)
{
	ck_assert_int_eq(write_sql(STORE_GROUPED, "PRAGMA max_page_count=1"), 0);
	ck_assert_int_eq(write_sql(STORE_DURABLE, "INSERT INTO t VALUES(1, zeroblob(500000))"), -1);
	ck_assert_int_eq(err.code, ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.text, "the disk is full"));
	ck_assert_int_eq(number_of("SELECT count(*) FROM t"), 0);
	ck_assert_int_eq(write_sql(STORE_GROUPED, "PRAGMA max_page_count=100000"), 0);
	ck_assert_int_eq(write_sql(STORE_DURABLE, "INSERT INTO t VALUES(1, zeroblob(500000))"), 0);
}
END_TEST

/* Another process on the same database, at the same time. */
START_TEST(two_processes_lose_nothing)
{
	int status = 0;

	close_store(); /* neither connections nor threads survive fork */
	pid_t other = fork();

	ck_assert_int_ge(other, 0);
	open_store();
	for (int i = 0; i < 100; i++)
		ck_assert_msg(!write_sql(i % 2 ? STORE_DURABLE : STORE_GROUPED,
				      "INSERT INTO t(y) VALUES((SELECT max(x) FROM t))"),
			"%s", err.text);
	if (!other) {
		close_store();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(other, &status, 0), other);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(number_of("SELECT count(*) FROM t"), 200);
	ck_assert_int_eq(number_of("SELECT count(*) FROM t WHERE y IS NOT NULL AND y <> x - 1"), 0);
}
END_TEST

static int bind_all(struct sqlite3 *db, void *arg, struct error *error)
{
	long *found = arg;

	if (store_exec(db, error, "CREATE TABLE b(i, t, b, d, n)", ""))
		return -1;
	if (store_exec(db, error, "INSERT INTO b VALUES(?,?,?,?,?)", "itbdn", (int64_t)1 << 40,
		    "x'y", "\0\1\2", (size_t)3, 0.5))
		return -1;
	return store_query(db, error, take_number, found,
		"SELECT count(*) FROM b WHERE i = 1099511627776 AND t = 'x''y' AND b = x'000102' "
		"AND d = 0.5 AND n IS NULL",
		"");
}

START_TEST(statements_bind_every_type)
{
	long found = 0;

	ck_assert_int_eq(store_write(store, STORE_GROUPED, bind_all, &found, &err), 0);
	ck_assert_int_eq(found, 1);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, with_table, tear_down);
	tcase_add_test(tc, what_was_written_is_read);
	tcase_add_test(tc, a_rest_brings_the_wal_into_the_file);
	tcase_add_test(tc, a_rest_cuts_a_long_wal);
	tcase_add_test(tc, a_reader_cannot_write);
	tcase_add_test(tc, what_fails_takes_only_its_own_part_back);
	tcase_add_test(tc, many_threads_write_and_read);
	tcase_add_test(tc, posts_are_written_in_order_and_released);
	tcase_add_test(tc, lost_posts_are_counted);
	tcase_add_test(tc, posts_share_a_commit);
	tcase_add_test(tc, a_full_disk_is_told_in_clear_words);
	tcase_add_test(tc, two_processes_lose_nothing);
	tcase_add_test(tc, statements_bind_every_type);
}
TEST_MAIN("store/store")
