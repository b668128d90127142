/* text.h - a growing, NUL-terminated text that names its maximum when made. Past the maximum the
 * rest is dropped and `cut` is set: the caller shows that something was cut. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdarg.h>
#include <stddef.h>

struct text {
	char *data;  /* never NULL after text_init; data[length] == 0 */
	size_t length;
	size_t max;
	int cut;
	size_t room; /* private */
};

void text_init(struct text *text, size_t max_bytes);
void text_release(struct text *text);
void text_clear(struct text *text);
/* Each returns 0, or -1 when something was cut. */
int text_add(struct text *text, const char *string);
int text_add_n(struct text *text, const char *bytes, size_t length);
int text_add_char(struct text *text, char c);
int text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
int text_vformat(struct text *text, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
/* You own what is returned (free()); the text is empty and must be initialised again. */
char *text_take(struct text *text);

#endif
