/* late.h - libraries loaded when they are first needed, not with the program: memory and start are paid by who uses them. */
#ifndef BASE_LATE_H
#define BASE_LATE_H

#include <stddef.h>

struct late_symbol {
	const char *name;
	void *place; /* of a pointer to a function, filled in */
};

/* Loads the library for as long as the program runs, and finds all symbols. -1: the log says what is missing. */
int late_load(const char *soname, const struct late_symbol *symbols, size_t count);

#endif
