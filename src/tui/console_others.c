/* console_others.c - what other consoles and command lines on the same database did is seen here too: the database tells of their commits, and what
 * waits, ran or was written down is looked at again when there are entries we have not seen. */
#include <stdatomic.h>
#include <stdlib.h>

#include "base/jobs.h"
#include "base/loop.h"
#include "base/mem.h"
#include "gate/gate.h"
#include "store/store.h"
#include "tui/console_private.h"

enum { REST_MS = 300 };

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

/* In the store's thread. */
static atomic_int rang;

static void on_commit(void *loop)
{
	atomic_store(&rang, 1);
	loop_wake(loop);
}

/* One look for all that comes in a while, and it costs a count. */
void console_hear_others(struct console *console)
{
	if (atomic_exchange(&rang, 0) && !console->others_timer && !console->ended)
		console->others_timer = loop_add_timer(console->loop, REST_MS, on_rest, console);
}

/* Best effort: where the database is no file of this machine, others are seen when something here changes. */
void console_watch_others(struct console *console)
{
	if (!console->gate || !console->store || store_listen(console->store, on_commit, console->loop))
		return;
	console->hears_others = 1;
	on_rest(console); /* what is known from now on */
}

void console_forget_others(struct console *console)
{
	if (console->others_timer)
		loop_remove_timer(console->loop, console->others_timer);
	if (console->hears_others)
		store_listen(console->store, NULL, NULL);
	console->others_timer = console->hears_others = 0;
}
