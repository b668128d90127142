#include "fleet/fleet.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/config.h"
#include "base/error.h"
#include "base/mem.h"

char *fleet_root(const struct config *config, const char *account, struct error *err)
{
	const char *set = config ? config_get(config, "fleet.path") : NULL;
	int none = !account || !*account || !strcmp(account, "*");
	const char *path = !none ? account : set && *set ? set : ".";
	char resolved[PATH_MAX];
	struct stat about;

	if (!realpath(path, resolved) || stat(resolved, &about)) {
		error_errno(err, "%.200s", path);
		return NULL;
	}
	if (!S_ISDIR(about.st_mode)) {
		error_set(err, ERR_INVALID, "%.200s is no folder; name the folder that holds the agents", path);
		return NULL;
	}
	return mem_text(resolved);
}

int fleet_account(const char *root, char *out, size_t size, struct error *err)
{
	if (strlen(root) >= size)
		return error_set(err, ERR_LIMIT, "the path of this folder is longer than %zu bytes; start in it, and leave the path out", size - 1);
	memcpy(out, root, strlen(root) + 1);
	return 0;
}
