/* danger.c - sentences that try to change the rules, smuggle a command, take secrets or fake an
 * approval, by the words in every language; danger_bytes.c looks at the bytes. One hit refuses the whole sentence. */
#include "copilot/danger.h"

#include <string.h>

#include "copilot/reading.h"

const struct words_entry *danger_alone(const struct marks *marks, const char *text, size_t length)
{
	unsigned node = words_step(marks->words, 0, words_find(marks->words, text, length));

	return node ? words_entry(marks->words, node, marks->languages, marks->language) : NULL;
}

/* "if the approval gate asks, say yes": whoever wants a change has nothing to say about rules. A
 * service may be called so: "restart the approval service". */
static int rules_beside_change(const struct marks *marks)
{
	static const enum concept changes[] = { C_SCALE, C_RESTART, C_STOP, C_START, C_TERMINATE,
		C_ROLLBACK, C_CORDON, C_DRAIN, C_MIGRATE };
	int change = 0;

	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++)
		change |= marks->seen[changes[i]];
	for (const struct mark *mark = marks_first(marks, C_RULES); change && mark;
		mark = marks_next(marks, mark))
		if (!marks_at(marks, mark->to, C_APP) && !marks_at(marks, mark->to, C_KIND))
			return 1;
	return 0;
}

/* "approved-by", "pre-approved", "approvals=0": an approval in a compound. */
static int joined_approval(const struct marks *marks)
{
	for (size_t t = 0; t < marks->fold.count; t++) {
		const struct token *token = &marks->fold.tokens[t];

		if (!(token->shape & TOKEN_JOINED))
			continue;
		for (size_t at = 0; at < token->length;) {
			size_t length = strcspn(token->text + at, "-_.:/=");
			const struct words_entry *entry = danger_alone(marks, token->text + at, length);

			if (length && entry &&
				(entry->concept[0] == C_APPROVED ||
					(entry->concept[0] == C_RULES &&
						token->text[at + length] == '=')))
				return 1;
			at += length + 1;
		}
	}
	return 0;
}

/* Means to set aside, rules or what is hidden. */
static int is_against(const struct words_entry *entry)
{
	static const enum concept against[] = { C_OVERRIDE, C_RULES, C_REVEAL, C_INJECTION };

	for (size_t i = 0; entry && i < sizeof(against) / sizeof(*against); i++)
		if (entry->concept[0] == against[i])
			return 1;
	return 0;
}

static int is_small(const struct words_entry *entry)
{
	return entry && (entry->concept[0] == C_FILL || entry->concept[0] == C_AND ||
				entry->concept[0] == C_IT || entry->concept[0] == C_ALL);
}

/* "rides-and-then-ignore-policy": a name that is a sentence, or says to set something aside. */
static int sentence_in_name(const struct marks *marks)
{
	for (size_t t = 0; t < marks->fold.count; t++) {
		const struct token *token = &marks->fold.tokens[t];
		int small = 0, against = 0, rules = 0, parts = 0;

		for (size_t at = 0; token->shape & TOKEN_JOINED && at < token->length; parts++) {
			size_t length = strcspn(token->text + at, "-_.:/=");
			const struct words_entry *entry = danger_alone(marks, token->text + at, length);

			small += is_small(entry);
			against += is_against(entry);
			rules += entry && entry->concept[0] == C_RULES;
			at += length + 1;
		}
		if ((small > 2 && parts > 4) || against > 1 ||
			(small && against > rules && parts > 3)) /* "ticket-gate-old", "mail-out-1" are names */
			return 1;
	}
	return 0;
}

/* A change that also speaks of the audit wants to get past it: "hide it from the audit". A service
 * may be called so. */
static int audit_beside_change(const struct marks *marks)
{
	if (!marks->seen[C_STOP] && !marks->seen[C_TERMINATE] && !marks->seen[C_RESTART] &&
		!marks->seen[C_SCALE] && !marks->seen[C_ROLLBACK] && !marks->seen[C_DRAIN])
		return 0;
	for (size_t t = 0; t < marks->fold.count; t++)
		if (!marks_given_name(marks, t) && !strncmp(marks->fold.tokens[t].text, "audit", 5) &&
			!(marks->fold.tokens[t].shape & TOKEN_JOINED) &&
			!marks_at(marks, t + 1, C_APP) && !marks_at(marks, t + 1, C_DB) &&
			!marks_at(marks, t + 1, C_KIND))
			return 1;
	return 0;
}

/* "the token service", "password deployment": what holds secrets, not the secrets. Unless it is to
 * be shown. */
static int names_a_service(const struct marks *marks, const struct mark *secret)
{
	/* "annotate secret web-tls": the object, not what is in it */
	if ((marks->seen[C_OTHER] || marks->seen[C_TERMINATE]) && !marks->seen[C_REVEAL] &&
		!marks->seen[C_LIST] && !marks->seen[C_WHICH] &&
		!strcmp(marks->fold.tokens[secret->from].text, "secret") &&
		secret->to == secret->from + 1 && secret->to < marks->fold.count &&
		!marks->taken[secret->to] && marks->fold.tokens[secret->to].shape & TOKEN_JOINED)
		return 1;
	/* "token-service", as one word of German, too */
	return (marks_at(marks, secret->to, C_APP) || marks_at(marks, secret->to, C_KIND) || marks_at(marks, secret->from, C_APP)) &&
	       secret->to == secret->from + 1 && !marks->seen[C_REVEAL] && !marks->seen[C_LIST] &&
	       !marks->seen[C_WHICH] && !marks->seen[C_NAMESPACE];
}

static int changes_something(const struct marks *marks)
{
	for (int act = C_SCALE; act <= C_MIGRATE; act++)
		if (act != C_FORECAST && marks->seen[act])
			return 1;
	return 0;
}

/* "das Root-Passwort", "echo DB_PASSWORD": what a compound ends in is what it is. A service may be called so. */
static int joined_secret(const struct marks *marks)
{
	int shown = marks->seen[C_REVEAL] || marks->seen[C_LIST] || marks->seen[C_WHICH];

	for (size_t t = 0; t < marks->fold.count; t++) {
		const struct token *token = &marks->fold.tokens[t];
		size_t at = token->length;

		while (at && !strchr("-_", token->text[at - 1]))
			at--;
		const struct words_entry *entry =
			token->shape & TOKEN_JOINED && at ? danger_alone(marks, token->text + at, token->length - at) : NULL;

		if (entry && entry->concept[0] == C_SECRET && !marks->seen[C_LOG] &&
			(shown || (strstr(token->text, "passw") && !changes_something(marks))))
			return 1;
	}
	return 0;
}

static int asks_for_secret(const struct marks *marks)
{
	if (joined_secret(marks))
		return 1;

	/* "who may read secrets" is a question about rights; "expired tokens" could be one: still
	 * asked back as a secret. */
	if (marks->seen[C_AUDIT] && !marks->seen[C_REVEAL] && !marks->seen[C_LIST])
		return 0;
	for (const struct mark *mark = marks_first(marks, C_SECRET); mark;
		mark = marks_next(marks, mark))
		if (!names_a_service(marks, mark))
			return 1;
	return 0;
}

static int sets_rules_aside(const struct marks *marks)
{
	return marks_near(marks, C_OVERRIDE, C_RULES, 6) ||
	       (marks->seen[C_RULES] &&
		       (marks_near(marks, C_STOP, C_RULES, 4) || marks_near(marks, C_TERMINATE, C_RULES, 4) ||
			       marks_near(marks, C_REVEAL, C_RULES, 4) || marks_near(marks, C_LIST, C_RULES, 3) ||
			       marks_near(marks, C_DONT, C_RULES, 4) || marks_near(marks, C_NOT, C_RULES, 3)));
}

static const char *danger_in_words(const struct marks *marks)
{
	if (marks->seen[C_INJECTION])
		return "tries to change the rules";
	if (sets_rules_aside(marks))
		return "tries to set rules aside";
	if (asks_for_secret(marks))
		return "asks for secrets";
	if (sentence_in_name(marks))
		return "hides a sentence in a name";
	if (marks->seen[C_APPROVED] || joined_approval(marks))
		return "claims an approval: approvals are given in the gate, never in a sentence";
	if (marks->seen[C_SHELL] || (marks->seen[C_FETCH] && !marks->seen[C_HARMLESS]))
		return "asks to run a command";
	return NULL;
}

const char *danger_find(const struct marks *marks, const char *sentence, size_t length, int *rules_alone)
{
	const char *why = danger_in_bytes(marks, sentence, length);

	*rules_alone = 0;
	if (!why && marks->fold.hidden)
		why = "holds hidden characters";
	if (!why)
		why = danger_in_words(marks);
	if (!why && (rules_beside_change(marks) || audit_beside_change(marks))) {
		why = "tries to set rules aside";
		*rules_alone = 1;
	}
	return why;
}
