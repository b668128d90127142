/* lint.h - checks any data file by where it lies or what it holds. */
#ifndef GATE_LINT_H
#define GATE_LINT_H

#include <stddef.h>

struct json;

/* Rooms above this one hand in how their files are checked: {"themes", …}. check appends {"file","line","message"}. */
struct lint_area {
	const char *name; /* "words": the folder's name */
	void (*check)(const char *path, struct json *problems);
};
/* Kept as it is, until the program ends; before the first lint_path. */
void lint_add_area(const struct lint_area *area);

/* A file, or a folder with files below it. Problems: array of {"file","line","message"}. Returns how many files were looked at. */
size_t lint_path(const char *path, struct json *problems);

#endif
