#include "cli/cells.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "estate/cell_text.h"
#include "estate/kind.h"
#include "estate/snapshot.h"

enum { CELL_MAX = 512 };

void cells_begin(struct cells *cells, const struct cli *cli, const struct kind *kind, int wide, int raw)
{
	const char *account = cli_flag(cli, "account");
	int column = kind->role[ROLE_ACCOUNT], is_own = column < (int)kind->visible_count;

	*cells = (struct cells){ cli_table_new(cli), kind, wide, raw, account && !strcmp(account, "*") && !is_own ? column : -1 };
	if (cells->account >= 0)
		cli_table_column(cells->table, "ACCOUNT", 'l');
	for (size_t i = 0; i < kind->visible_count; i++)
		if (wide || !kind->columns[i].wide)
			cli_table_column(cells->table, kind->columns[i].name, column_is_right(kind->columns[i].type) ? 'r' : 'l');
}

static void add_account(struct cells *cells, const struct snapshot *snapshot, size_t row)
{
	size_t length;
	const char *cell = snapshot_cell(snapshot, row, cells->account, &length);
	char *account = mem_text_n(cell, length);

	cli_table_cell(cells->table, account);
	free(account);
}

void cells_row(struct cells *cells, const struct snapshot *snapshot, size_t row)
{
	char text[CELL_MAX];

	if (cells->account >= 0)
		add_account(cells, snapshot, row);
	for (size_t i = 0; i < cells->kind->visible_count; i++) {
		size_t length;
		const char *cell = snapshot_cell(snapshot, row, (int)i, &length);

		if (!cells->wide && cells->kind->columns[i].wide)
			continue;
		if (cells->raw) {
			char *raw = mem_text_n(cell, length);

			cli_table_cell(cells->table, raw);
			free(raw);
			continue;
		}
		cell_text(text, sizeof(text), cells->kind->columns[i].type, cell, length, clock_now_ns());
		cli_table_cell(cells->table, text);
	}
}

void cells_print(struct cells *cells, int header)
{
	cli_table_show(cells->table, header);
}
