#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "estate/provider.h"
#include "provider/host/lists.h"
#include "provider/host/machine.h"
#include "provider/host/rows.h"
#include "provider/host/service_manager.h"

enum { SERVICE_STATE = ROWS_OWN, SERVICE_DETAIL, SERVICE_START, SERVICE_PID, SERVICE_RESTARTS, SERVICE_MEMORY, SERVICE_TASKS, SERVICE_SINCE,
	SERVICE_RESULT, SERVICE_DESCRIPTION, SERVICE_MANAGER };

static const struct rows_field_row fields[] = {
	{ "state", 0 }, { "detail", 0 }, { "start", 0 }, { "pid", 1 }, { "restarts", 1 }, { "memory", 1 }, { "tasks", 1 }, { "since", 0 },
	{ "result", 0 }, { "description", 0 }, { "manager", 0 },
};
const struct rows_fields service_fields = { .kind = "services", .list = fields, .count = sizeof(fields) / sizeof(*fields) };

static void send_row(void *arg, const struct service *service)
{
	struct rows *rows = arg;

	if (!service) {
		rows_page(rows);
		rows_give_way(rows);
		return;
	}
	if (!rows_selects(rows, service->name))
		return;
	rows_begin(rows);
	rows_string(rows, SERVICE_STATE, service->state);
	rows_string(rows, SERVICE_DETAIL, service->detail);
	rows_string(rows, SERVICE_START, service->start);
	rows_known(rows, SERVICE_PID, service->pid > 0 ? service->pid : -1);
	rows_known(rows, SERVICE_RESTARTS, service->restarts);
	rows_known(rows, SERVICE_MEMORY, service->memory_bytes);
	rows_known(rows, SERVICE_TASKS, service->tasks);
	rows_time(rows, SERVICE_SINCE, service->since_ns);
	if (strcmp(service->result, "success") != 0)
		rows_string(rows, SERVICE_RESULT, service->result);
	rows_string(rows, SERVICE_DESCRIPTION, service->description);
	rows_string(rows, SERVICE_MANAGER, machine_services(rows->machine) == SERVICES_SYSTEMD ? "systemd" : "sysv");
	rows_send(rows, service->name);
}

int service_list(struct rows *rows, struct error *err)
{
	struct error none = { 0 };

	if (machine_services(rows->machine) == SERVICES_NONE) {
		services_each(rows->machine, NULL, send_row, rows, &none);
		rows_note(rows, "services", &none); /* said plainly; an empty table alone could be a failure */
		return 0;
	}
	rows_note(rows, "services", NULL);
	return services_each(rows->machine, rows->selection ? rows->selection->name : NULL, send_row, rows, err);
}
