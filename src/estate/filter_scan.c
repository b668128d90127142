/* Block by block: what is asked is answered once for each distinct cell of a column, and spread to the rows that have it. A word
 * is looked for in all entries of a column by one pass over their text, by its first and last byte, 32 bytes at a time where the
 * machine has AVX2. */
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/mem.h"
#include "estate/block.h"
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

enum { WORDS = BLOCK_ROWS / 64 };

struct look { /* at one block */
	const struct filter *filter;
	const struct kind *kind;
	const struct snapshot *snapshot;
	const struct block *block;
	size_t first_row; /* of the block */
	unsigned char marked[BLOCK_ROWS]; /* entries of a column */
};

/* --- a word --- */

/* A cell that goes on in another column is no text of its own: one row after the other. */
static void word_by_row(struct look *look, int column, const struct needle *needle, uint64_t *bits)
{
	for (unsigned row = 0; row < block_count(look->block); row++) {
		size_t length;
		const char *cell = block_cell(look->block, column, row, &length);

		if (needle_find(needle, cell, length, length + BLOCK_SLACK))
			bits[row / 64] |= UINT64_C(1) << row % 64;
	}
}

static void word_in_column(struct look *look, int column, const struct needle *needle, uint64_t *bits)
{
	size_t length;
	const char *text = block_text(look->block, column, &length), *at = text, *end = text + length, *hit;
	unsigned entry = 0, entries = block_entries(look->block, column);
	int found = 0;

	if (block_then(look->block, column) >= 0) {
		word_by_row(look, column, needle, bits);
		return;
	}
	while (at < end && (hit = needle_find(needle, at, (size_t)(end - at), (size_t)(end - at) + BLOCK_SLACK))) {
		if (!found++)
			memset(look->marked, 0, entries);
		entry = block_entry_at(look->block, column, (size_t)(hit - text), entry, &at);
		look->marked[entry++] = 1; /* and on behind it */
	}
	if (found)
		block_spread(look->block, column, look->marked, bits);
}

static void look_for_word(struct look *look, const struct needle *needle, uint64_t *bits)
{
	memset(bits, 0, WORDS * sizeof(*bits));
	for (size_t i = 0; i < look->kind->visible_count; i++)
		word_in_column(look, (int)i, needle, bits);
}

static void and_bits(uint64_t *bits, const uint64_t *others, int negated)
{
	for (size_t i = 0; i < WORDS; i++)
		bits[i] &= negated ? ~others[i] : others[i];
}

static void look_for_words(struct look *look, uint64_t *bits)
{
	uint64_t others[WORDS];

	memset(bits, 0xff, WORDS * sizeof(*bits));
	for (size_t i = 0; i < look->filter->word_count; i++) {
		look_for_word(look, &look->filter->words[i].needle, others);
		and_bits(bits, others, look->filter->words[i].negated);
	}
}

/* --- an expression --- */

static void compare_column(struct look *look, const struct node *node, uint64_t *bits)
{
	int by_row = block_then(look->block, node->column) >= 0;
	unsigned count = by_row ? block_count(look->block) : block_entries(look->block, node->column);

	memset(bits, 0, WORDS * sizeof(*bits));
	for (unsigned i = 0; i < count; i++) {
		size_t length;
		const char *cell = by_row ? block_cell(look->block, node->column, i, &length)
					  : block_entry(look->block, node->column, i, &length);

		look->marked[i] = (unsigned char)node_matches(node, cell, length);
		if (by_row)
			bits[i / 64] |= (uint64_t)look->marked[i] << i % 64;
	}
	if (!by_row)
		block_spread(look->block, node->column, look->marked, bits);
}

static void compare_beside(const struct look *look, const struct node *node, uint64_t *bits)
{
	memset(bits, 0, WORDS * sizeof(*bits));
	for (unsigned i = 0; i < block_count(look->block); i++)
		bits[i / 64] |= (uint64_t)node_matches_beside(look->filter, node, look->snapshot, look->first_row + i) << i % 64;
}

static void look_at_node(struct look *look, int at, uint64_t *bits)
{
	const struct node *node = &look->filter->nodes[at];
	uint64_t others[WORDS];

	switch (node->type) {
	case NODE_AND:
	case NODE_OR:
		look_at_node(look, node->left, bits);
		look_at_node(look, node->right, others);
		for (size_t i = 0; i < WORDS; i++)
			bits[i] = node->type == NODE_AND ? bits[i] & others[i] : bits[i] | others[i];
		break;
	case NODE_NOT:
		look_at_node(look, node->left, bits);
		for (size_t i = 0; i < WORDS; i++)
			bits[i] = ~bits[i];
		break;
	case NODE_COMPARE:
		if (node->column >= COLUMN_BESIDE)
			compare_beside(look, node, bits);
		else
			compare_column(look, node, bits);
		break;
	case NODE_WORD:
		look_for_word(look, &node->text, bits);
		break;
	}
}

/* --- all --- */

static void take_rows(const struct block *block, const uint64_t *bits, size_t first, unsigned *out, size_t *out_count)
{
	size_t count = *out_count;

	for (unsigned i = 0; i * 64 < block_count(block); i++) {
		uint64_t word = bits[i];

		if (block_count(block) - i * 64 < 64)
			word &= (UINT64_C(1) << (block_count(block) - i * 64)) - 1;
		for (; word; word &= word - 1)
			out[count++] = (unsigned)(first + i * 64 + (unsigned)__builtin_ctzll(word));
	}
	*out_count = count;
}

static void look_at(struct look *look, const struct filter *filter, uint64_t *bits)
{
	uint64_t others[WORDS];

	look->filter = filter;
	if (!filter)
		memset(bits, 0xff, WORDS * sizeof(*bits));
	else if (filter->root < 0)
		look_for_words(look, bits);
	else
		look_at_node(look, filter->root, bits);
	if (!filter || !filter->also)
		return;
	look_at(look, filter->also, others);
	and_bits(bits, others, 0);
}

int filter_scan(const struct filter *filter, const struct snapshot *snapshot, size_t *cursor, unsigned *out, size_t *out_count)
{
	struct look look = { .kind = snapshot_kind(snapshot), .snapshot = snapshot };
	uint64_t bits[WORDS];

	if (*cursor >= snapshot_blocks(snapshot))
		return 1;
	look.block = snapshot_block(snapshot, *cursor, &look.first_row);
	look_at(&look, filter, bits);
	take_rows(look.block, bits, look.first_row, out, out_count);
	return ++*cursor >= snapshot_blocks(snapshot);
}
