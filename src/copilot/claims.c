/* claims.c - words that are no name whatever is asked: windows of time, ports, sizes, labels, the
 * namespace, where a move goes, the ticket a sentence was taken from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "copilot/reading.h"

void filters_set(struct reading *reading, const char *key, size_t token)
{
	const struct token *t = &reading->marks.fold.tokens[token];

	json_set(reading->intent->filters, key, json_string_n(t->raw, t->raw_length));
	reading->used[token] = 1;
}

long filters_number(const struct reading *reading, size_t token)
{
	const struct mark *mark;

	if (token >= reading->marks.fold.count)
		return -1;
	if ((reading->entity[token] == ENTITY_NUMBER || reading->entity[token] == ENTITY_TIMES) &&
		reading->marks.fold.tokens[token].length < 10)
		return atol(reading->marks.fold.tokens[token].text +
			    (*reading->marks.fold.tokens[token].text == 'x'));
	mark = marks_at(&reading->marks, token, C_NUMBER);
	return mark && mark->value ? atol(mark->value) : -1;
}

static const struct mark *mark_after(
	const struct reading *reading, size_t token, enum concept concept)
{
	return token + 1 < reading->marks.fold.count ? marks_at(&reading->marks, token + 1, concept)
						     : NULL;
}

/* "30 days" "two weeks" */
static void claim_windows(struct reading *reading)
{
	for (size_t i = 0; i < reading->marks.fold.count; i++) {
		long number = filters_number(reading, i);
		const struct mark *number_mark = marks_at(&reading->marks, i, C_NUMBER);
		size_t end = number_mark ? number_mark->to - 1u : i;
		/* "deux dernières heures" */
		const struct mark *last = mark_after(reading, end, C_LAST);
		const struct mark *unit =
			mark_after(reading, last ? last->to - 1u : end, C_UNIT);
		int recurring = i && (marks_at(&reading->marks, i - 1, C_ALL) ||
					     marks_at(&reading->marks, i - 1, C_SYMPTOM));
		char text[32];

		if (reading->entity[i] == ENTITY_WINDOW && /* "500s" are errors */
			!marks_at(&reading->marks, i, C_SYMPTOM) &&
			!json_get(reading->intent->filters, "time")) {
			filters_set(reading, "time", i);
			continue;
		}
		if (number < 0 || !unit)
			continue;
		for (size_t used = i; used < unit->to; used++)
			reading->used[used] = 1;
		if (recurring) /* "restarts every five minutes" is no window */
			continue;
		if (!strcmp(unit->value, "w"))
			snprintf(text, sizeof(text), "%ldd", number * 7);
		else if (!strcmp(unit->value, "mo"))
			snprintf(text, sizeof(text), "%ldd", number * 30);
		else
			snprintf(text, sizeof(text), "%ld%s", number, unit->value);
		json_set_text(reading->intent->filters, "time", text);
	}
}

static void claim_entities(struct reading *reading)
{
	for (size_t i = 0; i < reading->marks.fold.count; i++) {
		if (reading->used[i])
			continue;
		switch (reading->entity[i]) {
		case ENTITY_LABEL:
			filters_set(reading, "label", i);
			break;
		case ENTITY_CIDR:
			filters_set(reading, "cidr", i);
			break;
		case ENTITY_SIZE:
			/* "to m5.xlarge from m5.large" */
			if (!i || !marks_at(&reading->marks, i - 1, C_FROM) || !json_get(reading->intent->filters, "size"))
				filters_set(reading, "size", i);
			reading->used[i] = 1;
			break;
		case ENTITY_REGION:
			reading->used[i] = 1; /* region or destination: known with the type */
			break;
		case ENTITY_VERSION:
			reading->used[i] = 1;
			break;
		default:
			break;
		}
	}
}

/* "port 22", "3306": a port is a number beside the word, or in brackets. */
static void claim_port(struct reading *reading)
{
	for (const struct mark *mark = marks_first(&reading->marks, C_PORT_NOUN); mark;
		mark = marks_next(&reading->marks, mark)) {
		size_t at = filters_number(reading, mark->to) >= 0 ? mark->to
			    : mark->from                      ? mark->from - 1u
							      : 0;
		long port = filters_number(reading, at);

		if (port <= 0 || port > 65535 || reading->used[at])
			continue;
		json_set_int(reading->intent->filters, "port", port);
		reading->used[at] = 1;
	}
}

/* "delete namespace shop": the act stands right before, so nothing further on is the name. */
static int deleted(const struct reading *reading, const struct mark *mark)
{
	size_t at = mark->from;

	while (at && marks_at(&reading->marks, at - 1, C_FILL))
		at--;
	return at && marks_at(&reading->marks, at - 1, C_TERMINATE);
}

/* What the word alone means no longer counts: "namespace billing" is no bill. */
static void void_marks(struct reading *reading, size_t at)
{
	struct marks *marks = &reading->marks;

	for (size_t i = 0; i < marks->count; i++)
		if (marks->marks[i].from == at && marks->marks[i].to == at + 1u) {
			marks->seen[marks->marks[i].concept]--;
			marks->marks[i].concept = C_FILL;
			marks->seen[C_FILL]++;
		}
}

static void take_namespace(struct reading *reading, size_t at)
{
	void_marks(reading, at);
	reading->marks.taken[at] = 1;
	filters_set(reading, "namespace", at);
}

/* "-n payments", as kubectl is told. */
static void claim_namespace_option(struct reading *reading)
{
	const struct token *tokens = reading->marks.fold.tokens;

	for (size_t i = 0; i + 1 < reading->marks.fold.count; i++)
		if (tokens[i].shape & TOKEN_NEGATIVE && !strcmp(tokens[i].text, "n") &&
			!(tokens[i + 1].shape & TOKEN_CJK)) {
			void_marks(reading, i);
			reading->used[i] = 1;
			take_namespace(reading, i + 1);
			return;
		}
}

static int may_be_namespace(const struct reading *reading, size_t at, int whatever)
{
	return at < reading->marks.fold.count &&
	       !(reading->marks.fold.tokens[at].shape & TOKEN_CJK) &&
	       reading->entity[at] >= ENTITY_MACHINE_ID &&
	       (whatever ? !marks_at(&reading->marks, at, C_ON) &&
					!marks_at(&reading->marks, at, C_SCOPE) &&
					!marks_at(&reading->marks, at, C_FROM)
			 : !reading->marks.taken[at] ||
				       marks_at(&reading->marks, at, C_NAMESPACE) ||
				       names_everyday(reading, at));
}

/* "namespaces"; "ns" is one. */
static int says_several(const struct token *token)
{
	return token->length > 2 && token->text[token->length - 1] == 's';
}

/* "namespace billing" or "billing namespace" beside another target; alone it is the name. */
static void claim_namespace(struct reading *reading)
{
	const struct mark *mark = marks_first(&reading->marks, C_NAMESPACE);
	size_t at;

	while (mark && mark->value) /* "kube-system" is one by itself */
		mark = marks_next(&reading->marks, mark);
	if (!mark || says_several(&reading->marks.fold.tokens[mark->to - 1]))
		return;
	for (at = mark->to; marks_at(&reading->marks, at, C_CALLED) ||
			    marks_at(&reading->marks, at, C_FILL);)
		at++;
	if (!may_be_namespace(reading, at, deleted(reading, mark)))
		at = mark->from ? mark->from - 1u : reading->marks.fold.count;
	if (!may_be_namespace(reading, at, 0))
		return;
	reading->namespace_alone = deleted(reading, mark);
	take_namespace(reading, at);
}

static int may_be_destination(const struct reading *reading, size_t at)
{
	const struct marks *marks = &reading->marks;

	return at < marks->fold.count && reading->entity[at] >= ENTITY_REGION &&
	       /* a region, a cluster, an engine, a provider: no host somewhere */
	       reading->entity[at] != ENTITY_DOMAIN && reading->entity[at] != ENTITY_IP &&
	       reading->used[at] != 2 &&
	       (!marks->taken[at] || reading->entity[at] == ENTITY_REGION ||
		       /* "to cluster green" */
		       (at && marks_at(marks, at - 1, C_CLUSTER) && names_everyday(reading, at)) ||
		       marks_at(marks, at, C_DB) || marks_at(marks, at, C_PROVIDER) ||
		       (at && marks_at(marks, at, C_DNS) && marks_at(marks, at - 1, C_INTO)) ||
		       marks_at(marks, at, C_KUBERNETES));
}

static void take_destination(struct reading *reading, size_t at)
{
	filters_set(reading, "to", at);
	reading->used[at] = 2;
}

/* Where the words after a mark of "to" lead; past the end when nowhere. */
static int is_article(const struct token *token)
{
	static const char *const articles[] = { "the", "den", "das", "die", "le", "la", "el", "o" };

	for (size_t i = 0; i < sizeof(articles) / sizeof(*articles); i++)
		if (!strcmp(token->text, articles[i]))
			return 1;
	return 0;
}

static size_t led_to(const struct reading *reading, const struct mark *mark)
{
	const struct marks *marks = &reading->marks;
	size_t at = mark->to;

	if (marks->fold.tokens[mark->from].shape & TOKEN_CJK)
		return mark->from ? mark->from - 1u : marks->fold.count;
	while (at + 1 < marks->fold.count &&
		(marks_at(marks, at, C_CLUSTER) || marks_at(marks, at, C_FILL) ||
			marks_at(marks, at, C_CALLED) || is_article(&marks->fold.tokens[at])))
		at++;
	return at;
}

/* "blog to cluster eks-2": nothing but a move leads there. */
static int goes_to_cluster(const struct reading *reading, size_t at)
{
	for (int act = C_SCALE; act <= C_DRAIN; act++)
		if (HAS(reading, act))
			return 0;
	return reading->entity[at] == ENTITY_DASHED && !HAS(reading, C_WHY) &&
	       !HAS(reading, C_LIST) && !HAS(reading, C_SYMPTOM) &&
	       (marks_at(&reading->marks, at - 1, C_CLUSTER) ||
		       strstr(reading->marks.fold.tokens[at].text, "cluster"));
}

static int leads(const struct token *token)
{
	static const char *const lead[] = { "in", "on", "to", "into", "nach", "auf", "vers", "sur",
		"dans", "a", "para", "hacia", "em", "en" };

	for (size_t i = 0; i < sizeof(lead) / sizeof(*lead); i++)
		if (!strcmp(token->text, lead[i]))
			return 1;
	return 0;
}

/* "should live in cluster-2": the act's own last word leads to the place. */
static int ends_leading(const struct marks *marks, size_t at)
{
	static const enum concept acts[] = { C_MIGRATE, C_SCALE };

	for (size_t i = 0; i < sizeof(acts) / sizeof(*acts); i++) {
		const struct mark *act = marks_at(marks, at - 1, acts[i]);

		if (act && act->to == at)
			return 1;
	}
	return 0;
}

/* "leaves for azure". */
static int leaves_for(const struct marks *marks, size_t at)
{
	return ends_leading(marks, at) && !strcmp(marks->fold.tokens[at - 1].text, "for");
}

/* "migra web para o cluster blue", where "para o cluster" is part of the act. */
static int ends_on_cluster(const struct marks *marks, size_t at)
{
	return ends_leading(marks, at) && !strncmp(marks->fold.tokens[at - 1].text, "cluster", 7);
}

/* "from cluster blue to cluster teal": where it comes from is no name. */
static void claim_source(struct reading *reading)
{
	const struct marks *marks = &reading->marks;

	for (const struct mark *mark = marks_first(marks, C_FROM); mark && HAS(reading, C_MIGRATE) && HAS(reading, C_INTO);
		mark = marks_next(marks, mark)) {
		size_t at = mark->to;

		/* "web from blue-1 to green-1" */
		if (at + 1 < marks->fold.count && mark->from && marks_at(marks, at + 1, C_INTO) && reading->entity[at] == ENTITY_DASHED &&
			!marks->taken[at] && !marks->taken[mark->from - 1u])
			reading->used[at] = 1;
		while (at < marks->fold.count && (marks_at(marks, at, C_FILL) || marks_at(marks, at, C_CLUSTER)))
			at++;
		if (at > mark->to && at + 1 < marks->fold.count && !marks->taken[at] &&
			(marks_at(marks, at - 1, C_CLUSTER) || marks_at(marks, at + 1, C_INTO)))
			reading->used[at] = 1; /* "from the old provider to route53" */
	}
}

/* "to cluster-b", "nach eu-west-1", "to aurora": where a move goes. To a region, things go without
 * saying that they move. */
static void claim_destination(struct reading *reading)
{
	struct marks *marks = &reading->marks;

	for (const struct mark *mark = marks_first(marks, C_INTO); mark;
		mark = marks_next(marks, mark)) {
		size_t at = led_to(reading, mark);

		if (may_be_destination(reading, at) &&
			(HAS(reading, C_MIGRATE) || reading->entity[at] == ENTITY_REGION ||
				goes_to_cluster(reading, at))) {
			take_destination(reading, at);
			return;
		}
	}
	for (size_t at = 1; HAS(reading, C_MIGRATE) && at < marks->fold.count; at++) {
		size_t to = at + (marks_at(marks, at, C_CLUSTER) != NULL);

		size_t before = at - (at > 1 && is_article(&marks->fold.tokens[at - 1]));

		while (to > at && before > 1 && marks_at(marks, before - 1, C_FILL) && !leads(&marks->fold.tokens[before - 1]))
			before--; /* "over to the new cluster orion" */

		if (!(leads(&marks->fold.tokens[before - 1]) || leaves_for(marks, at) || ends_on_cluster(marks, at)) || !may_be_destination(reading, to) ||
			(to == at && strcmp(marks->fold.tokens[before - 1].text, "to") != 0 && !ends_leading(marks, before) &&
				!ends_leading(marks, at) && !marks_at(marks, to, C_DB)))
			continue;
		take_destination(reading, to); /* "should go to cluster-2" */
		return;
	}
}

/* Digits count as numbers for the rules; one below zero cannot be a count. */
static void note_numbers(struct reading *reading)
{
	for (size_t i = 0; i < reading->marks.fold.count; i++) {
		if (reading->entity[i] != ENTITY_NUMBER || reading->used[i])
			continue;
		reading->marks
			.seen[reading->marks.fold.tokens[i].shape & TOKEN_NEGATIVE ? C_IMPOSSIBLE
										   : C_NUMBER]++;
	}
}

/* "INC-4711: ...", "TICKET 8812 - ...": where the sentence was taken from. */
static void claim_ticket(struct reading *reading)
{
	const struct token *first = reading->marks.fold.tokens;
	size_t last = reading->marks.fold.count > 2 && reading->entity[1] == ENTITY_NUMBER &&
			      reading->entity[0] == ENTITY_WORD;
	const char *end = first[last].raw + first[last].raw_length;
	size_t upper = 0;

	while (upper < first->raw_length && first->raw[upper] >= 'A' && first->raw[upper] <= 'Z')
		upper++;
	if (upper < 2)
		return;
	if (!last && (first->raw[upper] != '-' ||
			     upper + 1 + strspn(first->raw + upper + 1, "0123456789") !=
				     first->raw_length))
		return;
	if (*end == ':' || !strncmp(end, " - ", 3))
		for (size_t i = 0; i <= last; i++)
			reading->used[i] = 1;
}

void filters_claim(struct reading *reading)
{
	claim_ticket(reading);
	claim_windows(reading);
	claim_port(reading);
	claim_entities(reading);
	claim_source(reading);
	claim_destination(reading);
	claim_namespace_option(reading);
	if (!json_get(reading->intent->filters, "namespace"))
		claim_namespace(reading);
	note_numbers(reading);
}
