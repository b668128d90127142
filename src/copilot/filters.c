/* filters.c - what the sentence says about the target besides its name. Only what is said; nothing
 * is guessed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "copilot/grammar.h"
#include "copilot/reading.h"

static int is_type(const struct reading *reading, const char *type)
{
	return !strcmp(reading->intent->type, type);
}

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
		if (reading->entity[i] == ENTITY_VERSION &&
			/* "to 2.3.0 from 2.4.0" */
			!(i && marks_at(&reading->marks, i - 1, C_FROM) && json_get(reading->intent->filters, "version")) &&
			/* "parcels 2.0 misbehaves, previous version please" */
			(!HAS(reading, C_VERSION) || !i ||
				marks_at(&reading->marks, i - 1, C_INTO) ||
				marks_at(&reading->marks, i - 1, C_ROLLBACK) ||
				marks_at(&reading->marks, i - 1, C_VERSION)))
			filters_set(reading, "version", i);
	if (revision && filters_number(reading, revision->to) >= 0) {
		snprintf(text, sizeof(text), "revision-%ld", filters_number(reading, revision->to));
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
			filters_set(reading,
				i && marks_at(&reading->marks, i - 1, C_FROM) ? "region" : key, i);
}

static int is_joint(const struct reading *reading, size_t token)
{
	static const char *const words[] = { "to", "auf", "a", "para" };
	const char *text = reading->marks.fold.tokens[token].text;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(text, words[i]))
			return 1;
	return marks_at(&reading->marks, token, C_INTO) != NULL;
}

/* "3 -> 9" */
static int points_to(const struct token *from, const struct token *to)
{
	for (const char *at = from->raw + from->raw_length; at < to->raw; at++)
		if (*at == '>' || !strncmp(at, "\xE2\x86\x92", 3))
			return 1;
	return 0;
}

/* "from 3 to 9", "3 -> 9", "web has 3 pods, make it 9": how many there are, and how many there shall be is said behind it. */
static int is_count_now(const struct reading *reading, size_t token)
{
	const struct token *tokens = reading->marks.fold.tokens;
	size_t next = token + 1;

	while (next < reading->marks.fold.count && (reading->used[next] || filters_number(reading, next) < 0))
		next++;
	if (next >= reading->marks.fold.count)
		return 0;
	if (token && (marks_at(&reading->marks, token - 1, C_FROM) || !strcmp(tokens[token - 1].text, "has") || !strcmp(tokens[token - 1].text, "statt")))
		return 1;
	if (next == token + 1)
		return points_to(&tokens[token], &tokens[next]);
	if (tokens[token + 1].shape & TOKEN_CJK && marks_at(&reading->marks, token + 1, C_FROM))
		return 1;
	return (next == token + 2 && is_joint(reading, token + 1)) ||
	       (!rules_acts_near(reading, token) && rules_clause(reading, token).to < next &&
		       (!token || !marks_at(&reading->marks, token - 1, C_INTO) || is_joint(reading, next - 1)));
}

static void fill_replicas(struct reading *reading)
{
	if (!is_type(reading, "scale"))
		return;
	for (size_t i = 0; i < reading->marks.fold.count; i++) {
		long number = reading->used[i] ? -1 : filters_number(reading, i);

		if (number < 0 || is_count_now(reading, i))
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

	if (!strcmp(reading->intent->resource, "host") && mark) { /* in small letters, as it is called */
		json_set_text(filters, "service", reading->marks.fold.tokens[mark->from].text);
		reading->used[mark->from] = 1;
	}
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
	if (is_type(reading, "list") && (HAS(reading, C_STATUS) || HAS(reading, C_START)) &&
		(!strcmp(reading->intent->resource, "ec2") ||
			!strcmp(reading->intent->resource, "vm")) &&
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
				filters_number(reading, i) > 19)
				json_set_int(reading->intent->filters, "port",
					filters_number(reading, i));
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
