/* health.h - looks at a database without opening it for use: nothing is made, migrated or moved aside. */
#ifndef STORE_HEALTH_H
#define STORE_HEALTH_H

#include <stdint.h>

struct error;

struct store_health {
	int version, newest; /* of the schema: in the file; known to this program */
	int foreign;         /* another program's database */
	char problem[200];   /* what the integrity check said first; "" sound */
	int64_t size_bytes;
};

/* path NULL: pilothouse.db in the state folder. ERR_NOT_FOUND: there is none yet; ERR_FORMAT: no database; ERR_IO: cannot be read, or locked. */
int store_health(const char *path, struct store_health *health, struct error *err);

#endif
