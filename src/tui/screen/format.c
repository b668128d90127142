#include "tui/screen/format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/safe.h"
#include "tui/screen/screen.h"

enum { NUMBER_MAX = 40, DATA_STEP_S = 5, DATA_LATE_S = 15, MINUTE_MS = 60000 };

int is_right_aligned(enum column_type type)
{
	return type != COLUMN_TEXT && type != COLUMN_BOOL;
}

size_t format_bytes(double bytes, char *out, size_t size)
{
	static const char units[] = " KMGTPE";
	size_t unit = 0;

	while ((bytes >= 1024 || bytes <= -1024) && unit + 2 < sizeof(units)) {
		bytes /= 1024;
		unit++;
	}
	if (!unit)
		return (size_t)snprintf(out, size, "%.0f", bytes);
	return (size_t)snprintf(out, size, bytes < 10 && bytes > -10 ? "%.1f%ci" : "%.0f%ci", bytes, units[unit]);
}

size_t format_count(uint64_t count, char *out, size_t size)
{
	char digits[32];
	int length = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)count);
	size_t used = 0;

	for (int i = 0; i < length && used + 2 < size; i++) {
		if (i && (length - i) % 3 == 0)
			out[used++] = ' ';
		out[used++] = digits[i];
	}
	out[used] = 0;
	return used;
}

/* clock_format_age changes with the smallest unit it shows; each unit's steps begin at whole ones. */
size_t format_age(int64_t age_ns, char *out, size_t size, int64_t *step_ns)
{
	char text[CLOCK_AGE_MAX];
	static const struct {
		char unit;
		int64_t ns;
	} steps[] = { { 's', CLOCK_SECOND_NS }, { 'm', 60 * CLOCK_SECOND_NS }, { 'h', 3600 * CLOCK_SECOND_NS }, { 'd', 86400 * CLOCK_SECOND_NS } };

	clock_format_age(age_ns, text);
	size_t length = (size_t)snprintf(out, size, "%s", text);

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (length && text[length - 1] == steps[i].unit)
			*step_ns = steps[i].ns - age_ns % steps[i].ns;
	return length;
}

/* An upper bound that holds until the clock's next minute, when the screen changes anyhow. */
static size_t format_minutes(int64_t observed_ns, int64_t now_ns, char *out, size_t size, int64_t *step_ns)
{
	int64_t minute = 60 * CLOCK_SECOND_NS, next = now_ns - now_ns % minute + minute, age = next - observed_ns;
	int64_t unit = age <= 60 * minute ? minute : age <= 48 * 60 * minute ? 60 * minute : 24 * 60 * minute;
	int64_t count = (age + unit - 1) / unit, until = observed_ns + count * unit;

	*step_ns = until - until % minute - now_ns;
	return (size_t)snprintf(out, size, "<%lld%c", (long long)count, unit == minute ? 'm' : unit == 60 * minute ? 'h' : 'd');
}

size_t format_data_age(int64_t observed_ns, int64_t now_ns, int interval_ms, char *out, size_t size, int64_t *step_ns)
{
	static const int bounds_s[] = { 5, 10, 15, 30, 60 }; /* the first that is above the interval: the next answer comes before it is over */
	int64_t age = now_ns > observed_ns ? now_ns - observed_ns : 0, step;
	size_t i = 0;

	if (interval_ms >= MINUTE_MS)
		return format_minutes(now_ns - age, now_ns, out, size, step_ns);
	while (bounds_s[i] * 1000 <= interval_ms)
		i++;
	if (age < bounds_s[i] * CLOCK_SECOND_NS) {
		*step_ns = bounds_s[i] * CLOCK_SECOND_NS - age;
		return (size_t)snprintf(out, size, bounds_s[i] < 60 ? "<%ds" : "<1m", bounds_s[i]);
	}
	/* It is late: how late in seconds is soon no matter, and would wake an idle screen. */
	step = (age < DATA_LATE_S * CLOCK_SECOND_NS ? DATA_STEP_S : age < 120 * CLOCK_SECOND_NS ? DATA_LATE_S : 60) * CLOCK_SECOND_NS;
	*step_ns = step - age % step;
	return format_age(age / step * step, out, size, &(int64_t){ 0 });
}

static size_t format_seconds(double seconds, char *out, size_t size)
{
	if (seconds < 1)
		return (size_t)snprintf(out, size, "%.0fms", seconds * 1000);
	return format_age((int64_t)(seconds * 1e9), out, size, &(int64_t){ 0 });
}

static size_t format_number_like(enum column_type type, double number, const char *cell, size_t length, char *out, size_t size)
{
	switch (type) {
	case COLUMN_BYTES:
		return format_bytes(number, out, size);
	case COLUMN_PERCENT:
		return (size_t)snprintf(out, size, "%.1f", number);
	case COLUMN_MILLICORES:
		return (size_t)snprintf(out, size, "%.0fm", number);
	case COLUMN_SECONDS:
		return format_seconds(number, out, size);
	default:
		return (size_t)snprintf(out, size, "%.*s", (int)length, cell);
	}
}

size_t format_cell(enum column_type type, const char *cell, size_t length, int64_t now_ns, char *out, size_t size, int64_t *step_ns)
{
	char copy[NUMBER_MAX], *end;
	int64_t at;
	size_t used;

	*step_ns = 0;
	if (type == COLUMN_TEXT || type == COLUMN_NUMBER || type == COLUMN_BOOL || !length || length >= sizeof(copy)) {
		used = length < size ? length : size - 1;
		memcpy(out, cell, used);
		out[used] = 0;
		return used;
	}
	memcpy(copy, cell, length);
	copy[length] = 0;
	if (type == COLUMN_AGE) {
		if (clock_parse(copy, &at))
			return (size_t)snprintf(out, size, "%s", copy);
		return format_age(now_ns > at ? now_ns - at : 0, out, size, step_ns);
	}
	double number = strtod(copy, &end);

	if (*end)
		return (size_t)snprintf(out, size, "%s", copy);
	used = format_number_like(type, number, cell, length, out, size);
	return used < size ? used : size - 1;
}

/* Bytes of the first `columns` of text. */
static size_t bytes_of(const char *text, size_t length, int columns)
{
	size_t at = 0;

	while (at < length) {
		unsigned codepoint;
		int used = utf8_decode(text + at, length - at, &codepoint), width = used ? utf8_width(codepoint) : 1;

		if (width > columns)
			break;
		columns -= width;
		at += (size_t)(used ? used : 1);
	}
	return at;
}

size_t format_cut(const char *text, size_t length, int columns, int head, char *out, size_t size)
{
	const char *more = screen_glyph(GLYPH_ELLIPSIS);
	int all = (int)utf8_columns(text, length), tail = columns - 1 - head;
	size_t used;

	if (all <= columns || tail < 0) {
		used = (size_t)snprintf(out, size, "%.*s", (int)length, text);
		return used < size ? used : size - 1;
	}
	size_t begin = bytes_of(text, length, head), end = bytes_of(text, length, all - tail);

	/* A wide character where the end begins is left out with the rest. */
	if ((int)utf8_columns(text + end, length - end) > tail)
		end += bytes_of(text + end, length - end, 2);
	/* Marks above a letter take bytes and no columns: less may be cut away than the mark of the cut takes. */
	used = (size_t)snprintf(out, size, "%.*s%s%.*s", (int)begin, text, more, (int)(length - end), text + end);
	return used < size ? used : size - 1;
}
