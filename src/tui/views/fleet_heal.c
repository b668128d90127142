/* fleet_heal.c - from findings to the approval dialog: a fresh audit, the edits that mend what is marked, one plan. Nothing is written here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "fleet/finding/finding.h"
#include "fleet/fleet.h"
#include "fleet/heal/heal.h"
#include "fleet/heal/plan.h"
#include "fleet/report/report.h"
#include "gate/gate.h"
#include "gate/plan.h"
#include "tui/console_private.h"
#include "tui/table/table_pane.h"
#include "tui/views/fleet.h"

struct mend {
	struct job job;
	struct console *console;
	struct gate *gate;
	char *account;
	struct ref *refs; /* agents or findings */
	size_t count;
	size_t mended, refused;
	char why[300];    /* of the first that is refused */
	struct plan *plan;
	struct error err;
};

static int is_of_agent(const struct finding *finding, const char *name)
{
	if (!finding->agent)
		return !strcmp(name, "(none)");
	return !strcmp(name, *finding->agent ? finding->agent : ".");
}

static int is_wanted(void *arg, const struct finding *finding)
{
	const struct mend *mend = arg;

	for (size_t i = 0; i < mend->count; i++) {
		const struct ref *ref = &mend->refs[i];

		if (strcmp(ref->kind, "findings") ? is_of_agent(finding, ref->name) : finding->fingerprint && !strcmp(finding->fingerprint, ref->name))
			return 1;
	}
	return 0;
}

static void count_fixes(struct mend *mend, const struct heal *heal)
{
	for (size_t i = 0; i < heal_fixes(heal); i++) {
		const struct heal_fix *fix = heal_fix_at(heal, i);

		mend->mended += fix->safe != NULL;
		if (fix->safe)
			continue;
		if (!mend->refused++)
			snprintf(mend->why, sizeof(mend->why), "%.100s:%d %.40s: %.120s", fix->path ? fix->path : fix->finding->path, fix->finding->place.line,
				fix->finding->rule, fix->refused ? fix->refused : "not known why");
	}
}

static void plan_edits(struct mend *mend, const struct report *report)
{
	struct heal *heal = heal_new(report, &(struct heal_options){ .is_wanted = is_wanted, .arg = mend });

	count_fixes(mend, heal);
	if (heal_files(heal))
		heal_plan(heal, mend->gate, &mend->plan, &mend->err);
	else if (mend->refused)
		error_set(&mend->err, ERR_INVALID, "left to a person: %s", mend->why);
	else
		error_set(&mend->err, ERR_INVALID, "nothing here can be mended mechanically: it is Structural, or gone since the audit");
	heal_free(heal);
}

static void run_mend(struct job *job)
{
	struct mend *mend = (struct mend *)job;
	char *root = fleet_root(NULL, mend->account, &mend->err);
	struct report *report = root ? report_run(&(struct report_options){ .path = root, .cancelled = &job->cancelled }, &mend->err) : NULL;

	if (report)
		plan_edits(mend, report);
	report_free(report);
	free(root);
}

static void planned(struct job *job)
{
	struct mend *mend = (struct mend *)job;
	struct console *console = mend->console;

	if (!console->ended && mend->plan) {
		*console->message = 0;
		if (mend->refused)
			console_say(console, STYLE_WARNING, "%zu mended here, %zu left to a person: %s", mend->mended, mend->refused, mend->why);
		console_dialog(console, approve_dialog_new(console, mend->plan));
		mend->plan = NULL;
	} else if (!console->ended) {
		console_say_error(console, &mend->err);
	}
	plan_free(mend->plan);
	free(mend->refs);
	free(mend->account);
	free(mend);
}

void fleet_heal(struct console *console)
{
	struct ref ref, *marked = NULL;
	size_t count = table_pane_marked(console_top(console), &marked);

	if (!count && !console_target(console, &ref)) {
		console_say(console, STYLE_WARNING, "nothing is under the cursor here");
		return;
	}
	if (!console->gate) {
		free(marked);
		console_say(console, STYLE_WARNING, "the gate is not open: nothing can be changed");
		return;
	}
	struct mend *mend = mem_zero(1, sizeof(*mend));

	if (!count) {
		marked = mem_zero(1, sizeof(*marked));
		*marked = ref;
		count = 1;
	}
	mend->job = (struct job){ .run = run_mend, .done = planned };
	mend->console = console;
	mend->gate = console->gate;
	mend->account = mem_text(fleet_account_of(console, marked->account));
	mend->refs = marked;
	mend->count = count;
	console_note_asked(console);
	console_say(console, STYLE_DIM, "planning …");
	console_submit(console, &mend->job);
}
