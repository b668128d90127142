#include "estate/table_row.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/safe.h"
#include "estate/filter.h"
#include "estate/kind.h"
#include "estate/snapshot.h"

enum { CELL_MAX = 4096 };

void row_maker_init(struct row_maker *maker, const struct kind *kind)
{
	*maker = (struct row_maker){ .kind = kind };
	maker->cells = mem_zero(kind->column_count, sizeof(*maker->cells));
	maker->safe = mem_zero(kind->column_count, sizeof(*maker->safe));
	maker->lengths = mem_zero(kind->column_count, sizeof(*maker->lengths));
	text_init(&maker->row, (CELL_MAX + 1) * kind->column_count + 1);
	text_init(&maker->why, CELL_MAX);
}

void row_maker_release(struct row_maker *maker)
{
	for (size_t i = 0; i < maker->kind->column_count; i++)
		free(maker->cells[i]);
	free(maker->cells);
	free(maker->safe);
	free(maker->lengths);
	text_release(&maker->row);
	text_release(&maker->why);
}

/* Most cells are harmless already and are used where they are. */
static void make_safe(struct row_maker *maker, size_t column, const char *cell, size_t length)
{
	if (length <= CELL_MAX && safe_is(cell, length)) {
		maker->safe[column] = cell;
		maker->lengths[column] = length;
		return;
	}
	if (!maker->cells[column])
		maker->cells[column] = mem_alloc(CELL_MAX + 1);
	safe_copy(maker->cells[column], CELL_MAX + 1, cell, length);
	maker->safe[column] = maker->cells[column];
	maker->lengths[column] = strlen(maker->cells[column]);
}

static void add_cell(struct text *out, const struct row_maker *maker, const char *name, size_t length)
{
	char column_name[64];
	int column;

	if (length >= sizeof(column_name))
		return;
	memcpy(column_name, name, length);
	column_name[length] = '\0';
	column = kind_column_find(maker->kind, column_name);
	if (column >= 0)
		text_add_n(out, maker->safe[column], maker->lengths[column]);
}

/* {COLUMN} by this row's cell. */
static void fill_template(struct text *out, const struct row_maker *maker, const char *template)
{
	const char *open, *close;

	text_clear(out);
	while ((open = strchr(template, '{')) && (close = strchr(open, '}'))) {
		text_add_n(out, template, (size_t)(open - template));
		add_cell(out, maker, open + 1, (size_t)(close - open - 1));
		template = close + 1;
	}
	text_add(out, template);
}

static void judge(struct row_maker *maker)
{
	const struct kind *kind = maker->kind;
	int severity = kind->role[ROLE_SEVERITY], why = kind->role[ROLE_WHY];

	if (severity < 0 || maker->lengths[severity])
		return;
	for (size_t i = 0; i < kind->rule_count; i++) {
		const struct kind_rule *rule = &kind->rules[i];

		if (!filter_match_cells(rule->when, kind, maker->safe, maker->lengths))
			continue;
		maker->safe[severity] = rule->severity;
		maker->lengths[severity] = strlen(rule->severity);
		if (why >= 0 && !maker->lengths[why]) {
			fill_template(&maker->why, maker, rule->why);
			maker->safe[why] = maker->why.data;
			maker->lengths[why] = maker->why.length;
		}
		return;
	}
}

void row_make(struct row_maker *maker, const char *const *cells, const size_t *lengths)
{
	for (size_t i = 0; i < maker->kind->column_count; i++)
		make_safe(maker, i, cells[i] ? cells[i] : "", cells[i] ? lengths[i] : 0);
	judge(maker);
}

void row_join(struct row_maker *maker)
{
	text_clear(&maker->row);
	for (size_t i = 0; i < maker->kind->column_count; i++) {
		if (i)
			text_add_char(&maker->row, i == maker->kind->visible_count ? '\x1e' : '\x1f');
		text_add_n(&maker->row, maker->safe[i], maker->lengths[i]);
	}
	text_add_char(&maker->row, '\n');
}

int row_differs(const struct kind *kind, const char *old_row, size_t old_length,
	const char *new_row, size_t new_length)
{
	const char *old_end = old_row + old_length, *new_end = new_row + new_length;

	for (size_t i = 0; i < kind->column_count; i++) {
		size_t old_cell, new_cell;

		row_cell(old_row, (size_t)(old_end - old_row), 0, &old_cell);
		row_cell(new_row, (size_t)(new_end - new_row), 0, &new_cell);
		if (!kind->columns[i].is_volatile &&
			(old_cell != new_cell || memcmp(old_row, new_row, old_cell)))
			return 1;
		old_row += old_cell + (old_row + old_cell < old_end);
		new_row += new_cell + (new_row + new_cell < new_end);
	}
	return 0;
}
