#include "provider/host/socket_owners.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "provider/host/machine.h"
#include "provider/host/proctext.h"

struct owner {
	uint64_t inode;
	int pid, descriptor;
};

struct socket_owners {
	struct owner *list; /* of the last question, ascending inode */
	size_t count;
};

struct socket_owners *socket_owners_new(void)
{
	return mem_zero(1, sizeof(struct socket_owners));
}

void socket_owners_free(struct socket_owners *owners)
{
	if (!owners)
		return;
	free(owners->list);
	free(owners);
}

static int compare(const void *a, const void *b)
{
	const struct owner *left = a, *right = b;

	return (left->inode > right->inode) - (left->inode < right->inode);
}

/* "socket:[12345]" -> its inode, 0 when it is something else. */
static uint64_t inode_of(int folder, const char *path)
{
	char target[64];
	ssize_t length = readlinkat(folder, path, target, sizeof(target));
	uint64_t inode;

	if (length < 10 || memcmp(target, "socket:[", 8) != 0 || target[length - 1] != ']' ||
		proctext_number(target + 8, (size_t)length - 9, 10, &inode))
		return 0;
	return inode;
}

static int still_holds(const struct machine *machine, const struct owner *owner)
{
	char path[64];

	snprintf(path, sizeof(path), "%d/fd/%d", owner->pid, owner->descriptor);
	return inode_of(machine->proc, path) == owner->inode;
}

static struct owner *lookup(struct owner *list, size_t count, uint64_t inode)
{
	struct owner key = { .inode = inode };

	return count ? bsearch(&key, list, count, sizeof(*list), compare) : NULL;
}

static void look_at_process(const struct machine *machine, int pid, struct owner *list, size_t count, size_t *missing)
{
	char path[32];

	snprintf(path, sizeof(path), "%d/fd", pid);
	int fd = openat(machine->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!folder) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (*missing && (entry = readdir(folder))) {
		uint64_t descriptor, inode;

		if (proctext_number(entry->d_name, strlen(entry->d_name), 10, &descriptor) || !(inode = inode_of(fd, entry->d_name)))
			continue;
		struct owner *owner = lookup(list, count, inode);

		if (owner && !owner->pid) {
			owner->pid = pid;
			owner->descriptor = (int)descriptor;
			--*missing;
		}
	}
	closedir(folder);
}

/* /proc lists pids upwards, so the first holder met is the one that opened it before it forked workers, mostly. */
static void walk(const struct machine *machine, struct owner *list, size_t count, size_t missing)
{
	int fd = openat(machine->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	uint64_t pid;

	if (!folder) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (missing && (entry = readdir(folder)))
		if (!proctext_number(entry->d_name, strlen(entry->d_name), 10, &pid) && pid < INT32_MAX)
			look_at_process(machine, (int)pid, list, count, &missing);
	closedir(folder);
}

void socket_owners_find(struct socket_owners *owners, const struct machine *machine, const uint64_t *inodes, int *pids, size_t count)
{
	struct owner *list = mem_zero(count + 1, sizeof(*list));
	size_t missing = 0;

	for (size_t i = 0; i < count; i++) {
		const struct owner *old = lookup(owners->list, owners->count, inodes[i]);

		list[i].inode = inodes[i];
		if (old && (!old->pid || still_holds(machine, old)))
			list[i] = *old; /* not seen before (no right to look, the kernel's own): looking again shows no more */
		else
			missing++;
	}
	qsort(list, count, sizeof(*list), compare);
	if (missing)
		walk(machine, list, count, missing);
	for (size_t i = 0; i < count; i++) {
		const struct owner *owner = lookup(list, count, inodes[i]);

		pids[i] = owner ? owner->pid : 0;
	}
	free(owners->list);
	owners->list = list;
	owners->count = count;
}
