/* folders.c - where things lie: XDG folders, the program's own data, lists of data files. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static struct {
	pthread_once_t once;
	char *config, *state, *cache, *data;
} folders = { .once = PTHREAD_ONCE_INIT };

static const char *set_variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static char *home_folder(void)
{
	const char *home = set_variable("HOME");
	char buffer[4096];
	struct passwd entry, *found = NULL;

	if (home)
		return mem_text(home);
	if (!getpwuid_r(getuid(), &entry, buffer, sizeof(buffer), &found) && found && *entry.pw_dir)
		return mem_text(entry.pw_dir);
	return mem_text("/");
}

/* The folder, made; it is named also where it cannot be made, so that the one who opens a file
 * there says what is wrong. */
static char *made(char *path)
{
	file_make_folder(path, 0700, NULL);
	return path;
}

/* XDG Base Directory: the variable when it is absolute, else the folder under home. */
static char *xdg_folder(const char *variable, const char *home, const char *otherwise)
{
	const char *base = set_variable(variable);

	if (base && *base == '/')
		return made(mem_format("%s/pilothouse", base));
	return made(mem_format("%s/%s/pilothouse", home, otherwise));
}

static char *absolute(const char *path)
{
	char here[PATH_MAX];

	if (*path == '/' || !getcwd(here, sizeof(here)))
		return mem_text(path);
	return mem_format("%s/%s", here, path);
}

/* A kinds/ that is ours: beside the program and of the same owner, not one that somebody put into a
 * folder above it (/tmp). */
static int holds_kinds(const char *folder, uid_t owner)
{
	char *path = mem_format("%s/kinds", folder);
	struct stat info;
	int holds = !stat(path, &info) && S_ISDIR(info.st_mode) &&
		    (info.st_uid == owner || info.st_uid == 0);

	free(path);
	return holds;
}

/* The folder of an uninstalled binary, or one of the three above it: tests lie in tests/ROOM. Of an installed one share/pilothouse beside its bin,
 * wherever the whole was put (DESTDIR, an unpacked archive). */
static char *folder_of_program(void)
{
	char path[PATH_MAX], *slash;
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	struct stat binary;

	if (length <= 0 || stat("/proc/self/exe", &binary))
		return NULL;
	path[length] = 0;
	for (int up = 0; up < 4 && (slash = strrchr(path, '/')) && slash != path; up++) {
		*slash = 0;
		if (holds_kinds(path, binary.st_uid))
			return mem_text(path);
		char *shared = mem_format("%s/share/pilothouse", path);

		if (holds_kinds(shared, binary.st_uid))
			return shared;
		free(shared);
	}
	return NULL;
}

static void find_folders(void)
{
	const char *one = set_variable("PILOTHOUSE_HOME"), *data = set_variable("PILOTHOUSE_DATA");

	if (one) {
		folders.config = made(absolute(one));
		folders.state = mem_text(folders.config);
		folders.cache = mem_text(folders.config);
	} else {
		char *home = home_folder();

		folders.config = xdg_folder("XDG_CONFIG_HOME", home, ".config");
		folders.state = xdg_folder("XDG_STATE_HOME", home, ".local/state");
		folders.cache = xdg_folder("XDG_CACHE_HOME", home, ".cache");
		free(home);
	}
	folders.data = data ? absolute(data) : folder_of_program();
	if (!folders.data)
		folders.data = mem_text(PKGDATADIR);
}

const char *file_config_folder(void)
{
	pthread_once(&folders.once, find_folders);
	return folders.config;
}

const char *file_state_folder(void)
{
	pthread_once(&folders.once, find_folders);
	return folders.state;
}

const char *file_cache_folder(void)
{
	pthread_once(&folders.once, find_folders);
	return folders.cache;
}

const char *file_data_folder(void)
{
	pthread_once(&folders.once, find_folders);
	return folders.data;
}

struct list {
	char **names;
	size_t count;
};

static void list_add(struct list *list, char *name)
{
	list->names = mem_grow(list->names, list->count + 1, sizeof(*list->names));
	list->names[list->count++] = name;
}

static void list_release(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->names[i]);
	free(list->names);
}

static int is_yaml(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml"));
}

/* Adds "x.yaml" and, one level down, "sub/x.yaml", as named from the area's folder. Names that
 * start with a dot are editors' own. What is there and cannot be looked at is listed too, so that
 * whoever loads it says so: a policy passed over might have been the one that denies. */
static void scan(struct list *list, const char *root, const char *sub)
{
	char *path = *sub ? mem_format("%s/%s", root, sub) : mem_text(root);
	DIR *folder = opendir(path);
	struct dirent *entry;
	struct stat info;

	while (folder && (entry = readdir(folder))) {
		if (*entry->d_name == '.')
			continue;
		if (fstatat(dirfd(folder), entry->d_name, &info, 0))
			info.st_mode = S_IFREG;
		if (S_ISREG(info.st_mode) && is_yaml(entry->d_name))
			list_add(list, mem_format("%s%s%s", sub, *sub ? "/" : "", entry->d_name));
		else if (S_ISDIR(info.st_mode) && !*sub)
			scan(list, root, entry->d_name);
	}
	if (folder)
		closedir(folder);
	else if (errno != ENOENT && errno != ENOTDIR)
		list_add(list, mem_text(*sub ? sub : "."));
	free(path);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void scan_sorted(struct list *list, const char *root)
{
	scan(list, root, "");
	if (list->count)
		qsort(list->names, list->count, sizeof(*list->names), by_name);
}

static int has(const struct list *list, const char *name)
{
	return list->count &&
	       bsearch(&name, list->names, list->count, sizeof(*list->names), by_name) != NULL;
}

char **file_list_data(const char *area)
{
	char *own_root = mem_format("%s/%s", file_config_folder(), area);
	char *built_in_root = mem_format("%s/%s", file_data_folder(), area);
	struct list own = { 0 }, built_in = { 0 }, paths = { 0 };

	scan_sorted(&own, own_root);
	if (strcmp(own_root, built_in_root))
		scan_sorted(&built_in, built_in_root);
	for (size_t i = 0; i < own.count; i++)
		list_add(&paths, mem_format("%s/%s", own_root, own.names[i]));
	for (size_t i = 0; i < built_in.count; i++)
		if (!has(&own, built_in.names[i]))
			list_add(&paths, mem_format("%s/%s", built_in_root, built_in.names[i]));
	list_add(&paths, NULL);
	list_release(&own);
	list_release(&built_in);
	free(own_root);
	free(built_in_root);
	return paths.names;
}

void file_free_list(char **list)
{
	for (char **path = list; path && *path; path++)
		free(*path);
	free(list);
}
