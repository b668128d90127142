/* What the configuration says of the log and of old changes holds as soon as a session uses them. */
#include "check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "gate/session.h"
#include "store/history.h"
#include "store/store.h"

static char home[64];

static void set_up(void)
{
	static const char *const variables[] = { "LOG_LEVEL", "LOG_FORMAT", "DB_PATH", NULL };

	snprintf(home, sizeof(home), "/tmp/ph-session-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(home));
	setenv("PILOTHOUSE_HOME", home, 1);
	for (size_t i = 0; variables[i]; i++)
		unsetenv(variables[i]);
}

static void tear_down(void)
{
	char *command = mem_format("rm -rf %s", home);

	ck_assert_int_eq(system(command), 0);
	free(command);
}

static void save_settings(const char *settings)
{
	char *path = mem_format("%s/config.yaml", home);

	ck_assert_int_eq(file_save(path, settings, strlen(settings), 0600, NULL), 0);
	free(path);
}

static struct session *with(const char *settings)
{
	struct error err = { 0 };

	save_settings(settings);
	struct session *session = session_new(&(struct session_options){ 0 }, &err);
	ck_assert_msg(session != NULL, "%s", err.text);
	return session;
}

START_TEST(the_log_follows_the_file)
{
	char *settings = mem_format("log: {level: info, format: json, file: '%s/own.log'}\n", home), *path = mem_format("%s/own.log", home);
	struct session *session = with(settings);
	size_t length;

	log_write(LOG_INFO, "test", "said");
	log_write(LOG_DEBUG, "test", "too much");
	log_done();
	char *text = file_load(path, 1 << 16, &length, NULL);
	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(strstr(text, "\"level\":\"info\",\"area\":\"test\",\"message\":\"said\"}\n"));
	ck_assert_ptr_null(strstr(text, "too much"));
	free(text);
	free(path);
	free(settings);
	session_free(session);
}
END_TEST

static int count_one(const struct history_change *change, void *arg)
{
	(void)change;
	++*(int *)arg;
	return 0;
}

static int changes_left(struct session *session)
{
	struct error err = { 0 };
	struct store *store = session_store(session, &err);
	int count = 0;

	ck_assert_msg(store != NULL, "%s", err.text);
	ck_assert_int_eq(store_flush(store, &err), 0);
	ck_assert_int_eq(history_changes(store, NULL, NULL, 0, INT64_MAX, 100, count_one, &count, &err), 0);
	return count;
}

static void add_change(struct store *store, const char *id, int64_t at_ns)
{
	struct history_change change = { .at_ns = at_ns, .kind = "pods", .id = id, .field = "state", .old = "a", .new_ = "b", .by = "" };

	history_add(store, "pods", "x", id, at_ns, "row", 3, &change, 1);
}

START_TEST(old_changes_go)
{
	struct session *session = with("store: {keep: 30d}\n");
	struct store *store = session_store(session, NULL);
	int64_t now_ns = clock_now_ns(), day_ns = 24 * 3600 * CLOCK_SECOND_NS;

	ck_assert_ptr_nonnull(store);
	add_change(store, "young", now_ns - day_ns / 2);
	add_change(store, "older", now_ns - 2 * day_ns);
	add_change(store, "oldest", now_ns - 20 * day_ns);
	ck_assert_int_eq(store_flush(store, NULL), 0);
	session_free(session);
	session = with("store: {keep: 30d}\n");
	ck_assert_int_eq(changes_left(session), 3);
	session_free(session);
	session = with(""); /* seven days */
	ck_assert_int_eq(changes_left(session), 2);
	session_free(session);
	/* Nothing is thrown away for a slip of the pen: nothing is even opened. */
	struct error err = { 0 };
	save_settings("store: {keep: nonsense}\n");
	ck_assert_ptr_null(session_new(&(struct session_options){ 0 }, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "store.keep"));
	session = with("store: {keep: 1d}\n");
	ck_assert_int_eq(changes_left(session), 1);
	session_free(session);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, the_log_follows_the_file);
	tcase_add_test(tc, old_changes_go);
}
TEST_MAIN("gate/session")
