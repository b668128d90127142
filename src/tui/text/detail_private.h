/* detail_private.h - what the files of the detail pane share. */
#ifndef TUI_DETAIL_PRIVATE_H
#define TUI_DETAIL_PRIVATE_H

#include <stdint.h>

#include "base/error.h"
#include "estate/estate.h"
#include "tui/pane.h"
#include "tui/text/text_view.h"

enum { DETAIL_LINKS_MAX = 500, DETAIL_EVERY_S = 5 };

enum part { PART_FIELDS, PART_OBJECT, PART_EVENTS, PART_DEPENDENTS, PART_CHANGES, PART_COUNT };

struct asking;
struct json;

struct answer {
	struct asking *asking;
	struct json *json; /* NULL: not yet, or err */
	struct error err;
	int came;
};

struct detail_link { /* what Enter on a line opens */
	char *text;
	int is_container; /* text is its name, and its log is opened; else text is an id */
};

struct detail {
	struct pane pane;
	struct ref ref;
	struct text_view view;
	struct answer parts[PART_COUNT];
	struct detail_link links[DETAIL_LINKS_MAX]; /* that lines name */
	int link_count;
	int is_moved, is_placed; /* the cursor by the person; by the text being built, to where one looks first */
	int built_columns;
	int64_t step_ns;
	int64_t asked_ns, asked_all_ns, asked_dependents_ns; /* monotonic; 0 never */
	int moved; /* the object is another than when its dependents were asked for */
};

/* detail_ask.c */
void detail_ask(struct detail *detail);       /* all of it */
void detail_ask_again(struct detail *detail); /* what is due */
int detail_has_events(const struct detail *detail);
int64_t detail_interval_ns(const struct detail *detail, int least_s);
/* detail_text.c */
void detail_build(struct detail *detail, int columns);
void detail_drop_links(struct detail *detail);
void detail_note_step(struct detail *detail, int64_t step); /* the least of them is when something reads otherwise */

#endif
