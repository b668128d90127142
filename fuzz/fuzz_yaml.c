/* fuzz_yaml.c - any bytes as a YAML file: a tree or an error with its line; what is formatted reads back equal and harmless. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/safe.h"
#include "base/text.h"
#include "base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void formats_what_reads_back(const struct json *json)
{
	struct error err = { 0 };
	struct text text;
	struct json *again;

	text_init(&text, 64 << 20);
	yaml_format(json, &text);
	for (const char *at = text.data; *at;) {
		size_t length = strcspn(at, "\n");

		assert(safe_is(at, length));
		at += length + (at[length] == '\n');
	}
	again = yaml_parse(text.data, text.length, &err);
	/* Aliases written out may be more than one file may hold. */
	assert(again ? json_equal(json, again) : err.code == ERR_LIMIT);
	json_free(again);
	text_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	struct json *json = yaml_parse((const char *)data, size, &err);

	assert(!json == (err.code != ERR_NONE));
	if (json)
		formats_what_reads_back(json);
	json_free(json);
	json_free(yaml_parse_all((const char *)data, size, NULL));
	return 0;
}
