/* words_slips.c - the word that was meant: one or two slips away. */
#include <string.h>

#include "copilot/words_table.h"

/* A slip costs so much that two neighbours swapped or a letter too few or too many are likelier than another letter. */
enum { COST_MOVE = 2, COST_OTHER = 3 };

/* Optimal string alignment (insert, delete, change, swap neighbours), given up past limit. */
static int slips(const char *a, size_t n, const char *b, size_t m, int limit)
{
	int rows[3][40];

	for (size_t j = 0; j <= m; j++)
		rows[0][j] = (int)j * COST_MOVE;
	for (size_t i = 1; i <= n; i++) {
		int *now = rows[i % 3], *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3],
		    least = limit + 1;

		now[0] = (int)i * COST_MOVE;
		for (size_t j = 1; j <= m; j++) {
			int cost = before[j - 1] + (a[i - 1] != b[j - 1] ? COST_OTHER : 0);

			cost = before[j] + COST_MOVE < cost ? before[j] + COST_MOVE : cost;
			cost = now[j - 1] + COST_MOVE < cost ? now[j - 1] + COST_MOVE : cost;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				earlier[j - 2] + COST_MOVE < cost)
				cost = earlier[j - 2] + COST_MOVE;
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
	size_t length, unsigned languages, int whatever, int *limit, unsigned *best)
{
	for (unsigned i = words->first[first]; i; i = words->words[i].next) {
		const struct word *word = &words->words[i];
		size_t off = word->length > length ? word->length - length : length - word->length;

		if (!(word->languages & languages) || off * COST_MOVE > (size_t)*limit || word->length < WORDS_SLIP_MIN ||
			(!whatever && (!word->slips || word->idle)))
			continue;
		if (length + word->length <= 2 * WORDS_SLIP_MIN + !whatever) {
			if (!off && swapped(text, word->text, length) && *limit >= COST_MOVE) {
				*best = i;
				*limit = COST_MOVE - 1;
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

unsigned words_nearest(const struct words *words, const char *text, size_t length, unsigned languages, int whatever)
{
	int limit = whatever ? COST_MOVE : length >= 10 ? 2 * COST_OTHER : COST_OTHER;
	unsigned best = 0;

	if (length < WORDS_SLIP_MIN || length > 24)
		return 0;
	nearest_from(words, (unsigned char)text[0], text, length, languages, whatever, &limit, &best);
	if (limit >= COST_MOVE && text[1] != text[0])
		nearest_from(words, (unsigned char)text[1], text, length, languages, whatever, &limit, &best);
	return best;
}
