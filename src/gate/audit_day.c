/* The day's JSONL files: a copy for people and shippers. The database is the log. They are written from it, in its order, by whoever appended
 * last, so that several processes, a crash or a full disk leave no gap and no entry twice. A copy that cannot be written does not stop an act. */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "gate/audit_private.h"
#include "gate/audit_scan.h"
#include "store/store.h"

enum { DAY_LENGTH = 10, PIECE_BYTES = 4 << 20, MARKER_MAX = 160 };

/* How far the copy has come; kept in the folder's ".copied", which is also the lock. */
struct marker {
	char log[AUDIT_ID_MAX], day[DAY_LENGTH + 1];
	unsigned long long seq, size; /* last entry copied; the day's file then */
};

struct copying {
	struct audit *audit;
	struct sqlite3 *db; /* while rows come */
	struct marker marker;
	struct text lines;  /* of marker.day, not yet written */
	uint64_t last;      /* the entry the last of them is */
	char log[AUDIT_ID_MAX];
	int failed;
};

static char *folder_of_days(void)
{
	return mem_format("%s/audit", file_state_folder());
}

static char *path_of_day(const char *day)
{
	return mem_format("%s/audit/%.10s.jsonl", file_state_folder(), day);
}

static void read_marker(int fd, struct marker *marker)
{
	char text[MARKER_MAX] = "";
	ssize_t got = pread(fd, text, sizeof(text) - 1, 0);

	*marker = (struct marker){ 0 };
	if (got > 0 && sscanf(text, "%36s %llu %10s %llu", marker->log, &marker->seq, marker->day, &marker->size) != 4)
		*marker = (struct marker){ 0 };
}

static void write_marker(int fd, const struct marker *marker)
{
	char text[MARKER_MAX];
	int length = snprintf(text, sizeof(text), "%s %llu %s %llu\n", marker->log, marker->seq, marker->day, marker->size);

	if (pwrite(fd, text, (size_t)length, 0) != length || ftruncate(fd, length))
		log_write(LOG_WARN, "audit", "how far the day's copy came could not be noted");
}

/* What a process wrote and died before noting: whole lines count, a torn one goes. */
static void catch_up(struct marker *marker)
{
	char *path = path_of_day(marker->day), byte;
	int fd = *marker->day ? open(path, O_RDWR | O_CLOEXEC) : -1;
	struct stat info;
	off_t whole = (off_t)marker->size;

	if (fd >= 0 && !fstat(fd, &info) && info.st_size > whole) {
		for (off_t at = whole; at < info.st_size && pread(fd, &byte, 1, at) == 1; at++)
			if (byte == '\n') {
				whole = at + 1;
				marker->seq++;
			}
		if (whole < info.st_size && ftruncate(fd, whole))
			log_write(LOG_WARN, "audit", "%s ends within an entry", path);
		marker->size = (unsigned long long)whole;
	}
	if (fd >= 0)
		close(fd);
	free(path);
}

/* Another log began (the file before it was damaged, or taken away): its days are not mixed with the earlier one's. */
static void begin_log(struct marker *marker, const char *log)
{
	if (*marker->log) {
		char *from = path_of_day(marker->day), *to = mem_format("%.*s.%.13s.jsonl", (int)strlen(from) - 6, from, marker->log);

		if (access(to, F_OK) && rename(from, to))
			log_write(LOG_WARN, "audit", "the day's file of an earlier log could not be moved aside");
		free(from);
		free(to);
	}
	*marker = (struct marker){ 0 };
	snprintf(marker->log, sizeof(marker->log), "%s", log);
}

static int flush(struct copying *c)
{
	struct stat info;

	if (!c->lines.length)
		return 0;
	char *path = path_of_day(c->marker.day);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	c->failed = fd < 0 || write(fd, c->lines.data, c->lines.length) != (ssize_t)c->lines.length || fstat(fd, &info);
	if (c->failed) {
		log_write(LOG_WARN, "audit", "the copy %s could not be written", path);
	} else {
		c->marker.seq = c->last;
		c->marker.size = (unsigned long long)info.st_size;
	}
	if (fd >= 0)
		close(fd);
	free(path);
	text_clear(&c->lines);
	return c->failed;
}

static int on_checkpoint(sqlite3_stmt *row, void *arg)
{
	const char *text = (const char *)sqlite3_column_text(row, 0);
	char **checkpoint = arg;

	*checkpoint = text ? mem_text(text) : NULL;
	return 1;
}

/* A day that begins within the log says so in its first line, by the newest checkpoint before it: that nothing was cut off there. NULL: no need. */
static char *head_of_day(const struct copying *c, int64_t seq)
{
	char *checkpoint = NULL;

	if (seq <= 1 || c->marker.size || c->lines.length)
		return NULL;
	store_query(c->db, NULL, on_checkpoint, &checkpoint, "SELECT document FROM audit_checkpoint WHERE size < ? ORDER BY size DESC LIMIT 1", "i", seq);
	return checkpoint ? checkpoint : mem_text("null");
}

static int on_row(sqlite3_stmt *row, void *arg)
{
	struct copying *c = arg;
	const char *body = (const char *)sqlite3_column_text(row, 1);
	size_t length = (size_t)sqlite3_column_bytes(row, 1), time_length = 0;
	char hash[SHA256_HEX_MAX] = "";
	struct audit_scan scan;
	const char *day = body && !audit_scan(body, length, &scan) ? audit_scan_text(body, &scan, AUDIT_TIME, &time_length) : NULL;

	if (!day || time_length < DAY_LENGTH || sqlite3_column_bytes(row, 2) != SHA256_BYTES)
		return 0; /* verify names it */
	if (strncmp(c->marker.day, day, DAY_LENGTH) || c->lines.length > PIECE_BYTES) {
		if (flush(c))
			return 1;
		if (strncmp(c->marker.day, day, DAY_LENGTH))
			c->marker.size = 0;
		memcpy(c->marker.day, day, DAY_LENGTH);
	}
	hex_format(sqlite3_column_blob(row, 2), SHA256_BYTES, hash);
	char *head = head_of_day(c, sqlite3_column_int64(row, 0));

	audit_entry_line(&c->lines, body, length, hash, head);
	free(head);
	c->last = (uint64_t)sqlite3_column_int64(row, 0);
	return 0;
}

static int copy_in(struct sqlite3 *db, void *arg, struct error *err)
{
	struct copying *c = arg;

	c->db = db;
	return store_query(db, err, on_row, c, "SELECT seq, body, hash FROM audit WHERE seq > ? ORDER BY seq", "i", (int64_t)c->marker.seq);
}

static int open_marker(struct audit *audit)
{
	char *folder = folder_of_days(), *path = mem_format("%s/.copied", folder);

	if (audit->copied_fd < 0 && !file_make_folder(folder, 0700, NULL))
		audit->copied_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (audit->copied_fd < 0)
		log_write(LOG_WARN, "audit", "the copies in %s cannot be written", folder);
	free(folder);
	free(path);
	return audit->copied_fd;
}

void audit_copy_to_days(struct audit *audit, const char *log)
{
	struct copying c = { .audit = audit };
	struct error err = { 0 };

	pthread_mutex_lock(&audit->copying);
	int fd = open_marker(audit);
	if (fd >= 0 && !flock(fd, LOCK_EX)) {
		read_marker(fd, &c.marker);
		if (strcmp(c.marker.log, log))
			begin_log(&c.marker, log);
		else
			catch_up(&c.marker);
		text_init(&c.lines, (size_t)PIECE_BYTES + 4 * AUDIT_BODY_MAX);
		if (store_read(audit->store, copy_in, &c, &err))
			log_write(LOG_WARN, "audit", "copying to the day's file: %s", err.text);
		flush(&c);
		text_release(&c.lines);
		write_marker(fd, &c.marker);
		flock(fd, LOCK_UN);
	}
	pthread_mutex_unlock(&audit->copying);
}
