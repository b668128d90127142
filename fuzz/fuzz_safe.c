/* fuzz_safe.c - any bytes as remote text: what comes out is harmless UTF-8, whichever way it went, and reads the same again. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/safe.h"
#include "base/secret.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void each_line_is_safe(const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		assert(safe_is(text, length));
		text += length + (text[length] == '\n');
	}
}

static void copies(const char *bytes, size_t size)
{
	for (size_t room = 1; room < 40; room += 3) {
		char out[40];

		safe_copy(out, room, bytes, size);
		assert(strlen(out) < room && safe_is(out, strlen(out)));
	}
}

/* What is quoted reads back as the text that was meant. */
static void quotes(const char *clean)
{
	struct json *object = json_set_text(json_object(), clean, clean);
	char *text = json_format(object);
	struct json *again = json_parse(text, strlen(text), NULL);

	assert(safe_is(text, strlen(text)) && again && json_equal(object, again));
	json_free(again);
	json_free(object);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct text clean, lines, hidden;

	text_init(&clean, 8 * size + 64);
	text_init(&lines, 16 * size + 64);
	text_init(&hidden, 16 * size + 64);
	safe_add(&clean, bytes, size);
	assert(safe_is(clean.data, clean.length));
	assert(utf8_columns(clean.data, clean.length) <= 2 * clean.length);
	safe_add_lines(&lines, bytes, size);
	each_line_is_safe(lines.data);
	copies(bytes, size);
	quotes(clean.data);
	secret_redact(&hidden, bytes, size);
	text_release(&hidden);
	text_release(&lines);
	text_release(&clean);
	return 0;
}
