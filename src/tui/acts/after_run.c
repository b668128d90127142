/* after_run.c - what a run of this console changed is looked at again: tables that are asked for now and then, and the audit of a folder whose
 * files were written. What is watched tells by itself. */
#include <stdlib.h>
#include <string.h>

#include "fleet/fleet.h"
#include "gate/plan.h"
#include "base/json.h"
#include "tui/chat/chat.h"
#include "tui/chat/turns.h"
#include "tui/console_private.h"
#include "tui/table/table_pane.h"
#include "tui/views/fleet.h"

static int touches(const struct plan *plan, const char *provider)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].risk != RISK_READ && !strcmp(plan->steps[i].ref.provider, provider))
			return 1;
	return 0;
}

static int writes_below(const struct plan *plan, const char *root)
{
	size_t length = strlen(root);

	for (size_t i = 0; i < plan->count; i++) {
		const struct ref *ref = &plan->steps[i].ref;

		if (!strcmp(ref->provider, "files") && !strncmp(ref->name, root, length) && ref->name[length] == '/')
			return 1;
	}
	return 0;
}

/* 1: an audit has begun. */
static int audit_again(struct console *console, struct pane *pane, const struct plan *plan)
{
	const char *account = fleet_account_of(console, table_pane_account(pane));
	const char *root = *account == '/' ? account : console->fleet_folder; /* what is no whole path is the folder that needs no naming */
	int wanted = pane->context && !strcmp(pane->context, "fleet") && !console->audit && root && writes_below(plan, root);

	if (wanted)
		fleet_audit(console, account);
	return wanted;
}

/* The conversation that was closed, and goes on from there. */
static void note_said(struct console *console, const struct plan *plan, const struct json *result)
{
	struct json *said = console->said;

	console->said = json_array();
	for (const struct json *turn = json_first(said); turn; turn = json_next(turn)) {
		struct json *copy = json_copy(turn);

		chat_turn_ran(copy, plan, result);
		json_add(console->said, copy);
	}
	json_free(said);
}

void console_after_run(struct console *console, const struct plan *plan, const struct json *result)
{
	int audits = 0;

	note_said(console, plan, result);

	for (int half = 0; half < 2; half++)
		for (size_t i = 0; i < console->stacks[half].count; i++) {
			struct pane *pane = console->stacks[half].panes[i];
			const char *provider = table_pane_provider(pane);

			chat_note_run(pane, plan, result);
			if (provider && touches(plan, provider))
				table_pane_ask_again(pane);
			audits = audits || audit_again(console, pane, plan);
		}
}
