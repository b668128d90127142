/* console_commands.c - what the commands that work everywhere do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include "estate/estate.h"
#include "gate/gate.h"
#include "gate/session.h"
#include "tui/console_private.h"
#include "tui/dialog/choosers.h"
#include "tui/table/table_pane.h"
#include "tui/views/chart_pane.h"
#include "tui/views/fleet.h"

enum { DUMP_MAX = 64 * 1024 * 1024 };

/* --- dumps --- */

void console_dump(struct console *console, struct pane *pane)
{
	struct text out;
	char name[64];
	time_t now = (time_t)(clock_now_ns() / CLOCK_SECOND_NS);
	struct tm local;

	text_init(&out, DUMP_MAX);
	if (pane->ops->dump) {
		pane->ops->dump(pane, &out);
	} else {
		char *frame = screen_dump();

		text_add(&out, frame);
		free(frame);
	}
	localtime_r(&now, &local);
	strftime(name, sizeof(name), "%Y%m%d-%H%M%S", &local);
	size_t length = out.length;

	console_save(console, mem_format("%s/dumps/%s-%s.txt", file_state_folder(), name, pane->ops->name), text_take(&out), length, 1);
}

/* --- on the row under the cursor --- */

static int need_target(struct console *console, struct ref *ref)
{
	if (console_target(console, ref))
		return 1;
	console_say(console, STYLE_WARNING, "nothing is under the cursor here");
	return 0;
}

static void describe(struct console *console)
{
	struct ref ref;

	if (need_target(console, &ref))
		console_push(console, detail_new(console, &ref));
}

static void yaml(struct console *console)
{
	struct ref ref;

	if (need_target(console, &ref))
		console_push(console, yaml_new(console, &ref));
}

/* Of all marked rows, merged by time; else of the one under the cursor. */
static void open_logs(struct console *console, int previous)
{
	struct ref ref, *marked = NULL;
	size_t count = table_pane_marked(console_top(console), &marked);

	if (!count && !need_target(console, &ref))
		return;
	const struct ref *refs = count ? marked : &ref;
	const struct kind *kind = kinds_of(estate_kinds(console->estate), refs);

	if (kind && !kind->logs)
		console_say(console, STYLE_WARNING, "%s have no log", kind->name);
	else
		console_push(console, logs_new(console, refs, count ? count : 1, previous));
	free(marked);
}

static void logs(struct console *console)
{
	open_logs(console, 0);
}

static void logs_previous(struct console *console)
{
	open_logs(console, 1);
}

static void edit(struct console *console)
{
	struct ref ref;

	if (need_target(console, &ref))
		console_edit(console, &ref);
}

static void investigate(struct console *console)
{
	struct ref ref;
	char words[700];

	if (!need_target(console, &ref))
		return;
	snprintf(words, sizeof(words), "investigate %.63s %.511s", ref.kind, ref.name);
	console_push(console, chat_new(console, words));
}

/* --- views --- */

static void changes(struct console *console)
{
	console_push(console, changes_new(console, NULL));
}

static void runs(struct console *console)
{
	console_push(console, runs_new(console));
}

static void approvals(struct console *console)
{
	console_push(console, approvals_new(console));
}

static void audit(struct console *console)
{
	console_push(console, audit_pane_new(console));
}

static void playbooks(struct console *console)
{
	console_push(console, playbooks_new(console));
}

static void chart(struct console *console)
{
	struct ref ref;

	console_push(console, console_target(console, &ref) ? chart_of(console, &ref) : saturation_new(console));
}

static void fleet(struct console *console)
{
	struct error err = { 0 };

	if (fleet_open(console, NULL, 0, &err))
		console_say_error(console, &err);
}

static void report(struct console *console)
{
	struct error err = { 0 };

	if (fleet_open(console, NULL, 1, &err))
		console_say_error(console, &err);
}

static void chat(struct console *console)
{
	console_push(console, chat_new(console, NULL));
}

static void help(struct console *console)
{
	struct pane *top = console_top(console);

	console_push(console, help_new(console, top ? pane_context(top) : "global"));
}

static void palette(struct console *console)
{
	console_dialog(console, palette_new(console, ""));
}

/* --- the screen --- */

static void split(struct console *console)
{
	struct ref ref;
	int has = console_target(console, &ref);

	if (console->split) {
		while (console->stacks[1].count)
			console_close(console, console->stacks[1].panes[console->stacks[1].count - 1]);
		return;
	}
	if (screen_size().columns < 60) {
		console_say(console, STYLE_WARNING, "too narrow to split");
		return;
	}
	console->split = 1;
	console->focus = 1;
	console->all_dirty = 1;
	console_push(console, has ? detail_new(console, &ref) : changes_new(console, NULL));
}

/* What stands at the right becomes the other half of a split, and has the keys. */
static int take_side(struct console *console)
{
	struct pane *side = console_side_take(console);

	if (!side)
		return 0;
	console->split = console->focus = 1;
	console_push(console, side);
	return 1;
}

static void side(struct console *console)
{
	console->side_off = !console->side_off;
	console->all_dirty = 1;
	console_say(console, STYLE_DIM, "%s", console->side_off ? "what is under the cursor is not shown beside it" :
		"what is under the cursor is shown at the right where the screen is wide");
}

static void switch_half(struct console *console)
{
	if (!console->split && take_side(console))
		return;
	if (!console->split)
		return;
	console->focus = !console->focus;
	console->all_dirty = 1;
	screen_cursor(screen_size(), -1, 0);
}

static void zoom(struct console *console)
{
	if (!console->split)
		return;
	console->zoom = !console->zoom;
	console->all_dirty = 1;
}

static void repaint(struct console *console)
{
	screen_repaint();
	console->all_dirty = 1;
}

static void refresh(struct console *console)
{
	struct pane *top = console_top(console);

	/* Panes that know how take "global.refresh" themselves; for the others what they show is looked at again. */
	if (top)
		top->dirty = 1;
	console->news = 1;
	console_look_at_accounts(console);
}

static void dump(struct console *console)
{
	struct pane *top = console_top(console);

	if (top)
		console_dump(console, top);
}

static void use_quit(struct console *console, size_t row, void *arg)
{
	(void)arg;
	if (row)
		console_leave(console);
}

/* With ui.confirm_quit; Stay has the focus. */
static void leave(struct console *console)
{
	static const struct menu_row answers[] = { { .label = "stay" }, { .label = "leave" } };

	if (config_get_bool(console->config, "ui.confirm_quit", 0))
		console_dialog(console, menu_new(console, "Leave pilothouse?", answers, 2, 0, use_quit, NULL, NULL));
	else
		console_leave(console);
}

static void quit(struct console *console)
{
	struct stack *stack = console_stack(console);

	if (console->dialog_count || stack->count > 1 || console->focus)
		console_back(console);
	else
		leave(console);
}

static void home(struct console *console)
{
	for (int half = 1; half >= 0; half--)
		while (console->stacks[half].count > (half ? 0u : 1u))
			console_close(console, console->stacks[half].panes[console->stacks[half].count - 1]);
}

static void read_only(struct console *console)
{
	if (!console->gate)
		return;
	if (session_options(console->session)->read_only) {
		console_say(console, STYLE_WARNING, "started with --read-only: that is not switched off from inside");
		return;
	}
	gate_set_read_only(console->gate, !gate_read_only(console->gate));
	console_say(console, STYLE_OK, "read-only is %s", gate_read_only(console->gate) ? "on: nothing is changed from here" : "off");
}

static const struct {
	const char *name;
	void (*run)(struct console *console);
} rows[] = {
	{ "global.accounts", choose_account },
	{ "global.actions", choose_action },
	{ "global.approvals", approvals },
	{ "global.audit", audit },
	{ "global.back", console_back },
	{ "global.changes", changes },
	{ "global.chart", chart },
	{ "global.chat", chat },
	{ "global.describe", describe },
	{ "global.dump", dump },
	{ "global.edit", edit },
	{ "global.fleet", fleet },
	{ "global.help", help },
	{ "global.home", home },
	{ "global.investigate", investigate },
	{ "global.kinds", choose_kind },
	{ "global.logs", logs },
	{ "global.logs_previous", logs_previous },
	{ "global.namespace", choose_namespace },
	{ "global.palette", palette },
	{ "global.playbooks", playbooks },
	{ "global.quit", quit },
	{ "global.quit_now", leave },
	{ "global.read_only", read_only },
	{ "global.refresh", refresh },
	{ "global.repaint", repaint },
	{ "global.report", report },
	{ "global.runs", runs },
	{ "global.side", side },
	{ "global.split", split },
	{ "global.suspend", console_suspend },
	{ "global.switch", switch_half },
	{ "global.theme", choose_theme },
	{ "global.undo", console_undo_last },
	{ "global.yaml", yaml },
	{ "global.zoom", zoom },
};

int console_command(struct console *console, const struct command *command)
{
	if (fleet_command(console, command))
		return 1;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (strcmp(rows[i].name, command->name) != 0)
			continue;
		rows[i].run(console);
		return 1;
	}
	return 0;
}

/* A key that no command has may be one of the kind's own verbs. */
int console_verb_key(struct console *console, int key)
{
	struct ref ref;

	if (!console->estate || !console_target(console, &ref))
		return 0;
	const struct kind *kind = kinds_of(estate_kinds(console->estate), &ref);

	for (size_t i = 0; kind && i < kind->verb_count; i++) {
		if (!kind->verbs[i].key || key_parse(kind->verbs[i].key) != key)
			continue;
		struct ref *marked = NULL;
		size_t count = table_pane_marked(console_top(console), &marked);

		console_act_all(console, count ? marked : &ref, count ? count : 1, kind->verbs[i].name, NULL);
		free(marked);
		return 1;
	}
	return 0;
}
