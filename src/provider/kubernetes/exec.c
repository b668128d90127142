#include "provider/kubernetes/exec.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/secret.h"
#include "base/text.h"
#include "net/net.h"
#include "net/url.h"
#include "provider/kubernetes/cluster.h"

enum {
	PATH_MAX_BYTES = 64 << 10,
	PIECE_MAX_BYTES = 32 << 10, /* of one message to stdin */
	LOOK_MS = 200,              /* between looks at `cancelled` */
	CLOSE_INPUT = 255,          /* first byte of v5's "close a stream" */
};
#define PROTOCOL_5 "v5.channel.k8s.io"
#define PROTOCOL_4 "v4.channel.k8s.io"

struct kubernetes_exec {
	struct net_ws *ws;
	struct cluster_request *request; /* its texts live as long as the connection */
	struct cluster *cluster;
	int closes_input;
	int ended;
	int status;
	struct error error;
};

static void exec_path(struct text *path, const char *namespace_, const char *pod,
	const char *container, const char *const *argv, int tty, int input)
{
	text_add(path, "/api/v1/namespaces/");
	url_encode(path, namespace_);
	text_add(path, "/pods/");
	url_encode(path, pod);
	text_add(path, "/exec");
	if (container && *container)
		url_query(path, "container", container);
	url_query(path, "stdin", input ? "true" : "false");
	url_query(path, "stdout", "true");
	url_query(path, "stderr", tty ? "false" : "true");
	url_query(path, "tty", tty ? "true" : "false");
	for (size_t i = 0; argv[i]; i++)
		url_query(path, "command", argv[i]);
}

/* One try; *refusal is the server's answer where it was another one. */
static int try_open(struct kubernetes_exec *exec, const char *path, struct net_response *refusal,
	struct error *err)
{
	struct net_request request = { .timeout_ms = -1, .stall_timeout_ms = -1 };

	net_response_release(refusal);
	*refusal = (struct net_response){ 0 };
	exec->request = cluster_request_new(exec->cluster, &request, path, err);
	if (!exec->request)
		return -1;
	exec->ws = net_ws_open(cluster_net(exec->cluster), cluster_request_net(exec->request),
		PROTOCOL_5 "," PROTOCOL_4, refusal, err);
	return exec->ws ? 0 : -1;
}

static int refused(
	struct kubernetes_exec *exec, const struct net_response *refusal, struct error *err)
{
	if (refusal->status >= 400)
		return cluster_error(exec->cluster, refusal, err);
	return exec->request ? cluster_explain(exec->cluster, err)
			     : -1; /* no login: said already */
}

static int connect_to(struct kubernetes_exec *exec, const char *path, struct error *err)
{
	struct net_response refusal = { 0 };
	int failed = try_open(exec, path, &refusal, err);

	if (failed && refusal.status == 401 &&
		cluster_request_refused(exec->cluster, exec->request)) {
		cluster_request_free(exec->request);
		failed = try_open(exec, path, &refusal, err);
	}
	if (failed)
		refused(exec, &refusal, err);
	net_response_release(&refusal);
	return failed;
}

static int choose_protocol(struct kubernetes_exec *exec, struct error *err)
{
	const char *protocol = net_ws_protocol(exec->ws);

	exec->closes_input = protocol && !strcmp(protocol, PROTOCOL_5);
	if (exec->closes_input || (protocol && !strcmp(protocol, PROTOCOL_4)))
		return 0;
	return error_set(err, ERR_FORMAT, "%.60s: the server speaks no exec protocol we know",
		cluster_name(exec->cluster));
}

static struct kubernetes_exec *open_with(struct cluster *cluster, const char *namespace_,
	const char *pod, const char *container, const char *const *argv, int tty, int input,
	struct error *err)
{
	struct kubernetes_exec *exec;
	struct text path;
	int result;

	if (!argv || !argv[0]) {
		error_set(err, ERR_INVALID, "no command to run in pod %.100s", pod);
		return NULL;
	}
	exec = mem_zero(1, sizeof(*exec));
	exec->cluster = cluster;
	exec->status = -1;
	text_init(&path, PATH_MAX_BYTES);
	exec_path(&path, namespace_, pod, container, argv, tty, input);
	result = path.cut ? error_set(err, ERR_LIMIT, "the command is too long")
			  : connect_to(exec, path.data, err);
	text_release(&path);
	if (result < 0 || choose_protocol(exec, err) < 0) {
		kubernetes_exec_close(exec);
		return NULL;
	}
	return exec;
}

struct kubernetes_exec *kubernetes_exec_open(struct cluster *cluster, const char *namespace_,
	const char *pod, const char *container, const char *const *argv, int tty, struct error *err)
{
	return open_with(cluster, namespace_, pod, container, argv, tty, 1, err);
}

void kubernetes_exec_close(struct kubernetes_exec *exec)
{
	if (!exec)
		return;
	if (exec->ws)
		net_ws_close(exec->ws);
	cluster_request_free(exec->request);
	free(exec);
}

static int send_on(struct kubernetes_exec *exec, enum kubernetes_channel channel, const char *bytes,
	size_t length, struct error *err)
{
	char *message = mem_alloc(length + 1);
	int result;

	message[0] = (char)channel;
	memcpy(message + 1, bytes, length);
	result = net_ws_send(exec->ws, 1, message, length + 1, err);
	secret_wipe(message, length + 1); /* a password may be typed */
	free(message);
	return result;
}

int kubernetes_exec_send(
	struct kubernetes_exec *exec, const void *bytes, size_t length, struct error *err)
{
	const char *next = bytes;

	while (length > 0) {
		size_t piece = length < PIECE_MAX_BYTES ? length : PIECE_MAX_BYTES;

		if (send_on(exec, KUBERNETES_STDIN, next, piece, err) < 0)
			return -1;
		next += piece;
		length -= piece;
	}
	return 0;
}

int kubernetes_exec_close_input(struct kubernetes_exec *exec, struct error *err)
{
	const unsigned char message[2] = { CLOSE_INPUT, KUBERNETES_STDIN };

	if (!exec->closes_input)
		return error_set(err, ERR_INVALID,
			"%.60s: a server before 1.30 cannot be told that the input ends",
			cluster_name(exec->cluster));
	return net_ws_send(exec->ws, 1, message, sizeof(message), err);
}

int kubernetes_exec_fd(const struct kubernetes_exec *exec)
{
	return net_ws_fd(exec->ws);
}

int kubernetes_exec_resize(struct kubernetes_exec *exec, int columns, int rows, struct error *err)
{
	struct text message;
	int result;

	text_init(&message, 64);
	text_format(&message, "{\"Width\":%d,\"Height\":%d}", columns, rows);
	result = send_on(exec, KUBERNETES_RESIZE, message.data, message.length, err);
	text_release(&message);
	return result;
}

/* details.causes[]: {"reason":"ExitCode","message":"3"} */
static int exit_code(const struct json *status)
{
	const struct json *causes = json_at(status, "details.causes");

	for (const struct json *cause = json_first(causes); cause; cause = json_next(cause)) {
		const char *message = json_text_or(json_get(cause, "message"), "");
		char *end;
		long code = strtol(message, &end, 10);

		if (!strcmp(json_text_or(json_get(cause, "reason"), ""), "ExitCode") && *message &&
			!*end && code >= 0 && code <= 255)
			return (int)code;
	}
	return -1;
}

int kubernetes_exec_parse_status(const char *bytes, size_t length, struct error *err)
{
	struct json *status = json_parse(bytes, length, NULL);
	const char *message = json_text(json_get(status, "message"));
	int code = -1;
	char shown[180];

	if (!strcmp(json_text_or(json_get(status, "status"), ""), "Success"))
		code = 0;
	else if (!strcmp(json_text_or(json_get(status, "reason"), ""), "NonZeroExitCode"))
		code = exit_code(status);
	if (code < 0) {
		if (message)
			safe_copy(shown, sizeof(shown), message, strlen(message));
		else
			safe_copy(shown, sizeof(shown), bytes, length);
		error_set(err, status ? ERR_IO : ERR_FORMAT, "the command did not end well: %s",
			shown);
	}
	json_free(status);
	return code;
}

static enum kubernetes_exec_event end_with(struct kubernetes_exec *exec)
{
	exec->ended = 1;
	if (exec->status < 0 && exec->error.code == ERR_NONE)
		error_set(&exec->error, ERR_UNREACHABLE,
			"%.60s: the connection ended before the command did: its outcome is "
			"unknown",
			cluster_name(exec->cluster));
	return KUBERNETES_EXEC_ENDED;
}

/* A message whose channel carries nothing for the caller gives WAIT. */
static enum kubernetes_exec_event take_message(struct kubernetes_exec *exec,
	enum kubernetes_channel *channel, const char **bytes, size_t *length)
{
	unsigned char first = *length ? (unsigned char)(*bytes)[0] : CLOSE_INPUT;

	if (first == KUBERNETES_ERROR) {
		exec->status = kubernetes_exec_parse_status(*bytes + 1, *length - 1, &exec->error);
		return end_with(exec);
	}
	if ((first != KUBERNETES_STDOUT && first != KUBERNETES_STDERR) || *length == 1)
		return KUBERNETES_EXEC_WAIT;
	*channel = first == KUBERNETES_STDOUT ? KUBERNETES_STDOUT : KUBERNETES_STDERR;
	*bytes += 1;
	*length -= 1;
	return KUBERNETES_EXEC_DATA;
}

enum kubernetes_exec_event kubernetes_exec_receive(struct kubernetes_exec *exec, int timeout_ms,
	enum kubernetes_channel *channel, const char **bytes, size_t *length, struct error *err)
{
	int64_t until = clock_monotonic_ns() + (int64_t)timeout_ms * (CLOCK_SECOND_NS / 1000);

	while (!exec->ended) {
		enum kubernetes_exec_event event;
		int closed = 0;
		int64_t left = (until - clock_monotonic_ns()) / (CLOCK_SECOND_NS / 1000);
		int got = net_ws_receive(
			exec->ws, left > 0 ? (int)left : 0, bytes, length, &closed, err);

		if (got < 0)
			return KUBERNETES_EXEC_FAILED;
		if (got == 0)
			return closed ? end_with(exec) : KUBERNETES_EXEC_WAIT;
		event = take_message(exec, channel, bytes, length);
		if (event != KUBERNETES_EXEC_WAIT)
			return event;
		/* servers open each channel with an empty message */
	}
	return KUBERNETES_EXEC_ENDED;
}

int kubernetes_exec_status(const struct kubernetes_exec *exec, struct error *err)
{
	if (exec->status < 0 && err)
		*err = exec->error;
	return exec->status;
}

static int collect(struct kubernetes_exec *exec, int64_t until, const atomic_int *cancelled,
	struct text *raw, struct error *err)
{
	for (;;) {
		enum kubernetes_channel channel;
		const char *bytes;
		size_t length;

		switch (kubernetes_exec_receive(exec, LOOK_MS, &channel, &bytes, &length, err)) {
		case KUBERNETES_EXEC_FAILED:
			return -1;
		case KUBERNETES_EXEC_ENDED:
			return 0;
		case KUBERNETES_EXEC_DATA:
			text_add_n(raw, bytes, length);
			break;
		case KUBERNETES_EXEC_WAIT:
			break;
		}
		if (cancelled && atomic_load(cancelled))
			return error_set(err, ERR_CANCELLED,
				"cancelled; the command may go on in the container");
		if (clock_monotonic_ns() >= until)
			return error_set(err, ERR_TIMEOUT,
				"no end in time; the command may go on in the container");
	}
}

static void add_output(struct text *output, const struct text *raw)
{
	struct text plain;

	text_init(&plain, raw->length * 4 + 256);
	secret_redact(&plain, raw->data, raw->length);
	safe_add_lines(output, plain.data, plain.length);
	if (raw->cut)
		output->cut = 1;
	text_release(&plain);
}

int kubernetes_exec_run(struct cluster *cluster, const char *namespace_, const char *pod,
	const char *container, const char *const *argv, int timeout_ms, const atomic_int *cancelled,
	struct text *output, int *status, struct error *err)
{
	int64_t until = clock_monotonic_ns() + (int64_t)timeout_ms * (CLOCK_SECOND_NS / 1000);
	struct kubernetes_exec *exec =
		open_with(cluster, namespace_, pod, container, argv, 0, 0, err);
	struct text raw;
	int result;

	*status = -1;
	if (!exec)
		return -1;
	text_init(&raw, output->max);
	result = collect(exec, until, cancelled, &raw, err);
	if (result == 0) {
		*status = kubernetes_exec_status(exec, err);
		result = *status < 0 ? -1 : 0;
	}
	add_output(output, &raw);
	text_release(&raw);
	kubernetes_exec_close(exec);
	return result;
}
