/* Who is logged in: by the login records (utmp(5)), else by the leaders of sessions that have a terminal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utmp.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "provider/host/lists.h"
#include "provider/host/machine.h"
#include "provider/host/process_table.h"
#include "provider/host/rows.h"

enum { SESSION_USER = ROWS_OWN, SESSION_TERMINAL, SESSION_FROM, SESSION_SINCE, SESSION_PID, SESSION_PROGRAM, SESSION_SOURCE };

static const struct rows_field_row fields[] = { { "user", 0 }, { "terminal", 0 }, { "from", 0 }, { "since", 0 }, { "pid", 1 },
	{ "program", 0 }, { "source", 0 } };
const struct rows_fields session_fields = { .kind = "sessions", .list = fields, .count = sizeof(fields) / sizeof(*fields) };

enum { UTMP_MAX_BYTES = 16 << 20, TTY_MAJOR = 4, PTS_MAJOR = 136, PTS_MAJORS = 8 }; /* Documentation/admin-guide/devices.txt */

static void add_program(struct rows *rows, int pid, struct process_stat *stat)
{
	if (!process_stat_read(rows->machine, pid, stat))
		rows_text(rows, SESSION_PROGRAM, stat->name, stat->name_length);
}

static void send_record(struct rows *rows, const struct utmp *record)
{
	char name[sizeof(record->ut_line) + 1];
	struct process_stat stat;

	snprintf(name, sizeof(name), "%.*s", (int)sizeof(record->ut_line), record->ut_line);
	if (!*name || !rows_selects(rows, name))
		return;
	rows_begin(rows);
	rows_text(rows, SESSION_USER, record->ut_user, strnlen(record->ut_user, sizeof(record->ut_user)));
	rows_string(rows, SESSION_TERMINAL, name);
	rows_text(rows, SESSION_FROM, record->ut_host, strnlen(record->ut_host, sizeof(record->ut_host)));
	rows_time(rows, SESSION_SINCE, (int64_t)record->ut_tv.tv_sec * CLOCK_SECOND_NS);
	rows_integer(rows, SESSION_PID, record->ut_pid);
	rows_string(rows, SESSION_SOURCE, "utmp");
	add_program(rows, record->ut_pid, &stat);
	rows_send(rows, name);
}

/* 0 when there are login records. */
static int list_records(struct rows *rows)
{
	char path[MACHINE_PATH_MAX];
	size_t length = 0;
	struct utmp record;

	machine_path(rows->machine, "/run/utmp", path);
	char *bytes = file_load(path, UTMP_MAX_BYTES, &length, NULL);

	if (!bytes)
		return -1;
	for (size_t at = 0; at + sizeof(record) <= length; at += sizeof(record)) {
		struct process_stat stat;

		memcpy(&record, bytes + at, sizeof(record));
		/* a record of a login that died without a word is not believed */
		if (record.ut_type == USER_PROCESS && !process_stat_read(rows->machine, record.ut_pid, &stat))
			send_record(rows, &record);
	}
	free(bytes);
	return 0;
}

static void terminal_name(int number, char out[32])
{
	unsigned device = (unsigned)number, major = device >> 8 & 0xfff, minor = (device & 0xff) | (device >> 12 & 0xfff00);

	if (major >= PTS_MAJOR && major < PTS_MAJOR + PTS_MAJORS)
		snprintf(out, 32, "pts/%u", minor + (major - PTS_MAJOR) * 256);
	else if (major == TTY_MAJOR && minor < 64)
		snprintf(out, 32, "tty%u", minor);
	else
		snprintf(out, 32, "%u:%u", major, minor);
}

static void send_leader(struct rows *rows, const struct process *process)
{
	const struct process_stat *stat = &process->stat;
	char terminal[32];
	const char *user = machine_user_known(rows->machine, process->uid);

	terminal_name(stat->terminal, terminal);
	if (!rows_selects(rows, terminal))
		return;
	rows_begin(rows);
	rows_string(rows, SESSION_USER, user);
	rows_string(rows, SESSION_TERMINAL, terminal);
	if (rows->machine->boot_ns && stat->start_ticks < UINT32_MAX * UINT64_C(100))
		rows_time(rows, SESSION_SINCE, rows->machine->boot_ns + (int64_t)stat->start_ticks * (CLOCK_SECOND_NS / rows->machine->ticks_per_second));
	rows_integer(rows, SESSION_PID, stat->pid);
	rows_text(rows, SESSION_PROGRAM, stat->name, stat->name_length);
	rows_string(rows, SESSION_SOURCE, "processes");
	rows_send(rows, terminal);
}

static int list_leaders(struct rows *rows, struct error *err)
{
	struct machine *machine = rows->machine;
	char name[MACHINE_USER_MAX];

	machine_user(machine, 0, name); /* reads the names once */
	pthread_mutex_lock(&machine->lock);
	int status = process_table_scan(machine->processes, machine, err);

	for (size_t i = 0; !status && i < process_table_count(machine->processes); i++) {
		const struct process *process = process_table_at(machine->processes, i);

		if (process->stat.terminal && process->stat.session == process->stat.pid)
			send_leader(rows, process);
	}
	pthread_mutex_unlock(&machine->lock);
	return status;
}

int session_list(struct rows *rows, struct error *err)
{
	struct error note = { 0 };

	if (!list_records(rows)) {
		rows_note(rows, "sessions", NULL);
		return 0;
	}
	error_set(&note, ERR_NOT_FOUND, "this machine keeps no login records (/run/utmp): shown is what leads a session on a terminal");
	rows_note(rows, "sessions", &note);
	return list_leaders(rows, err);
}
