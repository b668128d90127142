/* console_print.c - the first screen as text, for a pipe or a job: asks once, waits a little for the answers, prints. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/loop.h"
#include "tui/console_private.h"

enum { WAIT_MS = 8000, LOOK_MS = 20 };

struct waiting {
	struct console *console;
	int left_ms;
};

static void look(void *arg)
{
	struct waiting *waiting = arg;
	struct pane *top = console_top(waiting->console);

	waiting->left_ms -= LOOK_MS;
	if (top && (waiting->left_ms <= 0 || dashboard_ready(top)))
		loop_stop(waiting->console->loop);
	else
		loop_add_timer(waiting->console->loop, LOOK_MS, look, waiting);
}

int console_print(struct session *session, int columns, int rows, struct error *err)
{
	if (screen_begin_text(columns, rows, err))
		return -1;
	struct console *console = console_new(session);
	struct waiting waiting = { .console = console, .left_ms = WAIT_MS };

	console_push(console, dashboard_new(console));
	console_open_rooms(console);
	loop_add_timer(console->loop, LOOK_MS, look, &waiting);
	loop_run(console->loop);
	console->all_dirty = 1;
	console_paint(console);
	char *text = screen_dump();

	fputs(text, stdout);
	fflush(stdout);
	free(text);
	console_free(console);
	screen_end();
	return 0;
}
