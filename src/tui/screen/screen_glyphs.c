/* screen_glyphs.c - glyphs with an ASCII form, severities, sparklines. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tui/screen/screen.h"

static const struct {
	const char *nice, *ascii;
} glyphs[GLYPH_COUNT] = {
	[GLYPH_DOT] = { "●", "*" },
	[GLYPH_CIRCLE] = { "○", "o" },
	[GLYPH_CURSOR] = { "▸", ">" },
	[GLYPH_CHECK] = { "✓", "+" },
	[GLYPH_CROSS] = { "✗", "x" },
	[GLYPH_WAIT] = { "⧗", "~" },
	[GLYPH_ARROW] = { "→", ">" },
	[GLYPH_CRUMB] = { "›", ">" },
	[GLYPH_UP] = { "↑", "^" },
	[GLYPH_DOWN] = { "↓", "v" },
	[GLYPH_ELLIPSIS] = { "…", "~" },
	[GLYPH_BAR] = { "█", "#" },
	[GLYPH_DASH] = { "–", "-" },
};

const char *screen_glyph(enum glyph glyph)
{
	return screen_unicode() ? glyphs[glyph].nice : glyphs[glyph].ascii;
}

enum style style_of_severity(const char *severity)
{
	static const struct {
		const char *name;
		enum style style;
	} rows[] = {
		{ "critical", STYLE_CRITICAL },
		{ "high", STYLE_HIGH },
		{ "medium", STYLE_MEDIUM },
		{ "low", STYLE_LOW },
		{ "info", STYLE_DIM },
		{ "ok", STYLE_OK },
	};

	for (size_t i = 0; severity && i < sizeof(rows) / sizeof(*rows); i++)
		if (!strcmp(severity, rows[i].name))
			return rows[i].style;
	return STYLE_TEXT;
}

/* The mean of the values that fall on column x of columns; NAN when there is none. */
static double mean_at(const double *values, size_t count, int x, int columns)
{
	size_t from = count * (size_t)x / (size_t)columns, to = count * ((size_t)x + 1) / (size_t)columns, had = 0;
	double sum = 0;

	if (to == from)
		to = from + 1;
	for (size_t i = from; i < to && i < count; i++) {
		if (isnan(values[i]))
			continue;
		sum += values[i];
		had++;
	}
	return had ? sum / (double)had : (double)NAN;
}

static const char *level_of(double value, double max)
{
	static const char *const nice[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const ascii[] = { "_", ".", "-", "=", "+", "*", "#", "#" };
	int level = max > 0 ? (int)(value / max * 8) : 0;

	if (isnan(value))
		return " ";
	level = level < 0 ? 0 : level > 7 ? 7 : level;
	return screen_unicode() ? nice[level] : ascii[level];
}

/* Fewer values than columns stand at the right end: now is always there. */
void screen_spark(const double *values, size_t count, double max, int columns, char *out, size_t size)
{
	size_t used = 0;
	int first = count < (size_t)columns ? columns - (int)count : 0;

	if (!size)
		return;
	*out = 0;
	for (int x = 0; x < columns; x++) {
		const char *level = x < first ? " " : level_of(mean_at(values, count, x - first, columns - first), max);
		size_t length = strlen(level);

		if (used + length + 1 > size)
			break;
		memcpy(out + used, level, length + 1);
		used += length;
	}
}
