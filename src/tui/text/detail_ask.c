/* detail_ask.c - what the detail of a resource asks for, on workers, and how often again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jq.h"
#include "base/json.h"
#include "estate/snapshot.h"
#include "tui/asking.h"
#include "tui/console.h"
#include "tui/text/detail_private.h"

enum { EVENTS_MAX = 30, CHANGES_MAX = 20, ALL_EVERY_S = 30, DEPENDENTS_EVERY_S = 300 };
#define CHANGES_SINCE_NS (INT64_C(7) * 24 * 3600 * CLOCK_SECOND_NS)

static struct snapshot *find_row(struct asking *asking, size_t *row)
{
	const struct kind *kind = estate_kind_of(asking->estate, &asking->ref, &asking->err);
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

/* What only a wide table shows, and this one has not, is no answer to anything. */
static int says_something(const struct snapshot *snapshot, size_t row, int column)
{
	size_t length;

	snapshot_cell(snapshot, row, column, &length);
	return length || !snapshot_kind(snapshot)->columns[column].wide;
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
		if (says_something(snapshot, row, (int)i))
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
	const struct kind *kind = estate_kind_of(asking->estate, &asking->ref, NULL);
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
	const struct kind *kind = estate_kind_of(asking->estate, &asking->ref, &asking->err);
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

int detail_has_events(const struct detail *detail)
{
	return !strcmp(detail->ref.provider, "kubernetes") && strcmp(detail->ref.kind, "events") != 0;
}

static void ask_parts(struct detail *detail, int count, int dependents)
{
	if (!console_estate(detail->pane.console))
		return;
	detail->asked_ns = clock_monotonic_ns();
	for (int part = 0; part < count; part++) {
		if ((part == PART_EVENTS && !detail_has_events(detail)) || (part == PART_DEPENDENTS && !dependents))
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

void detail_ask(struct detail *detail)
{
	ask_all(detail, 1);
}

/* As often as its table would be listed, and at least so many seconds apart. */
int64_t detail_interval_ns(const struct detail *detail, int least_s)
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
void detail_ask_again(struct detail *detail)
{
	int64_t now = clock_monotonic_ns();

	for (int part = 0; part < PART_COUNT; part++)
		if (detail->parts[part].asking)
			return;
	if (now - detail->asked_all_ns >= detail_interval_ns(detail, ALL_EVERY_S))
		ask_all(detail, detail->moved || now - detail->asked_dependents_ns >= detail_interval_ns(detail, DEPENDENTS_EVERY_S)); /* a dozen lists: not for nothing */
	else if (now - detail->asked_ns >= detail_interval_ns(detail, DETAIL_EVERY_S))
		ask_parts(detail, PART_FIELDS + 1, 0);
}
