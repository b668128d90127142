/* keys.h - every command of the console is a row: name, keys, what it does, where it counts, what it risks. The same rows bind the
 * keys, fill `?`, the bottom line, the palette, the man page and the rebinding in config (`ui: {keys: {table.filter: "f"}}`). */
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
	const char *context;  /* "global" "table" "text" "dialog" "chat" "dashboard" …; contexts build on each other: key_context_parent */
	enum risk risk;       /* RISK_READ for looking; else it goes through the gate */
	int rank;             /* order in the bottom line: the next likely key first */
};

extern const struct command commands[]; /* ordered by name */
extern const size_t command_count;

struct keymap;
struct keymap *keymap_new(const struct config *config, struct json *problems);
void keymap_free(struct keymap *keymap);
/* By name. NULL: none. */
const struct command *command_find(const char *name);
/* What a context builds on: "approvals" → "table" → "global" → NULL. Those that take typing ("dialog", "palette", "form", "menu", "chat") end
 * before "global". An unknown one builds on "global". */
const char *key_context_parent(const char *context);
/* The command a key means in this context, then in what it builds on. NULL: none. */
const struct command *keymap_find(const struct keymap *keymap, const char *context, int key);
const char *keymap_key_of(const struct keymap *keymap, const char *command); /* first key as text; "" none */
void keymap_keys_of(const struct keymap *keymap, const char *command, char *out, size_t size); /* all: "j, Down" */
/* Commands of a context and what it builds on that have a hint, the next likely first. Returns how many. */
size_t keymap_hints(const struct keymap *keymap, const char *context, const struct command **out, size_t max);
int key_parse(const char *text);        /* "^D" -> K_CTRL|'d'; -1 */
void key_format(int key, char *out, size_t size);

#endif
