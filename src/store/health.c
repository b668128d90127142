#include "store/health.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/safe.h"
#include "store/schema.h"
#include "store/store.h"

enum { BUSY_MS = 2000 };

struct answer {
	int64_t number;
	char *text; /* NULL: numbers are wanted */
	size_t size;
};

static int take(struct sqlite3_stmt *row, void *arg)
{
	struct answer *answer = arg;
	const char *text = (const char *)sqlite3_column_text(row, 0);

	answer->number = sqlite3_column_int64(row, 0);
	if (answer->text && text)
		safe_copy(answer->text, answer->size, text, strlen(text));
	return 1;
}

static int look(sqlite3 *db, struct store_health *health, struct error *err)
{
	struct answer version = { 0 }, owner = { 0 }, sound = { .text = health->problem, .size = sizeof(health->problem) };

	if (store_query(db, err, take, &owner, "PRAGMA application_id", "") || store_query(db, err, take, &version, "PRAGMA user_version", "") ||
		store_query(db, err, take, &sound, "PRAGMA quick_check(1)", ""))
		return -1;
	health->version = (int)version.number;
	health->foreign = owner.number != STORE_APPLICATION_ID;
	if (!strcmp(health->problem, "ok"))
		health->problem[0] = 0;
	return 0;
}

int store_health(const char *path, struct store_health *health, struct error *err)
{
	char *own = path ? mem_text(path) : mem_format("%s/pilothouse.db", file_state_folder());
	sqlite3 *db = NULL;
	struct stat about;
	int failed = -1;

	*health = (struct store_health){ .newest = schema_newest() };
	if (stat(own, &about)) {
		error_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", own, strerror(errno));
	} else {
		health->size_bytes = about.st_size;
		int code = sqlite3_open_v2(own, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);

		if (code)
			error_set(err, ERR_IO, "%s: %s", own, db ? sqlite3_errmsg(db) : "out of memory");
		else if (!sqlite3_busy_timeout(db, BUSY_MS) && !(failed = look(db, health, err)))
			error_clear(err);
		else
			error_wrap(err, "%s", own);
	}
	sqlite3_close(db);
	free(own);
	return failed;
}
