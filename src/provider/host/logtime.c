#include "provider/host/logtime.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "provider/host/proctext.h"

static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

static int month_of(const char *text)
{
	for (int i = 0; i < 12; i++)
		if (!memcmp(text, months[i], 3))
			return i;
	return -1;
}

static int digits(const char *text, size_t count, int *value)
{
	uint64_t number;

	if (proctext_number(text, count, 10, &number))
		return -1;
	*value = (int)number;
	return 0;
}

static int clock_of(const char *text, struct tm *tm) /* "09:57:03" */
{
	if (text[2] != ':' || text[5] != ':' || digits(text, 2, &tm->tm_hour) || digits(text + 3, 2, &tm->tm_min) ||
		digits(text + 6, 2, &tm->tm_sec))
		return -1;
	return tm->tm_hour > 23 || tm->tm_min > 59 || tm->tm_sec > 60 ? -1 : 0;
}

static int64_t local_ns(struct tm *tm)
{
	tm->tm_isdst = -1;
	time_t at = mktime(tm);

	return at == (time_t)-1 ? 0 : (int64_t)at * CLOCK_SECOND_NS;
}

static int64_t syslog_time(const char *line, int64_t now_ns)
{
	struct tm tm = { 0 }, now;
	time_t now_s = (time_t)(now_ns / CLOCK_SECOND_NS);
	int month = month_of(line);
	size_t blank = line[4] == ' ';

	if (month < 0 || line[3] != ' ' || line[6] != ' ' || digits(line + 4 + blank, 2 - blank, &tm.tm_mday) || clock_of(line + 7, &tm) ||
		!localtime_r(&now_s, &now))
		return 0;
	tm.tm_mon = month;
	tm.tm_year = now.tm_year;
	struct tm last_year = tm;
	int64_t at = local_ns(&tm);

	if (at <= now_ns + 86400 * CLOCK_SECOND_NS) /* a clock may be a little ahead */
		return at;
	last_year.tm_year--;
	return local_ns(&last_year);
}

/* "2026-11-21 09:57:03" in local time. */
static int64_t plain_time(const char *line)
{
	struct tm tm = { 0 };

	if (line[4] != '-' || line[7] != '-' || (line[10] != ' ' && line[10] != 'T') || digits(line, 4, &tm.tm_year) ||
		digits(line + 5, 2, &tm.tm_mon) || digits(line + 8, 2, &tm.tm_mday) || clock_of(line + 11, &tm))
		return 0;
	if (tm.tm_year < 1970 || tm.tm_mon < 1 || tm.tm_mon > 12)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	return local_ns(&tm);
}

/* Common log format, Apache's mod_log_config: "[21/Nov/2026:09:57:03 +0000]". */
static int64_t web_time(const char *line, size_t length)
{
	const char *open = memchr(line, '[', length < 200 ? length : 200);
	char text[40];

	if (!open || (size_t)(line + length - open) < 28 || open[27] != ']' || month_of(open + 4) < 0)
		return 0;
	snprintf(text, sizeof(text), "%.4s-%02d-%.2sT%.8s%.3s:%.2s", open + 8, month_of(open + 4) + 1, open + 1, open + 13, open + 22, open + 25);
	int64_t at = 0;

	return clock_parse(text, &at) ? 0 : at;
}

int64_t logtime_parse(const char *line, size_t length, int64_t now_ns)
{
	char word[40];
	size_t word_length = 0;
	int64_t at = 0;

	if (length < 15)
		return 0;
	while (word_length < length && word_length < sizeof(word) - 1 && line[word_length] != ' ')
		word_length++;
	memcpy(word, line, word_length);
	word[word_length] = 0;
	if (word_length >= 20 && !clock_parse(word, &at))
		return at;
	if (length >= 19 && (at = plain_time(line)))
		return at;
	if ((at = syslog_time(line, now_ns)))
		return at;
	return web_time(line, length);
}
