/* Boots and logins, out of wtmp(5). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utmp.h>

#include "base/clock.h"
#include "provider/host/machine.h"
#include "provider/host/records.h"

enum { WTMP_MAX_BYTES = 4096 * (int)sizeof(struct utmp), BOOT_APART_S = 300 };

static int64_t time_of(const struct utmp *record)
{
	return (int64_t)record->ut_tv.tv_sec * CLOCK_SECOND_NS + (int64_t)record->ut_tv.tv_usec * 1000;
}

/* Who opened the terminal last, before record i. */
static void opener(const char *bytes, size_t i, const char *line, char user[UT_NAMESIZE + 1])
{
	struct utmp record;

	*user = 0;
	while (i-- > 0) {
		memcpy(&record, bytes + i * sizeof(record), sizeof(record));
		if (record.ut_type == BOOT_TIME)
			return;
		if (record.ut_type == USER_PROCESS && !strncmp(record.ut_line, line, sizeof(record.ut_line))) {
			snprintf(user, UT_NAMESIZE + 1, "%.*s", (int)sizeof(record.ut_user), record.ut_user);
			return;
		}
	}
}

static void tell_session(const struct records *records, const char *bytes, size_t i, const struct utmp *record)
{
	char line[sizeof(record->ut_line) + 1], user[UT_NAMESIZE + 1], text[sizeof(record->ut_user) + sizeof(record->ut_host) + 8];

	snprintf(line, sizeof(line), "%.*s", (int)sizeof(record->ut_line), record->ut_line);
	if (!*line)
		return;
	if (record->ut_type == USER_PROCESS)
		snprintf(user, sizeof(user), "%.*s", (int)sizeof(record->ut_user), record->ut_user);
	else
		opener(bytes, i, line, user);
	if (!*user)
		return; /* a getty that ended: nobody was there */
	snprintf(text, sizeof(text), "%s%s%.*s", user, *record->ut_host && record->ut_type == USER_PROCESS ? " from " : "",
		record->ut_type == USER_PROCESS ? (int)sizeof(record->ut_host) : 0, record->ut_host);
	if (record->ut_type == USER_PROCESS)
		records_tell(records, "sessions", line, time_of(record), "login", NULL, text, user);
	else
		records_tell(records, "sessions", line, time_of(record), "login", text, NULL, "");
}

static void tell_boot(const struct records *records, int64_t at_ns)
{
	char text[CLOCK_RFC3339_MAX];

	clock_format(at_ns, text);
	records_tell(records, "hosts", records->machine->name, at_ns, "boot", NULL, text, "");
}

void records_logins(const struct records *records)
{
	size_t length;
	char *bytes = records_tail(records, "/var/log/wtmp", WTMP_MAX_BYTES, 0, &length);
	int64_t boot_ns = records->machine->boot_ns;
	struct utmp record;

	for (size_t i = 0; bytes && i < length / sizeof(record); i++) {
		memcpy(&record, bytes + i * sizeof(record), sizeof(record));
		if (record.ut_type == USER_PROCESS || record.ut_type == DEAD_PROCESS)
			tell_session(records, bytes, i, &record);
		if (record.ut_type != BOOT_TIME)
			continue;
		tell_boot(records, time_of(&record));
		if (llabs(time_of(&record) - boot_ns) < BOOT_APART_S * CLOCK_SECOND_NS)
			boot_ns = 0; /* it is on record */
	}
	if (boot_ns)
		tell_boot(records, boot_ns);
	free(bytes);
}
