#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/safe.h"

static const struct error_row {
	const char *name;
	int exit_status; /* INTERFACE.md, "Exit codes" */
	int http_status; /* RFC 9110, 15 */
	int retryable;
} error_table[ERR_COUNT] = {
	[ERR_NONE] = { "none", 0, 200, 0 },
	[ERR_INVALID] = { "invalid", 3, 400, 0 },
	[ERR_FORMAT] = { "format", 1, 502, 0 },
	[ERR_LIMIT] = { "limit", 1, 413, 0 },
	[ERR_NOT_FOUND] = { "not_found", 1, 404, 0 },
	[ERR_CONFLICT] = { "conflict", 1, 409, 0 },
	[ERR_UNAUTHORIZED] = { "unauthorized", 6, 401, 0 },
	[ERR_FORBIDDEN] = { "forbidden", 1, 403, 0 },
	[ERR_DENIED] = { "denied", 2, 403, 0 },
	[ERR_APPROVAL] = { "approval_needed", 5, 403, 0 },
	[ERR_UNCLEAR] = { "unclear", 4, 422, 0 },
	[ERR_UNREACHABLE] = { "unreachable", 6, 502, 1 },
	[ERR_TIMEOUT] = { "timeout", 6, 504, 1 },
	[ERR_CANCELLED] = { "cancelled", 1, 503, 0 },
	[ERR_IO] = { "io", 1, 500, 0 },
	[ERR_AUDIT] = { "audit_broken", 7, 500, 0 },
};

/* errno values that say more than "input or output failed". */
static const struct {
	int number;
	enum error_code code;
} errno_table[] = {
	{ ENOENT, ERR_NOT_FOUND },
	{ ENOTDIR, ERR_NOT_FOUND },
	{ ESRCH, ERR_NOT_FOUND },
	{ EACCES, ERR_FORBIDDEN },
	{ EPERM, ERR_FORBIDDEN },
	{ EROFS, ERR_FORBIDDEN },
	{ EEXIST, ERR_CONFLICT },
	{ EINVAL, ERR_INVALID },
	{ ENAMETOOLONG, ERR_LIMIT },
	{ EFBIG, ERR_LIMIT },
	{ E2BIG, ERR_LIMIT },
	{ ECONNREFUSED, ERR_UNREACHABLE },
	{ EHOSTUNREACH, ERR_UNREACHABLE },
	{ ENETUNREACH, ERR_UNREACHABLE },
	{ ECONNRESET, ERR_UNREACHABLE },
	{ ETIMEDOUT, ERR_TIMEOUT },
	{ ECANCELED, ERR_CANCELLED },
};

static const struct error_row *row_of(enum error_code code)
{
	return &error_table[(unsigned)code < ERR_COUNT ? code : ERR_IO];
}

/* The text may quote what came from outside, and ends on a screen: harmless before it is kept. */
static void keep(struct error *err, enum error_code code, const char *text)
{
	err->code = code;
	safe_copy(err->text, sizeof(err->text), text, strlen(text));
}

/* Large enough that what is cut here is cut by keep() too: the tail of a 256-byte text. */
enum { DRAFT_MAX = 1024 };

int error_set(struct error *err, enum error_code code, const char *format, ...)
{
	char draft[DRAFT_MAX];
	va_list args;

	if (!err)
		return -1;
	va_start(args, format);
	vsnprintf(draft, sizeof(draft), format, args);
	va_end(args);
	keep(err, code, draft);
	return -1;
}

int error_wrap(struct error *err, const char *format, ...)
{
	char draft[DRAFT_MAX];
	va_list args;
	size_t used;

	if (!err)
		return -1;
	va_start(args, format);
	vsnprintf(draft, sizeof(draft), format, args);
	va_end(args);
	used = strlen(draft);
	snprintf(draft + used, sizeof(draft) - used, ": %s", err->text);
	keep(err, err->code, draft);
	return -1;
}

static enum error_code code_of_errno(int number)
{
	for (size_t i = 0; i < sizeof(errno_table) / sizeof(*errno_table); i++)
		if (errno_table[i].number == number)
			return errno_table[i].code;
	return ERR_IO;
}

int error_errno(struct error *err, const char *format, ...)
{
	int number = errno;
	char draft[DRAFT_MAX], reason[128];
	va_list args;
	size_t used;

	if (!err)
		return -1;
	va_start(args, format);
	vsnprintf(draft, sizeof(draft), format, args);
	va_end(args);
	used = strlen(draft);
	snprintf(draft + used, sizeof(draft) - used, ": %s",
		strerror_r(number, reason, sizeof(reason)));
	keep(err, code_of_errno(number), draft);
	errno = number;
	return -1;
}

void error_clear(struct error *err)
{
	if (!err)
		return;
	err->code = ERR_NONE;
	*err->text = 0;
}

const char *error_name(enum error_code code)
{
	return row_of(code)->name;
}

int error_exit_status(enum error_code code)
{
	return row_of(code)->exit_status;
}

int error_http_status(enum error_code code)
{
	return row_of(code)->http_status;
}

int error_retryable(enum error_code code)
{
	return row_of(code)->retryable;
}
