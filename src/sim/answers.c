#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <zlib.h>

#include "base/mem.h"
#include "sim/peer.h"
#include "sim/server.h"

enum { SLOW_MS = 1000, FOREVER_MS = 3600000, PIECE = 64 << 10 };

/* --- well-formed answers --- */

static int reply(
	struct peer *peer, int status, const char *headers, const char *body, size_t length)
{
	int bare = !strcmp(peer->method, "HEAD");

	if (peer_print(peer, "HTTP/1.1 %d Said\r\nContent-Length: %zu\r\n%s\r\n", status, length,
		    headers))
		return 0;
	return bare || !peer_write(peer, body, length);
}

static int fine(struct peer *peer)
{
	return reply(peer, 200, "Content-Type: text/plain\r\n", "fine", 4);
}

/* First its own words, then the request as it came. */
static int echo(struct peer *peer)
{
	struct text text;

	text_init(&text, 128 << 20);
	text_format(&text, "connection %zu\nclient %s\n", peer->number, peer->name);
	text_add_n(&text, peer->head.data, peer->head.length);
	text_add_n(&text, peer->body.data, peer->body.length);
	int again = reply(peer, 200, "Content-Type: text/plain\r\nX-Twice: one\r\nX-Twice: two\r\n",
		text.data, text.length);

	text_release(&text);
	return again;
}

static int last_number(const struct peer *peer)
{
	return atoi(strrchr(peer->path, '/') + 1);
}

static int status(struct peer *peer)
{
	char wait[64], headers[100] = "";

	if (peer_option_text(peer, "retry-after", wait, sizeof(wait)))
		snprintf(headers, sizeof(headers), "Retry-After: %s\r\n", wait);
	return reply(peer, last_number(peer), headers, "no", 2);
}

static int flaky(struct peer *peer)
{
	return server_times(peer->server, peer->path) > (size_t)peer_option(peer, "times", 1)
		       ? fine(peer)
		       : status(peer);
}

static int redirect(struct peer *peer)
{
	char to[512] = "/redirect", headers[600];

	peer_option_text(peer, "to", to, sizeof(to));
	snprintf(headers, sizeof(headers), "Location: %s\r\n", to);
	return reply(peer, 302, headers, "", 0);
}

static int large(struct peer *peer)
{
	long left = peer_option(peer, "bytes", 200L << 20);
	char *piece = mem_alloc(PIECE);
	int failed = peer_print(peer, "HTTP/1.1 200 OK\r\nContent-Length: %ld\r\n\r\n", left);

	memset(piece, 'x', PIECE);
	for (; left > 0 && !failed; left -= PIECE)
		failed = peer_write(peer, piece, left < PIECE ? (size_t)left : PIECE);
	free(piece);
	return !failed;
}

static int headers_of(struct peer *peer)
{
	long left = peer_option(peer, "bytes", 1 << 20);
	int failed = peer_print(peer, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n");

	for (; left > 0 && !failed; left -= 100)
		failed = peer_print(peer, "X-Filler: %088d\r\n", 0);
	return !failed && !peer_print(peer, "\r\nfine");
}

static int deep(struct peer *peer)
{
	size_t levels = (size_t)peer_option(peer, "levels", 100000);
	char *body = mem_alloc(levels * 2);

	memset(body, '[', levels);
	memset(body + levels, ']', levels);
	int again = reply(peer, 200, "Content-Type: application/json\r\n", body, levels * 2);

	free(body);
	return again;
}

static int gzip(struct peer *peer)
{
	uLong length = (uLong)peer_option(peer, "bytes", 1 << 20);
	unsigned char *plain = mem_zero(1, length);
	z_stream stream = { .next_in = plain, .avail_in = (uInt)length };

	deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16 /* gzip */, 8, Z_DEFAULT_STRATEGY);
	uLong most = deflateBound(&stream, length);
	unsigned char *packed = mem_alloc(most);

	stream.next_out = packed;
	stream.avail_out = (uInt)most;
	deflate(&stream, Z_FINISH);
	int again = reply(
		peer, 200, "Content-Encoding: gzip\r\n", (const char *)packed, stream.total_out);

	deflateEnd(&stream);
	free(plain);
	free(packed);
	return again;
}

static int gzip_broken(struct peer *peer)
{
	return reply(peer, 200, "Content-Encoding: gzip\r\n", "this is not gzip at all", 23);
}

static int hostile(struct peer *peer)
{
	return reply(peer, 200, "X-Title: \x1b]52;c;aGk=\x07 \xe2\x80\xae \xff\r\n",
		"\x1b[2J\xff\xe2\x80\xae", 8);
}

/* --- answers that go wrong --- */

static int slow(struct peer *peer)
{
	if (peer_print(peer, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"))
		return 0;
	while (!peer_pause(peer, SLOW_MS) && !peer_write(peer, "x", 1))
		;
	return 0;
}

static int hang(struct peer *peer)
{
	peer_pause(peer, FOREVER_MS);
	return 0;
}

static int close_now(struct peer *peer)
{
	(void)peer;
	return 0;
}

static int close_second(struct peer *peer)
{
	return peer->requests == 1 ? fine(peer) : 0;
}

static int half_closed(struct peer *peer)
{
	peer_print(peer, "HTTP/1.1 200 OK\r\nContent-Le");
	shutdown(peer->fd, SHUT_WR);
	peer_pause(peer, FOREVER_MS);
	return 0;
}

static int reset(struct peer *peer)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	peer_print(peer, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
	setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	return 0;
}

static int garbage(struct peer *peer)
{
	peer_print(peer, "SSH-2.0-OpenSSH_9.2\r\n\x01\x02\x03 not HTTP\r\n\r\n");
	return 0;
}

static int truncated_length(struct peer *peer)
{
	peer_print(peer, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf");
	return 0;
}

static int truncated_chunked(struct peer *peer)
{
	peer_print(peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
	return 0;
}

static int stream(struct peer *peer)
{
	int every_ms = (int)peer_option(peer, "every-ms", 10);
	long count = peer_option(peer, "count", 5);

	if (peer_print(peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))
		return 0;
	for (long i = 0; i < count; i++)
		if (peer_print(peer, "5\r\ntick\n\r\n") || peer_pause(peer, every_ms))
			return 0;
	return hang(peer);
}

/* Longest name first where one begins another. */
static const struct answer {
	const char *path;
	int (*run)(struct peer *peer);
} answers[] = {
	{ "/ok", fine },
	{ "/echo", echo },
	{ "/status/", status },
	{ "/flaky/", flaky },
	{ "/redirect", redirect },
	{ "/large", large },
	{ "/headers", headers_of },
	{ "/deep", deep },
	{ "/gzip-broken", gzip_broken },
	{ "/gzip", gzip },
	{ "/hostile", hostile },
	{ "/slow", slow },
	{ "/hang", hang },
	{ "/close-second", close_second },
	{ "/close", close_now },
	{ "/half-closed", half_closed },
	{ "/reset", reset },
	{ "/garbage", garbage },
	{ "/truncated-length", truncated_length },
	{ "/truncated-chunked", truncated_chunked },
	{ "/stream", stream },
	{ "/ws", peer_web_socket },
};

int peer_answer(struct peer *peer, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++)
		if (!strncmp(peer->path, answers[i].path, strlen(answers[i].path)))
			return answers[i].run(peer);
	return reply(peer, 404, "", "no such fault", 13);
}
