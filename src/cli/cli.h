/* cli.h - the command line: one table of commands, one file a command. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

int cli_main(int argc, char **argv);

#endif
