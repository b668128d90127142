/* fuzz_kubeconfig.c - any bytes as a kubeconfig: every context is resolved, and a cluster made of
 * it (no network, no programs). */
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "provider/kubernetes/credentials.h"
#include "provider/kubernetes/kubeconfig.h"
#include "provider/kubernetes/plugin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CONTEXTS_MAX = 16 };

static void try_context(const struct kubeconfig *kubeconfig, const char *name)
{
	struct kubeconfig_context context;
	struct error err = { 0 };
	struct plugin plugin;

	if (kubeconfig_context(kubeconfig, name, &context, &err) < 0)
		return;
	credentials_free(credentials_new(NULL, &context, &err));
	plugin = (struct plugin){ .exec = context.exec, .folder = context.exec_folder };
	if (context.exec)
		plugin_check(&plugin, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	struct kubeconfig *kubeconfig =
		kubeconfig_parse((const char *)data, size, "/nowhere", &err);

	if (!kubeconfig)
		return 0;
	for (size_t i = 0; i < kubeconfig_contexts(kubeconfig) && i < CONTEXTS_MAX; i++)
		try_context(kubeconfig, kubeconfig_context_at(kubeconfig, i));
	try_context(kubeconfig, NULL);
	kubeconfig_free(kubeconfig);
	return 0;
}
