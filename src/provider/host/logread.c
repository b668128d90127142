#include "provider/host/logread.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/process.h"
#include "provider/host/logtime.h"

enum { PIECE_BYTES = 65536, LOOK_MS = 500, JOURNAL_LINE_MAX = 1 << 20 };

struct reader {
	const char *path, *source;
	const struct log_request *request;
	log_line_fn on_line;
	void *arg;
	int fd;
	off_t offset;
	uint64_t inode;
	char *line;     /* what came of a line whose end did not */
	size_t length;
	int64_t now_ns, last_ns;
	int started;    /* since_ns was reached */
};

static int cancelled(const struct log_request *request)
{
	return request->cancelled && atomic_load((const atomic_int *)request->cancelled);
}

static int open_file(struct reader *reader, struct error *err)
{
	struct stat info;

	reader->fd = open(reader->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (reader->fd < 0)
		return error_errno(err, "opening %.180s", reader->path);
	if (fstat(reader->fd, &info) || !S_ISREG(info.st_mode)) {
		close(reader->fd);
		reader->fd = -1;
		return error_set(err, ERR_INVALID, "%.180s is no plain file", reader->path);
	}
	reader->inode = info.st_ino;
	reader->offset = 0;
	return 0;
}

/* Where the last `tail` lines begin: reads backwards, so that the size of the file does not matter. */
static off_t find_tail(int fd, off_t size, long tail)
{
	char piece[PIECE_BYTES];
	long seen = 0;

	for (off_t end = size; end > 0;) {
		off_t start = end > PIECE_BYTES ? end - PIECE_BYTES : 0;
		ssize_t got = pread(fd, piece, (size_t)(end - start), start);

		if (got <= 0)
			return start;
		for (ssize_t i = got; i-- > 0;) {
			/* the newline that ends the last line divides nothing */
			if (piece[i] == '\n' && start + i != size - 1 && ++seen == tail)
				return start + i + 1;
		}
		end = start;
	}
	return 0;
}

static int hand_over(struct reader *reader, const char *line, size_t length)
{
	if (length && line[length - 1] == '\r')
		length--;
	int64_t at_ns = logtime_parse(line, length, reader->now_ns);

	if (at_ns)
		reader->last_ns = at_ns;
	if (!reader->started && reader->request->since_ns) {
		if (reader->last_ns < reader->request->since_ns)
			return 0; /* a line without a time belongs to the one before */
		reader->started = 1;
	}
	return reader->on_line(reader->arg, at_ns, reader->source, line, length);
}

static int take(struct reader *reader, const char *bytes, size_t length)
{
	while (length) {
		const char *newline = memchr(bytes, '\n', length);
		size_t piece = newline ? (size_t)(newline - bytes) : length;
		size_t room = LOGREAD_LINE_MAX - reader->length;

		memcpy(reader->line + reader->length, bytes, piece < room ? piece : room);
		reader->length += piece < room ? piece : room;
		if (newline) {
			int stop = hand_over(reader, reader->line, reader->length);

			reader->length = 0;
			if (stop)
				return stop;
			piece++;
		}
		bytes += piece;
		length -= piece;
	}
	return 0;
}

/* All there is now. 0, or what on_line said. */
static int read_on(struct reader *reader)
{
	char piece[PIECE_BYTES];
	ssize_t got;

	while (!cancelled(reader->request) && (got = pread(reader->fd, piece, sizeof(piece), reader->offset)) > 0) {
		int stop = take(reader, piece, (size_t)got);

		reader->offset += got;
		if (stop)
			return stop;
	}
	return 0;
}

/* A file that became shorter begins anew; a name that means another file now is opened again. */
static void look_again(struct reader *reader)
{
	struct stat info;

	if (!fstat(reader->fd, &info) && info.st_size < reader->offset) {
		reader->offset = 0;
		reader->length = 0;
	}
	if (stat(reader->path, &info) || !S_ISREG(info.st_mode) || info.st_ino == reader->inode)
		return;
	int old = reader->fd;

	if (open_file(reader, NULL))
		reader->fd = old;
	else
		close(old);
}

static void forget_events(int watch)
{
	char events[4096];

	while (read(watch, events, sizeof(events)) > 0)
		;
}

static int follow(struct reader *reader)
{
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), stop = 0;
	struct pollfd ready = { .fd = watch, .events = POLLIN };

	inotify_add_watch(watch, reader->path, IN_MODIFY | IN_MOVE_SELF | IN_DELETE_SELF | IN_ATTRIB);
	while (!stop && !cancelled(reader->request)) {
		uint64_t inode = reader->inode;

		stop = read_on(reader);
		if (stop)
			break;
		poll(&ready, 1, LOOK_MS); /* the flag is looked at even when nothing comes */
		forget_events(watch);
		stop = read_on(reader);
		look_again(reader);
		reader->now_ns = clock_now_ns();
		if (reader->inode != inode)
			inotify_add_watch(watch, reader->path, IN_MODIFY | IN_MOVE_SELF | IN_DELETE_SELF | IN_ATTRIB);
	}
	close(watch);
	return stop;
}

int logread_file(const char *path, const char *source, const struct log_request *request, log_line_fn on_line, void *arg, struct error *err)
{
	struct reader reader = { .path = path, .source = source, .request = request, .on_line = on_line, .arg = arg, .now_ns = clock_now_ns() };
	struct stat info;

	if (open_file(&reader, err))
		return -1;
	reader.line = mem_alloc(LOGREAD_LINE_MAX);
	if (!fstat(reader.fd, &info)) {
		if (request->tail >= 0)
			reader.offset = request->tail ? find_tail(reader.fd, info.st_size, request->tail) : info.st_size;
		int stop = read_on(&reader);

		if (!stop && request->follow)
			stop = follow(&reader);
		if (!stop && reader.length && !cancelled(request)) /* the last line has no newline */
			hand_over(&reader, reader.line, reader.length);
	}
	free(reader.line);
	close(reader.fd);
	return cancelled(request) && !request->follow ? error_set(err, ERR_CANCELLED, "cancelled") : 0;
}

/* A MESSAGE that is no UTF-8 comes as an array of bytes (systemd.io, Journal Export Formats). */
static char *message_of(const struct json *value, size_t *length)
{
	size_t count = 0;

	if (json_text(value)) {
		*length = strlen(json_text(value));
		return mem_text_n(json_text(value), *length);
	}
	char *bytes = mem_alloc(json_count(value) + 1);

	for (const struct json *item = json_first(value); item && json_is(value, JSON_ARRAY); item = json_next(item))
		bytes[count++] = (char)json_int(item, '?');
	*length = count;
	return bytes;
}

int logread_journal_line(const char *bytes, size_t length, log_line_fn on_line, void *arg)
{
	struct json *json = json_parse(bytes, length, NULL);

	if (!json_is(json, JSON_OBJECT)) {
		json_free(json);
		return 0;
	}
	const char *stamp = json_text_or(json_get(json, "__REALTIME_TIMESTAMP"), "");
	const char *source = json_text(json_get(json, "_SYSTEMD_UNIT"));
	long long micros = strtoll(stamp, NULL, 10);
	size_t message_length;
	char *message = message_of(json_get(json, "MESSAGE"), &message_length);

	if (!source)
		source = json_text_or(json_get(json, "SYSLOG_IDENTIFIER"), "journal");
	int stop = on_line(arg, micros > 0 && micros < INT64_MAX / 1000 ? micros * 1000 : 0, source, message, message_length);

	free(message);
	json_free(json);
	return stop;
}

struct journal {
	log_line_fn on_line;
	void *arg;
	char *line;
	size_t length;
	int too_long;
};

static int take_journal(void *arg, const char *bytes, size_t length)
{
	struct journal *journal = arg;

	while (length) {
		const char *newline = memchr(bytes, '\n', length);
		size_t piece = newline ? (size_t)(newline - bytes) : length;

		if (journal->length + piece > JOURNAL_LINE_MAX)
			journal->too_long = 1; /* core dumps are in there, too: such an entry is left out */
		if (!journal->too_long) {
			memcpy(journal->line + journal->length, bytes, piece);
			journal->length += piece;
		}
		if (newline) {
			int stop = journal->too_long ? 0 : logread_journal_line(journal->line, journal->length, journal->on_line, journal->arg);

			journal->length = 0;
			journal->too_long = 0;
			if (stop)
				return stop;
			piece++;
		}
		bytes += piece;
		length -= piece;
	}
	return 0;
}

int logread_journal(const char *unit, const struct log_request *request, log_line_fn on_line, void *arg, struct error *err)
{
	struct journal journal = { .on_line = on_line, .arg = arg };
	char lines[32], since[40];
	const char *argv[12] = { "journalctl", "-o", "json", "--no-pager", "-q" };
	size_t count = 5;

	snprintf(lines, sizeof(lines), "--lines=%ld", request->tail);
	snprintf(since, sizeof(since), "--since=@%lld", (long long)(request->since_ns / CLOCK_SECOND_NS));
	argv[count++] = request->tail >= 0 ? lines : "--lines=all";
	if (request->since_ns)
		argv[count++] = since;
	if (request->follow)
		argv[count++] = "--follow";
	if (request->previous)
		argv[count++] = "--boot=-1";
	if (unit) {
		argv[count++] = "-u";
		argv[count++] = unit;
	}
	const struct process_request run = { .argv = argv, .timeout_ms = request->follow ? -1 : 60000, .cancelled = request->cancelled,
		.on_output = take_journal, .arg = &journal };
	struct process_result result = { 0 };

	journal.line = mem_alloc(JOURNAL_LINE_MAX);
	int status = process_run(&run, &result, err);

	free(journal.line);
	if (!status && result.status == 1 && result.errors && *result.errors)
		status = error_set(err, ERR_IO, "journalctl: %.200s", result.errors);
	process_release(&result);
	return status;
}
