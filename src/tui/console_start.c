/* console_start.c - what is opened after the first frame: the rooms and what lies beside them in files, by a worker, for a disk may be slow and a
 * database held by another. What is typed meanwhile waits and is taken then; leaving never waits. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/loop.h"
#include "base/mem.h"
#include "estate/estate.h"
#include "gate/gate.h"
#include "gate/session.h"
#include "tui/console_private.h"
#include "tui/screen/handover.h"
#include "tui/screen/line_edit.h"
#include "tui/screen/theme.h"
#include "tui/views/fleet.h"
#include "tui/views/series_store.h"

enum { HELD_MAX = 4096, SLOW_MS = 400 };

struct opening {
	struct job job;
	struct console *console;
	struct session *session;
	struct session_rooms rooms;
	char *folder, **themes;
	int theme_watch;
	struct error err;
	/* main thread */
	int timer, told;
	int *held;
	size_t held_count;
};

static struct opening *opening_new(struct console *console)
{
	struct opening *opening = mem_zero(1, sizeof(*opening));

	opening->console = console;
	opening->session = console->session;
	opening->theme_watch = -1;
	return opening;
}

static void open_all(struct job *job)
{
	struct opening *opening = (struct opening *)job;

	session_open(opening->session, &opening->rooms, &opening->err);
	if (opening->rooms.estate)
		estate_accounts(opening->rooms.estate, NULL, NULL, 0);
	opening->folder = fleet_find_folder(session_config(opening->session));
}

static void open_beside(struct job *job)
{
	struct opening *opening = (struct opening *)job;

	open_all(job);
	line_edit_prepare(CHAT_HISTORY);
	opening->themes = theme_names();
	opening->theme_watch = themes_watch();
}

/* --- when all is there --- */

static void note_problem(struct console *console, const char *text)
{
	if (*console->problem)
		return;
	snprintf(console->problem, sizeof(console->problem), "%s", text);
	console->all_dirty = 1;
}

/* What is said already comes first. */
static void welcome(struct console *console)
{
	const char *words = console->config ? config_get(console->config, "ui.welcome") : NULL;

	if (words && *words && !*console->message && !*console->problem)
		console_say(console, STYLE_ACCENT, "%s", words);
}

static void take_rooms(struct console *console, struct opening *opening)
{
	console->estate = opening->rooms.estate;
	console->gate = opening->rooms.gate;
	console->store = opening->rooms.store;
	console->fleet_folder = opening->folder;
	if (console->gate)
		gate_set_terminal(console->gate, handover_terminal(console->handover));
	else
		note_problem(console, opening->err.text);
	console_take_accounts(console);
	console->news = 1;
	console->all_dirty = 1;
	welcome(console);
}

void console_open_rooms(struct console *console)
{
	struct opening *opening = opening_new(console);

	open_all(&opening->job);
	take_rooms(console, opening);
	free(opening);
}

static void take_beside(struct console *console, struct opening *opening)
{
	struct error err = { 0 };

	if (console->store && *session_notice(console->session)) /* a damaged database set aside, one that cannot be written */
		console_say(console, STYLE_WARNING, "%s", session_notice(console->session));
	if (console->open_at_start && console_open(console, console->open_at_start, &err))
		console_say_error(console, &err);
	console_take_themes(console, opening->themes, opening->theme_watch);
	console_watch_others(console);
	series_store_begin(console);
	malloc_trim(0); /* what reading the data files took */
}

static void drop(struct opening *opening)
{
	free(opening->folder);
	file_free_list(opening->themes);
	if (opening->theme_watch >= 0)
		close(opening->theme_watch);
}

static void opened(struct job *job)
{
	struct opening *opening = (struct opening *)job;
	struct console *console = opening->console;

	loop_remove_timer(console->loop, opening->timer);
	console->opening = NULL;
	if (console->ended) {
		drop(opening);
	} else {
		if (opening->told)
			*console->message = 0;
		take_rooms(console, opening);
		take_beside(console, opening);
		for (size_t i = 0; i < opening->held_count; i++)
			console_take_key(console, opening->held[i]);
	}
	free(opening->held);
	free(opening);
}

static void on_slow(void *arg)
{
	struct opening *opening = arg;

	opening->told = 1;
	console_say(opening->console, STYLE_DIM, "opening the database and the data files …");
}

void console_start(struct console *console)
{
	struct opening *opening = console->opening = opening_new(console);

	opening->job = (struct job){ .run = open_beside, .done = opened };
	opening->timer = loop_add_timer(console->loop, SLOW_MS, on_slow, opening);
	console_submit(console, &opening->job);
}

/* --- keys that came before --- */

static int works_before(struct console *console, int key)
{
	static const char *const names[] = { "global.quit", "global.quit_now", "global.repaint", "global.suspend" };
	struct pane *top = console_top(console);
	const struct command *command = top ? keymap_find(console->keymap, pane_context(top), key) : NULL;

	/* A letter may be meant for what the keys before it open. */
	if (!command || (console->opening->held_count && !(key & K_CTRL)))
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i], command->name))
			return 1;
	return 0;
}

int console_hold_key(struct console *console, int key)
{
	struct opening *opening = console->opening;

	if (!opening || works_before(console, key))
		return 0;
	if (key == K_MOUSE || opening->held_count == HELD_MAX) /* where a click was is not kept */
		return 1;
	opening->held = mem_grow(opening->held, opening->held_count + 1, sizeof(*opening->held));
	opening->held[opening->held_count++] = key;
	return 1;
}
