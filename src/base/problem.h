/* problem.h - a mistake in a data file, as an item of a list: {"file","line","message"}. */
#ifndef BASE_PROBLEM_H
#define BASE_PROBLEM_H

struct json;

/* Appends one. The file and line that message begins with ("PATH:LINE: ", "PATH: ", "line LINE: ") are not told twice, and are believed more than line;
 * where line is 0, one named further on counts. problems may be NULL: nobody asked. Copies. */
void problem_add(struct json *problems, const char *file, int line, const char *message);

/* "FILE:LINE: message", or "FILE: message" where no line is known. You own it (free()). */
char *problem_format(const struct json *problem);

#endif
