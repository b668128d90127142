#include "provider/kubernetes/cluster.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "check_main.h"
#include "fake_net.h"
#include "provider/kubernetes/credentials.h"
#include "provider/kubernetes/kubeconfig.h"

static char folder[64];

static void make_folder(void)
{
	snprintf(folder, sizeof(folder), "/tmp/pilothouse-cluster.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void remove_folder(void)
{
	char *command = mem_format("rm -rf %s", folder);

	ck_assert_int_eq(system(command), 0);
	free(command);
}

static char *path_of(const char *name)
{
	return mem_format("%s/%s", folder, name);
}

static void write_file(const char *name, const char *bytes, mode_t mode)
{
	char *path = path_of(name);

	ck_assert_int_eq(file_save(path, bytes, strlen(bytes), mode, NULL), 0);
	free(path);
}

static char *read_file(const char *name)
{
	char *path = path_of(name);
	size_t length;
	char *bytes = file_load(path, 1 << 20, &length, NULL);

	free(path);
	return bytes;
}

/* A context x of a cluster and a user given in flow style. NULL with *err as cluster_new says. */
static struct cluster *connect_to(const char *cluster, const char *user, struct error *err)
{
	char *text = mem_format(
		"current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
		"clusters: [{name: c, cluster: %s}]\nusers:\n# kept\n- name: u\n  user: %s\n",
		cluster, user);
	char *path = path_of("config");
	struct kubeconfig *kubeconfig;
	struct cluster *result;

	write_file("config", text, 0600);
	*err = (struct error){ 0 };
	kubeconfig = kubeconfig_load(path, err);
	ck_assert_msg(kubeconfig != NULL, "%s", err->text);
	result = cluster_new(NULL, kubeconfig, NULL, err);
	kubeconfig_free(kubeconfig); /* the cluster keeps nothing of it */
	free(path);
	free(text);
	return result;
}

#define SERVER "{server: 'https://api.example:6443/prefix'}"

static int fetch(struct cluster *cluster, const char *path, struct error *err)
{
	struct net_request request = { .gzip = 1 };
	struct net_response response;
	int result = cluster_fetch(cluster, &request, path, &response, err);

	net_response_release(&response);
	return result;
}

/* One GET with a login; the request as it went out. */
static const struct fake_request *ask(const char *cluster_text, const char *user)
{
	static const struct fake_answer ok[] = { { .url = "/api", .status = 200, .body = "{}" } };
	struct error err;
	struct cluster *cluster = connect_to(cluster_text, user, &err);

	ck_assert_msg(cluster != NULL, "%s", err.text);
	fake_net_script(ok, 1);
	ck_assert_msg(fetch(cluster, "/api/v1/pods?limit=1", &err) == 0, "%s", err.text);
	ck_assert_uint_eq(fake_net_count(), 1);
	cluster_free(cluster);
	return fake_net_request(0);
}

START_TEST(sends_token_address_and_name)
{
	const struct fake_request *request = ask("{server: 'https://api.example:6443/prefix/', "
						 "tls-server-name: n, proxy-url: 'http://p:1', "
						 "certificate-authority-data: Y2E=}",
		"{token: abc.def}");

	ck_assert_str_eq(request->url, "https://api.example:6443/prefix/api/v1/pods?limit=1");
	ck_assert_ptr_nonnull(strstr(request->headers, "Authorization: Bearer abc.def\n"));
	ck_assert_ptr_nonnull(strstr(request->headers, "User-Agent: pilothouse/"));
	ck_assert_str_eq(request->server_name, "n");
	ck_assert_str_eq(request->proxy, "http://p:1");
	ck_assert_str_eq(request->ca, "ca");
	ck_assert_int_eq(request->insecure, 0);
	ck_assert_int_eq(request->gzip, 1);
}
END_TEST

START_TEST(sends_password_certificate_and_other_names)
{
	const struct fake_request *request = ask(SERVER, "{username: a, password: b}");

	ck_assert_ptr_nonnull(strstr(request->headers, "Authorization: Basic YTpi\n"));
	request = ask(SERVER, "{client-certificate-data: Y2VydA==, client-key-data: a2V5}");
	ck_assert_str_eq(request->cert, "cert");
	ck_assert_str_eq(request->key, "key");
	ck_assert_ptr_null(strstr(request->headers, "Authorization"));
	request = ask(SERVER, "{token: t, as: jane, as-uid: '7', as-groups: [g1, g2], "
			      "as-user-extra: {Reason/x: [a, b]}}");
	ck_assert_ptr_nonnull(strstr(request->headers,
		"Impersonate-User: jane\nImpersonate-Uid: 7\nImpersonate-Group: "
		"g1\nImpersonate-Group: g2\n"
		"Impersonate-Extra-Reason%2Fx: a\nImpersonate-Extra-Reason%2Fx: b\n"));
	request = ask(
		"{server: 'https://127.0.0.1:1', insecure-skip-tls-verify: true}", "{token: t}");
	ck_assert_int_eq(request->insecure, 1);
	ck_assert_int_eq(request->gzip, 0); /* loopback */
}
END_TEST

START_TEST(says_how_safe_the_way_is)
{
	static const struct {
		const char *cluster;
		int insecure, loopback;
		const char *server;
	} rows[] = {
		{ "{server: 'https://h'}", 0, 0, "https://h" },
		{ "{server: 'h:6443'}", 0, 0, "https://h:6443" },
		{ "{server: 'http://h'}", 1, 0, "http://h" },
		{ "{server: 'http://localhost:8080'}", 0, 1, "http://localhost:8080" },
		{ "{server: 'https://[::1]:1/x', insecure-skip-tls-verify: true}", 1, 1,
			"https://[::1]:1/x" },
		{ "{server: 'https://127.0.0.1.evil@h'}", 0, 0, "https://127.0.0.1.evil@h" },
	};
	struct error err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cluster *cluster = connect_to(rows[i].cluster, "{}", &err);

		ck_assert_msg(cluster != NULL, "%s", err.text);
		ck_assert_msg(cluster_insecure(cluster) == rows[i].insecure, "%s", rows[i].cluster);
		ck_assert_msg(cluster_loopback(cluster) == rows[i].loopback, "%s", rows[i].cluster);
		ck_assert_str_eq(cluster_server(cluster), rows[i].server);
		ck_assert_str_eq(cluster_namespace(cluster), "default");
		cluster_free(cluster);
	}
}
END_TEST

static const struct contradiction {
	const char *cluster, *user, *says;
} contradictions[] = {
	{ SERVER, "{auth-provider: {name: gcp}}", "gke-gcloud-auth-plugin" },
	{ SERVER, "{auth-provider: {name: azure}}", "kubelogin" },
	{ SERVER, "{auth-provider: {name: tectonic}}", "not known" },
	{ SERVER, "{auth-provider: {name: oidc, config: {}}}", "idp-issuer-url" },
	{ SERVER, "{token: t, username: a}", "remove one" },
	{ SERVER, "{client-certificate-data: Y2VydA==}", "without its client-key" },
	{ SERVER, "{client-key-data: a2V5}", "without its client-certificate" },
	{ SERVER, "{client-certificate-data: '!', client-key-data: a2V5}", "base64" },
	{ SERVER, "{exec: {command: c, apiVersion: client.authentication.k8s.io/v1alpha1}}",
		"update the plug-in" },
	{ SERVER, "{exec: {command: c, apiVersion: client.authentication.k8s.io/v1}}",
		"interactiveMode" },
	{ SERVER, "{exec: {apiVersion: client.authentication.k8s.io/v1}}", "no command" },
	{ SERVER, "{as-groups: [a]}", "without `as`" },
	{ SERVER, "{as: \"a\\r\\nX: y\"}", "no header" },
	{ SERVER, "{as: a, as-user-extra: {k: [\"x\\ny\"]}}", "no header" },
	{ "{server: 'ftp://x'}", "{}", "neither" },
	{ "{server: \"https://x\\r\\ny\"}", "{}", "not a URL" },
	{ "{server: 'https://x', insecure-skip-tls-verify: true, certificate-authority-data: Y2E=}",
		"{}", "remove one" },
	{ "{server: 'https://x', certificate-authority: gone.crt}", "{}", "cannot be read" },
	{ "{server: 'https://x', certificate-authority-data: '%%'}", "{}", "base64" },
};

START_TEST(contradictions_are_refused_in_words)
{
	const struct contradiction *row = &contradictions[_i];
	struct error err;

	ck_assert_ptr_null(connect_to(row->cluster, row->user, &err));
	ck_assert_msg(err.code == ERR_INVALID, "%s: %s", row->user, err.text);
	ck_assert_msg(strstr(err.text, row->says) != NULL, "%s: %s", row->user, err.text);
}
END_TEST

static const struct outcome {
	int status;
	const char *body;
	enum error_code code;
	const char *says;
} outcomes[] = {
	{ 400, "{\"kind\":\"Status\",\"message\":\"bad request\"}", ERR_INVALID, "bad request" },
	{ 401, "{\"message\":\"Unauthorized\"}", ERR_UNAUTHORIZED,
		"put a new one into the kubeconfig" },
	{ 403, "{\"message\":\"pods is forbidden: User \\\"x\\\" cannot list\"}", ERR_FORBIDDEN,
		"ask for the right" },
	{ 404, "{\"message\":\"pods \\\"x\\\" not found\"}", ERR_NOT_FOUND, "not found" },
	{ 409, "{\"message\":\"the object has been modified\"}", ERR_CONFLICT, "modified" },
	{ 410, "{\"message\":\"too old resource version\"}", ERR_CONFLICT, "list again" },
	{ 422, "{\"message\":\"is invalid\"}", ERR_INVALID, "is invalid" },
	{ 429, "{\"message\":\"too many requests\"}", ERR_UNREACHABLE, "wait" },
	{ 503, "", ERR_UNREACHABLE, "answered 503" },
	{ 504, "{}", ERR_UNREACHABLE, "too slow" },
	{ 500, "<html>\x1b[31mproxy</html>", ERR_UNREACHABLE, "proxy" },
	{ 302, "moved", ERR_FORMAT, "moved" },
	{ 403,
		"{\"message\":\"\\u001b]52;c;x\\u0007\\u202e token: Bearer "
		"abcdefghijklmnopqrstuvwxyz0123456789\"}",
		ERR_FORBIDDEN, "ask for the right" },
};

START_TEST(answers_become_errors_in_words)
{
	const struct outcome *row = &outcomes[_i];
	struct fake_answer answer = { .url = "/x", .status = row->status, .body = row->body };
	struct error err;
	struct cluster *cluster = connect_to(SERVER, "{token: s3cr3t-token}", &err);

	fake_net_script(&answer, 1);
	ck_assert_int_eq(fetch(cluster, "/x", &err), -1);
	ck_assert_uint_eq(fake_net_count(), 1); /* a fixed token is not tried twice */
	ck_assert_msg(err.code == row->code, "%d: %s", err.code, err.text);
	ck_assert_msg(strstr(err.text, row->says) != NULL, "%s", err.text);
	ck_assert_ptr_null(strchr(err.text, '\x1b'));
	ck_assert_ptr_null(strstr(err.text, "s3cr3t"));
	ck_assert_ptr_null(strstr(err.text, "abcdefghijklmnop"));
	cluster_free(cluster);
}
END_TEST

START_TEST(unreachable_says_what_to_look_at)
{
	struct error err;
	struct cluster *cluster = connect_to(SERVER, "{}", &err);

	fake_net_script(NULL, 0);
	ck_assert_int_eq(fetch(cluster, "/x", &err), -1);
	ck_assert_int_eq(err.code, ERR_UNREACHABLE);
	ck_assert_ptr_nonnull(strstr(err.text, "api.example"));
	error_set(&err, ERR_UNREACHABLE,
		"SSL certificate problem: unable to get local issuer certificate");
	cluster_explain(cluster, &err);
	ck_assert_ptr_nonnull(strstr(err.text, "certificate-authority"));
	cluster_free(cluster);
}
END_TEST

START_TEST(a_rotated_token_file_is_read_again)
{
	static const struct fake_answer answers[] = { { .url = "/x", .status = 401 },
		{ .url = "/x", .status = 200 }, { .url = "/x", .status = 401 } };
	struct error err;
	struct cluster *cluster;

	write_file("token", "one\n", 0600);
	cluster = connect_to(SERVER, "{tokenFile: token}", &err);
	fake_net_script(NULL, 0);
	fetch(cluster, "/x", &err);
	ck_assert_ptr_nonnull(strstr(fake_net_request(0)->headers, "Bearer one\n"));
	write_file("token", "two\n", 0600);
	fake_net_script(answers, 3);
	ck_assert_int_eq(fetch(cluster, "/x", &err), 0);
	ck_assert_uint_eq(fake_net_count(), 2);
	ck_assert_ptr_nonnull(strstr(fake_net_request(0)->headers, "Bearer one\n"));
	ck_assert_ptr_nonnull(strstr(fake_net_request(1)->headers, "Bearer two\n"));
	ck_assert_int_eq(fetch(cluster, "/x", &err), -1); /* refused, and the file is the same */
	ck_assert_uint_eq(fake_net_count(), 3);
	ck_assert_int_eq(err.code, ERR_UNAUTHORIZED);
	cluster_free(cluster);
}
END_TEST

START_TEST(bad_token_files)
{
	struct error err;
	struct cluster *cluster = connect_to(SERVER, "{tokenFile: missing}", &err);

	ck_assert_int_eq(fetch(cluster, "/x", &err), -1);
	ck_assert_int_eq(err.code, ERR_UNAUTHORIZED);
	cluster_free(cluster);
	write_file("token", "a\r\nX-Evil: 1\n", 0600);
	cluster = connect_to(SERVER, "{tokenFile: token}", &err);
	fake_net_script(NULL, 0);
	ck_assert_int_eq(fetch(cluster, "/x", &err), -1);
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_uint_eq(fake_net_count(), 0);
	cluster_free(cluster);
}
END_TEST

/* ---- exec plug-ins ---- */

#define EXEC                                                                                       \
	"{exec: {command: ./plugin, apiVersion: client.authentication.k8s.io/v1, "                 \
	"interactiveMode: Never, "                                                                 \
	"provideClusterInfo: true, args: [a b, '$HOME'], env: [{name: EXTRA, value: '1'}]}}"
#define CREDENTIAL(status)                                                                         \
	"{\"apiVersion\":\"client.authentication.k8s.io/"                                          \
	"v1\",\"kind\":\"ExecCredential\",\"status\":" status "}"

/* A plug-in that counts its runs in `runs` and prints a token with the count. */
static void write_plugin(const char *body)
{
	char *text = mem_format(
		"#!/bin/sh\ncd %s\necho run >>runs\nn=$(wc -l <runs)\n%s\n", folder, body);

	write_file("plugin", text, 0700);
	free(text);
}

START_TEST(a_plugin_gives_the_token_once)
{
	static const struct fake_answer answers[] = { { .url = "/x", .status = 200 },
		{ .url = "/x", .status = 200 }, { .url = "/x", .status = 401 },
		{ .url = "/x", .status = 200 } };
	struct error err;
	struct cluster *cluster;
	char *info;

	write_plugin(
		"printf '%s|%s|%s|%s' \"$KUBERNETES_EXEC_INFO\" \"$1\" \"$2\" \"$EXTRA\" >info\n"
		"echo '" CREDENTIAL("{\"token\":\"t-'$n'\",\"expirationTimestamp\":\"2099-01-01T00:"
				    "00:00Z\"}") "'");
	cluster = connect_to(SERVER, EXEC, &err);
	ck_assert_msg(cluster != NULL, "%s", err.text);
	fake_net_script(answers, 4);
	ck_assert_msg(fetch(cluster, "/x", &err) == 0, "%s", err.text);
	ck_assert_int_eq(fetch(cluster, "/x", &err), 0);
	ck_assert_ptr_nonnull(strstr(fake_net_request(1)->headers, "Bearer t-1\n")); /* kept */
	ck_assert_int_eq(fetch(cluster, "/x", &err), 0); /* 401, run again, retried once */
	ck_assert_uint_eq(fake_net_count(), 4);
	ck_assert_ptr_nonnull(strstr(fake_net_request(3)->headers, "Bearer t-2\n"));
	info = read_file("info");
	ck_assert_ptr_nonnull(strstr(info, "\"server\":\"https://api.example:6443/prefix\""));
	ck_assert_ptr_nonnull(strstr(info, "\"interactive\":false"));
	ck_assert_ptr_nonnull(strstr(info, "|a b|$HOME|1"));
	free(info);
	cluster_free(cluster);
}
END_TEST

START_TEST(an_expired_token_is_not_fetched_for_every_request)
{
	static const struct fake_answer answers[] = { { .url = "/x", .status = 200 },
		{ .url = "/x", .status = 200 } };
	struct error err;
	struct cluster *cluster;
	char *runs;

	write_plugin("echo '" CREDENTIAL(
		"{\"token\":\"t\",\"expirationTimestamp\":\"2001-01-01T00:00:00Z\"}") "'");
	cluster = connect_to(SERVER, EXEC, &err);
	fake_net_script(answers, 2);
	ck_assert_int_eq(fetch(cluster, "/x", &err), 0);
	ck_assert_int_eq(fetch(cluster, "/x", &err), 0);
	runs = read_file("runs");
	ck_assert_str_eq(runs, "run\n");
	free(runs);
	cluster_free(cluster);
}
END_TEST

static const struct plugin_case {
	const char *body;
	enum error_code code;
	const char *says;
} plugin_cases[] = {
	{ "echo 'session ended, password=hunter2' >&2; exit 3", ERR_UNAUTHORIZED, "exit 3" },
	{ "echo not json", ERR_FORMAT, "ExecCredential" },
	{ "echo '{\"kind\":\"Pod\"}'", ERR_FORMAT, "ExecCredential" },
	{ "echo "
	  "'{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1beta1\"}'",
		ERR_FORMAT, "another apiVersion" },
	{ "echo '" CREDENTIAL("{}") "'", ERR_FORMAT, "neither token" },
	{ "echo '" CREDENTIAL("{\"clientCertificateData\":\"x\"}") "'", ERR_FORMAT,
		"without its key" },
	{ "printf %s '" CREDENTIAL("{\"token\":\"a\\r\\nX: y\"}") "'", ERR_INVALID, "characters" },
	{ "echo '" CREDENTIAL("{\"token\":\"t\",\"expirationTimestamp\":\"soon\"}") "'", ERR_FORMAT,
		"not a time" },
	{ "head -c 3000000 /dev/zero", ERR_LIMIT, "1 MiB" },
	{ "kill -9 $$", ERR_UNAUTHORIZED, "exit 137" },
};

START_TEST(hostile_plugins_fail_in_words)
{
	const struct plugin_case *row = &plugin_cases[_i];
	struct error err;
	struct cluster *cluster;

	write_plugin(row->body);
	cluster = connect_to(SERVER, EXEC, &err);
	fake_net_script(NULL, 0);
	ck_assert_int_eq(fetch(cluster, "/x", &err), -1);
	ck_assert_uint_eq(fake_net_count(), 0);
	ck_assert_msg(err.code == row->code, "%s: %d %s", row->body, err.code, err.text);
	ck_assert_msg(strstr(err.text, row->says) != NULL, "%s", err.text);
	ck_assert_ptr_null(strstr(err.text, "hunter2"));
	cluster_free(cluster);
}
END_TEST

START_TEST(a_missing_plugin_gives_its_hint)
{
	if (check_left_out(check_in_valgrind(), "a_missing_plugin_gives_its_hint", "valgrind makes a fork of a vfork: whether it started is not known"))
		return;
	struct error err;
	struct cluster *cluster = connect_to(SERVER,
		"{exec: {command: no-such-plugin-here, apiVersion: "
		"client.authentication.k8s.io/v1beta1, "
		"installHint: \"get it at example.org\\nmore\"}}",
		&err);

	ck_assert_msg(cluster != NULL, "%s", err.text);
	ck_assert_int_eq(fetch(cluster, "/x", &err), -1);
	ck_assert_int_eq(err.code, ERR_UNAUTHORIZED);
	ck_assert_ptr_nonnull(
		strstr(err.text, "no-such-plugin-here is not installed: get it at example.org"));
	cluster_free(cluster);
}
END_TEST

START_TEST(a_plugin_can_be_cancelled)
{
	atomic_int cancelled = 1;
	struct net_request request = { .cancelled = &cancelled };
	struct net_response response;
	struct error err;
	struct cluster *cluster;
	int64_t start = clock_monotonic_ns();

	write_plugin("exec sleep 50");
	cluster = connect_to(SERVER, EXEC, &err);
	ck_assert_int_eq(cluster_fetch(cluster, &request, "/x", &response, &err), -1);
	net_response_release(&response);
	ck_assert_int_eq(err.code, ERR_CANCELLED);
	ck_assert_int_lt(clock_monotonic_ns() - start, 10 * CLOCK_SECOND_NS);
	cluster_free(cluster);
}
END_TEST

static int lend_terminal(void *arg, const char *const *argv, const char *const *env,
	struct text *output, struct error *err)
{
	(void)err;
	ck_assert_ptr_nonnull(strstr(argv[0], "plugin"));
	ck_assert_ptr_nonnull(strstr(env[0], "\"interactive\":true"));
	++*(int *)arg;
	return text_add(output, CREDENTIAL("{\"token\":\"typed\"}"));
}

START_TEST(a_plugin_that_asks_needs_the_terminal)
{
	static const char user[] = "{exec: {command: ./plugin, apiVersion: "
				   "client.authentication.k8s.io/v1, interactiveMode: Always}}";
	static const struct fake_answer answers[] = { { .url = "/x", .status = 200 } };
	struct error err;
	struct cluster *cluster = connect_to(SERVER, user, &err);
	int lent = 0;

	ck_assert_int_eq(fetch(cluster, "/x", &err), -1);
	ck_assert_int_eq(err.code, ERR_UNAUTHORIZED);
	ck_assert_ptr_nonnull(strstr(err.text, "log in with it"));
	credentials_set_terminal_hook(lend_terminal, &lent);
	fake_net_script(answers, 1);
	ck_assert_msg(fetch(cluster, "/x", &err) == 0, "%s", err.text);
	ck_assert_int_eq(lent, 1);
	ck_assert_ptr_nonnull(strstr(fake_net_request(0)->headers, "Bearer typed\n"));
	credentials_set_terminal_hook(NULL, NULL);
	cluster_free(cluster);
}
END_TEST

/* ---- OIDC ---- */

static char *token_until(int64_t seconds)
{
	char *claims = mem_format("{\"exp\":%lld}", (long long)seconds);
	char *encoded = base64_format(claims, strlen(claims));
	char *token = mem_format("aGVhZA.%s.c2ln", encoded);

	free(claims);
	free(encoded);
	return token;
}

static struct cluster *connect_oidc(const char *token, const char *refresh, struct error *err)
{
	char *user = mem_format("{auth-provider: {name: oidc, config: {idp-issuer-url: "
				"'https://idp.example', client-id: me, "
				"client-secret: sss, id-token: '%s'%s%s}}} # a remark",
		token, refresh ? ", refresh-token: " : "", refresh ? refresh : "");
	struct cluster *cluster = connect_to(SERVER, user, err);

	ck_assert_msg(cluster != NULL, "%s", err->text);
	free(user);
	return cluster;
}

START_TEST(a_good_id_token_is_used)
{
	static const struct fake_answer answers[] = { { .url = "/x", .status = 200 } };
	char *token = token_until(4000000000);
	struct error err;
	struct cluster *cluster = connect_oidc(token, "again", &err);

	fake_net_script(answers, 1);
	ck_assert_int_eq(fetch(cluster, "/x", &err), 0);
	ck_assert_ptr_nonnull(strstr(fake_net_request(0)->headers, token));
	cluster_free(cluster);
	free(token);
}
END_TEST

START_TEST(an_old_id_token_is_refreshed_and_written_back)
{
	char *old = token_until(1000), *new = token_until(4000000000);
	char *body = mem_format("{\"id_token\":\"%s\",\"refresh_token\":\"r2\"}", new);
	const struct fake_answer answers[] = {
		{ .url = "idp.example/.well-known",
			.status = 200,
			.body = "{\"token_endpoint\":\"https://idp.example/token\"}" },
		{ .url = "idp.example/token", .status = 200, .body = body },
		{ .url = "/x", .status = 200 }
	};
	struct error err;
	struct cluster *cluster = connect_oidc(old, "r1&x", &err);
	struct stat info;
	char *file;

	fake_net_script(answers, 3);
	ck_assert_msg(fetch(cluster, "/x", &err) == 0, "%s", err.text);
	ck_assert_str_eq(fake_net_request(1)->method, "POST");
	ck_assert_str_eq(fake_net_request(1)->body,
		"grant_type=refresh_token&refresh_token=r1%26x&client_id=me&client_secret=sss");
	ck_assert_int_eq(fake_net_request(1)->harmless, 1);
	ck_assert_ptr_nonnull(strstr(fake_net_request(2)->headers, new));
	file = read_file("config");
	ck_assert_ptr_nonnull(strstr(file, new));
	ck_assert_ptr_nonnull(strstr(file, "refresh-token: r2"));
	ck_assert_ptr_null(strstr(file, old));
	ck_assert_ptr_nonnull(strstr(file, "# kept"));
	ck_assert_ptr_nonnull(strstr(file, "# a remark"));
	free(file);
	file = path_of("config");
	ck_assert_int_eq(stat(file, &info), 0);
	ck_assert_int_eq(info.st_mode & 0777, 0600);
	free(file);
	file = path_of("config.lock");
	ck_assert_int_ne(access(file, F_OK), 0);
	free(file);
	cluster_free(cluster);
	free(body);
	free(old);
	free(new);
}
END_TEST

START_TEST(a_refresh_that_is_refused)
{
	static const struct fake_answer answers[] = {
		{ .url = ".well-known",
			.status = 200,
			.body = "{\"token_endpoint\":\"https://idp.example/token\"}" },
		{ .url = "/token", .status = 400, .body = "{\"error\":\"invalid_grant\"}" }
	};
	static const struct fake_answer plain[] = { { .url = ".well-known",
		.status = 200,
		.body = "{\"token_endpoint\":\"http://evil.example/token\"}" } };
	char *old = token_until(1000);
	struct error err;
	struct cluster *cluster = connect_oidc(old, "r1", &err);

	fake_net_script(answers, 2);
	ck_assert_int_eq(fetch(cluster, "/x", &err), -1);
	ck_assert_int_eq(err.code, ERR_UNAUTHORIZED);
	ck_assert_ptr_nonnull(strstr(err.text, "invalid_grant"));
	fake_net_script(plain, 1); /* the refresh token never leaves in the clear */
	ck_assert_int_eq(fetch(cluster, "/x", &err), -1);
	ck_assert_uint_eq(fake_net_count(), 1);
	cluster_free(cluster);
	cluster = connect_oidc(old, NULL, &err);
	fake_net_script(answers, 2);
	ck_assert_int_eq(fetch(cluster, "/x", &err), -1);
	ck_assert_int_eq(err.code, ERR_UNAUTHORIZED);
	ck_assert_uint_eq(fake_net_count(), 0);
	cluster_free(cluster);
	free(old);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, make_folder, remove_folder);
	tcase_add_test(tc, sends_token_address_and_name);
	tcase_add_test(tc, sends_password_certificate_and_other_names);
	tcase_add_test(tc, says_how_safe_the_way_is);
	tcase_add_loop_test(tc, contradictions_are_refused_in_words, 0,
		sizeof(contradictions) / sizeof(contradictions[0]));
	tcase_add_loop_test(
		tc, answers_become_errors_in_words, 0, sizeof(outcomes) / sizeof(outcomes[0]));
	tcase_add_test(tc, unreachable_says_what_to_look_at);
	tcase_add_test(tc, a_rotated_token_file_is_read_again);
	tcase_add_test(tc, bad_token_files);
	tcase_add_test(tc, a_plugin_gives_the_token_once);
	tcase_add_test(tc, an_expired_token_is_not_fetched_for_every_request);
	tcase_add_loop_test(tc, hostile_plugins_fail_in_words, 0,
		sizeof(plugin_cases) / sizeof(plugin_cases[0]));
	tcase_add_test(tc, a_missing_plugin_gives_its_hint);
	tcase_add_test(tc, a_plugin_can_be_cancelled);
	tcase_add_test(tc, a_plugin_that_asks_needs_the_terminal);
	tcase_add_test(tc, a_good_id_token_is_used);
	tcase_add_test(tc, an_old_id_token_is_refreshed_and_written_back);
	tcase_add_test(tc, a_refresh_that_is_refused);
}

TEST_MAIN("provider/kube_cluster")
