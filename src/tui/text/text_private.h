/* text_private.h - what the files of the text view share. */
#ifndef TUI_TEXT_PRIVATE_H
#define TUI_TEXT_PRIVATE_H

#include <stddef.h>

enum { SWITCH = 2, FIRST_LETTER = 'A' /* in a line: SWITCH and FIRST_LETTER + style */, PLAIN_MAX = 8192 };

size_t text_plain_of(const char *text, size_t length, char *out, size_t size); /* without styles */
int text_columns_of(const char *text, size_t length);

#endif
