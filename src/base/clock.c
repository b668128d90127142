#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now); /* fails for unknown clocks only */
	return (int64_t)now.tv_sec * CLOCK_SECOND_NS + now.tv_nsec;
}

int64_t clock_now_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

void clock_format(int64_t at_ns, char out[CLOCK_RFC3339_MAX])
{
	int64_t seconds = at_ns / CLOCK_SECOND_NS, rest_ns = at_ns % CLOCK_SECOND_NS;
	time_t at;
	struct tm tm;

	if (rest_ns < 0) {
		rest_ns += CLOCK_SECOND_NS;
		seconds--;
	}
	at = (time_t)seconds;
	gmtime_r(&at,
		&tm); /* int64_t nanoseconds end in 2262: every value has a year of four digits */
	snprintf(out, CLOCK_RFC3339_MAX, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
		(unsigned)(tm.tm_year + 1900) % 10000, (unsigned)(tm.tm_mon + 1) % 100,
		(unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100,
		(unsigned)tm.tm_sec % 100, (unsigned)(rest_ns / 1000000) % 1000);
}

/* Reads exactly `digits` digits; 0 and moves *at, else -1. */
static int read_digits(const char **at, int digits, int *value)
{
	const char *p = *at;

	*value = 0;
	for (int i = 0; i < digits; i++, p++) {
		if (*p < '0' || *p > '9')
			return -1;
		*value = *value * 10 + (*p - '0');
	}
	*at = p;
	return 0;
}

static int days_in_month(int year, int month)
{
	static const char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar (H. Hinnant, "chrono-compatible
 * low-level date algorithms", days_from_civil). */
static int64_t days_of(int year, int month, int day)
{
	int64_t y = year - (month <= 2), era = y / 400, year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

/* "2026-11-21" to seconds at its midnight. */
static int read_date(const char **at, int64_t *seconds)
{
	const char *p = *at;
	int year, month, day;

	if (read_digits(&p, 4, &year) || *p++ != '-' || read_digits(&p, 2, &month) || *p++ != '-' ||
		read_digits(&p, 2, &day))
		return -1;
	/* What fits in int64_t nanoseconds, with a year to spare for offsets. */
	if (year < 1678 || year > 2261 || month < 1 || month > 12 || day < 1 ||
		day > days_in_month(year, month))
		return -1;
	*seconds = days_of(year, month, day) * 86400;
	*at = p;
	return 0;
}

/* "14:02" or "14:02:30" to seconds of the day; a leap second (60) is the first of the next minute.
 */
static int read_time(const char **at, int *seconds, int seconds_needed)
{
	const char *p = *at;
	int hour, minute, second = 0;

	if (read_digits(&p, 2, &hour) || *p++ != ':' || read_digits(&p, 2, &minute))
		return -1;
	if (*p == ':') {
		p++;
		if (read_digits(&p, 2, &second))
			return -1;
	} else if (seconds_needed) {
		return -1;
	}
	if (hour > 23 || minute > 59 || second > 60)
		return -1;
	*seconds = hour * 3600 + minute * 60 + second;
	*at = p;
	return 0;
}

/* ".123456789…": digits past nanoseconds are dropped. */
static int read_fraction(const char **at, int64_t *ns)
{
	const char *p = *at + 1;
	int64_t unit = CLOCK_SECOND_NS / 10;

	*ns = 0;
	if (**at != '.')
		return 0;
	if (*p < '0' || *p > '9')
		return -1;
	for (; *p >= '0' && *p <= '9'; p++, unit /= 10)
		*ns += (*p - '0') * unit;
	*at = p;
	return 0;
}

/* "Z", "+01:00" */
static int read_offset(const char **at, int *seconds)
{
	const char *p = *at;
	int hour, minute, sign = *p == '-' ? -1 : 1;

	*seconds = 0;
	if (*p == 'Z' || *p == 'z') {
		*at = p + 1;
		return 0;
	}
	if (*p != '+' && *p != '-')
		return -1;
	p++;
	if (read_digits(&p, 2, &hour) || *p++ != ':' || read_digits(&p, 2, &minute) || hour > 23 ||
		minute > 59)
		return -1;
	*seconds = sign * (hour * 3600 + minute * 60);
	*at = p;
	return 0;
}

int clock_parse(const char *text, int64_t *at_ns)
{
	int64_t day, fraction_ns;
	int time, offset;

	if (!text || read_date(&text, &day) || !*text || !strchr("Tt ", *text++) ||
		read_time(&text, &time, 1) || read_fraction(&text, &fraction_ns) ||
		read_offset(&text, &offset) || *text)
		return -1;
	*at_ns = (day + time - offset) * CLOCK_SECOND_NS + fraction_ns;
	return 0;
}

static const struct {
	const char *name; /* "ms" stands before "m": the first that fits is taken */
	int64_t ns;
} units[] = {
	{ "ms", CLOCK_SECOND_NS / 1000 },
	{ "s", CLOCK_SECOND_NS },
	{ "m", 60 * CLOCK_SECOND_NS },
	{ "h", 3600 * CLOCK_SECOND_NS },
	{ "d", 24 * 3600 * CLOCK_SECOND_NS },
	{ "w", 7 * 24 * 3600 * CLOCK_SECOND_NS },
};

static int64_t read_unit(const char **at)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		size_t length = strlen(units[i].name);

		if (strncmp(*at, units[i].name, length))
			continue;
		*at += length;
		return units[i].ns;
	}
	return 0;
}

int clock_parse_window(const char *text, int64_t *window_ns)
{
	int64_t total = 0, number, part, unit;

	if (!text || !*text)
		return -1;
	while (*text) {
		if (*text < '0' || *text > '9')
			return -1;
		for (number = 0; *text >= '0' && *text <= '9'; text++)
			if (__builtin_mul_overflow(number, 10, &number) ||
				__builtin_add_overflow(number, *text - '0', &number))
				return -1;
		unit = read_unit(&text);
		if (!unit || __builtin_mul_overflow(number, unit, &part) ||
			__builtin_add_overflow(total, part, &total))
			return -1;
	}
	*window_ns = total;
	return 0;
}

/* "14:02": the last time it was that late, in UTC. */
static int parse_time_of_day(const char *text, int64_t *at_ns)
{
	const int64_t day_ns = 86400 * CLOCK_SECOND_NS;
	int64_t now = clock_now_ns(), at;
	int seconds;

	if (read_time(&text, &seconds, 0) || *text)
		return -1;
	at = now - now % day_ns + seconds * CLOCK_SECOND_NS;
	*at_ns = at > now ? at - day_ns : at;
	return 0;
}

/* "2026-11-21", "2026-11-21 14:02", "2026-11-21T14:02:30", all UTC. */
static int parse_day(const char *text, int64_t *at_ns)
{
	int64_t day;
	int seconds = 0;

	if (read_date(&text, &day))
		return -1;
	if (*text && (!strchr("Tt ", *text++) || read_time(&text, &seconds, 0) || *text))
		return -1;
	*at_ns = (day + seconds) * CLOCK_SECOND_NS;
	return 0;
}

int clock_parse_when(const char *text, int64_t *at_ns)
{
	int64_t ago;

	if (!text)
		return -1;
	if (!strcmp(text, "now")) {
		*at_ns = clock_now_ns();
		return 0;
	}
	if (!clock_parse_window(text, &ago)) {
		*at_ns = clock_now_ns() - ago;
		return 0;
	}
	if (!clock_parse(text, at_ns) || !parse_day(text, at_ns))
		return 0;
	return parse_time_of_day(text, at_ns);
}

/* "5m30s", or "5m" when the small part is nothing. */
static void format_two(char *out, long large, char large_unit, long small, char small_unit)
{
	if (small)
		snprintf(out, CLOCK_AGE_MAX, "%ld%c%ld%c", large, large_unit, small, small_unit);
	else
		snprintf(out, CLOCK_AGE_MAX, "%ld%c", large, large_unit);
}

/* The steps of k8s.io/apimachinery/pkg/util/duration HumanDuration: precise while it is young. */
void clock_format_age(int64_t age_ns, char out[CLOCK_AGE_MAX])
{
	long seconds = (long)(age_ns / CLOCK_SECOND_NS), minutes = seconds / 60;
	long hours = minutes / 60, days = hours / 24;

	if (seconds < -1) /* clocks may differ by a second, not by more */
		snprintf(out, CLOCK_AGE_MAX, "<invalid>");
	else if (seconds < 120)
		format_two(out, seconds < 0 ? 0 : seconds, 's', 0, 0);
	else if (minutes < 10)
		format_two(out, minutes, 'm', seconds % 60, 's');
	else if (minutes < 180)
		format_two(out, minutes, 'm', 0, 0);
	else if (hours < 8)
		format_two(out, hours, 'h', minutes % 60, 'm');
	else if (hours < 48)
		format_two(out, hours, 'h', 0, 0);
	else if (days < 8)
		format_two(out, days, 'd', hours % 24, 'h');
	else if (days < 2 * 365)
		format_two(out, days, 'd', 0, 0);
	else if (days < 8 * 365)
		format_two(out, days / 365, 'y', days % 365, 'd');
	else
		format_two(out, days / 365, 'y', 0, 0);
}
