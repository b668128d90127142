/* plugin.h - exec credential plug-ins, client.authentication.k8s.io/v1 and v1beta1: a program prints an ExecCredential. */
#ifndef PROVIDER_KUBERNETES_PLUGIN_H
#define PROVIDER_KUBERNETES_PLUGIN_H

#include <stdatomic.h>
#include <stddef.h>

#include "provider/kubernetes/credentials.h"

struct json;

struct plugin {
	const struct json *exec;     /* `user.exec` of the kubeconfig */
	const char *folder;          /* against which a command with a slash is relative */
	const struct json *cluster;  /* spec.cluster for provideClusterInfo; NULL: none */
};

/* Command, apiVersion, interactiveMode are as they must be: 0, or -1 with ERR_INVALID. */
int plugin_check(const struct plugin *plugin, struct error *err);
const char *plugin_command(const struct plugin *plugin);
/* Runs it: no shell, no terminal, at most 60 s and 1 MiB. The login is yours. NULL: ERR_UNAUTHORIZED (failed, missing, wants a terminal),
 * ERR_TIMEOUT, ERR_CANCELLED, ERR_FORMAT, ERR_LIMIT. */
struct login *plugin_run(const struct plugin *plugin, const atomic_int *cancelled, struct error *err);
/* What it printed, as a login. */
struct login *plugin_parse(const struct plugin *plugin, const char *bytes, size_t length, struct error *err);
void plugin_set_terminal(credentials_terminal_fn run, void *arg);

#endif
