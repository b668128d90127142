/* order.c - which rows of a table are shown, and in what order: its filter as it is typed, its sorting. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "estate/view.h"
#include "tui/console_private.h"
#include "tui/table/private.h"

/* --- filter --- */

void table_apply_filter(struct table_pane *table)
{
	struct error err = { 0 };
	char *id = table_id_under_cursor(table);

	*table->filter_problem = 0;
	if (view_set_filter(table->view, table->filter.text, &err))
		snprintf(table->filter_problem, sizeof(table->filter_problem), "%.199s", err.text);
	table_work_keeping(table, id);
	free(id);
	beside_recalc(table); /* it may be asked for now */
}

void table_begin_filter(struct table_pane *table)
{
	snprintf(table->filter_before, sizeof(table->filter_before), "%s", table->filter.text);
	table->pane.mode = "line";
	table_changed(table);
}

void table_end_filter(struct table_pane *table, int keep)
{
	table->pane.mode = NULL;
	screen_cursor(screen_size(), -1, 0);
	if (!keep || *table->filter_problem) {
		input_set(&table->filter, keep ? "" : table->filter_before);
		table_apply_filter(table);
	}
	if (table->is_tight)
		table->measured = 0;
	table_changed(table);
}

int table_typed(struct pane *pane, int key)
{
	struct table_pane *table = table_of(pane);
	int changed;

	if (!pane->mode || !input_key(&table->filter, key, &changed))
		return 0;
	if (changed)
		table_apply_filter(table);
	table_changed(table);
	return 1;
}

/* --- sorting --- */

/* Who asks for an order looks at its beginning. */
void table_set_sort(struct table_pane *table, int column, int descending)
{
	view_set_sort(table->view, column < BESIDE ? column : COLUMN_BESIDE + column - BESIDE, descending);
	table->cursor = table->top = 0;
	table_work_keeping(table, NULL);
	beside_recalc(table);
}

int table_sort_column(const struct table_pane *table, int *descending)
{
	int column = view_sort_column(table->view, descending);

	return column < COLUMN_BESIDE ? column : BESIDE + column - COLUMN_BESIDE;
}

/* Numbers are looked at from the top: the largest first; names from A. The same column again turns it round. */
void table_sort_by(struct table_pane *table, int column)
{
	int descending, now = table_sort_column(table, &descending);
	enum column_type type = table_column(table, column)->type;

	table_set_sort(table, column, now == column ? !descending : type != COLUMN_TEXT && type != COLUMN_BOOL && type != COLUMN_AGE);
}

void table_initial_sort(struct table_pane *table)
{
	const char *sort = table->kind->sort;
	int given = sort && *sort, column = given ? kind_column_find(table->kind, sort + (*sort == '-')) : -1;

	/* Namespaces are listed side by side and come in any order. */
	if (!given && (!*table->namespace_ || !strcmp(table->namespace_, "*")))
		column = table->kind->role[ROLE_NAMESPACE];
	if (column >= 0)
		view_set_sort(table->view, column, given && *sort == '-');
}

static void use_sort(struct console *console, size_t row, void *arg)
{
	struct pane *pane = arg;

	if (console_top(console) != pane)
		return;
	size_t own = (size_t)table_visible_columns(table_of(pane));

	if (row)
		table_sort_by(table_of(pane), row <= own ? (int)row - 1 : BESIDE + (int)(row - own) - 1);
	else
		table_set_sort(table_of(pane), -1, 0);
}

void table_choose_sort(struct table_pane *table)
{
	struct menu_row rows[ALL_COLUMNS + 1] = { { .label = "as listed" } };
	size_t count = (size_t)table_visible_columns(table), own = count;
	int at = table_sort_column(table, &(int){ 0 });

	for (size_t i = 0; i < count; i++)
		rows[i + 1] = (struct menu_row){ .label = table->kind->columns[i].name, .note = column_type_name(table->kind->columns[i].type) };
	for (int i = 0; i < table->beside.count; i++)
		rows[++count] = (struct menu_row){ .label = table->beside.heads[i].name, .note = column_type_name(table->beside.heads[i].type) };
	console_dialog(table->pane.console,
		menu_new(table->pane.console, "Sort by", rows, count + 1, at < BESIDE ? (size_t)(at + 1) : own + (size_t)(at - BESIDE) + 1, use_sort, table, NULL));
}

void table_reverse(struct table_pane *table)
{
	int descending, column = table_sort_column(table, &descending);

	if (column >= 0)
		table_set_sort(table, column, !descending);
}
