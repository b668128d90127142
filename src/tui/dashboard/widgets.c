/* widgets.c - which widgets, from widgets/NAME.yaml by ui.dashboard. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/problem.h"
#include "base/yaml.h"
#include "gate/session.h"
#include "tui/dashboard/private.h"
#include "tui/widgets.h"

enum { WIDGET_FILE_MAX = 64 * 1024 };

static const char *const types[WIDGET_TYPES] = {
	[WIDGET_WRONG] = "wrong",
	[WIDGET_KIND] = "kind",
	[WIDGET_CHANGES] = "changes",
	[WIDGET_SATURATION] = "saturation",
	[WIDGET_RUNS] = "runs",
	[WIDGET_AUDIT] = "audit",
};

static const char *const standard[] = { "wrong-now", "changes", "certificates", "saturation", "runs", "audit", NULL };

static int number_of(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

static void read_gauges(struct widget *widget, const struct json *items)
{
	size_t count = json_count(items);

	if (count > GAUGES_MAX)
		count = GAUGES_MAX;
	widget->gauges = mem_zero(count + 1, sizeof(*widget->gauges));
	for (const struct json *item = json_first(items); item && widget->gauge_count < count; item = json_next(item)) {
		struct gauge *gauge = &widget->gauges[widget->gauge_count++];

		gauge->now = (double)NAN;
		snprintf(gauge->line.label, sizeof(gauge->line.label), "%s", json_text_or(json_get(item, "label"), "?"));
		snprintf(gauge->line.kind, sizeof(gauge->line.kind), "%s", json_text_or(json_get(item, "kind"), ""));
		snprintf(gauge->of, sizeof(gauge->of), "%.63s", json_text_or(json_get(item, "of"), ""));
		snprintf(gauge->line.column, sizeof(gauge->line.column), "%s", json_text_or(json_get(item, "column"), ""));
	}
}

static const char *const places[] = { [PLACE_FULL] = "full", [PLACE_LEFT] = "left", [PLACE_RIGHT] = "right" };

static int read_widget(struct widget *widget, const struct json *json, const char *file)
{
	int type = number_of(types, WIDGET_TYPES, json_text_or(json_get(json, "type"), ""));
	int place = number_of(places, 3, json_text_or(json_get(json, "place"), "full"));

	if (type < 0 || place < 0) {
		log_write(LOG_WARN, "widgets", "%s: type is wrong, kind, changes, saturation, runs or audit; place full, left or right", file);
		return -1;
	}
	*widget = (struct widget){ .type = (enum widget_type)type, .place = (enum widget_place)place };
	snprintf(widget->title, sizeof(widget->title), "%s", json_text_or(json_get(json, "title"), ""));
	snprintf(widget->kind, sizeof(widget->kind), "%s", json_text_or(json_get(json, "kind"), ""));
	widget->rows = (int)json_int(json_get(json, "rows"), 5);
	widget->tall = (int)json_int(json_get(json, "tall"), 0);
	widget->least_rank = severity_rank(json_text_or(json_get(json, "severity"), "medium"));
	if (clock_parse_window(json_text_or(json_get(json, "since"), "1h"), &widget->since_ns))
		widget->since_ns = 3600 * CLOCK_SECOND_NS;
	read_gauges(widget, json_get(json, "items"));
	return 0;
}

static int file_is(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t length = strcspn(base, ".");

	return strlen(name) == length && !strncmp(base, name, length);
}

static void load_one(struct dashboard *dashboard, char **files, const char *name)
{
	struct error err = { 0 };
	size_t length, i = 0;

	while (files && files[i] && !file_is(files[i], name))
		i++;
	if (!files || !files[i] || dashboard->widget_count == WIDGETS_MAX) {
		log_write(LOG_WARN, "widgets", "no widget is named \"%s\"", name);
		return;
	}
	char *bytes = file_load(files[i], WIDGET_FILE_MAX, &length, &err);
	struct json *json = bytes ? yaml_parse(bytes, length, &err) : NULL;
	struct widget *widget = &dashboard->widgets[dashboard->widget_count];

	if (!json)
		log_write(LOG_WARN, "widgets", "%s: %s", files[i], err.text);
	else if (!read_widget(widget, json, files[i]))
		snprintf(dashboard->widgets[dashboard->widget_count++].name, sizeof(widget->name), "%s", name);
	json_free(json);
	free(bytes);
}

void widgets_load(struct dashboard *dashboard)
{
	struct config *config = session_config(console_session(dashboard->pane.console));
	const struct json *wanted = config_tree(config, "ui.dashboard");
	char **files = file_list_data("widgets");

	for (const struct json *name = json_first(wanted); name; name = json_next(name))
		load_one(dashboard, files, json_text_or(name, "?"));
	/* Nothing wished for, or nothing of it could be read: never an empty first screen. */
	if (!dashboard->widget_count)
		for (size_t i = 0; standard[i]; i++)
			load_one(dashboard, files, standard[i]);
	file_free_list(files);
}

/* --- lint --- */

static const char *const members[] = { "name", "title", "type", "kind", "place", "rows", "tall", "severity", "since", "items" };

static void check_items(const char *path, const struct json *items, struct json *problems)
{
	for (const struct json *item = json_first(items); item; item = json_next(item))
		if (!json_text(json_get(item, "label")) || !json_text(json_get(item, "kind")) || !json_text(json_get(item, "column")))
			problem_add(problems, path, json_line(item), "an item has a label, a kind and a column");
}

static void check_member(const char *path, const struct json *member, struct json *problems)
{
	const char *key = json_key(member), *text = json_text_or(member, ""), *said = NULL;
	char message[160];
	int64_t since_ns;

	if (number_of(members, sizeof(members) / sizeof(*members), key) < 0) {
		snprintf(message, sizeof(message), "a widget has no \"%.60s\"", key);
		said = message;
	} else if (!strcmp(key, "type") && number_of(types, WIDGET_TYPES, text) < 0) {
		said = "type is wrong, kind, changes, saturation, runs or audit";
	} else if (!strcmp(key, "place") && number_of(places, 3, text) < 0) {
		said = "place is full, left or right";
	} else if (!strcmp(key, "since") && clock_parse_window(text, &since_ns)) {
		said = "since is a window such as 1h";
	} else if (!strcmp(key, "severity") && !severity_rank(text)) {
		said = "severity is critical, high, medium, low or info";
	} else if ((!strcmp(key, "rows") || !strcmp(key, "tall")) && (!json_is(member, JSON_NUMBER) || json_number(member, 0) < 0)) {
		said = "rows and tall are numbers of rows";
	}
	if (said)
		problem_add(problems, path, json_line(member), said);
}

void widgets_lint(const char *path, struct json *problems)
{
	struct error err = { 0 };
	size_t length;
	char *bytes = file_load(path, WIDGET_FILE_MAX, &length, &err);
	struct json *json = bytes ? yaml_parse(bytes, length, &err) : NULL;

	free(bytes);
	if (!json)
		problem_add(problems, path, 0, err.text);
	else if (!json_text(json_get(json, "type")))
		problem_add(problems, path, json_line(json), "a widget has a type: wrong, kind, changes, saturation, runs or audit");
	for (const struct json *member = json_first(json); member; member = json_next(member))
		check_member(path, member, problems);
	check_items(path, json_get(json, "items"), problems);
	json_free(json);
}
