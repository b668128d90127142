#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "gate/audit.h"
#include "gate/gate.h"
#include "gate/session.h"

extern const struct cli_command cmd_audit;

static const struct cli_flag flags[] = {
	{ "last", 0, "24h", "entries of that window" }, { "user", 0, "USER", "of that user" }, { "action", 0, "ACTION", "run, approve, scale, kubernetes.scale …" },
	{ "status", 0, "STATUS", "done, failed, denied, started …" }, { "plan", 0, "PLAN", "of that plan" }, { "run", 0, "RUN", "of that run" },
	{ "limit", 0, "N", "the newest N entries" }, { "anchors", 0, "FILE", "verify: anchors kept elsewhere" },
	{ "to", 0, "WHERE", "anchor: file:PATH, syslog, command:…" }, { 0 },
};
static const struct cli_subcommand subcommands[] = { { "list", 0 }, { "verify", 1 }, { "export", 1 }, { "anchor", 0 }, { 0 } };

static int query_of(struct cli *cli, struct audit_query *query, struct error *err)
{
	int64_t window_ns;
	const char *last = cli_flag(cli, "last");

	*query = (struct audit_query){ .user = cli_flag(cli, "user"), .action = cli_flag(cli, "action"), .status = cli_flag(cli, "status"),
		.plan_id = cli_flag(cli, "plan"), .run_id = cli_flag(cli, "run"), .limit = (size_t)cli_flag_number(cli, "limit", 0) };
	if (!last)
		return 0;
	if (clock_parse_window(last, &window_ns))
		return error_set(err, ERR_INVALID, "--last %.20s: a window such as 24h or 7d", last);
	query->since_ns = clock_now_ns() - window_ns;
	return 0;
}

struct listing {
	struct cli *cli;
	struct cli_table *table;
	struct cli_stream stream;
	int keep;           /* with --limit: the newest, newest first */
	struct json **kept;
	size_t kept_count, printed;
};

static void print_entry(struct listing *listing, const struct json *entry)
{
	static const char *const paths[] = { "timestamp", "user.id", "action.name", "action.step", "result.status", "action.target" };

	listing->printed++;
	if (!listing->table)
		cli_stream_item(&listing->stream, json_copy(entry));
	for (size_t i = 0; listing->table && i < sizeof(paths) / sizeof(*paths); i++)
		cli_table_cell(listing->table, json_text_or(json_at(entry, paths[i]), ""));
}

static int on_entry(const struct json *entry, void *arg)
{
	struct listing *listing = arg;

	if (listing->keep) {
		listing->kept = mem_grow(listing->kept, listing->kept_count + 1, sizeof(*listing->kept));
		listing->kept[listing->kept_count++] = json_copy(entry);
	} else {
		print_entry(listing, entry);
	}
	return ferror(cli_out(listing->cli));
}

static struct cli_table *table_new(struct cli *cli)
{
	static const char *const names[] = { "TIME", "USER", "ACTION", "STEP", "STATUS", "TARGET" };
	struct cli_table *table = cli_table_new(cli);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		cli_table_column(table, names[i], 'l');
	return table;
}

/* --limit N: the newest N, in the order they happened. */
static int list(struct cli *cli, struct audit *audit)
{
	struct error err = { 0 };
	struct audit_query query;
	struct listing listing = { .cli = cli };
	const char *limit = cli_flag(cli, "limit");

	if (query_of(cli, &query, &err))
		return cli_fail(cli, &err);
	listing.table = cli_json(cli) ? NULL : table_new(cli);
	listing.keep = limit != NULL;
	query.newest_first = limit != NULL;
	cli_stream_begin(&listing.stream, cli, "entries");
	int failed = !limit || query.limit ? audit_each(audit, &query, on_entry, &listing, &err) : 0;
	for (size_t i = listing.kept_count; i-- > 0; json_free(listing.kept[i]))
		print_entry(&listing, listing.kept[i]);
	free(listing.kept);
	if (listing.table)
		cli_table_print(listing.table);
	else if (!failed || listing.stream.count)
		cli_stream_end(&listing.stream);
	if (!failed && !listing.printed && listing.table)
		cli_say(cli, "pilothouse: no entry is like that");
	return failed ? cli_fail(cli, &err) : 0;
}

static int verify(struct cli *cli)
{
	struct error err = { 0 };
	struct json *report = NULL;

	if (audit_verify(cli_arg(cli, 1), cli_flag(cli, "anchors"), &report, &err))
		return cli_fail(cli, &err);
	int ok = json_bool(json_get(report, "ok"), 0);
	if (cli_data(cli)) {
		cli_print(cli, report);
		return ok ? 0 : error_exit_status(ERR_AUDIT);
	}
	cli_write(cli_out(cli), "%s: %lld entries, %lld checkpoints, %lld not yet witnessed\n",
		ok && !json_int(json_get(report, "entries"), 0) ? "nothing is recorded yet" : ok ? "the chain is whole" : "THE LOG DOES NOT VERIFY",
		(long long)json_int(json_get(report, "entries"), 0), (long long)json_int(json_get(report, "checkpoints"), 0),
		(long long)json_int(json_get(report, "unwitnessed"), 0));
	for (const struct json *problem = json_first(json_get(report, "problems")); problem; problem = json_next(problem))
		cli_write(cli_out(cli), "entry %lld  %s: %s\n", (long long)json_int(json_get(problem, "entry"), 0), json_text_or(json_get(problem, "kind"), "?"),
			json_text_or(json_get(problem, "detail"), ""));
	json_free(report);
	return ok ? 0 : error_exit_status(ERR_AUDIT);
}

static int write_out(void *arg, const char *bytes, size_t length)
{
	return fwrite(bytes, 1, length, arg) != length;
}

static int export_log(struct cli *cli, struct audit *audit)
{
	struct error err = { 0 };
	struct audit_query query;
	FILE *out = cli_out(cli);

	if (query_of(cli, &query, &err))
		return cli_fail(cli, &err);
	if (cli_arg(cli, 1) && cli_dry_run(cli)) {
		cli_say(cli, "dry run: the log would be written to %s", cli_arg(cli, 1));
		return 0;
	}
	if (cli_arg(cli, 1)) {
		int fd = open(cli_arg(cli, 1), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600); /* an export is evidence: none is written over, not everybody reads it */

		out = fd < 0 ? NULL : fdopen(fd, "w");
		if (!out) {
			error_errno(&err, "export to %s", cli_arg(cli, 1));
			return cli_fail(cli, &err);
		}
	}
	int failed = audit_export(audit, &query, write_out, out, &err);
	if (!failed && fflush(out))
		failed = error_errno(&err, "writing the export");
	if (out != cli_out(cli) && fclose(out) && !failed)
		failed = error_errno(&err, "writing the export");
	if (failed && cli_arg(cli, 1))
		unlink(cli_arg(cli, 1)); /* ours, and only a part: it would be in the way of the next one */
	return failed ? cli_fail(cli, &err) : 0;
}

static int anchor(struct cli *cli, struct audit *audit)
{
	struct error err = { 0 };
	struct json *receipt = NULL;

	if (cli_dry_run(cli)) {
		struct audit_state state;

		audit_state(audit, &state);
		cli_say(cli, "dry run: %llu entries would be anchored", (unsigned long long)state.entries);
		return 0;
	}
	if (audit_anchor(audit, cli_flag(cli, "to"), &receipt, &err))
		return cli_fail(cli, &err);
	if (cli_data(cli))
		return cli_print(cli, receipt);
	cli_write(cli_out(cli), "%lld entries anchored at %s\nroot %s\n", (long long)json_int(json_get(receipt, "size"), 0), json_text_or(json_get(receipt, "anchor"), "?"),
		json_text_or(json_get(receipt, "root"), "?"));
	json_free(receipt);
	return 0;
}

static int run(struct cli *cli)
{
	struct error err = { 0 };
	const char *what = cli_arg(cli, 0) ? cli_arg(cli, 0) : "list";

	if (!strcmp(what, "verify"))
		return verify(cli);
	struct store *store = session_store(cli_session(cli), &err);
	struct audit *audit = store ? audit_open(store, session_config(cli_session(cli)), &err) : NULL;
	if (!audit)
		return cli_fail(cli, &err);
	int status = !strcmp(what, "list")     ? list(cli, audit)
		     : !strcmp(what, "export") ? export_log(cli, audit)
		     : !strcmp(what, "anchor") ? anchor(cli, audit)
					       : cli_usage(cli, "audit %.40s: verify, export, anchor, or nothing for the list", what);
	audit_close(audit);
	return status;
}

const struct cli_command cmd_audit = {
	.name = "audit", .usage = "[list | verify [FILE] | export [FILE] | anchor]", .help = "the log of what was done, and its proof", .subcommands = subcommands,
	.flags = flags, .run = run,
	.more = "verify looks at the database, a copy of it, or an export, and names what was edited, removed, moved or made anew; exit 7 when it does not verify.",
};
