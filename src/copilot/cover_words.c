/* cover_words.c - the table of which marks explain words of which intents, and the words that
 * explain themselves. */
#include <string.h>

#include "base/json.h"
#include "copilot/cover.h"

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
	[C_FUTURE] = MONEY | TOLD,
	[C_UP] = ANY,
	[C_DOWN] = ANY,
	[C_MANY] = ANY,
	[C_COST] = MONEY | CAUSE | TOLD,
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
	[C_TYPICAL] = READ, /* "geo, the database, does it answer" */
	[C_TALK] = CAUSE | GRIPPED | TOLD,
	[C_PLAIN] = CAUSE | MONEY | AUDIT | STATUS | TOLD,
	[C_IF] = GRIPPED,
	[C_OR] = GRIPPED,
	[C_MAYBE] = GRIPPED,
	[C_DONT] = GRIPPED,
};

enum { EVENT_WORDS = 2 };

int cover_is_name(const struct reading *reading, size_t token)
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
	struct clause_span span = rules_clause(reading, token);

	if (reading->entity[token] != ENTITY_LABEL || HAS(reading, C_LABEL))
		return 0;
	/* "list pods in prod, force=1": by itself behind the request it picks nothing either */
	return (families & CHANGE && reading->names) || (span.from && span.from == span.to);
}

/* A word that says how: "suddenly". */
static int adverb(const struct token *token)
{
	return token->length > 4 && !strcmp(token->text + token->length - 2, "ly");
}

int cover_ends_after(const struct reading *reading, size_t token)
{
	return rules_clause_ends(reading, token);
}

/* "the auth service", "backend web-2", "web server web-1": a word services are called, beside the name or its noun. */
static int part_of_name(const struct reading *reading, size_t token)
{
	static const enum concept nouns[] = { C_HOST, C_APP, C_DB, C_KIND, C_MACHINE, C_LB, C_VM };
	int noun = 0;

	for (size_t i = 0; i < sizeof(nouns) / sizeof(*nouns); i++)
		noun |= marks_at(&reading->marks, token + 1, nouns[i]) != NULL;
	return marks_at(&reading->marks, token, C_TYPICAL) &&
	       (noun || (token && cover_is_name(reading, token - 1)) || cover_is_name(reading, token + 1));
}

int cover_is_act(const struct reading *reading, size_t token)
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
					      !marks_at(marks, token, C_OTHER) &&
					      !marks_at(marks, token, C_TYPICAL) &&
					      !marks_at(marks, token, C_STATUS)))
		return 0;
	for (size_t at = token; at-- && words < EVENT_WORDS;) {
		if (marks_at(marks, at, C_EVENT))
			return 1;
		if (cover_ends_after(reading, at) || cover_is_act(reading, at))
			return 0;
		words += !marks_at(marks, at, C_FROM) && !marks_at(marks, at, C_PLAIN) && (!marks_at(marks, at, C_FILL) || marks_at(marks, at, C_TALK));
	}
	return 0;
}

/* "for the inventory sheet", "für den Bericht": what is read is read for something, in at most two words. */
static int is_purpose(const struct reading *reading, size_t token, unsigned families)
{
	static const char *const lead[] = { "for", "fur", "pour", "para", "per" };
	static const char *const articles[] = { "the", "our", "my", "a", "this", "next", "den", "die", "das", "unser",
		"unseren", "meinen", "le", "la", "les", "mon", "notre", "el", "los", "mi", "nuestro", "o", "meu", "nosso", "um", "un" };
	const struct token *tokens = reading->marks.fold.tokens;

	if (families & CHANGE || marks_at(&reading->marks, token, C_SECRET) || tokens[token].shape & (TOKEN_JOINED | TOKEN_DIGIT))
		return 0;
	for (size_t at = token; at > 1 && token - at < 2; at--) {
		if (token != at && cover_ends_after(reading, at))
			return 0;
		for (size_t l = 0; l < sizeof(lead) / sizeof(*lead); l++)
			for (size_t a = 0; a < sizeof(articles) / sizeof(*articles); a++)
				if (!strcmp(tokens[at - 1].text, articles[a]) && !strcmp(tokens[at - 2].text, lead[l]))
					return 1;
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

	if (!(families & (LIST | COST)) || !cover_is_name(reading, token))
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
	return !strcmp(reading->intent->type, "drain") && !reading->marks.taken[token] &&
	       (strstr(reading->marks.fold.tokens[token].text, "lb") ||
		       (token && marks_at(&reading->marks, token - 1, C_LB))); /* "lb edge: take web-5 out" */
}

/* "revert the latest cartsvc deploy": what is taken back. */
static int taken_back(const struct reading *reading, size_t token)
{
	static const char *const words[] = { "deploy", "deployment", "update", "push", "patch",
		"release", "rollout", "upgrade", "change", "commit", "merge", "build", "config", "edit", "tweak",
		"modification", "changes", "edits" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(reading->marks.fold.tokens[token].text, words[i]))
			return !strcmp(reading->intent->type, "rollback");
	return 0;
}

/* "every deploy of web ends in a crash": told, with something that makes it a thing before it. */
static int is_rollout_told(const struct reading *reading, size_t token)
{
	static const char *const words[] = { "deploy", "deployment", "update", "release", "rollout", "upgrade", "patch", "build", "install" };
	static const char *const before[] = { "every", "each", "the", "a", "last", "this", "our", "new", "any", "s", "latest", "next" };
	const struct token *word = &reading->marks.fold.tokens[token];
	int rollout = 0;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		rollout |= !strcmp(word->text, words[i]);
	for (size_t i = 0; rollout && token && i < sizeof(before) / sizeof(*before); i++)
		if (!strcmp(word[-1].text, before[i]))
			return 1;
	return 0;
}

/* "which groups allow ssh from anywhere": what they let in is asked about. As the first word it is an act. */
static int lets_in(const struct reading *reading, size_t token)
{
	const struct mark *asked = marks_first(&reading->marks, C_WHICH);

	return asked && asked->to < token && marks_at(&reading->marks, token, C_OTHER) && HAS(reading, C_SG) &&
	       (HAS(reading, C_EXPOSED) || HAS(reading, C_CIDR)) && !strcmp(reading->intent->type, "audit_security");
}

/* "tryout-9 was an experiment, drop the namespace tryout-9". */
static int says_name_again(const struct reading *reading, size_t token)
{
	static const char *const keys[] = { "name", "namespace" };
	const struct token *word = &reading->marks.fold.tokens[token];

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const char *value = intent_filter(reading->intent, keys[i]);

		if (value && word->shape & TOKEN_JOINED && strlen(value) == word->raw_length && !strncmp(value, word->raw, word->raw_length))
			return 1;
	}
	return 0;
}

/* What attacks are made of. */
static int is_against(const struct reading *reading, size_t token)
{
	static const enum concept foreign[] = { C_RULES, C_SECRET, C_OVERRIDE, C_FETCH, C_SHELL, C_REVEAL, C_SUSPECT, C_DONT, C_NOT };

	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
		if (marks_at(&reading->marks, token, foreign[i]))
			return 1;
	return 0;
}

static int typical_behind(const struct reading *reading, size_t token)
{
	for (const struct mark *mark = marks_first(&reading->marks, C_TYPICAL); mark; mark = marks_next(&reading->marks, mark))
		if (mark->from > token)
			return 1;
	return 0;
}

/* "what will aws cost next month, yolo": a word nobody knows, in a clause behind the request that holds nothing else of ours, is
 * the name of nothing. */
int cover_is_lonely(const struct reading *reading, size_t token)
{
	struct clause_span span = rules_clause(reading, token);

	/* "yolo, list pods": before the request as well, where several of a kind are asked for */
	int before = !span.from && span.to + 1 < reading->marks.fold.count && !HAS(reading, C_LOG) && !HAS(reading, C_IT) &&
		     ((rules_plural(reading) && !strcmp(reading->intent->type, "list")) || typical_behind(reading, span.to));

	if (reading->entity[token] != ENTITY_WORD || marks_at(&reading->marks, token, C_TYPICAL) || (!span.from && !before) ||
		marks_given_name(&reading->marks, token) || reading->seen || HAS(reading, C_CALLED))
		return 0;
	if (!rules_has_noun(reading) && HAS(reading, C_SCOPE) && !strcmp(reading->intent->resource, "kubernetes") && strcmp(reading->intent->type, "list") != 0)
		return 0; /* "500s, parcel, prod": nothing else could be asked about */
	if (reading->write || HAS(reading, C_LOG))
		return 0; /* "to 5 replicas, in prod, please take zorbex" */
	for (size_t i = 0; i < reading->marks.count; i++) {
		const struct mark *mark = &reading->marks.marks[i];

		if (mark->from > span.to || mark->to <= span.from)
			continue;
		if (mark->concept < C_DONT && mark->concept != C_TO && mark->concept != C_INTO && mark->concept != C_FROM &&
			mark->concept != C_ON)
			return 0;
	}
	return 1;
}

/* As whom something runs is a question of security, and no part of a change. */
static int says_root(const struct mark *mark)
{
	return mark->concept == C_STATE && mark->value && !strcmp(mark->value, "root");
}

int cover_stray(const struct reading *reading, size_t token, unsigned families)
{
	const struct token *word = &reading->marks.fold.tokens[token];
	int known = 0;

	if (idle_label(reading, token, families) || sent_to(reading, token, families) ||
		(cover_is_name(reading, token) && cover_is_lonely(reading, token)))
		return 1;
	if (cover_is_name(reading, token) || reading->used[token] || says_name_again(reading, token))
		return 0;
	for (size_t i = 0; i < reading->marks.count; i++) {
		const struct mark *mark = &reading->marks.marks[i];

		if (token < mark->from || token >= mark->to)
			continue;
		/* "fill talk": the narrower of the two decides */
		if (mark->concept != C_FILL || !marks_at(&reading->marks, token, C_TALK)) {
			known = 1;
			if (explains[mark->concept] & families && !(says_root(mark) && !HAS(reading, C_AUDIT) && !(families & AUDIT)))
				return 0;
		}
	}
	if (!is_against(reading, token) && is_purpose(reading, token, families))
		return 0;
	if (families & (CAUSE | TOLD) && is_rollout_told(reading, token))
		return 0;
	if (is_event(reading, token) || lets_in(reading, token) || part_of_name(reading, token) ||
		is_balancer(reading, token) || taken_back(reading, token))
		return 0;
	if (known)
		return 1;
	if (word->shape & TOKEN_CJK)
		return !reading->marks.taken[token] && has_meaning(word);
	return word->length > 2 && !reading->marks.taken[token] && !adverb(word) &&
	       !known_shape((enum entity)reading->entity[token]);
}
