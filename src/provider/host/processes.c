#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/safe.h"
#include "base/text.h"
#include "provider/host/lists.h"
#include "provider/host/machine.h"
#include "provider/host/process_table.h"
#include "provider/host/proctext.h"
#include "provider/host/rows.h"
#include "provider/host/summary.h"

enum { PROCESS_PID = ROWS_OWN, PROCESS_USER, PROCESS_PROGRAM, PROCESS_STATE, PROCESS_CPU, PROCESS_MEM, PROCESS_RSS, PROCESS_THREADS,
	PROCESS_NICE, PROCESS_PARENT, PROCESS_STARTED, PROCESS_COMMAND, PROCESS_SESSION, PROCESS_CPU_SECONDS };

static const struct rows_field_row fields[] = {
	{ "pid", 1 }, { "user", 0 }, { "program", 0 }, { "state", 0 }, { "cpu", 1 }, { "mem", 1 }, { "rss", 1 }, { "threads", 1 },
	{ "nice", 1 }, { "parent", 1 }, { "started", 0 }, { "command", 0 }, { "session", 1 }, { "cpu_seconds", 1 },
};
const struct rows_fields process_fields = { .kind = "processes", .list = fields, .count = sizeof(fields) / sizeof(*fields) };

/* Letters of proc(5), fs/proc/array.c. */
static const char *state_name(char state)
{
	static const struct {
		char letter;
		const char *name;
	} names[] = { { 'R', "running" }, { 'S', "sleeping" }, { 'D', "waiting" }, { 'T', "stopped" }, { 't', "traced" },
		{ 'Z', "zombie" }, { 'X', "dead" }, { 'I', "idle" }, { 'P', "parked" } };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].letter == state)
			return names[i].name;
	return "";
}

static int64_t started_ns(const struct machine *machine, const struct process_stat *stat)
{
	uint64_t ticks = (uint64_t)machine->ticks_per_second;

	if (!machine->boot_ns || stat->start_ticks / ticks > UINT64_C(4000000000))
		return 0;
	return machine->boot_ns + (int64_t)(stat->start_ticks / ticks) * CLOCK_SECOND_NS +
		(int64_t)(stat->start_ticks % ticks) * (CLOCK_SECOND_NS / (int64_t)ticks);
}

static void send_row(struct rows *rows, const struct process *process, const char *user, int64_t total_bytes)
{
	const struct process_stat *stat = &process->stat;
	const struct machine *machine = rows->machine;
	int64_t rss = stat->rss_pages < 0 || stat->rss_pages > INT64_MAX / machine->page_bytes ? -1 : stat->rss_pages * machine->page_bytes;
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", stat->pid);
	rows_begin(rows);
	rows_string(rows, PROCESS_PID, pid);
	rows_string(rows, PROCESS_USER, user);
	rows_text(rows, PROCESS_PROGRAM, stat->name, stat->name_length);
	rows_string(rows, PROCESS_STATE, state_name(stat->state));
	rows_percent(rows, PROCESS_CPU, process->cpu);
	rows_percent(rows, PROCESS_MEM, rss < 0 || total_bytes <= 0 ? NAN : (double)rss * 100 / (double)total_bytes);
	rows_known(rows, PROCESS_RSS, rss);
	rows_integer(rows, PROCESS_THREADS, stat->threads);
	rows_integer(rows, PROCESS_NICE, stat->nice);
	rows_integer(rows, PROCESS_PARENT, stat->parent);
	if (rows_wants(rows, PROCESS_STARTED))
		rows_time(rows, PROCESS_STARTED, started_ns(machine, stat));
	rows_text(rows, PROCESS_COMMAND, process->command, process->command_length);
	rows_integer(rows, PROCESS_SESSION, stat->session);
	rows_percent(rows, PROCESS_CPU_SECONDS, (double)stat->ticks / (double)machine->ticks_per_second);
	rows_send(rows, pid);
}

static int selected(const struct rows *rows, const struct process *process)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", process->stat.pid);
	return rows_selects(rows, pid) || rows_selects(rows, process->stat.name);
}

/* Owners first, without the table's lock: a name service may take its time. */
static void learn_users(struct machine *machine)
{
	uid_t seen[64];
	size_t count = 0;
	char name[MACHINE_USER_MAX];

	pthread_mutex_lock(&machine->lock);
	for (size_t i = 0; i < process_table_count(machine->processes) && count < 64; i++) {
		uid_t uid = process_table_at(machine->processes, i)->uid;
		size_t at = 0;

		while (at < count && seen[at] != uid)
			at++;
		if (at == count)
			seen[count++] = uid;
	}
	pthread_mutex_unlock(&machine->lock);
	for (size_t i = 0; i < count; i++)
		machine_user(machine, seen[i], name);
}

static void send_all(struct rows *rows, int64_t total_bytes)
{
	struct machine *machine = rows->machine;

	pthread_mutex_lock(&machine->lock);
	for (size_t i = 0; i < process_table_count(machine->processes) && !rows->full; i++) {
		const struct process *process = process_table_at(machine->processes, i);
		char number[16];
		const char *user = machine_user_known(machine, process->uid);

		if (!user && process->uid != (uid_t)-1) {
			snprintf(number, sizeof(number), "%u", (unsigned)process->uid);
			user = number;
		}
		if (selected(rows, process))
			send_row(rows, process, user, total_bytes);
	}
	pthread_mutex_unlock(&machine->lock);
}

static int scan(struct machine *machine, int *first, struct error *err)
{
	pthread_mutex_lock(&machine->lock);
	int status = process_table_scan(machine->processes, machine, err);

	*first = process_table_is_first(machine->processes);
	pthread_mutex_unlock(&machine->lock);
	if (!status)
		learn_users(machine);
	return status;
}

/* CPU takes two samples: the first list shows all else. */
int process_list(struct rows *rows, struct error *err)
{
	struct memory_facts memory;

	memory_read(rows->machine, &memory);
	if (scan(rows->machine, &rows->unmeasured, err))
		return -1;
	send_all(rows, memory.total);
	return 0;
}

static void add_text_file(struct machine *machine, const char *name, const char *file, const char *key, struct json *object)
{
	char path[64];
	size_t length = 0;
	struct text safe;

	snprintf(path, sizeof(path), "%s/%s", name, file);
	char *bytes = machine_load(machine, machine->proc, path, 65536, &length);

	if (!bytes)
		return;
	text_init(&safe, 65536);
	safe_add_lines(&safe, bytes, length);
	json_set_text(object, key, safe.data);
	text_release(&safe);
	free(bytes);
}

static void add_link(struct machine *machine, const char *name, const char *file, const char *key, struct json *object)
{
	char path[64], target[1024], safe[1024];

	snprintf(path, sizeof(path), "%s/%s", name, file);
	ssize_t length = readlinkat(machine->proc, path, target, sizeof(target) - 1);

	if (length <= 0)
		return;
	safe_copy(safe, sizeof(safe), target, (size_t)length);
	json_set_text(object, key, safe);
}

static void add_children(struct machine *machine, int pid, struct json *object)
{
	struct json *children = json_array();

	pthread_mutex_lock(&machine->lock);
	for (size_t i = 0; i < process_table_count(machine->processes); i++)
		if (process_table_at(machine->processes, i)->stat.parent == pid)
			json_add(children, json_integer(process_table_at(machine->processes, i)->stat.pid));
	pthread_mutex_unlock(&machine->lock);
	json_set(object, "children", children);
}

/* The environment is left out on purpose: it holds passwords. */
int process_detail(struct machine *machine, const char *name, struct json *object, struct error *err)
{
	char path[64], cgroup[4096], unit[256];
	uint64_t pid;

	(void)err;
	if (proctext_number(name, strlen(name), 10, &pid) || pid > INT32_MAX)
		return 0;
	add_link(machine, name, "exe", "executable", object);
	add_link(machine, name, "cwd", "folder", object);
	add_text_file(machine, name, "status", "status", object);
	add_text_file(machine, name, "limits", "limits", object);
	add_text_file(machine, name, "io", "io", object);
	snprintf(path, sizeof(path), "%s/cgroup", name);
	ssize_t length = machine_read(machine, machine->proc, path, cgroup, sizeof(cgroup));

	process_unit(cgroup, length > 0 ? (size_t)length : 0, unit, sizeof(unit));
	json_set_text(object, "unit", unit);
	add_children(machine, (int)pid, object);
	return 0;
}
