/* scope.c - of which account and which namespaces a table's rows are. */
#include <stdio.h>
#include <string.h>

#include "base/safe.h"
#include "estate/snapshot.h"
#include "estate/view.h"
#include "tui/console_private.h"
#include "tui/screen/keys.h"
#include "tui/table/private.h"
#include "tui/table/table_pane.h"

const char *table_pane_account(struct pane *pane)
{
	return table_is(pane) ? table_of(pane)->account : "";
}

const char *table_pane_provider(struct pane *pane)
{
	return table_is(pane) ? table_of(pane)->kind->provider : NULL;
}

void table_pane_ask_again(struct pane *pane)
{
	struct feed_status status = { 0 };

	if (!table_pane_provider(pane) || !table_of(pane)->feed)
		return;
	feed_status(table_of(pane)->feed, &status);
	if (status.state != FEED_LIVE)
		feed_refresh(table_of(pane)->feed);
}

int table_pane_is_namespaced(struct pane *pane)
{
	return table_is(pane) && table_of(pane)->kind->namespaced;
}

void table_pane_namespaces(struct pane *pane, void (*add)(struct names *names, const char *name),
	int (*has)(const struct names *names, const char *name), struct names *names)
{
	if (!table_pane_is_namespaced(pane))
		return;
	struct snapshot *snapshot = view_snapshot(table_of(pane)->view);
	char last[254] = "", name[254];
	size_t length, count = snapshot ? snapshot_count(snapshot) : 0;

	for (size_t row = 0; row < count; row++) {
		const char *text = snapshot_role(snapshot, row, ROLE_NAMESPACE, &length);

		safe_copy(name, sizeof(name), text, length);
		if (!*name || !strcmp(name, last)) /* rows of one namespace stand together: few comparisons */
			continue;
		snprintf(last, sizeof(last), "%s", name);
		if (!has(names, name))
			add(names, name);
	}
}

void table_toggle_namespaces(struct table_pane *table)
{
	if (!table->kind->namespaced)
		return;
	if (*table->base && !strcmp(table->namespace_, "*")) {
		table_pane_reopen(&table->pane, NULL, "*");
		return;
	}
	if (strcmp(table->namespace_, "*") != 0) {
		snprintf(table->one_namespace, sizeof(table->one_namespace), "%s", table->namespace_);
		table_pane_reopen(&table->pane, NULL, "*");
		return;
	}
	/* Back to the one of before, else the account's own. Not that of the row: who asks for all namespaces twice wants all of them. */
	const char *own = console_namespace(table->pane.console, table->kind, table->account);

	if (!*table->one_namespace && strcmp(own, "*") != 0)
		snprintf(table->one_namespace, sizeof(table->one_namespace), "%s", own);
	if (*table->one_namespace)
		table_pane_reopen(&table->pane, NULL, table->one_namespace);
	else
		console_say(table->pane.console, STYLE_DIM, "all namespaces are shown; %s chooses one",
			keymap_key_of(console_keymap(table->pane.console), "global.namespace"));
}
