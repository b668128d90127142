/* series_store.h - what charts remember, kept in the store for the next start: the peak of each minute of a day. The time in between is a
 * gap, and is shown as one. */
#ifndef TUI_SERIES_STORE_H
#define TUI_SERIES_STORE_H

#include <stddef.h>

struct console;
struct series_book;
struct text;

/* As bytes, and back: what the book already has goes before; what is older than a day, or cannot be read, is left out. */
void series_book_pack(const struct series_book *book, struct text *out);
void series_book_unpack(struct series_book *book, const char *bytes, size_t length);

/* Reads what an earlier console kept, in a job, and keeps it from now on every few minutes. Nothing without a store that can be written. */
void series_store_begin(struct console *console);
/* Keeps it now, and no more. */
void series_store_end(struct console *console);

#endif
