/* audit_pane.c - the log of what was done, the newest first; V checks the whole chain. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/yaml.h"
#include "gate/gate.h"
#include "tui/asking.h"
#include "tui/console.h"
#include "tui/text/text_pane.h"
#include "tui/views/list_pane.h"

enum { ENTRIES_MAX = 5000, ENTRY_MAX = 1 << 20, REPORT_MAX = 4 << 20, PATH_MAX_ = 4096 };

struct audit_pane {
	struct list_pane list;
	struct audit_state state;
	int verified; /* -1 not here, 0 does not verify, 1 verifies */
};

static const struct list_column columns[] = {
	{ .name = "TIME", .max = 19 },
	{ .name = "BY", .max = 14 },
	{ .name = "ACTION", .max = 14 },
	{ .name = "STATUS", .max = 10 },
	{ .name = "TARGET" },
	{ .name = "RISK", .max = 6, .leave = 2 },
	{ .name = "SEQ", .max = 9, .right = 1, .leave = 1 },
};

static struct audit_pane *of(struct pane *pane)
{
	return (struct audit_pane *)pane;
}

static enum style style_of(const char *status)
{
	if (!strcmp(status, "done") || !strcmp(status, "started"))
		return STYLE_TEXT;
	return !strcmp(status, "failed") ? STYLE_CRITICAL : STYLE_WARNING;
}

/* Of today the time, of other days the day too. */
static void local_time(const char *at, char *out, size_t size)
{
	int64_t at_ns;
	time_t now = (time_t)(clock_now_ns() / CLOCK_SECOND_NS);
	struct tm local, today;

	if (clock_parse(at, &at_ns)) {
		snprintf(out, size, "%.19s", at);
		return;
	}
	time_t seconds = (time_t)(at_ns / CLOCK_SECOND_NS);

	localtime_r(&seconds, &local);
	localtime_r(&now, &today);
	strftime(out, size, local.tm_year == today.tm_year && local.tm_yday == today.tm_yday ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &local);
}

/* "payments/web, deployments, prod-eu": what tells it apart comes first. */
static void target_text(const char *id, char *out, size_t size)
{
	struct ref ref;

	if (ref_parse(id, &ref))
		snprintf(out, size, "%s", id);
	else
		snprintf(out, size, "%s%s%s, %s%s%s", ref.namespace_, *ref.namespace_ ? "/" : "", ref.name, ref.kind, *ref.account ? ", " : "", ref.account);
}

static void add(struct list_pane *list, const struct json *entry, size_t number)
{
	struct list_row *row = list_view_add(&list->view, json_text_or(json_get(entry, "audit_id"), ""), number);
	const char *status = json_text_or(json_at(entry, "result.status"), ""), *name = json_text_or(json_at(entry, "action.name"), "");
	const char *target = json_text_or(json_at(entry, "action.target"), ""), *step = json_text_or(json_at(entry, "action.step"), "");
	char when[32], shown[1000] = "";

	if (!row)
		return;
	local_time(json_text_or(json_get(entry, "timestamp"), ""), when, sizeof(when));
	list_row_set(row, 0, STYLE_DIM, when);
	list_row_set(row, 1, STYLE_TEXT, json_text_or(json_at(entry, "user.id"), ""));
	list_row_set(row, 2, STYLE_TEXT, name);
	list_row_set(row, 3, style_of(status), status);
	if (*target)
		target_text(target, shown, sizeof(shown));
	list_row_setf(row, 4, STYLE_TEXT, "%s%s%s", step, *step && *shown ? "  " : "", shown);
	list_row_set(row, 5, STYLE_DIM, json_text_or(json_at(entry, "action.risk"), ""));
	list_row_setf(row, 6, STYLE_DIM, "%lld", (long long)json_int(json_get(entry, "seq"), 0));
}

static void take(struct list_pane *list, const struct asking *asking)
{
	struct audit_state *state = &of(&list->pane)->state;

	state->entries = (uint64_t)json_int(json_get(asking->more, "entries"), 0);
	state->unwitnessed = (uint64_t)json_int(json_get(asking->more, "unwitnessed"), 0);
	state->ok = (int)json_int(json_get(asking->more, "ok"), -1);
}

static struct json *state_json(struct audit *audit)
{
	struct audit_state state;
	struct json *json = json_object();

	audit_state(audit, &state);
	json_set_int(json, "entries", (int64_t)state.entries);
	json_set_int(json, "unwitnessed", (int64_t)state.unwitnessed);
	json_set_int(json, "ok", state.ok);
	return json;
}

static int keep_entry(const struct json *entry, void *arg)
{
	json_add(arg, json_copy(entry));
	return 0;
}

static void ask(struct asking *asking)
{
	struct audit_query query = { .limit = ENTRIES_MAX, .newest_first = 1 };

	asking->more = state_json(gate_audit(asking->gate));
	asking->json = json_array();
	if (!audit_each(gate_audit(asking->gate), &query, keep_entry, asking->json, &asking->err))
		return;
	json_free(asking->json);
	asking->json = NULL;
}

/* --- V: the whole chain --- */

static void ask_verify(struct asking *asking)
{
	asking->outcome = audit_verify(NULL, NULL, &asking->json, &asking->err);
}

static char *report_text(const struct json *report)
{
	struct text text;
	const struct json *problems = json_get(report, "problems");

	text_init(&text, REPORT_MAX);
	text_format(&text, "The audit log %s.\n\n", json_bool(json_get(report, "ok"), 0) ? "verifies" : "DOES NOT VERIFY");
	text_format(&text, "entries      %lld\n", (long long)json_int(json_get(report, "entries"), 0));
	text_format(&text, "checkpoints  %lld\n", (long long)json_int(json_get(report, "checkpoints"), 0));
	text_format(&text, "unwitnessed  %lld since the last checkpoint: cutting these off could not be proved\n",
		(long long)json_int(json_get(report, "unwitnessed"), 0));
	if (json_count(problems))
		text_add(&text, "\nproblems\n");
	for (const struct json *problem = json_first(problems); problem; problem = json_next(problem))
		text_format(&text, "  entry %lld  %s  %s\n", (long long)json_int(json_get(problem, "entry"), 0), json_text_or(json_get(problem, "kind"), "?"),
			json_text_or(json_get(problem, "detail"), ""));
	return text_take(&text);
}

static void verified(void *pane, struct asking *asking)
{
	struct audit_pane *audit = pane;
	struct console *console = audit->list.pane.console;

	if (asking->outcome) {
		console_say_error(console, &asking->err);
		return;
	}
	audit->verified = json_bool(json_get(asking->json, "ok"), 0);
	char *text = report_text(asking->json);

	if (console_top(console) == &audit->list.pane)
		console_push(console, text_pane_new(console, "verify", text, TEXT_PLAIN));
	console_say(console, audit->verified ? STYLE_OK : STYLE_CRITICAL, "%s", audit->verified ? "the chain is whole" : "the audit log does not verify");
	free(text);
}

/* --- a checkpoint outside, an export --- */

static void ask_anchor(struct asking *asking)
{
	asking->outcome = audit_anchor(gate_audit(asking->gate), NULL, &asking->json, &asking->err);
}

static void anchored(void *pane, struct asking *asking)
{
	struct list_pane *list = pane;

	if (asking->outcome)
		console_say_error(list->pane.console, &asking->err);
	else
		console_say(list->pane.console, STYLE_OK, "anchored: %.300s", json_text_or(json_get(asking->json, "anchor"), "done"));
	list_pane_look(list);
}

static int write_out(void *arg, const char *bytes, size_t length)
{
	int fd = *(int *)arg;

	while (length) {
		ssize_t wrote = write(fd, bytes, length);

		if (wrote <= 0)
			return -1;
		bytes += wrote;
		length -= (size_t)wrote;
	}
	return 0;
}

static void ask_export(struct asking *asking)
{
	struct audit_query all = { 0 };
	char folder[PATH_MAX_];

	asking->outcome = -1;
	snprintf(folder, sizeof(folder), "%s/exports", file_state_folder());
	snprintf(asking->text, sizeof(asking->text), "%.1900s/exports/audit-%lld.jsonl", file_state_folder(), (long long)(clock_now_ns() / CLOCK_SECOND_NS));
	if (file_make_folder(folder, 0700, &asking->err))
		return;
	int fd = open(asking->text, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0) {
		error_errno(&asking->err, "writing %s", asking->text);
		return;
	}
	asking->outcome = audit_export(gate_audit(asking->gate), &all, write_out, &fd, &asking->err);
	if (close(fd) && !asking->outcome)
		asking->outcome = error_errno(&asking->err, "writing %s", asking->text);
}

static void exported(void *pane, struct asking *asking)
{
	struct list_pane *list = pane;

	if (asking->outcome)
		console_say_error(list->pane.console, &asking->err);
	else
		console_say(list->pane.console, STYLE_OK, "the whole log is written to %s", asking->text);
}

/* --- commands --- */

static struct pane *open_entry(struct list_pane *list, const struct list_row *row, const struct json *entry)
{
	struct text yaml;
	char title[64];

	(void)row;
	text_init(&yaml, ENTRY_MAX);
	yaml_format(entry, &yaml);
	snprintf(title, sizeof(title), "entry %lld", (long long)json_int(json_get(entry, "seq"), 0));
	struct pane *pane = text_pane_new(list->pane.console, title, yaml.data, TEXT_YAML);

	text_release(&yaml);
	return pane;
}

static void act(struct list_pane *list, void (*question)(struct asking *asking), void (*answer)(void *pane, struct asking *asking), const char *says)
{
	if (!console_gate(list->pane.console))
		return;
	console_say(list->pane.console, STYLE_DIM, "%s", says);
	asking_send(asking_new(list->pane.console, &list->acting, list, question, answer));
}

static void verify(struct list_pane *list, const struct list_row *row, const struct json *entry)
{
	(void)row;
	(void)entry;
	act(list, ask_verify, verified, "checking every entry …");
}

static void anchor(struct list_pane *list, const struct list_row *row, const struct json *entry)
{
	(void)row;
	(void)entry;
	act(list, ask_anchor, anchored, "signing …");
}

static void export_all(struct list_pane *list, const struct list_row *row, const struct json *entry)
{
	(void)row;
	(void)entry;
	act(list, ask_export, exported, "writing …");
}

static const struct list_command commands_here[] = {
	{ "audit.verify", verify, 0 },
	{ "audit.anchor", anchor, 0 },
	{ "audit.export", export_all, 0 },
	{ 0 },
};

static void status(struct pane *pane, char *out, size_t size)
{
	static const char *const words[] = { "V verifies", "DOES NOT VERIFY", "verified" };
	struct audit_pane *audit = of(pane);
	char rows[80];

	list_view_status(&audit->list.view, rows, sizeof(rows));
	snprintf(out, size, "%s%s of %llu  %llu unwitnessed  %s", rows, json_count(audit->list.rows) == ENTRIES_MAX ? " newest" : "",
		(unsigned long long)audit->state.entries, (unsigned long long)audit->state.unwitnessed, words[audit->verified + 1]);
}

static const struct list_pane_ops ops = {
	.name = "audit",
	.columns = columns,
	.column_count = sizeof(columns) / sizeof(*columns),
	.empty = "the log is empty: nothing was planned or done yet",
	.ask = ask,
	.take = take,
	.add = add,
	.open = open_entry,
	.commands = commands_here,
	.status = status,
};

struct pane *audit_pane_new(struct console *console)
{
	struct list_pane *list = list_pane_new(console, &ops, sizeof(struct audit_pane));

	of(&list->pane)->verified = -1;
	list_pane_look(list);
	return &list->pane;
}
