/* Against a real API server (../shared/peers/kubernetes.sh start, its variables in the
 * environment): each context gives the right result, or the right error in words that say what to
 * do next. Exit 77 without the peer. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "check_main.h"
#include "net/net.h"
#include "provider/kubernetes/cluster.h"
#include "provider/kubernetes/exec.h"
#include "provider/kubernetes/kubeconfig.h"
#include "provider/kubernetes/logs.h"

static struct net *net;
static struct kubeconfig *kubeconfig;

static void set_up(void)
{
	struct error err = { 0 };

	net = net_new(&err);
	ck_assert_msg(net != NULL, "%s", err.text);
	kubeconfig = kubeconfig_load(NULL, &err);
	ck_assert_msg(kubeconfig != NULL, "%s", err.text);
}

static void tear_down(void)
{
	kubeconfig_free(kubeconfig);
	net_free(net);
}

static struct cluster *connect_to(const char *context)
{
	struct error err = { 0 };
	struct cluster *cluster = cluster_new(net, kubeconfig, context, &err);

	ck_assert_msg(cluster != NULL, "%s: %s", context, err.text);
	return cluster;
}

/* The answer as JSON, or NULL with *err. */
static struct json *get(struct cluster *cluster, const char *path, struct error *err)
{
	struct net_request request = { .gzip = 1, .timeout_ms = 15000 };
	struct net_response response;
	struct json *json = NULL;

	*err = (struct error){ 0 };
	if (cluster_fetch(cluster, &request, path, &response, err) == 0)
		json = json_parse(response.body, response.body_length, err);
	net_response_release(&response);
	return json;
}

static const struct expected {
	const char *context, *path;
	enum error_code code;
	const char *says; /* of an error */
} expected[] = {
	{ "peer-admin", "/api/v1/namespaces", ERR_NONE, NULL },
	{ "peer-files", "/api/v1/namespaces", ERR_NONE, NULL },
	{ "peer-viewer", "/api/v1/namespaces", ERR_NONE, NULL },
	{ "peer-viewer", "/api/v1/secrets", ERR_FORBIDDEN, "ask for the right" },
	{ "peer-tokenfile", "/api/v1/namespaces", ERR_NONE, NULL },
	{ "peer-dev", "/api/v1/namespaces/payments-prod/pods?limit=1", ERR_NONE, NULL },
	{ "peer-dev", "/api/v1/namespaces", ERR_FORBIDDEN, "ask for the right" },
	{ "peer-exec", "/api/v1/namespaces", ERR_NONE, NULL },
	{ "peer-impersonate", "/api/v1/namespaces", ERR_NONE, NULL },
	{ "peer-impersonate", "/api/v1/secrets", ERR_FORBIDDEN, "pilothouse-viewer" },
	{ "peer-throttled", "/api/v1/namespaces/payments-prod/pods?limit=1", ERR_NONE, NULL },
	{ "peer-insecure", "/api/v1/namespaces", ERR_NONE, NULL },
	{ "peer-admin", "/api/v1/namespaces/no-such-namespace-here", ERR_NOT_FOUND, "not found" },
	{ "peer-admin", "/api/v1/pods?limit=1&continue=garbage", ERR_INVALID, "continue" },
	{ "bad-ca", "/api/v1/namespaces", ERR_UNREACHABLE, "certificate-authority" },
	{ "bad-cert", "/api/v1/namespaces", ERR_UNAUTHORIZED, "get a new one" },
	{ "bad-token", "/api/v1/namespaces", ERR_UNAUTHORIZED,
		"put a new one into the kubeconfig" },
	{ "bad-server", "/api/v1/namespaces", ERR_UNREACHABLE, "up, and the VPN" },
};

START_TEST(each_context_gives_what_it_should)
{
	const struct expected *row = &expected[_i];
	struct cluster *cluster = connect_to(row->context);
	struct error err;
	struct json *json = get(cluster, row->path, &err);

	ck_assert_msg(err.code == row->code, "%s %s: %s: %s", row->context, row->path,
		error_name(err.code), err.text);
	ck_assert_int_eq(json != NULL, row->code == ERR_NONE);
	if (row->says)
		ck_assert_msg(strstr(err.text, row->says) != NULL, "%s", err.text);
	ck_assert_int_eq(cluster_insecure(cluster),
		!strcmp(row->context, "peer-insecure") || !strcmp(row->context, "bad-server"));
	json_free(json);
	cluster_free(cluster);
}
END_TEST

/* A pod of the seed that runs: its name copied to out. */
static void running_pod(struct cluster *cluster, char *out, size_t size)
{
	struct error err;
	struct json *list = get(cluster,
		"/api/v1/namespaces/payments-prod/pods?labelSelector=app%3Dapi&"
		"fieldSelector=status.phase%3DRunning&limit=1",
		&err);

	ck_assert_msg(list != NULL, "%s", err.text);
	snprintf(out, size, "%s", json_text_or(json_at(list, "items.0.metadata.name"), ""));
	ck_assert_str_ne(out, "");
	json_free(list);
}

struct seen {
	size_t lines, stop_after;
	int64_t last_at;
	int in_order;
	char first[200];
};

static int take(void *arg, int64_t at_ns, const char *source, const char *line, size_t length)
{
	struct seen *seen = arg;

	(void)source;
	if (seen->lines++ == 0)
		snprintf(seen->first, sizeof(seen->first), "%.*s", (int)length, line);
	seen->in_order &= at_ns >= seen->last_at;
	seen->last_at = at_ns;
	return seen->lines == seen->stop_after;
}

START_TEST(logs_of_one_pod)
{
	struct cluster *cluster = connect_to("peer-viewer");
	struct log_request request = { .tail = -1 };
	struct seen all = { .in_order = 1 }, tail = { .in_order = 1 },
		    follow = { .in_order = 1, .stop_after = 3 };
	struct error err = { 0 };
	char pod[256];

	running_pod(cluster, pod, sizeof(pod));
	ck_assert_msg(
		kubernetes_logs(cluster, "payments-prod", pod, &request, take, &all, &err) == 0,
		"%s", err.text);
	ck_assert_uint_ge(all.lines, 3);
	ck_assert_int_gt(all.last_at, 0);
	ck_assert_ptr_nonnull(strstr(all.first, "starting server"));
	request.tail = 2;
	ck_assert_int_eq(
		kubernetes_logs(cluster, "payments-prod", pod, &request, take, &tail, &err), 0);
	ck_assert_uint_eq(tail.lines, 2);
	request = (struct log_request){ .tail = -1, .follow = 1 };
	ck_assert_msg(
		kubernetes_logs(cluster, "payments-prod", pod, &request, take, &follow, &err) == 0,
		"%s", err.text);
	ck_assert_uint_eq(follow.lines, 3);
	ck_assert_int_eq(kubernetes_logs(cluster, "payments-prod", "no-such-pod", &request, take,
				 &all, &err),
		-1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	cluster_free(cluster);
}
END_TEST

START_TEST(logs_of_a_deployment_are_merged)
{
	struct cluster *cluster = connect_to("peer-viewer");
	const struct log_request request = { .tail = -1 };
	struct seen seen = { .in_order = 1 };
	struct error err = { 0 };

	ck_assert_msg(kubernetes_logs_selected(cluster, "payments-prod", "app=api", &request, take,
			      &seen, &err) == 0,
		"%s", err.text);
	ck_assert_uint_gt(seen.lines, 20); /* of 18 pods */
	cluster_free(cluster);
}
END_TEST

START_TEST(exec_of_a_harmless_command)
{
	static const char *const command[] = { "echo", "a;b  c&d", NULL };
	struct cluster *cluster = connect_to("peer-admin");
	struct error err = { 0 };
	struct text output;
	char pod[256];
	int status;

	running_pod(cluster, pod, sizeof(pod));
	text_init(&output, 4096);
	ck_assert_msg(kubernetes_exec_run(cluster, "payments-prod", pod, NULL, command, 20000, NULL,
			      &output, &status, &err) == 0,
		"%s", err.text);
	ck_assert_int_eq(status, 0);
	ck_assert_str_eq(output.data, "a;b  c&d\n");
	text_release(&output);
	cluster_free(cluster);
}
END_TEST

START_TEST(exec_echoes_what_is_typed)
{
	static const char *const command[] = { "cat", NULL };
	struct cluster *cluster = connect_to("peer-admin");
	struct kubernetes_exec *exec;
	enum kubernetes_channel channel;
	struct error err = { 0 };
	const char *bytes;
	size_t length;
	char pod[256];

	running_pod(cluster, pod, sizeof(pod));
	exec = kubernetes_exec_open(cluster, "payments-prod", pod, NULL, command, 0, &err);
	ck_assert_msg(exec != NULL, "%s", err.text);
	ck_assert_int_eq(kubernetes_exec_send(exec, "typed\n", 6, &err), 0);
	ck_assert_int_eq(kubernetes_exec_receive(exec, 20000, &channel, &bytes, &length, &err),
		KUBERNETES_EXEC_DATA);
	ck_assert_int_eq(channel, KUBERNETES_STDOUT);
	ck_assert_uint_eq(length, 6);
	ck_assert_mem_eq(bytes, "typed\n", 6);
	kubernetes_exec_close(exec);
	cluster_free(cluster);
}
END_TEST

START_TEST(exec_refused_is_said)
{
	static const char *const command[] = { "echo", "x", NULL };
	struct cluster *cluster = connect_to("peer-viewer");
	struct error err = { 0 };
	char pod[256];

	running_pod(cluster, pod, sizeof(pod));
	ck_assert_ptr_null(
		kubernetes_exec_open(cluster, "payments-prod", pod, NULL, command, 0, &err));
	ck_assert_msg(err.code == ERR_FORBIDDEN, "%s", err.text);
	cluster_free(cluster);
}
END_TEST

START_TEST(read_only_runs_nothing)
{
	static const char *const command[] = { "echo", "x", NULL };
	struct cluster *cluster = connect_to("peer-admin");
	struct error err = { 0 };
	char pod[256];

	running_pod(cluster, pod, sizeof(pod));
	net_set_read_only(net, 1);
	ck_assert_ptr_null(kubernetes_exec_open(cluster, "payments-prod", pod, NULL, command, 0, &err));
	ck_assert_msg(err.code == ERR_DENIED, "%s", err.text);
	cluster_free(cluster);
}
END_TEST

static void add_tests(TCase *tc)
{
	if (!getenv("PILOTHOUSE_PEER_KUBE_SERVER")) {
		puts("skipped: no Kubernetes peer (../shared/peers/kubernetes.sh)");
		exit(77);
	}
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(
		tc, each_context_gives_what_it_should, 0, sizeof(expected) / sizeof(expected[0]));
	tcase_add_test(tc, logs_of_one_pod);
	tcase_add_test(tc, logs_of_a_deployment_are_merged);
	tcase_add_test(tc, exec_of_a_harmless_command);
	tcase_add_test(tc, exec_echoes_what_is_typed);
	tcase_add_test(tc, exec_refused_is_said);
	tcase_add_test(tc, read_only_runs_nothing);
}

TEST_MAIN("peers/kube_connect")
