/* table_pane.h - what commands outside ask of a table. Any pane may be given; one that is no table answers with none. */
#ifndef TUI_TABLE_PANE_H
#define TUI_TABLE_PANE_H

#include <stddef.h>

struct names;
struct pane;
struct ref;
struct snapshot;

/* The marked rows; *refs is yours. 0: none. */
size_t table_pane_marked(struct pane *pane, struct ref **refs);
/* The same kind at another account or namespace; NULL: as it is. */
void table_pane_reopen(struct pane *pane, const char *account, const char *namespace_);
const char *table_pane_account(struct pane *pane); /* "" the current one; valid as long as the pane */
const char *table_pane_provider(struct pane *pane); /* of its kind; NULL: no table */
/* Its source is asked now; not one that is watched. */
void table_pane_ask_again(struct pane *pane);
int table_pane_is_namespaced(struct pane *pane);
/* Adds each namespace of the rows once. */
void table_pane_namespaces(struct pane *pane, void (*add)(struct names *names, const char *name),
	int (*has)(const struct names *names, const char *name), struct names *names);
/* Rows as shown, from the top, at most max; the one under the cursor is told. */
void table_pane_rows(struct pane *pane, size_t max, void (*on_row)(void *arg, const struct snapshot *snapshot, size_t row, int is_selected), void *arg);

#endif
