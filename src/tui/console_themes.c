/* console_themes.c - which theme, the menu of them, and its reloading when a file of the operator's own folder changes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/loop.h"
#include "base/mem.h"
#include "tui/console_private.h"
#include "tui/dialog/choosers.h"

enum { THEMES_MAX = 64, SLOW_LINE_BPS = 38400 }; /* pseudo-terminals call themselves 38,400: only what is below that is a real slow line */

static void take_theme(struct console *console, const struct theme *theme)
{
	console->theme = *theme;
	screen_set_theme(theme);
	console->all_dirty = 1;
}

/* --- loaded by a worker: of several asked for, the last one counts --- */

struct loading {
	struct job job;
	struct console *console;
	unsigned number;
	char name[sizeof(((struct theme *)NULL)->name)];
	struct theme theme;
	int failed;
	struct error err;
};

static void load(struct job *job)
{
	struct loading *loading = (struct loading *)job;

	loading->failed = theme_load(&loading->theme, loading->name, &loading->err);
}

static void loaded(struct job *job)
{
	struct loading *loading = (struct loading *)job;
	struct console *console = loading->console;

	if (console->ended || loading->number != console->theme_number)
		;
	else if (loading->failed)
		console_say_error(console, &loading->err); /* the old one stays */
	else
		take_theme(console, &loading->theme);
	free(loading);
}

void console_use_theme(struct console *console, const char *name)
{
	struct loading *loading = mem_zero(1, sizeof(*loading));

	loading->job = (struct job){ .run = load, .done = loaded };
	loading->console = console;
	loading->number = ++console->theme_number;
	snprintf(loading->name, sizeof(loading->name), "%s", name);
	console_submit(console, &loading->job);
}

/* --- the first one: before anything is drawn --- */

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
	struct theme theme = theme_plain;
	struct error err = { 0 };

	if (theme_load(&theme, choose(console), &err))
		console_say(console, STYLE_WARNING, "%s", err.text);
	take_theme(console, &theme);
}

/* --- which there are --- */

struct looking {
	struct job job;
	struct console *console;
	struct theme_menu *menu; /* NULL: closed meanwhile */
	char **names;
};

struct theme_menu {
	struct pane *pane;
	struct looking *looking; /* NULL: done */
	char **names;            /* of its rows */
};

static void find(struct job *job)
{
	((struct looking *)job)->names = theme_names();
}

static int same_names(char **a, char **b)
{
	size_t i = 0;

	if (!a || !b)
		return a == b;
	while (a[i] && b[i] && !strcmp(a[i], b[i]))
		i++;
	return !a[i] && !b[i];
}

static void renew_menu(struct theme_menu *menu, struct console *console);

static void found(struct job *job)
{
	struct looking *looking = (struct looking *)job;
	struct console *console = looking->console;

	if (looking->menu)
		looking->menu->looking = NULL;
	if (!console->ended && looking->names && !same_names(looking->names, console->themes)) {
		file_free_list(console->themes);
		console->themes = looking->names;
		looking->names = NULL;
		if (looking->menu)
			renew_menu(looking->menu, console);
	}
	file_free_list(looking->names);
	free(looking);
}

static void release_menu(void *arg)
{
	struct theme_menu *menu = arg;

	if (menu->looking)
		menu->looking->menu = NULL;
	file_free_list(menu->names);
	free(menu);
}

static void use_theme(struct console *console, size_t row, void *arg)
{
	console_use_theme(console, ((struct theme_menu *)arg)->names[row]);
}

/* Of those that are known now, which the menu keeps. Returns how many; *at is the one in use. */
static size_t fill_menu(struct theme_menu *menu, const struct console *console, struct menu_row rows[THEMES_MAX], size_t *at)
{
	size_t count = 0;

	file_free_list(menu->names);
	menu->names = mem_zero(THEMES_MAX + 1, sizeof(*menu->names));
	for (; console->themes && console->themes[count] && count < THEMES_MAX; count++) {
		menu->names[count] = mem_text(console->themes[count]);
		rows[count] = (struct menu_row){ .label = menu->names[count] };
		if (!strcmp(console->themes[count], console->theme.name))
			*at = count;
	}
	return count;
}

static struct theme_menu *make_menu(struct console *console)
{
	struct theme_menu *menu = mem_zero(1, sizeof(*menu));
	struct menu_row rows[THEMES_MAX];
	size_t at = 0, count = fill_menu(menu, console, rows, &at);

	menu->pane = menu_new(console, "Themes", rows, count, at, use_theme, menu, release_menu);
	return menu;
}

/* The cursor stays on the theme it is on. */
static void renew_menu(struct theme_menu *menu, struct console *console)
{
	struct menu_row rows[THEMES_MAX];
	size_t at = 0, count = fill_menu(menu, console, rows, &at);

	menu_set_rows(menu->pane, rows, count);
	console->all_dirty = 1;
}

/* As they were found last, and anew when there are others by now. */
void choose_theme(struct console *console)
{
	struct looking *looking = mem_zero(1, sizeof(*looking));

	looking->job = (struct job){ .run = find, .done = found };
	looking->console = console;
	looking->menu = make_menu(console);
	looking->menu->looking = looking;
	console_dialog(console, looking->menu->pane);
	console_submit(console, &looking->job);
}

/* --- what the operator changes is seen at once --- */

static void on_change(void *arg)
{
	struct console *console = arg;
	char events[4096];

	while (read(console->theme_watch, events, sizeof(events)) > 0)
		;
	if (strcmp(console->theme.name, theme_plain.name) != 0)
		console_use_theme(console, console->theme.name);
}

/* The operator's own ones, if there is a folder of them: letting go of a watch takes the kernel 10 ms and more, at the end of the
 * program. Best effort: without inotify a theme is loaded when it is chosen. */
int themes_watch(void)
{
	char path[4096];
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/themes", file_config_folder());
	if (inotify_add_watch(fd, path, IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE) >= 0)
		return fd;
	close(fd);
	return -1;
}

void console_take_themes(struct console *console, char **names, int watch)
{
	console->themes = names;
	console->theme_watch = watch;
	if (watch >= 0)
		loop_add_fd(console->loop, watch, on_change, console);
}

void console_drop_themes(struct console *console)
{
	file_free_list(console->themes);
	if (console->theme_watch >= 0)
		close(console->theme_watch);
}
