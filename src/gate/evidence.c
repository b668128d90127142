/* The reads of plans and playbooks: "PROVIDER.list", ".get", ".logs", "estate.changes", "estate.reckon", and each provider's own measurements. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "base/safe.h"
#include "base/within.h"
#include "estate/estate.h"
#include "estate/filter.h"
#include "estate/snapshot.h"
#include "gate/gate_private.h"

enum { LIST_LIMIT = 200, LOG_LINES = 500, LOG_LINE_MAX = 4096, CHANGES_LIMIT = 200 };

struct asked {
	struct gate *gate;
	const char *provider;
	const struct json *params;
	const atomic_int *cancelled;
};

static const char *param(const struct asked *asked, const char *key)
{
	const char *text = json_text(json_get(asked->params, key));

	return text && *text ? text : NULL;
}

static void fill_selection(const struct asked *asked, struct selection *selection)
{
	*selection = (struct selection){
		.account = param(asked, "account"), .namespace_ = param(asked, "namespace"), .labels = param(asked, "labels"),
		.since_ns = 0,
	};
	if (!selection->namespace_)
		selection->namespace_ = "*";
}

/* Two providers have services: an action means its own provider's. */
const struct kind *gate_kind(struct gate *gate, const char *provider, const char *name, struct error *err)
{
	char full[200];
	const struct kind *kind;

	snprintf(full, sizeof(full), "%s/%.150s", provider, name);
	kind = strchr(name, '/') ? NULL : kinds_find(estate_kinds(gate->options.estate), full);
	return kind ? kind : estate_kind(gate->options.estate, name, err);
}

static const struct kind *kind_of(const struct asked *asked, struct error *err)
{
	const char *name = param(asked, "kind");

	if (!name) {
		error_set(err, ERR_INVALID, "kind is missing");
		return NULL;
	}
	return gate_kind(asked->gate, asked->provider, name, err);
}

/* Cells lie beside the row's own members, so that an expression reads .items[0].restarts. */
static struct json *flat_row(struct estate *estate, const struct snapshot *snapshot, size_t row)
{
	struct json *item = estate_row_json(estate, snapshot, row);
	struct json *cells = json_copy(json_get(item, "cells"));

	json_remove(item, "cells");
	for (const struct json *cell = json_first(cells); cell; cell = json_next(cell))
		if (!json_get(item, json_key(cell)) || !json_text(json_get(item, json_key(cell))))
			json_set(item, json_key(cell), json_copy(cell));
	json_free(cells);
	return item;
}

struct sorting {
	const struct snapshot *snapshot;
	int column, descending;
};

static int by_column(const void *a, const void *b, void *arg)
{
	const struct sorting *s = arg;
	double x = snapshot_number(s->snapshot, *(const size_t *)a, s->column), y = snapshot_number(s->snapshot, *(const size_t *)b, s->column);
	int order = (x > y) - (x < y);

	if (x != x || y != y) /* unknown goes last either way */
		return (x != x) - (y != y);
	return s->descending ? -order : order;
}

static size_t matching(const struct snapshot *snapshot, const struct filter *filter, const char *scope, size_t *rows)
{
	size_t count = 0;

	for (size_t row = 0; row < snapshot_count(snapshot); row++) {
		char *its = scope ? snapshot_role_text(snapshot, row, ROLE_SCOPE) : NULL;
		int right = !scope || !strcmp(its, scope);

		free(its);
		if (right && (!filter || filter_match(filter, snapshot, row)))
			rows[count++] = row;
	}
	return count;
}

static void sort_rows(const struct asked *asked, const struct snapshot *snapshot, size_t *rows, size_t count)
{
	const char *sort = param(asked, "sort");
	struct sorting sorting = { .snapshot = snapshot, .descending = sort && *sort == '-' };

	sorting.column = sort ? kind_column_find(snapshot_kind(snapshot), sort + sorting.descending) : -1;
	if (sorting.column >= 0)
		qsort_r(rows, count, sizeof(*rows), by_column, &sorting);
}

/* Only the members named in `columns`, where there are any: a thousand rows stay small. */
static struct json *some_of(struct json *item, const struct json *columns)
{
	struct json *some;

	if (!json_is(columns, JSON_ARRAY))
		return item;
	some = json_object();
	for (const struct json *column = json_first(columns); column; column = json_next(column))
		if (json_get(item, json_text_or(column, "")))
			json_set(some, json_text(column), json_copy(json_get(item, json_text(column))));
	json_free(item);
	return some;
}

static struct json *items_of(const struct asked *asked, struct snapshot *snapshot, const struct filter *filter)
{
	size_t *rows = calloc(snapshot_count(snapshot) + 1, sizeof(*rows));
	size_t limit = (size_t)json_int(json_get(asked->params, "limit"), LIST_LIMIT);
	struct json *result = json_object(), *items = json_array();
	size_t count = rows ? matching(snapshot, filter, param(asked, "scope"), rows) : 0;

	if (rows)
		sort_rows(asked, snapshot, rows, count);
	for (size_t i = 0; i < count && i < limit; i++)
		json_add(items, some_of(flat_row(asked->gate->options.estate, snapshot, rows[i]), json_get(asked->params, "columns")));
	json_set(result, "items", items);
	json_set_int(result, "total", (int64_t)count);
	json_set_int(result, "looked_at", (int64_t)snapshot_count(snapshot));
	free(rows);
	return result;
}

static int read_list(const struct asked *asked, struct json **result, struct error *err)
{
	const struct kind *kind = kind_of(asked, err);
	struct selection selection;
	struct error bad = { 0 };

	if (!kind)
		return -1;
	fill_selection(asked, &selection);
	struct filter *filter = filter_parse(param(asked, "filter") ? param(asked, "filter") : "", kind, &bad);
	if (bad.code) {
		if (err)
			*err = bad;
		return -1;
	}
	struct json *errors = json_array();
	struct snapshot *snapshot = estate_list(asked->gate->options.estate, kind, &selection, errors, err);
	if (snapshot) {
		*result = items_of(asked, snapshot, filter);
		json_set(*result, "errors", json_copy(errors));
	}
	json_free(errors);
	filter_free(filter);
	snapshot_unref(snapshot);
	return snapshot ? 0 : -1;
}

static int find_ref(const struct asked *asked, struct ref *ref, struct error *err)
{
	const struct kind *kind = kind_of(asked, err);
	struct selection selection;
	struct snapshot *snapshot = NULL;
	size_t row;

	if (!kind)
		return -1;
	if (!param(asked, "name"))
		return error_set(err, ERR_INVALID, "name is missing");
	fill_selection(asked, &selection);
	int failed = estate_find(asked->gate->options.estate, kind, &selection, param(asked, "name"), ref, &snapshot, &row, err);
	snapshot_unref(snapshot);
	return failed;
}

static int read_get(const struct asked *asked, struct json **result, struct error *err)
{
	struct ref ref;

	return find_ref(asked, &ref, err) ? -1 : estate_get(asked->gate->options.estate, &ref, result, err);
}

struct lines {
	struct json *items;
	const char *grep;
	size_t seen;
};

static int on_line(void *arg, int64_t at_ns, const char *source, const char *line, size_t length)
{
	struct lines *lines = arg;
	struct text clean;
	char at[CLOCK_RFC3339_MAX] = "";

	lines->seen++;
	text_init(&clean, LOG_LINE_MAX);
	safe_add(&clean, line, length);
	if (!lines->grep || strcasestr(clean.data, lines->grep)) {
		struct json *item = json_object();

		if (at_ns)
			clock_format(at_ns, at);
		json_set_text(item, "at", at);
		json_set_text(item, "source", source);
		json_set_text(item, "line", clean.data);
		json_add(lines->items, item);
	}
	text_release(&clean);
	return json_count(lines->items) >= LOG_LINES;
}

static int read_logs(const struct asked *asked, struct json **result, struct error *err)
{
	struct ref ref;
	struct log_request request = {
		.tail = json_int(json_get(asked->params, "tail"), LOG_LINES),
		.previous = json_bool(json_get(asked->params, "previous"), 0),
		.container = param(asked, "container"),
		.timestamps = 1,
		.cancelled = asked->cancelled,
	};
	struct lines lines = { .items = json_array(), .grep = param(asked, "grep") };

	if (find_ref(asked, &ref, err) || estate_logs(asked->gate->options.estate, &ref, &request, on_line, &lines, err)) {
		json_free(lines.items);
		return -1;
	}
	*result = json_object();
	json_set_int(*result, "looked_at", (int64_t)lines.seen);
	json_set(*result, "items", lines.items);
	return 0;
}

static int read_changes(const struct asked *asked, struct json **result, struct error *err)
{
	int64_t window_ns = 3600 * CLOCK_SECOND_NS;

	if (param(asked, "since"))
		clock_parse_window(param(asked, "since"), &window_ns);
	/* Without the sources' own records there is still what was seen here. */
	estate_ask_changes(asked->gate->options.estate, NULL, clock_now_ns() - window_ns, asked->cancelled, NULL);
	struct json *document = estate_changes(asked->gate->options.estate, clock_now_ns() - window_ns, param(asked, "kind"), param(asked, "id"), CHANGES_LIMIT, err);
	if (!document)
		return -1;
	*result = json_object();
	json_set(*result, "items", json_is(document, JSON_ARRAY) ? json_copy(document) : json_copy(json_get(document, "changes")));
	json_free(document);
	return 0;
}

static int read_query(const struct asked *asked, const char *action, struct json **result, struct error *err)
{
	const struct provider_ops *ops;
	struct provider *provider = estate_provider(asked->gate->options.estate, asked->provider, &ops, err);

	if (!provider)
		return -1;
	if (!ops->query)
		return error_set(err, ERR_INVALID, "no reading '%.60s'", action);
	return ops->query(provider, action, asked->params, result, err);
}

int gate_read(struct gate *gate, const char *action, const struct json *params, const atomic_int *cancelled, struct json **result, struct error *err)
{
	char provider[16];
	const char *dot = strchr(action, '.');
	static const struct { const char *what; int (*read)(const struct asked *, struct json **, struct error *); } reads[] = {
		{ "list", read_list }, { "get", read_get }, { "logs", read_logs },
	};

	if (!dot || (size_t)(dot - action) >= sizeof(provider))
		return error_set(err, ERR_INVALID, "'%.60s' is no action: PROVIDER.WHAT", action);
	snprintf(provider, sizeof(provider), "%.*s", (int)(dot - action), action);
	struct asked asked = { gate, provider, params, cancelled };
	*result = NULL;
	if (!strcmp(action, "estate.changes"))
		return read_changes(&asked, result, err);
	if (!strcmp(action, "estate.reckon")) { /* what its templates made of other steps, worked out once */
		*result = json_copy(params);
		return 0;
	}
	for (size_t i = 0; i < sizeof(reads) / sizeof(*reads); i++)
		if (!strcmp(dot + 1, reads[i].what))
			return reads[i].read(&asked, result, err);
	return read_query(&asked, action, result, err);
}

int gate_read_within(struct gate *gate, const char *action, const struct json *params, int timeout_ms, const atomic_int *cancelled, struct json **result,
	struct error *err)
{
	struct within before = within_enter(cancelled, timeout_ms);
	struct error own = { 0 };
	int failed = gate_read(gate, action, params, cancelled, result, &own);

	if (failed && cancelled && atomic_load(cancelled))
		error_set(&own, ERR_CANCELLED, "cancelled");
	else if (failed && within_late())
		error_set(&own, ERR_TIMEOUT, "%.60s gave no answer within %d s, the step's timeout", action, (timeout_ms + 999) / 1000);
	within_leave(&before);
	if (failed && err)
		*err = own;
	return failed;
}
