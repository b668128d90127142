/* fuzz_audit_export.c - any bytes as an export: every line goes through the verifier; what a line splits into gives the line again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "gate/audit_private.h"
#include "gate/audit_verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 1 << 20 };

/* Without a checkpoint in it the way back is exact. */
static void there_and_back(const char *line, size_t length, struct text *body)
{
	uint8_t hash[SHA256_BYTES], again[SHA256_BYTES];
	char hex[SHA256_HEX_MAX];
	struct text rebuilt, second;

	text_clear(body);
	if (verify_split_line(line, length, body, hash))
		return;
	text_init(&rebuilt, TEXT_MAX);
	text_init(&second, TEXT_MAX);
	hex_format(hash, SHA256_BYTES, hex);
	audit_entry_line(&rebuilt, body->data, body->length, hex, NULL);
	/* A body that has no place for its hash is no entry; one that has gives the same parts again. */
	if (!verify_split_line(rebuilt.data, rebuilt.length - 1, &second, again) &&
		(memcmp(hash, again, SHA256_BYTES) || second.length != body->length || memcmp(second.data, body->data, body->length)))
		abort();
	text_release(&rebuilt);
	text_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;
	struct verify *verify = verify_new(size && *data & 1 ? VERIFY_WHOLE : VERIFY_PART);
	struct text body;
	size_t number = 0;

	text_init(&body, TEXT_MAX);
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((stop ? stop : end) - at);

		there_and_back(at, length, &body);
		verify_line(verify, at, length, ++number, &body);
		at += length + 1;
	}
	json_free(verify_report(verify));
	verify_free(verify);
	text_release(&body);
	return 0;
}
