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

	if (reading->names || !mark || mark->to != mark->from + 1 ||
		(HAS(reading, C_WHY) && !ails(reading)))
		return;
	if (!(ails(reading) || HAS(reading, C_RESTART) || HAS(reading, C_STOP) ||
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
	static const enum concept may[] = { C_REPLICAS, C_LOG, C_EVENT, C_VERSION, C_TALK };
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

/* "the inventory database", "restart export job": between an article, an act or the beginning and
 * a noun that wants a name. */
static int rescue_before_noun(struct reading *reading)
{
	static const enum concept nouns[] = { C_DB, C_APP, C_LB, C_NAMESPACE, C_LOG };
	static const enum concept acts[] = { C_SCALE, C_RESTART, C_STOP, C_START, C_TERMINATE,
		C_ROLLBACK, C_MIGRATE, C_SCOPE };

	for (size_t n = 0; n < sizeof(nouns) / sizeof(*nouns); n++)
		for (const struct mark *mark = marks_first(&reading->marks, nouns[n]); mark;
			mark = marks_next(&reading->marks, mark)) {
			size_t at = mark->from - 1u;

			if (!mark->from || mark->value || !names_everyday(reading, at))
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

			if (!names_everyday(reading, at) || marks_at(&reading->marks, at, acts[a]))
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

	for (int a = C_SCALE; a <= C_MIGRATE; a++)
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

static int has_any(const struct reading *reading, const enum concept *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (HAS(reading, list[i]))
			return 1;
	return 0;
}

static int says_at(const struct token *token)
{
	static const char *const words[] = { "on", "at", "of", "auf", "an", "sur", "en", "em", "na",
		"no" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(token->text, words[i]))
			return 1;
	return 0;
}

/* "worker-5", "ci-runner-2": ends in a number, and is no cluster or node. */
static int like_a_machine(const struct token *token)
{
	static const char *const others[] = { "cluster", "node", "pool", "k8s", "kube", "eks", "gke",
		"aks", "prod", "staging", "stage", "dev", "lb", "rev", "rds" };

	if (!(token->shape & TOKEN_DIGIT) || token->text[token->length - 1] < '0' ||
		token->text[token->length - 1] > '9' || token->text[0] < 'a')
		return 0;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (strstr(token->text, others[i]))
			return 0;
	return 1;
}

/* "cache-1", "orders-db-2": rather a database than a machine, when the word before is nobody's. */
static int like_a_database(const struct token *token)
{
	static const char *const parts[] = { "db", "cache", "redis", "pg", "mysql", "postgres" };

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (strstr(token->text, parts[i]))
			return 1;
	return 0;
}

/* Where the machine stands: a name like one, or a name beside a word for one. */
static int is_machine(const struct reading *reading, size_t token)
{
	const struct marks *marks = &reading->marks;

	if (marks_at(marks, token, C_HERE))
		return 1;
	return !marks->taken[token] && !reading->used[token] &&
	       reading->entity[token] >= ENTITY_DOMAIN &&
	       (like_a_machine(&marks->fold.tokens[token]) ||
		       reading->entity[token] == ENTITY_DOMAIN ||
		       (token && marks_at(marks, token - 1, C_HOST)));
}

/* "memcached on cache-1": an engine by the name of its daemon, right before the machine. */
static int is_engine_daemon(const struct reading *reading, size_t token)
{
	static const char *const daemons[] = { "memcached", "mysql", "mariadb", "postgres",
		"postgresql", "redis", "valkey", "mongodb", "cassandra" };

	if (!marks_at(&reading->marks, token, C_DB) ||
		!(HAS(reading, C_RESTART) || HAS(reading, C_STOP) || HAS(reading, C_START) ||
			HAS(reading, C_STATUS)))
		return 0;
	for (size_t i = 0; i < sizeof(daemons) / sizeof(*daemons); i++)
		if (!strcmp(reading->marks.fold.tokens[token].text, daemons[i]))
			return 1;
	return 0;
}

/* A word nobody knows, which may be the daemon's. */
static int is_unknown_daemon(const struct reading *reading, size_t token, size_t machine)
{
	const struct marks *marks = &reading->marks;

	return !HAS(reading, C_DB) && !like_a_database(&marks->fold.tokens[machine]) &&
	       !marks->taken[token] && !reading->used[token] &&
	       marks->fold.tokens[token].length > 2 && reading->entity[token] >= ENTITY_DASHED &&
	       !(marks->fold.tokens[token].shape & (TOKEN_CJK | TOKEN_DIGIT));
}

static void set_daemon(struct reading *reading, size_t token, size_t machine)
{
	filters_set(reading, "service", token);
	reading->marks.seen[C_SERVICE]++;
	reading->unknown -= reading->unknown > 0;
	reading->names = 0;
	if (marks_at(&reading->marks, machine, C_HERE))
		return;
	reading->name[0] = (unsigned short)machine;
	reading->names = 1;
	reading->points = 10;
}

/* "halt sidekiq on worker-5": a word nobody knows, on a machine, is a daemon. */
static void take_daemon(struct reading *reading)
{
	static const enum concept others[] = { C_KUBERNETES, C_APP, C_LB, C_CERT, C_DNS, C_LOG,
		C_SCALE, C_MIGRATE, C_EC2, C_VM, C_SG, C_COST, C_SERVICE, C_DRAIN, C_CORDON,
		C_ROLLBACK, C_LIST };
	struct marks *marks = &reading->marks;

	if (has_any(reading, others, sizeof(others) / sizeof(*others)))
		return;
	for (size_t i = 2; i < marks->fold.count; i++) {
		size_t at = i;

		if (!is_machine(reading, i))
			continue;
		while (at && !says_at(&marks->fold.tokens[at - 1]) &&
			(marks_at(marks, at - 1, C_FILL) || marks_at(marks, at - 1, C_HOST) ||
				marks_at(marks, at - 1, C_MACHINE)))
			at--;
		if (at < 2 || !says_at(&marks->fold.tokens[at - 1]))
			continue;
		if (is_engine_daemon(reading, at - 2) || is_unknown_daemon(reading, at - 2, i)) {
			set_daemon(reading, at - 2, i);
			return;
		}
	}
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

void names_rescue(struct reading *reading)
{
	take_daemon(reading);
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
}
