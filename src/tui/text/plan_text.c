#include "tui/text/plan_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"
#include "gate/plan.h"
#include "tui/text/text_view.h"

enum { LABEL = 10, TOUCHES_NAMED = 3, DIFF_LINES = 400, LINE_MAX_ = 512 };

/* As src/gate/approval.c: there a key alone does not approve. */
static int step_is_protected(const struct plan_step *step)
{
	return step->risk != RISK_READ && !strcmp(step->scope, "prod");
}

const struct plan_step *plan_main_write(const struct plan *plan)
{
	const struct plan_step *first = NULL;

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_step *step = &plan->steps[i];

		if (step_is_protected(step))
			return step;
		if (!first && step->risk != RISK_READ)
			first = step;
	}
	return first;
}

int plan_is_protected(const struct plan *plan)
{
	const struct plan_step *step = plan_main_write(plan);

	return step && step_is_protected(step);
}

const char *plan_deed(const char *summary, char *out, size_t size)
{
	static const char *const ends[] = { " (undo: ", " (cannot be undone", " (nothing to undo" };
	size_t length = strlen(summary);

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends) && length && summary[length - 1] == ')'; i++) {
		const char *at = strstr(summary, ends[i]);

		if (at && !strstr(at, "; then ") && !strstr(at, "; and ")) /* of several steps each has its own */
			length = (size_t)(at - summary);
	}
	snprintf(out, size, "%.*s", (int)length, summary);
	return out;
}

void plan_risk_text(const struct plan *plan, char *out, size_t size)
{
	int writes = plan_writes(plan), reads = (int)plan->count - writes;

	if (!writes)
		snprintf(out, size, "read, %d step%s", reads, reads == 1 ? "" : "s");
	else if (!reads)
		snprintf(out, size, "%s, %d step%s", risk_name(plan_risk(plan)), writes, writes == 1 ? "" : "s");
	else
		snprintf(out, size, "%s, %d of %zu steps", risk_name(plan_risk(plan)), writes, plan->count);
}

/* --- parts of a step --- */

/* "+ …containers.0.image: web:v42": what is named by its last parts where that is what it takes to have it in one line. Returns what was put
 * into out, 0 when it takes more. */
static size_t shorten_path(const char *line, size_t length, int columns, char *out, size_t size)
{
	size_t lead = 1 + strspn(line + 1, " "), end = lead;

	while (end < length && line[end] != ':' && line[end] != ' ')
		end++;
	if (end + 1 >= length || line[end] != ':')
		return 0;
	for (size_t at = lead; at < end; at++) {
		size_t used;

		if (line[at] != '.' || !memchr(line + at + 1, '.', end - at - 1)) /* two parts are left at the least */
			continue;
		used = (size_t)snprintf(out, size, "%.*s%s%.*s", (int)lead, line, screen_glyph(GLYPH_ELLIPSIS), (int)(length - at - 1), line + at + 1);
		if (used < size && (int)utf8_columns(out, used) <= columns)
			return used;
	}
	return 0;
}

/* What is too long goes on below: two values of an image differ at their ends. */
static void diff_line(struct text_view *view, enum style style, const char *line, size_t length, int columns)
{
	size_t lead = length ? 1 + strspn(line + 1, " ") : 0; /* "+ ", "-     " */

	char shorter[LINE_MAX_];
	int fits = lead >= length || (int)utf8_columns(line, length) + 2 <= columns;
	size_t used = fits ? 0 : shorten_path(line, length, columns - 2, shorter, sizeof(shorter));

	if (used) {
		line = shorter;
		length = used;
		fits = 1;
	}
	text_view_add(view, STYLE_TEXT, "  ");
	if (fits) {
		text_view_add_n(view, style, line, length);
		text_view_end(view, -1);
		return;
	}
	char *words = mem_text_n(line + lead, length - lead);

	text_view_add_n(view, style, line, lead);
	text_view_words(view, style, (int)lead + 4, columns, words, -1);
	free(words);
}

static void diff(struct text_view *view, const struct plan_step *step, int columns)
{
	char *lines = plan_step_diff(step);
	const char *at = lines;
	int count = 0;

	for (; *at && count < DIFF_LINES; count++) {
		size_t length = strcspn(at, "\n");
		enum style style = *at == '-' ? STYLE_REMOVED : *at == '+' ? STYLE_ADDED : STYLE_DIM;

		diff_line(view, style, at, length, columns);
		at += length + (at[length] == '\n');
	}
	if (*at)
		text_view_line(view, STYLE_WARNING, "  … the difference goes on; dump the plan to read all of it");
	if (!count)
		text_view_line(view, STYLE_DIM, "  no difference is known before it is done");
	free(lines);
}

static void where(struct text_view *view, const struct plan_step *step, int columns)
{
	char text[1400];
	const struct ref *ref = &step->ref;

	if (!*ref->kind) {
		text_view_field(view, "Where", LABEL, columns, STYLE_TEXT, step->target);
		return;
	}
	snprintf(text, sizeof(text), "%s %s%s%s on %s%s", ref->kind, ref->namespace_, *ref->namespace_ ? "/" : "", ref->name,
		*ref->account ? ref->account : ref->provider, *step->scope ? "" : ", no scope known");
	text_view_add(view, STYLE_DIM, "Where");
	text_view_pad(view, LABEL);
	if (*step->scope)
		text_view_addf(view, step_is_protected(step) ? STYLE_PROD : STYLE_BOLD, "%s", step->scope);
	if (*step->scope)
		text_view_add(view, STYLE_TEXT, " ");
	text_view_words(view, STYLE_TEXT, LABEL, columns, text, -1);
}

static void dry_run(struct text_view *view, const struct plan_step *step, int columns)
{
	char text[400];

	static const char again[] = "dry run "; /* the label says it */
	const char *said = step->dry_run_text;

	if (step->dry_run && !strncmp(said, again, sizeof(again) - 1))
		said += sizeof(again) - 1;
	if (step->dry_run)
		snprintf(text, sizeof(text), "%s", *said ? said : "accepted by the source");
	else
		snprintf(text, sizeof(text), "%s%s", "the source has none; computed here", *step->dry_run_text ? step->dry_run_text : "");
	if (!step->dry_run && *step->dry_run_text)
		snprintf(text, sizeof(text), "computed here: %s", step->dry_run_text);
	text_view_field(view, "Dry run", LABEL, columns, STYLE_TEXT, text);
}

static const char *relation_of(const struct json *item)
{
	return json_text_or(json_get(item, "relation"), "");
}

/* Whether an item before this one has its relation: it was named there. */
static int named_before(const struct json *blast, const struct json *item)
{
	for (const struct json *each = json_first(blast); each != item; each = json_next(each))
		if (!strcmp(relation_of(each), relation_of(item)))
			return 1;
	return 0;
}

static const char *name_of(const struct json *item)
{
	return json_text_or(json_get(item, "name"), json_text_or(json_get(item, "id"), "?"));
}

/* "runs it: 18 pods, as api-1"; few are named: "routes to it: shop, api". */
static void touches_relation(struct text *text, const struct json *first)
{
	const char *relation = relation_of(first);
	size_t count = 0, named = 0;
	struct ref ref;

	for (const struct json *each = first; each; each = json_next(each))
		count += !strcmp(relation_of(each), relation);
	text_format(text, "%s%s: ", text->length ? "; " : "", *relation ? relation : "others");
	if (count > TOUCHES_NAMED) {
		int known = !ref_parse(json_text_or(json_get(first, "id"), ""), &ref);

		text_format(text, "%zu%s%s, as %s", count, known ? " " : "", known ? ref.kind : "", name_of(first));
		return;
	}
	for (const struct json *each = first; each; each = json_next(each))
		if (!strcmp(relation_of(each), relation))
			text_format(text, "%s%s", named++ ? ", " : "", name_of(each));
}

static void touches(struct text_view *view, const struct plan_step *step, int columns)
{
	int any = json_count(step->blast) > 0;
	struct text text;

	text_init(&text, 4096);
	for (const struct json *item = json_first(step->blast); item; item = json_next(item))
		if (!named_before(step->blast, item))
			touches_relation(&text, item);
	text_view_field(view, "Touches", LABEL, columns, any ? STYLE_TEXT : STYLE_DIM, any ? text.data : "nothing else that is known");
	text_release(&text);
}

static void undo(struct text_view *view, const struct plan_step *step, int columns)
{
	if (step->undo) {
		text_view_field(view, "Undo", LABEL, columns, STYLE_TEXT, *step->undo_text ? step->undo_text : "recorded when it is done");
		return;
	}
	text_view_field(view, "Undo", LABEL, columns, STYLE_WARNING, *step->undo_text ? step->undo_text : "cannot be undone");
}

static void policy(struct text_view *view, const struct plan_step *step, const char *role, int columns)
{
	static const char *const words[] = { "denies", "asks", "allows" };
	static const enum style styles[] = { STYLE_CRITICAL, STYLE_TEXT, STYLE_TEXT };
	char text[900], who[200] = "";

	if (step->decision == DECIDE_APPROVE)
		snprintf(who, sizeof(who), "%d approval%s%s%s%s", step->approvals_needed, step->approvals_needed == 1 ? "" : "s", *step->approver ? " by " : "",
			step->approver, step->not_self ? ", not by who asked" : "");
	snprintf(text, sizeof(text), "%s by %s%s%s%s%s · you: role %s", words[step->decision], *step->rule ? step->rule : "no rule", *who ? ": " : "", who,
		*step->why && step->decision == DECIDE_DENY ? ": " : "", step->decision == DECIDE_DENY ? step->why : "", role);
	text_view_field(view, "Policy", LABEL, columns, styles[step->decision], text);
}

static void estimate(struct text_view *view, const struct plan_step *step, int columns)
{
	char text[120], time[40] = "time unknown", cost[60] = "cost unknown";

	if (step->estimate_seconds >= 0)
		snprintf(time, sizeof(time), "about %d s", step->estimate_seconds);
	if (*step->cost)
		snprintf(cost, sizeof(cost), "%s%s", !strcmp(step->cost, "0") ? "no cost" : "cost ", !strcmp(step->cost, "0") ? "" : step->cost);
	snprintf(text, sizeof(text), "%s, %s", time, cost);
	text_view_field(view, "Estimate", LABEL, columns, STYLE_TEXT, text);
}

static void write_step(struct text_view *view, const struct plan *plan, const struct plan_step *step, const char *role, int columns)
{
	if (plan_writes(plan) > 1) {
		text_view_addf(view, STYLE_BOLD, "%s  %s", step->id, step->action);
		text_view_end(view, -1);
	}
	diff(view, step, columns);
	text_view_end(view, -1);
	where(view, step, columns);
	dry_run(view, step, columns);
	touches(view, step, columns);
	undo(view, step, columns);
	policy(view, step, role, columns);
	if (*step->because && strcmp(step->because, "asked for") != 0) /* that it was asked for stands above, and by whom */
		text_view_field(view, "Because", LABEL, columns, STYLE_TEXT, step->because);
	estimate(view, step, columns);
}

static void reads(struct text_view *view, const struct plan *plan, int columns)
{
	char label[24];

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_step *step = &plan->steps[i];

		if (step->risk != RISK_READ)
			continue;
		snprintf(label, sizeof(label), "%.12s", step->id);
		text_view_add(view, STYLE_DIM, "reads ");
		text_view_addf(view, STYLE_TEXT, "%s  %s ", label, step->action);
		text_view_words(view, STYLE_DIM, LABEL, columns, step->target, -1);
	}
}

void plan_text(struct text_view *view, const struct plan *plan, const char *role, int columns)
{
	char risk[64], deed[DEED_MAX];
	int writes = 0;

	plan_risk_text(plan, risk, sizeof(risk));
	text_view_words(view, STYLE_BOLD, 0, columns, plan_deed(plan->summary, deed, sizeof(deed)), -1);
	text_view_addf(view, STYLE_DIM, "%s, asked for by %s%s%s%s%s", risk, plan->asked_by, *plan->playbook ? ", playbook " : "", plan->playbook,
		*plan->undo_of ? ", undoes run " : "", plan->undo_of);
	text_view_end(view, -1);
	reads(view, plan, columns);
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->steps[i].risk == RISK_READ)
			continue;
		if (writes++)
			text_view_end(view, -1);
		write_step(view, plan, &plan->steps[i], role, columns);
	}
}

/* --- drift --- */

static void drift_line(struct text_view *view, enum style style, const char *mark, const char *key, const struct json *value)
{
	char *shown = json_text(value) ? NULL : json_format(value);

	text_view_addf(view, style, "  %s %s: %.400s", mark, key, shown ? shown : json_text(value));
	text_view_end(view, -1);
	free(shown);
}

void plan_text_drift(struct text_view *view, const struct json *drift, int columns)
{
	const struct json *was = json_get(drift, "was"), *is = json_get(drift, "is");

	if (!drift)
		return;
	char text[600];

	snprintf(text, sizeof(text), "Since the plan was made %s changed:", json_text_or(json_get(drift, "target"), "its target"));
	text_view_words(view, STYLE_WARNING, 0, columns, text, -1);
	if (json_type(is) == JSON_NULL)
		text_view_line(view, STYLE_REMOVED, "  - it is gone");
	for (const struct json *field = json_first(was); field && json_type(is) != JSON_NULL; field = json_next(field)) {
		const struct json *now = json_get(is, json_key(field));

		if (now && json_equal(now, field))
			continue;
		drift_line(view, STYLE_REMOVED, "-", json_key(field), field);
		if (now)
			drift_line(view, STYLE_ADDED, "+", json_key(field), now);
	}
	for (const struct json *field = json_first(is); field; field = json_next(field))
		if (!json_get(was, json_key(field)))
			drift_line(view, STYLE_ADDED, "+", json_key(field), field);
	text_view_end(view, -1);
}
