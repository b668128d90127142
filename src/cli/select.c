#include "cli/select.h"

#include "base/error.h"
#include "cli/cli.h"
#include "estate/estate.h"
#include "estate/snapshot.h"
#include "gate/session.h"

void cli_selection(const struct cli *cli, struct selection *selection)
{
	*selection = (struct selection){
		.account = cli_flag(cli, "account"),
		.namespace_ = cli_flag(cli, "all-namespaces") ? "*" : cli_flag(cli, "namespace"),
	};
}

const struct kind *cli_kind(struct cli *cli, size_t i, struct error *err)
{
	const char *name = cli_arg(cli, i);
	struct estate *estate = session_estate(cli_session(cli), err);

	if (!estate)
		return NULL;
	if (!name) {
		error_set(err, ERR_INVALID, "KIND is missing; pilothouse kinds lists them");
		return NULL;
	}
	const struct kind *kind = estate_kind(estate, name, err);

	if (!kind && err->code == ERR_NOT_FOUND)
		err->code = ERR_INVALID; /* the command names what there is none of: it is used wrongly, nothing failed */
	return kind;
}

int cli_find(struct cli *cli, size_t i, const struct kind **kind, struct ref *ref, struct error *err)
{
	struct selection selection;
	struct snapshot *snapshot = NULL;
	size_t row;

	*kind = cli_kind(cli, i, err);
	if (!*kind)
		return -1;
	if (!cli_arg(cli, i + 1))
		return error_set(err, ERR_INVALID, "NAME is missing");
	cli_selection(cli, &selection);
	int failed = estate_find(session_estate(cli_session(cli), err), *kind, &selection, cli_arg(cli, i + 1), ref, &snapshot, &row, err);
	snapshot_unref(snapshot);
	return failed;
}
