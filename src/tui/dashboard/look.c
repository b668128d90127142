/* look.c - what the dashboard must ask for in a job: changes, runs, plans, the audit chain. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/mem.h"
#include "estate/kind.h"
#include "gate/audit.h"
#include "gate/gate.h"
#include "tui/asking.h"
#include "tui/console_private.h"
#include "tui/dashboard/private.h"

enum { LOOK_EVERY_MS = 5000, CHECK_EVERY_S = 60, CHANGES_MAX = 200, RUNS_MAX = 10, ASK_EVERY_S = 600 };

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
	struct audit_state state = { 0 };

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
}

/* What sources recorded themselves is asked for beside that, in its own time: nothing waits for it, its news bring the next look. */
struct asks {
	int under_way, refs;         /* of the dashboard and of each job: the last one frees it */
	struct dashboard *dashboard; /* NULL: closed meanwhile */
};

struct ask {
	struct job job;
	struct asks *asks;
	struct estate *estate;
	char account[128];
	int64_t since_ns;
};

static void ask_now(struct job *job)
{
	struct ask *ask = (struct ask *)job;

	estate_ask_changes(ask->estate, ask->account, ask->since_ns, &job->cancelled, NULL);
}

static void unref_asks(struct asks *asks)
{
	if (asks && !--asks->refs)
		free(asks);
}

static void asked(struct job *job)
{
	struct ask *ask = (struct ask *)job;

	struct dashboard *dashboard = ask->asks->dashboard;

	ask->asks->under_way--;
	if (dashboard) {
		dashboard->pane.dirty |= 1;
		if (!ask->asks->under_way)
			dashboard->looked_ns = 0; /* what they told is worth a look at once */
		dashboard_look(dashboard);
	}
	unref_asks(ask->asks);
	free(ask);
}

int dashboard_asks(const struct dashboard *dashboard)
{
	return dashboard->asks ? dashboard->asks->under_way : 0;
}

static void ask_sources(struct dashboard *dashboard, int64_t since_ns)
{
	for (size_t i = 0; i < dashboard->source_count; i++) {
		const struct source *source = &dashboard->sources[i];
		const struct provider_ops *ops = estate_provider_ops(dashboard->pane.console->estate, source->kind->provider);
		int first = 1;

		for (size_t j = 0; j < i; j++)
			first &= strcmp(dashboard->sources[j].account, source->account) != 0;
		if (!first || !ops || !ops->recorded)
			continue;
		struct ask *ask = mem_zero(1, sizeof(*ask));

		if (!dashboard->asks) {
			dashboard->asks = mem_zero(1, sizeof(*dashboard->asks));
			*dashboard->asks = (struct asks){ .refs = 1, .dashboard = dashboard };
		}
		ask->job = (struct job){ .run = ask_now, .done = asked };
		ask->asks = dashboard->asks;
		ask->asks->under_way++;
		ask->asks->refs++;
		ask->estate = dashboard->pane.console->estate;
		snprintf(ask->account, sizeof(ask->account), "%s", source->account);
		ask->since_ns = since_ns;
		console_submit(dashboard->pane.console, &ask->job);
	}
}

/* --- the chain: checked whole, on a thread of its own, when there are entries that were not --- */

static void ask_check(struct asking *asking)
{
	asking->outcome = audit_verify(NULL, NULL, &asking->json, &asking->err);
}

static void checked(void *pane, struct asking *asking)
{
	struct dashboard *dashboard = pane;

	/* One that cannot be read is not known to be broken. */
	dashboard->chain_ok = asking->outcome ? -1 : json_bool(json_get(asking->json, "ok"), 0);
	dashboard->checked_entries = asking->outcome ? 0 : json_int(json_get(asking->json, "entries"), 0);
	dashboard->pane.dirty |= 1;
}

static void check_chain(struct dashboard *dashboard)
{
	const struct looked *looked = &dashboard->looked;
	int64_t now = clock_monotonic_ns();

	if (!looked->had_gate || dashboard->checking || (dashboard->checked_ns && looked->entries == dashboard->checked_entries))
		return;
	if (dashboard->checked_ns && now - dashboard->checked_ns < CHECK_EVERY_S * CLOCK_SECOND_NS)
		return;
	dashboard->checked_ns = now;
	asking_spawn(asking_new(dashboard->pane.console, &dashboard->checking, dashboard, ask_check, checked));
}

static void looked(struct job *job)
{
	struct look *look = (struct look *)job;
	struct dashboard *dashboard = look->dashboard;

	if (dashboard) {
		release(&dashboard->looked);
		dashboard->looked = look->looked;
		dashboard->look = NULL;
		dashboard_make_items(dashboard);
		dashboard->pane.dirty |= 1;
		check_chain(dashboard);
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

/* Once at the start and every few minutes; a window that slides on is covered by what was asked before. */
static void ask_when_due(struct dashboard *dashboard, int64_t window_ns)
{
	int64_t now = clock_monotonic_ns();

	if (!dashboard->source_count || (dashboard->asked_ns && now - dashboard->asked_ns < ASK_EVERY_S * CLOCK_SECOND_NS &&
		dashboard->asked_sources == dashboard->source_count))
		return;
	dashboard->asked_ns = now;
	dashboard->asked_sources = dashboard->source_count;
	ask_sources(dashboard, clock_now_ns() - window_ns);
}

/* At most every few seconds, and only after news. */
void dashboard_look(struct dashboard *dashboard)
{
	struct console *console = dashboard->pane.console;
	int64_t since_ms = (clock_monotonic_ns() - dashboard->looked_ns) / 1000000;

	if (!console->estate || dashboard->look || dashboard->look_timer || !dashboard->is_visible)
		return;
	/* The first change of all is worth looking at once. */
	int first = !json_count(json_get(dashboard->looked.changes, "changes")) &&
		    estate_changes_version(console->estate) != dashboard->changes_version;

	if (dashboard->looked_ns && !first && since_ms < LOOK_EVERY_MS) {
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
	dashboard->changes_version = estate_changes_version(console->estate);
	dashboard->gate_version = console->gate ? gate_version(console->gate) : 0;
	console_submit(console, &look->job);
	ask_when_due(dashboard, look->since_ns);
}

void dashboard_forget_look(struct dashboard *dashboard)
{
	asking_stop(&dashboard->checking);
	if (dashboard->look) {
		dashboard->look->dashboard = NULL;
		atomic_store(&dashboard->look->job.cancelled, 1);
	}
	if (dashboard->look_timer)
		loop_remove_timer(console_loop(dashboard->pane.console), dashboard->look_timer);
	release(&dashboard->looked);
	if (dashboard->asks)
		dashboard->asks->dashboard = NULL;
	unref_asks(dashboard->asks);
	dashboard->asks = NULL;
}
