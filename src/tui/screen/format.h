/* format.h - values as people read them on the screen. */
#ifndef TUI_FORMAT_H
#define TUI_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "estate/kind.h"

/* A cell by its column's type: bytes "1.2Gi", percent "61.0", an age "4m". A value that is none stays as it is. Returns the length; *step_ns:
 * how long until an age reads otherwise, 0 never. header_has_unit: the column's name says the unit, so the cell does not. */
size_t format_cell(enum column_type type, const char *cell, size_t length, int64_t now_ns, char *out, size_t size, int64_t *step_ns);
/* "4m", and when it will read otherwise. */
size_t format_age(int64_t age_ns, char *out, size_t size, int64_t *step_ns);
/* Age of data that is looked at so often, coarse so that an idle screen stays still: while it comes in time "<5s" "<15s"; late "30s" "4m"; looked at each
 * minute or more seldom "<4m", which holds until the clock's next minute. */
size_t format_data_age(int64_t observed_ns, int64_t now_ns, int interval_ms, char *out, size_t size, int64_t *step_ns);
/* 10041 -> "10 041". */
size_t format_count(uint64_t count, char *out, size_t size);
size_t format_bytes(double bytes, char *out, size_t size);
/* At most `columns` of text, what is too much left out after the first `head` of them: "check…canary". Returns the length of what is in out. */
size_t format_cut(const char *text, size_t length, int columns, int head, char *out, size_t size);
int is_right_aligned(enum column_type type);

#endif
