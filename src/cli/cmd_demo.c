#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/cli_private.h"
#include "cli/cmd_console.h"
#include "cli/demo.h"
#include "gate/session.h"
#include "sim/scenario.h"

static const struct cli_flag flags[] = { { "list", 0, NULL, "what scenarios there are" }, { 0 } };

static int list(const struct cli *cli)
{
	struct json *scenarios = scenario_list();

	if (cli_json(cli))
		return cli_print_list(cli, json_set(json_object(), "scenarios", scenarios), "scenarios");
	struct cli_table *table = cli_table_new(cli);

	cli_table_column(table, "SCENARIO", 'l');
	cli_table_column(table, "WHAT HAPPENED", 'l');
	for (const struct json *row = json_first(scenarios); row; row = json_next(row)) {
		cli_table_cell(table, json_text_or(json_get(row, "name"), json_text_or(json_get(row, "file"), "?")));
		cli_table_cell(table, json_text_or(json_get(row, "about"), json_text_or(json_get(row, "problem"), "")));
	}
	cli_table_print(table);
	json_free(scenarios);
	return 0;
}

/* The first word is a scenario unless it begins a command: `demo -- get pods`. */
static const char *scenario_of(const struct cli *cli)
{
	const char *word = cli_arg(cli, 0);

	return word && !cli_command_find(word) ? word : NULL;
}

/* A command line of its own, with the words after the scenario. */
static int run_command(const struct cli *cli, size_t first)
{
	char *words[CLI_ARGS_MAX + 2] = { (char *)(uintptr_t)"pilothouse" };
	int count = 1;

	for (size_t i = first; i < cli_args(cli); i++)
		words[count++] = (char *)(uintptr_t)cli_arg(cli, i);
	return cli_main(count, words, cli->providers);
}

/* A configuration of the operator's may name a real database, key or anchor. */
static int names_configuration(const struct cli *cli)
{
	static const char *const options[] = { "--config", "--profile", NULL };

	for (size_t i = 0; i < cli_args(cli); i++)
		for (size_t k = 0; options[k]; k++)
			if (!strncmp(cli_arg(cli, i), options[k], strlen(options[k])))
				return 1;
	return cli_flag(cli, "config") || cli_flag(cli, "profile");
}

static int run(struct cli *cli)
{
	struct error err = { 0 };
	struct demo demo = { 0 };
	const char *scenario = scenario_of(cli);
	size_t first = scenario ? 1 : 0;

	if (cli_flag(cli, "list"))
		return list(cli);
	if (names_configuration(cli))
		return cli_usage(cli, "the demo has a configuration of its own: leave out --config and --profile");
	if (cli_arg(cli, first) && !cli_command_find(cli_arg(cli, first)))
		return cli_usage(cli, "demo %.40s %.40s: after the scenario comes -- and a command", cli_arg(cli, 0), cli_arg(cli, first));
	if (demo_begin(&demo, scenario ? scenario : SCENARIO_FIRST, &err))
		return cli_fail(cli, &err);
	int status = cli_arg(cli, first) ? run_command(cli, first) : cmd_console_run(cli);

	session_free(cli->session); /* before its folder goes */
	cli->session = NULL;
	demo_end(&demo);
	return status;
}

const struct cli_command cmd_demo = {
	.name = "demo", .most = CLI_MANY, .usage = "[SCENARIO] [-- COMMAND …]", .help = "the console on a simulated estate in the middle of an incident", .flags = flags, .run = run,
	.more = "Two simulated clusters of a small web shop, spoken to as any cluster is; what is done through the gate has its effect there, and so has\n"
		"its undo. This machine is not shown. Database, log and configuration lie in a temporary folder that goes when the demo ends; your own\n"
		"are not touched. -- COMMAND runs one command there instead of the console: pilothouse demo -- investigate \"why is checkout crashing in prod\".\n"
		"Scenarios are data: scenarios/*.yaml, your own in the configuration folder.",
};
