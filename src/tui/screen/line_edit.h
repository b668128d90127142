/* line_edit.h - a line edited by GNU readline without its screen: keys go in, the line and its cursor come out; ~/.inputrc and the
 * history count, the terminal is never touched. readline has one line: one line_edit at a time has the keys (line_edit_focus). */
#ifndef TUI_LINE_EDIT_H
#define TUI_LINE_EDIT_H

#include <stddef.h>

#include "tui/screen/screen.h"

struct line_edit;

/* Before the first one is made, from whichever thread may read files: ~/.inputrc, and the history (a file name in the state folder). Without it the
 * first one reads ~/.inputrc, and nothing is remembered of before. */
void line_edit_prepare(const char *history);
/* The history as a file of it is written; yours. NULL: there is none. */
char *line_edit_history(size_t *length);
/* on_line gets each line that was ended with Enter (not kept). */
struct line_edit *line_edit_new(void (*on_line)(void *arg, const char *line), void *arg);
void line_edit_free(struct line_edit *edit);
/* The line becomes readline's; the one that had it keeps its text. */
void line_edit_focus(struct line_edit *edit);
/* A key as in keys.h. 1: readline took it. */
int line_edit_key(struct line_edit *edit, int key);
const char *line_edit_text(const struct line_edit *edit);
void line_edit_set(struct line_edit *edit, const char *text);
void line_edit_draw(const struct line_edit *edit, struct rect area, int y, int x, int columns, int focused);
/* The bytes a terminal would send for a key, for readline's own table. 0: none. */
size_t line_edit_bytes(int key, char out[8]);

#endif
