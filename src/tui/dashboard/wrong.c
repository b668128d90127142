/* wrong.c - from the rows of all sources to what is wrong: equal causes are one line, the worst first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "estate/snapshot.h"
#include "tui/console_private.h"
#include "tui/dashboard/causes.h"
#include "tui/screen/format.h"

enum { LINES_MAX = 100 };

/* --- lines --- */

static void fill_look(struct item *item, const struct kind *kind, int rank)
{
	item->rank = rank;
	item->in_namespace = kind->namespaced;
	item->style = style_of_severity(item->severity);
	item->mark = screen_glyph(rank >= severity_rank("high") ? GLYPH_DOT : GLYPH_CIRCLE);
}

static void name_of(const struct snapshot *snapshot, size_t row, char *out, size_t size)
{
	char name[200], namespace_[128];

	cause_copy_role(snapshot, row, ROLE_NAME, name, sizeof(name));
	cause_copy_role(snapshot, row, ROLE_NAMESPACE, namespace_, sizeof(namespace_));
	snprintf(out, size, "%.120s%s%.120s", namespace_, *namespace_ ? "/" : "", name);
}

/* --- since when, where the source does not say --- */

static uint64_t key_of(const struct cause *cause, const char *id)
{
	char text[SHAPE_MAX + 1400];
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a, 64 bit */

	snprintf(text, sizeof(text), "%s|%s|%s|%s|%s", cause->source->kind->name, cause->source->account, cause->severity, id, cause->shape);
	for (const char *at = text; *at; at++)
		hash = (hash ^ (unsigned char)*at) * UINT64_C(1099511628211);
	return hash;
}

static struct onset *onset_of(struct causes *causes, const struct cause *cause, const char *id)
{
	struct dashboard *dashboard = causes->dashboard;
	uint64_t key = key_of(cause, id);

	for (size_t i = 0; i < dashboard->onset_count; i++)
		if (dashboard->onsets[i].key == key && dashboard->onsets[i].widget == causes->widget)
			return &dashboard->onsets[i];
	if (dashboard->onset_count == ONSETS_MAX)
		return NULL;
	struct onset *onset = &dashboard->onsets[dashboard->onset_count++];

	*onset = (struct onset){ .key = key, .widget = causes->widget, .at_ns = snapshot_time(cause->snapshot), .is_seen_begin = cause->source->was_whole };
	return onset;
}

static void fill_since(struct causes *causes, const struct cause *cause, const char *id, int64_t at_ns, struct item *item)
{
	struct onset *onset = onset_of(causes, cause, id);

	item->at_ns = at_ns;
	item->since = kind_column_find(cause->source->kind, "SINCE") >= 0 ? SINCE_EXACT : SINCE_MOST;
	if (!onset)
		return;
	onset->turn = causes->dashboard->turn;
	if (at_ns && (item->since == SINCE_EXACT || !onset->is_seen_begin))
		return;
	item->at_ns = onset->at_ns;
	item->since = onset->is_seen_begin ? SINCE_EXACT : SINCE_LEAST;
}

/* Trouble that is over is forgotten: should it come again, it begins then. */
static void forget_onsets(struct dashboard *dashboard, size_t widget)
{
	size_t kept = 0;

	for (size_t i = 0; i < dashboard->onset_count; i++)
		if (dashboard->onsets[i].widget != widget || dashboard->onsets[i].turn == dashboard->turn)
			dashboard->onsets[kept++] = dashboard->onsets[i];
	dashboard->onset_count = kept;
}

static void add_alone(struct causes *causes, const struct cause *cause, size_t row)
{
	struct item *item = dashboard_add_item(causes->dashboard, causes->widget);
	char name[ITEM_TEXT], id[900];

	if (!item)
		return;
	name_of(cause->snapshot, row, name, sizeof(name));
	snprintf(item->severity, sizeof(item->severity), "%s", cause->severity);
	snprintf(item->what, sizeof(item->what), "%.40s %.200s", cause->source->kind->singular, name);
	item->kind_bytes = strchr(name, '/') ? strnlen(cause->source->kind->singular, 40) + 1 : 0;
	snprintf(item->kind, sizeof(item->kind), "%.63s", cause->source->kind->name);
	cause_why(cause->snapshot, row, item->why, sizeof(item->why));
	cause_copy_role(cause->snapshot, row, ROLE_ID, id, sizeof(id));
	item->has_ref = !ref_parse(id, &item->ref);
	cause_scope(causes, cause, row, item->scope);
	item->scope_rank = cause_scope_rank(item->scope);
	item->count = 1;
	fill_since(causes, cause, id, cause_since(cause, row), item);
	fill_look(item, cause->source->kind, cause->rank);
}

/* What shows these rows and no others: every number may be another. */
static void filter_of(const struct cause *cause, char *out, size_t size)
{
	size_t used = (size_t)snprintf(out, size, "severity == %s and why ~ \"^", cause->severity);

	for (const char *at = cause->shape; *at && used + 12 < size; at++) {
		if (*at == '\1')
			used += (size_t)snprintf(out + used, size - used, "[0-9.]+");
		else if (strchr("\"\\^$.[]|()?*+{}", *at))
			out[used++] = '.';
		else
			out[used++] = *at;
	}
	snprintf(out + used, size - used, strlen(cause->shape) + 1 < SHAPE_MAX ? "$\"" : "\"");
}

static void add_group(struct causes *causes, const struct cause *cause)
{
	struct item *item = dashboard_add_item(causes->dashboard, causes->widget);
	const struct kind *kind = cause->source->kind;
	char worst[ITEM_TEXT], count[32], id[900];

	if (!item)
		return;
	name_of(cause->snapshot, cause->worst, worst, sizeof(worst));
	memcpy(item->severity, cause->severity, sizeof(item->severity));
	format_count(cause->count, count, sizeof(count));
	snprintf(item->what, sizeof(item->what), "%s %.40s%s%.150s", count, kind->name, *cause->of ? " of " : "", cause->of);
	snprintf(item->kind, sizeof(item->kind), "%.63s", kind->name);
	snprintf(item->account, sizeof(item->account), "%s", cause->source->account);
	cause_reason(cause, item->why, sizeof(item->why));
	size_t used = strlen(item->why);

	if (cause->namespaces > 1)
		used += (size_t)snprintf(item->why + used, sizeof(item->why) - used, ", %zu namespaces", cause->namespaces);
	if (used < sizeof(item->why) && !*cause->of)
		snprintf(item->why + used, sizeof(item->why) - used, ", worst %.160s", worst);
	filter_of(cause, item->filter, sizeof(item->filter));
	cause_copy_role(cause->snapshot, cause->worst, ROLE_STATE, item->state, sizeof(item->state));
	cause_copy_role(cause->snapshot, cause->worst, ROLE_ID, id, sizeof(id));
	item->is_worst = !ref_parse(id, &item->ref);
	cause_scope(causes, cause, cause->worst, item->scope);
	item->scope_rank = cause->scope_rank;
	item->count = cause->count;
	fill_since(causes, cause, "", cause->since_ns, item);
	fill_look(item, kind, cause->rank);
}

static size_t count_state(const struct snapshot *snapshot, const char *state)
{
	size_t count = snapshot ? snapshot_count(snapshot) : 0, found = 0, length, wanted = strlen(state);

	for (size_t row = 0; row < count; row++) {
		const char *text = snapshot_role(snapshot, row, ROLE_STATE, &length);

		found += length == wanted && !memcmp(text, state, length);
	}
	return found;
}

void dashboard_filter(const struct dashboard *dashboard, const struct item *item, char *out, size_t size)
{
	snprintf(out, size, "%s", item->filter);
	for (size_t i = 0; i < dashboard->source_count; i++) {
		const struct source *source = &dashboard->sources[i];
		int state = source->kind->role[ROLE_STATE];

		if (strcmp(source->kind->name, item->kind) != 0 || strcmp(source->account, item->account) != 0 || state < 0 || !*item->state)
			continue;
		struct snapshot *snapshot = feed_snapshot(source->feed);

		if (count_state(snapshot, item->state) == item->count && !strpbrk(item->state, "\"\\"))
			snprintf(out, size, "%s == %s%s%s", source->kind->columns[state].name, strchr(item->state, ' ') ? "\"" : "", item->state,
				strchr(item->state, ' ') ? "\"" : "");
		snapshot_unref(snapshot);
	}
}

static void add_cause(struct causes *causes, const struct cause *cause, size_t first)
{
	if (causes->dashboard->item_count - first >= LINES_MAX) {
		causes->dropped++;
		return;
	}
	if (cause->count > ALONE_MAX) {
		add_group(causes, cause);
		return;
	}
	for (size_t i = 0; i < cause->count; i++)
		add_alone(causes, cause, cause->rows[i]);
}

/* A source that failed is a line too: what is not seen may be wrong. One server that is down fails all its kinds alike. */
static void add_failure(struct dashboard *dashboard, size_t widget, const struct source *source)
{
	struct feed_status status = { 0 };

	feed_status(source->feed, &status);
	if (!*status.error)
		return;
	if (status.refused) {
		dashboard_add_refusal(dashboard, widget, source, &status);
		return;
	}
	for (size_t i = 0; i < dashboard->item_count; i++)
		if (dashboard->items[i].is_failure && !strcmp(dashboard->items[i].why, status.error))
			return;
	struct item *item = dashboard_add_item(dashboard, widget);

	if (!item)
		return;
	item->is_failure = 1;
	item->rank = source->is_current ? severity_rank("high") : 0;
	item->style = STYLE_WARNING;
	item->mark = screen_glyph(GLYPH_CROSS);
	snprintf(item->severity, sizeof(item->severity), "unseen");
	snprintf(item->what, sizeof(item->what), "%.60s %.120s", source->kind->provider, source->account);
	snprintf(item->kind, sizeof(item->kind), "%.63s", source->kind->name);
	snprintf(item->account, sizeof(item->account), "%s", source->account);
	snprintf(item->why, sizeof(item->why), "%.255s", status.error);
}

/* Worst first; of equals what fails in prod, then what belongs to no namespace (a node's trouble is its pods' cause), then the many. */
static int by_weight(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->rank != y->rank)
		return y->rank - x->rank;
	if (x->is_failure != y->is_failure)
		return y->is_failure - x->is_failure;
	if (x->in_namespace != y->in_namespace)
		return x->in_namespace - y->in_namespace;
	if (x->scope_rank != y->scope_rank)
		return y->scope_rank - x->scope_rank;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->what, y->what);
}

static void add_of(struct dashboard *dashboard, size_t widget, int (*is_wanted)(const struct dashboard *, size_t, const struct source *))
{
	struct causes *causes = mem_zero(1, sizeof(*causes));
	struct snapshot *snapshots[SOURCES_MAX] = { 0 };
	size_t first = dashboard->item_count;

	causes->dashboard = dashboard;
	causes->widget = widget;
	dashboard->turn++;
	for (size_t i = 0; i < dashboard->source_count; i++) {
		if (!is_wanted(dashboard, widget, &dashboard->sources[i]))
			continue;
		snapshots[i] = feed_snapshot(dashboard->sources[i].feed);
		causes_add_rows(causes, &dashboard->sources[i], snapshots[i]);
		add_failure(dashboard, widget, &dashboard->sources[i]);
	}
	for (int rank = severity_rank("critical"); rank > 0; rank--)
		for (size_t i = 0; i < causes->count; i++)
			if (causes->list[i].rank == rank)
				add_cause(causes, &causes->list[i], first);
	forget_onsets(dashboard, widget);
	dashboard->left_out = causes->dropped;
	dashboard_end_refusals(dashboard, first);
	if (dashboard->item_count > first)
		qsort(dashboard->items + first, dashboard->item_count - first, sizeof(*dashboard->items), by_weight);
	for (size_t i = 0; i < dashboard->source_count; i++)
		snapshot_unref(snapshots[i]);
	marks_clear(&causes->namespaces);
	free(causes);
}

static int is_watched(const struct dashboard *dashboard, size_t widget, const struct source *source)
{
	(void)dashboard;
	(void)widget;
	return source->kind->wrong_now;
}

static int is_of_widget(const struct dashboard *dashboard, size_t widget, const struct source *source)
{
	return !strcmp(source->kind->name, dashboard->widgets[widget].kind);
}

void dashboard_add_wrong(struct dashboard *dashboard, size_t widget)
{
	add_of(dashboard, widget, is_watched);
}

void dashboard_add_kind(struct dashboard *dashboard, size_t widget)
{
	add_of(dashboard, widget, is_of_widget);
}
