/* lint.h - checks any data file by where it lies or what it holds. */
#ifndef GATE_LINT_H
#define GATE_LINT_H

struct json;

/* A file, or a folder with files below it. Problems: array of {"file","line","message"}. */
void lint_path(const char *path, struct json *problems);

#endif
