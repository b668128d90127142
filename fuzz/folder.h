/* folder.h - a home of its own and a folder of files for targets of src/fleet. */
#ifndef FUZZ_FOLDER_H
#define FUZZ_FOLDER_H

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In TMPDIR, which fuzz/run makes in memory and removes. */
static inline char *fuzz_folder(const char *name)
{
	static char path[4][128];
	static size_t count;
	const char *place = getenv("TMPDIR");

	snprintf(path[count], sizeof(path[count]), "%s/%s-XXXXXX", place ? place : "/tmp", name);
	if (!mkdtemp(path[count]))
		abort();
	return path[count++];
}

/* Before anything asks for a folder. */
static inline const char *fuzz_home(void)
{
	static const char *home;

	if (!home) {
		home = fuzz_folder("fuzz-home");
		setenv("PILOTHOUSE_HOME", home, 1);
	}
	return home;
}

/* Folders on the way are made. */
static inline void fuzz_write(const char *folder, const char *name, const void *bytes, size_t length)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	for (char *slash = path + strlen(folder) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = 0;
		if (mkdir(path, 0700) && errno != EEXIST)
			abort();
	}
	FILE *file = fopen(path, "w");
	if (!file || fwrite(bytes, 1, length, file) != length || fclose(file))
		abort();
}

static inline void fuzz_remove(const char *folder, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	unlink(path);
}

/* Cuts the next part off: up to a byte 0xff, or the rest. */
static inline size_t fuzz_part(const uint8_t **data, size_t *size, const char **part)
{
	const uint8_t *end = *size ? memchr(*data, 0xff, *size) : NULL;
	size_t length = end ? (size_t)(end - *data) : *size;

	*part = (const char *)*data;
	*data += length + (end != NULL);
	*size -= length + (end != NULL);
	return length;
}

#endif
