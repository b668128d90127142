/* safe.h - remote text made harmless where it enters: control and escape characters, bidi and
 * invisible controls, invalid UTF-8. What is replaced stays visible ("␛" or "?" for one). */
#ifndef BASE_SAFE_H
#define BASE_SAFE_H

#include <stddef.h>

struct text;

/* Appends bytes to text, harmless: C0/C1/DEL become U+FFFD-like visible marks, tab and newline one space
 * (safe_add) or kept as '\n' with tabs expanded to spaces (safe_add_lines); U+202A-202E, U+2066-2069, U+200E/F, U+061C, U+FEFF,
 * U+2028/9 and tag characters become U+FFFD; each invalid byte becomes U+FFFD. */
int safe_add(struct text *text, const char *bytes, size_t length);
int safe_add_lines(struct text *text, const char *bytes, size_t length);
/* In place of a short string: copies at most size-1 bytes of harmless text, never cutting a character. */
void safe_copy(char *out, size_t size, const char *bytes, size_t length);
int safe_codepoint(unsigned codepoint); /* 1: one character of harmless text */
int safe_is(const char *bytes, size_t length); /* 1 when nothing would be changed (quick path) */
/* Decodes one UTF-8 character; returns its length 1..4, or 0 when invalid (consume one byte). */
int utf8_decode(const char *bytes, size_t length, unsigned *codepoint);
/* Columns it takes on a terminal: 0 combining, 1, or 2 wide. Own table lookup by libc wcwidth in a UTF-8 locale,
 * independent of the process locale. */
int utf8_width(unsigned codepoint);
/* Columns of a whole string. */
size_t utf8_columns(const char *bytes, size_t length);

#endif
