/* changes.c - what changed, by whom, when: of everything, or of one resource. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "estate/estate.h"
#include "tui/asking.h"
#include "tui/console.h"
#include "tui/format.h"
#include "tui/list_view.h"
#include "tui/pane.h"

enum { CHANGES_MAX = 5000, LOOK_EVERY_S = 5 };

static const struct {
	const char *name;
	int64_t seconds;
} windows[] = { { "1 h", 3600 }, { "24 h", 86400 }, { "7 d", 7 * 86400 } };

struct changes {
	struct pane pane;
	struct ref ref; /* kind "": all */
	struct list_view list;
	struct asking *asking;
	struct json *rows;
	char problem[256];
	size_t window;
	int64_t looked_ns;
};

static const struct list_column columns[] = {
	{ .name = "WHEN", .max = 8, .right = 1 },
	{ .name = "KIND", .max = 16, .leave = 2 },
	{ .name = "NAME", .max = 44 },
	{ .name = "FIELD", .max = 20 },
	{ .name = "CHANGE" },
	{ .name = "BY", .max = 16, .leave = 1 },
	{ .name = "WHERE", .max = 20, .leave = 3 },
};

static struct changes *of(struct pane *pane)
{
	return (struct changes *)pane;
}

static void close_changes(struct pane *pane)
{
	struct changes *changes = of(pane);

	asking_stop(&changes->asking);
	list_view_release(&changes->list);
	json_free(changes->rows);
	free(changes);
}

static void change_text(const struct json *change, char *out, size_t size)
{
	const char *old = json_text_or(json_get(change, "old"), ""), *now = json_text_or(json_get(change, "new"), "");

	if (*old && *now)
		snprintf(out, size, "%.400s %s %.400s", old, screen_glyph(GLYPH_ARROW), now);
	else
		snprintf(out, size, "%s%.400s", *now ? "+ " : "- ", *now ? now : old);
}

static void add(struct changes *changes, const struct json *change, size_t number)
{
	const char *id = json_text_or(json_get(change, "id"), "");
	char key[1300], text[1000], age[32] = "–";
	struct ref ref;
	int64_t at, step;

	snprintf(key, sizeof(key), "%s %s %s", json_text_or(json_get(change, "at"), ""), id, json_text_or(json_get(change, "field"), ""));
	struct list_row *row = list_view_add(&changes->list, key, number);

	if (!row)
		return;
	int known = !ref_parse(id, &ref);

	if (!clock_parse(json_text_or(json_get(change, "at"), ""), &at))
		format_age(clock_now_ns() - at, age, sizeof(age), &step);
	list_row_set(row, 0, STYLE_DIM, age);
	list_row_set(row, 1, STYLE_DIM, json_text_or(json_get(change, "kind"), ""));
	list_row_setf(row, 2, STYLE_TEXT, "%s%s%s", known ? ref.namespace_ : "", known && *ref.namespace_ ? "/" : "", known ? ref.name : id);
	list_row_set(row, 3, STYLE_TEXT, json_text_or(json_get(change, "field"), ""));
	change_text(change, text, sizeof(text));
	list_row_set(row, 4, STYLE_TEXT, text);
	list_row_set(row, 5, STYLE_DIM, json_text_or(json_get(change, "by"), ""));
	list_row_set(row, 6, STYLE_DIM, known ? ref.account : "");
}

static void fill(struct changes *changes)
{
	size_t number = 0;

	list_view_begin(&changes->list);
	for (const struct json *change = json_first(changes->rows); change; change = json_next(change))
		add(changes, change, number++);
	list_view_end(&changes->list);
}

static void ask(struct asking *asking)
{
	char id[1100] = "";

	if (*asking->ref.kind)
		ref_format(&asking->ref, id, sizeof(id));
	struct json *changes = estate_changes(asking->estate, clock_now_ns() - asking->number * CLOCK_SECOND_NS, *asking->ref.kind ? asking->ref.kind : NULL,
		*id ? id : NULL, CHANGES_MAX, &asking->err);

	asking->json = changes ? json_copy(json_get(changes, "changes")) : NULL;
	json_free(changes);
}

static void answered(void *pane, struct asking *asking)
{
	struct changes *changes = pane;

	snprintf(changes->problem, sizeof(changes->problem), "%s", asking->err.text);
	changes->list.empty = *changes->problem ? changes->problem : "no change was seen in this time; t looks further back";
	if (!changes->rows || !asking->json || !json_equal(changes->rows, asking->json))
		changes->pane.dirty = 1;
	if (asking->json) {
		json_free(changes->rows);
		changes->rows = asking->json;
		asking->json = NULL;
	}
	fill(changes);
}

static void look(struct changes *changes)
{
	if (!console_estate(changes->pane.console))
		return;
	struct asking *asking = asking_new(changes->pane.console, &changes->asking, changes, ask, answered);

	changes->looked_ns = clock_monotonic_ns();
	asking->ref = changes->ref;
	asking->number = windows[changes->window].seconds;
	asking_send(asking);
}

/* News of any kind may mean a change; the history is not asked more often than every few seconds. */
static int recalc(struct pane *pane)
{
	struct changes *changes = of(pane);

	if (!changes->asking && (!changes->looked_ns || clock_monotonic_ns() - changes->looked_ns > LOOK_EVERY_S * CLOCK_SECOND_NS))
		look(changes);
	return 0;
}

static void draw(struct pane *pane, struct rect area)
{
	fill(of(pane));
	list_view_draw(&of(pane)->list, pane, area);
}

static int64_t next_change(struct pane *pane)
{
	return of(pane)->list.row_count ? 60 * CLOCK_SECOND_NS : 0;
}

static int target(struct pane *pane, struct ref *ref)
{
	struct changes *changes = of(pane);
	const struct list_row *row = list_view_at_cursor(&changes->list);

	return row && !ref_parse(json_text_or(json_get(json_item(changes->rows, row->number), "id"), ""), ref);
}

static void open_row(struct pane *pane)
{
	struct ref ref;

	if (target(pane, &ref))
		console_push(pane->console, detail_new(pane->console, &ref));
}

static int command(struct pane *pane, const struct command *what)
{
	struct changes *changes = of(pane);

	if (list_view_command(&changes->list, pane, what))
		return 1;
	if (!strcmp(what->name, "table.open")) {
		open_row(pane);
	} else if (!strcmp(what->name, "changes.window")) {
		changes->window = (changes->window + 1) % (sizeof(windows) / sizeof(*windows));
		look(changes);
	} else if (!strcmp(what->name, "global.refresh")) {
		look(changes);
	} else {
		return 0;
	}
	pane->dirty = 1;
	return 1;
}

static int key(struct pane *pane, int pressed)
{
	return list_view_key(&of(pane)->list, pane, pressed);
}

static void mouse(struct pane *pane, struct rect area, int y, int x, int button)
{
	(void)area;
	(void)x;
	if (list_view_mouse(&of(pane)->list, pane, y, button))
		open_row(pane);
}

static void title(struct pane *pane, char *out, size_t size)
{
	const struct changes *changes = of(pane);

	snprintf(out, size, "changes, last %s%s%s", windows[changes->window].name, *changes->ref.kind ? " of " : "", changes->ref.name);
}

static void status(struct pane *pane, char *out, size_t size)
{
	list_view_status(&of(pane)->list, out, size);
}

static void dump(struct pane *pane, struct text *out)
{
	list_view_dump(&of(pane)->list, out);
}

static const struct pane_ops ops = {
	.name = "changes",
	.context = "changes",
	.close = close_changes,
	.recalc = recalc,
	.draw = draw,
	.command = command,
	.key = key,
	.mouse = mouse,
	.title = title,
	.status = status,
	.target = target,
	.next_change = next_change,
	.dump = dump,
};

struct pane *changes_new(struct console *console, const struct ref *ref)
{
	struct changes *changes = mem_zero(1, sizeof(*changes));

	changes->pane = (struct pane){ .ops = &ops, .console = console };
	list_view_init(&changes->list, columns, sizeof(columns) / sizeof(*columns), "loading …");
	if (ref)
		changes->ref = *ref;
	look(changes);
	return &changes->pane;
}
