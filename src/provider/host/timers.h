/* timers.h - parsers of what runs at its time. */
#ifndef PROVIDER_HOST_TIMERS_H
#define PROVIDER_HOST_TIMERS_H

#include <stddef.h>

#include "provider/host/proctext.h"

struct rows;
struct text;

struct cron_line { /* crontab(5); texts into the line */
	const char *schedule, *user, *command;
	size_t schedule_length, user_length, command_length;
};
/* 0, or -1: a comment, a variable, or no such line. */
int cron_line_parse(struct proctext line, int has_user, struct cron_line *out);
/* `systemctl list-timers --output=json`: a row each, with its schedule out of shown (`systemctl show`, blocks of "Key=value"). */
void timers_of_systemd(struct rows *rows, const char *bytes, size_t length, const char *shown, size_t shown_length);
/* The schedule of one timer out of such blocks is added to out: "*-*-* 03:00:00", "OnUnitActiveUSec=1d; OnBootUSec=15min". */
void timers_schedule(const char *bytes, size_t length, const char *unit, struct text *out);

#endif
