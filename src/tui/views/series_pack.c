/* series_pack.c - a book of series as bytes, for the store of this machine, and back. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "tui/views/series.h"
#include "tui/views/series_store.h"

enum { KEY_MAX = 1200, VERSION = 1 };
#define DAY_NS (INT64_C(24) * 3600 * CLOCK_SECOND_NS)

/* The bytes: VERSION, then for each series the length of its name, the name, how many minutes, and the minutes. For this machine only. */
struct minute {
	int64_t at_ns;
	double value;
};

/* --- to bytes and back --- */

static void add_number(struct text *out, uint32_t number)
{
	text_add_n(out, (const char *)&number, sizeof(number));
}

static void pack_minute(void *arg, int64_t at_ns, double value)
{
	struct minute minute = { at_ns, value };

	text_add_n(arg, (const char *)&minute, sizeof(minute));
}

static void pack_series(void *arg, const char *key, const struct series *series)
{
	struct text *out = arg;

	add_number(out, (uint32_t)strlen(key));
	text_add(out, key);
	add_number(out, (uint32_t)series_minutes(series));
	series_each_minute(series, pack_minute, out);
}

void series_book_pack(const struct series_book *book, struct text *out)
{
	add_number(out, VERSION);
	series_book_each(book, pack_series, out);
}

struct reading {
	const char *at, *end;
};

static int take(struct reading *reading, void *out, size_t size)
{
	if ((size_t)(reading->end - reading->at) < size)
		return -1;
	memcpy(out, reading->at, size);
	reading->at += size;
	return 0;
}

static int unpack_series(struct series_book *book, struct reading *reading)
{
	char key[KEY_MAX];
	uint32_t length, count;
	int64_t now = clock_now_ns();

	if (take(reading, &length, sizeof(length)) || length >= sizeof(key) || take(reading, key, length) || take(reading, &count, sizeof(count)))
		return -1;
	key[length] = 0;
	if ((size_t)(reading->end - reading->at) / sizeof(struct minute) < count)
		return -1;
	struct series *series = series_of(book, key);

	/* Newest first, as they are put before what is there. */
	for (size_t i = count; i-- > 0 && series;) {
		struct minute minute;

		memcpy(&minute, reading->at + i * sizeof(minute), sizeof(minute));
		if (isfinite(minute.value) && minute.at_ns <= now && now - minute.at_ns < DAY_NS)
			series_add_before(series, minute.at_ns, minute.value);
	}
	reading->at += count * sizeof(struct minute);
	return 0;
}

void series_book_unpack(struct series_book *book, const char *bytes, size_t length)
{
	struct reading reading = { bytes, bytes + length };
	uint32_t version;

	if (take(&reading, &version, sizeof(version)) || version != VERSION)
		return;
	while (reading.at < reading.end && !unpack_series(book, &reading))
		;
}
