#include "base/within.h"

#include <stddef.h>

#include "base/clock.h"

static const int64_t ms = 1000000;

static _Thread_local struct within now;

struct within within_enter(const atomic_int *cancelled, int timeout_ms)
{
	struct within before = now;
	int64_t deadline_ns = timeout_ms > 0 ? clock_monotonic_ns() + timeout_ms * ms : 0;

	if (cancelled)
		now.cancelled = cancelled;
	if (deadline_ns && (!now.deadline_ns || deadline_ns < now.deadline_ns))
		now.deadline_ns = deadline_ns;
	return before;
}

void within_leave(const struct within *before)
{
	now = *before;
}

int within_late(void)
{
	return now.deadline_ns && clock_monotonic_ns() >= now.deadline_ns;
}

int within_over(void)
{
	return (now.cancelled && atomic_load(now.cancelled)) || within_late();
}

int within_timeout_ms(int asked_ms)
{
	int64_t left_ms;

	if (!now.deadline_ns)
		return asked_ms;
	left_ms = (now.deadline_ns - clock_monotonic_ns()) / ms;
	if (left_ms < 1)
		return 1;
	return asked_ms < 0 || left_ms < asked_ms ? (int)left_ms : asked_ms;
}

const atomic_int *within_cancelled(const atomic_int *own)
{
	return own ? own : now.cancelled;
}
