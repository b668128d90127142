/* console_side.c - on a wide screen, what is under the cursor stands opened at the right. It follows the cursor when that has come to rest,
 * has no keys of its own, and gives way to a split. */
#include <stdio.h>
#include <string.h>

#include "base/loop.h"
#include "estate/provider.h"
#include "tui/console_private.h"
#include "tui/views/fleet.h"

enum { SIDE_LEAST_COLUMNS = 150, REST_MS = 200 };

int console_side_wanted(struct console *console)
{
	struct pane *top = console_top(console);

	return !console->side_off && !console->split && screen_size().columns >= SIDE_LEAST_COLUMNS && top && top->ops->preview;
}

int console_side_columns(int columns)
{
	return columns * 2 / 5;
}

void console_side_drop(struct console *console)
{
	if (console->side_timer)
		loop_remove_timer(console->loop, console->side_timer);
	console->side_timer = 0;
	*console->side_key = 0;
	console->side_of = NULL;
	if (!console->side)
		return;
	console_bury(console, console->side);
	console->side = NULL;
	console->all_dirty = 1;
}

static void on_rest(void *arg)
{
	struct console *console = arg;
	struct pane *top = console_top(console), *had = console->side;

	console->side_timer = 0;
	if (!console_side_wanted(console) || console->side_of != top)
		return;
	console->side = top->ops->preview(top, console->side_key, sizeof(console->side_key), 1);
	if (had)
		console_bury(console, had);
	if (console->side)
		console_show(console->side, 1);
	console->all_dirty = 1;
}

/* Before each paint. While the cursor moves the timer begins anew: a held key opens nothing. */
void console_side_follow(struct console *console)
{
	char key[SIDE_KEY_MAX] = "";
	struct pane *top = console_top(console);

	if (!console_side_wanted(console) || (console->side && console->side_of != top)) {
		console_side_drop(console);
		if (!console_side_wanted(console))
			return;
	}
	top->ops->preview(top, key, sizeof(key), 0);
	if (console->side_of == top && !strcmp(key, console->side_key))
		return;
	if (console->side_timer)
		loop_remove_timer(console->loop, console->side_timer);
	console->side_of = top;
	snprintf(console->side_key, sizeof(console->side_key), "%s", key);
	console->side_timer = loop_add_timer(console->loop, REST_MS, on_rest, console);
}

/* Takes it out, to be the other half of a split; NULL none. */
struct pane *console_side_take(struct console *console)
{
	struct pane *side = console->side;

	console->side = NULL;
	console_side_drop(console);
	return side;
}

struct pane *console_preview_target(struct pane *pane, char *key, size_t size, int make)
{
	struct ref ref;

	*key = 0;
	if (!pane->ops->target || !pane->ops->target(pane, &ref))
		return NULL;
	ref_format(&ref, key, size);
	if (!make)
		return NULL;
	return fleet_is_finding(&ref) ? fleet_file_new(pane->console, &ref) : detail_new(pane->console, &ref);
}
