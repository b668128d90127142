/* console_themes.c - which theme, and its reloading when a file of the themes folders changes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/loop.h"
#include "tui/console_private.h"

enum { SLOW_LINE_BPS = 38400 }; /* pseudo-terminals call themselves 38,400: only what is below that is a real slow line */

int console_use_theme(struct console *console, const char *name, struct error *err)
{
	struct theme theme;

	if (theme_load(&theme, name, err))
		return -1;
	console->theme = theme;
	screen_set_theme(&theme);
	console->all_dirty = 1;
	return 0;
}

/* NO_COLOR (no-color.org): present and not empty. */
static int no_colour(void)
{
	const char *value = getenv("NO_COLOR");

	return value && *value;
}

/* ui.color; auto: what the terminal has. */
static const struct {
	const char *name;
	int colours;
} limits[] = { { "8", 8 }, { "16", 16 }, { "256", 256 }, { "true", 0 }, { "auto", 0 } };

static const char *choose(const struct console *console)
{
	const char *colour = config_get(console->config, "ui.color");

	for (size_t i = 0; colour && i < sizeof(limits) / sizeof(*limits); i++)
		if (!strcmp(limits[i].name, colour))
			screen_limit_colours(limits[i].colours);
	const char *wanted = config_get(console->config, "ui.theme");
	int speed = screen_speed();

	if (speed > 0 && speed < SLOW_LINE_BPS)
		return "low-bandwidth";
	if (no_colour() || !screen_colours() || (colour && !strcmp(colour, "none")))
		return "mono";
	return wanted && *wanted && strcmp(wanted, "auto") != 0 ? wanted : "dark";
}

void console_first_theme(struct console *console)
{
	struct error err = { 0 };

	if (!console_use_theme(console, choose(console), &err))
		return;
	console->theme = theme_plain;
	screen_set_theme(&console->theme);
	console_say(console, STYLE_WARNING, "%s", err.text);
}

static void on_change(void *arg)
{
	struct console *console = arg;
	char events[4096];
	struct error err = { 0 };

	while (read(console->theme_watch, events, sizeof(events)) > 0)
		;
	if (!strcmp(console->theme.name, theme_plain.name))
		return;
	char name[sizeof(console->theme.name)];

	snprintf(name, sizeof(name), "%s", console->theme.name);
	if (console_use_theme(console, name, &err))
		console_say_error(console, &err); /* the old one stays */
}

/* The operator's own ones, if there is a folder of them: letting go of a watch takes the kernel 10 ms and more, at the end of the
 * program. Best effort: without inotify a theme is loaded when it is chosen. */
void console_watch_themes(struct console *console)
{
	char path[4096];

	console->theme_watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (console->theme_watch < 0)
		return;
	snprintf(path, sizeof(path), "%s/themes", file_config_folder());
	if (inotify_add_watch(console->theme_watch, path, IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE) >= 0) {
		loop_add_fd(console->loop, console->theme_watch, on_change, console);
		return;
	}
	close(console->theme_watch);
	console->theme_watch = -1;
}
