/* tree.h - a folder of files that a test writes and removes. */
#ifndef TESTS_FLEET_TREE_H
#define TESTS_FLEET_TREE_H

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/process.h"

static char root[64];

static inline void make_root(void)
{
	strcpy(root, "/tmp/fleet-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
}

static inline void write_bytes(const char *name, const void *bytes, size_t length)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = 0;
		ck_assert(!mkdir(path, 0700) || errno == EEXIST);
	}
	FILE *file = fopen(path, "w");
	ck_assert_msg(file != NULL, "%s", path);
	fwrite(bytes, 1, length, file);
	fclose(file);
}

static inline void write_at(const char *name, const char *text)
{
	write_bytes(name, text, strlen(text));
}

/* Exit status; -2: no such program. */
static inline int run_program(const char *const *argv, struct process_result *result)
{
	struct error err = { 0 };

	if (process_run(&(struct process_request){ .argv = argv, .output_max_bytes = 16 << 20, .timeout_ms = 60000 }, result, &err))
		return err.code == ERR_NOT_FOUND ? -2 : -1;
	return result->status;
}

static inline void remove_root(void)
{
	const char *argv[] = { "rm", "-rf", root, NULL };
	struct process_result result = { 0 };

	ck_assert_int_eq(run_program(argv, &result), 0);
	process_release(&result);
}

#endif
