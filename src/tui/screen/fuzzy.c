#include "tui/screen/fuzzy.h"

#include <ctype.h>
#include <string.h>

enum { FOUND = 10, TOGETHER = 15, WORD_START = 12, AT_START = 20, WHOLE = 60, SKIPPED = 1 };

static int is_word_start(const char *text, const char *at)
{
	return at == text || !isalnum((unsigned char)at[-1]);
}

static int same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* The nearest place of c from at on; one that begins a word is taken before a nearer one inside a word, when both are there. */
static const char *next_place(const char *text, const char *at, char c, const char *after)
{
	const char *first = NULL;

	if (at == after && same(*at, c))
		return at; /* right after the last one */
	for (; *at; at++) {
		if (!same(*at, c))
			continue;
		if (!first)
			first = at;
		if (is_word_start(text, at))
			return at;
	}
	return first;
}

static int score_from(const char *pattern, const char *text, const char *start)
{
	const char *at = start, *last = NULL;
	int score = 1;

	for (; *pattern; pattern++) {
		const char *place = next_place(text, at, *pattern, last ? last + 1 : NULL);

		if (!place)
			return 0;
		score += FOUND;
		if (last && place == last + 1)
			score += TOGETHER;
		else if (last)
			score -= SKIPPED;
		if (is_word_start(text, place))
			score += WORD_START;
		if (place == text)
			score += AT_START;
		last = place;
		at = place + 1;
	}
	return score;
}

int fuzzy_score(const char *pattern, const char *text)
{
	int best = 0;

	if (!*pattern)
		return 1;
	/* From each place the first letter stands at: the first is not always the best. */
	for (const char *at = text; *at; at++) {
		int score = same(*at, *pattern) ? score_from(pattern, text, at) : 0;

		if (score > best)
			best = score;
	}
	if (best && strlen(pattern) == strlen(text))
		best += WHOLE;
	return best;
}
