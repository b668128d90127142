/* cells.h - rows of a kind as a table for people: ages and sizes in words, numbers to the right. */
#ifndef CLI_CELLS_H
#define CLI_CELLS_H

#include <stddef.h>

struct cli;
struct cli_table;
struct kind;
struct snapshot;

struct cells {
	struct cli_table *table;
	const struct kind *kind;
	int wide, raw;
	int account; /* column that says whose a row is, where several were asked; -1 none */
};

void cells_begin(struct cells *cells, const struct cli *cli, const struct kind *kind, int wide, int raw);
void cells_row(struct cells *cells, const struct snapshot *snapshot, size_t row);
void cells_print(struct cells *cells, int header); /* and frees */

#endif
