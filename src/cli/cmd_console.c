#include "cli/cmd_console.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "gate/session.h"
#include "tui/console.h"

static int dimension(const char *variable, int otherwise)
{
	const char *text = getenv(variable);
	int number = text ? atoi(text) : 0;

	return number >= 20 && number <= 1000 ? number : otherwise;
}

/* The terminal is the console's: what would be logged there goes to a file. */
static void log_beside(struct session *session)
{
	const char *set = config_get(session_config(session), "log.file");

	if ((set && *set) || !isatty(STDERR_FILENO))
		return;
	char *path = mem_format("%s/pilothouse.log", file_state_folder());
	log_configure(NULL, NULL, path);
	free(path);
}

static int on_terminal(const struct console_options *options, struct error *err)
{
	log_beside(options->session);
	return console_run(options, err);
}

int cmd_console_run(struct cli *cli)
{
	struct error err = { 0 };
	struct console_options options = { .session = cli_session(cli), .record = getenv("PILOTHOUSE_RECORD") };
	int failed = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)
			     ? on_terminal(&options, &err)
			     : console_print(options.session, dimension("COLUMNS", 80), dimension("LINES", 24), &err);

	return failed ? cli_fail(cli, &err) : 0;
}
