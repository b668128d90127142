/* approve_dialog.c - what, where, why, what else it touches, how it is undone; then a person says yes, or nothing happens. Cancel has the
 * focus: Enter and Esc close it. One key approves, and it is never the key that asked; in a protected scope the target's name is typed
 * before it. What may be approved is decided by the gate, not here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/safe.h"
#include "estate/estate.h"
#include "gate/gate.h"
#include "gate/intent.h"
#include "gate/session.h"
#include "tui/acts/approve_private.h"
#include "tui/acts/live_run.h"
#include "tui/asking.h"
#include "tui/console_private.h"
#include "tui/text/plan_text.h"
#include "tui/text/text_view.h"

enum { BODY_MAX = 1 << 20 };

static struct approve *of(struct pane *pane)
{
	return (struct approve *)pane;
}

static void close_approve(struct pane *pane)
{
	struct approve *approve = of(pane);

	asking_stop(&approve->asking);
	text_view_release(&approve->view);
	plan_free(approve->plan);
	json_free(approve->drift);
	free(approve);
	screen_cursor(screen_size(), -1, 0);
}

struct gate *approve_gate(const struct approve *approve)
{
	return console_gate(approve->pane.console);
}

static void say(struct approve *approve, enum style style, const char *text)
{
	safe_copy(approve->said, sizeof(approve->said), text, strlen(text));
	approve->said_style = style;
	approve->pane.dirty = 1;
}

static void set_stage(struct approve *approve, enum stage stage, enum style style, const char *text)
{
	approve->stage = stage;
	approve->built_columns = 0;
	say(approve, style, text);
}

/* --- is it still good? --- */

static void ask_check(struct asking *asking)
{
	struct plan *plan = gate_plan_load(asking->gate, asking->text, &asking->err);

	if (!plan) {
		asking->outcome = -1;
		return;
	}
	asking->outcome = gate_approved(asking->gate, plan, asking->other, &asking->err);
	if (asking->outcome < 0)
		asking->json = gate_drift(asking->gate, plan, NULL);
	plan_free(plan);
}

static void take_drift(struct approve *approve, struct asking *asking)
{
	json_free(approve->drift);
	approve->drift = asking->json;
	asking->json = NULL;
}

static void voided(struct approve *approve, struct asking *asking)
{
	take_drift(approve, asking);
	approve->view.top = 0;
	if (asking->err.code == ERR_CONFLICT)
		set_stage(approve, STAGE_VOID, STYLE_WARNING, asking->err.text);
	else
		set_stage(approve, STAGE_REFUSED, STYLE_CRITICAL, asking->err.text);
}

static void checked(void *pane, struct asking *asking)
{
	struct approve *approve = pane;
	char text[400];

	if (asking->outcome < 0) {
		voided(approve, asking);
	} else if (asking->outcome) {
		set_stage(approve, STAGE_ENOUGH, STYLE_DIM, plan_decision(approve->plan) == DECIDE_APPROVE ? "approved: it can be run" : "");
	} else {
		snprintf(text, sizeof(text), "%.*s", (int)strcspn(asking->other, "("), asking->other); /* the rule is named above */
		set_stage(approve, STAGE_OPEN, STYLE_DIM, text);
	}
}

static const char *refusal(const struct approve *approve)
{
	struct gate *gate = approve_gate(approve);

	if (!gate)
		return "the gate is not open: nothing can be changed";
	if (gate_read_only(gate) && plan_writes(approve->plan))
		return "READ-ONLY: this shows what would be done; nothing can be written from here";
	if (session_options(console_session(approve->pane.console))->dry_run && plan_writes(approve->plan))
		return "DRY RUN: this shows what would be done; nothing is run";
	return plan_decision(approve->plan) == DECIDE_DENY ? "denied by the policy named above: it cannot be approved" : NULL;
}

static void check(struct approve *approve)
{
	const char *why = refusal(approve);

	if (why) {
		set_stage(approve, STAGE_REFUSED, STYLE_CRITICAL, why);
		return;
	}
	struct asking *asking = asking_new(approve->pane.console, &approve->asking, approve, ask_check, checked);

	set_stage(approve, STAGE_CHECKING, STYLE_DIM, "looking whether the target is still as planned …");
	approve->version = gate_version(approve_gate(approve));
	snprintf(asking->text, sizeof(asking->text), "%s", approve->plan->id);
	asking_send(asking);
}

/* --- yes --- */

static int needs_terminal(struct console *console, const struct plan *plan)
{
	const struct plan_step *step = plan->count == 1 ? plan_main_write(plan) : NULL;
	const struct kind *kind = step && console_estate(console) ? kinds_of(estate_kinds(console_estate(console)), &step->ref) : NULL;
	const struct kind_verb *verb = kind ? kind_verb_find(kind, step->verb) : NULL;

	return verb && verb->terminal;
}

static void begin_run(struct approve *approve)
{
	struct console *console = approve->pane.console;
	struct plan *plan = approve->plan;
	struct error err = { 0 };

	approve->plan = NULL;
	int sits_at_it = needs_terminal(console, plan);
	struct live_run *live = live_run_start(console, plan, &err);

	console_close(console, &approve->pane);
	if (live && sits_at_it)
		live_run_unref(live); /* the terminal is its screen; how it ended is said, and in the runs */
	else if (live)
		console_push(console, run_new_live(console, live));
	else
		console_say_error(console, &err);
}

static void ask_approval(struct asking *asking)
{
	asking->outcome = -1;
	if (gate_approve(asking->gate, asking->text, asking->other, &asking->err)) {
		struct plan *plan = asking->err.code == ERR_CONFLICT ? gate_plan_load(asking->gate, asking->text, NULL) : NULL;

		asking->json = plan ? gate_drift(asking->gate, plan, NULL) : NULL;
		plan_free(plan);
		return;
	}
	ask_check(asking);
}

static void approved(void *pane, struct asking *asking)
{
	struct approve *approve = pane;
	char text[400];

	if (asking->outcome > 0) {
		begin_run(approve);
	} else if (!asking->outcome) {
		snprintf(text, sizeof(text), "your approval is recorded: %.200s; the plan waits in the approvals", asking->other);
		set_stage(approve, STAGE_WAITING, STYLE_OK, text);
	} else if (asking->err.code == ERR_CONFLICT) {
		voided(approve, asking);
	} else {
		set_stage(approve, STAGE_OPEN, STYLE_CRITICAL, asking->err.text);
	}
}

int approve_name_is_typed(const struct approve *approve)
{
	return !*approve->name || !strcmp(approve->typed.text, approve->name);
}

static void send_approval(struct approve *approve)
{
	struct asking *asking = asking_new(approve->pane.console, &approve->asking, approve, ask_approval, approved);

	snprintf(asking->text, sizeof(asking->text), "%s", approve->plan->id);
	snprintf(asking->other, sizeof(asking->other), "%s", *approve->name ? "typed" : "key");
	set_stage(approve, STAGE_WORKING, STYLE_DIM, "approving …");
	asking_send(asking);
}

int approve_is_expired(const struct approve *approve)
{
	return clock_now_ns() >= approve->plan->expires_ns;
}

void approve_expire(struct approve *approve)
{
	set_stage(approve, STAGE_VOID, STYLE_WARNING, "this plan has expired: nothing was done; a new plan looks at the target again");
}

static void confirm(struct approve *approve)
{
	if (console_last_key(approve->pane.console) == approve->asked_key)
		say(approve, STYLE_WARNING, "the key that asked does not approve: bind approve.confirm to another key");
	else if (approve->stage != STAGE_OPEN && approve->stage != STAGE_ENOUGH)
		say(approve, approve->said_style, approve->said);
	else if (approve_is_expired(approve))
		approve_expire(approve);
	else if (refusal(approve))
		set_stage(approve, STAGE_REFUSED, STYLE_CRITICAL, refusal(approve));
	else if (!approve_name_is_typed(approve))
		say(approve, STYLE_WARNING, "type the target's name first, exactly");
	else if (approve->stage == STAGE_ENOUGH)
		begin_run(approve);
	else
		send_approval(approve);
}

/* --- a new plan for the same --- */

static void ask_again(struct asking *asking)
{
	struct plan *old = gate_plan_load(asking->gate, asking->text, &asking->err);
	struct intent intent;

	if (!old)
		return;
	const struct plan_step *step = plan_main_write(old);

	if (*old->undo_of) {
		gate_plan_undo(asking->gate, old->undo_of, &asking->plan, &asking->err);
	} else if (old->intent) {
		if (!intent_from_json(&intent, old->intent, &asking->err))
			gate_plan_intent(asking->gate, &intent, &asking->plan, &asking->err);
		intent_release(&intent);
	} else if (old->count > 1 || (step && !strcmp(step->ref.provider, "files"))) {
		/* Places in files as they were: in the file of now they are others, and what was to be hidden is not there. */
		error_set(&asking->err, ERR_INVALID, "it follows from what was found then: ask for it again where it was asked for");
	} else if (step) {
		gate_plan_act(asking->gate, &step->ref, step->verb, step->params, step->because, &asking->plan, &asking->err);
	}
	plan_free(old);
}

static void take_plan(struct approve *approve, struct plan *plan)
{
	plan_free(approve->plan);
	approve->plan = plan;
	json_free(approve->drift);
	approve->drift = NULL;
	input_set(&approve->typed, "");
	const struct plan_step *step = plan_main_write(plan);

	snprintf(approve->name, sizeof(approve->name), "%s", step && plan_is_protected(plan) ? step->ref.name : "");
	check(approve);
}

static void planned_again(void *pane, struct asking *asking)
{
	struct approve *approve = pane;
	struct plan *plan = asking->plan;

	asking->plan = NULL;
	if (plan)
		take_plan(approve, plan);
	else
		set_stage(approve, STAGE_VOID, STYLE_CRITICAL, *asking->err.text ? asking->err.text : "no new plan could be made");
}

static void renew(struct approve *approve)
{
	if (approve->stage == STAGE_WORKING || !approve_gate(approve))
		return;
	struct asking *asking = asking_new(approve->pane.console, &approve->asking, approve, ask_again, planned_again);

	approve->asked_key = console_last_key(approve->pane.console);
	snprintf(asking->text, sizeof(asking->text), "%s", approve->plan->id);
	set_stage(approve, STAGE_WORKING, STYLE_DIM, "planning anew …");
	asking_send(asking);
}

/* --- no --- */

static void ask_deny(struct asking *asking)
{
	asking->outcome = gate_deny(asking->gate, asking->text, asking->other, &asking->err);
}

static void denied(void *pane, struct asking *asking)
{
	struct approve *approve = pane;

	if (asking->outcome) {
		set_stage(approve, STAGE_OPEN, STYLE_CRITICAL, asking->err.text);
		return;
	}
	console_say(approve->pane.console, STYLE_OK, "denied: nothing was done");
	console_close(approve->pane.console, &approve->pane);
}

static void deny(struct approve *approve)
{
	if (approve->stage == STAGE_WORKING || !approve_gate(approve))
		return;
	struct asking *asking = asking_new(approve->pane.console, &approve->asking, approve, ask_deny, denied);

	snprintf(asking->text, sizeof(asking->text), "%s", approve->plan->id);
	snprintf(asking->other, sizeof(asking->other), "denied in the console");
	set_stage(approve, STAGE_WORKING, STYLE_DIM, "denying …");
	asking_send(asking);
}

/* It is not withdrawn: another may be the one who approves it. Who does not want it any more denies it. */
static void say_it_waits(struct console *console)
{
	const struct keymap *keymap = console_keymap(console);

	console_say(console, STYLE_DIM, "not run: the plan waits in the approvals (%s), where %s denies it", keymap_key_of(keymap, "global.approvals"),
		keymap_key_of(keymap, "approvals.deny"));
}

static void cancel(struct approve *approve)
{
	struct console *console = approve->pane.console;

	if (approve->stage == STAGE_WORKING)
		console_say(console, STYLE_WARNING, "closed while the gate was at work: nothing is run; look in the approvals");
	else if (approve->stage == STAGE_WAITING)
		console_say(console, STYLE_OK, "it waits in the approvals");
	else
		say_it_waits(console);
	console_close(console, &approve->pane);
}

/* --- keys --- */

static const struct {
	const char *name;
	void (*run)(struct approve *approve);
} rows[] = {
	{ "approve.cancel", cancel },
	{ "approve.confirm", confirm },
	{ "approve.deny", deny },
	{ "approve.renew", renew },
};

static const struct {
	const char *name, *as;
} scrolls[] = {
	{ "approve.down", "text.down" },
	{ "approve.up", "text.up" },
	{ "approve.page_down", "text.page_down" },
	{ "approve.page_up", "text.page_up" },
};

static int command(struct pane *pane, const struct command *what)
{
	struct approve *approve = of(pane);

	if (!approve->plan)
		return 1;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (strcmp(rows[i].name, what->name) != 0)
			continue;
		rows[i].run(approve);
		return 1;
	}
	for (size_t i = 0; i < sizeof(scrolls) / sizeof(*scrolls); i++)
		if (!strcmp(scrolls[i].name, what->name))
			return text_view_command(&approve->view, pane, command_find(scrolls[i].as));
	return 1; /* whatever it is, it does nothing behind this dialog */
}

static int key(struct pane *pane, int pressed)
{
	struct approve *approve = of(pane);
	int changed;

	if (pressed & K_ALT) /* Esc and what was typed after it, which came together */
		return 0;
	if (!*approve->name || !approve->plan) {
		if (pressed == 'n' || pressed == 'q')
			cancel(approve);
		return 1;
	}
	if (input_key(&approve->typed, pressed, &changed))
		pane->dirty = 1;
	return 1;
}

static void mouse(struct pane *pane, struct rect area, int y, int x, int button)
{
	(void)area;
	(void)x;
	if (of(pane)->plan)
		text_view_mouse(&of(pane)->view, pane, y, button);
}

/* Another console may have approved, denied or run it. */
static int recalc(struct pane *pane)
{
	struct approve *approve = of(pane);

	if (!approve->plan || !approve_gate(approve) || approve->version == gate_version(approve_gate(approve)))
		return 0;
	approve->version = gate_version(approve_gate(approve));
	if (approve->stage != STAGE_WAITING)
		return 0;
	check(approve);
	return 1;
}

static int64_t next_change(struct pane *pane)
{
	struct approve *approve = of(pane);
	int64_t left = approve->plan ? approve->plan->expires_ns - clock_now_ns() : 0;

	if (left <= 0)
		return 0;
	return left < 90 * CLOCK_SECOND_NS ? CLOCK_SECOND_NS : left % (60 * CLOCK_SECOND_NS) + 1;
}

static void title(struct pane *pane, char *out, size_t size)
{
	struct approve *approve = of(pane);

	snprintf(out, size, "approve %s", approve->plan ? approve->plan->summary : "");
}

static void dump(struct pane *pane, struct text *out)
{
	text_view_dump(&of(pane)->view, out);
}

static const struct pane_ops ops = {
	.name = "approve",
	.context = "approve",
	.close = close_approve,
	.recalc = recalc,
	.draw = approve_draw,
	.command = command,
	.key = key,
	.mouse = mouse,
	.title = title,
	.next_change = next_change,
	.dump = dump,
};

struct pane *approve_dialog_new(struct console *console, struct plan *plan)
{
	struct approve *approve = mem_zero(1, sizeof(*approve));

	approve->pane = (struct pane){ .ops = &ops, .console = console };
	text_view_init(&approve->view, BODY_MAX, 0);
	approve->asked_key = console_asked_key(console);
	take_plan(approve, plan);
	return &approve->pane;
}
