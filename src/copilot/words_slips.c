/* words_slips.c - the word that was meant: one or two slips away. */
#include <string.h>

#include "copilot/words_table.h"

/* Optimal string alignment (insert, delete, change, swap neighbours), given up past limit. */
static int slips(const char *a, size_t n, const char *b, size_t m, int limit)
{
	int rows[3][40];

	for (size_t j = 0; j <= m; j++)
		rows[0][j] = (int)j;
	for (size_t i = 1; i <= n; i++) {
		int *now = rows[i % 3], *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3],
		    least = limit + 1;

		now[0] = (int)i;
		for (size_t j = 1; j <= m; j++) {
			int cost = before[j - 1] + (a[i - 1] != b[j - 1]);

			cost = before[j] + 1 < cost ? before[j] + 1 : cost;
			cost = now[j - 1] + 1 < cost ? now[j - 1] + 1 : cost;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				earlier[j - 2] + 1 < cost)
				cost = earlier[j - 2] + 1;
			now[j] = cost;
			least = cost < least ? cost : least;
		}
		if (least > limit)
			return limit + 1;
	}
	return rows[n % 3][m];
}

/* Four letters: only two swapped neighbours. */
static int swapped(const char *a, const char *b, size_t n)
{
	size_t i = 0;

	while (i < n && a[i] == b[i])
		i++;
	return i + 1 < n && a[i] == b[i + 1] && a[i + 1] == b[i] &&
	       !memcmp(a + i + 2, b + i + 2, n - i - 2);
}

static void nearest_from(const struct words *words, unsigned char first, const char *text,
	size_t length, unsigned languages, int *limit, unsigned *best)
{
	for (unsigned i = words->first[first]; i; i = words->words[i].next) {
		const struct word *word = &words->words[i];
		size_t off = word->length > length ? word->length - length : length - word->length;

		if (!word->slips || word->idle || !(word->languages & languages) || off > (size_t)*limit ||
			word->length < WORDS_SLIP_MIN)
			continue;
		if (length == WORDS_SLIP_MIN || word->length == WORDS_SLIP_MIN) {
			if (!off && swapped(text, word->text, length) && *limit >= 1) {
				*best = i;
				*limit = 0;
			}
			continue;
		}
		int found = slips(text, length, word->text, word->length, *limit);
		if (found <= *limit) {
			*best = i;
			*limit = found - 1;
		}
	}
}

unsigned words_nearest(
	const struct words *words, const char *text, size_t length, unsigned languages)
{
	int limit = length >= 10 ? 2 : 1;
	unsigned best = 0;

	if (length < WORDS_SLIP_MIN || length > 24)
		return 0;
	nearest_from(words, (unsigned char)text[0], text, length, languages, &limit, &best);
	if (limit >= 1 && text[1] != text[0])
		nearest_from(words, (unsigned char)text[1], text, length, languages, &limit, &best);
	return best;
}
