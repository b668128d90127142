/* series.h - a number over time: samples as they came, for a good while, and the peak of each minute for a day. A part of time without a
 * sample is a gap and stays one. Main thread. */
#ifndef TUI_SERIES_H
#define TUI_SERIES_H

#include <stddef.h>
#include <stdint.h>

struct series;

struct series_sum {
	size_t count;          /* of samples; 0: the rest is NAN */
	double now, low, high; /* the last one in that time, and the range */
};

struct series *series_new(void);
void series_free(struct series *series); /* NULL is fine */
/* One that is not newer than the last, or is NAN, is left out. */
void series_add(struct series *series, int64_t at_ns, double value);
/* A minute's peak that is older than all that is known; one that is not is left out. */
void series_add_before(struct series *series, int64_t at_ns, double value);
size_t series_minutes(const struct series *series);
void series_each_minute(const struct series *series, void (*on_minute)(void *arg, int64_t at_ns, double value), void *arg); /* oldest first */
size_t series_count(const struct series *series);       /* samples held as they came */
int64_t series_first_ns(const struct series *series);   /* of what is known; 0 nothing */
int64_t series_last_ns(const struct series *series);
/* [from, to) in count equal parts: the peak of each. One without a sample of its own has the value before it when samples before and after are not
 * further apart than gap_ns; else NAN. */
void series_slots(const struct series *series, int64_t from_ns, int64_t to_ns, int64_t gap_ns, double *out, size_t count);
struct series_sum series_sum(const struct series *series, int64_t from_ns, int64_t to_ns);

/* Series by name, kept while the console lives: a view that closes and opens again goes on. */
struct series_book;
struct series_book *series_book_new(void);
void series_book_free(struct series_book *book);
void series_book_each(const struct series_book *book, void (*on_series)(void *arg, const char *key, const struct series *series), void *arg);
struct series *series_of(struct series_book *book, const char *key); /* made when absent; NULL: there are too many */

#endif
