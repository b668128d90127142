/* detail.c - everything known about one resource: its fields, why it is as it is, what happened to it, what depends on it, what changed.
 * Each part comes when its source has answered; one that fails says so in its place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/jq.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "estate/estate.h"
#include "estate/snapshot.h"
#include "tui/asking.h"
#include "tui/console.h"
#include "tui/format.h"
#include "tui/pane.h"
#include "tui/text_view.h"

enum { BODY_MAX = 4 << 20, WORDS_COLUMNS_MAX = 120, LABEL = 16, RELATION = 20, EVENTS_MAX = 30, CHANGES_MAX = 20, LINKS_MAX = 500, CELL = 4096,
	FIELDS_EVERY_S = 5, ALL_EVERY_S = 30, DEPENDENTS_EVERY_S = 300 };
#define CHANGES_SINCE_NS (INT64_C(7) * 24 * 3600 * CLOCK_SECOND_NS)

enum part { PART_FIELDS, PART_OBJECT, PART_EVENTS, PART_DEPENDENTS, PART_CHANGES, PART_COUNT };

struct answer {
	struct asking *asking;
	struct json *json; /* NULL: not yet, or err */
	struct error err;
	int came;
};

struct detail {
	struct pane pane;
	struct ref ref;
	struct text_view view;
	struct answer parts[PART_COUNT];
	char *links[LINKS_MAX]; /* ids that lines name */
	int link_count;
	int built_columns;
	int64_t step_ns;
	int64_t asked_ns, asked_all_ns, asked_dependents_ns; /* monotonic; 0 never */
	int moved; /* the object is another than when its dependents were asked for */
};

static struct detail *of(struct pane *pane)
{
	return (struct detail *)pane;
}

static void drop_links(struct detail *detail)
{
	while (detail->link_count)
		free(detail->links[--detail->link_count]);
}

static void close_detail(struct pane *pane)
{
	struct detail *detail = of(pane);

	for (int i = 0; i < PART_COUNT; i++) {
		asking_stop(&detail->parts[i].asking);
		json_free(detail->parts[i].json);
	}
	drop_links(detail);
	text_view_release(&detail->view);
	free(detail);
}

/* --- questions, on workers --- */

static struct snapshot *find_row(struct asking *asking, size_t *row)
{
	const struct kind *kind = estate_kind(asking->estate, asking->ref.kind, &asking->err);
	struct selection selection = { .account = *asking->ref.account ? asking->ref.account : NULL,
		.namespace_ = *asking->ref.namespace_ ? asking->ref.namespace_ : NULL };
	struct snapshot *snapshot = NULL;
	struct ref found;
	char id[1100];

	ref_format(&asking->ref, id, sizeof(id));
	if (!kind || estate_find(asking->estate, kind, &selection, id, &found, &snapshot, row, &asking->err))
		return NULL;
	return snapshot;
}

static struct json *column_json(const struct snapshot *snapshot, size_t row, int column)
{
	const struct kind_column *kind_column = &snapshot_kind(snapshot)->columns[column];
	struct json *object = json_object();
	size_t length;
	const char *cell = snapshot_cell(snapshot, row, column, &length);

	json_set_text(object, "name", kind_column->name);
	json_set_int(object, "type", kind_column->type);
	return json_set(object, "value", json_string_n(cell, length));
}

static void ask_fields(struct asking *asking)
{
	static const struct {
		const char *key;
		enum column_role role;
	} roles[] = { { "severity", ROLE_SEVERITY }, { "why", ROLE_WHY }, { "labels", ROLE_LABELS }, { "scope", ROLE_SCOPE } };
	size_t row;
	struct snapshot *snapshot = find_row(asking, &row);

	if (!snapshot)
		return;
	struct json *columns = json_array();

	asking->json = json_object();
	for (size_t i = 0; i < snapshot_kind(snapshot)->visible_count; i++)
		json_add(columns, column_json(snapshot, row, (int)i));
	json_set(asking->json, "columns", columns);
	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++) {
		char *text = snapshot_role_text(snapshot, row, roles[i].role);

		json_set_text(asking->json, roles[i].key, text ? text : "");
		free(text);
	}
	json_set_int(asking->json, "observed_ns", snapshot_time(snapshot));
	snapshot_unref(snapshot);
}

/* "Pod/web-1", "pod/web-1" or the bare name. */
static int event_is_of(const struct asking *asking, const struct kind *kind, const char *object, size_t length)
{
	const char *slash = memchr(object, '/', length);
	size_t name = slash ? length - (size_t)(slash - object) - 1 : length;

	if (name != strlen(asking->ref.name) || memcmp(object + length - name, asking->ref.name, name) != 0)
		return 0;
	return !slash || !kind || !strncasecmp(object, kind->singular ? kind->singular : kind->name, (size_t)(slash - object));
}

static void add_event(struct asking *asking, const struct snapshot *snapshot, size_t row)
{
	static const char *const names[] = { "LAST", "TYPE", "REASON", "COUNT", "MESSAGE" };
	struct json *event = json_object();

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t length;
		const char *cell = snapshot_cell(snapshot, row, kind_column_find(snapshot_kind(snapshot), names[i]), &length);

		json_set(event, names[i], json_string_n(cell, length));
	}
	json_add(asking->json, event);
}

static void ask_events(struct asking *asking)
{
	const struct kind *events = estate_kind(asking->estate, "events", &asking->err);
	const struct kind *kind = estate_kind(asking->estate, asking->ref.kind, NULL);
	struct selection selection = { .account = asking->ref.account, .namespace_ = *asking->ref.namespace_ ? asking->ref.namespace_ : "*" };

	if (!events)
		return;
	struct snapshot *snapshot = estate_list(asking->estate, events, &selection, NULL, &asking->err);

	if (!snapshot)
		return;
	asking->json = json_array();
	for (size_t row = 0; row < snapshot_count(snapshot) && json_count(asking->json) < EVENTS_MAX; row++) {
		size_t length;
		const char *object = snapshot_cell(snapshot, row, kind_column_find(events, "OBJECT"), &length);

		if (event_is_of(asking, kind, object, length))
			add_event(asking, snapshot, row);
	}
	snapshot_unref(snapshot);
}

static void ask_dependents(struct asking *asking)
{
	estate_dependents(asking->estate, &asking->ref, &asking->json, &asking->err);
}

static void ask_changes(struct asking *asking)
{
	char id[1100];

	ref_format(&asking->ref, id, sizeof(id));
	struct json *changes = estate_changes(asking->estate, clock_now_ns() - CHANGES_SINCE_NS, asking->ref.kind, id, CHANGES_MAX, &asking->err);

	asking->json = changes ? json_copy(json_get(changes, "changes")) : NULL;
	json_free(changes);
}

/* What the kind's table says of the whole object: {"title","rows":[[label, text, severity]]} or {"title","error"} each. */
static void ask_object(struct asking *asking)
{
	const struct kind *kind = estate_kind(asking->estate, asking->ref.kind, &asking->err);
	struct json *object = NULL;

	if (!kind)
		return;
	if (!kind->detail_count) {
		asking->json = json_array();
		return;
	}
	if (estate_get(asking->estate, &asking->ref, &object, &asking->err))
		return;
	asking->json = json_array();
	for (size_t i = 0; i < kind->detail_count; i++) {
		struct json *part = json_set_text(json_object(), "title", kind->details[i].title);
		struct error err = { 0 };
		struct json *rows = jq_eval(kind->details[i].rows, object, &err);

		if (rows)
			json_set(part, "rows", rows);
		else
			json_set_text(part, "error", err.text);
		json_add(asking->json, part);
	}
	json_make_safe(asking->json);
	json_free(object);
}

static void (*const questions[PART_COUNT])(struct asking *asking) = { ask_fields, ask_object, ask_events, ask_dependents, ask_changes };

static void answered(void *pane, struct asking *asking)
{
	struct detail *detail = pane;
	struct answer *answer = &detail->parts[asking->number];

	int same = answer->came && answer->err.code == asking->err.code && (!asking->json || (answer->json && json_equal(answer->json, asking->json)));

	if (asking->json || !answer->json) {
		json_free(answer->json);
		answer->json = asking->json;
		asking->json = NULL;
	}
	answer->err = asking->err;
	answer->came = 1;
	console_dirty(detail->pane.console); /* the age in the head line */
	if (same)
		return;
	detail->moved |= asking->number == PART_OBJECT;
	detail->built_columns = 0;
	detail->pane.dirty = 1;
}

static int has_events(const struct detail *detail)
{
	return !strcmp(detail->ref.provider, "kubernetes") && strcmp(detail->ref.kind, "events") != 0;
}

static void ask_parts(struct detail *detail, int count, int dependents)
{
	if (!console_estate(detail->pane.console))
		return;
	detail->asked_ns = clock_monotonic_ns();
	for (int part = 0; part < count; part++) {
		if ((part == PART_EVENTS && !has_events(detail)) || (part == PART_DEPENDENTS && !dependents))
			continue;
		struct asking *asking = asking_new(detail->pane.console, &detail->parts[part].asking, detail, questions[part], answered);

		asking->ref = detail->ref;
		asking->number = part;
		asking_send(asking);
	}
}

static void ask_all(struct detail *detail, int dependents)
{
	ask_parts(detail, PART_COUNT, dependents);
	detail->asked_all_ns = detail->asked_ns;
	if (!dependents)
		return;
	detail->asked_dependents_ns = detail->asked_ns;
	detail->moved = 0;
}

static void ask(struct detail *detail)
{
	ask_all(detail, 1);
}

/* As often as its table would be listed, and at least so many seconds apart. */
static int64_t interval_ns(const struct detail *detail, int least_s)
{
	struct estate *estate = console_estate(detail->pane.console);
	int64_t least = least_s * CLOCK_SECOND_NS, polled;
	char name[200];

	snprintf(name, sizeof(name), "%s/%s", detail->ref.provider, detail->ref.kind);
	const struct kind *kind = estate ? kinds_find(estate_kinds(estate), name) : NULL;

	polled = kind ? kind->poll_ms * INT64_C(1000000) : 0;
	return polled > least ? polled : least;
}

/* What it says must not stay as it was when it was opened. */
static void ask_again(struct detail *detail)
{
	int64_t now = clock_monotonic_ns();

	for (int part = 0; part < PART_COUNT; part++)
		if (detail->parts[part].asking)
			return;
	if (now - detail->asked_all_ns >= interval_ns(detail, ALL_EVERY_S))
		ask_all(detail, detail->moved || now - detail->asked_dependents_ns >= interval_ns(detail, DEPENDENTS_EVERY_S)); /* a dozen lists: not for nothing */
	else if (now - detail->asked_ns >= interval_ns(detail, FIELDS_EVERY_S))
		ask_parts(detail, PART_FIELDS + 1, 0);
}

/* --- as text --- */

static int add_link(struct detail *detail, const char *id)
{
	if (!id || !*id || detail->link_count == LINKS_MAX)
		return -1;
	detail->links[detail->link_count] = mem_text(id);
	return detail->link_count++;
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

static void note_step(struct detail *detail, int64_t step)
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
	note_step(detail, step);
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
	note_step(detail, step);
}

static void object_row(struct detail *detail, const struct json *row, int columns)
{
	const struct json *label = json_first(row), *text = json_next(label), *severity = text ? json_next(text) : NULL;
	const char *level = json_text_or(severity, "");

	text_view_field(&detail->view, json_text_or(label, ""), LABEL, columns, *level ? style_of_severity(level) : STYLE_TEXT, json_text_or(text, ""));
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
	head(detail, "Depends on this, or belongs to it");
	if (instead(detail, PART_DEPENDENTS, "nothing that is known"))
		return;
	for (const struct json *item = json_first(detail->parts[PART_DEPENDENTS].json); item; item = json_next(item)) {
		const char *id = json_text_or(json_get(item, "id"), "");

		text_view_addf(&detail->view, STYLE_DIM, "%s", json_text_or(json_get(item, "relation"), ""));
		text_view_pad(&detail->view, RELATION);
		text_view_add(&detail->view, STYLE_TEXT, json_text_or(json_get(item, "name"), id));
		text_view_end(&detail->view, add_link(detail, id));
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

static void build(struct detail *detail, int columns)
{
	detail->built_columns = columns;
	detail->step_ns = 0;
	drop_links(detail);
	text_view_clear(&detail->view);
	fields(detail, columns);
	object_parts(detail, columns);
	if (has_events(detail))
		events(detail, columns);
	dependents(detail);
	changes(detail, columns);
}

static void draw(struct pane *pane, struct rect area)
{
	ask_again(of(pane));
	build(of(pane), area.columns - 4 < WORDS_COLUMNS_MAX ? area.columns - 4 : WORDS_COLUMNS_MAX);
	text_view_draw(&of(pane)->view, pane, area);
}

static int recalc(struct pane *pane)
{
	struct detail *detail = of(pane);

	if (!detail->parts[PART_FIELDS].came && !detail->parts[PART_FIELDS].asking)
		ask(detail);
	return 0;
}

/* --- commands --- */

static void open_link(struct detail *detail)
{
	int link = text_view_link(&detail->view);
	struct ref ref;

	if (link >= 0 && link < detail->link_count && !ref_parse(detail->links[link], &ref))
		console_push(detail->pane.console, detail_new(detail->pane.console, &ref));
}

static int command(struct pane *pane, const struct command *what)
{
	if (!strcmp(what->name, "text.open") && !pane->mode)
		open_link(of(pane));
	else if (!strcmp(what->name, "global.refresh"))
		ask(of(pane));
	else
		return text_view_command(&of(pane)->view, pane, what);
	return 1;
}

static int key(struct pane *pane, int pressed)
{
	return text_view_key(&of(pane)->view, pane, pressed);
}

static void mouse(struct pane *pane, struct rect area, int y, int x, int button)
{
	(void)area;
	(void)x;
	text_view_mouse(&of(pane)->view, pane, y, button);
}

static void title(struct pane *pane, char *out, size_t size)
{
	const struct ref *ref = &of(pane)->ref;

	snprintf(out, size, "%s %s%s%s", ref->kind, ref->namespace_, *ref->namespace_ ? "/" : "", ref->name);
}

static void status(struct pane *pane, char *out, size_t size)
{
	struct detail *detail = of(pane);
	int64_t observed = json_int(json_get(detail->parts[PART_FIELDS].json, "observed_ns"), 0), step = 0;
	char age[32];

	if (!observed) {
		snprintf(out, size, "%s", detail->parts[PART_FIELDS].came ? "failed" : "loading");
		return;
	}
	format_data_age(observed, clock_now_ns(), (int)(interval_ns(detail, FIELDS_EVERY_S) / 1000000), age, sizeof(age), &step);
	snprintf(out, size, "age %s", age);
}

static int64_t next_change(struct pane *pane)
{
	struct detail *detail = of(pane);
	int64_t observed = json_int(json_get(detail->parts[PART_FIELDS].json, "observed_ns"), 0), step = 0;
	char age[32];

	if (observed)
		format_data_age(observed, clock_now_ns(), (int)(interval_ns(detail, FIELDS_EVERY_S) / 1000000), age, sizeof(age), &step);
	note_step(detail, step);
	note_step(detail, interval_ns(detail, FIELDS_EVERY_S));
	return detail->step_ns;
}

static int target(struct pane *pane, struct ref *ref)
{
	*ref = of(pane)->ref;
	return 1;
}

static void dump(struct pane *pane, struct text *out)
{
	text_view_dump(&of(pane)->view, out);
}

static const struct pane_ops ops = {
	.name = "detail",
	.context = "detail",
	.close = close_detail,
	.recalc = recalc,
	.draw = draw,
	.command = command,
	.key = key,
	.mouse = mouse,
	.title = title,
	.status = status,
	.target = target,
	.next_change = next_change,
	.dump = dump,
};

struct pane *detail_new(struct console *console, const struct ref *ref)
{
	struct detail *detail = mem_zero(1, sizeof(*detail));

	detail->pane = (struct pane){ .ops = &ops, .console = console };
	text_view_init(&detail->view, BODY_MAX, 0);
	detail->view.with_cursor = 1;
	detail->ref = *ref;
	ask(detail);
	return &detail->pane;
}
