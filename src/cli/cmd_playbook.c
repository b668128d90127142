#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/yaml.h"
#include "cli/cli.h"
#include "gate/playbook.h"
#include "gate/session.h"

extern const struct cli_command cmd_playbook;

static const struct cli_subcommand subcommands[] = { { "list", 0 }, { "show", 1 }, { "lint", CLI_MANY }, { "test", 1 }, { 0 } };

static int list(struct cli *cli, const struct playbooks *books)
{
	struct cli_table *table = cli_json(cli) ? NULL : cli_table_new(cli);
	struct json *rows = json_array();

	for (size_t i = 0; table && i < 3; i++)
		cli_table_column(table, (const char *[]){ "PLAYBOOK", "MATCHES", "TITLE" }[i], 'l');
	for (size_t i = 0; i < playbooks_count(books); i++) {
		const struct playbook *book = playbooks_at(books, i);
		struct json *row = json_object();
		char *match = json_format(book->match);

		json_set_text(row, "name", book->name);
		json_set_text(row, "title", book->title);
		json_set_text(row, "file", book->file);
		json_set(row, "match", json_copy(book->match));
		json_set_int(row, "steps", (int64_t)book->step_count);
		json_set_int(row, "findings", (int64_t)book->finding_count);
		json_add(rows, row);
		if (table) {
			cli_table_cell(table, book->name);
			cli_table_cell(table, match);
			cli_table_cell(table, book->title);
		}
		free(match);
	}
	if (table) {
		cli_table_print(table);
		json_free(rows);
		return 0;
	}
	return cli_print_list(cli, json_set(json_object(), "playbooks", rows), "playbooks");
}

static int show(struct cli *cli, const struct playbooks *books)
{
	struct error err = { 0 };
	size_t length;
	const struct playbook *book = cli_arg(cli, 1) ? playbooks_find(books, cli_arg(cli, 1)) : NULL;

	if (!book)
		error_set(&err, cli_arg(cli, 1) ? ERR_NOT_FOUND : ERR_INVALID, "no playbook %.60s; pilothouse playbook list", cli_arg(cli, 1) ? cli_arg(cli, 1) : "given");
	char *bytes = book ? file_load(book->file, 1 << 20, &length, &err) : NULL;
	if (!bytes)
		return cli_fail(cli, &err);
	if (!cli_data(cli)) {
		cli_write(cli_out(cli), "%s", bytes);
		free(bytes);
		return 0;
	}
	struct json *documents = yaml_parse_all(bytes, length, &err), *mine = json_first(documents);

	free(bytes);
	while (mine && strcmp(json_text_or(json_get(mine, "name"), ""), book->name) != 0)
		mine = json_next(mine);
	mine = mine ? json_set_text(json_copy(mine), "file", book->file) : NULL;
	json_free(documents);
	if (!mine && !err.code)
		error_set(&err, ERR_CONFLICT, "%s no longer holds %s: it changed just now", book->file, book->name);
	return mine ? cli_print_with_rows(cli, mine, "steps") : cli_fail(cli, &err);
}

static int lint(struct cli *cli, const struct playbooks *books)
{
	struct error err = { 0 };
	const struct kinds *kinds = session_kinds(cli_session(cli), &err);
	struct json *problems = json_array();

	if (!kinds)
		return cli_fail(cli, &err);
	for (size_t i = 1; cli_arg(cli, i); i++)
		playbook_lint(cli_arg(cli, i), kinds, problems);
	const char *last = "";
	for (size_t i = 0; !cli_arg(cli, 1) && i < playbooks_count(books); i++) {
		if (strcmp(last, playbooks_at(books, i)->file))
			playbook_lint(playbooks_at(books, i)->file, kinds, problems);
		last = playbooks_at(books, i)->file;
	}
	if (!json_count(problems))
		cli_say(cli, "pilothouse: nothing is wrong");
	return cli_print_problems(cli, problems);
}

static int test(struct cli *cli, const struct playbooks *books)
{
	struct error err = { 0 };
	struct json *report = NULL;
	int failed = playbook_test(books, cli_arg(cli, 1), &report, &err);

	if (!report)
		return cli_fail(cli, &err);
	if (cli_data(cli)) {
		cli_print_list(cli, report, "cases");
		return failed ? 1 : 0;
	}
	for (const struct json *row = json_first(json_get(report, "cases")); row; row = json_next(row))
		cli_write(cli_out(cli), "%s %s: %s%s%s\n", json_bool(json_get(row, "ok"), 0) ? "ok  " : "FAIL", json_text_or(json_get(row, "playbook"), "?"),
			json_text_or(json_get(row, "name"), "?"), json_text(json_get(row, "detail")) ? ": " : "", json_text_or(json_get(row, "detail"), ""));
	cli_write(cli_out(cli), "%lld passed, %lld failed\n", (long long)json_int(json_get(report, "passed"), 0), (long long)json_int(json_get(report, "failed"), 0));
	json_free(report);
	return failed ? 1 : 0;
}

static int run(struct cli *cli)
{
	struct error err = { 0 };
	const char *what = cli_arg(cli, 0) ? cli_arg(cli, 0) : "list";
	struct json *problems = json_array();
	struct playbooks *books = playbooks_load(problems, &err);
	static const struct { const char *name; int (*run)(struct cli *, const struct playbooks *); } whats[] = {
		{ "list", list }, { "show", show }, { "lint", lint }, { "test", test },
	};
	int status = -1;

	for (const struct json *problem = json_first(problems); problem; problem = json_next(problem))
		cli_say_problem(cli, problem);
	for (size_t i = 0; i < sizeof(whats) / sizeof(*whats); i++)
		if (!strcmp(what, whats[i].name))
			status = whats[i].run(cli, books);
	json_free(problems);
	playbooks_free(books);
	return status >= 0 ? status : cli_usage(cli, "playbook %.40s: list, show, lint or test", what);
}

const struct cli_command cmd_playbook = {
	.name = "playbook", .usage = "[list | show NAME | lint [FILE…] | test [NAME]]", .help = "what is done for which intent", .subcommands = subcommands, .run = run,
};
