/* config, init, lint, version: the program itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/problem.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cli/cli.h"
#include "copilot/grammar.h"
#include "estate/provider.h"
#include "estate/estate.h"
#include "fleet/check/checker.h"
#include "fleet/finding/check.h"
#include "fleet/secrets/secrets.h"
#include "gate/lint.h"
#include "gate/session.h"
#include "sim/scenario.h"
#include "tui/screen/theme.h"
#include "tui/widgets.h"

extern const struct cli_command cmd_config, cmd_init, cmd_lint, cmd_version;

static const struct cli_subcommand subcommands[] = { { "get", 1 }, { "set", 2 }, { "list", 0 }, { "validate", 0 }, { "path", 0 }, { 0 } };

static int list(struct cli *cli, const struct config *config)
{
	struct json *rows = config_list(config);

	if (cli_json(cli))
		return cli_print_list(cli, json_set(json_object(), "settings", rows), "settings");
	struct cli_table *table = cli_table_new(cli);
	for (size_t i = 0; i < 3; i++)
		cli_table_column(table, (const char *[]){ "KEY", "VALUE", "FROM" }[i], 'l');
	for (const struct json *row = json_first(rows); row; row = json_next(row)) {
		cli_table_cell(table, json_text_or(json_get(row, "key"), ""));
		cli_table_cell(table, json_text_or(json_get(row, "value"), ""));
		cli_table_cell(table, json_text_or(json_get(row, "source"), ""));
	}
	cli_table_print(table);
	json_free(rows);
	return 0;
}

static const struct config_key *key_find(const char *name)
{
	for (unsigned i = 0; i < config_key_count; i++)
		if (!strcmp(config_keys[i].key, name))
			return &config_keys[i];
	return NULL;
}

static int get(struct cli *cli, const struct config *config)
{
	const char *name = cli_arg(cli, 1);
	const char *value = name ? config_get(config, name) : NULL;
	const struct config_key *key = name ? key_find(name) : NULL;

	if (!name)
		return cli_usage(cli, "a key is needed: pilothouse config get KEY");
	if (!key) { /* what the file has under it is no setting: maybe a secret of something else */
		cli_say(cli, "pilothouse: there is no setting \"%.60s\": pilothouse config list names them", name);
		return error_exit_status(ERR_INVALID);
	}
	if (!cli_data(cli)) {
		char *shown = value ? config_shown(key, value) : NULL;

		if (shown)
			cli_write(cli_out(cli), "%s\n", shown);
		free(shown);
		return value ? 0 : 1;
	}
	struct json *rows = config_list(config);

	for (const struct json *row = json_first(rows); row; row = json_next(row))
		if (!strcmp(json_text_or(json_get(row, "key"), ""), name))
			cli_print(cli, json_copy(row));
	json_free(rows);
	return value ? 0 : 1;
}

static int set(struct cli *cli, const struct config *config)
{
	struct error err = { 0 };

	if (!cli_arg(cli, 2))
		return cli_usage(cli, "a key and a value are needed: pilothouse config set KEY VALUE");
	int failed = cli_dry_run(cli) ? config_may_set(cli_arg(cli, 1), cli_arg(cli, 2), &err) : config_set(config_path(config), cli_arg(cli, 1), cli_arg(cli, 2), &err);

	if (failed)
		return cli_fail(cli, &err);
	if (cli_dry_run(cli))
		cli_say(cli, "dry run: %s would be set in %s", cli_arg(cli, 1), config_path(config));
	if (!cli_data(cli))
		return 0;
	const struct config_key *key = key_find(cli_arg(cli, 1));
	struct json *document = json_set_text(json_object(), "key", cli_arg(cli, 1));

	char *shown = key ? config_shown(key, cli_arg(cli, 2)) : NULL;

	json_set_text(document, "value", shown);
	free(shown);
	return cli_print(cli, json_set_text(document, "file", config_path(config)));
}

/* No mistake, but whoever sets them should know. */
static void tell_unread(struct cli *cli, const struct config *config)
{
	struct json *unread = config_unread(config);

	for (const struct json *item = json_first(unread); item; item = json_next(item))
		cli_say(cli, "%s is set and nothing reads it yet: it is for %s", json_text_or(json_get(item, "name"), "?"), json_text_or(json_get(item, "part"), "?"));
	json_free(unread);
}

static int print_validated(struct cli *cli, const char *file, struct json *problems)
{
	int bad = json_count(problems) != 0;

	if (cli_data(cli)) {
		struct json *document = json_set(json_set_text(json_object(), "file", file), "ok", json_boolean(!bad));

		cli_print(cli, json_set(document, "problems", json_copy(problems)));
	}
	for (const struct json *problem = json_first(problems); problem; problem = json_next(problem))
		cli_say_problem(cli, problem);
	json_free(problems);
	return bad ? error_exit_status(ERR_INVALID) : 0;
}

static int validate(struct cli *cli, const struct config *config)
{
	struct json *problems = json_array();

	config_validate(config, problems);
	int status = print_validated(cli, config_path(config), problems);

	tell_unread(cli, config);
	if (!status && !cli_data(cli))
		cli_say(cli, "pilothouse: %s %s", config_path(config), access(config_path(config), F_OK) ? "is not there: defaults hold" : "is understood");
	return status;
}

static int print_path(struct cli *cli, const char *file)
{
	if (cli_data(cli))
		return cli_print(cli, json_set_text(json_object(), "path", file));
	cli_write(cli_out(cli), "%s\n", file);
	return 0;
}

static int path(struct cli *cli, const struct config *config)
{
	return print_path(cli, config_path(config));
}

/* One that cannot be read at all can still be named, and judged. 1: that was done. */
static int unreadable(struct cli *cli, const char *what, int *status)
{
	struct error err = { 0 };
	int is_path = !strcmp(what, "path");
	struct config *config = is_path || !strcmp(what, "validate") ? config_load(cli_flag(cli, "config"), cli_flag(cli, "profile"), &err) : NULL;
	int done = !config && err.code;

	config_free(config);
	if (!done)
		return 0;
	char *file = cli_flag(cli, "config") ? mem_text(cli_flag(cli, "config")) : mem_format("%s/config.yaml", file_config_folder());

	*status = 0;
	if (is_path) {
		print_path(cli, file);
	} else {
		struct json *problems = json_array();

		problem_add(problems, file, 0, err.text);
		*status = print_validated(cli, file, problems);
	}
	free(file);
	return 1;
}

static int run_config(struct cli *cli)
{
	static const struct { const char *name; int (*run)(struct cli *, const struct config *); } whats[] = {
		{ "list", list }, { "get", get }, { "set", set }, { "validate", validate }, { "path", path },
	};
	const char *what = cli_arg(cli, 0) ? cli_arg(cli, 0) : "list";
	int status;

	if (unreadable(cli, what, &status))
		return status;
	for (size_t i = 0; i < sizeof(whats) / sizeof(*whats); i++)
		if (!strcmp(what, whats[i].name))
			return whats[i].run(cli, session_config(cli_session(cli)));
	return cli_usage(cli, "config %.40s: get, set, list, validate or path", what);
}

const struct cli_command cmd_config = {
	.name = "config", .usage = "[list | get KEY | set KEY VALUE | validate | path]", .help = "settings", .subcommands = subcommands, .any_config = 1, .run = run_config,
};

/* --- init: says what is there; writes config.yaml once, never over one --- */

enum { ACCOUNTS_MAX = 200 };

static void print_accounts(struct cli *cli, struct estate *estate)
{
	struct provider_account *accounts = mem_zero(ACCOUNTS_MAX, sizeof(*accounts));
	const char *providers[ACCOUNTS_MAX];
	size_t count = estate_accounts(estate, accounts, providers, ACCOUNTS_MAX);

	for (size_t i = 0; i < count && i < ACCOUNTS_MAX; i++)
		cli_write(cli_out(cli), "%-12s %-24s %-40s %s%s\n", providers[i], accounts[i].name, *accounts[i].why && !*accounts[i].server ? accounts[i].why : accounts[i].server,
			accounts[i].current ? "current" : "", accounts[i].insecure ? "  NOT VERIFIED" : "");
	free(accounts);
}

static struct json *accounts_json(struct estate *estate)
{
	struct provider_account *accounts = mem_zero(ACCOUNTS_MAX, sizeof(*accounts));
	const char *providers[ACCOUNTS_MAX];
	size_t count = estate_accounts(estate, accounts, providers, ACCOUNTS_MAX);
	struct json *list = json_array();

	for (size_t i = 0; i < count && i < ACCOUNTS_MAX; i++) {
		struct json *item = json_set_text(json_object(), "provider", providers[i]);

		json_set_text(item, "name", accounts[i].name);
		json_set_text(item, "server", accounts[i].server);
		json_set_text(item, "why", accounts[i].why);
		json_set(item, "current", json_boolean(accounts[i].current));
		json_set(item, "verified", json_boolean(!accounts[i].insecure));
		json_add(list, item);
	}
	free(accounts);
	return list;
}

static int told(struct cli *cli, struct estate *estate, const char *file, int written)
{
	if (!cli_data(cli))
		return 0;
	struct json *document = json_set(json_object(), "accounts", accounts_json(estate));

	json_set_text(document, "file", file);
	return cli_print_list(cli, json_set(document, "written", json_boolean(written)), "accounts");
}

static int run_init(struct cli *cli)
{
	static const char text[] = "# Pilothouse. Settings and their meaning: pilothouse config list\n";
	struct error err = { 0 };
	const char *file = config_path(session_config(cli_session(cli)));
	struct estate *estate = session_estate(cli_session(cli), &err);

	if (!estate)
		return cli_fail(cli, &err);
	if (!cli_data(cli))
		print_accounts(cli, estate);
	tell_unread(cli, session_config(cli_session(cli)));
	if (!access(file, F_OK)) {
		cli_say(cli, "%s is there and stays as it is", file);
		return told(cli, estate, file, 0);
	}
	if (cli_dry_run(cli)) {
		cli_say(cli, "dry run: %s would be written", file);
		return told(cli, estate, file, 0);
	}
	if (file_save(file, text, strlen(text), 0600, &err))
		return cli_fail(cli, &err);
	cli_say(cli, "wrote %s", file);
	return told(cli, estate, file, 1);
}

const struct cli_command cmd_init = { .name = "init", .any_config = 1, .usage = "", .help = "look for credentials, say what was found, write config.yaml", .run = run_init };

/* --- lint --- */

static void check_theme(const char *path, struct json *problems)
{
	struct error err = { 0 };
	struct theme theme;
	size_t length;
	char *bytes = file_load(path, 1 << 20, &length, &err);
	struct json *tree = bytes ? yaml_parse(bytes, length, &err) : NULL;

	if (!tree || theme_parse(&theme, tree, path, &err))
		problem_add(problems, path, 0, err.text);
	json_free(tree);
	free(bytes);
}

/* Words are read a folder at a time; each file tells its own problem. */
static void check_words(const char *path, struct json *problems)
{
	struct error err = { 0 };
	const char *slash = strrchr(path, '/');
	char *folder = slash ? mem_text_n(path, (size_t)(slash - path)) : mem_text(".");
	struct grammar *grammar = grammar_load(folder, &err);

	if (!grammar && strstr(err.text, slash ? slash + 1 : path))
		problem_add(problems, path, 0, err.text);
	grammar_free(grammar);
	free(folder);
}

/* Rows as they are read, and every pattern of theirs compiled. */
static void check_checks(const char *path, struct json *problems)
{
	struct error err = { 0 };
	struct checks *checks = checks_load_file(path, &err);
	struct checker *checker = checks ? checker_new(checks, &err) : NULL;
	struct checks *all = checker ? checks_load(NULL) : NULL; /* rules of secrets name checks of the catalogue */
	int failed = !checker || (all && secret_rules_check(path, all, &err));
	if (failed)
		problem_add(problems, path, 0, err.text);
	checks_free(all);
	checker_free(checker);
	checks_free(checks);
}

static const struct lint_area lint_areas[] = { { "themes", check_theme }, { "words", check_words }, { "scenarios", scenario_lint }, { "checks", check_checks }, { "widgets", widgets_lint } };

static int run_lint(struct cli *cli)
{
	static const char *const areas[] = { "kinds", "playbooks", "policies", "themes", "words", "scenarios", "checks", "widgets", NULL };
	struct json *problems = json_array();
	size_t files = 0;

	for (size_t i = 0; i < sizeof(lint_areas) / sizeof(*lint_areas); i++)
		lint_add_area(&lint_areas[i]);
	for (size_t i = 0; cli_arg(cli, i); i++)
		files += lint_path(cli_arg(cli, i), problems);
	for (const char *const *area = areas; !cli_arg(cli, 0) && *area; area++) {
		char **paths = file_list_data(*area);

		for (char **each = paths; each && *each; each++)
			files += lint_path(*each, problems);
		file_free_list(paths);
	}
	if (!json_count(problems))
		cli_say(cli, files ? "pilothouse: nothing is wrong in %zu file%s" : "pilothouse: %zu data file%s (*.yaml) are there", files, files == 1 ? "" : "s");
	return cli_print_problems(cli, problems);
}

const struct cli_command cmd_lint = { .name = "lint", .most = CLI_MANY, .usage = "[PATH…]", .help = "check the data files: kinds, playbooks, policies, themes, widgets, words, scenarios, checks", .run = run_lint };

static int run_version(struct cli *cli)
{
	if (cli_data(cli))
		return cli_print(cli, json_set_text(json_object(), "version", PACKAGE_VERSION));
	cli_write(cli_out(cli), "pilothouse %s\n", PACKAGE_VERSION);
	return 0;
}

const struct cli_command cmd_version = { .name = "version", .usage = "", .help = "version of the program", .run = run_version };
