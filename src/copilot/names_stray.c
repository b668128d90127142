/* names_stray.c - words nobody knows that are no name: how something is, why it is asked for, whom one greets. */
#include <string.h>

#include "copilot/reading.h"

static const enum concept acts[] = { C_SCALE, C_RESTART, C_STOP, C_START, C_TERMINATE, C_ROLLBACK, C_CORDON, C_DRAIN, C_MIGRATE, C_REMOVE, C_INVESTIGATE };

static int covered(const struct reading *reading, size_t token, const enum concept *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (HAS(reading, list[i]) && marks_at(&reading->marks, token, list[i]))
			return 1;
	return 0;
}

#define COVERED(reading, token, list) covered(reading, token, list, sizeof(list) / sizeof(*(list)))

/* "growing", "finally": how something is or goes, seldom what it is called. */
static int like_an_adverb(const struct token *token)
{
	static const char *const ends[] = { "ing", "ly", "ed" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (token->length > strlen(ends[i]) + 2 &&
			!strcmp(token->text + token->length - strlen(ends[i]), ends[i]))
			return 1;
	return 0;
}

static int is_article(const char *text)
{
	static const char *const articles[] = { "the", "der", "die", "das", "den", "le", "la",
		"les", "el", "los", "las" };

	for (size_t i = 0; i < sizeof(articles) / sizeof(*articles); i++)
		if (!strcmp(text, articles[i]))
			return 1;
	return 0;
}

/* "quais pods rodam em prod": behind which of several stands what they do. */
static int does_as_asked(const struct reading *reading, size_t token)
{
	static const enum concept several[] = { C_KIND, C_DB, C_LB, C_HOST, C_EC2, C_VM, C_MACHINE, C_SG };
	const struct token *before = token > 1 ? &reading->marks.fold.tokens[token - 1] : NULL;

	return before && before->length > 3 && before->text[before->length - 1] == 's' && COVERED(reading, token - 1, several) &&
	       marks_at(&reading->marks, token - 2, C_WHICH) && marks_at(&reading->marks, token + 1, C_ON) &&
	       !marks_at(&reading->marks, token, C_TYPICAL);
}

/* "wipe staging so that qa can go on": behind the act and why, no target is named any more, but "restart it because checkout hangs". */
int names_in_reason(const struct reading *reading, size_t token)
{
	const struct marks *marks = &reading->marks;

	if (marks_at(marks, token, C_TYPICAL))
		return 0;
	for (const struct mark *reason = marks_first(marks, C_REASON); reason; reason = marks_next(marks, reason))
		for (size_t i = 0; reason->to <= token && i < marks->count; i++)
			if (rules_is_change(&marks->marks[i]) && marks->marks[i].to <= reason->from && rules_clause(reading, reason->from).to >= token)
				return 1;
	return 0;
}

/* "bon, drop the database": one word said first is not what is meant by "the database" or "everything". */
static int greets(const struct reading *reading, size_t token)
{
	static const enum concept several[] = { C_KIND, C_DB, C_LB, C_HOST, C_EC2, C_VM, C_MACHINE, C_APP, C_CLUSTER };
	const struct marks *marks = &reading->marks;
	int act = 0, whole = HAS(reading, C_ALL);

	if (token || marks->fold.count < 3 || !rules_clause_ends(reading, 0) || marks_at(marks, 0, C_TYPICAL))
		return 0;
	for (size_t i = 1; i < marks->fold.count; i++)
		whole |= COVERED(reading, i, several) && is_article(marks->fold.tokens[i - 1].text);
	for (size_t i = 0; i < marks->count; i++)
		act |= rules_is_change(&marks->marks[i]);
	return act && whole;
}

/* A word nobody knows, beside nothing a name stands beside, while the target is a noun already. */
int names_stray(const struct reading *reading, size_t token, int points)
{
	const struct fold *fold = &reading->marks.fold;

	static const enum concept targets[] = { C_DB, C_LB, C_HOST, C_VM, C_EC2, C_SG, C_CERT,
		C_DNS, C_CLUSTER, C_COST, C_LOG, C_KIND };

	if (reading->entity[token] != ENTITY_WORD)
		return 0;
	if (does_as_asked(reading, token) || names_in_reason(reading, token) || (points < 7 && greets(reading, token)))
		return 1;
	if (token && (!strcmp(fold->tokens[token - 1].text, "an") ||
			     !strcmp(fold->tokens[token - 1].text, "my")) &&
		!marks_at(&reading->marks, token, C_TYPICAL) && points < 5)
		return 1; /* "an insider": nothing is called so */
	if (!token && fold->count > 1 && is_article(fold->tokens[1].text))
		return 1; /* "turn the whole thing down" */
	if (fold->tokens[token].length < 3 && points < 5)
		return 1; /* "em", "al": small words of another language */
	points -= like_an_adverb(&fold->tokens[token]);
	if (points > 3 || (points == 3 && token && token + 1 < fold->count))
		return 0; /* at the edge of a sentence stand verbs, too */
	for (size_t i = 0; i < sizeof(acts) / sizeof(*acts); i++)
		if (acts[i] != C_INVESTIGATE && HAS(reading, acts[i]) && points < 3)
			return 1;
	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++)
		if (HAS(reading, targets[i]))
			return 1;
	return 0;
}
