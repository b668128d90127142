/* list_pane.h - the view that a list of the gate's or the estate's things is (approvals, runs, audit, playbooks, changes): what differs between
 * them is a row of functions here. The question runs on a worker; its answer, a JSON array, becomes rows; ages are drawn anew when they read
 * otherwise. Main thread. */
#ifndef TUI_LIST_PANE_H
#define TUI_LIST_PANE_H

#include <stdint.h>

#include "tui/pane.h"
#include "tui/views/list_view.h"

struct asking;
struct json;
struct list_pane;

/* A command of its context. item is what the row under the cursor was made of. */
struct list_command {
	const char *name;
	void (*run)(struct list_pane *list, const struct list_row *row, const struct json *item);
	int needs_row; /* without a row nothing is done, and the key means nothing else */
};

struct list_pane_ops {
	const char *name;               /* and key context */
	const struct list_column *columns;
	size_t column_count;
	const char *empty;              /* what stands where there are no rows */
	void (*prepare)(struct list_pane *list, struct asking *asking); /* fills in what is asked; or NULL */
	void (*ask)(struct asking *asking);                             /* on a worker: asking->json is the array, else asking->err */
	void (*take)(struct list_pane *list, const struct asking *asking); /* what else was answered, before the rows are made; or NULL */
	void (*begin)(struct list_pane *list);                          /* before rows are made anew; or NULL */
	void (*add)(struct list_pane *list, const struct json *item, size_t number);
	/* What a row opens, as a new pane, or NULL: Enter and a second click push it, a wide screen shows it at the right. NULL: nothing. */
	struct pane *(*open)(struct list_pane *list, const struct list_row *row, const struct json *item);
	const struct list_command *commands; /* ends with a name NULL; one named as the key of Enter goes before open */
	void (*release)(struct list_pane *list);                        /* what is its own; or NULL */
	int asks_every_s;               /* 0: whenever the gate has news; else not more often than this */
	/* As in pane_ops; NULL: the name, how many rows, no target. */
	void (*title)(struct pane *pane, char *out, size_t size);
	void (*status)(struct pane *pane, char *out, size_t size);
	int (*target)(struct pane *pane, struct ref *ref);
};

struct list_pane {                      /* first member of each view's own struct */
	struct pane pane;
	const struct list_pane_ops *ops;
	struct pane_ops pane_ops;
	struct list_view view;
	struct asking *asking;          /* for the rows */
	struct asking *acting;          /* for what a command asks */
	struct json *rows;              /* the last answer, NULL none yet */
	char problem[256];
	unsigned version;
	int64_t looked_ns;
	int64_t step_ns, made_ns;       /* when some age reads otherwise after the rows were made; 0 never */
};

/* Makes one of size bytes, the rest of them zeroed. It asks with list_pane_look, when the caller has set what prepare reads. */
struct list_pane *list_pane_new(struct console *console, const struct list_pane_ops *ops, size_t size);
void list_pane_look(struct list_pane *list);  /* asks now */
void list_pane_note(struct list_pane *list, int64_t step_ns); /* from add: some text of this row reads otherwise then */
/* A cell that is how long ago the RFC 3339 text is; "–" when it is none. */
void list_pane_age(struct list_pane *list, struct list_row *row, size_t column, enum style style, const char *at);
const struct json *list_pane_item(const struct list_pane *list, const struct list_row *row); /* NULL none */

#endif
