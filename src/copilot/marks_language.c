/* marks_language.c - in which language a sentence is said. */
#include <string.h>

#include "copilot/marks.h"

enum { LETTER_POINTS = 8, SHARED_LETTER_POINTS = 4 };

/* "audit-log" is a word of German, and what a service is called in any. */
static int is_joined(const struct token *token)
{
	return (token->shape & TOKEN_JOINED) != 0;
}

/* A letter of two bytes in UTF-8 stands in the alphabet. */
static int has_letter(const char *alphabet, const char *letter)
{
	for (; *alphabet; alphabet += 2)
		if (alphabet[0] == letter[0] && alphabet[1] == letter[1])
			return 1;
	return 0;
}

static unsigned letter_points(const struct marks *marks, const char *letter)
{
	unsigned languages = 0;

	for (unsigned l = 1; words_language(marks->words, l); l++)
		languages += has_letter(words_letters(marks->words, l), letter) != 0;
	return languages == 1 ? LETTER_POINTS : SHARED_LETTER_POINTS;
}

/* What the letters beside a to z speak for a language: most those that no other has. */
static unsigned points_of_letters(const struct marks *marks, const char *alphabet)
{
	unsigned points = 0;

	for (size_t i = 0; *alphabet && i < marks->fold.count; i++) {
		const struct token *token = &marks->fold.tokens[i];

		for (size_t at = 0; at + 1 < token->raw_length; at++)
			if ((unsigned char)token->raw[at] >= 0xC0 && has_letter(alphabet, token->raw + at))
				points += letter_points(marks, token->raw + at);
	}
	return points;
}

static enum concept meaning(const struct marks *marks, size_t token, unsigned language)
{
	unsigned node = token < marks->fold.count ? words_step(marks->words, 0, marks->word[token]) : 0;
	const struct words_entry *entry = node ? words_entry(marks->words, node, 1u << language, language) : NULL;

	return entry && entry->language == language ? (enum concept)entry->concept[0] : C_NONE;
}

static int is_act(const struct marks *marks, size_t token)
{
	for (unsigned l = 1; words_language(marks->words, l); l++) {
		enum concept concept = meaning(marks, token, l);

		if (concept >= C_SCALE && concept <= C_MIGRATE)
			return 1;
	}
	return 0;
}

static int is_joint(enum concept concept)
{
	return concept == C_ON || concept == C_INTO || concept == C_FROM || concept == C_FILL;
}

/* "o nginx no servidor": in Portuguese both are small words before a noun; in Spanish they would be "or", between two acts, and "not". */
static unsigned joins_in(const struct marks *marks, size_t token, unsigned language)
{
	return is_joint(meaning(marks, token, language)) && !is_joint(meaning(marks, token + 1, language)) && !is_act(marks, token) &&
	       !is_act(marks, token + 1);
}

/* "démarre-la", "redémarre-le": a verb with its object is French, whatever else is said. */
static int joins_pronoun(const struct token *token)
{
	static const char *const ends[] = { "-le", "-la", "-les", "-moi", "-nous", "-lui", "-leur" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (token->length > strlen(ends[i]) + 3 && !strcmp(token->text + token->length - strlen(ends[i]), ends[i]))
			return 1;
	return 0;
}

/* How much a word speaks for a language: most when no other has it and it is a phrase by itself. */
static unsigned points_for(const struct marks *marks, size_t token, unsigned language)
{
	unsigned word = marks->word[token], languages = words_languages(marks->words, word);
	const struct token *said = &marks->fold.tokens[token];

	if (!(languages & 1u << language) || languages & 1u)
		return 0;
	if (is_joined(said) || (said->length == 1 && !(said->shape & TOKEN_CJK)))
		return 1 + joins_in(marks, token, language);
	/* English is allowed beside any other, and what services are called is mostly English */
	if (!strcmp(words_language(marks->words, language), "en"))
		return 2 + (languages == 1u << language) + joins_in(marks, token, language);
	return 2 + 2 * (languages == 1u << language) +
	       2 * (unsigned)words_telling(marks->words, word, language) +
	       2 * (unsigned)words_joins(marks->words, word, language) + joins_in(marks, token, language);
}

/* The language most words speak for, those shared by all left out. English when level. */
void marks_choose_language(struct marks *marks)
{
	unsigned score[WORDS_LANGUAGES] = { 0 }, best = 0;
	int english = -1;

	for (unsigned l = 1; words_language(marks->words, l); l++) {
		const char *name = words_language(marks->words, l);

		for (size_t i = 0; i < marks->fold.count; i++) {
			unsigned word = marks->word[i];

			score[l] += word ? points_for(marks, i, l) : 0;
			if (!strcmp(name, "fr") && joins_pronoun(&marks->fold.tokens[i]))
				score[l] += LETTER_POINTS;
		}
		score[l] += points_of_letters(marks, words_letters(marks->words, l));
		if (!strcmp(name, "en"))
			english = (int)l;
		if (marks->fold.cjk && !strcmp(name, "ja"))
			score[l] += 10000;
	}
	best = english > 0 ? (unsigned)english : 0;
	for (unsigned l = 1; words_language(marks->words, l); l++)
		if (score[l] > score[best])
			best = l;
	marks->language = best;
	marks->languages = 1u | 1u << best | (english > 0 ? 1u << english : 0);
}
