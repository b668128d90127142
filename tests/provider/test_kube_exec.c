#include "provider/kubernetes/exec.h"

#include "base/error.h"
#include "base/text.h"
#include "check_main.h"
#include "fake_net.h"
#include "provider/kubernetes/cluster.h"
#include "provider/kubernetes/kubeconfig.h"

static const char config[] =
	"current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
	"clusters: [{name: c, cluster: {server: 'https://h'}}]\nusers: [{name: u, user: {token: "
	"t}}]\n";

#define V5 "v5.channel.k8s.io"
#define V4 "v4.channel.k8s.io"
#define M(text)                                                                                    \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}
#define SUCCESS M("\x03{\"status\":\"Success\"}")
#define EXIT_3                                                                                     \
	M("\x03{\"status\":\"Failure\",\"reason\":\"NonZeroExitCode\",\"details\":{\"causes\":[{"  \
	  "\"reason\":\"ExitCode\",\"message\":\"3\"}]}}")

static const char *const command[] = { "sh", "-c", "echo a;b&c d", NULL };
static struct cluster *cluster;
static struct text out;

static void set_up(void)
{
	struct error err = { 0 };
	struct kubeconfig *kubeconfig = kubeconfig_parse(config, sizeof(config) - 1, "/", &err);

	cluster = cluster_new(NULL, kubeconfig, NULL, &err);
	ck_assert_msg(cluster != NULL, "%s", err.text);
	kubeconfig_free(kubeconfig);
	text_init(&out, 4096);
}

static void tear_down(void)
{
	cluster_free(cluster);
	text_release(&out);
}

static int run(const char *protocol, const struct fake_message *messages, size_t count, int *status,
	struct error *err)
{
	*err = (struct error){ 0 };
	text_clear(&out);
	fake_net_socket(101, protocol, messages, count);
	return kubernetes_exec_run(cluster, "n", "p", "c", command, 5000, NULL, &out, status, err);
}

START_TEST(runs_to_its_end)
{
	static const struct fake_message messages[] = { M("\x01"), M("\x02"),
		M("\x01"
		  "hello "),
		M("\x02"
		  "oops\n"),
		{ NULL, 0 },
		M("\x01"
		  "\x1b[31mworld"),
		M(""), M("\x07?"), EXIT_3, M("\x01late") };
	struct error err;
	int status;

	ck_assert_msg(run(V5, messages, 10, &status, &err) == 0, "%s", err.text);
	ck_assert_int_eq(status, 3);
	ck_assert(!strncmp(out.data, "hello oops\n", 11));
	ck_assert_ptr_null(strchr(out.data, '\x1b'));
	ck_assert_ptr_null(strstr(out.data, "late"));
	ck_assert_ptr_nonnull(strstr(fake_net_request(0)->url,
		"/api/v1/namespaces/n/pods/p/"
		"exec?container=c&stdin=false&stdout=true&stderr=true&tty=false&"
		"command=sh&command=-c&command=echo%20a%3Bb%26c%20d"));
	ck_assert_ptr_nonnull(strstr(fake_net_request(0)->headers, "Authorization: Bearer t\n"));
}
END_TEST

START_TEST(ends_in_other_ways)
{
	static const struct fake_message success[] = { SUCCESS };
	static const struct fake_message internal[] = { M(
		"\x03{\"status\":\"Failure\",\"reason\":\"InternalError\",\"message\":\"no such "
		"file\"}") };
	static const struct fake_message lost[] = { M("\x01half") };
	static const struct fake_message odd[] = { M("\x03not json \x1b[m") };
	struct error err;
	int status;

	ck_assert_int_eq(run(V4, success, 1, &status, &err), 0);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(run(V5, internal, 1, &status, &err), -1);
	ck_assert_int_eq(err.code, ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.text, "no such file"));
	ck_assert_int_eq(run(V5, lost, 1, &status, &err), -1);
	ck_assert_int_eq(err.code, ERR_UNREACHABLE);
	ck_assert_ptr_nonnull(strstr(err.text, "outcome is unknown"));
	ck_assert_str_eq(out.data, "half");
	ck_assert_int_eq(run(V5, odd, 1, &status, &err), -1);
	ck_assert_int_eq(err.code, ERR_FORMAT);
	ck_assert_ptr_null(strchr(err.text, '\x1b'));
	ck_assert_int_eq(run("v9.other", success, 1, &status, &err), -1);
	ck_assert_int_eq(err.code, ERR_FORMAT);
}
END_TEST

START_TEST(output_is_bounded)
{
	static char big[3001] = { 1 };
	const struct fake_message messages[] = { { big, 3001 }, { big, 3001 }, SUCCESS };
	struct error err;
	int status;

	memset(big + 1, 'x', 3000);
	ck_assert_int_eq(run(V5, messages, 3, &status, &err), 0);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(out.length, 4096);
	ck_assert_int_eq(out.cut, 1);
}
END_TEST

START_TEST(sends_input_size_and_end)
{
	static const struct fake_message messages[] = { M("\x01hi"), SUCCESS };
	const char expected[] = "\0typed\4{\"Width\":80,\"Height\":24}\xff";
	struct kubernetes_exec *exec;
	enum kubernetes_channel channel;
	struct error err = { 0 };
	const char *bytes;
	size_t length;

	fake_net_socket(101, V5, messages, 2);
	exec = kubernetes_exec_open(cluster, "n", "p", NULL, command, 1, &err);
	ck_assert_ptr_nonnull(exec);
	ck_assert_ptr_nonnull(strstr(
		fake_net_request(0)->url, "exec?stdin=true&stdout=true&stderr=false&tty=true"));
	ck_assert_int_eq(kubernetes_exec_send(exec, "typed", 5, &err), 0);
	ck_assert_int_eq(kubernetes_exec_resize(exec, 80, 24, &err), 0);
	ck_assert_int_eq(kubernetes_exec_close_input(exec, &err), 0);
	bytes = fake_net_sent(&length);
	ck_assert_uint_eq(
		length, sizeof(expected)); /* the NUL at its end is the channel that closes */
	ck_assert_mem_eq(bytes, expected, length);
	ck_assert_int_eq(kubernetes_exec_receive(exec, 10, &channel, &bytes, &length, &err),
		KUBERNETES_EXEC_DATA);
	ck_assert_int_eq(channel, KUBERNETES_STDOUT);
	ck_assert_mem_eq(bytes, "hi", 2);
	ck_assert_int_eq(kubernetes_exec_receive(exec, 10, &channel, &bytes, &length, &err),
		KUBERNETES_EXEC_ENDED);
	ck_assert_int_eq(kubernetes_exec_status(exec, &err), 0);
	kubernetes_exec_close(exec);
	fake_net_socket(101, V4, messages, 2);
	exec = kubernetes_exec_open(cluster, "n", "p", NULL, command, 0, &err);
	ck_assert_int_eq(kubernetes_exec_close_input(exec, &err), -1);
	ck_assert_int_eq(err.code, ERR_INVALID);
	kubernetes_exec_close(exec);
}
END_TEST

START_TEST(refusals_are_told_apart)
{
	static const struct {
		int status;
		enum error_code code;
	} rows[] = { { 401, ERR_UNAUTHORIZED }, { 403, ERR_FORBIDDEN }, { 404, ERR_NOT_FOUND },
		{ 503, ERR_UNREACHABLE }, { 0, ERR_UNREACHABLE } };
	static const char *const none[] = { NULL };
	struct error err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_net_socket(rows[i].status, NULL, NULL, 0);
		ck_assert_ptr_null(kubernetes_exec_open(cluster, "n", "p", NULL, command, 0, &err));
		ck_assert_msg(err.code == rows[i].code, "%d: %s", rows[i].status, err.text);
	}
	ck_assert_ptr_null(kubernetes_exec_open(cluster, "n", "p", NULL, none, 0, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

START_TEST(exit_codes_are_numbers)
{
	static const char *const bad[] = { "", "-1", "256", "3x", "99999999999999999999" };
	struct error err;
	struct text json;

	text_init(&json, 1024);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		text_clear(&json);
		text_format(&json,
			"{\"status\":\"Failure\",\"reason\":\"NonZeroExitCode\",\"details\":{"
			"\"causes\":"
			"[{\"reason\":\"ExitCode\",\"message\":\"%s\"}]}}",
			bad[i]);
		ck_assert_int_eq(kubernetes_exec_parse_status(json.data, json.length, &err), -1);
	}
	text_release(&json);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, runs_to_its_end);
	tcase_add_test(tc, ends_in_other_ways);
	tcase_add_test(tc, output_is_bounded);
	tcase_add_test(tc, sends_input_size_and_end);
	tcase_add_test(tc, refusals_are_told_apart);
	tcase_add_test(tc, exit_codes_are_numbers);
}

TEST_MAIN("provider/kube_exec")
