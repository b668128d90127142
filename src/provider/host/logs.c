#include <string.h>

#include "base/error.h"
#include "provider/host/lists.h"
#include "provider/host/logfiles.h"
#include "provider/host/machine.h"
#include "provider/host/rows.h"

enum { LOG_TYPE = ROWS_OWN, LOG_SIZE, LOG_ROTATED, LOG_ROTATED_SIZE, LOG_MODIFIED, LOG_TOTAL };

static const struct rows_field_row fields[] = {
	{ "type", 0 }, { "size", 1 }, { "rotated", 1 }, { "rotated_size", 1 }, { "modified", 0 }, { "total", 1 },
};
const struct rows_fields log_fields = { .kind = "logs", .list = fields, .count = sizeof(fields) / sizeof(*fields) };

static const char *type_of(const char *name)
{
	static const char *const system_logs[] = { "syslog", "messages", "auth.log", "secure", "kern.log", "daemon.log", "cron", "cron.log",
		"maillog", "mail.log", "user.log" };

	for (size_t i = 0; i < sizeof(system_logs) / sizeof(*system_logs); i++)
		if (!strcmp(name, system_logs[i]))
			return "syslog";
	return "file";
}

static void send_row(void *arg, const struct logfile *file)
{
	struct rows *rows = arg;

	if (!rows_selects(rows, file->name))
		return;
	rows_begin(rows);
	rows_string(rows, LOG_TYPE, type_of(file->name));
	rows_integer(rows, LOG_SIZE, file->size_bytes);
	rows_integer(rows, LOG_ROTATED, (int64_t)file->rotated);
	rows_integer(rows, LOG_ROTATED_SIZE, file->rotated_bytes);
	rows_integer(rows, LOG_TOTAL, file->size_bytes + file->rotated_bytes);
	rows_time(rows, LOG_MODIFIED, file->modified_ns);
	rows_send(rows, file->name);
}

int log_list(struct rows *rows, struct error *err)
{
	int64_t journal = journal_size(rows->machine);

	(void)err;
	if (journal >= 0 && rows_selects(rows, "journal")) {
		rows_begin(rows);
		rows_string(rows, LOG_TYPE, "journal");
		rows_integer(rows, LOG_SIZE, journal);
		rows_integer(rows, LOG_TOTAL, journal);
		rows_send(rows, "journal");
	}
	logfiles_each(rows->machine, send_row, rows);
	return 0;
}
