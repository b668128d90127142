/* edits.h - replacements in the bytes of a file, and the lines they change as a person reads them. */
#ifndef PROVIDER_FILES_EDITS_H
#define PROVIDER_FILES_EDITS_H

#include <stddef.h>

struct error;
struct json;

struct edit {
	size_t offset, length;
	const char *text; /* owned by the list they were read from */
	size_t text_length;
};

struct edits {
	struct json *tree;
	struct edit *rows;
	size_t count;
};

/* A JSON list of {"offset","length","text"}: in order, not overlapping, within size bytes; at most 10,000. ERR_INVALID says which is wrong. */
int edits_read(const char *json, size_t size, struct edits *edits, struct error *err);
void edits_release(struct edits *edits);
/* The bytes afterwards, NUL-terminated; yours. */
char *edits_apply(const struct edits *edits, const char *bytes, size_t length, size_t *result_length);
/* {"line 12": "old"} and {"line 12": "new", "line 14, new": "inserted"}; bytes of `hidden` (text is not looked at) show as "*". Yours. */
void edits_show(const struct edits *edits, const struct edits *hidden, const char *bytes, size_t length, struct json **before, struct json **after);

#endif
