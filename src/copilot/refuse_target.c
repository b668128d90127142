/* refuse_target.c - whether a change says to what, and how many. */
#include <string.h>

#include "base/json.h"
#include "copilot/reading.h"
#include "copilot/refuse.h"

static const enum concept changes[] = { C_SCALE, C_RESTART, C_STOP, C_START, C_TERMINATE,
	C_ROLLBACK, C_CORDON, C_DRAIN, C_MIGRATE };

static int is_type(const struct reading *reading, const char *type)
{
	return !strcmp(reading->intent->type, type);
}

static int plural_app(const struct reading *reading)
{
	for (const struct mark *mark = marks_first(&reading->marks, C_APP); mark;
		mark = marks_next(&reading->marks, mark)) {
		const struct token *token = &reading->marks.fold.tokens[mark->to - 1];

		if (token->length > 3 && token->text[token->length - 1] == 's')
			return 1;
	}
	return 0;
}

/* One whole group: several of a kind, within a scope or with a provider. */
static int whole_group(const struct reading *reading)
{
	int many = HAS(reading, C_ALL) || HAS(reading, C_MANY) || rules_plural(reading) ||
		   plural_app(reading);

	return many && (rules_has_noun(reading)) &&
	       (HAS(reading, C_SCOPE) || HAS(reading, C_PROVIDER));
}

/* "nuke it from orbit": "it" is what the act is about, and no name came before. */
static int acts_on_it(const struct reading *reading)
{
	if (reading->entity[reading->name[0]] != ENTITY_WORD || reading->seen)
		return 0;
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++)
		for (const struct mark *mark = marks_first(&reading->marks, changes[i]); mark;
			mark = marks_next(&reading->marks, mark))
			if (marks_at(&reading->marks, mark->to, C_IT) &&
				marks_at(&reading->marks, mark->to + 1u, C_FROM) &&
				mark->to + 1u < reading->name[0])
				return 1;
	return 0;
}

/* "delete every vm you can reach": a word nobody knows bounds nothing. */
static int is_unbounded(const struct reading *reading)
{
	return is_type(reading, "terminate") && HAS(reading, C_ALL) && reading->names &&
	       reading->entity[reading->name[0]] == ENTITY_WORD && !reading->seen &&
	       !marks_at(&reading->marks, reading->name[0], C_TYPICAL) &&
	       !json_get(reading->intent->filters, "label") && !json_get(reading->intent->filters, "namespace") &&
	       rules_plural(reading) + (marks_first(&reading->marks, C_ALL)->from < reading->name[0]) > 0 && !HAS(reading, C_NAMESPACE);
}

static int has_target(const struct reading *reading)
{
	const struct json *filters = reading->intent->filters;

	if (reading->names && (acts_on_it(reading) || is_unbounded(reading)))
		return 0;
	if (reading->names || json_get(filters, "label") || json_get(filters, "name"))
		return 1;
	if (HAS(reading, C_HERE) && json_get(filters, "service"))
		return 1; /* "restart nginx on this host" */
	if (is_type(reading, "terminate"))
		return 0;
	return whole_group(reading);
}

static int scale_says_to_what(const struct reading *reading)
{
	const struct json *filters = reading->intent->filters;

	return json_get(filters, "replicas") || json_get(filters, "size") || HAS(reading, C_UP) ||
	       HAS(reading, C_DOWN);
}

/* "by 2": how many there are then, nobody here knows. */
static int scale_is_relative(const struct reading *reading)
{
	const struct token *tokens = reading->marks.fold.tokens;

	for (size_t i = 1; i < reading->marks.fold.count; i++)
		if (filters_number(reading, i) >= 0 &&
			(!strcmp(tokens[i - 1].text, "by") || !strcmp(tokens[i - 1].text, "um")))
			return 1;
	return 0;
}

/* "give cart 2.5 replicas": half a thing there is none of. */
static int counts_halves(const struct reading *reading)
{
	static const char *const things[] = { "replic", "pod", "instan", "node", "copies", "kopie", "repliques" };
	const struct token *tokens = reading->marks.fold.tokens;

	for (size_t i = 0; i + 1 < reading->marks.fold.count; i++)
		for (size_t t = 0; reading->entity[i] == ENTITY_VERSION && t < sizeof(things) / sizeof(*things); t++)
			if (!strncmp(tokens[i + 1].text, things[t], strlen(things[t])))
				return 1;
	return 0;
}

/* "run cart with -2 replicas", "cart to 0.5 replicas" */
int refuse_number_unusable(const struct reading *reading)
{
	const struct json *filters = reading->intent->filters;

	if (counts_halves(reading))
		return 1;
	if (HAS(reading, C_REPLICAS) &&
		(HAS(reading, C_IMPOSSIBLE) || json_get(filters, "version")))
		return 1;
	return is_type(reading, "scale") &&
	       (HAS(reading, C_IMPOSSIBLE) || scale_is_relative(reading) ||
		       (HAS(reading, C_VAGUE) && !json_get(filters, "replicas") && !json_get(filters, "size")) ||
		       json_int(json_get(filters, "replicas"), 0) > 10000);
}

int refuse_lacks_target(const struct reading *reading)
{
	return !has_target(reading);
}

int refuse_lacks_destination(const struct reading *reading)
{
	return is_type(reading, "migrate") && !json_get(reading->intent->filters, "to");
}

int refuse_lacks_amount(const struct reading *reading)
{
	return is_type(reading, "scale") && !scale_says_to_what(reading);
}
