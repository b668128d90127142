/* fuzz_source.c - any bytes as a file of a tree, of each kind (the first byte chooses its name): UTF-16, notebooks, text. Every place told lies in the
 * file, every import in the text. */
#include "folder.h"

#include "fleet/code/imports.h"
#include "fleet/tree/source.h"

static const char *const names[] = { "a.txt", "a.py", "a.ts", "a.ipynb", "a.yaml", "a.json", "a.toml", ".env", "Dockerfile", "requirements.txt", "a", "a.md" };

static struct source source;

static void see_import(void *arg, const char *module, size_t length, const char *names_at, size_t names_length, int line)
{
	(void)arg;
	assert(module >= source.text && module + length <= source.text + source.length);
	assert(!names_length || (names_at >= source.text && names_at + names_length <= source.text + source.length));
	assert(line >= 1);
}

static void see_place(size_t offset, size_t length)
{
	struct place place = source_place(&source, offset, length);
	size_t line_length;
	const char *line = source_line(&source, offset, &line_length);

	assert(place.offset <= source.byte_length && place.length <= source.byte_length - place.offset);
	assert(place.line >= 1 && place.column >= 1 && place.end_line >= place.line && place.end_column >= 1);
	assert(line >= source.text && line + line_length <= source.text + source.length);
	assert(!memchr(line, '\n', line_length));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size || source_of_bytes(&source, names[data[0] % (sizeof(names) / sizeof(*names))], (const char *)data + 1, size - 1))
		return 0;
	for (size_t i = 0; i < SOURCE_SLACK; i++)
		assert(!source.text[source.length + i]);
	for (size_t at = 0, step = 1 + source.length / 64; at <= source.length; at += step) {
		see_place(at, 0);
		see_place(at, source.length - at);
		see_place(at, at < source.length);
	}
	imports_each(source.kind, source.text, source.length, see_import, NULL);
	return 0;
}
