/* console_hints.c - the bottom line: a message, else the next likely keys of what has them, and only those that do something there. */
#include <stdio.h>
#include <string.h>

#include "base/safe.h"
#include "estate/estate.h"
#include "tui/console_private.h"

#define N_(text) text /* marked for translation; translated where drawn */

/* What a command needs of the row under the cursor. */
enum need { NEED_ROW = 1, NEED_LOG = 2, NEED_VERBS = 4, NEED_TABLE = 8 };

static const struct {
	const char *name;
	unsigned needs;
} needs_of[] = {
	{ "global.actions", NEED_ROW | NEED_VERBS },
	{ "global.describe", NEED_ROW },
	{ "global.investigate", NEED_ROW },
	{ "global.logs", NEED_ROW | NEED_LOG },
	{ "global.yaml", NEED_ROW },
	{ "table.filter", NEED_TABLE },
};

static unsigned what_there_is(struct console *console, const struct pane *pane)
{
	struct ref ref;
	unsigned there = strcmp(pane->ops->name, "dashboard") != 0 ? NEED_TABLE : 0;

	if (!console->estate || !console_target(console, &ref))
		return there;
	const struct kind *kind = kinds_of(estate_kinds(console->estate), &ref);

	return there | NEED_ROW | (kind && kind->logs ? NEED_LOG : 0) | (kind && kind->verb_count ? NEED_VERBS : 0);
}

/* What a command that stands in many contexts is in one of them; NULL: nobody wants it there. */
static const struct {
	const char *context, *command, *hint;
} elsewhere[] = {
	{ "approvals", "global.approvals", NULL },
	{ "changes", "global.changes", NULL },
	{ "detail", "global.describe", NULL },
	{ "form", "dialog.accept", N_("go on") },
	{ "help", "global.approvals", NULL },
	{ "help", "global.changes", NULL },
	{ "help", "global.chat", NULL },
	{ "help", "global.help", N_("close") },
	{ "help", "global.runs", NULL },
	{ "help", "table.filter", NULL },
	{ "help", "table.open", NULL },
	{ "line", "dialog.accept", N_("keep") },
	{ "logs", "global.logs", NULL },
	{ "runs", "global.runs", NULL },
	{ "yaml", "global.yaml", NULL },
};

static const char *hint_of(const struct command *command, const struct pane *pane)
{
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(*elsewhere); i++)
		if (!strcmp(elsewhere[i].command, command->name) && !strcmp(elsewhere[i].context, pane_context(pane)))
			return elsewhere[i].hint;
	return command->hint;
}

static int is_offered(const struct command *command, const struct pane *pane)
{
	if (!strcmp(command->name, "text.next") && !pane->is_searched)
		return 0;
	return pane->ops->offers ? pane->ops->offers(pane, command) : strcmp(command->name, "text.open") != 0;
}

static int applies(const struct command *command, unsigned there)
{
	for (size_t i = 0; i < sizeof(needs_of) / sizeof(*needs_of); i++)
		if (!strcmp(needs_of[i].name, command->name))
			return (needs_of[i].needs & there) == needs_of[i].needs;
	return 1;
}

size_t console_hints(struct console *console, const struct pane *pane, const struct command **out, size_t max)
{
	size_t count = keymap_hints(console->keymap, pane_context(pane), out, max), kept = 0;
	unsigned there = what_there_is(console, pane);

	for (size_t i = 0; i < count; i++)
		if (applies(out[i], there) && is_offered(out[i], pane) && hint_of(out[i], pane))
			out[kept++] = out[i];
	return kept;
}

static int hint_width(const struct console *console, const struct command *command, const struct pane *pane)
{
	const char *key = keymap_key_of(console->keymap, command->name), *hint = hint_of(command, pane);

	return (int)(utf8_columns(key, strlen(key)) + utf8_columns(hint, strlen(hint))) + 3;
}

static void draw_hints(struct console *console, struct rect area)
{
	const struct command *hints[HINTS_MAX];
	const struct pane *pane = console_focused(console);
	size_t count = pane ? console_hints(console, pane, hints, HINTS_MAX) : 0;
	int x = 1, last = count ? hint_width(console, hints[count - 1], pane) : 0;

	screen_clear_line(area, 0, 0);
	for (size_t i = 0; i < count; i++) {
		int width = hint_width(console, hints[i], pane);

		/* The last one, "? keys", always has its place. */
		if (i + 1 < count && x + width + last > area.columns)
			continue;
		x += screen_put(area, 0, x, STYLE_KEY, keymap_key_of(console->keymap, hints[i]->name)) + 1;
		x += screen_put(area, 0, x, STYLE_DIM, hint_of(hints[i], pane)) + 2;
	}
}

void console_draw_bottom(struct console *console)
{
	struct rect all = screen_size(), area = { .y = all.rows - 1, .rows = 1, .columns = all.columns };
	char line[600];

	if (!*console->message && !*console->problem) {
		draw_hints(console, area);
		return;
	}
	snprintf(line, sizeof(line), " %s", *console->message ? console->message : console->problem);
	screen_put_n(area, 0, 0, area.columns, *console->message ? console->message_style : STYLE_CRITICAL, line, strlen(line));
}
