/* fuzz_audit_export.c - any lines as an export: each is an entry, a checkpoint or neither, and the report is made of them. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "gate/audit_verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_line(struct verify *verify, const char *line, size_t length)
{
	struct json *json = json_parse(line, length, NULL);
	struct text body;
	uint8_t hash[32];

	text_init(&body, length + 64);
	if (json_get(json, "checkpoint"))
		verify_checkpoint(verify, json_get(json, "checkpoint"), length % 2);
	else if (verify_split_line(line, length, &body, hash))
		verify_broken(verify, "no entry");
	else
		verify_entry(verify, body.data, body.length, hash);
	text_release(&body);
	json_free(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;
	struct verify *verify = verify_new(size && data[0] & 1);

	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((stop ? stop : end) - at);

		take_line(verify, at, length);
		at += length + 1;
	}
	struct json *report = verify_report(verify);

	assert(report);
	json_free(report);
	verify_free(verify);
	return 0;
}
