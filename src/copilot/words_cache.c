#include "copilot/words_cache.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "copilot/words_table.h"

enum {
	FORMAT = 3, /* another number whenever the same files would give another table */
	IMAGE_MAX = 64 << 20,
	STAMP_MAX = 64 << 10,
	WORD_FILE_MAX = 1 << 20,
	TEXTS_MAX = 16 << 20,
	PARTS = 6,
};

enum part { STAMP, TEXTS, WORDS, NODES, ENTRIES, GAPS };

struct image {
	char magic[8], program[24];
	uint64_t sum; /* of all that follows */
	uint32_t format, concepts, size[PARTS], phrases, languages;
	uint64_t count[PARTS];
	char language[WORDS_LANGUAGES][8];
	uint64_t letters[WORDS_LANGUAGES]; /* offsets into the texts; 0 none */
	unsigned first[WORDS_FIRST], word_slot[WORDS_TABLE], node_slot[WORDS_TABLE];
};

static const uint32_t sizes[PARTS] = { 1, 1, sizeof(struct word), sizeof(struct node),
	sizeof(struct listed), sizeof(struct words_gap) };

static size_t padded(size_t length)
{
	return (length + 7) & ~(size_t)7;
}

/* Catches a damaged file, eight bytes at a time; no secret keeps anybody from making one that fits. */
static uint64_t sum_of(const char *bytes, size_t length)
{
	uint64_t sum = 0x9E3779B97F4A7C15u, next;

	for (size_t i = 0; i < length; i += 8) {
		next = 0;
		memcpy(&next, bytes + i, length - i < 8 ? length - i : 8);
		sum = (sum ^ next) * 0xD6E8FEB86659FD93u;
		sum ^= sum >> 32;
	}
	return sum;
}

/* "name size sum" of each file: what it holds, not where it lies or when it came there. */
static void stamp_of(char *const *paths, struct text *out)
{
	for (; *paths; paths++) {
		const char *slash = strrchr(*paths, '/');
		size_t length = 0;
		char *bytes = file_load(*paths, WORD_FILE_MAX, &length, NULL);

		text_format(out, "%s %zu %016llx\n", slash ? slash + 1 : *paths, length, bytes ? (unsigned long long)sum_of(bytes, length) : 0);
		free(bytes);
	}
}

static char *path_of_cache(void)
{
	const char *folder = file_cache_folder();

	return folder && *folder ? mem_format("%s/words.bin", folder) : NULL;
}

/* The one that came with the program, of the words that came with it. */
static char *path_of_shipped(void)
{
	return mem_format("%s/words.bin", file_data_folder());
}

/* Where the parts begin; 0 when they do not fill the file to its end. */
static int find_parts(const struct image *image, size_t length, size_t at[PARTS])
{
	size_t next = sizeof(*image);

	for (int p = 0; p < PARTS; p++) {
		if (image->size[p] != sizes[p] || image->count[p] > IMAGE_MAX)
			return 0;
		at[p] = next;
		next += padded(image->count[p] * sizes[p]);
	}
	return next == length;
}

static int same_program(const struct image *image)
{
	return !memcmp(image->magic, "PHWORDS", 8) && image->format == FORMAT &&
	       image->concepts == CONCEPTS &&
	       !strncmp(image->program, PACKAGE_VERSION, sizeof(image->program)) &&
	       image->languages && image->languages <= WORDS_LANGUAGES;
}

/* An offset into the texts back to an address. */
static int bring_back(const char **text, const char *texts, uint64_t length)
{
	uintptr_t offset = (uintptr_t)*text;

	*text = offset ? texts + offset : NULL;
	return offset < length;
}

static int entry_is_sound(struct words_entry *entry, const struct words *words, const char *texts,
	uint64_t length)
{
	int sound = entry->language < words->languages && entry->marks <= WORDS_MARKS;

	for (unsigned m = 0; m < WORDS_MARKS; m++)
		sound &= entry->concept[m] < CONCEPTS &&
			 bring_back(&entry->value[m], texts, length);
	return sound;
}

/* Every list leads downwards, as it was made: so it ends, and stays inside. */
static int words_are_sound(struct words *words, const char *texts, uint64_t length)
{
	int sound = 1;

	for (size_t i = 0; i < words->word_count; i++) {
		struct word *word = &words->words[i];

		sound &= (uintptr_t)word->text + word->length < length &&
			 bring_back(&word->text, texts, length) && (!i || word->text) &&
			 word->next <= i && word->slot_next <= i && (!i || word->next < i) &&
			 (!i || word->slot_next < i);
	}
	for (size_t i = 0; i < words->node_count; i++) {
		const struct node *node = &words->nodes[i];

		sound &= node->parent <= i && node->word < words->word_count &&
			 (!i || node->slot_next < i) && node->entry < words->entry_count &&
			 node->gap < words->gap_count;
	}
	for (size_t i = 0; i < words->entry_count; i++)
		sound &= (!i || words->entries[i].next < i) &&
			 entry_is_sound(&words->entries[i].entry, words, texts, length);
	for (size_t i = 0; i < words->gap_count; i++) {
		struct words_gap *gap = &words->gaps[i];

		sound &= (!i || gap->next < i) && gap->parts <= 2 &&
			 entry_is_sound(&gap->entry, words, texts, length);
	}
	return sound;
}

static int slots_are_sound(const struct words *words)
{
	int sound = 1;

	for (size_t i = 0; i < WORDS_TABLE; i++)
		sound &= words->word_slot[i] < words->word_count &&
			 words->node_slot[i] < words->node_count;
	for (size_t i = 0; i < WORDS_FIRST; i++)
		sound &= words->first[i] < words->word_count;
	return sound;
}

/* image becomes the table's. */
static struct words *take(struct image *image, const size_t at[PARTS])
{
	struct words *words = mem_zero(1, sizeof(*words));
	char *base = (char *)image;
	const char *texts = base + at[TEXTS];
	uint64_t length = image->count[TEXTS];
	int sound = length && !texts[length - 1];

	words->image = image;
	words->words = (struct word *)(void *)(base + at[WORDS]);
	words->nodes = (struct node *)(void *)(base + at[NODES]);
	words->entries = (struct listed *)(void *)(base + at[ENTRIES]);
	words->gaps = (struct words_gap *)(void *)(base + at[GAPS]);
	words->word_count = image->count[WORDS];
	words->node_count = image->count[NODES];
	words->entry_count = image->count[ENTRIES];
	words->gap_count = image->count[GAPS];
	words->phrases = image->phrases;
	words->languages = image->languages;
	memcpy(words->language, image->language, sizeof(words->language));
	memcpy(words->first, image->first, sizeof(words->first));
	memcpy(words->word_slot, image->word_slot, sizeof(words->word_slot));
	memcpy(words->node_slot, image->node_slot, sizeof(words->node_slot));
	for (unsigned i = 0; i < WORDS_LANGUAGES; i++) {
		words->language[i][sizeof(words->language[i]) - 1] = 0;
		words->letters[i] = (const char *)(uintptr_t)image->letters[i];
		sound = sound && bring_back(&words->letters[i], texts, length);
	}
	if (sound && words_are_sound(words, texts, length) && slots_are_sound(words))
		return words;
	words_free(words);
	return NULL;
}

static struct words *load_from(char *path, const struct text *stamp)
{
	const size_t head = offsetof(struct image, sum) + sizeof(((struct image *)NULL)->sum);
	size_t length = 0, at[PARTS];
	struct image *image = path ? (void *)file_load(path, IMAGE_MAX, &length, NULL) : NULL;

	free(path);
	if (image && length >= sizeof(*image) && same_program(image) &&
		find_parts(image, length, at) && image->count[STAMP] == stamp->length &&
		!memcmp((char *)image + at[STAMP], stamp->data, stamp->length) &&
		image->sum == sum_of((char *)image + head, length - head))
		return take(image, at);
	free(image);
	return NULL;
}

struct words *words_cache_load(char *const *paths)
{
	struct text stamp;

	text_init(&stamp, STAMP_MAX);
	stamp_of(paths, &stamp);
	struct words *words = load_from(path_of_cache(), &stamp);

	if (!words)
		words = load_from(path_of_shipped(), &stamp);
	text_release(&stamp);
	return words;
}

/* The texts gathered so far, each once: those of one row come in a row. */
struct pool {
	struct text bytes;
	const char *known[1024];
	uint64_t offset[1024];
	size_t count;
};

static uint64_t put_text(struct pool *pool, const char *text)
{
	uint64_t offset = pool->bytes.length;

	text_add_n(&pool->bytes, text, strlen(text) + 1);
	return offset;
}

static uint64_t put_value(struct pool *pool, const char *value)
{
	if (!value)
		return 0;
	for (size_t i = pool->count; i-- > 0;)
		if (pool->known[i] == value)
			return pool->offset[i];
	uint64_t offset = put_text(pool, value);

	if (pool->count < sizeof(pool->known) / sizeof(*pool->known)) {
		pool->known[pool->count] = value;
		pool->offset[pool->count++] = offset;
	}
	return offset;
}

/* What is saved is copied member by member: between them lies whatever the heap held before, which has no place in a file. */
static void put_entry(struct pool *pool, struct words_entry *to, const struct words_entry *from)
{
	to->language = from->language;
	to->marks = from->marks;
	memcpy(to->concept, from->concept, sizeof(to->concept));
	for (unsigned m = 0; m < WORDS_MARKS; m++)
		to->value[m] = (const char *)(uintptr_t)put_value(pool, from->value[m]);
}

static struct word *put_words(struct pool *pool, const struct words *words)
{
	struct word *list = mem_zero(words->word_count, sizeof(*list));

	for (size_t i = 1; i < words->word_count; i++) {
		const struct word *from = &words->words[i];
		struct word *to = &list[i];

		to->text = (const char *)(uintptr_t)put_text(pool, from->text);
		to->length = from->length;
		to->languages = from->languages;
		to->telling = from->telling;
		to->slips = from->slips;
		to->idle = from->idle;
		to->next = from->next;
		to->slot_next = from->slot_next;
	}
	return list;
}

static struct listed *put_entries(struct pool *pool, const struct words *words)
{
	struct listed *entries = mem_zero(words->entry_count, sizeof(*entries));

	for (size_t i = 1; i < words->entry_count; i++) {
		put_entry(pool, &entries[i].entry, &words->entries[i].entry);
		entries[i].next = words->entries[i].next;
	}
	return entries;
}

static struct words_gap *put_gaps(struct pool *pool, const struct words *words)
{
	struct words_gap *gaps = mem_zero(words->gap_count, sizeof(*gaps));

	for (size_t i = 1; i < words->gap_count; i++) {
		const struct words_gap *from = &words->gaps[i];

		gaps[i].parts = from->parts;
		memcpy(gaps[i].word, from->word, sizeof(gaps[i].word));
		put_entry(pool, &gaps[i].entry, &from->entry);
		gaps[i].next = from->next;
	}
	return gaps;
}

static void fill_header(struct image *image, const struct words *words, struct pool *pool)
{
	memcpy(image->magic, "PHWORDS", 8);
	snprintf(image->program, sizeof(image->program), "%s", PACKAGE_VERSION);
	image->format = FORMAT;
	image->concepts = CONCEPTS;
	memcpy(image->size, sizes, sizeof(sizes));
	image->phrases = (uint32_t)words->phrases;
	image->languages = words->languages;
	memcpy(image->language, words->language, sizeof(image->language));
	for (unsigned i = 0; i < WORDS_LANGUAGES; i++)
		image->letters[i] = put_value(pool, words->letters[i]);
	memcpy(image->first, words->first, sizeof(image->first));
	memcpy(image->word_slot, words->word_slot, sizeof(image->word_slot));
	memcpy(image->node_slot, words->node_slot, sizeof(image->node_slot));
	image->count[WORDS] = words->word_count;
	image->count[NODES] = words->node_count;
	image->count[ENTRIES] = words->entry_count;
	image->count[GAPS] = words->gap_count;
}

static void write_image(struct image *head, void *const parts[PARTS])
{
	size_t length = sizeof(*head), sum_at = offsetof(struct image, sum) + sizeof(head->sum);
	char *path = path_of_cache(), *bytes;

	for (int p = 0; p < PARTS; p++)
		length += padded(head->count[p] * sizes[p]);
	bytes = mem_zero(1, length);
	memcpy(bytes, head, sizeof(*head));
	for (size_t p = 0, at = sizeof(*head); p < PARTS; p++) {
		memcpy(bytes + at, parts[p], head->count[p] * sizes[p]);
		at += padded(head->count[p] * sizes[p]);
	}
	head->sum = sum_of(bytes + sum_at, length - sum_at);
	memcpy(bytes + offsetof(struct image, sum), &head->sum, sizeof(head->sum));
	if (path)
		file_save(path, bytes, length, 0600, NULL);
	free(path);
	free(bytes);
}

void words_cache_save(const struct words *words, char *const *paths)
{
	struct image *head = mem_zero(1, sizeof(*head));
	struct pool *pool = mem_zero(1, sizeof(*pool));
	struct text stamp;

	text_init(&stamp, STAMP_MAX);
	text_init(&pool->bytes, TEXTS_MAX);
	put_text(pool, ""); /* 0 is none */
	stamp_of(paths, &stamp);
	fill_header(head, words, pool);
	struct word *list = put_words(pool, words);
	struct listed *entries = put_entries(pool, words);
	struct words_gap *gaps = put_gaps(pool, words);

	head->count[STAMP] = stamp.length;
	head->count[TEXTS] = pool->bytes.length;
	write_image(head,
		(void *[PARTS]){ stamp.data, pool->bytes.data, list, words->nodes, entries, gaps });
	text_release(&stamp);
	text_release(&pool->bytes);
	free(list);
	free(entries);
	free(gaps);
	free(pool);
	free(head);
}
