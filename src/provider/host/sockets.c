#include "provider/host/sockets.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "provider/host/lists.h"
#include "provider/host/machine.h"
#include "provider/host/process_table.h"
#include "provider/host/proctext.h"
#include "provider/host/rows.h"
#include "provider/host/socket_owners.h"

enum { SOCKET_PROTOCOL = ROWS_OWN, SOCKET_ADDRESS, SOCKET_PORT, SOCKET_PROCESS, SOCKET_PID, SOCKET_USER, SOCKET_QUEUE, SOCKET_REACH,
	SOCKET_INODE, SOCKET_COMMAND };

static const struct rows_field_row fields[] = {
	{ "protocol", 0 }, { "address", 0 }, { "port", 1 }, { "process", 0 }, { "pid", 1 }, { "user", 0 }, { "queue", 1 }, { "reach", 0 },
	{ "inode", 1 }, { "command", 0 },
};
const struct rows_fields socket_fields = { .kind = "sockets", .list = fields, .count = sizeof(fields) / sizeof(*fields) };

enum { SOCKETS_MAX = 8192, TABLE_MAX_BYTES = 64 << 20, TCP_LISTEN = 10, UDP_UNCONNECTED = 7 }; /* include/net/tcp_states.h */

/* "0100007F:1F90": 32-bit words in the machine's byte order, as the kernel prints them. */
static int parse_address(const char *word, size_t length, char out[48], unsigned *port)
{
	const char *colon = memchr(word, ':', length);
	size_t digits = colon ? (size_t)(colon - word) : 0;
	uint32_t words[4];
	uint64_t value;

	if ((digits != 8 && digits != 32) || proctext_number(colon + 1, length - digits - 1, 16, &value) || value > 65535)
		return -1;
	*port = (unsigned)value;
	for (size_t i = 0; i < digits / 8; i++) {
		if (proctext_number(word + i * 8, 8, 16, &value))
			return -1;
		words[i] = (uint32_t)value;
	}
	return inet_ntop(digits == 8 ? AF_INET : AF_INET6, words, out, 48) ? 0 : -1;
}

/* "sl local rem st tx:rx tr:when retrnsmt uid timeout inode …" */
int socket_line_parse(struct proctext line, int udp, struct socket_line *out)
{
	const char *local, *remote, *state, *queues, *colon;
	size_t local_length, remote_length, state_length, queues_length;
	uint64_t number, uid;

	memset(out, 0, sizeof(*out));
	if (proctext_skip(&line, 1) || proctext_word(&line, &local, &local_length) || proctext_word(&line, &remote, &remote_length) ||
		proctext_word(&line, &state, &state_length) || proctext_word(&line, &queues, &queues_length) || proctext_skip(&line, 2) ||
		proctext_u64(&line, &uid) || proctext_skip(&line, 1) || proctext_u64(&line, &out->inode) ||
		proctext_number(state, state_length, 16, &number) || parse_address(local, local_length, out->address, &out->port))
		return -1;
	out->listening = number == (udp ? UDP_UNCONNECTED : TCP_LISTEN);
	out->uid = (unsigned)uid;
	colon = memchr(queues, ':', queues_length);
	if (!colon || proctext_number(queues, (size_t)(colon - queues), 16, &out->send_queue) ||
		proctext_number(colon + 1, queues_length - (size_t)(colon - queues) - 1, 16, &out->receive_queue))
		return -1;
	return 0;
}

struct listener {
	struct socket_line line;
	const char *protocol;
	int pid;
};

struct listeners {
	struct listener *list;
	size_t count;
};

static void load_table(const struct machine *machine, const char *protocol, int udp, struct listeners *out)
{
	char path[32];
	size_t length = 0;
	struct proctext text, line;
	struct socket_line parsed;

	snprintf(path, sizeof(path), "net/%s", protocol);
	char *bytes = machine_load(machine, machine->proc, path, TABLE_MAX_BYTES, &length);

	if (!bytes)
		return; /* no IPv6, say */
	text = proctext_of(bytes, length);
	while (!proctext_line(&text, &line) && out->count < SOCKETS_MAX) {
		if (socket_line_parse(line, udp, &parsed) || !parsed.listening)
			continue;
		out->list = mem_grow(out->list, out->count + 1, sizeof(*out->list));
		out->list[out->count++] = (struct listener){ .line = parsed, .protocol = protocol };
	}
	free(bytes);
}

static struct listeners load(struct machine *machine)
{
	struct listeners all = { 0 };

	load_table(machine, "tcp", 0, &all);
	load_table(machine, "tcp6", 0, &all);
	load_table(machine, "udp", 1, &all);
	load_table(machine, "udp6", 1, &all);
	uint64_t *inodes = mem_alloc((all.count + 1) * sizeof(*inodes));
	int *pids = mem_alloc((all.count + 1) * sizeof(*pids));

	for (size_t i = 0; i < all.count; i++)
		inodes[i] = all.list[i].line.inode;
	pthread_mutex_lock(&machine->lock);
	socket_owners_find(machine->owners, machine, inodes, pids, all.count);
	pthread_mutex_unlock(&machine->lock);
	for (size_t i = 0; i < all.count; i++)
		all.list[i].pid = pids[i];
	free(inodes);
	free(pids);
	return all;
}

/* Who can reach it: the first question about an open port. */
static const char *reach_of(const char *address)
{
	if (!strcmp(address, "0.0.0.0") || !strcmp(address, "::"))
		return "all";
	if (!strncmp(address, "127.", 4) || !strcmp(address, "::1") || !strncmp(address, "::ffff:127.", 11))
		return "local";
	return "one address";
}

static void format_name(const struct listener *listener, char out[96])
{
	int v6 = strchr(listener->line.address, ':') != NULL;

	snprintf(out, 96, "%s:%s%s%s:%u", listener->protocol, v6 ? "[" : "", listener->line.address, v6 ? "]" : "", listener->line.port);
}

static void add_process(struct rows *rows, const struct listener *listener)
{
	char path[64], command[1024];
	struct process_stat stat;

	if (!listener->pid || process_stat_read(rows->machine, listener->pid, &stat))
		return;
	rows_integer(rows, SOCKET_PID, listener->pid);
	rows_copy(rows, SOCKET_PROCESS, stat.name, stat.name_length);
	if (!rows_wants(rows, SOCKET_COMMAND))
		return;
	snprintf(path, sizeof(path), "%d/cmdline", listener->pid);
	ssize_t length = machine_read(rows->machine, rows->machine->proc, path, command, sizeof(command));

	if (length > 0)
		rows_copy(rows, SOCKET_COMMAND, command, process_command_join(command, (size_t)length));
}

static void send_row(struct rows *rows, const struct listener *listener, const char *name)
{
	char user[MACHINE_USER_MAX];

	rows_begin(rows);
	rows_string(rows, SOCKET_PROTOCOL, listener->protocol);
	rows_string(rows, SOCKET_ADDRESS, listener->line.address);
	rows_integer(rows, SOCKET_PORT, listener->line.port);
	rows_string(rows, SOCKET_REACH, reach_of(listener->line.address));
	rows_known(rows, SOCKET_QUEUE, (int64_t)listener->line.receive_queue);
	rows_known(rows, SOCKET_INODE, (int64_t)listener->line.inode);
	machine_user(rows->machine, listener->line.uid, user);
	rows_copy(rows, SOCKET_USER, user, strlen(user));
	add_process(rows, listener);
	rows_send(rows, name);
}

/* Several sockets on one address and port (SO_REUSEPORT) differ by inode. */
static void name_of(const struct listeners *all, size_t i, char out[128])
{
	char name[96];

	format_name(&all->list[i], name);
	for (size_t k = 0; k < all->count; k++)
		if (k != i && all->list[k].protocol == all->list[i].protocol && all->list[k].line.port == all->list[i].line.port &&
			!strcmp(all->list[k].line.address, all->list[i].line.address)) {
			snprintf(out, 128, "%s#%llu", name, (unsigned long long)all->list[i].line.inode);
			return;
		}
	memcpy(out, name, sizeof(name));
}

int socket_list(struct rows *rows, struct error *err)
{
	struct listeners all = load(rows->machine);
	char name[128];

	(void)err;
	for (size_t i = 0; i < all.count && !rows->full; i++) {
		name_of(&all, i, name);
		if (rows_selects(rows, name))
			send_row(rows, &all.list[i], name);
	}
	free(all.list);
	return 0;
}

void sockets_of_process(struct machine *machine, int pid, struct json *out)
{
	struct listeners all = load(machine);
	char name[128], id[320];

	for (size_t i = 0; i < all.count; i++) {
		if (all.list[i].pid != pid)
			continue;
		name_of(&all, i, name);
		snprintf(id, sizeof(id), "host:%s/sockets/%s", machine->name, name);
		struct json *item = json_set_text(json_object(), "id", id);

		json_set_text(item, "relation", "listens on");
		json_set_text(item, "name", name);
		json_add(out, item);
	}
	free(all.list);
}
