/* What changed: from tables into the history, and out of it. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "estate/inside.h"
#include "estate/kind.h"
#include "estate/records.h"
#include "estate/snapshot.h"
#include "store/history.h"

enum { COLUMNS_MOST = 96, ROW_MOST = COLUMNS_MOST * 4097 };

/* The whole of an account or namespace: only then does a row that is not listed not exist. */
int selection_is_whole(const struct selection *selection)
{
	return (!selection->name || !*selection->name) &&
	       (!selection->labels || !*selection->labels) && !selection->since_ns &&
	       !selection->limit;
}

/* "kubernetes:CONTEXT" of an id. */
static void source_of(const char *id, char *out, size_t size)
{
	snprintf(out, size, "%.*s", (int)strcspn(id, "/"), id);
}

static char *cell_text(const char *row, size_t length, int column)
{
	size_t cell_length;
	const char *cell = row_cell(row, length, column, &cell_length);

	return mem_text_n(cell, cell_length);
}

static char *lower(const char *text)
{
	char *copy = mem_text(text);

	for (char *at = copy; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	return copy;
}

struct fields {
	struct history_change changes[COLUMNS_MOST];
	char *texts[COLUMNS_MOST * 3];
	size_t count;
};

static void add_field(struct fields *fields, const char *name, char *old, char *new_)
{
	char **texts = &fields->texts[fields->count * 3];

	texts[0] = name ? lower(name) : mem_text("");
	texts[1] = old;
	texts[2] = new_;
	fields->changes[fields->count++] = (struct history_change){
		.field = texts[0],
		.old = old,
		.new_ = new_,
	};
}

static void compare_cells(struct fields *fields, const struct kind *kind, const char *old_row,
	size_t old_length, const char *new_row, size_t new_length)
{
	for (int i = 0; (size_t)i < kind->column_count; i++) {
		size_t old_cell, new_cell;
		const char *old = row_cell(old_row, old_length, i, &old_cell);
		const char *new_ = row_cell(new_row, new_length, i, &new_cell);

		if (kind->columns[i].is_volatile ||
			(old_cell == new_cell && !memcmp(old, new_, old_cell)))
			continue;
		add_field(fields, kind->columns[i].name, mem_text_n(old, old_cell),
			mem_text_n(new_, new_cell));
	}
}

/* Appeared or vanished: told with the name. */
static void add_whole(struct fields *fields, const struct kind *kind, const char *row, size_t length,
	int appeared)
{
	char *name = cell_text(row, length, kind->role[ROLE_NAME]);

	add_field(fields, NULL, appeared ? NULL : name, appeared ? name : NULL);
}

void changes_record(struct feed *feed, const char *id, const char *old_row, size_t old_length,
	const char *new_row, size_t new_length, int significant)
{
	const struct kind *kind = feed->kind;
	struct fields fields = { .count = 0 };
	char source[SOURCE_MAX];
	int64_t now = clock_now_ns();

	if (!significant)
		return;
	if (old_row && new_row)
		compare_cells(&fields, kind, old_row, old_length, new_row, new_length);
	else if (new_row)
		add_whole(&fields, kind, new_row, new_length, 1);
	else if (old_row)
		add_whole(&fields, kind, old_row, old_length, 0);
	for (size_t i = 0; i < fields.count; i++) {
		fields.changes[i].at_ns = now;
		fields.changes[i].kind = kind->name;
		fields.changes[i].id = id;
		fields.changes[i].by = feed->by;
	}
	if (fields.count)
		atomic_fetch_add(&feed->estate->changes, 1);
	source_of(id, source, sizeof(source));
	history_add(feed->estate->options.store, kind->name, source, id, now, new_row, new_length,
		fields.changes, fields.count);
	for (size_t i = 0; i < fields.count * 3; i++)
		free(fields.texts[i]);
}

struct first_sight {
	struct snapshot *snapshot;
	size_t next;
	char source[SOURCE_MAX];
	char *id;
	struct text row;
};

static int next_seen(void *arg, struct history_version *version)
{
	struct first_sight *sight = arg;

	if (sight->next == snapshot_count(sight->snapshot))
		return 0;
	free(sight->id);
	sight->id = snapshot_role_text(sight->snapshot, sight->next, ROLE_ID);
	text_clear(&sight->row);
	snapshot_row(sight->snapshot, sight->next++, &sight->row);
	source_of(sight->id, sight->source, sizeof(sight->source));
	*version = (struct history_version){ .source = sight->source, .id = sight->id, .row = sight->row.data, .row_length = sight->row.length };
	return 1;
}

static void forget_sight(void *arg)
{
	struct first_sight *sight = arg;

	snapshot_unref(sight->snapshot);
	text_release(&sight->row);
	free(sight->id);
	free(sight);
}

void changes_first_sight(struct feed *feed, struct snapshot *snapshot)
{
	struct first_sight *sight = mem_zero(1, sizeof(*sight));

	sight->snapshot = snapshot_ref(snapshot);
	text_init(&sight->row, ROW_MOST);
	history_add_all(feed->estate->options.store, feed->kind->name, clock_now_ns(), next_seen, sight, forget_sight);
}

/* --- reading --- */

static int add_change(const struct history_change *change, void *arg)
{
	struct json *item = json_object();
	char at[CLOCK_RFC3339_MAX];

	clock_format(change->at_ns, at);
	json_set_text(item, "at", at);
	json_set_text(item, "id", change->id);
	json_set_text(item, "kind", change->kind);
	json_set_text(item, "field", change->field);
	json_set_text(item, "old", change->old);
	json_set_text(item, "new", change->new_);
	json_set_text(item, "by", change->by);
	json_add(arg, item);
	return 0;
}

struct json *estate_changes(struct estate *estate, int64_t since_ns, const char *kind,
	const char *id, size_t limit, struct error *err)
{
	struct json *changes = json_array();

	if (estate->options.store &&
		history_changes(estate->options.store, kind, id, since_ns, INT64_MAX, limit,
			add_change, changes, err)) {
		json_free(changes);
		return NULL;
	}
	changes = told_merge(estate, changes, since_ns, kind, id, 0);
	return json_set(json_object(), "changes", records_merge(estate, changes, since_ns, kind, id, limit));
}

struct at_time {
	struct snapshot *snapshot;
	const struct kind *kind;
	const struct selection *selection;
	int64_t newest_ns;
};

static int is_one_of(const char *wanted, const char *row, size_t length, int column)
{
	size_t cell_length;
	const char *cell = row_cell(row, length, column, &cell_length);

	if (!wanted || !*wanted || !strcmp(wanted, "*"))
		return 1;
	return strlen(wanted) == cell_length && !memcmp(cell, wanted, cell_length);
}

/* Versions written by another layout of columns cannot be read any more. */
static int fits(const struct kind *kind, const char *row, size_t length)
{
	size_t cells = 1;

	for (size_t i = 0; i < length; i++)
		if ((unsigned char)row[i] < 0x20) {
			if (row[i] != (cells == kind->visible_count ? '\x1e' : '\x1f'))
				return 0;
			cells++;
		}
	return cells == kind->column_count;
}

static int add_row_at(const char *source, const char *id, int64_t observed_ns, const char *row,
	size_t row_length, void *arg)
{
	struct at_time *at = arg;
	const struct kind *kind = at->kind;
	size_t provider = strlen(kind->provider);

	(void)source;
	if (strncmp(id, kind->provider, provider) || id[provider] != ':' ||
		!fits(kind, row, row_length) ||
		!is_one_of(at->selection->name, row, row_length, kind->role[ROLE_NAME]) ||
		!is_one_of(at->selection->account, row, row_length, kind->role[ROLE_ACCOUNT]) ||
		!is_one_of(at->selection->namespace_, row, row_length, kind->role[ROLE_NAMESPACE]))
		return 0;
	snapshot_add_row(at->snapshot, row, row_length);
	if (observed_ns > at->newest_ns)
		at->newest_ns = observed_ns;
	return 0;
}

struct snapshot *estate_list_at(struct estate *estate, const struct kind *kind,
	const struct selection *selection, int64_t at_ns, struct error *err)
{
	static const struct selection whole = { 0 };
	struct at_time at = { .kind = kind, .selection = selection ? selection : &whole };

	if (!estate->options.store) {
		error_set(err, ERR_NOT_FOUND, "no history is kept: there is no database");
		return NULL;
	}
	at.snapshot = snapshot_new(kind);
	if (history_rows_at(estate->options.store, kind->name, at_ns, add_row_at, &at, err)) {
		snapshot_unref(at.snapshot);
		return NULL;
	}
	snapshot_freeze(at.snapshot);
	snapshot_set_time(at.snapshot, at.newest_ns);
	return at.snapshot;
}

unsigned estate_changes_version(const struct estate *estate)
{
	return atomic_load(&estate->changes);
}
