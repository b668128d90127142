#include "base/number.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXACT_DIGITS = 15, DOUBLE_DIGITS = 17, EXPONENT_MAX = 100000 };

static const double powers[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
	1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
enum { POWER_MAX = 22 }; /* the last power of ten a double holds exactly */

struct literal {
	const char *at, *end;
	uint64_t mantissa; /* meaningful while digits <= EXACT_DIGITS + 4 */
	int digits;        /* significant ones, without leading zeros */
	int exponent;      /* of the last digit of the mantissa */
	int integer;
};

static int is_digit(const struct literal *l)
{
	return l->at < l->end && *l->at >= '0' && *l->at <= '9';
}

static int scan_digits(struct literal *l)
{
	const char *start = l->at;

	for (; is_digit(l); l->at++) {
		if (l->digits || *l->at != '0')
			l->digits++;
		if (l->digits <= DOUBLE_DIGITS)
			l->mantissa = l->mantissa * 10 + (uint64_t)(*l->at - '0');
	}
	return (int)(l->at - start);
}

static int scan_exponent(struct literal *l)
{
	int negative = 0, value = 0;
	const char *start;

	l->at++;
	if (l->at < l->end && (*l->at == '+' || *l->at == '-'))
		negative = *l->at++ == '-';
	for (start = l->at; is_digit(l); l->at++)
		if (value < EXPONENT_MAX)
			value = value * 10 + (*l->at - '0');
	l->exponent += negative ? -value : value;
	l->integer = 0;
	return l->at > start;
}

/* The digits without the point, then the exponent: strtod reads that alike in every locale. */
static double convert(const char *bytes, size_t length, const struct literal *l)
{
	char copy[NUMBER_LITERAL_MAX + 24];
	size_t n = 0;

	for (size_t i = 0; i < length && bytes[i] != 'e' && bytes[i] != 'E'; i++)
		if (bytes[i] != '.' && bytes[i] != '-')
			copy[n++] = bytes[i];
	snprintf(copy + n, sizeof(copy) - n, "e%d", l->exponent);
	return strtod(copy, NULL);
}

static double value_of(const char *bytes, size_t length, const struct literal *l)
{
	if (!l->mantissa)
		return 0;
	if (l->digits <= EXACT_DIGITS && l->exponent >= -POWER_MAX && l->exponent <= POWER_MAX)
		return l->exponent < 0 ? (double)l->mantissa / powers[-l->exponent]
				       : (double)l->mantissa * powers[l->exponent];
	return convert(bytes, length, l);
}

size_t number_scan(const char *bytes, size_t length, double *value, int *exact)
{
	struct literal l = { .at = bytes, .end = bytes + length, .integer = 1 };
	int negative = length && *bytes == '-';
	size_t used;
	double v;

	l.at += negative;
	if (!is_digit(&l))
		return 0;
	if (*l.at == '0')
		l.at++;
	else
		scan_digits(&l);
	if (l.at < l.end && *l.at == '.') {
		l.at++;
		l.integer = 0;
		int fraction = scan_digits(&l);
		if (!fraction)
			return 0;
		l.exponent = -fraction;
	}
	if (l.at < l.end && (*l.at == 'e' || *l.at == 'E') && !scan_exponent(&l))
		return 0;
	used = (size_t)(l.at - bytes);
	if (used > NUMBER_LITERAL_MAX)
		return 0;
	v = value_of(bytes, used, &l);
	*exact = isfinite(v) && (!l.integer || v <= 9007199254740992.0);
	if (!isfinite(v))
		v = DBL_MAX;
	/* 2^53 itself may stand for 2^53 + 1 */
	if (l.integer && v == 9007199254740992.0)
		*exact = 0;
	*value = negative ? -v : v;
	return used;
}

/* value as digits * 10^exponent with `count` digits; 1 when that reads back as the same double. */
static int shorten(double value, int count, uint64_t *digits, int *exponent)
{
	char copy[64];
	const char *p = copy;

	snprintf(copy, sizeof(copy), "%.*e", count - 1, value);
	*digits = 0;
	for (; *p && *p != 'e'; p++) /* whatever the locale's point is, it is no digit */
		if (*p >= '0' && *p <= '9')
			*digits = *digits * 10 + (uint64_t)(*p - '0');
	*exponent = (*p ? atoi(p + 1) : 0) - (count - 1);
	/* At a power of two the doubles below lie closer: the nearest decimal may fail where
	 * the next one up reads back. */
	for (int up = 0; up < 2; up++) {
		snprintf(copy, sizeof(copy), "%" PRIu64 "e%d", *digits + (uint64_t)up, *exponent);
		if (strtod(copy, NULL) == value) {
			*digits += (uint64_t)up;
			return 1;
		}
	}
	return 0;
}

/* ECMAScript Number::toString, steps 6 to 10: k digits, the point after the n-th. */
static void lay_out(const char *digits, int n, char *out, size_t size)
{
	int k = (int)strlen(digits);

	if (k <= n && n <= 21)
		snprintf(out, size, "%s%.*s", digits, n - k, "000000000000000000000");
	else if (0 < n && n <= 21)
		snprintf(out, size, "%.*s.%s", n, digits, digits + n);
	else if (-6 < n && n <= 0)
		snprintf(out, size, "0.%.*s%s", -n, "00000", digits);
	else
		snprintf(out, size, "%c%s%se%+d", digits[0], k > 1 ? "." : "", digits + 1, n - 1);
}

void number_format(double value, char out[NUMBER_TEXT_MAX])
{
	uint64_t digits = 0;
	int exponent = 0;
	char text[24];
	int negative = value < 0;

	if (!isfinite(value)) {
		memcpy(out, "null", 5);
		return;
	}
	if (fabs(value) < 1e15 && value == (double)(int64_t)value) {
		snprintf(out, NUMBER_TEXT_MAX, "%" PRId64, (int64_t)value);
		return;
	}
	value = fabs(value);
	/* Fifteen digits always survive a double, but not one that is denormal. */
	for (int count = value < DBL_MIN ? 1 : EXACT_DIGITS; count <= DOUBLE_DIGITS; count++)
		if (shorten(value, count, &digits, &exponent))
			break;
	for (; digits && digits % 10 == 0; exponent++)
		digits /= 10;
	snprintf(text, sizeof(text), "%" PRIu64, digits);
	if (negative)
		*out = '-';
	lay_out(text, exponent + (int)strlen(text), out + negative, NUMBER_TEXT_MAX - 1);
}
