#include "tui/screen/chart.h"

#include <math.h>
#include <string.h>

enum { DOTS_ACROSS = 2, DOTS_DOWN = 4, BRAILLE = 0x2800, ROW_BYTES = 4096 };

/* Bits of the dots, column by column from the top (Unicode, chapter 21.1). */
static const unsigned char dots[DOTS_ACROSS][DOTS_DOWN] = { { 0x01, 0x02, 0x04, 0x40 }, { 0x08, 0x10, 0x20, 0x80 } };

static double highest(const double *values, size_t count)
{
	double max = 0;

	for (size_t i = 0; i < count; i++)
		if (values[i] > max)
			max = values[i];
	return max > 0 ? max : 1;
}

/* The value at one of `slots` places, the newest at the right end; NAN where there is none. */
static double value_at(const double *values, size_t count, int slot, int slots)
{
	if (count <= (size_t)slots) {
		long i = (long)count - slots + slot;

		return i < 0 ? (double)NAN : values[i];
	}
	size_t from = count * (size_t)slot / (size_t)slots, to = count * ((size_t)slot + 1) / (size_t)slots;
	double most = (double)NAN;

	/* The peak, not the mean: a short spike must be seen. */
	for (size_t i = from; i < to; i++)
		if (!isnan(values[i]) && (isnan(most) || values[i] > most))
			most = values[i];
	return most;
}

static unsigned cell_bits(const double *values, size_t count, double max, int columns, int rows, int row, int x)
{
	unsigned bits = 0;

	for (int across = 0; across < DOTS_ACROSS; across++) {
		double value = value_at(values, count, x * DOTS_ACROSS + across, columns * DOTS_ACROSS);

		if (isnan(value))
			continue;
		int height = rows * DOTS_DOWN, level = (int)(value / max * height + 0.5);

		level = level < 1 ? 1 : level > height ? height : level; /* a value of 0 is there, a gap is not */
		for (int down = 0; down < DOTS_DOWN; down++)
			if (height - (row * DOTS_DOWN + down) <= level)
				bits |= dots[across][down];
	}
	return bits;
}

static size_t put_cell(unsigned bits, char *out)
{
	unsigned codepoint = BRAILLE | bits;

	if (!screen_unicode()) {
		int set = __builtin_popcount(bits);

		*out = " ..:+*###"[set];
		return 1;
	}
	if (!bits) {
		*out = ' ';
		return 1;
	}
	out[0] = (char)(0xe0 | codepoint >> 12);
	out[1] = (char)(0x80 | (codepoint >> 6 & 0x3f));
	out[2] = (char)(0x80 | (codepoint & 0x3f));
	return 3;
}

void chart_row(const double *values, size_t count, double max, int columns, int rows, int row, char *out, size_t size)
{
	size_t used = 0;

	if (max <= 0)
		max = highest(values, count);
	for (int x = 0; x < columns && used + 4 < size; x++)
		used += put_cell(cell_bits(values, count, max, columns, rows, row, x), out + used);
	if (size)
		out[used] = 0;
}

void chart_draw(struct rect area, const double *values, size_t count, double max, enum style style)
{
	char text[ROW_BYTES];

	for (int y = 0; y < area.rows; y++) {
		chart_row(values, count, max, area.columns, area.rows, y, text, sizeof(text));
		screen_put_n(area, y, 0, area.columns, style, text, strlen(text));
	}
}
