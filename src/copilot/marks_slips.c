/* marks_slips.c - words misspelt, and what was meant. Names nobody knows stay as they are. */
#include <string.h>

#include "copilot/marks.h"

enum { SLIPS_LOOKED_UP = 24 /* a sentence of nothing but unknown words must stay cheap */ };

/* "composer", "monitor": who does something is what services are called, not a slip of doing it. */
static int is_doer(const struct token *token)
{
	const char *end = token->text + token->length - 2;

	return token->length > 5 && (!strcmp(end, "er") || !strcmp(end, "or"));
}

static int may_slip(const struct token *token)
{
	return !(token->shape & (TOKEN_CJK | TOKEN_DIGIT | TOKEN_JOINED)) && token->length >= 4;
}

/* "deployment tiles", "namespace lager": behind a noun in the singular stands a name. Only what may
 * also stand there is a slip: "namespace stagign", "server dwon". */
static int named_by_noun(const struct marks *marks, size_t token, unsigned nearest)
{
	static const enum concept nouns[] = { C_KIND, C_DB, C_APP, C_CALLED, C_VM, C_HOST, C_MACHINE,
		C_LB, C_CLUSTER };
	static const enum concept slips[] = { C_SCOPE, C_STATUS, C_ASK, C_SYMPTOM, C_METRIC,
		C_RUNOUT, C_ON, C_FROM, C_INTO, C_REPLICAS, C_KIND, C_APP, C_CLUSTER, C_RESTART,
		C_STATE, C_LOG, C_VERSION, C_LB, C_NODE };
	const struct token *before = token ? &marks->fold.tokens[token - 1] : NULL;

	return before && before->text[before->length - 1] != 's' &&
	       marks_means(marks_alone(marks, marks->word[token - 1]), nouns, sizeof(nouns) / sizeof(*nouns)) &&
	       !marks_means(marks_alone(marks, nearest), slips, sizeof(slips) / sizeof(*slips));
}

/* "bounce kurier and taxi": behind an act stands what it is done to, and no other act. */
static int named_by_act(const struct marks *marks, size_t token, unsigned nearest)
{
	const struct words_entry *before = token ? marks_alone(marks, marks->word[token - 1]) : NULL, *entry = marks_alone(marks, nearest);

	return before && before->concept[0] >= C_SCALE && before->concept[0] <= C_MIGRATE && entry &&
	       entry->concept[0] >= C_INVESTIGATE && entry->concept[0] <= C_MIGRATE && !words_joins(marks->words, nearest, marks->language);
}

/* "shuold": small words nothing is called like. */
static int is_helper(const struct marks *marks, unsigned nearest)
{
	static const char *const words[] = { "should", "would", "could", "please", "which", "because", "about", "bitte", "sollte" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (words_find(marks->words, words[i], strlen(words[i])) == nearest)
			return 1;
	return 0;
}

/* The small word meant by a letter moved, doubled or left out; 0 none. */
static unsigned meant_helper(const struct marks *marks, const struct token *token)
{
	unsigned nearest = token->length > 4 ? words_nearest(marks->words, token->text, token->length, 1u | 1u << marks->language, 1) : 0;

	return nearest && is_helper(marks, nearest) ? nearest : 0;
}

/* "siwtch spider off": what begins a phrase that goes on later in the sentence. */
static int opens_gap(const struct marks *marks, size_t token, unsigned node)
{
	for (const struct words_gap *gap = node ? words_gap_first(marks->words, node) : NULL; gap; gap = words_gap_next(marks->words, gap))
		for (size_t at = token + 2; at < marks->fold.count && at < token + MARKS_GAP_MAX; at++)
			if (marks->languages & 1u << gap->entry.language && marks->word[at] == gap->word[0][0])
				return 1;
	return 0;
}

/* A word that is no phrase by itself, or says nothing, is meant only where its neighbour goes on with
 * it: "security gruop". Elsewhere the unknown word is a name. */
static int may_be_meant(const struct marks *marks, size_t token, unsigned nearest)
{
	static const enum concept idle[] = { C_FILL, C_OOD, C_PLAIN, C_SERVICE, C_TYPICAL };
	const struct words_entry *entry = marks_alone(marks, nearest);
	unsigned before = token ? words_step(marks->words, 0, marks->word[token - 1]) : 0;
	unsigned node = words_step(marks->words, 0, nearest);

	if (entry && !marks_means(entry, idle, sizeof(idle) / sizeof(*idle)))
		return 1;
	return (before && words_step(marks->words, before, nearest)) || opens_gap(marks, token, node) ||
	       (node && token + 1 < marks->fold.count &&
		       words_step(marks->words, node, marks->word[token + 1]));
}

/* "rsyncd": what serves the command is a daemon, and no slip of the command. */
static int is_daemon_of(const struct marks *marks, const struct token *token, unsigned nearest)
{
	static const enum concept against[] = { C_INJECTION, C_SHELL, C_FETCH };

	return token->text[token->length - 1] == 'd' && words_find(marks->words, token->text, token->length - 1u) == nearest &&
	       marks_means(marks_alone(marks, nearest), against, sizeof(against) / sizeof(*against));
}

void marks_correct_slips(struct marks *marks, int (*keep)(const void *, const struct token *), const void *arg)
{
	unsigned looked_up = 0;

	for (size_t i = 0; i < marks->fold.count && looked_up < SLIPS_LOOKED_UP; i++) {
		const struct token *token = &marks->fold.tokens[i];

		if (marks->word[i] &&
			!(words_languages(marks->words, marks->word[i]) & marks->languages))
			marks->word[i] = 0;
		if (marks->word[i] || marks_given_name(marks, i) || !may_slip(token) || (keep && keep(arg, token)))
			continue;
		looked_up++;
		if (i + 1 == marks->guess.slip)
			continue;
		marks->word[i] = meant_helper(marks, token);
		if (marks->word[i]) {
			marks->slip[i] = 1;
			continue;
		}
		marks->word[i] = words_nearest(marks->words, token->text, token->length, 1u | 1u << marks->language, 0);
		if (!marks->word[i]) /* "lsit al pods" took "al" for another language */
			marks->word[i] = words_nearest(marks->words, token->text, token->length, marks->languages, 0);
		if (marks->word[i] && is_doer(token) && !words_doer(marks->words, marks->word[i]))
			marks->word[i] = 0;
		if (marks->word[i] && is_daemon_of(marks, token, marks->word[i]))
			marks->word[i] = 0;
		if (marks->word[i] && (named_by_noun(marks, i, marks->word[i]) || named_by_act(marks, i, marks->word[i]) ||
					      !may_be_meant(marks, i, marks->word[i])))
			marks->word[i] = 0;
		marks->slip[i] = marks->word[i] != 0;
	}
}

/* The token guessed to be misspelt; with it, the language may be another: "deslga i-1". */
void marks_correct_guess(struct marks *marks, size_t i)
{
	const struct token *token = &marks->fold.tokens[i];

	marks->word[i] = words_nearest(marks->words, token->text, token->length, marks->languages, 1);
	if (!marks->word[i]) {
		marks->word[i] = words_nearest(marks->words, token->text, token->length, ~0u, 1);
		marks_choose_language(marks);
	}
	marks->slip[i] = marks->word[i] != 0;
}
