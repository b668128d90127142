/* console_panes.c - the panes and dialogs of a console: which is on top, what is put there and taken away; and what panes ask of their console. */
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "tui/console_private.h"

const char *pane_context(const struct pane *pane)
{
	return pane->mode ? pane->mode : pane->context ? pane->context : pane->ops->context;
}

struct session *console_session(struct console *console)
{
	return console->session;
}

struct loop *console_loop(struct console *console)
{
	return console->loop;
}

struct keymap *console_keymap(struct console *console)
{
	return console->keymap;
}

int console_last_key(struct console *console)
{
	return console->last_key;
}

int console_asked_key(struct console *console)
{
	return console->asked_key;
}

void console_note_asked(struct console *console)
{
	console->asked_key = console->last_key;
}

struct estate *console_estate(struct console *console)
{
	return console->estate;
}

struct gate *console_gate(struct console *console)
{
	return console->gate;
}

struct stack *console_stack(struct console *console)
{
	return &console->stacks[console->focus];
}

struct pane *console_top(struct console *console)
{
	struct stack *stack = console_stack(console);

	return stack->count ? stack->panes[stack->count - 1] : NULL;
}

struct pane *console_focused(struct console *console)
{
	return console->dialog_count ? console->dialogs[console->dialog_count - 1] : console_top(console);
}

int console_target(struct console *console, struct ref *ref)
{
	struct pane *pane = console_top(console);

	return pane && pane->ops->target && pane->ops->target(pane, ref);
}

void console_dirty(struct console *console)
{
	console->dirty = 1;
}

void console_show(struct pane *pane, int visible)
{
	if (pane && pane->ops->visible)
		pane->ops->visible(pane, visible);
	if (pane && visible)
		pane->dirty = PANE_DIRTY_ALL;
}

void console_bury(struct console *console, struct pane *pane)
{
	console_show(pane, 0);
	if (console->closing_count < PANES_MAX)
		console->closing[console->closing_count++] = pane;
}

void console_push(struct console *console, struct pane *pane)
{
	struct stack *stack = console_stack(console);

	if (!pane)
		return;
	console->all_dirty = 1;
	if (console->ended || stack->count == PANES_MAX) {
		console_bury(console, pane);
		return;
	}
	console_show(console_top(console), 0);
	stack->panes[stack->count++] = pane;
	console_show(pane, 1);
}

void console_dialog(struct console *console, struct pane *pane)
{
	console->all_dirty = 1;
	if (console->ended || console->dialog_count == DIALOGS_MAX) {
		console_bury(console, pane);
		return;
	}
	console->dialogs[console->dialog_count++] = pane;
	console_show(pane, 1);
}

static int take_out(struct pane **panes, size_t *count, const struct pane *pane)
{
	for (size_t i = 0; i < *count; i++) {
		if (panes[i] != pane)
			continue;
		memmove(&panes[i], &panes[i + 1], (*count - i - 1) * sizeof(*panes));
		(*count)--;
		return 1;
	}
	return 0;
}

static void join_halves(struct console *console)
{
	console->split = console->zoom = console->focus = 0;
	console_show(console_top(console), 1);
}

void console_close(struct console *console, struct pane *pane)
{
	int found = take_out(console->dialogs, &console->dialog_count, pane);

	for (int half = 0; half < 2 && !found; half++)
		found = take_out(console->stacks[half].panes, &console->stacks[half].count, pane);
	if (!found)
		return;
	console->all_dirty = 1;
	console_bury(console, pane);
	if (console->split && !console->stacks[1].count)
		join_halves(console);
	console_show(console_top(console), 1);
	screen_cursor(screen_size(), -1, 0);
}

void console_leave(struct console *console)
{
	loop_stop(console->loop);
}

void console_back(struct console *console)
{
	struct pane *pane = console_focused(console);
	struct stack *stack = console_stack(console);

	/* The first view stays: Esc never leaves the program. */
	if (pane && (console->dialog_count || stack->count > 1 || console->focus))
		console_close(console, pane);
}

void console_free_closing(struct console *console)
{
	/* Closing one may close another. */
	while (console->closing_count) {
		struct pane *pane = console->closing[--console->closing_count];

		pane->ops->close(pane);
	}
}

void console_close_all(struct console *console)
{
	console_side_drop(console);
	for (int half = 0; half < 2; half++)
		while (console->stacks[half].count)
			console_bury(console, console->stacks[half].panes[--console->stacks[half].count]);
	while (console->dialog_count)
		console_bury(console, console->dialogs[--console->dialog_count]);
	console_free_closing(console);
}
