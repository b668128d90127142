/* busy_cluster.c - an API server on loopback, over TLS and in the wire format of Kubernetes (src/sim), whose pods change: ROWS pods (10,000) in 54
 * namespaces, CHANGES a second (200) restarted once more. For the way from the socket to the screen, at a rate that a real one beside us on two
 * cores does not reach. Writes a kubeconfig to the path it is given, says how many changes there were when its input ends. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "sim/api.h"
#include "sim/certificate.h"
#include "sim/resources.h"
#include "sim/server.h"
#include "sim/tree.h"
#include "sim/world.h"

enum { NAMESPACES = 54, PODS_MAX = 200000, KUBECONFIG_MAX = 64 << 10, STEP_MS = 10 };

static struct object *pods[PODS_MAX];
static long pod_count, changes_a_second;
static atomic_long changed;
static atomic_int stop;

static long number_of(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text ? atol(text) : otherwise;
}

static struct json *parsed(const char *yaml)
{
	struct error err = { 0 };
	struct json *json = yaml_parse(yaml, strlen(yaml), &err);

	if (!json)
		fprintf(stderr, "busy_cluster: %s\n", err.text);
	return json;
}

static void add_namespace(struct world *world, int i)
{
	char text[200];

	snprintf(text, sizeof(text), "{apiVersion: v1, kind: Namespace, metadata: {name: team-%02d}, status: {phase: Active}}", i);
	world_add(world, resource_namespaces, parsed(text));
}

static struct object *add_pod(struct world *world, long i)
{
	char text[1200];

	snprintf(text, sizeof(text),
		"apiVersion: v1\nkind: Pod\nmetadata: {name: service-%03ld-7d9f5c-%05ld, namespace: team-%02ld, labels: {app: service-%03ld}, "
		"creationTimestamp: '2026-01-02T03:04:05Z'}\n"
		"spec: {nodeName: node-%03ld, containers: [{name: main, image: 'registry.example.net/shop/service:v%ld'}]}\n"
		"status: {phase: Running, podIP: 10.%ld.%ld.%ld, conditions: [{type: Ready, status: 'True'}], containerStatuses: [{name: main, ready: true, "
		"started: true, restartCount: 0, state: {running: {startedAt: '2026-01-02T03:04:09Z'}}}]}\n",
		i % 300, i, i % NAMESPACES, i % 300, i % 200, i % 40, i >> 16 & 255, i >> 8 & 255, i & 255);
	return world_add(world, resource_pods, parsed(text));
}

static void restart(struct world *world, struct object *pod)
{
	struct json *status = json_first(json_at(pod->json, "status.containerStatuses"));

	tree_put_int(status, "restartCount", json_int(json_get(status, "restartCount"), 0) + 1);
	world_touch(world, pod);
}

/* By the clock, so that what came late is made good. */
static void *change(void *arg)
{
	struct world *world = arg;
	int64_t began = clock_monotonic_ns();
	long made = 0;

	while (!atomic_load(&stop)) {
		long due = (long)((double)(clock_monotonic_ns() - began) / 1e9 * (double)changes_a_second);

		world_lock(world);
		world->now_ns = clock_now_ns();
		for (; made < due; made++)
			restart(world, pods[made * 7919 % pod_count]);
		world_unlock(world);
		atomic_store(&changed, made);
		poll(NULL, 0, STEP_MS);
	}
	return NULL;
}

static int write_kubeconfig(const char *path, const struct server *server, const struct certificate *certificate, struct error *err)
{
	struct text text;

	text_init(&text, KUBECONFIG_MAX);
	text_format(&text, "apiVersion: v1\nkind: Config\ncurrent-context: busy\nclusters:\n- {name: busy, cluster: {server: \"%s\", certificate-authority: \"%s.ca\"}}\n"
			   "contexts:\n- {name: busy, context: {cluster: busy, user: bench}}\nusers:\n- {name: bench, user: {token: bench}}\n", server_url(server), path);
	char ca[4096];

	snprintf(ca, sizeof(ca), "%s.ca", path);
	int failed = file_save(ca, certificate->cert_pem, strlen(certificate->cert_pem), 0600, err) || file_save(path, text.data, text.length, 0600, err);

	text_release(&text);
	return failed;
}

static void serve(struct world *world)
{
	char byte;
	pthread_t thread;

	if (pthread_create(&thread, NULL, change, world))
		return;
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	atomic_store(&stop, 1);
	pthread_join(thread, NULL);
	printf("%ld\n", atomic_load(&changed));
}

int main(int argc, char **argv)
{
	struct world *world = world_new("busy", clock_now_ns());
	struct api api = { .world = world, .token = "bench" };
	struct certificate certificate = { 0 };
	struct certificate_wish wish = { .name = "127.0.0.1" };
	struct server_options options = { .tls = &certificate, .answer = api_answer, .arg = &api };
	struct error err = { 0 };

	signal(SIGPIPE, SIG_IGN);
	pod_count = number_of("ROWS", 10000);
	changes_a_second = number_of("CHANGES", 200);
	if (argc != 2 || pod_count < 1 || pod_count > PODS_MAX) {
		fprintf(stderr, "busy_cluster KUBECONFIG; ROWS (at most %d) and CHANGES in the environment\n", PODS_MAX);
		return 2;
	}
	world_lock(world);
	for (int i = 0; i < NAMESPACES; i++)
		add_namespace(world, i);
	for (long i = 0; i < pod_count; i++)
		pods[i] = add_pod(world, i);
	world_forget(world);
	world_unlock(world);
	struct server *server = certificate_make(&certificate, &wish, &err) ? NULL : server_new(&options, &err);

	if (!server || write_kubeconfig(argv[1], server, &certificate, &err)) {
		fprintf(stderr, "busy_cluster: %s\n", err.text);
		return 1;
	}
	serve(world);
	return 0; /* the server's threads end with us */
}
