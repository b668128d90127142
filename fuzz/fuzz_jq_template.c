/* fuzz_jq_template.c - any text as a template: every expression lies inside it, in order, and none is found twice. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/jq.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_text_n((const char *)data, size);
	const char *at = text, *end = text + strlen(text);

	for (;;) {
		size_t length = 0;
		const char *after = NULL, *expression = jq_template_next(at, &length, &after);

		if (!expression)
			break;
		assert(expression >= at + 2 && !strncmp(expression - 2, "{{", 2));
		if (length == (size_t)-1)
			break;
		assert(expression + length + 2 <= after && after > at && after <= end);
		assert(!strncmp(after - 2, "}}", 2));
		at = after;
	}
	free(text);
	return 0;
}
