/* number.h - decimal numbers, exact and independent of the locale (a German LC_NUMERIC must not
 * change a wire format). */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stddef.h>

enum { NUMBER_TEXT_MAX = 64, NUMBER_LITERAL_MAX = 1000 };

/* How much of bytes is a JSON number (RFC 8259 6), 0 when none begins there. *value is the nearest double (at the ends of
 * the range, +-DBL_MAX). *exact is 0 when the literal is an integer beyond 2^53 or out of range: the
 * caller keeps its text. A literal longer than NUMBER_LITERAL_MAX is no number. */
size_t number_scan(const char *bytes, size_t length, double *value, int *exact);
/* As ECMAScript prints it (RFC 8785 3.2.2.3): the shortest digits that give the same double. Not finite: "null". */
void number_format(double value, char out[NUMBER_TEXT_MAX]);

#endif
