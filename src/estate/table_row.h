/* table_row.h - a row on its way into a table: what a provider gave, made harmless, judged and joined. Inside src/estate. */
#ifndef ESTATE_TABLE_ROW_H
#define ESTATE_TABLE_ROW_H

#include "base/text.h"

struct kind;

struct row_maker {
	const struct kind *kind;
	struct text row, why;
	char **cells;      /* made harmless, where they had to be */
	const char **safe; /* each cell, and its length: valid until the next row_make */
	size_t *lengths;
};

void row_maker_init(struct row_maker *maker, const struct kind *kind);
void row_maker_release(struct row_maker *maker);
/* Fills safe and lengths from a provider's cells; severity and why by the kind's rules where they are empty. */
void row_make(struct row_maker *maker, const char *const *cells, const size_t *lengths);
void row_join(struct row_maker *maker); /* into row, with '\n' behind */
/* A cell that is compared (no volatile one) differs between two joined rows. */
int row_differs(const struct kind *kind, const char *old_row, size_t old_length, const char *new_row, size_t new_length);

#endif
