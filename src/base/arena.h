/* arena.h - memory that dies together: a plan, one scan, one request. Not thread-safe. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *arena); /* NULL is fine */
void *arena_alloc(struct arena *arena, size_t size_bytes); /* zeroed, aligned for anything */
char *arena_text(struct arena *arena, const char *text);  /* copies; NULL gives NULL */
char *arena_text_n(struct arena *arena, const char *text, size_t length);
char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
size_t arena_size_bytes(const struct arena *arena);

#endif
