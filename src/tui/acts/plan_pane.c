/* plan_pane.c - a stored plan, whole: who asked, how it stands, every step. Approving and running go through the dialog. */
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
#include "tui/pane.h"
#include "tui/text/plan_text.h"
#include "tui/text/text_view.h"

enum { BODY_MAX = 4 << 20, PLANS_LOOKED_AT = 500, WORDS_COLUMNS_MAX = 110 };

struct plan_pane {
	struct pane pane;
	char id[64];
	struct plan *plan;
	struct json *row; /* of gate_plans */
	struct text_view view;
	struct asking *asking, *denying;
	struct error err;
	int built_columns;
	unsigned version;
};

static struct plan_pane *of(struct pane *pane)
{
	return (struct plan_pane *)pane;
}

static void close_plan(struct pane *pane)
{
	struct plan_pane *plan = of(pane);

	asking_stop(&plan->asking);
	asking_stop(&plan->denying);
	plan_free(plan->plan);
	json_free(plan->row);
	text_view_release(&plan->view);
	free(plan);
}

static void ask(struct asking *asking)
{
	asking->plan = gate_plan_load(asking->gate, asking->text, &asking->err);
	if (!asking->plan)
		return;
	struct json *plans = gate_plans(asking->gate, PLANS_LOOKED_AT, NULL);

	for (const struct json *row = json_first(plans); row && !asking->json; row = json_next(row))
		if (!strcmp(json_text_or(json_get(row, "plan_id"), ""), asking->plan->id))
			asking->json = json_copy(row);
	json_free(plans);
}

static void build(struct plan_pane *plan, int columns);

static void answered(void *pane, struct asking *asking)
{
	struct plan_pane *plan = pane;
	int columns = plan->built_columns;

	plan_free(plan->plan);
	json_free(plan->row);
	plan->plan = asking->plan;
	plan->row = asking->json;
	plan->err = asking->err;
	asking->plan = NULL;
	asking->json = NULL;
	plan->built_columns = 0;
	plan->pane.dirty = 1;
	if (columns) /* drawn before: the head line tells of what is there now */
		build(plan, columns);
}

static void look(struct plan_pane *plan)
{
	struct gate *gate = console_gate(plan->pane.console);

	if (!gate)
		return;
	struct asking *asking = asking_new(plan->pane.console, &plan->asking, plan, ask, answered);

	plan->version = gate_version(gate);
	snprintf(asking->text, sizeof(asking->text), "%s", plan->id);
	asking_send(asking);
}

static int recalc(struct pane *pane)
{
	struct plan_pane *plan = of(pane);
	struct gate *gate = console_gate(pane->console);

	if (gate && (gate_version(gate) != plan->version || (!plan->plan && !plan->err.code && !plan->asking)))
		look(plan);
	return 0;
}

static void build(struct plan_pane *plan, int columns)
{
	char role[64] = "unknown";
	struct gate *gate = console_gate(plan->pane.console);

	if (plan->built_columns == columns)
		return;
	plan->built_columns = columns;
	text_view_clear(&plan->view);
	if (!plan->plan) {
		text_view_words(&plan->view, plan->err.code ? STYLE_WARNING : STYLE_DIM, 0, columns, plan->err.code ? plan->err.text : "loading …", -1);
		return;
	}
	const char *by = json_text_or(json_get(plan->row, "approved_by"), "");
	char times[200], made[CLOCK_RFC3339_MAX], expires[CLOCK_RFC3339_MAX];

	clock_format(plan->plan->made_ns, made);
	clock_format(plan->plan->expires_ns, expires);
	snprintf(times, sizeof(times), "made %s, good until %s", made, expires);
	text_view_field(&plan->view, "State", 10, columns, STYLE_BOLD, json_text_or(json_get(plan->row, "status"), "unknown"));
	text_view_field(&plan->view, "Plan", 10, columns, STYLE_TEXT, plan->plan->id);
	text_view_field(&plan->view, "Hash", 10, columns, STYLE_DIM, plan->plan->hash);
	text_view_field(&plan->view, "Times", 10, columns, STYLE_TEXT, times);
	if (*by)
		text_view_field(&plan->view, "Approved", 10, columns, STYLE_TEXT, by);
	text_view_end(&plan->view, -1);
	if (gate)
		user_role_text(gate_user(gate), role);
	plan_text(&plan->view, plan->plan, role, columns);
}

static void draw(struct pane *pane, struct rect area)
{
	struct plan_pane *plan = of(pane);

	build(plan, area.columns - 3 < WORDS_COLUMNS_MAX ? area.columns - 3 : WORDS_COLUMNS_MAX);
	text_view_draw(&plan->view, pane, area);
}

/* --- commands --- */

static int is_open(struct plan_pane *plan)
{
	const char *status = json_text_or(json_get(plan->row, "status"), "");

	if (!plan->plan)
		return 0;
	if (strcmp(status, "run") != 0 && strcmp(status, "denied") != 0)
		return 1;
	console_say(plan->pane.console, STYLE_WARNING, !strcmp(status, "run") ? "this plan has run; make a new one to do it again" : "this plan was denied");
	return 0;
}

static void approve(struct plan_pane *plan)
{
	if (!is_open(plan))
		return;
	struct json *document = plan_to_json(plan->plan);
	struct error err = { 0 };
	struct plan *copy = plan_from_json(document, &err);

	json_free(document);
	console_note_asked(plan->pane.console);
	if (copy)
		console_dialog(plan->pane.console, approve_dialog_new(plan->pane.console, copy));
	else
		console_say_error(plan->pane.console, &err);
}

static void ask_deny(struct asking *asking)
{
	asking->outcome = gate_deny(asking->gate, asking->text, asking->other, &asking->err);
}

static void denied(void *pane, struct asking *asking)
{
	struct plan_pane *plan = pane;

	if (asking->outcome)
		console_say_error(plan->pane.console, &asking->err);
	else
		console_say(plan->pane.console, STYLE_OK, "denied: nobody can run it any more");
	look(plan);
}

static void why_given(struct console *console, const char *why, void *arg)
{
	struct plan_pane *plan = arg;

	if (console_top(console) != &plan->pane || !plan->plan)
		return;
	struct asking *asking = asking_new(console, &plan->denying, plan, ask_deny, denied);

	snprintf(asking->text, sizeof(asking->text), "%s", plan->plan->id);
	snprintf(asking->other, sizeof(asking->other), "%s", why);
	asking_send(asking);
}

static void deny(struct plan_pane *plan)
{
	if (is_open(plan))
		console_dialog(plan->pane.console, ask_new(plan->pane.console, "Deny this plan because", "", why_given, plan, NULL));
}

static int command(struct pane *pane, const struct command *what)
{
	struct plan_pane *plan = of(pane);

	if (!strcmp(what->name, "plan.approve") || !strcmp(what->name, "plan.run"))
		approve(plan);
	else if (!strcmp(what->name, "plan.deny"))
		deny(plan);
	else if (!strcmp(what->name, "global.refresh"))
		look(plan);
	else
		return text_view_command(&plan->view, pane, what);
	return 1;
}

static void title(struct pane *pane, char *out, size_t size)
{
	snprintf(out, size, "plan %.13s", of(pane)->id);
}

static void status(struct pane *pane, char *out, size_t size)
{
	text_view_status(&of(pane)->view, out, size);
}

static int target(struct pane *pane, struct ref *ref)
{
	const struct plan_step *step = of(pane)->plan ? plan_main_write(of(pane)->plan) : NULL;

	if (step)
		*ref = step->ref;
	return step != NULL;
}

static const struct pane_ops ops = {
	.name = "plan",
	.context = "plan",
	.close = close_plan,
	.recalc = recalc,
	.draw = draw,
	.command = command,
	.key = text_view_pane_key,
	.mouse = text_view_pane_mouse,
	.title = title,
	.status = status,
	.target = target,
	.dump = text_view_pane_dump,
};

struct pane *plan_new_pane(struct console *console, const char *plan_id)
{
	struct plan_pane *plan = mem_zero(1, sizeof(*plan));

	plan->pane = (struct pane){ .ops = &ops, .console = console, .text = &plan->view };
	text_view_init(&plan->view, BODY_MAX, 0);
	snprintf(plan->id, sizeof(plan->id), "%s", plan_id);
	look(plan);
	return &plan->pane;
}
