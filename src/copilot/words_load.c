/* words_load.c - words/NAME.yaml into the vocabulary. */
#include <glob.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "copilot/words_cache.h"
#include "copilot/words_table.h"

enum {
	FILE_MAX = 1 << 20,
	PHRASE_MAX = 256,
	PHRASES_MAX = 80000, /* an operator's files are read at every start */
};

static unsigned add_word(struct words *words, const char *text, size_t length)
{
	unsigned i = words_find(words, text, length), slot;

	if (i)
		return i;
	slot = words_hash(text, length);
	words->words = mem_grow(words->words, words->word_count + 1, sizeof(*words->words));
	i = (unsigned)words->word_count++;
	words->words[i] = (struct word){ .text = arena_text_n(words->arena, text, length),
		.length = (unsigned short)length };
	words->words[i].slot_next = words->word_slot[slot];
	words->word_slot[slot] = i;
	words->words[i].next = words->first[(unsigned char)text[0]];
	words->first[(unsigned char)text[0]] = i;
	return i;
}

static unsigned add_node(struct words *words, unsigned parent, unsigned word)
{
	unsigned i = words_step(words, parent, word), slot;

	if (i)
		return i;
	slot = words_hash_pair(parent, word);
	words->nodes = mem_grow(words->nodes, words->node_count + 1, sizeof(*words->nodes));
	i = (unsigned)words->node_count++;
	words->nodes[i] = (struct node){
		.parent = parent, .word = word, .slot_next = words->node_slot[slot]
	};
	words->node_slot[slot] = i;
	return i;
}

static int slips_allowed(const struct words_entry *entry)
{
	return entry->concept[0] != C_FILL && entry->concept[0] != C_OOD &&
	       entry->concept[0] != C_PLAIN && entry->concept[0] != C_SERVICE &&
	       entry->concept[0] != C_TYPICAL;
}

static unsigned note_word(
	struct words *words, const struct words_entry *entry, const struct token *token)
{
	unsigned i = add_word(words, token->text, token->length);
	struct word *word = &words->words[i];

	word->languages |= 1u << entry->language;
	if (!(token->shape & (TOKEN_DIGIT | TOKEN_CJK | TOKEN_JOINED)))
		word->slips |= slips_allowed(entry);
	return i;
}

/* fold_sentence() for a phrase: most are small letters and blanks, and the whole vocabulary is read
 * at every start. */
static void fold_phrase(struct fold *fold, const char *phrase)
{
	size_t length = 0;

	while ((phrase[length] >= 'a' && phrase[length] <= 'z') || phrase[length] == ' ')
		length++;
	if (phrase[length]) {
		fold_sentence(fold, phrase, strlen(phrase));
		return;
	}
	memcpy(fold->room, phrase, length + 1);
	fold->count = fold->used = 0;
	fold->cjk = fold->hidden = 0;
	for (size_t at = 0; at < length;) {
		size_t end = at;

		while (end < length && fold->room[end] != ' ')
			end++;
		fold->room[end] = 0;
		if (end > at)
			fold->tokens[fold->count++] = (struct token){ .text = fold->room + at,
				.raw = phrase + at,
				.length = (unsigned short)(end - at),
				.raw_length = (unsigned short)(end - at),
				.shape = TOKEN_LETTER };
		at = end + 1;
	}
}

/* Parts of a phrase with gaps: "shut", "down". */
static int add_gap(struct words *words, const struct words_entry *entry, char *parts[],
	size_t count, struct error *err)
{
	struct words_gap gap = { .parts = (unsigned)count - 1, .entry = *entry };
	unsigned node = 0;

	for (size_t p = 0; p < count; p++) {
		fold_phrase(&words->fold, parts[p]);
		if (!words->fold.count || (p && words->fold.count > 4))
			return error_set(
				err, ERR_FORMAT, "a gap needs one to four words on each side");
		for (size_t i = 0; i < words->fold.count; i++) {
			unsigned word = note_word(words, entry, &words->fold.tokens[i]);

			if (p)
				gap.word[p - 1][i] = word;
			else
				node = add_node(words, node, word);
		}
	}
	gap.next = words->nodes[node].gap;
	words->gaps = mem_grow(words->gaps, words->gap_count + 1, sizeof(*words->gaps));
	words->nodes[node].gap = (unsigned)words->gap_count;
	words->gaps[words->gap_count++] = gap;
	return 0;
}

static void add_plain(struct words *words, const struct words_entry *entry, const char *phrase)
{
	unsigned node = 0, word = 0;

	fold_phrase(&words->fold, phrase);
	for (size_t i = 0; i < words->fold.count; i++) {
		word = note_word(words, entry, &words->fold.tokens[i]);
		node = add_node(words, node, word);
	}
	if (!node)
		return;
	if (words->fold.count == 1 && entry->concept[0] == C_FILL)
		words->words[word].idle = 1;
	if (words->fold.count == 1 && entry->concept[0] != C_OOD && entry->concept[0] != C_PLAIN)
		words->words[word].telling |= 1u << entry->language;
	for (unsigned i = words->nodes[node].entry; i; i = words->entries[i].next)
		if (words->entries[i].entry.language == entry->language)
			return; /* said twice: the first file and the first key win */
	words->entries = mem_grow(words->entries, words->entry_count + 1, sizeof(*words->entries));
	words->entries[words->entry_count] =
		(struct listed){ .entry = *entry, .next = words->nodes[node].entry };
	words->nodes[node].entry = (unsigned)words->entry_count++;
}

static int add_phrase(
	struct words *words, const struct words_entry *entry, char *phrase, struct error *err)
{
	char *parts[3], *gap;
	size_t count = 1;

	if (++words->phrases > PHRASES_MAX)
		return error_set(err, ERR_LIMIT, "more than %d phrases", PHRASES_MAX);
	parts[0] = phrase;
	while ((gap = strstr(parts[count - 1], " _ "))) {
		if (count == 3)
			return error_set(err, ERR_FORMAT, "\"%.60s\": more than two gaps", phrase);
		*gap = 0;
		parts[count++] = gap + 3;
	}
	if (count > 1)
		return add_gap(words, entry, parts, count, err);
	add_plain(words, entry, phrase);
	return 0;
}

/* German is also typed without umlauts: "loesche" for "lösche". */
static int add_umlaut(
	struct words *words, const struct words_entry *entry, const char *phrase, struct error *err)
{
	static const char *const pairs[][2] = { { "\xC3\xA4", "ae" }, { "\xC3\xB6", "oe" },
		{ "\xC3\xBC", "ue" } };
	char other[PHRASE_MAX];
	size_t used = 0, changed = 0;

	for (const char *at = phrase; *at && used + 3 < sizeof(other);) {
		size_t i = 0;

		while (i < 3 && strncmp(at, pairs[i][0], 2))
			i++;
		if (i < 3) {
			memcpy(other + used, pairs[i][1], 2);
			used += 2;
			at += 2;
			changed = 1;
		} else {
			other[used++] = *at++;
		}
	}
	other[used] = 0;
	return changed ? add_phrase(words, entry, other, err) : 0;
}

/* " s" and " t" are what an apostrophe leaves: "what s", "doesn t". */
static int is_left(const char *at)
{
	return at[0] == ' ' && (at[1] == 's' || at[1] == 't') && (!at[2] || at[2] == ' ');
}

static int has_apostrophe(const char *phrase)
{
	for (const char *at = phrase; (at = strchr(at, ' ')); at++)
		if (is_left(at))
			return 1;
	return 0;
}

/* Apostrophes are left out in haste: "whats" for "what s", "doesnt" for "doesn t". */
static int add_glued(
	struct words *words, const struct words_entry *entry, const char *phrase, struct error *err)
{
	char other[PHRASE_MAX];
	size_t used = 0;

	for (const char *at = phrase; *at; at++)
		if (!is_left(at))
			other[used++] = *at;
	other[used] = 0;
	return add_phrase(words, entry, other, err);
}

static int expand(
	struct words *words, const struct words_entry *entry, const char *phrase, struct error *err);

/* "reinici<ar>": with every ending the language's file lists under that name. */
static int expand_endings(
	struct words *words, const struct words_entry *entry, const char *phrase, struct error *err)
{
	const char *open = strchr(phrase, '<'), *close = strchr(open, '>'), *list;
	char one[PHRASE_MAX], name[16];
	size_t length = strlen(phrase), head = (size_t)(open - phrase), part;

	if (!close || close - open > (ptrdiff_t)sizeof(name))
		return error_set(err, ERR_FORMAT, "\"%.60s\": < without the name of endings and >",
			phrase);
	snprintf(name, sizeof(name), "%.*s", (int)(close - open - 1), open + 1);
	list = json_text(json_get(words->endings, name));
	if (!list)
		return error_set(err, ERR_FORMAT, "\"%.60s\": no endings <%s>", phrase, name);
	for (memcpy(one, phrase, head); *list; list += strspn(list, ", ")) {
		part = strcspn(list, ",");
		if (part + length >= sizeof(one))
			return error_set(err, ERR_LIMIT, "\"%.60s\": too long", phrase);
		memcpy(one + head, list, part);
		memcpy(one + head + part, close + 1, length - (size_t)(close - phrase));
		if (expand(words, entry, one, err))
			return -1;
		list += part;
	}
	return 0;
}

/* "restart{,s,ed}" stands for three phrases. One level, several groups. */
static int expand(
	struct words *words, const struct words_entry *entry, const char *phrase, struct error *err)
{
	const char *open = strchr(phrase, '{'), *close = open ? strchr(open, '}') : NULL;
	char one[PHRASE_MAX];
	size_t length = strlen(phrase), head, tail;

	if (length >= sizeof(one))
		return error_set(err, ERR_LIMIT, "\"%.60s\": too long", phrase);
	if (open && !close)
		return error_set(err, ERR_FORMAT, "\"%.60s\": { without }", phrase);
	if (!close && strchr(phrase, '<'))
		return expand_endings(words, entry, phrase, err);
	if (!close) {
		memcpy(one, phrase, length + 1);
		if (!strcmp(words->language[entry->language], "de") && strchr(phrase, '\xC3') &&
			add_umlaut(words, entry, phrase, err))
			return -1;
		if (!strcmp(words->language[entry->language], "en") && has_apostrophe(phrase) &&
			add_glued(words, entry, phrase, err))
			return -1;
		return add_phrase(words, entry, one, err);
	}
	head = (size_t)(open - phrase);
	tail = length - (size_t)(close + 1 - phrase);
	memcpy(one, phrase, head);
	for (const char *at = open + 1; at <= close;) { /* shorter than phrase: braces go */
		size_t part = strcspn(at, ",}");

		memcpy(one + head, at, part);
		memcpy(one + head + part, close + 1, tail + 1);
		if (expand(words, entry, one, err))
			return -1;
		at += part + 1;
	}
	return 0;
}

/* "a, b{,s}, c" one by one; a comma inside braces does not part. */
static int add_phrases(
	struct words *words, const struct words_entry *entry, const char *list, struct error *err)
{
	for (const char *at = list; *at;) {
		char phrase[PHRASE_MAX];
		const char *from = at;
		size_t length;
		int inside = 0;

		for (; *at && (inside || *at != ','); at++)
			inside = *at == '{' || (inside && *at != '}');
		while (from < at && *from == ' ')
			from++;
		length = (size_t)(at - from);
		while (length && from[length - 1] == ' ')
			length--;
		if (length >= sizeof(phrase))
			return error_set(err, ERR_LIMIT, "\"%.60s\": too long", from);
		memcpy(phrase, from, length);
		phrase[length] = 0;
		if (length && expand(words, entry, phrase, err))
			return -1;
		at += *at == ',';
	}
	return 0;
}

/* "log level=error" */
static int read_key(
	struct words *words, const char *key, struct words_entry *entry, struct error *err)
{
	for (const char *at = key; *at;) {
		size_t length = strcspn(at, " "), name = strcspn(at, " =");
		unsigned concept = 1;

		while (concept < CONCEPTS && (strlen(concept_names[concept]) != name ||
						     memcmp(concept_names[concept], at, name)))
		concept ++;
		if (concept == CONCEPTS)
			return error_set(err, ERR_FORMAT, "\"%.40s\": no such mark", at);
		if (entry->marks == WORDS_MARKS)
			return error_set(
				err, ERR_FORMAT, "\"%.40s\": more than %d marks", key, WORDS_MARKS);
		entry->concept[entry->marks] = (unsigned char)concept;
		entry->value[entry->marks++] =
			name < length ? arena_text_n(words->arena, at + name + 1, length - name - 1)
				      : NULL;
		at += length + (at[length] == ' ');
	}
	return 0;
}

/* "any" is 0 and comes first, whatever the order of files. */
static int find_language(struct words *words, const char *name, struct error *err)
{
	for (unsigned i = 0; i < words->languages; i++)
		if (!strcmp(words->language[i], name))
			return (int)i;
	if (words->languages == WORDS_LANGUAGES || strlen(name) >= sizeof(words->language[0]))
		return error_set(err, ERR_LIMIT,
			"language \"%.20s\": name too long, or more than %d languages", name,
			WORDS_LANGUAGES - 1);
	snprintf(words->language[words->languages], sizeof(words->language[0]), "%s", name);
	return (int)words->languages++;
}

static int add_tree(struct words *words, const struct json *tree, struct error *err)
{
	const struct json *list = json_get(tree, "words");
	const char *name = json_text(json_get(tree, "language"));
	int language = name ? find_language(words, name, err)
			    : error_set(err, ERR_FORMAT, "language: missing");

	if (language < 0)
		return -1;
	if (!json_is(list, JSON_OBJECT))
		return error_set(err, ERR_FORMAT, "words: missing, or not a mapping");
	words->endings = json_get(tree, "endings");
	if (json_text(json_get(tree, "letters")))
		words->letters[language] =
			arena_text(words->arena, json_text(json_get(tree, "letters")));
	for (const struct json *item = json_first(list); item; item = json_next(item)) {
		struct words_entry entry = { .language = (unsigned char)language };

		if (!json_text(item))
			return error_set(err, ERR_FORMAT, "line %d: phrases must be one text",
				json_line(item));
		if (read_key(words, json_key(item), &entry, err) ||
			add_phrases(words, &entry, json_text(item), err))
			return error_wrap(err, "line %d", json_line(item));
	}
	return 0;
}

static int add_file(struct words *words, const char *path, struct error *err)
{
	size_t length;
	char *bytes = file_load(path, FILE_MAX, &length, err);
	struct json *tree = bytes ? yaml_parse(bytes, length, err) : NULL;
	int result = tree ? add_tree(words, tree, err) : -1;

	json_free(tree);
	free(bytes);
	return result ? error_wrap(err, "%s", path) : 0;
}

static struct words *words_new(void)
{
	struct words *words = mem_zero(1, sizeof(*words));

	words->arena = arena_new();
	snprintf(words->language[words->languages++], sizeof(words->language[0]), "any");
	/* Index 0 of every list means none. */
	words->words = mem_zero(1, sizeof(*words->words));
	words->nodes = mem_zero(1, sizeof(*words->nodes));
	words->entries = mem_zero(1, sizeof(*words->entries));
	words->gaps = mem_zero(1, sizeof(*words->gaps));
	words->word_count = words->node_count = words->entry_count = words->gap_count = 1;
	return words;
}

static int add_folder(struct words *words, const char *folder, struct error *err)
{
	char *pattern = mem_format("%s/*.yaml", folder);
	glob_t found = { 0 };
	int failed = 0;

	if (!glob(pattern, 0, NULL, &found))
		for (size_t i = 0; i < found.gl_pathc && !failed; i++)
			failed = add_file(words, found.gl_pathv[i], err);
	globfree(&found);
	free(pattern);
	return failed;
}

static struct words *checked(struct words *words, int failed, const char *folder, struct error *err)
{
	if (!failed && !words->phrases)
		failed = error_set(err, ERR_NOT_FOUND, "no vocabulary: *.yaml in %s", folder);
	if (!failed)
		return words;
	words_free(words);
	return NULL;
}

/* The words that came with the program and the operator's own: as they were read the last time,
 * unless a file has changed. */
static struct words *load_installed(struct error *err)
{
	char **paths = file_list_data("words");
	struct words *words = paths ? words_cache_load(paths) : NULL;
	int failed = 0;

	if (!words) {
		words = words_new();
		for (size_t i = 0; paths && paths[i] && !failed; i++)
			failed = add_file(words, paths[i], err);
		words = checked(words, failed, "words", err);
		if (words)
			words_cache_save(words, paths);
	}
	file_free_list(paths);
	return words;
}

struct words *words_load(const char *folder, struct error *err)
{
	struct words *words;

	if (!folder)
		return load_installed(err);
	words = words_new();
	return checked(words, add_folder(words, folder, err), folder, err);
}

void words_free(struct words *words)
{
	if (!words)
		return;
	if (words->image) {
		free(words->image);
		free(words);
		return;
	}
	arena_free(words->arena);
	free(words->words);
	free(words->nodes);
	free(words->entries);
	free(words->gaps);
	free(words);
}
