#include "sim/tree.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"

enum { KEY_MAX = 256 };

void tree_put(struct json *root, const char *path, struct json *value)
{
	char key[KEY_MAX];
	const char *dot;

	while ((dot = strchr(path, '.'))) {
		snprintf(key, sizeof(key), "%.*s", (int)(dot - path), path);
		struct json *next = json_get(root, key);

		if (!json_is(next, JSON_OBJECT)) {
			json_set(root, key, json_object());
			next = json_get(root, key);
		}
		root = next;
		path = dot + 1;
	}
	json_set(root, path, value);
}

void tree_put_text(struct json *root, const char *path, const char *text)
{
	tree_put(root, path, json_string(text));
}

void tree_put_int(struct json *root, const char *path, int64_t number)
{
	tree_put(root, path, json_integer(number));
}

void tree_stamp(int64_t at_ns, char out[STAMP_MAX])
{
	time_t seconds = (time_t)(at_ns / CLOCK_SECOND_NS);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(out, STAMP_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

void tree_put_time(struct json *root, const char *path, int64_t at_ns)
{
	char stamp[STAMP_MAX];

	tree_stamp(at_ns, stamp);
	tree_put_text(root, path, stamp);
}

int64_t tree_time(const struct json *value, int64_t otherwise)
{
	int64_t at_ns;

	return json_text(value) && !clock_parse(json_text(value), &at_ns) ? at_ns : otherwise;
}

/* --- merging --- */

/* What tells the items of a list apart, or NULL: the list is one value. */
static const char *merge_key(const struct json *list)
{
	static const char *const keys[] = { "name", "key", "type", "ip", NULL };

	for (size_t i = 0; keys[i]; i++) {
		const struct json *item = json_first(list);

		while (item && json_text(json_get(item, keys[i])))
			item = json_next(item);
		if (!item && json_count(list))
			return keys[i];
	}
	return NULL;
}

static struct json *item_with(struct json *list, const char *key, const char *value)
{
	for (struct json *item = json_first(list); item; item = json_next(item))
		if (!strcmp(json_text_or(json_get(item, key), ""), value))
			return item;
	return NULL;
}

static int merge_list(struct json *target, const struct json *patch)
{
	const char *key = merge_key(patch);

	if (!key || !json_is(target, JSON_ARRAY))
		return -1;
	for (const struct json *item = json_first(patch); item; item = json_next(item)) {
		struct json *own = item_with(target, key, json_text(json_get(item, key)));

		if (own)
			tree_merge(own, item, 1);
		else
			json_add(target, json_copy(item));
	}
	return 0;
}

void tree_merge(struct json *target, const struct json *patch, int strategic)
{
	for (const struct json *item = json_first(patch); item; item = json_next(item)) {
		const char *key = json_key(item);
		struct json *own = json_get(target, key);

		if (json_is(item, JSON_NULL)) {
			json_remove(target, key);
		} else if (json_is(item, JSON_OBJECT)) {
			if (!json_is(own, JSON_OBJECT)) {
				json_set(target, key, json_object());
				own = json_get(target, key);
			}
			tree_merge(own, item, strategic);
		} else if (!strategic || !json_is(item, JSON_ARRAY) || merge_list(own, item)) {
			json_set(target, key, json_copy(item));
		}
	}
}

/* --- fields --- */

/* The names of both that differ; the other's are those that are gone. */
static void add_differing(struct json *fields, const struct json *before, const struct json *after)
{
	char key[KEY_MAX];

	for (const struct json *item = json_first(after); item; item = json_next(item)) {
		struct json *inner = tree_fields(json_get(before, json_key(item)), item);

		snprintf(key, sizeof(key), "f:%s", json_key(item));
		if (inner)
			json_set(fields, key, inner);
	}
}

static void add_differing_items(struct json *fields, const struct json *before, const struct json *after, const char *key)
{
	for (const struct json *item = json_first(after); item; item = json_next(item)) {
		const struct json *own = json_first(before);
		char name[KEY_MAX];

		while (own && strcmp(json_text_or(json_get(own, key), ""), json_text(json_get(item, key))))
			own = json_next(own);
		struct json *inner = tree_fields(own, item);

		snprintf(name, sizeof(name), "k:{\"%s\":\"%.200s\"}", key, json_text(json_get(item, key)));
		if (inner)
			json_set(fields, name, inner);
	}
}

struct json *tree_fields(const struct json *before, const struct json *after)
{
	const char *key = json_is(after, JSON_ARRAY) ? merge_key(after) : NULL;
	struct json *fields;

	if (before && json_equal(before, after))
		return NULL;
	fields = json_object();
	if (json_is(after, JSON_OBJECT))
		add_differing(fields, before, after);
	else if (key)
		add_differing_items(fields, before, after, key);
	return fields;
}

/* --- JSON Patch --- */

/* The object that holds the last word of a pointer; that word into key (RFC 6901: ~1 is /, ~0 is ~). */
static struct json *holder(struct json *at, const char *pointer, char key[KEY_MAX])
{
	while (at && *pointer == '/') {
		size_t length = 0;

		for (pointer++; *pointer && *pointer != '/' && length < KEY_MAX - 1; pointer++) {
			int escaped = *pointer == '~' && (pointer[1] == '0' || pointer[1] == '1');

			key[length++] = !escaped ? *pointer : pointer[1] == '1' ? '/' : '~';
			pointer += escaped;
		}
		key[length] = '\0';
		if (*pointer)
			at = json_get(at, key);
	}
	return json_is(at, JSON_OBJECT) ? at : NULL;
}

static int take_step(struct json *target, const struct json *step, struct error *err)
{
	const char *op = json_text_or(json_get(step, "op"), "");
	const char *path = json_text_or(json_get(step, "path"), "");
	char key[KEY_MAX] = "";
	struct json *at = holder(target, path, key);

	if (!at || !*key)
		return error_set(err, ERR_INVALID, "jsonpatch: there is nothing at %.100s", path);
	if (!strcmp(op, "add") || !strcmp(op, "replace"))
		json_set(at, key, json_copy(json_get(step, "value")));
	else if (!strcmp(op, "remove"))
		json_remove(at, key);
	else if (strcmp(op, "test") != 0)
		return error_set(err, ERR_INVALID, "jsonpatch: operation %.40s is not known", op);
	else if (!json_equal(json_get(at, key), json_get(step, "value")))
		return error_set(err, ERR_INVALID, "jsonpatch: test of %.100s failed", path);
	return 0;
}

int tree_json_patch(struct json *target, const struct json *steps, struct error *err)
{
	for (const struct json *step = json_first(steps); step; step = json_next(step))
		if (take_step(target, step, err))
			return -1;
	return 0;
}
