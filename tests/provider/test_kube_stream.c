/* Lists and watches against a scripted server on loopback: broken streams, expired versions,
 * refusals. */
#include "check_main.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/jobs.h"
#include "base/json.h"
#include "base/mem.h"
#include "estate/estate.h"
#include "estate/kind.h"
#include "estate/snapshot.h"
#include "net/net.h"
#include "provider/kubernetes/kubernetes.h"

/* --- the server: answers the n-th request whose path holds `path` with the n-th line of the script
 * for it --- */

struct line {
	const char *path; /* part of the request's target */
	int status;
	const char *body; /* chunks of a watch are divided by '|' */
	enum { WHOLE, CHUNKS, CHUNKS_CUT, HANG } how;
	int used;
};

static struct line *script;
static size_t script_count;
static int listener, port;
static pthread_t thread;
enum { ASKED_MAX = 64 };
static char asked[ASKED_MAX][1024];
static atomic_int asked_count;
static atomic_int stop;
static pthread_mutex_t script_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_t connections[256];
static size_t connection_count;

static void put(int fd, const char *bytes, size_t length)
{
	while (length) {
		ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		bytes += sent;
		length -= (size_t)sent;
	}
}

static void put_chunks(int fd, const char *body)
{
	char size[16];

	while (*body) {
		size_t length = strcspn(body, "|");

		snprintf(size, sizeof(size), "%zx\r\n", length);
		put(fd, size, strlen(size));
		put(fd, body, length);
		put(fd, "\r\n", 2);
		body += length + (body[length] == '|');
	}
}

static void answer(int fd, const struct line *line)
{
	char head[256];
	size_t length = strlen(line->body);

	if (line->how == WHOLE) {
		snprintf(head, sizeof(head),
			"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: "
			"%zu\r\nConnection: close\r\n\r\n",
			line->status, length);
		put(fd, head, strlen(head));
		put(fd, line->body, length);
		return;
	}
	snprintf(head, sizeof(head),
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
	put(fd, head, strlen(head));
	put_chunks(fd, line->body);
	if (line->how == CHUNKS)
		put(fd, "0\r\n\r\n", 5);
}

/* The script's next line for it; what was asked is remembered. */
static const struct line *choose(const char *request)
{
	const struct line *chosen = NULL;

	pthread_mutex_lock(&script_lock);
	if (atomic_load(&asked_count) < ASKED_MAX) {
		snprintf(asked[atomic_load(&asked_count)], sizeof(asked[0]), "%.1000s", request);
		atomic_fetch_add(&asked_count, 1);
	}
	for (size_t i = 0; i < script_count && !chosen; i++)
		if (!script[i].used && strstr(request, script[i].path)) {
			script[i].used = 1;
			chosen = &script[i];
		}
	pthread_mutex_unlock(&script_lock);
	return chosen;
}

static void serve(int fd)
{
	char request[4096] = "";
	size_t length = 0;
	ssize_t got;

	while (length < sizeof(request) - 1 && !strstr(request, "\r\n\r\n") &&
		(got = recv(fd, request + length, sizeof(request) - 1 - length, 0)) > 0) {
		length += (size_t)got;
		request[length] = '\0';
	}
	request[strcspn(request, "\r")] = '\0';
	const struct line *line = choose(request);

	if (line && line->how == HANG) {
		answer(fd, &(struct line){ .body = line->body, .how = CHUNKS_CUT });
		char byte;

		while (recv(fd, &byte, 1, 0) > 0) /* until the other side leaves */
			;
	} else if (line) {
		answer(fd, line);
	} else {
		answer(fd, &(struct line){ .status = 500,
				   .body = "{\"kind\":\"Status\",\"message\":\"no script\"}",
				   .how = WHOLE });
	}
}

static void *connection_main(void *arg)
{
	int fd = (int)(intptr_t)arg;

	serve(fd);
	close(fd);
	return NULL;
}

/* Each connection by itself: a watch that stays open holds up nobody. */
static void *server_main(void *arg)
{
	(void)arg;
	connection_count = 0;
	while (!atomic_load(&stop) && connection_count < sizeof(connections) / sizeof(*connections)) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			break;
		pthread_create(&connections[connection_count++], NULL, connection_main,
			(void *)(intptr_t)fd);
	}
	return NULL;
}

/* --- the estate over it --- */

static struct kinds *kinds;
static struct net *net;
static struct jobs *jobs;
static struct estate *estate;
static char kubeconfig_path[64];

static void write_kubeconfig(void)
{
	int fd;
	char text[600];

	snprintf(kubeconfig_path, sizeof(kubeconfig_path), "/tmp/ph-kube-stream-XXXXXX");
	fd = mkstemp(kubeconfig_path);
	ck_assert_int_ge(fd, 0);
	snprintf(text, sizeof(text),
		"apiVersion: v1\nkind: Config\ncurrent-context: here\n"
		"clusters: [{name: c, cluster: {server: 'http://127.0.0.1:%d'}}]\n"
		"users: [{name: u, user: {}}]\n"
		"contexts: [{name: here, context: {cluster: c, user: u, namespace: shop}}]\n",
		port);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	setenv("KUBECONFIG", kubeconfig_path, 1);
}

static void begin(struct line *lines, size_t count)
{
	static const struct provider_ops *const providers[] = { &kubernetes_provider, NULL };
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	struct json *problems = json_array();
	struct error err = { 0 };

	script = lines;
	script_count = count;
	atomic_store(&stop, 0);
	atomic_store(&asked_count, 0);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(listener, 16), 0);
	getsockname(listener, (struct sockaddr *)&address, &length);
	port = ntohs(address.sin_port);
	pthread_create(&thread, NULL, server_main, NULL);
	write_kubeconfig();
	kinds = kinds_load(problems, &err);
	ck_assert_msg(kinds != NULL, "%s", err.text);
	json_free(problems);
	net = net_new(&err);
	jobs = jobs_new(2, NULL, NULL);
	struct estate_options options = {
		.kinds = kinds, .net = net, .jobs = jobs, .providers = providers
	};

	estate = estate_new(&options);
}

static void end(void)
{
	estate_free(estate);
	jobs_free(jobs);
	net_free(net);
	kinds_free(kinds);
	atomic_store(&stop, 1);
	shutdown(listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	for (size_t i = 0; i < connection_count; i++)
		pthread_join(connections[i], NULL);
	close(listener);
	unlink(kubeconfig_path);
}

/* Names and counts of the rows, in order of the table: "a=1 b=2". */
static const char *rows(struct snapshot *snapshot)
{
	static char text[512];
	size_t at = 0;

	*text = '\0';
	for (size_t i = 0; snapshot && i < snapshot_count(snapshot); i++) {
		size_t name_length, data_length;
		const char *name = snapshot_role(snapshot, i, ROLE_NAME, &name_length);
		const char *data = snapshot_cell(snapshot, i,
			kind_column_find(snapshot_kind(snapshot), "DATA"), &data_length);

		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%.*s=%.*s", i ? " " : "",
			(int)name_length, name, (int)data_length, data);
	}
	return text;
}

static int asked_for(size_t i, const char *part)
{
	return i < (size_t)atomic_load(&asked_count) && strstr(asked[i], part) != NULL;
}

#define COLUMNS "\"columnDefinitions\":[{\"name\":\"Name\"},{\"name\":\"Data\"},{\"name\":\"Age\"}]"
#define TABLE(version, rest, rows_)                                                                \
	"{\"kind\":\"Table\",\"metadata\":{\"resourceVersion\":\"" version "\"" rest "}," COLUMNS  \
	",\"rows\":[" rows_ "]}"
#define ROW(name, data) "{\"cells\":[\"" name "\"," data ",\"5m\"],\"object\":null}"
#define EVENT(type, version, name, data)                                                           \
	"{\"type\":\"" type                                                                        \
	"\",\"object\":{\"kind\":\"Table\",\"metadata\":{\"resourceVersion\":\"" version           \
	"\"},\"columnDefinitions\":null,\"rows\":[{\"cells\":[\"" name "\"," data                  \
	",\"5m\"],\"object\":{\"metadata\":{\"name\":\"" name                                      \
	"\",\"namespace\":\"shop\",\"resourceVersion\":\"" version "\"}}}]}}\n"
#define MARK(version)                                                                              \
	"{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Table\",\"metadata\":{\"resourceVersion\":" \
	"\"" version "\"},\"rows\":[]}}\n"
#define GONE                                                                                       \
	"{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"Expired\",\"code\":410,"         \
	"\"message\":\"too old\"}"

START_TEST(watch_goes_on_without_a_gap)
{
	static struct line
		lines[] = {
			{ "watch=1", 200,
				EVENT("ADDED", "11", "d",
					"1") "{\"type\":\"MODI|FIED\",\"object\":{\"kind\":"
					     "\"Table\",\"metadata\":{\"resourceVersion\":\"12\"},"
					     "\"rows\":[{\"cel|ls\":[\"a\",2,\"5m\"],\"object\":{"
					     "\"metadata\":{\"name\":\"a\",\"namespace\":\"shop\"}}"
					     "}]}}\n" MARK("15") "{\"type\":\"ADDED\",\"object\":{"
								 "\"kind\":\"Ta",
				CHUNKS_CUT, 0 },
			{ "watch=1", 200,
				EVENT("ADDED", "16", "e", "1") EVENT("DELETED", "17", "b", "1"),
				CHUNKS, 0 },
			{ "watch=1", 200, "{\"type\":\"ERROR\",\"object\":" GONE "}\n", CHUNKS, 0 },
			{ "watch=1", 410, GONE, WHOLE, 0 },
			{ "watch=1", 200, "not json\n", CHUNKS, 0 },
			{ "watch=1", 200, EVENT("ADDED", "32", "g", "7"), HANG, 0 },
			{ "limit=", 200,
				TABLE("10", "", ROW("a", "1") "," ROW("b", "1") "," ROW("c", "1")),
				WHOLE, 0 },
			{ "limit=", 200,
				TABLE("30", "", ROW("a", "2") "," ROW("d", "1") "," ROW("f", "1")),
				WHOLE, 0 },
			{ "limit=", 200,
				TABLE("31", "", ROW("a", "2") "," ROW("d", "1") "," ROW("f", "1")),
				WHOLE, 0 },
		};
	static const char *const order[] = { "limit=500", "resourceVersion=10&",
		"resourceVersion=15&", "resourceVersion=17&", "limit=500", "resourceVersion=30&",
		"limit=500", "resourceVersion=31&", "resourceVersion=31&" };
	struct selection selection = { .account = "here", .namespace_ = "shop" };
	struct timespec step = { .tv_nsec = 20000000 };
	int seen_a = 0, done = 0;

	begin(lines, sizeof(lines) / sizeof(*lines));
	struct feed *feed = estate_open(estate, kinds_find(kinds, "configmaps"), &selection);

	for (int turn = 0; turn < 1000 && !done; turn++) {
		struct snapshot *snapshot = feed_snapshot(feed);
		const char *text = rows(snapshot);

		ck_assert_msg(
			!seen_a || strstr(text, "a="), "a row that stays left the table: %s", text);
		seen_a |= strstr(text, "a=") != NULL;
		done = strstr(text, "g=7") != NULL;
		if (done)
			ck_assert_str_eq(text, "a=2 d=1 f=1 g=7");
		snapshot_unref(snapshot);
		nanosleep(&step, NULL); /* the server's side moves by itself */
	}
	ck_assert_msg(done, "%d requests, the last: %s", atomic_load(&asked_count),
		asked[atomic_load(&asked_count) - 1]);
	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
		ck_assert_msg(asked_for(i, order[i]), "request %zu is \"%s\", not %s", i, asked[i],
			order[i]);
	estate_close(estate, feed);
	end();
}
END_TEST

START_TEST(pages_follow_and_expired_ones_begin_anew)
{
	static struct line lines[] = {
		{ "continue=t1", 410, GONE, WHOLE, 0 },
		{ "continue=t2", 200, TABLE("21", "", ROW("z", "9")), WHOLE, 0 },
		{ "limit=", 200, TABLE("10", ",\"continue\":\"t1\"", ROW("a", "1")), WHOLE, 0 },
		{ "limit=", 200, TABLE("20", ",\"continue\":\"t2\"", ROW("a", "1")), WHOLE, 0 },
	};
	struct selection selection = { .account = "here", .namespace_ = "shop" };
	struct json *errors = json_array();
	struct error err = { 0 };

	begin(lines, sizeof(lines) / sizeof(*lines));
	struct snapshot *snapshot =
		estate_list(estate, kinds_find(kinds, "configmaps"), &selection, errors, &err);

	ck_assert_msg(snapshot != NULL, "%s", err.text);
	ck_assert_str_eq(rows(snapshot), "a=1 z=9");
	snapshot_unref(snapshot);
	json_free(errors);
	end();
}
END_TEST

/* No right to list namespaces, none cluster-wide: the context's own namespace, and a note that says
 * so. */
START_TEST(rights_in_one_namespace_are_enough)
{
#define NO                                                                                         \
	"{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"Forbidden\",\"code\":403,"       \
	"\"message\":\"no\"}"
	static struct line lines[] = {
		{ "/api/v1/namespaces?", 403, NO, WHOLE, 0 },
		{ "/api/v1/configmaps?", 403, NO, WHOLE, 0 },
		{ "/api/v1/namespaces/shop/configmaps?", 200, TABLE("10", "", ROW("a", "1")), WHOLE,
			0 },
	};
	struct selection selection = { .account = "here", .namespace_ = "*" };
	struct json *errors = json_array();
	struct error err = { 0 };

	begin(lines, sizeof(lines) / sizeof(*lines));
	struct snapshot *snapshot =
		estate_list(estate, kinds_find(kinds, "configmaps"), &selection, errors, &err);

	ck_assert_msg(snapshot != NULL, "%s", err.text);
	ck_assert_str_eq(rows(snapshot), "a=1");
	ck_assert_uint_eq(json_count(errors), 1);
	ck_assert_msg(strstr(json_text(json_get(json_first(errors), "message")),
			      "only namespace shop") != NULL,
		"%s", json_text(json_get(json_first(errors), "message")));
	snapshot_unref(snapshot);
	json_free(errors);
	end();
}
END_TEST

static int times_asked(const char *part)
{
	int times = 0;

	for (int i = 0; i < atomic_load(&asked_count); i++)
		times += strstr(asked[i], part) != NULL;
	return times;
}

#define NAMES(rows_)                                                                               \
	"{\"kind\":\"Table\",\"metadata\":{\"resourceVersion\":\"9\"},\"columnDefinitions\":[{\"name\":"   \
	"\"Name\"}],\"rows\":[" rows_ "]}"
#define NAME(name) "{\"cells\":[\"" name "\"],\"object\":null}"

/* May list namespaces, and in two of three what they hold; may not watch them all at once: one watch each, one broken, one
 * whose version is gone, and the refused one left alone. */
START_TEST(each_namespace_is_watched_by_itself)
{
	static struct line lines[] = {
		{ "/api/v1/namespaces?", 200, NAMES(NAME("shop") "," NAME("pay") "," NAME("dark")),
			WHOLE, 0 },
		{ "/namespaces/dark/configmaps?", 403, NO, WHOLE, 0 },
		{ "/namespaces/dark/configmaps?", 403, NO, WHOLE, 0 },
		{ "/api/v1/configmaps?watch", 403, NO, WHOLE, 0 },
		{ "/namespaces/shop/configmaps?limit", 200, TABLE("10", "", ROW("a", "1")), WHOLE,
			0 },
		{ "/namespaces/pay/configmaps?limit", 200, TABLE("11", "", ROW("p", "1")), WHOLE, 0 },
		{ "/namespaces/shop/configmaps?watch", 200, EVENT("MODIFIED", "14", "a", "2"),
			CHUNKS_CUT, 0 },
		{ "/namespaces/shop/configmaps?watch", 200, EVENT("ADDED", "15", "b", "1"), HANG, 0 },
		{ "/namespaces/pay/configmaps?watch", 410, GONE, WHOLE, 0 },
		{ "/namespaces/pay/configmaps?limit", 200, TABLE("20", "", ROW("q", "7")), WHOLE, 0 },
		{ "/namespaces/pay/configmaps?watch", 200, MARK("21"), HANG, 0 },
	};
	struct selection selection = { .account = "here", .namespace_ = "*" };
	struct timespec step = { .tv_nsec = 20000000 };
	const char *text = "";
	int done = 0;

	begin(lines, sizeof(lines) / sizeof(*lines));
	struct feed *feed = estate_open(estate, kinds_find(kinds, "configmaps"), &selection);

	for (int turn = 0; turn < 1000 && !done; turn++) {
		struct snapshot *snapshot = feed_snapshot(feed);

		text = rows(snapshot);
		done = strstr(text, "a=2") && strstr(text, "b=1") && strstr(text, "q=7") &&
		       !strstr(text, "p=") && times_asked("/pay/configmaps?watch") == 2;
		snapshot_unref(snapshot);
		nanosleep(&step, NULL); /* the server's side moves by itself */
	}
	ck_assert_msg(done, "%d requests, the last: %s; rows %s", atomic_load(&asked_count),
		asked[atomic_load(&asked_count) - 1], text);
	ck_assert_int_eq(times_asked("/api/v1/configmaps?watch"), 1);
	ck_assert_int_eq(times_asked("/shop/configmaps?watch=1&resourceVersion=14&"), 1);
	ck_assert_int_eq(times_asked("/pay/configmaps?watch=1&resourceVersion=20&"), 1);
	ck_assert_int_eq(times_asked("/dark/configmaps?watch"), 0);
	estate_close(estate, feed);
	end();
}
END_TEST

/* Asked once a namespace; a verb's right may be one of a subresource. */
START_TEST(what_the_server_would_refuse_is_known_before)
{
	static struct line lines[] = {
		{ "selfsubjectrulesreviews", 201,
			"{\"status\":{\"incomplete\":false,\"resourceRules\":["
			"{\"verbs\":[\"get\",\"list\"],\"apiGroups\":[\"*\"],\"resources\":[\"*\"]},"
			"{\"verbs\":[\"patch\"],\"apiGroups\":[\"apps\"],\"resources\":[\"*/scale\"]}]}}",
			WHOLE, 0 },
	};
	struct ref ref = { .provider = "kubernetes", .account = "here", .namespace_ = "shop",
		.kind = "deployments", .name = "web" };

	begin(lines, 1);
	for (int turn = 0; turn < 2; turn++) {
		struct json *refused = estate_refused(estate, &ref, kinds_find(kinds, "deployments"));

		ck_assert_ptr_null(json_get(refused, "scale"));
		ck_assert_str_eq(json_text(json_get(refused, "restart")),
			"no right to patch deployments in shop");
		ck_assert_str_eq(json_text(json_get(refused, "delete")),
			"no right to delete deployments in shop");
		json_free(refused);
	}
	ck_assert_int_eq(times_asked("selfsubjectrulesreviews"), 1);
	end();
}
END_TEST

START_TEST(answers_that_are_no_tables_are_errors)
{
	static const char *const bodies[] = { "{\"kind\":\"ConfigMapList\",\"items\":[}", "[]", "{\"kind\":\"ConfigMap\"}", "",
		"{\"kind\":\"Table\",\"rows\":[{" };
	struct selection selection = { .account = "here", .namespace_ = "shop" };

	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		struct line lines[] = { { "limit=", 200, bodies[i], WHOLE, 0 } };
		struct json *errors = json_array();
		struct error err = { 0 };

		begin(lines, 1);
		struct snapshot *snapshot = estate_list(
			estate, kinds_find(kinds, "configmaps"), &selection, errors, &err);

		ck_assert_msg(!snapshot || json_count(errors), "body %zu", i);
		snapshot_unref(snapshot);
		json_free(errors);
		end();
	}
}
END_TEST

/* --- servers that give objects instead of tables --- */

static char *cell_text(struct snapshot *snapshot, size_t row, const char *column)
{
	size_t length;
	const char *cell = snapshot_cell(snapshot, row, kind_column_find(snapshot_kind(snapshot), column), &length);

	return mem_text_n(cell, length);
}

#define META(name, more) "\"metadata\":{\"name\":\"" name "\",\"namespace\":\"shop\",\"creationTimestamp\":\"2026-01-02T03:04:05Z\"" more "}"

START_TEST(objects_are_listed_and_watched_as_tables_are)
{
	static struct line lines[] = {
		{ "/api/v1/namespaces?", 200, "{\"kind\":\"NamespaceList\",\"items\":[{\"metadata\":{\"name\":\"shop\"}}]}", WHOLE, 0 },
		{ "continue=t1", 200,
			"{\"kind\":\"ConfigMapList\",\"metadata\":{\"resourceVersion\":\"10\"},\"items\":[{" META("b", "") "}]}", WHOLE, 0 },
		{ "limit=", 200,
			"{\"kind\":\"ConfigMapList\",\"metadata\":{\"resourceVersion\":\"10\",\"continue\":\"t1\"},\"items\":[{" META("a", "")
			",\"data\":{\"x\":\"1\",\"y\":\"2\"}}]}",
			WHOLE, 0 },
		{ "watch=1", 200,
			"{\"type\":\"ADDED\",\"object\":{\"kind\":\"ConfigMap\"," META("c", ",\"resourceVersion\":\"11\"")
			",\"data\":{\"x\":\"1\"}}}\n{\"type\":\"DELETED\",\"object\":{\"kind\":\"ConfigMap\"," META("b", ",\"resourceVersion\":\"12\"")
			"}}\n{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"ConfigMap\",\"metadata\":{\"resourceVersion\":\"15\"}}}\n",
			CHUNKS, 0 },
		{ "watch=1", 200, "", HANG, 0 },
	};
	struct selection selection = { .account = "here", .namespace_ = "*" };
	struct timespec step = { .tv_nsec = 20000000 };
	const char *text = "";
	int done = 0;

	begin(lines, sizeof(lines) / sizeof(*lines));
	struct feed *feed = estate_open(estate, kinds_find(kinds, "configmaps"), &selection);

	for (int turn = 0; turn < 1000 && !done; turn++) {
		struct snapshot *snapshot = feed_snapshot(feed);

		text = rows(snapshot);
		done = !strcmp(text, "a=2 c=1") && times_asked("resourceVersion=15&") == 1;
		if (done) {
			char *age = cell_text(snapshot, 0, "AGE");

			ck_assert_str_eq(age, "2026-01-02T03:04:05Z");
			free(age);
		}
		snapshot_unref(snapshot);
		nanosleep(&step, NULL); /* the server's side moves by itself */
	}
	ck_assert_msg(done, "rows %s; the last of %d: %s", text, atomic_load(&asked_count), asked[atomic_load(&asked_count) - 1]);
	estate_close(estate, feed);
	end();
}
END_TEST

/* What the server's own printer would have written. */
static const struct {
	const char *pod, *ready, *status, *restarts, *severity;
} pods[] = {
	{ "\"spec\":{\"nodeName\":\"n1\",\"containers\":[{},{}]},\"status\":{\"phase\":\"Running\",\"containerStatuses\":[{\"ready\":true,\"restartCount\":"
	  "3},{\"ready\":true,\"restartCount\":1}]}",
		"2/2", "Running", "4", "" },
	{ "\"spec\":{\"containers\":[{}]},\"status\":{\"phase\":\"Running\",\"containerStatuses\":[{\"ready\":false,\"restartCount\":8,\"state\":{\"waiting\":"
	  "{\"reason\":\"CrashLoopBackOff\"}}}]}",
		"0/1", "CrashLoopBackOff", "8", "high" },
	{ "\"spec\":{\"containers\":[{}]},\"status\":{\"phase\":\"Failed\",\"reason\":\"Evicted\"}", "0/1", "Evicted", "0", "medium" },
	{ "\"spec\":{\"containers\":[{}]}", "0/1", "", "0", "" },
};

START_TEST(pods_without_tables_have_their_columns)
{
	char body[1200];
	struct line lines[] = { { "limit=", 200, body, WHOLE, 0 } };
	struct selection selection = { .account = "here", .namespace_ = "shop" };
	struct error err = { 0 };

	snprintf(body, sizeof(body), "{\"kind\":\"PodList\",\"metadata\":{},\"items\":[{" META("web", "") ",%s}]}", pods[_i].pod);
	begin(lines, 1);
	struct snapshot *snapshot = estate_list(estate, kinds_find(kinds, "kubernetes/pods"), &selection, NULL, &err);

	ck_assert_msg(snapshot && snapshot_count(snapshot) == 1, "%s", err.text);
	char *ready = cell_text(snapshot, 0, "READY"), *status = cell_text(snapshot, 0, "STATUS"), *restarts = cell_text(snapshot, 0, "RESTARTS");
	char *severity = snapshot_role_text(snapshot, 0, ROLE_SEVERITY);

	ck_assert_str_eq(ready, pods[_i].ready);
	ck_assert_str_eq(status, pods[_i].status);
	ck_assert_str_eq(restarts, pods[_i].restarts);
	ck_assert_str_eq(severity, pods[_i].severity);
	free(ready);
	free(status);
	free(restarts);
	free(severity);
	snapshot_unref(snapshot);
	end();
}
END_TEST

/* --- metrics.k8s.io: as a metrics server writes it, with tables and without --- */

#define METRICS_COLUMNS "\"columnDefinitions\":[{\"name\":\"Name\",\"format\":\"name\"},{\"name\":\"cpu\",\"format\":\"quantity\"},{\"name\":\"memory\",\"format\":\"quantity\"},{\"name\":\"Window\",\"format\":\"duration\"}]"

static const struct {
	const char *kind, *body, *cpu, *memory;
	int status;
} usages[] = {
	{ "podmetrics",
		"{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{}," METRICS_COLUMNS ",\"rows\":[{\"cells\":[\"web\",\"123456789n\",\"65Mi\",\"15s\"],"
		"\"object\":null}]}",
		"123", "68157440", 200 },
	{ "podmetrics",
		"{\"kind\":\"PodMetricsList\",\"apiVersion\":\"metrics.k8s.io/v1beta1\",\"metadata\":{},\"items\":[{\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\"},"
		"\"timestamp\":\"2026-01-02T03:04:05Z\",\"window\":\"15s\",\"containers\":[{\"name\":\"a\",\"usage\":{\"cpu\":\"250m\",\"memory\":\"1Mi\"}},{\"name\":\"b\","
		"\"usage\":{\"cpu\":\"1\",\"memory\":\"1024Ki\"}}]}]}",
		"1250", "2097152", 200 },
	/* Unknown of one container: the pod's sum is unknown, not less. */
	{ "podmetrics",
		"{\"kind\":\"PodMetricsList\",\"items\":[{\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\"},\"containers\":[{\"usage\":{\"cpu\":\"250m\"}},{\"usage\":{}}]}]}",
		"", "", 200 },
	{ "nodemetrics",
		"{\"kind\":\"NodeMetricsList\",\"items\":[{\"metadata\":{\"name\":\"n1\"},\"window\":\"20.013s\",\"usage\":{\"cpu\":\"1500m\",\"memory\":\"2Gi\"}}]}", "1500",
		"2147483648", 200 },
	{ "nodemetrics", "404 page not found", NULL, NULL, 404 },
};

START_TEST(usage_is_a_number_or_unknown)
{
	struct line lines[] = { { "/apis/metrics.k8s.io/v1beta1/", usages[_i].status, usages[_i].body, WHOLE, 0 } };
	struct selection selection = { .account = "here", .namespace_ = "shop" };
	struct error err = { 0 };

	begin(lines, 1);
	struct snapshot *snapshot = estate_list(estate, kinds_find(kinds, usages[_i].kind), &selection, NULL, &err);

	if (!usages[_i].cpu) {
		ck_assert_ptr_null(snapshot);
		ck_assert_msg(strstr(err.text, "no metrics API") != NULL, "%s", err.text);
		end();
		return;
	}
	ck_assert_msg(snapshot && snapshot_count(snapshot) == 1, "%s", err.text);
	char *cpu = cell_text(snapshot, 0, "CPU"), *memory = cell_text(snapshot, 0, "MEMORY");

	ck_assert_str_eq(cpu, usages[_i].cpu);
	ck_assert_str_eq(memory, usages[_i].memory);
	free(cpu);
	free(memory);
	snapshot_unref(snapshot);
	end();
}
END_TEST

#define OLD_LIST(resources) "{\"kind\":\"APIResourceList\",\"resources\":[" resources "]}"

/* Neither aggregated discovery nor tables: a custom resource is found and listed all the same; a group that is down hides nothing. */
START_TEST(an_old_server_tells_its_resources)
{
	static struct line lines[] = {
		{ "GET /api HTTP", 200, "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"]}", WHOLE, 0 },
		{ "GET /apis HTTP", 200,
			"{\"kind\":\"APIGroupList\",\"groups\":[{\"name\":\"down.example\",\"versions\":[{\"groupVersion\":\"down.example/v1\",\"version\":\"v1\"}],"
			"\"preferredVersion\":{\"groupVersion\":\"down.example/v1\",\"version\":\"v1\"}},"
			"{\"name\":\"shop.example\",\"versions\":[{\"groupVersion\":\"shop.example/v1\",\"version\":\"v1\"}],"
			"\"preferredVersion\":{\"groupVersion\":\"shop.example/v1\",\"version\":\"v1\"}}]}",
			WHOLE, 0 },
		{ "GET /api/v1 HTTP", 200, OLD_LIST("{\"name\":\"pods\",\"kind\":\"Pod\",\"namespaced\":true,\"verbs\":[\"list\"]}"), WHOLE, 0 },
		{ "GET /apis/down.example/v1 HTTP", 503, "no", WHOLE, 0 },
		{ "GET /apis/shop.example/v1 HTTP", 200,
			OLD_LIST("{\"name\":\"baskets\",\"singularName\":\"basket\",\"kind\":\"Basket\",\"namespaced\":true,\"shortNames\":[\"bk\"],\"verbs\":[\"get\","
				 "\"list\",\"watch\"]},{\"name\":\"baskets/scale\",\"kind\":\"Scale\",\"verbs\":[\"patch\"]}"),
			WHOLE, 0 },
		{ "/apis/shop.example/v1/baskets?limit=1&", 200, "{\"kind\":\"BasketList\",\"metadata\":{},\"items\":[]}", WHOLE, 0 },
		{ "/namespaces/shop/baskets?limit=500", 200, "{\"kind\":\"BasketList\",\"metadata\":{},\"items\":[{" META("red", "") "}]}", WHOLE, 0 },
	};
	struct selection selection = { .account = "here", .namespace_ = "shop" };
	struct error err = { 0 };

	begin(lines, sizeof(lines) / sizeof(*lines));
	const struct kind *kind = estate_kind(estate, "bk", &err);

	ck_assert_msg(kind != NULL, "%s", err.text);
	ck_assert_str_eq(kind->name, "baskets");
	ck_assert_ptr_nonnull(kind_verb_find(kind, "scale"));
	struct snapshot *snapshot = estate_list(estate, kind, &selection, NULL, &err);

	ck_assert_msg(snapshot && snapshot_count(snapshot) == 1, "%s", err.text);
	char *name = snapshot_role_text(snapshot, 0, ROLE_NAME), *age = cell_text(snapshot, 0, "AGE");

	ck_assert_str_eq(name, "red");
	ck_assert_str_eq(age, "2026-01-02T03:04:05Z");
	free(name);
	free(age);
	snapshot_unref(snapshot);
	end();
}
END_TEST

/* --- what the configuration says of the start --- */

static struct provider *open_with(const char *settings, struct config **config, struct error *err)
{
	static const char contexts[] = "apiVersion: v1\nkind: Config\ncurrent-context: one\n"
		"clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\nusers: [{name: u, user: {}}]\n"
		"contexts: [{name: one, context: {cluster: c, user: u, namespace: shop}}, {name: two, context: {cluster: c, user: u}}]\n";
	char folder[] = "/tmp/ph-kube-start-XXXXXX";
	struct provider *provider = NULL;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	char *kubeconfig = mem_format("%s/kubeconfig", folder), *path = mem_format("%s/config.yaml", folder);
	ck_assert_int_eq(file_save(kubeconfig, contexts, strlen(contexts), 0600, NULL), 0);
	ck_assert_int_eq(file_save(path, settings, strlen(settings), 0600, NULL), 0);
	setenv("KUBECONFIG", kubeconfig, 1);
	*config = config_load(path, NULL, err);
	ck_assert_msg(*config != NULL, "%s", err->text);
	if (kubernetes_provider.open(&provider, NULL, NULL, *config, err))
		provider = NULL;
	unlink(kubeconfig);
	unlink(path);
	rmdir(folder);
	free(kubeconfig);
	free(path);
	return provider;
}

static const struct {
	const char *settings;
	size_t current;
	const char *namespaces[2];
} starts[] = {
	{ "", 0, { "shop", "" } },
	{ "kubernetes: {context: two}\n", 1, { "shop", "" } },
	{ "kubernetes: {context: two, namespace: pay}\n", 1, { "shop", "pay" } },
	{ "kubernetes: {namespace: pay}\n", 0, { "pay", "" } },
};

START_TEST(the_configuration_chooses_the_start)
{
	struct provider_account accounts[2];
	struct config *config;
	struct error err = { 0 };
	struct provider *provider = open_with(starts[_i].settings, &config, &err);

	ck_assert_msg(provider != NULL, "%s", err.text);
	ck_assert_uint_eq(kubernetes_provider.accounts(provider, accounts, 2), 2);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(accounts[i].current, i == starts[_i].current);
		ck_assert_str_eq(accounts[i].namespace_, starts[_i].namespaces[i]);
	}
	kubernetes_provider.close(provider);
	config_free(config);
}
END_TEST

START_TEST(a_start_that_is_not_there_is_refused)
{
	struct config *config;
	struct error err = { 0 };

	ck_assert_ptr_null(open_with("kubernetes: {context: three}\n", &config, &err));
	ck_assert_int_eq(err.code, ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "three"));
	config_free(config);
	ck_assert_ptr_null(open_with("kubernetes: {enabled: no}\n", &config, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "kubernetes.enabled"));
	config_free(config);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, watch_goes_on_without_a_gap);
	tcase_add_test(tc, pages_follow_and_expired_ones_begin_anew);
	tcase_add_test(tc, rights_in_one_namespace_are_enough);
	tcase_add_test(tc, each_namespace_is_watched_by_itself);
	tcase_add_test(tc, what_the_server_would_refuse_is_known_before);
	tcase_add_test(tc, answers_that_are_no_tables_are_errors);
	tcase_add_test(tc, objects_are_listed_and_watched_as_tables_are);
	tcase_add_test(tc, an_old_server_tells_its_resources);
	tcase_add_loop_test(tc, usage_is_a_number_or_unknown, 0, sizeof(usages) / sizeof(*usages));
	tcase_add_loop_test(tc, pods_without_tables_have_their_columns, 0, sizeof(pods) / sizeof(*pods));
	tcase_add_loop_test(tc, the_configuration_chooses_the_start, 0, sizeof(starts) / sizeof(*starts));
	tcase_add_test(tc, a_start_that_is_not_there_is_refused);
}

TEST_MAIN("provider/kube_stream")
