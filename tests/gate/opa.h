/* opa.h - a policy engine on loopback that says what it is told to, to each who asks, and keeps the last question. */
#ifndef TESTS_GATE_OPA_H
#define TESTS_GATE_OPA_H

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

struct opa {
	int fd, port;
	pthread_t thread;
	int status;         /* 0: never answers; -1: closes */
	const char *body;
	char asked[8192];   /* headers and body */
	int count;
};

/* Headers, then Content-Length bytes. */
static inline void opa_read(struct opa *opa, int fd)
{
	size_t have = 0;
	char *end = NULL;

	while (have < sizeof(opa->asked) - 1) {
		ssize_t got = read(fd, opa->asked + have, sizeof(opa->asked) - 1 - have);

		if (got <= 0)
			break;
		have += (size_t)got;
		opa->asked[have] = 0;
		end = end ? end : strstr(opa->asked, "\r\n\r\n");
		const char *length = end ? strcasestr(opa->asked, "content-length:") : NULL;
		if (end && (!length || have >= (size_t)(end + 4 - opa->asked) + strtoul(length + 15, NULL, 10)))
			break;
	}
}

static inline void *opa_main(void *arg)
{
	struct opa *opa = arg;
	int fd;

	while ((fd = accept(opa->fd, NULL, NULL)) >= 0) {
		opa->count++;
		opa_read(opa, fd);
		if (opa->status > 0)
			dprintf(fd, "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s", opa->status,
				strlen(opa->body), opa->body);
		else if (opa->status == 0)
			(void)!read(fd, &(char){ 0 }, 1); /* until the other side gives up */
		close(fd);
	}
	return NULL;
}

static inline void opa_start(struct opa *opa)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);

	opa->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(opa->fd, (struct sockaddr *)&address, length) || listen(opa->fd, 16) || getsockname(opa->fd, (struct sockaddr *)&address, &length))
		abort();
	opa->port = ntohs(address.sin_port);
	pthread_create(&opa->thread, NULL, opa_main, opa);
}

static inline void opa_stop(struct opa *opa)
{
	shutdown(opa->fd, SHUT_RDWR);
	pthread_join(opa->thread, NULL);
	close(opa->fd);
}

#endif
