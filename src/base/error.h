/* error.h - what went wrong, as a value the caller owns: no allocation, travels in a job's result. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

/* Rows of error_table (error.c) give each its name, exit status, HTTP status and whether to retry. */
enum error_code {
	ERR_NONE,
	ERR_INVALID,     /* usage or configuration: exit 3 */
	ERR_FORMAT,      /* bytes from outside do not parse: exit 1 */
	ERR_LIMIT,       /* larger, deeper or longer than we accept: exit 1 */
	ERR_NOT_FOUND,   /* the thing named does not exist: exit 1 */
	ERR_CONFLICT,    /* it changed meanwhile, or exists: exit 1 */
	ERR_UNAUTHORIZED,/* the provider does not know us (401): exit 6 */
	ERR_FORBIDDEN,   /* the provider says no (403): exit 1 */
	ERR_DENIED,      /* our policy says no: exit 2 */
	ERR_APPROVAL,    /* approval needed and not given: exit 5 */
	ERR_UNCLEAR,     /* not understood: exit 4 */
	ERR_UNREACHABLE, /* the provider could not be reached: exit 6, retry */
	ERR_TIMEOUT,     /* a deadline passed: exit 6, retry */
	ERR_CANCELLED,   /* the user or the end of the program: exit 1 */
	ERR_IO,          /* disk, pipe, system call: exit 1 */
	ERR_AUDIT,       /* the audit log does not verify: exit 7 */
	ERR_COUNT
};

struct error {
	enum error_code code;
	char text[256]; /* what happened, to what, what to do next; safe for the screen */
};

/* Both set *err (NULL allowed) and return -1. */
int error_set(struct error *err, enum error_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Puts "doing what: " before the text, keeping the code. */
int error_wrap(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* error_set(err, code, "...: strerror(errno)"), code ERR_IO unless errno says better. */
int error_errno(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

void error_clear(struct error *err);
const char *error_name(enum error_code code); /* "unreachable" */
int error_exit_status(enum error_code code);
int error_http_status(enum error_code code);
int error_retryable(enum error_code code);

#endif
