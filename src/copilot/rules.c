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
	{ "explain_cost", { C_ANOMALY, C_PROVIDER }, { C_SYMPTOM, C_METRIC }, UNNAMED },
	{ "forecast", { C_FUTURE, C_PROVIDER }, { C_METRIC, C_KUBERNETES, C_DB, C_MIGRATE, C_STOP }, UNNAMED },
	{ "forecast", { C_FORECAST, C_PROVIDER }, { C_METRIC, C_KUBERNETES, C_DB, C_RUNOUT, C_WHEN }, UNNAMED },
	{ "audit_security", { C_AUDIT }, { C_WHY, C_TERMINATE, C_STOP, C_RESTART }, ANY_NAME },
	{ "audit_security", { C_INVESTIGATE, C_OPEN, C_SG }, { C_WHY, C_SYMPTOM }, ANY_NAME },
	{ "audit_security", { C_INVESTIGATE, C_OPEN, C_PORT_NOUN }, { C_WHY, C_SYMPTOM },
		ANY_NAME },
	{ "audit_security", { C_INVESTIGATE, C_CIDR }, { C_WHY, C_SYMPTOM }, ANY_NAME },
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
	{ "audit_security", { C_CIDR }, { C_START, C_SCALE }, ANY_NAME },
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

void rules_set_type(struct reading *reading, const char *type)
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
			for (size_t at = mark->from; at < mark->to; at++) { /* "instancias ec2" */
				const struct token *token = &fold->tokens[at];

				if (token->length > 2 && token->text[token->length - 1] == 's' &&
					strcmp(token->text, "redis") && strcmp(token->text, "postgres") &&
					strcmp(token->text, "aws") && strcmp(token->text, "rds") && strcmp(token->text, "kubernetes") &&
					strcmp(token->text, "donnees") && strcmp(token->text, "datos") && strcmp(token->text, "dados"))
					return 1;
			}
		}
	return 0;
}

/* A daemon is killed to be stopped, not to be gone. */
static void kills_daemon(struct reading *reading)
{
	const struct mark *act = marks_first(&reading->marks, C_TERMINATE);

	if (act && HAS(reading, C_SERVICE) && !HAS(reading, C_KIND) &&
		!strncmp(reading->marks.fold.tokens[act->from].text, "kill", 4))
		rules_set_type(reading, "stop");
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

/* "web está caído en prod": told of what stands before it, and not asked. */
static int told_down(const struct reading *reading)
{
	const struct fold *fold = &reading->marks.fold;

	if (!reading->names || fold->tokens[fold->count - 1].shape & TOKEN_ASKED || reading->name[0])
		return 0;
	for (size_t i = 1; i + 1 < fold->count; i++)
		if (!strncmp(fold->tokens[i].text, "esta", 4) && !strncmp(fold->tokens[i + 1].text, "caid", 4))
			return 1;
	return 0;
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

/* "est-ce que tu peux relancer web": whoever can is asked to do it. */
static int asks_to_do(const struct fold *fold)
{
	static const char *const who[] = { "tu", "vous", "on", "quelqu" };

	if (fold->count > 2 && !strcmp(fold->tokens[0].text, "have") && !(fold->tokens[fold->count - 1].shape & TOKEN_ASKED)) {
		int been = 0;

		for (size_t i = 0; i < fold->count; i++)
			been |= !strcmp(fold->tokens[i].text, "been") || !strcmp(fold->tokens[i].text, "you") || !strcmp(fold->tokens[i].text, "we");
		return !been; /* "have web restarted" */
	}
	for (size_t i = 0; fold->count > 3 && !strcmp(fold->tokens[0].text, "est-ce") && i < sizeof(who) / sizeof(*who); i++)
		if (!strcmp(fold->tokens[2].text, who[i]))
			return 1;
	return 0;
}

/* "did api start", "est-ce que api est remonté": whether it is done, not that it be done. */
static int asks_what_was_done(const struct reading *reading)
{
	static const char *const lead[] = { "is", "are", "has", "have", "did", "does", "was", "were",
		"ist", "sind", "hat", "haben", "wurde", "est-ce", "est", "sont" };
	const struct fold *fold = &reading->marks.fold;
	const char *first = fold->tokens[rules_first_word(reading)].text;

	for (size_t i = 0; reading->names && i < sizeof(lead) / sizeof(*lead); i++)
		if (!strcmp(first, lead[i]) && !asks_to_do(fold))
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
	const struct mark *version = marks_first(&reading->marks, C_VERSION);

	return HAS(reading, C_REVISION) || (version && version->value && !strcmp(version->value, "previous") && !HAS(reading, C_NUMBER)) ||
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

/* "gimme 12 pods of web": so many are wanted, and not to be shown. */
static int wants_so_many(const struct reading *reading)
{
	static const char *const words[] = { "gimme", "give", "get", "need", "want", "i", "we", "gib", "donne", "dame", "me" };
	const struct mark *kind = marks_first(&reading->marks, C_KIND);
	const struct fold *fold = &reading->marks.fold;
	const char *first = fold->tokens[rules_first_word(reading)].text;

	if (!reading->names || !kind || !kind->from || HAS(reading, C_SYMPTOM) || HAS(reading, C_WHICH) ||
		filters_number(reading, kind->from - 1u) < 0)
		return 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(first, words[i]))
			return 1;
	return 0;
}

/* "up web to 3": the first word is the act. */
static int begins_with_up(const struct reading *reading)
{
	const struct fold *fold = &reading->marks.fold;
	const char *first = fold->tokens[rules_first_word(reading)].text;

	if (!reading->names || (strcmp(first, "up") && strcmp(first, "down")))
		return 0;
	for (size_t i = 1; i < fold->count; i++)
		if (reading->entity[i] == ENTITY_NUMBER && !strcmp(fold->tokens[i - 1].text, "to"))
			return 1;
	return 0;
}

/* "crashing pods prod": which they are, before the noun, and nothing asked. */
static int lists_ailing(const struct reading *reading)
{
	const struct mark *symptom = marks_first(&reading->marks, C_SYMPTOM), *kind = marks_first(&reading->marks, C_KIND);

	return symptom && kind && symptom->to == kind->from && !symptom->from && !reading->names && rules_plural(reading) &&
	       !HAS(reading, C_WHY) && !HAS(reading, C_INVESTIGATE) && !HAS(reading, C_ASK) && kind->value &&
	       !(reading->marks.fold.tokens[reading->marks.fold.count - 1].shape & TOKEN_ASKED);
}

/* "show evicted pods": what has been done to them tells which, and the verb before it is no name. */
static int lists_done(struct reading *reading)
{
	static const char *const lead[] = { "show", "list", "display", "print", "zeige", "zeig", "liste", "montre", "affiche", "muestra", "lista",
		"mostra", "mostre" };
	const struct marks *marks = &reading->marks;
	int shows = 0;

	for (size_t i = 0; i < sizeof(lead) / sizeof(*lead); i++)
		shows |= !strcmp(marks->fold.tokens[0].text, lead[i]);
	if (!shows || reading->names > 1 || (reading->names && reading->name[0]) || !rules_plural(reading))
		return 0;
	for (const struct mark *kind = marks_first(marks, C_KIND); kind; kind = marks_next(marks, kind))
		for (size_t i = 0; i < marks->count; i++)
			if (rules_is_change(&marks->marks[i]) && marks->marks[i].to == kind->from && marks->marks[i].from == 1) {
				reading->names = 0;
				return 1;
			}
	return 0;
}

/* "get vm-2 onto m5.large": to a size, and not to be shown. */
static int goes_to_size(const struct reading *reading)
{
	static const char *const lead[] = { "to", "onto", "into", "auf", "a", "para", "pra", "en" };

	for (size_t i = 1; reading->names && i < reading->marks.fold.count; i++)
		for (size_t l = 0; reading->entity[i] == ENTITY_SIZE && l < sizeof(lead) / sizeof(*lead); l++)
			if (!strcmp(reading->marks.fold.tokens[i - 1].text, lead[l]))
				return 1;
	return 0;
}

/* "subir o checkout em dev": with no amount it is brought up. */
static int brings_up(const struct reading *reading)
{
	static const char *const words[] = { "subir", "sobe", "suba", "subam" };
	const struct mark *scale = marks_first(&reading->marks, C_SCALE);

	if (!scale || !reading->names || HAS(reading, C_NUMBER) || rules_has_entity(reading, ENTITY_NUMBER) || rules_has_entity(reading, ENTITY_SIZE) ||
		rules_has_entity(reading, ENTITY_TIMES) || HAS(reading, C_VAGUE) || HAS(reading, C_REPLICAS) || HAS(reading, C_UNIT) ||
		strcmp(words_language(reading->marks.words, reading->marks.language), "pt") != 0)
		return 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(reading->marks.fold.tokens[scale->from].text, words[i]))
			return 1;
	return 0;
}

int rules_type(struct reading *reading)
{
	if (implied_engine(reading) > 1 && !strncmp(reading->marks.fold.tokens[implied_engine(reading) - 1].text, "become", 6) &&
		!HAS(reading, C_WHICH) && !HAS(reading, C_WHY)) {
		rules_set_type(reading, "migrate");
		filters_set(reading, "to", implied_engine(reading));
		return 0;
	}
	if (goes_to_size(reading) && HAS(reading, C_STATUS) && !HAS(reading, C_WHICH) && !HAS(reading, C_WHY) && !HAS(reading, C_MIGRATE)) {
		for (struct mark *mark = reading->marks.marks; mark < reading->marks.marks + reading->marks.count; mark++)
			if (mark->concept == C_STATUS)
				rules_say_nothing(reading, mark);
		rules_set_type(reading, "scale"); /* "size of i-1 up to c6i.large" */
		return 0;
	}
	if (lists_done(reading)) {
		rules_set_type(reading, "list");
		return 0;
	}
	if (begins_with_up(reading) || lists_ailing(reading)) {
		rules_set_type(reading, lists_ailing(reading) ? "list" : "scale");
		return 0;
	}
	if (HAS(reading, C_LIST) && !HAS(reading, C_WHICH) && (wants_so_many(reading) || goes_to_size(reading))) {
		for (struct mark *mark = reading->marks.marks; mark < reading->marks.marks + reading->marks.count; mark++)
			if (mark->concept == C_LIST)
				rules_say_nothing(reading, mark);
		rules_set_type(reading, "scale");
		return 0;
	}
	if (implied_switch(reading) && HAS(reading, C_STATE) && !HAS(reading, C_WHICH) && !HAS(reading, C_LIST) &&
		(HAS(reading, C_ALL) || rules_has_entity(reading, ENTITY_LABEL))) {
		rules_set_type(reading, implied_switch(reading) > 0 ? "start" : "stop");
		return 0;
	}
	if (moves_to_amount(reading)) {
		rules_set_type(reading, "scale");
		return 0;
	}
	if (starts_so_many(reading)) {
		rules_set_type(reading, "scale");
		return 0;
	}
	if (HAS(reading, C_SCALE) && implied_engine(reading)) {
		rules_set_type(reading, "migrate");
		filters_set(reading, "to", implied_engine(reading));
		return 0;
	}
	if ((HAS(reading, C_TERMINATE) || HAS(reading, C_REMOVE)) && implied_leaves_balancer(reading)) {
		rules_set_type(reading, "drain");
		return 0;
	}
	if (implied_records(reading) && (HAS(reading, C_WHICH) || HAS(reading, C_LIST)) &&
		!HAS(reading, C_SYMPTOM) && !HAS(reading, C_WHY) && !HAS(reading, C_TERMINATE)) {
		rules_set_type(reading, "list"); /* "which dns records point to ..." */
		return 0;
	}
	for (size_t i = 0; i < sizeof(type_rows) / sizeof(*type_rows); i++) {
		const struct type_row *row = &type_rows[i];

		if (!rules_fit(reading, row->need, ROW_MARKS, row->avoid, ROW_MARKS, row->named))
			continue;
		rules_set_type(reading, row->type);
		if (!strcmp(row->type, "terminate"))
			kills_daemon(reading);
		if (!strcmp(row->type, "investigate") && asks_whether_ill(reading))
			rules_set_type(reading, "status");
		else if (!strcmp(row->type, "status") && told_down(reading))
			rules_set_type(reading, "investigate");
		if ((!strcmp(row->type, "start") || !strcmp(row->type, "restart") ||
			    !strcmp(row->type, "stop")) &&
			asks_what_was_done(reading))
			rules_set_type(reading, "status");
		if (!strcmp(row->type, "scale") && reading->names &&
			rules_has_entity(reading, ENTITY_REGION) && !HAS(reading, C_NUMBER) &&
			!rules_has_entity(reading, ENTITY_SIZE))
			rules_set_type(reading, "migrate"); /* "leve users para sa-east-1" */
		if (!strcmp(row->type, "scale") && brings_up(reading))
			rules_set_type(reading, "start");
		if ((!strcmp(row->type, "scale") || !strcmp(row->type, "start")) && set_to_version(reading))
			rules_set_type(reading, "rollback");
		return 0;
	}
	return implied_type(reading);
}
