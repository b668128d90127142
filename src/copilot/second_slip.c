/* second_slip.c - which word nobody knows may be a known one misspelt, whatever that says. */
#include "copilot/second.h"

#include "copilot/reading.h"

static int is_name(const struct reading *reading, size_t token)
{
	for (size_t i = 0; i < reading->names; i++)
		if (reading->name[i] == token)
			return 1;
	return 0;
}

/* In a clause of several words behind the request, with nothing of ours: "lips sealed". Alone it may be courtesy: "pleae". */
static int is_appended(const struct reading *reading, size_t token)
{
	struct clause_span span = rules_clause(reading, token);

	if (!span.from || span.from == span.to)
		return 0;
	for (size_t i = 0; i < reading->marks.count; i++) {
		const struct mark *mark = &reading->marks.marks[i];

		if (mark->from <= span.to && mark->to > span.from && mark->concept < C_DONT)
			return 0;
	}
	return 1;
}

/* A word of letters nobody knows. Behind "and" it may be anything: "and gather their belongings". */
static int may_be_slip(const struct reading *reading, size_t token)
{
	const struct token *word = &reading->marks.fold.tokens[token];
	const struct mark *and = marks_first(&reading->marks, C_AND);

	if ((and && and->from < token) || is_appended(reading, token))
		return 0;
	return ((!reading->marks.taken[token] && !reading->marks.word[token]) || reading->marks.slip[token]) && !reading->used[token] &&
	       reading->entity[token] == ENTITY_WORD && word->length >= 4 && !(word->shape & (TOKEN_CJK | TOKEN_DIGIT));
}

/* A name by its shape, a scope or a noun of ours: what a slip is guessed beside. */
static int is_anchored(const struct reading *reading)
{
	if (HAS(reading, C_SCOPE) || rules_has_noun(reading) || HAS(reading, C_PROVIDER) || HAS(reading, C_LOG) || HAS(reading, C_SERVICE))
		return 1;
	for (size_t i = 0; i < reading->marks.fold.count; i++)
		if (reading->entity[i] >= ENTITY_MACHINE_ID && reading->entity[i] < ENTITY_WORD)
			return 1;
	return reading->names && marks_at(&reading->marks, reading->name[0], C_TYPICAL);
}

/* At most two words may be wrong, and only one of them misspelt: what is all unknown is something else. */
void second_slips(const struct reading *reading, const struct grammar_answer *first, struct second_guesses *out)
{
	enum { UNKNOWN_MAX = 2 };
	size_t unknown = 0;

	out->count = 0;
	if ((first->class != WORDS_REJECT && first->class != WORDS_OOD) || second_left_open(reading) || !is_anchored(reading))
		return;
	for (size_t i = 0; i < reading->marks.fold.count; i++)
		unknown += may_be_slip(reading, i);
	for (int names = 0; names < 2 && unknown <= UNKNOWN_MAX; names++)
		for (size_t i = 0; i < reading->marks.fold.count && out->count < SECOND_MAX; i++)
			if (may_be_slip(reading, i) && is_name(reading, i) == names)
				out->guess[out->count++] = (struct marks_guess){ .slip = i + 1 };
}
