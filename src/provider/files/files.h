/* files.h - plain files of this machine, edited in place and put back: what an audit heals. Reads and writes nothing but the file named, never
 * through a symbolic link. What an edit replaces is kept in the state folder (undo/DIGEST, mode 0600), not in a plan or the log. */
#ifndef PROVIDER_FILES_FILES_H
#define PROVIDER_FILES_FILES_H

#include "estate/provider.h"

extern const struct provider_ops files_provider;

#endif
