#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "gate/audit_private.h"
#include "store/store.h"

struct asking {
	const struct audit_query *query;
	int (*on_entry)(const struct json *entry, void *arg);
	int (*write)(void *arg, const char *bytes, size_t length);
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

static int give(struct asking *asking, const struct json *entry, const char *body, size_t length, const char *hash)
{
	if (asking->on_entry)
		return asking->on_entry(entry, asking->arg);
	struct text line;
	text_init(&line, AUDIT_BODY_MAX + 256);
	audit_entry_line(&line, body, length, hash);
	int stop = asking->write(asking->arg, line.data, line.length);
	text_release(&line);
	return stop;
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
		stop = give(asking, entry, body, length, hash);
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

int audit_export(struct audit *audit, const struct audit_query *query, int (*write)(void *arg, const char *bytes, size_t length), void *arg, struct error *err)
{
	struct asking asking = { .query = query, .write = write, .arg = arg };

	return store_read(audit->store, each_in, &asking, err);
}
