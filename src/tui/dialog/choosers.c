/* choosers.c - the menus that commands open. */
#include "tui/dialog/choosers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "estate/estate.h"
#include "estate/snapshot.h"
#include "tui/console_private.h"
#include "tui/table/table_pane.h"

enum { NAMESPACES_MAX = 2000 };

static void say_opening(struct console *console)
{
	console_say(console, STYLE_WARNING, "%s", *console->problem ? console->problem : "still opening");
}

/* --- verbs of what is under the cursor, or of all that is marked --- */

struct rights;

struct action {
	const struct kind *kind;
	struct ref *refs;
	size_t count;
	struct rights *rights; /* being asked; NULL: answered */
};

/* What the source would refuse us, asked when the menu opens: its rows are dimmed with the reason once that is known. They can be
 * chosen all the same, for the source's own answer is the truth. */
struct rights {
	struct job job;
	struct pane *menu; /* NULL: closed meanwhile */
	struct action *action;
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

	for (size_t i = 0; rights->menu && i < rights->kind->verb_count; i++) {
		const char *why = json_text(json_get(rights->refused, rights->kind->verbs[i].name));

		if (why)
			menu_set_row(rights->menu, i, why, STYLE_DIM);
	}
	if (rights->menu)
		rights->action->rights = NULL;
	json_free(rights->refused);
	free(rights);
}

static void begin_rights(struct console *console, struct action *action, struct pane *menu)
{
	struct rights *rights = mem_zero(1, sizeof(*rights));

	rights->job.run = ask_rights;
	rights->job.done = rights_known;
	rights->menu = menu;
	rights->action = action;
	rights->estate = console->estate;
	rights->kind = action->kind;
	rights->ref = action->refs[0];
	action->rights = rights;
	console_submit(console, &rights->job);
}

static void free_action(void *arg)
{
	struct action *action = arg;

	if (action->rights) {
		action->rights->menu = NULL;
		atomic_store(&action->rights->job.cancelled, 1);
	}
	free(action->refs);
	free(action);
}

static void act_on_all(struct console *console, size_t row, void *arg)
{
	struct action *action = arg;

	console_act_all(console, action->refs, action->count, action->kind->verbs[row].name, NULL);
}

static enum style style_of_risk(enum risk risk)
{
	return risk == RISK_DELETE ? STYLE_CRITICAL : risk == RISK_WRITE ? STYLE_WARNING : STYLE_TEXT;
}

void choose_action(struct console *console)
{
	struct ref ref;
	const struct kind *kind;

	if (!console->estate || !console_target(console, &ref) || !(kind = kinds_of(estate_kinds(console->estate), &ref))) {
		console_say(console, STYLE_WARNING, "nothing is under the cursor here");
		return;
	}
	if (!kind->verb_count) {
		console_say(console, STYLE_WARNING, "nothing can be done to a %s from here", kind->singular);
		return;
	}
	struct action *action = mem_zero(1, sizeof(*action));
	struct menu_row *rows = mem_zero(kind->verb_count, sizeof(*rows));
	char heading[700], (*notes)[320] = mem_zero(kind->verb_count, sizeof(*notes));

	action->kind = kind;
	action->count = table_pane_marked(console_top(console), &action->refs);
	if (!action->count) {
		action->refs = mem_alloc(sizeof(ref));
		action->refs[action->count++] = ref;
	}
	for (size_t i = 0; i < kind->verb_count; i++) {
		const struct kind_verb *verb = &kind->verbs[i];

		snprintf(notes[i], sizeof(notes[i]), "%-6s %s  %s", risk_name(verb->risk), verb->key ? verb->key : " ",
			verb->reversible ? (verb->inverse ? verb->inverse : "can be undone") : "cannot be undone");
		rows[i] = (struct menu_row){
			.label = verb->title ? verb->title : verb->name, .note = notes[i], .key = verb->key, .style = style_of_risk(verb->risk)
		};
	}
	if (action->count > 1)
		snprintf(heading, sizeof(heading), "%zu marked %s", action->count, kind->name);
	else
		snprintf(heading, sizeof(heading), "%s %s", kind->singular, action->refs[0].name);
	struct pane *menu = menu_new(console, heading, rows, kind->verb_count, 0, act_on_all, action, free_action);

	console_dialog(console, menu);
	begin_rights(console, action, menu);
	free(rows);
	free(notes);
}

/* --- namespaces: what the rows on the screen name, and all --- */

struct names {
	char **names;
	size_t count;
};

static void free_names(void *arg)
{
	struct names *names = arg;

	for (size_t i = 0; i < names->count; i++)
		free(names->names[i]);
	free(names->names);
	free(names);
}

static void use_named(struct console *console, const char *text, void *arg)
{
	(void)arg;
	if (*text)
		table_pane_reopen(console_top(console), NULL, text);
}

static void use_namespace(struct console *console, size_t row, void *arg)
{
	struct names *names = arg;

	/* Who may not list them knows the name of the one that is theirs. */
	if (row == names->count)
		console_dialog(console, ask_new(console, "Namespace", "", use_named, NULL, NULL));
	else
		table_pane_reopen(console_top(console), NULL, row ? names->names[row] : "*");
}

static int has_name(const struct names *names, const char *name)
{
	for (size_t i = 1; i < names->count; i++)
		if (!strcmp(names->names[i], name))
			return 1;
	return 0;
}

static void add_name(struct names *names, const char *name)
{
	names->names = mem_grow(names->names, names->count + 1, sizeof(*names->names));
	names->names[names->count++] = mem_text(name);
}

static void show_namespaces(struct console *console, struct names *names)
{
	struct menu_row *rows = mem_zero(names->count + 1, sizeof(*rows));

	for (size_t i = 0; i < names->count; i++)
		rows[i].label = names->names[i];
	rows[names->count] = (struct menu_row){ .label = "another …", .note = "by its name" };
	console_dialog(console, menu_new(console, "Namespaces", rows, names->count + 1, 0, use_namespace, names, free_names));
	free(rows);
}

/* The source's own list; blocking, so in a job. */
struct list_job {
	struct job job;
	struct console *console;
	struct estate *estate;
	struct snapshot *snapshot;
	struct error err;
};

static void list_namespaces(struct job *job)
{
	struct list_job *list = (struct list_job *)job;
	const struct kind *kind = kinds_find(estate_kinds(list->estate), "namespaces");
	struct selection selection = { 0 };

	if (kind)
		list->snapshot = estate_list(list->estate, kind, &selection, NULL, &list->err);
}

static void listed_namespaces(struct job *job)
{
	struct list_job *list = (struct list_job *)job;
	struct console *console = list->console;

	if (!console->ended) {
		struct names *names = mem_zero(1, sizeof(*names));

		add_name(names, "all namespaces");
		table_pane_namespaces(console_top(console), add_name, has_name, names);
		for (size_t i = 0; list->snapshot && i < snapshot_count(list->snapshot) && i < NAMESPACES_MAX; i++) {
			char *name = snapshot_role_text(list->snapshot, i, ROLE_NAME);

			if (name && *name && !has_name(names, name))
				add_name(names, name);
			free(name);
		}
		show_namespaces(console, names);
	}
	snapshot_unref(list->snapshot);
	free(list);
}

void choose_namespace(struct console *console)
{
	if (!console->estate) {
		say_opening(console);
		return;
	}
	if (!table_pane_is_namespaced(console_top(console))) {
		console_say(console, STYLE_WARNING, "this view has no namespaces");
		return;
	}
	struct list_job *list = mem_zero(1, sizeof(*list));

	list->job = (struct job){ .run = list_namespaces, .done = listed_namespaces };
	list->console = console;
	list->estate = console->estate;
	console_submit(console, &list->job);
}

/* --- kinds --- */

static void use_kind(struct console *console, size_t row, void *arg)
{
	struct selection selection = { 0 };

	(void)arg;
	console_open_kind(console, kinds_at(estate_kinds(console->estate), row), &selection, NULL);
}

void choose_kind(struct console *console)
{
	if (!console->estate) {
		say_opening(console);
		return;
	}
	struct kinds *kinds = estate_kinds(console->estate);
	size_t count = kinds_count(kinds);
	struct menu_row *rows = mem_zero(count + 1, sizeof(*rows));

	for (size_t i = 0; i < count; i++)
		rows[i] = (struct menu_row){ .label = kinds_at(kinds, i)->name, .note = kinds_at(kinds, i)->provider };
	console_dialog(console, menu_new(console, "Kinds", rows, count, 0, use_kind, NULL, NULL));
	free(rows);
}
