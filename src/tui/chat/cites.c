/* cites.c - what an answer names can be opened: its evidence, resources, plans and runs; and what one would do next. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "estate/provider.h"
#include "tui/chat/next.h"
#include "tui/chat/private.h"
#include "tui/console.h"
#include "tui/screen/line_edit.h"
#include "tui/text/text_pane.h"

enum { EVIDENCE_MAX = 4 << 20 };

const struct json *chat_turn_at(const struct chat *chat, size_t i)
{
	return i < chat->turn_count ? chat->turns[i] : chat->now;
}

static void do_next(struct chat *chat, const struct json *turn, const char *word)
{
	chat_next(chat->pane.console, turn, word, chat->begun, sizeof(chat->begun));
	if (!*chat->begun)
		return;
	chat->links.marked = -1;
	chat_changed(chat);
}

static void open_evidence(struct chat *chat, const struct chat_link *link)
{
	const struct json *row = chat_evidence(chat_turn_at(chat, link->turn), link->id);
	struct text yaml;
	char title[120];

	if (!row) {
		console_say(chat->pane.console, STYLE_WARNING, "%s is not kept", link->id);
		return;
	}
	text_init(&yaml, EVIDENCE_MAX);
	text_format(&yaml, "# %s: %s\n# read by %s%s\n", link->id, json_text_or(json_get(row, "summary"), ""), json_text_or(json_get(row, "source"), "?"),
		json_type(json_get(json_get(row, "result"), "cut_at")) != JSON_NULL ? "; only the first rows are kept" : "");
	yaml_format(row, &yaml);
	snprintf(title, sizeof(title), "evidence %.100s", link->id);
	console_push(chat->pane.console, text_pane_new(chat->pane.console, title, yaml.data, TEXT_YAML));
	text_release(&yaml);
}

void chat_open_cite(struct chat *chat, size_t which)
{
	struct console *console = chat->pane.console;
	const struct chat_link *link = which < chat->links.count ? &chat->links.links[which] : NULL;
	struct ref ref;

	if (!link)
		return;
	if (link->type == CHAT_EVIDENCE)
		open_evidence(chat, link);
	else if (link->type == CHAT_NEXT)
		do_next(chat, chat_turn_at(chat, link->turn), link->id);
	else if (link->type == CHAT_PLAN)
		console_push(console, plan_new_pane(console, link->id));
	else if (link->type == CHAT_RUN)
		console_push(console, run_new(console, link->id));
	else if (!ref_parse(link->id, &ref))
		console_push(console, detail_new(console, &ref));
	else
		console_say(console, STYLE_WARNING, "%s is not a resource that can be opened", link->id);
}

/* "e3" and Enter opens evidence of the last answer. */
int chat_is_evidence_word(struct chat *chat, const char *words)
{
	if (*words != 'e' || !words[1] || words[1 + strspn(words + 1, "0123456789")])
		return 0;
	for (size_t i = chat->links.count; i > 0; i--) {
		if (chat->links.links[i - 1].type != CHAT_EVIDENCE || strcmp(chat->links.links[i - 1].id, words) != 0)
			continue;
		chat_open_cite(chat, i - 1);
		return 1;
	}
	return 0;
}

/* Not before readline is done with the line that was sent. */
void chat_put_begun(struct chat *chat)
{
	if (*chat->begun)
		line_edit_set(chat->edit, chat->begun);
	*chat->begun = 0;
}

/* "logs" and Enter, where the last answer offers it. */
int chat_is_next_word(struct chat *chat, const char *words)
{
	const struct json *last = chat->turn_count ? chat->turns[chat->turn_count - 1] : NULL;

	if (chat->talk || !last || !chat_next_has(last, words))
		return 0;
	do_next(chat, last, words);
	return 1;
}

/* Of the newest answer: the plan that waits for a look, else its first source. */
static long first_step(const struct chat_links *links)
{
	size_t newest = links->links[links->count - 1].turn, first = links->count;

	while (first > 0 && links->links[first - 1].turn == newest)
		first--;
	for (size_t i = first; i < links->count; i++)
		if (links->links[i].type == CHAT_PLAN)
			return (long)i;
	return (long)first;
}

void chat_step_cite(struct chat *chat, int by)
{
	long count = (long)chat->links.count;

	if (!count)
		return;
	if (chat->links.marked < 0)
		chat->links.marked = by > 0 ? first_step(&chat->links) : count - 1;
	else
		chat->links.marked = (chat->links.marked + by + count) % count;
	size_t line = chat->links.links[chat->links.marked].line;

	chat->view.follow = 0;
	if (line < chat->view.top || line >= chat->view.top + (size_t)chat->view.rows)
		chat->view.top = line > 2 ? line - 2 : 0;
	chat_changed(chat);
}

void chat_open_marked(struct chat *chat)
{
	if (chat->links.marked < 0)
		chat_step_cite(chat, 1);
	if (chat->links.marked >= 0)
		chat_open_cite(chat, (size_t)chat->links.marked);
	chat_put_begun(chat);
}
