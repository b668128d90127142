/* cron.h - when a line of crontab(5) runs next: five fields with names, ranges, steps and lists, and @daily and the like. */
#ifndef PROVIDER_HOST_CRON_H
#define PROVIDER_HOST_CRON_H

#include <stddef.h>
#include <stdint.h>

struct cron {
	uint64_t minutes;       /* bit n: at n */
	uint32_t hours, days, months, weekdays; /* days 1..31, months 1..12, weekdays 0 (Sunday)..6 */
	int any_day, any_weekday; /* its field begins with '*': the other alone decides; of two that are given one is enough */
};

/* 0, or -1: no schedule with times (@reboot, or one that cannot be read). */
int cron_parse(const char *text, size_t length, struct cron *out);
/* The first minute after after_ns, in this machine's time zone, as ns since 1970; 0: none within eight years ("30 2 31 2 *"). */
int64_t cron_next_ns(const struct cron *cron, int64_t after_ns);

#endif
