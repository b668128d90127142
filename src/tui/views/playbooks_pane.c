/* playbooks_pane.c - what the co-pilot can look into and do: Enter shows it, t tries it on its recorded evidence, ^R uses it now. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "gate/gate.h"
#include "tui/asking.h"
#include "tui/chat/chat.h"
#include "tui/console.h"
#include "tui/text/text_pane.h"
#include "tui/views/list_pane.h"

enum { FILE_MAX_BYTES = 1 << 20, REPORT_MAX = 1 << 20 };

static const struct list_column columns[] = {
	{ .name = "NAME", .max = 34 },
	{ .name = "WHAT FOR" },
	{ .name = "MATCHES", .max = 40, .leave = 3 },
	{ .name = "STEPS", .max = 6, .right = 1, .leave = 2 },
	{ .name = "FILE", .max = 34, .leave = 4 },
};

static struct json *book_json(const struct playbook *book)
{
	struct json *row = json_object();

	json_set_text(row, "name", book->name);
	json_set_text(row, "title", book->title ? book->title : "");
	json_set_text(row, "file", book->file ? book->file : "");
	json_set(row, "match", book->match ? json_copy(book->match) : json_object());
	json_set_int(row, "steps", (int64_t)book->step_count);
	return row;
}

static void ask(struct asking *asking)
{
	const struct playbooks *books = gate_playbooks(asking->gate);

	asking->json = json_array();
	for (size_t i = 0; books && i < playbooks_count(books); i++)
		json_add(asking->json, book_json(playbooks_at(books, i)));
}

/* "investigate|status host metric=disk|storage" */
static void add_value(struct text *out, const struct json *value)
{
	int first = 1;

	if (json_text(value)) {
		text_add(out, json_text(value));
		return;
	}
	for (const struct json *part = json_first(value); part; part = json_next(part), first = 0) {
		if (!first)
			text_add(out, json_key(part) ? " " : "|");
		if (json_key(part))
			text_format(out, "%s=", json_key(part));
		add_value(out, part);
	}
	if (!json_first(value)) {
		char *shown = json_format(value);

		text_add(out, shown);
		free(shown);
	}
}

static void match_text(const struct json *match, char *out, size_t size)
{
	struct text text;

	text_init(&text, size - 1);
	for (const struct json *part = json_first(match); part; part = json_next(part)) {
		text_add(&text, text.length ? " " : "");
		add_value(&text, part);
	}
	snprintf(out, size, "%s", text.data);
	text_release(&text);
}

static void add(struct list_pane *list, const struct json *book, size_t number)
{
	struct list_row *row = list_view_add(&list->view, json_text_or(json_get(book, "name"), ""), number);
	const char *file = json_text_or(json_get(book, "file"), ""), *base = strrchr(file, '/');
	char match[300];

	if (!row)
		return;
	match_text(json_get(book, "match"), match, sizeof(match));
	list_row_set(row, 0, STYLE_TEXT, json_text_or(json_get(book, "name"), ""));
	list_row_set(row, 1, STYLE_TEXT, json_text_or(json_get(book, "title"), ""));
	list_row_set(row, 2, STYLE_DIM, match);
	list_row_setf(row, 3, STYLE_DIM, "%lld", (long long)json_int(json_get(book, "steps"), 0));
	list_row_set(row, 4, STYLE_DIM, base ? base + 1 : file);
}

/* --- commands --- */

static void ask_file(struct asking *asking)
{
	size_t length;

	asking->words = file_load(asking->text, FILE_MAX_BYTES, &length, &asking->err);
}

static struct pane *show(struct list_pane *list, const struct list_row *row, const struct json *book)
{
	char title[120];

	(void)row;
	snprintf(title, sizeof(title), "playbook %.100s", json_text_or(json_get(book, "name"), ""));
	return text_pane_asking(list->pane.console, title, NULL, json_text_or(json_get(book, "file"), ""), TEXT_YAML, ask_file);
}

static void ask_test(struct asking *asking)
{
	struct text text;

	playbook_test(gate_playbooks(asking->gate), asking->text, &asking->json, &asking->err);
	if (!asking->json)
		return;
	text_init(&text, REPORT_MAX);
	for (const struct json *row = json_first(json_get(asking->json, "cases")); row; row = json_next(row))
		text_format(&text, "%s  %s%s%s\n", json_bool(json_get(row, "ok"), 0) ? "ok  " : "FAIL", json_text_or(json_get(row, "name"), "?"),
			*json_text_or(json_get(row, "detail"), "") ? ": " : "", json_text_or(json_get(row, "detail"), ""));
	if (!json_count(json_get(asking->json, "cases")))
		text_add(&text, "no recorded evidence for this playbook: nothing was tried\n");
	text_format(&text, "\n%lld passed, %lld failed\n", (long long)json_int(json_get(asking->json, "passed"), 0),
		(long long)json_int(json_get(asking->json, "failed"), 0));
	asking->words = text_take(&text);
}

static void test(struct list_pane *list, const struct list_row *row, const struct json *book)
{
	struct console *console = list->pane.console;
	char title[120];

	(void)row;
	snprintf(title, sizeof(title), "test of %.100s", json_text_or(json_get(book, "name"), ""));
	console_push(console, text_pane_asking(console, title, NULL, json_text_or(json_get(book, "name"), ""), TEXT_PLAIN, ask_test));
}

static struct json *first_of(const struct json *value)
{
	const struct json *one = json_is(value, JSON_ARRAY) ? json_first(value) : value;

	return one ? json_copy(one) : NULL;
}

/* The intent it matches; a filter that takes anything ("*") needs a name, which only words can say. */
static struct json *intent_of(const struct json *match, const char **misses)
{
	struct json *intent = json_object(), *target = json_object(), *filters = json_object();

	*misses = NULL;
	for (const struct json *filter = json_first(json_get(match, "filters")); filter; filter = json_next(filter)) {
		struct json *value = first_of(filter);

		if (value && !strcmp(json_text_or(value, ""), "*"))
			*misses = json_key(filter);
		json_set(filters, json_key(filter), value ? value : json_null());
	}
	json_set(intent, "intent_type", first_of(json_get(match, "intent")));
	json_set(target, "resource_type", first_of(json_get(match, "resource")));
	json_set(target, "scope", json_get(match, "scope") ? first_of(json_get(match, "scope")) : json_null());
	json_set(target, "filters", filters);
	return json_set(intent, "target", target);
}

static void use(struct list_pane *list, const struct list_row *row, const struct json *book)
{
	struct console *console = list->pane.console;
	const char *misses, *name = json_text_or(json_get(book, "name"), "");

	(void)row;
	struct json *intent = intent_of(json_get(book, "match"), &misses);

	if (!misses) {
		console_push(console, chat_new_intent(console, name, intent));
		return;
	}
	console_say(console, STYLE_WARNING, "it needs a %s: ask the co-pilot in words (c)", misses);
	json_free(intent);
}

static const struct list_command commands_here[] = {
	{ "playbooks.test", test, 1 },
	{ "playbooks.run", use, 1 },
	{ 0 },
};

static const struct list_pane_ops ops = {
	.name = "playbooks",
	.columns = columns,
	.column_count = sizeof(columns) / sizeof(*columns),
	.empty = "no playbook could be read: pilothouse playbook lint says why",
	.ask = ask,
	.add = add,
	.open = show,
	.commands = commands_here,
};

struct pane *playbooks_new(struct console *console)
{
	struct list_pane *list = list_pane_new(console, &ops, sizeof(*list));

	list_pane_look(list);
	return &list->pane;
}
