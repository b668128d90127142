#include "provider/host/lists.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "estate/provider.h"
#include "provider/host/rows.h"

const struct host_list host_lists[] = {
	{ .fields = &summary_fields, .list = summary_list },
	{ .fields = &process_fields, .list = process_list, .detail = process_detail },
	{ .fields = &service_fields, .list = service_list },
	{ .fields = &filesystem_fields, .list = filesystem_list },
	{ .fields = &disk_fields, .list = disk_list },
	{ .fields = &interface_fields, .list = interface_list },
	{ .fields = &socket_fields, .list = socket_list },
	{ .fields = &session_fields, .list = session_list },
	{ .fields = &timer_fields, .list = timer_list },
	{ .fields = &container_fields, .list = container_list },
	{ .fields = &certificate_fields, .list = certificate_list },
	{ .fields = &kernel_fields, .list = kernel_list },
	{ .fields = &log_fields, .list = log_list },
};
const size_t host_list_count = sizeof(host_lists) / sizeof(*host_lists);

const struct host_list *host_list_find(const char *kind)
{
	for (size_t i = 0; i < host_list_count; i++)
		if (!strcmp(host_lists[i].fields->kind, kind))
			return &host_lists[i];
	return NULL;
}

int host_list_run(const struct host_list *list, struct rows *rows, struct error *err)
{
	if (list->list(rows, err))
		return -1;
	if (!rows->unmeasured || rows_cancelled(rows))
		return 0;
	rows_again(rows);
	return rows_cancelled(rows) ? 0 : list->list(rows, err);
}

struct json *host_items(struct machine *machine, const char *kind, const char *name, size_t limit, struct error *err)
{
	const struct host_list *list = host_list_find(kind);
	const struct selection selection = { .name = name, .limit = limit };
	struct rows rows;

	if (!list) {
		error_set(err, ERR_NOT_FOUND, "a host has no %.60s", kind);
		return NULL;
	}
	rows_to_items(&rows, machine, list->fields, &selection);
	if (host_list_run(list, &rows, err)) {
		json_free(rows.items);
		return NULL;
	}
	return rows.items;
}
