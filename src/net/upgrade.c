#include "net/upgrade.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/secret.h"
#include "net/transfer.h"

enum { KEY_BYTES = 16, SHA1_BYTES = 20, REQUEST_MAX = 256 << 10, LOOK_MS = 100, PIECE = 4096 };

/* RFC 6455 1.3 */
static const char accept_guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

int upgrade_wait(curl_socket_t fd, int writable, int64_t deadline_ns, const atomic_int *cancelled)
{
	struct pollfd watched = { .fd = fd, .events = writable ? POLLOUT : POLLIN };

	for (;;) {
		int64_t left_ms = (deadline_ns - clock_monotonic_ns()) / (CLOCK_SECOND_NS / 1000);

		if (cancelled && atomic_load(cancelled))
			return -1;
		if (left_ms < 0)
			left_ms = 0;
		int64_t most = cancelled ? LOOK_MS : 60000;
		int ready = poll(&watched, 1, (int)(left_ms < most ? left_ms : most));

		if (ready > 0 || (ready < 0 && errno != EINTR))
			return 1; /* an error shows at the next read or write */
		if (!left_ms)
			return 0;
	}
}

static int wait_or_fail(struct upgrade *upgrade, int writable, struct error *err)
{
	int ready = upgrade_wait(upgrade->fd, writable, upgrade->deadline_ns, upgrade->cancelled);

	if (ready > 0)
		return 0;
	if (ready < 0)
		return error_set(err, ERR_CANCELLED, "%.100s: cancelled", upgrade->authority);
	return error_set(err, ERR_TIMEOUT, "%.100s: no answer to the WebSocket handshake in time",
		upgrade->authority);
}

static int send_all(struct upgrade *upgrade, const char *bytes, size_t length, struct error *err)
{
	while (length) {
		size_t sent = 0;
		CURLcode code = curl_easy_send(upgrade->easy, bytes, length, &sent);

		if (code == CURLE_AGAIN) {
			if (wait_or_fail(upgrade, 1, err))
				return -1;
		} else if (code) {
			return outcome_error(code, upgrade->easy, "", upgrade->authority, err);
		}
		bytes += sent;
		length -= sent;
	}
	return 0;
}

/* --- the request --- */

static void url_parts(const char *url, char **host, char **target)
{
	CURLU *parsed = curl_url();
	char *name = NULL, *port = NULL, *path = NULL, *query = NULL;

	curl_url_set(parsed, CURLUPART_URL, url, 0);
	curl_url_get(parsed, CURLUPART_HOST, &name, 0);
	curl_url_get(parsed, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
	curl_url_get(parsed, CURLUPART_PATH, &path, 0);
	curl_url_get(parsed, CURLUPART_QUERY, &query, 0);
	*host = mem_format("%s:%s", name ? name : "", port ? port : "");
	*target = mem_format("%s%s%s", path ? path : "/", query ? "?" : "", query ? query : "");
	curl_free(name);
	curl_free(port);
	curl_free(path);
	curl_free(query);
	curl_url_cleanup(parsed);
}

static void write_headers(struct text *out, const struct net_request *request)
{
	for (size_t i = 0; i < request->header_count; i++) {
		const struct net_header *header = &request->headers[i];

		text_format(out, "%s: %s", header->name, header->value ? header->value : "");
		text_add(out, header->secret ? secret_reveal(header->secret) : "");
		text_add(out, "\r\n");
	}
}

static int send_request(struct upgrade *upgrade, const struct net_request *request,
	const char *protocols, const char *key, struct error *err)
{
	struct text out;
	char *host, *target;

	text_init(&out, REQUEST_MAX);
	url_parts(request->url, &host, &target);
	text_format(&out, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: pilothouse/%s\r\n", target,
		host, PACKAGE_VERSION);
	text_format(&out,
		"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "
		"13\r\nSec-WebSocket-Key: %s\r\n",
		key);
	if (protocols && *protocols)
		text_format(&out, "Sec-WebSocket-Protocol: %s\r\n", protocols);
	write_headers(&out, request);
	text_add(&out, "\r\n");
	int failed = out.cut ? error_set(err, ERR_LIMIT, "the request's headers are too long")
			     : send_all(upgrade, out.data, out.length, err);

	secret_wipe(out.data, out.length);
	text_release(&out);
	free(host);
	free(target);
	return failed;
}

/* --- the reply --- */

/* Headers up to the empty line into *reply; what follows them into upgrade->rest. */
static int read_reply(struct upgrade *upgrade, struct text *reply, struct error *err)
{
	char piece[PIECE];

	for (;;) {
		size_t got = 0;
		CURLcode code = curl_easy_recv(upgrade->easy, piece, sizeof(piece), &got);

		if (code == CURLE_AGAIN) {
			if (wait_or_fail(upgrade, 0, err))
				return -1;
			continue;
		}
		if (code || !got)
			return outcome_error(code ? code : CURLE_GOT_NOTHING, upgrade->easy, "",
				upgrade->authority, err);
		if (text_add_n(reply, piece, got))
			return error_set(err, ERR_LIMIT,
				"%.100s: the answer's headers are too long", upgrade->authority);
		const char *end = memmem(reply->data, reply->length, "\r\n\r\n", 4);

		if (!end)
			continue;
		upgrade->rest_length = reply->length - (size_t)(end + 4 - reply->data);
		upgrade->rest = mem_text_n(end + 4, upgrade->rest_length);
		return 0;
	}
}

static int header_value(const char *reply, const char *name, char *out, size_t size)
{
	size_t length = strlen(name);

	for (const char *line = strstr(reply, "\r\n"); line && line[2] != '\r';
		line = strstr(line + 2, "\r\n")) {
		const char *value = line + 2 + length;

		if (strncasecmp(line + 2, name, length) || *value != ':')
			continue;
		value += 1 + strspn(value + 1, " \t");
		size_t n = strcspn(value, "\r\n");

		while (n && (value[n - 1] == ' ' || value[n - 1] == '\t'))
			n--;
		if (n >= size)
			return 0;
		memcpy(out, value, n);
		out[n] = 0;
		return 1;
	}
	return 0;
}

/* Why the server refuses stands in the body, where it says how long that is; chunks are left alone. */
static void read_refusal(struct upgrade *upgrade, const char *reply)
{
	char value[24], piece[PIECE];
	struct text body;

	text_init(&body, UPGRADE_REPLY_MAX);
	text_add_n(&body, upgrade->rest, upgrade->rest_length);
	size_t wanted = header_value(reply, "Content-Length", value, sizeof(value))
				? strtoul(value, NULL, 10)
				: 0;

	while (body.length < wanted && !body.cut) {
		size_t got = 0;
		CURLcode code = curl_easy_recv(upgrade->easy, piece, sizeof(piece), &got);

		if (code == CURLE_AGAIN ? wait_or_fail(upgrade, 0, NULL) : code || !got)
			break;
		text_add_n(&body, piece, got);
	}
	free(upgrade->rest);
	upgrade->rest_length = body.length;
	upgrade->rest = text_take(&body);
}

static char *expected_accept(const char *key)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char *joined = mem_format("%s%s", key, accept_guid);

	EVP_Digest(joined, strlen(joined), digest, NULL, EVP_sha1(), NULL);
	free(joined);
	return base64_format(digest, SHA1_BYTES);
}

/* A comma list holds the item. */
static int offered(const char *list, const char *item)
{
	size_t length = strlen(item);

	while (list && *list) {
		list += strspn(list, ", ");
		size_t n = strcspn(list, ", ");

		if (n == length && n && !memcmp(list, item, n))
			return 1;
		list += n;
	}
	return 0;
}

/* RFC 6455 4.1, what the client must check. */
static int check_reply(struct upgrade *upgrade, const char *reply, const char *key,
	const char *protocols, struct error *err)
{
	char value[UPGRADE_PROTOCOL_MAX];
	const char *space = strchr(reply, ' ');

	upgrade->status = !strncmp(reply, "HTTP/1.", 7) && space ? atoi(space + 1) : 0;
	if (upgrade->status != 101)
		return error_set(err, upgrade->status ? ERR_UNREACHABLE : ERR_FORMAT,
			"%.100s: no WebSocket here, the answer was HTTP %d", upgrade->authority,
			upgrade->status);
	if (!header_value(reply, "Upgrade", value, sizeof(value)) || strcasecmp(value, "websocket"))
		return error_set(err, ERR_FORMAT,
			"%.100s: the answer does not upgrade to WebSocket", upgrade->authority);
	char *accept = expected_accept(key);
	int proven = header_value(reply, "Sec-WebSocket-Accept", value, sizeof(value)) &&
		     !strcmp(value, accept);

	free(accept);
	if (!proven)
		return error_set(err, ERR_FORMAT, "%.100s: the answer is not for our WebSocket key",
			upgrade->authority);
	if (!header_value(
		    reply, "Sec-WebSocket-Protocol", upgrade->protocol, sizeof(upgrade->protocol)))
		return 0;
	if (!offered(protocols, upgrade->protocol))
		return error_set(err, ERR_FORMAT,
			"%.100s: the answer chose a protocol we did not offer", upgrade->authority);
	return 0;
}

int upgrade_run(struct upgrade *upgrade, const struct net_request *request, const char *protocols,
	struct error *err)
{
	unsigned char random[KEY_BYTES];
	struct text reply;

	RAND_bytes(random, sizeof(random));
	char *key = base64_format(random, sizeof(random));

	text_init(&reply, UPGRADE_REPLY_MAX);
	int failed = send_request(upgrade, request, protocols, key, err) ||
		     read_reply(upgrade, &reply, err) ||
		     check_reply(upgrade, reply.data, key, protocols, err);

	if (failed && upgrade->status >= 400)
		read_refusal(upgrade, reply.data);
	text_release(&reply);
	free(key);
	return failed ? -1 : 0;
}
