#include "provider/kubernetes/logs.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "check_main.h"
#include "fake_net.h"
#include "provider/kubernetes/cluster.h"
#include "provider/kubernetes/kubeconfig.h"

static const char config[] = "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\n"
			     "clusters: [{name: c, cluster: {server: 'https://h'}}]\n";

#define POD(name, containers)                                                                      \
	"{\"metadata\":{\"name\":\"" name "\"},\"spec\":{\"containers\":[" containers "]}}"
#define C(name) "{\"name\":\"" name "\"}"
#define T(n) "2026-01-01T00:00:0" #n ".000000001Z "

static struct cluster *cluster;
static struct text got; /* "source|line\n" of each */
static size_t stop_after;
static int slow; /* the reader takes the first line only when the server was made to wait */

static void set_up(void)
{
	struct error err = { 0 };
	struct kubeconfig *kubeconfig = kubeconfig_parse(config, sizeof(config) - 1, "/", &err);

	cluster = cluster_new(NULL, kubeconfig, NULL, &err);
	ck_assert_msg(cluster != NULL, "%s", err.text);
	kubeconfig_free(kubeconfig);
	text_init(&got, 64 << 20);
	stop_after = 0;
	slow = 0;
}

static void tear_down(void)
{
	cluster_free(cluster);
	text_release(&got);
}

static int take(void *arg, int64_t at_ns, const char *source, const char *line, size_t length)
{
	size_t *count = arg;

	(void)at_ns;
	if (slow && *count == 0)
		fake_net_wait_stopped();
	text_add(&got, source);
	text_add(&got, "|");
	text_add_n(&got, line, length);
	text_add(&got, "\n");
	return ++*count == stop_after;
}

static int logs(const char *container, int follow, int previous, struct error *err)
{
	const struct log_request request = {
		.container = container, .follow = follow, .previous = previous, .tail = 7
	};
	size_t count = 0;

	*err = (struct error){ 0 };
	return kubernetes_logs(cluster, "n", "p", &request, take, &count, err);
}

START_TEST(one_container)
{
	static const struct fake_answer answers[] = {
		{ .url = "/log",
			.status = 200,
			.body = T(1) "one\n" T(2) "two words\r\n" T(3) "\n" T(4) "end",
			.piece = 1 },
		{ .url = "/pods/p", .status = 200, .body = POD("p", C("a")) }
	};
	struct error err;

	fake_net_script(answers, 2);
	ck_assert_msg(logs(NULL, 0, 0, &err) == 0, "%s", err.text);
	ck_assert_str_eq(got.data, "p/a|one\np/a|two words\np/a|\np/a|end\n");
	ck_assert_ptr_nonnull(strstr(fake_net_request(1)->url,
		"/api/v1/namespaces/n/pods/p/log?container=a&timestamps=true&tailLines=7"));
}
END_TEST

START_TEST(several_are_merged_by_time)
{
	static const struct fake_answer answers[] = {
		{ .url = "container=a",
			.status = 200,
			.body = T(1) "a1\n" T(4) "a4\n" T(5) "a5\n" },
		{ .url = "container=b",
			.status = 200,
			.body = T(2) "b2\n" T(3) "b3\n" T(4) "b4\n",
			.piece = 3 },
		{ .url = "container=c",
			.status = 400,
			.body = "{\"message\":\"container is waiting to start\"}" },
		{ .url = "/pods/p", .status = 200, .body = POD("p", C("a") "," C("b") "," C("c")) }
	};
	struct error err;

	fake_net_script(answers, 4);
	ck_assert_msg(logs("", 0, 0, &err) == 0, "%s", err.text);
	ck_assert_ptr_nonnull(
		strstr(got.data, "p/c|no log: x: container is waiting to start (400)\n"));
	ck_assert_ptr_nonnull(strstr(got.data, "p/a|a1\n"));
	/* without the note, which comes when it comes */
	{
		char *note = strstr(got.data, "p/c|");
		char *rest = strchr(note, '\n') + 1;

		memmove(note, rest, strlen(rest) + 1);
	}
	ck_assert_str_eq(got.data, "p/a|a1\np/b|b2\np/b|b3\np/a|a4\np/b|b4\np/a|a5\n");
}
END_TEST

START_TEST(several_pods_by_label)
{
	static const struct fake_answer answers[] = {
		{ .url = "/pods/p1/log", .status = 200, .body = T(2) "x\n" },
		{ .url = "/pods/p2/log", .status = 200, .body = T(1) "y\n" },
		{ .url = "labelSelector=app%3Dapi",
			.status = 200,
			.body = "{\"items\":[" POD("p1", C("a")) "," POD("p2", C("a")) "]}" }
	};
	const struct log_request request = { .tail = -1 };
	struct error err = { 0 };
	size_t count = 0;

	fake_net_script(answers, 3);
	ck_assert_int_eq(
		kubernetes_logs_selected(cluster, "n", "app=api", &request, take, &count, &err), 0);
	ck_assert_str_eq(got.data, "p2/a|y\np1/a|x\n");
}
END_TEST

START_TEST(a_broken_follow_goes_on_without_gap_or_repeat)
{
	static const struct fake_answer answers[] = { { .url = "/log",
							      .status = 200,
							      .body = T(1) "one\n" T(2) "two\n" T(
								      2) "two again\n" T(3) "hal",
							      .broken = ERR_FORMAT },
		{ .url = "/log",
			.status = 200,
			.body = T(1) "one\n" T(2) "two\n" T(2) "two again\n" T(2) "two thrice\n" T(
				3) "half a line\n",
			.holds = 1 },
		{ .url = "/pods/p", .status = 200, .body = POD("p", C("a")) } };
	struct error err;

	fake_net_script(answers, 3);
	stop_after = 5;
	ck_assert_msg(logs("a", 1, 0, &err) == 0, "%s", err.text);
	ck_assert_str_eq(
		got.data, "p/a|one\np/a|two\np/a|two again\np/a|two thrice\np/a|half a line\n");
	ck_assert_ptr_nonnull(
		strstr(fake_net_request(2)->url, "sinceTime=2026-01-01T00%3A00%3A02"));
	ck_assert_ptr_null(strstr(fake_net_request(2)->url, "tailLines"));
}
END_TEST

START_TEST(a_slow_reader_misses_nothing)
{
	enum { LINES = 450000 };
	struct text body;
	struct fake_answer answers[12] = { { 0 } };
	struct error err;
	size_t lines = 0;

	text_init(&body, 64 << 20);
	for (int i = 0; i < LINES; i++)
		text_format(&body, "2026-01-01T00:%02d:%02d.%03d000000Z line %07d\n", i / 60000,
			i / 1000 % 60, i % 1000, i);
	for (size_t i = 0; i < 11;
		i++) /* each time the whole log: far more than there is room for */
		answers[i] = (struct fake_answer){
			.url = "/log", .status = 200, .body = body.data, .piece = 65536
		};
	answers[11] =
		(struct fake_answer){ .url = "/pods/p", .status = 200, .body = POD("p", C("a")) };
	fake_net_script(answers, 12);
	slow = 1;
	ck_assert_msg(logs("a", 0, 0, &err) == 0, "%s", err.text);
	for (const char *line = got.data; line && *line; lines++) {
		int number = 0;

		for (const char *digit = line + strlen("p/a|line "); *digit != '\n'; digit++)
			number = number * 10 + (*digit - '0');
		ck_assert_int_eq(number, (int)lines);
		line += strlen("p/a|line 0000000\n");
	}
	ck_assert_uint_eq(lines, LINES);
	ck_assert_uint_gt(fake_net_count(), 2); /* it was made to wait, and asked again */
	text_release(&body);
}
END_TEST

START_TEST(a_line_without_end_is_cut)
{
	enum { LONG = 5 << 20 };
	char *body = mem_zero(1, LONG + 200);
	struct fake_answer answers[] = { { .url = "/log", .status = 200, .piece = 1000 },
		{ .url = "/pods/p", .status = 200, .body = POD("p", C("a")) } };
	struct error err;
	char *second;

	strcpy(body, T(1));
	memset(body + strlen(body), 'x', LONG);
	strcat(body, "\n" T(2) "short\n");
	answers[0].body = body;
	fake_net_script(answers, 2);
	ck_assert_msg(logs("a", 0, 0, &err) == 0, "%s", err.text);
	second = strchr(got.data, '\n') + 1;
	ck_assert_str_eq(second, "p/a|short\n");
	ck_assert_int_lt(second - got.data, KUBERNETES_LOG_LINE_MAX + 100);
	ck_assert(!strncmp(second - strlen("(cut)\n"), "(cut)\n", 6));
	free(body);
}
END_TEST

START_TEST(lines_without_times_are_given_whole)
{
	static const struct fake_answer answers[] = {
		{ .url = "/log", .status = 200, .body = "no time here\n\nx\n" },
		{ .url = "/pods/p", .status = 200, .body = POD("p", C("a")) }
	};
	struct error err;

	fake_net_script(answers, 2);
	ck_assert_int_eq(logs("a", 0, 0, &err), 0);
	ck_assert_str_eq(got.data, "p/a|no time here\np/a|\np/a|x\n");
}
END_TEST

START_TEST(what_cannot_be_had_is_an_error)
{
	static const struct fake_answer gone[] = {
		{ .url = "/pods/p", .status = 404, .body = "{\"message\":\"no pod p\"}" }
	};
	static const struct fake_answer one[] = {
		{ .url = "/log", .status = 403, .body = "{\"message\":\"forbidden\"}" },
		{ .url = "/pods/p", .status = 200, .body = POD("p", C("a")) }
	};
	struct error err;

	fake_net_script(gone, 1);
	ck_assert_int_eq(logs(NULL, 0, 0, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	fake_net_script(one, 2);
	ck_assert_int_eq(logs(NULL, 0, 0, &err), -1);
	ck_assert_int_eq(err.code, ERR_FORBIDDEN);
	fake_net_script(one + 1, 1);
	ck_assert_int_eq(logs("zz", 0, 0, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.text, "no container \"zz\""));
	fake_net_script(one + 1, 1);
	ck_assert_int_eq(logs(NULL, 0, 1, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "no previous log"));
	ck_assert_uint_eq(got.length, 0);
}
END_TEST

START_TEST(too_many_logs)
{
	struct text body;
	struct fake_answer answer = { .url = "/pods/p", .status = 200 };
	struct error err;

	text_init(&body, 1 << 20);
	text_add(&body, "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{}");
	for (int i = 0; i <= KUBERNETES_LOGS_MAX; i++)
		text_format(&body, ",{\"name\":\"c%d\"}", i);
	text_add(&body, "]}}");
	answer.body = body.data;
	fake_net_script(&answer, 1);
	ck_assert_int_eq(logs(NULL, 0, 0, &err), -1);
	ck_assert_int_eq(err.code, ERR_LIMIT);
	text_release(&body);
}
END_TEST

START_TEST(a_follow_can_be_cancelled)
{
	static const struct fake_answer answers[] = {
		{ .url = "/log", .status = 200, .body = T(1) "x\n", .holds = 1 },
		{ .url = "/pods/p", .status = 200, .body = POD("p", C("a")) }
	};
	atomic_int cancelled = 1;
	const struct log_request request = { .follow = 1, .tail = -1, .cancelled = &cancelled };
	struct error err = { 0 };
	size_t count = 0;

	fake_net_script(answers, 2);
	ck_assert_int_eq(kubernetes_logs(cluster, "n", "p", &request, take, &count, &err), -1);
	ck_assert_int_eq(err.code, ERR_CANCELLED);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, one_container);
	tcase_add_test(tc, several_are_merged_by_time);
	tcase_add_test(tc, several_pods_by_label);
	tcase_add_test(tc, a_broken_follow_goes_on_without_gap_or_repeat);
	tcase_add_test(tc, a_slow_reader_misses_nothing);
	tcase_add_test(tc, a_line_without_end_is_cut);
	tcase_add_test(tc, lines_without_times_are_given_whole);
	tcase_add_test(tc, what_cannot_be_had_is_an_error);
	tcase_add_test(tc, too_many_logs);
	tcase_add_test(tc, a_follow_can_be_cancelled);
}

TEST_MAIN("provider/kube_logs")
