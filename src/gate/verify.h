/* verify.h - after a write: wait until the target is as the plan said, or a deadline passes. */
#ifndef GATE_VERIFY_H
#define GATE_VERIFY_H

#include <stdatomic.h>

struct error;
struct gate;
struct plan_step;

/* step->verify {"until": jq over the object, "timeout": "120s"}. 0: it held; -1 ERR_TIMEOUT, ERR_CANCELLED, or the jq's error. */
int verify_wait(struct gate *gate, const struct plan_step *step, const atomic_int *cancelled, void (*on_line)(void *arg, const char *line), void *arg,
	struct error *err);

#endif
