#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"

enum { READ_FIRST = 4096 };

/* All of fd, whose size is not asked: files of /proc say 0. NULL with errno, EFBIG past max_bytes.
 */
static char *read_all(int fd, size_t max_bytes, size_t *length)
{
	size_t room = max_bytes < READ_FIRST ? max_bytes + 1 : READ_FIRST, used = 0;
	char *bytes = mem_alloc(room + 1);
	ssize_t n;

	for (;;) {
		n = read(fd, bytes + used, room - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		used += (size_t)n;
		if (used > max_bytes) {
			errno = EFBIG;
			n = -1;
			break;
		}
		if (used == room) {
			room = room > max_bytes / 2 ? max_bytes + 1 : room * 2;
			bytes = mem_resize(bytes, room + 1);
		}
	}
	if (n < 0) {
		int number = errno;

		free(bytes);
		errno = number;
		return NULL;
	}
	bytes[used] = 0;
	*length = used;
	return bytes;
}

/* A FIFO nobody writes to is empty, and not waited for; one that has a writer (`<(command)`) is read to its end. */
static int open_now(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return fd;
}

char *file_load(const char *path, size_t max_bytes, size_t *length, struct error *err)
{
	int fd = open_now(path);
	size_t used = 0;
	char *bytes;

	if (max_bytes > SSIZE_MAX)
		max_bytes = SSIZE_MAX;
	if (fd < 0) {
		error_errno(err, "%s cannot be opened", path);
		return NULL;
	}
	bytes = read_all(fd, max_bytes, &used);
	if (!bytes && errno == EFBIG)
		error_set(err, ERR_LIMIT, "%s is larger than %zu bytes", path, max_bytes);
	else if (!bytes)
		error_errno(err, "%s cannot be read", path);
	close(fd);
	if (bytes && length)
		*length = used;
	return bytes;
}

static int write_all(int fd, const char *bytes, size_t length)
{
	while (length) {
		ssize_t n = write(fd, bytes, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		bytes += n;
		length -= (size_t)n;
	}
	return 0;
}

/* Makes a rename in the folder of path durable. */
static void sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == path ? mem_text("/")
		       : slash       ? mem_text_n(path, (size_t)(slash - path))
				     : mem_text(".");
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		fsync(fd); /* some file systems cannot; the file is there all the same */
		close(fd);
	}
	free(folder);
}

static int save_beside(const char *path, const void *bytes, size_t length, mode_t mode)
{
	char *temporary = mem_format("%s.XXXXXX", path);
	int fd = mkostemp(temporary, O_CLOEXEC), failed, number;

	if (fd < 0) {
		number = errno;
		free(temporary);
		errno = number;
		return -1;
	}
	failed = fchmod(fd, mode) || write_all(fd, bytes, length) || fsync(fd);
	number = errno;
	if (close(fd) && !failed) {
		failed = 1;
		number = errno;
	}
	if (!failed && rename(temporary, path)) {
		failed = 1;
		number = errno;
	}
	if (failed)
		unlink(temporary);
	free(temporary);
	errno = number;
	return failed ? -1 : 0;
}

int file_save(const char *path, const void *bytes, size_t length, mode_t mode, struct error *err)
{
	char *real =
		realpath(path, NULL); /* a symbolic link stays one: what it names is replaced */
	const char *target = real ? real : path;
	int failed = save_beside(target, bytes, length, mode);

	if (failed)
		error_errno(err, "%s cannot be saved", path);
	else
		sync_folder(target);
	free(real);
	return failed;
}

static int make_one(const char *path, mode_t mode)
{
	struct stat info;

	if (!mkdir(path, mode))
		return 0;
	if (errno != EEXIST && errno != EROFS && errno != EACCES && errno != EPERM)
		return -1;
	int number = errno;

	if (!stat(path, &info) && S_ISDIR(info.st_mode))
		return 0;
	errno = number == EEXIST ? ENOTDIR : number;
	return -1;
}

int file_make_folder(const char *path, mode_t mode, struct error *err)
{
	char *copy = mem_text(path);
	int failed = 0;

	for (char *slash = copy + (*copy == '/'); !failed && (slash = strchr(slash, '/'));
		slash++) {
		*slash = 0;
		failed = *copy && make_one(copy, mode);
		*slash = '/';
	}
	failed = failed || make_one(copy, mode);
	if (failed)
		error_errno(err, "folder %s cannot be made", path);
	free(copy);
	return failed ? -1 : 0;
}
