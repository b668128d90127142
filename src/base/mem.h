/* mem.h - allocation that never returns NULL: out of memory, the hook restores the terminal and we
 * abort. A size from outside is bounded before it comes here. Free with free(). */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size_bytes);
void *mem_zero(size_t count, size_t size_bytes);
void *mem_resize(void *block, size_t size_bytes);
/* Room for `count` items, growing by doubling: capacity is the next power of two >= count, so call
 * it before each append with the new count. block may be NULL when count is 1. */
void *mem_grow(void *block, size_t count, size_t size_bytes);
char *mem_text(const char *text); /* strdup; NULL gives NULL */
char *mem_text_n(const char *text, size_t length);
char *mem_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
void mem_on_exhausted(void (*restore_terminal)(void));

#endif
