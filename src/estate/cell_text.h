/* cell_text.h - a cell as a person reads it: "4m", "1.5G", "93", "250m". One place for screen and command line. */
#ifndef ESTATE_CELL_TEXT_H
#define ESTATE_CELL_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "estate/kind.h"

/* cell as in a snapshot (not NUL-terminated). Unknown ("") gives "–" for number-like types, "" for text. now_ns: for ages. Cuts at size. Returns its length. */
size_t cell_text(char *out, size_t size, enum column_type type, const char *cell, size_t length, int64_t now_ns);
int column_is_right(enum column_type type); /* drawn right-aligned */
/* "1.5G": three digits at most, powers of 1024. */
void bytes_text(char *out, size_t size, double bytes);

#endif
