/* screen.h - the terminal: begun and given back whole on any end (exit, signal, abort), drawn in one place a turn.
 * Main thread only. The only header besides its .c files that knows curses is behind it: views draw through it. */
#ifndef TUI_SCREEN_H
#define TUI_SCREEN_H

#include <stddef.h>

struct error;
struct theme;

/* What a stretch of text means; the theme says how it looks. Severity colours for severity only; one accent. */
enum style { STYLE_TEXT, STYLE_DIM, STYLE_BOLD, STYLE_ACCENT, STYLE_TITLE, STYLE_HEADER, STYLE_SELECTED, STYLE_MARKED, STYLE_MATCH,
	STYLE_CRITICAL, STYLE_HIGH, STYLE_MEDIUM, STYLE_LOW, STYLE_OK, STYLE_ADDED, STYLE_REMOVED, STYLE_PROD, STYLE_WARNING, STYLE_KEY,
	STYLE_COUNT };

struct rect { int y, x, rows, columns; };

int screen_begin(struct error *err);          /* not a terminal, unknown TERM: clear error */
void screen_end(void);                        /* idempotent, async-signal-tolerant path is separate (screen_emergency) */
void screen_emergency(void);                  /* for mem_on_exhausted and fatal signals: termios, alternate screen, cursor, mouse */
void screen_suspend(void);                    /* SIGTSTP, $EDITOR, exec: leave; screen_resume comes back and repaints all */
void screen_resume(void);
struct rect screen_size(void);
void screen_resized(void);                    /* after SIGWINCH */
void screen_set_theme(const struct theme *theme);
int screen_unicode(void);                     /* 0: ASCII glyphs */
void screen_set_ascii(void);                  /* from now on, whatever the terminal could show */
void screen_limit_colours(int colours);       /* to fewer than the terminal has; 0: as many as it has. Before a theme is set */
/* Next key without waiting; -1 none. Keys as in keys.h (KEY codes are translated there). */
int screen_key(void);
int screen_fd(void);
int screen_lost(void);                        /* 1: the terminal is gone (closed window, dropped line) */
/* After K_MOUSE: where, and which button (1..3, 4 wheel up, 5 wheel down; +10 double click). */
void screen_mouse(int *y, int *x, int *button);
void screen_set_mouse(int on);
/* A screen that is only text: no terminal, nothing is sent; screen_dump gives it. */
int screen_begin_text(int columns, int rows, struct error *err);
int screen_speed(void);                       /* of the line in bit/s as the terminal driver says; 0 unknown */
int screen_colours(void);                     /* 0 mono, 8, 16, 256, 1 << 24 */
/* How the row under the cursor is shown: by the theme. */
enum cursor_look { CURSOR_NAME, CURSOR_MARK, CURSOR_BAR };
enum cursor_look screen_cursor_look(void);

/* Drawing into a rect: y, x relative to it; clipped; text must be harmless (safe.h). Returns columns used. */
int screen_put(struct rect area, int y, int x, enum style style, const char *text);
int screen_put_n(struct rect area, int y, int x, int columns, enum style style, const char *text, size_t length); /* exactly `columns`, padded or cut with "…"; a long last word (path, id) in its middle */
int screen_put_right(struct rect area, int y, int x, int columns, enum style style, const char *text, size_t length);
void screen_clear_line(struct rect area, int y, int from_x);
void screen_clear(struct rect area);
void screen_scroll(struct rect area, int top, int rows, int by); /* hardware scroll hint: content of rows moves up (by > 0) or down */
void screen_restyle(struct rect area, int y, int x, int columns, enum style style); /* the text stays */
void screen_cursor(struct rect area, int y, int x); /* show it there; -1: hide */
void screen_hline(struct rect area, int y, int x, int columns, enum style style);
void screen_frame(struct rect area, enum style style, const char *title);
/* The one doupdate(), only when something was drawn: zero bytes else. */
void screen_flush(void);
void screen_repaint(void);                    /* redraw key: everything again */
/* The screen as text rows (for dumps and tests). You own it. */
char *screen_dump(void);

/* Glyphs with an ASCII form, by the terminal's ability. */
enum glyph { GLYPH_DOT, GLYPH_CIRCLE, GLYPH_CURSOR, GLYPH_CHECK, GLYPH_CROSS, GLYPH_WAIT, GLYPH_ARROW, GLYPH_CRUMB, GLYPH_UP, GLYPH_DOWN, GLYPH_ELLIPSIS, GLYPH_BAR, GLYPH_DASH, GLYPH_COUNT };
const char *screen_glyph(enum glyph glyph);
enum style style_of_severity(const char *severity);
/* Sparkline of count values (NAN: gap) into out (UTF-8), `columns` wide; ASCII levels "_.-=+*#" else. */
void screen_spark(const double *values, size_t count, double max, int columns, char *out, size_t size);

/* Broken at spaces, from x with as much room left at the right, so that what to do next, which stands at its end, is read. Returns the line
 * below it. */
int screen_put_wrapped(struct rect area, int y, int x, enum style style, const char *text);
int screen_wrapped_rows(int columns, const char *text);

#endif
