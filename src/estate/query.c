/* What blocks: for the command line, playbooks and tests. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "estate/inside.h"
#include "estate/kind.h"
#include "estate/snapshot.h"
#include "estate/table.h"

enum { NAMES_SHOWN = 3, COLUMNS_MOST = 96 };

static void put_rows(struct table *table, const struct snapshot *snapshot)
{
	const struct kind *kind = snapshot_kind(snapshot);

	for (size_t i = 0; i < snapshot_count(snapshot); i++) {
		const char *cells[COLUMNS_MOST];
		size_t lengths[COLUMNS_MOST];

		for (int j = 0; (size_t)j < kind->column_count; j++)
			cells[j] = snapshot_cell(snapshot, i, j, &lengths[j]);
		table_put(table, cells, lengths);
	}
}

/* What differs from the last time these rows were listed becomes history; then they are kept for the next. */
static void remember(struct feed *feed, struct snapshot *snapshot)
{
	if (!feed->cache_key)
		return;
	feed_load_cache(feed);
	if (feed->kind->history && feed->snapshot) {
		struct table *before = table_new(feed->kind);

		table_load(before, feed->snapshot);
		feed_tell_history(feed, before);
		feed->primed = 1;
		table_begin(before);
		put_rows(before, snapshot);
		table_sweep(before, NULL);
		table_free(before);
	} else if (feed->kind->history) {
		changes_first_sight(feed, snapshot);
	}
	feed_save_cache(feed, snapshot);
}

static void add_errors(struct feed *feed, struct json *errors)
{
	struct json *notes = feed_errors(feed);

	for (const struct json *note = json_first(notes); errors && note; note = json_next(note))
		json_add(errors, json_copy(note));
	json_free(notes);
}

struct snapshot *estate_list(struct estate *estate, const struct kind *kind,
	const struct selection *selection, struct json *errors, struct error *err)
{
	static const struct selection whole = { 0 };
	const struct provider_ops *ops = NULL;
	struct provider *provider = estate_provider(estate, kind->provider, &ops, err);
	struct snapshot *snapshot = NULL;
	struct feed *feed;

	if (!provider)
		return NULL;
	feed = feed_new(estate, kind, ops, selection ? selection : &whole);
	feed->silent = 1;
	int64_t begun_ns = clock_monotonic_ns();

	if (!ops->list(provider, kind, &feed->selection, feed, err)) {
		snapshot = table_snapshot(feed->table);
		remember(feed, snapshot);
		log_write(LOG_INFO, "estate", "%s %s listed: %zu rows in %lld ms", kind->provider, kind->name, snapshot_count(snapshot),
			(long long)((clock_monotonic_ns() - begun_ns) / 1000000));
	} else {
		log_write(LOG_INFO, "estate", "%s %s could not be listed: %s", kind->provider, kind->name, err ? err->text : "?");
	}
	add_errors(feed, errors);
	feed_free(feed);
	return snapshot;
}

/* --- one of them --- */

static int cell_is(const struct snapshot *snapshot, size_t row, enum column_role role,
	const char *text)
{
	size_t length;
	const char *cell = snapshot_role(snapshot, row, role, &length);

	return strlen(text) == length && !memcmp(cell, text, length);
}

static void copy_role(char *out, size_t size, const struct snapshot *snapshot, size_t row,
	enum column_role role)
{
	size_t length;
	const char *cell = snapshot_role(snapshot, row, role, &length);

	if (length)
		snprintf(out, size, "%.*s", (int)length, cell);
}

static void fill_ref(struct ref *ref, const struct snapshot *snapshot, size_t row)
{
	const struct kind *kind = snapshot_kind(snapshot);
	char *id = snapshot_role_text(snapshot, row, ROLE_ID);
	int uid = kind_column_find(kind, "uid");

	if (ref_parse(id, ref)) {
		*ref = (struct ref){ 0 };
		copy_role(ref->account, sizeof(ref->account), snapshot, row, ROLE_ACCOUNT);
		copy_role(ref->namespace_, sizeof(ref->namespace_), snapshot, row, ROLE_NAMESPACE);
		copy_role(ref->name, sizeof(ref->name), snapshot, row, ROLE_NAME);
	}
	free(id);
	snprintf(ref->provider, sizeof(ref->provider), "%s", kind->provider);
	snprintf(ref->kind, sizeof(ref->kind), "%s", kind->name);
	if (uid >= 0) {
		size_t length;
		const char *cell = snapshot_cell(snapshot, row, uid, &length);

		snprintf(ref->uid, sizeof(ref->uid), "%.*s", (int)length, cell);
	}
}

struct found {
	size_t row, count;
	struct text ids; /* the first few, for the error */
};

static void look_for(struct found *found, const struct snapshot *snapshot, const char *name)
{
	for (size_t i = 0; i < snapshot_count(snapshot); i++) {
		int is_id = cell_is(snapshot, i, ROLE_ID, name);

		if (!is_id && !cell_is(snapshot, i, ROLE_NAME, name))
			continue;
		if (is_id || !found->count)
			found->row = i;
		if (++found->count <= NAMES_SHOWN) {
			char *id = snapshot_role_text(snapshot, i, ROLE_ID);

			text_format(&found->ids, "%s%s", found->count > 1 ? ", " : "", id);
			free(id);
		}
		if (is_id) {
			found->count = 1;
			return;
		}
	}
}

static int report_found(const struct found *found, const struct kind *kind, const char *name,
	struct error *err)
{
	if (!found->count)
		return error_set(err, ERR_NOT_FOUND, "there is no %s \"%.100s\"", kind->singular, name);
	if (found->count > 1)
		return error_set(err, ERR_CONFLICT, "%zu %s are called \"%.60s\": %s%s; say which by its id",
			found->count, kind->name, name, found->ids.data,
			found->count > NAMES_SHOWN ? " …" : "");
	return 0;
}

void estate_narrow(struct selection *selection, const char *name, struct ref *room)
{
	selection->name = name;
	if (ref_parse(name, room))
		return;
	selection->account = room->account;
	selection->namespace_ = *room->namespace_ ? room->namespace_ : NULL;
	selection->name = room->name;
}

int estate_find(struct estate *estate, const struct kind *kind, const struct selection *selection,
	const char *name, struct ref *ref, struct snapshot **snapshot, size_t *row,
	struct error *err)
{
	struct selection one = selection ? *selection : (struct selection){ 0 };
	struct ref named;
	struct found found = { 0 };
	struct snapshot *rows;
	int result;

	estate_narrow(&one, name, &named);
	rows = estate_list(estate, kind, &one, NULL, err);
	if (!rows)
		return -1;
	text_init(&found.ids, 160);
	look_for(&found, rows, name);
	result = report_found(&found, kind, name, err);
	text_release(&found.ids);
	if (!result && ref)
		fill_ref(ref, rows, found.row);
	if (!result && row)
		*row = found.row;
	if (!result && snapshot)
		*snapshot = rows;
	else
		snapshot_unref(rows);
	return result;
}

/* --- handed on to the provider --- */

int estate_get(struct estate *estate, const struct ref *ref, struct json **object, struct error *err)
{
	const struct provider_ops *ops = NULL;
	struct provider *provider = estate_provider(estate, ref->provider, &ops, err);

	if (!provider)
		return -1;
	if (!ops->get)
		return error_set(err, ERR_INVALID, "%s shows no single objects", ops->title);
	return ops->get(provider, ref, object, err);
}

int estate_logs(struct estate *estate, const struct ref *ref, const struct log_request *request,
	log_line_fn on_line, void *arg, struct error *err)
{
	const struct provider_ops *ops = NULL;
	struct provider *provider = estate_provider(estate, ref->provider, &ops, err);

	if (!provider)
		return -1;
	if (!ops->logs)
		return error_set(err, ERR_INVALID, "%s has no logs", ops->title);
	return ops->logs(provider, ref, request, on_line, arg, err);
}

int estate_dependents(struct estate *estate, const struct ref *ref, struct json **out,
	struct error *err)
{
	const struct provider_ops *ops = NULL;
	struct provider *provider = estate_provider(estate, ref->provider, &ops, err);

	if (!provider)
		return -1;
	*out = NULL;
	if (ops->dependents && ops->dependents(provider, ref, out, err))
		return -1;
	if (!*out)
		*out = json_array();
	json_make_safe(*out); /* names as the source gives them */
	return 0;
}

struct json *estate_refused(struct estate *estate, const struct ref *ref, const struct kind *kind)
{
	const struct provider_ops *ops = NULL;
	struct provider *provider = estate_provider(estate, ref->provider, &ops, NULL);
	struct json *refused = json_object();
	char why[256];

	for (size_t i = 0; provider && ops->may && i < kind->verb_count; i++)
		if (!ops->may(provider, ref, &kind->verbs[i], why, sizeof(why)))
			json_set_text(refused, kind->verbs[i].name, why);
	json_make_safe(refused);
	return refused;
}

/* --- rows for others --- */

static struct json *cell_json(const struct snapshot *snapshot, size_t row, int column)
{
	enum column_type type = snapshot_kind(snapshot)->columns[column].type;
	size_t length;
	const char *cell = snapshot_cell(snapshot, row, column, &length);
	double number = type == COLUMN_TEXT || type == COLUMN_AGE ? NAN
								  : cell_number(type, cell, length);

	if (!length && type != COLUMN_TEXT)
		return json_null(); /* unknown */
	if (isnan(number) || memchr(cell, ' ', length))
		return json_string_n(cell, length);
	return type == COLUMN_BOOL ? json_boolean(number != 0) : json_double(number);
}

static struct json *cells_json(const struct snapshot *snapshot, size_t row)
{
	const struct kind *kind = snapshot_kind(snapshot);
	struct json *cells = json_object();

	for (int i = 0; (size_t)i < kind->visible_count; i++) {
		char *key = mem_text(kind->columns[i].name);

		for (char *at = key; *at; at++)
			*at = (char)tolower((unsigned char)*at);
		json_set(cells, key, cell_json(snapshot, row, i));
		free(key);
	}
	return cells;
}

struct json *estate_row_json(struct estate *estate, const struct snapshot *snapshot, size_t row)
{
	static const struct {
		const char *key;
		enum column_role role;
	} roles[] = {
		{ "account", ROLE_ACCOUNT },
		{ "region", ROLE_REGION },
		{ "namespace", ROLE_NAMESPACE },
		{ "scope", ROLE_SCOPE },
		{ "state", ROLE_STATE },
		{ "severity", ROLE_SEVERITY },
		{ "why", ROLE_WHY },
	};
	struct json *json = json_object();
	char at[CLOCK_RFC3339_MAX];
	size_t length;
	const char *cell;

	(void)estate;
	cell = snapshot_role(snapshot, row, ROLE_ID, &length);
	json_set(json, "id", json_string_n(cell, length));
	cell = snapshot_role(snapshot, row, ROLE_NAME, &length);
	json_set(json, "name", json_string_n(cell, length));
	json_set_text(json, "provider", snapshot_kind(snapshot)->provider);
	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++) {
		cell = snapshot_role(snapshot, row, roles[i].role, &length);
		json_set(json, roles[i].key, json_string_n(cell, length));
	}
	clock_format(snapshot_time(snapshot), at);
	json_set_text(json, "observed_at", at);
	return json_set(json, "cells", cells_json(snapshot, row));
}
