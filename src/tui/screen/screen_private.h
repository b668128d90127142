/* screen_private.h - what screen.c, screen_draw.c and screen_input.c share. */
#ifndef TUI_SCREEN_PRIVATE_H
#define TUI_SCREEN_PRIVATE_H

#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#include <curses.h>

#include "tui/screen/screen.h"
#include "tui/screen/theme.h"

struct screen {
	SCREEN *terminal; /* NULL: not begun */
	FILE *nowhere;    /* of screen_begin_text */
	WINDOW *input;    /* a pad: reading from it never refreshes the screen */
	int unicode, suspended, textual, mouse, colour_limit;
	int drawn;        /* something since the last flush */
	int cursor_y, cursor_x; /* -1: hidden */
	int cursor_shown;
	struct theme theme;
	attr_t attributes[STYLE_COUNT];
	int pairs[STYLE_COUNT];
	int mouse_y, mouse_x, mouse_button;
};

extern struct screen screen;

#endif
