/* unit_files.h - services that are installed and not loaded: `systemctl show` with a pattern knows loaded ones only, so a
 * service that is stopped and disabled would be missing from the table one wants to start it from. */
#ifndef PROVIDER_HOST_UNIT_FILES_H
#define PROVIDER_HOST_UNIT_FILES_H

#include <stddef.h>

#include "provider/host/service_manager.h"

/* Lines "UNIT STATE …" of `systemctl list-unit-files --no-legend --plain`: calls on_service for each service whose name is not in
 * `loaded` ("\nNAME\nNAME\n"). Not loaded is inactive, systemctl(1) is-active. Templates and other names of a service are left out. */
void unit_files_parse(const char *bytes, size_t length, const char *loaded, service_fn on_service, void *arg);
/* The same, asked of systemctl at most once in a minute: each time it reads every folder of units. */
void unit_files_each(const char *loaded, service_fn on_service, void *arg);

#endif
