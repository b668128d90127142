#include "gate/audit_verify.h"

#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "gate/audit_private.h"
#include "store/store.h"

enum { ANCHORS_MAX_BYTES = 256 << 20, LINE_MAX_BYTES = 4 << 20 };

static void load_anchors(struct verify *verify, const char *path)
{
	size_t length;
	char *text = file_load(path, ANCHORS_MAX_BYTES, &length, NULL);

	for (char *line = text, *end; line && *line; line = end ? end + 1 : NULL) {
		end = strchr(line, '\n');
		size_t line_length = end ? (size_t)(end - line) : strlen(line);
		struct json *checkpoint = line_length ? json_parse(line, line_length, NULL) : NULL;

		if (checkpoint)
			verify_checkpoint(verify, checkpoint, 1);
		else if (line_length && end) /* one without its end is being written */
			verify_broken(verify, "a line of the anchor file cannot be read");
		json_free(checkpoint);
	}
	free(text);
}

static int on_checkpoint(sqlite3_stmt *row, void *arg)
{
	const char *text = (const char *)sqlite3_column_text(row, 0);
	struct json *checkpoint = text ? json_parse(text, strlen(text), NULL) : NULL;

	if (checkpoint)
		verify_checkpoint(arg, checkpoint, 0);
	else
		verify_broken(arg, "a checkpoint in the file cannot be read");
	json_free(checkpoint);
	return 0;
}

static int on_row(sqlite3_stmt *row, void *arg)
{
	const char *body = sqlite3_column_blob(row, 0);
	uint8_t hash[SHA256_BYTES] = { 0 };

	if (sqlite3_column_bytes(row, 1) == SHA256_BYTES)
		memcpy(hash, sqlite3_column_blob(row, 1), SHA256_BYTES);
	verify_entry(arg, body ? body : "", (size_t)sqlite3_column_bytes(row, 0), hash);
	return 0;
}

#define LOOK "SELECT count(*) FROM sqlite_master"

static int on_count(sqlite3_stmt *row, void *arg)
{
	*(int *)arg = sqlite3_column_int(row, 0);
	return 0;
}

static int walk(struct sqlite3 *db, struct verify *verify, struct error *err)
{
	int tables = 0;

	if (!store_query(db, err, on_count, &tables, LOOK, "") && !tables)
		return 0; /* no room was left to begin it */
	if (store_query(db, err, on_checkpoint, verify, "SELECT document FROM audit_checkpoint ORDER BY size", ""))
		return error_wrap(err, "no audit log can be read here");
	return store_query(db, err, on_row, verify, "SELECT body, hash FROM audit ORDER BY seq", "");
}

/* What means something in a URI is written in hex (SQLite, "URI Filenames", 3.2). */
static char *uri_of(const char *path)
{
	struct text uri;

	text_init(&uri, 3 * PATH_MAX + 64);
	text_add(&uri, "file:");
	for (; *path; path++) {
		if (strchr("?#%", *path))
			text_format(&uri, "%%%02x", (unsigned)(unsigned char)*path);
		else
			text_add_char(&uri, *path);
	}
	text_add(&uri, "?mode=ro&immutable=1");
	return text_take(&uri);
}

/* A copy without its -shm in a folder that cannot be written still opens as immutable; its -wal is then left out, so only when there is none, or nothing in it. */
static int open_database(const char *path, sqlite3 **db, struct error *err)
{
	char *wal = mem_format("%s-wal", path);
	struct stat info;
	int failed = sqlite3_open_v2(path, db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) || sqlite3_exec(*db, LOOK, NULL, NULL, NULL);

	if (failed && (stat(wal, &info) || !info.st_size)) {
		char *uri = uri_of(path);

		sqlite3_close(*db);
		failed = sqlite3_open_v2(uri, db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL) || sqlite3_exec(*db, LOOK, NULL, NULL, NULL);
		free(uri);
	}
	free(wal);
	return failed ? error_set(err, ERR_FORMAT, "%s: %s", path, sqlite3_errmsg(*db)) : 0;
}

static int walk_database(const char *path, struct verify *verify, struct error *err)
{
	sqlite3 *db = NULL;
	int failed = open_database(path, &db, err) || walk(db, verify, err);

	sqlite3_close(db);
	return failed ? -1 : 0;
}

static int walk_lines(FILE *file, const char *path, struct verify *verify, struct error *err)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	size_t number = 0;
	struct text body;

	text_init(&body, LINE_MAX_BYTES);
	while ((length = getline(&line, &room, file)) > 0) {
		while (length && (line[length - 1] == '\r' || line[length - 1] == '\n')) /* a mailer or an editor may have made it CRLF */
			length--;
		number++;
		if (length)
			verify_line(verify, line, (size_t)length, number, &body);
	}
	int failed = ferror(file) ? error_errno(err, "audit log %s", path) : 0;

	text_release(&body);
	free(line);
	return failed;
}

/* A database begins with SQLite's header string (its file format, 1.3). */
static int is_database(const char *path)
{
	char head[16] = "";
	FILE *file = fopen(path, "re");
	size_t got = file ? fread(head, 1, sizeof(head), file) : 0;

	if (file)
		fclose(file);
	return got == sizeof(head) && !memcmp(head, "SQLite format 3", sizeof(head));
}

static int walk_file(const char *path, int database, struct verify *verify, struct error *err)
{
	FILE *file = database ? NULL : fopen(path, "re");

	if (database)
		return walk_database(path, verify, err);
	if (!file)
		return error_errno(err, "audit log %s", path);
	int failed = walk_lines(file, path, verify, err);
	fclose(file);
	return failed;
}

int audit_verify(const char *path, const char *anchors, struct json **report, struct error *err)
{
	char *own = mem_format("%s/pilothouse.db", file_state_folder());
	char *known = anchors ? mem_text(anchors) : audit_anchor_path();
	char *real_own = realpath(own, NULL), *real_path = path ? realpath(path, NULL) : NULL;
	int is_own = !path || (real_own && real_path && !strcmp(real_own, real_path));
	/* Our own may be open in this process: a close of another descriptor of it would drop SQLite's locks (fcntl(2)). */
	int database = is_own || is_database(path);
	struct verify *verify = verify_new(is_own || (anchors && database) ? VERIFY_OWN : database ? VERIFY_WHOLE : VERIFY_PART);
	int failed = 0;

	if (anchors)
		verify_must_reach(verify);

	if (anchors && access(anchors, R_OK))
		failed = error_errno(err, "anchor file %s", anchors);
	else
		load_anchors(verify, known);
	/* Nothing was recorded here yet, unless anchors know better. */
	int is_new = !path && access(own, F_OK) && errno == ENOENT;

	if (!failed && !is_new)
		failed = walk_file(path ? path : own, database, verify, err);
	if (!failed)
		*report = verify_report(verify);
	verify_free(verify);
	free(real_own);
	free(real_path);
	free(known);
	free(own);
	return failed;
}
