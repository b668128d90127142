#include <stddef.h>
#include <string.h>

#include "base/jq.h"
#include "cli/cli.h"
#include "cli/fleet_provider.h"
#include "gate/session.h"
#include "provider/files/files.h"
#include "provider/host/host.h"
#include "provider/kubernetes/kubernetes.h"
#include "provider/lake/lake.h"

/* A provider reaches the rest of the program only through its row here. */
static const struct provider_ops *const providers[] = { &host_provider, &kubernetes_provider, &files_provider, &lake_provider, &fleet_provider, NULL };

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--jq-worker"))
		return jq_worker_main();
	session_leave(cli_main(argc, argv, providers));
}
