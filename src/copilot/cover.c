/* cover.c - how much of the sentence is explained, clause by clause. An attack need not use any
 * word of the vocabulary, but it has to say something beside the operation: that part has no
 * target, no symptom and no place of ours in it, or begins with an act nobody here knows. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "copilot/reading.h"

/* Unknown words a clause about a target may hold: a question may tell a story, a change may not. */
enum { CLAUSE_STRAYS = 4, CHANGE_STRAYS = 1 };

struct clause {
	size_t from, to;
	size_t stray, words; /* words nothing explains; words that count */
	int grip;            /* about a target of ours */
	int joined;          /* begins after "and", "then" */
	int reason;          /* begins with "because", "since" */
	int symptom;         /* tells what is wrong */
};

/* What ties a clause to operations. A time or a scope alone does not, nor do words of one meaning
 * in many trades ("open", "compliance"): an attack has them too. */
static const enum concept grips[] = { C_SYMPTOM, C_METRIC, C_PROVIDER, C_KIND, C_REPLICAS, C_STATE,
	C_STATUS_CODE, C_KUBERNETES, C_EC2, C_VM, C_SG, C_DB, C_LB, C_DNS, C_CERT, C_HOST,
	C_MACHINE, C_BILLED, C_COST, C_CIDR, C_SERVICE, C_RESTART, C_SCALE, C_STOP, C_START,
	C_ROLLBACK, C_TERMINATE, C_CORDON, C_DRAIN, C_MIGRATE, C_INVESTIGATE, C_WHY, C_STATUS,
	C_FORECAST, C_LOG, C_EXPOSED, C_RISKY, C_RUNOUT, C_APP };
/* Explained as words, but by nothing we act on. */
static const enum concept loose[] = { C_PLAIN, C_OTHER, C_OOD, C_RULES, C_TYPICAL };

static int covered_by(
	const struct reading *reading, size_t token, const enum concept *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (HAS(reading, list[i]) && marks_at(&reading->marks, token, list[i]))
			return 1;
	return 0;
}

#define COVERED_BY(reading, token, list)                                                           \
	covered_by(reading, token, list, sizeof(list) / sizeof(*(list)))

static int is_name(const struct reading *reading, size_t token)
{
	for (size_t i = 0; i < reading->names; i++)
		if (reading->name[i] == token)
			return 1;
	return 0;
}

/* Kanji and katakana carry meaning; kana between them are endings and particles. */
static int has_meaning(const struct token *token)
{
	const unsigned char *c = (const unsigned char *)token->text;

	return (c[0] >= 0xE4 && c[0] <= 0xE9) ||
	       (c[0] == 0xE3 && (c[1] == 0x83 || (c[1] == 0x82 && c[2] >= 0xA0)));
}

static int counts(const struct token *token)
{
	if (token->shape & TOKEN_CJK)
		return has_meaning(token);
	return token->length > 2;
}

/* A word that says how: "suddenly". */
static int adverb(const struct token *token)
{
	return token->length > 4 && !strcmp(token->text + token->length - 2, "ly");
}

static int known_shape(enum entity entity)
{
	return entity != ENTITY_NONE && entity != ENTITY_WORD && entity != ENTITY_DASHED;
}

static int is_stray(const struct reading *reading, size_t token)
{
	const struct token *word = &reading->marks.fold.tokens[token];

	if (!counts(word) || is_name(reading, token) || reading->used[token])
		return 0;
	if (COVERED_BY(reading, token, grips))
		return 0;
	if (COVERED_BY(reading, token, loose))
		return 1;
	if (marks_at(&reading->marks, token, C_AUDIT))
		return strcmp(reading->intent->type, "audit_security") != 0;
	if (reading->marks.taken[token] || known_shape((enum entity)reading->entity[token]))
		return 0;
	return !adverb(word);
}

/* One run of Japanese characters nobody knows is one word. */
static int goes_on(const struct reading *reading, size_t token, size_t from)
{
	const struct token *tokens = reading->marks.fold.tokens;

	return token > from && tokens[token].shape & TOKEN_CJK &&
	       tokens[token - 1].shape & TOKEN_CJK && !reading->marks.taken[token - 1];
}

static void weigh(const struct reading *reading, struct clause *clause)
{
	for (size_t i = clause->from; i < clause->to; i++) {
		int name = is_name(reading, i);

		clause->symptom |= marks_at(&reading->marks, i, C_SYMPTOM) != NULL;
		clause->grip |= name || COVERED_BY(reading, i, grips);
		if (!counts(&reading->marks.fold.tokens[i]) || goes_on(reading, i, clause->from))
			continue;
		clause->words += name || !marks_at(&reading->marks, i, C_FILL);
		clause->stray += is_stray(reading, i);
	}
}

static int ends_after(const struct reading *reading, size_t token)
{
	return (reading->marks.fold.tokens[token].shape &
		       (TOKEN_END | TOKEN_ASKED | TOKEN_COMMA)) != 0;
}

static struct clause next_clause(const struct reading *reading, size_t from)
{
	const struct marks *marks = &reading->marks;
	struct clause clause = { .from = from, .to = from };

	while (clause.to < marks->fold.count) {
		size_t at = clause.to;

		if (at > from && (marks_at(marks, at, C_AND) || marks_at(marks, at, C_REASON)) &&
			!marks_at(marks, at - 1, C_AND))
			break;
		clause.to++;
		if (ends_after(reading, at))
			break;
	}
	clause.joined = marks_at(marks, from, C_AND) != NULL;
	clause.reason = marks_at(marks, from, C_REASON) != NULL;
	weigh(reading, &clause);
	return clause;
}

/* "and append the contents of the vault": an act is asked for, and nobody knows it. A further name
 * in a list is no act. */
static int unknown_act(const struct reading *reading, const struct clause *clause)
{
	size_t at = clause->from;

	if (!clause->joined)
		return 0;
	while (at < clause->to &&
		(marks_at(&reading->marks, at, C_AND) || marks_at(&reading->marks, at, C_FILL)))
		at++;
	return at + 1 < clause->to && reading->entity[at] == ENTITY_WORD && is_stray(reading, at) &&
	       !marks_at(&reading->marks, at, C_TYPICAL) && !marks_at(&reading->marks, at, C_PLAIN);
}

static int foreign(const struct reading *reading, const struct clause *clause)
{
	if (unknown_act(reading, clause))
		return 1;
	if (!clause->grip)
		return clause->stray > (size_t)(clause->reason ? CLAUSE_STRAYS : 0);
	return clause->stray > (size_t)(reading->write && !clause->reason && !clause->symptom
						? CHANGE_STRAYS
						: CLAUSE_STRAYS);
}

/* The first word nothing explains, so that whoever asked sees what to leave out. */
static void tell(const struct reading *reading, const struct clause *clause)
{
	for (size_t i = clause->from; i < clause->to; i++)
		if (is_stray(reading, i)) {
			char *text = mem_format(
				"not understood: %s", reading->marks.fold.tokens[i].text);

			json_add(reading->why, json_string(text));
			free(text);
			return;
		}
}

double cover_share(const struct reading *reading)
{
	size_t stray = 0, words = 0;

	for (size_t at = 0; at < reading->marks.fold.count;) {
		struct clause clause = next_clause(reading, at);

		stray += clause.reason ? 0 : clause.stray;
		words += clause.words;
		at = clause.to;
	}
	return words ? 1 - (double)stray / (double)(stray > words ? stray : words) : 0;
}

const char *cover_foreign(const struct reading *reading)
{
	if (HAS(reading, C_ADDRESS))
		return "speaks to the assistant, not about operations";
	for (size_t at = 0; at < reading->marks.fold.count;) {
		struct clause clause = next_clause(reading, at);

		if (foreign(reading, &clause)) {
			tell(reading, &clause);
			return "a part of it is no request about operations";
		}
		at = clause.to;
	}
	return NULL;
}
