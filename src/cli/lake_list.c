/* `lake list` and `lake trend`: scores and counts of every agent, now and over the states it was seen in. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/lake_rows.h"
#include "store/evidence.h"

/* --- list --- */

static void age_of(const struct evidence *entry, char out[CLOCK_AGE_MAX])
{
	clock_format_age(clock_now_ns() - entry->observed_ns, out);
}

/* The state before the latest one; -1: this is the first, or the others cannot be read. */
static int score_before(const char *folder, const struct evidence *latest)
{
	struct evidence_list states = { 0 };
	int score = -1;

	evidence_history(folder, latest->hash, EVIDENCE_HEAD, &states);
	for (size_t i = 0; i < states.count; i++)
		if (strcmp(states.rows[i].content, latest->content))
			score = states.rows[i].score;
	evidence_list_release(&states);
	return score;
}

static struct cli_table *list_table(struct cli *cli)
{
	static const char *const numbers[] = { "SCORE", "TREND", "SECRETS", "ARCHITECTURE", "POLICY", "CRITICAL", "HIGH", "MEDIUM", "LOW" };
	struct cli_table *table = cli_table_new(cli);

	cli_table_column(table, "AGENT", 'l');
	cli_table_column(table, "FRAMEWORK", 'l');
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		cli_table_column(table, numbers[i], 'r');
	cli_table_column(table, "AGE", 'r');
	return table;
}

static void list_row(struct cli_table *table, const struct evidence *entry, const struct lake_counts *counts, int before)
{
	char score[16], change[16] = "-", age[CLOCK_AGE_MAX];

	snprintf(score, sizeof(score), "%d", entry->score);
	if (before >= 0)
		lake_format_change(before, entry->score, change);
	age_of(entry, age);
	cli_table_cell(table, lake_agent_name(entry));
	cli_table_cell(table, json_text_or(json_get(json_get(entry->json, "agent"), "framework"), ""));
	cli_table_cell(table, score);
	cli_table_cell(table, change);
	for (int i = 0; i < CLASS_COUNT; i++)
		lake_number_cell(table, counts->classes[i]);
	for (int i = 0; i <= SEVERITY_LOW; i++)
		lake_number_cell(table, counts->severities[i]);
	cli_table_cell(table, age);
}

int lake_list(struct cli *cli, const char *folder, const struct evidence_list *latest)
{
	struct cli_table *table = cli_json(cli) ? NULL : list_table(cli);
	struct json *rows = json_array();

	for (size_t i = 0; i < latest->count; i++) {
		const struct evidence *entry = &latest->rows[i];
		struct lake_counts counts;
		int before = score_before(folder, entry);

		lake_count(entry, &counts);
		if (table) {
			list_row(table, entry, &counts, before);
			continue;
		}
		struct json *row = lake_about(entry);
		lake_counts_into(row, &counts);
		json_set(row, "score_before", before < 0 ? json_null() : json_integer(before));
		json_add(rows, row);
	}
	if (!table)
		return lake_print_rows(cli, "agents", rows, latest);
	cli_table_print(table);
	json_free(rows);
	lake_tell_damaged(latest, NULL);
	return 0;
}

/* --- trend --- */

/* The latest is a state too: it is in the history as well, unless somebody thinned that out. */
int lake_trend_of(struct cli *cli, const char *folder, const struct evidence *entry)
{
	static const char *const columns[] = { "SEEN", "SCORE", "CHANGE", "SECRETS", "ARCHITECTURE", "POLICY", "FILES", "CONTENT" };
	struct cli_table *table = cli_json(cli) ? NULL : cli_table_new(cli);
	struct evidence_list states = { 0 };
	struct json *rows = json_array();

	for (size_t i = 0; table && i < sizeof(columns) / sizeof(*columns); i++)
		cli_table_column(table, columns[i], i && i < 7 ? 'r' : 'l');
	evidence_history(folder, entry->hash, EVIDENCE_WHOLE, &states);
	for (size_t i = 0; i < states.count; i++) {
		const struct evidence *state = &states.rows[i];
		char score[16], change[16] = "-", at[CLOCK_RFC3339_MAX];
		struct lake_counts counts;

		lake_count(state, &counts);
		if (!table) {
			struct json *row = lake_about(state);

			lake_counts_into(row, &counts);
			json_set_text(row, "content", state->content);
			json_add(rows, row);
			continue;
		}
		snprintf(score, sizeof(score), "%d", state->score);
		if (i)
			lake_format_change(states.rows[i - 1].score, state->score, change);
		clock_format(state->observed_ns, at);
		cli_table_cell(table, at);
		cli_table_cell(table, score);
		cli_table_cell(table, change);
		for (int class = 0; class < CLASS_COUNT; class++)
			lake_number_cell(table, counts.classes[class]);
		lake_number_cell(table, (size_t)json_int(json_get(state->json, "files"), 0));
		cli_table_cell(table, state->content);
	}
	int status = 0;
	if (table) {
		cli_table_print(table);
		json_free(rows);
		lake_tell_damaged(&states, NULL);
	} else {
		status = lake_print_rows(cli, "states", rows, &states);
	}
	evidence_list_release(&states);
	return status;
}

static void fleet_row(struct cli_table *table, struct json *rows, const struct evidence *entry, const struct evidence_list *states)
{
	const struct evidence *first = states->count ? &states->rows[0] : entry;
	char number[16], change[16], since[CLOCK_RFC3339_MAX];
	int lowest = entry->score;

	for (size_t i = 0; i < states->count; i++)
		lowest = states->rows[i].score < lowest ? states->rows[i].score : lowest;
	clock_format(first->observed_ns, since);
	if (!table) {
		struct json *row = lake_about(entry);

		json_set_int(row, "states", (int64_t)states->count);
		json_set_int(row, "first_score", first->score);
		json_set_int(row, "lowest_score", lowest);
		json_set_text(row, "since", since);
		json_add(rows, row);
		return;
	}
	lake_format_change(first->score, entry->score, change);
	cli_table_cell(table, lake_agent_name(entry));
	lake_number_cell(table, states->count);
	for (int i = 0; i < 3; i++) {
		snprintf(number, sizeof(number), "%d", (int[]){ first->score, lowest, entry->score }[i]);
		cli_table_cell(table, number);
	}
	cli_table_cell(table, change);
	cli_table_cell(table, since);
}

int lake_trend(struct cli *cli, const char *folder, const struct evidence_list *latest)
{
	static const char *const columns[] = { "AGENT", "STATES", "FIRST", "LOWEST", "NOW", "CHANGE", "SINCE" };
	int status = 0;

	if (cli_args(cli) > 2)
		return cli_usage(cli, "lake trend [AGENT]");
	if (cli_arg(cli, 1)) {
		const struct evidence *entry = lake_find(cli, latest, cli_arg(cli, 1), &status);

		return entry ? lake_trend_of(cli, folder, entry) : status;
	}
	struct cli_table *table = cli_json(cli) ? NULL : cli_table_new(cli);
	struct json *rows = json_array();
	for (size_t i = 0; table && i < sizeof(columns) / sizeof(*columns); i++)
		cli_table_column(table, columns[i], i && i < 6 ? 'r' : 'l');
	for (size_t i = 0; i < latest->count; i++) {
		struct evidence_list states = { 0 };

		evidence_history(folder, latest->rows[i].hash, EVIDENCE_HEAD, &states);
		fleet_row(table, rows, &latest->rows[i], &states);
		evidence_list_release(&states);
	}
	if (!table)
		return lake_print_rows(cli, "agents", rows, latest);
	cli_table_print(table);
	json_free(rows);
	lake_tell_damaged(latest, NULL);
	return 0;
}
