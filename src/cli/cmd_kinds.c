#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/select.h"
#include "estate/kind.h"
#include "gate/session.h"

static const struct cli_subcommand subcommands[] = { { "list", 0 }, { "show", 1 }, { 0 } };

static int list(struct cli *cli, const struct kinds *kinds)
{
	if (cli_json(cli)) {
		struct json *document = json_object(), *rows = json_array();

		for (size_t i = 0; i < kinds_count(kinds); i++)
			json_add(rows, kind_to_json(kinds_at(kinds, i)));
		json_set(document, "kinds", rows);
		return cli_print_list(cli, document, "kinds");
	}
	struct cli_table *table = cli_table_new(cli);
	cli_table_column(table, "KIND", 'l');
	cli_table_column(table, "PROVIDER", 'l');
	cli_table_column(table, "TITLE", 'l');
	cli_table_column(table, "VERBS", 'l');
	for (size_t i = 0; i < kinds_count(kinds); i++) {
		const struct kind *kind = kinds_at(kinds, i);
		char verbs[256] = "";

		for (size_t v = 0; v < kind->verb_count; v++) {
			if (v)
				strncat(verbs, " ", sizeof(verbs) - strlen(verbs) - 1);
			strncat(verbs, kind->verbs[v].name, sizeof(verbs) - strlen(verbs) - 1);
		}
		cli_table_cell(table, kind->name);
		cli_table_cell(table, kind->provider);
		cli_table_cell(table, kind->title);
		cli_table_cell(table, verbs);
	}
	cli_table_print(table);
	return 0;
}

static void print_params(struct cli *cli, const struct kind_verb *verb)
{
	for (size_t i = 0; i < verb->param_count; i++) {
		const struct kind_param *param = &verb->params[i];

		cli_write(cli_out(cli), "    %s=%s%s  %s\n", param->name, param->values ? param->values : param->type, param->required ? "" : " (optional)",
			param->help ? param->help : "");
	}
}

static int show(struct cli *cli)
{
	struct error err = { 0 };
	const struct kind *kind = cli_kind(cli, 1, &err);

	if (!kind)
		return cli_fail(cli, &err);
	if (cli_data(cli))
		return cli_print_with_rows(cli, kind_to_json(kind), "columns");
	cli_write(cli_out(cli), "%s (%s)  %s\n\ncolumns\n", kind->name, kind->provider, kind->title);
	for (size_t i = 0; i < kind->visible_count; i++)
		cli_write(cli_out(cli), "  %-20s %s%s\n", kind->columns[i].name, column_type_name(kind->columns[i].type), kind->columns[i].wide ? "  (wide)" : "");
	fputs("\nverbs\n", cli_out(cli));
	for (size_t i = 0; i < kind->verb_count; i++) {
		const struct kind_verb *verb = &kind->verbs[i];

		cli_write(cli_out(cli), "  %-16s %-6s %s; undo: %s\n", verb->name, risk_name(verb->risk), verb->title, verb->inverse ? verb->inverse : "none");
		print_params(cli, verb);
	}
	return 0;
}

static int run(struct cli *cli)
{
	struct error err = { 0 };
	const char *what = cli_arg(cli, 0) ? cli_arg(cli, 0) : "list";

	if (!strcmp(what, "show"))
		return show(cli);
	if (strcmp(what, "list"))
		return cli_usage(cli, "kinds %.40s: list or show KIND", what);
	const struct kinds *kinds = session_kinds(cli_session(cli), &err);
	return kinds ? list(cli, kinds) : cli_fail(cli, &err);
}

const struct cli_command cmd_kinds = {
	.name = "kinds", .usage = "[list | show KIND]", .help = "what kinds of resources exist, their columns and verbs", .subcommands = subcommands, .run = run,
};
