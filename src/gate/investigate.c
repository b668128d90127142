/* intent → plan → evidence → findings → summary. Reads only; writes a playbook calls for become a plan of their own, proposed and stored. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/jq.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "estate/estate.h"
#include "gate/gate_private.h"
#include "gate/intent.h"
#include "gate/playbook_plan.h"

enum { AT_ONCE = 4 /* a provider is not flooded by one question */, EVIDENCE_ROWS = 50, READER_STACK = 1 << 20, EACH_MAX = 20, CAUSE_MAX = 1000 };
enum { FILTER_SHOWN = 120 };

enum read_state { READ_WAITING, READ_SKIPPED, READ_DONE, READ_FAILED };

struct reading {
	struct gate *gate;
	const struct playbook_step *step;
	const atomic_int *cancelled;
	struct json *with;      /* templates filled in; of a foreach step those of its first item */
	struct json *each;      /* of a foreach step: [{"for": item, "with": …}] */
	struct json *result;
	struct error err;
	enum read_state state;
	pthread_t thread;
	int runs;
};

struct investigation {
	struct gate *gate;
	const struct playbook *book;
	const struct intent *intent;
	const atomic_int *cancelled;
	gate_on_progress on_progress;
	void *arg;
	int64_t began_ns;
	struct json *input;     /* {"params","intent","target","steps"}: what expressions see */
	struct reading *reads;
	struct plan *plan;
};

static void tell(struct investigation *inv, const char *step, const char *status, const char *line)
{
	struct gate_progress progress = { "", step, status, line, clock_monotonic_ns() - inv->began_ns };

	if (inv->on_progress)
		inv->on_progress(&progress, inv->arg);
}

static int is_cancelled(const struct investigation *inv)
{
	return inv->cancelled && atomic_load(inv->cancelled);
}

/* --- one read --- */

static int read_once(struct reading *reading, const struct json *with, struct json **result)
{
	int64_t until_ns = clock_monotonic_ns() + reading->step->timeout_ms * INT64_C(1000000);
	int failed = -1;

	/* The step's time holds for all its tries. */
	for (int try = 0; try <= reading->step->retry && failed; try++) {
		int64_t left_ms = (until_ns - clock_monotonic_ns()) / 1000000;

		if (try && left_ms < 1)
			break;
		reading->err = (struct error){ 0 };
		failed = gate_read_within(reading->gate, reading->step->action, with, try ? (int)left_ms : reading->step->timeout_ms, reading->cancelled, result,
			&reading->err);
		if (failed && !error_retryable(reading->err.code))
			break;
	}
	return failed;
}

/* {"items": [{"for": item, "result": …} or {"for": item, "error": …}]}; fails when every one does. */
static int read_each(struct reading *reading)
{
	struct json *items = json_array();
	size_t failures = 0;

	for (const struct json *one = json_first(reading->each); one; one = json_next(one)) {
		struct json *row = json_object(), *result = NULL;

		json_set(row, "for", json_copy(json_get(one, "for")));
		if (reading->cancelled && atomic_load(reading->cancelled))
			error_set(&reading->err, ERR_CANCELLED, "cancelled");
		if (reading->err.code == ERR_CANCELLED || read_once(reading, json_get(one, "with"), &result)) {
			json_set_text(row, "error", reading->err.text);
			failures++;
		} else {
			json_set(row, "result", result);
		}
		json_add(items, row);
	}
	reading->result = json_set(json_object(), "items", items);
	if (failures && failures == json_count(items))
		return -1;
	reading->err = (struct error){ 0 };
	return 0;
}

static void *read_main(void *arg)
{
	struct reading *reading = arg;
	int failed = reading->each ? read_each(reading) : read_once(reading, reading->with, &reading->result);

	reading->state = failed ? READ_FAILED : READ_DONE;
	return NULL;
}

static int index_of(const struct playbook *book, const char *id)
{
	for (size_t i = 0; i < book->step_count; i++)
		if (!strcmp(book->steps[i].id, id))
			return (int)i;
	return -1;
}

/* A step whose needs failed has nothing to stand on. */
static int ready(const struct investigation *inv, const struct playbook_step *step, int *hopeless)
{
	*hopeless = 0;
	for (const char *const *need = step->needs; *need; need++) {
		int i = index_of(inv->book, *need);
		enum read_state state = i < 0 ? READ_FAILED : inv->reads[i].state;

		if (state == READ_WAITING)
			return 0;
		*hopeless |= state != READ_DONE;
	}
	return 1;
}

static void start_read(struct investigation *inv, struct reading *reading)
{
	pthread_attr_t attributes;

	tell(inv, reading->step->id, "started", NULL);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, READER_STACK);
	reading->runs = !pthread_create(&reading->thread, &attributes, read_main, reading);
	pthread_attr_destroy(&attributes);
	if (!reading->runs)
		read_main(reading);
}

/* What a foreach step reads, one after the other; at most EACH_MAX. */
static int prepare_each(struct investigation *inv, struct reading *reading)
{
	struct json *items = jq_eval(reading->step->foreach, inv->input, &reading->err);
	int failed = items ? 0 : -1;

	reading->each = json_array();
	for (const struct json *item = json_first(items); item && !failed && json_count(reading->each) < EACH_MAX; item = json_next(item)) {
		struct json *one = json_set(json_object(), "for", json_copy(item)), *with;

		json_set(inv->input, "item", json_copy(item));
		with = playbook_step_with(reading->step, inv->input, &reading->err);
		json_set(one, "with", with ? with : json_null());
		json_add(reading->each, one);
		failed = with ? 0 : -1;
	}
	json_remove(inv->input, "item");
	json_free(items);
	reading->with = json_count(reading->each) ? json_copy(json_get(json_item(reading->each, 0), "with")) : json_object();
	return failed;
}

/* Decides whether the step runs, and with what. Returns 1 when it is to be started. */
static int prepare(struct investigation *inv, struct reading *reading)
{
	const struct playbook_step *step = reading->step;
	int wanted = step->when ? jq_test(step->when, inv->input, &reading->err) : 1;

	if (wanted < 0)
		reading->state = READ_FAILED;
	else if (!wanted)
		reading->state = READ_SKIPPED;
	else if (step->foreach) {
		if (prepare_each(inv, reading))
			reading->state = READ_FAILED;
	} else {
		reading->with = playbook_step_with(step, inv->input, &reading->err);
		if (!reading->with)
			reading->state = READ_FAILED;
	}
	if (reading->state != READ_WAITING)
		tell(inv, step->id, reading->state == READ_SKIPPED ? "skipped" : "failed", reading->err.code ? reading->err.text : NULL);
	return reading->state == READ_WAITING;
}

static void finish_read(struct investigation *inv, struct reading *reading)
{
	if (reading->runs)
		pthread_join(reading->thread, NULL);
	reading->runs = 0;
	if (reading->result)
		json_set(json_get(inv->input, "steps"), reading->step->id, json_copy(reading->result));
	tell(inv, reading->step->id, reading->state == READ_DONE ? "done" : "failed", reading->err.code ? reading->err.text : NULL);
}

/* One wave: what is ready runs side by side. Returns how many steps moved. */
static size_t wave(struct investigation *inv)
{
	struct reading *started[AT_ONCE];
	size_t count = 0, moved = 0;

	for (size_t i = 0; i < inv->book->step_count && count < AT_ONCE && !is_cancelled(inv); i++) {
		struct reading *reading = &inv->reads[i];
		int hopeless;

		if (reading->state != READ_WAITING || playbook_step_writes(inv->gate, reading->step) || !ready(inv, reading->step, &hopeless))
			continue;
		moved++;
		if (hopeless)
			reading->state = READ_SKIPPED;
		else if (prepare(inv, reading))
			started[count++] = reading;
	}
	for (size_t i = 0; i < count; i++)
		start_read(inv, started[i]);
	for (size_t i = 0; i < count; i++)
		finish_read(inv, started[i]);
	return moved;
}

/* --- what expressions see --- */

static struct json *input_of(const struct playbook *book, const struct intent *intent)
{
	struct json *input = json_object(), *document = intent_to_json(intent);

	json_set(input, "params", playbook_params(book, document));
	json_set(input, "target", json_copy(json_get(document, "target")));
	json_set(input, "intent", document);
	json_set(input, "steps", json_object());
	return input;
}

/* --- evidence --- */

static int64_t rows_of(const struct json *result)
{
	const struct json *items = json_get(result, "items");

	return json_is(items, JSON_ARRAY) ? (int64_t)json_count(items) : result ? 1 : 0;
}

/* "host.list services: 0 rows where state == failed"; a long filter is seen to be cut. */
static void describe_read(const struct reading *reading, char *out, size_t size)
{
	const char *kind = json_text_or(json_get(reading->with, "kind"), "");
	const char *name = json_text_or(json_get(reading->with, "name"), "");
	const char *filter = json_text_or(json_get(reading->with, "filter"), "");
	int64_t rows = rows_of(reading->result);

	if (reading->state == READ_FAILED)
		snprintf(out, size, "failed: %.200s", reading->err.text);
	else if (reading->state == READ_SKIPPED)
		snprintf(out, size, "not needed");
	else
		snprintf(out, size, "%s%s%.60s%s%.100s: %lld row%s%s%.*s%s", reading->step->action, *kind ? " " : "", kind, *name ? " " : "", name,
			(long long)rows, rows == 1 ? "" : "s", *filter ? " where " : "", FILTER_SHOWN, filter, strlen(filter) > FILTER_SHOWN ? "…" : "");
}

static void bound_items(struct json *result)
{
	struct json *items = json_get(result, "items");

	if (json_count(items) <= EVIDENCE_ROWS)
		return;
	struct json *some = json_array();
	for (size_t i = 0; i < EVIDENCE_ROWS; i++)
		json_add(some, json_copy(json_item(items, i)));
	json_set_int(result, "cut_at", EVIDENCE_ROWS);
	json_set(result, "items", some);
}

static struct json *evidence_of(const struct investigation *inv)
{
	struct json *evidence = json_array();
	char id[16], summary[400];
	int number = 0;

	for (size_t i = 0; i < inv->book->step_count; i++) {
		const struct reading *reading = &inv->reads[i];

		if (playbook_step_writes(inv->gate, reading->step))
			continue;
		struct json *row = json_object(), *result = reading->result ? json_copy(reading->result) : json_null();
		snprintf(id, sizeof(id), "e%d", ++number);
		describe_read(reading, summary, sizeof(summary));
		bound_items(result);
		json_set_text(row, "id", id);
		json_set_text(row, "step", reading->step->id);
		json_set_text(row, "source", reading->step->action);
		json_set_text(row, "summary", summary);
		json_set_int(row, "rows", rows_of(reading->result));
		json_set_text(row, "status", reading->state == READ_DONE ? "done" : reading->state == READ_FAILED ? "failed" : "skipped");
		json_set(row, "with", reading->with ? json_copy(reading->with) : json_null());
		json_set(row, "result", result);
		json_add(evidence, row);
	}
	return evidence;
}

/* Findings cite steps; people and screens follow evidence ids. */
static void cite_by_id(struct json *findings, const struct json *evidence)
{
	for (struct json *finding = json_first(findings); finding; finding = json_next(finding)) {
		struct json *ids = json_array();

		for (const struct json *cite = json_first(json_get(finding, "cites")); cite; cite = json_next(cite))
			for (const struct json *row = json_first(evidence); row; row = json_next(row))
				if (!strcmp(json_text_or(json_get(row, "step"), ""), json_text_or(cite, "?")) &&
					!strcmp(json_text_or(json_get(row, "status"), ""), "done"))
					json_add(ids, json_string(json_text(json_get(row, "id"))));
		json_set(finding, "cites", ids);
	}
}

/* A sentence for each finding with its cites, and one for each reading that failed: a gap is said, never filled. */
static struct json *summary_of(const struct json *findings, const struct json *evidence)
{
	struct json *summary = json_array();

	for (const struct json *finding = json_first(findings); finding; finding = json_next(finding)) {
		struct json *sentence = json_object();

		json_set(sentence, "text", json_copy(json_get(finding, "cause")));
		json_set(sentence, "cites", json_copy(json_get(finding, "cites")));
		json_add(summary, sentence);
	}
	for (const struct json *row = json_first(evidence); row; row = json_next(row)) {
		if (strcmp(json_text_or(json_get(row, "status"), ""), "failed"))
			continue;
		struct json *sentence = json_object(), *cites = json_array();
		char *text = mem_format("Not known: %s %s.", json_text_or(json_get(row, "source"), ""), json_text_or(json_get(row, "summary"), ""));

		json_add(cites, json_string(json_text(json_get(row, "id"))));
		json_set_text(sentence, "text", text);
		json_set(sentence, "cites", cites);
		json_add(summary, sentence);
		free(text);
	}
	return summary;
}

/* --- writes a playbook calls for --- */

static void propose(struct investigation *inv, struct plan **proposal, struct json *refused)
{
	struct plan *plan = gate_plan_begin(inv->gate);
	struct error err = { 0 };

	plan->intent = intent_to_json(inv->intent);
	plan->playbook = arena_text(plan->arena, inv->book->name);
	for (size_t i = 0; i < inv->book->step_count; i++) {
		const struct playbook_step *step = &inv->book->steps[i];

		err = (struct error){ 0 };
		if (playbook_step_writes(inv->gate, step) && playbook_add_write(inv->gate, plan, step, inv->input, &err) && err.code)
			json_add(refused, json_string(err.text));
	}
	if (plan->count && !gate_plan_finish(inv->gate, plan, &err)) {
		*proposal = plan;
		return;
	}
	plan_free(plan);
}

static struct json *plan_document(struct investigation *inv, const struct plan *proposal)
{
	struct json *reads = plan_to_json(inv->plan);

	if (!proposal)
		return reads;
	struct json *document = plan_to_json(proposal), *steps = json_copy(json_get(reads, "steps"));
	for (const struct json *step = json_first(json_get(document, "steps")); step; step = json_next(step))
		json_add(steps, json_copy(step));
	json_set(document, "steps", steps);
	json_free(reads);
	return document;
}

static const char *status_of(const struct investigation *inv)
{
	size_t failed = 0, done = 0;

	if (is_cancelled(inv))
		return "cancelled";
	for (size_t i = 0; i < inv->book->step_count; i++) {
		failed += inv->reads[i].state == READ_FAILED;
		done += inv->reads[i].state == READ_DONE;
	}
	return !failed ? "done" : done ? "partial" : "failed";
}

/* Of the providers nothing could be read at all: the first cause is the answer, not "nothing wrong". Our own history (estate.) tells
 * nothing about now. */
static int nothing_known(const struct investigation *inv, struct error *err)
{
	const struct reading *failed = NULL;

	for (size_t i = 0; i < inv->book->step_count; i++) {
		const struct reading *reading = &inv->reads[i];

		if (!strncmp(reading->step->action, "estate.", 7))
			continue;
		if (reading->state == READ_DONE)
			return 0;
		if (reading->state == READ_FAILED && !failed)
			failed = reading;
	}
	if (failed && err)
		*err = failed->err;
	return failed ? -1 : 0;
}

/* "Nothing is wrong" says what it does not know. */
static void qualify(const struct investigation *inv, struct json *findings)
{
	struct json *first = json_item(findings, 0);
	struct text cause;
	int gaps = 0;

	if (strcmp(json_text_or(json_get(first, "class"), ""), "none"))
		return;
	text_init(&cause, CAUSE_MAX);
	text_add(&cause, json_text_or(json_get(first, "cause"), ""));
	for (size_t i = 0; i < inv->book->step_count; i++)
		if (inv->reads[i].state == READ_FAILED)
			text_format(&cause, "%s%s (%.120s)", gaps++ ? ", " : "; not known: ", inv->reads[i].step->id, inv->reads[i].err.text);
	if (gaps) {
		json_set_text(first, "cause", cause.data);
		json_set(first, "weight", json_double(json_number(json_get(first, "weight"), 0) / 2));
	}
	text_release(&cause);
}

static int audit_investigation(struct investigation *inv, const struct json *findings, const char *status)
{
	struct json *detail = json_object();

	json_set_text(detail, "playbook", inv->book->name);
	json_set(detail, "class", json_copy(json_get(json_item(findings, 0), "class")));
	struct audit_event event = {
		.user = &inv->gate->user, .name = "investigate", .intent = inv->plan->intent, .plan_id = inv->plan->id, .step = "", .target = "", .risk = "read",
		.request_digest = inv->plan->hash, .status = status, .cost_usd = "0", .duration_ns = clock_monotonic_ns() - inv->began_ns, .error = "", .detail = detail,
	};
	int failed = audit_append(inv->gate->audit, &event, NULL, NULL);
	json_free(detail);
	return failed;
}

static int conclude(struct investigation *inv, struct json **out, struct error *err)
{
	struct plan *proposal = NULL;
	struct json *evidence = evidence_of(inv), *document = json_object(), *refused = json_array();
	struct json *findings = playbook_findings(inv->book, inv->input, err);

	if (!findings) {
		json_free(evidence);
		json_free(document);
		json_free(refused);
		return -1;
	}
	qualify(inv, findings);
	cite_by_id(findings, evidence);
	propose(inv, &proposal, refused);
	json_set(document, "intent", intent_to_json(inv->intent));
	json_set_text(document, "playbook", inv->book->name);
	json_set(document, "plan", plan_document(inv, proposal));
	json_set(document, "proposal", proposal ? json_string(proposal->id) : json_null());
	json_set(document, "not_proposed", refused);
	json_set(document, "summary", summary_of(findings, evidence));
	json_set(document, "evidence", evidence);
	json_set(document, "findings", findings);
	json_set_text(document, "status", status_of(inv));
	json_set_int(document, "duration_ms", (clock_monotonic_ns() - inv->began_ns) / 1000000);
	json_set_text(document, "cost", "0");
	json_set_text(document, "currency", PLAN_CURRENCY);
	audit_investigation(inv, findings, status_of(inv));
	plan_free(proposal);
	*out = document;
	return 0;
}

int gate_investigate(struct gate *gate, const struct intent *intent, const atomic_int *cancelled, gate_on_progress on_progress, void *arg, struct json **out,
	struct error *err)
{
	struct investigation inv = { .gate = gate, .intent = intent, .cancelled = cancelled, .on_progress = on_progress, .arg = arg,
		.began_ns = clock_monotonic_ns() };

	inv.book = playbooks_match(gate_playbooks(gate), intent, NULL);
	if (!inv.book)
		return playbook_none(gate, intent, err);
	if (gate_plan_intent(gate, intent, &inv.plan, err))
		return -1;
	inv.input = input_of(inv.book, intent);
	inv.reads = mem_zero(inv.book->step_count, sizeof(*inv.reads));
	for (size_t i = 0; i < inv.book->step_count; i++)
		inv.reads[i] = (struct reading){ .gate = gate, .step = &inv.book->steps[i], .cancelled = cancelled };
	while (wave(&inv))
		;
	int failed = nothing_known(&inv, err) || conclude(&inv, out, err);
	for (size_t i = 0; i < inv.book->step_count; i++) {
		json_free(inv.reads[i].with);
		json_free(inv.reads[i].each);
		json_free(inv.reads[i].result);
	}
	free(inv.reads);
	json_free(inv.input);
	plan_free(inv.plan);
	return failed ? -1 : 0;
}
