/* fuzz_ignore.c - a path, then two ignore files, the second of a folder below: each pattern ends in bounded time; and the shell patterns behind them. */
#include "folder.h"

#include "base/mem.h"
#include "fleet/tree/ignore.h"
#include "fleet/tree/wildmatch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path, *outer, *inner;
	size_t path_length = fuzz_part(&data, &size, &path), outer_length = fuzz_part(&data, &size, &outer), inner_length = fuzz_part(&data, &size, &inner);
	int shown = (int)(path_length < 4096 ? path_length : 4096);
	char *text = mem_format("a/%.*s", shown, path), *pattern = strndup(outer, outer_length < 4096 ? outer_length : 4096);
	struct ignore *root = ignore_new(NULL, "", outer, outer_length), *below = ignore_new(root, "a", inner, inner_length);

	for (int folder = 0; folder < 2; folder++) {
		int matches = ignore_matches(root, text + 2, folder);

		assert(matches == 0 || matches == 1);
		ignore_matches(below, text, folder);
		wildmatch(pattern, text, folder);
	}
	ignore_free(below);
	ignore_free(root);
	free(text);
	free(pattern);
	return 0;
}
