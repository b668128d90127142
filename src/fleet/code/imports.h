/* imports.h - which modules a source file imports, by its lines and without a parser: quick enough to ask every file of a tree. What stands in
 * comments and in strings over several lines does not count. */
#ifndef FLEET_IMPORTS_H
#define FLEET_IMPORTS_H

#include <stddef.h>

#include "fleet/tree/source.h"

/* names: what follows `import` on the line of a `from module import …`, or "". Neither is NUL-terminated. line from 1. */
typedef void (*imports_on)(void *arg, const char *module, size_t length, const char *names, size_t names_length, int line);
/* Python, JavaScript and TypeScript; notebooks as the text that source.h makes of them. Other kinds: nothing. */
void imports_each(enum source_kind kind, const char *text, size_t length, imports_on on, void *arg);

#endif
