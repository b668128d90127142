/* file.h - files: bounded reading, atomic writing, XDG folders. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

struct error;

/* Whole file, NUL-terminated, at most max_bytes; works on /proc. You own it. NULL: ERR_NOT_FOUND, ERR_LIMIT, ERR_IO. */
char *file_load(const char *path, size_t max_bytes, size_t *length, struct error *err);
/* Temporary name beside it, fsync, rename, folder fsync. mode e.g. 0600. */
int file_save(const char *path, const void *bytes, size_t length, mode_t mode, struct error *err);
int file_make_folder(const char *path, mode_t mode, struct error *err); /* with parents */

/* Folders, made when missing with 0700. PILOTHOUSE_HOME=DIR: config, state, cache are all DIR itself.
 * Else XDG_CONFIG_HOME/pilothouse … The result is owned by the module, valid until the end. */
const char *file_config_folder(void);
const char *file_state_folder(void);
const char *file_cache_folder(void);
/* Where kinds/ playbooks/ policies/ themes/ words/ that came with the program lie: PILOTHOUSE_DATA, else the folder of
 * an uninstalled binary when it holds kinds/, else PKGDATADIR. */
const char *file_data_folder(void);

/* Data files of an area ("kinds"), ending .yaml/.yml: the operator's (config folder) first, in order of file name,
 * then the built-in ones (also in sub-folders, one level). A name that the operator's folder has hides the built-in of the same name.
 * Returns a NULL-terminated list of owned paths; free with file_free_list. */
char **file_list_data(const char *area);
void file_free_list(char **list);

#endif
