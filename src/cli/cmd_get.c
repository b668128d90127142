#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/cells.h"
#include "cli/cli.h"
#include "cli/select.h"
#include "estate/estate.h"
#include "estate/filter.h"
#include "estate/snapshot.h"
#include "estate/view.h"
#include "gate/session.h"

enum { WATCH_SLICE_MS = 200 };
#define FUTURE_NS (60 * CLOCK_SECOND_NS) /* clocks differ by so much */

static const struct cli_flag flags[] = {
	CLI_SELECT_FLAGS,
	{ "filter", 0, "EXPR", "words, or an expression: 'restarts > 5 and status ~ crash'" },
	{ "sort", 0, "COLUMN", "sort by a column; -COLUMN descending" },
	{ "limit", 0, "N", "at most N rows" },
	{ "watch", 'w', NULL, "go on: print rows as they change, and what is gone" },
	{ "at", 0, "TIME", "as it was then: RFC 3339, 14:02, 10m (ago)" },
	{ "selector", 'l', "LABELS", "label selector" },
	{ 0 },
};

struct getting {
	struct cli *cli;
	struct estate *estate;
	const struct kind *kind;
	struct selection selection;
	struct ref named; /* the selection's texts when an id was given */
	struct filter *filter;
	struct json *errors;
	long limit; /* -1: all */
};

static int has_name(const struct snapshot *snapshot, size_t row, const char *name)
{
	size_t length;
	const char *its = snapshot_role(snapshot, row, ROLE_NAME, &length);

	if (strlen(name) == length && !memcmp(its, name, length))
		return 1;
	its = snapshot_role(snapshot, row, ROLE_ID, &length);
	return strlen(name) == length && !memcmp(its, name, length);
}

static int sort_of(const struct getting *g, int *column, int *descending, struct error *err)
{
	const char *sort = cli_flag(g->cli, "sort") ? cli_flag(g->cli, "sort") : g->kind->sort;

	*column = -1;
	*descending = sort && *sort == '-';
	if (!sort)
		return 0;
	*column = kind_column_find(g->kind, sort + *descending);
	return *column < 0 ? error_set(err, ERR_INVALID, "%s have no column '%.40s'; pilothouse kinds show %s", g->kind->name, sort, g->kind->name) : 0;
}

/* Where nobody orders them, rows of several namespaces and accounts come as their answers come: by id they are the same each time, as kubectl has
 * them. Rows of one place keep the order their source gives them. */
struct by_id {
	char *id;
	size_t row;
};

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct by_id *)a)->id, ((const struct by_id *)b)->id);
}

static void order_by_id(const struct snapshot *snapshot, size_t *rows, size_t count)
{
	struct by_id *order = mem_zero(count + 1, sizeof(*order));

	for (size_t i = 0; i < count; i++)
		order[i] = (struct by_id){ snapshot_role_text(snapshot, rows[i], ROLE_ID), rows[i] };
	qsort(order, count, sizeof(*order), by_id);
	for (size_t i = 0; i < count; i++) {
		rows[i] = order[i].row;
		free(order[i].id);
	}
	free(order);
}

/* Rows wanted, in order; *count before --limit is *total. */
static size_t *choose(struct getting *g, struct snapshot *snapshot, size_t *count, size_t *total, struct error *err)
{
	struct view *view = view_new();
	const char *name = cli_arg(g->cli, 1);
	long limit = g->limit;
	int column, descending;
	size_t *rows = NULL;

	*count = *total = 0;
	view_set_snapshot(view, snapshot);
	if (!sort_of(g, &column, &descending, err)) {
		view_set_sort(view, column, descending);
		while (!view_work(view, 1000000))
			;
		rows = mem_zero(snapshot_count(snapshot) + 1, sizeof(*rows));
		for (size_t i = 0; i < view_count(view); i++) {
			size_t row = view_at(view, i);

			if ((name && !has_name(snapshot, row, name)) || !cli_in_region(g->cli, snapshot, row) || (g->filter && !filter_match(g->filter, snapshot, row)))
				continue;
			rows[(*total)++] = row;
		}
		if (column < 0 && g->kind->namespaced)
			order_by_id(snapshot, rows, *total);
		*count = limit < 0 || *total < (size_t)limit ? *total : (size_t)limit;
	}
	view_free(view);
	return rows;
}

static struct json *columns_json(const struct kind *kind)
{
	struct json *columns = json_array();

	for (size_t i = 0; i < kind->visible_count; i++) {
		struct json *column = json_object();

		json_set_text(column, "name", kind->columns[i].name);
		json_set_text(column, "type", column_type_name(kind->columns[i].type));
		json_add(columns, column);
	}
	return columns;
}

static void print_json(struct getting *g, struct snapshot *snapshot, const size_t *rows, size_t count, size_t total)
{
	struct json *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_add(list, estate_row_json(g->estate, snapshot, rows[i]));
	if (cli_format(g->cli) == FORMAT_JSONL) {
		cli_print(g->cli, list);
		return;
	}
	struct json *document = json_object();
	json_set_text(document, "kind", g->kind->name);
	json_set(document, "columns", columns_json(g->kind));
	json_set(document, "rows", list);
	json_set_int(document, "total", (int64_t)total);
	json_set(document, "stale", json_boolean(0));
	json_set(document, "errors", json_copy(g->errors));
	cli_print(g->cli, document);
}

static void print_rows(struct getting *g, struct snapshot *snapshot, const size_t *rows, size_t count, int header)
{
	struct cells cells;
	int wide = cli_format(g->cli) == FORMAT_WIDE || cli_format(g->cli) == FORMAT_CSV;

	cells_begin(&cells, g->cli, g->kind, wide, cli_format(g->cli) == FORMAT_CSV);
	for (size_t i = 0; i < count; i++)
		cells_row(&cells, snapshot, rows[i]);
	cells_print(&cells, header);
}

static void tell_errors(struct getting *g)
{
	for (const struct json *error = json_first(g->errors); error; error = json_next(error)) {
		const char *source = json_text_or(json_get(error, "source"), "?"), *message = json_text_or(json_get(error, "message"), "?");
		int names_it = !strncmp(message, source, strlen(source)) && message[strlen(source)] == ':';

		cli_say(g->cli, "pilothouse: %s%s%s", names_it ? "" : source, names_it ? "" : ": ", message);
	}
}

/* A header without rows may be an empty place or a wrong one: say where nothing was found. */
static void tell_empty(struct getting *g)
{
	const char *namespace_ = g->selection.namespace_ ? g->selection.namespace_ : "", *filter = cli_flag(g->cli, "filter");
	int named = g->kind->namespaced && *namespace_ && strcmp(namespace_, "*") != 0;

	const char *region = cli_flag(g->cli, "region");

	cli_say(g->cli, "pilothouse: no %s%s%s%s%s%s%s", g->kind->name, region ? " in region " : "", region ? region : "", named ? " in namespace " : "", named ? namespace_ : "",
		g->kind->namespaced && !*namespace_ ? " in this context's namespace (-A: all of them)" : "", filter && *filter ? " match the filter" : "");
	if (*g->kind->empty && !(filter && *filter))
		cli_say(g->cli, "pilothouse: %s", g->kind->empty);
}

/* Where the rows come from, and why any of them is wrong. */
static void explain(struct getting *g, struct snapshot *snapshot, const size_t *rows, size_t count, size_t total)
{
	char at[CLOCK_RFC3339_MAX] = "an unknown time";

	if (!cli_explain(g->cli))
		return;
	if (snapshot_time(snapshot))
		clock_format(snapshot_time(snapshot), at);
	cli_say(g->cli, "why: %zu %s known to %s as of %s, %zu chosen, %zu shown", snapshot_count(snapshot), g->kind->name, g->kind->provider, at, total, count);
	for (size_t i = 0; i < count; i++) {
		struct json *row = estate_row_json(g->estate, snapshot, rows[i]);

		if (*json_text_or(json_get(row, "why"), ""))
			cli_say(g->cli, "why: %s is %s: %s", json_text_or(json_get(row, "id"), "?"), json_text_or(json_get(row, "severity"), "?"),
				json_text_or(json_get(row, "why"), ""));
		json_free(row);
	}
}

static int print(struct getting *g, struct snapshot *snapshot, struct error *err)
{
	size_t count, total;
	size_t *rows = choose(g, snapshot, &count, &total, err);

	if (!rows)
		return -1;
	int missing = cli_arg(g->cli, 1) && !total;
	if (missing) {
		error_set(err, ERR_NOT_FOUND, "no %s named %.200s", g->kind->singular, cli_arg(g->cli, 1));
		if (!strchr(cli_arg(g->cli, 1), ':'))
			cli_say_where(g->cli, g->kind, err);
	} else if (cli_json(g->cli))
		print_json(g, snapshot, rows, count, total);
	else
		print_rows(g, snapshot, rows, count, 1);
	explain(g, snapshot, rows, count, total);
	free(rows);
	if (!missing && !total && !json_count(g->errors) && !cli_json(g->cli))
		tell_empty(g);
	if (!cli_json(g->cli) && snapshot_total(snapshot) > snapshot_count(snapshot))
		cli_say(g->cli, "pilothouse: %zu of %zu rows: the rest was cut", snapshot_count(snapshot), snapshot_total(snapshot));
	return missing ? -1 : 0;
}

/* No row of that time may mean that there was none, or that nobody looked: it is not known which. */
static void note_no_record(struct getting *g, int64_t at_ns)
{
	struct json *note = json_set_text(json_object(), "source", "history");
	char at[CLOCK_RFC3339_MAX], text[160];

	clock_format(at_ns, at);
	snprintf(text, sizeof(text), "no %.40s are on record as of %s: there were none, or nobody looked then", g->kind->name, at);
	json_set_text(note, "code", error_name(ERR_NOT_FOUND));
	json_add(g->errors, json_set_text(note, "message", text));
}

static struct snapshot *fetch(struct getting *g, struct error *err)
{
	int64_t at_ns;
	const char *at = cli_flag(g->cli, "at");

	if (!at)
		return estate_list(g->estate, g->kind, &g->selection, g->errors, err);
	if (!clock_parse_when(at, &at_ns) && at_ns > clock_now_ns() + FUTURE_NS) {
		error_set(err, ERR_INVALID, "--at %.40s has not come yet", at);
		return NULL;
	}
	if (clock_parse_when(at, &at_ns)) {
		error_set(err, ERR_INVALID, "--at %.40s: RFC 3339, 2026-11-21, 14:02, or 10m (ago)", at);
		return NULL;
	}
	struct snapshot *snapshot = estate_list_at(g->estate, g->kind, &g->selection, at_ns, err);

	if (snapshot && !snapshot_count(snapshot))
		note_no_record(g, at_ns);
	return snapshot;
}

/* --- --watch: each row once, then again whenever it changes; --limit counts the rows printed, and ends it --- */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

static int is_asked_for(const struct getting *g, struct snapshot *snapshot, size_t row)
{
	if ((g->filter && !filter_match(g->filter, snapshot, row)) || !cli_in_region(g->cli, snapshot, row))
		return 0;
	return !cli_arg(g->cli, 1) || has_name(snapshot, row, cli_arg(g->cli, 1));
}

/* A row as it was last, with "gone"; for people, its id beside the table. */
static void print_gone(struct getting *g, struct snapshot *before, struct snapshot *now)
{
	for (size_t row = 0; before && row < snapshot_count(before); row++) {
		char *id = snapshot_role_text(before, row, ROLE_ID);

		if (snapshot_find(now, id) < 0 && is_asked_for(g, before, row)) {
			if (cli_json(g->cli))
				cli_print_item(g->cli, json_set(estate_row_json(g->estate, before, row), "gone", json_boolean(1)));
			else
				cli_say(g->cli, "gone: %s", id);
		}
		free(id);
	}
}

static void print_changed(struct getting *g, struct snapshot *before, struct snapshot *now)
{
	size_t *rows = mem_zero(snapshot_count(now) + 1, sizeof(*rows)), count = 0;

	print_gone(g, before, now);
	for (size_t row = 0; row < snapshot_count(now); row++) {
		char *id = snapshot_role_text(now, row, ROLE_ID);
		long old = before ? snapshot_find(before, id) : -1;

		free(id);
		if (!(old >= 0 && snapshot_same_row(before, (size_t)old, now, row)) && is_asked_for(g, now, row))
			rows[count++] = row;
	}
	if (g->limit >= 0 && count > (size_t)g->limit)
		count = (size_t)g->limit;
	g->limit -= g->limit >= 0 ? (long)count : 0;
	if (count && cli_json(g->cli))
		for (size_t i = 0; i < count; i++)
			cli_print_item(g->cli, estate_row_json(g->estate, now, rows[i]));
	else if (count)
		print_rows(g, now, rows, count, before == NULL);
	fflush(cli_out(g->cli));
	free(rows);
}

/* Rows of an earlier run are no news, and old ones look like new ones here. What fails is said once. */
static struct snapshot *fresh_rows(struct getting *g, struct feed *feed, struct feed_status *told)
{
	struct feed_status status = { 0 };

	feed_status(feed, &status);
	if (*status.error && strcmp(status.error, told->error) != 0)
		cli_say(g->cli, "pilothouse: %s", status.error);
	*told = status;
	return status.state == FEED_CACHED || status.state == FEED_FAILED ? NULL : feed_snapshot(feed);
}

static int watch(struct getting *g)
{
	struct feed *feed = estate_open(g->estate, g->kind, &g->selection);
	struct feed_status told = { 0 };
	struct snapshot *last = NULL;
	unsigned version = 0;

	signal(SIGINT, on_interrupt);
	signal(SIGTERM, on_interrupt);
	feed_set_visible(feed, 1);
	while (!interrupted && g->limit && !ferror(cli_out(g->cli))) {
		unsigned newest = feed_version(feed);
		struct snapshot *now = newest != version ? fresh_rows(g, feed, &told) : NULL;

		version = newest;
		if (now && now != last)
			print_changed(g, last, now);
		if (now) {
			snapshot_unref(last);
			last = now;
		}
		if (cli_reader_is_gone(WATCH_SLICE_MS))
			break;
	}
	snapshot_unref(last);
	estate_close(g->estate, feed);
	return 0;
}

static int run(struct cli *cli)
{
	struct error err = { 0 };
	struct getting g = { .cli = cli, .kind = cli_kind(cli, 0, &err), .errors = json_array() };
	int failed = -1;

	if (cli_arg(cli, 1) && !*cli_arg(cli, 1)) {
		json_free(g.errors);
		return cli_usage(cli, "NAME is empty: leave it out for all of them");
	}
	if (cli_flag(cli, "at") && cli_flag(cli, "watch")) {
		json_free(g.errors);
		return cli_usage(cli, "--at is about then, --watch about now: one of them");
	}
	g.limit = cli_flag_number(cli, "limit", -1); /* a wrong one ends here, before anything is asked */
	if (g.kind) {
		g.estate = session_estate(cli_session(cli), &err);
		cli_selection(cli, &g.selection);
		g.selection.labels = cli_flag(cli, "selector");
		if (cli_arg(cli, 1) && !cli_flag(cli, "at"))
			estate_narrow(&g.selection, cli_arg(cli, 1), &g.named); /* the source need not send the others */
		g.filter = filter_parse(cli_flag(cli, "filter") ? cli_flag(cli, "filter") : "", g.kind, &err);
	}
	if (g.kind && !err.code && cli_flag(cli, "watch")) {
		failed = watch(&g);
	} else if (g.kind && !err.code) {
		struct snapshot *snapshot = fetch(&g, &err);

		failed = snapshot ? print(&g, snapshot, &err) : -1;
		snapshot_unref(snapshot);
		tell_errors(&g);
	}
	filter_free(g.filter);
	json_free(g.errors);
	return failed ? cli_fail(cli, &err) : 0;
}

const struct cli_command cmd_get = {
	.name = "get", .most = 2, .usage = "KIND [NAME] [OPTIONS]", .help = "a table of resources", .flags = flags, .run = run,
	.more = "Kinds are listed by `pilothouse kinds`. -o wide shows more columns; -o json, jsonl, yaml and csv are for programs.",
};
