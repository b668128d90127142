/* host.h - the provider "host": this machine, from /proc, /sys and the machine-readable output of its tools.
 * Configuration: host.root (a folder in place of /, for tests and for a mounted system), host.init_folder,
 * host.log_folder, host.logs (list of whole paths), host.tls (list of host:port), host.certificates (list of files and folders). */
#ifndef PROVIDER_HOST_HOST_H
#define PROVIDER_HOST_HOST_H

#include "estate/provider.h"

extern const struct provider_ops host_provider;

#endif
