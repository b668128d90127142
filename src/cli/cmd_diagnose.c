#include <stdio.h>
#include <unistd.h>

#include "base/config.h"
#include "base/error.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/diagnose.h"
#include "fleet/supply/registry.h"
#include "gate/session.h"

extern const struct cli_command cmd_diagnose;

enum { TIMEOUT_S = 10, TIMEOUT_MAX_S = 600 };

static const struct cli_flag flags[] = {
	{ "with-keys", 0, NULL, "send the keys of model endpoints, to see whether they are accepted" },
	{ "timeout", 0, "SECONDS", "for each check; default 10" },
	{ 0 },
};

static const struct {
	const char *name, *severity; /* severity: whose colour it has */
} states[] = {
	[CHECK_OK] = { "ok", "" },
	[CHECK_WARN] = { "warn", "medium" },
	[CHECK_FAIL] = { "fail", "critical" },
	[CHECK_SKIP] = { "skip", "low" },
};

static int is_ok(const struct diagnosis *diagnosis)
{
	for (size_t i = 0; i < diagnosis_count(diagnosis); i++)
		if (diagnosis_at(diagnosis, i)->state == CHECK_FAIL)
			return 0;
	return 1;
}

static int print_json(struct cli *cli, const struct diagnosis *diagnosis)
{
	struct json *document = json_object(), *checks = json_array();

	for (size_t i = 0; i < diagnosis_count(diagnosis); i++) {
		const struct check_row *row = diagnosis_at(diagnosis, i);
		struct json *check = json_set_text(json_object(), "name", row->name);

		json_set_text(check, "state", states[row->state].name);
		json_set_text(check, "cause", row->cause);
		json_set_text(check, "fix", row->fix);
		json_set_int(check, "ms", row->ms);
		json_add(checks, check);
	}
	json_set(document, "checks", checks);
	return cli_print_with_rows(cli, json_set(document, "ok", json_boolean(is_ok(diagnosis))), "checks");
}

/* What is wrong stands with its fix below; a table of what is right would not be read. */
static void print_rows(struct cli *cli, const struct diagnosis *diagnosis)
{
	size_t count[] = { 0, 0, 0, 0 };

	for (size_t i = 0; i < diagnosis_count(diagnosis); i++) {
		const struct check_row *row = diagnosis_at(diagnosis, i);

		count[row->state]++;
		cli_write_in(cli, states[row->state].severity, "%-4s", states[row->state].name);
		cli_write(cli_out(cli), "  %-28s  %s\n", row->name, row->cause);
		if (*row->fix)
			cli_write(cli_out(cli), "%36s  fix: %s\n", "", row->fix);
	}
	cli_write(cli_out(cli), "%zu ok, %zu warnings, %zu failed, %zu skipped\n", count[CHECK_OK], count[CHECK_WARN], count[CHECK_FAIL], count[CHECK_SKIP]);
}

static int diagnose(struct cli *cli, struct surroundings *surroundings)
{
	struct diagnosis *diagnosis = diagnosis_new(surroundings);
	int status;

	diagnose_local(diagnosis, surroundings);
	diagnose_network(diagnosis, surroundings);
	diagnose_access(diagnosis, surroundings);
	diagnosis_run(diagnosis);
	if (cli_data(cli))
		print_json(cli, diagnosis);
	else
		print_rows(cli, diagnosis);
	status = is_ok(diagnosis) ? 0 : 1;
	if (diagnosis_left_behind(diagnosis)) { /* what it looks at must not be freed under it */
		int failed = fflush(NULL);

		_exit(failed ? 1 : status);
	}
	diagnosis_free(diagnosis);
	return status;
}

static int run(struct cli *cli)
{
	struct session *session = cli_session(cli);
	struct error err = { 0 };
	long timeout_s = cli_flag_number(cli, "timeout", TIMEOUT_S);
	struct surroundings surroundings = { .config = session_config(session), .providers = session_options(session)->providers, .with_keys = cli_flag(cli, "with-keys") != NULL };
	const char *const public_index[ECOSYSTEM_COUNT] = { config_get(surroundings.config, "registry.pypi"), config_get(surroundings.config, "registry.npm") };

	if (timeout_s < 1 || timeout_s > TIMEOUT_MAX_S)
		return cli_usage(cli, "--timeout %ld: 1 to %d seconds", timeout_s, TIMEOUT_MAX_S);
	surroundings.timeout_ms = (int)timeout_s * 1000;
	surroundings.net = session_net(session, &err);
	surroundings.kinds = surroundings.net ? session_kinds(session, &err) : NULL;
	if (!surroundings.kinds)
		return cli_fail(cli, &err);
	surroundings.indices = registry_list_new(public_index);
	int status = diagnose(cli, &surroundings);
	registry_list_free(surroundings.indices);
	return status;
}

const struct cli_command cmd_diagnose = {
	.name = "diagnose",
	.any_config = 1,
	.usage = "",
	.help = "check what the program depends on, with cause and fix",
	.more = "Looks at configuration, folders, terminal, database and audit log, at proxy, names, package indices, who vouches for their TLS, and the clock, at each account of "
		"each provider and at the endpoints of models that are configured. All checks run side by side. Nothing is changed, and no key of a model is sent without --with-keys. "
		"Exit status: 0 all is well or there are only warnings, 1 something failed.",
	.flags = flags,
	.run = run,
};
