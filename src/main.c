#include <string.h>

#include "base/jq.h"
#include "cli/cli.h"

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--jq-worker"))
		return jq_worker_main();
	return cli_main(argc, argv);
}
