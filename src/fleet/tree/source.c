#include "fleet/tree/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/safe.h"
#include "fleet/tree/source_private.h"

enum { OVERLAP_BYTES = 64 << 10 };

/* What the last text left behind goes; buffers stay, unless a large file made them larger than the next ones need. */
static void forget(struct source *source)
{
	source->pieces = NULL;
	source->piece_count = source->line_count = 0;
	source->text = source->bytes = "";
	source->length = source->byte_length = 0;
	source->lines_in_text = 0;
}

static void drop_tables(struct source *source)
{
	free(source->pieces);
	free(source->lines);
	source->pieces = NULL;
	source->lines = NULL;
}

static void reserve(char **buffer, size_t *room, size_t bytes)
{
	enum { KEPT_BYTES = 1 << 20 };

	if (*room >= bytes && (*room <= KEPT_BYTES || bytes > KEPT_BYTES))
		return;
	free(*buffer);
	*room = bytes < 64 << 10 ? 64 << 10 : bytes;
	*buffer = mem_alloc(*room);
}

void source_release(struct source *source)
{
	drop_tables(source);
	free(source->owned_text);
	free(source->owned_bytes);
	*source = (struct source){ 0 };
}

void source_begin_text(struct source *source, size_t most)
{
	reserve(&source->owned_text, &source->text_room, most + SOURCE_SLACK);
	source->text = source->owned_text;
	source->length = 0;
}

static void add_piece(struct source *source, size_t byte, unsigned scale)
{
	source->pieces = mem_grow(source->pieces, source->piece_count + 1, sizeof(*source->pieces));
	source->pieces[source->piece_count++] = (struct source_piece){ source->length, byte, scale };
}

/* 1: the piece before goes on as it did. */
static int continues(const struct source *source, size_t byte, unsigned scale)
{
	const struct source_piece *last = source->piece_count ? &source->pieces[source->piece_count - 1] : NULL;

	return last && scale && last->scale == scale && last->byte + (source->length - last->text) * scale == byte;
}

void source_put(struct source *source, const char *text, size_t length, size_t byte, unsigned scale)
{
	if (!length)
		return;
	if (!continues(source, byte, scale))
		add_piece(source, byte, scale);
	memcpy(source->owned_text + source->length, text, length);
	source->length += length;
}

/* NULs on one side only, and often: text of two bytes a character without a mark. */
static int looks_utf16(const unsigned char *bytes, size_t length, int big_endian)
{
	size_t zero = 0, other = 0;

	length = (length > 512 ? 512 : length) & ~(size_t)1;
	for (size_t i = 0; i < length; i += 2) {
		zero += !bytes[i + !big_endian];
		other += !bytes[i + big_endian];
	}
	return length >= 16 && !other && zero * 10 >= length * 4;
}

static enum source_encoding encoding_of(const char *bytes, size_t length)
{
	const unsigned char *b = (const unsigned char *)bytes;

	if (length >= 2 && b[0] == 0xff && b[1] == 0xfe)
		return ENCODING_UTF16_LE;
	if (length >= 2 && b[0] == 0xfe && b[1] == 0xff)
		return ENCODING_UTF16_BE;
	if (length >= 3 && b[0] == 0xef && b[1] == 0xbb && b[2] == 0xbf)
		return ENCODING_UTF8_MARK;
	if (looks_utf16(b, length, 0))
		return ENCODING_UTF16_LE;
	return looks_utf16(b, length, 1) ? ENCODING_UTF16_BE : ENCODING_PLAIN;
}

static void end_text(struct source *source)
{
	memset(source->owned_text + source->length, 0, SOURCE_SLACK);
}

/* bytes and byte_length are set: what text they are. */
static void make_text(struct source *source)
{
	size_t mark = source->encoding == ENCODING_UTF8_MARK && !source->base ? 3 : 0;

	source->text = source->bytes + mark;
	source->length = source->byte_length - mark;
	if (mark)
		source->pieces = mem_grow(NULL, 1, sizeof(*source->pieces)),
		source->pieces[source->piece_count++] = (struct source_piece){ 0, mark, 1 };
	if (source->encoding == ENCODING_UTF16_LE || source->encoding == ENCODING_UTF16_BE) {
		source_decode_utf16(source, source->encoding == ENCODING_UTF16_BE);
		end_text(source);
		source->lines_in_text = 1;
	}
	source->kind = source_kind_of(source->path, source->text, source->length);
	if (source->kind == SOURCE_BINARY) {
		source->text = source->bytes + source->byte_length; /* empty, and zeros behind it as behind every text */
		source->length = 0;
	}
	if (source->kind == SOURCE_NOTEBOOK && source->encoding < ENCODING_UTF16_LE) {
		if (source->base || source_decode_notebook(source))
			source->kind = SOURCE_JSON;
		else
			end_text(source);
	}
}

int source_of_bytes(struct source *source, const char *path, const char *bytes, size_t length)
{
	drop_tables(source);
	forget(source);
	reserve(&source->owned_bytes, &source->byte_room, length + SOURCE_SLACK);
	memcpy(source->owned_bytes, bytes, length);
	memset(source->owned_bytes + length, 0, SOURCE_SLACK);
	source->path = path;
	source->bytes = source->owned_bytes;
	source->byte_length = source->file_bytes = length;
	source->base = source->next_from = 0;
	source->base_line = source->next_line = source->base_column = source->next_column = 0;
	source->encoding = (int)encoding_of(bytes, length);
	make_text(source);
	return 0;
}

/* Fills the buffer from the file at `from`. A file that shrank gives less. */
static int read_window(struct source *source, int fd, size_t from, size_t want, struct error *err)
{
	size_t got = 0;

	reserve(&source->owned_bytes, &source->byte_room, want + SOURCE_SLACK);
	while (got < want) {
		ssize_t n = pread(fd, source->owned_bytes + got, want - got, (off_t)(from + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "reading it failed");
		if (!n)
			break;
		got += (size_t)n;
	}
	memset(source->owned_bytes + got, 0, SOURCE_SLACK);
	source->bytes = source->owned_bytes;
	source->byte_length = got;
	return 0;
}

static int characters(const char *bytes, size_t from, size_t to)
{
	int count = 0;

	for (; from < to; from++)
		count += (bytes[from] & 0xc0) != 0x80;
	return count;
}

/* Lines that end in the bytes, and the characters behind the last of them. */
static int count_lines(const char *bytes, size_t length, int *column)
{
	int count = 0;

	for (const char *at = bytes, *end = bytes + length; (at = memchr(at, '\n', (size_t)(end - at))); at++)
		count++;
	const char *last = memrchr(bytes, '\n', length);

	*column = characters(bytes, last ? (size_t)(last - bytes) + 1 : 0, length) + (count ? 0 : *column);
	return count;
}

/* The window is read: where the next begins, and the place it begins at. */
static void plan_next(struct source *source, size_t from, int line, int column)
{
	size_t step = source->byte_length > OVERLAP_BYTES ? source->byte_length - OVERLAP_BYTES : source->byte_length;

	source->base = from;
	source->base_line = line;
	source->base_column = column;
	source->next_from = from + source->byte_length;
	source->next_line = line;
	source->next_column = column;
	if (source->next_from >= source->file_bytes)
		return;
	source->next_from = from + step;
	source->next_line = line + count_lines(source->bytes, step, &source->next_column);
}

static int check_file(struct source *source, int fd, size_t from, struct error *err)
{
	struct stat status;

	if (fstat(fd, &status))
		return error_errno(err, "cannot be looked at");
	if (!S_ISREG(status.st_mode))
		return error_set(err, ERR_INVALID, "is no regular file");
	if (status.st_size > SOURCE_MAX_BYTES)
		return error_set(err, ERR_LIMIT, "is larger than %d MiB and was not read; exclude it in .cockpitignore", SOURCE_MAX_BYTES >> 20);
	source->file_bytes = (size_t)status.st_size;
	if (from && from != source->next_from)
		return error_set(err, ERR_INVALID, "is read in order only");
	return 0;
}

/* O_NONBLOCK: a FIFO put in the file's place must not hold us. */
static int open_file(int folder, const char *name, struct error *err)
{
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 && errno == ENOENT)
		error_set(err, ERR_NOT_FOUND, "vanished while it was looked for");
	else if (fd < 0)
		error_errno(err, "cannot be opened");
	return fd;
}

int source_load(struct source *source, int folder, const char *name, const char *path, size_t from, struct error *err)
{
	int fd = open_file(folder, name, err), failed;
	size_t want;

	drop_tables(source);
	forget(source);
	if (fd < 0)
		return -1;
	source->path = path;
	failed = check_file(source, fd, from, err);
	want = failed || source->file_bytes < from ? 0 : source->file_bytes - from;
	want = want > SOURCE_WHOLE_BYTES ? SOURCE_WHOLE_BYTES : want;
	failed = failed || read_window(source, fd, from, want, err);
	close(fd);
	if (failed) {
		forget(source);
		return -1;
	}
	plan_next(source, from, from ? source->next_line : 0, from ? source->next_column : 0);
	if (!from)
		source->encoding = (int)encoding_of(source->bytes, source->byte_length);
	make_text(source);
	return 0;
}

int source_more(const struct source *source, size_t *next)
{
	*next = source->next_from;
	return source->kind != SOURCE_BINARY && source->byte_length && source->next_from < source->file_bytes;
}

/* Where a byte of the text stands in the bytes. */
static size_t byte_of(const struct source *source, size_t offset)
{
	size_t low = 0, high = source->piece_count;
	const struct source_piece *piece;

	if (!high)
		return offset;
	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (source->pieces[middle].text <= offset)
			low = middle;
		else
			high = middle;
	}
	piece = &source->pieces[low];
	return offset < piece->text ? piece->byte : piece->byte + (offset - piece->text) * piece->scale;
}

static void find_lines(struct source *source)
{
	const char *bytes = source->lines_in_text ? source->text : source->bytes;
	size_t length = source->lines_in_text ? source->length : source->byte_length, count = 1;

	source->lines = mem_grow(source->lines, 1, sizeof(*source->lines));
	source->lines[0] = 0;
	for (const char *at = bytes, *end = bytes + length; (at = memchr(at, '\n', (size_t)(end - at)));) {
		at++;
		source->lines = mem_grow(source->lines, count + 1, sizeof(*source->lines));
		source->lines[count++] = (size_t)(at - bytes);
	}
	source->line_count = count;
	source->seen.offset = 0;
	source->seen.column = 1 + source->base_column;
}

/* Line (from 0) that holds the offset. */
static size_t line_at(const struct source *source, size_t offset)
{
	size_t low = 0, high = source->line_count;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (source->lines[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static void line_and_column(struct source *source, size_t offset, int *line, int *column)
{
	const char *bytes = source->lines_in_text ? source->text : source->bytes;
	size_t found = line_at(source, offset), end = found + 1 < source->line_count ? source->lines[found + 1] : SIZE_MAX;

	*line = (int)found + 1 + source->base_line;
	if (source->seen.offset < source->lines[found] || source->seen.offset >= end || (source->seen.offset > offset && source->seen.offset - offset > offset - source->lines[found]))
		source->seen.offset = source->lines[found], source->seen.column = found ? 1 : 1 + source->base_column;
	source->seen.column += source->seen.offset < offset ? characters(bytes, source->seen.offset, offset) : -characters(bytes, offset, source->seen.offset);
	source->seen.offset = offset;
	*column = source->seen.column;
}

struct place source_place(struct source *source, size_t offset, size_t length)
{
	struct place place = { 0 };
	size_t end, from, to;

	offset = offset > source->length ? source->length : offset;
	length = length > source->length - offset ? source->length - offset : length;
	/* The end is that of the last byte, so that a gap between pieces is not taken in. */
	from = byte_of(source, offset);
	end = length ? byte_of(source, offset + length - 1) : from;
	to = length ? byte_of(source, offset + length) : from;
	if (length && source->piece_count)
		to = to > end && to - end <= 12 ? to : end + 1;
	place.offset = source->base + from;
	place.length = to - from;
	if (!source->line_count)
		find_lines(source);
	line_and_column(source, source->lines_in_text ? offset : from, &place.line, &place.column);
	line_and_column(source, source->lines_in_text ? offset + length : to, &place.end_line, &place.end_column);
	return place;
}

const char *source_line(const struct source *source, size_t offset, size_t *length)
{
	const char *start, *end;

	offset = offset > source->length ? source->length : offset;
	start = offset ? memrchr(source->text, '\n', offset) : NULL;
	start = start ? start + 1 : source->text;
	end = memchr(source->text + offset, '\n', source->length - offset);
	end = end ? end : source->text + source->length;
	if (end > start && end[-1] == '\r')
		end--;
	*length = (size_t)(end - start);
	return start;
}
