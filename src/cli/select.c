#include "cli/select.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cli/cli.h"
#include "estate/estate.h"
#include "estate/kind.h"
#include "estate/snapshot.h"
#include "gate/session.h"

enum { ROOM = 64 }; /* as many as estate_accounts has */

void cli_selection(const struct cli *cli, struct selection *selection)
{
	*selection = (struct selection){
		.account = cli_flag(cli, "account"),
		.namespace_ = cli_flag(cli, "all-namespaces") ? "*" : cli_flag(cli, "namespace"),
	};
}

/* The provider that has an account of that name; NULL: none. */
static const char *provider_of(struct estate *estate, const char *account)
{
	struct provider_account accounts[ROOM];
	const char *providers[ROOM];
	size_t count = estate_accounts(estate, accounts, providers, ROOM);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(accounts[i].name, account))
			return providers[i];
	return NULL;
}

static const struct kind *namesake(struct estate *estate, const char *name, const char *provider)
{
	struct ref ref = { 0 };

	snprintf(ref.provider, sizeof(ref.provider), "%s", provider);
	snprintf(ref.kind, sizeof(ref.kind), "%s", name);
	return kinds_of(estate_kinds(estate), &ref);
}

static const struct kind *namespaced_namesake(struct estate *estate, const char *name)
{
	for (size_t i = 0; i < kinds_count(estate_kinds(estate)); i++) {
		const struct kind *other = namesake(estate, name, kinds_at(estate_kinds(estate), i)->provider);

		if (other && other->namespaced)
			return other;
	}
	return NULL;
}

/* Two providers may have a kind of one name: "services" of a namespace, or of a context, are those of the cluster. */
static const struct kind *fitting(const struct cli *cli, struct estate *estate, const struct kind *kind, const char *name)
{
	const char *account = cli_flag(cli, "account");
	const char *provider = account && strcmp(account, "*") != 0 ? provider_of(estate, account) : NULL;
	const struct kind *other = NULL;

	if (strchr(name, '/'))
		return kind;
	if (provider && strcmp(provider, kind->provider) != 0)
		other = namesake(estate, name, provider);
	else if (!kind->namespaced && (cli_flag(cli, "namespace") || cli_flag(cli, "all-namespaces")))
		other = namespaced_namesake(estate, name);
	return other ? other : kind;
}

/* A machine or context that is not there is not one without rows. Where accounts are folders or files, any may be named. */
static int has_account(const struct cli *cli, struct estate *estate, const struct kind *kind, struct error *err)
{
	struct provider_account accounts[ROOM];
	const char *providers[ROOM], *wanted = cli_flag(cli, "account");
	size_t count = wanted && *wanted && strcmp(wanted, "*") != 0 ? estate_accounts(estate, accounts, providers, ROOM) : 0, links = 0;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(providers[i], kind->provider) != 0 || accounts[i].aside || accounts[i].broken)
			continue;
		if (!strcmp(accounts[i].name, wanted))
			return 1;
		links++;
	}
	if (!links || count == ROOM)
		return 1;
	error_set(err, ERR_INVALID, "no account of %s is called \"%.100s\"; pilothouse init shows those there are", kind->provider, wanted);
	return 0;
}

const struct kind *cli_kind(struct cli *cli, size_t i, struct error *err)
{
	const char *name = cli_arg(cli, i);
	struct estate *estate = session_estate(cli_session(cli), err);

	if (!estate)
		return NULL;
	if (!name || !*name) {
		error_set(err, ERR_INVALID, "KIND is missing; pilothouse kinds lists them");
		return NULL;
	}
	const struct kind *kind = estate_kind(estate, name, err);

	if (!kind && err->code == ERR_NOT_FOUND)
		err->code = ERR_INVALID; /* the command names what there is none of: it is used wrongly, nothing failed */
	kind = kind ? fitting(cli, estate, kind, name) : NULL;
	return kind && has_account(cli, estate, kind, err) ? kind : NULL;
}

int cli_in_region(const struct cli *cli, const struct snapshot *snapshot, size_t row)
{
	const char *wanted = cli_flag(cli, "region");
	size_t length;
	const char *its = wanted ? snapshot_role(snapshot, row, ROLE_REGION, &length) : NULL;

	return !wanted || (strlen(wanted) == length && !memcmp(its, wanted, length));
}

void cli_say_where(const struct cli *cli, const struct kind *kind, struct error *err)
{
	size_t used = strlen(err->text);

	if (err->code != ERR_NOT_FOUND || !kind->namespaced || cli_flag(cli, "all-namespaces"))
		return;
	if (cli_flag(cli, "namespace"))
		snprintf(err->text + used, sizeof(err->text) - used, " in namespace %.100s", cli_flag(cli, "namespace"));
	else
		snprintf(err->text + used, sizeof(err->text) - used, " in this context's namespace (-n NAMESPACE, -A: all of them)");
}

int cli_find_row(struct cli *cli, size_t i, const struct kind *kind, struct ref *ref, struct snapshot **snapshot, size_t *row, struct error *err)
{
	struct selection selection;
	const char *name = cli_arg(cli, i);

	*snapshot = NULL;
	if (!name || !*name)
		return error_set(err, ERR_INVALID, "NAME is missing; pilothouse get %s lists them", kind->name);
	cli_selection(cli, &selection);
	if (estate_find(session_estate(cli_session(cli), err), kind, &selection, name, ref, snapshot, row, err)) {
		if (!strchr(name, ':'))
			cli_say_where(cli, kind, err);
		return -1;
	}
	if (cli_in_region(cli, *snapshot, *row))
		return 0;
	snapshot_unref(*snapshot);
	*snapshot = NULL;
	return error_set(err, ERR_NOT_FOUND, "%s %.100s is not in region %.60s", kind->singular, name, cli_flag(cli, "region"));
}

int cli_find(struct cli *cli, size_t i, const struct kind **kind, struct ref *ref, struct error *err)
{
	struct snapshot *snapshot = NULL;
	size_t row;

	*kind = cli_kind(cli, i, err);
	int failed = *kind ? cli_find_row(cli, i + 1, *kind, ref, &snapshot, &row, err) : -1;

	snapshot_unref(snapshot);
	return failed;
}
