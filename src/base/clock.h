/* clock.h - time: int64_t nanoseconds since 1970 UTC inside, RFC 3339 outside. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CLOCK_SECOND_NS INT64_C(1000000000)
enum { CLOCK_RFC3339_MAX = 36, CLOCK_AGE_MAX = 16 };

int64_t clock_now_ns(void);       /* UTC */
int64_t clock_monotonic_ns(void); /* for durations and deadlines */
/* "2026-11-21T09:40:45.123Z" (milliseconds), into out. */
void clock_format(int64_t at_ns, char out[CLOCK_RFC3339_MAX]);
/* RFC 3339 with any offset, to ns. 0, or -1 when it is not a time. */
int clock_parse(const char *text, int64_t *at_ns);
/* A window: "90s" "10m" "1h" "7d" "2w" "1h30m". 0, or -1. */
int clock_parse_window(const char *text, int64_t *window_ns);
/* Time as people give it on a command line: RFC 3339, "2026-11-21", "14:02", "10m" (ago), "now". */
int clock_parse_when(const char *text, int64_t *at_ns);
/* How long ago, short as kubectl: "4s" "12m" "3h" "2d4h" "41d". */
void clock_format_age(int64_t age_ns, char out[CLOCK_AGE_MAX]);

#endif
