#include "cli/cli.h"

extern const struct cli_command cmd_act, cmd_approve, cmd_audit, cmd_changes, cmd_chat, cmd_completion, cmd_config, cmd_demo, cmd_deny, cmd_describe, cmd_diagnose, cmd_get, cmd_init, cmd_investigate,
	cmd_kinds, cmd_lake, cmd_lint, cmd_logs, cmd_man, cmd_parse, cmd_plan, cmd_playbook, cmd_policy, cmd_report, cmd_run, cmd_runs, cmd_undo, cmd_version;

/* Ordered by name: looked up with bsearch. */
const struct cli_command *const cli_commands[] = {
	&cmd_act, &cmd_approve, &cmd_audit, &cmd_changes, &cmd_chat, &cmd_completion, &cmd_config, &cmd_demo, &cmd_deny, &cmd_describe, &cmd_diagnose, &cmd_get, &cmd_init, &cmd_investigate, &cmd_kinds,
	&cmd_lake, &cmd_lint, &cmd_logs, &cmd_man, &cmd_parse, &cmd_plan, &cmd_playbook, &cmd_policy, &cmd_report, &cmd_run, &cmd_runs, &cmd_undo, &cmd_version, NULL,
};
