/* sources.c - which kinds of which accounts the dashboard watches: the current account of each provider, or those that
 * the configuration lists (kubernetes.contexts). */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/json.h"
#include "gate/session.h"
#include "tui/console_private.h"
#include "tui/dashboard/private.h"

static const struct json *listed_accounts(const struct dashboard *dashboard, const char *provider)
{
	char key[64];

	snprintf(key, sizeof(key), "%.40s.contexts", provider);
	return config_tree(session_config(dashboard->pane.console->session), key);
}

static struct source *find_source(struct dashboard *dashboard, const struct kind *kind, const char *account)
{
	for (size_t i = 0; i < dashboard->source_count; i++)
		if (dashboard->sources[i].kind == kind && !strcmp(dashboard->sources[i].account, account))
			return &dashboard->sources[i];
	return NULL;
}

static void open_source(struct dashboard *dashboard, const struct kind *kind, const char *account, int is_current)
{
	struct selection selection = { .namespace_ = kind->namespaced ? "*" : NULL, .account = account };

	if (dashboard->source_count == SOURCES_MAX || find_source(dashboard, kind, account))
		return;
	struct source *source = &dashboard->sources[dashboard->source_count++];

	*source = (struct source){ .kind = kind, .is_current = is_current, .opened_ns = clock_now_ns() };
	snprintf(source->account, sizeof(source->account), "%s", account);
	source->feed = estate_open(dashboard->pane.console->estate, kind, &selection);
	feed_set_visible(source->feed, dashboard->is_visible);
	source->version = feed_version(source->feed) - 1;
}

static void open_kind(struct dashboard *dashboard, const struct kind *kind)
{
	const char *current = console_account(dashboard->pane.console, kind->provider);
	const struct json *listed = listed_accounts(dashboard, kind->provider);

	if (!current)
		return;
	/* A provider without a current account says itself what to do, when it is asked. */
	if (!json_count(listed) || *current)
		open_source(dashboard, kind, current, 1);
	for (const struct json *name = json_first(listed); name; name = json_next(name))
		if (*json_text_or(name, ""))
			open_source(dashboard, kind, json_text(name), !strcmp(json_text(name), current));
}

static void open_named(struct dashboard *dashboard, const char *name)
{
	const struct kind *kind = *name ? kinds_find(estate_kinds(dashboard->pane.console->estate), name) : NULL;

	if (kind)
		open_kind(dashboard, kind);
}

static void open_wrong(struct dashboard *dashboard)
{
	struct kinds *kinds = estate_kinds(dashboard->pane.console->estate);

	for (size_t i = 0; i < kinds_count(kinds); i++)
		if (kinds_at(kinds, i)->wrong_now)
			open_kind(dashboard, kinds_at(kinds, i));
}

/* The gauges' first: they answer at once. */
static void open_all(struct dashboard *dashboard)
{
	int wants_wrong = 0;

	for (size_t i = 0; i < dashboard->widget_count; i++)
		for (size_t g = 0; g < dashboard->widgets[i].gauge_count; g++)
			open_named(dashboard, dashboard->widgets[i].gauges[g].line.kind);
	for (size_t i = 0; i < dashboard->widget_count; i++) {
		wants_wrong |= dashboard->widgets[i].type == WIDGET_WRONG;
		open_named(dashboard, dashboard->widgets[i].kind);
	}
	if (wants_wrong)
		open_wrong(dashboard);
}

/* Another context was chosen, or one came. */
static int accounts_are_others(const struct dashboard *dashboard)
{
	const struct console *console = dashboard->pane.console;

	if (dashboard->account_count != console->account_count)
		return 1;
	for (size_t i = 0; i < dashboard->source_count; i++) {
		const struct source *source = &dashboard->sources[i];
		const char *current = console_account(console, source->kind->provider);

		if (source->is_current && (!current || strcmp(current, source->account) != 0))
			return 1;
	}
	return 0;
}

void dashboard_open_sources(struct dashboard *dashboard)
{
	struct console *console = dashboard->pane.console;

	if (!console->estate || (dashboard->sources_open && !accounts_are_others(dashboard)))
		return;
	struct source had[SOURCES_MAX];
	size_t count = dashboard->source_count;

	/* Those of before are closed last: what is still wanted goes on. */
	memcpy(had, dashboard->sources, count * sizeof(*had));
	dashboard->source_count = 0;
	dashboard->account_count = console->account_count;
	dashboard->sources_open = 1;
	open_all(dashboard);
	for (size_t i = 0; i < count; i++)
		estate_close(console->estate, had[i].feed);
}

void dashboard_close_sources(struct dashboard *dashboard)
{
	for (size_t i = 0; i < dashboard->source_count; i++)
		estate_close(dashboard->pane.console->estate, dashboard->sources[i].feed);
	dashboard->source_count = 0;
}
