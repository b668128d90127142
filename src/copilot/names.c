/* names.c - which of the words nothing else explains is the name. Shape counts most, then the words
 * beside it. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "copilot/grammar.h"
#include "copilot/reading.h"

static const enum concept nouns[] = { C_DB, C_LB, C_KUBERNETES, C_APP, C_HOST, C_VM, C_EC2, C_SG,
	C_LOG, C_CERT, C_DNS, C_NAMESPACE, C_NODE, C_MACHINE, C_VERSION, C_REPLICAS, C_CALLED,
	C_SERVICE };
static const enum concept acts[] = { C_SCALE, C_RESTART, C_STOP, C_START, C_TERMINATE, C_ROLLBACK,
	C_CORDON, C_DRAIN, C_MIGRATE, C_REMOVE, C_INVESTIGATE };

static const enum concept joints[] = { C_ON, C_FROM, C_INTO };

static int covered(
	const struct reading *reading, size_t token, const enum concept *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (HAS(reading, list[i]) && marks_at(&reading->marks, token, list[i]))
			return 1;
	return 0;
}

#define COVERED(reading, token, list) covered(reading, token, list, sizeof(list) / sizeof(*(list)))

/* The nearest word before (step -1) or after (step 1) that is not filler; -1 none. */
static int neighbour(const struct reading *reading, size_t token, int step)
{
	int at = (int)token + step;

	while (at >= 0 && at < (int)reading->marks.fold.count &&
		marks_at(&reading->marks, (size_t)at, C_FILL) &&
		!marks_at(&reading->marks, (size_t)at, C_TELLER))
		at += step;
	return at < (int)reading->marks.fold.count ? at : -1;
}

static int is_rollout(const char *text)
{
	static const char *const words[] = { "deploy", "deployment", "rollout", "release", "update",
		"upgrade", "build" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(text, words[i]))
			return 1;
	return 0;
}

static int score(const struct reading *reading, size_t token)
{
	static const int by_entity[] = { [ENTITY_MACHINE_ID] = 12,
		[ENTITY_GROUP_ID] = 12,
		[ENTITY_DOMAIN] = 9,
		[ENTITY_DASHED] = 7,
		[ENTITY_IP] = 6,
		[ENTITY_WORD] = 2 };
	enum entity entity = reading->entity[token];
	int points = entity < sizeof(by_entity) / sizeof(*by_entity) ? by_entity[entity] : 0;
	int before = neighbour(reading, token, -1), after = neighbour(reading, token, 1);

	if (!points)
		return 0;
	if (marks_given_name(&reading->marks, token))
		points += 3;
	if (marks_at(&reading->marks, token, C_TYPICAL))
		points += 2;
	if (token && entity > ENTITY_LABEL && entity < ENTITY_WORD && marks_at(&reading->marks, token - 1, C_TYPICAL) &&
		!rules_clause_ends(reading, token - 1))
		points += 4; /* "lb backend web-b" */
	if (before >= 0 && marks_at(&reading->marks, (size_t)before, C_CALLED))
		points += 5;
	if (before >= 0 && COVERED(reading, (size_t)before, nouns))
		points += 3;
	else if (before >= 0 && COVERED(reading, (size_t)before, acts))
		points += 2;
	if (after >= 0 && COVERED(reading, (size_t)after, nouns))
		points += 2;
	points += before < 0 || after < 0;
	if (!token && reading->marks.fold.count > 1 &&
		reading->marks.fold.tokens[0].shape & (TOKEN_COMMA | TOKEN_END))
		points += 3; /* "onboarding, dev, 2 pods" */
	if (entity == ENTITY_WORD && !marks_at(&reading->marks, token, C_TYPICAL) && rules_clause(reading, token).from &&
		rules_acts_near(reading, token))
		points += 2; /* "the new build eats orders. orderbook back to ..." */
	points += (after >= 0 && COVERED(reading, (size_t)after, joints)) ||
		  (before >= 0 && COVERED(reading, (size_t)before, joints));
	if (after >= 0 && marks_at(&reading->marks, (size_t)after, C_SCOPE))
		points += 1;
	if (token && entity == ENTITY_WORD && rules_clause_ends(reading, token - 1) && marks_at(&reading->marks, token - 1, C_SCOPE))
		points += 1; /* "dev: toolbox -> 3 pods" */
	if (!token && after >= 0 && COVERED(reading, (size_t)after, joints) &&
		marks_at(&reading->marks, (size_t)after + 1, C_SCOPE))
		points += 1; /* "toolbox in dev to 1 replica" */
	if (points == 2 && after >= 0 && is_rollout(reading->marks.fold.tokens[after].text))
		points += 2; /* "yesterday's kiosk deploy" */
	/* "i need kiosk restarted", "kiosk neu starten" */
	if (points == 2 && after >= 0 && COVERED(reading, (size_t)after, acts))
		points += 1;
	return points;
}

static int same_name(const struct token *token, const char *name)
{
	return strlen(name) == token->raw_length &&
	       !strncasecmp(name, token->raw, token->raw_length);
}

/* A name on the screen wins over everything, also when it is a word of the vocabulary. */
static int find_on_screen(struct reading *reading)
{
	const struct grammar_context *context = reading->context;

	for (size_t i = 0; context && i < reading->marks.fold.count; i++)
		for (size_t n = 0; n < context->count; n++)
			if (context->names[n].name &&
				same_name(&reading->marks.fold.tokens[i], context->names[n].name)) {
				reading->seen = &context->names[n];
				reading->name[reading->names++] = (unsigned short)i;
				return 1;
			}
	return 0;
}

static int may_name(const struct reading *reading, size_t i)
{
	const struct token *token = &reading->marks.fold.tokens[i];

	return !reading->marks.taken[i] && !reading->used[i] && !(token->shape & TOKEN_CJK) &&
	       token->length > 1 && score(reading, i);
}

/* "versand und lager": beside a name, a word is no slip. */
static void forget_slip(struct reading *reading, size_t token)
{
	for (struct mark *mark = reading->marks.marks; reading->marks.slip[token] && mark < reading->marks.marks + reading->marks.count;
		mark++)
		if (mark->from == token && mark->to == token + 1)
			rules_say_nothing(reading, mark);
}

/* "vm a-1 and vm a-2": the noun said again. */
static int is_listed_noun(const struct reading *reading, size_t token)
{
	static const enum concept again[] = { C_VM, C_EC2, C_HOST, C_DB, C_KIND, C_MACHINE, C_APP };

	return COVERED(reading, token, again) && ((token && (marks_at(&reading->marks, token - 1, C_AND) ||
							      reading->marks.fold.tokens[token - 1].shape & TOKEN_COMMA)) ||
						   marks_at(&reading->marks, token + 1, C_AND));
}

/* "wx-feed and notam on stage": a word beside a dashed name, where what is asked for ends in a place. */
static int ends_list(const struct reading *reading, size_t token, size_t best)
{
	return token > best && reading->entity[best] == ENTITY_DASHED && reading->entity[token] == ENTITY_WORD &&
	       marks_at(&reading->marks, token - 1, C_AND) && marks_at(&reading->marks, token + 1, C_ON) &&
	       marks_at(&reading->marks, token + 2, C_SCOPE) && !rules_clause_ends(reading, token);
}

/* "a-1, a-2 and a-3": those that follow the best with nothing but "and" between. */
static void add_listed(struct reading *reading)
{
	size_t best = reading->name[0], last = best;

	for (int step = -1; step <= 1; step += 2) {
		last = best;
		for (int at = (int)best + step; at >= 0 && at < (int)reading->marks.fold.count &&
						reading->names < NAMES_MAX;
			at += step) {
			size_t i = (size_t)at, low = step > 0 ? last : i;

			if (marks_at(&reading->marks, i, C_AND) || is_listed_noun(reading, i))
				continue;
			int joined = abs(at - (int)last) > 1 ||
				     reading->marks.fold.tokens[low].shape & TOKEN_COMMA;
			if (!(may_name(reading, i) || reading->marks.slip[i]) || !joined ||
				(reading->entity[i] != reading->entity[best] && !ends_list(reading, i, best)))
				break;
			forget_slip(reading, i);
			reading->name[reading->names++] = (unsigned short)i;
			last = i;
		}
	}
}

/* Words a place stands behind: "in payments". */
static int says_in(const struct token *token)
{
	static const char *const words[] = { "in", "im", "en", "em", "dans", "within", "inside" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(token->text, words[i]))
			return 1;
	return 0;
}

/* What only Kubernetes has is asked for, or nothing but a name: then a place is a namespace. */
static int has_namespaces(const struct reading *reading)
{
	static const enum concept others[] = { C_DB, C_LB, C_HOST, C_VM, C_EC2, C_SG, C_CERT, C_DNS,
		C_COST, C_MACHINE, C_SERVICE, C_MIGRATE, C_NODE };

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (HAS(reading, others[i]))
			return 0;
	return !json_get(reading->intent->filters, "namespace");
}

/* A word nothing explains behind "in", which is no machine's name. */
static size_t find_place(const struct reading *reading)
{
	const struct fold *fold = &reading->marks.fold;

	for (size_t i = 1; i < fold->count; i++)
		if (may_name(reading, i) && says_in(&fold->tokens[i - 1]) &&
			(reading->entity[i] == ENTITY_WORD ||
				(reading->entity[i] == ENTITY_DASHED &&
					!(fold->tokens[i].shape & TOKEN_DIGIT))))
			return i;
	return 0;
}

/* The best word to be the name besides the place; 0 none, else one more than its token. */
static size_t name_besides(const struct reading *reading, size_t place)
{
	size_t best = 0;
	int points = 2;

	for (size_t i = 0; i < reading->marks.fold.count; i++)
		if (i != place && may_name(reading, i) && score(reading, i) > points) {
			points = score(reading, i);
			best = i + 1;
		}
	return best;
}

/* What lies in a place stands right before it: the name, its kind or its trouble. */
static int holds_place(const struct reading *reading, size_t token, size_t besides)
{
	static const enum concept held[] = { C_KIND, C_APP, C_SYMPTOM };

	return token + 1 == besides || COVERED(reading, token, held);
}

/* "api crashing in payments", "pods in payments": what stands behind "in" is where, when another
 * word is left to be what, or several are asked for. */
static void part_place_from_name(struct reading *reading)
{
	size_t place = has_namespaces(reading) ? find_place(reading) : 0;
	size_t besides = place ? name_besides(reading, place) : 0;
	const struct token *token = &reading->marks.fold.tokens[place];

	if (place < 2 || reading->names > 1 || !holds_place(reading, place - 2, besides) ||
		!(besides || (HAS(reading, C_KIND) && rules_plural(reading))))
		return;
	json_set(reading->intent->filters, "namespace",
		json_string_n(token->raw, token->raw_length));
	reading->used[place] = 1;
	reading->unknown -= reading->unknown > 0;
	reading->names = besides > 0;
	if (besides)
		reading->name[0] = (unsigned short)(besides - 1);
}

/* "the payments api", "search frontend": the second of two words services are called says what the first is. */
static size_t said_besides(const struct reading *reading)
{
	size_t name = reading->name[0], besides = 0;

	for (size_t at = name - (name > 0); at <= name + 1 && at < reading->marks.fold.count; at++)
		besides += at != name && may_name(reading, at) &&
			   marks_at(&reading->marks, at < name ? name : at, C_TYPICAL) != NULL;
	return besides;
}

void names_find(struct reading *reading)
{
	int best = 0;

	reading->names = reading->unknown = 0;
	reading->points = 0;
	if (find_on_screen(reading))
		return;
	for (size_t i = 0; i < reading->marks.fold.count; i++) {
		int points = may_name(reading, i) ? score(reading, i) : 0;

		reading->unknown += points > 0;
		if (points > best && !names_stray(reading, i, points)) {
			best = points;
			reading->name[0] = (unsigned short)i;
			reading->names = 1;
		}
	}
	reading->points = best;
	if (!reading->names)
		return;
	part_place_from_name(reading);
	if (!reading->names)
		return;
	add_listed(reading);
	size_t known = reading->names + (reading->names == 1 ? said_besides(reading) : 0);

	reading->unknown -= reading->unknown < known ? reading->unknown : known;
}

const struct token *names_token(const struct reading *reading, size_t i)
{
	return i < reading->names ? &reading->marks.fold.tokens[reading->name[i]] : NULL;
}

static int by_place(const void *a, const void *b)
{
	return *(const unsigned short *)a - *(const unsigned short *)b;
}

void names_to_filter(struct reading *reading)
{
	struct json *list;

	if (!reading->names)
		return;
	const struct token *token = names_token(reading, 0);
	if (reading->names == 1) {
		json_set(reading->intent->filters, "name",
			json_string_n(token->raw, token->raw_length));
		return;
	}
	qsort(reading->name, reading->names, sizeof(*reading->name), by_place);
	list = json_array();
	for (size_t i = 0; i < reading->names; i++) {
		token = names_token(reading, i);
		json_add(list, json_string_n(token->raw, token->raw_length));
	}
	json_set(reading->intent->filters, "name", list);
}
