#include <stdio.h>

#include "base/clock.h"
#include "base/safe.h"
#include "served.h"

START_TEST(refused)
{
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", faults_closed_port());
	struct net_request request = { .url = url, .proxy = "", .retries = 1 };

	ck_assert_int_eq(net_fetch(net, &request, &response, &err), -1);
	ck_assert_int_eq(err.code, ERR_UNREACHABLE);
	ck_assert_ptr_nonnull(strstr(err.text, "connection refused"));
	ck_assert_ptr_nonnull(strstr(err.text, "127.0.0.1:"));
	ck_assert_ptr_null(response.body);
}
END_TEST

START_TEST(no_such_name)
{
	struct net_request request = {
		.url = "http://nothing.invalid/", .proxy = "", .timeout_ms = 5000
	};

	ck_assert_int_eq(net_fetch(net, &request, &response, &err), -1);
	ck_assert_msg(err.code == ERR_UNREACHABLE || err.code == ERR_TIMEOUT, "%s", err.text);
}
END_TEST

START_TEST(a_byte_a_second_stalls)
{
	int64_t began = clock_monotonic_ns();

	ck_fails(ERR_TIMEOUT, "/slow", .stall_timeout_ms = 2500);
	ck_assert_ptr_nonnull(strstr(err.text, "stalled"));
	ck_assert_int_ge(clock_monotonic_ns() - began, 2 * CLOCK_SECOND_NS);
	ck_assert_int_lt(clock_monotonic_ns() - began, 10 * CLOCK_SECOND_NS);
}
END_TEST

START_TEST(no_answer_in_time)
{
	ck_fails(ERR_TIMEOUT, "/hang", .timeout_ms = 200);
	ck_fails(ERR_TIMEOUT, "/hang", .stall_timeout_ms = 200);
	ck_fails(ERR_TIMEOUT, "/slow", .timeout_ms = 200);
}
END_TEST

START_TEST(closed_or_reset)
{
	ck_fails(ERR_UNREACHABLE, "/close", 0);
	ck_fails(ERR_FORMAT, "/half-closed", .timeout_ms = 5000);
	ck_fails(ERR_UNREACHABLE, "/reset", 0);
}
END_TEST

START_TEST(cut_off)
{
	ck_fails(ERR_FORMAT, "/truncated-length", 0);
	ck_fails(ERR_FORMAT, "/truncated-chunked", 0);
	ck_assert_ptr_nonnull(strstr(err.text, "cut off"));
	ck_fails(ERR_FORMAT, "/garbage", 0);
	ck_fails(ERR_FORMAT, "/gzip-broken", .gzip = 1);
}
END_TEST

START_TEST(too_large)
{
	ck_fails(ERR_LIMIT, "/large?bytes=209715200", 0);
	ck_fails(ERR_LIMIT, "/large?bytes=1001", .max_bytes = 1000);
	ck_fetched("/large?bytes=1000", .max_bytes = 1000);
	ck_assert_uint_eq(response.body_length, 1000);
	ck_fails(ERR_LIMIT, "/gzip?bytes=20000000", .gzip = 1,
		.max_bytes = 1 << 20); /* 20 KB on the wire */
	ck_fails(ERR_LIMIT, "/headers?bytes=280000", 0);
	ck_fetched("/headers?bytes=200000", 0);
}
END_TEST

START_TEST(deep_json_is_only_bytes_here)
{
	ck_fetched("/deep?levels=100000", 0);
	ck_assert_uint_eq(response.body_length, 200000);
}
END_TEST

START_TEST(statuses_are_answers)
{
	static const int statuses[] = { 401, 403, 404, 409, 410, 429, 500, 503 };
	char path[64];

	for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
		snprintf(path, sizeof(path), "/status/%d?retry-after=77", statuses[i]);
		ck_fetched(path, 0);
		ck_assert_int_eq(response.status, statuses[i]);
		ck_assert_int_eq(response.retry_after_ms, 77000);
	}
}
END_TEST

START_TEST(passing_trouble_is_waited_out)
{
	ck_fetched("/flaky/503?times=2", .retries = 2);
	ck_assert_int_eq(response.status, 200);
	ck_assert_uint_eq(faults_requests(faults), 3);
	ck_fetched("/flaky/429?times=1&retry-after=1", .retries = 1);
	ck_assert_int_eq(response.status, 200);
	ck_assert_int_ge(response.duration_ns, CLOCK_SECOND_NS);
}
END_TEST

START_TEST(waiting_has_an_end)
{
	ck_fetched("/status/503", .retries = 2);
	ck_assert_int_eq(response.status, 503);
	ck_assert_uint_eq(faults_requests(faults), 3);
	ck_fetched("/status/429?retry-after=3600", .retries = 2); /* not now: the caller decides */
	ck_assert_uint_eq(faults_requests(faults), 4);
	ck_fetched("/status/429?retry-after=20", .retries = 2, .timeout_ms = 1000);
	ck_assert_int_eq(response.status, 429);
	ck_fetched("/status/500", .retries = 2);
	ck_assert_uint_eq(faults_requests(faults), 6);
	ck_fetched("/status/503", .method = "DELETE", .retries = 2);
	ck_assert_uint_eq(faults_requests(faults), 7);
}
END_TEST

START_TEST(hostile_headers_are_harmless)
{
	char value[128];

	ck_fetched("/hostile", 0);
	ck_assert_ptr_nonnull(net_header(&response, "x-title", value, sizeof(value)));
	ck_assert(safe_is(value, strlen(value)));
	ck_assert_uint_eq(response.body_length, 8); /* the body is left to its parser */
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, serve, unserve);
	tcase_add_test(tc, refused);
	tcase_add_test(tc, no_such_name);
	tcase_add_test(tc, a_byte_a_second_stalls);
	tcase_add_test(tc, no_answer_in_time);
	tcase_add_test(tc, closed_or_reset);
	tcase_add_test(tc, cut_off);
	tcase_add_test(tc, too_large);
	tcase_add_test(tc, deep_json_is_only_bytes_here);
	tcase_add_test(tc, statuses_are_answers);
	tcase_add_test(tc, passing_trouble_is_waited_out);
	tcase_add_test(tc, waiting_has_an_end);
	tcase_add_test(tc, hostile_headers_are_harmless);
}
TEST_MAIN("net/faults")
