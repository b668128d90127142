/* provider.h - for src/provider/files only. */
#ifndef PROVIDER_FILES_PROVIDER_H
#define PROVIDER_FILES_PROVIDER_H

#include <stddef.h>
#include <sys/types.h>

#include "base/digest.h"

struct act_ops;
struct error;

enum { FILES_MAX_BYTES = 16 << 20 };

extern const struct act_ops files_acts;

/* A plain file as it is: exists 0 and no bytes when there is none. */
struct plain_file {
	int exists;
	char *bytes; /* owned */
	size_t length;
	mode_t mode;
	uid_t owner;
	gid_t group;
	int64_t modified_ns;
	char digest[SHA256_HEX_MAX]; /* "-": there is none */
};

/* ERR_INVALID: the path is not absolute, goes through a link, or is no plain file; ERR_LIMIT: larger than FILES_MAX_BYTES. */
int plain_file_load(const char *path, struct plain_file *file, struct error *err);
void plain_file_release(struct plain_file *file);
/* Written beside, with the mode and owner of the file it takes the place of, and renamed. */
int plain_file_replace(const char *path, const struct plain_file *old, const char *bytes, size_t length, struct error *err);

#endif
