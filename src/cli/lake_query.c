/* `lake query`: findings of every agent's latest entry, chosen by flags, by an expression, or both. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/lake_rows.h"
#include "estate/filter.h"
#include "estate/kind.h"
#include "store/evidence.h"

/* What an expression can name, and where the value stands in a finding; "" is the entry's. */
enum column { AGENT, SEVERITY, RULE, CLASS, PERSONA, PLACE, LINE, STATE, FIXABILITY, SCORE, AGE, MESSAGE, COLUMNS };

static const struct kind_column row_columns[COLUMNS] = {
	[AGENT] = { .name = "AGENT" },
	[SEVERITY] = { .name = "SEVERITY", .path = "severity" },
	[RULE] = { .name = "RULE", .path = "rule" },
	[CLASS] = { .name = "CLASS", .path = "class" },
	[PERSONA] = { .name = "PERSONA", .path = "persona" },
	[PLACE] = { .name = "PATH", .path = "path" },
	[LINE] = { .name = "LINE", .path = "line", .type = COLUMN_NUMBER },
	[STATE] = { .name = "STATE", .path = "state" },
	[FIXABILITY] = { .name = "FIXABILITY", .path = "fixability" },
	[SCORE] = { .name = "SCORE", .type = COLUMN_NUMBER },
	[AGE] = { .name = "AGE", .type = COLUMN_AGE },
	[MESSAGE] = { .name = "MESSAGE", .path = "message" },
};

struct cells {
	const char *at[COLUMNS];
	size_t lengths[COLUMNS];
	char line[24], score[16], age[CLOCK_RFC3339_MAX];
};

static void fill(const struct evidence *entry, const struct json *finding, struct cells *cells)
{
	for (int i = 0; i < COLUMNS; i++)
		cells->at[i] = row_columns[i].path ? json_text_or(json_get(finding, row_columns[i].path), "") : "";
	snprintf(cells->line, sizeof(cells->line), "%lld", (long long)json_int(json_get(finding, "line"), 0));
	snprintf(cells->score, sizeof(cells->score), "%d", entry->score);
	clock_format(entry->observed_ns, cells->age);
	cells->at[LINE] = cells->line;
	cells->at[SCORE] = cells->score;
	cells->at[AGE] = cells->age;
	cells->at[AGENT] = lake_agent_name(entry);
	if (!*cells->at[MESSAGE])
		cells->at[MESSAGE] = json_text_or(json_get(finding, "title"), "");
	for (int i = 0; i < COLUMNS; i++)
		cells->lengths[i] = strlen(cells->at[i]);
}

/* --- flags --- */

/* One word of a comma list; part 1: a word that begins like the value will do ("SEC" for "SEC002/aws-key-pair"). */
static int is_listed(const char *list, const char *value, int part)
{
	while (list && *list) {
		size_t length = strcspn(list, ",");

		if (length && !strncasecmp(list, value, length) && (part || !value[length]))
			return 1;
		list += length + (list[length] == ',');
	}
	return 0;
}

static const struct choice {
	const char *flag;
	enum column column;
	int part;
} choices[] = {
	{ "rule", RULE, 1 },
	{ "severity", SEVERITY, 0 },
	{ "class", CLASS, 0 },
	{ "persona", PERSONA, 0 },
	{ "agent", AGENT, 1 },
};

struct query {
	struct cli *cli;
	const struct kind *kind;
	struct filter *filter;
	int64_t since_ns;
	int all; /* also what does not count */
	struct cli_table *table;
	struct json *rows;
	size_t found;
};

static int is_chosen(const struct query *query, const struct cells *cells)
{
	if (!query->all && strcmp(cells->at[STATE], "open"))
		return 0;
	for (size_t i = 0; i < sizeof(choices) / sizeof(*choices); i++) {
		const char *list = cli_flag(query->cli, choices[i].flag);

		if (list && !is_listed(list, cells->at[choices[i].column], choices[i].part))
			return 0;
	}
	return !query->filter || filter_match_cells(query->filter, query->kind, cells->at, cells->lengths);
}

static int check_words(struct cli *cli)
{
	static const char *const classes[] = { "secret", "architecture", "policy", NULL }, *const severities[] = { "critical", "high", "medium", "low", "info", NULL };
	const struct {
		const char *flag;
		const char *const *known;
	} rows[] = { { "class", classes }, { "severity", severities } };

	for (size_t i = 0; i < 2; i++) {
		const char *list = cli_flag(cli, rows[i].flag);

		while (list && *list) {
			size_t length = strcspn(list, ","), k = 0;

			while (rows[i].known[k] && (strncasecmp(rows[i].known[k], list, length) || rows[i].known[k][length]))
				k++;
			if (!rows[i].known[k])
				return cli_usage(cli, "lake query --%s %.*s: %s", rows[i].flag, (int)length, list,
					i ? "critical, high, medium, low or info" : "secret, architecture or policy");
			list += length + (list[length] == ',');
		}
	}
	return 0;
}

/* --- rows --- */

static void tell_row(struct query *query, const struct evidence *entry, const struct json *finding, const struct cells *cells)
{
	static const enum column shown[] = { SEVERITY, RULE, AGENT };
	char place[600];

	query->found++;
	if (!query->table) {
		struct json *row = json_copy(finding);

		json_set_text(row, "agent", entry->path);
		json_set_text(row, "agent_hash", entry->hash);
		json_set_int(row, "score", entry->score);
		json_set_text(row, "observed_at", cells->age);
		json_add(query->rows, row);
		return;
	}
	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++)
		cli_table_cell(query->table, cells->at[shown[i]]);
	snprintf(place, sizeof(place), "%s:%s", cells->at[PLACE], cells->line);
	cli_table_cell(query->table, place);
	cli_table_cell(query->table, cells->at[PERSONA]);
	cli_table_cell(query->table, cells->at[MESSAGE]);
}

static void look_at(struct query *query, const struct evidence *entry)
{
	struct cells cells;

	if (entry->observed_ns < query->since_ns)
		return;
	for (const struct json *finding = json_first(json_get(entry->json, "findings")); finding; finding = json_next(finding)) {
		fill(entry, finding, &cells);
		if (is_chosen(query, &cells))
			tell_row(query, entry, finding, &cells);
	}
}

static int print(struct query *query, const struct evidence_list *latest)
{
	if (query->table) {
		cli_table_print(query->table);
		lake_tell_damaged(latest, NULL);
		cli_say(query->cli, "%zu finding%s of %zu agent%s", query->found, query->found == 1 ? "" : "s", latest->count, latest->count == 1 ? "" : "s");
		return 0;
	}
	return lake_print_rows(query->cli, "findings", query->rows, latest);
}

static struct cli_table *new_table(struct cli *cli)
{
	static const char *const headers[] = { "SEVERITY", "RULE", "AGENT", "PLACE", "PERSONA", "MESSAGE" };
	struct cli_table *table = cli_table_new(cli);

	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++)
		cli_table_column(table, headers[i], 'l');
	return table;
}

int lake_query(struct cli *cli, const char *folder, const struct evidence_list *latest)
{
	struct kind_column columns[COLUMNS];
	struct kind kind = { .name = "findings", .columns = columns, .column_count = COLUMNS, .visible_count = COLUMNS, .title = "Findings", .singular = "finding" };
	struct query query = { .cli = cli, .kind = &kind, .all = cli_flag(cli, "all") != NULL };
	const char *since = cli_flag(cli, "since");
	struct error err = { 0 };
	int status = check_words(cli);

	(void)folder; /* the latest are enough */
	memcpy(columns, row_columns, sizeof(columns));
	for (int i = 0; i < ROLE_COUNT; i++)
		kind.role[i] = -1;
	if (status)
		return status;
	if (since && clock_parse_when(since, &query.since_ns))
		return cli_usage(cli, "lake query --since %.40s: RFC 3339, 2026-11-21, 14:02 or 10m (ago)", since);
	if (cli_args(cli) > 2)
		return cli_usage(cli, "lake query takes one expression; put it in quotes");
	query.filter = cli_arg(cli, 1) ? filter_parse(cli_arg(cli, 1), &kind, &err) : NULL;
	if (err.code)
		return cli_fail(cli, &err);
	query.table = cli_json(cli) ? NULL : new_table(cli);
	query.rows = query.table ? NULL : json_array();
	for (size_t i = 0; i < latest->count; i++)
		look_at(&query, &latest->rows[i]);
	filter_free(query.filter);
	return print(&query, latest);
}
