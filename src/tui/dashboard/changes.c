/* changes.c - what changed, as lines of the dashboard. The same change of many things is one line: fifty namespaces that got one
 * ConfigMap each do not hide the one deployment that got another image. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "tui/chat/next.h"
#include "tui/console_private.h"
#include "tui/dashboard/private.h"

enum { ALONE_MAX = 2 }; /* of the same change: as many are named one by one */
#define SAME_WITHIN_NS (INT64_C(120) * CLOCK_SECOND_NS) /* of the first of them; of a burst, of the one before */

static int64_t time_of(const struct json *json, const char *key)
{
	int64_t at = 0;

	clock_parse(json_text_or(json_get(json, key), ""), &at);
	return at;
}

/* "registry/team/web:v41" and "registry/team/web:v42": where the difference begins, the image's name being left to the old one, and to
 * neither when it is that of the thing itself. */
static void shorten(const char *of, const char **old, const char **new_)
{
	const char *name = *old, *tag = NULL;
	size_t length = strlen(of), at = 0;

	for (size_t i = 0; (*old)[i] && (*old)[i] == (*new_)[i]; i++) {
		if ((*old)[i] == '/')
			name = *old + i + 1;
		if ((*old)[i] == ':') {
			tag = *new_ + i + 1;
			at = i + 1;
		}
	}
	if (!tag)
		return;
	*old = !strncmp(name, of, length) && name[length] == ':' ? *old + at : name;
	*new_ = tag;
}

static void fill_why(struct item *item, const struct json *change)
{
	const char *field = json_text_or(json_get(change, "field"), "");
	const char *old = json_text_or(json_get(change, "old"), ""), *new_ = json_text_or(json_get(change, "new"), "");

	if (!strcmp(field, "images") && !strchr(old, ',') && !strchr(new_, ',')) {
		shorten(item->has_ref ? item->ref.name : "", &old, &new_);
		field = "image";
	}
	if (*field && !*old && !*new_)
		snprintf(item->why, sizeof(item->why), "%.60s changed", field);
	else if (*field && (!*old || !*new_))
		snprintf(item->why, sizeof(item->why), "%.60s %.160s, %s", field, *new_ ? new_ : old, *new_ ? "new" : "gone");
	else if (*field)
		snprintf(item->why, sizeof(item->why), "%.60s %.80s %s %.80s", field, old, screen_glyph(GLYPH_ARROW), new_);
	else
		snprintf(item->why, sizeof(item->why), "%s", *new_ || !*old ? "appeared" : "gone");
}

static void fill(struct dashboard *dashboard, struct item *item, const struct json *change)
{
	const char *id = json_text_or(json_get(change, "id"), "");

	item->at_ns = time_of(change, "at");
	item->has_ref = !ref_parse(id, &item->ref);
	item->count = 1;
	snprintf(item->kind, sizeof(item->kind), "%.63s", json_text_or(json_get(change, "kind"), ""));
	snprintf(item->what, sizeof(item->what), "%.120s%s%.120s", item->has_ref ? item->ref.namespace_ : "",
		item->has_ref && *item->ref.namespace_ ? "/" : "", item->has_ref ? item->ref.name : id);
	fill_why(item, change);
	item->step = !!*json_text_or(json_get(change, "new"), "") - !!*json_text_or(json_get(change, "old"), "");
	snprintf(item->severity, sizeof(item->severity), "%.15s", json_text_or(json_get(change, "by"), ""));
	if (item->has_ref)
		estate_scope(dashboard->pane.console->estate, item->ref.namespace_, item->ref.account, item->scope);
}

static int is_same(const struct item *a, const struct item *b)
{
	int64_t apart = a->at_ns > b->at_ns ? a->at_ns - b->at_ns : b->at_ns - a->at_ns;

	return a->has_ref && b->has_ref && apart < SAME_WITHIN_NS && !strcmp(a->kind, b->kind) && !strcmp(a->why, b->why) &&
	       !strcmp(a->severity, b->severity) && !strcmp(a->ref.account, b->ref.account);
}

/* items[at] and all like it after it. */
static size_t count_same(const struct item *items, size_t at, size_t count)
{
	size_t same = 0;

	for (size_t i = at; i < count; i++)
		same += is_same(&items[at], &items[i]);
	return same;
}

/* The newest one stands for all: "50 configmaps", the name when all have the same, the scope too. */
static void join(struct item *items, size_t at, size_t count, size_t same)
{
	int one_name = 1, one_workload = 1, one_scope = 1;
	char name[512], workload[512], other[512];

	snprintf(name, sizeof(name), "%s", items[at].ref.name);
	chat_workload(items[at].kind, name, workload, sizeof(workload));
	for (size_t i = at; i < count; i++) {
		if (!is_same(&items[at], &items[i]))
			continue;
		one_name &= !strcmp(items[i].ref.name, name);
		chat_workload(items[i].kind, items[i].ref.name, other, sizeof(other));
		one_workload &= !strcmp(other, workload) && !strcmp(items[i].ref.namespace_, items[at].ref.namespace_);
		one_scope &= !strcmp(items[i].scope, items[at].scope);
	}
	if (one_name)
		snprintf(items[at].what, sizeof(items[at].what), "%.120s in %zu namespaces", name, same);
	else
		snprintf(items[at].what, sizeof(items[at].what), "%zu %s %.120s%s%.100s", same, one_workload ? "of" : "like",
			items[at].ref.namespace_, *items[at].ref.namespace_ ? "/" : "", one_workload ? workload : name);
	if (!one_scope)
		*items[at].scope = 0;
	items[at].count = same;
}

static size_t drop_same(struct item *items, size_t at, size_t count)
{
	size_t kept = at + 1;

	for (size_t i = at + 1; i < count; i++)
		if (!is_same(&items[at], &items[i])) {
			if (kept != i)
				items[kept] = items[i];
			kept++;
		}
	items[at].has_ref = 0; /* of several: the list of changes shows them */
	snprintf(items[at].open, sizeof(items[at].open), "changes /%.63s", items[at].kind);
	return kept;
}

/* --- bursts: what is only ever told of, as packages and files are, and comes by the dozen --- */

static int comes_by_the_dozen(const struct dashboard *dashboard, const struct item *item)
{
	return item->has_ref && !kinds_of(estate_kinds(dashboard->pane.console->estate), &item->ref);
}

static int is_of_burst(const struct item *a, const struct item *b, int64_t last_ns)
{
	return b->has_ref && last_ns - b->at_ns < SAME_WITHIN_NS && a->step == b->step && !strcmp(a->kind, b->kind) &&
	       !strcmp(a->severity, b->severity) && !strcmp(a->ref.account, b->ref.account);
}

static const char *deed_of(const struct item *item)
{
	static const struct {
		const char *kind, *deeds[3];
	} rows[] = { { "packages", { "removed", "upgraded", "installed" } }, { "", { "gone", "changed", "new" } } };
	size_t row = strcmp(item->kind, rows[0].kind) != 0;

	return rows[row].deeds[item->step + 1];
}

/* Into items[at], which is the newest: "34 packages", "installed: zsh, fish, …". Returns how many there are then. */
static size_t join_burst(struct item *items, size_t at, size_t count)
{
	struct item whole = items[at];
	int64_t last_ns = whole.at_ns;
	size_t kept = at + 1, used, found = 0;

	used = (size_t)snprintf(whole.why, sizeof(whole.why), "%s:", deed_of(&whole));
	for (size_t i = at; i < count; i++) {
		if (!is_of_burst(&whole, &items[i], last_ns)) {
			items[kept++] = items[i];
			continue;
		}
		last_ns = items[i].at_ns;
		if (used < sizeof(whole.why))
			used += (size_t)snprintf(whole.why + used, sizeof(whole.why) - used, "%s %.100s", found ? "," : "", items[i].ref.name);
		found++;
	}
	snprintf(whole.what, sizeof(whole.what), "%zu %.60s", found, whole.kind);
	snprintf(whole.open, sizeof(whole.open), "changes /%.63s", whole.kind);
	whole.has_ref = 0;
	whole.count = found;
	items[at] = whole;
	return kept;
}

static size_t count_burst(const struct item *items, size_t at, size_t count)
{
	int64_t last_ns = items[at].at_ns;
	size_t found = 0;

	for (size_t i = at; i < count; i++)
		if (is_of_burst(&items[at], &items[i], last_ns)) {
			last_ns = items[i].at_ns;
			found++;
		}
	return found;
}

void dashboard_add_changes(struct dashboard *dashboard, size_t widget)
{
	size_t first = dashboard->item_count, count;

	for (const struct json *change = json_first(json_get(dashboard->looked.changes, "changes")); change; change = json_next(change)) {
		struct item *item = dashboard_add_item(dashboard, widget);

		if (item)
			fill(dashboard, item, change);
	}
	if (dashboard->item_count == first)
		return;
	struct item *items = dashboard->items + first;

	count = dashboard->item_count - first;
	for (size_t i = 0; i < count; i++)
		if (comes_by_the_dozen(dashboard, &items[i]) && count_burst(items, i, count) > ALONE_MAX)
			count = join_burst(items, i, count);
	for (size_t i = 0; i < count; i++) {
		size_t same = items[i].has_ref ? count_same(items, i, count) : 1;

		if (same <= ALONE_MAX)
			continue;
		join(items, i, count, same);
		count = drop_same(items, i, count);
	}
	dashboard->item_count = first + count;
}
