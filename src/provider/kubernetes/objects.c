#include "provider/kubernetes/objects.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "estate/kind.h"
#include "estate/provider.h"
#include "provider/kubernetes/list.h"

int objects_is_list(const char *kind)
{
	size_t length = strlen(kind);

	return length > 4 && !strcmp(kind + length - 4, "List");
}

/* --- values --- */

static void add_value(struct text *out, const struct json *value, const char *absent)
{
	if (json_text(value))
		text_add(out, json_text(value));
	else if (json_is(value, JSON_NUMBER))
		text_format(out, "%.15g", json_number(value, 0));
	else if (json_is(value, JSON_BOOL))
		text_add(out, json_bool(value, 0) ? "true" : "false");
	else
		text_add(out, absent);
}

static void pod_ready(struct text *out, const struct json *pod)
{
	size_t ready = 0;

	for (const struct json *item = json_first(json_at(pod, "status.containerStatuses")); item; item = json_next(item))
		ready += (size_t)json_bool(json_get(item, "ready"), 0);
	text_format(out, "%zu/%zu", ready, json_count(json_at(pod, "spec.containers")));
}

static void pod_restarts(struct text *out, const struct json *pod)
{
	int64_t restarts = 0;

	for (const struct json *item = json_first(json_at(pod, "status.containerStatuses")); item; item = json_next(item))
		restarts += json_int(json_get(item, "restartCount"), 0);
	text_format(out, "%lld", (long long)restarts);
}

/* printPod of the server (pkg/printers/internalversion): the phase, unless a container says more. */
static void pod_status(struct text *out, const struct json *pod)
{
	const char *status = json_text_or(json_at(pod, "status.reason"), json_text_or(json_at(pod, "status.phase"), ""));

	for (const struct json *item = json_first(json_at(pod, "status.containerStatuses")); item; item = json_next(item)) {
		const char *waiting = json_text(json_at(item, "state.waiting.reason"));
		const char *ended = json_text(json_at(item, "state.terminated.reason"));

		if (waiting || ended) {
			status = waiting ? waiting : ended;
			break;
		}
	}
	text_add(out, json_at(pod, "metadata.deletionTimestamp") ? "Terminating" : status);
}

static void node_status(struct text *out, const struct json *node)
{
	const char *ready = "Unknown";

	for (const struct json *item = json_first(json_at(node, "status.conditions")); item; item = json_next(item))
		if (!strcmp(json_text_or(json_get(item, "type"), ""), "Ready"))
			ready = !strcmp(json_text_or(json_get(item, "status"), ""), "True") ? "Ready" : "NotReady";
	text_add(out, ready);
	if (json_bool(json_at(node, "spec.unschedulable"), 0))
		text_add(out, ",SchedulingDisabled");
}

/* Of a node, or of all containers of a pod; one that has no number makes the sum unknown. */
static double usage_of(const struct json *metrics, const char *what)
{
	const struct json *whole = json_at(metrics, "usage");
	double sum = whole ? rows_parse_quantity(json_text(json_get(whole, what))) : 0;

	for (const struct json *item = json_first(json_get(metrics, "containers")); item; item = json_next(item))
		sum += rows_parse_quantity(json_text(json_at(json_get(item, "usage"), what)));
	return whole || json_count(json_get(metrics, "containers")) ? sum : (double)NAN;
}

static void usage_cpu(struct text *out, const struct json *metrics)
{
	double cores = usage_of(metrics, "cpu");

	if (!isnan(cores))
		text_format(out, "%.0fm", cores * 1000);
}

static void usage_memory(struct text *out, const struct json *metrics)
{
	double bytes = usage_of(metrics, "memory");

	if (!isnan(bytes))
		text_format(out, "%.0f", bytes);
}

static const struct {
	const char *name;
	void (*add)(struct text *out, const struct json *object);
} printers[] = {
	{ "@pod-ready", pod_ready },
	{ "@pod-status", pod_status },
	{ "@pod-restarts", pod_restarts },
	{ "@node-status", node_status },
	{ "@usage-cpu", usage_cpu },
	{ "@usage-memory", usage_memory },
};

static void add_cell(struct text *out, const struct json *object, const char *what)
{
	const char *slash = *what == '.' ? strchr(what, '/') : NULL;

	for (size_t i = 0; i < sizeof(printers) / sizeof(*printers); i++)
		if (!strcmp(printers[i].name, what))
			printers[i].add(out, object);
	if (*what == '#') {
		text_format(out, "%zu", json_count(rows_value(object, what + 1)));
	} else if (slash) {
		char *first = mem_text_n(what, (size_t)(slash - what));

		add_value(out, rows_value(object, first), "0");
		text_add(out, "/");
		add_value(out, rows_value(object, slash + 1), "0");
		free(first);
	} else if (*what == '.') {
		add_value(out, rows_value(object, what), "");
	}
}

/* --- an object as a row --- */

static void learn_columns(struct lister *lister)
{
	struct table_head head = { 0 };

	snprintf(head.columns[head.column_count++].name, sizeof(head.columns->name), "Name");
	for (const struct json *item = json_first(json_get(lister->kind->spec, "plain"));
		item && head.column_count < TABLE_COLUMNS_MAX; item = json_next(item))
		snprintf(head.columns[head.column_count++].name, sizeof(head.columns->name), "%s", json_key(item));
	rows_learn(&lister->rows, &head);
}

/* Cells and texts lie in store one after the other; it does not move while a row is made of offsets. */
static size_t keep(struct text *store, const char *text)
{
	size_t at = store->length;

	text_add(store, text ? text : "");
	text_add_char(store, '\0');
	return at;
}

static void add_labels(struct text *store, const struct json *labels)
{
	for (const struct json *item = json_first(labels); item; item = json_next(item))
		text_format(store, "%s%s=%s", item == json_first(labels) ? "" : ",", json_key(item), json_text_or(item, ""));
	text_add_char(store, '\0');
}

static const char *newest_manager(const struct json *meta)
{
	const char *manager = "", *time = "";

	for (const struct json *item = json_first(json_get(meta, "managedFields")); item; item = json_next(item)) {
		const char *at = json_text_or(json_get(item, "time"), "");

		if (strcmp(at, time) >= 0) {
			time = at;
			manager = json_text_or(json_get(item, "manager"), "");
		}
	}
	return manager;
}

static void make_row(struct lister *lister, const struct json *object)
{
	struct table_row *row = &lister->row;
	struct text *store = &row->store;
	const struct json *meta = json_get(object, "metadata");
	size_t cells[TABLE_COLUMNS_MAX], places[7], labels, whole, count = 0;
	static const char *const names[] = { "name", "namespace", "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp" };

	text_clear(store);
	keep(store, "");
	cells[count++] = keep(store, json_text(json_get(meta, "name")));
	for (const struct json *item = json_first(json_get(lister->kind->spec, "plain")); item && count < TABLE_COLUMNS_MAX; item = json_next(item)) {
		cells[count++] = store->length;
		add_cell(store, object, json_text_or(item, ""));
		text_add_char(store, '\0');
	}
	for (size_t i = 0; i < 6; i++)
		places[i] = keep(store, json_text(json_get(meta, names[i])));
	places[6] = keep(store, newest_manager(meta));
	labels = store->length;
	add_labels(store, json_get(meta, "labels"));
	whole = store->length;
	if (lister->resource.whole) {
		char *text = json_format(object);

		keep(store, text);
		free(text);
	}
	row->count = count;
	for (size_t i = 0; i < count; i++) {
		row->cells[i] = store->data + cells[i];
		row->lengths[i] = strlen(row->cells[i]);
	}
	row->name = store->data + places[0];
	row->namespace_ = store->data + places[1];
	row->uid = store->data + places[2];
	row->resource_version = store->data + places[3];
	row->created = store->data + places[4];
	row->deleted = store->data + places[5];
	row->manager = store->data + places[6];
	row->labels = store->data + labels;
	row->object = store->data + whole;
	row->object_length = lister->resource.whole ? strlen(row->object) : 0;
}

static int fill(struct lister *lister, const struct json *object, const char *namespace_)
{
	make_row(lister, object);
	if (lister->row.store.cut) /* larger than a row may be: the name alone is not it */
		return -1;
	return rows_fill(&lister->rows, &lister->row, namespace_, clock_now_ns());
}

int objects_fill(struct lister *lister, const char *bytes, size_t length, const char *namespace_)
{
	struct json *object = json_parse(bytes, length, NULL);
	int failed = !json_text(json_at(object, "metadata.name"));

	if (!failed) {
		learn_columns(lister);
		failed = fill(lister, object, namespace_);
	}
	json_free(object);
	return failed ? -1 : 0;
}

int objects_take(struct lister *lister, const char *bytes, size_t length, const char *namespace_, struct error *err)
{
	struct json *list = json_parse(bytes, length, err);

	if (!list)
		return -1;
	learn_columns(lister);
	for (const struct json *item = json_first(json_get(list, "items")); item && lister->taken < lister->limit; item = json_next(item)) {
		if (fill(lister, item, namespace_))
			continue;
		feed_row(lister->feed, lister->rows.cells, lister->rows.lengths);
		lister->taken++;
	}
	json_free(list);
	return 0;
}
