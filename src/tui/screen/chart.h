/* chart.h - a line of values over time in Braille dots (U+2800: two by four to a character), in ASCII columns where there are none. */
#ifndef TUI_CHART_H
#define TUI_CHART_H

#include <stddef.h>

#include "tui/screen/screen.h"

/* count values, the newest last, NAN for a gap, from 0 to max (max <= 0: the highest). Draws all of area. */
void chart_draw(struct rect area, const double *values, size_t count, double max, enum style style);
/* One text row of it into out (UTF-8): row 0 is the top. For dumps and tests. */
void chart_row(const double *values, size_t count, double max, int columns, int rows, int row, char *out, size_t size);

#endif
