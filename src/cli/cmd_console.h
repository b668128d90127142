/* cmd_console.h - no command: the console, or its first screen as text when there is no terminal. */
#ifndef CLI_CMD_CONSOLE_H
#define CLI_CMD_CONSOLE_H

struct cli;
int cmd_console_run(struct cli *cli);

#endif
