#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"
#include "served.h"

static int says(const char *what)
{
	return strstr(response.body, what) != NULL;
}

START_TEST(gets_a_body_and_headers)
{
	char value[64];

	ck_fetched("/echo?a=b%20c", 0);
	ck_assert_int_eq(response.status, 200);
	ck_assert_uint_eq(strlen(response.body), response.body_length);
	ck_assert(says("GET /echo?a=b%20c HTTP/1.1\r\n"));
	ck_assert(says("User-Agent: pilothouse/" PACKAGE_VERSION "\r\n"));
	ck_assert(!says("Expect:") && !says("Content-Type:"));
	ck_assert_str_eq(net_header(&response, "content-type", value, sizeof(value)), "text/plain");
	ck_assert_str_eq(net_header(&response, "x-twice", value, sizeof(value)), "one");
	ck_assert_str_eq(net_header(&response, "x-twice", value, 3), "on");
	ck_assert_ptr_null(net_header(&response, "x-none", value, sizeof(value)));
	ck_assert_int_eq(response.retry_after_ms, -1);
	ck_assert_int_gt(response.duration_ns, 0);
	ck_assert_int_gt(response.first_byte_ns, 0);
}
END_TEST

START_TEST(sends_methods_with_bodies)
{
	static const char *const methods[] = { "POST", "PATCH", "PUT", "DELETE" };
	const struct net_header type = { .name = "Content-Type", .value = "application/json" };
	char line[64];

	for (size_t i = 0; i < 4; i++) {
		ck_fetched("/echo", .method = methods[i], .body = "{\"x\":\0001}", .body_length = 8,
			.headers = &type, .header_count = 1);
		snprintf(line, sizeof(line), "%s /echo HTTP/1.1\r\n", methods[i]);
		ck_assert(says(line));
		ck_assert(says("Content-Length: 8\r\n"));
		ck_assert(says("Content-Type: application/json\r\n"));
		ck_assert(!memcmp(response.body + response.body_length - 8, "{\"x\":\0001}", 8));
	}
	ck_fetched("/echo", .method = "POST");
	ck_assert(says("Content-Length: 0\r\n"));
	ck_fetched("/echo", .method = "DELETE");
	ck_assert(says("DELETE /echo"));
	ck_fetched("/echo", .method = "HEAD");
	ck_assert_str_eq(response.body, "");
}
END_TEST

START_TEST(a_secret_goes_behind_its_prefix)
{
	struct secret *secret = secret_new("t0ken", 5);
	const struct net_header headers[] = {
		{ .name = "Authorization", .value = "Bearer ", .secret = secret },
		{ .name = "X-Empty", .value = "" }
	};

	ck_fetched("/echo", .headers = headers, .header_count = 2);
	ck_assert(says("Authorization: Bearer t0ken\r\n"));
	ck_assert(says("X-Empty:\r\n"));
	secret_free(secret);
}
END_TEST

START_TEST(refuses_what_could_forge_a_header)
{
	struct secret *secret = secret_new("a\r\nb: c", 7);
	const struct net_header headers[] = { { .name = "A", .value = "b\r\nc: d" },
		{ .name = "A b", .value = "c" }, { .name = "A", .secret = secret },
		{ .name = "A", .value = "\x7f" } };

	for (size_t i = 0; i < 4; i++)
		ck_fails(ERR_INVALID, "/ok", .headers = &headers[i], .header_count = 1);
	ck_fails(ERR_INVALID, "/ok", .method = "GET /x");
	ck_fails(ERR_INVALID, "/ok\r\nx", 0);
	ck_assert_uint_eq(faults_requests(faults), 0);
	secret_free(secret);
}
END_TEST

START_TEST(only_http_and_https_leave)
{
	static const char *const urls[] = { "file:///etc/passwd", "ftp://127.0.0.1/",
		"gopher://127.0.0.1:1/", "", "http://", "//x" };

	for (size_t i = 0; i < 6; i++) {
		struct net_request request = { .url = urls[i], .proxy = "" };

		ck_assert_int_eq(net_fetch(net, &request, &response, &err), -1);
		ck_assert_msg(err.code == ERR_INVALID || err.code == ERR_FORMAT, "%s %s", urls[i],
			err.text);
	}
}
END_TEST

START_TEST(one_connection_serves_many_questions)
{
	for (int i = 0; i < 20; i++)
		ck_fetched("/ok", 0);
	ck_assert_uint_eq(faults_connections(faults), 1);
	ck_assert_uint_eq(faults_requests(faults), 20);
}
END_TEST

/* libcurl would send it once more when a kept connection turns out to be dead. */
START_TEST(a_write_is_never_sent_twice)
{
	ck_fetched("/close-second", 0);
	ck_assert_int_eq(
		FETCH("/close-second", .method = "POST", .body = "x", .body_length = 1), 0);
	ck_assert_uint_eq(faults_requests(faults), 2);
	ck_assert_uint_eq(faults_connections(faults), 2);
	ck_fails(ERR_UNREACHABLE, "/close", .method = "POST", .body = "x", .body_length = 1,
		.retries = 3);
	ck_assert_uint_eq(faults_requests(faults), 3);
}
END_TEST

START_TEST(asks_for_compression_and_undoes_it)
{
	ck_fetched("/gzip?bytes=100000", .gzip = 1);
	ck_assert_uint_eq(response.body_length, 100000);
	ck_fetched("/echo", .gzip = 1);
	ck_assert(says("Accept-Encoding: gzip"));
	ck_fetched("/echo", 0);
	ck_assert(!says("Accept-Encoding"));
}
END_TEST

START_TEST(a_redirect_is_an_answer)
{
	static const char *const ways[] = { "/redirect?to=/echo", "/redirect?to=file:///etc/passwd",
		"/redirect" };
	char value[200];

	for (size_t i = 0; i < 3; i++) {
		ck_fetched(ways[i], 0);
		ck_assert_int_eq(response.status, 302);
		ck_assert_ptr_nonnull(net_header(&response, "location", value, sizeof(value)));
		ck_assert_uint_eq(faults_requests(faults), i + 1);
	}
}
END_TEST

START_TEST(a_proxy_is_asked_in_the_servers_place)
{
	struct net_request request = { .url = "http://nothing.invalid/ok",
		.proxy = faults_url(faults) };

	ck_assert_msg(!net_fetch(net, &request, &response, &err), "%s", err.text);
	ck_assert_uint_eq(faults_requests(faults), 1);
	ck_assert_int_eq(response.status, 404); /* it took the whole URL for a path */
	net_response_release(&response);
	request.url = "https://nothing.invalid/ok";
	ck_assert_int_eq(
		net_fetch(net, &request, &response, &err), -1); /* CONNECT was answered by 404 */
	ck_assert_int_eq(err.code, ERR_UNREACHABLE);
	ck_assert_uint_eq(faults_requests(faults), 2);
}
END_TEST

START_TEST(read_only_mode_lets_only_questions_out)
{
	static const char *const writes[] = { "POST", "PUT", "PATCH", "DELETE", "LINK" };

	net_set_read_only(net, 1);
	for (size_t i = 0; i < 5; i++)
		ck_fails(ERR_DENIED, "/ok", .method = writes[i]);
	ck_assert_uint_eq(faults_requests(faults), 0);
	ck_fetched("/ok", 0);
	ck_fetched("/ok", .method = "HEAD");
	ck_fetched("/echo", .method = "POST", .harmless = 1);
	net_set_read_only(net, 0);
	ck_fetched("/ok", .method = "DELETE");
}
END_TEST

struct ticks {
	size_t count, stop_at;
	atomic_int cancelled;
	int cancel;
};

static int on_tick(void *arg, const char *bytes, size_t length)
{
	struct ticks *ticks = arg;

	for (size_t i = 0; i < length; i++)
		ticks->count += bytes[i] == '\n';
	if (ticks->count < ticks->stop_at)
		return 0;
	if (ticks->cancel)
		atomic_store(&ticks->cancelled, 1);
	return !ticks->cancel;
}

START_TEST(a_stream_comes_piece_by_piece)
{
	struct ticks ticks = { .stop_at = 5 };

	ck_fails(ERR_CANCELLED, "/stream?every-ms=1&count=100000", .on_data = on_tick,
		.arg = &ticks, .timeout_ms = -1);
	ck_assert_uint_ge(ticks.count, 5);
	ck_assert_uint_lt(ticks.count, 1000);
}
END_TEST

START_TEST(a_stream_that_falls_silent_stalls)
{
	struct ticks ticks = { .stop_at = 100 };

	ck_fails(ERR_TIMEOUT, "/stream?every-ms=1&count=3", .on_data = on_tick, .arg = &ticks,
		.timeout_ms = -1, .stall_timeout_ms = check_patient_ms(300));
	ck_assert_uint_eq(ticks.count, 3);
}
END_TEST

START_TEST(an_error_answer_to_a_stream_is_kept)
{
	struct ticks ticks = { .stop_at = 1 };

	ck_fetched("/status/410", .on_data = on_tick, .arg = &ticks);
	ck_assert_int_eq(response.status, 410);
	ck_assert_str_eq(response.body, "no");
	ck_assert_uint_eq(ticks.count, 0);
}
END_TEST

START_TEST(cancels_in_the_middle)
{
	struct ticks ticks = { .stop_at = 3, .cancel = 1 };
	int64_t began = clock_monotonic_ns();

	ck_fails(ERR_CANCELLED, "/stream?every-ms=1&count=3", .on_data = on_tick, .arg = &ticks,
		.timeout_ms = -1, .cancelled = &ticks.cancelled);
	ck_assert_int_lt(clock_monotonic_ns() - began, 5 * CLOCK_SECOND_NS);
	atomic_int already = 1;
	ck_fails(ERR_CANCELLED, "/hang", .cancelled = &already);
}
END_TEST

static void *cancel_soon(void *arg)
{
	while (!faults_requests(faults))
		sched_yield();
	atomic_store((atomic_int *)arg, 1);
	net_wake(net);
	return NULL;
}

START_TEST(a_wake_cancels_a_silent_stream_at_once)
{
	struct ticks ticks = { .stop_at = 100 };
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, cancel_soon, &ticks.cancelled), 0);
	ck_fails(ERR_CANCELLED, "/stream?count=0", .on_data = on_tick, .arg = &ticks,
		.timeout_ms = -1, .cancelled = &ticks.cancelled);
	pthread_join(thread, NULL);
}
END_TEST

struct sleeper {
	long sleeps; /* of the net thread when the last tick came */
	char status[64];
	atomic_int cancelled;
};

static long sleeps_of(const char *status)
{
	FILE *file = fopen(status, "re");
	char line[200];
	long count = -1;

	ck_assert_ptr_nonnull(file);
	while (count < 0 && fgets(line, sizeof(line), file))
		sscanf(line, "voluntary_ctxt_switches: %ld", &count);
	fclose(file);
	ck_assert_int_ge(count, 0);
	return count;
}

static int on_sleeper_tick(void *arg, const char *bytes, size_t length)
{
	struct sleeper *sleeper = arg;

	(void)bytes;
	(void)length;
	snprintf(sleeper->status, sizeof(sleeper->status), "/proc/self/task/%d/status", gettid());
	sleeper->sleeps = sleeps_of(sleeper->status);
	return 0;
}

/* Sleeps until the stall's end and then until there is work again, 3 or 4 in all with the locks
 * taken meanwhile; a look a second would make 6 or 7. */
START_TEST(an_open_watch_costs_no_wake_ups)
{
	struct sleeper sleeper = { .sleeps = -1 };

	ck_fails(ERR_TIMEOUT, "/stream?count=1", .on_data = on_sleeper_tick, .arg = &sleeper,
		.timeout_ms = -1, .stall_timeout_ms = 3500, .cancelled = &sleeper.cancelled);
	ck_assert_int_ge(sleeper.sleeps, 0);
	ck_assert_int_le(sleeps_of(sleeper.status) - sleeper.sleeps, 5);
}
END_TEST

/* What one request set must not be found by the next on the same handle. */
START_TEST(a_handle_used_again_is_as_new)
{
	struct secret *secret = secret_new("t0ken", 5);
	const struct net_header header = {
		.name = "Authorization", .value = "Bearer ", .secret = secret
	};

	for (int i = 0; i < 3; i++) {
		ck_fetched("/echo", .method = "POST", .body = "x=1", .body_length = 3, .gzip = 1,
			.headers = &header, .header_count = 1);
		ck_assert(says("t0ken"));
		ck_fetched("/echo", .method = "HEAD");
		ck_fetched("/echo", 0);
		ck_assert(says("GET /echo") && !says("t0ken") && !says("Accept-Encoding") &&
			  !says("x=1") && !says("Content-Length"));
	}
	secret_free(secret);
}
END_TEST

static void *fetch_for_ever(void *arg)
{
	struct net_request request = {
		.url = arg, .proxy = "", .timeout_ms = -1, .stall_timeout_ms = -1
	};
	struct net_response answer;
	static struct error failure;

	ck_assert_int_eq(net_fetch(net, &request, &answer, &failure), -1);
	return &failure;
}

/* Also one that has no flag to be cancelled by, and those that come later; a write is waited for. */
START_TEST(the_end_of_reads_leaves_writes)
{
	char *url = mem_format("%s/hang", faults_url(faults));
	pthread_t thread;
	void *failure;

	ck_assert_int_eq(pthread_create(&thread, NULL, fetch_for_ever, url), 0);
	while (!faults_requests(faults))
		sched_yield();
	net_end_reads(net);
	pthread_join(thread, &failure);
	ck_assert_int_eq(((struct error *)failure)->code, ERR_CANCELLED);
	ck_fails(ERR_CANCELLED, "/hang", .timeout_ms = -1);
	ck_fetched("/echo", .method = "POST");
	free(url);
}
END_TEST

START_TEST(the_end_of_the_program_cancels_all)
{
	char *url = mem_format("%s/hang", faults_url(faults));
	pthread_t thread;
	void *failure;

	ck_assert_int_eq(pthread_create(&thread, NULL, fetch_for_ever, url), 0);
	while (!faults_requests(faults))
		sched_yield();
	int64_t began = clock_monotonic_ns();
	net_free(net);
	ck_assert_int_lt(clock_monotonic_ns() - began, CLOCK_SECOND_NS);
	pthread_join(thread, &failure);
	ck_assert_int_eq(((struct error *)failure)->code, ERR_CANCELLED);
	net = NULL;
	free(url);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, serve, unserve);
	tcase_add_test(tc, gets_a_body_and_headers);
	tcase_add_test(tc, sends_methods_with_bodies);
	tcase_add_test(tc, a_secret_goes_behind_its_prefix);
	tcase_add_test(tc, refuses_what_could_forge_a_header);
	tcase_add_test(tc, only_http_and_https_leave);
	tcase_add_test(tc, one_connection_serves_many_questions);
	tcase_add_test(tc, a_write_is_never_sent_twice);
	tcase_add_test(tc, asks_for_compression_and_undoes_it);
	tcase_add_test(tc, a_redirect_is_an_answer);
	tcase_add_test(tc, a_proxy_is_asked_in_the_servers_place);
	tcase_add_test(tc, read_only_mode_lets_only_questions_out);
	tcase_add_test(tc, a_stream_comes_piece_by_piece);
	tcase_add_test(tc, a_stream_that_falls_silent_stalls);
	tcase_add_test(tc, an_error_answer_to_a_stream_is_kept);
	tcase_add_test(tc, cancels_in_the_middle);
	tcase_add_test(tc, a_wake_cancels_a_silent_stream_at_once);
	tcase_add_test(tc, an_open_watch_costs_no_wake_ups);
	tcase_add_test(tc, a_handle_used_again_is_as_new);
	tcase_add_test(tc, the_end_of_reads_leaves_writes);
	tcase_add_test(tc, the_end_of_the_program_cancels_all);
}
TEST_MAIN("net/net")
