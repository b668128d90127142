/* logged.h - an audit log in a home of its own, and its entries as rows that an attacker may change. */
#ifndef TESTS_GATE_LOGGED_H
#define TESTS_GATE_LOGGED_H

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "check_main.h"
#include "gate/audit_private.h"
#include "gate/audit_verify.h"
#include "gate/user.h"
#include "store/store.h"

enum { ROWS_MAX = 600 };

struct row {
	char *body;
	uint8_t hash[SHA256_BYTES];
};

struct rows {
	struct row list[ROWS_MAX];
	size_t count;
};

static char logged_home[64];
static const struct user logged_user = { .id = "ana", .role = "sre", .source = "os", .host = "here" };

static inline void logged_begin(void)
{
	snprintf(logged_home, sizeof(logged_home), "/tmp/ph-audit-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(logged_home));
	setenv("PILOTHOUSE_HOME", logged_home, 1);
}

static inline void logged_end(void)
{
	char *remove = mem_format("chmod -R u+w %s 2>/dev/null; rm -rf %s", logged_home, logged_home);

	if (system(remove))
		perror(logged_home);
	free(remove);
}

static inline char *logged_path(const char *name)
{
	return mem_format("%s/%s", logged_home, name);
}

static inline struct audit_event logged_event(const char *target)
{
	return (struct audit_event){ .user = &logged_user, .name = "run.step", .plan_id = "p", .run_id = "r", .step = "fake.resize", .target = target,
		.risk = "write", .request_digest = "", .status = "done", .cost_usd = "", .duration_ns = -1, .error = "" };
}

/* Appends count entries in one session of the program at path (NULL: the home's own). */
static inline void logged_write(const char *path, int count)
{
	struct error err = { 0 };
	struct store *store = store_open(path, &err);
	ck_assert_msg(store != NULL, "%s", err.text);
	struct audit *audit = audit_open(store, NULL, &err);
	char target[32];

	for (int i = 0; i < count; i++) {
		snprintf(target, sizeof(target), "thing-%d", i);
		struct audit_event event = logged_event(target);
		ck_assert_msg(!audit_append(audit, &event, NULL, &err), "%s", err.text);
	}
	audit_close(audit);
	store_close(store);
}

static inline sqlite3 *logged_open(const char *path)
{
	sqlite3 *db = NULL;
	char *own = logged_path("pilothouse.db");

	ck_assert(!sqlite3_open(path ? path : own, &db));
	sqlite3_busy_timeout(db, 5000);
	free(own);
	return db;
}

static inline void logged_sql(sqlite3 *db, const char *sql)
{
	char *message = NULL;

	sqlite3_exec(db, sql, NULL, NULL, &message);
	ck_assert_msg(!message, "%s: %s", sql, message);
}

static inline void rows_read(struct rows *rows, const char *path)
{
	sqlite3 *db = logged_open(path);
	sqlite3_stmt *statement;

	rows->count = 0;
	ck_assert(!sqlite3_prepare_v2(db, "SELECT body, hash FROM audit ORDER BY seq", -1, &statement, NULL));
	while (sqlite3_step(statement) == SQLITE_ROW && rows->count < ROWS_MAX) {
		struct row *row = &rows->list[rows->count++];

		row->body = mem_text((const char *)sqlite3_column_text(statement, 0));
		memcpy(row->hash, sqlite3_column_blob(statement, 1), SHA256_BYTES);
	}
	sqlite3_finalize(statement);
	sqlite3_close(db);
}

static inline void rows_free(struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		free(rows->list[i].body);
	rows->count = 0;
}

/* The table as somebody with the file in his hands can make it. */
static inline void rows_write(const struct rows *rows, const char *path)
{
	sqlite3 *db = logged_open(path);
	sqlite3_stmt *statement, *trigger;

	ck_assert(!sqlite3_prepare_v2(db, "SELECT name FROM sqlite_master WHERE type = 'trigger'", -1, &trigger, NULL));
	char *drop = mem_text("");
	while (sqlite3_step(trigger) == SQLITE_ROW) {
		char *longer = mem_format("%sDROP TRIGGER %s;", drop, (const char *)sqlite3_column_text(trigger, 0));
		free(drop);
		drop = longer;
	}
	sqlite3_finalize(trigger);
	logged_sql(db, drop);
	free(drop);
	logged_sql(db, "BEGIN; DELETE FROM audit");
	ck_assert(!sqlite3_prepare_v2(db, "INSERT INTO audit(seq, body, hash) VALUES(?,?,?)", -1, &statement, NULL));
	for (size_t i = 0; i < rows->count; i++) {
		sqlite3_bind_int64(statement, 1, (sqlite3_int64)i + 1);
		sqlite3_bind_text(statement, 2, rows->list[i].body, -1, SQLITE_STATIC);
		sqlite3_bind_blob(statement, 3, rows->list[i].hash, SHA256_BYTES, SQLITE_STATIC);
		ck_assert_int_eq(sqlite3_step(statement), SQLITE_DONE);
		sqlite3_reset(statement);
	}
	sqlite3_finalize(statement);
	logged_sql(db, "COMMIT");
	sqlite3_close(db);
}

/* As lines of an export; checkpoint: of its first line, or NULL. */
static inline void rows_export(const struct rows *rows, const char *path, const char *checkpoint)
{
	FILE *file = fopen(path, "w");
	struct text line;

	text_init(&line, 4 << 20);
	for (size_t i = 0; i < rows->count; i++) {
		char hex[SHA256_HEX_MAX];

		hex_format(rows->list[i].hash, SHA256_BYTES, hex);
		text_clear(&line);
		audit_entry_line(&line, rows->list[i].body, strlen(rows->list[i].body), hex, i ? NULL : checkpoint);
		fwrite(line.data, 1, line.length, file);
	}
	text_release(&line);
	fclose(file);
}

static inline char *newest_checkpoint(void)
{
	sqlite3 *db = logged_open(NULL);
	sqlite3_stmt *statement;
	char *text = NULL;

	ck_assert(!sqlite3_prepare_v2(db, "SELECT document FROM audit_checkpoint ORDER BY size DESC LIMIT 1", -1, &statement, NULL));
	if (sqlite3_step(statement) == SQLITE_ROW)
		text = mem_text((const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return text;
}

static inline struct json *verified(const char *path, const char *anchors)
{
	struct json *report = NULL;
	struct error err = { 0 };

	ck_assert_msg(!audit_verify(path, anchors, &report, &err), "%s", err.text);
	return report;
}

static inline int has_problem(const struct json *report, const char *kind, int64_t from, int64_t to)
{
	for (const struct json *problem = json_first(json_get(report, "problems")); problem; problem = json_next(problem)) {
		int64_t entry = json_int(json_get(problem, "entry"), -1);

		if (!strcmp(json_text_or(json_get(problem, "kind"), ""), kind) && entry >= from && entry <= to)
			return 1;
	}
	return 0;
}

static inline void must_name(const struct json *report, const char *what, const char *kind, int64_t from, int64_t to)
{
	char *text = json_format(report);

	ck_assert_msg(!json_bool(json_get(report, "ok"), 1), "%s: passed as whole", what);
	ck_assert_msg(has_problem(report, kind, from, to), "%s: no %s at %lld-%lld in %s", what, kind, (long long)from, (long long)to, text);
	free(text);
}

static inline void must_be_whole(struct json *report, const char *what)
{
	char *text = json_format(report);

	ck_assert_msg(json_bool(json_get(report, "ok"), 0), "%s: %s", what, text);
	free(text);
	json_free(report);
}

#endif
