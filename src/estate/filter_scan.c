/* The fast way for plain words: one pass over the flat text of a snapshot for the longest word, by its first and
 * last byte, 32 bytes at a time where the machine has AVX2. Remaining words are looked for in the rows that has it. */
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/mem.h"
#include "estate/filter.h"
#include "estate/filter_node.h"
#include "estate/snapshot.h"

unsigned char fold(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static unsigned char case_bit(char c)
{
	return c >= 'a' && c <= 'z' ? 0x20 : 0;
}

void needle_init(struct needle *needle, const char *bytes, size_t length)
{
	needle->bytes = mem_text_n(bytes, length);
	needle->length = length;
	for (size_t i = 0; i < length; i++)
		needle->bytes[i] = (char)fold((unsigned char)needle->bytes[i]);
	needle->first_case = length ? case_bit(needle->bytes[0]) : 0;
	needle->last_case = length ? case_bit(needle->bytes[length - 1]) : 0;
}

void needle_release(struct needle *needle)
{
	free(needle->bytes);
	needle->bytes = NULL;
}

/* All but first and last byte, which are known to be right. */
static int middle_matches(const struct needle *needle, const char *at)
{
	for (size_t i = 1; i + 1 < needle->length; i++)
		if (fold((unsigned char)at[i]) != (unsigned char)needle->bytes[i])
			return 0;
	return 1;
}

const char *needle_find_plain(const struct needle *needle, const char *hay, size_t length,
	size_t readable)
{
	unsigned char first, last;
	size_t tail;

	(void)readable;
	if (!needle->length)
		return hay;
	tail = needle->length - 1;
	first = (unsigned char)needle->bytes[0];
	last = (unsigned char)needle->bytes[tail];
	for (size_t i = 0; i + tail < length; i++)
		if (((unsigned char)hay[i] | needle->first_case) == first &&
			((unsigned char)hay[i + tail] | needle->last_case) == last &&
			middle_matches(needle, hay + i))
			return hay + i;
	return NULL;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static const char *find_avx2(const struct needle *needle,
	const char *hay, size_t length, size_t readable)
{
	size_t tail = needle->length - 1, i = 0, starts;
	__m256i first, last, first_case, last_case;

	if (!needle->length)
		return hay;
	if (needle->length > length)
		return NULL;
	starts = length - tail; /* places it could begin at */
	first = _mm256_set1_epi8(needle->bytes[0]);
	last = _mm256_set1_epi8(needle->bytes[tail]);
	first_case = _mm256_set1_epi8((char)needle->first_case);
	last_case = _mm256_set1_epi8((char)needle->last_case);
	for (; i < starts && i + tail + 32 <= readable; i += 32) {
		__m256i a = _mm256_loadu_si256((const __m256i *)(const void *)(hay + i));
		__m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(hay + i + tail));
		__m256i both = _mm256_and_si256(
			_mm256_cmpeq_epi8(_mm256_or_si256(a, first_case), first),
			_mm256_cmpeq_epi8(_mm256_or_si256(b, last_case), last));
		unsigned hits = (unsigned)_mm256_movemask_epi8(both);

		for (; hits; hits &= hits - 1) {
			size_t at = i + (size_t)__builtin_ctz(hits);

			if (at >= starts)
				return NULL;
			if (middle_matches(needle, hay + at))
				return hay + at;
		}
	}
	return i < starts ? needle_find_plain(needle, hay + i, length - i, readable - i) : NULL;
}

needle_find_fn needle_find_vector(void)
{
	return __builtin_cpu_supports("avx2") ? find_avx2 : NULL;
}
#else
needle_find_fn needle_find_vector(void)
{
	return NULL;
}
#endif

const char *needle_find(const struct needle *needle, const char *hay, size_t length, size_t readable)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2"))
		return find_avx2(needle, hay, length, readable);
#endif
	return needle_find_plain(needle, hay, length, readable);
}

/* The longest word that must be there: the fewest rows have it. -1: only negated ones. */
static int lead_word(const struct filter *filter)
{
	int lead = -1;

	for (size_t i = 0; i < filter->word_count; i++)
		if (!filter->words[i].negated &&
			(lead < 0 || filter->words[i].needle.length >
						filter->words[lead].needle.length))
			lead = (int)i;
	return lead;
}

/* All words but `skip` against the visible part of a row. */
static int others_match(const struct filter *filter, int skip, const char *text, size_t length)
{
	for (size_t i = 0; i < filter->word_count; i++)
		if ((int)i != skip &&
			(needle_find(&filter->words[i].needle, text, length,
				 length + SNAPSHOT_SLACK) != NULL) == filter->words[i].negated)
			return 0;
	return 1;
}

/* Rows [from, to) by one pass over their text. */
static void scan_text(const struct filter *filter, int lead, const struct snapshot *snapshot,
	size_t from, size_t to, unsigned *out, size_t *out_count)
{
	const struct needle *needle = &filter->words[lead].needle;
	size_t total, length;
	const char *text = snapshot_text(snapshot, &total);
	const char *at = snapshot_row(snapshot, from, &length);
	const char *last = snapshot_row(snapshot, to - 1, &length);
	const char *end = last + length;
	size_t row = from, count = *out_count;

	while (at < end) {
		const char *hit = needle_find(needle, at, (size_t)(end - at),
			(size_t)(text + total - at) + SNAPSHOT_SLACK);
		const char *begin;

		if (!hit)
			break;
		row = snapshot_row_at(snapshot, (size_t)(hit - text), row);
		begin = snapshot_row(snapshot, row, &length);
		if (!memchr(begin, '\x1e', (size_t)(hit - begin)) &&
			(filter->word_count == 1 ||
				others_match(filter, lead, begin, snapshot_visible_length(begin, length))))
			out[count++] = (unsigned)row;
		at = begin + length + 1;
		row++;
	}
	*out_count = count;
}

static void scan_candidates(const struct filter *filter, const struct snapshot *snapshot,
	const unsigned *candidates, size_t from, size_t to, unsigned *out, size_t *out_count)
{
	size_t count = *out_count;

	for (size_t i = from; i < to; i++) {
		unsigned row = candidates ? candidates[i] : (unsigned)i;
		int matches;

		if (filter_is_plain(filter)) {
			size_t length;
			const char *text = snapshot_visible(snapshot, row, &length);

			matches = others_match(filter, -1, text, length);
		} else {
			matches = filter_match(filter, snapshot, row);
		}
		if (matches)
			out[count++] = row;
	}
	*out_count = count;
}

static void copy_all(const unsigned *candidates, size_t from, size_t to, unsigned *out,
	size_t *out_count)
{
	for (size_t i = from; i < to; i++)
		out[(*out_count)++] = candidates ? candidates[i] : (unsigned)i;
}

int filter_scan(const struct filter *filter, const struct snapshot *snapshot,
	const unsigned *candidates, size_t candidate_count, size_t *cursor, size_t max_rows,
	unsigned *out, size_t *out_count)
{
	size_t all = candidates ? candidate_count : snapshot_count(snapshot);
	size_t from = *cursor < all ? *cursor : all;
	size_t to = max_rows < all - from ? from + max_rows : all;
	int lead = filter && filter_is_plain(filter) ? lead_word(filter) : -1;

	if (from == to)
		return 1;
	if (!filter)
		copy_all(candidates, from, to, out, out_count);
	else if (lead >= 0 && !candidates)
		scan_text(filter, lead, snapshot, from, to, out, out_count);
	else
		scan_candidates(filter, snapshot, candidates, from, to, out, out_count);
	*cursor = to;
	return to == all;
}
