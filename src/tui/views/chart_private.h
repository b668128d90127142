/* chart_private.h - what the files of the chart pane share. */
#ifndef TUI_CHART_PRIVATE_H
#define TUI_CHART_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "tui/pane.h"
#include "tui/views/chart_pane.h"

enum { CHART_LINES_MAX = 8 };

struct shown {
	struct chart_line line;
	const struct kind *kind; /* NULL: not known here */
	struct feed *feed;       /* shared by equal kinds of the estate itself */
	unsigned version;
	char worst[64];
};

struct chart_pane {
	struct pane pane;
	char title[160];
	struct shown lines[CHART_LINES_MAX];
	size_t count, at, top;
	int alone, is_open, is_visible;
	size_t window;
	int64_t back_ns; /* how far the right end lies before now */
};

/* chart_look.c */
int64_t chart_window_ns(size_t window); /* how long it shows; -1: there is no such window */
/* pane_ops */
void chart_pane_draw(struct pane *pane, struct rect area);
void chart_pane_status(struct pane *pane, char *out, size_t size);
int64_t chart_pane_next_change(struct pane *pane);
void chart_pane_dump(struct pane *pane, struct text *out);

#endif
