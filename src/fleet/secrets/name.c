/* name.c - whether an identifier names a credential: "OPENAI_API_KEY", "clientSecret", "db-password". */
#include <string.h>

#include "fleet/secrets/chars.h"
#include "fleet/secrets/private.h"

enum { WORDS_MAX = 12, WORD_MAX = 31 };

struct words {
	char text[WORDS_MAX][WORD_MAX + 1]; /* lower case */
	int count;
};

/* A new word at i: after a sign, at a capital after a small letter, at the last capital of several before a small one. */
static int begins_word(const char *name, size_t length, size_t i)
{
	if (!i || !is_alnum(name[i - 1]))
		return 1;
	if (is_upper(name[i]) && !is_upper(name[i - 1]))
		return 1;
	return is_upper(name[i]) && is_upper(name[i - 1]) && i + 1 < length && is_lower(name[i + 1]);
}

static void split(const char *name, size_t length, struct words *words)
{
	size_t n = 0;

	words->count = 0;
	for (size_t i = 0; i < length; i++) {
		if (!is_alnum(name[i]))
			continue;
		if (begins_word(name, length, i)) {
			if (words->count == WORDS_MAX)
				return;
			n = 0;
			words->count++;
		}
		if (n < WORD_MAX)
			words->text[words->count - 1][n++] = is_upper(name[i]) ? (char)(name[i] | 0x20) : name[i];
		words->text[words->count - 1][n] = '\0';
	}
}

static int is_number(const char *word)
{
	return strspn(word, "0123456789") == strlen(word);
}

static int joined_in(const struct words *words, int first, int end, const struct word_set *set)
{
	char all[WORDS_MAX * WORD_MAX + 1] = "";
	size_t n = 0;

	for (int i = first; i < end; i++) {
		size_t length = strlen(words->text[i]);

		memcpy(all + n, words->text[i], length + 1);
		n += length;
	}
	return word_set_has(set, all, n);
}

/* The last one to three words together say it: "key" does not, "api" "key" does. */
static int ends_in(const struct words *words, int end, const struct word_set *set)
{
	for (int first = end - 1; first >= 0 && first >= end - 3; first--)
		if (joined_in(words, first, end, set))
			return 1;
	return 0;
}

/* "ROOTPASSWORD", "accesstoken": words that run together. Short ends say nothing: "compass". */
static int runs_into(const char *word, const struct word_set *set)
{
	size_t length = strlen(word);

	for (size_t i = 1; i + 5 <= length; i++)
		if (word_set_has(set, word + i, length - i))
			return 1;
	return 0;
}

/* "ServiceApiKey2" and "password1": the last word without its number, unless it is a word with it ("sha256"). */
static void drop_number(const struct secret_rules *rules, struct words *words)
{
	char *word = words->count ? words->text[words->count - 1] : NULL;
	size_t length = word ? strlen(word) : 0, letters = length;

	while (letters && word[letters - 1] >= '0' && word[letters - 1] <= '9')
		letters--;
	if (letters && letters < length && !word_set_has(rules->negative, word, length) && !word_set_has(rules->neutral, word, length))
		word[letters] = '\0';
}

enum name_says name_says(const struct secret_rules *rules, const char *name, size_t length)
{
	struct words words;
	int end;

	split(name, length, &words);
	drop_number(rules, &words);
	for (int i = 0; i < words.count; i++)
		if (word_set_has(rules->negative, words.text[i], strlen(words.text[i])) || (i + 1 < words.count && joined_in(&words, i, i + 2, rules->negative)))
			return NAME_NOTHING;
	end = words.count;
	while (end > 1 && (is_number(words.text[end - 1]) || word_set_has(rules->neutral, words.text[end - 1], strlen(words.text[end - 1]))))
		end--;
	if (!end)
		return NAME_NOTHING;
	if (ends_in(&words, end, rules->passwords) || runs_into(words.text[end - 1], rules->passwords))
		return NAME_PASSWORD;
	if (ends_in(&words, end, rules->names) || runs_into(words.text[end - 1], rules->names))
		return NAME_SECRET;
	if (!strcmp(words.text[end - 1], "auth"))
		return NAME_AUTH;
	return end > 1 && !strcmp(words.text[end - 1], "key") ? NAME_KEY : NAME_NOTHING;
}
