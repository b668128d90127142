#include "provider/host/filesystems.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/process.h"
#include "provider/host/lists.h"
#include "provider/host/machine.h"
#include "provider/host/proctext.h"
#include "provider/host/rows.h"
#include "provider/host/trend.h"

enum { FS_MOUNT = ROWS_OWN, FS_SOURCE, FS_TYPE, FS_SIZE, FS_USED, FS_FREE, FS_USE, FS_INODES, FS_INODES_USED, FS_INODE_USE, FS_MODE, FS_DEVICE, FS_FULL_IN };

static const struct rows_field_row fields[] = {
	{ "mount", 0 }, { "source", 0 }, { "type", 0 }, { "size", 1 }, { "used", 1 }, { "free", 1 }, { "use", 1 }, { "inodes", 1 },
	{ "inodes_used", 1 }, { "inode_use", 1 }, { "mode", 0 }, { "device", 0 }, { "full_in", 1 },
};
const struct rows_fields filesystem_fields = { .kind = "filesystems", .list = fields, .count = sizeof(fields) / sizeof(*fields) };

enum { MOUNTS_MAX = 10000, MOUNTS_MAX_BYTES = 16 << 20, NETWORK_TIMEOUT_MS = 2000, MINUTES_MAX = 7 * 24 * 60 };

struct space { /* as statvfs(3) */
	unsigned long long block_bytes, blocks, free, available, files, files_free;
};

static int add_word(struct proctext *line, char *out, size_t size)
{
	/* Blanks, tabs and newlines within a name are escaped there, nothing else is: a carriage return is a part of it. */
	const char *word = line->at, *blank = memchr(line->at, ' ', (size_t)(line->end - line->at));
	const char *end = blank ? blank : line->end;

	if (end == word)
		return -1;
	line->at = blank ? blank + 1 : line->end;
	proctext_unescape(word, (size_t)(end - word), out, size);
	return 0;
}

/* "36 35 98:0 /root /point rw,noatime shared:1 - ext4 /dev/root rw,errors=continue" */
int mount_parse(struct proctext line, struct mount *out)
{
	char options[256], word[256];

	memset(out, 0, sizeof(*out));
	if (add_word(&line, word, sizeof(word)) || add_word(&line, word, sizeof(word)) || add_word(&line, out->device, sizeof(out->device)) || add_word(&line, out->root, sizeof(out->root)) ||
		add_word(&line, out->point, sizeof(out->point)) || add_word(&line, options, sizeof(options)))
		return -1;
	out->read_only = !strcmp(options, "ro") || !strncmp(options, "ro,", 3);
	do
		if (add_word(&line, word, sizeof(word)))
			return -1;
	while (strcmp(word, "-") != 0);
	if (add_word(&line, out->type, sizeof(out->type)))
		return -1;
	add_word(&line, out->source, sizeof(out->source)); /* may be empty */
	return 0;
}

static int is_one_of(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(name, *list))
			return 1;
	return 0;
}

int mount_is_pseudo(const struct mount *mount)
{
	static const char *const types[] = { "proc", "sysfs", "cgroup", "cgroup2", "devpts", "devtmpfs", "mqueue", "debugfs", "tracefs",
		"securityfs", "pstore", "bpf", "autofs", "binfmt_misc", "configfs", "fusectl", "hugetlbfs", "efivarfs", "rpc_pipefs", "nsfs",
		"ramfs", "selinuxfs", "squashfs", "fuse.gvfsd-fuse", "fuse.portal", "fuse.lxcfs", NULL };

	return is_one_of(mount->type, types);
}

int mount_is_network(const struct mount *mount)
{
	static const char *const types[] = { "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "glusterfs", "fuse.sshfs", "fuse.s3fs",
		"fuse.glusterfs", "fuse.rclone", "afs", "lustre", "ncpfs", "davfs", "virtiofs", NULL };

	return is_one_of(mount->type, types) || !strncmp(mount->type, "fuse.", 5);
}

/* A dead server makes statvfs wait for ever; the child is killed instead of us. */
static int ask_child(const char *path, struct space *out)
{
	const char *const argv[] = { "stat", "-f", "-c", "%S %b %f %a %c %d", "--", path, NULL };
	const struct process_request request = { .argv = argv, .timeout_ms = NETWORK_TIMEOUT_MS };
	struct process_result result = { 0 };
	int status = process_run(&request, &result, NULL);

	if (!status && !result.status) {
		struct proctext text = proctext_of(result.output, result.output_length);
		uint64_t numbers[6];

		for (size_t i = 0; i < 6 && !status; i++)
			status = proctext_u64(&text, &numbers[i]);
		if (!status)
			*out = (struct space){ numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5] };
	} else {
		status = -1;
	}
	process_release(&result);
	return status;
}

static int read_space(const struct machine *machine, const struct mount *mount, struct space *out)
{
	char path[MACHINE_PATH_MAX];
	struct statvfs info;

	machine_path(machine, mount->point, path);
	if (!*path)
		return -1;
	if (mount_is_network(mount))
		return ask_child(path, out);
	if (statvfs(path, &info))
		return -1;
	*out = (struct space){ info.f_frsize ? info.f_frsize : info.f_bsize, info.f_blocks, info.f_bfree, info.f_bavail, info.f_files,
		info.f_ffree };
	return 0;
}

static int64_t bytes_of(unsigned long long blocks, unsigned long long block_bytes)
{
	return block_bytes && blocks > (unsigned long long)INT64_MAX / block_bytes ? -1 : (int64_t)(blocks * block_bytes);
}

static void add_space(struct rows *rows, const struct space *space)
{
	unsigned long long used = space->blocks >= space->free ? space->blocks - space->free : 0;

	rows_known(rows, FS_SIZE, bytes_of(space->blocks, space->block_bytes));
	rows_known(rows, FS_USED, bytes_of(used, space->block_bytes));
	rows_known(rows, FS_FREE, bytes_of(space->available, space->block_bytes));
	if (used + space->available) /* as df: root's reserve counts as taken */
		rows_percent(rows, FS_USE, (double)used * 100 / (double)(used + space->available));
	if (!space->files) /* btrfs and others make inodes as they go: no limit to be near */
		return;
	rows_known(rows, FS_INODES, (int64_t)space->files);
	if (space->files < space->files_free)
		return;
	rows_known(rows, FS_INODES_USED, (int64_t)(space->files - space->files_free));
	rows_percent(rows, FS_INODE_USE, (double)(space->files - space->files_free) * 100 / (double)space->files);
}

/* In minutes, at the pace of the last quarter of an hour; unknown when it does not fill up. */
static void add_trend(struct rows *rows, const struct mount *mount, const struct space *space)
{
	struct machine *machine = rows->machine;
	int64_t used = bytes_of(space->blocks - space->free, space->block_bytes), free_bytes = bytes_of(space->available, space->block_bytes);

	if (mount->read_only || used < 0 || free_bytes < 0)
		return;
	pthread_mutex_lock(&machine->lock);
	double seconds = trends_next(machine->trends, mount->point, used, free_bytes, clock_monotonic_ns());

	pthread_mutex_unlock(&machine->lock);
	if (seconds < MINUTES_MAX * 60.0) /* false of NAN too */
		rows_integer(rows, FS_FULL_IN, (int64_t)(seconds / 60));
}

static void send_row(struct rows *rows, const struct mount *mount)
{
	struct space space = { 0 };
	struct error err = { 0 };
	char source[sizeof(mount->point) + 16];
	int failed = read_space(rows->machine, mount, &space);

	snprintf(source, sizeof(source), "filesystem %s", mount->point);
	if (failed) {
		error_set(&err, ERR_UNREACHABLE, "%.200s does not answer (%s)", mount->point, mount->type);
		rows_note(rows, source, &err);
	} else if (!space.blocks) {
		return;
	} else {
		rows_note(rows, source, NULL);
	}
	rows_begin(rows);
	rows_string(rows, FS_MOUNT, mount->point);
	rows_string(rows, FS_SOURCE, mount->source);
	rows_string(rows, FS_TYPE, mount->type);
	rows_string(rows, FS_MODE, failed ? "unreachable" : mount->read_only ? "ro" : "rw");
	rows_string(rows, FS_DEVICE, mount->device);
	if (!failed) {
		add_space(rows, &space);
		add_trend(rows, mount, &space);
	}
	rows_send(rows, mount->point);
}

/* Of a device mounted at several places the first stands for all; a point mounted over is seen once, as the last one. */
static int is_repeated(const struct mount *list, size_t count, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(list[k].device, list[i].device) && strcmp(list[i].type, "tmpfs") != 0)
			return 1;
	for (size_t k = i + 1; k < count; k++)
		if (!strcmp(list[k].point, list[i].point))
			return 1;
	return 0;
}

static struct mount *load_mounts(const struct machine *machine, size_t *count, struct error *err)
{
	size_t length = 0;
	char *text = machine_load(machine, machine->proc, "self/mountinfo", MOUNTS_MAX_BYTES, &length);
	struct mount *list = NULL, mount;
	struct proctext at, line;

	*count = 0;
	if (!text)
		text = machine_load(machine, machine->proc, "1/mountinfo", MOUNTS_MAX_BYTES, &length);
	if (!text) {
		error_set(err, ERR_IO, "/proc/self/mountinfo cannot be read");
		return NULL;
	}
	at = proctext_of(text, length);
	list = mem_alloc(sizeof(*list));
	while (!proctext_line(&at, &line) && *count < MOUNTS_MAX) {
		if (mount_parse(line, &mount) || mount_is_pseudo(&mount))
			continue;
		list = mem_grow(list, *count + 1, sizeof(*list));
		list[(*count)++] = mount;
	}
	free(text);
	return list;
}

int filesystem_list(struct rows *rows, struct error *err)
{
	size_t count;
	struct mount *list = load_mounts(rows->machine, &count, err);

	if (!list)
		return -1;
	for (size_t i = 0; i < count && !rows->full && !rows_cancelled(rows); i++)
		if (rows_selects(rows, list[i].point) && !is_repeated(list, count, i))
			send_row(rows, &list[i]);
	free(list);
	return 0;
}
