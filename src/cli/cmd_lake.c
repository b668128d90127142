/* `lake`: what audits kept of each agent: listed, shown, asked, followed over time; thinned out and sent on through the gate. */
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

static const struct cli_subcommand subcommands[] = { { "list", 0 }, { "show", 1 }, { "query", CLI_MANY }, { "trend", 1 }, { "push", 1 }, { "prune", 0 }, { 0 } };

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
	{ "keep", 0, "N", "prune: how many of the newest states of each agent stay" },
	{ "tree", 0, "NAME", "push to a database: what this lake is called there; default the audited folder's name" },
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

void lake_format_change(int from, int to, char out[16])
{
	snprintf(out, 16, from == to ? "=" : "%+d", to - from);
}

int lake_print_rows(struct cli *cli, const char *key, struct json *rows, const struct evidence_list *list)
{
	int lines = cli_format(cli) == FORMAT_JSONL;
	struct json *document = lines ? rows : json_set(json_object(), key, rows);

	lake_tell_damaged(list, lines ? NULL : document);
	return cli_print(cli, document);
}

void lake_number_cell(struct cli_table *table, size_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%zu", number);
	cli_table_cell(table, number ? text : "-");
}

void lake_counts_into(struct json *row, const struct lake_counts *counts)
{
	for (int i = 0; i < CLASS_COUNT; i++)
		json_set_int(row, check_class_name((enum check_class)i), (int64_t)counts->classes[i]);
	for (int i = 0; i < SEVERITY_COUNT; i++)
		json_set_int(row, severity_name((enum check_severity)i), (int64_t)counts->severities[i]);
}

struct json *lake_about(const struct evidence *entry)
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

		cli_write(cli_out(cli), "\n");
		cli_write_in(cli, severity, "%-8s", severity);
		cli_write(cli_out(cli), "  %s\n          %s:%lld  %s  %s, %s%s%s\n",
			json_text_or(json_get(row, "message"), json_text_or(json_get(row, "title"), "")), json_text_or(json_get(row, "path"), "?"),
			(long long)json_int(json_get(row, "line"), 0), json_text_or(json_get(row, "rule"), "?"), json_text_or(json_get(row, "persona"), "?"),
			json_text_or(json_get(row, "fixability"), "?"), strcmp(state, "open") ? "; " : "", strcmp(state, "open") ? state : "");
	}
}

static int show(struct cli *cli, const char *folder, const struct evidence_list *latest)
{
	int status = 0;

	if (cli_args(cli) != 2)
		return cli_usage(cli, "lake show AGENT");
	const struct evidence *entry = lake_find(cli, latest, cli_arg(cli, 1), &status);
	if (!entry)
		return status;
	if (cli_flag(cli, "history"))
		return lake_trend_of(cli, folder, entry);
	if (cli_data(cli))
		return cli_print_with_rows(cli, json_copy(entry->json), "findings");
	show_entry(cli, entry);
	return 0;
}

/* --- the command --- */

static const struct sub {
	const char *name;
	int (*run)(struct cli *cli, const char *folder, const struct evidence_list *latest);
} subs[] = {
	{ "list", lake_list },
	{ "show", show },
	{ "query", lake_query },
	{ "trend", lake_trend },
};

static const struct deed {
	const char *name;
	int (*run)(struct cli *cli, const char *folder);
} deeds[] = {
	{ "push", lake_push },
	{ "prune", lake_prune },
};

static int run(struct cli *cli)
{
	const char *name = cli_arg(cli, 0) ? cli_arg(cli, 0) : "list", *folder = cli_flag(cli, "lake") ? cli_flag(cli, "lake") : "evidence_lake";
	struct evidence_list latest = { 0 };
	struct error err = { 0 };

	for (size_t i = 0; i < sizeof(deeds) / sizeof(*deeds); i++)
		if (!strcmp(deeds[i].name, name))
			return deeds[i].run(cli, folder);
	for (size_t i = 0; i < sizeof(subs) / sizeof(*subs); i++) {
		if (strcmp(subs[i].name, name))
			continue;
		if (evidence_latest(folder, &latest, &err))
			return cli_fail(cli, &err);
		int status = subs[i].run(cli, folder, &latest);
		evidence_list_release(&latest);
		return status;
	}
	return cli_usage(cli, "lake has no '%.40s': list, show, query, trend, push or prune", name);
}

const struct cli_command cmd_lake = {
	.name = "lake",
	.usage = "[list | show AGENT | query [EXPR] | trend [AGENT] | push TARGET | prune --keep N]",
	.help = "what audits kept of each agent: listed, asked, followed over time, sent on",
	.more = "An expression of query names columns: agent severity rule class persona path line state fixability score age message, as in\n"
		"\"severity == critical and path ~ 'prod/'\"; words alone are looked for in all of them. An agent is called by its path, its hash, or the\n"
		"beginning of either. Files that are damaged are named on stderr (passed_over in JSON) and passed over.\n\n"
		"push sends what the target lacks to s3://BUCKET/PREFIX or postgres://USER@HOST/DATABASE; prune deletes all but the newest states. Both are\n"
		"plans: shown, approved, recorded. A store is asked with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or the profile AWS_PROFILE of ~/.aws,\n"
		"AWS_REGION, and AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL where it is not Amazon's; a database's password comes from PGPASSWORD or ~/.pgpass.",
	.subcommands = subcommands,
	.flags = flags,
	.run = run,
};
