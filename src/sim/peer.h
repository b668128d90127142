/* peer.h - one connection of a server of src/sim, for those who answer it. */
#ifndef SIM_PEER_H
#define SIM_PEER_H

#include <openssl/ssl.h>
#include <stddef.h>

#include "base/text.h"

enum { PEER_PATH_MAX = 256, PEER_QUERY_MAX = 2048, PEER_TARGET_MAX = 4096, PEER_NAME_MAX = 64 };

struct server;

struct peer {
	struct server *server;
	int fd;
	SSL *tls;                 /* NULL: plain */
	char name[PEER_NAME_MAX]; /* of its client certificate; "" none */
	size_t number;            /* of the connection, from 1 */
	size_t requests;          /* on this connection, this one included */
	char method[16], path[PEER_PATH_MAX], query[PEER_QUERY_MAX];
	struct text head, body; /* of the request; head with its first line */
	struct peer *next;      /* private to server.c */
};

/* 0, or -1 when the connection is over. */
int peer_write(struct peer *peer, const void *bytes, size_t length);
int peer_print(struct peer *peer, const char *format, ...) __attribute__((format(printf, 2, 3)));
long peer_read(struct peer *peer, void *bytes, size_t size); /* 0 or less: over */
/* Sleeps; -1 as soon as the server is told to end, or the peer went away. */
int peer_pause(struct peer *peer, int ms);
/* Number in the query, or otherwise. */
long peer_option(const struct peer *peer, const char *name, long otherwise);
/* Decoded text of the query into out; 0 when absent. */
int peer_option_text(const struct peer *peer, const char *name, char *out, size_t size);
int peer_header(const struct peer *peer, const char *name, char *out, size_t size); /* 0: absent */

/* answers.c: the faults. 1 the connection may be used again, 0 it is closed. */
int peer_answer(struct peer *peer, void *arg);
/* sockets.c */
int peer_web_socket(struct peer *peer);

#endif
