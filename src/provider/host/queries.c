/* host.pressure, host.top, host.disk_usage, host.oom, host.port: {"items":[…]} for playbooks. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/safe.h"
#include "provider/host/kernel.h"
#include "provider/host/lists.h"
#include "provider/host/machine.h"
#include "provider/host/provider.h"
#include "provider/host/rows.h"
#include "provider/host/summary.h"

enum { TOP_LIMIT = 10, TOP_MOST = 1000, USAGE_LIMIT = 20, USAGE_DEPTH = 64, USAGE_SECONDS = 10, USAGE_SECONDS_MOST = 120, USAGE_FOLDERS = 500000,
	TOP_SAMPLE_MS = 500 /* 100 ticks a second: in a shorter time small shares are noise */ };

static int64_t limit_of(const struct json *params, int64_t otherwise, int64_t most)
{
	int64_t limit = json_int(json_get(params, "limit"), otherwise);

	return limit < 1 ? otherwise : limit > most ? most : limit;
}

static int pressure(struct machine *machine, const struct json *params, struct json *items, struct error *err)
{
	struct json *all = pressure_items(machine);

	(void)params;
	(void)err;
	for (const struct json *item = json_first(all); item; item = json_next(item))
		json_add(items, json_copy(item));
	json_free(all);
	return 0;
}

struct ranked {
	const struct json *item;
	double value;
};

static int by_value(const void *a, const void *b)
{
	double left = ((const struct ranked *)a)->value, right = ((const struct ranked *)b)->value;

	return (left < right) - (left > right);
}

static void add_ratio(struct json *item, const char *key, const char *from)
{
	double percent = json_number(json_get(item, from), -1);

	json_set(item, key, percent < 0 ? json_null() : json_double(percent / 100));
}

static struct json *measured_processes(struct machine *machine, struct error *err)
{
	struct rows rows;

	rows_to_items(&rows, machine, &process_fields, NULL);
	rows.sample_ms = TOP_SAMPLE_MS;
	if (!host_list_run(host_list_find("processes"), &rows, err))
		return rows.items;
	json_free(rows.items);
	return NULL;
}

static int top(struct machine *machine, const struct json *params, struct json *items, struct error *err)
{
	const char *sort = json_text_or(json_get(params, "sort"), "cpu");
	const char *field = !strcmp(sort, "memory") || !strcmp(sort, "mem") ? "rss" : !strcmp(sort, "cpu") ? "cpu" : NULL;
	size_t limit = (size_t)limit_of(params, TOP_LIMIT, TOP_MOST), count = 0;

	if (!field)
		return error_set(err, ERR_INVALID, "host.top sorts by cpu or memory, not by %.40s", sort);
	struct json *all = measured_processes(machine, err);

	if (!all)
		return -1;
	struct ranked *list = mem_alloc((json_count(all) + 1) * sizeof(*list));

	for (const struct json *item = json_first(all); item; item = json_next(item))
		list[count++] = (struct ranked){ item, json_number(json_get(item, field), -1) };
	qsort(list, count, sizeof(*list), by_value);
	for (size_t i = 0; i < count && i < limit; i++) {
		struct json *item = json_copy(list[i].item);

		add_ratio(item, "cpu_ratio", "cpu");
		add_ratio(item, "memory_ratio", "mem");
		json_add(items, item);
	}
	free(list);
	json_free(all);
	return 0;
}

/* --- disk usage: sums of folders below a path, on one file system, within a time --- */
struct usage {
	dev_t device;
	int64_t until_ns;
	size_t folders;
	int cut;
	struct folder_size {
		char *path;
		int64_t bytes, files;
	} *largest;
	size_t count, limit;
};

/* Keeps the largest ones, smallest of them last. */
static void rank(struct usage *usage, const char *path, int64_t bytes, int64_t files)
{
	size_t at = usage->count;

	if (at == usage->limit && usage->largest[at - 1].bytes >= bytes)
		return;
	if (at == usage->limit)
		free(usage->largest[--at].path);
	else
		usage->count++;
	for (; at && usage->largest[at - 1].bytes < bytes; at--)
		usage->largest[at] = usage->largest[at - 1];
	usage->largest[at] = (struct folder_size){ mem_text(path), bytes, files };
}

static int64_t measure(struct usage *usage, int parent, const char *name, const char *path, int depth, int64_t *files);

static void measure_entry(struct usage *usage, int folder, const char *name, const char *path, int depth, int64_t *bytes, int64_t *files)
{
	struct stat info;

	if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) || info.st_dev != usage->device)
		return;
	++*files;
	*bytes += (int64_t)info.st_blocks * 512 / (S_ISREG(info.st_mode) && info.st_nlink > 1 ? (int64_t)info.st_nlink : 1);
	if (!S_ISDIR(info.st_mode))
		return;
	size_t length = strlen(path) + strlen(name) + 2;
	char *below = mem_alloc(length);

	snprintf(below, length, "%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/", name);
	*bytes += measure(usage, folder, name, below, depth + 1, files);
	free(below);
}

static int64_t measure(struct usage *usage, int parent, const char *name, const char *path, int depth, int64_t *all_files)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int64_t bytes = 0, files = 0;

	if (!folder) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while ((entry = readdir(folder))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (depth >= USAGE_DEPTH || usage->folders > USAGE_FOLDERS || clock_monotonic_ns() > usage->until_ns) {
			usage->cut = 1;
			break;
		}
		measure_entry(usage, fd, entry->d_name, path, depth, &bytes, &files);
	}
	closedir(folder);
	usage->folders++;
	rank(usage, path, bytes, files);
	*all_files += files;
	return bytes;
}

static void add_usage(struct usage *usage, struct json *items)
{
	for (size_t i = 0; i < usage->count; i++) {
		char safe[1024];
		struct json *item;

		safe_copy(safe, sizeof(safe), usage->largest[i].path, strlen(usage->largest[i].path));
		item = json_set_text(json_object(), "path", safe);
		json_set_int(item, "bytes", usage->largest[i].bytes);
		json_set_int(item, "files", usage->largest[i].files);
		json_set(item, "complete", json_boolean(!usage->cut));
		json_add(items, item);
		free(usage->largest[i].path);
	}
}

static int disk_usage(struct machine *machine, const struct json *params, struct json *items, struct error *err)
{
	const char *asked = json_text_or(json_get(params, "path"), "/");
	int64_t seconds = json_int(json_get(params, "seconds"), USAGE_SECONDS), files = 0;
	struct usage usage = { .limit = (size_t)limit_of(params, USAGE_LIMIT, TOP_MOST) };
	char path[MACHINE_PATH_MAX];
	struct stat info;

	if (*asked != '/')
		return error_set(err, ERR_INVALID, "path is the whole path of a folder");
	machine_path(machine, asked, path);
	if (stat(path, &info) || !S_ISDIR(info.st_mode))
		return error_set(err, ERR_NOT_FOUND, "%.180s is no folder", asked);
	usage.device = info.st_dev;
	usage.until_ns = clock_monotonic_ns() + (seconds < 1 || seconds > USAGE_SECONDS_MOST ? USAGE_SECONDS : seconds) * CLOCK_SECOND_NS;
	usage.largest = mem_zero(usage.limit, sizeof(*usage.largest));
	measure(&usage, AT_FDCWD, path, asked, 1, &files);
	add_usage(&usage, items);
	free(usage.largest);
	return 0;
}

static int oom(struct machine *machine, const struct json *params, struct json *items, struct error *err)
{
	const char *since = json_text(json_get(params, "since"));
	int64_t since_ns = 0;

	if (since && clock_parse_when(since, &since_ns))
		return error_set(err, ERR_INVALID, "since is a time: 1h, 14:02, 2026-11-21T09:00:00Z");
	return kernel_oom_kills(machine, since_ns, items, err);
}

/* A port of 0 or none: all listening sockets. */
static int port(struct machine *machine, const struct json *params, struct json *items, struct error *err)
{
	const struct json *param = json_get(params, "port");
	int64_t wanted = json_int(param, json_text(param) ? strtoll(json_text(param), NULL, 10) : 0);
	struct json *all = host_items(machine, "sockets", NULL, 0, err);

	if (!all)
		return -1;
	for (const struct json *item = json_first(all); item; item = json_next(item))
		if (!wanted || json_int(json_get(item, "port"), -1) == wanted)
			json_add(items, json_copy(item));
	json_free(all);
	return 0;
}

int host_query(struct machine *machine, const char *name, const struct json *params, struct json **out, struct error *err)
{
	static const struct {
		const char *name;
		int (*ask)(struct machine *machine, const struct json *params, struct json *items, struct error *err);
	} table[] = { { "pressure", pressure }, { "top", top }, { "disk_usage", disk_usage }, { "oom", oom }, { "port", port } };

	if (!strncmp(name, "host.", 5))
		name += 5;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (strcmp(table[i].name, name) != 0)
			continue;
		struct json *items = json_array();

		if (table[i].ask(machine, params, items, err)) {
			json_free(items);
			return -1;
		}
		*out = json_set(json_object(), "items", items);
		return 0;
	}
	return error_set(err, ERR_NOT_FOUND, "there is no measurement host.%.60s", name);
}
