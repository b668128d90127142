/* refused.c - who has few rights is not wrong: what an account does not let us see is one dim line, "no right to list
 * nodes, secrets", below what is critical, and Enter says all of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "estate/kind.h"
#include "tui/dashboard/private.h"
#include "tui/text/text_pane.h"

enum { NAMES_ROOM = ITEM_TEXT - 80, DETAILS_MAX = 64 * 1024 };

static struct item *find_line(struct dashboard *dashboard, size_t widget, const char *account)
{
	for (size_t i = 0; i < dashboard->item_count; i++) {
		struct item *item = &dashboard->items[i];

		if (item->is_refusal && item->widget == widget && !strcmp(item->account, account))
			return item;
	}
	return NULL;
}

static struct item *new_line(struct dashboard *dashboard, size_t widget, const struct source *source)
{
	struct item *item = dashboard_add_item(dashboard, widget);

	if (!item)
		return NULL;
	item->is_failure = item->is_refusal = 1; /* its reason has the room of scope and age */
	item->rank = source->is_current ? severity_rank("high") : 0;
	item->style = STYLE_DIM;
	item->mark = screen_glyph(GLYPH_CIRCLE);
	snprintf(item->severity, sizeof(item->severity), "unseen");
	snprintf(item->what, sizeof(item->what), "%.120s", source->account);
	snprintf(item->kind, sizeof(item->kind), "%.63s", source->kind->name);
	snprintf(item->account, sizeof(item->account), "%s", source->account);
	return item;
}

/* Until the end, `why` holds the names alone and `count` how many are seen in part. */
void dashboard_add_refusal(struct dashboard *dashboard, size_t widget, const struct source *source, const struct feed_status *status)
{
	struct item *item = find_line(dashboard, widget, source->account);
	size_t used;

	if (!item)
		item = new_line(dashboard, widget, source);
	if (!item)
		return;
	if (status->state != FEED_FAILED) {
		item->count++;
		return;
	}
	used = strlen(item->why);
	if (used < NAMES_ROOM)
		snprintf(item->why + used, sizeof(item->why) - used, "%s%.60s", used ? ", " : "", source->kind->name);
	else if (strcmp(item->why + used - 3, "...") != 0)
		snprintf(item->why + used, sizeof(item->why) - used, ", ...");
}

void dashboard_end_refusals(struct dashboard *dashboard, size_t first)
{
	for (size_t i = first; i < dashboard->item_count; i++) {
		struct item *item = &dashboard->items[i];
		char names[ITEM_TEXT], part[64] = "";

		if (!item->is_refusal)
			continue;
		memcpy(names, item->why, sizeof(names));
		if (item->count)
			snprintf(part, sizeof(part), "%zu kind%s seen in part", item->count, item->count > 1 ? "s" : "");
		snprintf(item->why, sizeof(item->why), "%s%.190s%s%s", *names ? "no right to list " : "", names, *names && *part ? "; " : "",
			part);
		item->count = 0;
	}
}

static void add_errors(struct text *text, const struct source *source)
{
	struct feed_status status;
	struct json *errors = feed_errors(source->feed);

	feed_status(source->feed, &status);
	if (status.refused && status.state == FEED_FAILED)
		text_format(text, "%-26s %s\n", source->kind->name, status.error);
	for (const struct json *error = json_first(errors); status.refused && error; error = json_next(error))
		text_format(text, "%-26s %s\n", source->kind->name, json_text_or(json_get(error, "message"), ""));
	json_free(errors);
}

struct pane *dashboard_refusal(struct dashboard *dashboard, const struct item *item)
{
	struct text text;

	text_init(&text, DETAILS_MAX);
	text_format(&text, "What %s does not let us see. Everything else on the screen is as it is there.\n\n", item->account);
	for (size_t i = 0; i < dashboard->source_count; i++)
		if (!strcmp(dashboard->sources[i].account, item->account))
			add_errors(&text, &dashboard->sources[i]);
	struct pane *pane = text_pane_new(dashboard->pane.console, "rights", text.data, TEXT_PLAIN);

	text_release(&text);
	return pane;
}
