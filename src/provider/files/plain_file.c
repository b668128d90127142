#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "provider/files/provider.h"

enum { NEW_FILE_MODE = 0644 };

/* The folder as it is named and as it resolves must be the same: a link on the way would lead elsewhere. */
static int check_path(const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	char resolved[PATH_MAX];

	if (*path != '/' || !slash[1])
		return error_set(err, ERR_INVALID, "%.200s is no absolute path of a file", path);
	char *folder = mem_text_n(path, slash == path ? 1 : (size_t)(slash - path));
	int known = realpath(folder, resolved) != NULL, same = known && !strcmp(folder, resolved);

	free(folder);
	if (!known)
		return error_errno(err, "%.200s", path);
	return same ? 0 : error_set(err, ERR_INVALID, "%.200s goes through a symbolic link: name the file itself", path);
}

static int read_all(int fd, struct plain_file *file, size_t size)
{
	file->bytes = mem_alloc(size + 1);
	for (ssize_t got; file->length < size && (got = read(fd, file->bytes + file->length, size - file->length)) != 0;) {
		if (got < 0 && errno != EINTR)
			return -1;
		file->length += got > 0 ? (size_t)got : 0;
	}
	file->bytes[file->length] = 0;
	return 0;
}

int plain_file_load(const char *path, struct plain_file *file, struct error *err)
{
	struct stat about;

	*file = (struct plain_file){ .digest = "-", .mode = NEW_FILE_MODE };
	if (check_path(path, err))
		return -1;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return errno == ELOOP ? error_set(err, ERR_INVALID, "%.200s is a symbolic link: not written through", path) : error_errno(err, "%.200s", path);
	int failed = fstat(fd, &about) ? error_errno(err, "%.200s", path) : 0;

	if (!failed && !S_ISREG(about.st_mode))
		failed = error_set(err, ERR_INVALID, "%.200s is no plain file", path);
	if (!failed && about.st_size > FILES_MAX_BYTES)
		failed = error_set(err, ERR_LIMIT, "%.200s is larger than 16 MiB: not edited from here", path);
	if (!failed && read_all(fd, file, (size_t)about.st_size))
		failed = error_errno(err, "%.200s", path);
	close(fd);
	if (failed) {
		plain_file_release(file);
		return -1;
	}
	file->exists = 1;
	file->mode = about.st_mode & 07777;
	file->owner = about.st_uid;
	file->group = about.st_gid;
	file->modified_ns = (int64_t)about.st_mtim.tv_sec * CLOCK_SECOND_NS + about.st_mtim.tv_nsec;
	sha256_hex(file->bytes, file->length, file->digest);
	return 0;
}

void plain_file_release(struct plain_file *file)
{
	if (file->bytes)
		explicit_bzero(file->bytes, file->length);
	free(file->bytes);
	*file = (struct plain_file){ .digest = "-" };
}

static int write_all(int fd, const char *bytes, size_t length)
{
	for (size_t at = 0; at < length;) {
		ssize_t written = write(fd, bytes + at, length - at);

		if (written < 0 && errno != EINTR)
			return -1;
		at += written > 0 ? (size_t)written : 0;
	}
	return fsync(fd);
}

int plain_file_replace(const char *path, const struct plain_file *old, const char *bytes, size_t length, struct error *err)
{
	char *beside = mem_format("%s.%ld.new", path, (long)getpid());
	int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600), failed = fd < 0;

	if (!failed)
		failed = write_all(fd, bytes, length) || fchmod(fd, old->mode);
	if (!failed && old->exists && (old->owner != geteuid() || old->group != getegid()))
		failed = fchown(fd, old->owner, old->group) != 0;
	if (fd >= 0 && close(fd))
		failed = 1;
	if (!failed)
		failed = rename(beside, path) != 0;
	if (failed) {
		error_errno(err, "writing %.200s", path);
		if (fd >= 0)
			unlink(beside);
	}
	free(beside);
	return failed ? -1 : 0;
}
