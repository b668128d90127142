/* detail_text.c - what is known about a resource, as lines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "tui/console.h"
#include "tui/screen/format.h"
#include "tui/text/detail_private.h"

enum { LABEL = 16, RELATION = 20, CELL = 4096 };

static int add_link(struct detail *detail, const char *text, int is_container)
{
	if (!text || !*text || detail->link_count == DETAIL_LINKS_MAX)
		return -1;
	detail->links[detail->link_count] = (struct detail_link){ mem_text(text), is_container };
	return detail->link_count++;
}

void detail_drop_links(struct detail *detail)
{
	while (detail->link_count)
		free(detail->links[--detail->link_count].text);
}

static void head(struct detail *detail, const char *text)
{
	text_view_end(&detail->view, -1);
	text_view_line(&detail->view, STYLE_HEADER, text);
}

/* What to say instead of a part; 1 when there is nothing to show. */
static int instead(struct detail *detail, enum part part, const char *none)
{
	const struct answer *answer = &detail->parts[part];

	if (!answer->came)
		text_view_line(&detail->view, STYLE_DIM, "loading …");
	else if (!answer->json && answer->err.code)
		text_view_line(&detail->view, STYLE_WARNING, answer->err.text);
	else if (!json_count(answer->json))
		text_view_line(&detail->view, STYLE_DIM, none);
	else
		return 0;
	return 1;
}

void detail_note_step(struct detail *detail, int64_t step)
{
	if (step > 0 && (!detail->step_ns || step < detail->step_ns))
		detail->step_ns = step;
}

static int is_acronym(const char *name)
{
	static const char *const acronyms[] = { "CPU", "GID", "GPU", "IP", "MEM", "PID", "QOS", "RSS", "TLS", "TTY", "UID", "URL" };

	for (size_t i = 0; i < sizeof(acronyms) / sizeof(*acronyms); i++)
		if (!strcmp(acronyms[i], name))
			return 1;
	return 0;
}

static void field(struct detail *detail, const struct json *column, int columns)
{
	const char *value = json_text_or(json_get(column, "value"), ""), *name = json_text_or(json_get(column, "name"), "");
	char shown[CELL], label[64];
	int64_t step = 0;

	format_cell((enum column_type)json_int(json_get(column, "type"), 0), value, strlen(value), clock_now_ns(), shown, sizeof(shown), &step);
	detail_note_step(detail, step);
	snprintf(label, sizeof(label), "%.60s", name);
	for (char *at = label + (*label != 0); !is_acronym(name) && *at; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at + 32);
	for (char *at = label; (at = strchr(at, '_')) != NULL;)
		*at = ' ';
	if (*value && json_int(json_get(column, "type"), 0) == COLUMN_PERCENT) /* a table says the unit in its header */
		snprintf(shown + strlen(shown), sizeof(shown) - strlen(shown), " %%");
	text_view_field(&detail->view, label, LABEL, columns, *value ? STYLE_TEXT : STYLE_DIM, *value ? shown : "–");
}

static void labels(struct detail *detail, const char *text, int columns)
{
	char *copy = mem_text(text), *save = NULL;
	int first = 1;

	for (char *label = strtok_r(copy, ",", &save); label; label = strtok_r(NULL, ",", &save), first = 0)
		text_view_field(&detail->view, first ? "Labels" : "", LABEL, columns, STYLE_TEXT, label);
	free(copy);
}

static void fields(struct detail *detail, int columns)
{
	const struct json *json = detail->parts[PART_FIELDS].json;
	const char *severity = json_text_or(json_get(json, "severity"), ""), *why = json_text_or(json_get(json, "why"), "");
	char text[1200];

	if (!json) {
		instead(detail, PART_FIELDS, "");
		return;
	}
	if (*severity || *why) {
		snprintf(text, sizeof(text), "%s%s%s", severity, *severity && *why ? ": " : "", why);
		text_view_field(&detail->view, "Severity", LABEL, columns, style_of_severity(severity), text);
	}
	for (const struct json *column = json_first(json_get(json, "columns")); column; column = json_next(column))
		field(detail, column, columns);
	if (*json_text_or(json_get(json, "scope"), ""))
		text_view_field(&detail->view, "Scope", LABEL, columns, STYLE_TEXT, json_text(json_get(json, "scope")));
	labels(detail, json_text_or(json_get(json, "labels"), ""), columns);
}

static void age_of(struct detail *detail, const char *at, char *out, size_t size)
{
	int64_t at_ns, step = 0;

	if (clock_parse(at, &at_ns)) {
		snprintf(out, size, "–");
		return;
	}
	format_age(clock_now_ns() - at_ns, out, size, &step);
	detail_note_step(detail, step);
}

/* The first line of a container has the cursor at first: Enter once more is its log. */
static void object_row(struct detail *detail, const struct json *row, int columns)
{
	const struct json *label = json_first(row), *text = json_next(label), *severity = text ? json_next(text) : NULL;
	const char *level = json_text_or(severity, ""), *container = severity ? json_text(json_next(severity)) : NULL;

	if (container && !detail->is_placed && !detail->is_moved) {
		detail->view.cursor = detail->view.count;
		detail->is_placed = 1;
	}
	text_view_add(&detail->view, STYLE_DIM, json_text_or(label, ""));
	text_view_pad(&detail->view, LABEL);
	text_view_words(&detail->view, *level ? style_of_severity(level) : STYLE_TEXT, LABEL, columns, json_text_or(text, ""), add_link(detail, container, 1));
}

/* Nothing is said where there is nothing to say, and while it is under way: the fields stand above. */
static void object_parts(struct detail *detail, int columns)
{
	const struct answer *answer = &detail->parts[PART_OBJECT];

	if (!answer->json && answer->err.code && answer->err.code != ERR_NOT_FOUND) {
		head(detail, "The object");
		text_view_line(&detail->view, STYLE_WARNING, answer->err.text);
	}
	for (const struct json *part = json_first(answer->json); part; part = json_next(part)) {
		const struct json *rows = json_get(part, "rows");
		const char *problem = json_text(json_get(part, "error"));

		if (!problem && !json_count(rows))
			continue;
		head(detail, json_text_or(json_get(part, "title"), ""));
		if (problem)
			text_view_line(&detail->view, STYLE_WARNING, problem);
		for (const struct json *row = json_first(rows); row; row = json_next(row))
			object_row(detail, row, columns);
	}
}

static void events(struct detail *detail, int columns)
{
	char age[32];

	head(detail, "Events");
	if (instead(detail, PART_EVENTS, "none kept by the cluster"))
		return;
	for (const struct json *event = json_first(detail->parts[PART_EVENTS].json); event; event = json_next(event)) {
		int warning = !strcmp(json_text_or(json_get(event, "TYPE"), ""), "Warning");

		age_of(detail, json_text_or(json_get(event, "LAST"), ""), age, sizeof(age));
		text_view_addf(&detail->view, STYLE_DIM, "%6s  ", age);
		text_view_addf(&detail->view, warning ? STYLE_MEDIUM : STYLE_TEXT, "%s", json_text_or(json_get(event, "REASON"), ""));
		text_view_pad(&detail->view, 30);
		text_view_words(&detail->view, STYLE_TEXT, 30, columns, json_text_or(json_get(event, "MESSAGE"), ""), -1);
	}
}

static void dependents(struct detail *detail)
{
	struct ref ref;

	head(detail, "Depends on this, or belongs to it");
	if (instead(detail, PART_DEPENDENTS, "nothing that is known"))
		return;
	for (const struct json *item = json_first(detail->parts[PART_DEPENDENTS].json); item; item = json_next(item)) {
		const char *id = json_text_or(json_get(item, "id"), "");

		text_view_addf(&detail->view, STYLE_DIM, "%s", json_text_or(json_get(item, "relation"), ""));
		text_view_pad(&detail->view, RELATION);
		text_view_add(&detail->view, STYLE_TEXT, json_text_or(json_get(item, "name"), id));
		if (!ref_parse(id, &ref)) /* a deployment and its replica set are called alike */
			text_view_addf(&detail->view, STYLE_DIM, "  %s", ref.kind);
		text_view_end(&detail->view, add_link(detail, id, 0));
	}
}

static void changes(struct detail *detail, int columns)
{
	char age[32], text[900];

	head(detail, "Changed, last 7 days");
	if (instead(detail, PART_CHANGES, "no change was seen"))
		return;
	for (const struct json *change = json_first(detail->parts[PART_CHANGES].json); change; change = json_next(change)) {
		const char *old = json_text_or(json_get(change, "old"), ""), *now = json_text_or(json_get(change, "new"), "");
		const char *by = json_text_or(json_get(change, "by"), "");

		age_of(detail, json_text_or(json_get(change, "at"), ""), age, sizeof(age));
		text_view_addf(&detail->view, STYLE_DIM, "%6s  ", age);
		text_view_addf(&detail->view, STYLE_TEXT, "%s", json_text_or(json_get(change, "field"), ""));
		text_view_pad(&detail->view, 24);
		snprintf(text, sizeof(text), "%.300s%s%s%s%.300s%s%s", old, *old ? " " : "", *old ? screen_glyph(GLYPH_ARROW) : "", *old ? " " : "", now,
			*by ? "  by " : "", by);
		text_view_words(&detail->view, STYLE_TEXT, 24, columns, text, -1);
	}
}

void detail_build(struct detail *detail, int columns)
{
	detail->built_columns = columns;
	detail->step_ns = 0;
	detail->is_placed = 0;
	detail_drop_links(detail);
	text_view_clear(&detail->view);
	fields(detail, columns);
	object_parts(detail, columns);
	if (detail_has_events(detail))
		events(detail, columns);
	dependents(detail);
	changes(detail, columns);
}
