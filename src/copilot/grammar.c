#include "copilot/grammar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "copilot/reading.h"
#include "copilot/second.h"

/* Confidence of a sentence all explained, and of one whose type or resource rests on little. */
static const double SURE = 0.95, WEAK = 0.9;

struct grammar {
	struct words *words;
};

static const char *const class_names[] = { "ok", "reject", "injection", "ood" };

const char *words_class_name(enum words_class class)
{
	return class_names[class];
}

struct grammar *grammar_load(const char *folder, struct error *err)
{
	struct words *words = words_load(folder, err);
	struct grammar *grammar;

	if (!words)
		return NULL;
	grammar = mem_zero(1, sizeof(*grammar));
	grammar->words = words;
	return grammar;
}

void grammar_free(struct grammar *grammar)
{
	if (!grammar)
		return;
	words_free(grammar->words);
	free(grammar);
}

static void because(struct grammar_answer *out, const char *why)
{
	json_add(out->why, json_string(why));
}

static void answer(struct grammar_answer *out, enum words_class class, double confidence,
	const char *why, const char *question)
{
	out->class = class;
	out->intent.confidence = confidence;
	because(out, why);
	snprintf(out->question, sizeof(out->question), "%s", question);
}

static int on_screen(const void *arg, const struct token *token)
{
	const struct grammar_context *context = arg;

	for (size_t i = 0; context && i < context->count; i++)
		if (context->names[i].name && strlen(context->names[i].name) == token->raw_length &&
			!strncasecmp(context->names[i].name, token->raw, token->raw_length))
			return 1;
	return 0;
}

/* "what is wrong?", "why?": asked of whatever is looked at. */
static int asks_of_the_row(const struct reading *reading)
{
	for (int act = C_SCALE; act <= C_MIGRATE; act++)
		if (act != C_FORECAST && HAS(reading, act))
			return 0;
	return (HAS(reading, C_INVESTIGATE) || HAS(reading, C_WHY) || HAS(reading, C_STATUS)) &&
	       !HAS(reading, C_SCOPE) && !rules_has_noun(reading);
}

/* "it" is the row under the cursor. */
static void take_selected(struct reading *reading)
{
	const struct grammar_name *row = reading->context ? reading->context->selected : NULL;
	struct json *filters = reading->intent->filters;

	if (reading->names || !row || !row->name ||
		!(HAS(reading, C_IT) || (!reading->context->whole && asks_of_the_row(reading))))
		return;
	reading->seen = row;
	json_set_text(filters, "name", row->name);
	if (row->kind && *row->kind)
		json_set_text(filters, "kind", row->kind);
	if (row->namespace_name && *row->namespace_name)
		json_set_text(filters, "namespace", row->namespace_name);
}

static int operational(const struct reading *reading)
{
	static const enum concept strong[] = { C_KUBERNETES, C_EC2, C_VM, C_SG, C_DB, C_LB, C_LOG,
		C_HOST, C_DNS, C_CERT, C_RISKY, C_SCOPE, C_PROVIDER, C_SERVICE, C_REPLICAS, C_KIND,
		C_MACHINE, C_METRIC, C_STATUS_CODE, C_BILLED, C_PORT, C_CIDR };

	for (size_t i = 0; i < sizeof(strong) / sizeof(*strong); i++)
		if (HAS(reading, strong[i]))
			return 1;
	return reading->seen != NULL || (json_get(reading->intent->filters, "to") && reading->names);
}

static int acting(const struct reading *reading)
{
	for (int concept = C_INVESTIGATE; concept <= C_STATUS; concept ++)
		if (concept != C_LIST && HAS(reading, concept))
			return 1;
	return HAS(reading, C_EXPOSED) || HAS(reading, C_RISKY) || HAS(reading, C_COST) ||
	       HAS(reading, C_WHY) || HAS(reading, C_SYMPTOM);
}

static const char ask_what[] =
	"What should be done, and to what? For example: restart checkout in staging.";
static const char ask_where[] =
	"With what? Name it, or a scope. For example: what is wrong in prod.";
static const char only_operations[] =
	"I only know operations: try \"show pods in prod\" or \"why is checkout slow\".";

static const char not_that[] =
	"I will not do that. Ask for one action on one target, without anything about rules, "
	"approvals or secrets.";
static const char only_the_request[] =
	"I did not understand all of it. Please say only what to do, and to what.";

/* "how is the public-lb doing", "how is gateway doing": the name says what it is. */
static int named_machine(const struct reading *reading)
{
	return (doubt_shaped_name(reading) && (strcmp(reading->intent->resource, "kubernetes") != 0 || HAS(reading, C_ASK))) ||
	       doubt_typical_name(reading);
}

static void accept(const struct reading *reading, struct grammar_answer *out)
{
	if (HAS(reading, C_CHANGED) && !strcmp(out->intent.type, "investigate"))
		strcpy(out->intent.goal, "what_changed");
	out->class = WORDS_OK;
	out->intent.confidence = reading->weak ? WEAK : SURE;
	because(out, "every part of it is explained");
	if (reading->assumed)
		because(out, "no target is named: what is looked at is meant");
}

/* Something is asked for; "the pod of whales was huge" only tells. */
static int is_requested(const struct reading *reading)
{
	for (int concept = C_INVESTIGATE; concept <= C_WHY; concept ++)
		if (HAS(reading, concept))
			return 1;
	return HAS(reading, C_WHICH) || HAS(reading, C_ASK);
}

/* A word of other worlds, and not only in a remark: "show the pods - the phone rings". */
static int is_elsewhere(const struct reading *reading)
{
	for (const struct mark *mark = marks_first(&reading->marks, C_OOD); mark; mark = marks_next(&reading->marks, mark))
		if (!rules_is_remark(reading, mark->from) || !rules_has_noun(reading))
			return 1;
	return 0;
}

static void conclude(struct reading *reading, struct grammar_answer *out)
{
	const char *question, *why;

	if (is_elsewhere(reading) && !doubt_shaped_name(reading) && !HAS(reading, C_SCOPE) &&
		!(HAS(reading, C_DB) && is_requested(reading))) {
		answer(out, WORDS_OOD, 0.1, "not about operations", only_operations);
		return;
	}
	rules_drop_told(reading);
	if (rules_type(reading) || rules_resource(reading)) {
		if (operational(reading) || acting(reading))
			answer(out, WORDS_REJECT, 0.3,
				*out->intent.type ? "no target is named" : "no action is said",
				strcmp(out->intent.type, "investigate") ? ask_what : ask_where);
		else
			answer(out, WORDS_OOD, 0.1, "not about operations", only_operations);
		return;
	}
	filters_fill(reading);
	if (!json_get(out->intent.filters, "name") || reading->names)
		names_to_filter(reading);
	why = rules_reject(reading, &question);
	if (why) {
		answer(out, WORDS_REJECT, 0.4, why, question);
		return;
	}
	if (!operational(reading) && !acting(reading) && !named_machine(reading)) {
		answer(out, WORDS_OOD, 0.1, "not about operations", only_operations);
		return;
	}
	if (doubt_holds(reading)) {
		answer(out, WORDS_REJECT, 0.5, "words I do not know", ask_what);
		return;
	}
	why = cover_missing(reading);
	if (why) {
		answer(out, WORDS_REJECT, 0.45, why, only_the_request);
		return;
	}
	accept(reading, out);
}

static void read_once(
	struct reading *reading, const struct grammar *grammar, struct marks_guess guess, struct grammar_answer *out)
{
	const char *danger;

	memset(reading->used, 0, sizeof(reading->used));
	reading->seen = NULL;
	reading->intent = &out->intent;
	reading->why = out->why;
	reading->write = reading->weak = reading->namespace_alone = reading->assumed = reading->told = 0;
	reading->names = reading->unknown = 0;
	marks_find(&reading->marks, grammar->words, reading->sentence, reading->length, guess, on_screen, reading->context);
	danger = danger_find(&reading->marks, reading->sentence, reading->length, &reading->rules_alone);
	for (size_t i = 0; i < reading->marks.fold.count; i++)
		reading->entity[i] = (unsigned char)entity_of(&reading->marks.fold.tokens[i]);
	if (danger) {
		answer(out, WORDS_INJECTION, 0, danger, not_that);
		return;
	}
	if (!reading->marks.fold.count) {
		answer(out, WORDS_OOD, 0, "no words", only_operations);
		return;
	}
	filters_claim(reading);
	if (!reading->namespace_alone) {
		names_find(reading);
		names_rescue(reading);
	}
	take_selected(reading);
	conclude(reading, out);
}

static struct grammar_answer no_answer(void)
{
	struct grammar_answer out = { .class = WORDS_OOD, .why = json_array() };

	intent_init(&out.intent);
	return out;
}

/* Reads again with each guess; the first that makes it clear is taken. */
static int read_again(struct reading *reading, const struct grammar *grammar, const struct second_guesses *guesses,
	struct grammar_answer *out)
{
	for (size_t i = 0; i < guesses->count; i++) {
		struct grammar_answer again = no_answer();

		read_once(reading, grammar, guesses->guess[i], &again);
		if (second_holds(reading, &again, guesses->guess[i])) {
			grammar_answer_release(out);
			*out = again;
			return 1;
		}
		grammar_answer_release(&again);
	}
	return 0;
}

/* What is refused anyway, and dwells on what attacks dwell on: the assistant itself beside an act, or something to be handed over. */
static int is_suspect(const struct reading *reading)
{
	static const enum concept beside[] = { C_OTHER, C_TERMINATE, C_STOP, C_DRAIN, C_RESTART, C_SCALE, C_ROLLBACK, C_RULES, C_REVEAL,
		C_MIGRATE };

	if (HAS(reading, C_SUSPECT) || (HAS(reading, C_REVEAL) && HAS(reading, C_AND)))
		return 1;
	for (size_t i = 0; HAS(reading, C_ADDRESS) && i < sizeof(beside) / sizeof(*beside); i++)
		if (HAS(reading, beside[i]))
			return 1;
	return 0;
}

static void understand(const struct grammar *grammar, const char *sentence, size_t length,
	const struct grammar_context *context, struct grammar_answer *out)
{
	struct reading *reading = mem_alloc(sizeof(*reading));
	struct second_guesses names, slips;
	int suspect;

	reading->sentence = sentence;
	reading->length = length;
	reading->context = context;
	read_once(reading, grammar, (struct marks_guess){ 0 }, out);
	suspect = is_suspect(reading);
	names.count = slips.count = 0;
	if (reading->marks.fold.count <= SECOND_WORDS) {
		second_names(reading, out, &names);
		second_slips(reading, out, &slips);
	}
	if (!read_again(reading, grammar, &names, out) && !read_again(reading, grammar, &slips, out) &&
		out->class == WORDS_REJECT && suspect)
		answer(out, WORDS_INJECTION, 0, "speaks of what no request of ours is about", not_that);
	free(reading);
}

int grammar_parse(const struct grammar *grammar, const char *sentence,
	const struct grammar_context *context, struct grammar_answer *out, struct error *err)
{
	size_t length;

	*out = no_answer();
	if (!grammar || !sentence)
		return error_set(
			err, ERR_INVALID, "no %s to parse", grammar ? "sentence" : "grammar");
	length = strnlen(sentence, GRAMMAR_SENTENCE_MAX + 1);
	if (length > GRAMMAR_SENTENCE_MAX)
		answer(out, WORDS_REJECT, 0, "longer than 2000 bytes", "Say it in one sentence.");
	else
		understand(grammar, sentence, length, context, out);
	return 0;
}

void grammar_answer_release(struct grammar_answer *answer)
{
	intent_release(&answer->intent);
	json_free(answer->why);
	answer->why = NULL;
}

struct json *grammar_answer_to_json(const struct grammar_answer *answer)
{
	struct json *json = json_object();

	json_set_text(json, "class", words_class_name(answer->class));
	json_set(json, "intent",
		answer->class == WORDS_OK ? intent_to_json(&answer->intent) : json_null());
	json_set(json, "confidence", json_double(answer->intent.confidence));
	json_set_text(json, "question", answer->question);
	return json_set(json, "why", answer->why ? json_copy(answer->why) : json_array());
}
