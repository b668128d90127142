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
#include "base/mem.h"
#include "base/text.h"
#include "base/yaml.h"
#include "gate/gate.h"
#include "tui/asking.h"
#include "tui/console.h"
#include "tui/list_view.h"
#include "tui/pane.h"
#include "tui/text_pane.h"

enum { ENTRIES_MAX = 5000, ENTRY_MAX = 1 << 20, REPORT_MAX = 4 << 20, PATH_MAX_ = 4096 };

struct audit_pane {
	struct pane pane;
	struct list_view list;
	struct asking *asking, *acting;
	struct json *rows;
	char problem[256];
	unsigned version;
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

static void close_audit(struct pane *pane)
{
	struct audit_pane *audit = of(pane);

	asking_stop(&audit->asking);
	asking_stop(&audit->acting);
	list_view_release(&audit->list);
	json_free(audit->rows);
	free(audit);
}

static enum style style_of(const char *status)
{
	if (!strcmp(status, "done") || !strcmp(status, "started"))
		return STYLE_TEXT;
	return !strcmp(status, "failed") ? STYLE_CRITICAL : STYLE_WARNING;
}

static void local_time(const char *at, char *out, size_t size)
{
	int64_t at_ns;
	struct tm local;

	if (clock_parse(at, &at_ns)) {
		snprintf(out, size, "%.19s", at);
		return;
	}
	time_t seconds = (time_t)(at_ns / CLOCK_SECOND_NS);

	localtime_r(&seconds, &local);
	strftime(out, size, "%Y-%m-%d %H:%M:%S", &local);
}

static void add(struct audit_pane *audit, const struct json *entry, size_t number)
{
	struct list_row *row = list_view_add(&audit->list, json_text_or(json_get(entry, "audit_id"), ""), number);
	const char *status = json_text_or(json_at(entry, "result.status"), ""), *name = json_text_or(json_at(entry, "action.name"), "");
	const char *target = json_text_or(json_at(entry, "action.target"), ""), *step = json_text_or(json_at(entry, "action.step"), "");
	char when[32];

	if (!row)
		return;
	local_time(json_text_or(json_get(entry, "timestamp"), ""), when, sizeof(when));
	list_row_set(row, 0, STYLE_DIM, when);
	list_row_set(row, 1, STYLE_TEXT, json_text_or(json_at(entry, "user.id"), ""));
	list_row_set(row, 2, STYLE_TEXT, name);
	list_row_set(row, 3, style_of(status), status);
	list_row_setf(row, 4, STYLE_TEXT, "%s%s%s", step, *step && *target ? "  " : "", target);
	list_row_set(row, 5, STYLE_DIM, json_text_or(json_at(entry, "action.risk"), ""));
	list_row_setf(row, 6, STYLE_DIM, "%lld", (long long)json_int(json_get(entry, "seq"), 0));
}

static void fill(struct audit_pane *audit)
{
	size_t number = 0;

	list_view_begin(&audit->list);
	for (const struct json *entry = json_first(audit->rows); entry; entry = json_next(entry))
		add(audit, entry, number++);
	list_view_end(&audit->list);
}

static int keep_entry(const struct json *entry, void *arg)
{
	json_add(arg, json_copy(entry));
	return 0;
}

static void ask(struct asking *asking)
{
	struct audit_query query = { .limit = ENTRIES_MAX, .newest_first = 1 };

	asking->json = json_array();
	asking->outcome = audit_each(gate_audit(asking->gate), &query, keep_entry, asking->json, &asking->err);
}

static void answered(void *pane, struct asking *asking)
{
	struct audit_pane *audit = pane;

	snprintf(audit->problem, sizeof(audit->problem), "%s", asking->err.text);
	audit->list.empty = *audit->problem ? audit->problem : "the log is empty: nothing was planned or done yet";
	if (!asking->outcome) {
		json_free(audit->rows);
		audit->rows = asking->json;
		asking->json = NULL;
	}
	audit_state(gate_audit(console_gate(audit->pane.console)), &audit->state);
	fill(audit);
	audit->pane.dirty = 1;
}

static void look(struct audit_pane *audit)
{
	struct gate *gate = console_gate(audit->pane.console);

	if (!gate)
		return;
	audit->version = gate_version(gate);
	asking_send(asking_new(audit->pane.console, &audit->asking, audit, ask, answered));
}

static int recalc(struct pane *pane)
{
	struct audit_pane *audit = of(pane);
	struct gate *gate = console_gate(pane->console);

	if (gate && (gate_version(gate) != audit->version || (!audit->rows && !*audit->problem && !audit->asking)))
		look(audit);
	return 0;
}

static void draw(struct pane *pane, struct rect area)
{
	list_view_draw(&of(pane)->list, pane, area);
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
	struct console *console = audit->pane.console;

	if (asking->outcome) {
		console_say_error(console, &asking->err);
		return;
	}
	audit->verified = json_bool(json_get(asking->json, "ok"), 0);
	char *text = report_text(asking->json);

	if (console_top(console) == &audit->pane)
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
	struct audit_pane *audit = pane;

	if (asking->outcome)
		console_say_error(audit->pane.console, &asking->err);
	else
		console_say(audit->pane.console, STYLE_OK, "anchored: %.300s", json_text_or(json_get(asking->json, "anchor"), "done"));
	look(audit);
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
	struct audit_pane *audit = pane;

	if (asking->outcome)
		console_say_error(audit->pane.console, &asking->err);
	else
		console_say(audit->pane.console, STYLE_OK, "the whole log is written to %s", asking->text);
}

/* --- commands --- */

static void open_entry(struct audit_pane *audit)
{
	const struct list_row *row = list_view_at_cursor(&audit->list);
	const struct json *entry = row ? json_item(audit->rows, row->number) : NULL;
	struct text yaml;
	char title[64];

	if (!entry)
		return;
	text_init(&yaml, ENTRY_MAX);
	yaml_format(entry, &yaml);
	snprintf(title, sizeof(title), "entry %lld", (long long)json_int(json_get(entry, "seq"), 0));
	console_push(audit->pane.console, text_pane_new(audit->pane.console, title, yaml.data, TEXT_YAML));
	text_release(&yaml);
}

static void act(struct audit_pane *audit, void (*question)(struct asking *asking), void (*answer)(void *pane, struct asking *asking), const char *says)
{
	if (!console_gate(audit->pane.console))
		return;
	console_say(audit->pane.console, STYLE_DIM, "%s", says);
	asking_send(asking_new(audit->pane.console, &audit->acting, audit, question, answer));
}

static int command(struct pane *pane, const struct command *what)
{
	struct audit_pane *audit = of(pane);

	if (list_view_command(&audit->list, pane, what))
		return 1;
	if (!strcmp(what->name, "table.open"))
		open_entry(audit);
	else if (!strcmp(what->name, "audit.verify"))
		act(audit, ask_verify, verified, "checking every entry …");
	else if (!strcmp(what->name, "audit.anchor"))
		act(audit, ask_anchor, anchored, "signing …");
	else if (!strcmp(what->name, "audit.export"))
		act(audit, ask_export, exported, "writing …");
	else if (!strcmp(what->name, "global.refresh"))
		look(audit);
	else
		return 0;
	return 1;
}

static int key(struct pane *pane, int pressed)
{
	return list_view_key(&of(pane)->list, pane, pressed);
}

static void mouse(struct pane *pane, struct rect area, int y, int x, int button)
{
	(void)area;
	(void)x;
	if (list_view_mouse(&of(pane)->list, pane, y, button))
		open_entry(of(pane));
}

static void title(struct pane *pane, char *out, size_t size)
{
	(void)pane;
	snprintf(out, size, "audit");
}

static void status(struct pane *pane, char *out, size_t size)
{
	static const char *const words[] = { "V verifies", "DOES NOT VERIFY", "verified" };
	struct audit_pane *audit = of(pane);
	char rows[80];

	list_view_status(&audit->list, rows, sizeof(rows));
	snprintf(out, size, "%s%s of %llu  %llu unwitnessed  %s", rows, json_count(audit->rows) == ENTRIES_MAX ? " newest" : "",
		(unsigned long long)audit->state.entries, (unsigned long long)audit->state.unwitnessed, words[audit->verified + 1]);
}

static void dump(struct pane *pane, struct text *out)
{
	list_view_dump(&of(pane)->list, out);
}

static const struct pane_ops ops = {
	.name = "audit",
	.context = "audit",
	.close = close_audit,
	.recalc = recalc,
	.draw = draw,
	.command = command,
	.key = key,
	.mouse = mouse,
	.title = title,
	.status = status,
	.dump = dump,
};

struct pane *audit_pane_new(struct console *console)
{
	struct audit_pane *audit = mem_zero(1, sizeof(*audit));

	audit->pane = (struct pane){ .ops = &ops, .console = console };
	audit->verified = -1;
	list_view_init(&audit->list, columns, sizeof(columns) / sizeof(*columns), "loading …");
	look(audit);
	return &audit->pane;
}
