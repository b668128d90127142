#include "copilot/marks.h"

#include <string.h>

#include "copilot/reading.h"

enum { LONG_PHRASE = 3 /* words of one inside which none with a gap begins */ };

const struct words_entry *marks_alone(const struct marks *marks, unsigned word)
{
	unsigned node = words_step(marks->words, 0, word);

	return node ? words_entry(marks->words, node, marks->languages, marks->language) : NULL;
}

static void number_words(struct marks *marks)
{
	for (size_t i = 0; i < marks->fold.count; i++)
		marks->word[i] = words_find(
			marks->words, marks->fold.tokens[i].text, marks->fold.tokens[i].length);
}

int marks_means(const struct words_entry *entry, const enum concept *list, size_t count)
{
	for (unsigned m = 0; entry && m < entry->marks; m++)
		for (size_t i = 0; i < count; i++)
			if (entry->concept[m] == list[i])
				return 1;
	return 0;
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

	if (token + 1 >= marks->fold.count || marks->fold.tokens[token].shape & TOKEN_COMMA ||
		!marks_means(marks_alone(marks, marks->word[token + 1]), scope, 1))
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

/* Where the part stands at or after `from`, at most MARKS_GAP_MAX words on; 0 when nowhere. */
static size_t find_part(const struct marks *marks, const unsigned part[4], size_t from)
{
	size_t length = part_length(part);

	for (size_t at = from; at <= from + MARKS_GAP_MAX && at + length <= marks->fold.count; at++) {
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

/* "move orders from aws to gcp", "logs of orders from yesterday": where or when, and from nobody who could order anything. */
static int comes_from_place(const struct marks *marks, const struct words_entry *entry, size_t from, size_t to)
{
	static const enum concept origins[] = { C_PROVIDER, C_DB, C_TIME, C_SCOPE, C_CLUSTER, C_LAST };
	const struct token *tokens = marks->fold.tokens;
	size_t at = to + (to < marks->fold.count && !strcmp(tokens[to].text, "the"));

	if (entry->concept[0] != C_APPROVED || to != from + 2 || !from || strcmp(tokens[from].text, "orders") != 0 ||
		tokens[from - 1].shape & (TOKEN_COMMA | TOKEN_END) || at >= marks->fold.count)
		return 0;
	return entity_region(tokens[at].text) || marks_means(marks_alone(marks, marks->word[at]), origins, sizeof(origins) / sizeof(*origins));
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
		if (entry && (!crossed || entry->concept[0] == C_FILL) && !comes_from_place(marks, entry, i, at + 1)) {
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

/* "no escales web, como acordamos": what forbids in Spanish does so in a sentence taken for Portuguese, too. */
static void find_forbidden(struct marks *marks)
{
	for (size_t i = 0; i + 1 < marks->fold.count; i++) {
		unsigned node = words_step(marks->words, 0, marks->word[i]);
		const struct words_entry *entry;

		if (strcmp(marks->fold.tokens[i].text, "no") != 0 || !node)
			continue;
		node = words_step(marks->words, node, words_find(marks->words, marks->fold.tokens[i + 1].text, marks->fold.tokens[i + 1].length));
		entry = node ? words_entry(marks->words, node, ~0u, marks->language) : NULL;
		if (entry && entry->concept[0] == C_DONT && !marks_at(marks, i, C_DONT))
			marks_put(marks, entry, i, i + 2);
	}
}

/* An attack inside a longer harmless phrase, or inside a gap, counts all the same: every place is
 * looked at again, whatever explained it. */
static void find_against(struct marks *marks)
{
	find_forbidden(marks);
	for (size_t i = 0; i < marks->fold.count; i++) {
		unsigned node = 0;

		for (size_t at = i; at < marks->fold.count; at++) {
			const struct words_entry *entry;

			node = ends_courtesy(marks, i, at) ? 0 : words_step(marks->words, node, marks->word[at]);
			if (!node)
				break;
			entry = words_entry(marks->words, node, marks->languages, marks->language);
			if (entry && against_us(entry) && !comes_from_place(marks, entry, i, at + 1) && !marks_at(marks, i, entry->concept[0]) &&
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
		marks_correct_guess(marks, guess.slip - 1);
	marks_correct_slips(marks, keep, arg);
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
