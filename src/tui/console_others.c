/* console_others.c - what other consoles and command lines on the same database did is seen here too: the log of the database is watched, and what
 * waits, ran or was written down is looked at again when there are entries we have not seen. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/jobs.h"
#include "base/loop.h"
#include "base/mem.h"
#include "gate/gate.h"
#include "gate/session.h"
#include "store/store.h"
#include "tui/console_private.h"

enum { REST_MS = 300, EVENTS_BYTES = 4096 };

struct look {
	struct job job;
	struct gate *gate;
};

static void run(struct job *job)
{
	gate_look_outside(((struct look *)job)->gate);
}

static void done(struct job *job)
{
	free(job);
}

static void on_rest(void *arg)
{
	struct console *console = arg;
	struct look *look = mem_zero(1, sizeof(*look));

	console->others_timer = 0;
	look->job = (struct job){ .run = run, .done = done };
	look->gate = console->gate;
	console_submit(console, &look->job);
}

/* Our own writes come by here too: one look for all of a while, and it costs a count. */
static void on_written(void *arg)
{
	struct console *console = arg;
	char events[EVENTS_BYTES];

	while (read(console->others_watch, events, sizeof(events)) > 0)
		;
	if (!console->others_timer)
		console->others_timer = loop_add_timer(console->loop, REST_MS, on_rest, console);
}

/* Best effort: without inotify, or where the database is no file, others are seen when something here changes. */
void console_watch_others(struct console *console)
{
	struct store *store = session_store(console->session, NULL);
	char path[4096];

	if (!console->gate || !store || !store_path(store))
		return;
	console->others_watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (console->others_watch < 0)
		return;
	snprintf(path, sizeof(path), "%s-wal", store_path(store));
	if (inotify_add_watch(console->others_watch, path, IN_MODIFY) < 0) {
		console_forget_others(console);
		return;
	}
	loop_add_fd(console->loop, console->others_watch, on_written, console);
	on_rest(console); /* what is known from now on */
}

void console_forget_others(struct console *console)
{
	if (console->others_timer)
		loop_remove_timer(console->loop, console->others_timer);
	if (console->others_watch >= 0)
		close(console->others_watch);
	console->others_timer = 0;
	console->others_watch = -1;
}
