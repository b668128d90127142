/* Timers of systemd and tables of cron. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/process.h"
#include "base/secret.h"
#include "base/text.h"
#include "provider/host/cron.h"
#include "provider/host/lists.h"
#include "provider/host/machine.h"
#include "provider/host/proctext.h"
#include "provider/host/rows.h"
#include "provider/host/timers.h"

enum { TIMER_SCHEDULE = ROWS_OWN, TIMER_NEXT, TIMER_LAST, TIMER_RUNS, TIMER_USER, TIMER_SOURCE };

static const struct rows_field_row fields[] = { { "schedule", 0 }, { "next", 0 }, { "last", 0 }, { "runs", 0 }, { "user", 0 }, { "source", 0 } };
const struct rows_fields timer_fields = { .kind = "timers", .list = fields, .count = sizeof(fields) / sizeof(*fields) };

enum { TABLE_MAX_BYTES = 1 << 20, LISTED_MAX_BYTES = 8 << 20 };

static int64_t micros_of(const struct json *value)
{
	int64_t micros = json_int(value, 0);

	return micros > 0 && micros < INT64_MAX / 1000 ? micros * 1000 : 0;
}

/* "{ OnCalendar=*-*-* 03:00:00 ; next_elapse=… }" gives its first part; that of boot and the like keeps its name: "OnBootUSec=15min". */
static void add_schedule(struct text *out, struct proctext value)
{
	static const char calendar[] = "OnCalendar=";
	const char *end;

	proctext_after(&value, "{ ");
	proctext_after(&value, calendar);
	end = memmem(value.at, (size_t)(value.end - value.at), " ; ", 3);
	if (out->length)
		text_add(out, "; ");
	text_add_n(out, value.at, (size_t)((end ? end : value.end) - value.at));
}

void timers_schedule(const char *bytes, size_t length, const char *unit, struct text *out)
{
	struct proctext text = proctext_of(bytes, length), line;
	struct text schedule;
	int found = 0;

	text_init(&schedule, 1024);
	while (!found && !proctext_line(&text, &line)) {
		if (line.at == line.end)
			text_clear(&schedule);
		else if (proctext_after(&line, "TimersCalendar=") || proctext_after(&line, "TimersMonotonic="))
			add_schedule(&schedule, line);
		else if (proctext_after(&line, "Id="))
			found = (size_t)(line.end - line.at) == strlen(unit) && !memcmp(line.at, unit, strlen(unit));
	}
	if (found)
		text_add(out, schedule.data);
	text_release(&schedule);
}

void timers_of_systemd(struct rows *rows, const char *bytes, size_t length, const char *shown, size_t shown_length)
{
	struct text schedule;

	text_init(&schedule, 1024);
	struct json *list = json_parse(bytes, length, NULL);

	for (const struct json *item = json_is(list, JSON_ARRAY) ? json_first(list) : NULL; item; item = json_next(item)) {
		const char *unit = json_text(json_get(item, "unit"));

		if (!unit || !rows_selects(rows, unit))
			continue;
		text_clear(&schedule);
		timers_schedule(shown, shown_length, unit, &schedule);
		rows_begin(rows);
		if (schedule.length)
			rows_string(rows, TIMER_SCHEDULE, schedule.data);
		rows_time(rows, TIMER_NEXT, micros_of(json_get(item, "next")));
		rows_time(rows, TIMER_LAST, micros_of(json_get(item, "last")));
		rows_string(rows, TIMER_RUNS, json_text(json_get(item, "activates")));
		rows_string(rows, TIMER_SOURCE, "systemd");
		rows_send(rows, unit);
	}
	json_free(list);
	text_release(&schedule);
}

static void list_systemd(struct rows *rows)
{
	static const char *const argv[] = { "systemctl", "list-timers", "--all", "--no-pager", "--output=json", NULL };
	static const char *const show[] = { "systemctl", "show", "--no-pager", "--property=Id,TimersCalendar,TimersMonotonic", "--", "*.timer", NULL };
	static const char *const env[] = { "LC_ALL=C", "SYSTEMD_COLORS=0", NULL };
	const struct process_request request = { .argv = argv, .env = env, .output_max_bytes = LISTED_MAX_BYTES };
	const struct process_request schedules = { .argv = show, .env = env, .output_max_bytes = LISTED_MAX_BYTES };
	struct process_result result = { 0 }, shown = { 0 };
	struct error err = { 0 };

	if (!process_run(&request, &result, &err) && !result.status) {
		int is_shown = !process_run(&schedules, &shown, NULL) && !shown.status; /* without: the schedule stays unknown */

		timers_of_systemd(rows, result.output, result.output_length, is_shown ? shown.output : "", is_shown ? shown.output_length : 0);
		process_release(&shown);
		rows_note(rows, "timers", NULL);
	} else {
		if (!err.code)
			error_set(&err, ERR_UNREACHABLE, "systemctl list-timers ended with status %d", result.status);
		rows_note(rows, "timers", &err);
	}
	process_release(&result);
}

int cron_line_parse(struct proctext line, int has_user, struct cron_line *out)
{
	struct proctext start;
	const char *word;
	size_t length;

	memset(out, 0, sizeof(*out));
	proctext_blanks(&line);
	if (line.at == line.end || *line.at == '#')
		return -1;
	start = line;
	/* NAME=value sets the environment; a schedule begins with a digit, '*' or '@' */
	if (!strchr("0123456789*@", *line.at) || proctext_skip(&line, *start.at == '@' ? 1 : 5))
		return -1;
	out->schedule = start.at;
	out->schedule_length = (size_t)(line.at - start.at);
	if (has_user) {
		if (proctext_word(&line, &word, &length))
			return -1;
		out->user = word;
		out->user_length = length;
	}
	proctext_rest(&line, &out->command, &out->command_length);
	return out->command_length ? 0 : -1;
}

/* "@reboot" has no time; what cannot be read is not known. */
static void send_next(struct rows *rows, const struct cron_line *line)
{
	static const char boot[] = "@reboot";
	struct cron cron;
	int64_t next = cron_parse(line->schedule, line->schedule_length, &cron) ? 0 : cron_next_ns(&cron, clock_now_ns());

	if (next)
		rows_time(rows, TIMER_NEXT, next);
	else if (line->schedule_length == sizeof(boot) - 1 && !strncasecmp(line->schedule, boot, sizeof(boot) - 1))
		rows_string(rows, TIMER_NEXT, "at boot");
	else
		rows_string(rows, TIMER_NEXT, "unknown");
}

static void send_cron(struct rows *rows, const struct cron_line *line, const char *user, const char *name)
{
	struct text command;

	text_init(&command, 2048);
	secret_redact(&command, line->command, line->command_length); /* passwords stand in there all too often */
	rows_begin(rows);
	rows_text(rows, TIMER_SCHEDULE, line->schedule, line->schedule_length);
	send_next(rows, line);
	if (line->user)
		rows_text(rows, TIMER_USER, line->user, line->user_length);
	else
		rows_string(rows, TIMER_USER, user);
	rows_text(rows, TIMER_RUNS, command.data, command.length);
	rows_string(rows, TIMER_SOURCE, "cron");
	rows_send(rows, name);
	text_release(&command);
}

/* user: the owner of the table; NULL: the table itself says it in a column. */
static void list_table(struct rows *rows, const char *path, const char *user)
{
	char full[MACHINE_PATH_MAX], name[MACHINE_PATH_MAX + 16];
	size_t length = 0;
	struct proctext text, line;
	struct cron_line parsed;

	machine_path(rows->machine, path, full);
	char *bytes = *full ? file_load(full, TABLE_MAX_BYTES, &length, NULL) : NULL;

	if (!bytes)
		return;
	text = proctext_of(bytes, length);
	for (unsigned number = 1; !proctext_line(&text, &line); number++) {
		snprintf(name, sizeof(name), "%s:%u", path, number);
		if (!cron_line_parse(line, !user, &parsed) && rows_selects(rows, name))
			send_cron(rows, &parsed, user, name);
	}
	free(bytes);
}

static void list_folder(struct rows *rows, const char *path, int by_user)
{
	char full[MACHINE_PATH_MAX], table[MACHINE_PATH_MAX];
	struct dirent **entries = NULL;

	machine_path(rows->machine, path, full);
	int count = scandir(full, &entries, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		/* cron itself skips names with a dot in cron.d: left by package managers */
		if (entries[i]->d_name[0] != '.' && (by_user || !strchr(entries[i]->d_name, '.')) &&
			snprintf(table, sizeof(table), "%s/%s", path, entries[i]->d_name) < (int)sizeof(table))
			list_table(rows, table, by_user ? entries[i]->d_name : NULL);
		free(entries[i]);
	}
	free(entries);
}

int timer_list(struct rows *rows, struct error *err)
{
	(void)err;
	if (machine_services(rows->machine) == SERVICES_SYSTEMD)
		list_systemd(rows);
	list_table(rows, "/etc/crontab", NULL);
	list_folder(rows, "/etc/cron.d", 0);
	list_folder(rows, "/var/spool/cron/crontabs", 1);
	return 0;
}
