/* containers.h - containers as the control groups show them: no runtime is asked. */
#ifndef PROVIDER_HOST_CONTAINERS_H
#define PROVIDER_HOST_CONTAINERS_H

#include <stddef.h>

/* What the group `name` below `path` is: its runtime, and its short id or name into out; NULL: no container. */
const char *container_of_group(const char *path, const char *name, char *out, size_t size);

#endif
