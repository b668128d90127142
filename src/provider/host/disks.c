#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "provider/host/lists.h"
#include "provider/host/machine.h"
#include "provider/host/proctext.h"
#include "provider/host/rows.h"

enum { DISK_DEVICE = ROWS_OWN, DISK_MODEL, DISK_SIZE, DISK_TYPE, DISK_READ, DISK_WRITE, DISK_READS, DISK_WRITES, DISK_BUSY, DISK_WAIT,
	DISK_QUEUE, DISK_STATE };

static const struct rows_field_row fields[] = {
	{ "device", 0 }, { "model", 0 }, { "size", 1 }, { "type", 0 }, { "read", 1 }, { "write", 1 }, { "reads", 1 }, { "writes", 1 },
	{ "busy", 1 }, { "wait_ms", 1 }, { "queue", 1 }, { "state", 0 },
};
const struct rows_fields disk_fields = { .kind = "disks", .list = fields, .count = sizeof(fields) / sizeof(*fields) };

enum { SECTOR_BYTES = 512 }; /* of /proc/diskstats, whatever the disk's own */

/* Documentation/admin-guide/iostats.rst, fields 1 to 11 after the name. */
enum { STAT_READS, STAT_READS_MERGED, STAT_READ_SECTORS, STAT_READ_MS, STAT_WRITES, STAT_WRITES_MERGED, STAT_WRITE_SECTORS, STAT_WRITE_MS,
	STAT_IN_FLIGHT, STAT_BUSY_MS, STAT_WEIGHTED_MS, STAT_COUNT };

static int parse(struct proctext line, char name[64], uint64_t stats[STAT_COUNT])
{
	const char *word;
	size_t length;

	if (proctext_skip(&line, 2) || proctext_word(&line, &word, &length) || length >= 64)
		return -1;
	memcpy(name, word, length);
	name[length] = 0;
	for (int i = 0; i < STAT_COUNT; i++)
		if (proctext_u64(&line, &stats[i]))
			return -1;
	return 0;
}

/* /sys/block holds whole disks only; empty loop devices and RAM disks are furniture. */
static int is_disk(const struct machine *machine, const char *name)
{
	char path[128];

	for (const char *c = name; *c; c++)
		if (*c == '/')
			return 0;
	snprintf(path, sizeof(path), "block/%s/size", name);
	return machine->sys >= 0 && machine_number(machine, machine->sys, path, 0) > 0;
}

static void add_text(struct rows *rows, int field, const char *name, const char *file)
{
	char path[128], text[128];
	const char *value;
	size_t length;

	snprintf(path, sizeof(path), "block/%s/%s", name, file);
	ssize_t got = machine_read(rows->machine, rows->machine->sys, path, text, sizeof(text));
	struct proctext at = proctext_of(text, got > 0 ? (size_t)got : 0);

	proctext_rest(&at, &value, &length);
	rows_copy(rows, field, value, length);
}

static int64_t number(const struct machine *machine, const char *name, const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), "block/%s/%s", name, file);
	return machine_number(machine, machine->sys, path, -1);
}

static void add_rates(struct rows *rows, const char *name, const uint64_t stats[STAT_COUNT])
{
	static const char *const counters[STAT_COUNT] = { [STAT_READS] = "reads", [STAT_READ_SECTORS] = "read", [STAT_READ_MS] = "read ms",
		[STAT_WRITES] = "writes", [STAT_WRITE_SECTORS] = "write", [STAT_WRITE_MS] = "write ms", [STAT_BUSY_MS] = "busy" };
	double rate[STAT_COUNT];
	char key[80];

	snprintf(key, sizeof(key), "disk %s", name);
	for (int i = 0; i < STAT_COUNT; i++)
		rate[i] = counters[i] ? rows_rate(rows, key, counters[i], stats[i]) : NAN;
	rows_round(rows, DISK_READ, rate[STAT_READ_SECTORS] * SECTOR_BYTES);
	rows_round(rows, DISK_WRITE, rate[STAT_WRITE_SECTORS] * SECTOR_BYTES);
	rows_percent(rows, DISK_READS, rate[STAT_READS]);
	rows_percent(rows, DISK_WRITES, rate[STAT_WRITES]);
	rows_percent(rows, DISK_BUSY, rate[STAT_BUSY_MS] > 1000 ? 100 : rate[STAT_BUSY_MS] / 10);
	double requests = rate[STAT_READS] + rate[STAT_WRITES];

	if (requests > 0)
		rows_percent(rows, DISK_WAIT, (rate[STAT_READ_MS] + rate[STAT_WRITE_MS]) / requests);
}

static void send_row(struct rows *rows, const char *name, const uint64_t stats[STAT_COUNT])
{
	const struct machine *machine = rows->machine;
	int64_t sectors = number(machine, name, "size"), rotational = number(machine, name, "queue/rotational");

	rows_begin(rows);
	rows_string(rows, DISK_DEVICE, name);
	add_text(rows, DISK_MODEL, name, "device/model");
	add_text(rows, DISK_STATE, name, "device/state");
	rows_known(rows, DISK_SIZE, sectors > 0 && sectors <= INT64_MAX / SECTOR_BYTES ? sectors * SECTOR_BYTES : -1);
	rows_string(rows, DISK_TYPE, rotational == 1 ? "rotating" : rotational == 0 ? "solid" : NULL);
	rows_known(rows, DISK_QUEUE, (int64_t)stats[STAT_IN_FLIGHT]);
	add_rates(rows, name, stats);
	rows_send(rows, name);
}

int disk_list(struct rows *rows, struct error *err)
{
	size_t length = 0;
	char *text = machine_load(rows->machine, rows->machine->proc, "diskstats", 4 << 20, &length);
	struct proctext at = proctext_of(text ? text : "", length), line;
	uint64_t stats[STAT_COUNT];
	char name[64];

	if (!text)
		return error_errno(err, "reading /proc/diskstats");
	while (!proctext_line(&at, &line) && !rows->full)
		if (!parse(line, name, stats) && is_disk(rows->machine, name) && rows_selects(rows, name))
			send_row(rows, name, stats);
	free(text);
	return 0;
}
