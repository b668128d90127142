#include "base/clock.h"
#include "check_main.h"
#include "net/transfer.h"

START_TEST(retry_after_is_seconds_or_a_date)
{
	int64_t now = 0;

	ck_assert_int_eq(clock_parse("2026-11-21T10:00:00Z", &now), 0);
	ck_assert_int_eq(retry_after_ms("7", now), 7000);
	ck_assert_int_eq(retry_after_ms("0", now), 0);
	ck_assert_int_eq(retry_after_ms("Sat, 21 Nov 2026 10:00:12 GMT", now), 12000);
	ck_assert_int_eq(retry_after_ms("Sat, 21 Nov 2026 09:00:00 GMT", now), 0);
	ck_assert_int_eq(retry_after_ms("99999999999999999999", now), 86400000);
	ck_assert_int_eq(retry_after_ms("soon", now), -1);
	ck_assert_int_eq(retry_after_ms("", now), -1);
}
END_TEST

START_TEST(delays_double_up_to_a_bound_and_differ)
{
	int64_t most[8] = { 0 }, least = INT64_MAX;

	for (int tries = 1; tries < 8; tries++)
		for (int i = 0; i < 2000; i++) {
			int64_t delay = retry_delay_ms(tries, -1);

			ck_assert_int_ge(delay, 0);
			most[tries] = delay > most[tries] ? delay : most[tries];
			least = delay < least ? delay : least;
		}
	ck_assert_int_lt(most[1], 200);
	ck_assert_int_gt(most[1], 150);
	ck_assert_int_gt(most[3], 600);
	ck_assert_int_lt(most[7], 10000);
	ck_assert_int_gt(most[7], 8000);
	ck_assert_int_lt(least, 20); /* full jitter: from nothing */
}
END_TEST

START_TEST(the_server_is_obeyed_up_to_half_a_minute)
{
	for (int i = 0; i < 100; i++) {
		ck_assert_int_ge(retry_delay_ms(1, 3000), 3000);
		ck_assert_int_lt(retry_delay_ms(1, 3000), 3200);
	}
	ck_assert_int_eq(retry_delay_ms(1, 30001), -1);
}
END_TEST

static int wanted(const char *method, int harmless, int failed, int status, enum error_code code)
{
	struct transfer transfer = {
		.request = { .method = method, .harmless = harmless, .retries = 1 }, .tries = 1
	};

	transfer.response.status = status;
	transfer.err.code = code;
	return retry_wanted(&transfer, failed);
}

START_TEST(only_questions_are_repeated)
{
	ck_assert(wanted("GET", 0, 0, 503, ERR_NONE));
	ck_assert(wanted(NULL, 0, 0, 429, ERR_NONE));
	ck_assert(wanted("GET", 0, 1, 0, ERR_UNREACHABLE));
	ck_assert(wanted("POST", 1, 0, 504, ERR_NONE));
	ck_assert(!wanted("POST", 0, 0, 503, ERR_NONE));
	ck_assert(!wanted("DELETE", 0, 1, 0, ERR_UNREACHABLE));
	ck_assert(!wanted("PUT", 0, 0, 502, ERR_NONE));
	ck_assert(!wanted("GET", 0, 0, 500, ERR_NONE));
	ck_assert(!wanted("GET", 0, 0, 200, ERR_NONE));
	ck_assert(!wanted("GET", 0, 1, 0, ERR_LIMIT));
	ck_assert(!wanted("GET", 0, 1, 0, ERR_CANCELLED));
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, retry_after_is_seconds_or_a_date);
	tcase_add_test(tc, delays_double_up_to_a_bound_and_differ);
	tcase_add_test(tc, the_server_is_obeyed_up_to_half_a_minute);
	tcase_add_test(tc, only_questions_are_repeated);
}
TEST_MAIN("net/retry")
