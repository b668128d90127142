#include "store/history.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "store/inside.h"
#include "store/store.h"

#define ADD_VERSION "INSERT INTO version(kind, source, id, at_ns, row) VALUES(?,?,?,?,?)"

enum { VERSIONS_KEPT = 200000 };

struct adding {
	char *kind, *source, *id, *row;
	size_t row_length, count;
	int64_t at_ns;
	struct history_change *changes;
};

static int add_in(struct sqlite3 *db, void *arg, struct error *err)
{
	const struct adding *a = arg;

	if (store_exec(db, err,
		    ADD_VERSION,
		    a->row ? "tttib" : "tttin", a->kind, a->source, a->id, a->at_ns, a->row,
		    a->row_length))
		return -1;
	for (size_t i = 0; i < a->count; i++) {
		const struct history_change *c = &a->changes[i];

		if (store_exec(db, err,
			    "INSERT INTO change(at_ns, kind, id, field, old, new, by) "
			    "VALUES(?,?,?,?,?,?,?)",
			    "itttttt", c->at_ns, c->kind, c->id, c->field, c->old, c->new_, c->by))
			return -1;
	}
	return 0;
}

static void free_text(const char *text)
{
	union {
		const char *shown;
		char *owned;
	} owned = { .shown = text };

	free(owned.owned);
}

static void release(void *arg)
{
	struct adding *a = arg;

	for (size_t i = 0; i < a->count; i++) {
		free_text(a->changes[i].field);
		free_text(a->changes[i].old);
		free_text(a->changes[i].new_);
		free_text(a->changes[i].by);
	}
	free(a->changes);
	free(a->kind);
	free(a->source);
	free(a->id);
	free(a->row);
	free(a);
}

void history_add(struct store *store, const char *kind, const char *source, const char *id,
	int64_t at_ns, const char *row, size_t row_length, const struct history_change *changes,
	size_t count)
{
	struct adding *a = mem_zero(1, sizeof(*a));

	*a = (struct adding){ .kind = mem_text(kind),
		.source = mem_text(source),
		.id = mem_text(id),
		.row = row ? mem_text_n(row, row_length) : NULL,
		.row_length = row_length,
		.count = count,
		.at_ns = at_ns };
	a->changes = count ? mem_zero(count, sizeof(*a->changes)) : NULL;
	for (size_t i = 0; i < count; i++)
		a->changes[i] = (struct history_change){ .at_ns = changes[i].at_ns,
			.kind = a->kind,
			.id = a->id,
			.field = mem_text(changes[i].field),
			.old = mem_text(changes[i].old),
			.new_ = mem_text(changes[i].new_),
			.by = mem_text(changes[i].by ? changes[i].by : "") };
	store_post(store, add_in, a, release);
}

/* --- many at once --- */

struct adding_all {
	char *kind;
	int64_t at_ns;
	int (*next)(void *arg, struct history_version *version);
	void *arg;
	void (*let_go)(void *arg);
};

static int add_version(sqlite3_stmt *statement, const struct adding_all *all, const struct history_version *version)
{
	int failed = sqlite3_bind_text(statement, 1, all->kind, -1, SQLITE_STATIC) || sqlite3_bind_text(statement, 2, version->source, -1, SQLITE_STATIC) ||
		     sqlite3_bind_text(statement, 3, version->id, -1, SQLITE_STATIC) || sqlite3_bind_int64(statement, 4, all->at_ns) ||
		     sqlite3_bind_blob64(statement, 5, version->row, version->row_length, SQLITE_STATIC) || sqlite3_step(statement) != SQLITE_DONE;

	return sqlite3_reset(statement) || failed;
}

/* The statement is made once: for thousands of rows making it would be most of the work. */
static int add_all_in(struct sqlite3 *db, void *arg, struct error *err)
{
	const struct adding_all *all = arg;
	struct history_version version;
	sqlite3_stmt *statement = NULL;
	int failed = sqlite3_prepare_v2(db, ADD_VERSION, -1, &statement, NULL);

	while (!failed && all->next(all->arg, &version))
		failed = add_version(statement, all, &version);
	if (failed)
		store_failed(db, err);
	sqlite3_finalize(statement);
	return failed ? -1 : 0;
}

static void release_all(void *arg)
{
	struct adding_all *all = arg;

	all->let_go(all->arg);
	free(all->kind);
	free(all);
}

void history_add_all(struct store *store, const char *kind, int64_t at_ns, int (*next)(void *arg, struct history_version *version), void *arg,
	void (*let_go)(void *arg))
{
	struct adding_all *all = mem_zero(1, sizeof(*all));

	*all = (struct adding_all){ .kind = mem_text(kind), .at_ns = at_ns, .next = next, .arg = arg, .let_go = let_go };
	store_post(store, add_all_in, all, release_all);
}

struct asking {
	const char *kind, *id;
	int64_t since_ns, until_ns;
	size_t limit;
	int (*on_change)(const struct history_change *change, void *arg);
	int (*on_version)(const char *source, const char *id, int64_t observed_ns, const char *row,
		size_t row_length, void *arg);
	void *arg;
};

static const char *text_at(sqlite3_stmt *row, int i)
{
	return (const char *)sqlite3_column_text(row, i);
}

static int on_change_row(sqlite3_stmt *row, void *arg)
{
	const struct asking *asking = arg;
	struct history_change change = { sqlite3_column_int64(row, 0), text_at(row, 1),
		text_at(row, 2), text_at(row, 3), text_at(row, 4), text_at(row, 5),
		text_at(row, 6) };

	return asking->on_change(&change, asking->arg);
}

static int changes_in(struct sqlite3 *db, void *arg, struct error *err)
{
	const struct asking *a = arg;

	return store_query(db, err, on_change_row, arg,
		"SELECT at_ns, kind, id, field, old, new, by FROM change WHERE at_ns >= ?1 AND "
		"at_ns <= ?2 AND (?3 IS NULL OR kind = ?3)"
		" AND (?4 IS NULL OR id = ?4) ORDER BY at_ns DESC, rowid DESC LIMIT ?5",
		"iitti", a->since_ns, a->until_ns ? a->until_ns : INT64_MAX, a->kind, a->id,
		(int64_t)a->limit);
}

int history_changes(struct store *store, const char *kind, const char *id, int64_t since_ns,
	int64_t until_ns, size_t limit,
	int (*on_change)(const struct history_change *change, void *arg), void *arg,
	struct error *err)
{
	struct asking asking = { .kind = kind,
		.id = id,
		.since_ns = since_ns,
		.until_ns = until_ns,
		.limit = limit,
		.on_change = on_change,
		.arg = arg };

	return store_read(store, changes_in, &asking, err);
}

static int on_version_row(sqlite3_stmt *row, void *arg)
{
	const struct asking *asking = arg;
	const char *bytes = sqlite3_column_blob(row, 3);

	if (sqlite3_column_type(row, 3) == SQLITE_NULL)
		return 0; /* gone at that time */
	return asking->on_version(text_at(row, 0), text_at(row, 1), sqlite3_column_int64(row, 2),
		bytes ? bytes : "", (size_t)sqlite3_column_bytes(row, 3), asking->arg);
}

/* SQLite gives the other columns of the row that holds the max (its documented bare-column rule).
 */
static int versions_in(struct sqlite3 *db, void *arg, struct error *err)
{
	const struct asking *a = arg;

	return store_query(db, err, on_version_row, arg,
		"SELECT source, id, max(at_ns), row FROM version WHERE kind = ? AND at_ns <= ? "
		"GROUP BY id, source",
		"ti", a->kind, a->until_ns);
}

int history_rows_at(struct store *store, const char *kind, int64_t at_ns,
	int (*on_row)(const char *source, const char *id, int64_t observed_ns, const char *row,
		size_t row_length, void *arg),
	void *arg, struct error *err)
{
	struct asking asking = {
		.kind = kind, .until_ns = at_ns, .on_version = on_row, .arg = arg
	};

	return store_read(store, versions_in, &asking, err);
}

static int trim_in(struct sqlite3 *db, void *arg, struct error *err)
{
	const int64_t *before_ns = arg;

	/* The last version before the cut stays: `get --at` of just after it still knows the row.
	 */
	if (store_exec(db, err,
		    "DELETE FROM version WHERE at_ns < ?1 AND EXISTS(SELECT 1 FROM version v WHERE "
		    "v.kind = version.kind AND v.id = version.id"
		    " AND v.at_ns > version.at_ns AND v.at_ns < ?1)",
		    "i", *before_ns))
		return -1;
	if (store_exec(db, err, "DELETE FROM change WHERE at_ns < ?", "i", *before_ns))
		return -1;
	return store_exec(db, err,
		"DELETE FROM version WHERE rowid <= (SELECT max(rowid) FROM version) - ?"
		" AND EXISTS(SELECT 1 FROM version v WHERE v.kind = version.kind AND v.id = "
		"version.id AND v.at_ns > version.at_ns)",
		"i", (int64_t)VERSIONS_KEPT);
}

void history_trim(struct store *store, int64_t before_ns)
{
	int64_t *copy = mem_alloc(sizeof(*copy));

	*copy = before_ns;
	store_post(store, trim_in, copy, free);
}
