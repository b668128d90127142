/* implied.c - the type of a sentence that says no act: "pods in dev?", "ranker to 4", "login 4.0.2". */
#include <string.h>

#include "base/json.h"
#include "copilot/grammar.h"
#include "copilot/reading.h"

/* "ranker to 4", "etl-1 to n2-standard-8": a count or a size something goes to. */
static int goes_to_amount(const struct reading *reading)
{
	for (const struct mark *mark = marks_first(&reading->marks, C_INTO); mark;
		mark = marks_next(&reading->marks, mark))
		if (mark->to < reading->marks.fold.count && !reading->used[mark->to] &&
			(reading->entity[mark->to] == ENTITY_NUMBER ||
				marks_at(&reading->marks, mark->to, C_NUMBER)))
			return 1;
	for (size_t i = 1; i < reading->marks.fold.count; i++) /* "capacity 24" */
		if (reading->entity[i] == ENTITY_NUMBER && !reading->used[i] &&
			(!strncmp(reading->marks.fold.tokens[i - 1].text, "capac", 5) ||
				!strncmp(reading->marks.fold.tokens[i - 1].text, "kapaz", 5)))
			return 1;
	for (const struct mark *mark = marks_first(&reading->marks, C_KIND); mark;
		mark = marks_next(&reading->marks, mark)) /* "7 pods" */
		if (mark->from && !HAS(reading, C_SYMPTOM) && !HAS(reading, C_WHICH) &&
			(reading->entity[mark->from - 1] == ENTITY_NUMBER ||
				marks_at(&reading->marks, mark->from - 1u, C_NUMBER)))
			return 1;
	return rules_has_entity(reading, ENTITY_SIZE) || rules_has_entity(reading, ENTITY_TIMES);
}

/* "dns records of example.com": several, though a name is said. */
int implied_records(const struct reading *reading)
{
	const struct mark *mark = marks_first(&reading->marks, C_DNS);

	for (size_t i = mark ? mark->from : 0; mark && i < mark->to; i++) {
		const struct token *word = &reading->marks.fold.tokens[i];

		if (word->length > 3 &&
			(word->text[word->length - 1] == 's' || strstr(word->text, "eintrage")))
			return 1;
	}
	return 0;
}

/* "remove api-6 from the load balancer": it leaves, and lives on. */
int implied_leaves_balancer(const struct reading *reading)
{
	if (!reading->names)
		return 0;
	for (const struct mark *mark = marks_first(&reading->marks, C_LB); mark;
		mark = marks_next(&reading->marks, mark)) {
		size_t at = mark->from;

		while (at && (marks_at(&reading->marks, at - 1, C_FILL) ||
				     marks_at(&reading->marks, at - 1, C_SCOPE)))
			at--;
		if (at && marks_at(&reading->marks, at - 1, C_FROM))
			return 1;
	}
	return 0;
}

/* "is x ...", "does x ...", "ist x ...": asked to be answered yes or no. */
static int asks_yes_or_no(const struct reading *reading)
{
	static const char *const lead[] = { "is", "are", "does", "do", "did", "has", "have", "can",
		"was", "were", "ist", "sind", "hat", "haben", "est", "sont", "esta", "estan" };
	const struct fold *fold = &reading->marks.fold;
	const char *first = fold->tokens[rules_first_word(reading)].text;

	if (!fold->count || fold->cjk)
		return 0;
	for (size_t i = 0; i < sizeof(lead) / sizeof(*lead); i++)
		if (!strcmp(first, lead[i]))
			return 1;
	return (fold->tokens[fold->count - 1].shape & TOKEN_ASKED) != 0;
}

/* "databases older than a year", "the five busiest hosts": a word nobody knows tells which of them,
 * and is no name. */
static void list_described(struct reading *reading)
{
	rules_set_type(reading, "list");
	if (reading->names == 1 && reading->entity[reading->name[0]] == ENTITY_WORD &&
		!reading->seen)
		reading->names = 0;
}

static int is_engine(const struct marks *marks, size_t token)
{
	return marks_at(marks, token, C_PROVIDER) || marks_at(marks, token, C_DB);
}

/* "orders from rds to cloud sql": between two engines or providers. */
static int changes_engine(const struct reading *reading)
{
	const struct marks *marks = &reading->marks;

	for (const struct mark *from = marks_first(marks, C_FROM); from;
		from = marks_next(marks, from))
		for (const struct mark *to = marks_first(marks, C_INTO); to;
			to = marks_next(marks, to))
			if (to->from > from->to && is_engine(marks, from->to) &&
				is_engine(marks, to->to))
				return 1;
	return 0;
}

/* "pasa ventas de mysql a aurora", "switch orders mysql to postgres": what a thing is set to is an engine. 0
 * when not so; else where the engine stands. */
size_t implied_engine(const struct reading *reading)
{
	static const char *const lead[] = { "to", "auf", "nach", "zu", "vers", "a", "hacia", "para",
		"en", "sur", "become", "becomes", "werden" };
	static const char *const articles[] = { "o", "el", "den", "die", "das", "le" };
	const struct marks *marks = &reading->marks;

	if (!reading->names || HAS(reading, C_NUMBER) || rules_has_entity(reading, ENTITY_SIZE))
		return 0;
	for (size_t at = 1; at < marks->fold.count; at++) {
		size_t before = at - 1;

		for (size_t i = 0; before && i < sizeof(articles) / sizeof(*articles); i++)
			if (!strcmp(marks->fold.tokens[at - 1].text, articles[i])) {
				before--; /* "para o gcp" */
				break;
			}
		for (size_t i = 0; is_engine(marks, at) && i < sizeof(lead) / sizeof(*lead); i++)
			if (!strcmp(marks->fold.tokens[before].text, lead[i]))
				return at;
	}
	return 0;
}

/* "prod cluster": there is one, so it is not to be listed, and nothing is said about it. */
static int one_cluster(const struct reading *reading)
{
	return HAS(reading, C_CLUSTER) &&
	       reading->marks.seen[C_KUBERNETES] <= reading->marks.seen[C_CLUSTER] &&
	       !HAS(reading, C_KIND) && !HAS(reading, C_WHICH) &&
	       !HAS(reading, C_ALL) && !HAS(reading, C_DB) && !HAS(reading, C_LIST);
}

/* "prod db", "der vm in dev": one of a kind and where it is, and nothing is said about it. */
static int one_thing(const struct reading *reading)
{
	static const enum concept parts[] = { C_FILL, C_SCOPE, C_ON, C_KUBERNETES, C_CLUSTER, C_DB, C_LB, C_HOST, C_VM, C_EC2, C_MACHINE, C_CERT, C_KIND };
	static const char *const one[] = { "the", "der", "das", "den", "dem", "el", "la", "le", "o", "a", "un", "une", "um", "uma" };
	const struct fold *fold = &reading->marks.fold;
	const char *first = fold->tokens[rules_first_word(reading)].text;
	int singular = fold->count == 2 && !strcmp(words_language(reading->marks.words, reading->marks.language), "en");

	if (fold->cjk || !HAS(reading, C_SCOPE) || rules_plural(reading) || fold->tokens[fold->count - 1].shape & TOKEN_ASKED)
		return 0;
	for (size_t i = 0; !singular && i < sizeof(one) / sizeof(*one); i++)
		singular = !strcmp(first, one[i]);
	for (size_t i = 0; i < fold->count; i++) {
		int known = 0;

		for (size_t p = 0; p < sizeof(parts) / sizeof(*parts); p++)
			known |= marks_at(&reading->marks, i, parts[p]) != NULL;
		if (!known)
			return 0;
	}
	return singular;
}

/* "all ec2 with tag owner=qa in dev: off": what shall become of it, and nothing more. 1 on, -1 off, 0 neither. */
int implied_switch(const struct reading *reading)
{
	static const char *const off[] = { "off", "aus", "apagar", "apagado", "apagadas", "apagados", "desligar", "desligada",
		"eteint", "eteints", "off!" };
	static const char *const on[] = { "on", "an", "ein", "encender", "ligar", "allume", "allumer" };
	const struct fold *fold = &reading->marks.fold;
	size_t at = fold->count;

	while (at > 1 && (marks_at(&reading->marks, at - 1, C_FILL) || marks_at(&reading->marks, at - 1, C_TIME) ||
				 marks_at(&reading->marks, at - 1, C_PLAIN)))
		at--; /* "off for the weekend please" */
	if (at < 3 || fold->tokens[fold->count - 1].shape & TOKEN_ASKED ||
		!(rules_clause_ends(reading, at - 2) || marks_at(&reading->marks, at - 2, C_SCOPE) ||
			(HAS(reading, C_ALL) && (marks_at(&reading->marks, at - 2, C_VM) || marks_at(&reading->marks, at - 2, C_EC2) ||
							marks_at(&reading->marks, at - 2, C_DB)))))
		return 0;
	const char *last = fold->tokens[at - 1].text;

	for (size_t i = 0; i < sizeof(off) / sizeof(*off); i++)
		if (!strcmp(last, off[i]))
			return -1;
	for (size_t i = 0; i < sizeof(on) / sizeof(*on); i++)
		if (!strcmp(last, on[i]))
			return 1;
	return 0;
}

static int points_on(const struct reading *reading)
{
	return memmem(reading->sentence, reading->length, "->", 2) ||
	       memmem(reading->sentence, reading->length, "=>", 2);
}

/* A revision by its number, or the version before, with nothing asked about it. */
static int names_earlier(const struct reading *reading)
{
	const struct mark *revision = marks_first(&reading->marks, C_REVISION);
	const struct mark *version = marks_first(&reading->marks, C_VERSION);

	if (HAS(reading, C_WHICH) || HAS(reading, C_LIST) || HAS(reading, C_WHY) || HAS(reading, C_OTHER))
		return 0;
	return (revision && filters_number(reading, revision->to) >= 0) ||
	       (version && version->value && !strcmp(version->value, "previous"));
}

/* "para checkout en prod": stop, where the sentence begins; elsewhere it means "for". */
static int says_para(const struct reading *reading)
{
	const struct marks *marks = &reading->marks;

	const char *language = words_language(marks->words, marks->language);

	return (reading->names || (HAS(reading, C_ALL) && rules_plural(reading))) && /* "para todas as instâncias ec2" */
	       !strcmp(marks->fold.tokens[rules_first_word(reading)].text, "para") && marks->fold.count > 1 &&
	       strcmp(marks->fold.tokens[1].text, "mi") && strcmp(marks->fold.tokens[1].text, "nuestro") &&
	       (!strcmp(language, "es") || !strcmp(language, "pt"));
}

/* "do the thing with the nodes" */
static int says_thing(const struct reading *reading)
{
	static const char *const words[] = { "thing", "things", "ding", "truc", "chose", "cosa", "coisa", "usual", "trick" };

	for (size_t i = 0; i < reading->marks.fold.count; i++)
		for (size_t w = 0; w < sizeof(words) / sizeof(*words); w++)
			if (!strcmp(reading->marks.fold.tokens[i].text, words[w]))
				return 1;
	return 0;
}

/* No act is said: "pods in dev?", "ranker to 4", "login 4.0.2". */
int implied_type(struct reading *reading)
{
	if (reading->names && goes_to_amount(reading))
		rules_set_type(reading, "scale");
	else if (says_para(reading))
		rules_set_type(reading, "stop");
	else if (implied_switch(reading))
		rules_set_type(reading, implied_switch(reading) > 0 ? "start" : "stop");
	else if (reading->names && changes_engine(reading))
		rules_set_type(reading, "migrate");
	else if (implied_engine(reading) > 1 && !HAS(reading, C_WHICH) && !HAS(reading, C_OTHER) && !HAS(reading, C_METRIC)) {
		rules_set_type(reading, "migrate"); /* "users postgres to aurora please" */
		filters_set(reading, "to", implied_engine(reading));
	}
	else if (reading->names && HAS(reading, C_INTO) &&
		 rules_has_entity(reading, ENTITY_VERSION) &&
		 !HAS(reading, C_PLAIN) && !HAS(reading, C_OTHER))
		rules_set_type(reading, "rollback"); /* "orders to 3.9.0 again" */
	else if (reading->names && rules_has_entity(reading, ENTITY_VERSION) && points_on(reading))
		rules_set_type(reading, "rollback"); /* "geo-api staging -> 1.0.7" */
	else if (reading->names && names_earlier(reading))
		rules_set_type(reading, "rollback"); /* "revision 3 of cms please" */
	else if (reading->names && json_get(reading->intent->filters, "to"))
		rules_set_type(reading, "migrate"); /* "bring nb-2 to asia-east1" */
	else if (implied_leaves_balancer(reading))
		rules_set_type(reading, "drain");
	else if (rules_has_entity(reading, ENTITY_GROUP_ID) && HAS(reading, C_OPEN))
		rules_set_type(reading, "audit_security");
	else if (((!reading->names || HAS(reading, C_STATE)) && rules_plural(reading) && !says_thing(reading) && !HAS(reading, C_VAGUE)) || implied_records(reading) ||
		 (rules_has_entity(reading, ENTITY_LABEL) && !reading->names &&
			 rules_has_noun(reading)))
		rules_set_type(reading, "list");
	else if (!reading->names && rules_has_noun(reading) && !one_cluster(reading) && !one_thing(reading) &&
		 (HAS(reading, C_SCOPE) || rules_has_entity(reading, ENTITY_REGION) ||
			 HAS(reading, C_PROVIDER) || HAS(reading, C_ALL) ||
			 HAS(reading, C_WHICH)))
		rules_set_type(reading, "list");
	else if (reading->names && asks_yes_or_no(reading) &&
		 (rules_has_noun(reading) || HAS(reading, C_SCOPE) || HAS(reading, C_SERVICE) || HAS(reading, C_STATE)))
		rules_set_type(reading, "status");
	else if (reading->names && (HAS(reading, C_CERT) || HAS(reading, C_DNS)))
		rules_set_type(reading, "status");
	else if (reading->names && HAS(reading, C_METRIC) && !HAS(reading, C_WHICH))
		/* "disk on web-7 is full" */
		rules_set_type(reading, asks_yes_or_no(reading) ? "status" : "investigate");
	else if (rules_plural(reading) && !HAS(reading, C_VAGUE) && !says_thing(reading))
		list_described(reading); /* but neither "a handful of pods for web" nor "do the thing with the nodes" */
	else if (!reading->names && HAS(reading, C_METRIC) && reading->context && reading->context->usual)
		rules_set_type(reading, "investigate"); /* "is the disk full", said of what is looked at */
	else
		return -1;
	return 0;
}
