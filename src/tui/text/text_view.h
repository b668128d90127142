/* text_view.h - styled lines that scroll, wrap and are searched: what the text panes share. Bounded: past max_bytes a ring drops its
 * oldest lines and counts them; any other view drops what comes and says that it was cut. Main thread. */
#ifndef TUI_TEXT_VIEW_H
#define TUI_TEXT_VIEW_H

#include <stddef.h>

#include "base/text.h"
#include "tui/dialog/input.h"
#include "tui/screen/screen.h"

struct command;
struct pane;

struct text_view_line {
	char *text;      /* harmless; '\x02' and a letter switch the style */
	unsigned length; /* bytes */
	int link;        /* what the line names, for its owner; -1 nothing */
};

struct text_view {
	struct text_view_line *lines;
	size_t first, count; /* lines[first] is the oldest; count of them */
	size_t bytes, max_bytes, dropped;
	int ring, cut;
	struct text line; /* being written */
	enum style style; /* it has now */
	size_t top, cursor;
	int sub;          /* rows of the wrapped top line that are above the screen */
	int left, wrap, follow, with_cursor;
	int rows, columns; /* as last drawn */
	struct input search;
	int missed;       /* what is searched is nowhere */
};

void text_view_init(struct text_view *view, size_t max_bytes, int ring);
void text_view_release(struct text_view *view);
void text_view_clear(struct text_view *view); /* the lines; the place stays */

/* To the line being written. Text is made harmless. */
void text_view_add(struct text_view *view, enum style style, const char *text);
void text_view_add_n(struct text_view *view, enum style style, const char *text, size_t length);
void text_view_addf(struct text_view *view, enum style style, const char *format, ...) __attribute__((format(printf, 3, 4)));
int text_view_column(const struct text_view *view); /* where the next piece of the line begins */
void text_view_pad(struct text_view *view, int column); /* blanks up to there, one at the least */
void text_view_end(struct text_view *view, int link);
void text_view_line(struct text_view *view, enum style style, const char *text); /* add and end */
/* Words wrapped at `columns`, further lines beginning at `indent`, after what the line already holds. "\n" begins a new line. Ends the line. */
void text_view_words(struct text_view *view, enum style style, int indent, int columns, const char *text, int link);
/* A label in its column (dim), then the words. */
void text_view_field(struct text_view *view, const char *label, int label_columns, int columns, enum style style, const char *text);
/* YAML or JSON text, keys in one colour, comments dim. */
void text_view_yaml(struct text_view *view, const char *text, size_t length);

const struct text_view_line *text_view_at(const struct text_view *view, size_t i); /* NULL past the end */
size_t text_view_plain(const struct text_view_line *line, char *out, size_t size); /* without styles */
int text_view_link(const struct text_view *view); /* of the line under the cursor; -1 none */

void text_view_draw(struct text_view *view, struct pane *pane, struct rect area);
/* Commands of the context "text", and of "line" while a search is typed. 1 handled. */
int text_view_command(struct text_view *view, struct pane *pane, const struct command *command);
int text_view_key(struct text_view *view, struct pane *pane, int key);
void text_view_mouse(struct text_view *view, struct pane *pane, int y, int button);
/* The same as members of pane_ops, for a pane whose text member is set. */
int text_view_pane_key(struct pane *pane, int key);
void text_view_pane_mouse(struct pane *pane, struct rect area, int y, int x, int button);
void text_view_pane_dump(struct pane *pane, struct text *out);
/* "12-34 of 340", "cut", the search. */
void text_view_status(const struct text_view *view, char *out, size_t size);
void text_view_dump(const struct text_view *view, struct text *out);
void text_view_go(struct text_view *view, size_t line); /* from 0; it stands a few lines below the top */
void text_view_to_end(struct text_view *view);

#endif
