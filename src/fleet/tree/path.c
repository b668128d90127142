#include "fleet/tree/path.h"

#include <string.h>

#include "base/arena.h"

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

const char *path_folder(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	return arena_text_n(arena, path, slash ? (size_t)(slash - path) : 0);
}
