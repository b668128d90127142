/* sockets.h - listening sockets out of /proc/net/tcp, tcp6, udp, udp6 (proc(5)). */
#ifndef PROVIDER_HOST_SOCKETS_H
#define PROVIDER_HOST_SOCKETS_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct json;
struct machine;
struct proctext;

struct socket_line {
	char address[48]; /* "127.0.0.1", "::" */
	unsigned port;
	int listening;
	unsigned uid;
	uint64_t inode, receive_queue, send_queue;
};
/* One line of such a table; udp: "listening" is unconnected. 0, or -1 when it is the head line or none. */
int socket_line_parse(struct proctext line, int udp, struct socket_line *out);
/* What a process listens on: adds {"id","relation","name"} each to out. */
void sockets_of_process(struct machine *machine, int pid, struct json *out);

#endif
