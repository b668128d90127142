/* console_signals.c - another size, the end, to the shell and back. */
#include <signal.h>
#include <unistd.h>

#include "base/loop.h"
#include "tui/console_private.h"
#include "tui/screen/handover.h"

static void on_resize(int number, void *arg)
{
	struct console *console = arg;

	(void)number;
	if (handover_is_lent(console->handover)) /* it looks at the size itself; we when we come back */
		return;
	screen_resized();
	console->all_dirty = 1;
}

static void on_end(int number, void *arg)
{
	struct console *console = arg;

	(void)number;
	loop_stop(console->loop);
}

static void on_stop(int number, void *arg)
{
	struct console *console = arg;

	(void)number;
	if (!handover_is_lent(console->handover))
		console_suspend(console);
}

static void on_continue(int number, void *arg)
{
	struct console *console = arg;

	(void)number;
	if (handover_is_lent(console->handover))
		return;
	screen_resized();
	screen_repaint();
	console->all_dirty = 1;
}

void console_suspend(struct console *console)
{
	screen_suspend();
	loop_on_signal(console->loop, SIGTSTP, NULL, NULL);
	kill(0, SIGTSTP); /* the whole group, as the terminal does for ^Z; we go on here after SIGCONT */
	loop_on_signal(console->loop, SIGTSTP, on_stop, console);
	screen_resume();
	console->all_dirty = 1;
}

void console_listen_to_signals(struct console *console)
{
	struct loop *loop = console->loop;

	signal(SIGPIPE, SIG_IGN);
	loop_on_signal(loop, SIGWINCH, on_resize, console);
	loop_on_signal(loop, SIGTERM, on_end, console);
	loop_on_signal(loop, SIGINT, on_end, console);
	loop_on_signal(loop, SIGHUP, on_end, console);
	loop_on_signal(loop, SIGTSTP, on_stop, console);
	loop_on_signal(loop, SIGCONT, on_continue, console);
}
