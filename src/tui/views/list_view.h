/* list_view.h - short tables that are not kinds of resources (runs, approvals, audit …): rows of a few cells with a cursor, a filter and a
 * header. Main thread. */
#ifndef TUI_LIST_VIEW_H
#define TUI_LIST_VIEW_H

#include <stddef.h>

#include "tui/dialog/input.h"
#include "tui/screen/screen.h"

struct command;
struct pane;
struct text;

enum { LIST_COLUMNS_MAX = 10, LIST_ROWS_MAX = 20000 };

struct list_column {
	const char *name;
	int max;    /* columns at most; 0: what is left, shared by those that say 0 */
	int right;  /* right-aligned */
	int leave;  /* left out when narrow: the highest first; 0 never */
	int least;  /* made as narrow before another is left out; 0: it stays as wide as what stands in it */
};

struct list_row {
	char *id;                           /* keeps the cursor in its place; owned */
	char *cells[LIST_COLUMNS_MAX];      /* owned, harmless; NULL is "" */
	enum style styles[LIST_COLUMNS_MAX];
	size_t number;                      /* for its owner */
};

struct list_view {
	const struct list_column *columns;
	size_t column_count;
	struct list_row *rows;
	size_t row_count;
	size_t *shown, shown_count; /* rows that match the filter */
	size_t cursor, top;
	int page, cut;
	int widths[LIST_COLUMNS_MAX];
	struct input filter;
	char *under; /* id that was under the cursor when rows were cleared */
	const char *empty; /* what stands there when there are no rows: says why, and what to do */
};

void list_view_init(struct list_view *list, const struct list_column *columns, size_t count, const char *empty);
void list_view_release(struct list_view *list);
/* Rows anew: begin, add …, end. The cursor stays on the row with its id. */
void list_view_begin(struct list_view *list);
/* Valid until the next one is added. NULL when there are too many: they are cut. */
struct list_row *list_view_add(struct list_view *list, const char *id, size_t number);
void list_row_set(struct list_row *row, size_t column, enum style style, const char *text);
void list_row_setf(struct list_row *row, size_t column, enum style style, const char *format, ...) __attribute__((format(printf, 4, 5)));
void list_view_end(struct list_view *list);

const struct list_row *list_view_at_cursor(const struct list_view *list); /* NULL none */
void list_view_draw(struct list_view *list, struct pane *pane, struct rect area);
/* Moving and filtering of the context "table", and "line" while a filter is typed. 1 handled. */
int list_view_command(struct list_view *list, struct pane *pane, const struct command *command);
int list_view_key(struct list_view *list, struct pane *pane, int key);
/* 1: the row under the cursor was clicked again, open it. */
int list_view_mouse(struct list_view *list, struct pane *pane, int y, int button);
void list_view_status(const struct list_view *list, char *out, size_t size); /* "3 of 12" */
void list_view_dump(const struct list_view *list, struct text *out);

#endif
