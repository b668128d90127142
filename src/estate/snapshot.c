#include "estate/snapshot.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "estate/filter_node.h"

struct snapshot {
	atomic_int refs;
	const struct kind *kind;
	char *text;
	size_t length, room;
	uint32_t *offsets; /* of rows */
	size_t count, offset_room;
	int64_t observed_ns;
	size_t total;
	int dropped; /* rows that did not fit */
};

static const size_t text_max = UINT32_MAX - SNAPSHOT_SLACK;

struct snapshot *snapshot_new(const struct kind *kind, size_t rows_hint, size_t bytes_hint)
{
	struct snapshot *snapshot = mem_zero(1, sizeof(*snapshot));

	if (bytes_hint > text_max)
		bytes_hint = text_max;
	atomic_init(&snapshot->refs, 1);
	snapshot->kind = kind;
	snapshot->room = bytes_hint + 1;
	snapshot->text = mem_alloc(snapshot->room + SNAPSHOT_SLACK);
	memset(snapshot->text, 0, SNAPSHOT_SLACK);
	snapshot->offset_room = rows_hint + 1;
	snapshot->offsets = mem_alloc(snapshot->offset_room * sizeof(*snapshot->offsets));
	return snapshot;
}

static void make_room(struct snapshot *snapshot, size_t bytes)
{
	if (snapshot->length + bytes > snapshot->room) {
		snapshot->room = (snapshot->length + bytes) + (snapshot->length + bytes) / 2;
		snapshot->text = mem_resize(snapshot->text, snapshot->room + SNAPSHOT_SLACK);
	}
	if (snapshot->count == snapshot->offset_room) {
		snapshot->offset_room += snapshot->offset_room / 2 + 16;
		snapshot->offsets = mem_resize(snapshot->offsets,
			snapshot->offset_room * sizeof(*snapshot->offsets));
	}
}

/* Begins a row of at most `bytes` with its newline; NULL when it does not fit. */
static char *begin_row(struct snapshot *snapshot, size_t bytes)
{
	if (bytes > text_max || snapshot->length > text_max - bytes) {
		snapshot->dropped++;
		return NULL;
	}
	make_room(snapshot, bytes);
	snapshot->offsets[snapshot->count++] = (uint32_t)snapshot->length;
	return snapshot->text + snapshot->length;
}

static void end_row(struct snapshot *snapshot, char *at)
{
	*at++ = '\n';
	snapshot->length = (size_t)(at - snapshot->text);
	memset(at, 0, SNAPSHOT_SLACK);
}

int snapshot_add(struct snapshot *snapshot, const char *const *cells, const size_t *lengths)
{
	const struct kind *kind = snapshot->kind;
	size_t bytes = kind->column_count + 1;
	char *at;

	for (size_t i = 0; i < kind->column_count; i++)
		bytes += cells[i] ? lengths[i] : 0;
	at = begin_row(snapshot, bytes);
	if (!at)
		return -1;
	for (size_t i = 0; i < kind->column_count; i++) {
		if (i)
			*at++ = i == kind->visible_count ? '\x1e' : '\x1f';
		if (!cells[i])
			continue;
		memcpy(at, cells[i], lengths[i]);
		at += lengths[i];
	}
	end_row(snapshot, at);
	return 0;
}

int snapshot_add_row(struct snapshot *snapshot, const char *row, size_t length)
{
	char *at = begin_row(snapshot, length + 1);

	if (!at)
		return -1;
	memcpy(at, row, length);
	end_row(snapshot, at + length);
	return 0;
}

void snapshot_set_time(struct snapshot *snapshot, int64_t observed_ns)
{
	snapshot->observed_ns = observed_ns;
}

void snapshot_set_cut(struct snapshot *snapshot, size_t total)
{
	snapshot->total = total;
}

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
	atomic_fetch_add_explicit(&snapshot->refs, 1, memory_order_relaxed);
	return snapshot;
}

void snapshot_unref(struct snapshot *snapshot)
{
	if (!snapshot || atomic_fetch_sub_explicit(&snapshot->refs, 1, memory_order_acq_rel) > 1)
		return;
	free(snapshot->text);
	free(snapshot->offsets);
	free(snapshot);
}

const struct kind *snapshot_kind(const struct snapshot *snapshot)
{
	return snapshot->kind;
}

size_t snapshot_count(const struct snapshot *snapshot)
{
	return snapshot->count;
}

int64_t snapshot_time(const struct snapshot *snapshot)
{
	return snapshot->observed_ns;
}

size_t snapshot_total(const struct snapshot *snapshot)
{
	size_t here = snapshot->count + (size_t)snapshot->dropped;

	return snapshot->total > here ? snapshot->total : here;
}

const char *snapshot_row(const struct snapshot *snapshot, size_t row, size_t *length)
{
	size_t begin, end;

	assert(row < snapshot->count);
	begin = snapshot->offsets[row];
	end = row + 1 < snapshot->count ? snapshot->offsets[row + 1] : snapshot->length;
	*length = end - begin - 1;
	return snapshot->text + begin;
}

size_t snapshot_visible_length(const char *row, size_t length)
{
	const char *end = memchr(row, '\x1e', length);

	return end ? (size_t)(end - row) : length;
}

const char *snapshot_visible(const struct snapshot *snapshot, size_t row, size_t *length)
{
	const char *text = snapshot_row(snapshot, row, length);

	*length = snapshot_visible_length(text, *length);
	return text;
}

const char *row_cell(const char *row, size_t length, int column, size_t *cell_length)
{
	const char *end = row + length, *at = row;

	*cell_length = 0;
	if (column < 0)
		return "";
	for (; column; column--, at++) {
		while (at < end && *at != '\x1f' && *at != '\x1e')
			at++;
		if (at == end)
			return "";
	}
	for (row = at; at < end && *at != '\x1f' && *at != '\x1e';)
		at++;
	*cell_length = (size_t)(at - row);
	return row;
}

/* Hidden cells are reached over '\x1e' at once. */
const char *snapshot_cell(const struct snapshot *snapshot, size_t row, int column, size_t *length)
{
	size_t row_length, visible;
	const char *text = snapshot_row(snapshot, row, &row_length);

	if (column < 0 || (size_t)column < snapshot->kind->visible_count)
		return row_cell(text, row_length, column, length);
	visible = snapshot_visible_length(text, row_length);
	if (visible == row_length) {
		*length = 0;
		return "";
	}
	return row_cell(text + visible + 1, row_length - visible - 1,
		column - (int)snapshot->kind->visible_count, length);
}

const char *snapshot_role(const struct snapshot *snapshot, size_t row, enum column_role role,
	size_t *length)
{
	return snapshot_cell(snapshot, row, snapshot->kind->role[role], length);
}

char *snapshot_role_text(const struct snapshot *snapshot, size_t row, enum column_role role)
{
	size_t length;
	const char *cell = snapshot_role(snapshot, row, role, &length);

	return mem_text_n(cell, length);
}

static double plain_number(const char *cell, size_t length)
{
	char copy[48];
	char *end;
	double number;
	size_t i = 0;
	int64_t whole = 0;

	/* Most are short integers. */
	for (; i < length && i < 15 && cell[i] >= '0' && cell[i] <= '9'; i++)
		whole = whole * 10 + (cell[i] - '0');
	if (i && (i == length || cell[i] == ' '))
		return (double)whole;
	if (!length || length >= sizeof(copy))
		return NAN;
	memcpy(copy, cell, length);
	copy[length] = '\0';
	if (*copy != '-' && *copy != '.' && (*copy < '0' || *copy > '9'))
		return NAN; /* strtod would take "nan", "inf" and blanks */
	number = strtod(copy, &end);
	return end == copy || (*end && *end != ' ') || !isfinite(number) ? NAN : number;
}

static double moment_number(const char *cell, size_t length)
{
	char copy[48];
	int64_t at;

	if (!length || length >= sizeof(copy))
		return NAN;
	memcpy(copy, cell, length);
	copy[length] = '\0';
	return clock_parse(copy, &at) ? NAN : (double)at;
}

double cell_number(enum column_type type, const char *cell, size_t length)
{
	if (type == COLUMN_AGE)
		return moment_number(cell, length);
	if (type == COLUMN_BOOL)
		return length == 4 && !memcmp(cell, "true", 4)  ? 1
		       : length == 5 && !memcmp(cell, "false", 5) ? 0
								   : NAN;
	return plain_number(cell, length);
}

double snapshot_number(const struct snapshot *snapshot, size_t row, int column)
{
	size_t length;
	const char *cell = snapshot_cell(snapshot, row, column, &length);

	return column < 0 ? NAN : cell_number(snapshot->kind->columns[column].type, cell, length);
}

const char *snapshot_text(const struct snapshot *snapshot, size_t *length)
{
	*length = snapshot->length;
	return snapshot->text;
}

/* Steps grow while they stay before the offset, so near rows are found at once and far ones soon. */
size_t snapshot_row_at(const struct snapshot *snapshot, size_t offset, size_t hint)
{
	size_t low = hint, high, step = 1;

	if (low >= snapshot->count || snapshot->offsets[low] > offset)
		low = 0;
	for (high = low + 1; high < snapshot->count && snapshot->offsets[high] <= offset;) {
		low = high;
		high += step;
		step *= 2;
	}
	if (high > snapshot->count)
		high = snapshot->count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (snapshot->offsets[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

long snapshot_find(const struct snapshot *snapshot, const char *id)
{
	struct needle needle;
	const char *at = snapshot->text, *end = snapshot->text + snapshot->length, *hit;
	size_t id_length = strlen(id), row = 0, length;
	long found = -1;

	if (!id_length || !snapshot->count)
		return -1;
	needle_init(&needle, id, id_length);
	while (at < end && (hit = needle_find(&needle, at, (size_t)(end - at),
				    (size_t)(end - at) + SNAPSHOT_SLACK))) {
		const char *cell;

		row = snapshot_row_at(snapshot, (size_t)(hit - snapshot->text), row);
		cell = snapshot_role(snapshot, row, ROLE_ID, &length);
		if (length == id_length && !memcmp(cell, id, length)) {
			found = (long)row;
			break;
		}
		/* No other cell of this row matters. */
		at = snapshot_row(snapshot, row, &length) + length + 1;
	}
	needle_release(&needle);
	return found;
}
