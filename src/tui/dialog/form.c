/* form.c - asks the parameters of a verb, one line each, by the kind's table; and ask_new, which is a form of one line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/safe.h"
#include "tui/console.h"
#include "tui/dialog/input.h"
#include "tui/pane.h"

struct field {
	char *name, *type, *help, *values;
	int required;
	int offered;    /* what stands there was put there, not typed: the first letter typed takes its place */
	struct input input;
};

struct form {
	struct pane pane;
	char *title;
	char problem[160];
	struct field *fields;
	size_t count, at, top;
	void (*on_done)(struct console *console, struct json *params, void *arg);
	void (*on_text)(struct console *console, const char *text, void *arg);
	void *arg;
	void (*release)(void *arg);
};

static struct form *of(struct pane *pane)
{
	return (struct form *)pane;
}

static void close_form(struct pane *pane)
{
	struct form *form = of(pane);

	for (size_t i = 0; i < form->count; i++) {
		free(form->fields[i].name);
		free(form->fields[i].type);
		free(form->fields[i].help);
		free(form->fields[i].values);
	}
	if (form->release)
		form->release(form->arg);
	free(form->fields);
	free(form->title);
	free(form);
	screen_cursor(screen_size(), -1, 0);
}

enum { BOX_COLUMNS = 66, LABEL_COLUMNS = 18, FRAME_ROWS = 5 };

static struct rect box_of(const struct form *form, struct rect area)
{
	struct rect box = { .columns = BOX_COLUMNS, .rows = (int)form->count + FRAME_ROWS };

	if (box.columns > area.columns - 2)
		box.columns = area.columns - 2;
	if (box.rows > area.rows)
		box.rows = area.rows;
	box.y = area.y + (area.rows - box.rows) / 2;
	box.x = area.x + (area.columns - box.columns) / 2;
	return box;
}

static void draw_field(const struct form *form, struct rect box, int y, size_t nth)
{
	const struct field *field = &form->fields[nth];
	char label[80];
	int focused = nth == form->at;

	snprintf(label, sizeof(label), "%s%s", field->name, field->required ? " *" : "");
	screen_put(box, y, 1, STYLE_ACCENT, focused ? screen_glyph(GLYPH_CURSOR) : " ");
	screen_put_n(box, y, 3, LABEL_COLUMNS, focused ? STYLE_BOLD : STYLE_TEXT, label, strlen(label));
	input_draw(&field->input, box, y, LABEL_COLUMNS + 4, box.columns - LABEL_COLUMNS - 6, field->offered ? STYLE_DIM : STYLE_TEXT, focused, 0);
}

static void draw(struct pane *pane, struct rect area)
{
	struct form *form = of(pane);
	struct rect box = box_of(form, area);
	size_t rows = (size_t)(box.rows - FRAME_ROWS > 0 ? box.rows - FRAME_ROWS : 1);
	const struct field *now = &form->fields[form->at];
	char note[300];

	if (form->at < form->top)
		form->top = form->at;
	if (form->at >= form->top + rows)
		form->top = form->at - rows + 1;
	screen_clear(box);
	screen_frame(box, STYLE_ACCENT, form->title);
	for (size_t i = 0; i < rows && form->top + i < form->count; i++)
		draw_field(form, box, (int)i + 2, form->top + i);
	snprintf(note, sizeof(note), "%s%s%s", now->help, now->values && *now->help ? ": " : "", now->values ? now->values : "");
	screen_put_n(box, box.rows - 2, 3, box.columns - 5, *form->problem ? STYLE_WARNING : STYLE_DIM, *form->problem ? form->problem : note,
		strlen(*form->problem ? form->problem : note));
}

/* --- values --- */

static int in_list(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; at && *at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
		if (!strncmp(at, word, length) && (at[length] == '|' || !at[length]))
			return 1;
	return 0;
}

static int is_number(const struct field *field)
{
	return !strcmp(field->type, "integer") || !strcmp(field->type, "signed");
}

static int is_integer(const char *text)
{
	size_t digits = strspn(text + (*text == '-'), "0123456789");

	return digits && !text[digits + (*text == '-')];
}

/* What is wrong with a field's text, or NULL. The gate looks again, by the same table. */
static const char *fault(const struct field *field)
{
	const char *text = field->input.text;
	int64_t window;

	if (!*text)
		return field->required ? "is needed" : NULL;
	if (is_number(field) && !is_integer(text))
		return "must be a whole number";
	if (!strcmp(field->type, "boolean") && strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return "must be true or false";
	if (!strcmp(field->type, "duration") && clock_parse_window(text, &window))
		return "must be a time such as 30s, 10m, 1h";
	if (!strcmp(field->type, "enum") && field->values && !in_list(field->values, text))
		return "must be one of those named below";
	return NULL;
}

static struct json *value_of(const struct field *field)
{
	if (is_number(field))
		return json_integer(strtoll(field->input.text, NULL, 10));
	if (!strcmp(field->type, "boolean"))
		return json_boolean(!strcmp(field->input.text, "true"));
	return json_string(field->input.text);
}

static void finish(struct form *form)
{
	struct console *console = form->pane.console;

	for (size_t i = 0; i < form->count; i++) {
		const char *what = fault(&form->fields[i]);

		if (!what)
			continue;
		form->at = i;
		snprintf(form->problem, sizeof(form->problem), "%s %s", form->fields[i].name, what);
		form->pane.dirty = 1;
		return;
	}
	console_close(console, &form->pane); /* freed at the end of the turn */
	if (form->on_text) {
		form->on_text(console, form->fields[0].input.text, form->arg);
		return;
	}
	struct json *params = json_object();

	for (size_t i = 0; i < form->count; i++)
		if (form->fields[i].input.length)
			json_set(params, form->fields[i].name, value_of(&form->fields[i]));
	form->on_done(console, params, form->arg);
}

static void step(struct form *form, int by)
{
	form->at = (form->at + form->count + (size_t)(by + (int)form->count)) % form->count;
	form->pane.dirty = 1;
}

static int command(struct pane *pane, const struct command *what)
{
	struct form *form = of(pane);

	if (!strcmp(what->name, "dialog.accept")) {
		/* Enter goes on to the next field; on the last one it is done. */
		if (form->at + 1 < form->count)
			step(form, 1);
		else
			finish(form);
	} else if (!strcmp(what->name, "dialog.cancel")) {
		console_close(pane->console, pane);
	} else if (!strcmp(what->name, "form.next") || !strcmp(what->name, "dialog.down")) {
		step(form, 1);
	} else if (!strcmp(what->name, "form.previous") || !strcmp(what->name, "dialog.up")) {
		step(form, -1);
	} else if (!strcmp(what->name, "form.toggle") && !strcmp(form->fields[form->at].type, "boolean")) {
		input_set(&form->fields[form->at].input, strcmp(form->fields[form->at].input.text, "true") != 0 ? "true" : "false");
		pane->dirty = 1;
	} else {
		return 0;
	}
	return 1;
}

static int key(struct pane *pane, int pressed)
{
	struct form *form = of(pane);
	int changed;

	struct field *field = &form->fields[form->at];

	if (field->offered && pressed >= ' ' && pressed < K_UP) /* "6" is there and "5" is typed: 5 is meant, not 65 */
		input_set(&field->input, "");
	if (!input_key(&field->input, pressed, &changed))
		return 0;
	field->offered = 0;
	*form->problem = 0;
	pane->dirty = 1;
	return 1;
}

static void title(struct pane *pane, char *out, size_t size)
{
	safe_copy(out, size, of(pane)->title, strlen(of(pane)->title));
}

static const struct pane_ops form_ops = {
	.name = "form",
	.context = "form",
	.close = close_form,
	.draw = draw,
	.command = command,
	.key = key,
	.title = title,
};

static struct form *make(struct console *console, const char *heading, size_t count, void *arg, void (*release)(void *arg))
{
	struct form *form = mem_zero(1, sizeof(*form));

	form->pane = (struct pane){ .ops = &form_ops, .console = console };
	form->title = mem_text(heading);
	form->fields = mem_zero(count, sizeof(*form->fields));
	form->count = count;
	form->arg = arg;
	form->release = release;
	return form;
}

static void set_initial(struct field *field, const struct json *given, const char *otherwise)
{
	char number[32];

	if (json_is(given, JSON_NUMBER)) {
		snprintf(number, sizeof(number), "%lld", (long long)json_int(given, 0));
		input_set(&field->input, number);
	} else if (json_is(given, JSON_BOOL)) {
		input_set(&field->input, json_bool(given, 0) ? "true" : "false");
	} else {
		input_set(&field->input, json_text_or(given, otherwise ? otherwise : ""));
	}
	field->offered = field->input.length > 0;
}

struct pane *form_new(struct console *console, const char *heading, const struct kind_verb *verb, const struct json *given,
	void (*on_done)(struct console *console, struct json *params, void *arg), void *arg, void (*release)(void *arg))
{
	struct form *form = make(console, heading, verb->param_count, arg, release);

	form->on_done = on_done;
	for (size_t i = 0; i < verb->param_count; i++) {
		const struct kind_param *param = &verb->params[i];
		struct field *field = &form->fields[i];

		field->name = mem_text(param->name);
		field->type = mem_text(param->type ? param->type : "text");
		field->help = mem_text(param->help ? param->help : "");
		field->values = mem_text(param->values);
		field->required = param->required;
		set_initial(field, json_get(given, param->name), param->initial);
	}
	return &form->pane;
}

struct pane *ask_new(struct console *console, const char *heading, const char *initial,
	void (*on_done)(struct console *console, const char *text, void *arg), void *arg, void (*release)(void *arg))
{
	struct form *form = make(console, heading, 1, arg, release);

	form->on_text = on_done;
	form->fields[0] = (struct field){ .name = mem_text(""), .type = mem_text("text"), .help = mem_text("") };
	input_set(&form->fields[0].input, initial ? initial : "");
	return &form->pane;
}
