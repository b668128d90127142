#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/transfer.h"
#include "net/upgrade.h"

enum { MESSAGE_MAX = 16 << 20, SEND_TIMEOUT_MS = 30000, CLOSE_TIMEOUT_MS = 200 };

struct message {
	struct message *next;
	size_t length;
	char bytes[];
};

struct net_ws {
	CURL *easy;
	curl_socket_t fd;
	struct curl_slist *connect_to;
	struct upgrade upgrade;
	char authority[NET_AUTHORITY_MAX];
	char problem[CURL_ERROR_SIZE];
	const atomic_int *cancelled;
	wslay_event_context_ptr frames;
	size_t rest_at;                /* of upgrade.rest, read first */
	struct message *first, **last; /* received and not yet taken */
	struct message *shown;         /* what the caller was given */
	int gone;                      /* the connection itself ended */
};

/* --- wslay's view of the connection --- */

static ssize_t on_receive(
	wslay_event_context_ptr frames, uint8_t *bytes, size_t length, int flags, void *arg)
{
	struct net_ws *ws = arg;
	size_t got = 0, left = ws->upgrade.rest_length - ws->rest_at;

	(void)flags;
	/* One piece's messages at a time, so that a peer who floods us fills no memory. */
	if (ws->first) {
		wslay_event_set_error(frames, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	if (left) {
		got = left < length ? left : length;
		memcpy(bytes, ws->upgrade.rest + ws->rest_at, got);
		ws->rest_at += got;
		return (ssize_t)got;
	}
	CURLcode code = curl_easy_recv(ws->easy, bytes, length, &got);

	if (code == CURLE_OK && got)
		return (ssize_t)got;
	if (code != CURLE_AGAIN)
		ws->gone = 1;
	wslay_event_set_error(
		frames, code == CURLE_AGAIN ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static ssize_t on_send(
	wslay_event_context_ptr frames, const uint8_t *bytes, size_t length, int flags, void *arg)
{
	struct net_ws *ws = arg;
	size_t sent = 0;
	CURLcode code = curl_easy_send(ws->easy, bytes, length, &sent);

	(void)flags;
	if (code == CURLE_OK)
		return (ssize_t)sent;
	if (code != CURLE_AGAIN)
		ws->gone = 1;
	wslay_event_set_error(
		frames, code == CURLE_AGAIN ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

/* RFC 6455 5.3: unpredictable */
static int on_mask(wslay_event_context_ptr frames, uint8_t *bytes, size_t length, void *arg)
{
	(void)frames;
	(void)arg;
	return RAND_bytes(bytes, (int)length) == 1 ? 0 : -1;
}

static void on_message(wslay_event_context_ptr frames,
	const struct wslay_event_on_msg_recv_arg *message, void *arg)
{
	struct net_ws *ws = arg;

	(void)frames;
	if (wslay_is_ctrl_frame(message->opcode))
		return; /* wslay answers pings and closes itself */
	struct message *copy = mem_alloc(sizeof(*copy) + message->msg_length + 1);

	copy->next = NULL;
	copy->length = message->msg_length;
	if (message->msg_length) /* an empty message has no bytes to point at */
		memcpy(copy->bytes, message->msg, message->msg_length);
	copy->bytes[copy->length] = 0;
	*ws->last = copy;
	ws->last = &copy->next;
}

/* --- opening --- */

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const atomic_int *cancelled = arg;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return cancelled && atomic_load(cancelled);
}

/* wss://host is https://host to libcurl, which only connects. NULL: neither. */
static char *http_url(const char *url)
{
	if (!strncmp(url, "ws://", 5))
		return mem_format("http://%s", url + 5);
	if (!strncmp(url, "wss://", 6))
		return mem_format("https://%s", url + 6);
	return mem_text(url);
}

static int connect_ws(struct net_ws *ws, const struct net_request *request, struct error *err)
{
	ws->easy = curl_easy_init();
	if (!ws->easy)
		return error_set(err, ERR_LIMIT, "a connection cannot be set up: no memory, or no %s", CURL_SONAME);
	curl_easy_setopt(ws->easy, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(ws->easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
	curl_easy_setopt(ws->easy, CURLOPT_ERRORBUFFER, ws->problem);
	curl_easy_setopt(ws->easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(ws->easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(ws->easy, CURLOPT_XFERINFODATA, request->cancelled);
	if (transfer_connection(ws->easy, request, &ws->connect_to, err))
		return -1;
	CURLcode code = curl_easy_perform(ws->easy);

	if (code == CURLE_ABORTED_BY_CALLBACK)
		return error_set(err, ERR_CANCELLED, "%.100s: cancelled", ws->authority);
	if (code)
		return outcome_error(code, ws->easy, ws->problem, ws->authority, err);
	curl_easy_getinfo(ws->easy, CURLINFO_ACTIVESOCKET, &ws->fd);
	return 0;
}

static int upgrade_ws(struct net_ws *ws, const struct net_request *request, const char *protocols,
	struct error *err)
{
	int timeout_ms =
		request->connect_timeout_ms ? request->connect_timeout_ms : NET_CONNECT_DEFAULT_MS;

	ws->upgrade = (struct upgrade){ .easy = ws->easy,
		.fd = ws->fd,
		.authority = ws->authority,
		.cancelled = request->cancelled };
	ws->upgrade.deadline_ns = clock_monotonic_ns() + timeout_ms * (CLOCK_SECOND_NS / 1000);
	return upgrade_run(&ws->upgrade, request, protocols, err);
}

static int begin_frames(struct net_ws *ws, struct error *err)
{
	struct wslay_event_callbacks callbacks = {
		.recv_callback = on_receive,
		.send_callback = on_send,
		.genmask_callback = on_mask,
		.on_msg_recv_callback = on_message,
	};

	if (wslay_event_context_client_init(&ws->frames, &callbacks, ws))
		return error_set(err, ERR_LIMIT, "out of memory for a WebSocket");
	wslay_event_config_set_max_recv_msg_length(ws->frames, MESSAGE_MAX);
	return 0;
}

/* What a WebSocket carries cannot be seen from here, so it counts as a write unless it is said to
 * be harmless. */
static int check(
	struct net *net, struct net_ws *ws, const struct net_request *request, struct error *err)
{
	struct transfer transfer = { .request = *request };

	if (net_is_read_only(net) && !request->harmless)
		return error_set(err, ERR_DENIED, "read-only mode: no WebSocket was opened");
	if (transfer_check(&transfer, 0, err))
		return -1;
	memcpy(ws->authority, transfer.authority, sizeof(ws->authority));
	return 0;
}

struct net_ws *net_ws_open(struct net *net, const struct net_request *request,
	const char *protocols, struct net_response *refusal, struct error *err)
{
	struct net_ws *ws = mem_zero(1, sizeof(*ws));
	struct net_request http = *request;
	char *url = request->url ? http_url(request->url) : NULL;

	http.url = url;
	http.method = NULL;
	ws->cancelled = request->cancelled;
	ws->last = &ws->first;
	int failed = check(net, ws, &http, err) || connect_ws(ws, &http, err) ||
		     upgrade_ws(ws, &http, protocols, err) || begin_frames(ws, err);

	free(url);
	if (!failed)
		return ws;
	if (refusal) {
		*refusal = (struct net_response){ .status = ws->upgrade.status,
			.body = ws->upgrade.rest,
			.body_length = ws->upgrade.rest_length,
			.retry_after_ms = -1 };
		ws->upgrade.rest = NULL;
	}
	net_ws_close(ws);
	return NULL;
}

const char *net_ws_protocol(const struct net_ws *ws)
{
	return ws->upgrade.protocol;
}

int net_ws_fd(const struct net_ws *ws)
{
	return ws->fd;
}

/* --- messages --- */

static int gone(const struct net_ws *ws, struct error *err)
{
	return error_set(err, ERR_UNREACHABLE, "%.100s: the WebSocket broke", ws->authority);
}

/* Sends what is queued, waiting for room. */
static int flush(struct net_ws *ws, int64_t deadline_ns, struct error *err)
{
	while (wslay_event_want_write(ws->frames)) {
		if (wslay_event_send(ws->frames) || ws->gone)
			return gone(ws, err);
		if (!wslay_event_want_write(ws->frames))
			break;
		int ready = upgrade_wait(ws->fd, 1, deadline_ns, ws->cancelled);

		if (ready < 0)
			return error_set(err, ERR_CANCELLED, "%.100s: cancelled", ws->authority);
		if (!ready)
			return error_set(err, ERR_TIMEOUT, "%.100s: the WebSocket takes nothing",
				ws->authority);
	}
	return 0;
}

static int64_t deadline_in(int timeout_ms)
{
	if (timeout_ms < 0)
		return INT64_MAX / 2; /* never */
	return clock_monotonic_ns() + timeout_ms * (CLOCK_SECOND_NS / 1000);
}

int net_ws_send(struct net_ws *ws, int binary, const void *bytes, size_t length, struct error *err)
{
	struct wslay_event_msg message = { .opcode = binary ? WSLAY_BINARY_FRAME : WSLAY_TEXT_FRAME,
		.msg = bytes,
		.msg_length = length };

	if (wslay_event_queue_msg(ws->frames, &message))
		return error_set(
			err, ERR_UNREACHABLE, "%.100s: the WebSocket is closed", ws->authority);
	return flush(ws, deadline_in(SEND_TIMEOUT_MS), err);
}

static int take_message(struct net_ws *ws, const char **bytes, size_t *length)
{
	struct message *message = ws->first;

	if (!message)
		return 0;
	ws->first = message->next;
	if (!ws->first)
		ws->last = &ws->first;
	free(ws->shown);
	ws->shown = message;
	*bytes = message->bytes;
	*length = message->length;
	return 1;
}

static int over_limit(const struct net_ws *ws)
{
	return !wslay_event_get_read_enabled(ws->frames) &&
	       !wslay_event_get_close_received(ws->frames);
}

/* Reads what is there and answers pings. 0, or -1 when nothing more can come. */
static int pump(struct net_ws *ws, int64_t deadline_ns, int *closed, struct error *err)
{
	int broken = wslay_event_recv(ws->frames) || ws->gone;

	if (ws->first)
		return 0;
	if (!broken && over_limit(ws)) {
		flush(ws, deadline_ns, NULL); /* the close frame that says why */
		return error_set(err, ERR_LIMIT,
			"%.100s: a WebSocket message is not as it must be, or larger than %d bytes",
			ws->authority, MESSAGE_MAX);
	}
	if (wslay_event_get_close_received(ws->frames)) {
		*closed = 1;
		flush(ws, deadline_in(CLOSE_TIMEOUT_MS), NULL);
		return 0;
	}
	return broken ? gone(ws, err) : flush(ws, deadline_in(SEND_TIMEOUT_MS), err);
}

int net_ws_receive(struct net_ws *ws, int timeout_ms, const char **bytes, size_t *length,
	int *closed, struct error *err)
{
	int64_t deadline_ns = deadline_in(timeout_ms);

	*bytes = NULL;
	*length = 0;
	*closed = 0;
	for (;;) {
		if (take_message(ws, bytes, length))
			return 1;
		if (pump(ws, deadline_ns, closed, err))
			return -1;
		if (*closed)
			return 0;
		if (ws->first)
			continue;
		int ready = upgrade_wait(ws->fd, 0, deadline_ns, ws->cancelled);

		if (ready < 0)
			return error_set(err, ERR_CANCELLED, "%.100s: cancelled", ws->authority);
		if (!ready)
			return 0;
	}
}

void net_ws_close(struct net_ws *ws)
{
	if (!ws)
		return;
	if (ws->frames && !ws->gone &&
		!wslay_event_queue_close(ws->frames, WSLAY_CODE_NORMAL_CLOSURE, NULL, 0))
		flush(ws, deadline_in(CLOSE_TIMEOUT_MS), NULL);
	if (ws->frames)
		wslay_event_context_free(ws->frames);
	curl_easy_cleanup(ws->easy);
	curl_slist_free_all(ws->connect_to);
	for (struct message *message = ws->first, *next; message; message = next) {
		next = message->next;
		free(message);
	}
	free(ws->shown);
	free(ws->upgrade.rest);
	free(ws);
}
