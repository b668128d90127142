#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/secret.h"
#include "provider/kubernetes/act.h"
#include "provider/kubernetes/get.h"

enum { SUMMARY_DEPTH = 1 };

/* Written by the server at every change: no news to the reader. */
static void drop_noise(struct json *object)
{
	static const char *const noise[] = { "managedFields", "resourceVersion", "generation",
		"creationTimestamp", "selfLink", "uid" };
	struct json *meta = json_get(object, "metadata");

	json_remove(object, "status");
	for (size_t i = 0; i < sizeof(noise) / sizeof(*noise); i++)
		json_remove(meta, noise[i]);
}

/* After both were hidden, values that differed must still look different. */
static void mark_changed(struct json *after, const struct json *before_data,
	const struct json *after_data, const char *member)
{
	struct json *shown = json_get(after, member);

	for (const struct json *item = json_first(after_data); item; item = json_next(item))
		if (!json_equal(item, json_get(before_data, json_key(item))))
			json_set_text(shown, json_key(item), SECRET_SHOWN " (changed)");
}

static struct json *cleaned(const struct json *object)
{
	struct json *copy = json_copy(object);

	get_redact(copy);
	drop_noise(copy);
	return copy;
}

static const struct json *item_named(const struct json *list, const char *name)
{
	for (const struct json *item = json_first(list); item; item = json_next(item))
		if (json_text(json_get(item, "name")) &&
			!strcmp(json_text(json_get(item, "name")), name))
			return item;
	return NULL;
}

static int all_named(const struct json *list)
{
	for (const struct json *item = json_first(list); item; item = json_next(item))
		if (!json_text(json_get(item, "name")))
			return 0;
	return 1;
}

static void differ(
	const struct json *a, const struct json *b, struct json **out_a, struct json **out_b);

/* Members of `from` that `other` lacks or has otherwise. */
static void differ_members(
	const struct json *a, const struct json *b, struct json *out_a, struct json *out_b)
{
	for (const struct json *item = json_first(a); item; item = json_next(item)) {
		const struct json *other = json_get(b, json_key(item));
		struct json *x, *y;

		if (other && json_equal(item, other))
			continue;
		differ(item, other, &x, &y);
		if (x)
			json_set(out_a, json_key(item), x);
		if (y)
			json_set(out_b, json_key(item), y);
	}
	for (const struct json *item = json_first(b); item; item = json_next(item))
		if (!json_get(a, json_key(item)))
			json_set(out_b, json_key(item), json_copy(item));
}

/* Lists whose items have names (containers, ports, variables): item by item. */
static void differ_named(
	const struct json *a, const struct json *b, struct json *out_a, struct json *out_b)
{
	for (const struct json *item = json_first(a); item; item = json_next(item)) {
		const char *name = json_text(json_get(item, "name"));
		const struct json *other = item_named(b, name);
		struct json *x, *y;

		if (other && json_equal(item, other))
			continue;
		differ(item, other, &x, &y);
		if (other && x)
			json_set_text(x, "name", name);
		if (other && y)
			json_set_text(y, "name", name);
		if (x)
			json_add(out_a, x);
		if (y)
			json_add(out_b, y);
	}
	for (const struct json *item = json_first(b); item; item = json_next(item))
		if (!item_named(a, json_text(json_get(item, "name"))))
			json_add(out_b, json_copy(item));
}

/* The parts in which a and b differ; NULL for one that is not there. */
static void differ(
	const struct json *a, const struct json *b, struct json **out_a, struct json **out_b)
{
	*out_a = *out_b = NULL;
	if (json_is(a, JSON_OBJECT) && json_is(b, JSON_OBJECT)) {
		*out_a = json_object();
		*out_b = json_object();
		differ_members(a, b, *out_a, *out_b);
	} else if (json_is(a, JSON_ARRAY) && json_is(b, JSON_ARRAY) && all_named(a) &&
		   all_named(b)) {
		*out_a = json_array();
		*out_b = json_array();
		differ_named(a, b, *out_a, *out_b);
	} else {
		*out_a = a ? json_copy(a) : NULL;
		*out_b = b ? json_copy(b) : NULL;
	}
}

void diff_objects(const struct json *live, const struct json *result, struct json **before,
	struct json **after)
{
	struct json *a = live ? cleaned(live) : NULL;
	struct json *b = result ? cleaned(result) : NULL;

	if (a && b && !strcmp(json_text_or(json_get(result, "kind"), ""), "Secret"))
		mark_changed(b, json_get(live, "data"), json_get(result, "data"), "data");
	if (a && b) {
		differ(a, b, before, after);
		json_free(a);
		json_free(b);
		return;
	}
	*before = a;
	*after = b;
}

static void copy_scalars(struct json *out, const struct json *from)
{
	for (const struct json *item = json_first(from); item; item = json_next(item))
		if (!json_is(item, JSON_OBJECT) && !json_is(item, JSON_ARRAY))
			json_set(out, json_key(item), json_copy(item));
}

static void add_images(struct json *out, const struct json *containers)
{
	struct json *images = json_array();

	for (const struct json *item = json_first(containers); item; item = json_next(item))
		json_add(images, json_string(json_text(json_get(item, "image"))));
	if (json_count(images))
		json_set(out, "images", images);
	else
		json_free(images);
}

struct json *diff_summary(const struct json *live)
{
	struct json *out = json_object(), *spec = json_object();
	const struct json *template = json_at(live, "spec.template.spec.containers");

	json_set_text(out, "kind", json_text(json_get(live, "kind")));
	json_set_text(out, "name", json_text(json_at(live, "metadata.name")));
	if (json_at(live, "metadata.namespace"))
		json_set_text(out, "namespace", json_text(json_at(live, "metadata.namespace")));
	if (json_at(live, "metadata.labels"))
		json_set(out, "labels", json_copy(json_at(live, "metadata.labels")));
	copy_scalars(spec, json_get(live, "spec"));
	add_images(spec, template ? template : json_at(live, "spec.containers"));
	if (json_count(json_get(live, "data")))
		json_set_int(spec, "entries", (int64_t)json_count(json_get(live, "data")));
	if (json_count(spec))
		json_set(out, "spec", spec);
	else
		json_free(spec);
	return out;
}

/* --- has it happened already? --- */

static int satisfied(const struct json *live, const struct json *wanted);

static int list_satisfied(const struct json *live, const struct json *wanted)
{
	if (!json_count(wanted) || !all_named(wanted))
		return json_equal(live, wanted);
	for (const struct json *item = json_first(wanted); item; item = json_next(item))
		if (!satisfied(item_named(live, json_text(json_get(item, "name"))), item))
			return 0;
	return 1;
}

static int satisfied(const struct json *live, const struct json *wanted)
{
	if (json_is(wanted, JSON_NULL))
		return !live || json_is(live, JSON_NULL);
	if (json_is(wanted, JSON_ARRAY))
		return json_is(live, JSON_ARRAY) && list_satisfied(live, wanted);
	if (!json_is(wanted, JSON_OBJECT))
		return json_equal(live, wanted);
	if (!json_is(live, JSON_OBJECT))
		return 0;
	for (const struct json *item = json_first(wanted); item; item = json_next(item))
		if (*json_key(item) != '$' && !satisfied(json_get(live, json_key(item)), item))
			return 0;
	return 1;
}

int diff_satisfied(const struct json *live, const struct change *change)
{
	if (strcmp(change->type, PATCH_JSON) != 0)
		return satisfied(live, change->body);
	for (const struct json *step = json_first(change->body); step; step = json_next(step)) {
		const struct json *at = live;
		char path[256], *state, *part;

		snprintf(path, sizeof(path), "%s", json_text_or(json_get(step, "path"), ""));
		for (part = strtok_r(path, "/", &state); part; part = strtok_r(NULL, "/", &state))
			at = json_get(at, part);
		if (!satisfied(at, json_get(step, "value")))
			return 0;
	}
	return 1;
}
