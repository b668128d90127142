/* snapshot.h - rows of one kind as they were at one moment: immutable, reference-counted, in blocks (block.h) it shares with
 * the table and with other snapshots. Where a row stands by itself, its cells are joined by '\x1f' in the order of the kind's columns
 * (visible ones first, then '\x1e' before the hidden ones). Cells never hold bytes below 0x20 (safe_add made them harmless). */
#ifndef ESTATE_SNAPSHOT_H
#define ESTATE_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include "estate/kind.h"

struct block;
struct text;
struct snapshot;

/* Building (one thread) ends with snapshot_freeze; only then is it read or handed on. */
struct snapshot *snapshot_new(const struct kind *kind);
void snapshot_add_row(struct snapshot *snapshot, const char *row, size_t length); /* already joined and harmless */
void snapshot_add_block(struct snapshot *snapshot, struct block *block);          /* takes your reference */
void snapshot_freeze(struct snapshot *snapshot);
void snapshot_set_time(struct snapshot *snapshot, int64_t observed_ns);
void snapshot_set_cut(struct snapshot *snapshot, size_t total); /* more exist than are here */

struct snapshot *snapshot_ref(struct snapshot *snapshot);
void snapshot_unref(struct snapshot *snapshot); /* NULL is fine */

const struct kind *snapshot_kind(const struct snapshot *snapshot);
size_t snapshot_count(const struct snapshot *snapshot);
int64_t snapshot_time(const struct snapshot *snapshot);
size_t snapshot_total(const struct snapshot *snapshot); /* >= count when cut */
void snapshot_row(const struct snapshot *snapshot, size_t row, struct text *out); /* appends the joined cells */
int snapshot_same_row(const struct snapshot *a, size_t row, const struct snapshot *b, size_t other);
/* Not NUL-terminated, followed by a byte below 0x20; column -1: "". An id is valid until this thread asks for a fourth one after it. */
const char *snapshot_cell(const struct snapshot *snapshot, size_t row, int column, size_t *length);
const char *snapshot_role(const struct snapshot *snapshot, size_t row, enum column_role role, size_t *length);
char *snapshot_role_text(const struct snapshot *snapshot, size_t row, enum column_role role); /* owned copy */
/* Value of a number-like cell for sorting and comparing; NAN when empty or no number ("<unknown>"); age: ns since 1970. */
double snapshot_number(const struct snapshot *snapshot, size_t row, int column);
long snapshot_find(const struct snapshot *snapshot, const char *id); /* row, or -1; looks at all */
size_t snapshot_blocks(const struct snapshot *snapshot);
struct block *snapshot_block(const struct snapshot *snapshot, size_t i, size_t *first_row); /* borrowed */
/* A cell out of joined cells; "" when there is no such cell. */
const char *row_cell(const char *row, size_t length, int column, size_t *cell_length);
/* Value of a number-like cell; text that begins with a number ("3 (2m ago)") has that one. NAN: none. */
double cell_number(enum column_type type, const char *cell, size_t length);
/* For the cache: bytes that snapshot_from_bytes takes; NULL when they are damaged or of another layout of columns. Appends. */
void snapshot_to_bytes(const struct snapshot *snapshot, struct text *out);
struct snapshot *snapshot_from_bytes(const struct kind *kind, const void *bytes, size_t length);

#endif
