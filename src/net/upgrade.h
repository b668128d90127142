/* upgrade.h - for src/net only: the HTTP/1.1 handshake that turns a connection into a WebSocket
 * (RFC 6455 4), on an open CONNECT_ONLY handle. */
#ifndef NET_UPGRADE_H
#define NET_UPGRADE_H

#include <curl/curl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct net_request;

enum { UPGRADE_PROTOCOL_MAX = 80, UPGRADE_REPLY_MAX = 64 << 10 };

struct upgrade {
	CURL *easy;
	curl_socket_t fd;
	const char *authority;
	const atomic_int *cancelled;
	int64_t deadline_ns;
	int status;                          /* the server's */
	char protocol[UPGRADE_PROTOCOL_MAX]; /* the one it chose, "" none */
	char *rest;                          /* owned: what came behind its headers; after a refusal its body */
	size_t rest_length;
};

/* 0 when the server said 101 and proved that it understood. -1 with *upgrade->status set when it
 * answered otherwise. */
int upgrade_run(struct upgrade *upgrade, const struct net_request *request, const char *protocols,
	struct error *err);
/* Waits until fd is readable or writable. 1 ready, 0 the deadline passed, -1 cancelled. */
int upgrade_wait(curl_socket_t fd, int writable, int64_t deadline_ns, const atomic_int *cancelled);

#endif
