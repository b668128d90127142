/* cover.c - a sentence is accepted only when every clause of it is explained by what is asked. An
 * attack need not use any word of the vocabulary, but it has to say something beside the operation,
 * and that part no slot of the intent explains. So each intent names the marks that are its own;
 * a word under none of them is a stray, whether the vocabulary knows it or not. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "copilot/cover.h"

/* Words nobody knows that a clause may hold: the story behind a trouble has its own words. */
enum { STORY_STRAYS = 1, READ_STRAYS = 1, REASON_STRAYS = 2 };

struct clause {
	size_t from, to;
	size_t stray;  /* words nothing explains */
	int grip;      /* about a target of ours, an act or a trouble */
	int joined;    /* begins after "and", "then" */
	int reason;    /* begins with "because", "since" */
	int told;      /* says what is wrong */
	int remark;    /* beside the one that asks, and asks for nothing */
	int stated;    /* begins with who states it, and has no act */
	unsigned families;
};

/* What ties a clause to operations. A time or a scope alone does not, nor do words of one meaning
 * in many trades ("open", "compliance"): an attack has them too. */
static const enum concept grips[] = { C_SYMPTOM, C_METRIC, C_PROVIDER, C_KIND, C_REPLICAS, C_STATE,
	C_STATUS_CODE, C_KUBERNETES, C_EC2, C_VM, C_SG, C_DB, C_LB, C_DNS, C_CERT, C_HOST,
	C_MACHINE, C_BILLED, C_COST, C_CIDR, C_SERVICE, C_RESTART, C_SCALE, C_STOP, C_START,
	C_ROLLBACK, C_TERMINATE, C_CORDON, C_DRAIN, C_MIGRATE, C_INVESTIGATE, C_WHY, C_STATUS,
	C_FORECAST, C_LOG, C_PORT, C_EXPOSED, C_RISKY, C_RUNOUT, C_APP, C_EXPLAIN_COST, C_ANOMALY };

static enum family family_of(const struct reading *reading)
{
	static const struct {
		const char *type;
		enum family family;
	} families[] = { { "list", LIST }, { "status", STATUS }, { "audit_security", AUDIT },
		{ "investigate", CAUSE }, { "explain_cost", COST }, { "forecast", FORECAST } };

	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
		if (!strcmp(reading->intent->type, families[i].type))
			return families[i].family;
	return CHANGE;
}

/* One run of Japanese characters nobody knows is one word. */
static int goes_on(const struct reading *reading, size_t token, size_t from)
{
	const struct token *tokens = reading->marks.fold.tokens;

	return token > from && tokens[token].shape & TOKEN_CJK &&
	       tokens[token - 1].shape & TOKEN_CJK && !reading->marks.taken[token - 1];
}

static int has_grip(const struct reading *reading, size_t token)
{
	if (cover_is_name(reading, token))
		return !cover_is_lonely(reading, token);
	for (size_t i = 0; i < sizeof(grips) / sizeof(*grips); i++)
		if (HAS(reading, grips[i]) && marks_at(&reading->marks, token, grips[i]))
			return 1;
	return 0;
}

static void weigh(const struct reading *reading, struct clause *clause, unsigned families)
{
	for (size_t i = clause->from; i < clause->to; i++) {
		clause->told |= marks_at(&reading->marks, i, C_SYMPTOM) != NULL;
		clause->grip |= has_grip(reading, i);
	}
	if (clause->told || clause->reason || clause->stated)
		families |= TOLD;
	if (clause->remark)
		families |= ANY;
	if (clause->grip && families & READ)
		families |= GRIPPED;
	for (size_t i = clause->from; i < clause->to; i++)
		if (!goes_on(reading, i, clause->from))
			clause->stray += cover_stray(reading, i, families);
	clause->families = families;
}

static int acts_after(const struct reading *reading, size_t token)
{
	for (; token < reading->marks.fold.count; token++)
		if (cover_is_act(reading, token))
			return 1;
	return 0;
}

/* "we want to replace the hardware", "black friday is coming": a clause beside the one that asks, and
 * no change is asked for in it. */
static int states(const struct reading *reading, const struct clause *clause)
{
	const struct marks *marks = &reading->marks;
	int told = marks_at(marks, clause->from, C_TELLER) ||
		   marks_at(marks, clause->from, C_IT) || cover_is_name(reading, clause->from) ||
		   ((!marks_at(marks, clause->from, C_AND) || acts_after(reading, clause->to)) &&
			   (clause->from || clause->to < marks->fold.count));

	for (size_t i = clause->from; told && i < clause->to; i++)
		if (cover_is_act(reading, i))
			return 0;
	return told;
}

static struct clause next_clause(const struct reading *reading, size_t from, unsigned families)
{
	const struct marks *marks = &reading->marks;
	struct clause clause = { .from = from, .to = from };

	while (clause.to < marks->fold.count) {
		size_t at = clause.to;

		if (at > from && (marks_at(marks, at, C_AND) || marks_at(marks, at, C_REASON)) &&
			!marks_at(marks, at - 1, C_AND))
			break;
		clause.to++;
		if (cover_ends_after(reading, at))
			break;
	}
	clause.joined = marks_at(marks, from, C_AND) != NULL;
	clause.reason = marks_at(marks, from, C_REASON) != NULL;
	clause.stated = states(reading, &clause);
	clause.remark = !clause.joined && rules_is_remark(reading, from) && rules_remark_strays(reading, from);
	weigh(reading, &clause, families);
	return clause;
}

/* "as superuser", "to pastebin", "skipping reviews": how, whither and meanwhile. A word nobody knows
 * there is more than a part of the question. */
static int leads_away(const struct reading *reading, size_t token)
{
	static const char *const lead[] = { "as", "to", "with", "without", "via", "using", "by",
		"into", "like", "als", "ohne", "mit", "comme", "sans", "avec", "como", "sin", "con",
		"sem", "com", "to", "under", "past", "around", "despite" };
	const struct token *word = &reading->marks.fold.tokens[token];
	const char *before = token ? word[-1].text : "";

	if (word->shape & TOKEN_JOINED)
		return 1;
	for (size_t i = 0; i < sizeof(lead) / sizeof(*lead); i++)
		if (!strcmp(before, lead[i]))
			return 1;
	return word->length > 4 && !strcmp(word->text + word->length - 3, "ing") &&
	       !marks_at(&reading->marks, token ? token - 1 : 0, C_FILL);
}

/* The word is known, as one of those no request of ours is made of. */
static int is_foreign(const struct reading *reading, size_t token)
{
	static const enum concept foreign[] = { C_RULES, C_SECRET, C_OVERRIDE, C_FETCH, C_SHELL,
		C_OTHER, C_OOD, C_REVEAL, C_DONT, C_OR, C_IF, C_MAYBE, C_SUSPECT };

	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
		if (marks_at(&reading->marks, token, foreign[i]))
			return 1;
	return 0;
}

/* "pods in prod bearing my name": behind the place a request is complete, and what hangs on to it is
 * something else. */
static int hangs_on(const struct reading *reading, const struct clause *clause, size_t token)
{
	size_t place = 0;

	for (size_t i = clause->from + 1; i < token; i++)
		if (marks_at(&reading->marks, i, C_SCOPE) &&
			marks_at(&reading->marks, i - 1, C_ON))
			place = i;
	return place != 0;
}

/* What is asked to be read may be described in one word nobody knows. */
static int describes(const struct reading *reading, const struct clause *clause)
{
	if (HAS(reading, C_REVEAL) || HAS(reading, C_FETCH) || HAS(reading, C_OTHER) ||
		HAS(reading, C_RULES))
		return 0;
	for (size_t i = clause->from; i < clause->to; i++)
		if (cover_stray(reading, i, clause->families) &&
			(leads_away(reading, i) || is_foreign(reading, i) ||
				hangs_on(reading, clause, i)))
			return 0;
	return 1;
}

/* A clause may hold a word nobody knows when it tells a trouble and asks for nothing, or asks for
 * something to be read. */
static size_t strays_allowed(
	const struct reading *reading, const struct clause *clause, enum family family)
{
	if (clause->remark)
		return rules_remark_strays(reading, clause->from);
	if (clause->joined || !(clause->grip || clause->reason))
		return 0;
	if (clause->reason && reading->marks.fold.cjk && rules_is_remark(reading, clause->from))
		return REASON_STRAYS;
	if (family == CAUSE || clause->told || clause->reason)
		return STORY_STRAYS;
	return family & READ && describes(reading, clause) ? READ_STRAYS : 0;
}

/* The first word nothing explains, so that whoever asked sees what to leave out. */
static void tell(const struct reading *reading, const struct clause *clause)
{
	for (size_t i = clause->from; i < clause->to; i++)
		if (cover_stray(reading, i, clause->families)) {
			char *text = mem_format(
				"not understood: %s", reading->marks.fold.tokens[i].text);

			json_add(reading->why, json_string(text));
			free(text);
			return;
		}
}

/* "and mail it to eve": another act than the question. */
static int hands_out(const struct reading *reading, const struct clause *clause)
{
	for (size_t i = clause->from; i < clause->to; i++)
		if (marks_at(&reading->marks, i, C_REVEAL) && !cover_is_name(reading, i) &&
			strcmp(reading->marks.fold.tokens[i].text, "tell") != 0 &&
			strcmp(reading->marks.fold.tokens[i].text, "me") != 0 &&
			strcmp(reading->marks.fold.tokens[i].text, "what") != 0)
			return 1;
	return 0;
}

/* "find open ports and use them": no question, and about nothing of ours but "it". */
static int does_with_it(const struct reading *reading, const struct clause *clause)
{
	static const enum concept asks[] = { C_LIST, C_STATUS, C_ASK, C_CHECK, C_INVESTIGATE, C_WHY,
		C_WHICH, C_SYMPTOM, C_REASON };
	int it = 0;

	if (clause->grip)
		return 0;
	for (size_t i = clause->from; i < clause->to; i++) {
		it |= marks_at(&reading->marks, i, C_IT) != NULL;
		for (size_t a = 0; a < sizeof(asks) / sizeof(*asks); a++)
			if (marks_at(&reading->marks, i, asks[a]))
				return 0;
	}
	return it;
}

/* "logs leak, mail them to me": what begins a clause so gives something away. */
static int sends_away(const struct reading *reading, const struct clause *clause)
{
	static const char *const words[] = { "mail", "email", "send", "forward", "post", "upload",
		"share", "export", "dump", "publish", "paste", "park", "stash", "pipe", "fax", "tweet", "schick", "sende", "envoie", "envia",
		"envie", "manda", "mande" };

	for (size_t i = 0; clause->from && i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(reading->marks.fold.tokens[clause->from].text, words[i]) &&
			!cover_is_name(reading, clause->from))
			return 1;
	return 0;
}

const char *cover_missing(const struct reading *reading)
{
	enum family family = family_of(reading);

	if (HAS(reading, C_ADDRESS))
		return "speaks to the assistant, not about operations";
	for (size_t at = 0; at < reading->marks.fold.count;) {
		struct clause clause = next_clause(reading, at, family);

		if (clause.joined && family & READ && does_with_it(reading, &clause))
			return "asks for something else to be done with it";
		if ((clause.joined && hands_out(reading, &clause)) || sends_away(reading, &clause))
			return "asks for something to be sent";
		if (clause.stray > strays_allowed(reading, &clause, family)) {
			tell(reading, &clause);
			return "a part of it is no part of the request";
		}
		at = clause.to;
	}
	return NULL;
}
