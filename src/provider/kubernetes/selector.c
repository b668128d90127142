#include "provider/kubernetes/selector.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"

static void add_expression(struct text *out, const struct json *item)
{
	const char *key = json_text_or(json_get(item, "key"), ""),
		   *op = json_text_or(json_get(item, "operator"), "");
	const struct json *values = json_get(item, "values");

	text_add(out, out->length ? "," : "");
	if (!strcmp(op, "Exists") || !strcmp(op, "DoesNotExist")) {
		text_format(out, "%s%s", *op == 'D' ? "!" : "", key);
		return;
	}
	text_format(out, "%s %s (", key, !strcmp(op, "NotIn") ? "notin" : "in");
	for (const struct json *value = json_first(values); value; value = json_next(value))
		text_format(out, "%s%s", value == json_first(values) ? "" : ",",
			json_text_or(value, ""));
	text_add(out, ")");
}

char *selector_text(const struct json *selector)
{
	const struct json *labels = json_get(selector, "matchLabels");
	struct text out;

	/* Services and replication controllers have the plain map. */
	if (!labels && !json_get(selector, "matchExpressions"))
		labels = selector;
	text_init(&out, 4096);
	for (const struct json *item = json_first(labels); item; item = json_next(item))
		text_format(&out, "%s%s=%s", out.length ? "," : "", json_key(item),
			json_text_or(item, ""));
	for (const struct json *item = json_first(json_get(selector, "matchExpressions")); item;
		item = json_next(item))
		add_expression(&out, item);
	if (out.length && !out.cut)
		return text_take(&out);
	text_release(&out);
	return NULL;
}

/* --- the same, decided here --- */

static int has_labels(const struct json *map, const struct json *labels)
{
	for (const struct json *item = json_first(map); item; item = json_next(item)) {
		const char *value = json_text(json_get(labels, json_key(item)));

		if (!value || strcmp(value, json_text_or(item, "\x01")) != 0)
			return 0;
	}
	return 1;
}

static int is_one_of(const char *value, const struct json *values)
{
	for (const struct json *item = json_first(values); item; item = json_next(item))
		if (!strcmp(json_text_or(item, "\x01"), value))
			return 1;
	return 0;
}

/* apimachinery's labels.Requirement.Matches: a label that is not there is in no list. */
static int holds(const struct json *expression, const struct json *labels)
{
	const char *op = json_text_or(json_get(expression, "operator"), "");
	const char *value =
		json_text(json_get(labels, json_text_or(json_get(expression, "key"), "")));
	const struct json *values = json_get(expression, "values");

	if (!strcmp(op, "Exists"))
		return value != NULL;
	if (!strcmp(op, "DoesNotExist"))
		return !value;
	if (!strcmp(op, "NotIn"))
		return !value || !is_one_of(value, values);
	return !strcmp(op, "In") && value && is_one_of(value, values);
}

int selector_takes(const struct json *selector, const struct json *labels)
{
	if (!json_is(selector, JSON_OBJECT) || !has_labels(json_get(selector, "matchLabels"), labels))
		return 0;
	for (const struct json *item = json_first(json_get(selector, "matchExpressions")); item;
		item = json_next(item))
		if (!holds(item, labels))
			return 0;
	return 1;
}

int selector_map_takes(const struct json *map, const struct json *labels)
{
	return json_count(map) && has_labels(map, labels);
}
