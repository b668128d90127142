/* cli_private.h - shared by the files that make up the command line itself, not by commands. */
#ifndef CLI_CLI_PRIVATE_H
#define CLI_CLI_PRIVATE_H

#include "cli/cli.h"

enum { CLI_ARGS_MAX = 256, CLI_FLAGS_MAX = 64 };

struct cli_given {
	const char *name, *value;
};

struct cli {
	const struct provider_ops *const *providers;
	struct session *session;
	const struct cli_command *command;
	const char *args[CLI_ARGS_MAX];
	size_t arg_count;
	struct cli_given given[CLI_FLAGS_MAX];
	size_t given_count;
	enum cli_format format;
	int colour;
};

const struct cli_command *cli_command_find(const char *name); /* NULL: none */
/* Fills cli from argv. 0, or -1 with ERR_INVALID. */
int cli_read(struct cli *cli, int argc, char **argv, struct error *err);
void cli_help(const struct cli_command *command, FILE *out); /* NULL: the program's */

#endif
