#include "provider/host/containers.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "provider/host/lists.h"
#include "provider/host/machine.h"
#include "provider/host/proctext.h"
#include "provider/host/rows.h"

enum { CT_RUNTIME = ROWS_OWN, CT_CPU, CT_MEMORY, CT_LIMIT, CT_USE, CT_PROCESSES, CT_OOM, CT_POD, CT_GROUP, CT_THROTTLED };

static const struct rows_field_row fields[] = { { "runtime", 0 }, { "cpu", 1 }, { "memory", 1 }, { "limit", 1 }, { "use", 1 },
	{ "processes", 1 }, { "oom_kills", 1 }, { "pod", 0 }, { "group", 0 }, { "throttled", 1 } };
const struct rows_fields container_fields = { .kind = "containers", .list = fields, .count = sizeof(fields) / sizeof(*fields) };

enum { DEPTH_MAX = 10, GROUPS_MAX = 20000, ID_LENGTH = 64, ID_SHOWN = 12, PATH_BYTES = 1024 };

static size_t hex_length(const char *text)
{
	return strspn(text, "0123456789abcdef");
}

static const char *take_id(const char *id, size_t length, const char *runtime, char *out, size_t size)
{
	snprintf(out, size, "%.*s", (int)length, id);
	return runtime;
}

const char *container_of_group(const char *path, const char *name, char *out, size_t size)
{
	/* systemd's cgroup driver names them runtime-ID.scope */
	static const struct {
		const char *prefix, *runtime;
	} scopes[] = { { "docker-", "docker" }, { "libpod-", "podman" }, { "cri-containerd-", "containerd" }, { "crio-", "cri-o" },
		{ "nerdctl-", "containerd" } };

	for (size_t i = 0; i < sizeof(scopes) / sizeof(*scopes); i++) {
		size_t prefix = strlen(scopes[i].prefix);

		if (!strncmp(name, scopes[i].prefix, prefix) && hex_length(name + prefix) == ID_LENGTH)
			return take_id(name + prefix, ID_SHOWN, scopes[i].runtime, out, size);
	}
	/* the cgroupfs driver: docker/ID, kubepods/…/ID, libpod_parent/libpod-ID is above */
	if (hex_length(name) == ID_LENGTH && !name[ID_LENGTH] && (strstr(path, "kubepods") || strstr(path, "docker")))
		return take_id(name, ID_SHOWN, strstr(path, "kubepods") ? "kubernetes" : "docker", out, size);
	if (!strncmp(name, "lxc.payload.", 12) && name[12])
		return take_id(name + 12, strlen(name + 12), "lxc", out, size);
	size_t length = strlen(name);

	if (strstr(path, "machine.slice") && !strncmp(name, "machine-", 8) && length > 14 && !strcmp(name + length - 6, ".scope"))
		return take_id(name + 8, length - 14, "machine", out, size);
	return NULL;
}

struct walk {
	struct rows *rows;
	int unified; /* version 2: one tree (Documentation/admin-guide/cgroup-v2.rst); version 1: a tree for each controller */
	size_t seen;
};

static int make_path(char out[PATH_BYTES], const char *before, const char *group, const char *after)
{
	return snprintf(out, PATH_BYTES, "fs/cgroup/%s%s/%s", before, group, after) >= PATH_BYTES ? -1 : 0;
}

static int64_t read_number(const struct walk *walk, const char *controller, const char *group, const char *file)
{
	char path[PATH_BYTES];

	if (make_path(path, walk->unified ? "" : controller, group, file))
		return -1;
	return machine_number(walk->rows->machine, walk->rows->machine->sys, path, -1);
}

/* "key value" lines, as in cpu.stat and memory.events. */
static int64_t read_key(const struct walk *walk, const char *group, const char *file, const char *key)
{
	char path[PATH_BYTES], text[4096];
	struct proctext value;
	int64_t number;

	if (make_path(path, "", group, file))
		return -1;
	ssize_t length = machine_read(walk->rows->machine, walk->rows->machine->sys, path, text, sizeof(text));

	return length > 0 && !proctext_field(text, (size_t)length, key, ' ', &value) && !proctext_i64(&value, &number) ? number : -1;
}

static void add_memory(const struct walk *walk, const char *group)
{
	struct rows *rows = walk->rows;
	int64_t used = read_number(walk, "memory/", group, walk->unified ? "memory.current" : "memory.usage_in_bytes");
	int64_t limit = read_number(walk, "memory/", group, walk->unified ? "memory.max" : "memory.limit_in_bytes");

	if (limit > INT64_MAX / 2 || limit == 0) /* version 1 says "none" by a number near the largest */
		limit = -1;
	rows_known(rows, CT_MEMORY, used);
	rows_known(rows, CT_LIMIT, limit);
	if (used >= 0 && limit > 0)
		rows_percent(rows, CT_USE, (double)used * 100 / (double)limit);
}

static void add_cpu(const struct walk *walk, const char *group)
{
	int64_t used_ns = walk->unified ? read_key(walk, group, "cpu.stat", "usage_usec") : read_number(walk, "cpuacct/", group, "cpuacct.usage");

	if (used_ns < 0)
		return;
	if (walk->unified)
		used_ns = used_ns > INT64_MAX / 1000 ? INT64_MAX : used_ns * 1000;
	double rate = rows_rate(walk->rows, strlen(group) > 80 ? group + strlen(group) - 80 : group, "ct", (uint64_t)used_ns);

	rows_percent(walk->rows, CT_CPU, rate / 1e9 * 100);
}

/* "…/kubepods-burstable-podUID.slice/…" or "…/podUID/…" */
static void add_pod(struct rows *rows, const char *group)
{
	const char *pod = strstr(group, "kubepods") ? strstr(group, "pod") : NULL;

	while (pod && (hex_length(pod + 3) < 8))
		pod = strstr(pod + 3, "pod");
	if (pod)
		rows_text(rows, CT_POD, pod + 3, strspn(pod + 3, "0123456789abcdef-_"));
}

static void send_row(const struct walk *walk, const char *group, const char *runtime, const char *name)
{
	struct rows *rows = walk->rows;

	if (!rows_selects(rows, name))
		return;
	rows_begin(rows);
	rows_string(rows, CT_RUNTIME, runtime);
	rows_string(rows, CT_GROUP, group);
	add_memory(walk, group);
	add_cpu(walk, group);
	add_pod(rows, group);
	rows_known(rows, CT_PROCESSES, read_number(walk, "pids/", group, "pids.current"));
	if (walk->unified) {
		rows_known(rows, CT_OOM, read_key(walk, group, "memory.events", "oom_kill"));
		rows_known(rows, CT_THROTTLED, read_key(walk, group, "cpu.stat", "nr_throttled"));
	}
	rows_send(rows, name);
}

static void walk_group(struct walk *walk, int parent, const char *name, const char *group, int depth)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!folder) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (walk->seen < GROUPS_MAX && !walk->rows->full && (entry = readdir(folder))) {
		char below[PATH_BYTES], id[256];

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.' ||
			snprintf(below, sizeof(below), "%s%s%s", group, *group ? "/" : "", entry->d_name) >= (int)sizeof(below) - 64)
			continue;
		walk->seen++;
		const char *runtime = container_of_group(group, entry->d_name, id, sizeof(id));

		if (runtime)
			send_row(walk, below, runtime, id);
		else if (depth < DEPTH_MAX)
			walk_group(walk, fd, entry->d_name, below, depth + 1);
	}
	closedir(folder);
}

int container_list(struct rows *rows, struct error *err)
{
	struct walk walk = { .rows = rows };
	struct stat info;

	(void)err;
	if (rows->machine->sys < 0 || fstatat(rows->machine->sys, "fs/cgroup", &info, 0)) {
		struct error none = { 0 };

		error_set(&none, ERR_NOT_FOUND, "this machine shows no control groups: containers cannot be seen");
		rows_note(rows, "containers", &none);
		return 0;
	}
	walk.unified = !fstatat(rows->machine->sys, "fs/cgroup/cgroup.controllers", &info, 0);
	walk_group(&walk, rows->machine->sys, walk.unified ? "fs/cgroup" : "fs/cgroup/memory", "", 1);
	return 0;
}
