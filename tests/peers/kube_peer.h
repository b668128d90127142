/* kube_peer.h - the provider opened against the peer of ../shared/peers/kubernetes.sh (its variables in the environment). */
#ifndef TESTS_PEERS_KUBE_PEER_H
#define TESTS_PEERS_KUBE_PEER_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/jobs.h"
#include "base/json.h"
#include "check_main.h"
#include "estate/act.h"
#include "estate/estate.h"
#include "estate/kind.h"
#include "estate/provider.h"
#include "estate/snapshot.h"
#include "net/net.h"
#include "provider/kubernetes/kubernetes.h"

static struct {
	struct kinds *kinds;
	struct net *net;
	struct jobs *jobs;
	struct estate *estate;
	struct provider *provider;
} peer;

__attribute__((unused)) static void peer_set_up(void)
{
	static const struct provider_ops *const providers[] = { &kubernetes_provider, NULL };
	struct json *problems = json_array();
	struct error err = { 0 };

	peer.kinds = kinds_load(problems, &err);
	ck_assert_msg(peer.kinds != NULL, "%s", err.text);
	json_free(problems);
	peer.net = net_new(&err);
	ck_assert_msg(peer.net != NULL, "%s", err.text);
	peer.jobs = jobs_new(2, NULL, NULL);
	struct estate_options options = {
		.kinds = peer.kinds, .net = peer.net, .jobs = peer.jobs, .providers = providers
	};

	peer.estate = estate_new(&options);
	peer.provider = estate_provider(peer.estate, "kubernetes", NULL, &err);
	ck_assert_msg(peer.provider != NULL, "%s", err.text);
}

__attribute__((unused)) static void peer_tear_down(void)
{
	estate_free(peer.estate);
	jobs_free(peer.jobs);
	net_free(peer.net);
	kinds_free(peer.kinds);
}

__attribute__((unused)) static struct ref peer_ref(const char *kind, const char *namespace_, const char *name)
{
	struct ref ref = { .provider = "kubernetes", .account = "peer-admin" };

	snprintf(ref.kind, sizeof(ref.kind), "%s", kind);
	snprintf(ref.namespace_, sizeof(ref.namespace_), "%s", namespace_);
	snprintf(ref.name, sizeof(ref.name), "%s", name);
	return ref;
}

/* kubectl on the peer: the other side of every check. Returns its exit status; output (NULL: dropped) without the last newline. */
__attribute__((unused, format(printf, 3, 4))) static int kubectl(char *output, size_t size, const char *format, ...)
{
	char command[4096], words[3800];
	va_list args;
	FILE *pipe;
	size_t length = 0, got;
	char piece[512];

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	snprintf(command, sizeof(command), "kubectl --context peer-admin %s 2>/dev/null", words);
	pipe = popen(command, "r");
	ck_assert(pipe != NULL);
	while ((got = fread(piece, 1, sizeof(piece), pipe)) > 0)
		for (size_t i = 0; output && i < got && length + 1 < size; i++)
			output[length++] = piece[i];
	if (output) {
		while (length && output[length - 1] == '\n')
			length--;
		output[length] = '\0';
	}
	return pclose(pipe);
}

/* A context "peer-WHO" that is the administrator acting as user WHO, who has no rights but those the test gives; the provider is
 * opened anew with it. */
__attribute__((unused)) static void peer_become(const char *who)
{
	char path[200], text[1200], both[1400];
	const char *before = getenv("KUBECONFIG");
	FILE *file;

	peer_tear_down();
	snprintf(path, sizeof(path), "%s/ph-peer-%s-%d", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", who, (int)getpid());
	snprintf(text, sizeof(text),
		"apiVersion: v1\nkind: Config\nclusters: [{name: %s, cluster: {server: '%s', certificate-authority: '%s'}}]\n"
		"users: [{name: %s, user: {token: %s, as: %s}}]\ncontexts: [{name: peer-%s, context: {cluster: %s, user: %s}}]\n",
		who, getenv("PILOTHOUSE_PEER_KUBE_SERVER"), getenv("PILOTHOUSE_PEER_KUBE_CA"), who,
		getenv("PILOTHOUSE_PEER_KUBE_ADMIN_TOKEN"), who, who, who, who);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	snprintf(both, sizeof(both), "%s:%s", before, path);
	setenv("KUBECONFIG", both, 1);
	peer_set_up();
	setenv("KUBECONFIG", before, 1);
	unlink(path);
}

/* Until the condition holds, at most 20 s: looks every 50 ms at something another process changes. */
#define PEER_WAIT(condition)                                                                       \
	do {                                                                                       \
		struct timespec peer_step = { .tv_nsec = 50000000 };                               \
		int peer_turn = 0;                                                                 \
		while (!(condition) && peer_turn++ < 400)                                          \
			nanosleep(&peer_step, NULL);                                               \
		ck_assert_msg(peer_turn <= 400, "never: %s", #condition);                          \
	} while (0)

#define PEER_MAIN(name)                                                                            \
	int main(int argc, char **argv)                                                            \
	{                                                                                          \
		if (argc > 1 && !strcmp(argv[1], "--jq-worker"))                                   \
			return jq_worker_main();                                                   \
		if (!getenv("PILOTHOUSE_PEER_KUBE_SERVER")) {                                      \
			puts("skip: no Kubernetes peer (../shared/peers/kubernetes.sh)");          \
			return 77;                                                                 \
		}                                                                                  \
		Suite *suite = suite_create(name);                                                 \
		TCase *tc = tcase_create("peer");                                                  \
		tcase_set_timeout(tc, 180);                                                        \
		tcase_add_checked_fixture(tc, peer_set_up, peer_tear_down);                        \
		add_tests(tc);                                                                     \
		suite_add_tcase(suite, tc);                                                        \
		SRunner *runner = srunner_create(suite);                                           \
		srunner_run_all(runner, CK_NORMAL);                                                \
		int failed = srunner_ntests_failed(runner);                                        \
		srunner_free(runner);                                                              \
		return failed ? EXIT_FAILURE : EXIT_SUCCESS;                                       \
	}

#endif
