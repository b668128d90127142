/* input.h - one line of typed text: filters, the palette, forms. (The co-pilot's line has readline.) */
#ifndef TUI_INPUT_H
#define TUI_INPUT_H

#include <stddef.h>

#include "tui/screen/screen.h"

enum { INPUT_MAX = 512 };

struct input {
	char text[INPUT_MAX];
	size_t length, cursor; /* bytes */
};

void input_set(struct input *input, const char *text);
/* 1 when the key was for it: characters, Left Right Home End, Backspace Delete, ^A ^E ^B ^F ^U ^K ^W ^D. *changed: the text is another. */
int input_key(struct input *input, int key, int *changed);
/* Draws it in one line, scrolled so that the cursor is seen; shows the cursor there when focused. hide: for secrets, "••••". */
void input_draw(const struct input *input, struct rect area, int y, int x, int columns, enum style style, int focused, int hide);

#endif
