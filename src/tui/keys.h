/* keys.h - every command of the console is a row: name, keys, what it does, where it counts, what it risks. The same rows bind the
 * keys, fill `?`, the bottom line, the palette, the man page and the rebinding in config (`keys: {table.filter: "f"}`). */
#ifndef TUI_KEYS_H
#define TUI_KEYS_H

#include <stddef.h>

#include "estate/kind.h"

struct config;
struct error;
struct json;

/* Keys beyond Unicode codepoints. */
enum { KEY_NONE_ = -1, K_UP = 0x110000, K_DOWN, K_LEFT, K_RIGHT, K_HOME, K_END, K_PAGE_UP, K_PAGE_DOWN, K_ENTER, K_ESC, K_TAB, K_BACKTAB,
	K_BACKSPACE, K_DELETE, K_INSERT, K_F1, K_F12 = K_F1 + 11, K_MOUSE, K_RESIZE, K_CTRL = 0x200000 /* K_CTRL | 'd' */, K_ALT = 0x400000 };

struct command {
	const char *name;     /* "table.filter" */
	const char *keys;     /* "/" ; several by blanks: "j Down" ; "^D" ctrl, "M-x" alt */
	const char *help;     /* N_() */
	const char *hint;     /* short text for the bottom line, or NULL: not there */
	const char *context;  /* "global" "table" "text" "dialog" "chat" "dashboard" … */
	enum risk risk;       /* RISK_READ for looking; else it goes through the gate */
	int rank;             /* order in the bottom line: the next likely key first */
};

extern const struct command commands[]; /* ordered by name */
extern const size_t command_count;

struct keymap;
struct keymap *keymap_new(const struct config *config, struct json *problems);
void keymap_free(struct keymap *keymap);
/* The command a key means in this context, then in "global". NULL: none. */
const struct command *keymap_find(const struct keymap *keymap, const char *context, int key);
const char *keymap_key_of(const struct keymap *keymap, const char *command); /* first key as text */
int key_parse(const char *text);        /* "^D" -> K_CTRL|'d'; -1 */
void key_format(int key, char *out, size_t size);

#endif
