/* logtime.h - when a line of a plain log was written, by its own word. */
#ifndef PROVIDER_HOST_LOGTIME_H
#define PROVIDER_HOST_LOGTIME_H

#include <stddef.h>
#include <stdint.h>

/* RFC 3339, "2026-11-21 09:57:03" (also with ',' or '.' and a fraction), "Nov 21 09:57:03" (RFC 3164: local time, the year is
 * the newest in which that is not after now_ns), "[21/Nov/2026:09:57:03 +0000]" anywhere in the first 200 bytes (CLF).
 * 0: none of these. */
int64_t logtime_parse(const char *line, size_t length, int64_t now_ns);

#endif
