/* dashboard.c - the first screen: what is wrong now, what changed, how full it is, what runs and waits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "tui/console_private.h"
#include "tui/dashboard/private.h"

static struct dashboard *of(struct pane *pane)
{
	return (struct dashboard *)pane;
}

static void close_dashboard(struct pane *pane)
{
	struct dashboard *dashboard = of(pane);

	dashboard_forget_look(dashboard);
	dashboard_close_sources(dashboard);
	for (size_t i = 0; i < dashboard->widget_count; i++)
		free(dashboard->widgets[i].gauges);
	free(dashboard->items);
	free(dashboard);
}

static int recalc(struct pane *pane)
{
	return dashboard_take(of(pane));
}

static void set_visible(struct pane *pane, int visible)
{
	struct dashboard *dashboard = of(pane);

	dashboard->is_visible = visible;
	for (size_t i = 0; i < dashboard->source_count; i++)
		feed_set_visible(dashboard->sources[i].feed, visible);
	if (visible)
		dashboard_take(dashboard);
}

static int target(struct pane *pane, struct ref *ref)
{
	struct dashboard *dashboard = of(pane);

	if (dashboard->cursor >= dashboard->item_count || !dashboard->items[dashboard->cursor].has_ref)
		return 0;
	*ref = dashboard->items[dashboard->cursor].ref;
	return 1;
}

/* The rows that have one cause, or a source that failed, as a table. */
static struct pane *rows_of(struct dashboard *dashboard, const struct item *item)
{
	struct console *console = dashboard->pane.console;
	const struct kind *kind = kinds_find(estate_kinds(console->estate), item->kind);
	struct selection selection = { .account = item->account, .namespace_ = kind && kind->namespaced ? "*" : NULL };
	char filter[ITEM_TEXT];

	dashboard_filter(dashboard, item, filter, sizeof(filter));
	return kind ? table_pane_within(console, kind, &selection, filter, NULL) : NULL;
}

static const struct item *item_at_cursor(const struct dashboard *dashboard)
{
	return dashboard->cursor < dashboard->item_count ? &dashboard->items[dashboard->cursor] : NULL;
}

/* What Enter opens, and a wide screen shows at the right. */
static struct pane *pane_of(struct dashboard *dashboard, const struct item *item)
{
	struct console *console = dashboard->pane.console;

	if (item->has_ref)
		return detail_new(console, &item->ref);
	if (item->is_refusal)
		return dashboard_refusal(dashboard, item);
	if (item->gauge)
		return dashboard_charts(dashboard, item->gauge);
	if (*item->account)
		return rows_of(dashboard, item);
	if (!strcmp(item->open, "changes"))
		return changes_new(console, NULL);
	if (!strncmp(item->open, "changes /", 9))
		return changes_of(console, item->open + 9);
	if (!strncmp(item->open, "run ", 4))
		return run_new(console, item->open + 4);
	return !strncmp(item->open, "plan ", 5) ? plan_new_pane(console, item->open + 5) : NULL;
}

static void open_item(struct dashboard *dashboard)
{
	const struct item *item = item_at_cursor(dashboard);

	if (item)
		console_push(dashboard->pane.console, pane_of(dashboard, item));
}

static struct pane *preview(struct pane *pane, char *key, size_t size, int make)
{
	const struct item *item = item_at_cursor(of(pane));
	char id[900] = "";

	*key = 0;
	if (!item)
		return NULL;
	if (item->has_ref)
		ref_format(&item->ref, id, sizeof(id));
	snprintf(key, size, "%zu %s%s", item->widget, *id ? id : *item->filter ? item->filter : *item->open ? item->open : item->what,
		!*id && !*item->open ? item->account : "");
	return make ? pane_of(of(pane), item) : NULL;
}

static void go(struct dashboard *dashboard, long to)
{
	long last = (long)dashboard->item_count - 1;

	dashboard->cursor = (size_t)(to < 0 || last < 0 ? 0 : to > last ? last : to);
	dashboard->pane.dirty |= 1;
}

/* The first line of the next or previous part that has one. */
static void go_part(struct dashboard *dashboard, int by)
{
	size_t at = dashboard->cursor;

	if (!dashboard->item_count)
		return;
	size_t widget = dashboard->items[at].widget;

	while (dashboard->items[at].widget == widget) {
		if (by < 0 ? at == 0 : at + 1 == dashboard->item_count)
			return;
		at = by < 0 ? at - 1 : at + 1;
	}
	while (by < 0 && at > 0 && dashboard->items[at - 1].widget == dashboard->items[at].widget)
		at--;
	go(dashboard, (long)at);
}

static void refresh(struct dashboard *dashboard)
{
	for (size_t i = 0; i < dashboard->source_count; i++)
		feed_refresh(dashboard->sources[i].feed);
	dashboard->news = 1;
	dashboard_look(dashboard);
	console_say(dashboard->pane.console, STYLE_DIM, "asking again");
}

/* Several are under the cursor: what is looked into is the worst of them; what is done to one waits until one is chosen. */
static int of_several(struct dashboard *dashboard, const struct command *what)
{
	static const char *const of_one[] = { "global.actions", "global.describe", "global.edit", "global.logs", "global.logs_previous", "global.yaml" };
	const struct item *item = item_at_cursor(dashboard);
	struct console *console = dashboard->pane.console;
	char words[700];

	if (!item || item->has_ref || item->count < 2)
		return 0;
	if (item->is_worst && !strcmp(what->name, "global.investigate")) {
		snprintf(words, sizeof(words), "investigate %.63s %.511s", item->ref.kind, item->ref.name);
		console_push(console, chat_new(console, words));
		return 1;
	}
	for (size_t i = 0; i < sizeof(of_one) / sizeof(*of_one); i++) {
		if (strcmp(of_one[i], what->name) != 0)
			continue;
		console_say(console, STYLE_WARNING, "%s: Enter lists them, choose one there", item->what);
		return 1;
	}
	return 0;
}

static int command(struct pane *pane, const struct command *what)
{
	struct dashboard *dashboard = of(pane);
	long at = (long)dashboard->cursor;
	const struct {
		const char *name;
		long to;
	} moves[] = { { "table.down", at + 1 }, { "table.up", at - 1 }, { "table.top", 0 }, { "table.bottom", (long)dashboard->item_count - 1 },
		{ "table.page_down", at + 10 }, { "table.page_up", at - 10 }, { "table.half_down", at + 5 }, { "table.half_up", at - 5 } };

	for (size_t i = 0; i < sizeof(moves) / sizeof(*moves); i++) {
		if (strcmp(moves[i].name, what->name) != 0)
			continue;
		go(dashboard, moves[i].to);
		return 1;
	}
	if (!strcmp(what->name, "dashboard.open"))
		open_item(dashboard);
	else if (!strcmp(what->name, "dashboard.next"))
		go_part(dashboard, 1);
	else if (!strcmp(what->name, "dashboard.previous"))
		go_part(dashboard, -1);
	else if (!strcmp(what->name, "global.refresh"))
		refresh(dashboard);
	else
		return of_several(dashboard, what);
	return 1;
}

enum { WHEEL_UP = 4, WHEEL_DOWN = 5 };

/* A click moves there; one where the cursor is opens it. */
static void mouse(struct pane *pane, struct rect area, int y, int x, int button)
{
	struct dashboard *dashboard = of(pane);

	if (button == WHEEL_UP || button == WHEEL_DOWN) {
		go(dashboard, (long)dashboard->cursor + (button == WHEEL_UP ? -1 : 1));
		return;
	}
	for (size_t i = 0; i < dashboard->item_count; i++) {
		const struct rect *place = &dashboard->items[i].place;

		if (y + area.y < place->y || y + area.y >= place->y + place->rows || x + area.x < place->x || x + area.x >= place->x + place->columns)
			continue;
		if (i == dashboard->cursor && button == 1)
			open_item(dashboard);
		else
			go(dashboard, (long)i);
		return;
	}
}

static void title(struct pane *pane, char *out, size_t size)
{
	/* The parts have headings of their own; as a breadcrumb below others it is home. */
	if (size)
		*out = 0;
	(void)pane;
}

static int64_t next_change(struct pane *pane)
{
	return of(pane)->next_age_ns;
}

int dashboard_ready(struct pane *pane)
{
	const struct dashboard *dashboard = of(pane);

	if (!dashboard->looked.is_known || !dashboard->sources_open || dashboard_asks(dashboard) || dashboard->look)
		return 0;
	for (size_t i = 0; i < dashboard->source_count; i++)
		if (!dashboard->sources[i].settled)
			return 0;
	return 1;
}

static const struct pane_ops dashboard_ops = {
	.name = "dashboard",
	.context = "dashboard",
	.close = close_dashboard,
	.recalc = recalc,
	.draw = dashboard_draw,
	.command = command,
	.mouse = mouse,
	.title = title,
	.target = target,
	.preview = preview,
	.next_change = next_change,
	.dump = dashboard_dump,
	.visible = set_visible,
};

struct pane *dashboard_new(struct console *console)
{
	struct dashboard *dashboard = mem_zero(1, sizeof(*dashboard));

	dashboard->pane = (struct pane){ .ops = &dashboard_ops, .console = console };
	dashboard->chain_ok = -1;
	widgets_load(dashboard);
	return &dashboard->pane;
}
