/* dashboard_data.c - from feeds and the gate to the lines of the dashboard. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/safe.h"
#include "estate/snapshot.h"
#include "gate/audit.h"
#include "gate/gate.h"
#include "tui/console_private.h"
#include "tui/dashboard_private.h"

enum { OTHERS_AFTER_MS = 400, LOOK_EVERY_MS = 5000, CHANGES_MAX = 40, RUNS_MAX = 10 };

/* --- sources --- */

static int has_account(struct console *console, const char *provider)
{
	for (size_t i = 0; i < console->account_count; i++)
		if (!strcmp(console->account_providers[i], provider))
			return 1;
	return 0;
}

static struct source *source_of(struct dashboard *dashboard, const struct kind *kind)
{
	struct console *console = dashboard->pane.console;
	struct selection all = { .namespace_ = kind->namespaced ? "*" : NULL, .account = "*" };

	for (size_t i = 0; i < dashboard->source_count; i++)
		if (dashboard->sources[i].kind == kind)
			return &dashboard->sources[i];
	if (dashboard->source_count == SOURCES_MAX || !has_account(console, kind->provider))
		return NULL;
	struct source *source = &dashboard->sources[dashboard->source_count++];

	*source = (struct source){ .kind = kind, .feed = estate_open(console->estate, kind, &all) };
	feed_set_visible(source->feed, dashboard->is_visible);
	source->version = feed_version(source->feed) - 1;
	return source;
}

static void open_named(struct dashboard *dashboard, const char *name)
{
	const struct kind *kind = *name ? kinds_find(estate_kinds(dashboard->pane.console->estate), name) : NULL;

	if (kind)
		source_of(dashboard, kind);
}

static void open_wrong(struct dashboard *dashboard)
{
	struct kinds *kinds = estate_kinds(dashboard->pane.console->estate);

	for (size_t i = 0; i < kinds_count(kinds); i++) {
		const struct kind *kind = kinds_at(kinds, i);
		struct source *source = kind->wrong_now ? source_of(dashboard, kind) : NULL;

		if (source)
			source->wanted_wrong = 1;
	}
}

static void open_gauges(struct dashboard *dashboard)
{
	for (size_t i = 0; i < dashboard->widget_count; i++)
		for (size_t g = 0; g < dashboard->widgets[i].gauge_count; g++)
			open_named(dashboard, dashboard->widgets[i].gauges[g].kind);
}

static void open_others(struct dashboard *dashboard)
{
	for (size_t i = 0; i < dashboard->widget_count; i++) {
		if (dashboard->widgets[i].type == WIDGET_WRONG)
			open_wrong(dashboard);
		open_named(dashboard, dashboard->widgets[i].kind);
	}
}

static void on_open_time(void *arg)
{
	struct dashboard *dashboard = arg;

	dashboard->open_timer = 0;
	dashboard->sources_open = 2;
	open_others(dashboard);
	dashboard_take(dashboard);
	dashboard->pane.dirty |= 1;
}

/* The quick ones at once, so that there is something to see; those that may have to run programs a moment later. Again when an account
 * has come. */
void dashboard_open_sources(struct dashboard *dashboard)
{
	struct console *console = dashboard->pane.console;

	if (!console->estate || (dashboard->sources_open && dashboard->account_count == console->account_count))
		return;
	dashboard->account_count = console->account_count;
	open_gauges(dashboard);
	if (dashboard->sources_open == 2)
		open_others(dashboard);
	else if (!dashboard->open_timer)
		dashboard->open_timer = loop_add_timer(console->loop, OTHERS_AFTER_MS, on_open_time, dashboard);
	if (!dashboard->sources_open)
		dashboard->sources_open = 1;
}

void dashboard_close_sources(struct dashboard *dashboard)
{
	for (size_t i = 0; i < dashboard->source_count; i++)
		estate_close(dashboard->pane.console->estate, dashboard->sources[i].feed);
	dashboard->source_count = 0;
}

/* --- items --- */

static struct item *add_item(struct dashboard *dashboard, size_t widget)
{
	if (dashboard->item_count == ITEMS_MAX)
		return NULL;
	dashboard->items = mem_grow(dashboard->items, dashboard->item_count + 1, sizeof(*dashboard->items));
	struct item *item = &dashboard->items[dashboard->item_count++];

	*item = (struct item){ .widget = widget, .mark = "" };
	return item;
}

static void copy_role(const struct snapshot *snapshot, size_t row, enum column_role role, char *out, size_t size)
{
	size_t length;
	const char *text = snapshot_role(snapshot, row, role, &length);

	safe_copy(out, size, text, length);
}

static int rank_of(const struct snapshot *snapshot, size_t row)
{
	char severity[16];

	copy_role(snapshot, row, ROLE_SEVERITY, severity, sizeof(severity));
	return *severity ? severity_rank(severity) : 0;
}

static void fill_row_item(struct dashboard *dashboard, struct item *item, const struct snapshot *snapshot, size_t row)
{
	const struct kind *kind = snapshot_kind(snapshot);
	char name[200], namespace_[128], id[900];

	copy_role(snapshot, row, ROLE_SEVERITY, item->severity, sizeof(item->severity));
	copy_role(snapshot, row, ROLE_NAME, name, sizeof(name));
	copy_role(snapshot, row, ROLE_NAMESPACE, namespace_, sizeof(namespace_));
	copy_role(snapshot, row, ROLE_WHY, item->why, sizeof(item->why));
	if (!*item->why)
		copy_role(snapshot, row, ROLE_STATE, item->why, sizeof(item->why));
	copy_role(snapshot, row, ROLE_ID, id, sizeof(id));
	snprintf(item->what, sizeof(item->what), "%.120s%s%.120s", namespace_, *namespace_ ? "/" : "", name);
	snprintf(item->kind, sizeof(item->kind), "%.63s", kind->singular);
	item->has_ref = !ref_parse(id, &item->ref);
	copy_role(snapshot, row, ROLE_SCOPE, item->scope, sizeof(item->scope));
	if (item->has_ref && !*item->scope)
		estate_scope(dashboard->pane.console->estate, item->ref.namespace_, item->ref.account, item->scope);
	item->rank = severity_rank(item->severity);
	item->style = style_of_severity(item->severity);
	item->mark = screen_glyph(item->rank >= severity_rank("high") ? GLYPH_DOT : GLYPH_CIRCLE);
}

/* The rows of the highest ranks first; ITEMS_MAX of a source is more than a screen shows. */
static void add_rows(struct dashboard *dashboard, size_t widget, const struct source *source)
{
	struct snapshot *snapshot = feed_snapshot(source->feed);
	size_t count = snapshot ? snapshot_count(snapshot) : 0;
	int least = dashboard->widgets[widget].least_rank;

	for (size_t row = 0; row < count; row++) {
		if (rank_of(snapshot, row) < least)
			continue;
		dashboard->wrong_total += dashboard->widgets[widget].type == WIDGET_WRONG;
		struct item *item = add_item(dashboard, widget);

		if (item)
			fill_row_item(dashboard, item, snapshot, row);
	}
	snapshot_unref(snapshot);
}

/* A source that failed is a line too: what is not seen may be wrong. */
static void add_failure(struct dashboard *dashboard, size_t widget, const struct source *source)
{
	struct feed_status status = { 0 };

	feed_status(source->feed, &status);
	if (!*status.error)
		return;
	for (size_t i = 0; i < dashboard->item_count; i++)
		if (!strcmp(dashboard->items[i].why, status.error))
			return; /* one server that is down fails all its kinds alike */
	struct item *item = add_item(dashboard, widget);

	if (!item)
		return;
	item->rank = severity_rank("high");
	item->style = STYLE_WARNING;
	item->mark = screen_glyph(GLYPH_CROSS);
	snprintf(item->severity, sizeof(item->severity), "unseen");
	snprintf(item->what, sizeof(item->what), "%.60s/%.60s", source->kind->provider, source->kind->name);
	snprintf(item->why, sizeof(item->why), "%.255s", status.error);
	snprintf(item->open, sizeof(item->open), "%.79s", source->kind->name);
}

static int by_rank(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->rank != y->rank)
		return y->rank - x->rank;
	int kinds = strcmp(x->kind, y->kind);

	return kinds ? kinds : strcmp(x->what, y->what);
}

static void add_wrong(struct dashboard *dashboard, size_t widget)
{
	size_t first = dashboard->item_count;

	dashboard->wrong_total = 0;
	for (size_t i = 0; i < dashboard->source_count; i++) {
		if (!dashboard->sources[i].wanted_wrong)
			continue;
		add_rows(dashboard, widget, &dashboard->sources[i]);
		add_failure(dashboard, widget, &dashboard->sources[i]);
	}
	if (dashboard->item_count > first)
		qsort(dashboard->items + first, dashboard->item_count - first, sizeof(*dashboard->items), by_rank);
}

static void add_kind(struct dashboard *dashboard, size_t widget)
{
	size_t first = dashboard->item_count;

	for (size_t i = 0; i < dashboard->source_count; i++) {
		if (strcmp(dashboard->sources[i].kind->name, dashboard->widgets[widget].kind) != 0)
			continue;
		add_rows(dashboard, widget, &dashboard->sources[i]);
		add_failure(dashboard, widget, &dashboard->sources[i]);
	}
	if (dashboard->item_count > first)
		qsort(dashboard->items + first, dashboard->item_count - first, sizeof(*dashboard->items), by_rank);
}

/* --- saturation --- */

static const struct source *source_named(const struct dashboard *dashboard, const char *kind)
{
	for (size_t i = 0; i < dashboard->source_count; i++)
		if (!strcmp(dashboard->sources[i].kind->name, kind))
			return &dashboard->sources[i];
	return NULL;
}

static void add_sample(struct gauge *gauge, double value)
{
	if (gauge->count == SAMPLES_MAX)
		memmove(gauge->samples, gauge->samples + 1, --gauge->count * sizeof(*gauge->samples));
	gauge->samples[gauge->count++] = value;
}

static void measure(const struct dashboard *dashboard, struct gauge *gauge)
{
	const struct source *source = source_named(dashboard, gauge->kind);
	struct snapshot *snapshot = source ? feed_snapshot(source->feed) : NULL;
	size_t count = snapshot ? snapshot_count(snapshot) : 0;
	int column = source ? kind_column_find(source->kind, gauge->column) : -1;

	gauge->now = (double)NAN;
	*gauge->name = 0;
	for (size_t row = 0; row < count && column >= 0; row++) {
		double value = snapshot_number(snapshot, row, column);

		if (isnan(value) || (!isnan(gauge->now) && value <= gauge->now))
			continue;
		gauge->now = value;
		copy_role(snapshot, row, ROLE_NAME, gauge->name, sizeof(gauge->name));
	}
	if (count < 2)
		*gauge->name = 0;
	snapshot_unref(snapshot);
}

/* One sample for each new list of the gauge's own source. */
static void sample_gauges(struct dashboard *dashboard, const struct source *changed)
{
	for (size_t i = 0; i < dashboard->widget_count; i++)
		for (size_t g = 0; g < dashboard->widgets[i].gauge_count; g++) {
			struct gauge *gauge = &dashboard->widgets[i].gauges[g];

			if (strcmp(gauge->kind, changed->kind->name) != 0)
				continue;
			measure(dashboard, gauge);
			if (!isnan(gauge->now))
				add_sample(gauge, gauge->now);
		}
}

static enum style style_of_use(double percent)
{
	return percent >= 98 ? STYLE_CRITICAL : percent >= 90 ? STYLE_HIGH : percent >= 80 ? STYLE_MEDIUM : STYLE_TEXT;
}

static void add_gauges(struct dashboard *dashboard, size_t widget)
{
	struct widget *row = &dashboard->widgets[widget];

	for (size_t g = 0; g < row->gauge_count; g++) {
		struct gauge *gauge = &row->gauges[g];
		struct item *item = add_item(dashboard, widget);

		if (!item)
			return;
		item->gauge = gauge;
		item->style = gauge->count ? style_of_use(gauge->now) : STYLE_DIM;
		snprintf(item->what, sizeof(item->what), "%s", gauge->label);
		snprintf(item->why, sizeof(item->why), "%s", gauge->name);
		snprintf(item->open, sizeof(item->open), "%s", gauge->kind);
	}
}

/* --- changes, runs --- */

static int64_t time_of(const struct json *json, const char *key)
{
	int64_t at = 0;

	clock_parse(json_text_or(json_get(json, key), ""), &at);
	return at;
}

static void add_change(struct dashboard *dashboard, size_t widget, const struct json *change)
{
	struct item *item = add_item(dashboard, widget);
	const char *id = json_text_or(json_get(change, "id"), ""), *field = json_text_or(json_get(change, "field"), "");
	const char *old = json_text_or(json_get(change, "old"), ""), *new_ = json_text_or(json_get(change, "new"), "");

	if (!item)
		return;
	item->at_ns = time_of(change, "at");
	item->has_ref = !ref_parse(id, &item->ref);
	snprintf(item->kind, sizeof(item->kind), "%.63s", json_text_or(json_get(change, "kind"), ""));
	snprintf(item->what, sizeof(item->what), "%.120s%s%.120s", item->has_ref ? item->ref.namespace_ : "",
		item->has_ref && *item->ref.namespace_ ? "/" : "", item->has_ref ? item->ref.name : id);
	if (*field)
		snprintf(item->why, sizeof(item->why), "%.60s %.80s %s %.80s", field, old, screen_glyph(GLYPH_ARROW), new_);
	else
		snprintf(item->why, sizeof(item->why), "%s", *new_ || !*old ? "appeared" : "gone");
	const char *by = json_text_or(json_get(change, "by"), "");

	if (*by)
		snprintf(item->severity, sizeof(item->severity), "%.15s", by);
	if (item->has_ref)
		estate_scope(dashboard->pane.console->estate, item->ref.namespace_, item->ref.account, item->scope);
}

static void add_changes(struct dashboard *dashboard, size_t widget)
{
	for (const struct json *change = json_first(json_get(dashboard->looked.changes, "changes")); change; change = json_next(change))
		add_change(dashboard, widget, change);
}

static void add_plan(struct dashboard *dashboard, size_t widget, const struct json *plan)
{
	struct item *item;

	if (strcmp(json_text_or(json_get(plan, "status"), ""), "waiting") != 0 || !(item = add_item(dashboard, widget)))
		return;
	item->mark = screen_glyph(GLYPH_WAIT);
	item->style = STYLE_WARNING;
	snprintf(item->what, sizeof(item->what), "%.255s", json_text_or(json_get(plan, "summary"), "a plan"));
	snprintf(item->why, sizeof(item->why), "waits");
	snprintf(item->open, sizeof(item->open), "plan %.60s", json_text_or(json_get(plan, "plan_id"), ""));
}

static const struct {
	const char *status;
	enum glyph glyph;
	enum style style;
} run_looks[] = {
	{ "done", GLYPH_CHECK, STYLE_OK },
	{ "failed", GLYPH_CROSS, STYLE_CRITICAL },
	{ "cancelled", GLYPH_CROSS, STYLE_WARNING },
	{ "running", GLYPH_WAIT, STYLE_ACCENT },
	{ "unknown", GLYPH_CROSS, STYLE_CRITICAL },
};

static void add_run(struct dashboard *dashboard, size_t widget, const struct json *run)
{
	struct item *item = add_item(dashboard, widget);
	const char *status = json_text_or(json_get(run, "status"), "unknown");

	if (!item)
		return;
	item->mark = screen_glyph(GLYPH_CIRCLE);
	for (size_t i = 0; i < sizeof(run_looks) / sizeof(*run_looks); i++) {
		if (strcmp(run_looks[i].status, status) != 0)
			continue;
		item->mark = screen_glyph(run_looks[i].glyph);
		item->style = run_looks[i].style;
	}
	snprintf(item->what, sizeof(item->what), "%.255s", json_text_or(json_get(run, "summary"), "a run"));
	snprintf(item->why, sizeof(item->why), "%s", strcmp(status, "done") != 0 ? status : "");
	item->at_ns = time_of(run, "finished_at") ? time_of(run, "finished_at") : time_of(run, "started_at");
	snprintf(item->open, sizeof(item->open), "run %.60s", json_text_or(json_get(run, "run_id"), ""));
}

static void add_runs(struct dashboard *dashboard, size_t widget)
{
	for (const struct json *plan = json_first(dashboard->looked.plans); plan; plan = json_next(plan))
		add_plan(dashboard, widget, plan);
	for (const struct json *run = json_first(dashboard->looked.runs); run; run = json_next(run))
		add_run(dashboard, widget, run);
}

/* --- all of it --- */

static void add_audit(struct dashboard *dashboard, size_t widget)
{
	(void)dashboard;
	(void)widget; /* one line without rows, drawn as it is */
}

static void (*const adders[WIDGET_TYPES])(struct dashboard *dashboard, size_t widget) = {
	[WIDGET_WRONG] = add_wrong,
	[WIDGET_KIND] = add_kind,
	[WIDGET_CHANGES] = add_changes,
	[WIDGET_SATURATION] = add_gauges,
	[WIDGET_RUNS] = add_runs,
	[WIDGET_AUDIT] = add_audit,
};

/* Where the cursor's line is now; the same widget's first when it is gone. */
static void keep_cursor(struct dashboard *dashboard, const struct item *had)
{
	if (!had)
		return;
	for (size_t i = 0; i < dashboard->item_count; i++) {
		const struct item *item = &dashboard->items[i];

		if (item->widget != had->widget || strcmp(item->what, had->what) != 0 || item->at_ns != had->at_ns)
			continue;
		dashboard->cursor = i;
		return;
	}
	if (dashboard->cursor >= dashboard->item_count)
		dashboard->cursor = dashboard->item_count ? dashboard->item_count - 1 : 0;
}

static void make_items(struct dashboard *dashboard)
{
	struct item had = { 0 };
	int has = dashboard->cursor > 0 && dashboard->cursor < dashboard->item_count;

	if (has)
		had = dashboard->items[dashboard->cursor];
	dashboard->item_count = 0;
	for (size_t i = 0; i < dashboard->widget_count; i++)
		adders[dashboard->widgets[i].type](dashboard, i);
	keep_cursor(dashboard, has ? &had : NULL);
}

static void note_time(struct dashboard *dashboard)
{
	struct feed_status status;

	dashboard->observed_ns = 0;
	for (size_t i = 0; i < dashboard->source_count; i++) {
		feed_status(dashboard->sources[i].feed, &status);
		dashboard->sources[i].answered = status.state != FEED_LOADING && status.state != FEED_CACHED;
		/* Watched ones are as new as they can be; of the others the one asked most often says how fresh the screen is. */
		if (status.state != FEED_LIVE && status.observed_ns > dashboard->observed_ns)
			dashboard->observed_ns = status.observed_ns;
	}
}

int dashboard_take(struct dashboard *dashboard)
{
	struct gate *gate = dashboard->pane.console->gate;
	int changed = 0;

	dashboard_open_sources(dashboard);
	for (size_t i = 0; i < dashboard->source_count; i++) {
		struct source *source = &dashboard->sources[i];
		unsigned version = feed_version(source->feed);

		if (version == source->version)
			continue;
		source->version = version;
		sample_gauges(dashboard, source);
		changed = dashboard->news = 1;
	}
	if (gate && gate_version(gate) != dashboard->gate_version)
		dashboard->news = 1;
	if (changed) {
		note_time(dashboard);
		make_items(dashboard);
	}
	if (dashboard->news)
		dashboard_look(dashboard);
	return changed;
}

/* --- what must be asked for in a job --- */

struct look {
	struct job job;
	struct dashboard *dashboard; /* NULL: closed meanwhile */
	struct estate *estate;
	struct gate *gate;
	int64_t since_ns;
	struct looked looked;
};

static void release(struct looked *looked)
{
	json_free(looked->changes);
	json_free(looked->runs);
	json_free(looked->plans);
}

static void look_now(struct job *job)
{
	struct look *look = (struct look *)job;
	struct error err = { 0 };
	struct audit_state state = { .ok = -1 };

	look->looked.changes = estate_changes(look->estate, clock_now_ns() - look->since_ns, NULL, NULL, CHANGES_MAX, &err);
	if (!look->looked.changes)
		snprintf(look->looked.problem, sizeof(look->looked.problem), "%.199s", err.text);
	look->looked.is_known = 1;
	if (!look->gate)
		return;
	look->looked.had_gate = 1;
	look->looked.runs = gate_runs(look->gate, RUNS_MAX, &err);
	look->looked.plans = gate_plans(look->gate, RUNS_MAX * 2, &err);
	audit_state(gate_audit(look->gate), &state);
	look->looked.entries = (int64_t)state.entries;
	look->looked.anchored_ns = state.anchored_ns;
	look->looked.audit_ok = state.ok;
}

static void looked(struct job *job)
{
	struct look *look = (struct look *)job;
	struct dashboard *dashboard = look->dashboard;

	if (dashboard) {
		release(&dashboard->looked);
		dashboard->looked = look->looked;
		dashboard->look = NULL;
		make_items(dashboard);
		dashboard->pane.dirty |= 1;
	} else {
		release(&look->looked);
	}
	free(look);
}

static void on_look_time(void *arg)
{
	struct dashboard *dashboard = arg;

	dashboard->look_timer = 0;
	dashboard_look(dashboard);
}

static int64_t longest_window(const struct dashboard *dashboard)
{
	int64_t longest = 0;

	for (size_t i = 0; i < dashboard->widget_count; i++)
		if (dashboard->widgets[i].type == WIDGET_CHANGES && dashboard->widgets[i].since_ns > longest)
			longest = dashboard->widgets[i].since_ns;
	return longest ? longest : 3600 * CLOCK_SECOND_NS;
}

/* At most every few seconds, and only after news. */
void dashboard_look(struct dashboard *dashboard)
{
	struct console *console = dashboard->pane.console;
	int64_t since_ms = (clock_monotonic_ns() - dashboard->looked_ns) / 1000000;

	if (!console->estate || dashboard->look || dashboard->look_timer || !dashboard->is_visible)
		return;
	if (dashboard->looked_ns && since_ms < LOOK_EVERY_MS) {
		dashboard->look_timer = loop_add_timer(console->loop, LOOK_EVERY_MS - since_ms, on_look_time, dashboard);
		return;
	}
	struct look *look = mem_zero(1, sizeof(*look));

	look->job = (struct job){ .run = look_now, .done = looked };
	look->dashboard = dashboard;
	look->estate = console->estate;
	look->gate = console->gate;
	look->since_ns = longest_window(dashboard);
	dashboard->look = look;
	dashboard->looked_ns = clock_monotonic_ns();
	dashboard->news = 0;
	dashboard->gate_version = console->gate ? gate_version(console->gate) : 0;
	console_submit(console, &look->job);
}

void dashboard_forget_look(struct dashboard *dashboard)
{
	if (dashboard->look) {
		dashboard->look->dashboard = NULL;
		atomic_store(&dashboard->look->job.cancelled, 1);
	}
	if (dashboard->open_timer)
		loop_remove_timer(console_loop(dashboard->pane.console), dashboard->open_timer);
	if (dashboard->look_timer)
		loop_remove_timer(console_loop(dashboard->pane.console), dashboard->look_timer);
	release(&dashboard->looked);
}
