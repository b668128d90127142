/* acts.h - what this provider can change: one row a verb. Only the gate reaches them, through host_acts. */
#ifndef PROVIDER_HOST_ACTS_H
#define PROVIDER_HOST_ACTS_H

#include "estate/act.h"

struct machine;

struct host_act {
	const char *kind, *verb; /* verb NULL: all of the kind's */
	int (*observe)(struct machine *machine, const struct act_request *request, struct json **state, struct error *err);
	int (*preview)(struct machine *machine, const struct act_request *request, struct act_preview *preview, struct error *err);
	int (*act)(struct machine *machine, const struct act_request *request, struct act_result *result, struct error *err);
	int (*reconcile)(struct machine *machine, const struct act_request *request, enum act_outcome *outcome, struct error *err);
};

extern const struct act_ops host_acts;
extern const struct host_act act_signal, act_renice, act_service, act_vacuum_journal, act_vacuum_file;

/* A parameter's text; "" when it is missing. */
const char *act_param(const struct act_request *request, const char *name);

#endif
