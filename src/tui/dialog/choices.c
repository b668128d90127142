/* choices.c - what is asked of the object before a verb's parameters are asked of a person: of several containers one is chosen from a menu;
 * a form begins with how many replicas there are now. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "estate/estate.h"
#include "tui/console_private.h"
#include "tui/dialog/choosers.h"

enum { CHOICES_MAX = 64 };

struct choice {
	struct job job;
	struct console *console;
	struct estate *estate;
	struct ref ref;
	const struct kind_verb *verb;
	const struct kind_param *param; /* to be chosen; NULL: the form is begun with what is there now */
	struct json *params, *object;
	struct error err;
};

static void free_choice(void *arg)
{
	struct choice *choice = arg;

	json_free(choice->params);
	json_free(choice->object);
	free(choice);
}

static void fetch(struct job *job)
{
	struct choice *choice = (struct choice *)job;

	estate_get(choice->estate, &choice->ref, &choice->object, &choice->err);
}

static const char *name_at(const struct choice *choice, size_t nth)
{
	const struct json *item = json_first(json_at(choice->object, choice->param->choices));

	while (item && nth--)
		item = json_next(item);
	return json_text(json_get(item, "name"));
}

static void chosen(struct console *console, size_t nth, void *arg)
{
	struct choice *choice = arg;
	struct json *params = choice->params ? json_copy(choice->params) : json_object();
	const char *name = name_at(choice, nth);

	if (name)
		json_set_text(params, choice->param->name, name);
	console_act(console, &choice->ref, choice->verb->name, params);
}

static void ask(struct choice *choice, size_t count)
{
	struct menu_row rows[CHOICES_MAX] = { 0 };
	char heading[700];

	const struct json *item = json_first(json_at(choice->object, choice->param->choices));

	for (size_t i = 0; i < count; i++, item = json_next(item))
		rows[i] = (struct menu_row){ .label = json_text_or(json_get(item, "name"), "?"), .note = json_text_or(json_get(item, "image"), "") };
	snprintf(heading, sizeof(heading), "%.60s of %.512s", choice->param->name, choice->ref.name);
	console_dialog(choice->console, menu_new(choice->console, heading, rows, count, 0, chosen, choice, free_choice));
}

/* What could not be looked up is left to be typed. */
static void begin_form(struct choice *choice)
{
	struct json *given = choice->params ? json_copy(choice->params) : json_object();

	for (size_t i = 0; i < choice->verb->param_count; i++) {
		const struct kind_param *param = &choice->verb->params[i];
		const struct json *now = param->now ? json_at(choice->object, param->now) : NULL;
		char *shown = now && !json_text(now) ? json_format(now) : NULL;

		if (now && !json_get(given, param->name))
			json_set_text(given, param->name, shown ? shown : json_text(now));
		free(shown);
	}
	console_ask_params(choice->console, &choice->ref, choice->verb, given);
	json_free(given);
}

static void fetched(struct job *job)
{
	struct choice *choice = (struct choice *)job;
	size_t count = choice->param ? json_count(json_at(choice->object, choice->param->choices)) : 0;

	if (choice->console->ended) {
		free_choice(choice);
	} else if (!choice->param) {
		begin_form(choice);
		free_choice(choice);
	} else if (!choice->object) {
		console_say_error(choice->console, &choice->err);
		free_choice(choice);
	} else if (count > 1) {
		ask(choice, count < CHOICES_MAX ? count : CHOICES_MAX);
	} else {
		if (!count) /* the source knows which is meant */
			json_set_text(choice->params ? choice->params : (choice->params = json_object()), choice->param->name, "");
		chosen(choice->console, 0, choice);
		free_choice(choice);
	}
}

static const struct kind_param *to_choose(const struct kind_verb *verb, const struct json *params)
{
	for (size_t i = 0; i < verb->param_count; i++)
		if (verb->params[i].choices && !json_get(params, verb->params[i].name))
			return &verb->params[i];
	return NULL;
}

static int begins_with_now(const struct kind_verb *verb, const struct json *params)
{
	for (size_t i = 0; i < verb->param_count; i++)
		if (verb->params[i].now && verb->params[i].required && !json_get(params, verb->params[i].name))
			return 1;
	return 0;
}

int console_chooses(struct console *console, const struct ref *ref, const struct kind_verb *verb, const struct json *params)
{
	const struct kind_param *param = to_choose(verb, params);

	if (!param && !begins_with_now(verb, params))
		return 0;
	struct choice *choice = mem_zero(1, sizeof(*choice));

	choice->job = (struct job){ .run = fetch, .done = fetched };
	choice->console = console;
	choice->estate = console->estate;
	choice->ref = *ref;
	choice->params = params ? json_copy(params) : NULL;
	choice->verb = verb;
	choice->param = param;
	console_submit(console, &choice->job);
	return 1;
}
