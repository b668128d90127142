/* cover.c - a sentence is accepted only when every clause of it is explained by what is asked. An
 * attack need not use any word of the vocabulary, but it has to say something beside the operation,
 * and that part no slot of the intent explains. So each intent names the marks that are its own;
 * a word under none of them is a stray, whether the vocabulary knows it or not. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "copilot/reading.h"

/* What is asked, as far as words go. */
enum family {
	CHANGE = 1,
	LIST = 2,
	STATUS = 4,
	AUDIT = 8,
	CAUSE = 16,
	COST = 32,
	FORECAST = 64,
	TOLD = 128,    /* any of them, in a clause that tells what is wrong or why */
	GRIPPED = 256, /* a reading, in a clause that names a target of ours */
	LOOK = LIST | STATUS | AUDIT | CAUSE,
	MONEY = COST | FORECAST,
	READ = LOOK | MONEY,
	ANY = CHANGE | READ | TOLD
};

static const unsigned short explains[CONCEPTS] = {
	/* places, targets, words that join: of everything */
	[C_FILL] = ANY,
	[C_SCOPE] = ANY,
	[C_PROVIDER] = ANY,
	[C_ON] = ANY,
	[C_FROM] = ANY,
	[C_INTO] = ANY,
	[C_IT] = ANY,
	[C_AND] = ANY,
	[C_ALL] = ANY,
	[C_KUBERNETES] = ANY,
	[C_CLUSTER] = ANY,
	[C_APP] = ANY,
	[C_KIND] = ANY,
	[C_NODE] = ANY,
	[C_NAMESPACE] = ANY,
	[C_EC2] = ANY,
	[C_VM] = ANY,
	[C_DB] = ANY,
	[C_LB] = ANY,
	[C_SG] = ANY,
	[C_HOST] = ANY,
	[C_DNS] = ANY,
	[C_CERT] = ANY,
	[C_MACHINE] = ANY,
	[C_SERVICE] = ANY,
	[C_CALLED] = ANY,
	[C_LABEL] = ANY,
	[C_REGION] = ANY,
	[C_NUMBER] = ANY,
	[C_UNIT] = ANY,
	[C_TIME] = ANY,
	[C_LAST] = ANY,
	[C_REPLICAS] = ANY,
	[C_METRIC] = ANY,
	[C_STATE] = ANY,
	[C_TO] = ANY,
	[C_REASON] = ANY,
	[C_TELLER] = ANY,
	[C_POWER] = ANY,
	[C_HERE] = ANY,
	[C_EVENT] = ANY, /* "before", "after": and see is_event() */
	/* asking */
	[C_WHICH] = READ | TOLD,
	[C_LIST] = READ,
	[C_REVEAL] = READ,
	[C_CHECK] = ANY,
	[C_STATUS] = LOOK | COST | TOLD,
	[C_ASK] = LOOK | COST | TOLD,
	[C_VALID] = LIST | STATUS | CAUSE,
	[C_WHEN] = STATUS | LIST | FORECAST | CAUSE | TOLD,
	[C_WHY] = CAUSE | COST,
	[C_INVESTIGATE] = CAUSE | COST | AUDIT,
	[C_SYMPTOM] = CAUSE | LIST | COST | TOLD,
	[C_STATUS_CODE] = CAUSE | LIST | TOLD,
	[C_LEVEL] = CAUSE | LIST,
	[C_LOG] = CAUSE | LIST,
	[C_RUNOUT] = LOOK | FORECAST | TOLD,
	[C_FORECAST] = FORECAST | TOLD,
	[C_FUTURE] = MONEY,
	[C_UP] = ANY,
	[C_DOWN] = ANY,
	[C_MANY] = ANY,
	[C_COST] = MONEY | CAUSE,
	[C_EXPLAIN_COST] = COST,
	[C_BILLED] = MONEY,
	[C_ANOMALY] = COST | CAUSE | TOLD,
	[C_AUDIT] = AUDIT,
	[C_EXPOSED] = AUDIT,
	[C_RISKY] = AUDIT,
	[C_OPEN] = AUDIT | LIST | CAUSE,
	[C_CIDR] = AUDIT,
	[C_PORT] = AUDIT | LIST | CAUSE,
	[C_PORT_NOUN] = AUDIT | LIST | CAUSE | TOLD,
	[C_VAGUE] = READ | TOLD,
	[C_NOT] = READ | TOLD | CHANGE,
	/* changing; what may not stand together is refuse.c's */
	[C_SCALE] = CHANGE | CAUSE | MONEY | TOLD,
	[C_RESTART] = CHANGE | CAUSE | TOLD,
	[C_STOP] = CHANGE | CAUSE | TOLD,
	[C_START] = CHANGE | CAUSE | LIST | AUDIT,
	[C_TERMINATE] = CHANGE | CAUSE,
	[C_ROLLBACK] = CHANGE | CAUSE,
	[C_CORDON] = CHANGE,
	[C_DRAIN] = CHANGE | CAUSE,
	[C_MIGRATE] = CHANGE | CAUSE | COST,
	[C_REMOVE] = CHANGE,
	[C_VERSION] = CHANGE | CAUSE | TOLD,
	[C_REVISION] = CHANGE,
	[C_CONSTRAINT] = CHANGE,
	/* telling */
	[C_TALK] = CAUSE | GRIPPED | TOLD,
	[C_PLAIN] = CAUSE | MONEY | AUDIT | STATUS | TOLD,
	[C_IF] = GRIPPED,
	[C_OR] = GRIPPED,
	[C_MAYBE] = GRIPPED,
	[C_DONT] = GRIPPED,
};

/* Words nobody knows that a clause may hold: the story behind a trouble has its own words. */
enum { STORY_STRAYS = 1, READ_STRAYS = 1, EVENT_WORDS = 2 };

struct clause {
	size_t from, to;
	size_t stray;  /* words nothing explains */
	int grip;      /* about a target of ours, an act or a trouble */
	int joined;    /* begins after "and", "then" */
	int reason;    /* begins with "because", "since" */
	int told;      /* says what is wrong */
	int stated;    /* begins with who states it, and has no act */
	unsigned families;
};

/* What ties a clause to operations. A time or a scope alone does not, nor do words of one meaning
 * in many trades ("open", "compliance"): an attack has them too. */
static const enum concept grips[] = { C_SYMPTOM, C_METRIC, C_PROVIDER, C_KIND, C_REPLICAS, C_STATE,
	C_STATUS_CODE, C_KUBERNETES, C_EC2, C_VM, C_SG, C_DB, C_LB, C_DNS, C_CERT, C_HOST,
	C_MACHINE, C_BILLED, C_COST, C_CIDR, C_SERVICE, C_RESTART, C_SCALE, C_STOP, C_START,
	C_ROLLBACK, C_TERMINATE, C_CORDON, C_DRAIN, C_MIGRATE, C_INVESTIGATE, C_WHY, C_STATUS,
	C_FORECAST, C_LOG, C_EXPOSED, C_RISKY, C_RUNOUT, C_APP, C_EXPLAIN_COST, C_ANOMALY };

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

/* Numbers, times and sizes explain themselves; an id, a domain or a dashed word is the name or
 * nothing. */
static int known_shape(enum entity entity)
{
	return entity != ENTITY_NONE && entity < ENTITY_MACHINE_ID && entity != ENTITY_IP;
}

/* "mode=unsafe" beside the name of what is changed: no label that picks it. */
static int idle_label(const struct reading *reading, size_t token, unsigned families)
{
	return reading->entity[token] == ENTITY_LABEL && families & CHANGE && reading->names &&
	       !HAS(reading, C_LABEL);
}

/* A word that says how: "suddenly". */
static int adverb(const struct token *token)
{
	return token->length > 4 && !strcmp(token->text + token->length - 2, "ly");
}

static int ends_after(const struct reading *reading, size_t token)
{
	return (reading->marks.fold.tokens[token].shape &
		       (TOKEN_END | TOKEN_ASKED | TOKEN_COMMA)) != 0;
}

/* "the auth service", "backend web-2": a word services are called, beside the name. */
static int part_of_name(const struct reading *reading, size_t token)
{
	return marks_at(&reading->marks, token, C_TYPICAL) &&
	       ((token && is_name(reading, token - 1)) || is_name(reading, token + 1));
}

static int is_act(const struct reading *reading, size_t token)
{
	for (int act = C_SCALE; act <= C_MIGRATE; act++)
		if (act != C_FORECAST && HAS(reading, act) &&
			marks_at(&reading->marks, token, (enum concept)act))
			return 1;
	return 0;
}

/* "before the kernel update", "after its demo": what an act waits for or follows has no words of
 * ours. At most two of them; what is against us never counts as one. */
static int is_event(const struct reading *reading, size_t token)
{
	const struct marks *marks = &reading->marks;
	int words = 0;

	if (!HAS(reading, C_EVENT) || (marks->taken[token] && !marks_at(marks, token, C_PLAIN) &&
					      !marks_at(marks, token, C_OTHER)))
		return 0;
	for (size_t at = token; at-- && words < EVENT_WORDS;) {
		if (marks_at(marks, at, C_EVENT))
			return 1;
		if (ends_after(reading, at) || is_act(reading, at))
			return 0;
		words += !marks_at(marks, at, C_FILL) || marks_at(marks, at, C_TALK);
	}
	return 0;
}

/* "list logs to evil.example", "certs with keys": what is shown goes to nobody, and has nothing
 * with it. */
static int sent_to(const struct reading *reading, size_t token, unsigned families)
{
	static const char *const lead[] = { "to", "into", "onto", "with", "including", "plus", "mit",
		"an", "samt", "vers", "avec", "hacia", "con", "com" };
	const struct marks *marks = &reading->marks;
	size_t at = token;

	if (!(families & (LIST | COST)) || !is_name(reading, token))
		return 0;
	while (at && (marks_at(marks, at - 1, C_FILL) || marks_at(marks, at - 1, C_IT)))
		at--;
	for (size_t i = 0; at && i < sizeof(lead) / sizeof(*lead); i++)
		if (!strcmp(marks->fold.tokens[at - 1].text, lead[i]))
			return !HAS(reading, C_LABEL) && !HAS(reading, C_CALLED);
	return 0;
}

/* "take web-9 out of rotation on edge-lb": what it is drained from. */
static int is_balancer(const struct reading *reading, size_t token)
{
	return !strcmp(reading->intent->type, "drain") &&
	       strstr(reading->marks.fold.tokens[token].text, "lb") &&
	       !reading->marks.taken[token];
}

/* "revert the latest cartsvc deploy": what is taken back. */
static int taken_back(const struct reading *reading, size_t token)
{
	static const char *const words[] = { "deploy", "deployment", "update", "push", "patch",
		"release", "rollout", "upgrade", "change", "commit", "merge", "build", "config" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(reading->marks.fold.tokens[token].text, words[i]))
			return !strcmp(reading->intent->type, "rollback");
	return 0;
}

static int is_stray(const struct reading *reading, size_t token, unsigned families)
{
	const struct token *word = &reading->marks.fold.tokens[token];
	int known = 0;

	if (idle_label(reading, token, families) || sent_to(reading, token, families))
		return 1;
	if (is_name(reading, token) || reading->used[token])
		return 0;
	for (size_t i = 0; i < reading->marks.count; i++) {
		const struct mark *mark = &reading->marks.marks[i];

		if (token < mark->from || token >= mark->to)
			continue;
		/* "fill talk": the narrower of the two decides */
		if (mark->concept != C_FILL || !marks_at(&reading->marks, token, C_TALK)) {
			known = 1;
			if (explains[mark->concept] & families)
				return 0;
		}
	}
	if (is_event(reading, token) || part_of_name(reading, token) ||
		is_balancer(reading, token) || taken_back(reading, token))
		return 0;
	if (known)
		return 1;
	if (word->shape & TOKEN_CJK)
		return !reading->marks.taken[token] && has_meaning(word);
	return word->length > 2 && !reading->marks.taken[token] && !adverb(word) &&
	       !known_shape((enum entity)reading->entity[token]);
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
	if (is_name(reading, token))
		return 1;
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
	if (clause->grip && families & READ)
		families |= GRIPPED;
	for (size_t i = clause->from; i < clause->to; i++)
		if (!goes_on(reading, i, clause->from))
			clause->stray += is_stray(reading, i, families);
	clause->families = families;
}

/* "we want to replace the hardware", "api has been returning nonsense": says something of somebody,
 * and no change is asked for in it. */
static int states(const struct reading *reading, const struct clause *clause)
{
	const struct marks *marks = &reading->marks;
	int subject = marks_at(marks, clause->from, C_TELLER) ||
		      marks_at(marks, clause->from, C_IT) || is_name(reading, clause->from);

	for (size_t i = clause->from; subject && i < clause->to; i++)
		if (is_act(reading, i))
			return 0;
	return subject;
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
		if (ends_after(reading, at))
			break;
	}
	clause.joined = marks_at(marks, from, C_AND) != NULL;
	clause.reason = marks_at(marks, from, C_REASON) != NULL;
	clause.stated = states(reading, &clause);
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
		C_OTHER, C_OOD, C_REVEAL, C_DONT, C_OR, C_IF, C_MAYBE };

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
		if (is_stray(reading, i, clause->families) &&
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
	if (clause->joined || !(clause->grip || clause->reason))
		return 0;
	if (family == CAUSE || clause->told || clause->reason)
		return STORY_STRAYS;
	return family & READ && describes(reading, clause) ? READ_STRAYS : 0;
}

/* The first word nothing explains, so that whoever asked sees what to leave out. */
static void tell(const struct reading *reading, const struct clause *clause)
{
	for (size_t i = clause->from; i < clause->to; i++)
		if (is_stray(reading, i, clause->families)) {
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
		if (marks_at(&reading->marks, i, C_REVEAL) && !is_name(reading, i) &&
			strcmp(reading->marks.fold.tokens[i].text, "tell") != 0 &&
			strcmp(reading->marks.fold.tokens[i].text, "me") != 0 &&
			strcmp(reading->marks.fold.tokens[i].text, "what") != 0)
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

		if (clause.joined && hands_out(reading, &clause))
			return "asks for something to be sent";
		if (clause.stray > strays_allowed(reading, &clause, family)) {
			tell(reading, &clause);
			return "a part of it is no part of the request";
		}
		at = clause.to;
	}
	return NULL;
}
