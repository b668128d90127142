#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "cli/cli.h"
#include "gate/policy.h"
#include "gate/session.h"
#include "gate/user.h"

extern const struct cli_command cmd_policy;

enum { CASES_MAX_BYTES = 4 << 20 };

static const struct cli_subcommand subcommands[] = { { "list", 0 }, { "explain", CLI_MANY }, { "test", 1 }, { 0 } };

static int list(struct cli *cli, const struct policy *policy)
{
	struct json *document = policy_list(policy);

	if (cli_json(cli))
		return cli_print_list(cli, document, "rules");
	struct cli_table *table = cli_table_new(cli);
	cli_table_column(table, "RULE", 'l');
	cli_table_column(table, "DECIDES", 'l');
	cli_table_column(table, "MATCH", 'l');
	cli_table_column(table, "FILE", 'l');
	for (const struct json *rule = json_first(json_get(document, "rules")); rule; rule = json_next(rule)) {
		char *match = json_format(json_get(rule, "match"));
		char place[300];

		snprintf(place, sizeof(place), "%.280s:%lld", json_text_or(json_get(rule, "file"), "?"), (long long)json_int(json_get(rule, "line"), 0));
		cli_table_cell(table, json_text_or(json_get(rule, "id"), ""));
		cli_table_cell(table, json_text_or(json_get(rule, "decide"), ""));
		cli_table_cell(table, match);
		cli_table_cell(table, place);
		free(match);
	}
	cli_table_print(table);
	if (json_text(json_get(document, "broken")))
		cli_say(cli, "pilothouse: %s: every write is denied", json_text(json_get(document, "broken")));
	json_free(document);
	return 0;
}

/* risk=write scope=prod kind=pods … ; the user is the one who asks, unless given. */
static struct json *question_of(struct cli *cli, struct error *err)
{
	struct user user;
	struct json *input = json_object();

	user_current(&user, session_config(cli_session(cli)));
	json_set_text(input, "user", user.id);
	json_set_text(input, "role", user.role);
	for (size_t i = 1; cli_arg(cli, i); i++) {
		const char *word = cli_arg(cli, i), *equals = strchr(word, '=');
		char key[64];

		if (!equals || (size_t)(equals - word) >= sizeof(key)) {
			error_set(err, ERR_INVALID, "'%.60s': key=value (risk, scope, verb, kind, provider, account, namespace, name, user, role, targets, time)", word);
			json_free(input);
			return NULL;
		}
		snprintf(key, sizeof(key), "%.*s", (int)(equals - word), word);
		json_set_text(input, key, equals + 1);
	}
	return input;
}

static void print_explained(struct cli *cli, const struct json *document)
{
	FILE *out = cli_out(cli);

	cli_write(out, "%s by %s: %s\n\n", json_text_or(json_get(document, "decision"), "?"), json_text_or(json_get(document, "rule"), "?"),
		json_text_or(json_get(document, "why"), ""));
	for (const struct json *rule = json_first(json_get(document, "rules")); rule; rule = json_next(rule))
		cli_write(out, "%s %-28s %s\n", json_bool(json_get(rule, "matches"), 0) ? "*" : " ", json_text_or(json_get(rule, "id"), ""),
			json_text_or(json_get(rule, "because"), ""));
}

static int explain(struct cli *cli, const struct policy *policy)
{
	struct error err = { 0 };
	struct policy_question question;
	struct json *input = question_of(cli, &err);

	if (!input || policy_question_from_json(input, &question, &err)) {
		json_free(input);
		return cli_fail(cli, &err);
	}
	struct json *document = policy_explain(policy, &question);
	json_free(input);
	if (cli_data(cli))
		return cli_print_with_rows(cli, document, "rules");
	print_explained(cli, document);
	json_free(document);
	return 0;
}

/* One case: {name, input: {…}, expect: allow|approve|deny, rule?}; what came of it. */
static struct json *test_case(const struct policy *policy, const struct json *entry)
{
	static const char *const names[] = { "deny", "approve", "allow" };
	struct error err = { 0 };
	struct policy_question question;
	struct policy_answer answer = { 0 };
	const char *expect = json_text_or(json_get(entry, "expect"), ""), *rule = json_text(json_get(entry, "rule"));
	struct json *told = json_set_text(json_object(), "name", json_text_or(json_get(entry, "name"), ""));
	int is_one = !strcmp(expect, names[0]) || !strcmp(expect, names[1]) || !strcmp(expect, names[2]);

	if (!is_one)
		error_set(&err, ERR_INVALID, "line %d: expect '%.40s': allow, approve or deny", json_line(entry), expect);
	if (!is_one || policy_question_from_json(json_get(entry, "input"), &question, &err)) {
		json_set(told, "ok", json_boolean(0));
		return json_set_text(told, "detail", err.text);
	}
	policy_decide(policy, &question, &answer);
	int holds = !strcmp(names[answer.decision], expect) && (!rule || !strncmp(answer.rule, rule, strlen(rule)));
	char *detail = mem_format(holds ? "%s by %s" : "%s by %s, expected %s%s%s", names[answer.decision], answer.rule, expect, rule ? " by " : "", rule ? rule : "");

	json_set(told, "ok", json_boolean(holds));
	json_set_text(told, "decision", names[answer.decision]);
	json_set_text(told, "rule", answer.rule);
	json_set_text(told, "detail", detail);
	free(detail);
	return told;
}

static struct json *load_cases(const char *path, struct error *err)
{
	size_t length;
	char *bytes = file_load(path, CASES_MAX_BYTES, &length, err);
	struct json *cases = bytes ? yaml_parse(bytes, length, err) : NULL;

	free(bytes);
	if (!bytes || (cases && json_is(cases, JSON_ARRAY) && json_count(cases)))
		return cases;
	if (cases)
		error_set(err, ERR_INVALID, "no list of cases: - {name: …, input: {risk: write, scope: prod}, expect: allow|approve|deny, rule: …}");
	json_free(cases);
	error_wrap(err, "%s", path);
	return NULL;
}

static int test(struct cli *cli, const struct policy *policy)
{
	struct error err = { 0 };
	struct json *cases = cli_arg(cli, 1) ? load_cases(cli_arg(cli, 1), &err) : NULL, *told = json_array();
	size_t failed = 0;

	if (!cli_arg(cli, 1))
		error_set(&err, ERR_INVALID, "policy test FILE: a YAML list of {name, input, expect, rule}");
	if (!cases) {
		json_free(told);
		return cli_fail(cli, &err);
	}
	for (const struct json *entry = json_first(cases); entry; entry = json_next(entry))
		json_add(told, test_case(policy, entry));
	json_free(cases);
	for (const struct json *row = json_first(told); row; row = json_next(row)) {
		int holds = json_bool(json_get(row, "ok"), 0);

		failed += !holds;
		if (!cli_data(cli))
			cli_write(cli_out(cli), "%s %s: %s\n", holds ? "ok  " : "FAIL", json_text_or(json_get(row, "name"), "?"), json_text_or(json_get(row, "detail"), ""));
	}
	size_t passed = json_count(told) - failed;
	struct json *document = json_set_int(json_set_int(json_set(json_object(), "cases", told), "passed", (int64_t)passed), "failed", (int64_t)failed);
	if (cli_data(cli)) {
		cli_print_list(cli, document, "cases");
	} else {
		cli_write(cli_out(cli), "%zu passed, %zu failed\n", passed, failed);
		json_free(document);
	}
	return failed ? 1 : 0;
}

static int run(struct cli *cli)
{
	struct error err = { 0 };
	const char *what = cli_arg(cli, 0) ? cli_arg(cli, 0) : "list";
	struct json *problems = json_array();
	struct config *config = session_config(cli_session(cli));
	struct policy *policy = policy_load(config, session_net(cli_session(cli), &err), problems, &err);
	int status;

	for (const struct json *problem = json_first(problems); problem; problem = json_next(problem))
		cli_say_problem(cli, problem);
	json_free(problems);
	if (!policy)
		return cli_fail(cli, &err);
	if (!strcmp(what, "list"))
		status = list(cli, policy);
	else if (!strcmp(what, "explain"))
		status = explain(cli, policy);
	else if (!strcmp(what, "test"))
		status = test(cli, policy);
	else
		status = cli_usage(cli, "policy %.40s: list, explain or test", what);
	policy_free(policy);
	return status;
}

const struct cli_command cmd_policy = {
	.name = "policy", .usage = "[list | explain key=value… | test FILE]", .help = "which rules decide, and why", .subcommands = subcommands, .run = run,
};
