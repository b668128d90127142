#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/act_file.h"
#include "cli/cli.h"
#include "cli/plans.h"
#include "cli/select.h"
#include "estate/estate.h"
#include "estate/kind.h"
#include "gate/gate.h"
#include "gate/session.h"

enum { FILE_PARAM_MAX = 4 << 20, ACCOUNTS_MAX = 256 };

static const struct cli_flag flags[] = { CLI_SELECT_FLAGS, { "because", 0, "TEXT", "why, kept in the log" }, { 0 } };

/* key=value; key=@FILE gives the file's content, key=@- standard input's. */
static int add_param(struct json *params, const char *word, struct error *err)
{
	const char *equals = strchr(word, '=');
	char *content = NULL;

	if (!equals || equals == word)
		return error_set(err, ERR_INVALID, "'%.60s' is no parameter: key=value", word);
	char *key = mem_text_n(word, (size_t)(equals - word));

	if (json_get(params, key)) {
		error_set(err, ERR_INVALID, "%.60s= is given twice", key);
		free(key);
		return -1;
	}
	if (equals[1] == '@') {
		size_t length;

		content = file_load(!strcmp(equals + 2, "-") ? "/dev/stdin" : equals + 2, FILE_PARAM_MAX, &length, err);
		if (!content) {
			free(key);
			return -1;
		}
	}
	json_set_text(params, key, content ? content : equals + 1);
	free(content);
	free(key);
	return 0;
}

/* What `apply` would create is not there to be found: it is named by what was given, and the current account. */
static void name_absent(struct cli *cli, const struct kind *kind, struct ref *ref)
{
	struct provider_account *accounts = mem_zero(ACCOUNTS_MAX, sizeof(*accounts));
	const char *providers[ACCOUNTS_MAX], *account = cli_flag(cli, "account"), *namespace_ = cli_flag(cli, "namespace");
	size_t count = estate_accounts(session_estate(cli_session(cli), NULL), accounts, providers, ACCOUNTS_MAX);

	*ref = (struct ref){ 0 };
	snprintf(ref->provider, sizeof(ref->provider), "%s", kind->provider);
	snprintf(ref->kind, sizeof(ref->kind), "%s", kind->name);
	snprintf(ref->name, sizeof(ref->name), "%s", cli_arg(cli, 1));
	for (size_t i = 0; i < count && i < ACCOUNTS_MAX; i++) {
		if (strcmp(providers[i], kind->provider) != 0 || (account ? strcmp(accounts[i].name, account) != 0 : !accounts[i].current))
			continue;
		snprintf(ref->account, sizeof(ref->account), "%s", accounts[i].name);
		if (kind->namespaced)
			snprintf(ref->namespace_, sizeof(ref->namespace_), "%s", namespace_ ? namespace_ : *accounts[i].namespace_ ? accounts[i].namespace_ : "default");
	}
	free(accounts);
}

static int find_target(struct cli *cli, struct ref *ref, struct error *err)
{
	const struct kind *kind;

	if (!cli_find(cli, 0, &kind, ref, err))
		return 0;
	if (err->code != ERR_NOT_FOUND || strcmp(cli_arg(cli, 2), "apply") != 0 || !kind || !kind_verb_find(kind, "apply"))
		return -1;
	*err = (struct error){ 0 };
	name_absent(cli, kind, ref);
	return 0;
}

static int plan_it(struct cli *cli, struct gate *gate, const struct json *params, struct plan **plan, struct error *err)
{
	const char *verb = cli_arg(cli, 2), *because = cli_flag(cli, "because");
	struct ref ref;

	if (find_target(cli, &ref, err))
		return -1;
	struct json *documents = !strcmp(verb, "apply") ? act_file_documents(params) : NULL;
	int failed = documents ? act_file_plan(gate, session_estate(cli_session(cli), err), &ref, documents, params, because, plan, err)
			       : gate_plan_act(gate, &ref, verb, params, because, plan, err);

	json_free(documents);
	return failed;
}

static int run(struct cli *cli)
{
	struct error err = { 0 };
	struct plan *plan = NULL;
	struct json *params = json_object();
	int failed = 0;

	if (!cli_arg(cli, 2)) {
		json_free(params);
		return cli_usage(cli, "a kind, a name and a verb are needed: pilothouse act KIND NAME VERB [key=value…]");
	}
	for (size_t i = 3; i < cli_args(cli) && !failed; i++)
		failed = add_param(params, cli_arg(cli, i), &err);
	struct gate *gate = failed ? NULL : session_gate(cli_session(cli), &err);

	if (gate)
		plans_lend_terminal(gate);
	if (!gate || plan_it(cli, gate, params, &plan, &err))
		failed = -1;
	json_free(params);
	return failed ? cli_fail(cli, &err) : plans_carry_out(cli, gate, plan);
}

const struct cli_command cmd_act = {
	.name = "act", .most = CLI_MANY, .usage = "KIND NAME VERB [key=value…]", .help = "one action, through the gate", .flags = flags, .run = run,
	.more = "Shows the plan first: what changes, what it touches, how it is undone, which policy decides. --approve stands for one approver\n"
		"where the policy allows it; --dry-run stops after the plan. key=@FILE takes a file's content.\n"
		"apply of a file with several manifests plans all of them, a step each.",
};
