#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

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

/* A standard descriptor that is closed (`>&-`) would be the first file opened: the result would be written into the database's lock, or worse. In its
 * place stands one that ends at once when read, and cannot be written, so that the failure is told. */
static void fill_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
			_exit(1);
}

int main(int argc, char **argv)
{
	fill_standard_descriptors();
	if (argc > 1 && !strcmp(argv[1], "--jq-worker"))
		return jq_worker_main();
	session_leave(cli_main(argc, argv, providers));
}
