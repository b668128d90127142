/* changes, describe, logs: one resource, and what happened. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/safe.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cli/cli.h"
#include "cli/select.h"
#include "estate/estate.h"
#include "estate/kind.h"
#include "estate/snapshot.h"
#include "gate/session.h"

extern const struct cli_command cmd_changes, cmd_describe, cmd_logs;

enum { CHANGES_LIMIT = 1000, LOG_LINE_MAX = 64 << 10, READER_LOOK_MS = 200 };

/* --- changes --- */

static int window(struct cli *cli, const char *flag, int64_t otherwise_ns, int64_t *since_ns, struct error *err)
{
	const char *text = cli_flag(cli, flag);
	int64_t window_ns = otherwise_ns;

	*since_ns = 0;
	if (text && clock_parse_window(text, &window_ns) && clock_parse_when(text, since_ns))
		return error_set(err, ERR_INVALID, "--%s %.40s: a window such as 1h, or a time", flag, text);
	if (!*since_ns && window_ns)
		*since_ns = clock_now_ns() - window_ns;
	return 0;
}

static int run_changes(struct cli *cli)
{
	static const char *const names[] = { "TIME", "KIND", "ID", "FIELD", "OLD", "NEW", "BY" };
	static const char *const keys[] = { "at", "kind", "id", "field", "old", "new", "by" };
	struct error err = { 0 };
	int64_t since_ns;
	struct estate *estate = session_estate(cli_session(cli), &err);

	if (!estate || window(cli, "since", 3600 * CLOCK_SECOND_NS, &since_ns, &err))
		return cli_fail(cli, &err);
	const char *wanted = cli_flag(cli, "kind");
	struct error unknown = { 0 };
	const struct kind *kind = wanted ? estate_kind(estate, wanted, &unknown) : NULL; /* what is recorded may have a kind of its own: packages, boot */

	if (estate_ask_changes(estate, NULL, since_ns, NULL, &err))
		cli_say(cli, "what the source itself recorded is not in it: %s", err.text);
	struct json *document = estate_changes(estate, since_ns, kind ? kind->name : wanted, NULL, (size_t)cli_flag_number(cli, "limit", CHANGES_LIMIT), &err);
	if (!document)
		return cli_fail(cli, &err);
	if (wanted && !kind && !json_count(json_get(document, "changes")))
		cli_say(cli, "pilothouse: nothing of that kind changed: %s", unknown.text);
	if (cli_json(cli))
		return cli_print_list(cli, document, "changes");
	struct cli_table *table = cli_table_new(cli);
	for (size_t i = 0; i < 7; i++)
		cli_table_column(table, names[i], 'l');
	for (const struct json *change = json_first(json_get(document, "changes")); change; change = json_next(change))
		for (size_t i = 0; i < 7; i++)
			cli_table_cell(table, json_text_or(json_get(change, keys[i]), ""));
	cli_table_print(table);
	json_free(document);
	return 0;
}

static const struct cli_flag changes_flags[] = {
	{ "since", 0, "1h", "how far back (1h), or a time" }, { "kind", 0, "KIND", "of that kind" }, { "limit", 0, "N", "at most N" }, { 0 },
};

const struct cli_command cmd_changes = {
	.name = "changes", .usage = "[--since 1h]", .help = "what changed, newest first: as this program saw it, and as the machine and the cluster have it on record", .flags = changes_flags, .run = run_changes,
};

/* --- describe --- */

enum { DEPENDENTS_SHOWN = 10 };

static void print_members(FILE *out, const struct json *object)
{
	for (const struct json *member = json_first(object); member; member = json_next(member)) {
		char *shown = json_text(member) ? NULL : json_format(member);
		const char *value = shown ? shown : json_text(member);

		if (*value && strcmp(value, "null"))
			cli_write(out, "%-18s %s\n", json_key(member), value);
		free(shown);
	}
}

static void print_object(FILE *out, const struct json *object)
{
	struct text text;

	text_init(&text, 64 << 20);
	yaml_format(object, &text);
	cli_write(out, "%s", text.data);
	text_release(&text);
}

/* A line a relation: "selects its pods: 2 (web, api)". */
static void print_dependents(FILE *out, const struct json *touches)
{
	struct json *told = json_object();
	struct text names;

	text_init(&names, 4 << 10);
	for (const struct json *item = json_first(touches); item; item = json_next(item)) {
		const char *relation = json_text_or(json_get(item, "relation"), "");
		int64_t count = 0;

		if (json_get(told, relation))
			continue;
		text_clear(&names);
		for (const struct json *other = item; other; other = json_next(other)) {
			if (strcmp(json_text_or(json_get(other, "relation"), ""), relation) != 0)
				continue;
			if (count++ < DEPENDENTS_SHOWN)
				text_format(&names, "%s%s", count > 1 ? ", " : "", json_text_or(json_get(other, "name"), ""));
		}
		json_set_int(told, relation, count);
		cli_write(out, "%-18s %lld (%.*s%s)\n", relation, (long long)count, (int)names.length, names.data, count > DEPENDENTS_SHOWN ? ", …" : "");
	}
	text_release(&names);
	json_free(told);
}

static void print_changes(FILE *out, const struct json *changes)
{
	for (const struct json *change = json_first(changes); change; change = json_next(change)) {
		const char *by = json_text_or(json_get(change, "by"), "");

		cli_write(out, "%-18s %s  %s: %s → %s%s%s\n", "changed", json_text_or(json_get(change, "at"), ""), json_text_or(json_get(change, "field"), ""),
			json_text_or(json_get(change, "old"), ""), json_text_or(json_get(change, "new"), ""), *by ? "  by " : "", by);
	}
}

/* All that is known of it. What could not be asked is said, and is not there. */
static struct json *describe(struct cli *cli, struct estate *estate, const struct kind *kind, const struct ref *ref, struct json *document)
{
	struct error err = { 0 }, unknown = { 0 };
	struct json *object = NULL, *touches = NULL;

	if (!estate_get(estate, ref, &object, &err))
		json_set(document, "object", object);
	else if (err.code != ERR_INVALID)
		cli_say(cli, "pilothouse: %s", err.text);
	if (!estate_dependents(estate, ref, &touches, &unknown))
		json_set(document, "dependents", touches);
	else if (unknown.code != ERR_INVALID)
		cli_say(cli, "pilothouse: what depends on it is not known: %s", unknown.text);
	struct json *changes = estate_changes(estate, clock_now_ns() - 7 * 86400 * CLOCK_SECOND_NS, kind->name, json_text(json_get(document, "id")), 20, NULL);

	json_set(document, "changes", changes ? json_copy(json_get(changes, "changes")) : json_array());
	json_free(changes);
	return document;
}

static void print_described(FILE *out, const struct json *document)
{
	static const char *const apart[] = { "cells", "object", "dependents", "changes" };
	struct json *row = json_copy(document);

	for (size_t i = 0; i < sizeof(apart) / sizeof(*apart); i++)
		json_remove(row, apart[i]);
	print_members(out, row);
	print_members(out, json_get(document, "cells"));
	print_dependents(out, json_get(document, "dependents"));
	print_changes(out, json_get(document, "changes"));
	if (json_get(document, "object")) {
		fputs("\n", out);
		print_object(out, json_get(document, "object"));
	}
	json_free(row);
}

static int run_describe(struct cli *cli)
{
	struct error err = { 0 };
	const struct kind *kind;
	struct ref ref;
	struct snapshot *snapshot = NULL;
	size_t row;
	struct estate *estate = session_estate(cli_session(cli), &err);

	if (!estate || !(kind = cli_kind(cli, 0, &err)) || cli_find_row(cli, 1, kind, &ref, &snapshot, &row, &err))
		return cli_fail(cli, &err);
	struct json *document = describe(cli, estate, kind, &ref, estate_row_json(estate, snapshot, row));

	snapshot_unref(snapshot);
	if (cli_data(cli))
		return cli_print(cli, document);
	print_described(cli_out(cli), document);
	json_free(document);
	return 0;
}

static const struct cli_flag select_flags[] = { CLI_SELECT_FLAGS, { 0 } };

const struct cli_command cmd_describe = {
	.name = "describe", .most = 2, .usage = "KIND NAME", .help = "one resource: its row, the whole object, what depends on it, its changes", .flags = select_flags,
	.run = run_describe,
};

/* --- logs --- */

static atomic_int cancelled;

static void on_interrupt(int number)
{
	(void)number;
	atomic_store(&cancelled, 1);
}

struct lines {
	struct cli *cli;
	struct cli_stream stream;
};

static void print_line(struct lines *lines, int64_t at_ns, const char *source, const char *clean)
{
	const struct cli *cli = lines->cli;
	char at[CLOCK_RFC3339_MAX] = "";

	if (at_ns)
		clock_format(at_ns, at);
	if (cli_data(cli)) {
		struct json *line = json_set_text(json_object(), "at", *at ? at : NULL);

		json_set_text(line, "source", source);
		cli_stream_item(&lines->stream, json_set_text(line, "line", clean));
		return;
	}
	if (cli_flag(cli, "timestamps") && *at)
		cli_write(cli_out(cli), "%s ", at);
	if (cli_flag(cli, "prefix") && *source)
		cli_write(cli_out(cli), "%s ", source);
	cli_write(cli_out(cli), "%s\n", clean);
}

static int on_line(void *arg, int64_t at_ns, const char *source, const char *line, size_t length)
{
	struct text clean;
	struct lines *lines = arg;
	const struct cli *cli = lines->cli;

	text_init(&clean, LOG_LINE_MAX);
	safe_add(&clean, line, length);
	print_line(lines, at_ns, source ? source : "", clean.data);
	text_release(&clean);
	if (cli_flag(cli, "follow"))
		fflush(cli_out(cli));
	return ferror(cli_out(cli)) || atomic_load(&cancelled);
}

/* Nothing is written while a log is silent, so nothing fails: who follows it is told when nobody reads any more. */
static void *watch_reader(void *arg)
{
	atomic_int *ended = arg;

	while (!atomic_load(ended))
		if (cli_reader_is_gone(READER_LOOK_MS)) {
			atomic_store(&cancelled, 1);
			break;
		}
	return NULL;
}

static int run_logs(struct cli *cli)
{
	struct error err = { 0 };
	struct lines lines = { .cli = cli };
	const struct kind *kind;
	struct ref ref;
	struct log_request request = {
		.container = cli_flag(cli, "container"), .follow = cli_flag(cli, "follow") != NULL, .previous = cli_flag(cli, "previous") != NULL,
		.timestamps = 1, .tail = cli_flag_number(cli, "tail", -1), .cancelled = &cancelled,
	};

	if (window(cli, "since", 0, &request.since_ns, &err) || cli_find(cli, 0, &kind, &ref, &err))
		return cli_fail(cli, &err);
	signal(SIGINT, on_interrupt);
	signal(SIGTERM, on_interrupt);
	if (cli_data(cli))
		cli_stream_begin(&lines.stream, cli, "lines");
	atomic_int ended = 0;
	pthread_t watcher;
	int watches = request.follow && !pthread_create(&watcher, NULL, watch_reader, &ended);
	int failed = estate_logs(session_estate(cli_session(cli), &err), &ref, &request, on_line, &lines, &err) && err.code != ERR_CANCELLED;

	atomic_store(&ended, 1);
	if (watches)
		pthread_join(watcher, NULL);
	if (cli_data(cli) && (!failed || lines.stream.count))
		cli_stream_end(&lines.stream);
	return failed ? cli_fail(cli, &err) : 0;
}

static const struct cli_flag logs_flags[] = {
	CLI_SELECT_FLAGS, { "container", 'c', "NAME", "container" }, { "follow", 'f', NULL, "go on with new lines" }, { "previous", 'p', NULL, "of the instance before" },
	{ "since", 0, "1h", "how far back" }, { "tail", 0, "N", "the last N lines" }, { "timestamps", 0, NULL, "with the time of each line" },
	{ "prefix", 0, NULL, "with the source of each line" }, { 0 },
};

const struct cli_command cmd_logs = {
	.name = "logs", .most = 2, .usage = "KIND NAME", .help = "the log of a resource", .flags = logs_flags, .run = run_logs,
};
