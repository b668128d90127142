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
#include "base/text.h"
#include "gate/plan.h"
#include "tui/chat/chat.h"
#include "tui/chat/private.h"
#include "tui/chat/talk.h"
#include "tui/chat/turns.h"
#include "tui/console_private.h"
#include "tui/pane.h"
#include "tui/screen/line_edit.h"
#include "tui/text/text_view.h"

enum { BODY_MAX = 4 << 20, WORDS_COLUMNS_MAX = 110 };

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
	for (const struct json *turn = json_first(chat->pane.console->said); turn && chat->turn_count < CHAT_TURNS_MAX; turn = json_next(turn))
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

/* --- asking --- */

void chat_changed(struct chat *chat)
{
	chat->built_columns = 0;
	chat->pane.dirty = 1;
}

static void make_room(struct chat *chat)
{
	if (chat->turn_count < CHAT_TURNS_MAX)
		return;
	json_free(chat->turns[0]);
	memmove(chat->turns, chat->turns + 1, (CHAT_TURNS_MAX - 1) * sizeof(*chat->turns));
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
	chat_changed(chat);
}

static void on_line(void *arg, const char *line)
{
	struct chat *chat = arg;

	line += strspn(line, " ");
	if (!*line && chat->links.marked >= 0)
		chat_open_cite(chat, (size_t)chat->links.marked);
	else if (!*line || chat_is_evidence_word(chat, line) || chat_is_next_word(chat, line))
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
		chat_changed(chat);
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
	chat_changed(chat);
	return 1;
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
		chat_text_turn(&chat->view, chat_turn_at(chat, i), i, &chat->links, columns);
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
	chat_put_begun(chat);
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
		chat_changed(chat);
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
	chat_changed(chat);
}

static void copy(struct chat *chat)
{
	console_dump(chat->pane.console, &chat->pane);
}

static void next_cite(struct chat *chat)
{
	chat_step_cite(chat, 1);
}

static void previous_cite(struct chat *chat)
{
	chat_step_cite(chat, -1);
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
	{ "chat.open_cite", chat_open_marked },
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

static int offers(const struct pane *pane, const struct command *what)
{
	int is_of_cites = !strcmp(what->name, "chat.next_cite") || !strcmp(what->name, "chat.open_cite");

	return !is_of_cites || ((const struct chat *)pane)->links.count > 0;
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

static const struct pane_ops ops = {
	.name = "chat",
	.context = "chat",
	.close = close_chat,
	.recalc = recalc,
	.draw = draw,
	.command = command,
	.key = key,
	.mouse = text_view_pane_mouse,
	.title = title,
	.status = status,
	.offers = offers,
	.next_change = next_change,
	.dump = text_view_pane_dump,
	.visible = visible,
};

static struct chat *make(struct console *console)
{
	struct chat *chat = mem_zero(1, sizeof(*chat));

	chat->pane = (struct pane){ .ops = &ops, .console = console, .text = &chat->view };
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
