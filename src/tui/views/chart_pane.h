/* chart_pane.h - numbers over time, one above the other: of a resource, or the worst of a kind. */
#ifndef TUI_CHART_PANE_H
#define TUI_CHART_PANE_H

#include <stddef.h>
#include <stdint.h>

struct console;
struct kind;
struct pane;
struct ref;
struct series_book;
struct snapshot;

struct chart_line {
	char label[24];
	char kind[64], account[128], column[64];
	char id[900]; /* "" the highest of all rows */
};

/* Copies the lines; at is the one under the cursor. */
struct pane *chart_new(struct console *console, const char *title, const struct chart_line *lines, size_t count, size_t at);
/* All numbers of a resource that change; NULL with a message when it has none. */
struct pane *chart_of(struct console *console, const struct ref *ref);
/* Takes what the snapshot says of that line into its series, and gives it: NAN not known. name: of the row with the highest, "" for a line of
 * one row. May be NULL. */
double chart_sample(struct series_book *book, const struct chart_line *line, const struct kind *kind, struct snapshot *snapshot, char *name, size_t size);
struct series *chart_series(struct series_book *book, const struct chart_line *line);

#endif
