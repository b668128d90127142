#include "fleet/secrets/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/error.h"
#include "base/mem.h"
#include "fleet/finding/finding.h"
#include "fleet/secrets/secrets.h"
#include "fleet/tree/source.h"

enum { READ_MAX_BYTES = 256 << 20, FILES_MAX = 100000, NAME_MAX_BYTES = 1024, CHUNK = 64 << 10, BLOCK = 512 };
#define UNPACKED_MAX_BYTES ((int64_t)1 << 30)

struct archive {
	struct secret_scanner *scanner;
	struct findings *findings;
	struct secrets_archive *seen;
	const char *path;
	int is_inner;      /* an archive in an archive: none in it is opened */
	int64_t *unpacked; /* bytes that came out of it and of those in it, looked at or not */
	struct source source;
	unsigned char *bytes; /* of the archive */
	size_t length;
	/* A tar that comes in pieces. */
	unsigned char head[BLOCK];
	size_t head_length;
	char name[NAME_MAX_BYTES], long_name[NAME_MAX_BYTES];
	char type;
	size_t left, padding;
	char *file; /* bytes of the file that is coming, room for SOURCE_WHOLE_BYTES; NULL: not wanted */
	size_t file_length;
	int ended;
};

int secrets_archive_is(const char *path)
{
	static const char *const endings[] = { ".zip", ".jar", ".war", ".whl", ".egg", ".tar", ".tgz", ".tar.gz", ".gz", ".nupkg", ".vsix", ".mcpb", ".dxt" };
	size_t length = strlen(path);

	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		size_t n = strlen(endings[i]);

		if (length > n && !strcasecmp(path + length - n, endings[i]))
			return 1;
	}
	return 0;
}

/* --- a file inside --- */

static int has_room(struct archive *a, size_t size)
{
	if (a->seen->files < FILES_MAX && size <= SOURCE_WHOLE_BYTES && *a->unpacked + (int64_t)size <= UNPACKED_MAX_BYTES)
		return 1;
	a->seen->skipped++;
	return 0;
}

static int read_archive(struct archive *a, struct error *err);

/* One level: what is packed deeper is counted as not looked at. All limits are the outer one's. */
static void open_inner(struct archive *a, const char *name, const char *bytes, size_t length)
{
	char *path = mem_format("%s!/%s", a->path, name);
	struct archive inner = { .scanner = a->scanner, .findings = a->findings, .seen = a->seen, .path = path, .is_inner = 1, .unpacked = a->unpacked,
		.bytes = (unsigned char *)(uintptr_t)bytes, .length = length };

	if (a->is_inner || read_archive(&inner, NULL))
		a->seen->skipped++;
	source_release(&inner.source);
	free(inner.file);
	free(path);
}

static void scan_inner(struct archive *a, const char *name, const char *bytes, size_t length)
{
	if (secrets_archive_is(name)) {
		open_inner(a, name, bytes, length);
		return;
	}
	struct findings *found = findings_new();
	char *path = mem_format("%s!/%s", a->path, name);

	source_of_bytes(&a->source, path, bytes, length);
	secret_scan(a->scanner, &a->source, found);
	for (size_t i = 0; i < findings_count(found); i++) {
		struct finding finding = *findings_at(found, i);
		char *message = mem_format("%s; in a file of an archive", finding.message);

		finding.message = message;
		finding.fixability = FIX_STRUCTURAL;
		findings_add(a->findings, &finding);
		free(message);
	}
	a->seen->files++;
	a->seen->bytes += (int64_t)length;
	findings_free(found);
	free(path);
}

/* --- zip: PKWARE's APPNOTE, 4.3 --- */

static unsigned two(const unsigned char *b)
{
	return (unsigned)b[0] | (unsigned)b[1] << 8;
}

static size_t four(const unsigned char *b)
{
	return (size_t)two(b) | (size_t)two(b + 2) << 16;
}

/* The end record is in the last 65,557 bytes: a comment may follow it. */
static const unsigned char *zip_end(const struct archive *a)
{
	size_t least = a->length > 65557 ? a->length - 65557 : 0;

	for (size_t i = a->length < 22 ? 0 : a->length - 22 + 1; i-- > least;)
		if (!memcmp(a->bytes + i, "PK\5\6", 4))
			return a->bytes + i;
	return NULL;
}

/* Unpacks at most `size` bytes. Returns how many; SIZE_MAX: it is broken. */
static size_t inflate_raw(const unsigned char *in, size_t in_length, char *out, size_t size)
{
	z_stream stream = { .next_in = (unsigned char *)(uintptr_t)in, .avail_in = (uInt)in_length, .next_out = (unsigned char *)out, .avail_out = (uInt)size };
	int status;

	if (inflateInit2(&stream, -15) != Z_OK)
		return SIZE_MAX;
	status = inflate(&stream, Z_FINISH);
	inflateEnd(&stream);
	return status == Z_STREAM_END || (status == Z_BUF_ERROR && !stream.avail_out) ? size - stream.avail_out : SIZE_MAX;
}

static size_t eight(const unsigned char *b)
{
	return four(b) | four(b + 4) << 32;
}

/* Zip64 (4.5.3): what does not fit into four bytes stands behind the name, in this order. */
static void read_zip64(const unsigned char *entry, size_t *size, size_t *packed, size_t *at)
{
	const unsigned char *extra = entry + 46 + two(entry + 28), *end = extra + two(entry + 30);
	size_t *values[] = { size, packed, at };

	for (; end - extra >= 4 && end - extra >= 4 + (long)two(extra + 2); extra += 4 + two(extra + 2)) {
		const unsigned char *value = extra + 4, *stop = value + two(extra + 2);

		for (size_t i = 0; two(extra) == 1 && i < sizeof(values) / sizeof(*values); i++)
			if (*values[i] == 0xffffffff && stop - value >= 8) {
				*values[i] = eight(value);
				value += 8;
			}
	}
}

static int zip_entry(struct archive *a, const unsigned char *entry, struct error *err)
{
	size_t packed = four(entry + 20), size = four(entry + 24), at = four(entry + 42), length;
	unsigned flags = two(entry + 8), method = two(entry + 10), name_length = two(entry + 28);
	char name[NAME_MAX_BYTES], *out;

	if (!name_length || name_length >= sizeof(name) || entry[46 + name_length - 1] == '/')
		return 0;
	memcpy(name, entry + 46, name_length);
	name[name_length] = '\0';
	read_zip64(entry, &size, &packed, &at);
	if (flags & 1 || (method != 0 && method != 8)) {
		a->seen->skipped++;
		return 0;
	}
	if (!has_room(a, size))
		return 0;
	if (at > a->length || a->length - at < 30 || memcmp(a->bytes + at, "PK\3\4", 4) != 0)
		return error_set(err, ERR_FORMAT, "a file of the zip archive is not where its list says");
	at += 30 + two(a->bytes + at + 26) + two(a->bytes + at + 28);
	if (at > a->length || packed > a->length - at || (method == 0 && packed < size))
		return error_set(err, ERR_FORMAT, "a file of the zip archive goes on past its end");
	out = mem_alloc(size + 1);
	length = method == 8 ? inflate_raw(a->bytes + at, packed, out, size) : size;
	if (method == 0)
		memcpy(out, a->bytes + at, size);
	if (length != SIZE_MAX) {
		*a->unpacked += (int64_t)length;
		scan_inner(a, name, out, length);
	}
	free(out);
	return length == SIZE_MAX ? error_set(err, ERR_FORMAT, "a file of the zip archive cannot be unpacked") : 0;
}

/* The locator (4.3.15) stands before the end record. NULL: the archive is none of Zip64. */
static const unsigned char *zip64_end(const struct archive *a, const unsigned char *end)
{
	const unsigned char *locator = end - a->bytes >= 20 ? end - 20 : NULL;
	size_t at;

	if (!locator || memcmp(locator, "PK\6\7", 4) != 0)
		return NULL;
	at = eight(locator + 8);
	return at <= a->length && a->length - at >= 56 && !memcmp(a->bytes + at, "PK\6\6", 4) ? a->bytes + at : NULL;
}

static int read_zip(struct archive *a, struct error *err)
{
	const unsigned char *end = zip_end(a), *end64;
	size_t at, count;
	int failed = 0;

	if (!end)
		return error_set(err, ERR_FORMAT, "the zip archive has no end record");
	at = four(end + 16);
	count = two(end + 10);
	if ((end64 = zip64_end(a, end))) {
		at = eight(end64 + 48);
		count = eight(end64 + 32);
	}
	for (size_t i = 0; i < count; i++) {
		size_t length;

		if (at > a->length || a->length - at < 46 || memcmp(a->bytes + at, "PK\1\2", 4) != 0)
			return error_set(err, ERR_FORMAT, "the list of the zip archive is broken");
		length = 46 + (size_t)two(a->bytes + at + 28) + two(a->bytes + at + 30) + two(a->bytes + at + 32);
		if (length > a->length - at)
			return error_set(err, ERR_FORMAT, "the list of the zip archive is cut");
		failed |= zip_entry(a, a->bytes + at, err);
		at += length;
	}
	return failed ? -1 : 0;
}

/* --- tar: POSIX.1-1988 ustar, and GNU's long names --- */

static size_t octal(const unsigned char *digits, size_t length)
{
	size_t value = 0;

	for (size_t i = 0; i < length && digits[i] != 0; i++)
		if (digits[i] >= '0' && digits[i] <= '7')
			value = value * 8 + (size_t)(digits[i] - '0');
	return value;
}

static void tar_head(struct archive *a)
{
	const unsigned char *h = a->head;
	size_t size = octal(h + 124, 12);

	if (!*h) {
		a->ended = 1;
		return;
	}
	a->type = (char)h[156];
	a->left = size;
	a->padding = (BLOCK - size % BLOCK) % BLOCK;
	if (*a->long_name)
		snprintf(a->name, sizeof(a->name), "%s", a->long_name);
	else if (!memcmp(h + 257, "ustar", 5) && h[345])
		snprintf(a->name, sizeof(a->name), "%.155s/%.100s", (const char *)h + 345, (const char *)h);
	else
		snprintf(a->name, sizeof(a->name), "%.100s", (const char *)h);
	if (a->type != 'x' && a->type != 'L')
		a->long_name[0] = '\0';
	a->file_length = 0;
	if ((a->type == '0' || !a->type || a->type == 'L' || a->type == 'x') && size && has_room(a, size))
		a->file = mem_alloc(size + 1);
}

/* "27 path=sub/name\n" of a pax head. */
static void pax_name(struct archive *a)
{
	const char *path = memmem(a->file, a->file_length, " path=", 6), *end;

	if (!path)
		return;
	path += 6;
	end = memchr(path, '\n', a->file_length - (size_t)(path - a->file));
	if (end && (size_t)(end - path) < sizeof(a->long_name))
		snprintf(a->long_name, sizeof(a->long_name), "%.*s", (int)(end - path), path);
}

static void tar_file_ends(struct archive *a)
{
	if (!a->file)
		return;
	a->file[a->file_length] = '\0';
	if (a->type == 'L')
		snprintf(a->long_name, sizeof(a->long_name), "%s", a->file);
	else if (a->type == 'x')
		pax_name(a);
	else
		scan_inner(a, a->name, a->file, a->file_length);
	free(a->file);
	a->file = NULL;
}

static size_t least_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void take_tar(struct archive *a, const unsigned char *bytes, size_t length)
{
	while (length && !a->ended) {
		size_t n;

		if (a->left) {
			n = least_of(a->left, length);
			if (a->file)
				memcpy(a->file + a->file_length, bytes, n), a->file_length += n;
			a->left -= n;
			if (!a->left)
				tar_file_ends(a);
		} else if (a->padding) {
			n = least_of(a->padding, length);
			a->padding -= n;
		} else {
			n = least_of(BLOCK - a->head_length, length);
			memcpy(a->head + a->head_length, bytes, n);
			a->head_length += n;
			if (a->head_length == BLOCK) {
				a->head_length = 0;
				tar_head(a);
			}
		}
		bytes += n;
		length -= n;
	}
}

static int is_tar(const unsigned char *bytes, size_t length)
{
	return length >= BLOCK && !memcmp(bytes + 257, "ustar", 5);
}

/* --- gzip --- */

/* One file, named as the archive without its ending. */
static void single_file(struct archive *a, const unsigned char *bytes, size_t length)
{
	const char *slash = strrchr(a->path, '/');
	char name[NAME_MAX_BYTES];
	size_t n = (size_t)snprintf(name, sizeof(name), "%.1000s", slash ? slash + 1 : a->path);

	if (n > 3 && !strcasecmp(name + n - 3, ".gz"))
		name[n - 3] = '\0';
	scan_inner(a, name, (const char *)bytes, length);
}

static int read_gzip(struct archive *a, struct error *err)
{
	z_stream stream = { .next_in = a->bytes, .avail_in = (uInt)a->length };
	unsigned char *out = mem_alloc(SOURCE_WHOLE_BYTES);
	int status = Z_OK, tar = -1;
	int64_t total = 0;

	if (inflateInit2(&stream, 15 + 16) != Z_OK) {
		free(out);
		return error_set(err, ERR_FORMAT, "the gzip archive cannot be unpacked");
	}
	/* A tar goes through in chunks; another file must fit whole. */
	while (status == Z_OK && !a->ended && *a->unpacked <= UNPACKED_MAX_BYTES) {
		size_t room = tar == 1 ? CHUNK : SOURCE_WHOLE_BYTES, got;

		stream.next_out = out;
		stream.avail_out = (uInt)(tar < 0 ? BLOCK : room);
		if (tar == 0)
			stream.next_out = out + BLOCK, stream.avail_out = (uInt)(SOURCE_WHOLE_BYTES - BLOCK);
		got = stream.avail_out;
		status = inflate(&stream, Z_NO_FLUSH);
		got -= stream.avail_out;
		total += (int64_t)got;
		*a->unpacked += (int64_t)got;
		if (tar < 0)
			tar = is_tar(out, got);
		else if (tar == 0)
			break;
		if (tar == 1)
			take_tar(a, out, got);
	}
	if (tar == 0 && status != Z_STREAM_END)
		a->seen->skipped++;
	else if (tar == 0)
		single_file(a, out, (size_t)total);
	inflateEnd(&stream);
	free(out);
	a->seen->skipped += *a->unpacked > UNPACKED_MAX_BYTES;
	return status == Z_OK || status == Z_STREAM_END || a->ended ? 0 : error_set(err, ERR_FORMAT, "the gzip archive cannot be unpacked to its end");
}

/* --- the archive --- */

static int load(struct archive *a, int folder, struct error *err)
{
	int fd = openat(folder, a->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat about;
	ssize_t n = 1;

	if (fd < 0 || fstat(fd, &about) || !S_ISREG(about.st_mode) || about.st_size > READ_MAX_BYTES) {
		int failed = fd < 0 ? error_errno(err, "cannot be opened") : error_set(err, ERR_LIMIT, "is no plain file of at most %d MiB", READ_MAX_BYTES >> 20);

		if (fd >= 0)
			close(fd);
		return failed;
	}
	a->bytes = mem_alloc((size_t)about.st_size + 1);
	while (n > 0 && a->length < (size_t)about.st_size) {
		n = pread(fd, a->bytes + a->length, (size_t)about.st_size - a->length, (off_t)a->length);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			a->length += (size_t)n;
	}
	close(fd);
	return n < 0 ? error_set(err, ERR_IO, "cannot be read") : 0;
}

static int read_archive(struct archive *a, struct error *err)
{
	if (a->length > 4 && !memcmp(a->bytes, "PK", 2))
		return read_zip(a, err);
	if (a->length > 18 && a->bytes[0] == 0x1f && a->bytes[1] == 0x8b)
		return read_gzip(a, err);
	if (!is_tar(a->bytes, a->length))
		return error_set(err, ERR_FORMAT, "is no zip, tar or gzip archive");
	take_tar(a, a->bytes, a->length);
	return 0;
}

int secrets_archive(struct secret_scanner *scanner, int folder, const char *path, struct findings *findings, struct secrets_archive *seen, struct error *err)
{
	int64_t unpacked = 0;
	struct archive a = { .scanner = scanner, .findings = findings, .seen = seen, .path = path, .unpacked = &unpacked };
	int failed;

	*seen = (struct secrets_archive){ 0 };
	failed = load(&a, folder, err) || read_archive(&a, err);
	source_release(&a.source);
	free(a.bytes);
	free(a.file);
	return failed ? -1 : 0;
}
