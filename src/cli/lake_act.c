/* `lake push` and `lake prune`: a lake is sent on or thinned out as everything is changed, by a plan that passes the gate. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/lake_rows.h"
#include "cli/plans.h"
#include "estate/provider.h"
#include "gate/gate.h"
#include "gate/session.h"
#include "provider/lake/lake.h"

/* The lake as its provider names it. 0, or -1: ERR_NOT_FOUND, ERR_LIMIT. */
static int lake_ref(const char *folder, struct ref *ref, struct error *err)
{
	char *path = realpath(folder, NULL);

	*ref = (struct ref){ .provider = "lake", .kind = "lakes" };
	if (gethostname(ref->account, sizeof(ref->account) - 1))
		strcpy(ref->account, "localhost");
	if (!path)
		return error_set(err, ERR_NOT_FOUND, "no evidence lake at %.150s; pilothouse report writes one, --lake names another", folder);
	int fits = strlen(path) < sizeof(ref->name);
	if (fits)
		strcpy(ref->name, path);
	free(path);
	return fits ? 0 : error_set(err, ERR_LIMIT, "%.150s… is too long a path", folder);
}

/* What lies beside the lake names it: the folder that was audited. Valid as long as the ref. */
static const char *tree_of(struct cli *cli, const struct ref *ref, char *room, size_t size)
{
	const char *given = cli_flag(cli, "tree"), *end = strrchr(ref->name, '/'), *begin = end;

	if (given)
		return given;
	while (begin > ref->name && begin[-1] != '/')
		begin--;
	snprintf(room, size, "%.*s", (int)(end - begin), begin);
	return *room ? room : "lake";
}

/* Takes params and summary. */
static int carry_out(struct cli *cli, const struct ref *ref, const char *verb, struct json *params, char *summary)
{
	struct error err = { 0 };
	struct gate *gate = session_gate(cli_session(cli), &err);
	struct gate_act act = { .ref = ref, .verb = verb, .params = params };
	struct plan *plan = NULL;
	int failed = gate ? gate_plan_acts(gate, &act, 1, summary, &plan, &err) : -1;

	json_free(params);
	free(summary);
	return failed ? cli_fail(cli, &err) : plans_carry_out(cli, gate, plan);
}

int lake_push(struct cli *cli, const char *folder)
{
	struct error err = { 0 };
	struct ref ref;
	char room[NAME_MAX + 1];
	int had_password = 0;

	if (cli_args(cli) != 2)
		return cli_usage(cli, "lake push s3://BUCKET/PREFIX or lake push postgres://USER@HOST/DATABASE");
	if (lake_ref(folder, &ref, &err))
		return cli_fail(cli, &err);
	char *target = lake_target_without_password(cli_arg(cli, 1), &had_password);
	if (had_password)
		cli_say(cli, "the password in the URL can be seen in the list of processes; PGPASSWORD or ~/.pgpass keeps it out of there");
	struct json *params = json_set_text(json_object(), "target", target);
	json_set_text(params, "tree", tree_of(cli, &ref, room, sizeof(room)));
	char *summary = mem_format("send what is new in evidence lake %s to %s", ref.name, target);
	free(target);
	return carry_out(cli, &ref, "push", params, summary);
}

int lake_prune(struct cli *cli, const char *folder)
{
	struct error err = { 0 };
	struct ref ref;
	long keep = cli_flag_number(cli, "keep", -1);

	if (keep < 0 || cli_args(cli) != 1)
		return cli_usage(cli, "lake prune --keep N: how many of the newest states of each agent stay");
	if (lake_ref(folder, &ref, &err))
		return cli_fail(cli, &err);
	char *summary = mem_format("delete all but the newest %ld states of each agent of evidence lake %s", keep, ref.name);
	return carry_out(cli, &ref, "prune", json_set_int(json_object(), "keep", keep), summary);
}
