/* logfiles.h - the journal, and plain log files with their rotated ones. */
#ifndef PROVIDER_HOST_LOGFILES_H
#define PROVIDER_HOST_LOGFILES_H

#include <stddef.h>
#include <stdint.h>

struct machine;

struct logfile {
	char name[512];        /* below the log folder: "nginx/access.log"; a whole path of host.logs */
	int64_t size_bytes, modified_ns;
	uint64_t inode;
	size_t rotated;        /* how many older ones lie beside it */
	int64_t rotated_bytes;
};
typedef void (*logfile_fn)(void *arg, const struct logfile *file);

/* Every log file, up to three folders deep; links are not followed; then those of host.logs. At most 5,000. */
void logfiles_each(const struct machine *machine, logfile_fn on_file, void *arg);
/* 0, or -1 when there is none of that name (or the name leads out of the folder). */
int logfile_find(const struct machine *machine, const char *name, struct logfile *out);
/* The rotated ones of a log, each with its size; the name is a file's in the same folder, the folder an open descriptor. */
typedef void (*logfile_rotated_fn)(void *arg, int folder, const char *name, int64_t size_bytes);
void logfile_rotated_each(const struct machine *machine, const char *name, logfile_rotated_fn on_file, void *arg);
/* 1 when `name` is a rotated one of `base`: base.1, base.2.gz, base-20240101(.gz|.xz|.zst|.bz2). */
int logfile_is_rotated(const char *name, const char *base);
/* Its path; "" when the name could lead out of the folder. */
void logfile_path(const struct machine *machine, const char *name, char *out, size_t size);
/* Bytes the journal takes; -1 there is none. */
int64_t journal_size(const struct machine *machine);

#endif
