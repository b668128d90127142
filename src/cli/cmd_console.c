#include "cli/cmd_console.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/cli.h"
#include "tui/console.h"

static int dimension(const char *variable, int otherwise)
{
	const char *text = getenv(variable);
	int number = text ? atoi(text) : 0;

	return number >= 20 && number <= 1000 ? number : otherwise;
}

int cmd_console_run(struct cli *cli)
{
	struct error err = { 0 };
	struct console_options options = { .session = cli_session(cli), .record = getenv("PILOTHOUSE_RECORD") };
	int failed = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)
			     ? console_run(&options, &err)
			     : console_print(options.session, dimension("COLUMNS", 80), dimension("LINES", 24), &err);

	return failed ? cli_fail(cli, &err) : 0;
}
