/* changes.c - what changed, by whom, when: of everything, or of one resource. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "estate/estate.h"
#include "tui/asking.h"
#include "tui/console.h"
#include "tui/views/list_pane.h"

enum { CHANGES_MAX = 5000, LOOK_EVERY_S = 5 };

static const struct {
	const char *name;
	int64_t seconds;
} windows[] = { { "1 h", 3600 }, { "24 h", 86400 }, { "7 d", 7 * 86400 } };

struct changes {
	struct list_pane list;
	struct ref ref; /* kind "": all */
	size_t window;
};

static const struct list_column columns[] = {
	{ .name = "WHEN", .max = 8, .right = 1 },
	{ .name = "KIND", .max = 16, .leave = 1 },
	{ .name = "NAME", .max = 44, .least = 20 },
	{ .name = "FIELD", .max = 20, .least = 10 },
	{ .name = "CHANGE" },
	{ .name = "BY", .max = 16, .leave = 2 },
	{ .name = "WHERE", .max = 20, .leave = 3 },
};

static struct changes *of(struct pane *pane)
{
	return (struct changes *)pane;
}

static void change_text(const struct json *change, char *out, size_t size)
{
	const char *old = json_text_or(json_get(change, "old"), ""), *now = json_text_or(json_get(change, "new"), "");

	if (!*json_text_or(json_get(change, "field"), "")) /* the thing itself: what stands there is its name */
		snprintf(out, size, "%s", *now || !*old ? "appeared" : "gone");
	else if (!*old && !*now)
		snprintf(out, size, "changed");
	else if (*old && *now)
		snprintf(out, size, "%.400s %s %.400s", old, screen_glyph(GLYPH_ARROW), now);
	else
		snprintf(out, size, "%s%.400s", *now ? "+ " : "- ", *now ? now : old);
}

static void add(struct list_pane *list, const struct json *change, size_t number)
{
	const char *id = json_text_or(json_get(change, "id"), "");
	char key[1300], text[1000];
	struct ref ref;

	snprintf(key, sizeof(key), "%s %s %s", json_text_or(json_get(change, "at"), ""), id, json_text_or(json_get(change, "field"), ""));
	struct list_row *row = list_view_add(&list->view, key, number);

	if (!row)
		return;
	int known = !ref_parse(id, &ref);

	list_pane_age(list, row, 0, STYLE_DIM, json_text(json_get(change, "at")));
	list_row_set(row, 1, STYLE_DIM, json_text_or(json_get(change, "kind"), ""));
	list_row_setf(row, 2, STYLE_TEXT, "%s%s%s", known ? ref.namespace_ : "", known && *ref.namespace_ ? "/" : "", known ? ref.name : id);
	list_row_set(row, 3, STYLE_TEXT, json_text_or(json_get(change, "field"), ""));
	change_text(change, text, sizeof(text));
	list_row_set(row, 4, STYLE_TEXT, text);
	list_row_set(row, 5, STYLE_DIM, json_text_or(json_get(change, "by"), ""));
	list_row_set(row, 6, STYLE_DIM, known ? ref.account : "");
}

static void ask(struct asking *asking)
{
	char id[1100] = "";

	if (*asking->ref.kind)
		ref_format(&asking->ref, id, sizeof(id));
	/* What the source does not tell in time is not in it; what was seen here is. */
	estate_ask_changes(asking->estate, *asking->ref.kind ? asking->ref.account : NULL,
		clock_now_ns() - asking->number * CLOCK_SECOND_NS, &asking->job.cancelled, NULL);
	struct json *changes = estate_changes(asking->estate, clock_now_ns() - asking->number * CLOCK_SECOND_NS, *asking->ref.kind ? asking->ref.kind : NULL,
		*id ? id : NULL, CHANGES_MAX, &asking->err);

	asking->json = changes ? json_copy(json_get(changes, "changes")) : NULL;
	json_free(changes);
}

static void prepare(struct list_pane *list, struct asking *asking)
{
	const struct changes *changes = of(&list->pane);

	asking->ref = changes->ref;
	asking->number = windows[changes->window].seconds;
}

static int target(struct pane *pane, struct ref *ref)
{
	const struct list_pane *list = &of(pane)->list;
	const struct json *change = list_pane_item(list, list_view_at_cursor(&list->view));

	return change && !ref_parse(json_text_or(json_get(change, "id"), ""), ref);
}

static struct pane *open_row(struct list_pane *list, const struct list_row *row, const struct json *change)
{
	struct ref ref;

	(void)row;
	return ref_parse(json_text_or(json_get(change, "id"), ""), &ref) ? NULL : detail_new(list->pane.console, &ref);
}

static void next_window(struct list_pane *list, const struct list_row *row, const struct json *change)
{
	struct changes *changes = of(&list->pane);

	(void)row;
	(void)change;
	changes->window = (changes->window + 1) % (sizeof(windows) / sizeof(*windows));
	console_dirty(list->pane.console);
	list_pane_look(list);
}

static const struct list_command commands_here[] = {
	{ "changes.window", next_window, 0 },
	{ 0 },
};

static void title(struct pane *pane, char *out, size_t size)
{
	const struct changes *changes = of(pane);

	snprintf(out, size, "changes, last %s%s%s", windows[changes->window].name, *changes->ref.kind ? " of " : "", changes->ref.name);
}

static const struct list_pane_ops ops = {
	.name = "changes",
	.columns = columns,
	.column_count = sizeof(columns) / sizeof(*columns),
	.empty = "no change was seen in this time; t looks further back",
	.asks_every_s = LOOK_EVERY_S,
	.prepare = prepare,
	.ask = ask,
	.add = add,
	.open = open_row,
	.commands = commands_here,
	.title = title,
	.target = target,
};

struct pane *changes_of(struct console *console, const char *filter)
{
	struct list_pane *list = list_pane_new(console, &ops, sizeof(struct changes));

	input_set(&list->view.filter, filter);
	list_pane_look(list);
	return &list->pane;
}

struct pane *changes_new(struct console *console, const struct ref *ref)
{
	struct list_pane *list = list_pane_new(console, &ops, sizeof(struct changes));

	if (ref)
		of(&list->pane)->ref = *ref;
	list_pane_look(list);
	return &list->pane;
}
