/* palette.c - `:` goes anywhere by name: commands, views, kinds, what is under the cursor, rows and namespaces of the table below,
 * accounts, playbooks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/safe.h"
#include "estate/estate.h"
#include "estate/snapshot.h"
#include "gate/gate.h"
#include "gate/playbook.h"
#include "tui/asking.h"
#include "tui/console_private.h"
#include "tui/dialog/input.h"
#include "tui/screen/fuzzy.h"
#include "tui/table/table_pane.h"

enum { SHOWN_MAX = 12, REPEATED_WITHIN = 64, NAME_TEXT = 128, NOTE_TEXT = 160, PLAYBOOKS_MAX = 500, ROWS_MAX = 200, ID_TEXT = 900 };

struct choice {
	char name[NAME_TEXT]; /* what is matched and run */
	char note[NOTE_TEXT];
	char open[NAME_TEXT + 32]; /* words for console_open */
	char *id;             /* of a row: opens everything about it */
	int is_namespace;     /* of the table below: shows that one */
	int bias;             /* of equal matches the more usual first */
	int first;            /* while nothing is typed: what there is to look at here, and what goes wrong, before the rest */
	int score;
};

struct palette {
	struct pane pane;
	struct input input;
	struct choice *choices;
	size_t count;
	size_t *found;
	size_t found_count, at, top;
	struct asking *asking; /* for the playbooks; NULL: none under way */
	int at_chosen; /* the person moved to a choice: Enter takes it, not the typed words */
};

static struct palette *of(struct pane *pane)
{
	return (struct palette *)pane;
}

static void close_palette(struct pane *pane)
{
	struct palette *palette = of(pane);

	asking_stop(&palette->asking);
	for (size_t i = 0; i < palette->count; i++)
		free(palette->choices[i].id);
	free(palette->choices);
	free(palette->found);
	free(palette);
	screen_cursor(screen_size(), -1, 0);
}

static void add(struct palette *palette, int bias, const char *name, const char *open, const char *note)
{
	palette->choices = mem_grow(palette->choices, palette->count + 1, sizeof(*palette->choices));
	struct choice *choice = &palette->choices[palette->count++];

	*choice = (struct choice){ .bias = bias };
	snprintf(choice->name, sizeof(choice->name), "%.127s", name);
	snprintf(choice->open, sizeof(choice->open), "%.159s", open);
	snprintf(choice->note, sizeof(choice->note), "%.159s", note);
}

static void add_commands(struct palette *palette)
{
	const struct keymap *keymap = console_keymap(palette->pane.console);
	struct pane *top = console_top(palette->pane.console);
	char note[NOTE_TEXT];

	for (const char *context = top ? pane_context(top) : "global"; context; context = key_context_parent(context))
		for (size_t i = 0; i < command_count; i++) {
			const char *name = strchr(commands[i].name, '.') + 1;

			if (strcmp(commands[i].context, context) != 0)
				continue;
			snprintf(note, sizeof(note), "%-6s %s", keymap_key_of(keymap, commands[i].name), commands[i].help);
			add(palette, 2, !strcmp(context, "global") ? name : commands[i].name, commands[i].name, note);
		}
}

static void add_kinds(struct palette *palette)
{
	struct kinds *kinds = estate_kinds(palette->pane.console->estate);
	const char *looked_at = console_provider(palette->pane.console);
	char note[NOTE_TEXT], open[NAME_TEXT];

	for (size_t i = 0; i < kinds_count(kinds); i++) {
		const struct kind *kind = kinds_at(kinds, i);
		int near = looked_at && !strcmp(kind->provider, looked_at); /* of two with one name that one first */

		snprintf(open, sizeof(open), "%.40s/%.80s", kind->provider, kind->name);
		snprintf(note, sizeof(note), "%s  %s", kind->provider, kind->title ? kind->title : "");
		add(palette, 4 + near, kind->name, open, note);
		palette->choices[palette->count - 1].first = 2 * (console_account(palette->pane.console, kind->provider) != NULL) + kind->wrong_now;
		for (size_t a = 0; kind->aliases && kind->aliases[a]; a++)
			add(palette, 1 + near, kind->aliases[a], open, kind->name);
	}
}

static void add_accounts(struct palette *palette)
{
	const struct console *console = palette->pane.console;
	char open[NAME_TEXT + 32];
	const char *kind = NULL;

	for (size_t i = 0; i < console->account_count; i++) {
		kind = strcmp(console->account_providers[i], "kubernetes") ? "hosts" : "pods";
		snprintf(open, sizeof(open), "%s @%.100s", kind, console->accounts[i].name);
		add(palette, 1, console->accounts[i].name, open, console->account_providers[i]);
	}
}

static void add_playbooks(struct palette *palette)
{
	struct console *console = palette->pane.console;
	struct playbooks *playbooks = console->gate ? gate_known_playbooks(console->gate) : NULL;
	size_t count = playbooks ? playbooks_count(playbooks) : 0;
	char open[NAME_TEXT + 32];

	for (size_t i = 0; i < count && i < PLAYBOOKS_MAX; i++) {
		const struct playbook *playbook = playbooks_at(playbooks, i);

		snprintf(open, sizeof(open), "playbook %.127s", playbook->name);
		add(palette, 1, playbook->name, open, playbook->title ? playbook->title : "playbook");
	}
}

static void add_target(struct palette *palette)
{
	static const char *const verbs[] = { "describe", "yaml", "logs" };
	struct console *console = palette->pane.console;
	struct ref ref;
	char name[NAME_TEXT], open[NAME_TEXT + 32];

	if (!console_target(console, &ref))
		return;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		snprintf(name, sizeof(name), "%s %.60s %.50s", verbs[i], ref.kind, ref.name);
		snprintf(open, sizeof(open), "global.%s", verbs[i]);
		add(palette, 3, name, open, "what is under the cursor");
	}
}

/* --- what stands in the table below --- */

static void add_row(void *arg, const struct snapshot *snapshot, size_t row, int is_selected)
{
	struct palette *palette = arg;
	char name[NAME_TEXT], namespace_[NAME_TEXT], note[NOTE_TEXT];
	size_t length;
	const char *text = snapshot_role(snapshot, row, ROLE_NAME, &length);

	safe_copy(name, sizeof(name), text, length);
	text = snapshot_role(snapshot, row, ROLE_NAMESPACE, &length);
	safe_copy(namespace_, sizeof(namespace_), text, length);
	if (!*name)
		return;
	snprintf(note, sizeof(note), "%.40s%s%.100s", snapshot_kind(snapshot)->singular, *namespace_ ? " in " : "", namespace_);
	add(palette, is_selected ? 2 : 0, name, "", note);
	palette->choices[palette->count - 1].id = snapshot_role_text(snapshot, row, ROLE_ID);
}

struct names {
	struct palette *palette;
	size_t first;
};

static int has_namespace(const struct names *names, const char *name)
{
	for (size_t i = names->first; i < names->palette->count; i++)
		if (!strcmp(names->palette->choices[i].name, name))
			return 1;
	return 0;
}

static void add_namespace(struct names *names, const char *name)
{
	add(names->palette, 1, name, "", "namespace");
	names->palette->choices[names->palette->count - 1].is_namespace = 1;
}

static void add_table(struct palette *palette)
{
	struct pane *top = console_top(palette->pane.console);
	struct names names = { .palette = palette, .first = palette->count };

	table_pane_namespaces(top, add_namespace, has_namespace, &names);
	table_pane_rows(top, ROWS_MAX, add_row, palette);
}

static int by_score(const void *a, const void *b, void *arg)
{
	const struct choice *choices = arg, *x = &choices[*(const size_t *)a], *y = &choices[*(const size_t *)b];

	if (x->score != y->score)
		return y->score - x->score;
	if (x->bias != y->bias)
		return y->bias - x->bias;
	int length = (int)strlen(x->name) - (int)strlen(y->name);

	return length ? length : strcmp(x->name, y->name);
}

/* A kind and its other names open the same: the one that fits best stands for all. Far down nobody looks. */
static void drop_repeated(struct palette *palette)
{
	size_t kept = 0;

	for (size_t i = 0; i < palette->found_count; i++) {
		const struct choice *choice = &palette->choices[palette->found[i]];
		int had = 0;

		for (size_t k = 0; k < kept && k < REPEATED_WITHIN && !had && *choice->open && !choice->id && !choice->is_namespace; k++) {
			const struct choice *before = &palette->choices[palette->found[k]];

			had = !before->id && !before->is_namespace && !strcmp(before->open, choice->open);
		}
		if (!had)
			palette->found[kept++] = palette->found[i];
	}
	palette->found_count = kept;
}

static void find(struct palette *palette)
{
	char word[INPUT_MAX];

	snprintf(word, sizeof(word), "%s", palette->input.text);
	palette->found_count = 0;
	for (size_t i = 0; i < palette->count; i++) {
		struct choice *choice = &palette->choices[i];

		choice->score = fuzzy_score(word, choice->name);
		if (choice->score && !*word)
			choice->score += choice->first;
		if (choice->score)
			palette->found[palette->found_count++] = i;
	}
	qsort_r(palette->found, palette->found_count, sizeof(*palette->found), by_score, palette->choices);
	drop_repeated(palette);
	palette->at = palette->top = 0;
	palette->at_chosen = 0;
}

/* --- playbooks are read from files the first time: in a worker, while the palette stands and is typed into --- */

static void ask(struct asking *asking)
{
	gate_playbooks(asking->gate);
}

static void answered(void *pane, struct asking *asking)
{
	struct palette *palette = pane;
	size_t chosen = palette->found_count ? palette->found[palette->at] : 0, at_chosen = palette->found_count && palette->at_chosen;

	(void)asking;
	add_playbooks(palette);
	palette->found = mem_resize(palette->found, (palette->count + 1) * sizeof(*palette->found));
	find(palette);
	for (size_t i = 0; at_chosen && i < palette->found_count; i++) {
		if (palette->found[i] != chosen)
			continue;
		palette->at = i;
		palette->at_chosen = 1;
	}
	palette->pane.dirty |= 1;
}

static int is_kind(const struct palette *palette, const char *word)
{
	struct estate *estate = palette->pane.console->estate;

	return estate && kinds_find(estate_kinds(estate), word);
}

/* Typed words win when they say all of it ("pods payments", "describe pod web-1"): what only resembles them, as the
 * row under the cursor may, was not asked for. Not when the person moved to a choice. */
static int says_all(const struct palette *palette)
{
	char first[NAME_TEXT], second[NAME_TEXT], third[2];
	int words = sscanf(palette->input.text, "%127s %127s %1s", first, second, third);

	if (palette->at_chosen || words < 2)
		return 0;
	return console_opens_named(first) ? words == 3 : !strcmp(first, "report") || is_kind(palette, first);
}

static void draw(struct pane *pane, struct rect area)
{
	struct palette *palette = of(pane);
	int rows = SHOWN_MAX < area.rows - 4 ? SHOWN_MAX : area.rows - 4, columns = area.columns - 4 > 90 ? 90 : area.columns - 4;
	struct rect box = { .y = area.y + area.rows - rows - 3, .x = area.x + 1, .rows = rows + 3, .columns = columns };

	if (rows < 1)
		return;
	if (palette->at < palette->top)
		palette->top = palette->at;
	if (palette->at >= palette->top + (size_t)rows)
		palette->top = palette->at - (size_t)rows + 1;
	screen_clear(box);
	screen_frame(box, STYLE_ACCENT, "go to");
	int typed_wins = says_all(palette);
	for (int y = 0; y < rows && palette->top + (size_t)y < palette->found_count; y++) {
		const struct choice *choice = &palette->choices[palette->found[palette->top + (size_t)y]];
		int selected = !typed_wins && palette->top + (size_t)y == palette->at, name = columns / 3;

		screen_put(box, y + 1, 1, STYLE_ACCENT, selected ? screen_glyph(GLYPH_CURSOR) : " ");
		screen_put_n(box, y + 1, 3, name, selected ? STYLE_SELECTED : STYLE_TEXT, choice->name, strlen(choice->name));
		screen_put_n(box, y + 1, name + 5, columns - name - 6, STYLE_DIM, choice->note, strlen(choice->note));
	}
	if (!palette->found_count)
		screen_put_n(box, 1, 3, columns - 4, STYLE_DIM, "Enter looks this name up at the sources",
			strlen("Enter looks this name up at the sources"));
	screen_put(box, rows + 1, 1, STYLE_ACCENT, ":");
	input_draw(&palette->input, box, rows + 1, 3, columns - 4, STYLE_TEXT, 1, 0);
}

static void accept(struct palette *palette)
{
	struct console *console = palette->pane.console;
	struct error err = { 0 };
	char words[INPUT_MAX];
	const struct choice *choice = palette->found_count && !says_all(palette) ? &palette->choices[palette->found[palette->at]] : NULL;
	struct ref ref;

	snprintf(words, sizeof(words), "%s", choice ? choice->open : palette->input.text);
	console_close(console, &palette->pane); /* freed at the end of the turn: the choice stays until then */
	if (choice && choice->is_namespace)
		table_pane_reopen(console_top(console), NULL, choice->name);
	else if (choice && choice->id && !ref_parse(choice->id, &ref))
		console_push(console, detail_new(console, &ref));
	else if (*words && console_open(console, words, &err))
		console_say_error(console, &err);
}

static void complete(struct palette *palette)
{
	if (!palette->found_count)
		return;
	char words[INPUT_MAX];

	snprintf(words, sizeof(words), "%s ", palette->choices[palette->found[palette->at]].name);
	input_set(&palette->input, words);
	palette->pane.dirty |= 1;
	find(palette);
}

static void go(struct palette *palette, long to)
{
	long last = (long)palette->found_count - 1;

	palette->at = (size_t)(to < 0 || last < 0 ? 0 : to > last ? last : to);
	palette->at_chosen = 1;
	palette->pane.dirty |= 1;
}

static int command(struct pane *pane, const struct command *what)
{
	struct palette *palette = of(pane);
	long at = (long)palette->at;

	if (!strcmp(what->name, "dialog.accept"))
		accept(palette);
	else if (!strcmp(what->name, "dialog.cancel"))
		console_close(pane->console, pane);
	else if (!strcmp(what->name, "palette.complete"))
		complete(palette);
	else if (!strcmp(what->name, "dialog.down"))
		go(palette, says_all(palette) ? at : at + 1);
	else if (!strcmp(what->name, "dialog.up"))
		go(palette, at - 1);
	else if (!strcmp(what->name, "dialog.page_down"))
		go(palette, at + SHOWN_MAX);
	else if (!strcmp(what->name, "dialog.page_up"))
		go(palette, at - SHOWN_MAX);
	else
		return 0;
	return 1;
}

static int typed(struct pane *pane, int key)
{
	struct palette *palette = of(pane);
	int changed;

	/* Backspace on an empty line leaves, as in vi. */
	if (key == K_BACKSPACE && !palette->input.length) {
		console_close(pane->console, pane);
		return 1;
	}
	if (!input_key(&palette->input, key, &changed))
		return 0;
	if (changed)
		find(palette);
	pane->dirty |= 1;
	return 1;
}

static void title(struct pane *pane, char *out, size_t size)
{
	(void)pane;
	snprintf(out, size, "go to");
}

static const struct pane_ops palette_ops = {
	.name = "palette",
	.context = "palette",
	.close = close_palette,
	.draw = draw,
	.command = command,
	.key = typed,
	.title = title,
};

struct pane *palette_new(struct console *console, const char *text)
{
	struct palette *palette = mem_zero(1, sizeof(*palette));

	palette->pane = (struct pane){ .ops = &palette_ops, .console = console };
	add_target(palette);
	add_commands(palette);
	if (console->estate) {
		add_kinds(palette);
		add_accounts(palette);
	}
	add_playbooks(palette);
	add_table(palette);
	palette->found = mem_zero(palette->count + 1, sizeof(*palette->found));
	input_set(&palette->input, text);
	find(palette);
	if (console->gate && !gate_known_playbooks(console->gate))
		asking_send(asking_new(console, &palette->asking, palette, ask, answered));
	return &palette->pane;
}
