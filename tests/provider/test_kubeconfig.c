#include "provider/kubernetes/kubeconfig.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "check_main.h"

static char folder[64];

static void make_folder(void)
{
	snprintf(folder, sizeof(folder), "/tmp/pilothouse-kubeconfig.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void remove_folder(void)
{
	char *command = mem_format("rm -rf %s", folder);

	ck_assert_int_eq(system(command), 0);
	free(command);
}

static char *write_file(const char *name, const char *bytes)
{
	char *path = mem_format("%s/%s", folder, name);

	ck_assert_int_eq(file_save(path, bytes, strlen(bytes), 0600, NULL), 0);
	return path;
}

static struct kubeconfig *parse(const char *bytes, struct error *err)
{
	*err = (struct error){ 0 };
	return kubeconfig_parse(bytes, strlen(bytes), "/etc/kube", err);
}

static const char full[] =
	"apiVersion: v1\nkind: Config\ncurrent-context: one\npreferences: {colors: true}\n"
	"clusters:\n"
	"- name: c\n"
	"  cluster:\n"
	"    server: https://host/k8s/clusters/c-1\n"
	"    tls-server-name: api.internal\n"
	"    certificate-authority: ca.crt\n"
	"    proxy-url: socks5://127.0.0.1:1080\n"
	"    disable-compression: true\n"
	"    extensions:\n"
	"    - {name: other, extension: 1}\n"
	"    - {name: client.authentication.k8s.io/exec, extension: {audience: x}}\n"
	"users:\n"
	"- name: u\n"
	"  user:\n"
	"    client-certificate: pki/u.crt\n"
	"    client-key: /abs/u.key\n"
	"    tokenFile: tokens/u\n"
	"    token: \"0123\"\n"
	"    as: other\n"
	"    as-uid: \"7\"\n"
	"    as-groups: [a, b]\n"
	"    as-user-extra: {reason: [on-call]}\n"
	"    exec: {command: ./plugin, apiVersion: client.authentication.k8s.io/v1}\n"
	"contexts:\n"
	"- {name: one, context: {cluster: c, user: u, namespace: shop}}\n"
	"- {name: anonymous, context: {cluster: c}}\n";

START_TEST(reads_every_field)
{
	struct error err;
	struct kubeconfig *k = parse(full, &err);
	struct kubeconfig_context c;

	ck_assert_msg(k != NULL, "%s", err.text);
	ck_assert_str_eq(kubeconfig_current(k), "one");
	ck_assert_uint_eq(kubeconfig_contexts(k), 2);
	ck_assert_str_eq(kubeconfig_context_at(k, 0), "anonymous");
	ck_assert_ptr_null(kubeconfig_context_at(k, 2));
	ck_assert_int_eq(kubeconfig_context(k, NULL, &c, &err), 0);
	ck_assert_str_eq(c.name, "one");
	ck_assert_str_eq(c.server, "https://host/k8s/clusters/c-1");
	ck_assert_str_eq(c.tls_server_name, "api.internal");
	ck_assert_str_eq(c.proxy_url, "socks5://127.0.0.1:1080");
	ck_assert_int_eq(c.disable_compression, 1);
	ck_assert_int_eq(c.insecure, 0);
	ck_assert_str_eq(c.ca_path, "/etc/kube/ca.crt");
	ck_assert_str_eq(c.cert_path, "/etc/kube/pki/u.crt");
	ck_assert_str_eq(c.key_path, "/abs/u.key");
	ck_assert_str_eq(c.token_path, "/etc/kube/tokens/u");
	ck_assert_str_eq(c.token, "0123");
	ck_assert_str_eq(c.namespace_, "shop");
	ck_assert_str_eq(c.as, "other");
	ck_assert_str_eq(c.as_uid, "7");
	ck_assert_uint_eq(json_count(c.as_groups), 2);
	ck_assert_str_eq(json_text(json_at(c.as_extra, "reason.0")), "on-call");
	ck_assert_str_eq(c.exec_folder, "/etc/kube");
	ck_assert_str_eq(json_text(json_get(c.exec_extension, "audience")), "x");
	ck_assert_int_eq(kubeconfig_context(k, "anonymous", &c, &err), 0);
	ck_assert_ptr_null(c.user);
	ck_assert_ptr_null(c.token);
	ck_assert_ptr_null(c.namespace_);
	kubeconfig_free(k);
}
END_TEST

START_TEST(first_file_wins_whole)
{
	struct error err = { 0 };
	struct kubeconfig_context c;
	char *a = write_file("a", "contexts:\n- {name: x, context: {cluster: c, user: u}}\n"
				  "clusters:\n- {name: c, cluster: {server: https://a}}\n");
	char *b = write_file("b",
		"current-context: x\n"
		"contexts:\n- {name: x, context: {cluster: other, namespace: n}}\n"
		"clusters:\n- {name: c, cluster: {server: https://b, tls-server-name: b}}\n"
		"users:\n- {name: u, user: {token: t, client-key: k}}\n");
	char *paths = mem_format("%s::%s/missing:%s:%s:%s", a, folder, a, b, a);
	struct kubeconfig *k = kubeconfig_load(paths, &err);

	ck_assert_msg(k != NULL, "%s", err.text);
	ck_assert_str_eq(kubeconfig_current(k), "x");
	ck_assert_uint_eq(kubeconfig_contexts(k), 1);
	ck_assert_int_eq(kubeconfig_context(k, "x", &c, &err), 0);
	ck_assert_str_eq(c.server, "https://a");
	ck_assert_ptr_null(c.tls_server_name); /* nothing of b's entry is mixed in */
	ck_assert_ptr_null(c.namespace_);
	ck_assert_str_eq(c.token, "t");
	ck_assert_str_eq(c.auth_file, b);
	ck_assert(!strncmp(c.key_path, folder, strlen(folder)));
	kubeconfig_free(k);
	free(paths);
	free(a);
	free(b);
}
END_TEST

START_TEST(environment_and_home)
{
	struct error err = { 0 };
	char *path = write_file("k", "current-context: from-env\n");
	char *home = mem_format("%s/.kube", folder);
	struct kubeconfig *k;

	setenv("KUBECONFIG", path, 1);
	k = kubeconfig_load(NULL, &err);
	ck_assert_str_eq(kubeconfig_current(k), "from-env");
	kubeconfig_free(k);
	setenv("KUBECONFIG", "", 1);
	setenv("HOME", folder, 1);
	ck_assert_ptr_null(kubeconfig_load(NULL, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.text, "/.kube/config"));
	ck_assert_int_eq(mkdir(home, 0700), 0);
	free(write_file(".kube/config", "current-context: from-home\n"));
	k = kubeconfig_load(NULL, &err);
	ck_assert_str_eq(kubeconfig_current(k), "from-home");
	kubeconfig_free(k);
	free(home);
	free(path);
}
END_TEST

START_TEST(one_broken_file_is_named)
{
	struct error err = { 0 };
	char *good = write_file("good", "current-context: x\n");
	char *bad = write_file("bad", "clusters: [\n");
	char *paths = mem_format("%s:%s", good, bad);

	ck_assert_ptr_null(kubeconfig_load(paths, &err));
	ck_assert_int_eq(err.code, ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(err.text, bad));
	ck_assert_ptr_null(kubeconfig_load(folder, &err)); /* a folder */
	ck_assert_int_eq(err.code, ERR_INVALID);
	free(paths);
	free(good);
	free(bad);
}
END_TEST

START_TEST(anchors_flow_json_and_odd_names)
{
	struct error err;
	struct kubeconfig_context c;
	struct kubeconfig *k =
		parse("x: &c {server: 'https://a'}\n"
		      "clusters: [{name: yes, cluster: *c}, {name: \"7\", cluster: *c}]\n"
		      "contexts: [{name: no, context: {cluster: yes}}]\n",
			&err);

	ck_assert_msg(k != NULL, "%s", err.text);
	ck_assert_int_eq(kubeconfig_context(k, "no", &c, &err), 0);
	ck_assert_str_eq(c.server, "https://a");
	kubeconfig_free(k);
	k = parse("{\"current-context\":\"j\",\"contexts\":[{\"name\":\"j\",\"context\":{"
		  "\"cluster\":\"c\"}}],\n"
		  "\t\"clusters\":[{\"name\":\"c\",\"cluster\":{\"server\":\"https://\\u0061\","
		  "\"insecure-skip-tls-verify\":true}}]}",
		&err);
	ck_assert_msg(k != NULL, "%s", err.text);
	ck_assert_int_eq(kubeconfig_context(k, NULL, &c, &err), 0);
	ck_assert_str_eq(c.server, "https://a");
	ck_assert_int_eq(c.insecure, 1);
	kubeconfig_free(k);
}
END_TEST

START_TEST(empty_texts_are_empty_configurations)
{
	static const char *const texts[] = { "", "\n\n  \n", "# only a comment\n", "---\n", "{}",
		"null" };
	struct error err;
	struct kubeconfig_context c;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct kubeconfig *k = parse(texts[i], &err);

		ck_assert_msg(k != NULL, "%zu: %s", i, err.text);
		ck_assert_uint_eq(kubeconfig_contexts(k), 0);
		ck_assert_ptr_null(kubeconfig_current(k));
		ck_assert_int_eq(kubeconfig_context(k, NULL, &c, &err), -1);
		ck_assert_int_eq(err.code, ERR_NOT_FOUND);
		kubeconfig_free(k);
	}
}
END_TEST

static const struct refused {
	const char *text;
	enum error_code code;
	const char *says;
} refused[] = {
	{ "- a\n", ERR_FORMAT, "not a kubeconfig" },
	{ "just words", ERR_FORMAT, "not a kubeconfig" },
	{ "clusters: {a: b}\n", ERR_FORMAT, "not a list" },
	{ "clusters: [{cluster: {}}]\n", ERR_FORMAT, "no name" },
	{ "clusters: [1, 2]\n", ERR_FORMAT, "no name" },
	{ "contexts: [{name: 7, context: {}}]\n", ERR_FORMAT, "quote" },
	{ "users:\n- {name: a, user: {}}\n- {name: b, user: {}}\n- {name: a, user: {}}\n",
		ERR_INVALID, "twice" },
	{ "clusters: [\n", ERR_FORMAT, "" },
	{ "a: *missing\n", ERR_FORMAT, "" },
	{ "\xff\xfe\x00", ERR_FORMAT, "" },
};

START_TEST(malformed_is_refused)
{
	const struct refused *row = &refused[_i];
	struct error err;

	ck_assert_ptr_null(parse(row->text, &err));
	ck_assert_msg(err.code == row->code, "%s: %s", row->text, err.text);
	ck_assert_msg(strstr(err.text, row->says) != NULL, "%s", err.text);
}
END_TEST

START_TEST(contexts_that_lead_nowhere)
{
	static const struct {
		const char *name, *says;
	} rows[] = { { "no-cluster", "cluster \"\"" }, { "lost-cluster", "cluster \"gone\"" },
		{ "lost-user", "user \"gone\"" }, { "no-server", "no `server`" },
		{ "number", "quotes" }, { "empty", "cluster" } };
	struct error err;
	struct kubeconfig_context c;
	struct kubeconfig *k = parse(
		"clusters:\n- {name: c, cluster: {server: https://a}}\n- {name: n, cluster: {}}\n"
		"users:\n- {name: u, user: {token: 0123}}\n"
		"contexts:\n- {name: no-cluster, context: {user: u}}\n"
		"- {name: lost-cluster, context: {cluster: gone}}\n"
		"- {name: lost-user, context: {cluster: c, user: gone}}\n"
		"- {name: no-server, context: {cluster: n}}\n"
		"- {name: number, context: {cluster: c, user: u}}\n- {name: empty}\n",
		&err);

	ck_assert_msg(k != NULL, "%s", err.text);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_int_eq(kubeconfig_context(k, rows[i].name, &c, &err), -1);
		ck_assert_int_eq(err.code, ERR_INVALID);
		ck_assert_msg(strstr(err.text, rows[i].says) != NULL, "%s", err.text);
	}
	ck_assert_int_eq(kubeconfig_context(k, "nobody", &c, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	kubeconfig_free(k);
}
END_TEST

START_TEST(many_contexts)
{
	struct error err;
	struct kubeconfig_context c;
	struct kubeconfig *k;
	struct text text;

	text_init(&text, 4 << 20);
	text_add(&text, "clusters:\n- {name: c, cluster: {server: https://a}}\ncontexts:\n");
	for (int i = 0; i < 10000; i++)
		text_format(&text, "- {name: x%05d, context: {cluster: c}}\n", 9999 - i);
	k = parse(text.data, &err);
	ck_assert_msg(k != NULL, "%s", err.text);
	ck_assert_uint_eq(kubeconfig_contexts(k), 10000);
	ck_assert_str_eq(kubeconfig_context_at(k, 17), "x00017");
	ck_assert_int_eq(kubeconfig_context(k, "x09999", &c, &err), 0);
	kubeconfig_free(k);
	text_release(&text);
}
END_TEST

START_TEST(bombs_and_depth)
{
	struct error err;
	struct text text;

	text_init(&text, 4 << 20);
	text_add(&text, "a: &a [x,x,x,x,x,x,x,x,x]\n");
	for (char c = 'b'; c < 'k'; c++)
		text_format(&text, "%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c - 1,
			c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1);
	ck_assert_ptr_null(parse(text.data, &err));
	ck_assert_int_eq(err.code, ERR_LIMIT);
	text_clear(&text);
	for (int i = 0; i < 100000; i++)
		text_add_char(&text, '[');
	ck_assert_ptr_null(parse(text.data, &err));
	ck_assert_int_ne(err.code, ERR_NONE);
	text_release(&text);
}
END_TEST

START_TEST(huge_file_is_refused)
{
	struct error err = { 0 };
	char *path = write_file("huge", "");

	ck_assert_int_eq(truncate(path, (off_t)64 << 20), 0);
	ck_assert_ptr_null(kubeconfig_load(path, &err));
	ck_assert_int_eq(err.code, ERR_LIMIT);
	free(path);
}
END_TEST

START_TEST(in_a_pod)
{
	struct error err = { 0 };
	struct kubeconfig_context c;
	struct kubeconfig *k;
	char *expected;

	unsetenv("KUBERNETES_SERVICE_HOST");
	ck_assert_ptr_null(kubeconfig_in_cluster_at(folder, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
	setenv("KUBERNETES_SERVICE_PORT", "6443", 1);
	ck_assert_ptr_null(kubeconfig_in_cluster_at(folder, &err)); /* no token */
	free(write_file("token", "t\n"));
	free(write_file("namespace", "shop\n"));
	free(write_file("ca.crt", "pem"));
	k = kubeconfig_in_cluster_at(folder, &err);
	ck_assert_msg(k != NULL, "%s", err.text);
	ck_assert_str_eq(kubeconfig_current(k), "in-cluster");
	ck_assert_int_eq(kubeconfig_context(k, NULL, &c, &err), 0);
	ck_assert_str_eq(c.server, "https://[fd00::1]:6443");
	ck_assert_str_eq(c.namespace_, "shop");
	expected = mem_format("%s/token", folder);
	ck_assert_str_eq(c.token_path, expected);
	free(expected);
	expected = mem_format("%s/ca.crt", folder);
	ck_assert_str_eq(c.ca_path, expected);
	free(expected);
	kubeconfig_free(k);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, make_folder, remove_folder);
	tcase_add_test(tc, reads_every_field);
	tcase_add_test(tc, first_file_wins_whole);
	tcase_add_test(tc, environment_and_home);
	tcase_add_test(tc, one_broken_file_is_named);
	tcase_add_test(tc, anchors_flow_json_and_odd_names);
	tcase_add_test(tc, empty_texts_are_empty_configurations);
	tcase_add_loop_test(tc, malformed_is_refused, 0, sizeof(refused) / sizeof(refused[0]));
	tcase_add_test(tc, contexts_that_lead_nowhere);
	tcase_add_test(tc, many_contexts);
	tcase_add_test(tc, bombs_and_depth);
	tcase_add_test(tc, huge_file_is_refused);
	tcase_add_test(tc, in_a_pod);
}

TEST_MAIN("provider/kubeconfig")
