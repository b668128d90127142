/* snapshot.h - rows of one kind as they were at one moment: immutable, reference-counted, one flat text and an
 * offset a row, no object a cell. Cells of a row are joined by '\x1f' in the order of the kind's columns (visible ones first,
 * then '\x1e' before the hidden ones), rows end with '\n'. Cells never hold bytes below 0x20 (safe_add made them harmless). */
#ifndef ESTATE_SNAPSHOT_H
#define ESTATE_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include "estate/kind.h"

struct text;
struct snapshot;

/* Building (one thread), then frozen by the first ref given out. */
struct snapshot *snapshot_new(const struct kind *kind, size_t rows_hint, size_t bytes_hint);
/* Row of kind->column_count cells, already harmless. -1 past 4 GiB of text (dropped, snapshot_cut says so). */
int snapshot_add(struct snapshot *snapshot, const char *const *cells, const size_t *lengths);
int snapshot_add_row(struct snapshot *snapshot, const char *row, size_t length); /* already joined, without '\n' */
void snapshot_set_time(struct snapshot *snapshot, int64_t observed_ns);
void snapshot_set_cut(struct snapshot *snapshot, size_t total); /* more exist than are here */

struct snapshot *snapshot_ref(struct snapshot *snapshot);
void snapshot_unref(struct snapshot *snapshot); /* NULL is fine */

const struct kind *snapshot_kind(const struct snapshot *snapshot);
size_t snapshot_count(const struct snapshot *snapshot);
int64_t snapshot_time(const struct snapshot *snapshot);
size_t snapshot_total(const struct snapshot *snapshot); /* >= count when cut */
const char *snapshot_row(const struct snapshot *snapshot, size_t row, size_t *length); /* joined cells */
const char *snapshot_cell(const struct snapshot *snapshot, size_t row, int column, size_t *length); /* not NUL-terminated; column -1: "" */
const char *snapshot_role(const struct snapshot *snapshot, size_t row, enum column_role role, size_t *length);
char *snapshot_role_text(const struct snapshot *snapshot, size_t row, enum column_role role); /* owned copy */
/* Value of a number-like cell for sorting and comparing; NAN when empty or no number ("<unknown>"); age: ns since 1970. */
double snapshot_number(const struct snapshot *snapshot, size_t row, int column);
long snapshot_find(const struct snapshot *snapshot, const char *id); /* row, or -1; linear unless indexed */
const char *snapshot_text(const struct snapshot *snapshot, size_t *length); /* the whole flat text */
/* At least this many bytes may be read past the end of snapshot_text (they are 0). */
enum { SNAPSHOT_SLACK = 64 };
/* The visible part of a row: up to '\x1e'. */
const char *snapshot_visible(const struct snapshot *snapshot, size_t row, size_t *length);
size_t snapshot_visible_length(const char *row, size_t length);
/* A cell out of joined cells; "" when there is no such cell. */
const char *row_cell(const char *row, size_t length, int column, size_t *cell_length);
/* Value of a number-like cell; text that begins with a number ("3 (2m ago)") has that one. NAN: none. */
double cell_number(enum column_type type, const char *cell, size_t length);
/* For the cache: bytes that snapshot_from_bytes takes; NULL when they are damaged or of another layout of columns. Appends. */
void snapshot_to_bytes(const struct snapshot *snapshot, struct text *out);
struct snapshot *snapshot_from_bytes(const struct kind *kind, const void *bytes, size_t length);
size_t snapshot_row_at(const struct snapshot *snapshot, size_t offset, size_t hint); /* row that holds the byte, searched forward from hint */

#endif
