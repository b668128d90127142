/* place.c - where in a sentence a name stands: behind an act or a noun, before what is told of it, in a place. The place alone
 * decides, so that no list of what services are called has to be kept. What leads, joins or forbids, kinds of resource, and what
 * attacks speak of never count. */
#include "copilot/place.h"

#include <string.h>

#include "copilot/reading.h"

static const enum concept acts[] = { C_SCALE, C_RESTART, C_STOP, C_START, C_TERMINATE, C_ROLLBACK, C_CORDON, C_DRAIN,
	C_MIGRATE };
static const enum concept ending[] = { C_STOP, C_TERMINATE, C_CORDON, C_DRAIN };
static const enum concept nouns[] = { C_KIND, C_DB, C_APP, C_NAMESPACE, C_LB, C_NODE, C_HOST, C_MACHINE, C_VM, C_EC2,
	C_CLUSTER, C_CALLED };
static const enum concept places[] = { C_ON, C_FROM, C_INTO, C_SCOPE, C_AND, C_REGION };
static const enum concept tells[] = { C_SYMPTOM, C_STATUS, C_ASK, C_METRIC, C_UP, C_DOWN, C_RUNOUT, C_STATE, C_TALK, C_SCALE, C_REPLICAS,
	C_NUMBER };

#define COVERED(reading, token, list) covered(reading, token, list, sizeof(list) / sizeof(*(list)))

static int covered(const struct reading *reading, size_t token, const enum concept *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (HAS(reading, list[i]) && marks_at(&reading->marks, token, list[i]))
			return 1;
	return 0;
}

static int is_singular(const struct reading *reading, size_t token)
{
	static const char *const one[] = { "redis", "postgres", "datos", "dados", "donnees", "aks", "eks", "rds", "aws", "dns", "kubernetes" };
	const struct token *word = &reading->marks.fold.tokens[token];

	return word->length < 4 || word->text[word->length - 1] != 's' || place_is_one_of(word->text, one, sizeof(one) / sizeof(*one));
}

int place_changes_something(const struct reading *reading)
{
	for (size_t i = 0; i < sizeof(acts) / sizeof(*acts); i++)
		if (HAS(reading, acts[i]))
			return 1;
	return 0;
}

/* "in namespace inventory": two words that ask for a list, but for what stands before them. */
static int is_led_pair(const struct reading *reading, const struct mark *mark, size_t token)
{
	return token > 1 && mark->from + 1u == token && mark->to == token + 1 && marks_at(&reading->marks, token, C_LIST) &&
	       is_singular(reading, token - 1) &&
	       (COVERED(reading, token - 2, places) || COVERED(reading, token - 2, acts) ||
		       /* "lösch das deployment inventory": what is to be changed is no list */
		       place_changes_something(reading) || HAS(reading, C_SYMPTOM));
}

static int ends_here(const struct reading *reading, size_t token)
{
	return token + 1 >= reading->marks.fold.count || rules_clause_ends(reading, token);
}

/* The second half of an act: "bring users [back up]". */
static int is_tail(const struct reading *reading, size_t token)
{
	const struct marks *marks = &reading->marks;

	for (size_t i = 0; i < marks->count; i++)
		if (marks->marks[i].from <= token && token < marks->marks[i].to)
			return 0;
	return marks->taken[token];
}

/* Behind it is nothing, a place, an amount or a noun; small words but "of" may lie between. */
static int closes(const struct reading *reading, size_t token)
{
	static const enum concept after[] = { C_NUMBER, C_KIND, C_APP, C_REPLICAS, C_UP, C_DOWN, C_CONSTRAINT, C_TIME, C_DB };
	static const char *const of[] = { "of", "von", "de", "do", "del", "du", "des", "that", "which", "que", "qui" };
	size_t at = token + 1;

	if (ends_here(reading, token))
		return 1;
	while (at < reading->marks.fold.count && marks_at(&reading->marks, at, C_FILL)) {
		if (place_is_one_of(reading->marks.fold.tokens[at].text, of, sizeof(of) / sizeof(*of)))
			return 0;
		at++;
	}
	return at >= reading->marks.fold.count || COVERED(reading, at, places) || COVERED(reading, at, after) ||
	       is_tail(reading, at) || reading->entity[at] == ENTITY_VERSION || reading->entity[at] == ENTITY_NUMBER;
}

/* "namespace inventory". */
int place_behind_noun(const struct reading *reading, size_t token)
{
	return token && COVERED(reading, token - 1, nouns) && is_singular(reading, token - 1) &&
	       !rules_clause_ends(reading, token - 1) && closes(reading, token);
}

/* The same, whatever follows. */
static int is_behind_noun(const struct reading *reading, size_t token)
{
	return token && COVERED(reading, token - 1, nouns) && is_singular(reading, token - 1) && !rules_clause_ends(reading, token - 1);
}

/* "sube now a 7": a small word of English, where another language is spoken. */
static int is_foreign_word(const struct marks *marks, size_t token)
{
	return strcmp(words_language(marks->words, marks->language), "en") != 0 &&
	       !(words_languages(marks->words, marks->word[token]) & 1u << marks->language) && marks->word[token];
}

/* "the deployment wants five": without it nothing would be asked for. */
static int is_the_only_act(const struct reading *reading, size_t token)
{
	static const enum concept asks[] = { C_WHY, C_ASK, C_WHICH, C_CHECK, C_LOG };
	const struct marks *marks = &reading->marks;

	if (!COVERED(reading, token, acts) || (HAS(reading, C_REPLICAS) && !marks_at(marks, token, C_SCALE)))
		return 0;
	for (size_t i = 0; i < marks->count; i++) {
		const struct mark *mark = &marks->marks[i];
		int asked = mark->concept >= C_INVESTIGATE && mark->concept <= C_STATUS;

		for (size_t a = 0; a < sizeof(asks) / sizeof(*asks); a++)
			asked |= mark->concept == asks[a];
		if (asked && (mark->to <= token || mark->from > token))
			return 0;
	}
	return 1;
}

/* "restart guardian in prod": at the beginning, or right behind an act. */
static int suspect_stands(const struct reading *reading, size_t token)
{
	return !token || (COVERED(reading, token - 1, acts) && !rules_clause_ends(reading, token - 1) && closes(reading, token));
}

/* "fix returns safely", "revert rates to revision 6", "replay in prod": what troubles are told with, where a name stands. */
static int talks_of(const struct reading *reading, size_t token, int scoped)
{
	static const char *const never[] = { "neither", "either", "both", "each", "someone", "somebody", "anyone", "anybody", "nobody",
		"help", "today", "again", "whole", "same", "other", "others" };

	if (token && !rules_clause_ends(reading, token - 1) && !COVERED(reading, token - 1, acts) && !COVERED(reading, token - 1, nouns) &&
		!marks_at(&reading->marks, token - 1, C_INVESTIGATE) && !place_is_article(reading->marks.fold.tokens[token - 1].text))
		return 0;
	return marks_at(&reading->marks, token, C_TALK) && (scoped || HAS(reading, C_REVISION) || HAS(reading, C_INVESTIGATE)) &&
	       closes(reading, token) && !place_is_one_of(reading->marks.fold.tokens[token].text, never, sizeof(never) / sizeof(*never));
}

/* "the audit deployment". What is said of a thing stands there, too: "the slow node". */
static int before_noun(const struct reading *reading, size_t token)
{
	static const enum concept kinds[] = { C_KIND, C_DB, C_APP, C_LB, C_NAMESPACE };
	static const enum concept says[] = { C_SYMPTOM, C_STATE, C_STATUS, C_EXPOSED, C_RISKY, C_UP, C_DOWN, C_MANY, C_WHICH,
		C_VALID, C_METRIC, C_COST, C_OPEN };
	static const enum concept before[] = { C_ON, C_FROM, C_SCOPE };

	return !ends_here(reading, token) && COVERED(reading, token + 1, kinds) && is_singular(reading, token + 1) &&
	       (!COVERED(reading, token, says) || place_is_thing(reading, token)) && token &&
	       ((place_is_article(reading->marks.fold.tokens[token - 1].text) || COVERED(reading, token - 1, acts)) ||
		       (COVERED(reading, token - 1, before) && !COVERED(reading, token, acts)));
}

/* "restart deployment update": behind the noun of what is to be changed. */
static int is_called_generally(const struct reading *reading, size_t token)
{
	static const enum concept kinds[] = { C_KIND, C_DB, C_NAMESPACE, C_APP };

	if (!place_is_general_thing(reading->marks.fold.tokens[token].text) || !place_changes_something(reading))
		return 0;
	if (HAS(reading, C_REPLICAS) && HAS(reading, C_NUMBER) && place_after_act(reading, token, 1))
		return 1; /* "set update to 3 replicas" */
	return (place_behind_noun(reading, token) && COVERED(reading, token - 1, kinds)) || before_noun(reading, token);
}

/* "reinicia el deployment live en dev": where a name stands, and the place is said besides. */
static int is_other_scope(const struct reading *reading, size_t token)
{
	static const char *const words[] = { "live", "stage" };
	const struct marks *marks = &reading->marks;

	if (!place_is_one_of(marks->fold.tokens[token].text, words, sizeof(words) / sizeof(*words)) ||
		!(place_behind_noun(reading, token) || before_noun(reading, token) || place_after_act(reading, token, 1) || marks->fold.cjk))
		return 0;
	for (const struct mark *mark = marks_first(marks, C_SCOPE); mark; mark = marks_next(marks, mark))
		if (mark->from > token || mark->to <= token)
			return 1;
	return HAS(reading, C_REVISION) && HAS(reading, C_ROLLBACK);
}

/* The only meanings a name may have beside its own. */
int place_may_be_name(const struct reading *reading, size_t token, int scoped)
{
	static const enum concept never[] = { C_FILL, C_SCOPE, C_PROVIDER, C_ON, C_FROM, C_INTO, C_IT, C_AND, C_OR, C_ALL,
		C_NOT, C_DONT, C_IF, C_MAYBE, C_VAGUE, C_IMPOSSIBLE, C_INJECTION, C_OVERRIDE, C_APPROVED, C_SHELL, C_FETCH,
		C_HARMLESS, C_SUSPECT, C_EVENT, C_WHEN, C_ASK, C_TELLER, C_REASON, C_TIME, C_NUMBER, C_UNIT, C_KUBERNETES, C_EC2, C_VM,
		C_SG, C_DB, C_LB, C_HOST, C_DNS, C_CERT, C_MACHINE, C_CLUSTER, C_KIND, C_NODE, C_APP, C_REPLICAS, C_BILLED,
		C_HERE, C_CALLED, C_WHY, C_LAST, C_SERVICE, C_SECRET, C_CONSTRAINT, C_PORT, C_CIDR, C_REGION, C_STATUS_CODE };
	const struct marks *marks = &reading->marks;
	const struct token *word = &marks->fold.tokens[token];
	size_t covering = 0;

	if (word->length < 3 || word->shape & TOKEN_CJK || is_the_only_act(reading, token) ||
		(place_is_general(word->text) && !is_foreign_word(marks, token) && !is_called_generally(reading, token)))
		return 0;
	if (is_other_scope(reading, token))
		return 1;
	if (marks_at(marks, token, C_INVESTIGATE) && !place_ails(reading, token) && (!token || rules_clause_ends(reading, token - 1)))
		return 0; /* "fix pulse safely" */
	if (marks->slip[token]) /* "checkin" is no misspelt "checking" */
		return marks->word[token] != 0;
	for (size_t i = 0; i < marks->count; i++) {
		const struct mark *mark = &marks->marks[i];

		if (token < mark->from || token >= mark->to)
			continue;
		if (is_led_pair(reading, mark, token)) {
			covering++;
			continue;
		}
		if (mark->from == token && mark->to == token + 2 && marks_at(marks, token + 2, C_SCOPE) && is_behind_noun(reading, token)) {
			covering++; /* "deployment scale in prod" */
			continue;
		}
		if (mark->to != mark->from + 1 || (mark->concept == C_OOD && !scoped && !place_behind_noun(reading, token)))
			return 0;
		if (word->shape & TOKEN_JOINED && place_behind_noun(reading, token) &&
			(mark->concept < C_DONT || (mark->concept >= C_FILL && mark->concept <= C_TYPICAL))) {
			covering++; /* "deployment old-backup" */
			continue;
		}
		if (mark->concept == C_WHICH && !place_behind_noun(reading, token))
			return 0;
		if (mark->concept == C_ADDRESS && (word->length < 7 || !scoped)) /* "you"; an "assistant" may be one of ours */
			return 0;
		for (size_t n = 0; n < sizeof(never) / sizeof(*never); n++)
			if (mark->concept == never[n] && !(mark->concept == C_FILL && is_foreign_word(marks, token)) &&
				!(mark->concept == C_SUSPECT && ((scoped && suspect_stands(reading, token)) || place_behind_noun(reading, token))) &&
				!(mark->concept == C_FILL && (talks_of(reading, token, scoped) ||
								     (marks_at(marks, token, C_TALK) && before_noun(reading, token)))))
				return 0;
		covering++;
	}
	return covering > 0 || (!token && !marks->taken[token] && reading->entity[token] == ENTITY_WORD);
}

/* "is the logs db up", "drain database on staging: healthy?": without the word the sentence still asks for something. */
int place_asked_besides(const struct reading *reading, size_t token)
{
	static const enum concept asks[] = { C_STATUS, C_ASK, C_WHY, C_INVESTIGATE, C_VALID, C_RUNOUT, C_SYMPTOM, C_METRIC };
	static const enum concept words[] = { C_LOG, C_AUDIT, C_LIST, C_OTHER, C_DRAIN, C_SCALE, C_RESTART, C_STOP, C_START };
	static const enum concept kinds[] = { C_DB, C_LB, C_KIND, C_APP, C_VM };
	const struct marks *marks = &reading->marks;

	if (!(COVERED(reading, token, words) || place_is_thing(reading, token)) || is_the_only_act(reading, token) ||
		!(place_behind_noun(reading, token) ||
			(!ends_here(reading, token) && COVERED(reading, token + 1, kinds) && is_singular(reading, token + 1))))
		return 0;
	for (const struct mark *mark = marks->marks; mark < marks->marks + marks->count; mark++) {
		int asked = rules_is_change(mark);

		for (size_t i = 0; i < sizeof(asks) / sizeof(*asks); i++)
			asked |= mark->concept == asks[i];
		if (asked && (mark->from > token || mark->to <= token))
			return 1;
	}
	return 0;
}

int place_before_noun(const struct reading *reading, size_t token)
{
	return before_noun(reading, token);
}

static int beside_noun(const struct reading *reading, size_t token)
{
	return place_behind_noun(reading, token) || before_noun(reading, token);
}

/* "reinicia o backup": names have an article but in English. */
static size_t before_article(const struct reading *reading, size_t token)
{
	const struct marks *marks = &reading->marks;
	int english = !strcmp(words_language(marks->words, marks->language), "en");

	return token - (token > 1 && !english && place_is_article(marks->fold.tokens[token - 1].text));
}

int place_after_act(const struct reading *reading, size_t token, int scoped)
{
	const size_t name = token;

	token = before_article(reading, token);
	if (!token || !COVERED(reading, token - 1, acts) || rules_clause_ends(reading, token - 1))
		return 0;
	if (COVERED(reading, token - 1, ending) && !scoped)
		return 0;
	return !marks_at(&reading->marks, token - 1, C_TERMINATE) && closes(reading, name);
}

/* "is audit up", "why does backup crash", "audit is down". */
static int is_told_of(const struct reading *reading, size_t token)
{
	static const enum concept asks[] = { C_WHY, C_ASK, C_STATUS, C_WHICH, C_INVESTIGATE, C_FILL, C_CHECK, C_LIST };
	const struct marks *marks = &reading->marks;
	size_t at = token + 1;

	/* an act, too, right between: "why is shuttle slow" */
	if ((COVERED(reading, token, acts) && !(token && COVERED(reading, token - 1, asks) && !ends_here(reading, token) &&
						COVERED(reading, at, tells) && !COVERED(reading, at, acts))) ||
		(marks_at(marks, token, C_SYMPTOM) && !marks_at(marks, at, C_SYMPTOM)) || (!token && !marks->slip[token] && COVERED(reading, token, asks)))
		return 0;
	if (token && (place_is_article(marks->fold.tokens[token - 1].text) || !COVERED(reading, token - 1, asks)) &&
		!(rules_clause_ends(reading, token - 1) && !ends_here(reading, token)))
		return 0;
	if (ends_here(reading, token))
		return token > 0;
	while (at < marks->fold.count && marks_at(marks, at, C_FILL) && !marks_at(marks, at, C_TALK))
		at++;
	return at < marks->fold.count && (COVERED(reading, at, tells) || COVERED(reading, at, places) || is_tail(reading, at) ||
						 reading->entity[at] == ENTITY_NUMBER ||
						 reading->entity[at] == ENTITY_VERSION);
}

/* "logs of audit", "pods in inventory". */
int place_in_a_place(const struct reading *reading, size_t token)
{
	static const char *const lead[] = { "of", "for", "from", "in", "on", "with", "von", "vom", "fur", "im", "bei", "de",
		"du", "des", "pour", "dans", "sur", "en", "del", "para", "do", "da", "no", "na", "em", "a", "al", "ao", "to" };

	return token && !COVERED(reading, token, acts) && !COVERED(reading, token, tells) &&
	       place_is_one_of(reading->marks.fold.tokens[before_article(reading, token) - 1].text, lead,
		       sizeof(lead) / sizeof(*lead)) &&
	       closes(reading, token);
}

/* "back out the last backup deploy": what was rolled out. */
static int was_rolled_out(const struct reading *reading, size_t token)
{
	static const char *const words[] = { "deploy", "deployment", "release", "rollout", "update", "upgrade", "version" };

	return HAS(reading, C_ROLLBACK) && !ends_here(reading, token) &&
	       place_is_one_of(reading->marks.fold.tokens[token + 1].text, words, sizeof(words) / sizeof(*words));
}

/* "tickets can't keep up in prod, scale it to 8": the sentence begins with it, or a clause that asks for nothing. */
static int begins(const struct reading *reading, size_t token)
{
	static const enum concept objects[] = { C_SCOPE, C_KIND, C_DB, C_LB, C_HOST, C_EC2, C_VM, C_MACHINE, C_LOG, C_ALL };

	if (!ends_here(reading, token) && COVERED(reading, token + 1, objects))
		return 0; /* "list prod pods" */
	return !COVERED(reading, token, acts) && !COVERED(reading, token, tells) && (!token || !ends_here(reading, token)) &&
	       (!token || rules_clause_ends(reading, token - 1)) &&
	       (place_changes_something(reading) || (!token && (HAS(reading, C_STATUS) || HAS(reading, C_LOG))));
}

/* A word for an act where what it is done to would stand: "drain in prod is wedged", "status of ferry". Something else is asked
 * for, then. */
static int is_subject_act(const struct reading *reading, size_t token)
{
	static const char *const verbs[] = { "is", "has", "needs", "need", "can", "should", "was", "keeps", "got", "must", "may",
		"ist", "muss", "soll", "kann", "est", "doit", "esta", "debe", "tiene", "deve", "tem" };
	static const char *const of[] = { "of", "von", "de", "do", "du", "da", "for", "on", "with" };
	static const enum concept asks[] = { C_STATUS, C_ASK, C_WHY };
	static const enum concept behind[] = { C_ON, C_SYMPTOM, C_STATUS, C_SCOPE };
	const struct token *tokens = reading->marks.fold.tokens;
	int follows;

	if (!COVERED(reading, token, acts))
		return 0;
	if (reading->marks.fold.cjk)
		return !ends_here(reading, token) && tokens[token + 1].shape & TOKEN_CJK;
	follows = !ends_here(reading, token) &&
		  (COVERED(reading, token + 1, behind) || is_tail(reading, token + 1) || place_is_one_of(tokens[token + 1].text, verbs, sizeof(verbs) / sizeof(*verbs)) ||
			  reading->entity[token + 1] == ENTITY_VERSION);
	if (!token || rules_clause_ends(reading, token - 1))
		return follows;
	if (marks_at(&reading->marks, token - 1, C_INVESTIGATE))
		return closes(reading, token); /* "fix returns safely" */
	if (COVERED(reading, token - 1, asks) || place_is_one_of(tokens[token - 1].text, verbs, sizeof(verbs) / sizeof(*verbs)))
		return follows || ends_here(reading, token);
	return place_is_one_of(tokens[token - 1].text, of, sizeof(of) / sizeof(*of)) && closes(reading, token);
}

int place_weight(const struct reading *reading, size_t token, int scoped)
{
	if (place_is_guarded(reading, token) || names_in_reason(reading, token))
		return 0;
	if (beside_noun(reading, token))
		return 4;
	if ((reading->marks.fold.cjk && !COVERED(reading, token, acts)) || place_after_act(reading, token, scoped))
		return 3;
	if (is_told_of(reading, token) || place_ails(reading, token) || place_asked_besides(reading, token))
		return 2;
	return place_in_a_place(reading, token) || was_rolled_out(reading, token) || begins(reading, token) || is_subject_act(reading, token);
}
