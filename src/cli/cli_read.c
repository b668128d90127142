#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cli/cli_private.h"

const struct cli_flag cli_global_flags[] = {
	{ "approve", 0, NULL, "stand for one approver where the policy allows it" },
	{ "config", 0, "FILE", "another configuration file" },
	{ "dry-run", 0, NULL, "show what would happen, change nothing" },
	{ "explain", 0, NULL, "say why: matching, policy, evidence" },
	{ "help", 'h', NULL, "help of the program or of a command" },
	{ "no-color", 0, NULL, "no colours" },
	{ "output", 'o', "table|wide|json|jsonl|yaml|csv", "format of results" },
	{ "profile", 0, "NAME", "a profile of the configuration" },
	{ "quiet", 'q', NULL, "results only" },
	{ "read-only", 0, NULL, "nothing leaves this process but questions" },
	{ "scope", 0, "prod|staging|dev", "scope of targets that say none" },
	{ "verbose", 'v', NULL, "log to stderr what is done" },
	{ "version", 0, NULL, "version of the program" },
	{ 0 },
};

static const struct cli_flag *flag_in(const struct cli_flag *flags, const char *name, size_t length, char letter)
{
	for (; flags && flags->name; flags++)
		if (letter ? flags->letter == letter : strlen(flags->name) == length && !strncmp(flags->name, name, length))
			return flags;
	return NULL;
}

/* A command's own flag hides the global one of that name. */
static const struct cli_flag *flag_find(const struct cli *cli, const char *name, size_t length, char letter)
{
	const struct cli_flag *flag = cli->command ? flag_in(cli->command->flags, name, length, letter) : NULL;

	return flag ? flag : flag_in(cli_global_flags, name, length, letter);
}

static int give(struct cli *cli, const struct cli_flag *flag, const char *value, struct error *err)
{
	if (cli->given_count == CLI_FLAGS_MAX)
		return error_set(err, ERR_INVALID, "more than %d options", CLI_FLAGS_MAX);
	cli->given[cli->given_count++] = (struct cli_given){ flag->name, value };
	return 0;
}

/* --name, --name=value, --name value. Returns words used, or -1. */
static int read_long(struct cli *cli, char **words, int left, struct error *err)
{
	const char *name = words[0] + 2;
	const char *equals = strchr(name, '=');
	size_t length = equals ? (size_t)(equals - name) : strlen(name);
	const struct cli_flag *flag = flag_find(cli, name, length, 0);

	if (!flag)
		return error_set(err, ERR_INVALID, "unknown option %s; see pilothouse %s --help", words[0],
			cli->command ? cli->command->name : "");
	if (!flag->value && equals)
		return error_set(err, ERR_INVALID, "--%s takes no value", flag->name);
	if (!flag->value)
		return give(cli, flag, "", err) ? -1 : 1;
	if (equals)
		return give(cli, flag, equals + 1, err) ? -1 : 1;
	if (left < 2)
		return error_set(err, ERR_INVALID, "--%s needs a value: %s", flag->name, flag->value);
	return give(cli, flag, words[1], err) ? -1 : 2;
}

/* -A, -n NAME, -nNAME, -n=NAME. Returns words used, or -1. */
static int read_short(struct cli *cli, char **words, int left, struct error *err)
{
	for (const char *at = words[0] + 1; *at; at++) {
		const struct cli_flag *flag = flag_find(cli, NULL, 0, *at);

		if (!flag)
			return error_set(err, ERR_INVALID, "unknown option -%c; see pilothouse %s --help", *at,
				cli->command ? cli->command->name : "");
		if (!flag->value) {
			if (give(cli, flag, "", err))
				return -1;
			continue;
		}
		if (at[1]) /* -ojson as well as -o=json: no value of a short option begins with = */
			return give(cli, flag, at + 1 + (at[1] == '='), err) ? -1 : 1;
		if (left < 2)
			return error_set(err, ERR_INVALID, "-%c needs a value: %s", *at, flag->value);
		return give(cli, flag, words[1], err) ? -1 : 2;
	}
	return 1;
}

static int read_word(struct cli *cli, const char *word, struct error *err)
{
	if (!cli->command && !strcmp(word, "help")) /* `help get` is what hands type: get --help */
		return give(cli, flag_in(cli_global_flags, "help", 4, 0), "", err);
	if (!cli->command) {
		cli->command = cli_command_find(word);
		if (!cli->command)
			return error_set(err, ERR_INVALID, "no command '%.60s'; see pilothouse --help", word);
		return 0;
	}
	if (cli->arg_count == CLI_ARGS_MAX)
		return error_set(err, ERR_LIMIT, "more than %d arguments", CLI_ARGS_MAX);
	cli->args[cli->arg_count++] = word;
	return 0;
}

static int read_format(struct cli *cli, struct error *err)
{
	static const char *const names[] = { "table", "wide", "json", "jsonl", "yaml", "csv" };
	const char *wanted = cli_flag(cli, "output");

	if (!wanted)
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!strcmp(names[i], wanted)) {
			cli->format = (enum cli_format)i;
			return 0;
		}
	}
	return error_set(err, ERR_INVALID, "-o '%.20s': not a format; table, wide, json, jsonl, yaml or csv", wanted);
}

int cli_read(struct cli *cli, int argc, char **argv, struct error *err)
{
	int only_words = 0;

	for (int i = 1; i < argc;) {
		int used = 1;

		if (only_words || argv[i][0] != '-' || !argv[i][1])
			used = read_word(cli, argv[i], err) ? -1 : 1;
		else if (!strcmp(argv[i], "--"))
			only_words = 1;
		else if (argv[i][1] == '-')
			used = read_long(cli, argv + i, argc - i, err);
		else
			used = read_short(cli, argv + i, argc - i, err);
		if (used < 0)
			return -1;
		i += used;
	}
	return read_format(cli, err);
}

const char *cli_flag(const struct cli *cli, const char *name)
{
	for (size_t i = cli->given_count; i-- > 0;)
		if (!strcmp(cli->given[i].name, name))
			return cli->given[i].value;
	return NULL;
}
