/* records.h - what the sources themselves have on record of changes (packages, logins, restarts), beside what this program saw.
 * Inside src/estate. */
#ifndef ESTATE_RECORDS_H
#define ESTATE_RECORDS_H

#include <stddef.h>
#include <stdint.h>

struct estate;
struct json;

/* Puts them among `changes` (INTERFACE's items, newest first), at most limit in all. kind, id NULL: any. What is there already (the
 * same new value of the same thing, within a minute) is told once, as the source has it. A source that fails is left out.
 * Takes changes; you own what is returned. Worker threads. */
struct json *records_merge(struct estate *estate, struct json *changes, int64_t since_ns, const char *kind, const char *id, size_t limit);

#endif
