#include "provider/host/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/safe.h"
#include "estate/provider.h"
#include "provider/host/lists.h"
#include "provider/host/machine.h"
#include "provider/host/proctext.h"
#include "provider/host/rows.h"

enum { KERNEL_LEVEL = ROWS_OWN, KERNEL_AT, KERNEL_FACILITY, KERNEL_MESSAGE, KERNEL_SEQUENCE };

static const struct rows_field_row fields[] = { { "level", 0 }, { "at", 0 }, { "facility", 0 }, { "message", 0 }, { "sequence", 1 } };
const struct rows_fields kernel_fields = { .kind = "kernel", .list = fields, .count = sizeof(fields) / sizeof(*fields) };

enum { RECORD_MAX = 8192, SHOWN_MAX = 2000, TOTAL_MAX_BYTES = 16 << 20 };

static const char *const levels[] = { "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug" };
static const char *const facilities[] = { "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp" };

/* Zero of the times in kmsg. They stand still while the machine sleeps, as the monotonic clock does, so here that clock
 * is asked and not the time of the boot. */
static int64_t kernel_zero_ns(const struct machine *machine)
{
	return machine_is_here(machine) ? clock_now_ns() - clock_monotonic_ns() : machine->boot_ns;
}

static int number_until(const char **at, const char *end, char stop, uint64_t *value)
{
	const char *found = memchr(*at, stop, (size_t)(end - *at));

	if (!found || proctext_number(*at, (size_t)(found - *at), 10, value))
		return -1;
	*at = found + 1;
	return 0;
}

int kernel_message_parse(const char *record, size_t length, int64_t boot_ns, struct kernel_message *out)
{
	const char *semicolon = memchr(record, ';', length), *at = record, *stop;
	uint64_t priority, micros;

	if (!semicolon || number_until(&at, semicolon, ',', &priority) || number_until(&at, semicolon, ',', &out->sequence))
		return -1;
	stop = memchr(at, ',', (size_t)(semicolon - at));
	if (proctext_number(at, (size_t)((stop ? stop : semicolon) - at), 10, &micros) || micros > INT64_MAX / 2000)
		return -1;
	const char *newline = memchr(semicolon, '\n', (size_t)(record + length - semicolon)); /* then come " KEY=value" lines */

	out->level = priority & 7;
	out->facility = (unsigned)(priority >> 3 & 0xff);
	out->at_ns = boot_ns ? boot_ns + (int64_t)micros * 1000 : 0;
	out->text = semicolon + 1;
	out->length = (size_t)((newline ? newline : record + length) - semicolon - 1);
	return 0;
}

/* A plain file in place of the device: one record a line. */
static int each_of_file(const char *path, int64_t zero_ns, kernel_message_fn on_message, void *arg, struct error *err)
{
	size_t length = 0;
	char *bytes = file_load(path, TOTAL_MAX_BYTES, &length, NULL);
	struct proctext text = proctext_of(bytes ? bytes : "", length), line;
	struct kernel_message message;
	int stop = 0;

	while (!stop && !proctext_line(&text, &line))
		if (!kernel_message_parse(line.at, (size_t)(line.end - line.at), zero_ns, &message))
			stop = on_message(arg, &message);
	int missing = !bytes;

	free(bytes);
	return missing ? error_set(err, ERR_NOT_FOUND, "this machine gives out no messages of its kernel") : 0;
}

static int each_of_device(int64_t zero_ns, kernel_message_fn on_message, void *arg, struct error *err)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC), stop = 0;
	char record[RECORD_MAX];
	struct kernel_message message;

	if (fd < 0)
		return errno == EPERM || errno == EACCES
			? error_set(err, ERR_FORBIDDEN, "only root may read the kernel's messages here (kernel.dmesg_restrict)")
			: error_set(err, ERR_NOT_FOUND, "this machine gives out no messages of its kernel");
	while (!stop) {
		ssize_t got = read(fd, record, sizeof(record));

		if (got < 0 && (errno == EPIPE || errno == EINTR)) /* it was overwritten while we read: the next one is the oldest left */
			continue;
		if (got <= 0)
			break;
		if (!kernel_message_parse(record, (size_t)got, zero_ns, &message))
			stop = on_message(arg, &message);
	}
	int forbidden = errno == EPERM;

	close(fd);
	return forbidden ? error_set(err, ERR_FORBIDDEN, "only root may read the kernel's messages here (kernel.dmesg_restrict)") : 0;
}

int kernel_each(const struct machine *machine, kernel_message_fn on_message, void *arg, struct error *err)
{
	char path[MACHINE_PATH_MAX];

	machine_path(machine, "/dev/kmsg", path);
	if (machine_is_here(machine))
		return each_of_device(kernel_zero_ns(machine), on_message, arg, err);
	return each_of_file(path, kernel_zero_ns(machine), on_message, arg, err);
}

/* "\x1b" in kmsg texts stands for the byte itself. */
static size_t decode(const struct kernel_message *message, char out[RECORD_MAX])
{
	size_t used = 0;

	for (size_t i = 0; i < message->length && used < RECORD_MAX; i++) {
		uint64_t byte;

		if (message->text[i] == '\\' && message->length - i > 3 && message->text[i + 1] == 'x' &&
			!proctext_number(message->text + i + 2, 2, 16, &byte)) {
			out[used++] = (char)byte;
			i += 3;
		} else {
			out[used++] = message->text[i];
		}
	}
	return used;
}

struct listing {
	struct rows *rows;
	uint64_t count, skip; /* the newest SHOWN_MAX are shown */
};

static int count_one(void *arg, const struct kernel_message *message)
{
	(void)message;
	((struct listing *)arg)->count++;
	return 0;
}

static int send_row(void *arg, const struct kernel_message *message)
{
	struct listing *listing = arg;
	struct rows *rows = listing->rows;
	char name[24], text[RECORD_MAX];

	if (listing->skip) {
		listing->skip--;
		return 0;
	}
	snprintf(name, sizeof(name), "%llu", (unsigned long long)message->sequence);
	if (!rows_selects(rows, name) || (rows->selection && rows->selection->since_ns && message->at_ns < rows->selection->since_ns))
		return 0;
	rows_begin(rows);
	rows_string(rows, KERNEL_LEVEL, levels[message->level]);
	rows_time(rows, KERNEL_AT, message->at_ns);
	if (message->facility < sizeof(facilities) / sizeof(*facilities))
		rows_string(rows, KERNEL_FACILITY, facilities[message->facility]);
	rows_text(rows, KERNEL_MESSAGE, text, decode(message, text));
	rows_known(rows, KERNEL_SEQUENCE, (int64_t)message->sequence);
	rows_send(rows, name);
	return rows->full || rows_cancelled(rows);
}

int kernel_list(struct rows *rows, struct error *err)
{
	struct listing listing = { .rows = rows };
	struct error refused = { 0 };

	(void)err;
	if (!kernel_each(rows->machine, count_one, &listing, &refused)) {
		listing.skip = listing.count > SHOWN_MAX && !(rows->selection && rows->selection->name) ? listing.count - SHOWN_MAX : 0;
		if (!kernel_each(rows->machine, send_row, &listing, &refused)) {
			rows_note(rows, "kernel", NULL);
			return 0;
		}
	}
	rows_note(rows, "kernel", &refused);
	return 0;
}

struct ooms {
	struct json *items;
	int64_t since_ns;
	char group[512]; /* of the report that precedes a kill */
};

/* "Out of memory: Killed process 4242 (java) total-vm:…" or "Memory cgroup out of memory: Killed process …" */
static int see_oom(void *arg, const struct kernel_message *message)
{
	struct ooms *ooms = arg;
	char text[RECORD_MAX], safe[1024], name[256];
	size_t length = decode(message, text);
	static const char mark[] = "illed process ";
	const char *memory = memmem(text, length, "oom_memcg=", 10);
	const char *killed = memmem(text, length, mark, sizeof(mark) - 1);

	if (memory) {
		size_t group = 0;

		for (memory += 10; memory + group < text + length && memory[group] != ','; group++)
			;
		safe_copy(ooms->group, sizeof(ooms->group), memory, group);
	}
	if (!killed || !memmem(text, length, "ut of memory", 12))
		return 0;
	if (ooms->since_ns && message->at_ns < ooms->since_ns) {
		ooms->group[0] = 0; /* it was of this kill */
		return 0;
	}
	struct proctext rest = proctext_of(killed + sizeof(mark) - 1, (size_t)(text + length - killed) - sizeof(mark) + 1);
	const char *open = memchr(rest.at, '(', (size_t)(rest.end - rest.at)), *close = open ? memchr(open, ')', (size_t)(rest.end - open)) : NULL;
	uint64_t pid;

	if (!close || proctext_u64(&rest, &pid))
		return 0;
	safe_copy(safe, sizeof(safe), text, length);
	safe_copy(name, sizeof(name), open + 1, (size_t)(close - open - 1));
	struct json *item = json_set_int(json_object(), "pid", (int64_t)pid);

	if (message->at_ns) {
		char at[CLOCK_RFC3339_MAX];

		clock_format(message->at_ns, at);
		json_set_text(item, "at", at);
	} else {
		json_set(item, "at", json_null());
	}
	json_set_text(item, "process", name);
	json_set_text(item, "group", ooms->group);
	json_set_text(item, "message", safe);
	json_add(ooms->items, item);
	ooms->group[0] = 0;
	return json_count(ooms->items) >= 1000;
}

int kernel_oom_kills(const struct machine *machine, int64_t since_ns, struct json *items, struct error *err)
{
	struct ooms ooms = { .items = items, .since_ns = since_ns };

	return kernel_each(machine, see_oom, &ooms, err);
}
