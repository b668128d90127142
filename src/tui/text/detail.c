/* detail.c - everything known about one resource: its fields, why it is as it is, what happened to it, what depends on it, what changed.
 * Each part comes when its source has answered; one that fails says so in its place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "tui/asking.h"
#include "tui/console.h"
#include "tui/screen/format.h"
#include "tui/text/detail_private.h"

enum { BODY_MAX = 4 << 20, WORDS_COLUMNS_MAX = 120 };

static struct detail *of(struct pane *pane)
{
	return (struct detail *)pane;
}

static void close_detail(struct pane *pane)
{
	struct detail *detail = of(pane);

	for (int i = 0; i < PART_COUNT; i++) {
		asking_stop(&detail->parts[i].asking);
		json_free(detail->parts[i].json);
	}
	detail_drop_links(detail);
	text_view_release(&detail->view);
	free(detail);
}

static void draw(struct pane *pane, struct rect area)
{
	detail_ask_again(of(pane));
	detail_build(of(pane), area.columns - 4 < WORDS_COLUMNS_MAX ? area.columns - 4 : WORDS_COLUMNS_MAX);
	text_view_draw(&of(pane)->view, pane, area);
}

static int recalc(struct pane *pane)
{
	struct detail *detail = of(pane);

	if (!detail->parts[PART_FIELDS].came && !detail->parts[PART_FIELDS].asking)
		detail_ask(detail);
	return 0;
}

/* --- commands --- */

static const struct detail_link *link_at_cursor(const struct detail *detail)
{
	int at = text_view_link(&detail->view);

	return at >= 0 && at < detail->link_count ? &detail->links[at] : NULL;
}

static int offers(const struct pane *pane, const struct command *what)
{
	return strcmp(what->name, "text.open") != 0 || link_at_cursor((const struct detail *)pane);
}

static void open_link(struct detail *detail)
{
	const struct detail_link *link = link_at_cursor(detail);
	struct ref ref;

	if (!link)
		console_say(detail->pane.console, STYLE_DIM, "this line names nothing else");
	else if (link->is_container)
		console_push(detail->pane.console, logs_of_container(detail->pane.console, &detail->ref, link->text));
	else if (!ref_parse(link->text, &ref))
		console_push(detail->pane.console, detail_new(detail->pane.console, &ref));
}

static int command(struct pane *pane, const struct command *what)
{
	of(pane)->is_moved = 1;
	if (!strcmp(what->name, "text.open") && !pane->mode)
		open_link(of(pane));
	else if (!strcmp(what->name, "global.refresh"))
		detail_ask(of(pane));
	else
		return text_view_command(&of(pane)->view, pane, what);
	return 1;
}

static void mouse(struct pane *pane, struct rect area, int y, int x, int button)
{
	(void)area;
	(void)x;
	of(pane)->is_moved = 1;
	text_view_mouse(&of(pane)->view, pane, y, button);
}

static void title(struct pane *pane, char *out, size_t size)
{
	const struct ref *ref = &of(pane)->ref;

	snprintf(out, size, "%s %s%s%s", ref->kind, ref->namespace_, *ref->namespace_ ? "/" : "", ref->name);
}

static void status(struct pane *pane, char *out, size_t size)
{
	struct detail *detail = of(pane);
	int64_t observed = json_int(json_get(detail->parts[PART_FIELDS].json, "observed_ns"), 0), step = 0;
	char age[32];

	if (!observed) {
		snprintf(out, size, "%s", detail->parts[PART_FIELDS].came ? "failed" : "loading");
		return;
	}
	format_data_age(observed, clock_now_ns(), (int)(detail_interval_ns(detail, DETAIL_EVERY_S) / 1000000), age, sizeof(age), &step);
	snprintf(out, size, "age %s", age);
}

static int64_t next_change(struct pane *pane)
{
	struct detail *detail = of(pane);
	int64_t observed = json_int(json_get(detail->parts[PART_FIELDS].json, "observed_ns"), 0), step = 0;
	char age[32];

	if (observed)
		format_data_age(observed, clock_now_ns(), (int)(detail_interval_ns(detail, DETAIL_EVERY_S) / 1000000), age, sizeof(age), &step);
	detail_note_step(detail, step);
	detail_note_step(detail, detail_interval_ns(detail, DETAIL_EVERY_S));
	return detail->step_ns;
}

static int target(struct pane *pane, struct ref *ref)
{
	*ref = of(pane)->ref;
	return 1;
}

static const struct pane_ops ops = {
	.name = "detail",
	.context = "detail",
	.close = close_detail,
	.recalc = recalc,
	.draw = draw,
	.command = command,
	.key = text_view_pane_key,
	.mouse = mouse,
	.title = title,
	.status = status,
	.target = target,
	.offers = offers,
	.next_change = next_change,
	.dump = text_view_pane_dump,
};

struct pane *detail_new(struct console *console, const struct ref *ref)
{
	struct detail *detail = mem_zero(1, sizeof(*detail));

	detail->pane = (struct pane){ .ops = &ops, .console = console, .text = &detail->view };
	text_view_init(&detail->view, BODY_MAX, 0);
	detail->view.with_cursor = 1;
	detail->ref = *ref;
	detail_ask(detail);
	return &detail->pane;
}
