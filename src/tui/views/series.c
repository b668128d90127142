#include "tui/views/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

enum { RECENT_MAX = 1800, MINUTES_MAX = 24 * 60, SERIES_MAX = 256 };

#define MINUTE_NS (INT64_C(60) * CLOCK_SECOND_NS)

struct sample {
	int64_t at_ns;
	double value;
};

/* Full, it forgets the oldest tenth: moving all at each sample would cost more than the samples. */
struct samples {
	struct sample *list;
	size_t count, max;
};

struct series {
	struct samples recent, minutes;
};

struct series *series_new(void)
{
	struct series *series = mem_zero(1, sizeof(*series));

	series->recent.max = RECENT_MAX;
	series->minutes.max = MINUTES_MAX;
	return series;
}

void series_free(struct series *series)
{
	if (!series)
		return;
	free(series->recent.list);
	free(series->minutes.list);
	free(series);
}

static void add(struct samples *samples, int64_t at_ns, double value)
{
	if (samples->count == samples->max) {
		size_t gone = samples->max / 10;

		memmove(samples->list, samples->list + gone, (samples->count - gone) * sizeof(*samples->list));
		samples->count -= gone;
	}
	samples->list = mem_grow(samples->list, samples->count + 1, sizeof(*samples->list));
	samples->list[samples->count++] = (struct sample){ at_ns, value };
}

void series_add(struct series *series, int64_t at_ns, double value)
{
	struct samples *minutes = &series->minutes;

	if (isnan(value) || at_ns <= series_last_ns(series))
		return;
	add(&series->recent, at_ns, value);
	if (!minutes->count || at_ns / MINUTE_NS != minutes->list[minutes->count - 1].at_ns / MINUTE_NS)
		add(minutes, at_ns, value);
	else if (value > minutes->list[minutes->count - 1].value)
		minutes->list[minutes->count - 1].value = value;
}

void series_add_before(struct series *series, int64_t at_ns, double value)
{
	struct samples *minutes = &series->minutes;

	if (isnan(value) || minutes->count == minutes->max || (minutes->count && at_ns / MINUTE_NS >= minutes->list[0].at_ns / MINUTE_NS))
		return;
	minutes->list = mem_grow(minutes->list, minutes->count + 1, sizeof(*minutes->list));
	memmove(minutes->list + 1, minutes->list, minutes->count++ * sizeof(*minutes->list));
	minutes->list[0] = (struct sample){ at_ns, value };
}

size_t series_minutes(const struct series *series)
{
	return series->minutes.count;
}

void series_each_minute(const struct series *series, void (*on_minute)(void *arg, int64_t at_ns, double value), void *arg)
{
	for (size_t i = 0; i < series->minutes.count; i++)
		on_minute(arg, series->minutes.list[i].at_ns, series->minutes.list[i].value);
}

size_t series_count(const struct series *series)
{
	return series->recent.count;
}

int64_t series_first_ns(const struct series *series)
{
	return series->minutes.count ? series->minutes.list[0].at_ns : 0;
}

int64_t series_last_ns(const struct series *series)
{
	return series->recent.count ? series->recent.list[series->recent.count - 1].at_ns : 0;
}

/* Samples as they came reach back to there; minutes stand for what is older. */
static const struct samples *samples_for(const struct series *series, int64_t from_ns)
{
	const struct samples *recent = &series->recent;

	return recent->count && (recent->list[0].at_ns <= from_ns || series_first_ns(series) >= recent->list[0].at_ns) ? recent : &series->minutes;
}

static size_t first_from(const struct samples *samples, int64_t from_ns)
{
	size_t low = 0, high = samples->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (samples->list[middle].at_ns < from_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void series_slots(const struct series *series, int64_t from_ns, int64_t to_ns, int64_t gap_ns, double *out, size_t count)
{
	const struct samples *samples = samples_for(series, from_ns);
	size_t at = first_from(samples, from_ns);

	if (samples == &series->minutes && gap_ns < 2 * MINUTE_NS)
		gap_ns = 2 * MINUTE_NS;
	for (size_t i = 0; i < count; i++) {
		int64_t end = from_ns + (int64_t)((double)(to_ns - from_ns) * (double)(i + 1) / (double)count);

		out[i] = (double)NAN;
		for (; at < samples->count && samples->list[at].at_ns < end; at++)
			if (isnan(out[i]) || samples->list[at].value > out[i])
				out[i] = samples->list[at].value;
		/* Between two samples that belong together. */
		if (isnan(out[i]) && at > 0 && at < samples->count && samples->list[at].at_ns - samples->list[at - 1].at_ns <= gap_ns)
			out[i] = samples->list[at - 1].value;
	}
}

struct series_sum series_sum(const struct series *series, int64_t from_ns, int64_t to_ns)
{
	struct series_sum sum = { 0, (double)NAN, (double)NAN, (double)NAN };
	const struct samples *samples = samples_for(series, from_ns);

	for (size_t i = first_from(samples, from_ns); i < samples->count && samples->list[i].at_ns < to_ns; i++) {
		double value = samples->list[i].value;

		sum.now = value;
		sum.low = !sum.count || value < sum.low ? value : sum.low;
		sum.high = !sum.count || value > sum.high ? value : sum.high;
		sum.count++;
	}
	/* Of a minute its peak is known; the last sample as it came. */
	int64_t last = series_last_ns(series);

	if (sum.count && last >= from_ns && last < to_ns)
		sum.now = series->recent.list[series->recent.count - 1].value;
	return sum;
}

/* --- by name --- */

struct series_book {
	struct {
		char *key;
		struct series *series;
	} pages[SERIES_MAX];
	size_t count;
};

struct series_book *series_book_new(void)
{
	return mem_zero(1, sizeof(struct series_book));
}

void series_book_free(struct series_book *book)
{
	for (size_t i = 0; book && i < book->count; i++) {
		free(book->pages[i].key);
		series_free(book->pages[i].series);
	}
	free(book);
}

void series_book_each(const struct series_book *book, void (*on_series)(void *arg, const char *key, const struct series *series), void *arg)
{
	for (size_t i = 0; i < book->count; i++)
		on_series(arg, book->pages[i].key, book->pages[i].series);
}

struct series *series_of(struct series_book *book, const char *key)
{
	for (size_t i = 0; i < book->count; i++)
		if (!strcmp(book->pages[i].key, key))
			return book->pages[i].series;
	if (book->count == SERIES_MAX)
		return NULL;
	book->pages[book->count].key = mem_text(key);
	book->pages[book->count].series = series_new();
	return book->pages[book->count++].series;
}
