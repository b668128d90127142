/* Rows lie in the text of the last snapshot given out; those put since lie in `fresh` until the next one. So a table
 * and its snapshot share one text, and a row costs an entry and two slots of the index besides. */
#include "estate/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"
#include "estate/filter.h"
#include "estate/snapshot.h"

enum { CELL_MAX = 4096, FRESH_KEEP = 1 << 16, FRESH_MOST = 32 << 20 };

struct entry {
	uint32_t offset, length; /* of the row, in fresh or in base */
	uint32_t hash;
	uint32_t mark;           /* of the list that saw it last */
	uint32_t id_at : 30;     /* of the id within the row */
	uint32_t is_fresh : 1, is_dead : 1;
	uint32_t id_length;
};

struct table {
	const struct kind *kind;
	struct snapshot *base;    /* NULL at first */
	const char *base_text;
	char *fresh;
	size_t fresh_length, fresh_room;
	struct entry *entries;    /* in the order they came */
	size_t count, dead;
	uint32_t *slots;          /* entry + 1, 0 free; linear probing; dead entries stay until the next snapshot */
	size_t slot_count;        /* a power of two */
	uint32_t mark;
	int dirty;
	size_t total;
	table_on_change on_change;
	void *arg;
	table_spare spare;
	void *spare_arg;
	struct text scratch, why; /* a row being made */
	char **cells;             /* made harmless, where they had to be */
	const char **safe;
	size_t *lengths;
};

struct table *table_new(const struct kind *kind)
{
	struct table *table = mem_zero(1, sizeof(*table));

	table->kind = kind;
	table->slot_count = 64;
	table->slots = mem_zero(table->slot_count, sizeof(*table->slots));
	table->cells = mem_zero(kind->column_count, sizeof(*table->cells));
	table->safe = mem_zero(kind->column_count, sizeof(*table->safe));
	table->lengths = mem_zero(kind->column_count, sizeof(*table->lengths));
	text_init(&table->scratch, (CELL_MAX + 1) * kind->column_count + 1);
	text_init(&table->why, CELL_MAX);
	return table;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	snapshot_unref(table->base);
	free(table->fresh);
	free(table->entries);
	free(table->slots);
	for (size_t i = 0; i < table->kind->column_count; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table->safe);
	free(table->lengths);
	text_release(&table->scratch);
	text_release(&table->why);
	free(table);
}

void table_watch(struct table *table, table_on_change on_change, void *arg)
{
	table->on_change = on_change;
	table->arg = arg;
}

void table_set_spare(struct table *table, table_spare spare, void *arg)
{
	table->spare = spare;
	table->spare_arg = arg;
}

void table_set_total(struct table *table, size_t total)
{
	if (table->total != total)
		table->dirty = 1;
	table->total = total;
}

/* --- the index --- */

/* FNV-1a, 8 bytes at a time would not pay for ids of 50 bytes. */
static uint32_t hash_of(const char *id, size_t length)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)id[i]) * 16777619u;
	return hash;
}

static const char *row_of(const struct table *table, const struct entry *entry)
{
	return (entry->is_fresh ? table->fresh : table->base_text) + entry->offset;
}

static void place(struct table *table, uint32_t number)
{
	size_t at = table->entries[number].hash & (table->slot_count - 1);

	while (table->slots[at])
		at = (at + 1) & (table->slot_count - 1);
	table->slots[at] = number + 1;
}

static void index_again(struct table *table)
{
	while (table->slot_count < table->count * 2)
		table->slot_count *= 2;
	free(table->slots);
	table->slots = mem_zero(table->slot_count, sizeof(*table->slots));
	for (size_t i = 0; i < table->count; i++)
		if (!table->entries[i].is_dead)
			place(table, (uint32_t)i);
}

static struct entry *find(const struct table *table, const char *id, size_t length, uint32_t hash)
{
	for (size_t at = hash & (table->slot_count - 1); table->slots[at];
		at = (at + 1) & (table->slot_count - 1)) {
		struct entry *entry = &table->entries[table->slots[at] - 1];

		if (entry->hash == hash && !entry->is_dead && entry->id_length == length &&
			!memcmp(row_of(table, entry) + entry->id_at, id, length))
			return entry;
	}
	return NULL;
}

static struct entry *add_entry(struct table *table, uint32_t hash)
{
	table->entries = mem_grow(table->entries, table->count + 1, sizeof(*table->entries));
	table->entries[table->count++] = (struct entry){ .hash = hash };
	if (table->count * 2 > table->slot_count)
		index_again(table);
	else
		place(table, (uint32_t)table->count - 1);
	return &table->entries[table->count - 1];
}

/* --- making a row --- */

/* Most cells are harmless already and are used where they are. */
static void make_safe(struct table *table, size_t column, const char *cell, size_t length)
{
	if (length <= CELL_MAX && safe_is(cell, length)) {
		table->safe[column] = cell;
		table->lengths[column] = length;
		return;
	}
	if (!table->cells[column])
		table->cells[column] = mem_alloc(CELL_MAX + 1);
	safe_copy(table->cells[column], CELL_MAX + 1, cell, length);
	table->safe[column] = table->cells[column];
	table->lengths[column] = strlen(table->cells[column]);
}

static void add_cell(struct text *out, const struct table *table, const char *name, size_t length)
{
	char column_name[64];
	int column;

	if (length >= sizeof(column_name))
		return;
	memcpy(column_name, name, length);
	column_name[length] = '\0';
	column = kind_column_find(table->kind, column_name);
	if (column >= 0)
		text_add_n(out, table->safe[column], table->lengths[column]);
}

/* {COLUMN} by this row's cell. */
static void fill_template(struct text *out, const struct table *table, const char *template)
{
	const char *open, *close;

	text_clear(out);
	while ((open = strchr(template, '{')) && (close = strchr(open, '}'))) {
		text_add_n(out, template, (size_t)(open - template));
		add_cell(out, table, open + 1, (size_t)(close - open - 1));
		template = close + 1;
	}
	text_add(out, template);
}

static void judge(struct table *table)
{
	const struct kind *kind = table->kind;
	int severity = kind->role[ROLE_SEVERITY], why = kind->role[ROLE_WHY];

	if (severity < 0 || table->lengths[severity])
		return;
	for (size_t i = 0; i < kind->rule_count; i++) {
		const struct kind_rule *rule = &kind->rules[i];

		if (!filter_match_cells(rule->when, kind, table->safe, table->lengths))
			continue;
		table->safe[severity] = rule->severity;
		table->lengths[severity] = strlen(rule->severity);
		if (why >= 0 && !table->lengths[why]) {
			fill_template(&table->why, table, rule->why);
			table->safe[why] = table->why.data;
			table->lengths[why] = table->why.length;
		}
		return;
	}
}

/* Joins the cells into scratch. */
static void make_row(struct table *table, const char *const *cells, const size_t *lengths,
	size_t *id_at)
{
	const struct kind *kind = table->kind;

	for (size_t i = 0; i < kind->column_count; i++)
		make_safe(table, i, cells[i] ? cells[i] : "", cells[i] ? lengths[i] : 0);
	judge(table);
	text_clear(&table->scratch);
	for (size_t i = 0; i < kind->column_count; i++) {
		if (i)
			text_add_char(&table->scratch, i == kind->visible_count ? '\x1e' : '\x1f');
		if ((int)i == kind->role[ROLE_ID])
			*id_at = table->scratch.length;
		text_add_n(&table->scratch, table->safe[i], table->lengths[i]);
	}
}

/* --- changing --- */

static int differs_significantly(const struct kind *kind, const char *old_row, size_t old_length,
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

static void tell(struct table *table, const char *id, const char *old_row, size_t old_length,
	const char *new_row, size_t new_length)
{
	struct table_change change = {
		.id = id,
		.old_row = old_row,
		.new_row = new_row,
		.old_length = old_length,
		.new_length = new_length,
		.significant = 1,
	};

	if (!table->on_change)
		return;
	if (old_row && new_row)
		change.significant = differs_significantly(table->kind, old_row, old_length, new_row,
			new_length);
	table->on_change(&change, table->arg);
}

/* Copies scratch behind what is fresh. */
static size_t keep_fresh(struct table *table)
{
	size_t at = table->fresh_length, need = at + table->scratch.length;

	if (need > table->fresh_room) {
		table->fresh_room = need + need / 2 + 4096;
		table->fresh = mem_resize(table->fresh, table->fresh_room);
	}
	memcpy(table->fresh + at, table->scratch.data, table->scratch.length);
	table->fresh_length = need;
	return at;
}

static void store_row(struct table *table, struct entry *entry, size_t id_at, size_t id_length)
{
	entry->offset = (uint32_t)keep_fresh(table);
	entry->length = (uint32_t)table->scratch.length;
	entry->id_at = (uint32_t)id_at & 0x3fffffff;
	entry->id_length = (uint32_t)id_length;
	entry->is_fresh = 1;
	table->dirty = 1;
}

/* Rows put again and again without a snapshot in between leave their old texts behind. */
static void tidy(struct table *table)
{
	if (table->fresh_length > FRESH_MOST)
		snapshot_unref(table_snapshot(table));
}

int table_put(struct table *table, const char *const *cells, const size_t *lengths)
{
	int id_column = table->kind->role[ROLE_ID];
	size_t id_at = 0, id_length;
	const char *id;
	char *id_text;
	uint32_t hash;
	struct entry *entry;

	tidy(table);
	make_row(table, cells, lengths, &id_at);
	id = table->scratch.data + id_at;
	id_length = table->lengths[id_column];
	if (!id_length)
		return 0; /* nothing could ever name it */
	hash = hash_of(id, id_length);
	entry = find(table, id, id_length, hash);
	if (entry && entry->length == table->scratch.length &&
		!memcmp(row_of(table, entry), table->scratch.data, entry->length)) {
		entry->mark = table->mark;
		return 0;
	}
	if (table->on_change) {
		id_text = mem_text_n(id, id_length);
		tell(table, id_text, entry ? row_of(table, entry) : NULL, entry ? entry->length : 0,
			table->scratch.data, table->scratch.length);
		free(id_text);
	}
	if (!entry)
		entry = add_entry(table, hash);
	entry->mark = table->mark;
	store_row(table, entry, id_at, id_length);
	return 1;
}

static void bury(struct table *table, struct entry *entry)
{
	if (table->on_change) {
		const char *row = row_of(table, entry);
		char *id = mem_text_n(row + entry->id_at, entry->id_length);

		tell(table, id, row, entry->length, NULL, 0);
		free(id);
	}
	entry->is_dead = 1;
	table->dead++;
	table->dirty = 1;
}

int table_remove(struct table *table, const char *id)
{
	size_t length = strlen(id);
	struct entry *entry = find(table, id, length, hash_of(id, length));

	if (!entry)
		return 0;
	bury(table, entry);
	return 1;
}

void table_begin(struct table *table)
{
	table->mark++;
}

unsigned table_mark(const struct table *table)
{
	return table->mark;
}

static int has_prefix(const struct table *table, const struct entry *entry, const char *prefix)
{
	size_t length = prefix ? strlen(prefix) : 0;

	return !length || (entry->id_length >= length &&
				  !memcmp(row_of(table, entry) + entry->id_at, prefix, length));
}

size_t table_sweep_marked(struct table *table, unsigned mark, const char *id_prefix)
{
	size_t swept = 0;

	for (size_t i = 0; i < table->count; i++) {
		struct entry *entry = &table->entries[i];

		/* The difference, so that marks may wrap around. */
		if (entry->is_dead || (int32_t)(entry->mark - mark) >= 0 ||
			!has_prefix(table, entry, id_prefix) ||
			(table->spare && table->spare(row_of(table, entry), entry->length,
						 table->spare_arg)))
			continue;
		bury(table, entry);
		swept++;
	}
	return swept;
}

size_t table_sweep(struct table *table, const char *id_prefix)
{
	return table_sweep_marked(table, table->mark, id_prefix);
}

size_t table_count(const struct table *table)
{
	return table->count - table->dead;
}

int table_dirty(const struct table *table)
{
	return table->dirty;
}

const char *table_row(const struct table *table, const char *id, size_t *length)
{
	size_t id_length = strlen(id);
	const struct entry *entry = find(table, id, id_length, hash_of(id, id_length));

	*length = entry ? entry->length : 0;
	return entry ? row_of(table, entry) : NULL;
}

/* --- snapshots --- */

static size_t live_bytes(const struct table *table)
{
	size_t bytes = 0;

	for (size_t i = 0; i < table->count; i++)
		if (!table->entries[i].is_dead)
			bytes += table->entries[i].length + 1;
	return bytes;
}

/* Copies what lives, in order, and lets the entries point there. */
static void move_rows(struct table *table, struct snapshot *snapshot)
{
	size_t kept = 0, at = 0;

	for (size_t i = 0; i < table->count; i++) {
		struct entry *entry = &table->entries[i];

		if (entry->is_dead || snapshot_add_row(snapshot, row_of(table, entry), entry->length))
			continue;
		entry->offset = (uint32_t)at;
		entry->is_fresh = 0;
		at += entry->length + 1;
		if (kept != i)
			table->entries[kept] = *entry;
		kept++;
	}
	if (kept != table->count) {
		table->count = kept;
		table->dead = 0;
		index_again(table);
	}
}

struct snapshot *table_snapshot(struct table *table)
{
	struct snapshot *snapshot;
	size_t length;

	if (table->base && !table->dirty)
		return snapshot_ref(table->base);
	snapshot = snapshot_new(table->kind, table_count(table), live_bytes(table));
	move_rows(table, snapshot);
	snapshot_set_time(snapshot, clock_now_ns());
	if (table->total > table_count(table))
		snapshot_set_cut(snapshot, table->total);
	snapshot_unref(table->base);
	table->base = snapshot;
	table->base_text = snapshot_text(snapshot, &length);
	table->fresh_length = 0;
	if (table->fresh_room > FRESH_KEEP) {
		free(table->fresh);
		table->fresh = NULL;
		table->fresh_room = 0;
	}
	table->dirty = 0;
	return snapshot_ref(snapshot);
}

void table_load(struct table *table, struct snapshot *snapshot)
{
	size_t length;

	if (table->count)
		return;
	table->base = snapshot_ref(snapshot);
	table->base_text = snapshot_text(snapshot, &length);
	for (size_t i = 0; i < snapshot_count(snapshot); i++) {
		size_t row_length, id_length;
		const char *row = snapshot_row(snapshot, i, &row_length);
		const char *id = snapshot_role(snapshot, i, ROLE_ID, &id_length);
		uint32_t hash = hash_of(id, id_length);
		struct entry *entry = id_length && !find(table, id, id_length, hash)
					      ? add_entry(table, hash)
					      : NULL;

		if (!entry) {
			table->dirty = 1; /* a row without a name, or twice: left out of the next one */
			continue;
		}
		entry->offset = (uint32_t)(row - table->base_text);
		entry->length = (uint32_t)row_length;
		entry->id_at = (uint32_t)(id - row) & 0x3fffffff;
		entry->id_length = (uint32_t)id_length;
		entry->mark = table->mark;
	}
}
