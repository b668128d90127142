#include "provider/host/cron.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"

enum { FIELDS = 5, WORD_MAX_BYTES = 200, YEARS = 8 /* a 29th of February may be so far away */, STEPS_MAX = 20000 };

static const char *const month_names[] = { "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", NULL };
static const char *const day_names[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL };

static const struct {
	int low, high;
	const char *const *names; /* of low and what follows */
} fields[FIELDS] = { { 0, 59, NULL }, { 0, 23, NULL }, { 1, 31, NULL }, { 1, 12, month_names }, { 0, 7, day_names } };

static const struct {
	const char *name, *means;
} nicknames[] = {
	{ "@annually", "0 0 1 1 *" }, { "@daily", "0 0 * * *" }, { "@hourly", "0 * * * *" }, { "@midnight", "0 0 * * *" },
	{ "@monthly", "0 0 1 * *" }, { "@weekly", "0 0 * * 0" }, { "@yearly", "0 0 1 1 *" },
};

static int read_number(const char **at, int *value)
{
	const char *start = *at;

	*value = 0;
	while (**at >= '0' && **at <= '9' && *at - start < 4)
		*value = *value * 10 + (*(*at)++ - '0');
	return *at == start ? -1 : 0;
}

/* A number of the field, or one of its names. */
static int read_value(const char **at, int field, int *value)
{
	for (int i = 0; fields[field].names && fields[field].names[i]; i++) {
		if (strncasecmp(*at, fields[field].names[i], 3) != 0)
			continue;
		*at += 3;
		*value = fields[field].low + i;
		return 0;
	}
	if (read_number(at, value))
		return -1;
	return *value < fields[field].low || *value > fields[field].high ? -1 : 0;
}

/* "*", "3", "1-5", each with a step: a bit for each value. */
static int read_part(const char **at, int field, uint64_t *bits)
{
	int from = fields[field].low, to = fields[field].high, step = 1, is_range = 1;

	if (**at == '*') {
		(*at)++;
		to -= field == 4; /* 7 is Sunday once more */
	} else {
		if (read_value(at, field, &from))
			return -1;
		to = from;
		is_range = **at == '-';
		if (is_range && ((*at)++, read_value(at, field, &to)))
			return -1;
	}
	if (**at == '/') {
		(*at)++;
		if (read_number(at, &step) || step < 1)
			return -1;
		if (!is_range)
			to = fields[field].high; /* "5/10": from 5 on */
	}
	if (to < from)
		return -1;
	for (int value = from; value <= to; value += step)
		*bits |= UINT64_C(1) << value;
	return 0;
}

static int read_field(const char *text, int field, uint64_t *bits)
{
	*bits = 0;
	do {
		if (read_part(&text, field, bits))
			return -1;
	} while (*text == ',' && text++);
	return *text ? -1 : 0;
}

static int parse_fields(char *text, struct cron *out)
{
	uint64_t bits[FIELDS];
	char *rest = NULL, *word = strtok_r(text, " \t", &rest);

	for (int i = 0; i < FIELDS; i++, word = strtok_r(NULL, " \t", &rest)) {
		if (!word || read_field(word, i, &bits[i]))
			return -1;
		if (i == 2)
			out->any_day = *word == '*';
		if (i == 4)
			out->any_weekday = *word == '*';
	}
	if (word)
		return -1;
	out->minutes = bits[0];
	out->hours = (uint32_t)bits[1];
	out->days = (uint32_t)bits[2];
	out->months = (uint32_t)bits[3];
	out->weekdays = (uint32_t)((bits[4] & 0x7f) | (bits[4] >> 7));
	return 0;
}

int cron_parse(const char *text, size_t length, struct cron *out)
{
	char copy[WORD_MAX_BYTES];

	*out = (struct cron){ 0 };
	if (length >= sizeof(copy))
		return -1;
	memcpy(copy, text, length);
	copy[length] = 0;
	for (size_t i = 0; i < sizeof(nicknames) / sizeof(*nicknames); i++)
		if (!strcasecmp(copy, nicknames[i].name))
			snprintf(copy, sizeof(copy), "%s", nicknames[i].means);
	return parse_fields(copy, out);
}

static int has(uint64_t bits, int value)
{
	return (int)(bits >> value & 1);
}

static int is_day(const struct cron *cron, const struct tm *at)
{
	int day = has(cron->days, at->tm_mday), weekday = has(cron->weekdays, at->tm_wday);

	return cron->any_day || cron->any_weekday ? day && weekday : day || weekday;
}

/* Goes on to the next month, day, hour or minute, what is smaller from its beginning. 0 when all fit. */
static int step(const struct cron *cron, struct tm *at)
{
	if (!has(cron->months, at->tm_mon + 1)) {
		at->tm_mon++;
		at->tm_mday = 1;
		at->tm_hour = at->tm_min = 0;
	} else if (!is_day(cron, at)) {
		at->tm_mday++;
		at->tm_hour = at->tm_min = 0;
	} else if (!has(cron->hours, at->tm_hour)) {
		at->tm_hour++;
		at->tm_min = 0;
	} else if (!has(cron->minutes, at->tm_min)) {
		at->tm_min++;
	} else {
		return 0;
	}
	return 1;
}

int64_t cron_next_ns(const struct cron *cron, int64_t after_ns)
{
	time_t after = (time_t)(after_ns / CLOCK_SECOND_NS), found = after;
	struct tm at;
	int steps = 0;

	if (!localtime_r(&after, &at))
		return 0;
	int last_year = at.tm_year + YEARS;

	at.tm_sec = 0;
	at.tm_min++;
	do {
		at.tm_isdst = -1;
		found = mktime(&at); /* puts the fields in order, and an hour that summer time leaves out behind it */
		if (found == (time_t)-1 || at.tm_year > last_year || steps++ > STEPS_MAX)
			return 0;
	} while (step(cron, &at));
	return found > after ? (int64_t)found * CLOCK_SECOND_NS : 0;
}
