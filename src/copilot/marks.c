#include "copilot/marks.h"

#include <string.h>

enum {
	GAP_MAX = 12,         /* words between the parts of a phrase */
	LONG_PHRASE = 3,      /* words of one inside which none with a gap begins */
	SLIPS_LOOKED_UP = 24, /* a sentence of nothing but unknown words must stay cheap */
};

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

static void number_words(struct marks *marks)
{
	for (size_t i = 0; i < marks->fold.count; i++)
		marks->word[i] = words_find(
			marks->words, marks->fold.tokens[i].text, marks->fold.tokens[i].length);
}

static const struct words_entry *alone(const struct marks *marks, unsigned word)
{
	unsigned node = words_step(marks->words, 0, word);

	return node ? words_entry(marks->words, node, marks->languages, marks->language) : NULL;
}

int marks_means(const struct words_entry *entry, const enum concept *list, size_t count)
{
	for (unsigned m = 0; entry && m < entry->marks; m++)
		for (size_t i = 0; i < count; i++)
			if (entry->concept[m] == list[i])
				return 1;
	return 0;
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
	       marks_means(alone(marks, marks->word[token - 1]), nouns, sizeof(nouns) / sizeof(*nouns)) &&
	       !marks_means(alone(marks, nearest), slips, sizeof(slips) / sizeof(*slips));
}

/* "bounce kurier and taxi": behind an act stands what it is done to, and no other act. */
static int named_by_act(const struct marks *marks, size_t token, unsigned nearest)
{
	const struct words_entry *before = token ? alone(marks, marks->word[token - 1]) : NULL, *entry = alone(marks, nearest);

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
		for (size_t at = token + 2; at < marks->fold.count && at < token + GAP_MAX; at++)
			if (marks->languages & 1u << gap->entry.language && marks->word[at] == gap->word[0][0])
				return 1;
	return 0;
}

/* A word that is no phrase by itself, or says nothing, is meant only where its neighbour goes on with
 * it: "security gruop". Elsewhere the unknown word is a name. */
static int may_be_meant(const struct marks *marks, size_t token, unsigned nearest)
{
	static const enum concept idle[] = { C_FILL, C_OOD, C_PLAIN, C_SERVICE, C_TYPICAL };
	const struct words_entry *entry = alone(marks, nearest);
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
	       marks_means(alone(marks, nearest), against, sizeof(against) / sizeof(*against));
}

static void correct_slips(struct marks *marks, int (*keep)(const void *, const struct token *), const void *arg)
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
static void correct_guess(struct marks *marks, size_t i)
{
	const struct token *token = &marks->fold.tokens[i];

	marks->word[i] = words_nearest(marks->words, token->text, token->length, marks->languages, 1);
	if (!marks->word[i]) {
		marks->word[i] = words_nearest(marks->words, token->text, token->length, ~0u, 1);
		marks_choose_language(marks);
	}
	marks->slip[i] = marks->word[i] != 0;
}

void marks_put(struct marks *marks, const struct words_entry *entry, size_t from, size_t to)
{
	for (unsigned m = 0; m < entry->marks && marks->count < MARKS_MAX; m++) {
		marks->marks[marks->count++] = (struct mark){ .concept = entry->concept[m],
			.value = entry->value[m],
			.from = (unsigned short)from,
			.to = (unsigned short)to };
		if (marks->seen[entry->concept[m]] < 255)
			marks->seen[entry->concept[m]]++;
	}
	if (entry->concept[0] != C_TYPICAL)
		memset(marks->taken + from, 1, to - from);
}

static size_t find_longest(const struct marks *marks, size_t i, const struct words_entry **found);

/* "is it acting up": the word belongs to what is wrong, which began before it. */
static int ends_symptom(const struct marks *marks, size_t from, size_t token)
{
	static const enum concept symptom[] = { C_SYMPTOM };

	for (size_t i = token > from + 2 ? token - 3 : from - 1; i < token; i++) {
		const struct words_entry *entry = NULL;
		size_t length = marks->taken[i] ? 0 : find_longest(marks, i, &entry);

		if (i + length > token && marks_means(entry, symptom, 1))
			return 1;
	}
	return 0;
}

/* "switch orders on live to postgres": what stands before a place is no part of the act. */
static int leads_to_scope(const struct marks *marks, size_t token)
{
	static const char *const lead[] = { "on", "in" };
	static const enum concept scope[] = { C_SCOPE };

	if (token + 1 >= marks->fold.count ||
		!marks_means(alone(marks, marks->word[token + 1]), scope, 1))
		return 0;
	for (size_t i = 0; i < sizeof(lead) / sizeof(*lead); i++)
		if (!strcmp(marks->fold.tokens[token].text, lead[i]))
			return 1;
	return 0;
}

static size_t part_length(const unsigned part[4])
{
	size_t n = 0;

	while (n < 4 && part[n])
		n++;
	return n;
}

/* Where the part stands at or after `from`, at most GAP_MAX words on; 0 when nowhere. */
static size_t find_part(const struct marks *marks, const unsigned part[4], size_t from)
{
	size_t length = part_length(part);

	for (size_t at = from; at <= from + GAP_MAX && at + length <= marks->fold.count; at++) {
		size_t i = 0;

		/* "traffic is low, bring web down": no part of it lies behind a comma */
		if (marks->fold.tokens[at - 1].shape & TOKEN_COMMA)
			break;

		while (i < length && marks->word[at + i] == part[i] && !marks->taken[at + i])
			i++;
		if (i == length && !(length == 1 && (ends_symptom(marks, from, at) ||
							leads_to_scope(marks, at))))
			return at;
	}
	return 0;
}

/* A gapped phrase whose head ends before token `to`. */
static int match_gap(struct marks *marks, unsigned node, size_t from, size_t to, size_t plain)
{
	const struct words_gap *best = NULL;
	size_t best_at[2] = { 0 }, best_words = 0;
	int best_ends = 0;

	for (const struct words_gap *gap = words_gap_first(marks->words, node); gap;
		gap = words_gap_next(marks->words, gap)) {
		size_t at[2] = { 0 }, after = to, found = 0, words = 0;

		if (!(marks->languages & 1u << gap->entry.language))
			continue;
		for (; found < gap->parts; found++) {
			at[found] = find_part(marks, gap->word[found], after + 1);
			if (!at[found])
				break;
			words += part_length(gap->word[found]);
			after = at[found] + part_length(gap->word[found]);
		}
		int ends = after == marks->fold.count ||
			   (marks->fold.tokens[after - 1].shape &
				   (TOKEN_END | TOKEN_ASKED | TOKEN_COMMA)) != 0;

		/* "power i-1 on staging down": the part at the end of the clause */
		if (found == gap->parts &&
			(words > best_words ||
				(words == best_words &&
					(ends > best_ends ||
						/* "turn i-1 off on live": the nearer one */
						(ends == best_ends && at[0] < best_at[0]))))) {
			best = gap;
			best_words = words;
			best_ends = ends;
			best_ends = ends;
			memcpy(best_at, at, sizeof(at));
		}
	}
	if (!best || best_words + (to - from) <=
			     plain) /* "turn off x on azure": the words side by side win */
		return 0;
	marks_put(marks, &best->entry, from, to);
	for (unsigned p = 0; p < best->parts; p++)
		memset(marks->taken + best_at[p], 1, part_length(best->word[p]));
	return 1;
}

static void find_gaps(struct marks *marks)
{
	for (size_t i = 0; i < marks->fold.count; i++) {
		const struct words_entry *entry;
		unsigned node = 0;
		size_t to = i, plain;

		if (marks->taken[i])
			continue;
		plain = find_longest(marks, i, &entry);
		int matched = 0;
		while (!matched && to < marks->fold.count && !marks->taken[to] &&
			(node = words_step(marks->words, node, marks->word[to]))) {
			to++;
			matched = match_gap(marks, node, i, to, plain);
		}
		if (!matched && plain >= LONG_PHRASE) /* "qu'est-ce qui se passe": no "passe _ à" */
			i += plain - 1;
	}
}

/* The longest phrase from token i on; how many tokens it has. */
static size_t find_longest(const struct marks *marks, size_t i, const struct words_entry **found)
{
	unsigned node = 0;
	size_t length = 0;
	int crossed = 0;

	for (size_t at = i; at < marks->fold.count && !marks->taken[at]; at++) {
		const struct words_entry *entry;

		crossed |= at > i && marks->fold.tokens[at - 1].shape & (TOKEN_END | TOKEN_COMMA);
		node = words_step(marks->words, node, marks->word[at]);
		if (!node)
			break;
		entry = words_entry(marks->words, node, marks->languages, marks->language);
		/* "web ist aus, bitte starten": but for courtesy, none goes on behind a comma */
		if (entry && (!crossed || entry->concept[0] == C_FILL)) {
			*found = entry;
			length = at + 1 - i;
		}
	}
	return length;
}

static void find_phrases(struct marks *marks)
{
	for (size_t i = 0; i < marks->fold.count;) {
		const struct words_entry *entry = NULL;
		size_t length = marks->taken[i] ? 0 : find_longest(marks, i, &entry);

		if (length)
			marks_put(marks, entry, i, i + length);
		i += length ? length : 1;
	}
}

static int against_us(const struct words_entry *entry)
{
	for (unsigned m = 0; m < entry->marks; m++)
		if (entry->concept[m] == C_INJECTION || entry->concept[m] == C_SECRET ||
			entry->concept[m] == C_APPROVED)
			return 1;
	return 0;
}

/* "my boss wants to know why": whoever asks claims no approval. Only a longer phrase of its own says so. */
static int is_asked_for(const struct marks *marks, size_t from, size_t to)
{
	const struct mark *teller = marks_at(marks, from, C_TELLER);

	return teller && teller->to > to;
}

/* "kubectl drain node-3": a tool named first in a phrase of ours is only how an act is said. */
static int is_said_first(const struct marks *marks, size_t from, size_t to)
{
	for (size_t at = 0; at < from; at++)
		if (!marks_at(marks, at, C_FILL))
			return 0;
	for (size_t i = 0; i < marks->count; i++)
		if (marks->marks[i].from == from && marks->marks[i].to > to)
			return 1;
	return 0;
}

/* "sorry to bother you, are the pods up": courtesy ends before the comma, and no "you are" begins in it. */
static int ends_courtesy(const struct marks *marks, size_t from, size_t at)
{
	const struct mark *fill = marks_at(marks, from, C_FILL);

	return at > from && marks->fold.tokens[at - 1].shape & TOKEN_COMMA && fill && fill->from < from && fill->to == at;
}

/* "our grant money": a noun of a longer phrase for money. */
static int is_money(const struct marks *marks, size_t from, size_t to)
{
	const struct mark *cost = marks_at(marks, from, C_COST);

	return cost && to == from + 1 && cost->to - cost->from > 1;
}

/* An attack inside a longer harmless phrase, or inside a gap, counts all the same: every place is
 * looked at again, whatever explained it. */
static void find_against(struct marks *marks)
{
	for (size_t i = 0; i < marks->fold.count; i++) {
		unsigned node = 0;

		for (size_t at = i; at < marks->fold.count; at++) {
			const struct words_entry *entry;

			node = ends_courtesy(marks, i, at) ? 0 : words_step(marks->words, node, marks->word[at]);
			if (!node)
				break;
			entry = words_entry(marks->words, node, marks->languages, marks->language);
			if (entry && against_us(entry) && !marks_at(marks, i, entry->concept[0]) &&
				!(entry->concept[0] == C_APPROVED && is_asked_for(marks, i, at + 1)) &&
				!(entry->concept[0] == C_INJECTION && (is_said_first(marks, i, at + 1) || is_money(marks, i, at + 1))) &&
				!(entry->concept[0] == C_SECRET &&
					(marks_at(marks, i, C_SYMPTOM) || marks_at(marks, i, C_EVENT) || marks_at(marks, i, C_DB) ||
						marks_at(marks, i, C_EXPLAIN_COST) ||
						marks_at(marks, i, C_EXPOSED))))
				marks_put(marks, entry, i, at + 1);
		}
	}
}

int marks_given_name(const struct marks *marks, size_t token)
{
	return token + 1 == marks->guess.name || (token < marks->fold.count && marks->fold.tokens[token].shape & TOKEN_QUOTED);
}

void marks_find(struct marks *marks, const struct words *words, const char *sentence, size_t length, struct marks_guess guess,
	int (*keep)(const void *arg, const struct token *token), const void *arg)
{
	marks->words = words;
	marks->guess = guess;
	marks->count = 0;
	memset(marks->seen, 0, sizeof(marks->seen));
	fold_sentence(&marks->fold, sentence, length);
	memset(marks->taken, 0, marks->fold.count + 1);
	memset(marks->slip, 0, marks->fold.count + 1);
	number_words(marks);
	for (size_t i = 0; i < marks->fold.count; i++)
		if (marks_given_name(marks, i))
			marks->word[i] = 0;
	marks_choose_language(marks);
	if (guess.slip)
		correct_guess(marks, guess.slip - 1);
	correct_slips(marks, keep, arg);
	find_gaps(marks);
	find_phrases(marks);
	marks_find_compounds(marks);
	find_against(marks);
}

const struct mark *marks_first(const struct marks *marks, enum concept concept)
{
	for (size_t i = 0; marks->seen[concept] && i < marks->count; i++)
		if (marks->marks[i].concept == concept)
			return &marks->marks[i];
	return NULL;
}

const struct mark *marks_next(const struct marks *marks, const struct mark *mark)
{
	for (const struct mark *next = mark + 1; next < marks->marks + marks->count; next++)
		if (next->concept == mark->concept)
			return next;
	return NULL;
}

const struct mark *marks_at(const struct marks *marks, size_t token, enum concept concept)
{
	for (const struct mark *mark = marks_first(marks, concept); mark;
		mark = marks_next(marks, mark))
		if (mark->from <= token && token < mark->to)
			return mark;
	return NULL;
}

int marks_near(const struct marks *marks, enum concept a, enum concept b, size_t distance)
{
	for (const struct mark *x = marks_first(marks, a); x; x = marks_next(marks, x))
		for (const struct mark *y = marks_first(marks, b); y; y = marks_next(marks, y))
			if (x->from < y->from ? y->from <= x->to + distance
					      : x->from <= y->to + distance)
				return 1;
	return 0;
}
