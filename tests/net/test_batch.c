#include <stdio.h>

#include "served.h"

enum { MANY = 60 };

static void add(struct net_batch *batch, const char *path, int number)
{
	char url[200], value[20];
	struct net_header header = { .name = "X-Number", .value = value };
	struct net_request request = {
		.url = url, .headers = &header, .header_count = 1, .proxy = ""
	};

	snprintf(url, sizeof(url), "%s%s", faults_url(faults), path);
	snprintf(value, sizeof(value), "<%d>", number);
	net_batch_add(batch, &request, faults_url(faults) ? (void *)(size_t)number : NULL);
	memset(url, '!', sizeof(url)); /* all was copied */
	memset(value, '!', sizeof(value));
}

START_TEST(each_answer_comes_with_its_tag)
{
	struct net_batch *batch = net_batch_new(net, 8);
	int seen[MANY] = { 0 };
	char wanted[20];
	void *tag;

	for (int i = 0; i < MANY; i++)
		add(batch, "/echo", i);
	while (net_batch_next(batch, &tag, &response, &err)) {
		size_t number = (size_t)tag;

		ck_assert_msg(!err.code, "%s", err.text);
		snprintf(wanted, sizeof(wanted), "X-Number: <%zu>\r\n", number);
		ck_assert_ptr_nonnull(strstr(response.body, wanted));
		ck_assert_int_eq(seen[number]++, 0);
		net_response_release(&response);
	}
	for (int i = 0; i < MANY; i++)
		ck_assert_int_eq(seen[i], 1);
	ck_assert_uint_le(faults_connections(faults), 8);
	ck_assert_int_eq(net_batch_next(batch, &tag, &response, &err), 0);
	add(batch, "/ok", 1); /* and again */
	ck_assert_int_eq(net_batch_next(batch, &tag, &response, &err), 1);
	ck_assert_str_eq(response.body, "fine");
	net_batch_free(batch);
}
END_TEST

START_TEST(one_that_fails_hinders_no_other)
{
	struct net_batch *batch = net_batch_new(net, 2);
	int failed = 0, fine = 0;
	void *tag;

	add(batch, "/close", 0);
	add(batch, "/ok", 1);
	add(batch, "/truncated-length", 0);
	add(batch, "/ok\r\n", 0);
	add(batch, "/ok", 1);
	while (net_batch_next(batch, &tag, &response, &err)) {
		ck_assert_int_eq(tag != NULL, err.code == ERR_NONE);
		*(tag ? &fine : &failed) += 1;
		net_response_release(&response);
	}
	ck_assert_int_eq(fine, 2);
	ck_assert_int_eq(failed, 3);
	net_batch_free(batch);
}
END_TEST

START_TEST(freeing_cancels_what_is_left)
{
	struct net_batch *batch = net_batch_new(net, 4);

	for (int i = 0; i < 10; i++)
		add(batch, "/hang", i);
	net_batch_free(batch);
	ck_fetched("/ok", 0);
}
END_TEST

/* More at once than a host is given: the rest waits its turn instead of failing. */
START_TEST(a_host_has_a_budget)
{
	struct net_batch *batch = net_batch_new(net, MANY);
	int fine = 0;
	void *tag;

	for (int i = 0; i < MANY; i++)
		add(batch, "/ok", i);
	while (net_batch_next(batch, &tag, &response, &err)) {
		fine += !err.code;
		net_response_release(&response);
	}
	ck_assert_int_eq(fine, MANY);
	ck_assert_uint_le(faults_connections(faults), 16);
	net_batch_free(batch);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, serve, unserve);
	tcase_add_test(tc, each_answer_comes_with_its_tag);
	tcase_add_test(tc, one_that_fails_hinders_no_other);
	tcase_add_test(tc, freeing_cancels_what_is_left);
	tcase_add_test(tc, a_host_has_a_budget);
}
TEST_MAIN("net/batch")
