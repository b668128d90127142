/* rules.c - a table that turns marks into a type. First row that fits wins. */
#include <string.h>

#include "base/json.h"
#include "copilot/grammar.h"
#include "copilot/reading.h"

enum { ROW_MARKS = 5 };

struct type_row {
	const char *type;
	unsigned char need[ROW_MARKS], avoid[ROW_MARKS];
	enum named named;
};

static const struct type_row type_rows[] = {
	{ "cordon", { C_CORDON }, { C_WHY }, ANY_NAME },
	{ "drain", { C_DRAIN }, { C_WHY }, ANY_NAME },
	{ "drain", { C_REMOVE, C_LB }, { C_WHY, C_CALLED }, NAMED },
	{ "explain_cost", { C_COST, C_WHY }, { C_FUTURE }, ANY_NAME },
	{ "explain_cost", { C_BILLED, C_WHY }, { C_FUTURE, C_RESTART }, ANY_NAME },
	{ "explain_cost", { C_WHY, C_UP, C_PROVIDER },
		{ C_METRIC, C_KUBERNETES, C_DB, C_MACHINE, C_VM }, UNNAMED },
	{ "investigate", { C_WHY, C_SYMPTOM }, { 0 }, ANY_NAME },
	{ "investigate", { C_INVESTIGATE, C_SYMPTOM }, { C_COST, C_FUTURE }, ANY_NAME },
	{ "migrate", { C_MIGRATE }, { C_WHY, C_LIST, C_INVESTIGATE, C_WHICH }, ANY_NAME },
	{ "rollback", { C_ROLLBACK }, { C_WHY, C_LIST, C_WHICH }, ANY_NAME },
	{ "forecast", { C_FORECAST, C_COST }, { C_WHY }, ANY_NAME },
	{ "forecast", { C_FUTURE, C_COST }, { 0 }, ANY_NAME },
	{ "forecast", { C_FORECAST, C_RUNOUT }, { C_CERT }, ANY_NAME },
	{ "forecast", { C_WHEN, C_RUNOUT }, { C_CERT }, ANY_NAME },
	{ "forecast", { C_WHEN, C_METRIC }, { C_CERT, C_WHY }, ANY_NAME },
	{ "forecast", { C_FORECAST, C_METRIC }, { C_LIST, C_WHY, C_SCALE }, ANY_NAME },
	{ "forecast", { C_FORECAST, C_FUTURE }, { C_WHY, C_SCALE }, ANY_NAME },
	{ "explain_cost", { C_COST }, { C_STOP, C_START, C_TERMINATE, C_RESTART }, ANY_NAME },
	{ "explain_cost", { C_EXPLAIN_COST }, { C_KUBERNETES, C_DB }, ANY_NAME },
	{ "explain_cost", { C_ANOMALY, C_WHICH }, { C_SYMPTOM }, ANY_NAME },
	{ "audit_security", { C_AUDIT }, { C_WHY, C_TERMINATE, C_STOP, C_RESTART }, ANY_NAME },
	{ "audit_security", { C_INVESTIGATE, C_OPEN, C_SG }, { C_WHY, C_SYMPTOM }, ANY_NAME },
	{ "audit_security", { C_INVESTIGATE, C_OPEN, C_PORT_NOUN }, { C_WHY, C_SYMPTOM },
		ANY_NAME },
	{ "investigate", { C_INVESTIGATE }, { C_EXPOSED }, ANY_NAME },
	{ "audit_security", { C_INVESTIGATE, C_EXPOSED }, { C_WHY }, ANY_NAME },
	{ "investigate", { C_WHY }, { 0 }, ANY_NAME },
	{ "scale", { C_REPLICAS, C_NUMBER },
		{ C_LIST, C_WHICH, C_RESTART, C_TERMINATE, C_ROLLBACK }, NAMED },
	{ "terminate", { C_TERMINATE }, { C_WHICH, C_LIST }, ANY_NAME },
	{ "stop", { C_STOP }, { C_WHICH, C_LIST, C_EXPOSED }, ANY_NAME },
	{ "list", { C_RESTART, C_WHICH, C_KIND }, { 0 }, UNNAMED },
	{ "restart", { C_RESTART }, { C_LIST }, ANY_NAME },
	{ "audit_security", { C_EXPOSED }, { 0 }, ANY_NAME },
	{ "audit_security", { C_OPEN, C_SG }, { 0 }, ANY_NAME },
	{ "audit_security", { C_OPEN, C_PORT }, { 0 }, ANY_NAME },
	{ "audit_security", { C_OPEN, C_PORT_NOUN }, { 0 }, ANY_NAME },
	{ "audit_security", { C_CIDR }, { C_START }, ANY_NAME },
	{ "audit_security", { C_RISKY }, { 0 }, ANY_NAME },
	{ "scale", { C_SCALE, C_REPLICAS }, { C_LIST }, ANY_NAME },
	{ "scale", { C_SCALE, C_NUMBER }, { C_LIST, C_STATUS_CODE, C_WHICH }, NAMED },
	{ "start", { C_START }, { C_WHICH, C_LIST, C_SYMPTOM }, ANY_NAME },
	{ "scale", { C_SCALE }, { C_WHICH, C_LIST, C_SYMPTOM, C_STATUS }, ANY_NAME },
	{ "list", { C_LOG }, { C_STATUS, C_RUNOUT }, ANY_NAME },
	{ "status", { C_CERT, C_WHEN }, { C_LIST }, NAMED },
	{ "status", { C_CERT, C_VALID }, { C_LIST }, NAMED },
	{ "list", { C_CERT, C_STATE }, { 0 }, UNNAMED },
	{ "status", { C_CERT, C_STATE }, { C_LIST }, NAMED },
	{ "list", { C_WHICH, C_STATE }, { C_EXPOSED, C_AUDIT, C_CERT }, UNNAMED },
	{ "list", { C_SYMPTOM, C_LIST, C_KIND }, { 0 }, UNNAMED },
	{ "list", { C_SYMPTOM, C_WHICH, C_KIND }, { 0 }, UNNAMED },
	{ "list", { C_SYMPTOM, C_LIST, C_APP }, { 0 }, UNNAMED },
	{ "list", { C_SYMPTOM, C_LIST, C_HOST }, { 0 }, UNNAMED },
	{ "list", { C_SYMPTOM, C_LIST, C_EC2 }, { 0 }, UNNAMED },
	{ "list", { C_SYMPTOM, C_LIST, C_VM }, { 0 }, UNNAMED },
	{ "list", { C_SYMPTOM, C_LIST, C_MACHINE }, { 0 }, UNNAMED },
	{ "start", { C_SYMPTOM, C_START, C_IT }, { C_WHY, C_WHICH, C_LIST, C_INVESTIGATE }, NAMED }, /* "sshd on web-1 is down, start it again" */
	{ "investigate", { C_SYMPTOM }, { 0 }, ANY_NAME },
	{ "list", { C_STATUS, C_WHICH, C_EC2 }, { 0 }, UNNAMED },
	{ "list", { C_STATUS, C_WHICH, C_VM }, { 0 }, UNNAMED },
	{ "list", { C_STATUS, C_WHICH, C_MACHINE }, { 0 }, UNNAMED },
	{ "list", { C_STATUS, C_WHICH, C_KIND }, { 0 }, UNNAMED },
	{ "list", { C_STATUS, C_WHICH, C_DB }, { C_ASK }, UNNAMED },
	{ "list", { C_STATUS, C_WHICH, C_HOST }, { C_ASK }, UNNAMED },
	{ "list", { C_STATUS, C_WHICH, C_LB }, { C_ASK }, UNNAMED },
	{ "status", { C_STATUS }, { C_LIST }, ANY_NAME },
	{ "list", { C_LIST, C_DNS }, { 0 }, ANY_NAME },
	{ "status", { C_STATUS, C_LIST }, { C_MANY }, NAMED },
	{ "status", { C_ASK }, { C_LIST }, ANY_NAME },
	{ "list", { C_LIST }, { 0 }, ANY_NAME },
	{ "status", { C_VALID }, { 0 }, NAMED },
	{ "status", { C_CHECK }, { 0 }, ANY_NAME },
	{ "list", { C_STATE }, { 0 }, UNNAMED },
	{ "list", { C_WHICH }, { 0 }, UNNAMED },
	{ "scale", { C_REPLICAS, C_NUMBER }, { 0 }, NAMED },
};

int rules_fit(const struct reading *reading, const unsigned char *need, size_t needs,
	const unsigned char *avoid, size_t avoids, enum named named)
{
	for (size_t i = 0; i < needs && need[i]; i++)
		if (!HAS(reading, need[i]))
			return 0;
	for (size_t i = 0; i < avoids && avoid[i]; i++)
		if (HAS(reading, avoid[i]))
			return 0;
	return named == ANY_NAME || (named == NAMED) == (reading->names > 0);
}

int rules_has_entity(const struct reading *reading, enum entity entity)
{
	for (size_t i = 0; i < reading->marks.fold.count; i++)
		if (reading->entity[i] == entity)
			return 1;
	return 0;
}

static void set_type(struct reading *reading, const char *type)
{
	const struct intent_word *row = intent_word_find(intent_types, type);

	strcpy(reading->intent->type, row->name);
	strcpy(reading->intent->goal, row->goal);
	reading->write = row->write;
}

int rules_has_noun(const struct reading *reading)
{
	static const enum concept nouns[] = { C_KUBERNETES, C_EC2, C_VM, C_SG, C_DB, C_LB, C_HOST,
		C_DNS, C_CERT, C_MACHINE, C_KIND };

	for (size_t i = 0; i < sizeof(nouns) / sizeof(*nouns); i++)
		if (HAS(reading, nouns[i]))
			return 1;
	return 0;
}

/* "namespaces?": several of a kind. */
int rules_plural(const struct reading *reading)
{
	static const enum concept nouns[] = { C_EC2, C_VM, C_SG, C_DB, C_LB, C_HOST, C_MACHINE,
		C_KIND, C_CERT };
	const struct fold *fold = &reading->marks.fold;

	for (size_t n = 0; n < sizeof(nouns) / sizeof(*nouns); n++)
		for (const struct mark *mark = marks_first(&reading->marks, nouns[n]); mark;
			mark = marks_next(&reading->marks, mark)) {
			const struct token *token = &fold->tokens[mark->to - 1];

			if (token->length > 2 && token->text[token->length - 1] == 's' &&
				strcmp(token->text, "redis") && strcmp(token->text, "postgres"))
				return 1;
		}
	return 0;
}

/* "ranker to 4", "etl-1 to n2-standard-8": a count or a size something goes to. */
static int goes_to_amount(const struct reading *reading)
{
	for (const struct mark *mark = marks_first(&reading->marks, C_INTO); mark;
		mark = marks_next(&reading->marks, mark))
		if (mark->to < reading->marks.fold.count && !reading->used[mark->to] &&
			(reading->entity[mark->to] == ENTITY_NUMBER ||
				marks_at(&reading->marks, mark->to, C_NUMBER)))
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
static int plural_records(const struct reading *reading)
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
static int leaves_balancer(const struct reading *reading)
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

	if (!fold->count || fold->cjk)
		return 0;
	for (size_t i = 0; i < sizeof(lead) / sizeof(*lead); i++)
		if (!strcmp(fold->tokens[0].text, lead[i]))
			return 1;
	return (fold->tokens[fold->count - 1].shape & TOKEN_ASKED) != 0;
}

/* "databases older than a year", "the five busiest hosts": a word nobody knows tells which of them,
 * and is no name. */
static void list_described(struct reading *reading)
{
	set_type(reading, "list");
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
static size_t passes_to_engine(const struct reading *reading)
{
	static const char *const lead[] = { "to", "auf", "nach", "zu", "vers", "a", "hacia", "para",
		"en", "sur" };
	const struct marks *marks = &reading->marks;

	if (!reading->names || HAS(reading, C_NUMBER) || rules_has_entity(reading, ENTITY_SIZE))
		return 0;
	for (size_t at = 1; at < marks->fold.count; at++)
		for (size_t i = 0; is_engine(marks, at) && i < sizeof(lead) / sizeof(*lead); i++)
			if (!strcmp(marks->fold.tokens[at - 1].text, lead[i]))
				return at;
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
	static const enum concept parts[] = { C_FILL, C_SCOPE, C_ON, C_DB, C_LB, C_HOST, C_VM, C_EC2, C_MACHINE, C_CERT, C_KIND };
	static const char *const one[] = { "the", "der", "das", "den", "dem", "el", "la", "le", "o", "a", "un", "une", "um", "uma" };
	const struct fold *fold = &reading->marks.fold;
	int singular = fold->count == 2 && !strcmp(words_language(reading->marks.words, reading->marks.language), "en");

	if (fold->cjk || !HAS(reading, C_SCOPE) || rules_plural(reading) || fold->tokens[fold->count - 1].shape & TOKEN_ASKED)
		return 0;
	for (size_t i = 0; !singular && i < sizeof(one) / sizeof(*one); i++)
		singular = !strcmp(fold->tokens[0].text, one[i]);
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
static int ends_in_switch(const struct reading *reading)
{
	static const char *const off[] = { "off", "aus", "apagar", "apagado", "apagadas", "apagados", "desligar", "desligada",
		"eteint", "eteints", "off!" };
	static const char *const on[] = { "on", "an", "ein", "encender", "ligar", "allume", "allumer" };
	const struct fold *fold = &reading->marks.fold;
	const char *last = fold->count ? fold->tokens[fold->count - 1].text : "";

	if (fold->count < 3 || !rules_clause_ends(reading, fold->count - 2) || fold->tokens[fold->count - 1].shape & TOKEN_ASKED)
		return 0;
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

	return reading->names && !strcmp(marks->fold.tokens[0].text, "para") &&
	       (!strcmp(language, "es") || !strcmp(language, "pt"));
}

/* No act is said: "pods in dev?", "ranker to 4", "login 4.0.2". */
static int type_implied(struct reading *reading)
{
	if (reading->names && goes_to_amount(reading))
		set_type(reading, "scale");
	else if (says_para(reading))
		set_type(reading, "stop");
	else if (ends_in_switch(reading))
		set_type(reading, ends_in_switch(reading) > 0 ? "start" : "stop");
	else if (reading->names && changes_engine(reading))
		set_type(reading, "migrate");
	else if (passes_to_engine(reading) > 1 && !HAS(reading, C_WHICH) && !HAS(reading, C_OTHER)) {
		set_type(reading, "migrate"); /* "users postgres to aurora please" */
		filters_set(reading, "to", passes_to_engine(reading));
	}
	else if (reading->names && HAS(reading, C_INTO) &&
		 rules_has_entity(reading, ENTITY_VERSION) &&
		 !HAS(reading, C_PLAIN) && !HAS(reading, C_OTHER))
		set_type(reading, "rollback"); /* "orders to 3.9.0 again" */
	else if (reading->names && rules_has_entity(reading, ENTITY_VERSION) && points_on(reading))
		set_type(reading, "rollback"); /* "geo-api staging -> 1.0.7" */
	else if (reading->names && names_earlier(reading))
		set_type(reading, "rollback"); /* "revision 3 of cms please" */
	else if (reading->names && json_get(reading->intent->filters, "to"))
		set_type(reading, "migrate"); /* "bring nb-2 to asia-east1" */
	else if (leaves_balancer(reading))
		set_type(reading, "drain");
	else if (rules_has_entity(reading, ENTITY_GROUP_ID) && HAS(reading, C_OPEN))
		set_type(reading, "audit_security");
	else if (((!reading->names || HAS(reading, C_STATE)) && rules_plural(reading)) || plural_records(reading) ||
		 (rules_has_entity(reading, ENTITY_LABEL) && !reading->names &&
			 rules_has_noun(reading)))
		set_type(reading, "list");
	else if (!reading->names && rules_has_noun(reading) && !one_cluster(reading) && !one_thing(reading) &&
		 (HAS(reading, C_SCOPE) || rules_has_entity(reading, ENTITY_REGION) ||
			 HAS(reading, C_PROVIDER) || HAS(reading, C_ALL) ||
			 HAS(reading, C_WHICH)))
		set_type(reading, "list");
	else if (reading->names && asks_yes_or_no(reading) &&
		 (rules_has_noun(reading) || HAS(reading, C_SCOPE) || HAS(reading, C_SERVICE) || HAS(reading, C_STATE)))
		set_type(reading, "status");
	else if (reading->names && (HAS(reading, C_CERT) || HAS(reading, C_DNS)))
		set_type(reading, "status");
	else if (reading->names && HAS(reading, C_METRIC) && !HAS(reading, C_WHICH))
		/* "disk on web-7 is full" */
		set_type(reading, asks_yes_or_no(reading) ? "status" : "investigate");
	else if (rules_plural(reading))
		list_described(reading);
	else if (!reading->names && HAS(reading, C_METRIC) && reading->context && reading->context->usual)
		set_type(reading, "investigate"); /* "is the disk full", said of what is looked at */
	else
		return -1;
	return 0;
}

/* A daemon is killed to be stopped, not to be gone. */
static void kills_daemon(struct reading *reading)
{
	const struct mark *act = marks_first(&reading->marks, C_TERMINATE);

	if (act && HAS(reading, C_SERVICE) && !HAS(reading, C_KIND) &&
		!strncmp(reading->marks.fold.tokens[act->from].text, "kill", 4))
		set_type(reading, "stop");
}

/* "is login broken?", "kiosk em staging subiu?": nothing but whether it is so. */
static int asks_whether_ill(const struct reading *reading)
{
	static const enum concept more[] = { C_WHY, C_INVESTIGATE, C_METRIC, C_WHICH, C_LOG, C_COST,
		C_STATUS_CODE, C_DNS, C_CERT };
	const struct fold *fold = &reading->marks.fold;

	if (!reading->names || !fold->count || !(fold->tokens[fold->count - 1].shape & TOKEN_ASKED))
		return 0;
	for (size_t i = 0; i < sizeof(more) / sizeof(*more); i++)
		if (HAS(reading, more[i]))
			return 0;
	return 1;
}

/* "está ligada": an act right after a word for "is" is what has been done. */
static int is_said_to_be(const struct reading *reading)
{
	static const char *const words[] = { "esta", "estan", "estao", "foi", "foram", "fue", "fueron",
		"ist", "sind", "wurde", "wurden", "est", "sont", "is", "are", "was", "were", "been",
		"ha", "sido" };
	static const enum concept acts[] = { C_START, C_RESTART, C_STOP, C_SCALE };

	for (size_t a = 0; a < sizeof(acts) / sizeof(*acts); a++)
		for (const struct mark *mark = marks_first(&reading->marks, acts[a]); mark;
			mark = marks_next(&reading->marks, mark))
			for (size_t i = 0; mark->from && i < sizeof(words) / sizeof(*words); i++)
				if (!strcmp(reading->marks.fold.tokens[mark->from - 1].text, words[i]))
					return 1;
	return 0;
}

/* "did api start", "est-ce que api est remonté": whether it is done, not that it be done. */
static int asks_what_was_done(const struct reading *reading)
{
	static const char *const lead[] = { "is", "are", "has", "have", "did", "does", "was", "were",
		"ist", "sind", "hat", "haben", "wurde", "est-ce", "est", "sont" };
	const struct fold *fold = &reading->marks.fold;

	for (size_t i = 0; reading->names && i < sizeof(lead) / sizeof(*lead); i++)
		if (!strcmp(fold->tokens[0].text, lead[i]))
			return 1;
	return reading->names && fold->count &&
	       fold->tokens[fold->count - 1].shape & TOKEN_ASKED && is_said_to_be(reading);
}

/* "auf 8 Instanzen hochfahren", "auf 2 Pods runter": what is brought to a number. */
static int starts_so_many(const struct reading *reading)
{
	const struct marks *marks = &reading->marks;

	if (!(HAS(reading, C_START) || HAS(reading, C_STOP)) || !reading->names ||
		HAS(reading, C_SYMPTOM))
		return 0;
	for (const struct mark *mark = marks_first(marks, C_INTO); mark;
		mark = marks_next(marks, mark))
		if (filters_number(reading, mark->to) >= 0 &&
			(marks_at(marks, mark->to + 1u, C_MACHINE) ||
				marks_at(marks, mark->to + 1u, C_REPLICAS) ||
				marks_at(marks, mark->to + 1u, C_KIND)))
			return 1;
	return 0;
}

/* "put api on v1.9.3 again": what it is set to is no amount. */
static int set_to_version(const struct reading *reading)
{
	if (!reading->names || HAS(reading, C_REPLICAS) || HAS(reading, C_KIND))
		return 0;
	return HAS(reading, C_REVISION) ||
	       (rules_has_entity(reading, ENTITY_VERSION) && !HAS(reading, C_NUMBER) &&
		       !rules_has_entity(reading, ENTITY_SIZE));
}

/* "passe catalogue à quatre réplicas": a move, but to an amount and to no place. */
static int moves_to_amount(const struct reading *reading)
{
	return HAS(reading, C_MIGRATE) && HAS(reading, C_REPLICAS) && HAS(reading, C_NUMBER) &&
	       reading->names && !HAS(reading, C_WHY) &&
	       !json_get(reading->intent->filters, "to");
}

int rules_type(struct reading *reading)
{
	if (moves_to_amount(reading)) {
		set_type(reading, "scale");
		return 0;
	}
	if (starts_so_many(reading)) {
		set_type(reading, "scale");
		return 0;
	}
	if (HAS(reading, C_SCALE) && passes_to_engine(reading)) {
		set_type(reading, "migrate");
		filters_set(reading, "to", passes_to_engine(reading));
		return 0;
	}
	if ((HAS(reading, C_TERMINATE) || HAS(reading, C_REMOVE)) && leaves_balancer(reading)) {
		set_type(reading, "drain");
		return 0;
	}
	if (plural_records(reading) && (HAS(reading, C_WHICH) || HAS(reading, C_LIST)) &&
		!HAS(reading, C_SYMPTOM) && !HAS(reading, C_WHY) && !HAS(reading, C_TERMINATE)) {
		set_type(reading, "list"); /* "which dns records point to ..." */
		return 0;
	}
	for (size_t i = 0; i < sizeof(type_rows) / sizeof(*type_rows); i++) {
		const struct type_row *row = &type_rows[i];

		if (!rules_fit(reading, row->need, ROW_MARKS, row->avoid, ROW_MARKS, row->named))
			continue;
		set_type(reading, row->type);
		if (!strcmp(row->type, "terminate"))
			kills_daemon(reading);
		if (!strcmp(row->type, "investigate") && asks_whether_ill(reading))
			set_type(reading, "status");
		if ((!strcmp(row->type, "start") || !strcmp(row->type, "restart") ||
			    !strcmp(row->type, "stop")) &&
			asks_what_was_done(reading))
			set_type(reading, "status");
		if (!strcmp(row->type, "scale") && reading->names &&
			rules_has_entity(reading, ENTITY_REGION) && !HAS(reading, C_NUMBER) &&
			!rules_has_entity(reading, ENTITY_SIZE))
			set_type(reading, "migrate"); /* "leve users para sa-east-1" */
		if (!strcmp(row->type, "scale") && set_to_version(reading))
			set_type(reading, "rollback");
		return 0;
	}
	return type_implied(reading);
}
