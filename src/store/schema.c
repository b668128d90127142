#include "store/schema.h"

#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "store/store.h"

static const char *const migrations[] = {
	/* 1: last known rows, and what changed */
	"CREATE TABLE cache(key TEXT PRIMARY KEY, bytes BLOB NOT NULL, saved_ns INTEGER NOT NULL);"
	"CREATE TABLE version(kind TEXT NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL, at_ns "
	"INTEGER NOT NULL, row BLOB);"
	"CREATE INDEX version_by_id ON version(kind, id, at_ns);"
	"CREATE INDEX version_by_time ON version(at_ns);"
	"CREATE TABLE change(at_ns INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, field "
	"TEXT NOT NULL, old TEXT, new TEXT, by TEXT NOT NULL);"
	"CREATE INDEX change_by_time ON change(at_ns);"
	"CREATE INDEX change_by_id ON change(id, at_ns);",
	/* 2: the gate's plans, approvals, runs */
	"CREATE TABLE gate_plan(id TEXT PRIMARY KEY, made_ns INTEGER NOT NULL, expires_ns INTEGER "
	"NOT NULL, hash TEXT NOT NULL,"
	" status TEXT NOT NULL, run_id TEXT, document TEXT NOT NULL);"
	"CREATE INDEX gate_plan_by_time ON gate_plan(made_ns);"
	"CREATE TABLE gate_approval(plan_id TEXT NOT NULL, hash TEXT NOT NULL, user TEXT NOT NULL, "
	"role TEXT NOT NULL, how TEXT NOT NULL,"
	" at_ns INTEGER NOT NULL, PRIMARY KEY(plan_id, hash, user));"
	"CREATE TABLE gate_run(id TEXT PRIMARY KEY, plan_id TEXT NOT NULL, user TEXT NOT NULL, "
	"owner TEXT NOT NULL, started_ns INTEGER NOT NULL,"
	" finished_ns INTEGER, status TEXT NOT NULL);"
	"CREATE INDEX gate_run_by_time ON gate_run(started_ns);"
	"CREATE TABLE gate_step(run_id TEXT NOT NULL, number INTEGER NOT NULL, step_id TEXT NOT "
	"NULL, status TEXT NOT NULL,"
	" started_ns INTEGER, finished_ns INTEGER, output TEXT, error TEXT, undo TEXT, remote_id "
	"TEXT, PRIMARY KEY(run_id, number));",
	/* 3: the audit log; nothing beside the body, so that no column can say otherwise than what
	   was hashed */
	"CREATE TABLE audit(seq INTEGER PRIMARY KEY, body TEXT NOT NULL, hash BLOB NOT NULL);"
	"CREATE TABLE audit_checkpoint(size INTEGER PRIMARY KEY, document TEXT NOT NULL, frontier "
	"BLOB NOT NULL);"
	"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the "
	"audit log is append-only'); END;"
	"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the "
	"audit log is append-only'); END;"
	"CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit WHEN EXISTS(SELECT 1 FROM audit "
	"WHERE seq >= NEW.seq)"
	" BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;"
	"CREATE TRIGGER checkpoint_no_update BEFORE UPDATE ON audit_checkpoint BEGIN SELECT "
	"RAISE(ABORT, 'checkpoints are append-only'); END;"
	"CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON audit_checkpoint BEGIN SELECT "
	"RAISE(ABORT, 'checkpoints are append-only'); END;",
	/* 4: REPLACE takes a row away without asking the triggers of DELETE */
	"CREATE TRIGGER checkpoint_no_replace BEFORE INSERT ON audit_checkpoint WHEN EXISTS(SELECT 1 "
	"FROM audit_checkpoint WHERE size >= NEW.size)"
	" BEGIN SELECT RAISE(ABORT, 'checkpoints are append-only'); END;",
};

int schema_newest(void)
{
	return (int)(sizeof(migrations) / sizeof(*migrations));
}

static int on_number(sqlite3_stmt *row, void *arg)
{
	*(int64_t *)arg = sqlite3_column_int64(row, 0);
	return 1;
}

static int ask(struct sqlite3 *db, const char *sql, int64_t *number, struct error *err)
{
	*number = 0;
	return store_query(db, err, on_number, number, sql, "");
}

static int run(struct sqlite3 *db, const char *sql, struct error *err)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL))
		return error_set(err, ERR_IO, "%s", sqlite3_errmsg(db));
	return 0;
}

static int step(struct sqlite3 *db, int number, struct error *err)
{
	char mark[120];

	snprintf(mark, sizeof(mark), "PRAGMA user_version=%d; PRAGMA application_id=%d", number + 1,
		STORE_APPLICATION_ID);
	if (run(db, migrations[number], err) || run(db, mark, err))
		return error_wrap(err, "migration %d", number + 1);
	return 0;
}

/* Whose file is this? One of ours says so, or is empty. */
int schema_check(struct sqlite3 *db, struct error *err)
{
	int64_t owner, version, tables;

	if (ask(db, "PRAGMA application_id", &owner, err) ||
		ask(db, "PRAGMA user_version", &version, err) ||
		ask(db, "SELECT count(*) FROM sqlite_schema", &tables, err))
		return -1;
	if (owner != STORE_APPLICATION_ID && (owner || version || tables))
		return error_set(err, ERR_CONFLICT,
			"it is the database of another program: nothing was changed in it");
	if (version > schema_newest())
		return error_set(err, ERR_CONFLICT,
			"it was written by a newer pilothouse (version %d, this one knows %d): "
			"update the program",
			(int)version, schema_newest());
	return 0;
}

/* The version is read again under the write lock: another process may have migrated meanwhile. */
static int migrate_locked(struct sqlite3 *db, struct error *err)
{
	int64_t version;

	if (ask(db, "PRAGMA user_version", &version, err))
		return -1;
	for (int number = (int)version; number < schema_newest(); number++)
		if (step(db, number, err))
			return -1;
	return run(db, "COMMIT", err);
}

int schema_migrate(struct sqlite3 *db, struct error *err)
{
	int64_t version;

	if (ask(db, "PRAGMA user_version", &version, err))
		return -1;
	if (version >= schema_newest())
		return 0;
	if (run(db, "BEGIN IMMEDIATE", err))
		return -1;
	if (!migrate_locked(db, err))
		return 0;
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return -1;
}
