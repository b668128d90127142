/* chat.c - the co-pilot: a question, what was understood, how it is looked into, what was found and from what. It reads; a change it finds
 * fitting becomes a plan that a person approves, like any other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"
#include "base/yaml.h"
#include "estate/estate.h"
#include "estate/snapshot.h"
#include "gate/gate.h"
#include "tui/asking.h"
#include "tui/chat/chat.h"
#include "tui/chat/next.h"
#include "tui/chat/talk.h"
#include "tui/chat/text.h"
#include "tui/chat/turns.h"
#include "tui/console_private.h"
#include "tui/pane.h"
#include "tui/screen/line_edit.h"
#include "tui/table/table_pane.h"
#include "tui/text/text_pane.h"
#include "tui/text/text_view.h"

enum { BODY_MAX = 4 << 20, TURNS_MAX = 200, WORDS_COLUMNS_MAX = 110, EVIDENCE_MAX = 4 << 20 };

struct chat {
	struct pane pane;
	struct text_view view;
	struct line_edit *edit;
	struct chat_links links;
	struct json *turns[TURNS_MAX]; /* ended */
	size_t turn_count;
	struct talk *talk;             /* under way, or NULL */
	struct json *now;              /* its turn, as last looked at */
	unsigned version;
	struct json *names;            /* on the screen below */
	struct asking *asking;
	char *waiting;                 /* words to be asked when the gate has opened */
	struct json *waiting_intent;
	int built_columns;
	char begun[700];               /* words to go on with, for the line */
};

static const struct pane_ops ops;

static struct chat *of(struct pane *pane)
{
	return (struct chat *)pane;
}

/* The next one that opens goes on from here. */
static void keep_turns(struct chat *chat)
{
	struct console *console = chat->pane.console;

	json_free(console->said);
	console->said = json_array();
	for (size_t i = 0; i < chat->turn_count; i++)
		json_add(console->said, chat->turns[i]);
}

static void take_turns(struct chat *chat)
{
	for (const struct json *turn = json_first(chat->pane.console->said); turn && chat->turn_count < TURNS_MAX; turn = json_next(turn))
		chat->turns[chat->turn_count++] = json_copy(turn);
}

/* Only our own: what one asks may name things. */
static void keep_history(struct console *console)
{
	size_t length = 0;
	char *bytes = line_edit_history(&length);

	if (bytes)
		console_save(console, mem_format("%s/" CHAT_HISTORY, file_state_folder()), bytes, length, 0);
}

static void close_chat(struct pane *pane)
{
	struct chat *chat = of(pane);

	talk_free(chat->talk);
	asking_stop(&chat->asking);
	keep_turns(chat);
	json_free(chat->now);
	json_free(chat->names);
	json_free(chat->waiting_intent);
	free(chat->waiting);
	free(chat->links.links);
	text_view_release(&chat->view);
	line_edit_free(chat->edit);
	keep_history(chat->pane.console);
	free(chat);
	screen_cursor(screen_size(), -1, 0);
}

static const struct json *turn_at(const struct chat *chat, size_t i)
{
	return i < chat->turn_count ? chat->turns[i] : chat->now;
}

/* --- asking --- */

static void changed(struct chat *chat)
{
	chat->built_columns = 0;
	chat->pane.dirty = 1;
}

static void make_room(struct chat *chat)
{
	if (chat->turn_count < TURNS_MAX)
		return;
	json_free(chat->turns[0]);
	memmove(chat->turns, chat->turns + 1, (TURNS_MAX - 1) * sizeof(*chat->turns));
	chat->turn_count--;
}

static void begin(struct chat *chat, const char *words, struct json *given)
{
	struct console *console = chat->pane.console;

	if (!console_gate(console)) {
		free(chat->waiting);
		chat->waiting = mem_text(words);
		json_free(chat->waiting_intent);
		chat->waiting_intent = given;
		return;
	}
	chat->talk = talk_start(console, words, json_copy(chat->names), given);
	if (!chat->talk) {
		console_say(console, STYLE_WARNING, "too much is under way: close some logs and ask again");
		return;
	}
	console_note_asked(console);
	chat->version = 0;
	chat->links.marked = -1;
	json_free(chat->now);
	chat->now = talk_turn(chat->talk);
	chat->view.follow = 1;
	changed(chat);
}

static void open_cite(struct chat *chat, size_t which);

/* "e3" and Enter opens evidence of the last answer. */
static int is_evidence_word(struct chat *chat, const char *words)
{
	if (*words != 'e' || !words[1] || words[1 + strspn(words + 1, "0123456789")])
		return 0;
	for (size_t i = chat->links.count; i > 0; i--) {
		if (chat->links.links[i - 1].type != CHAT_EVIDENCE || strcmp(chat->links.links[i - 1].id, words) != 0)
			continue;
		open_cite(chat, i - 1);
		return 1;
	}
	return 0;
}

static void do_next(struct chat *chat, const struct json *turn, const char *word)
{
	chat_next(chat->pane.console, turn, word, chat->begun, sizeof(chat->begun));
	if (!*chat->begun)
		return;
	chat->links.marked = -1;
	changed(chat);
}

/* Not before readline is done with the line that was sent. */
static void put_begun(struct chat *chat)
{
	if (*chat->begun)
		line_edit_set(chat->edit, chat->begun);
	*chat->begun = 0;
}

/* "logs" and Enter, where the last answer offers it. */
static int is_next_word(struct chat *chat, const char *words)
{
	const struct json *last = chat->turn_count ? chat->turns[chat->turn_count - 1] : NULL;

	if (chat->talk || !last || !chat_next_has(last, words))
		return 0;
	do_next(chat, last, words);
	return 1;
}

static void on_line(void *arg, const char *line)
{
	struct chat *chat = arg;

	line += strspn(line, " ");
	if (!*line && chat->links.marked >= 0)
		open_cite(chat, (size_t)chat->links.marked);
	else if (!*line || is_evidence_word(chat, line) || is_next_word(chat, line))
		;
	else if (chat->talk)
		console_say(chat->pane.console, STYLE_WARNING, "still at work: ^C stops it");
	else
		begin(chat, line, NULL);
}

/* One of its plans was run, or a run of one was undone: the conversation says so in its place. */
void chat_note_run(struct pane *pane, const struct plan *plan, const struct json *result)
{
	struct chat *chat = of(pane);
	int any = 0;

	if (pane->ops != &ops)
		return;
	for (size_t i = 0; i < chat->turn_count; i++)
		any |= chat_turn_ran(chat->turns[i], plan, result);
	if (any)
		changed(chat);
}

static void finish(struct chat *chat)
{
	struct console *console = chat->pane.console;
	struct plan *plan = talk_take_plan(chat->talk);
	const char *open = json_text_or(json_get(chat->now, "open"), "");
	struct error err = { 0 };

	talk_free(chat->talk);
	chat->talk = NULL;
	make_room(chat);
	chat->turns[chat->turn_count++] = chat->now;
	chat->now = NULL;
	if (plan && console_top(console) == &chat->pane)
		console_dialog(console, approve_dialog_new(console, plan));
	else
		plan_free(plan);
	if (*open && console_top(console) == &chat->pane && console_open(console, open, &err))
		console_say_error(console, &err);
}

static int recalc(struct pane *pane)
{
	struct chat *chat = of(pane);

	if (chat->waiting && console_gate(pane->console)) {
		char *words = chat->waiting;
		struct json *given = chat->waiting_intent;

		chat->waiting = NULL;
		chat->waiting_intent = NULL;
		begin(chat, words, given);
		free(words);
	}
	if (!chat->talk || talk_version(chat->talk) == chat->version)
		return 0;
	chat->version = talk_version(chat->talk);
	int ended = talk_stage(chat->talk) == TALK_DONE;

	json_free(chat->now);
	chat->now = talk_turn(chat->talk);
	if (ended)
		finish(chat);
	changed(chat);
	return 1;
}

/* --- sources --- */

static void open_evidence(struct chat *chat, const struct chat_link *link)
{
	const struct json *row = chat_evidence(turn_at(chat, link->turn), link->id);
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

static void open_cite(struct chat *chat, size_t which)
{
	struct console *console = chat->pane.console;
	const struct chat_link *link = which < chat->links.count ? &chat->links.links[which] : NULL;
	struct ref ref;

	if (!link)
		return;
	if (link->type == CHAT_EVIDENCE)
		open_evidence(chat, link);
	else if (link->type == CHAT_NEXT)
		do_next(chat, turn_at(chat, link->turn), link->id);
	else if (link->type == CHAT_PLAN)
		console_push(console, plan_new_pane(console, link->id));
	else if (link->type == CHAT_RUN)
		console_push(console, run_new(console, link->id));
	else if (!ref_parse(link->id, &ref))
		console_push(console, detail_new(console, &ref));
	else
		console_say(console, STYLE_WARNING, "%s is not a resource that can be opened", link->id);
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

static void step_cite(struct chat *chat, int by)
{
	long count = (long)chat->links.count;

	if (!count)
		return;
	chat->links.marked = chat->links.marked < 0 && by > 0 ? first_step(&chat->links) : (chat->links.marked + by + count) % count;
	size_t line = chat->links.links[chat->links.marked].line;

	chat->view.follow = 0;
	if (line < chat->view.top || line >= chat->view.top + (size_t)chat->view.rows)
		chat->view.top = line > 2 ? line - 2 : 0;
	changed(chat);
}

/* --- drawing --- */

static void build(struct chat *chat, int columns)
{
	if (chat->built_columns == columns)
		return;
	chat->built_columns = columns;
	chat->links.count = 0;
	text_view_clear(&chat->view);
	for (size_t i = 0; i < chat->turn_count + (chat->now != NULL); i++)
		chat_text_turn(&chat->view, turn_at(chat, i), i, &chat->links, columns);
	if (chat->view.count)
		return;
	text_view_words(&chat->view, STYLE_DIM, 0, columns, "Ask in plain words: why is checkout crashing in prod · show certificates · restart nginx on web-3", -1);
	text_view_words(&chat->view, STYLE_DIM, 0, columns, "It reads by itself; what would change something is shown first and needs your approval.", -1);
}

static void draw(struct pane *pane, struct rect area)
{
	struct chat *chat = of(pane);
	struct rect body = { .y = area.y, .x = area.x, .rows = area.rows - 2, .columns = area.columns };

	if (chat->talk)
		chat->built_columns = 0; /* elapsed time */
	build(chat, area.columns - 2 < WORDS_COLUMNS_MAX ? area.columns - 2 : WORDS_COLUMNS_MAX);
	text_view_draw(&chat->view, NULL, body);
	screen_hline(area, area.rows - 2, 0, area.columns, STYLE_DIM);
	screen_clear_line(area, area.rows - 1, 0);
	screen_put(area, area.rows - 1, 1, STYLE_ACCENT, screen_glyph(GLYPH_CRUMB));
	line_edit_draw(chat->edit, area, area.rows - 1, 3, area.columns - 4, console_top(pane->console) == pane);
}

static void visible(struct pane *pane, int is_visible)
{
	if (is_visible)
		line_edit_focus(of(pane)->edit);
	else
		screen_cursor(screen_size(), -1, 0);
}

static int64_t next_change(struct pane *pane)
{
	return of(pane)->talk ? CLOCK_SECOND_NS : 0;
}

/* --- commands --- */

static void send_line(struct chat *chat)
{
	line_edit_key(chat->edit, K_ENTER);
	put_begun(chat);
	chat->pane.dirty = 1;
}

static void stop(struct chat *chat)
{
	if (chat->talk) {
		talk_stop(chat->talk);
		console_say(chat->pane.console, STYLE_WARNING, "stopping");
	} else {
		line_edit_set(chat->edit, "");
	}
	chat->pane.dirty = 1;
}

static void leave(struct chat *chat)
{
	if (chat->links.marked >= 0) {
		chat->links.marked = -1;
		changed(chat);
		return;
	}
	console_close(chat->pane.console, &chat->pane);
}

static void clear(struct chat *chat)
{
	for (size_t i = 0; i < chat->turn_count; i++)
		json_free(chat->turns[i]);
	chat->turn_count = 0;
	chat->links.marked = -1;
	changed(chat);
}

static void copy(struct chat *chat)
{
	console_dump(chat->pane.console, &chat->pane);
}

static void next_cite(struct chat *chat)
{
	step_cite(chat, 1);
}

static void previous_cite(struct chat *chat)
{
	step_cite(chat, -1);
}

static void open_marked(struct chat *chat)
{
	if (chat->links.marked < 0)
		step_cite(chat, 1);
	if (chat->links.marked >= 0)
		open_cite(chat, (size_t)chat->links.marked);
	put_begun(chat);
}

static void page(struct chat *chat, const char *name)
{
	text_view_command(&chat->view, &chat->pane, command_find(name));
}

static void page_up(struct chat *chat)
{
	page(chat, "text.page_up");
}

static void page_down(struct chat *chat)
{
	page(chat, "text.page_down");
}

static const struct {
	const char *name;
	void (*run)(struct chat *chat);
} rows[] = {
	{ "chat.clear", clear },
	{ "chat.copy", copy },
	{ "chat.leave", leave },
	{ "chat.next_cite", next_cite },
	{ "chat.open_cite", open_marked },
	{ "chat.page_down", page_down },
	{ "chat.page_up", page_up },
	{ "chat.previous_cite", previous_cite },
	{ "chat.send", send_line },
	{ "chat.stop", stop },
};

static int command(struct pane *pane, const struct command *what)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (strcmp(rows[i].name, what->name) != 0)
			continue;
		rows[i].run(of(pane));
		return 1;
	}
	return 0;
}

static int key(struct pane *pane, int pressed)
{
	struct chat *chat = of(pane);

	if (pressed == ':' && !*line_edit_text(chat->edit)) { /* no question begins with it: away, as from any other view */
		console_dialog(pane->console, palette_new(pane->console, ""));
		return 1;
	}
	if (!line_edit_key(chat->edit, pressed))
		return 0;
	if (chat->links.marked >= 0) {
		chat->links.marked = -1;
		chat->built_columns = 0;
	}
	pane->dirty = 1;
	return 1;
}

static void mouse(struct pane *pane, struct rect area, int y, int x, int button)
{
	(void)area;
	(void)x;
	text_view_mouse(&of(pane)->view, pane, y, button);
}

static void title(struct pane *pane, char *out, size_t size)
{
	(void)pane;
	snprintf(out, size, "co-pilot");
}

static void status(struct pane *pane, char *out, size_t size)
{
	(void)pane;
	snprintf(out, size, "offline grammar · 0 tokens · $0.00");
}

static void dump(struct pane *pane, struct text *out)
{
	text_view_dump(&of(pane)->view, out);
}

static const struct pane_ops ops = {
	.name = "chat",
	.context = "chat",
	.close = close_chat,
	.recalc = recalc,
	.draw = draw,
	.command = command,
	.key = key,
	.mouse = mouse,
	.title = title,
	.status = status,
	.next_change = next_change,
	.dump = dump,
	.visible = visible,
};

static struct chat *make(struct console *console)
{
	struct chat *chat = mem_zero(1, sizeof(*chat));

	chat->pane = (struct pane){ .ops = &ops, .console = console };
	text_view_init(&chat->view, BODY_MAX, 1);
	chat->links.marked = -1;
	chat->edit = line_edit_new(on_line, chat);
	chat->names = chat_names(chat->pane.console, console_top(console));
	take_turns(chat);
	chat->view.follow = chat->turn_count > 0; /* it goes on at its end */
	return chat;
}

struct pane *chat_new(struct console *console, const char *words)
{
	struct chat *chat = make(console);

	if (words && *words)
		begin(chat, words, NULL);
	return &chat->pane;
}

struct pane *chat_new_intent(struct console *console, const char *title_words, struct json *intent)
{
	struct chat *chat = make(console);

	begin(chat, title_words, intent);
	return &chat->pane;
}
