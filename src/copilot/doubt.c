/* doubt.c - what is understood, and yet may be about something else: money that is nobody's here, an everyday word for a name. */
#include <string.h>

#include "base/json.h"
#include "copilot/grammar.h"
#include "copilot/reading.h"

/* "pourquoi les chats ronronnent-ils": a verb and who does it. */
static int asks_in_french(const struct token *word)
{
	static const char *const ends[] = { "-il", "-ils", "-elle", "-elles", "-t-on" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (word->length > strlen(ends[i]) && !strcmp(word->text + word->length - strlen(ends[i]), ends[i]))
			return 1;
	return 0;
}

/* A name by shape stands on more than a word nobody knows. */
int doubt_shaped_name(const struct reading *reading)
{
	return reading->names && reading->entity[reading->name[0]] != ENTITY_WORD && !asks_in_french(&reading->marks.fold.tokens[reading->name[0]]);
}

/* "gateway", "orders": a word services are called. */
int doubt_typical_name(const struct reading *reading)
{
	return reading->names && marks_at(&reading->marks, reading->name[0], C_TYPICAL);
}

/* "what does a beer cost": money, but nothing of ours and a word nobody knows. */
static int foreign_cost(const struct reading *reading)
{
	return !strcmp(reading->intent->resource, "bill") && !HAS(reading, C_SCOPE) &&
	       !HAS(reading, C_PROVIDER) && !HAS(reading, C_BILLED) && !HAS(reading, C_TIME) &&
	       !HAS(reading, C_KUBERNETES) && !HAS(reading, C_DB) && !HAS(reading, C_EC2) &&
	       !HAS(reading, C_VM) && !doubt_shaped_name(reading) && (reading->names || reading->unknown);
}

static int said_outright(const struct reading *reading, enum concept concept)
{
	for (const struct mark *mark = marks_first(&reading->marks, concept); mark;
		mark = marks_next(&reading->marks, mark))
		if (!reading->marks.slip[mark->from])
			return 1;
	return 0;
}

/* "explain photosynthesis": asked why, of nothing that could have gone wrong. */
static int idle_question(const struct reading *reading)
{
	return !strcmp(reading->intent->type, "investigate") && !said_outright(reading, C_SYMPTOM) &&
	       !said_outright(reading, C_METRIC) && !said_outright(reading, C_INVESTIGATE) &&
	       !HAS(reading, C_STATUS);
}

/* "who is taylor swift": a change asked for by a misspelt word only, of something unheard of. */
static int slipped_act(const struct reading *reading)
{
	for (int act = C_SCALE; act < C_STATUS; act++)
		if (said_outright(reading, (enum concept)act))
			return 0;
	return reading->write;
}

/* "où vivent les pingouins": whether it is well is asked by a misspelt word only. */
static int slipped_question(const struct reading *reading)
{
	return !strcmp(reading->intent->type, "status") && HAS(reading, C_STATUS) && !said_outright(reading, C_STATUS) &&
	       !HAS(reading, C_ASK) && !HAS(reading, C_VALID) && !doubt_typical_name(reading);
}

static int is_word_of(const struct token *token, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(token->text, words[i]))
			return 1;
	return 0;
}

/* "como parar o soluço", "wie startet man ein Feuer": how a thing is done is asked, and nothing is to be done. */
static int asks_how(const struct reading *reading)
{
	static const char *const how[] = { "comment", "como" }, *const one[] = { "one", "you", "people", "man" };
	const struct token *word = reading->marks.fold.tokens;

	if (!reading->write || reading->marks.fold.count < 3 || !rules_acts_near(reading, 0))
		return 0;
	if (is_word_of(word, how, sizeof(how) / sizeof(*how)))
		return 1;
	return (!strcmp(word->text, "how") || !strcmp(word->text, "wie")) && is_word_of(&word[2], one, sizeof(one) / sizeof(*one));
}

static int english(const struct reading *reading)
{
	return !strcmp(words_language(reading->marks.words, reading->marks.language), "en");
}

/* "stop talking", "start a new hobby", "terminate my lease": what everybody has is not ours. */
static int owned(const struct reading *reading, const struct token *word)
{
	static const char *const any[] = { "a", "an", "new" }, *const one[] = { "the", "a", "an" };
	static const char *const mine[] = { "my", "your", "his", "her", "their", "mein", "meine", "meinen", "dein", "deine", "mon",
		"ma", "mes", "ton", "ta", "mi", "mis", "tu", "meu", "minha" };
	size_t at = reading->name[0];

	if (at && english(reading) && !strcmp(reading->intent->resource, "kubernetes") && is_word_of(&word[-1], one, sizeof(one) / sizeof(*one)))
		return 1;
	if (at && is_word_of(&word[-1], mine, sizeof(mine) / sizeof(*mine)))
		return 1;
	return reading->write && ((word->length > 5 && !reading->marks.word[at] && !strcmp(word->text + word->length - 3, "ing")) ||
					 (at > 1 && is_word_of(&word[-1], any, sizeof(any) / sizeof(*any))));
}

/* "storks migrate to africa": to nothing that is a region, a cluster or an engine. */
static int goes_anywhere(const struct reading *reading)
{
	const char *to = intent_filter(reading->intent, "to");

	return !strcmp(reading->intent->type, "migrate") && to && !strpbrk(to, "-_.0123456789") && !HAS(reading, C_CLUSTER) &&
	       !HAS(reading, C_PROVIDER) && !HAS(reading, C_DB) && !rules_has_entity(reading, ENTITY_REGION);
}

/* "the drain of talent": the noun of an act with its article, first of all, is no request. */
static int begins_with_noun(const struct reading *reading)
{
	static const char *const articles[] = { "the", "der", "die", "das", "le", "la", "el", "o", "a" };
	const struct marks *marks = &reading->marks;

	if (!reading->write || !is_word_of(&marks->fold.tokens[0], articles, sizeof(articles) / sizeof(*articles)))
		return 0;
	for (size_t i = 0; i < marks->count; i++)
		if (rules_is_change(&marks->marks[i]) && marks->marks[i].from <= 1)
			return 1;
	return 0;
}

/* "how many bones are in a hand", "was frisst ein Igel", "tombent les feuilles": asked of one of many, or of all of them, nobody here knows, and all that is ours about it is
 * a misspelt word or none. */
static int asks_of_the_world(const struct reading *reading, const struct token *word)
{
	static const char *const one[] = { "a", "an", "ein", "eine", "einem", "einer", "einen", "un", "une", "una", "um", "uma" };
	static const char *const several[] = { "les", "los", "las", "os", "as" };
	static const enum concept ours[] = { C_KUBERNETES, C_EC2, C_VM, C_SG, C_DB, C_LB, C_LOG, C_HOST, C_DNS, C_CERT, C_RISKY, C_MACHINE,
		C_APP, C_PROVIDER, C_SERVICE, C_BILLED };

	if (reading->write || !reading->name[0])
		return 0;
	if (!is_word_of(&word[-1], one, sizeof(one) / sizeof(*one)) &&
		(!is_word_of(&word[-1], several, sizeof(several) / sizeof(*several)) || said_outright(reading, C_METRIC)))
		return 0;
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (said_outright(reading, ours[i]))
			return 0;
	return 1;
}

/* A word nobody knows, and nothing else of ours: "dns of humans". */
static int everyday_name(const struct reading *reading)
{
	const struct token *word = reading->names ? &reading->marks.fold.tokens[reading->name[0]] : NULL;

	if (!word || doubt_shaped_name(reading) || doubt_typical_name(reading) || HAS(reading, C_SCOPE) || said_outright(reading, C_KIND) ||
		said_outright(reading, C_APP) || HAS(reading, C_VERSION) || HAS(reading, C_REPLICAS) || reading->seen ||
		word->shape & TOKEN_QUOTED)
		return 0;
	if (asks_of_the_world(reading, word))
		return 1;
	if (!strcmp(reading->intent->resource, "cert") || !strcmp(reading->intent->resource, "dns"))
		return !HAS(reading, C_EXPOSED);
	return !strcmp(reading->intent->resource, "kubernetes") || !strcmp(reading->intent->resource, "sg") ||
			       !strcmp(reading->intent->resource, "log")
		       ? owned(reading, word) || goes_anywhere(reading) || begins_with_noun(reading)
		       : 0;
}

int doubt_holds(const struct reading *reading)
{
	if (everyday_name(reading) || asks_how(reading))
		return 1;
	if (foreign_cost(reading))
		return 1;
	if (reading->weak && !strcmp(reading->intent->type, "list") && !reading->seen)
		return 1; /* "show creds in prod": things are listed by their kind */
	if (!strcmp(reading->intent->type, "audit_security") && reading->names &&
		!doubt_shaped_name(reading) && !doubt_typical_name(reading) && !HAS(reading, C_SCOPE) &&
		!rules_has_noun(reading) && !HAS(reading, C_PORT) && !HAS(reading, C_CIDR) &&
		!reading->seen)
		return 1; /* "tell me about black holes" */
	if (!reading->weak || HAS(reading, C_SCOPE) ||
		json_get(reading->intent->filters, "namespace") || doubt_shaped_name(reading) ||
		reading->seen)
		return 0;
	return reading->unknown > 0 || (slipped_act(reading) && !doubt_typical_name(reading)) || idle_question(reading) || slipped_question(reading) ||
	       (!reading->write && HAS(reading, C_ASK) && !HAS(reading, C_STATUS) &&
		       !doubt_typical_name(reading) && !reading->assumed);
}
