/* private.h - what the files of the table pane share. */
#ifndef TUI_TABLE_PRIVATE_H
#define TUI_TABLE_PRIVATE_H

#include <stdint.h>

#include "estate/estate.h"
#include "estate/filter.h"
#include "tui/console.h"
#include "tui/dialog/input.h"
#include "tui/pane.h"

enum { COLUMNS_MAX = 48, CELL_MAX = 512, ABOUT_MAX = 600 };

struct marks {
	uint64_t *hashes; /* open addressing; 0 is free */
	size_t count, room;
};

struct shown_column {
	int column, width, x;
	int head; /* columns of a name before what is left out of it, plus one; 0: as any text is cut */
};

enum { BESIDE = COLUMNS_MAX, ALL_COLUMNS = COLUMNS_MAX + KIND_BESIDE_MAX + 1 }; /* columns from BESIDE on are those of the kind beside */

/* Rows of another kind, found by namespace and name. */
struct beside {
	const struct kind *kind; /* NULL: none, or none is known by that name */
	struct kind_column heads[KIND_BESIDE_MAX];
	int columns[KIND_BESIDE_MAX], count;
	struct feed *feed;
	unsigned version;
	struct snapshot *snapshot;
	unsigned *rows;          /* open addressing by hash; row + 1, 0 free */
	size_t room;
	int wanted;              /* there is room on the screen: it may be asked for */
	/* For an order or a filter by it: of each row of ours, its row + 1, 0 none. Of that snapshot; NULL: not looked up yet. */
	unsigned *of_rows;
	struct snapshot *of;
	size_t unknown;          /* of those none */
};

struct table_pane {
	struct pane pane;
	const struct kind *kind;
	struct selection selection; /* its texts are account, namespace_, name, labels below */
	char account[128], namespace_[254], labels[256];
	char one_namespace[254]; /* shown before all were */
	struct feed *feed;
	struct view *view;
	unsigned version;
	int has_rows;
	size_t cursor, top; /* places in the view */
	int page;           /* rows that fit */
	int first_column, wide, is_visible;
	struct beside beside;
	int widths[ALL_COLUMNS]; /* of the kind's columns; grow, so that nothing jumps */
	int is_tight;            /* they were too much for the screen */
	size_t measured; /* of how many rows the widths are; 0 they are not */
	struct shown_column shown[ALL_COLUMNS];
	int shown_count, cut_columns;
	struct marks marks;
	struct input filter;
	char base[INPUT_MAX], about[ABOUT_MAX]; /* below the filter, and whose rows those are; "" none */
	char filter_before[INPUT_MAX];
	char filter_problem[200];
	int work_timer;
	int64_t next_age_ns; /* until the next age on the screen changes */
	/* what was drawn last, so that a step of the cursor draws two rows only */
	struct rect drawn_area;
	size_t drawn_top, drawn_cursor;
	int drawn_page;
	unsigned stamp, drawn_stamp;
};

/* draw.c */
void table_draw(struct pane *pane, struct rect area);
/* A cell as it is drawn; returns bytes in out. *age_step_ns: until it reads otherwise, 0 never. */
size_t table_cell(const struct table_pane *table, size_t row, int column, int64_t now_ns, char out[CELL_MAX], int64_t *age_step_ns);
void table_dump(struct pane *pane, struct text *out);
/* layout.c */
int table_visible_columns(const struct table_pane *table);
/* The hidden one that says whose a row is: it stands first where the rows of several accounts are asked for; -1: it does not. */
int table_account_column(const struct table_pane *table);
void table_measure(struct table_pane *table);
void table_lay_out(struct table_pane *table, int columns); /* fills in shown, shown_count and cut_columns */
int table_column_at(const struct table_pane *table, int x); /* of the kind; -1 none */
/* In the order in which they stand when all are shown; how many. */
int table_order(const struct table_pane *table, int order[ALL_COLUMNS]);
const struct kind_column *table_column(const struct table_pane *table, int column);
/* beside.c */
void beside_open(struct table_pane *table);    /* finds the kind; its rows are asked for when there is room for them */
void beside_close(struct table_pane *table);
int beside_recalc(struct table_pane *table);   /* 1: something of it is to be drawn again */
void beside_visible(struct table_pane *table, int visible);
size_t beside_cell(const struct table_pane *table, size_t row, int column, int64_t now_ns, char out[CELL_MAX], int64_t *age_step_ns);
int beside_failed(const struct table_pane *table); /* it is asked for, and not to be had */
int beside_is_used(const struct table_pane *table); /* rows are ordered or filtered by it */
/* "by usage: asking", "12 not measured": what an order or a filter by it does not know; "" nothing. */
void beside_status(const struct table_pane *table, char *out, size_t size);
/* marks.c */
uint64_t marks_hash(const char *bytes, size_t length); /* never 0 */
int marks_has(const struct marks *marks, const char *id, size_t length);
void marks_set(struct marks *marks, const char *id, size_t length, int on);
void marks_clear(struct marks *marks);
/* order.c */
void table_apply_filter(struct table_pane *table);
void table_begin_filter(struct table_pane *table);
void table_end_filter(struct table_pane *table, int keep);
int table_typed(struct pane *pane, int key); /* pane_ops.key */
/* Columns as the table counts them, from BESIDE on those beside. */
void table_set_sort(struct table_pane *table, int column, int descending);
int table_sort_column(const struct table_pane *table, int *descending); /* -1: as listed */
void table_sort_by(struct table_pane *table, int column); /* the same again turns it round */
void table_initial_sort(struct table_pane *table);
void table_choose_sort(struct table_pane *table);
void table_reverse(struct table_pane *table);
/* names.c: where the names on the screen are cut; 1 when it is elsewhere than before. */
int table_choose_cuts(struct table_pane *table);
/* A cell of that column, cut in its place; returns its length. */
size_t table_cut_name(const struct shown_column *shown, char cell[CELL_MAX], size_t length);
/* links.c */
void table_open_row(struct table_pane *table);
void table_choose_link(struct table_pane *table);
/* head.c */
void table_title(struct pane *pane, char *out, size_t size);
void table_status(struct pane *pane, char *out, size_t size);
int64_t table_next_change(struct pane *pane);
/* scope.c */
void table_toggle_namespaces(struct table_pane *table);
/* table_pane.c */
int table_is(const struct pane *pane); /* NULL is none */
struct table_pane *table_of(struct pane *pane);
char *table_id_under_cursor(const struct table_pane *table); /* yours; NULL none */
int table_target_at(const struct table_pane *table, size_t place, struct ref *ref);
/* Filters and sorts, in slices; the cursor goes with that row (NULL: stays in its place). */
void table_work_keeping(struct table_pane *table, const char *id);
int table_row_at(const struct table_pane *table, size_t place, size_t *row); /* 1 when there is one */
void table_changed(struct table_pane *table);

#endif
