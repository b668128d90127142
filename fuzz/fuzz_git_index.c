/* fuzz_git_index.c - any bytes as the index of a repository, and those before the first 0xff as its .gitignore: a file is left alone by git, or not. */
#include "folder.h"

#include <fcntl.h>

#include "base/text.h"
#include "fleet/tree/kept_out.h"

static const char *root;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *cut = size ? memchr(data, 0xff, size) : NULL;
	size_t ignored = cut ? (size_t)(cut - data) : 0;
	struct text text;

	if (!root) {
		fuzz_home();
		root = fuzz_folder("fuzz-repository");
	}
	fuzz_write(root, ".gitignore", data, ignored);
	fuzz_write(root, ".git/index", data + ignored + (cut != NULL), size - ignored - (cut != NULL));
	int folder = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct kept_out *kept_out = kept_out_load(folder);

	text_init(&text, 1 << 20);
	kept_out_add(kept_out, &text);
	for (const char *at = text.data + strlen(text.data) + 1; at < text.data + text.length; at += strlen(at) + 1)
		assert(!kept_out_is(kept_out, at)); /* what the index has, git has */
	kept_out_is(kept_out, ".env");
	kept_out_is(kept_out, "a/b/.env");
	text_release(&text);
	kept_out_free(kept_out);
	close(folder);
	return 0;
}
