#include <arpa/inet.h>
#include <ifaddrs.h>
#include <math.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "provider/host/lists.h"
#include "provider/host/machine.h"
#include "provider/host/proctext.h"
#include "provider/host/rows.h"

enum { IF_STATE = ROWS_OWN, IF_ADDRESSES, IF_MAC, IF_SPEED, IF_MTU, IF_RECEIVE, IF_SEND, IF_RECEIVED, IF_SENT, IF_ERRORS, IF_DROPS,
	IF_ERROR_RATE };

static const struct rows_field_row fields[] = {
	{ "state", 0 }, { "addresses", 0 }, { "mac", 0 }, { "speed", 1 }, { "mtu", 1 }, { "receive", 1 }, { "send", 1 }, { "received", 1 },
	{ "sent", 1 }, { "errors", 1 }, { "drops", 1 }, { "error_rate", 1 },
};
const struct rows_fields interface_fields = { .kind = "interfaces", .list = fields, .count = sizeof(fields) / sizeof(*fields) };

/* Columns of /proc/net/dev after the name. */
enum { NET_RX_BYTES = 0, NET_RX_ERRORS = 2, NET_RX_DROPS = 3, NET_TX_BYTES = 8, NET_TX_ERRORS = 10, NET_TX_DROPS = 11, NET_COUNT = 16 };

/* "  eth0: 1 2 …"; a name may itself hold a ':' (old aliases), so the last one before the numbers counts. */
static int parse(struct proctext line, char name[64], uint64_t stats[NET_COUNT])
{
	const char *colon = memrchr(line.at, ':', (size_t)(line.end - line.at));

	proctext_blanks(&line);
	if (!colon || colon <= line.at || colon - line.at >= 64)
		return -1;
	memcpy(name, line.at, (size_t)(colon - line.at));
	name[colon - line.at] = 0;
	line.at = colon + 1;
	for (int i = 0; i < NET_COUNT; i++)
		if (proctext_u64(&line, &stats[i]))
			return -1;
	return strchr(name, '/') ? -1 : 0;
}

static void add_file(struct rows *rows, int field, const char *name, const char *file)
{
	char path[128], text[128];
	const char *value;
	size_t length;

	snprintf(path, sizeof(path), "class/net/%s/%s", name, file);
	ssize_t got = rows->machine->sys < 0 ? -1 : machine_read(rows->machine, rows->machine->sys, path, text, sizeof(text));
	struct proctext at = proctext_of(text, got > 0 ? (size_t)got : 0);

	proctext_rest(&at, &value, &length);
	rows_copy(rows, field, value, length);
}

static int64_t number(const struct machine *machine, const char *name, const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), "class/net/%s/%s", name, file);
	return machine->sys < 0 ? -1 : machine_number(machine, machine->sys, path, -1);
}

/* loopback and tunnels say "unknown": then carrier and flags are the truth. */
static void add_state(struct rows *rows, const char *name)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), "class/net/%s/operstate", name);
	ssize_t got = rows->machine->sys < 0 ? -1 : machine_read(rows->machine, rows->machine->sys, path, text, sizeof(text));

	if (got > 0 && strncmp(text, "unknown", 7) != 0) {
		rows_copy(rows, IF_STATE, text, strcspn(text, "\n"));
		return;
	}
	int64_t carrier = number(rows->machine, name, "carrier");

	rows_string(rows, IF_STATE, carrier == 1 ? "up" : carrier == 0 ? "down" : NULL);
}

static void add_addresses(struct rows *rows, const char *name, const struct ifaddrs *list)
{
	char text[512] = "";
	size_t used = 0;

	for (; list; list = list->ifa_next) {
		char one[INET6_ADDRSTRLEN];
		const void *address = NULL;

		if (!list->ifa_addr || strcmp(list->ifa_name, name) != 0)
			continue;
		if (list->ifa_addr->sa_family == AF_INET)
			address = &((const struct sockaddr_in *)(const void *)list->ifa_addr)->sin_addr;
		else if (list->ifa_addr->sa_family == AF_INET6)
			address = &((const struct sockaddr_in6 *)(const void *)list->ifa_addr)->sin6_addr;
		if (!address || !inet_ntop(list->ifa_addr->sa_family, address, one, sizeof(one)) || used + strlen(one) + 2 > sizeof(text))
			continue;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used ? " " : "", one);
	}
	rows_copy(rows, IF_ADDRESSES, text, used);
}

static void add_counters(struct rows *rows, const char *name, const uint64_t stats[NET_COUNT])
{
	char key[80];
	uint64_t errors = stats[NET_RX_ERRORS] + stats[NET_TX_ERRORS], drops = stats[NET_RX_DROPS] + stats[NET_TX_DROPS];

	snprintf(key, sizeof(key), "interface %s", name);
	rows_round(rows, IF_RECEIVE, rows_rate(rows, key, "rx", stats[NET_RX_BYTES]));
	rows_round(rows, IF_SEND, rows_rate(rows, key, "tx", stats[NET_TX_BYTES]));
	rows_percent(rows, IF_ERROR_RATE, rows_rate(rows, key, "errors", errors));
	rows_known(rows, IF_RECEIVED, (int64_t)stats[NET_RX_BYTES]);
	rows_known(rows, IF_SENT, (int64_t)stats[NET_TX_BYTES]);
	rows_known(rows, IF_ERRORS, (int64_t)errors);
	rows_known(rows, IF_DROPS, (int64_t)drops);
}

static void send_row(struct rows *rows, const char *name, const uint64_t stats[NET_COUNT], const struct ifaddrs *addresses)
{
	int64_t megabits = number(rows->machine, name, "speed");

	rows_begin(rows);
	add_state(rows, name);
	add_addresses(rows, name, addresses);
	add_file(rows, IF_MAC, name, "address");
	rows_known(rows, IF_SPEED, megabits > 0 ? megabits : -1);
	rows_known(rows, IF_MTU, number(rows->machine, name, "mtu"));
	add_counters(rows, name, stats);
	rows_send(rows, name);
}

int interface_list(struct rows *rows, struct error *err)
{
	size_t length = 0;
	char *text = machine_load(rows->machine, rows->machine->proc, "net/dev", 4 << 20, &length);
	struct proctext at = proctext_of(text ? text : "", length), line;
	struct ifaddrs *addresses = NULL;
	uint64_t stats[NET_COUNT];
	char name[64];

	if (!text)
		return error_errno(err, "reading /proc/net/dev");
	if (machine_is_here(rows->machine) && getifaddrs(&addresses))
		addresses = NULL;
	while (!proctext_line(&at, &line) && !rows->full)
		if (!parse(line, name, stats) && rows_selects(rows, name))
			send_row(rows, name, stats, addresses);
	if (addresses)
		freeifaddrs(addresses);
	free(text);
	return 0;
}
