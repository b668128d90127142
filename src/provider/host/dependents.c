#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/safe.h"
#include "provider/host/lists.h"
#include "provider/host/process_table.h"
#include "provider/host/proctext.h"
#include "provider/host/provider.h"
#include "provider/host/service_manager.h"
#include "provider/host/sockets.h"

enum { DEPENDENTS_MAX = 200 };

static void add(struct machine *machine, struct json *out, const char *kind, const char *name, const char *relation, const char *shown)
{
	struct ref ref = { .provider = "host" };
	char id[sizeof(ref) + 16];

	if (json_count(out) >= DEPENDENTS_MAX)
		return;
	snprintf(ref.account, sizeof(ref.account), "%s", machine->name);
	snprintf(ref.kind, sizeof(ref.kind), "%s", kind);
	snprintf(ref.name, sizeof(ref.name), "%s", name);
	ref_format(&ref, id, sizeof(id));
	struct json *item = json_set_text(json_object(), "id", id);

	json_set_text(item, "relation", relation);
	json_set_text(item, "name", shown);
	json_add(out, item);
}

static void add_process(struct machine *machine, struct json *out, const struct process_stat *stat, const char *relation)
{
	char pid[16], name[PROCESS_NAME_MAX * 4], shown[sizeof(name) + 24];

	snprintf(pid, sizeof(pid), "%d", stat->pid);
	safe_copy(name, sizeof(name), stat->name, stat->name_length);
	snprintf(shown, sizeof(shown), "%s %s", pid, name);
	add(machine, out, "processes", pid, relation, shown);
}

/* Children and children's children, and what shares the session when it is the session's leader. */
static void processes_below(struct machine *machine, int pid, struct json *out)
{
	size_t count = 0;
	int *below;
	const struct process *process;

	pthread_mutex_lock(&machine->lock);
	process_table_scan(machine->processes, machine, NULL);
	size_t total = process_table_count(machine->processes);

	below = mem_alloc((total + 1) * sizeof(*below));
	below[count++] = pid;
	for (size_t done = 0; done < count && count < DEPENDENTS_MAX; done++)
		for (size_t i = 0; i < total && count < total; i++) {
			process = process_table_at(machine->processes, i);
			if (process->stat.parent != below[done] || process->stat.pid == pid)
				continue;
			below[count++] = process->stat.pid;
			add_process(machine, out, &process->stat, done ? "grandchild process" : "child process");
		}
	free(below);
	process = process_table_find(machine->processes, pid);
	int leads = process && process->stat.session == pid;

	for (size_t i = 0; leads && i < total; i++) {
		process = process_table_at(machine->processes, i);
		if (process->stat.session == pid && process->stat.parent != pid && process->stat.pid != pid)
			add_process(machine, out, &process->stat, "in its session");
	}
	pthread_mutex_unlock(&machine->lock);
}

static void of_process(struct machine *machine, const struct ref *ref, struct json *out)
{
	uint64_t pid;
	char path[64], cgroup[4096], unit[256];

	if (proctext_number(ref->name, strlen(ref->name), 10, &pid) || !pid || pid > INT32_MAX)
		return;
	sockets_of_process(machine, (int)pid, out);
	processes_below(machine, (int)pid, out);
	snprintf(path, sizeof(path), "%d/cgroup", (int)pid);
	ssize_t length = machine_read(machine, machine->proc, path, cgroup, sizeof(cgroup));

	process_unit(cgroup, length > 0 ? (size_t)length : 0, unit, sizeof(unit));
	size_t unit_length = strlen(unit);

	if (unit_length > 8) {
		unit[unit_length - 8] = 0;
		add(machine, out, "services", unit, "is part of", unit);
	}
}

static void of_service(struct machine *machine, const struct ref *ref, struct json *out)
{
	struct service service;
	char pid[16];

	service_dependents(machine, ref->name, out);
	if (service_find(machine, ref->name, &service, NULL) || service.pid <= 0)
		return;
	snprintf(pid, sizeof(pid), "%d", service.pid);
	add(machine, out, "processes", pid, "main process", pid);
	sockets_of_process(machine, service.pid, out);
	processes_below(machine, service.pid, out);
}

/* The process that holds a socket. */
static void of_socket(struct machine *machine, const struct ref *ref, struct json *out)
{
	struct json *items = host_items(machine, "sockets", ref->name, 1, NULL);
	int64_t pid = json_int(json_get(json_item(items, 0), "pid"), 0);
	struct process_stat stat;

	json_free(items);
	if (pid > 0 && !process_stat_read(machine, (int)pid, &stat))
		add_process(machine, out, &stat, "is held by");
}

void host_dependents(struct machine *machine, const struct ref *ref, struct json *out)
{
	static const struct {
		const char *kind;
		void (*of)(struct machine *machine, const struct ref *ref, struct json *out);
	} table[] = { { "processes", of_process }, { "services", of_service }, { "sockets", of_socket } };

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (!strcmp(table[i].kind, ref->kind))
			table[i].of(machine, ref, out);
}
