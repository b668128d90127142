#include "gate/verify.h"

#include <poll.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/jq.h"
#include "base/json.h"
#include "estate/estate.h"
#include "gate/gate_private.h"

enum { VERIFY_DEFAULT_S = 120, LOOK_EVERY_MS = 1000 };

static int holds(struct gate *gate, const struct plan_step *step, const char *until, struct error *err)
{
	struct json *object = NULL;

	if (estate_get(gate->options.estate, &step->ref, &object, err))
		return -1;
	int yes = jq_test(until, object, err);
	json_free(object);
	return yes;
}

int verify_wait(struct gate *gate, const struct plan_step *step, const atomic_int *cancelled, void (*on_line)(void *arg, const char *line), void *arg,
	struct error *err)
{
	const char *until = json_text(json_get(step->verify, "until"));
	int64_t window_ns = VERIFY_DEFAULT_S * CLOCK_SECOND_NS;
	int64_t from_ns = clock_monotonic_ns();

	if (!until)
		return 0;
	clock_parse_window(json_text_or(json_get(step->verify, "timeout"), "120s"), &window_ns);
	for (;;) {
		int yes = holds(gate, step, until, err);

		if (yes)
			return yes > 0 ? 0 : -1;
		if (cancelled && atomic_load(cancelled))
			return error_set(err, ERR_CANCELLED, "cancelled while waiting until %.100s", until);
		if (clock_monotonic_ns() - from_ns > window_ns)
			return error_set(err, ERR_TIMEOUT, "%s: not %.100s within %lld s", step->target, until, (long long)(window_ns / CLOCK_SECOND_NS));
		on_line(arg, "waiting until it is as planned");
		poll(NULL, 0, LOOK_EVERY_MS);
	}
}
