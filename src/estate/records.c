#include "estate/records.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"
#include "estate/estate.h"
#include "estate/inside.h"
#include "estate/provider.h"

enum { ID_MAX = 1400, VALUE_MAX = 4096, RECORDS_MAX = 5000, SAME_S = 60 };

struct dated {
	int64_t at_ns;
	size_t order; /* of equal times the first stays first */
	struct json *item;
};

struct merging {
	struct dated *list;
	size_t count, seen; /* the first `seen` are what the program saw */
	const char *kind, *id;
	int64_t since_ns;
};

static void append(struct merging *merging, int64_t at_ns, struct json *item)
{
	merging->list = mem_grow(merging->list, merging->count + 1, sizeof(*merging->list));
	merging->list[merging->count] = (struct dated){ .at_ns = at_ns, .order = merging->count, .item = item };
	merging->count++;
}

static int is_null(const struct json *item, const char *key)
{
	return !json_text(json_get(item, key)) || !*json_text(json_get(item, key));
}

static int is_same(const struct json *a, const struct json *b, const char *key)
{
	return !strcmp(json_text_or(json_get(a, key), ""), json_text_or(json_get(b, key), ""));
}

/* The same value of the same thing, or the same coming or going of it, within a minute. */
static struct dated *find_seen(const struct merging *merging, int64_t at_ns, const char *id, const struct json *item)
{
	for (size_t i = 0; i < merging->seen; i++) {
		struct dated *one = &merging->list[i];
		int64_t apart = one->at_ns > at_ns ? one->at_ns - at_ns : at_ns - one->at_ns;
		int is_whole = is_null(one->item, "field") && is_null(one->item, "new") == is_null(item, "new");

		if (apart <= SAME_S * CLOCK_SECOND_NS && !strcmp(json_text_or(json_get(one->item, "id"), ""), id) &&
			(is_whole || (is_same(one->item, item, "field") && is_same(one->item, item, "new"))))
			return one;
	}
	return NULL;
}

static void set_safe(struct json *item, const char *key, const char *value)
{
	struct text clean;

	text_init(&clean, VALUE_MAX);
	if (value)
		safe_add(&clean, value, strlen(value));
	json_set_text(item, key, value ? clean.data : NULL);
	text_release(&clean);
}

static void on_record(void *arg, const struct change_record *record)
{
	struct merging *merging = arg;
	char raw[ID_MAX], id[ID_MAX], at[CLOCK_RFC3339_MAX];

	if (record->at_ns < merging->since_ns || merging->count - merging->seen >= RECORDS_MAX)
		return;
	ref_format(&record->ref, raw, sizeof(raw));
	safe_copy(id, sizeof(id), raw, strlen(raw));
	if ((merging->kind && strcmp(merging->kind, record->ref.kind)) || (merging->id && strcmp(merging->id, id)))
		return;
	struct json *item = json_object();

	clock_format(record->at_ns, at);
	json_set_text(item, "at", at);
	json_set_text(item, "id", id);
	json_set_text(item, "kind", record->ref.kind);
	set_safe(item, "field", record->field ? record->field : "");
	set_safe(item, "old", record->old);
	set_safe(item, "new", record->new_);
	set_safe(item, "by", record->by ? record->by : "");
	struct dated *seen = find_seen(merging, record->at_ns, id, item);

	if (!seen) {
		append(merging, record->at_ns, item);
		return;
	}
	/* The source knows when, and maybe who; the program may know what it was before. */
	if (is_null(item, "old") && !is_null(seen->item, "field"))
		json_set_text(item, "old", json_text(json_get(seen->item, "old")));
	json_free(seen->item);
	seen->item = item;
	seen->at_ns = record->at_ns;
}

static int newest_first(const void *a, const void *b)
{
	const struct dated *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns > y->at_ns ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

struct json *records_merge(struct estate *estate, struct json *changes, int64_t since_ns, const char *kind, const char *id, size_t limit)
{
	struct merging merging = { .kind = kind, .id = id, .since_ns = since_ns };

	for (const struct json *item = json_first(changes); item; item = json_next(item)) {
		int64_t at_ns = 0;

		clock_parse(json_text_or(json_get(item, "at"), ""), &at_ns);
		append(&merging, at_ns, json_copy(item));
	}
	merging.seen = merging.count;
	for (const struct provider_ops *const *each = estate->options.providers; each && *each; each++) {
		const struct provider_ops *ops = *each;
		struct provider *provider = ops->changes ? estate_provider(estate, ops->name, &ops, NULL) : NULL;

		if (provider)
			ops->changes(provider, since_ns, kind, on_record, &merging, NULL);
	}
	struct json *merged = json_array();

	if (merging.count)
		qsort(merging.list, merging.count, sizeof(*merging.list), newest_first);
	for (size_t i = 0; i < merging.count; i++) {
		if (i < limit)
			json_add(merged, merging.list[i].item);
		else
			json_free(merging.list[i].item);
	}
	free(merging.list);
	json_free(changes);
	return merged;
}
