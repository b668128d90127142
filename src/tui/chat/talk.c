#include "tui/chat/talk.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/mem.h"
#include "copilot/grammar.h"
#include "copilot/usual.h"
#include "estate/estate.h"
#include "gate/gate.h"
#include "gate/session.h"
#include "tui/console.h"

enum { WORDS_MAX = 4096, STEPS_MAX = 64 };

struct step {
	char id[64], status[16];
};

/* Shared by the chat and its worker; the last one frees. */
struct talk {
	struct job *job;      /* main thread; NULL once it has ended */
	struct gate *gate;
	struct estate *estate;
	struct loop *loop;
	char words[WORDS_MAX], scope[12];
	struct json *names, *given;
	int64_t began_ns;
	pthread_mutex_t lock; /* what follows */
	int refs;
	unsigned version;
	enum talk_stage stage;
	int64_t ended_ns;
	struct step steps[STEPS_MAX];
	size_t step_count;
	struct json *answer, *intent, *report, *next;
	struct plan *plan;
	char plan_id[40], plan_summary[400], open[400], error[300];
};

struct work {
	struct job job;
	struct talk *talk;
};

static void unref(struct talk *talk)
{
	pthread_mutex_lock(&talk->lock);
	int last = !--talk->refs;
	pthread_mutex_unlock(&talk->lock);

	if (!last)
		return;
	json_free(talk->names);
	json_free(talk->given);
	json_free(talk->answer);
	json_free(talk->intent);
	json_free(talk->report);
	json_free(talk->next);
	plan_free(talk->plan);
	pthread_mutex_destroy(&talk->lock);
	free(talk);
}

static void begin(struct talk *talk)
{
	pthread_mutex_lock(&talk->lock);
}

static void tell(struct talk *talk)
{
	talk->version++;
	pthread_mutex_unlock(&talk->lock);
	loop_wake(talk->loop);
}

static void fail(struct talk *talk, const char *why)
{
	begin(talk);
	snprintf(talk->error, sizeof(talk->error), "%s", why);
	tell(talk);
}

/* --- words to an intent --- */

struct context {
	struct grammar_name *names;
	struct grammar_context context;
};

static const char *text_of(const struct json *name, const char *key)
{
	return json_text_or(json_get(name, key), "");
}

/* What a question is about that names nothing: what the table below shows; elsewhere the cluster, or without one this machine. */
static const char *usual(struct talk *talk)
{
	const struct json *first = json_first(talk->names);
	const char *shown = json_bool(json_get(first, "whole"), 0) ? "" : text_of(first, "resource");

	return !strcmp(shown, "kubernetes") || !strcmp(shown, "host") ? shown : usual_resource(talk->estate);
}

static void fill_context(struct context *context, const struct json *names)
{
	size_t count = json_count(names);

	*context = (struct context){ .names = mem_zero(count + 1, sizeof(*context->names)) };
	for (const struct json *name = json_first(names); name; name = json_next(name)) {
		struct grammar_name *row = &context->names[context->context.count++];

		*row = (struct grammar_name){ .name = text_of(name, "name"), .resource = text_of(name, "resource"), .namespace_name = text_of(name, "namespace"),
			.scope = text_of(name, "scope"), .kind = text_of(name, "kind") };
		if (json_bool(json_get(name, "selected"), 0))
			context->context.selected = row;
		context->context.whole |= json_bool(json_get(name, "whole"), 0);
	}
	context->context.names = context->names;
}

/* A name on the screen is what the screen shows it as. A service is asked about by "service"; any other thing of a machine (a process, a disk) is
 * no machine's name: the machine itself is looked into. */
static void name_by_screen(struct intent *intent, const struct json *names)
{
	const char *said = intent_filter(intent, "name");

	if (!said || strcmp(intent->resource, "host") != 0)
		return;
	for (const struct json *name = json_first(names); name; name = json_next(name)) {
		const char *kind = text_of(name, "kind");

		if (strcmp(text_of(name, "name"), said) != 0 || !strcmp(kind, "host"))
			continue;
		if (!strcmp(kind, "service") && !json_get(intent->filters, "service"))
			json_set_text(intent->filters, "service", said);
		json_remove(intent->filters, "name");
		return;
	}
}

static int read_words(struct talk *talk, struct intent *intent)
{
	struct error err = { 0 };
	struct grammar_answer answer;
	struct context context;
	struct grammar *grammar = grammar_load(NULL, &err);

	if (!grammar) {
		fail(talk, err.text);
		return -1;
	}
	fill_context(&context, talk->names);
	context.context.usual = usual(talk);
	int failed = grammar_parse(grammar, talk->words, &context.context, &answer, &err);

	if (failed) {
		fail(talk, err.text);
	} else {
		begin(talk);
		talk->answer = grammar_answer_to_json(&answer);
		tell(talk);
		failed = answer.class != WORDS_OK || answer.intent.confidence < INTENT_ACCEPT;
		if (!failed)
			intent_copy(intent, &answer.intent);
		if (!failed)
			name_by_screen(intent, talk->names);
		grammar_answer_release(&answer);
	}
	free(context.names);
	grammar_free(grammar);
	return failed ? -1 : 0;
}

static int find_intent(struct talk *talk, struct intent *intent)
{
	struct error err = { 0 };

	if (!talk->given)
		return read_words(talk, intent);
	if (!intent_from_json(intent, talk->given, &err))
		return 0;
	intent_release(intent);
	fail(talk, err.text);
	return -1;
}

/* --- an intent to a plan, evidence, or a view --- */

static struct step *step_of(struct talk *talk, const char *id)
{
	for (size_t i = 0; i < talk->step_count; i++)
		if (!strcmp(talk->steps[i].id, id))
			return &talk->steps[i];
	if (talk->step_count == STEPS_MAX)
		return NULL;
	struct step *step = &talk->steps[talk->step_count++];

	snprintf(step->id, sizeof(step->id), "%s", id);
	return step;
}

static void on_progress(const struct gate_progress *progress, void *arg)
{
	struct talk *talk = arg;

	begin(talk);
	struct step *step = progress->step && *progress->step ? step_of(talk, progress->step) : NULL;

	if (step && progress->status)
		snprintf(step->status, sizeof(step->status), "%s", progress->status);
	tell(talk);
}

/* "show pods in payments" needs no playbook: the kind's own table is the answer. */
static int open_kind(struct talk *talk, const struct intent *intent)
{
	const char *kind_name = intent_filter(intent, "kind"), *namespace_ = intent_filter(intent, "namespace"), *name = intent_filter(intent, "name");
	const char *service = intent_filter(intent, "service");
	static const struct {
		const char *resource, *kind;
	} kinds[] = { { "kubernetes", "pods" }, { "host", "processes" }, { "cert", "certificates" }, { "log", "logs" } };

	if (strcmp(intent->type, "list") != 0 && strcmp(intent->type, "status") != 0)
		return 0;
	for (size_t i = 0; !kind_name && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i].resource, intent->resource))
			kind_name = service && !strcmp(intent->resource, "host") ? "services" : kinds[i].kind;
	const struct kind *kind = kind_name ? kinds_find(estate_kinds(talk->estate), kind_name) : NULL;

	if (!kind)
		return 0;
	const char *filter = name ? name : service;

	begin(talk);
	snprintf(talk->open, sizeof(talk->open), "%s%s%.120s%s%.200s", kind->name, kind->namespaced ? " " : "", !kind->namespaced ? "" : namespace_ ? namespace_ : "all",
		filter ? " /" : "", filter ? filter : "");
	tell(talk);
	return 1;
}

static void plan_change(struct talk *talk, const struct intent *intent)
{
	struct error err = { 0 };
	struct plan *plan = NULL;

	if (gate_plan_intent(talk->gate, intent, &plan, &err)) {
		fail(talk, err.text);
		return;
	}
	begin(talk);
	snprintf(talk->plan_id, sizeof(talk->plan_id), "%s", plan->id);
	snprintf(talk->plan_summary, sizeof(talk->plan_summary), "%s", plan->summary);
	talk->plan = plan;
	tell(talk);
}

static struct json *next_of(struct talk *talk, const struct json *report)
{
	const char *name = json_text_or(json_get(report, "playbook"), "");
	const struct playbook *book = playbooks_find(gate_playbooks(talk->gate), name);
	struct json *next = json_array();

	for (size_t i = 0; book && book->next && book->next[i]; i++)
		json_add(next, json_string(book->next[i]));
	return next;
}

static void look_into(struct talk *talk, const struct intent *intent, const atomic_int *cancelled)
{
	struct error err = { 0 };
	struct json *report = NULL;

	if (gate_investigate(talk->gate, intent, cancelled, on_progress, talk, &report, &err)) {
		if (err.code != ERR_NOT_FOUND || !open_kind(talk, intent))
			fail(talk, err.text);
		return;
	}
	struct json *next = next_of(talk, report); /* may read files: not with the lock the screen takes */

	begin(talk);
	talk->report = report;
	talk->next = next;
	tell(talk);
}

static void answer(struct talk *talk, const atomic_int *cancelled)
{
	struct intent intent;

	if (find_intent(talk, &intent))
		return;
	if (!*intent.scope)
		snprintf(intent.scope, sizeof(intent.scope), "%s", talk->scope);
	begin(talk);
	talk->intent = intent_to_json(&intent);
	talk->stage = TALK_WORKING;
	tell(talk);
	const struct intent_word *type = intent_word_find(intent_types, intent.type);

	if (type && type->write)
		plan_change(talk, &intent);
	else
		look_into(talk, &intent, cancelled);
	intent_release(&intent);
}

static void run(struct job *job)
{
	struct talk *talk = ((struct work *)job)->talk;

	answer(talk, &job->cancelled);
	begin(talk);
	talk->stage = TALK_DONE;
	talk->ended_ns = clock_monotonic_ns();
	tell(talk);
}

static void done(struct job *job)
{
	struct talk *talk = ((struct work *)job)->talk;

	talk->job = NULL;
	unref(talk);
	free(job);
}

/* --- main thread --- */

struct talk *talk_start(struct console *console, const char *words, struct json *names, struct json *given)
{
	struct talk *talk = mem_zero(1, sizeof(*talk));
	struct work *work = mem_zero(1, sizeof(*work));
	const char *scope = session_options(console_session(console))->scope;

	*talk = (struct talk){ .gate = console_gate(console), .estate = console_estate(console), .loop = console_loop(console), .names = names, .given = given,
		.refs = 2, .began_ns = clock_monotonic_ns(), .job = &work->job };
	pthread_mutex_init(&talk->lock, NULL);
	snprintf(talk->words, sizeof(talk->words), "%s", words);
	snprintf(talk->scope, sizeof(talk->scope), "%s", scope ? scope : "");
	work->job = (struct job){ .run = run, .done = done };
	work->talk = talk;
	if (!console_spawn(console, &work->job))
		return talk;
	free(work);
	talk->refs = 1;
	unref(talk);
	return NULL;
}

void talk_stop(struct talk *talk)
{
	if (talk->job)
		atomic_store(&talk->job->cancelled, 1);
}

void talk_free(struct talk *talk)
{
	if (!talk)
		return;
	talk_stop(talk);
	unref(talk);
}

unsigned talk_version(struct talk *talk)
{
	pthread_mutex_lock(&talk->lock);
	unsigned version = talk->version;
	pthread_mutex_unlock(&talk->lock);

	return version;
}

enum talk_stage talk_stage(struct talk *talk)
{
	pthread_mutex_lock(&talk->lock);
	enum talk_stage stage = talk->stage;
	pthread_mutex_unlock(&talk->lock);

	return stage;
}

int64_t talk_elapsed_ns(struct talk *talk)
{
	pthread_mutex_lock(&talk->lock);
	int64_t elapsed = (talk->ended_ns ? talk->ended_ns : clock_monotonic_ns()) - talk->began_ns;
	pthread_mutex_unlock(&talk->lock);

	return elapsed;
}

struct plan *talk_take_plan(struct talk *talk)
{
	pthread_mutex_lock(&talk->lock);
	struct plan *plan = talk->plan;

	talk->plan = NULL;
	pthread_mutex_unlock(&talk->lock);
	return plan;
}

struct json *talk_turn(struct talk *talk)
{
	static const char *const stages[] = { "reading", "working", "done" };
	struct json *turn = json_object(), *steps = json_array();
	int64_t elapsed = talk_elapsed_ns(talk);

	pthread_mutex_lock(&talk->lock);
	json_set_text(turn, "words", talk->words);
	json_set_text(turn, "stage", stages[talk->stage]);
	json_set(turn, "answer", talk->answer ? json_copy(talk->answer) : json_null());
	json_set(turn, "intent", talk->intent ? json_copy(talk->intent) : json_null());
	for (size_t i = 0; i < talk->step_count; i++)
		json_add(steps, json_set_text(json_set_text(json_object(), "id", talk->steps[i].id), "status", talk->steps[i].status));
	json_set(turn, "steps", steps);
	json_set_int(turn, "elapsed_ms", elapsed / 1000000);
	json_set(turn, "report", talk->report ? json_copy(talk->report) : json_null());
	json_set(turn, "next", talk->next ? json_copy(talk->next) : json_array());
	json_set_text(turn, "plan_id", talk->plan_id);
	json_set_text(turn, "plan_summary", talk->plan_summary);
	json_set_text(turn, "open", talk->open);
	json_set_text(turn, "error", talk->error);
	pthread_mutex_unlock(&talk->lock);
	return turn;
}
