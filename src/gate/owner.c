#include "gate/owner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

static void boot_id(char out[40])
{
	size_t length;
	char *text = file_load("/proc/sys/kernel/random/boot_id", 64, &length, NULL);

	snprintf(out, 40, "%.36s", text && length >= 36 ? text : "unknown");
	free(text);
}

/* Field 22 of /proc/PID/stat, counted after the last ')' (proc(5)): the name before it may hold anything. */
static unsigned long long start_time(long pid)
{
	char path[48];
	size_t length;
	unsigned long long started = 0;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	char *text = file_load(path, 4096, &length, NULL);
	const char *at = text ? strrchr(text, ')') : NULL;
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at)
		started = strtoull(at, NULL, 10);
	free(text);
	return started;
}

void owner_self(char out[OWNER_MAX])
{
	char boot[40];
	long pid = (long)getpid();

	boot_id(boot);
	snprintf(out, OWNER_MAX, "%s %ld %llu", boot, pid, start_time(pid));
}

int owner_alive(const char *owner)
{
	char boot[40], theirs[40];
	long pid;
	unsigned long long started;

	if (sscanf(owner, "%39s %ld %llu", theirs, &pid, &started) != 3)
		return 0;
	boot_id(boot);
	return !strcmp(boot, theirs) && started && start_time(pid) == started;
}
