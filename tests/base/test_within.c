#include <check.h>
#include <pthread.h>

#include "base/error.h"
#include "base/process.h"
#include "base/within.h"
#include "check_main.h"

START_TEST(test_nothing_holds_by_itself)
{
	atomic_int own = 0;

	ck_assert_int_eq(within_over(), 0);
	ck_assert_int_eq(within_timeout_ms(5000), 5000);
	ck_assert_int_eq(within_timeout_ms(-1), -1);
	ck_assert_ptr_null(within_cancelled(NULL));
	ck_assert_ptr_eq(within_cancelled(&own), &own);
}
END_TEST

START_TEST(test_the_earlier_deadline_holds)
{
	atomic_int cancelled = 0;
	struct within outer = within_enter(&cancelled, 60000);
	struct within inner = within_enter(NULL, 600000);

	ck_assert_int_le(within_timeout_ms(-1), 60000);
	ck_assert_int_eq(within_timeout_ms(10), 10);
	ck_assert_ptr_eq(within_cancelled(NULL), &cancelled);
	atomic_store(&cancelled, 1);
	ck_assert_int_eq(within_over(), 1);
	ck_assert_int_eq(within_late(), 0);
	within_leave(&inner);
	within_leave(&outer);
	ck_assert_int_eq(within_over(), 0);
}
END_TEST

static void *look(void *arg)
{
	*(int *)arg = within_over();
	return NULL;
}

START_TEST(test_it_is_of_one_thread)
{
	atomic_int cancelled = 1;
	struct within before = within_enter(&cancelled, 0);
	pthread_t thread;
	int seen = -1;

	ck_assert_int_eq(within_over(), 1);
	ck_assert_int_eq(pthread_create(&thread, NULL, look, &seen), 0);
	pthread_join(thread, NULL);
	ck_assert_int_eq(seen, 0);
	within_leave(&before);
}
END_TEST

START_TEST(test_a_program_ends_with_it)
{
	const char *const argv[] = { "sleep", "1000", NULL };
	const struct process_request request = { .argv = argv, .timeout_ms = -1 };
	struct process_result result = { 0 };
	struct error err = { 0 };
	struct within before = within_enter(NULL, 100);

	ck_assert_int_eq(process_run(&request, &result, &err), -1);
	ck_assert_int_eq(err.code, ERR_TIMEOUT);
	process_release(&result);
	within_leave(&before);

	atomic_int cancelled = 1;

	before = within_enter(&cancelled, 0);
	ck_assert_int_eq(process_run(&request, &result, &err), -1);
	ck_assert_int_eq(err.code, ERR_CANCELLED);
	process_release(&result);
	within_leave(&before);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, test_nothing_holds_by_itself);
	tcase_add_test(tc, test_the_earlier_deadline_holds);
	tcase_add_test(tc, test_it_is_of_one_thread);
	tcase_add_test(tc, test_a_program_ends_with_it);
}

TEST_MAIN("base/within")
