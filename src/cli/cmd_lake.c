/* `lake`: what audits kept of each agent: listed, shown, asked, followed over time; thinned out and sent on through the gate. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/lake_rows.h"
#include "store/evidence.h"

extern const struct cli_command cmd_lake;

static const char *const subcommands[] = { "list", "show", "query", "trend", NULL };

static const struct cli_flag flags[] = {
	{ "lake", 0, "DIR", "the lake; default evidence_lake in the current folder" },
	{ "history", 0, NULL, "show: every state the agent was seen in" },
	{ "rule", 0, "RULES", "query: rules, or what they begin with (SEC,REL001)" },
	{ "severity", 0, "WORDS", "query: critical, high, medium, low, info" },
	{ "class", 0, "WORDS", "query: secret, architecture, policy" },
	{ "persona", 0, "WORDS", "query: whom it concerns" },
	{ "agent", 0, "AGENTS", "query: agents, or what their paths begin with" },
	{ "since", 0, "TIME", "query: of agents audited since: RFC 3339, 14:02, 10m (ago)" },
	{ "all", 0, NULL, "query: also what is suppressed or in the baseline" },
	{ 0 },
};

/* --- shared --- */

static int index_of(const char *word, const char *const *words, int count)
{
	for (int i = 0; word && i < count; i++)
		if (!strcmp(words[i], word))
			return i;
	return -1;
}

void lake_count(const struct evidence *entry, struct lake_counts *counts)
{
	const char *classes[CLASS_COUNT], *severities[SEVERITY_COUNT];

	*counts = (struct lake_counts){ 0 };
	for (int i = 0; i < CLASS_COUNT; i++)
		classes[i] = check_class_name((enum check_class)i);
	for (int i = 0; i < SEVERITY_COUNT; i++)
		severities[i] = severity_name((enum check_severity)i);
	for (const struct json *row = json_first(json_get(entry->json, "findings")); row; row = json_next(row)) {
		int class = index_of(json_text(json_get(row, "class")), classes, CLASS_COUNT);
		int severity = index_of(json_text(json_get(row, "severity")), severities, SEVERITY_COUNT);

		if (strcmp(json_text_or(json_get(row, "state"), "open"), "open"))
			continue;
		if (class >= 0)
			counts->classes[class]++;
		if (severity >= 0)
			counts->severities[severity]++;
	}
}

const char *lake_agent_name(const struct evidence *entry)
{
	if (*entry->path)
		return entry->path;
	return *json_text_or(json_get(json_get(entry->json, "agent"), "brain"), "") ? "." : "(none)";
}

static int is_called(const struct evidence *entry, const char *name, int part)
{
	const char *texts[] = { entry->path, lake_agent_name(entry), entry->hash };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (part ? !strncmp(texts[i], name, strlen(name)) : !strcmp(texts[i], name))
			return 1;
	return 0;
}

const struct evidence *lake_find(struct cli *cli, const struct evidence_list *latest, const char *name, int *status)
{
	struct error err = { 0 };
	const struct evidence *found = NULL;

	for (size_t i = 0; i < latest->count; i++)
		if (is_called(&latest->rows[i], name, 0))
			return &latest->rows[i];
	for (size_t i = 0; i < latest->count && *name; i++) {
		if (!is_called(&latest->rows[i], name, 1))
			continue;
		if (found) {
			error_set(&err, ERR_INVALID, "'%.60s' begins several agents, %.60s and %.60s among them", name, lake_agent_name(found), lake_agent_name(&latest->rows[i]));
			*status = cli_fail(cli, &err);
			return NULL;
		}
		found = &latest->rows[i];
	}
	if (!found) {
		error_set(&err, ERR_NOT_FOUND, "no agent '%.80s' in the lake; pilothouse lake list", name);
		*status = cli_fail(cli, &err);
	}
	return found;
}

void lake_tell_damaged(const struct evidence_list *list, struct json *document)
{
	struct json *rows = json_array();

	for (size_t i = 0; i < list->note_count; i++) {
		json_add(rows, json_set_text(json_set_text(json_object(), "file", list->notes[i].name), "why", list->notes[i].why));
		cli_write(stderr, "pilothouse: passed over %s: %s\n", list->notes[i].name, list->notes[i].why);
	}
	if (document)
		json_set(document, "passed_over", rows);
	else
		json_free(rows);
}

static void format_change(int from, int to, char out[16])
{
	snprintf(out, 16, from == to ? "=" : "%+d", to - from);
}

static void age_of(const struct evidence *entry, char out[CLOCK_AGE_MAX])
{
	clock_format_age(clock_now_ns() - entry->observed_ns, out);
}

/* A document of rows, or the rows alone as lines. Takes rows. */
static int print_rows(struct cli *cli, const char *key, struct json *rows, const struct evidence_list *list)
{
	int lines = cli_format(cli) == FORMAT_JSONL;
	struct json *document = lines ? rows : json_set(json_object(), key, rows);

	lake_tell_damaged(list, lines ? NULL : document);
	return cli_print(cli, document);
}

static void number_cell(struct cli_table *table, size_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%zu", number);
	cli_table_cell(table, number ? text : "-");
}

static void counts_into(struct json *row, const struct lake_counts *counts)
{
	for (int i = 0; i < CLASS_COUNT; i++)
		json_set_int(row, check_class_name((enum check_class)i), (int64_t)counts->classes[i]);
	for (int i = 0; i < SEVERITY_COUNT; i++)
		json_set_int(row, severity_name((enum check_severity)i), (int64_t)counts->severities[i]);
}

static struct json *about(const struct evidence *entry)
{
	const struct json *agent = json_get(entry->json, "agent");
	char at[CLOCK_RFC3339_MAX];
	struct json *row = json_object();

	clock_format(entry->observed_ns, at);
	json_set_text(row, "path", entry->path);
	json_set_text(row, "hash", entry->hash);
	json_set_text(row, "brain", json_text_or(json_get(agent, "brain"), ""));
	json_set_text(row, "framework", json_text_or(json_get(agent, "framework"), ""));
	json_set_int(row, "score", entry->score);
	json_set_text(row, "observed_at", at);
	return row;
}

/* --- list --- */

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
		format_change(before, entry->score, change);
	age_of(entry, age);
	cli_table_cell(table, lake_agent_name(entry));
	cli_table_cell(table, json_text_or(json_get(json_get(entry->json, "agent"), "framework"), ""));
	cli_table_cell(table, score);
	cli_table_cell(table, change);
	for (int i = 0; i < CLASS_COUNT; i++)
		number_cell(table, counts->classes[i]);
	for (int i = 0; i <= SEVERITY_LOW; i++)
		number_cell(table, counts->severities[i]);
	cli_table_cell(table, age);
}

static int list(struct cli *cli, const char *folder, const struct evidence_list *latest)
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
		struct json *row = about(entry);
		counts_into(row, &counts);
		json_set(row, "score_before", before < 0 ? json_null() : json_integer(before));
		json_add(rows, row);
	}
	if (!table)
		return print_rows(cli, "agents", rows, latest);
	cli_table_print(table);
	json_free(rows);
	lake_tell_damaged(latest, NULL);
	return 0;
}

/* --- show --- */

static void show_entry(struct cli *cli, const struct evidence *entry)
{
	const struct json *agent = json_get(entry->json, "agent");
	char at[CLOCK_RFC3339_MAX];

	clock_format(entry->observed_ns, at);
	cli_write(cli_out(cli), "agent      %s\nhash       %s\nbrain      %s\nframework  %s\nscore      %d\nseen       %s\ncontent    %s\nfiles      %lld, %lld bytes\n",
		lake_agent_name(entry), entry->hash, json_text_or(json_get(agent, "brain"), ""), json_text_or(json_get(agent, "framework"), ""), entry->score, at,
		entry->content, (long long)json_int(json_get(entry->json, "files"), 0), (long long)json_int(json_get(entry->json, "bytes"), 0));
	for (const struct json *row = json_first(json_get(entry->json, "findings")); row; row = json_next(row)) {
		const char *severity = json_text_or(json_get(row, "severity"), "?"), *state = json_text_or(json_get(row, "state"), "open");

		cli_write(cli_out(cli), "\n%s%-8s%s  %s\n          %s:%lld  %s  %s, %s%s%s\n", cli_style(cli, severity), severity, cli_style_end(cli),
			json_text_or(json_get(row, "message"), json_text_or(json_get(row, "title"), "")), json_text_or(json_get(row, "path"), "?"),
			(long long)json_int(json_get(row, "line"), 0), json_text_or(json_get(row, "rule"), "?"), json_text_or(json_get(row, "persona"), "?"),
			json_text_or(json_get(row, "fixability"), "?"), strcmp(state, "open") ? "; " : "", strcmp(state, "open") ? state : "");
	}
}

static int trend_of(struct cli *cli, const char *folder, const struct evidence *entry);

static int show(struct cli *cli, const char *folder, const struct evidence_list *latest)
{
	int status = 0;

	if (cli_args(cli) != 2)
		return cli_usage(cli, "lake show AGENT");
	const struct evidence *entry = lake_find(cli, latest, cli_arg(cli, 1), &status);
	if (!entry)
		return status;
	if (cli_flag(cli, "history"))
		return trend_of(cli, folder, entry);
	if (cli_json(cli))
		return cli_print(cli, json_copy(entry->json));
	show_entry(cli, entry);
	return 0;
}

/* --- trend --- */

/* The latest is a state too: it is in the history as well, unless somebody thinned that out. */
static int trend_of(struct cli *cli, const char *folder, const struct evidence *entry)
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
			struct json *row = about(state);

			counts_into(row, &counts);
			json_set_text(row, "content", state->content);
			json_add(rows, row);
			continue;
		}
		snprintf(score, sizeof(score), "%d", state->score);
		if (i)
			format_change(states.rows[i - 1].score, state->score, change);
		clock_format(state->observed_ns, at);
		cli_table_cell(table, at);
		cli_table_cell(table, score);
		cli_table_cell(table, change);
		for (int class = 0; class < CLASS_COUNT; class++)
			number_cell(table, counts.classes[class]);
		number_cell(table, (size_t)json_int(json_get(state->json, "files"), 0));
		cli_table_cell(table, state->content);
	}
	int status = 0;
	if (table) {
		cli_table_print(table);
		json_free(rows);
		lake_tell_damaged(&states, NULL);
	} else {
		status = print_rows(cli, "states", rows, &states);
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
		struct json *row = about(entry);

		json_set_int(row, "states", (int64_t)states->count);
		json_set_int(row, "first_score", first->score);
		json_set_int(row, "lowest_score", lowest);
		json_set_text(row, "since", since);
		json_add(rows, row);
		return;
	}
	format_change(first->score, entry->score, change);
	cli_table_cell(table, lake_agent_name(entry));
	number_cell(table, states->count);
	for (int i = 0; i < 3; i++) {
		snprintf(number, sizeof(number), "%d", (int[]){ first->score, lowest, entry->score }[i]);
		cli_table_cell(table, number);
	}
	cli_table_cell(table, change);
	cli_table_cell(table, since);
}

static int trend(struct cli *cli, const char *folder, const struct evidence_list *latest)
{
	static const char *const columns[] = { "AGENT", "STATES", "FIRST", "LOWEST", "NOW", "CHANGE", "SINCE" };
	int status = 0;

	if (cli_args(cli) > 2)
		return cli_usage(cli, "lake trend [AGENT]");
	if (cli_arg(cli, 1)) {
		const struct evidence *entry = lake_find(cli, latest, cli_arg(cli, 1), &status);

		return entry ? trend_of(cli, folder, entry) : status;
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
		return print_rows(cli, "agents", rows, latest);
	cli_table_print(table);
	json_free(rows);
	lake_tell_damaged(latest, NULL);
	return 0;
}

/* --- the command --- */

static int query(struct cli *cli, const char *folder, const struct evidence_list *latest)
{
	(void)folder;
	return lake_query(cli, latest);
}

static const struct sub {
	const char *name;
	int (*run)(struct cli *cli, const char *folder, const struct evidence_list *latest);
} subs[] = {
	{ "list", list },
	{ "show", show },
	{ "query", query },
	{ "trend", trend },
};

static int run(struct cli *cli)
{
	const char *name = cli_arg(cli, 0) ? cli_arg(cli, 0) : "list", *folder = cli_flag(cli, "lake") ? cli_flag(cli, "lake") : "evidence_lake";
	struct evidence_list latest = { 0 };
	struct error err = { 0 };

	for (size_t i = 0; i < sizeof(subs) / sizeof(*subs); i++) {
		if (strcmp(subs[i].name, name))
			continue;
		if (evidence_latest(folder, &latest, &err))
			return cli_fail(cli, &err);
		int status = subs[i].run(cli, folder, &latest);
		evidence_list_release(&latest);
		return status;
	}
	return cli_usage(cli, "lake has no '%.40s': list, show, query or trend", name);
}

const struct cli_command cmd_lake = {
	.name = "lake",
	.usage = "[list | show AGENT | query [EXPR] | trend [AGENT]]",
	.help = "what audits kept of each agent: listed, asked, followed over time",
	.more = "An expression of query names columns: agent severity rule class persona path line state fixability score age message, as in\n"
		"\"severity == critical and path ~ 'prod/'\"; words alone are looked for in all of them. An agent is called by its path, its hash, or the\n"
		"beginning of either. Files that are damaged are named on stderr (passed_over in JSON) and passed over.",
	.subcommands = subcommands,
	.flags = flags,
	.run = run,
};
