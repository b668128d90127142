/* second.c - which words of the vocabulary are worth being read again as names. */
#include "copilot/second.h"

#include <string.h>

#include "copilot/place.h"
#include "copilot/reading.h"

static const enum concept nouns[] = { C_KIND, C_DB, C_APP, C_NAMESPACE, C_LB, C_NODE, C_HOST, C_MACHINE, C_VM, C_EC2,
	C_CLUSTER, C_CALLED };

#define COVERED(reading, token, list) covered(reading, token, list, sizeof(list) / sizeof(*(list)))

static int covered(const struct reading *reading, size_t token, const enum concept *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (HAS(reading, list[i]) && marks_at(&reading->marks, token, list[i]))
			return 1;
	return 0;
}

static int is_one_of(const char *text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(text, words[i]))
			return 1;
	return 0;
}

/* "delete namespace inventory", "logs of audit": read without its name, and so as something else. */
static int lost_its_name(const struct reading *reading, size_t token)
{
	static const enum concept kinds[] = { C_KIND, C_NAMESPACE, C_APP, C_CALLED };
	static const enum concept changed[] = { C_DB, C_VM, C_EC2, C_HOST, C_LB, C_MACHINE };
	static const enum concept asks[] = { C_COST, C_WHICH, C_STATE, C_EXPOSED, C_RISKY, C_SYMPTOM, C_STATUS, C_ASK };

	static const char *const money[] = { "billing", "pricing", "invoicing" };

	/* "rds billing lags behind" */
	if (HAS(reading, C_SYMPTOM) && is_one_of(reading->marks.fold.tokens[token].text, money, sizeof(money) / sizeof(*money)) &&
		token && COVERED(reading, token - 1, nouns))
		return 1;
	if (marks_at(&reading->marks, token, C_COST))
		return 0;
	/* "scale status to 6 pods" */
	if (!reading->write && place_after_act(reading, token, 1))
		return 1;
	/* "let audit have 8 replicas", "läuft audit in prod" */
	if (((HAS(reading, C_REPLICAS) || HAS(reading, C_KIND)) && HAS(reading, C_NUMBER)) ||
		(!strcmp(reading->marks.fold.tokens[token].text, "audit") && (HAS(reading, C_STATUS) || HAS(reading, C_ASK))))
		return 1;
	if (HAS(reading, C_LOG) && place_in_a_place(reading, token) && marks_at(&reading->marks, token, C_AUDIT))
		return 1;
	if (place_asked_besides(reading, token) || place_ails(reading, token))
		return 1;
	/* "the logs db fills up", "dev's errors redis" */
	if (place_before_noun(reading, token) && (place_is_thing(reading, token) || marks_at(&reading->marks, token, C_LOG)))
		return 1;
	/* "arranca la base de datos errors" */
	if (place_behind_noun(reading, token) && place_is_thing(reading, token) && place_changes_something(reading))
		return 1;
	return place_behind_noun(reading, token) &&
	       (COVERED(reading, token - 1, kinds) || (COVERED(reading, token - 1, changed) && place_changes_something(reading))) &&
	       !COVERED(reading, token, asks);
}

/* What is forbidden, supposed or left open stays so, whatever it is called. */
int second_left_open(const struct reading *reading)
{
	static const enum concept open[] = { C_IMPOSSIBLE, C_DONT, C_IF, C_OR, C_MAYBE };

	for (size_t i = 0; i < sizeof(open) / sizeof(*open); i++)
		if (HAS(reading, open[i]))
			return 1;
	return 0;
}

/* Where, how many or which version is said: more than an everyday sentence says. */
static int is_placed(const struct reading *reading)
{
	return HAS(reading, C_SCOPE) || HAS(reading, C_REPLICAS) || HAS(reading, C_CLUSTER) ||
	       rules_has_entity(reading, ENTITY_REGION) || rules_has_entity(reading, ENTITY_VERSION);
}

/* An attack is looked at again only when nothing but a word for rules or the audit accuses it. */
static int is_open(const struct reading *reading, const struct grammar_answer *first)
{
	return first->class == WORDS_REJECT || first->class == WORDS_OOD ||
	       (first->class == WORDS_INJECTION && reading->rules_alone) ||
	       (first->class == WORDS_OK && !reading->names);
}

void second_names(const struct reading *reading, const struct grammar_answer *first, struct second_guesses *out)
{
	int scoped = is_placed(reading), accepted = first->class == WORDS_OK;

	out->count = 0;
	if (!is_open(reading, first) || (first->class != WORDS_OK && second_left_open(reading)))
		return;
	int least = first->class == WORDS_OOD && !(is_placed(reading) && place_changes_something(reading)) ? 4 : 1;

	for (int points = 4; points >= least; points--)
		for (size_t i = 0; i < reading->marks.fold.count && out->count < SECOND_MAX; i++)
			if (place_may_be_name(reading, i, scoped) && place_weight(reading, i, scoped) == points &&
				(!accepted || lost_its_name(reading, i)))
				out->guess[out->count++] = (struct marks_guess){ .name = i + 1 };
}

static int is_name(const struct reading *reading, size_t token)
{
	for (size_t i = 0; i < reading->names; i++)
		if (reading->name[i] == token)
			return 1;
	return 0;
}

int second_holds(const struct reading *reading, const struct grammar_answer *again, struct marks_guess guess)
{
	size_t token = guess.name ? guess.name - 1 : 0;
	const struct token *word = &reading->marks.fold.tokens[token];
	static const char *const keys[] = { "namespace", "name" };

	if (again->class != WORDS_OK)
		return 0;
	if (guess.slip) {
		struct clause_span span = rules_clause(reading, guess.slip - 1);

		/* a word that is a clause by itself says nothing, or is no slip */
		return !span.from || span.from != span.to || marks_at(&reading->marks, span.from, C_FILL);
	}
	if (is_name(reading, token))
		return 1;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const char *value = intent_filter(&again->intent, keys[i]);

		if (value && strlen(value) == word->raw_length && !strncmp(value, word->raw, word->raw_length))
			return 1;
	}
	return 0;
}
