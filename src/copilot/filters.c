/* filters.c - what the sentence says about the target besides its name. Only what is said; nothing
 * is guessed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "copilot/grammar.h"
#include "copilot/reading.h"

static void set_raw(struct reading *reading, const char *key, size_t token)
{
	const struct token *t = &reading->marks.fold.tokens[token];

	json_set(reading->intent->filters, key, json_string_n(t->raw, t->raw_length));
	reading->used[token] = 1;
}

static int is_type(const struct reading *reading, const char *type)
{
	return !strcmp(reading->intent->type, type);
}

/* A number said at token, in digits or words; -1 none. */
static long number_at(const struct reading *reading, size_t token)
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
		long number = number_at(reading, i);
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
			set_raw(reading, "time", i);
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
			set_raw(reading, "label", i);
			break;
		case ENTITY_CIDR:
			set_raw(reading, "cidr", i);
			break;
		case ENTITY_SIZE:
			set_raw(reading, "size", i);
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
		size_t at = number_at(reading, mark->to) >= 0 ? mark->to
			    : mark->from                      ? mark->from - 1u
							      : 0;
		long port = number_at(reading, at);

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

/* Other marks of the word no longer count: "namespace billing" is no bill. */
static void take_namespace(struct reading *reading, size_t at)
{
	struct marks *marks = &reading->marks;

	for (size_t i = 0; i < marks->count; i++)
		if (marks->marks[i].from == at && marks->marks[i].to == at + 1u) {
			marks->seen[marks->marks[i].concept]--;
			marks->marks[i].concept = C_FILL;
			marks->seen[C_FILL]++;
		}
	marks->taken[at] = 1;
	set_raw(reading, "namespace", at);
}

/* "-n payments", as kubectl is told. */
static void claim_namespace_option(struct reading *reading)
{
	const struct token *tokens = reading->marks.fold.tokens;

	for (size_t i = 0; i + 1 < reading->marks.fold.count; i++)
		if (tokens[i].shape & TOKEN_NEGATIVE && !strcmp(tokens[i].text, "n") &&
			!(tokens[i + 1].shape & TOKEN_CJK)) {
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
	       reading->used[at] != 2 &&
	       (!marks->taken[at] || reading->entity[at] == ENTITY_REGION ||
		       marks_at(marks, at, C_DB) || marks_at(marks, at, C_PROVIDER) ||
		       marks_at(marks, at, C_KUBERNETES));
}

/* "to cluster-b", "nach eu-west-1", "to aurora": where a move goes. */
static void claim_destination(struct reading *reading)
{
	if (!HAS(reading, C_MIGRATE))
		return;
	for (const struct mark *mark = marks_first(&reading->marks, C_MIGRATE); mark;
		mark = marks_next(&reading->marks, mark)) {
		size_t at = mark->to;

		if (at == mark->from + 1u ||
			strcmp(reading->marks.fold.tokens[at - 1].text, "to") != 0)
			continue;
		at += marks_at(&reading->marks, at, C_CLUSTER) != NULL;
		if (may_be_destination(reading, at)) { /* "should go to cluster-2" */
			set_raw(reading, "to", at);
			reading->used[at] = 2;
			return;
		}
	}
	for (const struct mark *mark = marks_first(&reading->marks, C_INTO); mark;
		mark = marks_next(&reading->marks, mark)) {
		size_t at = mark->to;

		if (reading->marks.fold.tokens[mark->from].shape & TOKEN_CJK) {
			at = mark->from ? mark->from - 1u : 0;
		} else {
			while (at + 1 < reading->marks.fold.count &&
				(marks_at(&reading->marks, at, C_CLUSTER) ||
					marks_at(&reading->marks, at, C_FILL) ||
					marks_at(&reading->marks, at, C_CALLED)))
				at++;
		}
		if (!may_be_destination(reading, at))
			continue;
		set_raw(reading, "to", at);
		reading->used[at] = 2;
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
	claim_destination(reading);
	claim_namespace_option(reading);
	if (!json_get(reading->intent->filters, "namespace"))
		claim_namespace(reading);
	note_numbers(reading);
}

/* --- once type and resource are known --- */

static void fill_value(struct reading *reading, enum concept concept, const char *key)
{
	const struct mark *mark = marks_first(&reading->marks, concept);

	if (mark && mark->value && strcmp(mark->value, "*") &&
		!json_get(reading->intent->filters, key))
		json_set_text(reading->intent->filters, key, mark->value);
}

/* "deployment router", "payments pods": the kind of the one named. A node's is in its name. */
static int kind_beside_name(const struct reading *reading)
{
	if (reading->names != 1)
		return 0;
	for (const struct mark *mark = marks_first(&reading->marks, C_KIND); mark;
		mark = marks_next(&reading->marks, mark))
		if ((!strcmp(mark->value, "deployment") || !strcmp(mark->value, "pod")) &&
			(mark->to == reading->name[0] || mark->from == reading->name[0] + 1u))
			return 1;
	return 0;
}

static void fill_namespace(struct reading *reading)
{
	struct json *filters = reading->intent->filters;
	const char *namespace_name = json_text(json_get(filters, "namespace"));
	int other_kind = 0;

	if (reading->seen)
		return; /* the row on the screen said it all */
	for (const struct mark *mark = marks_first(&reading->marks, C_KIND); mark;
		mark = marks_next(&reading->marks, mark))
		other_kind |= strcmp(mark->value, "namespace") != 0;
	if (namespace_name && !reading->names && !other_kind && !is_type(reading, "list")) {
		json_set(filters, "name", json_string(namespace_name));
		json_remove(filters, "namespace");
		json_set_text(filters, "kind", "namespace");
		return;
	}
	if (!strcmp(reading->intent->resource, "kubernetes"))
		for (const struct mark *mark = marks_first(&reading->marks, C_KIND); mark;
			mark = marks_next(&reading->marks, mark))
			if (!(namespace_name && !strcmp(mark->value, "namespace")))
				json_set_text(filters, "kind", mark->value);
	const char *kind = json_text(json_get(filters, "kind"));
	if (!kind || kind_beside_name(reading) || is_type(reading, "list") ||
		(is_type(reading, "investigate") && !reading->names) ||
		(is_type(reading, "audit_security") && !strcmp(kind, "rbac")) ||
		(is_type(reading, "terminate") && reading->names))
		return;
	json_remove(filters, "kind");
}

static void fill_version(struct reading *reading)
{
	const struct mark *revision = marks_first(&reading->marks, C_REVISION);
	char text[32];

	if (!is_type(reading, "rollback"))
		return;
	for (size_t i = 0; i < reading->marks.fold.count; i++)
		if (reading->entity[i] == ENTITY_VERSION)
			set_raw(reading, "version", i);
	if (revision && number_at(reading, revision->to) >= 0) {
		snprintf(text, sizeof(text), "revision-%ld", number_at(reading, revision->to));
		json_set_text(reading->intent->filters, "version", text);
	}
	fill_value(reading, C_VERSION, "version");
}

static void fill_region(struct reading *reading)
{
	const char *key = is_type(reading, "migrate") && !json_get(reading->intent->filters, "to")
				  ? "to"
				  : "region";

	for (size_t i = 0; i < reading->marks.fold.count; i++)
		if (reading->entity[i] == ENTITY_REGION && reading->used[i] != 2)
			set_raw(reading,
				i && marks_at(&reading->marks, i - 1, C_FROM) ? "region" : key, i);
}

static void fill_replicas(struct reading *reading)
{
	if (!is_type(reading, "scale"))
		return;
	for (size_t i = 0; i < reading->marks.fold.count; i++) {
		long number = reading->used[i] ? -1 : number_at(reading, i);

		if (number < 0)
			continue;
		json_set_int(reading->intent->filters, "replicas", number);
		if (HAS(reading, C_INTO) && i && !marks_at(&reading->marks, i - 1, C_INTO))
			continue; /* "from 8 to 16" */
		return;
	}
}

static void fill_service(struct reading *reading)
{
	const struct mark *mark = marks_first(&reading->marks, C_SERVICE);
	struct json *filters = reading->intent->filters;

	if (!strcmp(reading->intent->resource, "host") && mark)
		set_raw(reading, "service", mark->from);
	if (strcmp(reading->intent->resource, "bill"))
		return;
	fill_value(reading, C_BILLED, "service");
	if (json_get(filters, "service"))
		return;
	for (mark = marks_first(&reading->marks, C_PROVIDER); mark;
		mark = marks_next(&reading->marks, mark))
		if (!strcmp(mark->value, "rds")) {
			json_set_text(filters, "service", "rds");
			json_set_text(filters, "provider", "aws");
		}
	if (HAS(reading, C_EC2)) {
		json_set_text(filters, "service", "ec2");
		json_set_text(filters, "provider", "aws");
	} else if (HAS(reading, C_KUBERNETES) && !HAS(reading, C_KIND)) {
		json_set_text(filters, "service", "kubernetes");
	}
}

/* A database runs out of storage, a machine of disk, whatever the word. */
static void fit_metric(struct reading *reading)
{
	const char *metric = json_text(json_get(reading->intent->filters, "metric")),
		   *resource = reading->intent->resource;
	int database = !strcmp(resource, "db"), machine = !strcmp(resource, "host") ||
							  !strcmp(resource, "vm") ||
							  !strcmp(resource, "ec2");

	if (is_type(reading, "forecast") && !metric && HAS(reading, C_RUNOUT) &&
		(database || machine))
		json_set_text(reading->intent->filters, "metric", database ? "storage" : "disk");
	else if (metric && database && !strcmp(metric, "disk"))
		json_set_text(reading->intent->filters, "metric", "storage");
	else if (metric && machine && !strcmp(metric, "storage"))
		json_set_text(reading->intent->filters, "metric", "disk");
}

static void fill_metric(struct reading *reading)
{
	if (is_type(reading, "investigate") || is_type(reading, "forecast"))
		fill_value(reading, C_METRIC, "metric");
	fit_metric(reading);
	if (is_type(reading, "forecast") && !strcmp(reading->intent->resource, "bill"))
		json_remove(reading->intent->filters, "metric");
	if (is_type(reading, "investigate"))
		fill_value(reading, C_STATUS_CODE, "status");
	if (is_type(reading, "list") && !strcmp(reading->intent->resource, "log")) {
		const struct mark *mark = marks_first(&reading->marks, C_METRIC);

		fill_value(reading, C_LEVEL, "level");
		fill_value(reading, C_STATUS_CODE, "status");
		if (mark && mark->value && !strcmp(mark->value, "errors") &&
			!HAS(reading, C_STATUS_CODE))
			json_set_text(reading->intent->filters, "level", "error");
	}
}

/* "migrate the database to postgres": the engine it goes to is not the one it has. */
static int destination_is_all(const struct reading *reading)
{
	const struct mark *mark = marks_first(&reading->marks, C_PROVIDER);

	return mark && is_type(reading, "migrate") && !marks_next(&reading->marks, mark) &&
	       reading->used[mark->from] == 2;
}

static void fill_provider(struct reading *reading)
{
	if (destination_is_all(reading))
		return;
	if (strcmp(reading->intent->resource, "sg"))
		fill_value(reading, C_PROVIDER, "provider");
	else if (HAS(reading, C_PROVIDER)) {
		const struct mark *mark = marks_first(&reading->marks, C_PROVIDER);

		if (!strcmp(mark->value, "aws") || !strcmp(mark->value, "gcp") ||
			!strcmp(mark->value, "azure"))
			fill_value(reading, C_PROVIDER, "provider");
	}
	/* Engines only mean something of databases and their costs. */
	if (is_type(reading, "migrate") && !json_get(reading->intent->filters, "to"))
		for (const struct mark *mark = marks_first(&reading->marks, C_PROVIDER); mark;
			mark = marks_next(&reading->marks, mark))
			if (mark->from && marks_at(&reading->marks, mark->from - 1u, C_INTO)) {
				json_set_text(reading->intent->filters, "to", mark->value);
				if (mark == marks_first(&reading->marks, C_PROVIDER))
					json_remove(reading->intent->filters, "provider");
			}
}

static void fill_scope(struct reading *reading)
{
	const struct mark *mark = marks_first(&reading->marks, C_SCOPE);

	if (mark)
		strcpy(reading->intent->scope, intent_word_find(intent_scopes, mark->value)->name);
	else if (reading->seen && reading->seen->scope &&
		 intent_word_find(intent_scopes, reading->seen->scope))
		strcpy(reading->intent->scope,
			intent_word_find(intent_scopes, reading->seen->scope)->name);
}

/* "pods running in prod" are the pods there are; "running pods" leaves others out. */
static int runs_anyway(const struct reading *reading, const struct mark *mark)
{
	const struct mark *kind = marks_first(&reading->marks, C_KIND);

	return !strcmp(mark->value, "running") &&
	       !strcmp(reading->intent->resource, "kubernetes") &&
	       (reading->marks.fold.cjk || (kind && kind->from < mark->from));
}

static void fill_state(struct reading *reading)
{
	if (is_type(reading, "list") || is_type(reading, "audit_security") ||
		is_type(reading, "investigate"))
		for (const struct mark *mark = marks_first(&reading->marks, C_STATE); mark;
			mark = marks_next(&reading->marks, mark))
			if (!runs_anyway(reading, mark))
				json_set_text(reading->intent->filters, "state", mark->value);
	if (is_type(reading, "list") && HAS(reading, C_CERT) && HAS(reading, C_RUNOUT))
		json_set_text(reading->intent->filters, "state", "expiring");
	if (is_type(reading, "list") && HAS(reading, C_STATUS) &&
		!strcmp(reading->intent->resource, "ec2") &&
		!json_get(reading->intent->filters, "state"))
		json_set_text(reading->intent->filters, "state", "running");
	if (is_type(reading, "audit_security")) {
		fill_value(reading, C_CIDR, "cidr");
		fill_value(reading, C_PORT, "port");
		for (size_t i = 0;
			i < reading->marks.fold.count && !strcmp(reading->intent->resource, "sg");
			i++)
			if (reading->entity[i] == ENTITY_NUMBER && !reading->used[i] &&
				!json_get(reading->intent->filters, "port") &&
				number_at(reading, i) > 19)
				json_set_int(
					reading->intent->filters, "port", number_at(reading, i));
	}
	const char *port = json_text(json_get(reading->intent->filters, "port"));
	if (port) /* the vocabulary has texts */
		json_set_int(reading->intent->filters, "port", atol(port));
}

void filters_fill(struct reading *reading)
{
	fill_scope(reading);
	fill_namespace(reading);
	fill_version(reading);
	fill_region(reading);
	fill_replicas(reading);
	fill_service(reading);
	fill_metric(reading);
	fill_provider(reading);
	fill_state(reading);
	fill_value(reading, C_TIME, "time");
	fill_value(reading, C_CONSTRAINT, "constraint");
}
