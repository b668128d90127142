/* rescue.c - names that are words of the vocabulary: "restart billing", "the inventory database".
 * Only where their place in the sentence says so, and only when no better name is there. */
#include <string.h>

#include "copilot/reading.h"

/* "billing throws errors": what an application has, and no bill. */
static int ails(const struct reading *reading)
{
	static const char *const ills[] = { "errors", "latency", "restarts", "memory", "cpu" };

	if (HAS(reading, C_PROVIDER) || HAS(reading, C_BILLED) || HAS(reading, C_TIME))
		return 0;
	if (HAS(reading, C_STATUS)) /* "is billing healthy" */
		return 1;
	for (const struct mark *mark = marks_first(&reading->marks, C_METRIC); mark;
		mark = marks_next(&reading->marks, mark))
		for (size_t i = 0; mark->value && i < sizeof(ills) / sizeof(*ills); i++)
			if (!strcmp(mark->value, ills[i]))
				return 1;
	return 0;
}

/* "restart billing": with nothing else to act on, a word for money is a service's name. */
static void rescue_name(struct reading *reading)
{
	const struct mark *mark = marks_first(&reading->marks, C_COST);

	if (reading->names || !mark || mark->to != mark->from + 1 || HAS(reading, C_EXPLAIN_COST) ||
		(HAS(reading, C_WHY) && !ails(reading)) || HAS(reading, C_PROVIDER) ||
		HAS(reading, C_BILLED))
		return; /* "what raises the cost of azure" */
	if (!(ails(reading) || HAS(reading, C_LOG) || HAS(reading, C_RESTART) || HAS(reading, C_STOP) ||
		    HAS(reading, C_START) || HAS(reading, C_ROLLBACK) || HAS(reading, C_SCALE)))
		return;
	reading->name[reading->names++] = mark->from;
	reading->marks.seen[C_COST] = 0;
}

/* The word is a name from here on, whatever it meant. */
static void take(struct reading *reading, size_t token)
{
	for (size_t i = 0; i < reading->marks.count; i++) {
		struct mark *mark = &reading->marks.marks[i];

		if (mark->from != token || mark->to != token + 1)
			continue;
		reading->marks.seen[mark->concept]--;
		mark->concept = C_FILL;
		reading->marks.seen[C_FILL]++;
	}
	reading->name[0] = (unsigned short)token;
	reading->names = 1;
}

static int plain(const struct reading *reading, size_t token)
{
	return marks_at(&reading->marks, token, C_PLAIN) ||
	       marks_at(&reading->marks, token, C_SECRET) ||
	       /* danger.c let it pass */ marks_at(&reading->marks, token, C_OOD);
}

/* "the reports database", "database users": an everyday word beside a noun is the name when there
 * is no other. */
static void rescue_plain(struct reading *reading)
{
	static const enum concept nouns[] = { C_DB, C_APP, C_NAMESPACE, C_LB, C_LOG, C_NODE };

	for (size_t n = 0; !reading->names && n < sizeof(nouns) / sizeof(*nouns); n++)
		for (const struct mark *mark = marks_first(&reading->marks, nouns[n]);
			mark && !reading->names; mark = marks_next(&reading->marks, mark)) {
			if (mark->from && plain(reading, mark->from - 1u))
				take(reading, mark->from - 1u);
			else if (plain(reading, mark->to) ||
				 /* "serviço busca": a name that also asks */
				 (n < 2 && HAS(reading, C_RESTART) &&
					 marks_at(&reading->marks, mark->to, C_WHICH) &&
					 names_everyday(reading, mark->to) &&
					 mark->to + 1u < reading->marks.fold.count))
				take(reading, mark->to);
		}
}

/* Acts and cues a team may also call a service. Words for resources, places and states are not. */
int names_everyday(const struct reading *reading, size_t token)
{
	static const enum concept may[] = { C_LIST, C_COST, C_PLAIN, C_STATUS, C_FORECAST, C_WHICH,
		C_REVEAL, C_CHECK, C_EXPLAIN_COST, C_AUDIT, C_MIGRATE, C_METRIC };
	int placed = HAS(reading, C_SCOPE) || HAS(reading, C_DB); /* "stop music" is none */
	const struct marks *marks = &reading->marks;
	size_t covering = 0, allowed = 0;

	if (token >= marks->fold.count || marks->fold.tokens[token].shape & TOKEN_CJK ||
		marks->slip[token])
		return 0;
	for (size_t i = 0; i < marks->count; i++) {
		const struct mark *mark = &marks->marks[i];

		if (token < mark->from || token >= mark->to)
			continue;
		covering++;
		for (size_t m = 0; m < sizeof(may) / sizeof(*may); m++)
		allowed += mark->to == mark->from + 1 && mark->concept == may[m];
		allowed += placed && mark->to == mark->from + 1 && mark->concept == C_OOD;
	}
	return covering && covering == allowed;
}

/* "the database kopie", "database journal": a thing of ours that is what another is called. */
static int names_thing(const struct reading *reading, size_t token)
{
	static const enum concept may[] = { C_REPLICAS, C_LOG, C_VERSION, C_TALK };
	const struct marks *marks = &reading->marks;
	int thing = 0;

	if (token >= marks->fold.count || marks->fold.tokens[token].shape & TOKEN_CJK)
		return 0;
	for (size_t i = 0; i < marks->count; i++) {
		const struct mark *mark = &marks->marks[i];

		if (mark->from == token && mark->to == token + 1)
			for (size_t m = 0; m < sizeof(may) / sizeof(*may); m++)
				thing |= mark->concept == may[m];
	}
	return thing;
}

static int covers(const struct reading *reading, size_t token, const enum concept *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (marks_at(&reading->marks, token, list[i]))
			return 1;
	return 0;
}

/* "in staging welche datenbanken", but not "busca": a word that asks by itself, of several. */
static int asks_which(const struct reading *reading, size_t token)
{
	static const char *const words[] = { "welche", "welcher", "welches", "quels", "quelles", "quel", "quelle", "cuales", "quais", "which", "what" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(reading->marks.fold.tokens[token].text, words[i]))
			return 1;
	return 0;
}

/* "the inventory database", "restart export job": between an article, an act or the beginning and
 * a noun that wants a name. */
static int rescue_before_noun(struct reading *reading)
{
	static const enum concept nouns[] = { C_DB, C_APP, C_LB, C_NAMESPACE, C_LOG, C_KIND };
	static const enum concept acts[] = { C_SCALE, C_RESTART, C_STOP, C_START, C_TERMINATE,
		C_ROLLBACK, C_MIGRATE, C_SCOPE, C_ON };

	for (size_t n = 0; n < sizeof(nouns) / sizeof(*nouns); n++)
		for (const struct mark *mark = marks_first(&reading->marks, nouns[n]); mark;
			mark = marks_next(&reading->marks, mark)) {
			size_t at = mark->from - 1u;

			if (!mark->from || (mark->value && nouns[n] != C_KIND) ||
				!names_everyday(reading, at) ||
				(nouns[n] == C_KIND && rules_plural(reading)) ||
				/* "staging: welche datenbanken gibt es" */
				(at && rules_clause_ends(reading, at - 1)) || asks_which(reading, at))
				continue;
			const struct token *before =
				at ? &reading->marks.fold.tokens[at - 1] : NULL;
			if (!before ||
				(strcmp(before->text, "the") && strcmp(before->text, "our") &&
					strcmp(before->text, "my") &&
					!covers(reading, at - 1, acts,
						sizeof(acts) / sizeof(*acts))))
				continue;
			take(reading, at);
			return 1;
		}
	return 0;
}

/* The word with a place, an amount or nothing behind it becomes the name. */
static int take_placed(struct reading *reading, size_t token)
{
	static const enum concept ends[] = { C_ON, C_INTO, C_SCOPE, C_FROM, C_SCALE };

	if (token + 1 < reading->marks.fold.count &&
		!covers(reading, token + 1, ends, sizeof(ends) / sizeof(*ends)))
		return 0;
	take(reading, token);
	return 1;
}

/* "migrate reports to cluster-b", "scale search to 4": right after an act, with a place, an amount
 * or nothing behind it. */
static int rescue_after_act(struct reading *reading)
{
	static const enum concept acts[] = { C_SCALE, C_RESTART, C_STOP, C_START, C_TERMINATE,
		C_ROLLBACK, C_MIGRATE };

	for (size_t a = 0; a < sizeof(acts) / sizeof(*acts); a++)
		for (const struct mark *mark = marks_first(&reading->marks, acts[a]); mark;
			mark = marks_next(&reading->marks, mark)) {
			size_t at = mark->to;

			if (!names_everyday(reading, at) || marks_at(&reading->marks, at, acts[a]) ||
				rules_clause_ends(reading, at - 1))
				continue;
			if (take_placed(reading, at))
				return 1;
		}
	return 0;
}

/* "mysql billing in prod": what a database or service is called, and no bill. */
static int rescue_money(struct reading *reading)
{
	static const enum concept nouns[] = { C_DB, C_APP, C_KIND, C_LB };
	static const char *const called[] = { "billing", "pricing", "invoicing" };

	for (size_t n = 0; n < sizeof(nouns) / sizeof(*nouns); n++)
		for (const struct mark *mark = marks_first(&reading->marks, nouns[n]); mark;
			mark = marks_next(&reading->marks, mark)) {
			const struct token *noun = &reading->marks.fold.tokens[mark->to - 1];

			if (!strcmp(noun->text, "rds"))
				continue;
			for (size_t i = 0; i < sizeof(called) / sizeof(*called) &&
					   mark->to < reading->marks.fold.count;
				i++)
				if (!strcmp(reading->marks.fold.tokens[mark->to].text, called[i]) &&
					names_everyday(reading, mark->to)) {
					take(reading, mark->to);
					return 1;
				}
		}
	return 0;
}

/* "shrink node pool spot to 2": behind a noun in the singular, with a place, an amount or nothing
 * behind it. Only where something is to be changed. */
static int rescue_after_noun(struct reading *reading)
{
	static const enum concept nouns[] = { C_KIND, C_DB, C_APP, C_KUBERNETES, C_LB, C_EC2, C_VM };
	int act = 0;

	for (int a = C_SCALE; a <= C_MIGRATE && !HAS(reading, C_WHY); a++)
		act |= a != C_FORECAST && HAS(reading, a);
	for (size_t n = 0; act && n < sizeof(nouns) / sizeof(*nouns); n++)
		for (const struct mark *mark = marks_first(&reading->marks, nouns[n]); mark;
			mark = marks_next(&reading->marks, mark)) {
			const struct token *noun = &reading->marks.fold.tokens[mark->to - 1];
			size_t at = mark->to;

			if (noun->text[noun->length - 1] == 's' ||
				!(names_everyday(reading, at) || names_thing(reading, at)) ||
				marks_at(&reading->marks, at, C_MIGRATE))
				continue;
			if (take_placed(reading, at))
				return 1;
		}
	return 0;
}

/* "tickets in prod is stuck", "is tickets up on staging": beside a scope and a state, even a word
 * that is none of ours is what a service is called. */
static int rescue_in_scope(struct reading *reading)
{
	static const enum concept after[] = { C_ON, C_SCOPE, C_STATUS, C_ASK, C_SYMPTOM };

	for (const struct mark *mark = marks_first(&reading->marks, C_OOD);
		mark && HAS(reading, C_SCOPE); mark = marks_next(&reading->marks, mark)) {
		size_t at = mark->to;

		while (marks_at(&reading->marks, at, C_FILL))
			at++;
		if (mark->to != mark->from + 1 || reading->marks.slip[mark->from] ||
			reading->marks.fold.tokens[mark->from].shape & TOKEN_CJK ||
			!covers(reading, at, after, sizeof(after) / sizeof(*after)))
			continue;
		take(reading, mark->from);
		return 1;
	}
	return 0;
}

/* "the node pool named burst": whatever it else means. */
static int rescue_called(struct reading *reading)
{
	static const enum concept never[] = { C_SCOPE, C_ON, C_FROM, C_INTO, C_IT, C_ALL, C_FILL };

	for (const struct mark *mark = marks_first(&reading->marks, C_CALLED); mark;
		mark = marks_next(&reading->marks, mark)) {
		const struct token *token = &reading->marks.fold.tokens[mark->to];

		if (mark->to >= reading->marks.fold.count || token->shape & TOKEN_CJK ||
			token->length < 3 ||
			covers(reading, mark->to, never, sizeof(never) / sizeof(*never)))
			continue;
		take(reading, mark->to);
		return 1;
	}
	return 0;
}

/* Words so general that nothing is called so: "restart the system". */
static int is_general(const struct token *token)
{
	static const char *const words[] = { "system", "systems", "platform", "infrastructure", "infra",
		"data", "internet", "world", "people", "everybody", "team", "group", "groups", "side",
		"company", "business", "process", "page", "pages", "info", "information", "change",
		"changes", "config", "configuration", "status", "state", "health", "list", "show",
		"kernel", "hardware", "upgrade", "update", "deploy", "install", "create", "build",
		"backup", "open", "check", "review", "reason", "cause", "cost", "costs", "bill",
		"bills", "spend", "spending", "security", "forecast", "estimate", "stuff", "more",
		"less", "enough", "plenty", "now", "here" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(token->text, words[i]))
			return 1;
	return 0;
}

static int is_the(const struct token *token)
{
	static const char *const articles[] = { "the", "a", "an", "der", "die", "das", "den", "dem",
		"ein", "eine", "my", "our", "some", "any", "all", "which", "what" };

	for (size_t i = 0; i < sizeof(articles) / sizeof(*articles); i++)
		if (!strcmp(token->text, articles[i]))
			return 1;
	return 0;
}

/* A word with a meaning of its own a team may also call a service: "users", "import", "media". One of the
 * sentence's own language is only meant so in English. */
static int may_be_called(const struct reading *reading, size_t token)
{
	static const enum concept may[] = { C_PLAIN, C_OTHER, C_TALK, C_LIST, C_STATUS,
		C_REVEAL, C_CHECK, C_AUDIT, C_FORECAST, C_METRIC, C_LOG, C_EVENT };
	static const char *const often[] = { "billing", "pricing", "invoicing", "search" };
	const struct marks *marks = &reading->marks;
	const struct token *word = &marks->fold.tokens[token];
	unsigned own = 1u << marks->language;
	int english = !strcmp(words_language(marks->words, marks->language), "en");
	size_t covering = 0, allowed = 0;

	if (word->length < 4 || word->shape & (TOKEN_CJK | TOKEN_DIGIT) || marks->slip[token] ||
		reading->used[token] || is_general(word) || names_in_reason(reading, token))
		return 0;
	if (!english && words_languages(marks->words, marks->word[token]) & own &&
		!(word->shape & TOKEN_JOINED))
		return 0;
	for (size_t i = 0; i < sizeof(often) / sizeof(*often); i++)
		if (!strcmp(word->text, often[i]))
			return 1;
	for (size_t i = 0; i < marks->count; i++) {
		const struct mark *mark = &marks->marks[i];

		if (token < mark->from || token >= mark->to)
			continue;
		covering++;
		allowed += mark->concept == C_FILL && marks_at(marks, token, C_TALK);
		for (size_t m = 0; mark->to == mark->from + 1 && m < sizeof(may) / sizeof(*may); m++)
			allowed += mark->concept == may[m];
	}
	return covering && covering == allowed;
}

/* The second half of an act: "bring users [back up]". */
static int is_tail(const struct marks *marks, size_t token)
{
	if (!marks->taken[token])
		return 0;
	for (size_t i = 0; i < marks->count; i++)
		if (marks->marks[i].from <= token && token < marks->marks[i].to)
			return 0;
	return 1;
}

/* Before a place, or where what happens to it follows: "import in prod", "users is down". */
static int stands_like_a_name(const struct reading *reading, size_t token)
{
	static const enum concept ends[] = { C_SCOPE, C_INTO, C_FROM, C_SYMPTOM, C_STATUS, C_ASK, C_SCALE,
		C_RESTART, C_STOP, C_START, C_TERMINATE, C_ROLLBACK, C_MIGRATE, C_INVESTIGATE, C_UP,
		C_DOWN, C_NUMBER, C_KIND, C_REPLICAS };
	static const enum concept begins[] = { C_SCALE, C_RESTART, C_STOP, C_START, C_TERMINATE,
		C_ROLLBACK, C_MIGRATE, C_INVESTIGATE, C_ON, C_FROM, C_INTO, C_FILL, C_KIND, C_NAMESPACE,
		C_DB, C_APP, C_LB, C_REPLICAS, C_VERSION, C_LOG, C_SYMPTOM, C_STATUS, C_ASK, C_IT };
	const struct marks *marks = &reading->marks;
	size_t at = token + 1;

	if (token && (is_the(&marks->fold.tokens[token - 1]) ||
			     (!covers(reading, token - 1, begins, sizeof(begins) / sizeof(*begins)) &&
				     !(marks->fold.tokens[token - 1].shape & (TOKEN_END | TOKEN_COMMA)) &&
				     marks->taken[token - 1])))
		return 0;
	if (marks->fold.tokens[token].shape & (TOKEN_END | TOKEN_ASKED | TOKEN_COMMA))
		return token > 0 || marks_at(marks, at, C_SCOPE);
	if (marks->fold.cjk)
		return 1;
	while (marks_at(marks, at, C_FILL) || marks_at(marks, at, C_ON))
		at++;
	return at >= marks->fold.count || reading->entity[at] == ENTITY_VERSION ||
	       reading->entity[at] == ENTITY_NUMBER || is_tail(marks, at) ||
	       covers(reading, at, ends, sizeof(ends) / sizeof(*ends));
}

/* "restart import in prod": when something is to be done, or ails, and nothing else is the target. */
static void rescue_target(struct reading *reading)
{
	static const enum concept needs[] = { C_SCALE, C_RESTART, C_STOP, C_START, C_TERMINATE, C_ROLLBACK,
		C_MIGRATE, C_STATUS, C_ASK, C_SYMPTOM, C_INVESTIGATE, C_WHY, C_LOG };
	static const enum concept others[] = { C_EC2, C_VM, C_SG, C_HOST, C_CERT, C_DNS, C_CLUSTER,
		C_MACHINE, C_RISKY, C_EXPOSED, C_FUTURE, C_EXPLAIN_COST, C_BILLED, C_PROVIDER,
		C_SERVICE };
	const struct mark *it = marks_first(&reading->marks, C_IT);
	int wanted = 0;

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (HAS(reading, others[i]))
			return;
	for (size_t i = 0; i < sizeof(needs) / sizeof(*needs); i++)
		wanted |= HAS(reading, needs[i]);
	for (size_t i = 0; wanted && i < reading->marks.fold.count; i++)
		/* "users in dev is off, turn it on": "it" was named before */
		if ((!it || i < it->from) && may_be_called(reading, i) &&
			stands_like_a_name(reading, i)) {
			take(reading, i);
			return;
		}
}

void names_rescue(struct reading *reading)
{
	names_daemon(reading);
	if (!reading->names && rescue_called(reading))
		return;
	if (reading->names && reading->points > 3)
		return;
	if (rescue_before_noun(reading) || rescue_money(reading))
		return;
	if (reading->names)
		return;
	if (!rescue_after_act(reading) && !rescue_after_noun(reading) && !rescue_in_scope(reading))
		rescue_name(reading);
	rescue_plain(reading);
	if (!reading->names && HAS(reading, C_SCOPE))
		rescue_target(reading);
}
