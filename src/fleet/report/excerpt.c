#include "fleet/report/excerpt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"
#include "fleet/finding/check.h"
#include "fleet/finding/finding.h"
#include "fleet/secrets/secrets.h"
#include "fleet/tree/source.h"

enum { LINE_MAX_BYTES = 2000, LINES_MAX = 200000 };

struct excerpt {
	char **lines;
	size_t count;
};

/* The folder a file lies in, each step looked at: -1 when one is a link, or leads out. *name is the file's own. */
static int open_folder(const char *root, const char *path, const char **name, struct error *err)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *slash;

	for (; fd >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
		char *step = mem_text_n(path, (size_t)(slash - path));
		int inside = *step && strcmp(step, ".") != 0 && strcmp(step, "..") != 0;
		int next = inside ? openat(fd, step, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;

		if (!inside)
			errno = EINVAL;
		int why = errno;

		close(fd);
		free(step);
		fd = next;
		errno = why;
	}
	*name = path;
	if (fd >= 0 && (!*path || !strcmp(path, ".."))) {
		close(fd);
		fd = -1;
		errno = EINVAL;
	}
	if (fd < 0)
		error_errno(err, "%.200s below %.150s", path, root);
	return fd;
}

/* --- blanking --- */

/* One mark for what is hidden: its length is not told. The bytes 0x01 are no text and stand for it until the line is made harmless. */
static void blank(char *bytes, size_t length, size_t from, size_t count)
{
	for (size_t i = from; i < length && i - from < count; i++)
		if (bytes[i] != '\n' && bytes[i] != '\r')
			bytes[i] = 1;
}

static void blank_lines(char *bytes, size_t length, int first, int last)
{
	int line = 1;

	for (size_t i = 0; i < length; i++) {
		if (line >= first && line <= last && bytes[i] != '\n')
			bytes[i] = 1;
		line += bytes[i] == '\n';
	}
}

/* Where text and bytes differ (UTF-16, notebooks) a place in the file is none in the text: whole lines go. */
static void blank_place(const struct source *source, char *bytes, size_t length, size_t offset, size_t count, int line, int end_line)
{
	if (source->lines_in_text)
		blank_lines(bytes, length, line, end_line > line ? end_line : line);
	else
		blank(bytes, length, offset, count);
}

static void blank_found(const struct source *source, const struct findings *findings, char *bytes, size_t length)
{
	for (size_t i = 0; i < findings_count(findings); i++) {
		const struct finding *finding = findings_at(findings, i);
		const struct place *also = finding->also;

		blank_place(source, bytes, length, finding->place.offset, finding->place.length, finding->place.line, finding->place.end_line);
		if (also)
			blank_place(source, bytes, length, also->offset, also->length, also->line, also->end_line);
	}
}

static void blank_row(const struct source *source, const struct json *place, char *bytes, size_t length)
{
	if (place)
		blank_place(source, bytes, length, (size_t)json_int(json_get(place, "offset"), 0), (size_t)json_int(json_get(place, "length"), 0),
			(int)json_int(json_get(place, "line"), 0), (int)json_int(json_get(place, "end_line"), 0));
}

static void blank_known(const struct source *source, const struct json *known, char *bytes, size_t length)
{
	for (const struct json *row = json_first(known); row; row = json_next(row)) {
		const char *path = json_text_or(json_get(row, "path"), "");

		if (strcmp(path, source->path) != 0 || !json_text(json_get(row, "redacted")))
			continue;
		blank_row(source, row, bytes, length);
		blank_row(source, json_get(row, "also"), bytes, length);
	}
}

static int scan(struct source *source, struct findings *findings, struct error *err)
{
	static const uint8_t no_key[SHA256_BYTES];
	struct checks *checks = checks_load(err);
	struct secret_rules *rules = checks ? secret_rules_load(&(struct secret_rules_options){ .checks = checks, .hash_key = no_key }, err) : NULL;
	struct secret_scanner *scanner = rules ? secret_scanner_new(rules) : NULL;

	if (scanner)
		secret_scan(scanner, source, findings);
	int failed = scanner ? 0 : -1;

	secret_scanner_free(scanner);
	secret_rules_free(rules);
	checks_free(checks);
	return failed;
}

/* --- lines --- */

static void add_line(struct excerpt *excerpt, const char *bytes, size_t length)
{
	struct text raw, line;
	size_t limit = length < LINE_MAX_BYTES ? length : LINE_MAX_BYTES;

	text_init(&raw, 4 * LINE_MAX_BYTES);
	text_init(&line, 8 * LINE_MAX_BYTES);
	for (size_t i = 0; i < limit; i++)
		if (bytes[i] != 1)
			text_add_char(&raw, bytes[i]);
		else if (!i || bytes[i - 1] != 1)
			text_add(&raw, "••••");
	safe_add_lines(&line, raw.data, raw.length);
	if (limit < length)
		text_format(&line, " … %zu bytes more", length - limit);
	excerpt->lines = mem_grow(excerpt->lines, excerpt->count + 1, sizeof(*excerpt->lines));
	excerpt->lines[excerpt->count++] = text_take(&line);
	text_release(&raw);
}

static void cut_lines(struct excerpt *excerpt, const char *bytes, size_t length)
{
	while (length && excerpt->count < LINES_MAX) {
		const char *end = memchr(bytes, '\n', length);
		size_t line = end ? (size_t)(end - bytes) : length;

		add_line(excerpt, bytes, line && bytes[line - 1] == '\r' ? line - 1 : line);
		bytes += line + (end != NULL);
		length -= line + (end != NULL);
	}
}

static struct excerpt *make(struct source *source, const struct json *known, struct error *err)
{
	struct findings *findings = findings_new();
	struct excerpt *excerpt = NULL;
	size_t next;

	if (source->kind == SOURCE_BINARY)
		error_set(err, ERR_INVALID, "%.200s is no text", source->path);
	else if (source_more(source, &next))
		error_set(err, ERR_LIMIT, "%.200s is too large to be shown", source->path);
	else if (!scan(source, findings, err)) {
		const char *text = source->lines_in_text ? source->text : source->bytes;
		size_t length = source->lines_in_text ? source->length : source->byte_length;
		char *bytes = mem_alloc(length + 1);

		excerpt = mem_zero(1, sizeof(*excerpt));
		memcpy(bytes, text, length);
		for (size_t i = 0; i < length; i++) /* none of the file's own stands for a blank */
			bytes[i] = bytes[i] == 1 ? '?' : bytes[i];
		blank_found(source, findings, bytes, length);
		blank_known(source, known, bytes, length);
		cut_lines(excerpt, bytes, length);
		explicit_bzero(bytes, length);
		free(bytes);
	}
	findings_free(findings);
	return excerpt;
}

struct excerpt *excerpt_new(const char *root, const struct json *finding, const struct json *known, struct error *err)
{
	const char *path = json_text_or(json_get(finding, "path"), ""), *name;
	struct source source = { 0 };
	struct excerpt *excerpt = NULL;
	int folder = open_folder(root, path, &name, err);

	if (folder >= 0 && !source_load(&source, folder, name, path, 0, err))
		excerpt = make(&source, known, err);
	if (folder >= 0)
		close(folder);
	source_release(&source);
	return excerpt;
}

void excerpt_free(struct excerpt *excerpt)
{
	for (size_t i = 0; excerpt && i < excerpt->count; i++)
		free(excerpt->lines[i]);
	if (excerpt)
		free(excerpt->lines);
	free(excerpt);
}

const char *excerpt_line(const struct excerpt *excerpt, long n)
{
	return n > 0 && (size_t)n <= excerpt->count ? excerpt->lines[n - 1] : NULL;
}
