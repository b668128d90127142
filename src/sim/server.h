/* server.h - a small HTTP/1.1 server on loopback: one thread a connection. What is answered, the caller's
 * function says. Meant for tests and the simulator, not for the world. */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include <stddef.h>

struct certificate;
struct error;
struct peer;
struct server;

struct server_options {
	const struct certificate *tls; /* NULL: plain HTTP. Copied */
	const char *client_ca_pem;     /* ask for a client certificate of this CA. Copied */
	/* Answers one request, on the connection's thread. 1: the connection may be used again, 0: it is closed. */
	int (*answer)(struct peer *peer, void *arg);
	void *arg;
};

struct server *server_new(const struct server_options *options, struct error *err);
void server_free(struct server *server); /* closes every connection; NULL is fine */
int server_port(const struct server *server);
/* "http://127.0.0.1:PORT" or https; valid until server_free. */
const char *server_url(const struct server *server);
size_t server_requests(struct server *server);    /* heard so far, of any path */
size_t server_connections(struct server *server); /* accepted so far */
size_t server_times(struct server *server, const char *path); /* how often this path was asked for */
/* A listening socket on a free port of loopback; -1: there is none. */
int server_listen(int *port);

#endif
