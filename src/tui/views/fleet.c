#include "tui/views/fleet.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/mem.h"
#include "estate/estate.h"
#include "fleet/agent/agent.h"
#include "fleet/fleet.h"
#include "fleet/report/report.h"
#include "gate/session.h"
#include "tui/console_private.h"
#include "tui/table/table_pane.h"

enum { TOLD_EVERY_MS = 200 };

const char *fleet_account_of(struct console *console, const char *account)
{
	const char *set = config_get(console->config, "fleet.path");

	return account && *account && strcmp(account, "*") != 0 ? account : set && *set ? set : ".";
}

/* --- an audit, in a thread of its own --- */

struct fleet_audit {
	struct job job;
	struct console *console;
	char *account, *root;
	int timer;
	atomic_size_t files, files_total;
	atomic_llong bytes, elapsed_ns;
	/* the result */
	size_t agents, unchanged, open[CLASS_COUNT], unread;
	int64_t duration_ns;
	int failed;
	struct error err;
};

static void on_progress(void *arg, const struct report_progress *progress)
{
	struct fleet_audit *audit = arg;

	atomic_store(&audit->files, progress->files);
	atomic_store(&audit->files_total, progress->files_total);
	atomic_store(&audit->bytes, progress->bytes);
	atomic_store(&audit->elapsed_ns, progress->elapsed_ns);
}

static void add_up(struct fleet_audit *audit, const struct report *report)
{
	for (size_t i = 0; i < report_units(report); i++) {
		const struct report_unit *unit = report_unit_at(report, i);

		audit->agents += unit->agent != NULL;
		audit->unchanged += unit->agent && unit->kept != KEPT_NOT;
		for (int class = 0; class < CLASS_COUNT; class++)
			audit->open[class] += unit->open[class];
	}
	for (size_t i = 0; i < report_notes(report); i++)
		audit->unread += report_note_at(report, i)->failed != 0;
	audit->duration_ns = report_duration_ns(report);
}

static void run_audit(struct job *job)
{
	struct fleet_audit *audit = (struct fleet_audit *)job;
	struct report_options options = { .cancelled = &job->cancelled, .progress = on_progress, .arg = audit };

	audit->root = fleet_root(NULL, audit->account, &audit->err);
	options.path = audit->root;
	struct report *report = audit->root ? report_run(&options, &audit->err) : NULL;

	audit->failed = !report;
	if (report)
		add_up(audit, report);
	report_free(report);
}

/* Tables of the fleet read the lake again, wherever they stand. */
static void refresh_tables(struct console *console)
{
	for (int half = 0; half < 2; half++)
		for (size_t i = 0; i < console->stacks[half].count; i++) {
			struct pane *pane = console->stacks[half].panes[i];

			if (pane->context && !strcmp(pane->context, "fleet"))
				pane->ops->command(pane, command_find("global.refresh"));
		}
}

static void say_result(struct console *console, const struct fleet_audit *audit)
{
	char unread[80] = "";

	if (audit->unread)
		snprintf(unread, sizeof(unread), "; %zu could not be read: pilothouse report says which", audit->unread);
	console_say(console, audit->unread ? STYLE_WARNING : audit->open[CLASS_SECRET] ? STYLE_CRITICAL : STYLE_OK,
		"%zu agents in %.1f s: %zu secrets, %zu architecture, %zu policy; %zu unchanged%s", audit->agents,
		(double)audit->duration_ns / CLOCK_SECOND_NS, audit->open[CLASS_SECRET], audit->open[CLASS_ARCHITECTURE], audit->open[CLASS_POLICY],
		audit->unchanged, unread);
}

static void audited(struct job *job)
{
	struct fleet_audit *audit = (struct fleet_audit *)job;
	struct console *console = audit->console;

	console->audit = NULL;
	if (audit->timer)
		loop_remove_timer(console->loop, audit->timer);
	if (!console->ended) {
		refresh_tables(console);
		if (audit->failed)
			console_say_error(console, &audit->err);
		else
			say_result(console, audit);
	}
	free(audit->account);
	free(audit->root);
	free(audit);
}

static void tell(void *arg)
{
	struct fleet_audit *audit = arg;
	double seconds = (double)atomic_load(&audit->elapsed_ns) / CLOCK_SECOND_NS;
	size_t total = atomic_load(&audit->files_total);

	audit->timer = loop_add_timer(audit->console->loop, TOLD_EVERY_MS, tell, audit);
	if (atomic_load(&audit->job.cancelled))
		console_say(audit->console, STYLE_WARNING, "stopping the audit …");
	else if (!total)
		console_say(audit->console, STYLE_DIM, "auditing %s: looking for files …", audit->account);
	else
		console_say(audit->console, STYLE_DIM, "auditing %s: %zu of %zu files, %.0f MB/s", audit->account, atomic_load(&audit->files), total,
			seconds > 0 ? (double)atomic_load(&audit->bytes) / 1e6 / seconds : 0);
}

void fleet_audit(struct console *console, const char *account)
{
	struct fleet_audit *audit;

	if (console->audit) {
		console_say(console, STYLE_WARNING, "an audit is under way; %s stops it", keymap_key_of(console->keymap, "fleet.stop"));
		return;
	}
	audit = mem_zero(1, sizeof(*audit));
	audit->job = (struct job){ .run = run_audit, .done = audited };
	audit->console = console;
	audit->account = mem_text(fleet_account_of(console, account));
	console->audit = audit;
	if (console_spawn(console, &audit->job)) {
		console->audit = NULL;
		console_say(console, STYLE_WARNING, "too much is under way already; try again in a moment");
		free(audit->account);
		free(audit);
		return;
	}
	tell(audit);
}

static void stop_audit(struct console *console)
{
	if (console->audit)
		atomic_store(&console->audit->job.cancelled, 1);
	else
		console_say(console, STYLE_DIM, "no audit is under way");
}

/* --- opening --- */

char *fleet_find_folder(const struct config *config)
{
	char account[sizeof(((struct ref *)NULL)->account)];
	char *root = fleet_root(config, NULL, NULL);

	if (!root || !fleet_account(root, account, sizeof(account), NULL))
		return root;
	free(root);
	return NULL;
}

static int open_agents(struct console *console, const char *account, int audit, struct error *err)
{
	struct selection selection = { .account = account };
	const struct kind *kind = kinds_find(estate_kinds(console->estate), "fleet/agents");

	if (!kind)
		return error_set(err, ERR_NOT_FOUND, "the kind \"agents\" is not there: kinds/fleet/agents.yaml");
	console_open_kind(console, kind, &selection, NULL);
	if (audit)
		fleet_audit(console, account);
	return 0;
}

/* A folder that is named: a worker looks where it is. */
struct naming {
	struct job job;
	struct console *console;
	char *path, account[sizeof(((struct ref *)NULL)->account)];
	int audit, failed;
	struct error err;
};

static void find_named(struct job *job)
{
	struct naming *naming = (struct naming *)job;
	char *root = fleet_root(NULL, naming->path, &naming->err);

	naming->failed = !root || fleet_account(root, naming->account, sizeof(naming->account), &naming->err);
	free(root);
}

static void found_named(struct job *job)
{
	struct naming *naming = (struct naming *)job;
	struct console *console = naming->console;

	if (!console->ended && !atomic_load(&job->cancelled) &&
		(naming->failed || open_agents(console, naming->account, naming->audit, &naming->err)))
		console_say_error(console, &naming->err);
	free(naming->path);
	free(naming);
}

int fleet_open(struct console *console, const char *path, int audit, struct error *err)
{
	if (!console->estate)
		return error_set(err, ERR_INVALID, "%s", *console->problem ? console->problem : "still opening; try again in a moment");
	if (!path || !*path)
		return open_agents(console, NULL, audit, err);
	struct naming *naming = mem_zero(1, sizeof(*naming));

	naming->job = (struct job){ .run = find_named, .done = found_named };
	naming->console = console;
	naming->path = mem_text(path);
	naming->audit = audit;
	console_submit(console, &naming->job);
	return 0;
}

/* --- commands --- */

static const char *account_on_top(struct console *console, struct ref *ref)
{
	return console_target(console, ref) ? ref->account : table_pane_account(console_top(console));
}

static void audit_again(struct console *console)
{
	struct ref ref;

	fleet_audit(console, account_on_top(console, &ref));
}

int fleet_is_finding(const struct ref *ref)
{
	return !strcmp(ref->provider, "fleet") && !strcmp(ref->kind, "findings");
}

static void open_row(struct console *console)
{
	struct pane *top = console_top(console);
	struct ref ref;

	if (!console_target(console, &ref))
		return;
	if (fleet_is_finding(&ref))
		console_push(console, fleet_file_new(console, &ref));
	else
		top->ops->command(top, command_find("table.open"));
}

static void trend(struct console *console)
{
	struct ref ref;

	if (console_target(console, &ref) && !strcmp(ref.kind, "agents"))
		console_push(console, fleet_trend_new(console, &ref));
	else
		console_say(console, STYLE_WARNING, "agents have a trend: put the cursor on one");
}

static const struct {
	const char *name;
	void (*run)(struct console *console);
} rows[] = {
	{ "fleet.audit", audit_again },
	{ "fleet.heal", fleet_heal },
	{ "fleet.open", open_row },
	{ "fleet.stop", stop_audit },
	{ "fleet.trend", trend },
};

int fleet_command(struct console *console, const struct command *command)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (strcmp(rows[i].name, command->name) != 0)
			continue;
		rows[i].run(console);
		return 1;
	}
	return 0;
}
