/* help.c - `?`: the keys that count where one was, from the table that binds them; then those of all other views. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/jobs.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"
#include "estate/estate.h"
#include "tui/console_private.h"
#include "tui/dialog/input.h"
#include "tui/pane.h"

enum { KEYS_COLUMNS = 18, NAME_COLUMNS = 24, ROW_TEXT = 200 };

struct row {
	char keys[64], name[64];
	char text[ROW_TEXT];
	int is_heading, risk;
	char refused[120];        /* why the source would refuse it; "" it would not, or that is not known */
};

struct rights;

struct help {
	struct pane pane;
	char context[32];
	struct row *rows;
	size_t count;
	size_t *shown;
	size_t shown_count, at, top;
	int page;
	struct input filter;
	size_t first_verb;        /* row of the first verb of the kind under the cursor */
	const struct command *hints[HINTS_MAX]; /* what the first section has */
	size_t hint_count;
	struct rights *rights;    /* being asked; NULL answered, or nothing to ask */
};

static struct help *of(struct pane *pane)
{
	return (struct help *)pane;
}

/* --- what would be refused --- */

struct rights {
	struct job job;
	struct help *help; /* NULL: closed meanwhile */
	struct estate *estate;
	const struct kind *kind;
	struct ref ref;
	struct json *refused;
};

static void ask_rights(struct job *job)
{
	struct rights *rights = (struct rights *)job;

	rights->refused = estate_refused(rights->estate, &rights->ref, rights->kind);
}

static void rights_known(struct job *job)
{
	struct rights *rights = (struct rights *)job;
	struct help *help = rights->help;

	for (size_t i = 0; help && i < rights->kind->verb_count; i++) {
		const char *why = json_text(json_get(rights->refused, rights->kind->verbs[i].name));

		if (why)
			snprintf(help->rows[help->first_verb + i].refused, sizeof(help->rows->refused), "%s", why);
	}
	if (help) {
		help->rights = NULL;
		help->pane.dirty |= 1;
	}
	json_free(rights->refused);
	free(rights);
}

static void begin_rights(struct help *help, const struct kind *kind, const struct ref *ref)
{
	struct rights *rights = mem_zero(1, sizeof(*rights));

	rights->job = (struct job){ .run = ask_rights, .done = rights_known };
	rights->help = help;
	rights->estate = console_estate(help->pane.console);
	rights->kind = kind;
	rights->ref = *ref;
	help->rights = rights;
	console_submit(help->pane.console, &rights->job);
}

static void forget_rights(struct help *help)
{
	if (!help->rights)
		return;
	help->rights->help = NULL;
	atomic_store(&help->rights->job.cancelled, 1);
}

static void close_help(struct pane *pane)
{
	struct help *help = of(pane);

	forget_rights(help);
	free(help->rows);
	free(help->shown);
	free(help);
	screen_cursor(screen_size(), -1, 0);
}

static struct row *add(struct help *help)
{
	help->rows = mem_grow(help->rows, help->count + 1, sizeof(*help->rows));
	struct row *row = &help->rows[help->count++];

	*row = (struct row){ .risk = 0 };
	return row;
}

static void add_heading(struct help *help, const char *text)
{
	struct row *row = add(help);

	row->is_heading = 1;
	snprintf(row->text, sizeof(row->text), "%s", text);
}

static void add_command(struct help *help, const struct command *command)
{
	struct row *row = add(help);

	keymap_keys_of(console_keymap(help->pane.console), command->name, row->keys, sizeof(row->keys));
	snprintf(row->name, sizeof(row->name), "%s", command->name);
	snprintf(row->text, sizeof(row->text), "%s", command->help);
	row->risk = command->risk != RISK_READ;
}

static int is_in(const struct command *command, const char *context)
{
	return !strcmp(command->context, context);
}

/* The next likely keys, as the bottom line has them of what this was opened over, where it has no room for all. */
static void add_hints(struct help *help)
{
	const struct pane *over = console_top(help->pane.console);

	help->hint_count = over ? console_hints(help->pane.console, over, help->hints, HINTS_MAX) : 0;
	if (help->hint_count)
		add_heading(help, "what comes next here");
	for (size_t i = 0; i < help->hint_count; i++)
		add_command(help, help->hints[i]);
}

static int is_told(const struct help *help, const struct command *command)
{
	for (size_t i = 0; i < help->hint_count; i++)
		if (help->hints[i] == command)
			return 1;
	return 0;
}

static void add_context(struct help *help, const char *context)
{
	int any = 0;

	for (size_t i = 0; i < command_count; i++) {
		if (!is_in(&commands[i], context) || is_told(help, &commands[i]))
			continue;
		if (!any++)
			add_heading(help, !strcmp(context, "global") ? "everywhere" : context);
		add_command(help, &commands[i]);
	}
}

/* A key that a command has here is the verb's in the menu of actions only. */
static void verb_keys(struct help *help, const struct kind_verb *verb, char *out, size_t size)
{
	const struct keymap *keymap = console_keymap(help->pane.console);
	const char *menu = keymap_key_of(keymap, "global.actions");
	const struct command *taken = verb->key ? keymap_find(keymap, help->context, key_parse(verb->key)) : NULL;

	if (!verb->key)
		snprintf(out, size, "%s", menu);
	else if (taken && strcmp(taken->name, "global.edit") != 0) /* which is the verb edit */
		snprintf(out, size, "%s %s", menu, verb->key);
	else
		snprintf(out, size, "%s", verb->key);
}

/* Verbs of the kind under the cursor have keys of their own. */
static void add_verbs(struct help *help)
{
	struct estate *estate = console_estate(help->pane.console);
	struct ref ref;
	const struct kind *kind = estate && console_target(help->pane.console, &ref) ? kinds_of(estate_kinds(estate), &ref) : NULL;

	if (!kind || !kind->verb_count)
		return;
	add_heading(help, kind->title ? kind->title : kind->name);
	help->first_verb = help->count;
	for (size_t i = 0; i < kind->verb_count; i++) {
		struct row *row = add(help);

		verb_keys(help, &kind->verbs[i], row->keys, sizeof(row->keys));
		snprintf(row->name, sizeof(row->name), "%.63s", kind->verbs[i].name);
		snprintf(row->text, sizeof(row->text), "%s", kind->verbs[i].title ? kind->verbs[i].title : kind->verbs[i].name);
		row->risk = kind->verbs[i].risk != RISK_READ;
	}
	begin_rights(help, kind, &ref);
}

static int is_in_chain(const char *context, const char *of_context)
{
	for (const char *at = of_context; at; at = key_context_parent(at))
		if (!strcmp(at, context))
			return 1;
	return 0;
}

static void fill(struct help *help)
{
	add_hints(help);
	add_verbs(help);
	for (const char *at = help->context; at; at = key_context_parent(at))
		add_context(help, at);
	for (size_t i = 0; i < command_count; i++)
		if ((!i || strcmp(commands[i].context, commands[i - 1].context) != 0) && !is_in_chain(commands[i].context, help->context))
			add_context(help, commands[i].context);
}

static int matches(const struct row *row, const char *text)
{
	return strcasestr(row->text, text) || strcasestr(row->name, text) || strcasestr(row->keys, text);
}

static void narrow(struct help *help)
{
	help->shown_count = 0;
	for (size_t i = 0; i < help->count; i++)
		if (!help->filter.length || (!help->rows[i].is_heading && matches(&help->rows[i], help->filter.text)))
			help->shown[help->shown_count++] = i;
	if (help->at >= help->shown_count)
		help->at = 0;
}

static void draw_row(const struct help *help, struct rect area, int y, size_t nth)
{
	const struct row *row = &help->rows[help->shown[nth]];
	int x = 3, with_name = area.columns >= 100;

	screen_clear_line(area, y, 0);
	if (row->is_heading) {
		screen_put(area, y, 1, STYLE_HEADER, row->text);
		return;
	}
	screen_put(area, y, 1, STYLE_ACCENT, nth == help->at ? screen_glyph(GLYPH_CURSOR) : " ");
	screen_put_n(area, y, x, KEYS_COLUMNS - 1, *row->refused ? STYLE_DIM : STYLE_KEY, row->keys, strlen(row->keys));
	x += KEYS_COLUMNS;
	int room = area.columns - x - (with_name ? NAME_COLUMNS : 0);

	if (*row->refused) {
		char text[ROW_TEXT + sizeof(row->refused) + 4];
		int length = snprintf(text, sizeof(text), "%s: %s", row->text, row->refused);

		screen_put_n(area, y, x, room, STYLE_DIM, text, (size_t)length);
	} else {
		screen_put_n(area, y, x, room, row->risk ? STYLE_WARNING : STYLE_TEXT, row->text, strlen(row->text));
	}
	if (with_name)
		screen_put_n(area, y, area.columns - NAME_COLUMNS, NAME_COLUMNS, STYLE_DIM, row->name, strlen(row->name));
}

static void draw(struct pane *pane, struct rect area)
{
	struct help *help = of(pane);
	int typing = pane->mode != NULL;
	size_t page = (size_t)(area.rows - typing > 0 ? area.rows - typing : 1);

	help->page = (int)page;
	if (help->at < help->top)
		help->top = help->at;
	if (help->at >= help->top + page)
		help->top = help->at - page + 1;
	if (help->at <= 1)
		help->top = 0;
	for (size_t y = 0; y < page; y++) {
		if (help->top + y < help->shown_count)
			draw_row(help, area, (int)y, help->top + y);
		else
			screen_clear_line(area, (int)y, 0);
	}
	if (!help->shown_count)
		screen_put(area, 0, 3, STYLE_DIM, "no command matches; Esc clears the filter");
	if (typing) {
		screen_clear_line(area, area.rows - 1, 0);
		screen_put(area, area.rows - 1, 1, STYLE_ACCENT, "/");
		input_draw(&help->filter, area, area.rows - 1, 2, area.columns - 3, STYLE_TEXT, 1, 0);
	}
}

static void go(struct help *help, long to)
{
	long last = (long)help->shown_count - 1;

	help->at = (size_t)(to < 0 || last < 0 ? 0 : to > last ? last : to);
	help->pane.dirty |= 1;
}

static void stop_typing(struct help *help, int keep)
{
	help->pane.mode = NULL;
	screen_cursor(screen_size(), -1, 0);
	if (!keep)
		input_set(&help->filter, "");
	narrow(help);
	help->pane.dirty |= 1;
}

static int command(struct pane *pane, const struct command *what)
{
	struct help *help = of(pane);
	long at = (long)help->at;
	const struct {
		const char *name;
		long to;
	} moves[] = { { "table.down", at + 1 }, { "table.up", at - 1 }, { "table.top", 0 }, { "table.bottom", (long)help->shown_count - 1 },
		{ "table.page_down", at + help->page - 1 }, { "table.page_up", at - help->page + 1 }, { "table.half_down", at + help->page / 2 },
		{ "table.half_up", at - help->page / 2 } };

	if (pane->mode) {
		int keep = !strcmp(what->name, "dialog.accept");

		if (keep || !strcmp(what->name, "dialog.cancel"))
			stop_typing(help, keep);
		return keep || !strcmp(what->name, "dialog.cancel");
	}
	for (size_t i = 0; i < sizeof(moves) / sizeof(*moves); i++) {
		if (strcmp(moves[i].name, what->name) != 0)
			continue;
		go(help, moves[i].to);
		return 1;
	}
	if (!strcmp(what->name, "help.filter") || !strcmp(what->name, "table.filter")) {
		pane->mode = "line";
		pane->dirty |= 1;
		return 1;
	}
	if (!strcmp(what->name, "global.back") && help->filter.length) {
		stop_typing(help, 0);
		return 1;
	}
	if (!strcmp(what->name, "global.help")) { /* ? again puts it away */
		console_close(pane->console, pane);
		return 1;
	}
	return 0;
}

static int typed(struct pane *pane, int key)
{
	struct help *help = of(pane);
	int changed;

	if (!pane->mode || !input_key(&help->filter, key, &changed))
		return 0;
	narrow(help);
	pane->dirty |= 1;
	return 1;
}

static void mouse(struct pane *pane, struct rect area, int y, int x, int button)
{
	struct help *help = of(pane);

	(void)area;
	(void)x;
	if (button == 4 || button == 5)
		go(help, (long)help->at + (button == 4 ? -3 : 3));
	else
		go(help, (long)help->top + y);
}

static void title(struct pane *pane, char *out, size_t size)
{
	const struct help *help = of(pane);

	snprintf(out, size, "keys%s%s", help->filter.length && !pane->mode ? "  /" : "", pane->mode ? "" : help->filter.text);
}

static void status(struct pane *pane, char *out, size_t size)
{
	(void)pane;
	snprintf(out, size, "rebind in config.yaml: ui.keys");
}

static void dump(struct pane *pane, struct text *out)
{
	const struct help *help = of(pane);

	for (size_t i = 0; i < help->shown_count; i++) {
		const struct row *row = &help->rows[help->shown[i]];

		if (row->is_heading)
			text_format(out, "%s%s\n", i ? "\n" : "", row->text);
		else
			text_format(out, "  %-18s %-24s %s\n", row->keys, row->name, row->text);
	}
}

static const struct pane_ops help_ops = {
	.name = "help",
	.context = "help",
	.close = close_help,
	.draw = draw,
	.command = command,
	.key = typed,
	.mouse = mouse,
	.title = title,
	.status = status,
	.dump = dump,
};

struct pane *help_new(struct console *console, const char *context)
{
	struct help *help = mem_zero(1, sizeof(*help));

	help->pane = (struct pane){ .ops = &help_ops, .console = console };
	snprintf(help->context, sizeof(help->context), "%s", context);
	fill(help);
	help->shown = mem_zero(help->count + 1, sizeof(*help->shown));
	narrow(help);
	help->at = help->count > 1;
	return &help->pane;
}
