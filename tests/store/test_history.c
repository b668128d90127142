#include "stored.h"

#include <sched.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "store/history.h"

static char seen[1000];

static int on_change(const struct history_change *change, void *arg)
{
	size_t used = strlen(seen);

	snprintf(seen + used, sizeof(seen) - used, "%ld %s %s %s %s>%s %s;", (long)change->at_ns,
		change->kind, change->id, change->field, change->old ? change->old : "-",
		change->new_ ? change->new_ : "-", change->by);
	return arg != NULL;
}

static int on_row(const char *source, const char *id, int64_t observed_ns, const char *row,
	size_t length, void *arg)
{
	size_t used = strlen(seen);

	(void)arg;
	snprintf(seen + used, sizeof(seen) - used, "%s %s %ld %.*s;", source, id, (long)observed_ns,
		(int)length, row);
	return 0;
}

static void add(const char *id, int64_t at, const char *row, const char *old, const char *new_)
{
	struct history_change change = {
		.at_ns = at, .kind = "pod", .id = id, .field = "state", .old = old, .new_ = new_
	};

	history_add(store, "pod", "east", id, at, row, row ? strlen(row) : 0, &change,
		old || new_ ? 1 : 0);
}

static const char *changes(
	const char *kind, const char *id, int64_t since, int64_t until, size_t limit)
{
	seen[0] = 0;
	ck_assert_int_eq(store_flush(store, &err), 0);
	ck_assert_msg(!history_changes(store, kind, id, since, until, limit, on_change, NULL, &err),
		"%s", err.text);
	return seen;
}

static const char *rows_at(int64_t at)
{
	seen[0] = 0;
	ck_assert_int_eq(store_flush(store, &err), 0);
	ck_assert_msg(!history_rows_at(store, "pod", at, on_row, NULL, &err), "%s", err.text);
	return seen;
}

static void three_days(void)
{
	set_up();
	add("a", 10, "a\x1fRunning", NULL, NULL);
	add("b", 10, "", NULL, "Pending");
	add("a", 20,
		"a\x1f"
		"Failed",
		"Running", "Failed");
	add("b", 30, NULL, "Pending", NULL);
	add("a", 40, "a\x1fRunning", "Failed", "Running");
}

START_TEST(changes_come_newest_first)
{
	ck_assert_str_eq(changes("pod", NULL, 0, 100, 10),
		"40 pod a state Failed>Running ;30 pod b state Pending>- ;20 pod a state "
		"Running>Failed ;10 pod b state ->Pending ;");
	ck_assert_str_eq(changes(NULL, "a", 0, 100, 1), "40 pod a state Failed>Running ;");
	ck_assert_str_eq(changes(NULL, NULL, 15, 30, 10),
		"30 pod b state Pending>- ;20 pod a state Running>Failed ;");
	ck_assert_str_eq(changes("node", NULL, 0, 100, 10), "");
	seen[0] = 0;
	ck_assert_int_eq(history_changes(store, NULL, NULL, 0, 100, 10, on_change, seen, &err),
		0); /* stops after one */
	ck_assert_str_eq(seen, "40 pod a state Failed>Running ;");
}
END_TEST

START_TEST(rows_are_as_they_were)
{
	ck_assert_str_eq(rows_at(5), "");
	ck_assert_str_eq(rows_at(15), "east a 10 a\x1fRunning;east b 10 ;");
	ck_assert_str_eq(rows_at(20), "east a 20 a\x1f"
				      "Failed;east b 10 ;");
	ck_assert_str_eq(rows_at(35), "east a 20 a\x1f"
				      "Failed;");
	ck_assert_str_eq(rows_at(99), "east a 40 a\x1fRunning;");
}
END_TEST

START_TEST(trimming_keeps_what_still_holds)
{
	history_trim(store, 35);
	ck_assert_str_eq(changes(NULL, NULL, 0, 100, 10), "40 pod a state Failed>Running ;");
	ck_assert_str_eq(rows_at(35), "east a 20 a\x1f"
				      "Failed;");
	ck_assert_str_eq(rows_at(15), "");
	ck_assert_str_eq(rows_at(40), "east a 40 a\x1fRunning;");
}
END_TEST

struct counted {
	int next, end;
	atomic_int *freed;
	char id[16], row[32];
};

static int next_of(void *arg, struct history_version *version)
{
	struct counted *counted = arg;

	if (counted->next == counted->end)
		return 0;
	snprintf(counted->id, sizeof(counted->id), "n%d", counted->next);
	snprintf(counted->row, sizeof(counted->row), "n%d\x1fReady", counted->next++);
	*version = (struct history_version){ .source = "west", .id = counted->id, .row = counted->row, .row_length = strlen(counted->row) };
	return 1;
}

static void count_freed(void *arg)
{
	atomic_fetch_add(((struct counted *)arg)->freed, 1);
	free(arg);
}

static int count_row(const char *source, const char *id, int64_t observed_ns, const char *row, size_t row_length, void *arg)
{
	(void)observed_ns;
	*(int *)arg += !strcmp(source, "west") && row_length > 6 && !strncmp(row, id, strlen(id)) && !memcmp(row + row_length - 6, "\x1fReady", 6);
	return 0;
}

START_TEST(many_are_added_in_one_go)
{
	struct counted *counted = mem_zero(1, sizeof(*counted));
	atomic_int freed = 0;
	int right = 0;

	counted->end = 3000;
	counted->freed = &freed;
	history_add_all(store, "node", 50, next_of, counted, count_freed);
	ck_assert_int_eq(store_flush(store, &err), 0);
	while (!atomic_load(&freed)) /* the writer lets go of it after those who wait were told */
		sched_yield();
	ck_assert_int_eq(history_rows_at(store, "node", 50, count_row, &right, &err), 0);
	ck_assert_int_eq(right, 3000);
	right = 0;
	ck_assert_int_eq(history_rows_at(store, "node", 49, count_row, &right, &err), 0);
	ck_assert_int_eq(right, 0);
	ck_assert_int_eq(atomic_load(&freed), 1);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, three_days, tear_down);
	tcase_add_test(tc, changes_come_newest_first);
	tcase_add_test(tc, rows_are_as_they_were);
	tcase_add_test(tc, trimming_keeps_what_still_holds);
	tcase_add_test(tc, many_are_added_in_one_go);
}
TEST_MAIN("store/history")
