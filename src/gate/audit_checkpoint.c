#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/process.h"
#include "gate/audit_private.h"
#include "store/store.h"

/* --- the tree as far as the last checkpoint, then the entries since --- */

static int on_frontier(sqlite3_stmt *row, void *arg)
{
	struct merkle *merkle = arg;
	int length = sqlite3_column_bytes(row, 1);

	if (length % SHA256_BYTES || length / SHA256_BYTES > MERKLE_LEVELS)
		return 0;
	merkle->size = (uint64_t)sqlite3_column_int64(row, 0);
	merkle->count = (unsigned)length / SHA256_BYTES;
	memcpy(merkle->nodes, sqlite3_column_blob(row, 1), (size_t)length);
	return 0;
}

struct growing {
	struct merkle merkle;
	uint8_t last[SHA256_BYTES];
	uint8_t first[SHA256_BYTES];
};

static int on_entry(sqlite3_stmt *row, void *arg)
{
	struct growing *growing = arg;

	if (sqlite3_column_bytes(row, 0) != SHA256_BYTES)
		return 1;
	memcpy(growing->last, sqlite3_column_blob(row, 0), SHA256_BYTES);
	merkle_add(&growing->merkle, growing->last);
	return 0;
}

static int on_first(sqlite3_stmt *row, void *arg)
{
	struct growing *growing = arg;

	if (sqlite3_column_bytes(row, 0) == SHA256_BYTES)
		memcpy(growing->first, sqlite3_column_blob(row, 0), SHA256_BYTES);
	return 0;
}

static int grow(struct sqlite3 *db, struct growing *growing, struct error *err)
{
	if (store_query(db, err, on_frontier, &growing->merkle, "SELECT size, frontier FROM audit_checkpoint ORDER BY size DESC LIMIT 1", ""))
		return -1;
	if (store_query(db, err, on_first, growing, "SELECT hash FROM audit WHERE seq = 1", ""))
		return -1;
	return store_query(db, err, on_entry, growing, "SELECT hash FROM audit WHERE seq > ? ORDER BY seq", "i", (int64_t)growing->merkle.size);
}

static void set_hex(struct json *object, const char *key, const uint8_t bytes[SHA256_BYTES])
{
	char hex[SHA256_HEX_MAX];

	hex_format(bytes, SHA256_BYTES, hex);
	json_set_text(object, key, hex);
}

void audit_checkpoint_bytes(const struct json *checkpoint, struct text *bytes)
{
	struct json *unsigned_ = json_copy(checkpoint);

	json_remove(unsigned_, "signature");
	json_canonical(unsigned_, bytes);
	json_free(unsigned_);
}

static int sign(struct audit *audit, struct json *document, struct error *err)
{
	char signature[SEAL_SIGNATURE_HEX_MAX];
	struct text bytes;

	text_init(&bytes, 4096);
	audit_checkpoint_bytes(document, &bytes);
	int failed = seal_sign(audit->seal, bytes.data, bytes.length, signature, err);
	text_release(&bytes);
	if (!failed)
		json_set_text(document, "signature", signature);
	return failed;
}

static struct json *document_of(const struct audit *audit, const struct growing *growing)
{
	char at[CLOCK_RFC3339_MAX];
	uint8_t root[SHA256_BYTES];
	struct json *document = json_object();

	clock_format(clock_now_ns(), at);
	merkle_root(&growing->merkle, root);
	json_set_text(document, "at", at);
	json_set_text(document, "key", seal_public(audit->seal));
	set_hex(document, "last", growing->last);
	set_hex(document, "log", growing->first);
	set_hex(document, "root", root);
	json_set_int(document, "size", (int64_t)growing->merkle.size);
	return document;
}

int audit_checkpoint_in(struct sqlite3 *db, void *arg, struct error *err)
{
	struct audit_sealing *sealing = arg;
	struct growing growing = { 0 };

	if (grow(db, &growing, err))
		return -1;
	if (growing.merkle.size == 0 || memcmp(growing.last, (uint8_t[SHA256_BYTES]){ 0 }, SHA256_BYTES) == 0)
		return 0; /* nothing since the last one */
	struct json *document = document_of(sealing->audit, &growing);
	char *text = sign(sealing->audit, document, err) ? NULL : json_format(document);
	int failed = !text || store_exec(db, err, "INSERT INTO audit_checkpoint(size, document, frontier) VALUES(?,?,?)", "itb", (int64_t)growing.merkle.size, text,
				      growing.merkle.nodes, (size_t)growing.merkle.count * SHA256_BYTES);
	free(text);
	if (failed) {
		json_free(document);
		return -1;
	}
	sealing->document = document;
	return 0;
}

/* --- anchoring: the same checkpoint where the file's owner does not write every day --- */

char *audit_anchor_path(void)
{
	return mem_format("%s/anchors/audit.jsonl", file_state_folder());
}

/* Where the last whole line ends, in bytes; what is no file of ours to read, or has no end (a pipe, a printer), is whole. */
static off_t end_of_lines(int fd, off_t size)
{
	char tail[8192];
	off_t from = size > (off_t)sizeof(tail) ? size - (off_t)sizeof(tail) : 0;
	ssize_t got = size > 0 ? pread(fd, tail, (size_t)(size - from), from) : 0, whole = got;

	while (whole > 0 && tail[whole - 1] != '\n')
		whole--;
	return got <= 0 || (whole == 0 && from) ? size : from + whole; /* no line of ours is that long */
}

/* A process killed within its write, or a full disk, may have left a part of a line: it is cut off, its checkpoint is in the log. Under a lock:
 * nobody's whole line may stand behind it. Where nothing may be cut (append-only), the line begins anew. */
static int append_line(int fd, const char *line)
{
	size_t length = strlen(line);
	int is_alone = !flock(fd, LOCK_EX);
	off_t size = lseek(fd, 0, SEEK_END), end = is_alone ? end_of_lines(fd, size) : size;

	if (end < size && ftruncate(fd, end) && write(fd, "\n", 1) != 1)
		return -1;
	ssize_t written = write(fd, line, length);

	if (written == (ssize_t)length)
		return fdatasync(fd) && errno != EINVAL && errno != EROFS; /* a pipe or a device has nothing to sync */
	int why = written < 0 ? errno : ENOSPC;

	if (is_alone && size >= 0 && ftruncate(fd, end))
		why = ENOSPC; /* the next one cuts it off */
	errno = why;
	return -1;
}

static int anchor_to_file(const char *path, const char *line, struct error *err)
{
	char *folder = mem_text(path);
	char *slash = strrchr(folder, '/');

	if (slash && slash != folder)
		*slash = 0;
	int fd = slash && file_make_folder(folder, 0700, err) ? -1 : open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EACCES) /* one that may be written and not read */
		fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	free(folder);
	if (fd < 0)
		return error_errno(err, "anchor file %s", path);
	int failed = append_line(fd, line);
	if (failed)
		error_errno(err, "writing the anchor %s", path);
	close(fd);
	return failed ? -1 : 0;
}

static int anchor_to_command(const char *command, const char *line, struct error *err)
{
	const char *argv[] = { "/bin/sh", "-c", command, NULL }; /* the operator's own configuration, not remote text */
	struct process_request request = { .argv = argv, .input = line, .input_length = strlen(line) };
	struct process_result result = { 0 };

	if (process_run(&request, &result, err))
		return -1;
	int status = result.status;
	process_release(&result);
	return status ? error_set(err, ERR_IO, "the anchor command ended with status %d: %.100s", status, command) : 0;
}

static int check_place(const char *set, struct error *err)
{
	if (!set || !*set || *set == '/' || !strcmp(set, "file") || !strcmp(set, "syslog") || (!strncmp(set, "file:", 5) && set[5]) || (!strncmp(set, "command:", 8) && set[8]))
		return 0;
	return error_set(err, ERR_INVALID, "no anchor is put at '%.60s': file:PATH, syslog or command:PROGRAM", set);
}

static const char *place_of(const struct audit *audit, const char *where)
{
	return where ? where : audit->config ? config_get(audit->config, "audit.anchor") : NULL;
}

/* where: "file:PATH" or an absolute path, "syslog", "command:…"; NULL: config audit.anchor, else the default file. */
static int anchor(struct audit *audit, const char *where, const struct json *document, char **place, struct error *err)
{
	const char *set = place_of(audit, where);
	char *compact = json_format(document), *line = mem_format("%s\n", compact);
	char *path = audit_anchor_path();
	int failed = anchor_to_file(path, line, err); /* verify looks there in any case */

	*place = mem_text(path);
	if (!failed)
		failed = check_place(set, err);
	if (!failed && set && !strcmp(set, "syslog")) {
		openlog("pilothouse", LOG_PID, LOG_AUTHPRIV);
		syslog(LOG_NOTICE, "audit checkpoint %s", compact);
		closelog();
	} else if (!failed && set && !strncmp(set, "command:", 8)) {
		failed = anchor_to_command(set + 8, line, err);
	} else if (!failed && set && *set && strcmp(set, "file")) {
		failed = anchor_to_file(!strncmp(set, "file:", 5) ? set + 5 : set, line, err);
	}
	if (set && *set && !failed) {
		free(*place);
		*place = mem_text(set);
	}
	free(path);
	free(line);
	free(compact);
	return failed;
}

static int on_document(sqlite3_stmt *row, void *arg)
{
	struct json **document = arg;
	const char *text = (const char *)sqlite3_column_text(row, 0);

	*document = text ? json_parse(text, strlen(text), NULL) : NULL;
	return 1;
}

static int last_in(struct sqlite3 *db, void *arg, struct error *err)
{
	return store_query(db, err, on_document, arg, "SELECT document FROM audit_checkpoint ORDER BY size DESC LIMIT 1", "");
}

static int witness(struct audit *audit, const char *where, struct json **receipt, struct error *err)
{
	struct audit_sealing sealing = { .audit = audit };
	char *place = NULL;

	if (!audit->seal)
		audit->seal = seal_open(audit->config ? config_get(audit->config, "audit.key") : NULL, err);
	if (!audit->seal || store_write(audit->store, STORE_DURABLE, audit_checkpoint_in, &sealing, err)) {
		json_free(sealing.document); /* made, and not committed */
		return -1;
	}
	if (!sealing.document && where) /* nothing new: the last one again, where it was asked for */
		store_read(audit->store, last_in, &sealing.document, err);
	if (!sealing.document)
		return 0;
	int failed = anchor(audit, where, sealing.document, &place, err);
	if (!failed) {
		atomic_store(&audit->checkpointed, (unsigned long)json_int(json_get(sealing.document, "size"), 0));
		atomic_fetch_add(&audit->checkpoints, 1);
		atomic_store(&audit->anchored_ns, clock_now_ns());
	}
	if (receipt && !failed) {
		*receipt = json_copy(sealing.document);
		json_set_text(*receipt, "anchor", place);
	}
	free(place);
	json_free(sealing.document);
	return failed;
}

int audit_witness(struct audit *audit, const char *where, struct json **receipt, struct error *err)
{
	pthread_mutex_lock(&audit->witnessing);
	int failed = witness(audit, where, receipt, err);
	pthread_mutex_unlock(&audit->witnessing);
	return failed;
}

int audit_anchor(struct audit *audit, const char *where, struct json **receipt, struct error *err)
{
	const char *set = place_of(audit, where);
	struct json *made = NULL;

	if (check_place(set, err) || audit_witness(audit, set && *set ? set : "file", &made, err))
		return -1;
	if (!made)
		return error_set(err, ERR_NOT_FOUND, "the audit log is empty: there is nothing to anchor yet");
	if (receipt)
		*receipt = made;
	else
		json_free(made);
	return 0;
}
