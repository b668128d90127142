#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "gate/audit_private.h"
#include "gate/audit_scan.h"
#include "store/store.h"

struct asking {
	const struct audit_query *query;
	int (*on_entry)(const struct json *entry, void *arg);
	void *arg;
	size_t given;
};

static int differs(const char *wanted, const struct json *value)
{
	return wanted && strcmp(wanted, json_text_or(value, ""));
}

/* action: the entry's name ("run"), the step ("kubernetes.scale") or its verb ("scale"). */
static int action_differs(const char *wanted, const struct json *action)
{
	const char *step = json_text_or(json_get(action, "step"), "");
	const char *dot = strchr(step, '.');

	if (!wanted || !strcmp(wanted, json_text_or(json_get(action, "name"), "")) || !strcmp(wanted, step))
		return 0;
	return !dot || strcmp(wanted, dot + 1);
}

static int wanted(const struct audit_query *query, const struct json *entry)
{
	const struct json *action = json_get(entry, "action");
	const char *target = json_text_or(json_get(action, "target"), "");
	int64_t at_ns = 0;

	clock_parse(json_text_or(json_get(entry, "timestamp"), ""), &at_ns);
	if ((query->since_ns && at_ns < query->since_ns) || (query->until_ns && at_ns > query->until_ns))
		return 0;
	if (differs(query->user, json_at(entry, "user.id")) || differs(query->status, json_at(entry, "result.status")))
		return 0;
	if (differs(query->plan_id, json_get(action, "plan_id")) || differs(query->run_id, json_get(action, "run_id")))
		return 0;
	return !action_differs(query->action, action) && (!query->target || strstr(target, query->target));
}

static int on_row(sqlite3_stmt *row, void *arg)
{
	struct asking *asking = arg;
	const char *body = (const char *)sqlite3_column_text(row, 0);
	size_t length = (size_t)sqlite3_column_bytes(row, 0);
	char hash[SHA256_HEX_MAX] = "";
	struct json *entry = json_parse(body, length, NULL);

	if (!entry)
		return 0; /* verify names it */
	if (sqlite3_column_bytes(row, 1) == SHA256_BYTES)
		hex_format(sqlite3_column_blob(row, 1), SHA256_BYTES, hash);
	json_set_text(entry, "hash", hash);
	int stop = 0;
	if (wanted(asking->query, entry)) {
		stop = asking->on_entry(entry, asking->arg);
		asking->given++;
	}
	json_free(entry);
	return stop || (asking->query->limit && asking->given >= asking->query->limit);
}

static int each_in(struct sqlite3 *db, void *arg, struct error *err)
{
	const struct asking *asking = arg;

	return store_query(db, err, on_row, arg,
		asking->query->newest_first ? "SELECT body, hash FROM audit ORDER BY seq DESC" : "SELECT body, hash FROM audit ORDER BY seq", "");
}

int audit_each(struct audit *audit, const struct audit_query *query, int (*on_entry)(const struct json *entry, void *arg), void *arg, struct error *err)
{
	struct asking asking = { .query = query, .on_entry = on_entry, .arg = arg };

	return store_read(audit->store, each_in, &asking, err);
}

/* --- exports: a stretch of the chain without gaps, and the newest checkpoint about it --- */

struct exporting {
	const struct audit_query *query;
	int (*write)(void *arg, const char *bytes, size_t length);
	void *arg;
	int64_t first, last; /* entries; 0 none */
	char *checkpoint;
	struct text line;
	int failed;
};

static int on_bound(sqlite3_stmt *row, void *arg)
{
	struct exporting *e = arg;
	const char *body = (const char *)sqlite3_column_text(row, 1);
	size_t time_length = 0, length = (size_t)sqlite3_column_bytes(row, 1);
	struct audit_scan scan;
	char at[CLOCK_RFC3339_MAX];
	int64_t at_ns = 0;
	const char *time = body && !audit_scan(body, length, &scan) ? audit_scan_text(body, &scan, AUDIT_TIME, &time_length) : NULL;

	if (!time)
		return 0;
	snprintf(at, sizeof(at), "%.*s", (int)time_length, time);
	if (clock_parse(at, &at_ns) || (e->query->since_ns && at_ns < e->query->since_ns) || (e->query->until_ns && at_ns > e->query->until_ns))
		return 0;
	if (!e->first)
		e->first = sqlite3_column_int64(row, 0);
	e->last = sqlite3_column_int64(row, 0);
	return 0;
}

static int on_ends(sqlite3_stmt *row, void *arg)
{
	struct exporting *e = arg;

	e->first = sqlite3_column_int64(row, 0);
	e->last = sqlite3_column_int64(row, 1);
	return 0;
}

static int on_checkpoint(sqlite3_stmt *row, void *arg)
{
	struct exporting *e = arg;
	const char *text = (const char *)sqlite3_column_text(row, 0);
	struct json *document = text ? json_parse(text, strlen(text), NULL) : NULL;

	e->checkpoint = document ? json_format(document) : NULL;
	json_free(document);
	return 1;
}

static int on_line(sqlite3_stmt *row, void *arg)
{
	struct exporting *e = arg;
	const char *body = (const char *)sqlite3_column_text(row, 0);
	char hash[SHA256_HEX_MAX] = "";

	if (sqlite3_column_bytes(row, 1) == SHA256_BYTES)
		hex_format(sqlite3_column_blob(row, 1), SHA256_BYTES, hash);
	text_clear(&e->line);
	audit_entry_line(&e->line, body ? body : "", (size_t)sqlite3_column_bytes(row, 0), hash, e->checkpoint);
	free(e->checkpoint);
	e->checkpoint = NULL; /* in the first line only */
	e->failed = e->write(e->arg, e->line.data, e->line.length);
	return e->failed;
}

static int export_in(struct sqlite3 *db, void *arg, struct error *err)
{
	struct exporting *e = arg;
	int whole = !e->query->since_ns && !e->query->until_ns;

	if (store_query(db, err, whole ? on_ends : on_bound, e, whole ? "SELECT coalesce(min(seq), 0), coalesce(max(seq), 0) FROM audit"
								   : "SELECT seq, body FROM audit ORDER BY seq", ""))
		return -1;
	if (!e->first)
		return 0;
	if (store_query(db, err, on_checkpoint, e, "SELECT document FROM audit_checkpoint WHERE size BETWEEN ? AND ? ORDER BY size DESC LIMIT 1", "ii", e->first, e->last))
		return -1;
	if (!e->checkpoint && e->first > 1)
		e->checkpoint = mem_text("null"); /* it begins here on purpose */
	return store_query(db, err, on_line, e, "SELECT body, hash FROM audit WHERE seq BETWEEN ? AND ? ORDER BY seq", "ii", e->first, e->last);
}

int audit_export(struct audit *audit, const struct audit_query *query, int (*write)(void *arg, const char *bytes, size_t length), void *arg, struct error *err)
{
	struct exporting e = { .query = query, .write = write, .arg = arg };

	if (query->user || query->action || query->status || query->plan_id || query->run_id || query->target || query->limit)
		return error_set(err, ERR_INVALID, "an export is a stretch of the whole chain: only a time limits it; pilothouse audit -o jsonl lists some entries");
	if (!store_read_only(audit->store))
		audit_witness(audit, NULL, NULL, NULL); /* so that its end is covered as well */
	text_init(&e.line, AUDIT_BODY_MAX + 4096);
	int failed = store_read(audit->store, export_in, &e, err);
	text_release(&e.line);
	free(e.checkpoint);
	return failed || !e.failed ? failed : error_set(err, ERR_IO, "the export could not be written");
}
