/* archive.h - secrets in files inside zip, tar and gzip archives, one level deep. Nothing is unpacked to the disk. */
#ifndef FLEET_SECRETS_ARCHIVE_H
#define FLEET_SECRETS_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct findings;
struct secret_scanner;

struct secrets_archive {
	size_t files, skipped; /* skipped: encrypted, too large, in a form not read, past the limits */
	int64_t bytes;         /* unpacked */
};

/* By its name: .zip .jar .whl .egg .tar .tgz .tar.gz .gz … */
int secrets_archive_is(const char *path);
/* Adds a finding for each credential in each file of the archive, path "ARCHIVE!/inner/name", place that in the inner file. At most 256 MiB are read,
 * 1 GiB unpacked, 100,000 files looked at: the rest is counted. 0; -1: ERR_IO, ERR_LIMIT, ERR_FORMAT (no archive, or a broken one: what came before
 * the break is looked at). */
int secrets_archive(struct secret_scanner *scanner, int folder, const char *path, struct findings *findings, struct secrets_archive *seen, struct error *err);

#endif
