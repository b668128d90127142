#include "tui/text/text_pane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"
#include "tui/asking.h"
#include "tui/console.h"
#include "tui/pane.h"
#include "tui/screen/format.h"
#include "tui/text/text_view.h"

enum { BODY_MAX = 16 << 20, ASKED_ONCE_MS = 60000 };

struct text_pane {
	struct pane pane;
	struct text_view view;
	char *title, *text;
	enum text_look look;
	struct ref ref; /* kind "" none */
	struct asking *asking;
	void (*ask)(struct asking *asking);
	int64_t got_ns; /* when the text came; 0 not asked for */
};

static struct text_pane *of(struct pane *pane)
{
	return (struct text_pane *)pane;
}

static void close_text(struct pane *pane)
{
	struct text_pane *text = of(pane);

	asking_stop(&text->asking);
	text_view_release(&text->view);
	free(text->title);
	free(text->text);
	free(text);
}

static enum style mark_style(const struct text_pane *text, char first)
{
	return text->look != TEXT_MARKED ? STYLE_TEXT : first == '>' ? STYLE_ACCENT : first == '^' ? STYLE_WARNING : STYLE_TEXT;
}

static void show_plain(struct text_pane *pane, const char *text, size_t length)
{
	struct text_view *view = &pane->view;

	while (length && !view->cut) {
		size_t line = strcspn(text, "\n");

		text_view_add_n(view, mark_style(pane, *text), text, line);
		text_view_end(view, -1);
		line += text[line] == '\n';
		text += line;
		length -= line;
	}
}

static void show(struct text_pane *text, const char *words)
{
	text_view_clear(&text->view);
	if (text->look == TEXT_YAML)
		text_view_yaml(&text->view, words, strlen(words));
	else
		show_plain(text, words, strlen(words));
	text->pane.dirty = 1;
}

static void answered(void *pane, struct asking *asking)
{
	struct text_pane *text = pane;

	if (asking->words) {
		int is_first = !text->got_ns;

		if (*asking->other) {
			free(text->title);
			text->title = mem_text(asking->other);
		}
		text->got_ns = clock_now_ns();
		show(text, asking->words);
		if (is_first && asking->outcome > 0)
			text_view_go(&text->view, (size_t)asking->outcome - 1);
		return;
	}
	if (!text->got_ns) /* what was shown before stays, with its age */
		text_view_clear(&text->view);
	if (!text->got_ns)
		text_view_line(&text->view, STYLE_WARNING, asking->err.text);
	else
		console_say_error(text->pane.console, &asking->err);
	text->pane.dirty = 1;
}

static void ask(struct text_pane *text)
{
	struct asking *asking = asking_new(text->pane.console, &text->asking, text, text->ask, answered);

	asking->ref = text->ref;
	snprintf(asking->text, sizeof(asking->text), "%s", text->text);
	asking_send(asking);
}

static void draw(struct pane *pane, struct rect area)
{
	text_view_draw(&of(pane)->view, pane, area);
}

static int command(struct pane *pane, const struct command *what)
{
	if (!strcmp(what->name, "global.refresh") && of(pane)->ask)
		ask(of(pane));
	else
		return text_view_command(&of(pane)->view, pane, what);
	return 1;
}

static void title(struct pane *pane, char *out, size_t size)
{
	safe_copy(out, size, of(pane)->title, strlen(of(pane)->title));
}

static void status(struct pane *pane, char *out, size_t size)
{
	struct text_pane *text = of(pane);
	char place[120], age[32];
	int64_t step;

	text_view_status(&text->view, place, sizeof(place));
	if (text->got_ns)
		format_data_age(text->got_ns, clock_now_ns(), ASKED_ONCE_MS, age, sizeof(age), &step);
	snprintf(out, size, "%s%s%s", place, text->got_ns ? "  age " : "", text->got_ns ? age : "");
}

static int64_t next_change(struct pane *pane)
{
	char age[32];
	int64_t step = 0;

	if (of(pane)->got_ns)
		format_data_age(of(pane)->got_ns, clock_now_ns(), ASKED_ONCE_MS, age, sizeof(age), &step);
	return step;
}

static int target(struct pane *pane, struct ref *ref)
{
	*ref = of(pane)->ref;
	return *ref->kind != 0;
}

static const struct pane_ops ops = {
	.name = "text",
	.context = "yaml",
	.close = close_text,
	.draw = draw,
	.command = command,
	.key = text_view_pane_key,
	.mouse = text_view_pane_mouse,
	.title = title,
	.status = status,
	.next_change = next_change,
	.target = target,
	.dump = text_view_pane_dump,
};

static struct text_pane *make(struct console *console, const char *heading, enum text_look look)
{
	struct text_pane *text = mem_zero(1, sizeof(*text));

	text->pane = (struct pane){ .ops = &ops, .console = console, .text = &text->view };
	text_view_init(&text->view, BODY_MAX, 0);
	text->title = mem_text(heading);
	text->look = look;
	text->view.wrap = look == TEXT_MARKED;
	return text;
}

struct pane *text_pane_new(struct console *console, const char *heading, const char *words, enum text_look look)
{
	struct text_pane *text = make(console, heading, look);

	show(text, words);
	return &text->pane;
}

struct pane *text_pane_asking(struct console *console, const char *heading, const struct ref *ref, const char *words, enum text_look look,
	void (*question)(struct asking *asking))
{
	struct text_pane *text = make(console, heading, look);

	text->text = mem_text(words ? words : "");
	text->ask = question;
	if (ref)
		text->ref = *ref;
	text_view_line(&text->view, STYLE_DIM, "loading …");
	ask(text);
	return &text->pane;
}
