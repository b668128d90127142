/* approvals.c - plans that wait for a person, with who asked and how long they are good; and how the others ended. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "gate/gate.h"
#include "tui/asking.h"
#include "tui/console.h"
#include "tui/text/plan_text.h"
#include "tui/views/list_pane.h"

enum { PLANS_MAX = 500 };

struct approvals {
	struct list_pane list;
	char denying[64];
	int waiting;
};

static const struct list_column columns[] = {
	{ .name = "STATE", .max = 9 },
	{ .name = "WHAT", .least = 44 },
	{ .name = "APPROVED", .max = 24 },
	{ .name = "EXPIRES", .max = 9, .right = 1 },
	{ .name = "ASKED BY", .max = 14, .leave = 1 },
	{ .name = "AGO", .max = 7, .right = 1, .leave = 2 },
};

static struct approvals *of(struct pane *pane)
{
	return (struct approvals *)pane;
}

static enum style style_of(const char *status)
{
	if (!strcmp(status, "waiting"))
		return STYLE_ACCENT;
	if (!strcmp(status, "approved"))
		return STYLE_OK;
	return !strcmp(status, "drifted") || !strcmp(status, "expired") ? STYLE_WARNING : STYLE_DIM;
}

/* "1 of 2: ana" */
static void approvers(const struct json *plan, char *out, size_t size)
{
	const char *by = json_text_or(json_get(plan, "approved_by"), ""), *who = json_text_or(json_at(plan, "approval.who"), "");
	int needed = (int)json_int(json_at(plan, "approval.by"), 0), have = *by ? 1 : 0;

	for (const char *at = by; (at = strchr(at, ',')); at++)
		have++;
	if (!needed)
		snprintf(out, size, "needs none");
	else
		snprintf(out, size, "%d of %d%s%s", have, needed, *by ? ": " : *who ? " by " : "", *by ? by : who);
}

static void left_text(int64_t expires, char *out, size_t size)
{
	int64_t left = expires - clock_now_ns();

	if (left <= 0)
		snprintf(out, size, "expired");
	else if (left < 3600 * CLOCK_SECOND_NS)
		snprintf(out, size, "%d min", (int)((left + 60 * CLOCK_SECOND_NS - 1) / (60 * CLOCK_SECOND_NS)));
	else
		snprintf(out, size, "%d h", (int)(left / (3600 * CLOCK_SECOND_NS)));
}

static void add(struct list_pane *list, const struct json *plan, size_t number)
{
	const char *status = json_text_or(json_get(plan, "status"), "unknown");
	struct list_row *row = list_view_add(&list->view, json_text_or(json_get(plan, "plan_id"), ""), number);
	int64_t expires;
	char text[128], deed[DEED_MAX];
	int open = !strcmp(status, "waiting") || !strcmp(status, "approved");

	if (!row)
		return;
	list_row_set(row, 0, style_of(status), strcmp(status, "run") != 0 ? status : "ran");
	list_row_set(row, 1, open ? STYLE_TEXT : STYLE_DIM, plan_deed(json_text_or(json_get(plan, "summary"), ""), deed, sizeof(deed)));
	approvers(plan, text, sizeof(text));
	list_row_set(row, 2, open ? STYLE_TEXT : STYLE_DIM, text);
	if (open && !clock_parse(json_text_or(json_get(plan, "expires_at"), ""), &expires)) {
		left_text(expires, text, sizeof(text));
		list_row_set(row, 3, STYLE_TEXT, text);
		list_pane_note(list, 60 * CLOCK_SECOND_NS);
	}
	list_row_set(row, 4, STYLE_DIM, json_text_or(json_get(plan, "asked_by"), ""));
	list_pane_age(list, row, 5, STYLE_DIM, json_text(json_get(plan, "made_at")));
	of(&list->pane)->waiting += !strcmp(status, "waiting");
}

static void begin(struct list_pane *list)
{
	of(&list->pane)->waiting = 0;
}

/* Plans of reads alone need nobody. */
static int needs_person(const struct json *plan)
{
	return strcmp(json_text_or(json_get(plan, "status"), ""), "planned") != 0 &&
	       (json_bool(json_at(plan, "approval.needed"), 0) || strcmp(json_text_or(json_get(plan, "status"), ""), "run") != 0);
}

/* Those that wait come first; the others in their order, the newest first. */
static void ask(struct asking *asking)
{
	struct json *plans = gate_plans(asking->gate, PLANS_MAX, &asking->err);

	if (!plans)
		return;
	asking->json = json_array();
	for (int waiting = 1; waiting >= 0; waiting--)
		for (const struct json *plan = json_first(plans); plan; plan = json_next(plan))
			if (needs_person(plan) && (strcmp(json_text_or(json_get(plan, "status"), ""), "waiting") == 0) == waiting)
				json_add(asking->json, json_copy(plan));
	json_free(plans);
}

/* --- commands --- */

static void ask_plan(struct asking *asking)
{
	asking->plan = gate_plan_load(asking->gate, asking->text, &asking->err);
}

static void got_plan(void *pane, struct asking *asking)
{
	struct list_pane *list = pane;
	struct console *console = list->pane.console;

	if (!asking->plan) {
		console_say_error(console, &asking->err);
		return;
	}
	if (console_top(console) != &list->pane)
		return;
	console_dialog(console, approve_dialog_new(console, asking->plan));
	asking->plan = NULL;
}

/* One that can still be approved opens in the dialog; the others as they were. */
static void review(struct list_pane *list, const struct list_row *row, const struct json *plan)
{
	const char *status = json_text_or(json_get(plan, "status"), "");
	struct console *console = list->pane.console;

	if (!strcmp(status, "run") || !strcmp(status, "denied")) {
		console_push(console, plan_new_pane(console, row->id));
		return;
	}
	struct asking *asking = asking_new(console, &list->acting, list, ask_plan, got_plan);

	console_note_asked(console);
	snprintf(asking->text, sizeof(asking->text), "%s", row->id);
	asking_send(asking);
}

static struct pane *open_plan(struct list_pane *list, const struct list_row *row, const struct json *plan)
{
	(void)plan;
	return plan_new_pane(list->pane.console, row->id);
}

static void ask_deny(struct asking *asking)
{
	asking->outcome = gate_deny(asking->gate, asking->text, asking->other, &asking->err);
}

static void denied(void *pane, struct asking *asking)
{
	struct list_pane *list = pane;

	if (asking->outcome)
		console_say_error(list->pane.console, &asking->err);
	else
		console_say(list->pane.console, STYLE_OK, "denied: nobody can run it any more");
	list_pane_look(list);
}

static void why_given(struct console *console, const char *why, void *arg)
{
	struct list_pane *list = arg;

	if (console_top(console) != &list->pane)
		return;
	struct asking *asking = asking_new(console, &list->acting, list, ask_deny, denied);

	snprintf(asking->text, sizeof(asking->text), "%s", of(&list->pane)->denying);
	snprintf(asking->other, sizeof(asking->other), "%s", why);
	asking_send(asking);
}

static void deny(struct list_pane *list, const struct list_row *row, const struct json *plan)
{
	struct console *console = list->pane.console;
	struct approvals *approvals = of(&list->pane);

	(void)plan;
	snprintf(approvals->denying, sizeof(approvals->denying), "%s", row->id);
	console_dialog(console, ask_new(console, "Deny this plan because", "", why_given, list, NULL));
}

static const struct list_command commands_here[] = {
	{ "approvals.review", review, 1 },
	{ "approvals.deny", deny, 1 },
	{ 0 },
};

static void status(struct pane *pane, char *out, size_t size)
{
	char rows[80];

	list_view_status(&of(pane)->list.view, rows, sizeof(rows));
	snprintf(out, size, "%d waiting  %s", of(pane)->waiting, rows);
}

static const struct list_pane_ops ops = {
	.name = "approvals",
	.columns = columns,
	.column_count = sizeof(columns) / sizeof(*columns),
	.empty = "no plan waits for a person",
	.ask = ask,
	.begin = begin,
	.add = add,
	.open = open_plan,
	.commands = commands_here,
	.status = status,
};

struct pane *approvals_new(struct console *console)
{
	struct list_pane *list = list_pane_new(console, &ops, sizeof(struct approvals));

	list_pane_look(list);
	return &list->pane;
}
