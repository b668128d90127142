#include "provider/host/logfiles.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/json.h"
#include "provider/host/machine.h"

enum { FILES_MAX = 5000, DEPTH_MAX = 3 };

/* The endings of a compressed log. */
static size_t without_packing(const char *name, size_t length)
{
	static const char *const endings[] = { ".gz", ".xz", ".bz2", ".zst" };

	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		size_t ending = strlen(endings[i]);

		if (length > ending && !memcmp(name + length - ending, endings[i], ending))
			return length - ending;
	}
	return length;
}

/* ".3" or "-20240131" or "-1706659200" at the end: where it begins, 0 when it is none. */
static size_t number_start(const char *name, size_t length)
{
	size_t at = length;

	while (at && name[at - 1] >= '0' && name[at - 1] <= '9')
		at--;
	if (at == length || at < 2 || length - at > 10)
		return 0;
	if (name[at - 1] == '.' && length - at <= 3)
		return at - 1;
	return name[at - 1] == '-' && length - at >= 8 ? at - 1 : 0;
}

int logfile_is_rotated(const char *name, const char *base)
{
	size_t length = without_packing(name, strlen(name)), base_length = strlen(base);
	size_t start = number_start(name, length);

	if (start == base_length && !memcmp(name, base, base_length))
		return 1;
	/* "access-20240131.log": the number before the ending, as some rotate */
	const char *dot = strrchr(base, '.');
	size_t stem = dot ? (size_t)(dot - base) : 0, ending = dot ? strlen(dot) : 0;

	if (!stem || length <= ending + stem || memcmp(name, base, stem) != 0 || memcmp(name + length - ending, dot, ending) != 0)
		return 0;
	return number_start(name, length - ending) == stem;
}

static int is_rotated_of_any(const char *name)
{
	size_t length = strlen(name), bare = without_packing(name, length);

	return bare != length || number_start(name, bare) > 0;
}

/* Not texts: login records and the journal's own files. */
static int is_other(const char *name)
{
	static const char *const names[] = { "wtmp", "btmp", "lastlog", "faillog", "README" };
	size_t length = strlen(name);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(name, names[i]))
			return 1;
	return (length > 8 && !strcmp(name + length - 8, ".journal")) || (length > 9 && !strcmp(name + length - 9, ".journal~"));
}

static int name_is_inside(const char *name)
{
	if (!*name || *name == '/' || strlen(name) >= sizeof(((struct logfile *)0)->name))
		return 0;
	for (const char *part = name; part; part = strchr(part, '/')) {
		part += *part == '/';
		if (!strncmp(part, "../", 3) || !strcmp(part, "..") || !*part)
			return 0;
	}
	return 1;
}

/* --- those that host.logs names beside the log folder: by their whole path --- */

static const struct json *further_logs(const struct machine *machine)
{
	return machine->config ? config_tree(machine->config, "host.logs") : NULL;
}

/* Only as it is written there: no other path of the machine is a log. */
static int is_further(const struct machine *machine, const char *name)
{
	for (const struct json *item = json_first(further_logs(machine)); item; item = json_next(item))
		if (*name == '/' && json_text(item) && !strcmp(json_text(item), name))
			return 1;
	return 0;
}

void logfile_path(const struct machine *machine, const char *name, char *out, size_t size)
{
	if (is_further(machine, name)) {
		if ((size_t)snprintf(out, size, "%s%s", machine->root, name) >= size)
			out[0] = 0;
		return;
	}
	if (!name_is_inside(name) || (size_t)snprintf(out, size, "%s/%s", machine->log_folder, name) >= size)
		out[0] = 0;
}

static DIR *open_below(int folder, const char *name)
{
	int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *out = fd < 0 ? NULL : fdopendir(fd);

	if (!out && fd >= 0)
		close(fd);
	return out;
}

static void count_rotated(void *arg, int folder, const char *name, int64_t size_bytes)
{
	struct logfile *file = arg;

	(void)folder;
	(void)name;
	file->rotated++;
	file->rotated_bytes += size_bytes;
}

static int fill(const struct machine *machine, const char *name, const struct stat *info, struct logfile *out)
{
	memset(out, 0, sizeof(*out));
	if (snprintf(out->name, sizeof(out->name), "%s", name) >= (int)sizeof(out->name))
		return -1;
	out->size_bytes = info->st_size;
	out->modified_ns = (int64_t)info->st_mtim.tv_sec * CLOCK_SECOND_NS + info->st_mtim.tv_nsec;
	out->inode = info->st_ino;
	logfile_rotated_each(machine, name, count_rotated, out);
	return 0;
}

struct walk {
	const struct machine *machine;
	logfile_fn on_file;
	void *arg;
	size_t count;
};

static void walk_folder(struct walk *walk, DIR *folder, const char *prefix, int depth)
{
	struct dirent *entry;

	while (walk->count < FILES_MAX && (entry = readdir(folder))) {
		char name[512];
		struct stat info;
		struct logfile file;

		if (entry->d_name[0] == '.' || snprintf(name, sizeof(name), "%s%s", prefix, entry->d_name) >= (int)sizeof(name) - 2 ||
			fstatat(dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW))
			continue;
		if (S_ISDIR(info.st_mode) && depth < DEPTH_MAX) {
			DIR *below = open_below(dirfd(folder), entry->d_name);

			strcat(name, "/");
			if (below) {
				walk_folder(walk, below, name, depth + 1);
				closedir(below);
			}
		} else if (S_ISREG(info.st_mode) && !is_rotated_of_any(entry->d_name) && !is_other(entry->d_name) &&
			!fill(walk->machine, name, &info, &file)) {
			walk->count++;
			walk->on_file(walk->arg, &file);
		}
	}
}

void logfiles_each(const struct machine *machine, logfile_fn on_file, void *arg)
{
	struct walk walk = { .machine = machine, .on_file = on_file, .arg = arg };
	DIR *folder = opendir(machine->log_folder);

	if (folder) {
		walk_folder(&walk, folder, "", 1);
		closedir(folder);
	}
	for (const struct json *item = json_first(further_logs(machine)); item && walk.count < FILES_MAX; item = json_next(item)) {
		struct logfile file;

		if (json_text(item) && json_text(item)[0] == '/' && !logfile_find(machine, json_text(item), &file)) {
			walk.count++;
			on_file(arg, &file);
		}
	}
}

int logfile_find(const struct machine *machine, const char *name, struct logfile *out)
{
	char path[MACHINE_PATH_MAX + 512];
	struct stat info;

	logfile_path(machine, name, path, sizeof(path));
	return !*path || lstat(path, &info) || !S_ISREG(info.st_mode) ? -1 : fill(machine, name, &info, out);
}

void logfile_rotated_each(const struct machine *machine, const char *name, logfile_rotated_fn on_file, void *arg)
{
	char path[MACHINE_PATH_MAX + 512];
	struct dirent *entry;
	struct stat info;

	logfile_path(machine, name, path, sizeof(path));
	char *slash = strrchr(path, '/');

	if (!slash)
		return;
	*slash = 0;
	DIR *folder = opendir(path);

	while (folder && (entry = readdir(folder)))
		if (logfile_is_rotated(entry->d_name, slash + 1) && !fstatat(dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) &&
			S_ISREG(info.st_mode))
			on_file(arg, dirfd(folder), entry->d_name, info.st_size);
	if (folder)
		closedir(folder);
}

static int64_t sum_journal(DIR *folder, int depth)
{
	struct dirent *entry;
	int64_t sum = 0;

	while ((entry = readdir(folder))) {
		struct stat info;

		if (entry->d_name[0] == '.' || fstatat(dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW))
			continue;
		if (S_ISREG(info.st_mode) && strstr(entry->d_name, ".journal"))
			sum += (int64_t)info.st_blocks * 512;
		DIR *below = S_ISDIR(info.st_mode) && depth < 2 ? open_below(dirfd(folder), entry->d_name) : NULL;

		if (below) {
			sum += sum_journal(below, depth + 1);
			closedir(below);
		}
	}
	return sum;
}

int64_t journal_size(const struct machine *machine)
{
	static const char *const places[] = { "/var/log/journal", "/run/log/journal" };
	int64_t sum = 0;

	for (size_t i = 0; i < 2; i++) {
		char path[MACHINE_PATH_MAX];

		machine_path(machine, places[i], path);
		DIR *folder = opendir(path);

		if (!folder)
			continue;
		sum += sum_journal(folder, 1);
		closedir(folder);
	}
	return sum > 0 ? sum : -1; /* an empty folder is no journal */
}
