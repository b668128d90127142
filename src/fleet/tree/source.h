/* source.h - one file as it was read: its bytes, and the text that checks look at. The two differ for UTF-16 and notebooks; a place in
 * the text is told as a place in the file. Read, not mapped: a file that shrinks under us is no signal, only short. */
#ifndef FLEET_SOURCE_H
#define FLEET_SOURCE_H

#include <stddef.h>

#include "fleet/finding/finding.h"

struct error;

enum source_kind {
	SOURCE_TEXT, SOURCE_PYTHON, SOURCE_SCRIPT /* JavaScript and TypeScript */, SOURCE_NOTEBOOK, SOURCE_YAML, SOURCE_JSON, SOURCE_TOML, SOURCE_INI,
	SOURCE_ENV, SOURCE_DOCKERFILE, SOURCE_TERRAFORM, SOURCE_REQUIREMENTS, SOURCE_MARKDOWN, SOURCE_SHELL, SOURCE_LOCK, SOURCE_BINARY,
	SOURCE_KIND_COUNT
};

enum { SOURCE_SLACK = 64, /* zero bytes after the text */
	SOURCE_MAX_BYTES = 512 << 20, SOURCE_WHOLE_BYTES = 16 << 20 /* larger ones are read in windows, for secrets only */ };

struct source {
	const char *path; /* from the root of the report; valid as long as the caller's */
	enum source_kind kind;
	const char *text; /* UTF-8 where the file is text at all; what rules see */
	size_t length;
	const char *bytes; /* the file; the same pointer as text for most */
	size_t byte_length;
	size_t base;      /* of a window: where its bytes begin in the file, and its first line minus 1 */
	int base_line;
	int base_column;  /* characters of that line before the window */
	/* private */
	struct source_piece *pieces; /* where text and bytes differ, ordered */
	size_t piece_count;
	size_t *lines; /* offsets of line starts, made when first asked for */
	size_t line_count;
	char *owned_text, *owned_bytes;
	size_t text_room, byte_room; /* buffers are kept for the next file */
	size_t file_bytes;           /* as the file was when opened */
	size_t next_from;            /* the window that follows, and the lines before it */
	int next_line, next_column;
	struct { size_t offset; int column; } seen; /* of the place told last: places are asked for in order, and a line may be the whole file */
	int encoding, lines_in_text; /* lines are those of the text (UTF-16), else those of the bytes */
};

enum source_kind source_kind_of(const char *path, const char *bytes, size_t length); /* by name, then by "#!" and content */
/* Zeroed before the first call, reused for the next file, released at the end. 0; -1: ERR_IO, ERR_NOT_FOUND (vanished), ERR_LIMIT. Reads at most one window of
 * SOURCE_WHOLE_BYTES from `from`; source_more says whether there is another: windows overlap by 64 KiB so that no secret is cut. */
int source_load(struct source *source, int folder, const char *name, const char *path, size_t from, struct error *err);
int source_of_bytes(struct source *source, const char *path, const char *bytes, size_t length); /* copies; for tests, archives and history */
int source_more(const struct source *source, size_t *next); /* 1: load again from *next */
void source_release(struct source *source);
/* Place of a range of the text. */
struct place source_place(struct source *source, size_t offset, size_t length);
/* The whole line around an offset of the text, without its end; valid until the next load. */
const char *source_line(const struct source *source, size_t offset, size_t *length);

#endif
