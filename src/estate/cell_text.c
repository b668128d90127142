#include "estate/cell_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

int column_is_right(enum column_type type)
{
	return type != COLUMN_TEXT && type != COLUMN_BOOL;
}

void bytes_text(char *out, size_t size, double bytes)
{
	static const char units[] = " KMGTPE";
	int unit = 0;

	for (; fabs(bytes) >= 1000 && unit < 6; unit++)
		bytes /= 1024;
	if (!unit)
		snprintf(out, size, "%.0f", bytes);
	else
		snprintf(out, size, bytes < 10 ? "%.1f%c" : "%.0f%c", bytes, units[unit]);
}

static void seconds_text(char *out, size_t size, double seconds)
{
	char age[CLOCK_AGE_MAX];

	if (seconds < 1) {
		snprintf(out, size, "%.0fms", seconds * 1000);
		return;
	}
	clock_format_age((int64_t)(seconds * (double)CLOCK_SECOND_NS), age);
	snprintf(out, size, "%s", age);
}

static int age_text(char *out, size_t size, const char *cell, int64_t now_ns)
{
	char age[CLOCK_AGE_MAX];
	int64_t at_ns;

	if (clock_parse(cell, &at_ns))
		return -1;
	if (at_ns > now_ns) {
		clock_format_age(at_ns - now_ns, age);
		snprintf(out, size, at_ns - now_ns > CLOCK_SECOND_NS ? "in %s" : "0s", age);
		return 0;
	}
	clock_format_age(now_ns - at_ns, age);
	snprintf(out, size, "%s", age);
	return 0;
}

static void number_text(char *out, size_t size, enum column_type type, double number)
{
	switch (type) {
	case COLUMN_BYTES:
		bytes_text(out, size, number);
		break;
	case COLUMN_PERCENT:
		snprintf(out, size, "%.*f", number < 10 && number != floor(number) ? 1 : 0, number);
		break;
	case COLUMN_MILLICORES:
		snprintf(out, size, "%.0fm", number);
		break;
	default:
		seconds_text(out, size, number);
	}
}

/* Cuts where a character ends. */
static size_t copy_cut(char *out, size_t size, const char *cell, size_t length)
{
	if (length >= size) {
		length = size - 1;
		while (length && ((unsigned char)cell[length] & 0xc0) == 0x80)
			length--;
	}
	memcpy(out, cell, length);
	out[length] = 0;
	return length;
}

size_t cell_text(char *out, size_t size, enum column_type type, const char *cell, size_t length, int64_t now_ns)
{
	char plain[64];
	char *end;

	if (!length)
		return copy_cut(out, size, "–", column_is_right(type) ? strlen("–") : 0);
	if (type == COLUMN_TEXT || type == COLUMN_NUMBER || type == COLUMN_BOOL || length >= sizeof(plain))
		return copy_cut(out, size, cell, length);
	copy_cut(plain, sizeof(plain), cell, length);
	if (type == COLUMN_AGE) {
		if (age_text(out, size, plain, now_ns))
			return copy_cut(out, size, cell, length);
		return strlen(out);
	}
	double number = strtod(plain, &end);
	if (end == plain || *end) /* the source's own words: shown as they are */
		return copy_cut(out, size, cell, length);
	number_text(out, size, type, number);
	return strlen(out);
}
