/* Files below /etc that were written: by their time alone, so who and what is unknown. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "provider/host/machine.h"
#include "provider/host/records.h"

enum { DEPTH_MAX = 4, ENTRIES_MAX = 10000, TOLD_MAX = 500 };

struct walk {
	const struct records *records;
	size_t seen, told;
};

/* What editors and package managers leave, and what programs make anew by themselves. */
static int is_leftover(const char *name)
{
	static const char *const endings[] = { "~", ".swp", ".swx", ".tmp", ".lock", ".dpkg-new", ".dpkg-old", ".dpkg-dist", ".dpkg-tmp", ".cache" };
	size_t length = strlen(name);

	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		size_t ending = strlen(endings[i]);

		if (length > ending && !strcmp(name + length - ending, endings[i]))
			return 1;
	}
	return *name == '.' || *name == '#';
}

static void tell_file(struct walk *walk, const char *path, const struct stat *info)
{
	int64_t at_ns = (int64_t)info->st_mtim.tv_sec * CLOCK_SECOND_NS + info->st_mtim.tv_nsec;
	char size[32];

	if (at_ns < walk->records->since_ns || at_ns > clock_now_ns())
		return; /* packages bring files with times of their own, some in the future */
	snprintf(size, sizeof(size), "%lld bytes", (long long)info->st_size);
	records_tell(walk->records, "files", path, at_ns, "modified", NULL, size, "");
	walk->told++;
}

static void walk_folder(struct walk *walk, int parent, const char *name, const char *path, int depth)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!folder) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (walk->told < TOLD_MAX && walk->seen < ENTRIES_MAX && (entry = readdir(folder))) {
		char below[MACHINE_PATH_MAX];
		struct stat info;

		if (is_leftover(entry->d_name) || snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) >= (int)sizeof(below))
			continue;
		walk->seen++;
		if (entry->d_type == DT_DIR && depth < DEPTH_MAX)
			walk_folder(walk, fd, entry->d_name, below, depth + 1);
		else if (entry->d_type == DT_REG && !fstatat(fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW))
			tell_file(walk, below, &info);
	}
	closedir(folder);
}

void records_files(const struct records *records)
{
	struct walk walk = { .records = records };
	char root[MACHINE_PATH_MAX];

	machine_path(records->machine, "/etc", root);
	if (*root)
		walk_folder(&walk, AT_FDCWD, root, "/etc", 1);
}
