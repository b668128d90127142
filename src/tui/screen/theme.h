/* theme.h - how each style looks: themes/NAME.yaml, the operator's own first. No curses here; screen.c turns it into attributes. */
#ifndef TUI_THEME_H
#define TUI_THEME_H

#include <stddef.h>

#include "tui/screen/screen.h"

struct error;
struct json;

/* A colour: -1 the terminal's own, 0..255 of its palette, or THEME_RGB | 0xrrggbb. */
enum { THEME_DEFAULT = -1, THEME_RGB = 0x1000000 };

struct theme_style {
	int fg, bg;   /* for 256 colours and more */
	int fg8, bg8; /* for 8 and 16; -2: the nearest to fg, bg */
	unsigned bold : 1, dim : 1, underline : 1, reverse : 1, italic : 1;
};

struct theme {
	char name[32];
	char about[96];
	enum cursor_look cursor;
	struct theme_style styles[STYLE_COUNT];
};

/* Attributes only, compiled in: what is left when no file can be read, and what NO_COLOR gives. */
extern const struct theme theme_plain;

/* By name. *theme is untouched on failure: ERR_NOT_FOUND, ERR_FORMAT (file and line are named). */
int theme_load(struct theme *theme, const char *name, struct error *err);
int theme_parse(struct theme *theme, const struct json *json, const char *file, struct error *err);
/* Names that can be loaded, ordered, NULL-terminated; free with file_free_list. */
char **theme_names(void);
/* The number the terminal with that many colours knows it by. Direct colour (1 << 24): 0xrrggbb. */
int theme_colour(int colour, int colours);

#endif
