#include "provider/files/edits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"

enum { EDITS_MAX = 10000, LINE_MAX = 2000, SHOWN_MAX = 400 };

int edits_read(const char *json, size_t size, struct edits *edits, struct error *err)
{
	size_t end = 0;

	*edits = (struct edits){ .tree = json_parse(json, strlen(json), err) };
	if (!edits->tree)
		return error_wrap(err, "edits");
	if (!json_is(edits->tree, JSON_ARRAY) || json_count(edits->tree) > EDITS_MAX) {
		edits_release(edits);
		return error_set(err, ERR_INVALID, "edits must be a list of at most %d of {offset, length, text}", EDITS_MAX);
	}
	edits->rows = mem_zero(json_count(edits->tree) + 1, sizeof(struct edit));
	for (const struct json *row = json_first(edits->tree); row; row = json_next(row)) {
		int64_t offset = json_int(json_get(row, "offset"), -1), length = json_int(json_get(row, "length"), -1);
		const char *text = json_text_or(json_get(row, "text"), "");

		if (offset < 0 || length < 0 || (size_t)offset < end || (size_t)offset > size || (size_t)length > size - (size_t)offset) {
			size_t number = edits->count + 1;

			edits_release(edits);
			return error_set(err, ERR_INVALID, "edit %zu is out of order or outside the file of %zu bytes", number, size);
		}
		end = (size_t)(offset + length);
		edits->rows[edits->count++] = (struct edit){ (size_t)offset, (size_t)length, text, strlen(text) };
	}
	return 0;
}

void edits_release(struct edits *edits)
{
	json_free(edits->tree);
	free(edits->rows);
	*edits = (struct edits){ 0 };
}

char *edits_apply(const struct edits *edits, const char *bytes, size_t length, size_t *result_length)
{
	size_t room = length + 1, at = 0, out = 0;

	for (size_t i = 0; i < edits->count; i++)
		room += edits->rows[i].text_length;
	char *result = mem_alloc(room);
	for (size_t i = 0; i < edits->count; i++) {
		const struct edit *edit = &edits->rows[i];

		memcpy(result + out, bytes + at, edit->offset - at);
		out += edit->offset - at;
		memcpy(result + out, edit->text, edit->text_length);
		out += edit->text_length;
		at = edit->offset + edit->length;
	}
	memcpy(result + out, bytes + at, length - at);
	out += length - at;
	result[out] = 0;
	*result_length = out;
	return result;
}

/* --- lines --- */

static size_t line_start(const char *bytes, size_t at)
{
	while (at && bytes[at - 1] != '\n')
		at--;
	return at;
}

static size_t line_end(const char *bytes, size_t length, size_t at)
{
	const char *end = memchr(bytes + at, '\n', length - at);

	return end ? (size_t)(end - bytes) : length;
}

static int line_number(const char *bytes, size_t at)
{
	int line = 1;

	for (size_t i = 0; i < at; i++)
		line += bytes[i] == '\n';
	return line;
}

static void set_line(struct json *object, const char *key, const char *line, size_t length)
{
	struct text safe;

	text_init(&safe, LINE_MAX);
	safe_add_lines(&safe, line, length && line[length - 1] == '\r' ? length - 1 : length);
	json_set_text(object, key, safe.data);
	text_release(&safe);
}

/* Lines of a text, the first named `line N` and the others after it, those past `most` as further ones of the last; most 0: all of them as new ones before
 * line N. */
static void set_lines(struct json *object, int line, int most, const char *text, size_t length)
{
	char key[64];
	int number = 0;

	for (size_t at = 0; (at < length || !number) && json_count(object) < SHOWN_MAX; number++) {
		size_t end = line_end(text, length, at);

		if (!most && number)
			snprintf(key, sizeof(key), "line %d, new %d", line, number + 1);
		else if (!most)
			snprintf(key, sizeof(key), "line %d, new", line);
		else if (number >= most)
			snprintf(key, sizeof(key), "line %d, more %d", line + most - 1, number - most + 1);
		else
			snprintf(key, sizeof(key), "line %d", line + number);
		set_line(object, key, text + at, end - at);
		at = end + 1;
	}
}

/* Whole lines put before a line: nothing of that line changes. */
static int is_insertion(const struct edit *edit, const char *bytes)
{
	return !edit->length && edit->text_length && edit->text[edit->text_length - 1] == '\n' && line_start(bytes, edit->offset) == edit->offset;
}

/* Edits from i on that change lines of one block; how many. */
static size_t block_of(const struct edits *edits, const char *bytes, size_t length, size_t i, size_t *from, size_t *to)
{
	size_t count = 0;

	*from = line_start(bytes, edits->rows[i].offset);
	do {
		const struct edit *edit = &edits->rows[i + count];

		*to = line_end(bytes, length, edit->offset + edit->length);
		count++;
	} while (i + count < edits->count && edits->rows[i + count].offset <= *to && !is_insertion(&edits->rows[i + count], bytes));
	return count;
}

static void show_block(const struct edits *edits, const char *bytes, size_t from, size_t to, size_t i, size_t count, struct json *before, struct json *after)
{
	struct edit *rows = mem_zero(count + 1, sizeof(*rows));
	struct edits moved = { .rows = rows, .count = count };
	size_t length;
	int line = line_number(bytes, from);

	for (size_t k = 0; k < count; k++) {
		rows[k] = edits->rows[i + k];
		rows[k].offset -= from;
	}
	char *result = edits_apply(&moved, bytes + from, to - from, &length);
	int lines = line_number(bytes + from, to - from);

	set_lines(before, line, lines, bytes + from, to - from);
	set_lines(after, line, lines, result, length);
	free(result);
	free(rows);
}

void edits_show(const struct edits *edits, const struct edits *hidden, const char *bytes, size_t length, struct json **before, struct json **after)
{
	char *shown = mem_alloc(length + 1);

	memcpy(shown, bytes, length);
	shown[length] = 0;
	for (size_t i = 0; i < hidden->count; i++)
		memset(shown + hidden->rows[i].offset, '*', hidden->rows[i].length);
	*before = json_object();
	*after = json_object();
	for (size_t i = 0, count; i < edits->count; i += count) {
		const struct edit *edit = &edits->rows[i];
		size_t from, to;

		count = 1;
		if (is_insertion(edit, shown)) {
			set_lines(*after, line_number(shown, edit->offset), 0, edit->text, edit->text_length - 1);
			continue;
		}
		count = block_of(edits, shown, length, i, &from, &to);
		show_block(edits, shown, from, to, i, count, *before, *after);
	}
	free(shown);
}
