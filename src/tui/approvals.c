/* approvals.c - plans that wait for a person, with who asked and how long they are good; and how the others ended. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "gate/gate.h"
#include "tui/asking.h"
#include "tui/console.h"
#include "tui/format.h"
#include "tui/list_view.h"
#include "tui/pane.h"

enum { PLANS_MAX = 500 };

struct approvals {
	struct pane pane;
	struct list_view list;
	struct asking *asking, *acting;
	struct json *rows;
	char problem[256], denying[64];
	unsigned version;
	int waiting;
};

static const struct list_column columns[] = {
	{ .name = "STATE", .max = 9 },
	{ .name = "WHAT" },
	{ .name = "APPROVED", .max = 24 },
	{ .name = "EXPIRES", .max = 9, .right = 1 },
	{ .name = "ASKED BY", .max = 14, .leave = 1 },
	{ .name = "AGO", .max = 7, .right = 1, .leave = 2 },
};

static struct approvals *of(struct pane *pane)
{
	return (struct approvals *)pane;
}

static void close_approvals(struct pane *pane)
{
	struct approvals *approvals = of(pane);

	asking_stop(&approvals->asking);
	asking_stop(&approvals->acting);
	list_view_release(&approvals->list);
	json_free(approvals->rows);
	free(approvals);
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

static void add(struct approvals *approvals, const struct json *plan, size_t number)
{
	const char *status = json_text_or(json_get(plan, "status"), "unknown");
	struct list_row *row = list_view_add(&approvals->list, json_text_or(json_get(plan, "plan_id"), ""), number);
	int64_t made, expires, step;
	char text[128];
	int open = !strcmp(status, "waiting") || !strcmp(status, "approved");

	if (!row)
		return;
	list_row_set(row, 0, style_of(status), strcmp(status, "run") != 0 ? status : "ran");
	list_row_set(row, 1, open ? STYLE_TEXT : STYLE_DIM, json_text_or(json_get(plan, "summary"), ""));
	approvers(plan, text, sizeof(text));
	list_row_set(row, 2, open ? STYLE_TEXT : STYLE_DIM, text);
	if (open && !clock_parse(json_text_or(json_get(plan, "expires_at"), ""), &expires)) {
		left_text(expires, text, sizeof(text));
		list_row_set(row, 3, STYLE_TEXT, text);
	}
	list_row_set(row, 4, STYLE_DIM, json_text_or(json_get(plan, "asked_by"), ""));
	if (!clock_parse(json_text_or(json_get(plan, "made_at"), ""), &made)) {
		format_age(clock_now_ns() - made, text, sizeof(text), &step);
		list_row_set(row, 5, STYLE_DIM, text);
	}
	approvals->waiting += !strcmp(status, "waiting");
}

/* Those that wait come first; the others in their order, the newest first. */
static void fill(struct approvals *approvals)
{
	approvals->waiting = 0;
	list_view_begin(&approvals->list);
	for (int waiting = 1; waiting >= 0; waiting--) {
		size_t number = 0;

		for (const struct json *plan = json_first(approvals->rows); plan; plan = json_next(plan), number++)
			if ((strcmp(json_text_or(json_get(plan, "status"), ""), "waiting") == 0) == waiting)
				add(approvals, plan, number);
	}
	list_view_end(&approvals->list);
}

/* Plans of reads alone need nobody. */
static int needs_person(const struct json *plan)
{
	return strcmp(json_text_or(json_get(plan, "status"), ""), "planned") != 0 &&
	       (json_bool(json_at(plan, "approval.needed"), 0) || strcmp(json_text_or(json_get(plan, "status"), ""), "run") != 0);
}

static void ask(struct asking *asking)
{
	struct json *plans = gate_plans(asking->gate, PLANS_MAX, &asking->err);

	if (!plans)
		return;
	asking->json = json_array();
	for (const struct json *plan = json_first(plans); plan; plan = json_next(plan))
		if (needs_person(plan))
			json_add(asking->json, json_copy(plan));
	json_free(plans);
}

static void answered(void *pane, struct asking *asking)
{
	struct approvals *approvals = pane;

	if (asking->json) {
		json_free(approvals->rows);
		approvals->rows = asking->json;
		asking->json = NULL;
	}
	snprintf(approvals->problem, sizeof(approvals->problem), "%s", asking->err.text);
	approvals->list.empty = *approvals->problem ? approvals->problem : "no plan waits for a person";
	fill(approvals);
	approvals->pane.dirty = 1;
}

static void look(struct approvals *approvals)
{
	struct gate *gate = console_gate(approvals->pane.console);

	if (!gate)
		return;
	approvals->version = gate_version(gate);
	asking_send(asking_new(approvals->pane.console, &approvals->asking, approvals, ask, answered));
}

static int recalc(struct pane *pane)
{
	struct approvals *approvals = of(pane);
	struct gate *gate = console_gate(pane->console);

	if (gate && (gate_version(gate) != approvals->version || (!approvals->rows && !*approvals->problem && !approvals->asking)))
		look(approvals);
	return 0;
}

static void draw(struct pane *pane, struct rect area)
{
	fill(of(pane)); /* expiry and ages */
	list_view_draw(&of(pane)->list, pane, area);
}

static int64_t next_change(struct pane *pane)
{
	return of(pane)->waiting ? 60 * CLOCK_SECOND_NS : 0;
}

/* --- commands --- */

static void ask_plan(struct asking *asking)
{
	asking->plan = gate_plan_load(asking->gate, asking->text, &asking->err);
}

static void got_plan(void *pane, struct asking *asking)
{
	struct approvals *approvals = pane;

	if (!asking->plan) {
		console_say_error(approvals->pane.console, &asking->err);
		return;
	}
	if (console_top(approvals->pane.console) == &approvals->pane)
		console_dialog(approvals->pane.console, approve_dialog_new(approvals->pane.console, asking->plan));
	else
		plan_free(asking->plan);
	asking->plan = NULL;
}

/* One that can still be approved opens in the dialog; the others as they were. */
static void review(struct approvals *approvals, const struct list_row *row)
{
	const char *status = json_text_or(json_get(json_item(approvals->rows, row->number), "status"), "");
	struct console *console = approvals->pane.console;

	if (!strcmp(status, "run") || !strcmp(status, "denied")) {
		console_push(console, plan_new_pane(console, row->id));
		return;
	}
	struct asking *asking = asking_new(console, &approvals->acting, approvals, ask_plan, got_plan);

	console_note_asked(console);
	snprintf(asking->text, sizeof(asking->text), "%s", row->id);
	asking_send(asking);
}

static void ask_deny(struct asking *asking)
{
	asking->outcome = gate_deny(asking->gate, asking->text, asking->other, &asking->err);
}

static void denied(void *pane, struct asking *asking)
{
	struct approvals *approvals = pane;

	if (asking->outcome)
		console_say_error(approvals->pane.console, &asking->err);
	else
		console_say(approvals->pane.console, STYLE_OK, "denied: nobody can run it any more");
	look(approvals);
}

static void why_given(struct console *console, const char *why, void *arg)
{
	struct approvals *approvals = arg;

	if (console_top(console) != &approvals->pane)
		return;
	struct asking *asking = asking_new(console, &approvals->acting, approvals, ask_deny, denied);

	snprintf(asking->text, sizeof(asking->text), "%s", approvals->denying);
	snprintf(asking->other, sizeof(asking->other), "%s", why);
	asking_send(asking);
}

static void deny(struct approvals *approvals, const struct list_row *row)
{
	snprintf(approvals->denying, sizeof(approvals->denying), "%s", row->id);
	console_dialog(approvals->pane.console, ask_new(approvals->pane.console, "Deny this plan because", "", why_given, approvals, NULL));
}

static int command(struct pane *pane, const struct command *what)
{
	struct approvals *approvals = of(pane);
	const struct list_row *row = list_view_at_cursor(&approvals->list);

	if (list_view_command(&approvals->list, pane, what))
		return 1;
	if ((!strcmp(what->name, "approvals.review") || !strcmp(what->name, "table.open")) && row)
		review(approvals, row);
	else if (!strcmp(what->name, "approvals.deny") && row)
		deny(approvals, row);
	else if (!strcmp(what->name, "global.refresh"))
		look(approvals);
	else
		return 0;
	return 1;
}

static int key(struct pane *pane, int pressed)
{
	return list_view_key(&of(pane)->list, pane, pressed);
}

static void mouse(struct pane *pane, struct rect area, int y, int x, int button)
{
	const struct list_row *row = NULL;

	(void)area;
	(void)x;
	if (list_view_mouse(&of(pane)->list, pane, y, button))
		row = list_view_at_cursor(&of(pane)->list);
	if (row)
		review(of(pane), row);
}

static void title(struct pane *pane, char *out, size_t size)
{
	(void)pane;
	snprintf(out, size, "approvals");
}

static void status(struct pane *pane, char *out, size_t size)
{
	struct approvals *approvals = of(pane);
	char rows[80];

	list_view_status(&approvals->list, rows, sizeof(rows));
	snprintf(out, size, "%d waiting  %s", approvals->waiting, rows);
}

static void dump(struct pane *pane, struct text *out)
{
	list_view_dump(&of(pane)->list, out);
}

static const struct pane_ops ops = {
	.name = "approvals",
	.context = "approvals",
	.close = close_approvals,
	.recalc = recalc,
	.draw = draw,
	.command = command,
	.key = key,
	.mouse = mouse,
	.title = title,
	.status = status,
	.next_change = next_change,
	.dump = dump,
};

struct pane *approvals_new(struct console *console)
{
	struct approvals *approvals = mem_zero(1, sizeof(*approvals));

	approvals->pane = (struct pane){ .ops = &ops, .console = console };
	list_view_init(&approvals->list, columns, sizeof(columns) / sizeof(*columns), "loading …");
	look(approvals);
	return &approvals->pane;
}
