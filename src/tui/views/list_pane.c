#include "tui/views/list_pane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "gate/gate.h"
#include "tui/asking.h"
#include "tui/console.h"
#include "tui/screen/format.h"

static struct list_pane *of(struct pane *pane)
{
	return (struct list_pane *)pane;
}

static void close_list(struct pane *pane)
{
	struct list_pane *list = of(pane);

	asking_stop(&list->asking);
	asking_stop(&list->acting);
	if (list->ops->release)
		list->ops->release(list);
	list_view_release(&list->view);
	json_free(list->rows);
	free(list);
}

/* --- rows --- */

void list_pane_note(struct list_pane *list, int64_t step_ns)
{
	if (step_ns > 0 && (!list->step_ns || step_ns < list->step_ns))
		list->step_ns = step_ns;
}

void list_pane_age(struct list_pane *list, struct list_row *row, size_t column, enum style style, const char *at)
{
	int64_t at_ns, step = 0;
	char text[32];

	if (!at || clock_parse(at, &at_ns)) {
		list_row_set(row, column, STYLE_DIM, screen_glyph(GLYPH_DASH));
		return;
	}
	format_age(clock_now_ns() - at_ns, text, sizeof(text), &step);
	list_row_set(row, column, style, text);
	list_pane_note(list, step);
}

const struct json *list_pane_item(const struct list_pane *list, const struct list_row *row)
{
	return row ? json_item(list->rows, row->number) : NULL;
}

static void fill(struct list_pane *list)
{
	size_t number = 0;

	list->step_ns = 0;
	list->made_ns = clock_now_ns();
	if (list->ops->begin)
		list->ops->begin(list);
	list_view_begin(&list->view);
	for (const struct json *item = json_first(list->rows); item; item = json_next(item))
		list->ops->add(list, item, number++);
	list_view_end(&list->view);
}

static void answered(void *pane, struct asking *asking)
{
	struct list_pane *list = pane;

	snprintf(list->problem, sizeof(list->problem), "%s", asking->json ? "" : asking->err.text);
	list->view.empty = *list->problem ? list->problem : list->ops->empty;
	if (!list->rows || !asking->json || !json_equal(list->rows, asking->json))
		list->pane.dirty = 1;
	if (asking->json) {
		json_free(list->rows);
		list->rows = asking->json;
		asking->json = NULL;
	}
	if (list->ops->take)
		list->ops->take(list, asking);
	fill(list);
	console_dirty(list->pane.console); /* the head line counts them */
}

void list_pane_look(struct list_pane *list)
{
	struct console *console = list->pane.console;
	struct gate *gate = console_gate(console);

	if (!gate && !(list->ops->asks_every_s && console_estate(console)))
		return;
	struct asking *asking = asking_new(console, &list->asking, list, list->ops->ask, answered);

	list->version = gate ? gate_version(gate) : 0;
	list->looked_ns = clock_monotonic_ns();
	if (list->ops->prepare)
		list->ops->prepare(list, asking);
	asking_send(asking);
}

static int recalc(struct pane *pane)
{
	struct list_pane *list = of(pane);
	struct gate *gate = console_gate(pane->console);
	int64_t every_ns = list->ops->asks_every_s * CLOCK_SECOND_NS;

	if (list->asking)
		return 0;
	if (!list->looked_ns || (every_ns ? clock_monotonic_ns() - list->looked_ns > every_ns : gate && gate_version(gate) != list->version))
		list_pane_look(list);
	return 0;
}

static void draw(struct pane *pane, struct rect area)
{
	struct list_pane *list = of(pane);

	/* Not at each key: a long list costs more than a key may. */
	if (list->step_ns && clock_now_ns() - list->made_ns >= list->step_ns)
		fill(list);
	list_view_draw(&list->view, pane, area);
}

static int64_t next_change(struct pane *pane)
{
	struct list_pane *list = of(pane);
	int64_t left = list->step_ns - (clock_now_ns() - list->made_ns);

	return !list->step_ns ? 0 : left > 0 ? left : 1;
}

/* --- commands --- */

static struct pane *opened(struct list_pane *list)
{
	const struct list_row *row = list_view_at_cursor(&list->view);

	return row && list->ops->open ? list->ops->open(list, row, list_pane_item(list, row)) : NULL;
}

static void open_row(struct list_pane *list)
{
	console_push(list->pane.console, opened(list));
}

static struct pane *preview(struct pane *pane, char *key, size_t size, int make)
{
	const struct list_row *row = list_view_at_cursor(&of(pane)->view);

	snprintf(key, size, "%s", row && of(pane)->ops->open ? row->id : "");
	return make && row ? opened(of(pane)) : NULL;
}

static int run(struct list_pane *list, const struct list_command *wanted)
{
	const struct list_row *row = list_view_at_cursor(&list->view);

	if (row || !wanted->needs_row)
		wanted->run(list, row, list_pane_item(list, row));
	return 1;
}

static int command(struct pane *pane, const struct command *what)
{
	struct list_pane *list = of(pane);
	const struct list_command *wanted = list->ops->commands;

	if (list_view_command(&list->view, pane, what))
		return 1;
	if (!strcmp(what->name, "global.refresh")) {
		list_pane_look(list);
		return 1;
	}
	for (; wanted->name; wanted++)
		if (!strcmp(wanted->name, what->name))
			return run(list, wanted);
	if (strcmp(what->name, "table.open") != 0)
		return 0;
	open_row(list);
	return 1;
}

static int offers(const struct pane *pane, const struct command *what)
{
	const struct list_pane *list = (const struct list_pane *)pane;
	const struct list_row *row = list_view_at_cursor(&list->view);

	for (const struct list_command *own = list->ops->commands; own->name; own++)
		if (!strcmp(own->name, what->name))
			return row || !own->needs_row;
	return strcmp(what->name, "table.open") != 0 || (row && list->ops->open);
}

static int key(struct pane *pane, int pressed)
{
	return list_view_key(&of(pane)->view, pane, pressed);
}

static void mouse(struct pane *pane, struct rect area, int y, int x, int button)
{
	(void)area;
	(void)x;
	if (list_view_mouse(&of(pane)->view, pane, y, button))
		open_row(of(pane));
}

static void title(struct pane *pane, char *out, size_t size)
{
	snprintf(out, size, "%s", pane->ops->name);
}

static void status(struct pane *pane, char *out, size_t size)
{
	list_view_status(&of(pane)->view, out, size);
}

static void dump(struct pane *pane, struct text *out)
{
	list_view_dump(&of(pane)->view, out);
}

struct list_pane *list_pane_new(struct console *console, const struct list_pane_ops *ops, size_t size)
{
	struct list_pane *list = mem_zero(1, size);

	list->pane_ops = (struct pane_ops){
		.name = ops->name,
		.context = ops->name,
		.close = close_list,
		.recalc = recalc,
		.draw = draw,
		.command = command,
		.key = key,
		.mouse = mouse,
		.title = ops->title ? ops->title : title,
		.status = ops->status ? ops->status : status,
		.target = ops->target,
		.offers = offers,
		.preview = preview,
		.next_change = next_change,
		.dump = dump,
	};
	list->pane = (struct pane){ .ops = &list->pane_ops, .console = console };
	list->ops = ops;
	list_view_init(&list->view, ops->columns, ops->column_count, "loading …");
	return list;
}
