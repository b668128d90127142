#include "sim/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "sim/certificate.h"
#include "sim/peer.h"

enum { HEAD_MAX = 1 << 20, BODY_MAX = 64 << 20, PATHS_MAX = 64, URL_MAX = 64 };

struct server {
	int fd, port;
	int stop_pipe[2]; /* readable for ever once it ends */
	char url[URL_MAX];
	SSL_CTX *tls;
	int (*answer)(struct peer *peer, void *arg);
	void *arg;
	pthread_t acceptor;
	pthread_mutex_t lock; /* for all below */
	pthread_cond_t left;
	struct peer *peers;
	size_t peers_open, connections, requests;
	int stop;
	struct {
		char path[PEER_PATH_MAX];
		size_t times;
	} asked[PATHS_MAX];
};

/* --- one connection --- */

int peer_write(struct peer *peer, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length) {
		long n = peer->tls ? SSL_write(peer->tls, at, length < 16384 ? (int)length : 16384)
				   : send(peer->fd, at, length, MSG_NOSIGNAL);

		if (n <= 0)
			return -1;
		at += n;
		length -= (size_t)n;
	}
	return 0;
}

int peer_print(struct peer *peer, const char *format, ...)
{
	struct text text;
	va_list args;

	text_init(&text, HEAD_MAX);
	va_start(args, format);
	text_vformat(&text, format, args);
	va_end(args);
	int failed = peer_write(peer, text.data, text.length);

	text_release(&text);
	return failed;
}

long peer_read(struct peer *peer, void *bytes, size_t size)
{
	return peer->tls ? SSL_read(peer->tls, bytes, (int)size) : recv(peer->fd, bytes, size, 0);
}

/* Data waiting to be read is no reason to wake; a peer that hung up is. */
int peer_pause(struct peer *peer, int ms)
{
	struct pollfd watched[] = { { .fd = peer->server->stop_pipe[0], .events = POLLIN },
		{ .fd = peer->fd, .events = POLLRDHUP } };

	return poll(watched, 2, ms) ? -1 : 0;
}

int peer_header(const struct peer *peer, const char *name, char *out, size_t size)
{
	size_t length = strlen(name);

	for (const char *line = strstr(peer->head.data, "\r\n"); line;
		line = strstr(line + 2, "\r\n"))
		if (!strncasecmp(line + 2, name, length) && line[2 + length] == ':') {
			const char *value = line + 3 + length + strspn(line + 3 + length, " ");

			snprintf(out, size, "%.*s", (int)strcspn(value, "\r"), value);
			return 1;
		}
	return 0;
}

/* 0 once the head is whole; more than the head may have come and goes into body. */
static int read_head(struct peer *peer)
{
	char piece[4096];

	text_clear(&peer->head);
	for (;;) {
		char *end = strstr(peer->body.data, "\r\n\r\n");

		if (end) {
			size_t length = (size_t)(end + 4 - peer->body.data);
			char *rest = mem_text_n(end + 4, peer->body.length - length);
			size_t rest_length = peer->body.length - length;

			text_add_n(&peer->head, peer->body.data, length);
			text_clear(&peer->body);
			text_add_n(&peer->body, rest, rest_length);
			free(rest);
			return 0;
		}
		long n = peer_read(peer, piece, sizeof(piece));

		if (n <= 0 || text_add_n(&peer->body, piece, (size_t)n))
			return -1;
	}
}

static int read_body(struct peer *peer)
{
	char value[32], piece[4096];
	size_t length = peer_header(peer, "Content-Length", value, sizeof(value))
				? strtoul(value, NULL, 10)
				: 0;

	while (peer->body.length < length) {
		long n = peer_read(peer, piece, sizeof(piece));

		if (n <= 0 || text_add_n(&peer->body, piece, (size_t)n))
			return -1;
	}
	return 0;
}

static void count_request(struct server *server, const char *path)
{
	pthread_mutex_lock(&server->lock);
	server->requests++;
	for (size_t i = 0; i < PATHS_MAX; i++) {
		if (!*server->asked[i].path)
			snprintf(server->asked[i].path, PEER_PATH_MAX, "%s", path);
		if (strcmp(server->asked[i].path, path))
			continue;
		server->asked[i].times++;
		break;
	}
	pthread_mutex_unlock(&server->lock);
}

size_t server_times(struct server *server, const char *path)
{
	size_t times = 0;

	pthread_mutex_lock(&server->lock);
	for (size_t i = 0; i < PATHS_MAX; i++)
		if (!strcmp(server->asked[i].path, path))
			times = server->asked[i].times;
	pthread_mutex_unlock(&server->lock);
	return times;
}

static int read_request(struct peer *peer)
{
	char target[PEER_TARGET_MAX] = "";

	if (read_head(peer) || read_body(peer))
		return -1;
	if (sscanf(peer->head.data, "%15s %4095s", peer->method, target) != 2)
		return -1;
	char *query = strchr(target, '?');

	if (query)
		*query++ = 0;
	snprintf(peer->path, sizeof(peer->path), "%.255s", target);
	snprintf(peer->query, sizeof(peer->query), "%s", query ? query : "");
	peer->requests++;
	count_request(peer->server, peer->path);
	return 0;
}

static int begin_tls(struct peer *peer)
{
	if (!peer->server->tls)
		return 0;
	peer->tls = SSL_new(peer->server->tls);
	SSL_set_fd(peer->tls, peer->fd);
	if (SSL_accept(peer->tls) != 1)
		return -1;
	X509 *cert = SSL_get1_peer_certificate(peer->tls);

	if (cert)
		X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, peer->name,
			sizeof(peer->name));
	X509_free(cert);
	return 0;
}

static void leave(struct peer *peer)
{
	struct server *server = peer->server;

	if (peer->tls)
		SSL_shutdown(peer->tls);
	SSL_free(peer->tls);
	OPENSSL_thread_stop(); /* now: nobody waits for the very end of a detached thread */
	pthread_mutex_lock(&server->lock);
	struct peer **at = &server->peers;

	while (*at != peer)
		at = &(*at)->next;
	*at = peer->next;
	close(peer->fd); /* under the lock: nobody shuts down a number that is another's by now */
	text_release(&peer->head);
	text_release(&peer->body);
	free(peer);
	server->peers_open--;
	pthread_cond_signal(&server->left);
	pthread_mutex_unlock(&server->lock);
}

static void *peer_main(void *arg)
{
	struct peer *peer = arg;

	if (!begin_tls(peer))
		while (!read_request(peer) && peer->server->answer(peer, peer->server->arg))
			text_clear(&peer->body);
	leave(peer);
	return NULL;
}

/* --- the server --- */

static int start_thread(pthread_t *thread, void *(*run)(void *), void *arg, int detached)
{
	pthread_attr_t attributes;
	sigset_t all, old;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(
		&attributes, detached ? PTHREAD_CREATE_DETACHED : PTHREAD_CREATE_JOINABLE);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int failed = pthread_create(thread, &attributes, run, arg);

	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attributes);
	return failed;
}

static void serve(struct server *server, int fd)
{
	struct peer *peer = mem_zero(1, sizeof(*peer));
	pthread_t thread;

	peer->server = server;
	peer->fd = fd;
	text_init(&peer->head, HEAD_MAX);
	text_init(&peer->body, BODY_MAX);
	pthread_mutex_lock(&server->lock);
	peer->number = ++server->connections;
	peer->next = server->peers;
	server->peers = peer;
	server->peers_open++;
	if (server->stop)
		shutdown(fd, SHUT_RDWR);
	pthread_mutex_unlock(&server->lock);
	if (start_thread(&thread, peer_main, peer, 1))
		leave(peer);
}

static void *accept_main(void *arg)
{
	struct server *server = arg;
	struct pollfd watched[] = { { .fd = server->fd, .events = POLLIN },
		{ .fd = server->stop_pipe[0], .events = POLLIN } };

	while (poll(watched, 2, -1) >= 0 && !watched[1].revents) {
		int at_once = 1, fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			continue;
		/* A head and a body are two writes: the second must not wait for a delayed ACK. */
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once));
		serve(server, fd);
	}
	return NULL;
}

int server_listen(int *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr *generic = (struct sockaddr *)&address;
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, generic, length) || listen(fd, 64) ||
		getsockname(fd, generic, &length)) {
		close(fd);
		return -1;
	}
	*port = ntohs(address.sin_port);
	return fd;
}

static int load_identity(SSL_CTX *context, const struct certificate *identity)
{
	BIO *cert_bio = BIO_new_mem_buf(identity->cert_pem, -1),
	    *key_bio = BIO_new_mem_buf(identity->key_pem, -1);
	X509 *cert = PEM_read_bio_X509(cert_bio, NULL, NULL, NULL);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);
	int failed = SSL_CTX_use_certificate(context, cert) != 1 ||
		     SSL_CTX_use_PrivateKey(context, key) != 1;

	X509_free(cert);
	EVP_PKEY_free(key);
	BIO_free(cert_bio);
	BIO_free(key_bio);
	return failed;
}

static void ask_for_client(SSL_CTX *context, const char *ca_pem)
{
	BIO *bio = BIO_new_mem_buf(ca_pem, -1);
	X509 *ca = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	X509_free(ca);
	BIO_free(bio);
}

static int set_up_tls(struct server *server, const struct server_options *options)
{
	if (!options->tls)
		return 0;
	server->tls = SSL_CTX_new(TLS_server_method());
	SSL_CTX_set_session_id_context(server->tls, (const unsigned char *)"server", 6);
	if (options->client_ca_pem)
		ask_for_client(server->tls, options->client_ca_pem);
	return load_identity(server->tls, options->tls);
}

struct server *server_new(const struct server_options *options, struct error *err)
{
	struct server *server = mem_zero(1, sizeof(*server));

	server->answer = options->answer;
	server->arg = options->arg;
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->left, NULL);
	server->fd = server_listen(&server->port);
	if (server->fd < 0 || pipe(server->stop_pipe) || set_up_tls(server, options) ||
		start_thread(&server->acceptor, accept_main, server, 0)) {
		error_set(err, ERR_IO, "starting a server on loopback failed");
		free(server);
		return NULL;
	}
	snprintf(server->url, sizeof(server->url), "%s://127.0.0.1:%d",
		server->tls ? "https" : "http", server->port);
	return server;
}

void server_free(struct server *server)
{
	if (!server)
		return;
	pthread_mutex_lock(&server->lock);
	server->stop = 1;
	pthread_mutex_unlock(&server->lock);
	close(server->stop_pipe[1]);
	pthread_join(server->acceptor, NULL);
	pthread_mutex_lock(&server->lock);
	for (struct peer *peer = server->peers; peer; peer = peer->next)
		shutdown(peer->fd, SHUT_RDWR);
	while (server->peers_open)
		pthread_cond_wait(&server->left, &server->lock);
	pthread_mutex_unlock(&server->lock);
	close(server->stop_pipe[0]);
	close(server->fd);
	SSL_CTX_free(server->tls);
	pthread_mutex_destroy(&server->lock);
	pthread_cond_destroy(&server->left);
	free(server);
}

int server_port(const struct server *server)
{
	return server->port;
}

const char *server_url(const struct server *server)
{
	return server->url;
}

size_t server_requests(struct server *server)
{
	pthread_mutex_lock(&server->lock);
	size_t requests = server->requests;

	pthread_mutex_unlock(&server->lock);
	return requests;
}

size_t server_connections(struct server *server)
{
	pthread_mutex_lock(&server->lock);
	size_t connections = server->connections;

	pthread_mutex_unlock(&server->lock);
	return connections;
}
