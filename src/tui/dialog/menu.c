/* menu.c - a small chooser in the middle of the screen: verbs, namespaces, accounts, columns, themes. Typing narrows it. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/safe.h"
#include "tui/console.h"
#include "tui/dialog/input.h"
#include "tui/pane.h"

struct entry {
	char *label, *note, *key;
	enum style style;
};

struct menu {
	struct pane pane;
	char *title;
	struct entry *entries;
	size_t count;
	size_t *shown; /* numbers of the entries that match */
	size_t shown_count, at, top;
	struct input filter;
	int label_columns, note_columns, page;
	void (*on_choose)(struct console *console, size_t row, void *arg);
	void *arg;
	void (*release)(void *arg);
};

static struct menu *of(struct pane *pane)
{
	return (struct menu *)pane;
}

static void drop_entries(struct menu *menu)
{
	for (size_t i = 0; i < menu->count; i++) {
		free(menu->entries[i].label);
		free(menu->entries[i].note);
		free(menu->entries[i].key);
	}
	free(menu->entries);
	free(menu->shown);
}

static void close_menu(struct pane *pane)
{
	struct menu *menu = of(pane);

	drop_entries(menu);
	if (menu->release)
		menu->release(menu->arg);
	free(menu->title);
	free(menu);
}

static void narrow(struct menu *menu)
{
	menu->shown_count = 0;
	for (size_t i = 0; i < menu->count; i++)
		if (!menu->filter.length || strcasestr(menu->entries[i].label, menu->filter.text) ||
			strcasestr(menu->entries[i].note, menu->filter.text))
			menu->shown[menu->shown_count++] = i;
	if (menu->at >= menu->shown_count)
		menu->at = menu->shown_count ? menu->shown_count - 1 : 0;
}

static void keep_in_view(struct menu *menu, int rows)
{
	size_t page = rows > 0 ? (size_t)rows : 1;

	menu->page = rows;
	if (menu->at < menu->top)
		menu->top = menu->at;
	if (menu->at >= menu->top + page)
		menu->top = menu->at - page + 1;
	if (menu->top + page > menu->shown_count)
		menu->top = menu->shown_count > page ? menu->shown_count - page : 0;
}

static struct rect box_of(const struct menu *menu, struct rect area)
{
	int wide = menu->label_columns + menu->note_columns + 8, title = (int)utf8_columns(menu->title, strlen(menu->title)) + 8;
	struct rect box = { .columns = wide > title ? wide : title, .rows = (int)menu->count + 4 };

	if (box.columns < 30)
		box.columns = 30;
	if (box.columns > area.columns - 4)
		box.columns = area.columns - 4;
	if (box.rows > area.rows - 2)
		box.rows = area.rows - 2;
	box.y = area.y + (area.rows - box.rows) / 2;
	box.x = area.x + (area.columns - box.columns) / 2;
	return box;
}

static void draw_entry(const struct menu *menu, struct rect box, int y, size_t nth)
{
	const struct entry *entry = &menu->entries[menu->shown[nth]];
	int selected = nth == menu->at, room = box.columns - 4, label = menu->label_columns;
	enum style style = selected ? STYLE_SELECTED : entry->style;

	if (label > room)
		label = room;
	screen_put(box, y, 1, STYLE_ACCENT, selected ? screen_glyph(GLYPH_CURSOR) : " ");
	int x = 2 + screen_put_n(box, y, 2, label, style, entry->label, strlen(entry->label));

	x += screen_put_n(box, y, x, 2, STYLE_TEXT, "", 0);
	screen_put_n(box, y, x, box.columns - 1 - x, STYLE_DIM, entry->note, strlen(entry->note));
}

static void draw(struct pane *pane, struct rect area)
{
	struct menu *menu = of(pane);
	struct rect box = box_of(menu, area);
	int rows = box.rows - 4;

	keep_in_view(menu, rows);
	screen_clear(box);
	screen_frame(box, STYLE_ACCENT, menu->title);
	for (int i = 0; i < rows && menu->top + (size_t)i < menu->shown_count; i++)
		draw_entry(menu, box, i + 1, menu->top + (size_t)i);
	if (!menu->shown_count)
		screen_put(box, 1, 2, STYLE_DIM, "nothing matches");
	screen_put(box, box.rows - 2, 2, STYLE_DIM, "/");
	input_draw(&menu->filter, box, box.rows - 2, 4, box.columns - 6, STYLE_TEXT, 1, 0);
}

static void go(struct menu *menu, long to)
{
	long last = (long)menu->shown_count - 1;

	menu->at = (size_t)(to < 0 || last < 0 ? 0 : to > last ? last : to);
	menu->pane.dirty = 1;
}

static void choose(struct menu *menu)
{
	struct console *console = menu->pane.console;

	if (!menu->shown_count)
		return;
	console_close(console, &menu->pane); /* freed at the end of the turn */
	menu->on_choose(console, menu->shown[menu->at], menu->arg);
}

static int command(struct pane *pane, const struct command *what)
{
	struct menu *menu = of(pane);
	const struct {
		const char *name;
		long by;
	} moves[] = { { "dialog.up", -1 }, { "dialog.down", 1 }, { "dialog.page_up", -menu->page }, { "dialog.page_down", menu->page },
		{ "dialog.first", -(long)menu->count }, { "dialog.last", (long)menu->count } };

	for (size_t i = 0; i < sizeof(moves) / sizeof(*moves); i++) {
		if (strcmp(what->name, moves[i].name) != 0)
			continue;
		go(menu, (long)menu->at + moves[i].by);
		return 1;
	}
	if (!strcmp(what->name, "dialog.accept"))
		choose(menu);
	else if (!strcmp(what->name, "dialog.cancel"))
		console_close(pane->console, pane);
	else
		return 0;
	return 1;
}

/* A verb's own key chooses it at once, while nothing is typed. */
static int choose_by_key(struct menu *menu, int key)
{
	for (size_t i = 0; i < menu->count && !menu->filter.length; i++) {
		if (!menu->entries[i].key || key_parse(menu->entries[i].key) != key)
			continue;
		menu->at = i;
		choose(menu);
		return 1;
	}
	return 0;
}

static int key(struct pane *pane, int pressed)
{
	struct menu *menu = of(pane);
	int changed;

	if (choose_by_key(menu, pressed))
		return 1;
	/* The prompt is a slash: who types it means to filter. */
	if (pressed == '/' && !menu->filter.length)
		return 1;
	if (!input_key(&menu->filter, pressed, &changed))
		return 0;
	if (changed)
		menu->at = 0;
	narrow(menu);
	pane->dirty = 1;
	return 1;
}

static void mouse(struct pane *pane, struct rect area, int y, int x, int button)
{
	struct menu *menu = of(pane);
	struct rect box = box_of(menu, area);
	int row = y - (box.y - area.y) - 1;

	if (button == 4 || button == 5) {
		go(menu, (long)menu->at + (button == 4 ? -1 : 1));
		return;
	}
	if (x < box.x - area.x || x >= box.x - area.x + box.columns || row < -1 || row > box.rows) {
		console_close(pane->console, pane);
		return;
	}
	if (row < 0 || row >= menu->page || menu->top + (size_t)row >= menu->shown_count)
		return;
	menu->at = menu->top + (size_t)row;
	choose(menu);
}

static void title(struct pane *pane, char *out, size_t size)
{
	safe_copy(out, size, of(pane)->title, strlen(of(pane)->title));
}

static const struct pane_ops menu_ops = {
	.name = "menu",
	.context = "menu",
	.close = close_menu,
	.draw = draw,
	.command = command,
	.key = key,
	.mouse = mouse,
	.title = title,
};

static void measure(struct menu *menu, const struct entry *entry)
{
	int label = (int)utf8_columns(entry->label, strlen(entry->label)), note = (int)utf8_columns(entry->note, strlen(entry->note));

	if (label > menu->label_columns)
		menu->label_columns = label;
	if (note > menu->note_columns)
		menu->note_columns = note;
}

static void fill(struct menu *menu, const struct menu_row *rows, size_t count)
{
	menu->count = count;
	menu->entries = mem_zero(count + 1, sizeof(*menu->entries));
	menu->shown = mem_zero(count + 1, sizeof(*menu->shown));
	for (size_t i = 0; i < count; i++) {
		menu->entries[i] = (struct entry){ .label = mem_text(rows[i].label),
			.note = mem_text(rows[i].note ? rows[i].note : ""),
			.key = mem_text(rows[i].key),
			.style = rows[i].style };
		measure(menu, &menu->entries[i]);
	}
}

struct pane *menu_new(struct console *console, const char *heading, const struct menu_row *rows, size_t count, size_t at,
	void (*on_choose)(struct console *console, size_t row, void *arg), void *arg, void (*release)(void *arg))
{
	struct menu *menu = mem_zero(1, sizeof(*menu));

	menu->pane = (struct pane){ .ops = &menu_ops, .console = console };
	menu->title = mem_text(heading);
	menu->at = at;
	menu->on_choose = on_choose;
	menu->arg = arg;
	menu->release = release;
	fill(menu, rows, count);
	narrow(menu);
	return &menu->pane;
}

void menu_set_rows(struct pane *pane, const struct menu_row *rows, size_t count)
{
	struct menu *menu = of(pane);
	char *label = menu->shown_count ? mem_text(menu->entries[menu->shown[menu->at]].label) : NULL;

	drop_entries(menu);
	fill(menu, rows, count);
	narrow(menu);
	for (size_t i = 0; label && i < menu->shown_count; i++)
		if (!strcmp(menu->entries[menu->shown[i]].label, label))
			menu->at = i;
	free(label);
	pane->dirty = 1;
}

void menu_set_row(struct pane *pane, size_t row, const char *note, enum style style)
{
	struct menu *menu = of(pane);
	struct entry *entry = &menu->entries[row];

	free(entry->note);
	entry->note = mem_text(note);
	entry->style = style;
	measure(menu, entry);
	pane->dirty = 1;
}
