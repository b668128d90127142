#include "stored.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "store/cache.h"
#include "store/schema.h"

/* --- the database as others may leave it --- */

static void raw_sql(const char *sql)
{
	sqlite3 *db = NULL;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_msg(
		sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
	sqlite3_close(db);
}

static void put_bytes(long at, const char *bytes, size_t length)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, bytes, length, at), (ssize_t)length);
	close(fd);
}

static int files_with(const char *part)
{
	DIR *listing = opendir(folder);
	int count = 0;

	for (struct dirent *entry; (entry = readdir(listing));)
		count += strstr(entry->d_name, part) != NULL;
	closedir(listing);
	return count;
}

static int mode_of(const char *ending)
{
	char name[120];
	struct stat info;

	snprintf(name, sizeof(name), "%s%s", path, ending);
	ck_assert_msg(!stat(name, &info), "%s", name);
	return info.st_mode & 0777;
}

static void save_and_close(void)
{
	open_store();
	cache_save(store, "key", "bytes", 5);
	ck_assert_int_eq(store_flush(store, &err), 0);
	close_store();
}

static int has_key(void)
{
	return (int)number_of("SELECT count(*) FROM cache WHERE key = 'key'");
}

/* Ends as kill -9 would: nothing is closed. */
static void save_and_die(void)
{
	int status;
	pid_t child = fork();

	if (!child) {
		open_store();
		cache_save(store, "key", "bytes", 5);
		store_flush(store, NULL);
		raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
}

static void fails_to_open(enum error_code code, const char *words)
{
	error_clear(&err);
	store = store_open(path, &err);
	ck_assert_ptr_null(store);
	ck_assert_int_eq(err.code, code);
	ck_assert_msg(strstr(err.text, words) != NULL, "%s", err.text);
}

/* --- tests --- */

START_TEST(a_new_one_is_private)
{
	mode_t old = umask(0);

	open_store();
	umask(old);
	cache_save(store, "key", "bytes", 5);
	ck_assert_int_eq(store_flush(store, &err), 0);
	ck_assert_int_eq(mode_of(""), 0600);
	ck_assert_int_eq(mode_of("-wal"), 0600);
	ck_assert_int_eq(mode_of("-shm"), 0600);
	ck_assert_int_eq(number_of("PRAGMA user_version"), schema_newest());
	ck_assert_int_eq(number_of("PRAGMA application_id"), STORE_APPLICATION_ID);
	close_store();
	ck_assert_int_eq(files_with("-wal"), 0);
}
END_TEST

START_TEST(folders_are_made)
{
	snprintf(path, sizeof(path), "%s/a/b/test.db", folder);
	open_store();
	close_store();
	ck_assert_int_eq(mode_of(""), 0600);
}
END_TEST

START_TEST(a_killed_one_loses_nothing)
{
	save_and_die();
	ck_assert_int_eq(files_with("-wal"), 1);
	open_store();
	ck_assert_str_eq(store_notice(store), "");
	ck_assert_int_eq(has_key(), 1);
	close_store();
}
END_TEST

START_TEST(garbage_is_set_aside)
{
	char garbage[5000];

	memset(garbage, 'g', sizeof(garbage));
	put_bytes(0, garbage, sizeof(garbage));
	open_store();
	ck_assert_ptr_nonnull(strstr(store_notice(store), "was damaged"));
	ck_assert_int_eq(files_with(".corrupt-"), 1);
	ck_assert_int_eq(write_sql(STORE_DURABLE, "CREATE TABLE t(x)"), 0);
	close_store();
	open_store();
	ck_assert_str_eq(store_notice(store), "");
	close_store();
}
END_TEST

/* After a clean end nobody reads the whole file: the damage shows when it is met, and the next
 * start sets the file aside. */
static void damage_a_page(void)
{
	char junk[4096];

	open_store();
	ck_assert_int_eq(write_sql(STORE_GROUPED, "CREATE TABLE t(x, y)"), 0);
	for (int i = 0; i < 50; i++)
		ck_assert_int_eq(
			write_sql(STORE_GROUPED, "INSERT INTO t VALUES(1, hex(zeroblob(1500)))"),
			0);
	long page = number_of("SELECT rootpage FROM sqlite_schema WHERE name = 't'");

	close_store();
	memset(junk, 0x55, sizeof(junk));
	put_bytes((page - 1) * 4096, junk, sizeof(junk));
}

START_TEST(damage_met_later_is_set_aside_next_time)
{
	struct question question = { .sql = "SELECT count(y) FROM t" };

	damage_a_page();
	open_store();
	ck_assert_str_eq(store_notice(store), "");
	ck_assert_int_eq(store_read(store, ask_number, &question, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "damaged"));
	ck_assert_ptr_nonnull(strstr(store_notice(store), "next start"));
	close_store();
	open_store();
	ck_assert_ptr_nonnull(strstr(store_notice(store), "was damaged"));
	ck_assert_int_ge(files_with(".corrupt-"), 1);
	ck_assert_int_eq(files_with(".check"), 0);
	close_store();
}
END_TEST

START_TEST(damage_after_a_crash_is_found_at_once)
{
	damage_a_page();
	save_and_die();
	open_store();
	ck_assert_ptr_nonnull(strstr(store_notice(store), "was damaged"));
	ck_assert_int_ge(files_with(".corrupt-"), 2); /* the -wal went with it */
	close_store();
}
END_TEST

START_TEST(a_newer_one_is_left_alone)
{
	save_and_close();
	raw_sql("PRAGMA user_version=9999");
	fails_to_open(ERR_CONFLICT, "newer pilothouse");
	raw_sql("PRAGMA user_version=9999"); /* still a database */
	ck_assert_int_eq(files_with(".corrupt-"), 0);
}
END_TEST

START_TEST(another_programs_is_left_alone)
{
	raw_sql("CREATE TABLE theirs(x); PRAGMA user_version=3");
	fails_to_open(ERR_CONFLICT, "another program");
	raw_sql("DROP TABLE theirs; PRAGMA user_version=0; PRAGMA application_id=1234");
	fails_to_open(ERR_CONFLICT, "another program");
}
END_TEST

START_TEST(an_older_one_is_copied_then_brought_up)
{
	save_and_close();
	/* As version 1 left it: the later tables are not there yet. */
	raw_sql("PRAGMA writable_schema=ON; DELETE FROM sqlite_schema WHERE tbl_name NOT IN "
		"('cache', 'version', 'change');"
		"PRAGMA user_version=1; PRAGMA writable_schema=OFF; VACUUM");
	open_store();
	ck_assert_int_eq(number_of("PRAGMA user_version"), schema_newest());
	ck_assert_int_eq(has_key(), 1);
	ck_assert_int_eq(files_with("test.db.version-1"), 1);
	ck_assert_int_eq(mode_of(".version-1"), 0600);
	close_store();
}
END_TEST

START_TEST(a_locked_one_is_told)
{
	sqlite3 *other = NULL;

	save_and_close();
	ck_assert_int_eq(sqlite3_open(path, &other), SQLITE_OK);
	ck_assert_int_eq(
		sqlite3_exec(other,
			"PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE mine(x)",
			NULL, NULL, NULL),
		SQLITE_OK);
	int64_t began = clock_monotonic_ns();

	fails_to_open(ERR_CONFLICT, "locked by another program");
	ck_assert_int_ge(clock_monotonic_ns() - began, 4 * CLOCK_SECOND_NS);
	ck_assert_int_eq(files_with(".corrupt-"), 0);
	sqlite3_close(other);
	open_store();
	ck_assert_int_eq(has_key(), 1);
	close_store();
}
END_TEST

/* Root may write anywhere, so this is seen as somebody else. */
static void as_nobody(void)
{
	if (!geteuid())
		ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
}

START_TEST(a_read_only_folder_is_read)
{
	save_and_close();
	char lock[120];

	snprintf(lock, sizeof(lock), "%s.lock", path);
	unlink(lock);
	ck_assert_int_eq(chmod(path, 0444), 0);
	ck_assert_int_eq(chmod(folder, 0555), 0);
	as_nobody();
	open_store();
	ck_assert_int_eq(store_read_only(store), 1);
	ck_assert_ptr_nonnull(strstr(store_notice(store), "can only be read"));
	ck_assert_int_eq(has_key(), 1);
	ck_assert_int_eq(write_sql(STORE_DURABLE, "CREATE TABLE t(x)"), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "can only be read"));
	cache_save(store, "other", "x", 1); /* let go, not leaked */
	ck_assert_int_eq(store_flush(store, &err), 0);
	close_store();
}
END_TEST

/* What is there now can be shown all the same: an empty one in memory is read. */
START_TEST(no_folder_to_write_to_is_told)
{
	ck_assert_int_eq(chmod(folder, 0555), 0);
	as_nobody();
	open_store();
	ck_assert_ptr_nonnull(strstr(store_notice(store), "ermission denied"));
	ck_assert_int_eq(store_read_only(store), 1);
	ck_assert_int_eq(has_key(), 0);
	ck_assert_int_eq(write_sql(STORE_DURABLE, "CREATE TABLE t(x)"), -1);
	close_store();
}
END_TEST

static void end(void)
{
	chmod(folder, 0700);
	drop_folder();
}

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, make_folder, end);
	tcase_add_test(tc, a_new_one_is_private);
	tcase_add_test(tc, folders_are_made);
	tcase_add_test(tc, a_killed_one_loses_nothing);
	tcase_add_test(tc, garbage_is_set_aside);
	tcase_add_test(tc, damage_met_later_is_set_aside_next_time);
	tcase_add_test(tc, damage_after_a_crash_is_found_at_once);
	tcase_add_test(tc, a_newer_one_is_left_alone);
	tcase_add_test(tc, another_programs_is_left_alone);
	tcase_add_test(tc, an_older_one_is_copied_then_brought_up);
	tcase_add_test(tc, a_locked_one_is_told);
	tcase_add_test(tc, a_read_only_folder_is_read);
	tcase_add_test(tc, no_folder_to_write_to_is_told);
}
TEST_MAIN("store/open")
