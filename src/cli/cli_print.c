#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"
#include "cli/cli_private.h"
#include "estate/kind.h"

enum { COLUMNS_MAX = 64, CELL_MAX = 1 << 20 };

struct cli_table {
	const struct cli *cli;
	char *names[COLUMNS_MAX];
	char align[COLUMNS_MAX];
	size_t columns;
	char **cells;
	size_t count;
};

struct cli_table *cli_table_new(const struct cli *cli)
{
	struct cli_table *table = mem_zero(1, sizeof(*table));

	table->cli = cli;
	return table;
}

void cli_table_column(struct cli_table *table, const char *name, char align)
{
	if (table->columns == COLUMNS_MAX)
		return;
	table->align[table->columns] = align;
	table->names[table->columns++] = mem_text(name);
}

void cli_table_cell(struct cli_table *table, const char *text)
{
	struct text clean;

	text = text ? text : "";
	size_t length = strlen(text);
	table->cells = mem_grow(table->cells, table->count + 1, sizeof(*table->cells));
	if (safe_is(text, length)) {
		table->cells[table->count++] = mem_text_n(text, length);
		return;
	}
	text_init(&clean, CELL_MAX);
	safe_add(&clean, text, length);
	table->cells[table->count++] = text_take(&clean);
}

static size_t width_of(const char *text)
{
	return utf8_columns(text, strlen(text));
}

static void measure(const struct cli_table *table, size_t width[])
{
	for (size_t c = 0; c < table->columns; c++)
		width[c] = width_of(table->names[c]);
	for (size_t i = 0; i < table->count; i++) {
		size_t w = width_of(table->cells[i]);

		if (w > width[i % table->columns])
			width[i % table->columns] = w;
	}
}

/* Whether everything right of a column is empty: no blanks at the end of lines. */
static int is_last(const struct cli_table *table, char *const *row, size_t column)
{
	for (size_t c = column + 1; c < table->columns; c++)
		if (*row[c])
			return 0;
	return 1;
}

static void print_cell(const struct cli_table *table, const char *text, size_t column, int last, const size_t width[])
{
	FILE *out = cli_out(table->cli);
	int gap = (int)(width[column] - width_of(text));

	if (table->align[column] == 'r')
		fprintf(out, "%*s%s", gap, "", text);
	else if (last)
		fputs(text, out);
	else
		fprintf(out, "%s%*s", text, gap, "");
	fputs(last ? "\n" : "  ", out);
}

/* RFC 4180: quoted when it holds a comma, a quote or a line break. */
static void print_csv_cell(FILE *out, const char *text, int last)
{
	if (text[strcspn(text, ",\"\r\n")]) {
		fputc('"', out);
		for (; *text; text++) {
			if (*text == '"')
				fputc('"', out);
			fputc(*text, out);
		}
		fputc('"', out);
	} else {
		fputs(text, out);
	}
	fputs(last ? "\r\n" : ",", out);
}

static void print_row(const struct cli_table *table, char *const *row, const size_t width[])
{
	int last = 0;

	for (size_t c = 0; c < table->columns && !last; c++) {
		last = table->cli->format == FORMAT_CSV ? c + 1 == table->columns : is_last(table, row, c);
		if (table->cli->format == FORMAT_CSV)
			print_csv_cell(cli_out(table->cli), row[c], last);
		else
			print_cell(table, row[c], c, last, width);
	}
}

static void print_table(const struct cli_table *table, int header)
{
	size_t width[COLUMNS_MAX] = { 0 };

	if (table->cli->format != FORMAT_CSV)
		measure(table, width);
	if (header)
		print_row(table, table->names, width);
	for (size_t i = 0; i + table->columns <= table->count; i += table->columns)
		print_row(table, table->cells + i, width);
}

void cli_table_print(struct cli_table *table)
{
	cli_table_show(table, 1);
}

void cli_table_show(struct cli_table *table, int header)
{
	if (table->columns)
		print_table(table, header);
	for (size_t c = 0; c < table->columns; c++)
		free(table->names[c]);
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table);
}
