/* sysv.h - services by scripts in /etc/init.d: the LSB way (LSB 5.0 core, 22). */
#ifndef PROVIDER_HOST_SYSV_H
#define PROVIDER_HOST_SYSV_H

#include "provider/host/service_manager.h"

struct process_result;

int sysv_each(const struct machine *machine, const char *name, service_fn on_service, void *arg, struct error *err);
int sysv_act(const struct machine *machine, const char *name, const char *verb, const void *cancelled, struct process_result *result,
	struct error *err);
/* Scripts whose Required-Start names it. */
void sysv_dependents(const struct machine *machine, const char *name, struct json *out);

#endif
