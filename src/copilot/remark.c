/* remark.c - clauses that ask for nothing, beside the one that does: "saves money", "kernel patching tonight", "customers
 * complained again". Their words choose neither type nor resource, and one or two of them nobody need know. */
#include <string.h>

#include "copilot/cover.h"

enum { REMARK_WORDS = 12, REMARK_STRAYS = 2, STORY_STRAYS = 3 };

static int covered(const struct reading *reading, struct clause_span span, const enum concept *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (const struct mark *mark = marks_first(&reading->marks, list[i]); mark;
			mark = marks_next(&reading->marks, mark))
			if (mark->from <= span.to && mark->to > span.from)
				return 1;
	return 0;
}

#define COVERED(reading, span, list) covered(reading, span, list, sizeof(list) / sizeof(*(list)))

static int acts_in(const struct reading *reading, struct clause_span span)
{
	for (size_t i = 0; i < reading->marks.count; i++) {
		const struct mark *mark = &reading->marks.marks[i];

		if (rules_is_change(mark) && mark->from <= span.to && mark->to > span.from)
			return 1;
	}
	return 0;
}

static int asks_in(const struct reading *reading, struct clause_span span)
{
	static const enum concept asks[] = { C_INVESTIGATE, C_LIST, C_WHY, C_ASK, C_CHECK, C_WHICH, C_WHEN, C_FORECAST,
		C_EXPLAIN_COST, C_REMOVE };

	return COVERED(reading, span, asks) || reading->marks.fold.tokens[span.to].shape & TOKEN_ASKED;
}

/* "it's a copy", "we regret the web deploy": a thing, and no act. */
static int is_thing(const struct reading *reading, struct clause_span span, size_t token)
{
	static const char *const articles[] = { "a", "an", "the", "this", "that", "last", "our", "ein", "eine", "der", "die", "das",
		"le", "la", "un", "une", "el", "una", "o", "um", "uma", "s", "every",
		"each", "since", "after", "before" };
	const struct token *tokens = reading->marks.fold.tokens;

	for (size_t at = token; at > span.from && token - at < 3; at--)
		for (size_t i = 0; i < sizeof(articles) / sizeof(*articles); i++)
			if (!strcmp(tokens[at - 1].text, articles[i]))
				return 1;
	return 0;
}

/* What attacks are made of is no remark, nor what points back at the target: "use them". */
static int harms(const struct reading *reading, struct clause_span span)
{
	static const enum concept foreign[] = { C_RULES, C_SECRET, C_OVERRIDE, C_FETCH, C_SHELL, C_OTHER, C_REVEAL,
		C_DONT, C_OR, C_IF, C_MAYBE, C_SUSPECT, C_ADDRESS, C_APPROVED, C_INJECTION, C_ALL };
	const struct marks *marks = &reading->marks;

	if (!COVERED(reading, span, foreign))
		return 0;
	for (size_t at = span.from; at <= span.to; at++)
		for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
			if (marks_at(marks, at, foreign[i]) && !(foreign[i] == C_OTHER && is_thing(reading, span, at)))
				return 1;
	return 0;
}

static int is_whole(const struct reading *reading, struct clause_span span)
{
	return !span.from && span.to + 1 >= reading->marks.fold.count;
}

/* A change is asked for in another clause. */
static int acts_elsewhere(const struct reading *reading, struct clause_span span)
{
	for (size_t i = 0; i < reading->marks.count; i++) {
		const struct mark *mark = &reading->marks.marks[i];

		if (rules_is_change(mark) && (mark->from > span.to || mark->to <= span.from))
			return 1;
	}
	return 0;
}

int rules_is_remark(const struct reading *reading, size_t token)
{
	struct clause_span span = rules_clause(reading, token);

	return !is_whole(reading, span) && span.to - span.from < REMARK_WORDS && !acts_in(reading, span) &&
	       !asks_in(reading, span) && !harms(reading, span) && !marks_at(&reading->marks, span.from, C_AND);
}

/* "hide findings": what begins with a word nobody knows and goes on with what it is done to may be an order. */
static int may_order(const struct reading *reading, struct clause_span span)
{
	static const char *const objects[] = { "the", "a", "an", "all", "any", "every", "my", "your", "their", "its", "our",
		"to", "into", "from", "with", "me", "us", "everything", "it", "them" };
	static const enum concept begins[] = { C_FILL, C_PLAIN, C_TIME, C_IT, C_EVENT, C_ON, C_METRIC, C_SYMPTOM };
	const struct clause_span first = { span.from, span.from };
	const struct marks *marks = &reading->marks;

	if (COVERED(reading, first, begins) && !marks_at(marks, span.from, C_TALK))
		return 0;
	for (size_t i = 0; i < reading->names; i++)
		if (reading->name[i] == span.from)
			return 0;
	for (size_t at = span.from + 1; at <= span.to; at++)
		for (size_t i = 0; i < sizeof(objects) / sizeof(*objects); i++)
			if (!strcmp(marks->fold.tokens[at].text, objects[i]) || marks->fold.tokens[at].shape & TOKEN_JOINED)
				return 1;
	return 0;
}

/* What ties it to what is asked: a trouble, money, people, a time. An attack says it in words of its own. */
static int is_tied(const struct reading *reading, struct clause_span span)
{
	static const enum concept ties[] = { C_COST, C_PLAIN, C_TIME, C_EVENT }, loose[] = { C_LABEL, C_AUDIT, C_EXPOSED, C_RISKY, C_STATE };
	static const enum concept ills[] = { C_SYMPTOM, C_METRIC, C_RUNOUT, C_STATUS_CODE, C_UP, C_DOWN, C_MANY }, it[] = { C_IT };
	int ours = COVERED(reading, span, it) || !reading->write;

	for (size_t i = 0; i < reading->names; i++)
		ours |= reading->name[i] >= span.from && reading->name[i] <= span.to;
	/* "the gatekeeper is asleep": the trouble has to be the target's */
	return (COVERED(reading, span, ties) || (ours && COVERED(reading, span, ills))) && !COVERED(reading, span, loose);
}

/* "cluster cleanup: delete ...", "marketing pulled the campaign, stop ...": a story told first. What is put after a request
 * is more often a pretext. */
static int leads_up(const struct reading *reading, struct clause_span span)
{
	static const char *const me[] = { "i", "im", "ich", "je", "j", "yo", "eu" };

	for (size_t i = 0; reading->write && i < sizeof(me) / sizeof(*me); i++)
		if (!strcmp(reading->marks.fold.tokens[span.from].text, me[i]))
			return 0; /* "i'm allowed to, delete ..." */
	return span.to > span.from && (rules_acts_later(reading, span.to) || !span.from);
}

/* A thing of ours or its name stands in it, or a trouble: "cluster cleanup", but not "my cousin nods". */
static int is_ours(const struct reading *reading, struct clause_span span)
{
	static const enum concept ours[] = { C_KUBERNETES, C_KIND, C_DB, C_LB, C_HOST, C_EC2, C_VM, C_CERT, C_DNS, C_MACHINE, C_APP,
		C_CLUSTER, C_SYMPTOM, C_METRIC, C_STATUS_CODE, C_UP, C_DOWN, C_RUNOUT, C_LOG, C_VERSION, C_TYPICAL, C_SERVICE, C_SCOPE };
	static const enum concept loose[] = { C_AUDIT, C_EXPOSED, C_RISKY, C_STATE };

	if (COVERED(reading, span, loose))
		return 0;
	if (!strcmp(reading->marks.fold.tokens[span.from].text, "we") && marks_at(&reading->marks, span.from, C_TELLER))
		return 1; /* "we're on tv tonight" */
	for (size_t i = 0; i < reading->names; i++)
		if (reading->name[i] >= span.from && reading->name[i] <= span.to && !cover_is_lonely(reading, reading->name[i]))
			return 1;
	return COVERED(reading, span, ours);
}

size_t rules_remark_strays(const struct reading *reading, size_t token)
{
	struct clause_span span = rules_clause(reading, token);

	if (may_order(reading, span) || !(is_tied(reading, span) || (leads_up(reading, span) &&
				      (is_ours(reading, span) || !strcmp(reading->intent->type, "investigate")))))
		return 0;
	if (!span.from && reading->marks.taken[0])
		return reading->write ? REMARK_STRAYS : STORY_STRAYS; /* told first */
	return reading->marks.taken[span.from] && !reading->write ? REMARK_STRAYS : 1;
}

/* "the alarm says web-1 is gone, is it reachable": the last clause asks whether it is well. Token: in another clause. */
static int asks_state_last(const struct reading *reading, size_t token)
{
	static const char *const lead[] = { "is", "are", "does", "did", "has", "can" };
	static const enum concept asks[] = { C_STATUS, C_ASK, C_VALID }, others[] = { C_SYMPTOM, C_WHY, C_INVESTIGATE };
	const struct fold *fold = &reading->marks.fold;
	struct clause_span last = rules_clause(reading, fold->count - 1);

	if (!last.from || token >= last.from || HAS(reading, C_WHY) || !COVERED(reading, last, asks) || COVERED(reading, last, others))
		return 0;
	for (size_t i = 0; i < sizeof(lead) / sizeof(*lead); i++)
		if (!strcmp(fold->tokens[last.from].text, lead[i]))
			return 1;
	return 0;
}

void rules_drop_remarks(struct reading *reading)
{
	static const enum concept idle[] = { C_COST, C_FUTURE, C_ANOMALY, C_RUNOUT, C_STATUS, C_BILLED, C_VALID, C_LOG, C_SYMPTOM };
	/* "sshd is down, start it": what is down is not looked into. The other acts win over a trouble anyway. */
	int starts = HAS(reading, C_START) && !HAS(reading, C_WHY) && !HAS(reading, C_INVESTIGATE) && !HAS(reading, C_WHICH) &&
		     !HAS(reading, C_LIST);

	int asked = asks_state_last(reading, 0);

	for (size_t i = 0; i < sizeof(idle) / sizeof(*idle) - !(starts || asked); i++)
		for (struct mark *mark = reading->marks.marks; mark < reading->marks.marks + reading->marks.count; mark++)
			if (mark->concept == idle[i] && rules_is_remark(reading, mark->from) &&
				(acts_elsewhere(reading, rules_clause(reading, mark->from)) ||
					(idle[i] == C_SYMPTOM && asks_state_last(reading, mark->from)))) {
				reading->marks.seen[mark->concept]--;
				mark->concept = mark->concept == C_COST ? C_PLAIN : C_TALK; /* money is still a tie */
				reading->marks.seen[mark->concept]++;
			}
}
