/* console.c - the loop: what is shown, keys, messages. The panes are in console_panes.c, signals in console_signals.c, what is drawn around the
 * panes is in console_frame.c, what commands do in console_commands.c, opening by name in console_open.c, acting in console_act.c. */
#include "tui/console.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "estate/estate.h"
#include "gate/gate.h"
#include "gate/session.h"
#include "tui/console_private.h"
#include "tui/screen/handover.h"
#include "tui/views/series.h"
#include "tui/views/series_store.h"

enum { NEWS_EVERY_MS = 105, /* ten paints a second at most */ TICK_AFTER_MS = 60, KEYS_A_TURN = 4096, RECORD_MAX = 16 * 1024 * 1024, SHOWN_MAX = 3 + DIALOGS_MAX };

/* --- messages and jobs --- */

void console_say(struct console *console, int style, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(console->message, sizeof(console->message), format, args);
	va_end(args);
	console->message_style = (enum style)style;
	console->dirty = 1;
}

void console_say_error(struct console *console, const struct error *err)
{
	console_say(console, STYLE_CRITICAL, "%s", err->text);
}

static struct jobs *workers(struct console *console)
{
	return console->ended ? NULL : session_jobs(console->session, NULL);
}

void console_submit(struct console *console, struct job *job)
{
	struct jobs *jobs = workers(console);

	if (jobs) {
		jobs_submit(jobs, job);
		return;
	}
	atomic_store(&job->cancelled, 1);
	if (job->done)
		job->done(job);
	else
		free(job);
}

int console_spawn(struct console *console, struct job *job)
{
	struct jobs *jobs = workers(console);

	return jobs ? jobs_spawn(jobs, job) : -1;
}

/* --- what is shown, in order --- */

static size_t shown_panes(struct console *console, struct pane *out[SHOWN_MAX])
{
	size_t count = 0;

	for (int half = 0; half < 2; half++) {
		struct stack *stack = &console->stacks[half];
		int hidden = half != console->focus && (!console->split || console->zoom);

		if (stack->count && !hidden)
			out[count++] = stack->panes[stack->count - 1];
	}
	if (console->side)
		out[count++] = console->side;
	for (size_t i = 0; i < console->dialog_count; i++)
		out[count++] = console->dialogs[i];
	return count;
}

static void on_news_time(void *arg)
{
	struct console *console = arg;

	console->news_timer = 0; /* the turn that follows looks again */
}

static void look_again(struct console *console)
{
	struct pane *panes[SHOWN_MAX];

	console->news = 0;
	console_take_accounts(console);
	for (size_t i = shown_panes(console, panes); i > 0; i--)
		if (panes[i - 1]->ops->recalc && panes[i - 1]->ops->recalc(panes[i - 1]))
			panes[i - 1]->dirty = 1;
}

/* Data news are looked at ten times a second at most; keys never wait for this. */
static void take_news(struct console *console)
{
	int64_t waited_ms = (clock_monotonic_ns() - console->painted_news_ns) / 1000000;

	if (!console->news || console->news_timer)
		return;
	if (waited_ms < NEWS_EVERY_MS) {
		console->news_timer = loop_add_timer(console->loop, NEWS_EVERY_MS - waited_ms, on_news_time, console);
		return;
	}
	console->painted_news_ns = clock_monotonic_ns();
	look_again(console);
}

static void record_frame(struct console *console)
{
	char *frame = console->recording ? screen_dump() : NULL;

	if (!frame)
		return;
	text_add(&console->record, frame);
	text_add(&console->record, "\f\n");
	free(frame);
}

static void on_tick(void *arg)
{
	struct console *console = arg;
	struct pane *panes[SHOWN_MAX];

	console->tick_timer = 0;
	console->dirty = 1;
	for (size_t i = shown_panes(console, panes); i > 0; i--)
		if (panes[i - 1]->ops->next_change)
			panes[i - 1]->dirty = PANE_DIRTY_ALL; /* what did not change sends nothing */
}

/* One timer for whatever text changes next by itself: an age, or the clock's minute. */
static void set_tick(struct console *console)
{
	struct pane *panes[SHOWN_MAX];
	int64_t minute = 60 * CLOCK_SECOND_NS, least = minute - clock_now_ns() % minute;

	for (size_t i = shown_panes(console, panes); i > 0; i--) {
		int64_t next = panes[i - 1]->ops->next_change ? panes[i - 1]->ops->next_change(panes[i - 1]) : 0;

		if (next > 0 && next < least)
			least = next;
	}
	if (console->tick_timer)
		loop_remove_timer(console->loop, console->tick_timer);
	/* At whole seconds: however many ages there are, they change together, and with the rows that were due then, if there were news of them. */
	int64_t now = clock_now_ns(), due = (now + least + CLOCK_SECOND_NS - 1) / CLOCK_SECOND_NS * CLOCK_SECOND_NS;

	console->tick_timer = loop_add_timer(console->loop, (due - now) / 1000000 + TICK_AFTER_MS, on_tick, console);
}

static int is_dirty(struct console *console)
{
	struct pane *panes[SHOWN_MAX];

	if (console->all_dirty || console->dirty)
		return 1;
	for (size_t i = shown_panes(console, panes); i > 0; i--)
		if (panes[i - 1]->dirty)
			return 1;
	return 0;
}

static void on_readable(void *arg);

/* A shell has the terminal: its keys are not ours, and nothing is drawn. */
static void step_aside(void *arg)
{
	struct console *console = arg;

	loop_remove_fd(console->loop, screen_fd());
	screen_suspend();
}

static void come_back(void *arg)
{
	struct console *console = arg;

	screen_resume();
	loop_add_fd(console->loop, screen_fd(), on_readable, console);
	console->all_dirty = 1;
}

static void on_turn(void *arg)
{
	struct console *console = arg;

	console_free_closing(console);
	take_news(console);
	if (handover_turn(console->handover, step_aside, come_back, console) || !is_dirty(console))
		return;
	console_side_follow(console);
	console_free_closing(console);
	console_paint(console);
	screen_flush();
	record_frame(console);
	set_tick(console);
}

static atomic_int there_is_news; /* of the rooms */

static void on_wake(void *arg)
{
	struct console *console = arg;
	struct jobs *jobs = workers(console);

	size_t answers = jobs ? jobs_collect(jobs) : 0;

	console_hear_others(console);
	/* Only answers to what was asked: they are looked at now, in place of being woken for them once more. */
	if (!atomic_exchange(&there_is_news, 0) && answers && !console->news && !console->ended)
		look_again(console);
	else
		console->news = 1;
}

/* From any thread. */
static void on_news(void *loop)
{
	atomic_store(&there_is_news, 1);
	loop_wake(loop);
}

/* --- keys --- */

static void on_mouse(struct console *console)
{
	int y, x, button;

	screen_mouse(&y, &x, &button);
	if (console->split && !console->zoom && !console->dialog_count) {
		int half = x >= console_area(console, 1).x;

		if (half != console->focus)
			console->all_dirty = 1;
		console->focus = half;
	}
	struct pane *pane = console_focused(console);
	struct rect area = console_area(console, console->focus), side = console_area(console, SIDE);

	if (console->side && !console->dialog_count && x >= side.x) {
		pane = console->side;
		area = side;
	}
	if (pane && pane->ops->mouse && y >= area.y && y < area.y + area.rows)
		pane->ops->mouse(pane, area, y - area.y, x - area.x, button);
}

static void on_key(struct console *console, int key)
{
	struct pane *pane = console_focused(console);

	console->last_key = key;
	if (*console->message) {
		*console->message = 0;
		console->dirty = 1;
	}
	if (key == K_MOUSE) {
		on_mouse(console);
		return;
	}
	if (!pane)
		return;
	const struct command *command = keymap_find(console->keymap, pane_context(pane), key);

	if (command && pane->ops->command && pane->ops->command(pane, command))
		return;
	if (command && console_command(console, command))
		return;
	if (pane->ops->key && pane->ops->key(pane, key))
		return;
	if (!command && !pane->mode && !console->dialog_count && console_verb_key(console, key))
		return;
	/* Esc and a letter that came together over a slow line, where Alt and that letter mean nothing. */
	if (!command && key & K_ALT) {
		on_key(console, K_ESC);
		on_key(console, key & ~K_ALT);
	}
}

void console_take_key(struct console *console, int key)
{
	on_key(console, key);
	console_free_closing(console);
}

static void on_readable(void *arg)
{
	struct console *console = arg;
	int key, count = 0;

	/* All that waits, then one paint: a held key leaves no backlog. */
	while (count < KEYS_A_TURN && !console->ended && (key = screen_key()) != -1) {
		if (!console_hold_key(console, key))
			console_take_key(console, key);
		count++;
	}
	if (!count && screen_lost())
		loop_stop(console->loop);
}

/* --- beginning and end --- */

static void tell_key_problems(struct console *console, struct json *problems)
{
	const struct json *first = json_first(problems);

	if (first)
		console_say(console, STYLE_WARNING, "config.yaml: %s", json_text_or(json_get(first, "message"), "?"));
	for (; first; first = json_next(first))
		log_write(LOG_WARN, "keys", "%s", json_text_or(json_get(first, "message"), "?"));
	json_free(problems);
}

/* Never freed: the rooms may wake it from their threads until the session ends, after the console. */
static struct loop *the_loop;

struct console *console_new(struct session *session)
{
	struct console *console = mem_zero(1, sizeof(*console));
	struct json *problems = json_array();

	if (!the_loop)
		the_loop = loop_new();
	console->session = session;
	console->config = session_config(session);
	console->loop = the_loop;
	console->theme_watch = -1;
	console->series = series_book_new();
	console->handover = handover_new(the_loop);
	console->all_dirty = 1;
	session_set_news(session, on_news, loop_wake, the_loop);
	loop_on_wake(console->loop, on_wake, console);
	loop_on_turn(console->loop, on_turn, console);
	user_current(&console->user, console->config);
	console->keymap = keymap_new(console->config, problems);
	tell_key_problems(console, problems);
	text_init(&console->record, RECORD_MAX);
	return console;
}

/* Panes first, then the jobs, whose ends must find a console, then the console. */
void console_free(struct console *console)
{
	console->ended = 1;
	series_store_end(console);
	console_close_all(console);
	handover_close(console->handover);
	session_stop_jobs(console->session);
	if (console->gate)
		gate_set_terminal(console->gate, NULL);
	handover_free(console->handover);
	console_free_closing(console);
	console_drop_themes(console);
	console_forget_others(console);
	series_book_free(console->series);
	json_free(console->said);
	free(console->fleet_folder);
	keymap_free(console->keymap);
	text_release(&console->record);
	free(console);
}

static void save_record(struct console *console, const char *path)
{
	struct error err = { 0 };

	if (path && file_save(path, console->record.data, console->record.length, 0600, &err))
		log_write(LOG_WARN, "console", "%s", err.text);
}

int console_run(const struct console_options *options, struct error *err)
{
	mallopt(M_ARENA_MAX, 2); /* a heap a thread would keep what its largest list took */
	mallopt(M_MMAP_THRESHOLD, 64 << 10); /* what is large goes back when it is freed, and leaves no holes */
	mallopt(M_TRIM_THRESHOLD, 64 << 10);
	if (screen_begin(err))
		return -1;
	struct console *console = console_new(options->session);
	struct loop *loop = console->loop;

	console->open_at_start = options->open;
	console->recording = options->record != NULL;
	if (config_get_bool(console->config, "ui.ascii", 0))
		screen_set_ascii();
	console_first_theme(console);
	screen_set_mouse(config_get_bool(console->config, "ui.mouse", 1));
	console_listen_to_signals(console);
	loop_add_fd(loop, screen_fd(), on_readable, console);
	console_push(console, dashboard_new(console));
	on_turn(console); /* the first frame, before anything is opened */
	console_start(console);
	loop_run(loop);
	screen_end();
	save_record(console, options->record);
	console_free(console);
	return 0;
}
