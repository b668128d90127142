/* pane.h - what a view is: rows of functions; the console owns a stack of them (breadcrumbs) and up to two splits. */
#ifndef TUI_PANE_H
#define TUI_PANE_H

#include <stddef.h>
#include <stdint.h>

#include "tui/screen/keys.h"
#include "tui/screen/screen.h"

struct console;
struct pane;
struct ref;
struct text;
struct text_view;

struct pane_ops {
	const char *name;    /* "table": also what tests and the palette call it */
	const char *context; /* key context */
	void (*close)(struct pane *pane);
	/* Before drawing: look at data versions; 1 when it must be drawn again. Cheap. */
	int (*recalc)(struct pane *pane);
	/* Draws all of area; the screen sends only what differs. */
	void (*draw)(struct pane *pane, struct rect area);
	/* A command of its context; 1 handled. */
	int (*command)(struct pane *pane, const struct command *command);
	/* A key no command took (line editing); 1 handled. */
	int (*key)(struct pane *pane, int key);
	void (*mouse)(struct pane *pane, struct rect area, int y, int x, int button);
	/* What it is about, for breadcrumbs: "pods payments". */
	void (*title)(struct pane *pane, char *out, size_t size);
	/* Right end of the title line: "12 of 10 041", age, "stale". */
	void (*status)(struct pane *pane, char *out, size_t size);
	/* The resource under the cursor, for actions, chat, describe. 1 when there is one. */
	int (*target)(struct pane *pane, struct ref *ref);
	/* 1 when a command would do something where the cursor is: only then it is hinted at. NULL: all do, but text.open. */
	int (*offers)(const struct pane *pane, const struct command *command);
	/* What a wide screen shows at the right: writes what it would be into key ("" nothing), and with make returns it as a new pane, or NULL. */
	struct pane *(*preview)(struct pane *pane, char *key, size_t size, int make);
	/* ns until the next second-like change of what is drawn (an age): 0 none. The console sets one timer for all. */
	int64_t (*next_change)(struct pane *pane);
	/* All of it as text, not only what fits. */
	void (*dump)(struct pane *pane, struct text *out);
	void (*visible)(struct pane *pane, int visible);
};

enum { PANE_DIRTY_ALL = 2 };

struct pane {                 /* first member of each view's own struct */
	const struct pane_ops *ops;
	struct console *console;
	int dirty;            /* 1: something of it changed; PANE_DIRTY_ALL: what it drew before is not on the screen any more */
	const char *context;  /* in place of ops->context, or NULL: a table of a provider that has keys of its own */
	struct text_view *text; /* the text it shows, or NULL: what all texts do alike is in text_view.h */
	int is_searched;      /* a text, as it was drawn: there are words whose next match can be gone to */
	const char *mode;     /* a key context that stands before ops->context for now ("line" while a filter is typed), or NULL */
};

const char *pane_context(const struct pane *pane);

#endif
