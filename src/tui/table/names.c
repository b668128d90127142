/* names.c - names too long for their column are cut in one place, chosen so that rows on the screen that differ look different. */
#include <string.h>

#include "base/safe.h"
#include "estate/snapshot.h"
#include "estate/view.h"
#include "tui/screen/format.h"
#include "tui/table/private.h"

enum { NAMES_MAX = 64, NAME_BYTES = 256, LEAST = 12 };

struct names_cut { /* of one column of the rows on the screen, those too long for it */
	char texts[NAMES_MAX][NAME_BYTES];
	size_t lengths[NAMES_MAX], count;
};

static int is_name(const struct table_pane *table, const struct shown_column *shown)
{
	const int *role = table->kind->role;

	return (shown->column == role[ROLE_NAME] || shown->column == role[ROLE_NAMESPACE]) && shown->width >= LEAST;
}

/* As a cell of that column is cut where nothing speaks against it: its end says more than its beginning. */
static int usual_head(int columns)
{
	return (columns - 1) * 2 / 5;
}

static void add_name(const struct table_pane *table, const struct shown_column *shown, size_t place, struct names_cut *names)
{
	size_t row, length;

	if (names->count == NAMES_MAX || !table_row_at(table, place, &row))
		return;
	const char *cell = snapshot_cell(view_snapshot(table->view), row, shown->column, &length);

	if (length >= NAME_BYTES || (int)utf8_columns(cell, length) <= shown->width || memchr(cell, ' ', length))
		return;
	for (size_t i = 0; i < names->count; i++)
		if (names->lengths[i] == length && !memcmp(names->texts[i], cell, length))
			return;
	memcpy(names->texts[names->count], cell, length);
	names->lengths[names->count++] = length;
}

/* How many of them look like one before. */
static size_t count_alike(const struct names_cut *names, int columns, int head)
{
	static uint64_t hashes[NAMES_MAX];
	char cut[NAME_BYTES + 8];
	size_t alike = 0;

	for (size_t i = 0; i < names->count; i++) {
		size_t length = format_cut(names->texts[i], names->lengths[i], columns, head, cut, sizeof(cut)), k = 0;

		hashes[i] = marks_hash(cut, length);
		while (hashes[k] != hashes[i])
			k++;
		alike += k < i;
	}
	return alike;
}

/* Where they are cut already (-1: the usual place), else the nearest to it where fewest look alike. */
static int choose_head(const struct names_cut *names, int columns, int now)
{
	int first = now >= 0 ? now : usual_head(columns), best = first;
	size_t least = names->count > 1 ? count_alike(names, columns, first) : 0;

	for (int by = 1; least && by < columns; by++)
		for (int sign = -1; least && sign <= 1; sign += 2) {
			int head = first + sign * by;
			size_t alike = head < 0 || head > columns - 1 ? least : count_alike(names, columns, head);

			if (alike < least) {
				least = alike;
				best = head;
			}
		}
	return best;
}

int table_choose_cuts(struct table_pane *table)
{
	static struct names_cut names; /* 16 KB: not on the stack */
	int changed = 0;

	for (int i = 0; i < table->shown_count; i++) {
		struct shown_column *shown = &table->shown[i];

		if (!is_name(table, shown) || table->widths[shown->column] <= shown->width)
			continue;
		names.count = 0;
		for (int y = 0; y < table->page; y++)
			add_name(table, shown, table->top + (size_t)y, &names);
		int head = choose_head(&names, shown->width, shown->head - 1);

		changed |= head + 1 != shown->head;
		shown->head = head + 1;
	}
	return changed;
}

size_t table_cut_name(const struct shown_column *shown, char cell[CELL_MAX], size_t length)
{
	char whole[CELL_MAX];

	if (!shown->head || length >= CELL_MAX || (int)utf8_columns(cell, length) <= shown->width || memchr(cell, ' ', length))
		return length;
	memcpy(whole, cell, length);
	return format_cut(whole, length, shown->width, shown->head - 1, cell, CELL_MAX);
}
