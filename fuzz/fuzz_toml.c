/* fuzz_toml.c - any bytes as a TOML file: a tree, or an error with its line. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "base/toml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	struct json *json = toml_parse((const char *)data, size, &err);

	assert(!json == (err.code != ERR_NONE));
	json_free(json);
	return 0;
}
