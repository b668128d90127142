/* dashboard_widgets.c - which widgets, from widgets/NAME.yaml by ui.dashboard. */
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
#include "base/yaml.h"
#include "gate/session.h"
#include "tui/dashboard_private.h"

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
		snprintf(gauge->line.column, sizeof(gauge->line.column), "%s", json_text_or(json_get(item, "column"), ""));
	}
}

static int read_widget(struct widget *widget, const struct json *json, const char *file)
{
	static const char *const places[] = { [PLACE_FULL] = "full", [PLACE_LEFT] = "left", [PLACE_RIGHT] = "right" };
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
